r"""The second-moment recursion of one-pass SGD, step by step, in mpmath and in balls.

Facts §2: in the eigenbasis of Σ, with ``m_i = E⟨u_i, v_t - v*⟩²`` and a batch of B samples,

    m_i <- (1 - 2γλ_i + (1 + 1/B) γ²λ_i²) m_i + (γ²λ_i/B) (Σ_j λ_j m_j + s),   s = σ² + approx,
    excess_t = Σ_i λ_i m_i.

It is linear in ``(m(0), s)``.  The response to ``m(0)`` is the bias, the response to s the
variance part, and both are returned.  Cost O(M) per step: this is the ground truth for faster
methods, for M to a few hundred and moderate N, not a method for large N.

One function serves both number systems, since it only adds and multiplies.  In balls the factor
``1 - 2γλ + (1+1/B)γ²λ²`` is formed once per step size, all quantities are non-negative, and the
relative radius grows by a few units of the last place per step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import mpmath
from flint import arb

from ratecert.numerics.balls.ball import Ball, Refusal, check_digits, precision, rational_ball
from ratecert.numerics.balls.risk_sums import Stage

__all__ = ["Numbers", "excess_balls", "excess_mpmath"]

Numbers = Sequence[Fraction]


def excess_balls(
    eigenvalues: Numbers,
    initial: Numbers,
    noise: Fraction,
    plan: Sequence[Stage],
    batch: int = 1,
    digits: int = 50,
) -> tuple[Ball, Ball]:
    """Return balls around the bias and the variance part of the excess after all stages.

    Parameters
    ----------
    eigenvalues, initial : sequences of M Fractions
        ``λ_i >= 0`` and ``m_i(0) >= 0``.
    noise : Fraction
        ``σ² + approx``, at least 0.
    plan : sequence of Stage
        Step sizes; any schedule is a list of stages.
    batch : int
        B >= 1.
    digits : int
        Significant digits of both parts.

    Raises
    ------
    Refusal
        For unusable input, and (`cancellation`) where the digits cannot be reached.
    """
    digits = check_digits(digits)
    _check(eigenvalues, initial, noise, plan, batch)
    bits = int(3.33 * digits) + 64
    for _ in range(6):
        with precision(bits):
            parts = _response(eigenvalues, initial, noise, plan, batch, rational_ball)
            bias, variance = (Ball.of(arb(part), digits) for part in parts)
        if bias.is_tight() and variance.is_tight():
            return bias, variance
        bits *= 2
    raise Refusal("cancellation", f"{digits} digits of the excess cannot be made certain")


def excess_mpmath(
    eigenvalues: Numbers,
    initial: Numbers,
    noise: Fraction,
    plan: Sequence[Stage],
    batch: int = 1,
    digits: int = 50,
) -> tuple[Any, Any]:
    """Return bias and variance as mpmath numbers; arguments as for `excess_balls`.

    Computed in a context of its own with 20 digits more than asked; the last digits carry the
    rounding of all steps, with no proof of how much.
    """
    digits = check_digits(digits)
    _check(eigenvalues, initial, noise, plan, batch)
    context = mpmath.MPContext()
    context.dps = digits + 20

    def number(value: Fraction) -> Any:
        return context.mpf(value.numerator) / value.denominator

    return _response(eigenvalues, initial, noise, plan, batch, number)


def _check(
    eigenvalues: Numbers, initial: Numbers, noise: Fraction, plan: Sequence[Stage], batch: int
) -> None:
    if len(eigenvalues) != len(initial) or not eigenvalues:
        raise Refusal("value", "give as many initial moments as eigenvalues, at least one")
    if batch < 1 or not plan or any(stage.steps < 0 for stage in plan):
        raise Refusal("value", "batch must be at least 1, and stages need numbers of steps >= 0")
    if noise < 0 or any(x < 0 for x in (*eigenvalues, *initial)):
        raise Refusal("value", "eigenvalues, initial moments and noise must not be negative")


def _response(
    eigenvalues: Numbers,
    initial: Numbers,
    noise: Fraction,
    plan: Sequence[Stage],
    batch: int,
    number: Callable[[Fraction], Any],
) -> tuple[Any, Any]:
    """Return bias and variance part in the arithmetic that `number` makes."""
    zero = [number(Fraction(0))] * len(eigenvalues)
    spectrum = [number(x) for x in eigenvalues]
    bias, variance = [number(x) for x in initial], zero
    s = number(noise)
    for stage in plan:
        decay = [number(_factor(stage.gamma * x, batch)) for x in eigenvalues]
        gain = [number(stage.gamma**2 * x / batch) for x in eigenvalues]
        for _ in range(stage.steps):
            bias = list(_step(bias, decay, gain, _dot(spectrum, bias)))
            variance = list(_step(variance, decay, gain, _dot(spectrum, variance) + s))
    return _dot(spectrum, bias), _dot(spectrum, variance)


def _factor(x: Fraction, batch: int) -> Fraction:
    return 1 - 2 * x + (1 + Fraction(1, batch)) * x**2


def _step(moments: list[Any], decay: list[Any], gain: list[Any], forcing: Any) -> Iterator[Any]:
    return (d * m + g * forcing for d, m, g in zip(decay, moments, gain, strict=True))


def _dot(x: list[Any], y: list[Any]) -> Any:
    total = x[0] * y[0]
    for u, v in zip(x[1:], y[1:], strict=True):
        total += u * v
    return total
