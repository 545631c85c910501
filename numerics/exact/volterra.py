r"""SGD on a measure: the second-moment recursion where the spectrum is known by quadrature.

*The recursion on functions of z.*  Where the target enters mode i with ``m_i(0) = e_i/lam_i``, the
second moments keep the form ``m_i = (e_i/lam_i) alpha(lam_i) + beta(lam_i)``, alpha and beta being
functions of the eigenvalue alone:

    alpha' = (1 - g) alpha,     beta' = (1 - g) beta + (gamma^2 z/B) (E + noise),
    E = sum_i lam_i m_i = sum_i e_i alpha(lam_i) + sum_i lam_i beta(lam_i),
    g(z) = 2 gamma z - (1 + 1/B) (gamma z)^2.

Both sums are integrals against a measure, so it is enough to follow alpha and beta on the nodes
of a quadrature, real or (on a contour, all functions being polynomials in z) complex.  Complex
nodes come in conjugate pairs, on which the functions are conjugate: one half is followed.

*A stage of n equal steps.*  With ``u(r) = sum_t r^(-t-1) beta_t`` and ``R = 1/(r - 1 + g)``,

    u = R (beta_0 + b Y),   Y = E(r) + noise/(r - 1),    b = gamma^2 z/B,
    E(r) = (<R e alpha_0> + <R lam beta_0> + <R lam b> noise/(r - 1)) / (1 - <R lam b>),

``<.>`` being the sums over the spectrum, so each r costs O(Q).  Back in time,
``beta_n = (1 - g)^n beta_0 + b (1/2 pi i) int r^n R Y dr``, on the hyperbola of
`ratecert.numerics.exact.laplace` around all ``n log(1 - g)``.  Short stages go step by step.

*Averaged iterates* (`ratecert.numerics.exact.averaging`) need ``c = E a delta`` and ``s = E a^2``,
a being the sum of the deviations delta so far.  With ``y = 1 - gamma z`` both are again such
functions, ``c' = y (c + m)`` and ``s' = s + 2 c + m`` for the alpha and the beta part of m alike,
there is no feedback but that of m, and the transforms follow from that of m:

    c(r) = (c_0 + y m(r))/(r - y),      s(r) = (s_0 + 2 c(r) + m(r))/(r - 1).

Their singularities beside those of m are r = 1 and ``r = y``, so that the hyperbola goes around
``n log y`` too, except where ``|y|^n`` is below rounding.  What a stage adds to s is of the order
of its largest terms, never an exponentially small remainder of them: here the inversion serves the
alpha part too.  The excess of the mean of N iterates is ``(<e s_alpha> + <lam s_beta>)/N^2``, and
the mean path enters by its sum ``sum_t prod_{l<=t} (1 - gamma_l z)``.

*Source*: derived here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ratecert.numerics.exact.laplace import FEWEST_STEPS, hyperbola
from ratecert.numerics.model.schedules import Schedule

__all__ = ["Measure", "Response", "feedback", "respond", "sector"]

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

_GONE = -1e3
_DEAD = 36.0  # exp(-36) is below rounding


@dataclass(frozen=True, slots=True)
class Measure:
    """Quadrature for sums over the spectrum.

    Attributes
    ----------
    z : (Q,) nodes, real or in the upper half-plane; these stand for their conjugates too.
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


def sector(measure: Measure, gamma: float, batch: int, averaged: bool = False) -> float:
    """Return the half-angle of the sector about the positive axis that holds all rates of decay.

    These are ``-log(1 - g)``, and where iterates are averaged ``-log(1 - x)``.  Below pi/2, no
    power of ``1 - g`` grows on the nodes.  Infinite where ``|1 - x| > 1``, which would make the
    mean path grow.
    """
    x = gamma * measure.z
    if np.any(np.abs(1 - x) > 1):
        return math.inf
    return _widest(x, _rate(x, batch), FEWEST_STEPS if averaged else None)


def _widest(x: Complex, rate: Complex, n: int | None) -> float:
    """Return the largest angle of the rates, of those of averages over n steps too."""
    angle = float(np.max(np.abs(np.angle(rate))))
    if n is None:
        return angle
    slow = -_log1p(-x)
    alive = n * slow.real < _DEAD
    return max(angle, float(np.max(np.abs(np.angle(slow[alive])), initial=0.0)))


def _log1p(w: Complex) -> Complex:
    """Return ``log(1 + w)`` with relative accuracy for small w, which NumPy's has not."""
    real, imag = w.real, w.imag
    with np.errstate(divide="ignore"):
        size = 0.5 * np.log1p(real * (2 + real) + imag * imag)
    # A mode with x = 1 is gone after a step: finite, so that no product with it is undefined.
    return np.asarray(np.maximum(size, _GONE) + 1j * np.arctan2(imag, 1 + real))


def _rate(x: Complex, batch: int) -> Complex:
    return np.asarray(-_log1p(-x * (2 - (1 + 1 / batch) * x)))


def respond(
    measure: Measure,
    noise: float,
    schedule: Schedule,
    batch: int,
    digits: float,
    averaged: bool = False,
) -> Response:
    """Return the response of SGD on the measure.

    Parameters
    ----------
    measure : nodes on which no ``|1 - g|`` exceeds 1 (see `sector`).
    noise : variance of the labels given the features.
    schedule : the step sizes.
    batch : samples per step.
    digits : decimal digits asked of each stage's quadrature, at most 12.
    averaged : whether the output is the mean of ``v_0 .. v_{N-1}`` instead of ``v_N``.
    """
    walk = _Walk.start(measure, averaged)
    for gamma, n in zip(schedule.gammas.tolist(), schedule.steps.tolist(), strict=True):
        stage = _Stage.of(measure, gamma, batch, noise)
        if n < FEWEST_STEPS:
            stage.iterate(walk, n)
        else:
            stage.jump(walk, n, digits)
    return walk.response(measure, schedule.total)


@dataclass(slots=True)
class _Walk:
    """The functions of z after the steps so far.

    Columns of `m`, `c` and `s`, (Q, 3): alpha, beta in response to the initial error, beta in
    response to the noise.  `path` is the logarithm of the mean path, `total` its sum.
    """

    m: Complex
    path: Complex
    total: Complex
    c: Complex | None
    s: Complex | None

    @classmethod
    def start(cls, measure: Measure, averaged: bool) -> _Walk:
        """Return the functions before the first step."""
        zero = np.zeros_like(measure.z)
        m = np.stack([zero + 1, zero, zero], axis=1)
        c, s = (np.zeros_like(m), np.zeros_like(m)) if averaged else (None, None)
        return cls(m, zero, zero, c, s)

    def follow(self, x: Complex, n: int) -> None:
        """Take the mean path n steps on."""
        log = _log1p(-x)
        if self.s is not None:
            ratio = np.divide(-np.expm1(n * log), x, out=np.full_like(x, n), where=x != 0)
            self.total = self.total + np.exp(self.path) * ratio
        self.path = self.path + n * log

    def response(self, measure: Measure, N: int) -> Response:
        """Return the response of the last iterate, or of the mean of N."""
        weights = measure.counting * measure.z
        last, mean, scale = self.m, np.exp(2 * self.path), 1.0
        if self.s is not None:
            last, mean, scale = self.s, self.total**2, float(N) ** -2
        target = measure.energy @ last[:, 0]
        # Sums that are positive but for their rounding.
        head, reached, bias, variance = (
            max(float(part.real), 0.0) * scale
            for part in (target, measure.energy @ mean, *(weights @ last[:, 1:]))
        )
        size, wide = np.abs(measure.energy), np.abs(weights) @ np.abs(last[:, 1:])
        sizes = (size @ np.abs(last[:, 0]) + wide[0], size @ np.abs(mean), wide[1])
        return Response(
            bias=head + bias,
            mean_bias=reached,
            variance=variance,
            sizes=(scale * float(sizes[0]), scale * float(sizes[1]), scale * float(sizes[2])),
        )


@dataclass(frozen=True, slots=True)
class _Stage:
    """One step size: ``1 - g = exp(-rate)``, ``b = gamma^2 z/B``, ``x = gamma z``.

    `functionals`, (Q, 3): what each column of m adds to the excess.
    """

    x: Complex
    rate: Complex
    b: Complex
    functionals: Complex
    noise: float

    @classmethod
    def of(cls, measure: Measure, gamma: float, batch: int, noise: float) -> _Stage:
        """Return the step at gamma."""
        x = gamma * measure.z
        weights = measure.counting * measure.z
        return cls(
            x=x,
            rate=_rate(x, batch),
            b=gamma * x / batch,
            functionals=np.stack([measure.energy, weights, weights], axis=1),
            noise=noise,
        )

    def iterate(self, walk: _Walk, n: int) -> None:
        """Take n steps one by one."""
        walk.follow(self.x, n)
        kept, left = np.exp(-self.rate)[:, None], (1 - self.x)[:, None]
        for _ in range(n):
            m = walk.m
            if walk.c is not None and walk.s is not None:
                walk.s = walk.s + (2 * walk.c + m)
                walk.c = left * (walk.c + m)
            parts = np.sum(self.functionals * m, axis=0).real
            force = np.array([0.0, parts[0] + parts[1], parts[2] + self.noise])
            walk.m = kept * m + self.b[:, None] * force

    def jump(self, walk: _Walk, n: int, digits: float) -> None:
        """Take n steps at once."""
        walk.follow(self.x, n)
        angle = _widest(self.x, self.rate, None if walk.c is None else n)
        zeta, slope = hyperbola(angle, digits)
        drift = np.expm1(zeta / n)
        weight = np.exp(zeta + zeta / n) * slope / (2j * math.pi * n)
        R = np.reciprocal(drift[:, None] - np.expm1(-self.rate))
        Y = self._driving(R, drift, walk.m)
        if walk.c is not None and walk.s is not None:
            self._gather(walk, weight, drift, R, Y)
        gain = R.T @ (weight[:, None] * Y)
        power = np.exp(-n * self.rate)
        walk.m = power[:, None] * walk.m + self.b[:, None] * gain

    def _driving(self, R: Complex, drift: Complex, m: Complex) -> Complex:
        """Return ``Y = E(r) + noise/(r - 1)`` for each column, (r, 3); no force on alpha."""
        loop = _paired(R @ (self.functionals[:, 1] * self.b))
        source = _paired(R @ (self.functionals * m))
        zero = np.zeros_like(drift)
        pull = np.stack([zero, source[:, 0] + source[:, 1], source[:, 2]], axis=1)
        forced = np.stack([zero, zero, self.noise / drift], axis=1)
        return np.asarray((pull + loop[:, None] * forced) / (1 - loop)[:, None] + forced)

    def _gather(
        self, walk: _Walk, weight: Complex, drift: Complex, R: Complex, Y: Complex
    ) -> None:
        """Take c and s over the stage, from m before it.

        With ``Ry = 1/(r - y)``, m is R times what there was and b Y; c is Ry (c_0 + y m), and s
        is ``(s_0 + 2 Ry c_0 + (1 + 2 y Ry) m)/(r - 1)``.
        """
        assert walk.c is not None
        assert walk.s is not None
        Ry = np.reciprocal(drift[:, None] + self.x)
        # Columns: the weights themselves, for what there was, and the weights times Y.
        late = weight[:, None] * np.hstack([np.ones((len(Y), 1)), Y])
        early = late / drift[:, None]
        passed = Ry.T @ np.stack([late[:, 0], early[:, 0]], axis=1)
        once = R.T @ early
        cross, twice = np.split((R * Ry).T @ np.hstack([late, early]), 2, axis=1)
        left = (1 - self.x)[:, None]
        walk.s = walk.s + 2 * passed[:, 1:] * walk.c + self._moved(walk.m, once + 2 * left * twice)
        walk.c = passed[:, :1] * walk.c + left * self._moved(walk.m, cross)

    def _moved(self, m: Complex, sums: Complex) -> Complex:
        """Return what the moments m and the driving, in columns from 1 on, come to."""
        return np.asarray(sums[:, :1] * m + self.b[:, None] * sums[:, 1:])


def _paired(values: Complex) -> Complex:
    """Return the sums over all nodes z from those over the half of them, at all nodes r."""
    return np.asarray(0.5 * (values + values[::-1].conj()))
