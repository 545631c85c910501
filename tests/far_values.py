"""Values of expressions far out, where a float overflows, by mpmath."""

from __future__ import annotations

from collections.abc import Mapping

import mpmath

from ratecert.proofs_check.language.expr import Add, Call, Expr, Mul, Name, Num, Pow

__all__ = ["far_value"]


def far_value(expr: Expr, at: Mapping[str, mpmath.mpf]) -> mpmath.mpf:
    """Return the value of an expression without sums over an index, in mpmath's precision."""
    match expr:
        case Num(value):
            return mpmath.mpf(value.numerator) / value.denominator
        case Name("pi"):
            return +mpmath.pi
        case Name(name):
            return at[name]
        case Add(terms):
            return mpmath.fsum(far_value(term, at) for term in terms)
        case Mul(factors):
            return mpmath.fprod(far_value(factor, at) for factor in factors)
        case Pow(base, exponent):
            return mpmath.power(far_value(base, at), far_value(exponent, at))
        case Call("min" | "max" as name, args):
            parts = [far_value(arg, at) for arg in args]
            return min(parts) if name == "min" else max(parts)
        case Call(func, args):
            return getattr(mpmath, func.lower())(*(far_value(arg, at) for arg in args))
    raise AssertionError(expr)
