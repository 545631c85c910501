r"""The approximation of a Gaussian sketch to the next order in 1/M.

To the leading order ``E_S approx`` is ``Σ κ e_i/(λ_i + κ)``, with ``Σ λ_i/(λ_i + κ) = M``
(`numerics.equivalents`).  What follows it comes from the mean of ``log det``.  Put ``E = diag(e)``
and ``Σ_ε = S (H + ε H^{1/2} E H^{1/2}) S^T``; as ``P = H^{1/2} S^T Σ^-1 S H^{1/2}``,

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

*Source*: derived here from the mean cited.
"""

from __future__ import annotations

import math

import numpy as np

from numerics.equivalents import kappa, spectral_nodes
from numerics.problem import Problem

__all__ = ["next_order", "shifted"]


def next_order(problem: Problem, M: int) -> float:
    """Return what follows `numerics.equivalents.approximation`, of relative order 1/M.

    Of one output with Gaussian features; what is left out is of relative order ``1/M²``.
    """
    nodes = spectral_nodes(problem, M)
    k = kappa(nodes, M)
    r = nodes.lam / (nodes.lam + k)
    lost = nodes.weight * r * (1 - r)
    drift = float(lost @ nodes.energy) / float(np.sum(lost))
    phi = float(nodes.weight @ r**2) / M
    slope = 2 * float((lost * r) @ (nodes.energy - drift)) / M
    return slope / (2 * (1 - phi))


def shifted(scale: float, a: float, shift: float, M: int) -> float:
    """Return the closed form for eigenvalues and energies ``scale (i + shift)^-a``."""
    c = (math.pi / a) / math.sin(math.pi / a)
    leading = scale * c**a * math.pow(M, 1 - a)
    return leading * math.pow(1 + (shift + 0.5) / M, -a) * (1 + (a - 1) / (2 * M))
