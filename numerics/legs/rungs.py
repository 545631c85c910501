r"""LEFT and RIGHT of a claim in balls, on a ladder of scales along a path.

*What is enclosed.*  An explicit LEFT is enclosed as it stands.  With top features approx and mean
path are their true finite and infinite sums (`ratecert.numerics.balls.risk_sums`; the geometric
schedule stage by stage while there are at most 100 stages).  Everything else is the
defining sums of `ratecert.proofs_check.meaning.definitions`, which hold LEFT between them up to
constant factors.  A claim with ``~`` needs true sums, which `ratecert.proofs_check.meaning.exact`
has for some more quantities.

*Sizes.*  A claim is about all sizes, so whole ones are even and odd by turns
(`ratecert.numerics.balls.ladder.LadderPath.at`): only odd ones show the sign of ``(-1)^M``.  Along
the path of a witness they are as rounded.

*The step* is a constant times its monomial.  A claim is about every constant that is small
enough; nothing says how small that is, but a tenth does for the problems of the legs, and what
fails for a smaller constant is false.  So there are two: `STEP`, and one that is smaller than
all numbers in the claim (`small_step`): ``Σ (gamma*k - 1/1000)/k^3`` shows its sign from there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ratecert.numerics.balls.ball import Ball, Refusal, precision
from ratecert.numerics.balls.ladder import LadderPath
from ratecert.numerics.balls.risk_sums import approx, mean_bias, stages
from ratecert.numerics.legs.places import Exponents, bits_of, enclosed, logarithm, unit_factor
from ratecert.numerics.legs.trend import LogPoint
from ratecert.proofs_check.language.claim import Claim, Setting
from ratecert.proofs_check.language.expr import (
    Expr,
    Num,
    Pow,
    Sum,
    add,
    children,
    free_names,
    mul,
    substitute,
    walk,
)
from ratecert.proofs_check.meaning.definitions import is_quantity, meaning
from ratecert.proofs_check.meaning.exact import exact_meaning
from ratecert.proofs_check.meaning.laws import NoMeaningError
from ratecert.proofs_check.paths.orders import UndecidedError, exact_value

__all__ = [
    "DIGITS",
    "REAL",
    "STEP",
    "NegativeError",
    "Rung",
    "Side",
    "Values",
    "has_sum",
    "places_along",
    "rungs",
    "sides_of",
    "small_step",
]

Values = Mapping[str, Fraction]

DIGITS = 8
STEP = Fraction(1, 10)
SMALLEST_STEP = Fraction(1, 10**6)
"""With less than that a step does nothing on the scales of a ladder."""
REAL = frozenset({"gamma", "N_eff", "C", "T", "t"})
"""Names whose values are no integers; all other sizes, and indices, are."""
MOST_STAGES = 100


class NegativeError(Refusal):
    """LEFT/RIGHT is certainly negative."""

    def __init__(self, decades: int):
        super().__init__("undefined", f"LEFT/RIGHT is negative at t = 10^{decades}")


@dataclass(frozen=True, slots=True)
class Rung:
    """LEFT/RIGHT at ``t = 10^decades``: enclosures of its lower and upper bound.

    `exact` says whether they are LEFT/RIGHT itself, and not defining sums up to constant factors.
    """

    decades: int
    lower: Ball
    upper: Ball
    exact: bool

    def points(self) -> tuple[LogPoint, LogPoint]:
        """Return the points of the lower and of the upper bound."""
        scale = self.decades * math.log(10)
        return (scale, logarithm(self.lower)), (scale, logarithm(self.upper))

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        row: dict[str, Any] = {"t": f"10^{self.decades}"}
        if self.lower == self.upper:
            return row | {"ratio": self.lower.as_json()}
        return row | {"lower": self.lower.as_json(), "upper": self.upper.as_json()}


def has_sum(claim: Claim) -> bool:
    """Whether there is a sum in one of the sides, or a quantity, which is one."""
    nodes = (node for side in (claim.left, claim.right) for node in walk(side))
    return any(isinstance(node, Sum) or is_quantity(node) for node in nodes)


def small_step(claim: Claim, values: Values) -> Fraction:
    """Return a constant of the step that is below `STEP` and all numbers in the claim."""
    found = (_numbers(side, values) for side in (claim.left, claim.right))
    sizes = [max(abs(x), 1 / abs(x)) for numbers in found for x in numbers if x]
    return max(STEP / 3 / max(sizes, default=1), SMALLEST_STEP)


def _numbers(expr: Expr, values: Values) -> Iterator[Fraction]:
    """Yield the rational constants of an expression, but no exponents."""
    try:
        value = exact_value(expr, values)
    except UndecidedError:
        value = None  # it has no value, as its ladder will say
    if value is not None:
        yield value
        return
    for part in (expr.base,) if isinstance(expr, Pow) else children(expr):
        yield from _numbers(part, values)


def rungs(
    claim: Claim,
    values: Values,
    path: Exponents,
    decades: Sequence[int],
    step: Fraction = STEP,
    *,
    turns: bool = True,
) -> Iterator[Rung]:
    """Yield the enclosures of LEFT/RIGHT along a path.

    Parameters
    ----------
    claim
        Its LEFT is no optimum.
    values
        Rational values of the parameters.
    path
        ``(x, y)`` or ``(x, y, z)`` for each size and gamma: ``t^x (log t)^y (log log t)^z``.
    decades
        ``log10 t`` of each rung.
    step
        The constant by which gamma differs from its monomial.
    turns
        Whether whole sizes are even and odd by turns.

    Raises
    ------
    NegativeError
        Where LEFT/RIGHT is certainly negative.
    Refusal
        Where a side has no enclosure.
    NoMeaningError
        Where LEFT is not defined for the problem and method.
    """
    places = places_along(path, decades, step, turns=turns)
    sides = sides_of(claim, values, places)
    for decade, place in zip(decades, places, strict=True):
        known = {"sigma": Fraction(1), **values, **place}
        left, right = sides(place)
        upper = _quotient(left.upper, right.lower, known)
        if upper is None:
            raise NegativeError(decade)
        same = left.lower == left.upper and right.lower == right.upper
        lower = upper if same else _quotient(left.lower, right.upper, known)
        if lower is None:
            raise Refusal("undefined", "the lower bound of LEFT/RIGHT is negative")
        rung = Rung(decade, lower, upper, left.exact and right.exact)
        rung.points()  # refused here where a logarithm is no float, and not by whoever asks
        yield rung


def places_along(
    path: Exponents, decades: Sequence[int], step: Fraction = STEP, *, turns: bool = True
) -> list[dict[str, Fraction]]:
    """Return the sizes on each scale, exact rationals; gamma is `step` times its monomial."""
    along = LadderPath(path, frozenset(path) - REAL)
    places = [along.at(10**d, turn if turns else 0) for turn, d in enumerate(decades, 1)]
    for place in places:
        if "gamma" in place:
            place["gamma"] *= step
    return places


def _quotient(top: Expr, bottom: Expr, known: Values) -> Ball | None:
    """Return the quotient of two sides, None where it is certainly negative."""
    above, below = enclosed(top, known, DIGITS), enclosed(bottom, known, DIGITS)
    with precision(bits_of(above, below)):
        ratio = above.arb / below.arb
        if ratio < 0:
            return None
        if not ratio > 0:
            raise Refusal("undefined", "the ratio of the two sides is not certainly positive")
        return Ball.of(ratio, DIGITS - 2)


@dataclass(frozen=True, slots=True)
class Side:
    """Bounds of one side of a claim at given sizes; `exact` if both are the side itself."""

    lower: Expr
    upper: Expr
    exact: bool


def sides_of(
    claim: Claim, values: Values, places: Sequence[Values]
) -> Callable[[Values], tuple[Side, Side]]:
    """Return the function of the sizes that gives the two sides."""
    setting, sizes = claim.setting, claim.sizes
    true = _true_sums(setting, values, places) if setting.features == "top" else {}

    def side(expr: Expr, place: Values) -> Side:
        names = free_names(expr)
        # Of a claim that has no rule only the explicit side tells which sizes a path gives.
        explicit = {
            name: make(place)
            for name, make in true.items()
            if name in names and place.keys() >= _SIZES_OF[name]
        }
        expr = substitute(expr, explicit)
        if claim.relation == "~":
            try:
                value = exact_meaning(expr, setting, sizes).upper
                return Side(value, value, True)
            except NoMeaningError:
                pass  # a claim up to constants is all that can be looked at
        bounds = meaning(expr, setting, sizes)
        return Side(bounds.lower, bounds.upper, not any(map(is_quantity, walk(expr))))

    return lambda place: (side(claim.left, place), side(claim.right, place))


_SIZES_OF: Mapping[str, frozenset[str]] = {
    "approx": frozenset({"M"}),
    "mean_bias": frozenset({"M", "N", "gamma"}),
}
"""The sizes that the sums of `_true_sums` are made of."""


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
