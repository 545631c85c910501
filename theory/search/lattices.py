"""Lattices of linear forms, simplified and written as expressions.

A part of a maximum or minimum is dropped where another one is provably at least as large or as
small.  What the assumptions do not settle is asked for as a distinction of cases.
"""

from __future__ import annotations

from ratecert.proofs_check.kernel.algebra import Form, Frac
from ratecert.proofs_check.kernel.cone import Context, Tree, lin, plus
from ratecert.proofs_check.kernel.growth import at_centre
from ratecert.proofs_check.kernel.logform import LOGLOG, form_expr, names_of
from ratecert.proofs_check.language.expr import Call, Expr, mul
from ratecert.theory.search.certificates import points
from ratecert.theory.search.prover import Prover, SplitNeededError

__all__ = [
    "comparison",
    "is_above",
    "logs_of",
    "ordered",
    "simplified",
    "times_index",
    "tree_expr",
]


def is_above(large: Form, small: Form, prover: Prover) -> bool:
    """Decide ``large >= small`` up to a constant.

    Raises
    ------
    SplitNeededError
        Where a distinction of cases is needed.
    """
    difference = large - small
    if prover.nonnegative(difference):
        return True
    if prover.nonnegative(-difference):
        return False
    raise SplitNeededError(difference)


def ordered(forms: list[Form], prover: Prover) -> list[Form]:
    """Sort forms by size."""
    found: list[Form] = []
    for form in forms:
        at = sum(1 for other in found if is_above(form, other, prover))
        found.insert(at, form)
    return found


def simplified(tree: Tree, prover: Prover) -> Tree:
    """Drop what is provably larger in a minimum and smaller in a maximum."""
    if tree.form is not None:
        return tree
    parts = [simplified(part, prover) for part in tree.parts]
    if tree.kind == "plus":
        return plus(parts)
    kept: list[Tree] = []
    for part in parts:
        if any(_beats(other, part, tree.kind, prover) for other in kept):
            continue
        kept = [other for other in kept if not _beats(part, other, tree.kind, prover)]
        kept.append(part)
    return kept[0] if len(kept) == 1 else Tree(tree.kind, None, tuple(kept))


def _beats(winner: Tree, loser: Tree, kind: str, prover: Prover) -> bool:
    if winner == loser:
        return True
    if winner.form is None or loser.form is None:
        return False
    large, small = (winner.form, loser.form) if kind == "max" else (loser.form, winner.form)
    return prover.dominates(large, small)


def times_index(term: Tree, index: str, centre: Form, prover: Prover) -> Tree:
    """Return ``log(term · i)`` at the point whose logarithm is `centre`."""
    if logs_of(term, index):
        prover.require_log(centre)
    value = at_centre(term, index, centre, prover.ctx)
    return simplified(plus([value, lin(centre)]), prover)


def logs_of(term: Tree, index: str) -> bool:
    """Whether a double logarithm of something with the index occurs."""
    if term.form is not None:
        logs = Form({v: c for v, c in term.form.coeffs.items() if v.startswith(LOGLOG)})
        return index in names_of(logs)
    return any(logs_of(part, index) for part in term.parts)


def tree_expr(tree: Tree, ctx: Context) -> Expr:
    """Return an expression whose logarithm is the tree."""
    if tree.form is not None:
        return form_expr(tree.form, ctx)
    parts = tuple(tree_expr(part, ctx) for part in tree.parts)
    if tree.kind == "plus":
        return mul(*parts)
    return Call(tree.kind, parts)


def comparison(form: Form, ctx: Context) -> str:
    """Write ``form >= 0`` as ``X >= Y``, with positive powers on both sides."""
    above: dict[str, Frac] = {}
    below: dict[str, Frac] = {}
    sample = next(iter(points(ctx.ring.names, ctx.factors)), None)
    for variable, coeff in form.coeffs.items():
        positive = sample is None or coeff.at(sample) > 0
        (above if positive else below)[variable] = coeff if positive else -coeff
    sides = [form_expr(Form(side), ctx) for side in (above, below)]
    return f"{sides[0]} >= {sides[1]}"
