"""Random sums over the whole range that the enclosures promise, as plain data.

Products of up to six of power, exponential filter, step filter, filter over the stages of the
geometric schedule, rational filter and logarithmic power, and of what is left of a filter (``1 -
filter``); exponents in (1, 10], LO, HI, t, N and k log-uniform up to 10^30, HI sometimes infinite,
sometimes a few terms beyond a large LO; 2 to 120 digits.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import mpmath
import pytest
from flint import arb, ctx

from ratecert.numerics.balls import enclose
from ratecert.numerics.balls.ball import precision
from ratecert.numerics.balls.program import Program
from ratecert.proofs_check.language.expr import Call, Expr, Name, Num, add, mul, neg, power

BRUTE_FORCE = 2000
"""Up to this many terms are also added one by one."""

I = Name("i")  # noqa: E741
OO = Name("oo")


@dataclass(frozen=True)
class Case:
    term: Expr
    lo: int
    hi: int | None
    digits: int

    @property
    def upper(self) -> Expr:
        return OO if self.hi is None else num(self.hi)


def num(value: Fraction | int) -> Num:
    return Num(Fraction(value))


def exponent(rng: random.Random) -> Fraction:
    """In (1, 10], often close to 1."""
    return 1 + Fraction(rng.choice([1, 5, rng.randint(1, 900), rng.randint(1, 150)]), 100)


def size(rng: random.Random, least: float = 0, most: float = 30) -> int:
    """Log-uniform from 10^least to 10^most, the ends included."""
    if rng.random() < 0.05:
        return 10 ** int(most)
    return max(int(10 ** rng.uniform(least, most)), 1)


def spectrum(rng: random.Random) -> Expr:
    return power(I, num(-exponent(rng)))


def small(rng: random.Random) -> Fraction:
    return Fraction(1, rng.choice([1, 2, 3, 7, size(rng, 0, 6)]))


def exponential(rng: random.Random) -> Expr:
    return Call("exp", (neg(mul(num(2 * size(rng)), spectrum(rng))),))


def steps(rng: random.Random) -> Expr:
    return power(add(num(1), neg(mul(num(small(rng)), spectrum(rng)))), num(2 * size(rng)))


def stages(rng: random.Random) -> Expr:
    """``Π_t (1 - γ_t i^-a)^2`` over whole stages of the geometric schedule."""
    n, gamma, mode = size(rng, 1), small(rng), spectrum(rng)
    length = max(1, math.floor(n / math.log2(n)))
    factors = [
        add(num(1), neg(mul(num(gamma / 2**k), mode))) for k in range(min(n // length, 100))
    ]
    return power(mul(*factors), num(2 * length))


def rational(rng: random.Random) -> Expr:
    base = add(power(I, num(exponent(rng))), num(size(rng)))
    return power(base, num(-rng.choice([Fraction(1, 2), 1, 2, 3])))


def log_power(rng: random.Random) -> Expr:
    order = num(-Fraction(rng.randint(1, 40), 10))
    return mul(power(I, num(-1)), power(Call("log", (add(I, num(1)),)), order))


def forgotten(rng: random.Random) -> Expr:
    """What a filter takes away: close to 0 where the filter is close to 1."""
    return add(num(1), neg(rng.choice([exponential, steps])(rng)))


FACTORS = {
    "power": spectrum,
    "exponential": exponential,
    "steps": steps,
    "stages": stages,
    "rational": rational,
    "log_power": log_power,
}


def draw(rng: random.Random) -> Case:
    """Draw one case: one to six factors; infinite only where a power makes it converge."""
    names = rng.sample(list(FACTORS), rng.choice([1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6]))
    factors = [FACTORS[name](rng) for name in names]
    if rng.random() < 0.2:
        factors.append(forgotten(rng))
    lo = rng.choice([1, 2, size(rng)])
    infinite = ("power" in names) and rng.random() < 0.25
    hi = None if infinite else max(lo, size(rng, math.log10(lo)))
    if hi is not None and rng.random() < 0.2:
        hi = lo + rng.randint(0, BRUTE_FORCE)
    return Case(mul(*factors), lo, hi, rng.choice([2, 10, 10, 30, 30, 50, 50, 120]))


# What every enclosure must satisfy.

CASES = 10_000
"""Size of the whole collection; case k is `case(k)`."""


def case(k: int) -> Case:
    return draw(random.Random(k))


def check(case: Case) -> None:
    """Hold one enclosure against another kernel and precision, and against plain addition."""
    ball = enclose(case.term, "i", num(case.lo), case.upper, {}, case.digits)
    assert ball.is_tight(), ball
    other = enclose(case.term, "i", num(case.lo), case.upper, {}, case.digits + 7, effort=0.41)
    with precision(4 * case.digits + 200):
        assert ball.arb.overlaps(other.arb), (ball, other)
        if case.hi is not None and case.hi - case.lo < BRUTE_FORCE:
            assert ball.arb.overlaps(plain_sum(case)), ball


def plain_sum(case: Case) -> arb:
    """Add the terms at 1000 bits."""
    assert case.hi is not None
    with precision(1000):
        program = Program(case.term, "i", {})
        return sum((program.at(arb(i)) for i in range(case.lo, case.hi + 1)), arb(0))


@pytest.fixture(autouse=True)
def precision_is_restored() -> Iterator[None]:
    """Fail a test that leaves a global precision changed."""
    before = ctx.prec, ctx.cap, mpmath.mp.prec
    yield
    assert (ctx.prec, ctx.cap, mpmath.mp.prec) == before
