"""Rigorous values of finite and infinite sums in ball arithmetic.

`enclose` and `enclose_expr` give balls that provably contain the truth; `risk_sums` writes the
exact finite-M, N sums of the theory as expressions for them; `recursion` is the exact risk step
by step; `mpmath_leg` the independent second opinion; `ladder` the ratio of two sides of a claim
on many scales.
"""

from numerics.balls.ball import (
    MAX_DIGITS,
    REASONS,
    Ball,
    Order,
    Refusal,
    certainly_greater,
    certainly_less,
    compare,
)
from numerics.balls.enclosure import enclose, enclose_expr
from numerics.balls.ladder import Drift, Ladder, Path, drift, ladder
from numerics.balls.mpmath_leg import Disagreement, confirms, second_opinion

__all__ = [
    "MAX_DIGITS",
    "REASONS",
    "Ball",
    "Disagreement",
    "Drift",
    "Ladder",
    "Order",
    "Path",
    "Refusal",
    "certainly_greater",
    "certainly_less",
    "compare",
    "confirms",
    "drift",
    "enclose",
    "enclose_expr",
    "ladder",
    "second_opinion",
]
