"""Differences of which one side rules, and logarithms of what was proved to grow."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
from derivations import is_derived
from far_values import far_value
from hypothesis import given, settings
from hypothesis import strategies as st

from ratecert.proofs_check.checker import check
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.premises import premises
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.theory.derive import derive

TRUE = [
    ("M - log(M) = Theta(M)",),
    ("M - 5 = Theta(M)",),
    ("M^2 - M*log(M)^3 - 7 + N = Theta(max(M^2, N))",),
    ("max(M, N) - log(N) = Theta(max(M, N))",),
    ("min(M, N) - 1 = Theta(min(M, N))",),
    ("M^b - M^a = Theta(M^b)", "a > 0", "b > a"),
    ("N - M = Theta(N)", "N >= M^2"),
    ("N - M = Theta(N)", "N >= M*log(M)"),
    ("sum(1/(M*i - i), i, 1, M) = Theta(log(M)/M)",),
    ("log(M - log(M)) = Theta(log(M))",),
    ("log(N/M) = Theta(log(N))", "N >= M^2"),
    ("log(N/M) = Omega(log(M))", "N >= M^2"),
    ("log(M*gamma) = O(log(M))", "M*gamma >= M^(1/2)"),
    ("log(N/M)*(N - M) = Theta(N*log(N))", "N >= M^2"),
    ("M^2 - M + 7 = Theta(M^2)",),
]
FALSE = [
    ("M - log(M) = O(log(M))",),
    ("M - M = Theta(M)",),
    ("2*M - M = Theta(M)",),  # true, but see below
    ("M - 2*M = Theta(M)",),
    ("log(M) - M = O(M)",),
    ("0 - M - N = O(1)",),
    ("N - M = Theta(N)",),
    ("N - M = Theta(N)", "N >= M"),
    ("N - M = Theta(N)", "N > M"),
    ("N - M/2 = Theta(N)", "N >= M"),
    ("M^b - M^a = Theta(M^b)", "a > 0", "b >= a"),
    ("min(M, N) - log(M) = Theta(min(M, N))",),
    ("sum(1/(M - i), i, 1, M) = O(1)",),
    ("sum(i*M - i^2, i, 1, M) = Theta(M^3)",),
    ("sum(1/(i - log(i + 1)), i, 1, M) = Theta(log(M))",),
    ("log(N/M) = Theta(log(N))", "N >= M"),
    ("log(N/M) = O(1)", "N >= M"),
    ("log(N/M) = Omega(log(N))", "N >= M*log(M)"),
    ("log(M*gamma) = O(log(M))",),
    ("log(M*gamma) = Omega(log(M))", "M*gamma >= log(M)"),
    # Nothing without a value is cancelled.
    ("M + log(M - N) - log(M - N) = Theta(M)",),
    ("gamma - gamma^2 = Theta(gamma)",),
]


@pytest.mark.parametrize("case", TRUE, ids=" | ".join)
def test_true_claims_are_proved(case: tuple[str, ...]) -> None:
    assert is_derived(*case)


@pytest.mark.parametrize("case", FALSE, ids=" | ".join)
def test_claims_that_may_be_false_are_not_proved(case: tuple[str, ...]) -> None:
    assert not is_derived(*case)


@pytest.mark.parametrize(
    "case",
    [
        ("M - gamma*M/2 = Theta(M)", "gamma = 1"),
        ("gamma*M - M/2 = Theta(M)", "gamma = 1"),
        ("exp(-gamma*M) = O(exp(-M/2))", "gamma = 1"),
        ("exp(-M) = O(exp(-gamma*M/2))", "gamma = 1"),
        ("(2*gamma - 1)*M = Theta(M)", "gamma = 1"),
        ("(a*gamma - b)*M = Theta(M)", "gamma = 1", "a > b", "b > 0"),
        ("1/(2*gamma - 1) = Theta(1)", "gamma = 1"),
        ("(gamma + log(1/2))*M = Theta(M)", "gamma = 1"),
        ("M^gamma = O(M)", "gamma = 1"),
        ("log(2)^gamma*M = O(M)", "gamma = 1"),
        ("Gamma(gamma)*M = O(M)", "gamma = 1"),
        ("log(2*gamma)*M = Theta(M)", "gamma = 1"),
        ("log(gamma + 1/2 + 1/M)*M = Theta(M)", "gamma = 1"),
        ("sum(log(gamma*i + 1/2), i, 1, M) = Theta(M*log(M))", "gamma = 1"),
        ("sum(i^(-2*gamma), i, 1, M) = O(1)", "gamma = 1"),
        ("sum(gamma*i - 1/2, i, 1, M) = Theta(M^2)", "gamma = 1"),
        ("sum(i^-2, i, gamma, M) = Theta(1)", "gamma = 1"),
        ("sum(exp(-(a*gamma - b)*i), i, 1, M) = O(1)", "gamma = 1", "a > b", "b > 0"),
        ("M^a = O(M^2)", "gamma = 1", "a*gamma <= 2", "a > 0"),
        ("2*N - N_eff*log(N_eff) = Theta(N)",),
        ("exp(-6/5*N_eff*log(N_eff)) = O(exp(-N))",),
        ("exp(-N) = O(exp(-N_eff*log(N_eff)/2))",),
    ],
    ids=" | ".join,
)
def test_constants_that_stand_for_others_are_not_compared(case: tuple[str, ...]) -> None:
    """``gamma = 1`` says no more than that gamma is of constant order, 1/100 among them.

    And ``N_eff log N_eff`` stands for N up to a factor alone.
    """
    assert not is_derived(*case)


@pytest.mark.parametrize(
    "case",
    [
        ("log(1 + gamma)*M = Theta(M)", "gamma = 1"),
        ("(1/gamma + exp(a) + min(gamma^2, sigma))*M = Theta(M)", "gamma = 1", "a > 0"),
        ("sum(1/(1 + gamma*i), i, 1, M) = Theta(log(M))", "gamma = 1"),
        ("sum(log(2 + gamma*i)/(1/2 + gamma*i), i, 1, M) = Theta(log(M)^2)", "gamma = 1"),
        ("M*gamma - log(M) = Theta(M)", "gamma = 1"),
        ("M = O(M*N*gamma)", "gamma = 1", "gamma <= 1/2"),
    ],
    ids=" | ".join,
)
def test_the_order_of_the_step_is_enough_elsewhere(case: tuple[str, ...]) -> None:
    assert is_derived(*case)


def test_no_constraint_compares_the_step_with_constants() -> None:
    goal = {"minimise": "1/N + gamma*M/N", "over": ["gamma"]}
    for extra in ("gamma <= 1/2", "gamma >= 2"):
        claim = make_claim("optimal(value) = O(1)", ["gamma = 1"], subject_to=extra, **goal)
        with pytest.raises(RejectedError, match="no rule for a constraint"):
            premises(claim)


def test_growth_has_to_be_proved() -> None:
    claim = make_claim("log(N/M) = Theta(log(N))", ["N >= M^2"])
    proof = derive(claim).proof
    assert proof is not None
    check(claim, proof)
    tree = proof["tree"]
    assert tree["diverges"] == "1/M*N"
    for other in (
        tree["then"],
        tree | {"diverges": "M/N"},
        tree | {"diverges": "1"},
        tree | {"diverges": "M + N"},
        tree | {"given": {"certs": []}},
        tree | {"given": tree["then"]},
        {key: value for key, value in tree.items() if key != "given"},
    ):
        with pytest.raises(RejectedError):
            check(claim, proof | {"tree": other})
    with pytest.raises(RejectedError):
        check(make_claim("log(N/M) = Theta(log(N))", ["N >= M"]), proof)


# Against numbers.

powers = st.sampled_from(["0", "1", "2", "1/2", "-1", "3/2"])
monomials = st.builds("M^({})*N^({})*log(M)^({})".format, powers, powers, powers)
numbered = st.builds("{}*{}".format, st.sampled_from(["1", "2", "9"]), monomials)
terms = st.lists(numbered, min_size=1, max_size=2)
assumptions = st.sampled_from([(), ("N >= M^2",), ("N >= M*log(M)",), ("N <= M^(1/2)",)])
LEAST = {(): (1, 2), ("N >= M^2",): (2, 3), ("N >= M*log(M)",): (Fraction(21, 20), 4),
         ("N <= M^(1/2)",): (Fraction(1, 3), Fraction(1, 2))}  # fmt: skip


@given(terms, terms, assumptions, st.sampled_from([1, 7, 50]))
@settings(max_examples=60, deadline=None)
def test_what_is_left_is_of_the_order_of_what_is_added(
    added: list[str], taken: list[str], assume: tuple[str, ...], factor: int
) -> None:
    large, small = " + ".join(added), " - ".join(taken)
    if not is_derived(f"{large} - {small} = Theta({large})", *assume):
        return
    with mpmath.workdps(60):
        for speed in map(Fraction, LEAST[assume]):
            m = mpmath.mpf(10) ** 600
            n = m ** (mpmath.mpf(speed.numerator) / speed.denominator) * factor
            at = {"M": m, "N": n}
            whole, part = (far_value(parse_expr(e), at) for e in (large, f"{large} - {small}"))
            assert mpmath.mpf(1) / 10 < part / whole <= 1
