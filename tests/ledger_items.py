"""Small ledgers for tests: standing names, items as tables, and what the checker makes of them."""

from __future__ import annotations

import copy
from typing import Any

from ratecert.proofs_check.ledger.book import Entry, Report, check_ledger

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


XY: Item = {"reals": ["x", "y", "z"]}


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
