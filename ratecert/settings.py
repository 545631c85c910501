"""Options that several commands share: those of a problem and a method."""

from __future__ import annotations

import argparse
import re
from typing import Any

from proofs_check.errors import UserError

__all__ = ["add_settings", "number", "settings_of", "values_of", "whole"]

_TEXTS = {
    "spectrum": ("i^-a", "eigenvalues of H as a formula in the index i"),
    "target": ("i^-b", "target energies as a formula in i"),
    "features": ("gaussian", "gaussian (sketch) or top"),
    "algorithm": ("sgd", "sgd (last iterate) or averaged-sgd"),
    "schedule": ("geometric", "geometric, constant, polynomial, cosine or wsd"),
}
_WHOLE = {
    "batch": (1, "fresh samples a step"),
    "outputs": (1, "number of outputs"),
    "seed": (0, "names the sketches and the runs"),
}


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Declare the options of a problem, a method and its sizes M and N."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE[,...]",
        help="values of the parameters, such as a=2,b=3/2",
    )
    parser.add_argument("--M", required=True, help="number of features")
    parser.add_argument("--N", required=True, help="number of steps; 10^6 is understood")
    parser.add_argument("--gamma", default="0.1", help="(largest) step size (default: 0.1)")
    parser.add_argument(
        "--sigma2", default="1", help="variance of the label noise of each output (default: 1)"
    )
    for name, (default, text) in _TEXTS.items():
        parser.add_argument(f"--{name}", default=default, help=f"{text} (default: {default})")
    for name, (whole, text) in _WHOLE.items():
        parser.add_argument(f"--{name}", default=str(whole), help=f"{text} (default: {whole})")


def settings_of(args: argparse.Namespace) -> dict[str, Any]:
    """Return the settings by name, as `numerics.grid` has them.

    Raises
    ------
    UserError
        For text that is no number where one is wanted.
    """
    settings: dict[str, Any] = {name: getattr(args, name) for name in _TEXTS}
    settings |= {name: whole(getattr(args, name), f"--{name}") for name in (*_WHOLE, "M", "N")}
    settings |= {name: number(getattr(args, name), f"--{name}") for name in ("gamma", "sigma2")}
    return settings | {"set": values_of(args.set)}


def whole(text: str, option: str) -> int:
    """Return a whole number written as digits or as a power such as ``10^6``."""
    match = re.fullmatch(r"(\d{1,19})(?:(?:\^|\*\*)(\d{1,2}))?", text.strip())
    if match is None:
        raise UserError(f"{option}: {text!r} is no whole number; write one such as 200 or 10^6")
    value: int = int(match[1]) ** int(match[2] or 1)
    return value


def values_of(groups: list[str]) -> dict[str, float]:
    """Return the parameters of all ``--set`` options."""
    values: dict[str, float] = {}
    for item in ",".join(groups).split(",") if groups else []:
        name, equals, text = item.partition("=")
        if not equals or not name.strip().isidentifier():
            raise UserError(f"--set: {item!r} is not of the form NAME=VALUE, such as a=2")
        if name.strip() in values:
            raise UserError(f"--set: {name.strip()} is given twice")
        values[name.strip()] = number(text, f"--set {name.strip()}")
    return values


def number(text: str, option: str) -> float:
    """Return the value of a number or an expression of numbers."""
    from numerics.problem import evaluate
    from proofs_check.language import parse_expr

    try:
        return evaluate(parse_expr(text), {})
    except UserError as error:
        raise UserError(f"{option}: {text!r} is no number: {error}") from None
