"""Bounds of sums and exponentials."""

from __future__ import annotations

from typing import Any

import pytest
from derivations import CASES, derived
from kernel_objects import ONE, ZERO, context, refused, tree

from ratecert.proofs_check.checker import check
from ratecert.proofs_check.kernel.cone import (
    Context,
    Tree,
)
from ratecert.proofs_check.kernel.growth import bound, range_context
from ratecert.proofs_check.language.grammar import parse_expr

# Sums and exponentials.


def bounded(text: str, up: bool, data: Any, ctx: Context) -> Tree | None:
    return bound(parse_expr(text, is_printed=True), up, ctx, data)


def test_bounds_without_hints() -> None:
    ctx = context()
    assert bounded("exp(-M)", True, {}, ctx) == ZERO
    assert bounded("exp(-M)", False, {}, ctx) is None
    assert bounded("N + exp(-M)", False, {}, ctx) == tree("N", ctx)
    assert bounded("N*exp(-M)", False, {}, ctx) is None
    assert bounded("max(exp(-M), exp(-N))", False, {}, ctx) is None
    assert bounded("min(N, exp(-M))", False, {}, ctx) is None
    assert bounded("exp(-M)^2", False, {}, ctx) is None
    assert bounded("sqrt(exp(-M))", True, {}, ctx) == ZERO
    assert bounded("exp(-M)^(a - a)", True, {}, context("a > 0")) == ZERO
    assert bounded("sum(1/i^2, i, 1, oo)", False, {}, ctx) is None
    for text, up, message in [
        ("1/exp(-M)", True, "may grow faster"),
        ("sum(1/i^2, i, 1, oo)", True, "no upper bound is given"),
        ("log(M*exp(-2))", True, "no rule gives the order"),
    ]:
        with refused(message):
            bounded(text, up, {}, ctx)
    with refused("not an object"):
        bounded("M", True, [], ctx)


def test_exponentials_with_wrong_hints() -> None:
    ctx = context()
    tail = "sum(1/i^2, i, 1, oo)"
    for text, hint, message in [
        ("exp(-M)", {"power": "-1"}, "not positive"),
        ("exp(-M)", {"power": "0"}, "not positive"),
        ("exp(-M)", {}, "no entry 'power'"),
        (f"exp(-{tail})", {"power": "1"}, "has no lower bound"),
    ]:
        with refused(message):
            bounded(text, True, {str(parse_expr(text)): {"upper": hint}}, ctx)
    with refused("identity"):
        wrong = {"bounded": {"certs": [{"mu": [ONE], "nu": [ONE], "gens": {}}]}}
        bounded("exp(-M)", False, {"exp(-M)": {"lower": wrong}}, ctx)


def test_ranges_with_several_ends() -> None:
    """Only what holds for each i is used: ``i >= max(M, N)`` gives two bounds, a minimum none."""

    def texts(text: str) -> list[str]:
        ctx = context()
        expr = parse_expr(text)
        inside = range_context(expr, ctx)  # type: ignore[arg-type]
        return [g.text for g in inside.generators[len(ctx.generators) + 1 :]]

    assert len(texts("sum(i, i, M + N, oo)")) == 2
    assert len(texts("sum(i, i, min(M, N), max(M, N))")) == 0
    assert len(texts("sum(i, i, 1, min(M, N))")) == 3


def sum_hint(**more: Any) -> dict[str, Any]:
    upper = {"pieces": [{"at": "1"}], "slope": "1", "bound": "1", "inner": {}, "proof": {}}
    return {"sum(i′^(-2), i′, 1, oo)": {"upper": {**upper, **more}}}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"pieces": []}, "no vertices"),
        ({"pieces": "at"}, "list of objects"),
        ({"pieces": [1]}, "list of objects"),
        ({"pieces": [{"at": "i′"}]}, "no rule gives the order of i"),
        ({"bound": "i′^-1"}, "no rule gives the order of i"),
        ({"bound": "0"}, "not positive"),
        ({"slope": "0"}, "not positive"),
        ({"slope": "-1"}, "not positive"),
        ({"slope": "i′"}, "not a rational function"),
    ],
)
def test_vertices_that_are_wrong(more: Any, message: str) -> None:
    with refused(message):
        bounded("sum(i^-2, i, 1, oo)", True, sum_hint(**more), context())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"log": "i′"}, "no rule gives the order of i"),
        ({"log": ["M"]}, "not an expression"),
        ({"log": "1/M"}, "."),
        ({"times": "-1"}, "not positive"),
        ({"inner": {}, "bound": "M"}, "."),
    ],
)
def test_stretches_that_are_wrong(change: Any, message: str) -> None:
    data = derived("harmonic")
    stretch = next(
        x for x in data["tree"]["bounds"]["sum(1/i′, i′, 1, M)"]["lower"] if "from" in x
    )
    stretch.update(change)
    with refused(message):
        check(CASES["harmonic"].claim, data)


def test_a_stretch_needs_a_bound_of_its_terms() -> None:
    same = {"certs": [{"mu": [ONE], "nu": [ONE], "gens": {}}]}
    ctx = context()
    at = str(next(k for k, g in enumerate(ctx.generators) if g.text == "M -> oo"))
    stretch = {
        "from": "M", "to": "M^2", "log": "M", "times": "1", "long": same,
        "after": {"certs": [{"mu": [ONE], "nu": [ONE], "gens": {at: ONE}}]},
    }  # fmt: skip
    text = str(parse_expr("sum(exp(-N*i), i, 1, oo)"))
    with refused("the terms of .* have no lower bound"):
        bounded(text, False, {text: {"lower": [stretch]}}, ctx)


def test_a_range_does_not_depend_on_its_own_index() -> None:
    with refused("depends on its own index"):
        bounded("sum(i′, i′, 1, i′)", True, {}, context())


def test_a_point_has_no_name_that_an_index_inside_could_capture() -> None:
    text = str(parse_expr("sum(i*sum(j^-2, j, 1, i), i, 1, oo)"))
    with refused("stands for something else"):
        bounded(text, False, {text: {"lower": [{"at": "j′"}]}}, context().with_index("j′"))
    for name in ("gamma", "sigma", "M"):
        with refused("stands for something else"):
            context().with_index(name)
