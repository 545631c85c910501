"""Many points, computed once each by many workers and written down by one.

`sweep` computes the points that the store does not hold yet, over any executor of
`concurrent.futures`, and writes each as it arrives: the coordinator alone touches the file.
"""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from typing import Any

from ratecert import numerics, proofs_check, theory
from ratecert.numerics.sweeps.store import Row, Store, key_of
from ratecert.proofs_check.language.errors import UserError

__all__ = ["Point", "Tally", "code_version", "dask", "processes", "sweep"]

Point = Mapping[str, Any]
Evaluate = Callable[[Point], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Tally:
    """What a sweep did: points `found` in the store, `done` now, and of those `refused`."""

    found: int
    done: int
    refused: int


def code_version() -> str:
    """Fingerprint of the code that results depend on: SHA-256 over the sources of three rooms."""
    digest = hashlib.sha256()
    for room in (proofs_check, theory, numerics):
        root = Path(next(iter(room.__path__)))
        for file in sorted(root.rglob("*.py")):
            digest.update(f"{room.__name__}/{file.relative_to(root).as_posix()}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def sweep(
    points: Sequence[Point],
    evaluate: Evaluate,
    store: Store,
    executor: Executor,
    *,
    code: str | None = None,
    ahead: int = 32,
    progress: Callable[[int, int], None] | None = None,
) -> Tally:
    """Compute and store every point that the store does not hold for this code.

    Parameters
    ----------
    points
        Points as JSON can carry them.
    evaluate
        Called in the workers, so it must be importable by name.  Its result must be finite JSON
        and a function of the point alone; a `UserError` is stored as a refusal of that point,
        anything else ends the sweep.
    store
        Where the rows go.
    executor
        Any; it is left running.
    code
        Version of the code, `code_version` by default.
    ahead
        Points handed to the executor and not yet stored, at most.
    progress
        Called with the points held and all points, at the start and after each row.

    Raises
    ------
    UserError
        Where a row cannot be written, or a worker dies.
    KeyboardInterrupt
        With what was reached as its text; rows acknowledged stay.
    """
    version = code_version() if code is None else code
    missing = [point for point in points if key_of(point, version) not in store]
    found = len(points) - len(missing)
    tell = progress if progress is not None else lambda held, total: None
    done = refused = 0
    tell(found, len(points))
    waiting: dict[Future[tuple[str, Mapping[str, Any]]], Point] = {}
    rest = iter(missing)
    try:
        while True:
            while len(waiting) < ahead and (point := next(rest, None)) is not None:
                waiting[executor.submit(_attempt, evaluate, point)] = point
            if not waiting:
                return Tally(found, done, refused)
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                point = waiting.pop(future)
                status, result = future.result()
                store.add(Row(point, version, status, result))
                done, refused = done + 1, refused + (status == "refused")
                tell(found + done, len(points))
    except (BrokenExecutor, MemoryError) as error:
        raise UserError(f"a worker died (out of memory, perhaps) after {found + done} of "
                        f"{len(points)} points; they are in {store.path}. Start again to go on, "
                        "with fewer workers perhaps") from error  # fmt: skip
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{found + done} of {len(points)} points are in {store.path}; "
                                "the same command goes on from there") from None  # fmt: skip
    finally:
        for future in waiting:
            future.cancel()


def _attempt(evaluate: Evaluate, point: Point) -> tuple[str, Mapping[str, Any]]:
    """Evaluate in a worker; the user's errors travel as text."""
    try:
        return "done", evaluate(point)
    except UserError as error:
        return "refused", {"error": str(error)}


@contextmanager
def processes(workers: int) -> Iterator[Executor]:
    """Give so many worker processes, which leave Ctrl-C to us and never outlive us.

    Each worker waits on a pipe whose other end only this process holds: when the pipe ends,
    because this block ends in an exception or this process was killed, so does the worker, in
    the middle of a point if need be.

    Raises
    ------
    UserError
        For fewer than one worker.
    """
    if workers < 1:
        raise UserError(f"{workers} workers: at least one is needed")
    context = get_context("spawn")
    alive, ours = context.Pipe(duplex=False)
    executor = ProcessPoolExecutor(workers, context, _start_worker, (alive,))
    with alive:
        try:
            yield executor
            executor.shutdown()
        finally:
            ours.close()
            executor.shutdown(cancel_futures=True)


def _start_worker(alive: Connection) -> None:
    """Ignore interrupts, and stop as soon as the coordinator is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(alive,), daemon=True).start()


def _end_with(alive: Connection) -> None:
    """Wait for the end of the pipe, on which nothing is ever sent."""
    wait_for([alive])
    os._exit(1)


@contextmanager
def dask(address: str) -> Iterator[Executor]:
    """Give the executor of a running dask.distributed scheduler.

    A scheduler waits for workers for ever; after `PATIENCE` seconds without any we give up.

    Raises
    ------
    UserError
        Where the extra is missing, nothing answers at that address, or workers die or are missing.
    """
    try:
        from distributed import Client, KilledWorker
    except ImportError as error:
        raise UserError("a scheduler needs dask: pip install 'ratecert[cluster]'") from error
    try:
        client = Client(address, timeout=f"{ANSWER}s")
    except (OSError, ValueError) as error:
        raise UserError(f"no dask scheduler answers at {address}: {error}") from error
    with client:
        executor, done = client.get_executor(), threading.Event()
        watch = threading.Thread(target=_give_up, args=(client, executor, done), daemon=True)
        watch.start()
        try:
            yield executor
        except (KilledWorker, CancelledError) as error:
            raise UserError(f"the cluster at {address} lost a worker or its scheduler, or has no "
                            "worker left; the points computed so far are stored"
                            + (f": {error}" if str(error) else "")) from error  # fmt: skip
        finally:
            done.set()
            watch.join(2.0)  # it may be asking a scheduler that is gone


ANSWER = 10.0
"""Seconds within which a scheduler has to answer."""

PATIENCE = 60.0
"""Seconds that a scheduler may be without workers."""


def _give_up(client: Any, executor: Any, done: threading.Event) -> None:
    """Cancel all points once the scheduler has been without workers for too long."""
    since = time.monotonic()
    while not done.wait(min(2.0, PATIENCE / 4)):
        try:
            workers = client.scheduler_info()["workers"]
        except (OSError, RuntimeError, ValueError):
            return  # the scheduler is gone, of which the points hear themselves
        if workers:
            since = time.monotonic()
        elif time.monotonic() - since > PATIENCE:
            executor.shutdown(wait=False)
            return
