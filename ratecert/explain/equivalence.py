"""Proofs of ``LEFT ~ RIGHT`` in words: what tends to infinity, the sums, and both sides.

As in `ratecert.explain.cases` nothing is derived here: the leaf is checked once more, and what the
checker did with each sum (`ratecert.proofs_check.equivalence.equivalent.SumStep`) is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from ratecert.explain.comparisons import comparisons_of, joined_by
from ratecert.proofs_check.equivalence.equivalent import (
    Equivalent,
    Given,
    SumStep,
    agree,
    bound_of_small,
)
from ratecert.proofs_check.equivalence.proof import equivalent, read_given
from ratecert.proofs_check.equivalence.summands import read_term
from ratecert.proofs_check.kernel.algebra import Form
from ratecert.proofs_check.kernel.cone import Context, lin
from ratecert.proofs_check.kernel.goals import read_expr
from ratecert.proofs_check.kernel.logform import monomial
from ratecert.proofs_check.kernel.premises import Premises
from ratecert.proofs_check.language.expr import Expr, Name, Num, Sum, add, mul, neg, power
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.theory.search.lattices import simplified, tree_expr
from ratecert.theory.search.prover import Prover
from ratecert.writing.page import Block, Items, Line, Paragraph, equation, line, math
from ratecert.writing.tables import Math

__all__ = ["equivalence_told"]

Short = Callable[[Expr], Expr]


def equivalence_told(ready: Premises, data: Mapping[str, Any], short: Short) -> list[Block]:
    """Return the blocks of a leaf; `short` gives sums their names."""
    given = read_given(data, ready.ctx)
    left, right = equivalent(ready.left.upper, given), equivalent(ready.right, given)
    growth = [*_growth(data["grows"], ready.ctx), *_small(data.get("small", {}), ready.ctx, short)]
    blocks: list[Block] = []
    if growth:
        blocks += [Paragraph(line("Of smaller order are:")), Items(tuple(growth))]
    sums = [_sum_told(step, ready.ctx, short) for step in given.steps]
    end = _agreement(given, left, right)
    ends = [
        line(similar(math(ready.claim.left), _value(left, ready.ctx)), "."),
        line(similar(math(ready.claim.right), _value(right, ready.ctx)), end),
    ]
    told = line("Leading terms, with what is dominated left out:")
    return [*blocks, Paragraph(told), Items((*dict.fromkeys(sums), *ends))]


def similar(left: Math, right: Math) -> Math:
    """Return ``left ~ right``."""
    return Math(rf"{left.latex} \sim {right.latex}", f"{left.plain} ~ {right.plain}")


def _value(value: Equivalent, ctx: Context) -> Math:
    return math(value.expr(ctx))


def _agreement(given: Given, left: Equivalent, right: Equivalent) -> str:
    if left == right:
        return ", the same."
    if not agree(left, right, given.ctx):
        return "."
    return ", the same by identities of powers, Gamma and zeta."


def _growth(proofs: Mapping[str, Any], ctx: Context) -> Iterator[Line]:
    """Say why each monomial tends to infinity."""
    for text, proof in proofs.items():
        form = monomial(read_expr(text), ctx)
        steps = list(comparisons_of(lin(Form({})), lin(form), proof, ctx, "o"))
        yield line(joined_by(steps, "; "), ".")


def _small(hints: Mapping[str, Any], ctx: Context, short: Short) -> Iterator[Line]:
    """Say of which order terms without an equivalent are at most, and why that is smaller."""
    for text, hint in hints.items():
        term = read_expr(text)
        above = bound_of_small(term, ctx, hint["bounds"])
        large = lin(monomial(read_expr(hint["than"]), ctx))
        order = math(tree_expr(simplified(above, Prover(ctx)), ctx))
        steps = list(comparisons_of(above, large, hint["proof"], ctx, "o"))
        told = line(math(short(term)), " is at most of order ", order)
        yield line(told, ", and ", joined_by(steps, "; "), ".")


def _sum_told(step: SumStep, ctx: Context, short: Short) -> Line:
    assert isinstance(step.expr, Sum)
    said = similar(math(short(step.expr)), _value(step.value, ctx))
    reasons = [line(_WORDS[rule]) for rule in step.rules]
    if step.at is not None:
        reasons.insert(0, _filter_told(step, step.expr, ctx))
    return line(said, ": ", joined_by(reasons, "; "), ".")


def _filter_told(step: SumStep, expr: Sum, ctx: Context) -> Line:
    """Say what the filter is and, in the bulk, its Mellin transform."""
    term = read_term(expr.term, expr.index, ctx)
    (phi,) = term.filters
    power_ = "1" if phi.p is None else f"({ctx.ring.expr(phi.p)})"
    function, transform = (parse_expr(text.format(p=power_)) for text in _FILTERS[phi.kind])
    falling = power(Name(expr.index), neg(ctx.ring.expr(phi.a)))
    u = equation(math(Name("u")), math(mul(phi.X, falling)))
    told = line("the terms hold ", math(function), ", ", u)
    if phi.rate is not None and phi.steps is not None:
        repeated = power(add(Num(Fraction(1)), neg(mul(phi.rate, falling))), phi.steps)
        told = line("the terms hold ", math(repeated), ", equivalent to ", math(function), ", ", u)
        told = line(told, ", as ", math(phi.steps), " tends to infinity")
    if "bulk" in step.rules:
        s = ctx.ring.expr((-term.slope - ctx.ring.one) / phi.a)
        told = line(told, "; its Mellin transform ", math(transform), " converges at ")
        told = line(told, equation(math(Name("s")), math(s)))
    return told


_FILTERS: Mapping[str, tuple[str, str]] = {
    "exp": ("exp(-u)", "Gamma(s)"),
    "exp inverse": ("exp(-1/u)", "Gamma(-s)"),
    "one minus exp": ("1 - exp(-u)", "Gamma(1 + s)/(-s)"),
    "sum": ("(1 + u)^(-{p})", "Gamma(s)*Gamma({p} - s)/Gamma({p})"),
    "min": ("min(1, u^{p})", "{p}/((-s)*(s + {p}))"),
    "max": ("max(1, u)^(-{p})", "{p}/(s*({p} - s))"),
}
"""Functions of the table of `ratecert.proofs_check.equivalence.harmonic`, and their Mellin
transforms."""

_WORDS: Mapping[str, str] = {
    "upper end": "compared with the integral, which its upper end rules",
    "lower end": "compared with the integral, which its lower end rules",
    "convergent": "the sum of these powers converges",
    "slow tail": "compared with the integral of a power of a logarithm over its argument",
    "flat": "compared with the logarithm that is its integral",
    "large u": "its argument tends to infinity on the whole range, where the function is "
    "equivalent to a power",
    "small u": "its argument tends to 0 on the whole range, where the function is equivalent to "
    "a power",
    "head": "the first terms rule, and the argument of the function tends to infinity there",
    "outer end": "the last terms rule, and the argument of the function tends to 0 there",
    "head with a logarithm": "all scales count alike as long as the argument is above 1, which "
    "gives a logarithm",
    "outer end with a logarithm": "all scales count alike from where the argument is below 1, "
    "which gives a logarithm",
    "bulk": "the sum is a Riemann sum of the integral that defines the transform, of a step that "
    "tends to 0",
}
"""What the rules of `ratecert.proofs_check.equivalence.harmonic` say."""
