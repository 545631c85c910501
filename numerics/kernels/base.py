"""What a kernel is, as numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratecert.numerics.model.problem import Headed, Regular
from ratecert.numerics.model.problem import Sequence as Spectrum

__all__ = ["HEAD", "Array", "Grid", "Kernel", "Parameter", "number_of"]

Array = NDArray[np.float64]
Parameter = Fraction | float | int

HEAD = 512
"""Eigenvalues that `Kernel.spectrum` holds one by one."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Nodes and weights; `resolved` counts the eigenvalues whose functions they integrate."""

    points: Array
    weights: Array
    resolved: int


class Kernel(ABC):
    """A kernel on a domain with the uniform distribution; abstract."""

    @abstractmethod
    def levels(self) -> Iterator[tuple[Any, int]]:
        """Yield the positive eigenvalues, decreasing, with multiplicity.

        They are mpmath numbers, correct to the working precision.
        """

    @abstractmethod
    def covariance(self, x: ArrayLike, y: ArrayLike) -> Array:
        """Return the matrix ``k(x_i, y_j)``."""

    @abstractmethod
    def exactly(self, x: Any, y: Any) -> Any:
        """Return ``k(x, y)`` in mpmath; of the inner product and nothing for spheres."""

    @abstractmethod
    def beyond(self) -> Regular:
        """Return the regular sequence that the eigenvalues approach."""

    @abstractmethod
    def grid(self, n: int) -> Grid:
        """Return about n nodes."""

    @abstractmethod
    def sample(self, rng: np.random.Generator, n: int) -> Array:
        """Draw n inputs."""

    def eigenvalues(self, count: int) -> Array:
        """Return the first eigenvalues, repeated by multiplicity, as floats."""
        values: list[float] = []
        with mpmath.workdps(20):
            for value, multiplicity in self.levels():
                values += [float(value)] * min(multiplicity, count - len(values))
                if len(values) == count:
                    break
        return np.array(values)

    def spectrum(self) -> Spectrum:
        """Return the spectrum for the exact engine; see the module's docstring."""
        return Headed(tuple(self.eigenvalues(HEAD).tolist()), self.beyond())


def number_of(value: Parameter) -> Any:
    """Return an mpmath number: a fraction exactly, to the working precision."""
    if isinstance(value, Fraction):
        return mpmath.mpf(value.numerator) / value.denominator
    return mpmath.mpf(value)
