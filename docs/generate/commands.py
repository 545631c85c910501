"""The page of the commands, written from the parsers themselves."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from generate.markdown import code
from ratecert.cli import build_parser
from ratecert.writing.page import markdown_words

__all__ = ["commands_page"]

_STATUSES = """
Every command ends with one of these statuses: 0 done, and the answer is the expected one; 1 the
answer is not the expected one; 2 unusable input or usage; 130 interrupted, with a line that says
what was finished. Options are case sensitive and may not be abbreviated.
"""


class _Eighty(argparse.HelpFormatter):
    """The formatter of the terminal, always 80 columns wide."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=78)


def commands_page() -> str:
    """Return the page."""
    parser, modules = build_parser()
    (commands,) = (
        action for action in parser._actions if isinstance(action, argparse._SubParsersAction)
    )
    parts = ["# Commands\n", _STATUSES]
    for name in modules:
        parts += _command(name, commands.choices[name])
    return "\n".join(parts)


def _command(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    parser.formatter_class = _Eighty
    usage = re.sub(r"^usage: ", "", parser.format_usage())
    yield f"(command-{name})=\n\n## `{name}`\n"
    yield f"{markdown_words(_sentence(parser.description or ''))}\n"
    yield code(usage, "text")
    for action in parser._actions:
        if action.help and "-h" not in action.option_strings:
            yield f"{_names(action)}\n: {markdown_words(_sentence(_help(parser, action)))}\n"


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith('.') else '.'}"


def _names(action: argparse.Action) -> str:
    """Return how an argument is written on the command line."""
    if action.choices is not None:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    else:
        metavar = action.metavar or action.dest
        value = metavar if isinstance(metavar, str) else " ".join(metavar)
    value = "" if action.nargs == 0 else value
    names = [f"{option} {value}".strip() for option in action.option_strings] or [value]
    return ", ".join(f"`{name}`" for name in names)


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    return (action.help or "") % {**vars(action), "prog": parser.prog}
