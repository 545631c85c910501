"""Certifying many claims: in processes, in a fixed order, with progress on a terminal."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from functools import partial

from ratecert.pipeline.progress import bar as progress_bar
from ratecert.pipeline.threads import use_one_thread
from ratecert.pipeline.unforeseen import ended, guarded, unanswered
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import free_names
from ratecert.proofs_check.verdict.certificate import Certificate

__all__ = ["Judge", "Outcome", "by_cost", "certify_all", "judged"]

Judge = Callable[[Claim, str], Certificate]
Outcome = Certificate | UserError


def certify_all(
    claims: Sequence[Claim], level: str, jobs: int, judge: Judge | None = None
) -> list[Outcome]:
    """Return the certificate of each claim, in their order; a UserError where one is unusable.

    A claim on which ratecert itself fails, or the process that works on it, is undecided (see
    `ratecert.pipeline.unforeseen`); the others are answered all the same.

    Parameters
    ----------
    claims
        The claims; each is judged on its own.
    level
        ``"quick"`` or ``"full"``.
    jobs
        The most processes to use; with 1, or a single claim, the work is done in this one.
    judge
        What certifies one claim (a function at the top of a module); the pipeline by default.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, with a message that says what was finished.
    """
    use_one_thread()
    outcomes: dict[int, Outcome] = {}
    few = min(jobs, len(claims)) <= 1
    stream = _here(claims, level, judge) if few else _in_processes(claims, level, jobs, judge)
    try:
        with closing(stream), _noting_interrupts() as interrupted, _progress(len(claims)) as bar:
            for index, outcome in stream:
                outcomes[index] = outcome
                bar(claims[index].name)
                if interrupted():
                    raise KeyboardInterrupt
    except KeyboardInterrupt:
        done = ", ".join(claims[index].name for index in sorted(outcomes))
        raise KeyboardInterrupt(
            f"{len(outcomes)} of {len(claims)} claims were finished{done and f' ({done})'}, "
            "nothing was written"
        ) from None
    return [outcomes[index] for index in range(len(claims))]


def by_cost(claims: Sequence[Claim]) -> list[int]:
    """Return the numbers of the claims, those that are likely to take long first.

    A dear claim that starts last keeps one process busy and the others waiting.
    """
    return sorted(range(len(claims)), key=lambda index: -_cost(claims[index]))


def _cost(claim: Claim) -> int:
    """Count what makes a claim dear: an optimum, a logarithmic spectrum, the whole risk."""
    subject = claim.left if claim.objective is None else claim.objective.expr
    is_log = "log" in str(claim.setting.spectrum)
    is_whole = bool({"risk", "excess"} & free_names(subject))
    return 2 * (claim.objective is not None) + 2 * is_log + is_whole


def _pipeline(claim: Claim, level: str) -> Certificate:
    from ratecert.pipeline.certify import certify

    return certify(claim, level)


def judged(claim: Claim, level: str, judge: Judge | None = None) -> Outcome:
    """Return the certificate of one claim, or what is wrong with the claim and where it stands."""
    use_one_thread()
    try:
        return guarded(partial(judge or _pipeline, claim, level), partial(unanswered, claim))
    except UserError as error:
        # A plain one: it has to travel between processes.
        return UserError(error.message, error.file or claim.file, error.line or claim.line)


def _here(
    claims: Sequence[Claim], level: str, judge: Judge | None
) -> Generator[tuple[int, Outcome], None, None]:
    for index, claim in enumerate(claims):
        yield index, judged(claim, level, judge)


def _in_processes(
    claims: Sequence[Claim], level: str, jobs: int, judge: Judge | None
) -> Generator[tuple[int, Outcome], None, None]:
    """Yield the outcomes as they come.

    Where a process dies the claims that were worked on are asked again, each alone, so that the
    one which is at fault is found; what is still waiting goes on in new processes.
    """
    work = partial(judged, level=level, judge=judge)
    waiting = by_cost(claims)
    while waiting:
        for index in (yield from _in_pool(work, claims, waiting, jobs)):
            if (yield from _in_pool(work, claims, [index], 1)):
                yield index, ended(claims[index])


def _in_pool(
    work: Callable[[Claim], Outcome], claims: Sequence[Claim], waiting: list[int], jobs: int
) -> Generator[tuple[int, Outcome], None, list[int]]:
    """Yield outcomes, taking claims from `waiting`; return those lost when a process died.

    As many claims as processes are under way, so that few are lost.
    """
    running: dict[Future[Outcome], int] = {}
    lost: list[int] = []
    with _processes(min(jobs, len(waiting))) as pool:
        while running or (waiting and not lost):
            while waiting and not lost and len(running) < jobs:
                index = waiting.pop(0)
                future = _submitted(pool, work, claims[index])
                if future is None:
                    lost.append(index)
                else:
                    running[future] = index
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                index = running.pop(future)
                if isinstance(future.exception(), BrokenProcessPool):
                    lost.append(index)
                else:
                    # What cannot travel between processes fails here.
                    yield index, guarded(future.result, partial(unanswered, claims[index]))
    return sorted(lost)


def _submitted(
    pool: ProcessPoolExecutor, work: Callable[[Claim], Outcome], claim: Claim
) -> Future[Outcome] | None:
    """Hand a claim to the pool; None where one of its processes has died."""
    try:
        with _interrupts_later():
            return pool.submit(work, claim)
    except BrokenProcessPool:
        return None


@contextmanager
def _processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """Give so many processes, which are ended with whatever ends the work.

    The server of forked processes loads the engines once and for all; a plain fork would copy
    whatever threads and locks this process has.
    """
    served = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if served else "spawn")
    if served:
        context.set_forkserver_preload(["ratecert.pipeline.certify"])
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(count, context, initializer=_leave_interrupts)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - before:
            child.terminate()
        raise
    pool.shutdown()


@contextmanager
def _noting_interrupts() -> Iterator[Callable[[], bool]]:
    """Give a function that says whether Ctrl-C was heard.

    A KeyboardInterrupt that comes up while a library is loaded, or in a callback from C, may be
    swallowed there; this one is remembered.
    """
    import signal
    import threading

    heard: list[int] = []

    def note(signum: int, _frame: object) -> None:
        heard.append(signum)
        raise KeyboardInterrupt

    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield lambda: False
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(heard)
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Hold Ctrl-C back while processes start: all of them are known when it is heard.

    The processes inherit that they do not hear it; the server would answer with a traceback.
    """
    import signal
    import threading

    held = threading.current_thread() is threading.main_thread()
    if not (held and hasattr(signal, "pthread_sigmask")):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave_interrupts() -> None:
    """Leave Ctrl-C, which reaches every process of the terminal, to the one that reports it."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[str], None]]:
    """Show a bar on standard error if that is a terminal; yield what moves it on by one."""
    if not sys.stderr.isatty() or total < 2:
        yield lambda name: None
        return
    with progress_bar("certifying", total) as shown:
        task = shown.task_ids[0]
        yield lambda name: shown.update(task, advance=1, description=name)
