"""Moments of Gaussians."""

from __future__ import annotations

import pytest
from ledger_items import ONE_STEP, F, Item, changed, last


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"next": "f(j, s, x)"}, "is not the moment"),
        ({"at": {"l": "x"}}, "'m' is missing"),
        ({"at": None}, "'at' is missing"),
        ({"presume": None}, "'presume' is missing"),
        ({"presume": 3}, "list of texts"),
        ({"presume": F["presume"][1:]}, "needs 0 <= f(j, s, x)/x, not entailed"),
        ({"presume": F["presume"][:1]}, "needs 0 <= sum(f(j, s, k), k, 1, M) - f(j, s, x), not"),
        ({"presume": ["f(j, y, x) >= 0"]}, "y is not declared"),
        ({"moment": None}, "'at' has no meaning"),
        ({"where": []}, "needs 0 < x, not entailed"),
        ({"at": {**F["at"], "l": "-x"}}, "needs 0 < -x, not entailed"),
        ({"at": {**F["at"], "q": "0"}}, "is not the moment"),
    ],
    ids=str,
)
def test_a_recursion_is_the_moment_it_names(changes: Item, reason: str) -> None:
    assert reason in last(ONE_STEP, changed(F, **changes)).reason


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ("E(u^4) = 3*l^2", ""),
        ("E(u^6 + u^3 + 2) = 15*l^3 + 2", ""),
        ("E(u^2*w^2/l) = s", ""),
        ("E(u*D + r*D) = 0", ""),
        ("E(D^2*u^2 + r^2*u^2) = l*(m + q)", ""),
        ("E(u^4) = l^2", "another one"),
        ("E(u) <= 0", "stated as E(POLYNOMIAL) = FORMULA"),
        ("u = 0", "stated as"),
        ("E(u, w) = 0", "an expectation is E(POLYNOMIAL)"),
        ("E(u^2) = u^2", "does not depend"),
        ("E(D) = 0", "D^1 is not known"),
        ("E(D^4) = m^2", "D^4 is not known"),
        ("E(D^2*r^2) = m*q", "is not known"),
        ("E(r^4) = 3*q^2", "is not known"),
        ("E(exp(u)) = 1", "no polynomial"),
        ("E(1/(1 + u^2)) = 1", "only polynomials"),
        ("E(1/u) = 1", "may be zero"),
        ("E(1/(l + exp(g))) = 1/(l + exp(g))", ""),
    ],
)
def test_moments(says: str, reason: str) -> None:
    entry = last({**ONE_STEP, "says": says})
    assert entry.status == ("rejected" if reason else "proved"), entry.reason
    assert reason in entry.reason


def test_moments_are_polynomial_and_of_named_variables() -> None:
    item = {**ONE_STEP, "gaussian": 3}
    assert "table of names" in last(item).reason
    item = {**ONE_STEP, "reals": ["m", "q", "s", "l", "u"]}
    assert "declared twice: ['u']" in last(item).reason
    for table in ({"u": "l", "g": "s"}, {"u": "l", "r": "s"}):  # a name of the ledger, and twice
        item = {**ONE_STEP, "gaussian": table}
        assert "declared twice: ['" in last(item).reason
    for name in ("[exp(g)]", "oo", "tr", "u v", "", "#0"):
        item = {**ONE_STEP, "gaussian": {name: "l"}, "says": "E(1) = 1"}
        assert f"{name!r} is no name" in last(item).reason


@pytest.mark.parametrize("kind", ["gaussian", "conditional", "other"])
def test_a_mean_square_is_not_negative(kind: str) -> None:
    tables: dict[str, dict[str, str]] = {"gaussian": {}, "conditional": {}, "other": {}}
    item = {"id": "it", "says": "E(x^2) = v", "reals": ["v"], "by": "moments", **tables}
    for variance in ("-1", "g - 1", "v", "-M"):
        wrong = item | {kind: {"x": variance}, "says": f"E(x^2) = {variance}"}
        assert f"the mean square {variance} of x" in last(wrong).reason
    assert last(item | {kind: {"x": "v"}, "assume": ["v >= 0"]}).status == "proved"
    assert last(item | {kind: {"x": "0"}, "says": "E(x^2) = 0"}).status == "proved"


def test_whole_variables_of_a_moment_stay_whole() -> None:
    whole = changed(ONE_STEP, reals=["q", "s", "l"], integers=["m"])
    assert "one-step needs a whole m, not f(j, s, x)/x" in last(whole, F).reason
