r"""The search for an optimum: the objective at exact risks, along its constraint.

The minimum is searched for on a logarithmic scale of the first variable, the other following from
the constraint: three points walk downhill with halving steps, then the vertex of the parabola
through the last three is taken.  If the claim is true, every near-optimal point has the claimed
order, so the one that was found has it; and the search may stop at near-optimal.

*Source*: derived here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from ratecert.numerics.legs.places import steps_of
from ratecert.numerics.legs.trend import LogPoint
from ratecert.numerics.legs.values import Values, number
from ratecert.numerics.model.problem import evaluate
from ratecert.proofs_check.language.claim import Objective, Setting
from ratecert.proofs_check.language.errors import UserError

__all__ = ["NoOptimumError", "NumericOptimum", "optima"]

LIMITS: Mapping[str, float] = {"M": 1e12}
OTHER_LIMIT = 9.9e17
_STEP = 1.25
"""The search stops at points this far apart in log X; the parabola does the rest."""
_VANISHING_STEP = -140.0
"""Logarithm of a step size below every optimum at the sizes within `LIMITS`."""


class NoOptimumError(UserError):
    """The minimum over these sizes is not searched for."""


@dataclass(frozen=True, slots=True)
class NumericOptimum:
    """Sizes at which the objective is least, and the logarithm of its value there."""

    sizes: Values
    log_value: float


def optima(
    setting: Setting, objective: Objective, values: Values, places: Iterable[Values]
) -> Iterator[NumericOptimum]:
    """Yield the optimum at each place; each search starts where the one before points to.

    Parameters
    ----------
    setting, objective
        Problem and method, and what is to be minimised.
    values
        Values of the parameters.
    places
        The sizes that are given, at increasing scales, and ``gamma``.

    Raises
    ------
    NoOptimumError
        Where there is more than one degree of freedom, or no feasible point.
    """
    if len(objective.over) != len(objective.subject_to) + 1 or len(objective.over) > 2:
        raise NoOptimumError(
            f"no search over {', '.join(objective.over)} with {len(objective.subject_to)} "
            "constraints: only over one variable, or two and one constraint"
        )
    share = 0.5
    step: float | None = None
    for place in places:
        search = _Search(setting, objective, _sorted(values), _sorted(place), place["gamma"])
        low, high = _range(search)
        start = low + share * (high - low)
        log_x, log_value = _minimum(search, start, step or max((high - low) / 6, _STEP))
        share, step = (log_x - low) / (high - low), _STEP
        found = search.place(log_x)
        if found is None:
            raise NoOptimumError("the search found no feasible sizes")
        yield NumericOptimum(found, log_value)


def _sorted(values: Values) -> tuple[tuple[str, Fraction], ...]:
    return tuple(sorted(values.items()))


@dataclass(frozen=True, slots=True)
class _Search:
    """The one-dimensional family of feasible points of an objective at one scale."""

    setting: Setting
    objective: Objective
    values: tuple[tuple[str, Fraction], ...]
    fixed: tuple[tuple[str, Fraction], ...]
    gamma: Fraction

    def place(self, log_x: float) -> dict[str, Fraction] | None:
        """Return the sizes where the first variable is ``exp(log_x)``; None if not feasible."""
        place = dict(self.fixed) | {"gamma": self.gamma}
        first, *others = self.objective.over
        if first == "gamma" and log_x > math.log(self.gamma) + 1e-9:
            return None  # beyond the range of stability
        if first == "gamma" and log_x < _VANISHING_STEP:
            raise NoOptimumError("the objective falls on and on as gamma tends to 0")
        place[first] = Fraction(math.exp(log_x))
        place = _with_both_steps(place)
        if others:
            other = self._solved(place, others[0])
            if other is None:
                return None
            place = _with_both_steps(place | {others[0]: other})
        sizes = {name: _rounded(name, value) for name, value in place.items()}
        return sizes if all(_within(name, value) for name, value in sizes.items()) else None

    def _solved(self, place: Values, name: str) -> Fraction | None:
        """Return the value of a variable that meets the constraint, by bisection of its log."""
        constraint = self.objective.subject_to[0]
        low, high = 0.0, math.log(OTHER_LIMIT)

        def excess(log: float) -> float:
            point = _with_both_steps({**place, name: Fraction(math.exp(log))})
            known = {n: float(v) for n, v in {**dict(self.values), **point}.items()}
            return math.log(evaluate(constraint.left, known) / evaluate(constraint.right, known))

        start, stop = excess(low), excess(high)
        if start * stop > 0:
            return None
        while high - low > 1e-9:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if excess(middle) * start > 0 else (low, middle)
        return Fraction(math.exp(0.5 * (low + high)))

    def value(self, log_x: float) -> float:
        """Return the logarithm of the objective, infinite where a point is out of reach."""
        return _objective(self, log_x)


@lru_cache(maxsize=4096)
def _objective(search: _Search, log_x: float) -> float:
    place = search.place(log_x)
    if place is None:
        return math.inf
    return number(search.objective.expr, search.setting, dict(search.values), place).log


def _with_both_steps(place: Values) -> dict[str, Fraction]:
    """Add N where a place has N_eff alone, and the other way round."""
    if "N_eff" in place and "N" not in place:
        return {**place, "N": Fraction(steps_of(float(place["N_eff"])))}
    if "N" in place and "N_eff" not in place:
        N = max(float(place["N"]), 2.0)
        return {**place, "N_eff": Fraction(N / math.log2(N))}
    return dict(place)


def _rounded(name: str, value: Fraction) -> Fraction:
    return value if name in ("gamma", "N_eff") else Fraction(max(round(value), 1))


def _within(name: str, value: Fraction) -> bool:
    least = {"M": 2, "N": 4}.get(name, 0)
    return least <= value <= LIMITS.get(name, OTHER_LIMIT)


def _minimum(search: _Search, start: float, step: float) -> tuple[float, float]:
    """Return ``log X`` of the first variable at the minimum, and the log of the minimum.

    Three neighbouring points walk downhill until the middle one is lowest; then the step is
    halved, down to `_STEP`, and the vertex of the parabola through the last three is taken.
    """
    x = start
    while True:
        f = search.value(x)
        while not f <= min(search.value(x - step), search.value(x + step)):
            x += step if search.value(x + step) < search.value(x - step) else -step
            f = search.value(x)
        if step <= _STEP:
            return _vertex([(u, search.value(u)) for u in (x - step, x, x + step)])
        step /= 2


def _range(search: _Search) -> tuple[float, float]:
    """Return the range of the first variable's logarithm in which points are feasible."""
    if search.objective.over[0] == "gamma":
        top = math.log(search.gamma)
        return top - math.log(float(dict(search.fixed).get("N", Fraction(2)))), top
    grid = np.linspace(math.log(2), math.log(OTHER_LIMIT), 80)
    inside = [float(u) for u in grid if search.place(float(u)) is not None]
    if len(inside) < 3:
        raise NoOptimumError("the constraint leaves no sizes within reach to choose from")
    return inside[0], inside[-1]


def _vertex(points: Sequence[LogPoint]) -> tuple[float, float]:
    """Return the lowest point of the parabola through three points, or the lowest of them."""
    best = min(points, key=lambda point: point[1])
    (x, f), (y, g), (z, h) = points
    if not all(map(math.isfinite, (f, g, h))) or best != points[1]:
        return best
    left, right = (g - f) / (y - x), (h - g) / (z - y)
    if right <= left:
        return best
    slope = (left * (z - y) + right * (y - x)) / (z - x)
    curvature = 2 * (right - left) / (z - x)
    return y - slope / curvature, g - slope**2 / (2 * curvature)
