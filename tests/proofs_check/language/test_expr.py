"""Trees: how they are built, walked, rebuilt and substituted into."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import expressions

from ratecert.proofs_check.language.claim import optimal_of
from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    Sum,
    add,
    children,
    div,
    free_names,
    mul,
    power,
    rebuild,
    substitute,
    walk,
)
from ratecert.proofs_check.language.grammar import parse_expr

X, Y = Name("x"), Name("y")


def num(value: str | int) -> Num:
    return Num(Fraction(value))


def test_builders_collect_numbers_and_flatten() -> None:
    assert add(X, num(1), add(Y, num(2))) == Add((X, num(3), Y))
    assert add() == add(num(1), num(-1)) == num(0)
    assert add(X, num(1), num(-1)) == X
    assert mul(X, num(2), mul(Y, num("1/2"))) == Mul((X, Y))
    assert mul() == num(1)
    assert mul(num(2), num(0)) == num(0)
    assert power(num(2), num(0)) == num(1)
    # What may have no value does not cancel.
    assert mul(X, num(0), Y) == Mul((num(0), X, Y))
    assert power(X, num(0)) == Pow(X, num(0))
    assert power(num(0), num(0)) == Pow(num(0), num(0))
    assert power(X, num(1)) == X
    assert power(num("2/3"), num(-1)) == num("3/2")
    assert power(num(0), num(-1)) == Pow(num(0), num(-1))
    assert div(X, mul(num(2), Y)) == Mul((num("1/2"), X, Pow(Y, num(-1))))
    assert div(X, num(2)) == Mul((num("1/2"), X))
    assert div(X, num(0)) == Mul((X, Pow(num(0), num(-1))))


@given(expressions())
def test_rebuilding_from_the_own_parts_changes_nothing(expr: Expr) -> None:
    for node in walk(expr):
        assert rebuild(node, children(node)) == node


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("pi + oo_*x", {"oo_", "x"}),
        ("sum(i*x, i, 1, oo)", {"x"}),
        ("sum(i, i, i, y) + 2", {"i", "y"}),
        ("sum(sum(i*j, i, 1, j), j, 1, x)", {"x"}),
        ("3/2", set()),
    ],
)
def test_free_names(text: str, names: set[str]) -> None:
    assert free_names(parse_expr(text)) == names


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("x^2 + y", "(y + 1)^2 + y"),
        ("3/2", "3/2"),
        ("min(x, 2)/x", "min(y + 1, 2)/(y + 1)"),
        ("sum(x*i, i, x, y)", "sum((y + 1)*i, i, y + 1, y)"),
        ("sum(x, x, 1, x)", "sum(x, x, 1, y + 1)"),
    ],
)
def test_substitution_replaces_free_names_only(text: str, result: str) -> None:
    values = {"x": parse_expr("y + 1")}
    assert substitute(parse_expr(text), values) == parse_expr(result)


def test_substitution_captures_no_name() -> None:
    with pytest.raises(ValueError, match="the index i′ would capture"):
        substitute(parse_expr("sum(x*i, i, 1, oo)"), {"x": Name("i′")})
    assert str(substitute(parse_expr("sum(x*i, i, 1, oo)"), {"x": Name("i")})) == (
        "sum(i*i′, i′, 1, oo)"
    )


@given(expressions(8), st.sampled_from(["a", "b", "M", "zzz"]))
def test_substituting_a_new_name_and_back_changes_nothing(expr: Expr, name: str) -> None:
    there = substitute(expr, {name: Name("fresh")})
    assert ("fresh" in free_names(there)) == (name in free_names(expr))
    assert substitute(there, {"fresh": Name(name)}) == expr


def test_walking_yields_parents_first_and_from_left_to_right() -> None:
    texts = [str(node) for node in walk(parse_expr("sum(x + 1, i, 1, y)"))]
    assert texts == ["sum(x + 1, i′, 1, y)", "x + 1", "x", "1", "1", "y"]


def test_which_name_an_optimum_is_of() -> None:
    assert optimal_of(parse_expr("optimal(M)")) == "M"
    assert optimal_of(parse_expr("optimal(M) + 1")) is None
    assert optimal_of(Call("min", (X,))) is None
    assert optimal_of(Sum(X, "i", X, X)) is None
