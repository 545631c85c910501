r"""Online kernel SGD on real inputs: Gaussian-process sketches, learnt in one pass.

*Sketch.*  Coordinate j of ``S φ(x)`` is ``M^(-1/2)`` times a draw of the Gaussian process with
covariance k, evaluated at x: by linearity ``Σ_i s_ji √λ_i φ_i(x)`` with independent normal
``s_ji``, which is what a Gaussian sketch of the RKHS is.

*Inputs* are the nodes of a grid of the domain (`ratecert.numerics.kernels.Grid`), drawn with its
weights. That makes everything about one draw computable without an error of its own: features and
target are tables over the nodes, and with ``F`` (M, n) the features, f the target and W the
weights

    Σ = F W F^T,   v* = Σ^-1 F W f,   Approx = Σ_x w (f - v*^T F)²,   Excess = |v_N - v*|²_Σ.

The spectrum is that of the grid, within Nyström's bound of Mercer's.  Targets are ``Σ_i √e_i g_i
φ_i``, g normal: in the isotropic prior ``f`` is a draw of the process itself, ``e_i = λ_i``.

*Draws* are linear images ``R z`` of white noise z, ``R R^T = k(x, x')`` on the nodes, whose law is
exact up to rounding.  On the circle the covariance of equispaced nodes is a circulant matrix, its
first row c, and ``R = Fourier^-1 √(Fourier c) Fourier``, in ``n log n`` steps.  Brownian motion is
the sum of its increments, and the bridge ``B(x) - x B(1)``.  For other kernels R comes from the
eigenvectors of the matrix, in ``n³``.

*Beside it* the Gaussian model: the exact expected risk of the same sketch with Gaussian features
of covariance Σ (`ratecert.numerics.exact.excess`).  Mean paths are the same; the fourth moments
are not, nor is what is out of reach independent of the features: docs/kernels.md has what was
measured.

*Source*: derived here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ratecert.numerics.exact.excess import excess_curve
from ratecert.numerics.kernels import Bridge, Brownian, Circle, Kernel
from ratecert.numerics.model.problem import Method
from ratecert.proofs_check.language.errors import UserError

__all__ = ["KernelRun", "Process", "Sketch", "gaussian_process", "kernel_sgd"]

Array = NDArray[np.float64]


CHUNK = 64
"""Draws that are made at a time: they need twice their own memory while they are."""


@dataclass(frozen=True, slots=True)
class Process:
    """A Gaussian process on nodes with weights.

    Attributes
    ----------
    points, weights : the nodes.
    white : numbers of white noise in a draw.
    image : ``R``: from white noise (count, white) to draws (count, n).
    variance : ``Σ w k(x, x)``, the trace of the operator.
    """

    points: Array
    weights: Array
    white: int
    image: Callable[[Array], Array]
    variance: float

    def draws(self, rng: np.random.Generator, count: int) -> Array:
        """Return independent draws of the Gaussian process on the nodes, (count, n)."""
        out = np.empty((count, len(self.weights)))
        for first in range(0, count, CHUNK):
            size = min(CHUNK, count - first)
            out[first : first + size] = self.image(rng.standard_normal((size, self.white)))
        return out


def gaussian_process(kernel: Kernel, n: int) -> Process:
    """Return the Gaussian process of a kernel on about n nodes of its grid."""
    grid = kernel.grid(n)
    diagonal, white, image = _root(kernel, grid.points)
    return Process(grid.points, grid.weights, white, image, float(grid.weights @ diagonal))


def _root(kernel: Kernel, x: Array) -> tuple[Array, int, Callable[[Array], Array]]:
    """Return ``k(x, x)``, how much white noise a draw takes, and R of the module's docstring."""
    n = len(x)
    match kernel:
        case Circle():
            row = kernel.covariance(x[:1], x)[0]
            gain = np.sqrt(np.maximum(np.fft.rfft(row).real, 0.0))
            return np.full(n, row[0]), n, lambda z: np.fft.irfft(np.fft.rfft(z) * gain, n)
        case Brownian():
            steps = np.sqrt(np.diff(x, prepend=0.0))
            return x, n, lambda z: np.cumsum(z * steps, axis=1)
        case Bridge():
            steps = np.sqrt(np.diff(x, prepend=0.0, append=1.0))
            return x - x**2, n + 1, lambda z: _pinned(np.cumsum(z * steps, axis=1), x)
    matrix = kernel.covariance(x, x)
    values, vectors = np.linalg.eigh(matrix)
    keep = values > 1e-14 * values[-1]
    root = vectors[:, keep] * np.sqrt(values[keep])
    return np.diag(matrix), root.shape[1], lambda z: np.asarray(z @ root.T)


def _pinned(paths: Array, x: Array) -> Array:
    """Return the bridges of Brownian paths at x and, last, at 1."""
    return np.asarray(paths[:, :-1] - paths[:, -1:] * x)


STEEPEST = 1e-11
"""Least ratio of the eigenvalues of Σ: the smallest is known to 1e-16 of the largest."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """Features and targets of one draw on the nodes, and what follows from them exactly."""

    features: Array
    targets: Array
    weights: Array
    lam: Array
    rotation: Array
    optimum: Array
    approx: Array

    @classmethod
    def draw(cls, process: Process, M: int, targets: int, rng: np.random.Generator) -> Sketch:
        """Draw M features, and so many targets from the isotropic prior.

        Raises
        ------
        UserError
            For more features than nodes, or a spectrum too steep for double precision.
        """
        if process.white <= M:
            raise UserError(f"M = {M} features need more than {process.white} nodes")
        features = process.draws(rng, M)
        features /= np.sqrt(M)
        goals = process.draws(rng, targets)
        scaled = features * np.sqrt(process.weights)
        lam, rotation = (x[..., ::-1] for x in np.linalg.eigh(scaled @ scaled.T))
        if not lam[-1] > STEEPEST * lam[0]:
            raise UserError(f"M = {M}: the features' covariance is singular in double precision")
        optimum = (goals * process.weights) @ features.T @ rotation / lam
        left = goals - optimum @ rotation.T @ features
        approx = np.sum(process.weights * left**2, axis=1)
        return cls(features, goals, process.weights, lam, rotation, optimum, approx)


@dataclass(frozen=True, slots=True)
class KernelRun:
    """Mean over targets and samples of one sketch, beside the Gaussian model's expectation.

    Attributes
    ----------
    approx : energy out of reach.
    excess, se : mean excess risk of the runs, and its standard error.
    gaussian : expected excess risk of Gaussian features with the same covariance.
    """

    approx: float
    excess: float
    se: float
    gaussian: float


def kernel_sgd(
    process: Process, M: int, N: int, method: Method, noise: float, runs: int, seed: int
) -> KernelRun:
    """Run one-pass SGD on M features of one sketch, each run with a target of its own.

    Parameters
    ----------
    process : nodes and covariance, from `gaussian_process`.
    M, N : features and steps.
    method : step size and schedule; one sample a step.
    noise : variance of the labels' noise.
    runs : independent runs.
    seed : names sketch, targets and samples.
    """
    rng = np.random.default_rng(seed)
    sketch = Sketch.draw(process, M, runs, rng)
    table = np.ascontiguousarray(sketch.features.T)
    weights = np.zeros((runs, M))
    schedule = method.steps(N)
    which = np.arange(runs)
    for gamma, steps in zip(schedule.gammas.tolist(), schedule.steps.tolist(), strict=True):
        for first in range(0, steps, 256):
            count = min(256, steps - first)
            nodes = rng.choice(len(table), (count, runs), p=sketch.weights)
            labels = sketch.targets[which, nodes] + np.sqrt(noise) * rng.standard_normal(
                (count, runs)
            )
            for x, y in zip(nodes, labels, strict=True):
                u = table[x]
                weights -= (gamma * (np.vecdot(u, weights) - y))[:, None] * u
    deviation = weights @ sketch.rotation - sketch.optimum
    excess = np.sum(sketch.lam * deviation**2, axis=1)
    energy = np.mean(sketch.lam * sketch.optimum**2, axis=0)
    approx = float(sketch.approx.mean())
    (exact,) = excess_curve(sketch.lam, energy, noise + approx, [schedule])
    se = float(excess.std(ddof=1) / np.sqrt(runs))
    return KernelRun(approx, float(excess.mean()), se, exact.excess)
