r"""Explicit constants in the rate of the reducible risk: the band its ratio to the rate stays in.

Leg 1 proves ``risk - sigma^2 = Theta(rate)`` without saying between which constants.  Here they
are, for power laws, as functions of the constants in the lemmas that leg 1 rests on:

    spectrum    s_- k^-a <= lam~_k <= s_+ k^-a,                                1 <= k <= M,
    alignment   e_- k^(1-b) <= approx + sum_{j>=k} e~_j <= e_+ k^(1-b),        1 <= k <= M + 1,
    response    r_- f(u_k) <= N_* v_k <= r_+ f(u_k),   f(u) = min(1, u^2) or u min(1, u).

With top features they are elementary (``s = 1``, ``1/(b-1) <= e <= b/(b-1)``); for a Gaussian
sketch leg 1 cites that they exist, and they can be read off the sketch.  ``N_*`` is ``N_eff`` for
the geometric schedule and N for a constant step, ``n = N_* gamma >= 1``, ``u_k = n lam~_k``,
``x_k = gamma lam~_k <= 1/2``, v is the response to unit noise without feedback, one sample a step.

*Energy that is left* [derived here].  ``R_0 = approx + sum_j e~_j Pi_j``, where the filter of the
mean path obeys ``p_- F(c_- u) <= Pi <= p_+ F(c_+ u)``: for the last iterate ``F(y) = e^-y`` and
``c_+ = 2 tau, c_- = 2(1 + x_1) tau`` with ``tau = sum_t gamma_t/n``, since
``x <= -log(1-x) <= x(1 + x)`` on ``[0, 1/2]``; for averaged iterates ``F(y) = min(1, y^-2)`` and
``c = 1``.  As F falls, ``h(s) = F(c n s_+ s^-a)`` grows with s, and by Abel summation over the
tails of the alignment lemma, of which each is multiplied by a step of h,

    R_0 >= e_- p_- int_0^oo (s + 1)^(1-b) dh(s),
    R_0 <= e_+ p_+ (int_0^M s^(1-b) dh(s) + M^(1-b))        (h with c_+ and s_-).

With ``y = c n s_+ s^-a`` the integrals are ``(c n s)^((1-b)/a)`` times

    lower  int_0^oo (y^(-1/a) + theta^(-1/a))^(1-b) (-dF(y)),    theta = c_- n s_+,
    upper  int_0^oo y^((b-1)/a) (-dF(y)) = Gamma(1 + (b-1)/a), or 2/(2 - (b-1)/a) averaged.

Also ``R_0 >= approx >= e_- (M + 1)^(1-b)``.

*Noise* [derived here].  ``V = sum_k v_k``.  For saturating f, ``sum_k min(1, (w k^-a)^2) <= min(M,
w^(1/a) 2a/(2a-1))``, being at most the integral, and at least ``min(M, floor(w^(1/a)))`` if
``w >= 1``; so V has the order ``min(M, n^(1/a))/N_*``.  For ``f = u min(1, u)`` it has the order
gamma, between ``s_- min(1, s_-)`` and ``s_+ a/(a-1)``.

*Feedback* (`ratecert.proofs_check.meaning.definitions`).  With ``phi = sum_k x_k/(2 - x_k) < B/2``
and the noise ``nu = sigma^2 + approx``

    R_0 + nu V/B <= risk - sigma^2 <= R_0 + (nu + 2 E) V/B,
    E = (sum_j e~_j + nu phi/B)/(1 - 2 phi/B) >= sup_t E_t.

So ``risk - sigma^2`` lies between ``max(P X, Q Y) + Z W`` and ``P' X + Q' Y + Z' W`` for ``X =
n^((1-b)/a)``, ``Y = M^(1-b)`` and W the order of V/B.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import integrate

from ratecert.numerics.model.problem import Method
from ratecert.numerics.shown.curves import effective
from ratecert.numerics.sketches.drawn import Features
from ratecert.proofs_check.language.errors import UserError

__all__ = ["Coefficients", "band", "coefficients", "orders"]

Array = NDArray[np.float64]
Pair = tuple[float, float]
Terms = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Coefficients:
    """``(P, Q, Z)`` and ``(P', Q', Z')``; `step` is gamma, `absorbed` says that W <= gamma X."""

    lower: Terms
    upper: Terms
    step: float
    absorbed: bool


@dataclass(frozen=True, slots=True)
class _Lemmas:
    """The constants of the lemmas at one place, and what else the coefficients need."""

    spectrum: Pair
    alignment: Pair
    response: Pair
    path: Pair
    decay: Pair
    n: float
    noise: float


def orders(a: float, b: float, method: Method, M: int, N: int) -> Terms:
    """Return X, Y and W of the module's docstring."""
    steps = _steps(method, N)
    n = steps * method.gamma
    noise = min(M, n ** (1 / a)) / steps if _saturates(method) else method.gamma
    return n ** ((1 - b) / a), float(M) ** (1 - b), noise / method.batch


def coefficients(
    a: float, b: float, sigma2: float, method: Method, places: Sequence[tuple[Features, int]]
) -> Coefficients:
    """Return coefficients that hold at all the places.

    Parameters
    ----------
    a, b
        Exponents of spectrum and target, ``a > 1``, ``1 < b`` (``b < 2a + 1`` when averaging).
    sigma2
        Noise of the labels.
    method
        SGD with the geometric or a constant schedule, or averaged with a constant one.
    places
        Features, and the number of steps N there.

    Raises
    ------
    UserError
        Where the conditions of the module's docstring do not hold.
    """
    found = [_lemmas(a, b, sigma2, method, features, N) for features, N in places]
    s, e, r, p, c = (
        (min(low for low, _ in pairs), max(high for _, high in pairs))
        for pairs in (
            [getattr(lemma, name) for lemma in found]
            for name in ("spectrum", "alignment", "response", "path", "decay")
        )
    )
    theta = min(lemma.n for lemma in found) * c[1] * s[1]
    slope = (1 - b) / a
    low, high = _integrals(a, b, theta, method.averaged)
    share, most = _noise_sums(a, s, _saturates(method))
    lower = (e[0] * p[0] * (c[1] * s[1]) ** slope * low, e[0] * 2.0 ** (1 - b),
             sigma2 * r[0] * share)  # fmt: skip
    upper = (e[1] * p[1] * (c[0] * s[0]) ** slope * high, e[1] * p[1],
             max(lemma.noise for lemma in found) * r[1] * most)  # fmt: skip
    absorbed = b <= a and _saturates(method)
    return Coefficients(lower, upper, method.gamma, absorbed)


def band(found: Coefficients) -> Pair:
    """Return c and C with ``c (X + Y + W) <= risk - sigma^2 <= C (X + Y + W)``.

    Where ``W <= gamma X`` (saturating noise and ``b <= a``: then ``W <= gamma n^(1/a-1)``), c and
    C are for ``X + Y`` alone: that is how leg 1 writes the rate.
    """
    (P, Q, Z), (P_, Q_, Z_) = found.lower, found.upper
    both = P * Q / (P + Q)  # max(P X, Q Y) >= both (X + Y)
    if found.absorbed:
        return both, max(P_ + found.step * Z_, Q_)
    return min(both, Z), max(P_, Q_, Z_)


def _lemmas(
    a: float, b: float, sigma2: float, method: Method, features: Features, N: int
) -> _Lemmas:
    """Read the constants of the lemmas off the features."""
    lam, x = features.lam, method.gamma * features.lam
    k, steps = np.arange(1.0, lam.size + 1), _steps(method, N)
    u, phi, B = steps * x, float(np.sum(x / (2 - x))), method.batch
    if x.max() > 0.5 or phi >= B / 2 or steps * method.gamma < 1:
        raise UserError("explicit constants need gamma lam <= 1/2, a feedback below 1/2 and "
                        "at least 1/gamma effective steps")  # fmt: skip
    path, response = _filters(x, method, N)
    left = features.approx + np.cumsum(features.energy[::-1])[::-1]
    tails = np.append(left * k ** (b - 1), features.approx * (k.size + 1) ** (b - 1))
    f = np.minimum(1, u**2) if _saturates(method) else u * np.minimum(1, u)
    nu = sigma2 + features.approx
    largest = (float(features.energy.sum()) + nu * phi / B) / (1 - 2 * phi / B)
    tau = float(np.dot(method.steps(N).gammas, method.steps(N).steps)) / (steps * method.gamma)
    averaged = method.averaged
    kept = path / np.minimum(1, u**-2.0) if averaged else np.ones(1)
    return _Lemmas(
        spectrum=_range(lam * k**a),
        alignment=_range(tails),
        response=_range(steps * response / f),
        path=(min(1.0, float(kept.min())), max(1.0, float(kept.max()))),
        decay=(1.0, 1.0) if averaged else (2 * tau, 2 * tau * (1 + float(x.max()))),
        n=steps * method.gamma,
        noise=nu + 2 * largest,
    )


def _filters(x: Array, method: Method, N: int) -> tuple[Array, Array]:
    """Return ``Pi`` and v for each ``x = gamma lam~``."""
    if method.averaged:
        if len(method.steps(N)) > 1:
            raise UserError("explicit constants of averaged iterates need a constant step")
        y = (1 - x) ** np.arange(N)[:, None]
        return (y.sum(axis=0) / N) ** 2, ((1 - y) ** 2).sum(axis=0) / N**2
    path, response, schedule = np.ones_like(x), np.zeros_like(x), method.steps(N)
    for gamma, count in zip(schedule.gammas, schedule.steps, strict=True):
        z = x * (gamma / method.gamma)
        kept = np.exp(2 * count * np.log1p(-z))
        path *= kept
        response = response * kept - np.expm1(2 * count * np.log1p(-z)) * z / (2 - z)
    return path, response


def _integrals(a: float, b: float, theta: float, averaged: bool) -> Pair:
    """Return the lower and the upper integral over ``-dF``."""

    def low(y: float) -> float:
        return float((y ** (-1 / a) + theta ** (-1 / a)) ** (1 - b))

    if not averaged:
        return _integral(lambda y: low(y) * math.exp(-y), 0.0), math.gamma(1 + (b - 1) / a)
    if b >= 2 * a + 1:
        raise UserError("explicit constants of averaged iterates need b < 2a + 1")
    return _integral(lambda y: 2 * low(y) * y**-3.0, 1.0), 2 / (2 - (b - 1) / a)


def _integral(f: Callable[[float], float], start: float) -> float:
    """Integrate from `start` to infinity."""
    value, error = integrate.quad(lambda y: f(y) if y else 0.0, start, math.inf)
    return float(value - error)


def _noise_sums(a: float, s: Pair, saturates: bool) -> Pair:
    """Return bounds of ``N_* sum_k f(u_k)/N_*`` in units of its order."""
    small, large = min(1.0, s[0]), max(1.0, s[1])
    if not saturates:
        return s[0] * small, s[1] * a / (a - 1)
    # floor(x) >= x/2 for x >= 1; where n s_- < 1 the first term alone has (n s_-)^2 >= s_-^2.
    share = min(small ** (1 / a) / 2, small ** (2 + 1 / a))
    return share, large ** (1 / a) * 2 * a / (2 * a - 1)


def _saturates(method: Method) -> bool:
    """Whether ``f = min(1, u^2)``."""
    return method.averaged or method.schedule == "geometric"


def _steps(method: Method, N: int) -> float:
    """Return ``N_*``."""
    if method.schedule not in ("geometric", "constant"):
        raise UserError("explicit constants are known for the geometric and a constant schedule")
    return effective(N) if method.schedule == "geometric" else float(N)


def _range(values: Array) -> Pair:
    return float(values.min()), float(values.max())
