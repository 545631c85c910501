"""Rational functions of the parameters, of moderate size."""

from __future__ import annotations

from fractions import Fraction

import pytest
from kernel_objects import refused

from ratecert.proofs_check.kernel.algebra import (
    Factor,
    Multiplier,
    NotRationalError,
    Ring,
)
from ratecert.proofs_check.language.grammar import parse_expr

# Algebra.


def test_rational_functions() -> None:
    ring = Ring(["a", "b"])
    value = ring.frac(parse_expr("(a^2 - b^2)/(a - b)"))
    assert value == ring.frac(parse_expr("a + b"))
    assert value != 3
    assert hash(value) == hash(ring.frac(parse_expr("b + a")))
    assert value.at((Fraction(1), Fraction(2))) == 3
    assert ring.zero.at((Fraction(1), Fraction(2))) == 0
    assert Ring([]).frac(parse_expr("3/2")).at(()) == Fraction(3, 2)
    with pytest.raises(ZeroDivisionError):
        ring.frac(parse_expr("1/a")).at((Fraction(0), Fraction(2)))
    with pytest.raises(ZeroDivisionError):
        ring.one / ring.zero
    assert str(ring.expr(ring.frac(parse_expr("1/(2*a)")))) in ("1/2/a", "1/2*1/a")


@pytest.mark.parametrize(
    "text",
    [
        "(a+b+c+d+e+f+g+h)^20",
        "(a+b+c+d)^7*(e+f+g+h)^7",
        "a^61",
        "a^(1/2)",
        "a^b",
        "sqrt(a)",
        "x",
    ],
)
def test_what_is_no_rational_function_of_moderate_size(text: str) -> None:
    with pytest.raises(NotRationalError):
        Ring("abcdefgh").frac(parse_expr(text))


def test_multipliers_of_moderate_size() -> None:
    ring = Ring("abcdefgh")
    first, second = (ring.frac(parse_expr(t)).num for t in ("(a+b+c+d)^7", "(e+f+g+h)^7"))
    factors = (Factor(first, True), Factor(second, False))
    assert len(set(factors)) == 2
    assert Multiplier.read([["2", [0]]], 2).poly(ring, factors) == first * 2
    with refused("too many terms"):
        Multiplier.read([["1", [0, 1]]], 2).poly(ring, factors)
    with pytest.raises(ValueError, match="at most"):
        Multiplier.read([["1", [0] * 13]], 2)
