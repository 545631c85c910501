r"""Refuting claims about optima: the least value along a path, and a point that attains it.

The witness fixes the parameters as rationals and ties the names that are not varied to one of
them, S, as ``S^p (log S)^q``; ``N_eff = N/log N`` in the place of N where the claim speaks of it,
which along a path goes like the order of N divided by the order of its logarithm.  With these as
assumptions

1. a lower bound ``E >= c V`` of the objective at *all* feasible points is proved as in `optimum`,
   with V in the names that are not varied;
2. a feasible point is given along the path, where E is at most of order V.

So V is the order of the minimum along this path, which decides claims about ``optimal(value)``,
and the point is within a constant factor of it, which refutes ``optimal(X) = Theta(R)`` if X is
not of order R there (``O``: if X/R tends to infinity; ``Omega``: if it tends to 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ratecert.proofs_check.kernel.cases import check_tree
from ratecert.proofs_check.kernel.goals import entry, read_expr
from ratecert.proofs_check.kernel.logform import log_tree
from ratecert.proofs_check.kernel.optimum import nowhere_below, require_outer, varied
from ratecert.proofs_check.kernel.premises import Premises, premises
from ratecert.proofs_check.language.claim import Claim, optimal_of
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Call, Expr, Name, Num, mul, power
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.paths.bounds import order_along
from ratecert.proofs_check.paths.orders import CONSTANT, Order, UndecidedError
from ratecert.proofs_check.refutation.witness import (
    Refuted,
    feasible_point,
    refuted_ratio,
    with_effective_steps,
)

__all__ = ["check_least", "tied_premises", "ties"]


def tied_premises(
    claim: Claim, values: Mapping[str, Fraction], given: Mapping[str, Order]
) -> Premises:
    """Return the premises of a claim at fixed parameters, the names in `given` tied together.

    Raises
    ------
    RejectedError
        Where no size among them goes like a power of t alone, or one has a double logarithm.
    """
    fixed = [Condition(Name(n), "=", Num(value)) for n, value in sorted(values.items())]
    if "N" in given and premises(claim, *fixed).uses_n_eff:
        given = {n: order for n, order in with_effective_steps(given).items() if n != "N"}
    return premises(claim, *fixed, *ties(given))


def ties(given: Mapping[str, Order]) -> list[Condition]:
    """Return conditions that tie names to a size among them, as ``S^p (log S)^q``.

    Raises
    ------
    RejectedError
        Where no size goes like a power of t alone, or a name has a double logarithm.
    """
    pure = [n for n, order in sorted(given.items()) if order > CONSTANT and not order.y]
    if not pure or any(order.z for order in given.values()):
        raise RejectedError("the names that are not varied have no common scale")
    scale = Name(pure[0])
    unit = given[pure[0]].x
    return [
        Condition(Name(name), "=", _power(scale, order.x / unit, order.y))
        for name, order in sorted(given.items())
        if name != scale.name
    ]


def _power(scale: Expr, x: Fraction, y: Fraction) -> Expr:
    return mul(power(scale, Num(x)), power(Call("log", (scale,)), Num(y)))


def check_least(claim: Claim, data: Mapping[str, Any]) -> Refuted:
    """Check a witness of kind "least" against a claim about an optimum.

    Parameters
    ----------
    data
        ``{"kind": "least", "values": ..., "path": ..., "point": ..., "value": V, "lower": TREE}``
        with values, path and point as for `check_refutation`.

    Raises
    ------
    RejectedError
        If a step does not hold or the claim does not fail at the witness.
    """
    found = feasible_point(claim, data)
    given = {n: order for n, order in found.path.orders.items() if n in entry(data, "path")}
    ready = tied_premises(claim, found.path.values, given)
    if tied := sorted(given.keys() & _names_of_varied(ready)):
        raise RejectedError(f"{tied[0]} is minimised over: it belongs to the point, not the path")
    value = read_expr(entry(data, "value"))
    require_outer(value, ready)
    require_outer(ready.right, ready)
    check_tree(ready, entry(data, "lower"), nowhere_below(lambda case: log_tree(value, case.ctx)))
    try:
        least = order_along(value, found.path)
        right = order_along(claim.right, found.path)
    except UndecidedError as error:
        raise RejectedError(str(error)) from error
    if found.objective > least:
        raise RejectedError(f"the point does not attain the least value: {found.objective}")
    name = optimal_of(claim.left)
    where = least if name == "value" else found.path.orders.get(str(name))
    assert where is not None, "a path says how everything goes that is minimised over"
    return refuted_ratio(claim, found, where / right)


def _names_of_varied(ready: Premises) -> frozenset[str]:
    """Return the varied names, N and N_eff both if one of them is."""
    names, steps = varied(ready), frozenset({"N", "N_eff"})
    return names if names.isdisjoint(steps) else names | steps
