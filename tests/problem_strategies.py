"""Drawn problems for the exact engine, and slow exact oracles to hold it against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat, ctx
from hypothesis import strategies as st
from numpy.typing import NDArray

from ratecert.numerics.exact.excess import largest_stable_gamma
from ratecert.numerics.model.schedules import Schedule, constant, cosine, geometric, wsd

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Small:
    """A problem small enough for the dense oracle."""

    lam: Array
    energy: Array
    noise: float
    schedule: Schedule
    batch: int


@st.composite
def small_problems(draw: st.DrawFn, max_modes: int = 12, max_log_steps: float = 8.0) -> Small:
    """Power laws with perturbed energies, multiplicities, any batch, S up to 0.9 of stable."""
    modes = draw(st.integers(1, max_modes))
    i = np.arange(1, modes + 1.0)
    lam = i ** -draw(st.floats(1.05, 4.0))
    energy = i ** -draw(st.floats(1.05, 6.0)) * draw(st.floats(0.5, 2.0))
    if draw(st.booleans()):
        lam = np.repeat(lam, 2)[:modes]
    batch = draw(st.sampled_from([1, 1, 2, 8]))
    gamma = largest_stable_gamma(lam, batch) * draw(st.sampled_from([0.02, 0.3, 0.5, 0.8, 0.9]))
    N = int(10 ** draw(st.floats(0.0, max_log_steps)))
    maker = draw(st.sampled_from([geometric, constant, cosine, wsd]))
    if maker in (cosine, wsd):
        N = 1 + N % 40
    noise = draw(st.sampled_from([0.0, 0.1, 1.0]))
    return Small(lam, energy, noise, maker(gamma, N), batch)


def dense_moments(
    problem: Small, averaged: bool = False, digits: int = 80
) -> tuple[arb, arb, arb]:
    """Return bias, variance and mean bias by powers of the dense moment matrix in balls.

    The matrix is written down from Isserlis' formula, with the pair ``(c, s)`` of each mode for
    averaged iterates; powers by repeated squaring.  Nothing is shared with the engine.
    """
    before = ctx.dps
    ctx.dps = digits
    try:
        return _Dense(problem).run(averaged)
    finally:
        ctx.dps = before


class _Dense:
    def __init__(self, problem: Small):
        self.lam = [arb(float(v)) for v in problem.lam]
        self.energy = [arb(float(v)) for v in problem.energy]
        self.noise, self.batch = arb(problem.noise), problem.batch
        self.stages = list(zip(problem.schedule.gammas, problem.schedule.steps, strict=True))

    def run(self, averaged: bool) -> tuple[arb, arb, arb]:
        lam, M = self.lam, len(self.lam)
        size = (3 * M if averaged else M) + 1
        start = [[arb(0), arb(0)] for _ in range(size)]
        for i, (value, energy) in enumerate(zip(lam, self.energy, strict=True)):
            start[i][0] = energy / value
        start[-1][1] = self.noise
        state, N = arb_mat(start), 0
        path, total = [arb(1)] * M, [arb(0)] * M
        for gamma, steps in self.stages:
            g, n = arb(float(gamma)), int(steps)
            state, N = _apply_power(self.matrix(g, size), n, state), N + n
            for i, value in enumerate(lam):
                y = 1 - g * value
                total[i] += path[i] * (1 - y**n) / (g * value)
                path[i] *= y**n
        row, scale = (2 * M, N * N) if averaged else (0, 1)
        bias, variance = (
            _sum(lam[i] * state[row + i, c] for i in range(M)) / scale for c in (0, 1)
        )
        last = total if averaged else path
        mean = _sum(e * p * p for e, p in zip(self.energy, last, strict=True)) / scale
        return bias, variance, mean

    def matrix(self, g: arb, size: int) -> arb_mat:
        lam, M, B = self.lam, len(self.lam), self.batch
        rows = [[arb(0)] * size for _ in range(size)]
        for i, value in enumerate(lam):
            for j, other in enumerate(lam):
                rows[i][j] = g * g * value * other / B
            rows[i][i] += 1 - 2 * g * value + (1 + arb(1) / B) * (g * value) ** 2
            rows[i][-1] = g * g * value / B
            if size > M + 1:
                rows[M + i][M + i] = rows[M + i][i] = 1 - g * value
                rows[2 * M + i][2 * M + i] = rows[2 * M + i][i] = arb(1)
                rows[2 * M + i][M + i] = arb(2)
        rows[-1][-1] = arb(1)
        return arb_mat(rows)


def _apply_power(matrix: arb_mat, n: int, state: arb_mat) -> arb_mat:
    while n:
        if n & 1:
            state = matrix * state
        n >>= 1
        if n:
            matrix = matrix * matrix
    return state


def _sum(terms: Iterable[arb]) -> arb:
    return sum(terms, arb(0))
