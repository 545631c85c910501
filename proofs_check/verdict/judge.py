"""The judge: from a checked derivation or refutation and the numeric evidence to a verdict.

The rules are few.  A claim is *certified* only if its derivation was checked, no numeric leg
fails, and at least one numeric leg that applies passes; `unknown` is no support.  It is *refuted*
only by a checked witness.  Everything else is *undecided*, and where two sources that should both
be right contradict each other the reason begins with ``internal disagreement``: that is a bug of
ours, never an answer.

A refutation is contradicted by numbers along its own path only, where it says how LEFT/RIGHT
moves.  A leg that passes beside it is no contradiction: its ladders are finitely many, at
parameters and along paths of its own, and by construction none sees a gap of a logarithm.

Which legs apply is read off `APPLIES`, by the kind of quantity on the left.  Problem and method do
not enter: every numeric leg takes every problem and method of the language, and where its engine
does not reach one it says `unknown`, which can only cost support.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.expr import Call, Expr, Name, walk
from ratecert.proofs_check.verdict.certificate import (
    INTERNAL_DISAGREEMENT,
    LEGS,
    Evidence,
    Light,
    Verdict,
)

__all__ = ["APPLIES", "NUMERIC", "Judgement", "applies", "judge", "kind"]

NUMERIC = LEGS[1:]
"""The legs that look at numbers: they veto, and prove nothing."""

APPLIES: Mapping[str, frozenset[str]] = {
    "explicit": frozenset({"enclosure"}),
    "eigenvalue": frozenset({"enclosure", "exact"}),
    "effective dimension": frozenset({"enclosure", "exact"}),
    "approximation": frozenset({"enclosure", "exact"}),
    "mean path": frozenset({"enclosure", "exact"}),
    "response of SGD": frozenset({"enclosure", "exact", "simulation"}),
    "optimum of an explicit objective": frozenset({"exact"}),
    "optimum of a quantity": frozenset({"exact"}),
    "optimum of a response of SGD": frozenset({"exact", "simulation"}),
}
"""The numeric legs that apply to each kind of left side; the others are ``n/a``.

An explicit expression has neither problem nor method to solve or simulate.  Approximation,
eigenvalues and effective dimension do not involve SGD, and its mean path is no expectation of
something that a run shows.  An optimum is no sum, so that nothing could be enclosed; it is found
by search over exact values of the objective.
"""

_KINDS: Mapping[str, str] = {
    "risk": "response of SGD",
    "excess": "response of SGD",
    "bias": "response of SGD",
    "variance": "response of SGD",
    "mean_bias": "mean path",
    "approx": "approximation",
    "effective_dimension": "effective dimension",
}
"""Kinds of the quantities, those that more legs apply to first."""


def kind(claim: Claim) -> str:
    """Return the kind of the claim's left side, a key of `APPLIES`."""
    if claim.objective is None:
        return _kind(claim.left)
    inner = _kind(claim.objective.expr)
    if inner == "explicit":
        return "optimum of an explicit objective"
    if inner == "response of SGD":
        return "optimum of a response of SGD"
    return "optimum of a quantity"


def _kind(expr: Expr) -> str:
    nodes = list(walk(expr))
    names = {node.name for node in nodes if isinstance(node, Name)}
    for name, kind_of_name in _KINDS.items():
        if name in names:
            return kind_of_name
    if any(isinstance(node, Call) and node.func == "eigenvalue" for node in nodes):
        return "eigenvalue"
    return "explicit"


def applies(claim: Claim, leg: str) -> bool:
    """Whether a numeric leg applies to the claim."""
    return leg in APPLIES[kind(claim)]


class Judgement(NamedTuple):
    """The verdict, why, and the light of each leg of `LEGS`."""

    verdict: Verdict
    reason: str
    lights: Mapping[str, Light]


def judge(
    claim: Claim,
    checked: object | None,
    refuted: object | None,
    evidence: Sequence[Evidence],
    why: str = "",
    witness: Light = Light.UNKNOWN,
) -> Judgement:
    """Judge a claim.

    Parameters
    ----------
    claim
        What is judged.
    checked
        What the checker returned for the derivation; None if there is none.
    refuted
        What the checker returned for the refutation; None if there is none.
    evidence
        One entry for each leg of `NUMERIC`.
    why
        Why nothing was derived, where that is so.
    witness
        What numbers along the path of a checked refutation say of the drift that it proves:
        `Light.FAIL` if they contradict it.

    Raises
    ------
    ValueError
        If the evidence is not one entry for each numeric leg, or one is ``n/a`` where the leg
        applies, or not where it does not.
    """
    _require_table(claim, evidence)
    lights = {"derivation": _light(checked, refuted)} | {e.leg: e.light for e in evidence}
    verdict, reason = _verdict(checked, refuted, evidence, why, witness)
    return Judgement(verdict, reason, {leg: lights[leg] for leg in LEGS})


def _require_table(claim: Claim, evidence: Sequence[Evidence]) -> None:
    if sorted(e.leg for e in evidence) != sorted(NUMERIC):
        raise ValueError("the judge needs exactly one piece of evidence from each numeric leg")
    for e in evidence:
        if (e.light is Light.NA) == applies(claim, e.leg):
            raise ValueError(f"the table of legs and the light of the leg {e.leg} contradict")


def _light(checked: object | None, refuted: object | None) -> Light:
    if (checked is None) == (refuted is None):
        return Light.UNKNOWN
    return Light.FAIL if checked is None else Light.PASS


def _verdict(
    checked: object | None,
    refuted: object | None,
    evidence: Sequence[Evidence],
    why: str,
    witness: Light,
) -> tuple[Verdict, str]:
    if checked is not None and refuted is not None:
        return _disagreement("the claim was proved and refuted, both checked")
    if refuted is not None:
        if witness is Light.FAIL:
            return _disagreement(
                "the claim was refuted, but the numbers along the path of its witness contradict "
                "the drift that was proved"
            )
        return Verdict.REFUTED, "a checked witness contradicts it"
    if checked is None:
        return Verdict.UNDECIDED, why or "no derivation and no witness was found"
    failing = [e for e in evidence if e.light is Light.FAIL]
    if failing:
        return _disagreement(f"the claim was proved, but {_summaries(failing)}")
    passing = [e.leg for e in evidence if e.light is Light.PASS]
    if not passing:
        silent = [e for e in evidence if e.light is Light.UNKNOWN]
        reason = f"proved, but no numeric leg confirms it: {_summaries(silent)}"
        return Verdict.UNDECIDED, reason
    return Verdict.CERTIFIED, f"proved and checked; confirmed by: {', '.join(passing)}"


def _disagreement(what: str) -> tuple[Verdict, str]:
    return Verdict.UNDECIDED, f"{INTERNAL_DISAGREEMENT}: {what}"


def _summaries(evidence: Iterable[Evidence]) -> str:
    return "; ".join(f"{e.leg}: {e.summary}" for e in evidence)
