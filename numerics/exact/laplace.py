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
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ratecert.numerics.exact.secular import UNIT

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
    u, relative, c = u[:, None], (8 * UNIT + g_relative)[:, None], m.shape[1]
    # Conjugate pairs: twice the real part over the upper half.
    weight = (np.exp(zeta + zeta / n) * slope / (1j * math.pi * n))[:, None]
    drift = np.expm1(zeta / n)
    R = _Resolvent.at(drift, g)
    loop, source, inherited = np.split(R.forth(np.hstack([u * u, u * m, u * e])), [1, 1 + c], 1)
    loops, sources = np.split(R.size @ (relative * u * np.hstack([u, m])), [1], 1)
    forced, room = force / drift[:, None], 1 - loop
    Y, carried = (source + forced) / room, inherited / room
    Y_error = (sources + 8 * UNIT * np.abs(forced) + loops * np.abs(Y)) / np.abs(room)
    gain, error = np.split(R.back(weight * np.hstack([Y, carried])), 2, 1)
    heavy = np.abs(weight) * np.hstack([Y_error + 8 * UNIT * np.abs(Y), np.abs(Y)])
    own, moved = np.split(R.size.T @ heavy, 2, 1)
    own += (2 * g_relative)[:, None] * moved
    log = np.log1p(-g)
    power = np.exp(n * log)[:, None]
    power_error = n * (g_relative * g / np.exp(log) + 2 * UNIT * np.abs(log)) + 4 * UNIT
    made = power * power_error[:, None] * m + u * own
    return power * m + u * np.maximum(gain, 0.0), power * e + u * np.abs(error), made


@dataclass(frozen=True, slots=True)
class _Resolvent:
    """``R = 1/(drift + g)``, (Q, M), in real numbers, which are several times as fast."""

    real: Array
    imag: Array
    size: Array

    @classmethod
    def at(cls, drift: Complex, g: Array) -> _Resolvent:
        """Return it at the nodes."""
        real, imag = drift.real[:, None] + g, drift.imag[:, None]
        inverse = 1 / (real * real + imag * imag)
        return cls(real * inverse, -imag * inverse, np.sqrt(inverse))

    def forth(self, x: Array) -> Complex:
        """Return ``R x``, (Q, k)."""
        return np.asarray(self.real @ x + 1j * (self.imag @ x))

    def back(self, w: Complex) -> Array:
        """Return the real part of ``R^T w``, (M, k)."""
        return np.asarray(self.real.T @ w.real - self.imag.T @ w.imag)


def _upper_half() -> tuple[Complex, Complex]:
    zeta, slope = hyperbola(0.0, _DIGITS)
    half = len(zeta) // 2
    return zeta[half:], slope[half:]


_NODES = _upper_half()
