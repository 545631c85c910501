"""Optima: the point, and that nothing lies below."""

from __future__ import annotations

from typing import Any

import pytest
from derivations import CASES, derived
from kernel_objects import objective, refused

from ratecert.proofs_check.checker import check, check_witness
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.optimum import check_optimum, read_point
from ratecert.proofs_check.kernel.premises import (
    premises,
)
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.theory.derive import derive


def test_claims_about_optima_that_no_rule_proves() -> None:
    for says, message in [
        ("optimal(M) ~ C", "no rule proves ~ of an optimum"),
        ("2*optimal(M) = Theta(C)", "optimal.X. or optimal.value. alone"),
    ]:
        with refused(message):
            check_optimum(premises(objective(says)), {})


def little_o() -> tuple[Claim, dict[str, Any]]:
    claim = objective("optimal(M) = o(C^(3/4))")
    proof = derive(claim).proof
    assert proof is not None
    return claim, proof


@pytest.mark.parametrize("says", ["optimal(M) = o(C^(3/4))", "optimal(value) = o(1)"])
def test_an_optimum_of_smaller_order(says: str) -> None:
    claim = objective(says)
    proof = derive(claim).proof
    assert proof is not None
    check(claim, proof)
    for same in (says.replace("C^(3/4)", "C^(1/2)").replace("o(1)", "o(C^(-1/2))"),):
        with pytest.raises(RejectedError):
            check(objective(same), proof)
        assert derive(objective(same)).refutation is not None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"below": "C^(3/4)"}, "tends to infinity|identity"),
        ({"below": "C"}, "identity"),
        ({"below": "C^(1/4)"}, "identity"),  # smaller than the optimum
        ({"below": "min(M, C^(1/2))"}, "may not depend on M"),
        ({"smaller": {"certs": []}}, "1 clauses"),
    ],
)
def test_what_an_optimum_is_below(change: Any, message: str) -> None:
    claim, data = little_o()
    data["tree"].update(change)
    with refused(message):
        check(claim, data)


def test_the_choice_of_the_point_depends_on_given_names_only() -> None:
    data = derived("place")
    ready = premises(CASES["place"].claim)
    with refused("involves a varied name"):
        check_optimum(ready, {"split": "M", "ge": data["tree"], "le": data["tree"]})
    with refused("involves a varied name"):
        check_optimum(ready, {"split": "log(M)", "ge": data["tree"], "le": data["tree"]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"slope": "-1"}, "slope away from the optimum is not positive"),
        ({"slope": "0"}, "slope away from the optimum is not positive"),
        ({"feasible": []}, "needs more proofs"),
        ({"feasible": {}}, "needs more proofs"),
        ({"point": {"M": "M"}}, "no rule gives the order of M"),
        ({"point": {"M": "C + 1/C"}}, "not a monomial"),
        ({"value": "M^-1"}, "may not depend on M"),
    ],
)
def test_optima_that_are_wrong(change: Any, message: str) -> None:
    data = derived("place")
    data["tree"].update(change)
    with refused(message):
        check(CASES["place"].claim, data)


def test_cases_above_the_choice_of_the_point() -> None:
    claim = make_claim("optimal(value) = O(C^(-1/2))", ["a > 0"], minimise="1/M + M/C", over=["M"])
    proof = derive(claim).proof
    assert proof is not None
    choice = proof["tree"]
    check(
        claim, proof | {"tree": {"compare": ["a", "1"], "gt": choice, "eq": choice, "lt": choice}}
    )
    assert premises(claim).ctx.sizes == {"M", "C"}


def test_a_split_above_the_choice_of_the_point() -> None:
    claim = make_claim("optimal(value) = O(C^(-1/2))", minimise="1/M + M/C", over=["M"],
                       subject_to="T >= 1")  # fmt: skip
    proof = derive(claim).proof
    assert proof is not None
    shifted = _renumbered(proof["tree"], len(premises(claim).ctx.generators))
    check(claim, proof | {"tree": {"split": "C/T", "ge": shifted, "le": shifted}})


def _renumbered(node: Any, count: int) -> Any:
    """The point's generators come after one more generator of the case."""
    if isinstance(node, dict):
        return {
            str(int(k) + 1) if k.isdigit() and int(k) >= count else k: _renumbered(v, count)
            for k, v in node.items()
        }
    return [_renumbered(x, count) for x in node] if isinstance(node, list) else node


def test_a_feasible_set_that_is_not_known_is_refused() -> None:
    claim = objective("optimal(value) = O(1)", subject_to="M + C >= T")
    with refused("leaves the feasible set unknown"):
        check_optimum(premises(claim), {})


def test_points_have_logarithms_of_one_order() -> None:
    ready = premises(objective("optimal(value) = O(1)", minimise="1/M + M/(C*T)"))
    assert set(read_point(ready, {"M": "C"})) == {"M", "log M"}
    with refused("not of one order"):
        read_point(ready, {"M": "C*T"})


def test_lower_bounds_of_an_objective_that_may_vanish() -> None:
    data = derived("value") | {"model": {"values": {}, "path": {
        "M": ["1", "0", "0"], "C": ["1", "0", "0"]}}}  # fmt: skip
    claim = objective("optimal(value) = Omega(C^(-1/2))", minimise="exp(-M)*C")
    with refused("no lower bound of the objective"):
        check(claim, data)
    linear = ["1", "0", "0"]
    witness = {"kind": "least", "values": {}, "path": {"C": linear}, "point": {"M": linear},
               "value": "1", "lower": {"bounds": {}, "goal": {}}}  # fmt: skip
    with refused("no lower bound of the objective"):
        check_witness(claim, witness)
