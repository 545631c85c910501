"""Systematic sabotage of a ledger: every change is rejected, or leaves a true, checked ledger."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ratecert.proofs_check.ledger.book import Report, _Book

PATH = Path(__file__).parents[1] / "theory" / "papers" / "lin2024.ledger.toml"
Item = dict[str, Any]


def ledger() -> dict[str, Any]:
    """Return the built-in ledger as tables."""
    return tomllib.loads(PATH.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Mutant:
    """Other items in the place of items `at`..; `kind` and `what` say how they came about."""

    kind: str
    what: str
    at: int
    items: tuple[Item, ...]


class Original:
    """The true ledger checked once, with the state of the book before every item."""

    def __init__(self) -> None:
        self.table = ledger()
        self.items: list[Item] = self.table["item"]
        book = _Book(self.table, lambda: 0.0)
        self.states = []
        for item in self.items:
            self.states.append(_frozen(book))
            book.take(item)
        self.report: Report = book.report()

    def judge(self, mutant: Mutant) -> str:
        """Return what became of a mutant.

        "rejected"; or it is accepted: "proof" (another proof of the same statements), "citation"
        (what is cited is something else, as the trust base shows) or "statement".
        """
        book = _thawed(self.states[mutant.at])
        for item in mutant.items:
            book.take(item)
            if book.entries[-1].status == "rejected":
                return "rejected"
        replaced = self.items[mutant.at : mutant.at + len(mutant.items)]
        if [i.get("id") for i in replaced] == [i.get("id") for i in mutant.items] and all(
            _statement(new) == _statement(old)
            for new, old in zip(mutant.items, replaced, strict=True)
        ):
            return "proof"
        for item in self.items[mutant.at + len(mutant.items) :]:
            book.take(item)
            if book.entries[-1].status == "rejected":
                return "rejected"
        return "statement" if _cited(book.report()) == _cited(self.report) else "citation"


def _cited(report: Report) -> list[str]:
    """Return what the trust base shows of cited lemmas, without their users."""
    lines = [line for line in report.trust if line.startswith("cited")]
    return sorted(line.partition(": ")[2] for line in lines)


def _frozen(book: _Book) -> _Book:
    kept = copy.copy(book)
    for name in ("library", "status", "background", "entries", "moments", "example"):
        setattr(kept, name, copy.copy(getattr(book, name)))
    return kept


_thawed = _frozen


def _statement(item: Mapping[str, Any]) -> Any:
    told = ("says", "assume", "constants", "reals", "integers", "background", "supports", "value")
    recursion = ("start", "next", "stage") if "start" in item else ()
    return [item.get(key) for key in (*told, *recursion)]


def mutants(items: list[Item]) -> Iterator[Mutant]:
    """Yield all mutants of single items, in order."""
    for k, item in enumerate(items):
        name = str(item.get("id") or item.get("constant") or item.get("function"))
        for kind, what, new in _of_item(item):
            yield Mutant(kind, f"{name}: {what}", k, (new,))
        if k + 1 < len(items):
            yield Mutant("order", f"{name} after its successor", k, (items[k + 1], item))


def _of_item(item: Item) -> Iterator[tuple[str, str, Item]]:
    for key in ("says", "value", "start", "next", "stage"):
        if isinstance(item.get(key), str):
            for what, text in _texts(item[key]):
                yield "statement", f"{key}: {what}", {**item, key: text}
    for name, text in item.get("constants", {}).items():
        for factor in (Fraction(99, 100), Fraction(101, 100)):
            new = {**item["constants"], name: str(Fraction(text) * factor)}
            yield "constant", f"{name} times {factor}", {**item, "constants": new}
    for k, text in enumerate(item.get("assume", [])):
        rest = [*item["assume"][:k], *item["assume"][k + 1 :]]
        yield "hypothesis", f"without {text}", {**item, "assume": rest}
    if "id" in item:
        yield "forged", "a status", {**item, "status": "proved"}
        yield "forged", "cited without reference", _only(item, "cited")
        yield "forged", "by box", _only(item, "box")
        yield "forged", "no proof", _only(item, "combination")
        yield "edge", "uses itself", _using_itself(item)
    for what, new in _of_proof(item):
        yield "proof", what, new


def _only(item: Item, rule: str) -> Item:
    told = ("id", "says", "assume", "reals", "integers", "constants", "background", "supports")
    kept = {key: item[key] for key in told if key in item}
    return {**kept, "by": rule, **({"combine": []} if rule == "combination" else {})}


def _using_itself(item: Item) -> Item:
    kept = _only(item, "combination")
    return {**kept, "steps": [{"as": "self", "of": item["id"]}], "combine": [" : self"]}


def _texts(text: str) -> Iterator[tuple[str, str]]:
    """Yield texts with one number changed, one relation turned or one sign changed."""
    for match in re.finditer(r"(?<![\w.])\d+", text):
        for new in (int(match.group()) + 1, int(match.group()) - 1):
            changed = text[: match.start()] + str(max(new, 0)) + text[match.end() :]
            if changed != text:
                yield f"{match.group()} -> {max(new, 0)} at {match.start()}", changed
    for old, new in (("<=", ">="), ("<=", "<"), (" + ", " - "), (" - ", " + ")):
        place = text.find(old)
        if place >= 0:
            yield f"{old} -> {new}", text[:place] + new + text[place + len(old) :]


def _of_proof(item: Item) -> Iterator[tuple[str, Item]]:
    """Yield the item with one place of its proof changed: a step gone, a multiplier altered."""
    for path, value in _places(item, ()):
        if path[-1] == "steps":
            for k, step in enumerate(value):
                yield f"without step {step['as']}", _put(item, path, value[:k] + value[k + 1 :])
        elif path[-1] == "combine":
            for k, summand in enumerate(value):
                gone = value[:k] + value[k + 1 :]
                yield f"without summand {summand!r}", _put(item, path, gone)
                multiplier, _, labels = summand.partition(":")
                for factor in ("2", "-1"):
                    new = f"{factor}*({multiplier.strip() or '1'}) :{labels}"
                    yield (
                        f"{summand!r} times {factor}",
                        _put(item, path, [*value[:k], new, *value[k + 1 :]]),
                    )
        elif path[-1] == "at" and isinstance(value, dict) and "id" in item:
            for name, text in value.items():
                for what, new in _texts(text):
                    yield f"at {name}: {what}", _put(item, path, {**value, name: new})


def _places(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key), inner
            yield from _places(inner, (*path, key))
    elif isinstance(value, list):
        for k, inner in enumerate(value):
            yield from _places(inner, (*path, k))


def _put(item: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.copy(item)
    changed[path[0]] = _put(item[path[0]], path[1:], value)
    return changed
