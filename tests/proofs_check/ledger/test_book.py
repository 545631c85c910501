"""Files that are no ledger, and reports of one that is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ledger_items import STANDING, XY, Item, check, lemma, step

from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.ledger.book import read_ledger
from ratecert.proofs_check.ledger.report import as_data, lines
from ratecert.proofs_check.recheck import main


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
