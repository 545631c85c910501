r"""Kernels as numbers: covariance functions, Mercer spectra to any precision, grids, Nyström.

The kernels, their domains and the proofs of their spectra are those of
`ratecert.proofs_check.language.mercer`; inputs are uniform on the domain.  Points of an interval
or circle are arrays (n,), those of the sphere in R^d arrays (n, d).

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
- sphere, d = 2: the circle; d >= 3: a product of L Gauss-Gegenbauer nodes in each of the d - 2
  heights, of weight ``(1 - z²)^((j-1)/2)``, j = 1 .. d - 2, times 2L equispaced meridians, with
  ``2 L^(d-1)`` nodes.  A monomial is a product of powers of the heights ``z_j`` and roots ``(1 -
  z_j²)^(1/2)``; where one of these has an odd power an inner sum over nodes is 0 by symmetry, as
  the integral is, and otherwise it is a polynomial in each ``z_j``: exact up to degree 2L - 1, so
  degrees up to L - 1.

*Spectra for the exact engine* (`Kernel.spectrum`): 512 eigenvalues as they are, and a regular
sequence beyond: exact for Brownian motion and bridge; where eigenvalues come in pairs a curve
through the middle of each pair, relative error ``O(1/i)`` each and ``O(1/i²)`` in sums; for
spheres the leading power, with the factor that makes the trace right: degrees become a curve.

*Source*: Mercer spectra are classical, those of the arc-cosine kernels in Bach (2017) up to
normalisation; the rest is derived here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ratecert.numerics.kernels.base import Array, Grid, Kernel, Parameter
from ratecert.numerics.kernels.circle import Circle, Laplace, Matern, Sobolev
from ratecert.numerics.kernels.given import Given, from_sklearn
from ratecert.numerics.kernels.interval import Bridge, Brownian
from ratecert.numerics.kernels.sphere import ArcCosine, NeuralTangent, Sphere
from ratecert.numerics.model.problem import evaluate
from ratecert.proofs_check.language import mercer as named
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import Expr, Num

__all__ = ["ArcCosine", "Bridge", "Brownian", "Circle", "Given", "Grid", "Kernel", "Laplace",
           "Matern", "NeuralTangent", "Nystrom", "Sobolev", "Sphere", "from_sklearn", "kernel",
           "nystrom"]  # fmt: skip


def kernel(
    spec: named.MercerKernel, values: Mapping[str, Fraction | float] | None = None
) -> Kernel:
    """Return the numbers of a kernel of the claim language.

    Parameters
    ----------
    spec
        What `ratecert.proofs_check.language.mercer.parse_kernel` returns.
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


def _parameter(expr: Expr, values: Mapping[str, Fraction | float]) -> Parameter:
    if isinstance(expr, Num):
        return expr.value
    return evaluate(expr, {name: float(value) for name, value in values.items()})


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
    values = np.asarray(np.linalg.eigvalsh(matrix)[::-1], dtype=np.float64)
    known = kernel.eigenvalues(grid.resolved) if grid.resolved else np.zeros(0)
    return Nystrom(values, grid.resolved, float(np.trace(matrix) - math.fsum(known)))
