"""Would the simulator's tests find an error?  On a small problem chosen for it, yes.

M = 2, λ_i = i^−1.5, ⟨u_i, v*⟩ = 1, noise 1, 24 steps at γ = 0.2: second moments mode by mode, and
their sum in units of the exact ones.  Of the problems with M ≤ 4 that were tried (a in 0.8, 1.1,
1.5; γ in 0.1, 0.2, 0.3; N in 8..32; v* of 1, 2, 3) it is among those that need the fewest numbers
to see the smallest error of the list.  The declared rate of false alarms of each comparison is
its share of the suite's; the power is computed from the effect and the spread of the samples, and
then tried.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from ratecert.numerics.exact.excess import expected_excess
from ratecert.numerics.simulation.sgd import simulate
from ratecert.numerics.simulation.sources import Eigenbasis
from ratecert.numerics.simulation.statistics import Budget, mean_test, power

Array = NDArray[np.float64]

M, A, GAMMA, NOISE, STEPS = 2, 1.5, 0.2, 1.0, 24
LAM = np.arange(1.0, M + 1) ** -A
RUNS = 330_000
SHARES = Budget(M + 1, Budget(1000).level)


def exact(lam: Array = LAM, gamma: float = GAMMA, noise: float = NOISE) -> Array:
    """Second moments after the steps, by the recursion written out."""
    m = np.ones(M)
    for _ in range(STEPS):
        m = (1 - 2 * gamma * lam + 2 * gamma**2 * lam**2) * m + gamma**2 * lam * (lam @ m + noise)
    return m


@cache
def statistics(gamma: float = GAMMA, noise: float = NOISE, seed: int = 90) -> Array:
    """Squared deviations of each mode and their sum in units, (runs, M + 1), of the simulator."""
    source = Eigenbasis.of(LAM, np.ones(M), noise)
    squares = simulate(source, [(gamma, STEPS)], RUNS, seed).deviation[:, 0] ** 2
    return np.column_stack([squares, (squares / exact()).sum(axis=1)])


def means(moments: Array) -> Array:
    """What the means of `statistics` should be for those moments."""
    return np.append(moments, (moments / exact()).sum())


def alarm(samples: Array, moments: Array) -> bool:
    """Whether some mean is an alarm."""
    pairs = zip(samples.T, means(moments), strict=True)
    return any(SHARES.alarm(mean_test(x, float(m)).p_value) for x, m in pairs)


def scaled(index: int, factor: float) -> Array:
    """The eigenvalues with one of them scaled."""
    return np.where(np.arange(M) == index, factor, 1.0) * LAM


WRONG = {
    "step size + 2 %": exact(gamma=1.02 * GAMMA),
    "step size - 2 %": exact(gamma=0.98 * GAMMA),
    "noise + 2 %": exact(noise=1.02 * NOISE),
    "noise - 2 %": exact(noise=0.98 * NOISE),
    "exponent + 0.1": exact(lam=np.arange(1.0, M + 1) ** -(A + 0.1)),
    "exponent - 0.1": exact(lam=np.arange(1.0, M + 1) ** -(A - 0.1)),
} | {
    f"eigenvalue {i + 1} {sign} 10 %": exact(lam=scaled(i, 1.1 if sign == "+" else 0.9))
    for i in range(M)
    for sign in "+-"
}


def test_the_two_recursions_agree_here() -> None:
    engine = expected_excess(LAM, LAM, NOISE, [(GAMMA, STEPS)])
    assert engine.bias + engine.variance == pytest.approx(LAM @ exact(), rel=1e-13)


def test_the_right_moments_are_no_alarm() -> None:
    assert not alarm(statistics(), exact())


@pytest.mark.parametrize("error", WRONG)
def test_an_error_is_found_with_probability_above_99_percent(error: str) -> None:
    effect = np.abs(means(WRONG[error]) - means(exact()))
    se = statistics().std(axis=0) / np.sqrt(RUNS)
    assert max(power(e, SHARES.level) for e in effect / se) >= 0.99
    assert alarm(statistics(), WRONG[error])


@pytest.mark.parametrize(
    "wrong", [{"gamma": 1.02 * GAMMA}, {"noise": 0.98 * NOISE}], ids=["step size", "noise"]
)
def test_a_simulator_with_the_error_inside_is_found(wrong: dict[str, float]) -> None:
    assert alarm(statistics(**wrong, seed=91), exact())
