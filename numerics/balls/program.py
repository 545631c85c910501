"""Terms as straight-line programs over real balls, complex balls and power series.

A term in one index is compiled once per precision: names are replaced by their exact values,
what does not depend on the index becomes a constant ball, equal subexpressions become one
register.  The program then runs on

- an `arb`: the value at an integer, or an enclosure of all values over an interval;
- an `acb`: an enclosure over a box of the complex plane; where the term is not certainly
  holomorphic on the box (a logarithm or a broken power meets the cut ``(-oo, 0]``, a
  denominator contains zero) the result is not finite, and no bound can be drawn from it;
- an `arb_series`: the Taylor coefficients at a point.

A product of many factors ``1 - c_k g`` of one g (the stages of a schedule) is also a polynomial
in g, which FLINT evaluates a good deal faster; it is used where g is narrow.  With ``c_k = γ/2^k``
and ``0 <= γ g <= 1`` the terms add up to at most ``Π (1 + 2^-k) < 5`` in absolute value, so little
cancels.

Powers with an integer exponent are entire (or meromorphic) and take no cut.  ``x^y`` with an
exponent that depends on the index is ``exp(y log x)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from operator import add, mul
from typing import Any

from flint import acb, acb_poly, arb, arb_poly, arb_series

from ratecert.numerics.balls.ball import Refusal, rational_ball, shown
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
    rebuild,
)

__all__ = ["Program", "Values", "constant", "exact", "has_extremum", "is_same",
           "power_bits"]  # fmt: skip

Values = Mapping[str, Fraction | arb]
Instruction = Callable[[list[Any]], Any]

_EXACT_BITS = 20000
_SMALL_POWER = 64
_WIDE = arb(2) ** -6
_NARROW = arb(2) ** -10
_MANY_FACTORS = 8


def exact(expr: Expr, values: Values) -> Fraction | None:
    """Return the rational value of an expression without index, or None if it shows none."""
    match expr:
        case Num(value):
            return value
        case Name(name):
            found = values.get(name)
            return found if isinstance(found, Fraction) else None
        case Add(parts) | Mul(parts):
            known = _all_exact(parts, values)
            operation = add if isinstance(expr, Add) else mul
            return reduce(operation, known) if known else None
        case Pow(base, exponent):
            return _exact_power(exact(base, values), exact(exponent, values))
        case Call("min" | "max" as func, args):
            known = _all_exact(args, values)
            return (min if func == "min" else max)(known) if known else None
    return None


def _all_exact(parts: tuple[Expr, ...], values: Values) -> list[Fraction] | None:
    known = []
    for part in parts:
        value = exact(part, values)
        if value is None:
            return None
        known.append(value)
    return known


def _exact_power(base: Fraction | None, exponent: Fraction | None) -> Fraction | None:
    if base is None or exponent is None:
        return None
    if base == 1:
        return base
    if exponent.denominator != 1 or (base == 0 and exponent < 0):
        return None
    size = max(abs(base.numerator), base.denominator).bit_length()
    if size * abs(exponent) > _EXACT_BITS:
        return None
    return base ** int(exponent)


def constant(expr: Expr, values: Values) -> arb:
    """Return the ball of an expression without index, not finite where it has no real value."""
    value = exact(expr, values)
    return rational_ball(value) if value is not None else Program(expr, None, values).at(arb(0))


def is_same(left: Expr, right: Expr, index: str, values: Values) -> bool:
    """Tell whether two expressions are spelt alike once what is free of the index is a number."""
    return _with_numbers(left, index, values) == _with_numbers(right, index, values)


def _with_numbers(expr: Expr, index: str, values: Values) -> Expr:
    if index in free_names(expr):
        return rebuild(expr, tuple(_with_numbers(p, index, values) for p in children(expr)))
    value = exact(expr, values)
    return expr if value is None else Num(value)


def has_extremum(expr: Expr, index: str) -> bool:
    """Tell whether a ``min`` or ``max`` depends on the index."""
    if isinstance(expr, Call) and expr.func in ("min", "max") and index in free_names(expr):
        return True
    match expr:
        case Add(parts) | Mul(parts):
            return any(has_extremum(part, index) for part in parts)
        case Pow(base, exponent):
            return has_extremum(base, index) or has_extremum(exponent, index)
        case Call(_, args):
            return any(has_extremum(arg, index) for arg in args)
    return False


def power_bits(expr: Expr, values: Values) -> int:
    """Return bits that large exponents are bound to cost: ``(1-x)^n`` loses ``log2 n``."""
    match expr:
        case Add(parts) | Mul(parts) | Call(_, parts):
            return max((power_bits(part, values) for part in parts), default=0)
        case Sum(term, _, _, _):
            return power_bits(term, values)
        case Pow(base, exponent):
            value = exact(exponent, values)
            own = 0
            if value is not None and isinstance(base, Add | Mul):
                own = (abs(value.numerator) // value.denominator).bit_length()
            return max(own, power_bits(base, values))
    return 0


class Program:
    """A term compiled at the working precision.

    Parameters
    ----------
    term : Expr
        Without `Sum`; ``min`` and ``max`` only for real arguments.
    index : str or None
        The variable; None for a constant expression.
    values : mapping of str to Fraction or arb
        The values of all other names, exact or as a ball.
    logarithmic : bool
        Whether the program takes ``u = log i`` in the place of `i`; powers and logarithms of the
        index are then entire in u, and ``log(i + c)`` is ``u + log(1 + c exp(-u))``.

    Raises
    ------
    Refusal
        (`value`) for a name without value, (`unsupported`) for a form with no real value.
    """

    def __init__(self, term: Expr, index: str | None, values: Values, logarithmic: bool = False):
        self.term, self.index, self.logarithmic = term, index, logarithmic
        self.values = {name: value for name, value in values.items() if name != index}
        self._steps: list[Instruction] = []
        self._known: dict[object, int] = {}
        self._varies: dict[int, bool] = {}
        self._result = self._place(term)

    def at(self, x: arb) -> arb:
        """Return the value at a real ball."""
        return arb(self._run(x))

    def on_box(self, z: acb) -> acb:
        """Return an enclosure over a complex box, not finite unless holomorphic there."""
        return acb(self._run(z))

    def taylor(self, x: int, length: int) -> list[arb]:
        """Return the first Taylor coefficients at an integer; `ctx.cap` must be `length`."""
        series = self._run(arb_series([arb(x), 1], length))
        if isinstance(series, arb):
            series = arb_series([series], length)
        if series.prec < length:
            raise ArithmeticError(f"a series of {series.prec} terms where {length} are needed")
        return [series[k] for k in range(length)]

    def _run(self, x: Any) -> Any:
        registers: list[Any] = [x]
        for step in self._steps:
            registers.append(step(registers))
        return registers[self._result]

    def _depends(self, expr: Expr) -> bool:
        """Tell whether the index occurs; remembered per node, as trees may be deep."""
        key = id(expr)
        if key not in self._varies:
            self._varies[key] = (
                self.index in free_names(expr)
                if isinstance(expr, Name | Sum)
                else any(self._depends(part) for part in children(expr))
            )
        return self._varies[key]

    def _place(self, expr: Expr) -> int:
        """Return the register that holds the expression, adding the step if it is new."""
        if isinstance(expr, Name) and expr.name == self.index and not self.logarithmic:
            return 0
        key, step = self._logarithmic(expr) or self._step(expr)
        if key not in self._known:
            self._steps.append(step)
            self._known[key] = len(self._steps)
        return self._known[key]

    def _step(self, expr: Expr) -> tuple[object, Instruction]:
        """Return what the step computes, in terms of registers, and the step."""
        if not self._depends(expr):
            value = exact(expr, self.values)
            if value is not None:
                ball = rational_ball(value)
                return value, lambda registers: ball
            if self.index is not None:
                ball = constant(expr, self.values)
                return expr, lambda registers: ball
        match expr:
            case Mul(parts) if (linear := _linear_factors(parts)) is not None:
                place = self._place(linear[0])
                return ("linear factors", place, linear[1]), _stages(place, linear[1])
            case Add(parts) | Mul(parts):
                operation = add if isinstance(expr, Add) else mul
                places = [self._place(part) for part in parts]
                return (operation, *places), _fold(operation, places)
            case Pow(base, exponent):
                return self._power(base, exponent)
            case Call("min" | "max" as func, args):
                places = [self._place(arg) for arg in args]
                return (func, *places), _extremum(func, places)
            case Call(func, (arg,)) if func in _FUNCTIONS:
                function, place = _FUNCTIONS[func], self._place(arg)
                return (func, place), lambda registers: function(registers[place])
            case Name(name) if name in self.values:
                known = self.values[name]
                return expr, lambda registers: known
            case Name("pi"):
                return expr, lambda registers: arb.pi()
            case Name("EulerGamma"):
                return expr, lambda registers: arb.const_euler()
            case Name("oo"):
                raise Refusal("unsupported", "oo is no number: it may only be an upper bound")
            case Name(name):
                raise Refusal("value", f"{name} has no value here: set it, for example {name}=2")
            case Sum():
                raise Refusal(
                    "nested", f"{shown(expr)} stands inside a term where it has no value"
                )
        raise Refusal(
            "unsupported", f"{shown(expr)} has no numeric value: it stands for a quantity"
        )

    def _logarithmic(self, expr: Expr) -> tuple[object, Instruction] | None:
        """Return the step for a form that is simpler in ``u = log i``, if there is one."""
        if not self.logarithmic:
            return None
        match expr:
            case Name(name) if name == self.index:
                return expr, lambda registers: _exp(registers[0])
            case Pow(Name(name), exponent) if name == self.index and not self._depends(exponent):
                factor = constant(exponent, self.values)
                return expr, lambda registers: _exp(registers[0] * factor)
            case Call("log", (Name(name),)) if name == self.index:
                return expr, lambda registers: registers[0]
            case Call("log", (Add((Name(name), shift)),)) if name == self.index and (
                not self._depends(shift)
            ):
                offset = constant(shift, self.values)
                return (
                    expr,
                    lambda registers: registers[0] + _log(1 + offset * (-registers[0]).exp()),
                )
        return None

    def _power(self, base: Expr, exponent: Expr) -> tuple[object, Instruction]:
        place = self._place(base)
        if self._depends(exponent):
            upper = self._place(exponent)
            return ("varying power", place, upper), lambda registers: _exp(
                registers[upper] * _log(registers[place])
            )
        value = exact(exponent, self.values)
        if value is None:
            return ("power", place, exponent), _broken_power(
                place, constant(exponent, self.values)
            )
        if value.denominator == 1:
            return ("power", place, value), _integer_power(place, int(value))
        return ("power", place, value), _broken_power(place, rational_ball(value))


def _fold(operation: Callable[[Any, Any], Any], places: list[int]) -> Instruction:
    first, rest = places[0], places[1:]

    def step(registers: list[Any]) -> Any:
        result = registers[first]
        for place in rest:
            result = operation(result, registers[place])
        return result

    return step


def _linear_factors(parts: tuple[Expr, ...]) -> tuple[Expr, tuple[Fraction, ...]] | None:
    """Return g and the ``c_k > 0`` where all factors, and there are many, are ``1 - c_k g``."""
    if len(parts) < _MANY_FACTORS:
        return None
    shared, coefficients = None, []
    for part in parts:
        match part:
            case Add((Num(one), Mul((Num(c), *rest)))) if one == 1 and c < 0:
                if shared is not None and rest != shared:
                    return None
                shared = rest
                coefficients.append(-c)
            case _:
                return None
    assert shared is not None  # there is at least one factor
    return (shared[0] if len(shared) == 1 else Mul(tuple(shared))), tuple(coefficients)


def _stages(place: int, coefficients: tuple[Fraction, ...]) -> Instruction:
    """Return the step ``Π (1 - c_k g)``, by factors or, where g is narrow, as a polynomial."""
    numbers = [rational_ball(c) for c in coefficients]
    real = arb_poly([1])
    for c in numbers:
        real *= arb_poly([1, -c])
    polynomial, largest = acb_poly(real), rational_ball(max(coefficients))

    def step(registers: list[Any]) -> Any:
        g = registers[place]
        if not isinstance(g, arb_series) and _is_narrow(g, largest):
            return real(g) if isinstance(g, arb) else polynomial(g)
        result = 1 - numbers[0] * g
        for c in numbers[1:]:
            result = result * (1 - c * g)
        return result

    return step


def _is_narrow(g: arb | acb, largest: arb) -> bool:
    """Tell whether a polynomial in g with roots from ``1/largest`` on loses little at g."""
    radius = g.rad() if isinstance(g, arb) else g.real.rad() + g.imag.rad()
    size = abs(g).upper()
    return bool(radius <= size * _NARROW) and bool(size * largest <= 2)


def _integer_power(place: int, exponent: int) -> Instruction:
    large = abs(exponent) > _SMALL_POWER

    def step(registers: list[Any]) -> Any:
        base = registers[place]
        if isinstance(base, arb) and _is_wide(base):
            return (base.lower() ** exponent).union(base.upper() ** exponent)
        if isinstance(base, arb_series) or not large:
            return base**exponent
        if _is_positive(base):
            return _exp(exponent * base.log())
        result = base**exponent
        if exponent > 0 and not result.is_finite():
            # Arb takes logarithms for large exponents and gives up on a base around zero.
            disc = arb(0, base.abs_upper() ** exponent)
            return disc if isinstance(base, arb) else acb(disc, disc)
        return result

    return step


def _broken_power(place: int, exponent: arb) -> Instruction:
    complex_exponent = acb(exponent)

    def step(registers: list[Any]) -> Any:
        base = registers[place]
        if isinstance(base, acb):
            return base.pow(complex_exponent, analytic=True)
        if isinstance(base, arb) and _is_wide(base):
            return (base.lower() ** exponent).union(base.upper() ** exponent)
        return base**exponent

    return step


def _extremum(func: str, places: list[int]) -> Instruction:
    def step(registers: list[Any]) -> Any:
        numbers = [registers[place] for place in places]
        if not all(isinstance(number, arb) for number in numbers):
            raise TypeError("min and max must be resolved before a complex evaluation")
        return reduce(lambda x, y: x.min(y) if func == "min" else x.max(y), numbers)

    return step


def _log(x: Any) -> Any:
    return x.log(analytic=True) if isinstance(x, acb) else x.log()


def _sqrt(x: Any) -> Any:
    return x.sqrt(analytic=True) if isinstance(x, acb) else x.sqrt()


def _exp(x: Any) -> Any:
    """Return the exponential, of wide real parts through the ends of their interval.

    Arb bounds ``exp`` of a wide ball by a power of two near a multiple of the midpoint, which
    is far from tight when the midpoint is large.
    """
    if isinstance(x, arb):
        if x.rad() < _WIDE or not x.is_finite():
            return x.exp()
        return x.lower().exp().union(x.upper().exp())
    if isinstance(x, acb) and not x.real.rad() < _WIDE and x.is_finite():
        return acb(0, x.imag).exp() * _exp(x.real)
    return x.exp()


def _is_wide(x: arb) -> bool:
    """Tell whether a positive ball is so wide that a power is better taken at its two ends."""
    return not x.rad() < _WIDE * abs(x.mid()) and bool(x.lower() > 0) and bool(x.is_finite())


def _is_positive(x: arb | acb) -> bool:
    """Tell whether the real part is certainly positive, so that no cut is near."""
    return bool((x if isinstance(x, arb) else x.real) > 0)


_FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    "exp": _exp,
    "log": _log,
    "sqrt": _sqrt,
    "Gamma": lambda x: x.gamma(),
    "zeta": lambda x: x.zeta(),
    "sin": lambda x: x.sin(),
}
