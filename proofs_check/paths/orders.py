r"""Orders of growth ``t^x (log t)^y (log log t)^z``, and exact values of constants.

Along a path ``t -> oo`` every size and the step size is, up to a constant factor, one of these
functions (members of a Hardy field).  Distinct ones have a ratio that tends to 0 or to infinity,
as the first exponent in which they differ says.  So an `Order` compares lexicographically and
multiplies by adding exponents: a totally ordered vector space over the rationals.

*Logarithms.*  If ``x > 0``, ``log(t^x (log t)^y ...)`` is ``x log t (1 + o(1))``, of order ``log
t``; if ``x = 0 < y`` it is of order ``log log t``.  The next one, ``log log log t``, has no name
here and is refused.  A function of constant order or one that falls has no logarithm of known
sign and is refused too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import NUMBERS, Add, Call, Expr, Mul, Name, Num, Pow

__all__ = [
    "CONSTANT",
    "LOG",
    "LOGLOG",
    "Order",
    "UndecidedError",
    "exact_power",
    "exact_value",
    "is_positive",
]

ZERO, ONE = Fraction(0), Fraction(1)
MAX_BITS = 4096
"""Powers of rationals that may have more bits are not multiplied out."""


class UndecidedError(RejectedError):
    """No rule gives the order of this expression along this path."""


@dataclass(frozen=True, slots=True, order=True)
class Order:
    """The order of growth ``t^x (log t)^y (log log t)^z``; larger means faster for large t."""

    x: Fraction = ZERO
    y: Fraction = ZERO
    z: Fraction = ZERO

    def __mul__(self, other: Order) -> Order:
        return Order(_sum(self.x, other.x), _sum(self.y, other.y), _sum(self.z, other.z))

    def __truediv__(self, other: Order) -> Order:
        return self * other**-ONE

    def __pow__(self, exponent: Fraction) -> Order:
        x, y, z = (part * exponent if part else part for part in (self.x, self.y, self.z))
        return Order(x, y, z)

    def log(self) -> Order:
        """Return the order of the logarithm; see the module's text for what is refused."""
        if self.x > 0:
            return LOG
        if self.x == 0 and self.y > 0:
            return LOGLOG
        raise UndecidedError(f"no rule for the logarithm of a function of order {self}")

    def __str__(self) -> str:
        scales = (("t", self.x), ("log(t)", self.y), ("log(log(t))", self.z))
        parts = [_power_text(scale, exponent) for scale, exponent in scales if exponent]
        return "*".join(parts) or "1"


CONSTANT = Order()
LOG = Order(ZERO, ONE)
LOGLOG = Order(ZERO, ZERO, ONE)


def _sum(first: Fraction, second: Fraction) -> Fraction:
    """Add, fast where one is zero, as most are."""
    return first + second if first and second else first or second


def _power_text(scale: str, exponent: Fraction) -> str:
    if exponent == 1:
        return scale
    whole = exponent.denominator == 1 and exponent > 0
    return f"{scale}^{exponent}" if whole else f"{scale}^({exponent})"


def exact_value(expr: Expr, values: Mapping[str, Fraction]) -> Fraction | None:
    """Return the value of a constant where it is rational by rational operations, else None.

    Powers have whole exponents and at most `MAX_BITS` bits, or the base 1.

    Raises
    ------
    UndecidedError
        Where the expression has no value: a division by zero.
    """
    match expr:
        case Num(value):
            return value
        case Name(name):
            return values.get(name)
        case Pow(base, exponent):
            return exact_power(exact_value(base, values), exact_value(exponent, values))
        case Add(parts) | Mul(parts) | Call("min" | "max", parts):
            known: list[Fraction] = []
            for part in parts:
                exact = exact_value(part, values)
                if exact is None:
                    return None
                known.append(exact)
            return _exact_fold(expr, known)
    return None


def exact_power(base: Fraction | None, exponent: Fraction | None) -> Fraction | None:
    """Return ``base ^ exponent``, None where it is not rational, unknown or too large."""
    if base is None or exponent is None:
        return None
    if base == 0 and exponent <= 0:
        raise UndecidedError(f"0^({exponent}) has no value")
    if base in (0, 1):
        return base
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if exponent.denominator != 1 or abs(exponent) * bits > MAX_BITS:
        return None
    return base ** int(exponent)


def _exact_fold(expr: Expr, values: list[Fraction]) -> Fraction:
    match expr:
        case Add():
            return sum(values, ZERO)
        case Mul():
            return prod(values, start=ONE)
        case Call("min", _):
            return min(values)
    return max(values)


def is_positive(expr: Expr, values: Mapping[str, Fraction]) -> bool:
    """Whether the expression is provably a positive constant; False where no rule says so.

    ``pi``, ``EulerGamma`` and ``sigma`` are positive, so are sums, products, quotients, powers,
    minima and maxima of positive constants and every exponential; ``Gamma(s)`` for ``s > 0``,
    ``zeta(s)`` for ``s > 1``, ``log(r)`` for ``r > 1`` and ``sin(pi r)`` for ``0 < r < 1``, with
    s and r rational.
    """
    value = exact_value(expr, values)
    if value is not None:
        return value > 0
    match expr:
        case Name(name):
            return name in NUMBERS | {"sigma"}
        case Pow(base, exponent):
            return is_positive(base, values) and _is_real(exponent, values)
        case Add(parts) | Mul(parts) | Call("min" | "max" | "sqrt", parts):
            return all(is_positive(part, values) for part in parts)
        case Call("exp", (arg,)):
            return _is_real(arg, values)
        case Call("Gamma", (arg,)):
            return _exceeds(arg, values, ZERO)
        case Call("zeta" | "log", (arg,)):
            return _exceeds(arg, values, ONE)
        case Call("sin", (arg,)):
            return _is_below_pi(arg, values)
    return False


def _is_real(expr: Expr, values: Mapping[str, Fraction]) -> bool:
    """Whether the expression is a constant with a real value, as far as the rules say."""
    match expr:
        case Add(parts) | Mul(parts):
            return all(_is_real(part, values) for part in parts)
    return exact_value(expr, values) is not None or is_positive(expr, values)


def _exceeds(expr: Expr, values: Mapping[str, Fraction], bound: Fraction) -> bool:
    value = exact_value(expr, values)
    return value is not None and value > bound


def _is_below_pi(expr: Expr, values: Mapping[str, Fraction]) -> bool:
    """Whether the expression is ``pi`` times a rational between 0 and 1."""
    factors = list(expr.factors) if isinstance(expr, Mul) else [expr]
    if Name("pi") not in factors:
        return False
    factors.remove(Name("pi"))
    rest = exact_value(Mul(tuple(factors)), values)
    return rest is not None and 0 < rest < 1
