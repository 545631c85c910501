"""``ratecert spectrum``: a user's own data, its spectrum, and the learning curve it predicts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ratecert.numerics.data.measured import CurvePoint, Measurement, PowerLaw

    Array = NDArray[np.float64]

HELP = "the spectrum of a user's own data, and the learning curve it predicts"

WITHIN = 0.15
"""Relative distance of predicted and actual risk from which the report says so."""
_SHOWN = 8


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "example: ratecert spectrum digits --kernel ntk"
    parser.add_argument(
        "data",
        metavar="DATA",
        help="a .npy or .csv file, one row per sample; or digits, diabetes (of scikit-learn)",
    )
    parser.add_argument(
        "--target", metavar="COLUMN", help="name, or number from 1, of the labels (default: last)"
    )
    parser.add_argument(
        "--classes", action="store_true", help="labels are classes: one output for each"
    )
    parser.add_argument(
        "--kernel", metavar="NAME", help="rbf, laplace, matern(nu), arc-cosine or ntk"
    )
    parser.add_argument("--gamma", help="step size (default: 1/(4 times the trace))")
    parser.add_argument("--splits", default="20", help="random splits (default: 20)")
    parser.add_argument("--seed", default="0", help="seed of the splits (default: 0)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Measure, predict and print; bad input raises `UserError`."""
    import time

    from ratecert.pipeline.threads import use_one_thread

    use_one_thread()
    from ratecert.commands.risk import number, whole
    from ratecert.io.data_file import read_data
    from ratecert.numerics.data.features import nystrom_features
    from ratecert.numerics.data.measured import learning, measure, power_laws
    from ratecert.proofs_check.language.errors import UserError

    start = time.perf_counter()
    data = read_data(args.data, args.target, args.classes)
    seed, splits = whole(args.seed, "--seed"), whole(args.splits, "--splits")
    if splits < 2 or seed < 0:
        raise UserError("--splits must be at least 2, --seed not negative")
    x, y = data.x, data.y
    if args.kernel is not None:
        rest, x = nystrom_features(x, args.kernel, seed)
        y = y[rest]
    found = measure(x, y)
    a, b = power_laws(x, y, seed)
    gamma = None if args.gamma is None else number(args.gamma, "--gamma")
    gamma, curve = learning(x, y, gamma, splits, seed)
    table = {
        "data": args.data,
        "rows": len(x),
        "features": x.shape[1],
        "outputs": y.shape[1],
        "kernel": args.kernel,
        "eigenvalues": found.lam.tolist(),
        "a": _law(a),
        "b": _law(b),
        "noise": found.noise,
        "fourth_moment": found.fourth,
        "gamma": gamma,
        "curve": [_point(point) for point in curve],
        "within": all(abs(point.ratio - 1) <= WITHIN for point in curve),
        "seconds": time.perf_counter() - start,
    }
    if args.json:
        import json

        print(json.dumps(table, allow_nan=False))
    else:
        print(_text(table, found, a, b, curve))
    return 0


def _law(law: PowerLaw | None) -> dict[str, float] | None:
    if law is None:
        return None
    return {
        "estimate": law.exponent,
        "low": law.low,
        "high": law.high,
        "from": law.first,
        "to": law.last,
    }


def _point(point: CurvePoint) -> dict[str, float]:
    return {
        "N": point.N,
        "predicted": point.predicted,
        "actual": point.actual,
        "se": point.se,
        "ratio": point.ratio,
    }


def _text(
    table: dict[str, Any],
    found: Measurement,
    a: PowerLaw | None,
    b: PowerLaw | None,
    curve: list[CurvePoint],
) -> str:
    kernel = f", kernel {table['kernel']}" if table["kernel"] else ""
    shown = ", ".join(f"{value:.4g}" for value in found.lam[:_SHOWN])
    more = ", ..." if len(found.lam) > _SHOWN else ""
    lines = [
        f"{table['data']}: {table['rows']} rows, {table['features']} features, "
        f"{table['outputs']} output{'s' if table['outputs'] > 1 else ''}{kernel}",
        f"  eigenvalues ({len(found.lam)}): {shown}{more}",
        f"  a: {_law_text(a, 'eigenvalues')}",
        f"  b: {_law_text(b, 'target energies')}",
        f"  noise {found.noise:.4g}, step size {table['gamma']:.4g}, fourth moment "
        f"{found.fourth:.3g} times the Gaussian one",
        "",
        "       N   predicted      actual        +-   actual/predicted",
    ]
    lines += [
        f"{p.N:8d} {p.predicted:11.5g} {p.actual:11.5g} {p.se:9.2g}   {p.ratio:.3f}" for p in curve
    ]
    return "\n".join([*lines, "", *_verdict(found, curve)])


def _law_text(law: PowerLaw | None, what: str) -> str:
    if law is None:
        return f"no power law here: no line keeps within 25 % of the {what} over a decade"
    text = (
        f"{law.exponent:.3g}, 95 % interval {law.low:.3g} to {law.high:.3g}, tenable on "
        f"i = {law.first} to {law.last}"
    )
    return text if law.low > 1 else f"{text} (not certainly above 1, as the theory needs)"


def _verdict(found: Measurement, curve: list[CurvePoint]) -> list[str]:
    """Say where predicted and actual part, and what is known about why."""
    off = [point for point in curve if abs(point.ratio - 1) > WITHIN]
    worst = max(abs(point.ratio - 1) for point in curve)
    if not off:
        return [f"predicted and actual agree within {100 * worst:.1f} % at every N"]
    where = ", ".join(str(point.N) for point in off)
    lines = [f"predicted and actual differ by more than 15 % at N = {where} (up to "
             f"{100 * worst:.0f} %)"]  # fmt: skip
    if all(abs(p.ratio - 1) * p.predicted <= 2 * p.se for p in off):
        lines.append("  no more than two standard errors of the actual ones: take more splits")
    if found.fourth > 1.5:
        lines.append("  the features have far heavier tails than the Gaussian ones that are "
                     f"predicted: their fourth moment is {found.fourth:.3g} times as "
                     "large")  # fmt: skip
    if len(lines) == 1:
        lines.append("  neither scatter nor the fourth moment explains it: labels may depend on "
                     "the features in more than their covariance")  # fmt: skip
    return lines
