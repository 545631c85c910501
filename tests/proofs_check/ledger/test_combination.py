"""Combinations of facts: what they prove, and what not."""

from __future__ import annotations

import pytest
from ledger_items import XY, Item, check, have, last, lemma, step

from ratecert.proofs_check.ledger.book import Entry

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
