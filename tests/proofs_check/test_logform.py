"""Logarithms of expressions: each rule, and what each refuses, on its own.

Here i is an index from 1 and j one from 3; a and ``b - 1`` are proved to be positive.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

import pytest

from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.algebra import Multiplier
from ratecert.proofs_check.kernel.cone import Context, Tree, join, lin, meet, normal_form, plus
from ratecert.proofs_check.kernel.goals import parameter
from ratecert.proofs_check.kernel.logform import (
    exponent,
    form_expr,
    grows,
    has_log_of,
    is_negative,
    log_generators,
    log_tree,
    loglog,
    monomial,
    names_of,
)
from ratecert.proofs_check.kernel.premises import premises
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Name
from ratecert.proofs_check.language.grammar import parse_expr

KNOWN = [
    ("log(M + min(gamma, pi))", "log(M)"),
    ("log(1 + min(M/N, gamma))", "min(M/N, log(M/N + 2), gamma, 1)"),
    ("log(1 + min(M, gamma))", "min(M, log(M), gamma, 1)"),
    ("log(1 + min(N*gamma, M/N))", "min(N*gamma, log(N*gamma + 2), M/N, log(M/N + 2))"),
    ("log(2 + sigma + 1/M)", "1"),
    ("log(3/2*i^2)", "log(i + 1)"),
    ("log(1/2*i^2 + 3/4)", "log(i + 1)"),
    ("sqrt(pi)*M", "M"),
    ("(a + sqrt(pi))*M", "M"),
    ("log(M + pi)", "log(M)"),
    ("log(M + N + sqrt(pi) - 1)", "log(M) + log(N)"),
    ("M - 1/2", "M"),
    ("i - 1/2", "i"),
    ("j - 2", "j"),
    ("j - 5/2", "j"),
    ("M^2 - min(M, N)", "M^2"),
    ("M^2 + N - M", "M^2 + N"),
    ("max(M^2, N) - min(M, T)", "M^2 + N"),
    ("M^2*N - max(M, N)", "M^2*N"),
    ("min(M^2, N*M) - M", "min(M^2, M*N)"),
    ("M - 1", "M"),
    ("M*i - i", "M*i"),
    ("i^2*M - i", "M*i^2"),
    ("M*log(M) - M", "M*log(M)"),
    ("M - log(M)", "M"),
    ("log(M) - 1", "log(M)"),
    ("log(M*i)", "log(M) + log(i + 1)"),
    ("log(j)", "log(j + 1)"),
    ("log(j/2)", "log(j + 1)"),
    ("log(j - 1)", "log(j + 1)"),
    ("log(i + 1/2)", "log(i + 1)"),
    ("log(i^2 + 1/4)", "log(i + 1)"),
    ("log(i^a + 1/2)", "log(i + 1)"),
    ("log(i^-1 + 3/2)", "1"),
    ("log(i^-1 + 1)", "min(1/i, 1)"),
    ("log(1 + gamma)", "min(gamma, 1)"),
    ("log(2 + gamma)", "1"),
    ("log(3/2 + gamma*i)", "log(gamma*i + 2)"),
    ("log(1/2 + M)", "log(M)"),
    ("log(1 + N*gamma)", "min(N*gamma, log(N*gamma + 2))"),
    ("log(M^2*N - M)", "log(M) + log(N)"),
    ("log(M*log(M))", "log(M)"),
    ("log(log(M)*N/M + 2)", "log(1/M*N*log(M) + 2)"),
    ("log(M/N*log(M) + 2)", "log(M*log(M)/N + 2)"),
    ("log(M/N*log(T) + 2)", "log(M*log(T)/N + 2)"),
    ("log(M/N + N/M + 1)", "min(M/N, log(M/N + 2)) + min(1/M*N, log(1/M*N + 2))"),
    ("log(min(M,N) + 1)", "min(log(M), log(N))"),
    ("log(max(M,gamma) + 1/2)", "log(M) + 1"),
    ("log(2/M + 1)", "min(1/M, 1)"),
    ("M^(a - a)", "1"),
    ("M^max(1, b)", "M^b"),
    ("Gamma(a)*M", "M"),
    ("zeta(b)*M", "M"),
    ("log(b)*M", "M"),
    ("exp(a)*M", "M"),
    ("exp(log(b))*M", "M"),
    ("a^b*M", "M"),
    ("(b - 1)^a*M", "M"),
    ("sqrt(a)*M", "M"),
    ("(a + pi)*M", "M"),
    ("pi^a*M", "M"),
    ("M^0", "1"),
    ("log(M)^2/log(N)", "log(M)^2/log(N)"),
    ("sqrt(M*N)", "(M*N)^(1/2)"),
    ("min(M, N, gamma)*max(M, 1)", "min(M^2, M*N, M*gamma) + min(M, N, gamma)"),
]

REFUSED = [
    ("log(gamma^2 + 1/2)", "need not be above 0"),
    ("log(gamma^2*3)", "need not be above 0"),
    ("log(1/2*i^2 + 1/2)", "need not be above 0"),
    ("log(3/2*M^2*gamma^2)", "need not be above 0"),
    ("log(j^2/4)", "need not be above 0"),
    ("log(i*j/2)", "need not be above 0"),
    ("gamma - 1/2", "no rule for differences"),
    ("i - 1", "no rule for differences"),
    ("j - 3", "no rule for differences"),
    ("1/2 - gamma", "no rule for differences"),
    ("M*(gamma - 1/2)", "no rule for differences"),
    ("M^2 - max(M, N)", "no rule for differences"),
    ("M^2 - M - N", "no rule for differences"),
    ("min(M^2, N) - M", "no rule for differences"),
    ("min(M, N) - min(M^2, T)", "no rule for differences"),
    ("-M", "no rule for differences"),
    ("-M - N", "no rule for differences"),
    ("M - gamma", "no rule for differences"),
    ("1 - gamma*M", "no rule for differences"),
    ("M*i - j", "no rule for differences"),
    ("N - M*log(N)", "no rule for differences"),
    ("log(i+1) - 1/2", "no rule for differences"),
    ("M^a - M^(a/2)", "the sign of 1/2*a is not proved"),
    ("M^a - M", "the sign of a - 1 is not proved"),
    ("log(i)", "need not be above 0"),
    ("log(2*i - 1/2)", "no rule for differences"),
    ("log(i^2)", "need not be above 0"),
    ("log(1/2 + N*gamma)", "need not be above 0"),
    ("log(M - N)", "no rule for differences"),
    ("log(log(M))", "no rule gives the order"),
    ("log(1 + log(M))", "no rule gives the order"),
    ("log(1/M + 1/2)", "need not be above 0"),
    ("M^min(a, b)", "the sign of a - b is not proved"),
    ("M^max(b, 1, 1/2)", "the sign of b - 1/2 is not proved"),
    ("M^(1/b)", "the sign of b is not proved"),
    ("M^(1/(b - 3))", "the sign of b - 3 is not proved"),
    ("M^(M)", "is not a rational function"),
    ("M^sqrt(2)", "is not a rational function"),
    ("Gamma(a - 1)*M", "the sign of a - 1 is not proved"),
    ("zeta(a)*M", "the sign of a - 1 is not proved"),
    ("log(a)*M", "the sign of a - 1 is not proved"),
    ("exp(log(a))*M", "the sign of a - 1 is not proved"),
    ("exp(log(a) + sqrt(b))*M", "the sign of a - 1 is not proved"),
    ("(a - 1)^a*M", "the sign of a - 1 is not proved"),
    ("(1 - b)*M", "no rule for differences"),
    ("sin(a)*M", "no rule shows"),
    ("max(a, b)*M", "the sign of b is not proved"),
    ("max(a, -b)*M", "the sign of -b is not proved"),
    ("(a - pi)*M", "no rule for differences"),
    ("pi^log(a)*M", "the sign of a - 1 is not proved"),
    ("1/(a - a)*M", "division by an exponent"),
    ("(a - a)*M", "no rule for differences"),
    ("x*M", "no rule gives the order"),
    ("M + exp(-M)", "no rule gives the order"),
    ("sum(i, i, 1, M)", "no rule gives the order"),
]


@lru_cache
def context() -> Context:
    claim = make_claim("M*N*T*gamma = O(M*N*T*gamma)", ["a > 0", "b > 1"])
    ctx = premises(claim).ctx
    for number, text in enumerate(("a", "b - 1")):
        ctx = ctx.with_sign(parameter(text, ctx), "+", Multiplier.read([["1", [number]]], 2))
    return ctx.with_index("i").with_index("j", Fraction(3))


def written(tree: Tree, ctx: Context) -> str:
    """Write a maximum of minima of monomials, the maximum as a sum."""
    found = []
    for forms in normal_form(tree, "max"):
        names = [str(form_expr(form, ctx)) for form in forms]
        found.append(names[0] if len(names) == 1 else f"min({', '.join(names)})")
    return " + ".join(found)


@pytest.mark.parametrize(("text", "order"), KNOWN)
def test_orders(text: str, order: str) -> None:
    assert written(log_tree(parse_expr(text), context()), context()) == order


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_what_has_no_order(text: str, message: str) -> None:
    with pytest.raises(RejectedError, match=re.escape(message)):
        log_tree(parse_expr(text), context())


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("M", True), ("M*N^a", True), ("M*i", True), ("M*log(M)", True), ("M/log(M)", True),
        ("i", False), ("M/N", False), ("M*gamma", False), ("M/i", False), ("log(M)", False),
        ("M*log(N)", False), ("1/M", False), ("M^0", False), ("i*log(i + 1)", False),
    ],
)  # fmt: skip
def test_what_grows_however_the_sizes_are_related(text: str, answer: bool) -> None:
    assert grows(monomial(parse_expr(text), context()), context()) is answer


def test_double_logarithms() -> None:
    ctx = context()

    def of(text: str) -> Tree:
        return loglog(monomial(parse_expr(text), ctx), ctx)

    m, n = (log_tree(parse_expr(f"log({name})"), ctx) for name in "MN")
    assert of("M") == of("M^2*log(M)") == of("M/log(M)^9") == m
    assert of("M*N") == of("M^a*N") == of("M*N*log(M)*log(N)") == join([m, n])
    assert (
        of("1/M")
        == of("gamma/M")
        == of("gamma")
        == of("M^0")
        == of("log(M)/M")
        == lin(monomial(parse_expr("1"), ctx))
    )
    assert of("M/N") == of("M^2/N^2") != of("N/M")
    assert of("N*gamma") == of("N^3*gamma^3") != of("N*gamma^2")
    assert of("M/N") != of("M/N*log(T)")
    assert of("M^2*log(M)/N^2") == of("M/N*log(M)^(1/2)")
    with pytest.raises(RejectedError, match="no rule gives the order of log"):
        of("log(M)")
    assert plus([of("M"), meet([m, n])]).kind == "plus"


def test_what_is_known_of_double_logarithms() -> None:
    ctx = context()
    for text in ("M", "N*gamma", "M/N"):
        form = monomial(parse_expr(text), ctx)
        low, slow = log_generators(form, ctx)
        assert lin(low.form) == lin(-slow.form) == loglog(form, ctx)
        assert (low.absorbed_by, low.grows, slow.grows) == (None, False, False)
        assert slow.absorbed_by in (form, -form)
    for text in ("M*N", "1/M", "M^0"):
        with pytest.raises(RejectedError, match="no double logarithm of its own"):
            log_generators(monomial(parse_expr(text), ctx), ctx)
    assert names_of(monomial(parse_expr("log(2 + M/N)*T"), ctx)) == {"M", "N", "T"}


def test_names_in_logarithms() -> None:
    for text, answer in [
        ("log(i + 1)", True), ("i*log(M)", False), ("sum(i*j, j, 1, M)", True),
        ("sum(j, j, 1, M)*i", False), ("exp(-i)", False), ("1/log(2 + M/i)", True),
    ]:  # fmt: skip
        assert has_log_of("i", parse_expr(text)) is answer
    for text, answer in [("-M", True), ("M", False), ("-2", True), ("2*M", False), ("-M*N", True)]:
        assert is_negative(parse_expr(text)) is answer


def test_exponents_that_signs_select() -> None:
    ctx = context()
    b, one = Name("b"), parse_expr("1")
    for text, value in [
        ("min(1, b)", one), ("min(b, 1)", one), ("max(1, b)", b), ("max(b, 1)", b),
        ("min(b, 1)^2*max(1, b) + min(1, b)", parse_expr("b + 1")),
        ("min(1, 1)", one), ("1 - max(b, 1)", parse_expr("1 - b")),
    ]:  # fmt: skip
        assert exponent(parse_expr(text), ctx) == ctx.ring.frac(value)
    for text in ("min(a, b)", "M", "a^(1/2)", "1/(a - a)", "1/(a - b)"):
        with pytest.raises(RejectedError):
            exponent(parse_expr(text), ctx)


def test_monomials_are_written_as_the_language_reads_them() -> None:
    ctx = context()
    for text in ("M^2*N", "M^a/N^a", "log(M)*i", "log(i + 1)^a", "log(2 + M/N)/M", "gamma^b", "1"):
        form = monomial(parse_expr(text), ctx)
        assert monomial(parse_expr(str(form_expr(form, ctx))), ctx) == form
    with pytest.raises(RejectedError, match="not a monomial"):
        monomial(parse_expr("M + N"), ctx)
