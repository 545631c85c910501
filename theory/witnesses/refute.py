"""The search for a witness against a claim: parameters and a path along which it fails.

Along a path of powers of t the logarithm of a ratio of rates is piecewise linear in the
exponents, so if it is unbounded it is so along the rays inside some regime or between two of
them: the paths of `ratecert.theory.witnesses.samples`.  Failures by a logarithm show on slow sizes
and one logarithm beside a boundary (`fine` samples).  Every witness is checked by `proofs_check`
before it is returned; that none is found proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.meaning.laws import NoMeaningError
from ratecert.proofs_check.paths.bounds import Path
from ratecert.proofs_check.refutation.witness import (
    UnfoldedStatement,
    check_refutation,
    refuted_along,
    statement_of,
)
from ratecert.theory.witnesses.samples import (
    orders_of,
    path_data,
    paths_of,
    special_case,
    values_of,
)

__all__ = ["model", "refute"]

MAX_VALUES = 12
"""Parameter points that are tried with plain paths."""
MANY_PARAMETERS, MANY_VALUES = 3, 32
"""With so many parameters as many points are tried: the first ones differ in few of them."""
MAX_FINE_VALUES = 3
"""Parameter points that are tried with fine paths too."""
MAX_PATHS = 30
"""Plain paths that are tried at each parameter point."""
MAX_FINE_PATHS = 120
"""Fine paths that are tried at each parameter point."""


def refute(
    claim: Claim, most_values: int = MAX_VALUES, most_paths: int = MAX_PATHS
) -> dict[str, Any] | None:
    """Return a checked witness against the claim as plain JSON, or None where none is found.

    With fewer parameter points or paths than usual, fine paths are not tried.

    The witness is what `ratecert.proofs_check.refutation.witness.check_refutation` accepts; the
    simplest found comes first in the order of the search, which is fixed.
    """
    try:
        statement = statement_of(claim)
    except NoMeaningError:
        return None
    for special, path in _candidates(claim, statement, most_values, most_paths):
        try:
            refuted_along(claim, special, path)
            witness = _witness(claim, path)
            # With numbers for its parameters a side may be read that cannot be as it stands.
            check_refutation(claim, witness)
        except RejectedError:
            continue
        return witness
    return None


def model(claim: Claim) -> dict[str, Any] | None:
    """Return an example of all that the claim assumes, or None where none is found.

    It shows that the claim is not vacuous;
    `ratecert.proofs_check.refutation.witness.check_allowed` re-checks it.
    """
    statement = statement_of(claim)
    for fine, most in ((False, MAX_VALUES), (True, MAX_FINE_VALUES)):
        for values in islice(values_of(claim, statement), most):
            for path in islice(paths_of(claim, statement, values, fine=fine), MAX_PATHS):
                texts = {name: str(value) for name, value in sorted(values.items())}
                return {"values": texts, "path": path_data(orders_of(path))}
    return None


def _candidates(
    claim: Claim, statement: UnfoldedStatement, most_values: int, most_paths: int
) -> Iterator[tuple[UnfoldedStatement, Path]]:
    """Yield paths, each with the statement at its parameters."""
    full = (most_values, most_paths) >= (MAX_VALUES, MAX_PATHS)
    points = list(islice(values_of(claim, statement), MANY_VALUES if full else most_values))
    if full and len(points[0] if points else ()) < MANY_PARAMETERS:
        points = points[:MAX_VALUES]
    for values in points:
        special = special_case(statement, values)
        for path in islice(paths_of(claim, statement, values), most_paths):
            yield special, path
    if not full:
        return
    for values in points[:MAX_FINE_VALUES]:
        special = special_case(statement, values)
        for path in islice(paths_of(claim, statement, values, fine=True), MAX_FINE_PATHS):
            yield special, path


def _witness(claim: Claim, path: Path) -> dict[str, Any]:
    values = {name: str(value) for name, value in sorted(path.values.items())}
    orders = path_data(orders_of(path))
    if claim.objective is None:
        return {"kind": "path", "values": values, "path": orders}
    free = {"N" if name == "N_eff" else name for name in claim.objective.over}
    point = {name: exponents for name, exponents in orders.items() if name in free}
    given = {name: exponents for name, exponents in orders.items() if name not in free}
    return {"kind": "optimum", "values": values, "path": given, "point": point}
