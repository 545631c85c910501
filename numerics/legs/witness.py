r"""What numbers along the path of a refutation say about the drift that it proves.

A refutation says how LEFT/RIGHT moves along its path: it is at least ``c R(t)`` (`side` "above"),
at most ``C R(t)`` ("below"), or tends to a number ("limit"), where R is an order
``t^p (log t)^q (log log t)^z`` and c, C are unknown.  As it was checked, numbers that contradict
it mean a bug.

*What contradicts.*  With ``L = log t``, r the logarithm of the enclosed ratio and
``g(L) = p L + q log L + z log log L``, the *excess*

    e = g - r  ("above"),      e = r - g  ("below"),      e = r - log limit  ("limit")

is bounded above, or tends to 0, if the refutation is right.  No finite ladder contradicts that;
but what it would take to explain one is known (`ratecert.numerics.legs.trend`):

1. *e grows like a power of t* over both halves of the ladder, by more than its resolution
   ``4/L``, for which no correction, however slow, and no power of a logarithm accounts.  A flat
   ratio beside ``R = t^-1000`` is of this kind, and so are a ratio that goes the wrong way and one
   that goes the right way too slowly.  Where ``p = 0`` the same is asked of e as a function of
   ``log L``: by how many powers of log t it grows, and where there are sums by more than
   `FLAT_SUMS`, as each that is nearly flat, such as ``(1 - t^-d)/d``, looks like a logarithm up
   to ``t = exp(1/d)``.  A limit is contradicted by a ratio that is settled elsewhere.
2. *No constant explains it*: where the ladder ends e is larger than all numbers in the claim
   together can make it (`ratecert.numerics.legs.margins`).  c and C are made of these numbers, so
   that ``1e-40 M + 1`` may be flat up to ``t = 10^40`` and no farther.
3. *It is still so on the longest ladder* that can be climbed.

As long as the ratio is on the proved side of R itself, e is negative and nothing is said, however
slowly the ratio moves: ``log(N)^5 + N^(1/100)`` is above its bound ``N^(1/100)`` all along,
though it grows like a logarithm up to ``N = 10^217``.

*The scales.*  With sums up to ``10^24``, and where that is not enough to see ``t^p``, or shows a
contradiction, up to ``10^96``.  Where both sides are closed forms (`ratecert.numerics.legs.far`)
up to ``log t = 10^12``, and where ``p = 0``, so that nothing but powers of ``log t`` can be seen,
up to ``log t = 10^96``: ``log(N)^5 = O(N^(1/100))`` looks false up to ``log N = 500`` only.

*The answer* is `Light.PASS` where the ratio moves as was proved, `Light.FAIL` where it contradicts
that, and `Light.UNKNOWN` where neither shows.

*Source*: derived here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ratecert.numerics.balls.ball import Refusal
from ratecert.numerics.legs.far import Far, far_points
from ratecert.numerics.legs.margins import Margin
from ratecert.numerics.legs.places import Exponents, enclosed, is_moderate, logarithm
from ratecert.numerics.legs.rungs import DIGITS, STEP, Rung, Values, has_sum, places_along, rungs
from ratecert.numerics.legs.trend import SETTLED, LogPoint, Reading, read
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.expr import Expr, neg
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.meaning.definitions import meaning
from ratecert.proofs_check.paths.bounds import Path, order_along
from ratecert.proofs_check.paths.orders import CONSTANT, Order
from ratecert.proofs_check.verdict.certificate import Light

__all__ = ["DECADES", "Proved", "Seen", "look"]

DECADES = (3, 6, 12, 24)
"""``log10 t`` on the first ladder, which is shown."""
LONGER = ((24, 36, 48), (48, 72, 96))
FAR = tuple((L // 2, 3 * L // 4, L) for L in (10**4, 10**8, 10**12))
"""``log t`` on the longer ladders of closed forms."""
FARTHEST = tuple((10**k, 10 ** (3 * k // 2), 10 ** (2 * k)) for k in (12, 24, 48))
"""The same where powers of ``log t`` are looked for."""
FLAT_SUMS = 9.0
"""So many powers of log t may be due to sums that are nearly flat, one each."""
SPARE = 5.0
"""The logarithm of what constants of the two sides may be that are no numbers of the claim."""
DEEP = 16
"""A ratio is settled only where ``log t`` is that many times the numbers of the claim."""

_T = Order(Fraction(1))
_BEYOND = {"t^oo": _T, "t^(-oo)": CONSTANT / _T, "0": CONSTANT / _T}
"""What is faster than every power of t is at least as fast as t."""


@dataclass(frozen=True, slots=True)
class Proved:
    """What a refutation says of LEFT/RIGHT; `limit` is set where `side` is "limit"."""

    side: str
    order: Order = CONSTANT
    limit: Fraction | None = None

    @classmethod
    def of(cls, side: str, ratio: str) -> Proved:
        """Read `side` and `ratio` of a `ratecert.proofs_check.refutation.witness.Refuted`."""
        if side == "limit":
            return cls(side, limit=Fraction(ratio))
        known = _BEYOND.get(ratio)
        return cls(side, known or order_along(parse_expr(ratio), Path({}, {"t": _T})))

    def excess(self, point: LogPoint) -> LogPoint:
        """Return ``(L, e)`` for ``(L, r)``."""
        L, r = point
        if self.limit is not None:
            return L, r - math.log(self.limit)
        powers = (self.order.x, self.order.y, self.order.z)
        bases = (L, math.log(L), math.log(math.log(L)))
        bound = sum(float(k) * base for k, base in zip(powers, bases, strict=True) if k)
        return L, self.towards(r) - self.towards(bound)

    def towards(self, r: float) -> float:
        """Return what falls where a ratio moves as was proved."""
        return -r if self.side == "above" else r


@dataclass(frozen=True, slots=True)
class Seen:
    """The rungs of the first ladder, as many as there are, why not more, and what all say."""

    light: Light
    rungs: tuple[Rung, ...] = ()
    note: str = ""


def look(claim: Claim, values: Values, path: Exponents, proved: Proved) -> Seen:
    """Return what the ratio along the path of a refutation does.

    Parameters
    ----------
    claim
        Its LEFT is no optimum.
    values, path
        Those of the refutation, as for `ratecert.numerics.legs.rungs.rungs`.
    proved
        What it says.
    """
    if has_sum(claim) and not is_moderate(values):
        return Seen(Light.UNKNOWN)
    first, note = _climbed(claim, values, path, DECADES)
    if len(first) < 3 or (proved.limit is not None and not all(rung.exact for rung in first)):
        return Seen(Light.UNKNOWN, tuple(first), note)
    climb = _with_sums if has_sum(claim) else _closed
    *_, light = climb(claim, values, path, proved, first)
    return Seen(light, tuple(first), note)


def _climbed(
    claim: Claim, values: Values, path: Exponents, decades: Sequence[int]
) -> tuple[list[Rung], str]:
    """Return the rungs up to the first that has no enclosure, and why that has none."""
    found: list[Rung] = []
    try:
        for rung in rungs(claim, values, path, decades, turns=False):
            found.append(rung)
    except Refusal as error:
        return found, str(error)
    return found, ""


# Ladders, each longer than the one before.


def _with_sums(
    claim: Claim, values: Values, path: Exponents, proved: Proved, first: Sequence[Rung]
) -> Iterator[Light]:
    """Yield the light of each ladder of balls, of which the first is given."""
    found = list(first)
    for longer in (*LONGER, ()):
        margin = _margin(claim, values, path, found[-1].decades)
        points = _points(found, proved)
        light = _light(points, proved, margin, FLAT_SUMS)
        yield light
        if not longer or _is_answered(light, points, proved):
            return
        found, note = _climbed(claim, values, path, longer)
        if note:
            return


def _points(found: Sequence[Rung], proved: Proved) -> list[LogPoint]:
    return [rung.points()[0 if proved.side == "above" else 1] for rung in found]


def _is_answered(light: Light, points: Sequence[LogPoint], proved: Proved) -> bool:
    """Whether the longest ladder with sums has nothing to add.

    A contradiction is asked again, and so is what only that ladder has the resolution for.
    """
    if proved.limit is not None or light is Light.FAIL:
        return light is Light.PASS
    finest = Reading.of([(decades * math.log(10), 0.0) for decades in LONGER[-1]]).resolution
    excess = Reading.of([proved.excess(point) for point in points])
    return excess.power <= finest and (light is Light.PASS or abs(proved.order.x) <= finest)


def _closed(
    claim: Claim, values: Values, path: Exponents, proved: Proved, first: Sequence[Rung]
) -> Iterator[Light]:
    """Yield the light of each ladder of closed forms, of which the first is given."""
    margin = _margin(claim, values, path, first[-1].decades)
    yield _light(_points(first, proved), proved, margin, 0.0)
    for logs in (*FAR, *(FARTHEST if proved.order.x == 0 else ())):
        try:
            points = far_points(claim, values, path, logs)
        except Refusal:
            return
        yield _light(points, proved, _far_margin(claim, values, path, logs[-1]), 0.0)


def _margin(claim: Claim, values: Values, path: Exponents, decades: int) -> float:
    (place,) = places_along(path, [decades], turns=False)
    known = {"sigma": Fraction(1), **values, **place}

    def log(expr: Expr) -> float:
        return logarithm(enclosed(expr, known, DIGITS))

    return _added(claim, path, log, decades * math.log(10))


def _far_margin(claim: Claim, values: Values, path: Exponents, L: int) -> float:
    far = Far(values, path, L)
    return _added(claim, path, lambda expr: float(far.log(expr)), float(L))


def _added(claim: Claim, path: Exponents, log: Callable[[Expr], float], log_t: float) -> float:
    """Return what the numbers of both sides come to together."""

    def log_size(expr: Expr) -> float | None:
        for either in (expr, neg(expr)):
            try:
                return log(either)
            except Refusal:
                continue
        return None

    margin = Margin(frozenset(path) | {"N_eff"}, log_size, math.log(STEP), log_t)
    sizes = claim.sizes
    sides = (meaning(side, claim.setting, sizes) for side in (claim.left, claim.right))
    return SPARE + sum(max(margin.of(side.lower), margin.of(side.upper)) for side in sides)


# One ladder.


def _light(points: Sequence[LogPoint], proved: Proved, margin: float, flat_sums: float) -> Light:
    """Return what one ladder of points ``(L, r)`` says."""
    excess = [proved.excess(point) for point in points]
    if proved.limit is not None:
        return _limit_light(Reading.of(excess), margin)
    seen = [(L, -proved.towards(r)) for L, r in points]
    light = _drift_light(Reading.of(excess), Reading.of(seen), margin, 0.0)
    if light is not Light.UNKNOWN or proved.order.x:
        return light
    excess, seen = ([(math.log(L), y) for L, y in line] for line in (excess, seen))
    return _drift_light(Reading.of(excess), Reading.of(seen), margin, flat_sums)


def _drift_light(excess: Reading, seen: Reading, margin: float, least: float) -> Light:
    """Return the light by the powers of a variable that excess and ratio drift with."""
    if _grows(excess, least):
        return Light.FAIL if excess.last > margin else Light.UNKNOWN
    return Light.PASS if _grows(seen, least) or excess.change <= SETTLED else Light.UNKNOWN


def _grows(reading: Reading, least: float) -> bool:
    return reading.grows and min(reading.power, *reading.slopes) > least


def _limit_light(excess: Reading, margin: float) -> Light:
    light = read("~", excess, excess)
    moves = excess.grows or excess.falls
    if light is Light.FAIL and not moves and excess.points[-1][0] < DEEP * (margin - SPARE):
        return Light.UNKNOWN
    return light
