"""Would the simulator's tests find an error?  On a small problem chosen for it, yes.

M = 3, λ_i = i^−1.5, ⟨u_i, v*⟩ = 1, noise 1, 32 steps at γ = 0.2, second moments mode by mode.  Of
the problems with M ≤ 4 that were tried (a in 1.1, 1.5; γ in 0.2, 0.3; N in 4..32) it needs the
fewest runs to see the smallest error of the list.  The declared rate of false alarms of each
comparison is its share of the suite's; the power is computed from the effect and the spread of
the samples, and then tried.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from numerics.risk import expected_excess
from numerics.simulate import Eigenbasis, simulate
from numerics.statistics import Budget, mean_test, power

Array = NDArray[np.float64]

M, A, GAMMA, NOISE, STEPS = 3, 1.5, 0.2, 1.0, 32
LAM = np.arange(1.0, M + 1) ** -A
RUNS = 800_000
MODES = Budget(M, Budget(1000).level)


def exact(lam: Array = LAM, gamma: float = GAMMA, noise: float = NOISE) -> Array:
    """Second moments after the steps, by the recursion written out."""
    m = np.ones(M)
    for _ in range(STEPS):
        m = (1 - 2 * gamma * lam + 2 * gamma**2 * lam**2) * m + gamma**2 * lam * (lam @ m + noise)
    return m


@cache
def squares(gamma: float = GAMMA, noise: float = NOISE, seed: int = 90) -> Array:
    """Squared deviations (runs, M) of the simulator at possibly wrong settings."""
    source = Eigenbasis.of(LAM, np.ones(M), noise)
    return simulate(source, [(gamma, STEPS)], RUNS, seed).deviation[:, 0] ** 2


def alarm(samples: Array, expected: Array) -> bool:
    """Whether some mode's mean is an alarm."""
    return any(MODES.alarm(mean_test(samples[:, i], float(expected[i])).p_value) for i in range(M))


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
    assert not alarm(squares(), exact())


@pytest.mark.parametrize("error", WRONG)
def test_an_error_is_found_with_probability_above_99_percent(error: str) -> None:
    effect = np.abs(WRONG[error] - exact())
    se = squares().std(axis=0) / np.sqrt(RUNS)
    assert max(power(effect[i] / se[i], MODES.level) for i in range(M)) >= 0.99
    assert alarm(squares(), WRONG[error])


@pytest.mark.parametrize(
    "wrong", [{"gamma": 1.02 * GAMMA}, {"noise": 0.98 * NOISE}], ids=["step size", "noise"]
)
def test_a_simulator_with_the_error_inside_is_found(wrong: dict[str, float]) -> None:
    assert alarm(squares(**wrong, seed=91), exact())
