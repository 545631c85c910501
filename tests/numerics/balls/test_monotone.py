"""Completely monotone terms: what the rules accept really alternates, and the remainder holds."""

from __future__ import annotations

from fractions import Fraction

import pytest
from ball_cases import OO, I, num, precision_is_restored  # noqa: F401
from flint import arb
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ratecert.numerics.balls import enclose
from ratecert.numerics.balls.ball import precision
from ratecert.numerics.balls.euler_maclaurin import SummationOrder, finite_sum
from ratecert.numerics.balls.monotone import is_bernstein, is_completely_monotone
from ratecert.numerics.balls.program import Program
from ratecert.proofs_check.language.expr import Call, Expr, Pow, add, free_names, mul, neg
from ratecert.proofs_check.language.grammar import parse_expr

MONOTONE = [
    "i^(-3/2)", "1/(i+5)", "1/i*log(i+1)^(-3/2)", "1/(sqrt(i)+7)^2", "exp(-3*i^(1/2))", "2^(-i)",
    "exp(1/i)", "(2-1/i)^(-3)", "-log(1-1/(i+1))", "(i^(-1/2)+3)^4", "log(log(i+16))^(-2)",
    "1/((i+1)*(i+2)^2)", "(1-exp(-i))^(-1/3)", "5",
]  # fmt: skip
OTHER = [
    "i", "-1/i", "1/(i^2+1)", "1/i - 1/i^2", "exp(-i^2)", "exp(-1/i)", "sin(i)", "1-1/i",
    "i^-1*exp(-10/i)", "log(i)", "(1/i)^(1/2-i)", "exp(i)", "2^i", "1/(i-10)", "log(1-1/i)",
    "i^-2*(1-i^-2)^100", "(1/2)^(-i)", "1/i*log(i)^2",
]  # fmt: skip


@pytest.mark.parametrize("text", MONOTONE)
def test_is_monotone(text):
    assert is_completely_monotone(parse_expr(text), "i", {}, 3)


@pytest.mark.parametrize("text", OTHER)
def test_is_not_said_to_be_monotone(text):
    assert not is_completely_monotone(parse_expr(text), "i", {}, 3)


def test_values_and_the_start_matter():
    term = parse_expr("i^-a*(log(i)-c)^(-2)")
    assert is_completely_monotone(term, "i", {"a": Fraction(1), "c": Fraction(1)}, 3)
    assert not is_completely_monotone(term, "i", {"a": Fraction(1), "c": Fraction(1)}, 2)
    assert not is_completely_monotone(term, "i", {"a": Fraction(-1), "c": Fraction(1)}, 3)
    assert not is_completely_monotone(term, "i", {"a": Fraction(1), "c": Fraction(1)}, -3)


shares = st.fractions(Fraction(-3), 3, max_denominator=4).map(num)
exponents = st.sampled_from([-3, -1, Fraction(-1, 2), Fraction(1, 3), Fraction(1, 2), 1, 2])


def _grown(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    return st.one_of(
        st.builds(add, inner, inner),
        st.builds(mul, inner, inner),
        st.builds(lambda x, e: Pow(x, num(e)), inner, exponents),
        st.builds(lambda x: Call("exp", (neg(x),)), inner),
        st.builds(lambda x: Call("exp", (x,)), inner),
        st.builds(lambda x, c: Call("log", (add(c, x),)), inner, shares),
        st.builds(lambda x, c: add(c, neg(x)), inner, shares),
    )


shapes = st.recursive(st.one_of(st.just(I), shares), _grown, max_leaves=6).filter(
    lambda term: "i" in free_names(term)
)


@settings(max_examples=150, deadline=None)
@given(shapes, st.integers(1, 9), st.sampled_from([0, 1, 7, 1000]))
def test_what_the_rules_accept_alternates(term, start, further):
    """A necessary condition: no Taylor coefficient has certainly the wrong sign."""
    monotone = is_completely_monotone(term, "i", {}, start)
    bernstein = is_bernstein(term, "i", {}, start)
    assume(monotone or bernstein)
    with precision(400, 14):
        c = Program(term, "i", {}).taylor(start + further, 14)
    assert all(x.is_finite() for x in c)
    if monotone:
        assert not any(x * (-1) ** n < 0 for n, x in enumerate(c))
    if bernstein:
        assert not c[0] < 0
        assert not any(x * (-1) ** n > 0 for n, x in enumerate(c[1:], 1))


@pytest.mark.parametrize("text", ["1/(i^2+1)", "exp(-1/i)"])
def test_the_necessary_condition_can_fail(text):
    """Control."""
    with precision(400, 14):
        c = Program(parse_expr(text), "i", {}).taylor(1, 14)
    assert any(x * (-1) ** n < 0 for n, x in enumerate(c))


@pytest.mark.parametrize("text", MONOTONE[:-1])
@pytest.mark.parametrize("p", [1, 2, 5, 12])
def test_the_remainder_is_in_the_radius_and_is_needed(text, p):
    term = parse_expr(text)
    with precision(300):
        program = Program(term, "i", {})
        truth = sum((program.at(arb(i)) for i in range(1, 3001)), arb(0))
        tolerance = abs(truth).upper() * arb(10) ** -(2 * p)
        value = finite_sum(term, "i", {}, 1, 3000, tolerance, SummationOrder(p, 2))
        assert value.overlaps(truth)
        assert value.rad() < tolerance
        # Control: without the radius it is another number, the tolerance being far from 2^-300.
        assert not arb(value.mid()).overlaps(truth)


def test_a_monotone_sum_by_another_way():
    """Σ_{i>=1} (i+1)^-3 over i = x + 1 and as a rational function that no rule knows."""
    one = enclose(parse_expr("(i+1)^-3"), "i", 1, OO, {}, 40)
    other = enclose(parse_expr("i^-3 - (3*i^2+3*i+1)/(i^3*(i+1)^3)"), "i", 1, OO, {}, 40)
    assert not is_completely_monotone(parse_expr("i^-3-(3*i^2+3*i+1)/(i^3*(i+1)^3)"), "i", {}, 5)
    with precision(300):
        assert one.arb.overlaps(other.arb)
