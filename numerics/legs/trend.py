r"""What a finite ladder of ratios can say about a rate, and what it cannot.

Along a path every size is a function of one scale t.  With ``L = log t`` and ``r(L)`` the
logarithm of LEFT/RIGHT, sides of orders ``t^p (log t)^q`` give

    r(L) = p L + q log L + const + o(1).

*The two parts.*  Over a step from L_1 to L_2 the slope of r is ``s = p + q/Λ``, where Λ is the
logarithmic mean ``(L_2 - L_1)/log(L_2/L_1)``.  From two neighbouring steps a and b follow

    p̂ = (Λ_b s_b - Λ_a s_a)/(Λ_b - Λ_a),        q̂ = Λ_b (s_b - p̂),

exactly p and q if nothing else were there: a logarithm, whatever its power, adds nothing to p̂.

*What else there may be*, for sides of the same order [derived here]:

- a correction ``1 + A t^-δ`` of any rate δ > 0, however slow: ``L s = -A x e^-x`` with
  ``x = δ L``, hence ``|p| = |d(L s)/dL| = (A/L) x |1-x| e^-x <= 0.31 A/L``;
- a sum that is nearly flat, ``(1 - t^-δ)/δ``: ``L s = x/(e^x - 1)``, ``|p| <= 0.42/L``;
- log-periodic ripple and rounding of sizes to integers, which are far smaller.

None of them knows a scale, so what they add falls like 1/L.  The *resolution* of a ladder is
``ε = 4/L`` with L the mean of its last two steps: more than nine nearly flat sums at once, or a
correction of thirteen times the leading term.

*Reading.*  The ratio *grows* if s_a, s_b and p̂ all exceed ε; it *falls* if all lie below -ε.
Then each half of the window changes it by a power, and no logarithm does that.  A ratio is
*settled* if r changed by less than 1e-9 in the last step (relative to r, where the limit in
question is 1): logarithms and powers ``t^-δ`` with ``δ >= 1e-9`` are still moving.

============================  ==============================  ==============================
relation                      contradicted                    compatible
============================  ==============================  ==============================
O, Otilde (r of upper bound)  it grows                        p̂ <= ε
Omega, Omegatilde (of lower)  it falls                        p̂ >= -ε
Theta, Thetatilde             either                          both
o                             it grows, or is settled         s_b < 0 and p̂ <= ε
~                             grows, falls, or is settled     \|r\| < 1e-6, or falling towards
                              away from r = 0                 an extrapolated r near 0
============================  ==============================  ==============================

Towards 1 the ratio may go like ``t^-δ``, or like ``L^-p`` for any p between 1/64 and 64; what is
extrapolated from the three points has to be within half of the last r.  Or r halves in every step,
whatever its signs.

Whatever is neither is *unknown*.  That is the reading of a finite ladder and proves nothing;
LEFT = 1e-40 M + 1 looks like a constant for a long time, which is why the enclosure leg asks again
on much larger scales before it contradicts anyone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ratecert.proofs_check.verdict.certificate import Light

__all__ = ["LogPoint", "Reading", "combined", "read"]

SETTLED = 1e-9
NEAR_ONE = 1e-6
POWERS = 1 / 64, 64.0
"""Least and largest power of ``1/L`` that a ratio may tend to its limit with."""

LogPoint = tuple[float, float]
"""``(L, r)``: logarithm of the scale, logarithm of the ratio."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The last three points of a ladder, of increasing scale, read as the module says."""

    points: tuple[LogPoint, LogPoint, LogPoint]

    @classmethod
    def of(cls, points: Sequence[LogPoint]) -> Reading:
        """Read a ladder by its end, about three quarters of it and about half, in L."""
        *before, last = points
        late = min(before[1:], key=lambda point: abs(point[0] - 0.75 * last[0]))
        earlier = [point for point in before if point[0] < late[0]]
        early = min(earlier, key=lambda point: abs(point[0] - 0.5 * last[0]))
        return cls((early, late, last))

    @property
    def means(self) -> tuple[float, float]:
        """The logarithmic means of the two steps, Λ_a and Λ_b."""
        (x, _), (y, _), (z, _) = self.points
        return (y - x) / math.log(y / x), (z - y) / math.log(z / y)

    @property
    def slopes(self) -> tuple[float, float]:
        """``s_a`` and ``s_b``."""
        (x, f), (y, g), (z, h) = self.points
        return (g - f) / (y - x), (h - g) / (z - y)

    @property
    def power(self) -> float:
        """``p̂``."""
        (a, b), (early, late) = self.means, self.slopes
        return (b * late - a * early) / (b - a)

    @property
    def logs(self) -> float:
        """``q̂``."""
        return self.means[1] * (self.slopes[1] - self.power)

    @property
    def resolution(self) -> float:
        """``ε``."""
        return 8 / sum(self.means)

    @property
    def grows(self) -> bool:
        """Whether the ratio grows like a power."""
        return min(self.power, *self.slopes) > self.resolution

    @property
    def falls(self) -> bool:
        """Whether the ratio falls like a power."""
        return max(self.power, *self.slopes) < -self.resolution

    @property
    def change(self) -> float:
        """By how much r changed in the last step."""
        (_, before), (_, last) = self.points[1:]
        return abs(last - before)

    @property
    def last(self) -> float:
        """The last r."""
        return self.points[2][1]

    @property
    def near_one(self) -> bool:
        """Whether the ratio is 1 for all that can be seen, or is on its way there."""
        f, g, h = (r for _, r in self.points)
        if abs(h) <= NEAR_ONE or (abs(h) <= abs(g) / 2 and abs(g) <= abs(f) / 2):
            return True
        if not (abs(h) < abs(g) < abs(f) and f * g > 0 and g * h > 0):
            return False
        by_power = h - (h - g) ** 2 / ((h - g) - (g - f)) if h - g != g - f else math.inf
        return min(abs(by_power), abs(self._limit_by_logarithms())) <= abs(h) / 2

    def _limit_by_logarithms(self) -> float:
        """Return R of ``r = R + C L^-p`` through the three points, infinity where p is not > 0.

        The quotient ``(x^-p - y^-p)/(y^-p - z^-p)`` of the steps increases with p.
        """
        (x, f), (y, g), (z, h) = self.points
        wanted, low, high = (f - g) / (g - h), *POWERS
        if not _steps(x, y, z, low) < wanted < _steps(x, y, z, high):
            return math.inf
        for _ in range(60):
            middle = (low + high) / 2
            if _steps(x, y, z, middle) < wanted:
                low = middle
            else:
                high = middle
        return h - (g - h) / float((z / y) ** low - 1.0)


def _steps(x: float, y: float, z: float, p: float) -> float:
    return float(((z / x) ** p - (z / y) ** p) / ((z / y) ** p - 1.0))


def read(relation: str, upper: Reading, lower: Reading) -> Light:
    """Return the light of one ladder; `upper` and `lower` are readings of bounds of LEFT/RIGHT.

    They are the same where LEFT itself was evaluated.
    """
    plain = relation.removesuffix("tilde")
    contradicted, compatible = _RULES[plain](upper, lower)
    return Light.FAIL if contradicted else Light.PASS if compatible else Light.UNKNOWN


def _at_most(upper: Reading, lower: Reading) -> tuple[bool, bool]:
    return upper.grows, upper.power <= upper.resolution


def _at_least(upper: Reading, lower: Reading) -> tuple[bool, bool]:
    return lower.falls, lower.power >= -lower.resolution


def _same_order(upper: Reading, lower: Reading) -> tuple[bool, bool]:
    above, below = _at_most(upper, lower), _at_least(upper, lower)
    return above[0] or below[0], above[1] and below[1]


def _smaller(upper: Reading, lower: Reading) -> tuple[bool, bool]:
    falling = upper.slopes[1] < 0 and upper.power <= upper.resolution
    return upper.grows or upper.change <= SETTLED, falling


def _equivalent(upper: Reading, lower: Reading) -> tuple[bool, bool]:
    away = any(r.change <= SETTLED * abs(r.last) and not r.near_one for r in (upper, lower))
    return upper.grows or lower.falls or away, upper.near_one and lower.near_one


_RULES: Mapping[str, Callable[[Reading, Reading], tuple[bool, bool]]] = {
    "O": _at_most,
    "Omega": _at_least,
    "Theta": _same_order,
    "o": _smaller,
    "~": _equivalent,
}


def combined(lights: Iterable[Light]) -> Light:
    """Return the light of several ladders: one failure fails, and only all passing passes."""
    found = set(lights)
    if Light.FAIL in found:
        return Light.FAIL
    return Light.PASS if found == {Light.PASS} else Light.UNKNOWN
