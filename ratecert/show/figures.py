"""Figures: drawn by matplotlib without a screen, the same bytes for the same data.

SVG and PDF carry no date; the salt of SVG's identifiers is fixed.  The fonts are those that come
with matplotlib, so that the same version draws the same file everywhere.
"""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ratecert.proofs_check.language.errors import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ratecert.numerics.shown.cells import Plane
    from ratecert.numerics.shown.curves import Curve, Phases
    from ratecert.numerics.shown.ratios import RatioPath as Ratios

__all__ = ["Series", "cells_figure", "check_path", "drawn", "ladder_figure", "phase_figure",
           "ratio_figure", "risk_figure", "save", "themed_svg"]  # fmt: skip

PlaneCell = tuple[Sequence[str], str]
"""Conditions and the order where they hold, in the claim language."""

FORMATS = ("svg", "pdf", "png")

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
"""Okabe and Ito's colours, told apart with any kind of colour vision."""

TEXT = "#262626"
"""The ink of axes and words in the figures of ladders; a page puts its own colour in its place."""

STYLE: Any = {
    "svg.hashsalt": "ratecert",
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}

INK: Any = dict.fromkeys(
    ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), TEXT
)


def risk_figure(against_features: Sequence[Curve], against_steps: Sequence[Curve]) -> Figure:
    """Reducible risk against M on the left and against N_eff on the right.

    Curves are exact, points simulated with two standard errors, dashed lines have the slopes of
    the theory.  Curves of one a share a colour; of those, the later ones are lighter.
    """
    with _style():
        figure = _figure(8.4, 3.8)
        left, right = figure.subplots(1, 2, sharey=True)
        # Against M the order shows at the end; against N_eff before M sets the floor.
        _panel(left, against_features, "M", "N", "1-a", lambda ratio: float(ratio[-1]))
        _panel(right, against_steps, "N_{\\mathrm{eff}}", "M", "(1-a)/a",
               lambda ratio: float(ratio.min()))  # fmt: skip
        left.set_ylabel("risk $-\\ \\sigma^2$")
        return figure


def _panel(
    axes: Any, curves: Sequence[Curve], size: str, other: str, exponent: str,
    level: Callable[[Any], float],
) -> None:  # fmt: skip
    """Draw one panel on doubly logarithmic axes; `level` sets the guide from curve over power."""
    exponents = list(dict.fromkeys(curve.a for curve in curves))
    for curve in curves:
        colour = COLOURS[exponents.index(curve.a) % len(COLOURS)]
        same = [c for c in curves if c.a == curve.a]
        style = {"color": colour, "alpha": 1.0 if curve is same[0] else 0.55}
        label = f"$a={curve.a:g}$, ${other}={_power_of_ten(curve.fixed)}$"
        axes.plot(curve.x, curve.exact, lw=1.3, label=label, **style)
        if curve.points.size:
            axes.errorbar(curve.points, curve.simulated, yerr=2 * curve.se, fmt="o", ms=3.5,
                          lw=1, capsize=2, mfc="white", **style)  # fmt: skip
        if curve is same[-1]:
            power = curve.x**curve.slope
            guide = power * level(curve.exact / power)
            axes.plot(curve.x, guide, ls="--", lw=0.8, color=colour)
    axes.plot([], [], ls="--", lw=0.8, color="0.4", label=f"slope ${exponent}$")
    axes.errorbar([], [], yerr=[], fmt="o", ms=3.5, lw=1, capsize=2, mfc="white", color="0.4",
                  label="simulated, ±2 se")  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel=f"${size}$")
    axes.legend(fontsize=7.5)


SHADES = ("#A6C8E4", "#F2B998", "#A3D9C3", "#E3BFD6", "#F3DFA2", "#CFCFCF")
"""Pale colours of areas, on which black lines and words can be read."""


def cells_figure(title: str, plane: Plane, cells: Sequence[PlaneCell]) -> Figure:
    """Regimes as areas of a plane, each with its order; a regime with an equation is a line.

    Parameters
    ----------
    title
        Plain text above the figure.
    plane
        Of sizes (`ratecert.numerics.shown.cells.sizes`) or exponents
        (`ratecert.numerics.shown.cells.Plane.of_exponents`).
    cells
        Pairs of the conditions that hold in a cell and the order there, in the claim language.
    """
    with _style():
        figure = _figure(4.8, 3.9)
        axes = figure.subplots()
        _cells(figure, axes, plane, cells, [])
        axes.set_title(title, fontsize=9, parse_math=False)
        return figure


def phase_figure(phases: Phases, cells: Sequence[PlaneCell]) -> Figure:
    """Draw the regimes that theory derives over ``N_eff γ`` and M, and the exact terms' own.

    Dashed lines: the two largest of approx, bias and variance, exact with top features, are equal.
    """
    import numpy as np

    from ratecert.numerics.shown.cells import sizes
    from ratecert.numerics.shown.curves import effective

    n = np.array([effective(int(N)) for N in phases.N]) * phases.gamma
    inside = n >= 1
    plane = sizes(n[inside].tolist(), phases.M.tolist(), {"a": phases.a, "b": phases.b},
                  phases.gamma)  # fmt: skip
    with _style():
        figure = _figure(5.4, 4.3)
        axes = figure.subplots()
        handles = []
        terms = np.stack([phases.approx, phases.bias, phases.variance])[:, :, inside]
        terms = np.log(np.maximum(terms, 1e-300))  # a bias may underflow
        names, dashes = ("approx", "bias", "variance"), ("--", ":", "-.")
        for (i, j), dash in zip(((0, 1), (1, 2), (0, 2)), dashes, strict=True):
            third = terms[3 - i - j]
            rules = np.maximum(terms[i], terms[j]) >= third
            level = np.ma.masked_where(~rules, terms[i] - terms[j])
            if rules.any() and level.min() < 0 < level.max():
                axes.contour(plane.x, plane.y, level, levels=[0], colors="0.15", linewidths=1.1,
                             linestyles=dash)  # fmt: skip
                label = f"exact: {names[i]} = {names[j]}"
                handles += axes.plot([], [], color="0.15", lw=1.1, ls=dash, label=label)
        _cells(figure, axes, plane, cells, handles)
        about = f"$a={phases.a:g},\\ b={phases.b:g},\\ \\gamma={phases.gamma:g}$"
        axes.set_title(f"reducible risk, {about}, top features", fontsize=9)
        return figure


def _cells(
    figure: Any, axes: Any, plane: Plane, cells: Sequence[PlaneCell], handles: list[Any]
) -> None:
    """Fill the cells, draw the lines between them, and put the legend below."""
    import numpy as np
    from matplotlib.patches import Patch

    from ratecert.numerics.shown.cells import line, margin

    shades = iter(SHADES * len(cells))
    told: list[Any] = []
    for when, order in cells:
        level = margin(plane, when)
        if level.max() <= 0:
            continue
        equation = line(plane, when)
        if equation is not None:
            where = np.ma.masked_where(level <= 0, equation)
            axes.contour(plane.x, plane.y, where, levels=[0], colors="0.15", linewidths=1.5)
            told += axes.plot([], [], color="0.15", lw=1.5, label=f"${_order(order)}$")
            continue
        shade = next(shades)
        axes.contourf(plane.x, plane.y, level, levels=[0, float("inf")], colors=[shade])
        if level.min() < 0:
            axes.contour(plane.x, plane.y, level, levels=[0], colors="white", linewidths=1.5)
        told.append(Patch(color=shade, label=f"${_order(order)}$"))
    scale = "log" if plane.logarithmic else "linear"
    axes.set(xscale=scale, yscale=scale, xlabel=plane.labels[0], ylabel=plane.labels[1],
             xlim=(plane.x[0], plane.x[-1]), ylim=(plane.y[0], plane.y[-1]))  # fmt: skip
    columns = 2 if len(told) + len(handles) > 2 else 1
    figure.legend(handles=told + handles, fontsize=8, loc="outside lower center", ncols=columns)


def _order(text: str) -> str:
    """Return an order of the claim language in mathematics."""
    from ratecert.proofs_check.language.grammar import parse_expr
    from ratecert.writing.mathtext import latex

    return latex(parse_expr(text), inline=True)


def ratio_figure(title: str, parameters: str, paths: Sequence[Ratios]) -> Figure:
    """Ratio of a claim's two sides against N, one curve for each path of sizes."""
    with _style():
        figure = _figure(4.8, 3.4)
        axes = figure.subplots()
        for path, colour in zip(paths, COLOURS, strict=False):
            label = f"$M=N^{{{path.x}}}$"
            axes.plot(path.N, path.ratio, "o-", ms=3, lw=1.2, color=colour, label=label)
        axes.set(xscale="log", yscale="log", xlabel="$N$", ylabel="left side / right side")
        lowest = min(float(path.ratio.min()) for path in paths)
        highest = max(float(path.ratio.max()) for path in paths)
        axes.set_ylim(_level(lowest, highest))
        axes.set_title(f"{title}\n{parameters}", fontsize=8, parse_math=False)
        axes.legend(fontsize=7.5)
        return figure


@dataclass(frozen=True, slots=True)
class Series:
    """One curve of a ladder: ``log10 t`` and the values there; `lower` where they are a range."""

    label: str
    decades: Sequence[float]
    values: Sequence[float]
    lower: Sequence[float] = ()


def ladder_figure(sides: Sequence[tuple[Series, Series]], ratios: Sequence[Series]) -> Figure:
    """Draw exact values against the claimed rate (where there are any), and ratios of the two.

    Parameters
    ----------
    sides
        The left side of a claim and its right side, times a constant, along a path each.
    ratios
        Left over right along paths: exact values (hollow), or what encloses the ratio (filled).
    """
    with _style(INK):
        figure = _figure(8.4 if sides else 4.8, 3.5)
        figure.patch.set_visible(False)
        panels = figure.subplots(1, 2 if sides else 1, squeeze=False)[0]
        if sides:
            _sides_panel(panels[0], sides)
        axes = panels[-1]
        for series, colour in zip(ratios, COLOURS, strict=False):
            filled = colour if series.lower else "none"
            axes.plot(series.decades, series.values, "o-", ms=4, lw=1.2, color=colour,
                      mfc=filled, label=series.label)  # fmt: skip
            if series.lower:
                axes.plot(series.decades, series.lower, "o-", ms=4, lw=1.2, color=colour)
                axes.fill_between(series.decades, series.lower, series.values, alpha=0.15,
                                  color=colour, lw=0)  # fmt: skip
        axes.set(yscale="log", xlabel=r"$\log_{10} t$", title="left side / right side")
        lowest = min(min([*series.values, *series.lower]) for series in ratios)
        highest = max(max(series.values) for series in ratios)
        axes.set_ylim(_level(lowest, highest))
        _legend(axes)
        return figure


def _sides_panel(axes: Any, sides: Sequence[tuple[Series, Series]]) -> None:
    for (left, right), colour in zip(sides, COLOURS, strict=False):
        axes.plot(left.decades, left.values, "o", ms=4, mfc="none", color=colour,
                  label=left.label)  # fmt: skip
        axes.plot(right.decades, right.values, ls="--", lw=1, color=colour)
    axes.plot([], [], ls="--", lw=1, color=TEXT, label="claimed rate, scaled")
    axes.set(yscale="log", xlabel=r"$\log_{10} t$", title="exact value and claimed rate")
    _legend(axes)


def _legend(axes: Any) -> None:
    """Put the legend below the panel, where it covers nothing."""
    axes.patch.set_visible(False)
    axes.legend(fontsize=7.5, loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=1)
    axes.set_title(axes.get_title(), fontsize=9)


def _level(lowest: float, highest: float) -> tuple[float, float]:
    """Return limits in which a ratio that settles looks level: two decades at least."""
    middle, half = (lowest * highest) ** 0.5, max(10.0, 1.3 * (highest / lowest) ** 0.5)
    return middle / half, middle * half


def themed_svg(figure: Figure) -> str:
    """Return the figure as an ``<svg>`` element whose ink is the colour of the text around it."""
    text = drawn(figure, "svg").decode()
    element = text[text.index("<svg") :].replace(TEXT, "currentColor")
    return re.sub(r"<metadata>.*?</metadata>\s*", "", element, flags=re.DOTALL)


def drawn(figure: Figure, kind: str) -> bytes:
    """Return the figure as a file of that kind: ``"svg"``, ``"pdf"`` or ``"png"``."""
    buffer = io.BytesIO()
    dateless: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    with _style():
        figure.savefig(buffer, format=kind, metadata=dateless[kind])
    return buffer.getvalue()


def save(figure: Figure, path: Path) -> None:
    """Write the figure in the format that the file's name ends in, whole or not at all.

    Raises
    ------
    UserError
        For another ending than .svg, .pdf or .png, or a file that cannot be written.
    """
    kind = check_path(path)
    data = drawn(figure, kind)
    part = None
    try:
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(part, 0o644)
        os.replace(part, path)
    except OSError as error:
        if part is not None:
            with suppress(FileNotFoundError):
                os.unlink(part)
        raise UserError(f"{path} cannot be written: {error.strerror}") from None


def check_path(path: Path) -> str:
    """Return the format that the name ends in, before any work is done for it.

    Raises
    ------
    UserError
        Where nothing could be drawn there, or matplotlib is missing.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise UserError(f"{path}: name a file that ends in .svg, .pdf or .png")
    if path.is_dir() or not path.parent.is_dir():
        raise UserError(f"{path}: there is no such folder, or it is a folder itself")
    _style()
    return kind


def _figure(width: float, height: float) -> Figure:
    """Return an empty figure of that size in inches, drawn without a screen."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _style(more: Mapping[str, Any] = MappingProxyType({})) -> Any:
    """Return matplotlib's context of our style, or say that it is missing."""
    try:
        from matplotlib import rc_context
    except ImportError:
        raise UserError("figures need matplotlib: pip install 'ratecert[plots]'") from None
    style: Any = {**STYLE, **more}
    return rc_context(style)


def _power_of_ten(n: int) -> str:
    """Return a number in mathematics, as a power of ten where it is one."""
    digits = str(n)
    if n >= 1000 and digits.strip("0") == "1":
        return f"10^{{{len(digits) - 1}}}"
    return digits


def _edges(values: Any) -> tuple[float, float]:
    """Return the first and last value, half a step of the geometric ladder further out."""
    ratio = float(values[-1] / values[0]) ** (0.5 / max(1, len(values) - 1))
    return float(values[0]) / ratio, float(values[-1]) * ratio
