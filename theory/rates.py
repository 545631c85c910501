"""Rates: the order of an expression in every case that its sums distinguish.

A rate is found with the same planner that derives claims: in each region of the sizes the sums are
bounded from above and below, and where the two bounds agree that is the order there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from proofs_check.algebra import Form, Frac
from proofs_check.claim import Claim
from proofs_check.cone import Context, RejectedError, Tree
from proofs_check.expr import Add, Expr, add
from proofs_check.growth import bound
from proofs_check.language import parse_expr
from proofs_check.premises import Premises
from proofs_check.verdict import Regime
from theory.certificates import points
from theory.derivation import derivation, grown
from theory.planner import plan, simplified, tree_expr
from theory.prover import Prover, StuckError, form_expr

__all__ = ["Region", "overall", "regions"]


@dataclass(frozen=True, slots=True)
class Region:
    """The bounds of an expression in one case: lattices of linear forms in logarithms.

    `lower` is None where no lower bound was found.
    """

    ready: Premises
    upper: Tree
    lower: Tree | None

    @property
    def ctx(self) -> Context:
        """What is known in the region."""
        return self.ready.ctx

    def knowing(self, ready: Premises) -> Region:
        """Return the region with the signs that are known outside of it, too."""
        ctx = replace(self.ctx, signs={**self.ctx.signs, **ready.ctx.signs})
        return replace(self, ready=replace(self.ready, ctx=ctx))

    def order(self) -> str | None:
        """Return the order as text, None where the two bounds differ."""
        if self.lower is None:
            return None
        if self.upper != self.lower:
            try:
                Prover(self.ctx).goal(self.upper, self.lower)
            except StuckError:
                return None
        return str(_sum_of(self.lower, self.ctx))

    def when(self, root: Premises) -> tuple[str, ...]:
        """Return the conditions of the region beyond those of the claim."""
        known = {generator.text for generator in root.ctx.generators}
        assumed = {str(condition) for condition in root.claim.assume}
        compared = [str(c) for c in self.ready.claim.assume if str(c) not in assumed]
        added = [g for g in self.ctx.generators if g.text not in known]
        split = [g.form for g in added if g.text not in assumed and g.is_case]
        return (*compared, *(_condition(form, self.ctx) for form in split))


def overall(claim: Claim, regimes: tuple[Regime, ...]) -> str:
    """Return one expression for all regimes: the sum of their terms, if that is proved right."""
    if len(regimes) == 1 and not regimes[0].when:
        return regimes[0].order
    terms: list[Expr] = []
    for regime in regimes:
        order = parse_expr(regime.order)
        terms += order.terms if isinstance(order, Add) else (order,)
    if not terms:
        return ""
    right = add(*dict.fromkeys(terms))
    trial = replace(claim, relation="Theta", right=right)
    try:
        derivation(trial)
    except (StuckError, RejectedError):
        return ""
    return str(right)


def _sum_of(tree: Tree, ctx: Context) -> Expr:
    """Return the expression of a lattice tree, a maximum written as a sum."""
    if tree.kind == "max":
        return add(*(tree_expr(part, ctx) for part in tree.parts))
    return tree_expr(tree, ctx)


def _condition(form: Form, ctx: Context) -> str:
    """Write ``form >= 0`` as ``X >= Y``, with positive powers on both sides."""
    above: dict[str, Frac] = {}
    below: dict[str, Frac] = {}
    sample = next(iter(points(ctx.ring, ctx.factors)), None)
    for variable, coeff in form.coeffs.items():
        positive = sample is None or coeff.at(sample) > 0
        (above if positive else below)[variable] = coeff if positive else -coeff
    sides = [form_expr(Form(side), ctx) for side in (above, below)]
    return f"{sides[0]} >= {sides[1]}"


def regions(ready: Premises) -> list[Region]:
    """Return the regions of a claim's left side (or objective) with its bounds there.

    Raises
    ------
    StuckError, RejectedError
        Where the search gives up.
    """
    # A region keeps the whole claim it was found for.
    claim = ready.claim
    key = ("regions", claim, str(ready.left.upper), str(ready.right))
    found = Prover(ready.ctx).once(key, lambda: _regions(ready))
    return [region.knowing(ready) for region in found]


def _regions(ready: Premises) -> list[Region]:
    found: list[Region] = []

    def leaf(inner: Premises, prover: Prover) -> dict[str, Any]:
        bounds: dict[str, Any] = {}
        plan(inner.left.upper, True, prover, bounds)
        plan(inner.left.lower, False, prover, bounds)
        upper = bound(inner.left.upper, True, inner.ctx, bounds)
        lower = bound(inner.left.lower, False, inner.ctx, bounds)
        assert upper is not None
        small = None if lower is None else simplified(lower, prover)
        found.append(Region(inner, simplified(upper, prover), small))
        return {}

    grown(ready, (), leaf)
    return found
