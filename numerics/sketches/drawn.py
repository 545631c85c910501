r"""The features: what a problem looks like through M of them.

Given the features, SGD sees the eigenvalues ``lam~`` of ``Sigma = S H S^T``, the energies
``e~_i = lam~_i E <u_i, v*>^2`` of the target along its eigenvectors, and the part of the target
that no ``v`` reaches, ``approx = sum_j e_j - sum_i e~_i``.

*Top features*: ``lam~ = lam_1..lam_M``, ``e~ = e_1..e_M``, ``approx = sum_{j>M} e_j``.

*Gaussian sketch*: rows ``x_j = sqrt(lam_j) s_j`` of X, ``s_j ~ N(0, I/M)``, so ``Sigma = X^T X``.
With the singular value decomposition ``X = U D V^T`` (of X, not of Sigma: small eigenvalues then
have the accuracy of their square roots),

    lam~ = D^2,    e~_i = sum_j e_j U_ji^2 = [D^-1 V^T (sum_j e_j x_j x_j^T) V D^-1]_ii,

which is exact for any prior of ``w*`` without cross terms; ``approx`` is not computed as the
difference, but by `_Outside`.  Rows are drawn in order.  The first
``2M`` are kept; those after, up to ``d = 8 M``, enter through their Gram matrices
``sum lam_j s_j s_j^T`` and ``sum lam_j e_j s_j s_j^T``, whose rounding errors are relative to the
small ``lam_2M``.

*Beyond d.*  The rows left out are many and small, and by the central limit theorem their two Gram
matrices are, entry by entry, jointly Gaussian: means ``(sum lam_j/M) I`` and
``(sum lam_j e_j/M) I``, covariances of the off-diagonal entries ``sum lam^2``, ``sum lam^2 e``,
``sum lam^2 e^2`` over M^2, twice that on the diagonal.  That is how they are drawn.  Without the
means the approximation error is wrong by 13 % at M = 512, a = 1.5, d = 20000; the fluctuations
are an effect of relative size ``(M/d)^(2a-1)``, what is neglected is smaller by another
``sqrt(M/d)``.

*Streams.*  Rows come in chunks of 64, each with its own generator, seeded by
``(seed, draw, chunk)``: numbers depend on nothing else, not on how many rows or draws are made at
a time or where.

*Source*: derived here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from ratecert.numerics.exact.secular import UNIT
from ratecert.numerics.model.problem import Problem, Regular
from ratecert.proofs_check.language.errors import UserError

__all__ = ["Features", "covariance_parts", "feature_rows", "gaussian_sketch", "top_features"]

Array = NDArray[np.float64]

CHUNK = 64
"""Rows that share one random stream."""

_DIMENSIONS = 8
_HEAD = 2
_MOST_FEATURES = 10_000
_SMALLEST_SHARE = 1e-24
_TAIL_STREAM = 2**63  # no chunk has this number


@dataclass(frozen=True, slots=True)
class Features:
    """What SGD sees through M features.

    Attributes
    ----------
    lam : (M,) eigenvalues of the features' covariance, decreasing.
    energy : (M,) target energy along its eigenvectors, initial excess by mode.
    approx : target energy out of reach.
    relative_error : estimate of the relative rounding error of `lam` and `energy`.
    approx_error : estimate of the absolute rounding error of `approx`.
    """

    lam: Array
    energy: Array
    approx: float
    relative_error: float
    approx_error: float


def top_features(problem: Problem, M: int) -> Features:
    """Return the features that are the M leading coordinates; exact, tails included."""
    problem.check_features(M)
    approx = problem.target.tail(M)
    return Features(
        lam=problem.spectrum.first(M),
        energy=problem.target.first(M),
        approx=approx,
        relative_error=(8 + _exponents(problem) * math.log(M)) * UNIT,
        approx_error=1e-13 * approx,
    )


def _exponents(problem: Problem) -> float:
    """Return the larger order of spectrum and target: it is rounded, too, where it is no float."""
    pair = (problem.spectrum, problem.target)
    return max((f.order[0] for f in pair if isinstance(f, Regular)), default=0.0)


def feature_rows(seed: int, draw: int, M: int, start: int, stop: int) -> Array:
    """Return rows ``s_j`` of ``S^T`` for ``start < j <= stop``, i.i.d. ``N(0, 1/M)``.

    Parameters
    ----------
    seed, draw : non-negative numbers naming the sketch.
    M : number of features, the length of a row.
    start, stop : range of rows, counted from 0.
    """
    chunks = range(start // CHUNK, -(-stop // CHUNK))
    if not chunks:
        return np.zeros((0, M))
    rows = np.concatenate([_stream(seed, draw, k).standard_normal((CHUNK, M)) for k in chunks])
    offset = chunks.start * CHUNK
    return np.asarray(rows[start - offset : stop - offset] / np.sqrt(M))


def _stream(seed: int, draw: int, chunk: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(draw, chunk)))


def gaussian_sketch(problem: Problem, M: int, seed: int, draw: int) -> Features:
    """Return the features of one Gaussian sketch; see the module's docstring.

    Raises
    ------
    UserError
        If there are more features than dimensions.

    Notes
    -----
    About ``50 M^3`` operations and ``8 M^2`` numbers of memory.
    """
    drawn = _draw(problem, M, seed, draw)
    rows, lam, energy, d = drawn.rows, drawn.lam, drawn.energy, drawn.dimensions
    root = drawn.root(problem.spectrum.size is None)
    scaled, energy_gram = drawn.scaled, drawn.energy_gram
    _, singular, vectors = linalg.svd(_triangle(scaled, root), check_finite=False)
    weights = vectors.T / singular
    along = energy @ (scaled @ weights) ** 2 + np.sum(weights * (energy_gram @ weights), axis=0)
    error = 8 * UNIT * math.sqrt(M)
    top = _top_rows(problem, M)
    beyond = scaled[top:]
    outside = _Outside(rows[:top], lam[:top], _triangle(beyond, root))
    second = (energy[top:, None] * beyond).T @ beyond + energy_gram
    rest = problem.target.tail(top)
    approx = outside.energy(energy[:top], rest, second) if d > M else 0.0
    return Features(
        lam=singular**2,
        energy=along,
        approx=approx,
        relative_error=error * float(singular[0] / singular[-1]),
        approx_error=error * (approx + outside.spread * rest) if d > M else 0.0,
    )


def covariance_parts(problem: Problem, M: int, seed: int, draw: int) -> tuple[Array, Array]:
    """Return X and G with ``Sigma = X^T X + G`` for the sketch of that seed and draw.

    Row i of X is ``sqrt(lam_i) s_i``, for the first ``2M`` modes at least; G is the Gram matrix
    of all others.
    """
    drawn = _draw(problem, M, seed, draw)
    return drawn.scaled, drawn.gram


@dataclass(frozen=True, slots=True)
class _Drawn:
    """First rows ``s_i``, their eigenvalues and energies, and the Gram matrices of the rest."""

    rows: Array
    lam: Array
    energy: Array
    gram: Array
    energy_gram: Array
    dimensions: int

    @property
    def scaled(self) -> Array:
        return np.asarray(np.sqrt(self.lam)[:, None] * self.rows)

    def root(self, definite: bool) -> Array:
        """Return R with ``R^T R`` the Gram matrix of the rest."""
        if self.dimensions == len(self.rows):
            return np.zeros((0, len(self.gram)))
        return _square_root(self.gram, definite)


def _draw(problem: Problem, M: int, seed: int, draw: int) -> _Drawn:
    problem.check_features(M)
    if M > _MOST_FEATURES:
        raise UserError(
            f"a sketch of M = {M} features would take too much memory: take M up to "
            f"{_MOST_FEATURES}, or the deterministic equivalent (draws = 0)"
        )
    size = problem.spectrum.size
    d = _DIMENSIONS * M if size is None else size
    _check_decay(problem, M, d)
    head = d if d <= 2 * _HEAD * M else _HEAD * M
    rows = feature_rows(seed, draw, M, 0, head)
    gram, energy_gram = _grams(problem, M, seed, draw, head, d)
    if size is None:
        _add_tail(problem, seed, draw, d, gram, energy_gram)
    lam, energy = problem.spectrum.first(head), problem.target.first(head)
    return _Drawn(rows, lam, energy, gram, energy_gram, d)


def _top_rows(problem: Problem, M: int) -> int:
    """Return k: half of M, or so few that the rows beyond k still span all M dimensions."""
    spectrum = problem.spectrum
    if spectrum.size is None:
        return M // 2
    return max(0, min(M // 2, int(np.count_nonzero(spectrum.first(spectrum.size))) - M))


def _triangle(*blocks: Array) -> Array:
    """Return a square R with ``R^T R`` the sum of the blocks' Gram matrices."""
    return np.asarray(linalg.qr(np.concatenate(blocks), mode="economic", check_finite=False)[1])


class _Outside:
    """The energy out of reach of X, its top rows ``sqrt(lam_j) s_j`` known apart from the rest.

    With ``Z^T Z`` the Gram matrix of the rest, ``G = Z^-T (s_1 .. s_k)`` and
    ``W = Lam^-1 + G^T G``, block inversion gives for the projection P on the range of X

        (I - P)_jj = (W^-1)_jj/lam_j,  j <= k,
        sum_{j>k} e_j P_jj = tr (I - G W^-1 G^T) Z^-T (sum_{j>k} e_j x_j x_j^T) Z^-1.

    So the small numbers ``1 - P_jj`` of the top rows are no differences of numbers near 1.  With
    the triangular and orthogonal factors of ``[Lam^-1/2; G]``, ``W = R^T R`` and
    ``G W^-1 G^T = Q_2 Q_2^T``.
    """

    def __init__(self, rows: Array, lam: Array, rest: Array):
        self.lam, self.rest = lam, rest
        G = linalg.solve_triangular(rest, rows.T, trans="T", check_finite=False)
        stacked = np.concatenate([np.diag(1 / np.sqrt(lam)), G])
        self.q, self.r = linalg.qr(stacked, mode="economic", check_finite=False)

    @property
    def spread(self) -> float:
        """An estimate of the condition number of Z."""
        diagonal = np.abs(np.diag(self.rest))
        return float(diagonal.max() / diagonal.min())

    def energy(self, top: Array, beyond: float, second: Array) -> float:
        """Return ``sum_j e_j (1 - P_jj)``.

        Parameters
        ----------
        top : (k,) energies of the top rows.
        beyond : energy of all rows after them.
        second : (M, M) ``sum_{j>k} e_j x_j x_j^T``.
        """
        k = len(top)
        inverse = linalg.solve_triangular(self.r, np.eye(k), check_finite=False)
        out_of_top = top / self.lam @ np.sum(inverse**2, axis=1)
        half = linalg.solve_triangular(self.rest, second, trans="T", check_finite=False)
        K = linalg.solve_triangular(self.rest, half.T, trans="T", check_finite=False)
        q = self.q[k:]
        reached = np.trace(K) - np.sum(q * (K @ q))
        return float(out_of_top + max(beyond - reached, 0.0))


def _check_decay(problem: Problem, M: int, d: int) -> None:
    """Refuse spectra whose sketch is beyond double precision: its error grows with the root."""
    first, middle, last = problem.spectrum.at([1, min(_HEAD * M, d), d])
    measured = problem.spectrum.size is not None
    if middle < _SMALLEST_SHARE * first or (not measured and last < 1e-11 * middle):
        raise UserError(
            f"the eigenvalues fall too fast for a sketch of M = {M} features in double precision: "
            "take M smaller, or top features"
        )


def _square_root(gram: Array, definite: bool) -> Array:
    """Return a square R with ``R^T R = gram``; measured values may make gram singular."""
    if definite:
        return np.asarray(linalg.cholesky(gram, check_finite=False))
    values, vectors = linalg.eigh(gram, check_finite=False)
    return np.asarray(np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T)


def _grams(
    problem: Problem, M: int, seed: int, draw: int, start: int, stop: int
) -> tuple[Array, Array]:
    """Return ``sum lam_j s_j s_j^T`` and ``sum lam_j e_j s_j s_j^T`` over the rows given."""
    gram, energy_gram = np.zeros((M, M)), np.zeros((M, M))
    step = CHUNK * max(1, 1024 // CHUNK)
    for first in range(start, stop, step):
        rows = feature_rows(seed, draw, M, first, min(first + step, stop))
        index = np.arange(first + 1, first + len(rows) + 1, dtype=np.float64)
        lam, energy = problem.spectrum.at(index), problem.target.at(index)
        rows *= np.sqrt(lam)[:, None]
        gram += rows.T @ rows
        rows *= np.sqrt(energy)[:, None]
        energy_gram += rows.T @ rows
    return gram, energy_gram


def _add_tail(
    problem: Problem, seed: int, draw: int, d: int, gram: Array, energy_gram: Array
) -> None:
    """Add what the rows beyond d contribute to the two Gram matrices."""
    lam, energy = problem.spectrum, problem.target
    product = lam.times(energy)
    M = len(gram)
    diagonal = np.arange(M)
    gram[diagonal, diagonal] += lam.tail(d) / M
    energy_gram[diagonal, diagonal] += product.tail(d) / M
    square = lam.times(lam).tail(d)
    mixed = lam.times(product).tail(d)
    other = product.times(product).tail(d)
    first, second = (_symmetric(_stream(seed, draw, _TAIL_STREAM + k), M) for k in (0, 1))
    gram += (np.sqrt(square) / M) * first
    rest = max(other - mixed**2 / square, 0.0)
    energy_gram += (mixed / np.sqrt(square) / M) * first + (np.sqrt(rest) / M) * second


def _symmetric(stream: np.random.Generator, M: int) -> Array:
    """Return a Gaussian symmetric matrix, variance 1 off the diagonal and 2 on it."""
    a = stream.standard_normal((M, M))
    return np.asarray((a + a.T) / np.sqrt(2))
