"""``ratecert order``: how fast an expression grows, in every regime."""

from __future__ import annotations

import argparse
import json
import sys

HELP = "the order of an expression (sums included) in every regime"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("expr", metavar="EXPR", help="such as 'sum(i^-a/(i^-a + 1/t), i, 1, M)'")
    parser.add_argument(
        "--assume",
        action="append",
        default=[],
        metavar="COND",
        help="an assumption, such as 'a > 1'; may be given several times",
    )
    parser.add_argument(
        "--sizes", default="", metavar="x,y", help="further names that tend to infinity"
    )
    parser.add_argument(
        "--terms", type=_count, default=1, metavar="K",
        help="how many terms with their constants to show, where they are known (default 1)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="write JSON to standard output")


MAX_TERMS = 20


def _count(text: str) -> int:
    value = int(text) if text.isdecimal() and len(text) < MAX_TERMS else 0
    if not 1 <= value <= MAX_TERMS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MAX_TERMS}")
    return value


def run(args: argparse.Namespace) -> int:
    """Print the order; 1 where it is not known, with the reason."""
    from ratecert.orders.leading import UnknownOrderError
    from ratecert.orders.order import order

    sizes = [name.strip() for name in args.sizes.split(",") if name.strip()]
    try:
        rate = order(args.expr, args.assume, sizes, args.terms)
    except UnknownOrderError as error:
        print(f"{args.expr}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(rate.as_json(), ensure_ascii=False) if args.json else rate)
    return 0
