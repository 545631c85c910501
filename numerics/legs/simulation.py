r"""The simulation leg: SGD run in NumPy on a small problem of the claim's setting.

Two problems per setting, with ``M = 8`` features and ``N = 256`` steps at the claim's first
parameter values: many independent runs of the *raw* model (the spectrum cut at 24 dimensions,
samples ``x``, sketch ``Sx``, labels with noise; nothing diagonalised), whose mean excess is held
against the exact expected excess given the sketch, the number that the exact leg rests on.  The
leg says nothing about rates: it vetoes an exact engine, or a simulator, that is wrong.

*Constants.*  ``γ = 1/(4 Σ λ_i)``, and the problem is run twice: with ``σ² = 0`` the bias rules,
with ``σ² = 10`` the variance, so that an error of one cannot hide behind the other.  A batch size
or number of outputs above 4, or one that is a size, is taken as 4 or 2.  Outputs with targets or
noise of their own (the first four of them) learn with one matrix of weights, from noise that is
correlated by a half; σ² = 0 and 10 multiply the claim's noise, taken at ``σ = 1``.  Each output is
then held against its own exact excess, at a p-th of the level.

*False alarms.*  The test (`ratecert.numerics.simulation.statistics.mean_test`) has level 1e-9 per
problem, so that 500 different settings in one run together stay within the suite's 1e-6.  The leg
*fails* below that level.  It *passes* above it only if it would have seen an error of a quarter:
if 0.25 of the exact value is more than `VISIBLE` standard errors, found with probability 0.99 (for
normal means).  The seed is a hash of problem and method, so that the same claim has the same
numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import stats

from ratecert.numerics.legs.places import moderate_values
from ratecert.numerics.legs.trend import combined
from ratecert.numerics.legs.values import first_step, method_of, problem_of
from ratecert.numerics.model.problem import Method, Problem, evaluate
from ratecert.numerics.risk.multiple import MultipleProblem, simulated_outputs
from ratecert.numerics.simulation.simulated import SimulatedExcess, simulated_excess
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import Expr, Num, free_names
from ratecert.proofs_check.verdict.certificate import Evidence, Light

__all__ = ["LEVEL", "evidence"]

LEG = "simulation"
LEVEL = 1e-9
"""Rate of false alarms of one problem."""

VISIBLE = float(stats.norm.isf(LEVEL / 2) + stats.norm.isf(0.01))
"""Standard errors of a shift that is found at `LEVEL` with probability 0.99."""

EFFECT = 0.25
NOISES = (0.0, 10.0)
M, N, DIMENSIONS = 8, 256, 24
_RUNS: Mapping[str, int] = {"quick": 2000, "full": 20_000}
_MOST = 4
_AS_SIZE = 2
CORRELATION = 0.5


def evidence(claim: Claim, level: str = "quick") -> Evidence:
    """Return whether simulated SGD has the excess that the exact leg computes.

    Parameters
    ----------
    claim
        A claim about a response of SGD.
    level
        ``"quick"`` or ``"full"``: 2000 or 20,000 runs.
    """
    points = moderate_values(claim, 1)
    if not points:
        return Evidence(LEG, Light.UNKNOWN, "no parameter values to simulate at")
    try:
        results = [
            (noise, result)
            for noise, pair in zip(NOISES, _problems(claim, points[0]), strict=True)
            for result in _simulated(*pair, _RUNS[level])
        ]
    except UserError as error:
        return Evidence(LEG, Light.UNKNOWN, str(error))
    each = [result for _, result in results]
    light = combined(map(_light, each))
    worst = min(each, key=lambda result: (_light(result) is not Light.FAIL, result.p_value))
    return Evidence(LEG, light, _summary(worst), _details(results, points[0]))


def _problems(
    claim: Claim, values: Mapping[str, Fraction]
) -> Iterator[tuple[Problem | MultipleProblem, Method]]:
    """Yield the small problems of a claim's setting, with its method."""
    setting = claim.setting
    small = replace(setting, batch=_small(setting.batch, values))
    outputs = [
        problem_of(small, replace(output, count=_small(output.count, values)), values, {})
        for output in setting.each()[:_MOST]
    ]
    first = outputs[0]
    method = method_of(small, values, {"gamma": first_step(first)})
    for noise in NOISES:
        if len(outputs) == 1:
            yield replace(first, noise=noise * first.noise), method
        else:
            scale = np.sqrt([noise * output.noise for output in outputs])
            yield (
                MultipleProblem.of(
                    first.spectrum,
                    [output.target for output in outputs],
                    np.outer(scale, scale)
                    * (CORRELATION + (1 - CORRELATION) * np.eye(len(scale))),
                    first.features,
                ),
                method,
            )


def _small(number: Expr, values: Mapping[str, Fraction]) -> Num:
    if not free_names(number) <= values.keys():
        return Num(Fraction(_AS_SIZE))
    known = {name: float(value) for name, value in values.items()}
    return Num(Fraction(min(max(round(evaluate(number, known)), 1), _MOST)))


@lru_cache(maxsize=256)
def _simulated(
    problem: Problem | MultipleProblem, method: Method, runs: int
) -> tuple[SimulatedExcess, ...]:
    """Return the simulation of all outputs together, or of each where they differ."""
    digest = hashlib.sha256(repr((problem, method, M, N, runs)).encode()).digest()
    seed = int.from_bytes(digest[:6], "big")
    if isinstance(problem, Problem):
        found = simulated_excess(
            problem, method, M, N, runs=runs, seed=seed, dimensions=DIMENSIONS
        )
        return (found,)
    each = simulated_outputs(problem, method, M, N, runs=runs, seed=seed, dimensions=DIMENSIONS)
    p = len(problem.targets)
    return tuple(
        SimulatedExcess(
            runs, N, float(mean), float(se), float(exact), float((mean - exact) / se),
            min(1.0, p * float(p_value)), seed, samples[None],
        )
        for mean, se, exact, p_value, samples in zip(
            each.mean, each.se, each.exact, each.p_values, each.samples.T, strict=True
        )
    )  # fmt: skip


def _light(result: SimulatedExcess) -> Light:
    assert result.p_value is not None  # there are more runs than a test needs
    if not result.p_value >= LEVEL:
        return Light.FAIL
    blind = VISIBLE * result.excess_se > EFFECT * result.excess_exact
    return Light.UNKNOWN if blind else Light.PASS


def _summary(result: SimulatedExcess) -> str:
    return (
        f"excess of {result.runs} runs {result.excess_mean:.4g} +- {result.excess_se:.1g}, "
        f"exact {result.excess_exact:.4g}"
    )


def _details(
    results: Sequence[tuple[float, SimulatedExcess]], values: Mapping[str, Fraction]
) -> dict[str, Any]:
    rows = [
        {
            "sigma^2": f"{noise:g}",
            "seed": result.seed,
            "mean": f"{result.excess_mean:.12e}",
            "se": f"{result.excess_se:.12e}",
            "exact": f"{result.excess_exact:.12e}",
            "p-value": f"{result.p_value:.6e}",
        }
        for noise, result in results
    ]
    return {
        "values": {name: str(value) for name, value in sorted(values.items())},
        "M": M,
        "N": N,
        "dimensions": DIMENSIONS,
        "runs": results[0][1].runs,
        "level": f"{LEVEL:.0e}",
        "problems": rows,
    }
