"""Expected excess risk in mpmath, step by step: the second opinion on the exact engine.

Mode by mode, with ``w_i = <u_i, v_t - v*>`` and ``z_i`` the sum of ``w_i`` over the iterates so
far, the moments ``m = E w^2``, ``c = E w z``, ``q = E z^2`` obey, with ``x = gamma_t lam_i`` and
``F = sum_k lam_k m_k + noise``,

    q <- q + 2 c + m,    c <- (1 - x)(c + m),    m <- (1 - 2x + (1 + 1/B) x^2) m + gamma_t x F/B,

from Isserlis' formula; off-diagonal moments never enter.  Nothing is shared with `numerics`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import mpmath

DIGITS = 50


def excess(
    lam: Sequence[float], energy: Sequence[float], noise: float,
    stages: Iterable[tuple[float, int]], batch: int = 1, averaged: bool = False,
) -> mpmath.mpf:  # fmt: skip
    """Return the expected excess after the stages ``(gamma, steps)``, to some 45 digits."""
    with mpmath.workdps(DIGITS):
        modes = [mpmath.mpf(float(v)) for v in lam]
        start = zip(energy, modes, strict=True)
        m = [mpmath.mpf(float(e)) / v if v else mpmath.mpf(0) for e, v in start]
        c, q, sigma = [mpmath.mpf(0)] * len(m), [mpmath.mpf(0)] * len(m), mpmath.mpf(float(noise))
        N = 0
        for step, count in stages:
            gamma = mpmath.mpf(float(step))
            for _ in range(int(count)):
                F = mpmath.fdot(modes, m) + sigma
                for i, value in enumerate(modes):
                    x = gamma * value
                    q[i] += 2 * c[i] + m[i]
                    c[i] = (1 - x) * (c[i] + m[i])
                    m[i] += x * ((x + x / batch - 2) * m[i] + gamma * F / batch)
                N += 1
        return mpmath.fdot(modes, q) / N**2 if averaged else mpmath.fdot(modes, m)
