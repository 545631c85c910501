"""Rewriting for the eye changes no value."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ratecert.explain.comparisons import readable
from ratecert.proofs_check.language.expr import (
    Add,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    add,
    div,
    mul,
    neg,
    power,
)
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.writing.tidy import tidy, tidy_text

NAMES = {"a": 1.7, "M": 13.0, "N": 5.5, "gamma": 0.3}
names = st.sampled_from(sorted(NAMES)).map(Name)
numbers = st.fractions(-5, 5, max_denominator=6).map(Num)
exponents = st.sampled_from(["-1", "1", "1/a", "-a", "1 - a", "(a - 1)/a", "2"]).map(parse_expr)


def _combined(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    several = st.lists(inner, min_size=2, max_size=4)
    return st.one_of(
        several.map(lambda parts: add(*parts)),
        several.map(lambda parts: mul(*parts)),
        inner.map(neg),
        st.builds(div, inner, names),
        st.builds(power, names, exponents),
        st.builds(lambda x, y, e: mul(power(x, e), power(y, e)), names, names, exponents),
    )


expressions = st.recursive(st.one_of(names, numbers), _combined, max_leaves=12)


def value(expr: Expr) -> float:
    match expr:
        case Num(number):
            return float(number)
        case Name(name):
            return NAMES[name]
        case Add(parts):
            return math.fsum(map(value, parts))
        case Mul(parts):
            return math.prod(map(value, parts))
        case Pow(base, exponent):
            return float(value(base) ** value(exponent))
    raise NotImplementedError(expr)


def size(expr: Expr) -> float:
    """Return the value with all signs positive: the scale of what rounding may lose."""
    match expr:
        case Num(number):
            return abs(float(number))
        case Add(parts):
            return math.fsum(map(size, parts))
        case Mul(parts):
            return math.prod(map(size, parts))
    return abs(value(expr))


@given(expressions)
def test_value_stays(expr: Expr) -> None:
    assert abs(value(tidy(expr)) - value(expr)) <= 1e-9 * size(expr)


@given(expressions)
@example(neg(mul(parse_expr("M^(-a)"), parse_expr("M^(1/a)"), parse_expr("M^(1/a)"))))
@example(mul(parse_expr("M^(-a)"), parse_expr("(M*N)^(1/a)"), parse_expr("2")))
def test_is_settled_and_parses_back(expr: Expr) -> None:
    shown = tidy(expr)
    assert tidy_text(str(shown)) == str(shown)
    assert abs(value(parse_expr(str(shown))) - value(expr)) <= 1e-9 * size(expr)


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("N_eff^(1/a)*gamma^(1/a)", "(N_eff*gamma)^(1/a)"),
        ("M^(-a + 1)", "M^(1 - a)"),
        ("M/N_eff/gamma", "M/N_eff/gamma"),
        ("x^2*3*y^2", "3*(x*y)^2"),
        ("log(M)^a*M^a", "log(M)^a*M^a"),
        ("M >= N_eff^(1/a)*gamma^(1/a)", "M >= (N_eff*gamma)^(1/a)"),
    ],
)
def test_spelling(given_text: str, shown: str) -> None:
    assert tidy_text(given_text) == shown


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("M*N^(-1/a) >= 1", "M >= N^(1/a)"),
        ("M*N^(-1/a) <= 1", "M <= N^(1/a)"),
        ("N^(-1/a) >= 1", "1 >= N^(1/a)"),
        ("M^a >= 1", "M^a >= 1"),
        ("M >= N", "M >= N"),
        ("M/N >= 2", "M/N >= 2"),
    ],
)
def test_readable_condition(given_text: str, shown: str) -> None:
    from ratecert.proofs_check.language.grammar import parse_condition

    (condition,) = parse_condition(given_text)
    assert str(readable(condition)) == shown
