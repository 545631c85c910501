r"""The exact expected risk of SGD, at any number of steps.

*Model* (Gaussian features, one pass).  With eigenvalues ``lam_i`` of the covariance of the M
features and ``m_i = E <u_i, v_t - v*>^2``, a step at gamma with a batch of B fresh samples maps

    m_i <- (1 - g_i) m_i + (gamma^2/B) lam_i (sum_j lam_j m_j + noise),
    g_i  = 2 x_i - (1 + 1/B) x_i^2,   x_i = gamma lam_i,          Excess_t = sum_i lam_i m_i,

(Isserlis' formula for the fourth moments of ``u``; off-diagonal moments never feed the
diagonal).  So ``m <- A m + (gamma noise / sqrt B) u`` with ``A = I - diag(g) + u u^T`` and
``u = x / sqrt B``, an entrywise non-negative matrix.  The map is affine in ``(m_0, noise)``:
the response to ``m_0`` is the *bias*, the response to the noise the *variance*.

*A stage of n equal steps* (`numerics.secular`): with eigenpairs ``(mu_k, q_k)`` of ``I - A``,

    A^n m_0            = sum_k q_k (1 - mu_k)^n <q_k, m_0>,
    sum_{l<n} A^l u    = sum_k q_k phi_n(mu_k) / w_k,   phi_n(mu) = (1 - (1 - mu)^n)/mu,

as ``<q_k, u> = 1/w_k`` by the secular equation.  ``A^n m_0`` is summed in a second form too, as
``m_0 + sum_k q_k ((1 - mu_k)^n - 1) <q_k, m_0>``, which is the accurate one where a mode hardly
moves; each mode takes the form with the smaller error bound.

*Stability.*  The map is a contraction iff ``g_i > 0`` for all i and
``sum u_i^2/g_i = sum_i (x_i/B)/(2 - (1 + 1/B) x_i) < 1``; the sum increases with gamma.

*Error.*  Every state carries a bound of its rounding error, mode by mode, to first order in the
unit roundoff: e <- A e + (error of this stage), the latter from the bounds of
`secular.EigenBlock` and from the rounding of g and u.  ``relative_error`` is ``sum lam e`` over
the excess.

*Source*: the recursion is the second-moment recursion of one-pass least squares in the Gaussian
case, derived here; the closed form is derived here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numerics.schedules import Schedule
from numerics.secular import UNIT, EigenBlock, RankOneSpectrum
from proofs_check.errors import UserError

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
    The cost is O(M^2) per stage of many steps and O(M) per stage of few, the cheaper way being
    chosen; formulas in the module's docstring.
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
    if averaged:
        raise UserError("averaged iterates are not available yet; leave `averaged` off")
    problem = _Problem.of(lam, energy, noise, batch)
    plans = [s if isinstance(s, Schedule) else Schedule.of(s) for s in schedules]
    if not plans:
        return []
    _check_stability(problem, max(float(plan.gammas.max()) for plan in plans))
    states = [_State.start(problem) for _ in plans]
    for j in range(max(map(len, plans))):
        alive = [i for i, plan in enumerate(plans) if j < len(plan)]
        by_gamma: dict[float, list[int]] = {}
        for i in alive:
            by_gamma.setdefault(float(plans[i].gammas[j]), []).append(i)
        for gamma, group in by_gamma.items():
            steps = [int(plans[i].steps[j]) for i in group]
            _advance(_Step.of(problem, gamma), [states[i] for i in group], steps)
    return [_finish(problem, state) for state in states]


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


@dataclass(slots=True)
class _State:
    """What the steps so far have made of the start.

    Attributes
    ----------
    moments : (M, 2) second moments: column 0 the response to ``m_0``, column 1 to the noise.
    errors : (M, 2) bounds on their absolute rounding errors.
    log_mean : (M,) ``2 sum_t log|1 - gamma_t lam_i|``.
    log_mean_error : (M,) bound on its absolute rounding error.
    """

    moments: Array
    errors: Array
    log_mean: Array
    log_mean_error: Array

    @classmethod
    def start(cls, problem: _Problem) -> _State:
        known = problem.lam > 0
        m = np.divide(problem.energy, problem.lam, out=np.zeros_like(problem.lam), where=known)
        moments = np.stack([m, np.zeros_like(m)], axis=1)
        return cls(moments, UNIT * moments, np.zeros_like(m), np.zeros_like(m))


@dataclass(frozen=True, slots=True)
class _Step:
    """The map of one step at gamma: ``A = I - diag(g) + u u^T`` and its forcing ``force u``."""

    x: Array
    g: Array
    g_error: Array
    u: Array
    force: float
    feedback: float

    @classmethod
    def of(cls, problem: _Problem, gamma: float) -> _Step:
        x = gamma * problem.lam
        c = 1 + 1 / problem.batch
        room = 2 - c * x
        root = math.sqrt(problem.batch)
        return cls(
            x=x,
            g=x * room,
            g_error=UNIT * (3 + 2 * c * x / room) * x * room,
            u=x / root,
            force=gamma * problem.noise / root,
            feedback=_feedback(x, problem.batch),
        )


def _advance(step: _Step, states: list[_State], steps: list[int]) -> None:
    """Take ``steps[c]`` steps from ``states[c]``, all at the same step size, in place."""
    M, columns = len(step.x), len(states)
    # Measured on one core: a block costs about 25 ns an entry, a single step some 30 us.
    closed = 1e-3 + 25e-9 * M * M * (1 + 0.1 * columns)
    if max(steps) * (3e-5 + 2e-8 * M * columns) < closed:
        _iterate(step, states, steps)
    else:
        _jump(step, states, np.array(steps, dtype=np.float64))
    log, log_error = _log_mean(step.x)
    for state, n in zip(states, steps, strict=True):
        state.log_mean = state.log_mean + 2 * n * log
        state.log_mean_error = state.log_mean_error + 2 * n * log_error


def _log_mean(x: Array) -> tuple[Array, Array]:
    """Return ``log|1 - x|`` and a bound on its error, that of a rounded x included."""
    below = x < 1
    with np.errstate(divide="ignore"):
        log = np.where(below, np.log1p(-np.where(below, x, 0.0)), np.log(np.abs(x - 1)))
        return log, UNIT * (3 * np.abs(log) + 2 * x / np.abs(x - 1))


def _iterate(step: _Step, states: list[_State], steps: list[int]) -> None:
    """Step by step, with compensated sums: what is lost in ``m + change`` is carried along."""
    g, u = step.g[:, None], step.u[:, None]
    rounding = (
        4 * UNIT
        + np.divide(step.g_error, step.g, out=np.zeros_like(step.g), where=step.g > 0)[:, None]
    )
    force = np.array([0.0, step.force])
    for state, n in zip(states, steps, strict=True):
        m, e, carry = state.moments, state.errors, np.zeros_like(state.moments)
        for _ in range(n):
            loss, gain = g * m, u * (step.u @ m + force)
            e = e - g * e + u * (step.u @ e) + rounding * (loss + gain)
            change = (gain - loss) + carry
            new = m + change
            back = new - m
            carry = (m - (new - back)) + (change - back)
            m = new
        state.moments, state.errors = m, e + UNIT * m


def _jump(step: _Step, states: list[_State], n: Array) -> None:
    """All steps at once, through the spectral decomposition of the map."""
    x = np.concatenate([state.moments for state in states], axis=1)
    e = np.concatenate([state.errors for state in states], axis=1)
    n = np.repeat(n, 2)
    force = np.tile([0.0, step.force], len(states))
    spectrum = RankOneSpectrum(step.g, step.u)
    pole_error = spectrum.pole_error(step.g_error)
    r = len(spectrum.d)
    sums = _Sums(*(np.zeros((r, len(n))) for _ in range(5)))
    start = spectrum.reduce(x), spectrum.reduce(np.abs(x)), spectrum.reduce(e)
    constant = UNIT * (8 + 4 * step.feedback / (1 - step.feedback))
    for block in spectrum.blocks():
        sums.add(block, pole_error, start, n, force, constant)
    _combine(step, spectrum, sums, x, e, n, states)


@dataclass(slots=True)
class _Sums:
    """Sums over eigenpairs, (r, c): both forms of the new moments, their error bounds, and e."""

    direct: Array
    direct_error: Array
    change: Array
    change_error: Array
    carried: Array

    def add(
        self,
        block: EigenBlock,
        pole_error: Array,
        start: tuple[Array, Array, Array],
        n: Array,
        force: Array,
        constant: float,
    ) -> None:
        """Add a block of eigenpairs."""
        q, mu = block.vectors, block.mu[:, None]
        size = np.abs(q)
        x, x_size, e = q @ start[0], size @ start[1], q @ start[2]
        log = np.log1p(-mu)
        power, drop = np.exp(n * log), np.expm1(n * log)
        entry = (2 * block.vector_error + constant)[:, None]
        moved = (size * size) @ pole_error + 4 * UNIT / block.norm**2
        mu_error = (block.mu_error + moved)[:, None]
        power_error = power * (n * (mu_error / (1 - mu)) + 4 * UNIT * n * np.abs(log))
        noise = force * (-drop / mu) / block.norm[:, None]
        noise_error = noise * (entry + mu_error / mu)
        self.direct += q.T @ (power * x + noise)
        self.change += q.T @ (drop * x + noise)
        self.carried += q.T @ (power * e)
        self.direct_error += size.T @ (x_size * (power * entry + power_error) + noise_error)
        self.change_error += size.T @ (x_size * (-drop * entry + power_error) + noise_error)


def _combine(
    step: _Step,
    spectrum: RankOneSpectrum,
    sums: _Sums,
    x: Array,
    e: Array,
    n: Array,
    states: list[_State],
) -> None:
    """Add what u does not see, and take for each mode the form with the smaller error bound."""
    M = len(x)
    log = np.log1p(-step.g)[:, None]
    power, drop = np.exp(n * log), np.expm1(n * log)
    rest, rest_e = spectrum.rest(x), spectrum.rest(e)
    rest_error = (4 * UNIT) * (np.abs(x) + np.abs(x - rest)) * (rest != 0)
    power_error = np.abs(rest) * power * n * (step.g_error[:, None] / np.exp(log))
    direct = spectrum.expand(sums.direct, M) + power * rest
    direct_error = spectrum.expand(sums.direct_error, M) + power * rest_error + power_error
    change = x + (spectrum.expand(sums.change, M) + drop * rest)
    change_error = spectrum.expand(sums.change_error, M) - drop * rest_error + power_error
    change_error += UNIT * np.abs(x)
    carried = np.abs(spectrum.expand(sums.carried, M) + power * rest_e)
    smaller = change_error < direct_error
    value = np.where(smaller, change, direct).clip(min=0.0)
    error = np.where(smaller, change_error, direct_error) + carried
    for c, state in enumerate(states):
        state.moments = value[:, 2 * c : 2 * c + 2]
        state.errors = error[:, 2 * c : 2 * c + 2]


def _finish(problem: _Problem, state: _State) -> Excess:
    bias, variance = (math.fsum(problem.lam * state.moments[:, c]) for c in (0, 1))
    errors = problem.lam @ state.errors
    path = problem.energy * np.exp(state.log_mean)
    mean = math.fsum(path)
    with np.errstate(invalid="ignore"):
        mean_error = float(np.sum(np.where(path > 0, path * state.log_mean_error, 0.0)))
    return Excess(
        bias=bias,
        mean_bias=mean,
        variance=variance,
        bias_error=_relative(float(errors[0]), bias),
        mean_bias_error=_relative(mean_error, mean),
        variance_error=_relative(float(errors[1]), variance),
    )


def _relative(error: float, value: float) -> float:
    return 3 * UNIT + error / value if value > 0 else 0.0
