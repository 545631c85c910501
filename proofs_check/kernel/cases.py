"""Walking through a tree of case distinctions down to its leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ratecert.proofs_check.kernel.goals import entry, is_impossible, parameter, read_expr, refined
from ratecert.proofs_check.kernel.premises import Premises, with_sizes
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.statement import Condition

__all__ = ["Leaf", "check_tree", "comparisons"]

Leaf = Callable[[Premises, Any], None]


def check_tree(ready: Premises, node: Any, leaf: Leaf) -> None:
    """Walk through a tree of case distinctions and check each case's leaf."""
    if isinstance(node, Mapping) and "compare" in node:
        for compared, key in comparisons(ready, node):
            check_tree(compared, entry(node, key), leaf)
        return
    steps = list(refined(node, ready.ctx))
    for ctx, rest in steps:
        check_tree(with_sizes(ready, ctx), rest, leaf)
    if not steps and not is_impossible(node, ready.ctx):
        leaf(ready, node)


def comparisons(ready: Premises, node: Mapping[str, Any]) -> Iterator[tuple[Premises, str]]:
    """Yield the three cases of a comparison of parameters, read anew with it as an assumption.

    Refinements made above are not carried over, so comparisons stand at the top of a tree.
    """
    pair = node["compare"]
    if not isinstance(pair, list) or len(pair) != 2:
        raise RejectedError("a comparison has two sides")
    left, right = (read_expr(text) for text in pair)
    for side in (left, right):
        # Where a side has a pole, none of the three cases would hold.
        if not parameter(str(side), ready.ctx).den.is_constant():
            raise RejectedError(f"{side} is compared, but it is not a polynomial")
    yield ready.anew(Condition(left, ">", right)), "gt"
    yield ready.anew(Condition(left, "=", right)), "eq"
    yield ready.anew(Condition(left, "<", right)), "lt"
