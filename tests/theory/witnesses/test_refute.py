from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from log_values import changes

from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.expr import Call, Name, Num, Sum, add, div, mul, power
from ratecert.proofs_check.paths.bounds import Path
from ratecert.proofs_check.paths.orders import Order
from ratecert.proofs_check.refutation.witness import check_refutation, with_effective_steps
from ratecert.theory.witnesses.refute import refute

THEOREM = ("a > 1", "b > 1", "b = a")
SOURCE = ("a > 1", "b > 1", "b < a + 1")
ONE_STEP = "N_eff*gamma >= 1"
VARIANCE = "min(M, (N_eff*gamma)^(1/a))/N_eff"
ALLOCATION = {"minimise": "risk - sigma^2", "over": ["M", "N_eff"], "subject_to": "M*N_eff = C"}

FALSE = [
    (f"variance = Theta({VARIANCE})", THEOREM, {}),
    ("approx = Theta(M^(-a))", THEOREM, {}),
    ("risk - sigma^2 = Theta(M^(1-a) + (N*gamma)^((1-a)/a))", (*THEOREM, ONE_STEP), {}),
    ("risk - sigma^2 = Theta(M^(1-a) + (N_eff*gamma)^((1-a)/a))", THEOREM, {}),
    ("bias = Theta((N_eff*gamma)^(1/a-1))", (*THEOREM, ONE_STEP), {}),
    ("risk - sigma^2 = Theta(M^(1-b) + (N_eff*gamma)^((1-b)/a))", (*SOURCE, ONE_STEP), {}),
    ("variance = Theta((N_eff*gamma)^(1/a)/N_eff)", (*THEOREM, ONE_STEP), {}),
    ("variance = Theta(M/N_eff)", (*THEOREM, ONE_STEP), {}),
    ("variance = o(M/N_eff)", (*THEOREM, ONE_STEP), {}),
    ("eigenvalue(j) = Theta(M^-a)", ("a > 1", "b > 1"), {}),
    ("N^(1/100) = O(log(N)^5)", (), {}),
    ("(x + x^A)/x ~ 1", ("A > 0",), {"sizes": ["x"]}),
    ("sum(i^-b, i, 1, M) = Theta(1)", ("b > 0",), {}),
    ("sum(i^-b, i, 1, M) = Theta(1)", ("b >= 1",), {}),
    ("sum(1/(i*log(i+1)^a), i, M, oo) = Theta(log(M)^(-a))", ("a > 1",), {}),
    ("M = O(N)", ("M <= N^2",), {}),
    # A size that drops out at these parameters still belongs to the path.
    ("M^(b-a)*N = Theta(1)", ("a > 1", "b = a"), {}),
    ("M*log(N) = O(N)", ("M <= N",), {}),
    ("log(N) = O(M)", (), {}),
    ("optimal(value) = Theta(C^(-1/4))", ("a = 2", "b = 2", "gamma = 1"), ALLOCATION),
    ("optimal(value) = Theta(1)", (*THEOREM, "gamma = 1"), ALLOCATION),
]
TRUE = [
    (f"variance = Theta({VARIANCE})", (*THEOREM, ONE_STEP), {}),
    ("approx = Theta(M^(1-a))", THEOREM, {}),
    ("risk - sigma^2 = Theta(M^(1-a) + (N_eff*gamma)^((1-a)/a))", (*THEOREM, ONE_STEP), {}),
    ("risk - sigma^2 = Thetatilde(M^(1-a) + (N*gamma)^((1-a)/a))", (*THEOREM, ONE_STEP), {}),
    (
        "bias = Theta((N_eff*gamma)^(1/a-1))",
        (*THEOREM, ONE_STEP, "M^a >= N_eff*gamma"),
        {},
    ),
    (
        f"risk - sigma^2 = Theta(M^(1-b) + (N_eff*gamma)^((1-b)/a) + {VARIANCE})",
        (*SOURCE, ONE_STEP),
        {},
    ),
    ("eigenvalue(j) = Theta(j^-a)", ("a > 1", "b > 1"), {}),
    ("log(N)^5 = O(N^(1/100))", (), {}),
    ("(x + x^A)/x ~ 1", ("A > 0", "A < 1"), {"sizes": ["x"]}),
    ("sum(i^-b, i, 1, M) = Theta(1)", ("b > 1",), {}),
    ("sum(1/(i*log(i+1)^a), i, M, oo) = Theta(log(M)^(1-a))", ("a > 1",), {}),
    ("M = O(N)", ("M <= N",), {}),
    ("optimal(value) = Theta(C^(-(a-1)/(a+1)))", (*THEOREM, "gamma = 1"), ALLOCATION),
]


@pytest.mark.parametrize(("says", "assume", "more"), FALSE)
def test_false_claims_are_refuted(says, assume, more):
    claim = make_claim(says, assume, **more)
    witness = refute(claim)
    assert witness is not None
    assert check_refutation(claim, json.loads(json.dumps(witness))).ratio
    assert refute(claim) == witness


@pytest.mark.parametrize(("says", "assume", "more"), TRUE)
def test_true_claims_are_not_refuted(says, assume, more):
    assert refute(make_claim(says, assume, **more)) is None


def test_no_witness_without_a_meaning_or_a_point():
    assert refute(make_claim("variance - bias = Theta(1)", THEOREM)) is None
    assert refute(make_claim("M^b = Theta(1)", ("b > 1", "b < 0"))) is None
    assert refute(make_claim("M = Theta(1)", ("M <= 1",))) is None
    where = make_claim("optimal(M) = Theta(C)", (*THEOREM, "gamma = 1"), **ALLOCATION)
    assert refute(where) is None


def test_the_constant_of_a_condition_does_not_matter():
    assert refute(make_claim("M = O(N)", ("3*M <= N/7",))) is None
    assert refute(make_claim("M = o(N)", ("3*M <= N/7",))) is not None


# Whatever is refuted is false in numbers too: along the witness the ratio of both sides moves in
# the direction it says, from t = exp(1000) to t = exp(2000).  A logarithm in the ratio moves its
# logarithm by 0.69, the powers used here by at least half that.

exponents = st.sampled_from([Fraction(n, 2) for n in range(-6, 3)])


@st.composite
def explicit_claims(draw):
    i, m, n = Name("i"), Name("M"), Name("N")
    filters = (
        Num(Fraction(1)),
        Call("min", (Num(Fraction(1)), div(n, power(i, Num(Fraction(2)))))),
    )
    term = mul(power(i, Num(draw(exponents))), draw(st.sampled_from(filters)))
    left = Sum(term, "i", Num(Fraction(1)), m)
    monomials = [
        mul(power(m, Num(draw(exponents))), power(n, Num(draw(exponents))))
        for _ in range(draw(st.integers(1, 2)))
    ]
    return f"{left} = {draw(st.sampled_from(['Theta', 'O', 'Omega']))}({add(*monomials)})"


@settings(max_examples=40, deadline=None, derandomize=True)
@given(explicit_claims())
def test_refuted_ratios_move_in_numbers(says):
    claim = make_claim(says)
    witness = refute(claim)
    if witness is None:
        return
    result = check_refutation(claim, witness)
    orders = {name: Order(*map(Fraction, text)) for name, text in witness["path"].items()}
    path = Path({}, with_effective_steps(orders))
    change = changes(div(claim.left, claim.right), path)
    assert change > 0.3 if result.side == "above" else change < -0.3


def test_what_the_checker_rejects_is_no_witness():
    """With q = 0 a sum vanishes from the special case that its meaning without numbers has."""
    says = "risk - q*sigma^2 = Theta(M^(1-a) + (N_eff*gamma)^((1-a)/a))"
    assert refute(make_claim(says, ["a > 1", "b = a", ONE_STEP, "q >= 0"], outputs="q")) is None
