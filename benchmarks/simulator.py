"""Speed of the simulator: R = 64 runs, M = 200, N = 10^4, geometric schedule, one core.

Steps·runs per second beside (i) a loop over samples in NumPy, (ii) numba with NumPy's generator
inside, (iii) the time to draw the normals alone, each in the same process, turn and turn about;
processor time is counted, and the ratios are those of the best of several rounds, since other work
on the machine can only slow a round down.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from ratecert.numerics.model.schedules import geometric
from ratecert.numerics.simulation.sgd import simulate
from ratecert.numerics.simulation.sources import Eigenbasis

R, M, N, GAMMA, ROUNDS = 64, 200, 10**4, 0.1, 5
LAM = np.arange(1.0, M + 1) ** -2
SOURCE = Eigenbasis.of(LAM, np.ones(M), 1.0)
SCHEDULE = geometric(GAMMA, N)


def simulator(engine: str) -> Callable[[], int]:
    def run() -> int:
        simulate(SOURCE, SCHEDULE, R, 1, engine=engine)
        return R * N

    return run


def sample_loop() -> int:
    """One run, one sample at a time, for a twentieth of the steps."""
    rng, w, root = np.random.default_rng(1), -np.ones(M), np.sqrt(LAM)
    for _ in range(N // 20):
        u = root * rng.standard_normal(M)
        w -= GAMMA * (u @ w - rng.standard_normal()) * u
    return N // 20


def normals_alone() -> int:
    """The simulator's normals, in blocks of its size, for a fifth of the steps."""
    rng = np.random.Generator(np.random.SFC64(1))
    block = np.empty((5, R, M + 1))
    for _ in range(N // 25):
        rng.standard_normal(out=block)
    return R * 5 * (N // 25)


def generator_inside() -> Callable[[], int]:
    """Numba with NumPy's generator inside; raises ImportError without numba."""
    import numba

    @numba.njit
    def steps(rng, w, root, gamma, count):  # type: ignore[no-untyped-def]
        u = np.empty(w.shape[1])
        for _ in range(count):
            for r in range(w.shape[0]):
                dot = 0.0
                for i in range(u.size):
                    u[i] = rng.standard_normal() * root[i]
                    dot += u[i] * w[r, i]
                pull = gamma * (dot - rng.standard_normal())
                for i in range(u.size):
                    w[r, i] -= pull * u[i]

    def run() -> int:
        rng = np.random.Generator(np.random.SFC64(1))
        steps(rng, -np.ones((R, M)), np.sqrt(LAM), GAMMA, N // 5)
        return R * (N // 5)

    return run


def main() -> None:
    contests = {
        "numpy": simulator("numpy"), "loop (i)": sample_loop, "normals (iii)": normals_alone,
    }  # fmt: skip
    try:
        contests |= {"numba in (ii)": generator_inside(), "compiled": simulator("numba")}
    except ImportError:
        print("without numba: (ii) and the compiled engine are left out")
    rates: dict[str, list[float]] = {name: [] for name in contests}
    for run in contests.values():
        run()  # compiles, and warms the caches
    for _ in range(ROUNDS):
        for name, run in contests.items():
            start = time.process_time()
            done = run()
            rates[name].append(done / (time.process_time() - start))
    best = {name: max(values) for name, values in rates.items()}
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
          f"Python {platform.python_version()}, NumPy {np.__version__}")  # fmt: skip
    print(f"steps·runs per second, R = {R}, M = {M}, N = {N}, best (median) of {ROUNDS}")
    for name, values in rates.items():
        print(f"  {name:14} {best[name]:10.3g} ({np.median(values):.3g})")
    print(f"numpy / loop (i)          {best['numpy'] / best['loop (i)']:.2f}")
    print(f"numpy / normals (iii)     {best['numpy'] / best['normals (iii)']:.2f}   wanted 0.75")
    if "compiled" in best:
        print(f"compiled / numba in (ii)  {best['compiled'] / best['numba in (ii)']:.2f}"
              "   wanted 0.80")  # fmt: skip


if __name__ == "__main__":
    main()
