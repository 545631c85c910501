"""The search for derivations of ``LEFT ~ RIGHT``.

Which rule of `ratecert.proofs_check.equivalence.harmonic` applies to a sum follows from what is
known to tend to infinity, so that the search only has to prove growth wherever the rules ask for
it; signs and comparisons of parameters are asked for by exceptions, as in every search.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from fractions import Fraction
from typing import Any

from ratecert.proofs_check.equivalence.equivalent import Given, bound_of_small
from ratecert.proofs_check.equivalence.proof import compare, equivalent
from ratecert.proofs_check.kernel.algebra import Form
from ratecert.proofs_check.kernel.cone import Context, SignNeededError, lin
from ratecert.proofs_check.kernel.logform import form_expr
from ratecert.proofs_check.kernel.premises import Premises
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Expr, Num
from ratecert.proofs_check.meaning.filters import without_filters
from ratecert.theory.search.planner import falling_faster, plan
from ratecert.theory.search.prover import Prover, SplitNeededError, StuckError

__all__ = ["Sought", "equivalence_leaf", "proposed_equivalent"]


MUCH = Num(Fraction(4))
"""By this much faster exponentials are let fall where the least powers do not do."""


class Sought(Given):
    """Growth that is proved when it is asked for; `found` are the proofs."""

    def __init__(self, ctx: Context):
        self.found: dict[str, Any] = {}
        self.small: dict[str, Any] = {}
        self._unreadable: dict[Expr, bool] = {}
        super().__init__(self.found, ctx, self.small)
        self._prover = Prover(ctx)

    def leaf(self) -> dict[str, Any]:
        """Return what was found."""
        return {"grows": self.found} | ({"small": self.small} if self.small else {})

    def _proved(self, form: Form) -> bool:
        try:
            proof = self._prover.goal(lin(Form({})), lin(form), diverging=True)
        except StuckError:
            return False
        self.found[str(form_expr(form, self.ctx))] = proof
        return super()._proved(form)

    def is_small(self, term: Expr) -> bool:
        """Whether no rule gives an equivalent of a term."""
        if term not in self._unreadable:
            try:
                equivalent(term, self)
                self._unreadable[term] = False
            except SignNeededError:
                raise
            except RejectedError:
                self._unreadable[term] = True
        return self._unreadable[term]

    def require_small(self, term: Expr, forms: Iterable[Form]) -> None:
        """Find an upper bound of a term that is smaller than one of the monomials.

        Exponentials fall faster than they have to where the least powers are not enough.
        """
        known = list(forms)
        for extra in (None, MUCH):
            with nullcontext() if extra is None else falling_faster(extra):
                found = self._smaller(term, known)
            if found is not None:
                self.small[str(term)] = found
                return
        raise RejectedError(f"{term} has no equivalent, and is not known to be dominated")

    def _smaller(self, term: Expr, forms: Iterable[Form]) -> dict[str, Any] | None:
        bounds: dict[str, Any] = {}
        plain, _ = without_filters(term, self.ctx.sizes)
        plan(plain, True, self._prover, bounds)
        above = bound_of_small(term, self.ctx, bounds)
        for form in forms:
            try:
                proof = self._prover.goal(above, lin(form), diverging=True)
            except StuckError:
                continue
            than = str(form_expr(form, self.ctx))
            return {"than": than, "bounds": bounds, "proof": proof}
        return None


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
        except (RejectedError, StuckError, SplitNeededError):
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
    return sought.leaf()
