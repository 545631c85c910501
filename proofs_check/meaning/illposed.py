"""Settings that are certainly no problem: errors of the file, told before anything is proved.

What is not certain either way is for `laws`, whose rules have to show that it is a problem.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction

from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    free_names,
    neg,
)
from ratecert.proofs_check.meaning.laws import ZERO, as_law, as_power, rising, summable

__all__ = ["count_fault", "sequence_fault"]

_FUNCTIONS: Mapping[str, Callable[[float], float]] = {
    "exp": math.exp, "log": math.log, "sin": math.sin, "sqrt": math.sqrt,
}  # fmt: skip
CERTAIN = 1e-9
"""By this share of what was added a value in floating point has to be below 0."""
LOOKED_AT = 40
"""A sequence without parameters is evaluated at so many indices."""


def count_fault(expr: Expr, sizes: frozenset[str]) -> str:
    """Return why a number of samples or outputs is certainly below 1; "" where it need not be.

    >>> from ratecert.proofs_check.language.grammar import parse_expr
    >>> count_fault(parse_expr("1/N"), frozenset({"N"}))
    'it is below 1 for large sizes'
    """
    number, falls = Fraction(1), False
    for factor in expr.factors if isinstance(expr, Mul) else (expr,):
        match as_power(factor):
            case Num(value), _:
                number *= value
            case Name(name), Num(value) if name in sizes and value < 0:
                falls = True
            case _:
                return ""
    if number < 1:
        return f"{number} is below 1" if not falls else "it is below 1 for large sizes"
    return "it is below 1 for large sizes" if falls else ""


def sequence_fault(expr: Expr) -> str:
    """Return why a spectrum or target is certainly none; "" where it may be one.

    >>> from ratecert.proofs_check.language.grammar import parse_expr
    >>> sequence_fault(parse_expr("2^i"))
    'it has no finite sum'
    """
    if free_names(expr) <= {"i"}:
        for i in range(1, LOOKED_AT + 1):
            value, size = _value(expr, i)
            if expr == ZERO or value < -CERTAIN * size:
                return f"it is not positive at i = {i}"
    if isinstance(expr, Mul) and isinstance(expr.factors[0], Num) and expr.factors[0].value < 0:
        positive = neg(expr)
        if summable(positive) is not None or rising(positive) is not None:
            return "it is negative"
    found = as_law(expr)
    if rising(expr) == () or (found is not None and found.finite() is None):
        return "it has no finite sum"
    return ""


def _value(expr: Expr, i: int) -> tuple[float, float]:
    """Return the value at an index, and the largest number that was added on the way.

    Rounding errors are far below `CERTAIN` times that; both are not numbers where no rule gives
    a value.
    """
    match expr:
        case Num(value):
            return float(value), abs(float(value))
        case Name("i"):
            return float(i), float(i)
        case Name("pi"):
            return math.pi, math.pi
        case Add(parts):
            values, sizes = zip(*(_value(part, i) for part in parts), strict=True)
            return math.fsum(values), max(sizes)
        case Mul(parts):
            values, sizes = zip(*(_value(part, i) for part in parts), strict=True)
            return math.prod(values), math.prod(sizes)
        case Pow(base, e):
            power = _real(math.pow, _value(base, i)[0], _value(e, i)[0])
            return power, abs(power)
        case Call(func, (arg,)) if func in _FUNCTIONS:
            result = _real(_FUNCTIONS[func], _value(arg, i)[0])
            return result, max(abs(result), 1.0)
    return math.nan, math.nan


def _real(function: Callable[..., float], *args: float) -> float:
    try:
        return function(*args)
    except (ValueError, OverflowError):
        return math.nan
