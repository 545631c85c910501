"""The search for derivations of ``LEFT ~ RIGHT``.

Which rule of `proofs_check.harmonic` applies to a sum follows from what is known to tend to
infinity, so that the search only has to prove growth wherever the rules ask for it; signs and
comparisons of parameters are asked for by exceptions, as in every search.
"""

from __future__ import annotations

from typing import Any

from proofs_check.algebra import Form
from proofs_check.cone import Context, RejectedError, SignNeededError, lin
from proofs_check.equivalence import compare, equivalent
from proofs_check.equivalents import Given
from proofs_check.expr import Expr
from proofs_check.logform import form_expr
from proofs_check.premises import Premises
from theory.prover import Prover, StuckError

__all__ = ["Sought", "equivalence_leaf", "proposed_equivalent"]


class Sought(Given):
    """Growth that is proved when it is asked for; `found` are the proofs."""

    def __init__(self, ctx: Context):
        self.found: dict[str, Any] = {}
        super().__init__(self.found, ctx)
        self._prover = Prover(ctx)

    def _proved(self, form: Form) -> bool:
        try:
            proof = self._prover.goal(lin(Form({})), lin(form), diverging=True)
        except StuckError:
            return False
        self.found[str(form_expr(form, self.ctx))] = proof
        return super()._proved(form)


def proposed_equivalent(ready: Premises) -> Expr | None:
    """Return what the left side of exact premises is equivalent to, without cases; else None."""
    prover = Prover(ready.ctx)
    while True:
        try:
            return equivalent(ready.left.upper, Sought(prover.ctx)).expr(prover.ctx)
        except SignNeededError as needed:
            signed = prover.with_sign(needed.value)
            if signed is None:
                return None
            prover = signed[1]
        except RejectedError:
            return None


def equivalence_leaf(ready: Premises, prover: Prover) -> dict[str, Any]:
    """Return the leaf that compares the equivalents of both sides of a claim."""
    sought = Sought(prover.ctx)
    try:
        compare(ready, sought)
    except SignNeededError:
        raise
    except RejectedError as error:
        raise StuckError(str(error)) from error
    return {"grows": sought.found}
