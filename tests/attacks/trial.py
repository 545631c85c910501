"""One trial: ratecert answers a drawn claim, and the answer is held against the judge's.

A *false answer* is `certified` for a claim that is false or no statement, `refuted` for one that
is true or no statement, and a fault (any exception but a `UserError`, caught by ratecert or not).
`undecided` and a refusal are never false, and neither is taking too long, which is reported.
"""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import process_time
from types import FrameType
from typing import Any

from attacks.draw import draw
from attacks.families import Drawn, Truth
from attacks.judge import ContradictionError, claim_of, contradicts_witness, judge

from ratecert.pipeline.certify import certify
from ratecert.proofs_check.checker import check, check_witness
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError, UserError
from ratecert.theory.derive import derive

__all__ = ["Answer", "Trial", "answer_to", "claim_text", "trial"]

LIMIT = 20.0
"""Seconds of the processor that a claim gets."""


class OverTimeError(BaseException):
    """The time of a claim is over; no handler of exceptions of ratecert may catch it."""


@dataclass(frozen=True)
class Answer:
    """What ratecert says: a verdict, or "refused", "fault", "time"; why; and how long it took."""

    verdict: str
    why: str
    seconds: float
    derivation: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Trial:
    """A drawn claim, what it is, what ratecert says, and what is wrong with that, if anything."""

    drawn: Drawn
    truth: Truth
    answer: Answer
    wrong: str

    @property
    def is_false(self) -> bool:
        return bool(self.wrong)


@contextmanager
def at_most(seconds: float) -> Iterator[Callable[[], bool]]:
    """Raise `OverTimeError` in the body after so many seconds of this process's own time.

    The function that is given says whether they are over: a library that calls back from C may
    turn the exception into one of its own.
    """
    late: list[int] = []

    def over(signum: int, _frame: FrameType | None) -> None:
        late.append(signum)
        raise OverTimeError

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield lambda: bool(late)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def answer_to(claim: Claim, legs: bool = True, limit: float = LIMIT) -> Answer:
    """Return ratecert's answer; without `legs` that of the checked derivation or witness alone."""
    started = process_time()
    derivation: Mapping[str, Any] | None = None
    with at_most(limit) as is_over:
        try:
            verdict, why, derivation = _certified(claim) if legs else _derived(claim)
        except OverTimeError:
            verdict, why = "time", f"more than {limit} s"
        except UserError as error:
            verdict, why = "refused", str(error)
        except Exception:  # whatever it is, it is the answer
            verdict, why = "fault", "" if is_over() else traceback.format_exc(limit=-3)
    if why.startswith("internal error"):
        verdict = "fault"
    if is_over():
        verdict, why = "time", f"more than {limit} s"
    return Answer(verdict, why, process_time() - started, derivation)


def _certified(claim: Claim) -> tuple[str, str, Mapping[str, Any] | None]:
    certificate = certify(claim)
    return str(certificate.verdict), certificate.reason, certificate.derivation


def _derived(claim: Claim) -> tuple[str, str, Mapping[str, Any] | None]:
    """Return what the pipeline makes of a claim before any leg is asked."""
    derived = derive(claim)
    try:
        if derived.proof is not None:
            check(claim, derived.proof)
            return "certified", "", derived.proof
        if derived.refutation is not None:
            check_witness(claim, derived.refutation)
            return "refuted", "", derived.refutation
    except RejectedError as error:
        return "undecided", f"what was found did not pass the check: {error}", None
    return "undecided", derived.reason, None


def trial(
    seed: int, number: int, family: str = "", legs: bool = True, limit: float = LIMIT
) -> Trial:
    """Draw a claim, judge it, ask ratecert, compare."""
    drawn = draw(seed, number, family)
    try:
        truth = judge(drawn)
    except ContradictionError as error:
        return Trial(
            drawn, drawn.truth, Answer("not asked", "", 0.0), f"error of the fuzzer: {error}"
        )
    try:
        claim = claim_of(drawn)
    except UserError as error:
        return Trial(drawn, truth, Answer("refused", str(error), 0.0), "")
    answer = answer_to(claim, legs, limit)
    return Trial(drawn, truth, answer, _wrong(claim, drawn, truth, answer))


def _wrong(claim: Claim, drawn: Drawn, truth: Truth, answer: Answer) -> str:
    if answer.verdict == "fault":
        return f"fault: {answer.why}"
    if answer.verdict == "certified" and truth in (Truth.FALSE, Truth.NONE):
        return f"certified, but {truth.value}: {drawn.why}"
    if answer.verdict == "refuted" and truth in (Truth.TRUE, Truth.NONE):
        return f"refuted, but {truth.value}: {drawn.why}"
    if answer.verdict == "refuted" and truth is Truth.UNKNOWN and answer.derivation is not None:
        return contradicts_witness(claim, answer.derivation)
    return ""


def claim_text(drawn: Drawn, name: str) -> str:
    """Return the claim as a ``[[claim]]`` table."""
    lines = ["[[claim]]", f'id = "{name}"']
    for key, value in drawn.table.items():
        if isinstance(value, list):
            lines.append(f"{key} = [{', '.join(_quoted(entry) for entry in value)}]")
        else:
            lines.append(f"{key} = {_quoted(value)}")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return f'"{text}"'
