r"""Where a path runs: how the competing terms of a claim compare along it.

A regime is a set of joint limits in which one term of each ``max``, ``min`` or sum in RIGHT grows
faster than the others; on a boundary two of them are of one order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import combinations

from ratecert.numerics.legs.places import Exponents
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.expr import Add, Call, Expr, Sum, children
from ratecert.proofs_check.paths.bounds import Path, upper_along
from ratecert.proofs_check.paths.orders import Order, UndecidedError

__all__ = ["place_in"]


def place_in(claim: Claim, values: Mapping[str, Fraction], path: Exponents) -> list[str]:
    """Return comparisons such as ``M << (N_eff*gamma)^(1/a)`` along a path.

    ``<<`` and ``>>`` say which term grows faster, ``~`` that both are of one order.  Terms that
    have no order by the rules of `ratecert.proofs_check.paths.bounds` are left out.
    """
    orders = {name: Order(*powers) for name, powers in path.items()}
    if "N" in orders and "N_eff" not in orders:
        orders["N_eff"] = orders["N"] / orders["N"].log()
    along = Path(values, orders)
    found = (_comparison(x, y, along) for x, y in _competitors(claim.right))
    return [text for text in dict.fromkeys(found) if text]


def _competitors(expr: Expr) -> Iterator[tuple[Expr, Expr]]:
    """Yield the pairs of terms of each sum, minimum and maximum outside of sums over an index."""
    match expr:
        case Sum():
            return
        case Add(terms) | Call("min" | "max", terms):
            yield from combinations(terms, 2)
    for part in children(expr):
        yield from _competitors(part)


def _comparison(x: Expr, y: Expr, along: Path) -> str:
    try:
        left, right = upper_along(x, along), upper_along(y, along)
    except UndecidedError:
        return ""
    sign = "~" if left == right else "<<" if left < right else ">>"
    return f"{x} {sign} {y}"
