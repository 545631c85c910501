r"""Where the legs look: problem and method of a claim as numbers, and the sizes along a path.

*Scale of a problem.*  Constant factors of spectrum, target, noise and step size change no order,
so that the legs choose them: factors of spectrum and target are dropped, ``σ = 1``, and
``γ = γ_0 t^x (log t)^y`` with ``γ_0 = 1/(4 Σ λ_i)``, for which ``Σ x_i/(2(1 - x_i)) <= 1/6``: well
inside the region of stability (facts §2).

*Steps.*  ``N_eff = N/log2 N``; where a path fixes ``N_eff`` alone, N is the largest integer with
``N/log2 N <= N_eff`` (at least 2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Sequence as Listed
from fractions import Fraction
from functools import lru_cache

from ratecert.numerics.balls.ball import Ball, Refusal, precision
from ratecert.numerics.balls.enclosure import enclose_expr
from ratecert.numerics.balls.mpmath_leg import confirms
from ratecert.numerics.balls.risk_sums import n_eff
from ratecert.numerics.kernels import kernel as numbers_of
from ratecert.numerics.model.problem import Sequence, sequence
from ratecert.proofs_check.language.claim import Claim, Setting
from ratecert.proofs_check.language.expr import Expr, Mul, Num, free_names, mul, substitute
from ratecert.proofs_check.language.mercer import MercerKernel
from ratecert.theory.witnesses.samples import sample_values

__all__ = [
    "Exponents",
    "agreed",
    "bits_of",
    "enclosed",
    "is_moderate",
    "logarithm",
    "moderate_values",
    "path_text",
    "spectrum_of",
    "spread",
    "steps_of",
    "unit_factor",
]

Exponents = Mapping[str, tuple[Fraction, ...]]
"""Name to (x, y), for ``t^x (log t)^y``; a third number is the power of ``log log t``."""

LARGEST_VALUE, LARGEST_DENOMINATOR = 50, 1000
"""Parameters beyond these are left to the proof: sums at them take minutes and show nothing."""


def is_moderate(values: Mapping[str, Fraction]) -> bool:
    """Whether sums can be evaluated at these parameters in reasonable time."""
    return all(
        abs(value) <= LARGEST_VALUE and value.denominator <= LARGEST_DENOMINATOR
        for value in values.values()
    )


def moderate_values(claim: Claim, count: int) -> tuple[dict[str, Fraction], ...]:
    """Return sample parameters of a claim at which sums can be evaluated."""
    return tuple(values for values in sample_values(claim, count) if is_moderate(values))


def spectrum_of(setting: Setting, values: Mapping[str, float]) -> Sequence:
    """Return the eigenvalues without a constant factor, or the Mercer spectrum of the kernel.

    Raises
    ------
    UserError
        Where their sum diverges, or a parameter has no value.
    """
    if setting.kernel is None:
        return sequence(unit_factor(setting.spectrum), values)
    return _mercer(setting.kernel, frozenset(values.items()))


@lru_cache(maxsize=64)
def _mercer(kernel: MercerKernel, values: frozenset[tuple[str, float]]) -> Sequence:
    return numbers_of(kernel, dict(values)).spectrum()


def unit_factor(expr: Expr) -> Expr:
    """Return the expression with positive rational factors dropped."""
    match expr:
        case Mul(factors):
            return mul(*(f for f in factors if not (isinstance(f, Num) and f.value > 0)))
    return expr


def steps_of(n_eff: float) -> int:
    """Return the largest N >= 2 with ``N/log2 N <= n_eff``, or 2; ``N/log2 N`` grows from 3 on."""
    low, high = 2, 4
    while high / math.log2(high) <= n_eff:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle / math.log2(middle) <= n_eff else (low, middle)
    return low


def spread(paths: Listed[Exponents], count: int) -> list[Exponents]:
    """Return `count` of the paths, evenly spaced, the first among them."""
    if len(paths) <= count:
        return list(paths)
    return [paths[k * (len(paths) - 1) // max(count - 1, 1)] for k in range(count)]


def path_text(path: Exponents) -> dict[str, str]:
    """Return the path in the claim language, one text for each name."""
    return {name: _monomial(*path[name]) for name in sorted(path)}


def _monomial(*powers: Fraction) -> str:
    bases = ("t", "log(t)", "log(log(t))")
    factors = [_power(base, power) for base, power in zip(bases, powers, strict=False)]
    return "*".join(factor for factor in factors if factor) or "1"


def _power(base: str, exponent: Fraction) -> str:
    if exponent in (0, 1):
        return base if exponent else ""
    plain = exponent.denominator == 1 and exponent > 0
    return f"{base}^{exponent}" if plain else f"{base}^({exponent})"


GivenValues = frozenset[tuple[str, Fraction]]


def enclosed(expr: Expr, known: Mapping[str, Fraction], digits: int) -> Ball:
    """Return a ball around an explicit expression; ``N_eff`` is ``N/log2 N`` unless it is known.

    Raises
    ------
    Refusal
        Where there is none.
    """
    return _enclosed(*_explicit(expr, known), digits)


def agreed(expr: Expr, known: Mapping[str, Fraction], digits: int) -> bool | None:
    """Tell whether mpmath's value lies in the ball of `enclosed`; None where it cannot say.

    Raises
    ------
    Refusal
        Where there is no ball.
    Disagreement
        Where the two contradict each other.
    """
    return _agreed(*_explicit(expr, known), digits)


def _explicit(expr: Expr, known: Mapping[str, Fraction]) -> tuple[Expr, GivenValues]:
    """Return the expression without ``N_eff``, and the values of its names."""
    names = free_names(expr)
    if "N_eff" in names and "N_eff" not in known and "N" in known:
        expr = substitute(expr, {"N_eff": n_eff(int(known["N"]))})
        names = free_names(expr)
    return expr, frozenset((name, known[name]) for name in names & known.keys())


# Kept, since neighbouring claims share their left sides.


@lru_cache(maxsize=4096)
def _enclosed(expr: Expr, values: GivenValues, digits: int) -> Ball:
    return enclose_expr(expr, dict(values), digits)


@lru_cache(maxsize=4096)
def _agreed(expr: Expr, values: GivenValues, digits: int) -> bool | None:
    return confirms(_enclosed(expr, values, digits), expr, dict(values))


def bits_of(*balls: Ball) -> int:
    """Return the precision at which printed balls with large exponents keep their digits."""
    return 128 + 4 * max(len(ball.midpoint) for ball in balls)


def logarithm(ball: Ball) -> float:
    """Return the logarithm of a positive number.

    Raises
    ------
    Refusal
        Where the number is not certainly positive, or its logarithm beyond 10^308.
    """
    with precision(bits_of(ball)):
        if not ball.arb > 0:
            raise Refusal("undefined", "a side of the claim is not certainly positive")
        value = float(ball.arb.log())
    if not math.isfinite(value):
        raise Refusal("reach", "the logarithm of a side of the claim is too large for a float")
    return value
