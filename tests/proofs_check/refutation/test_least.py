"""Witnesses against optima."""

from __future__ import annotations

from derivations import REFUTED, witness
from kernel_objects import objective, refused

from ratecert.proofs_check.checker import check_witness
from ratecert.proofs_check.files.read import make_claim


def test_witnesses_of_both_kinds() -> None:
    path = {"kind": "path", "values": {}, "path": {"M": ["1", "0", "0"]}}
    assert check_witness(make_claim("M = O(1)"), path).side == "above"
    with refused("allows"):
        check_witness(make_claim("M = O(M)"), path)
    assert check_witness(REFUTED.claim, witness()).ratio == "t^(-1/2)"


def test_the_point_of_a_witness_attains_the_least_value() -> None:
    data = witness()
    data["point"] = {"M": data["path"]["C"]}
    with refused("does not attain the least value"):
        check_witness(REFUTED.claim, data)


def test_a_witness_ties_what_is_given_to_one_scale() -> None:
    data = witness() | {"path": {"C": ["0", "1", "0"]}, "point": {"M": ["0", "1/2", "0"]}}
    with refused("no common scale"):
        check_witness(REFUTED.claim, data)


def test_witnesses_whose_sides_have_no_order() -> None:
    data = witness()
    claim = objective("optimal(M) = Theta(C*sin(C))", REFUTED.goal["minimise"])  # type: ignore[index]
    with refused("no rule"):
        check_witness(claim, data)
