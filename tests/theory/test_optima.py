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
