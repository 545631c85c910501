r"""The approximation of a Gaussian sketch to the next order in 1/M.

To the leading order ``E_S approx`` is ``Σ κ e_i/(λ_i + κ)``, with ``Σ λ_i/(λ_i + κ) = M``
(`ratecert.numerics.sketches.deterministic_equivalent`).  What follows it comes from the mean of
``log det``.  Put ``E = diag(e)`` and ``Σ_ε = S (H + ε H^{1/2} E H^{1/2}) S^T``; as ``P = H^{1/2}
S^T Σ^-1 S H^{1/2}``,

    tr P E = d/dε log det Σ_ε   at ε = 0,       approx = tr E - tr P E.

For real Gaussian entries (Bai and Silverstein 2004: the mean in their central limit theorem, for
the function log)

    E log det Σ = [leading order] + 1/2 log(1 - φ),      φ = (1/M) Σ r_i²,   r_i = λ_i/(λ_i + κ).

With ``λ' = λ e`` the equation for κ gives ``κ'/κ = Σ r(1-r) e / Σ r(1-r)``, so that
``r' = r (1-r) (e - κ'/κ)`` and

    E approx = Σ κ e_i/(λ_i + κ) + φ'/(2 (1 - φ)),       φ' = (2/M) Σ r² (1-r) (e - κ'/κ).

*Closed forms.*  ``H = I`` in d dimensions: P is uniform, ``E approx = (1 - M/d) tr E`` exactly,
and the term is 0 for constant e.  For ``λ_i = e_i = L i^-a`` put ``I_p = ∫ (1 + u^a)^-p du``, so
that ``Σ r^p`` is ``I_p`` times one common factor, and ``I_{p+1} = (1 - 1/(ap)) I_p`` by parts.
Then ``φ = 1 - 1/a``, ``κ'/κ = (a-1) κ`` and ``φ' = κ (1 - 1/a)``:

    E approx = κ M (1 + (a - 1)/(2M)),      in the limit of large M.

For eigenvalues that follow ``L (i + s)^-a`` the sum for M is an integral less ``s + 1/2``, hence
``κ ~ L (c_a/(M + s + 1/2))^a``, ``c_a = (π/a)/sin(π/a)``, and (`shifted`)

    E approx ~ L c_a^a M^(1-a) (1 + (s + 1/2)/M)^-a (1 + (a - 1)/(2M)).

*Spheres*, d = 3, even degrees: ``μ_k ~ c x^-α (1 + δ/x²)``, ``x = k + 1/2``, 2x times each, and
the three of degree 1.  With ``g = 1/(1 + κ x^α/c)``, at x from 1/2 on and 2 apart, Euler and
Maclaurin give ``Σ 2x g = ∫ x g dx + 1/6`` from -1/2 on; the integral from -1/2 to 0 is -1/8, and
δ adds ``δ ∫ g (1-g) dx/x = δ/α``.  So the sum for M is the law's integral and s,

    s = 3 + 1/6 - 1/8 + δ/α,        E approx ~ L c_a^a M^(1-a) (1 - s/M)^-a (1 + (a - 1)/(2M)),

``L = c 2^-a``, ``a = α/2``: the leading degrees take s features for themselves, and the law holds
in ``M - s``.  For `ntk(3)` δ = 65/8 and s = 23/4, for `arc-cosine(3)` δ = 35/8 and s = 47/12.
`by_degree` sums over the degrees instead of 512 eigenvalues and a law.

*Source*: derived here from the mean cited; the two δ are read off the eigenvalues at large k.
"""

from __future__ import annotations

import math
from functools import lru_cache

import mpmath
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from ratecert.numerics.kernels import Sphere
from ratecert.numerics.model.problem import Problem
from ratecert.numerics.sketches.deterministic_equivalent import kappa, spectral_nodes

__all__ = ["by_degree", "next_order", "shifted"]

Array = NDArray[np.float64]


def next_order(problem: Problem, M: int) -> float:
    """Return what follows the deterministic equivalent, of relative order 1/M.

    Of one output with Gaussian features; what is left out is of relative order ``1/M²``.
    """
    nodes = spectral_nodes(problem, M)
    return _next(nodes.lam, nodes.energy, nodes.weight, kappa(nodes, M), M)


def _next(lam: Array, energy: Array, weight: Array, k: float, M: int) -> float:
    """Return ``φ'/(2 (1 - φ))``."""
    r = lam / (lam + k)
    lost = weight * r * (1 - r)
    drift = float(lost @ energy) / float(np.sum(lost))
    slope = 2 * float((lost * r) @ (energy - drift)) / M
    return slope / (2 * (1 - float(weight @ r**2) / M))


def by_degree(kernel: Sphere, M: int, degrees: int) -> float:
    """Return the approximation of a dot-product kernel, isotropic prior, next order included.

    Of the degrees from `degrees` on only the trace is taken: they have to lie far below κ.
    """
    lam, count = _levels(kernel, degrees)
    rest = float(kernel.at_angle(np.zeros(1))[0]) - float(count @ lam)

    def missing(log_k: float) -> float:
        k = math.exp(log_k)
        return float(count @ (lam / (lam + k))) + rest / k - M

    k = math.exp(brentq(missing, math.log(lam[-1]), math.log(lam.sum() * count.max())))
    return k * M + _next(lam, lam, count, k, M)


@lru_cache(maxsize=8)
def _levels(kernel: Sphere, degrees: int) -> tuple[Array, Array]:
    """Return eigenvalues and multiplicities of the degrees below a bound."""
    with mpmath.workdps(20):
        ks = [0, 1, *range(2, degrees, 2)]
        lam = np.array([float(kernel.coefficient(k)) for k in ks])
    return lam, np.array([float(kernel.multiplicity(k)) for k in ks])


def shifted(scale: float, a: float, shift: float, M: int) -> float:
    """Return the closed form for eigenvalues and energies ``scale (i + shift)^-a``."""
    c = (math.pi / a) / math.sin(math.pi / a)
    leading = scale * math.pow(c, a) * math.pow(M, 1 - a)
    return leading * math.pow(1 + (shift + 0.5) / M, -a) * (1 + (a - 1) / (2 * M))
