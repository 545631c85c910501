"""What people read in the terminal: the table with the four lights, and why an answer is so.

The table carries its message in words, so that it reads the same without colour and in a pipe;
colour only repeats it.  Text that comes from files is shown as it stands, never as markup.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from shutil import get_terminal_size
from typing import IO, TYPE_CHECKING, Any

from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.verdict.certificate import LEGS, Certificate, Light, Verdict

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["complain", "console", "details", "print_list", "print_verdicts", "tally"]

_LEG_HEADS: Mapping[str, str] = {
    "derivation": "deriv.",
    "enclosure": "encl.",
    "exact": "exact",
    "simulation": "sim.",
}
_LIGHT_WORDS: Mapping[Light, tuple[str, str]] = {
    Light.PASS: ("pass", "green"),
    Light.FAIL: ("FAIL", "bold red"),
    Light.UNKNOWN: ("?", "yellow"),
    Light.NA: ("n/a", "dim"),
}
_VERDICT_STYLES = {
    Verdict.CERTIFIED: "green",
    Verdict.REFUTED: "magenta",
    Verdict.UNDECIDED: "yellow",
}
_WIDEST = 100
_BESIDE_THE_ID = 54  # columns that the rest of a row of the table takes


def console(file: IO[str] | None = None) -> Console:
    """Return where to print: 80 columns wide in a pipe, the terminal's width (to 100) else."""
    from rich.console import Console

    class Out(Console):
        def on_broken_pipe(self) -> None:
            raise  # the command line decides what that means

    made = Out(file=file, highlight=False, emoji=False, markup=False)
    made.width = min(made.width, _WIDEST) if made.is_terminal else 80
    return made


def complain(problem: object) -> None:
    """Print what is wrong on standard error.

    On a terminal its lines are wrapped between words; in a pipe or a log each stays one line, so
    that ``FILE:LINE: message`` can be searched for and picked up by other programs.  Indented
    lines, which show a piece of a file with a caret below, are left as they are.
    """
    text = str(problem)
    if sys.stderr.isatty():
        width = min(get_terminal_size().columns, _WIDEST)
        text = "\n".join(
            line if line.startswith(" ") or len(line) <= width else _wrapped(line, width)
            for line in text.splitlines()
        )
    print(text, file=sys.stderr)


def _wrapped(line: str, width: int) -> str:
    parts = textwrap.wrap(
        line, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(parts)


def print_verdicts(
    certificates: Sequence[Certificate], titles: Mapping[str, str], out: Console
) -> None:
    """Print one table per paper, then why wherever an answer is not the expected one.

    `titles` gives the heading of each paper's key.
    """
    groups: dict[str, list[Certificate]] = {}
    for certificate in certificates:
        groups.setdefault(certificate.claim.key, []).append(certificate)
    longest = max((len(certificate.claim.id) for certificate in certificates), default=0)
    width = min(longest, out.width - _BESIDE_THE_ID)
    for key, members in groups.items():
        _print_heading(key, titles.get(key, ""), out)
        _print_table(members, width, out)
        out.print()
    for certificate in certificates:
        if not certificate.as_expected:
            for line in details(certificate).split("\n"):
                _print_line(line, out)
            out.print()
    if any(light is Light.UNKNOWN for c in certificates for light in c.lights.values()):
        out.print("?    the leg could not tell, which never counts as support", style="dim")
    if certificates:
        out.print(tally(certificates), style="bold")


def tally(certificates: Sequence[Certificate]) -> str:
    """Return the closing line."""
    counts = dict.fromkeys(Verdict, 0)
    for certificate in certificates:
        counts[certificate.verdict] += 1
    right = sum(certificate.as_expected for certificate in certificates)
    of_each = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    total = len(certificates)
    claims = "claim" if total == 1 else "claims"
    judged = f"{total} {claims}: {of_each}"
    return f"{judged}; " + (
        "all as expected" if right == total else f"{total - right} NOT as expected"
    )


def details(certificate: Certificate) -> str:
    """Return what was claimed, what was derived and why the verdict is so, as plain lines."""
    claim = certificate.claim
    lines = [f"{claim.name}: {certificate.verdict}, expected {claim.expect}"]
    lines += [f"  at:      {claim.file}:{claim.line}"] if claim.file else []
    lines += [f"  says:    {claim.says}"]
    lines += [f"  where:   {', '.join(map(str, claim.assume))}"] if claim.assume else []
    lines += [f"  derived: {certificate.derived}"] if certificate.derived else []
    for regime in certificate.regimes:
        lines.append(f"    {regime.order}  if  {' and '.join(regime.when) or 'always'}")
    lines += [f"  reason:  {certificate.reason}"] if certificate.reason else []
    if certificate.witness is not None:
        lines += ["  witness:", *_nested(certificate.witness, 4)]
    for evidence in certificate.evidence:
        if evidence.light is not Light.NA:
            lines.append(f"  {evidence.leg}: {evidence.light}, {evidence.summary}")
    return "\n".join(map(_shown, lines))


def print_list(claims: Sequence[Claim], titles: Mapping[str, str], out: Console) -> None:
    """Print the claims of each paper: id, what is expected if not a certificate, statement."""
    key = None
    for claim in claims:
        if claim.key != key:
            if key is not None:
                out.print()
            key = claim.key
            _print_heading(key, titles.get(key, ""), out)
        marks = [claim.where] if claim.where else []
        marks += [f"control: to be {claim.expect}"] if claim.expect != "certified" else []
        _print_line(f"  {claim.id}{''.join(f'  [{mark}]' for mark in marks)}", out)
        _print_line(f"      {claim.says}", out)


def _print_heading(key: str, title: str, out: Console) -> None:
    _print_line(f"{key}  {title}".rstrip(), out, style="bold")


def _print_line(line: str, out: Console, style: str = "") -> None:
    """Print a line, wrapped with its continuation indented beyond its own start."""
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    wrapped = textwrap.wrap(
        _shown(line), out.width, subsequent_indent=indent, break_on_hyphens=False
    )
    for part in wrapped:
        out.print(part, style=style, soft_wrap=True)


def _print_table(certificates: Sequence[Certificate], width: int, out: Console) -> None:
    """Print the rows; an id too long for its column has a line of its own."""
    from rich.text import Text

    heads = ["claim", "verdict", "expected", *(_LEG_HEADS[leg] for leg in LEGS)]
    widths = [max(width, len("claim")), 9, 13, *(len(_LEG_HEADS[leg]) for leg in LEGS)]
    rows = [[Text(head, style="dim") for head in heads]]
    for certificate in certificates:
        right = certificate.as_expected
        expected = Text("yes") if right else Text(f"NO: {certificate.claim.expect}", "bold red")
        verdict = Text(certificate.verdict, _VERDICT_STYLES[certificate.verdict])
        lights = [Text(*_LIGHT_WORDS[certificate.lights[leg]]) for leg in LEGS]
        rows.append([Text(certificate.claim.id), verdict, expected, *lights])
    for row in rows:
        if len(row[0]) > widths[0]:
            out.print(row[0], soft_wrap=True)
            row[0] = Text()
        for cell, cell_width in zip(row[:-1], widths, strict=False):
            cell.pad_right(cell_width + 2 - len(cell))
        out.print(*row, sep="", soft_wrap=True)


def _shown(line: str) -> str:
    """Return a line of which nothing, whatever file it comes from, can steer the terminal."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in line)


def _nested(value: Any, indent: int) -> Iterator[str]:
    """Yield the lines of nested JSON data: a mapping's items, a list's entries one per line."""
    pad = " " * indent
    if isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(item, Mapping | list | tuple) and item:
                yield f"{pad}{key}:"
                yield from _nested(item, indent + 2)
            else:
                yield f"{pad}{key}: {_atom(item)}"
    elif isinstance(value, list | tuple):
        for item in value:
            if isinstance(item, Mapping):
                yield pad + ", ".join(f"{key} = {_atom(part)}" for key, part in item.items())
            else:
                yield f"{pad}{_atom(item)}"
    else:
        yield f"{pad}{_atom(value)}"


def _atom(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {_atom(part)}" for key, part in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_atom, value)) or "none"
    return str(value)
