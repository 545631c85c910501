"""Settings that are certainly no problem: errors of the file, told before anything is proved.

What is not certain either way is for `laws`, whose rules have to show that it is a problem.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce

from flint import arb

from proofs_check.expr import Add, Call, Expr, Mul, Name, Num, Pow, free_names, neg
from proofs_check.laws import as_law, as_power, rising, summable

__all__ = ["count_fault", "sequence_fault"]

_FUNCTIONS: Mapping[str, Callable[[arb], arb]] = {
    "exp": arb.exp, "log": arb.log, "sin": arb.sin, "sqrt": arb.sqrt,
}  # fmt: skip
LOOKED_AT = 40
"""A sequence without parameters is evaluated at so many indices."""


def count_fault(expr: Expr, sizes: frozenset[str]) -> str:
    """Return why a number of samples or outputs is certainly below 1; "" where it need not be.

    >>> from proofs_check.language import parse_expr
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

    >>> from proofs_check.language import parse_expr
    >>> sequence_fault(parse_expr("2^i"))
    'it has no finite sum'
    """
    if free_names(expr) <= {"i"}:
        for i in range(1, LOOKED_AT + 1):
            if _value(expr, i) <= 0:
                return f"it is not positive at i = {i}"
    if isinstance(expr, Mul) and isinstance(expr.factors[0], Num) and expr.factors[0].value < 0:
        positive = neg(expr)
        if summable(positive) is not None or rising(positive) is not None:
            return "it is negative"
    found = as_law(expr)
    if rising(expr) == () or (found is not None and found.finite() is None):
        return "it has no finite sum"
    return ""


def _value(expr: Expr, i: int) -> arb:
    """Return a ball that holds the value at an index; not a number where no rule gives one."""
    match expr:
        case Num(value):
            return arb(value.numerator) / arb(value.denominator)
        case Name("i"):
            return arb(i)
        case Add(parts) | Mul(parts):
            values = [_value(part, i) for part in parts]
            return reduce(arb.__add__ if isinstance(expr, Add) else arb.__mul__, values)
        case Pow(base, e):
            return _value(base, i) ** _value(e, i)
        case Call(func, (arg,)) if func in _FUNCTIONS:
            return _FUNCTIONS[func](_value(arg, i))
        case Name("pi"):
            return arb.pi()
    return arb("nan")
