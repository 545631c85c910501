"""Matrix identities: against NumPy's matrices in spirit, here by exact small integers."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from ratecert.proofs_check.ledger.book import check_ledger

BASE: dict[str, Any] = {
    "id": "it",
    "by": "words",
    "shapes": {"A": "m m", "C": "m m", "B": "m n", "X": "m m", "u": "m 1", "v": "m 1", "y": "n 1"},
    "symmetric": ["A", "C"],
    "gaussian": {"u": "C"},
    "assume": ["X*A = I", "B*t(B) = X"],
}
STANDING: dict[str, Any] = {"reals": [], "integers": [], "assume": [], "example": {}}


def verdict(says: str, **changes: Any) -> str:
    """Return "" where the statement is proved, else the reason."""
    head = {"format": 1, "key": "t", "standing": STANDING}
    (entry,) = check_ledger({**head, "item": [{**BASE, "says": says, **changes}]}).entries
    return entry.reason if entry.status == "rejected" else ""


@pytest.mark.parametrize(
    "says",
    [
        "t(A*X*B) = t(B)*t(X)*A",
        "2*A*(X + C) - A*X = A*X + 2*A*C",
        "A^2*X = A*A*X",
        "A^3*X = A*A*A*X",
        "A^4*C^4*A^4 = A^4*C^4*A*A*A*A",
        "t(X)^2 = t(X*X)",
        "B*t(B)*A = I",
        "X*A*X*A = I",
        "C*X*A*C = C*C",
        "tr(A*B*t(B)*C) = tr(C*A*X)",
        "tr(X*C) = tr(C*t(X))",
        "t(v)*X*v = t(v)*t(X)*v",
        "E(u*t(u)) = C",
        "E(3*A) = 3*A",
        "E(u*t(u)*A*u*t(u)) = 2*C*A*C + tr(A*C)*C",
        "E(u*t(u)*X*u*t(u)) = C*X*C + C*t(X)*C + tr(X*C)*C",
        "E(A*u) - E(A*u) = A*v - A*v",
        "A - A + tr(C)*C = tr(C)*C",
    ],
)
def test_true(says: str) -> None:
    assert verdict(says) == ""


@pytest.mark.parametrize(
    ("says", "assume"),
    [
        ("B*t(B)*A = t(X)*A", "B*t(B) = t(X)"),
        ("A*X*C = X*C", "A*X = t(t(X))"),
        ("A*X*C = tr(A*C)*X*C", "A*X = tr(A*C)*X"),
        ("t(A*X) = A", "t(X)*A = A"),
        ("A*X*C = 3*C*C", "A*X = 3*C"),
        ("A*X*A*X = 1/9*C*C", "A*X = 1/3*C"),
    ],
)
def test_assumed_formulas(says: str, assume: str) -> None:
    assert verdict(says, assume=[assume]) == ""
    assert "differ" in verdict(says, assume=[])


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ("A*C = C*A", "differ"),
        ("X = t(X)", "differ"),
        ("A*X = I", "differ"),
        ("tr(A*C*X) = tr(A*X*C)", "differ"),
        ("E(u*t(u)*X*u*t(u)) = 2*C*X*C + tr(X*C)*C", "differ"),
        ("E(u*t(u)*A*u*t(u)) = 2*C*A*C", "differ"),
        ("A <= C", "by ="),
        ("A*B = A", "different shapes"),
        ("A + B = A", "different shapes"),
        ("B*A = B", "does not fit"),
        ("Z = Z", "no matrix"),
        ("exp(A) = A", "no matrix"),
        ("A^9 = A", "no matrix"),
        ("A^-1 = A", "no matrix"),
        ("t(v)*X*v*A = A", "behind a number"),
        ("(t(v)*X*v + 1)*A = A", "behind a number"),
        ("A*(t(v)*X*v + 1) = A", "stands behind a matrix"),
        ("t(t(v)*X*v)*A = A", "behind a number"),
        ("E(u*t(v)*v*t(u)) = A", "vectors must alternate, as in u*t(u)*X*u*t(u)"),
        ("tr(B) = 1", "no trace"),
        ("tr(2) = 2", "no trace"),
        ("B = I", "not square"),
        ("1 = I", "not square"),
        ("I = A", "I stands alone on the right"),
        ("E(t(u)*A*u) = tr(A*C)", "alternate"),
        ("E(u*t(v)*u*t(u)) = A", "vectors must alternate, as in u*t(u)*X*u*t(u)"),
        ("E(u*t(u)*X*u*t(v)*v*t(u)) = A", "alternate"),
        ("E(tr(u*t(u))) = tr(C)", "trace of random"),
        ("E(u*t(u)*v*t(v)) = C*v*t(v)", ""),
        ("A^4*A^4*A^4*A = A", "too many"),
    ],
)
def test_false_or_not_understood(says: str, reason: str) -> None:
    found = verdict(says)
    assert (found == "") == (reason == "")
    assert reason in found


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"assume": ["X*A <= I"]}, "does not replace"),
        ({"assume": ["X = A"]}, "does not replace"),
        ({"assume": ["2*X*A = I"]}, "does not replace"),
        ({"assume": ["X*A + C*C = C"]}, "does not replace"),
        ({"assume": ["A*C = C*A", "C*A = A*C"]}, "without end"),
        ({"assume": ["A - A = A"]}, "does not replace"),
        ({"assume": ["A*X - A*X = I"]}, "does not replace"),
        ({"assume": ["tr(A)*A*X = A"]}, "does not replace"),
        ({"assume": ["exp(A)*X = I"]}, "is no matrix"),
        ({"assume": ["sum(A, i, 1, 2)*X = I"]}, "is no matrix"),
        ({"assume": ["Z*A = I"]}, "Z is no matrix"),
        ({"assume": ["B*t(B) = A*B"]}, "different shapes"),
        ({"assume": ["t(u)*v = I"]}, "is not square"),
        ({"shapes": 3}, "shapes are"),
        ({"shapes": {"A": "m"}}, "two dimensions"),
        ({"shapes": {"A": 3}}, "two dimensions"),
        ({"shapes": {"t": "m m"}}, "'t' is no name"),
        ({"shapes": {"tr": "m m"}}, "'tr' is no name"),
        ({"shapes": {"E": "m m"}}, "'E' is no name"),
        ({"shapes": {"I": "m m"}}, "'I' is no name"),
        ({"shapes": {"A": "1 1"}}, "two dimensions"),
        ({"symmetric": ["B"]}, "not a square"),
        ({"symmetric": ["Z"]}, "not a square"),
        ({"gaussian": ["u"]}, "gaussian is a table"),
        ({"gaussian": {"A": "C"}}, "no vector"),
        ({"gaussian": {"z": "C"}}, "no vector"),
        ({"gaussian": {"u": "X"}}, "no vector"),
        ({"gaussian": {"y": "C"}}, "no covariance of"),
        ({"gaussian": {"u": "C", "v": "C"}, "assume": []}, "one Gaussian vector"),
    ],
    ids=str,
)
def test_the_alphabet_is_checked(changes: dict[str, Any], reason: str) -> None:
    says = "E(u*t(v)) = A*C" if "assume" in changes and "gaussian" in changes else "A*C = A*C"
    assert reason in verdict(says, **changes)


@pytest.mark.parametrize("says", ["tr(A*B) = tr(C*D)", "tr(A*B)*A = tr(C*D)*A", "tr(A*B) = 1"])
def test_an_identity_keeps_its_dimension(says: str) -> None:
    """The traces are the two dimensions, of which nothing is known."""
    item = {"shapes": {"A": "m m", "B": "m m", "C": "n n", "D": "n n", "X": "m m"}}
    item |= {"symmetric": [], "gaussian": {}, "assume": ["A*B = I", "C*D = I", "B*X = I"]}
    assert "differ by" in verdict(says, **item)
    assert "tr(I of m)" in verdict(says, **item)
    assert verdict("tr(A*B) = tr(B*X)", **item) == ""
    assert verdict("tr(A*B)*tr(C*D) = tr(C*D)*tr(B*X)", **item) == ""


@pytest.mark.parametrize("side", ["0", "01", "-1", "m-1", "m'", "é", "1.5", "m,"])
def test_dimensions_are_names_or_numbers(side: str) -> None:
    assert "is not two dimensions" in verdict("A*C = A*C", shapes={"A": f"{side} {side}"})


def test_what_is_left_is_shown() -> None:
    assert verdict("2*A*t(X) + C = tr(A*C)*A") == (
        "the two sides differ by 2*A*t(X) + 1*C + -1*tr(A*C)*A"
    )
    assert verdict("X*A = A") == "the two sides differ by 1*I + -1*A"


def test_fourth_moments_by_summation() -> None:
    """The second way: Isserlis entry by entry, with matrices of small integers."""
    C = [[2, 1], [1, 3]]
    A = [[1, -1], [-1, 4]]

    def moment(i: int, k: int, p: int, j: int) -> int:
        return C[i][k] * C[p][j] + C[i][p] * C[k][j] + C[i][j] * C[k][p]

    def times(X: list[list[int]], Y: list[list[int]]) -> list[list[int]]:
        return [[sum(X[i][k] * Y[k][j] for k in (0, 1)) for j in (0, 1)] for i in (0, 1)]

    trace = sum(times(C, A)[i][i] for i in (0, 1))
    CAC = times(times(C, A), C)
    for i, j in product((0, 1), repeat=2):
        left = sum(moment(i, k, p, j) * A[k][p] for k, p in product((0, 1), repeat=2))
        assert left == 2 * CAC[i][j] + trace * C[i][j]


def test_a_number_stands_before_a_matrix() -> None:
    assert "stands behind a matrix" in verdict("A*(t(u)*X*u + 1) = A")
