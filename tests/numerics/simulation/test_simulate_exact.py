"""The exact risk of whole drawn problems held against their simulation.

Hypothesis draws spectrum, target, step size, sizes, noise, features, schedule and batch.  The
exact value is mpmath's, 50 digits and step by step; the engine has to agree with it to 1e-12.
Step sizes keep the feedback ``Σ x_i/(2(1 − x_i))`` at most 1/4, where the excess has the moments
that the test of a mean wants.  The examples are derandomised, each spends its share.
"""

from __future__ import annotations

from dataclasses import dataclass

import mpmath_risk
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ratecert.numerics.exact.excess import expected_excess
from ratecert.numerics.model.schedules import named
from ratecert.numerics.simulation.sgd import simulate
from ratecert.numerics.simulation.sources import Eigenbasis, Raw, sketched
from ratecert.numerics.simulation.statistics import AlarmAccount, Budget, mean_test

Array = NDArray[np.float64]
BUDGET = Budget(1000)
EXAMPLES = 40


@dataclass(frozen=True)
class Drawn:
    """A problem and method with a finite number d of features."""

    a: float
    b: float
    share: float
    M: int
    d: int
    N: int
    sigma2: float
    features: str
    schedule: str
    batch: int
    seed: int

    def sources(self) -> tuple[Raw, Eigenbasis]:
        i = np.arange(1.0, self.d + 1)
        rng = np.random.default_rng(self.seed)
        S = np.eye(self.M, self.d)
        if self.features == "gaussian":
            S = rng.standard_normal((self.M, self.d)) / np.sqrt(self.M)
        return sketched(i**-self.a, S, i ** ((self.a - self.b) / 2), self.sigma2)

    def gamma(self, lam: Array) -> float:
        """Step size with feedback at most a quarter, and at most that share of it."""
        # With x ≤ 1/2 the feedback is at most Σ x_i.
        return self.share * min(0.5 / lam.max(), 0.25 / lam.sum())


@st.composite
def problems(draw: st.DrawFn) -> Drawn:
    M = draw(st.integers(1, 8))
    return Drawn(
        a=draw(st.floats(1.05, 3.0)),
        b=draw(st.floats(1.05, 4.0)),
        share=draw(st.floats(0.05, 1.0)),
        M=M,
        d=draw(st.integers(M, 30)),
        N=draw(st.integers(1, 60)),
        sigma2=draw(st.floats(0.0, 2.0)),
        features=draw(st.sampled_from(["gaussian", "top"])),
        schedule=draw(st.sampled_from(["geometric", "constant", "cosine"])),
        batch=draw(st.integers(1, 4)),
        seed=draw(st.integers(0, 10**6)),
    )


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(problems(), st.booleans())
@example(Drawn(2.0, 2.0, 1.0, 1, 1, 1, 0.0, "top", "constant", 1, 0), False)
def test_exact_and_simulated_excess_agree(
    ledger: AlarmAccount, problem: Drawn, from_raw: bool
) -> None:
    raw, eigen = problem.sources()
    lam, m = raw.eigenvalues, raw.optimum[0, 0] ** 2
    schedule = named(problem.schedule, problem.gamma(lam), problem.N)
    noise = float(eigen.noise_factor[0, 0, 0] ** 2)
    stages = zip(schedule.gammas, schedule.steps, strict=True)
    exact = float(mpmath_risk.excess(lam, lam * m, noise, stages, problem.batch))
    engine = expected_excess(lam, lam * m, noise, schedule, problem.batch)
    assert engine.bias + engine.variance == pytest.approx(exact, rel=1e-12)
    result = simulate(
        raw if from_raw else eigen, schedule, 2000, problem.seed, batch=problem.batch
    )
    test = mean_test(result.excess[:, 0], exact)
    assert not ledger.contradicts(test, EXAMPLES + 1), (test, exact)


def test_two_hundred_modes_over_a_whole_schedule(ledger: AlarmAccount) -> None:
    lam = np.arange(1.0, 201.0) ** -2
    schedule = named("geometric", 0.1, 1000)
    exact = expected_excess(lam, lam, 1.0, schedule)
    result = simulate(Eigenbasis.of(lam, np.ones(200), 1.0), schedule, 64, 5)
    test = mean_test(result.excess[:, 0], exact.bias + exact.variance)
    assert not ledger.contradicts(test), test


def test_control_the_mean_path_alone_is_an_alarm() -> None:
    # Leaving the fourth-moment feedback out is the mistake that is easiest to make.
    lam = np.arange(1.0, 5.0) ** -1.5
    schedule = named("constant", 0.2, 40)
    exact = expected_excess(lam, lam, 0.0, schedule)
    result = simulate(Eigenbasis.of(lam, np.ones(4), 0.0), schedule, 4000, 6)
    assert BUDGET.alarm(mean_test(result.excess[:, 0], exact.mean_bias).p_value)
