"""Accuracy and speed of the exact risk, beside a plain recursion.  Prints, asserts nothing.

    python benchmarks/exact_risk.py [small] [large] [speed] [equivalents]

With no argument, all of it: a few minutes on one core.
"""

from __future__ import annotations

import platform
import resource
import sys
import time
from pathlib import Path

import numpy as np
from flint import arb

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from problem_strategies import Small, dense_moments

from numerics.equivalents import equivalent_excess
from numerics.expected import expected_risk, learning_curve
from numerics.problem import Method, Problem
from numerics.risk import excess_curve, expected_excess, largest_stable_gamma
from numerics.schedules import Schedule, constant, cosine, geometric
from proofs_check.language import parse_expr

PARTS = ("approx", "bias", "mean_bias", "variance")


def small() -> None:
    """200 drawn problems against powers of the dense moment matrix in 80-digit balls."""
    rng = np.random.default_rng(2024)
    true, stated, over = [], [], 0
    for _ in range(200):
        i = np.arange(1, rng.integers(1, 21) + 1.0)
        lam = i ** -rng.uniform(1.05, 4)
        energy = i ** -rng.uniform(1.05, 6) * rng.uniform(0.5, 2, len(i))
        batch = int(rng.choice([1, 1, 1, 2, 8]))
        gamma = float(rng.choice([0.02, 0.3, 0.5, 0.8, 0.9])) * largest_stable_gamma(lam, batch)
        make = geometric if rng.random() < 0.6 else constant
        schedule = make(gamma, int(10 ** rng.uniform(0, 9)))
        problem = Small(lam, energy, float(rng.choice([0.0, 0.1, 1.0])), schedule, batch)
        got = expected_excess(lam, energy, problem.noise, schedule, batch)
        bias, variance, mean = dense_moments(problem)
        for value, truth, bound in (
            (got.bias, bias, got.bias_error),
            (got.variance, variance, got.variance_error),
            (got.mean_bias, mean, got.mean_bias_error),
            (got.excess, bias + variance, got.relative_error),
        ):
            if float(truth) > 1e-200:
                true.append(float(abs((arb(value) - truth) / truth).mid()))
                stated.append(bound)
                over += true[-1] > bound
    print(f"200 small problems, {len(true)} numbers: largest error {max(true):.1e}, median")
    print(
        f"  {np.median(true):.1e}; stated: median {np.median(stated):.1e}, exceeded {over} times;"
    )
    print(f"  median stated/true {np.median(stated) / np.median(true):.0f}")


def _recursion(
    lam: np.ndarray, energy: np.ndarray, noise: float, schedule: Schedule, kind: type
) -> tuple[float, float]:
    """Bias and variance step by step, as one would write it."""
    lam = lam.astype(kind)
    m = np.stack([energy / lam, np.zeros_like(lam)], axis=1)
    forced = np.array([0, noise], dtype=kind)
    for gamma, n in zip(schedule.gammas, schedule.steps, strict=True):
        x = (kind(gamma) * lam)[:, None]
        decay, gain = 1 - 2 * x + 2 * x * x, gamma * x
        for _ in range(n):
            m = decay * m + gain * (lam @ m + forced)
    bias, variance = lam @ m
    return float(bias), float(variance)


def large() -> None:
    """M = 1000 against the recursion in extended precision, and the ratio of times."""
    i = np.arange(1, 1001.0)
    lam, energy = i**-2.0, i**-2.0
    schedule = geometric(0.2, 10**5)
    got = expected_excess(lam, energy, 1.0, schedule)
    truth = _recursion(lam, energy, 1.0, schedule, np.longdouble)
    errors = [abs(v / t - 1) for v, t in zip((got.bias, got.variance), truth, strict=True)]
    print(f"M = 1000, N = 10^5 against extended precision: {errors[0]:.1e}, {errors[1]:.1e}")
    start = time.perf_counter()
    _recursion(lam, energy, 1.0, schedule, np.float64)
    plain = time.perf_counter() - start
    closed = _best(lambda: expected_excess(lam, energy, 1.0, schedule))
    print(f"  plain loop {plain:.2f} s, closed form {closed:.2f} s: ratio {plain / closed:.0f}")


def _best(call: object, repeats: int = 3) -> float:
    assert callable(call)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def speed() -> None:
    """Seconds by size."""
    for M, N, repeats in ((200, 10**9, 5), (1000, 10**12, 3), (4000, 10**6, 1)):
        lam = np.arange(1, M + 1.0) ** -2
        schedule = geometric(0.2, N)
        seconds = _best(lambda x=lam, s=schedule: expected_excess(x, x, 1.0, s), repeats)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"M = {M}, N = {N:.0e}: {seconds:.2f} s ({len(schedule)} stages, peak {peak:.2f} GB)"
        )
    lam = np.arange(1, 301.0) ** -2
    plans = [geometric(0.2, 2**k) for k in range(4, 36)]
    one = _best(lambda: [expected_excess(lam, lam, 1.0, plan) for plan in plans], 1)
    curve = _best(lambda: excess_curve(lam, lam, 1.0, plans), 1)
    print(f"32 points of a curve, M = 300: {curve:.2f} s in one pass, {one:.2f} s one by one")
    averaged = _best(lambda: expected_excess(lam, lam, 1.0, constant(0.2, 10**9), averaged=True))
    print(f"averaged iterates, M = 300, N = 10^9, constant steps: {averaged:.2f} s")
    waves = _best(lambda: expected_excess(lam, lam, 1.0, cosine(0.2, 10**4)), 1)
    print(f"cosine schedule, M = 300, N = 10^4: {waves:.2f} s")
    values = {"a": 2, "b": 2}
    seconds = _best(lambda: expected_risk(10**9, 10**12, values=values, draws=0))
    print(f"equivalent, M = 10^9, N = 10^12: {seconds:.2f} s")


def equivalents() -> None:
    """The equivalent beside 64 sketches in 20 settings, and its deviation at M = 64 and 256."""
    rng = np.random.default_rng(7)
    outside, numbers = 0, 0
    for _ in range(20):
        a = rng.uniform(1.1, 3)
        b = rng.uniform(1.1, a + 0.9)
        batch = int(rng.choice([1, 4]))
        # Few enough steps that the smallest mode is not exponentially dead: there the 1/M of the
        # logarithm is not one of the value.
        M, N = 64, int(10 ** rng.uniform(1, min(4.5, 1.5 + a * 1.5)))
        method = Method(gamma=0.15 * (a - 1), batch=batch)
        values = {"a": a, "b": b}
        problem = Problem.parse(parse_expr("i^-a"), parse_expr("i^-b"), values)
        got = equivalent_excess(problem, method, M, N)
        drawn = learning_curve(problem, method, M, [N], seed=1, draws=64)[0]
        worst = 0.0
        for part in PARTS:
            value, mean, se = (getattr(x, part) for x in (got, drawn, drawn.se))
            numbers += 1
            outside += abs(value - mean) > 4.5 * se + abs(mean) / M
            worst = max(worst, abs(value - mean) / se)
        setting = f"a={a:.2f} b={b:.2f} N={N} B={batch}"
        print(f"  {setting}: worst z {worst:.1f}, {drawn.unstable} unstable")
    print(f"{outside} of {numbers} numbers outside 4.5 standard errors + value/M")
    for M, draws in ((64, 4000), (128, 1500), (256, 400)):
        problem = Problem.parse(parse_expr("i^-a"), parse_expr("i^-b"), {"a": 2, "b": 2})
        method = Method(gamma=0.2)
        N = 30 * M**2
        got = equivalent_excess(problem, method, M, N)
        drawn = learning_curve(problem, method, M, [N], seed=3, draws=draws)[0]
        text = ", ".join(
            f"{part} {M * (mean / value - 1):+.2f} ± {M * se / value:.2f}"
            for part in ("approx", "bias", "variance")
            for value, mean, se in [[getattr(x, part) for x in (got, drawn, drawn.se)]]
        )
        print(f"  M = {M}, {draws} sketches: M (mean/equivalent - 1): {text}")


if __name__ == "__main__":
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    chosen = sys.argv[1:] or ["small", "large", "speed", "equivalents"]
    for name in chosen:
        globals()[name]()
