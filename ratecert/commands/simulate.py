"""``ratecert simulate``: SGD over many runs, beside its exact expected excess."""

from __future__ import annotations

import argparse

HELP = "simulate SGD over many runs, beside the exact expected excess risk"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    from ratecert.commands.risk import problem_arguments

    problem_arguments(parser)
    parser.add_argument("--draws", default="1", help="Gaussian sketches (default: 1)")
    parser.add_argument("--runs", default="64", help="runs for each sketch (default: 64)")
    parser.add_argument(
        "--raw",
        metavar="D",
        help="draw x itself, cut at D dimensions, and sketch it, in the place of the eigenbasis",
    )
    parser.add_argument(
        "--engine",
        default="numpy",
        help="numpy, or numba for compiled steps, with the `fast` extra (default: numpy)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Simulate and print; the status is 1 where simulation and exact value contradict."""
    import json
    import sys

    from ratecert.pipeline.threads import use_one_thread

    use_one_thread()
    from ratecert.commands.risk import problem_settings, whole
    from ratecert.numerics.simulation.simulated import simulated_risk
    from ratecert.numerics.simulation.statistics import FALSE_ALARMS
    from ratecert.pipeline.progress import progress

    with progress("simulating") as tell:
        result = simulated_risk(
            whole(args.M, "--M"),
            whole(args.N, "--N"),
            **problem_settings(args),
            seed=whole(args.seed, "--seed"),
            draws=whole(args.draws, "--draws"),
            runs=whole(args.runs, "--runs"),
            dimensions=None if args.raw is None else whole(args.raw, "--raw"),
            engine=args.engine,
            progress=tell,
        )
    names = ("runs", "steps", "excess_mean", "excess_se", "excess_exact", "z", "seed", "seconds")
    if args.json:
        print(json.dumps({name: getattr(result, name) for name in names}))
    else:
        rate = result.runs * result.steps / max(result.seconds, 1e-9)
        print(f"simulated excess  {result.excess_mean:.6g} ± {result.excess_se:.2g}"
              f"   ({result.runs} runs of {result.steps} steps)")  # fmt: skip
        print(f"exact excess      {result.excess_exact:.6g}")
        if result.z is not None:
            print(f"difference        {result.z:+.2f} standard errors")
        print(f"time              {result.seconds:.2f} s, {rate:.3g} steps·runs a second")
    alarm = result.p_value is not None and result.p_value < FALSE_ALARMS
    if alarm:
        print(f"simulation and exact value contradict: p = {result.p_value:.1g}", file=sys.stderr)
    return int(alarm)
