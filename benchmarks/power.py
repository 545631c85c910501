"""Power of the simulator's tests, measured: how often each error of the list is found.

The problem, the comparisons and the errors are those of ``tests/numerics/test_simulate_power.py``.
Each repetition simulates the right problem anew and holds it against the moments of every wrong
one; for four of the errors the simulator itself gets the error and is held against the right
moments.  With k misses of n the power is at least the Clopper-Pearson bound, at 99 % confidence.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "numerics"))

import test_simulate_power as small

from numerics.simulate import simulate
from numerics.sources import Eigenbasis

REPETITIONS, INSIDE = 500, 25
INSIDES = {
    "simulated with step size + 2 %": {"gamma": 1.02 * small.GAMMA},
    "simulated with step size - 2 %": {"gamma": 0.98 * small.GAMMA},
    "simulated with noise + 2 %": {"noise": 1.02 * small.NOISE},
    "simulated with noise - 2 %": {"noise": 0.98 * small.NOISE},
}


def samples(seed: int, gamma: float = small.GAMMA, noise: float = small.NOISE) -> small.Array:
    """What `small.statistics` returns, with the fastest engine there is."""
    source = Eigenbasis.of(small.LAM, np.ones(small.M), noise)
    squares = (
        simulate(
            source, [(gamma, small.STEPS)], small.RUNS, seed, key=(7,), engine=ENGINE
        ).deviation[:, 0]
        ** 2
    )
    return np.column_stack([squares, (squares / small.exact()).sum(axis=1)])


def main() -> None:
    global ENGINE
    try:
        import numba  # noqa: F401

        ENGINE = "numba"
    except ImportError:
        pass
    start, found, tried = time.perf_counter(), Counter[str](), Counter[str]()
    right = small.exact()
    for seed in range(REPETITIONS):
        drawn = samples(seed)
        found["nothing (false alarms)"] += small.alarm(drawn, right)
        tried["nothing (false alarms)"] += 1
        for error, wrong in small.WRONG.items():
            found[error] += small.alarm(drawn, wrong)
            tried[error] += 1
        if seed < INSIDE:
            for error, change in INSIDES.items():
                found[error] += small.alarm(samples(10**6 + seed, **change), right)
                tried[error] += 1
    seconds = time.perf_counter() - start
    print(f"M = {small.M}, {small.RUNS} runs of {small.STEPS} steps, {seconds:.0f} s")
    print(f"level of one comparison {small.SHARES.level:.2g}")
    for error, n in tried.items():
        k = found[error]
        least = stats.beta.ppf(0.01, k, n - k + 1) if k else 0.0
        print(f"  {error:32} found {k} of {n}, power >= {least:.4f}")


ENGINE = "numpy"

if __name__ == "__main__":
    main()
