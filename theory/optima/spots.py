r"""Spots at which a parametric program is solved: parameters, and logarithms of what is given.

The names that are not varied have logarithms in a cone, bounded by the linear forms that the
assumptions make non-negative.  A function that is linear on finitely many parts of the cone is
known from its values well inside of it, near its extreme rays, and between two of these; so
these are the spots.  Parameters are examples of the assumptions, moved a little off simple
values, at which exponents may be equal by accident.

Double logarithms are constants here, larger than nothing and smaller than every logarithm of a
size, so that ties between powers are broken by logarithms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from ratecert.proofs_check.kernel.algebra import Factor, Form, Frac, Ring
from ratecert.proofs_check.kernel.cone import Context, Tree
from ratecert.proofs_check.kernel.logform import LOGLOG
from ratecert.proofs_check.kernel.optimum import outer_context
from ratecert.proofs_check.kernel.premises import Premises
from ratecert.theory.search.certificates import points
from ratecert.theory.search.systems import as_float

__all__ = ["Spot", "spots", "tree_value"]

LOG_SCALE = 1e-3
"""The logarithm of a logarithm, where logarithms are about 1."""
SHIFTS = tuple(Fraction(1, n) for n in (97, 977, 9973))
"""Steps off simple values of the parameters."""
EXTREMES = tuple(map(Fraction, ("1/20", "21/20", "8")))
EXAMPLES = 60
"""Examples of the parameters that are listed before a few are taken."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spot:
    """Values of the parameters, and logarithms of the names that are given."""

    sample: tuple[Fraction, ...]
    given: Mapping[str, float]

    def at(self, form: Form, **more: float) -> float:
        """Evaluate a linear form; double logarithms that are not given are `LOG_SCALE`."""
        return sum(
            as_float(coeff.at(self.sample)) * more.get(v, self._value(v))
            for v, coeff in form.coeffs.items()
        )

    def _value(self, variable: str) -> float:
        default = LOG_SCALE if variable.startswith(LOGLOG) else 0.0
        return self.given.get(variable, default)


def tree_value(tree: Tree, spot: Spot) -> float:
    """Evaluate a lattice of forms in names that are given."""
    if tree.form is not None:
        return spot.at(tree.form)
    parts = [tree_value(part, spot) for part in tree.parts]
    return sum(parts) if tree.kind == "plus" else max(parts) if tree.kind == "max" else min(parts)


# Parameters.


def _generic_points(ring: Ring, factors: Sequence[Factor]) -> list[tuple[Fraction, ...]]:
    """Return examples of the parameters in general position, extreme ones among them."""
    listed = points(ring.names, tuple(factors), EXAMPLES)
    chosen = list(listed[:1])
    for k in range(len(ring.names) if listed else 0):
        first = listed[0]
        others = [(*first[:k], value, *first[k + 1 :]) for value in EXTREMES]
        others = [p for p in others if all(_holds(f, p, ring) for f in factors)]
        others += [p for p in listed if p[:k] == first[:k] and p[k + 1 :] == first[k + 1 :]]
        chosen += [pick(others, key=lambda point: point[k]) for pick in (min, max)]
    chosen += [p for p in listed if all(x != y for x, y in zip(p, listed[0], strict=True))][:1]
    return [_moved(point, ring, factors) for point in dict.fromkeys(chosen)]


def _moved(
    point: tuple[Fraction, ...], ring: Ring, factors: Sequence[Factor]
) -> tuple[Fraction, ...]:
    """Move a point a little, to where exponents are not equal by accident."""
    for shift in SHIFTS:
        moved = tuple(value + (k + 1) * shift for k, value in enumerate(point))
        if all(_holds(factor, moved, ring) for factor in factors):
            return moved
    return point


def _holds(factor: Factor, point: tuple[Fraction, ...], ring: Ring) -> bool:
    value = Frac(factor.poly, ring.one.den).at(point)
    return value > 0 or (value == 0 and not factor.strict)


# Logarithms.


def spots(ready: Premises) -> Iterator[list[Spot]]:
    """Yield spots for each sample of the parameters, the most central one first."""
    outer = outer_context(ready)
    for sample in _generic_points(ready.ctx.ring, ready.ctx.factors):
        centre = _centre(outer, sample)
        if centre is not None:
            found = [centre, *_towards_rays(outer, sample, centre)]
            yield [Spot(sample, _with_logs(outer, given)) for given in found]


def _with_logs(outer: Context, given: Mapping[str, float]) -> dict[str, float]:
    return {**given, **{LOGLOG + size: LOG_SCALE for size in sorted(outer.sizes)}}


def _cone(outer: Context, sample: tuple[Fraction, ...]) -> tuple[list[str], Array, Array]:
    """Return the names that are given, and rows and ends of ``rows @ logarithms >= ends``."""
    names = sorted(outer.sizes | _steps(outer))
    rows, ends = [], []
    for generator in outer.generators:
        row = [generator.form.coeffs.get(name) for name in names]
        if any(row) and generator.absorbed_by is None:
            rows.append([0.0 if c is None else as_float(c.at(sample)) for c in row])
            ends.append(-Spot(sample, {}).at(generator.form))
    return names, np.array(rows).reshape(len(rows), len(names)), np.array(ends)


def _steps(outer: Context) -> frozenset[str]:
    used = frozenset(v for g in outer.generators for v in g.form.coeffs)
    return used & {"gamma"} | outer.indices


def _centre(outer: Context, sample: tuple[Fraction, ...]) -> dict[str, float] | None:
    """Return given logarithms well inside of what is known of them, in general position."""
    names, rows, least = _cone(outer, sample)
    if not names:
        return {}
    limits = Bounds([-1.0] * len(names), [1.0] * len(names))
    inside = LinearConstraint(rows, least, np.inf)
    answers = [milp(-row, constraints=inside, bounds=limits) for row in rows]
    ends = [answer.x for answer in answers if answer.status == 0]
    if not ends:
        return None
    # Where a row can be positive at all it is so at the mean; the weights avoid coincidences.
    weights = 1.0 + 0.3 * np.sin(1.0 + np.arange(len(ends)))
    return dict(zip(names, map(float, weights @ np.array(ends) / weights.sum()), strict=True))


def _towards_rays(
    outer: Context, sample: tuple[Fraction, ...], centre: Mapping[str, float]
) -> Iterator[dict[str, float]]:
    """Yield points near the extreme rays of the cone, and between two of them."""
    names, rows, least = _cone(outer, sample)
    if len(names) < 2:
        return
    middle = np.array([centre[name] for name in names])
    ends: list[Array] = []
    targets = [sign * row for row in (*np.eye(len(names)), *rows) for sign in (1.0, -1.0)]
    for target in targets:
        # A little noise in the target makes the vertex unique, one bound of scale a ray of it.
        cost = target + 1e-3 * np.cos(np.arange(len(names)))
        answer = milp(
            cost,
            constraints=[
                LinearConstraint(rows, least, np.inf),
                LinearConstraint(np.sign(middle).reshape(1, -1), 1.0, 1.0),
            ],
            bounds=Bounds(-np.inf, np.inf),
        )
        if answer.status == 0 and not any(np.allclose(answer.x, end) for end in ends):
            ends.append(np.array(answer.x))
    middle = middle / np.abs(middle).sum()
    mixtures = [0.96 * end + 0.04 * middle for end in ends]
    mixtures += [0.49 * (x + y) + 0.02 * middle for x, y in combinations(ends, 2)]
    for mixture in mixtures:
        yield dict(zip(names, map(float, mixture), strict=True))
