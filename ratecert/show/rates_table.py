r"""Tables of rates: what is claimed, what was derived in each regime, the verdict.

Three layouts.  In ``long`` and ``narrow`` a claim heads the rows of its regimes; ``long`` names
the theorem, too, and spans both columns of a paper, ``narrow`` fits one.  ``side`` puts papers
side by side: a row per quantity and regime, a column per paper.

On request the rows carry constants, and the claims' notes, what a certificate rests on and the
paper's citation go below the table and into its headings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ratecert.proofs_check.language.claim import Claim, Paper
from ratecert.proofs_check.language.expr import Call, Expr, Name, unmarked, walk
from ratecert.proofs_check.language.grammar import parse_condition, parse_expr
from ratecert.proofs_check.language.quantities import QUANTITIES
from ratecert.proofs_check.verdict.certificate import Certificate, Regime
from ratecert.writing.mathtext import condition, latex, relation
from ratecert.writing.tables import Group, Math, Note, Table, TableCell, Text

__all__ = ["LAYOUTS", "bibtex", "rates_table"]

LAYOUTS = ("long", "narrow", "side")

_PRINTED = 10**9  # characters: what the engines print may be longer than what a file may say
_EMPTY = Text("")
_NAMES = "p{2.6cm}"  # the first column of the long table: names of theorems, wrapped
_Rows = Callable[[Certificate, "_Notes"], Iterable[tuple[TableCell, ...]]]


def rates_table(
    certificates: Sequence[Certificate],
    papers: Mapping[str, Paper] | None = None,
    *,
    layout: str = "long",
    constants: bool = False,
    notes: bool = False,
    cite: bool = False,
) -> Table:
    r"""Return the table of the rates, a group of rows per paper and a row per regime.

    A claim that was expected to be refuted is a control, not a rate of the paper, and left out.

    Parameters
    ----------
    certificates
        The answers, in the order of the rows.
    papers
        The paper of each key, for headings; without it the keys stand there.
    layout
        ``"long"``, ``"narrow"`` (one column of a two-column paper) or ``"side"`` (papers beside
        each other).
    constants
        Whether there is a column of constants: the certified ones, or else between which values
        the ratio of the two sides lay on the ladders of enclosures.
    notes
        Whether notes of claims, reasons of other verdicts and the trust base stand below.
    cite
        Whether LaTeX headings carry ``\cite{KEY}``.

    Raises
    ------
    ValueError
        For another layout.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"there is no layout {layout!r}: use {', '.join(LAYOUTS)}")
    rates = [c for c in certificates if c.claim.expect != "refuted"]
    known = {c.claim.key: (papers or {}).get(c.claim.key, Paper(c.claim.key)) for c in rates}
    below = _Notes(notes)
    if layout == "side":
        return _side_by_side(rates, known, below, cite)
    heads, rows = _by_regime(layout == "long", constants)
    groups = []
    for key, paper in known.items():
        mine = [c for c in rates if c.claim.key == key]
        found = [row for certificate in mine for row in rows(certificate, below)]
        heading = Text(_heading(paper, cite) if layout == "long" else _short_heading(paper))
        groups.append(Group(heading, tuple(found), paper.key if cite else ""))
    columns = (_NAMES, *"l" * (len(heads) - 1)) if layout == "long" else ()
    return Table(heads, tuple(groups), below.notes, columns=columns)


class _Notes:
    """Collects what stands below the table; equal notes share a mark."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._marks: dict[str, str] = {}

    def marks(self, certificate: Certificate) -> str:
        """Return the marks of a certificate's notes."""
        if not self._wanted:
            return ""
        told = [certificate.claim.note]
        told += [certificate.reason] if not certificate.as_expected else []
        told += [f"Rests on: {item}" for item in certificate.trust]
        found = [self._marks.setdefault(note, _letter(len(self._marks))) for note in told if note]
        return ",".join(found)

    @property
    def notes(self) -> tuple[Note, ...]:
        """All notes, in the order of their marks."""
        return tuple(Note(mark, Text(words)) for words, mark in self._marks.items())


def _letter(number: int) -> str:
    """Return a, b, ..., z, aa, ab, ..."""
    head, last = divmod(number, 26)
    return (_letter(head - 1) if head else "") + "abcdefghijklmnopqrstuvwxyz"[last]


def _heading(paper: Paper, cite: bool) -> str:
    # What is cited has its number in the bibliography, and titles are long.
    arxiv = f"arXiv:{paper.arxiv}" if paper.arxiv and not cite else ""
    return ", ".join(part for part in (paper.title or paper.key, arxiv) if part)


def _short_heading(paper: Paper) -> str:
    """Return ``Lin et al. 2024``, or the title where no author has a name."""
    names = [author.split()[-1] for author in paper.authors if author.strip()]
    if not names:
        return paper.title or paper.key
    by = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
    return f"{by} {paper.year}" if paper.year else by


# The layouts.


def _by_regime(named: bool, constants: bool) -> tuple[tuple[Text, ...], _Rows]:
    """Return the heads, and what writes a claim: its statement, then a row per regime."""
    heads = ["statement"] * named + ["rate", "regime", "verdict"] + ["constants"] * constants

    def rows(certificate: Certificate, below: _Notes) -> Iterable[tuple[TableCell, ...]]:
        claim = certificate.claim
        name: tuple[TableCell, ...] = (Text(claim.where or claim.id),) * named
        last: tuple[TableCell, ...] = (Text(certificate.verdict, below.marks(certificate)),)
        last += (_constants(certificate),) * constants
        yield (*name, _statement(claim), _EMPTY, *last)
        for order, where in _told_apart(certificate):
            yield (*(_EMPTY,) * named, order, where, *(_EMPTY,) * len(last))

    return tuple(map(Text, heads)), rows


def _statement(claim: Claim) -> TableCell:
    """Return the claim as a cell over two columns."""
    left, right = _math(claim.left), _claimed(claim)
    equal = " " if claim.relation == "~" else " = "
    return Math(f"{left.latex}{equal}{right.latex}", f"{left.plain}{equal}{right.plain}", span=2)


def _told_apart(certificate: Certificate) -> Iterable[tuple[TableCell, TableCell]]:
    """Yield the orders of the regimes, but for a single one that only repeats the claim."""
    found = _regimes(certificate)
    if len(found) > 1 or found[0][0] != _math(certificate.claim.right):
        for order, where in found:
            shown = order
            if isinstance(order, Math):
                shown = Math(rf"\quad {order.latex}", f"  {order.plain}")
            yield shown, where


def _side_by_side(
    rates: Sequence[Certificate], papers: Mapping[str, Paper], below: _Notes, cite: bool
) -> Table:
    """Return a row per quantity and regime, with the statements of each paper in its column."""
    cells: dict[str, dict[str, dict[str, list[TableCell]]]] = {}
    names: dict[str, tuple[TableCell, dict[str, TableCell]]] = {}
    for certificate in rates:
        quantity = _quantity(certificate.claim.left)
        _, wheres = names.setdefault(quantity, (_math(certificate.claim.left), {}))
        for order, where in _regimes(certificate):
            text = where.plain if isinstance(where, Math) else where.words
            wheres.setdefault(text, where)
            column = cells.setdefault(quantity, {}).setdefault(text, {})
            column.setdefault(certificate.claim.key, []).append(_cell(order, certificate, below))
    rows: list[tuple[TableCell, ...]] = []
    for quantity, (name, wheres) in names.items():
        first = True
        for text, where in wheres.items():
            columns = [cells[quantity][text].get(key, []) for key in papers]
            for line in range(max(map(len, columns))):
                found = (column[line] if line < len(column) else _EMPTY for column in columns)
                rows.append((name if first else _EMPTY, where if not line else _EMPTY, *found))
                first = False
    heads = (Text("quantity"), Text("regime"), *(Text(key) for key in papers))
    cites = ("", "", *papers) if cite else ()
    return Table(heads, (Group(_EMPTY, tuple(rows)),), below.notes, cites)


def _cell(order: TableCell, certificate: Certificate, below: _Notes) -> TableCell:
    """Return a rate with the marks of its notes; a verdict other than certified is spelt out."""
    marks = below.marks(certificate)
    if certificate.verdict != "certified":
        plain = order.plain if isinstance(order, Math) else order.words
        return Text(f"{plain} ({certificate.verdict})", marks)
    return Math(order.latex, order.plain, marks) if isinstance(order, Math) else order


def _quantity(left: Expr) -> str:
    """Return which quantities a left side is about, whatever their factors."""
    names = {node.name for node in walk(left) if isinstance(node, Name)} & set(QUANTITIES)
    names |= {node.func for node in walk(left) if isinstance(node, Call)} & set(QUANTITIES)
    if any(isinstance(node, Call) and node.func == "optimal" for node in walk(left)):
        return str(left)
    return " ".join(sorted(names)) or str(left)


# Cells.


def _claimed(claim: Claim) -> Math:
    plain = f"~ {claim.right}" if claim.relation == "~" else f"{claim.relation}({claim.right})"
    return Math(relation(claim.relation, claim.right, inline=True), plain)


def _regimes(certificate: Certificate) -> list[tuple[TableCell, TableCell]]:
    """Return the order and the condition of each regime."""
    derived = certificate.regimes
    if not derived and certificate.derived:
        derived = (Regime((), certificate.derived),)
    return [_regime(regime) for regime in derived] or [(Text("none"), Text(""))]


def _regime(regime: Regime) -> tuple[TableCell, TableCell]:
    order = _math(parse_expr(regime.order, max_characters=_PRINTED))
    conditions = [cond for text in regime.when for cond in parse_condition(text)]
    if not conditions:
        return order, Text("always")
    shown = r",\ ".join(condition(cond, inline=True) for cond in conditions)
    return order, Math(shown, ", ".join(map(str, conditions)))


def _constants(certificate: Certificate) -> TableCell:
    """Return the certified constants, or the range of the ratio on the ladders."""
    if certificate.constants is not None:
        told = "; ".join(
            f"{side} {certificate.constants[side]}"
            for side in ("lower", "upper")
            if side in certificate.constants
        )
        return Text(told)
    found = [
        tuple(float(text) for text in ladder["between"])
        for evidence in certificate.evidence
        if evidence.leg == "enclosure"
        for ladder in evidence.details.get("ladders", [])
        if "between" in ladder
    ]
    if not found:
        return Text("unknown")
    low, high = min(pair[0] for pair in found), max(pair[1] for pair in found)
    match certificate.claim.relation.removesuffix("tilde"):
        case "O" | "o":
            return Text(f"seen up to {high:.3g}")
        case "Omega":
            return Text(f"seen from {low:.3g}")
    return Text(f"seen {low:.3g} to {high:.3g}")


def _math(expr: Expr) -> Math:
    return Math(latex(expr, inline=True), unmarked(str(expr)))


# Citations.


def bibtex(paper: Paper) -> str:
    """Return the paper's entry for a bibliography."""
    fields = {
        "title": f"{{{paper.title}}}" if paper.title else "",
        "author": " and ".join(paper.authors),
        "year": str(paper.year or ""),
        "eprint": paper.arxiv,
        "archivePrefix": "arXiv" if paper.arxiv else "",
    }
    lines = "".join(f"  {name:<13} = {{{text}}},\n" for name, text in fields.items() if text)
    return f"@article{{{paper.key},\n{lines}}}\n"
