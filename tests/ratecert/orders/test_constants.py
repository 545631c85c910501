"""Leading terms by Mellin transform: closed forms, balls, and controls that must be refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import ratecert
from ratecert.numerics.balls import enclose_expr
from ratecert.numerics.balls.ball import precision, rational_ball
from ratecert.orders.constants import checked_expansion, confirmed
from ratecert.orders.leading import leading_terms
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.premises import premises
from ratecert.proofs_check.language.expr import Num, add, mul, neg, unmarked
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.theory.expansions import asymptotics as forms
from ratecert.theory.expansions.expansions import expansion
from ratecert.writing.tidy import tidy

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
    assert str(tidy(found.expansion.terms[0])) == form
    assert {place.term for place in found.places} == {0}


@pytest.mark.parametrize("factor", ["1001/998", "1/2", "t^(1/100)", "t^(-1/100)"])
@pytest.mark.parametrize(("expr", "assume"), [(CLOSED[0][:2]), (CLOSED[2][:2]), (CLOSED[4][:2])])
def test_wrong_constants_and_exponents_are_refused(
    expr: str, assume: list[str], factor: str
) -> None:
    claim = make_claim(f"{expr} = Theta(1)", assume)
    found = expansion(parse_expr(expr), premises(claim).ctx)
    assert found is not None
    assert confirmed(parse_expr(expr), found, claim)
    wrong = tuple(mul(parse_expr(factor), term) for term in found.terms)
    assert not confirmed(parse_expr(expr), replace(found, terms=wrong), claim)


@pytest.mark.parametrize("factor", ["1001/998", "-1", "0", "t^(-1/100)"])
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("row", [2, 3, 4])
def test_wrong_later_terms_are_refused(row: int, number: int, factor: str) -> None:
    """Those before them stay, but for a logarithm, which is only seen with its neighbour."""
    expr, assume = CLOSED[row][:2]
    claim = make_claim(f"{expr} = Theta(1)", assume)
    found = expansion(parse_expr(expr), premises(claim).ctx)
    assert found is not None
    right = confirmed(parse_expr(expr), found, claim, 3)
    assert {place.term for place in right} == {0, 1, 2}
    terms = list(found.terms)
    terms[number] = mul(parse_expr(factor), terms[number])
    places = confirmed(parse_expr(expr), replace(found, terms=tuple(terms)), claim, 3)
    kept = 0 if number == 1 and found.logs[0] else number
    assert {place.term for place in places} == set(range(kept))


MORE = [
    # Li_2(exp(-x)) = zeta(2) + x log x - x - x^2/4 + x^3/72 - ...
    ("sum(i^-2*exp(-i/N), i, 1, oo)", [], 5,
     ["zeta(2)", "-log(N)/N", "-1/N", "-1/4*N^(-2)", "1/72*N^(-3)"], "O(N^(-5))"),
    # pi coth(pi sqrt(k))/(2 sqrt(k)) - 1/(2k)
    ("sum(1/(i^2 + k), i, 1, oo)", [], 3, ["1/2*pi*k^(-1/2)", "-1/2/k"], "O(k^-K) for every K"),
    ("log(1 + M)*sum(i^(0), i, 1, M)", [], 2, ["log(1 + M)*M"], ""),
    ("log(1 + N)*sum(1/i, i, 1, M)", [], 2,
     ["log(1 + N)*log(M)", "log(1 + N)*EulerGamma"], "O(log(1 + N)/M)"),
    ("3/2*sum(i^-2*N, i, M, oo)", [], 1, ["3/2*N/M"], "O(N*M^(-2))"),
    ("sum(1/i, i, 1, M)", [], 4, ["log(M)", "EulerGamma", "1/2/M", "-1/12*M^(-2)"], "O(M^(-4))"),
    ("sum(i^3, i, 1, M)", [], 4, ["1/4*M^4", "1/2*M^3", "1/4*M^2"], ""),
    ("sum(i^-a, i, M - 1, oo)", ["a > 1"], 3,
     ["M^(1 - a)/(a - 1)", "3/2*M^(-a)", "13/12*a*M^(-a - 1)"], "O(M^(-a - 2))"),
    ("sum(i^-1*min(1, N*i^-a), i, 1, oo)", ["a > 1"], 3,
     ["log(N)/a", "EulerGamma + 1/a"], "o(1)"),
    ("sum(i^-1/(1 + i^a/N)^(3/2), i, 1, oo)", ["a > 1"], 3, ["log(N)/a"], "O(1)"),
    # Beyond the first, the order depends on the sign of a + 1 - b.
    ("sum(i^-b*exp(-i^a/N), i, 1, oo)", ["a > 1", "b > 1"], 3, ["zeta(b)"], "o(1)"),
    # Where an end need not be an integer, only the first term is known.
    ("sum(i^-2, i, 1, N_eff)", [], 2, ["zeta(2)", "-1/N_eff"], "O(N_eff^(-2))"),
]  # fmt: skip


@pytest.mark.parametrize(("expr", "assume", "terms", "forms", "rest"), MORE)
def test_further_terms(
    expr: str, assume: list[str], terms: int, forms: list[str], rest: str
) -> None:
    known = leading_terms(expr, assume, [], terms)
    assert known is not None
    assert (list(known.terms), known.remainder) == (forms, rest)


@settings(max_examples=25)
@given(
    st.fractions(Fraction(-5, 2), 4, max_denominator=4),
    st.integers(-2, 2),
    st.booleans(),
    st.integers(1, 6),
)
def test_sums_of_powers_by_euler_and_maclaurin(
    b: Fraction, k: int, is_tail: bool, count: int
) -> None:
    assume(b > 1 or not is_tail)
    ends = f"M + {k}, oo" if is_tail else "1, M"
    expr = parse_expr(f"sum(i^(-({b})), i, {ends})")
    found = expansion(expr, premises(make_claim(unmarked(f"{expr} = Theta(1)"), [])).ctx, count)
    assert found is not None
    at = {"M": Fraction(10**6)}
    with precision(400):
        value = enclose_expr(expr, at, 90).arb
        rest = abs(value - sum(enclose_expr(term, at, 90).arb for term in found.terms))
        if found.is_exact:
            assert rest < rational_ball(Fraction(1, 10**60))
        else:
            assert found.remainder is not None
            # The constant is below 1000, the term before larger by 10^6.
            assert rest < 1000 * enclose_expr(found.remainder, at, 30).arb


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
    found = expansion(expr, premises(make_claim(unmarked(f"{expr} = Theta(1)"), [])).ctx)
    assert found is not None
    assert len(found.terms) == 4 or found.below is not None
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
        first = found.expansion.terms[0]
        names = {"Gamma": sympy.gamma, "t": t, "a": a, "b": b}
        return sympy.sympify(str(first).replace("^", "**"), locals=names)

    at = {forms.a: sympy.Rational(3, 2), forms.b: sympy.Rational(9, 5), a: 1.5, b: 1.8, t: 7}
    path = forms.bias("constant").form.subs({forms.N: 7, forms.step: 1})
    assert abs(float((read(0) / path).subs(at).evalf()) - 1) < 1e-12
    width, loss = read(2), read(3)
    sketch = forms.approximation().form.subs(forms.M, width)
    assert abs(float((loss / sketch).subs(at).evalf()) - 1) < 1e-12
