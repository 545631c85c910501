"""The exact engine against dense balls, extended precision, identities and bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from flint import arb
from hypothesis import example, given, settings
from problem_strategies import Small, dense_moments, small_problems

from ratecert.numerics.exact import moments
from ratecert.numerics.exact.excess import (
    Excess,
    UnstableError,
    excess_curve,
    expected_excess,
    largest_stable_gamma,
)
from ratecert.numerics.model.schedules import Schedule, constant, cosine, geometric
from ratecert.proofs_check.language.errors import UserError

NEGLIGIBLE = 1e-200


def _run(problem: Small, averaged: bool = False) -> Excess:
    return expected_excess(
        problem.lam, problem.energy, problem.noise, problem.schedule, problem.batch, averaged
    )


def _errors(problem: Small, averaged: bool) -> list[tuple[float, float]]:
    """True and stated relative errors of bias, variance, mean bias and excess."""
    bias, variance, mean = dense_moments(problem, averaged)
    got = _run(problem, averaged)
    rows = [
        (got.bias, bias, got.bias_error),
        (got.variance, variance, got.variance_error),
        (got.mean_bias, mean, got.mean_bias_error),
        (got.excess, bias + variance, got.relative_error),
    ]
    errors = []
    for value, truth, stated in rows:
        if abs(float(truth)) < NEGLIGIBLE:
            assert abs(value) < 2 * NEGLIGIBLE
            continue
        errors.append((float(abs((arb(value) - truth) / truth).mid()), stated))
    return errors


def _drawn(batch: int = 1, a: float = 2.0, modes: int = 5, N: int = 1000) -> Small:
    i = np.arange(1, modes + 1.0)
    gamma = 0.9 * largest_stable_gamma(i**-a, batch)
    return Small(i**-a, i**-a, 1.0, geometric(gamma, N), batch)


def _pair(first: float, second: float) -> Small:
    lam = np.array([first, second, 0.01])
    return Small(lam, np.array([1.0, 2.0, 0.1]), 1.0, geometric(1.0, 10**4), 8)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(small_problems())
@example(_drawn(batch=8))  # a mode with gamma lam > 1: log|1 - x| must not be taken by log1p
@example(_drawn(batch=1, modes=1, N=1))
@example(_pair(1.0, 1.0 - 4e-16))  # poles that agree to rounding
@example(_pair(1.0, 1.0 - 1e-13))
@example(_pair(1.5, 16 / 9 - 1.5))  # g is not monotone in lam: equal poles, unequal couplings
def test_dense_balls_agree_and_no_true_error_exceeds_the_stated_one(problem: Small) -> None:
    for true, stated in _errors(problem, averaged=False):
        assert true <= stated
        assert true <= 1e-12


@settings(max_examples=60, deadline=None, derandomize=True)
@given(small_problems())
def test_the_laplace_transform_keeps_its_error_bound(problem: Small) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moments, "_LEAP_FROM", 1)
        patch.setattr(moments, "_LEAP_SECONDS", 0.0)
        # A looser bound than the engine's sends more stages this way.
        patch.setattr(moments, "_LEAP_ERROR", 1e-6)
        for true, stated in _errors(problem, averaged=False):
            assert true <= stated


def test_all_ways_of_taking_a_stage_agree() -> None:
    i = np.arange(1, 41.0)
    lam, energy, schedule = i**-1.5, i**-2.5, geometric(0.4, 3000)
    results = []
    for leap_from, leap_seconds, entry_seconds in (
        (1, 0.0, 1e-9),
        (10**9, 0.0, 1e-9),
        (10**9, 1e9, 1e9),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(moments, "_LEAP_FROM", leap_from)
            patch.setattr(moments, "_LEAP_SECONDS", leap_seconds)
            patch.setattr(moments, "_EIGENPAIR_SECONDS", entry_seconds)
            results.append(expected_excess(lam, energy, 0.5, schedule))
    for other in results[1:]:
        assert other != results[0]  # they are three ways, not one
        assert other.bias == pytest.approx(results[0].bias, rel=1e-12)
        assert other.variance == pytest.approx(results[0].variance, rel=1e-12)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(small_problems(max_modes=6, max_log_steps=6.0))
@example(_drawn(batch=8))
@example(_drawn(N=10**18))  # stages of 10^16 steps: no power of their number fits a float
@example(Small(np.array([1.0, 0.5]), np.ones(2), 1.0, Schedule.of([(1.0, 9), (0.5, 3)]), 8))
def test_averaged_iterates_agree_with_dense_balls(problem: Small) -> None:
    for true, stated in _errors(problem, averaged=True):
        assert true <= stated
        assert true <= 1e-12


def test_the_stated_error_is_no_more_than_a_hundred_times_the_true_one() -> None:
    rng = np.random.default_rng(6)
    stated, true = [], []
    for _ in range(60):
        i = np.arange(1, rng.integers(2, 12) + 1.0)
        lam, energy = i ** -rng.uniform(1.1, 3), i ** -rng.uniform(1.1, 4)
        gamma = rng.choice([0.1, 0.5, 0.9]) * largest_stable_gamma(lam)
        problem = Small(lam, energy, 1.0, geometric(gamma, int(10 ** rng.uniform(1, 6))), 1)
        error, bound = _errors(problem, averaged=False)[-1]
        true.append(error)
        stated.append(bound)
    assert np.median(stated) <= 100 * np.median(true)


def _recursion(problem: Small) -> tuple[float, float, float]:
    """The recursion itself, step by step in extended precision."""
    lam = problem.lam.astype(np.longdouble)
    m = np.stack([problem.energy / lam, np.zeros_like(lam)], axis=1)
    noise = np.array([0, problem.noise], dtype=np.longdouble)
    path = problem.energy.astype(np.longdouble)
    B = problem.batch
    for gamma, n in zip(problem.schedule.gammas, problem.schedule.steps, strict=True):
        x = (np.longdouble(gamma) * lam)[:, None]
        for _ in range(n):
            feedback = lam @ m + noise
            m = (1 - 2 * x + (1 + np.longdouble(1) / B) * x * x) * m
            m += gamma * x * feedback / B
            path = path * (1 - x[:, 0]) ** 2
    bias, variance = lam @ m
    return float(bias), float(variance), float(path.sum())


@pytest.mark.parametrize("leap_from", [16, 10**9])
@pytest.mark.parametrize(("M", "N", "a", "b"), [(1000, 2500, 2.0, 2.0), (300, 6000, 1.2, 3.0)])
def test_large_problems_agree_with_extended_precision(
    M: int, N: int, a: float, b: float, leap_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moments, "_LEAP_FROM", leap_from)
    if np.finfo(np.longdouble).eps > 1e-18:
        pytest.skip("this machine's long double is no wider than double")
    i = np.arange(1, M + 1.0)
    gamma = 0.5 * largest_stable_gamma(i**-a)
    problem = Small(i**-a, i**-b, 0.3, geometric(gamma, N), 1)
    got = _run(problem)
    for value, truth in zip(
        (got.bias, got.variance, got.mean_bias), _recursion(problem), strict=True
    ):
        assert value == pytest.approx(truth, rel=1e-10)


def test_a_wrong_recursion_is_noticed() -> None:
    # Control: without the feedback, or with the fourth-moment factor off by one, the oracle
    # that agrees to 1e-12 above disagrees by much more.
    problem = _drawn()
    got, wrong = _run(problem), Small(problem.lam, problem.energy, 1.0, problem.schedule, 2)
    assert abs(got.bias / float(dense_moments(wrong)[0]) - 1) > 1e-3
    assert got.bias / got.mean_bias > 1 + 1e-3


def test_linearity_in_initial_error_and_noise() -> None:
    problem = _drawn(modes=40, N=10**7)
    base = _run(problem)
    double = expected_excess(problem.lam, 2 * problem.energy, 3.0, problem.schedule)
    assert double.bias == pytest.approx(2 * base.bias, rel=1e-14)
    assert double.variance == pytest.approx(3 * base.variance, rel=1e-14)


def test_a_curve_is_the_same_as_its_points() -> None:
    i = np.arange(1, 61.0)
    for averaged in (False, True):
        plans = [geometric(0.3, N) for N in (1, 10, 1000, 10**6)] + [constant(0.3, 50)]
        plans += [cosine(0.3, 30)]
        curve = excess_curve(i**-1.5, i**-2.0, 0.5, plans, averaged=averaged)
        for plan, point in zip(plans, curve, strict=True):
            alone = expected_excess(i**-1.5, i**-2.0, 0.5, plan, averaged=averaged)
            assert point.bias == pytest.approx(alone.bias, rel=1e-12)
            assert point.variance == pytest.approx(alone.variance, rel=1e-12)


def test_stages_can_be_split_and_modes_permuted() -> None:
    i = np.arange(1, 201.0)
    lam, energy = i**-2.0, i**-1.5
    whole = expected_excess(lam, energy, 1.0, [(0.4, 10**6), (0.1, 10**5)])
    parts = [(0.4, 999_990), (0.4, 10), (0.1, 1), (0.1, 99_999)]
    split = Schedule(np.array([g for g, _ in parts]), np.array([n for _, n in parts]))
    order = np.random.default_rng(0).permutation(200)
    for other in (
        expected_excess(lam, energy, 1.0, split),
        expected_excess(lam[order], energy[order], 1.0, [(0.4, 10**6), (0.1, 10**5)]),
    ):
        assert other.bias == pytest.approx(whole.bias, rel=1e-11)
        assert other.variance == pytest.approx(whole.variance, rel=1e-11)


def test_modes_without_variance_add_nothing() -> None:
    i = np.arange(1, 31.0)
    plain = expected_excess(i**-2, i**-2, 1.0, geometric(0.3, 10**5))
    padded = expected_excess(
        np.append(i**-2, [0.0, 1e-200]), np.append(i**-2, [0.0, 0.0]), 1.0, geometric(0.3, 10**5)
    )
    assert padded.bias == pytest.approx(plain.bias, rel=1e-14)
    assert padded.variance == pytest.approx(plain.variance, rel=1e-14)


def test_one_step_by_hand() -> None:
    # One mode: m' = (1 - 2x + 3x^2) m + gamma x noise, E u^4 = 3 lam^2.
    got = expected_excess([0.5], [0.7], 0.9, [(0.4, 1)])
    assert got.bias == pytest.approx((1 - 0.4 + 3 * 0.04) * 0.7, rel=1e-15)
    assert got.variance == pytest.approx(0.2**2 * 0.9, rel=1e-15)
    assert got.mean_bias == pytest.approx(0.8**2 * 0.7, rel=1e-15)


def test_the_excess_explodes_above_the_stability_limit_and_not_below() -> None:
    lam = np.arange(1, 9.0) ** -2
    limit = largest_stable_gamma(lam)
    assert expected_excess(lam, lam, 1.0, [(limit * (1 - 1e-6), 10**9)]).variance < 1e9
    with pytest.raises(UnstableError, match=f"{limit:.6g}"):
        expected_excess(lam, lam, 1.0, [(limit * (1 + 1e-6), 10)])
    unstable = Small(lam, lam, 1.0, constant(limit * 1.01, 10**5), 1)
    assert float(dense_moments(unstable)[1]) > 1e9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lam": []}, "same length"),
        ({"lam": [1.0]}, "same length"),
        ({"lam": [1.0, float("nan")]}, "finite"),
        ({"lam": [1.0, -0.1]}, "not negative"),
        ({"energy": [1.0, float("inf")]}, "finite"),
        ({"lam": [1.0, 0.0]}, "eigenvalue 0"),
        ({"noise": -1.0}, "noise"),
        ({"noise": float("nan")}, "noise"),
        ({"batch": 0}, "batch"),
        ({"batch": 1.5}, "batch"),
        ({"schedule": []}, "at least one stage"),
        ({"schedule": [(0.1, 0)]}, "at least 1"),
        ({"schedule": [(-0.1, 3)]}, "positive"),
        ({"schedule": [(float("nan"), 3)]}, "positive"),
        ({"schedule": [(5.0, 3)]}, "diverges"),
    ],
)
def test_bad_input_is_explained(change: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {
        "lam": [1.0, 0.25],
        "energy": [1.0, 0.25],
        "noise": 1.0,
        "schedule": [(0.1, 3)],
    }
    with pytest.raises(UserError, match=message):
        expected_excess(**{**arguments, **change})  # type: ignore[arg-type]


def test_largest_stable_gamma_of_one_mode() -> None:
    # 1 - 2x + 3x^2 < 1 iff x < 2/3; with batch B, 1 - 2x + (1 + 2/B) x^2.
    assert largest_stable_gamma([0.5]) == pytest.approx(4 / 3, rel=1e-14)
    assert largest_stable_gamma([1.0], batch=2) == pytest.approx(1.0, rel=1e-14)
    assert math.isinf(largest_stable_gamma([0.0]))
