"""How numbers that carry noise are compared, with a declared rate of false alarms.

*One mean.*  Samples ``x_1..x_n`` of a simulator are held against the exact mean m by

    z = (x̄ − m) / se,     se = s / √n.

Squared errors are skewed, and far out the law of z feels that: for samples of skewness g and
``|z| = o(n^{1/4})`` the tails are (self-normalised moderate deviations: Jing, Shao and Wang, Ann.
Probab. 31, 2003; the form with g: Wang, Electron. J. Probab. 10, 2005)

    P(z ≥  x) = (1 − Φ(x)) exp(−g x³/(3√n)) (1 + o(1)),
    P(z ≤ −x) = (1 − Φ(x)) exp(+g x³/(3√n)) (1 + o(1)).

`mean_test` takes the heavier tail on both sides, Student's in the place of Φ's, and the skewness
of the sample:

    p = min(1, 2 P(t_{n−1} ≥ |z|) exp(|g| |z|³/(3√n))).

The expansion is an asymptotic one; how the test keeps its rate far out was measured by importance
sampling, as true rate of alarms over declared level, for n = 400 and 2000 samples:

    ================  =======  ===========  ============  ===========  ============
    samples           level    plain t-test               `mean_test`
    ================  =======  ===========  ============  ===========  ============
    exponential       1e-6     14 (400)     2.8 (2000)    0.32 (400)   0.49 (2000)
    exponential       1e-9     196          11            0.11         0.40
    chi-square of 1   1e-6     38           5.1           0.08         0.43
    chi-square of 1   1e-9     1090         36            0            0.31
    ================  =======  ===========  ============  ===========  ============

For log-normal samples, of skewness 6, it was 1.1 at level 1e-4 and n = 400: laws as skewed as that
want more samples.

*Several at once.*  A `Budget` divides one overall rate evenly over a number of tests that is fixed
beforehand (union bound: nothing is assumed about their dependence).  A test that looks at growing
samples spends its share in halves, α/2 at the first look, α/4 at the second, ...: the sum is at
most α however many looks there are.

*All together.*  Under a correct simulator the values ``Φ(z)`` of independent comparisons are
uniform (probability integral transform): `uniformity` is Kolmogorov and Smirnov's exact test of
that.  It sees what no single comparison does: standard errors too large as well as too small.

*A whole suite.*  A `AlarmAccount` is told of every comparison.  It adds up the rates that they
declare, so that the overall rate is computed and not only intended, and keeps the positions of
those that are independent; at the end it tests these for uniformity, all runs of the suite
together.

*Two samples* are held against one another by the exact two-sample Kolmogorov–Smirnov test, which
needs no assumption but continuity.

*Power.*  A shift of the mean by δ standard errors is found at level α with probability
``P(|Z + δ| > c)``, ``c = Φ^{-1}(1 − α/2)``; `samples_needed` turns that around.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from ratecert.proofs_check.language.errors import UserError

__all__ = [
    "FALSE_ALARMS",
    "AlarmAccount",
    "Budget",
    "MeanTest",
    "mean_test",
    "power",
    "samples_needed",
    "two_samples",
    "uniformity",
]  # fmt: skip

FALSE_ALARMS = 1e-6
"""Overall rate of false alarms that one run of the whole suite declares."""

LEAST = 30
"""Samples below which no tail of a mean is stated."""


@dataclass(frozen=True, slots=True)
class MeanTest:
    """A sample mean beside the mean it should have.

    `z` is in standard errors; `p_value` is two-sided and allows for the `skewness` of the sample.
    """

    n: int
    mean: float
    se: float
    expected: float
    z: float
    skewness: float
    p_value: float

    @property
    def position(self) -> float:
        """``Φ(z)``, uniform on (0, 1) where the expected mean is the true one."""
        return float(stats.norm.cdf(self.z))


@dataclass(frozen=True, slots=True)
class Budget:
    """An overall rate of false alarms `total`, shared by a fixed number of `tests`."""

    tests: int
    total: float = FALSE_ALARMS

    def __post_init__(self) -> None:
        """Refuse a budget that cannot be shared."""
        if self.tests < 1 or not 0 < self.total < 1:
            raise UserError(f"a budget of {self.total:g} for {self.tests} tests: the rate must "
                            "lie between 0 and 1, and there must be a test")  # fmt: skip

    @property
    def level(self) -> float:
        """The rate of one test."""
        return self.total / self.tests

    @property
    def threshold(self) -> float:
        """The ``|z|`` of that rate for normal samples."""
        return float(stats.norm.isf(self.level / 2))

    def look(self, number: int) -> float:
        """Rate of the look `number` (from 1) of one test that may look again."""
        if number < 1:
            raise UserError(f"look {number}: looks are counted from 1")
        return float(self.level / 2.0**number)

    def alarm(self, p_value: float) -> bool:
        """Whether that p-value is an alarm; NaN is one."""
        return not p_value >= self.level


@dataclass(slots=True)
class AlarmAccount:
    """The comparisons of one suite, each of which spends a share of one `budget`.

    `comparisons` counts them, `spent` is the sum of the rates that they declared, and `positions`
    holds ``Φ(z)`` of the independent ones among them.
    """

    budget: Budget
    comparisons: int = 0
    spent: float = 0.0
    positions: list[float] = field(default_factory=list)

    def alarm(self, p_value: float, among: int = 1) -> bool:
        """Spend one share, divided `among` so many comparisons; whether this one is an alarm."""
        share = Budget(among, self.budget.level)
        self.comparisons += 1
        self.spent += share.level
        return share.alarm(p_value)

    def contradicts(self, test: MeanTest, among: int = 1, independent: bool = True) -> bool:
        """Whether a mean is an alarm; one that is `independent` of all others counts below."""
        if independent and test.se > 0:
            self.positions.append(test.position)
        return self.alarm(test.p_value, among)

    def add(self, comparisons: int, spent: float, positions: Iterable[float]) -> None:
        """Take over what another ledger of the same suite holds."""
        self.comparisons += comparisons
        self.spent += spent
        self.positions += positions

    def uniform(self) -> float:
        """p-value of the uniformity of all positions, which spends a share too; 1 for none."""
        self.spent += self.budget.level
        return uniformity(self.positions) if self.positions else 1.0

    def closing(self) -> tuple[bool, str]:
        """Whether the suite is in order as a whole, and what to print about it."""
        p_value = self.uniform()
        kept = self.spent <= self.budget.total * (1 + 1e-9)
        told = (f"{self.comparisons} comparisons, declared rate of false alarms {self.spent:.2g} "
                f"(allowed {self.budget.total:g}); {len(self.positions)} positions, "
                f"uniform: p = {p_value:.2g}")  # fmt: skip
        return kept and not self.budget.alarm(p_value), told


def mean_test(samples: ArrayLike, expected: float) -> MeanTest:
    """Hold independent samples against the mean they should have.

    Parameters
    ----------
    samples
        Independent and identically distributed numbers with a finite fourth moment, shape (n,),
        ``n ≥ 30``.
    expected
        The exact mean.

    Raises
    ------
    UserError
        For too few samples, or numbers that are not finite.
    """
    x = np.asarray(samples, dtype=np.float64)
    if x.ndim != 1 or x.size < LEAST:
        raise UserError(f"a test of a mean needs a list of at least {LEAST} samples; "
                        f"the shape given is {x.shape}")  # fmt: skip
    if not (np.isfinite(x).all() and np.isfinite(expected)):
        raise UserError("a test of a mean needs finite samples and a finite expected mean")
    mean = float(x.mean())
    centred = x - mean
    variance = float(centred @ centred) / (x.size - 1)
    se = sqrt(variance / x.size)
    if se == 0.0:
        exact = mean == expected
        z = 0.0 if exact else float(np.copysign(np.inf, mean - expected))
        return MeanTest(x.size, mean, se, expected, z, 0.0, float(exact))
    z = (mean - expected) / se
    skewness = float(np.mean((centred / sqrt(variance)) ** 3))
    return MeanTest(x.size, mean, se, expected, z, skewness, _p_value(z, skewness, x.size))


def _p_value(z: float, skewness: float, n: int) -> float:
    """``min(1, 2 P(t_{n−1} ≥ |z|) exp(|g| |z|³/(3√n)))``, without overflow."""
    tail = float(stats.t.logsf(abs(z), n - 1))
    exponent = np.log(2.0) + tail + abs(skewness) * abs(z) ** 3 / (3.0 * sqrt(n))
    return float(np.exp(min(0.0, exponent)))


def uniformity(positions: ArrayLike) -> float:
    """p-value of the exact Kolmogorov–Smirnov test that independent positions are uniform.

    Raises
    ------
    UserError
        For no position, or one outside [0, 1].
    """
    u = np.asarray(positions, dtype=np.float64)
    if u.ndim != 1 or u.size == 0 or not ((u >= 0) & (u <= 1)).all():
        raise UserError("a test of uniformity needs a list of numbers in [0, 1], at least one")
    return float(stats.kstest(u, "uniform", method="exact").pvalue)


def two_samples(first: ArrayLike, second: ArrayLike) -> float:
    """p-value of the exact two-sample Kolmogorov–Smirnov test that two laws are equal.

    Both samples are independent draws, shapes (m,) and (n,), of at most 10,000 each: beyond that
    the exact distribution costs too much, and the approximation is not ours to declare.

    Raises
    ------
    UserError
        For an empty or too long sample, or numbers that are not finite.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    for x in (a, b):
        if x.ndim != 1 or not 1 <= x.size <= 10_000 or not np.isfinite(x).all():
            raise UserError("a test of two samples needs two lists of 1 to 10,000 finite numbers")
    return float(stats.ks_2samp(a, b, method="exact").pvalue)


def power(shift: float, level: float) -> float:
    """Probability that a two-sided test at `level` finds a `shift` of that many standard errors.

    ``P(|Z + δ| > c)`` with ``c = Φ^{-1}(1 − level/2)``.
    """
    c = stats.norm.isf(level / 2)
    return float(stats.norm.sf(c - shift) + stats.norm.cdf(-c - shift))


def samples_needed(effect: float, deviation: float, level: float, wanted: float) -> int:
    """Find the samples after which a shift of the mean is found with probability `wanted`.

    `effect` is the shift, `deviation` is the standard deviation of one sample.

    Raises
    ------
    UserError
        For no effect, no deviation, or a power not above the level.
    """
    if effect == 0 or not deviation > 0 or not level < wanted < 1:
        raise UserError("samples_needed: the effect must not be 0, the deviation must be "
                        "positive, and the power must lie above the level")  # fmt: skip
    most = float(stats.norm.isf(level / 2) + stats.norm.isf(1 - wanted)) + 1.0
    shift = optimize.brentq(lambda s: power(s, level) - wanted, 0.0, most)
    return ceil((float(shift) * deviation / abs(effect)) ** 2)
