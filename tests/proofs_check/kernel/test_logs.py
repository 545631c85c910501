"""Attacks on the rules for logarithms: each derivation is of something false, by hand.

Where a rule needs a hypothesis the hypothesis is left out, and the true claim beside it, with the
hypothesis, is accepted.
"""

from __future__ import annotations

from typing import Any

import pytest
from derivations import is_derived

from ratecert.proofs_check.checker import check
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.cone import Context, lin
from ratecert.proofs_check.kernel.goals import check_goal, refined
from ratecert.proofs_check.kernel.growth import at_centre, bound
from ratecert.proofs_check.kernel.logform import log_tree, monomial
from ratecert.proofs_check.kernel.premises import premises
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.theory.derive import derivation
from ratecert.theory.search.prover import Prover
from ratecert.theory.witnesses.refute import model

ONE: list[Any] = [["1", []]]


def context(*assume: str, says: str = "M*N*gamma = O(M*N*gamma)") -> Context:
    return premises(make_claim(says, assume)).ctx


def refused(message: str) -> Any:
    return pytest.raises(RejectedError, match=message)


def certificate(ctx: Context, *texts: str) -> dict[str, Any]:
    """The certificate of one clause with one form on each side and these generators, once each."""
    numbers = [next(k for k, g in enumerate(ctx.generators) if g.text == text) for text in texts]
    return {"certs": [{"mu": [ONE], "nu": [ONE], "gens": {str(k): ONE for k in numbers}}]}


def goal(small: str, large: str, data: Any, ctx: Context, diverging: bool = False) -> None:
    trees = [log_tree(parse_expr(text), ctx) for text in (small, large)]
    check_goal(*trees, data, ctx, diverging)


def with_log(text: str, ctx: Context) -> Context:
    ((inner, _),) = refined({"log": text, "then": None}, ctx)
    return inner


# What is known of one logarithm.


def test_a_logarithm_is_absorbed_only_where_its_argument_is_bounded_below() -> None:
    """``log(2 + N*gamma) = O(N*gamma)`` is false: it is 1/(N gamma) off where that tends to 0."""
    claim = ("log(N*gamma + 2)", "N*gamma")
    slow = "log(N*gamma + 2) is below every power of N*gamma"
    plain = with_log("N*gamma", context())
    for extra in ((), ("N -> oo",), ("gamma <= const",)):
        with refused("identity"):
            goal(*claim, certificate(plain, slow, *extra), plain)
    # The identity holds with the power on the right, but that is no generator here.
    form = monomial(parse_expr("N*gamma"), plain)
    with refused("not absorbed"):
        check_goal(lin(-form), lin(-form - monomial(parse_expr("log(N*gamma + 2)"), plain)),
                   certificate(plain, slow), plain)  # fmt: skip
    large = with_log("N*gamma", context("N*gamma >= 1"))
    goal(*claim, certificate(large, slow, "N*gamma >= 1"), large)


def test_a_logarithm_does_not_tend_to_infinity_by_itself() -> None:
    ctx = with_log("N*gamma", context("N*gamma >= 1"))
    data = certificate(ctx, "log(N*gamma + 2) >= log(2)")
    goal("1", "log(N*gamma + 2)", data, ctx)
    with refused("nothing in the certificate tends to infinity"):
        goal("1", "log(N*gamma + 2)", data, ctx, diverging=True)


def test_a_logarithm_of_another_monomial_is_another_logarithm() -> None:
    ctx = with_log("M/N", with_log("N*gamma", context()))
    for small, large in (("log(2 + M/N)", "log(2 + N*gamma)"), ("log(2 + M/N)", "log(2 + N/M)")):
        with refused("identity"):
            goal(small, large, certificate(ctx), ctx)


def test_a_logarithm_inside_a_logarithm_stays_where_it_may_matter() -> None:
    """``log(2 + M log(N)/N)`` is of another order than ``log(2 + M/N)`` where M is N/log(N)."""
    ctx = context()
    inner, outer = (log_tree(parse_expr(t), ctx) for t in ("log(2 + M/N)", "log(2 + M*log(N)/N)"))
    assert inner.form != outer.form
    with refused("identity"):
        check_goal(outer, inner, certificate(ctx), ctx)


# Comparisons of logarithms.


def compared(kind: str, x: str, y: str, **more: Any) -> dict[str, Any]:
    return {kind: [x, y], "then": None, **more}


def test_logarithms_of_unrelated_monomials_are_not_compared() -> None:
    ctx = context()
    same = {"certs": [{"mu": [ONE], "nu": [ONE], "gens": {}}]}
    for kind, more in (("mono", {"power": "1"}), ("apart", {})):
        with refused("identity"):
            list(refined(compared(kind, "M", "N", given=same, **more), ctx))


def test_more_than_a_power_lies_between_sizes() -> None:
    """From ``M >= N`` follows ``log M >= c log N``, never ``log N >= c log M``."""
    ctx = context("M >= N")
    with refused("identity"):
        list(
            refined(compared("mono", "N", "M", power="100", given=certificate(ctx, "M >= N")), ctx)
        )
    ((known, _),) = refined(
        compared("mono", "M", "N", power="1", given=certificate(ctx, "M >= N")), ctx
    )
    data = certificate(known, "log(M + 2) >= c*log(N + 2)")
    goal("log(N)", "log(M)", data, known)
    with refused("identity"):
        goal("log(M)", "log(N)", data, known)


def test_a_quotient_of_logarithms_is_absorbed_by_the_quotient_alone() -> None:
    """``log M <= C log N`` is false for ``M >= N``; ``N log M <= C M log N`` is true."""
    ctx = context("M >= N")
    step = compared("apart", "M", "N", given=certificate(ctx, "M >= N"))
    ((known, _),) = refined(step, ctx)
    slow = "log(M + 2)/log(N + 2) is below every power of (M)/(N)"
    with refused("not absorbed"):
        goal("log(M)", "log(N)", certificate(known, slow), known)
    with refused("identity"):
        goal("log(M)", "log(N)", certificate(known, slow, "M >= N"), known)
    goal("N*log(M)", "M*log(N)", certificate(known, slow, "M >= N"), known)


def test_what_may_be_lost_is_no_comparison_of_logarithms() -> None:
    from ratecert.proofs_check.kernel.premises import with_slack

    ctx = with_slack(premises(make_claim("M = Otilde(N)", ["N*log(N) >= M"])))
    given = certificate(ctx, "N*log(N) >= M", "up to logarithms")
    with refused("identity"):
        list(refined(compared("apart", "N", "M", given=given), ctx))


def test_comparisons_that_are_malformed() -> None:
    ctx = context("M >= N")
    given = certificate(ctx, "M >= N")
    for step, message in [
        (compared("apart", "M", "N"), "no entry 'given'"),
        ({"apart": ["M"], "given": given, "then": None}, "of two monomials"),
        (compared("apart", "M + N", "N", given=given), "not a monomial"),
        (compared("mono", "M*N", "N", power="1", given=certificate(ctx, "M -> oo")), "one log"),
        (compared("apart", "M*N", "M", given=certificate(ctx, "N -> oo")), "one logarithm each"),
    ]:
        with refused(message):
            list(refined(step, ctx))


# Sums.


TRUE = [
    ("sum(i^-1*log(i+1)^-a, i, M, oo) = Theta(log(M)^(1-a))", "a > 1"),
    ("sum(i^-1*log(i+1)^-a, i, 1, M) = Theta(log(M)^(1-a))", "a > 0", "a < 1"),
    ("sum(i^-1*log(i+1)^-a, i, 1, M) = Theta(1)", "a > 1"),
    ("sum(i^-b*log(i+1)^-a, i, M, oo) = Theta(M^(1-b)*log(M)^-a)", "a > 0", "b > 1"),
    ("sum(i^-b*log(i)^a, i, 2, M) = Theta(M^(1-b)*log(M)^a)", "a > 0", "b < 1"),
    ("sum(1/i, i, N, M) = Theta(log(2 + M/N))", "M >= N*log(N)"),
    ("sum(1/i, i, N, M) = O(log(1 + M/N))", "M >= N"),
    ("sum(min(1, (N/(i*log(i+1)^a))^2), i, 1, M) = Theta(min(M, N/log(N)^a))", "a > 1"),
    ("sum(1/i, i, 1, N*gamma) = Theta(log(2 + N*gamma))", "N*gamma >= log(N)"),
    ("sum(sum(1/j, j, 1, i), i, 1, M) = Theta(M*log(M))",),
    ("log(1 + N*gamma) = O(N*gamma)",),
    ("log(1 + N*gamma) = Theta(N*gamma)", "N*gamma <= 1"),
    ("log(1 + N*gamma) = Theta(log(2 + N*gamma))", "N*gamma >= 1"),
]

FALSE = [
    ("sum(i^-1*log(i+1)^-a, i, M, oo) = O(log(M)^-a)", "a > 1"),
    ("sum(i^-1*log(i+1)^-a, i, 1, M) = O(1)", "a > 0", "a < 1"),
    ("sum(i^-1*log(i+1)^-1, i, 1, M) = O(1)",),
    ("sum(i^-b*log(i+1)^-a, i, M, oo) = Omega(M^(1-b))", "a > 0", "b > 1"),
    ("sum(1/i, i, N, M) = Omega(log(2 + M/N))", "M >= N"),
    ("sum(1/i, i, N, M) = Omega(1)", "M >= N"),
    ("sum(1/i, i, N, M) = O(1)", "M >= N"),
    ("sum(min(1, (N/(i*log(i+1)^a))^2), i, 1, M) = Theta(min(M, N))", "a > 1"),
    ("log(1 + N*gamma) = Theta(N*gamma)",),
    ("log(1 + N*gamma) = Omega(1)",),
    ("log(1 + N*gamma) = Omega(log(N))", "N*gamma >= 1"),
    ("log(2 + M/N) = O(log(M)/log(N))",),
    ("log(2 + M/N) = Omega(log(M))", "M >= N"),
]


@pytest.mark.parametrize("case", TRUE, ids=lambda case: case[0])
def test_true_claims_are_proved(case: tuple[str, ...]) -> None:
    assert is_derived(*case)


@pytest.mark.parametrize("case", FALSE, ids=lambda case: case[0])
def test_false_neighbours_are_not_proved(case: tuple[str, ...]) -> None:
    assert not is_derived(*case)


def test_the_sum_of_reciprocal_logarithms_is_not_bounded() -> None:
    """``Σ 1/(i log i)`` diverges, so no point on the scale of logarithms can carry it."""
    ctx = context()
    text = str(parse_expr("sum(1/(i*log(i+1)), i, 1, M)"))
    for at in ("1", "M"):
        hint = {"pieces": [{"log at": at}], "slope": "1/4", "bound": "1", "inner": {}}
        hint["proof"] = {"certs": [{"mu": [ONE], "nu": [ONE], "gens": {}}] * 2}
        with refused("identity"):
            bound(parse_expr(text, is_printed=True), True, ctx, {text: {"upper": hint}})


def test_a_stretch_of_unknown_length_needs_terms() -> None:
    """Where the range may be empty the sum may be 0, whatever the length of a stretch."""
    claim = make_claim("sum(1/i, i, N, M) = Omega(log(2 + M/N))", ["M >= N*log(N)"])
    proof = derivation(claim)
    proof["model"] = model(claim)
    check(claim, proof)
    found: list[Any] = []

    def stretches(node: Any) -> None:
        if isinstance(node, dict):
            found.extend([node] if "long" in node else [])
            for part in node.values():
                stretches(part)
        elif isinstance(node, list):
            for part in node:
                stretches(part)

    stretches(proof)
    assert found
    for key in ("nonempty", "ordered"):
        for item in found:
            item[f"no {key}"] = item.pop(key)
        with refused(f"no entry '{key}'"):
            check(claim, proof)
        for item in found:
            item[key] = item.pop(f"no {key}")


def test_an_index_does_not_leave_its_sum_inside_a_logarithm() -> None:
    """``log(2 + M/i)`` at ``i = N`` is ``log(2 + M/N)``."""
    ctx = context()
    inside = ctx.with_index("i")
    tree = log_tree(parse_expr("log(2 + M/i)*i^2*log(i + 1)"), inside)
    put = at_centre(tree, "i", monomial(parse_expr("N"), ctx), ctx)
    assert put == log_tree(parse_expr("log(2 + M/N)*N^2*log(N)"), ctx)


# Optima.


def test_a_case_on_a_logarithm_of_what_is_varied_stands_below_the_choice() -> None:
    claim = make_claim(
        "optimal(gamma) = O(M^-1)", minimise="1/N + min(1, gamma*M/N)", over=["gamma"]
    )
    proof = derivation(claim)
    tree = {"log": "N*gamma", "then": {"split": "log(N*gamma + 2)", "ge": {}, "le": {}}}
    with refused("involves a varied name"):
        check(claim, {**proof, "model": model(claim), "tree": tree})
    tree = {"log": "N*gamma", "then": proof["tree"]}
    with refused("no rule gives the log N\\*gamma of the point"):
        check(claim, {**proof, "model": model(claim), "tree": tree})


def test_prover_knows_when_two_logarithms_contradict() -> None:
    ctx = context("M >= N^2", "1 >= log(2 + M/N)")
    assert Prover(with_log("M/N", ctx)).impossible() is not None
