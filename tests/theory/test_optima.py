"""Optima: what is found does not depend on what was searched before."""

import pytest

from proofs_check.checker import check
from proofs_check.claimfile import make_claim
from theory.derive import derive


@pytest.mark.parametrize("swapped", [False, True])
def test_two_objectives_under_the_same_assumptions(swapped: bool) -> None:
    settings = {"over": ["M", "N"], "subject_to": "M*N = C", "assume": ["a > 1"]}
    claims = [
        make_claim("optimal(M) = Theta(C^(1/(a+1)))", minimise="M^-a + 1/N", **settings),
        make_claim("optimal(M) = Theta(C^(a/(a+1)))", minimise="1/M + N^-a", **settings),
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
