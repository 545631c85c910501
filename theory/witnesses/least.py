"""The search for witnesses against claims about optima: the least value along a path.

Parameters and the path of the names that are not varied come from
`ratecert.theory.witnesses.samples`; tied to one scale they leave a linear program, whose solution
gives the least value and points that attain it, at both ends of the face of optima where there are
several.  `ratecert.proofs_check.refutation.least` re-checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import islice
from typing import Any

from ratecert.proofs_check.kernel.algebra import Form
from ratecert.proofs_check.kernel.logform import LOGLOG, form_expr, log_tree
from ratecert.proofs_check.kernel.premises import Premises
from ratecert.proofs_check.language.claim import Claim, optimal_of
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.meaning.laws import NoMeaningError
from ratecert.proofs_check.paths.bounds import Path, order_along
from ratecert.proofs_check.paths.orders import Order, UndecidedError
from ratecert.proofs_check.refutation.least import check_least, tied_premises
from ratecert.proofs_check.refutation.witness import statement_of, with_effective_steps
from ratecert.theory.optima.optimise import nowhere_below
from ratecert.theory.optima.parametric import optimum_at, programs
from ratecert.theory.optima.spots import spots
from ratecert.theory.search.derivation import grown
from ratecert.theory.search.prover import CaseNeededError, StuckError
from ratecert.theory.witnesses.samples import orders_of, path_data, paths_of, values_of

__all__ = ["refute_optimum"]

MAX_VALUES = 3
MAX_PATHS = 200
MAX_GIVEN = 6
"""Parameter points, paths, and different paths of the given names that are tried."""


def refute_optimum(
    claim: Claim, most_values: int = MAX_VALUES, most_paths: int = MAX_GIVEN
) -> dict[str, Any] | None:
    """Return a checked witness of kind "least" against a claim about an optimum, or None.

    At most so many parameter points, and paths of the names that are not varied, are tried.  No
    witness contradicts a combination such as ``optimal(M)/N``.
    """
    if optimal_of(claim.left) is None:
        return None
    try:
        statement = statement_of(claim)
    except NoMeaningError:
        return None
    for values in islice(values_of(claim, statement), most_values):
        seen: list[dict[str, Order]] = []
        for path in islice(paths_of(claim, statement, values, fine=False), MAX_PATHS):
            given = _given(claim, orders_of(path))
            if given in seen or len(seen) == most_paths:
                continue
            seen.append(given)
            for witness in _witnesses(claim, values, given):
                try:
                    check_least(claim, witness)
                except RejectedError:
                    continue
                return witness
    return None


def _given(claim: Claim, orders: dict[str, Order]) -> dict[str, Order]:
    assert claim.objective is not None
    free = {"N" if name == "N_eff" else name for name in claim.objective.over}
    return {name: order for name, order in orders.items() if name not in free}


def _witnesses(
    claim: Claim, values: dict[str, Fraction], given: dict[str, Order]
) -> Iterator[dict[str, Any]]:
    try:
        ready = tied_premises(claim, values, given)
        found = list(_optima(ready, _face_of(claim, ready)))
    except (RejectedError, StuckError, CaseNeededError):
        return
    for point, value in found:
        orders = _orders(point, given, ready)
        if orders is None or not _differs(claim, values, given | orders, value, ready):
            continue
        lower = _lower(ready, value)
        if lower is None:
            continue
        yield {
            "kind": "least",
            "values": {name: str(number) for name, number in sorted(values.items())},
            "path": path_data(given),
            "point": path_data(orders),
            **lower,
        }


def _face_of(claim: Claim, ready: Premises) -> tuple[str, ...]:
    name = str(optimal_of(claim.left))
    return () if name == "value" else (ready.variable(name),)


def _optima(ready: Premises, faces: tuple[str, ...]) -> Iterator[tuple[dict[str, Form], Form]]:
    """Yield optimal points with the least value, also at the ends of their face."""
    inside = programs(ready)
    for spot in next(spots(ready), [])[:1]:
        optimum = optimum_at(inside, ready, spot, faces)
        if optimum is None:
            return
        yield dict(optimum.point), optimum.value
        for point in optimum.ends:
            yield dict(point), optimum.value


def _differs(
    claim: Claim,
    values: dict[str, Fraction],
    orders: dict[str, Order],
    value: Form,
    ready: Premises,
) -> bool:
    """Whether the optimum is not of the claimed order (so that a proof is worth its while)."""
    name = str(optimal_of(claim.left))
    try:
        path = Path(values, with_effective_steps(orders))
        least = order_along(form_expr(value, ready.ctx), path)
        found = least if name == "value" else path.orders[name]
        claimed = order_along(claim.right, path)
    except UndecidedError:
        return False
    return found >= claimed if claim.relation == "o" else found != claimed


def _lower(ready: Premises, value: Form) -> dict[str, Any] | None:
    """Return the value with the proof that the objective is nowhere below it."""
    text = form_expr(value, ready.ctx)
    leaf = nowhere_below(lambda case: log_tree(text, case.ctx))
    try:
        return {"value": str(text), "lower": grown(ready, (), leaf)}
    except (StuckError, RejectedError):
        return None


def _orders(
    point: dict[str, Form], given: dict[str, Order], ready: Premises
) -> dict[str, Order] | None:
    """Return the orders of the varied names along the path, N in the place of N_eff, if known."""
    known = with_effective_steps(given)
    out: dict[str, Order] = {}
    try:
        for name, form in point.items():
            order = _order(form, known)
            if order is None:
                return None
            if name == "N_eff":
                out["N"] = order * order.log()
            else:
                out[name] = order
    except UndecidedError:  # the logarithm of what stays bounded
        return None
    return out


def _order(form: Form, known: Mapping[str, Order]) -> Order | None:
    order = Order()
    for variable, coeff in form.coeffs.items():
        base = known.get(variable.removeprefix(LOGLOG))
        exponent = coeff.constant()
        if base is None or exponent is None:
            return None
        order = order * (base.log() if variable.startswith(LOGLOG) else base) ** exponent
    return order
