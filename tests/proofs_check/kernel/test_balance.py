"""Exponentials that compete: both sides multiplied by one of them, exactly."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
from derivations import is_derived
from far_values import far_value
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ratecert.proofs_check.checker import check
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel import balance
from ratecert.proofs_check.kernel.balance import balanced
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.theory.derive import derive
from ratecert.theory.witnesses.refute import refute

SIZES = frozenset({"M", "N", "N_eff", "x"})


def sides(left: str, right: str) -> tuple[str, str]:
    first, second = balanced(parse_expr(left), parse_expr(right), SIZES)
    return str(first), str(second)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (("exp(-2*M)", "exp(-M)"), ("exp(-M)", "1")),
        (("exp(-M)", "exp(-2*M)"), ("1/exp(-M)", "1")),
        (("M^9", "2^M"), ("M^9*exp(-log(2)*M)", "1")),
        (("2^M", "3^M"), ("exp(-log(3/2)*M)", "1")),
        (("2^M*3^M", "6^M"), ("1", "1")),
        (("4^(M/2)", "2^M*M"), ("1", "M")),
        (("(1/2)^M", "1"), ("exp(-log(2)*M)", "1")),
        (("(a*exp(-a*x) + b*exp(-b*x))*exp(b*x)", "1"), ("a*exp(-((a - b)*x)) + b", "1")),
        (("exp(-M)", "exp(-2*M) + exp(-M/2)"), ("exp(-1/2*M)", "exp(-3/2*M) + 1")),
        (("exp(-M) + exp(-a*M)", "exp(-a*M) + M*exp(-2*M)"),
         ("exp(-((1 - a)*M)) + 1", "1 + M*exp(-((2 - a)*M))")),
        (("exp(3 - M)*exp(a)", "exp(-M)"), ("exp(a)*exp(3)", "1")),
        (("exp(a*log(M) - M)", "exp(-M)"), ("M^a", "1")),
        (("exp(-sqrt(M)*M^(1/2))", "1"), ("exp(-M)", "1")),
        (("exp(-2*M^(a + 1))", "exp(-M^(a + 1))"), ("exp(-M^(a + 1))", "1")),
        (("exp(-2*sqrt(2)*M)", "exp(-sqrt(2)*M)"), ("exp(-2^(1/2)*M)", "1")),
        (("exp(-M)^a", "exp(-M)"), ("exp(-((a - 1)*M))", "1")),
        (("M^log(M)", "M^3"), ("1/exp(-log(M)^2)", "M^3")),
        (("exp(M - log(M)*sigma^2*gamma)", "1"), ("exp(M - gamma*log(M)*sigma^2)", "1")),
    ],
)  # fmt: skip
def test_sides_are_balanced(given_: tuple[str, str], expected: tuple[str, str]) -> None:
    found = sides(*given_)
    assert found == tuple(str(parse_expr(text)) for text in expected)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("M^a", "M^(2*a) + 1"),
        ("sum(exp(-i), i, 1, M)", "sum(2^(-i), i, 1, oo)"),
        ("bias*exp(-M)", "exp(-M)"),
        ("exp(-M)*exp(log(M - N) - log(M - N))", "1"),
        ("exp(-M)*exp((M - N)^(1/2))", "1"),
        ("exp(-M/(a - 1) + M/(a - 1))", "1"),
        ("exp(-M*N^(1/(a - 1)))", "1"),
        ("exp(-M*(-2)^a)", "1"),
        ("(M - N)^M", "1"),
        ("exp(-j*M)*exp(-k)", "sum(exp(-k), k, 1, M)*exp(-min(M, N))"),
        ("(0 - 2)^M", "exp(M)"),
    ],
)
def test_what_has_no_such_form_stays(left: str, right: str) -> None:
    assert sides(left, right) == (str(parse_expr(left)), str(parse_expr(right)))


def test_large_powers_are_not_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balance, "MAX_BITS", 3)
    text, one = sides("2^M", "3^M")
    assert text == str(parse_expr("exp(-((-log(2) + log(3))*M))"))
    assert one == "1"


# The ratio of the sides stays what it is.

coefficients = st.sampled_from(
    ["1", "2", "-1/2", "a", "(a - b)", "-a*b", "log(2)", "3*log(3)", "pi"]
)
arguments = st.sampled_from(
    ["M", "N", "M*N", "M^a", "log(M)", "log(M)^2", "gamma*N", "sqrt(N)", "1"]
)
exponents = st.lists(st.builds("{}*{}".format, coefficients, arguments), min_size=1, max_size=3)
bases = st.sampled_from(["2", "3/2", "1/3", "M", "exp(-M)", "exp(N)*M"])
factors = st.one_of(
    exponents.map(lambda terms: f"exp({' + '.join(terms)})"),
    st.builds("({})^({})".format, bases, st.builds("{}*{}".format, coefficients, arguments)),
    st.builds("({})^({})".format, bases, coefficients),
    st.sampled_from(["M", "N^2", "(M + exp(-N))", "(1 + M)", "(exp(-M) + 2^N)", "a"]),
)
products = st.lists(factors, min_size=1, max_size=3).map("*".join)
sums = st.lists(products, min_size=1, max_size=2).map(" + ".join)


@given(sums, sums, st.sampled_from([("2", "3"), ("3/2", "1/3"), ("5", "5")]))
@settings(max_examples=150, deadline=None)
@example("exp(-M)", "exp(-a*M) + exp(-b*M)", ("2", "3"))
def test_the_ratio_of_the_sides_is_kept(left: str, right: str, at: tuple[str, str]) -> None:
    texts = parse_expr(left), parse_expr(right)
    found = balanced(*texts, SIZES)
    with mpmath.workdps(80):
        values = {"M": mpmath.mpf(7) / 2, "N": mpmath.mpf(13) / 5, "gamma": mpmath.mpf(1) / 9}
        for name, text in zip("ab", at, strict=True):
            number = Fraction(text)
            values[name] = mpmath.mpf(number.numerator) / number.denominator
        before, after = (far_value(x, values) / far_value(y, values) for x, y in (texts, found))
        assert abs(after / before - 1) < mpmath.mpf(10) ** -50


# Claims.

TRUE = [
    # At b = a the exponent vanishes.
    ("exp(-a*M) = O(exp(-b*M))", "a >= b", "b > 0"),
    ("sum(i^-2*exp(-(a - a)*i*M), i, 1, M) = Theta(1)", "a > 1"),
    # What is left beside an exponential that cancels may be a constant.
    ("exp(-M) = Theta(exp(-M - 1))",),
    ("2^(M + 1) = Theta(2^M)",),
    ("M^(1/log(M)) = Theta(1)",),
    ("exp(a - M) = Theta(exp(-M))", "a > 0"),
    ("sum(i^-2*exp(-a), i, 1, M) = Theta(1)", "a > 0"),
    ("exp(-2*M) = o(exp(-M))",),
    ("exp(-M) = Omega(exp(-2*M))",),
    ("2^M = o(3^M)",),
    ("M^9 = o(2^M)",),
    ("M^9*2^M = o(3^M)",),
    ("2^M = Omega(M^9)",),
    ("exp(-M)*log(M) = Otilde(exp(-M))",),
    ("exp(-M) + exp(-2*M) = Theta(exp(-M))",),
    ("exp(-a*M) = o(exp(-b*M))", "a > b", "b > 0"),
    ("exp(-M)*exp(-N) = o(exp(-N))",),
    ("exp(log(M) - M) = Theta(M*exp(-M))",),
    ("exp(-M) = O(exp(-M + 7))",),
    ("exp(-M*gamma)*exp(-M) = O(exp(-M))",),
]
FALSE = [
    ("exp(-M - 1) = o(exp(-M))",),
    ("exp(a*M - M) = Theta(exp(-M))", "a > 0"),
    ("exp(-M) = O(exp(-2*M))",),
    ("exp(-2*M) = Theta(exp(-M))",),
    ("3^M = O(2^M)",),
    ("2^M = O(M^9)",),
    ("3^M = o(M^9*3^M/M^9)",),
    ("exp(-a*M) = O(exp(-b*M))", "b > a", "a > 0"),
    ("exp(-M)*M = O(exp(-M))",),
]
OPEN = [
    ("sum(exp(-(a - a)*i*(M - N)), i, 1, M) = Theta(M)", "a > 1"),
    # True, but exp(-X) is read as a power of X alone.
    ("M^log(M) = Omega(M^9)",),
    ("exp(-a*M) = O(exp(-b*M))", "a >= b - 1", "b > 1"),
    ("exp(-M) = O(exp(-2*N))", "M >= 3*N"),
    ("exp(-M) = O(exp(-N))", "M >= N"),
    ("exp(-M*gamma) = O(exp(-M))",),
    ("exp(-M)*3^M = o(M)",),
]


@pytest.mark.parametrize("case", TRUE, ids=" | ".join)
def test_true_claims_are_proved(case: tuple[str, ...]) -> None:
    assert is_derived(*case)
    assert refute(make_claim(case[0], case[1:])) is None


@pytest.mark.parametrize("case", FALSE, ids=" | ".join)
def test_false_claims_are_refuted_and_not_proved(case: tuple[str, ...]) -> None:
    assert not is_derived(*case)
    assert refute(make_claim(case[0], case[1:])) is not None


@pytest.mark.parametrize("case", OPEN, ids=" | ".join)
def test_what_the_rules_do_not_reach_is_not_proved(case: tuple[str, ...]) -> None:
    assert not is_derived(*case)


def test_the_proof_of_one_claim_is_none_of_another() -> None:
    proof = derive(make_claim("2^M = o(3^M)")).proof
    assert proof is not None
    check(make_claim("2^M = o(3^M)"), proof)
    for says in ("3^M = o(2^M)", "3^M = o(3^M)", "2^M = o(2^M)", "1 = o(3^M)", "2^M = o(3^N)"):
        with pytest.raises(RejectedError):
            check(make_claim(says), proof)


def test_the_order_of_the_left_side_is_its_own() -> None:
    """Not that of its multiple by the exponential on the right."""
    assert derive(make_claim("M = O(M*exp(-M))")).derived == "M"
    assert derive(make_claim("M = O(M^2)")).derived == "M"
