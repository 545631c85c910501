r"""Where which regime holds, as a table and as a picture in exponent space.

With ``M = t^y`` and ``N = t^x`` a comparison of monomials, such as ``M >= (N_eff*gamma)^(1/a)``,
is linear in (x, y): at fixed parameters the regimes are sectors of the quadrant.  The picture is
drawn for a step size of constant order, where all regimes between two sizes can be seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from itertools import pairwise

from generate.markdown import html, one_table
from ratecert.numerics.legs.places import moderate_values
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.expr import Expr, free_names
from ratecert.proofs_check.language.grammar import parse_condition, parse_expr
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.paths.bounds import Path, order_along
from ratecert.proofs_check.paths.orders import Order, UndecidedError
from ratecert.proofs_check.verdict.certificate import Certificate, Regime
from ratecert.writing.page import math, math_condition
from ratecert.writing.tables import Math, TableCell, Text

__all__ = ["picture", "sectors", "table"]

Direction = tuple[Fraction, Fraction]
"""The exponents (x, y) of the two sizes."""

_STEPS = ("N", "N_eff")  # one axis: they differ by a logarithm, which no exponent shows


def conditions_of(regime: Regime) -> list[Condition]:
    """Return the conditions of a regime."""
    return [condition for text in regime.when for condition in parse_condition(text)]


def table(certificate: Certificate) -> str:
    """Return the regimes with their numbers in the picture."""
    return one_table(("", "where", "order"), _rows(certificate))


def _rows(certificate: Certificate) -> Iterator[tuple[TableCell, ...]]:
    for number, regime in enumerate(certificate.regimes, 1):
        shown = [math_condition(condition) for condition in conditions_of(regime)]
        latex, plain = (sep.join(texts) for sep, texts in (
            (r",\ ", [m.latex for m in shown]), (", ", [m.plain for m in shown])))  # fmt: skip
        where: TableCell = Math(latex, plain) if shown else Text("always")
        yield Text(str(number)), where, math(parse_expr(regime.order))


# The picture.


@dataclass(frozen=True, slots=True)
class Plane:
    """Two sizes as axes, at fixed values of the parameters."""

    claim: Claim
    axes: tuple[str, str]
    values: dict[str, Fraction]

    def exponent(self, expr: Expr, at: Direction) -> Fraction:
        """Return the power of t of an expression along a direction."""
        orders = {name: Order(Fraction(0)) for name in free_names(expr) - self.values.keys()}
        for name, power in zip(self.axes, at, strict=True):
            for same in _STEPS if name in _STEPS else (name,):
                orders[same] = Order(power)
        return order_along(expr, Path(self.values, orders)).x

    def excess(self, condition: Condition, at: Direction) -> Fraction:
        """Return by how much the left side's exponent exceeds the right side's."""
        return self.exponent(condition.left, at) - self.exponent(condition.right, at)

    def holds(self, condition: Condition, at: Direction) -> bool:
        """Return whether a condition between sizes holds in order of magnitude there."""
        gap = self.excess(condition, at)
        return {"<": gap <= 0, "<=": gap <= 0, "=": gap == 0, ">=": gap >= 0, ">": gap >= 0}[
            condition.op
        ]

    def edge(self, condition: Condition) -> Direction | None:
        """Return the direction inside the quadrant along which the two sides are of one order."""
        one, zero = Fraction(1), Fraction(0)
        x, y = self.excess(condition, (one, zero)), self.excess(condition, (zero, one))
        if self.excess(condition, (one, one)) != x + y:
            raise UndecidedError("not a comparison of monomials")
        return (abs(y), abs(x)) if x * y < 0 else None


@dataclass(frozen=True, slots=True)
class Sector:
    """What lies between two directions: the number of its regime, 0 where the claim is silent."""

    start: Direction
    end: Direction
    regime: int

    @property
    def middle(self) -> Direction:
        """A direction well inside."""
        (x0, y0), (x1, y1) = _on_the_rim(self.start), _on_the_rim(self.end)
        return x0 + x1, y0 + y1


def sectors(certificate: Certificate) -> tuple[Plane, list[Sector]] | None:
    """Return the sectors of the regimes, None where they are not those of two sizes."""
    regimes = [conditions_of(regime) for regime in certificate.regimes]
    plane = _plane(certificate.claim, [c for regime in regimes for c in regime])
    if plane is None:
        return None
    given = [c for c in certificate.claim.assume if _compares(c, plane)]
    try:
        conditions = [*given, *(c for regime in regimes for c in regime)]
        edges = {edge for c in conditions if (edge := plane.edge(c)) is not None}
        rays = sorted({(Fraction(1), Fraction(0)), (Fraction(0), Fraction(1)), *edges}, key=_slope)
        return plane, [_sector(plane, given, regimes, *pair) for pair in pairwise(rays)]
    except UndecidedError:
        return None


def _plane(claim: Claim, conditions: Sequence[Condition]) -> Plane | None:
    samples = moderate_values(claim, 1)
    if len(conditions) < 2 or not samples:
        return None
    names = frozenset[str]().union(*(free_names(c.left) | free_names(c.right) for c in conditions))
    sizes = names - samples[0].keys() - {"gamma"}
    steps = sorted(sizes & set(_STEPS))[-1:]
    others = sorted(sizes - set(_STEPS))
    if len(steps) != 1 or len(others) != 1:
        return None
    return Plane(claim, (steps[0], others[0]), samples[0])


def _compares(condition: Condition, plane: Plane) -> bool:
    names = free_names(condition.left) | free_names(condition.right)
    return not names <= plane.values.keys()


def _sector(
    plane: Plane, given: Sequence[Condition], regimes: Sequence[Sequence[Condition]],
    start: Direction, end: Direction,
) -> Sector:  # fmt: skip
    found = Sector(start, end, 0)
    if all(plane.holds(condition, found.middle) for condition in given):
        for number, regime in enumerate(regimes, 1):
            if all(plane.holds(condition, found.middle) for condition in regime):
                return Sector(start, end, number)
    return found


def _slope(at: Direction) -> Fraction:
    return at[1] / (at[0] + at[1])


def _on_the_rim(at: Direction) -> Direction:
    """Return the point of the unit square's rim in that direction."""
    longer = max(at)
    return at[0] / longer, at[1] / longer


# Drawing.

_SIDE, _LEFT, _TOP = 220, 46, 12


def picture(certificate: Certificate) -> str:
    """Return the regimes as numbered sectors; empty where there is no such picture."""
    found = sectors(certificate)
    if found is None:
        return ""
    plane, parts = found
    shapes = "".join(_shape(part) for part in parts)
    rays = "".join(_ray(part.end) for part in parts[:-1])
    told = ", ".join(f"{name} = {value}" for name, value in plane.values.items())
    width, height = _SIDE + _LEFT + 12, _SIDE + _TOP + 44
    x, y = (_spelt(axis) for axis in plane.axes)
    middle = _TOP + _SIDE / 2
    return html(
        f'<figure class="rc-figure rc-regimes"><svg viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" '
        f'aria-label="Regimes in the plane of log {escape(x)} and log {escape(y)}">'
        f"{shapes}{rays}"
        f'<path class="rc-axis" d="M{_LEFT} {_TOP} V{_TOP + _SIDE} H{_LEFT + _SIDE}"/>'
        f'<text x="{_LEFT + _SIDE / 2}" y="{_TOP + _SIDE + 22}" class="rc-label">log {x}</text>'
        f'<text x="16" y="{middle}" class="rc-label" transform="rotate(-90 16 {middle})">'
        f"log {y}</text>"
        f'<text x="{_LEFT + _SIDE / 2}" y="{_TOP + _SIDE + 38}" class="rc-small">'
        f"at {escape(told)}, step size of constant order</text></svg></figure>"
    )


def _spelt(axis: str) -> str:
    """Return the name of a size for the label of an axis."""
    return "N<tspan dy='4' font-size='70%'>eff</tspan><tspan dy='-4'></tspan>" * (
        axis == "N_eff"
    ) or escape(axis)


def _xy(at: Direction) -> str:
    x, y = _on_the_rim(at)
    return f"{float(_LEFT + _SIDE * x):.1f},{float(_TOP + _SIDE * (1 - y)):.1f}"


def _shape(part: Sector) -> str:
    rim = [part.start, part.end]
    if _slope(part.start) < Fraction(1, 2) < _slope(part.end):
        rim.insert(1, (Fraction(1), Fraction(1)))
    points = " ".join([f"{_LEFT},{_TOP + _SIDE}", *map(_xy, rim)])
    x, y = _on_the_rim(part.middle)
    text = part.regime or "excluded"
    left, top = float(_LEFT + _SIDE * x * 3 / 5), float(_TOP + _SIDE * (1 - y * 3 / 5))
    return (
        f'<polygon class="rc-regime rc-regime-{part.regime % 7}" points="{points}"/>'
        f'<text x="{left:.1f}" y="{top:.1f}" class="rc-number">{text}</text>'
    )


def _ray(at: Direction) -> str:
    return f'<path class="rc-ray" d="M{_LEFT},{_TOP + _SIDE} L{_xy(at)}"/>'
