"""Rules and definitions of ledgers: what each accepts, and false things that each must reject."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest
from ledger_items import STANDING, H, Item, changed, check, have, last, lemma, step

from proofs_check.__main__ import main
from proofs_check.errors import UserError
from proofs_check.ledger import boxes
from proofs_check.ledger.book import Entry, check_ledger, read_ledger
from proofs_check.ledger.report import as_data, lines

XY: Item = {"reals": ["x", "y", "z"]}

TRUE: list[Item] = [
    lemma("x <= z", ": H1", ": H2", assume=["x <= y", "y <= z"], **XY),
    lemma("x < z", ": H1", ": H2", assume=["x <= y", "y < z"], **XY),
    lemma("x*x <= y*y", "2*x : H2", ": H2 H2", assume=["x >= 0", "x <= y"], **XY),
    lemma("x < y", "1 :", assume=["y = x + 1"], steps=[have("e", "y - x = 1", ": H1")], **XY)
    | {"combine": ["1 :", "-1 : e"]},
    lemma("0 <= (x - y)^2", "(x - y)^2 :", **XY),
    lemma("x = z", "-1 : H1", "3 : H2", assume=["2*x = 2*y", "x = z + y - x"], **XY)
    | {"combine": ["-1 : H2", ": H1"], "assume": ["x = y", "y = z"]}
    | {"combine": ["1 : H1", "1 : H2"]},
    lemma("x <= exp(x)", ": t", "1 :", steps=[step("t", "exp-tangent", x="x")], **XY),
    lemma("m + 1 <= floor(x) + 1", ": t", steps=[step("t", "floor-least", k="m")],
          reals=["x"], integers=["m"], assume=["m <= x"]),
    {"id": "it", "says": "a^a <= 28", "by": "box"},
    {"id": "it", "says": "2 < 3", "by": "box"},
    {"id": "it", "says": "sqrt(a)*exp(-g)/(1 + log(a)^2) + a^2 - g^2 < 20", "by": "box"},
    {"id": "it", "says": "a + g < 13/4", "by": "box", "assume": ["a <= 3 - g"]},
    {"id": "it", "says": "a + g < 13/4", "by": "box", "assume": ["a = 3 - g"]},
    {"id": "it", "says": "11/4 < a + g", "by": "box", "assume": ["a = 3 - g"]},
]  # fmt: skip


@pytest.mark.parametrize("item", TRUE, ids=lambda item: item["says"])
def test_accepted(item: Item) -> None:
    entry = last(item)
    assert entry.status == "proved", entry.reason


FALSE: list[tuple[Item, str]] = [
    (lemma("x <= z", ": H1", assume=["x <= y", "y <= z"], **XY), "leaves"),
    (lemma("x < z", ": H1", ": H2", assume=["x <= y", "y <= z"], **XY), "strict"),
    (lemma("x = y", ": H1", assume=["x <= y"], **XY), "only equations"),
    (lemma("y <= x", "-1 : H1", assume=["x <= y"], **XY), "not seen to be non-negative"),
    (lemma("x <= y", "x : H1", "1 - x : H1", assume=["x <= y"], **XY), "non-negative"),
    (lemma("x <= y", "z", assume=["x <= y"], **XY), "MULTIPLIER"),
    (lemma("x <= y", ": H2", assume=["x <= y"], **XY), "no fact is called H2"),
    (lemma("x <= y", ": q", assume=["x <= y"], **XY), "no fact is called q"),
    (lemma("0 <= (x - y)^3", "(x - y)^3 :", **XY), "non-negative"),
    (lemma("0 < (x - y)^2", "(x - y)^2 :", **XY), "no summand is strict"),
    (lemma("1/x <= 1/x", **XY), "may be zero"),
    (lemma("x <= y", ": t", steps=[step("t", "missing")], **XY), "no axiom and no lemma"),
    (lemma("x <= y", ": t", steps=[{"as": "t", "of": 3}], **XY), "no axiom and no lemma"),
    (lemma("x <= y", ": t", steps=[step("t", "it")], **XY), "no axiom and no lemma"),
    (lemma("x <= y", ": t", steps=[step("t", "IH")], **XY), "no axiom and no lemma"),
    (lemma("x <= y", ": t", steps=[step("t", "exp-tangent", q="1")], **XY), "no meaning"),
    (lemma("x <= y", ": t", steps=[step("t", "floor-least", k="x")], **XY), "whole k"),
    (lemma("x <= y", ": t", steps=[step("t", "power-increases", p="1", x="y", y="x")], **XY),
     "step t: power-increases needs 0 < y, not entailed"),
    (lemma("x <= y", ": t", steps=[step("t", "exp-tangent", x="1/x")], **XY), "may be zero"),
    (lemma("x <= y", ": t", steps=[step("t", "exp-tangent", x="w")], **XY), "not declared"),
    (lemma("x <= y", ": t", steps=[have("t", "x <= y", ": t")], **XY), "step t: no fact"),
    (lemma("x <= y", ": 1t", steps=[have("1t", "x <= x")], **XY), "no name of a fact"),
    (lemma("x <= y", steps=["t"], **XY), "`as`"),
    (lemma("x <= y", steps=[{"as": "t"}], **XY), "out of place"),
    (lemma("x <= y", steps=[have("t", "x <= x"), have("t", "x <= x")], **XY), "two facts"),
    (lemma("x <= y", steps={"as": "t"}, **XY), "list of tables"),
    (lemma("x <= y", **XY) | {"combine": "x"}, "list of texts"),
    (lemma("x <= y", **XY) | {"combine": [1]}, "list of texts"),
    (lemma("x <= y", **XY) | {"by": 3}, "no rule 3"),
    (lemma("x <= y", **XY) | {"by": ["box"]}, "no rule ['box']"),
    (lemma("x <= y", steps=[{"as": "t", "says": "x <= y", "by": ["box"]}], **XY),
     "no rule ['box']; there are combination, termwise, limit, limit-below, cases, box"),
    (lemma("x <= y", **XY) | {"by": "magic"}, "no rule 'magic'"),
    (lemma("x <= y", **XY) | {"status": "proved"}, "'status' has no meaning"),
    (lemma("x <= w", **XY), "w is not declared"),
    (lemma("x <= y", reals=["x", "y", "a"]), "declared twice"),
    (lemma("x <= y", reals=["x", "y", "exp"]), "no name for a quantity"),
    (lemma("x <= y", reals="x"), "list of texts"),
    (lemma("x <= y", ": t", steps=[{"as": "t", "of": "exp-tangent", "at": 3}], **XY), "a table"),
    (lemma("x y", **XY), "not a relation"),
    ({"id": "it", "says": "x <= y", "reals": ["x", "y"]}, "'combine' is missing"),
    ({"id": "it", "combine": []}, "'says' is missing"),
    ({"id": "It", "says": "a <= a", "combine": []}, "no new name"),
    ({"id": 3, "says": "a <= a", "combine": []}, "no new name"),
    ({"id": "exp-tangent", "says": "a <= a", "combine": []}, "no new name"),
    ({"id": "it", "says": "a^a < 27", "by": "box"}, "not certain on the box"),
    ({"id": "it", "says": "a = a", "by": "box"}, "only inequalities"),
    ({"id": "it", "says": "x < 3", "by": "box", "reals": ["x"],
      "assume": ["x >= 3", "x <= 3", "x = 3"]}, "not certain at x = 3"),
    ({"id": "it", "says": "sum(i, i, 1, M) < 9", "by": "box"}, "only inequalities"),
    ({"id": "it", "says": "floor(a) < 9", "by": "box"}, "only inequalities"),
    ({"id": "it", "says": "M < 9", "by": "box"}, "no two rational bounds"),
    ({"id": "it", "says": "3 < 2", "by": "box"}, "not certain at"),
    ({"id": "it", "says": "x + y < 3", "by": "box", "reals": ["x", "y"],
      "assume": ["x >= 1", "x <= 1", "y >= 2", "y <= 2"]}, "not certain at x = 1, y = 2"),
    ({"id": "it", "says": "2 < 2", "by": "box"}, "not certain at"),
    ({"id": "it", "says": "x < 3", "by": "box", "reals": ["x"], "assume": ["x >= 3", "x <= 3"]},
     "not certain at x = 3"),
    ({"id": "it", "says": "1/(a - 3) < 9", "by": "box"}, "may be zero"),
    (lemma("c*x <= y", ": H1", assume=["c*x <= y"], constants={"c": "x"}, **XY), "rational"),
    (lemma("x <= y", ": H1", assume=["x <= y"], constants={"c": "1"}, **XY), "occur"),
    (lemma("a*x <= y", ": H1", assume=["a*x <= y"], constants={"a": "1"}, **XY), "twice: ['a']"),
    (lemma("x <= y", ": H1", assume=["x <= y"], constants={"x": "1"}, **XY), "twice: ['x']"),
    (lemma("x <= y", ": H1", assume=["x <= y"], constants=["c"], **XY), "table of numbers"),
    (lemma("x <= y", ": H1", assume=["x <= y"], background="h", **XY), "no variables"),
    (lemma("a <= 3", ": A2", background="h", reals=["x"]), "no variables"),
    (lemma("a <= 3", ": A2", background="h", integers=["m"]), "no variables"),
    (lemma("a <= 3", ": A2", background="1"), "no name"),
]  # fmt: skip


@pytest.mark.parametrize(("item", "reason"), FALSE, ids=lambda value: str(value)[:60])
def test_rejected(item: Item, reason: str) -> None:
    entry = last(item)
    assert entry.status == "rejected"
    assert reason in entry.reason


def test_what_a_combination_leaves_is_shown_in_part() -> None:
    reason = last(lemma("(x + 2*y + 3*z)^9 <= 0", **XY)).reason
    begin, end = reason.index("-x^9"), reason.index(" ... (right - left - sum)")
    assert end - begin == 400
    assert " ..." not in last(lemma("(x + 2*y + 3*z)^4 <= 0", **XY)).reason


def test_entries_hold_what_the_item_says_of_itself() -> None:
    plain = last({"id": "it", "says": "2 < 3", "by": "box"})
    assert plain == Entry("it", "2 < 3", (), "box", "proved")
    assert last({"constant": "c2", "value": "a"}) == Entry(
        "c2.def", "c2 = a", (), "definition", "definition"
    )
    assert last({"function": "f", "args": ["j", "k"], "means": "a value"}) == Entry(
        "f.def", "f(j, k): a value", (), "definition", "definition"
    )
    silent = last({"constant": "c2"})
    assert (silent.id, silent.says, silent.method) == ("c2", "", "combination")
    assert last({"function": "h"}).id == "h"
    assert last({}).id == "?"
    more = {"title": "Growth", "note": "Sharp at a = 3."}
    found = last({"id": "it", "says": "a^a <= 28", "by": "box", **more})
    assert (found.method, found.title, found.note) == ("box", "Growth", "Sharp at a = 3.")
    wrong = last({"id": "it", "says": "a^a <= 2", "by": "box", **more})
    assert (wrong.method, wrong.status) == ("box", "rejected")
    definition = last({"constant": "c2", "value": "a", "note": "As above."})
    assert (definition.status, definition.note) == ("definition", "As above.")


def test_constants_stand_in_the_statement() -> None:
    entry = last(lemma("c*x <= y", ": H1", assume=["c*x <= y"], constants={"c": "1/2"}, **XY))
    assert (entry.status, entry.says) == ("proved", "1/2*x <= y")
    assert entry.constants == {"c": "1/2"}


def test_a_background_lemma_is_known_from_then_on() -> None:
    first = {"id": "first", "says": "a < 4", "combine": [": A2", "1 :"], "background": "small"}
    second = lemma("a^2 < 4*a", "a : small")
    assert [e.status for e in check(first, second).entries] == ["proved", "proved"]
    assert check(first, second).entries[1].uses == ("first",)
    assert check(second, first).entries[0].status == "rejected"
    cited = {"id": "first", "says": "a < 4", "by": "cited", "reference": "x", "reason": "y",
             "background": "small"}  # fmt: skip
    report = check(cited, second)
    assert [e.status for e in report.entries] == ["cited", "conditional"]
    assert report.trust == ("cited, used for it: a < 4 (x: y)",)


# Sums, limits, cases, induction.

SPLIT = {"as": "u", "split": "sum(i, i, 1, m + 1)", "at": "m"}
GAUSS: Item = {
    "id": "it", "says": "sum(i, i, 1, m) = m*(m + 1)/2", "integers": ["m"], "assume": ["m >= 0"],
    "by": "induction", "over": "m", "from": "0", "base": {"combine": []},
    "step": {"steps": [{"as": "ih", "of": "IH"}, SPLIT], "combine": [": ih", ": u"]},
}  # fmt: skip
BELOW: Item = {
    "id": "it", "says": "sum(f, i, 1, M) <= sum(g, i, 1, M)", "by": "termwise", "index": "i",
    "lo": "1", "hi": "M", "each": {"combine": ["i : A4"]},
}  # fmt: skip
BELOW["says"] = "sum(g*i, i, 1, M) <= sum(i/4, i, 1, M)"
TAIL: Item = {
    "id": "it", "says": "sum(i^-2, i, 1, oo) <= 2", "by": "limit", "upto": "n",
    "each": {"steps": [{"as": "t", "of": "part"}], "combine": [": t", "1/n :"]},
}  # fmt: skip
PART: Item = {
    "id": "part", "says": "sum(i^-2, i, 1, n) <= 2 - 1/n", "integers": ["n"],
    "assume": ["n >= 1"], "by": "induction", "over": "n", "from": "1",
    "base": {"combine": []},
    "step": {
        "steps": [{"as": "ih", "of": "IH"},
                  {"as": "u", "split": "sum(i^-2, i, 1, n + 1)", "at": "n"}],
        "combine": [": ih", ": u", "1/(n*(n + 1)^2) :"],
    },
}  # fmt: skip
LOWER: Item = {
    "id": "it", "says": "1 <= sum(i^-2, i, 1, oo)", "by": "limit-below", "upto": "n",
    "rest": "1", "decay": "1",
    "each": {
        "steps": [{"as": "u", "split": "sum(i^-2, i, 1, n)", "at": "1"},
                  {"as": "p", "says": "0 <= sum(i^-2, i, 2, n)", "by": "termwise", "index": "i",
                   "lo": "2", "hi": "n", "each": {"combine": ["i^-2 :"]}}],
        "combine": ["-1 : u", ": p", "1/n :"],
    },
}  # fmt: skip
SPLIT_TAIL: Item = {
    "id": "it", "says": "sum(i^-2, i, 1, oo) = 1 + sum(i^-2, i, 2, oo)", "combine": [": u"],
    "steps": [{"as": "u", "split": "sum(i^-2, i, 1, oo)", "at": "1"}],
}  # fmt: skip
CASES: Item = {
    "id": "it", "says": "min(x, y) <= (x + y)/2", "reals": ["x", "y"], "by": "cases",
    "on": "x <= y",
    "steps": [step("m", "min-first"), step("w", "min-second")],
    "yes": {"combine": [": m", "1/2 : case"]},
    "no": {"combine": [": w", "1/2 : case"]},
}  # fmt: skip
WHOLE: Item = {
    "id": "it", "says": "m*(m - 1) >= 0", "integers": ["m"], "by": "cases", "on": "m <= 0",
    "yes": {"combine": ["1 : case case", ": case"]}, "no": {"combine": [": case case", ": case"]},
}  # fmt: skip


@pytest.mark.parametrize(
    "items", [[GAUSS], [BELOW], [SPLIT_TAIL], [PART, TAIL], [LOWER], [CASES], [WHOLE]], ids=str
)
def test_rules_accept(items: list[Item]) -> None:
    entry = last(*items)
    assert entry.status == "proved", entry.reason


def by_step(step: Item) -> Item:
    return {"combine": [], "steps": [step]}


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (changed(GAUSS, says="sum(i, i, 1, m) = m*(m + 1)/2 + 1"), "leaves"),
        (changed(GAUSS, assume=[]), "must assume"),
        (changed(GAUSS, over="n"), "whole variable"),
        (changed(GAUSS, over=3), "whole variable"),
        (changed(GAUSS, over=["m"]), "whole variable"),
        (changed(GAUSS, **{"from": "m"}), "whole variable"),
        (changed(GAUSS, **{"from": "1"}), "must assume"),
        (changed(GAUSS, **{"from": "1/2"}, assume=["m >= 1/2"]), "whole number"),
        (changed(GAUSS, base={}), "'combine' is missing"),
        (changed(GAUSS, base=3), "no rule"),
        (changed(GAUSS, step=by_step(step("ih", "IH", m="m"))), "no meaning"),
        (changed(GAUSS, step=by_step({**SPLIT, "at": "m/2"})), "not be split"),
        (changed(GAUSS, step=by_step({**SPLIT, "at": "m + 2"})), "not be split"),
        (changed(GAUSS, step=by_step({**SPLIT, "at": "-2"})), "not be split"),
        (changed(GAUSS, step=by_step({**SPLIT, "split": "m"})), "only a sum"),
        (changed(BELOW, says="sum(i/4, i, 1, M) <= sum(g*i, i, 1, M)"), "leaves"),
        (changed(BELOW, says="sum(g*i, i, 1, M) < sum(i/4, i, 1, M)"), "finite sums, by <="),
        (changed(BELOW, says="sum(i^-2, i, 1, oo) <= 2", hi="oo"), "finite sums"),
        (changed(BELOW, says="sum(g*i, i, 1, M) <= sum(i/4, i, 1, K)"), "no sum from"),
        (changed(BELOW, says="sum(g*i, i, 1, M) <= sum(i*k, k, 1, M)", integers=["i"]),
         "declared twice: ['i']"),
        (changed(BELOW, says="sum(sum(i, i, 1, k), k, 1, M) <= 0"), "would capture"),
        (changed(BELOW, says="sum(g*i, i, 1, M) <= M"), "no sum from"),
        (changed(BELOW, index=3), "no name"),
        (changed(BELOW, index="M"), "declared twice"),
        (changed(BELOW, index="K"), "declared twice"),
        (changed(TAIL, upto="M"), "declared twice"),
        (changed(TAIL, upto=3), "no name"),
        (changed(TAIL, upto="1n"), "no name"),
        (changed(TAIL, says="sum(i^-2, i, 1, oo) < 2"), "by <="),
        (changed(TAIL, says="sum(i^-2, i, 1, M) <= 2"), "up to oo"),
        (changed(TAIL, says="2 <= sum(i^-2, i, 1, oo)"), "up to oo"),
        (changed(LOWER, decay="-1"), "nothing vanishes"),
        (changed(LOWER, decay="0"), "nothing vanishes"),
        (changed(LOWER, rest="n"), "n is not declared"),
        (changed(LOWER, says="2 <= sum(i^-2, i, 1, oo)"), "leaves"),
        (changed(CASES, on="x < y"), "told apart by <="),
        (changed(CASES, no={"combine": [": m"]}), "leaves"),
        (changed(CASES, yes={"combine": [": m"]}), "leaves"),
        (changed(WHOLE, integers=[], reals=["m"]), "leaves"),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_rules_reject(item: Item, reason: str) -> None:
    entry = last(PART, item)
    assert entry.status == "rejected"
    assert reason in entry.reason


def test_the_hypothesis_is_gone_after_its_induction() -> None:
    after = lemma("a <= 3", ": t", steps=[step("t", "IH")])
    assert "no axiom" in check(GAUSS, {**after, "id": "after"}).entries[-1].reason


def test_a_hypothesis_keeps_the_variables_of_its_start() -> None:
    """``m <= k`` for all m >= k is false; k - 1 for k in the hypothesis would prove it."""
    shifted = [step("ih", "IH", k="k - 1")]
    item: Item = {
        "id": "it", "says": "m <= k", "integers": ["m", "k"], "assume": ["m >= k"],
        "by": "induction", "over": "m", "from": "k", "base": {"combine": []},
        "step": {"steps": shifted, "combine": [": ih"]},
    }  # fmt: skip
    assert "'k' has no meaning here" in last(item).reason
    above = {**item, "assume": ["m >= 0", "k >= 1"], "from": "0"}
    above["base"] = {"combine": ["k - 1 :", "1 :"]}
    assert "step ih: IH needs 1 <= k - 1, not entailed" in last(above).reason
    item = {
        "id": "it", "says": "j <= k", "integers": ["j", "s", "k"], "by": "stages",
        "assume": ["j >= k", "s >= 0"], "over": ["j", "s"], "from": "k", "stage": "K",
        "base": {"combine": []},
        "next": {"steps": [step("ih", "IH")], "combine": [": ih"]},
        "change": {"steps": shifted, "combine": [": ih"]},
    }  # fmt: skip
    assert "'k' has no meaning here" in last(item).reason
    above = {**item, "assume": ["j >= 0", "s >= 0", "k >= 1"], "from": "0"}
    above["base"] = {"combine": ["k - 1 :", "1 :"]}
    assert "step ih: IH needs 1 <= k - 1, not entailed" in last(above).reason


def test_a_hypothesis_keeps_the_reals_of_its_start() -> None:
    given = [step("ih", "IH", x="x")]
    item: Item = {
        "id": "it", "says": "x <= x + m", "reals": ["x"], "integers": ["m"],
        "assume": ["m >= x - x + 1"], "by": "induction", "over": "m", "from": "x - x + 1",
        "base": {"combine": ["1 :"]}, "step": {"steps": given, "combine": [": ih", "1 :"]},
    }  # fmt: skip
    assert "'x' has no meaning here" in last(item).reason
    item["step"]["steps"] = [step("ih", "IH")]
    assert last(item).status == "proved"
    staged = {
        "id": "it", "says": "x <= x + j", "reals": ["x"], "integers": ["j", "s"], "by": "stages",
        "assume": ["j >= x - x + 1", "s >= 0"], "over": ["j", "s"], "from": "x - x + 1",
        "stage": "K",
        "base": {"combine": ["1 :"]},
        "next": {"steps": given, "combine": [": ih"]},
        "change": {"steps": [step("ih", "IH")], "combine": [": ih", "1 :"]},
    }  # fmt: skip
    assert "'x' has no meaning here" in last(staged).reason


def test_a_statement_is_defined_whatever_its_rule() -> None:
    item = changed(BELOW, says="sum(g*i, i, 1, a) <= sum(i/4, i, 1, a)", hi="a")
    assert "whole number" in last(item).reason


def test_a_hypothesis_asks_for_its_assumptions() -> None:
    """P(m): if m <= M then f(m) <= 0 may not be used at m when only m <= K is known."""
    item = changed(GAUSS, integers=["m"], assume=["m >= 0", "m <= M"])
    assert last(item).status == "proved"
    wrong = copy.deepcopy(item)
    wrong["assume"] = ["m >= 0", "2*m <= m^2"]
    assert "IH needs" in last(wrong).reason


# Recursions.

ONE_STEP: Item = {
    "id": "one-step", "reals": ["m", "q", "s", "l"], "by": "moments",
    "assume": ["l > 0", "m >= 0", "q >= 0", "s >= 0"],
    "says": "E(l*((1 - g*u^2)*D - g*u*r + g*u*w)^2) = "
            "(1 - 2*g*l + 2*(g*l)^2)*l*m + (g*l)^2*(q + l*m + s)",
    "gaussian": {"u": "l", "w": "s"}, "conditional": {"r": "q"}, "other": {"D": "m"},
}  # fmt: skip
F: Item = {
    "function": "f", "args": ["j", "s", "x"], "where": ["x > 0"], "start": "x",
    "next": "(1 - 2*g*x + 2*(g*x)^2)*f(j, s, x) + (g*x)^2*(sum(f(j, s, k), k, 1, M) + 1)",
    "stage": "K", "moment": "one-step",
    "at": {"l": "x", "m": "f(j, s, x)/x", "s": "1", "q": "sum(f(j, s, k), k, 1, M) - f(j, s, x)"},
    "presume": ["f(j, s, x) >= 0", "sum(f(j, s, k), k, 1, M) >= f(j, s, x)"],
}  # fmt: skip
STAGES: Item = {
    "id": "it", "says": "h(j, s) <= 2", "integers": ["j", "s"], "assume": ["j >= 0", "s >= 0"],
    "by": "stages", "over": ["j", "s"], "from": "0", "stage": "K",
    "base": {"steps": [step("d", "h.start")], "combine": [": d", "1 :"]},
    "next": {"steps": [step("ih", "IH"), step("n", "h.next")], "combine": [": n", "1/2 : ih"]},
    "change": {"steps": [step("ih", "IH"), step("n", "h.stage")], "combine": [": n", ": ih"]},
}  # fmt: skip


def test_constants_are_whole_where_their_values_are() -> None:
    constants = [{"constant": "c", "value": "M + 1"}, {"constant": "d", "value": "a/2"}]
    steps = [step("t", "integer-gap", m="c", n="K")]
    whole = lemma("c + 1 <= K", ": t", assume=["c < K"], steps=steps)
    assert last(*constants, whole).status == "proved"
    steps = [step("t", "integer-gap", m="d", n="K")]
    other = lemma("d + 1 <= K", ": t", assume=["d < K"], steps=steps)
    assert "integer-gap needs a whole m, not d" in last(*constants, other).reason


def test_equations_of_a_recursion_assume_what_is_about_their_arguments() -> None:
    found = check(changed(H, where=["a > 2", "s <= K"])).entries
    assert [e.assume for e in found] == [(), ("0 <= j", "0 <= s", "s <= K"), ("0 <= j",)]


def test_the_time_of_an_item_is_shared_by_its_equations() -> None:
    head = {"format": 1, "key": "t", "standing": STANDING, "item": [H]}
    ticks = iter([1.0, 1.75])
    assert [e.seconds for e in check_ledger(head, lambda: next(ticks)).entries] == [0.25] * 3


def test_recursion_and_induction_along_it() -> None:
    report = check(ONE_STEP, F, H, STAGES)
    assert report.holds
    assert [e.id for e in report.entries] == [
        "one-step", "f.start", "f.next", "f.stage", "h.start", "h.next", "h.stage", "it",
    ]  # fmt: skip
    assert report.entries[-1].uses == ("h.next", "h.stage", "h.start")


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (changed(STAGES, says="h(j, s) <= 3/2"), "leaves"),
        (changed(STAGES, over=["j"]), "two whole variables"),
        (changed(STAGES, over=["j", "M"]), "two whole variables"),
        (changed(STAGES, assume=["j >= 0"]), "two whole variables: 0 <= j, 0 <= s"),
        (changed(STAGES, assume=["j >= 0", "j >= 0"]), "two whole variables: 0 <= j, 0 <= s"),
        (changed(STAGES, assume=["s >= 0", "s >= 0"]), "two whole variables: 0 <= j, 0 <= s"),
        (changed(STAGES, over=["j", "j"]), "over two whole variables"),
        (changed(STAGES, over=["j", "s", "s"]), "over two whole variables"),
        (changed(STAGES, integers=["j"], reals=["s"]), "two whole variables: 0 <= j, 0 <= s"),
        (changed(STAGES, assume=["j >= 0", "s >= 0", "s <= K"]), "depends on the stage or step"),
        (changed(STAGES, **{"from": "s"}), "one whole number"),
        (changed(STAGES, **{"from": "a"}), "one whole number"),
        (changed(STAGES, **{"from": "1"}), "two whole variables"),
        (changed(STAGES, stage="j"), "one whole number"),
        (changed(STAGES, stage="a"), "one whole number"),
        (changed(STAGES, stage="K - 2"), "not seen to be >= 0"),
        (changed(STAGES, over=3), "list of texts"),
        (changed(STAGES, base={"combine": []}), "leaves"),
        (changed(STAGES, next={"combine": []}), "leaves"),
        (changed(STAGES, change={"combine": []}), "leaves"),
        (changed(STAGES, stage="M"), "leaves"),
        (changed(H, function="h"), "declared twice: ['h']"),
        (changed(H, function="a"), "declared twice: ['a']"),
        (changed(H, function="K"), "declared twice: ['K']"),
        ({"constant": "h", "value": "1"}, "declared twice: ['h']"),
        ({"constant": "h", "means": "words"}, "declared twice: ['h']"),
        (changed(H, function="exp"), "no name"),
        (changed(H, function="f2", args=["j"]), "two arguments"),
        (changed(H, function="f2", args=["j", "j"]), "two arguments"),
        (changed(H, function="f2", start="f2(j, s)"), "at the step before"),
        (changed(H, function="f2", start="s"), "the start s depends on the stage or step"),
        (changed(H, function="f2", start="g*j"), "the start g*j depends on the stage or step"),
        (changed(H, function="f2", start="sum(j, s, 1, M)"), "depends on the stage or step"),
        (changed(H, function="f2", next="f2(j, s + 1)"), "at the step before"),
        (changed(H, function="f2", next="f2(s, j)"), "at the step before"),
        (changed(H, function="f2", stage="f2(0, 0)"), "at the step before"),
        (changed(H, function="f2", next="sum(f2(j, s), j, 1, M)"), "bind an argument"),
        (changed(H, function="f2", stage="j"), "one whole number"),
        (changed(H, function="f2", stage="a"), "one whole number"),
        (changed(H, function="f2", next="f2(j, s)/j"), "may be zero"),
        (changed(H, function="f2", next="f2(j, s) + h(j)"), "takes 2 arguments"),
        (changed(H, function="f2", more=1), "no meaning"),
        (changed(F, function="f2", next="0", moment="missing"), "no lemma about moments"),
        (changed(F, function="f2", next="0", moment=3), "no lemma about moments"),
        (changed(F, function="f2", next="0", moment=["one-step"]), "no lemma about moments"),
        ({"constant": "c", "value": "1/(a - M)"}, "may be zero"),
        ({"constant": "a", "value": "1"}, "declared twice"),
        ({"constant": "c"}, "'value' is missing"),
        ({"constant": "c", "means": " "}, "in words"),
        ({"constant": "c", "means": 3}, "in words"),
        ({"constant": "a", "means": "words"}, "declared twice"),
        ({"constant": "c", "means": "words", "value": "1"}, "no meaning"),
        ({"constant": "c", "means": "words", "args": ["j"]}, "no meaning"),
        ({"constant": "c", "means": "words", "example": "a"},
         "the example's c is not a rational number"),
        ({"function": "c", "means": "words"}, "'args' is missing"),
        ({"function": "c", "means": "words", "args": []}, "has arguments"),
        ({"function": "c", "means": "words", "args": ["j", "j"]}, "has arguments"),
        ({"function": "c", "means": "words", "args": ["exp"]}, "no name"),
        ({"function": "exp", "means": "words", "args": ["j"]}, "no name"),
        ({"function": "h", "means": "words", "args": ["j"]}, "declared twice: ['h']"),
        ({"function": "a", "means": "words", "args": ["j"]}, "declared twice: ['a']"),
        ({"function": "c", "means": "words", "args": ["j"], "example": "1"}, "no meaning"),
        ({"function": "c", "means": "", "args": ["j"]}, "what the function is"),
        ({"constant": "c", "value": "c"}, "not declared"),
        ({}, "an item is"),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_recursions_reject(item: Item, reason: str) -> None:
    found = last(H, item)
    assert (found.status, reason in found.reason) == ("rejected", True), found.reason


@pytest.mark.parametrize(("j", "s"), [("0 - 1", "0"), ("0", "0 - 1"), ("K - 2", "1")])
@pytest.mark.parametrize("name", ["h.next", "h.stage"])
def test_a_recursion_starts_at_zero(name: str, j: str, s: str) -> None:
    at = {"j": j} if name == "h.stage" else {"j": j, "s": s}
    fact = {
        "h.next": f"h({j}, {s} + 1) = h({j}, {s})/2 + 1",
        "h.stage": f"h({j} + 1, 0) = h({j}, K)",
    }
    item = lemma(fact[name], ": d", steps=[step("d", name, **at)])
    if name == "h.stage" and j == "0":
        assert last(H, item).status == "proved"
    else:
        assert "not entailed" in last(H, item).reason


@pytest.mark.parametrize(
    ("says", "parts"),
    [("a^2 < 10", 1), ("5*a - a^2 - 25/4 < 1/8", 79), ("exp(-9*g)*g + (a - 5/2)^2 < 1/2", 7)],
)
def test_no_more_parts_of_a_box_than_the_limit(
    monkeypatch: pytest.MonkeyPatch, says: str, parts: int
) -> None:
    item = {"id": "it", "says": says, "by": "box"}
    monkeypatch.setattr(boxes, "MAX_PARTS", parts)
    assert last(item).status == "proved"
    monkeypatch.setattr(boxes, "MAX_PARTS", parts - 1)
    assert "not certain on the box; open near a = " in last(item).reason


@pytest.mark.parametrize(
    ("says", "assume"),
    [
        ("a + g < 3", "a = 3 - g"),
        ("11/4 < a + g", "a <= 3 - g"),
        ("a < 5/2", "a = 3"),
        ("5/2 < a", "a = 2"),
    ],
)
def test_what_cuts_of_a_box_leave(monkeypatch: pytest.MonkeyPatch, says: str, assume: str) -> None:
    monkeypatch.setattr(boxes, "MAX_PARTS", 500)
    item = {"id": "it", "says": says, "by": "box", "assume": [assume]}
    assert "not certain on the box" in last(item).reason


@pytest.mark.parametrize("end", ["a - 2", "3 - a"])
def test_every_part_of_a_box_is_looked_at(end: str) -> None:
    """Terms that cancel ask for many parts where the statement holds, before those where not."""
    box = {"id": "it", "by": "box", "says": "5*a - a^2 - 25/4 < 1/8"}
    assert last(box).status == "proved"
    assert (
        last({**box, "says": f"5*a - a^2 - 25/4 + exp(-100*({end})) < 1/8"}).status == "rejected"
    )


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


# The head, trust, report.


def test_lemmas_above_a_cited_one_are_listed() -> None:
    cited = {"id": "c", "says": "a <= 3", "by": "cited", "reference": "R", "reason": "why"}
    one = lemma("a <= 4", ": c", "1 :", steps=[step("c", "c")]) | {"id": "one"}
    two = lemma("a <= 5", ": o", "1 :", steps=[step("o", "one")]) | {"id": "two"}
    report = check(cited, lemma("a <= 3", ": A2"), one, two)
    assert report.trust == ("cited, used for one, two: a <= 3 (R: why)",)


def test_a_named_constant_is_what_cited_lemmas_say() -> None:
    name = {"constant": "c", "means": "the constant of a theorem"}
    cited = {"id": "cited", "says": "c <= a", "by": "cited", "reference": "R", "reason": "why"}
    follows = lemma("c <= 3", ": f", ": A2", steps=[step("f", "cited")])
    report = check(name, cited, follows)
    assert [e.status for e in report.entries] == ["definition", "cited", "conditional"]
    assert report.entries[0].says == "c: the constant of a theorem"
    assert report.trust == (
        "cited, used for it: c <= a (R: why)",
        "definition, as a reading of the model: c: the constant of a theorem",
    )


def test_an_example_of_a_named_constant_is_any_rational_number() -> None:
    found = last({"constant": "c", "means": "the constant of a theorem", "example": "1/2"})
    assert found.status == "definition", found.reason


def test_a_named_function_is_what_cited_lemmas_say() -> None:
    name = {"function": "f", "args": ["j"], "means": "a value", "note": "of a matrix"}
    event = {"constant": "on", "means": "1 or 0", "example": "1"}
    cited = {"id": "cited", "says": "f(j) <= a", "by": "cited", "reference": "R", "reason": "why"}
    cited |= {"integers": ["j"], "assume": ["on = 1", "j >= 1"]}
    given = {"integers": ["k"], "assume": ["on = 1", "k >= 0"]}
    follows = lemma("f(k + 1) <= 3", ": f", ": A2", steps=[step("f", "cited", j="k + 1")], **given)
    report = check(name, event, cited, follows)
    assert [e.status for e in report.entries][2:] == ["cited", "conditional"], report.entries
    assert (report.entries[0].says, report.entries[0].note) == ("f(j): a value", "of a matrix")
    assert report.trust == (
        "cited, used for it: if on = 1, 1 <= j then f(j) <= a (R: why)",
        "definition, as a reading of the model: f(j): a value",
        "definition, as a reading of the model: on: 1 or 0",
    )
    for wrong, reason in (
        ({"assume": ["k >= 0"]}, "needs on = 1, not entailed"),
        ({"assume": ["on = 1"]}, "needs 1 <= k + 1, not entailed"),
        ({"says": "f(k) <= 3"}, "leaves"),
        ({"says": "f(k, k) <= 3"}, "takes 1 arguments"),
    ):
        assert reason in last(name, event, cited, {**follows, **wrong}).reason


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        ({"assume": ["a >= 2", "a <= 1"], "example": STANDING["example"]}, "does not satisfy"),
        ({"example": {**STANDING["example"], "a": "x"}}, "example's a is not a rational number"),
        ({"example": {**STANDING["example"], "M": "1/2"}}, "example's M is not a whole number"),
        ({"example": {"a": "2"}}, "'K' is missing"),
        ({"assume": ["a > 2"]}, "does not satisfy"),
        ({"assume": ["a = 3"]}, "does not satisfy a = 3"),
        ({"assume": ["a = 1"]}, "does not satisfy a = 1"),
        ({"assume": ["g = 1", "g = 2"]}, "does not satisfy g = 1"),
        ({"assume": ["sum(i, i, 1, M) > 0"]}, "says nothing about"),
        ({"reals": ["a", "g", "oo"]}, "no name"),
        ({"assume": 3}, "list of texts"),
    ],
    ids=str,
)
def test_unusable_heads(standing: Item, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        check(**standing)


HEAD = b'format = 1\nkey = "t"\n[standing]\nreals = []\nintegers = []\nassume = []\nexample = {}\n'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff", "not a ledger"),
        (b"a = ", "not a ledger"),
        (HEAD, "'item' is missing"),
        (b"format = 2" + HEAD[10:] + b"[[item]]\n", "the format must be 1"),
        (b"format = true" + HEAD[10:] + b"[[item]]\n", "the format must be 1"),
        (HEAD.replace(b'"t"', b"3") + b"[[item]]\n", "texts"),
        (b"item = 3\n" + HEAD, "item must be tables"),
        (b"item = [3]\n" + HEAD, "item must be tables"),
        (b"colour = 3\n" + HEAD + b"[[item]]\n", "no meaning"),
        (HEAD + b"[[item]]\n" * 1001, "at most 1000"),
        (b"a = " + b"[" * 5000, "not a ledger"),
        (b"#" * 6_000_000, "larger than"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_files_that_are_no_ledger(data: bytes, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        read_ledger(data)


def written(folder: Path, text: str) -> str:
    place = folder / "mine.ledger.toml"
    place.write_bytes(HEAD + text.encode())
    return str(place)


def test_a_ledger_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    true = '[[item]]\nid = "one"\nsays = "2 < 3"\nby = "box"\n'
    assert main([written(tmp_path, true)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "t"
    assert out[-1].startswith("OK ")
    assert "1 entries: 1 proved" in out[-1]
    assert main([written(tmp_path, true.replace("<", ">"))]) == 1
    assert "FAILED" in capsys.readouterr().out
    assert main([written(tmp_path, "")]) == 2
    assert "UNREADABLE" in capsys.readouterr().out
    assert main([written(tmp_path, true + "[[claim]]\nid = 3\n")]) == 2


def test_the_report_as_text_and_data() -> None:
    bad = lemma("x <= z", ": H3", assume=["x <= y", "y <= z"], **XY)
    steps = [step("t", "exp-tangent", x="a"), step("u", "floor-below", x="a")]
    combine = ("2 : A2", "0 : t", "0 : u")
    good = lemma("c*a + d*a <= 6", *combine, steps=steps, constants={"c": "1", "d": "1"})
    words = {"heading": "Words", "text": "for readers"}
    report = check(words, {**bad, "id": "bad"}, good, {"constant": "c2", "value": "a"})
    first = replace(report.entries[0], assume=("x <= y", "y <= z"))
    report = replace(report, entries=(first, *report.entries[1:]))
    text = "\n".join(lines(report))
    assert "if       x <= y, y <= z\n" in text
    assert not report.holds
    assert "rejected     combination    0.000  bad" in text
    assert "reason   no fact is called H3" in text
    assert "where    c = 1, d = 1\n" in text
    assert "uses     exp-tangent, floor-below\n" in text
    assert text.endswith("3 entries: 1 definition, 1 proved, 1 rejected; 0.0 s")
    data = as_data(report)
    assert [entry["status"] for entry in data["lemmas"]] == ["rejected", "proved", "definition"]
    assert set(data["lemmas"][1]) >= {"id", "status", "method", "uses", "constants", "seconds"}
    supported = replace(report, entries=(replace(report.entries[1], supports="total"),))
    assert "supports total" in "\n".join(lines(supported))
