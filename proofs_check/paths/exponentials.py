r"""Quotients of sums of exponentials along a path, with their exponents as they are written.

The rules of `ratecert.proofs_check.paths.bounds` read ``exp(-X)`` as ``exp(-cX)`` with some ``c >
0``.  Where two exponentials compete, or one competes with a power of its own argument, c is what
decides: ``exp(-M)`` and ``exp(-2*M)`` are of different order, and ``exp(-log(M))`` is ``1/M``.
Here a side that is written out (no quantities, no filters) is taken apart into terms

    m exp(E),    E = Σ_A q_A A,

by identities between real numbers: products of sums of such terms, ``exp(U) exp(V) = exp(U+V)``,
``exp(U)^y = exp(yU)`` for constant y, ``B^U = exp(U log B)`` for ``B > 0``, sums and products in
an exponent multiplied out, and at last ``exp(q log Y) = Y^q`` for rational q.  m is left to the
rules of `paths`.  Each A is a product of powers of expressions that those rules show to be
positive and of one order along the path, *checked for every one that is met*, also where terms
cancel, so that nothing without a value is cancelled.  The ``q_A`` are exact: sums of rational
multiples of products of logarithms of rational numbers and of pi.  What has no such form stays in
m, as a whole; sizes enter by name alone, and a filter ``(1 - X)^Y`` is no term, as its base is no
number and ``log(1 - X)`` has no order: the claim is then left to `paths`.

**The exponent of a quotient.**  Along the path let D be a difference of two such exponents, after
equal A are collected and those with ``q_A = 0`` left out, and T the largest order of an A in it.
If all ``q_A`` with A of order T have one sign, D has that sign for large t and is of order T:
the sum over these A is of order T as no two cancel, whatever the constant factors in the orders
of the sizes, and all others are ``o(T)``.  If they differ in sign, nothing is said, as the
constant factors decide.  ``q_A = 0`` is concluded only if all rational multiples in it are 0; a
sign is that of an enclosure (Arb) which does not contain 0.

**Upper bounds.**  ``w exp(D)``, w of an order ``t^x (log t)^y (log log t)^z``, is

- of order w where ``T <= 1`` (or D = 0), since D is then bounded;
- for ``D < 0``: below every power of t where ``T > log t``, as ``D <= -cT`` and ``T/log t`` tends
  to infinity (the quotient of two different orders); otherwise of order w at most;
- for ``D > 0``: of order ``t^(x/2)`` at most where ``T < log t`` and ``x < 0``, as D is then
  ``o(log t)``, and ``exp(D) <= t^e`` for every ``e > 0``; otherwise nothing is said.  (For T of
  order ``log t`` itself ``exp(D)`` is a power of t that the constant factors decide.)

**The quotient of two sums.**  Let all terms of both be non-negative, which the rules of `paths`
show of each m on the way to its bounds.  For each term B of the denominator the quotient is at
most ``Σ_k top_k / B``, a finite sum: of the largest of the orders found, or below every power of
t if all its terms are.  Any B will do; the one with the least bound is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from flint import arb
from flint import ctx as flint_context

from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    free_names,
    mul,
    power,
    substitute,
    walk,
)
from ratecert.proofs_check.paths.bounds import Path, lower_along, order_along, upper_along
from ratecert.proofs_check.paths.orders import CONSTANT, LOG, Order, UndecidedError, exact_value

__all__ = [
    "BEYOND",
    "Beyond",
    "Exponent",
    "ExponentialTerm",
    "Reader",
    "difference",
    "has_exponentials",
    "quotient_bound",
]

MAX_TERMS = 64
"""Sums that multiply out to more terms are refused."""
BITS = 128
"""The precision of the enclosures that give the sign of a coefficient."""

ONE = Num(Fraction(1))
HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Beyond:
    """A bound below ``t^-K`` for every K."""

    def __str__(self) -> str:
        return "t^(-oo)"


BEYOND = Beyond()

Exponent = dict[tuple[Expr, Expr], Fraction]
"""Rational multiples of products of what moves and a constant."""


@dataclass(frozen=True, slots=True)
class ExponentialTerm:
    """The product of `factors` and ``exp`` of the exponent."""

    factors: tuple[Expr, ...]
    exponent: Exponent


def has_exponentials(expr: Expr, constants: Collection[str]) -> bool:
    """Whether something in it is raised to a power with other names than those of constants."""
    return any(_is_exponential(node, constants) for node in walk(expr))


def _is_exponential(node: Expr, constants: Collection[str]) -> bool:
    match node:
        case Call("exp", (arg,)) | Pow(_, arg):
            return not free_names(arg) <= set(constants)
    return False


def quotient_bound(top: Expr, bottom: Expr, path: Path) -> Order | Beyond:
    """Return an upper bound of ``top/bottom`` along a path: an order, or `BEYOND` every power.

    Raises
    ------
    UndecidedError
        Where the rules give none.
    """
    numbers = {name: Num(value) for name, value in path.values.items()}
    reader = Reader(lambda expr: order_along(expr, path))
    upper = [_bounded(t, path, upper=True) for t in reader.terms(substitute(top, numbers))]
    lower = [_bounded(t, path, upper=False) for t in reader.terms(substitute(bottom, numbers))]
    reasons, found = [], []
    for order, exponent in lower:
        try:
            if order is not None:
                found.append(_over(upper, order, exponent, path))
        except UndecidedError as error:
            reasons.append(str(error))
    if not found:
        raise UndecidedError("; ".join(reasons) or f"{bottom} may be arbitrarily small")
    return min(found, key=_rank)


def _rank(bound: Order | Beyond) -> tuple[bool, Order]:
    return (False, CONSTANT) if isinstance(bound, Beyond) else (True, bound)


_Bounded = tuple[Order | None, Exponent]


def _bounded(term: ExponentialTerm, path: Path, *, upper: bool) -> _Bounded:
    """Return a bound of the factors of a term, which are positive, and its exponent."""
    rest = mul(*term.factors)
    return (upper_along(rest, path) if upper else lower_along(rest, path)), term.exponent


def _over(upper: list[_Bounded], order: Order, exponent: Exponent, path: Path) -> Order | Beyond:
    """Return the bound of a sum divided by one term."""
    bounds = []
    for above, own in upper:
        assert above is not None, "only lower bounds can be trivial"
        bounds.append(_product_bound(above / order, *_sign(difference(own, exponent), path)))
    return max(bounds, key=_rank)


def _product_bound(order: Order, sign: int, size: Order) -> Order | Beyond:
    """Return the bound of ``w exp(D)``, w of that order, D of that sign and size."""
    if sign < 0 and size > LOG:
        return BEYOND
    if sign <= 0:
        return order
    if size < LOG and order.x < 0:
        return Order(order.x / 2)
    raise UndecidedError("the quotient may grow with an exponential")


def difference(first: Exponent, second: Exponent) -> Exponent:
    """Return the first exponent less the second one, without what cancels."""
    return _collected((*first.items(), *((key, -value) for key, value in second.items())))


def _collected(items: Iterable[tuple[tuple[Expr, Expr], Fraction]]) -> Exponent:
    found: Exponent = {}
    for key, value in items:
        found[key] = found.get(key, Fraction(0)) + value
    return {key: value for key, value in found.items() if value}


def _sign(exponent: Exponent, path: Path) -> tuple[int, Order]:
    """Return the sign of an exponent along the path, 0 where it is bounded, and its order."""
    orders = {moving: order_along(moving, path) for moving, _ in exponent}
    top = max(orders.values(), default=CONSTANT)
    if top <= CONSTANT:
        return 0, CONSTANT
    largest = {moving for moving, order in orders.items() if order == top}
    signs = {_sign_of(exponent, moving) for moving in largest}
    if len(signs) > 1:
        raise UndecidedError("terms of one order compete in an exponent")
    return signs.pop(), top


def _sign_of(exponent: Exponent, moving: Expr) -> int:
    """Return the sign of the coefficient of what moves."""
    parts = [(c, q) for (own, c), q in exponent.items() if own == moving]
    before = flint_context.prec
    flint_context.prec = BITS
    try:
        value = sum((_ball(c) * q.numerator / q.denominator for c, q in parts), arb(0))
    finally:
        flint_context.prec = before
    if value.contains(0):
        raise UndecidedError("a coefficient in an exponent may be 0")
    return 1 if value > 0 else -1


def _ball(constant: Expr) -> arb:
    """Return an enclosure of a product of logarithms of rational numbers and of pi."""
    result = arb(1)
    for factor in constant.factors if isinstance(constant, Mul) else (constant,):
        match factor:
            case Call("log", (Num(value),)):
                result *= (arb(value.numerator) / value.denominator).log()
            case Name("pi"):
                result *= arb.pi()
            case _:
                assert factor == ONE, "nothing else is read as a constant"
    return result


class Reader:
    """Takes expressions apart.

    Parameters
    ----------
    require_positive
        Raises `UndecidedError` unless an expression has a positive value.
    constants
        Names of real constants, for exponents that are polynomials in them.
    """

    def __init__(
        self, require_positive: Callable[[Expr], object], constants: frozenset[str] = frozenset()
    ):
        self._require_positive = require_positive
        self._constants = constants

    def terms(self, expr: Expr) -> list[ExponentialTerm]:
        """Return the terms that an expression is the sum of."""
        return [self._with_powers(term) for term in self._terms(expr)]

    def _terms(self, expr: Expr) -> list[ExponentialTerm]:
        if not has_exponentials(expr, self._constants):
            return [ExponentialTerm((expr,), {})]
        match expr:
            case Add(parts):
                return _few([term for part in parts for term in self._terms(part)])
            case Mul(factors):
                return self._product([self._terms(factor) for factor in factors])
            case Call("sqrt", (arg,)):
                return self._power(expr, arg, Num(HALF))
            case Call("exp", (arg,)):
                return [ExponentialTerm((), self._linear(arg))]
            case Pow(base, exponent):
                return self._power(expr, base, exponent)
        return [ExponentialTerm((expr,), {})]

    def _product(self, sums: list[list[ExponentialTerm]]) -> list[ExponentialTerm]:
        result = [ExponentialTerm((), {})]
        for terms in sums:
            result = _few([_times(x, y) for x, y in product(result, terms)])
        return result

    def _power(self, whole: Expr, base: Expr, exponent: Expr) -> list[ExponentialTerm]:
        """Return ``base^exponent``; an exponent that is no constant makes it an exponential."""
        if not free_names(exponent) <= self._constants:
            log = self._linear(Call("log", (base,)))
            return [ExponentialTerm((), self._multiplied(self._linear(exponent), log))]
        terms = self._terms(base)
        if len(terms) > 1:
            return [ExponentialTerm((whole,), {})]
        factors = tuple(power(factor, exponent) for factor in terms[0].factors)
        return [
            ExponentialTerm(factors, self._multiplied(terms[0].exponent, self._linear(exponent)))
        ]

    def _with_powers(self, term: ExponentialTerm) -> ExponentialTerm:
        """Write ``exp(q log Y)`` as ``Y^q``."""
        powers: list[Expr] = []
        rest: Exponent = {}
        for key, value in term.exponent.items():
            match key:
                case Call("log", (arg,)), constant if free_names(constant) or constant == ONE:
                    powers.append(power(arg, mul(Num(value), constant)))
                case _:
                    rest[key] = value
        return ExponentialTerm((*term.factors, *powers), rest)

    def _linear(self, expr: Expr) -> Exponent:
        """Return an exponent, multiplied out."""
        value = exact_value(expr, {})
        if value is not None:
            return _collected([((ONE, ONE), value)])
        match expr:
            case Add(terms):
                return _collected(item for term in terms for item in self._linear(term).items())
            case Mul(factors):
                result: Exponent = {(ONE, ONE): Fraction(1)}
                for factor in factors:
                    result = self._multiplied(result, self._linear(factor))
                return result
            case Name(name) if name == "pi" or name in self._constants:
                return {(ONE, expr): Fraction(1)}
            case Call("log", (arg,)) if (number := exact_value(arg, {})) is not None:
                if number <= 0:
                    raise UndecidedError(f"{expr} has no value")
                return _collected([((ONE, Call("log", (Num(number),))), Fraction(number != 1))])
        return {(self._monomial(self._powers(expr)), ONE): Fraction(1)}

    def _multiplied(self, first: Exponent, second: Exponent) -> Exponent:
        """Return the product of two exponents."""
        if len(first) * len(second) > MAX_TERMS:
            raise UndecidedError("an exponent has too many terms")
        return _collected(
            ((self._joined(one[0], other[0]), _sorted(one[1], other[1])), p * q)
            for (one, p), (other, q) in product(first.items(), second.items())
        )

    def _joined(self, first: Expr, second: Expr) -> Expr:
        return self._monomial(self._powers(mul(first, second)))

    def _powers(self, expr: Expr) -> dict[Expr, Fraction]:
        """Return bases, which are positive and of one order, with their powers."""
        found: dict[Expr, Fraction] = {}
        match expr:
            case Mul(factors):
                for factor in factors:
                    for base, e in self._powers(factor).items():
                        found[base] = found.get(base, Fraction(0)) + e
                return found
            case Call("sqrt", (base,)):
                return {b: e * HALF for b, e in self._powers(base).items()}
            case Pow(base, exponent) if (value := exact_value(exponent, {})) is not None:
                return {b: e * value for b, e in self._powers(base).items()}
        self._require_positive(expr)
        return {expr: Fraction(1)}

    def _monomial(self, powers: Mapping[Expr, Fraction]) -> Expr:
        """Write a product of powers in a fixed order."""
        factors = (power(base, Num(e)) for base, e in powers.items() if e)
        return mul(*sorted(factors, key=str))


def _few(terms: list[ExponentialTerm]) -> list[ExponentialTerm]:
    if len(terms) > MAX_TERMS:
        raise UndecidedError(f"a sum of exponentials has more than {MAX_TERMS} terms")
    return terms


def _times(first: ExponentialTerm, second: ExponentialTerm) -> ExponentialTerm:
    items = (*first.exponent.items(), *second.exponent.items())
    return ExponentialTerm((*first.factors, *second.factors), _collected(items))


def _sorted(first: Expr, second: Expr) -> Expr:
    """Return the product of two constants in a fixed order."""
    both = mul(first, second)
    return mul(*sorted(both.factors, key=str)) if isinstance(both, Mul) else both
