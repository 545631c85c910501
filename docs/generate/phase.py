"""The phase diagram over the exponents (a, b) of spectrum and target.

The lines of the diagram are those of the assumptions between ``a`` and ``b`` that the certified
statements make, its cells what the lines cut the rectangle into, open cells and pieces of lines
alike.  A cell shows every certified statement (default setting: Gaussian sketch, SGD, geometric
steps) whose assumptions hold there.  All geometry is exact, in rationals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from itertools import pairwise
from json import dumps

from generate.markdown import html, one_table, slug
from generate.verdicts import Judged, PaperRun
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.expr import (
    Add,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    children,
    free_names,
    rebuild,
)
from ratecert.proofs_check.language.grammar import parse_condition, parse_expr
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.paths.orders import exact_value
from ratecert.proofs_check.verdict.certificate import Regime, Verdict
from ratecert.writing.mathtext import latex
from ratecert.writing.page import markdown_words, math, math_condition
from ratecert.writing.tables import Math, TableCell, Text
from ratecert.writing.tidy import tidy

__all__ = ["Cell", "cells_of", "phase_page"]

Point = tuple[Fraction, Fraction]

A, B = (Fraction(1), Fraction(3)), (Fraction(1), Fraction(9, 2))
"""The ranges of a and b that are drawn."""


@dataclass(frozen=True, slots=True)
class Line:
    """The points where ``u a + v b = w``; `condition` is an assumption it comes from."""

    u: Fraction
    v: Fraction
    w: Fraction
    condition: Condition

    def side(self, at: Point) -> int:
        """Return the sign of ``u a + v b - w``."""
        value = self.u * at[0] + self.v * at[1] - self.w
        return (value > 0) - (value < 0)

    def meets(self, p: Point, q: Point) -> Point:
        """Return the point of a segment, whose ends lie on different sides, on the line."""
        at_p, at_q = (self.u * x + self.v * y - self.w for x, y in (p, q))
        share = at_p / (at_p - at_q)
        return p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])


@dataclass(frozen=True, slots=True)
class Cell:
    """A polygon, or a segment of a line, with what is known there."""

    corners: tuple[Point, ...]
    where: tuple[str, ...]
    known: tuple[Judged, ...]

    @property
    def middle(self) -> Point:
        """A point inside."""
        count = len(self.corners)
        return sum((x for x, _ in self.corners), Fraction(0)) / count, sum(
            (y for _, y in self.corners), Fraction(0)
        ) / count


# What holds where.


def _is_drawn(judged: Judged) -> bool:
    """Return whether a statement is certified in the default setting, with a and b alone."""
    claim = judged.claim
    usual = make_claim("M = O(M)").setting
    if judged.certificate.verdict is not Verdict.CERTIFIED or claim.setting != usual:
        return False
    between = list(_between_parameters(judged))
    return bool(between) and all(_line(condition) is not None for condition in between)


def _between_parameters(judged: Judged) -> Iterator[Condition]:
    for condition in judged.claim.assume:
        if free_names(condition.left) | free_names(condition.right) <= {"a", "b"}:
            yield condition


def _line(condition: Condition) -> Line | None:
    """Return the line on which both sides are equal, None where it is none."""

    def gap(a: int, b: int) -> Fraction | None:
        values = {"a": Fraction(a), "b": Fraction(b)}
        left, right = (exact_value(e, values) for e in (condition.left, condition.right))
        return None if left is None or right is None else left - right

    origin, one, other, both = gap(0, 0), gap(1, 0), gap(0, 1), gap(1, 1)
    if origin is None or one is None or other is None or both is None:
        return None
    if both - one - other + origin != 0:
        return None
    return Line(one - origin, other - origin, -origin, condition)


def _holds(condition: Condition, at: Point) -> bool:
    line = _line(condition)
    assert line is not None
    side = line.side(at)
    return {"<": side < 0, "<=": side <= 0, "=": side == 0, ">=": side >= 0, ">": side > 0}[
        condition.op
    ]


def _known(judged: Sequence[Judged], at: Point) -> tuple[Judged, ...]:
    return tuple(j for j in judged if all(_holds(c, at) for c in _between_parameters(j)))


# The cells.


def cells_of(runs: Sequence[PaperRun]) -> list[Cell]:
    """Return the polygons, then the segments on which more is known than beside them."""
    drawn = [j for run in runs for j in run.judged if _is_drawn(j)]
    lines: dict[tuple[Fraction, ...], Line] = {}
    for judged in drawn:
        for condition in _between_parameters(judged):
            line = _line(condition)
            if line is not None and line.v != 0 and line.u != 0:
                lines.setdefault((line.u / line.v, line.w / line.v), line)
    box = ((A[0], B[0]), (A[1], B[0]), (A[1], B[1]), (A[0], B[1]))
    polygons: list[tuple[Point, ...]] = [box]
    for line in lines.values():
        polygons = [part for polygon in polygons for part in _cut(polygon, line)]
    open_cells = [_open_cell(polygon, lines.values(), drawn) for polygon in polygons]
    edges = (_segments(line, polygons) for line in lines.values())
    segments = [
        Cell(ends, (_equation(line),), known)
        for line, pairs in zip(lines.values(), edges, strict=True)
        for ends in pairs
        if set(map(_name, known := _known(drawn, _midpoint(*ends))))
        - {_name(j) for cell in open_cells for j in cell.known}
    ]
    return sorted(open_cells, key=lambda cell: cell.middle[1] - cell.middle[0]) + segments


def _name(judged: Judged) -> str:
    return judged.claim.name


def _cut(polygon: tuple[Point, ...], line: Line) -> Iterator[tuple[Point, ...]]:
    """Yield the parts of a convex polygon on both sides of a line."""
    for wanted in (-1, 1):
        part: list[Point] = []
        for p, q in pairwise((*polygon, polygon[0])):
            if line.side(p) != -wanted:
                part.append(p)
            if line.side(p) * line.side(q) < 0:
                part.append(line.meets(p, q))
        if any(line.side(p) == wanted for p in part):
            yield tuple(part)


def _open_cell(polygon: tuple[Point, ...], lines: Iterable[Line], drawn: Sequence[Judged]) -> Cell:
    cell = Cell(polygon, (), ())
    where = tuple(
        _inequality(line, line.side(cell.middle))
        for line in lines
        if sum(line.side(p) == 0 for p in polygon) >= 2
    )
    return Cell(polygon, where, _known(drawn, cell.middle))


def _equation(line: Line) -> str:
    """Return the line as b in terms of a."""
    slope, start = -line.u / line.v, line.w / line.v
    times = "" if slope == 1 else f"{slope}*"
    return f"b = {times}a" + (f" + {start}" if start > 0 else f" - {-start}" if start else "")


def _inequality(line: Line, side: int) -> str:
    above = (side > 0) == (line.v > 0)
    return _equation(line).replace("=", ">" if above else "<", 1)


def _segments(line: Line, polygons: Sequence[tuple[Point, ...]]) -> list[tuple[Point, Point]]:
    found: dict[tuple[Point, ...], tuple[Point, Point]] = {}
    for polygon in polygons:
        for p, q in pairwise((*polygon, polygon[0])):
            if line.side(p) == line.side(q) == 0:
                found.setdefault(tuple(sorted((p, q))), (p, q))
    return list(found.values())


def _midpoint(p: Point, q: Point) -> Point:
    return (p[0] + q[0]) / 2, (p[1] + q[1]) / 2


# The page.

_WIDTH, _HEIGHT, _LEFT, _TOP = 380, 420, 46, 10


def phase_page(runs: Sequence[PaperRun]) -> str:
    """Return the page: the diagram, then a section per cell that needs no script."""
    cells = cells_of(runs)
    parts = [
        "# Phase diagram\n",
        "The spectrum decays like $i^{-a}$, the energy of the target in mode $i$ like $i^{-b}$. "
        "Where in the plane of $(a, b)$ does which rate hold, with a Gaussian sketch, one pass of "
        "SGD and geometrically decaying steps? A click on a cell leads to its rates, each with "
        "its derivation. Cells are what the assumptions of the certified statements cut the "
        "plane into; a thick line is a cell of its own.\n",
        html(_diagram(cells)),
        *(_section(number, cell) for number, cell in enumerate(cells, 1)),
        html(f'<script type="application/json" id="rc-orders">{dumps(templates(cells))}</script>'),
    ]
    return "\n".join(parts)


def _diagram(cells: Sequence[Cell]) -> str:
    width, height = _WIDTH + _LEFT + 20, _HEIGHT + _TOP + 46
    shapes = "".join(_shape(number, cell) for number, cell in enumerate(cells, 1))
    ticks = "".join(
        f'<text x="{_x(a):.0f}" y="{_TOP + _HEIGHT + 18}" class="rc-small">{a}</text>'
        for a in map(Fraction, (1, 2, 3))
    ) + "".join(
        f'<text x="{_LEFT - 14}" y="{_y(b) + 4:.0f}" class="rc-small">{b}</text>'
        for b in map(Fraction, (1, 2, 3, 4))
    )
    middle = _TOP + _HEIGHT / 2
    ranges = dumps([*map(float, (*A, *B)), _LEFT, _TOP, _WIDTH, _HEIGHT])
    return (
        '<div class="rc-phase"><figure class="rc-figure">'
        f'<svg id="rc-phase" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="group" aria-label="Phase diagram over a and b" data-ranges=\'{ranges}\'>'
        f"{shapes}{ticks}"
        f'<path class="rc-axis" d="M{_LEFT} {_TOP} V{_TOP + _HEIGHT} H{_LEFT + _WIDTH}"/>'
        f'<text x="{_LEFT + _WIDTH / 2}" y="{_TOP + _HEIGHT + 38}" class="rc-label">'
        "a, decay of the spectrum</text>"
        f'<text x="14" y="{middle}" class="rc-label" transform="rotate(-90 14 {middle})">'
        "b, decay of the target</text></svg></figure>"
        '<div id="rc-cell" aria-live="polite"></div></div>'
    )


def _x(a: Fraction) -> float:
    return float(_LEFT + _WIDTH * (a - A[0]) / (A[1] - A[0]))


def _y(b: Fraction) -> float:
    return float(_TOP + _HEIGHT * (B[1] - b) / (B[1] - B[0]))


def _shape(number: int, cell: Cell) -> str:
    points = " ".join(f"{_x(a):.1f},{_y(b):.1f}" for a, b in cell.corners)
    title = f"<title>{escape(' and '.join(cell.where))}</title>"
    if len(cell.corners) == 2:
        shape = f'<polyline class="rc-segment" points="{points}"/>'
        # Beside the line, near its end, where no other number is.
        (x0, y0), (x1, y1) = sorted(cell.corners)
        at = (x0 + (x1 - x0) * Fraction(4, 5), y0 + (y1 - y0) * Fraction(4, 5))
        left, top = _x(at[0]), _y(at[1]) - 8
        dot = f'<circle class="rc-dot" cx="{left:.0f}" cy="{top + 8:.0f}" r="11"/>'
        label = f'<text x="{left:.0f}" y="{top + 13:.0f}" class="rc-number">{number}</text>'
        return f'<a href="#cell-{number}" data-cell="{number}">{title}{shape}{dot}{label}</a>'
    shape = f'<polygon class="rc-regime rc-regime-{(number - 1) % 6 + 1}" points="{points}"/>'
    a, b = cell.middle
    label = f'<text x="{_x(a):.0f}" y="{_y(b) + 5:.0f}" class="rc-number">{number}</text>'
    return f'<a href="#cell-{number}" data-cell="{number}">{title}{shape}{label}</a>'


def _section(number: int, cell: Cell) -> str:
    where = " and ".join(
        f"${math_condition(c).latex}$" for text in cell.where for c in parse_condition(text)
    )
    rows = [row for judged in cell.known for row in _rows(judged)]
    heads = ("quantity", "regime", "order", "statement")
    table = one_table(heads, rows) if rows else "No certified statement covers this cell.\n"
    return f"(cell-{number})=\n\n## Cell {number}: {where}\n\n{_linked(table, cell.known)}"


_LINK = "§"  # around a claim's name: stands for a link until the table is written


def _rows(judged: Judged) -> Iterator[tuple[TableCell, ...]]:
    claim = judged.claim
    for regime in _regimes(judged):
        conditions = [c for text in regime.when for c in parse_condition(text)]
        shown = r",\ ".join(math_condition(c).latex for c in conditions)
        name = Text(f"{_LINK}{claim.name}{_LINK}")
        where = Math(shown, "") if shown else Text("all")
        yield math(claim.left), where, math(parse_expr(regime.order)), name


def _linked(table: str, known: Sequence[Judged]) -> str:
    for judged in known:
        claim = judged.claim
        place = f"papers/{claim.key}/{slug(claim.id)}.md"
        link = f"[{markdown_words(claim.where or claim.id)}]({place})"
        table = table.replace(f"{_LINK}{claim.name}{_LINK}", link)
    return table


# The exponents as numbers, for the script.


def templates(cells: Sequence[Cell]) -> list[list[Mapping[str, object]]]:
    """Return the orders of each cell with their exponents as formulas that JavaScript reads."""
    return [
        [_template(parse_expr(row.order)) for judged in cell.known for row in _regimes(judged)]
        for cell in cells
    ]


def _regimes(judged: Judged) -> Sequence[Regime]:
    certificate = judged.certificate
    return certificate.regimes or (Regime((), certificate.derived or str(judged.claim.right)),)


def _template(order: Expr) -> Mapping[str, object]:
    found: list[str] = []

    def marked(expr: Expr) -> Expr:
        if isinstance(expr, Pow) and frozenset() < free_names(expr.exponent) <= {"a", "b"}:
            found.append(_script(expr.exponent))
            return Pow(marked(expr.base), Name("q" + "abcdefghijklmnop"[len(found) - 1]))
        parts = children(expr)
        return rebuild(expr, tuple(map(marked, parts))) if parts else expr

    return {"latex": latex(marked(tidy(order)), inline=True), "exponents": found}


def _script(expr: Expr) -> str:
    """Return an exponent as an expression in JavaScript."""
    match expr:
        case Num(value):
            return f"({value.numerator}/{value.denominator})"
        case Name(name) if name in ("a", "b"):
            return name
        case Add(terms):
            return f"({' + '.join(map(_script, terms))})"
        case Mul(factors):
            return f"({' * '.join(map(_script, factors))})"
        case Pow(base, exponent):
            return f"Math.pow({_script(base)}, {_script(exponent)})"
    raise ValueError(f"no exponent of the diagram looks like {expr}")
