from __future__ import annotations

from fractions import Fraction

import pytest

from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.paths.bounds import Path
from ratecert.proofs_check.paths.orders import Order, exact_value
from ratecert.proofs_check.refutation.witness import (
    names_of,
    statement_of,
    violated,
    with_effective_steps,
)
from ratecert.theory.witnesses.samples import sample_paths, sample_regimes, sample_values

THEOREM = ("a > 1", "b > 1", "b = a", "N_eff*gamma >= 1")
RISK = "risk - sigma^2 = Theta(M^(1-b) + (N_eff*gamma)^((1-b)/a))"
ALLOCATION = {"minimise": "risk - sigma^2", "over": ["M", "N_eff"], "subject_to": "M*N_eff = C"}
CLAIMS = [
    make_claim(RISK, THEOREM),
    make_claim(RISK, ("a > 1", "b > 1", "b < a + 1", "b > a", "N_eff*gamma >= 1")),
    make_claim("optimal(M) = Theta(C^(1/(a+1)))", ("a > 1", "b > 1", "b = a", "gamma = 1"),
               **ALLOCATION),
    make_claim("eigenvalue(j) = Theta(j^-a)", ("a > 1", "b > 1")),
    make_claim("variance = Theta(1)", ("a > 1", "b > 1", "gamma = N_eff^(a/b - 1)", "b > a")),
    make_claim("M*N = Theta(1)", ("M >= N^s", "s > 0", "s < 2")),
]  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS)
def test_samples_are_allowed_and_reproducible(claim):
    statement = statement_of(claim)
    names = names_of(claim, statement)
    points = sample_values(claim, 6)
    assert points
    assert points == sample_values(claim, 6)
    assert points[:2] == sample_values(claim, 2)
    for values in points:
        assert set(values) == names.parameters
        paths = sample_paths(claim, values)
        assert 1 <= len(paths) <= 12
        assert paths == sample_paths(claim, values)
        assert len({tuple(sorted(path.items())) for path in paths}) == len(paths)
        for exponents in paths:
            assert "N_eff" not in exponents
            orders = {name: Order(x, y) for name, (x, y) in exponents.items()}
            path = Path(values, with_effective_steps(orders))
            assert violated(names, statement, path) == ""


def test_paths_lie_inside_and_between_the_regimes():
    claim = make_claim(RISK, THEOREM)
    values = {"a": Fraction(2), "b": Fraction(2)}
    at_constant_step = [
        (path["N"][0] / path["M"][0], path["N"][1])
        for path in sample_paths(claim, values)
        if path["gamma"] == (0, 0)
    ]
    # The regimes meet where N_eff = M^a.
    assert (Fraction(2), Fraction(1)) in at_constant_step
    assert any(ratio < 2 for ratio, _ in at_constant_step)
    assert any(ratio > 2 for ratio, _ in at_constant_step)


def test_the_step_size_may_fall():
    claim = make_claim(RISK, THEOREM)
    paths = sample_paths(claim, {"a": Fraction(2), "b": Fraction(2)})
    assert any(path["gamma"][0] < 0 for path in paths)


def test_values_reach_from_the_middle_to_the_edge():
    claim = make_claim("M^s = Theta(1)", ("s > 1", "s <= 2"))
    values = [point["s"] for point in sample_values(claim, 8)]
    assert values[0] == Fraction(3, 2)
    assert min(values) <= Fraction(11, 10)
    assert Fraction(2) in values
    assert all(1 < value <= 2 for value in values)


@pytest.mark.parametrize(
    "assume",
    [
        ("p*q > 1", "p > 0", "q > 0"),
        ("p > 0", "q > 1/p", "q < 3/p"),
        ("p < 0", "q = p^2"),
        ("q = 2*p - 1", "p >= 1", "q <= 9"),
        ("p = 3", "q + p = 5"),
    ],
)
def test_conditions_of_many_forms(assume):
    claim = make_claim("M^(p+q) = Theta(1)", assume)
    points = sample_values(claim)
    assert points
    for condition in claim.assume:
        for values in points:
            left, right = exact_value(condition.left, values), exact_value(condition.right, values)
            assert left is not None
            assert right is not None
            assert {"<": left < right, "<=": left <= right, "=": left == right,
                    ">": left > right, ">=": left >= right}[condition.op]  # fmt: skip


def test_nothing_is_made_up():
    assert sample_values(make_claim("M^s = Theta(1)", ("s > 1", "s < 0"))) == ()
    assert sample_values(make_claim("M = Theta(1)")) == ({},)
    assert sample_paths(make_claim("M = Theta(1)", ("M <= 1",)), {}) == ()
    assert sample_paths(make_claim("2 = Theta(1)"), {}) == ({},)


def test_a_claim_without_meaning_still_has_samples_of_its_conditions():
    claim = make_claim("variance - bias = Theta(1)", THEOREM)
    assert sample_values(claim)
    assert sample_paths(claim, sample_values(claim)[0])


def test_one_path_for_each_regime_and_boundary():
    claim = make_claim("M + N = Theta(max(M, N))")
    paths = sample_regimes(claim, {})
    signs = {(p["M"] > p["N"]) - (p["M"] < p["N"]) for p in paths}
    assert signs == {-1, 0, 1}
    assert len(paths) == 3
    assert sample_regimes(claim, {}, 2) == paths[:2]
