"""Kernels on the circle of length 1: periodic Sobolev, Matérn, Laplace."""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ratecert.numerics.kernels.base import Array, Grid, Kernel, Parameter, number_of
from ratecert.numerics.model.problem import Regular
from ratecert.proofs_check.language.errors import UserError

__all__ = ["Circle", "Laplace", "Matern", "Sobolev"]

MOST_SERIES = 20_000
"""Distances at which a series is summed in mpmath, about a millisecond each."""


class Circle(Kernel):
    """A function of the distance on the circle of length 1, through its Fourier coefficients."""

    constants: bool
    """Whether the constant functions have a positive eigenvalue."""

    @abstractmethod
    def coefficient(self, k: int) -> Any:
        """Return ``∫ k(t) cos(2πkt) dt`` in mpmath, decreasing in k."""

    @abstractmethod
    def at_distance(self, t: Array) -> Array:
        """Return the kernel at distances t in [0, 1/2]."""

    def levels(self) -> Iterator[tuple[Any, int]]:
        """See `Kernel.levels`."""
        if self.constants:
            yield self.coefficient(0), 1
        for k in itertools.count(1):
            yield self.coefficient(k), 2

    def covariance(self, x: ArrayLike, y: ArrayLike) -> Array:
        """See `Kernel.covariance`."""
        t = np.abs(np.subtract.outer(np.asarray(x, float), np.asarray(y, float))) % 1.0
        return self.at_distance(np.minimum(t, 1 - t))

    def grid(self, n: int) -> Grid:
        """See `Kernel.grid`."""
        resolved = 2 * ((n - 1) // 2) + self.constants
        return Grid(np.arange(n) / n, np.full(n, 1 / n), resolved)

    def sample(self, rng: np.random.Generator, n: int) -> Array:
        """See `Kernel.sample`."""
        return rng.random(n)


@dataclass(frozen=True)
class Sobolev(Circle):
    """The periodic Sobolev kernel of smoothness s.

    See `ratecert.proofs_check.language.mercer.Sobolev`.
    """

    s: Parameter
    constants = False

    def __post_init__(self) -> None:
        if not self.s > Fraction(1, 2):
            raise UserError(f"sobolev({self.s}): the smoothness must be above 1/2")

    def coefficient(self, k: int) -> Any:
        """See `Circle.coefficient`."""
        return (2 * mpmath.pi * k) ** (-2 * number_of(self.s))

    def exactly(self, x: Any, y: Any) -> Any:
        """See `Kernel.exactly`; Clausen's cosine series."""
        order = 2 * number_of(self.s)
        return 2 * (2 * mpmath.pi) ** -order * mpmath.clcos(order, 2 * mpmath.pi * abs(x - y))

    def at_distance(self, t: Array) -> Array:
        """See `Circle.at_distance`: a Bernoulli polynomial, or Clausen's series."""
        if self.s == int(self.s) and self.s <= 8:
            n = 2 * int(self.s)
            numbers = special.bernoulli(n)
            coefficients = special.comb(n, np.arange(n + 1)) * numbers
            value = np.polyval(coefficients, t) * (-1) ** (n // 2 - 1) / math.factorial(n)
            return np.asarray(value)
        distances, place = np.unique(np.round(t, 14), return_inverse=True)
        if distances.size > MOST_SERIES:
            raise UserError(f"sobolev({self.s}) at {distances.size} distances takes too long: "
                            "take a whole smoothness, or points of a grid")  # fmt: skip
        values = [float(self.exactly(mpmath.mpf(u), 0)) for u in distances.tolist()]
        return np.asarray(np.array(values)[place].reshape(t.shape))

    def beyond(self) -> Regular:
        """See `Kernel.beyond`."""
        order = 2 * float(self.s)
        return Regular(math.pi**-order, ((0.5, order),))


@dataclass(frozen=True)
class Matern(Circle):
    """The Matérn kernel of the line, wrapped; ``k(0) = 1`` before it is.

    See `ratecert.proofs_check.language.mercer.Matern`.  `length` is the length scale.
    """

    nu: Parameter
    length: Parameter = Fraction(1, 4)
    constants = True

    def __post_init__(self) -> None:
        if not (self.nu > 0 and self.length > 0):
            raise UserError("matern: the smoothness and the length scale must be positive")

    def coefficient(self, k: int) -> Any:
        """See `Circle.coefficient`: the spectral density of the line at ``2πk``."""
        nu, rate = number_of(self.nu), 2 * number_of(self.nu) / number_of(self.length) ** 2
        half = nu + mpmath.mpf(1) / 2
        scale = 2 * mpmath.sqrt(mpmath.pi) * mpmath.gamma(half) / mpmath.gamma(nu) * rate**nu
        return scale * (rate + (2 * mpmath.pi * k) ** 2) ** -half

    def exactly(self, x: Any, y: Any) -> Any:
        """See `Kernel.exactly`: wrapped until nothing is left at the working precision."""
        return mpmath.fsum(
            self._line(abs(abs(x - y) + n))
            for n in range(-self._images(mpmath.mp.dps), self._images(mpmath.mp.dps) + 1)
        )

    def _line(self, t: Any) -> Any:
        nu = number_of(self.nu)
        z = mpmath.sqrt(2 * nu) * t / number_of(self.length)
        return 2 ** (1 - nu) / mpmath.gamma(nu) * z**nu * mpmath.besselk(nu, z) if z else 1

    def _images(self, digits: int) -> int:
        reach = (2.4 * digits + 20 * float(self.nu) + 10) / math.sqrt(2 * float(self.nu))
        return math.ceil(reach * float(self.length)) + 1

    def at_distance(self, t: Array) -> Array:
        """See `Circle.at_distance`."""
        nu, images = float(self.nu), self._images(16)
        total = np.zeros_like(t)
        for n in range(-images, images + 1):
            z = math.sqrt(2 * nu) * np.abs(t + n) / float(self.length)
            safe = np.maximum(z, 1e-300)
            with np.errstate(invalid="ignore", over="ignore"):
                value = np.exp(nu * np.log(safe) - safe) * special.kve(nu, safe)
            total += np.where(z > 1e-12, value * 2 ** (1 - nu) / special.gamma(nu), 1.0)
        return total

    def beyond(self) -> Regular:
        """See `Kernel.beyond`."""
        power = 2 * float(self.nu) + 1
        with mpmath.workdps(20):
            nu = number_of(self.nu)
            rate = 2 * nu / number_of(self.length) ** 2
            scale = 2 * mpmath.sqrt(mpmath.pi) * mpmath.gamma(nu + 0.5) / mpmath.gamma(nu)
            return Regular(float(scale * rate**nu) * math.pi**-power, ((-0.5, power),))


@dataclass(frozen=True)
class Laplace(Matern):
    """``exp(-t/length)`` wrapped, the Matérn kernel of smoothness 1/2.

    In closed form ``cosh((1/2 - t)/length)/sinh(1/(2 length))``, a geometric series.
    """

    nu: Parameter = Fraction(1, 2)

    def __post_init__(self) -> None:
        if self.nu != Fraction(1, 2) or not self.length > 0:
            raise UserError("laplace: the length scale must be positive, the smoothness is 1/2")

    def exactly(self, x: Any, y: Any) -> Any:
        """See `Kernel.exactly`."""
        length, t = number_of(self.length), abs(x - y)
        return mpmath.cosh((mpmath.mpf(1) / 2 - t) / length) / mpmath.sinh(1 / (2 * length))

    def at_distance(self, t: Array) -> Array:
        """See `Circle.at_distance`."""
        rate = 1 / float(self.length)
        return np.asarray((np.exp(-t * rate) + np.exp((t - 1) * rate)) / -np.expm1(-rate))
