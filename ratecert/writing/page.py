"""Pages of text and mathematics, written as plain text, Markdown or LaTeX.

A page is a list of blocks: headings, paragraphs, displayed formulas and lists.  Their words and
formulas are the typed cells of `ratecert.writing.tables`, so nothing is guessed from the look of a
string.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ratecert.proofs_check.language.expr import Expr, unmarked
from ratecert.proofs_check.language.statement import Condition
from ratecert.writing.mathtext import condition, latex
from ratecert.writing.tables import Math, TableCell, Text, escape
from ratecert.writing.tidy import tidy, tidy_condition

__all__ = ["FORMATS", "Block", "Display", "Heading", "Items", "Line", "Paragraph", "equation",
           "landau", "line", "markdown_words", "math", "math_condition"]  # fmt: skip

WIDTH = 80

Line = tuple[TableCell, ...]
"""Words and formulas, set one after the other as they stand."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `level` 1 is the page's own."""

    words: Line
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    words: Line


@dataclass(frozen=True, slots=True)
class Display:
    """Formulas, each on a line of its own."""

    formulas: tuple[Math, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    entries: tuple[Line, ...]


Block = Heading | Paragraph | Display | Items


def line(*parts: str | TableCell | Line) -> Line:
    """Return strings, cells and lines as one line."""
    cells: list[TableCell] = []
    for part in parts:
        if isinstance(part, tuple):
            cells += part
        else:
            cells.append(Text(part) if isinstance(part, str) else part)
    return tuple(cells)


def math(expr: Expr) -> Math:
    """Return an expression in its usual spelling."""
    shown = tidy(expr)
    return Math(latex(shown, inline=True), unmarked(str(shown)))


def equation(left: Math, right: Math) -> Math:
    """Return ``left = right``."""
    return Math(f"{left.latex} = {right.latex}", f"{left.plain} = {right.plain}")


_LANDAU = {"Theta": r"\Theta", "O": "O", "Omega": r"\Omega", "o": "o"}


def landau(name: str, inside: Math) -> Math:
    """Return ``O(inside)``, or another of Theta, Omega, o."""
    tall = r"\frac" in inside.latex or r"\sum" in inside.latex
    shown = rf"\left({inside.latex}\right)" if tall else f"({inside.latex})"
    return Math(_LANDAU[name] + shown, f"{name}({inside.plain})")


def math_condition(given: Condition) -> Math:
    """Return a condition in its usual spelling."""
    shown = tidy_condition(given)
    return Math(condition(shown, inline=True), str(shown))


# Plain text.


def to_text(blocks: Sequence[Block]) -> str:
    """Return the page as plain text of 80 columns."""
    return "\n".join(_text_block(block) for block in blocks)


def _plain(words: Line) -> str:
    cells = (_kept_whole(cell.plain) if isinstance(cell, Math) else cell.words for cell in words)
    shown = " ".join("".join(cells).split(" "))
    return "".join(c if c.isprintable() or c == _GLUE else "?" for c in shown)


_GLUE = "\x00"
_SHORT = 40


def _kept_whole(formula: str) -> str:
    """Have a short formula stay on one line."""
    return formula.replace(" ", _GLUE) if len(formula) <= _SHORT else formula


def _text_block(block: Block) -> str:
    match block:
        case Heading(words, level):
            title = _plain(words)
            rule = "=" if level == 1 else "-"
            wrapped = _wrapped(title)
            return wrapped + rule * min(WIDTH, max(map(len, wrapped.splitlines()))) + "\n"
        case Paragraph(words):
            return _wrapped(_plain(words))
        case Display(formulas):
            return "".join(_wrapped(f.plain, "    ", "        ") for f in formulas)
        case Items(entries):
            return "".join(_wrapped(_plain(entry), "- ", "  ") for entry in entries)


def _wrapped(text: str, first: str = "", rest: str = "") -> str:
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines or [""]).replace(_GLUE, " ") + "\n"


# Markdown.


def to_markdown(blocks: Sequence[Block]) -> str:
    """Return the page as Markdown, mathematics between dollars."""
    return "\n".join(_markdown_block(block) for block in blocks)


def _markdown(words: Line) -> str:
    return "".join(
        f"${cell.latex}$" if isinstance(cell, Math) else markdown_words(cell.words)
        for cell in words
    )


def markdown_words(words: str) -> str:
    """Return words as Markdown text, on one line, with nothing in them that is markup."""
    shown = "".join(c if c.isprintable() else "?" for c in re.sub(r"\s+", " ", words))
    return re.sub(r"([\\`*_{}\[\]<>#$|~^])", r"\\\1", shown)


def _markdown_block(block: Block) -> str:
    match block:
        case Heading(words, level):
            return f"{'#' * level} {_markdown(words)}\n"
        case Paragraph(words):
            return _markdown(words) + "\n"
        case Display(formulas):
            return "".join(f"$$\n{f.latex}\n$$\n" for f in formulas)
        case Items(entries):
            return "".join(f"- {_markdown(entry)}\n" for entry in entries)


# LaTeX.


def to_latex(blocks: Sequence[Block]) -> str:
    r"""Return the page as the body of a LaTeX document that loads amsmath."""
    head = "% needs \\usepackage{amsmath} and \\usepackage[T1]{fontenc}\n\n"
    return head + "\n".join(_latex_block(block) for block in blocks)


def _latex(words: Line) -> str:
    return "".join(
        f"${cell.latex}$" if isinstance(cell, Math) else _latex_words(cell.words) for cell in words
    )


def _latex_words(words: str) -> str:
    """Escape words; the spaces at their ends, which stand before or after a formula, stay."""
    before, after = words[:1].isspace(), words[-1:].isspace()
    inner = escape(words)
    return f"{' ' if before else ''}{inner}{' ' if after and inner else ''}"


def _latex_block(block: Block) -> str:
    match block:
        case Heading(words, level):
            return rf"\{'section' if level == 1 else 'subsection'}*{{{_latex(words)}}}" + "\n"
        case Paragraph(words):
            return _latex(words) + "\n"
        case Display(formulas):
            rows = " \\\\\n".join(f.latex for f in formulas)
            return f"\\begin{{gather*}}\n{rows}\n\\end{{gather*}}\n"
        case Items(entries):
            rows = "".join(f"  \\item {_latex(entry)}\n" for entry in entries)
            return f"\\begin{{itemize}}\n{rows}\\end{{itemize}}\n"


FORMATS: Mapping[str, Callable[[Sequence[Block]], str]] = {
    "latex": to_latex,
    "markdown": to_markdown,
    "text": to_text,
}
"""The writers by the names that the command line has for them."""
