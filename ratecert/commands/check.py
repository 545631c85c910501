"""``ratecert check``: re-checks certificates and ledgers, with the trusted base alone."""

from __future__ import annotations

import argparse

HELP = "re-check certificates and ledgers: does what they hold prove what they say?"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="a certificate (JSON) or a ledger (*.ledger.toml)"
    )


def run(args: argparse.Namespace) -> int:
    """Check the files; 1 where some fails, 2 where some is unreadable.

    Nothing but the standard library and python-flint is loaded.
    """
    from ratecert.proofs_check.recheck import check_files

    return check_files(args.files)
