"""The claim language: what the parser builds, what it refuses and how it says so."""

import pickle
import re
from fractions import Fraction
from math import prod

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from strategies import arithmetic, conditions, expressions, statements

from ratecert.proofs_check.language.expr import Add, Call, Expr, Mul, Name, Num, Pow, Sum, unmarked
from ratecert.proofs_check.language.grammar import (
    MAX_CHARACTERS,
    ClaimSyntaxError,
    Statement,
    nearest,
    parse_condition,
    parse_expr,
    parse_statement,
)
from ratecert.proofs_check.language.statement import RELATIONS, Condition

X, Y, A = Name("x"), Name("y"), Name("a")


def num(value: str | int) -> Num:
    return Num(Fraction(value))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("x", X),
        (" 0.125 ", num("1/8")),
        ("10.", num(10)),
        ("x - y", Add((X, Mul((num(-1), Y))))),
        ("x/y", Mul((X, Pow(Y, num(-1))))),
        ("1/(2*x)", Mul((num("1/2"), Pow(X, num(-1))))),
        ("-x^2", Mul((num(-1), Pow(X, num(2))))),
        ("x^-1", Pow(X, num(-1))),
        ("x^y^2", Pow(X, Pow(Y, num(2)))),
        ("(x^y)**2", Pow(Pow(X, Y), num(2))),
        ("x^-y^2", Pow(X, Mul((num(-1), Pow(Y, num(2)))))),
        ("--x", X),
        ("+x", X),
        ("x*0", Mul((num(0), X))),
        ("x^0", Pow(X, num(0))),
        ("min(x, y, 1)", Call("min", (X, Y, num(1)))),
        ("oo", Name("oo")),
        ("sum(i^-a, i, 1, oo)", Sum(Pow(Name("i′"), Mul((num(-1), A))), "i′", num(1), Name("oo"))),
        (
            "sum(sum(i*j, j, 1, i), i, 1, x)",
            Sum(Sum(Mul((Name("i′"), Name("j′"))), "j′", num(1), Name("i′")), "i′", num(1), X),
        ),
        (
            "sum(i*sum(i, i, 1, i), i, i, x)",
            Sum(
                Mul((Name("i′′"), Sum(Name("i′"), "i′", num(1), Name("i′′")))),
                "i′′", Name("i"), X,
            ),
        ),
        ("optimal(x)", Call("optimal", (X,))),
        ("eigenvalue(j)", Call("eigenvalue", (Name("j"),))),
        ("1/exp(0) + 1/(sqrt(0) + 2)", Add((
            Pow(Call("exp", (num(0),)), num(-1)),
            Pow(Add((Call("sqrt", (num(0),)), num(2))), num(-1)),
        ))),
    ],
)  # fmt: skip
def test_the_tree_of_a_text(text: str, tree: Expr) -> None:
    assert parse_expr(text) == tree


def value(expr: Expr, at: dict[str, Fraction]) -> Fraction:
    match expr:
        case Num(number):
            return number
        case Name(name):
            return at[name]
        case Add(terms):
            return sum((value(term, at) for term in terms), Fraction(0))
        case Mul(factors):
            return prod(value(factor, at) for factor in factors)
        case Pow(base, exponent):
            return value(base, at) ** value(exponent, at)
    raise AssertionError(expr)


@given(
    arithmetic(), st.fractions(1, 9, max_denominator=9), st.fractions(-9, -1, max_denominator=9)
)
@example("-2^2", Fraction(1), Fraction(-1))
@example("x/y*x", Fraction(2), Fraction(-3))
@example("2-x-y", Fraction(2), Fraction(-3))
@settings(deadline=None)
def test_arithmetic_means_what_it_means_in_python(text: str, x: Fraction, y: Fraction) -> None:
    """Python's own grammar of + - * / and powers is the same: a second opinion on precedence."""
    exact = re.sub(r"[0-9]*\.?[0-9]+", r"F('\g<0>')", text.replace("^", "**"))
    try:
        expected = eval(exact, {"F": Fraction, "x": x, "y": y})
    except ZeroDivisionError:
        assume(False)
    assume(isinstance(expected, Fraction))
    assert value(parse_expr(text), {"x": x, "y": y}) == expected


@given(expressions())
@example(parse_expr("x/y*z"))  # printed as x*z/y once
@example(parse_expr("(x*y)^-1"))  # printed as 1/(x*y) once
@example(parse_expr("2^-1*x"))  # was a power, printed as 1/2*x
@example(parse_expr("x/(1/y)"))
@example(parse_expr("-(-2)^2 - 3"))
@example(parse_expr("(1/2)^x"))
@settings(deadline=None, max_examples=200)
def test_printing_and_reading_back_gives_the_same_tree(expr: Expr) -> None:
    text = str(expr)
    assert parse_expr(text, max_characters=10**6, is_printed=True) == expr
    assert parse_expr(unmarked(text), max_characters=10**6) == expr


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("1 - a", "1 - a"),
        ("M^(1-a)", "M^(1 - a)"),
        ("a + 1", "a + 1"),
        ("-1 + a", "-1 + a"),
        ("x + 2 - y + 3", "x + 5 - y"),
        ("1 + x - 1 + 2", "2 + x"),
        ("x + 1 - 1 + y", "x + y"),
        ("1 - (a - 1)", "1 - (a - 1)"),
        ("C^(1/(a+1))", "C^(1/(a + 1))"),
        ("(1-a)/(a+1)", "(1 - a)/(a + 1)"),
        ("x*3*y/2", "3/2*x*y"),
    ],
)
def test_numbers_stay_where_the_first_of_them_stood(text: str, printed: str) -> None:
    assert str(parse_expr(text)) == printed
    assert parse_expr(printed) == parse_expr(text)


@given(arithmetic())
@settings(deadline=None)
def test_reading_what_was_read_changes_nothing(text: str) -> None:
    refusal = "none"
    try:
        expr = parse_expr(text)
    except ClaimSyntaxError as error:
        refusal = error.reason
    if refusal == "none":
        assert parse_expr(str(expr)) == expr
    else:
        assert "divides by zero" in refusal


def test_a_tower_of_powers_reads_back_at_the_limit() -> None:
    expr = parse_expr("x^" * 100 + "x")
    assert parse_expr(str(expr)) == expr


@given(statements)
@settings(deadline=None)
def test_statements_read_back(statement: Statement) -> None:
    assert parse_statement(unmarked(str(statement))) == statement


@given(conditions)
@settings(deadline=None)
def test_conditions_read_back(condition: Condition) -> None:
    assert parse_condition(unmarked(str(condition))) == (condition,)


@pytest.mark.parametrize("relation", [r for r in RELATIONS if r != "~"])
def test_relations(relation: str) -> None:
    assert parse_statement(f"x = {relation}(y)") == Statement(X, relation, Y)


def test_the_ratio_relation_and_chains() -> None:
    assert parse_statement("x ~ y") == Statement(X, "~", Y)
    chain = parse_condition("1 < x <= y = a")
    assert chain == (Condition(num(1), "<", X), Condition(X, "<=", Y), Condition(Y, "=", A))


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("", 0, "the end of the text"),
        ("x +", 3, "the end of the text"),
        ("2x", 1, "write * between factors"),
        ("x y", 2, "write * between factors"),
        ("(x)(y)", 3, "write * between factors"),
        ("2e6", 1, "10^n"),
        ("2 e", 2, "write * between factors"),
        ("a(x + 1)", 0, "write a*(...)"),
        ("lgo(x)", 0, "did you mean log?"),
        ("Theta(x)", 0, "right after the ="),
        ("1 + log", 4, "write log(...)"),
        ("exp(x, y)", 7, "exp takes 1 argument, not 2"),
        ("min()", 4, "stands `)`"),
        ("(x", 2, "expected `)`"),
        ("x)", 1, "nothing more"),
        ("x = y", 2, "nothing more"),
        ("x × y", 2, "write * for a product"),
        ("x\n +  $", 6, "no character '$'"),
        ("x ; y", 2, "no character ';'"),
        ("sum(i, i=1, 2)", 8, "sum(TERM, i, LO, HI)"),
        ("sum(i, 1, 2, 3)", 7, "the index of a sum is a name"),
        ("sum(i, pi, 2, 3)", 7, "the index of a sum is a name"),
        ("optimal(x + 1)", 8, "optimal takes a name"),
        ("optimal(oo)", 8, "oo is no number"),
        ("optimal(pi)", 8, "optimal takes a name"),
        ("1/0", 2, "divides by zero"),
        ("x/(2^2 - 4)", 2, "divides by zero"),
        ("0*(1/(1 - 1))", 5, "divides by zero"),
        ("1/(0*x)", 2, "divides by zero"),
        ("1/(0^2*x)", 2, "divides by zero"),
        ("1/log(1)", 2, "divides by zero"),
        ("2 - 0^-1", 4, "divides by zero"),
        ("1/-(1/2 - 0.5)", 2, "divides by zero"),
        ("0*log(0)", 6, "log has no real value"),
        ("sqrt(-1)", 5, "sqrt has no real value"),
        ("Gamma(1 - 2)", 6, "Gamma has no real value"),
        ("zeta(4/2^2)", 5, "zeta has no real value"),
        ("(-1)^(1/2)", 0, "no real power"),
        ("oo - oo", 0, "oo is no number"),
        ("x/oo", 2, "oo is no number"),
        ("2*-oo", 2, "oo is no number"),
        ("2^oo", 2, "oo is no number"),
        ("min(x, oo)", 7, "oo is no number"),
        ("sum(oo, i, 1, 2)", 4, "oo is no number"),
    ],
)
def test_what_is_refused_and_where(text: str, position: int, reason: str) -> None:
    with pytest.raises(ClaimSyntaxError) as caught:
        parse_expr(text)
    assert reason in caught.value.reason
    assert caught.value.position == position
    assert caught.value.text == text


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("x", 1, "LEFT = Theta(RIGHT)"),
        ("x < y", 2, "LEFT = Theta(RIGHT)"),
        ("x == Theta(y)", 2, "stands `==`"),
        ("x = y", 4, "LEFT ~ RIGHT"),
        ("x = theta(y)", 4, "did you mean Theta?"),
        ("x = 1", 4, "LEFT ~ RIGHT"),
        ("x = O y", 6, "expected `(`"),
        ("x = O(y", 7, "expected `)`"),
        ("x = O(y) + 1", 9, "nothing more"),
        ("x = O(oo)", 6, "oo is no number"),
        ("x ~ -oo", 4, "oo is no number"),
    ],
)
def test_statements_that_are_refused(text: str, position: int, reason: str) -> None:
    with pytest.raises(ClaimSyntaxError) as caught:
        parse_statement(text)
    assert (reason in caught.value.reason, caught.value.position) == (True, position)


@pytest.mark.parametrize(("text", "position"), [("x", 1), ("x < y ~ a", 6), ("x == y", 2)])
def test_conditions_that_are_refused(text: str, position: int) -> None:
    with pytest.raises(ClaimSyntaxError) as caught:
        parse_condition(text)
    assert caught.value.position == position


LIMITS = [
    ("9" * 1000, "9" * 1001),
    ("1." + "0" * 998 + "5", "1." + "0" * 999 + "5"),
    ("9" * 999 + "*10", "9" * 999 + "*11"),
    ("(" * 100 + "x" + ")" * 100, "(" * 101 + "x" + ")" * 101),
    ("x^" * 100 + "x", "x^" * 101 + "x"),
    ("x^(y)" + "^(y)" * 99, "x^(y)" + "^(y)" * 100),
    ("exp(" * 100 + "x" + ")" * 100, "exp(" * 101 + "x" + ")" * 101),
    ("1+x*(" * 98 + "x" + ")" * 98, "1+x*y^(" * 80 + "x" + ")" * 80),
    ("x+" * 4999 + "xy", "x+" * 4999 + "xyz"),
    ("-" * 9999 + "x", "-" * 10000 + "x"),
]


@pytest.mark.parametrize(("within", "beyond"), LIMITS)
def test_limits(within: str, beyond: str) -> None:
    parse_expr(within)
    with pytest.raises(ClaimSyntaxError, match=r"digits|nests deeper|10000 characters"):
        parse_expr(beyond)


def test_large_values_are_not_computed() -> None:
    """Constants whose value is not of moderate size have none, which is no error."""
    parse_expr("1/(9^9^9^9 - 1) + 1/(2^3000*2^3000) + 1/(2^-3000 + 2^3300 + 1) + 1/3^(1/2)")
    parse_expr("1/((-1)^(9^9) + 0^(9^9) + 3)")


@given(st.text(st.characters(), max_size=60) | st.text("x1+-*/^()., =<>~oe\n\t", max_size=200))
@example("²")
@example("1" * 200 + "$" + "1" * 200)
@example("\t\x00x\x1f")
@example(" " * 10_001)
@settings(deadline=None)
def test_any_text_is_read_or_refused_with_a_caret_under_the_place(text: str) -> None:
    for parse in (parse_expr, parse_statement, parse_condition):
        try:
            parse(text)
        except ClaimSyntaxError as error:
            reason, shown, caret = str(error).split("\n")
            assert reason
            assert max(len(shown), len(caret)) < 80
            assert caret.strip() == "^"
            under = shown.ljust(80)[len(caret) - 1]
            at = text[error.position] if error.position < len(text) else " "
            assert under == at or (not at.isprintable() and under in " ?") or len(text) > 77


def test_long_texts_are_clipped_around_the_caret() -> None:
    with pytest.raises(ClaimSyntaxError) as caught:
        parse_expr("x+" * 100 + "$" + "+x" * 100)
    _, shown, caret = str(caught.value).split("\n")
    assert shown[len(caret) - 1] == "$"
    assert shown.startswith("  ...")
    assert shown.endswith("...")
    assert len(shown) < 80


def test_a_problem_can_be_placed_in_a_file() -> None:
    with pytest.raises(ClaimSyntaxError) as caught:
        parse_expr("x $")
    placed = caught.value.at("f.claims.toml", 7)
    assert str(placed) == f"f.claims.toml:7: {caught.value}"
    assert (placed.file, placed.line, placed.position) == ("f.claims.toml", 7, 2)


def test_a_problem_travels_between_processes() -> None:
    with pytest.raises(ClaimSyntaxError) as caught:
        parse_expr("x $")
    for error in (caught.value, caught.value.at("f.claims.toml", 7)):
        copy = pickle.loads(pickle.dumps(error))
        assert str(copy) == str(error)
        assert vars(copy) == vars(error)


def test_a_long_text_needs_leave() -> None:
    text = "x + " * (MAX_CHARACTERS // 4) + "x"
    with pytest.raises(ClaimSyntaxError, match="10000 characters"):
        parse_expr(text)
    assert len(parse_expr(text, max_characters=len(text)).terms) == MAX_CHARACTERS // 4 + 1


@pytest.mark.parametrize(
    ("word", "hint"),
    [("aprox", "; did you mean approx?"), ("m", "; did you mean M?"), ("zzz", ""), ("", "")],
)
def test_nearest(word: str, hint: str) -> None:
    assert nearest(word, ["approx", "M", "N"]) == hint


def test_among_many_names_only_those_that_begin_alike_are_near() -> None:
    many = [f"x{n}" for n in range(1000)] + ["approx", "broad"]
    assert nearest("aprox", many) == "; did you mean approx?"
    assert nearest("road", many) == ""
