"""Lattices of linear forms, their certificates, and signs."""

from __future__ import annotations

from dataclasses import replace

from kernel_objects import ONE, ZERO, context, refused, tree

from ratecert.proofs_check.kernel.algebra import (
    Form,
    Frac,
    Multiplier,
)
from ratecert.proofs_check.kernel.cone import (
    Generator,
    Tree,
    check_certificate,
    clauses,
    join,
    lin,
    meet,
    plus,
    scaled,
)
from ratecert.proofs_check.kernel.logform import monomial
from ratecert.proofs_check.language.expr import Name
from ratecert.proofs_check.language.grammar import parse_expr

# Lattices.


def test_scaling_turns_around_for_negative_factors() -> None:
    ctx = context()
    both = tree("M + N", ctx)
    number = ctx.ring.number
    assert scaled(both, number(0), ctx) == ZERO
    assert scaled(both, number(-1), ctx).kind == "min"
    product = tree("min(M, N)*max(N, T)", ctx)
    assert product.kind == "plus"
    assert scaled(product, number(2), ctx).kind == "plus"
    assert plus([ZERO, both]) == both
    assert join([both, both]) == both
    assert meet([tree("M", ctx), tree("min(M, N)", ctx)]).kind == "min"


def test_comparisons_of_moderate_size() -> None:
    ctx = context(says="*".join(f"T^{k}*M*N" for k in range(3)) + " = O(1)")
    pair = tree("min(M, N)", ctx)
    pairs = [meet([lin(form.form.scale(ctx.ring.number(k))) for form in pair.parts if form.form])
             for k in range(1, 15)]  # fmt: skip
    with refused("too many cases"):
        clauses(Tree("plus", None, tuple(pairs)), ZERO)
    maxima = Tree("min", None, tuple(Tree("max", None, pair.parts) for pair in pairs))
    with refused("too many cases"):
        clauses(maxima, ZERO)
    many = Tree("max", None, tuple(lin(Form({"M": ctx.ring.number(k)})) for k in range(1, 70)))
    with refused("too many cases"):
        clauses(many, Tree("min", None, many.parts))
    with refused("too many cases"):
        clauses(Tree("max", None, tuple(replace(many, form=None) for _ in range(70))), ZERO)


# Certificates.


def test_certificates_of_forms() -> None:
    ctx = context("a > 0", "b >= 0")
    big, small = monomial(parse_expr("M^2"), ctx), monomial(parse_expr("M"), ctx)
    clause = ((small,), (big,))
    at = next(str(k) for k, g in enumerate(ctx.generators) if g.form == small)
    check_certificate(ctx, clause, {"mu": [ONE], "nu": [ONE], "gens": {at: ONE}})
    weak = [["1", [1]]]
    for data, message in [
        ({"mu": [ONE], "nu": [ONE], "gens": {"99": ONE}}, "does not exist"),
        ({"mu": [ONE], "nu": [ONE], "gens": {"-1": ONE}}, "does not exist"),
        ({"mu": [ONE], "nu": [ONE], "gens": {"x": ONE}}, "unreadable"),
        ({"mu": [ONE], "nu": [], "gens": {}}, "one multiplier for each"),
        ({"mu": [ONE], "nu": [[["2", []]]], "gens": {at: ONE}}, "weights"),
        ({"mu": [weak], "nu": [weak], "gens": {at: weak}}, "not strictly positive"),
        ({"mu": [[]], "nu": [[]], "gens": {}}, "not strictly positive"),
        ({"mu": [ONE], "nu": [ONE], "gens": {}}, "identity"),
        ({"mu": [ONE], "nu": [ONE], "gens": []}, "unreadable"),
        ([], "unreadable"),
    ]:
        with refused(message):
            check_certificate(ctx, clause, data)


def test_a_logarithm_is_absorbed_by_a_strictly_positive_power_only() -> None:
    ctx = context("a > 0", "b >= 0")
    logs = monomial(parse_expr("log(M)"), ctx)
    names = {g.text: str(k) for k, g in enumerate(ctx.generators)}
    less, size = names["log(M) is below every power of M"], names["M -> oo"]
    for exponent, factor in (("a", 0), ("b", 1)):
        clause = ((logs,), (monomial(parse_expr(f"M^{exponent}"), ctx),))
        gens = {size: [["1", [factor]]], less: ONE}
        data = {"mu": [ONE], "nu": [ONE], "gens": gens}
        if exponent == "a":
            check_certificate(ctx, clause, data)
        else:
            with refused("not absorbed"):
                check_certificate(ctx, clause, data)
    same = {"mu": [ONE], "nu": [ONE], "gens": {less: []}}
    check_certificate(ctx, ((logs,), (logs,)), same)


def test_signs_are_proved() -> None:
    ctx = context("a > 0", "b >= 0")
    a, b = (ctx.ring.frac(Name(name)) for name in "ab")
    positive = ctx.with_sign(a, "+", Multiplier.read([["1", [0]]], 2))
    assert (positive.sign(a), positive.sign(-a)) == ("+", "-")
    assert (ctx.sign(ctx.ring.zero), ctx.sign(ctx.ring.number(-2))) == ("0", "-")
    for value, sign, data, message in [
        (a, "0", [["1", [0]]], "a sign is"),
        (b, "+", [["1", [1]]], "strictly positive term"),
        (a, "-", [["1", [0]]], "multiply out"),
        (a, "+", [["2", [0]]], "multiply out"),
        (a - b, "+", [["1", [0]]], "multiply out"),
    ]:
        with refused(message):
            ctx.with_sign(value, sign, Multiplier.read(data, 2))
    with refused("is not proved"):
        ctx.sign(a)
    with refused("stands for something else"):
        ctx.with_index("a")


def test_generators_say_what_they_are() -> None:
    ctx = context()
    assert all(isinstance(g, Generator) and g.text for g in ctx.generators)
    assert isinstance(ctx.ring.zero, Frac)
