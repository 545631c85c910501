"""What is printed of a checked ledger, and its JSON, word for word."""

from __future__ import annotations

from typing import Any

from ratecert.proofs_check.ledger.book import Report, check_ledger
from ratecert.proofs_check.ledger.report import as_data, lines, summary

LEDGER: dict[str, Any] = {
    "format": 1,
    "key": "tiny",
    "title": "A tiny ledger",
    "standing": {
        "reals": ["a"],
        "integers": ["M"],
        "assume": ["a > 1", "M >= 1"],
        "example": {"a": "2", "M": "3"},
    },
    "claim": [{"id": "power", "says": "M^a = O(M^(2*a))", "assume": ["a > 1"]}],
    "item": [
        {"heading": "Words", "text": "For readers."},
        {"constant": "K", "value": "a + 1", "note": "one more"},
        {
            "id": "known",
            "says": "exp(a) <= 3^a",
            "by": "cited",
            "reference": "a book",
            "reason": "for the test",
        },
        {
            "id": "grows",
            "reals": ["x"],
            "assume": ["x >= a"],
            "constants": {"c": "1/2"},
            "says": "c*(x + 1) <= exp(x)",
            "steps": [{"as": "t", "of": "exp-tangent", "at": {"x": "x"}}],
            "combine": [": t", "1/2*(x + 1) :"],
        },
        {
            "id": "rests",
            "says": "exp(a) - 1 <= 3^a",
            "steps": [{"as": "k", "of": "known"}],
            "combine": [": k", "1 :"],
        },
        {
            "id": "bound",
            "says": "M^a <= M^(2*a)",
            "supports": "power",
            "steps": [{"as": "p", "of": "power-increases", "at": {"x": "1", "y": "M", "p": "a"}}],
            "combine": ["M^a : p"],
        },
        {"id": "wrong", "says": "2 < a", "combine": [": A1"]},
    ],
}


def report() -> Report:
    ticks = iter(range(100))
    return check_ledger(LEDGER, clock=lambda: next(ticks) / 4)


TEXT = """\
tiny: A tiny ledger

standing assumptions:
  a > 1
  M >= 1

status       method       seconds  lemma
definition   definition     0.250  K.def
    says     K = a + 1
cited        cited          0.250  known
    says     exp(a) <= 3^a
    reason   a book: for the test
proved       combination    0.250  grows
    if       a <= x
    says     1/2*(x + 1) <= exp(x)
    where    c = 1/2
    uses     exp-tangent
conditional  combination    0.250  rests
    says     exp(a) - 1 <= 3^a
    uses     known
proved       combination    0.250  bound
    says     M^a <= M^(2*a)
    uses     power-increases
    supports power
rejected     combination    0.250  wrong
    says     2 < a
    reason   2 < a: the combination leaves -1 (right - left - sum)

trust base:
  standard analysis, proved in ratecert.proofs_check.ledger.axioms: 1 + x <= exp(x)
  standard analysis, proved in ratecert.proofs_check.ledger.axioms: x^p <= y^p for 0 < x, x <= y, 0 <= p
  cited, used for rests: exp(a) <= 3^a (a book: for the test)

6 entries: 1 cited, 1 conditional, 1 definition, 2 proved, 1 rejected; 1.5 s"""  # noqa: E501


def test_as_lines() -> None:
    assert "\n".join(lines(report())) == TEXT
    assert summary(report()) == TEXT.splitlines()[-1]


def test_as_data() -> None:
    found = as_data(report())
    assert set(found) == {"key", "standing", "lemmas", "trust"}
    assert (found["key"], found["standing"]) == ("tiny", ["a > 1", "M >= 1"])
    assert [text[:28] for text in found["trust"]] == [
        "standard analysis, proved in",
        "standard analysis, proved in",
        "cited, used for rests: exp(a",
    ]
    plain = {"assume": [], "uses": [], "constants": {}, "supports": None, "reason": ""}
    plain |= {"seconds": 0.25, "method": "combination"}
    assert found["lemmas"] == [
        plain
        | {"id": "K.def", "says": "K = a + 1", "status": "definition", "method": "definition"},
        plain
        | {"id": "known", "says": "exp(a) <= 3^a", "status": "cited", "method": "cited"}
        | {"reason": "a book: for the test"},
        plain
        | {"id": "grows", "says": "1/2*(x + 1) <= exp(x)", "status": "proved"}
        | {"assume": ["a <= x"], "constants": {"c": "1/2"}, "uses": ["exp-tangent"]},
        plain
        | {"id": "rests", "says": "exp(a) - 1 <= 3^a", "status": "conditional", "uses": ["known"]},
        plain
        | {"id": "bound", "says": "M^a <= M^(2*a)", "status": "proved", "supports": "power"}
        | {"uses": ["power-increases"]},
        plain
        | {"id": "wrong", "says": "2 < a", "status": "rejected"}
        | {"reason": "2 < a: the combination leaves -1 (right - left - sum)"},
    ]


def test_titles_and_times() -> None:
    untitled = check_ledger({**LEDGER, "title": ""}, clock=lambda: 0.1234567)
    assert lines(untitled)[0] == "tiny"
    slow = iter([0.0, 0.12345678, *range(1, 50)])
    found = as_data(check_ledger(LEDGER, clock=lambda: next(slow)))
    assert found["lemmas"][0]["seconds"] == 0.123457  # to the microsecond
