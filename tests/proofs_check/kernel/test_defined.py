"""What a claim says has a value, or it is neither proved nor refuted."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from derivations import is_derived

from ratecert.proofs_check.checker import check, check_witness
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.cone import SignNeededError
from ratecert.proofs_check.kernel.defined import check_defined, require_defined, sign, valued
from ratecert.proofs_check.kernel.premises import stated
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.theory.derive import derivation, derive
from ratecert.theory.search.derivation import with_values
from ratecert.theory.search.prover import StuckError
from ratecert.theory.witnesses.refute import model, refute

WITHOUT_VALUES: list[tuple[str, list[str]]] = [
    # What cancels has no value.
    ("M^((a-17/13)/(a-17/13)) = Theta(M)", ["a > 1"]),
    ("M^((a-b)/(a-b)) = Theta(M)", ["a > 0", "b > 0"]),
    ("M^((a-b)/(a-b)) = Theta(M^2)", ["a > 0", "b > 0"]),
    ("M^((a^2-b^2)/(a-b)) = Theta(M^(a+b))", ["a > 0", "b > 0"]),
    ("M*(a-2)/(a-2) = Theta(M)", ["a > 1"]),
    ("M + 0/(N-N) = Theta(M)", []),
    ("M + 0*log(0-M) = Theta(M)", []),
    ("M*(log(0-M))^0 = Theta(M)", []),
    ("M + (b-2)*log(0-M) = Theta(M)", ["b > 0", "b = 2"]),
    ("exp(0/(M-M))*M = Theta(M)", []),
    ("M^(0/(a-b)) = Theta(1)", ["a > 0", "b > 0"]),
    ("max(M, 0*log(0-N)) = Theta(M)", []),
    ("sum(i^-2 + 0*log(i-5), i, 1, M) = Theta(1)", []),
    # Constants without one.
    ("zeta(a)*M = Theta(M)", ["a > 0", "a < 2"]),
    ("zeta(a)^0*M = Theta(M)", ["a > 0"]),
    ("Gamma(a)*M/Gamma(a) = Theta(M)", ["a > -1"]),
    ("sqrt(a)*M/sqrt(a) = Theta(M)", ["a > -1"]),
    ("M*log(a)/log(a) = Theta(M)", ["a > 1/2"]),
    # Terms of sums, at some index.
    ("sum(1/(i*log(i)), i, 1, M) = Theta(log(log(M)))", []),
    ("sum(1/(k-3), k, 1, M) = Theta(log(M))", []),
    ("sum(i^-2, i, 0, M) = Theta(1)", []),
    ("sum(i^-2, i, -3, M) = Theta(1)", []),
    ("sum(i^-2, i, -M, M) = Theta(1)", []),
    ("1/(M-N)^2 = O(1)", []),
    # Sums without an end.
    ("sum(1/i, i, 1, oo) = Omega(1)", []),
    ("sum(i, i, M, oo) = Omega(1)", []),
    ("sum(N, i, M, oo) = Omega(1)", []),
    ("M + sum(i^-a, i, 1, oo) = Omega(M)", ["a > 0"]),
    ("M + 0*sum((i+1)^-a, i, 1, oo) = Theta(M)", ["a > 0"]),
    ("sum(i^-2, i, 1, M) + 0*sum(1/i, i, 1, oo) = o(M^-2)", []),
    ("sum((1-2/k)^(a*M), k, 1, 2) = Theta(1)", ["a > 0"]),
    ("sum((1-gamma*i^-a)^N, i, 1, M) = O(M)", ["a < 1"]),
    ("sum((1-gamma*i^-a)^N, i, 1, M) = O(M)", ["a < 0"]),
    # Sides of which nothing says that they are positive.
    ("log(M-N) = O(log(M))", []),
    ("(M-N)^(1/2) = O(M^(1/2))", []),
    ("1/sum(i^-2, i, M, N) = O(N)", []),
    ("sqrt(M-2*N) = O(M)", ["M >= N"]),
]


@pytest.mark.parametrize(("says", "assume"), WITHOUT_VALUES)
def test_what_may_have_no_value_is_neither_proved_nor_refuted(
    says: str, assume: list[str]
) -> None:
    claim = make_claim(says, assume)
    with pytest.raises(StuckError, match="the claim may say nothing"):
        with_values(claim)
    found = derive(claim)
    assert (found.proof, found.refutation) == (None, None)
    assert found.reason.startswith("the claim may say nothing")
    # A witness that forgets to ask is not accepted either.
    if (witness := refute(claim)) is not None:
        with pytest.raises(RejectedError):
            check_witness(claim, witness)


WITH_VALUES: list[tuple[str, list[str]]] = [
    ("M^((a-b)/(a-b+1)) = O(M)", ["a > b", "b > 0"]),
    ("M^((a^2-b^2)/(a-b)) = Theta(M^(a+b))", ["a > b", "b > 0"]),
    ("zeta(a)*M = Theta(M)", ["a > 1"]),
    ("log(M-N) = Theta(log(M))", ["M >= N*log(N)"]),
    ("sum(i/log(i), i, 2, M) = Theta(M^2/log(M))", []),
    ("sum(i^-b*(1-gamma*i^-a)^(2*N), i, 1, M) = O(1)", ["a > 1", "b > 1"]),
    ("1/sum(1/i, i, 1, M^(1/2)) = Theta(1/log(M))", []),
    ("1/sum(i^-2, i, M, oo) = Theta(M)", []),
    ("sum(N*i^-a*i^-b, i, M, oo) = Theta(N*M^(1-a-b))", ["a > 1/2", "b > 1/2"]),
    ("sum(i^-1*log(i+1)^-a, i, 1, oo) = Theta(1)", ["a > 1"]),
    ("M/(min(1, M)*max(M, 1)) = Theta(1)", []),
    ("(1-1/M)^(2*N) = O(1)", []),
    ("M/exp(min(0, a)) = Theta(M)", ["a < 1"]),
]


@pytest.mark.parametrize(("says", "assume"), WITH_VALUES)
def test_what_has_a_value_is_judged(says: str, assume: list[str]) -> None:
    assert is_derived(says, *assume)


@pytest.mark.parametrize(
    ("says", "assume"),
    [
        ("sin(pi/a)*M/sin(pi/a) = Theta(M)", ["a > 1"]),
        ("1/log(log(M)) = O(1)", []),
        ("1/log(log(M*N)^2 + 3) = O(1)", []),
        ("1/sum(i^-2, i, 1, 3) = Theta(1)", []),
    ],
)
def test_more_has_a_value_than_is_proved(says: str, assume: list[str]) -> None:
    with_values(make_claim(says, assume))


def test_a_negative_base_may_be_under_a_whole_number() -> None:
    ctx = stated(make_claim("M*N = O(M*N*a)", ["a > 0"])).ctx
    expected: str | None
    for text, expected in {
        "(-2)^3": "-", "(-M)^2": "+", "(-M)^(-3)": "-", "-M*N": "-", "-M - N": "-",
        "N*(-M)*(-N)": "+",
        "min(-M, N)": "-", "max(-M, N)": "+", "max(-M, -N)": "-", "log(M) - M": "-",
        "M - log(M)": "+", "sqrt(M)": "+", "Gamma(M)": "+", "sum(-i, i, 1, M)": "-",
        "eigenvalue(M)": "+", "risk - sigma^2": "+", "-pi": "-", "pi - 4": "",
        "(M - N)^2": "", "(M - N)^0": "+", "M^a": "+", "M*(a - 1)": None, "M*N - 2": "+",
        "sum(sum(1, j, 1, i), i, 1, M)": "+", "sum(sum(1, j, 2, i), i, 1, M)": "",
        "sum(sum(1, j, 2, i), i, 2, M)": "+", "M - log(N - M)*0": "",
        "M - M": "", "sum(i, i, M, N)": "", "N*sin(M)": "",
    }.items():  # fmt: skip
        try:
            found = sign(parse_expr(text), ctx)
        except SignNeededError:
            found = None
        except RejectedError:
            found = ""
        assert found == expected, text


def test_proofs_that_a_claim_has_values() -> None:
    claim = make_claim("M^(1/a) = O(M^(1/a))", ["a > 1"])
    proof = derivation(claim) | {"model": model(claim)}
    assert proof["defined"]["signs"]
    check(claim, proof)
    for wrong in (
        {},
        {"signs": [], "then": {}},
        proof["defined"] | {"then": {"more": 1}},
        None,
        1,
    ):
        with pytest.raises(RejectedError):
            check(claim, proof | {"defined": wrong})
    with pytest.raises(RejectedError):
        check(claim, {k: v for k, v in proof.items() if k != "defined"})


def test_a_case_in_which_there_is_no_value_is_refused() -> None:
    claim = make_claim("M^(1/a) = O(M)", ["a >= 0"])
    tree: dict[str, Any] = {"cases": "a", "pos": {}, "zero": {}, "neg": {"void": []}}
    with pytest.raises(RejectedError):
        check_defined(claim, tree)
    with pytest.raises(RejectedError):
        require_defined(stated(claim))


def test_oo_is_no_number() -> None:
    ready = stated(make_claim("M = O(M)"))
    with pytest.raises(RejectedError, match="oo is no number"):
        valued(parse_expr("oo"), ready.ctx)


def test_an_index_that_is_certainly_there() -> None:
    ctx = stated(make_claim("M = O(M)")).ctx.with_index("i′", Fraction(3))
    for text, expected in {
        "sum(1, j, 3, i′)": "+", "sum(1, j, 4, i′)": "", "sum(1, j, 2, 1)": "",
        "1 - gamma*i′^2": "", "1 - M^2/i′": "",
    }.items():  # fmt: skip
        try:
            found = sign(parse_expr(text, is_printed=True), ctx)
        except RejectedError:
            found = ""
        assert found == expected, text
