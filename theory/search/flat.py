r"""Flat stretches of a sum: where ``term · i`` changes by powers of ``log i`` only.

On such a stretch ``[P, Q]`` the terms are ``F log(i + 2)^p / i`` with F free of i.

- Where ``Q >= P^2`` and ``p > -1`` the sum over it is of the order of ``F log(Q)^(p+1)``, and the
  stretch ``[Q^(1/2), Q]`` alone gives it; where ``p < -1`` it is of that of ``F log(P)^(p+1)``,
  from ``[P, P^2]``.
- For ``p = 0``, and where ``Q <= P^2`` so that the logarithm is of one order on the stretch, it is
  of the order of ``F log(P)^p log(2 + Q/P)``.
- For ``p = -1`` and ``Q >= P^2`` it would be a triple logarithm, for which there is no variable.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ratecert.proofs_check.kernel.algebra import Form, Frac
from ratecert.proofs_check.kernel.cone import Context, Tree, lin, normal_form
from ratecert.proofs_check.kernel.logform import LOGLOG, UnsupportedError, loglog, names_of
from ratecert.proofs_check.language.expr import Sum
from ratecert.theory.search.lattices import is_above, ordered, times_index
from ratecert.theory.search.prover import Prover, StuckError

__all__ = ["Flat", "flats", "lengths"]


@dataclass(frozen=True, slots=True)
class Flat:
    """A flat stretch from `first` to `last` (None is infinity), whose terms have ``log(i)^power``.

    `top` is the end that gives the order where the logarithm changes along it, else None; `value`
    is the logarithm of ``term · i`` there, or at `first`.
    """

    first: Form
    last: Form | None
    power: Frac
    top: Form | None
    value: Tree

    def stretch(self, ctx: Context) -> tuple[Form, Form]:
        """Return the ends of a part that is enough, with a logarithm of one order."""
        if self.top is None:
            assert self.last is not None, "an infinite stretch has a top"
            return self.first, self.last
        if self.top == self.first:
            return self.top, self.top.scale(ctx.ring.number(2))
        return self.top.scale(ctx.ring.one / ctx.ring.number(2)), self.top

    def halves(self, ctx: Context) -> tuple[tuple[Form, Form], ...]:
        """Return the stretch and, where the terms may change along it, its halves."""
        first, last = self.stretch(ctx)
        middle = (first + last).scale(ctx.ring.one / ctx.ring.number(2))
        return (first, last), (first, middle), (middle, last)


def flats(expr: Sum, term: Tree, centres: list[Form], finite: bool, prover: Prover) -> list[Flat]:
    """Return the flat stretches of a sum between its centres, and beyond unless it is `finite`.

    Raises
    ------
    SplitNeededError, SignNeededError
        Where it takes a distinction of cases to know.
    StuckError
        Where the sum over a stretch has no rule.
    """
    one = prover.ctx.ring.one
    forms = dict.fromkeys(form for clause in normal_form(term, "max") for form in clause)
    level = [
        form for form in forms if (form.coeffs.get(expr.index) or prover.ctx.ring.zero) == -one
    ]
    if not level:
        return []
    places = ordered(centres, prover)
    ends: list[tuple[Form, Form | None]] = list(pairwise(places))
    if not finite:
        ends.append((places[-1], None))
    found = []
    for first, last in ends:
        here = [f for f in level if _runs_along(f, first, last, term, expr.index, prover)]
        if here:
            power = here[0].coeffs.get(LOGLOG + expr.index, prover.ctx.ring.zero)
            found.append(_flat(expr, lin(here[0]), first, last, power, prover))
    return found


def _runs_along(
    form: Form, first: Form, last: Form | None, term: Tree, index: str, prover: Prover
) -> bool:
    """Whether the term is this monomial at both ends; at infinity, of its powers."""
    own = lin(form)
    ends = (first,) if last is None else (first, last)
    same = all(
        times_index(term, index, end, prover) == times_index(own, index, end, prover)
        for end in ends
    )
    if not same or last is not None:
        return same
    return _powers_at_infinity(term, index, prover.ctx) == _powers_at_infinity(
        own, index, prover.ctx
    )


def _powers_at_infinity(term: Tree, index: str, ctx: Context) -> tuple[Frac, Frac]:
    """Return the powers of the index and of its logarithm with which the term ends."""
    zero = ctx.ring.zero
    if term.form is not None:
        return term.form.coeffs.get(index, zero), term.form.coeffs.get(LOGLOG + index, zero)
    parts = [_powers_at_infinity(part, index, ctx) for part in term.parts]
    best = parts[0]
    for part in parts[1:]:
        if term.kind == "plus":
            best = best[0] + part[0], best[1] + part[1]
        elif _is_larger(part, best, ctx) == (term.kind == "max"):
            best = part
    return best


def _is_larger(first: tuple[Frac, Frac], second: tuple[Frac, Frac], ctx: Context) -> bool:
    signs = [ctx.sign(x - y) for x, y in zip(first, second, strict=True) if x != y]
    return bool(signs) and signs[0] == "+"


def _flat(
    expr: Sum, form: Tree, first: Form, last: Form | None, power: Frac, prover: Prover
) -> Flat:
    ctx = prover.ctx
    value = times_index(form, expr.index, first, prover)
    if power.is_zero() and last is not None:
        return Flat(first, last, power, None, value)
    sign = ctx.sign(power + ctx.ring.one)
    if last is None and sign != "-":
        raise StuckError(f"{expr} diverges")
    if last is not None and not is_above(last, first.scale(ctx.ring.number(2)), prover):
        return Flat(first, last, power, None, value)
    if sign == "0":
        raise StuckError(f"no rule for the triple logarithm in {expr}")
    if sign == "-" or last is None:
        return Flat(first, last, power, first, value)
    return Flat(first, last, power, last, times_index(form, expr.index, last, prover))


def lengths(length: Form, prover: Prover) -> Iterator[tuple[Form, Frac]]:
    """Yield monomials X and factors κ with which a length may be compared with ``κ log X``."""
    ctx = prover.ctx
    one = ctx.ring.one
    if len(length.coeffs) == 1 and length.coeffs.keys() <= ctx.sizes:
        ((size, factor),) = length.coeffs.items()
        yield Form({size: one}), factor if ctx.sign(factor) == "+" else -factor
    try:
        if names_of(length).isdisjoint(ctx.indices):
            prover.require_log(length)
        else:
            loglog(length, ctx)
    except UnsupportedError:
        pass
    else:
        yield length, one
    for size in sorted(ctx.sizes, key=lambda size: (size not in length.coeffs, size)):
        own = length.coeffs.get(size)
        if own is not None:
            yield Form({size: one}), own if ctx.sign(own) == "+" else -own
        yield Form({size: one}), one
