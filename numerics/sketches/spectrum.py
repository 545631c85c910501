r"""The single eigenvalues of a Gaussian sketch's covariance, without drawing it.

*Counting* [derived here].  In the variable ``k = z/m`` of
`ratecert.numerics.sketches.deterministic_equivalent` the equivalent of the trace of the resolvent
is ``sum_i 1/(z - lam~_i) ~ M/k``, with

    z(k) = k + (k/M) sum_j lam_j/(k - lam_j).

Its integral, the logarithm of the characteristic polynomial, is therefore elementary:

    Phi = int (M/k) dz = M log k + sum_j [log(1 - lam_j/k) + lam_j/(k - lam_j)],

for ``d/dk`` of the bracket is ``-lam_j^2/(k (k - lam_j)^2)``, and ``Phi - M log z`` tends to 0 at
infinity.  As ``log(z - lam~)`` has the imaginary part pi where ``lam~ > z``, on the real axis

    #{lam~_i > z} = Im Phi(k(z + i0))/pi.

*The axis, explicitly* [derived here].  With ``k = p + i q``,

    Im z = q (1 - (1/M) sum_j lam_j^2/|k - lam_j|^2),

so the upper side of the real z axis is the curve ``sum_j lam_j^2/|k - lam_j|^2 = M``, and q = 0 in
the gaps of the spectrum, where this sum is below M for all q.  The sum decreases in q: one root
for each p.  On the curve ``Re z'(k) = 1 - Re (1/M) sum (lam_j/(k - lam_j))^2 >= 0``, so that z
increases with p, from 0 at ``p = -kappa`` on.  The *j-th eigenvalue* is where
``#{lam~ > z} = j - 1/2``.

*Effective dimension* ``D(n) = sum_i min(1, (n lam~_i)^2)``: with k_n over ``z = 1/n`` it is
``#{lam~_i > 1/n} + n^2 sum_{lam~_i < 1/n} lam~_i^2``, and the second sum is a contour integral
over a path from k_n to the negative axis, which with its mirror image surrounds these eigenvalues:

    sum_{lam~_i < 1/n} lam~_i^2 = (1/pi) Im int z^2 (M/k) z'(k) dk
                                = (1/pi) Im int z sum_j lam_j/(k - lam_j) z'(k) dk,

as ``M/k = (M + sum_j lam_j/(k - lam_j))/z`` and z is real at both ends.  The path is the arc of a
circle around 0: ``|k - lam_j|`` grows along it, so that Im z > 0.

*Accuracy.*  Near ``lam_j`` with ``j^2 << M`` the eigenvalues are apart from each other, and the
sums are no integrals there: the terms around are taken one by one.  The numbers are accurate to
about 1e-8.  As equivalents they are medians; the relative distance from the mean over sketches is
of order 1/M (one sketch scatters by ``sqrt(2/M)``).

*Source*: the resolvent's equivalent is Silverstein and Bai's; all else is derived here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from ratecert.numerics.model.problem import Problem, Regular, check_whole
from ratecert.numerics.sketches.deterministic_equivalent import (
    SpectralNodes,
    kappa,
    spectral_nodes,
)
from ratecert.proofs_check.language.errors import UserError

__all__ = ["SketchedSpectrum"]

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

_TOLERANCE = 1e-12
_ARC_NODES = 16


@dataclass(frozen=True, slots=True)
class _Point:
    """A point ``k = p + i q`` over the upper side of the real axis, and nodes that serve there."""

    nodes: SpectralNodes
    M: int
    k: complex

    @property
    def z(self) -> float:
        """The eigenvalue that it lies over."""
        return float((self.k * self.nodes.deficits(self.k, self.M)[0] / self.M).real)

    @property
    def count(self) -> float:
        """``#{lam~ > z} = Im Phi/pi``."""
        lam, gap = self.nodes.lam, self.k - self.nodes.lam
        terms = np.angle(gap / self.k) + (lam / gap).imag
        return float(self.M * np.angle(self.k) + self.nodes.weight @ terms) / math.pi

    def squares_below(self) -> float:
        """``sum_{lam~ < z} lam~^2``, the integral over the arc."""
        radius, start = abs(self.k), float(np.angle(self.k))
        apart = max(self.k.imag, float(np.abs(self.k.real - self.nodes.lam).min()))
        theta, weight = _graded(start, math.pi, apart / radius)
        k = radius * np.exp(1j * theta)
        pull = (self.nodes.lam / (k[:, None] - self.nodes.lam)) @ self.nodes.weight
        first, second = self.nodes.deficits(k, self.M)
        z, slope = k * first / self.M, second / self.M
        return float(weight @ (z * pull * slope * 1j * k).imag) / math.pi


def _graded(start: float, stop: float, first: float) -> tuple[Array, Array]:
    """Return nodes and weights on panels that double in width from `first` on."""
    ends = [start]
    width = max(first, 1e-12)
    while ends[-1] < stop:
        ends.append(ends[-1] + width)
        width = min(2 * width, 0.5)
    ends[-1] = stop
    edges = np.array(ends)
    x, w = np.polynomial.legendre.leggauss(_ARC_NODES)
    half = 0.5 * np.diff(edges)[:, None]
    return ((edges[:-1, None] + half) + half * x).ravel(), (half * w).ravel()


class SketchedSpectrum:
    """Equivalents of the eigenvalues of ``Sigma = S H S^T``.

    Parameters
    ----------
    problem : its spectrum counts, decreasing if it is a formula.
    M : number of features.

    Raises
    ------
    UserError
        If there are no more than M eigenvalues.
    """

    def __init__(self, problem: Problem, M: int):
        problem.check_features(M)
        self.problem, self.M = problem, M
        self._plain = spectral_nodes(problem, M)
        self._kappa = kappa(self._plain, M)
        top = float(self._plain.lam.max())
        total = float(self._plain.weight @ self._plain.lam)
        self._highest = math.asinh((top + 1.01 * math.sqrt(top * total / M)) / self._kappa)

    def eigenvalue(self, j: int) -> float:
        """Return the equivalent of the j-th largest eigenvalue.

        Raises
        ------
        UserError
            Unless ``1 <= j <= M``.
        """
        check_whole("the index j of an eigenvalue", j)
        if j > self.M:
            raise UserError(f"there is no eigenvalue {j} of M = {self.M} features")
        return self._where(lambda point: (j - 0.5) - point.count).z

    def count(self, z: float) -> float:
        """Return the equivalent of the number of eigenvalues above ``z > 0``."""
        return self._over(z).count

    def effective_dimension(self, n: float) -> float:
        """Return the equivalent of ``sum_i min(1, (n lam~_i)^2)`` for ``n > 0``."""
        point = self._over(1 / n)
        return point.count + n**2 * point.squares_below()

    def _over(self, z: float) -> _Point:
        """Return the point over z."""
        if z >= self._at(self._highest).z:
            # Outside of the spectrum, where k < z: the root is bracketed by z itself.
            return self._where(lambda point: point.z - z, math.asinh(1.01 * z / self._kappa))
        return self._where(lambda point: point.z - z)

    def _where(self, f: Callable[[_Point], float], highest: float | None = None) -> _Point:
        """Return the point at which a function that increases along the axis is 0."""
        lowest, highest = math.asinh(-1.0), self._highest if highest is None else highest
        s = brentq(lambda s: f(self._at(s)), lowest, highest, xtol=_TOLERANCE, rtol=_TOLERANCE)
        return self._at(float(s))

    def _at(self, s: float) -> _Point:
        """Return the point with ``p = kappa sinh(s)``."""
        p = self._kappa * math.sinh(s)
        nodes = self._nodes(p)
        q = _height(nodes, self.M, p, self._kappa)
        return _Point(nodes, self.M, complex(p, max(q, 1e-300)))

    def _nodes(self, p: float) -> SpectralNodes:
        spectrum = self.problem.spectrum
        if not isinstance(spectrum, Regular) or not 0 < p < float(spectrum.at(1)):
            return self._plain
        return spectral_nodes(self.problem, self.M, _index(spectrum, p))


def _index(spectrum: Regular, value: float) -> float:
    """Return the (real) index of a decreasing sequence's value."""
    low, high = 0.0, 1.0
    while float(spectrum.at(math.exp(high))) > value:
        low, high = high, 2 * high
    return math.exp(brentq(lambda t: math.log(float(spectrum.at(math.exp(t))) / value), low, high))


def _height(nodes: SpectralNodes, M: int, p: float, kappa: float) -> float:
    """Return the root q of ``sum_j lam_j^2/|p + i q - lam_j|^2 = M``, or 0 if there is none.

    At the lower end of the spectrum it is a fraction of kappa, however small that is.
    """
    squares, apart = nodes.weight * nodes.lam**2, (p - nodes.lam) ** 2

    def spare(log_q: float) -> float:
        return float(np.sum(squares / (apart + math.exp(2 * log_q)))) / M - 1

    high = 0.5 * math.log(float(np.abs(squares).sum()) / M) + 0.1
    low = min(high, math.log(kappa)) - 60.0
    if spare(low) <= 0:
        return 0.0
    return math.exp(brentq(spare, low, high, xtol=1e-13))
