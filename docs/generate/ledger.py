"""The pages of the proof ledgers: each as a graph one can click, each lemma with its page.

The data are what ``ratecert verify-proof KEY --json`` prints: lemmas in order, each with its id,
its status and what it uses.  A version without that command, or papers without a ledger, have no
such pages.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from math import ceil
from typing import Any

from generate.markdown import code, html, one_table, slug
from ratecert.io.claim_files import builtin_papers
from ratecert.writing.page import markdown_words
from ratecert.writing.tables import Text

__all__ = ["Lemma", "graph", "layers", "ledger_pages", "lemmas_of"]

MARKS: Mapping[str, str] = {
    "proved": "✓",
    "definition": "≔",
    "axiom": "∎",
    "cited": "§",
    "conditional": "◐",
    "rejected": "✗",
    "unsupported": "!",
}
"""The mark of each status, so that none is told by its colour alone."""


@dataclass(frozen=True, slots=True)
class Lemma:
    """One lemma of a ledger; `more` is whatever else the checker says of it."""

    id: str
    status: str
    uses: tuple[str, ...]
    more: Mapping[str, Any]


def lemmas_of(report: Mapping[str, Any]) -> list[Lemma]:
    """Return the lemmas of a report of ``verify-proof --json``."""
    return [
        Lemma(entry["id"], entry["status"], tuple(entry["uses"]), entry)
        for entry in report["lemmas"]
    ]


def ledger_pages() -> dict[str, str]:
    """Return the pages below ``ledger/``; none where there is no ledger to check."""
    if find_spec("ratecert.commands.verify_proof") is None:
        return {}
    found: dict[str, str] = {}
    keys = []
    for key in builtin_papers():
        told = _verified(key, "--json")
        if not told:
            continue
        report = json.loads(told)
        lemmas, proof = lemmas_of(report), _verified(key, "--format", "markdown")
        keys.append(key)
        found[f"{key}/index.md"] = _ledger_page(key, lemmas, report.get("trust", []))
        found[f"{key}/proof.md"] = proof
        parts = written(proof)
        for lemma in lemmas:
            page = _lemma_page(key, lemma, lemmas, parts.get(lemma.id, ""))
            found[f"{key}/{_place(lemma.id)}.md"] = page
    if keys:
        found["index.md"] = _index(keys)
    return found


def _verified(key: str, *how: str) -> str:
    """Return what ``verify-proof`` prints, empty where the paper has no ledger."""
    command = [sys.executable, "-m", "ratecert", "verify-proof", key, *how]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 2 else done.stdout


def written(proof: str) -> dict[str, str]:
    """Return what the proof, as a page, says of each lemma, by the lemmas' ids."""
    found: dict[str, str] = {}
    name = ""
    for paragraph in proof.split("\n\n"):
        head = re.fullmatch(r"(?:Lemma|Definition|Axiom) (\S+)\.", paragraph)
        if head or paragraph.startswith("#"):
            name = head[1].replace("\\", "") if head else ""
        elif name and not paragraph.startswith("Checked: "):  # the page says that with links
            found[name] = f"{found.get(name, '')}{paragraph}\n\n"
    return found


def _place(lemma: str) -> str:
    """Return the name of a lemma's page; none is called as the pages beside it."""
    return f"lemma-{slug(lemma)}"


def _index(keys: Sequence[str]) -> str:
    toc = "".join(f"{key}/index\n" for key in keys)
    return (
        "# Proof ledger\n\nThe lemmas that the certificates rest on, each checked by "
        "`proofs_check` where it can be, with what each one uses.\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{toc}```\n"
    )


def _ledger_page(key: str, lemmas: Sequence[Lemma], trust: Sequence[str]) -> str:
    counts = {status: sum(x.status == status for x in lemmas) for status in MARKS}
    rows = (
        (Text(MARKS[status]), Text(status), Text(str(count)))
        for status, count in counts.items()
        if count
    )
    toc = "".join(f"{_place(lemma.id)}\n" for lemma in lemmas)
    rests = "".join(f"- {markdown_words(item)}\n" for item in trust) or "Nothing beside itself.\n"
    return (
        f"# Ledger of {key}\n\nAn arrow leads from a lemma to what uses it. A click on a lemma "
        f"leads to its page; {{doc}}`the proof <proof>` has all of them in order. "
        f"`ratecert verify-proof {key}` checks them again.\n\n"
        f"{html(graph(lemmas))}\n{one_table(('', 'status', 'lemmas'), rows)}\n"
        f"## What it rests on and does not prove\n\n{rests}\n"
        f"```{{toctree}}\n:hidden:\n\nproof\n{toc}```\n"
    )


def _lemma_page(key: str, lemma: Lemma, lemmas: Sequence[Lemma], body: str) -> str:
    users = [other.id for other in lemmas if lemma.id in other.uses]
    known = {other.id for other in lemmas}
    parts = [
        f"# {markdown_words(lemma.more.get('title') or lemma.id)}\n",
        f"`{lemma.id}`, of the {{doc}}`ledger of {key} <index>`.\n",
        html(
            f'<div class="rc-bar"><span class="rc-verdict rc-status-{lemma.status}">'
            f'<span class="rc-mark">{MARKS.get(lemma.status, "?")}</span> '
            f"{escape(lemma.status)}</span></div>"
        ),
    ]
    if body or lemma.more.get("says"):
        parts.append(body or code(lemma.more["says"], "text"))
    parts += [
        f"**{label}**: {markdown_words(_words(lemma.more[name]))}\n"
        for name, label in _FIELDS.items()
        if lemma.more.get(name)
    ]
    parts.append(f"**Uses**: {_links((use for use in lemma.uses), known)}\n")
    parts.append(f"**Used by**: {_links(users, known)}\n")
    return "\n".join(parts)


_FIELDS: Mapping[str, str] = {
    "assume": "Assuming",
    "method": "Checked by",
    "constants": "Constants",
    "supports": "Supports",
    "reason": "Reason",
    "note": "Note",
}


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {text}" for name, text in value.items())
    return value if isinstance(value, str) else ", ".join(map(str, value))


def _links(ids: Iterable[str], known: set[str]) -> str:
    shown = [f"{{doc}}`{i} <{_place(i)}>`" if i in known else f"`{i}`" for i in ids]
    return ", ".join(shown) or "nothing"


# The graph.

_NODE_WIDTH, _NODE_HEIGHT, _GAP_X, _GAP_Y = 150, 28, 12, 36
_MOST_IN_A_ROW = 5


def layers(lemmas: Sequence[Lemma]) -> list[list[Lemma]]:
    """Return the lemmas in rows: each stands above everything that uses it.

    As late as that allows, so that what is used once stands near its user.  A layer too wide for
    a page takes several rows; in a row lemmas are ordered by the mean place of what they use, so
    that edges cross less.
    """
    users: dict[str, list[str]] = {lemma.id: [] for lemma in lemmas}
    for lemma in lemmas:
        for use in lemma.uses:
            users.get(use, []).append(lemma.id)
    height: dict[str, int] = {}
    for lemma in reversed(lemmas):  # a lemma uses only what stands before it
        height[lemma.id] = 1 + max((height[user] for user in users[lemma.id]), default=-1)
    rows: list[list[Lemma]] = []
    place: dict[str, float] = {}
    for level in sorted(set(height.values()), reverse=True):
        layer = [lemma for lemma in lemmas if height[lemma.id] == level]
        layer.sort(key=lambda lemma: _mean([place[u] for u in lemma.uses if u in place]))
        count = ceil(len(layer) / _MOST_IN_A_ROW)
        for start in range(count):  # every count-th: neighbours in order stay neighbours in place
            rows.append(layer[start::count])
            for number, lemma in enumerate(rows[-1]):
                place[lemma.id] = (number + 0.5) / len(rows[-1])
    return rows


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.5


def graph(lemmas: Sequence[Lemma]) -> str:
    """Return the graph as SVG; every node is a link, so that it needs no script."""
    rows = layers(lemmas)
    columns = max(map(len, rows), default=1)
    width = columns * (_NODE_WIDTH + _GAP_X) + _GAP_X
    height = len(rows) * (_NODE_HEIGHT + _GAP_Y) + _GAP_Y // 2
    corner: dict[str, tuple[float, float]] = {}
    for depth, row in enumerate(rows):
        start = (width - len(row) * (_NODE_WIDTH + _GAP_X) + _GAP_X) / 2
        for number, lemma in enumerate(row):
            x = start + number * (_NODE_WIDTH + _GAP_X)
            corner[lemma.id] = (x, 12 + depth * (_NODE_HEIGHT + _GAP_Y))
    edges = "".join(
        _edge(corner[use], corner[lemma.id])
        for lemma in lemmas
        for use in lemma.uses
        if use in corner
    )
    nodes = "".join(_node(lemma, *corner[lemma.id]) for lemma in lemmas)
    return (
        '<figure class="rc-figure rc-graph"><svg role="group" aria-label="Lemmas and what they '
        f'use" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"{edges}{nodes}</svg></figure>"
    )


def _edge(above: tuple[float, float], below: tuple[float, float]) -> str:
    x0, y0 = above[0] + _NODE_WIDTH / 2, above[1] + _NODE_HEIGHT
    x1, y1 = below[0] + _NODE_WIDTH / 2, below[1]
    bend = (y1 - y0) / 2
    return (
        f'<path class="rc-edge" d="M{x0:.1f} {y0:.1f} C{x0:.1f} {y0 + bend:.1f} '
        f'{x1:.1f} {y1 - bend:.1f} {x1:.1f} {y1:.1f}"/>'
    )


_LONGEST = 21


def _node(lemma: Lemma, x: float, y: float) -> str:
    shown = lemma.id if len(lemma.id) <= _LONGEST else f"{lemma.id[: _LONGEST - 1]}…"
    return (
        f'<a href="{_place(lemma.id)}.html"><title>{escape(lemma.id)}: {escape(lemma.status)}'
        f'</title><rect class="rc-node rc-status-{escape(lemma.status)}" x="{x:.1f}" y="{y:.1f}" '
        f'width="{_NODE_WIDTH}" height="{_NODE_HEIGHT}" rx="5"/>'
        f'<text x="{x + _NODE_WIDTH / 2:.1f}" y="{y + 18:.1f}" class="rc-small">'
        f"{MARKS.get(lemma.status, '?')} {escape(shown)}</text></a>"
    )
