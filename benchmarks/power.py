"""Power of the simulator's tests, measured: how often each error of the list is found.

The problem, the comparisons and the errors are those of
``tests/numerics/simulation/test_simulate_power.py``. Each repetition simulates the right problem
anew and holds it against the moments of every wrong one; for four of the errors the simulator
itself gets the error and is held against the right moments.  With k misses of n the power is at
least the Clopper-Pearson bound, at 99 % confidence.
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
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "numerics" / "simulation"))

import test_simulate_power as small

from ratecert.numerics.simulation.sgd import simulate
from ratecert.numerics.simulation.sources import Eigenbasis

REPETITIONS, INSIDE_EVERY = 500, 20
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
    """Repeat as often as the first argument says, and print the counts so far now and then."""
    global ENGINE
    try:
        import numba  # noqa: F401

        ENGINE = "numba"
    except ImportError:
        pass
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS
    found, tried = Counter[str](), Counter[str]()
    start, right = time.process_time(), small.exact()
    print(f"M = {small.M}, {small.RUNS} runs of {small.STEPS} steps; level of one comparison "
          f"{small.SHARES.level:.2g}")  # fmt: skip
    for seed in range(repetitions):
        drawn = samples(seed)
        outcomes = {"nothing (false alarms)": small.alarm(drawn, right)}
        outcomes |= {error: small.alarm(drawn, wrong) for error, wrong in small.WRONG.items()}
        if seed % INSIDE_EVERY == 0:
            for error, change in INSIDES.items():
                outcomes[error] = small.alarm(samples(10**6 + seed, **change), right)
        found.update({error: int(alarm) for error, alarm in outcomes.items()})
        tried.update(outcomes.keys())
        if (seed + 1) % 50 == 0 or seed + 1 == repetitions:
            report(found, tried, time.process_time() - start)


def report(found: Counter[str], tried: Counter[str], seconds: float) -> None:
    print(f"after {seconds:.0f} s of processor time", flush=True)
    for error, n in tried.items():
        k = found[error]
        least = stats.beta.ppf(0.01, k, n - k + 1) if k else 0.0
        print(f"  {error:32} found {k} of {n}, power >= {least:.4f}", flush=True)


ENGINE = "numpy"

if __name__ == "__main__":
    main()
