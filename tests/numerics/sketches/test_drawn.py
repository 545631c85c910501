"""Sketches against dense linear algebra, and the lost tail."""

from __future__ import annotations

from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest

from ratecert.numerics.exact.excess import UnstableError, expected_excess
from ratecert.numerics.model.problem import Measured, Method, Problem, sequence
from ratecert.numerics.model.schedules import geometric
from ratecert.numerics.risk.expected import expected_risk, learning_curve
from ratecert.numerics.sketches.drawn import Features, feature_rows, gaussian_sketch, top_features
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.grammar import parse_expr


def _power(a: float, b: float, **settings: object) -> Problem:
    values = {"a": a, "b": b}
    pair = (sequence(parse_expr(text), values) for text in ("i^-a", "i^-b"))
    return Problem(*pair, **settings)  # type: ignore[arg-type]


def _finite(a: float, b: float, d: int) -> Problem:
    i = np.arange(1, d + 1.0)
    return Problem(Measured.of(i**-a), Measured.of(i**-b))


def test_streams_do_not_depend_on_how_they_are_cut() -> None:
    whole = feature_rows(5, 2, 7, 0, 300)
    for cuts in ((0, 1, 63, 64, 65, 300), (0, 128, 300), (0, 299, 300)):
        parts = [feature_rows(5, 2, 7, lo, hi) for lo, hi in pairwise(cuts)]
        assert np.array_equal(np.concatenate(parts), whole)
    assert not np.array_equal(feature_rows(5, 3, 7, 0, 300), whole)
    assert not np.array_equal(feature_rows(6, 2, 7, 0, 300), whole)
    # Chi-square of 2100 standard normals: 6 standard deviations, false alarms below 1e-8.
    assert abs(7 * np.mean(whole**2) - 1) < 6 * np.sqrt(2 / whole.size)


@pytest.mark.parametrize(
    # The last: one row beyond those that are kept must not need a Gram matrix of full rank.
    ("a", "b", "M", "d"),
    [(2.0, 2.0, 6, 40), (1.2, 3.5, 5, 300), (3, 1.5, 4, 9)],
)
def test_a_sketch_of_finitely_many_dimensions_is_dense_linear_algebra(
    a: float, b: float, M: int, d: int
) -> None:
    problem = _finite(a, b, d)
    got = gaussian_sketch(problem, M, seed=3, draw=1)
    lam, energy = problem.spectrum.first(d), problem.target.first(d)
    S = feature_rows(3, 1, M, 0, d).T
    values, vectors = np.linalg.eigh(S @ np.diag(lam) @ S.T)
    # E <u_i, v*>^2 with v* = Sigma^-1 S H w* and E w*_j^2 = e_j/lam_j.
    pull = vectors.T @ np.linalg.solve(S @ np.diag(lam) @ S.T, S * lam)
    m = (pull**2) @ (energy / lam)
    assert got.lam == pytest.approx(values[::-1], rel=1e-10)
    assert got.energy == pytest.approx((values * m)[::-1], rel=1e-8)
    # approx = || (I - P) H^{1/2} w* ||^2, P projecting on the range of H^{1/2} S^T.
    q, _ = np.linalg.qr(np.sqrt(lam)[:, None] * S.T)
    residual = np.eye(d) - q @ q.T
    assert got.approx == pytest.approx(float(energy @ (residual**2).sum(axis=0)), rel=1e-9)


@pytest.mark.parametrize(
    # The second: total energy less energy reached would leave no digit of approx.
    ("a", "b", "M", "d"),
    [
        (2, 2, 6, 14),
        (12, 9, 8, 20),
        (3, 1.5, 7, 8),
        (5, 5, 10, 12),
        (2, 7, 8, 30),
        (1.2, 3, 5, 40),
    ],
)
def test_small_parts_have_their_digits(a: float, b: float, M: int, d: int) -> None:
    problem = _finite(a, b, d)
    got = gaussian_sketch(problem, M, seed=3, draw=1)
    with mp.workdps(80):
        S = mp.matrix(feature_rows(3, 1, M, 0, d).T.tolist())
        lam, energy = (
            [mp.mpf(float(v)) for v in f.first(d)] for f in (problem.spectrum, problem.target)
        )
        sigma = S * mp.diag(lam) * S.T
        inverse = sigma**-1
        approx = mp.fsum(
            energy[j] * (1 - lam[j] * (S[:, j].T * inverse * S[:, j])[0]) for j in range(d)
        )
        values = sorted(mp.eigsy(sigma, eigvals_only=True), reverse=True)
        errors = [float(abs(v / t - 1)) for v, t in zip(got.lam.tolist(), values, strict=True)]
        assert max(errors) <= got.relative_error
        assert float(abs(got.approx - approx)) <= got.approx_error
    assert got.approx_error <= 1e-8 * got.approx


def test_too_large_a_sketch_is_refused() -> None:
    with pytest.raises(UserError, match="memory"):
        gaussian_sketch(_power(2, 2), 20_000, 0, 0)


def test_spectra_beyond_double_precision_are_refused() -> None:
    for M in (3, 300):
        with pytest.raises(UserError, match="too fast"):
            gaussian_sketch(_power(30, 30), M, 0, 0)


def test_measured_spectra_may_end_in_zeros() -> None:
    lam = np.zeros(60)
    lam[:12] = np.arange(1, 13.0) ** -2
    padded = Problem(Measured.of(lam), Measured.of(lam))
    got, plain = gaussian_sketch(padded, 5, 0, 0), gaussian_sketch(_finite(2, 2, 12), 5, 0, 0)
    assert got.lam == pytest.approx(plain.lam, rel=1e-10)
    assert got.approx == pytest.approx(plain.approx, rel=1e-9)
    with pytest.raises(UserError, match="positive"):
        gaussian_sketch(padded, 13, 0, 0)


def test_as_many_features_as_dimensions_reach_everything() -> None:
    assert gaussian_sketch(_finite(2, 2, 12), 12, 0, 0).approx == 0.0


def _mean_approx(problem: Problem, M: int, draws: int) -> float:
    return float(np.mean([gaussian_sketch(problem, M, 1, k).approx for k in range(draws)]))


def test_the_lost_tail_is_accounted_for() -> None:
    # The same rows up to d = 40 M; beyond, all of the tail or (control) nothing.
    M, draws = 48, 40
    full = _mean_approx(_power(1.5, 1.5), M, draws)
    cut = _finite(1.5, 1.5, 40 * M)
    truncated = _mean_approx(cut, M, draws)
    assert truncated / full < 0.9
    # With the tail's mean alone added to the cut problem, by hand:
    beyond = _power(1.5, 1.5).spectrum.tail(40 * M)
    by_hand = []
    for k in range(draws):
        rows = feature_rows(1, k, M, 0, 40 * M)
        lam = cut.spectrum.first(40 * M)
        sigma = rows.T @ (lam[:, None] * rows) + beyond / M * np.eye(M)
        second = rows.T @ ((lam**2)[:, None] * rows)
        reached = np.trace(np.linalg.solve(sigma, second))
        by_hand.append(_power(1.5, 1.5).target.sum() - reached)
    # The tail's square sum, 40^-2 of the rows', is all that is missing in this comparison.
    assert np.mean(by_hand) == pytest.approx(full, rel=2e-3)


def test_approx_lies_in_the_elementary_bounds() -> None:
    # sum_{i>M} lam_i <= E approx <= min_k (1 + k/(M-k-1)) sum_{i>k} lam_i, isotropic prior.
    for a, M in ((1.5, 24), (2.0, 40)):
        problem = _power(a, a)
        values = [gaussian_sketch(problem, M, 2, k).approx for k in range(60)]
        mean, se = np.mean(values), np.std(values) / np.sqrt(60)
        upper = min((1 + k / (M - k - 1)) * problem.spectrum.tail(k) for k in range(M - 1))
        assert problem.spectrum.tail(M) <= min(values)
        assert mean - 5 * se <= upper


def test_top_features_are_the_leading_modes() -> None:
    got = top_features(_power(2.0, 3.0), 10)
    assert isinstance(got, Features)
    assert got.lam == pytest.approx(np.arange(1, 11.0) ** -2)
    assert got.approx + got.energy.sum() == pytest.approx(1.2020569031595942, rel=1e-13)
    risk = expected_risk(10, 1000, values={"a": 2, "b": 3}, features="top", gamma=0.3)
    excess = expected_excess(got.lam, got.energy, 1 + got.approx, geometric(0.3, 1000))
    assert risk.bias == excess.bias
    assert risk.variance == excess.variance
    assert risk.risk == 1 + got.approx + excess.excess


def test_a_curve_has_its_points_and_its_standard_errors() -> None:
    problem, method = _power(2.0, 2.0), Method(gamma=0.2)
    curve = learning_curve(problem, method, 20, [10, 1000], seed=4, draws=6)
    alone = learning_curve(problem, method, 20, [1000], seed=4, draws=6)[0]
    assert curve[1].risk == pytest.approx(alone.risk, rel=1e-12)
    values = []
    for k in range(6):
        f = gaussian_sketch(problem, 20, 4, k)
        e = expected_excess(f.lam, f.energy, 1 + f.approx, geometric(0.2, 1000))
        values.append(f.approx + e.excess)
    assert alone.risk == pytest.approx(1 + np.mean(values), rel=1e-12)
    assert alone.se is not None
    assert alone.se.risk == pytest.approx(np.std(values, ddof=1) / np.sqrt(6), rel=1e-9)


def test_outputs_add_up() -> None:
    one = expected_risk(12, 300, values={"a": 2, "b": 2}, draws=3)
    three = expected_risk(12, 300, values={"a": 2, "b": 2}, draws=3, outputs=3)
    for part in ("irreducible", "approx", "bias", "variance", "excess", "risk"):
        assert getattr(three, part) == pytest.approx(3 * getattr(one, part), rel=1e-14)


def test_unstable_draws_are_counted_and_left_out() -> None:
    problem, method = _power(2.0, 2.0), Method(gamma=0.6)
    got = learning_curve(problem, method, 30, [2000], draws=12)[0]
    assert got.unstable > 0
    assert got.draws + got.unstable == 12
    stable = []
    for k in range(12):
        f = gaussian_sketch(problem, 30, 0, k)
        try:
            e = expected_excess(f.lam, f.energy, 1 + f.approx, geometric(0.6, 2000))
        except UnstableError:
            continue
        stable.append(e.variance)
    assert got.draws == len(stable)
    assert got.variance == pytest.approx(np.mean(stable), rel=1e-12)
    with pytest.raises(UnstableError):
        learning_curve(problem, Method(gamma=3.0), 30, [10], draws=3)


def test_bad_sizes_are_explained() -> None:
    for M in (0, -1, 13):
        with pytest.raises(UserError):
            gaussian_sketch(_finite(2, 2, 12), M, 0, 0)
        with pytest.raises(UserError):
            top_features(_finite(2, 2, 12), M)
    good = {"values": {"a": 2.0, "b": 2.0}}
    for change in (
        {"N": 0},
        {"M": 1.5},
        {"values": {"a": 1.0, "b": 2.0}},
        {"values": {"a": 2.0}},
        {"values": {"a": float("nan"), "b": 2.0}},
        {"gamma": 0.0},
        {"seed": -1},
        {"draws": -1},
        {"features": "top", "draws": 2},
        {"sigma2": -1.0},
    ):
        arguments: dict[str, object] = {"M": 5, "N": 10, **good, **change}
        with pytest.raises(UserError):
            expected_risk(**arguments)  # type: ignore[arg-type]
