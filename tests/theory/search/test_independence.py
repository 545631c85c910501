"""What is found for a claim depends on that claim alone, not on what was derived before it."""

from __future__ import annotations

import json

import pytest

from ratecert.io.claim_files import load
from ratecert.theory.derive import derive

CLAIMS = {c.id: c for c in load("lin2024")}
SOME = ("total", "approx", "variance", "excess", "bias")


def found(name: str) -> str:
    derived = derive(CLAIMS[name])
    return json.dumps([derived.proof, derived.refutation, derived.reason], sort_keys=True)


@pytest.mark.parametrize("name", [name for name in SOME if name in CLAIMS])
def test_a_claim_has_one_derivation_alone_and_among_others(name: str) -> None:
    alone = found(name)
    for other in SOME:
        if other in CLAIMS:
            found(other)
    assert found(name) == alone
