"""Claims as a whole: what is proved of them."""

from __future__ import annotations

from typing import Any

import pytest
from kernel_objects import ONE, refused

from ratecert.proofs_check.checker import check, check_needs, sides_of
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.premises import (
    premises,
)
from ratecert.proofs_check.language.claim import Claim
from ratecert.theory.derive import derive

TRUE_EXPONENTS = [
    ("M^min(a, b) = O(M^a)", ["a > 0", "b > 0"]),
    ("M^max(a, b, 1) = Theta(M^a)", ["a > 1", "b < a"]),
    ("sum(i^-max(a, b), i, M, oo) = Theta(M^(1-max(a, b)))", ["a > 1", "b > 1"]),
    ("M^(2*min(a, b)^2 + 1) = O(M^(2*a*b + 1))", ["a > 0", "b > 0"]),
]


FALSE_EXPONENTS = [
    ("M^max(a, b) = O(M^a)", ["a > 0", "b > 0"]),
    ("M^min(a, b, 1) = Theta(M^a)", ["a > 1", "b < a"]),
    ("sum(i^-max(a, b), i, M, oo) = Theta(M^(1-min(a, b)))", ["a > 1", "b > 1"]),
    ("M^min(a, log(a)) = O(M^a)", ["a > 1"]),  # true, but no rational function
]


@pytest.mark.parametrize(("says", "assume"), TRUE_EXPONENTS)
def test_min_and_max_in_exponents(says: str, assume: list[str]) -> None:
    claim = make_claim(says, assume)
    check(claim, derive(claim).proof)


@pytest.mark.parametrize(("says", "assume"), FALSE_EXPONENTS)
def test_false_claims_with_min_and_max_in_exponents(says: str, assume: list[str]) -> None:
    assert derive(make_claim(says, assume)).proof is None


def test_quantities_without_a_meaning_are_rejected() -> None:
    claim = make_claim("excess = O(1)", ["a > 1", "b = a"], algorithm="averaged-sgd")
    with refused("no rule for averaged-sgd"):
        premises(claim)
    assert premises(make_claim("eigenvalue(1) = O(1)", ["a > 1"])).ctx.indices == frozenset()


# The tree and the needs.


def proof_of(claim: Claim, **changes: Any) -> dict[str, Any]:
    leaf = {"certs": [{"mu": [ONE], "nu": [ONE], "gens": {}}]}
    tree = {"bounds": {}, "upper": leaf, "lower": leaf}
    model = {"values": {}, "path": {"M": ["1", "0", "0"]}}
    return {"needs": [], "tree": tree, "model": model} | changes


def test_comparisons_at_the_top() -> None:
    claim = make_claim("M = O(M)", ["a > 0"])
    model = {"values": {"a": "1"}, "path": {"M": ["1", "0", "0"]}}
    leaf = proof_of(claim)["tree"]
    tree = {"compare": ["a", "1"], "gt": leaf, "eq": leaf, "lt": leaf}
    check(claim, proof_of(claim, tree=tree, model=model))
    for pair in (["a"], "a", ["a", "M"], ["a", None]):
        with refused("."):
            check(claim, proof_of(claim, tree={**tree, "compare": pair}, model=model))


@pytest.mark.parametrize("relation", ["~", "Theta", "Omega"])
def test_relations_that_are_not_proved(relation: str) -> None:
    says = "M ~ exp(-M)" if relation == "~" else f"M = {relation}(exp(-M))"
    claim = make_claim(says)
    with refused("no entry 'grows'" if relation == "~" else "."):
        check(claim, proof_of(claim))
    with refused("no rule proves"):
        sides_of("~")
    with refused("no lower bound is given"):
        other = make_claim("exp(-min(M, M^2)) = Omega(exp(-min(M, M^2)))")
        check(other, proof_of(other))


def test_conditions_of_the_definitions() -> None:
    model = {"values": {"a": "2"}, "path": {"M": ["2", "0", "0"], "j": ["1", "0", "0"]}}
    claim = make_claim("eigenvalue(j) = O(j^-a)", ["a >= 2", "M >= j"])
    leaf = {"bounds": {}, "upper": {"certs": [{"mu": [ONE], "nu": [ONE], "gens": {}}]}}
    need = [["1", [0]], ["1", []]]
    check(claim, {"needs": [need, None], "tree": leaf, "model": model})
    for needs in ([], [need], None, [need, None, None], [[], None], [ONE, None], [None, None]):
        with refused("."):
            check(claim, {"needs": needs, "tree": leaf, "model": model})
    open_index = make_claim("eigenvalue(j) = O(j^-a)", ["a >= 2", "M^2 >= j"])
    with refused("M >= j is needed and not assumed"):
        check(open_index, {"needs": [need, None], "tree": leaf, "model": model})
    constant = make_claim("eigenvalue(j) = O(j^-2)", ["M >= j"], spectrum="i^-2")
    simple = {**model, "values": {}}
    assert check(constant, {"needs": [[], None], "tree": leaf, "model": simple}).trust


def test_false_conditions_of_the_definitions() -> None:
    """An example of the assumptions cannot hold either, so the condition is asked for directly."""
    given = ["M >= j", "c > 0", "c = 1"]
    ready = premises(make_claim("eigenvalue(j) = O(1)", given, spectrum="i^-c"))
    with refused("a > 1|1 > 1 is needed and is false"):
        check_needs(ready, [[], None])
