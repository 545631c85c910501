r"""Tables with typed cells, as LaTeX, Markdown or plain text.

A cell is `Text`, which each format escapes, or `Math`, which each shows its own way; nothing is
guessed from the look of a string.  The LaTeX is a ``tabular`` to paste into a paper; it needs
booktabs and amsmath and nothing else.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

__all__ = [
    "FORMATS",
    "Group",
    "Math",
    "Note",
    "Table",
    "TableCell",
    "Text",
    "escape",
    "to_latex",
    "to_markdown",
    "to_text",
]


@dataclass(frozen=True, slots=True)
class Text:
    """Words, escaped by each format; `marks` are those of notes below the table.

    A cell may `span` several columns: the cells it covers are there, and empty.
    """

    words: str
    marks: str = ""
    span: int = 1


@dataclass(frozen=True, slots=True)
class Math:
    """A formula: its `latex`, without dollars, and how it reads as `plain` text."""

    latex: str
    plain: str
    marks: str = ""
    span: int = 1


TableCell = Text | Math


@dataclass(frozen=True, slots=True)
class Note:
    """What stands below a table under its mark."""

    mark: str
    words: Text


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under a heading of their own, with the key it cites; one cell per column in each."""

    heading: Text
    rows: tuple[tuple[TableCell, ...], ...]
    cite: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    r"""Columns by their heads, groups of rows, notes below.

    `cites` are the keys that the heads cite, and `columns` the column types of the ``tabular``
    (all ``l`` by default).
    """

    heads: tuple[Text, ...]
    groups: tuple[Group, ...]
    notes: tuple[Note, ...] = ()
    cites: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in (row for group in self.groups for row in group.rows):
            if len(row) != len(self.heads):
                raise ValueError(f"a row of {len(row)} cells under {len(self.heads)} heads")
        for told, what in ((self.cites, "cited keys"), (self.columns, "column types")):
            if told and len(told) != len(self.heads):
                raise ValueError(f"{len(told)} {what} for {len(self.heads)} heads")

    def _repr_markdown_(self) -> str:
        """Return the table for a notebook."""
        return to_markdown(self)


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
    """Return a ``tabular`` with booktabs rules, one block per group, the notes below it."""
    width = len(table.heads)
    lines = [
        "% needs \\usepackage{booktabs,amsmath}",
        rf"\begin{{tabular}}{{@{{}}{''.join(table.columns) or 'l' * width}@{{}}}}",
        r"\toprule",
        _latex_heads(table),
    ]
    for group in table.groups:
        lines.append(r"\midrule")
        if group.heading.words:
            heading = rf"\emph{{{escape(group.heading.words)}}}{_cite(group.cite)}"
            lines.append(rf"\multicolumn{{{width}}}{{@{{}}l@{{}}}}{{{heading}}} \\")
            lines.append(r"\addlinespace[2pt]")
        lines += [_latex_row(row, table.columns[:1] not in ((), ("l",))) for row in group.rows]
    lines += [r"\bottomrule", r"\end{tabular}"]
    if table.notes:
        lines.append(r"\par\smallskip\begin{minipage}{\linewidth}\raggedright\footnotesize")
        lines += [rf"$^{{\text{{{n.mark}}}}}$ {escape(n.words.words)}.\\" for n in table.notes]
        lines[-1] = lines[-1].removesuffix(r"\\")
        lines.append(r"\end{minipage}")
    return "\n".join(lines) + "\n"


def _cite(key: str) -> str:
    r"""Return ``~\cite{key}``; a key holds letters, digits and ``-._`` only."""
    return rf"~\cite{{{key}}}" if key else ""


def _latex_heads(table: Table) -> str:
    cites = table.cites or ("",) * len(table.heads)
    texts = [f"{_latex_cell(h)}{_cite(k)}" for h, k in zip(table.heads, cites, strict=True)]
    return " & ".join(texts) + r" \\"


def _uncovered(cells: Sequence[TableCell]) -> Iterator[TableCell]:
    """Yield the cells of a row without those that another one spans."""
    covered = 0
    for cell in cells:
        if not covered:
            yield cell
        covered = covered - 1 if covered else cell.span - 1


def _spanning(cell: TableCell, column: str = "l") -> str:
    text = _latex_cell(cell)
    return rf"\multicolumn{{{cell.span}}}{{{column}}}{{{text}}}" if cell.span > 1 else text


def _latex_cell(cell: TableCell) -> str:
    text = f"${cell.latex}$" if isinstance(cell, Math) else escape(cell.words)
    return rf"{text}$^{{\text{{{cell.marks}}}}}$" if cell.marks else text


def _latex_row(cells: Sequence[TableCell], ragged: bool) -> str:
    shown = list(_uncovered(cells))
    texts = [_spanning(shown[0], "@{}l"), *map(_spanning, shown[1:])]
    if ragged and texts[0]:
        texts[0] = rf"\raggedright {texts[0]}"
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
    if table.notes:
        told = (f"- {_superscript(n.mark)} {_markdown_words(n.words.words)}" for n in table.notes)
        blocks.append("\n".join(told) + "\n")
    return "\n".join(blocks)


def _superscript(marks: str) -> str:
    return rf"$^{{\text{{{marks}}}}}$" if marks else ""


def _markdown_row(cells: Sequence[TableCell]) -> str:
    texts = [_markdown_cell(cell) for cell in cells]
    return "| " + " | ".join(texts) + " |"


def _markdown_cell(cell: TableCell) -> str:
    if isinstance(cell, Text):
        return _markdown_words(cell.words) + _superscript(cell.marks)
    latex = cell.latex.replace("|", r"\vert{}")
    return f"${latex}$" + _superscript(cell.marks)


def _markdown_words(words: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#$|~])", r"\\\1", _flat(words))


_WIDTH = 80


def to_text(table: Table) -> str:
    """Return aligned columns, under the same heads throughout; headings and notes are wrapped."""
    rows = [table.heads] + [row for group in table.groups for row in group.rows]
    widths = [
        max(len(_plain_cell(cell)) * (cell.span == 1) for cell in column)
        for column in zip(*rows, strict=True)
    ]
    for cells in rows:  # a cell over several columns widens the last of them
        for column, cell in enumerate(cells):
            last = column + cell.span - 1
            missing = len(_plain_cell(cell)) - sum(widths[column : last + 1]) - 2 * (cell.span - 1)
            widths[last] += max(0, missing)
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [_text_row(table.heads, widths)]
    for group in table.groups:
        lines += [rule, *textwrap.wrap(_flat(group.heading.words), _WIDTH)]
        lines += [_text_row(row, widths) for row in group.rows]
    lines += [rule] * bool(table.notes)
    for note in table.notes:
        told = f"[{note.mark}] {_flat(note.words.words)}"
        lines += textwrap.wrap(told, _WIDTH, subsequent_indent="    ", break_on_hyphens=False)
    return "\n".join(lines) + "\n"


def _text_row(cells: Sequence[TableCell], widths: Sequence[int]) -> str:
    parts, column = [], 0
    for cell in _uncovered(cells):
        width = sum(widths[column : column + cell.span]) + 2 * (cell.span - 1)
        parts.append(_plain_cell(cell).ljust(width))
        column += cell.span
    return "  ".join(parts).rstrip()


def _plain_cell(cell: TableCell) -> str:
    text = cell.plain if isinstance(cell, Math) else _flat(cell.words)
    return f"{text} [{cell.marks}]" if cell.marks else text


FORMATS: Mapping[str, Callable[[Table], str]] = {
    "latex": to_latex,
    "markdown": to_markdown,
    "text": to_text,
}
"""The writers by the names that the command line has for them."""
