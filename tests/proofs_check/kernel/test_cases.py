"""Case distinctions."""

from __future__ import annotations

from typing import Any

import pytest
from kernel_objects import ONE, ZERO, context, refused, tree

from ratecert.proofs_check.kernel.algebra import (
    Form,
)
from ratecert.proofs_check.kernel.cone import (
    lin,
)
from ratecert.proofs_check.kernel.goals import check_goal, refined
from ratecert.proofs_check.language.grammar import parse_expr

# Goals.


def test_cases_cover_all_parameters() -> None:
    """``M^(a^2) >= 1`` by the sign of a; where a = 0 the exponent has two weak inequalities."""
    ctx = context("a < 9", says="M^(a^2) = Omega(1)")
    large = lin(Form({"M": ctx.ring.frac(parse_expr("a^2"))}))
    size = next(str(k) for k, g in enumerate(ctx.generators) if g.text == "M -> oo")

    def square(*factors: int) -> dict[str, Any]:
        proof = {"mu": [ONE], "nu": [ONE], "gens": {size: [["1", list(factors)]]}}
        return {"certs": [proof]}

    data = {"cases": "a", "pos": square(1, 1), "zero": square(1, 1), "neg": square(1, 1)}
    check_goal(ZERO, large, data, ctx)
    for key in ("pos", "zero", "neg"):
        with refused("no entry"):
            check_goal(ZERO, large, {k: v for k, v in data.items() if k != key}, ctx)
    with refused("needs its certificate"):
        check_goal(ZERO, large, {"certs": []}, ctx)


def test_a_case_is_void_by_a_strictly_positive_combination_that_is_zero() -> None:
    ctx = context("a > 0", "b >= 0")
    node = {"cases": "a", "pos": {}, "zero": {"void": [["1", [0]], ["1", [3]]]}, "neg": {}}
    (_, _), (zero, data), (_, _) = refined(node, ctx)
    check_goal(tree("M", ctx), ZERO, data, zero)
    for void, message in (
        ([["1", [2]], ["1", [3]]], "strictly positive term"),
        ([["1", [0]]], "not 0"),
        ([["1", [9]]], "unreadable multiplier"),
        (None, "unreadable multiplier"),
    ):
        with refused(message):
            check_goal(tree("M", ctx), ZERO, {"void": void}, zero)


def test_a_case_is_impossible_where_something_that_grows_is_bounded() -> None:
    ctx = context("T >= M", "1 >= M*T")
    numbers = {g.text: str(k) for k, g in enumerate(ctx.generators)}
    both = {numbers["M -> oo"]: ONE, numbers["T -> oo"]: ONE, numbers["1 >= M*T"]: ONE}
    proof = {"mu": [ONE], "nu": [ONE], "gens": both}
    check_goal(tree("M", ctx), ZERO, {"absurd": proof}, ctx)
    for wrong, message in ((both | {numbers["M -> oo"]: []}, "identity"), ({}, "infinity")):
        with refused(message):
            check_goal(tree("M", ctx), ZERO, {"absurd": proof | {"gens": wrong}}, ctx)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"signs": [["a", "+"]], "then": {}}, "a sign is"),
        ({"signs": {}, "then": {}}, "a sign is"),
        ({"mono": ["M"], "power": "1"}, "of two monomials"),
        ({"mono": ["M", "M + N"], "power": "1"}, "not a monomial"),
        ({"log": "M + N", "then": {}}, "not a monomial"),
        ({"log": "1/M", "then": {}}, "no double logarithm of its own"),
        ({"log": "log(M)", "then": {}}, "no rule gives the order"),
        ({"mono": ["M", "N"], "power": "-1"}, "not positive"),
        ({"mono": ["M", "N"], "power": "M"}, "not a rational function"),
        ({"split": "M + N", "ge": {}, "le": {}}, "not a monomial"),
        ({"split": 1, "ge": {}, "le": {}}, "not an expression"),
        ({"split": "M +", "ge": {}, "le": {}}, "."),
        ({"cases": "1/0", "pos": {}}, "."),
        ({"cases": "1/(a - a)", "pos": {}}, "identically zero"),
        (None, "no entry 'certs'"),
    ],
)
def test_steps_that_are_wrong(data: Any, message: str) -> None:
    ctx = context("a > 0")
    with refused(message):
        check_goal(ZERO, ZERO, data, ctx)
