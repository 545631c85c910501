"""The rules of the checker one by one: what each gives, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from derivations import CASES, REFUTED, derived, witness

from proofs_check.algebra import Factor, Form, Frac, Multiplier, NotRationalError, Ring
from proofs_check.checker import check, check_needs, check_witness, sides_of
from proofs_check.claim import SIZES, Claim, Setting
from proofs_check.claimfile import make_claim
from proofs_check.cone import (
    Context,
    Generator,
    RejectedError,
    Tree,
    check_certificate,
    clauses,
    join,
    lin,
    meet,
    normal_form,
    plus,
    scaled,
)
from proofs_check.expr import Name
from proofs_check.goals import check_goal, refined
from proofs_check.growth import bound, range_context
from proofs_check.kernels import parse_kernel
from proofs_check.language import parse_condition, parse_expr
from proofs_check.logform import log_tree, monomial
from proofs_check.meaning import SMALL_GAMMA, NoMeaningError, meaning
from proofs_check.optimum import check_optimum, read_point
from proofs_check.premises import condition_generators, is_assumed, is_evident, premises
from proofs_check.verdict import Certificate, Verdict
from theory.derive import derive

ONE: list[Any] = [["1", []]]
ZERO = lin(Form({}))


def context(*assume: str, says: str = "M*N*T*gamma = O(M*N*T)") -> Context:
    return premises(make_claim(says, assume)).ctx


def tree(text: str, ctx: Context) -> Tree:
    return log_tree(parse_expr(text), ctx)


def parts(text: str, ctx: Context) -> set[frozenset[Form]]:
    """The monomials of an expression, as a maximum of minima, in no order."""
    return set(map(frozenset, normal_form(tree(text, ctx), "max")))


def refused(message: str) -> Any:
    return pytest.raises(RejectedError, match=message)


# Algebra.


def test_rational_functions() -> None:
    ring = Ring(["a", "b"])
    value = ring.frac(parse_expr("(a^2 - b^2)/(a - b)"))
    assert value == ring.frac(parse_expr("a + b"))
    assert value != 3
    assert hash(value) == hash(ring.frac(parse_expr("b + a")))
    assert value.at((Fraction(1), Fraction(2))) == 3
    assert ring.zero.at((Fraction(1), Fraction(2))) == 0
    assert Ring([]).frac(parse_expr("3/2")).at(()) == Fraction(3, 2)
    with pytest.raises(ZeroDivisionError):
        ring.frac(parse_expr("1/a")).at((Fraction(0), Fraction(2)))
    with pytest.raises(ZeroDivisionError):
        ring.one / ring.zero
    assert str(ring.expr(ring.frac(parse_expr("1/(2*a)")))) in ("1/2/a", "1/2*1/a")


@pytest.mark.parametrize(
    "text",
    [
        "(a+b+c+d+e+f+g+h)^20",
        "(a+b+c+d)^7*(e+f+g+h)^7",
        "a^61",
        "a^(1/2)",
        "a^b",
        "sqrt(a)",
        "x",
    ],
)
def test_what_is_no_rational_function_of_moderate_size(text: str) -> None:
    with pytest.raises(NotRationalError):
        Ring("abcdefgh").frac(parse_expr(text))


def test_multipliers_of_moderate_size() -> None:
    ring = Ring("abcdefgh")
    first, second = (ring.frac(parse_expr(t)).num for t in ("(a+b+c+d)^7", "(e+f+g+h)^7"))
    factors = (Factor(first, True), Factor(second, False))
    assert len(set(factors)) == 2
    assert Multiplier.read([["2", [0]]], 2).poly(ring, factors) == first * 2
    with refused("too many terms"):
        Multiplier.read([["1", [0, 1]]], 2).poly(ring, factors)
    with pytest.raises(ValueError, match="at most"):
        Multiplier.read([["1", [0] * 13]], 2)


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


# Logarithms.


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("sqrt(M)", "M^(1/2)"),
        ("log(1 + M)", "log(M)"),
        ("log(1 + M*N)", "max(log(M), log(N))"),
        ("log(M^2*log(M))", "log(M)"),
        ("M*sigma*pi", "M"),
        ("M*exp(-pi)", "M"),
        ("M*2^(1/2)", "M"),
        ("M*exp(2^(1/2))", "M"),
        ("M*(sigma + pi)", "M"),
        ("M*max(1, sigma)*Gamma(2)*zeta(2)", "M"),
        ("(M + N)^0", "1"),
        ("M*log(2)", "M"),
        ("log(min(M, N))", "min(log(M), log(N))"),
        ("log((M + N)*T)", "max(log(M), log(N), log(T))"),
        ("log(M - 1)", "log(M)"),
        ("log(2 + 1/M)", "1"),
        ("log(2 + gamma*log(M)/M)", "1"),
        ("log(1 + 1/M)", "min(1/M, 1)"),
        ("log(2 + N^2*gamma^2)", "log(2 + N*gamma)"),
        ("log(3/2 + N*gamma*log(2 + N*gamma)^5)", "log(2 + N*gamma)"),
        ("log(1 + N*gamma)", "min(N*gamma, log(2 + N*gamma))"),
        ("log(1 + N*gamma + M*gamma)", "max(log(1 + N*gamma), log(1 + M*gamma))"),
        ("log(M + N*gamma)", "max(log(M), log(2 + N*gamma))"),
        ("log(2 + M/N)*log(2 + M^3/N^3)", "log(2 + M/N)^2"),
    ],
)
def test_logarithms(text: str, like: str) -> None:
    ctx = context()
    assert parts(text, ctx) == parts(like, ctx)


@pytest.mark.parametrize(
    "text",
    ["log(1/M)", "log(1/2 + 1/M)", "log(log(M))", "log(2 + log(M))", "log(M^0)", "M^M", "i",
     "M*log(1)", "M*log(1/2)", "log(M - N)", "log(N*gamma)", "log(1/2 + N*gamma)", "log(M/N)",
     "log(max(1/M, 1/N))"],
)  # fmt: skip
def test_logarithms_that_no_rule_gives(text: str) -> None:
    with refused("."):
        tree(text, context())


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("i - 1/2", "i"),
        ("-1/2 + i", "i"),
        ("log(i + 1)", "log(i + 1/2)"),
        ("log(2*i)", "log(i + 1)"),
        ("log(i^2 + 1)", "log(i + 1)"),
        ("log(i*log(i + 1) + 3)", "log(i + 1)"),
        ("log(1 + 1/i)", "min(1/i, 1)"),
        ("log(M*i)", "max(log(M), log(i + 1))"),
        ("log(2 + i/M)", "log(2 + i^2/M^2)"),
    ],
)
def test_logarithms_of_an_index(text: str, like: str) -> None:
    ctx = context().with_index("i")
    assert parts(text, ctx) == parts(like, ctx)


def test_an_index_that_starts_later() -> None:
    """What is positive depends on the literal start of the range: ``log(1) = 0``."""
    first, second = context().with_index("i"), context().with_index("i", Fraction(2))
    for text in ("log(i)", "i - 1", "i - 3/2", "log(i - 1/2)", "log(3/2*i - 1/2)"):
        with refused("."):
            tree(text, first)
    for text in ("i - 1", "i - 3/2"):
        assert tree(text, second) == tree("i", second)
    for text in ("log(i)", "log(i - 1/2)"):
        assert tree(text, second) == tree("log(i + 1)", second)
    for text in ("i - 2", "log(i - 1)", "log(i/2)", "log(1/i)", "log(i^-1 + 1/2)"):
        with refused("."):
            tree(text, second)


def test_monomials() -> None:
    with refused("not a monomial"):
        monomial(parse_expr("M + N"), context())


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


# Premises.


def test_what_is_read_in_the_variables_of_the_premises() -> None:
    claim = make_claim("N_eff*M^b = O(N*gamma)", ["b = a", "a > 1", "gamma = 1"])
    ready = premises(claim)
    assert str(ready.read(parse_expr("N*gamma*M^b"))) == "N_eff*log(N_eff)*M^a"
    assert ready.equations == (("b", Name("a")),)
    assert "gamma" not in {v for g in ready.ctx.generators for v in g.form.coeffs}


def test_assumptions_that_no_rule_can_use() -> None:
    ready = premises(
        make_claim(
            "M*N = O(M*N)",
            ["a^(1/2) > 1", "M^a >= N", "max(M, T) >= N", "2*a = 3", "4 = b", "M >= exp(-N)"],
        )
    )
    assert set(ready.unused) == {"a^(1/2) > 1", "max(M, T) >= N", "M >= exp(-N)"}
    assert ready.pending == ()
    assert len(ready.ctx.factors) == 2
    open_sign = premises(make_claim("M*N = O(M*N)", ["(M + T)^a >= N", "a > 0"]))
    assert [str(c) for c in open_sign.pending] == ["(M + T)^a >= N"]
    with refused("only minima above"):
        condition_generators(ready.ctx, make_claim("M = O(M)", ["M + N >= T"]).assume[0])


def test_conditions_are_assumed_in_either_direction() -> None:
    given = make_claim("M = O(M)", ["a > 1"]).assume
    assert is_assumed(make_claim("M = O(M)", ["1 < a"]).assume[0], given)
    assert not is_assumed(make_claim("M = O(M)", ["1 > a"]).assume[0], given)


def test_conditions_that_large_sizes_satisfy_are_evident() -> None:
    sizes = frozenset({"M"})
    evident = {"M >= 7": True, "M >= M": True, "k >= k": True, "k >= 7": False, "M >= k": False,
               "M <= 7": False, "M > M": False, "M^2 >= 7": False}  # fmt: skip
    for text, answer in evident.items():
        assert is_evident(parse_condition(text)[0], sizes) is answer, text


@pytest.mark.parametrize("says", ["eigenvalue(M) = Theta(M^-a)", "eigenvalue(9) = Theta(1)"])
def test_an_eigenvalue_within_the_model_needs_no_assumption(says: str) -> None:
    claim = make_claim(says, ["a > 1"])
    check(claim, derive(claim).proof)
    beyond = make_claim("eigenvalue(N) = Theta(N^-a)", ["a > 1"])
    assert derive(beyond).proof is None
    with refused("needed and not assumed"):
        check_needs(premises(beyond), [[]] * len(premises(beyond).left.needs))


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


# Optima.


def objective(says: str, minimise: str = "1/M + M/C", **more: Any) -> Claim:
    return make_claim(says, minimise=minimise, over=["M"], **more)


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


# Meaning.

SETTING = Setting(parse_expr("i^-a"), parse_expr("i^-b"))
TOP = replace(SETTING, features="top")


@pytest.mark.parametrize(
    ("text", "upper"),
    [
        ("approx", "sum(i^(-b)*min(1, (i/M)^a), i, 1, oo)"),
        ("2*approx", "2*sum(i^(-b)*min(1, (i/M)^a), i, 1, oo)"),
        ("sqrt(irreducible)", "sqrt(sigma^2)"),
        ("irreducible^2", "(sigma^2)^2"),
        ("1/irreducible", "1/(sigma^2)"),
        ("max(irreducible, 1)", "max(sigma^2, 1)"),
        ("M*irreducible", "M*sigma^2"),
        ("risk - approx - bias - variance", "sigma^2"),
        ("risk", "sigma^2"),
        ("risk - approx", "sigma^2"),
        ("irreducible + 3*mean_bias", "sigma^2"),
        ("2*risk - sigma^2 + M", "sigma^2 + M"),
        ("eigenvalue(j)", "j^(-a)"),
        ("M + 1", "M + 1"),
    ],
)
def test_meanings(text: str, upper: str) -> None:
    found = meaning(parse_expr(text), SETTING)
    assert found.upper == parse_expr(upper)


def test_the_noise_of_outputs_that_tend_to_infinity() -> None:
    many = replace(SETTING, outputs=Name("p"))
    sizes = frozenset({"p"})
    for text in ("risk", "risk - sigma^2", "irreducible - 5*sigma^2", "excess + irreducible"):
        found = meaning(parse_expr(text), many, sizes)
        assert found.upper == found.lower == parse_expr("p*sigma^2")
    assert SMALL_GAMMA in meaning(Name("risk"), many).trust
    assert not meaning(Name("irreducible"), many).trust
    with pytest.raises(NoMeaningError, match="is subtracted and stays"):
        meaning(parse_expr("variance - sigma^2"), many, sizes)
    # Beside the noise of a single output the parts of p outputs stay.
    beside = meaning(parse_expr("sigma^2 + variance"), many, sizes)
    assert beside.upper != parse_expr("sigma^2")


def test_the_whole_risk_needs_summable_energies_alone() -> None:
    needs = [str(need) for need in meaning(Name("risk"), SETTING).needs]
    assert needs == ["a > 1", "b > 1"]
    assert len(meaning(Name("excess"), SETTING).needs) > 2
    kernel = replace(SETTING, kernel=parse_kernel("brownian"))
    assert "Mercer" in meaning(Name("risk"), kernel).steps[0]


@pytest.mark.parametrize(
    ("spectrum", "needs"),
    [
        ("i^-a", ["a > 1"]), ("i^-1*log(i+1)^-a", ["a > 1"]), ("exp(-i)", []), ("2^-i", []),
        ("min(i^-a, 3*i^-c)", ["a > 1", "c > 1"]), ("2^-i + i^-a", ["a > 1"]),
    ],
)  # fmt: skip
def test_variance_and_effective_dimension_of_any_spectrum(spectrum: str, needs: list[str]) -> None:
    found = replace(SETTING, spectrum=parse_expr(spectrum), batch=Name("B"))
    ratio = meaning(parse_expr("M*variance/effective_dimension"), found, SIZES)
    assert ratio.upper == ratio.lower == parse_expr("M/(N_eff*B)")
    inverse = meaning(parse_expr("effective_dimension*M/variance"), found, SIZES)
    assert inverse.lower == parse_expr("M*(1/(N_eff*B))^(-1)")
    assert sorted(map(str, ratio.needs)) == sorted({*needs, "b > 1"})
    averaged = replace(found, algorithm="averaged-sgd", schedule="constant")
    assert meaning(parse_expr("variance/effective_dimension"), averaged, SIZES).upper == (
        parse_expr("1/(N*B)")
    )


@pytest.mark.parametrize(
    ("spectrum", "target"),
    [
        ("(i+1)^2", "2^-i"), ("2^i", "2^-i"), ("2^-i", "2^i"), ("sin(i)*2^-i", "2^-i"),
        ("2^-i", "-2^-i"), ("2^-i", "2^-i - 2^(1-i)"), ("0*i^-a", "2^-i"), ("i^-1", "2^-i"),
        ("(i+1)^-1", "2^-i"), ("exp(i)", "2^-i"), ("1 + 2^-i", "2^-i"), ("2^-i", "log(i)*2^-i"),
    ],
)  # fmt: skip
def test_what_is_not_shown_to_be_a_problem_has_no_meaning(spectrum: str, target: str) -> None:
    found = replace(SETTING, spectrum=parse_expr(spectrum), target=parse_expr(target))
    with pytest.raises(NoMeaningError):
        meaning(parse_expr("variance/effective_dimension"), found, SIZES)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("variance/effective_dimension", {"algorithm": "averaged-sgd"}),
        # The last iterate keeps more noise than the effective dimension says.
        ("variance/effective_dimension", {"schedule": "constant"}),
        # What is left of a product still needs a law, each factor being used once.
        ("variance*variance/effective_dimension", {}),
        ("variance/effective_dimension^2", {}),
        ("bias*variance/effective_dimension", {}),
        ("variance + 1/effective_dimension", {}),
    ],
)
def test_what_no_rule_says_of_any_spectrum(text: str, changes: dict[str, Any]) -> None:
    setting = replace(SETTING, spectrum=parse_expr("exp(-i)"), **changes)
    with pytest.raises(NoMeaningError):
        meaning(parse_expr(text), setting)


def test_a_quotient_uses_each_of_its_factors_once() -> None:
    once = meaning(parse_expr("variance*variance/effective_dimension"), SETTING)
    assert "sum(" in str(once.upper)


def test_meanings_by_setting() -> None:
    assert str(meaning(Name("approx"), TOP).upper) == "sum(i′^(-b), i′, M + 1, oo)"
    assert not meaning(Name("mean_bias"), TOP).needs[2:]
    constant = replace(TOP, schedule="constant")
    assert "min(1, N*gamma*j′^(-a))" in str(meaning(Name("variance"), constant).upper)
    averaged = replace(constant, algorithm="averaged-sgd")
    assert "^(-2)" in str(meaning(Name("mean_bias"), averaged).upper)
    assert "min(1," in str(meaning(Name("bias"), averaged).upper)
    kernel = replace(SETTING, kernel=parse_kernel("brownian"))
    assert str(meaning(parse_expr("eigenvalue(j)"), kernel).upper) == "j^(-2)"
    scaled = replace(SETTING, spectrum=parse_expr("3*i^-a"))
    assert str(meaning(parse_expr("eigenvalue(j)"), scaled).upper) == "j^(-a)"


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("risk - risk", {}),
        ("approx - bias", {}),
        ("-risk", {}),
        ("exp(-risk)", {}),
        ("approx^a", {}),
        ("risk - irreducible", {"algorithm": "averaged-sgd"}),
        ("excess", {"algorithm": "averaged-sgd"}),
        # What is bounded beside the noise is not so where it is subtracted.
        ("risk - 2*bias", {}),
        ("irreducible - approx", {}),
        ("risk - M*variance", {}),
        ("risk", {"spectrum": parse_expr("exp(-i)")}),
        ("risk", {"target": parse_expr("i^-1*log(i+1)^-b")}),
        # Nor does the noise of one output bound the parts of p of them, or the other way round.
        ("risk - p*sigma^2 - variance + sigma^2 - bias - 2*approx", {"outputs": Name("p")}),
        ("risk - 2*p*sigma^2", {"outputs": Name("p")}),
        ("risk - sigma^2", {"outputs": Name("p")}),
        ("approx", {"spectrum": parse_expr("exp(-i)")}),
        ("approx", {"target": parse_expr("-2*i^-a")}),
    ],
)
def test_expressions_without_a_meaning(text: str, changes: dict[str, Any]) -> None:
    with pytest.raises(NoMeaningError):
        meaning(parse_expr(text), replace(SETTING, **changes))


# Verdicts.


def test_a_verdict_is_as_expected_or_not() -> None:
    claim = make_claim("M = O(M)", expect="refuted")
    for verdict in Verdict:
        found = Certificate(claim, verdict, "", "", (), None, {}, (), None, (), None)
        assert found.as_expected == (verdict is Verdict.REFUTED)


def test_generators_say_what_they_are() -> None:
    ctx = context()
    assert all(isinstance(g, Generator) and g.text for g in ctx.generators)
    assert isinstance(ctx.ring.zero, Frac)
