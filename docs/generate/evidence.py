"""What the numeric legs saw, as figures and tables: the numbers of the certificates, no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_UP, Context, Decimal
from math import log
from typing import Any

from generate.markdown import html, one_table
from ratecert.numerics.model.problem import evaluate
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.expr import Name
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.verdict.certificate import Certificate, Evidence
from ratecert.show.figures import Series, ladder_figure, themed_svg
from ratecert.writing.page import equation, math
from ratecert.writing.tables import Math, TableCell, Text

__all__ = ["enclosures", "exact_values", "figure", "place_cells", "simulations"]

_LN10 = log(10)


def of_leg(certificate: Certificate, leg: str) -> Evidence:
    """Return what a leg handed over."""
    return next(evidence for evidence in certificate.evidence if evidence.leg == leg)


def ladders(evidence: Evidence) -> list[Mapping[str, Any]]:
    """Return the ladders of a leg that have rungs."""
    return [found for found in evidence.details.get("ladders", []) if found.get("rungs")]


def place_cells(values: Mapping[str, str], path: Mapping[str, str]) -> tuple[TableCell, TableCell]:
    """Return parameter values and a path of the sizes, for a row of a table."""
    return _equations(values), _equations(path)


def _equations(texts: Mapping[str, str]) -> TableCell:
    shown = [equation(math(Name(name)), math(parse_expr(text))) for name, text in texts.items()]
    if not shown:
        return Text("any")
    return Math(r",\ ".join(m.latex for m in shown), ", ".join(m.plain for m in shown))


# Tables.


def enclosures(certificate: Certificate) -> str:
    """Return the table of enclosures, one row per rung."""
    return one_table(
        ("parameters", "path", "t", "left/right", "ladder"),
        _rows(ladders(of_leg(certificate, "enclosure")), _enclosed),
    )


def _enclosed(rung: Mapping[str, Any]) -> tuple[TableCell, ...]:
    t = math(parse_expr(rung["t"]))
    if "ratio" in rung:
        return t, Text(_ball(rung["ratio"]))
    return t, Text(f"from {_ball(rung['lower'])} to {_ball(rung['upper'])}")


_FAR = 10**6


def _ball(ball: Mapping[str, str]) -> str:
    """Return a ball with at most twelve digits of its midpoint, the radius made to cover them."""
    exponent = int(ball["midpoint"].partition("e")[2] or 0)
    if abs(exponent) >= _FAR:  # an exponential filter may be 10^-544731945
        return "below 1e-999999" if exponent < 0 else "above 1e999999"
    midpoint, radius = Decimal(ball["midpoint"]), Decimal(ball["radius"])
    shown = midpoint.normalize(Context(12))
    covered = (abs(shown - midpoint) + radius).normalize(Context(2, ROUND_UP))
    return f"{shown:g} ± {covered:.1e}" if covered else f"{shown:g}"


def exact_values(certificate: Certificate) -> str:
    """Return the table of exact values, one row per rung."""
    return one_table(
        ("parameters", "path", "sizes", "left/right", "ladder"),
        _rows(ladders(of_leg(certificate, "exact")), _exact),
    )


def _exact(rung: Mapping[str, Any]) -> tuple[TableCell, ...]:
    sizes = ", ".join(f"{name} = {value}" for name, value in rung["sizes"].items())
    return Text(sizes), Text(_plain(rung["ratio"]))


def _rows(found: Sequence[Mapping[str, Any]], cells: Any) -> Iterator[tuple[TableCell, ...]]:
    """Yield the rungs of each ladder; what they share stands on the first."""
    for ladder in found:
        place = place_cells(ladder["values"], ladder["path"])
        for number, rung in enumerate(ladder["rungs"]):
            first = number == 0
            told = Text(ladder["light"] if first else "")
            yield (*(place if first else (Text(""), Text(""))), *cells(rung), told)


def simulations(certificate: Certificate) -> str:
    """Return the simulated problems beside the exact value."""
    details = of_leg(certificate, "simulation").details
    if not details.get("problems"):
        return ""
    sizes = f"M = {details['M']}, N = {details['N']}, {details['dimensions']} coordinates"
    table = one_table(
        ("σ²", "mean", "standard error", "exact", "p-value", "seed"),
        (
            (
                Text(str(p["sigma^2"])),
                *(Text(_plain(p[key])) for key in ("mean", "se", "exact", "p-value")),
                Text(str(p["seed"])),
            )
            for p in details["problems"]
        ),
    )
    told = (
        f"{sizes}, {details['runs']} runs of SGD each. The leg fails where the p-value is below "
        f"{details['level']}: its false-alarm rate.\n"
    )
    return f"{told}\n{table}"


def _plain(number: str) -> str:
    """Return a decimal with six significant digits."""
    return f"{float(number):.6g}"


# The figure.


def figure(certificate: Certificate) -> str:
    """Return the drawing of both ladders, empty where there is nothing to draw."""
    enclosed = _few(of_leg(certificate, "enclosure"))
    exact = _few(of_leg(certificate, "exact"))
    if not (enclosed or exact):
        return ""
    ratios = [_enclosed_series(found) for found in enclosed] + [
        Series(f"exact, {_label(found)}", *_exact_points(found)) for found in exact
    ]
    values = [_both_sides(certificate.claim, found) for found in exact]
    words = "Ratio of the two sides along several paths of the sizes"
    if values:
        words = f"Exact values beside the claimed rate. {words}"
    svg = themed_svg(ladder_figure(values, ratios))
    return html(f'<figure class="rc-figure" role="img" aria-label="{words}">{svg}</figure>')


_MOST = 3


def _few(evidence: Evidence) -> Sequence[Mapping[str, Any]]:
    """Return as many ladders as a figure can show apart; the tables have them all."""
    return [found for found in ladders(evidence) if all(map(_drawable, found["rungs"]))][:_MOST]


def _drawable(rung: Mapping[str, Any]) -> bool:
    """Return whether a rung's ratio lies where a figure can show it beside others."""
    balls = [rung[name] for name in ("ratio", "lower", "upper") if name in rung]
    texts = [ball["midpoint"] if isinstance(ball, Mapping) else ball for ball in balls]
    return all(1e-12 < float(text) < 1e12 for text in texts)


def _label(ladder: Mapping[str, Any]) -> str:
    told = {**ladder["path"], **{k: v for k, v in ladder["values"].items() if k == "a"}}
    shown = (equation(math(Name(name)), math(parse_expr(text))) for name, text in told.items())
    return "$" + r",\ ".join(m.latex for m in shown) + "$"


def _enclosed_series(ladder: Mapping[str, Any]) -> Series:
    rungs = ladder["rungs"]
    lower, upper = (
        [float(rung.get("ratio", rung.get(side))["midpoint"]) for rung in rungs]
        for side in ("lower", "upper")
    )
    decades = [float(rung["t"].removeprefix("10^")) for rung in rungs]
    return Series(f"enclosed, {_label(ladder)}", decades, upper, lower=lower)


def _exact_points(ladder: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    rungs = ladder["rungs"]
    return (
        [float(rung["log t"]) / _LN10 for rung in rungs],
        [float(rung["ratio"]) for rung in rungs],
    )


def _both_sides(claim: Claim, ladder: Mapping[str, Any]) -> tuple[Series, Series]:
    """Return the exact left side and the right side with the last ratio as its constant."""
    places, ratios = _exact_points(ladder)
    known = {name: float(parse_value(text)) for name, text in ladder["values"].items()}
    rates = []
    for rung in ladder["rungs"]:
        sizes = {name: float(text) for name, text in rung["sizes"].items()}
        if "N" in sizes:
            sizes.setdefault("N_eff", sizes["N"] / log(sizes["N"], 2))
        names = {**known, **sizes}
        rates.append(evaluate(claim.right, names))
    label = _label(ladder)
    left = Series(label, places, [r * q for r, q in zip(rates, ratios, strict=True)])
    right = Series(label, places, [rate * ratios[-1] for rate in rates])
    return left, right


def parse_value(text: str) -> float:
    """Return a rational number as a float."""
    top, _, bottom = text.partition("/")
    return float(top) / float(bottom or 1)
