"""Functions by recursion along the stages, and induction."""

from __future__ import annotations

import pytest
from ledger_items import ONE_STEP, STANDING, F, H, Item, changed, check, last, lemma, step

from ratecert.proofs_check.ledger.book import check_ledger

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


def test_the_whole_variables_of_a_moment_are_whole() -> None:
    moment: Item = {"id": "whole", "integers": ["n"], "by": "moments", "says": "E(u^2) = n^2",
                    "gaussian": {"u": "n^2"}, "conditional": {}, "other": {}}  # fmt: skip
    even = changed(H, function="f2", next="a^2", moment="whole", at={"n": "a"}, presume=[])
    assert "whole needs a whole n, not a" in last(moment, even).reason
    even |= {"next": "M^2", "at": {"n": "M"}}
    assert check(moment, even).holds
