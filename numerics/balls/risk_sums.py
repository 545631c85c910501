r"""The exact finite-M, N sums behind the rates, as expressions that can be enclosed.

With top features the modes ``i <= M`` are learnt and the rest is lost, so with spectrum
``λ_i = i^-a`` and target energy ``e_i = i^-b`` (facts §1, §2, §4; derived there)

    approx       = Σ_{i>M} e_i
    mean bias    = Σ_{i<=M} e_i Π_t (1 - γ_t λ_i)^2
    V_0          = Σ_{i<=M} Σ_t γ_t² λ_i² Π_{s>t} (1 - γ_s λ_i)^2
    D_eff        = #{i <= M : λ_i >= 1/n} + n² Σ_{i<=M, λ_i < 1/n} λ_i²,   n = N_eff γ.

The step size is constant on stages, ``γ_k`` for ``n_k`` steps.  With ``x_k = γ_k λ`` and
``P_k = (1-x_k)^(2 n_k)`` the inner sum of V_0 over the steps of stage k is geometric,
``x_k² (1-P_k)/(1-(1-x_k)²) = x_k (1-P_k)/(2-x_k)``, so

    V_0 = Σ_i Σ_k x_k (1-P_k)/(2-x_k) · Π_{l>k} P_l.

Stages are combined pairwise as maps ``v -> P v + R``: (R, P) then (R', P') is
``(R P' + R', P P')``, which keeps the tree of 100 stages flat.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from ratecert.numerics.balls.ball import (
    Refusal,
    certain_floor,
    nearest_integer,
    precision,
    rational_ball,
)
from ratecert.proofs_check.language.expr import (
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Sum,
    add,
    div,
    mul,
    neg,
    power,
)

__all__ = [
    "Stage",
    "approx",
    "effective_dimension",
    "mean_bias",
    "n_eff",
    "power_law",
    "stages",
    "variance_response",
]

I = Name("i")  # noqa: E741  (the index of the modes, as in the claim files)
_TWO = Num(Fraction(2))


@dataclass(frozen=True, slots=True)
class Stage:
    """`steps` steps of size `gamma`."""

    gamma: Fraction
    steps: int


def power_law(exponent: Fraction | int) -> Expr:
    """Return ``i^-exponent``."""
    return power(I, Num(-Fraction(exponent)))


def stages(N: int, gamma: Fraction, schedule: str = "geometric") -> list[Stage]:
    """Return the stages of constant step size of N >= 1 steps.

    ``geometric``: ``K = max(1, ⌊N/log2 N⌋)``, ``γ_t = γ/2^⌊(t-1)/K⌋``, the last stage partial;
    ``constant``: one stage.
    """
    if N < 1:
        raise Refusal("bound", f"the number of steps must be at least 1, not {N}")
    if schedule == "constant":
        return [Stage(gamma, N)]
    if schedule != "geometric":
        raise Refusal("unsupported", f"no schedule {schedule}: use geometric or constant")
    K = _stage_length(N)
    whole, rest = divmod(N, K)
    result = [Stage(gamma / 2**k, K) for k in range(whole)]
    return [*result, Stage(gamma / 2**whole, rest)] if rest else result


def _stage_length(N: int) -> int:
    """Return ``max(1, ⌊N/log2 N⌋)``, exactly.

    ``log2 N`` is an integer m for ``N = 2^m`` and irrational otherwise, so the quotient is never
    an integer then and a ball of enough bits lies between two integers.
    """
    if N <= 2:
        return N
    m = N.bit_length() - 1
    if N.bit_count() == 1:
        return N // m
    bits = 2 * m + 64
    while True:
        with precision(bits):
            quotient = arb(N) * arb.const_log2() / arb(N).log()
            length = certain_floor(quotient)
        if length is not None:
            return max(1, length)
        bits *= 2


def n_eff(N: int) -> Expr:
    """Return ``N / log2 N`` for N >= 2."""
    if N < 2:
        raise Refusal("bound", f"N_eff = N/log2 N needs N >= 2, not {N}")
    n = Num(Fraction(N))
    return div(mul(n, Call("log", (_TWO,))), Call("log", (n,)))


def approx(target: Expr, M: int) -> Expr:
    """Return ``Σ_{i>M} target`` (top features)."""
    return Sum(target, "i", Num(Fraction(M + 1)), Name("oo"))


def mean_bias(spectrum: Expr, target: Expr, M: int, plan: list[Stage]) -> Expr:
    """Return ``Σ_{i<=M} target Π_t (1 - γ_t λ_i)^2``."""
    by_length: dict[int, list[Expr]] = {}
    for stage in plan:
        by_length.setdefault(stage.steps, []).append(_decay(stage, spectrum))
    # Stages of one length share their power: one large exponent instead of a hundred.
    filters = [
        power(mul(*factors), Num(Fraction(2 * steps))) for steps, factors in by_length.items()
    ]
    return _over_modes(mul(target, *filters), M)


def variance_response(spectrum: Expr, M: int, plan: list[Stage]) -> Expr:
    """Return V_0, the response to unit noise without fourth-moment feedback."""
    gain, _ = _combined([_stage_map(stage, spectrum) for stage in plan])
    return _over_modes(gain, M)


def effective_dimension(a: Fraction, M: int, N: int, gamma: Fraction) -> Expr:
    """Return D_eff for ``λ_i = i^-a``, ``i <= M``, with ``N_eff = N/log2 N``, N >= 2."""
    n = mul(Num(gamma), n_eff(N))
    k = min(M, _head(a, N, gamma))
    head = Num(Fraction(k))
    if k == M:
        return head
    rest = Sum(power_law(2 * a), "i", Num(Fraction(k + 1)), Num(Fraction(M)))
    return add(head, mul(power(n, _TWO), rest))


def _head(a: Fraction, N: int, gamma: Fraction) -> int:
    """Return ``⌊(N_eff γ)^(1/a)⌋``, the number of modes with ``λ_i >= 1/(N_eff γ)``.

    It is the largest k with ``k^a log2 N <= N γ``; equality is decided exactly when ``log2 N`` is
    an integer, and impossible for rational ``k^a`` otherwise.
    """
    bits = 2 * N.bit_length() + 128
    with precision(bits):
        n = rational_ball(gamma) * N * arb.const_log2() / arb(N).log()
        root = n ** rational_ball(1 / a)
        candidate = certain_floor(root)
        if candidate is not None:
            return max(candidate, 0)
        k = nearest_integer(root)
    m = N.bit_length() - 1
    if N.bit_count() != 1:
        raise Refusal("bound", f"it is not certain whether {k} modes reach 1/(N_eff gamma)")
    reached = Fraction(k) ** a.numerator <= (gamma * N / m) ** a.denominator
    return k if reached else k - 1


def _over_modes(term: Expr, M: int) -> Expr:
    return Sum(term, "i", Num(Fraction(1)), Num(Fraction(M)))


def _decay(stage: Stage, spectrum: Expr) -> Expr:
    return add(Num(Fraction(1)), neg(mul(Num(stage.gamma), spectrum)))


def _stage_map(stage: Stage, spectrum: Expr) -> tuple[Expr, Expr]:
    """Return (R, P) of one stage."""
    x = mul(Num(stage.gamma), spectrum)
    decay = power(_decay(stage, spectrum), Num(Fraction(2 * stage.steps)))
    return div(mul(x, add(Num(Fraction(1)), neg(decay))), add(_TWO, neg(x))), decay


def _combined(maps: list[tuple[Expr, Expr]]) -> tuple[Expr, Expr]:
    if len(maps) == 1:
        return maps[0]
    half = math.ceil(len(maps) / 2)
    (R, P), (R_, P_) = _combined(maps[:half]), _combined(maps[half:])
    return add(mul(R, P_), R_), Mul((P, P_))
