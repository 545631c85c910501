r"""The enclosure leg: both sides of a claim in ball arithmetic, on scales up to 10^24.

At several parameter values, near the edges of the assumptions too, and along several paths of
sizes, LEFT/RIGHT is enclosed on a ladder of scales and read by `numerics.legs.trend`.

*What is enclosed.*  An explicit LEFT is enclosed as it stands.  With top features approx and mean
path are their true finite and infinite sums (`numerics.balls.risk_sums`; the geometric schedule
stage by stage while there are at most 100 stages).  Everything else is the
defining sums of `proofs_check.meaning`, which hold LEFT between them up to constant factors: the
upper one is read where the claim bounds LEFT from above, the lower one where it bounds it from
below, so that an exponentially small lower bound is no alarm against an ``O``.  A claim with ``~``
needs true sums, which `proofs_check.exactly` has for some more quantities.

*Where it looks.*  At the first parameter point along one path for every regime, and for every
boundary between two, that `theory.samples` finds; at others, one of them close to the edges of
the assumptions, along the first (level quick) or the first few.  `regimes.place_in` says in words
where a path runs.

*Drift.*  For each ladder `nextorder` predicts the order of LEFT/RIGHT and its next-order term, and
`numerics.balls.ladder.drift` says whether the local slopes follow: the drift is *settled* (below
`RIPPLE`), *explained* by that term, a *slow crossover* (that term is still above `SLOW` where
the last step begins), *unexplained*, or *not predicted*.  That is a label, no light.

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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb

from numerics.balls.ball import Ball, Refusal, nearest_integer, precision, rational_ball
from numerics.balls.ladder import Drift, drift
from numerics.balls.mpmath_leg import Disagreement
from numerics.balls.risk_sums import approx, mean_bias, stages
from numerics.legs.nextorder import expansion
from numerics.legs.places import (
    Exponents,
    agreed,
    bits_of,
    enclosed,
    logarithm,
    moderate_values,
    path_text,
    unit_factor,
)
from numerics.legs.regimes import place_in
from numerics.legs.trend import Point, Reading, combined, read
from proofs_check.claim import Claim, Setting
from proofs_check.exactly import exact_meaning
from proofs_check.expr import Expr, Num, Sum, add, free_names, mul, substitute, walk
from proofs_check.meaning import NoMeaningError, is_quantity, meaning
from proofs_check.orders import Order, UndecidedError
from proofs_check.verdict import Evidence, Light
from theory.samples import sample_regimes

__all__ = ["Rung", "evidence", "rungs"]

Values = Mapping[str, Fraction]

LEG = "enclosure"
DIGITS = 8
STEP = Fraction(1, 10)
REAL = frozenset({"gamma", "N_eff", "C", "T", "t"})
"""Names whose values are no integers; all other sizes, and indices, are."""
SIZE_DIGITS = 30
RIPPLE = Fraction(1, 10**5)
"""Steps that change log(LEFT/RIGHT) by less are no drift: six digits of it are kept."""
SLOW = 0.1
"""A predicted correction above it says nothing about drift yet."""
MOST_STAGES = 100
NEARER = 0.9
"""A logarithm of a ratio that falls to less of itself on a ladder may be on its way to 0."""
SLOWEST = 64
"""Ladders on which it does go on to this power of their last scale."""


@dataclass(frozen=True, slots=True)
class _Level:
    """How many paths are looked along at each parameter point, on which scales."""

    paths: tuple[int, ...]
    decades: tuple[int, ...]
    opinions: tuple[int, ...] = ()


_LEVELS: Mapping[str, _Level] = {
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
        ``"quick"`` or ``"full"``: how many parameter values, paths and scales.
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
    for values, count in zip(chosen, plan.paths, strict=False):
        for k, path in enumerate(sample_regimes(claim, values, count)):
            yield _ladder(claim, values, path, plan.decades, plan.opinions if k == 0 else ())


@dataclass(frozen=True, slots=True)
class Rung:
    """LEFT/RIGHT at ``t = 10^decades``: enclosures of its lower and upper bound.

    `exact` says whether they are LEFT/RIGHT itself, and not defining sums up to constant factors.
    """

    decades: int
    lower: Ball
    upper: Ball
    exact: bool

    def points(self) -> tuple[Point, Point]:
        """Return the points of the lower and of the upper bound."""
        scale = self.decades * math.log(10)
        return (scale, logarithm(self.lower)), (scale, logarithm(self.upper))

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        row: dict[str, Any] = {"t": f"10^{self.decades}"}
        if self.lower == self.upper:
            return row | {"ratio": self.lower.as_json()}
        return row | {"lower": self.lower.as_json(), "upper": self.upper.as_json()}


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
) -> _Found:
    where: dict[str, Any] = {
        "values": {name: str(value) for name, value in sorted(values.items())},
        "path": path_text(path),
        "regime": place_in(claim, values, path),
    }
    try:
        found = list(rungs(claim, values, path, decades))
        agreeing = [_second_opinion(claim, values, path, decade) for decade in opinions]
    except (Refusal, NoMeaningError) as error:
        return _Found(Light.UNKNOWN, str(error), where | {"refused": str(error)})
    light, power = _light(claim, found)
    if light is not Light.PASS:
        light = _on_appeal(claim, values, path, found, light)
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
    on = ", ".join(f"{name} = {text}" for name, text in where["path"].items())
    at = ", ".join(f"{name} = {text}" for name, text in where["values"].items())
    phrase = f"LEFT/RIGHT drifts like t^{power:.3g} along {on}" + (f" at {at}" if at else "")
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


def _second_opinion(claim: Claim, values: Values, path: Exponents, decade: int) -> bool | None:
    """Tell whether mpmath confirms both sides on one scale; None where it cannot say of one."""
    place = _place(path, 10**decade)
    known = {"sigma": Fraction(1), **values, **place}
    left, right = _sides(claim, values, [place])(place)
    answers = [agreed(side.upper, known, DIGITS) for side in (left, right)]
    return True if all(answers) else None


def _light(claim: Claim, found: Sequence[Rung]) -> tuple[Light, float]:
    """Return the light of a ladder and the power of t that it shows."""
    lower, upper = (Reading.of(side) for side in zip(*(r.points() for r in found), strict=True))
    light = read(claim.relation, upper, lower)
    if claim.relation == "~" and not all(rung.exact for rung in found):
        light = Light.UNKNOWN
    return light, max(upper.power, lower.power, key=abs)


def _on_appeal(
    claim: Claim, values: Values, path: Exponents, found: Sequence[Rung], first: Light
) -> Light:
    """Return the light after asking again on longer and longer ladders, until one passes."""
    longest = 4 if _has_sum(claim) else 256
    factor, last, lights = 2, found[-1].decades, [first]
    while factor <= longest and lights[-1] is not Light.PASS:
        end = factor * last
        try:
            rows = list(rungs(claim, values, path, (end // 2, 3 * end // 4, end)))
            lights.append(_light(claim, rows)[0])
            if factor == longest and _approaches_one(claim, rows) and longest < SLOWEST:
                longest *= 2
        except Refusal:
            break
        factor *= 2
    # A contradiction has to be seen again; numbers too large for any ball do not undo that.
    contradicted = len(lights) > 1 and set(lights) == {Light.FAIL}
    return (
        Light.FAIL if contradicted else Light.PASS if lights[-1] is Light.PASS else Light.UNKNOWN
    )


def _approaches_one(claim: Claim, rows: Sequence[Rung]) -> bool:
    """Whether a ratio that should tend to 1 comes nearer, if slowly, from one scale to its square.

    What tends to infinity in the sums may be a logarithm of the sizes.
    """
    first, last = (max(map(abs, (r for _, r in row.points()))) for row in (rows[0], rows[-1]))
    return claim.relation == "~" and last < NEARER * first


def _has_sum(claim: Claim) -> bool:
    nodes = (node for side in (claim.left, claim.right) for node in walk(side))
    return any(isinstance(node, Sum) or is_quantity(node) for node in nodes)


def rungs(claim: Claim, values: Values, path: Exponents, decades: Sequence[int]) -> Iterator[Rung]:
    """Yield the enclosures of LEFT/RIGHT along a path.

    Parameters
    ----------
    claim
        Its LEFT is no optimum.
    values
        Rational values of the parameters.
    path
        ``(x, y)`` or ``(x, y, z)`` for each size and gamma: ``t^x (log t)^y (log log t)^z``;
        gamma is a tenth of that.
    decades
        ``log10 t`` of each rung.

    Raises
    ------
    Refusal
        Where a side has no enclosure.
    NoMeaningError
        Where LEFT is not defined for the problem and method.
    """
    places = [_place(path, 10**d) for d in decades]
    sides = _sides(claim, values, places)
    for decade, place in zip(decades, places, strict=True):
        known = {"sigma": Fraction(1), **values, **place}
        left, right = sides(place)
        lower = _quotient(left.lower, right.upper, known)
        same = left.lower == left.upper and right.lower == right.upper
        upper = lower if same else _quotient(left.upper, right.lower, known)
        yield Rung(decade, lower, upper, left.exact and right.exact)


def _place(path: Exponents, t: int) -> dict[str, Fraction]:
    """Return the sizes at a scale, exact rationals; gamma is a tenth of its monomial."""
    place = {name: _size(name, powers, t) for name, powers in path.items()}
    if "gamma" in place:
        place["gamma"] *= STEP
    return place


def _size(name: str, powers: Sequence[Fraction], t: int) -> Fraction:
    """Return ``t^x (log t)^y (log log t)^z``, an integer or rounded to `SIZE_DIGITS` digits."""
    whole = name not in REAL
    bits = 4 * SIZE_DIGITS + 64 + int(abs(powers[0]) * t.bit_length())
    with precision(bits):
        value, base = arb(1), arb(t)
        for power in powers:
            value, base = value * base ** rational_ball(power), base.log()
        if whole:
            return Fraction(max(nearest_integer(value), 1))
        return Fraction(Ball.of(value, SIZE_DIGITS).midpoint)


def _quotient(top: Expr, bottom: Expr, known: Values) -> Ball:
    above, below = enclosed(top, known, DIGITS), enclosed(bottom, known, DIGITS)
    with precision(bits_of(above, below)):
        ratio = above.arb / below.arb
        if not ratio > 0:
            raise Refusal("undefined", "the ratio of the two sides is not certainly positive")
        return Ball.of(ratio, DIGITS - 2)


@dataclass(frozen=True, slots=True)
class _Side:
    """Bounds of one side of a claim at given sizes; `exact` if both are the side itself."""

    lower: Expr
    upper: Expr
    exact: bool


def _sides(
    claim: Claim, values: Values, places: Sequence[Values]
) -> Callable[[Values], tuple[_Side, _Side]]:
    """Return the function of the sizes that gives the two sides."""
    setting, sizes = claim.setting, claim.sizes
    true = _true_sums(setting, values, places) if setting.features == "top" else {}

    def side(expr: Expr, place: Values) -> _Side:
        names = free_names(expr)
        explicit = {name: make(place) for name, make in true.items() if name in names}
        expr = substitute(expr, explicit)
        if claim.relation == "~":
            try:
                value = exact_meaning(expr, setting, sizes).upper
                return _Side(value, value, True)
            except NoMeaningError:
                pass  # a claim up to constants is all that can be looked at
        bounds = meaning(expr, setting, sizes)
        return _Side(bounds.lower, bounds.upper, not any(map(is_quantity, walk(expr))))

    return lambda place: (side(claim.left, place), side(claim.right, place))


def _true_sums(
    setting: Setting, values: Values, places: Sequence[Values]
) -> Mapping[str, Callable[[Values], Expr]]:
    """Return the quantities that top features make explicit, as functions of the sizes."""
    numbers = {name: Num(value) for name, value in values.items()}
    spectrum = substitute(unit_factor(setting.spectrum), numbers)
    targets = [
        (output.count, substitute(unit_factor(output.target), numbers))
        for output in setting.each()
    ]

    def tail(place: Values) -> Expr:
        return add(*(mul(p, approx(target, int(place["M"]))) for p, target in targets))

    def path(place: Values) -> Expr:
        plan, M = stages(int(place["N"]), place["gamma"], setting.schedule), int(place["M"])
        return add(*(mul(p, mean_bias(spectrum, target, M, plan)) for p, target in targets))

    longest = max((place.get("N", Fraction(0)) for place in places), default=Fraction(0))
    short = setting.schedule == "constant" or int(longest).bit_length() <= MOST_STAGES
    if setting.kernel is None and setting.algorithm == "sgd" and longest and short:
        return {"approx": tail, "mean_bias": path}
    return {"approx": tail}


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
