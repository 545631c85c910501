"""The order of an expression case by case, every case a single product of powers.

`ratecert.theory.rates.rates` bounds an expression by lattices of monomials, such as ``max(x,
x^A)/x``.  Here the cases are distinguished further until one monomial is left in each: two
monomials of a lattice are compared through the sign of an exponent where their quotient has only
one size, through the sizes otherwise.  Cases that touch and have one order are joined again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any, Protocol, TypeVar

from ratecert.proofs_check.kernel.algebra import Form
from ratecert.proofs_check.kernel.cone import Context, Tree, join, lin
from ratecert.proofs_check.kernel.growth import bound
from ratecert.proofs_check.kernel.logform import LOGLOG
from ratecert.proofs_check.kernel.premises import Premises
from ratecert.proofs_check.language.expr import Num
from ratecert.proofs_check.language.grammar import parse_condition
from ratecert.proofs_check.verdict.certificate import Regime
from ratecert.theory.rates.rates import Region
from ratecert.theory.search.derivation import grown
from ratecert.theory.search.lattices import simplified
from ratecert.theory.search.planner import falling_faster, has_decay, plan
from ratecert.theory.search.prover import Prover, SplitNeededError

__all__ = ["When", "by_cases", "joined", "merged"]

When = tuple[str, ...]


class _HasConditions(Protocol):
    @property
    def when(self) -> When: ...


_Case = TypeVar("_Case", bound=_HasConditions)


def by_cases(ready: Premises) -> list[Region]:
    """Return the regions of the left side in which its bounds are single monomials.

    Where no further distinction helps, the bounds of a region differ or one of them is missing
    (`Region.order` is then None).

    Raises
    ------
    StuckError, RejectedError
        Where the search gives up.
    """
    found: list[Region] = []
    decays = has_decay(ready.left.upper)

    def leaf(inner: Premises, prover: Prover) -> dict[str, Any]:
        bounds: dict[str, Any] = {}
        plan(inner.left.lower, False, prover, bounds)
        lower = bound(inner.left.lower, False, inner.ctx, bounds)
        upper, small = _upper(inner, prover, decays)
        if lower is not None:
            lower = _one_form(lower, prover)
            small = [(f, x) for f, x in small if not _covers(lower, f, prover)]
        if upper is None:
            found.append(Region(inner, lin(small[0][0]), None, tuple(small)))
        else:
            beside = small if lower is not None else []
            found.append(Region(inner, _one_form(upper, prover), lower, tuple(beside)))
        return {}

    grown(ready, (), leaf)
    return found


def _covers(lower: Tree, form: Form, prover: Prover) -> bool:
    return lower.form is not None and prover.dominates(lower.form, form)


def _upper(
    ready: Premises, prover: Prover, decays: bool
) -> tuple[Tree | None, list[tuple[Form, Form]]]:
    """Return an upper bound, and what beside it is smaller than F by every power of X.

    With exponentials bounded by one and two more powers, those parts of the bound that fall each
    time by the same X fall by every power of it.
    """
    trees = [_bounded(ready, prover, extra) for extra in (EXTRAS if decays else (0,))]
    least = [tree.parts if tree.kind == "min" else () for tree in trees]
    if all(least) and (small := _falling(least, prover)):
        # A minimum is at most what is small in it.
        return None, small[:1]
    parts = [tree.parts if tree.kind == "max" else (tree,) for tree in trees]
    small = _falling(parts, prover)
    solid = [part for part in parts[-1] if all(part in other for other in parts)]
    if not small or len(solid) + len(small) < len(parts[-1]):
        return trees[-1], []
    return (join(solid) if solid else None), small


def _falling(trees: Sequence[Sequence[Tree]], prover: Prover) -> list[tuple[Form, Form]]:
    """Return F and X of the parts that fall by X from list to list, where all others stay.

    Raises
    ------
    SplitNeededError
        Where X need not be at least a constant.
    """
    moving = [[part.form for part in own if not _stays(part, trees)] for own in trees]
    if len(trees) == 1 or len(set(map(len, moving))) > 1:
        return []
    found: list[tuple[Form, Form]] = []
    for first, second, third in zip(*moving, strict=True):
        if first is None or second is None or third is None:
            return []
        share = first - second
        if share.is_zero() or second - third != share:
            return []
        if not prover.nonnegative(share):
            raise SplitNeededError(share)
        found.append((first + share.scale(prover.ctx.ring.number(EXTRAS[0])), share))
    return found


def _stays(part: Tree, trees: Sequence[Sequence[Tree]]) -> bool:
    return all(part in own for own in trees)


EXTRAS = (4, 5, 6)
"""By how much more than they have to exponentials fall in the bounds that are compared."""


def _bounded(ready: Premises, prover: Prover, extra: int) -> Tree:
    bounds: dict[str, Any] = {}
    with falling_faster(Num(Fraction(extra))):
        plan(ready.left.upper, True, prover, bounds)
    upper = bound(ready.left.upper, True, ready.ctx, bounds)
    assert upper is not None, "only lower bounds can be 0"
    return simplified(upper, prover)


def _one_form(tree: Tree, prover: Prover) -> Tree:
    """Return the tree as one linear form, or ask for the distinction that brings it closer."""
    tree = simplified(tree, prover)
    if tree.form is None:
        first, second = _rivals(tree)
        difference = first - second
        _ask_for_sign(difference, prover.ctx)
        raise SplitNeededError(difference)
    return tree


def _rivals(tree: Tree) -> tuple[Form, Form]:
    """Return two forms under one maximum or minimum."""
    for part in tree.parts:
        if part.form is None:
            return _rivals(part)
    first, second = (part.form for part in tree.parts[:2])
    assert first is not None
    assert second is not None
    return first, second


def _ask_for_sign(difference: Form, ctx: Context) -> None:
    """Ask for the sign of the exponent that decides, where the quotient has a single size."""
    names = {variable.removeprefix(LOGLOG) for variable in difference.coeffs}
    if len(names) == 1:
        for name in (*names, *(LOGLOG + name for name in names)):
            if name in difference.coeffs:
                ctx.sign(difference.coeffs[name])


def joined(regimes: Iterable[Regime]) -> list[Regime]:
    """Join cases of one order whose conditions differ in one place and fill a gap together."""
    return merged(regimes, _of_one_order)


def _of_one_order(first: Regime, second: Regime, when: When) -> Regime | None:
    if (first.order, first.small) != (second.order, second.small):
        return None
    return Regime(when, first.order, first.small)


def merged(
    cases: Iterable[_Case], one: Callable[[_Case, _Case, When], _Case | None]
) -> list[_Case]:
    """Join cases whose conditions differ in one place and leave no gap.

    ``X >= Y`` and ``Y >= X`` leave nothing out, nor do ``x > y``, ``x = y`` and ``x < y``, two
    neighbours of which are ``x >= y`` or ``x <= y``.

    Parameters
    ----------
    cases
        What holds in each of them beyond the assumptions stands in its `when`.
    one
        Returns the case that two are together, given its conditions; None if they do not agree.
    """
    kept = list(cases)
    while (pair := next(_mergeable(kept, one), None)) is not None:
        first, second, both = pair
        kept[kept.index(first)] = both
        kept.remove(second)
    return kept


def _mergeable(
    cases: list[_Case], one: Callable[[_Case, _Case, When], _Case | None]
) -> Iterator[tuple[_Case, _Case, _Case]]:
    for first, second in combinations(cases, 2):
        own = [c for c in first.when if c not in second.when]
        other = [c for c in second.when if c not in first.when]
        if len(own) != 1 or len(other) != 1:
            continue
        gap = _union(own[0], other[0])
        if gap is None:
            continue
        when = tuple(c for text in first.when for c in ((text,) if text != own[0] else gap))
        both = one(first, second, when)
        if both is not None:
            yield first, second, both


_UNIONS = {
    frozenset((">", "=")): ">=", frozenset(("<", "=")): "<=",
    frozenset((">", "<=")): "", frozenset(("<", ">=")): "",
}  # fmt: skip


def _union(first: str, second: str) -> tuple[str, ...] | None:
    """Return the conditions that say "one or the other", None where no single one does."""
    (one,), (two,) = parse_condition(first), parse_condition(second)
    if (one.left, one.right) == (two.left, two.right):
        op = _UNIONS.get(frozenset((one.op, two.op)))
        return None if op is None else (f"{one.left} {op} {one.right}",) if op else ()
    turned = (one.left, one.right) == (two.right, two.left)
    return () if turned and one.op == two.op == ">=" else None
