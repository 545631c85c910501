"""Inequalities on a box."""

from __future__ import annotations

import pytest
from ledger_items import last

from ratecert.proofs_check.ledger import boxes


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
