"""Proofs of ``~``: what the rules of equivalents, mode sums and constants give and refuse."""

from __future__ import annotations

import re
from typing import Any

import pytest
from derivations import is_derived

from ratecert.proofs_check.checker import check, check_witness
from ratecert.proofs_check.equivalence.equivalent import Given
from ratecert.proofs_check.equivalence.proof import equivalent
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.algebra import Ring
from ratecert.proofs_check.kernel.cone import Context, SignNeededError
from ratecert.proofs_check.kernel.constants import Constant, quotient, read_constant, same
from ratecert.proofs_check.kernel.premises import premises
from ratecert.proofs_check.language.claim import SIZES, Claim, Setting
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Expr, Sum, walk
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.meaning.exact import exact_meaning
from ratecert.proofs_check.meaning.laws import NoMeaningError
from ratecert.proofs_check.refutation.ratio import check_ratio
from ratecert.theory.derive import derivation
from ratecert.theory.search.derivation import with_values
from ratecert.theory.search.equivalence import Sought
from ratecert.theory.search.prover import Prover, StuckError
from ratecert.theory.witnesses.ratio import refute_ratio
from ratecert.theory.witnesses.refute import model


def refused(message: str) -> Any:
    return pytest.raises(RejectedError, match=message)


PROVED = [
    # Power sums: heads, tails, and what a convergent one tends to.
    ("sum(i^-a, i, M+1, oo) ~ M^(1-a)/(a-1)", "a > 1"),
    ("sum(i^-a, i, M, N) ~ M^(1-a)/(a-1)", "a > 1", "N >= M*log(M)"),
    ("sum(i^-a, i, 1, M) ~ M^(1-a)/(1-a)", "a < 1"),
    ("sum(i^2, i, 1, 2*M) ~ 8/3*M^3",),
    ("sum(1, i, M, N) ~ N", "N >= M^2"),
    ("sum(i^-a, i, 1, M) ~ zeta(a)", "a > 1"),
    ("sum(i^-a, i, 1/2, oo) ~ zeta(a)", "a > 1"),
    ("sum(i^-a, i, 3, M) ~ sum(j^-a, j, 3, oo)", "a > 1"),
    ("sum(i^-a, i, 3, M) ~ zeta(a) - 1 - 2^-a", "a > 1"),
    ("sum(i^-2, i, 1, M) ~ pi^2/6",),
    ("sum(i^-4, i, 1, M)/sum(i^-2, i, 1, M) ~ pi^2/15",),
    ("sum(1/i, i, 1, M^2) ~ 2*log(M)",),
    ("sum(1/i, i, M, N) ~ log(N/M)", "N >= M*log(M)"),
    ("sum(1/i, i, 1, M*N) ~ log(M) + log(N)",),
    ("sum(i^-1*log(i+1)^-a, i, M+1, oo) ~ log(M)^(1-a)/(a-1)", "a > 1"),
    ("sum(i^-1*log(i)^-a, i, 2, M) ~ log(M)^(1-a)/(1-a)", "a < 1"),
    ("sum(i^-1*log(i)^-a, i, 2, M) ~ log(M)^(1-a)/(1-a)", "a < 0"),
    ("sum(log(i), i, 2, M) ~ M*log(M)",),
    ("sum(i^-2*log(i), i, M, oo) ~ log(M)/M",),
    ("sum(3*i^-2 - 2*i^-3, i, M, oo) ~ 3/M",),
    ("sum(2*i^-2 + 1, i, 1, M) ~ M",),
    ("sum((2*i*i^-1)^a*i^-2, i, 1, M) ~ 2^a*pi^2/6", "a > 0"),
    ("sum(N*i^-2 + 1, i, 1, M) ~ M + N*zeta(2)",),
    # One filter: the bulk.
    ("sum(i^-b*exp(-2*N*i^-a), i, 1, oo) ~ Gamma((b-1)/a)/a*(2*N)^((1-b)/a)", "a > 1", "b > 1"),
    ("sum(i^-b*exp(-N*i^-a)^2, i, 1, oo) ~ Gamma((b-1)/a)/a*(2*N)^((1-b)/a)", "a > 1", "b > 1"),
    ("sum(i^-b*exp(-i^a/N), i, 1, oo) ~ Gamma((1-b)/a)/a*N^((1-b)/a)", "a > 0", "b < 1"),
    ("sum(1 - exp(-N*i^-a), i, 1, oo) ~ Gamma(1-1/a)*N^(1/a)", "a > 1"),
    ("sum(1/(i^a + k), i, 1, oo) ~ pi/a/sin(pi/a)*k^(1/a-1)", "a > 1"),
    ("sum(1/(i^a + k + 1), i, 1, oo) ~ pi/a/sin(pi/a)*k^(1/a-1)", "a > 1"),
    ("sum(1/(1 + i^2/k)^2, i, 1, oo) ~ pi/4*sqrt(k)",),
    ("sum(1/sqrt(i^4 + k), i, 1, oo) ~ Gamma(1/4)^2/(4*sqrt(pi))*k^(-1/4)",),
    ("sum(min(1, (n*i^-a)^2), i, 1, oo) ~ 2*a/(2*a-1)*n^(1/a)", "a > 1"),
    ("sum(min(1, n*i^-a)^2, i, 1, oo) ~ 2*a/(2*a-1)*n^(1/a)", "a > 1"),
    ("sum(min(n*i^-a, i^a/n), i, 1, oo) ~ 2*a/(a^2-1)*n^(1/a)", "a > 1"),
    ("sum(max(n, i)^-2, i, 1, oo) ~ 2/n",),
    ("sum(sqrt(i^-4*exp(-N/i^2)), i, 1, oo) ~ sqrt(pi/2/N)",),
    ("sum((i^2)^(-1)*exp(-N/i), i, 1, oo) ~ 1/N",),
    # ... cut at an end far from the scale, or at one end.
    ("sum(i^-2*exp(-N/i), i, 1, M) ~ 1/N", "M >= N*log(N)"),
    ("sum(i^-2*exp(-N/i), i, M, oo) ~ 1/M", "M >= N*log(N)"),
    ("sum(i^-2*exp(-N/i), i, M, oo) ~ 1/N", "N >= M*log(M)"),
    ("sum(min(1, n/i)^2, i, 1, M) ~ M", "n >= M*log(M)"),
    ("sum(exp(-N/i), i, 1, M) ~ M", "M >= N*log(N)"),
    ("sum(i^2*min(1, N/i), i, 1, M) ~ N*M^2/2", "M >= N*log(N)"),
    ("sum(i*(1 - exp(-N/i)), i, 1, M) ~ N*M", "M >= N*log(N)"),
    ("sum(min(1, N/i), i, 1, M) ~ N*log(M/N)", "M >= N*log(N)"),
    ("sum(i^-1*min(1, N/i), i, 2*M, oo) ~ N/(2*M)", "M >= N*log(N)"),
    ("sum(i^-3*max(N, i)^-2, i, M, oo) ~ 1/(2*M^2*N^2)", "N >= M*log(M)"),
    ("sum(i^-1*max(N, i)^-2, i, M, oo) ~ log(N/M)/N^2", "N >= M*log(M)"),
    ("sum(i^-1*exp(-N/i), i, 1, M) ~ log(M/N)", "M >= N*log(N)"),
    ("sum(i^-b/(1 + N*i^-a), i, 1, oo) ~ zeta(b-a)/N", "a > 1", "b > a+1"),
    ("sum(i^-b/(1 + N*i^-a), i, 1, oo) ~ log(N)/(a*N)", "a > 1", "b = a+1"),
    ("sum(i^-b/(1 + N*i^-a), i, 1, M) ~ log(N)/(a*N)", "a > 1", "b = a+1",
     "M^a >= N*log(N)"),
    ("sum(i^-b/(1 + N*i^-a), i, M, oo) ~ M^(1+a-b)/(b-a-1)/N", "a > 1", "b > a+1",
     "N >= M^a*log(M)"),
    ("sum(i^-2*exp(-i/N), i, 1, M) ~ pi^2/6",),
    # With a logarithm.
    ("sum(i^-2*log(i+1)*exp(-N/i), i, 1, oo) ~ log(N)/N",),
    ("sum(i^-b*log(i)^-2*exp(-N*i^-a), i, 2, oo) ~ a*Gamma((b-1)/a)*N^((1-b)/a)/log(N)^2",
     "a > 0", "b > 1"),
    ("sum(log(i+1)*min(1, n/i)^2, i, 1, M) ~ M*log(M)", "n >= M*log(M)"),
    ("sum(i^-2*log(i)*exp(-N/i), i, M, oo) ~ log(M)/M", "M >= N*log(N)"),
    ("sum(log(i+1)*exp(-N/i), i, 1, M) ~ M*log(M)", "M >= N*log(N)"),
    ("sum(i^-3*log(i)/(1 + N/i), i, M, oo) ~ log(M)/(M*N)", "N >= M*log(M)"),
    # Filters of repeated steps, for any step size.
    ("sum(i^-b*(1-gamma*i^-a)^(2*N), i, 1, oo) ~ Gamma((b-1)/a)/a*(2*N*gamma)^((1-b)/a)",
     "a > 1", "b > 1", "gamma = 1"),
    ("sum(i^-b*(1-gamma*i^-a)^(2*N), i, 1, oo) ~ Gamma((b-1)/a)/a*(2*N*gamma)^((1-b)/a)",
     "a > 1", "b > 1", "N*gamma >= log(N)"),
    ("sum(i^-2*(1-i^-1/N)^(N^2), i, 1, oo) ~ 1/N",),
    ("sum(1-gamma*i^-2, i, 1, M) ~ M",),
    # Composition.
    ("M + 1 ~ M",),
    ("M - log(M) ~ M",),
    ("(M + 1)^a ~ M^a", "a > 0"),
    ("(M + 1)^(a-a)*M ~ M", "a > 0"),
    ("M + 2*M ~ 3*M",),
    ("sqrt(4*M + 1) ~ 2*sqrt(M)",),
    ("M*N + M + N ~ M*N",),
    ("M^2 + N ~ N + M^2 + M",),
    ("(M + N)*(M + 1) ~ M^2 + M*N",),
    ("log(2*M^2 + M) ~ 2*log(M)",),
    ("log(M*log(M)) ~ log(M)",),
    ("log(N/M) ~ log(N^2/M^2)/2", "N >= M*log(M)"),
    ("max(M, N) ~ N", "N >= M*log(M)"),
    ("min(M, N, M) ~ M", "N >= M*log(M)"),
    ("exp(-1/M)*exp(1/N) ~ 1",),
    ("gamma*M + 1/gamma ~ 1/gamma + M*gamma",),
    ("M^(1-a) + M^(1-b) ~ M^(1-b)", "a > b"),
    ("sigma^2 + 1/M ~ sigma^2",),
    # Terms without an equivalent that are small.
    ("1 + M*exp(-N) ~ 1", "N >= M"),
    ("M - N*exp(-N) + 1 ~ M",),
    ("M + N - log(M) ~ M + N",),
    ("sum(i^-b, i, M, oo) + sum(i^-b*exp(-N*i^-a), i, 1, M) ~ M^(1-b)/(b-1)",
     "a > 1", "b > 1", "N >= M^(a+1)"),
    ("sum(i^-b, i, M, oo) + sum(i^-b*(1-gamma*i^-a)^(2*N), i, 1, M) ~ M^(1-b)/(b-1)",
     "a > 1", "b > 1", "N*gamma >= M^a*log(M)^2"),
]  # fmt: skip


@pytest.mark.parametrize("case", PROVED, ids=lambda case: case[0])
def test_what_is_proved(case: tuple[str, ...]) -> None:
    assert is_derived(*case)


NOT_PROVED = [
    # Wrong constants, exponents, and missing logarithms.
    ("sum(i^-a, i, M+1, oo) ~ M^(1-a)/a", "a > 1"),
    ("sum(i^-a, i, M+1, oo) ~ M^-a/(a-1)", "a > 1"),
    ("sum(i^-a, i, 1, M) ~ zeta(a+1)", "a > 1"),
    ("sum(i^-b*exp(-2*N*i^-a), i, 1, oo) ~ Gamma((b-1)/a)/a*N^((1-b)/a)", "a > 1", "b > 1"),
    ("sum(i^-b*exp(-2*N*i^-a), i, 1, oo) ~ Gamma(b/a)/a*(2*N)^((1-b)/a)", "a > 1", "b > 1"),
    ("sum(i^-b/(1 + N*i^-a), i, 1, oo) ~ 1/(a*N)", "a > 1", "b = a+1"),
    ("sum(i^-b/(1 + N*i^-a), i, 1, oo) ~ log(N)/N", "a > 1", "b = a+1"),
    ("sum(i^-1*log(i+1)^-a, i, M+1, oo) ~ log(M)^(1-a)/a", "a > 1"),
    # The integral diverges, at one of its ends.
    ("sum(i^-b/(1 + N*i^-a), i, 1, oo) ~ pi/a/sin(pi*(b-1)/a)*N^((1-b)/a)", "a > 1", "b > 1"),
    ("sum(exp(-N/i), i, 1, oo) ~ N",),
    ("sum(1/i, i, 1, oo) ~ 1",),
    ("sum(i^-1*log(i+1)^-a, i, M, oo) ~ log(M)^(1-a)/(1-a)", "a < 1"),
    ("sum(i^-1*log(i+1)^-a, i, 1, M) ~ log(M)^(1-a)/(a-1)", "a > 1"),
    # X is bounded, or may be.
    ("sum(i^-2*exp(-gamma*N/i), i, 1, oo) ~ 1/(gamma*N)",),
    ("sum(i^-2*exp(-gamma*N/i), i, 1, oo) ~ 1/(gamma*N)", "gamma*N >= 1"),
    ("sum(i^-2*exp(-1/i), i, 1, oo) ~ 1",),
    ("sum(i^-2*(1-gamma/i)^(1/gamma), i, 1, oo) ~ 1", "gamma = 1"),
    ("sum(i^-2*(1-gamma/i)^3, i, 1, oo) ~ pi^2/6", "gamma = 1"),
    # An end of the range at the scale of the filter, or possibly there.
    ("sum(i^-2*exp(-N/i), i, 1, M) ~ 1/N", "M >= N"),
    ("sum(i^-2*exp(-N/i), i, M, oo) ~ 1/M", "M >= N"),
    ("sum(i^-2*exp(-N/i), i, M, oo) ~ 1/N", "N >= M"),
    ("sum(min(1, n/i)^2, i, 1, M) ~ M", "n >= M"),
    ("sum(min(1, n/i)^2, i, 1, M) ~ min(M, 2*n)",),
    ("sum(i^-b/(1 + N*i^-a), i, M, T) ~ M^(1+a-b)/(b-a-1)/N", "a > 1", "b > a+1",
     "N >= M^a*log(M)", "T >= M"),
    # The base of a filter of repeated steps need not be positive, or tends to no exponential.
    ("sum(i^-2*(2 - gamma/i)^(2*N), i, 1, oo) ~ 1/(2*N*gamma)", "gamma = 1"),
    ("sum(i^-2*(1 + gamma/i)^(2*N), i, 1, oo) ~ 1/(2*N*gamma)", "gamma = 1"),
    ("sum(i^-2*(1-2*i^-1)^(2*N), i, 1, oo) ~ 1/(4*N)",),
    ("sum(i^-2*(1-M*i^-1)^(2*N), i, 1, oo) ~ 1/(2*N*M)",),
    # Finite ranges, ranges that may be empty or short, indices that stand for something else.
    ("sum(1/i, i, 1, 10) ~ M/M",),
    ("sum(1/i^2, i, M, N) ~ 1/M", "N >= M"),
    ("sum(1/i, i, M, N) ~ log(N/M)", "N >= M"),
    ("sum(i^-1*log(i), i, M, N) ~ log(N)^2/2", "N >= M^2"),
    ("sum(i^-a, i, 0, M) ~ zeta(a)", "a > 1"),
    # Terms that no rule reads.
    ("sum(i^-2*log(i), i, 1, M) ~ M/M",),
    ("sum(i^-2*log(i+1), i, 1, M) ~ M/M",),
    ("sum(i^-2*log(i+M), i, 1, M) ~ M/M",),
    ("sum(i^-2*log(i)*exp(-N/i), i, 1, oo) ~ log(N)/N",),
    ("sum(i^-2*log(i+1)/(1 + N/i), i, 1, oo) ~ log(N)^2/N",),
    ("sum(i^-1*log(i+1)*exp(-N/i), i, 1, M) ~ log(M/N)*log(M)", "M >= N*log(N)"),
    ("sum(i^-3*log(i+1)/(1 + N/i), i, 1, oo) ~ 1/N",),
    ("sum(i^-2*exp(-N/i)*exp(-N/i^2), i, 1, oo) ~ 1/N",),
    ("sum(i^-2*exp(-N/i - 1), i, 1, oo) ~ 1/N",),
    ("sum(i^-2*(1 - exp(-i/N)), i, 1, oo) ~ 1/N",),
    ("sum(i^-2*(1 - exp(-N/i))^2, i, 1, oo) ~ pi^2/6",),
    ("sum(i^-2*(1 - i/N)^N, i, 1, oo) ~ pi^2/6",),
    ("sum(i^-2*(1 - log(i)/N)^N, i, 1, oo) ~ pi^2/6",),
    ("sum((1 + N/i)^2, i, 1, M) ~ M", "M >= N^2"),
    ("sum(min(N/i, 2*N/i)^2, i, 1, M) ~ M", "M >= N^2"),
    ("sum(min(N/i, 2*N/i, 1)^2, i, 1, M) ~ M", "M >= N^2"),
    ("sum(i^i, i, 1, M) ~ M",),
    ("sum((i + 1)^i, i, 1, M) ~ M",),
    ("sum(zeta(i), i, 2, M) ~ M",),
    ("sum((1 + i + i^2)^-2, i, 1, M) ~ M/M",),
    ("sum((1 + i + exp(-i))^-2, i, 1, M) ~ M/M",),
    # Differences and expressions in which nothing rules.
    ("M - N ~ M",),
    ("M - 2*M ~ M",),
    ("1 - M ~ M",),
    ("max(M, N) ~ N", "N >= M"),
    ("(M + N)^2 ~ M^2", "N = M"),
    ("exp(-M) ~ 1",),
    ("log(M*gamma) ~ log(M)",),
    ("log(M/N) ~ 1",),
    ("log(log(M)) ~ 1",),
    ("log(M*log(N)) ~ log(M)",),
    ("log(log(M)*gamma) ~ 1", "gamma = 1"),
    ("M ~ gamma*M", "gamma = 1"),
    ("N_eff*log(N) ~ N",),
    ("M ~ N", "M = N"),
    ("zeta(M) ~ 1",),
    # Constants without a rule, or of no proved sign.
    ("(1 + zeta(3))^(1/2)*M ~ M",),
    ("sin(1)*M ~ M",),
    ("sin(3*pi/2)*M ~ sin(3*pi/2)*M",),
    ("log(1/2)*M ~ log(1/2)*M",),
    ("Gamma(-1/2)*M ~ Gamma(-1/2)*M",),
    ("zeta(1/2)*M ~ zeta(1/2)*M",),
    ("(zeta(1/2) - 1)*M ~ (zeta(1/2) - 1)*M",),
    ("sin(2*pi/3 + 1)*M ~ M",),
    ("log(pi)*M ~ M",),
    ("(a - b)*M ~ M", "a > 0", "b > 0"),
    ("-1*zeta(3)*M ~ M",),
    ("Gamma(a)*M ~ a*M", "a > -1"),
    ("1/(a-a)*M ~ a*M", "a > -1"),
    ("M - M/(a-a) ~ M", "a > -1"),
    ("max(1, zeta(3))*M ~ M",),
    ("(zeta(3) - 1 - 1/9)*M ~ M",),
    ("(zeta(3) - 2)*M ~ M",),
    ("(zeta(3) - 1 - pi)*M ~ M",),
    ("(zeta(3) - zeta(5))*M ~ M",),
    ("(1 - zeta(3))*M ~ M",),
    # Terms without an equivalent that need not be small.
    ("1 + exp(-gamma*N) ~ 1",),
    ("1 + M*exp(-N) ~ 1",),
    ("sum(i^-2, i, M, oo) + sum(i^-2*exp(-N/i), i, 1, M) ~ 1/M", "N >= M"),
    ("(10^30*zeta(3))^(1/2)*M ~ M",),
]  # fmt: skip


@pytest.mark.parametrize("case", NOT_PROVED, ids=lambda case: case[0])
def test_what_is_not_proved(case: tuple[str, ...]) -> None:
    assert not is_derived(*case)


def test_the_index_is_a_name_of_its_own() -> None:
    ctx = premises(make_claim("M*N ~ M*N*a", ["a > 0"]), exact=True).ctx
    with refused("already stands for something else"):
        equivalent(parse_expr("sum(i′^-2, i′, i′, N)", is_printed=True), Given({}, ctx))
    with refused("already stands for something else"):
        equivalent(parse_expr("sum(i^-2, i, 1, N)"), Given({}, ctx.with_index("i′")))


@pytest.mark.parametrize("index", ["i", "M", "b", "gamma_", "N", "k", "sigma_", "zeta_"])
def test_an_index_may_be_called_as_anything_else_is(index: str) -> None:
    claim = make_claim(f"sum({index}^-a, {index}, 1, M) ~ zeta(a)", ["a > 1"])
    check(claim, derivation(claim) | {"model": model(claim)})


def test_what_may_be_negative_or_no_number_has_no_equivalent() -> None:
    ctx = premises(make_claim("M*N ~ M*N*a", ["a > 0"]), exact=True).ctx
    for text, message in [
        ("sum(i^-2*(1 - M/i)^(2*N), i, 1, oo)", "need not be positive"),
        ("M/(a - a)", "identically zero"),
        ("sum(i^-2, i, 0, oo)", "does not start at a positive number"),
    ]:
        with refused(message):
            equivalent(parse_expr(text), Given({}, ctx))


def test_a_constant_that_is_a_sum_prints_as_one() -> None:
    claim = make_claim("sum(j^-a, j, 3, M) ~ zeta(a)", ["a > 1", "i > 0", "i = 2"])
    with pytest.raises(StuckError, match=re.escape("LEFT ~ sum(i′^(-a), i′, 3, oo), but")):
        derivation(claim)
    claim = make_claim("sum(j^-i, j, 3, M) ~ zeta(i)", ["i > 1"])
    with pytest.raises(StuckError, match=re.escape("LEFT ~ sum(i′^(-i), i′, 3, oo), but")):
        derivation(claim)


def test_logarithms_of_products_with_an_index() -> None:
    claim = make_claim("eigenvalue(j) ~ j^-a*log(M*j)", ["a > 1", "M >= j"], features="top")
    with pytest.raises(StuckError, match="no rule gives the leading term of the logarithm"):
        derivation(claim)


# What a derivation gives.


def proof_of(claim: Claim) -> dict[str, Any]:
    return derivation(claim) | {"model": model(claim)}


def test_a_derivation_without_its_proofs_is_rejected() -> None:
    claim = make_claim("sum(i^-2*exp(-N/i), i, 1, M) ~ 1/N", ["M >= N*log(N)"])
    proof = proof_of(claim)
    check(claim, proof)
    grows = proof["tree"]["grows"]
    assert set(grows) == {"N", "M/N"}
    for name, other in (("N", "M/N"), ("M/N", "N")):
        less = {other: grows[other]}
        for bent in (less, {**less, name: grows[other]}):
            with refused("."):
                check(claim, proof | {"tree": {"grows": bent}})
    for bent in (None, [], {"N": None}, {"N": {}}):
        with refused("."):
            check(claim, proof | {"tree": {"grows": bent}})


def test_small_terms_are_compared_with_what_is_beside_them() -> None:
    claim = make_claim("M - (M + N)*exp(-N) ~ M", ["N >= M"])
    proof = proof_of(claim)
    check(claim, proof)
    leaf = proof["tree"]
    ((term, hint),) = leaf["small"].items()
    assert (term, hint["than"]) == ("(M + N)*exp(-N)", "M")
    for bent in (
        {"grows": leaf["grows"]},
        leaf | {"small": []},
        leaf | {"small": {term: hint | {"than": "N"}}},
        leaf | {"small": {term: hint | {"than": "1"}}},
        leaf | {"small": {term: hint | {"bounds": {}}}},
        leaf | {"small": {term: hint | {"proof": {"certs": []}}}},
        leaf | {"small": {"M": hint, term: hint}},
        leaf | {"small": {"M": hint}},
    ):
        with refused("."):
            check(claim, proof | {"tree": bent})


def test_comparisons_of_parameters_are_exact_too() -> None:
    says = "sum(i^-b/(1 + N*i^-a), i, 1, oo)*N ~ N*sum(i^-b/(N*i^-a + 1), i, 1, oo)"
    claim = make_claim(says, ["a > 1", "b > 1"])
    proof = proof_of(claim)
    assert proof["tree"]["compare"] == ["b", "a + 1"]
    check(claim, proof)
    with refused("."):
        check(claim, proof | {"tree": {**proof["tree"], "eq": proof["tree"]["gt"]}})


# Constants.


def constant_of(expr: Expr, ctx: Context) -> Constant:
    """Read a constant, or a convergent sum as what it is equivalent to."""
    if not any(isinstance(node, Sum) for node in walk(expr)):
        return read_constant(expr, ctx)
    return equivalent(expr, Given({}, ctx)).single(expr).constant


def constants(*texts: str, assume: tuple[str, ...] = ("a > 1", "b > 2")) -> list[Constant]:
    """Read constants, with whatever signs they need."""
    ctx = premises(make_claim("M ~ a*b*M", assume), exact=True).ctx
    found = []
    for text in texts:
        while True:
            try:
                found.append(constant_of(parse_expr(text, is_printed=True), ctx))
                break
            except SignNeededError as needed:
                signed = Prover(ctx).with_sign(needed.value)
                assert signed is not None, text
                ctx = signed[1].ctx
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Gamma(a + 1)", "a*Gamma(a)"),
        ("Gamma(a + 3)/Gamma(a + 1)", "(a + 1)*(a + 2)"),
        ("Gamma(a)^(1/2)*Gamma(a + 1)^(1/2)", "sqrt(a)*Gamma(a)"),
        ("Gamma(1/a)*Gamma(1 - 1/a)", "pi/sin(pi/a)"),
        ("sin(pi/a)", "sin(pi*(a-1)/a)"),
        ("sin(pi/2)", "1"),
        ("Gamma(5)", "24"),
        ("Gamma(7/2)", "15/8*sqrt(pi)"),
        ("zeta(2)*zeta(4)", "pi^6/540"),
        ("2^((1-b)/a)", "2*2^((1-b-a)/a)"),
        ("4^(b/2)", "2^b"),
        ("6^a/3^a", "2^a"),
        ("(a^2 - 1)^a", "(a - 1)^a*(a + 1)^a"),
        ("(a - 1)^(a + 1)/(a - 1)^a", "a - 1"),
        ("((a-1)/b)^a*(b/(a-1))^a", "1"),
        ("(2*a)^(1/2)", "sqrt(2)*sqrt(a)"),
        ("zeta(3) + 2*zeta(a)", "zeta(a) + zeta(3) + zeta(a)"),
        ("(1 + zeta(3))^2", "1 + 2*zeta(3) + zeta(3)^2"),
        ("Gamma(a)*(1 + a)", "Gamma(a) + Gamma(a + 1)"),
        ("exp(a)*exp(1 - a)", "exp(1)"),
        ("log(a)*sigma", "sigma*log(a)"),
        ("EulerGamma*(1 + sigma)", "sigma*EulerGamma + EulerGamma"),
        ("zeta(3) + a - 1", "zeta(3) - 1 + a"),
        ("zeta(3) + a - a", "zeta(3)"),
        ("zeta(a) - 1", "sum(i^-a, i, 2, oo)"),
        ("zeta(a) - 1 - 2^-a - 3^(-a)", "sum(i^-a, i, 4, oo)"),
        ("zeta(3) - 9/8", "sum(i^-3, i, 3, oo)"),
        ("2*(zeta(a) - 2^-a - 1)", "sum(i^-a, i, 3, oo) + sum(j^-a, j, 3, oo)"),
        ("sqrt(8)", "2*sqrt(2)"),
        ("sqrt(2*sqrt(2))", "8^(1/4)"),
        ("sqrt(a*sqrt(a))", "a^(3/4)"),
        ("sqrt(Gamma(2*a + 1))", "sqrt(2)*sqrt(a)*sqrt(Gamma(2*a))"),
    ],
)
def test_constants_that_are_equal(one: str, other: str) -> None:
    ring = Ring(["a", "b"])
    left, right = constants(one, other)
    assert same(left, right, ring)
    assert same(right, left, ring)
    again, *_ = constants(str(left.expr(ring)))
    assert same(left, again, ring)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Gamma(a)", "Gamma(a + 1)"),
        ("Gamma(a)", "Gamma(b)"),
        ("Gamma(a + 1/2)", "Gamma(a)"),
        ("zeta(3)", "zeta(5)"),
        ("zeta(3)", "pi^3/26"),
        ("2^a", "3^a"),
        ("2^(1/2)", "3/2"),
        ("a^(1/2)", "b^(1/2)"),
        ("a^a", "a"),
        ("a^(1/2)*b^(1/3)", "1"),
        ("sqrt(a)", "sqrt(2)*a^(1/3)"),
        ("Gamma(1/3)*Gamma(2/3)", "pi"),
        ("zeta(3) + 1", "zeta(3)"),
        ("zeta(a) - 1", "sum(i^-a, i, 3, oo)"),
        ("zeta(3) + zeta(5)", "zeta(3)"),
        ("sigma", "1"),
        ("EulerGamma", "pi"),
        ("EulerGamma", "577/1000"),
        ("exp(a)", "exp(b)"),
        ("Gamma(a + 300)", "Gamma(a)"),
    ],
)
def test_constants_that_are_not_found_equal(one: str, other: str) -> None:
    left, right = constants(one, other)
    assert not same(left, right, Ring(["a", "b"]))


def test_quotients_are_of_single_terms() -> None:
    ring = Ring(["a", "b"])
    one, other = constants("zeta(3)", "2*zeta(3) + 1")
    assert quotient(one, other, ring) is None
    assert quotient(other, one, ring) is None
    assert quotient(one, one, ring) == ring.one


def test_constants_that_grow_too_large() -> None:
    terms = " + ".join(f"zeta({k})" for k in range(3, 43, 2))
    with refused("too many terms"):
        constants(f"({terms})*({terms})")
    with refused("no rule for a power"):
        constants("(1 + zeta(3))^5")
    with refused("too many terms"):
        constants("(pi*a^4)^16", assume=("a > 0", "b > 0"))
    sizes = "(M + N)*(M + T)*(N + T)*(M + C)*(N + C)*(T + C) ~ M"
    with pytest.raises(StuckError, match="too many terms"):
        derivation(make_claim(sizes))


# Quantities, exactly.


@pytest.mark.parametrize(
    ("quantity", "settings", "value"),
    [
        ("irreducible", {"outputs": "p"}, "p*sigma^2"),
        ("approx", {"features": "top"}, "sum(i^(-b), i, M + 1, oo)"),
        ("2*approx", {"features": "top"}, "2*sum(i^(-b), i, M + 1, oo)"),
        ("approx", {"features": "top", "outputs": "p"}, "p*sum(i^(-b), i, M + 1, oo)"),
        ("eigenvalue(j)", {"features": "top"}, "j^(-a)"),
        ("effective_dimension", {"features": "top"},
         "sum(min(1, (N_eff*gamma*i^(-a))^2), i, 1, M)"),
        ("mean_bias", {"features": "top", "schedule": "constant"},
         "sum(i^(-b)*(1 - gamma*i^(-a))^(2*N), i, 1, M)"),
    ],
)  # fmt: skip
def test_what_quantities_are(quantity: str, settings: dict[str, str], value: str) -> None:
    found = exact_meaning(parse_expr(quantity), setting(**settings), SIZES)
    assert found.upper == found.lower == parse_expr(value)


def setting(**changes: str) -> Setting:
    given = {"spectrum": "i^-a", "target": "i^-b", **changes}
    read = {"spectrum", "target", "outputs"}
    return Setting(**{k: parse_expr(v) if k in read else v for k, v in given.items()})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("quantity", "settings"),
    [
        ("approx", {}),
        ("approx", {"features": "top", "target": "2*i^-b"}),
        ("eigenvalue(j)", {"features": "top", "spectrum": "2*i^-a"}),
        ("variance", {"features": "top"}),
        ("risk", {"features": "top"}),
        ("mean_bias", {"features": "top"}),
        ("effective_dimension", {"features": "top", "schedule": "constant"}),
    ],
)
def test_quantities_that_are_known_up_to_constants(
    quantity: str, settings: dict[str, str]
) -> None:
    with pytest.raises(NoMeaningError):
        exact_meaning(parse_expr(quantity), setting(**settings), SIZES)


def test_paths_of_exact_quantities_say_how_every_size_goes() -> None:
    # Up to constants M makes no difference beside the noise.
    claim = make_claim("approx + irreducible ~ sigma^2", ["a > 1", "b > 1"], features="top")
    proof = proof_of(claim)
    assert proof["model"]["path"] == {"M": ["1", "0", "0"]}
    check(claim, proof)


# Ratios with another limit.


@pytest.mark.parametrize(
    ("says", "assume", "limit"),
    [
        ("sum(i^-a, i, 1, M) ~ zeta(a)/2", ["a > 1"], "2"),
        ("sum(i^-b*exp(-N*i^-a), i, 1, oo) ~ Gamma(b/a)/a*N^((1-b)/a)", ["a > 1", "b > 1"],
         "1.77245385091"),
        ("sum(i^-3, i, 2, M) ~ zeta(3)", [], "0.168092627419"),
        ("sigma*M*exp(1/2) ~ 2*sigma*M*exp(1/2)", [], "1/2"),
        ("sqrt(3)*log(2)*M ~ M", [], "1.20056613385"),
        ("(10^30 + 57)^(1/2)*M ~ M", [], None),
        ("sigma*M ~ M", [], None),
        ("sigma*M*sqrt(2) ~ sigma*M", [], None),
        ("M*exp(1/2) ~ M", [], "1.6487"),
        ("M*(1 + zeta(3)) ~ M*(zeta(3) + 2)", [], "0.6877"),
        ("M*(1 + zeta(3)) ~ M*(1 + zeta(3))", [], None),
        ("M*Gamma(1/3)*Gamma(2/3)*sin(pi/3) ~ M*pi*1", [], None),
        ("M*sin(pi/6) ~ M/2", [], None),
        ("M + N ~ 2*M + N", [], "1/2"),
        ("M^2 ~ M", [], None),
        ("sqrt(a)*M ~ sqrt(2*a)*M", ["a > 0"], "0.707106781187"),
        ("EulerGamma*M ~ pi*M", [], "0.18373"),
        ("EulerGamma*M ~ M*EulerGamma", [], None),
    ],
)  # fmt: skip
def test_limits_of_ratios(says: str, assume: list[str], limit: str | None) -> None:
    claim = make_claim(says, assume)
    witness = refute_ratio(claim)
    if limit is None:
        assert witness is None
        return
    assert witness is not None
    found = check_witness(claim, witness | with_values(claim))
    assert found.side == "limit"
    assert found.ratio.startswith(limit)
    assert found.text == f"LEFT/RIGHT tends to {found.ratio}, not to 1"


def test_witnesses_that_show_no_limit() -> None:
    claim = make_claim("sum(i^-2, i, 1, M) ~ 2*zeta(2)")
    witness = refute_ratio(claim)
    assert witness is not None
    void = {"kind": "ratio", "values": {}, "path": {"M": ["1", "0", "0"]}}
    for bent in (
        {**witness, "path": {"M": ["-1", "0", "0"]}},
        {**witness, "tree": {"grows": {}}},
        {key: value for key, value in witness.items() if key != "tree"},
        void | {"tree": {"absurd": {"mu": [], "nu": [], "gens": {}}}},
    ):
        with refused("."):
            check_ratio(claim, bent)
    for says in ("M = Theta(M)", "sum(i^-2, i, 1, M) ~ zeta(2)"):
        with refused("."):
            check_ratio(make_claim(says), witness)
    goal = make_claim("optimal(M) ~ C", minimise="M + C/M", over=["M"])
    with refused("for claims with ~"):
        check_ratio(goal, witness)


def test_growth_is_sought_once() -> None:
    ctx = premises(make_claim("M ~ M"), exact=True).ctx
    sought = Sought(ctx)
    one = equivalent(parse_expr("M + 1"), sought)
    assert str(one.expr(ctx)) == "M"
    assert list(sought.found) == ["M"]
