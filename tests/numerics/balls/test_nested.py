"""Sums whose inner sum runs to or from the outer index: identities and plain addition."""

from __future__ import annotations

from fractions import Fraction

import pytest
from ball_cases import precision_is_restored  # noqa: F401
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from ratecert.numerics.balls import Refusal, enclose_expr
from ratecert.numerics.balls.ball import precision, rational_ball
from ratecert.numerics.balls.nested import absolute_bound, primitive, remainder
from ratecert.numerics.balls.program import Program, constant
from ratecert.proofs_check.language.expr import Expr, Num
from ratecert.proofs_check.language.grammar import parse_expr


def enclosed(text: str, digits: int = 30):
    return enclose_expr(parse_expr(text), {}, digits)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sum(sum(1, j, 1, i), i, 1, 10^20)", Fraction(10**20 * (10**20 + 1), 2)),
        ("sum(i*sum(j, j, 1, i), i, 1, 10^9)", None),
        # Euler: the sum of H_(i-1)/i^2 is zeta(3); exchanging the order gives zeta(2).
        ("sum(i^-2*sum(1/j, j, 1, i-1), i, 2, oo)/zeta(3)", 1),
        ("sum(sum(j^-3, j, i, oo), i, 1, oo)/zeta(2)", 1),
        # 2 sum_i sum_(j<=i) x_i x_j = (sum x_i)^2 + sum x_i^2
        (
            "2*sum(1/i*sum(1/j, j, 1, i), i, 1, 10^24)"
            "/(sum(1/i, i, 1, 10^24)^2 + sum(i^-2, i, 1, 10^24))",
            1,
        ),
        ("sum(sum(j^2*i + j, j, i+1, 10^9), i, 1, 10^9 - 1)", None),
        # From the last index on: sum_(i<=H) sum_(j>=i) g(j) = sum_j j g(j).
        ("sum(sum(j^(-3/2), j, i, 10^12), i, 1, 10^12)/sum(j^(-1/2), j, 1, 10^12)", 1),
        # A short inner range is exchanged with the long outer one.
        ("sum(sum(j*i^-2, j, 1, 3), i, 1, 10^12)/sum(i^-2, i, 1, 10^12)", 6),
    ],
)
def test_identities(text, value):
    if value is None:
        n = 10**9
        if text.startswith("sum(i*"):
            value = Fraction(sum_of_powers(3, n) + sum_of_powers(2, n), 2)
        else:
            # sum_j (j^2 j(j-1)/2 + j (j-1)) over j = 1..n
            value = Fraction(sum_of_powers(4, n) - sum_of_powers(3, n), 2)
            value += sum_of_powers(2, n) - sum_of_powers(1, n)
    ball = enclosed(text)
    assert ball.contains(value)
    assert ball.is_tight()


def sum_of_powers(k: int, n: int) -> int:
    return {
        1: n * (n + 1) // 2,
        2: n * (n + 1) * (2 * n + 1) // 6,
        3: (n * (n + 1) // 2) ** 2,
        4: n * (n + 1) * (2 * n + 1) * (3 * n * n + 3 * n - 1) // 30,
    }[k]


exponents = st.fractions(-4, 3, max_denominator=3)


@settings(max_examples=25, deadline=None)
@given(exponents, exponents, st.integers(-3, 3), st.booleans(), st.integers(1, 3000))
def test_against_plain_addition(outer, inner, shift, prefix, lo):
    """``Σ_i i^outer Σ_j j^inner`` over ``1..i+shift`` or ``i+shift..hi+5``."""
    lo, hi = max(lo, 4), lo + 2600
    bounds = f"1, i+({shift})" if prefix else f"i+({shift}), {hi + 5}"
    ball = enclosed(f"sum(i^({outer})*sum(j^({inner}), j, {bounds}), i, {lo}, {hi})", 25)
    with precision(300):
        g = [arb(0)]
        for j in range(1, hi + 6):
            g.append(g[-1] + arb(j) ** rational_ball(inner))
        total = arb(0)
        for i in range(lo, hi + 1):
            last = g[i + shift] if prefix else g[hi + 5] - g[i + shift - 1]
            total += arb(i) ** rational_ball(outer) * last
        assert ball.arb.overlaps(total)
        # Control: another bound is another number.
        assert not ball.arb.overlaps(total + arb(hi) ** rational_ball(outer + inner))


@pytest.mark.parametrize("s", [Fraction(-1), Fraction(-7, 3), Fraction(1, 2), Fraction(4)])
@pytest.mark.parametrize("p", [4, 6])
def test_the_explicit_form_and_its_remainder(s, p):
    with precision(400):
        g = sum((arb(j) ** rational_ball(s) for j in range(11, 61)), arb(0))
        ten, sixty = (primitive(Num(Fraction(n)), s, p) for n in (10, 60))
        difference = g - constant(sixty, {}) + constant(ten, {})
        bound = constant(remainder(Num(Fraction(10)), s, p), {})
        assert (abs(difference) - bound).lower() < arb(10) ** -100
        # It is needed, unless the power is a polynomial.
        assert s == 4 or (abs(difference) - bound / 10**6).lower() > 0


def test_the_bound_of_absolute_values():
    def bound(text: str, lo: int, hi: int | None) -> arb:
        return absolute_bound(parse_expr(text), "i", {}, lo, hi)

    with precision(100):
        term: Expr = parse_expr("sin(i)*i^(-2)")
        terms = (abs(Program(term, "i", {}).at(arb(i))) for i in range(5, 500))
        assert not bound("sin(i)*i^(-2)", 5, 499) < sum(terms, arb(0))
        assert 1 / arb(100) < bound("i^(-2)", 100, None) < 3 / arb(100)
        assert not bound("1/i", 1, 10**6) < arb(10**6).log()
        with pytest.raises(Refusal):
            bound("1/i", 1, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sum(i^-2*sum(exp(-j), j, 1, i), i, 1, 10^6)", "nested"),
        ("sum(i^-2*sum(1/j, j, 1, i)^2, i, 1, 10^6)", "nested"),
        ("sum(i^-3*sum((j+i)^(-2), j, 1, i), i, 1, 10^6)", "nested"),
        ("sum(1/j*sum(1, i, 5, j), j, 1, 10^6)", "empty"),
        ("sum(sum(1/j, j, i+1, 10^6), i, 1, 10^6)", "empty"),
        ("sum(i^-2*sum(1/j, j, i, oo), i, 1, oo)", "divergent"),
        ("sum(i^-2*sum(1, j, 1, i), i, 1, oo)", "divergent"),
        ("sum(i^-9*sum(1/j, j, 1, i+10^10), i, -10^9, 10^12)", "nested"),
    ],
)
def test_refusals(text, reason):
    with pytest.raises(Refusal) as refusal:
        enclosed(text)
    assert refusal.value.reason == reason


def test_many_digits_and_few():
    text = "sum(i^-2*sum(j^(-1/2), j, 1, i), i, 1, 10^24)"
    few, many = enclosed(text, 3), enclosed(text, 150)
    with precision(1200):
        assert few.arb.overlaps(many.arb)
    assert few.is_tight()
    assert many.is_tight()
