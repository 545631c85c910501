"""``ratecert certify``: judge claims, print the verdicts, write the reports."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ratecert.proofs_check.verdict.certificate import Certificate

HELP = "certify or refute claims, each on four independent legs"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "claims",
        nargs="*",
        metavar="FILE|DIR|KEY|KEY:ID|FILE:ID",
        help="claim files, folders of them, built-in papers or single claims of these "
        "(default: all built-in papers)",
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write a JSON report to OUT")
    parser.add_argument(
        "--certificates",
        type=Path,
        metavar="DIR",
        help="write each claim's certificate to DIR/KEY.ID.json, for `ratecert check` to re-check",
    )
    parser.add_argument(
        "--level",
        choices=("quick", "full"),
        default="quick",
        help="how far the numeric legs go (default: quick)",
    )
    add_jobs(parser)


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """Declare ``--jobs``."""
    parser.add_argument(
        "--jobs",
        type=_count,
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes to use (default: one per CPU)",
    )


def run(args: argparse.Namespace) -> int:
    """Certify; 2 where some input was unusable, else 1 where some answer is unexpected."""
    from ratecert.io.certificates import check_writable, record_names
    from ratecert.io.claim_files import find
    from ratecert.pipeline.batch import certify_all
    from ratecert.proofs_check.language.errors import UserError
    from ratecert.proofs_check.verdict.certificate import Certificate
    from ratecert.show.terminal import complain, console, print_verdicts

    if args.json is not None:
        check_writable(args.json)
    found = find(args.claims)
    if args.certificates is not None:
        record_names(found.claims)
        _make_folder(args.certificates)
    outcomes = certify_all(found.claims, args.level, args.jobs)
    certificates = [outcome for outcome in outcomes if isinstance(outcome, Certificate)]
    problems = [*found.problems, *(o for o in outcomes if isinstance(o, UserError))]
    _write(certificates, args.json, args.certificates)
    titles = {file.paper.key: file.paper.title for file in found.files}
    print_verdicts(certificates, titles, console())
    sys.stdout.flush()
    for problem in problems:
        complain(problem)
    if problems:
        return 2
    return 0 if all(certificate.as_expected for certificate in certificates) else 1


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10_000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")
    return int(text)


def _make_folder(folder: Path) -> None:
    from ratecert.proofs_check.language.errors import UserError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be made a folder: {error.strerror}") from None


def _write(certificates: list[Certificate], json: Path | None, folder: Path | None) -> None:
    from ratecert.io.certificates import (
        dumps,
        record,
        record_names,
        report,
        report_entry,
        write_atomically,
    )

    if folder is not None:
        names = record_names([certificate.claim for certificate in certificates])
        for name, certificate in zip(names, certificates, strict=True):
            write_atomically(folder / name, dumps(record(certificate)))
    if json is not None:
        write_atomically(json, dumps(report(map(report_entry, certificates))))
