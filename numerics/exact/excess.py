r"""The exact expected risk of SGD, at any number of steps.

*Model* (Gaussian features, one pass).  With eigenvalues ``lam_i`` of the covariance of the M
features and ``m_i = E <u_i, v_t - v*>^2``, a step at gamma with a batch of B fresh samples maps

    m_i <- (1 - g_i) m_i + (gamma^2/B) lam_i (sum_j lam_j m_j + noise),
    g_i  = 2 x_i - (1 + 1/B) x_i^2,   x_i = gamma lam_i,          Excess_t = sum_i lam_i m_i,

(Isserlis' formula for the fourth moments of ``u``; off-diagonal moments never feed the
diagonal).  So ``m <- A m + (gamma noise / sqrt B) u`` with ``A = I - diag(g) + u u^T`` and
``u = x / sqrt B``, an entrywise non-negative matrix.  The map is affine in ``(m_0, noise)``:
the response to ``m_0`` is the *bias*, the response to the noise the *variance*.

*A stage of n equal steps* costs a Laplace transform (`ratecert.numerics.exact.laplace`) or a
secular equation (`ratecert.numerics.exact.secular`), whatever n
(`ratecert.numerics.exact.moments`); averaged iterates need two more moments a mode
(`ratecert.numerics.exact.averaging`).

*Stability.*  The map is a contraction iff ``g_i > 0`` for all i and
``sum u_i^2/g_i = sum_i (x_i/B)/(2 - (1 + 1/B) x_i) < 1``; the sum increases with gamma.

*Error.*  Every state carries a bound of its rounding error, mode by mode, to first order in the
unit roundoff; it includes the rounding of ``gamma lam``, so that it is the distance to the exact
value for the numbers as given.

*Source*: the recursion is the second-moment recursion of one-pass least squares in the Gaussian
case, derived here; the closed form is derived here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratecert.numerics.exact.moments import State, Step, advance
from ratecert.numerics.exact.secular import UNIT
from ratecert.numerics.model.schedules import Schedule
from ratecert.proofs_check.language.errors import UserError

__all__ = ["Excess", "UnstableError", "excess_curve", "expected_excess", "largest_stable_gamma"]

Array = NDArray[np.float64]


class UnstableError(UserError):
    """The expected risk diverges at this step size.

    `largest` is the supremum of the stable step sizes.
    """

    def __init__(self, gamma: float, largest: float):
        self.gamma, self.largest = gamma, largest
        super().__init__(
            f"the expected risk diverges at gamma = {gamma:.6g}; "
            f"take gamma below {largest:.6g}, the largest stable one"
        )


@dataclass(frozen=True, slots=True)
class Excess:
    """The parts of the expected excess risk after the last step, with relative error bounds.

    Attributes
    ----------
    bias : response to the initial error, fourth-moment feedback included.
    mean_bias : ``sum_i energy_i prod_t (1 - gamma_t lam_i)^2``, the bias without the feedback.
    variance : response to the noise.
    bias_error, mean_bias_error, variance_error : bounds on the relative rounding error of each,
        to first order in the unit roundoff; 0 for a part that is 0 or underflows to 0.
    """

    bias: float
    mean_bias: float
    variance: float
    bias_error: float
    mean_bias_error: float
    variance_error: float

    @property
    def excess(self) -> float:
        """``bias + variance``."""
        return self.bias + self.variance

    @property
    def relative_error(self) -> float:
        """Bound on the relative rounding error of `excess`."""
        if not self.excess:
            return 0.0
        absolute = self.bias * self.bias_error + self.variance * self.variance_error
        return UNIT + absolute / self.excess


def expected_excess(
    lam: ArrayLike,
    energy: ArrayLike,
    noise: float,
    schedule: Schedule | Iterable[tuple[float, int]],
    batch: int = 1,
    averaged: bool = False,
) -> Excess:
    """Return the exact expected excess risk of one-pass SGD from ``v_0 = 0``.

    Parameters
    ----------
    lam : (M,) eigenvalues of the feature covariance, non-negative, in any order.
    energy : (M,) initial excess by mode, ``lam_i E <u_i, v*>^2``.
    noise : variance of the labels given the features, ``sigma^2 + approx``.
    schedule : stages ``(gamma, steps)``.
    batch : fresh samples per step, B.
    averaged : whether the output is the mean of ``v_0 .. v_{N-1}`` instead of ``v_N``.

    Returns
    -------
    Excess
        Bias, mean bias, variance and a bound on their relative error.

    Raises
    ------
    UserError
        For input out of range; its subclass `UnstableError` where a step size of the schedule
        is not below the largest stable one.

    Notes
    -----
    A stage of constant step size costs O(M), or O(M^2) where the excess falls by many powers of
    ten within it or the iterates are averaged, whatever its length; short ones go step by step.
    """
    return excess_curve(lam, energy, noise, [schedule], batch, averaged)[0]


def excess_curve(
    lam: ArrayLike,
    energy: ArrayLike,
    noise: float,
    schedules: Sequence[Schedule | Iterable[tuple[float, int]]],
    batch: int = 1,
    averaged: bool = False,
) -> list[Excess]:
    """Return `expected_excess` for every schedule, in one pass over their common step sizes.

    Where the j-th stages of several schedules have the same gamma (as the constant and the
    geometric schedules at many N do) they share one spectral decomposition.
    """
    problem = _Problem.of(lam, energy, noise, batch)
    plans = [s if isinstance(s, Schedule) else Schedule.of(s) for s in schedules]
    if not plans:
        return []
    _check_stability(problem, max(float(plan.gammas.max()) for plan in plans))
    states = [State.start(problem.lam, problem.energy, averaged) for _ in plans]
    for j in range(max(map(len, plans))):
        by_gamma: dict[float, list[int]] = {}
        for i, plan in enumerate(plans):
            if j < len(plan):
                by_gamma.setdefault(float(plan.gammas[j]), []).append(i)
        for gamma, group in by_gamma.items():
            step = Step.of(problem.lam, problem.noise, problem.batch, gamma)
            advance(step, [states[i] for i in group], [int(plans[i].steps[j]) for i in group])
    return [_finish(problem, state, plan.total) for state, plan in zip(states, plans, strict=True)]


def largest_stable_gamma(lam: ArrayLike, batch: int = 1) -> float:
    """Return the supremum of the step sizes for which the expected risk stays bounded.

    The root of ``S(gamma) = sum_i (x_i/B)/(2 - (1 + 1/B) x_i) = 1``, ``x_i = gamma lam_i``; S
    increases from 0 to infinity on ``gamma max(lam) < 2/(1 + 1/B)``.
    """
    x = np.asarray(lam, dtype=np.float64)
    top = float(x.max(initial=0.0))
    if not top:
        return math.inf
    x = x / top
    lo, hi = 0.0, 2 * batch / (batch + 1)
    while hi - lo > 2 * UNIT * hi:
        middle = 0.5 * (lo + hi)
        if middle in (lo, hi):
            break
        lo, hi = (middle, hi) if _feedback(middle * x, batch) < 1 else (lo, middle)
    return lo / top


def _feedback(x: Array, batch: int) -> float:
    """Return ``S = sum u^2/g``, infinite where some g is not positive."""
    room = 2 - (1 + 1 / batch) * x
    if np.any(room <= 0):
        return math.inf
    return math.fsum(x / (batch * room))


@dataclass(frozen=True, slots=True)
class _Problem:
    lam: Array
    energy: Array
    noise: float
    batch: int

    @classmethod
    def of(cls, lam: ArrayLike, energy: ArrayLike, noise: float, batch: int) -> _Problem:
        values = np.asarray(lam, dtype=np.float64)
        energies = np.asarray(energy, dtype=np.float64)
        if values.ndim != 1 or not len(values) or energies.shape != values.shape:
            raise UserError("eigenvalues and energies must be two lists of the same length, >= 1")
        for name, array in (("eigenvalues", values), ("energies", energies)):
            if not np.all(np.isfinite(array) & (array >= 0)):
                raise UserError(f"the {name} must be finite and not negative")
        if np.any((values == 0) & (energies > 0)):
            raise UserError("a mode with eigenvalue 0 has no excess risk: its energy must be 0")
        if not (math.isfinite(noise) and noise >= 0):
            raise UserError(f"the noise variance must be finite and not negative, not {noise}")
        if isinstance(batch, bool) or not isinstance(batch, int | np.integer) or batch < 1:
            raise UserError(f"the batch size must be a whole number, at least 1, not {batch!r}")
        return cls(values, energies, float(noise), int(batch))


def _check_stability(problem: _Problem, gamma: float) -> None:
    if not _feedback(gamma * problem.lam, problem.batch) < 1:
        raise UnstableError(gamma, largest_stable_gamma(problem.lam, problem.batch))


def _finish(problem: _Problem, state: State, N: int) -> Excess:
    if state.averages is None:
        state.fold()
        values, errors, averaged_over = state.moments, state.errors, None
    else:
        values, errors = (v / float(N) ** 2 for v in (state.averages.s, state.averages.s_error))
        averaged_over = N
    bias, variance = (math.fsum(problem.lam * values[:, c]) for c in (0, 1))
    bias_error, variance_error = problem.lam @ errors
    mean, mean_error = state.path.bias(problem.energy, averaged_over)
    return Excess(
        bias=bias,
        mean_bias=mean,
        variance=variance,
        bias_error=_relative(float(bias_error), bias),
        mean_bias_error=_relative(mean_error, mean),
        variance_error=_relative(float(variance_error), variance),
    )


def _relative(error: float, value: float) -> float:
    return 3 * UNIT + error / value if value > 0 else 0.0
