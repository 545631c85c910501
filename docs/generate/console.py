r"""Console sessions in pages: each command is run when the page is built, and its output shown.

In a page::

    ```{file} mine.claims.toml
    [paper]
    ...
    ```

    ```{console}
    :status: 1
    $ ratecert certify mine.claims.toml
    ```

All sessions of a page share one empty folder, in which ``{file}`` writes.  A command that ends
with another status than the one declared (0 by default) fails the build.  Outputs are kept by the
commands, the files and the source of ratecert.

`examples` reads the same things out of a page that shows its outputs, such as the README: there
the output is compared instead of inserted.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

__all__ = ["COLUMNS", "Ran", "Session", "commands_of"]

COLUMNS = "80"


@dataclass(frozen=True, slots=True)
class Ran:
    """A command, what it printed (errors after the output) and its exit status."""

    command: str
    output: str
    status: int


class Session:
    """An empty folder, the files put there, and the commands run there in order."""

    def __init__(self, kept: Path | None = None, fingerprint: str = "") -> None:
        self._folder = TemporaryDirectory(prefix="ratecert-console-")
        self._kept = kept
        self._history: list[object] = [fingerprint]
        self._pending: list[str] = []

    @property
    def folder(self) -> Path:
        """The folder the commands run in."""
        return Path(self._folder.name)

    def close(self) -> None:
        """Delete the folder."""
        self._folder.cleanup()

    def put(self, name: str, text: str) -> None:
        """Write a file."""
        self._history.append([name, text])
        (self.folder / name).write_text(text, encoding="utf-8")

    def run(self, command: str) -> Ran:
        """Run a command, unless the same session ran before with the same source."""
        self._history.append(command)
        place = self._place()
        if place is not None and place.exists():
            self._pending.append(command)
            ran = json.loads(place.read_text(encoding="utf-8"))
            return Ran(command, ran["output"], ran["status"])
        for skipped in self._pending:  # what they left in the folder is needed after all
            self._execute(skipped)
        self._pending.clear()
        ran = self._execute(command)
        if place is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps({"output": ran.output, "status": ran.status})
            place.write_text(text, encoding="utf-8")
        return ran

    def _place(self) -> Path | None:
        if self._kept is None:
            return None
        key = hashlib.sha256(json.dumps(self._history).encode()).hexdigest()
        return self._kept / f"{key}.json"

    def _execute(self, command: str) -> Ran:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        return Ran(command, done.stdout, done.returncode)


def _environment() -> Mapping[str, str]:
    """Return an environment in which programs of this installation come first, 80 columns wide."""
    programs = str(Path(sys.executable).parent)
    path = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "FORCE_COLOR")}
    return {**kept, "PATH": path, "COLUMNS": COLUMNS, "NO_COLOR": "1"}


def commands_of(lines: Sequence[str]) -> Iterator[str]:
    """Yield the commands after ``$``; a line that ends in a backslash goes on in the next.

    Raises
    ------
    ValueError
        For a line that is neither a command nor the rest of one.
    """
    command = ""
    for line in lines:
        if not line.strip():
            continue
        if not command and not line.startswith("$ "):
            raise ValueError(f"{line!r}: a command starts with '$ '")
        command += line.removeprefix("$ ") if not command else f"\n{line}"
        if not line.endswith("\\"):
            yield command
            command = ""
    if command:
        raise ValueError(f"{command!r}: the last line goes on")
