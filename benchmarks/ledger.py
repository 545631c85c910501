"""The proof ledger measured: how sharp its constants are, and sabotage of all of it.

    python benchmarks/ledger.py [sharpness] [sketches] [sabotage]

``sharpness`` prints, for several a, the constants of the ledger's two theorems as functions of a
(and the uniform ones), beside the least and the largest ratio that the exact risk takes on a grid
of M, N, gamma and sigma; a few minutes on one core.  ``sketches`` draws Gaussian sketches, counts
how many are in the event of the ledger with constants chosen beforehand (`c2_of`), and prints
the constants of the theorem for a sketch beside the extreme ratios on the sketches in the event;
three minutes.  ``sabotage`` tries every systematic mutant
of the ledger (`ledger_mutations`); about a quarter of an hour.
"""

from __future__ import annotations

import itertools
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.special import zeta

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ledger_mutations import Original, mutants
from ledger_truth import counterexample

from ratecert.numerics.exact.excess import expected_excess
from ratecert.numerics.model.schedules import geometric
from ratecert.numerics.shown.event import SketchEvent, sketch_event

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


DRAWS = {8: 1000, 32: 500, 128: 100}
"""Sketches by their size M."""
FEW_STEPS = (16, 100, 10**4, 10**6, 10**9)
KAPPA, C1 = 1.0, 1 / 2
SEED = 20240611


def c2_of(a: float) -> float:
    """Return the c2 that the event is measured with; like c1 and kappa it was chosen once."""
    return 2 * a / (a - 1)


def sketch_lower(a: float) -> float:
    """Return the smaller constant of `sketch-below-model` and `sketch-below-steps`, per rate.

    The former where M is at most ``B (N_eff gamma)^(1/a)``, so that the rate is at most
    ``1 + B^(a-1)`` times ``M^(1-a)``; else it is at most ``1 + B^(1-a)`` times the other term.
    """
    g = (a - 1) / (2 * a)
    B = (6 * a * c2_of(a) / (a - 1)) ** (1 / a)
    model = 2 ** (1 - a) * (a + 3) / 4 / (1 + B ** (a - 1))
    kept = 2 ** (2 * (1 - a) / (3 * a * (1 - g))) * (1 + B) ** (1 - a)
    return min(model, kept * (1 + (a - 1) / (2 * (1 + B))) / (1 + B ** (1 - a)))


def sketch_upper(a: float) -> float:
    """Return the larger constant of `theorem-sketch-above-in-a`, at the largest step size."""
    g, p = (a - 1) / (2 * a), (1 - a) / a
    bias = a / C1 * (3 * math.log(2) * (1 - g)) ** p
    feedback = (a - 1) * 20 / 9 * (141 / 200) ** (1 - 1 / (2 * a))
    return max(a / C1 * KAPPA**-p, bias + feedback * (0.8 * math.log(2) * c2_of(a)) ** p)


def gordon_constants(a: float, tau: float = 1 / 4) -> tuple[float, float]:
    """Return c2, and kappa for c1 = 1/4, as `gordon-gives-tails` and `-alignment` have them."""
    share = a / (a - 1)
    return (1 + tau + 2 * share**0.5) ** 2, (2 * share**0.5 / (0.5 - tau)) ** (2 * a)


def sketch_ratios(event: SketchEvent, gamma: float) -> Iterator[tuple[float, float]]:
    """Yield ``(a - 1) (risk - sigma^2)/rate`` and ``N_eff gamma`` on a grid of N, gamma, sigma."""
    a, f = event.a, event.features
    for N, share, sigma2 in itertools.product(FEW_STEPS, (1, 1 / 8, 1 / 1024), (0.0, 1.0)):
        noise = sigma2 + f.approx
        excess = expected_excess(f.lam, f.energy, noise, geometric(share * gamma, N)).excess
        n = N / math.log(N) * share * gamma
        rate = len(f.lam) ** (1 - a) + n ** ((1 - a) / a)
        yield (a - 1) * (f.approx + excess) / rate, n


def sketches() -> None:
    """Print the table of the event: its frequency, and constants against extreme ratios."""
    print(f"c1 = {C1}, c2 = 2 a/(a - 1), kappa = {KAPPA}; c, C and ratios times (a - 1)")
    sizes = " ".join(f"M={M}:{n}" for M, n in DRAWS.items())
    print(f"a    in the event, of {sizes}; largest c2, 1/c1   c   least  C   largest   by [G]")
    for a in (1.1, 1.5, 2.0, 3.0, 4.0):
        gamma = (a - 1) / (2 * a) / c2_of(a)
        counts, least, most, worst = [], math.inf, 0.0, [0.0, 0.0]
        for M, draws in DRAWS.items():
            events = [sketch_event(a, M, SEED, draw) for draw in range(draws)]
            inside = [e for e in events if e.holds(C1, c2_of(a), KAPPA)]
            counts.append(len(inside))
            worst = [max(w, *v) for w, v in zip(worst, ([e.c2 for e in events],
                     [1 / e.c1(KAPPA) for e in events]), strict=True)]  # fmt: skip
            for event in inside[:60]:
                found = list(sketch_ratios(event, gamma))
                least = min(least, *(ratio for ratio, n in found if n >= 1))
                most = max(most, *(ratio for ratio, _ in found))
        c, C, (c2, kappa) = sketch_lower(a), sketch_upper(a), gordon_constants(a)
        shown = "/".join(map(str, counts))
        print(
            f"{a:<4} {shown}  {worst[0]:.1f} {worst[1]:.2f}   {c:.4f} {least:.4f} {least / c:.2f}"
            f"   {C:.2f} {most:.3f} {C / most:.2f}   {c2:.1f} {kappa:.2g}", flush=True,
        )  # fmt: skip


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
    for name in sys.argv[1:] or ("sharpness", "sketches", "sabotage"):
        {"sharpness": sharpness, "sketches": sketches, "sabotage": sabotage}[name]()
