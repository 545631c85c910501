r"""The second moments of SGD, carried through stages of constant step size.

The map of one step is ``m <- A m + force u``, ``A = I - diag(g) + u u^T`` (derivation:
`ratecert.numerics.exact.excess`).  Short stages go step by step.  Long ones go by a Laplace
transform where that is accurate (`ratecert.numerics.exact.laplace`; M >= 16, its error bound below
1e-12), else through the eigenpairs of ``I - A``:

    A^n m         = sum_k q_k (1 - mu_k)^n <q_k, m>,
    sum_{l<n} A^l u = sum_k q_k phi_n(mu_k) / w_k,   phi_n(mu) = (1 - (1 - mu)^n)/mu,

as ``<q_k, u> = 1/w_k`` by the secular equation.  ``A^n m`` is summed in a second form too, as
``m + sum_k q_k ((1 - mu_k)^n - 1) <q_k, m>``, which is the accurate one where a mode hardly
moves; each mode takes the form with the smaller error bound.

*Errors.*  Every state carries a bound of its rounding error, mode by mode, to first order in
the unit roundoff: ``e <- A e + (error of this stage)``, the latter from the bounds of
`secular.EigenBlock`, from the evaluation of the powers, and from the rounding of g and u, which
moves an eigenvalue by ``sum_i q_i^2 dg_i - 2 <q, u> <q, du>``.  The entries of A are
non-negative, so relative errors of its entries never amplify through cancellation; the paths
that use the feedback s times weigh ``S^s``, ``S = sum u^2/g``, whence the factor ``1/(1 - S)``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ratecert.numerics.exact.averaging import Averages, Motion, PathSums, path_sum, two_sum
from ratecert.numerics.exact.laplace import FEWEST_STEPS, leap
from ratecert.numerics.exact.secular import UNIT, RankOneSpectrum

__all__ = ["State", "Step", "advance"]

Array = NDArray[np.float64]

# Only the choice of the way depends on these times (measured on one core), no result's meaning.
_LEAP_SECONDS = 5e-4
_EIGENPAIR_SECONDS = 25e-9  # each of the M^2 entries; six times as much for averages
_LEAP_FROM = 16
_LEAP_ERROR = 1e-12


@dataclass(slots=True)
class State:
    """What the steps so far have made of the start.

    Attributes
    ----------
    moments : (M, 2) second moments: column 0 the response to ``m_0``, column 1 to the noise.
    carry : (M, 2) what `moments` lost to rounding, to be added to it.
    errors : (M, 2) bounds on the absolute rounding errors of ``moments + carry``.
    path : the mean path.
    averages : the moments of the sum of the iterates, where they are asked for.
    """

    moments: Array
    carry: Array
    errors: Array
    path: MeanPath
    averages: Averages | None

    @classmethod
    def start(cls, lam: Array, energy: Array, averaged: bool) -> State:
        """Return the state before the first step, ``m_i = energy_i / lam_i``."""
        m = np.divide(energy, lam, out=np.zeros_like(lam), where=lam > 0)
        moments = np.stack([m, np.zeros_like(m)], axis=1)
        averages = Averages.zero(len(m)) if averaged else None
        return cls(
            moments, np.zeros_like(moments), UNIT * moments, MeanPath.start(len(m)), averages
        )

    def fold(self) -> None:
        """Drop the carry, counting it as error."""
        self.errors = self.errors + np.abs(self.carry)
        self.carry = np.zeros_like(self.carry)


@dataclass(slots=True)
class MeanPath:
    """The path without noise: ``P = prod_t (1 - gamma_t lam)`` and its sum over the iterates."""

    log: Array
    log_error: Array
    sign: Array
    total: Array
    total_error: Array

    @classmethod
    def start(cls, modes: int) -> MeanPath:
        """Return the path before the first step."""
        zero = np.zeros(modes)
        return cls(zero, zero, np.ones(modes), zero, zero)

    def advance(self, x: Array, n: int, averaged: bool) -> None:
        """Take n steps at ``x = gamma lam``."""
        if averaged:
            terms = self.sign * np.exp(self.log) * path_sum(x, n)
            self.total = self.total + terms
            with np.errstate(invalid="ignore"):
                error = np.where(terms != 0, (self.log_error + 8 * UNIT) * np.abs(terms), 0.0)
            self.total_error = self.total_error + error
        log, left = _log_left(x)
        # The rounding of x itself is counted too.
        error = UNIT * (4 * np.abs(log) + 2 * x / np.abs(left))
        self.log = self.log + n * log
        self.log_error = self.log_error + n * error
        if n % 2:
            self.sign = np.where(left < 0, -self.sign, self.sign)

    def bias(self, energy: Array, N: int | None) -> tuple[float, float]:
        """Return the mean bias, of the average of N iterates or the last one, and its error."""
        if N is None:
            size = np.exp(self.log)
            with np.errstate(invalid="ignore"):
                error = np.where(size > 0, size * self.log_error, 0.0)
        else:
            size, error = np.abs(self.total) / N, self.total_error / N
        return math.fsum(energy * size**2), float(energy @ (2 * size * error))


def _log_left(x: Array) -> tuple[Array, Array]:
    """Return ``log|1 - x|``, accurate for small x, and ``1 - x``, which is not 0."""
    left = 1 - x
    if left.min(initial=1.0) > 0:
        return np.log1p(-x), left
    left = np.where(left == 0, np.finfo(np.float64).tiny, left)
    small = np.abs(x) < 0.5
    return np.where(small, np.log1p(-np.where(small, x, 0.0)), np.log(np.abs(left))), left


@dataclass(frozen=True, slots=True)
class Step:
    """The map of one step at gamma: ``A = I - diag(g) + u u^T`` and its forcing ``force u``.

    `g_relative` bounds the relative rounding error of g, by way of x and the cancellation in
    ``2 - (1 + 1/B) x``.
    """

    x: Array
    g: Array
    g_relative: Array
    u: Array
    force: float

    @classmethod
    def of(cls, lam: Array, noise: float, batch: int, gamma: float) -> Step:
        """Return the map of a step at gamma with `batch` samples."""
        x = gamma * lam
        c = 1 + 1 / batch
        room = 2 - c * x
        root = math.sqrt(batch)
        return cls(
            x=x,
            g=x * room,
            g_relative=UNIT * (3 + 2 * c * x / room),
            u=x / root,
            force=gamma * noise / root,
        )

    @property
    def g_error(self) -> Array:
        """Bound on the absolute rounding error of g."""
        return self.g_relative * self.g

    @property
    def feedback(self) -> float:
        """``sum u^2/g``, with ``u^2/g = (x/B)/room``."""
        return float(np.sum(np.divide(self.u**2, self.g, out=0 * self.g, where=self.g > 0)))


def advance(step: Step, states: list[State], steps: list[int]) -> None:
    """Take ``steps[c]`` steps from ``states[c]``, all at the same step size, in place."""
    left = []
    for c, (state, n) in enumerate(zip(states, steps, strict=True)):
        if n * _stepwise_seconds(step) < _LEAP_SECONDS:
            _iterate(step, state, n)
        elif not _leap(step, state, n):
            left.append(c)
    each = 0.1 if states[0].averages is None else 5.0
    together = 1e-3 + _EIGENPAIR_SECONDS * len(step.x) ** 2 * (1 + each * len(left))
    if sum(steps[c] for c in left) * _stepwise_seconds(step) < together:
        for c in left:
            _iterate(step, states[c], steps[c])
    else:
        _jump(step, [states[c] for c in left], [steps[c] for c in left])
    for state, n in zip(states, steps, strict=True):
        state.path.advance(step.x, n, state.averages is not None)


def _stepwise_seconds(step: Step) -> float:
    return 3e-5 + 2e-8 * len(step.x)


def _leap(step: Step, state: State, n: int) -> bool:
    """Take n steps in O(M) if that is accurate; otherwise leave the state as it is."""
    if len(step.x) < _LEAP_FROM or n < FEWEST_STEPS or state.averages is not None:
        return False
    state.fold()
    force = np.array([0.0, step.force])
    value, carried, made = leap(
        step.g, step.g_relative, step.u, force, state.moments, state.errors, n
    )
    if not np.all(step.x @ made <= _LEAP_ERROR * (step.x @ value)):
        return False
    state.moments, state.errors = value, carried + made
    return True


def _iterate(step: Step, state: State, n: int) -> None:
    """Step by step, with compensated sums: what is lost in ``m + change`` is carried along."""
    g, u = step.g[:, None], step.u[:, None]
    rounding = (4 * UNIT + step.g_relative)[:, None]
    force = np.array([0.0, step.force])
    m, carry, e = state.moments, state.carry, state.errors
    for _ in range(n):
        if state.averages is not None:
            state.averages.step(step.x, m, e)
        loss, gain = g * m, u * (step.u @ m + force)
        e = e - g * e + u * (step.u @ e) + rounding * (loss + gain)
        m, carry = two_sum(m, (gain - loss) + carry)
    state.moments, state.carry, state.errors = m, carry, e


def _jump(step: Step, states: list[State], steps: list[int]) -> None:
    """All steps at once, through the spectral decomposition of the map."""
    for state in states:
        state.fold()
    x = np.concatenate([state.moments for state in states], axis=1)
    e = np.concatenate([state.errors for state in states], axis=1)
    n = np.repeat(np.array(steps, dtype=np.float64), 2)
    force = np.tile([0.0, step.force], len(states))
    spectrum = RankOneSpectrum(step.g, step.u)
    start = spectrum.reduce(x), spectrum.reduce(np.abs(x)), spectrum.reduce(e)
    pole_error = spectrum.pole_error(step.g_error)
    feedback = step.feedback
    constant = UNIT * (8 + 4 * feedback / (1 - feedback))
    sums = _Sums.zero(len(spectrum.d), len(n))
    paths = [PathSums.zero(len(x)) for state in states if state.averages is not None]
    for block in spectrum.blocks():
        motion = Motion.along(block, pole_error, start, force, constant)
        sums.add(motion, n)
        if paths:
            motion = replace(motion, shape=spectrum.expand(motion.shape.T, len(x)).T)
            for c, path in enumerate(paths):
                path.add(step.x, motion.columns(2 * c), steps[c])
    if paths and len(spectrum.d) < len(x):
        rest = _uncoupled(step, spectrum.rest(x), x, spectrum.rest(e))
        for c, path in enumerate(paths):
            path.add_single(step.x, rest.columns(2 * c), steps[c])
    for state, path, count in zip(states, paths, steps, strict=False):
        assert state.averages is not None
        state.averages.jump(step.x, count, path)
    _combine(step, spectrum, sums, x, e, n, states)


def _uncoupled(step: Step, rest: Array, x: Array, rest_error: Array) -> Motion:
    """Return the motion of what u does not see: mode by mode, at its own rate g."""
    touched = (rest != 0).astype(np.float64)
    return Motion(
        mu=step.g,
        mu_error=step.g_error,
        shape=np.ones((1, len(x))),
        entry=np.full(len(x), 4 * UNIT),
        start=rest,
        start_size=(np.abs(x) + np.abs(x - rest)) * touched,
        start_error=np.abs(rest_error),
        noise=np.zeros_like(x),
    )


@dataclass(slots=True)
class _Sums:
    """Sums over eigenpairs, (r, c): both forms of the new moments, their error bounds, and e."""

    direct: Array
    direct_error: Array
    change: Array
    change_error: Array
    carried: Array

    @classmethod
    def zero(cls, r: int, columns: int) -> _Sums:
        return cls(*(np.zeros((r, columns)) for _ in range(5)))

    def add(self, motion: Motion, n: Array) -> None:
        """Add a block of eigenpairs."""
        mu, entry = motion.mu[:, None], motion.entry[:, None]
        log = np.log1p(-mu)
        power, drop = np.exp(n * log), np.expm1(n * log)
        mu_error = motion.mu_error[:, None]
        power_error = power * (n * (mu_error / (1 - mu)) + 4 * UNIT * n * np.abs(log))
        noise = motion.noise * (-drop / mu)
        noise_error = noise * (entry + mu_error / mu)
        q, size = motion.shape.T, np.abs(motion.shape.T)
        self.direct += q @ (power * motion.start + noise)
        self.change += q @ (drop * motion.start + noise)
        self.carried += q @ (power * motion.start_error)
        x_size = motion.start_size
        self.direct_error += size @ (x_size * (power * entry + power_error) + noise_error)
        self.change_error += size @ (x_size * (-drop * entry + power_error) + noise_error)


def _combine(
    step: Step,
    spectrum: RankOneSpectrum,
    sums: _Sums,
    x: Array,
    e: Array,
    n: Array,
    states: list[State],
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
