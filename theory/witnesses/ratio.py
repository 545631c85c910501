"""The search for witnesses against ``LEFT ~ RIGHT``: a path along which the ratio has a limit.

At sample parameters and paths both sides are brought to multiples of one monomial.
`ratecert.proofs_check.refutation.ratio` re-checks.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from ratecert.proofs_check.checker import is_exact
from ratecert.proofs_check.kernel.cone import SignNeededError
from ratecert.proofs_check.kernel.premises import Premises
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.meaning.laws import NoMeaningError
from ratecert.proofs_check.paths.bounds import Path
from ratecert.proofs_check.refutation.ratio import check_ratio, ratio_of, tied_exactly
from ratecert.proofs_check.refutation.witness import statement_of
from ratecert.theory.search.derivation import grown
from ratecert.theory.search.equivalence import Sought
from ratecert.theory.search.prover import CaseNeededError, Prover, StuckError
from ratecert.theory.witnesses.samples import orders_of, path_data, paths_of, values_of

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
