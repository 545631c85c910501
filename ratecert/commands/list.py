"""``ratecert list``: the claims there are."""

from __future__ import annotations

import argparse
import sys

HELP = "list the claims of the built-in papers, or of the files named"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "claims",
        nargs="*",
        metavar="FILE|DIR|KEY|KEY:ID|FILE:ID",
        help="claim files, folders of them, or built-in papers (default: all built-in papers)",
    )


def run(args: argparse.Namespace) -> int:
    """Print the claims; 2 where some file was unusable."""
    from ratecert.io.claim_files import find
    from ratecert.show.terminal import complain, console, print_list

    found = find(args.claims)
    titles = {file.paper.key: file.paper.title for file in found.files}
    print_list(found.claims, titles, console())
    sys.stdout.flush()
    for problem in found.problems:
        complain(problem)
    return 2 if found.problems else 0
