"""Rigorous values of finite and infinite sums in ball arithmetic.

What others use:

- `enclose(term, index, lo, hi, values, digits)` and `enclose_expr(expr, values, digits)`: a `Ball`
  that provably contains the truth, ``radius <= 10^(2-digits) |midpoint|``, or a `Refusal` with one
  of `REASONS`.  Values are exact (`Fraction` or `int`); sums may stand anywhere in an expression.
- `certainly_less`, `certainly_greater`, `compare`: the only comparisons of balls; ``<`` raises.
- `confirms(ball, expr, values)`: whether mpmath, which shares no code with the balls, finds a
  value inside; raises `Disagreement`.
- `drift(points, correction, ripple, order)` and `ladder(…)`: ratios on many scales, their local
  slopes, and whether a predicted next-order term explains them.

How: `program` evaluates terms over balls, boxes and power series; `euler_maclaurin` sums finite
ranges with a proven remainder (`monotone` for completely monotone terms); `tail` encloses what is
beyond; `nested` handles inner sums that run to the outer index; `enclosure` puts it together.
`risk_sums` writes the exact finite-M, N sums of the theory as expressions; `recursion` is the
exact risk step by step.

Precision is set and restored inside each call, under one lock, so that calls from threads are
safe; an `arb` taken out of a `Ball` lives at the precision of whoever takes it.
"""

from ratecert.numerics.balls.ball import (
    MAX_DIGITS,
    REASONS,
    Ball,
    Comparison,
    Refusal,
    certainly_greater,
    certainly_less,
    compare,
)
from ratecert.numerics.balls.enclosure import enclose, enclose_expr
from ratecert.numerics.balls.ladder import Drift, Ladder, LadderPath, drift, ladder
from ratecert.numerics.balls.mpmath_leg import Disagreement, confirms, second_opinion

__all__ = [
    "MAX_DIGITS",
    "REASONS",
    "Ball",
    "Comparison",
    "Disagreement",
    "Drift",
    "Ladder",
    "LadderPath",
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
