"""Random sums: their orders, regime by regime, agree with enclosures up to t = 10^24.

``python run.py bench orders`` draws 1,000; here are a few, and those that were once undecided.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from order_cases import Drawn, compared, directions, drawn, holds, path_along

from ratecert.orders.leading import UnknownOrderError
from ratecert.orders.order import order
from ratecert.proofs_check.paths.orders import UndecidedError
from ratecert.proofs_check.verdict.certificate import Regime

STRAIGHT = {"M": Fraction(1), "N": Fraction(2), "k": Fraction(1, 2), "gamma": Fraction(-1, 2)}


@given(drawn, directions, st.integers(0, 2))
@settings(max_examples=10)
@example(Drawn("sum(i^(-b)*exp(-N*i^(-2)), i, 1, M)", ("b > 1",)), STRAIGHT, 0)
@example(Drawn("sum(i^(-1)*sum(j^(-2), j, 1, i), i, 1, M)"), STRAIGHT, 0)
@example(Drawn("sum(sum((1 - gamma*i^(-2))^(2*t), t, 1, N), i, 1, k)"), STRAIGHT, 0)
@example(Drawn("sum(i^(-5)*max(1, i^2/M)^2, i, 1, M)"), STRAIGHT, 0)
@example(Drawn("sum(i^(-1)*log(i + 1)^(-2)*min(1, N*i^(-1)), i, 1, M)"), STRAIGHT, 0)
def test_orders_agree_with_balls(case: Drawn, direction: dict[str, Fraction], number: int) -> None:
    try:
        rate = order(case.text, case.assume)
    except UnknownOrderError:
        assume(False)
    path = path_along(case, direction, number)
    try:
        fitting = [regime for regime in rate.regimes if holds(regime, path)]
    except UndecidedError:
        return
    assert fitting
    assert all(compared(case.text, regime, path) != "differs" for regime in fitting)


def test_numbers_contradict_what_is_false() -> None:
    case = Drawn("sum(i^(-b)*exp(-N*i^(-2)), i, 1, M)", ("b > 1",))
    path = path_along(case, {**STRAIGHT, "M": Fraction(3)}, 1)
    (true,) = (r for r in order(case.text, case.assume).regimes if holds(r, path))
    assert compared(case.text, true, path) == "agrees"
    for wrong in (f"N*({true.order})", f"({true.order})/M^(1/2)"):
        assert compared(case.text, replace(true, order=wrong), path) == "differs"
    small = Regime((), "0", (("N^(-3)", "N"),))
    assert compared(case.text, small, path) == "differs"
