"""Rules of a proof in steps: sums, cases, induction, background."""

from __future__ import annotations

import copy

import pytest
from ledger_items import Item, changed, check, last, lemma, step

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
