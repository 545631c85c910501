"""``ratecert sum``: a rigorous enclosure of one finite or infinite sum."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from ratecert.proofs_check.language.errors import UserError

if TYPE_CHECKING:
    from ratecert.numerics.balls import Ball
    from ratecert.proofs_check.language.expr import Expr

__all__ = ["HELP", "arguments", "enclose", "run"]

HELP = "rigorous enclosure of one finite or infinite sum"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("term", metavar="TERM", help="the term, e.g. 'i^-a*exp(-2*t*i^-a)'")
    parser.add_argument(
        "--over", required=True, metavar="i=LO..HI", help="index and bounds; HI may be oo"
    )
    parser.add_argument(
        "--set", default="", metavar="a=2,...", help="values of the other names, exact"
    )
    parser.add_argument(
        "--digits", default="50", metavar="N", help="significant digits (default: 50)"
    )
    parser.add_argument("--json", action="store_true", help="write JSON to standard output")


def run(args: argparse.Namespace) -> int:
    """Print the ball; every unusable input is a `UserError`."""
    started = time.perf_counter()
    ball = enclose(args.term, args.over, _pairs(args.set), _digits(args.digits))
    seconds = time.perf_counter() - started
    if args.json:
        print(json.dumps({**ball.as_json(), "digits": ball.digits, "seconds": round(seconds, 6)}))
    else:
        print(ball)
    return 0


def enclose(
    term: str, over: str, values: Mapping[str, Fraction | int | str], digits: int = 50
) -> Ball:
    """Return a ball around a sum that is given as text.

    Parameters
    ----------
    term : str
        The term in the claim language, such as ``"i^-a*exp(-2*t*i^-a)"``.
    over : str
        Index and bounds, ``"i=1..10^12"`` or ``"i=1..oo"``.
    values : mapping of str to Fraction, int or str
        The values of the other names; text is read in the claim language, exactly.
    digits : int
        Significant digits, 1 to 1000.

    Returns
    -------
    Ball
        The true value lies in ``midpoint ± radius``; ``radius <= 10^(2-digits) |midpoint|``.

    Raises
    ------
    UserError
        For text that cannot be read; a `ratecert.numerics.balls.Refusal`, with its reason, where
        the sum has no enclosure.
    """
    from ratecert.numerics import balls
    from ratecert.proofs_check.language.grammar import parse_expr

    index, lo, hi = _over(over)
    exact_values = {
        name: _exact(name, value) if isinstance(value, str) else value
        for name, value in values.items()
    }
    return balls.enclose(parse_expr(term), index, lo, hi, exact_values, digits)


def _over(text: str) -> tuple[str, Expr, Expr]:
    """Read ``i=LO..HI``."""
    from ratecert.proofs_check.language.expr import NUMBERS, Name
    from ratecert.proofs_check.language.grammar import parse_expr

    name, equals, bounds = text.partition("=")
    lo, dots, hi = bounds.partition("..")
    if not (equals and dots and lo.strip() and hi.strip()):
        raise UserError(f"--over {text}: write index and bounds as in --over i=1..10^6 or i=1..oo")
    index = parse_expr(name)
    if not isinstance(index, Name) or index.name in NUMBERS | {"oo"}:
        raise UserError(f"--over {text}: {name.strip()} is no name for an index, such as i")
    return index.name, parse_expr(lo), parse_expr(hi)


def _pairs(text: str) -> dict[str, str]:
    """Read ``a=2,t=10^6`` as names and texts."""
    values: dict[str, str] = {}
    for item in filter(str.strip, text.split(",")):
        name, equals, number = (part.strip() for part in item.partition("="))
        if not equals or not name.isidentifier():
            raise UserError(f"--set {item.strip()}: write NAME=VALUE, several with commas")
        if name in values:
            raise UserError(f"--set gives {name} twice")
        values[name] = number
    return values


def _exact(name: str, text: str) -> Fraction:
    from ratecert.numerics.balls.program import exact
    from ratecert.proofs_check.language.grammar import parse_expr

    value = exact(parse_expr(text), {})
    if value is None:
        raise UserError(f"{name}={text}: the value must be an exact rational number, such as 3/2")
    return value


def _digits(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise UserError(f"--digits {text:.40}: write a whole number, such as 50")
    return int(text)
