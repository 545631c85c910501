r"""Whether what a claim says has a value: asked before anything in it may cancel.

``M^((a - b)/(a - b))`` is M wherever it is anything, and where ``a = b`` is allowed the claim that
it is of order M is no statement.  So neither a derivation nor a witness counts unless both sides
of the claim, read as they are written, have a real value at all parameters allowed, for all large
sizes and at every index of their sums.  `valued` shows that, from the leaves up:

- a base has to be positive, or not 0 under a whole negative number, or anything under a whole
  positive one; the argument of a logarithm, of a root and of Γ has to be positive, that of ζ not
  1; ``x^0`` and ``0*x`` have a value where x has;
- the terms of a sum need a value at every index, which is a whole number from the range on.

`sign` gives the sign of an expression that has a value:

- functions of the parameters have theirs proved (`Context.sign`, or `constants.read_constant`);
- sizes, the step size, σ, indices from 1 on and quantities of the model are positive; a quantity
  subtracted from others is what `meaning` has a rule for, which gives positive bounds;
- products, quotients, powers, roots, exponentials, minima and maxima, sums of terms of one sign;
- a logarithm of what tends to infinity is positive;
- a difference is positive where the rules for orders (`logform`) show that what is added is of
  larger order, and ``1 - X`` where X is at most 1/2 (`filters`); so is a logarithm of something
  that is above 1 by these rules;
- a sum is as its terms are if its range certainly holds an index.

An infinite sum of powers has to converge; that of others is for the rules that give its order.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any

from ratecert.proofs_check.kernel.cases import check_tree
from ratecert.proofs_check.kernel.cone import Context, SignNeededError
from ratecert.proofs_check.kernel.constants import is_constant, rational_function, read_constant
from ratecert.proofs_check.kernel.growth import index_context
from ratecert.proofs_check.kernel.logform import UnsupportedError, exponent, log_tree
from ratecert.proofs_check.kernel.premises import Premises, stated
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import (
    NUMBERS,
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    Sum,
    add,
    children,
    free_names,
    neg,
)
from ratecert.proofs_check.language.quantities import QUANTITIES
from ratecert.proofs_check.meaning.definitions import has_quantity
from ratecert.proofs_check.meaning.filters import rate_of, small_under

__all__ = ["check_defined", "require_defined", "sign", "valued"]

_POSITIVE = NUMBERS | QUANTITIES | {"gamma", "sigma"}


def check_defined(claim: Claim, data: Any) -> None:
    """Check the proof that both sides of a claim, or its objective, have values.

    Parameters
    ----------
    data
        A tree of refinements (`tree`) with ``{}`` at its leaves.

    Raises
    ------
    RejectedError
        Where it does not show that.
    """
    check_tree(stated(claim), data, _leaf)


def _leaf(ready: Premises, node: Any) -> None:
    if node != {}:
        raise RejectedError("a proof that a claim has values ends in {}")
    require_defined(ready)


def require_defined(ready: Premises) -> None:
    """Reject unless what a claim says has a value under the premises, read as stated.

    Raises
    ------
    SignNeededError, GrowthNeededError
        Where a sign or a growth has to be proved first.
    """
    sides = [side for c in ready.constraints for side in (c.left, c.right)]
    for expr in (ready.left.upper, ready.right, *sides):
        valued(expr, ready.ctx)


def valued(expr: Expr, ctx: Context) -> None:
    """Reject unless an expression has a real value."""
    match expr:
        case Sum(term, _, lo, hi):
            valued(lo, ctx)
            if hi != Name("oo"):
                valued(hi, ctx)
            valued(term, _inside(expr, ctx))
            if hi == Name("oo"):
                _require_convergence(expr, ctx)
            return
        case Name("oo"):
            raise UnsupportedError("oo is no number")
    for part in children(expr):
        valued(part, ctx)
    match expr:
        case Pow(base, Num(value)) if value.denominator == 1:
            if value < 0:
                sign(base, ctx)
        case Pow(base, _) | Call("log" | "sqrt" | "Gamma", (base,)):
            _require_positive(base, ctx)
        case Call("zeta", (arg,)):
            sign(Add((arg, Num(Fraction(-1)))), ctx)


def _require_positive(expr: Expr, ctx: Context) -> None:
    if sign(expr, ctx) != "+":
        raise UnsupportedError(f"{expr} is negative")


def _inside(expr: Sum, ctx: Context) -> Context:
    """Add the index of a sum, which is at least 1 as the range starts above 0."""
    if sign(expr.lo, ctx) != "+":
        raise UnsupportedError(f"no rule for sums from {expr.lo}: start at 1 or above")
    return index_context(expr, ctx)


def _require_convergence(expr: Sum, ctx: Context) -> None:
    """Reject a sum of powers of the index, and of what is free of it, that may diverge.

    Terms of other forms are for the rules that give the order of the sum.
    """
    total = ctx.ring.one
    for factor in expr.term.factors if isinstance(expr.term, Mul) else (expr.term,):
        match factor:
            case Name(expr.index):
                total = total + ctx.ring.one
            case Pow(Name(expr.index) | Add((Name(expr.index), Num())), e) if (
                expr.index not in free_names(e)
            ):
                total = total + exponent(e, ctx)
            case _ if expr.index in free_names(factor):
                return
    if ctx.sign(total) != "-":
        raise UnsupportedError(f"{expr} diverges")


def sign(expr: Expr, ctx: Context) -> str:
    """Return "+" or "-" for an expression that has a value, if that is not 0; else reject."""
    if is_constant(expr, ctx) and (found := _sign_of_constant(expr, ctx)):
        return found
    match expr:
        case Name(name) if name in _POSITIVE | ctx.sizes | ctx.indices:
            return "+"
        case Call("exp" | "eigenvalue" | "optimal", _):
            return "+"
        case Call("min" | "max", parts):
            signs = {sign(part, ctx) for part in parts}
            return signs.pop() if len(signs) == 1 else {"min": "-", "max": "+"}[expr.func]
        case Call("sqrt" | "Gamma", _):
            return "+"
        case Pow(base, Num(value)) if value.denominator == 1 and value:
            found = sign(base, ctx)
            return found if value % 2 else "+"
        case Pow():
            return "+"
        case Mul(parts):
            minus = [sign(part, ctx) == "-" for part in parts]
            return "-" if sum(minus) % 2 else "+"
        case Add(parts):
            return _sign_of_sum(expr, parts, ctx)
        case Sum(term, _, lo, hi) if _holds_an_index(lo, hi, ctx):
            return sign(term, _inside(expr, ctx))
        case Call("log", (arg,)) if _is_large(arg, ctx):
            return "+"
    log_tree(expr, ctx)
    return "+"


def _is_large(expr: Expr, ctx: Context) -> bool:
    """Whether an expression plainly tends to infinity, iterated logarithms of sizes included."""
    match expr:
        case Name(name):
            return name in ctx.sizes
        case Call("log" | "sqrt" | "exp", (arg,)):
            return _is_large(arg, ctx)
        case Pow(base, e) if is_constant(e, ctx):
            return _is_large(base, ctx) and sign(e, ctx) == "+"
        case Add(parts) | Mul(parts):
            rest = [part for part in parts if not _is_large(part, ctx)]
            constant = all(is_constant(p, ctx) and sign(p, ctx) == "+" for p in rest)
            return len(rest) < len(parts) and constant
    return False


def _sign_of_constant(expr: Expr, ctx: Context) -> str:
    """Return the sign of a constant that is not 0, or nothing where it is to be taken apart."""
    value = rational_function(expr, ctx)
    if value is not None:
        found = ctx.sign(value)
        if found == "0":
            raise UnsupportedError(f"{expr} is 0")
        return found
    try:
        read_constant(expr, ctx)
    except SignNeededError:
        raise
    except RejectedError:
        return ""
    return "+"


def _sign_of_sum(expr: Add, parts: tuple[Expr, ...], ctx: Context) -> str:
    if has_quantity(expr):
        return "+"
    if _is_filter(expr, ctx):
        return "+"
    signs = {_sign_or_none(part, ctx) for part in parts}
    if signs in ({"+"}, {"-"}):
        return signs.pop()
    try:
        log_tree(expr, ctx)
    except UnsupportedError:
        if _is_positive(add(*map(neg, parts)), ctx):
            return "-"
        raise
    return "+"


def _sign_or_none(expr: Expr, ctx: Context) -> str:
    """Return the sign of a term, or nothing: a sum may have one where its terms have none."""
    try:
        return sign(expr, ctx)
    except UnsupportedError:
        return ""


def _is_positive(expr: Expr, ctx: Context) -> bool:
    try:
        log_tree(expr, ctx)
    except UnsupportedError:
        return False
    return True


def _is_filter(expr: Expr, ctx: Context) -> bool:
    """Whether an expression is ``1 - X`` with X at most 1/2."""
    rate = rate_of(expr)
    needs = None if rate is None else small_under(rate, ctx.sizes, ctx.indices)
    for need in needs or ():
        if ctx.sign(ctx.ring.frac(need.left)) != "+":
            raise UnsupportedError(f"nothing shows that {expr} is positive: it would need {need}")
    return needs is not None


def _holds_an_index(lo: Expr, hi: Expr, ctx: Context) -> bool:
    """Whether a range from a number, or without an end, certainly holds an index."""
    match lo, hi:
        case _, Name("oo"):
            return True
        case Num(first), Name(name):
            if name in ctx.indices:
                return ceil(first) <= ctx.least.get(name, 1)
        case Num(first), Num(last):
            return ceil(first) <= last
    return isinstance(lo, Num) and _is_large(hi, ctx)
