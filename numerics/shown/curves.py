"""Data of the figures: risk against M and N, and which of its terms is the largest where.

*Risk curves.*  The reducible risk ``approx + excess`` of the isotropic prior (``b = a``) through
Gaussian sketches, geometric schedule, averaged over draws of the sketch; against M at a fixed N
and against ``N_eff = N/log2 N`` at a fixed M.  The simulated points use the sketches of the exact
curve: only the excess is simulated, approx is exact given the sketch.  The guide lines have the
slopes ``1 − a`` against M and ``(1 − a)/a`` against N_eff (Lin et al. 2024, Theorem 4.1), and
touch a curve from below; a slope is all that they say.

*Phases.*  With top features, approx, bias and variance are exact on a whole grid of M and N.  The
boundary between the phases of approx and bias has the order ``M = (N_eff γ)^{1/a}``, from
``M^{1−b} = (N_eff γ)^{(1−b)/a}``, whatever b.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log2

import numpy as np
from numpy.typing import NDArray

from ratecert.numerics.model.problem import Method, Problem, Regular
from ratecert.numerics.risk.expected import learning_curve
from ratecert.numerics.simulation.simulated import simulated_excess
from ratecert.proofs_check.language.errors import UserError

__all__ = ["Curve", "Phases", "effective", "phases", "risk_against_features",
           "risk_against_steps"]  # fmt: skip

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Curve:
    """Reducible risk along one size, the other fixed.

    `x` holds the sizes (M, or N_eff), `exact` the mean over sketches at each; `simulated` and `se`
    are at the sizes `points`, which are few.  `slope` is that of the guide line.
    """

    a: float
    fixed: int
    x: Array
    exact: Array
    points: Array
    simulated: Array
    se: Array
    slope: float


@dataclass(frozen=True, slots=True)
class Phases:
    """Terms of the risk on a grid: axis 0 the features `M`, axis 1 the steps `N`."""

    a: float
    b: float
    gamma: float
    M: NDArray[np.int64]
    N: NDArray[np.int64]
    approx: Array
    bias: Array
    variance: Array

    @property
    def largest(self) -> NDArray[np.int64]:
        """0, 1 or 2 where approx, bias or variance is the largest."""
        terms = np.stack([self.approx, self.bias, self.variance])
        return np.asarray(np.argmax(terms, axis=0), dtype=np.int64)


def effective(N: int) -> float:
    """``N_eff = N / log2 N``, N for N < 3."""
    return N / max(1.0, log2(N))


def power_law(a: float, b: float, sigma2: float = 1.0, features: str = "gaussian") -> Problem:
    """``λ_i = i^−a``, ``λ_i E⟨v_i, w*⟩² = i^−b``."""
    return Problem(Regular(1.0, ((0.0, a),)), Regular(1.0, ((0.0, b),)), sigma2, features)


def risk_against_features(
    a: float, sizes: Sequence[int], N: int, points: Sequence[int], *, gamma: float = 0.1,
    runs: int = 32, draws: int = 4, seed: int = 0, progress: Progress | None = None,
) -> Curve:  # fmt: skip
    """Return the reducible risk against M at N steps, simulated at some of the sizes."""
    problem, method = power_law(a, a), Method(gamma)
    exact = [learning_curve(problem, method, M, [N], seed, draws)[0] for M in sizes]
    simulated = _simulated(problem, method, [(M, N) for M in points], runs, draws, seed, progress)
    return Curve(
        a, N, np.array(sizes, dtype=float), np.array([r.approx + r.excess for r in exact]),
        np.array(points, dtype=float), *simulated, 1 - a,
    )  # fmt: skip


def risk_against_steps(
    a: float, sizes: Sequence[int], M: int, points: Sequence[int], *, gamma: float = 0.1,
    runs: int = 32, draws: int = 4, seed: int = 0, progress: Progress | None = None,
) -> Curve:  # fmt: skip
    """Return the reducible risk against N_eff with M features, simulated at some of the sizes."""
    problem, method = power_law(a, a), Method(gamma)
    exact = learning_curve(problem, method, M, sizes, seed, draws)
    simulated = _simulated(problem, method, [(M, N) for N in points], runs, draws, seed, progress)
    return Curve(
        a, M, np.array([effective(N) for N in sizes]),
        np.array([r.approx + r.excess for r in exact]),
        np.array([effective(N) for N in points]), *simulated, (1 - a) / a,
    )  # fmt: skip


def _simulated(
    problem: Problem, method: Method, sizes: Sequence[tuple[int, int]], runs: int, draws: int,
    seed: int, progress: Progress | None,
) -> tuple[Array, Array]:  # fmt: skip
    """Return approx plus simulated excess, and its standard error, at each (M, N)."""
    means, errors = [], []
    for done, (M, N) in enumerate(sizes):
        approx = learning_curve(problem, method, M, [N], seed, draws)[0].approx
        result = simulated_excess(problem, method, M, N, runs=runs, seed=seed, draws=draws)
        means.append(approx + result.excess_mean)
        errors.append(result.excess_se)
        if progress is not None:
            progress(done + 1, len(sizes))
    return np.array(means), np.array(errors)


def phases(
    a: float, b: float, M: Sequence[int], N: Sequence[int], *, gamma: float = 0.1,
    sigma2: float = 1.0, progress: Progress | None = None,
) -> Phases:  # fmt: skip
    """Return approx, bias and variance with top features on the grid of all M and N."""
    if not M or not N:
        raise UserError("a phase diagram needs at least one M and one N")
    problem, method = power_law(a, b, sigma2, "top"), Method(gamma)
    rows = []
    for done, m in enumerate(M):
        curve = learning_curve(problem, method, m, N)
        rows.append([(r.approx, r.bias, r.variance) for r in curve])
        if progress is not None:
            progress(done + 1, len(M))
    table = np.array(rows)
    return Phases(a, b, gamma, np.array(M), np.array(N), *np.moveaxis(table, 2, 0))
