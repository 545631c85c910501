r"""Many equal steps at once by inverting a Laplace transform: O(M) a stage instead of O(M^2).

For ``m <- A m + force u`` with ``A = I - diag(g) + u u^T`` let ``Y(r) = sum_t r^(-t-1) (u^T m_t +
force)``.  With ``R_i = 1/(r - 1 + g_i)`` and ``<.>`` the sum over the modes,

    Y = (<R u m_0> + force/(r - 1)) / (1 - <R u^2>),
    m_n = (1 - g)^n m_0 + u G,     G_i = (1/2 pi i) int r^n R_i Y dr >= 0.

The integrand is analytic off the negative axis in ``zeta = n log r``, all its singularities being
real and in r <= 1.  On the hyperbola ``zeta(v) = mu (1 + sin(i v - alpha))`` around them the
trapezoidal rule of step h has the error ``exp(mu - 2 pi d/h)``, d the half-width of the strip of
analyticity, ``d = alpha`` for ``alpha = (pi/2 - delta)/2`` where the singularities lie in the
sector of half-angle delta (Weideman and Trefethen 2007; Lopez-Fernandez, Palencia and Schaedle
2006); the strip is used up to nine tenths, as the integrand is large at its edge.

*Errors.*  Both terms of ``m_n`` are non-negative.  The error of G_i is bounded by a few units in
the last place of the sum of the absolute values of its terms, the error of Y included.  It is
small relative to the *average* of ``u^T m_t`` over the stage, so this way serves where the excess
does not fall by many powers of ten within one stage; elsewhere its error bound says so.

*Source*: the transform of the recursion is derived here.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from numerics.secular import UNIT

__all__ = ["FEWEST_STEPS", "hyperbola", "leap"]

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

FEWEST_STEPS = 64
"""Below, the hyperbola would reach beyond ``|Im log r| = pi``."""

_SHIFT = 5.0  # mu: the hyperbola's distance from 0; rounding grows by exp(mu (1 - sin alpha))
_USED = 0.9
_DIGITS = 16.0


def hyperbola(delta: float, digits: float) -> tuple[Complex, Complex]:
    """Return nodes zeta and ``zeta' h`` for singularities in the sector of half-angle delta.

    The second half of the nodes has positive imaginary part; the first is its conjugate.
    """
    alpha = 0.5 * (0.5 * math.pi - delta)
    target = digits * math.log(10)
    h = 2 * math.pi * _USED * alpha / (target + _SHIFT)
    reach = math.acosh((1 + target / _SHIFT) / math.sin(alpha))
    count = math.ceil(reach / h)
    v = (np.arange(-count, count) + 0.5) * h
    argument = 1j * v - alpha
    return _SHIFT * (1 + np.sin(argument)), _SHIFT * 1j * np.cos(argument) * h


def leap(
    g: Array, g_relative: Array, u: Array, force: Array, m: Array, e: Array, n: int
) -> tuple[Array, Array, Array]:
    """Return the moments after n steps.

    Parameters
    ----------
    g, u : (M,) the map.
    g_relative : (M,) bound on the relative rounding error of g.
    force : (c,) forcing of each column.
    m, e : (M, c) moments and bounds on their errors.
    n : number of steps, at least `FEWEST_STEPS`.

    Returns
    -------
    (M, c) moments, their errors carried over from `e`, and the bound on the error made here.
    """
    zeta, slope = _NODES
    # Conjugate pairs: twice the real part over the upper half.
    weight = np.exp(zeta + zeta / n) * slope / (1j * math.pi * n)
    drift = np.expm1(zeta / n)
    R = 1 / (drift[:, None] + g)
    size = np.abs(R)
    room = np.abs(1 - R @ u**2)[:, None]
    forced = force / drift[:, None]
    Y = ((R @ (u[:, None] * m)) + forced) / (1 - R @ u**2)[:, None]
    relative = 8 * UNIT + g_relative
    loops = (size @ (relative * u**2))[:, None]
    Y_error = size @ ((relative * u)[:, None] * m) + 8 * UNIT * np.abs(forced)
    Y_error = (Y_error + loops * np.abs(Y)) / room
    carried = (R @ (u[:, None] * e)) / (1 - R @ u**2)[:, None]
    log = np.log1p(-g)
    power = np.exp(n * log)[:, None]
    power_error = n * (g_relative * g / np.exp(log) + 2 * UNIT * np.abs(log)) + 4 * UNIT
    gain = (R.T @ (weight[:, None] * Y)).real
    heavy = np.abs(weight)[:, None]
    own = size.T @ (heavy * (Y_error + 8 * UNIT * np.abs(Y)))
    own += (2 * g_relative)[:, None] * (size.T @ (heavy * np.abs(Y)))
    made = power * power_error[:, None] * m + u[:, None] * own
    error = power * e + u[:, None] * np.abs((R.T @ (weight[:, None] * carried)).real)
    return power * m + u[:, None] * np.maximum(gain, 0.0), error, made


def _upper_half() -> tuple[Complex, Complex]:
    zeta, slope = hyperbola(0.0, _DIGITS)
    half = len(zeta) // 2
    return zeta[half:], slope[half:]


_NODES = _upper_half()
