"""Gaussian-process sketches and kernel SGD on real inputs."""

import numpy as np
import pytest

from numerics.kernels import ArcCosine, Bridge, Brownian, Kernel, Laplace, NeuralTangent, Sobolev
from numerics.kernelsgd import Sketch, gaussian_process, kernel_sgd
from numerics.problem import Method
from proofs_check.errors import UserError

KERNELS = [Brownian(), Bridge(), Sobolev(2), Laplace(), ArcCosine(3), NeuralTangent(2)]


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_draws_have_the_kernel_as_their_covariance(kernel: Kernel) -> None:
    process = gaussian_process(kernel, 40)
    matrix = kernel.covariance(process.points, process.points)
    np.testing.assert_allclose(process.root @ process.root.T, matrix, atol=1e-10 * matrix.max())
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


@pytest.mark.parametrize("kernel", [Brownian(), NeuralTangent(3)], ids=str)
def test_real_inputs_do_nearly_as_gaussian_features(kernel: Kernel) -> None:
    process = gaussian_process(kernel, 200)
    trace = float(process.weights @ np.sum(process.root**2, axis=1))
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
