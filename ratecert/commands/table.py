"""``ratecert table``: the rates of papers by regime, ready to paste."""

from __future__ import annotations

import argparse
import sys

from ratecert.commands.certify import add_jobs

HELP = "write the rates by regime as a LaTeX, Markdown or text table"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "claims",
        nargs="*",
        metavar="FILE|DIR|KEY|KEY:ID|FILE:ID",
        help="what to tabulate (default: all built-in papers)",
    )
    parser.add_argument(
        "--format",
        choices=("latex", "markdown", "text", "bibtex"),
        default="text",
        help="how to write it (default: text); the LaTeX needs booktabs and amsmath; bibtex "
        "writes the papers' entries instead",
    )
    parser.add_argument(
        "--layout",
        choices=("long", "narrow", "side"),
        help="long: with the names of the theorems, as wide as a page (default, but for text); "
        "narrow: without, for one column of a two-column paper or 80 columns of text; side: "
        "papers side by side, a row per quantity and regime",
    )
    parser.add_argument(
        "--constants",
        action="store_true",
        help="with the certified constants, or the range of the ratio seen on the ladders",
    )
    parser.add_argument(
        "--notes",
        action="store_true",
        help="with notes below: those of the claims, and what the certificates rest on",
    )
    parser.add_argument(
        "--cite", action="store_true", help="with \\cite{KEY} in the headings of the LaTeX"
    )
    add_jobs(parser)


def run(args: argparse.Namespace) -> int:
    """Certify and print the table; statuses are those of ``certify``."""
    from ratecert.io.claim_files import find
    from ratecert.pipeline.batch import certify_all
    from ratecert.proofs_check.language.errors import UserError
    from ratecert.proofs_check.verdict.certificate import Certificate
    from ratecert.show.rates_table import bibtex, rates_table
    from ratecert.show.terminal import complain
    from ratecert.writing.tables import FORMATS

    found = find(args.claims)
    if args.format == "bibtex":
        sys.stdout.write("\n".join(bibtex(file.paper) for file in found.files))
        return 0
    outcomes = certify_all(found.claims, "quick", args.jobs)
    certificates = [outcome for outcome in outcomes if isinstance(outcome, Certificate)]
    papers = {file.paper.key: file.paper for file in found.files}
    table = rates_table(
        certificates,
        papers,
        layout=args.layout or ("narrow" if args.format == "text" else "long"),
        constants=args.constants,
        notes=args.notes,
        cite=args.cite,
    )
    if table.groups:
        sys.stdout.write(FORMATS[args.format](table))
        sys.stdout.flush()
    problems = [*found.problems, *(o for o in outcomes if isinstance(o, UserError))]
    for problem in problems:
        complain(problem)
    if problems:
        return 2
    return 0 if all(certificate.as_expected for certificate in certificates) else 1
