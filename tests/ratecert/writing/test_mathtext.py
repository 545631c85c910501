r"""LaTeX is checked by reading it back: a reader of our LaTeX, written for these tests alone,
turns it into a number at given values, and an evaluator of the tree says what that has to be.
"""

import cmath
import math
import re

import pytest
from hypothesis import assume, given, settings
from strategies import expressions

from ratecert.proofs_check.language.expr import Add, Call, Expr, Mul, Name, Num, Pow, Sum, walk
from ratecert.proofs_check.language.grammar import parse_condition, parse_expr, parse_statement
from ratecert.writing.mathtext import condition, latex, statement

VALUES = {"a": 1.7, "b": 2.3, "s": 0.6, "M": 5.1, "N": 7.9, "N_eff": 3.2, "gamma": 0.4,
          "pi": math.pi}  # fmt: skip
FUNCTIONS = {
    "exp": cmath.exp,
    "log": cmath.log,
    "sin": cmath.sin,
    "sqrt": cmath.sqrt,
    "Gamma": lambda x: x + 3,  # any function does, so long as it is the same one
    "zeta": lambda x: x * x - 5,
    "min": lambda *xs: min(xs, key=abs),
    "max": lambda *xs: max(xs, key=abs),
}
TOKEN = re.compile(r"\\[A-Za-z]+|\\,|\\ |[0-9]+|[A-Za-z]|[-+/^_{}(),]|\s+")


def value(expr: Expr) -> complex:
    """Return the value of the tree."""
    match expr:
        case Num(number):
            return complex(number)
        case Name(name):
            return complex(VALUES[name])
        case Add(terms):
            return sum(map(value, terms))
        case Mul(factors):
            return math.prod(map(value, factors), start=1 + 0j)
        case Pow(base, exponent):
            return value(base) ** value(exponent)
        case Call(func, args):
            return complex(FUNCTIONS[func](*map(value, args)))
    raise AssertionError(expr)


class Reader:
    """A recursive-descent reader of the LaTeX that `latex` writes; products need ``\\,``."""

    def __init__(self, text: str):
        self.tokens = [t for t in TOKEN.findall(text) if not t.isspace()]
        assert "".join(self.tokens) == re.sub(r"(?<!\\)\s+", "", text), "a token is unknown"
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        if self.peek() in wanted:
            self.at += 1
            return self.tokens[self.at - 1]
        return ""

    def must(self, *wanted: str) -> None:
        assert self.take(*wanted), (self.tokens[: self.at], wanted)

    def sum(self) -> complex:
        result = -self.product() if self.take("-") else self.product()
        while sign := self.take("+", "-"):
            result += self.product() if sign == "+" else -self.product()
        return result

    def product(self) -> complex:
        result = self.power()
        while sign := self.take("\\,", "\\cdot", "/"):
            result = result / self.power() if sign == "/" else result * self.power()
        return result

    def power(self) -> complex:
        base = self.atom()
        if self.take("^"):
            base = base ** self.braced()
            assert self.peek() != "^", "double superscript"
        return base

    def braced(self) -> complex:
        self.must("{")
        result = self.sum()
        self.must("}")
        return result

    def arguments(self) -> list[complex]:
        sized = self.take("\\left")
        self.must("(")
        results = [self.sum()]
        while self.take(","):
            self.must("\\ ")
            results.append(self.sum())
        if sized:
            self.must("\\right")
        self.must(")")
        return results

    def atom(self) -> complex:
        token = self.peek()
        if token in ("(", "\\left"):
            (inner,) = self.arguments()
            return inner
        self.at += 1
        name = token.removeprefix("\\")
        if name.isdigit():
            return complex(int(name))
        if token == "\\frac":
            return self.braced() / self.braced()
        if token == "\\sqrt":
            return cmath.sqrt(self.braced())
        if token.startswith("\\") and name in FUNCTIONS:
            exponent = self.braced() if self.take("^") else 1
            return complex(FUNCTIONS[name](*self.arguments())) ** exponent
        if self.take("_"):
            for part in ("{", "\\mathrm", "{", "e", "f", "f", "}", "}"):
                self.must(part)
            name += "_eff"
        return complex(VALUES[name])


def read(text: str) -> complex:
    reader = Reader(text)
    result = reader.sum()
    assert not reader.peek(), reader.tokens[reader.at :]
    return result


@pytest.mark.parametrize("inline", [False, True])
@settings(max_examples=200)
@given(expressions(12))
def test_latex_means_what_the_tree_means(inline: bool, expr: Expr) -> None:
    assume(not any(isinstance(e, Sum) for e in walk(expr)))
    try:
        wanted = value(expr)
    except (ZeroDivisionError, OverflowError, ValueError):
        wanted = complex("nan")
    assume(cmath.isfinite(wanted))
    text = latex(expr, inline=inline)
    # Products in another order round differently, and cancellation may enlarge that.
    assert cmath.isclose(read(text), wanted, rel_tol=1e-6, abs_tol=1e-6), text


def test_reader_refuses_what_is_ambiguous() -> None:
    for text in ("M N", "M^{2}^{3}", r"\frac{M}", "2M", r"(M"):
        with pytest.raises(AssertionError):
            read(text)


@pytest.mark.parametrize(
    ("text", "inline", "wanted"),
    [
        ("N_eff^(1/a - 1)", False, r"N_{\mathrm{eff}}^{1/a - 1}"),
        ("(N_eff*gamma)^((1-a)/a)", True, r"(N_{\mathrm{eff}} \, \gamma)^{(1 - a)/a}"),
        ("min(M, N)/N_eff", True, r"\min(M,\ N)/N_{\mathrm{eff}}"),
        ("min(M, N)/N_eff", False, r"\frac{\min(M,\ N)}{N_{\mathrm{eff}}}"),
        ("M/(N*gamma)", True, r"M/(N \, \gamma)"),
        ("log(M)^(1-a)", False, r"\log^{1 - a}(M)"),
        ("(x^2)^3", False, r"(x^{2})^{3}"),
        ("2*3^x", False, r"2 \cdot 3^{x}"),
        ("-1/2*M", True, r"-M/2"),
        ("(M/N)^2", False, r"\left(\frac{M}{N}\right)^{2}"),
        ("eigenvalue(j)", False, r"\tilde{\lambda}_{j}"),
        ("optimal(N_eff)", False, r"N_{\mathrm{eff}}^{\star}"),
        ("optimal(value)", False, r"\mathrm{optimum}"),
        ("effective_dimension", False, r"D_{\mathrm{eff}}"),
        ("lambda_1 + x2 + width_in", False,
         r"\lambda_{1} + x_{2} + \mathrm{width}_{\mathrm{in}}"),
        ("sum(i^-a, i, M + 1, oo)", False, r"\sum_{i=M + 1}^{\infty} i^{-a}"),
        ("sum(i, i, 1, M) + N", True, r"\left(\sum_{i=1}^{M} i\right) + N"),
        ("sum(i + 1, i, 1, M)*N", True, r"\left(\sum_{i=1}^{M} (i + 1)\right) \, N"),
    ],
)  # fmt: skip
def test_examples(text: str, inline: bool, wanted: str) -> None:
    assert latex(parse_expr(text), inline=inline) == wanted


def test_statements_and_conditions() -> None:
    assert statement(parse_statement("approx = Thetatilde(M^(1-a))")) == (
        r"\mathrm{approx} = \tilde{\Theta}(M^{1 - a})"
    )
    assert statement(parse_statement("approx ~ M")) == r"\mathrm{approx} \sim M"
    (cond,) = parse_condition("M >= N^(1/a)")
    assert condition(cond) == r"M \ge N^{1/a}"
