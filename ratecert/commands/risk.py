"""``ratecert risk``: the exact expected risk of SGD, split into its parts."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ratecert.numerics.risk.expected import ExpectedRisk

HELP = "exact expected risk of SGD, split into its parts"

_EXAMPLE = "example: ratecert risk --set a=2,b=2 --M 200 --N 10^6"
_PARTS = ("irreducible", "approx", "bias", "variance", "excess", "risk")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = _EXAMPLE
    problem_arguments(parser)
    parser.add_argument(
        "--draws",
        metavar="K",
        help="Gaussian sketches to average over; 0: the deterministic equivalent, no sketch "
        "(default: 16 up to M = 200, 4 up to M = 1000, beyond 0)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def problem_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that name a problem, a method and its sizes."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="a=2,b=2",
        help="values of the parameters in --spectrum and --target",
    )
    parser.add_argument("--M", required=True, help="number of features, e.g. 200 or 10^9")
    parser.add_argument("--N", required=True, help="number of steps, e.g. 10^12")
    parser.add_argument("--gamma", default="0.1", help="step size (default: 0.1)")
    parser.add_argument("--sigma2", default="1", help="label noise sigma^2 (default: 1)")
    parser.add_argument(
        "--spectrum", default="i^-a", metavar="EXPR", help="eigenvalues (default: i^-a)"
    )
    parser.add_argument(
        "--target",
        default="i^-b",
        metavar="EXPR",
        help="target energies lambda_i E<v_i, w*>^2 (default: i^-b)",
    )
    parser.add_argument(
        "--features", default="gaussian", help="gaussian (default) or top features"
    )
    parser.add_argument("--algorithm", default="sgd", help="sgd (default) or averaged-sgd")
    parser.add_argument(
        "--schedule",
        default="geometric",
        help="geometric (default), constant, polynomial(POWER), cosine, wsd(WARMUP, DECAY), or "
        "stages SHARE:STEPS such as 1:1000,0.5:500",
    )
    parser.add_argument("--batch", default="1", help="fresh samples per step (default: 1)")
    parser.add_argument("--outputs", default="1", help="number of outputs (default: 1)")
    parser.add_argument("--seed", default="0", help="seed of the sketches (default: 0)")


def run(args: argparse.Namespace) -> int:
    """Compute and print; bad input raises `UserError`."""
    import time

    from ratecert.pipeline.threads import use_one_thread

    use_one_thread()
    from ratecert.numerics.risk.expected import expected_risk

    start = time.perf_counter()
    result = expected_risk(
        whole(args.M, "--M"),
        whole(args.N, "--N"),
        **problem_settings(args),
        seed=whole(args.seed, "--seed"),
        draws=None if args.draws is None else whole(args.draws, "--draws"),
    )
    seconds = time.perf_counter() - start
    if args.json:
        import json

        print(json.dumps(_as_json(result, seconds), allow_nan=False))
    else:
        print(_as_text(result))
    return 0


def problem_settings(args: argparse.Namespace) -> dict[str, Any]:
    """Return the keywords of `expected_risk` that the arguments give."""
    return {
        "spectrum": args.spectrum,
        "target": args.target,
        "values": assignments(args.set),
        "gamma": number(args.gamma, "--gamma"),
        "sigma2": number(args.sigma2, "--sigma2"),
        "features": args.features,
        "algorithm": args.algorithm,
        "schedule": args.schedule,
        "batch": whole(args.batch, "--batch"),
        "outputs": whole(args.outputs, "--outputs"),
    }


def assignments(texts: list[str]) -> Mapping[str, float]:
    """Return the values given as ``a=2,b=3/2``, in one or several texts."""
    from ratecert.proofs_check.language.errors import UserError

    values: dict[str, float] = {}
    for item in ",".join(texts).split(","):
        if not item.strip():
            continue
        name, equals, value = item.partition("=")
        name = name.strip()
        if not equals or not name.isidentifier():
            raise UserError(f"--set {item.strip()}: write NAME=VALUE, e.g. --set a=2,b=2")
        if name in values:
            raise UserError(f"--set gives {name} twice")
        values[name] = number(value, f"--set {name}")
    return values


def number(text: str, option: str) -> float:
    """Return the number that a constant of the claim language stands for, e.g. ``3/2``."""
    from ratecert.numerics.model.problem import evaluate
    from ratecert.proofs_check.language.errors import UserError
    from ratecert.proofs_check.language.expr import NUMBERS, free_names
    from ratecert.proofs_check.language.grammar import parse_expr

    try:
        expr = parse_expr(text)
        if names := free_names(expr) - NUMBERS:
            raise UserError(f"{min(names)} is no number: write one, such as 0.1, 3/2 or 10^6")
        return evaluate(expr, {})
    except UserError as error:
        raise UserError(f"{option}: {error}") from None


def whole(text: str, option: str) -> int:
    """Return a whole number, written out or as a constant such as ``10^12``."""
    from ratecert.proofs_check.language.errors import UserError

    if text.strip().isdecimal() and len(text) < 100:
        return int(text)
    value = number(text, option)
    if value != int(value):
        raise UserError(f"{option} must be a whole number, not {text}")
    return int(value)


def _as_json(result: ExpectedRisk, seconds: float) -> dict[str, Any]:
    data: dict[str, Any] = {"M": result.M, "N": result.N}
    data.update({name: getattr(result, name) for name in _PARTS})
    data["mean_bias"] = result.mean_bias
    data["method"] = result.method
    data["relative_error"] = result.relative_error
    data["errors"] = {name: getattr(result.errors, name) for name in _PARTS[1:]}
    if result.draws:
        data["draws"], data["unstable_draws"] = result.draws, result.unstable
    se = result.se
    data["se"] = None if se is None else {name: getattr(se, name) for name in _PARTS[1:]}
    data["seconds"] = seconds
    return data


def _as_text(result: ExpectedRisk) -> str:
    lines = [f"M = {result.M}, N = {result.N}: {result.method}"]
    if result.draws:
        drawn = f"{result.draws} sketch" + ("es" if result.draws > 1 else "")
        lines[0] += f" ({drawn})"
    if result.unstable:
        lines.append(
            f"{result.unstable} more sketches were unstable at this step size and are left out"
        )
    for name in _PARTS:
        line = f"  {name:<12} {getattr(result, name):.10g}"
        if result.se is not None and name != "irreducible":
            line += f"  ± {getattr(result.se, name):.2g}"
        if name != "irreducible" and getattr(result.errors, name) > 1e-9 * getattr(result, name):
            line += f"  (numerical error up to {getattr(result.errors, name):.1g})"
        lines.append(line)
    lines.append(f"  relative numerical error of the risk: {result.relative_error:.1g}")
    return "\n".join(lines)
