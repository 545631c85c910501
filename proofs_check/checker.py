r"""Re-checking the derivation of a claim: a tree of rules from the definitions to the claim.

`check` reads the claim, not the derivation, to know what is to be proved:

=============  ===========================================================
``Theta``      LEFT <= C RIGHT and RIGHT <= C LEFT
``O``          LEFT <= C RIGHT
``Omega``      RIGHT <= C LEFT
``o``          RIGHT/LEFT tends to infinity
``…tilde``     the same with ``C (log S)^q`` in the place of C, S the sizes
``~``          LEFT/RIGHT tends to 1
=============  ===========================================================

The derivation is a tree of refinements (`goals.refined`), with one more at its top:
``{"compare": [E, F], "gt": P, "eq": P, "lt": P}`` distinguishes two functions of the parameters;
an equation that gives a parameter is substituted, so that exponents which coincide cancel.  A
leaf is ``{"bounds": ..., "upper": GOAL, "lower": GOAL}``: bounds of the sums and exponentials on
both sides (`growth`), and the proofs of the comparisons; for ``~`` see `equivalence`.  Conditions
under which the definitions hold must have their proofs in ``needs``, and what shows that both
sides have values stands in ``defined`` (`defined`).

A claim about an optimum is proved for the objective E (see `optimum`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ratecert.proofs_check.equivalence.proof import check_equivalence
from ratecert.proofs_check.kernel.algebra import Frac
from ratecert.proofs_check.kernel.cases import check_tree
from ratecert.proofs_check.kernel.cone import Context, Tree
from ratecert.proofs_check.kernel.defined import check_defined
from ratecert.proofs_check.kernel.goals import check_goal, entry, multiplier, parameter
from ratecert.proofs_check.kernel.growth import bound
from ratecert.proofs_check.kernel.optimum import check_optimum
from ratecert.proofs_check.kernel.premises import (
    Premises,
    is_about_parameters,
    is_assumed,
    is_evident,
    premises,
    require_explicit,
    with_slack,
)
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Expr
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.refutation.least import check_least
from ratecert.proofs_check.refutation.ratio import check_ratio
from ratecert.proofs_check.refutation.witness import Refuted, check_allowed, check_refutation

__all__ = ["Checked", "check", "check_witness", "is_exact", "sides_of"]


SIDES: Mapping[str, tuple[str, ...]] = {
    "Theta": ("upper", "lower"),
    "O": ("upper",),
    "Omega": ("lower",),
    "o": ("upper",),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """A claim whose derivation holds; `trust` lists what it rests on and did not prove."""

    claim: Claim
    trust: tuple[str, ...]


def is_exact(claim: Claim) -> bool:
    """Whether constant factors count: a claim with ``~`` that is not about an optimum."""
    return claim.relation == "~" and claim.objective is None


def sides_of(relation: str) -> tuple[str, ...]:
    """Return which of "upper" and "lower" a relation asks for."""
    name = relation.removesuffix("tilde")
    if name not in SIDES:
        raise RejectedError(f"no rule proves the relation {relation}")
    return SIDES[name]


def check(claim: Claim, derivation: Any) -> Checked:
    """Check the derivation of a claim.

    Raises
    ------
    RejectedError
        Where a step does not hold as written.
    """
    try:
        return _checked(claim, derivation)
    except RecursionError as error:
        raise RejectedError("the derivation is nested too deeply") from error


def _checked(claim: Claim, derivation: Any) -> Checked:
    check_allowed(claim, entry(derivation, "model"))
    check_defined(claim, derivation.get("defined", {}))
    ready = premises(claim, exact=is_exact(claim))
    check_needs(ready, entry(derivation, "needs"))
    if claim.objective is not None:
        check_optimum(ready, entry(derivation, "tree"))
    else:
        leaf = check_equivalence if ready.exact else _check_leaf
        check_tree(ready, entry(derivation, "tree"), leaf)
    return Checked(claim, ready.left.trust)


def check_witness(claim: Claim, data: Any) -> Refuted:
    """Check a witness against a claim; raises `RejectedError` where it does not refute it.

    A claim that says nothing is not refuted either, so the proof that both its sides have values
    stands beside the witness.
    """
    kind = entry(data, "kind")
    if claim.objective is not None:
        require_explicit(*(s for c in claim.objective.subject_to for s in (c.left, c.right)))
    try:
        check_defined(claim, data.get("defined", {}))
        if kind == "least":
            return check_least(claim, data)
        if kind == "ratio":
            return check_ratio(claim, data)
        return check_refutation(claim, data)
    except RecursionError as error:
        raise RejectedError("the witness is nested too deeply") from error


def check_needs(ready: Premises, proofs: Any) -> None:
    """Check that the conditions under which the definitions hold follow from the assumptions."""
    if not isinstance(proofs, list) or len(proofs) != len(ready.left.needs):
        raise RejectedError(f"{len(ready.left.needs)} conditions of the definitions need a proof")
    for need, proof in zip(ready.left.needs, proofs, strict=True):
        if not (is_assumed(need, ready.claim.assume) or is_evident(need, ready.ctx.sizes)):
            _check_need(need, proof, ready.ctx)


def _check_need(need: Condition, proof: Any, ctx: Context) -> None:
    """Check ``left > right``, ``left < right`` or ``left >= right`` between parameters."""
    if need.op not in ("<", ">", ">=") or not is_about_parameters(need, ctx):
        raise RejectedError(f"{need} is needed and not assumed")
    difference = parameter(str(need.left), ctx) - parameter(str(need.right), ctx)
    if need.op == ">=":
        _check_at_least(need, difference, proof, ctx)
        return
    sign = "+" if need.op == ">" else "-"
    constant = difference.constant()
    if constant is None:
        ctx.with_sign(difference, sign, multiplier(proof, ctx))
    elif (constant > 0) != (sign == "+") or constant == 0:
        raise RejectedError(f"{need} is needed and is false")


def _check_at_least(need: Condition, difference: Frac, proof: Any, ctx: Context) -> None:
    """Check that a polynomial in the parameters is not negative: a combination of the factors."""
    constant = difference.constant()
    if constant is not None:
        if constant < 0:
            raise RejectedError(f"{need} is needed and is false")
        return
    known = multiplier(proof, ctx).poly(ctx.ring, ctx.factors)
    if difference.den != ctx.ring.one.den or known != difference.num:
        raise RejectedError(f"{need} is needed and its certificate does not multiply out")


def _check_leaf(ready: Premises, node: Any) -> None:
    ctx = with_slack(ready)
    bounds = entry(node, "bounds")
    sides = sides_of(ready.claim.relation)
    diverging = ready.claim.relation == "o"
    if "upper" in sides:
        left = bound(ready.left.upper, True, ready.ctx, bounds)
        right = _positive(ready.right, ready.ctx, bounds)
        assert left is not None, "only lower bounds can be 0"
        check_goal(left, right, entry(node, "upper"), ctx, diverging)
    if "lower" in sides:
        small = bound(ready.right, True, ready.ctx, bounds)
        large = _positive(ready.left.lower, ready.ctx, bounds)
        assert small is not None, "only lower bounds can be 0"
        check_goal(small, large, entry(node, "lower"), ctx)


def _positive(expr: Expr, ctx: Context, bounds: Any) -> Tree:
    value = bound(expr, False, ctx, bounds)
    if value is None:
        raise RejectedError(f"no lower bound is given for {expr}")
    return value
