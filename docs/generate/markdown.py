"""Small pieces of MyST Markdown that the generated pages are put together from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

from ratecert.proofs_check.verdict.certificate import LEGS, Certificate, Light, Verdict
from ratecert.writing.page import Block, Heading
from ratecert.writing.page import to_markdown as page_markdown
from ratecert.writing.tables import Group, Table, TableCell, Text, to_markdown

__all__ = ["bar", "code", "html", "one_table", "sections", "shifted", "slug", "write"]

_LIGHT_MARKS: Mapping[Light, tuple[str, str]] = {
    Light.PASS: ("✓", "pass"),
    Light.FAIL: ("✗", "fail"),
    Light.UNKNOWN: ("?", "unknown"),
    Light.NA: ("–", "na"),
}
_VERDICT_MARKS = {Verdict.CERTIFIED: "✓", Verdict.REFUTED: "✗", Verdict.UNDECIDED: "?"}


def html(text: str) -> str:
    """Return a block of raw HTML."""
    return f"```{{raw}} html\n{text.strip()}\n```\n"


def code(text: str, language: str) -> str:
    """Return a block of code, whatever backticks are in it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def bar(certificate: Certificate) -> str:
    """Return the verdict and the four lights, each by colour, by mark and in words."""
    verdict = certificate.verdict
    lights = "".join(_light(leg, certificate.lights[leg]) for leg in LEGS)
    told = f'<span class="rc-mark">{_VERDICT_MARKS[verdict]}</span> {verdict}'
    wrong = "" if certificate.as_expected else ", not as expected"
    return html(
        f'<div class="rc-bar"><span class="rc-verdict rc-{verdict}">{told}{wrong}</span>'
        f'<ul class="rc-lights">{lights}</ul></div>'
    )


def _light(leg: str, light: Light) -> str:
    mark, name = _LIGHT_MARKS[light]
    return (
        f'<li class="rc-light rc-{name}"><span class="rc-mark">{mark}</span> '
        f'{escape(leg)} <span class="rc-word">{light}</span></li>'
    )


def one_table(heads: Sequence[str], rows: Iterable[Sequence[TableCell]]) -> str:
    """Return a table without groups; empty where there is no row."""
    kept = tuple(tuple(row) for row in rows)
    if not kept:
        return ""
    return to_markdown(Table(tuple(map(Text, heads)), (Group(Text(""), kept),)))


def sections(blocks: Sequence[Block]) -> list[tuple[str, list[Block]]]:
    """Return the blocks of a page by its headings; what stands before the second is first."""
    found: list[tuple[str, list[Block]]] = []
    for block in blocks:
        if isinstance(block, Heading):
            found.append((page_markdown([replace(block, level=0)]).strip(), []))
        else:
            found[-1][1].append(block)
    return found


def shifted(title: str, blocks: Sequence[Block], level: int) -> str:
    """Return a section under a heading of that level."""
    return f"{'#' * level} {title}\n\n{page_markdown(blocks)}\n"


def slug(name: str) -> str:
    """Return a claim's name as part of an address."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)


def write(path: Path, text: str) -> None:
    """Write a page, unless it stands there already, so that only changed ones are read anew."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
