"""Leading terms by Mellin transform: closed forms, balls, and controls that must be refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import ratecert
from numerics.balls import enclose_expr
from numerics.balls.ball import precision, rational_ball
from proofs_check.claimfile import make_claim
from proofs_check.expr import Num, add, mul, neg
from proofs_check.language import parse_expr
from proofs_check.premises import premises
from ratecert.constants import checked_expansion, is_confirmed
from ratecert.tidy import tidy
from theory import asymptotics as forms
from theory.mellin import expansion

CLOSED = [
    ("sum(i^-b*exp(-2*t*i^-a), i, 1, oo)", ["a > 1", "b > 1"],
     "Gamma((b - 1)/a)*2^((1 - b)/a)*t^((1 - b)/a)/a"),
    ("sum(1/(i^a + k), i, 1, oo)", ["a > 1"], "pi*k^((1 - a)/a)/sin(pi/a)/a"),
    ("sum(i^-a/(i^-a + 1/t), i, 1, oo)", ["a > 1"], "t^(1/a)*pi/sin(pi/a)/a"),
    ("1/t*sum(i^-b/(i^-a + 1/t), i, 1, oo)", ["a > 1", "b > 1", "b < a + 1"],
     "t^((1 - b)/a)*pi/sin(pi*(b - 1)/a)/a"),
    ("1/t*sum(i^(-a-1)/(i^-a + 1/t), i, 1, oo)", ["a > 1"], "log(t)/t/a"),
    ("1/t*sum(i^-b/(i^-a + 1/t), i, 1, oo)", ["a > 1", "b > a + 1"], "zeta(b - a)/t"),
    ("sum(i^-a, i, M + 1, oo)", ["a > 1"], "M^(1 - a)/(a - 1)"),
    ("sum(i^-a, i, 1, M)", ["a > 1"], "zeta(a)"),
]  # fmt: skip


@pytest.mark.parametrize(("expr", "assume", "form"), CLOSED)
def test_closed_forms_come_out_and_agree_with_balls(
    expr: str, assume: list[str], form: str
) -> None:
    found = checked_expansion(expr, assume)
    assert found is not None
    assert str(tidy(found.terms[0])) == form


@pytest.mark.parametrize("factor", ["1001/998", "1/2", "t^(1/100)", "t^(-1/100)"])
@pytest.mark.parametrize(("expr", "assume"), [(CLOSED[0][:2]), (CLOSED[2][:2]), (CLOSED[4][:2])])
def test_wrong_constants_and_exponents_are_refused(
    expr: str, assume: list[str], factor: str
) -> None:
    claim = make_claim(f"{expr} = Theta(1)", assume)
    found = expansion(parse_expr(expr), premises(claim).ctx)
    assert found is not None
    assert is_confirmed(parse_expr(expr), found, claim)
    wrong = tuple(mul(parse_expr(factor), term) for term in found.terms)
    assert not is_confirmed(parse_expr(expr), replace(found, terms=wrong), claim)


@pytest.mark.parametrize(
    ("expr", "assume"),
    [
        ("sum(i^-b*exp(-t*i^-a), i, 1, M)", ["a > 1", "b > 1"]),  # not the whole spectrum
        ("sum(i^-a, i, 1, M)", ["a > 0"]),  # a case of the parameters is open
        ("sum(i^-b*exp(-gamma*i^-a), i, 1, oo)", ["a > 1", "b > 1"]),  # nothing grows
        ("M^a", ["a > 1"]),
    ],
)
def test_outside_the_family_there_is_none(expr: str, assume: list[str]) -> None:
    assert checked_expansion(expr, assume) is None


def test_order_shows_it() -> None:
    rate = ratecert.order("sum(1/(i^a + k), i, 1, oo)", ["a > 1"])
    assert rate.leading == rate.as_json()["leading"] == CLOSED[1][2]
    assert f"~ {rate.leading}" in str(rate)


@given(st.fractions(1, 4, max_denominator=12), st.fractions(0, 1, max_denominator=12))
@settings(max_examples=40)
def test_four_terms_leave_what_the_fifth_explains(a: Fraction, share: Fraction) -> None:
    """With heads at 1, 2, 3 and the bulk before them, ``O(t^-4)`` is left."""
    assume(a > 1 and 0 < share < 1)
    b = 1 + share * a
    expr = parse_expr(f"sum(i^(-({b}))/(1 + t*i^(-({a}))), i, 1, oo)")
    found = expansion(expr, premises(make_claim(f"{expr} = Theta(1)", [])).ctx)
    assert found is not None
    assert len(found.terms) == 4
    t = 10**6
    rest = add(expr, *map(neg, found.terms))
    gap = add(Num(Fraction(1)), rest)  # away from zero, so that it has digits
    ball = enclose_expr(gap, {"t": Fraction(t)}, 40)
    with precision(200):
        assert abs(ball.arb - 1) < rational_ball(Fraction(1000, t**4))


def test_the_forms_of_theory_asymptotics_come_out() -> None:
    """The mean path directly; the sketch by ``M = Σ λ/(λ + 1/t)`` solved for ``t``."""
    t, a, b = sympy.symbols("t a b", positive=True)

    def read(row: int) -> sympy.Expr:
        found = checked_expansion(*CLOSED[row][:2])
        assert found is not None
        names = {"Gamma": sympy.gamma, "t": t, "a": a, "b": b}
        return sympy.sympify(str(found.terms[0]).replace("^", "**"), locals=names)

    at = {forms.a: sympy.Rational(3, 2), forms.b: sympy.Rational(9, 5), a: 1.5, b: 1.8, t: 7}
    path = forms.bias("constant").form.subs({forms.N: 7, forms.step: 1})
    assert abs(float((read(0) / path).subs(at).evalf()) - 1) < 1e-12
    width, loss = read(2), read(3)
    sketch = forms.approximation().form.subs(forms.M, width)
    assert abs(float((loss / sketch).subs(at).evalf()) - 1) < 1e-12
