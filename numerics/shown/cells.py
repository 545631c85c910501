r"""Cells of a plane: where the conditions of a regime hold, for pictures of what theory derives.

A cell comes as texts of the claim language, ``("M >= (N_eff*gamma)^(1/a)", ...)``, as
`ratecert.theory.derive` gives regimes and as a list of cells over the exponents (a, b) would be
given.  The *margin* of a cell at a point is the least, over its conditions ``X >= Y``, of
``log(X/Y)`` (of ``X - Y`` where a side is not positive): the cell is where it is positive, and its
boundary, the zero level, is a smooth function that needs no fine grid.  An equation that does not
hold on the whole plane makes the cell a line: there the margin is that of the other conditions,
and `line` gives the function whose zero level the line is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ratecert.numerics.model.problem import evaluate
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import Expr
from ratecert.proofs_check.language.grammar import parse_condition
from ratecert.proofs_check.language.statement import Condition

__all__ = ["Plane", "line", "margin", "sizes"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plane:
    """A grid of points: coordinates, the names at hand at each point, and labels.

    Attributes
    ----------
    x, y
        Coordinates of the columns and rows, increasing.
    names
        For each name of the conditions its values, shape (rows, columns).
    labels
        What x and y are, in mathematics.
    logarithmic
        Whether the axes are.
    """

    x: Array
    y: Array
    names: Mapping[str, Array]
    labels: tuple[str, str]
    logarithmic: bool = True

    @staticmethod
    def of_exponents(a: Sequence[float], b: Sequence[float]) -> Plane:
        """Return the plane of the exponents a (columns) and b (rows)."""
        x, y = np.array(a, dtype=float), np.array(b, dtype=float)
        X, Y = np.meshgrid(x, y)
        return Plane(x, y, {"a": X, "b": Y}, ("$a$", "$b$"), logarithmic=False)


def sizes(
    n: Sequence[float], M: Sequence[float], values: Mapping[str, float], gamma: float,
    steps: str = "N_eff",
) -> Plane:  # fmt: skip
    """Return the plane of ``n = N_eff gamma`` (or ``N gamma``) and M at parameter values."""
    x, y = np.array(n, dtype=float), np.array(M, dtype=float)
    X, Y = np.meshgrid(x, y)
    names = {"M": Y, steps: X / gamma, "gamma": np.full_like(X, gamma)}
    names |= {name: np.full_like(X, value) for name, value in values.items()}
    shown = {"N_eff": r"N_{\mathrm{eff}}\,\gamma", "N": r"N\,\gamma"}[steps]
    return Plane(x, y, names, (f"${shown}$", "$M$"))


def margin(plane: Plane, when: Sequence[str]) -> Array:
    """Return the margin of a cell at each point, at most 1, shape (rows, columns).

    Raises
    ------
    UserError
        For a condition about a name that the plane does not have.
    """
    found = np.ones((plane.y.size, plane.x.size))
    for condition in _conditions(when):
        if condition.op != "=":
            sign = -1.0 if condition.op in ("<=", "<") else 1.0
            found = np.minimum(found, sign * _difference(plane, condition))
    return found


def line(plane: Plane, when: Sequence[str]) -> Array | None:
    """Return the function that vanishes on a cell that is a line; None where it is an area."""
    for condition in _conditions(when):
        if condition.op == "=":
            difference = _difference(plane, condition)
            if np.abs(difference).max() > 1e-12:
                return difference
    return None


def _conditions(when: Sequence[str]) -> list[Condition]:
    return [condition for text in when for condition in parse_condition(text)]


def _difference(plane: Plane, condition: Condition) -> Array:
    """Return ``log(X/Y)``, or ``X - Y`` where a side is not positive."""
    left, right = (_values(plane, side) for side in (condition.left, condition.right))
    positive = (left > 0).all() and (right > 0).all()
    return np.asarray(np.log(left / right) if positive else left - right)


def _values(plane: Plane, side: Expr) -> Array:
    """Evaluate one side at every point."""
    rows = np.empty((plane.y.size, plane.x.size))
    for index in np.ndindex(rows.shape):
        at = {name: float(values[index]) for name, values in plane.names.items()}
        rows[index] = evaluate(side, at)
    if not math.isfinite(float(rows.sum())):
        raise UserError("a condition has no finite value in this plane")
    return rows
