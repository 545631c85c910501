r"""Tables with typed cells, as LaTeX, Markdown or plain text.

A cell is `Text`, which each format escapes, or `Math`, which each shows its own way; nothing is
guessed from the look of a string.  The LaTeX is a ``tabular`` to paste into a paper; it needs
booktabs and amsmath and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

__all__ = [
    "FORMATS",
    "Cell",
    "Group",
    "Math",
    "Table",
    "Text",
    "escape",
    "to_latex",
    "to_markdown",
    "to_text",
]


@dataclass(frozen=True, slots=True)
class Text:
    """Words, escaped by each format."""

    words: str


@dataclass(frozen=True, slots=True)
class Math:
    """A formula: its `latex`, without dollars, and how it reads as `plain` text."""

    latex: str
    plain: str


Cell = Text | Math


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under a heading of their own; each row has one cell per column of the table."""

    heading: Text
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by their heads, and groups of rows."""

    heads: tuple[Text, ...]
    groups: tuple[Group, ...]

    def __post_init__(self) -> None:
        for row in (row for group in self.groups for row in group.rows):
            if len(row) != len(self.heads):
                raise ValueError(f"a row of {len(row)} cells under {len(self.heads)} heads")


_LATEX_SPECIAL: Mapping[str, str] = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\ensuremath{<}",
    ">": r"\ensuremath{>}",
    "|": r"\ensuremath{|}",
    '"': "''",
    "≤": r"\ensuremath{\le}",
    "≥": r"\ensuremath{\ge}",
    "×": r"\ensuremath{\times}",
    "∞": r"\ensuremath{\infty}",
}
_GREEK_NAMES = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau
    upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega
"""
_GREEK = dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ", _GREEK_NAMES.split(), strict=True))


def escape(words: str) -> str:
    """Return words as LaTeX text; line breaks become spaces, Greek letters mathematics."""
    return "".join(map(_escaped, _flat(words)))


def _escaped(character: str) -> str:
    if character in _GREEK:
        return rf"\ensuremath{{\{_GREEK[character]}}}"
    return _LATEX_SPECIAL.get(character, character)


def _flat(words: str) -> str:
    """Return words on one line, without control characters."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(words.split()))


def to_latex(table: Table) -> str:
    """Return a ``tabular`` with booktabs rules, one block per group."""
    width = len(table.heads)
    lines = [
        "% needs \\usepackage{booktabs,amsmath}",
        rf"\begin{{tabular}}{{@{{}}{'l' * width}@{{}}}}",
        r"\toprule",
        _latex_row(table.heads),
    ]
    for group in table.groups:
        lines.append(r"\midrule")
        if group.heading.words:
            heading = escape(group.heading.words)
            lines.append(rf"\multicolumn{{{width}}}{{@{{}}l@{{}}}}{{\emph{{{heading}}}}} \\")
            lines.append(r"\addlinespace[2pt]")
        lines += map(_latex_row, group.rows)
    lines += [r"\bottomrule", r"\end{tabular}"]
    return "\n".join(lines) + "\n"


def _latex_row(cells: Sequence[Cell]) -> str:
    texts = [f"${cell.latex}$" if isinstance(cell, Math) else escape(cell.words) for cell in cells]
    if texts[0].startswith(("[", "*")):  # would belong to the row end or rule before it
        texts[0] = "{}" + texts[0]
    return " & ".join(texts) + r" \\"


def to_markdown(table: Table) -> str:
    """Return one Markdown table per group, mathematics between dollars."""
    blocks = []
    for group in table.groups:
        lines = [f"**{_markdown_words(group.heading.words)}**", ""] if group.heading.words else []
        lines.append(_markdown_row(table.heads))
        lines.append("|" + " --- |" * len(table.heads))
        lines += map(_markdown_row, group.rows)
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _markdown_row(cells: Sequence[Cell]) -> str:
    texts = [_markdown_cell(cell) for cell in cells]
    return "| " + " | ".join(texts) + " |"


def _markdown_cell(cell: Cell) -> str:
    if isinstance(cell, Text):
        return _markdown_words(cell.words)
    latex = cell.latex.replace("|", r"\vert{}")
    return f"${latex}$"


def _markdown_words(words: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#$|~])", r"\\\1", _flat(words))


def to_text(table: Table) -> str:
    """Return aligned columns, under the same heads throughout."""

    def plain(row: Sequence[Cell]) -> list[str]:
        return [cell.plain if isinstance(cell, Math) else _flat(cell.words)
                for cell in row]  # fmt: skip

    rows = [plain(table.heads)] + [plain(row) for group in table.groups for row in group.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def line(row: Sequence[str]) -> str:
        return "  ".join(text.ljust(w) for text, w in zip(row, widths, strict=True)).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [line(rows[0])]
    for group in table.groups:
        lines += [rule] + ([_flat(group.heading.words)] if group.heading.words else [])
        lines += [line(plain(row)) for row in group.rows]
    return "\n".join(lines) + "\n"


FORMATS: Mapping[str, Callable[[Table], str]] = {
    "latex": to_latex,
    "markdown": to_markdown,
    "text": to_text,
}
"""The writers by the names that the command line has for them."""
