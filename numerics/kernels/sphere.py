"""Dot-product kernels on the unit sphere of R^d: arc-cosine and neural tangent."""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ratecert.numerics.kernels.base import HEAD, Array, Grid, Kernel
from ratecert.numerics.model.problem import Regular
from ratecert.proofs_check.language.errors import UserError

__all__ = ["ArcCosine", "NeuralTangent", "Sphere"]


MOST_NODES = 4096
"""Nodes of the coarsest grid that is still given."""


class Sphere(Kernel):
    """A dot-product kernel on the unit sphere of R^d.

    See `ratecert.proofs_check.language.mercer.Sphere`.
    """

    d: int

    @abstractmethod
    def coefficient(self, k: int) -> Any:
        """Return the eigenvalue of the harmonics of degree k in mpmath."""

    @abstractmethod
    def at_angle(self, angle: Array) -> Array:
        """Return the kernel at angles in [0, π] between its arguments."""

    @abstractmethod
    def leading(self) -> tuple[float, int]:
        """Return ``(c, α)`` with ``μ_k ~ c k^-α`` for even k, so ``λ_i ~ c (i (d-1)!)^-a``."""

    def multiplicity(self, k: int) -> int:
        """Return the dimension of the space of harmonics of degree k."""
        if k == 0:
            return 1
        top = (2 * k + self.d - 2) * math.factorial(k + self.d - 3)
        return top // (math.factorial(k) * math.factorial(self.d - 2))

    def levels(self) -> Iterator[tuple[Any, int]]:
        """See `Kernel.levels`: degree 1 wherever it belongs, then the even ones."""
        first = sorted(((self.coefficient(k), self.multiplicity(k)) for k in (0, 1)), reverse=True)
        for k in itertools.count(2, 2):
            level = self.coefficient(k), self.multiplicity(k)
            while first and first[0][0] >= level[0]:
                yield first.pop(0)
            yield level

    def covariance(self, x: ArrayLike, y: ArrayLike) -> Array:
        """See `Kernel.covariance`.

        Angles come from the lengths of difference and sum: arccos would lose half the digits
        near 0 and π.
        """
        x, y = np.asarray(x, float), np.asarray(y, float)
        apart, along = np.zeros((2, len(x), len(y)))
        for u, v in zip(x.T, y.T, strict=True):
            apart += np.subtract.outer(u, v) ** 2
            along += np.add.outer(u, v) ** 2
        return self.at_angle(2 * np.arctan2(np.sqrt(apart), np.sqrt(along)))

    def beyond(self) -> Regular:
        """See `Kernel.beyond`."""
        _, alpha = self.leading()
        law = Regular(1.0, ((0.0, alpha / (self.d - 1)),))
        left = float(self.at_angle(np.zeros(1))[0]) - math.fsum(self.eigenvalues(HEAD))
        return Regular(left / law.tail(HEAD), law.powers)

    def grid(self, n: int) -> Grid:
        """See `Kernel.grid`; refused where the coarsest product grid is too large."""
        if 2**self.d > MOST_NODES:
            raise UserError(f"a grid on the sphere in R^{self.d} has {2**self.d} nodes at least, "
                            f"more than {MOST_NODES}: draw points instead")  # fmt: skip
        if self.d == 2:
            angle = 2 * math.pi * np.arange(n) / n
            points = np.column_stack([np.cos(angle), np.sin(angle)])
            return Grid(points, np.full(n, 1 / n), self._count((n - 1) // 2))
        L = max(2, round((n / 2) ** (1 / (self.d - 1))))
        angle = math.pi * np.arange(2 * L) / L
        points, weights = np.column_stack([np.cos(angle), np.sin(angle)]), np.full(2 * L, 0.5 / L)
        for order in range(1, self.d - 1):
            z, w = special.roots_gegenbauer(L, order / 2)
            points = np.concatenate([
                np.kron(np.sqrt(1 - z**2)[:, None], points),
                np.repeat(z, len(points))[:, None],
            ], axis=1)  # fmt: skip
            weights = np.kron(w / w.sum(), weights)
        return Grid(points, weights, self._count(L - 1))

    def _count(self, degree: int) -> int:
        """Return how many positive eigenvalues belong to degrees up to this one."""
        return sum(self.multiplicity(k) for k in range(degree + 1) if k < 2 or k % 2 == 0)

    def sample(self, rng: np.random.Generator, n: int) -> Array:
        """See `Kernel.sample`."""
        g = rng.standard_normal((n, self.d))
        return np.asarray(g / np.linalg.norm(g, axis=1, keepdims=True))


def _step(d: int, k: int) -> Any:
    """Return the coefficient ``|h_k|`` of the step function, in mpmath."""
    half = mpmath.mpf(1) / 2
    if k % 2 == 0:
        return half if k == 0 else mpmath.mpf(0)
    quotient = mpmath.gammaprod([d * half, k * half], [(k + d) * half])
    return quotient / (2 * mpmath.pi)


def _rectifier(d: int, k: int) -> Any:
    """Return the coefficient ``|h_k|`` of ``max(t, 0)``, in mpmath."""
    half = mpmath.mpf(1) / 2
    if k % 2:
        return half / d if k == 1 else mpmath.mpf(0)
    quotient = mpmath.gammaprod([d * half, (k - 1) * half], [(k + d + 1) * half])
    return abs(quotient) / (4 * mpmath.pi)


@dataclass(frozen=True)
class ArcCosine(Sphere):
    """The arc-cosine kernel of degree 1, ``k(x, x) = 1``."""

    d: int

    def coefficient(self, k: int) -> Any:
        """See `Sphere.coefficient`."""
        return 2 * self.d * _rectifier(self.d, k) ** 2

    def at_angle(self, angle: Array) -> Array:
        """See `Sphere.at_angle`."""
        value = np.sin(angle) + np.cos(angle) * (math.pi - angle)
        return np.asarray(value / math.pi)

    def exactly(self, x: Any, y: Any = None) -> Any:
        """See `Kernel.exactly`."""
        return (mpmath.sqrt((1 - x) * (1 + x)) + x * (mpmath.pi - mpmath.acos(x))) / mpmath.pi

    def leading(self) -> tuple[float, int]:
        """See `Sphere.leading`."""
        alpha = self.d + 2
        log = 2 * math.lgamma(self.d / 2) + alpha * math.log(2)
        return 2 * self.d * math.exp(log) / (4 * math.pi) ** 2, alpha


@dataclass(frozen=True)
class NeuralTangent(Sphere):
    """The neural tangent kernel of a two-layer ReLU network, ``k(x, x) = 2``."""

    d: int

    def coefficient(self, k: int) -> Any:
        """See `Sphere.coefficient`."""
        d = self.d
        up = (k + d - 2) * _step(d, k + 1) ** 2
        down = k * _step(d, k - 1) ** 2 if k else 0
        # k = 0, d = 2: t P_0 = P_1, where the recurrence reads 0/0.
        shared = 2 * (up + down) / (2 * k + d - 2) if 2 * k + d > 2 else 2 * _step(d, 1) ** 2
        return shared + 2 * d * _rectifier(d, k) ** 2

    def at_angle(self, angle: Array) -> Array:
        """See `Sphere.at_angle`."""
        value = np.sin(angle) + 2 * np.cos(angle) * (math.pi - angle)
        return np.asarray(value / math.pi)

    def exactly(self, x: Any, y: Any = None) -> Any:
        """See `Kernel.exactly`."""
        value = mpmath.sqrt((1 - x) * (1 + x)) + 2 * x * (mpmath.pi - mpmath.acos(x))
        return value / mpmath.pi

    def leading(self) -> tuple[float, int]:
        """See `Sphere.leading`."""
        log = 2 * math.lgamma(self.d / 2) + self.d * math.log(2)
        return 2 * math.exp(log) / (2 * math.pi) ** 2, self.d
