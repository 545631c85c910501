"""Optima: the unique one or the whole face, in every regime, and what is claimed of them."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from ratecert.proofs_check.checker import check, check_witness
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.expr import Call, Name
from ratecert.theory.derive import derive
from ratecert.theory.optima.phases import Phase, phase_diagram, phases

SMOOTH = ("a > 1", "a < b", "b < a + 1")


def of_risk(says: str, assume: tuple[str, ...], *over: str, subject_to: str = "") -> Claim:
    more = {"subject_to": subject_to} if subject_to else {}
    return make_claim(says, assume, minimise="risk - sigma^2", over=list(over), **more)


@pytest.mark.parametrize("swapped", [False, True])
def test_two_objectives_under_the_same_assumptions(swapped: bool) -> None:
    options = {"over": ["M", "N"], "subject_to": "M*N = C", "assume": ["a > 1"]}
    claims = [
        make_claim("optimal(M) = Theta(C^(1/(a+1)))", minimise="M^-a + 1/N", **options),
        make_claim("optimal(M) = Theta(C^(a/(a+1)))", minimise="1/M + N^-a", **options),
    ]
    for claim in reversed(claims) if swapped else claims:
        derived = derive(claim)
        assert derived.proof is not None, derived.reason
        check(claim, derived.proof)


def test_an_objective_without_a_rule_is_left_undecided() -> None:
    """Once a crash: the second search for a witness met the missing definition unprepared."""
    claim = make_claim(
        "optimal(M) = Theta(C^(1/(a+1)))",
        assume=["a > 1", "b = a", "gamma = 1"],
        algorithm="averaged-sgd",
        minimise="risk - sigma^2",
        over=["M", "N_eff"],
        subject_to="M*N_eff = C",
    )
    derived = derive(claim)
    assert derived.proof is None
    assert derived.refutation is None
    assert "averaged-sgd" in derived.reason


def test_an_objective_without_a_minimum() -> None:
    """The variance falls on and on with the step size; once its order at 1/N_eff was shown."""
    claim = make_claim(
        "optimal(gamma) = Theta(1)", ["a > 1", "b > 1"], minimise="variance", over=["gamma"]
    )
    derived = derive(claim)
    assert (derived.proof, derived.refutation, derived.derived) == (None, None, "")
    assert "no minimum" in derived.reason
    value = make_claim(
        "optimal(value) = Theta(1/N_eff)", ["a > 1", "b > 1"], minimise="variance", over=["gamma"]
    )
    derived = derive(value)
    assert derived.refutation is not None
    check_witness(value, derived.refutation)


def test_an_objective_that_does_not_depend_on_what_is_varied() -> None:
    """Once a crash: the objective has no size at all."""
    claim = make_claim(
        "optimal(value) = Theta(1)", ["a > 1", "b > 1"], minimise="risk", over=["gamma"]
    )
    check(claim, derive(claim).proof)
    place = replace(claim, left=Call("optimal", (Name("gamma"),)))
    assert derive(place).reason.startswith("optimal is every gamma <= 1: up to constant factors")


TRUE = [
    # The best step of Theorem 4.2, in the interior of the regime.
    of_risk("optimal(gamma) = Theta(N_eff^(a/b - 1))", (*SMOOTH, "M >= N_eff^(1/b)*log(N_eff)"),
            "gamma"),
    # The best point depends on the regime, the claim is about all of them.
    of_risk("optimal(value) = Theta(M^(1-b) + N_eff^((1-b)/b))", SMOOTH, "gamma"),
    of_risk("optimal(gamma) = Omega(min(1, M^a/N_eff))", ("a > 1", "b = a"), "gamma"),
    of_risk("optimal(M) = o(C^(1/2))", ("a > 1", "b = a", "gamma = 1"), "M", "N",
            subject_to="M*N = C"),
    of_risk("optimal(N) = o(C)", ("a > 1", "b = a", "gamma = 1"), "M", "N",
            subject_to="M*N = C"),
]  # fmt: skip
FALSE = [
    # At M of the order of N_eff^(1/b) every larger step is as good.
    of_risk("optimal(gamma) = Theta(N_eff^(a/b - 1))", (*SMOOTH, "M >= N_eff^(1/b)"), "gamma"),
    of_risk("optimal(gamma) = Theta(1)", ("a > 1", "b = a", "M <= N_eff^(1/a)"), "gamma"),
    of_risk("optimal(M) = o((C/log(C))^(1/(a+1)))", ("a > 1", "b = a", "gamma = 1"), "M", "N",
            subject_to="M*N = C"),
    of_risk("optimal(gamma) = Theta(M^a/N_eff)", ("a > 1", "b = a", "M <= N_eff^(1/a)"), "gamma"),
]  # fmt: skip


@pytest.mark.parametrize("claim", TRUE, ids=lambda claim: claim.says)
def test_true_claims_are_proved(claim: Claim) -> None:
    derived = derive(claim)
    assert derived.refutation is None
    assert derived.proof is not None, derived.reason
    check(claim, derived.proof)


@pytest.mark.parametrize("claim", FALSE, ids=lambda claim: claim.says)
def test_false_claims_have_a_witness(claim: Claim) -> None:
    derived = derive(claim)
    assert derived.proof is None
    assert derived.refutation is not None, derived.reason
    check_witness(claim, derived.refutation)


def test_the_phase_diagram_of_theorem_42() -> None:
    smooth, rough = phase_diagram()
    assert (smooth.when, rough.when) == (("b >= a",), ("b < a",))
    assert smooth.value == "C^((1 - b)/(b + 1))"
    assert rough.value == "C^((1 - b)/(a + 1))"
    assert smooth.optimal["M"] == ("C^(1/(b + 1))", "C^(1/(b + 1))")
    assert rough.is_unique("gamma")
    assert smooth.optimal["gamma"] == ("C^((a - b)/(b + 1))", "1")


def test_the_whole_face_of_step_sizes() -> None:
    found = phases(of_risk("optimal(value) = Theta(1)", ("a > 1", "b = a"), "gamma"))
    assert {phase.when: phase.optimal["gamma"] for phase in found} == {
        ("M >= N_eff^(1/a)",): ("1", "1"),
        ("N_eff^(1/a) >= M",): ("M^a/N_eff", "1"),
    }


# Against a linear program in numbers: random sums of monomials in two names and a budget.

powers = st.integers(-3, 3).map(Fraction)
terms = st.lists(st.tuples(powers, powers), min_size=2, max_size=4, unique=True)


def numeric(exponents: list[tuple[Fraction, Fraction]]) -> tuple[float, list[float]] | None:
    """Return the exponent of the least value with M = C^x, N = C^(1-x), and the ends of its face.

    None where one of the sizes would stay bounded.
    """
    rows = [[float(p - q), -1.0] for p, q in exponents]
    ends = [-float(q) for _, q in exponents]
    best = linprog([0, 1], rows, ends, bounds=[(0, 1), (None, None)])
    face = [
        linprog([sign, 0], rows, ends, bounds=[(0, 1), (best.fun, best.fun + 1e-9)]).x[0]
        for sign in (1, -1)
    ]
    inside = all(1e-6 < x < 1 - 1e-6 for x in face)
    return (best.fun, face) if inside else None


def exponent_of(text: str | None) -> float:
    assert text is not None
    if text in ("1", "C"):
        return float(text == "C")
    base, _, power = text.removeprefix("1/").partition("^")
    assert base == "C"
    sign = -1 if text.startswith("1/") else 1
    return sign * (float(Fraction(power.strip("()"))) if power else 1.0)


@given(terms)
@example([(Fraction(-1), Fraction(0)), (Fraction(0), Fraction(-1))])
@example([(Fraction(-1), Fraction(-1)), (Fraction(-3), Fraction(0)), (Fraction(0), Fraction(-3))])
@settings(max_examples=25, deadline=None)
def test_optima_agree_with_a_linear_program(
    exponents: list[tuple[Fraction, Fraction]],
) -> None:
    expected = numeric(exponents)
    if expected is None:
        return
    objective = " + ".join(f"M^({p})*N^({q})" for p, q in exponents)
    claim = make_claim(
        "optimal(value) = Theta(1)", minimise=objective, over=["M", "N"], subject_to="M*N = C"
    )
    (phase,) = phases(claim)
    value, face = expected
    assert math.isclose(exponent_of(phase.value), value, abs_tol=1e-6)
    assert np.allclose([exponent_of(end) for end in phase.optimal["M"]], face, atol=1e-6)


def test_a_phase_knows_whether_it_is_unique() -> None:
    phase = Phase((), "1", {"M": ("C", "C"), "N": ("C", None), "gamma": (None, None)})
    assert [phase.is_unique(name) for name in phase.optimal] == [True, False, False]
