"""The steps of the simulator compiled by numba: the same streams, without passes over memory.

NumPy draws a block of normals and then walks over it three times.  Here a normal is scaled and
used as soon as it is drawn.  The bit generator (SFC64: Doty-Humphrey, PractRand) and the ziggurat
(Marsaglia and Tsang, J. Stat. Softw. 5, 2000) are NumPy's, step by step, started from the state
of NumPy's generator: the normals are its normals, up to the last digit.

*Ziggurat*.  ``f(x) = exp(−x²/2)`` on ``x ≥ 0`` is covered by 256 pieces of equal area V: layers
``[0, x_i] × [f(x_i), f(x_{i−1})]``, i = 255..1, with ``x_255 = r``, and a base (i = 0) of the
rectangle ``[0, r] × [0, f(r)]`` and the tail, V = r f(r) + ∫_r^∞ f, so that

    x_{i−1} = f^{-1}(f(x_i) + V/x_i),       x_0 = 0.

Of 64 random bits eight choose i, one the sign and 52 a uniform multiple of ``2^−52`` of the
layer's width ``w_i = x_i`` (``w_0 = V/f(r)``).  What lies left of ``x_{i−1}`` (of r, for the base)
is accepted at once; else the height is drawn, or for the base the tail by Marsaglia's method.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import erfc, exp, log, pi, sqrt
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from ratecert.proofs_check.language.errors import UserError

__all__ = ["compiled", "state_of", "ziggurat"]

Array = NDArray[np.float64]
F = TypeVar("F", bound=Callable[..., Any])

R = 3.6541528853610088
"""Where the tail begins: the root for which the layers end at ``x_0 = 0``."""


@cache
def ziggurat() -> tuple[NDArray[np.uint64], Array, Array]:
    """Return ``2^52 x_{i−1}/x_i`` (rounded down), ``2^−52 w_i`` and ``f(x_i)``, i = 0..255."""
    area = R * exp(-R * R / 2) + sqrt(pi / 2) * erfc(R / sqrt(2))
    x = np.zeros(256)
    x[255] = R
    for i in range(255, 1, -1):
        x[i - 1] = sqrt(-2 * log(exp(-x[i] * x[i] / 2) + area / x[i]))
    width = x.copy()
    width[0] = area / exp(-R * R / 2)
    inner = np.concatenate([[R], x[:-1]])
    bound = (2.0**52 * (inner / width)).astype(np.uint64)
    return bound, width * 2.0**-52, np.exp(-x * x / 2)


def state_of(generator: np.random.Generator) -> NDArray[np.uint64]:
    """Return the four words of an SFC64 generator's state."""
    state: Any = generator.bit_generator.state
    return np.array(state["state"]["state"], dtype=np.uint64)


@cache
def compiled() -> tuple[Callable[..., None], Callable[..., None]]:
    """Return ``advance`` and ``normals``, compiled at their first call.

    ``advance(features, noise, states, total, roots, factor, gamma, batch, count)`` takes `count`
    steps of the recursion in the eigenbasis: `features` and `noise` are states of the generators,
    `states` (runs, p, M) and, where it is not empty, `total` of the same shape the sum of the
    states before each step, `roots` is ``√λ~``, `factor` (1 or runs, p, p) that of the noise.
    ``normals(state, out)`` fills `out` with normals.  All but roots and factor change in place.

    Raises
    ------
    UserError
        Where numba is missing.
    """
    try:
        from numba import njit
    except ImportError:
        raise UserError("the numba engine needs numba: pip install 'ratecert[fast]'") from None

    def jit(**options: Any) -> Callable[[F], F]:
        return cast(Callable[[F], F], njit(**options))

    bound, width, height = ziggurat()
    one, three, eight, nine = (np.uint64(k) for k in (1, 3, 8, 9))
    eleven, shift, back = np.uint64(11), np.uint64(24), np.uint64(40)
    byte, mantissa = np.uint64(0xFF), np.uint64((1 << 52) - 1)

    @jit(inline="always")
    def word(s: Any) -> Any:
        drawn = s[0] + s[1] + s[3]
        s[3] += one
        s[0] = s[1] ^ (s[1] >> eleven)
        s[1] = s[2] + (s[2] << three)
        s[2] = ((s[2] << shift) | (s[2] >> back)) + drawn
        return drawn

    @jit()
    def uniform(s: Any) -> Any:
        return (word(s) >> eleven) * 2.0**-53

    @jit()
    def beyond(s: Any, i: Any, rest: Any, x: Any) -> Any:
        """Finish a draw outside the inner rectangle; the second value says whether it counts."""
        if i == 0:
            while True:
                a, b = -np.log1p(-uniform(s)) / R, -np.log1p(-uniform(s))
                if b + b > a * a:
                    # NumPy takes the sign of the tail from another bit.
                    return (-(R + a) if (rest >> eight) & one else R + a), True
        accepted = (height[i - 1] - height[i]) * uniform(s) + height[i] < np.exp(-0.5 * x * x)
        return x, accepted

    @jit()
    def normals(s: Any, out: Any) -> None:
        # The state lives in registers here; it is in `s` for the rare draws `beyond` alone.
        s0, s1, s2, s3 = s[0], s[1], s[2], s[3]
        for k in range(out.size):
            while True:
                drawn = s0 + s1 + s3
                s3 += one
                s0 = s1 ^ (s1 >> eleven)
                s1 = s2 + (s2 << three)
                s2 = ((s2 << shift) | (s2 >> back)) + drawn
                i, rest = drawn & byte, (drawn >> nine) & mantissa
                x = rest * width[i]
                if (drawn >> eight) & one:
                    x = -x
                if rest < bound[i]:
                    break
                s[0], s[1], s[2], s[3] = s0, s1, s2, s3
                x, accepted = beyond(s, i, rest, x)
                s0, s1, s2, s3 = s[0], s[1], s[2], s[3]
                if accepted:
                    break
            out[k] = x
        s[0], s[1], s[2], s[3] = s0, s1, s2, s3

    @jit(fastmath={"reassoc", "contract"})
    def advance(
        features: Any, noise: Any, states: Any, total: Any, roots: Any, factor: Any, gamma: Any,
        batch: Any, count: Any,
    ) -> None:  # fmt: skip
        runs, p, M = states.shape
        u, g, pull = np.empty((batch, M)), np.empty(p), np.empty((batch, p))
        for _ in range(count):
            for r in range(runs):
                w, L = states[r], factor[r % factor.shape[0]]
                if total.size:
                    total[r] += w
                for b in range(batch):
                    normals(features, u[b])
                    u[b] *= roots
                    normals(noise, g)
                    for k in range(p):
                        residual = 0.0
                        for i in range(M):
                            residual += w[k, i] * u[b, i]
                        for j in range(p):
                            residual -= L[k, j] * g[j]
                        pull[b, k] = gamma / batch * residual
                for b in range(batch):
                    for k in range(p):
                        for i in range(M):
                            w[k, i] -= pull[b, k] * u[b, i]

    return advance, normals
