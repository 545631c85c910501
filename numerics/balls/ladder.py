r"""Ladders: the ratio of two sides of a claim, enclosed on many scales along one path of sizes.

A *path* makes every size a function of one scale t, ``size = t^x (log t)^y`` with rational x and
y, which covers a ray into a regime and, with suitable exponents, the boundary between two.  On
each scale both sides are enclosed and the ratio is a ball; between neighbours stands the local
slope ``Δ log ratio / Δ log t``, which tends to 0 when the two sides are of the same order.

A slope that is not 0 yet may be the next-order term.  If the derivation predicts

    ratio(t) = c (1 + A δ(t) + …),   δ(t) = t^-ρ (log t)^μ -> 0,

then ``A_k = Δ log ratio / Δ δ`` between scales k and k+1 settles at A; a wrong exponent or a
missing logarithm makes ``|A_k|`` grow without limit, because the numerator does not fall with
δ.  So the drift is called *explained* when no ``|A_k|`` of the later half of the steps exceeds
twice the largest of the earlier half.  Steps whose ``|Δ log ratio|`` is certainly below the
stated ripple (rounding of sizes to integers, log-periodic terms of known size) are left out.
It is a label on numbers, no verdict: a ladder is finite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from typing import Any

from flint import arb

from numerics.balls.ball import (
    Ball,
    Refusal,
    certainly_less,
    nearest_integer,
    precision,
    rational_ball,
)
from numerics.balls.enclosure import enclose_expr
from numerics.balls.risk_sums import n_eff
from proofs_check.expr import Expr, div, free_names, substitute

__all__ = ["INTEGER_SIZES", "SCALES", "Ladder", "Path", "Row", "ladder"]

INTEGER_SIZES = frozenset({"M", "N", "n", "k", "B", "L", "D", "d", "p", "m"})
"""Sizes that are rounded to the nearest integer, at least 1."""

SCALES: tuple[int, ...] = tuple(10**k for k in (3, 6, 9, 12, 15, 18, 21, 24))
"""Scales t of a ladder unless others are asked for."""

Sizes = Mapping[str, Fraction]
Side = Expr | Callable[[Sizes], Expr]

_SIZE_DIGITS = 30


@dataclass(frozen=True, slots=True)
class Path:
    """``size = t^x (log t)^y`` for each name, with the natural logarithm.

    Attributes
    ----------
    exponents : mapping of str to (Fraction, Fraction)
        Name to (x, y).
    integers : frozenset of str
        Names whose value is rounded to an integer of at least 1.  Other values are rounded to 30
        significant digits; the rows hold the rounded values, which both sides use.
    """

    exponents: Mapping[str, tuple[Fraction, Fraction]]
    integers: frozenset[str] = INTEGER_SIZES

    def at(self, t: int) -> dict[str, Fraction]:
        """Return the sizes at a scale t >= 3, exact rationals."""
        if t < 3:
            raise Refusal("value", f"a scale must be at least 3, not {t}")
        return {name: self._size(name, *powers, t) for name, powers in self.exponents.items()}

    def _size(self, name: str, x: Fraction, y: Fraction, t: int) -> Fraction:
        bits = 4 * _SIZE_DIGITS + 64 + int(abs(x) * t.bit_length())
        with precision(bits):
            value = arb(t) ** rational_ball(x) * arb(t).log() ** rational_ball(y)
            if name in self.integers:
                return Fraction(max(nearest_integer(value), 1))
            return Fraction(Ball.of(value, _SIZE_DIGITS).midpoint)


@dataclass(frozen=True, slots=True)
class Row:
    """One scale: the sizes, the ratio, and the local slope from the row before."""

    t: int
    sizes: Sizes
    ratio: Ball
    slope: Ball | None = None
    amplitude: Ball | None = None


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rows and what they say together.

    Attributes
    ----------
    rows : tuple of Row
    lower, upper : Ball
        All ratios of the ladder lie between the lower end of `lower` and the upper end of
        `upper`, each the ball of one row.
    explained : bool or None
        Whether the drift falls off at least as the predicted next-order term; None without one,
        or with too few steps to tell.
    """

    rows: tuple[Row, ...]
    lower: Ball
    upper: Ball
    explained: bool | None

    def as_json(self) -> dict[str, Any]:
        """Return plain data, all numbers as decimal strings or ``p/q``."""
        return {
            "rows": [_row_json(row) for row in self.rows],
            "lower": self.lower.as_json(),
            "upper": self.upper.as_json(),
            "explained": self.explained,
        }


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "t": str(row.t),
        "sizes": {name: str(value) for name, value in sorted(row.sizes.items())},
        "ratio": row.ratio.as_json(),
        "slope": None if row.slope is None else row.slope.as_json(),
        "amplitude": None if row.amplitude is None else row.amplitude.as_json(),
    }


def ladder(
    numerator: Side,
    denominator: Side,
    path: Path,
    parameters: Mapping[str, Fraction | int],
    scales: Sequence[int] = SCALES,
    digits: int = 20,
    correction: tuple[Fraction, Fraction] | None = None,
    ripple: Fraction = Fraction(0),
) -> Ladder:
    """Enclose ``numerator / denominator`` on a ladder of scales along a path.

    Parameters
    ----------
    numerator, denominator : Expr, or function of the sizes that returns one
        Names are the path's sizes and the parameters; ``N_eff`` is ``N/log2 N`` unless the path
        gives it.
    path : Path
        The sizes as functions of t.
    parameters : mapping of str to Fraction or int
        Fixed rational values of the other names.
    scales : sequence of int
        Increasing values of t >= 3.
    digits : int
        Significant digits of each ratio.
    correction : (rho, mu), optional
        The predicted relative next-order term ``t^-rho (log t)^mu``, which must tend to 0.
    ripple : Fraction
        Steps with ``|Δ log ratio|`` certainly below it count as no drift.

    Raises
    ------
    Refusal
        Where a ratio has no enclosure; also when a ratio may not be positive, so has no slope.
    """
    if not scales or any(s >= t for s, t in pairwise(scales)):
        raise Refusal("value", "scales must be increasing integers, at least one")
    if correction is not None and not (correction[0] > 0 or (correction[0] == 0 > correction[1])):
        raise Refusal("value", "the predicted correction must tend to 0: rho > 0, or rho = 0 > mu")
    rows: list[Row] = []
    for t in scales:
        sizes = path.at(t)
        ratio = _ratio(numerator, denominator, {**parameters, **sizes}, sizes, digits)
        rows.append(_row(t, sizes, ratio, rows[-1] if rows else None, correction))
    lower, upper = _extremes([row.ratio for row in rows])
    return Ladder(tuple(rows), lower, upper, _explained(rows, correction, ripple))


def _extremes(ratios: Sequence[Ball]) -> tuple[Ball, Ball]:
    """Return the ball with the lowest lower end and the one with the highest upper end."""
    lowest = highest = ratios[0]
    for ball in ratios[1:]:
        with precision(8 * ball.digits + 128):
            if certainly_less(ball.arb.lower(), lowest.arb.lower()):
                lowest = ball
            if certainly_less(highest.arb.upper(), ball.arb.upper()):
                highest = ball
    return lowest, highest


def _ratio(
    numerator: Side,
    denominator: Side,
    values: Mapping[str, Fraction | int],
    sizes: Sizes,
    digits: int,
) -> Ball:
    top, bottom = (
        side if isinstance(side, Expr) else side(sizes) for side in (numerator, denominator)
    )
    ratio = div(top, bottom)
    if "N_eff" in free_names(ratio) and "N_eff" not in values:
        if "N" not in values:
            raise Refusal("value", "N_eff has no value: the path gives neither N nor N_eff")
        ratio = substitute(ratio, {"N_eff": n_eff(int(values["N"]))})
    return enclose_expr(ratio, values, digits)


def _row(
    t: int,
    sizes: Sizes,
    ratio: Ball,
    before: Row | None,
    correction: tuple[Fraction, Fraction] | None,
) -> Row:
    if before is None:
        return Row(t, sizes, ratio)
    digits = ratio.digits
    with precision(8 * digits + 128):
        if not (certainly_less(0, ratio) and certainly_less(0, before.ratio)):
            raise Refusal("undefined", f"the ratio at scale {t} is not certainly positive")
        change = (ratio.arb / before.ratio.arb).log()
        slope = Ball.of(change / (arb(t).log() - arb(before.t).log()), digits)
        amplitude = None
        if correction is not None:
            step = _delta(t, correction) - _delta(before.t, correction)
            amplitude = Ball.of(change / step, digits)
    return Row(t, sizes, ratio, slope, amplitude)


def _delta(t: int, correction: tuple[Fraction, Fraction]) -> arb:
    rho, mu = correction
    return arb(t) ** rational_ball(-rho) * arb(t).log() ** rational_ball(mu)


def _explained(
    rows: Sequence[Row], correction: tuple[Fraction, Fraction] | None, ripple: Fraction
) -> bool | None:
    if correction is None:
        return None
    sizes = list(_amplitudes(rows, ripple))
    half = len(sizes) // 2
    if half == 0:
        return True if not sizes else None
    with precision(8 * rows[0].ratio.digits + 128):
        early = reduce(lambda x, y: x.max(y), sizes[:half])
        return not any(certainly_less(2 * early, size) for size in sizes[half:])


def _amplitudes(rows: Sequence[Row], ripple: Fraction) -> Iterable[arb]:
    """Yield the ``|A_k|`` of the steps that are no ripple."""
    for before, row in pairwise(rows):
        assert row.amplitude is not None  # every row but the first has one
        with precision(8 * row.ratio.digits + 128):
            change = abs((row.ratio.arb / before.ratio.arb).log())
            size = abs(row.amplitude.arb)
        if not certainly_less(change, ripple):
            yield size
