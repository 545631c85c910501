"""Refinements of what may be used: each case exactly, and what each hypothesis keeps out."""

from __future__ import annotations

from typing import Any

import pytest

from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.algebra import Factor, Form
from ratecert.proofs_check.kernel.cone import Context, Generator, lin
from ratecert.proofs_check.kernel.goals import (
    check_goal,
    entry,
    is_impossible,
    multiplier,
    parameter,
    refined,
)
from ratecert.proofs_check.kernel.logform import log_generators, monomial
from ratecert.proofs_check.kernel.premises import premises, with_slack
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.grammar import parse_expr

ONE: list[Any] = [["1", []]]
ZERO = Form({})


def context(*assume: str, says: str = "M*N*T*gamma*M^(a*b) = O(M*N*T*gamma*M^(a*b))") -> Context:
    return premises(make_claim(says, ["a > 0", "b >= 0", *assume])).ctx


def form(text: str, ctx: Context) -> Form:
    return monomial(parse_expr(text), ctx)


def by(ctx: Context, *texts: str) -> dict[str, Any]:
    """The certificate of one clause with one form on each side and these generators, once each."""
    numbers = [[g.text for g in ctx.generators].index(text) for text in texts]
    return {"certs": [{"mu": [ONE], "nu": [ONE], "gens": {str(k): ONE for k in numbers}}]}


def refused(message: str) -> Any:
    return pytest.raises(RejectedError, match=message)


def cases(data: Any, ctx: Context) -> list[tuple[Context, Any]]:
    return list(refined(data, ctx))


def test_a_distinction_on_a_monomial() -> None:
    ctx = context()
    (above, x), (below, y) = cases({"split": "M/N", "ge": "x", "le": "y"}, ctx)
    ratio = form("M/N", ctx)
    assert (x, y) == ("x", "y")
    assert above.generators[-1] == Generator(ratio, "M/N >= 1", is_case=True)
    assert below.generators[-1] == Generator(-ratio, "M/N <= 1", is_case=True)
    assert len(above.generators) == len(below.generators) == len(ctx.generators) + 1


def test_a_distinction_of_signs_covers_zero() -> None:
    ctx = context()
    poly = parameter("a*b - 1", ctx).num
    data = {"cases": "a*b - 1", "pos": "x", "zero": "y", "neg": "z"}
    found = cases(data, ctx)
    assert [rest for _, rest in found] == ["x", "y", "z"]
    assert [inner.factors[len(ctx.factors) :] for inner, _ in found] == [
        (Factor(poly, True),),
        (Factor(poly, False), Factor(-poly, False)),
        (Factor(-poly, True),),
    ]


def test_signs_are_proved_one_after_the_other() -> None:
    ctx = context()
    signs = [["a", "+", [["1", [0]]]], ["-a", "-", [["1", [0]]]]]
    ((inner, rest),) = cases({"signs": signs, "then": "x"}, ctx)
    assert rest == "x"
    assert inner.sign(parameter("a", ctx)) == "+"
    for bad in (["a"], [["a", "+"]], ["abc"], {"a": 1}, [{"a": 1, "b": 2, "c": 3}]):
        with refused("a sign is .expression"):
            cases({"signs": bad, "then": "x"}, ctx)
    for bad in ([["b", "+", [["1", [1]]]]], [["a", "-", [["1", [0]]]]]):
        with refused("strictly positive|multiply out"):
            cases({"signs": bad, "then": "x"}, ctx)


def test_what_grows_is_proved_to_and_not_by_losing_logarithms() -> None:
    ctx = context("M >= N")
    ((inner, rest),) = cases({"diverges": "M", "given": by(ctx, "M -> oo"), "then": "x"}, ctx)
    assert rest == "x"
    assert inner.generators[-1] == Generator(form("M", ctx), "M -> oo", grows=True)
    with refused("nothing in the certificate tends to infinity"):
        cases({"diverges": "M/N", "given": by(ctx, "M >= N"), "then": "x"}, ctx)
    losing = with_slack(premises(make_claim("M = Otilde(M)", ["M*N >= 1"])))
    less = next(k for k, g in enumerate(losing.generators) if g.is_slack)
    gens = {str(less): ONE, **by(losing, "M -> oo")["certs"][0]["gens"]}
    given = {"certs": [{"mu": [ONE], "nu": [ONE], "gens": gens}]}
    name = next(iter(losing.generators[less].form.coeffs)).removeprefix("log ")
    with refused("identity"):
        cases({"diverges": f"M/log({name})", "given": given, "then": "x"}, losing)


def test_the_logarithm_of_a_larger_monomial() -> None:
    ctx = context("M^2 >= N")
    known = by(ctx, "M^2 >= N")
    step = {"mono": ["M", "N"], "power": "2", "given": known, "then": "x"}
    ((inner, _),) = cases(step, ctx)
    logs = [form(f"log({name})", ctx) for name in "MN"]
    assert inner.generators[-1].form == logs[0] - logs[1]
    assert not inner.generators[-1].grows
    for change, message in [
        ({"power": "1"}, "identity"),
        ({"power": "0"}, "the power is not positive"),
        ({"power": "-2"}, "the power is not positive"),
        ({"power": "b"}, "the sign of b is not proved"),
        ({"mono": ["N", "M"]}, "identity"),
        ({"mono": ["M"]}, "two monomials"),
        ({"mono": ["M", "N", "N"]}, "two monomials"),
        ({"mono": "MN"}, "two monomials"),
    ]:
        with refused(message):
            cases(step | change, ctx)


def test_logarithms_that_are_not_far_apart() -> None:
    ctx = context("M >= N")
    step = {"apart": ["M", "N"], "given": by(ctx, "M >= N"), "then": "x"}
    ((inner, _),) = cases(step, ctx)
    new = inner.generators[-1]
    assert new.form == form("log(N)", ctx) - form("log(M)", ctx)
    assert new.absorbed_by == form("M/N", ctx)
    for change in ({"apart": ["N", "M"]}, {"given": by(ctx)}):
        with refused("identity"):
            cases(step | change, ctx)


@pytest.mark.parametrize("kind", ["apart", "mono"])
def test_logarithms_of_products_are_maxima_of_which_none_is_compared(kind: str) -> None:
    ctx = context("T >= M*N", "M*N >= T")
    for large, small, known in (("T", "M*N", "T >= M*N"), ("M*N", "T", "M*N >= T")):
        step = {kind: [large, small], "power": "1", "given": by(ctx, known), "then": "x"}
        with refused("of monomials with one logarithm each"):
            cases(step, ctx)


@pytest.mark.parametrize("kind", ["apart", "mono"])
def test_logarithms_are_not_compared_by_losing_any(kind: str) -> None:
    losing = with_slack(premises(make_claim("M = Otilde(N)", ["N*log(N) >= M"])))
    less = next(
        k for k, g in enumerate(losing.generators) if g.is_slack and "log N" in g.form.coeffs
    )
    gens = {str(less): ONE, **by(losing, "N*log(N) >= M")["certs"][0]["gens"]}
    given = {"certs": [{"mu": [ONE], "nu": [ONE], "gens": gens}]}
    with refused("identity"):
        cases({kind: ["N", "M"], "power": "1", "given": given, "then": "x"}, losing)


def test_what_is_known_of_a_logarithm() -> None:
    ctx = context()
    ((inner, rest),) = cases({"log": "M/N", "then": "x"}, ctx)
    assert rest == "x"
    assert inner.generators == (*ctx.generators, *log_generators(form("M/N", ctx), ctx))
    low, slow = log_generators(form("M/N", ctx), ctx)
    assert low.absorbed_by is None
    assert slow.form == -low.form
    assert slow.absorbed_by in (form("M/N", ctx), form("N/M", ctx))


def test_what_is_no_refinement() -> None:
    ctx = context()
    for data in (None, [], "split", {}, {"certs": []}, {"ge": 1, "le": 2}):
        assert cases(data, ctx) == []
    for data in ({"split": "M"}, {"split": "M", "ge": 1}, {"cases": "a", "pos": 1, "neg": 1}):
        with refused("no entry"):
            cases(data, ctx)
    with refused("no entry 'a'"):
        entry([], "a")
    assert entry({"a": 1}, "a") == 1


def test_impossible_cases() -> None:
    ctx = context("1 >= M*N")
    absurd = by(ctx, "M -> oo", "N -> oo", "1 >= M*N")["certs"][0]
    assert is_impossible({"absurd": absurd}, ctx)
    for data in (None, [], "absurd", {}, {"certs": []}):
        assert not is_impossible(data, ctx)
    with refused("identity"):
        is_impossible({"absurd": by(ctx, "M -> oo")["certs"][0]}, ctx)
    with refused("nothing in the certificate tends to infinity"):
        is_impossible({"absurd": by(ctx)["certs"][0]}, ctx)
    (_, _), (zero, _), (negative, _) = cases({"cases": "a", "pos": 1, "zero": 1, "neg": 1}, ctx)
    last = len(ctx.factors)
    assert is_impossible({"void": [["1", [0]], ["1", [last + 1]]]}, zero)
    assert is_impossible({"void": [["1", [0]], ["1", [last]]]}, negative)
    for void, message in [
        ([["1", [last]], ["1", [last + 1]]], "needs a strictly positive term"),
        ([["1", [0]], ["1", [last]]], "is not 0"),
        ([["2", [0]], ["1", [last + 1]]], "is not 0"),
    ]:
        with refused(message):
            is_impossible({"void": void}, zero)


def test_a_goal_has_a_certificate_for_each_clause() -> None:
    ctx = context()
    goal = lin(ZERO), lin(form("M", ctx))
    proof = by(ctx, "M -> oo")
    check_goal(*goal, proof, ctx, True)
    split = {"split": "N", "ge": proof, "le": proof}
    check_goal(*goal, split, ctx, True)
    for bad in ({"certs": []}, {"certs": proof["certs"] * 2}, {"certs": {"0": 1}}, {"certs": 1}):
        with refused("the goal has 1 clauses"):
            check_goal(*goal, bad, ctx)
    for key in ("ge", "le"):
        with refused("identity"):
            check_goal(*goal, split | {key: by(ctx)}, ctx)
    bounded = lin(form("M", ctx)), lin(form("M", ctx))
    check_goal(*bounded, {"split": "N", "ge": by(ctx), "le": by(ctx)}, ctx)
    with refused("nothing in the certificate"):
        check_goal(*bounded, {"split": "N", "ge": by(ctx), "le": by(ctx)}, ctx, True)


def test_multipliers_and_functions_of_the_parameters() -> None:
    ctx = context()
    assert multiplier([["1", [1]]], ctx).terms[0][1] == (1,)
    for bad in (None, [["1"]], [["1", [2]]], [["0", []]], [["1/0", []]], [[1, []]]):
        with refused("unreadable multiplier"):
            multiplier(bad, ctx)
    for text in ("M", "a^(1/2)", "1/(a - a)", 1, "a +"):
        with refused("."):
            parameter(text, ctx)
