"""From a claim to its certificate, in one straight line.

    search → check → numeric legs → judge → certificate

The search (`theory`) is not trusted: what it found is re-checked by `proofs_check` before the
judge hears of it.  The legs (`numerics`) report what they saw, and the judge alone decides.  At
level ``"full"`` a witness is searched for even against a claim that was proved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from time import perf_counter
from typing import Any

from numerics.balls.ball import Ball, Refusal
from numerics.legs import enclosure, exact, simulation
from numerics.legs.trend import Reading
from proofs_check.checker import Checked, check
from proofs_check.claim import Claim
from proofs_check.cone import RejectedError
from proofs_check.errors import UserError
from proofs_check.judge import applies, judge, kind
from proofs_check.refutation import Refuted, check_refutation
from proofs_check.verdict import Certificate, Evidence, Light, Verdict
from theory.derive import derivation
from theory.prover import StuckError
from theory.refute import refute

__all__ = ["LEVELS", "certify"]

LEVELS = ("quick", "full")

_LEGS: Mapping[str, Callable[[Claim, str], Evidence]] = {
    enclosure.LEG: enclosure.evidence,
    exact.LEG: exact.evidence,
    simulation.LEG: simulation.evidence,
}
_WITNESS_DECADES = (3, 6, 12, 24)


def certify(claim: Claim, level: str = "quick") -> Certificate:
    """Certify a claim, refute it, or say why neither.

    Parameters
    ----------
    claim
        The claim, from a file or from `ratecert.claim`.
    level
        ``"quick"``, or ``"full"`` for longer ladders, more parameter values and more runs.

    Raises
    ------
    UserError
        For a claim that is unusable, or an unknown level.
    """
    if level not in LEVELS:
        raise UserError(f"there is no level {level!r}: use {' or '.join(LEVELS)}")
    started = perf_counter()
    proof, checked, why = _proved(claim)
    refutation, refuted = _refuted(claim) if checked is None or level == "full" else (None, None)
    evidence = tuple(_evidence(claim, leg, level) for leg in _LEGS)
    seen = None if refuted is None or refutation is None else _along(claim, refutation, refuted)
    verdict, reason, lights = judge(
        claim, checked, refuted, evidence, why, Light.UNKNOWN if seen is None else seen.light
    )
    shown = seen if verdict is Verdict.REFUTED else None
    return Certificate(
        claim=claim,
        verdict=verdict,
        reason=reason,
        derived="",
        regimes=(),
        witness=None if shown is None else shown.witness,
        lights=lights,
        evidence=evidence,
        constants=None,
        trust=_trust(checked, refuted, verdict),
        derivation=refutation if verdict is Verdict.REFUTED else proof,
        seconds=perf_counter() - started,
    )


def _proved(claim: Claim) -> tuple[dict[str, Any] | None, Checked | None, str]:
    """Return a derivation and what the checker says of it, or None twice and why."""
    try:
        found = derivation(claim)
        return found, check(claim, found), ""
    except (StuckError, RejectedError) as error:
        return None, None, str(error)


def _refuted(claim: Claim) -> tuple[dict[str, Any] | None, Refuted | None]:
    """Return a witness against the claim and what the checker says of it, or None twice."""
    try:
        found = refute(claim)
        return found, None if found is None else check_refutation(claim, found)
    except RejectedError:
        return None, None  # the search was wrong about its witness: nothing is refuted


def _evidence(claim: Claim, leg: str, level: str) -> Evidence:
    if not applies(claim, leg):
        return Evidence(leg, Light.NA, f"does not apply to a claim about {_article(kind(claim))}")
    return _LEGS[leg](claim, level)


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _trust(checked: Checked | None, refuted: Refuted | None, verdict: Verdict) -> tuple[str, ...]:
    source = refuted if verdict is Verdict.REFUTED else checked
    return () if source is None else source.trust


# The witness.


@dataclass(frozen=True, slots=True)
class _Witness:
    """A refutation in words, with numbers, and what these numbers say."""

    witness: Mapping[str, Any]
    light: Light


def _along(claim: Claim, data: Mapping[str, Any], refuted: Refuted) -> _Witness:
    """Enclose LEFT/RIGHT along the path of a refutation."""
    values = {name: Fraction(text) for name, text in data["values"].items()}
    orders = {**data["path"], **data.get("point", {})}
    path = {name: tuple(map(Fraction, powers)) for name, powers in orders.items()}
    # What refutes optimal(value) is the objective at a feasible point.
    plain = claim
    if claim.objective is not None:
        plain = replace(claim, left=claim.objective.expr, objective=None)
    shown = {
        "values": dict(refuted.values),
        "path": dict(refuted.path),
        "ratio": refuted.ratio,
        "side": refuted.side,
    }
    try:
        rungs = list(enclosure.rungs(plain, values, path, _WITNESS_DECADES))
    except Refusal as error:
        return _Witness(shown | {"ratios": [], "note": str(error)}, Light.UNKNOWN)
    above = refuted.side == "above"
    rows = [{"t": f"10^{r.decades}", **_ratio(r.lower if above else r.upper)} for r in rungs]
    reading = Reading.of([r.points()[0 if above else 1] for r in rungs])
    opposite = reading.falls if above else reading.grows
    return _Witness(shown | {"ratios": rows}, Light.PASS if opposite else Light.UNKNOWN)


def _ratio(ball: Ball) -> dict[str, str]:
    return {"ratio": ball.midpoint, "radius": ball.radius}
