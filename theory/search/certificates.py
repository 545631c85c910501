r"""Finding the certificates that the kernel's `cone` checks, by linear programming.

The multipliers are unknown non-negative combinations of products of at most d of the assumed
inequalities between the parameters (Handelman's basis).  That the identity of `cone` holds as an
identity of polynomials is a linear system in these unknowns: one equation for every logarithm and
every monomial in the parameters.  `systems` solves it exactly.  Nothing here is trusted.

What depends on the context alone is laid out once for all clauses: the columns of the generators
for each d, and their values at examples of the parameters.  At an example an identity of
polynomials is one of numbers, with non-negative multipliers, whatever d; so what has no solution
in numbers there has no certificate, and that is found out first.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations_with_replacement, islice, product
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mpoly

from ratecert.proofs_check.kernel.algebra import Factor, Form, Frac, Ring, to_fmpq
from ratecert.proofs_check.kernel.cone import (
    Clause,
    Context,
    Generator,
    check_certificate,
    is_multiple,
)
from ratecert.proofs_check.kernel.logform import LOGLOG
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.theory.search.systems import (
    SURELY_APART,
    Array,
    Block,
    Column,
    System,
    as_float,
    nearest,
)

__all__ = ["Cone", "certificate", "has_one_at", "points", "positive", "sign_multiplier"]

DEGREES = (0, 1, 2, 3)
"""Largest numbers of assumed inequalities that are multiplied with each other, in turn."""
EXAMPLES = (0, 1, 1, 3, 3)
"""How many examples of the parameters are looked at before each of them, and in all."""
MAX_UNKNOWNS = 6000
ABSORPTIONS = (20, 10**9)
"""``log log S`` may occur with at most this many times the multiplier of ``log S``.

The smaller bound keeps the linear program well scaled; the larger is tried where it is too small.
"""
Exponents = tuple[int, ...]

TOTAL, WEIGHT = "total", "weight"
"""Equations beside those of the logarithms: the weights of the two sides agree, and are not 0."""
LARGEST_GAIN, LARGEST_SIGN = 1e3, 1e6
"""Bounds of what is to be large, without which there would be no largest."""


def _as_column(poly: fmpq_mpoly) -> Column:
    """Return the coefficients of a polynomial by monomial."""
    return dict(poly.to_dict().items())


class _Basis:
    """Products of at most `degree` factors: their numbers, and whether all of them are strict."""

    def __init__(self, ring: Ring, factors: Sequence[Factor], degree: int):
        self.terms: list[Exponents] = []
        self.polys: list[fmpq_mpoly] = []
        for size in range(degree + 1):
            for term in combinations_with_replacement(range(len(factors)), size):
                poly = ring.one.num
                for index in term:
                    poly = poly * factors[index].poly
                self.terms.append(term)
                self.polys.append(poly)
        self.strict_terms = [
            k for k, term in enumerate(self.terms) if all(factors[i].strict for i in term)
        ]
        self._dicts = [poly.to_dict() for poly in self.polys]
        self._weights = {sign: self._of_weights(sign) for sign in (1, -1)}
        self.block = Block.of([_as_column(poly) for poly in self.polys])
        self._known: dict[Any, list[Column]] = {}

    def _of_weights(self, sign: int) -> list[Column]:
        """Return what stands in the equation of the weights; the lower side has a total, too."""
        weights: list[dict[Hashable, fmpq]] = [
            {(WEIGHT, m): sign * v for m, v in monomials.items()} for monomials in self._dicts
        ]
        for k in self.strict_terms if sign < 0 else ():
            weights[k][TOTAL] = fmpq(1)
        return list(weights)

    def known(self, form: Form, common: Mapping[str, fmpq_mpoly]) -> list[Column]:
        """Return the columns of minus a form, once for all contexts."""
        key = form, tuple(str(common.get(variable)) for variable in form.coeffs)
        if key not in self._known:
            self._known[key] = self._of(-form, common)
        return self._known[key]

    def columns(self, form: Form, common: Mapping[str, fmpq_mpoly], lower: bool) -> list[Column]:
        """Return the columns of a form on one side of a clause, those of the `lower` negative."""
        columns = self._of(-form if lower else form, common)
        weights = self._weights[-1 if lower else 1]
        return [{**column, **weight} for column, weight in zip(columns, weights, strict=True)]

    def _of(self, form: Form, common: Mapping[str, fmpq_mpoly]) -> list[Column]:
        """Return one column for each product: the coefficients of product times form."""
        columns: list[dict[Hashable, fmpq]] = [{} for _ in self.polys]
        for variable, coeff in form.coeffs.items():
            cleared = coeff.num
            if variable in common:
                cleared = cleared * (common[variable] / coeff.den)
            number = cleared.leading_coefficient() if cleared.is_constant() else None
            for k, column in enumerate(columns):
                if number is None:
                    for m, value in (self.polys[k] * cleared).to_dict().items():
                        column[variable, m] = value
                else:
                    for m, value in self._dicts[k].items():
                        column[variable, m] = value * number
        return list(columns)

    def multiplier(self, solution: Sequence[Fraction]) -> list[Any]:
        """Write the part of a solution that belongs to one form."""
        return [
            [str(value), list(term)]
            for value, term in zip(solution, self.terms, strict=True)
            if value
        ]


@lru_cache(maxsize=256)
def _basis(names: tuple[str, ...], factors: tuple[Factor, ...], degree: int) -> _Basis:
    return _Basis(Ring(names), factors, degree)


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
    names: tuple[str, ...], factors: tuple[Factor, ...], count: int = 3
) -> tuple[tuple[Fraction, ...], ...]:
    """Return a few values of the parameters at which all inequalities hold, strictly if strict."""
    found: list[tuple[Fraction, ...]] = []
    for point in islice(product(TRIED, repeat=len(names)), MAX_TRIED):
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


@dataclass(frozen=True, slots=True)
class _Table:
    """The columns of all generators for one basis, and the rows by which some are absorbed."""

    basis: _Basis
    block: Block
    absorbed: Array
    absorbing: Array


class Cone:
    """What certificates in one context are made of, and the search for them."""

    def __init__(self, ctx: Context):
        self._ctx = ctx
        self._common = _denominators([g.form for g in ctx.generators], {}, ctx)
        self._variables = {v for g in ctx.generators for v in g.form.coeffs}
        self._growing = [k for k, g in enumerate(ctx.generators) if g.grows]
        self._absorbers = _absorbers(ctx)
        self._tables: dict[Any, _Table] = {}
        self._examples: dict[int, _Example] = {}

    def certificate(self, clause: Clause, diverging: bool = False) -> dict[str, Any] | None:
        """Return a certificate of ``min_j a_j <= max_l b_l + C`` for `check_certificate`, or None.

        With `diverging` the difference of the two tends to infinity.
        """
        simple = None if diverging else _simple(self._ctx, clause)
        if simple is not None:
            return simple
        for degree in DEGREES if self._ctx.factors else DEGREES[:1]:
            # An example is cheaper than a larger basis, and settles most of what is false.
            if not all(e.allows(clause, diverging) for e in self._tried(degree)):
                return None
            basis = _basis(self._ctx.ring.names, self._ctx.factors, degree)
            count = len(clause[0]) + len(clause[1]) + len(self._ctx.generators)
            if count * len(basis.terms) > MAX_UNKNOWNS:
                return None
            for absorption in ABSORPTIONS if _needs_absorption(clause) else ABSORPTIONS[:1]:
                found = self._found(clause, diverging, basis, absorption)
                if found is not None and _is_accepted(self._ctx, clause, found, diverging):
                    return found
        return None

    def _tried(self, degree: int) -> Iterator[_Example]:
        """Yield the examples to look at before multipliers of a degree are searched."""
        known = points(self._ctx.ring.names, self._ctx.factors, EXAMPLES[-1])
        for k in range(EXAMPLES[degree], min(EXAMPLES[degree + 1], len(known))):
            if k not in self._examples:
                self._examples[k] = _Example(self._ctx, known[k], self._absorbers)
            yield self._examples[k]

    def _found(
        self, clause: Clause, diverging: bool, basis: _Basis, absorption: int
    ) -> dict[str, Any] | None:
        common = _denominators((*clause[0], *clause[1]), self._common, self._ctx)
        table = self._table(basis, common)
        width = len(basis.terms)
        own = [c for form in clause[0] for c in basis.columns(form, common, lower=True)]
        own += [c for form in clause[1] for c in basis.columns(form, common, lower=False)]
        first = len(own)
        limits = np.zeros((len(table.absorbed), first + len(table.block.columns)))
        limits[:, first:] = table.absorbed - absorption * table.absorbing
        bounds = np.zeros(len(limits))
        gain: list[int] = []
        if diverging:
            gain = [first + g * width + k for g in self._growing for k in basis.strict_terms]
            least = np.zeros(limits.shape[1])
            least[gain] = 1.0
            limits, bounds = np.vstack([limits, least]), np.append(bounds, LARGEST_GAIN)
        solution = System(own, table.block, {TOTAL: fmpq(1)}, limits, bounds, gain).solve()
        if solution is None or (diverging and not any(solution[k] > 0 for k in gain)):
            return None
        parts = [basis.multiplier(solution[k : k + width]) for k in range(0, len(solution), width)]
        lower, upper = len(clause[0]), len(clause[0]) + len(clause[1])
        gens = {str(g): terms for g, terms in enumerate(parts[upper:]) if terms}
        return {"mu": parts[:lower], "nu": parts[lower:upper], "gens": gens}

    def _table(self, basis: _Basis, common: Mapping[str, fmpq_mpoly]) -> _Table:
        """Return the columns of the generators, laid out once for every choice of denominators."""
        own = tuple((v, str(p)) for v, p in sorted(common.items()) if v in self._variables)
        key = len(basis.terms), own
        if key not in self._tables:
            columns = [c for g in self._ctx.generators for c in basis.known(g.form, common)]
            self._tables[key] = _Table(basis, Block.of(columns), *self._absorption(basis))
        return self._tables[key]

    def _absorption(self, basis: _Basis) -> tuple[Array, Array]:
        """Return for each absorbed generator the columns of it, and of what absorbs it."""
        width = len(basis.terms)
        shape = len(self._absorbers), width * len(self._ctx.generators)
        absorbed, absorbing = np.zeros(shape), np.zeros(shape)
        for row, (g, others) in enumerate(self._absorbers.items()):
            absorbed[row, g * width : (g + 1) * width] = 1.0
            for h in others:
                absorbing[row, [h * width + k for k in basis.strict_terms]] = 1.0
        return absorbed, absorbing


def certificate(ctx: Context, clause: Clause, diverging: bool = False) -> dict[str, Any] | None:
    """Return a certificate of one clause in a context, or None; see `Cone.certificate`."""
    return Cone(ctx).certificate(clause, diverging)


def has_one_at(
    ctx: Context, clause: Clause, values: Mapping[str, Fraction], diverging: bool = False
) -> bool:
    """Whether a clause has a certificate in numbers at values of the parameters.

    It has none where an exponent has a pole.
    """
    point = tuple(values[name] for name in ctx.ring.names)
    try:
        return _Example(ctx, point, _absorbers(ctx)).allows(clause, diverging)
    except ZeroDivisionError:
        return False


def _denominators(
    forms: Iterable[Form], known: Mapping[str, fmpq_mpoly], ctx: Context
) -> dict[str, fmpq_mpoly]:
    """Return common denominators of the coefficients of each logarithm, where they are not 1."""
    common = dict(known)
    for form in forms:
        for var, coeff in form.coeffs.items():
            if not coeff.den.is_one():
                have = common.get(var, ctx.ring.one.num)
                common[var] = have * (coeff.den / have.gcd(coeff.den))
    return common


def _absorbers(ctx: Context) -> dict[int, list[int]]:
    """Return the numbers of the generators that absorb another, for each that needs it."""
    return {
        g: [h for h, other in enumerate(ctx.generators) if is_multiple(other.form, power)]
        for g, generator in enumerate(ctx.generators)
        if (power := generator.absorbed_by) is not None
    }


def _is_log(generator: Generator) -> bool:
    return all(variable.startswith(LOGLOG) for variable in generator.form.coeffs)


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


class _Example:
    """The generators of a context at one example of the parameters."""

    def __init__(
        self, ctx: Context, point: tuple[Fraction, ...], absorbers: Mapping[int, Sequence[int]]
    ):
        count = len(ctx.generators)
        self._point = point
        variables = sorted({v for g in ctx.generators for v in g.form.coeffs})
        self._rows = {variable: k for k, variable in enumerate(variables)}
        self._forms = np.zeros((len(variables), count))
        for k, generator in enumerate(ctx.generators):
            for var, coeff in generator.form.coeffs.items():
                self._forms[self._rows[var], k] = -as_float(coeff.at(point))
        self._absorption = np.zeros((len(absorbers), count))
        for row, (g, others) in enumerate(absorbers.items()):
            self._absorption[row, list(others)] = -float(ABSORPTIONS[-1])
            self._absorption[row, g] = 1.0
        powers = {
            g for g, other in enumerate(ctx.generators) if other.grows and not _is_log(other)
        }
        self._powers = [g in powers for g in range(count)]
        self._logs = [other.grows and g not in powers for g, other in enumerate(ctx.generators)]
        self._plain = [g not in absorbers or powers.isdisjoint(absorbers[g]) for g in range(count)]

    def allows(self, clause: Clause, diverging: bool) -> bool:
        """Whether a clause has a certificate in numbers here; without one it has none at all.

        What diverges has one with a power of a size in it, or else one with a logarithm and
        nothing that takes a power to be absorbed.
        """
        if not diverging:
            return self._is_solvable(clause, None, None)
        return self._is_solvable(clause, self._powers, None) or self._is_solvable(
            clause, self._logs, self._plain
        )

    def _is_solvable(
        self, clause: Clause, gain: Sequence[bool] | None, used: Sequence[bool] | None
    ) -> bool:
        """Whether there are multipliers, of sum 1 for the generators `gain` or the lower side."""
        lower, upper = clause
        rows = dict(self._rows)
        for form in (*lower, *upper):
            for var in form.coeffs:
                rows.setdefault(var, len(rows))
        logs, count = self._forms.shape
        slack = len(self._absorption)
        own = count + len(lower) + len(upper)
        whole = np.zeros((len(rows) + 2 + slack, own + slack))
        whole[:logs, :count] = self._forms
        for k, form in enumerate((*lower, *upper), count):
            sign = -1.0 if k < count + len(lower) else 1.0
            for var, coeff in form.coeffs.items():
                whole[rows[var], k] = sign * as_float(coeff.at(self._point))
        whole[len(rows), count:own] = [-1.0] * len(lower) + [1.0] * len(upper)
        whole[len(rows) + 2 :, :count] = self._absorption
        whole[len(rows) + 2 :, own:] = np.eye(slack)
        if gain is None:
            whole[len(rows) + 1, count : count + len(lower)] = 1.0
        else:
            whole[len(rows) + 1, :count] = gain
        if used is not None:
            whole[:, :count] *= used
        target = np.zeros(len(whole))
        target[len(rows) + 1] = 1.0
        return nearest(whole, target)[1] <= SURELY_APART


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
    names = ctx.ring.names
    if any(not _holds(Factor(poly, strict), point) for point in points(names, ctx.factors)):
        return None
    for degree in (*DEGREES, 4):
        basis = _basis(names, ctx.factors, degree)
        gain = basis.strict_terms if strict else []
        limits = np.zeros((1 if strict else 0, len(basis.terms)))
        limits[:, gain] = 1.0
        bounds = np.full(len(limits), LARGEST_SIGN)
        solution = System([], basis.block, _as_column(poly), limits, bounds, gain).solve()
        if solution is None or (strict and not any(solution[k] for k in gain)):
            continue
        return basis.multiplier(solution)
    return None
