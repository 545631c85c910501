"""Claims that lemmas support: in the same words, from no more assumptions, of the same model."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from ledger_items import STANDING, H, Item, check, lemma, step

from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.ledger.book import Report, check_ledger

CLAIM = {"id": "total", "says": "risk - sigma^2 = Theta(M^-a + g)", "target": "i^-a"}


def supported(says: str, relation: str = "Theta", **more: Any) -> Report:
    risk = {"constant": "risk", "value": "M^-a + g + sigma^2"}
    item = {"id": "it", "says": says, "supports": "total", "combine": [": d"], **more}
    if says.startswith("M"):
        item["combine"] = ["-1 : d"]
    item["steps"] = [step("d", "risk.def")]
    head = {"format": 1, "key": "t", "standing": copy.deepcopy(STANDING)}
    head["standing"]["reals"].append("sigma")
    head["standing"]["assume"].append("sigma >= 0")
    head["standing"]["example"]["sigma"] = "0"
    claim = {**CLAIM, "assume": ["a > 1", "g > 0"], "given": ["a >= 2", "a <= 3", "g <= 1/4"]}
    claim["says"] = CLAIM["says"].replace("Theta", relation)
    return check_ledger({**head, "item": [risk, item], "claim": [claim]})


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ("risk - sigma^2 <= M^-a + g", ""),
        ("M^-a + g <= risk - sigma^2", ""),
        ("c/a*(M^-a + g) <= risk - sigma^2", "leaves"),
        ("risk - sigma^2 <= M*(M^-a + g)", "M in the bound may depend on a size"),
        ("risk - sigma^2 <= (1 - a)*(M^-a + g)", "1 - a in the bound is not seen to be positive"),
        ("risk - sigma^2 <= M^-a + g + 1", "no bound as"),
        ("risk <= sigma^2 + M^-a + g", "no bound as"),
        ("risk - sigma^2 = M^-a + g", "no bound as"),
    ],
)
def test_a_lemma_supports_the_claim_as_it_is_worded(says: str, reason: str) -> None:
    more = {"constants": {"c": "1/9"}} if "c/a" in says else {}
    entry = supported(says, **more).entries[-1]
    assert entry.status == ("rejected" if reason else "proved"), entry.reason
    assert reason in entry.reason


@pytest.mark.parametrize(
    ("says", "relation", "reason"),
    [
        ("M^-a + g <= risk - sigma^2", "Omega", ""),
        ("M^-a + g <= risk - sigma^2", "O", "no bound as"),
        ("risk - sigma^2 <= M^-a + g", "O", ""),
        ("risk - sigma^2 <= M^-a + g", "Omega", "no bound as"),
        ("risk - sigma^2 <= M^-a + g", "o", "no bound as"),
    ],
)
def test_a_lemma_is_the_bound_that_the_claim_states(says: str, relation: str, reason: str) -> None:
    entry = supported(says, relation).entries[-1]
    assert entry.status == ("rejected" if reason else "proved"), entry.reason
    assert reason in entry.reason


def test_support_needs_a_claim() -> None:
    assert "no claim 'other'" in supported("risk <= 1", supports="other").entries[-1].reason
    assert "`supports` is a text" in supported("risk <= 1", supports=["total"]).entries[-1].reason


@pytest.mark.parametrize(
    ("assume", "reason"),
    [
        ("M >= 1", ""),
        ("g <= 1/4", ""),
        ("a > 1", ""),
        ("sigma > 0", ""),
        ("M >= 9", "9 <= M is assumed, and stands neither in the claim nor in `given`"),
        ("M > 1", "1 < M is assumed"),
        ("M <= K", "M <= K is assumed"),
        ("sigma <= 1", "sigma <= 1 is assumed"),
        ("sigma >= 1", "1 <= sigma is assumed"),
        ("a >= 1", "1 <= a is assumed"),
        ("risk <= 9", "risk <= 9 is assumed"),
        ("M = 1", "M = 1 is assumed"),
        ("1 <= 0", "1 <= 0 is assumed"),
    ],
)
def test_a_lemma_assumes_no_more_than_the_claim(assume: str, reason: str) -> None:
    entry = supported("risk - sigma^2 <= M^-a + g", assume=[assume]).entries[-1]
    assert entry.status == ("rejected" if reason else "proved") or assume == "sigma > 0"
    assert reason in entry.reason


def test_what_a_supporting_lemma_assumes_holds_at_the_example() -> None:
    found = supported("risk - sigma^2 <= M^-a + g", assume=["sigma > 0"])
    assert "the example does not satisfy 0 < sigma" in found.entries[-1].reason
    found = supported("risk - sigma^2 <= M^-a + g", assume=["pi < a"])
    assert "pi < a is assumed" in found.entries[-1].reason


def test_the_trust_base_names_axioms_citations_and_readings() -> None:
    report = supported("risk - sigma^2 <= M^-a + g")
    assert report.trust == ("definition, as a reading of the model: risk = M^(-a) + g + sigma^2",)
    cited = {"id": "c", "says": "a <= 3", "by": "cited", "reference": "R", "reason": "why"}
    tangent = lemma("a < exp(a)", ": t", "1 :", steps=[step("t", "exp-tangent", x="a")])
    report = check(cited, tangent)
    assert [line.split(":")[0] for line in report.trust] == [
        "standard analysis, proved in ratecert.proofs_check.ledger.axioms",
        "cited, used for nothing",
    ]
    assert report.holds


ELSEWHERE = {
    "key": "t",
    "format": 1,
    "standing": {
        "reals": ["a", "c", "gamma"],
        "integers": ["M"],
        "assume": ["a > 1", "c >= 1", "M >= 1", "gamma > 0"],
        "example": {"a": "2", "c": "1", "M": "1", "gamma": "1"},
    },
    "claim": [
        {"id": "s", "says": "risk = Theta(M^-a)", "target": "i^-a", "assume": ["a > 1"]},
        {"id": "s", "as": "t", "says": "risk = Theta(M^-a)", "target": "i^-a",
         "assume": ["a > 1"], "names": {"risk": "risk_S"}, "constants": ["c"],
         "given": ["c >= 1", "on = 1"]},
    ],
    "item": [
        {"constant": "risk_S", "value": "c*M^-a"},
        {"constant": "on", "means": "1 or 0", "example": "1"},
        {"id": "it", "says": "risk_S <= c*M^-a", "assume": ["on = 1"], "supports": "t",
         "steps": [{"as": "d", "of": "risk_S.def"}], "combine": [": d"]},
    ],
}  # fmt: skip


def elsewhere(**changes: Any) -> Report:
    table = copy.deepcopy(ELSEWHERE)
    for key, value in changes.items():
        if key == "standing":
            table["standing"]["assume"].append(value)
        else:
            table["claim"][1][key] = value
    return check_ledger(table)


def test_a_claim_of_another_setting_under_its_own_name() -> None:
    found = elsewhere()
    assert (found.entries[-1].status, found.entries[-1].supports) == ("proved", "t")
    assert "c in the bound may depend on a size" in elsewhere(constants=[]).entries[-1].reason
    assert "no bound as" in elsewhere(names={}).entries[-1].reason
    assert "no claim 't'" in elsewhere(**{"as": "u"}).entries[-1].reason


def test_the_constant_of_a_bound_may_depend_on_all_constants() -> None:
    table = copy.deepcopy(ELSEWHERE)
    table["standing"]["reals"].append("b")
    table["standing"]["assume"] += ["b >= 1", "b <= a*c"]  # ties constants to each other
    table["standing"]["example"]["b"] = "1"
    table["claim"][1]["given"] += ["b >= 1", "b <= a*c"]
    table["item"][-1]["says"] = "risk_S <= a*b*c*M^-a"
    table["item"][-1]["combine"] = [": d", "c*(a*b - 1)*M^-a :"]
    assert check_ledger(table).entries[-1].status == "proved"


def test_an_example_satisfies_equations_on_both_sides() -> None:
    for value in ("0", "2"):
        table = copy.deepcopy(ELSEWHERE)
        table["item"][1]["example"] = value
        assert "the example does not satisfy on = 1" in check_ledger(table).entries[-1].reason


def test_the_example_knows_constants_of_all_its_names() -> None:
    for least, reason in (("5", ""), ("7", "the example does not satisfy 7 <= N_eff*gamma")):
        table = with_steps({"constant": "N_eff", "value": "N/log(N)"})
        table["claim"][1]["assume"].append(f"N_eff*gamma >= {least}")
        table["claim"][1]["given"].append("N > 1")
        table["item"][-1]["assume"] = [f"N_eff*gamma >= {least}"]
        found = check_ledger(table).entries[-1]
        assert found.status == ("rejected" if reason else "proved")
        assert reason in found.reason


def test_quantities_have_names_of_their_own() -> None:
    both = {"risk": "risk_S", "approx": "approx_S"}
    assert elsewhere(names=both).entries[-1].status == "proved"
    for names in (both | {"approx": "risk_S"}, {"risk": "approx"}, {"risk": "bias"}):
        with pytest.raises(UserError, match="two quantities have one name"):
            elsewhere(names=names)
    assert elsewhere(names={"risk": "approx", "approx": "risk_S"}).entries[-1].reason != ""


def replaced(old: str, new: str) -> str:
    """Return why the lemma is rejected where the ledger says something else, or ""."""
    text = json.dumps(ELSEWHERE)
    assert old in text
    return check_ledger(json.loads(text.replace(old, new))).entries[-1].reason


def test_what_the_claim_speaks_of_is_free_or_defined() -> None:
    """As many ways to state the claim of one size, or of something that is no risk."""
    standing = ('"reals": ["a", "c", "gamma"], "integers": ["M"]',
                '"reals": ["a", "c"], "integers": ["M", "gamma"]')  # fmt: skip
    assert replaced(*standing) == ""  # this claim says nothing of gamma
    whole = ('"reals": ["a", "c", "gamma"], "integers": ["M"]',
             '"reals": ["c", "gamma"], "integers": ["M", "a"]')  # fmt: skip
    assert "a is any number in the claim, and not so here" in replaced(*whole)
    table = copy.deepcopy(ELSEWHERE)
    table["standing"]["reals"].remove("a")
    table["standing"]["assume"].remove("a > 1")
    del table["standing"]["example"]["a"]
    table["item"].insert(0, {"constant": "a", "value": "2"})
    assert "a is any number in the claim" in check_ledger(table).entries[-1].reason
    table["item"][0] = {"constant": "a", "means": "an exponent"}
    assert "a is any number in the claim" in check_ledger(table).entries[-1].reason


def test_the_effective_steps_are_those_of_the_claim() -> None:
    wrong = "N_eff is N/log(N) in the language of claims"
    for meaning, reason in (
        ({"value": "N/log(N)"}, ""),
        ({"value": "N"}, wrong),
        ({"value": "N/log(N)/2"}, wrong),
        ({"means": "the steps"}, wrong),
    ):
        table = with_steps({"constant": "N_eff", **meaning})
        table["claim"][1]["says"] = "risk = O(N_eff^2)"
        table["claim"][1]["given"].append("N > 1")
        table["item"][-3]["value"] = "N_eff^2"
        table["item"][-1]["says"] = "risk_S <= N_eff^2"
        found = check_ledger(table).entries[-1]
        assert (found.status, found.reason) == ("rejected" if reason else "proved", reason)


def with_steps(effective: Item) -> Item:
    """Return `ELSEWHERE` with a number of steps, and the effective one."""
    table = copy.deepcopy(ELSEWHERE)
    table["standing"]["integers"].append("N")
    table["standing"]["assume"].append("N > 1")
    table["standing"]["example"]["N"] = "17"
    tangent = step("t", "log-tangent", x="1", y="N")
    table["item"].insert(0, {"id": "log", "says": "log(N) > 0", "background": "l",
                             "steps": [tangent], "combine": [": t", "1/N : A5"]})  # fmt: skip
    table["item"].insert(1, effective)
    return table


def test_a_quantity_is_defined() -> None:
    """A risk that is any number would need no model: it would be assumed to be small."""
    table = copy.deepcopy(ELSEWHERE)
    table["item"] = table["item"][1:]
    table["standing"]["reals"].append("risk_S")
    table["standing"]["assume"].append("risk_S <= M^-a")
    table["standing"]["example"]["risk_S"] = "0"
    table["item"][-1] |= {"steps": [], "combine": [": A5", "(c - 1)*M^-a :"]}
    assert "nothing defines risk_S" in check_ledger(table).entries[-1].reason


def test_no_size_hides_in_the_constant_of_a_bound() -> None:
    """By a function, and by a constant that is called like an exponent."""
    table = copy.deepcopy(ELSEWHERE)
    hidden = {"function": "f", "args": ["j", "s"], "where": [], "start": "M", "next": "M",
              "stage": "1"}  # fmt: skip
    start = {"id": "start", "says": "f(0, 0) > 0", "background": "f0",
             "steps": [step("d", "f.start")], "combine": ["-1 : d", "M :"]}  # fmt: skip
    bound = {**table["item"][-1], "says": "risk_S <= f(0, 0)*c*M^-a"}
    bound |= {"steps": [step("d", "risk_S.def"), step("f", "f.start")]}
    bound |= {"combine": [": d", "-c*M^-a : f", "c*M^-a : A3"]}
    table["item"] = [*table["item"][:2], hidden, start, bound]
    assert "f(0, 0)*c in the bound may depend on a size" in check_ledger(table).entries[-1].reason
    del bound["supports"]
    assert check_ledger(table).holds, check_ledger(table).entries[-1].reason
    table = copy.deepcopy(ELSEWHERE)
    table["item"].insert(0, {"constant": "b", "value": "M"})
    table["item"][-1]["says"] = "risk_S <= b*c*M^-a"
    assert "b*c in the bound may depend on a size" in check_ledger(table).entries[-1].reason


@pytest.mark.parametrize("standing", ["M = 1", "M <= 9", "c <= 2", "a <= 3", "gamma >= 1/2"])
def test_standing_assumptions_count(standing: str) -> None:
    """All but that on the step size are about what the lemma says, and gamma on its way there."""
    table = copy.deepcopy(ELSEWHERE)
    table["standing"]["assume"].append(standing)
    reason = check_ledger(table).entries[-1].reason
    assert ("stands neither in the claim nor in `given`" in reason) == ("gamma" not in standing)
    table["item"][0]["value"] = "c*M^-a - gamma + gamma"
    assert "stands neither in the claim" in check_ledger(table).entries[-1].reason


def test_standing_assumptions_count_through_others() -> None:
    """M is at most 9, since a number about which the lemma says nothing is."""
    table = copy.deepcopy(ELSEWHERE)
    table["standing"]["reals"].append("x")
    table["standing"]["assume"] += ["x <= 9", "M <= x"]
    table["standing"]["example"]["x"] = "3"
    assert "x <= 9 is assumed" in check_ledger(table).entries[-1].reason
    table["standing"]["assume"][-1] = "1 <= x"
    assert check_ledger(table).holds


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        ("a <= 4", True), ("a = 2", True), ("M >= 9", True), ("M > 9", True),
        ("gamma <= (a - 1)/a", True), ("c*gamma < 1/9", True), ("gamma*c*a <= 1", True),
        ("M <= 9", False), ("M = 9", False), ("9 = M", False), ("M^2 >= 9", False),
        ("M >= a", False), ("N_eff*gamma >= 1", False), ("gamma <= 1/M", False),
        ("gamma >= 1/9", False), ("gamma = 1/9", False), ("c <= gamma", False),
        ("gamma <= gamma^2", False), ("gamma^2 <= 1", False), ("-gamma <= -1/9", False),
        ("gamma*gamma <= 1", False), ("(1 - a)*gamma <= -1", False), ("gamma <= 9 - M", False),
    ],
)  # fmt: skip
def test_a_ledger_may_narrow_ranges_only(condition: str, fits: bool) -> None:
    if fits:
        assert elsewhere(given=["c >= 1", "on = 1", condition]).holds
    else:
        with pytest.raises(UserError, match="asks for more than a range"):
            elsewhere(given=["c >= 1", "on = 1", condition])


def test_what_is_given_speaks_of_no_definition() -> None:
    table = copy.deepcopy(ELSEWHERE)
    table["item"].insert(0, {"constant": "K", "value": "M"})
    table["claim"][1]["given"].append("K <= 9")
    assert "K <= 9 in `given` speaks of what is defined" in check_ledger(table).entries[-1].reason


@pytest.mark.parametrize("expect", ["refuted", "undecided"])
def test_nothing_supports_what_is_not_expected_to_be_certified(expect: str) -> None:
    with pytest.raises(UserError, match=f"s is expected to be {expect}"):
        elsewhere(expect=expect)
    assert elsewhere(expect="certified").holds


def test_two_claims_have_two_names() -> None:
    with pytest.raises(UserError, match="claim s: two claims have this name"):
        elsewhere(**{"as": "s"})


def test_all_fixed_reals_may_be_constants_of_a_claim() -> None:
    table = copy.deepcopy(ELSEWHERE)
    table["standing"] = {
        "reals": ["c"], "integers": ["M"], "assume": ["c >= 1", "M >= 1"],
        "example": {"c": "1", "M": "1"},
    }  # fmt: skip
    claim = {**table["claim"][1], "says": "risk = Theta(M^-1)", "assume": []}
    claim |= {"spectrum": "i^-2", "target": "i^-2", "given": ["c >= 1", "on = 1"]}
    risk = {"constant": "risk_S", "value": "c/M"}
    bound = {**table["item"][-1], "says": "risk_S <= c*M^-1"}
    report = check_ledger({**table, "claim": [claim], "item": [risk, table["item"][1], bound]})
    assert report.entries[-1].status == "proved", report.entries[-1].reason


def test_the_right_side_of_a_claim_may_be_a_product() -> None:
    table = copy.deepcopy(ELSEWHERE)
    table["claim"][1]["says"] = "risk = O(M^-a*M^2)"
    bound = table["item"][-1]
    bound |= {"says": "risk_S <= M^2*c*M^-a", "combine": [": d", "c*M^-a*(M + 1) : A3"]}
    assert check_ledger(table).holds
    bound["says"] = "risk_S <= M^3*c*M^-a"
    assert "no bound as" in check_ledger(table).entries[-1].reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"constants": ["M"]}, "fixed reals"),
        ({"constants": ["gamma"]}, "fixed reals"),
        ({"constants": ["risk_S"]}, "fixed reals"),
        ({"constants": 3}, "list of texts"),
        ({"standing": "c <= M"}, "ties a constant of a claim"),
        ({"standing": "c*gamma <= 1"}, "ties a constant of a claim"),
        ({"names": {"M": "c"}}, "only quantities"),
        ({"names": {"risk": "exp"}}, "no name"),
        ({"names": ["risk"]}, "table of names"),
        ({"as": 3}, "table of names"),
    ],
    ids=str,
)
def test_constants_of_a_claim_hide_no_size(changes: Item, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        elsewhere(**changes)


def readings(item: Item, says: str, *definitions: Item) -> list[str]:
    """Return what the trust base shows of the definitions, where the item supports the claim."""
    head = {"format": 1, "key": "t", "standing": STANDING, "item": [*definitions, item]}
    claim = {"id": "s", "says": says, "target": "i^-2"}
    claim |= {"given": ["a >= 2", "a <= 3", "g <= 1/4", "g > 0"], "assume": ["g > 0"]}
    claim |= {"spectrum": "i^-2", "names": {"risk": "q", "bias": "r"}}
    report = check_ledger({**head, "claim": [claim]})
    assert report.holds, report.entries[-1].reason
    return [line.rpartition(": ")[2] for line in report.trust]


def test_readings_reach_through_definitions() -> None:
    chain = [
        {"constant": name, "value": value}
        for name, value in (("s", "sum(i, i, 1, M)"), ("p", "a"), ("q", "p + g"))
    ]
    steps = [step("d", "q.def"), step("e", "p.def")]
    item = lemma("q - g <= 3*M", ": A2", ": d", ": e", "3 : A5", steps=steps, supports="s")
    assert readings(item, "risk - g = O(M)", H, *chain) == ["p = a", "q = p + g"]


def test_readings_reach_through_a_function() -> None:
    """The claim speaks of q, which is a value of h."""
    q = {"constant": "q", "value": "3*h(0, 0)"}
    item = lemma("q <= 3*M", ": q", "3 : h", "3 : A5", supports="s",
                 steps=[step("q", "q.def"), step("h", "h.start")])  # fmt: skip
    found = readings(item, "risk = O(M)", {**H, "stage": "1"}, q)
    assert [line.partition(" =")[0] for line in found] == [
        "h(0, 0)", "h(j, s + 1)", "h(j + 1, 0)", "q",
    ]  # fmt: skip


def test_readings_reach_through_several_definitions() -> None:
    """The claim speaks of q and r; q leads to p, r to w, and nothing to s."""
    values = {"s": "1", "p": "a", "w": "g", "q": "p + g", "r": "w + a"}
    chain = [{"constant": name, "value": value} for name, value in values.items()]
    steps = [step(name, f"{name}.def") for name in ("q", "p", "r", "w")]
    item = lemma("q + r - 2*g <= 6*M", steps=steps, supports="s")
    item["combine"] = ["2 : A2", ": q", ": p", ": r", ": w", "6 : A5"]
    assert readings(item, "risk + bias - 2*g = O(M)", *chain) == [
        "p = a", "w = g", "q = p + g", "r = w + a",
    ]  # fmt: skip


def test_unusable_claims_are_named() -> None:
    head = {"format": 1, "key": "t", "standing": STANDING, "item": []}
    assert check_ledger({**head, "claim": [{"id": "x", "says": "M = O(M)"}]}).holds
    for claim in ({"id": "x"}, {"says": "M = O(M)"}):
        with pytest.raises(UserError, match="a claim has id and says"):
            check_ledger({**head, "claim": [claim]})
    with pytest.raises(UserError, match="head of the ledger"):
        check_ledger({**head, "claim": [{"id": "x", "says": "nonsense"}]})
    with pytest.raises(UserError, match="claim"):
        check_ledger({**head, "claim": [{"id": "x", "says": "M = O(M)", "colour": "red"}]})
