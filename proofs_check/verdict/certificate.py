"""Evidence, lights, verdicts and certificates as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ratecert.proofs_check.language.claim import Claim

__all__ = [
    "INTERNAL_DISAGREEMENT",
    "INTERNAL_ERROR",
    "LEGS",
    "Certificate",
    "Evidence",
    "Light",
    "Regime",
    "Verdict",
    "is_expected",
]

INTERNAL_DISAGREEMENT = "internal disagreement"
INTERNAL_ERROR = "internal error"
"""How the reason begins where a claim is undecided through a fault of ours."""

LEGS = ("derivation", "enclosure", "exact", "simulation")


class Light(StrEnum):
    """What one leg says; only `PASS` supports a claim, and `UNKNOWN` never counts as support."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NA = "n/a"


class Verdict(StrEnum):
    """The answer to a claim."""

    CERTIFIED = "certified"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one numeric leg hands over: its light, one line saying why, and its numbers.

    `details` holds only what JSON can carry, with every number that is not an integer as a
    decimal string, so that reports are the same byte for byte from run to run.
    """

    leg: str
    light: Light
    summary: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Regime:
    """An order that holds where all conditions hold; both in the claim language.

    Each ``(F, X)`` of `small` stands for something beside it that is at most of order ``F X^-K``
    for every K: smaller than F by every power of X, as ``F exp(-X)`` is.  Where there is nothing
    else, `order` is "0".
    """

    when: tuple[str, ...]
    order: str
    small: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """The judge's answer to a claim, with everything it rests on.

    `derivation` is the checked derivation (or refutation) as JSON data: what
    ``ratecert check`` re-checks; None where nothing was proved.  `witness` is set for a
    refuted claim only.  `trust` names what was used and not proved.
    """

    claim: Claim
    verdict: Verdict
    reason: str
    derived: str
    regimes: tuple[Regime, ...]
    witness: Mapping[str, Any] | None
    lights: Mapping[str, Light]
    evidence: tuple[Evidence, ...]
    constants: Mapping[str, str] | None
    trust: tuple[str, ...]
    derivation: Mapping[str, Any] | None
    seconds: float = field(compare=False, default=0.0)

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is the one the claim file expects; see `is_expected`."""
        return is_expected(self.verdict, self.claim.expect, self.reason)


def is_expected(verdict: str, expect: str, reason: str) -> bool:
    """Whether a verdict with this reason is the expected one.

    A fault of ours is no answer, and nobody can expect it: not even ``expect = "undecided"``.
    """
    return verdict == expect and not reason.startswith((INTERNAL_DISAGREEMENT, INTERNAL_ERROR))
