r"""Systems of linear equations and inequalities in non-negative unknowns, solved exactly.

Floating point proposes which unknowns are needed: non-negative least squares, which finds few and
is quick, and where that leaves the matter open a linear program (SciPy's HiGHS).  The system
restricted to these unknowns is then solved in rational arithmetic.

Many systems share most of their columns.  A `Block` of columns is laid out once, and each system
adds its own.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor, log10

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint, milp, nnls

from ratecert.proofs_check.kernel.algebra import to_fraction
from ratecert.proofs_check.language.errors import RejectedError

__all__ = ["Array", "Block", "Column", "System", "TooLargeError", "as_float", "nearest"]

Array = NDArray[np.float64]
Column = Mapping[Hashable, fmpq]
"""The coefficients of one unknown by equation."""

SUPPORT = 1e-9
CLOSE, SURELY_APART = 1e-7, 1e-3
"""Distances of least squares below which a solution is tried, and above which there is none.

Between them a linear program is asked.
"""


LARGEST = 1e150
"""The squares of what is larger are infinite."""


class TooLargeError(RejectedError):
    """A number that floating point, in which the search proposes, does not hold."""


def as_float(value: fmpq | Fraction) -> float:
    """Return a number as the float nearest to it.

    Raises
    ------
    TooLargeError
        Beyond `LARGEST`.
    """
    top, bottom = (
        (value.numerator, value.denominator)
        if isinstance(value, Fraction)
        else (int(value.p), int(value.q))
    )
    try:
        number = top / bottom
    except OverflowError:
        number = LARGEST * 2
    if abs(number) > LARGEST:
        raise TooLargeError(
            "an exponent is too large a number for the search for a derivation, "
            f"which works in floating point: above 10^{floor(log10(LARGEST))}"
        )
    return number


@dataclass(frozen=True, slots=True)
class Block:
    """Columns with the numbers of their equations, as floats."""

    columns: tuple[Column, ...]
    rows: Mapping[Hashable, int]
    matrix: Array

    @staticmethod
    def of(columns: Sequence[Column], before: Mapping[Hashable, int] | None = None) -> Block:
        """Lay columns out; equations that are not among those `before` get new numbers."""
        rows = dict(before or {})
        for column in columns:
            for row in column:
                rows.setdefault(row, len(rows))
        matrix = np.zeros((len(rows), len(columns)))
        for k, column in enumerate(columns):
            for row, value in column.items():
                matrix[rows[row], k] = as_float(value)
        return Block(tuple(columns), rows, matrix)


@dataclass(frozen=True, slots=True)
class System:
    """A system ``A x = r, x >= 0`` with columns of its own and, after them, a block.

    Attributes
    ----------
    own, block
        The columns of A.
    right
        What is not 0 on the right side.
    limits
        Rows of ``L x <= 0``, or ``L x <= right`` with the entries of `bounds`.
    gain
        Unknowns whose sum is to be positive, and large; where there are none the sum of all
        unknowns is to be small.
    """

    own: Sequence[Column]
    block: Block
    right: Mapping[Hashable, fmpq]
    limits: Array
    bounds: Array
    gain: Sequence[int] = field(default=())

    def solve(self) -> list[Fraction] | None:
        """Return a solution, exact, or None."""
        own = Block.of([*self.own, self.right], self.block.rows)
        first = len(self.own)
        matrix = np.zeros((len(own.rows), first + len(self.block.columns)))
        matrix[:, :first] = own.matrix[:, :-1]
        matrix[: len(self.block.rows), first:] = self.block.matrix
        target = own.matrix[:, -1]
        values, gap = self._nearest(matrix, target)
        if gap > SURELY_APART:
            return None
        if gap < CLOSE and (not self.gain or any(values[k] > SUPPORT for k in self.gain)):
            found = self._exact(values, own.rows)
            if found is not None:
                return found
        return self._optimum(matrix, target, own.rows)

    def _nearest(self, matrix: Array, target: Array) -> tuple[Array, float]:
        """Return unknowns that come nearest to a solution, and by how much they fail."""
        rows, count = matrix.shape
        slack = len(self.limits)
        whole = np.zeros((rows + slack, count + slack))
        whole[:rows, :count], whole[rows:, :count] = matrix, self.limits
        whole[rows:, count:] = np.eye(slack)
        values, gap = nearest(whole, np.concatenate([target, self.bounds]))
        return values[:count], gap

    def _optimum(
        self, matrix: Array, target: Array, rows: Mapping[Hashable, int]
    ) -> list[Fraction] | None:
        """Return an exact solution with few and small unknowns, or a large gain, or None."""
        cost = np.ones(matrix.shape[1])
        if self.gain:
            cost[:] = 0.0
            cost[list(self.gain)] = -1.0
        equations = [LinearConstraint(matrix, target, target)]
        if len(self.limits):
            equations.append(LinearConstraint(self.limits, -np.inf, self.bounds))
        # `milp` without integers is `linprog` with less around it.
        answer = milp(cost, constraints=equations)
        return None if answer.status != 0 else self._exact(answer.x, rows)

    def _exact(self, values: Array, rows: Mapping[Hashable, int]) -> list[Fraction] | None:
        """Solve the equations on the support by elimination; free unknowns take rounded values."""
        columns = [*self.own, *self.block.columns]
        support = [k for k, value in enumerate(values) if value > SUPPORT]
        used = {rows[row] for k in support for row in columns[k]}
        place = {row: k for k, row in enumerate(sorted(used | {rows[r] for r in self.right}))}
        width = len(support) + 1
        table = [[fmpq(0)] * width for _ in place]
        for k, column in enumerate([*(columns[k] for k in support), self.right]):
            for row, value in column.items():
                table[place[rows[row]]][k] = value
        found = _eliminated(table, [Fraction(float(values[k])) for k in support])
        if found is None:
            return None
        solution = [Fraction(0)] * len(columns)
        for k, entry in zip(support, found, strict=True):
            solution[k] = entry
        return solution


def _eliminated(table: list[list[fmpq]], about: Sequence[Fraction]) -> list[Fraction] | None:
    """Return a non-negative solution; the last column is the right side."""
    width = len(about) + 1
    reduced, rank = fmpq_mat(len(table), width, [v for row in table for v in row]).rref()
    pivots = [next(k for k in range(width) if reduced[row, k] != 0) for row in range(rank)]
    if width - 1 in pivots:
        return None
    free = [k for k in range(width - 1) if k not in pivots]
    solution = {k: about[k].limit_denominator(1000) for k in free}
    for row, pivot in enumerate(pivots):
        entry = to_fraction(reduced[row, width - 1])
        entry -= sum((to_fraction(reduced[row, k]) * solution[k] for k in free), Fraction(0))
        if entry < 0:
            return None
        solution[pivot] = entry
    return [solution[k] for k in range(width - 1)]


def nearest(matrix: Array, target: Array) -> tuple[Array, float]:
    """Return the non-negative x that minimises ``|A x - r|``, and that distance.

    Where the search takes too many steps the distance is `CLOSE`: nothing is known.
    """
    scales = np.sqrt((matrix * matrix).sum(axis=0))
    scales[scales == 0] = 1.0
    try:
        values, gap = nnls(matrix / scales, target)
    except RuntimeError:  # too many steps
        return np.zeros(matrix.shape[1]), CLOSE
    return values / scales, float(gap)
