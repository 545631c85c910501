"""The order of an expression case by case, every case a single product of powers.

`theory.rates` bounds an expression by lattices of monomials, such as ``max(x, x^A)/x``.  Here the
cases are distinguished further until one monomial is left in each: two monomials of a lattice are
compared through the sign of an exponent where their quotient has only one size, through the sizes
otherwise.  Cases that touch and have one order are joined again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from proofs_check.algebra import Form
from proofs_check.cone import Context, Tree
from proofs_check.growth import bound
from proofs_check.language import parse_condition
from proofs_check.logform import LOGLOG
from proofs_check.premises import Premises
from proofs_check.verdict import Regime
from theory.derivation import grown
from theory.lattices import simplified
from theory.planner import plan
from theory.prover import Prover, SplitNeededError
from theory.rates import Region

__all__ = ["by_cases", "joined"]


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

    def leaf(inner: Premises, prover: Prover) -> dict[str, Any]:
        bounds: dict[str, Any] = {}
        plan(inner.left.upper, True, prover, bounds)
        plan(inner.left.lower, False, prover, bounds)
        upper = bound(inner.left.upper, True, inner.ctx, bounds)
        lower = bound(inner.left.lower, False, inner.ctx, bounds)
        assert upper is not None, "only lower bounds can be 0"
        upper = _one_form(upper, prover)
        lower = None if lower is None else _one_form(lower, prover)
        found.append(Region(inner, upper, lower))
        return {}

    grown(ready, (), leaf)
    return found


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
    """Join cases of one order whose conditions differ in one place and fill a gap together.

    ``X >= Y`` and ``Y >= X`` leave nothing out, nor do ``x > y``, ``x = y`` and ``x < y``, two
    neighbours of which are ``x >= y`` or ``x <= y``.
    """
    kept = list(regimes)
    while (pair := next(_joinable(kept), None)) is not None:
        first, second, both = pair
        kept[kept.index(first)] = both
        kept.remove(second)
    return kept


def _joinable(regimes: list[Regime]) -> Iterator[tuple[Regime, Regime, Regime]]:
    for first, second in combinations(regimes, 2):
        own = [c for c in first.when if c not in second.when]
        other = [c for c in second.when if c not in first.when]
        if first.order != second.order or len(own) != 1 or len(other) != 1:
            continue
        union = _union(own[0], other[0])
        if union is not None:
            when = tuple(c for text in first.when for c in ((text,) if text != own[0] else union))
            yield first, second, Regime(when, first.order)


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
