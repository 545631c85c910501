"""Results of a sweep in one SQLite file: a row for each point, written once and never lost.

A row is keyed by the SHA-256 of what was computed and by which code, so that a row found is a row
that need not be computed again.  It is *acknowledged* once `Store.add` has returned: the
transaction is then in the write-ahead log and synchronised, and neither a killed process nor a
power failure takes it back.  One process writes at a time, which the file's own lock enforces and
the end of the process, however it comes, releases.  Nothing that differs from run to run (times,
order of arrival) is stored: an interrupted and resumed sweep ends in the same table.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ratecert.proofs_check.language.errors import UserError

__all__ = ["Row", "Store", "csv_text", "key_of"]

APPLICATION = 0x52435357
"""Marks our files among SQLite's (`PRAGMA application_id`): the letters RCSW."""

LAYOUT = 1
"""Version of the table (`PRAGMA user_version`)."""

CREATE = """
CREATE TABLE results (
    key TEXT PRIMARY KEY, point TEXT NOT NULL, code TEXT NOT NULL, status TEXT NOT NULL,
    result TEXT NOT NULL
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One computed point.

    `status` is ``"done"``, and `result` then holds its numbers, or ``"refused"``, and `result`
    holds the reason as ``{"error": ...}`` (a step size that is unstable there, say).
    """

    point: Mapping[str, Any]
    code: str
    status: str
    result: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The row's key, `key_of` its point and code."""
        return key_of(self.point, self.code)


def key_of(point: Mapping[str, Any], code: str) -> str:
    """SHA-256, in hexadecimal, of the point's canonical JSON and the version of the code."""
    return hashlib.sha256(f"{_json(point)}\n{code}".encode()).hexdigest()


class Store:
    """An open store; use it in a ``with`` statement.

    Parameters
    ----------
    path
        The file; it is created where there is none.

    Raises
    ------
    UserError
        Where the file is not ours, damaged, in use by another sweep, or cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        with self._explained():
            self._connection = sqlite3.connect(self.path, timeout=1.0, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; every row added is in it."""
        with self._explained():
            self._connection.close()

    def __contains__(self, key: str) -> bool:
        with self._explained():
            found = self._connection.execute("SELECT 1 FROM results WHERE key = ?", (key,))
            return found.fetchone() is not None

    def __len__(self) -> int:
        with self._explained():
            (count,) = self._connection.execute("SELECT count(*) FROM results").fetchone()
            return int(count)

    def __iter__(self) -> Iterator[Row]:
        """All rows, in the order of their keys."""
        with self._explained():
            found = self._connection.execute(
                "SELECT point, code, status, result FROM results ORDER BY key"
            )
            for point, code, status, result in found:
                try:
                    yield Row(json.loads(point), code, status, json.loads(result))
                except json.JSONDecodeError as error:
                    raise sqlite3.DatabaseError(f"a row is no JSON: {error}") from error

    def add(self, row: Row) -> None:
        """Write one row; it is safe once this returns.

        Raises
        ------
        UserError
            Where it cannot be written (a full disk); the rows before it stay, and the file
            stays usable.
        """
        values = (row.key, _json(row.point), row.code, row.status, _json(row.result))
        with self._explained():
            self._connection.execute("INSERT INTO results VALUES (?, ?, ?, ?, ?)", values)

    def _prepare(self) -> None:
        """Take the lock, then recognise the file as ours or make it so."""
        execute = self._connection.execute
        execute("PRAGMA locking_mode = EXCLUSIVE")
        (application,) = execute("PRAGMA application_id").fetchone()
        (layout,) = execute("PRAGMA user_version").fetchone()
        (tables,) = execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application == 0 and layout == 0 and tables == 0:
            self._create()
        elif application != APPLICATION:
            raise UserError(f"{self.path}: this SQLite file belongs to another program; "
                            "name another file for the results")  # fmt: skip
        elif layout != LAYOUT:
            raise UserError(f"{self.path}: its layout is version {layout}, and this program reads "
                            f"version {LAYOUT}; start a new file")  # fmt: skip
        execute("PRAGMA synchronous = FULL")
        execute("BEGIN IMMEDIATE")
        execute("COMMIT")
        (health,) = execute("PRAGMA quick_check(1)").fetchone()
        if health != "ok":
            raise sqlite3.DatabaseError(health)

    def _create(self) -> None:
        """Make an empty file a store."""
        execute = self._connection.execute
        execute("PRAGMA journal_mode = WAL")
        execute("BEGIN IMMEDIATE")
        execute(f"PRAGMA application_id = {APPLICATION}")
        execute(f"PRAGMA user_version = {LAYOUT}")
        execute(CREATE)
        execute("COMMIT")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what SQLite's errors mean for the user."""
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # not the file's fault but ours
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", None)
            raise UserError(f"{self.path}: {_explanation(code, str(error))}") from error


def _explanation(code: int | None, text: str) -> str:
    """Return what to do about a SQLite error of that (extended) code."""
    match None if code is None else code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return "another process is writing this file; wait for it or name another file"
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
            return (f"the file cannot be written ({text}): the disk is full or has a limit; the "
                    "rows acknowledged before are safe. Make room and start again")  # fmt: skip
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return f"the file cannot be opened for writing ({text}); check folder and permissions"
        case sqlite3.SQLITE_NOTADB:
            return "this is no SQLite file; name another file for the results"
        case _:
            return f"the file is damaged ({text}); restore it from a copy or start a new one"


def csv_text(rows: Iterable[Row]) -> str:
    """Return the rows as CSV, in their order.

    The columns are ``status``, then every key of a point, then every key of a result (prefixed
    ``result.``), each in alphabetical order; lists and tables are written as JSON.
    """
    table = list(rows)
    points = sorted({name for row in table for name in row.point})
    results = sorted({name for row in table for name in row.result})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["status", *points, *(f"result.{name}" for name in results)])
    for row in table:
        cells = [row.point.get(name) for name in points]
        cells += [row.result.get(name) for name in results]
        writer.writerow([row.status, *map(_cell, cells)])
    return text.getvalue()


def _cell(value: object) -> str:
    """One CSV cell: nothing, the text itself, or JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else _json(value)


def _json(value: object) -> str:
    """Canonical JSON: sorted keys, no spaces, shortest digits that give the number back."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
