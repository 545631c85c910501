"""Accuracy and speed of the exact risk, beside a plain recursion.  Prints, asserts nothing.

    python benchmarks/exact_risk.py [small] [large] [speed] [equivalents] [deviation] [spectrum]

With no argument, all of it: several minutes on one core.
"""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from flint import arb

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from problem_strategies import Small, dense_moments

from ratecert.numerics.exact.excess import excess_curve, expected_excess, largest_stable_gamma
from ratecert.numerics.model.problem import Method, Problem
from ratecert.numerics.model.schedules import (
    Schedule,
    constant,
    cosine,
    geometric,
    polynomial,
    wsd,
)
from ratecert.numerics.risk.expected import expected_risk, learning_curve
from ratecert.numerics.sketches.deterministic_equivalent import equivalent_excess
from ratecert.numerics.sketches.drawn import gaussian_sketch
from ratecert.numerics.sketches.spectrum import SketchedSpectrum
from ratecert.proofs_check.language.grammar import parse_expr

PARTS = ("approx", "bias", "mean_bias", "variance")


def small() -> None:
    """200 drawn problems against powers of the dense moment matrix in 80-digit balls."""
    rng = np.random.default_rng(2024)
    true, stated, over = [], [], 0
    for _ in range(200):
        averaged = rng.random() < 0.25
        i = np.arange(1, rng.integers(1, 9 if averaged else 21) + 1.0)
        lam = i ** -rng.uniform(1.05, 4)
        energy = i ** -rng.uniform(1.05, 6) * rng.uniform(0.5, 2, len(i))
        if rng.random() < 0.25:
            lam = np.repeat(lam, 2)[: len(lam)]
        batch = int(rng.choice([1, 1, 1, 2, 8]))
        gamma = float(rng.choice([0.02, 0.3, 0.5, 0.8, 0.9])) * largest_stable_gamma(lam, batch)
        schedule = _schedule(rng, gamma)
        problem = Small(lam, energy, float(rng.choice([0.0, 0.1, 1.0])), schedule, batch)
        got = expected_excess(lam, energy, problem.noise, schedule, batch, averaged)
        bias, variance, mean = dense_moments(problem, averaged)
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


def _schedule(rng: np.random.Generator, gamma: float) -> Schedule:
    """A drawn schedule; those of many stages are short, as the oracle squares dense matrices."""
    make = rng.choice([geometric, geometric, constant, polynomial, cosine, wsd])
    most = 9 if make in (geometric, constant) else 1.7
    return make(gamma, int(10 ** rng.uniform(0, most)))


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
    for algorithm in ("sgd", "averaged-sgd"):
        # One feature more each time, so that nothing of the last call can be used again.
        sizes = iter(range(10**9, 10**9 + 9))
        seconds = _best(
            lambda s=sizes, a=algorithm: expected_risk(
                next(s), 10**12, values=values, draws=0, algorithm=a
            )
        )
        print(f"equivalent, {algorithm}, M = 10^9, N = 10^12: {seconds:.2f} s")


def _power(a: float, b: float, **settings: object) -> Problem:
    return Problem.parse(parse_expr("i^-a"), parse_expr("i^-b"), {"a": a, "b": b}, **settings)


def equivalents() -> None:
    """The equivalent beside 64 sketches in 20 settings."""
    rng = np.random.default_rng(7)
    outside, numbers = 0, 0
    for j in range(20):
        a = rng.uniform(1.1, 3)
        b = rng.uniform(1.1, a + 0.9)
        batch = int(rng.choice([1, 4]))
        averaged = j % 2 == 1
        # Few enough steps that the smallest mode is not exponentially dead: there the 1/M of the
        # logarithm is not one of the value.  Averages do not decay exponentially.
        M, N = 64, int(10 ** rng.uniform(1, 6 if averaged else min(4.5, 1.5 + a * 1.5)))
        algorithm, schedule = ("averaged-sgd", "constant") if averaged else ("sgd", "geometric")
        method = Method(0.15 * (a - 1), algorithm, schedule, batch)
        got = equivalent_excess(_power(a, b), method, M, N)
        drawn = learning_curve(_power(a, b), method, M, [N], seed=1, draws=64)[0]
        worst = 0.0
        for part in PARTS:
            value, mean, se = (getattr(x, part) for x in (got, drawn, drawn.se))
            numbers += 1
            outside += abs(value - mean) > 4.5 * se + abs(mean) / M
            worst = max(worst, abs(value - mean) / se)
        setting = f"{algorithm} a={a:.2f} b={b:.2f} N={N} B={batch}"
        print(f"  {setting}: worst z {worst:.1f}, {drawn.unstable} unstable")
    print(f"{outside} of {numbers} numbers outside 4.5 standard errors + value/M")


def deviation() -> None:
    """What is left of the equivalent's 1/M, at M = 64 and 256: it should be the same number."""
    for algorithm in ("sgd", "averaged-sgd"):
        for M, draws in ((64, 2000), (256, 400)):
            method = Method(0.2, algorithm, "constant")
            N = M**2  # so that no mode decays exponentially
            got = equivalent_excess(_power(2, 2), method, M, N)
            drawn = learning_curve(_power(2, 2), method, M, [N], seed=3, draws=draws)[0]
            text = ", ".join(
                f"{part} {M * (mean / value - 1):+.2f} ± {M * se / value:.2f}"
                for part in ("approx", "bias", "variance")
                for value, mean, se in [[getattr(x, part) for x in (got, drawn, drawn.se)]]
            )
            print(f"  {algorithm}, M = {M}, {draws} sketches: M (mean/equivalent - 1): {text}")


def spectrum() -> None:
    """Eigenvalues and effective dimension beside drawn sketches."""
    for a in (1.5, 2.0, 3.0):
        for M, draws in ((64, 400), (256, 60)):
            drawn = np.array([gaussian_sketch(_power(a, a), M, 5, k).lam for k in range(draws)])
            spectrum = SketchedSpectrum(_power(a, a), M)
            mean, se = drawn.mean(axis=0), drawn.std(axis=0, ddof=1) / np.sqrt(draws)
            values = np.array([spectrum.eigenvalue(j) for j in range(1, M + 1)])
            worst = M * np.max((np.abs(values - mean) - 4.5 * se) / mean)
            print(f"  a = {a}, M = {M}, {draws} sketches: all eigenvalues within 4.5 standard")
            print(f"    errors {worst:+.2f}/M of their means")
    for M in (10**6, 10**12):
        spectrum = SketchedSpectrum(_power(2, 2), M)
        one = _best(lambda s=spectrum, j=M // 3: s.eigenvalue(j))
        all_of = _best(lambda s=spectrum: s.effective_dimension(1e9))
        print(f"  M = {M:.0e}: an eigenvalue {one:.3f} s, the effective dimension {all_of:.3f} s")


if __name__ == "__main__":
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    every = ["small", "large", "speed", "equivalents", "deviation", "spectrum"]
    chosen = sys.argv[1:] or every
    for name in chosen:
        globals()[name]()
