r"""Sums that are empty along a path, or of one term.

*Empty.*  Let ``lo >= c L`` and ``hi <= C U`` along a path, with orders ``U < L``.  Then ``hi/lo``
tends to 0, ``hi < lo`` for large t, and ``sum(f, i, lo, hi)`` is 0, whatever f is.  Zeros are
carried outwards: 0 as a term vanishes, as a factor it takes those others with it that have a
value (which the rules of `paths` show), ``0^y`` is 0 for ``y > 0`` and refused for others,
``min(0, X)`` is 0 and ``max(0, X)`` is X for those X that are not negative.

*One term.*  Two sizes M and N of one order may be *equal*: a refutation may choose the constant
factors of a path, and the values between that the sizes never take.  Then ``sum(f, i, M, N)`` is
``f(M)`` exactly, M being an integer.  The choice has to satisfy the assumptions as they are
written, those with constant factors in them too; so all sizes of one order are taken to be the
same, which is allowed where each assumption on sizes either holds with different orders of its
sides, so that constant factors make no difference, or is ``X >= Y``, ``X <= Y`` or ``X = Y`` of
two names of sizes.  ``N_eff`` and the step size are not among them: what they are follows from N
and from stability.

Only sides that are written out are looked at so: ends of sums in the meaning of a quantity may be
known up to constant factors alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    Sum,
    add,
    children,
    free_names,
    rebuild,
    substitute,
    walk,
)
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.paths.bounds import Path, lower_along, order_along, upper_along
from ratecert.proofs_check.paths.orders import UndecidedError, exact_value

__all__ = ["ZERO", "may_be_equal", "settled"]

ZERO = Num(Fraction(0))
_INFINITY = Name("oo")


def may_be_equal(conditions: Iterable[Condition], sizes: frozenset[str], path: Path) -> bool:
    """Whether sizes of one order along an allowed path may be the same under the conditions.

    Raises
    ------
    UndecidedError
        Where the order of a side is not known.
    """
    return all(_is_kept(condition, sizes, path) for condition in conditions)


def _is_kept(condition: Condition, sizes: frozenset[str], path: Path) -> bool:
    """Whether a condition, which holds in order, also holds where equal orders are equal sizes."""
    left, right = condition.left, condition.right
    if free_names(left) | free_names(right) <= path.values.keys():
        return True
    if order_along(left, path) != order_along(right, path):
        return True
    names = [side.name for side in (left, right) if isinstance(side, Name)]
    return condition.op in (">=", "<=", "=") and len(names) == 2 and sizes.issuperset(names)


def settled(expr: Expr, path: Path, equal: frozenset[str]) -> Expr:
    """Return an expression without the sums that are empty or have one term.

    Parameters
    ----------
    equal
        Names of sizes that are equal where they have one order.

    Raises
    ------
    UndecidedError
        Where 0 stands where it has no value, or beside what may have none.
    """
    if isinstance(expr, Sum):
        return _settled_sum(expr, path, equal)
    parts = tuple(settled(part, path, equal) for part in children(expr))
    if parts == children(expr):
        return expr
    return _with_zeros(expr, parts, path) if ZERO in parts else rebuild(expr, parts)


def _settled_sum(expr: Sum, path: Path, equal: frozenset[str]) -> Expr:
    if _is_empty(expr, path):
        return ZERO
    if _is_single(expr, path, equal):
        return settled(substitute(expr.term, {expr.index: expr.lo}), path, equal)
    return expr


def _is_empty(expr: Sum, path: Path) -> bool:
    if expr.hi == _INFINITY:
        return False
    try:
        first, last = lower_along(expr.lo, path), upper_along(expr.hi, path)
    except UndecidedError:
        return False
    return first is not None and last < first


def _is_single(expr: Sum, path: Path, equal: frozenset[str]) -> bool:
    match expr.lo, expr.hi:
        case Name(first), Name(last) if first in equal and last in equal:
            hidden = any(isinstance(n, Sum) and n.index == first for n in walk(expr.term))
            return path.orders[first] == path.orders[last] and not hidden
    return False


def _with_zeros(expr: Expr, parts: tuple[Expr, ...], path: Path) -> Expr:
    """Return the expression over parts of which some are 0."""
    others = tuple(part for part in parts if part != ZERO)
    match expr:
        case Add():
            return add(*others)
        case Mul():
            for other in others:
                if exact_value(other, path.values) is None:
                    upper_along(other, path)
            return ZERO
        case Call("min" | "max" as name, _):
            for other in others:
                upper_along(other, path)
            return Call("max", others) if name == "max" and others else ZERO
        case Pow():
            value = exact_value(parts[1], path.values)
            if parts[0] == ZERO and value is not None and value > 0:
                return ZERO
        case Call("sqrt", _):
            return ZERO
    raise UndecidedError(f"{expr} has no value, or no rule for it, where a sum in it is empty")
