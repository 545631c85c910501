r"""What a failed search suggests to assume: comparisons under which it might not have failed.

- A *case* in which the search failed is excluded: ``b > 1`` or ``b < 1`` for ``b = 1``,
  ``X <= Y`` for ``X >= Y``.
- Of a failed *comparison* ``min_j a_j <= max_l b_l`` of linear forms in the logarithms (see
  `ratecert.proofs_check.kernel.cone`), one form ``b_l - a_j >= 0`` is enough.  It is assumed as a
  comparison of monomials, or follows from the signs of its coefficients: these are rational
  functions of the parameters, with the signs of their irreducible factors.
- A few *plain* comparisons need no failure: of the parameters with 0, 1 and each other, of the
  sizes with each other and with the step size.

Comparisons of parameters are strict here; `weaker` adds the boundary.  Nothing is said about
whether an assumption helps; `ratecert.theory.advice.settle` tries them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import permutations, product

from flint import fmpq_mpoly

from ratecert.proofs_check.kernel.algebra import Factor, Form, Frac, NotRationalError, Ring
from ratecert.proofs_check.kernel.cone import Context
from ratecert.proofs_check.kernel.logform import monomial, names_of
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import (
    Call,
    Name,
    Num,
    add,
    div,
    free_names,
    mul,
    unmarked,
)
from ratecert.proofs_check.language.grammar import parse_condition
from ratecert.proofs_check.language.statement import Comparison, Condition
from ratecert.theory.search.certificates import positive
from ratecert.theory.search.derivation import cases_of
from ratecert.theory.search.lattices import comparison
from ratecert.theory.search.prover import StuckError

__all__ = ["follows", "names", "plain", "plainly", "suggested", "weaker", "why"]

MAX_TERMS, MAX_DEGREE = 4, 2
"""Longer polynomials in the parameters are nothing that anybody would assume."""
LONGEST = 40
"""Terms of a polynomial beyond which it is not factored."""

ZERO, ONE = Num(Fraction(0)), Num(Fraction(1))
_TURNED: Mapping[Comparison, Comparison] = {
    "<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=",
}  # fmt: skip
_OUTSIDE: Mapping[Comparison, tuple[Comparison, ...]] = {
    "<": (">",), "<=": (">",), "=": (">", "<"), ">=": ("<",), ">": ("<",),
}  # fmt: skip
_BOTH: tuple[Comparison, ...] = (">", "<")


def names(condition: Condition) -> frozenset[str]:
    """Return the names in a condition."""
    return free_names(condition.left) | free_names(condition.right)


def weaker(condition: Condition) -> Condition:
    """Return a condition with its boundary."""
    weak: Mapping[Comparison, Comparison] = {"<": "<=", ">": ">="}
    return replace(condition, op=weak.get(condition.op, condition.op))


def why(error: Exception, ctx: Context) -> str:
    """Return why a search failed, and in which case of the parameters."""
    cases = [c for text in cases_of(error) for c in parse_condition(unmarked(text))]
    about = [c for c in cases if names(c) <= set(ctx.ring.names) and _is_clear(c, ctx.ring)]
    shown = _without_implied([plainly(c, ctx.ring) for c in about], ctx)
    return f"{error}, where {' and '.join(map(str, shown))}" if shown else str(error)


def _without_implied(cases: list[Condition], ctx: Context) -> list[Condition]:
    """Leave out what follows from the rest."""
    left = list(dict.fromkeys(cases))
    for case in left[:]:
        others = [other for other in left if other != case]
        if follows(case, ctx.with_factors(*(f for other in others for f in _factors(other, ctx)))):
            left = others
    return left


def _factors(condition: Condition, ctx: Context) -> list[Factor]:
    """Return what a condition between parameters says of their signs."""
    value = (ctx.ring.frac(condition.left) - ctx.ring.frac(condition.right)).signed()
    signs = {">": (value,), ">=": (value,), "<": (-value,), "<=": (-value,), "=": (value, -value)}
    return [Factor(poly, condition.op in ("<", ">")) for poly in signs[condition.op]]


def follows(condition: Condition, ctx: Context) -> bool:
    """Whether a condition between parameters is provable at once."""
    factors = _factors(condition, ctx)
    return all(positive(factor.poly, ctx, factor.strict) is not None for factor in factors)


def _is_clear(case: Condition, ring: Ring) -> bool:
    value = ring.frac(case.left) - ring.frac(case.right)
    return value.constant() is None and _is_short(value.num)


def plain(ctx: Context) -> Iterator[Condition]:
    """Yield comparisons that need no failure to suggest them."""
    for name, value, op in product(ctx.ring.names, (ZERO, ONE), _BOTH):
        yield Condition(Name(name), op, value)
    for first, second in permutations(ctx.ring.names, 2):
        yield Condition(Name(first), "<", Name(second))
        yield Condition(Name(first), "<", add(Name(second), ONE))
    sizes = [Name(size) for size in sorted(ctx.sizes)]
    if any("gamma" in generator.form.coeffs for generator in ctx.generators):
        for size in sizes:
            yield Condition(mul(size, Name("gamma")), ">=", ONE)
    for large, small in permutations(sizes, 2):
        yield Condition(large, ">=", small)
        yield Condition(large, ">=", mul(small, Call("log", (small,))))


def suggested(error: Exception, ctx: Context) -> Iterator[Condition]:
    """Yield conditions under which a failure might not occur."""
    for text in cases_of(error):
        (case,) = parse_condition(text)
        yield from _outside(case, ctx)
    if isinstance(error, StuckError) and error.value is not None:
        yield from _signs(error.value, ctx.ring, _BOTH)
    if isinstance(error, StuckError) and error.clause is not None and error.ctx is not None:
        lower, upper = error.clause
        for small, large in product(lower, upper):
            yield from _bounded_below(large - small, error.ctx)


def _outside(case: Condition, ctx: Context) -> Iterator[Condition]:
    """Yield the comparisons that exclude a case; between sizes, the boundary stays in."""
    if not names(case) <= set(ctx.ring.names):
        try:
            form = monomial(div(case.left, case.right), ctx)
        except RejectedError:
            return
        yield from parse_condition(comparison(form if case.op == "<=" else -form, ctx))
        return
    value = ctx.ring.frac(case.left) - ctx.ring.frac(case.right)
    yield from _signs(value, ctx.ring, _OUTSIDE[case.op])


def _bounded_below(form: Form, ctx: Context) -> Iterator[Condition]:
    """Yield what may help a form to be bounded below: each coefficient's sign, and that it is."""
    for variable, coeff in form.coeffs.items():
        if coeff.constant() is None:
            ops: tuple[Comparison, ...] = ("<",) if variable == "gamma" else (">",)
            yield from _signs(coeff, ctx.ring, _BOTH if variable in ctx.indices else ops)
    if len(names_of(form)) > 1 and names_of(form).isdisjoint(ctx.indices):
        yield from parse_condition(comparison(form, ctx))


def _signs(value: Frac, ring: Ring, ops: tuple[Comparison, ...]) -> Iterator[Condition]:
    """Yield ``value op 0``; where the value has several factors, comparisons of each with 0."""
    if max(len(value.num), len(value.den)) > LONGEST:
        return
    (scale, above), (unit, below) = value.num.factor(), value.den.factor()
    factors = [poly for poly, times in (*above, *below) if times % 2]
    if len(factors) > 1:
        ops = _BOTH
    elif scale * unit < 0:
        ops = tuple(_TURNED[op] for op in ops)
    for poly, op in product(factors, ops):
        if _is_short(poly):
            yield _compared(poly, op, ring)


def _is_short(poly: fmpq_mpoly) -> bool:
    """Whether somebody might assume something of a polynomial; squares are the search's own.

    Beyond what a claim needs exponentials are let fall with the squares of the parameters.
    """
    is_multilinear = max(poly.degrees()) <= 1
    return is_multilinear and len(poly) <= MAX_TERMS and poly.total_degree() <= MAX_DEGREE


def plainly(condition: Condition, ring: Ring) -> Condition:
    """Write a condition between parameters with one of them alone, if it is linear in them."""
    try:
        value = ring.frac(condition.left) - ring.frac(condition.right)
    except NotRationalError:
        return condition
    if value.constant() is not None or not value.den.is_constant():
        return condition
    return _compared(value.num, condition.op, ring)


def _compared(poly: fmpq_mpoly, op: Comparison, ring: Ring) -> Condition:
    """Write ``poly op 0`` with a parameter alone if it is linear, and without negative terms."""
    one = ring.one.den
    if poly.total_degree() == 1:
        name = max(name for name in ring.names if not poly.derivative(name).is_zero())
        slope = Frac(poly.derivative(name), one)
        rest = ring.frac(Name(name)) - Frac(poly, one) / slope
        return Condition(Name(name), op if _is_positive(slope) else _TURNED[op], ring.expr(rest))
    if poly.leading_coefficient() < 0:
        poly, op = -poly, _TURNED[op]
    terms = poly.to_dict().items()
    above = ring.ctx.from_dict({monom: value for monom, value in terms if value > 0})
    below = ring.ctx.from_dict({monom: -value for monom, value in terms if value < 0})
    return Condition(ring.expr(Frac(above, one)), op, ring.expr(Frac(below, one)))


def _is_positive(slope: Frac) -> bool:
    value = slope.constant()
    return value is not None and value > 0
