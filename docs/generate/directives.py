"""The directives of the hand-written pages: files, console sessions, the list of commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from generate.console import Session, commands_of
from generate.verdicts import fingerprint

__all__ = ["register"]

_LANGUAGES = {".toml": "toml", ".yml": "yaml", ".tex": "latex", ".py": "python"}

_SESSIONS: dict[str, Session] = {}
"""The sessions of the pages read by this process."""


class _InSession(SphinxDirective):
    """A directive that acts in the folder of its page."""

    has_content = True

    def session(self) -> Session:
        """Return the session of this page, begun at its first use."""
        if self.env.docname not in _SESSIONS:
            kept = Path(self.env.srcdir) / "_build" / "kept" / "console"
            _SESSIONS[self.env.docname] = Session(kept, fingerprint())
        return _SESSIONS[self.env.docname]

    def literal(self, text: str, language: str) -> nodes.Node:
        """Return a block of code."""
        block = nodes.literal_block(text, text, language=language)
        self.set_source_info(block)
        return block


class FileDirective(_InSession):
    """Show a file and put it into the folder of the page."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {
        "caption": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Write the file; return its text under its name."""
        name, text = self.arguments[0], "\n".join(self.content) + "\n"
        self.session().put(name, text)
        block = self.literal(text.rstrip("\n"), _LANGUAGES.get(Path(name).suffix, "text"))
        caption = nodes.caption("", "", nodes.literal("", name))
        wrapper = nodes.container("", caption, block, literal_block=True)
        wrapper["classes"].append("literal-block-wrapper")
        return [wrapper]


class ConsoleDirective(_InSession):
    """Run commands and show them with what they print."""

    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {
        "status": directives.nonnegative_int,
        "language": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Run each command; a status that was not declared stops the build."""
        wanted = self.options.get("status", 0)
        shown = []
        for command in commands_of(self.content):
            ran = self.session().run(command)
            if ran.status != wanted:
                raise ExtensionError(
                    f"{self.env.docname}: `{command}` ended with status {ran.status}, "
                    f"not {wanted}, and printed\n{ran.output}"
                )
            shown.append(f"$ {command}\n{ran.output}".rstrip())
        return [self.literal("\n\n".join(shown), self.options.get("language", "console"))]


def register(app: Sphinx) -> None:
    """Make the directives known, and end each session with its page."""
    app.add_directive("file", FileDirective)
    app.add_directive("console", ConsoleDirective)
    app.connect("doctree-read", _end)


def _end(app: Sphinx, _doctree: nodes.document) -> None:
    session = _SESSIONS.pop(app.env.docname, None)
    if session is not None:
        session.close()
