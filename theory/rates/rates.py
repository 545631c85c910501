"""Rates: the order of an expression in every case that its sums distinguish.

A rate is found with the same planner that derives claims: in each region of the sizes the sums are
bounded from above and below, and where the two bounds agree that is the order there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ratecert.proofs_check.kernel.algebra import Form
from ratecert.proofs_check.kernel.cone import Context, Tree
from ratecert.proofs_check.kernel.growth import bound
from ratecert.proofs_check.kernel.logform import log_tree
from ratecert.proofs_check.kernel.premises import Premises, premises
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Add, Expr, add
from ratecert.theory.search.derivation import Leaf, grown, split
from ratecert.theory.search.lattices import comparison, simplified, tree_expr
from ratecert.theory.search.planner import plan
from ratecert.theory.search.prover import Prover, StuckError

__all__ = ["Region", "case_regions", "overall", "regions"]


@dataclass(frozen=True, slots=True)
class Region:
    """The bounds of an expression in one case: lattices of linear forms in logarithms.

    `lower` is None where no lower bound was found.  `small` are logarithms of F and X: beside
    what is between the bounds there is something smaller than F by every power of X.  Without a
    lower bound there is nothing else.
    """

    ready: Premises
    upper: Tree
    lower: Tree | None
    small: tuple[tuple[Form, Form], ...] = ()

    @property
    def ctx(self) -> Context:
        """What is known in the region."""
        return self.ready.ctx

    def is_of_order(self, right: Expr) -> bool:
        """Whether the bounds prove that the expression is of this order in the region."""
        prover = Prover(self.ctx)
        if self.lower is None:
            return False
        try:
            value = log_tree(right, self.ctx)
            prover.goal(self.upper, value)
            prover.goal(value, self.lower)
        except (StuckError, RejectedError):
            return False
        return True

    def order(self) -> str | None:
        """Return the order as text, None where the two bounds differ."""
        if self.lower is None:
            return "0" if self.small else None
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
        said = dict.fromkeys(map(str, self.ready.claim.assume))
        compared = [text for text in said if text not in assumed]
        added = [g for g in self.ctx.generators if g.text not in known]
        split = [g.form for g in added if g.text not in assumed and g.is_case]
        return (*compared, *(comparison(form, self.ctx) for form in split))


def overall(found: list[Region]) -> str:
    """Return one expression for all regions: the sum of their terms, if that is right in each."""
    terms: list[Expr] = []
    for region in found:
        if region.lower is None:
            return ""
        order = _sum_of(region.lower, region.ctx)
        terms += order.terms if isinstance(order, Add) else (order,)
    right = add(*dict.fromkeys(terms))
    return str(right) if all(region.is_of_order(right) for region in found) else ""


def _sum_of(tree: Tree, ctx: Context) -> Expr:
    """Return the expression of a lattice tree, a maximum written as a sum."""
    if tree.kind == "max":
        return add(*(tree_expr(part, ctx) for part in tree.parts))
    return tree_expr(tree, ctx)


def regions(ready: Premises) -> list[Region]:
    """Return the regions of a claim's left side (or objective) with its bounds there.

    Raises
    ------
    StuckError, RejectedError
        Where the search gives up.
    """
    assume = tuple(map(str, ready.claim.assume))
    key = ("regions", str(ready.left.upper), str(ready.left.lower), assume)
    found = Prover(ready.ctx).once(key, lambda: _regions(ready, _with_comparisons))
    return [_in_claim(region, ready) for region in found]


def _in_claim(region: Region, ready: Premises) -> Region:
    """Return a region found for another claim with the same left side, for this one."""
    more = region.ready.claim.assume[len(ready.claim.assume) :]
    ctx = replace(region.ctx, signs={**region.ctx.signs, **ready.ctx.signs})
    own = premises(ready.claim, *more) if more else ready
    return replace(region, ready=replace(own, ctx=ctx, pending=()))


def case_regions(ready: Premises) -> list[Region]:
    """Return the regions of a claim's left side, which may not need comparisons of parameters.

    Raises
    ------
    CaseNeededError
        Where they do.
    StuckError, RejectedError
        Where the search gives up.
    """
    key = ("case regions", str(ready.left.upper), str(ready.left.lower))
    found = Prover(ready.ctx).once(key, lambda: _regions(ready, split))
    contexts = (
        replace(region.ctx, signs={**region.ctx.signs, **ready.ctx.signs}) for region in found
    )
    return [
        replace(region, ready=replace(ready, ctx=ctx, pending=()))
        for region, ctx in zip(found, contexts, strict=True)
    ]


def _regions(ready: Premises, tree: Callable[[Premises, Leaf], dict[str, Any]]) -> list[Region]:
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
        return {"region": len(found) - 1}

    # Regions of attempts that were given up for a comparison of parameters are not in the tree.
    return [found[number] for number in _numbers(tree(ready, leaf))]


def _with_comparisons(ready: Premises, leaf: Leaf) -> dict[str, Any]:
    return grown(ready, (), leaf)


def _numbers(node: Any) -> Iterator[int]:
    if isinstance(node, dict):
        if "region" in node:
            yield node["region"]
        for key, part in node.items():
            if key not in ("signs", "absurd", "void"):
                yield from _numbers(part)
