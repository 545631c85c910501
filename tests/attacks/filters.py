r"""Sums of filters ``(1 - c/i^s)^(e X)`` with a number c, decided exactly, signs and all.

Let ``S = sum_{lo<=i<=hi} i^-p (1 - c/i^s)^(e X)``, X an integer tending to infinity, e = 1 or 2,
c > 0 rational.  The bases ``b_i = 1 - c/i^s`` increase with i and stay below 1; let
``m = |b_lo|``, the largest of the moduli of those that are not positive.

*Infinite sums* (p > 1).  The terms with ``b_i > 0`` sum to ``A ~ Gamma((p-1)/s)/s
(e c X)^((1-p)/s)``, the contribution coming from i of order ``X^(1/s)``, where
``(1 - c/i^s)^(e X) = exp(-e c X/i^s + O(X/i^2s))``.  So

- if ``b_lo > -1``, the terms with ``b_i <= 0`` are exponentially small: ``S ~ A``;
- if ``b_lo = -1``, one term is ``(-1)^(e X) lo^-p`` and the others tend to 0: ``S ~ lo^-p`` for
  e = 2, and for e = 1 S takes values near ``-lo^-p`` and ``+lo^-p``: no law of a positive order;
- if ``b_lo < -1`` the term i = lo outgrows all others: ``S ~ lo^-p m^(2 X)`` for e = 2, and for
  e = 1 the sign of S alternates.

*Finite sums* with numbers as ends: the term of largest modulus decides (two of the same,
``b`` and ``-b``, are not drawn), with sign when its base is negative and e = 1.

*Sums up to X*, ``s = 2``, p > 1: as the infinite ones, as ``X^(1/s)`` is of smaller order than X.

*Sums up to X*, ``s = 1``, any p.  The terms with ``i = y X``, y in (0, 1], sum to
``A ~ X^(1-p) int_0^1 y^-p exp(-e c/y) dy``.  If ``b_lo > -1`` this is the order.  If ``b_lo = -1``
there is ``(-1)^(e X) lo^-p`` beside it: for e = 2 the order is ``max(1, X^(1-p))``, for e = 1
that of A for p < 1, and the sign alternates for p > 1, and for p = 1 too, as the integral is
``E_1(c) < 1/lo`` for ``c = 2 lo``.  If ``b_lo < -1`` the term i = lo outgrows all others.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction

from attacks.scope import Scope, number

__all__ = ["Filtered", "filtered"]


@dataclass(frozen=True)
class Filtered:
    """The sum, its order and leading term; both None where its sign alternates."""

    left: str
    size: str
    right: str | None
    leading: str | None


def filtered(s: Scope) -> Filtered:
    """Return a sum of filters with its order, by the cases of the module's docstring."""
    x, rng = s.new_size(), s.rng
    shape = rng.choice(["infinite", "infinite", "finite", "full"])
    power, e = 1 if shape == "full" else rng.choice([1, 2]), rng.choice([1, 2])
    powers = (
        [0, 1, 1, Fraction(1, 2), Fraction(3, 2)] if shape == "full" else [Fraction(3, 2), 2, 3]
    )
    p = Fraction(rng.choice(powers))
    c, bases = _bases(rng, power, shape != "finite")
    steps = x if e == 1 else rng.choice([f"(2*{x})", f"({x} + {x})"])
    base = rng.choice(["(1 - {c}/{i}^{s})", "(1 - {c}*{i}^(-{s}))", "(-{c}/{i}^{s} + 1)"])
    form = rng.choice(["{i}^(-{p})*{base}^{steps}", "{base}^{steps}/{i}^{p}"])

    def term(i: str) -> str:
        inner = base.format(c=number(c), i=i, s=power)
        return form.format(i=i, p=number(p), base=inner, steps=steps)

    lo, hi = min(bases), x if shape == "full" else str(max(bases))
    if shape == "infinite":
        hi = x if power > 1 and rng.random() < 0.4 else "oo"
    left = s.sum(term, str(lo), hi)
    if shape == "full" and bases[lo] >= -1:
        return _full(left, x, e, p, bases[lo])
    if shape == "infinite" and bases[lo] > -1:
        at, fall = number((p - 1) / power), number((1 - p) / power)
        exact = f"Gamma({at})/{power}*({e}*{number(c)}*{x})^{fall}"
        return Filtered(left, x, f"{x}^{fall}", exact)
    largest = max(bases, key=lambda i: abs(bases[i])) if shape == "finite" else lo
    return _dominated(left, x, e, p, largest, bases[largest])


def _full(left: str, x: str, e: int, p: Fraction, first: Fraction) -> Filtered:
    order = f"{x}^{number(1 - p)}"
    if first > -1 or (e == 1 and p < 1):
        return Filtered(left, x, order, None)
    return Filtered(left, x, f"max(1, {order})" if e == 2 else None, None)


def _bases(rng: random.Random, power: int, infinite: bool) -> tuple[Fraction, dict[int, Fraction]]:
    """Return c and the bases of the first indices: for a finite sum, one of largest modulus."""
    while True:
        c = Fraction(rng.randint(1, 6), rng.choice([1, 1, 2, 3]))
        lo = rng.choice([1, 1, 1, 2, 3])
        hi = lo + (0 if infinite else rng.choice([0, 1, 2, 4]))
        bases = {i: 1 - c / Fraction(i) ** power for i in range(lo, hi + 1)}
        largest = max(map(abs, bases.values()))
        if infinite or (largest and list(map(abs, bases.values())).count(largest) == 1):
            return c, bases


def _dominated(left: str, x: str, e: int, p: Fraction, i: int, base: Fraction) -> Filtered:
    """Return the law of a sum that the term of this index, with this base, outgrows."""
    if base < 0 and e == 1:
        return Filtered(left, x, None, None)
    modulus = number(abs(base) ** e)
    growth = "1" if abs(base) == 1 else f"{modulus}^{x}"
    return Filtered(left, x, growth, f"{growth}*{i}^(-{number(p)})")
