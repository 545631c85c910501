"""Step-size schedules as stages of constant step size.

A schedule is a sequence of stages ``(gamma_j, n_j)``: ``n_j`` steps at step size ``gamma_j``.
The number of stages, not of steps, is what exact risk costs.

*By text* (`named`): a name of `NAMES`, with parameters in parentheses where it has any, as in
``polynomial(2)`` or ``wsd(0.05, 0.3)``; or stages ``SHARE:STEPS``, as in ``1:1000, 0.5:500``: 1000
steps at gamma, then 500 at half of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratecert.proofs_check.language.errors import UserError

__all__ = ["NAMES", "Schedule", "check_text", "constant", "cosine", "geometric", "named",
           "polynomial", "wsd"]  # fmt: skip

_MAX_STAGES = 10**7
_MAX_STEPS = 10**18


@dataclass(frozen=True, slots=True)
class Schedule:
    """Stages of constant step size, in order.

    Attributes
    ----------
    gammas : (J,) positive step sizes.
    steps : (J,) positive numbers of steps.
    """

    gammas: NDArray[np.float64]
    steps: NDArray[np.int64]

    @classmethod
    def of(cls, stages: Iterable[tuple[float, int]]) -> Schedule:
        """Return the schedule of ``(gamma, steps)`` pairs.

        Raises
        ------
        UserError
            If there is no stage, or a step size or number of steps is not positive.
        """
        pairs = list(stages)
        return cls.from_arrays([gamma for gamma, _ in pairs], [steps for _, steps in pairs])

    @classmethod
    def from_arrays(cls, gammas: ArrayLike, steps: ArrayLike) -> Schedule:
        """Return the schedule with these step sizes and numbers of steps, equal ones merged."""
        gamma = np.asarray(gammas, dtype=np.float64)
        count = np.asarray(steps)
        if gamma.ndim != 1 or gamma.shape != count.shape or not len(gamma):
            raise UserError("a schedule needs at least one stage, each with gamma and steps")
        if not np.issubdtype(count.dtype, np.integer) or np.any(count < 1):
            raise UserError("every stage of a schedule needs a whole number of steps, at least 1")
        if not np.all(np.isfinite(gamma) & (gamma > 0)):
            raise UserError("step sizes must be positive and finite")
        starts = np.flatnonzero(np.append(True, gamma[1:] != gamma[:-1]))
        return cls(gamma[starts], np.add.reduceat(count.astype(np.int64), starts))

    @property
    def total(self) -> int:
        """The number of steps N."""
        return int(self.steps.sum())

    def __len__(self) -> int:
        return len(self.gammas)


def constant(gamma: float, N: int) -> Schedule:
    """Return N steps at step size gamma."""
    _check(gamma, N)
    return Schedule.of([(gamma, N)])


def geometric(gamma: float, N: int) -> Schedule:
    """Return Lin et al.'s schedule: gamma is halved every ``K = max(1, floor(N / log2 N))`` steps.

    Step t = 1..N has size ``gamma / 2^floor((t - 1) / K)``; the last stage may be shorter.
    """
    _check(gamma, N)
    K = geometric_stage(N)
    count, last = divmod(N, K)
    steps = [K] * count + ([last] if last else [])
    return Schedule.from_arrays(
        [math.ldexp(gamma, -j) for j in range(len(steps))], np.array(steps, dtype=np.int64)
    )


def geometric_stage(N: int) -> int:
    """Return ``K = max(1, floor(N / log2 N))``, exact also where ``N / log2 N`` is whole.

    Only for ``N = 2^p`` is ``log2 N`` rational; then K is a quotient of integers.  Elsewhere
    the floating quotient is decided by whether ``N >= k log2 N``, its distance from a whole
    number being irrational and checked to exceed the rounding error.
    """
    if N < 2:
        return 1
    power = N.bit_length() - 1
    if 1 << power == N:
        return max(1, N // power)
    quotient = N / math.log2(N)
    nearest = round(quotient)
    if abs(quotient - nearest) > 8 * math.ulp(quotient):
        return max(1, math.floor(quotient))
    return max(1, _exact_floor(N))


def _exact_floor(N: int) -> int:
    """Return ``floor(N / log2 N)`` in 60 digits, for the rare case that rounding could decide."""
    import decimal

    with decimal.localcontext(prec=60):
        value = decimal.Decimal(N) * decimal.Decimal(2).ln() / decimal.Decimal(N).ln()
        return int(value)


def polynomial(gamma: float, N: int, power: float = 1.0) -> Schedule:
    """Return ``gamma_t = gamma (1 - (t - 1)/N)^power``, t = 1..N."""
    _check(gamma, N, stages=N)
    if not (math.isfinite(power) and power > 0):
        raise UserError(f"the power of a polynomial schedule must be positive, not {power}")
    return _each(gamma * (1.0 - np.arange(N) / N) ** power)


def cosine(gamma: float, N: int) -> Schedule:
    """Return ``gamma_t = gamma (1 + cos(pi (t - 1)/N))/2``, t = 1..N."""
    _check(gamma, N, stages=N)
    return _each(gamma * np.cos(np.arange(N) * (0.5 * np.pi / N)) ** 2)


def wsd(gamma: float, N: int, warmup: float = 0.1, decay: float = 0.2) -> Schedule:
    """Return warm-up, stable, decay: linear up over ``warmup N`` steps, linear down at the end.

    With ``W = floor(warmup N)`` and ``D = floor(decay N)`` the step sizes are ``gamma t/(W+1)``
    for t <= W, then gamma, then ``gamma (N - t + 1)/(D + 1)`` for the last D steps.
    """
    if not (warmup >= 0 and decay >= 0 and warmup + decay <= 1):
        raise UserError("warm-up and decay are shares of N: not negative, together at most 1")
    _check(gamma, N)
    W, D = math.floor(warmup * N), math.floor(decay * N)
    _check(gamma, N, stages=W + D)
    up = gamma * np.arange(1, W + 1) / (W + 1)
    down = gamma * np.arange(D, 0, -1) / (D + 1)
    ones = np.ones(W + D + 1, dtype=np.int64)
    ones[W] = N - W - D
    gammas = np.concatenate([up, [gamma], down])
    return Schedule.from_arrays(gammas[ones > 0], ones[ones > 0])


NAMES = ("geometric", "constant", "polynomial", "cosine", "wsd")
"""The schedules that `named` knows by name."""

_MAKERS: Mapping[str, tuple[Callable[..., Schedule], int]] = {
    "geometric": (geometric, 0),
    "constant": (constant, 0),
    "polynomial": (polynomial, 1),
    "cosine": (cosine, 0),
    "wsd": (wsd, 2),
}
_CALL = re.compile(r"\s*([a-z]+)\s*(?:\(([^()]*)\))?\s*")


def named(text: str, gamma: float, N: int) -> Schedule:
    """Return the schedule that a text stands for, its largest step size being gamma.

    Parameters
    ----------
    text : see the module's docstring; parameters left away have their defaults.
    gamma : step size that shares are shares of.
    N : number of steps; of stages the first N, and there have to be as many.

    Raises
    ------
    UserError
        For another text, and input out of range.
    """
    if ":" in text:
        return _first(_stages(text), gamma, N)
    match = _CALL.fullmatch(text)
    if match is None or match[1] not in _MAKERS:
        raise _unknown(text)
    make, most = _MAKERS[match[1]]
    numbers = [_number(item, text) for item in match[2].split(",")] if match[2] else []
    if len(numbers) > most:
        raise UserError(f"the schedule {match[1]} has {most} parameters, not {len(numbers)}")
    return make(gamma, N, *numbers)


def check_text(text: str) -> None:
    """Refuse a text that stands for no schedule."""
    named(text, 1.0, 1)


def _stages(text: str) -> list[tuple[float, int]]:
    """Return the stages of a text: shares and numbers of steps."""
    stages = []
    for item in text.split(","):
        share, _, steps = item.partition(":")
        count = _number(steps, text)
        if not (count >= 1 and count == int(count)):
            raise UserError(f"{item.strip()}: a stage has a whole number of steps, at least 1")
        stages.append((_number(share, text), int(count)))
    return stages


def _first(stages: list[tuple[float, int]], gamma: float, N: int) -> Schedule:
    """Return the first N steps of stages in shares of gamma."""
    _check(gamma, N)
    taken, left = [], N
    for share, steps in stages:
        if not 0 < share <= 1:
            raise UserError(f"a stage's share of gamma must lie in (0, 1], not {share:g}")
        if left > 0:
            taken.append((gamma * share, min(steps, left)))
        left -= steps
    if left > 0:
        raise UserError(f"the stages have {N - left} steps, fewer than N = {N}: add a stage")
    return Schedule.of(taken)


def _number(item: str, text: str) -> float:
    try:
        value = float(item)
    except ValueError:
        raise _unknown(text) from None
    if not math.isfinite(value):
        raise _unknown(text)
    return value


def _unknown(text: str) -> UserError:
    return UserError(
        f"schedules are {', '.join(NAMES)} (as in polynomial(2), wsd(0.1, 0.2)), or stages such "
        f"as 1:1000, 0.5:500, not {text!r}"
    )


def _each(gammas: NDArray[np.float64]) -> Schedule:
    return Schedule.from_arrays(gammas, np.ones(len(gammas), dtype=np.int64))


def _check(gamma: float, N: int, stages: int = 1) -> None:
    if isinstance(N, bool) or not isinstance(N, int | np.integer):
        raise UserError(f"the number of steps N must be a whole number, not {N!r}")
    if not 1 <= N <= _MAX_STEPS:
        raise UserError(f"the number of steps N must lie between 1 and 10^18, not {N}")
    if not (math.isfinite(gamma) and gamma > 0):
        raise UserError(f"the step size gamma must be positive and finite, not {gamma}")
    if stages > _MAX_STAGES:
        raise UserError(
            f"this schedule changes gamma {stages} times; up to 10^7 changes are supported: "
            "take a smaller N, or a schedule of few stages such as 'geometric'"
        )
