"""The proof ledger measured: how sharp its constants are, and sabotage of all of it.

    python benchmarks/ledger.py [sharpness] [sabotage]

``sharpness`` prints, for several a, the constants of the ledger's two theorems as functions of a
(and the uniform ones), beside the least and the largest ratio that the exact risk takes on a grid
of M, N, gamma and sigma; a few minutes on one core.  ``sabotage`` tries every systematic mutant
of the ledger (`ledger_mutations`); about a quarter of an hour.
"""

from __future__ import annotations

import itertools
import math
import random
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.special import zeta

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ledger_mutations import Original, mutants
from ledger_truth import counterexample

from numerics.risk import expected_excess
from numerics.schedules import geometric

SIZES = (1, 2, 3, 5, 10, 30, 100, 1000)
STEPS = (16, 24, 32, 64, 100, 1000, 10**4, 10**6, 10**8)
SHARES = (1, 1 / 2, 1 / 8, 1 / 64, 1 / 1024)
"""Step sizes, as shares of the largest allowed one."""
LOWER, UPPER = 2 / 53, 93 / 10
"""The uniform constants c and C of the ledger, both over (a - 1)."""


def scaled_ratio(a: float, M: int, N: int, gamma: float, sigma2: float) -> tuple[float, float]:
    """Return ``(a - 1) (risk - sigma^2)/rate`` and ``N_eff gamma``."""
    lam = np.arange(1, M + 1.0) ** -a
    approx = float(zeta(a, M + 1))
    excess = expected_excess(lam, lam, sigma2 + approx, geometric(gamma, N)).excess
    n = N / math.log(N) * gamma
    return (a - 1) * (approx + excess) / (M ** (1 - a) + n ** ((1 - a) / a)), n


def lower(a: float) -> float:
    """Return the constant of `theorem-below-in-a`, at the largest step size."""
    g = (a - 1) / (2 * a)
    theta = (6 * a / (a - 1)) ** (1 / a)
    steps = 2 ** (2 * (a - 1) / (3 * a * (1 - g))) * (1 + theta) ** (a - 1)
    return 1 / (4 * 2 ** (a - 1) / (a + 3) + steps / (1 + (a - 1) / (2 * (1 + theta))))


def upper(a: float) -> float:
    """Return the larger constant of `theorem-above-in-a`, at the largest step size."""
    g = (a - 1) / (2 * a)
    bias = a * (3 * math.e * math.log(2) * (1 - g)) ** ((1 - a) / a)
    feedback = 20 / 9 * (141 / 200) ** (1 - 1 / (2 * a)) * (0.8 * math.log(2)) ** ((1 - a) / a)
    return max(1.0, bias + (a - 1) * feedback)


def sharpness() -> None:
    print("all constants times (a - 1)")
    print("a      c(a)    least   least/c  C(a)    largest C/largest C(a)/c(a)")
    for a in (1.1, 1.25, 1.5, 2.0, 3.0, 4.0):
        top = (a - 1) / (2 * a)
        grid = itertools.product(SIZES, STEPS, SHARES, (0.0, 1.0))
        found = [scaled_ratio(a, M, N, share * top, s2) for M, N, share, s2 in grid]
        least = min(ratio for ratio, n in found if n >= 1)
        most = max(ratio for ratio, _ in found)
        c, C = lower(a), upper(a)
        below = f"{c:.4f}  {least:.4f}  {least / c:5.2f}"
        above = f"{C:.4f}  {most:.4f}  {C / most:5.2f}"
        print(f"{a:<6} {below}    {above}     {C / c:7.1f}", flush=True)
    print(f"uniform: c = {LOWER:.5f}/(a - 1), C = {UPPER}/(a - 1)")


def sabotage() -> None:
    begin = time.perf_counter()
    original = Original()
    print(f"the ledger itself: {time.perf_counter() - begin:.1f} s")
    rng = random.Random(0)
    verdicts: Counter[tuple[str, str]] = Counter()
    for mutant in mutants(original.items):
        found = original.judge(mutant)
        verdicts[mutant.kind, found] += 1
        if found == "statement":
            table = {**original.table, "item": [*original.items[: mutant.at], *mutant.items]}
            false = [
                wrong for item in mutant.items
                if "id" in item and (wrong := counterexample(table, item, rng))
            ]  # fmt: skip
            print(
                f"accepted: {mutant.kind}: {mutant.what}{'; FALSE: ' + false[0] if false else ''}"
            )
    for (kind, found), count in sorted(verdicts.items()):
        print(f"{kind:<12} {found:<10} {count}")
    print(f"{sum(verdicts.values())} mutants, {time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    for name in sys.argv[1:] or ("sharpness", "sabotage"):
        {"sharpness": sharpness, "sabotage": sabotage}[name]()
