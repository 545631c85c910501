"""Predicted orders and next-order terms, against expansions worked out by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ratecert.numerics.legs.nextorder import expansion
from ratecert.numerics.legs.regimes import place_in
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.paths.orders import Order, UndecidedError

A2 = {"a": Fraction(2), "b": Fraction(2)}
INTEGERS = frozenset({"M", "N"})


def order(*powers):
    return Order(*map(Fraction, powers))


def found(text, values=A2, **sizes):
    path = {name: order(*(p if isinstance(p, tuple) else (p,))) for name, p in sizes.items()}
    return expansion(parse_expr(text), values, path, INTEGERS)


TAIL = "sum(i^(-b), i, M+1, oo)"
SKETCHED = "sum(i^(-b)*min(1, (i/M)^a), i, 1, oo)"
PATH = "sum(j^(-b)*exp(-N_eff*gamma*j^(-a)), j, 1, M)"
VARIANCE = "sum(min(1, (N_eff*gamma*j^(-a))^2), j, 1, M)/N_eff"


@pytest.mark.parametrize(
    ("text", "values", "sizes", "leading", "correction"),
    [
        # M^(1-b)/(b-1) - M^-b/2
        (TAIL, {"b": Fraction(3, 2)}, {"M": 1}, ("-1/2",), (-1,)),
        # b = a + 1: a logarithm and a constant beside it
        (SKETCHED, {**A2, "b": Fraction(3)}, {"M": 1}, (-2, 1), (0, -1)),
        # b > a + 1: zeta(b-a) M^-a, then M^(1-b)
        (SKETCHED, {**A2, "b": Fraction(7, 2)}, {"M": 1}, (-2,), ("-1/2",)),
        # knee at sqrt(N_eff), next the end at M
        (PATH, A2, {"M": 1, "N": 1, "gamma": 0}, ("-1/2", "1/2"), ("-1/2", "1/2")),
        # on the boundary M^2 ~ N_eff: N_eff = N/log N drifts like loglog/log
        (PATH, A2, {"M": 1, "N": (2, 1), "gamma": 0}, (-1,), (0, -1, 1)),
        (VARIANCE, A2, {"M": 1, "N": 4, "gamma": 0}, (-3, 1), (-1,)),
        # fewer than one step in effect: N_eff gamma^2
        (VARIANCE, A2, {"M": 1, "N": 1, "gamma": -2}, (-3, -1), (-3,)),
        ("sum(1/i, i, 1, M)", {}, {"M": 1}, (0, 1), (0, -1)),
        ("sum(1/i*log(i+1)^(-2), i, 1, M)", {}, {"M": 1}, (), (0, -1)),
        ("sum(1/i*log(i+1)^(-1/2), i, 1, M)", {}, {"M": 1}, (0, "1/2"), (0, "-1/2")),
        ("sum(1/(i^2+M^2), i, 1, oo)", {}, {"M": 1}, (-1,), (-1,)),
        ("sum((1-i^(-2)/3)^(2*N)*i^(-2), i, 1, M)", {}, {"M": 1, "N": 1}, ("-1/2",), ("-1/2",)),
        ("M^2 + M - sqrt(M)", {}, {"M": 1}, (2,), (-1,)),
        ("log(M*N)", {}, {"M": 1, "N": 2}, (0, 1), (-1, -1)),
        ("max(M, N)", {}, {"M": 1, "N": 2}, (2,), (-2,)),
    ],
)
def test_orders_and_corrections(text, values, sizes, leading, correction):
    result = found(text, values, **sizes)
    assert result.leading == order(*leading)
    assert result.correction == order(*correction)


def test_what_is_exponentially_small_has_no_order():
    assert found(PATH, M=1, N=4, gamma=0).leading is None
    assert found("exp(-M) + 1/M", M=1).leading == order(-1)


@pytest.mark.parametrize(
    "text", ["M - N", "exp(M)", "sum(1/i, i, 1, oo)", "sum(sin(i), i, 1, M)", "log(1/M)"]
)
def test_nothing_is_made_up(text):
    with pytest.raises(UndecidedError):
        found(text, M=1, N=1)


def test_the_place_of_a_path_in_words():
    claim = make_claim("variance = Theta(min(M, (N_eff*gamma)^(1/a))/N_eff)", ["a > 1", "b = a"])
    one, zero = Fraction(1), Fraction(0)

    def place(N):
        return place_in(claim, A2, {"M": (one, zero), "N": N, "gamma": (zero, zero)})

    assert place((one, zero)) == ["M >> (N_eff*gamma)^(1/a)"]
    assert place((2 * one, one)) == ["M ~ (N_eff*gamma)^(1/a)"]
    assert place((4 * one, zero)) == ["M << (N_eff*gamma)^(1/a)"]
