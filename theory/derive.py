"""What `theory` has to say about a claim: a derivation, a witness against it, or why neither.

Everything in a `Derived` is a proposal: `proofs_check` re-checks derivation and witness.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from ratecert.proofs_check.checker import Checked, check
from ratecert.proofs_check.kernel.goals import is_impossible
from ratecert.proofs_check.kernel.premises import Premises, left_and_right, premises, stated
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError, UserError
from ratecert.proofs_check.language.expr import Num, unmarked
from ratecert.proofs_check.verdict.certificate import Regime
from ratecert.theory.optima.optimise import optimum_derivation, proposed_optimum
from ratecert.theory.rates.rates import Region, overall, regions
from ratecert.theory.search.derivation import comparison_derivation, settled, with_values
from ratecert.theory.search.prover import CaseNeededError, StuckError, forget
from ratecert.theory.search.suggestions import why
from ratecert.theory.witnesses.least import refute_optimum
from ratecert.theory.witnesses.ratio import refute_ratio
from ratecert.theory.witnesses.refute import model, refute

__all__ = ["Derived", "checked_derivation", "derivation", "derive", "require_possible"]


QUICK_VALUES, QUICK_PATHS = 3, 8
"""How many parameter points and paths are tried for a witness before a derivation is."""


@dataclass(frozen=True, slots=True)
class Derived:
    """The outcome of the search.

    `proof` is the derivation of the claim as data for `ratecert.proofs_check.checker`,
    `refutation` a witness against it as data for `ratecert.proofs_check.refutation.witness`;
    `reason` says why neither was found. `derived` is the order of the left side in the claim
    language ("" if unknown) and `regimes` its order in each case that the sums distinguish.
    """

    proof: dict[str, Any] | None
    refutation: dict[str, Any] | None
    reason: str
    derived: str
    regimes: tuple[Regime, ...]


def derive(claim: Claim) -> Derived:
    """Search for a derivation of a claim and, failing that, for a witness against it.

    Raises
    ------
    UserError
        Where the assumptions contradict each other.
    """
    forget()
    proof, ready, reason = None, None, ""
    try:
        defined = with_values(claim)
    except StuckError as error:
        return Derived(None, None, unmarked(why(error, stated(claim).ctx)), "", ())
    # Briefly, as derivations are dearer; that of an optimum gives up at once where it is false.
    quick = claim.objective is None
    refutation = refute(claim, QUICK_VALUES, QUICK_PATHS) if quick else None
    try:
        ready = premises(claim)
        require_possible(ready)
        if refutation is None:
            proof = {**_searched(claim), **defined}
            proof["model"] = model(claim)
    except (StuckError, RejectedError) as error:
        reason = str(error) if ready is None else why(error, ready.ctx)
    if proof is not None and proof["model"] is None:
        proof, reason = None, "no example was found that satisfies the assumptions"
    if proof is None and refutation is None:
        refutation = _witness(claim)
    derived, regimes = _rate(claim, proof is not None)
    if refutation is not None:
        refutation = {**refutation, **defined}
    return Derived(proof, refutation, unmarked(reason), unmarked(derived), regimes)


def derivation(claim: Claim) -> dict[str, Any]:
    """Return the derivation of a claim as data.

    Raises
    ------
    StuckError, RejectedError
        Where none is found, with the reason.
    """
    defined = with_values(claim)
    return {**_searched(claim), **defined}


def _searched(claim: Claim) -> dict[str, Any]:
    """Return the derivation but for what shows that both sides have values."""
    search = comparison_derivation if claim.objective is None else optimum_derivation
    return search(claim)


def checked_derivation(claim: Claim) -> Checked:
    """Derive a claim, and have the checker accept the derivation as JSON holds it.

    Raises
    ------
    StuckError, RejectedError
        Where no derivation is found, or it is not accepted.
    """
    proof = derivation(claim)
    proof["model"] = model(claim)
    return check(claim, json.loads(json.dumps(proof)))


def _witness(claim: Claim) -> dict[str, Any] | None:
    if claim.objective is None:
        return refute_ratio(claim) or refute(claim)
    return refute_optimum(claim) or refute(claim, QUICK_VALUES, QUICK_PATHS)


def require_possible(ready: Premises) -> None:
    """Raise a `UserError` where assumptions provably (and checked) contradict each other."""
    try:
        _, _, prover = settled(ready)
    except CaseNeededError:
        return
    impossible = prover.impossible()
    if impossible is None or not is_impossible(impossible, prover.ctx):
        return
    claim = ready.claim
    given = ", ".join(map(str, (*claim.assume, *ready.constraints)))
    what = "joint limit of the sizes" if "absurd" in impossible else "value of the parameters"
    raise UserError(
        f"no {what} satisfies all assumptions ({given}): drop or correct one of them",
        claim.file,
        claim.line,
    )


def _rate(claim: Claim, proved: bool) -> tuple[str, tuple[Regime, ...]]:
    """Return the order of the left side, and its regimes."""
    right = str(claim.right) if proved and claim.relation in ("Theta", "~") else ""
    try:
        # The right side may hold an exponential by which `premises` divides both.
        alone = claim if claim.objective else replace(claim, right=Num(Fraction(1)))
        balanced = not claim.objective and left_and_right(claim)[0] != left_and_right(alone)[0]
        ready = premises(alone if balanced else claim)
        if claim.objective is not None:
            return right or proposed_optimum(ready), ()
        found = regions(ready)
    except (StuckError, RejectedError):
        return right, ()
    regimes = tuple(_regimes(ready, found))
    return right or overall(found), regimes if len(regimes) > 1 else ()


def _regimes(ready: Premises, found: list[Region]) -> list[Regime]:
    """Return the regimes whose order is known, those with the same conditions once."""
    out: list[Regime] = []
    for region in found:
        order = region.order()
        regime = Regime(region.when(ready), order or "")
        if order is not None and regime not in out:
            out.append(regime)
    return out
