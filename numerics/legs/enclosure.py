r"""The enclosure leg: both sides of a claim in ball arithmetic, on scales up to 10^24.

At several parameter values, near the edges of the assumptions too, and along several paths of
sizes, LEFT/RIGHT is enclosed on a ladder of scales and read by `ratecert.numerics.legs.trend`.

*What is enclosed* says `ratecert.numerics.legs.rungs`.  Where it is bounds of LEFT up to constant
factors, the upper one is read where the claim bounds LEFT from above, the lower one where it
bounds it from below, so that an exponentially small lower bound is no alarm against an ``O``.

*Where it looks.*  At the first parameter point along one path for every regime, and for every
boundary between two, that `ratecert.theory.witnesses.samples` finds; at others, one of them close
to the edges of the assumptions, along the first (level quick) or the first few.
`regimes.place_in` says in words where a path runs.  The first ladder with a step is climbed a
second time with a smaller one.

*Signs.*  All relations but ``O`` and ``o`` assert that LEFT is at least a multiple of RIGHT; a
ratio that is certainly negative contradicts them, if it is so on the longer ladders as well.

*Drift.*  For each ladder `nextorder` predicts the order of LEFT/RIGHT and its next-order term, and
`ratecert.numerics.balls.ladder.drift` says whether the local slopes follow: the drift is *settled*
(below `RIPPLE`), *explained* by that term, a *slow crossover* (that term is still above `SLOW`
where the last step begins), *unexplained*, or *not predicted*.  That is a label, no light.

*Second opinion.*  At level full the values on the first ladder of each parameter point are held
against mpmath.  A disagreement fails the leg: a ball or mpmath is wrong.

*Before it contradicts*, the leg asks again.  A first impression may come from constants
(``1e-40 M + 1``) or from slow crossovers (``log(N)^5`` against ``N^(1/100)``), so that the ladder
is continued to the 2nd, 4th, … power of its last scale, and each longer one has to contradict the
claim as well: up to ``10^96`` with sums, up to ``10^6144`` without.  A ladder on which a ratio
comes nearer to 1, but too slowly to tell, is continued up to ``10^1536``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb

from ratecert.numerics.balls.ball import Refusal, precision
from ratecert.numerics.balls.ladder import Drift, drift
from ratecert.numerics.balls.mpmath_leg import Disagreement
from ratecert.numerics.legs.nextorder import expansion
from ratecert.numerics.legs.places import Exponents, agreed, bits_of, moderate_values, path_text
from ratecert.numerics.legs.regimes import place_in
from ratecert.numerics.legs.rungs import (
    DIGITS,
    REAL,
    STEP,
    NegativeError,
    Rung,
    Values,
    has_sum,
    places_along,
    rungs,
    sides_of,
    small_step,
)
from ratecert.numerics.legs.trend import Reading, combined, read
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.expr import Expr
from ratecert.proofs_check.meaning.definitions import meaning
from ratecert.proofs_check.meaning.laws import NoMeaningError
from ratecert.proofs_check.paths.orders import Order, UndecidedError
from ratecert.proofs_check.verdict.certificate import Evidence, Light
from ratecert.theory.witnesses.samples import sample_regimes

__all__ = ["evidence"]

LEG = "enclosure"
RIPPLE = Fraction(1, 10**5)
"""Steps that change log(LEFT/RIGHT) by less are no drift: six digits of it are kept."""
SLOW = 0.1
"""A predicted correction above it says nothing about drift yet."""
NEARER = 0.9
"""A logarithm of a ratio that falls to less of itself on a ladder may be on its way to 0."""
_FROM_ABOVE = frozenset({"O", "Otilde", "o"})
"""Relations that do not say that LEFT is positive."""
SLOWEST = 64
"""Ladders on which it does go on to this power of their last scale."""


@dataclass(frozen=True, slots=True)
class _Level:
    """How many paths are looked along at each parameter point, on which scales."""

    paths: tuple[int, ...]
    decades: tuple[int, ...]
    opinions: tuple[int, ...] = ()


_LEVELS: Mapping[str, _Level] = {
    "glance": _Level((3, 1), (3, 12, 18, 24)),
    "quick": _Level((6, 1, 1), (3, 12, 18, 24)),
    "full": _Level((24, 12, 12, 12), (3, 6, 9, 12, 15, 18, 21, 24), opinions=(3, 12)),
}
_VALUES = 4
"""Parameter points to choose from: the first is central, the last is close to the edges."""


def evidence(claim: Claim, level: str = "quick") -> Evidence:
    """Return what enclosures say about a claim whose LEFT is no optimum.

    Parameters
    ----------
    claim
        The claim.
    level
        ``"glance"``, ``"quick"`` or ``"full"``: how many parameter values, paths and scales.
    """
    found: list[_Found] = []
    try:
        for entry in _ladders(claim, _LEVELS[level]):
            found.append(entry)
            if entry.light is Light.FAIL:
                break  # one contradiction is enough
    except Disagreement as error:
        return Evidence(
            LEG, Light.FAIL, f"balls and mpmath disagree, one of them is wrong: {error}"
        )
    light = combined(entry.light for entry in found)
    return Evidence(LEG, light, _summary(found, light), {"ladders": [e.details for e in found]})


def _ladders(claim: Claim, plan: _Level) -> Iterator[_Found]:
    points = moderate_values(claim, _VALUES)
    chosen = [*points[: len(plan.paths) - 1], points[-1]] if points else []
    stepped: list[tuple[Values, Exponents]] = []
    for values, count in zip(chosen, plan.paths, strict=False):
        for k, path in enumerate(sample_regimes(claim, values, count)):
            opinions = plan.opinions if k == 0 else ()
            yield _ladder(claim, values, path, plan.decades, opinions)
            if "gamma" in path:
                stepped.append((values, path))
    for place, path_again in stepped[:1]:
        step = small_step(claim, place)
        yield _ladder(claim, place, path_again, plan.decades, step=step)


@dataclass(frozen=True, slots=True)
class _Found:
    """One ladder: its light, one line on why, and its numbers."""

    light: Light
    phrase: str
    details: Mapping[str, Any]
    drifts: tuple[str, ...] = ()


def _ladder(
    claim: Claim,
    values: Values,
    path: Exponents,
    decades: Sequence[int],
    opinions: Sequence[int] = (),
    step: Fraction = STEP,
) -> _Found:
    where: dict[str, Any] = {
        "values": {name: str(value) for name, value in sorted(values.items())},
        "path": path_text(path),
        "regime": place_in(claim, values, path),
    }
    if step != STEP:
        where["step"] = str(step)
    try:
        light, found = _seen(claim, values, path, decades, step)
        places = dict(zip(decades, places_along(path, decades, step), strict=True))
        agreeing = [_second_opinion(claim, values, places[decade]) for decade in opinions]
    except (Refusal, NoMeaningError) as error:
        return _Found(Light.UNKNOWN, str(error), where | {"refused": str(error)})
    if light is not Light.PASS:
        light, farther = _on_appeal(claim, values, path, decades[-1], light, step)
        found = found or farther
    on = ", ".join(f"{name} = {text}" for name, text in where["path"].items())
    at = ", ".join(f"{name} = {text}" for name, text in where["values"].items())
    place = f"along {on}" + (f" at {at}" if at else "")
    if not found:
        return _Found(light, f"LEFT/RIGHT is negative {place}", where | {"light": str(light)})
    power = _power(found)
    drifts = _drifts(claim, values, path, found)
    numbers: dict[str, Any] = {
        "light": str(light),
        "power": f"{power:z.4f}",
        "between": list(_constants(found)),
        "drift": [drift.as_json() for drift in drifts],
        "rungs": [rung.as_json() for rung in found],
    }
    if opinions:
        agrees = zip(opinions, agreeing, strict=True)
        numbers["mpmath agrees"] = {f"10^{decade}": answer for decade, answer in agrees}
    phrase = f"LEFT/RIGHT drifts like t^{power:.3g} {place}"
    return _Found(light, phrase, where | numbers, tuple(drift.label for drift in drifts))


@dataclass(frozen=True, slots=True)
class _Drift:
    """How a bound of LEFT/RIGHT (``ratio`` where both are one) moves, and what was predicted."""

    side: str
    order: Order | None
    correction: Order | None
    seen: Drift
    is_slow: bool

    @property
    def label(self) -> str:
        if self.seen.settled:
            return "settled"
        if self.seen.explained:
            return "explained"
        if self.is_slow:
            return "slow crossover"
        return "not predicted" if self.seen.explained is None else "unexplained"

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "side": self.side,
            "label": self.label,
            "predicted order": None if self.order is None else str(self.order),
            "predicted correction": None if self.correction is None else str(self.correction),
            "slopes": [ball.midpoint for ball in self.seen.slopes],
            "amplitudes": [ball.midpoint for ball in self.seen.amplitudes],
        }


def _drifts(
    claim: Claim, values: Values, path: Exponents, found: Sequence[Rung]
) -> tuple[_Drift, ...]:
    """Return the drift of each bound of LEFT/RIGHT."""
    sizes = claim.sizes
    left, right = (meaning(side, claim.setting, sizes) for side in (claim.left, claim.right))
    sides = [("upper", left.upper, right.lower), ("lower", left.lower, right.upper)]
    if all(rung.lower == rung.upper for rung in found):
        sides = [("ratio", left.upper, right.upper)]
    drifts = []
    for name, top, bottom in sides:
        balls = [rung.lower if name == "lower" else rung.upper for rung in found]
        points = [(10**rung.decades, ball) for rung, ball in zip(found, balls, strict=True)]
        order, correction = _predicted(top, bottom, values, path)
        seen = drift(points, _powers(correction), RIPPLE, _powers(order) or ())
        is_slow = correction is not None and _size_at(correction, points[-2][0]) > SLOW
        drifts.append(_Drift(name, order, correction, seen, is_slow))
    return tuple(drifts)


def _powers(order: Order | None) -> tuple[Fraction, Fraction, Fraction] | None:
    return None if order is None else (order.x, order.y, order.z)


def _size_at(order: Order, t: int) -> float:
    L = math.log(t)
    return math.exp(order.x * L + order.y * math.log(L) + order.z * math.log(math.log(L)))


def _predicted(
    top: Expr, bottom: Expr, values: Values, path: Exponents
) -> tuple[Order | None, Order | None]:
    """Return the predicted order of a ratio and its next-order term, None where unknown."""
    sizes = {name: Order(*powers) for name, powers in path.items()}
    integers = frozenset(sizes) - REAL
    try:
        parts = [expansion(side, values, sizes, integers) for side in (top, bottom)]
    except UndecidedError:
        return None, None
    above, below = (part.leading for part in parts)
    if above is None or below is None:
        return None, None
    corrections = [part.correction for part in parts if part.correction is not None]
    return above / below, max(corrections, default=None)


def _second_opinion(claim: Claim, values: Values, place: Values) -> bool | None:
    """Tell whether mpmath confirms both sides on one scale; None where it cannot say of one."""
    known = {"sigma": Fraction(1), **values, **place}
    left, right = sides_of(claim, values, [place])(place)
    answers = [agreed(side.upper, known, DIGITS) for side in (left, right)]
    return True if all(answers) else None


def _seen(
    claim: Claim, values: Values, path: Exponents, decades: Sequence[int], step: Fraction
) -> tuple[Light, list[Rung]]:
    """Return the light of a ladder and its rungs, none where a negative ratio contradicts.

    Raises
    ------
    Refusal
        Where a side has no enclosure, or is negative and that contradicts nothing.
    NoMeaningError
        Where LEFT is not defined for the problem and method.
    """
    try:
        found = list(rungs(claim, values, path, decades, step))
    except NegativeError:
        if claim.relation in _FROM_ABOVE:
            raise
        return Light.FAIL, []
    lower, upper = (Reading.of(side) for side in zip(*(r.points() for r in found), strict=True))
    light = read(claim.relation, upper, lower)
    if claim.relation == "~" and not all(rung.exact for rung in found):
        light = Light.UNKNOWN
    return light, found


def _power(found: Sequence[Rung]) -> float:
    """Return the power of t that a ladder shows."""
    sides = zip(*(rung.points() for rung in found), strict=True)
    return max((Reading.of(side).power for side in sides), key=abs)


def _on_appeal(
    claim: Claim,
    values: Values,
    path: Exponents,
    last: int,
    first: Light,
    step: Fraction,
) -> tuple[Light, list[Rung]]:
    """Return the light after asking again on longer and longer ladders, until one passes.

    `last` and `first` are the last scale and the light of the ladder before; the rungs are those
    of the last ladder that had some.
    """
    longest = 4 if has_sum(claim) else 256
    factor, lights = 2, [first]
    rows: list[Rung] = []
    while factor <= longest and lights[-1] is not Light.PASS:
        end = factor * last
        try:
            light, found = _seen(claim, values, path, (end // 2, 3 * end // 4, end), step)
        except Refusal:
            break
        lights.append(light)
        rows = found or rows
        if found and factor == longest < SLOWEST and _approaches_one(claim, found):
            longest *= 2
        factor *= 2
    # A contradiction has to be seen again; numbers too large for any ball do not undo that.
    contradicted = len(lights) > 1 and set(lights) == {Light.FAIL}
    if contradicted:
        return Light.FAIL, rows
    return Light.PASS if lights[-1] is Light.PASS else Light.UNKNOWN, rows


def _approaches_one(claim: Claim, rows: Sequence[Rung]) -> bool:
    """Whether a ratio that should tend to 1 comes nearer, if slowly, from one scale to its square.

    What tends to infinity in the sums may be a logarithm of the sizes.
    """
    first, last = (max(map(abs, (r for _, r in row.points()))) for row in (rows[0], rows[-1]))
    return claim.relation == "~" and last < NEARER * first


def _constants(found: Sequence[Rung]) -> tuple[str, str]:
    """Return decimals c <= C that hold all ratios of the ladder between them."""
    with precision(bits_of(*(ball for rung in found for ball in (rung.lower, rung.upper)))):
        lowest = [rung.lower.arb.lower() for rung in found]
        highest = [rung.upper.arb.upper() for rung in found]
        c, C = lowest[0], highest[0]
        for low, high in zip(lowest, highest, strict=True):
            c, C = (low if low < c else c), (high if high > C else C)
        return _outward(c, -1), _outward(C, 1)


def _outward(value: arb, direction: int) -> str:
    """Print a number with six digits, rounded up (`direction` 1) or down (-1)."""
    middle, radius, exponent = map(int, value.mid_rad_10exp(6))
    digits = str(middle + direction * radius)
    shift = len(digits) - 1
    return f"{digits[0]}.{digits[1:]}e{exponent + shift}"


def _summary(found: Sequence[_Found], light: Light) -> str:
    if not found:
        return "no parameter values or path to look along"
    if light is Light.PASS:
        labels = Counter(label for entry in found for label in set(entry.drifts))
        drift = ", ".join(f"{label} on {n}" for label, n in sorted(labels.items()))
        return (
            f"LEFT/RIGHT is of the claimed order on {len(found)} ladders to t = 10^24"
            f" (drift {drift})"
        )
    return next(entry.phrase for entry in found if entry.light is light)
