"""Formulas of ledgers: parsing, normal forms, definedness, signs, integers."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratecert.proofs_check.kernel.algebra import Ring
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Name
from ratecert.proofs_check.ledger.scope import Scope
from ratecert.proofs_check.ledger.signs import Signs
from ratecert.proofs_check.ledger.terms import Relation, parse_formula, parse_relation, put


def context(*facts: str, integers: str = "i j k m M N", reals: str = "a b x y z p g") -> Scope:
    found = Scope(functions={"f": 2, "h": 2}).declaring(reals.split(), integers.split())
    for number, fact in enumerate(facts):
        found = found.knowing(f"h{number}", parse_relation(fact))
    return found


@pytest.fixture
def positive() -> Scope:
    """A context that remembers nothing of other tests."""
    return context(
        "a >= 11/10", "b > 0", "x > 0", "y > 0", "g > 0", "i >= 1", "j >= 0", "M >= 1", "N >= 16",
        "p > 1", "z <= 3/8", "f(1, 2) > 0",
    )  # fmt: skip


def normal(text: str, where: Scope) -> str:
    return where.text(where.normal(parse_formula(text)))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("-x^2", "-x^2"),
        ("2^-j", "2^(-j)"),
        ("x^y^a", "x^(y^a)"),
        ("_x + x_1", "_x + x_1"),
        ("1 - (x - y)", "1 - (x - y)"),
        ("2*x/4", "1/2*x"),
        ("0.125", "1/8"),
        ("--x", "x"),
        ("f(x, 1)", "f(x, 1)"),
        ("sum(i, i, 1, M)", "sum(i, i, 1, M)"),
    ],
)
def test_parsing(text: str, tree: str) -> None:
    expr = parse_formula(text)
    assert str(expr) == tree
    assert parse_formula(str(expr)) == expr


@pytest.mark.parametrize(
    ("term", "may_be_empty", "has_terms"),
    [
        ("1/n", "[sum(1/n, #0, 1, n)]", "[sum(1, #0, 1, n)]/n"),
        ("n^(-p)", "[sum(1/[(n)^(p)], #0, 1, n)]", "[sum(1, #0, 1, n)]/[(n)^(p)]"),
        ("x/(n*i)", "[sum(1/#0/n, #0, 1, n)]*x", "[sum(1/#0, #0, 1, n)]*x/n"),
        ("n/x", "[sum(1, #0, 1, n)]*n/x", "[sum(1, #0, 1, n)]*n/x"),
    ],
)
def test_what_is_defined_only_inside_a_sum_stays_there(
    term: str, may_be_empty: str, has_terms: str
) -> None:
    """For ``n = 0`` the sum of 1/n over ``1 <= i <= n`` is 0, not 0 divided by 0."""
    facts = ("x > 0", "p > 1")
    assert normal(f"sum({term}, i, 1, n)", context("n >= 0", *facts, integers="n")) == may_be_empty
    assert normal(f"sum({term}, i, 1, n)", context("n >= 1", *facts, integers="n")) == has_terms


@pytest.mark.parametrize(
    "text",
    ["", "x +", "(x", "x)", "x y", "1/0", "sum(i, 1, 1, M)", "sum(i, i, 1)", "?", "1.", "x <= y",
     "(" * 60 + "x" + ")" * 60, "-" * 60 + "x", "x" * 5000, "f()", "*x"],
)  # fmt: skip
def test_what_is_no_formula(text: str) -> None:
    with pytest.raises(RejectedError):
        parse_formula(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x ? y", "'x ? y' is not a formula at character 2"),
        ("1/0", "'1/0' divides by zero"),
        ("(x", "'(x': ')' is missing before ''"),
        ("f(x y)", "'f(x y)': ')' is missing before 'y'"),
        ("x y", "'x y': 'y' is out of place"),
        ("*x", "'*x': '*' is out of place"),
        ("sum(i, i, 1)", "'sum(i, i, 1)': a sum is sum(TERM, i, LO, HI)"),
        ("x" * 4001, "a formula is a text of at most 4000 characters"),
    ],
)
def test_what_is_wrong_with_a_formula(text: str, reason: str) -> None:
    with pytest.raises(RejectedError) as told:
        parse_formula(text)
    assert str(told.value) == reason


def test_the_limits_of_a_formula() -> None:
    """Parentheses open an expression and a factor, a sign a factor; 40 may be open at once."""
    assert str(parse_formula("x" * 4000)) == "x" * 4000
    assert str(parse_formula("x + " * 60 + "y")) == "x + " * 60 + "y"
    assert str(parse_formula("(" * 19 + "x" + ")" * 19)) == "x"
    assert str(parse_formula("-" * 38 + "x")) == "x"
    for text in ("(" * 20 + "x" + ")" * 20, "-" * 39 + "x"):
        with pytest.raises(RejectedError, match="nested too deeply"):
            parse_formula(text)


@pytest.mark.parametrize(
    "text",
    ["(" * 10 + "f(x, " + "(" * 10 + "x" + ")" * 21,
     "(" * 21 + "x" + ")" * 21, "-" * 60 + "x", "2^" * 60 + "x",
     "f(" + "x, " * 60 + "(" * 21 + "x" + ")" * 21 + ")"],
)  # fmt: skip
def test_nesting_is_bounded(text: str) -> None:
    """What stands beside it makes no room for more."""
    with pytest.raises(RejectedError, match="nested too deeply"):
        parse_formula(text)


def test_a_formula_is_a_text() -> None:
    with pytest.raises(RejectedError, match="text"):
        parse_formula(3)  # type: ignore[arg-type]


def test_relations_are_stored_one_way() -> None:
    assert str(parse_relation("x >= y")) == "y <= x"
    assert str(parse_relation("x > y")) == "y < x"
    with pytest.raises(RejectedError, match="not a relation"):
        parse_relation("x")
    with pytest.raises(RejectedError, match="out of place"):
        parse_relation("x <= y <= z")


def test_substitution_does_not_capture() -> None:
    with pytest.raises(RejectedError, match="capture"):
        put(parse_formula("sum(x, i, 1, M)"), {"x": parse_formula("i")})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("i^(1-a)*i^a", "i"),
        ("(x*y)^a", "x^a*y^a"),
        ("(x*f(1, 2)/y)^a", "x^a*f(1, 2)^a/y^a"),
        ("((i+1)/i)^(1-a)", "(i+1)^(1-a)*i^(a-1)"),
        ("(x^a)^b", "x^(a*b)"),
        ("(x^a)^(1/a)", "x"),
        ("x^(a/2)*x^(a/3)", "x^(5*a/6)"),
        ("sqrt(x)", "x^(1/2)"),
        ("4^-j", "(2^-j)^2"),
        ("2^(1-j)", "2*2^-j"),
        ("6^a", "2^a*3^a"),
        ("(1/2)^a", "2^-a"),
        ("exp(x + y)", "exp(x)*exp(y)"),
        ("exp(0)", "1"),
        ("exp(a*log(x))", "x^a"),
        ("exp(-log(2)*j)", "2^-j"),
        ("exp(1)^a", "exp(a)"),
        ("log(x*y)", "log(x) + log(y)"),
        ("log(x^a/4)", "a*log(x) - 2*log(2)"),
        ("log(exp(x))", "x"),
        ("log(2*f(1, 2))", "log(2) + log(f(1, 2))"),
        ("log(1)", "0"),
        ("1/(2-2*a)", "-1/(2*a-2)"),
        ("1/(3/8 - z + 1)", "8/(11 - 8*z)"),
        ("min(x, y)", "min(y, x)"),
        ("f(x + y, 1)", "f(y + x, 1)"),
        ("sum(g*i^-a*x, i, 1, M)", "g*x*sum(k^-a, k, 1, M)"),
        ("sum(1/(x*(x + y)^2*y*i), i, 1, M)", "1/(x*(x + y)^2*y)*sum(1/k, k, 1, M)"),
        ("sum(x + i, i, 1, M)", "sum(x, i, 1, M) + sum(k, k, 1, M)"),
        ("sum(x/(i + 1)/(x + y), i, 1, M)", "x/(x + y)*sum(1/(k + 1), k, 1, M)"),
        ("sum(i, i, 3, 2)", "0"),
        ("sum(i^2, i, M, M)", "M^2"),
        ("sum(sum(i*k, k, 1, i), i, 1, M)", "sum(m*sum(j, j, 1, m), m, 1, M)"),
        (
            "sum(sum(sum(j, j, 1, i*k), k, 1, i), i, 1, M)",
            "sum(sum(sum(i, i, 1, j*k), k, 1, j), j, 1, M)",
        ),
        ("exp(a + log(x))", "x*exp(a)"),
        ("(x - y)^(a - a + 1)", "x - y"),
        ("x^(2*(1/(1 + a) + 1/(1 + b)))", "x^(2/(1 + a))*x^(2/(1 + b))"),
        ("1" + "0" * 40 + "^a", "10^(40*a)"),
        ("sum(i^-a, i, M + 1, oo)", "sum(k^-a, k, 1 + M, oo)"),
    ],
)
def test_equal_formulas_have_one_normal_form(positive: Scope, one: str, other: str) -> None:
    assert positive.holds(parse_relation(f"{one} = {other}"))


@pytest.mark.parametrize(
    "equation",
    ["x^a = x", "exp(x) = exp(y)",
     "N*sum(sum(1, k, i, M), i, 1, M) = M*sum(sum(1, k, i, M), i, 1, N)",
     "sum(1/(x*y*i), i, 1, M) = sum(1/i, i, 1, M)/y",
     "N*sum(sum(1, k, 1, i), i, 1, M) = M*sum(sum(1, k, 1, i), i, 1, N)",
     "sum(i, i, 1, M) = sum(i, i, 1, N)", "log(2) = log(3)",
     "f(x, y) = f(y, x)", "min(x, y) = x", "min(x, y) = max(x, y)", "2^a = 2", "floor(x) = x",
     "exp(1) = 3", "f(x, y) = h(x, y)"],
)  # fmt: skip
def test_different_formulas_differ(positive: Scope, equation: str) -> None:
    assert not positive.holds(parse_relation(equation))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1/(x - y)", "x - y may be zero, so its power -1 is not defined"),
        ("(i - 1)^-1", "may be zero"),
        ("(x - y)^(a - a)", "may be zero"),
        ("j^a", "j is not seen to be positive"),
        ("(x*j)^a", "j is not seen to be positive"),
        ("log(j)", "j is not seen to be positive"),
        ("(x - y)^a", "not seen to be positive"),
        ("log(x - y)", "x - y is not seen to be positive"),
        ("0^a", "zero has no real power"),
        ("(x - x)^a", "zero has no real power"),
        ("log(0)", "no logarithm"),
        ("(-2)^a", "-2 is negative"),
        ("sum(i^-1, i, 1, oo)", "the infinite sum of 1/#0 may diverge"),
        ("sum(i^(-a/2), i, 1, oo)", "may diverge"),
        ("sum(i, i, 1, oo)", "an infinite sum must be sum(i^-p, i, LO, oo) with p > 1"),
        ("sum(2*i^-2, i, 1, oo)", "must be sum"),
        ("sum(i^-i, i, 1, oo)", "must be sum"),
        ("sum(i, i, 1, x)", "bound x of a sum is not seen to be a whole"),
        ("sum(i, i, x, M)", "bound x of a sum is not seen to be a whole"),
        ("unknown", "not declared"),
        ("f(x)", "takes 2 arguments"),
        ("g(x)", "no function g of 1"),
        ("exp(x, y)", "no function exp of 2"),
        ("oo", "not declared"),
        ("sum(1/(i - 3), i, 1, M)", "may be zero"),
        ("(2^80*x)^(1/2)*3^(1/(10^41))", "the power 80 of 2 is not a small integer"),
        ("(10^50 + 1)^a", "too large to be factored"),
        ("1" + "0" * 39 + "1^a", "too large to be factored"),
        ("x^1000", "the power 1000 of x is not a small integer"),
    ],
)
def test_what_is_not_seen_to_be_defined(positive: Scope, text: str, reason: str) -> None:
    with pytest.raises(RejectedError, match=re.escape(reason)):
        positive.fraction(positive.normal(parse_formula(text)))


def test_negative_numbers_have_reciprocals(positive: Scope) -> None:
    assert normal("1/(-2)", positive) == "-1/2"
    assert normal("1/(1 - a)", positive) == normal("-1/(a - 1)", positive)


def test_an_index_may_not_be_declared(positive: Scope) -> None:
    with pytest.raises(RejectedError, match=re.escape("declared twice: ['a']")):
        positive.declaring(["a"])
    with pytest.raises(RejectedError, match=re.escape("declared twice: ['q']")):
        positive.declaring(["q", "r"], ["q", "s"])


@pytest.mark.parametrize(
    "true",
    [
        "0 < a/(a - 1)", "0 <= (x - y)^2", "0 < x*y + g", "1 < 2*a", "0 <= j", "0 < j + 1",
        "0 < 1 - z", "0 < (1 - z)/(a - 1)", "0 < 2^j", "x - y = x - y", "1 <= M", "0 <= j^2*x",
        "0 <= x^a*(x - 3*y)^2", "1/(1 - a) < 0",
    ],
)  # fmt: skip
def test_signs_seen(positive: Scope, true: str) -> None:
    assert positive.holds(parse_relation(true))
    assert positive.entails(parse_relation(true))


@pytest.mark.parametrize(
    "unseen",
    ["0 < x - y", "0 < j", "0 < (x - y)^2", "0 <= z", "x < x", "0 < 3/8 - z", "x = y",
     "0 <= x*y - 1", "2 <= M", "1 <= x^a", "1 < exp(x - y)", "0 <= z*(x - y)^2",
     "0 <= z^2*(x - y)", "0 <= z^3*(x - y)^2", "0 <= (x - y)^2*(z - x)"],
)  # fmt: skip
def test_signs_not_seen(positive: Scope, unseen: str) -> None:
    assert not positive.holds(parse_relation(unseen))
    assert not positive.entails(parse_relation(unseen))


def test_facts_entail() -> None:
    where = context("x <= y", "f(1, 2) = x", "z < x", "a > 1", "b >= 0")
    for true in ("x <= y", "x <= y + b", "x <= y + a", "f(1, 2) = x", "f(1, 2) <= x + a",
                 "z < x", "z <= x", "x < y + a", "x <= f(1, 2)"):  # fmt: skip
        assert where.entails(parse_relation(true)), true
    for false in ("y <= x", "x < y", "z = x", "f(1, 2) = y", "x <= z", "x < y + b"):
        assert not where.entails(parse_relation(false)), false


def test_bounds_build_on_each_other_in_any_order() -> None:
    where = context("m >= k", "k >= 1")
    assert where.holds(parse_relation("0 < m"))
    where = context("2*m >= 3 + k*x", "k >= 1", "x >= 0", "m <= 7", "m <= 6")
    assert where.bounds("m") == (Fraction(3, 2), Fraction(6))
    assert where.bounds("x") is None
    assert context("a <= 4").bounds("a") is None
    assert context("a >= 0", "a <= 4", "a <= 5", "a >= -1").bounds("a") == (0, 4)
    assert context("0 <= a", "2*a <= 6").bounds("a") == (0, 3)
    assert context("0 <= a", "a/2 <= 3").bounds("a") == (0, 6)
    # A slope below one is positive, too.
    half = context("x/2 >= 3", "y/3 + x >= 0")
    assert half.holds(parse_relation("6 <= x"))
    assert half.bounds("x") is half.bounds("y") is None
    assert context("k >= 0", "m >= 3 + k/2").holds(parse_relation("3 <= m"))


@pytest.mark.parametrize("facts", [["m >= 3 + k"], ["m >= 5 - k", "k >= 1"], ["m >= 3 + k*x"]])
def test_no_bound_from_what_has_none(facts: list[str]) -> None:
    assert "m" not in context(*facts).signs.lower


def test_bounds_of_atoms() -> None:
    where = context("x > 0", "x^p >= 5")
    assert where.holds(parse_relation("9 < 2*x^p"))
    assert not where.holds(parse_relation("10 < 2*x^p"))


def test_what_may_be_divided_by_zero_has_no_sign() -> None:
    """A denominator that is only known not to be negative gives a quotient no sign."""
    where = context("x > 0", "p >= 0")
    ring = Ring(["p", "x", "y"])
    for text in ("x/p", "x/(p*y)", "p/(0 - p)"):
        assert not where.signs.is_positive(ring, ring.frac(parse_formula(text)), False)
    for signs in (where.signs, context("p <= 0").signs):
        signs.learn(ring, ring.frac(parse_formula("y/p")), True)
        for sign in (1, -1):
            assert not signs.has_sign(ring, ring.frac(Name("y")).num * sign, False)


def test_facts_with_a_denominator() -> None:
    assert context("a > 1", "x/(1 - a) > 0").holds(parse_relation("x < 0"))
    assert context("z <= 3/8", "x/(1 - z) > 0").holds(parse_relation("0 < x"))
    where = context("x > 0", "y/x >= 2", "(a - b)/(1 - 3/2) > 0", "z/(0 - x) > 0")
    assert where.entails(parse_relation("2*x <= y"))
    assert where.entails(parse_relation("a < b"))
    assert where.holds(parse_relation("0 < 1/(b - a)"))
    assert where.holds(parse_relation("z < 0"))


def test_facts_of_unknown_or_no_content_teach_nothing() -> None:
    unknown = context("x*y > 0")
    assert not unknown.holds(parse_relation("0 < x"))
    assert not context("x <= x").holds(parse_relation("0 < x"))
    signs = Signs({})
    ring, value = unknown.fraction(unknown.normal(parse_formula("x + y")))
    signs.learn(ring, value.__class__(value.num, value.num), True)
    assert not signs.is_positive(ring, value, True)


def test_labels_are_unique_and_found() -> None:
    where = context("x > 0")
    assert where.fact("h0").strict
    with pytest.raises(RejectedError, match="two facts"):
        where.knowing("h0", parse_relation("y > 0"))
    with pytest.raises(RejectedError, match="no fact"):
        where.fact("h7")


@pytest.mark.parametrize(
    ("text", "whole"),
    [("2*i + M*j", True), ("floor(x)", True), ("i/2", False), ("x", False), ("1/M", False),
     ("f(x, 1)", False), ("min(x, y)", False), ("x - x + i", True), ("x - x", True),
     ("2^j", False), ("7", True), ("floor(x)*i - 1", True)],
)  # fmt: skip
def test_whole_numbers(positive: Scope, text: str, whole: bool) -> None:
    assert positive.is_integer(parse_formula(text)) is whole


@pytest.mark.parametrize(
    ("text", "seen", "seen_strictly"),
    [
        ("1/(4*(1 - z)^2) + x/(1 - z)", True, True),
        ("(1/(1 - z)^2 + x/(1 - z))*exp(z)", True, True),
        ("j", True, False),
        ("1/(1 - z)^2 + z/(1 - z)", False, False),
        ("(j/(1 - z)^2 + j/(1 - z))*1", True, False),
        ("z", False, False),
        # Two upper bounds at once are seen in the terms only.
        ("x/(1 - z) + x/(1 - y)", True, True),
        ("(x/(1 - z) + x/(1 - y))*exp(z)", True, True),
        ("x/(1 - z) + j/(1 - y)", True, True),
        ("j/(1 - z) + m/(1 - y)", True, False),
        ("(j/(1 - z) + m/(1 - y))*exp(z)", True, False),
        ("j/(1 - z) - x/(1 - y)", False, False),
    ],
)
def test_sums_and_products_term_by_term(text: str, seen: bool, seen_strictly: bool) -> None:
    where = context("x > 0", "j >= 0", "m >= 0", "z <= 3/8", "y <= 1/2")
    assert where.is_positive(parse_formula(text), strict=False) is seen
    assert where.is_positive(parse_formula(text)) is seen_strictly


NAMES = st.sampled_from(["x", "y", "a", "b"])
ATOMS = st.one_of(NAMES, st.integers(1, 5).map(str))
FORMULAS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "*", "/", "^"]), inner).map(
            lambda t: f"(({t[0]}) {t[1]} ({t[2]}))"
        ),
        inner.map(lambda t: f"exp(({t})/9)"),
        inner.map(lambda t: f"log(1 + {t})"),
    ),
    max_leaves=5,
)


def value(text: str, at: dict[str, float]) -> float:
    """Evaluate with Python's own parser."""
    scope = {"exp": math.exp, "log": math.log, **at}
    return float(eval(text.replace("^", "**"), {"__builtins__": {}}, scope))


@given(FORMULAS, st.tuples(*[st.floats(1.1, 3.0)] * 4))
def test_the_normal_form_has_the_same_value(text: str, at: tuple[float, ...]) -> None:
    """The second way: formula and normal form as numbers, atoms evaluated on their own."""
    where = context("x >= 1", "y >= 1", "a >= 1", "b >= 1")
    values = dict(zip("xyab", at, strict=True))
    try:
        expected = value(text, values)
        shown = where.text(where.normal(parse_formula(text)))
    except (RejectedError, OverflowError):
        return
    if not 1e-100 < abs(expected) < 1e100 or len(shown) > 3000:
        return
    plain = shown.replace("[", "(").replace("]", ")")
    try:
        found = value(plain, values)
    except OverflowError:
        return
    assert math.isclose(found, expected, rel_tol=1e-6)


def test_there_are_three_relations() -> None:
    for op in ("<=", "<", "="):
        assert str(Relation(Name("x"), op, Name("y"))) == f"x {op} y"
    for op in (">=", "", "=="):
        with pytest.raises(ValueError, match="no relation"):
            Relation(Name("x"), op, Name("y"))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("sqrt(x)", "[(x)^(1/2)]"),
        ("log(x^p)", "[log(x)]*p"),
        ("log(exp(p))", "p"),
        ("exp(log(x)^2)", "[exp([log(x)]^2)]"),
        ("floor(x)", "[floor(x)]"),
        ("f(x, y)", "[f(x, y)]"),
        ("sum(i^-p, i, 1, oo)", "[sum(1/[(#0)^(p)], #0, 1, oo)]"),
        ("sum(log(i), i, 1, M)", "[sum([log(#0)], #0, 1, M)]"),
        ("sum((x + i)^p, i, 1, M)", "[sum([(#0 + x)^(p)], #0, 1, M)]"),
        ("sum(sum(1/(i + k), k, 1, 9), i, 1, M)", "[sum([sum(1/(#0 + #1), #0, 1, 9)], #1, 1, M)]"),
        ("sum(sum(1/k, k, 1, i), i, 1, M)", "[sum([sum(1/#0, #0, 1, #1)], #1, 1, M)]"),
        ("sum(1/(x + i)^2, i, 1, M)", "[sum(1/(#0^2 + 2*#0*x + x^2), #0, 1, M)]"),
        # An inner sum whose lower end alone holds the outer index does not leave the outer sum.
        ("sum(sum(1/i, i, j, 9), j, 1, M)", "[sum([sum(1/#0, #0, #1, 9)], #1, 1, M)]"),
    ],
)
def test_normal_forms_of_calls_and_sums(positive: Scope, text: str, form: str) -> None:
    assert normal(text, positive) == form


@pytest.mark.parametrize(("less", "more"), [("x", "y"), ("y", "x")])
def test_powers_of_a_difference_that_a_fact_makes_positive(less: str, more: str) -> None:
    where = context(f"{less} < {more}")
    gap = f"({more} - {less})"
    assert normal(f"log{gap}", where) == normal(f"log(2*{gap}) - log(2)", where)
    assert where.holds(parse_relation(f"({gap}^2)^a = {gap}^(2*a)"))
    assert where.holds(parse_relation(f"(2*{gap})^a = 2^a*{gap}^a"))
    ring, value = where.fraction(where.normal(parse_formula(gap)))
    assert where.signs.sign_of_factor(ring, value.num, True) == 1
    assert where.signs.sign_of_factor(ring, -value.num, True) == -1
    with pytest.raises(RejectedError, match="is negative"):
        where.normal(parse_formula(f"log({less} - {more})"))
