"""The table of a paper's rates: what is claimed, what was derived in each regime, the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from proofs_check.claim import Claim, Paper
from proofs_check.expr import Expr
from proofs_check.language import parse_condition, parse_expr
from proofs_check.verdict import Certificate, Regime
from ratecert.latex import Cell, Group, Math, Table, Text
from ratecert.mathtext import condition, latex, relation

__all__ = ["rates_table"]

_HEADS = ("statement", "quantity", "claimed", "derived", "regime", "verdict")
_PRINTED = 10**9  # characters: what the engines print may be longer than what a file may say


def rates_table(certificates: Sequence[Certificate], papers: Mapping[str, Paper]) -> Table:
    """Return the table, a group of rows per paper and a row per regime.

    `papers` gives the paper of each key.  A claim that was expected to be refuted is a control,
    not a rate of the paper, and is left out.
    """
    rows: dict[str, list[tuple[Cell, ...]]] = {}
    for certificate in certificates:
        if certificate.claim.expect != "refuted":
            rows.setdefault(certificate.claim.key, []).extend(_rows(certificate))
    groups = (Group(Text(_heading(papers[key])), tuple(some)) for key, some in rows.items())
    return Table(tuple(map(Text, _HEADS)), tuple(groups))


def _heading(paper: Paper) -> str:
    arxiv = f"arXiv:{paper.arxiv}" if paper.arxiv else ""
    return ", ".join(part for part in (paper.title or paper.key, arxiv) if part)


def _rows(certificate: Certificate) -> list[tuple[Cell, ...]]:
    claim = certificate.claim
    first = (Text(claim.where or claim.id), _math(claim.left), _claimed(claim))
    derived = certificate.regimes
    if not derived and certificate.derived:
        derived = (Regime((), certificate.derived),)
    blank: tuple[Cell, ...] = (Text(""),) * 3
    regimes = [_regime(regime) for regime in derived] or [(Text("none"), Text(""))]
    verdict = Text(certificate.verdict)
    return [
        (*(blank if number else first), *cells, Text("") if number else verdict)
        for number, cells in enumerate(regimes)
    ]


def _claimed(claim: Claim) -> Math:
    plain = f"~ {claim.right}" if claim.relation == "~" else f"{claim.relation}({claim.right})"
    return Math(relation(claim.relation, claim.right, inline=True), plain)


def _regime(regime: Regime) -> tuple[Cell, Cell]:
    order = _math(parse_expr(regime.order, max_characters=_PRINTED))
    conditions = [cond for text in regime.when for cond in parse_condition(text)]
    if not conditions:
        return order, Text("always")
    shown = r",\ ".join(condition(cond, inline=True) for cond in conditions)
    return order, Math(shown, ", ".join(map(str, conditions)))


def _math(expr: Expr) -> Math:
    return Math(latex(expr, inline=True), str(expr))
