"""Figures: drawn by matplotlib without a screen, the same bytes for the same data.

SVG and PDF carry no date; the salt of SVG's identifiers is fixed.  The fonts are those that come
with matplotlib, so that the same version draws the same file everywhere.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proofs_check.errors import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from numerics.curves import Curve, Phases
    from numerics.ratios import Path as Ratios

__all__ = ["check_path", "phase_figure", "ratio_figure", "risk_figure", "save"]

FORMATS = ("svg", "pdf", "png")

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
"""Okabe and Ito's colours, told apart with any kind of colour vision."""

STYLE: Any = {
    "svg.hashsalt": "ratecert",
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}


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


def phase_figure(phases: Phases) -> Figure:
    """Which of approx, bias and variance is the largest, over ``N_eff γ`` and M."""
    import numpy as np

    from numerics.curves import effective

    names, shades = ("approx", "bias", "variance"), ("#A6C8E4", "#F2B998", "#A3D9C3")
    with _style():
        from matplotlib.colors import ListedColormap
        from matplotlib.patches import Patch

        figure = _figure(4.8, 3.8)
        axes = figure.subplots()
        x = np.array([effective(int(n)) for n in phases.N]) * phases.gamma
        axes.pcolormesh(x, phases.M, phases.largest, cmap=ListedColormap(shades), vmin=0, vmax=2,
                        shading="nearest", rasterized=False)  # fmt: skip
        axes.plot(x, x ** (1 / phases.a), color="0.15", lw=1.2)
        axes.set(xscale="log", yscale="log", xlabel="$N_{\\mathrm{eff}}\\,\\gamma$",
                 ylabel="$M$", ylim=_edges(phases.M), xlim=_edges(x))  # fmt: skip
        seen = [k for k in range(3) if (phases.largest == k).any()]
        handles: list[Any] = [Patch(color=shades[k], label=f"{names[k]} largest") for k in seen]
        line = "$M=(N_{\\mathrm{eff}}\\gamma)^{1/a}$"
        handles += axes.plot([], [], color="0.15", lw=1.2, label=line)
        figure.legend(handles=handles, fontsize=7.5, loc="outside lower center", ncols=4)
        axes.set_title(f"$a={phases.a:g},\\ b={phases.b:g}$, top features", fontsize=9)
        return figure


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
        # A ratio that settles should look level: at least two decades are shown.
        middle, half = (lowest * highest) ** 0.5, max(10.0, 1.3 * (highest / lowest) ** 0.5)
        axes.set_ylim(middle / half, middle * half)
        axes.set_title(f"{title}\n{parameters}", fontsize=8, parse_math=False)
        axes.legend(fontsize=7.5)
        return figure


def save(figure: Figure, path: Path) -> None:
    """Write the figure in the format that the file's name ends in, whole or not at all.

    Raises
    ------
    UserError
        For another ending than .svg, .pdf or .png, or a file that cannot be written.
    """
    kind = check_path(path)
    buffer = io.BytesIO()
    dateless: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    with _style():
        figure.savefig(buffer, format=kind, metadata=dateless[kind])
    part = None
    try:
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(buffer.getvalue())
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


def _style() -> Any:
    """Return matplotlib's context of our style, or say that it is missing."""
    try:
        from matplotlib import rc_context
    except ImportError:
        raise UserError("figures need matplotlib: pip install 'ratecert[plots]'") from None
    return rc_context(STYLE)


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
