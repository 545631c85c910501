"""Lattices of linear forms and certificates: each boundary, and each guard, on its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ratecert.proofs_check.kernel import cone
from ratecert.proofs_check.kernel.algebra import Factor, Form, Multiplier, Ring
from ratecert.proofs_check.kernel.cone import (
    Context,
    Generator,
    SignNeededError,
    check_certificate,
    clauses,
    is_multiple,
    join,
    lin,
    meet,
    normal_form,
    plus,
    scaled,
)
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.grammar import parse_expr

RING = Ring(["a", "b"])
ONE: list[Any] = [["1", []]]


def form(**coeffs: str | int) -> Form:
    return Form({name: RING.frac(parse_expr(str(value))) for name, value in coeffs.items()})


M, N, K, L = (form(**{name: 1}) for name in "MNKL")
ZERO = Form({})


def context(*generators: Generator, positive: str = "a", weak: str = "b") -> Context:
    factors = (
        Factor(RING.frac(parse_expr(positive)).num, True),
        Factor(RING.frac(parse_expr(weak)).num, False),
    )
    return Context(RING, factors, generators, frozenset("MN"))


def refused(message: str) -> Any:
    return pytest.raises(RejectedError, match=message)


# Lattices.


def test_maxima_of_maxima_are_flat_and_name_nothing_twice() -> None:
    m, n, k = map(lin, (M, N, K))
    assert join([join([m, n]), k, m]) == join([m, n, k])
    assert meet([k, meet([m, n]), n]) == meet([k, m, n])
    assert join([meet([m, n]), k]).parts == (meet([m, n]), k)
    assert join([m, m]) == m
    assert plus([m, join([m, n]), n]) == plus([join([m, n]), lin(M + N)])
    assert plus([join([m, n])]) == join([m, n])


def test_scaling() -> None:
    m, n = map(lin, (M, N))
    ctx = context()
    tree = plus([join([m, n]), meet([m, n])])
    number = RING.number
    assert scaled(tree, number(0), ctx) == lin(ZERO)
    assert scaled(tree, number(2), ctx) == plus(
        [join([lin(M + M), lin(N + N)]), meet([lin(M + M), lin(N + N)])]
    )
    assert scaled(tree, number(-1), ctx) == plus(
        [meet([lin(-M), lin(-N)]), join([lin(-M), lin(-N)])]
    )
    with pytest.raises(SignNeededError):
        scaled(tree, RING.frac(parse_expr("a")), ctx)


def test_normal_forms() -> None:
    m, n, k, sides = lin(M), lin(N), lin(K), lin(L)
    assert normal_form(meet([join([m, n]), k]), "max") == [(M, K), (N, K)]
    assert normal_form(join([meet([m, n]), k]), "min") == [(M, K), (N, K)]
    assert normal_form(join([meet([m, n]), k]), "max") == [(M, N), (K,)]
    assert normal_form(plus([join([m, n]), join([k, sides])]), "max") == [
        (M + K,), (M + L,), (N + K,), (N + L,)]  # fmt: skip
    assert normal_form(plus([join([m, n]), join([k, sides])]), "min") == [
        (M + K, M + L, N + K, N + L)
    ]
    assert clauses(join([m, n]), meet([k, sides])) == [
        ((M,), (K,)), ((M,), (L,)), ((N,), (K,)), ((N,), (L,))]  # fmt: skip


@pytest.mark.parametrize("most", [3, 4])
def test_a_comparison_has_at_most_so_many_cases(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    m, n, k, sides = map(lin, (M, N, K, L))
    two, other = join([m, n]), join([k, sides])
    four = plus([two, other])

    def sizes() -> list[int]:
        return [len(normal_form(tree, outer)) for tree, outer in CASES]

    CASES = [(four, "max"), (join([m, n, k, sides]), "max"), (meet([two, other]), "max")]
    monkeypatch.setattr(cone, "MAX_CLAUSES", most)
    if most == 4:
        assert sizes() == [4, 4, 4]
        assert len(normal_form(four, "min")[0]) == 4
        assert len(clauses(two, meet([k, sides]))) == 4
        return
    for tree, outer in (*CASES, (four, "min")):
        with refused("too many cases"):
            normal_form(tree, outer)
    with refused("too many cases"):
        clauses(two, meet([k, sides]))


# Certificates.


def test_positive_multiples() -> None:
    double, half = M + M, form(M="1/2")
    assert is_multiple(double + double, double)
    assert is_multiple(half, double)
    assert is_multiple(double + N + N, M + N)
    assert not is_multiple(-M, M)
    assert not is_multiple(M + N, M)
    assert not is_multiple(M, M + N)
    assert not is_multiple(N, M)
    assert not is_multiple(form(M="a"), M)
    assert not is_multiple(ZERO, M)


def certificate(gens: Mapping[str, Any], mu: Any = None, nu: Any = None) -> dict[str, Any]:
    return {"mu": [ONE] if mu is None else mu, "nu": [ONE] if nu is None else nu, "gens": gens}


SIZE = Generator(M, "M -> oo", grows=True)
SLOW = Generator(-L, "log(M) is below every power of M", absorbed_by=M)
LESS = Generator(-L, "up to logarithms", is_slack=True)
WEAK: list[Any] = [["1", [1]]]


def test_a_certificate_has_one_multiplier_for_each_form() -> None:
    ctx, clause = context(SIZE), ((ZERO, -M), (M,))
    check_certificate(ctx, clause, certificate({"0": ONE}, mu=[ONE, []]))
    for mu, nu in ([ONE], None), ([ONE, [], []], None), ([], None), ([ONE, []], [ONE, []]):
        with refused("one multiplier for each side's forms"):
            check_certificate(ctx, clause, certificate({"0": ONE}, mu=mu, nu=nu))


def test_the_numbers_of_generators() -> None:
    ctx, clause = context(SIZE, SIZE), ((ZERO,), (M,))
    for number in ("0", "1"):
        check_certificate(ctx, clause, certificate({number: ONE}))
    for number in ("2", "-1", "-2"):
        with refused("generator that does not exist"):
            check_certificate(ctx, clause, certificate({number: ONE}))


def test_the_weights_of_both_sides_are_equal_and_positive() -> None:
    ctx = context(SIZE)
    clause = ((ZERO,), (M,))
    double, twice = [["2", []]], certificate({"0": [["2", []]]})
    check_certificate(ctx, clause, {**twice, "mu": [double], "nu": [double]})
    for mu, nu, message in [
        ([ONE], [double], "weights of the two sides differ"),
        ([double], [ONE], "weights of the two sides differ"),
        ([WEAK], [WEAK], "not strictly positive"),
        ([[]], [[]], "not strictly positive"),
    ]:
        with refused(message):
            check_certificate(ctx, clause, {**twice, "mu": mu, "nu": nu})
    for wrong in ({"0": double}, {}, {"0": WEAK}):
        with refused("the identity of a certificate fails in the coefficient of M"):
            check_certificate(ctx, clause, certificate(wrong))
    with refused("the identity of a certificate fails in the coefficient of M"):
        check_certificate(ctx, ((M,), (ZERO,)), certificate({"0": ONE}))


def test_absorption_takes_a_strictly_positive_multiple_of_the_power() -> None:
    ctx = context(SIZE, SLOW)
    for power in ("1", "a", "1/100"):
        gens = {"0": [[power, []]] if power != "a" else [["1", [0]]], "1": ONE}
        check_certificate(ctx, ((L,), (form(M=power),)), certificate(gens))
    with refused("not absorbed by a power of M"):
        check_certificate(ctx, ((L,), (form(M="b"),)), certificate({"0": WEAK, "1": ONE}))
    with refused("not absorbed by a power of M"):
        check_certificate(ctx, ((L,), (ZERO,)), certificate({"1": ONE}))
    check_certificate(ctx, ((L,), (L,)), certificate({"1": []}))
    other = context(Generator(N, "N -> oo", grows=True), SLOW)
    with refused("not absorbed by a power of M"):
        check_certificate(other, ((L,), (N,)), certificate({"0": ONE, "1": ONE}))


def test_what_diverges_has_a_strictly_positive_multiple_of_something_that_grows() -> None:
    ctx = context(SIZE, Generator(N, "N >= 1"), LESS)
    check_certificate(ctx, ((ZERO,), (M,)), certificate({"0": ONE}), diverging=True)
    for upper, gens in ((N, {"1": ONE}), (ZERO, {}), (form(M="b"), {"0": WEAK})):
        check_certificate(ctx, ((ZERO,), (upper,)), certificate(gens))
        with refused("nothing in the certificate tends to infinity"):
            check_certificate(ctx, ((ZERO,), (upper,)), certificate(gens), diverging=True)
    check_certificate(ctx, ((ZERO,), (M - L,)), certificate({"0": ONE, "2": ONE}))
    with refused("identity"):
        gens = certificate({"0": ONE, "2": ONE})
        check_certificate(ctx, ((ZERO,), (M - L,)), gens, diverging=True)
    assert [g.form for g in ctx.without_slack().generators] == [M, N, ZERO]


# Signs and indices.


def test_signs() -> None:
    ctx = context()
    a, b = (RING.frac(parse_expr(name)) for name in "ab")
    with_a = ctx.with_sign(a, "+", Multiplier.read([["1", [0]]], 2))
    assert [with_a.sign(v) for v in (a, -a, RING.zero, RING.one, -RING.one)] == list("+-0+-")
    negative = ctx.with_sign(-a, "-", Multiplier.read([["1", [0]]], 2))
    assert [negative.sign(v) for v in (-a, a)] == ["-", "+"]
    for unknown in (b, a + b, a - b, a / b):
        with pytest.raises(SignNeededError):
            with_a.sign(unknown)
    for value, sign, data, message in [
        (a, "-", [["1", [0]]], "does not multiply out"),
        (-a, "+", [["1", [0]]], "does not multiply out"),
        (b, "+", [["1", [1]]], "no strictly positive term"),
        (a, ">", [["1", [0]]], "a sign is . or -, not >"),
    ]:
        with refused(message):
            ctx.with_sign(value, sign, Multiplier.read(data, 2))


def test_indices() -> None:
    ctx = context()
    inside = ctx.with_index("i")
    assert (inside.indices, dict(inside.least)) == (frozenset("i"), {})
    assert inside.generators == (Generator(form(i=1), "i >= 1"),)
    later = inside.with_index("j", RING.number(2).constant())  # type: ignore[arg-type]
    assert dict(later.least) == {"j": 2}
    for taken in ("i", "M", "a", "gamma", "sigma"):
        with refused("already stands for something else"):
            inside.with_index(taken)
    assert not Generator(M, "").grows
    assert Generator(M, "").absorbed_by is None
    assert not Generator(M, "").is_slack
    assert ctx.size_generator("M") == SIZE
