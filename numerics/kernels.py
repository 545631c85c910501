r"""Kernels as numbers: covariance functions, Mercer spectra to any precision, grids, Nyström.

The kernels, their domains and the proofs of their spectra are those of `proofs_check.kernels`;
inputs are uniform on the domain.  Points of an interval or circle are arrays (n,), those of the
sphere in R^d arrays (n, d).

*Grids and Nyström's method.*  Let nodes x with weights w, ``Σ w = 1``, integrate the products of
the first r eigenfunctions exactly, and split ``k = k_r + rest`` after them; on the nodes
``W^{1/2} k_r W^{1/2}`` has the eigenvalues ``λ_1..λ_r`` exactly, the rest adds a positive
semidefinite matrix, and by Weyl's inequality the eigenvalues ``λ^_i`` of ``W^{1/2} K W^{1/2}``
satisfy

    0 <= λ^_i - λ_i <= Σ_x w(x) k(x, x) - Σ_{i<=r} λ_i,        i <= r,

the trace of the rest: the discretisation error that is predicted (`Nystrom.bound`).  Grids:

- [0, 1]: midpoints ``(j - 1/2)/n``.  Products of sines are cosines ``cos(m π x)``, whose sums over
  midpoints are 0 for ``0 < m < 2n``, so r = n for the Brownian kernel, n - 1 for the bridge.
- circle: n equispaced points, degrees up to ``(n-1)//2``.
- sphere, d = 2: the circle; d = 3: Gauss-Legendre in the height times 2L equispaced meridians,
  exact up to degree 2L - 1, so degrees up to L - 1; otherwise none is given.

*Spectra for the exact engine* (`Kernel.spectrum`): 512 eigenvalues as they are, and a regular
sequence beyond: exact for Brownian motion and bridge; where eigenvalues come in pairs a curve
through the middle of each pair, relative error ``O(1/i)`` each and ``O(1/i²)`` in sums; for
spheres the leading power, with the factor that makes the trace right: degrees become a curve.

*Source*: Mercer spectra are classical, those of the arc-cosine kernels in Bach (2017) up to
normalisation; the rest is derived here.
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from numerics.problem import Headed, Measured, Regular, evaluate
from numerics.problem import Sequence as Spectrum
from proofs_check import kernels as named
from proofs_check.errors import UserError
from proofs_check.expr import Num

__all__ = ["ArcCosine", "Bridge", "Brownian", "Given", "Grid", "Kernel", "Laplace", "Matern",
           "NeuralTangent", "Nystrom", "Sobolev", "Sphere", "from_sklearn", "kernel",
           "nystrom"]  # fmt: skip

Array = NDArray[np.float64]
Parameter = Fraction | float | int

MOST_SERIES = 20_000
"""Distances at which a series is summed in mpmath, about a millisecond each."""
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


def _number(value: Parameter) -> Any:
    """Return an mpmath number: a fraction exactly, to the working precision."""
    if isinstance(value, Fraction):
        return mpmath.mpf(value.numerator) / value.denominator
    return mpmath.mpf(value)


# On the interval.


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
    """``min(x, y)``; see `proofs_check.kernels.Brownian`."""

    def levels(self) -> Iterator[tuple[Any, int]]:
        """See `Kernel.levels`."""
        return ((((2 * k - 1) * mpmath.pi / 2) ** -2, 1) for k in itertools.count(1))

    def covariance(self, x: ArrayLike, y: ArrayLike) -> Array:
        """See `Kernel.covariance`."""
        return np.minimum.outer(np.asarray(x, float), np.asarray(y, float))

    def exactly(self, x: Any, y: Any) -> Any:
        """See `Kernel.exactly`."""
        return min(x, y)

    def beyond(self) -> Regular:
        """See `Kernel.beyond`."""
        return Regular(math.pi**-2, ((-0.5, 2.0),))


@dataclass(frozen=True)
class Bridge(_Interval):
    """``min(x, y) - x y``; see `proofs_check.kernels.BrownianBridge`."""

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


# On the circle.


class _Circle(Kernel):
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
class Sobolev(_Circle):
    """The periodic Sobolev kernel of smoothness s; see `proofs_check.kernels.Sobolev`."""

    s: Parameter
    constants = False

    def __post_init__(self) -> None:
        if not self.s > Fraction(1, 2):
            raise UserError(f"sobolev({self.s}): the smoothness must be above 1/2")

    def coefficient(self, k: int) -> Any:
        """See `_Circle.coefficient`."""
        return (2 * mpmath.pi * k) ** (-2 * _number(self.s))

    def exactly(self, x: Any, y: Any) -> Any:
        """See `Kernel.exactly`; Clausen's cosine series."""
        order = 2 * _number(self.s)
        return 2 * (2 * mpmath.pi) ** -order * mpmath.clcos(order, 2 * mpmath.pi * abs(x - y))

    def at_distance(self, t: Array) -> Array:
        """See `_Circle.at_distance`: a Bernoulli polynomial, or Clausen's series."""
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
class Matern(_Circle):
    """The Matérn kernel of the line, wrapped; ``k(0) = 1`` before it is.

    See `proofs_check.kernels.Matern`.  `length` is the length scale.
    """

    nu: Parameter
    length: Parameter = Fraction(1, 4)
    constants = True

    def __post_init__(self) -> None:
        if not (self.nu > 0 and self.length > 0):
            raise UserError("matern: the smoothness and the length scale must be positive")

    def coefficient(self, k: int) -> Any:
        """See `_Circle.coefficient`: the spectral density of the line at ``2πk``."""
        nu, rate = _number(self.nu), 2 * _number(self.nu) / _number(self.length) ** 2
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
        nu = _number(self.nu)
        z = mpmath.sqrt(2 * nu) * t / _number(self.length)
        return 2 ** (1 - nu) / mpmath.gamma(nu) * z**nu * mpmath.besselk(nu, z) if z else 1

    def _images(self, digits: int) -> int:
        reach = (2.4 * digits + 20 * float(self.nu) + 10) / math.sqrt(2 * float(self.nu))
        return math.ceil(reach * float(self.length)) + 1

    def at_distance(self, t: Array) -> Array:
        """See `_Circle.at_distance`."""
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
            nu = _number(self.nu)
            rate = 2 * nu / _number(self.length) ** 2
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
        length, t = _number(self.length), abs(x - y)
        return mpmath.cosh((mpmath.mpf(1) / 2 - t) / length) / mpmath.sinh(1 / (2 * length))

    def at_distance(self, t: Array) -> Array:
        """See `_Circle.at_distance`."""
        rate = 1 / float(self.length)
        return np.asarray((np.exp(-t * rate) + np.exp((t - 1) * rate)) / -np.expm1(-rate))


# On the sphere.


class Sphere(Kernel):
    """A dot-product kernel on the unit sphere of R^d; see `proofs_check.kernels.Sphere`."""

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
        """See `Kernel.grid`; d = 2 and 3."""
        if self.d == 2:
            angle = 2 * math.pi * np.arange(n) / n
            points = np.column_stack([np.cos(angle), np.sin(angle)])
            return Grid(points, np.full(n, 1 / n), self._count((n - 1) // 2))
        if self.d != 3:
            raise UserError(f"there is no grid on the sphere in R^{self.d}: draw points instead")
        L = max(2, round(math.sqrt(n / 2)))
        z, w = np.polynomial.legendre.leggauss(L)
        angle = math.pi * np.arange(2 * L) / L
        r = np.sqrt(1 - z**2)
        points = np.stack([np.outer(r, np.cos(angle)), np.outer(r, np.sin(angle)),
                           np.repeat(z[:, None], 2 * L, axis=1)], axis=-1)  # fmt: skip
        weights = np.repeat(w / (4 * L), 2 * L)
        return Grid(points.reshape(-1, 3), weights, self._count(L - 1))

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


# A user's own.


@dataclass(frozen=True)
class Given(Kernel):
    """A covariance function as given, with the eigenvalues that its owner knows.

    Attributes
    ----------
    function : ``(x, y) -> matrix k(x_i, y_j)``.
    draw : ``(rng, n) -> n inputs``.
    known : eigenvalues, decreasing; empty where they are not known.
    """

    function: Callable[[Array, Array], Array]
    draw: Callable[[np.random.Generator, int], Array]
    known: Sequence[float] = ()

    def levels(self) -> Iterator[tuple[Any, int]]:
        """See `Kernel.levels`; only as many as are known."""
        if not self.known:
            raise UserError("the eigenvalues of this kernel are not known: estimate them")
        return ((mpmath.mpf(value), 1) for value in self.known)

    def covariance(self, x: ArrayLike, y: ArrayLike) -> Array:
        """See `Kernel.covariance`."""
        value = np.asarray(self.function(np.asarray(x, float), np.asarray(y, float)), float)
        if value.shape != (len(np.asarray(x)), len(np.asarray(y))):
            raise UserError(f"the kernel gave an array of shape {value.shape} for "
                            f"{len(np.asarray(x))} by {len(np.asarray(y))} points")  # fmt: skip
        return value

    def exactly(self, x: Any, y: Any) -> Any:
        """See `Kernel.exactly`; in double precision."""
        return mpmath.mpf(float(self.covariance(np.atleast_1d(x), np.atleast_1d(y))[0, 0]))

    def beyond(self) -> Regular:
        """Refused: nothing is known beyond."""
        raise UserError("nothing is known of this kernel beyond its given eigenvalues")

    def spectrum(self) -> Spectrum:
        """Return the given eigenvalues, and nothing beyond."""
        return Measured.of(self.eigenvalues(len(self.known)))

    def grid(self, n: int) -> Grid:
        """Return n inputs drawn with a fixed seed; none of the eigenvalues is resolved."""
        return Grid(self.sample(np.random.default_rng(0), n), np.full(n, 1 / n), 0)

    def sample(self, rng: np.random.Generator, n: int) -> Array:
        """See `Kernel.sample`."""
        return np.asarray(self.draw(rng, n), float)


def from_sklearn(
    kernel: Any, draw: Callable[[np.random.Generator, int], Array], known: Sequence[float] = ()
) -> Given:
    """Return a kernel object of scikit-learn's Gaussian processes as a kernel here.

    Parameters
    ----------
    kernel
        An instance of ``sklearn.gaussian_process.kernels.Kernel``.
    draw
        ``(rng, n) -> inputs``, (n,) or (n, d).
    known
        Its eigenvalues, where they are known.

    Raises
    ------
    UserError
        Where scikit-learn is missing, or it is something else.
    """
    try:
        from sklearn.gaussian_process.kernels import Kernel as Theirs
    except ImportError:
        raise UserError("scikit-learn is not installed: pip install 'ratecert[kernels]'") from None
    if not isinstance(kernel, Theirs):
        raise UserError(f"{kernel!r} is no kernel of sklearn.gaussian_process.kernels")

    def function(x: Array, y: Array) -> Array:
        return np.asarray(kernel(x.reshape(len(x), -1), y.reshape(len(y), -1)), float)

    return Given(function, draw, known)


def kernel(spec: named.Kernel, values: Mapping[str, Fraction | float] | None = None) -> Kernel:
    """Return the numbers of a kernel of the claim language.

    Parameters
    ----------
    spec
        What `proofs_check.kernels.parse_kernel` returns.
    values
        The values of the names in its parameter.

    Raises
    ------
    UserError
        Where a value is missing or impossible.
    """
    match spec:
        case named.Brownian():
            return Brownian()
        case named.BrownianBridge():
            return Bridge()
        case named.Laplace():
            return Laplace()
        case named.ArcCosine(d):
            return ArcCosine(d)
        case named.NeuralTangent(d):
            return NeuralTangent(d)
        case named.Sobolev(s):
            return Sobolev(_parameter(s, values or {}))
        case named.Matern(nu):
            return Matern(_parameter(nu, values or {}))
    raise UserError(f"the kernel {spec} has no numbers")


def _parameter(expr: Any, values: Mapping[str, Fraction | float]) -> Parameter:
    if isinstance(expr, Num):
        return expr.value
    return evaluate(expr, {name: float(value) for name, value in values.items()})


# Nyström.


@dataclass(frozen=True, slots=True)
class Nystrom:
    """Eigenvalues of a kernel on a grid; ``0 <= values_i - λ_i <= bound`` for i <= resolved."""

    values: Array
    resolved: int
    bound: float


def nystrom(kernel: Kernel, n: int) -> Nystrom:
    """Return the eigenvalues on about n nodes and the predicted discretisation error.

    See the module's docstring; time of order ``n^3``.
    """
    grid = kernel.grid(n)
    root = np.sqrt(grid.weights)
    matrix = root[:, None] * kernel.covariance(grid.points, grid.points) * root
    values = np.linalg.eigvalsh(matrix)[::-1]
    known = kernel.eigenvalues(grid.resolved) if grid.resolved else np.zeros(0)
    return Nystrom(values, grid.resolved, float(np.trace(matrix) - math.fsum(known)))
