"""Orders in which a logarithm competes with one that is slower, or changes along a sum.

Each order is compared with enclosures of the expression inside every regime and between two.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from order_cases import Drawn, compared, holds, path_along

from ratecert.orders.order import order
from ratecert.proofs_check.checker import check
from ratecert.proofs_check.files.read import make_claim
from ratecert.theory.derive import derive

ORDERS = {
    "sum(log(1+M/i), i, 1, N)": "min(M*log(N/M + 2), N*log(M/N + 2))",
    "sum(log(1+M/i)^2, i, 1, N)": "min(M, N*log(M/N + 2)^2)",
    "sum(i^-1*log(1+M/i), i, 1, N)": "min(log(M)^2, log(M)*log(N))",
    "sum(i^-1*log(1+N/i^2), i, 1, M)": "min(log(N)^2, log(M)*log(N))",
    "sum(log(i+1)^(1/2)*min(1, N/i^2)*i^-1, i, 1, M)": "min(log(N)^(3/2), log(M)^(3/2))",
    "log(1+M/N)*log(1+N/M)*log(M)":
        "min(M/N, log(M/N + 2))*min(N/M, log(N/M + 2))*log(M)",
}  # fmt: skip
SPEEDS = [("1", "1"), ("1", "2"), ("2", "1"), ("1", "3"), ("1", "1/2")]
FALSE = [
    ("sum(log(1+M/i), i, 1, N) = O(M)", []),
    ("sum(log(1+M/i), i, 1, N) = Omega(M)", []),
    ("sum(log(1+M/i), i, 1, N) = Theta(N*log(M/N + 2))", []),
    ("sum(i^-1*log(1+M/i), i, 1, N) = O(log(N)^2)", ["M >= N"]),
    ("sum(i^-1*log(1+N/i^2), i, 1, M) = Theta(log(M)^2)", ["M >= N"]),
    ("sum(i^-1*log(1+i/M), i, 1, N) = Omega(log(N)^2)", ["N >= M"]),
]


@pytest.mark.parametrize(("expr", "rate"), ORDERS.items(), ids=list(ORDERS))
def test_orders_agree_with_numbers(expr: str, rate: str) -> None:
    found = order(expr)
    assert str(found).startswith(f"{expr} = Theta({rate})")
    met = set()
    for first, second in SPEEDS:
        speeds = {"M": Fraction(first), "N": Fraction(second), "gamma": Fraction(0)}
        path = path_along(Drawn(expr), speeds, 0)
        for regime in found.regimes:
            if holds(regime, path):
                met.add(regime)
                assert compared(expr, regime, path) != "differs", (regime, speeds)
    assert met == set(found.regimes)


@pytest.mark.parametrize(("says", "assume"), FALSE)
def test_false_orders_are_not_proved(says: str, assume: list[str]) -> None:
    assert derive(make_claim(says, assume)).proof is None


def test_a_proof_with_slow_logarithms_is_checked() -> None:
    claim = make_claim("sum(i^-1*log(1+M/i), i, 1, N) = Theta(log(M)^2)", ["N >= M"])
    derived = derive(claim)
    assert derived.proof is not None, derived.reason
    check(claim, derived.proof)


def test_an_empty_range_needs_no_bound() -> None:
    """``Σ_{N<=i<=M} i^-2 <= 2/N`` holds where M is below N, too; ``1/M`` is not enough."""
    claim = make_claim("sum(i^-2, i, N, M) = O(1/N)")
    proof = derive(claim).proof
    assert proof is not None
    check(claim, proof)
    assert derive(make_claim("sum(i^-2, i, N, M) = O(1/M)")).proof is None
