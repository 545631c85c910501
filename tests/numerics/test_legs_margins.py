"""What numbers can do to an order, and closed forms where they are forgotten."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import pytest
from far_values import far_value
from hypothesis import given, settings
from hypothesis import strategies as st

from ratecert.numerics.balls.ball import Refusal
from ratecert.numerics.legs.far import Far, far_points
from ratecert.numerics.legs.margins import Margin
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.expr import Expr, neg
from ratecert.proofs_check.language.grammar import parse_expr

ONE, ZERO = Fraction(1), Fraction(0)
PATH = {"M": (ONE, ZERO), "gamma": (ZERO, ZERO)}
VALUES = {"a": Fraction(3, 2)}


def margin(text: str, L: int = 100) -> float:
    far = Far(VALUES, PATH, L)

    def log_size(expr: Expr) -> float | None:
        for either in (expr, neg(expr)):
            try:
                return float(far.log(either))
            except Refusal:
                continue
        return None

    reader = Margin(frozenset(PATH), log_size, math.log(1 / 10), float(L))
    return reader.of(parse_expr(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("M^2", 0.0),
        ("10^40*M", 40 * math.log(10)),
        ("10^-40*M", 40 * math.log(10)),
        ("-7*M", math.log(7)),
        ("1/(a - 1)", math.log(2)),
        ("(3*M)^100", 100 * math.log(3)),
        ("(3*M)^a", 1.5 * math.log(3)),
        ("7*M + 1", math.log(7) + math.log(2)),
        ("max(M, 1/9)", math.log(9) + math.log(2)),
        ("sqrt(9*M)", math.log(3)),
        ("log(9*M)", math.log1p(math.log(9))),
        ("gamma^3*M", 3 * math.log(10)),
        ("sum(i^-2, i, 1, M)", 0.0),
        ("sum(M*i^-3, i, 10^20, oo)", 80 * math.log(10)),
        ("sum(5*i^-3, i, 1, 100*M)", 4 * math.log(10) * 1.5 + math.log(500)),
        # Exponentials that are slow count with their value, others not at all.
        ("exp(-5*sqrt(log(M)))", 50.0),
        ("M^(1/log(log(M)))", 100 / math.log(100)),
        ("exp(-M)", 0.0),
        ("exp(1/M)", 0.0),
        ("(1 - 1/M)^(M^2)", 0.0),
        # Those that sleep for their numbers alone hide everything.
        ("exp(-M/10^50)", math.inf),
        ("(1 - 1/10^50)^M", math.inf),
        ("sum(exp(-i^2/7)*i^-1, i, 1, M)", math.log(7)),
    ],
)
def test_the_numbers_in_an_expression(text: str, expected: float) -> None:
    assert margin(text) == pytest.approx(expected, rel=1e-6)


def test_an_exponential_wakes_up() -> None:
    assert margin("exp(-M/10^50)", 100) == math.inf
    assert margin("exp(-M/10^50)", 200) == 0.0


def test_closed_forms_agree_with_mpmath_where_that_reaches() -> None:
    says = "exp(sqrt(log(M)))*M^(1/3) + 7*pi*N^(-1/2) = Theta(max(M^(1/4), log(N_eff)*gamma))"
    claim = make_claim(says)
    path = {"M": (ONE, ONE / 2), "N": (ONE * 2, ZERO, ONE), "gamma": (ZERO, -ONE)}
    (point,) = far_points(claim, {}, path, [10**6])
    with mpmath.workdps(40):
        L = mpmath.mpf(10**6)
        at = {
            "M": mpmath.exp(L + mpmath.log(L) / 2),
            "N": mpmath.exp(2 * L + mpmath.log(mpmath.log(L))),
            "gamma": 1 / (10 * L),
        }
        at["N_eff"] = at["N"] * mpmath.log(2) / mpmath.log(at["N"])
        ratio = far_value(claim.left, at) / far_value(claim.right, at)
        assert point == (1e6, pytest.approx(float(mpmath.log(ratio)), abs=1e-8))


@given(st.fractions(-3, 3, max_denominator=20), st.integers(-5, 5), st.integers(3, 90))
@settings(max_examples=50)
def test_monomials_are_exact_however_far(x: Fraction, y: int, decades: int) -> None:
    claim = make_claim(f"M^({x})*log(M)^({y}) = Theta(M^({x}))")
    ((L, r),) = far_points(claim, {}, {"M": (ONE, ZERO)}, [10**decades])
    assert (L, r) == (float(10**decades), pytest.approx(y * decades * math.log(10), abs=1e-8))


@pytest.mark.parametrize("left", ["M - M^2", "M - M", "2^M"])
def test_what_has_no_logarithm_is_refused(left: str) -> None:
    with pytest.raises(Refusal, match="no logarithm"):
        far_points(make_claim(f"{left} = O(1)"), {}, {"M": (ONE, ZERO)}, [10**50])
