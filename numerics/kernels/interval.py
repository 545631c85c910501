"""Brownian motion and Brownian bridge on [0, 1]."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
from numpy.typing import ArrayLike

from ratecert.numerics.kernels.base import Array, Grid, Kernel
from ratecert.numerics.model.problem import Regular

__all__ = ["Bridge", "Brownian"]


class _Interval(Kernel):
    def grid(self, n: int) -> Grid:
        """See `Kernel.grid`."""
        return Grid((np.arange(n) + 0.5) / n, np.full(n, 1 / n), self._resolved(n))

    def sample(self, rng: np.random.Generator, n: int) -> Array:
        """See `Kernel.sample`."""
        return rng.random(n)

    def _resolved(self, n: int) -> int:
        return n


@dataclass(frozen=True)
class Brownian(_Interval):
    """``min(x, y)``; see `ratecert.proofs_check.language.mercer.Brownian`."""

    def levels(self) -> Iterator[tuple[Any, int]]:
        """See `Kernel.levels`."""
        return ((((2 * k - 1) * mpmath.pi / 2) ** -2, 1) for k in itertools.count(1))

    def covariance(self, x: ArrayLike, y: ArrayLike) -> Array:
        """See `Kernel.covariance`."""
        return np.asarray(np.minimum.outer(np.asarray(x, float), np.asarray(y, float)))

    def exactly(self, x: Any, y: Any) -> Any:
        """See `Kernel.exactly`."""
        return min(x, y)

    def beyond(self) -> Regular:
        """See `Kernel.beyond`."""
        return Regular(math.pi**-2, ((-0.5, 2.0),))


@dataclass(frozen=True)
class Bridge(_Interval):
    """``min(x, y) - x y``; see `ratecert.proofs_check.language.mercer.BrownianBridge`."""

    def levels(self) -> Iterator[tuple[Any, int]]:
        """See `Kernel.levels`."""
        return (((k * mpmath.pi) ** -2, 1) for k in itertools.count(1))

    def covariance(self, x: ArrayLike, y: ArrayLike) -> Array:
        """See `Kernel.covariance`."""
        x, y = np.asarray(x, float), np.asarray(y, float)
        return np.asarray(np.minimum.outer(x, y) - np.outer(x, y))

    def exactly(self, x: Any, y: Any) -> Any:
        """See `Kernel.exactly`."""
        return min(x, y) - x * y

    def beyond(self) -> Regular:
        """See `Kernel.beyond`."""
        return Regular(math.pi**-2, ((0.0, 2.0),))

    def _resolved(self, n: int) -> int:
        return n - 1
