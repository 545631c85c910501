"""The constants of a sketch's event against dense linear algebra; the theorem that is cited."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import zeta

from ratecert.numerics.shown.event import TOLERANCE, SketchEvent, _largest, sketch_event
from ratecert.numerics.sketches.drawn import Features, feature_rows
from ratecert.proofs_check.language.errors import UserError


@pytest.mark.parametrize(("a", "M"), [(1.2, 20), (2, 7), (3.5, 12), (2.0, 1)])
def test_tails_are_those_of_dense_matrices(a: float, M: int) -> None:
    got = sketch_event(a, M, seed=5, draw=2)
    d = 4000
    S = feature_rows(5, 2, M, 0, d).T
    i = np.arange(1, d + 1.0)
    rest = zeta(a, d + 1) / M * np.eye(M)
    norms = [
        np.linalg.eigvalsh((S[:, k:] * i[k:] ** -a) @ S[:, k:].T + rest)[-1] for k in range(M)
    ]
    least = max(k**a * norm for k, norm in enumerate(norms, 1))
    # Modes beyond 8M are drawn as a Gaussian matrix: other numbers, small ones.
    assert least * 0.98 <= got.c2 <= least * (1.02 + TOLERANCE)


@pytest.mark.parametrize(("a", "M"), [(1.2, 20), (2, 7), (3.5, 12)])
def test_alignment_is_bounded_between_the_points_of_the_grid(a: float, M: int) -> None:
    got = sketch_event(a, M, seed=5, draw=3)
    assert got.heat(np.zeros(1)) == pytest.approx(zeta(a, 1), rel=1e-9)
    for kappa in (0.3, 1.0, 2.5):
        c1 = got.c1(kappa)
        t = np.geomspace(1e-3, M**a / kappa, 5001)
        ratio = a / (a - 1) * t ** ((1 - a) / a) / got.heat(t)
        assert c1 <= ratio.min() + 1e-12
        assert c1 >= min(1.0, ratio.min()) * (1 - TOLERANCE)
        assert got.holds(c1, got.c2, kappa)
        assert not got.holds(c1 * 1.001, got.c2, kappa)
        assert not got.holds(c1, got.c2 * 0.999, kappa)
    assert got.c1(2.0 * M**a) == 1.0


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=40),
    st.floats(1.1, 4.0),
)
def test_the_largest_product_is_found_within_a_percent(falls: list[float], a: float) -> None:
    values = np.cumprod(falls)
    calls: list[int] = []

    def norm(k: int) -> float:
        calls.append(k)
        return float(values[k - 1])

    least = max(k**a * value for k, value in enumerate(values, 1))
    got = _largest(norm, a, len(values))
    assert least * (1 - 1e-12) <= got <= least * (1 + TOLERANCE)
    assert len(set(calls)) == len(calls)


def test_unusable_numbers() -> None:
    with pytest.raises(UserError, match="above 1"):
        sketch_event(1.0, 4, 0, 0)
    event = SketchEvent(2.0, Features(np.ones(2), np.ones(2), 0.1, 0.0, 0.0), 3.0)
    for kappa in (0.0, math.inf, math.nan):
        with pytest.raises(UserError, match="kappa"):
            event.c1(kappa)


def _extremes(S: np.ndarray, T: np.ndarray) -> tuple[float, float]:
    """Return ``|S T^{1/2}|`` and the least eigenvalue of ``T^{1/2} S^T S T^{1/2} + 1 - T``."""
    root = S * np.sqrt(T)
    rest = root.T @ root + np.diag(1 - T)
    return float(np.linalg.norm(root, 2)), float(np.linalg.eigvalsh(rest)[0])


def _failures(M: int, T: np.ndarray, tau: float, share: float) -> tuple[int, int]:
    """Return how often of 100 each use of the inequality fails, `share` being its trace term."""
    found = [_extremes(feature_rows(11, draw, M, 0, len(T)).T, T) for draw in range(100)]
    norms, least = np.array(found).T
    kept = (1 - tau - share) ** 2 if tau + share < 1 else 0.0
    return int(np.sum(norms > 1 + tau + share)), int(np.sum(least < kept))


def test_gordons_inequality_as_numbers() -> None:
    """Its two uses, each on 100 sketches, and controls: another constant or exponent fails.

    ``|S T^{1/2}| <= 1 + tau + 2 (tr T/M)^{1/2}`` for ``|T| = 1``, and ``A + 1/u`` is at least
    ``(1 - delta)^2 (H + 1/u)``, ``delta = tau + 2 (tr T/M)^{1/2}`` with ``T = H/(H + 1/u)``, each
    but for a probability of ``2 exp(-tau^2 M/2)``; with M = 60, tau = 1/2 that is 0.0011, and
    more than 4 of 100 have less than 1e-6.
    """
    M, tau = 60, 0.5
    for a in (1.5, 2.0, 3.0):
        lam = np.arange(1.0, 201) ** -a
        for T in (lam, lam / (lam + 2 / 3)):
            assert max(_failures(M, T, tau, 2 * math.sqrt(T.sum() / M))) <= 4
    flat = np.ones(30)
    assert max(_failures(M, flat, tau, 2 * math.sqrt(1 / 2))) <= 4
    assert min(_failures(M, flat, 0.0, math.sqrt(1 / 2) / 2)) >= 96
    assert min(_failures(M, flat, 0.0, 2 * (1 / 2) ** 2)) >= 96
