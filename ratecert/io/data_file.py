"""Data files of a user: rows of numbers, one column or several of which are labels."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ratecert.proofs_check.language.errors import UserError

__all__ = ["BUNDLED", "Data", "read_data"]

Array = NDArray[np.float64]

BUNDLED = ("digits", "diabetes")
"""Data sets that come with scikit-learn."""
MOST_NUMBERS = 50_000_000
MOST_CLASSES = 1000


@dataclass(frozen=True, slots=True)
class Data:
    """Features x (n, d) and labels y (n, p)."""

    x: Array
    y: Array


def read_data(name: str, target: str | None = None, classes: bool = False) -> Data:
    """Return the features and labels of a ``.npy`` or ``.csv`` file, or of a bundled data set.

    Parameters
    ----------
    name : a path, or one of `BUNDLED` where there is no such file.
    target : name (of a csv file with a header) or number, from 1, of the column of the labels;
        the last by default.
    classes : the labels are classes: y has a column of 0 and 1 for each.

    Raises
    ------
    UserError
        For what cannot be read, with its line.
    """
    path = Path(name)
    if name in BUNDLED and not path.exists():
        table, header = _bundled(name)
        classes = classes or name == "digits"
    elif path.suffix == ".npy":
        table, header = _npy(path), []
    elif path.suffix == ".csv":
        table, header = _csv(path)
    else:
        raise UserError(f"{name}: give a .npy or .csv file, or {' or '.join(BUNDLED)}")
    if table.ndim != 2 or table.shape[1] < 2:
        raise UserError(f"{name}: needs rows of at least two numbers, features and a label")
    if not np.all(np.isfinite(table)):
        row = int(np.argwhere(~np.isfinite(table))[0, 0])
        raise UserError(f"{name}: row {row + 1} holds a number that is not finite; drop the row")
    column = _column(name, target, header, table.shape[1])
    labels = table[:, column]
    y = _one_hot(name, labels) if classes else labels[:, None]
    return Data(np.delete(table, column, axis=1), y)


def _column(name: str, target: str | None, header: list[str], columns: int) -> int:
    if target is None:
        return columns - 1
    if target in header:
        return header.index(target)
    if target.isdecimal() and 1 <= int(target) <= columns:
        return int(target) - 1
    known = f", or one of {', '.join(header[:20])}" if header else ""
    raise UserError(f"--target {target}: {name} has no such column; give a number from 1 to "
                    f"{columns}{known}")  # fmt: skip


def _one_hot(name: str, labels: Array) -> Array:
    values, which = np.unique(labels, return_inverse=True)
    if values.size > MOST_CLASSES:
        raise UserError(f"{name}: {values.size} classes are more than {MOST_CLASSES}")
    return np.asarray(np.eye(values.size)[which])


def _bundled(name: str) -> tuple[Array, list[str]]:
    try:
        from sklearn import datasets
    except ImportError:
        raise UserError(
            f"{name} comes with scikit-learn: pip install 'ratecert[kernels]'"
        ) from None
    found: Any = datasets.load_digits() if name == "digits" else datasets.load_diabetes()
    table = np.column_stack([found.data, found.target]).astype(np.float64)
    return table, [*map(str, found.feature_names), "target"]


def _npy(path: Path) -> Array:
    try:
        array = np.load(path, allow_pickle=False, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        reason = (
            error.strerror if isinstance(error, OSError) and error.strerror else "no .npy file"
        )
        raise UserError(f"{path}: {reason}") from None
    if not isinstance(array, np.ndarray):
        raise UserError(
            f"{path}: an archive of arrays; save the rows as one array with numpy.save"
        )
    if array.dtype.kind not in "fiub" or array.size > MOST_NUMBERS:
        raise UserError(f"{path}: needs at most {MOST_NUMBERS:.0e} real numbers, not "
                        f"{array.size} of type {array.dtype}")  # fmt: skip
    return np.asarray(array, dtype=np.float64)


def _csv(path: Path) -> tuple[Array, list[str]]:
    rows: list[list[float]] = []
    header: list[str] = []
    numbers = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                row = _row(cells)
                if row is None and not rows and not header:
                    header = [cell.strip() for cell in cells]
                    continue
                if row is None:
                    raise UserError("a cell here is not a number", str(path), reader.line_num)
                if len(row) != len(rows[0] if rows else header or row):
                    raise UserError(
                        f"{len(row)} cells here, {len(rows[0] if rows else header)} before",
                        str(path), reader.line_num,
                    )  # fmt: skip
                numbers += len(row)
                if numbers > MOST_NUMBERS:
                    raise UserError(f"{path}: more than {MOST_NUMBERS:.0e} numbers")
                rows.append(row)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: this is not UTF-8; save the file in that encoding") from None
    except csv.Error as error:
        raise UserError(f"{path}: {error}") from None
    return np.array(rows, dtype=np.float64).reshape(len(rows), -1 if rows else 0), header


def _row(cells: list[str]) -> list[float] | None:
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        return None
