r"""Leading terms along a path: ``expr ~ c t^x (log t)^y (log log t)^z`` with a rational c.

What `ratecert.proofs_check.paths.bounds` finds up to constants is found here with the constant,
for fewer expressions: every size is taken to be *exactly* the function its path gives (rounding to
integers changes it by a factor ``1 + o(1)``), which is one of the ways in which it may grow.
Refused are the step size and ``sigma``, whose constants are unknown, and ``N_eff``: its logarithm
has no base.

- Products and powers multiply and raise constants; a power that is not whole asks for constant 1.
- A sum has the leading term of the terms of largest order, if their constants do not cancel.
- ``min`` and ``max`` compare orders, then constants; all must be positive.
- ``log(c t^x ...) ~ x log t`` for ``c, x > 0``, and ``y log log t`` if ``x = 0 < y``.
- ``Σ V i^s`` over ``lo <= i <= hi``, V free of i, lo positive and of smaller order than hi: the
  summand is monotone, so the sum differs from ``V ∫ i^s di`` by at most its largest summands,
  and is asymptotic to ``V hi^(s+1)/(s+1)`` for ``s > -1`` and to ``V log(hi/lo)`` for ``s = -1``.
  For ``s < -1`` it is asymptotic to ``V lo^(s+1)/(-s-1)`` if lo grows; else it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from ratecert.proofs_check.language.expr import Add, Call, Expr, Mul, Name, Pow, Sum, free_names
from ratecert.proofs_check.paths.bounds import Path
from ratecert.proofs_check.paths.orders import (
    CONSTANT,
    LOG,
    Order,
    UndecidedError,
    exact_power,
    exact_value,
)

__all__ = ["Leading", "leading_term"]

ONE = Fraction(1)
_UNKNOWN = frozenset({"gamma", "N_eff"})


@dataclass(frozen=True, slots=True)
class Leading:
    """The function ``constant * order``; the constant is not zero."""

    constant: Fraction
    order: Order

    def __mul__(self, other: Leading) -> Leading:
        return Leading(self.constant * other.constant, self.order * other.order)

    def __pow__(self, exponent: Fraction) -> Leading:
        constant = exact_power(self.constant, exponent)
        if constant is None:
            raise UndecidedError(f"the constant {self.constant}^({exponent}) is not evaluated")
        return Leading(constant, self.order**exponent)

    def log(self) -> Leading:
        """Return the leading term of the logarithm."""
        if self.constant < 0:
            raise UndecidedError("the logarithm of a negative function")
        log = self.order.log()
        return Leading(self.order.x if log == LOG else self.order.y, log)


def leading_term(expr: Expr, path: Path) -> Leading:
    """Return the leading term of the expression along the path, or raise `UndecidedError`."""
    value = exact_value(expr, path.values)
    if value:
        return Leading(value, CONSTANT)
    match expr:
        case Name(name) if name in path.orders and name not in _UNKNOWN:
            return Leading(ONE, path.orders[name])
        case Mul(factors):
            return _product([leading_term(factor, path) for factor in factors])
        case Pow(base, exponent):
            return leading_term(base, path) ** _exponent(exponent, path)
        case Call("sqrt", (arg,)):
            return leading_term(arg, path) ** Fraction(1, 2)
        case Add(terms):
            return _sum_of_terms([leading_term(term, path) for term in terms])
        case Call("min" | "max" as func, args):
            return _extreme([leading_term(arg, path) for arg in args], func)
        case Call("log", (arg,)):
            return leading_term(arg, path).log()
        case Sum():
            return _sum(expr, path)
    raise UndecidedError(f"no rule for the leading constant of {expr}")


def _product(parts: list[Leading]) -> Leading:
    result = Leading(ONE, CONSTANT)
    for part in parts:
        result *= part
    return result


def _exponent(expr: Expr, path: Path) -> Fraction:
    value = exact_value(expr, path.values)
    if value is None:
        raise UndecidedError(f"the exponent {expr} is not a rational number")
    return value


def _sum_of_terms(parts: list[Leading]) -> Leading:
    order = max(part.order for part in parts)
    constant = sum((part.constant for part in parts if part.order == order), Fraction(0))
    if constant == 0:
        raise UndecidedError("the leading terms of a sum cancel")
    return Leading(constant, order)


def _extreme(parts: list[Leading], func: str) -> Leading:
    if any(part.constant < 0 for part in parts):
        raise UndecidedError(f"no rule for the {func} of negative functions")
    choose = min if func == "min" else max
    return choose(parts, key=lambda part: (part.order, part.constant))


# Sums of monomials in the index.


def _sum(expr: Sum, path: Path) -> Leading:
    values = {name: value for name, value in path.values.items() if name != expr.index}
    orders = {name: order for name, order in path.orders.items() if name != expr.index}
    factor, slope = _monomial(expr.term, expr.index, Path(values, orders))
    lo = leading_term(expr.lo, path)
    hi = None if expr.hi == Name("oo") else leading_term(expr.hi, path)
    ends_apart = hi is None or (hi.constant > 0 and hi.order > lo.order)
    if lo.constant < 0 or lo.order < CONSTANT or not ends_apart:
        raise UndecidedError(f"no rule for the leading constant of a sum from {expr.lo}")
    growth = slope + 1
    if growth < 0 and lo.order > CONSTANT:
        return factor * lo**growth * Leading(-1 / growth, CONSTANT)
    if growth == 0 and hi is not None:
        return factor * (hi * lo**-ONE).log()
    if growth > 0 and hi is not None:
        return factor * hi**growth * Leading(1 / growth, CONSTANT)
    raise UndecidedError(f"no rule for the leading constant of {expr}")


def _monomial(term: Expr, index: str, path: Path) -> tuple[Leading, Fraction]:
    """Return c and s of a term ``c i^s``."""
    factor, slope = Leading(ONE, CONSTANT), Fraction(0)
    for part in term.factors if isinstance(term, Mul) else (term,):
        match part:
            case Name(name) if name == index:
                slope += 1
            case Pow(Name(name), exponent) if name == index:
                slope += _exponent(exponent, path)
            case _ if index in free_names(part):
                raise UndecidedError(f"no rule for the leading constant of a sum of {term}")
            case _:
                factor *= leading_term(part, path)
    return factor, slope
