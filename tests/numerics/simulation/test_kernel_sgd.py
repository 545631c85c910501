"""Gaussian-process sketches and kernel SGD on real inputs."""

import math
from fractions import Fraction

import numpy as np
import pytest

from ratecert.numerics.kernels import (
    ArcCosine,
    Bridge,
    Brownian,
    Kernel,
    Laplace,
    NeuralTangent,
    Sobolev,
    Sphere,
)
from ratecert.numerics.kernels.base import HEAD
from ratecert.numerics.model.problem import Headed, Method, Problem
from ratecert.numerics.simulation.kernel_sgd import Sketch, gaussian_process, kernel_sgd
from ratecert.numerics.sketches.deterministic_equivalent import approximation
from ratecert.proofs_check.language.errors import UserError

KERNELS = [Brownian(), Bridge(), Sobolev(2), Sobolev(Fraction(3, 2)), Laplace(), ArcCosine(3),
           NeuralTangent(2)]  # fmt: skip


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_draws_have_the_kernel_as_their_covariance(kernel: Kernel) -> None:
    process = gaussian_process(kernel, 40)
    matrix = kernel.covariance(process.points, process.points)
    root = process.image(np.eye(process.white)).T
    np.testing.assert_allclose(root @ root.T, matrix, atol=1e-10 * matrix.max())
    assert process.variance == pytest.approx(process.weights @ np.diag(matrix), rel=1e-12)
    draws = process.draws(np.random.default_rng(0), 20_000)
    # Entries scatter by at most √2 of the largest variance over √20000: 1 %; ten of them.
    np.testing.assert_allclose(draws.T @ draws / 20_000, matrix, atol=0.1 * matrix.max())


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_the_population_risk_is_approx_and_excess(kernel: Kernel) -> None:
    process = gaussian_process(kernel, 60)
    rng = np.random.default_rng(1)
    sketch = Sketch.draw(process, 5, 3, rng)
    v = rng.standard_normal((3, 5))
    risk = np.sum(process.weights * (sketch.targets - v @ sketch.features) ** 2, axis=1)
    deviation = v @ sketch.rotation - sketch.optimum
    excess = np.sum(sketch.lam * deviation**2, axis=1)
    np.testing.assert_allclose(risk, sketch.approx + excess, rtol=1e-9)
    sigma = (sketch.features * process.weights) @ sketch.features.T
    np.testing.assert_allclose(np.linalg.eigvalsh(sigma)[::-1], sketch.lam, rtol=1e-8)


def test_a_sketch_loses_what_the_theory_says() -> None:
    """The mean approximation error lies between the tail of the spectrum and four times it."""
    process = gaussian_process(Brownian(), 200)
    rng = np.random.default_rng(2)
    lost = np.mean([Sketch.draw(process, 10, 20, rng).approx.mean() for _ in range(20)])
    tail = Brownian().spectrum().tail(10)
    assert tail < lost < 4 * tail


def spread(kernel: Kernel, on_the_law: int) -> float:
    """Return the log of the band of approximation over ``M^(1-a)``, M from 2 to 200.

    By deterministic equivalents, with so many eigenvalues replaced by those of the law.
    """
    law, values = kernel.beyond(), kernel.eigenvalues(HEAD)
    values[:on_the_law] = law.at(np.arange(1.0, on_the_law + 1))
    sequence = Headed(tuple(np.sort(values)[::-1].tolist()), law)
    problem, a = Problem(sequence, sequence), law.order[0]
    ratios = [approximation(problem, M) * math.pow(M, a - 1)
              for M in (2, 4, 8, 16, 32, 64, 128, 200)]  # fmt: skip
    return math.log(max(ratios) / min(ratios))


@pytest.mark.parametrize("kernel", [NeuralTangent(3), ArcCosine(3)], ids=str)
def test_four_modes_are_a_part_of_the_deviation_on_the_sphere(kernel: Sphere) -> None:
    """Not the whole: the five of degree 2 are another, and a pure law has its own."""
    first = np.cumsum([kernel.multiplicity(k) for k in range(3)])
    assert first.tolist() == [1, 4, 9]
    as_it_is, four, nine, law = (spread(kernel, n) for n in (0, 4, 9, HEAD))
    assert as_it_is > four > nine > 0
    assert four > law > 0


@pytest.mark.parametrize("M", [1, 2, 5, 40])
def test_the_brownian_approximation_in_closed_form(M: int) -> None:
    """``Σ λ/(λ + κ) = z tanh(z)/2``, ``z = κ^(-1/2)``: ``κ M = 1/(4 M)`` but for ``e^(-4M)``."""
    z = 2.0 * M
    for _ in range(60):
        z = 2 * M / math.tanh(z)
    spectrum = Brownian().spectrum()
    assert approximation(Problem(spectrum, spectrum), M) == pytest.approx(M / z**2, rel=1e-9)


@pytest.mark.parametrize("kernel", [Brownian(), NeuralTangent(3)], ids=str)
def test_real_inputs_do_nearly_as_gaussian_features(kernel: Kernel) -> None:
    process = gaussian_process(kernel, 200)
    trace = process.variance
    found = kernel_sgd(process, 16, 400, Method(1 / (4 * trace)), 0.1 * trace, 400, seed=3)
    assert abs(found.excess - found.gaussian) < 6 * found.se + 0.1 * found.gaussian
    start = kernel_sgd(process, 16, 1, Method(1 / (4 * trace)), 0.1 * trace, 400, seed=3)
    assert start.excess > 3 * found.excess
    assert start.approx == found.approx
    assert kernel_sgd(process, 16, 400, Method(1 / (4 * trace)), 0.1 * trace, 400, 3) == found


def test_more_features_than_nodes_are_refused() -> None:
    process = gaussian_process(Brownian(), 10)
    with pytest.raises(UserError, match="nodes"):
        kernel_sgd(process, 10, 5, Method(0.1), 1.0, 2, 0)


def test_a_spectrum_too_steep_for_double_precision_is_refused() -> None:
    with pytest.raises(UserError, match="singular in double precision"):
        kernel_sgd(gaussian_process(Sobolev(6), 100), 40, 5, Method(0.1), 1.0, 2, 0)
