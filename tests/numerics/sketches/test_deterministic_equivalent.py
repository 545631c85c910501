"""Deterministic equivalents against closed forms, exact moments, drawn sketches and the engine."""

from __future__ import annotations

import math
from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from problem_strategies import Small, small_problems

from ratecert.numerics.exact.excess import UnstableError, expected_excess
from ratecert.numerics.exact.volterra import Measure, feedback, respond, sector
from ratecert.numerics.model.problem import Measured, Method, Problem
from ratecert.numerics.model.schedules import Schedule
from ratecert.numerics.risk.expected import expected_risk, learning_curve
from ratecert.numerics.sketches.deterministic_equivalent import (
    approximation,
    contour,
    equivalent_excess,
    kappa,
    spectral_nodes,
    spectral_span,
)
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.grammar import parse_expr


def _power(a: float, b: float, **settings: object) -> Problem:
    return Problem.parse(parse_expr("i^-a"), parse_expr("i^-b"), {"a": a, "b": b}, **settings)


@pytest.mark.parametrize("M", [1, 7, 64, 10**6, 10**9])
def test_kappa_of_the_square_law_solves_the_closed_form(M: int) -> None:
    # sum_i 1/(1 + kappa i^2) = (pi/(2 sqrt kappa)) coth(pi/sqrt kappa) - 1/2.
    k = kappa(spectral_nodes(_power(2, 2), M), M)
    root = math.sqrt(k)
    value = math.pi / (2 * root) / math.tanh(math.pi / root) - 0.5
    assert value == pytest.approx(M, rel=1e-12)


@pytest.mark.parametrize(
    ("a", "b", "M"), [(1.5, 1.5, 4096), (2, 2, 4096), (2, 2.5, 4096), (1.5, 1.2, 10**6)]
)
def test_sharp_constants_of_the_approximation_error(a: float, b: float, M: int) -> None:
    c = (math.pi / a) / math.sin(math.pi / a)
    constant = c ** (b - 1) * (math.pi / a) / math.sin(math.pi * (a - b + 1) / a)
    got = approximation(_power(a, b), M)
    if b <= a:
        assert got == pytest.approx(constant * M ** (1 - b), rel=2 * a / M)
    # By Mellin transform, with the -1/2 of the sum for kappa: kappa ~ (c/(M + 1/2))^a and
    # approx ~ constant (M + 1/2)^(1-b) + zeta(b - a) kappa, up to kappa^2.
    k = (c / (M + 0.5)) ** a
    second = float(mp.zeta(b - a)) * k
    assert got == pytest.approx(constant * (M + 0.5) ** (1 - b) + second, rel=1e-8 + 4 * k)


def test_the_equivalent_of_approx_is_kappa_m_for_the_isotropic_prior() -> None:
    for a, M in ((1.1, 50), (1.5, 1000), (4.0, 200)):
        nodes = spectral_nodes(_power(a, a), M)
        assert approximation(_power(a, a), M) == pytest.approx(M * kappa(nodes, M), rel=1e-12)


@pytest.mark.parametrize(
    ("a", "b", "M"), [(2, 2, 64), (1.1, 3, 300), (4, 4.5, 30), (2, 2, 10**9), (25, 25, 1)]
)
def test_measures_have_the_exact_moments(a: float, b: float, M: int) -> None:
    problem = _power(a, b)
    nodes = spectral_nodes(problem, M)
    measure = contour(nodes, spectral_span(nodes, M), M, limit=100.0, angle=0.75, digits=12)
    lam, square = problem.spectrum.sum(), problem.spectrum.times(problem.spectrum).sum()

    def count(f: np.ndarray) -> float:
        return float((measure.counting @ f).real)

    z = measure.z
    assert count(np.ones_like(z)) == pytest.approx(M, rel=1e-10)
    assert count(z) == pytest.approx(lam, rel=1e-10)
    # tr Sigma^2 = sum lam^2 + (sum lam)^2/M, up to the 1/M of the equivalent.
    assert count(z**2) == pytest.approx(square + lam**2 / M, rel=1e-10)
    # tr Sigma^-1 = M/kappa (at z = 0 the resolvent's equation is that of kappa).
    if M < 10**5:
        assert count(1 / z) == pytest.approx(M / kappa(nodes, M), rel=1e-9)
    reached = float(measure.energy.sum().real)
    assert reached + approximation(problem, M) == pytest.approx(problem.target.sum(), rel=1e-10)
    # w*^T H^{1/2} K H^{1/2} w* has the mean sum e lam in every order of 1/M.
    mixed = problem.spectrum.times(problem.target).sum()
    assert float((measure.energy @ z).real) == pytest.approx(mixed, rel=1e-9)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(small_problems(max_log_steps=9), st.booleans())
# A mode with gamma lam = 1 is gone after one step.
@example(Small(np.array([1.0, 0.3]), np.ones(2), 1.0, Schedule.of([(1.0, 99)]), 8), False)
@example(Small(np.array([1.0, 0.3]), np.ones(2), 1.0, Schedule.of([(1.0, 99)]), 8), True)
def test_laplace_inversion_agrees_with_the_engine(problem: Small, averaged: bool) -> None:
    exact = expected_excess(
        problem.lam, problem.energy, problem.noise, problem.schedule, problem.batch, averaged
    )
    measure = Measure.real(problem.lam, np.ones_like(problem.lam), problem.energy)
    got = respond(measure, problem.noise, problem.schedule, problem.batch, 12.0, averaged)
    # The last iterate's bias may decay far below what it started from, that of an average not.
    scale = 0.0 if averaged else float(problem.energy.sum())
    assert got.bias == pytest.approx(exact.bias, rel=1e-9, abs=1e-10 * scale)
    assert got.mean_bias == pytest.approx(exact.mean_bias, rel=1e-9, abs=1e-10 * scale)
    assert got.variance == pytest.approx(exact.variance, rel=1e-9)


@pytest.mark.parametrize("algorithm", ["sgd", "averaged-sgd"])
def test_top_features_by_quadrature_agree_with_mode_by_mode(algorithm: str) -> None:
    # More than 1024 features, or all of them would be nodes; averages of so many take seconds.
    sizes = (1100, 10**4), (1500, 10**4), (1200, 10**6)
    laws = (2, 2, 0.2), (1.5, 2.2, 0.1), (1.2, 3, 0.1)
    averaged = algorithm == "averaged-sgd"
    for (M, N), (a, b, gamma) in list(zip(sizes, laws, strict=True))[: 1 if averaged else 3]:
        problem, method = _power(a, b, features="top"), Method(gamma, algorithm)
        got = equivalent_excess(problem, method, M, N)
        exact = learning_curve(problem, method, M, [N])[0]
        for part, error in zip(
            ("approx", "bias", "mean_bias", "variance"), got.errors, strict=True
        ):
            assert getattr(got, part) == pytest.approx(getattr(exact, part), rel=1e-10)
            assert abs(getattr(got, part) - getattr(exact, part)) <= error


def test_measured_top_features_by_quadrature() -> None:
    lam = Measured.of(np.arange(1, 81.0) ** -1.5)
    problem, method = Problem(lam, lam, features="top"), Method(gamma=0.3, batch=3)
    got = equivalent_excess(problem, method, 50, 5000)
    exact = learning_curve(problem, method, 50, [5000])[0]
    assert got.bias == pytest.approx(exact.bias, rel=1e-10)
    assert got.variance == pytest.approx(exact.variance, rel=1e-10)


def test_large_batches_take_a_narrower_contour() -> None:
    # gamma lam_1 = 0.9 is stable for B = 64, but the widest contours reach where powers grow.
    method = Method(gamma=0.9, batch=64)
    got = equivalent_excess(_power(2, 2), method, 48, 2000)
    drawn = learning_curve(_power(2, 2), method, 48, [2000], seed=5, draws=48)[0]
    assert drawn.se is not None
    for part in ("approx", "bias", "variance"):
        value, mean, se = (getattr(x, part) for x in (got, drawn, drawn.se))
        assert abs(value - mean) <= 4.5 * se + abs(mean) / 48, part


def test_the_scaling_constant_at_a_billion_features() -> None:
    # sum i^-b (1 - gamma i^-a)^(2N) ~ (1/a) Gamma((b-1)/a) (2 gamma N)^(-(b-1)/a).
    a, b, gamma, N = 2.0, 2.5, 0.1, 10**12
    got = expected_risk(
        10**9, N, values={"a": a, "b": b}, gamma=gamma, features="top", schedule="constant"
    )
    limit = math.gamma((b - 1) / a) / a * (2 * gamma * N) ** (-(b - 1) / a)
    assert got.mean_bias == pytest.approx(limit, rel=1e-5)
    sketched = expected_risk(
        10**9, N, values={"a": a, "b": b}, gamma=gamma, schedule="constant", draws=0
    )
    # N gamma = 10^11 is far below M^a: the sketch does not matter at leading order.
    assert sketched.mean_bias == pytest.approx(limit, rel=1e-2)


@pytest.mark.parametrize(
    ("a", "b", "gamma", "N", "schedule", "batch", "algorithm"),
    [
        (2.0, 2.0, 0.2, 10**4, "geometric", 1, "sgd"),
        (1.5, 2.2, 0.1, 300, "constant", 4, "sgd"),
        (1.2, 1.2, 0.05, 3000, "geometric", 1, "sgd"),
        (2.0, 2.0, 0.2, 10**6, "constant", 1, "averaged-sgd"),
        (1.5, 2.2, 0.1, 200, "cosine", 4, "averaged-sgd"),
    ],
)
def test_drawn_sketches_agree(
    a: float, b: float, gamma: float, N: int, schedule: str, batch: int, algorithm: str
) -> None:
    # Fixed seed.  Had it been free, 4 parts at 4.5 standard errors: false alarms below 1e-4.
    M, problem = 64, _power(a, b)
    method = Method(gamma, algorithm, schedule, batch)
    got = equivalent_excess(problem, method, M, N)
    drawn = learning_curve(problem, method, M, [N], seed=11, draws=64)[0]
    assert drawn.unstable == 0
    assert drawn.se is not None
    for part in ("approx", "bias", "mean_bias", "variance"):
        value, mean, se = (getattr(x, part) for x in (got, drawn, drawn.se))
        assert abs(value - mean) <= 4.5 * se + abs(mean) / M, part
    # Control: the equivalent for another exponent is far outside.
    wrong = approximation(_power(a + 0.1, b), M)
    assert abs(wrong - drawn.approx) > 4.5 * drawn.se.approx + drawn.approx / M


def test_finitely_many_dimensions() -> None:
    lam = Measured.of(np.arange(1, 101.0) ** -1.5)
    problem, method = Problem(lam, lam), Method(gamma=0.1)
    got = equivalent_excess(problem, method, 60, 1000)
    drawn = learning_curve(problem, method, 60, [1000], draws=40)[0]
    assert drawn.se is not None
    for part in ("approx", "bias", "variance"):
        value, mean, se = (getattr(x, part) for x in (got, drawn, drawn.se))
        assert abs(value - mean) <= 4.5 * se + abs(mean) / 60, part


def test_the_sector_keeps_powers_from_growing() -> None:
    nodes = spectral_nodes(_power(2, 2), 64)
    wide = contour(nodes, spectral_span(nodes, 64), 64, limit=5.0, angle=0.75, digits=8)
    assert sector(wide, 0.2, 1) < math.pi / 2
    assert np.all(np.abs(1 - 0.4 * wide.z * (1 - 0.2 * wide.z)) < 1)
    beyond = replace(wide, z=wide.z * 1j)
    assert sector(beyond, 0.2, 1) > math.pi / 2


def test_the_stability_limit_is_that_of_the_engine() -> None:
    # 1 - S of the equivalent vanishes where the typical sketch turns unstable.
    with pytest.raises(UnstableError) as caught:
        equivalent_excess(_power(2, 2), Method(gamma=2.0), 2000, 100)
    largest = caught.value.largest
    nodes = spectral_nodes(_power(2, 2), 2000)
    measure = contour(
        nodes, spectral_span(nodes, 2000), 2000, limit=1 / largest, angle=0.3, digits=10
    )
    assert feedback(measure, largest, 1) == pytest.approx(1, rel=1e-5)
    top = _power(2, 2, features="top")
    with pytest.raises(UnstableError) as caught:
        equivalent_excess(top, Method(gamma=2.0), 2000, 100)
    with pytest.raises(UnstableError) as same:
        learning_curve(top, Method(gamma=2.0), 2000, [100])
    assert caught.value.largest == pytest.approx(same.value.largest, rel=1e-7)


def test_what_has_no_equivalent_is_explained() -> None:
    lam = Measured.of([1.0, 0.5])
    for problem, method, M in (
        (_power(400, 400), Method(), 10),
        (_power(2, 2), Method(1.2, "averaged-sgd", "constant", batch=64), 48),
        (Problem(lam, lam), Method(), 2),
        (Problem(lam, lam), Method(), 3),
        (_power(2, 2), Method(), 0),
    ):
        with pytest.raises(UserError):
            equivalent_excess(problem, method, M, 10)
