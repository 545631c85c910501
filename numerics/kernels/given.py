"""A user's own kernel, and those of scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
from numpy.typing import ArrayLike

from ratecert.numerics.kernels.base import Array, Grid, Kernel
from ratecert.numerics.model.problem import Measured, Regular
from ratecert.numerics.model.problem import Sequence as Spectrum
from ratecert.proofs_check.language.errors import UserError

__all__ = ["Given", "from_sklearn"]


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
