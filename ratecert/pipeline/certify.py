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
from functools import partial
from time import perf_counter
from typing import Any, TypeVar

from ratecert.io.ledgers import constants_of
from ratecert.numerics.balls.ball import Ball
from ratecert.numerics.legs import enclosure, exact, simulation, witness
from ratecert.pipeline.unforeseen import guarded, unanswered
from ratecert.proofs_check.checker import check, check_witness
from ratecert.proofs_check.language.claim import Claim, optimal_of
from ratecert.proofs_check.language.errors import RejectedError, UserError
from ratecert.proofs_check.language.expr import Name, unmarked
from ratecert.proofs_check.paths.orders import CONSTANT
from ratecert.proofs_check.refutation.witness import Refuted
from ratecert.proofs_check.verdict.certificate import Certificate, Evidence, Light, Verdict
from ratecert.proofs_check.verdict.judge import applies, judge, kind
from ratecert.theory.advice.settle import settling, told
from ratecert.theory.derive import derive
from ratecert.theory.search.derivation import with_values
from ratecert.theory.witnesses.ratio import refute_ratio
from ratecert.theory.witnesses.refute import refute

__all__ = ["LEVELS", "certify"]

LEVELS = ("quick", "full")

_LEGS: Mapping[str, Callable[[Claim, str], Evidence]] = {
    enclosure.LEG: enclosure.evidence,
    exact.LEG: exact.evidence,
    simulation.LEG: simulation.evidence,
}
_Checked = TypeVar("_Checked")


def certify(claim: Claim, level: str = "quick") -> Certificate:
    """Certify a claim, refute it, or say why neither.

    Where ratecert itself fails the claim is undecided, and the reason begins with
    ``internal error`` (see `ratecert.pipeline.unforeseen`).

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
    return guarded(partial(_certified, claim, level), partial(unanswered, claim))


def _certified(claim: Claim, level: str) -> Certificate:
    started = perf_counter()
    derived = derive(claim)
    proof, refutation = derived.proof, derived.refutation
    checked, why = _outcome(check, claim, proof)
    if checked is not None and level == "full" and claim.objective is None:
        refutation = refute_ratio(claim) or refute(claim)
        if refutation is not None and proof is not None:
            refutation = {**refutation, **with_values(claim)}
    refuted, objection = _outcome(check_witness, claim, refutation)
    seen = None if refuted is None or refutation is None else _along(claim, refutation, refuted)
    along = seen if level == "quick" else None
    evidence = tuple(_evidence(claim, leg, level, along) for leg in _LEGS)
    verdict, reason, lights = judge(
        claim,
        checked,
        refuted,
        evidence,
        why or objection or derived.reason,
        Light.UNKNOWN if seen is None else seen.light,
    )
    if proof is None and refutation is None:
        reason = told(reason, settling(claim))
    is_refuted = verdict is Verdict.REFUTED
    source = refuted if is_refuted else checked
    return Certificate(
        claim=claim,
        verdict=verdict,
        reason=unmarked(reason),
        derived=derived.derived,
        regimes=derived.regimes,
        witness=seen.witness if is_refuted and seen is not None else None,
        lights=lights,
        evidence=evidence,
        constants=constants_of(claim) if verdict is Verdict.CERTIFIED else None,
        trust=() if source is None else source.trust,
        derivation=refutation if is_refuted else proof,
        seconds=perf_counter() - started,
    )


def _outcome(
    checker: Callable[[Claim, Any], _Checked], claim: Claim, data: Any
) -> tuple[_Checked | None, str]:
    """Return what the checker makes of data, or None and why it was rejected, if it was."""
    if data is None:
        return None, ""
    try:
        return checker(claim, data), ""
    except RejectedError as error:
        return None, f"what was found did not pass the check: {error}"


def _evidence(claim: Claim, leg: str, level: str, along: _Witness | None) -> Evidence:
    """Return what a leg sees; where a witness is known, enclosures along its path are enough.

    What a leg refuses is nothing that the user has to mend: it could not tell.
    """
    if not applies(claim, leg):
        return Evidence(leg, Light.NA, f"does not apply to a claim about {_article(kind(claim))}")
    if along is not None and leg == enclosure.LEG and along.drifts:
        return Evidence(leg, Light.FAIL, "LEFT/RIGHT drifts along the path of the witness")
    try:
        return _LEGS[leg](claim, level)
    except UserError as refusal:
        return Evidence(leg, Light.UNKNOWN, refusal.message)


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


# The witness.


@dataclass(frozen=True, slots=True)
class _Witness:
    """A refutation in words, with numbers, and what these numbers say of it."""

    witness: Mapping[str, Any]
    light: Light
    drifts: bool = False


def _along(claim: Claim, data: Mapping[str, Any], refuted: Refuted) -> _Witness:
    """Hold LEFT/RIGHT along the path of a refutation against the drift that was proved."""
    values = {name: Fraction(text) for name, text in data["values"].items()}
    orders = {**data["path"], **data.get("point", {})}
    path = {name: tuple(map(Fraction, powers)) for name, powers in orders.items()}
    # An optimum is refuted by a near-optimal point: the objective there, or the point itself.
    plain = claim
    if claim.objective is not None:
        wanted = optimal_of(claim.left)
        left = claim.objective.expr if wanted in (None, "value") else Name(str(wanted))
        plain = replace(claim, left=left, objective=None)
    proved = witness.Proved.of(refuted.side, refuted.ratio)
    seen = witness.look(plain, values, path, proved)
    above = refuted.side == "above"
    rows = [{"t": f"10^{r.decades}", **_ratio(r.lower if above else r.upper)} for r in seen.rungs]
    shown = {
        "values": dict(refuted.values),
        "path": dict(refuted.path),
        "ratio": refuted.ratio,
        "side": refuted.side,
        "ratios": rows,
    }
    drifts = seen.light is Light.PASS and proved.order != CONSTANT
    return _Witness(shown | ({"note": seen.note} if seen.note else {}), seen.light, drifts)


def _ratio(ball: Ball) -> dict[str, str]:
    return {"ratio": ball.midpoint, "radius": ball.radius}
