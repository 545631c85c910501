"""False claims, with derivations in which all is right but one hypothesis of one rule.

Each derivation is that of a true claim beside it, or one made by hand; the guard that asks for the
hypothesis is all that stands between it and a certificate.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from derivations import derived, is_derived

from ratecert.proofs_check.checker import check, check_needs
from ratecert.proofs_check.equivalence.equivalent import Equivalent, Single
from ratecert.proofs_check.equivalence.proof import equivalent
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.algebra import Form, Multiplier, Ring
from ratecert.proofs_check.kernel.cone import Context, lin, normal_form
from ratecert.proofs_check.kernel.constants import rational
from ratecert.proofs_check.kernel.growth import bound, range_context, vertex_goal, window_context
from ratecert.proofs_check.kernel.logform import log_tree, monomial
from ratecert.proofs_check.kernel.optimum import at_point, check_optimum, gap_goal
from ratecert.proofs_check.kernel.premises import premises
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Expr, Name, Sum
from ratecert.proofs_check.language.grammar import parse_condition, parse_expr
from ratecert.proofs_check.paths.orders import CONSTANT, Order
from ratecert.proofs_check.paths.profiles import Piece, sum_order
from ratecert.theory.derive import derivation
from ratecert.theory.search.equivalence import Sought
from ratecert.theory.search.prover import Prover, StuckError
from ratecert.theory.witnesses.refute import model

ONE: list[Any] = [["1", []]]
SAME: dict[str, Any] = {"certs": [{"mu": [ONE], "nu": [ONE], "gens": {}}]}
"""The proof of a goal between two equal forms."""


def context(*assume: str) -> Context:
    return premises(make_claim("M*N*gamma = O(M*N*gamma)", assume)).ctx


ZERO = lin(Form({}))


def refused(message: str) -> Any:
    return pytest.raises(RejectedError, match=message)


def proof_of(claim: Claim) -> dict[str, Any]:
    return derivation(claim) | {"model": model(claim)}


# Sums.


def harmonic() -> tuple[dict[str, Any], dict[str, Any]]:
    """The proof that ``Σ_{i<=M} 1/i`` is of order log(M), and what it says of the sum."""
    proof = derived("harmonic")
    return proof, proof["tree"]["bounds"]["sum(1/i′, i′, 1, M)"]


def test_an_interval_is_no_longer_than_it_says() -> None:
    """``log(M/1)`` is not bounded, so ``Σ 1/i`` is not ``O(1)``."""
    proof, sides = harmonic()
    (interval,) = (piece for piece in sides["upper"]["pieces"] if "from" in piece)
    assert (interval["from"], interval["to"], interval["log"]) == ("1", "M", "M")
    interval["log"] = "1"
    proof["tree"]["upper"] = SAME
    with refused("identity of a certificate fails in the coefficient of M"):
        check(make_claim("sum(1/i, i, 1, M) = O(1)"), proof)


def test_a_stretch_bounds_the_terms_times_their_index() -> None:
    """``i^-2 i`` is not at least 1 from 1 to M, so ``Σ i^-2`` is not of order log(M)."""
    proof, sides = harmonic()
    proof["tree"] |= {"bounds": {"sum(i′^(-2), i′, 1, M)": sides}, "lower": SAME}
    sides["lower"] = [item for item in sides["lower"] if "from" in item]
    assert [item["bound"] for item in sides["lower"]] == ["1"]
    with refused("identity of a certificate fails in the coefficient of i"):
        check(make_claim("sum(i^-2, i, 1, M) = Omega(log(M))"), proof)


def read(text: str) -> Expr:
    return parse_expr(text, is_printed=True)


def printed(text: str) -> str:
    return str(read(text))


def range_hint(text: str, ctx: Context, **hint: Any) -> dict[str, Any]:
    """Return data that bound a sum from above, what they say of the terms being proved."""
    expr = parse_expr(text)
    assert isinstance(expr, Sum)
    inside = range_context(expr, ctx)
    hint = {"slope": "1", "bound": "1", "inner": {}, **hint}
    term = bound(expr.term, True, inside, hint["inner"])
    assert term is not None
    hint["proof"] = Prover(inside).goal(*vertex_goal(expr, term, hint, ctx))
    return {str(expr): {"upper": hint}}


def test_the_longest_interval_counts() -> None:
    ctx, text = context(), "sum(1/i, i, 1, M)"
    ends = {"from": "1", "to": "M"}
    proof = {"certs": [{"mu": [ONE], "nu": [ONE], "gens": {}}]}
    long = {**ends, "log": "M", "times": "1", "proof": proof}
    short = {"from": "1", "to": "1", "log": "1", "times": "1", "proof": proof}
    for pieces in ([long, short], [short, long], [long]):
        data = range_hint(text, ctx, pieces=[{"at": "1"}, {"at": "M"}, *pieces])
        found = bound(parse_expr(text), True, ctx, data)
        assert found is not None
        assert (monomial(parse_expr("log(M)"), ctx),) in normal_form(found, "max")


def test_a_cut_leaves_both_parts() -> None:
    """Beyond N the terms ``N/i^2`` add up to 1, but those before add up to log(N)."""
    proof = derived("cut")
    sides = proof["tree"]["bounds"][printed("sum(1/i*min(1, N/i), i, 1, oo)")]
    for text, given in (("below", "above"), ("above", "below")):
        hint = {**sides["upper"], text: sides["upper"][given]}
        bounds = {printed("sum(1/i*min(1, N/i), i, 1, oo)"): {**sides, "upper": hint}}
        tree = {**proof["tree"], "bounds": bounds, "upper": SAME}
        with refused("identity"):
            check(make_claim("sum(1/i*min(1, N/i), i, 1, oo) = O(1)"), proof | {"tree": tree})


def number(ctx: Context, text: str) -> str:
    return str([g.text for g in ctx.generators].index(text))


def by(ctx: Context, *texts: str, count: int = 1) -> dict[str, Any]:
    """The certificates of `count` clauses between two forms by these generators, once each."""
    gens = {number(ctx, text): ONE for text in texts}
    return {"certs": [{"mu": [ONE], "nu": [ONE], "gens": gens}] * count}


WITHIN = [
    # Windows and stretches that do not lie in the range of the sum, or in one that may be empty.
    ("sum(i^-2, i, M, oo)", {"at": "1", "after": SAME}, "2 clauses"),
    ("sum(i^-2, i, M, oo)", {"at": "1", "after": {"certs": SAME["certs"] * 2}}, "of M"),
    ("sum(i, i, 1, M)", {"at": "N", "after": "N", "before": SAME}, "identity"),
    ("sum(i, i, 1, M)", {"at": "M", "after": "M", "before": SAME}, "no entry 'nonempty'"),
    ("sum(i, i, 1, M)", {"at": "M", "after": "M", "before": SAME, "nonempty": SAME}, "identity"),
    ("sum(1/i, i, 1, M)", {"at": "1", "after": SAME, "before": SAME}, "identity"),
    ("sum(1/i, i, 1, N*gamma)", {"at": "1", "after": SAME, "before": SAME}, "identity"),
    ("sum(1/i, i, 1, M)", {"from": "1", "to": "N", "after": SAME, "before": SAME}, "identity"),
    ("sum(1/i, i, 1, M)", {"from": "1", "to": "M", "after": SAME, "before": SAME, "log": "M",
                           "times": "2", "long": SAME}, "identity"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "part", "message"), WITHIN)
def test_parts_of_a_sum_lie_in_its_range(text: str, part: dict[str, Any], message: str) -> None:
    ctx = context()
    part = {"inner": {}, **part}
    if isinstance(part["after"], str):
        part["after"] = by(ctx, f"{part['after']} -> oo")
    with refused(message):
        bound(parse_expr(text), False, ctx, {str(parse_expr(text)): {"lower": [part]}})


def test_a_range_that_may_be_empty_has_no_first_term() -> None:
    text = printed("sum(j^(-2), j, 2, i)")
    hint = {text: {"lower": [{"at": "1", "after": SAME, "before": by(context(), count=1)}]}}
    first, second = (context().with_index("i", Fraction(k)) for k in (1, 2))
    hint[text]["lower"][0]["before"] = by(second, "i >= 1")
    assert bound(read(text), False, second, hint) == ZERO
    with refused("no entry 'nonempty'"):
        bound(read(text), False, first, hint)
    end = printed("sum(j^(-2), j, 1, N*gamma)")
    large = context("N*gamma >= 1")
    hint = {end: {"lower": [{"at": "1", "after": SAME, "before": by(large, "N*gamma >= 1")}]}}
    with refused("no entry 'nonempty'"):
        bound(read(end), False, large, hint)


def test_a_range_tends_to_infinity_relative_to_its_start() -> None:
    """For ``M >= N`` the range may consist of N and M = N, or of no integer between them."""
    ctx, text = context("M >= N"), "sum(1/i, i, N, M)"
    end = by(ctx, "M >= N")
    start = {"certs": [*by(ctx, "N -> oo")["certs"], *SAME["certs"]]}
    long = {"certs": [*by(ctx, "M -> oo")["certs"], *end["certs"]]}
    window = {"at": "N", "after": start, "before": end, "nonempty": long}
    with refused("nothing in the certificate tends to infinity"):
        bound(parse_expr(text), False, ctx, {printed(text): {"lower": [window]}})


def test_a_window_is_around_its_centre() -> None:
    """Around M the terms ``exp(-i M)`` are no constants: i is of order M there, not 1/M."""
    ctx, text = context(), "sum(exp(-(i*M)), i, 1, oo)"
    expr = parse_expr(text)
    assert isinstance(expr, Sum)
    inside = window_context(expr, monomial(parse_expr("M"), ctx), ctx)
    for last in (len(inside.generators) - 1, len(inside.generators) - 2):
        proof = {"certs": [{"mu": [ONE], "nu": [ONE], "gens": {str(last): ONE}}]}
        inner = {str(expr.term): {"lower": {"bounded": proof}}}
        window = {"at": "M", "after": by(ctx, "M -> oo"), "inner": inner}
        with refused("identity"):
            bound(expr, False, ctx, {str(expr): {"lower": [window]}})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"upper": 1}, "no entry 'pieces'"),
        ({"upper": ["cut"]}, "no entry 'pieces'"),
        ({"upper": {"pieces": 1}}, "list of objects"),
        ({"upper": {"pieces": {}}}, "list of objects"),
        ({"upper": {"pieces": "at"}}, "list of objects"),
    ],
)
def test_bounds_that_are_malformed(data: Any, message: str) -> None:
    with refused(message):
        bound(
            parse_expr("sum(1/i, i, 1, M)"), True, context(), {printed("sum(1/i, i, 1, M)"): data}
        )
    with refused("list of objects"):
        bound(
            parse_expr("sum(1/i, i, 1, M)"),
            False,
            context(),
            {printed("sum(1/i, i, 1, M)"): {"lower": {}}},
        )


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (None, "no entry"),
        (1, "no entry"),
        ("compare", "no entry"),
        (["compare"], "no entry"),
        ({"compare": "ab"}, "two sides"),
        ({"compare": ["a", "b", "a"]}, "two sides"),
    ],
)
def test_trees_that_are_malformed(tree: Any, message: str) -> None:
    claim = make_claim("M = O(a*b*M)", ["a > 1", "b > a"])
    with refused(message):
        check(claim, {"needs": [], "model": model(claim), "tree": tree})


def test_windows_bound_a_sum_by_its_terms() -> None:
    ctx = context()
    known = {"after": by(ctx, "M -> oo"), "before": SAME, "nonempty": by(ctx, "M -> oo")}
    for text, value in (("sum(i, i, 1, M)", "M^2"), ("sum(i^(-2), i, 1, M)", "1/M")):
        data = {printed(text): {"lower": [{"at": "M", **known}]}}
        assert bound(parse_expr(text), False, ctx, data) == log_tree(parse_expr(value), ctx)
    text = "sum(exp(-N*i), i, 1, oo)"
    data = {printed(text): {"lower": [{"at": "1", "after": SAME}]}}
    assert bound(parse_expr(text), False, ctx, data) is None


FAR = [
    # The terms of an interval are bounded in it, too: here they add up to the root of M.
    ("sum(min(1, M/i^2), i, 1, M)", {"from": "1", "to": "M", "log": "M", "times": "1"}),
    # Far from a point the terms fall: the sum of these is log(M).
    ("sum(1/i, i, M, M^2)", {"at": "M"}),
    ("sum(1/i, i, M, M^2)", {"at": "M^2"}),
    ("sum(1/i, i, 1, M)", {"at": "1"}),
    ("sum(1/(i*log(i+1)), i, 1, M)", {"log at": "1"}),
    ("sum(1/(i*log(i+1)), i, 1, M)", {"log at": "M"}),
]


@pytest.mark.parametrize(("text", "piece"), FAR)
@pytest.mark.parametrize("slope", ["1", "1/9"])
def test_sums_that_are_not_as_small_as_their_vertices(text: str, piece: Any, slope: str) -> None:
    with pytest.raises((RejectedError, StuckError)):
        range_hint(text, context(), pieces=[{"proof": SAME, **piece}], slope=slope)


@pytest.mark.parametrize("lo", ["a", "1", "M"])
def test_only_a_number_at_the_start_of_a_range_keeps_its_index_from_1(lo: str) -> None:
    """The first term of ``1/log(i)`` is infinite at i = 1, which ``a > 0`` allows for."""
    ctx = context("a > 0")
    ctx = ctx.with_sign(ctx.ring.frac(Name("a")), "+", Multiplier.read([["1", [0]]], 1))
    with refused("need not be above 0"):
        bound(parse_expr(f"N + sum(1/log(i), i, {lo}, M)"), False, ctx, {})
    two = parse_expr("N + sum(1/log(i), i, 2, M)")
    assert bound(two, False, context(), {}) == log_tree(parse_expr("N"), context())


# What is left out of a lower bound, or bounded by 1, has to be positive all the same.

NOT_POSITIVE = [
    # An exponential is at most 1 only where its argument is negative: exp(N - M) is not at N = 2M.
    ("exp(N - M) = O(1)", "no rule for differences"),
    ("M*exp(N - M) = O(M)", "no rule for differences"),
    ("(1 + exp(N - M))^2 = O(1)", "no rule for differences"),
    ("sqrt(1 + exp(N - M)) = O(1)", "no rule for differences"),
    ("max(1, exp(N - M)) = O(1)", "no rule for differences"),
    ("exp(M) = O(1)", "no rule bounds exp.-M. from below"),
    # A sum of something negative is not at least 0: these are about -M^2/2.
    ("N + sum(1 - i, i, 1, M) = Omega(N)", "no rule for differences"),
    ("N + sum(i, i, -M, 1) = Omega(N)", "start at 1 or above"),
]


@pytest.mark.parametrize(("says", "message"), NOT_POSITIVE)
def test_what_is_not_positive_has_no_bound(says: str, message: str) -> None:
    claim = make_claim(says)
    tree = {"bounds": {}, "upper": SAME, "lower": SAME}
    with refused(message):
        check(claim, {"needs": [], "model": model(claim), "tree": tree})


def test_the_range_of_a_sum_does_not_depend_on_its_index() -> None:
    with refused("depends on its own index"):
        bound(read("N + sum(i′, i′, 1, i′)"), False, context(), {})


def leaf(says: str, bounds: Any) -> None:
    """Check a claim by bounds of its exponentials and sums, after which both sides are equal."""
    claim = make_claim(says)
    tree = {"bounds": bounds, "upper": SAME, "lower": SAME}
    check(claim, {"needs": [], "model": model(claim), "tree": tree})


@pytest.mark.parametrize(
    ("true", "false", "exponential"),
    [
        (
            "exp(-1 - 1/M) = Omega(1)",
            "exp(-max(1, N*exp(-M))) = Omega(1)",
            "exp(-max(1, N*exp(-M)))",
        ),
        ("exp(-2*(1 + 1/M)) = Omega(1)", "exp(-2*M) = Omega(1)", "exp(-2*M)"),
        ("exp(-min(1, M)) = Omega(1)", "exp(-max(1, M)) = Omega(1)", "exp(-max(1, M))"),
    ],
)
def test_an_exponential_is_at_least_a_constant_where_its_argument_is_bounded(
    true: str, false: str, exponential: str
) -> None:
    hint = {"lower": {"bounded": SAME}}
    with refused("identity|clauses"):
        leaf(false, {str(parse_expr(exponential)): hint})
    assert is_derived(true)


def test_a_number_multiplies_every_term_of_an_argument() -> None:
    text = "exp(-2*(M + N))"
    with refused("2 clauses"):
        bound(parse_expr(text), False, context(), {text: {"lower": {"bounded": SAME}}})
    bounded = bound(parse_expr(text), True, context(), {text: {"upper": {"power": "3"}}})
    assert bounded == log_tree(parse_expr("min(1, max(M, N)^-3)"), context())


MONOTONE = [
    # By the larger and by the smaller of two bounds, and by powers of a bound.
    ("max(exp(-M), N) = O(N)", "max(exp(-M), N) = O(1)"),
    ("min(N, sum(i^-2, i, 1, M)) = Theta(1)", "min(N, sum(i^-2, i, 1, M)) = Omega(N)"),
    ("max(1, sum(i, i, 1, M)) = Theta(M^2)", "max(1, sum(i, i, 1, M)) = O(1)"),
    ("max(N, sum(i^-2, i, 1, M)) = Theta(N)", "max(1, sum(i^-2, i, 1, M)) = Omega(N)"),
    ("sqrt(sum(i, i, 1, M)) = Theta(M)", "sqrt(sum(i, i, 1, M)) = O(M^(2/3))"),
    ("sqrt(sum(i, i, 1, M)) = O(M)", "sqrt(sum(i, i, 1, M)) = Omega(M^2)"),
    ("sqrt(sum(i, i, 1, M)) = Omega(M)", "sqrt(sum(i, i, 1, M)) = O(1)"),
    ("1/sum(i, i, 1, M) = Theta(M^-2)", "1/sum(i, i, 1, M) = Omega(M^-1)"),
    ("sum(i, i, 1, M)*sum(1, i, 1, N) = Theta(M^2*N)", "sum(i, i, 1, M)*sum(1, i, 1, N) = O(N^2)"),
    ("sum(i, i, 1, M) + sum(1, i, 1, N) = Theta(M^2 + N)",
     "sum(i, i, 1, M) + sum(1, i, 1, N) = O(M^2)"),
]  # fmt: skip


@pytest.mark.parametrize(("true", "false"), MONOTONE)
def test_bounds_are_combined(true: str, false: str) -> None:
    assert is_derived(true)
    assert not is_derived(false)


# Equivalents.


EQUIVALENTS = [
    ("sum(i^-2 + i^-3, i, M, oo)", "1/M"),
    ("sum(3*i^-2 - 2*M*i^-3, i, M, oo)", None),
    ("M*pi*2 + M", "(2*pi + 1)*M"),
    ("sqrt(M*N)", "(M*N)^(1/2)"),
    ("sqrt(M^2 + 2*N)", None),
    ("sqrt(M + 2*N)", "2^(1/2)*N^(1/2)"),
    ("(M^2 + T^-1*N)^2", "M^4"),
    ("sigma*M", "sigma*M"),
    ("gamma*N + M^-1", "N*gamma"),
    ("log(M^2*N)", "2*log(M) + log(N)"),
    ("log(N^2/M^2)", "2*log(1/M*N + 2)"),
    ("log(N^3*M^-3)", "3*log(1/M*N + 2)"),
    ("log(N^3/M^2)", "2*log(1/M*N^(3/2) + 2)"),
    ("log(N*gamma)", "log(N*gamma + 2)"),
    ("log(M^2*log(M))", "2*log(M)"),
    ("log(T*M/N)", "log(M*T/N + 2)"),
    ("(M^2 + N)*(M + T)", "M^2*T + N*T"),
    ("max(M, N, T)", "T"),
    ("min(M, N, T)", "M"),
    ("min(M, 2*M)*max(M, 2*M, M)", None),
    ("min(N, M)", "M"),
    ("max(N, M)", "N"),
    ("min(N*gamma, T)", "N*gamma"),
    ("max(N*gamma, N)", None),
    ("exp(-1/M)", "1"),
    ("exp(1/M)", "1"),
    ("exp(-M)", None),
    ("exp(-N/M)", None),
    ("log(N^3/M^6)", None),
    ("log(N^2*log(M))", None),
    ("log(N^3/M^3*log(M))", None),
    ("log(log(M))", None),
    ("M - N", None),
    ("N - M", "N"),
    ("N - 2*M + T - 3*M^2", "T"),
    ("N - 2*M - 3*M^2", None),
]


@pytest.mark.parametrize(("text", "value"), EQUIVALENTS)
def test_equivalents(text: str, value: str | None) -> None:
    """With ``N >= M^2``, ``T >= N^3`` and ``N gamma >= log(N)``."""
    assume = ["N >= M^2", "T >= N^3", "N*gamma >= log(N)"]
    ctx = premises(make_claim("M*N*T*gamma ~ M*N*T*gamma", assume), exact=True).ctx
    if value is None:
        with refused("no rule|not settled|not known to be dominated|no single"):
            equivalent(parse_expr(text), Sought(ctx))
    else:
        assert str(equivalent(parse_expr(text), Sought(ctx)).expr(ctx)) == value


def test_products_have_at_most_so_many_terms() -> None:
    ring = Ring([])
    powers = [Single(rational(ring.one), Form({"M": ring.number(k)})) for k in range(25)]
    most = Equivalent.of(powers[:24])
    assert len((most * Equivalent.of(powers[:1])).terms) == 24
    with refused("too many terms"):
        most * Equivalent.of(powers[:2])


def equivalence(says: str, assume: list[str], **tree: Any) -> None:
    claim = make_claim(says, assume)
    check(claim, {"needs": [], "model": model(claim), "tree": {"grows": {}, **tree}})


def test_all_constants_of_two_equivalents_agree() -> None:
    with refused("but RIGHT ~"):
        equivalence("M + N ~ M + 2*N", [])
    with refused("but RIGHT ~"):
        equivalence("M + 2*N ~ M + N", [])
    equivalence("M + N ~ N + M", [])
    equivalence("(M + N)^(a - a)*M ~ M", ["a > 0"])


def test_what_is_no_more_than_bounded_does_not_grow() -> None:
    """For ``M >= N`` a term N beside M counts: M = N is allowed."""
    ctx = premises(make_claim("M + N ~ M", ["M >= N"]), exact=True).ctx
    bounded = by(ctx, "M >= N")
    with refused("nothing in the certificate tends to infinity"):
        equivalence("M + N ~ M", ["M >= N"], grows={"1/N*M": bounded, "M/N": bounded})
    with refused("nothing in the certificate tends to infinity"):
        small = {"N": {"than": "M", "bounds": {}, "proof": bounded}}
        equivalence("M + N ~ M", ["M >= N"], small=small)
    for wrong in (1, [], "N"):
        with refused("not an object"):
            equivalence("M ~ M", [], small=wrong)


def test_a_small_term_is_small_under_the_conditions_of_its_filters() -> None:
    """For ``c < 0`` the base ``1 - gamma N^-c`` may be far below -1."""
    says = "M + (1 - gamma*N^-c)^(2*T) ~ M"
    ctx = premises(make_claim(says, ["c > 0"]), exact=True).ctx
    small = {"(1 - gamma*N^(-c))^(2*T)": {"than": "M", "bounds": {}, "proof": by(ctx, "M -> oo")}}
    with refused("the sign of c is not proved|c is not known to be positive|. is not positive"):
        equivalence(says, ["c > -1"], small=small)


def test_a_term_is_small_beside_another_term_of_the_same_sum() -> None:
    """N is small beside ``N^2``, which is not there."""
    claim = make_claim("M + N ~ M")
    grows = [g.text for g in premises(claim, exact=True).ctx.generators].index("N -> oo")
    power = {"mu": [ONE], "nu": [ONE], "gens": {str(grows): ONE}}
    hint = {"than": "N^2", "bounds": {}, "proof": {"certs": [power]}}
    proof = {"needs": [], "model": model(claim), "tree": {"grows": {}, "small": {"N": hint}}}
    with refused("compared with something that is not beside it"):
        check(claim, proof)
    true = make_claim("N^2 + M + N ~ N^2 + M")
    check(true, proof | {"model": model(true)})


def test_repeated_steps_are_an_exponential_only_if_there_are_many() -> None:
    """``(1 - x)^Y`` is not ``exp(-x Y)`` for bounded Y: that Y grows is proved, too."""
    says = "sum(i^-2*(1-gamma/i)^N, i, 1, oo) ~ 1/(N*gamma)"
    claim = make_claim(says, ["N*gamma >= log(N)"])
    proof = proof_of(claim)
    check(claim, proof)
    proof["tree"]["grows"].pop("N", None)
    with refused("N -> oo is not settled"):
        check(claim, proof)


def test_a_case_of_a_claim_about_equivalents_reads_quantities_exactly() -> None:
    """Up to constants the bias keeps ``exp(-N gamma i^-a)`` of a mode, exactly the square."""
    assume = ["a > 2", "b > 1", "N*gamma >= log(N)", "M^a >= N*gamma*log(M)"]
    setting = {"features": "top", "schedule": "constant"}

    def with_cases(says: str, proof: dict[str, Any] | None = None) -> dict[str, Any]:
        """Distinguish a > 1, which always holds, from cases that do not occur: a = 1 and a < 1."""
        claim = make_claim(says, assume, **setting)
        found = proof or proof_of(claim)
        eq, lt = ({"void": [["1", [0]], ["1", more]]} for more in ([], [2]))
        lt["void"].append(["1", []])
        cases = {"compare": ["a", "1"], "gt": found["tree"], "eq": eq, "lt": lt}
        check(claim, found | {"tree": cases})
        return found

    proof = with_cases("mean_bias ~ Gamma((b-1)/a)/a*(2*N*gamma)^((1-b)/a)")
    with refused("LEFT ~ .*, but RIGHT ~"):
        with_cases("mean_bias ~ Gamma((b-1)/a)/a*(N*gamma)^((1-b)/a)", proof)


@pytest.mark.parametrize(
    ("need", "proof", "message"),
    [
        ("2 < 3", None, None),
        ("3 > 2", None, None),
        ("2 > 3", None, "is needed and is false"),
        ("3 < 2", None, "is needed and is false"),
        ("3 > 3", None, "is needed and is false"),
        ("3 < 3", None, "is needed and is false"),
        ("0 > 0", None, "is needed and is false"),
        ("0 > 1", None, "is needed and is false"),
        ("a > 0", [["1", [0]], ["1", []]], None),
        ("0 < a", [["1", [0]], ["1", []]], None),
        ("a < 0", [["1", [0]], ["1", []]], "multiply out"),
        ("a < 9", [["1", [0]], ["1", []]], "multiply out"),
        ("a > 2", [["1", [0]]], "multiply out"),
        ("a > 1", None, None),  # as assumed
        ("a >= 0", [["1", [0]], ["1", []]], None),
        ("a >= 0", [["1", [0]]], "multiply out"),
        ("a <= 9", [["1", []]], "is needed and not assumed"),
        ("a = 2", None, "is needed and not assumed"),
        ("M >= 7", None, None),  # evident
        ("N >= M", None, "is needed and not assumed"),
    ],
)
def test_conditions_of_definitions_are_proved(need: str, proof: Any, message: str | None) -> None:
    ready = premises(make_claim("M*N = O(M*N)", ["a > 1"]))
    (condition,) = parse_condition(need)
    ready = replace(ready, left=replace(ready.left, needs=(condition,)))
    if message is None:
        check_needs(ready, [proof])
        return
    with refused(message):
        check_needs(ready, [proof])


def test_sizes_tend_to_infinity_at_the_point_of_an_optimum() -> None:
    """M may grow as slowly as one likes, but no sizes have a bounded M."""
    claim = make_claim("optimal(value) = O(1)", minimise="M + 1/C", over=["M"])
    ready = premises(claim)
    after = len(ready.ctx.generators)  # of M at the point, its logarithm, and with a minus
    bounds = ({str(after + 1): ONE}, {number(ready.ctx, "C -> oo"): ONE})
    below = {"certs": [{"mu": [ONE], "nu": [ONE], "gens": gens} for gens in bounds]}
    tree = {"point": {"M": "2"}, "feasible": [SAME, SAME], "value": "1",
            "attained": {"bounds": {}, "goal": below}}  # fmt: skip
    with refused("nothing in the certificate tends to infinity"):
        check_optimum(ready, tree)
    for proofs in ({"0": SAME, "1": SAME}, [], [SAME][:0], "ab", None):
        with refused("needs more proofs"):
            check_optimum(ready, tree | {"feasible": proofs})


def test_an_objective_is_bounded_from_above_where_its_value_is_attained() -> None:
    """That ``exp(-1/M)`` has no given lower bound does not make it small: it is about 1."""
    claim = make_claim("optimal(value) = O(C^-1)", minimise="1/M + exp(-1/M)", over=["M"],
                       subject_to="C >= M")  # fmt: skip
    ready = premises(claim)
    at = {"mu": [ONE], "nu": [ONE], "gens": {str(len(ready.ctx.generators)): ONE}}
    feasible = [by(ready.ctx, "C -> oo"), by(ready.ctx, "log(C) -> oo"), SAME]
    tree = {"point": {"M": "C"}, "feasible": feasible}
    with refused("the goal has 2 clauses"):
        check_optimum(ready, tree | {"attained": {"bounds": {}, "goal": {"certs": [at]}}})


def test_what_an_optimum_is_compared_with() -> None:
    """Beside the value the distance from the place counts: both ways, or the one that is asked."""
    for relation, forms in (("Theta", {"M/C", "C/M"}), ("O", {"M/C"}), ("Omega", {"C/M"})):
        claim = make_claim(f"optimal(M) = {relation}(C)", minimise="1/M + M/C", over=["M"])
        ready = premises(claim)
        value = {"value": "C^(-1/2)", "slope": "2"}
        scaled = {monomial(parse_expr(f"C^(-1/2)*({text})^2"), ready.ctx) for text in forms}
        assert set(normal_form(gap_goal(ready, value), "max")) == {(form,) for form in scaled}
        capped = value | {"cap": "C", "unbounded": by(ready.ctx, "C -> oo")}
        cap = monomial(parse_expr("C^(1/2)"), ready.ctx)
        assert set(normal_form(gap_goal(ready, capped), "max")) == {(f, cap) for f in scaled}
        with refused("identity"):
            gap_goal(ready, value | {"cap": "C", "unbounded": SAME})
        with refused("nothing in the certificate tends to infinity"):
            gap_goal(ready, value | {"cap": "2", "unbounded": SAME})
        for slope in ("0", "-1"):
            with refused("the slope away from the optimum is not positive"):
                gap_goal(ready, value | {"slope": slope})
        tilde = premises(replace(claim, relation=f"{relation}tilde"))
        with refused("may not be capped where powers of logarithms are lost"):
            gap_goal(tilde, capped)


def test_the_point_fixes_what_is_varied() -> None:
    ctx = premises(make_claim("optimal(M) = O(C)", minimise="1/M + M/C", over=["M"])).ctx
    form = monomial(parse_expr("C^2"), ctx)
    added = at_point(ctx, {"M": form}).generators[len(ctx.generators) :]
    m = monomial(parse_expr("M"), ctx)
    assert [g.form for g in added] == [m - form, form - m]
    assert not any(g.grows or g.absorbed_by for g in added)


def test_an_optimum_over_a_set_of_which_not_all_is_known() -> None:
    for constraint in ("(M + T)^a >= C", "M + T >= C"):
        claim = make_claim("optimal(value) = O(1)", ["a > 0"], minimise="1/M + M/C", over=["M"],
                           subject_to=constraint)  # fmt: skip
        with refused("leaves the feasible set unknown"):
            check_optimum(premises(claim), {})


@pytest.mark.parametrize("tree", [None, 1, "split", ["split"], "compare", ["compare"]])
def test_choices_of_a_point_that_are_malformed(tree: Any) -> None:
    claim = make_claim("optimal(M) = O(C^(1/2))", minimise="1/M + M/C", over=["M"])
    with refused("no entry"):
        check_optimum(premises(claim), tree)


# Sums along paths.


def test_the_first_terms_count_where_the_others_are_far_smaller() -> None:
    """The start is known up to a factor, so a term may lie in the piece that ends there.

    With ``f = 1`` up to t and ``f = i^-9`` beyond, the sum from t/2 is of order t.
    """
    t = Order(Fraction(1))
    falls = (Piece(CONSTANT, t, CONSTANT), Piece(t, None, CONSTANT, Fraction(-9)))
    assert sum_order(falls, t, None, upper=True) == t
    assert sum_order(falls, t, t**2, upper=True) == t
    assert sum_order(falls, t, None, upper=False) == t**-8
    rises = (Piece(CONSTANT, t, CONSTANT), Piece(t, None, t))
    assert sum_order(rises, CONSTANT, t, upper=True) == t**2
    assert sum_order(rises, CONSTANT, t, upper=False) == t
