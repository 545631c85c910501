"""The next order of a sketch's approximation: closed forms, exact cases, drawn sketches."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratecert.numerics.kernels import ArcCosine, NeuralTangent, Sobolev, Sphere
from ratecert.numerics.model.problem import Measured, Problem, Regular
from ratecert.numerics.sketches.correction import by_degree, next_order, shifted
from ratecert.numerics.sketches.deterministic_equivalent import approximation


def power(a: float, shift: float = 0.0, scale: float = 1.0) -> Problem:
    law = Regular(scale, ((shift, a),))
    return Problem(law, law)


@given(st.floats(1.3, 4), st.floats(-0.9, 2), st.floats(0.01, 100))
@settings(max_examples=20, deadline=None)
def test_power_laws_approach_the_closed_form(a: float, shift: float, scale: float) -> None:
    """To the order that is left out, ``1/M²`` (and the ``M^-a`` of a sum's own remainder)."""
    for M in (1000, 100_000):
        problem = power(a, shift, scale)
        whole = approximation(problem, M) + next_order(problem, M)
        left_out = 20 * (1 + abs(shift)) ** 2 * (a / M) ** min(a, 2)
        assert whole == pytest.approx(shifted(scale, a, shift, M), rel=left_out)


@pytest.mark.parametrize(("a", "measured"), [(1.5, 0.26), (2.0, 0.5)])
def test_the_share_that_was_once_measured(a: float, measured: float) -> None:
    problem = power(a)
    share = next_order(problem, 10**5) / approximation(problem, 10**5) * 10**5
    assert share == pytest.approx((a - 1) / 2, rel=1e-4)
    assert share == pytest.approx(measured, abs=0.02)


@given(st.integers(2, 40), st.floats(0.1, 10), st.data())
@settings(max_examples=30, deadline=None)
def test_uniform_projections_need_no_correction(d: int, e: float, data: st.DataObject) -> None:
    M = data.draw(st.integers(1, d - 1))
    problem = Problem(Measured((3.0,) * d), Measured((e,) * d))
    assert next_order(problem, M) == pytest.approx(0, abs=1e-12 * e * d)
    assert approximation(problem, M) == pytest.approx((d - M) * e)


def drawn(lam: np.ndarray, energy: np.ndarray, M: int, draws: int) -> tuple[float, float]:
    """Return mean and standard error of ``tr E (I - P)`` over sketches."""
    rng = np.random.default_rng(5)
    lost = []
    for _ in range(draws):
        rows = rng.standard_normal((M, len(lam))) * np.sqrt(lam)
        q, _ = np.linalg.qr(rows.T)
        lost.append(float(energy.sum() - np.sum(energy[:, None] * q**2)))
    return float(np.mean(lost)), float(np.std(lost, ddof=1) / math.sqrt(draws))


@pytest.mark.parametrize(("a", "b"), [(2.0, 2.0), (3.0, 2.0), (1.5, 3.0)])
def test_drawn_sketches_lie_at_the_next_order(a: float, b: float) -> None:
    """Six standard errors (a false alarm in 5e8), and ``1/M²``; the leading order alone is off."""
    i, M = np.arange(1.0, 201), 12
    lam, energy = i**-a, i**-b
    problem = Problem(Measured.of(lam), Measured.of(energy))
    mean, se = drawn(lam, energy, M, 6000)
    leading = approximation(problem, M)
    room = 6 * se + 3 * leading / M**2
    assert abs(mean - leading - next_order(problem, M)) < room
    assert abs(mean - leading) > room


@pytest.mark.parametrize(
    ("kernel", "shift"), [(NeuralTangent(3), 23 / 4), (ArcCosine(3), 47 / 12)], ids=str
)
def test_on_the_sphere_the_law_holds_in_what_the_leading_degrees_leave(
    kernel: Sphere, shift: float
) -> None:
    c, alpha = kernel.leading()
    a, L = alpha / 2, c * 2 ** (-alpha / 2)
    for M in (200, 800, 3200):
        law = shifted(L, a, -shift - 0.5, M)
        assert by_degree(kernel, M, 3000) == pytest.approx(law, rel=8 / M**1.5)
        assert abs(by_degree(kernel, M, 3000) / shifted(L, a, 0.0, M) - 1) > a * shift / M


@pytest.mark.parametrize("kernel", [NeuralTangent(3), ArcCosine(4)], ids=str)
def test_sums_over_degrees_are_those_over_eigenvalues(kernel: Sphere) -> None:
    problem = Problem(kernel.spectrum(), kernel.spectrum())
    for M in (2, 10, 40):
        whole = approximation(problem, M) + next_order(problem, M)
        assert by_degree(kernel, M, 400) == pytest.approx(whole, rel=1e-3)


def test_the_circle_has_the_shift_of_a_missing_constant() -> None:
    """Each of the frequencies twice, constants not at all: ``Σ 1/(1 + |2πk|^a κ)`` less one."""
    for a, M in ((1.5, 64), (3.0, 64)):
        kernel = Sobolev(a / 2)
        problem = Problem(kernel.spectrum(), kernel.spectrum())
        whole = approximation(problem, M) + next_order(problem, M)
        assert whole == pytest.approx(shifted(math.pi**-a, a, 0.5, M), rel=3 / M**1.5)
