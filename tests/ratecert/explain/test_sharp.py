"""The constants shown beside a claim: which are shown, and that the exact risk bears them out."""

from dataclasses import replace

import pytest
from sympy import Rational

import ratecert
from ratecert.explain import sharp
from ratecert.explain.sharp import sharp_constants
from ratecert.theory.expansions.asymptotics import a, approximation, b

BASE = ["a > 1", "b > 1"]
MANY, LARGE = "N_eff*gamma >= 1", "M >= (N_eff*gamma)^(1/a)"


def parts(says: str, *assume: str, **settings: str) -> dict[str, sharp.Sharp]:
    claim = ratecert.claim(says, assume=[*BASE, *assume], **settings)
    return {found.part: found for found in sharp_constants(claim)}


def test_the_parts_of_the_risk() -> None:
    found = parts("risk - sigma^2 = Theta(M^(1-a) + (N_eff*gamma)^((1-a)/a))", "b = a", MANY)
    assert list(found) == ["approx", "bias", "variance"]
    for known in found.values():
        assert not known.asymptotic.form.has(b)  # b = a is put in
        for seen in known.seen:
            # The bias misses the modes beyond the model, a share of order 10^(6(1-b)).
            share = 10.0 ** (6 * (1 - float(seen.values["a"])))
            assert abs(seen.ratio - 1) < 1e-3 + 5 * share


@pytest.mark.parametrize("part", ["approx", "bias", "variance"])
def test_a_wrong_constant_shows(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = sharp.forms_of(
        ratecert.claim("risk = Theta(1)", assume=[*BASE, "b = a", MANY], features="top")
    )[part]
    wrong = replace(known, form=known.form * Rational(11, 10))
    monkeypatch.setattr(sharp, "forms_of", lambda claim: {part: wrong})
    (found,) = parts("risk = Theta(1)", "b = a", MANY, features="top").values()
    assert all(abs(seen.ratio - 1) > 0.05 for seen in found.seen)


@pytest.mark.parametrize(
    ("says", "assume", "settings", "known"),
    [
        ("approx = Theta(M^(1-b))", (), {"features": "top"}, {"approx"}),
        ("approx = Theta(M^(1-b))", ("b < a + 1",), {}, {"approx"}),
        ("approx = Theta(M^(-a))", ("b > a + 1",), {}, {"approx"}),  # saturated: another form
        ("approx = Theta(M^(-a))", ("b = a + 1",), {}, set()),  # a logarithm
        ("approx = Theta(M^(1-b))", (), {}, set()),  # not implied
        ("bias = Theta(1)", (), {"features": "top"}, set()),  # b < 2 a is not implied
        ("mean_bias = Theta(1)", (), {"features": "top"}, {"mean_bias"}),
        ("variance = Theta(1)", (), {"algorithm": "averaged-sgd"}, set()),
        ("approx = Theta(M^(1-b))", ("b < a + 1",), {"target": "i^-b*log(i+1)"}, set()),
        ("approx = Theta(M^(1-b))", ("b < a + 1",), {"batch": "N"}, set()),
        ("approx = Theta(1)", (), {"kernel": "brownian"}, set()),
        ("variance = Theta(1)", (), {"noise": "2*sigma^2"}, set()),
        ("effective_dimension = Theta(1)", (), {}, set()),
    ],
)
def test_only_what_is_implied_is_shown(
    says: str, assume: tuple[str, ...], settings: dict[str, str], known: set[str]
) -> None:
    assert set(parts(says, *assume, **settings)) == known


CONSTANT = {"schedule": "constant"}
AVERAGED = {**CONSTANT, "algorithm": "averaged-sgd"}


@pytest.mark.parametrize(
    ("says", "settings", "assume", "part"),
    [
        ("approx = Theta(M^(-a))", {}, ("b > a + 1",), "approx"),
        ("variance = Theta(gamma)", CONSTANT, ("b = a", "N*gamma >= 1"), "variance"),
        ("mean_bias = Theta((N*gamma)^((1-b)/a))", {**AVERAGED, "features": "top"},
         ("b = a + 1/2",), "mean_bias"),
    ],
)  # fmt: skip
def test_other_forms_are_borne_out(
    says: str, settings: dict[str, str], assume: tuple[str, ...], part: str
) -> None:
    (found,) = parts(says, *assume, **settings).values()
    assert found.part == part
    assert all(abs(seen.ratio - 1) < 0.01 for seen in found.seen)


def test_the_form_is_that_of_theory() -> None:
    found = parts("approx = Theta(M^(1-a))", "b = a")["approx"]
    assert found.asymptotic.form == approximation().form.subs(b, a)
