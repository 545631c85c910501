"""How certificates show themselves in a notebook; `proofs_check`, their home, knows of no display.

A `ratecert.orders.order.Rate` brings its own ``_repr_latex_``.
"""

from __future__ import annotations

import sys

from ratecert.proofs_check.language.grammar import parse_statement
from ratecert.proofs_check.verdict.certificate import Certificate
from ratecert.writing.mathtext import condition, statement
from ratecert.writing.tables import escape

__all__ = ["certificate_latex", "register"]


def certificate_latex(certificate: Certificate) -> str:
    """Return the statement with its assumptions, the verdict and the reason, as one formula."""
    claim = certificate.claim
    rows = [statement(parse_statement(claim.says))]
    if claim.assume:
        given = r",\ ".join(condition(c, inline=True) for c in claim.assume)
        rows.append(rf"\text{{where }} {given}")
    rows.append(rf"\textbf{{{certificate.verdict}}}")
    if certificate.reason:
        rows.append(rf"\text{{{escape(certificate.reason)}}}")
    lines = r" \\ ".join(rows)
    return rf"$\displaystyle \begin{{gathered}} {lines} \end{{gathered}}$"


def register() -> None:
    """Have a running IPython show certificates so; without one, do nothing."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        formatter = shell.display_formatter.formatters["text/latex"]
        formatter.for_type(Certificate, certificate_latex)
