"""``ratecert verify-proof``: re-checks a proof ledger, lemma by lemma."""

from __future__ import annotations

import argparse
import json
import sys

HELP = "re-check a proof ledger; the status of each lemma, and what the proof rests on"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("ledger", metavar="KEY|FILE", help="a built-in paper, or a ledger file")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="write JSON to standard output")
    how.add_argument(
        "--format",
        choices=("text", "markdown", "latex"),
        help="write the proof as a page to read, without times",
    )


def run(args: argparse.Namespace) -> int:
    """Print the report; 1 where a lemma is rejected or a claim is not that of the paper."""
    from ratecert.io.ledgers import disagreements, read, verified
    from ratecert.proofs_check.ledger.report import as_data, lines

    table = read(args.ledger)
    report = verified(table, args.ledger)
    if args.json:
        json.dump(as_data(report), sys.stdout, indent=1)
        print()
    elif args.format:
        from ratecert.explain.ledger import ledger_page
        from ratecert.writing.page import FORMATS

        sys.stdout.write(FORMATS[args.format](ledger_page(table, report)))
    else:
        print("\n".join(lines(report)))
    problems = disagreements(table)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 0 if report.holds and not problems else 1
