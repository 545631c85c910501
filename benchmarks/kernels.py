"""Kernel SGD on real inputs against its rate, over two decades of N and of M.

    python3 run.py bench kernels

For each kernel, with Gaussian-process sketches, targets drawn from the isotropic prior and inputs
uniform on the domain: reducible risk (approx + excess) over the rate
``M^(1-a) + n^((1-a)/a)``, ``n = N_eff gamma λ_1``; its band (largest over smallest) and drift
(slope of its logarithm against that of N or M); and the excess over that of Gaussian features
with the same covariance.  A few minutes.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import math
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from numerics.kernels import ArcCosine, Brownian, Kernel, NeuralTangent, Sobolev
from numerics.kernelsgd import Process, gaussian_process, kernel_sgd
from numerics.problem import Method

KERNELS: dict[str, tuple[Kernel, float]] = {
    "ntk(3)": (NeuralTangent(3), 1.5),
    "brownian": (Brownian(), 2.0),
    "arc-cosine(3)": (ArcCosine(3), 2.5),
    "sobolev(2)": (Sobolev(2), 4.0),
}
NODES = 1000
RUNS = 64
SKETCHES = 2
NOISE = 0.1
"""Variance of the noise, in units of ``k(x, x)``."""
STEPS = (100, 200, 500, 1000, 2000, 5000, 10_000)
FEATURES = (4, 8, 16, 40, 80, 160, 400)
MANY_FEATURES, MANY_STEPS = 400, 10_000


def risks(process: Process, a: float, places: Iterable[tuple[int, int]]) -> Iterator[list[float]]:
    """Yield [M, N, approx, excess, ratio to the rate, ratio to Gaussian features] per place."""
    trace = float(process.weights @ np.sum(process.root**2, axis=1))
    largest = float(np.linalg.eigvalsh((process.root.T * process.weights) @ process.root)[-1])
    gamma = 1 / (4 * trace)
    for M, N in places:
        runs = [kernel_sgd(process, M, N, Method(gamma), NOISE * trace, RUNS, seed)
                for seed in range(SKETCHES)]  # fmt: skip
        approx, excess, gaussian = (
            float(np.mean([getattr(run, name) for run in runs]))
            for name in ("approx", "excess", "gaussian")
        )
        n = N / math.log2(N) * gamma * largest
        rate = trace * (M ** (1 - a) + n ** ((1 - a) / a))
        yield [M, N, approx, excess, (approx + excess) / rate, excess / gaussian]


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
            for row in risks(process, a, places):
                M, N, approx, excess, rate, gaussian = row
                print(f"{M:7.0f} {N:7.0f} {approx:11.4g} {excess:11.4g} {rate:11.3f} "
                      f"{gaussian:15.3f}", flush=True)  # fmt: skip
                rows.append(row)
            width, slope = band(rows, column)
            print(f"  along {'MN'[column]}: band {width:.2f}, drift {slope:+.3f}", flush=True)


if __name__ == "__main__":
    main()
