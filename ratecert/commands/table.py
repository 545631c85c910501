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
        choices=("latex", "markdown", "text"),
        default="text",
        help="how to write it (default: text); the LaTeX needs booktabs and amsmath",
    )
    add_jobs(parser)


def run(args: argparse.Namespace) -> int:
    """Certify and print the table; statuses are those of ``certify``."""
    from proofs_check.errors import UserError
    from proofs_check.verdict import Certificate
    from ratecert.batch import certify_all
    from ratecert.files import find
    from ratecert.latex import FORMATS
    from ratecert.rates_table import rates_table

    found = find(args.claims)
    outcomes = certify_all(found.claims, "quick", args.jobs)
    certificates = [outcome for outcome in outcomes if isinstance(outcome, Certificate)]
    papers = {file.paper.key: file.paper for file in found.files}
    table = rates_table(certificates, papers)
    if table.groups:
        sys.stdout.write(FORMATS[args.format](table))
        sys.stdout.flush()
    problems = [*found.problems, *(o for o in outcomes if isinstance(o, UserError))]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return 2
    return 0 if all(certificate.as_expected for certificate in certificates) else 1
