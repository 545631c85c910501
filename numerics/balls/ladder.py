r"""Ladders: the ratio of two sides of a claim, enclosed on many scales along one path of sizes.

A *path* makes every size a function of one scale t, ``size = t^x (log t)^y`` with rational x and
y, which covers a ray into a regime and, with suitable exponents, the boundary between two.  From
scale to scale the whole sizes are even or odd by turns, as ``(-1)^M`` shows on odd ones alone.  On
each scale both sides are enclosed and the ratio is a ball; between neighbours stands the local
slope ``Δ log ratio / Δ log t``, which tends to 0 when the two sides are of the same order.

A slope that is not 0 yet may be the next-order term.  If the derivation predicts

    ratio(t) = c L(t) (1 + A δ(t) + …),   δ(t) = t^-ρ (log t)^μ (log log t)^ν -> 0,

then ``A_k = Δ log(ratio/L) / Δ δ`` between scales k and k+1 settles at A (L is 1 for two sides of
one order); a wrong exponent or a missing logarithm makes ``|A_k|`` grow without limit, because the
numerator does not fall with δ.  So the drift is called *explained* when no ``|A_k|`` of the later
half of the steps is certainly more than twice the largest of the earlier half, or when the
``A_k`` settle: the last of their differences is not certainly more than half the one before.
(``A_k`` that grow like a power of log t, as those of a missing logarithm or of a small power
beside ``δ = 1/log t`` do, have differences that fall more slowly or rise.)  Steps whose
``|Δ log(ratio/L)|`` is certainly below the stated ripple (rounding of sizes to integers,
log-periodic terms of known size) are left out.  It is a label on numbers, no verdict: a ladder is
finite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import cycle, pairwise
from typing import Any

from flint import arb

from ratecert.numerics.balls.ball import (
    Ball,
    Refusal,
    certainly_less,
    nearest_integer,
    precision,
    rational_ball,
)
from ratecert.numerics.balls.enclosure import enclose_expr
from ratecert.numerics.balls.risk_sums import n_eff
from ratecert.proofs_check.language.expr import Expr, div, free_names, substitute

__all__ = [
    "INTEGER_SIZES",
    "SCALES",
    "Drift",
    "Ladder",
    "LadderPath",
    "Powers",
    "Rung",
    "by_turns",
    "drift",
    "ladder",
]

INTEGER_SIZES = frozenset({"M", "N", "n", "k", "B", "L", "D", "d", "p", "m"})
"""Sizes that are rounded to the nearest integer, at least 1."""

SCALES: tuple[int, ...] = tuple(10**k for k in (3, 6, 9, 12, 15, 18, 21, 24))
"""Scales t of a ladder unless others are asked for."""

Powers = Sequence[Fraction]
"""``(x, y, z)``, or fewer of them, for ``t^x (log t)^y (log log t)^z``."""

Sizes = Mapping[str, Fraction]
Side = Expr | Callable[[Sizes], Expr]

_SIZE_DIGITS = 30

_PARITIES = ((1, 0, 1), (0, 1, 1), (1, 1, 1))
"""Of sizes of three orders on the turns 1, 2 and 3; see `by_turns`."""


@dataclass(frozen=True, slots=True)
class LadderPath:
    """``size = t^x (log t)^y (log log t)^z`` for each name, with the natural logarithm.

    Attributes
    ----------
    exponents : mapping of str to Powers
        Name to (x, y) or (x, y, z).
    integers : frozenset of str
        Names whose value is rounded to an integer of at least 1.  Other values are rounded to 30
        significant digits; the rows hold the rounded values, which both sides use.
    """

    exponents: Mapping[str, Powers]
    integers: frozenset[str] = INTEGER_SIZES

    def at(self, t: int, turn: int = 0) -> dict[str, Fraction]:
        """Return the sizes at a scale t >= 3, exact rationals, on a turn of `by_turns`."""
        if t < 3:
            raise Refusal("value", f"a scale must be at least 3, not {t}")
        sizes = {name: self._size(name, powers, t) for name, powers in self.exponents.items()}
        return by_turns(sizes, self.exponents, turn)

    def _size(self, name: str, powers: Powers, t: int) -> Fraction:
        bits = 4 * _SIZE_DIGITS + 64 + int(abs(powers[0]) * t.bit_length())
        with precision(bits):
            value = _monomial(t, powers)
            if name in self.integers:
                return Fraction(max(nearest_integer(value), 1))
            return Fraction(Ball.of(value, _SIZE_DIGITS).midpoint)


def by_turns(sizes: Sizes, exponents: Mapping[str, Powers], turn: int) -> dict[str, Fraction]:
    """Return sizes of which whole ones above 1 are odd or even.

    On turn 0 of every four they are as given.  On the others 1 is added or not, for parities
    with which the sum of any of up to three sizes is odd on one of the turns.  Sizes of one order
    stay equal.
    """
    if turn % 4 == 0:
        return dict(sizes)
    orders = sorted({tuple(powers) for powers in exponents.values()})
    parity = dict(zip(orders, cycle(_PARITIES[turn % 4 - 1]), strict=False))
    return {n: _of_parity(v, parity[tuple(exponents[n])]) for n, v in sizes.items()}


def _of_parity(value: Fraction, parity: int) -> Fraction:
    return value + (value + parity) % 2 if value.denominator == 1 and value > 1 else value


@dataclass(frozen=True, slots=True)
class Rung:
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

    rows: tuple[Rung, ...]
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


def _row_json(row: Rung) -> dict[str, Any]:
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
    path: LadderPath,
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
    places = [path.at(t, turn) for turn, t in enumerate(scales)]
    ratios = [
        _ratio(numerator, denominator, {**parameters, **sizes}, sizes, digits) for sizes in places
    ]
    powers = None if correction is None else (-correction[0], correction[1])
    found = drift(list(zip(scales, ratios, strict=True)), powers, ripple)
    slopes = (None, *found.slopes)
    amplitudes = (None, *(found.amplitudes or [None] * len(found.slopes)))
    rows = map(Rung, scales, places, ratios, slopes, amplitudes)
    return Ladder(tuple(rows), *_extremes(ratios), found.explained)


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


# Drift.


@dataclass(frozen=True, slots=True)
class Drift:
    """What a ladder of ratios does from each scale to the next.

    Attributes
    ----------
    slopes : tuple of Ball
        ``Δ log ratio / Δ log t``.
    amplitudes : tuple of Ball
        ``A_k``; empty without a predicted next-order term.
    settled : bool
        Whether ``|Δ log(ratio/L)|`` is certainly below the ripple in the later half of the steps.
    explained : bool or None
        Whether the drift falls off at least as the predicted next-order term; None without one,
        or with too few steps to tell.
    """

    slopes: tuple[Ball, ...]
    amplitudes: tuple[Ball, ...]
    settled: bool
    explained: bool | None


def drift(
    points: Sequence[tuple[int, Ball]],
    correction: Powers | None = None,
    ripple: Fraction = Fraction(0),
    order: Powers = (),
) -> Drift:
    """Return slopes and amplitudes of a ladder, and whether its drift is explained.

    Parameters
    ----------
    points : sequence of (int, Ball)
        Scales t >= 3, increasing, and ratios.
    correction : Powers, optional
        δ, which must tend to 0.
    ripple : Fraction
        See `Drift.settled`.
    order : Powers
        L, the predicted order of the ratio; 1 unless given.

    Raises
    ------
    Refusal
        Where a ratio is not certainly positive, so has no slope.
    """
    if not all(certainly_less(0, ball) for _, ball in points):
        raise Refusal("undefined", "the ratio is not certainly positive, so it has no slope")
    if correction is not None and not tuple(correction) < (Fraction(0),) * len(correction):
        raise Refusal("value", "the predicted correction must tend to 0: rho > 0, or rho = 0 > mu")
    slopes, changes, amplitudes = [], [], []
    digits = max((ball.digits for _, ball in points), default=1)
    with precision(max((4 * len(b.midpoint) for _, b in points), default=0) + 8 * digits + 128):
        for (s, before), (t, ratio) in pairwise(points):
            change = (ratio.arb / before.arb).log()
            slopes.append(Ball.of(change / (arb(t).log() - arb(s).log()), digits))
            changes.append(change - (_monomial(t, order) / _monomial(s, order)).log())
            if correction is not None:
                step = _monomial(t, correction) - _monomial(s, correction)
                amplitudes.append(changes[-1] / step)
        quiet = [certainly_less(abs(change), ripple) for change in changes]
        loud = [a for a, is_quiet in zip(amplitudes, quiet, strict=False) if not is_quiet]
        explained = None if correction is None else _is_bounded(loud) or _settles(amplitudes)
        printed = tuple(Ball.of(a, digits) for a in amplitudes)
    return Drift(tuple(slopes), printed, all(quiet[len(quiet) // 2 :]), explained)


def _monomial(t: int, powers: Powers) -> arb:
    value, base = arb(1), arb(t)
    for power in powers:
        value, base = value * base ** rational_ball(power), base.log()
    return value


def _is_bounded(amplitudes: Sequence[arb]) -> bool | None:
    """Tell whether no later size is certainly more than twice the largest earlier one."""
    half = len(amplitudes) // 2
    if half == 0:
        return None if amplitudes else True
    early = reduce(lambda x, y: x.max(y), map(abs, amplitudes[:half]))
    return not any(certainly_less(2 * early, abs(a)) for a in amplitudes[half:])


def _settles(amplitudes: Sequence[arb]) -> bool | None:
    """Tell whether the last difference is not certainly more than half the one before."""
    if len(amplitudes) < 3:
        return None if len(amplitudes) < 2 else False
    before, last = (abs(y - x) for x, y in pairwise(amplitudes[-3:]))
    return not certainly_less(before, 2 * last)
