"""``ratecert plot``: the figures, as SVG, PDF or PNG."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HELP = "draw risk curves, a phase diagram, or the ratio of a claim's two sides"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "what",
        metavar="KEY:ID|risk|phase",
        help="risk: reducible risk against M and N_eff, exact and simulated; phase: which term is "
        "the largest where; a claim: the ratio of its two sides along paths of sizes",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.svg|.pdf|.png")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE[,...]",
        help="parameters: a for risk (default: 1.5 and 2), a and b for phase (default: 2), "
        "those of the claim (default: the first simple ones that its assumptions allow)",
    )
    parser.add_argument("--gamma", default="0.1", help="step size (default: 0.1)")
    parser.add_argument("--runs", default="16", help="runs of a simulated point (default: 16)")
    parser.add_argument("--seed", default="0", help="of sketches and runs (default: 0)")


def run(args: argparse.Namespace) -> int:
    """Compute, draw and write one figure."""
    from ratecert.pipeline.threads import use_one_thread

    use_one_thread()
    from ratecert.commands.risk import assignments, number, whole
    from ratecert.show.figures import check_path, save

    check_path(args.out)
    values, gamma = assignments(args.set), number(args.gamma, "--gamma")
    if args.what == "risk":
        figure = _risk(values, gamma, whole(args.runs, "--runs"), whole(args.seed, "--seed"))
    elif args.what == "phase":
        figure = _phase(values, gamma)
    else:
        figure = _claim(args.what, values, gamma)
    save(figure, args.out)
    return 0


def _risk(values: Mapping[str, float], gamma: float, runs: int, seed: int) -> Figure:
    """Draw the papers' picture."""
    from functools import partial

    from ratecert.numerics.shown.curves import risk_against_features, risk_against_steps
    from ratecert.pipeline.progress import progress
    from ratecert.show.figures import risk_figure

    _only(values, {"a"}, "risk")
    exponents = (values["a"],) if values else (1.5, 2.0)
    sizes = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128]
    steps = [2**k for k in range(4, 18)]
    features = partial(risk_against_features, gamma=gamma, runs=runs, seed=seed)
    times = partial(risk_against_steps, gamma=gamma, runs=runs, seed=seed)
    left, right = [], []
    with progress("computing") as tell:
        for k, a in enumerate(exponents):
            tell(2 * k, 2 * len(exponents))
            left.append(features(a, sizes, 10**4, [4, 8, 16, 32, 64], draws=8))
            left.append(features(a, sizes, 10**8, [], draws=8))
            tell(2 * k + 1, 2 * len(exponents))
            right.append(times(a, steps, 64, steps[:10:2], draws=4))
            right.append(times(a, steps, 256, [], draws=1))
    return risk_figure(left, right)


def _phase(values: Mapping[str, float], gamma: float) -> Figure:
    """Draw the regimes of the reducible risk that theory derives, beside exact values."""
    from ratecert.numerics.shown.curves import phases
    from ratecert.pipeline.progress import progress
    from ratecert.proofs_check.language.errors import UserError
    from ratecert.show.figures import phase_figure

    _only(values, {"a", "b"}, "phase")
    a = values.get("a", 2.0)
    b = values.get("b", a)
    cells = _regimes(a, b)
    sizes = sorted({round(2 ** (k / 4)) for k in range(4, 33)})
    with progress("computing") as tell:
        data = phases(a, b, sizes, [round(2 ** (k / 2)) for k in range(6, 61)], gamma=gamma,
                      progress=tell)  # fmt: skip
    if not cells:
        raise UserError(f"theory derives no regimes of the risk for a = {a:g}, b = {b:g}")
    return phase_figure(data, cells)


def _regimes(a: float, b: float) -> list[tuple[tuple[str, ...], str]]:
    """Return the regimes of the reducible risk with top features at these exponents."""
    from ratecert.proofs_check.files.read import make_claim
    from ratecert.theory.derive import derive

    between = "b <= a" if b <= a else "b < a + 1" if b < a + 1 else "b >= a + 1"
    more = [] if b <= a else ["b > a"]
    claim = make_claim(
        "risk - sigma^2 = Theta(1)",
        ["a > 1", "b > 1", between, *more, "N_eff*gamma >= 1"],
        features="top",
    )
    found = derive(claim)
    return [(r.when, r.order) for r in found.regimes] or [((), found.derived)]


def _claim(name: str, values: Mapping[str, float], gamma: float) -> Figure:
    """Draw the ratio of a claim's two sides."""
    from ratecert.io.claim_files import load
    from ratecert.numerics.shown.ratios import parameter_values, ratios
    from ratecert.pipeline.progress import progress
    from ratecert.proofs_check.language.errors import UserError
    from ratecert.show.figures import ratio_figure

    claims = load(name)
    if len(claims) != 1:
        raise UserError(f"{name} names {len(claims)} claims; a figure shows one, KEY:ID")
    (claim,) = claims
    chosen = values or parameter_values(claim)
    with progress("computing") as tell:
        paths = ratios(claim, chosen, gamma=gamma, progress=tell)
    told = ", ".join(f"{k} = {v:g}" for k, v in {**chosen, "gamma": gamma}.items())
    return ratio_figure(claim.says, told, paths)


def _only(values: Mapping[str, float], known: set[str], what: str) -> None:
    """Refuse parameters that the figure does not have."""
    from ratecert.proofs_check.language.errors import UserError

    for name in values.keys() - known:
        raise UserError(f"--set: the figure {what!r} has no parameter {name!r}; "
                        f"it has {', '.join(sorted(known))}")  # fmt: skip
