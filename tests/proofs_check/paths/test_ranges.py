"""Sums that are empty along a path, or of one term, and what they refute."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import unmarked
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.paths.bounds import Path
from ratecert.proofs_check.paths.orders import CONSTANT, Order, UndecidedError
from ratecert.proofs_check.paths.ranges import settled
from ratecert.proofs_check.refutation.witness import Refuted, check_refutation
from ratecert.theory.derive import derive
from ratecert.theory.witnesses.refute import refute

T = Order(Fraction(1))
PATH = Path({"a": Fraction(2)}, {"M": T**2, "N": T, "K": T, "gamma": CONSTANT})
EMPTY = "sum(i^-a, i, M, N)"


def shown(text: str, equal: str = "MNK") -> str:
    return unmarked(str(settled(parse_expr(text), PATH, frozenset(equal))))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (EMPTY, "0"),
        ("sum(i^-a, i, N^2*log(N), M)", "0"),
        ("sum(i, i, M, 7)", "0"),
        (f"{EMPTY} + M", "M"),
        (f"M - {EMPTY}", "M"),
        (f"{EMPTY} + 3*{EMPTY}", "0"),
        (f"M*{EMPTY}*log(M)", "0"),
        (f"{EMPTY}^(1/2)", "0"),
        (f"sqrt({EMPTY})", "0"),
        (f"min(M, {EMPTY})", "0"),
        (f"max(M, {EMPTY})", "max(M)"),
        (f"max({EMPTY}, 2*{EMPTY})", "0"),
        (f"M^({EMPTY} + 1)", "M"),
        # One term.
        ("sum(i^-a, i, N, K)", "N^(-a)"),
        ("sum(sum(j, j, i, K), i, N, K)", "N"),
        ("sum(i^-a, i, M, M)/M", "M^(-a)/M"),
        # Neither.
        ("sum(i^-a, i, N, M)", "sum(i^(-a), i, N, M)"),
        ("sum(i^-a, i, M, oo)", "sum(i^(-a), i, M, oo)"),
        ("sum(i^-a, i, N, 2*K)", "sum(i^(-a), i, N, 2*K)"),
        ("sum(i, i, M, M - N)", "sum(i, i, M, M - N)"),
        ("sum(i, i, M, N - M)", "sum(i, i, M, N - M)"),
        ("sum(sum(i*N, N, 1, 5), i, N, K)", "sum(N*N, N, 1, 5)"),
    ],
)
def test_sums_are_settled(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_only_the_sizes_that_may_be_equal_are() -> None:
    assert shown("sum(i^-a, i, N, K)", "MK") == "sum(i^(-a), i, N, K)"


@pytest.mark.parametrize(
    "text",
    [
        f"1/{EMPTY}", f"{EMPTY}^(1 - a/2)", f"{EMPTY}^M", f"{EMPTY}*exp(M)", f"exp({EMPTY})",
        f"log({EMPTY})",
        f"min({EMPTY}, N - M)", f"max({EMPTY}, N - M)", f"M^{EMPTY}", f"{EMPTY}/{EMPTY}",
    ],
)  # fmt: skip
def test_zeros_without_a_value_are_refused(text: str) -> None:
    with pytest.raises(UndecidedError):
        shown(text)


# Claims.


def refuted(says: str, assume: list[str], **orders: str | tuple[str, str]) -> Refuted:
    path = {n: [*([o] if isinstance(o, str) else o), "0", "0"][:3] for n, o in orders.items()}
    claim = make_claim(says, assume, sizes=["K"])
    values = {"a": "2"} if "i^-a" in says else {}
    return check_refutation(claim, {"kind": "path", "values": values, "path": path})


SHORT = "sum(i^-a, i, M, N) = Theta(M^(1-a))"


def test_an_empty_sum_refutes_what_bounds_it_from_below() -> None:
    for relation in ("Theta", "Omega", "Omegatilde"):
        found = refuted(SHORT.replace("Theta", relation), ["a > 1"], M="2", N="1")
        assert (found.side, found.ratio) == ("below", "0")
        assert found.text == "LEFT/RIGHT is 0, as LEFT is a sum without terms"
    for relation in ("O", "o", "Otilde"):
        with pytest.raises(RejectedError):
            refuted(SHORT.replace("Theta", relation), ["a > 1"], M="2", N="1")


def test_zero_over_zero_refutes_nothing() -> None:
    for right in ("sum(i^-2, i, M, N)", "sum(i^-2, i, M, N)*exp(M)"):
        with pytest.raises(RejectedError):
            refuted(f"sum(i^-a, i, M, N) = Theta({right})", ["a > 1"], M="2", N="1")


def test_an_empty_sum_beside_another_term_is_left_out() -> None:
    says = "sum(i^-a, i, M, N) + M^-9 = Theta(M^(1-a))"
    assert refuted(says, ["a > 1"], M="2", N="1").ratio == "t^(-16)"


def test_equal_sizes_leave_one_term() -> None:
    found = refuted(SHORT, ["a > 1", "N >= M"], M="1", N="1")
    assert (found.side, found.ratio) == ("below", "t^(-1)")
    assert found.text.endswith("tends to 0, where sizes of one order are equal")
    # The largest term of a range of one: 1/M is too much for an upper bound, too.
    short = "sum(1, i, M, N) = Omega(M)"
    assert refuted(short, ["N >= M", "K <= M"], M="1", N="1", K="1").ratio == "t^(-1)"


@pytest.mark.parametrize(
    "assume",
    ["N >= 2*M", "N >= M + 1", "N > M", "2*M = N", "N/M >= 1", "M*gamma >= N"],
)
def test_equal_sizes_keep_the_assumptions_as_they_are_written(assume: str) -> None:
    """From M to 2M there are terms enough; that the sizes are equal must not be assumed."""
    sizes = {"M": "1", "N": "1"} | ({"gamma": "0"} if "gamma" in assume else {})
    with pytest.raises(RejectedError, match="as Theta allows"):
        refuted(SHORT, ["a > 1", assume], **sizes)


def test_effective_steps_are_no_size_that_may_be_equal() -> None:
    says = "sum(i^-a, i, M, N_eff) = Theta(M^(1-a))"
    with pytest.raises(RejectedError, match="as Theta allows"):
        refuted(says, ["a > 1", "N_eff >= M"], M=("1", "-1"), N="1")


def test_a_chain_of_assumptions_keeps_sizes_apart() -> None:
    assume = ["a > 1", "K >= 2*M", "N >= K"]
    with pytest.raises(RejectedError, match="as Theta allows"):
        refuted(SHORT, assume, M="1", N="1", K="1")
    # With K far from both the constant makes no difference.
    assert refuted(SHORT, ["a > 1", "K >= 2*M^2", "N >= M"], M="1", N="1", K="3").ratio == "t^(-1)"


def test_sums_in_the_meaning_of_a_quantity_are_left_alone() -> None:
    says = "irreducible*sum(i^-2, i, M, N) = Theta(1)"
    with pytest.raises(RejectedError, match="has no terms"):
        check_refutation(
            make_claim(says),
            {"kind": "path", "values": {}, "path": {"M": ["2", "0", "0"], "N": ["1", "0", "0"]}},
        )


@pytest.mark.parametrize(
    ("says", "assume", "holds"),
    [
        (SHORT, ["a > 1"], False),
        (SHORT, ["a > 1", "N >= M"], False),
        (SHORT, ["a > 1", "N >= M^2"], True),
        (SHORT.replace("Theta", "O"), ["a > 1"], True),
        ("sum(i^-2*sum(j^(-1/2), j, 1, i), i, 1, M) = Theta(log(M))", [], False),
        ("sum(i^-2*sum(j^(-1/2), j, 1, i), i, 1, M) = Theta(1)", [], True),
        ("sum(sum(j^-2, j, i, oo), i, 1, M) = Theta(1)", [], False),
        ("sum(sum(j^-2, j, i, oo), i, 1, M) = Theta(log(M))", [], True),
    ],
)
def test_the_search_finds_what_is_so(says: str, assume: list[str], holds: bool) -> None:
    claim = make_claim(says, assume)
    assert (derive(claim).proof is not None) == holds
    assert (refute(claim) is not None) == (not holds)
