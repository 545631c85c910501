r"""Orders of expressions along a path, bounded from above and from below.

A `Path` fixes the parameters as rationals and gives every size, the step size and free indices as
functions ``t^x (log t)^y (log log t)^z`` of one variable ``t -> oo``, up to constant factors.
Along it the rules below find the order of growth of an expression, or one-sided bounds of it:
`upper_along` returns U with ``value <= C U``, `lower_along` returns L with ``value >= c L``,
``c > 0``, or None for the trivial ``value >= 0``.  Each is sound on its own, and where they agree
the order is exact.  All expressions must be provably positive.

- *Constants* have order 1 where `orders.is_positive` says that they are positive.
- *Products, powers, sqrt, min, max* act on orders; a negative power exchanges the two sides.
- *Sums of terms*: the largest order.  Terms may be subtracted where their upper bound is of
  smaller order than the lower bound of the rest, because then the value is ``1 + o(1)`` times the
  rest; and in ``i - r`` with ``0 < r < 1`` for an index ``i >= 1``, which lies between ``(1-r) i``
  and ``i``.
- *log* is monotone: `Order.log` of the argument's bound.  For bounded X, ``log(r + X)`` lies
  between positive constants if r is a rational above 1, and ``log(1 + X)`` is of the order of X,
  because ``X/(1+C) <= log(1+X) <= X`` for ``0 <= X <= C``.
- *exp(-X)*, ``X >= 0``: read as ``exp(-cX)`` with an unknown constant ``c > 0``.  From above it is
  at most ``C_K min(1, X^-K)`` for every K (we take ``K = DECAY``), and even ``o(t^-K)`` where X is
  of larger order than log t.  From below it is at least ``exp(-cC)`` where ``X <= C``, and
  positive elsewhere.  A bounded exponent, of either sign, gives order 1.
- *sum(f(i), i, lo, hi)*: the profile of f in i (see `ratecert.proofs_check.paths.profiles`) by the
  same rules, one piece at a time, and the rule for sums there.  ``log(i + r)``, ``r > 0``, and
  ``log(i)`` where ``i >= 2`` are of the order of ``log(i + 2)``.  Any other logarithm inside must
  have one order on the whole range; being monotone on each piece of its argument, it has one if it
  has the same at all ends of pieces.  From below a sum is also at least its first term, the only
  one that an exponential may leave.
- *Sums inside sums.*  ``Σ_{r<=j<=i} f(j)`` with a constant r, ``1 <= r <= i``, and
  ``Σ_{j>=i} f(j)``, f free of the index i outside, have the profiles in i of partial sums and of
  tails (see `ratecert.proofs_check.paths.profiles`).  No other sum may depend on an index outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    Sum,
    children,
    free_names,
    mul,
    substitute,
)
from ratecert.proofs_check.paths.orders import (
    CONSTANT,
    LOG,
    Order,
    UndecidedError,
    exact_value,
    is_positive,
)
from ratecert.proofs_check.paths.profiles import (
    Piece,
    Profile,
    at_most_constant,
    constant,
    ends_within,
    highest,
    index_itself,
    is_bounded,
    log_of_index,
    lowest,
    raised,
    sum_order,
    sums_from,
    sums_up_to,
    times,
)

__all__ = ["DECAY", "Path", "lower_along", "order_along", "upper_along"]

DECAY = Fraction(1000)
"""The power K in ``exp(-X) = O(X^-K)``."""

MAX_NESTED_SUMS = 4
"""More sums inside one another are refused: the effort doubles with each."""

_T = Order(Fraction(1))
_INFINITY = Name("oo")


@dataclass(frozen=True, slots=True)
class Path:
    """Rational `values` of the parameters and `orders` of sizes, step size and free indices."""

    values: Mapping[str, Fraction]
    orders: Mapping[str, Order]


def upper_along(expr: Expr, path: Path) -> Order:
    """Return U with ``expr <= C U`` for large t, or raise `UndecidedError`."""
    bound = _value(expr, _Scope(path, upper=True))
    assert bound is not None, "only lower bounds can be trivial"
    return bound


def lower_along(expr: Expr, path: Path) -> Order | None:
    """Return L with ``expr >= c L``, None for ``expr >= 0`` only, or raise `UndecidedError`."""
    return _value(expr, _Scope(path, upper=False))


def order_along(expr: Expr, path: Path) -> Order:
    """Return the order of the expression, or raise `UndecidedError` where the bounds differ."""
    upper, lower = upper_along(expr, path), lower_along(expr, path)
    if upper != lower:
        raise UndecidedError(f"the order of {expr} is at most {upper}; from below, {lower}")
    return upper


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where an expression stands: the side asked for, and the sum around it, if any.

    The index of that sum is at least `first`, or tends to infinity where this is None.
    """

    path: Path
    upper: bool
    index: str = ""
    lo: Order = CONSTANT
    hi: Order | None = None
    first: Fraction | None = None

    def other(self) -> _Scope:
        """Return the same place, asking for the other side."""
        return replace(self, upper=not self.upper)

    def exact(self, expr: Expr) -> Fraction | None:
        """Return the value of a constant, None where it is not rational."""
        return exact_value(expr, self.path.values)

    def depends(self, expr: Expr) -> bool:
        """Whether the expression depends on the index of the sum around it."""
        return bool(self.index) and self.index in free_names(expr)


def _value(expr: Expr, scope: _Scope) -> Order | None:
    (piece,) = _profile(expr, scope)
    return piece.value


def _profile(expr: Expr, scope: _Scope) -> Profile:
    """Return the profile of the expression in the index of the sum around it."""
    match expr:
        case Name(name) if name == scope.index:
            return index_itself()
        case Name(name) if name in scope.path.orders:
            return constant(scope.path.orders[name])
        case Sum() if scope.depends(expr):
            return _partial_sum(expr, scope)
        case Sum():
            return constant(_sum(expr, scope))
    if is_positive(expr, scope.path.values):
        return constant(CONSTANT)
    match expr:
        case Mul(factors):
            return times([_profile(factor, scope) for factor in factors])
        case Pow(base, exponent):
            return _power(base, exponent, scope)
        case Add(terms):
            return _add(expr, terms, scope)
        case Call("max", args):
            return highest([_profile(arg, scope) for arg in args])
        case Call("min", args):
            return lowest([_profile(arg, scope) for arg in args])
        case Call("sqrt", (arg,)):
            return raised(_profile(arg, scope), Fraction(1, 2))
        case Call("exp", (arg,)):
            return _exp(arg, scope)
        case Call("log", (arg,)):
            return _log(arg, scope)
    raise UndecidedError(f"no rule shows that {expr} is positive, or what its order is")


def _power(base: Expr, exponent: Expr, scope: _Scope) -> Profile:
    value = scope.exact(exponent)
    if value is None:
        raise UndecidedError(f"the exponent {exponent} is not a rational number")
    return raised(_profile(base, scope if value >= 0 else scope.other()), value)


# Sums of terms.


@dataclass(frozen=True, slots=True)
class _Terms:
    """Terms by sign, without their rational factors, and the sum of the rational terms."""

    constant: Fraction
    added: tuple[Expr, ...]
    taken: tuple[Expr, ...]


def _terms(terms: Iterable[Expr], scope: _Scope) -> _Terms:
    total = Fraction(0)
    added: list[Expr] = []
    taken: list[Expr] = []
    for term in terms:
        coefficient, rest = _split(term, scope)
        if rest is None:
            total += coefficient
        elif coefficient:
            (added if coefficient > 0 else taken).append(rest)
    return _Terms(total, tuple(added), tuple(taken))


def _split(term: Expr, scope: _Scope) -> tuple[Fraction, Expr | None]:
    """Return the rational factor of a term and the rest, None for 1."""
    coefficient, rest = Fraction(1), []
    for factor in term.factors if isinstance(term, Mul) else (term,):
        value = scope.exact(factor)
        if value is None:
            rest.append(factor)
        else:
            coefficient *= value
    return coefficient, mul(*rest) if rest else None


def _add(expr: Expr, terms: tuple[Expr, ...], scope: _Scope) -> Profile:
    parts = _terms(terms, scope)
    if Name(scope.index) in terms and _is_shifted_index(parts, scope):
        return index_itself()
    added = _added(parts, scope)
    if not added:
        raise UndecidedError(f"{expr} is not positive")
    if parts.constant < 0 or parts.taken:
        _require_dominance(expr, parts, added, scope)
    return highest(added)


def _is_shifted_index(parts: _Terms, scope: _Scope) -> bool:
    """Whether the terms, one of which is the index i, are ``i - r`` with ``0 < r < 1``."""
    return len(parts.added) == 1 and not parts.taken and -1 < parts.constant < 0


def _added(parts: _Terms, scope: _Scope) -> list[Profile]:
    profiles = [_profile(term, scope) for term in parts.added]
    return profiles + [constant(CONSTANT)] * (parts.constant > 0)


def _require_dominance(expr: Expr, parts: _Terms, added: list[Profile], scope: _Scope) -> None:
    """Check that what is subtracted is of smaller order than what is added."""
    if scope.depends(expr):
        raise UndecidedError(f"no rule for the difference {expr} inside a sum")
    low = _added(parts, scope.other()) if scope.upper else added
    known = [piece.value for profile in low for piece in profile if piece.value is not None]
    taken = [upper_along(term, scope.path) for term in parts.taken]
    taken += [CONSTANT] * (parts.constant < 0)
    if not known or max(taken) >= max(known):
        raise UndecidedError(f"what is subtracted in {expr} is not of smaller order than the rest")


# Logarithms and exponentials.


def _exp(arg: Expr, scope: _Scope) -> Profile:
    parts = _terms(arg.terms if isinstance(arg, Add) else (arg,), scope)
    if parts.added and (parts.taken or not _are_bounded(parts.added, scope)):
        raise UndecidedError(f"no rule for exp({arg}): its exponent is not negative")
    if not parts.taken:
        return constant(CONSTANT)
    exponent = highest([_profile(term, scope.other()) for term in parts.taken])
    if not scope.upper:
        return at_most_constant(exponent)
    return tuple(_decay(piece) for piece in highest([constant(CONSTANT), exponent]))


def _are_bounded(terms: tuple[Expr, ...], scope: _Scope, profiles: Iterable[Profile] = ()) -> bool:
    """Whether the terms stay bounded; `profiles` are theirs from the scope's side, if known."""
    if not (scope.upper and profiles):
        profiles = (_profile(term, replace(scope, upper=True)) for term in terms)
    return all(map(is_bounded, profiles))


def _decay(piece: Piece) -> Piece:
    """Return an upper bound of ``exp(-X)`` for a piece of ``max(1, X)``."""
    assert piece.value is not None, "it is at least 1"
    decay = piece.value**-DECAY
    if piece.slope == piece.logs == 0 and piece.value > LOG:
        decay = min(decay, _T**-DECAY)
    return Piece(piece.start, piece.end, decay, -DECAY * piece.slope, -DECAY * piece.logs)


def _log(arg: Expr, scope: _Scope) -> Profile:
    if scope.index and _is_index_from_2(arg, scope):
        return log_of_index()
    parts = _terms(arg.terms if isinstance(arg, Add) else (arg,), scope)
    if parts.taken or parts.constant < 0 or not parts.added:
        profile = _profile(arg, scope)
    else:
        added = [_profile(term, scope) for term in parts.added]
        if parts.constant >= 1 and _are_bounded(parts.added, scope, added):
            return constant(CONSTANT) if parts.constant > 1 else highest(added)
        profile = highest(added)
    logs = {_log_order(value) for value in ends_within(profile, scope.lo, scope.hi)}
    if len(logs) > 1:
        raise UndecidedError(f"no rule for log({arg}) here: its order changes along the sum")
    return constant(logs.pop())


def _log_order(value: Order | None) -> Order:
    if value is None:
        raise UndecidedError("the logarithm of a function that may be arbitrarily small")
    return value.log()


# Sums over an index.


def _depth(expr: Expr) -> int:
    """Return how many sums stand inside one another."""
    return isinstance(expr, Sum) + max(map(_depth, children(expr)), default=0)


def _partial_sum(expr: Sum, scope: _Scope) -> Profile:
    """Return the profile of a sum up to the index outside, or from there on."""
    outer, first = Name(scope.index), scope.exact(expr.lo)
    path = _without(scope.path, expr.index)
    if expr.index == scope.index or scope.index in free_names(expr.term):
        raise UndecidedError(f"no rule for terms that depend on the index {scope.index} outside")
    if expr.lo == outer and expr.hi == _INFINITY:
        inner = _Scope(path, scope.upper, expr.index, CONSTANT, None, Fraction(1))
        return sums_from(_terms_of(expr, inner), upper=scope.upper)
    starts = first is not None and first >= 1 and (scope.first is None or scope.first >= first)
    if not starts or expr.hi != outer:
        raise UndecidedError(f"no rule for a sum that depends on the index {scope.index} outside")
    inner = _Scope(path, scope.upper, expr.index, CONSTANT, None, first)
    return sums_up_to(_terms_of(expr, inner), upper=scope.upper)


def _terms_of(expr: Sum, inner: _Scope) -> Profile:
    return times([constant(CONSTANT), _profile(expr.term, inner)])


def _sum(expr: Sum, scope: _Scope) -> Order | None:
    if _depth(expr) > MAX_NESTED_SUMS:
        raise UndecidedError(f"more than {MAX_NESTED_SUMS} sums inside one another")
    first, last = scope.exact(expr.lo), scope.exact(expr.hi)
    lo = _first_index(expr.lo, first, scope)
    hi = None if expr.hi == _INFINITY else order_along(expr.hi, scope.path)
    if hi is not None and hi < max(lo, CONSTANT):
        raise UndecidedError(f"{expr} has no terms")
    inner = _Scope(_without(scope.path, expr.index), scope.upper, expr.index, lo, hi, first)
    profile = _terms_of(expr, inner)
    if hi == CONSTANT:
        if first is None or last is None or ceil(first) > floor(last):
            raise UndecidedError(f"no rule shows that {expr} has any terms")
        bound = profile[0].value
    else:
        bound = sum_order(profile, lo, hi, upper=scope.upper)
    if bound is None and first is not None:
        return lower_along(
            substitute(expr.term, {expr.index: Num(Fraction(ceil(first)))}), inner.path
        )
    return bound


def _first_index(lo: Expr, value: Fraction | None, scope: _Scope) -> Order:
    order = CONSTANT if value is not None and value > 0 else order_along(lo, scope.path)
    if value is None and order <= CONSTANT:
        raise UndecidedError(f"no rule for a sum from {lo}, which stays bounded")
    return order


def _without(path: Path, index: str) -> Path:
    """Return the path without a name that the index of a sum hides."""
    values = {name: value for name, value in path.values.items() if name != index}
    return Path(values, {name: order for name, order in path.orders.items() if name != index})


def _is_index_from_2(expr: Expr, scope: _Scope) -> bool:
    """Whether the expression is ``i + r``, ``r > 0``, or ``i`` itself where ``i >= 2``."""
    match expr:
        case Name(scope.index):
            return scope.first is None or scope.first > 1
        case Add((Name(scope.index), shift) | (shift, Name(scope.index))):
            value = scope.exact(shift)
            return value is not None and value > 0
    return False
