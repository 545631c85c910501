"""Sums up to, and from, the index of a sum outside.

``Σ_{i<=M} i^9 S(i)`` is of the order of ``M^10 S(M)`` for what varies more slowly than i^9, so
the profile of S is seen at the index M, which the path puts anywhere, and S(M) is held against
numbers at ``t = exp(1000)``.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from log_values import changes, is_tiny, order_changes

from ratecert.proofs_check.language.expr import Expr, Name, Num, Sum, mul, power
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.paths.bounds import Path, lower_along, order_along, upper_along
from ratecert.proofs_check.paths.orders import CONSTANT, Order, UndecidedError

T = Order(Fraction(1))
LOG = Order(Fraction(0), Fraction(1))
ONE = Num(Fraction(1))
TOLERANCE = 0.15
"""As in `test_paths`; a logarithm too much or too little changes a ratio by 0.69."""


def along(**sizes: Order) -> Path:
    return Path({}, sizes)


def t(x: str, y: str = "0") -> Order:
    return Order(Fraction(x), Fraction(y))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum(sum(1, j, 1, i), i, 1, M)", t("2")),
        ("sum(i^-2*sum(j^(-1/2), j, 1, i), i, 1, M)", CONSTANT),
        ("sum(i^-1*sum(j^(-1/2), j, 1, i), i, 1, M)", t("1/2")),
        ("sum(i^-1*sum(j^-1, j, 1, i), i, 1, M)", t("0", "2")),
        ("sum(i^-1*sum(j^-2, j, 1, i), i, 1, M)", LOG),
        ("sum(i^-1*sum(j^-1*log(j+1)^-2, j, 1, i), i, 1, M)", LOG),
        ("sum(sum(j^-2, j, i, oo), i, 1, M)", LOG),
        ("sum(sum(j^-1*log(j+1)^-2, j, i, oo)/i, i, 1, M)", Order(z=Fraction(1))),
        ("sum(sum(min(1, (N/j)^2), j, i, oo), i, 1, M)", t("2", "1")),
        ("sum(sum(min(1, (N/j)^2), j, 1, i), i, 1, M)", t("3")),
        ("sum(sum(max(1, j/N), j, 1, i), i, 1, M)", t("5")),
        ("sum(sum(sum(1, k, 1, j), j, 1, i), i, 1, M)", t("6")),
        ("sum(sum(j^-2, j, 2, i), i, 2, M)", t("2")),
        ("sum(1/i^2*sum(j, j, 1, i), i, N, M)", t("2")),
    ],
)
def test_orders_known_in_closed_form(text: str, expected: Order) -> None:
    path = along(M=t("2"), N=T)
    if text.startswith("sum(sum(1, j") or "(-1/2)" in text:
        path = along(M=T)
    assert order_along(parse_expr(text), path) == expected


@pytest.mark.parametrize(
    "text",
    [
        "sum(sum(i*j, j, 1, i), i, 1, M)",  # written inside, though it could stand outside
        "sum(sum(1, j, 1, i^2), i, 1, M)",
        "sum(sum(1, j, i, M), i, 1, M)",
        "sum(sum(1, j, 2, i), i, 1, M)",  # empty for i = 1
        "sum(sum(1, j, 1/2, i), i, 1, M)",
        "sum(sum(1, j, N, i), i, 1, M)",
        "sum(sum(1/j, j, i, oo), i, 1, M)",
        "sum(sum(j, j, i, oo), i, 1, M)",
        "sum(sum(j^-1*log(j+1)^-1, j, 1, i), i, 1, M)",
        "sum(sum(j^-1*log(j+1)^-1, j, i, oo), i, 1, M)",
    ],
)
def test_what_no_rule_decides_is_refused(text: str) -> None:
    for bound in (upper_along, lower_along):
        with pytest.raises(UndecidedError):
            bound(parse_expr(text), along(M=t("2"), N=T))


def test_bounds_from_below_need_terms_that_do_not_jump() -> None:
    """``1/N`` for ``j >= N`` is all that is known of the terms: where they begin is a guess."""
    path = along(M=t("2"), N=T)
    up = parse_expr("sum(sum(j^2*exp(-N/j), j, 1, i), i, 1, M)")
    with pytest.raises(UndecidedError, match="jump"):
        lower_along(up, path)
    assert upper_along(up, path) == t("8")
    # Beyond a jump to nothing, what was summed stays; so it does before one, for a tail.
    assert lower_along(parse_expr("sum(sum(exp(-j/N), j, 1, i), i, 1, M)"), path) == t("3")
    with pytest.raises(UndecidedError, match="jump"):
        lower_along(parse_expr("sum(sum(exp(-j/N), j, i, oo), i, 1, M)"), path)
    with pytest.raises(UndecidedError, match="partial sum of 1/j"):
        lower_along(parse_expr("sum(sum(j^-1*max(1, N/j), j, 1, i), i, 1, M)"), path)


# Against numbers.

TERMS = (
    "1", "min(1, (N*j^-2)^2)", "min(1, N*j^-1)", "exp(-N*j^-2)", "1/(1 + j^2/N)", "max(1, N/j^2)",
    "max(1, j/N)", "min(1, (j/N)^2)", "(1 + N*j^-3)^(-1/2)", "min(1, N/j, L/j^2)",
    "1/(1 + j^2/N)*max(1, j/L)",
)  # fmt: skip
growths = st.builds(
    Order,
    st.sampled_from(["1/2", "1", "4/3", "2", "3"]).map(Fraction),
    st.sampled_from([Fraction(0), Fraction(1), Fraction(-1)]),
)
slopes = st.sampled_from([Fraction(n, 2) for n in range(-8, 5)])
log_powers = st.sampled_from([Fraction(p) for p in ("0", "0", "0", "-2", "-1/2", "1")])


def a_term(slope: Fraction, shape: str, logs: Fraction) -> Expr:
    j = Name("j")
    return mul(power(j, Num(slope)), parse_expr(shape), power(parse_expr("log(j+1)"), Num(logs)))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(slopes, st.sampled_from(TERMS), log_powers, growths, growths, growths, st.booleans())
@example(Fraction(1), "exp(-N*j^-2)", Fraction(0), T, T, T, False)
@example(Fraction(-2), "max(1, j/N)", Fraction(0), t("3"), T, T, False)
def test_partial_sums_against_numbers(
    slope: Fraction, shape: str, logs: Fraction, m: Order, n: Order, k: Order, tail: bool
) -> None:
    path = along(M=m, N=n, L=k)
    term, i, one, far = a_term(slope, shape, logs), Name("i"), ONE, Name("oo")
    inner = Sum(term, "j", i, far) if tail else Sum(term, "j", one, i)
    at_m = Sum(term, "j", Name("M"), far) if tail else Sum(term, "j", one, Name("M"))
    expr = Sum(mul(power(i, Num(Fraction(15))), inner), "i", one, Name("M"))
    try:
        high = upper_along(expr, path)
    except UndecidedError:
        assume(False)
    assume(not is_tiny(at_m, path))
    change = changes(at_m, path) + 16 * order_changes(m)
    assert change <= order_changes(high) + TOLERANCE
    try:
        low = lower_along(expr, path)
    except UndecidedError:
        return
    assert low is not None
    assert change >= order_changes(low) - TOLERANCE
    # The rules are not only sound: where they speak from both sides they agree.
    assert low == high or "exp" in shape
