"""``ratecert explain``: the derivation of one claim, step by step."""

from __future__ import annotations

import argparse
import sys

from ratecert.proofs_check.language.errors import UserError

HELP = "the derivation of one claim, step by step, with what it rests on"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument(
        "claim",
        metavar="KEY:ID|FILE:ID",
        help="a claim of a built-in paper or of a file, or a file with one claim",
    )
    parser.add_argument(
        "--format",
        choices=("text", "markdown", "latex"),
        default="text",
        help="how to write it (default: text); the LaTeX is a body that needs amsmath",
    )


def run(args: argparse.Namespace) -> int:
    """Print the page; 1 where the answer is not the one the claim expects."""
    from ratecert.io.claim_files import load

    claims = load(args.claim)
    if len(claims) > 1:
        raise UserError(
            f"{args.claim} holds {len(claims)} claims: name one of them, "
            f"such as {args.claim}:{claims[0].id} (`ratecert list {args.claim}` shows them)"
        )

    from ratecert.explain.exposition import explain
    from ratecert.explain.ledger import in_ledger
    from ratecert.proofs_check.verdict.certificate import is_expected
    from ratecert.writing.page import FORMATS

    page = explain(claims[0])
    blocks = (*page.blocks, *in_ledger(claims[0]))
    sys.stdout.write(FORMATS[args.format](blocks))
    return 0 if is_expected(page.answer, claims[0].expect, page.reason) else 1
