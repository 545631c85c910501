r"""The event on which a Gaussian sketch of ``lam_i = i^-a`` obeys Theorem 4.1 with constants.

For ``A = H^{1/2} S^T S H^{1/2}``, ``H = diag(i^-a)``, the event with constants c1, c2, kappa
(`theory/papers/lin2024.ledger.toml`, section "A Gaussian sketch on an event") is

- *tails*: ``norm_S(k) <= c2 k^-a`` for ``k = 1..M``, norm_S(k) the largest eigenvalue of
  ``sum_{i>=k} lam_i s_i s_i^T``;
- *alignment*: ``h(t) = tr H exp(-tA) <= a/((a-1) c1) t^{(1-a)/a}`` for ``0 < t <= M^a/kappa``; for
  the isotropic prior ``h(t) = approx + sum_j e~_j exp(-t lam~_j)``.

Here are the constants with which one drawn sketch is in the event, none of them better than the
truth.  *Tails*: norm_S falls in k, so on ``[k, l]`` the product ``k^a norm_S(k)`` is at most
``l^a norm_S(k)``; intervals are halved, the worst first, until the bound is within a percent of a
value that is taken.  *Alignment*: h falls in t, so between neighbours ``s < t`` of a grid
``h t^{(a-1)/a}`` is at most ``h(s) t^{(a-1)/a}``; for ``t <= 1`` it is at most
``tr H <= a/(a-1)`` anyway.

*Source*: derived here.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from ratecert.numerics.model.problem import Problem
from ratecert.numerics.sketches.drawn import Features, covariance_parts, gaussian_sketch
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import Name, neg, power

__all__ = ["SketchEvent", "sketch_event"]

Array = NDArray[np.float64]
TOLERANCE = 0.01
"""How much larger than necessary c2 may be, and how much smaller c1."""


@dataclass(frozen=True, slots=True)
class SketchEvent:
    """Constants with which a sketch is in the event.

    Attributes
    ----------
    a : exponent of the spectrum.
    features : what SGD sees through the sketch.
    c2 : the tails' constant, at most 1 % above the least.
    """

    a: float
    features: Features
    c2: float

    def heat(self, t: Array) -> Array:
        """Return ``tr H exp(-tA)`` for several t."""
        kept = np.exp(-np.outer(t, self.features.lam)) @ self.features.energy
        return np.asarray(self.features.approx + kept)

    def c1(self, kappa: float) -> float:
        """Return a constant of the alignment for ``t <= M^a/kappa``, 1 at most.

        It is at most 1 % below the largest one.

        Raises
        ------
        UserError
            If kappa is not positive.
        """
        if not (math.isfinite(kappa) and kappa > 0):
            raise UserError(f"kappa must be positive and finite, not {kappa}")
        p = (self.a - 1) / self.a
        end = len(self.features.lam) ** self.a / kappa
        if end <= 1:
            return 1.0
        steps = math.ceil(math.log(end) * p / math.log1p(TOLERANCE)) + 1
        t = np.geomspace(1.0, end, steps + 1)
        worst = np.max(self.heat(t[:-1]) * t[1:] ** p)
        return min(1.0, self.a / (self.a - 1) / float(worst))

    def holds(self, c1: float, c2: float, kappa: float) -> bool:
        """Whether the sketch is seen to be in the event with these constants."""
        return self.c2 <= c2 and self.c1(kappa) >= c1


def sketch_event(a: float, M: int, seed: int, draw: int) -> SketchEvent:
    """Return the constants of one Gaussian sketch of ``i^-a``, isotropic prior.

    Raises
    ------
    UserError
        If a is not above 1, or the sketch is beyond double precision.
    """
    if not (math.isfinite(a) and a > 1):
        raise UserError(f"the exponent a must be above 1, not {a}")
    law = power(Name("i"), neg(Name("a")))
    problem = Problem.parse(law, law, {"a": a})
    rows, rest = covariance_parts(problem, M, seed, draw)

    def norm(k: int) -> float:
        tail = rows[k - 1 :].T @ rows[k - 1 :] + rest
        return float(linalg.eigvalsh(tail, subset_by_index=[M - 1, M - 1])[0])

    return SketchEvent(float(a), gaussian_sketch(problem, M, seed, draw), _largest(norm, a, M))


def _largest(norm: Callable[[int], float], a: float, M: int) -> float:
    """Return a bound of ``k^a norm(k)``, k = 1..M, for a falling function; see above."""

    def interval(low: int, high: int, value: float) -> tuple[float, int, int, float]:
        return -(float(high) ** a) * value, low, high, value

    found = norm(1)
    worst = [interval(1, M, found)]
    while -worst[0][0] > (1 + TOLERANCE) * found:
        _, low, high, value = heapq.heappop(worst)
        middle = (low + high + 1) // 2
        beyond = norm(middle)
        found = max(found, float(middle) ** a * beyond)
        heapq.heappush(worst, interval(low, middle - 1, value))
        heapq.heappush(worst, interval(middle, high, beyond))
    return -worst[0][0]
