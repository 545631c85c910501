r"""Parametric optimisation of rates: where a piecewise linear function is least, symbolically.

In logarithms an objective is, on each of finitely many polyhedral *regions*, a minimum of maxima
of linear forms, so its least value over the varied names z is the least of finitely many linear
programs

    minimise v   subject to   v >= p_k(z, w) for all pieces p_k,   g_l(z, w) >= 0,

one for each region and each maximum in it.  Their coefficients are rational functions of the
parameters θ, and their right sides are linear in the logarithms w of the names that are given.
The vertex that is optimal at one (θ, w) is the solution of as many active constraints as there
are unknowns; solved as equations over the field of rational functions they give place and value
as monomials, and these stay right for all (θ, w) up to where another vertex takes over.  So the
optimum is found at one place well inside of what is known and then compared with the optimum at
other places: in the directions of the extreme rays of the cone of all w, and at other parameters.
Where they differ a distinction of cases is needed, and the difference says which.

*Faces.*  Where several points are optimal, the least and the largest value of each name among
them are two more programs, with ``v <= V`` as a constraint.

*Slopes.*  How fast the objective grows away from a unique optimum R of a name X is the same kind
of question: with the distance ``d = |log X - log R|`` given like w, the least value is
``V + α d`` near the optimum and ``V + ω(w)`` where the objective saturates.

Double logarithms are constants of the programs (see `ratecert.theory.optima.spots`).

Solutions are found in floating point and written down in exact arithmetic; nothing here is
trusted, `ratecert.theory.optima.optimise` makes proofs of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from ratecert.proofs_check.kernel.algebra import Form, Frac, Ring
from ratecert.proofs_check.kernel.cone import Context, normal_form
from ratecert.proofs_check.kernel.logform import LOGLOG, names_of
from ratecert.proofs_check.kernel.optimum import outer_context, varied
from ratecert.proofs_check.kernel.premises import Premises
from ratecert.theory.optima.spots import Spot, spots
from ratecert.theory.rates.rates import case_regions
from ratecert.theory.search.prover import CaseNeededError, Prover, SplitNeededError, StuckError
from ratecert.theory.search.systems import as_float

__all__ = ["Optimum", "Program", "Saturations", "Side", "evaluated", "optimum_at",
           "optimum_everywhere", "programs", "saturations"]  # fmt: skip

VALUE, DISTANCE = " value", " distance"
"""Variables of the programs that are no names of the claim language."""
TIGHT, EQUAL = 1e-7, 1e-6
UNBOUNDED, OPEN = 3, 4
"""What HiGHS says of a program."""
SHARES = (0.07, 0.5, 0.93)
"""Parts of the largest distance from an optimum at which the objective is looked at."""
FARTHEST = 2.0

Array = NDArray[np.float64]
Side = Literal["above", "below"]


@dataclass(frozen=True, slots=True)
class Program:
    """One linear program: the pieces of a maximum, and what bounds the region it stands for."""

    ctx: Context
    pieces: tuple[Form, ...]

    @property
    def inside(self) -> list[Form]:
        """Forms that are not negative."""
        return [g.form for g in self.ctx.generators if g.absorbed_by is None]


@dataclass(frozen=True, slots=True)
class Optimum:
    """An optimal point and the least value, as forms in the names that are given.

    `faces` has for some of the varied names the least and the largest value among all optimal
    points, None where there is no such bound; `ends` are optimal points with these values.
    """

    point: Mapping[str, Form]
    value: Form
    faces: Mapping[str, tuple[Form | None, Form | None]] = field(default_factory=dict)
    ends: tuple[Mapping[str, Form], ...] = ()

    def is_unique(self, name: str) -> bool:
        """Whether all optimal points agree in a name; its face must have been asked for."""
        low, high = self.faces[name]
        return low is not None and low == high


def programs(ready: Premises) -> list[Program]:
    """Return the linear programs of an objective.

    Raises
    ------
    CaseNeededError
        Where the regions depend on a comparison of parameters.
    StuckError, RejectedError
        Where the search for the regions gives up.
    """
    return [
        Program(region.ctx, pieces)
        for region in case_regions(ready)
        for pieces in normal_form(region.upper, "min")
    ]


# Linear programs.


class UnboundedError(StuckError):
    """An objective falls without end within its constraints."""

    def __init__(self) -> None:
        super().__init__("the objective falls without end within its constraints: no minimum")


@dataclass(frozen=True, slots=True)
class _Solution:
    cost: float
    forms: Mapping[str, Form]
    numbers: Mapping[str, float]


def _rows(inside: Sequence[Form], names: Sequence[str], spot: Spot) -> tuple[Array, Array]:
    """Return the rows and the ends of ``rows @ names >= ends``: all forms are non-negative."""
    rows, ends = np.zeros((len(inside), len(names))), np.zeros(len(inside))
    for k, form in enumerate(inside):
        for variable, coeff in form.coeffs.items():
            if variable in names:
                rows[k, names.index(variable)] = as_float(coeff.at(spot.sample))
        ends[k] = -spot.at(Form({v: c for v, c in form.coeffs.items() if v not in names}))
    return rows, ends


def _solve(
    inside: Sequence[Form], cost: Mapping[str, float], names: Sequence[str], spot: Spot, ring: Ring
) -> _Solution | None:
    """Minimise the cost over the names where all forms are non-negative.

    Raises
    ------
    UnboundedError
        Where the cost falls without end.
    """
    rows, ends = _rows(inside, names, spot)
    target = np.array([cost.get(name, 0.0) for name in names])
    limits = LinearConstraint(rows, ends, np.inf)
    answer = milp(target, constraints=limits, bounds=Bounds(-np.inf, np.inf))
    # HiGHS may not tell what has no least value from what has none at all.
    if answer.status in (UNBOUNDED, OPEN) and _feasible(inside, names, spot):
        raise UnboundedError
    if answer.status != 0 or answer.x is None:
        return None
    slack = rows @ answer.x - ends
    active = [inside[k] for k in np.argsort(slack, kind="stable") if slack[k] < TIGHT]
    forms = _symbolic(active, names, spot, ring)
    if forms is None:
        return None
    return _Solution(float(answer.fun), forms, dict(zip(names, map(float, answer.x), strict=True)))


def _symbolic(
    active: Sequence[Form], names: Sequence[str], spot: Spot, ring: Ring
) -> dict[str, Form] | None:
    """Solve active constraints as equations over the functions of the parameters.

    Double logarithms of varied sizes are those of the first size that is given.
    """
    outer = next((v for v in spot.given if v.startswith(LOGLOG)), "")
    rows: dict[str, Form] = {}
    for form in active:
        row = _renamed(form, names, outer)
        for pivot, other in rows.items():
            row = row - other.scale(row.coeffs.get(pivot, ring.zero))
        lead = next((n for n in names if n in row.coeffs and row.coeffs[n].at(spot.sample)), None)
        if lead is None:
            continue
        row = row.scale(ring.one / row.coeffs[lead])
        rows = {p: o - row.scale(o.coeffs.get(lead, ring.zero)) for p, o in rows.items()}
        rows[lead] = row
    if len(rows) < len(names):
        return None
    return {pivot: Form({pivot: ring.one}) - row for pivot, row in rows.items()}


def _renamed(form: Form, names: Sequence[str], outer: str) -> Form:
    """Return a form with the double logarithms of varied names written as that of another."""
    row = Form({})
    for variable, coeff in form.coeffs.items():
        inner = names_of(Form({variable: coeff}))
        if variable.startswith(LOGLOG) and not inner.isdisjoint(names):
            row = row + Form({outer: coeff} if outer else {})
        else:
            row = row + Form({variable: coeff})
    return row


# Optima at one spot.


def _least(
    found: Sequence[Program], names: Sequence[str], spot: Spot, *more: Form
) -> _Solution | None:
    """Return the best solution of all programs, with more constraints."""
    solutions = []
    for program in found:
        one = Form({VALUE: program.ctx.ring.one})
        pieces = [one - piece for piece in program.pieces]
        inside = [*pieces, *program.inside, *more]
        solved = _solve(inside, {VALUE: 1.0}, [*names, VALUE], spot, program.ctx.ring)
        if solved is not None:
            solutions.append(solved)
    return min(solutions, key=lambda solved: round(solved.cost, 9), default=None)


def optimum_at(
    found: Sequence[Program], ready: Premises, spot: Spot, faces: Sequence[str] = ()
) -> Optimum | None:
    """Return the optimum at one spot, with the faces of some names; None where there is none."""
    names = sorted(varied(ready))
    best = _least(found, names, spot)
    if best is None:
        return None
    value = best.forms[VALUE]
    point = {name: best.forms[name] for name in names}
    if not faces:
        return Optimum(point, value)
    sets = list(_optimal_sets(found, value, names, spot))
    pairs = {name: _face(sets, names, name, spot) for name in faces}
    ends = {
        name: (None if low is None else low[name], None if high is None else high[name])
        for name, (low, high) in pairs.items()
    }
    points = [p for pair in pairs.values() for p in pair if p is not None and p != point]
    return Optimum(point, value, ends, tuple(points))


def _face(
    sets: Sequence[tuple[list[Form], Ring]], names: Sequence[str], name: str, spot: Spot
) -> tuple[Mapping[str, Form] | None, Mapping[str, Form] | None]:
    """Return optimal points with the least and the largest value of a name."""
    ends: list[Mapping[str, Form] | None] = []
    for sign in (1.0, -1.0):
        try:
            solved = [_solve(inside, {name: sign}, names, spot, ring) for inside, ring in sets]
        except UnboundedError:
            solved = [None]
        if None in solved:
            ends.append(None)
            continue
        known = [s for s in solved if s is not None]
        best = min(known, key=lambda s: round(s.cost, 9), default=None)
        ends.append(None if best is None else best.forms)
    return ends[0], ends[1]


def _optimal_sets(
    found: Sequence[Program], value: Form, names: Sequence[str], spot: Spot
) -> Iterator[tuple[list[Form], Ring]]:
    """Yield the constraints that say that a point is optimal, of each program where one is."""
    for program in found:
        ring = program.ctx.ring
        inside = [*(value - piece for piece in program.pieces), *program.inside]
        if _feasible(inside, names, spot):
            yield inside, ring


def _feasible(inside: Sequence[Form], names: Sequence[str], spot: Spot) -> bool:
    """Whether the forms can all be non-negative, up to rounding."""
    rows, ends = _rows(inside, names, spot)
    # The last unknown is what is missing.
    limits = LinearConstraint(np.hstack([rows, np.ones((len(rows), 1))]), ends, np.inf)
    target = np.array([0.0] * len(names) + [1.0])
    lower = np.array([-np.inf] * len(names) + [0.0])
    answer = milp(target, constraints=limits, bounds=Bounds(lower, np.inf))
    return bool(answer.status == 0 and answer.fun < TIGHT)


def evaluated(found: Sequence[Program], spot: Spot, numbers: Mapping[str, float]) -> float:
    """Return the objective at a point, ``inf`` where no program contains it."""
    values = [
        max(spot.at(piece, **numbers) for piece in program.pieces)
        for program in found
        if all(spot.at(form, **numbers) >= -EQUAL for form in program.inside)
    ]
    return min(values, default=np.inf)


# Optima everywhere.


def optimum_everywhere(
    ready: Premises, found: Sequence[Program], faces: Sequence[str] = (), whole: bool = False
) -> tuple[Optimum, list[Spot]]:
    """Return the optimum that is right wherever it was looked for, and where that was.

    If `whole` the value must be one monomial and the faces the same everywhere; otherwise it is
    enough that the point is optimal everywhere.

    Raises
    ------
    SplitNeededError, CaseNeededError
        Where another optimum takes over, with what decides which.
    StuckError
        Where there is none.
    """
    by_sample = list(spots(ready))
    if not by_sample:
        raise StuckError("no optimum was found: no example of the assumptions")
    first = optimum_at(found, ready, by_sample[0][0], faces)
    if first is None:
        raise StuckError("no optimum was found")
    for spot in by_sample[0]:
        rival = _rival(found, ready, spot, first, faces, whole)
        if rival is not None:
            _ask_for_split(rival, ready)
    for others in by_sample[1:]:
        rival = _rival(found, ready, others[0], first, faces, whole)
        if rival is not None:
            _ask_for_case(rival, by_sample[0][0], others[0], ready.ctx.ring)
    return first, [spot for several in by_sample for spot in several]


def _rival(
    found: Sequence[Program], ready: Premises, spot: Spot, first: Optimum, faces: Sequence[str],
    whole: bool,
) -> list[Form] | None:  # fmt: skip
    """Return forms one of which changes its sign where an optimum is not one at a spot."""
    numbers = {name: spot.at(form) for name, form in first.point.items()}
    broken = [
        _put(form, first.point)
        for form in Program(ready.ctx, ()).inside
        if spot.at(form, **numbers) < -EQUAL
    ]
    if broken:
        return broken
    best = optimum_at(found, ready, spot, faces)
    if best is None:
        return None
    value = spot.at(best.value)
    if (evaluated(found, spot, numbers) > value + EQUAL) or (
        whole and abs(spot.at(first.value) - value) > EQUAL
    ):
        return [first.value - best.value]
    if whole:
        return _different_faces(first, best, spot)
    return None


def _different_faces(first: Optimum, best: Optimum, spot: Spot) -> list[Form] | None:
    for name, ends in first.faces.items():
        for one, other in zip(ends, best.faces[name], strict=True):
            if (one is None) != (other is None):
                return []
            if one is not None and other is not None and abs(spot.at(one - other)) > EQUAL:
                return [one - other]
    return None


def _put(form: Form, point: Mapping[str, Form]) -> Form:
    total = Form({})
    for variable, coeff in form.coeffs.items():
        value = point.get(variable)
        total = total + (Form({variable: coeff}) if value is None else value.scale(coeff))
    return total


def _ask_for_split(rivals: Sequence[Form], ready: Premises) -> None:
    """Ask for the sign of the first form that what is known leaves open, if there is one."""
    prover = Prover(outer_context(ready))
    for form in rivals:
        if not form.is_zero() and not prover.nonnegative(form) and not prover.nonnegative(-form):
            raise SplitNeededError(_scaled(form, prover))


def _scaled(form: Form, prover: Prover) -> Form:
    """Divide by the size of the first coefficient, where its sign is known."""
    coeff = next(iter(form.coeffs.values()))
    one = prover.ctx.ring.one
    for size in (coeff, -coeff):
        if prover.weakly_positive(size):
            return form.scale(one / size)
    return form


def _ask_for_case(rivals: Sequence[Form], here: Spot, there: Spot, ring: Ring) -> None:
    """Ask for the sign of a factor of a coefficient that is different at two spots."""
    for form in rivals:
        for coeff in form.coeffs.values():
            for factor in _factors(coeff, ring):
                signs = [factor.at(spot.sample) > 0 for spot in (here, there)]
                if signs[0] != signs[1]:
                    raise CaseNeededError(factor, str(ring.expr(factor)))


def _factors(value: Frac, ring: Ring) -> Iterator[Frac]:
    """Yield the irreducible factors of numerator and denominator."""
    one = ring.one.den
    for poly in (value.num, value.den):
        if not poly.is_constant():
            for factor, _ in poly.factor()[1]:
                yield Frac(factor, one)


# Away from the optimum.


@dataclass(frozen=True, slots=True)
class Saturations:
    """How the objective grows away from an optimum: slopes, and what it does not exceed."""

    slopes: tuple[Frac, ...]
    caps: tuple[Form, ...]


def saturations(
    ready: Premises,
    found: Sequence[Program],
    value: Form,
    gap: Form,
    where: Sequence[Spot],
    sides: Sequence[Side],
) -> Saturations:
    """Return how the objective grows above its least value with the size of `gap`.

    Raises
    ------
    StuckError
        Where it does not grow: the optimum is not unique.
    """
    names = sorted(varied(ready))
    one = ready.ctx.ring.one
    slopes: dict[Frac, None] = {}
    caps: dict[Form, None] = {}
    for spot in where:
        for side in sides:
            distance = gap if side == "above" else -gap
            for share in _distances(found, names, distance, spot):
                away = Spot(spot.sample, {**spot.given, DISTANCE: share})
                best = _least(found, names, away, distance - Form({DISTANCE: one}))
                if best is None:
                    continue
                rise = best.forms[VALUE] - value
                if away.at(rise) < EQUAL:
                    raise StuckError("the optimum is not unique")
                slope = rise.coeffs.get(DISTANCE)
                if slope is None:
                    caps[rise] = None
                else:
                    slopes[slope] = None
    return Saturations(tuple(slopes), tuple(caps))


def _distances(
    found: Sequence[Program], names: Sequence[str], distance: Form, spot: Spot
) -> list[float]:
    """Return distances from the optimum at which there are feasible points, if any."""
    variables = {name: as_float(c.at(spot.sample)) for name, c in distance.coeffs.items()
                 if name in names}  # fmt: skip
    cost = {name: -c for name, c in variables.items()}
    farthest = 0.0
    away = Spot(spot.sample, {**spot.given, DISTANCE: FARTHEST})
    for program in found:
        ring = program.ctx.ring
        limit = Form({DISTANCE: ring.one}) - distance
        solved = _solve([*program.inside, limit], cost, names, away, ring)
        if solved is not None:
            farthest = max(farthest, spot.at(distance, **solved.numbers))
    return [share * farthest for share in SHARES] if farthest > TIGHT else []
