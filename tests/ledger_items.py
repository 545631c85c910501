"""Items of ledgers, as tests of the checker write them."""

from __future__ import annotations

from ledger_items import Item

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
