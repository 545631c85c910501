"""The compiled engine draws the numbers of NumPy's generators and takes NumPy's steps."""

from __future__ import annotations

import importlib.util
from math import exp

import numpy as np
import pytest
from scipy import integrate

from ratecert.numerics.simulation import sgd as module
from ratecert.numerics.simulation.compiled import R, compiled, state_of, ziggurat
from ratecert.numerics.simulation.sgd import simulate
from ratecert.numerics.simulation.sources import Eigenbasis, sketched
from ratecert.proofs_check.language.errors import UserError

HAS_NUMBA = importlib.util.find_spec("numba") is not None
needs_numba = pytest.mark.skipif(not HAS_NUMBA, reason="needs the `fast` extra")
LAM = np.arange(1.0, 7.0) ** -1.5


def test_all_pieces_of_the_ziggurat_have_one_area() -> None:
    bound, width, height = ziggurat()
    x = np.r_[0.0, width[1:] * 2.0**52]
    tail, _ = integrate.quad(lambda t: exp(-t * t / 2), R, np.inf, epsabs=1e-16)
    area = R * exp(-R * R / 2) + tail
    layers = x[1:] * (np.exp(-(x[:-1] ** 2) / 2) - np.exp(-(x[1:] ** 2) / 2))
    # The last layer closes the pile at height 1 only if R is the right root.
    np.testing.assert_allclose(layers, area, rtol=1e-11)
    np.testing.assert_allclose(height, np.exp(-(x**2) / 2), rtol=1e-15)
    assert bound[1] == 0
    assert (bound[2:] < 2**52).all()


@needs_numba
def test_normals_are_those_of_numpy() -> None:
    _, normals = compiled()
    generator = np.random.Generator(np.random.SFC64(5))
    state, mine = state_of(generator), np.empty(2_000_000)
    normals(state, mine)
    theirs = generator.standard_normal(mine.size)
    # Rare branches too: the tail beyond R is met some 500 times.
    assert np.sum(np.abs(theirs) > R) > 300
    np.testing.assert_allclose(mine, theirs, rtol=1e-12)
    np.testing.assert_array_equal(state, state_of(generator))


@needs_numba
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("averaged", [False, True])
def test_both_engines_give_one_result(
    batch: int, outputs: int, averaged: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GROUP", 64)
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((100, outputs, outputs))
    source = Eigenbasis.of(
        LAM, rng.standard_normal((100, outputs, 6)), noise @ np.swapaxes(noise, 1, 2)
    )
    results = [
        simulate(source, [(0.1, 40), (0.02, 30)], 100, 3, batch=batch, averaged=averaged,
                 record=[7, 70], engine=engine)
        for engine in ("numpy", "numba")
    ]  # fmt: skip
    np.testing.assert_allclose(results[0].excess, results[1].excess, rtol=1e-9)
    np.testing.assert_allclose(results[0].deviation, results[1].deviation, rtol=1e-8, atol=1e-12)


@needs_numba
def test_the_compiled_engine_sees_an_overflow_too() -> None:
    with pytest.raises(UserError, match="step size 50 is too large"):
        simulate(Eigenbasis.of(LAM, LAM, 1.0), [(50.0, 5000)], 4, 1, engine="numba")


@pytest.mark.skipif(HAS_NUMBA, reason="numba is here")
def test_without_numba_the_extra_is_named() -> None:
    with pytest.raises(UserError, match=r"ratecert\[fast\]"):
        simulate(Eigenbasis.of(LAM, LAM, 1.0), [(0.1, 5)], 4, 1, engine="numba")


def test_unknown_engines_and_raw_problems_are_refused() -> None:
    raw, eigen = sketched(LAM, np.eye(2, 6), LAM, 1.0)
    with pytest.raises(UserError, match="engine = 'fortran'"):
        simulate(eigen, [(0.1, 5)], 4, 1, engine="fortran")
    with pytest.raises(UserError, match="raw model"):
        simulate(raw, [(0.1, 5)], 4, 1, engine="numba")
