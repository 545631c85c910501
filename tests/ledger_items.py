"""Small ledgers for tests: standing names, items as tables, and what the checker makes of them."""

from __future__ import annotations

import copy
from typing import Any

from proofs_check.ledger.book import Entry, Report, check_ledger

STANDING = {
    "reals": ["a", "g"],
    "integers": ["M", "K"],
    "assume": ["a >= 2", "a <= 3", "g > 0", "g <= 1/4", "M >= 1", "K >= 1"],
    "example": {"a": "2", "g": "1/4", "M": "1", "K": "3"},
}
Item = dict[str, Any]


def check(*items: Item, **changes: Any) -> Report:
    head = {"format": 1, "key": "t", "standing": {**STANDING, **changes}}
    return check_ledger({**head, "item": copy.deepcopy(list(items))}, clock=lambda: 0.0)


def last(*items: Item) -> Entry:
    return check(*items).entries[-1]


def lemma(says: str, *combine: str, steps: list[Item] | None = None, **more: Any) -> Item:
    found: Item = {"id": "it", "says": says, "combine": list(combine), **more}
    return {**found, "steps": steps} if steps else found


def step(label: str, of: str, **at: str) -> Item:
    return {"as": label, "of": of, "at": at}


def have(label: str, says: str, *combine: str) -> Item:
    return {"as": label, "says": says, "combine": list(combine)}


def changed(item: Item, **changes: Any) -> Item:
    return {key: value for key, value in {**item, **changes}.items() if value is not None}


H: Item = {
    "function": "h", "args": ["j", "s"], "where": [], "start": "1", "next": "h(j, s)/2 + 1",
    "stage": "K",
}  # fmt: skip
