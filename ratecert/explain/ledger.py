"""A claim's place in a proof ledger, and a ledger as a page to read."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from ratecert.io.ledgers import SupportingLemma, places
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.ledger.book import Entry, Report, is_for_readers
from ratecert.proofs_check.ledger.terms import Relation, parse_relation
from ratecert.writing.mathtext import latex
from ratecert.writing.page import Block, Display, Heading, Items, Line, Paragraph, line
from ratecert.writing.tables import Math
from ratecert.writing.tidy import tidy

__all__ = ["in_ledger", "ledger_page"]

_SIGNS = {"<=": r"\le", "<": "<", "=": "="}


def in_ledger(claim: Claim) -> list[Block]:
    """Return what the ledger of the claim's paper proves of it; empty where it has nothing."""
    found = places(claim.key, claim.id)
    if not found:
        return []
    told = line(
        "With constants, for ", _listed(found[0].standing),
        f"; ratecert verify-proof {claim.key} shows the whole proof:",
    )  # fmt: skip
    blocks: list[Block] = [Heading(line("In the ledger")), Paragraph(told)]
    for place in found:
        blocks += [Display((_relation(place.entry.says),)), Paragraph(_status(place))]
    meanings = dict.fromkeys(text for place in found for text in place.meanings)
    return blocks + ([Items(tuple(map(line, meanings)))] if meanings else [])


def ledger_page(table: Mapping[str, Any], report: Report) -> list[Block]:
    """Return a ledger as a proof to read, lemma by lemma, with what the checker says of each."""
    entries = iter(report.entries)
    blocks: list[Block] = [Heading(line(report.title or report.key), 1)]
    blocks += [Paragraph(line("Standing assumptions: ", _listed(report.standing), "."))]
    for item in table["item"]:
        if is_for_readers(item):
            blocks.append(Heading(line(item["heading"])))
            texts = item.get("text", "").strip().split("\n\n")
            blocks += [Paragraph(line(" ".join(text.split()))) for text in texts if text]
        else:
            first = next(entries)
            is_recursion = first.status == "definition" and first.id.endswith(".start")
            more = 2 if is_recursion else 0  # its other equations
            for entry in (first, *islice(entries, more)):
                blocks += _lemma(entry)
    blocks += [Heading(line("What this rests on")), Items(tuple(map(line, report.trust)))]
    return blocks


def _lemma(entry: Entry) -> list[Block]:
    kind = "Definition" if entry.status == "definition" else "Lemma"
    title = f" ({entry.title})" if entry.title else ""
    given = line(" If ", _listed(entry.assume), ", then") if entry.assume else ()
    blocks: list[Block] = [Paragraph(line(f"{kind} {entry.id}{title}.", given))]
    is_text = entry.status == "rejected" or (
        entry.status == "definition" and ": " in entry.says  # no relation has a colon
    )
    if is_text:
        blocks.append(Paragraph(line(entry.says)))
    else:
        blocks.append(Display((_relation(entry.says),)))
    if entry.note:
        blocks.append(Paragraph(line(entry.note.strip())))
    if entry.status != "definition":
        uses = f", from {', '.join(entry.uses)}" if entry.uses else ""
        reason = f": {entry.reason}" if entry.reason else ""
        supports = f" It bears on the claim {entry.supports}." if entry.supports else ""
        told = f"Checked: {entry.status} by {entry.method}{uses}{reason}.{supports}"
        blocks.append(Paragraph(line(told)))
    return blocks


def _status(place: SupportingLemma) -> Line:
    entry = place.entry
    given = line(", if ", _listed(entry.assume)) if entry.assume else ()
    return line(
        f"{entry.id} (features = {place.features}): {entry.status}", given,
        f"; uses {', '.join(entry.uses)}; {len(place.below)} lemmas, axioms and definitions "
        "below it.",
    )  # fmt: skip


def _listed(texts: tuple[str, ...]) -> Line:
    parts: list[Line | str | Math] = []
    for number, text in enumerate(texts):
        parts += ([", "] if number else []) + [_relation(text)]
    return line(*parts)


def _relation(text: str) -> Math:
    relation: Relation = parse_relation(text)
    left, right = tidy(relation.left), tidy(relation.right)
    sign = _SIGNS[relation.op]
    shown = f"{latex(left, inline=True)} {sign} {latex(right, inline=True)}"
    return Math(shown, f"{left} {relation.op} {right}")
