"""Logarithms and monomials as linear forms."""

from __future__ import annotations

from fractions import Fraction

import pytest
from kernel_objects import context, refused, tree

from ratecert.proofs_check.kernel.algebra import (
    Form,
)
from ratecert.proofs_check.kernel.cone import (
    Context,
    normal_form,
)
from ratecert.proofs_check.kernel.logform import monomial
from ratecert.proofs_check.language.grammar import parse_expr


def parts(text: str, ctx: Context) -> set[frozenset[Form]]:
    """The monomials of an expression, as a maximum of minima, in no order."""
    return set(map(frozenset, normal_form(tree(text, ctx), "max")))


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
