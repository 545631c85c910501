"""Eigenvalues and effective dimension of a sketch against moments, limits and drawn sketches."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ratecert.numerics.model.problem import Measured, Problem, Regular
from ratecert.numerics.sketches.deterministic_equivalent import kappa, spectral_nodes
from ratecert.numerics.sketches.drawn import gaussian_sketch
from ratecert.numerics.sketches.spectrum import SketchedSpectrum
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.grammar import parse_expr


def _power(a: float, **settings: object) -> Problem:
    return Problem.parse(parse_expr("i^-a"), parse_expr("i^-a"), {"a": a}, **settings)


@pytest.mark.parametrize(("a", "M"), [(1.3, 64), (2, 64), (3, 40), (2, 10**9), (1.5, 10**12)])
def test_few_steps_give_the_sum_of_squares(a: float, M: int) -> None:
    # For n lam~_1 < 1 it is n^2 tr Sigma^2 = n^2 (sum lam^2 + (sum lam)^2/M).
    problem = _power(a)
    total, square = (f.sum() for f in (problem.spectrum, problem.spectrum.times(problem.spectrum)))
    got = SketchedSpectrum(problem, M).effective_dimension(1e-4)
    assert got == pytest.approx(1e-8 * (square + total**2 / M), rel=1e-10)


def test_many_steps_give_every_feature() -> None:
    for M in (5, 64, 10**6):
        spectrum = SketchedSpectrum(_power(2), M)
        assert spectrum.effective_dimension(1e16) == pytest.approx(M, rel=1e-12)
        assert spectrum.count(1e-16) == pytest.approx(M, rel=1e-12)
        assert spectrum.count(10.0) == pytest.approx(0, abs=1e-9)


def test_the_count_inverts_the_eigenvalues() -> None:
    for M, indices in ((60, (1, 2, 7, 60)), (10**8, (1, 3, 700, 10**4, 10**6, 10**8))):
        spectrum = SketchedSpectrum(_power(2), M)
        values = [spectrum.eigenvalue(j) for j in indices]
        assert values == sorted(values, reverse=True)
        for j, value in zip(indices, values, strict=True):
            assert spectrum.count(value) == pytest.approx(j - 0.5, rel=1e-6)


def test_few_eigenvalues_of_many_features_are_those_of_the_problem() -> None:
    # z = lam_j (1 + (1/M) sum_i lam_i/(lam_j - lam_i)) up to 1/sqrt(M), across all the ways in
    # which the sums are taken: in the head, next to its end, and far beyond.
    spectrum = SketchedSpectrum(_power(2), 10**12)
    for j in (1, 5, 500, 530, 1000, 1100, 5000, 10**6, 10**8):
        assert spectrum.eigenvalue(j) * j**2 == pytest.approx(1, rel=1e-6 + 1e-9 * math.sqrt(j))


def test_the_bulk_scales() -> None:
    # lam~_j M^a is a function of j/M alone for large M, and so is D(n)/n^(1/a) of n/M^a, which
    # tends to sum min(1, u^2) of u = i^-a: 1 + 1/(2a - 1).
    for a in (1.5, 2.0):
        small, large = (SketchedSpectrum(_power(a), M) for M in (10**4, 10**7))
        for share in (0.2, 0.7, 1.0):
            first, second = (s.eigenvalue(int(share * s.M)) * s.M**a for s in (small, large))
            assert first == pytest.approx(second, rel=5e-3)
        limit = large.effective_dimension(1e6) / 1e6 ** (1 / a)
        assert limit == pytest.approx(1 + 1 / (2 * a - 1), rel=2e-3)


@pytest.mark.parametrize(("a", "draws"), [(1.3, 60), (2.0, 60)])
def test_drawn_sketches_agree(a: float, draws: int) -> None:
    # Fixed seed; had it been free, 69 numbers at 4.5 standard errors: false alarms below 5e-4.
    M, problem = 64, _power(a)
    drawn = np.array([gaussian_sketch(problem, M, 3, k).lam for k in range(draws)])
    spectrum = SketchedSpectrum(problem, M)

    def close(value: float, sample: np.ndarray) -> bool:
        mean, se = sample.mean(), sample.std(ddof=1) / math.sqrt(draws)
        return bool(abs(value - mean) <= 4.5 * se + 2 * abs(mean) / M)

    for j in (1, 2, 5, 20, 45, 64):
        assert close(spectrum.eigenvalue(j), drawn[:, j - 1]), j
        # Control: the neighbour is another one.
        assert j > 5 or not close(spectrum.eigenvalue(j + 1), drawn[:, j - 1])
    for n in (0.5, 3.0, 40.0, 300.0):
        assert close(
            spectrum.effective_dimension(n), np.minimum(1, (n * drawn) ** 2).sum(axis=1)
        ), n


def test_measured_spectra_and_the_lower_edge() -> None:
    lam = Measured.of(np.arange(1, 101.0) ** -1.5)
    problem = Problem(lam, lam)
    spectrum = SketchedSpectrum(problem, 30)
    values = [spectrum.eigenvalue(j) for j in range(1, 31)]
    drawn = np.array([gaussian_sketch(problem, 30, 1, k).lam for k in range(40)])
    assert values == pytest.approx(drawn.mean(axis=0).tolist(), rel=0.15)
    assert sum(values) == pytest.approx(lam.sum(), rel=0.05)
    # tr Sigma^-1 = M/kappa bounds the smallest from below.
    assert values[-1] > kappa(spectral_nodes(problem, 30), 30) / 30


def test_bad_input_is_explained() -> None:
    lam = Measured.of([1.0, 0.5])
    with pytest.raises(UserError, match="below the dimension"):
        SketchedSpectrum(Problem(lam, lam), 2)
    for j in (0, 65, 1.5):
        with pytest.raises(UserError):
            SketchedSpectrum(_power(2), 64).eigenvalue(j)  # type: ignore[arg-type]


@pytest.mark.parametrize("a", [2.0, 3.0, 8.0])
def test_the_lower_end_is_self_similar(a: float) -> None:
    """``lam~_M M^a`` settles; at a = 3 it was lost from M = 10^11 on, kappa being 1e-33 there."""
    law = Regular(1.0, ((0.0, a),))
    scaled = [
        SketchedSpectrum(Problem(law, law), M).eigenvalue(M) * float(M) ** a
        for M in (10**6, 10**9, 10**12)
    ]
    assert abs(scaled[1] / scaled[0] - 1) < 1e-3
    assert abs(scaled[2] / scaled[1] - 1) < 1e-5
