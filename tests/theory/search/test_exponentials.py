"""Exponentials against powers whose exponents are parameters."""

import pytest

from ratecert.proofs_check.checker import check
from ratecert.proofs_check.files.read import make_claim
from ratecert.theory.derive import derive

TRUE = [
    ("exp(-M) = o(M^-100)", []),
    ("N^50*exp(-M^2) = O(M^-1000)", ["M >= N"]),
    ("N^50*exp(-M^(1/10)) = o(M^(-a))", ["M >= N", "a > 1"]),
    ("exp(-M) = O(M^(-a))", ["a > 1"]),
    ("exp(-M*gamma) = O((M*gamma)^(-3*a))", ["a > 1"]),
    ("exp(-M) = o(M^(-a*b))", ["a > 1", "b > 0"]),
    ("sum(exp(-N*gamma*i^-a), i, 1, M) = O(M*(N*gamma*M^-a)^(-2*a))", ["a > 1"]),
]
FALSE = [
    ("N^50*exp(-M^2) = o(M^-40)", []),
    ("M^-100 = O(exp(-M))", []),
    ("exp(-log(M)) = O(M^(-a))", ["a > 1"]),
    ("exp(-M*gamma) = O(M^(-a))", ["a > 1"]),
    ("exp(-M) = Omega(M^(-a))", ["a > 1"]),
]


@pytest.mark.parametrize(("says", "assume"), TRUE)
def test_they_fall_faster_than_every_power(says: str, assume: list[str]) -> None:
    claim = make_claim(says, assume)
    derived = derive(claim)
    assert derived.proof is not None, derived.reason
    check(claim, derived.proof)


@pytest.mark.parametrize(("says", "assume"), FALSE)
def test_what_is_false_of_them_is_not_proved(says: str, assume: list[str]) -> None:
    assert derive(make_claim(says, assume)).proof is None
