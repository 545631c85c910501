"""What a ladder may call a contradiction, and what it must not."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratecert.numerics.legs.trend import Reading, combined, read
from ratecert.proofs_check.verdict.certificate import Light

DECADES = math.log(10)
QUICK = [DECADES * d for d in (3, 12, 18, 24)]
ends = st.floats(15, 2000)
powers = st.floats(-20, 20)


def reading(r, scales=QUICK):
    return Reading.of([(L, r(L)) for L in scales])


def window(end):
    return [end / 2, 3 * end / 4, end]


@given(ends, powers, st.floats(-30, 30))
def test_no_power_of_a_logarithm_contradicts_anything(end, q, constant):
    found = reading(lambda L: q * math.log(L) + constant, window(end))
    assert not found.grows
    assert not found.falls
    assert found.power == pytest.approx(0, abs=1e-6)
    assert found.logs == pytest.approx(q, abs=1e-3)
    assert read("Theta", found, found) is Light.PASS


@given(ends, st.floats(-12, 12), st.floats(-4, 4))
def test_no_correction_however_slow_contradicts_anything(end, amplitude, rate):
    delta = 10**rate
    found = reading(lambda L: amplitude * math.exp(-delta * L), window(end))
    assert not found.grows
    assert not found.falls
    assert read("Theta", found, found) is Light.PASS


@given(ends, st.lists(st.floats(-6, 2), max_size=8), st.booleans())
def test_no_nearly_flat_sums_contradict_anything(end, rates, below):
    # Each is log((1 - t^-d)/d), a logarithm that turns into a constant at an unknown scale.
    def r(L):
        terms = [math.log(-math.expm1(-(10**d) * L) / 10**d) for d in rates]
        return (-1 if below else 1) * math.fsum(terms)

    found = reading(r, window(end))
    assert not found.grows
    assert not found.falls


@given(ends, st.floats(0.05, 50), powers, st.sampled_from([-1, 1]))
def test_a_power_is_seen_through_logarithms(end, excess, q, sign):
    resolution = reading(lambda L: 0.0, window(end)).resolution
    p = sign * (resolution + excess)
    found = reading(lambda L: p * L + q * math.log(L), window(end))
    assert found.power == pytest.approx(p)
    # The slopes, too, have to show it: a large power of a logarithm may hide it for long.
    steep = all(sign * s > resolution for s in found.slopes)
    assert (found.grows if sign > 0 else found.falls) == steep


def test_the_large_logarithm_and_the_small_power():
    # log(N)^5 against N^(1/100): growing until N = e^500, and no contradiction to O.
    found = reading(lambda L: 5 * math.log(L) - L / 100)
    assert found.slopes[1] > 0
    assert read("O", found, found) is Light.PASS


GROWING, FALLING, FLAT = (reading(lambda L, p=p: p * L) for p in (0.25, -0.25, 0.0))
TO_TWO = reading(lambda L: math.log(2 + math.exp(-L)))
TO_ONE = reading(lambda L: math.exp(-L / 10))
TO_ONE_SLOWLY = reading(lambda L: 1 / L)
LOGARITHM_DOWN = reading(lambda L: -math.log(L))


@pytest.mark.parametrize(
    ("relation", "passing", "failing"),
    [
        ("Theta", [FLAT, TO_TWO, LOGARITHM_DOWN], [GROWING, FALLING]),
        ("Thetatilde", [FLAT, TO_TWO, LOGARITHM_DOWN], [GROWING, FALLING]),
        ("O", [FLAT, FALLING, LOGARITHM_DOWN], [GROWING]),
        ("Otilde", [FLAT, FALLING], [GROWING]),
        ("Omega", [FLAT, GROWING], [FALLING]),
        ("Omegatilde", [FLAT, GROWING], [FALLING]),
        ("o", [FALLING, LOGARITHM_DOWN], [GROWING, FLAT, TO_TWO]),
        ("~", [FLAT, TO_ONE, TO_ONE_SLOWLY], [GROWING, FALLING, TO_TWO]),
    ],
)
def test_lights_of_relations(relation, passing, failing):
    assert [read(relation, r, r) for r in passing] == [Light.PASS] * len(passing)
    assert [read(relation, r, r) for r in failing] == [Light.FAIL] * len(failing)


@pytest.mark.parametrize("p", [1 / 4, 1 / 2, 1, 2])
@pytest.mark.parametrize("sign", [1, -1])
def test_limits_approached_like_a_power_of_the_logarithm(p, sign):
    to_one = reading(lambda L: sign * L**-p)
    assert read("~", to_one, to_one) is Light.PASS
    # Off by so much that half of the distance at the end would be left.
    elsewhere = reading(lambda L: sign * (L**-p + 2 * (24 * DECADES) ** -p))
    assert read("~", elsewhere, elsewhere) is Light.UNKNOWN


def test_a_ratio_that_oscillates_about_1():
    to_one = reading(lambda L: math.exp(-L / 8) * math.cos(L))
    assert read("~", to_one, to_one) is Light.PASS
    never = reading(lambda L: math.cos(L) / 10)
    assert read("~", never, never) is Light.UNKNOWN


def test_what_is_neither_is_unknown():
    # Steeper than a logarithm in the second half only.
    bent = reading(lambda L: max(0.0, L - 18 * DECADES))
    assert read("O", bent, bent) is Light.UNKNOWN
    assert read("~", LOGARITHM_DOWN, LOGARITHM_DOWN) is Light.UNKNOWN
    rising_to_nothing = reading(lambda L: math.log(L))
    assert read("o", rising_to_nothing, rising_to_nothing) is Light.UNKNOWN


def test_each_side_is_read_off_its_own_bound():
    assert read("O", FLAT, FALLING) is Light.PASS
    assert read("Omega", GROWING, FLAT) is Light.PASS
    assert read("Theta", FLAT, FALLING) is Light.FAIL
    assert read("Theta", GROWING, FLAT) is Light.FAIL


@given(st.lists(st.sampled_from([Light.PASS, Light.FAIL, Light.UNKNOWN])))
def test_lights_of_several_ladders(lights):
    light = combined(lights)
    assert (light is Light.FAIL) == (Light.FAIL in lights)
    assert (light is Light.PASS) == (bool(lights) and set(lights) == {Light.PASS})
