r"""SGD on a measure: the second-moment recursion where the spectrum is known by quadrature.

*The recursion on functions of z.*  Where the target enters mode i with ``m_i(0) = e_i/lam_i``, the
second moments keep the form ``m_i = (e_i/lam_i) alpha(lam_i) + beta(lam_i)``, alpha and beta being
functions of the eigenvalue alone:

    alpha' = (1 - g) alpha,     beta' = (1 - g) beta + (gamma^2 z/B) (E + noise),
    E = sum_i lam_i m_i = sum_i e_i alpha(lam_i) + sum_i lam_i beta(lam_i),
    g(z) = 2 gamma z - (1 + 1/B) (gamma z)^2.

Both sums are integrals against a measure, so it is enough to follow alpha and beta on the nodes
of a quadrature, real or (on a contour, all functions being polynomials in z) complex.

*A stage of n equal steps.*  With ``u(r) = sum_t r^(-t-1) beta_t`` and ``R = 1/(r - 1 + g)``,

    u = R (beta_0 + b Y),   Y = E(r) + noise/(r - 1),    b = gamma^2 z/B,
    E(r) = (<R e alpha_0> + <R lam beta_0> + <R lam b> noise/(r - 1)) / (1 - <R lam b>),

``<.>`` being the sums over the spectrum, so each r costs O(Q).  Back in time,
``beta_n = (1 - g)^n beta_0 + b (1/2 pi i) int r^n R Y dr``, on the hyperbola of
`numerics.laplace` around all ``n log(1 - g)``.  Short stages go step by step.

*Source*: derived here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from numerics.laplace import FEWEST_STEPS, hyperbola
from numerics.schedules import Schedule

__all__ = ["Measure", "Response", "feedback", "respond", "sector"]

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Measure:
    """Quadrature for sums over the spectrum.

    Attributes
    ----------
    z : (Q,) nodes, in conjugate pairs or real.
    counting : (Q,) weights: ``sum_i f(lam_i) = Re sum counting f(z)``.
    energy : (Q,) weights: ``sum_i e_i f(lam_i) = Re sum energy f(z)``.
    """

    z: Complex
    counting: Complex
    energy: Complex

    @classmethod
    def real(cls, lam: Array, weight: Array, energy: Array) -> Measure:
        """Return the measure of modes of these eigenvalues and energies, each so often."""
        return cls(*(np.asarray(v, dtype=np.complex128) for v in (lam, weight, weight * energy)))


@dataclass(frozen=True, slots=True)
class Response:
    """Bias, mean bias and variance of the expected excess.

    `sizes` are the sums of the absolute values of the terms that make them up: what relative
    errors of nodes and weights are relative to.
    """

    bias: float
    mean_bias: float
    variance: float
    sizes: tuple[float, float, float]


def feedback(measure: Measure, gamma: float, batch: int) -> float:
    """Return ``S = sum_i (x_i/B)/(2 - (1 + 1/B) x_i)``; the risk is stable iff it is below 1."""
    x = gamma * measure.z
    return float((measure.counting @ (x / (batch * (2 - (1 + 1 / batch) * x)))).real)


def sector(measure: Measure, gamma: float, batch: int) -> float:
    """Return the half-angle of the sector about the positive axis that holds ``-log(1 - g)``.

    Below pi/2, no power of ``1 - g`` grows on the nodes.  Infinite where ``|1 - x| > 1``, which
    would make the mean path grow.
    """
    x = gamma * measure.z
    if np.any(np.abs(1 - x) > 1):
        return math.inf
    return float(np.max(np.abs(np.angle(_rate(x, batch)))))


def _log1p(w: Complex) -> Complex:
    """Return ``log(1 + w)`` with relative accuracy for small w, which NumPy's has not."""
    real, imag = w.real, w.imag
    return 0.5 * np.log1p(real * (2 + real) + imag * imag) + 1j * np.arctan2(imag, 1 + real)


def _rate(x: Complex, batch: int) -> Complex:
    return np.asarray(-_log1p(-x * (2 - (1 + 1 / batch) * x)))


def respond(
    measure: Measure, noise: float, schedule: Schedule, batch: int, digits: float
) -> Response:
    """Return the response of SGD on the measure.

    Parameters
    ----------
    measure : nodes on which no ``|1 - g|`` exceeds 1 (see `sector`).
    noise : variance of the labels given the features.
    schedule : the step sizes.
    batch : samples per step.
    digits : decimal digits asked of each stage's quadrature, at most 12.
    """
    z, weights = measure.z, measure.counting * measure.z
    alpha = np.ones_like(z)
    beta = np.zeros((len(z), 2), dtype=np.complex128)
    path = np.zeros_like(z)
    for gamma, n in zip(schedule.gammas.tolist(), schedule.steps.tolist(), strict=True):
        x = gamma * z
        stage = _Stage(
            rate=_rate(x, batch),
            b=gamma * x / batch,
            energy=measure.energy,
            weights=weights,
            noise=noise,
        )
        if n < FEWEST_STEPS:
            alpha, beta = stage.iterate(alpha, beta, n)
        else:
            alpha, beta = stage.jump(alpha, beta, n, digits)
        path = path + 2 * n * _log1p(-x)
    mean = np.exp(path)
    # Sums that are positive but for their rounding.
    bias, variance = (max(float(part.real), 0.0) for part in weights @ beta)
    size, wide = np.abs(measure.energy), np.abs(weights) @ np.abs(beta)
    return Response(
        bias=max(float((measure.energy @ alpha).real), 0.0) + bias,
        mean_bias=max(float((measure.energy @ mean).real), 0.0),
        variance=variance,
        sizes=(
            float(size @ np.abs(alpha) + wide[0]),
            float(size @ np.abs(mean)),
            float(wide[1]),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Stage:
    """One step size: ``1 - g = exp(-rate)``, ``b = gamma^2 z/B``."""

    rate: Complex
    b: Complex
    energy: Complex
    weights: Complex
    noise: float

    def iterate(self, alpha: Complex, beta: Complex, n: int) -> tuple[Complex, Complex]:
        """Take n steps one by one."""
        kept, force = np.exp(-self.rate), np.array([0.0, self.noise])
        for _ in range(n):
            excess = (self.weights @ beta).real + force
            excess[0] += (self.energy @ alpha).real
            alpha, beta = kept * alpha, kept[:, None] * beta + self.b[:, None] * excess
        return alpha, beta

    def jump(
        self, alpha: Complex, beta: Complex, n: int, digits: float
    ) -> tuple[Complex, Complex]:
        """Take n steps at once."""
        zeta, slope = hyperbola(float(np.max(np.abs(np.angle(self.rate)))), digits)
        drift = np.expm1(zeta / n)
        resolvent = 1 / (drift[:, None] - np.expm1(-self.rate))
        source = resolvent @ (self.weights[:, None] * beta)
        source[:, 0] += resolvent @ (self.energy * alpha)
        loop = resolvent @ (self.weights * self.b)
        forced = np.stack([np.zeros_like(drift), self.noise / drift], axis=1)
        total = (source + loop[:, None] * forced) / (1 - loop)[:, None] + forced
        measure = np.exp(zeta + zeta / n) * slope / (2j * math.pi * n)
        power = np.exp(-n * self.rate)
        gain = resolvent.T @ (measure[:, None] * total)
        return power * alpha, power[:, None] * beta + self.b[:, None] * gain
