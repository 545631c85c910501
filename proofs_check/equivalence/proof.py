r"""Proofs of ``LEFT ~ RIGHT``: both sides have the same equivalent, by the same rules.

An expression is evaluated from the inside: constants by `constants`, powers, products, sums,
minima, maxima and logarithms by `equivalent`, sums over an index by `harmonic`.  The equivalents
of both sides, without what is dominated, must be the same sum of constants times monomials.  As
``LEFT ~ E`` and ``RIGHT ~ E`` give ``LEFT ~ RIGHT``, that proves the claim, for all joint limits
that the assumptions leave.

A leaf of the derivation is ``{"grows": {MONOMIAL: PROOF, ...}}``: proofs that monomials tend to
infinity, each a goal of `goals`; and, where a sum has terms that are small beside others,
``"small": {TERM: {"than": MONOMIAL, "bounds": ..., "proof": GOAL}}``.  Which rule applies follows
from them and from the signs proved above it; a proof that is missing can only make a rule
inapplicable.

What is read here is *exact*: quantities by `exact_meaning`, the step size as it is (``gamma = 1``
says no more than that it has constant order), and ``N_eff`` as a size by itself, so that nothing
is known of how it is related to N.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ratecert.proofs_check.equivalence.equivalent import (
    Equivalent,
    Given,
    Single,
    agree,
    constant,
    dominant,
    log_of,
    monomial_of,
)
from ratecert.proofs_check.equivalence.harmonic import sum_equivalent
from ratecert.proofs_check.equivalence.summands import is_complement
from ratecert.proofs_check.kernel.algebra import Form, Frac
from ratecert.proofs_check.kernel.cone import Context
from ratecert.proofs_check.kernel.constants import (
    is_constant,
    rational,
    rational_function,
    read_constant,
)
from ratecert.proofs_check.kernel.goals import entry
from ratecert.proofs_check.kernel.logform import UnsupportedError, exponent
from ratecert.proofs_check.kernel.premises import Premises
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    Sum,
    add,
    mul,
    neg,
)

__all__ = ["check_equivalence", "compare", "equivalent", "read_given"]


def check_equivalence(ready: Premises, node: Any) -> None:
    """Check a leaf of the derivation of ``LEFT ~ RIGHT``."""
    compare(ready, read_given(node, ready.ctx))


def read_given(node: Any, ctx: Context) -> Given:
    """Return what a leaf gives."""
    return Given(entry(node, "grows"), ctx, node.get("small"))


def compare(ready: Premises, given: Given) -> None:
    """Reject unless both sides of a claim have the same equivalent.

    Raises
    ------
    RejectedError
        Where a side has none, or they differ.
    """
    left, right = equivalent(ready.left.upper, given), equivalent(ready.right, given)
    if not agree(left, right, given.ctx):
        texts = left.expr(given.ctx), right.expr(given.ctx)
        raise RejectedError(f"LEFT ~ {texts[0]}, but RIGHT ~ {texts[1]}")


def equivalent(expr: Expr, given: Given) -> Equivalent:
    """Return the equivalent of a positive expression, without dominated terms.

    Raises
    ------
    RejectedError
        Where no rule gives one.
    """
    found = _value(expr, given)
    return dominant(found.singles(), (), given, expr)


def _value(expr: Expr, given: Given) -> Equivalent:
    ctx = given.ctx
    if is_constant(expr, ctx):
        return constant(read_constant(expr, ctx))
    match expr:
        case Name(name) if name in ctx.sizes or name in ctx.indices or name == "gamma":
            return Equivalent.of([monomial_of(Form({name: ctx.ring.one}), ctx)])
        case Mul(factors):
            return _product(factors, given)
        case Pow(base, e):
            return _power(base, exponent(e, ctx), given)
        case Call("sqrt", (arg,)):
            return _power(arg, ctx.ring.one / ctx.ring.number(2), given)
        case Add(terms):
            return _sum_of(terms, given, expr)
        case Call("min" | "max" as func, args):
            return _extreme(args, func == "max", given, expr)
        case Call("log", (arg,)):
            return log_of(equivalent(arg, given).single(arg), given, arg)
        case Call("exp", (arg,)):
            return _exp(arg, given)
        case Sum(Add(terms) as term) if not is_complement(term):
            # A sum of a difference is the difference of the sums, each of which converges.
            return _value(add(*(_sum_over(term, expr) for term in terms)), given)
        case Sum():
            return sum_equivalent(expr, lambda inner: equivalent(inner, given), given)
    raise UnsupportedError(f"no rule gives an equivalent of {expr}")


def _sum_over(term: Expr, outer: Sum) -> Expr:
    """Return the sum of another term over the same range, its number in front."""
    number, rest = (term.factors[0], term.factors[1:]) if isinstance(term, Mul) else (term, ())
    if not isinstance(number, Num):
        number, rest = Num(Fraction(1)), (term,)
    return mul(number, Sum(mul(*rest), outer.index, outer.lo, outer.hi))


def _product(factors: tuple[Expr, ...], given: Given) -> Equivalent:
    constants = [factor for factor in factors if is_constant(factor, given.ctx)]
    result = constant(rational(given.ctx.ring.one))
    if constants:
        result = constant(read_constant(mul(*constants), given.ctx))
    for factor in factors:
        if not is_constant(factor, given.ctx):
            result = result * _value(factor, given)
    return result


def _power(base: Expr, e: Frac, given: Given) -> Equivalent:
    if e.is_zero():
        return constant(rational(given.ctx.ring.one))
    return Equivalent.of([equivalent(base, given).single(base).raised(e)])


def _sum_of(terms: tuple[Expr, ...], given: Given, what: Expr) -> Equivalent:
    positive: list[Single] = []
    negative: list[Single] = []
    small: list[Expr] = []
    for term in terms:
        is_negative = _is_negative(term, given.ctx)
        size = neg(term) if is_negative else term
        if given.is_small(size):
            small.append(size)
        else:
            side = negative if is_negative else positive
            side += _value(size, given).singles()
    result = dominant(positive, negative, given, what)
    for term in small:
        given.require_small(term, result.terms)
    return result


def _is_negative(term: Expr, ctx: Context) -> bool:
    """Whether the constant factor of a term is negative."""
    factors = term.factors if isinstance(term, Mul) else (term,)
    constants = [factor for factor in factors if is_constant(factor, ctx)]
    number = rational_function(mul(*constants), ctx)
    return number is not None and ctx.sign(number) == "-"


def _extreme(args: tuple[Expr, ...], larger: bool, given: Given, what: Expr) -> Equivalent:
    found = [equivalent(arg, given) for arg in args]
    singles = [part.single(arg) for part, arg in zip(found, args, strict=True)]
    for one in singles:
        gaps = [(one.form - x.form if larger else x.form - one.form, x) for x in singles]
        if all(given.grows(gap) or _is_same(one, x, given.ctx) for gap, x in gaps):
            return Equivalent.of([one])
    raise UnsupportedError(f"which of the arguments of {what} rules is not settled")


def _is_same(one: Single, other: Single, ctx: Context) -> bool:
    return agree(Equivalent.of([one]), Equivalent.of([other]), ctx)


def _exp(arg: Expr, given: Given) -> Equivalent:
    for part in equivalent(neg(arg) if _is_negative(arg, given.ctx) else arg, given).singles():
        given.require(-part.form)
    return constant(rational(given.ctx.ring.one))
