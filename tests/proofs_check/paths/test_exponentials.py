"""Exponentials that compete with one another along a path.

Every bound is compared with logarithms of the quotient, computed by mpmath with drawn constant
factors in the sizes, far out on the path.
"""

from __future__ import annotations

from fractions import Fraction

import mpmath
import pytest
from far_values import far_value
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Expr
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.paths.bounds import Path
from ratecert.proofs_check.paths.exponentials import BEYOND, has_exponentials, quotient_bound
from ratecert.proofs_check.paths.orders import CONSTANT, Order, UndecidedError
from ratecert.proofs_check.refutation.witness import check_refutation

M_IS_T = {"M": ("1", "0", "0")}


def along(values: dict[str, str] | None = None, **sizes: tuple[str, ...]) -> Path:
    orders = {name: Order(*map(Fraction, exponents)) for name, exponents in sizes.items()}
    return Path({name: Fraction(v) for name, v in (values or {}).items()}, orders)


def bound(top: str, bottom: str, path: Path | None = None):
    return quotient_bound(parse_expr(top), parse_expr(bottom), path or along(M=("1",)))


BOUNDS = {
    # One exponential falls beside another.
    ("exp(-2*M)", "exp(-M)"): "t^(-oo)",
    ("2^M", "3^M"): "t^(-oo)",
    ("exp(-pi*M)", "exp(-3*M)"): "t^(-oo)",
    ("2^(-M)", "exp(-M*2/3)"): "t^(-oo)",
    ("M^100*exp(-M)", "1"): "t^(-oo)",
    ("exp(M)", "exp(M^2)"): "t^(-oo)",
    ("M^5", "exp(log(M)^2)"): "t^(-oo)",
    ("M^5", "M^log(M)"): "t^(-oo)",
    ("exp(-M) + exp(-3*M)", "exp(-M/2) + exp(-2*M)"): "t^(-oo)",
    ("exp(-sigma^2*M)", "M^-3"): "t^(-oo)",
    # Powers and constants beside exponentials that cancel.
    ("exp(-M)*M", "exp(-M)*M^2"): "t^(-1)",
    ("exp(-M)*exp(-2*M)", "exp(-3*M)"): "1",
    ("exp(-(M + 2)*(M - 1))", "exp(-M^2 - M)"): "1",
    ("exp(-2*M)^(1/2)", "exp(-M)"): "1",
    ("sqrt(M^2*exp(-2*M))", "exp(-M)*M^2"): "t^(-1)",
    ("(exp(-M) + exp(-2*M))*exp(M)", "1"): "1",
    ("exp(-M^2/M)", "exp(-M)*M"): "t^(-1)",
    ("exp(-sqrt(M^4))", "exp(-M^2)*M"): "t^(-1)",
    ("4^(M/2)", "4^(M/2)*M"): "t^(-1)",
    ("exp(-M)*1^M", "exp(-M)*M"): "t^(-1)",
    ("exp(-M + 3)", "exp(-M)*M"): "t^(-1)",
    # Logarithms in exponents are powers.
    ("exp(-3*log(M))", "M^-2"): "t^(-1)",
    ("exp(log(M)/2 - M)", "exp(-M)*M"): "t^(-1/2)",
    ("M^(1/log(M))", "M"): "t^(-1)",
    # Below a logarithm an exponent changes no power of t.
    ("exp(sqrt(log(M)))", "M"): "t^(-1/2)",
    ("exp(-sqrt(log(M)))", "M"): "t^(-1)",
    ("(log(M) + M^(-1))^(1/2)*exp(-M)", "exp(-M)*M"): "t^(-1)*log(t)^(1/2)",
}  # fmt: skip
NO_BOUND = {
    ("exp(-M)", "exp(-2*M)"): "may grow with an exponential",
    ("3^M", "2^M"): "may grow with an exponential",
    ("exp(sqrt(log(M)))", "1"): "may grow with an exponential",
    # Which of two terms of one order is the larger is up to the constant factors of the sizes.
    ("exp(-N)", "exp(-2*M)"): "compete",
    ("exp(-2*N)", "exp(-M)"): "compete",
    ("exp(-sqrt(M^2 + M))", "exp(-M)"): "compete",
    ("exp(-gamma*M)", "exp(-2*M)"): "compete",
    # Nor is a power of t known where exp(-c log t) has such a c.
    ("N*exp(-2*log(2)*log(M))*exp(3*log(M)*log(3))", "1"): "may grow",
    ("6^M", "2^M*3^M"): "may be 0",
    # What has no value is not cancelled, and what may be negative is not dropped.
    ("exp(log(M - N) - log(M - N) - M)", "1"): None,
    ("exp((M - N)^(1/2) - (M - N)^(1/2) - M)", "1"): None,
    ("exp(-M)", "exp(-M) - exp(-2*M)"): None,
    ("exp(-M) - exp(-2*M)", "1"): None,
    ("exp(-M)*(0 - 1)^M", "1"): "has no value",
    ("exp(-M)", "min(exp(-2*M), 1)"): "arbitrarily small",
    ("(exp(-M) + exp(-2*M))^(1/2)", "exp(-M)"): "may grow",
    ("exp(exp(M))", "exp(M)"): None,
}
"""With M, N of order t and gamma of constant order."""


@pytest.mark.parametrize(("sides", "order"), BOUNDS.items(), ids=[f"{x} / {y}" for x, y in BOUNDS])
def test_bounds(sides: tuple[str, str], order: str) -> None:
    assert str(bound(*sides)) == order
    check_bound(*map(parse_expr, sides), along(M=("1",)), [Fraction(2, 3)])


@pytest.mark.parametrize(
    ("sides", "text"), NO_BOUND.items(), ids=[f"{x} / {y}" for x, y in NO_BOUND]
)
def test_no_bounds(sides: tuple[str, str], text: str | None) -> None:
    with pytest.raises(UndecidedError, match=text):
        bound(*sides, along(M=("1",), N=("1",), gamma=("0",)))


def test_too_many_terms_are_refused() -> None:
    factor = "(exp(-M) + exp(-2*M))"
    assert bound("*".join([factor] * 6), "1") == BEYOND
    with pytest.raises(UndecidedError, match="more than 64 terms"):
        bound("*".join([factor] * 7), "1")
    many = ["(" + " + ".join(f"{name}^{k}" for k in range(1, 10)) + ")" for name in "MN"]
    with pytest.raises(UndecidedError, match="too many terms"):
        bound(f"exp(-{many[0]}*{many[1]})", "1", along(M=("1",), N=("1",)))


def test_what_has_exponentials() -> None:
    values = {"a": Fraction(2)}
    assert has_exponentials(parse_expr("M + exp(-M)"), values)
    assert has_exponentials(parse_expr("2^M"), values)
    assert not has_exponentials(parse_expr("M^a + exp(a)"), values)


# Against numbers.

PLACES = [mpmath.mpf(10) ** k for k in (60, 120, 240)]


def check_bound(top: Expr, bottom: Expr, path: Path, factors: list[Fraction]) -> None:
    """Compare a bound with the quotient where the sizes have constant factors."""
    found = quotient_bound(top, bottom, path)
    slopes = []
    with mpmath.workdps(400):
        for t in PLACES:
            at = {"sigma": mpmath.mpf(1) / 3}
            for (name, order), factor in zip(path.orders.items(), factors, strict=True):
                at[name] = mpmath.mpf(factor.numerator) / factor.denominator * value(order, t)
            quotient = far_value(top, at) / far_value(bottom, at)
            limit = 1 if found == BEYOND else value(found, t)
            slopes.append(mpmath.log(quotient / limit) / mpmath.log(t))
    if found == BEYOND:
        assert slopes[0] > slopes[1] > slopes[2]
        assert slopes[2] < -5
    else:
        # Constant factors vanish like 1/log t; exp(sqrt(log t)) like 1/sqrt(log t).
        assert slopes[2] < 0.02


def value(order: Order, t: mpmath.mpf) -> mpmath.mpf:
    logs = mpmath.log(t), mpmath.log(mpmath.log(t))
    x, y, z = (mpmath.mpf(e.numerator) / e.denominator for e in (order.x, order.y, order.z))
    return t**x * logs[0] ** y * logs[1] ** z


coefficients = st.sampled_from(["1", "2", "1/2", "3", "-1", "log(2)", "log(3)/2", "pi/3"])
arguments = st.sampled_from(
    [
        "M",
        "N",
        "M*N",
        "M^(1/2)",
        "N^2/M",
        "log(M)",
        "log(M)^2",
        "gamma*N",
        "sqrt(log(N))",
        "M/N",
        "1",
    ]
)
exponents = st.lists(st.builds("({})*{}".format, coefficients, arguments), min_size=1, max_size=2)
powers = st.builds("M^({})*N^({})".format, *[st.sampled_from(["0", "1", "-2", "1/2"])] * 2)
written = st.one_of(
    st.builds(lambda es, m: f"{m}*exp(-{' - '.join(es)})", exponents, powers),
    st.builds("{}*2^({})*3^(-{})".format, powers, arguments, arguments),
    powers,
)
sides = st.lists(written, min_size=1, max_size=2).map(" + ".join)
orders = st.builds(
    Order,
    st.sampled_from(["1/2", "1", "2"]).map(Fraction),
    st.sampled_from([Fraction(0), Fraction(1)]),
)
paths = st.builds(
    lambda m, n, x: Path({}, {"M": m, "N": n, "gamma": Order(x)}),
    orders,
    orders,
    st.sampled_from(["0", "-1/2", "-2"]).map(Fraction),
)
constants = st.lists(
    st.sampled_from(["1/3", "1", "3", "7/5"]).map(Fraction), min_size=3, max_size=3
)


@given(sides, sides, paths, constants)
@settings(max_examples=50, deadline=None)
@example("exp(-(1)*M)", "exp(-(2)*N)", Path({}, {"M": Order(Fraction(1)), "N": Order(Fraction(1)),
         "gamma": CONSTANT}), [Fraction(1), Fraction(3), Fraction(1)])  # fmt: skip
def test_bounds_hold_in_numbers(
    top: str, bottom: str, path: Path, factors: list[Fraction]
) -> None:
    try:
        check_bound(parse_expr(top), parse_expr(bottom), path, factors)
    except UndecidedError:
        assume(False)


# Claims.

FALSE = [
    ("exp(-M) = O(exp(-2*M))", "above", "t^oo"),
    ("exp(-M) = Theta(exp(-2*M))", "above", "t^oo"),
    ("exp(-M) = Otilde(exp(-2*M))", "above", "t^oo"),
    ("exp(-M) ~ exp(-2*M)", "above", "t^oo"),
    ("exp(-2*M) = Theta(exp(-M))", "below", "t^(-oo)"),
    ("exp(-2*M) = Omegatilde(exp(-M))", "below", "t^(-oo)"),
    ("exp(-M) = o(M*exp(-M)/M)", "above", "1"),
    ("M*exp(-M) = O(exp(-M))", "above", "t"),
    ("exp(-log(M)) = O(M^-100)", "above", "t^99"),
    ("2^M = O(M^9)", "above", "t^oo"),
    ("2^M = Theta(3^M)", "below", "t^(-oo)"),
    ("exp(log(M)^2) = O(M^9)", "above", "t^oo"),
]
TRUE = [
    "exp(-2*M) = o(exp(-M))",
    "exp(-M) = Omega(exp(-2*M))",
    "exp(-log(M)) = Theta(1/M)",
    "M*exp(-M) = Otilde(M*exp(-M))",
    "exp(-M)*log(M) = Otilde(exp(-M))",
    "exp(-M) = O(exp(-M + 7))",
    "2^M = Theta(4^(M/2))",
    "exp(-2*M)*exp(M) = Theta(exp(-M))",
    "M^9 = o(2^M)",
]


@pytest.mark.parametrize(("says", "side", "ratio"), FALSE, ids=[case[0] for case in FALSE])
def test_false_claims_are_refuted(says: str, side: str, ratio: str) -> None:
    found = check_refutation(make_claim(says), {"kind": "path", "values": {}, "path": M_IS_T})
    assert (found.side, found.ratio) == (side, ratio)


@pytest.mark.parametrize("says", TRUE)
@pytest.mark.parametrize("order", [("1", "0", "0"), ("0", "1", "0"), ("0", "1/2", "0")])
def test_true_claims_are_not_refuted(says: str, order: tuple[str, ...]) -> None:
    data = {"kind": "path", "values": {}, "path": {"M": order}}
    with pytest.raises(RejectedError):
        check_refutation(make_claim(says), data)


def test_constants_hidden_in_the_sizes_refute_nothing() -> None:
    """``M >= 3*N`` says no more of orders than ``M >= N``, but ``exp(-M)`` hears the 3."""
    claim = make_claim("exp(-M) = O(exp(-2*N))", ["M >= 3*N"])
    sizes = {"M": ["1", "0", "0"], "N": ["1", "0", "0"]}
    with pytest.raises(RejectedError, match="compete"):
        check_refutation(claim, {"kind": "path", "values": {}, "path": sizes})


def test_filters_keep_their_unknown_constant() -> None:
    """``(1 - gamma/2)^N`` is ``exp(-c*gamma*N)`` for some c that nobody knows."""
    claim = make_claim("(1 - gamma/2)^N = Theta(exp(-2*gamma*N))")
    path = {"N": ["1", "0", "0"], "gamma": ["0", "0", "0"]}
    with pytest.raises(RejectedError):
        check_refutation(claim, {"kind": "path", "values": {}, "path": path})


def test_quantities_are_not_taken_apart() -> None:
    claim = make_claim("bias*exp(-N) = O(bias*exp(-2*N))", ["a > 1", "b > 1"])
    path = {"M": ["1", "0", "0"], "N": ["1", "0", "0"], "gamma": ["0", "0", "0"]}
    with pytest.raises(RejectedError):
        check_refutation(claim, {"kind": "path", "values": {"a": "2", "b": "2"}, "path": path})


def test_a_division_by_zero_is_no_traceback() -> None:
    claim = make_claim("exp(-M/(a - 2)) = O(M^-9)", ["a > 1"])
    data = {"kind": "path", "values": {"a": "2"}, "path": M_IS_T}
    with pytest.raises(RejectedError, match="no value"):
        check_refutation(claim, data)
