"""Settings that are problems, and those that are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ratecert.proofs_check.checker import check, check_needs
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.premises import premises
from ratecert.proofs_check.language.claim import SIZES
from ratecert.proofs_check.language.errors import RejectedError, UserError
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.meaning.definitions import meaning
from ratecert.proofs_check.meaning.illposed import count_fault, sequence_fault
from ratecert.proofs_check.meaning.laws import NoMeaningError, counted, finite_trace, law, summable
from ratecert.theory.derive import derive

RATIO = "variance*N_eff/effective_dimension = Theta(1)"

SUMMABLE = [
    ("i^-a", ["a > 1"]), ("3*i^-a", ["a > 1"]), ("i^-1*log(i+1)^-q", ["q > 1"]),
    ("i^-a*log(i+1)^q", ["a > 1"]), ("2^-i", []), ("exp(-i)", []), ("exp(-i^s)", ["s > 0"]),
    ("exp(-c*i^(1/2))", ["c > 0"]), ("(1/3)^i", []), ("(i+1)^-2", []), ("(i+1)^-a", ["a > 1"]),
    ("min(i^-a, i^-1)", ["a > 1"]), ("min(1, 2^-i)", []), ("max(2^-i, i^-2)", []),
    ("2^-i + 3^-i", []), ("2^-i*i^-a", ["a > 1"]), ("2^-i*(i+1)^(-1/2)", []),
    ("exp(-i - log(i+1))", []), ("min(i^-2, 100*i^-3)", []), ("2^-i*sqrt(i^-2)", None),
    ("i^-1", None), ("i^(-1/2)", None), ("i", None), ("1", None), ("0", None), ("2^i", None),
    ("(i+1)^2", None), ("(i+1)^-1", None), ("(i-1)^-2", None), ("log(i)*2^-i", None),
    ("sin(i)*2^-i", None), ("2^-i - 3^-i", None), ("-2^-i", None), ("1 + 2^-i", None),
    ("max(1, 2^-i)", None), ("min(2^-i, i - 5)", None), ("exp(-log(i+1))", None), ("exp(i)", None),
    ("exp(-sin(i))", None), ("1^-i", None), ("i^i", None), ("exp(-1)", None), ("oo", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "needs"), SUMMABLE)
def test_sequences_with_a_finite_sum(text: str, needs: list[str] | None) -> None:
    found = summable(parse_expr(text))
    assert (None if found is None else [*map(str, found)]) == needs


def test_a_spectrum_has_to_decrease_too() -> None:
    setting = make_claim("approx = O(1)", ["a > 1", "b > 1"]).setting
    target = parse_expr("2^-i")
    for text, is_one in [
        ("2^-i*(1 + 1/i)", True), ("2^-i*(2 + (i+1)^-1)", True), ("max(2^-i, i^-2)", True),
        ("2^-i*i", False), ("min(2^-i, log(i+1))", False), ("2^-i*log(i+2)^(-1/2)", True),
    ]:  # fmt: skip
        spectrum = replace(setting, spectrum=parse_expr(text))
        if is_one:
            finite_trace(spectrum, target)
        else:
            with pytest.raises(NoMeaningError, match="nothing shows that the spectrum"):
                finite_trace(spectrum, target)


def test_kernels_have_laws_of_their_own() -> None:
    setting = make_claim("M = O(M)", kernel="matern(nu)", assume=["nu > 0"]).setting
    assert "2*nu + 1 > 1" in map(str, finite_trace(setting, parse_expr("2^-i")))
    assert str(law(parse_expr("3*i^-a*log(i+1)^2"), "target").at(parse_expr("7"))) == (
        "7^(-a)*log(8)^2"
    )


def test_no_law() -> None:
    for text in ("2^-i", "log(i+1)^-2", "i^-i", "i^-2*i^-1", "a*i^-2"):
        with pytest.raises(NoMeaningError, match="no rule yet for the target"):
            law(parse_expr(text), "target")


COUNTS = [
    ("1", []), ("7", []), ("B", []), ("p", ["p >= 1"]), ("B^2", []), ("B^s", ["s >= 0"]),
    ("M/2", []), ("M*N/3", []), ("max(B, p)", ["p >= 1"]), ("B + 1", []), ("sqrt(B)", []),
    ("2*B", []), ("p^2", ["p >= 1"]),
    ("1/2", None), ("0", None), ("-1", None), ("1/N", None), ("M/N", None), ("gamma", None),
    ("sigma", None), ("N^M", None), ("log(N)", None), ("1/2*p", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "needs"), COUNTS)
def test_numbers_of_samples_and_outputs(text: str, needs: list[str] | None) -> None:
    expr = parse_expr(text)
    if needs is None:
        with pytest.raises(NoMeaningError, match="nothing shows that the batch"):
            counted(expr, "batch", SIZES)
    else:
        assert [*map(str, counted(expr, "batch", SIZES))] == needs


FAULTS = [
    ("2^i", "no finite sum"), ("(i+1)^2", "no finite sum"), ("i^-1", "no finite sum"),
    ("i^-1*log(i+1)^-1", "no finite sum"), ("i^(1/2)", "no finite sum"), ("1", "no finite sum"),
    ("-i^-a", "negative"), ("-i^a", "negative"), ("-2*c", "negative"),
    ("sin(i)*2^-i", "not positive at i = 4"),
    ("2^-i - 2^(1-i)", "not positive at i = 1"), ("0", "not positive at i = 1"),
    ("sqrt(i) - 3*log(i)", "not positive at i = 2"), ("pi - i", "not positive at i = 4"),
    ("i^-a", ""), ("2^-i", ""), ("(i+1)^-1", ""), ("min(i^-2, 2^-i)", ""), ("-sin(a*i)", ""),
    ("i^-2 - a", ""), ("2^-i*(i-1)^-2", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "fault"), FAULTS)
def test_sequences_that_are_certainly_no_spectrum(text: str, fault: str) -> None:
    found = sequence_fault(parse_expr(text))
    assert fault in found
    assert bool(found) is bool(fault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [("0", "0 is below 1"), ("-1", "-1 is below 1"), ("1/2", "1/2 is below 1"),
     ("1/N", "below 1 for large sizes"), ("1/2/N_eff", "below 1"), ("7/M^2", "below 1"),
     ("1", ""), ("B", ""), ("N^-s", ""), ("1/p", ""), ("M/N", ""), ("2*B", "")],
)  # fmt: skip
def test_numbers_that_are_certainly_below_1(text: str, fault: str) -> None:
    found = count_fault(parse_expr(text), SIZES)
    assert fault in found
    assert bool(found) is bool(fault)


@pytest.mark.parametrize(
    ("key", "value"),
    [("spectrum", "2^i"), ("spectrum", "(i+1)^2"), ("spectrum", "0"), ("target", "2^i"),
     ("target", "-2^-i"), ("batch", "1/N_eff"), ("batch", "0"), ("outputs", "1/2")],
)  # fmt: skip
def test_what_is_certainly_no_problem_is_an_error(key: str, value: str) -> None:
    with pytest.raises(UserError, match=rf"{key} = .* has to be .*, but"):
        make_claim(RATIO, ["a > 1", "b > 1"], **{key: value})
    # Nobody looks at what the claim does not speak of.
    make_claim("M = O(M)", **{key: value})
    with pytest.raises(UserError, match=r"target = .* has to be"):
        make_claim("approx = O(1)", ["a > 1"], target=["2^-i", "2^i"])


@pytest.mark.parametrize(
    "settings",
    [
        {"spectrum": "(i+1)^-1"}, {"spectrum": "sin(i + 1)^2*2^-i"}, {"target": "(i+1)^-1"},
        {"batch": "N^-beta"}, {"batch": "M/N"}, {"spectrum": "1 + (i+1)^-2"},
        {"outputs": "M/N"}, {"spectrum": "i^-c"},
    ],
)  # fmt: skip
def test_what_may_be_no_problem_is_undecided(settings: dict[str, str]) -> None:
    assume = ["a > 1", "b > 1", "beta > 0", "c > 0"]
    claim = make_claim(RATIO, assume, **settings)
    found = derive(claim)
    if settings.get("outputs") is None:
        assert found.proof is None
        assert found.refutation is None
    other = make_claim("variance = O(1)", assume, **{"spectrum": "i^-a", **settings})
    assert derive(other).proof is None


def test_numbers_of_samples_stand_among_what_definitions_need() -> None:
    claim = make_claim("variance = O(1)", ["a > 1", "b > 1"], batch="p", sizes=["p"])
    needs = meaning(parse_expr("variance"), claim.setting).needs
    assert "p >= 1" in map(str, needs)
    assert "p >= 1" not in map(str, meaning(parse_expr("approx"), claim.setting).needs)


@pytest.mark.parametrize(
    ("assume", "is_one"),
    [
        (["p >= 1"], True), (["p > 0", "p = 3"], True), (["p >= 2"], True),
        (["p > 1", "p < 5"], True),
        (["p > 0", "p = 1/2"], False), (["p > 0"], False), (["p > 1/2"], False),
    ],
)  # fmt: skip
def test_a_number_of_samples_is_shown_to_be_at_least_1(assume: list[str], is_one: bool) -> None:
    given = ["a > 1", "b > 1", "N_eff*gamma >= 1", *assume]
    claim = make_claim("variance = O(min(M, (N_eff*gamma)^(1/a))/N_eff)", given, batch="p")
    proof = derive(claim).proof
    assert (proof is not None) is is_one
    if proof is not None:
        check(claim, proof)


def test_a_wrong_proof_that_a_number_is_at_least_1() -> None:
    given = ["a > 1", "b > 1", "N_eff*gamma >= 1"]
    says = "variance = O(min(M, (N_eff*gamma)^(1/a))/N_eff)"
    claim = make_claim(says, [*given, "p >= 2"], batch="p")
    proof = derive(claim).proof
    assert proof is not None
    for wrong in ([], [["1", []]], [["2", []], ["1", [0]]], None):
        needs = [
            wrong if k == len(proof["needs"]) - 1 else p for k, p in enumerate(proof["needs"])
        ]
        with pytest.raises(RejectedError):
            check(claim, proof | {"needs": needs})
    half = make_claim(says, [*given, "p > 0", "p = 1/2"], batch="p")
    with pytest.raises(RejectedError, match="needed and is false"):
        check_needs(premises(half), [*proof["needs"][:-1], []])
