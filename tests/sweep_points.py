"""Evaluations that worker processes of the sweep's tests can import."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ratecert.proofs_check.language.errors import UserError


def square(point: Mapping[str, Any]) -> dict[str, Any]:
    """The square, except of 13."""
    if point["n"] == 13:
        raise UserError("13 is not squared here")
    return {"square": point["n"] ** 2}


def logged(point: Mapping[str, Any]) -> dict[str, Any]:
    """The square, slowly; the start of the computation is on record in the folder."""
    folder = Path(os.environ["SWEEP_LOG"])
    with (folder / f"{point['n']}").open("a") as file:
        file.write("x")
    time.sleep(0.02)
    return {"square": point["n"] ** 2, "third": point["n"] / 3}


def bulky(point: Mapping[str, Any]) -> dict[str, Any]:
    """Many bytes that do not compress."""
    return {"bytes": [point["n"] * 1.1 + i for i in range(1000)]}


def dies(point: Mapping[str, Any]) -> dict[str, Any]:
    """End the worker as a lack of memory would."""
    if point["n"] == 5:
        os._exit(9)
    return {}


def broken(point: Mapping[str, Any]) -> dict[str, Any]:
    """A fault of ours, not of the user."""
    raise ZeroDivisionError(f"at {point['n']}")
