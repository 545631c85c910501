r"""Exact second moments of averaged iterates.

The output of averaged SGD is ``(1/N) sum_{t<N} v_t``.  With ``delta_t = <u_i, v_t - v*>`` and
``a_t = sum_{l<t} delta_l`` each mode needs, beside ``m_t = E delta_t^2``,

    c_t = E a_t delta_t,   c_{t+1} = (1 - x)(c_t + m_t),        s_t = E a_t^2,
    s_{t+1} = s_t + 2 c_t + m_t,    since  E(delta_{t+1} | past) = (1 - x) delta_t;

there is no feedback between modes but that of m.  The excess of the average is
``sum_i lam_i s_i / N^2``.

*A stage of n equal steps.*  Where m moves along an eigenvector with ``r = 1 - mu``, from p and
with forcing f, ``m_l = r^l p + f (1 + r + ... + r^{l-1})``.  Summing the geometric series, with
``y = 1 - x`` and ``h_j`` the complete homogeneous symmetric polynomials,

    c_n = y^n c_0 + y (p h_{n-1}(r, y) + f h_{n-2}(1, r, y)),
    s_n = s_0 + 2 c_0 h_{n-1}(1, y) + p h_{n-1}(1, r) + f h_{n-2}(1, 1, r)
          + 2 y (p h_{n-2}(1, r, y) + f h_{n-3}(1, 1, r, y)).

*Evaluation.*  With ``p >= q`` the two values, ``h_{n-1}(p, q) = (p^n - q^n)/(p - q)`` is
``-p^n expm1(n log1p(-(p - q)/p))/(p - q)``; the others follow from ``x h_{n-2}(1, r, y) =
h_{n-1}(1, r) - h_{n-1}(r, y)`` and ``x h_{n-3}(1, 1, r, y) = h_{n-2}(1, 1, r) -
h_{n-2}(1, r, y)``, or the same with x and mu exchanged, whichever divides by the larger.  Where
``n max(x, mu)`` is below 1 these cancel, and the binomial series
``sum_{k>=d} (-1)^(k-d) C(n, k) h_{k-d}(x, mu)`` is used, d = 2 and 3.

*Source*: derived here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ratecert.numerics.exact.secular import UNIT, EigenBlock

__all__ = ["Averages", "Motion", "PathSums", "double_sums", "path_sum", "single_sums", "two_sum"]

Array = NDArray[np.float64]

_SUM_ERROR = 64 * UNIT  # of the h_j as evaluated here, as measured against 60 digits, doubled

_SERIES_BELOW = 1.0
_SERIES_TERMS = 20  # the first term left out is below 1e-17 of the sum


@dataclass(slots=True)
class Averages:
    """The moments ``c`` and ``s`` of one run and bounds on their absolute errors, each (M, 2).

    Columns as those of the second moments: response to the initial error, to the noise.
    ``s + s_carry`` is the sum before it was rounded.
    """

    c: Array
    s: Array
    s_carry: Array
    c_error: Array
    s_error: Array

    @classmethod
    def zero(cls, modes: int) -> Averages:
        """Return the moments before the first step."""
        return cls(*(np.zeros((modes, 2)) for _ in range(5)))

    def step(self, x: Array, m: Array, m_error: Array) -> None:
        """Take one step at ``x = gamma lam`` from the moments m, before these take theirs."""
        size = np.abs(1 - x)[:, None]
        gain = 2 * self.c + m
        self.s_error = self.s_error + (2 * self.c_error + m_error + 3 * UNIT * np.abs(gain))
        self.s, lost = two_sum(self.s, gain + self.s_carry)
        self.s_carry = lost
        total = self.c + m
        self.c_error = size * (self.c_error + m_error) + 4 * UNIT * np.abs(total)
        self.c = total - x[:, None] * total

    def jump(self, x: Array, n: float, sums: PathSums) -> None:
        """Take n steps at ``x = gamma lam``, `sums` being those of the moments m over them."""
        y, gathered = (1 - x)[:, None], path_sum(x, n)[:, None]
        decay, decay_error = power(x, n)[:, None], (n * x * (2 * UNIT))[:, None]
        size, old, old_error = np.abs(y), self.c, self.c_error
        self.c = decay * old + y * sums.cross
        self.c_error = (
            np.abs(decay) * (old_error + (decay_error + 4 * UNIT) * np.abs(old))
            + size * sums.cross_error
            + 4 * UNIT * np.abs(self.c)
        )
        self.s = self.s + (2 * gathered * old + sums.once + 2 * y * sums.twice)
        self.s_error = self.s_error + (
            2 * gathered * (old_error + (_SUM_ERROR + decay_error) * np.abs(old))
            + sums.once_error
            + 2 * size * sums.twice_error
            + 4 * UNIT * np.abs(self.s)
        )


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Return the rounded sum and its exact rounding error (Knuth)."""
    total = a + b
    back = total - a
    return total, (a - (total - back)) + (b - back)


@dataclass(frozen=True, slots=True)
class Motion:
    """Modes of motion ``m_l = shape^T ((1 - mu)^l start + noise path_sum(mu, l))``.

    Attributes
    ----------
    mu, mu_error : (k,) rates of decay and their absolute errors.
    shape : (k, r) the modes as rows.
    entry : (k,) relative error of the entries of `shape` and of the products in `start`.
    start, noise : (k, c) amplitude at the start, and what the noise adds in each step.
    start_size : (k, c) bound on the absolute sum behind `start`.
    start_error : (k, c) error that `start` inherits from the state before.
    """

    mu: Array
    mu_error: Array
    shape: Array
    entry: Array
    start: Array
    start_size: Array
    start_error: Array
    noise: Array

    @classmethod
    def along(
        cls,
        block: EigenBlock,
        pole_error: Array,
        state: tuple[Array, Array, Array],
        force: Array,
        constant: float,
    ) -> Motion:
        """Return the motion along some eigenvectors, from the moments, their sizes and errors."""
        q, size = block.vectors, np.abs(block.vectors)
        moved = (size * size) @ pole_error + 4 * UNIT / block.norm**2
        return cls(
            mu=block.mu,
            mu_error=block.mu_error + moved,
            shape=q,
            entry=2 * block.vector_error + constant,
            start=q @ state[0],
            start_size=size @ state[1],
            start_error=q @ state[2],
            noise=force / block.norm[:, None],
        )

    def columns(self, first: int) -> Motion:
        """Return the motion of the two columns from `first` on."""
        pair = slice(first, first + 2)
        return replace(
            self,
            start=self.start[:, pair],
            start_size=self.start_size[:, pair],
            start_error=np.abs(self.start_error[:, pair]),
            noise=self.noise[:, pair],
        )


@dataclass(slots=True)
class PathSums:
    """Sums of the second moments along a stage of n steps, (M, 2) each, with error bounds.

    Attributes
    ----------
    cross : ``sum_l y^(n-1-l) m_l``.
    once : ``sum_l m_l``.
    twice : ``sum_{l<j<n} y^(j-l-1) m_l``.
    """

    cross: Array
    once: Array
    twice: Array
    cross_error: Array
    once_error: Array
    twice_error: Array

    @classmethod
    def zero(cls, modes: int) -> PathSums:
        """Return sums to be added to."""
        return cls(*(np.zeros((modes, 2)) for _ in range(6)))

    def add(self, x: Array, motion: Motion, n: int) -> None:
        """Add modes of motion over n steps, `x` being ``gamma lam``; ``shape`` has M columns."""
        mu, shape = motion.mu, motion.shape
        wide, rate = np.broadcast_arrays(x[None, :], mu[:, None])
        first, second, third = double_sums(wide, rate, n)
        one, two = (v[:, None] for v in single_sums(mu, n))
        first, second, third = first * shape, second * shape, third * shape
        start, noise, carried = motion.start, motion.noise, motion.start_error
        self.cross += first.T @ start + second.T @ noise
        self.once += shape.T @ (one * start + two * noise)
        self.twice += second.T @ start + third.T @ noise
        shape, first, second, third = (np.abs(v) for v in (shape, first, second, third))
        last, spread = (v[:, None] for v in _relative_errors(motion, n))
        late, early = last * motion.start_size + carried, spread * motion.start_size + carried
        self.cross_error += first.T @ late + second.T @ (spread * noise)
        self.once_error += shape.T @ (one * early + two * (spread * noise))
        self.twice_error += second.T @ early + third.T @ (spread * noise)

    def add_single(self, x: Array, motion: Motion, n: int) -> None:
        """Add modes that move on their own, one for each of the M, without noise."""
        first, second, _ = (v[:, None] for v in double_sums(x, motion.mu, n))
        one = single_sums(motion.mu, n)[0][:, None]
        self.cross += first * motion.start
        self.once += one * motion.start
        self.twice += second * motion.start
        last, spread = (v[:, None] for v in _relative_errors(motion, n))
        late = last * motion.start_size + motion.start_error
        early = spread * motion.start_size + motion.start_error
        self.cross_error += np.abs(first) * late
        self.once_error += one * early
        self.twice_error += np.abs(second) * early


def _relative_errors(motion: Motion, n: int) -> tuple[Array, Array]:
    """Return relative errors of ``h_{n-1}(r, y)``, and of the h with a 1 among the values.

    Their logarithmic derivatives by r are at most ``n/r`` and ``min(n/r, 4/mu)``.
    """
    rate = n * (motion.mu_error / (1 - motion.mu))
    slow = np.divide(4 * motion.mu_error, motion.mu, out=rate.copy(), where=motion.mu > 0)
    base = motion.entry + _SUM_ERROR
    return base + rate, base + np.minimum(rate, slow)


def power(x: Array, n: float) -> Array:
    """Return ``(1 - x)^n`` for ``0 <= x < 2``, accurate for small x."""
    below = x < 1
    size = np.where(below, np.log1p(-np.where(below, x, 0.0)), 0.0)
    with np.errstate(divide="ignore"):
        size = np.where(below, size, np.log(np.abs(1 - x)))
    sign = np.where(below | (n % 2 == 0), 1.0, -1.0)
    return np.asarray(sign * np.exp(n * size))


def path_sum(x: Array, n: float) -> Array:
    """Return ``h_{n-1}(1, 1 - x) = sum_{l<n} (1 - x)^l`` for ``0 <= x < 2``."""
    small = x < 0.5
    log = np.log1p(-np.where(small, x, 0.0))
    top = np.where(small, -np.expm1(n * log), 1 - power(x, n))
    return np.divide(top, x, out=np.full_like(x, n), where=x > 0)


def single_sums(mu: Array, n: float) -> tuple[Array, Array]:
    """Return ``h_{n-1}(1, r)`` and ``h_{n-2}(1, 1, r)`` for ``r = 1 - mu``, ``0 <= mu < 2``."""
    first = path_sum(mu, n)
    low = n * mu < _SERIES_BELOW
    second = np.divide(n - first, mu, out=np.zeros_like(mu), where=~low)
    if np.any(low):
        second[low] = _series(np.zeros_like(mu[low]), mu[low], n, 2)
    return first, second


def double_sums(x: Array, mu: Array, n: float) -> tuple[Array, Array, Array]:
    """Return ``h_{n-1}(r, y)``, ``h_{n-2}(1, r, y)`` and ``h_{n-3}(1, 1, r, y)``.

    `x` and `mu` are of one shape, ``y = 1 - x``, ``r = 1 - mu``, ``0 <= x < 2`` and
    ``0 <= mu < 1``.
    """
    first = _divided_power(x, mu, n)
    wide = np.maximum(x, mu)
    one, two = single_sums(np.minimum(x, mu), n)
    low = n * wide < _SERIES_BELOW
    second = np.divide(one - first, wide, out=np.zeros_like(wide), where=~low)
    if np.any(low):
        second[low] = _series(x[low], mu[low], n, 2)
    third = np.divide(two - second, wide, out=np.zeros_like(wide), where=~low)
    if np.any(low):
        third[low] = _series(x[low], mu[low], n, 3)
    return first, second, third


def _divided_power(x: Array, mu: Array, n: float) -> Array:
    """Return ``(r^n - y^n)/(r - y)``; plainly where y <= 0 < r, for then nothing cancels."""
    crossing = x >= 1
    gap = np.abs(x - mu)
    larger = 1 - np.minimum(x, mu)
    ratio = np.where(crossing, 0.0, gap / larger)
    with np.errstate(divide="ignore"):
        share = -np.expm1(n * np.log1p(-ratio))
    top = np.where(crossing, power(mu, n) - power(x, n), power(np.minimum(x, mu), n) * share)
    limit = n * power(np.minimum(x, mu), n - 1)
    return np.where(gap > 0, np.divide(top, gap, out=np.zeros_like(gap), where=gap > 0), limit)


def _series(x: Array, mu: Array, n: float, d: int) -> Array:
    """Return ``sum_{k>=d} (-1)^(k-d) C(n, k) h_{k-d}(x, mu)``.

    With ``n^m h_m(x, mu) = h_m(n x, n mu)``, so that no power of n overflows.
    """
    binomial = 1.0
    for j in range(d):
        binomial *= (n - j) / (j + 1)
    x, mu = n * x, n * mu
    total, h, last = np.zeros_like(x), np.ones_like(x), np.ones_like(x)
    for k in range(d, d + _SERIES_TERMS):
        total += binomial * h
        binomial *= -(n - k) / (n * (k + 1))
        last = last * mu
        h = x * h + last
    return total
