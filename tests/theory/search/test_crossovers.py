"""The crossover trap: ratios and sums of powers with free exponents, answered by cases.

Many of them are answered wrongly, with no warning, by limit procedures that pick one case.
Each answer here is compared with logarithms of the expression computed independently, at
exponents inside each case and on the boundaries: the computed slope has to be that of the order.
"""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from ratecert.orders.leading import UnknownOrderError
from ratecert.orders.order import order
from ratecert.proofs_check.language.expr import Add, Call, Expr, Mul, Name, Num, Pow, Sum
from ratecert.proofs_check.language.grammar import parse_condition, parse_expr
from ratecert.proofs_check.verdict.certificate import Regime
from ratecert.theory.rates.regimes import joined

A = ["A > 0"]
AC = ["A > 0", "c > 0"]
CASES: list[tuple[str, list[str]]] = [
    ("(x + x^A)/x", A),
    ("log(x^A + x)/log(x)", A),
    ("sqrt(x^2 + x^A)/x", A),
    ("x/(x + x^A)", A),
    ("(x^A + x^c)/(x^A + 1)", AC),
    ("(x^2 + x^A)/(x + x^A)", A),
    ("log(x)/x^A", A),
    ("log(x)^A/x^c", AC),
    ("(x^A + log(x)^c)/x", AC),
    ("(1 + x^A)^(1/A)/x", A),
    ("max(x, x^A)/min(x, x^A)", A),
    ("(x + y)/max(x, y)", []),
    ("(x^A + y^c)/(x^A*y^c)", AC),
    ("x^A/(x^A + y)", A),
    ("(x*log(x) + x^A)/x", A),
    ("(x^A + x^(2*A))/x^A", A),
    ("log(x + y)/log(x*y)", []),
    ("(x^A*log(x) + x)/(x^A + x)", A),
    ("(x^(A + 1) + x^2)/(x^A + x)", A),
    ("sqrt(x + y)/(sqrt(x) + sqrt(y))", []),
    ("x^(1/A) + log(x)", A),
    ("sum(i^-A, i, 1, x)", A),
]
UNDECIDED: list[tuple[str, list[str], str]] = [
    ("(a*exp(-a*x) + c*exp(-c*x))*exp(c*x)", ["a > 0", "c > 0"], "a - c is not positive"),
    ("log(log(x))/log(x)", [], "no rule gives the order of log"),
    ("x^A - x", A, "no rule for differences"),
]


@pytest.mark.parametrize(("expr", "assume"), CASES, ids=[case[0] for case in CASES])
def test_order_has_the_slope_of_the_expression(expr: str, assume: list[str]) -> None:
    rate = order(expr, assume, ["x", "y"])
    left = parse_expr(expr)
    names = [name for name in ("A", "c") if any(name in text for text in assume)]
    met = set()
    for values in _parameters(names):
        for exponents in ((1.0, 0.5), (1.0, 1.0), (0.5, 1.0), (1.0, 2.0)):
            for number, regime in enumerate(rate.regimes):
                if not _holds(regime, values, exponents):
                    continue
                met.add(number)
                _compare(left, parse_expr(regime.order), values, exponents)
            if rate.order:
                _compare(left, parse_expr(rate.order), values, exponents)
    assert met == set(range(len(rate.regimes)))


@pytest.mark.parametrize(("expr", "assume", "why"), UNDECIDED)
def test_refuses_with_a_reason(expr: str, assume: list[str], why: str) -> None:
    with pytest.raises(UnknownOrderError, match=why):
        order(expr, assume, ["x", "y"])


@pytest.mark.parametrize(
    ("expr", "assume", "order_", "small"),
    [
        ("a*exp(-a*x) + c*exp(-c*x)", ["a > 0", "c > 0"], "0", (("1/x", "x"),)),
        ("x^A*exp(-log(x))", A, "x^(A - 1)", ()),
        ("x^A*exp(-log(x)^2)", A, "0", (("log(x)^(-2)*x^A", "log(x)^2"),)),
        ("x^-2 + exp(-x)", [], "x^(-2)", ()),
        ("1/y + exp(-x)", [], "1/y", (("1/x", "x"),)),
    ],
)
def test_what_is_smaller_than_every_power(
    expr: str, assume: list[str], order_: str, small: tuple[tuple[str, str], ...]
) -> None:
    rate = order(expr, assume, ["x", "y"])
    (regime,) = (r for r in rate.regimes if r.small or len(rate.regimes) == 1)
    assert (regime.order, regime.small) == (order_, small)


def test_a_wrong_order_is_noticed() -> None:
    with pytest.raises(AssertionError):
        _compare(parse_expr("x + x^A"), parse_expr("x"), {"A": Fraction(3, 2)}, (1.0, 1.0))


@pytest.mark.parametrize(
    ("regimes", "expected"),
    [
        ([(("A > 1",), "x"), (("A = 1",), "x"), (("A < 1",), "x")], [((), "x")]),
        ([(("A > 1",), "x"), (("A = 1",), "y"), (("A < 1",), "x")], None),
        ([(("A < 1",), "x"), (("A = 1",), "x")], [(("A <= 1",), "x")]),
        ([(("x >= y", "A > 1"), "1"), (("y >= x", "A > 1"), "1")], [(("A > 1",), "1")]),
        ([(("x >= y", "A > 1"), "1"), (("y >= x", "A < 1"), "1")], None),
        ([(("x >= y",), "1"), (("y >= x",), "x")], None),
        ([(("A > 1",), "1"), (("A > 2",), "1")], None),
    ],
)
def test_joined(
    regimes: list[tuple[tuple[str, ...], str]], expected: list[tuple[tuple[str, ...], str]] | None
) -> None:
    given = [Regime(*regime) for regime in regimes]
    assert joined(given) == (given if expected is None else [Regime(*r) for r in expected])


# An independent evaluation in floating logarithms, and the slope over many decades.


def _parameters(names: list[str]) -> list[dict[str, Fraction]]:
    values = [Fraction(1, 3), Fraction(1), Fraction(3, 2), Fraction(2), Fraction(3)]
    grid: list[dict[str, Fraction]] = [{}]
    for name in names:
        grid = [{**point, name: value} for point in grid for value in values]
    return grid


def _holds(regime: Regime, values: dict[str, Fraction], exponents: tuple[float, float]) -> bool:
    for text in regime.when:
        for condition in parse_condition(text):
            at = _at(values, exponents, 40.0)
            left, right = _log(condition.left, at), _log(condition.right, at)
            close = abs(left - right) < 1e-9
            holds = {
                ">": left > right and not close,
                "<": left < right and not close,
                "=": close,
                ">=": left > right or close,
                "<=": left < right or close,
            }
            if not holds[condition.op]:
                return False
    return True


def _compare(
    left: Expr, right: Expr, values: dict[str, Fraction], exponents: tuple[float, float]
) -> None:
    """The logarithm of the ratio stays bounded over a wide range of t.

    The constants of these expressions lie within e^4; an exponent wrong by 1/3, the least distance
    of the values drawn, moves the logarithm by 2 at least, and a missing logarithm by 9 (for the
    sum by 1.1, added to which comes what the wrong constant does).
    """
    exact_sum = any(isinstance(node, Sum) for node in [left])
    logs = (3.0, 6.0, 9.0) if exact_sum else (1e2, 1e4, 1e6)
    ratios = [
        _log(left, _at(values, exponents, log)) - _log(right, _at(values, exponents, log))
        for log in logs
    ]
    assert max(ratios) - min(ratios) < 1.6
    assert max(map(abs, ratios)) < 4


def _at(
    values: dict[str, Fraction], exponents: tuple[float, float], log: float
) -> dict[str, float]:
    """Return the logarithms of the names: parameters and sizes ``x = e^(p log)``."""
    sizes = dict(zip("xy", (exponent * log for exponent in exponents), strict=True))
    return sizes | {name: math.log(value) for name, value in values.items()}


def _log(expr: Expr, at: dict[str, float]) -> float:
    """Return the logarithm of a positive expression, without ever leaving logarithms."""
    match expr:
        case Num(value):
            return math.log(value) if value > 0 else -math.inf
        case Name(name):
            return at[name]
        case Mul(parts):
            return sum(_log(part, at) for part in parts)
        case Add(parts) | Call("max", parts):
            logs = [_log(part, at) for part in parts]
            top = max(logs)
            if isinstance(expr, Call):
                return top
            return top + math.log(sum(math.exp(log - top) for log in logs))
        case Call("min", parts):
            return min(_log(part, at) for part in parts)
        case Call("log", (part,)):
            return math.log(_log(part, at))
        case Call("sqrt", (part,)):
            return _log(part, at) / 2
        case Pow(base, exponent):
            return _log(base, at) * _value(exponent, at)
        case Sum(term, index, _, hi):
            last = round(math.exp(_log(hi, at)))
            return math.log(
                math.fsum(
                    math.exp(_log(term, {**at, index: math.log(i)})) for i in range(1, last + 1)
                )
            )
    raise NotImplementedError(expr)


def _value(expr: Expr, at: dict[str, float]) -> float:
    """Return the value of an exponent."""
    match expr:
        case Num(value):
            return float(value)
        case Name(name):
            return math.exp(at[name])
        case Add(parts):
            return sum(_value(part, at) for part in parts)
        case Mul(parts):
            return math.prod(_value(part, at) for part in parts)
        case Pow(base, Num(value)):
            return float(_value(base, at) ** value)
    raise NotImplementedError(expr)
