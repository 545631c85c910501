"""Grids: what a grid file says, and how one of its points is computed.

A grid is a TOML file of one or more tables ``[[grid]]``:

    [[grid]]
    compute = ["risk", "simulate"]
    set = {a = [1.5, 2], b = 2}
    M = [16, 32, 64]
    N = [1000, 10000]

Each key has a value or a list of values, and the table stands for all combinations; equal points
of several tables are one point.  The keys are those of ``ratecert risk`` and ``ratecert
simulate``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from itertools import chain, product
from math import prod
from typing import Any

from ratecert.numerics.risk.expected import expected_risk
from ratecert.numerics.simulation.simulated import simulated_risk
from ratecert.numerics.sweeps.store import key_of
from ratecert.proofs_check.files.toml import KeyPath, Lines, read_toml
from ratecert.proofs_check.language.errors import UserError

__all__ = ["DEFAULTS", "Point", "compute", "points_of"]

Point = Mapping[str, Any]

DEFAULTS: dict[str, Any] = {
    "compute": "risk",
    "spectrum": "i^-a",
    "target": "i^-b",
    "features": "gaussian",
    "algorithm": "sgd",
    "schedule": "geometric",
    "set": {},
    "sigma2": 1.0,
    "gamma": 0.1,
    "batch": 1,
    "outputs": 1,
    "M": 10,
    "N": 1000,
    "seed": 0,
    "draws": 1,
    "runs": 64,
}
"""Every key of a grid, with the value of an absent one."""

LARGEST_GRID = 10**6
"""Points of one grid; a slip of the pen should not fill the memory."""


def compute(point: Point) -> dict[str, Any]:
    """Return the numbers of one point, a function of the point alone.

    ``compute = "risk"`` gives the parts of the exact expected risk, averaged over `draws` sketches
    (`ratecert.numerics.risk.expected`); ``"simulate"`` the simulated excess beside the exact one
    (`ratecert.numerics.simulation.simulated`).

    Raises
    ------
    UserError
        For a point that has no such numbers.
    """
    settings = DEFAULTS | dict(point)
    kind, values = settings.pop("compute"), settings.pop("set")
    M, N, runs = settings.pop("M"), settings.pop("N"), settings.pop("runs")
    top = settings["features"] == "top"
    match kind:
        case "risk":
            settings["draws"] = None if top else settings["draws"]
            result = asdict(expected_risk(M, N, values=values, **settings))
        case "simulate":
            settings["draws"] = 1 if top else settings["draws"]
            result = asdict(simulated_risk(M, N, values=values, runs=runs, **settings))
        case _:
            raise UserError(f'compute = {kind!r}: it is "risk" or "simulate"')
    # Neither what the point says already nor what differs from run to run.
    dropped = {*DEFAULTS, "samples", "seconds"}
    return {name: value for name, value in result.items() if name not in dropped}


def essential(point: Point) -> Point:
    """Return the point without the keys that its computation does not read."""
    exact, top = point.get("compute") == "risk", point.get("features") == "top"
    unread = {"runs"} if exact else set()
    if top:
        unread |= {"draws", "seed"} if exact else {"draws"}
    return {name: value for name, value in point.items() if name not in unread}


def points_of(data: bytes, file: str, defaults: Point = DEFAULTS) -> list[Point]:
    """Read a grid.

    Parameters
    ----------
    data
        The bytes of the file.
    file
        Its name, for messages.
    defaults
        Every key that a ``[[grid]]`` may hold, with the value of an absent one.  The type of a
        default is the type wanted, where a whole number may stand for a float.  A key whose
        default is a table takes a table of numbers or lists of numbers.

    Returns
    -------
    list
        The points, each with every key that its computation reads, once each, in the order of
        the file, the last key varying fastest.

    Raises
    ------
    UserError
        For a file that is not TOML, a key that is not known, or a value of the wrong kind.
    """
    place, tree = _read(data, file)
    _known(tree, ("format", "grid"), place)
    if tree.get("format", 1) != 1:
        raise place.at("format").error(f"{tree['format']!r}; this program reads format 1")
    tables = tree.get("grid")
    if not isinstance(tables, list) or not tables or not all(isinstance(t, dict) for t in tables):
        raise place.error("a grid needs at least one table [[grid]]")
    grids = [_axes(t, defaults, place.at("grid", n)) for n, t in enumerate(tables)]
    if sum(prod(map(len, axes)) for axes in grids) > LARGEST_GRID:
        raise place.error(f"more than {LARGEST_GRID} points; split the grid")
    points: dict[str, Point] = {}
    for choice in chain.from_iterable(product(*axes) for axes in grids):
        point = essential(dict(zip(defaults, choice, strict=True)))
        points.setdefault(key_of(point, ""), point)
    return list(points.values())


@dataclass(frozen=True, slots=True)
class _Place:
    """A part of a grid file, for messages."""

    file: str
    lines: Lines
    path: KeyPath = ()

    def at(self, *parts: str | int) -> _Place:
        """Return a part of this part."""
        return replace(self, path=(*self.path, *parts))

    def error(self, message: str) -> UserError:
        """Return an error that names file, line and key."""
        keys = [part for part in self.path if isinstance(part, str) and part != "grid"]
        told = f"{'.'.join(keys)}: {message}" if keys else message
        return UserError(told, self.file, self.lines.of(self.path))


def _read(data: bytes, file: str) -> tuple[_Place, dict[str, Any]]:
    """Return the document and its root."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError("this is not TOML: it is not encoded in UTF-8", file, line) from None
    tree, lines = read_toml(text, file)
    return _Place(file, lines), tree


def _axes(table: Mapping[str, Any], defaults: Point, place: _Place) -> list[list[Any]]:
    """Return the list of values of every key, absent keys filled in."""
    _known(table, defaults, place)
    axes = []
    for name, default in defaults.items():
        value, here = table.get(name, default), place.at(name)
        if not isinstance(default, Mapping):
            axes.append(_values(value, default, here))
        elif isinstance(value, Mapping):
            inner = [_values(v, 0.0, here.at(k)) for k, v in value.items()]
            if prod(map(len, inner)) > LARGEST_GRID:
                raise here.error(f"more than {LARGEST_GRID} points; split the grid")
            axes.append([dict(zip(value, choice, strict=True)) for choice in product(*inner)])
        else:
            raise here.error("this must be a table such as {a = [1.5, 2]}")
    return axes


def _values(value: Any, default: Any, place: _Place) -> list[Any]:
    """Return the list of values that one key stands for, each of the default's kind."""
    if not isinstance(value, list):
        return [_typed(value, default, place)]
    if not value:
        raise place.error("the list is empty; give at least one value")
    return [_typed(each, default, place.at(n)) for n, each in enumerate(value)]


def _typed(value: Any, default: Any, place: _Place) -> Any:
    """Return the value as the default's kind, or say what was wanted."""
    if isinstance(default, str) and isinstance(value, str):
        return value
    whole = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(default, int) and whole:
        return value
    if isinstance(default, float) and (whole or isinstance(value, float)):
        if abs(value) == float("inf") or value != value:
            raise place.error(f"{value} is no finite number")
        return float(value)
    kind = {str: "text", int: "a whole number", float: "a number"}[type(default)]
    raise place.error(f"{value!r} is not {kind}")


def _known(table: Mapping[str, Any], names: Iterable[str], place: _Place) -> None:
    """Refuse a key that is not among the names, with the nearest one that is."""
    known = list(names)
    for name in table:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            line = place.lines.of((*place.path, name))
            raise UserError(f"unknown key {name!r}; {hint}", place.file, line)
