"""Kernel SGD on real inputs against its rate, over two decades of N and of M.

    python3 run.py bench kernels

For each kernel, with Gaussian-process sketches, targets drawn from the isotropic prior and inputs
uniform on the domain: reducible risk (approx + excess) over the rate, its band (largest over
smallest) and drift (slope of its logarithm against that of N or M); and the excess over that of
Gaussian features with the same covariance.

The rate is ``A M^(1-a) + B n^((1-a)/a)``, ``n = N_eff gamma``, with the constants of
``λ_i ~ L i^-a``: ``A = L c_a^a``, ``c_a = (π/a)/sin(π/a)``, that of the approximation, and
``B = (L/a) Γ((a-1)/a) (4 L)^((1-a)/a)``, that of the mean path ``Σ λ_i exp(-4 n λ_i)``: the
geometric schedule's steps add up to about ``2 n``.  One constant would do for a Theta; with two of
them what is left of the band is not the ratio of the constants.  A few minutes.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import math
import sys
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from numerics.kernels import Brownian, Kernel, NeuralTangent, Sobolev
from numerics.kernelsgd import Process, gaussian_process, kernel_sgd
from numerics.problem import Method, Regular

KERNELS: dict[str, tuple[Kernel, float]] = {
    "sobolev(3/4)": (Sobolev(Fraction(3, 4)), 1.5),
    "brownian": (Brownian(), 2.0),
    "sobolev(5/4)": (Sobolev(Fraction(5, 4)), 2.5),
    "ntk(3)": (NeuralTangent(3), 1.5),
}
NODES = 2000
RUNS = 32
SKETCHES = 2
NOISE = 0.1
"""Variance of the noise, in units of ``k(x, x)``."""
STEPS = (1000, 3000, 10_000, 30_000, 100_000)
FEATURES = (2, 4, 8, 20, 40, 80, 200)
MANY_FEATURES, MANY_STEPS = 200, 30_000


def rate(law: Regular, M: int, n: float) -> float:
    """Return the rate of the module's docstring; `law` is what the eigenvalues approach."""
    L, (a, _) = law.scale, law.order
    c = (math.pi / a) / math.sin(math.pi / a)
    steps = L / a * math.gamma((a - 1) / a) * (4 * n * L) ** ((1 - a) / a)
    return L * c**a * M ** (1 - a) + steps


def risks(
    process: Process, law: Regular, places: Iterable[tuple[int, int]]
) -> Iterator[list[float]]:
    """Yield [M, N, approx, excess, ratio to the rate, ratio to Gaussian features] per place."""
    trace = float(process.weights @ np.sum(process.root**2, axis=1))
    gamma = 1 / (4 * trace)
    for M, N in places:
        runs = [kernel_sgd(process, M, N, Method(gamma), NOISE * trace, RUNS, seed)
                for seed in range(SKETCHES)]  # fmt: skip
        approx, excess, gaussian = (
            float(np.mean([getattr(run, name) for run in runs]))
            for name in ("approx", "excess", "gaussian")
        )
        total = rate(law, M, N / math.log2(N) * gamma)
        yield [M, N, approx, excess, (approx + excess) / total, excess / gaussian]


def band(rows: list[list[float]], column: int) -> tuple[float, float]:
    """Return largest over smallest ratio, and the slope of its logarithm against a size's."""
    ratios = np.array([row[4] for row in rows])
    sizes = np.log([row[column] for row in rows])
    return float(ratios.max() / ratios.min()), float(np.polyfit(sizes, np.log(ratios), 1)[0])


def main() -> None:
    for name, (kernel, a) in KERNELS.items():
        process = gaussian_process(kernel, NODES)
        print(f"{name}, a = {a:g}")
        print("      M       N      approx      excess   over rate   over Gaussian")
        for column, places in (
            (1, [(MANY_FEATURES, N) for N in STEPS]),
            (0, [(M, MANY_STEPS) for M in FEATURES]),
        ):
            rows = []
            for row in risks(process, kernel.beyond(), places):
                M, N, approx, excess, over, gaussian = row
                print(f"{M:7.0f} {N:7.0f} {approx:11.4g} {excess:11.4g} {over:11.3f} "
                      f"{gaussian:15.3f}", flush=True)  # fmt: skip
                rows.append(row)
            width, slope = band(rows, column)
            print(f"  along {'MN'[column]}: band {width:.2f}, drift {slope:+.3f}", flush=True)


if __name__ == "__main__":
    main()
