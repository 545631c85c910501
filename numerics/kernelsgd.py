r"""Online kernel SGD on real inputs: Gaussian-process sketches, learnt in one pass.

*Sketch.*  Coordinate j of ``S φ(x)`` is ``M^(-1/2)`` times a draw of the Gaussian process with
covariance k, evaluated at x: by linearity ``Σ_i s_ji √λ_i φ_i(x)`` with independent normal
``s_ji``, which is what a Gaussian sketch of the RKHS is.

*Inputs* are the nodes of a grid of the domain (`numerics.kernels.Grid`), drawn with its weights.
That makes everything about one draw computable without an error of its own: features and target
are tables over the nodes, and with ``F`` (M, n) the features, f the target and W the weights

    Σ = F W F^T,   v* = Σ^-1 F W f,   Approx = Σ_x w (f - v*^T F)²,   Excess = |v_N - v*|²_Σ.

The spectrum is that of the grid, within Nyström's bound of Mercer's.  Targets are ``Σ_i √e_i g_i
φ_i``, g normal: in the isotropic prior ``f`` is a draw of the process itself, ``e_i = λ_i``.

*Beside it* the Gaussian model: the exact expected risk of the same sketch with Gaussian features
of covariance Σ (`numerics.risk`).  Mean paths are the same; the fourth moments are not, nor is
what is out of reach independent of the features: docs/kernels.md has what was measured.

*Source*: derived here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from numerics.kernels import Kernel
from numerics.problem import Method
from numerics.risk import excess_curve
from proofs_check.errors import UserError

__all__ = ["KernelRun", "Sketch", "gaussian_process", "kernel_sgd"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Process:
    """Nodes, weights, and a root R of the covariance there: ``R R^T = k(x, x')``."""

    points: Array
    weights: Array
    root: Array

    def draws(self, rng: np.random.Generator, count: int) -> Array:
        """Return independent draws of the Gaussian process on the nodes, (count, n)."""
        return np.asarray(rng.standard_normal((count, self.root.shape[1])) @ self.root.T)


def gaussian_process(kernel: Kernel, n: int) -> Process:
    """Return the Gaussian process of a kernel on about n nodes of its grid."""
    grid = kernel.grid(n)
    values, vectors = np.linalg.eigh(kernel.covariance(grid.points, grid.points))
    keep = values > 1e-14 * values[-1]
    return Process(grid.points, grid.weights, vectors[:, keep] * np.sqrt(values[keep]))


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
        """Draw M features, and so many targets from the isotropic prior."""
        if process.root.shape[1] <= M:
            raise UserError(f"M = {M} features need more than {process.root.shape[1]} nodes")
        features = process.draws(rng, M) / np.sqrt(M)
        goals = process.draws(rng, targets)
        root = np.sqrt(process.weights)
        rotation, singular, right = np.linalg.svd(features * root, full_matrices=False)
        inside = goals * root @ right.T
        approx = np.sum((goals * root - inside @ right) ** 2, axis=1)
        return cls(
            features, goals, process.weights, singular**2, rotation, inside / singular, approx
        )


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
