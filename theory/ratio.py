"""The search for witnesses against ``LEFT ~ RIGHT``: a path along which the ratio has a limit.

At sample parameters and paths both sides are brought to multiples of one monomial.
`proofs_check.ratio` re-checks.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from proofs_check.checker import is_exact
from proofs_check.claim import Claim
from proofs_check.cone import RejectedError, SignNeededError
from proofs_check.meaning import NoMeaningError
from proofs_check.paths import Path
from proofs_check.premises import Premises
from proofs_check.ratio import check_ratio, ratio_of, tied_exactly
from proofs_check.refutation import statement_of
from theory.derivation import CaseNeededError, grown
from theory.equivalence import Sought
from theory.prover import Prover, StuckError
from theory.samples import orders_of, path_data, paths_of, values_of

__all__ = ["refute_ratio"]

MAX_VALUES = 3
MAX_PATHS = 8
"""Parameter points, and paths at each of them, that are tried."""


def refute_ratio(claim: Claim) -> dict[str, Any] | None:
    """Return a checked witness of kind "ratio" against a claim with ``~``, or None."""
    if not is_exact(claim):
        return None
    try:
        statement = statement_of(claim)
    except NoMeaningError:
        return None
    for values in islice(values_of(claim, statement), MAX_VALUES):
        for path in islice(paths_of(claim, statement, values), MAX_PATHS):
            found = _witness(claim, path)
            if found is not None:
                return found
    return None


def _witness(claim: Claim, path: Path) -> dict[str, Any] | None:
    texts = {name: str(value) for name, value in sorted(path.values.items())}
    try:
        tree = grown(tied_exactly(claim, path), (), _leaf)
        witness = {
            "kind": "ratio",
            "values": texts,
            "path": path_data(orders_of(path)),
            "tree": tree,
        }
        check_ratio(claim, witness)
    except (RejectedError, StuckError, CaseNeededError):
        return None
    return witness


def _leaf(ready: Premises, prover: Prover) -> dict[str, Any]:
    sought = Sought(prover.ctx)
    try:
        ratio_of(ready, sought)
    except SignNeededError:
        raise
    except RejectedError as error:
        raise StuckError(str(error)) from error
    return sought.leaf()
