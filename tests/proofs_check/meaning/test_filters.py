"""Powers ``(1 - X)^Y`` as exponentials: where X is small, and nowhere else."""

from __future__ import annotations

from math import exp, expm1, log, log1p

import pytest
from derivations import is_derived
from hypothesis import given
from hypothesis import strategies as st

from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.claim import SIZES, Setting
from ratecert.proofs_check.language.expr import Name
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.meaning.definitions import Meaning
from ratecert.proofs_check.meaning.filters import explicit
from ratecert.theory.derive import derivation
from ratecert.theory.search.prover import StuckError
from ratecert.theory.witnesses.refute import refute


def written(text: str) -> Meaning:
    return explicit(parse_expr(text), Setting(Name("i"), Name("i")), SIZES)


@pytest.mark.parametrize(
    ("text", "like", "needs"),
    [
        ("(1 - gamma)^N", "exp(-(gamma*N))", []),
        ("(1 - 1/M)^N", "exp(-(1/M*N))", []),
        ("(1 - 3*gamma^(1/2)*M^-a)^N", "exp(-(3*gamma^(1/2)*M^-a*N))", ["a > 0"]),
        ("sum((1 - gamma*i^-a)^(2*N), i, 1, M)",
         "sum(exp(-(gamma*i^-a*2*N)), i, 1, M)", ["a > 0"]),
        ("sum((1 - gamma/i^a)^N, i, 1, M)",
         "sum(exp(-(gamma/i^a*N)), i, 1, M)", ["a > 0"]),
        ("1 + ((1 - gamma)^N)^(1/2)", "1 + exp(-(gamma*N))^(1/2)", []),
        ("1 - exp(-M/N)", "min(1, M/N)", []),
        ("sum(2^(-i), i, 1, M)", "sum(exp(-(log(2)*i)), i, 1, M)", []),
        ("(1 - 1/2)^N", "exp(-(log(2)*N))", []),
        ("(1/3)^N + 1^N", "exp(-(log(3)*N)) + 1", []),
        ("2^M*2^a", "exp(log(2)*M)*2^a", []),
        ("(0 - 2)^M", "(0 - 2)^M", []),
        ("3*M - 3*M*exp(-M/N)", "3*M - 3*M*exp(-M/N)", []),
        ("3 - 3*exp(-M/N)", "3*min(1, M/N)", []),
        ("1 - (1 - gamma)^N", "min(1, gamma*N)", []),
        ("sum((1 - (1 - gamma*i^-1)^N)^2, i, 1, M)",
         "sum(min(1, gamma*i^-1*N)^2, i, 1, M)", []),
        ("1/2 - exp(-M)/2 + 1", "3/2 - exp(-M)/2", []),
        ("(1 - exp(-M))^N", "(1 - exp(-M))^N", []),
        ("exp(-M) - 1", "exp(-M) - 1", []),
        ("(1 - gamma^p)^((1 - gamma)^N)", "exp(-(gamma^p*exp(-(gamma*N))))", ["p > 0"]),
    ],
)  # fmt: skip
def test_filters_are_exponentials(text: str, like: str, needs: list[str]) -> None:
    found = written(text)
    assert found.upper == found.lower
    assert str(found.upper) == str(parse_expr(like))
    assert [str(need) for need in found.needs] == needs


@pytest.mark.parametrize(
    "text",
    [
        "(1 + gamma)^N",
        "(2 - gamma)^N",
        "(1 - a)^N",
        "(1 - gamma*M)^N",
        "(1 - gamma*M^2)^N",
        "(1 - gamma^-1)^N",
        "(1 - gamma*sigma)^N",
        "(1 - gamma*a)^N",
        "(1 - gamma*(1 + M))^N",
        "(1 - gamma*(1 + M)^2)^N",
        "(1 - gamma - 1/M)^N",
        "sum((1 - i^-a)^N, i, 1, M)",
        "sum((1 - gamma*i)^N, i, 1, M)",
        "sum((1 - i/M)^N, i, 1, M)",
    ],
)
def test_what_need_not_be_small_stays(text: str) -> None:
    assert written(text) == Meaning(parse_expr(text), parse_expr(text))


@given(st.floats(1e-9, 0.5), st.floats(0, 1e6))
def test_between_two_exponentials(x: float, y: float) -> None:
    power = y * log1p(-x)
    assert -2 * log(2) * x * y * (1 + 1e-12) <= power <= -x * y * (1 - 1e-12)
    assert exp(power) <= exp(-x * y * (1 - 1e-12))


@given(st.floats(1e-9, 1e9))
def test_saturation_is_a_minimum(x: float) -> None:
    assert (1 - exp(-1)) * min(1, x) * (1 - 1e-12) <= -expm1(-x) <= min(1, x)


TRUE = [
    ("sum(2^(-i), i, 1, M) = Theta(1)",),
    ("sum(i*2^(-i/M), i, 1, oo) = Theta(M^2)",),
    ("1 - 2^(-M/N) = Theta(min(1, M/N))",),
    ("1 - exp(-M/N) = Theta(min(1, M/N))",),
    ("1 - exp(-M/N) = o(1)", "N >= M^2"),
    ("sum(i^-b*(1 - (1 - gamma*i^-a)^N)^2, i, 1, oo) = Theta((N*gamma)^2)",
     "a > 1", "b > 1", "N*gamma <= 1"),
    ("sum(i^-b*(1 - gamma*i^-a)^(2*N), i, 1, oo) = Theta((N*gamma)^((1-b)/a))",
     "a > 1", "b > 1", "N*gamma >= 1"),
    ("sum(i^-b*(1 - gamma*i^-a)^(2*N), i, 1, oo) = Theta(N^((1-b)/a))",
     "a > 1", "b > 1", "gamma = 1"),
    ("1 = Theta((1 - 1/M)^N)", "M >= N"),
]  # fmt: skip
FALSE = [
    ("sum(2^(-i), i, 1, M) = O(1/M)",),
    ("sum(2^i, i, 1, M) = O(M^9)",),
    ("sum(i*2^(-i/M), i, 1, oo) = Theta(M)",),
    ("1 - exp(-M/N) = Theta(1)",),
    ("1 - exp(-M/N) = O(M/N^2)",),
    ("1 - exp(M/N) = O(1)",),
    ("1 - exp(1 - M) = Omega(1)",),
    ("(1 - exp(-M))^N = Theta(1)",),
    ("log(1 - exp(-M)) = O(1)",),
    ("2 - (1 - exp(-M)) = Theta(M)",),
    ("sum(i^-b*(1 - gamma*i^-a)^(2*N), i, 1, oo) = Theta(N^((1-b)/a))",
     "a > 1", "b > 1", "N*gamma >= 1"),
    ("sum(i^-b*(1 - gamma*i^-a)^(2*N), i, 1, oo) = O((N*gamma)^(-b/a))",
     "a > 1", "b > 1", "N*gamma >= 1"),
    ("(1 - 1/M)^N = Omega(1)",),
    ("(1 - gamma)^(-N) = O(1)",),
    ("(1 - gamma)^(-N) = O(N)",),
    ("(1 - gamma*i^-a)^N = O(1)", "a > -1", "i > 0"),
]  # fmt: skip


@pytest.mark.parametrize("case", TRUE, ids=lambda case: case[0])
def test_true_claims_are_proved(case: tuple[str, ...]) -> None:
    assert is_derived(*case)


@pytest.mark.parametrize("case", FALSE, ids=lambda case: case[0])
def test_false_claims_are_not_proved(case: tuple[str, ...]) -> None:
    assert not is_derived(*case)


def test_a_condition_of_the_rule_has_to_be_proved() -> None:
    claim = make_claim("sum(i^-2*(1 - gamma*i^-a)^N, i, 1, oo) = O(1)", ["a > -1", "N*gamma <= 1"])
    with pytest.raises(StuckError, match="need a > 0"):
        derivation(claim)


def test_filters_on_both_sides_of_a_witness() -> None:
    claim = make_claim("1 = O((1 - 1/M)^N)")
    assert refute(claim) is not None
    claim = make_claim("sum(i^-2*(1 - gamma*i^-1)^N, i, 1, oo) = Omega(1)")
    assert refute(claim) is not None
