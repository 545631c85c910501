"""The simulator against recursions written down independently of it.

Everything random has a fixed seed; a test of a mean uses its share of the suite's budget.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ratecert.numerics.simulation import sgd as module
from ratecert.numerics.simulation.sgd import simulate
from ratecert.numerics.simulation.sources import Eigenbasis, Raw, sketched
from ratecert.numerics.simulation.statistics import AlarmAccount, Budget, mean_test, two_samples
from ratecert.proofs_check.language.errors import UserError

Array = NDArray[np.float64]
Stages = list[tuple[float, int]]
BUDGET = Budget(1000)


def exact_moments(lam: Array, m: Array, noise: float, stages: Stages, batch: int = 1) -> Array:
    """Second moments ``E⟨u_i, v_N − v*⟩²``, step by step as in the definition."""
    for gamma, count in stages:
        for _ in range(count):
            feedback = gamma**2 * lam * (lam @ m + noise) / batch
            m = (1 - 2 * gamma * lam + (1 + 1 / batch) * gamma**2 * lam**2) * m + feedback
    return m


def dense_averaged(lam: Array, w0: Array, noise: float, gammas: list[float]) -> float:
    """Excess of the mean of v_0..v_{N−1}: the second moment matrix of (w_t, Σ_s w_s), in full."""
    L = np.diag(lam)
    W = np.outer(w0, w0)  # E w wᵀ
    X = np.zeros_like(W)  # E w zᵀ, z the sum of the iterates before
    Z = np.zeros_like(W)  # E z zᵀ
    for g in gammas:
        shrink = np.eye(lam.size) - g * L
        Z, X = Z + X + X.T + W, shrink @ (X + W)
        W = W - g * (L @ W + W @ L) + g**2 * (2 * L @ W @ L + L * (np.trace(L @ W) + noise))
    return float(np.trace(L @ Z)) / len(gammas) ** 2


def geometric(gamma: float, n: int) -> list[tuple[float, int]]:
    K = max(1, int(n // np.log2(n))) if n > 1 else 1
    return [(gamma / 2**s, min(K, n - s * K)) for s in range(-(-n // K))]


def power_law(a: float, d: int) -> Array:
    return np.arange(1.0, d + 1) ** -a


SMALL = Eigenbasis.of(power_law(2, 3), [1.0, -2.0, 3.0], 0.5)


def plain_sgd(U: Array, Y: Array, w0: Array, gammas: list[float], averaged: bool) -> Array:
    """One run, sample by sample, in plain loops: U (N, B, M), Y (N, B, p), w0 (p, M)."""
    w, total = w0.copy(), np.zeros_like(w0)
    for t, gamma in enumerate(gammas):
        total += w
        gradient = np.zeros_like(w)
        for u, y in zip(U[t], Y[t], strict=True):
            for k in range(w.shape[0]):
                gradient[k] += (w[k] @ u - y[k]) * u / U.shape[1]
        w = w - gamma * gradient
    return total / len(gammas) if averaged else w


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("averaged", [False, True])
def test_each_run_is_sgd_on_the_numbers_of_its_streams(
    batch: int, outputs: int, averaged: bool
) -> None:
    # The documented streams, consumed by hand, sample by sample.
    M, N, R = 4, 23, 5
    lam, opt = power_law(1.5, M), np.arange(1.0, outputs * M + 1).reshape(outputs, M)
    stages = [(0.3, 10), (0.1, 13)]
    features, noise = (
        np.random.Generator(np.random.SFC64(np.random.SeedSequence(7, spawn_key=(0, kind))))
        for kind in (0, 1)
    )
    U = features.standard_normal((N, R, batch, M)) * np.sqrt(lam)
    Y = noise.standard_normal((N, R, batch, outputs)) * np.sqrt(0.5)
    result = simulate(Eigenbasis.of(lam, opt, 0.5), stages, R, 7, batch=batch, averaged=averaged)
    gammas = [g for g, n in stages for _ in range(n)]
    for r in range(R):
        w = plain_sgd(U[:, r], Y[:, r], -opt, gammas, averaged)
        np.testing.assert_allclose(result.deviation[r], w, rtol=1e-12, atol=1e-14)
        assert result.excess[r, 0] == pytest.approx(np.sum(lam * w**2), rel=1e-12)


def test_raw_runs_are_sgd_on_x_sketched() -> None:
    M, d, N, R, p = 3, 6, 17, 4, 2
    rng = np.random.default_rng(3)
    lam, S, W = power_law(2, d), rng.standard_normal((M, d)), rng.standard_normal((p, d))
    sigma2 = np.array([0.3, 0.1])
    raw = Raw.of(lam, S, W, sigma2)
    result = simulate(raw, [(0.02, N)], R, 5)
    features, noise = (
        np.random.Generator(np.random.SFC64(np.random.SeedSequence(5, spawn_key=(0, kind))))
        for kind in (0, 1)
    )
    x = features.standard_normal((N, R, 1, d)) * np.sqrt(lam)
    y = x @ W.T + noise.standard_normal((N, R, 1, p)) * np.sqrt(sigma2)
    Sigma = S @ np.diag(lam) @ S.T
    v_star = np.linalg.solve(Sigma, S @ np.diag(lam) @ W.T).T
    for r in range(R):
        v = plain_sgd(x[:, r] @ S.T, y[:, r], np.zeros((p, M)), [0.02] * N, False) - v_star
        assert result.excess[r, 0] == pytest.approx(np.trace(v @ Sigma @ v.T), rel=1e-10)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 4), st.floats(1.1, 3), st.floats(0.02, 0.25), st.floats(0, 2),
    st.integers(1, 30), st.sampled_from([1, 2, 5]), st.booleans(), st.integers(0, 2**32),
)  # fmt: skip
@example(1, 2.0, 0.25, 0.0, 1, 1, False, 0)
def test_means_of_the_modes_are_those_of_the_recursion(
    ledger: AlarmAccount,
    M: int,
    a: float,
    gamma: float,
    noise: float,
    n: int,
    batch: int,
    schedule: bool,
    seed: int,
) -> None:
    lam = power_law(a, M)
    stages = geometric(gamma, n) if schedule else [(gamma, n)]
    result = simulate(Eigenbasis.of(lam, np.ones(M), noise), stages, 2000, seed, batch=batch)
    expected = exact_moments(lam, np.ones(M), noise, stages, batch)
    for i in range(M):
        test = mean_test(result.deviation[:, 0, i] ** 2, expected[i])
        # 26 examples of up to 4 modes each, of which one is independent of all else.
        assert not ledger.contradicts(test, 104, independent=i == 0), test


def test_averaged_runs_have_the_exact_mean(ledger: AlarmAccount) -> None:
    lam, w0 = power_law(1.7, 4), np.array([1.0, 0.5, 2.0, -1.0])
    gammas = [0.25] * 12 + [0.1] * 9
    source = Eigenbasis.of(lam, w0, 0.4)
    result = simulate(source, [(0.25, 12), (0.1, 9)], 20_000, 8, averaged=True)
    test = mean_test(result.excess[:, 0], dense_averaged(lam, w0, 0.4, gammas))
    assert not ledger.contradicts(test), test


def test_many_problems_have_their_exact_excess(ledger: AlarmAccount) -> None:
    # Their z-scores are uniform together: tested over the whole suite, at its end.
    rng = np.random.Generator(np.random.SFC64(2024))
    for k in range(120):
        M, n, batch = int(rng.integers(1, 5)), int(rng.integers(1, 25)), int(rng.integers(1, 4))
        lam, w0 = power_law(rng.uniform(1.1, 2.5), M), rng.standard_normal(M)
        stages = geometric(rng.uniform(0.02, 0.25), n)
        noise = rng.uniform(0.1, 2)
        source, seed = Eigenbasis.of(lam, w0, noise), 10**9 + k
        result = simulate(source, stages, 2000, seed, batch=batch)
        exact = lam @ exact_moments(lam, w0**2, noise, stages, batch)
        test = mean_test(result.excess[:, 0], float(exact))
        assert not ledger.contradicts(test, 120), (k, test)


@pytest.mark.parametrize(("outputs", "batch"), [(1, 1), (2, 1), (2, 3)])
def test_both_sources_have_one_law(ledger: AlarmAccount, outputs: int, batch: int) -> None:
    rng = np.random.default_rng(17)
    M, d, R = 3, 8, 4000
    S, W = rng.standard_normal((M, d)) / np.sqrt(M), rng.standard_normal((outputs, d))
    raw, eigen = sketched(power_law(1.5, d), S, W, 0.2)
    stages = geometric(0.1, 20)
    one = simulate(raw, stages, R, 1, batch=batch)
    two = simulate(eigen, stages, R, 2, batch=batch)
    assert not ledger.alarm(two_samples(one.excess[:, 0], two.excess[:, 0]))
    # Single coordinates too; signs of eigenvectors agree because one decomposition serves both.
    for k, i in np.ndindex(outputs, M):
        p = two_samples(one.deviation[:, k, i], two.deviation[:, k, i])
        assert not ledger.alarm(p), (k, i)


def test_both_sources_have_one_law_when_each_run_has_its_own_target(ledger: AlarmAccount) -> None:
    rng = np.random.default_rng(18)
    M, d, R = 2, 6, 4000
    S, W = rng.standard_normal((M, d)), rng.standard_normal((R, 1, d))
    raw, eigen = sketched(power_law(2, d), S, W, 0.2)
    one, two = simulate(raw, [(0.05, 15)], R, 1), simulate(eigen, [(0.05, 15)], R, 2)
    # The two simulations share their targets: independent halves are compared.
    half = R // 2
    p = two_samples(one.excess[:half, 0], two.excess[half:, 0])
    assert not ledger.alarm(p)
    lam = raw.eigenvalues
    exact = np.mean([
        lam @ exact_moments(lam, opt[0] ** 2, float(factor[0, 0] ** 2), [(0.05, 15)])
        for opt, factor in zip(raw.optimum, eigen.noise_factor, strict=True)
    ])  # fmt: skip
    # Given the targets, the spread between them is no error of the mean: the rate is kept.
    for result in (one, two):
        test = mean_test(result.excess[:, 0], float(exact))
        assert not ledger.contradicts(test, independent=False)


def test_a_problem_given_for_fewer_runs_than_asked_is_refused() -> None:
    source = Eigenbasis.of([1.0, 0.5], np.ones((3, 1, 2)), 1.0)
    simulate(source, [(0.1, 2)], 3, 1)
    with pytest.raises(UserError, match="given for 3 runs"):
        simulate(source, [(0.1, 2)], 4, 1)


def test_control_the_noise_of_the_raw_model_is_more_than_its_label_noise() -> None:
    # Without Approx the eigenbasis source has another law: the comparison above can fail.
    rng = np.random.default_rng(17)
    S, w = rng.standard_normal((3, 8)) / np.sqrt(3), rng.standard_normal(8)
    raw, eigen = sketched(power_law(1.5, 8), S, w, 0.2)
    wrong = Eigenbasis.of(eigen.eigenvalues, eigen.optimum, 0.2)
    stages = geometric(0.1, 20)
    one, two = simulate(raw, stages, 4000, 1), simulate(wrong, stages, 4000, 2)
    assert BUDGET.alarm(two_samples(one.excess[:, 0], two.excess[:, 0]))


def test_result_does_not_depend_on_the_size_of_the_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = simulate(SMALL, [(0.1, 50), (0.02, 31)], 100, 4, record=[7, 50, 81])
    monkeypatch.setattr(module, "BLOCK", 900)
    after = simulate(SMALL, [(0.1, 50), (0.02, 31)], 100, 4, record=[7, 50, 81])
    np.testing.assert_array_equal(before.excess, after.excess)
    np.testing.assert_array_equal(before.deviation, after.deviation)


def test_groups_are_independent_and_the_last_one_may_be_smaller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "GROUP", 64)
    result = simulate(SMALL, [(0.1, 5)], 150, 4)
    assert result.deviation.shape == (150, 1, 3)
    assert np.unique(result.excess).size == 150
    # The first group is the same however many groups follow it.
    np.testing.assert_array_equal(result.excess[:64], simulate(SMALL, [(0.1, 5)], 64, 4).excess)


def test_recording_does_not_change_the_path() -> None:
    stages = [(0.2, 9), (0.05, 11)]
    curve = simulate(SMALL, stages, 10, 3, record=[1, 9, 10, 20])
    assert curve.steps == (1, 9, 10, 20)
    for column, n in enumerate(curve.steps):
        short = simulate(SMALL, stages, 10, 3, record=[n])
        np.testing.assert_array_equal(curve.excess[:, column], short.excess[:, 0])


def test_seeds_differ_and_repeat() -> None:
    one, again, other = (simulate(SMALL, [(0.1, 9)], 9, s).excess for s in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).all()


def test_progress_reaches_its_end() -> None:
    seen: list[tuple[int, int]] = []
    simulate(SMALL, [(0.1, 3000)], 40, 1, batch=2, progress=lambda *pair: seen.append(pair))
    assert len(seen) > 1
    assert seen[-1] == (3000 * 40 * 2, 3000 * 40 * 2)
    assert all(a[0] < b[0] for a, b in pairwise(seen))


def test_a_step_size_that_diverges_is_an_error() -> None:
    with pytest.raises(UserError, match="step size 50 is too large"):
        simulate(SMALL, [(50.0, 5000)], 4, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"runs": 0}, "runs = 0"),
        ({"seed": -1}, "seed = -1"),
        ({"batch": 0}, "batch = 0"),
        ({"schedule": []}, "at least one stage"),
        ({"schedule": [(0.1, 0)]}, "at least 1"),
        ({"schedule": [(float("nan"), 5)]}, "positive and finite"),
        ({"record": [2, 2]}, "increasing steps"),
        ({"record": [6]}, "within 1..5"),
        ({"record": [0, 1]}, "within 1..5"),
        ({"record": []}, "within 1..5"),
    ],
)
def test_unusable_arguments_are_refused(change: dict[str, object], said: str) -> None:
    arguments: dict[str, object] = {"schedule": [(0.1, 5)], "runs": 2, "seed": 1, **change}
    with pytest.raises(UserError, match=said):
        simulate(SMALL, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([], [], 1.0), "eigenvalues"),
        (([-1.0], [1.0], 1.0), "eigenvalues"),
        (([np.inf], [1.0], 1.0), "eigenvalues"),
        (([1.0, 0.5], [1.0], 1.0), "length 2"),
        (([1.0], [1.0], -1.0), "variance"),
        (([1.0], [1.0], [1.0, 2.0]), "noise"),
        (([1.0], [[1.0], [2.0]], [[1.0, 2.0], [2.0, 1.0]]), "negative eigenvalue"),
    ],
)
def test_unusable_eigenbases_are_refused(arguments: tuple[object, ...], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Eigenbasis.of(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([1.0, 0.0], [[1.0, 1.0]], [1.0, 1.0], 1.0), "spectrum"),
        (([1.0, 0.5], [[1.0]], [1.0, 1.0], 1.0), "sketch"),
        (([1.0], [[1.0], [1.0]], [1.0], 1.0), "M <= 1"),
        (([1.0, 0.5], [[1.0, 1.0], [2.0, 2.0]], [1.0, 1.0], 1.0), "linearly dependent"),
        (([1.0, 0.5], [[1.0, 1.0]], [1.0], 1.0), "target"),
        (([1.0, 0.5], [[1.0, 1.0]], [1.0, 1.0], -1.0), "noise"),
        (([1.0, 0.5], [[1.0, 1.0]], [1.0, 1.0], [1.0, 1.0]), "noise"),
        (([1.0, 0.5], [[1.0, 1.0]], [[1.0, 1.0]] * 2, [[1, 2], [2, 1]]), "negative eigenvalue"),
        (([1.0, 0.5], [[1.0, 1.0]], [[1.0, 1.0]] * 2, [[1, 0.5], [0, 1]]), "symmetric"),
    ],
)
def test_unusable_raw_problems_are_refused(arguments: tuple[object, ...], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Raw.of(*arguments)  # type: ignore[arg-type]
