r"""Finding the certificates that `proofs_check.cone` checks, by linear programming.

The multipliers are unknown non-negative combinations of products of at most d of the assumed
inequalities between the parameters (Handelman's basis).  That the identity of `cone` holds as an
identity of polynomials is a linear system in these unknowns: one equation for every logarithm and
every monomial in the parameters.  SciPy's HiGHS proposes a vertex, i.e. a support; the system
restricted to the support is then solved in rational arithmetic.  Nothing here is trusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations_with_replacement, islice, product
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat, fmpq_mpoly
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint, milp, nnls

from proofs_check.algebra import Factor, Form, Frac, Ring, to_fmpq, to_fraction
from proofs_check.cone import Clause, Context, RejectedError, check_certificate, is_multiple
from proofs_check.logform import LOGLOG

__all__ = ["certificate", "holds_at_examples", "points", "positive", "sign_multiplier"]

DEGREES = (0, 1, 2, 3)
"""Largest numbers of assumed inequalities that are multiplied with each other, in turn."""
MAX_UNKNOWNS = 6000
ABSORPTIONS = (20, 10**9)
"""``log log S`` may occur with at most this many times the multiplier of ``log S``.

The smaller bound keeps the linear program well scaled; the larger is tried where it is too small.
"""
SUPPORT = 1e-9
CLOSE, SURELY_APART = 1e-7, 1e-3
"""Distances of least squares below which a solution is tried, and above which there is none.

Between them a linear program is asked.
"""

Term = tuple[int, ...]
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Basis:
    """Products of factors: their indices, polynomials and whether all factors are strict."""

    terms: tuple[Term, ...]
    polys: tuple[fmpq_mpoly, ...]
    strict: tuple[bool, ...]


@lru_cache(maxsize=256)
def _basis(ring: Ring, factors: tuple[Factor, ...], degree: int) -> _Basis:
    terms: list[Term] = []
    polys: list[fmpq_mpoly] = []
    for size in range(degree + 1):
        for term in combinations_with_replacement(range(len(factors)), size):
            poly = ring.one.num
            for index in term:
                poly = poly * factors[index].poly
            terms.append(term)
            polys.append(poly)
    strict = tuple(all(factors[i].strict for i in term) for term in terms)
    return _Basis(tuple(terms), tuple(polys), strict)


TRIED = tuple(
    map(
        Fraction,
        ("3/2", "2", "3", "1/2", "5/4", "5/2", "1", "4", "11/10", "-1/2", "7", "1/4", "-2"),
    )
)
"""Values that are tried for parameters, in turn, where an example is needed."""
MAX_TRIED = 4000


@lru_cache(maxsize=256)
def points(
    ring: Ring, factors: tuple[Factor, ...], count: int = 3
) -> tuple[tuple[Fraction, ...], ...]:
    """Return a few values of the parameters at which all inequalities hold, strictly if strict."""
    found: list[tuple[Fraction, ...]] = []
    for point in islice(product(TRIED, repeat=len(ring.names)), MAX_TRIED):
        if all(_holds(factor, point) for factor in factors):
            found.append(point)
            if len(found) == count:
                break
    return tuple(found)


def _holds(factor: Factor, point: tuple[Fraction, ...]) -> bool:
    values = [to_fmpq(value) for value in point]
    value = factor.poly(*values) if values else _constant(factor.poly)
    return bool(value > 0) if factor.strict else bool(value >= 0)


def _constant(poly: fmpq_mpoly) -> fmpq:
    return fmpq(0) if poly.is_zero() else fmpq(poly.leading_coefficient())


def _float(value: fmpq) -> float:
    return int(value.p) / int(value.q)


class _System:
    """A linear system ``A x = r`` in named non-negative unknowns, exact."""

    def __init__(self) -> None:
        self.columns: list[dict[Any, fmpq]] = []
        self.rhs: dict[Any, fmpq] = {}
        self.bounds: list[tuple[dict[int, float], float]] = []
        self.gain: dict[int, float] = {}

    def column(self) -> int:
        self.columns.append({})
        return len(self.columns) - 1

    def put(self, row: Any, column: int, value: fmpq) -> None:
        entry = self.columns[column]
        entry[row] = entry[row] + value if row in entry else value

    def put_poly(self, row: Any, column: int, poly: fmpq_mpoly, sign: int) -> None:
        for monomial, value in poly.to_dict().items():
            self.put((row, monomial), column, value if sign > 0 else -value)

    def solve(self) -> list[Fraction] | None:
        """Return a solution, exact, or None."""
        rows = {row: k for k, row in enumerate(dict.fromkeys(self._rows()))}
        matrix = np.zeros((len(rows), len(self.columns)))
        for column, entries in enumerate(self.columns):
            for row, value in entries.items():
                matrix[rows[row], column] = _float(value)
        target = np.zeros(len(rows))
        for row, value in self.rhs.items():
            target[rows[row]] = _float(value)
        values, gap = self._nearest(matrix, target)
        if gap > SURELY_APART:
            return None
        if gap < CLOSE and (not self.gain or any(values[k] > SUPPORT for k in self.gain)):
            found = self._exact([k for k, v in enumerate(values) if v > SUPPORT], rows, values)
            if found is not None:
                return found
        return self._optimum(matrix, target, rows)

    def _nearest(self, matrix: Array, target: Array) -> tuple[Array, float]:
        """Return non-negative unknowns that come nearest to a solution, and by how much they fail.

        Non-negative least squares finds few unknowns, and faster than a linear program is set up.
        Each bound gets an unknown for what is left of it.
        """
        count = matrix.shape[1]
        left, right = self._inequalities(count)
        whole = np.block([[matrix, np.zeros((len(matrix), len(left)))], [left, np.eye(len(left))]])
        scales = np.sqrt((whole * whole).sum(axis=0))
        scales[scales == 0] = 1.0
        try:
            values, gap = nnls(whole / scales, np.concatenate([target, right]))
        except RuntimeError:  # too many steps
            return np.zeros(count), CLOSE
        return (values / scales)[:count], float(gap)

    def _optimum(
        self, matrix: Array, target: Array, rows: Mapping[Any, int]
    ) -> list[Fraction] | None:
        """Return an exact solution with few and small unknowns, or a large gain, or None."""
        count = matrix.shape[1]
        cost = np.array([-self.gain.get(k, 0.0) if self.gain else 1.0 for k in range(count)])
        left, right = self._inequalities(count)
        limits = [LinearConstraint(matrix, target, target)]
        if self.bounds:
            limits.append(LinearConstraint(left, -np.inf, right))
        # `milp` without integers is `linprog` with less around it.
        answer = milp(cost, constraints=limits)
        if answer.status != 0:
            return None
        support = [k for k, value in enumerate(answer.x) if value > SUPPORT]
        return self._exact(support, rows, answer.x)

    def _rows(self) -> Iterator[Any]:
        for entries in self.columns:
            yield from entries
        yield from self.rhs

    def _inequalities(self, count: int) -> tuple[Array, Array]:
        left = np.zeros((len(self.bounds), count))
        for k, (entries, _) in enumerate(self.bounds):
            for column, value in entries.items():
                left[k, column] = value
        return left, np.array([right for _, right in self.bounds])

    def _exact(
        self, support: list[int], rows: Mapping[Any, int], values: Array
    ) -> list[Fraction] | None:
        """Solve the equations on the support by elimination; free unknowns take rounded values."""
        width = len(support) + 1
        used = sorted(
            {rows[r] for k in support for r in self.columns[k]} | {rows[r] for r in self.rhs}
        )
        place = {row: k for k, row in enumerate(used)}
        table = [[fmpq(0)] * width for _ in used]
        for k, column in enumerate(support):
            for row, value in self.columns[column].items():
                table[place[rows[row]]][k] = value
        for row, value in self.rhs.items():
            table[place[rows[row]]][-1] = value
        reduced, rank = fmpq_mat(table).rref()
        pivots = []
        for row in range(rank):
            pivot = next(k for k in range(width) if reduced[row, k] != 0)
            if pivot == width - 1:
                return None
            pivots.append(pivot)
        solution = [Fraction(0)] * len(self.columns)
        free = [k for k in range(width - 1) if k not in pivots]
        for k in free:
            solution[support[k]] = Fraction(float(values[support[k]])).limit_denominator(1000)
        for row, pivot in enumerate(pivots):
            entry = to_fraction(reduced[row, width - 1])
            for k in free:
                entry -= to_fraction(reduced[row, k]) * solution[support[k]]
            if entry < 0:
                return None
            solution[support[pivot]] = entry
        return solution


def certificate(ctx: Context, clause: Clause, diverging: bool = False) -> dict[str, Any] | None:
    """Return a certificate of ``min_j a_j <= max_l b_l + C`` for `check_certificate`, or None."""
    simple = None if diverging else _simple(ctx, clause)
    if simple is not None:
        return simple
    examples = _points(ctx)
    for degree in DEGREES if ctx.factors else DEGREES[:1]:
        # An example is cheaper than a larger basis, and settles most of what is false.
        tried = {1: examples[:1], 2: examples[1:]}.get(degree, ())
        if not all(_holds_at(ctx, clause, point) for point in tried):
            return None
        basis = _basis(ctx.ring, ctx.factors, degree)
        count = len(clause[0]) + len(clause[1]) + len(ctx.generators)
        if count * len(basis.terms) > MAX_UNKNOWNS:
            return None
        for absorption in ABSORPTIONS if _needs_absorption(clause) else ABSORPTIONS[:1]:
            found = _certificate(ctx, clause, diverging, basis, absorption)
            if found is not None and _is_accepted(ctx, clause, found, diverging):
                return found
    return None


def _is_accepted(ctx: Context, clause: Clause, found: dict[str, Any], diverging: bool) -> bool:
    """Whether the checker agrees; a multiplier too small for the solver may have been lost."""
    try:
        check_certificate(ctx, clause, found, diverging)
    except RejectedError:
        return False
    return True


def _needs_absorption(clause: Clause) -> bool:
    """Whether a double logarithm is to be bounded from above."""
    return any(
        variable.startswith(LOGLOG)
        for forms in clause
        for form in forms
        for variable in form.coeffs
    )


def _simple(ctx: Context, clause: Clause) -> dict[str, Any] | None:
    """Return the certificate of ``a <= a``, or of ``a <= b`` where ``b - a`` is a generator."""
    one = [["1", []]]
    for j, small in enumerate(clause[0]):
        for k, large in enumerate(clause[1]):
            gap = large - small
            for g, generator in enumerate(ctx.generators):
                if gap.is_zero() or (generator.absorbed_by is None and gap == generator.form):
                    return {
                        "mu": [one if i == j else [] for i in range(len(clause[0]))],
                        "nu": [one if i == k else [] for i in range(len(clause[1]))],
                        "gens": {} if gap.is_zero() else {str(g): one},
                    }
    return None


def holds_at_examples(ctx: Context, clause: Clause) -> bool:
    """Whether a clause may hold at examples of the parameters, double logarithms aside."""
    return all(_holds_at(ctx, clause, point, absorbed=False) for point in _points(ctx))


def _points(ctx: Context) -> tuple[tuple[Fraction, ...], ...]:
    return points(ctx.ring, ctx.factors)


def _holds_at(
    ctx: Context, clause: Clause, point: tuple[Fraction, ...], absorbed: bool = True
) -> bool:
    """Whether a clause has a certificate at fixed parameters; without one there is none at all.

    Unless `absorbed`, double logarithms need nothing to absorb them.
    """
    forms = [*clause[0], *clause[1], *(g.form for g in ctx.generators)]
    signs = [-1] * len(clause[0]) + [1] * len(clause[1]) + [-1] * len(ctx.generators)
    variables = sorted({var for form in forms for var in form.coeffs})
    matrix = np.zeros((len(variables) + 2, len(forms)))
    for k, (form, sign) in enumerate(zip(forms, signs, strict=True)):
        for var, coeff in form.coeffs.items():
            matrix[variables.index(var), k] = sign * float(coeff.at(point))
    lower, upper = len(clause[0]), len(clause[0]) + len(clause[1])
    matrix[-2, :lower], matrix[-2, lower:upper], matrix[-1, :lower] = -1.0, 1.0, 1.0
    target = np.zeros(len(matrix))
    target[-1] = 1.0
    absorbing = [
        _absorption_row(ctx, g, upper, len(forms))
        for g, generator in enumerate(ctx.generators)
        if generator.absorbed_by is not None and absorbed
    ]
    slack = np.eye(len(absorbing))
    limits = np.array(absorbing).reshape(len(absorbing), len(forms))
    whole = np.block([[matrix, np.zeros((len(matrix), len(absorbing)))], [limits, slack]])
    _, gap = nnls(whole, np.concatenate([target, np.zeros(len(absorbing))]))
    return bool(gap <= SURELY_APART)


def _absorption_row(ctx: Context, absorbed: int, first: int, width: int) -> Array:
    """Return the row of ``R <= Q · limit``; the columns of the generators start at `first`."""
    row = np.zeros(width)
    row[first + absorbed] = 1.0
    power = ctx.generators[absorbed].absorbed_by
    for g, generator in enumerate(ctx.generators):
        if power is not None and is_multiple(generator.form, power):
            row[first + g] = -float(ABSORPTIONS[-1])
    return row


def _certificate(
    ctx: Context, clause: Clause, diverging: bool, basis: _Basis, absorption: int
) -> dict[str, Any] | None:
    mins, maxs = clause
    system = _System()
    sides = {"mu": (mins, -1), "nu": (maxs, 1), "gens": ([g.form for g in ctx.generators], -1)}
    common = _common_denominators([form for forms, _ in sides.values() for form in forms], ctx)
    unknowns: dict[str, list[list[int]]] = {}
    for name, (forms, sign) in sides.items():
        unknowns[name] = [_columns(system, basis, form, sign, common) for form in forms]
    for name, sign in (("mu", -1), ("nu", 1)):
        for columns in unknowns[name]:
            for column, poly in zip(columns, basis.polys, strict=True):
                system.put_poly("weight", column, poly, sign)
    for columns in unknowns["mu"]:
        for column, strict in zip(columns, basis.strict, strict=True):
            if strict:
                system.put("total", column, fmpq(1))
    system.rhs["total"] = fmpq(1)
    _absorb(system, ctx, basis, unknowns["gens"], absorption)
    if diverging:
        growing = _strict_columns(ctx, basis, unknowns["gens"])
        system.gain = dict.fromkeys(growing, 1.0)
        system.bounds.append((dict.fromkeys(growing, 1.0), 1e3))
    solution = system.solve()
    if solution is None:
        return None
    if diverging and not any(solution[k] > 0 for k in system.gain):
        return None
    data: dict[str, Any] = {
        name: [_terms(columns, basis, solution) for columns in unknowns[name]]
        for name in ("mu", "nu")
    }
    gens = {str(g): _terms(cs, basis, solution) for g, cs in enumerate(unknowns["gens"])}
    return data | {"gens": {g: terms for g, terms in gens.items() if terms}}


def _common_denominators(forms: Iterable[Form], ctx: Context) -> dict[str, fmpq_mpoly]:
    common: dict[str, fmpq_mpoly] = {}
    for form in forms:
        for var, coeff in form.coeffs.items():
            have = common.get(var, ctx.ring.one.num)
            common[var] = have * (coeff.den / have.gcd(coeff.den))
    return common


def _columns(
    system: _System, basis: _Basis, form: Form, sign: int, common: Mapping[str, fmpq_mpoly]
) -> list[int]:
    cleared = {var: c.num * (common[var] / c.den) for var, c in form.coeffs.items()}
    columns = []
    for poly in basis.polys:
        column = system.column()
        for var, coeff in cleared.items():
            system.put_poly(var, column, poly * coeff, sign)
        columns.append(column)
    return columns


def _absorb(
    system: _System, ctx: Context, basis: _Basis, gens: list[list[int]], absorption: int
) -> None:
    for g, generator in enumerate(ctx.generators):
        if generator.absorbed_by is None:
            continue
        row = dict.fromkeys(gens[g], 1.0)
        for h, other in enumerate(ctx.generators):
            if is_multiple(other.form, generator.absorbed_by):
                for column, strict in zip(gens[h], basis.strict, strict=True):
                    if strict:
                        row[column] = -float(absorption)
        system.bounds.append((row, 0.0))


def _strict_columns(ctx: Context, basis: _Basis, gens: list[list[int]]) -> list[int]:
    return [
        column
        for g, generator in enumerate(ctx.generators)
        if generator.grows
        for column, strict in zip(gens[g], basis.strict, strict=True)
        if strict
    ]


def _terms(columns: list[int], basis: _Basis, solution: list[Fraction]) -> list[Any]:
    return [
        [str(solution[column]), list(term)]
        for column, term in zip(columns, basis.terms, strict=True)
        if solution[column]
    ]


# Signs of functions of the parameters.


def sign_multiplier(value: Frac, ctx: Context) -> tuple[str, list[Any]] | None:
    """Return the strict sign of a value with its multiplier, or None where it is not found."""
    for sign, poly in (("+", value.signed()), ("-", -value.signed())):
        found = positive(poly, ctx, strict=True)
        if found is not None:
            return sign, found
    return None


def positive(poly: fmpq_mpoly, ctx: Context, strict: bool) -> list[Any] | None:
    """Return a multiplier that multiplies out to the polynomial, or None."""
    if any(not _holds(Factor(poly, strict), point) for point in _points(ctx)):
        return None
    for degree in (*DEGREES, 4):
        basis = _basis(ctx.ring, ctx.factors, degree)
        system = _System()
        for term in basis.polys:
            system.put_poly("p", system.column(), term, 1)
        for monomial, value in poly.to_dict().items():
            system.rhs["p", monomial] = value
        if strict:
            system.gain = {k: 1.0 for k, is_strict in enumerate(basis.strict) if is_strict}
            system.bounds.append((dict.fromkeys(system.gain, 1.0), 1e6))
        solution = system.solve()
        if solution is None:
            continue
        if strict and not any(solution[k] for k in system.gain):
            continue
        return _terms(list(range(len(basis.terms))), basis, solution)
    return None
