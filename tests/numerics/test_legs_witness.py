"""Numbers along a witness: every contradiction of the proved drift is seen, and no true one."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ratecert.numerics.legs.witness import DECADES, LONGER, Proved, Seen, look
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.paths.orders import CONSTANT, Order
from ratecert.proofs_check.verdict.certificate import Light

ONE, ZERO = Fraction(1), Fraction(0)


def seen(says: str, side: str, ratio: str, **path: str) -> Seen:
    """Look along M = N = t with a step of constant order, or along what else is given."""
    powers = {name: (ONE, ZERO) for name in ("M", "N") if name in says}
    powers |= {"gamma": (ZERO, ZERO)} if "gamma" in says else {}
    powers |= {name: tuple(map(Fraction, text.split())) for name, text in path.items()}
    return look(make_claim(says), {}, powers, Proved.of(side, ratio))


CONTRADICTED = [
    # Flat beside a power, whatever its size; the first are the false witnesses of the past.
    ("sum((1-2/k)^(2*M), k, 1, 2) = Theta(1)", "below", "t^(-1000)"),
    ("sum(k^-2*(1-2/k)^(2*M), k, 1, oo) = Theta(1)", "below", "t^(-1)"),
    ("sum(i^-2, i, 1, M) = Theta(1)", "below", "t^(-1/10)"),
    ("sum(i^-2, i, 1, M) = Theta(1)", "below", "t^(-1/25)"),
    ("sum(i^-2, i, 1, M) = Theta(1)", "above", "t^(1/10)*log(t)^(-3)"),
    ("M = Theta(M)", "above", "t^(1/1000)"),
    ("M = Theta(M)", "below", "t^(-1/100000)"),
    # Faster than every power, or nothing at all.
    ("M = Theta(M)", "above", "t^oo"),
    ("M = Theta(M)", "below", "t^(-oo)"),
    ("M = Theta(M)", "below", "0"),
    ("M^(-1/2) = Omega(1)", "below", "t^(-oo)"),
    # The right way, but too slowly; the wrong way.
    ("M^(1/2) = O(1)", "above", "t"),
    ("sum(1/i, i, 1, M) = O(log(M))", "above", "t^(1/10)"),
    ("M*sum(i^-2, i, 1, M) = O(M^2)", "above", "1"),
    ("M*sum(i^-2, i, 1, M) = O(M^2)", "above", "log(t)"),
    # Logarithms, where both sides are closed forms, and very many of them.
    ("M = Theta(M)", "below", "log(t)^(-1)"),
    ("M = Theta(M)", "below", "log(t)^(-1/2)*log(log(t))"),
    ("log(M)/(1 + log(M)) = Theta(1)", "below", "log(t)^(-1/3)"),
    ("log(log(M)) = O(log(M))", "above", "log(t)^(-1/2)"),
    ("sum(1/i, i, 1, M) = O(log(M))", "above", "log(t)^1000"),
    # Limits.
    ("M ~ M", "limit", "2"),
    ("M + log(M) ~ M", "limit", "1/2"),
    ("sum(i^-2, i, 1, M) ~ zeta(2)", "limit", "0.5"),
    ("M^2 ~ M", "limit", "2"),
]


@pytest.mark.parametrize(("says", "side", "ratio"), CONTRADICTED)
def test_a_contradiction_is_seen(says: str, side: str, ratio: str) -> None:
    assert seen(says, side, ratio).light is Light.FAIL


CONFIRMED = [
    ("M^2 = O(M)", "above", "t"),
    ("M^2 = O(M)", "above", "t^(1/2)"),  # it is only a bound
    ("exp(-M) = Omega(1/M)", "below", "t^(-999)"),
    ("exp(-M) = Omega(1/M)", "below", "t^(-oo)"),
    ("2^M = o(M^log(M))", "above", "t^oo"),
    ("M = o(2*M)", "above", "1"),
    ("N*log(N) = O(N)", "above", "log(t)"),
    ("N = Omega(N*log(log(N))*log(N)^(1/9))", "below", "log(t)^(-1/9)*log(log(t))^(-1)"),
    ("M^(1/1000) = O(1)", "above", "t^(1/1000)"),
    ("sum(i^(-1001/1000), i, M, oo) = Omega(1)", "below", "t^(-1/1000)"),
    ("sum(1/i, i, 1, M) ~ 2*log(M)", "limit", "1/2"),
    # Slow crossovers: they look false up to 10^217, 10^21700, log t = 10^4.
    ("log(N)^5 + N^(1/100) = O(1)", "above", "t^(1/100)"),
    ("log(N)^50 = Theta(N^(1/1000))", "below", "t^(-1/1000)*log(t)^50"),
    ("log(N)^50 = Theta(N^(1/1000))", "below", "t^(-1/2000)"),
    ("M*exp(-100*sqrt(log(M))) = O(1)", "above", "t^(1/2)"),
    ("M^(1/log(log(M))) = Theta(1)", "above", "log(t)^5"),
    ("(2*log(M) + 5)/(log(M) + 7) ~ 1", "limit", "2"),
    # Constants.
    ("10^-40*M + 1 = O(1)", "above", "t"),
    ("10^-40*M*sum(i^-2, i, 1, M) + 1 = O(1)", "above", "t"),
    ("M + 10^60 = Theta(1)", "above", "t"),
    ("M + 10^60/M = Theta(1)", "above", "t"),
    ("max(M^(1/10), 10^20) = O(1)", "above", "t^(1/10)"),
    ("(2*M + 10^60)/(M + 10^60) ~ 1", "limit", "2"),
    ("exp(M/10^30)*sum(i^-2, i, 1, M) = O(M)", "above", "t^oo"),
    ("gamma^100*M = O(1)", "above", "t"),
]


@pytest.mark.parametrize(("says", "side", "ratio"), CONFIRMED)
def test_a_true_drift_is_seen(says: str, side: str, ratio: str) -> None:
    assert seen(says, side, ratio).light is Light.PASS


UNSEEN = [
    # A logarithm, beside sums: an integral is nearly flat, or looks like one, up to exp(1/d).
    ("sum(1/i, i, 1, M) = O(log(M))", "above", "log(t)"),
    ("sum(1/i, i, 1, M)*sum(i^-2, i, 1, M) = O(1)", "above", "log(t)"),
    ("sum(i^(-1001/1000), i, 1, M)^3 = Omega(log(M)^4)", "below", "log(t)^(-4)"),
    # A crossover beyond 10^96 that no ladder with sums reaches.
    ("sum(1/i, i, 1, N)^20 + N^(1/2) = O(1)", "above", "t^(1/2)"),
    ("10^-40*M^(1/4)*sum(i^-2, i, 1, M) + 1 = O(1)", "above", "t^(1/4)"),
    ("M*sum(i^-2, i, 1, M)*exp(-100*sqrt(log(M))) = O(1)", "above", "t^(1/2)"),
    ("(1/10)^100*M^(1/4)*sum(i^-2, i, 1, M) + 1 = O(1)", "above", "t^(1/4)"),
    ("sum(i^-40, i, 10^10, oo)*M + 1 = O(1)", "above", "t"),
    ("exp(-10^-30*M) = Omega(1)", "below", "t^(-oo)"),
    ("sum(i^-2*(1 + 10^-200*M), i, 1, M) ~ zeta(2)/2", "limit", "1"),
]


@pytest.mark.parametrize(("says", "side", "ratio"), UNSEEN)
def test_what_no_ladder_can_see_is_unknown(says: str, side: str, ratio: str) -> None:
    assert seen(says, side, ratio).light is Light.UNKNOWN


tiny = st.sampled_from([Fraction(1, 1000), Fraction(1, 40), Fraction(1, 3), Fraction(2)])
powers = st.fractions(-2, 2, max_denominator=12)
logs = st.integers(-4, 4).map(Fraction)
numbers = st.sampled_from(["1", "7", "1/1000", "10^9", "10^-30"])


def _sides(p: Fraction, q: Fraction, number: str) -> str:
    return f"{number}*M^({p})*log(M)^({q}) + {number}*M^({p}-1/5)"


@given(powers, logs, numbers, tiny, st.sampled_from(["above", "below"]))
@example(ZERO, ZERO, "1", Fraction(1, 1000), "above")
@settings(max_examples=60)
def test_closed_forms_keep_every_bound_that_is_true_and_no_other(
    p: Fraction, q: Fraction, number: str, gap: Fraction, side: str
) -> None:
    claim = make_claim(f"{_sides(p, q, number)} = Theta(1)")
    path = {"M": (ONE, ZERO)}
    way = 1 if side == "above" else -1
    for shift, wrong in ((ZERO, False), (-way * gap, False), (way * gap, True)):
        proved = Proved(side, Order(p + shift, q))
        assert (look(claim, {}, path, proved).light is Light.FAIL) == wrong


@given(powers, logs, st.sampled_from(["above", "below"]))
@settings(max_examples=25)
def test_sums_keep_every_bound_that_is_true_and_none_wrong_by_a_power(
    p: Fraction, q: Fraction, side: str
) -> None:
    claim = make_claim(f"M^({p})*log(M)^({q})*sum(i^-2, i, 1, M) = Theta(1)")
    path = {"M": (ONE, ZERO)}
    way = 1 if side == "above" else -1
    for shift in (ZERO, -way * Fraction(1, 4), way * Fraction(1, 8)):
        light = look(claim, {}, path, Proved(side, Order(p + shift, q))).light
        assert (light is Light.FAIL) == (way * shift > 0)


def test_the_reading_of_a_refutation() -> None:
    assert Proved.of("below", "t^(-1/2)*log(t)^3").order == Order(Fraction(-1, 2), Fraction(3))
    assert Proved.of("above", "1").order == CONSTANT
    assert Proved.of("above", "log(log(t))").order == Order(ZERO, ZERO, ONE)
    assert Proved.of("limit", "0.25") == Proved("limit", limit=Fraction(1, 4))
    assert Proved.of("above", "t^oo").order.x == 1
    assert Proved.of("below", "0").order.x == Proved.of("below", "t^(-oo)").order.x == -1


def test_what_is_shown_are_the_rungs_of_the_first_ladder() -> None:
    found = seen("M = Theta(M)", "above", "t")
    assert tuple(rung.decades for rung in found.rungs) == DECADES
    assert found.note == ""


def test_rungs_without_enclosure_are_left_out_and_said() -> None:
    says = "sum(1/i, i, M, M*log(M)) = Theta(log(M))"
    found = seen(says, "below", "log(t)^(-1)*log(log(t))")
    assert [rung.decades for rung in found.rungs] == [3, 6, 12]
    assert "not certain which integer" in found.note
    assert found.light is Light.UNKNOWN
    none = seen("sum(i^-1, i, N, M) = Theta(1)", "above", "t", N="2 0")
    assert (none.light, none.rungs) == (Light.UNKNOWN, ())
    assert none.note


def test_defining_sums_say_nothing_about_a_limit() -> None:
    claim = make_claim("approx ~ M^(1-a)", ["a > 1", "b = a"])
    values = {"a": Fraction(2), "b": Fraction(2)}
    found = look(claim, values, {"M": (ONE, ZERO)}, Proved.of("limit", "2"))
    assert found.light is Light.UNKNOWN
    assert len(found.rungs) == len(DECADES)


def test_parameters_at_which_sums_take_long_are_left_to_the_proof() -> None:
    path = {"M": (ONE, ZERO)}
    far = {"a": Fraction(10**6)}
    summed = make_claim("sum(i^-a, i, 1, M) = Theta(1)", ["a > 1"])
    assert look(summed, far, path, Proved.of("above", "t")) == Seen(Light.UNKNOWN)
    closed = make_claim("M^(a-a) = Theta(1)", ["a > 1"])
    assert look(closed, far, path, Proved.of("above", "t")).light is Light.FAIL


def test_a_contradiction_is_asked_again_on_longer_ladders(monkeypatch: pytest.MonkeyPatch) -> None:
    from ratecert.numerics.legs import witness

    climbed: list[tuple[int, ...]] = []
    right = witness._climbed

    def noted(claim, values, path, decades):  # type: ignore[no-untyped-def]
        climbed.append(tuple(decades))
        return right(claim, values, path, decades)

    monkeypatch.setattr(witness, "_climbed", noted)
    seen("10^-40*M*sum(i^-2, i, 1, M) + 1 = O(1)", "above", "t")
    assert climbed == [DECADES, *LONGER]
    climbed.clear()
    seen("M*sum(i^-2, i, 1, M) = O(1)", "above", "t")
    assert climbed == [DECADES]
