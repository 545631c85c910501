"""Claims that once ended in a traceback: each has an answer, and none is a fault of ours."""

from fractions import Fraction

import pytest
from flint import fmpq

from ratecert.numerics.balls.ball import MOST_BITS, Refusal, precision
from ratecert.numerics.model.problem import Regular
from ratecert.pipeline.certify import certify
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.algebra import NotRationalError, PoleError, Ring
from ratecert.proofs_check.language.errors import RejectedError, UserError
from ratecert.proofs_check.paths.orders import Order
from ratecert.theory.search.systems import LARGEST, TooLargeError, as_float

AB = ["a > 0", "b > 0"]
AA = ["a > 1", "b > 1"]
CHINCHILLA = {"over": ["N", "D"], "subject_to": "N*D = C"}
MIN = "min(i^-2, 100*i^-3)"


@pytest.mark.parametrize(
    ("says", "assume", "settings"),
    [
        ("optimal(L_eff)/N = Theta(1)", [],
         {"minimise": "1/M + 1/L_eff", "over": ["M", "L_eff"], "subject_to": "M*L_eff = C",
          "sizes": ["L_eff"]}),
        ("optimal(M)*N_eff = Theta(C)", ["a > 1", "b = a", "gamma = 1"],
         {"minimise": "risk - sigma^2", "over": ["M", "N_eff"], "subject_to": "M*N_eff = C"}),
        ("optimal(M) = Theta(C^(1/(a+1)))", ["a > 1", "b = a", "gamma = 1"],
         {"minimise": "risk", "over": ["M", "N_eff"], "subject_to": "M*N_eff = C"}),
        ("sum(i^-2*exp(-i/i/M), i, 1, oo) ~ zeta(2)", [], {}),
        ("eigenvalue(M) - sigma^2 ~ mean_bias", ["a > 1", "b = 2"], {"features": "top"}),
        ("approx = Theta(gamma)", [], {"spectrum": MIN, "target": MIN, "features": "top"}),
        ("mean_bias ~ N", [], {"spectrum": MIN, "target": MIN, "features": "top"}),
        ("variance*N_eff/effective_dimension = Omega(approx)", [],
         {"spectrum": MIN, "target": MIN, "features": "top"}),
        ("variance = O(1)", AA, {"spectrum": "i^-(10^400)", "features": "top"}),
        ("variance = O(1)", AA, {"spectrum": "i^-(10^160)", "features": "top"}),
        ("M*10^400 = O(M^(-10^400))", [], {}),
        (f"M = O(M^({'9' * 900}))", [], {}),
        (f"M^a = o(M^({'9' * 900}))", ["a > 1"], {}),
    ],
)  # fmt: skip
def test_past_crashes(says, assume, settings):
    answer = certify(make_claim(says, assume, **settings))
    assert not answer.reason.startswith("internal error"), answer.reason


@pytest.mark.parametrize("floor", ["2", "1/3", "sigma^2", "e0"])
def test_a_constant_floor_does_not_hide_behind_a_crash(floor):
    """Chinchilla's law as everybody writes it: undecided, with the reason and the way out."""
    assume = [*AB, "e0 > 0"] if floor == "e0" else AB
    says = "optimal(N) = Theta(C^(b/(a+b)))"
    minimise = f"{floor} + N^-a + D^-b"
    answer = certify(make_claim(says, assume, minimise=minimise, **CHINCHILLA))
    if answer.verdict == "undecided":
        assert f"the constant {floor} is all that counts of the least value" in answer.reason
    assert answer.verdict != "certified"
    rest = certify(make_claim(says, assume, minimise="N^-a + D^-b", **CHINCHILLA))
    assert rest.verdict == "certified"
    value = certify(
        make_claim("optimal(value) = Omega(1)", assume, minimise=minimise, **CHINCHILLA)
    )
    assert value.verdict == "certified"
    value = certify(make_claim("optimal(value) = o(1)", assume, minimise=minimise, **CHINCHILLA))
    assert value.verdict != "certified"
    assert not value.reason.startswith("internal")


def test_division_by_zero_is_a_step_that_does_not_hold():
    ring = Ring(["a"])
    with pytest.raises(RejectedError) as caught:
        ring.one / ring.zero
    # ... and is not to be taken for something that other rules may read.
    assert isinstance(caught.value, PoleError)
    assert not isinstance(caught.value, NotRationalError)
    with pytest.raises(PoleError, match="pole"):
        (ring.one / ring.frac(make_claim("a = O(1)", ["a > 0"]).left)).at([Fraction(0)])


def test_an_order_without_a_logarithm_is_a_step_that_does_not_hold():
    with pytest.raises(RejectedError, match="no rule for the logarithm"):
        Order().log()


@pytest.mark.parametrize("value", [10**151, -(10**400), Fraction(10**800, 3)])
def test_the_search_refuses_what_floats_do_not_hold(value):
    exact = Fraction(value)
    for number in (exact, fmpq(exact.numerator, exact.denominator)):
        with pytest.raises(TooLargeError, match="floating point"):
            as_float(number)


def test_what_floats_hold():
    assert as_float(Fraction(1, 3)) == as_float(fmpq(1, 3)) == 1 / 3
    assert as_float(Fraction(1, 10**400)) == 0
    assert as_float(Fraction(LARGEST)) == LARGEST


def test_balls_of_too_many_digits_are_refused():
    with precision(MOST_BITS):
        pass
    with pytest.raises(Refusal, match="digits"), precision(MOST_BITS + 1):
        pass
    with pytest.raises(Refusal, match="digits"), precision(10**400):
        pass


@pytest.mark.parametrize(
    "powers", [((0.0, 1100.0),), ((0.0, 1e300),), ((0.0, -2000.0), (1.0, 2002.0))]
)
def test_a_law_whose_second_term_no_double_holds(powers):
    with pytest.raises(UserError, match="second term"):
        Regular(1.0, powers)
    assert Regular(1.0, ((0.0, 1000.0),)).sum() == 1
