r"""Functions of a diagonal matrix minus a rank-one matrix, without forming either.

One step of SGD maps the second moments by ``A = I - G`` with ``G = diag(g) - u u^T``, ``g > 0``
and ``sum u_i^2 / g_i < 1``, so that ``G`` is positive definite.  An eigenpair of ``G`` is

    q_i  proportional to  u_i / (g_i - mu),      F(mu) = sum_i u_i^2 / (g_i - mu) = 1,

and F increases from pole to pole: with ``g_1 < g_2 < ...`` there is one root in ``(0, g_1)`` and
one in every ``(g_{k-1}, g_k)``.

*Roots.*  Each is written ``mu = g_o + t`` with the nearest pole ``g_o`` as origin, so that all
differences ``g_i - mu = (g_i - g_o) - t`` keep their relative accuracy, and with them every
entry of ``q``.  The iteration (Bunch, Nielsen and Sorensen, Numer. Math. 31, 1978) replaces the
part of F from the poles below by ``a + b/(g_{k-1} - mu)`` and the part from those above by
``c + e/(g_k - mu)``, equal in value and slope; it converges monotonically and quadratically.  A
bracket guards it against rounding.

*Conditioning.*  The terms of F have both signs, but their absolute sum is of order one whenever
``sum u_i^2/g_i < 1``: stability of SGD is what makes the roots well conditioned.  The relative
error of the offset t is at most about ``unit * (1 + 3 sum|terms|) / (|t| F')``; it is returned
with the root.

*Deflation.*  Poles closer than a few units in the last place are made equal: that perturbs A
entrywise by relative rounding errors, and as A is entrywise non-negative it perturbs any
power of it no more than rounding g does.  In a group of equal poles only the direction
of u couples; the orthogonal directions are eigenvectors with ``mu = g``.  Couplings below
1e-75 are dropped (their products lie below 1e-150).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["UNIT", "EigenBlock", "RankOneSpectrum"]

Array = NDArray[np.float64]

UNIT = 2.0**-53
"""The unit roundoff of double precision."""

_BLOCK_ENTRIES = 1 << 17  # one block of a Cauchy matrix: 1 MB, so that it stays in cache
_SMALLEST_COUPLING = 1e-75
_SAME_POLE = 8 * UNIT


@dataclass(frozen=True, slots=True)
class EigenBlock:
    """Some eigenpairs of the deflated ``diag(d) - z z^T``.

    Attributes
    ----------
    mu : (k,) eigenvalues, increasing.
    mu_error : (k,) bound on their absolute rounding error, `d` and `z` taken as exact.
    vectors : (k, r) orthonormal eigenvectors as rows, each entry with relative accuracy.
    vector_error : (k,) bound on the relative error of the entries of each row.
    norm : (k,) ``w = sqrt(sum z^2/(d - mu)^2)``; the row's product with z is ``1/w``.
    """

    mu: Array
    mu_error: Array
    vectors: Array
    vector_error: Array
    norm: Array


class RankOneSpectrum:
    """The spectral decomposition of ``G = diag(g) - u u^T``.

    Parameters
    ----------
    g : (M,) positive poles in any order, equal ones allowed.
    u : (M,) non-negative couplings, with ``sum u^2/g < 1``.

    Notes
    -----
    Nothing of size M^2 is stored; `blocks` yields the eigenpairs a block at a time.  Vectors
    pass between the M modes and the r groups of equal poles through `reduce`, `rest` and
    `expand`.
    """

    def __init__(self, g: Array, u: Array):
        coupled = u >= _SMALLEST_COUPLING
        order = np.argsort(g, kind="stable")
        self._order = order[coupled[order]]
        poles, couplings = g[self._order], u[self._order]
        first = _group_starts(poles)
        self._first = np.flatnonzero(first)
        self._group = np.cumsum(first) - 1
        sizes = np.diff(np.append(self._first, len(poles)))
        self.d: Array = poles[self._first]
        single = sizes[self._group] == 1
        if len(poles):
            squares = np.add.reduceat(couplings**2, self._first)
            self.z: Array = np.where(sizes == 1, couplings[self._first], np.sqrt(squares))
        else:
            self.z = couplings
        self._direction = np.where(single, 1.0, couplings / self.z[self._group])

    def reduce(self, x: Array) -> Array:
        """Return the (r, c) components of the (M, c) vectors along u within each group."""
        if not len(self.d):
            return np.zeros((0, x.shape[1]))
        return np.asarray(
            np.add.reduceat(self._direction[:, None] * x[self._order], self._first, axis=0)
        )

    def pole_error(self, error: Array) -> Array:
        """Return the (r,) error of the poles d, from that of the (M,) g and from merging."""
        if not len(self.d):
            return self.d
        sizes = np.diff(np.append(self._first, len(self._group)))
        merging = np.where(sizes > 1, _SAME_POLE * sizes * self.d, 0.0)
        return np.maximum.reduceat(error[self._order], self._first) + merging

    def expand(self, y: Array, modes: int) -> Array:
        """Return the (modes, c) vectors with the given (r, c) components along u."""
        x = np.zeros((modes, y.shape[1]))
        x[self._order] = self._direction[:, None] * y[self._group]
        return x

    def rest(self, x: Array) -> Array:
        """Return the part of the (M, c) vectors that u does not see: eigenvalues ``g``."""
        if len(self.d) == len(x):
            return np.zeros_like(x)
        return x - self.expand(self.reduce(x), len(x))

    def blocks(self) -> Iterator[EigenBlock]:
        """Yield all r eigenpairs of the deflated problem, in increasing order.

        Raises
        ------
        ArithmeticError
            If an iteration does not converge: never for input as stated.
        """
        r = len(self.d)
        rows = max(8, _BLOCK_ENTRIES // max(r, 1))
        for start in range(0, r, rows):
            yield _eigen_block(self.d, self.z, np.arange(start, min(start + rows, r)))


def _group_starts(poles: Array) -> NDArray[np.bool_]:
    """Return where a new group of equal poles starts, each group being narrower than rounding."""
    starts = np.ones(len(poles), dtype=bool)
    starts[1:] = np.diff(poles) > _SAME_POLE * poles[1:]
    return starts


@dataclass(slots=True)
class _Terms:
    """F - 1, the slopes of its parts below and above the root, and its absolute sum."""

    excess: Array
    slope_below: Array
    slope_above: Array
    below: Array
    above: Array


def _terms(d: Array, z2: Array, k: NDArray[np.intp], origin: NDArray[np.intp], t: Array) -> _Terms:
    """Evaluate the secular function at ``mu = d[origin] + t`` for the roots k (increasing)."""
    w = (d[None, :] - d[origin][:, None]) - t[:, None]
    np.reciprocal(w, out=w)
    lo, hi = int(k[0]), int(k[-1]) + 1
    inner = np.arange(lo, hi)[None, :] < k[:, None]
    below = w[:, :lo] @ z2[:lo] + np.where(inner, w[:, lo:hi], 0.0) @ z2[lo:hi]
    above = w[:, hi:] @ z2[hi:] + np.where(inner, 0.0, w[:, lo:hi]) @ z2[lo:hi]
    np.multiply(w, w, out=w)
    slope_below = w[:, :lo] @ z2[:lo] + np.where(inner, w[:, lo:hi], 0.0) @ z2[lo:hi]
    slope_above = w[:, hi:] @ z2[hi:] + np.where(inner, 0.0, w[:, lo:hi]) @ z2[lo:hi]
    return _Terms((above - 1.0) + below, slope_below, slope_above, below, above)


def _solve(
    d: Array,
    z2: Array,
    k: NDArray[np.intp],
    origin: NDArray[np.intp],
    t: Array,
    lo: Array,
    hi: Array,
) -> Array:
    """Return the offsets of the roots k from their origins, ``lo < t < hi`` on entry."""
    t, lo, hi = t.copy(), lo.copy(), hi.copy()
    active = np.arange(len(k))
    for _ in range(100):
        rows, o, now = k[active], origin[active], t[active]
        terms = _terms(d, z2, rows, o, now)
        high = terms.excess > 0
        hi[active] = np.where(high, now, hi[active])
        lo[active] = np.where(high, lo[active], now)
        step = _model_step(d, rows, o, now, terms)
        new = now + step
        inside = (new > lo[active]) & (new < hi[active])
        done = (np.abs(step) <= 2.0**-24 * np.abs(now)) | (terms.excess == 0)
        # A step of rounding size may leave the bracket; it is then the bracket that is noise.
        new = np.where(inside | done, new, _between(lo[active], hi[active]))
        t[active] = np.where(done & ~inside, now, new)
        active = active[~done]
        if not len(active):
            return t
    raise ArithmeticError("the secular equation did not converge: this is a bug, please report it")


def _between(lo: Array, hi: Array) -> Array:
    """Return a point between, in the geometric middle where both ends have one sign."""
    same = lo * hi > 0
    geometric = np.sign(lo) * np.sqrt(np.abs(lo)) * np.sqrt(np.abs(hi))
    return np.where(same, geometric, 0.5 * (lo + hi))


def _model_step(
    d: Array, k: NDArray[np.intp], origin: NDArray[np.intp], t: Array, terms: _Terms
) -> Array:
    """Return the step to the zero of the two-pole model; from the upper pole alone for k = 0."""
    upper = (d[k] - d[origin]) - t
    lower = (d[np.maximum(k - 1, 0)] - d[origin]) - t
    f, product = terms.excess, lower * upper
    slope = terms.slope_below + terms.slope_above
    c = f - terms.slope_below * lower - terms.slope_above * upper
    b = f * (lower + upper) - slope * product
    root = np.sqrt(np.maximum(b * b - 4 * c * f * product, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        two = np.where(b > 0, 2 * f * product / (b + root), (b - root) / (2 * c))
        one = upper * f / (f - terms.slope_above * upper)
    return np.where(k == 0, one, two)


def _eigen_block(d: Array, z: Array, k: NDArray[np.intp]) -> EigenBlock:
    z2 = z * z
    gap = d[k] - np.where(k > 0, d[np.maximum(k - 1, 0)], 0.0)
    origin = k.copy()
    start = -np.minimum(z2[k], 0.5 * gap)
    t = _solve(d, z2, k, origin, start, -gap, np.zeros(len(k)))
    near = np.flatnonzero((-t > 0.5 * gap) & (k > 0))
    if len(near):
        origin[near] -= 1
        guess = np.clip(t[near] + gap[near], 1e-3 * gap[near], 0.5 * gap[near])
        zeros = np.zeros(len(near))
        t[near] = _solve(d, z2, k[near], origin[near], guess, zeros, gap[near])
    return _assemble(d, z, z2, k, origin, t)


def _assemble(
    d: Array, z: Array, z2: Array, k: NDArray[np.intp], origin: NDArray[np.intp], t: Array
) -> EigenBlock:
    terms = _terms(d, z2, k, origin, t)
    slope = terms.slope_below + terms.slope_above
    norm = np.sqrt(slope)
    vectors = (d[None, :] - d[origin][:, None]) - t[:, None]
    np.divide(z[None, :], vectors, out=vectors)
    vectors /= norm[:, None]
    size = terms.above - terms.below
    t_error = UNIT * (1 + (1 + 3 * size) / (np.abs(t) * slope))
    mu = d[origin] + t
    return EigenBlock(
        mu=mu,
        mu_error=UNIT * mu + t_error * np.abs(t),
        vectors=vectors,
        vector_error=4 * UNIT + 2 * t_error,
        norm=norm,
    )
