"""Rigorous values of finite and infinite sums in ball arithmetic."""

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

__all__ = [
    "MAX_DIGITS",
    "REASONS",
    "Ball",
    "Order",
    "Refusal",
    "certainly_greater",
    "certainly_less",
    "compare",
    "enclose",
    "enclose_expr",
]
