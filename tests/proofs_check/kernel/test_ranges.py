"""Cut ranges, first terms and impossible cases: what the rules need, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from derivations import is_derived

from ratecert.proofs_check.checker import check
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.cone import Context, is_multiple
from ratecert.proofs_check.kernel.growth import bound, has_first
from ratecert.proofs_check.kernel.logform import monomial
from ratecert.proofs_check.kernel.premises import premises
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Sum
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.theory.derive import derivation
from ratecert.theory.witnesses.refute import model

ONE: list[Any] = [["1", []]]


def context(*assume: str) -> Context:
    return premises(make_claim("M*N*gamma = O(M*N*gamma)", assume)).ctx


def refused(message: str) -> Any:
    return pytest.raises(RejectedError, match=message)


TRUE = [
    ("sum(sum((1 - gamma*i^-2)^(2*t), t, 1, N), i, 1, M) = Theta(min(M^3/gamma, M*N))",
     "N*gamma >= 1", "N*gamma >= M^2"),
    ("sum(i^-1*sum(j^-2, j, 1, i), i, 1, M) = Theta(log(M))",),
    ("sum(1/sum(1/j^2, j, 1, i), i, 1, M) = Theta(M)",),
    ("sum(i^-5*max(1, i^2/M)^2, i, 1, M) = Theta(1)",),
    ("sum(i^-1*min(1, N/i), i, 1, oo) = Theta(log(N))",),
]  # fmt: skip
FALSE = [
    ("sum(sum(exp(-gamma*t*i^-2), t, 1, N), i, 1, M) = O(M^2/gamma)", "N*gamma >= M^2"),
    ("sum(1/sum(1/j^2, j, 2, i), i, 1, M) = O(M)",),
    ("sum(i^-5*max(1, i^2/M)^2, i, 1, M) = O(1/M)",),
    ("sum(1/j^2, j, 2, 3/2) = Omega(1)",),
]


@pytest.mark.parametrize("case", TRUE, ids=lambda case: case[0])
def test_true_claims_are_proved(case: tuple[str, ...]) -> None:
    assert is_derived(*case)


@pytest.mark.parametrize("case", FALSE, ids=lambda case: case[0])
def test_false_claims_are_not_proved(case: tuple[str, ...]) -> None:
    assert not is_derived(*case)


@pytest.mark.parametrize(
    ("text", "certain"),
    [
        ("sum(i, i, 1, oo)", True),
        ("sum(i, i, 7, M)", True),
        ("sum(i, i, 1, j)", True),
        ("sum(i, i, 1/2, j)", True),
        ("sum(i, i, 2, j)", False),
        ("sum(i, i, 1, gamma)", False),
        ("sum(i, i, N, M)", False),
        ("sum(i, i, 1, M/2)", False),
    ],
)
def test_ranges_that_hold_a_first_number(text: str, certain: bool) -> None:
    expr = parse_expr(text)
    assert isinstance(expr, Sum)
    assert has_first(expr, context().with_index("j")) is certain


def test_both_parts_of_a_cut_range_are_bounded() -> None:
    ctx = context()
    text = str(parse_expr("sum(1/i, i, 1, M)"))
    small = {"pieces": [{"at": "1"}], "slope": "1", "bound": "1", "inner": {}}
    small["proof"] = {"certs": [{"mu": [ONE], "nu": [ONE], "gens": {}}] * 2}
    for hint, message in [
        ({"cut": "M^(1/2)", "below": small}, "no entry 'above'"),
        ({"cut": "i′", "below": small, "above": small}, "no rule gives the order of i"),
        ({"cut": "M + N", "below": small, "above": small}, "not a monomial"),
        ({"cut": "1", "below": small, "above": small}, "identity"),
    ]:
        with refused(message):
            bound(parse_expr(text, is_printed=True), True, ctx, {text: {"upper": hint}})


def test_multiples_of_a_form() -> None:
    ctx = context("a > 0")
    power = monomial(parse_expr("N*gamma"), ctx)
    for text, found in [
        ("N^2*gamma^2", True), ("(N*gamma)^(1/3)", True), ("1/(N*gamma)", False),
        ("N^2*gamma", False), ("M", False),
    ]:  # fmt: skip
        assert is_multiple(monomial(parse_expr(text), ctx), power) is found
    ring = premises(make_claim("M = O(M*N^a)", ["a > 0"])).ctx
    form = monomial(parse_expr("N"), ring)
    assert not is_multiple(form.scale(ring.ring.frac(parse_expr("a"))), form)


def test_an_impossible_case_above_the_choice_of_a_point() -> None:
    """Where no parameters are, every claim about an optimum holds; elsewhere none does so."""
    claim = make_claim("optimal(M) = Theta(C^(1/2))", ["a > 1"], minimise="M^-1 + M/C + M^(-a)",
                       over=["M"])  # fmt: skip
    proof = derivation(claim)
    proof["model"] = model(claim)
    check(claim, proof)
    tree = proof["tree"]
    compared = {"compare": ["a", "1"], "gt": tree, "eq": {"void": [["1", [0]]]},
                "lt": {"void": [["1", [0]], ["1", [1]]]}}  # fmt: skip
    check(claim, {**proof, "tree": compared})
    with refused("void case is not 0"):
        check(claim, {**proof, "tree": {**compared, "gt": {"void": [["1", [0, 0]]]}}})
