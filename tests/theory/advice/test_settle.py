"""Assumptions that are named for undecided claims: each settles its claim, none is idle."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ratecert
from ratecert.orders.leading import UnknownOrderError
from ratecert.orders.order import order
from ratecert.pipeline.certify import certify
from ratecert.proofs_check.checker import check
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.premises import premises
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.verdict.certificate import Verdict
from ratecert.theory import derive as derive_module
from ratecert.theory.advice.settle import settling, told
from ratecert.theory.derive import derive, require_possible

NAMED = [
    ("sum(i^-b, i, M, oo) = Theta(M^(1-b))", ["b > 0"], ["b > 1"]),
    ("sum(i^-b, i, M, oo) ~ M^(1-b)/(b-1)", ["b > 0"], ["b > 1"]),
    ("sum(i^-b, i, 1, M) ~ M^(1-b)/(1-b)", ["b > 0"], ["b < 1"]),
    ("sum(i^-(a*b), i, M, oo) = Theta(M^(1-a*b))", ["a > 0", "b > 0"], ["a*b > 1"]),
    ("sum(i^-b*exp(-N*i^-a), i, 1, oo) = O(N^((1-b)/a))", ["a > 0", "b > 0"], ["b > 1"]),
    ("sum(1/(1+i^a/k)^p, i, 1, oo) = Theta(k^(1/a))", ["a > 0", "p > 0"], ["a*p > 1"]),
    ("sum(i^-b*(1+i/M)^-c, i, 1, oo) = Theta(M^(1-b))", ["b < 1", "c > 0"], ["c > 1 - b"]),
    # A boundary that may stay in does.
    ("log(M)^a = O(M^b)", ["a > 0", "b >= 0"], ["b > 0"]),
    # A comparison of sizes where no parameter helps.
    ("sum(i^-b, i, M + 1, N) = Theta(M^(1-b))", ["b > 1", "N >= M"], ["N >= M*log(M)"]),
    ("M - N = Theta(M)", [], ["M >= N*log(N)"]),
    # Two at once, of the sum inside and of the one outside.
    (
        "sum(sum(i^-a*j^-b, j, 1, i), i, 1, M) = Theta(1)",
        ["a > 0", "b > 0"],
        ["a > 1", "b > 2 - a"],
    ),
]
OPEN = [
    # False for all parameters, whatever the search says of them.
    ("sum(i^-b, i, M, oo) = Theta(M^(2-b))", ["b > 0"]),
    ("sum(i^-b, i, M, oo) ~ 2*M^(1-b)/(b-1)", ["b > 0"]),
    ("sum(i^-b*exp(-N*i^-a), i, 1, oo) = O(N^((1-b)/a - 1))", ["a > 0", "b > 0"]),
    # No rule reads them, whatever is assumed.
    ("sum(sum(i^-a*j^-b, j, 1, i), i, 1, M) = O(1/M)", ["a > 0", "b > 0"]),
    ("approx = Theta(M^(-b))", ["a > 0", "b > 0"]),
    ("(1 - exp(-M))^M = Theta(1)", []),
    ("M^a - N^b = O(M)", ["a > 0", "b > 0"]),
]


def _is_undecided(claim: Claim) -> bool:
    found = derive(claim)
    return found.proof is None and found.refutation is None


def _require_settled(claim: Claim) -> list[str]:
    """Require of what is named that it is consistent, new, and lets the checker accept a proof."""
    named = settling(claim)
    if named:
        settled = replace(claim, assume=(*claim.assume, *named))
        require_possible(premises(settled))
        assert not set(named) & set(claim.assume)
        proof = derive(settled).proof
        assert proof is not None
        assert check(settled, proof).claim == settled
    return sorted(map(str, named))


@pytest.mark.parametrize(("says", "assumed", "named"), NAMED)
def test_the_missing_assumption_is_named(says: str, assumed: list[str], named: list[str]) -> None:
    claim = make_claim(says, assumed)
    assert _is_undecided(claim)
    assert _require_settled(claim) == named


@pytest.mark.parametrize(("says", "assumed"), OPEN)
def test_what_nothing_settles_gets_no_assumption(says: str, assumed: list[str]) -> None:
    assert settling(make_claim(says, assumed)) == ()


@pytest.mark.parametrize(
    ("says", "assumed", "named"),
    [
        ("approx = Theta(M^(1-b))", ["a > 1", "b > 0"], ["b < a + 1", "b > 1"]),
        ("risk = Theta(1)", ["a > 0", "b > a"], ["a > 1"]),  # that b > 1 follows
        ("eigenvalue(j) = Theta(j^-a)", ["a > 1", "b > 1", "j >= 1"], ["M >= j"]),
    ],
)
def test_what_definitions_need_is_assumed_first(
    says: str, assumed: list[str], named: list[str]
) -> None:
    assert _require_settled(make_claim(says, assumed)) == named


def test_definitions_that_cannot_hold_are_not_assumed() -> None:
    claim = make_claim("approx = Theta(M^(1-b))", ["a < 1", "b > 0"])
    assert settling(claim) == ()


def test_nothing_is_named_that_the_checker_rejects(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise RejectedError("a step does not hold")

    monkeypatch.setattr(derive_module, "check", refuse)
    assert settling(make_claim("sum(i^-b, i, M, oo) = Theta(M^(1-b))", ["b > 0"])) == ()


PARTS = ["sum(i^-({b}), i, M, oo)", "sum(i^-({b})*log(i+1)^({c}), i, M, oo)",
         "sum(i^-({b})*(1 + i/N)^({c}), i, 1, oo)", "N^({c})*log(N)^({b})",
         "sum(i^-({b})*min(1, N*i^({c})), i, 1, oo)", "exp(-N^({b}))"]  # fmt: skip
exponents = st.sampled_from(["b", "b + 1", "2*b", "c", "b - c", "c - 1", "1/2"])
ranges = st.lists(
    st.sampled_from(["b > 0", "b >= 0", "c > 0", "c <= 0", "b < 2", "c >= b", "c < 3"]), max_size=2
)


@settings(max_examples=6)
@given(
    st.sampled_from(PARTS),
    st.tuples(exponents, exponents, exponents),
    st.sampled_from(["O", "Omega", "Theta"]),
    st.sampled_from(["M", "N", "log(N)"]),
    ranges,
)
def test_whatever_is_named_settles(
    part: str, powers: tuple[str, str, str], relation: str, size: str, assumed: list[str]
) -> None:
    b, c, d = powers
    says = f"{part.format(b=b, c=c)} = {relation}({size}^({d}))"
    claim = make_claim(says, [*dict.fromkeys(assumed), "b < 9", "c < 9"])
    _require_settled(claim)


def test_reasons_and_errors_say_it() -> None:
    claim = make_claim("sum(i^-b, i, M, oo) = Theta(M^(1-b))", ["b > 0"])
    reason = (
        "sum(1/i, i, M, oo) diverges, where b = 1; "
        "assuming b > 1 would settle it (proved with it, and checked)"
    )
    assert certify(claim).reason == f"the claim may say nothing: {reason}"
    assert certify(make_claim(claim.says, ["b > 1"])).verdict is Verdict.CERTIFIED
    with pytest.raises(UnknownOrderError) as caught:
        order("sum(i^-b, i, M, oo)", ["b > 0"])
    assert str(caught.value) == reason
    assert ratecert.order("sum(i^-b, i, M, oo)", ["b > 0", "b > 1"]).order == "M^(1 - b)"


def test_reasons_without_an_assumption_claim_none() -> None:
    assert "would settle" not in certify(make_claim("(1 - exp(-M))^M = Theta(1)")).reason
    assert told("no rule", ()) == "no rule"
