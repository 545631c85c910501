"""The command line: finds the command, runs it, and turns every way of stopping into a status.

====  ==============================================================================
 0    done, and the answer is the expected one
 1    the answer is not the expected one, or ratecert itself failed
 2    unusable input or usage, or output that could not be written
130   interrupted; one line says what was finished
141   whoever read the output went away (what a shell reports for a closed pipe)
====  ==============================================================================
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from ratecert.pipeline.unforeseen import guarded
from ratecert.proofs_check.language.errors import UserError
from ratecert.version import __version__

__all__ = ["COMMANDS", "build_parser", "main"]

COMMANDS: Mapping[str, str] = {
    "certify": "ratecert.commands.certify",
    "list": "ratecert.commands.list",
    "explain": "ratecert.commands.explain",
    "order": "ratecert.commands.order",
    "sum": "ratecert.commands.sum",
    "risk": "ratecert.commands.risk",
    "simulate": "ratecert.commands.simulate",
    "sweep": "ratecert.commands.sweep",
    "verify-proof": "ratecert.commands.verify_proof",
    "check": "ratecert.commands.check",
    "spectrum": "ratecert.commands.spectrum",
    "table": "ratecert.commands.table",
    "plot": "ratecert.commands.plot",
}
"""The commands of the interface and the module of each; one that is not there is not offered."""

_INTERRUPTED = 130
_NO_READER = 141
_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""What a full or broken disk behind the output answers."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    Parameters
    ----------
    argv
        The arguments after the program's name; those of the process by default.
    """
    _have_streams()
    return guarded(partial(_main, argv), _confess)


def _confess(reason: str) -> int:
    """Say that ratecert failed; no answer is not the expected one."""
    _complain(f"{reason}; this is a fault of ratecert, please report what you ran")
    return 1


def _main(argv: Sequence[str] | None) -> int:
    try:
        try:
            return _run(argv)
        finally:
            sys.stdout.flush()
    except UserError as error:
        _complain(error)
        return 2
    except KeyboardInterrupt as stop:
        _complain(f"interrupted{f': {stop}' if str(stop) else ''}")
        return _INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return _NO_READER
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        _discard_output()
        _complain(f"the output could not be written: {error.strerror}")
        return 2


def _run(argv: Sequence[str] | None) -> int:
    parser, modules = build_parser()
    args = parser.parse_args(argv)
    status: int = modules[args.command].run(args)
    return status


def build_parser() -> tuple[argparse.ArgumentParser, Mapping[str, ModuleType]]:
    """Return the parser of the whole command line, and the module of each command."""
    parser = argparse.ArgumentParser(
        prog="ratecert",
        description="Certify or refute the rates that scaling-law theory claims.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ratecert {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    modules = {name: import_module(place) for name, place in COMMANDS.items() if find_spec(place)}
    for name, module in modules.items():
        module.arguments(
            commands.add_parser(
                name, help=module.HELP, description=module.HELP, allow_abbrev=False
            )
        )
    return parser, modules


def _complain(problem: object) -> None:
    from ratecert.show.terminal import complain

    complain(problem)


def _discard_output() -> None:
    """Give the interpreter, which flushes standard output once more as it ends, where to."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _have_streams() -> None:
    """Print to nowhere where a stream is closed, and ``?`` for what the terminal cannot show."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Open to the end of the process, as the stream would be.
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
