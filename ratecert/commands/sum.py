"""``ratecert sum``: a rigorous enclosure of one finite or infinite sum."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from proofs_check.errors import UserError

if TYPE_CHECKING:
    from proofs_check.expr import Expr

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
    from numerics.balls import enclose
    from proofs_check.language import parse_expr

    started = time.perf_counter()
    index, lo, hi = _over(args.over)
    ball = enclose(parse_expr(args.term), index, lo, hi, _values(args.set), _digits(args.digits))
    seconds = time.perf_counter() - started
    if args.json:
        print(json.dumps({**ball.as_json(), "digits": ball.digits, "seconds": round(seconds, 6)}))
    else:
        print(ball)
    return 0


def _over(text: str) -> tuple[str, Expr, Expr]:
    """Read ``i=LO..HI``."""
    from proofs_check.expr import Name
    from proofs_check.language import parse_expr

    name, equals, bounds = text.partition("=")
    lo, dots, hi = bounds.partition("..")
    if not (equals and dots and lo.strip() and hi.strip()):
        raise UserError(f"--over {text}: write index and bounds as in --over i=1..10^6 or i=1..oo")
    index = parse_expr(name)
    if not isinstance(index, Name) or index.name in ("oo", "pi"):
        raise UserError(f"--over {text}: {name.strip()} is no name for an index, such as i")
    return index.name, parse_expr(lo), parse_expr(hi)


def _values(text: str) -> Mapping[str, Fraction]:
    """Read ``a=2,t=10^6``."""
    from numerics.balls.program import exact
    from proofs_check.language import parse_expr

    values: dict[str, Fraction] = {}
    for item in filter(str.strip, text.split(",")):
        name, equals, number = (part.strip() for part in item.partition("="))
        if not equals or not name.isidentifier():
            raise UserError(f"--set {item.strip()}: write NAME=VALUE, several with commas")
        if name in values:
            raise UserError(f"--set gives {name} twice")
        value = exact(parse_expr(number), {})
        if value is None:
            raise UserError(f"--set {item.strip()}: the value must be an exact rational number")
        values[name] = value
    return values


def _digits(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise UserError(f"--digits {text:.40}: write a whole number, such as 50")
    return int(text)
