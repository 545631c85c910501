"""Kernels by name: what is read, the order of each spectrum, and what must not be proved of it."""

from dataclasses import replace
from fractions import Fraction

import pytest

from ratecert.proofs_check.checker import check
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError, UserError
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.language.mercer import FUNK_HECKE, KERNELS, MercerKernel, parse_kernel
from ratecert.proofs_check.meaning.definitions import GAUSSIAN_FEATURES, meaning
from ratecert.theory.derive import derive

EXPONENTS = {
    "brownian": "2",
    "brownian-bridge": "2",
    "laplace": "2",
    "sobolev(3/2)": "3",
    "sobolev(s)": "2*s",
    "matern(1/2)": "2",
    "matern(nu)": "2*nu + 1",
    "arc-cosine(2)": "4",
    "arc-cosine(3)": "5/2",
    "ntk(2)": "2",
    "ntk(10)": "10/9",
}


@pytest.mark.parametrize(("text", "exponent"), EXPONENTS.items())
def test_a_kernel_is_read_and_written(text: str, exponent: str) -> None:
    kernel = parse_kernel(text)
    assert kernel.exponent == parse_expr(exponent)
    assert str(kernel) == text
    assert parse_kernel(f"  {text} ") == kernel


def test_every_kernel_that_messages_offer_is_one() -> None:
    for text in KERNELS:
        assert isinstance(parse_kernel(text.replace("(d)", "(3)")), MercerKernel)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not a kernel: known are brownian"),
        ("a b", "is not a kernel"),
        ("2", "is not a kernel"),
        ("brownian\n(", "is not a kernel"),
        ("bronian", "no kernel bronian; did you mean brownian?"),
        ("sobolev", 'needs its parameter: write kernel = "sobolev(2)"'),
        ("arc-cosine", "needs its parameter"),
        ("brownian()", "has no parameter"),
        ("sobolev()", "expected an expression"),
        ("ntk(5/2)", "d is a whole number, written out"),
        ("ntk(q)", "d is a whole number, written out"),
        ("ntk(1)", "d from 2 to 1000"),
        ("ntk(1001)", "d from 2 to 1000"),
        ("ntk(-3)", "d from 2 to 1000"),
    ],
)
def test_what_is_no_kernel_is_refused(text: str, problem: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_kernel(text)
    assert problem in str(caught.value)


def test_trust_names_what_a_kernel_rests_on() -> None:
    setting = make_claim("M = O(M)", kernel="ntk(3)", target="i^-2").setting
    brownian = replace(setting, kernel=parse_kernel("brownian"))
    plain = replace(setting, kernel=None, spectrum=parse_expr("i^-2"))
    for name in ("bias", "variance", "risk", "excess"):
        expr = parse_expr(name)
        assert {FUNK_HECKE, GAUSSIAN_FEATURES} <= set(meaning(expr, setting).trust)
        assert GAUSSIAN_FEATURES in meaning(expr, brownian).trust
        assert FUNK_HECKE not in meaning(expr, brownian).trust
        assert not {FUNK_HECKE, GAUSSIAN_FEATURES} & set(meaning(expr, plain).trust)
    for name in ("approx", "mean_bias", "effective_dimension", "eigenvalue(j)"):
        trust = meaning(parse_expr(name), setting).trust
        assert FUNK_HECKE in trust
        assert GAUSSIAN_FEATURES not in trust


def proved(claim: Claim) -> bool:
    derivation = derive(claim).proof
    if derivation is None:
        return False
    check(claim, derivation)
    return True


@pytest.mark.parametrize("s", ["3/4", "1", "2", "7/2"])
def test_the_rate_of_a_smoothness_is_not_that_of_its_neighbours(s: str) -> None:
    value = Fraction(s)
    for other in (value - Fraction(1, 8), value, value + Fraction(1, 8)):
        claim = make_claim(
            f"approx = Theta(M^(1-2*{other}))", kernel=f"sobolev({s})", target=f"i^(-2*{value})"
        )
        assert proved(claim) == (other == value)


@pytest.mark.parametrize("relation", ["eigenvalue(j) ~ j^-2", "eigenvalue(j) ~ j^-2/pi^2"])
def test_a_spectrum_known_in_order_alone_proves_no_equivalence(relation: str) -> None:
    claim = make_claim(
        relation, ["j >= 1", "j <= M"], kernel="brownian", target="i^-2", features="top"
    )
    assert not proved(claim)


def test_a_derivation_of_one_kernel_is_none_of_another() -> None:
    says, target = "approx = Theta(M^-1)", "i^-2"
    claim = make_claim(says, kernel="brownian", target=target)
    derivation = derive(claim).proof
    check(claim, derivation)
    check(
        replace(claim, setting=replace(claim.setting, kernel=parse_kernel("laplace"))), derivation
    )
    other = make_claim(says, kernel="ntk(3)", target=target)
    with pytest.raises(RejectedError):
        check(other, derivation)


@pytest.mark.parametrize("smoothness", ["1/2", "1/4", "0", "-2"])
def test_a_spectrum_without_a_trace_proves_nothing(smoothness: str) -> None:
    claim = make_claim("approx = O(1)", kernel=f"sobolev({smoothness})", target="i^-2")
    assert not proved(claim)


def test_a_free_smoothness_needs_its_assumption() -> None:
    says = "effective_dimension = O((N_eff*gamma)^(1/(2*s)))"
    steps = "N_eff*gamma >= 1"
    assert proved(make_claim(says, ["s > 1/2", steps], kernel="sobolev(s)", target="i^-2"))
    assert not proved(make_claim(says, ["s > 1/4", steps], kernel="sobolev(s)", target="i^-2"))
