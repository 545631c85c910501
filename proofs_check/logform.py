"""The logarithm of a positive expression, up to a bounded constant, as a lattice of linear forms.

With ``log M`` and ``log log M`` as variables, and up to a constant that depends on the
parameters alone:

    log(positive constant) = 0               log(x y) = log x + log y
    log(x^p) = p log x                       log(x + y) = max(log x, log y)
    log(min(x, y)) = min(log x, log y)       log(max(x, y)) = max(log x, log y)
    log(log(M^p N^q)) = max(loglog M, loglog N)   for p, q > 0

The last line: ``max(p log M, q log N) <= log(M^p N^q) <= 2 max(...)`` and ``log(p log M) =
loglog M + log p``.  Factors ``(log M)^r`` inside change ``log`` by ``o(log M)``, hence by a
bounded factor.
"""

from __future__ import annotations

from fractions import Fraction

from proofs_check.algebra import Form, Frac, NotRationalError
from proofs_check.cone import Context, RejectedError, Tree, join, lin, meet, plus, scaled
from proofs_check.expr import Add, Call, Expr, Mul, Name, Num, Pow, add, children, free_names

__all__ = ["LOGLOG", "UnsupportedError", "exponent", "log_tree", "monomial"]

LOGLOG = "log "
"""Prefix of the variable that stands for the logarithm of a size's logarithm."""

CONSTANTS = frozenset({"pi", "sigma"})
"""Names of fixed positive numbers."""


class UnsupportedError(RejectedError):
    """The rules do not reach this expression; the message says which part."""


def exponent(expr: Expr, ctx: Context) -> Frac:
    """Read an exponent: a rational function of the parameters, its denominator of proved sign."""
    try:
        value = ctx.ring.frac(expr)
    except (NotRationalError, ZeroDivisionError) as error:
        raise UnsupportedError(f"the exponent {expr}: {error}") from error
    ctx.sign(Frac(value.den, ctx.ring.one.den))
    return value


def log_tree(expr: Expr, ctx: Context) -> Tree:
    """Return ``log(expr)`` up to a bounded constant; `expr` has no sums and no exponentials."""
    names = free_names(expr)
    if names <= CONSTANTS | set(ctx.ring.names):
        _require_positive(expr, ctx)
        return lin(Form({}))
    match expr:
        case Name(name) if name in ctx.sizes or name in ctx.indices or name == "gamma":
            return lin(Form({name: ctx.ring.one}))
        case Add(terms):
            return join([log_tree(term, ctx) for term in terms])
        case Mul(factors):
            return plus([log_tree(factor, ctx) for factor in factors])
        case Pow(base, power):
            return scaled(log_tree(base, ctx), exponent(power, ctx), ctx)
        case Call("sqrt", (arg,)):
            return scaled(log_tree(arg, ctx), ctx.ring.number(Fraction(1, 2)), ctx)
        case Call("max", args):
            return join([log_tree(arg, ctx) for arg in args])
        case Call("min", args):
            return meet([log_tree(arg, ctx) for arg in args])
        case Call("log", (arg,)):
            return _loglog(arg, ctx)
    raise UnsupportedError(f"no rule gives the order of {expr}")


def _require_positive(expr: Expr, ctx: Context) -> None:
    """Reject unless a constant expression is provably positive."""
    if free_names(expr) <= set(ctx.ring.names):
        try:
            value = ctx.ring.frac(expr)
        except ZeroDivisionError as error:
            raise UnsupportedError(f"{expr}: {error}") from error
        except NotRationalError:
            pass
        else:
            if ctx.sign(value) != "+":
                raise UnsupportedError(f"{expr} is not positive: no rule for differences")
            return
    match expr:
        case Name(name) if name in CONSTANTS:
            return
        case Call("exp", (arg,)):
            _require_real(arg, ctx)
        case Call("Gamma", (arg,)):
            _require_positive(arg, ctx)
        case Call("zeta", (arg,)):
            _require_positive(add(arg, Num(Fraction(-1))), ctx)
        case Pow(base, power):
            _require_positive(base, ctx)
            _require_real(power, ctx)
        case Add(parts) | Mul(parts) | Call("max" | "min" | "sqrt", parts):
            for part in parts:
                _require_positive(part, ctx)
        case _:
            raise UnsupportedError(f"no rule shows that {expr} is positive")


def _require_real(expr: Expr, ctx: Context) -> None:
    """Reject unless a constant expression provably has a finite real value."""
    try:
        exponent(expr, ctx)
    except UnsupportedError:
        if isinstance(expr, Add | Mul):
            for part in children(expr):
                _require_real(part, ctx)
        else:
            _require_positive(expr, ctx)


def _loglog(arg: Expr, ctx: Context) -> Tree:
    """Return ``log log`` of a product of powers of sizes that tend to infinity."""
    tree = log_tree(arg, ctx)
    if tree.kind == "max":
        parts = [part for part in tree.parts if part.form is None or not part.form.is_zero()]
    else:
        parts = [tree]
    return join([_loglog_form(part, arg, ctx) for part in parts])


def _loglog_form(part: Tree, arg: Expr, ctx: Context) -> Tree:
    form = part.form
    if form is None or form.is_zero():
        raise UnsupportedError(f"no rule gives the order of log({arg})")
    powers = {v for v in form.coeffs if not v.startswith(LOGLOG)}
    inner = {v.removeprefix(LOGLOG) for v in form.coeffs} - powers
    if not powers or not powers <= ctx.sizes or not inner <= powers:
        raise UnsupportedError(f"no rule gives the order of log({arg})")
    for size in powers:
        if ctx.sign(form.coeffs[size]) != "+":
            raise UnsupportedError(f"log({arg}) need not tend to infinity")
    return join([lin(Form({LOGLOG + size: ctx.ring.one})) for size in sorted(powers)])


def monomial(expr: Expr, ctx: Context) -> Form:
    """Return ``log(expr)`` of a monomial; rejects an expression that is none."""
    form = log_tree(expr, ctx).form
    if form is None:
        raise RejectedError(f"{expr} is not a monomial in the sizes")
    return form
