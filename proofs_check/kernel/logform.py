r"""The logarithm of a positive expression, up to a bounded constant, as a lattice of linear forms.

With ``log M`` and ``log log M`` as variables, and up to a constant that depends on the
parameters alone:

    log(positive constant) = 0               log(x y) = log x + log y
    log(x^p) = p log x                       log(x + y) = max(log x, log y)
    log(min(x, y)) = min(log x, log y)       log(max(x, y)) = max(log x, log y)
    log(i - r) = log i,  for an index ``i >= l`` and ``0 < r < l``
    log(x - y) = log x   where x/y tends to infinity

*Differences.*  Where each term y that is subtracted has an added one, x, with ``x/y -> oo``, the
sum is between half of what is added and that itself for large sizes, whatever the indices.  Equal
terms are not collected: where a step size of constant order stands as 1, or N_eff log N_eff for N
(see `premises`), numbers in front of them mean nothing.  A monomial tends to infinity in that way
if it has positive powers of sizes and of indices, logarithms of these aside,
and at least one size; or if it is a positive power of one of which that was proved (`goals`).

*Double logarithms.*  Any monomial X in sizes, gamma and indices has a variable
``λ(X) = log log(2 + X)``; for a size it is ``log log M``, for an index ``i >= 1`` it is, up to a
bounded difference, ``log log(i + 1)``.  It is bounded below, as ``log(2 + X) >= log 2``.

- ``λ(X^q) = λ(X)`` for ``q > 0``: where ``X >= 1`` the logarithms of ``2 + X`` and ``2 + X^q`` are
  between ``log X`` and ``(1 + q)(log X + log 3)``, and both are bounded where ``X < 1``.
- ``λ(X) = 0`` where X is a product of negative powers of sizes and indices and of positive powers
  of gamma, hence bounded.
- ``λ(X Y) = max(λ(X), λ(Y))`` where X and Y are powers of sizes and indices with positive
  exponents, both at least a constant.
- Factors ``log(2 + Y)^r`` of X change nothing where Y is X itself without them, or one of the
  names of which X is a product with exponents of one sign: they are below every power of Y where
  Y is large, and bounded elsewhere.  In other monomials they stay.

*Logarithms.*  If y is at least some number above 1, ``log(y)`` and ``log(2 + y)`` are of one
order; and ``log(2 + x + y)`` is ``max(log(2 + x), log(2 + y))`` up to a factor, as it is at most
their sum, ``log(2 + min(x, y))`` is the minimum exactly.  So ``log log(y)`` is the lattice of the
``λ(X)`` over the monomials X in the lattice of y if y tends to infinity (a positive power of a
size is in it, or it was proved to), has a number above 1 as a term, or is literally above 1, as
``i + 1`` is for an index ``i >= 1``.  For ``y = 1 + x`` it is the lattice of
``min(log X, λ(X))``: ``log(1 + X)`` is of the order of X where ``X <= 1`` and of ``log(2 + X)``
where ``X >= 1``, and each of the two is the smaller one there, up to a factor;
``log(1 + x + y) <= log(1 + x) + log(1 + y)`` again.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

from ratecert.proofs_check.kernel.algebra import Form, Frac, NotRationalError
from ratecert.proofs_check.kernel.cone import (
    Context,
    Generator,
    Tree,
    is_multiple,
    join,
    lin,
    meet,
    normal_form,
    plus,
    scaled,
)
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
    mul,
    neg,
    power,
    walk,
)
from ratecert.proofs_check.language.grammar import parse_expr

__all__ = [
    "LOGLOG",
    "GrowthNeededError",
    "UnsupportedError",
    "exponent",
    "form_expr",
    "grows",
    "has_log_of",
    "is_negative",
    "log_generators",
    "log_tree",
    "loglog",
    "monomial",
    "names_of",
]

LOGLOG = "log "
"""Prefix of the variable ``λ(X)``; the text of X follows."""

CONSTANTS = NUMBERS | {"sigma"}
"""Names of fixed positive numbers."""

ONE = Fraction(1)
TWO = Num(Fraction(2))


class UnsupportedError(RejectedError):
    """The rules do not reach this expression; the message says which part."""


class GrowthNeededError(UnsupportedError):
    """It has to be proved of a monomial that it tends to infinity."""

    def __init__(self, form: Form, text: str):
        self.form = form
        super().__init__(text)


def exponent(expr: Expr, ctx: Context) -> Frac:
    """Read an exponent: a rational function of the parameters, its denominator of proved sign.

    In it ``min`` and ``max`` are that argument of theirs which the signs of differences select.
    """
    try:
        value = ctx.ring.frac(_selected(expr, ctx))
    except (NotRationalError, ZeroDivisionError) as error:
        raise UnsupportedError(f"the exponent {expr}: {error}") from error
    ctx.sign(Frac(value.den, ctx.ring.one.den))
    return value


def _selected(expr: Expr, ctx: Context) -> Expr:
    """Return an exponent without min and max."""
    match expr:
        case Add(terms):
            return add(*(_selected(term, ctx) for term in terms))
        case Mul(factors):
            return mul(*(_selected(factor, ctx) for factor in factors))
        case Pow(base, e):
            return power(_selected(base, ctx), e)
        case Call("min" | "max" as name, args):
            first, *others = (_selected(arg, ctx) for arg in args)
            for other in others:
                sign = ctx.sign(ctx.ring.frac(first) - ctx.ring.frac(other))
                if sign == ("+" if name == "min" else "-"):
                    first = other
            return first
    return expr


def log_tree(expr: Expr, ctx: Context) -> Tree:
    """Return ``log(expr)`` up to a bounded constant; `expr` has no sums and no exponentials."""
    names = free_names(expr)
    if names <= CONSTANTS | set(ctx.ring.names):
        _require_positive(expr, ctx)
        return lin(Form({}))
    match expr:
        case Name(name) if name in ctx.sizes or name in ctx.indices or name == "gamma":
            return lin(Form({name: ctx.ring.one}))
        case Add((Name(name), Num(shift)) | (Num(shift), Name(name))) if _is_below(
            name, -shift, ctx
        ):
            return lin(Form({name: ctx.ring.one}))
        case Add(terms) if any(map(is_negative, terms)):
            return _difference(terms, ctx)
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
            return _log_of_log(arg, ctx)
    raise UnsupportedError(f"no rule gives the order of {expr}")


def _is_below(name: str, shift: Fraction, ctx: Context) -> bool:
    """Whether ``0 < shift < i`` for the index of that name."""
    return name in ctx.indices and 0 < shift < ctx.least.get(name, ONE)


def is_negative(term: Expr) -> bool:
    """Whether a term is written with a minus: a negative number stands in front."""
    match term:
        case Num(value) | Mul((Num(value), *_)):
            return value < 0
    return False


def _difference(terms: tuple[Expr, ...], ctx: Context) -> Tree:
    """Return the logarithm of what is added, where what is subtracted is of smaller order."""
    added = [log_tree(term, ctx) for term in terms if not is_negative(term)]
    taken = [log_tree(neg(term), ctx) for term in terms if is_negative(term)]
    if not added:
        raise UnsupportedError(f"{Add(terms)} is not positive: no rule for differences")
    large = join(added)
    for small in taken:
        _require_above(large, small, Add(terms), ctx)
    return large


def _require_above(large: Tree, small: Tree, expr: Expr, ctx: Context) -> None:
    """Reject unless ``large - small`` tends to infinity.

    Each minimum that `small` is the largest of must fall behind one that `large` is the largest
    of: each form of the latter is then far above one form of the former.
    """
    mins = normal_form(large, "max")
    for most in normal_form(small, "max"):
        if not any(all(any(_diverges(x - y, ctx) for y in most) for x in xs) for xs in mins):
            text = f"no rule for differences gives {expr}: nothing shows which term is the larger"
            if len(mins) == len(mins[0]) == len(most) == 1:
                raise GrowthNeededError(mins[0][0] - most[0], text)
            raise UnsupportedError(text)


def _diverges(form: Form, ctx: Context) -> bool:
    """Whether what has this logarithm tends to infinity, uniformly in the indices."""
    return grows(form, ctx) or any(g.grows and is_multiple(form, g.form) for g in ctx.generators)


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
        case Call("zeta" | "log", (arg,)):
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


# Logarithms.


def _log_of_log(arg: Expr, ctx: Context) -> Tree:
    """Return ``log log(arg)``."""
    terms = arg.terms if isinstance(arg, Add) else (arg,)
    added = sum((term.value for term in terms if isinstance(term, Num)), Fraction(0))
    rest = add(*(term for term in terms if not isinstance(term, Num))) if added > 0 else arg
    parts = normal_form(log_tree(rest, ctx), "max")
    growing = [forms for forms in parts if all(_diverges(form, ctx) for form in forms)]
    if growing:
        # Constants make no difference beside something that tends to infinity.
        parts = [forms for forms in parts if not any(form.is_zero() for form in forms)]
    if any(_is_log(form) for forms in parts for form in forms):
        raise UnsupportedError(f"no rule gives the order of log({arg})")
    if growing or added > 1 or _is_above_one(arg, ctx):
        return join([meet([loglog(form, ctx) for form in forms]) for forms in parts])
    if added == 1:
        small = [[meet([lin(form), loglog(form, ctx)]) for form in forms] for forms in parts]
        return join([meet(forms) for forms in small])
    text = f"log({arg}) need not be above 0: write log(1 + ...)"
    if len(parts) == len(parts[0]) == 1:
        raise GrowthNeededError(parts[0][0], text)
    raise UnsupportedError(text)


def grows(form: Form, ctx: Context) -> bool:
    """Whether the form is that of positive powers of indices and at least one size."""
    powers = {v for v in form.coeffs if not v.startswith(LOGLOG)}
    return (
        not powers.isdisjoint(ctx.sizes)
        and powers <= ctx.sizes | ctx.indices
        and {v.removeprefix(LOGLOG) for v in form.coeffs} <= powers
        and all(ctx.sign(form.coeffs[v]) == "+" for v in powers)
    )


def _is_log(form: Form) -> bool:
    """Whether the form is that of a product of logarithms alone."""
    return bool(form.coeffs) and all(v.startswith(LOGLOG) for v in form.coeffs)


def _is_above_one(arg: Expr, ctx: Context) -> bool:
    """Whether a sum of positive powers of indices, numbers aside, is literally above 1."""
    total = Fraction(0)
    for term in arg.terms if isinstance(arg, Add) else (arg,):
        total += _least(term, ctx)
    return total > 1


def _least(term: Expr, ctx: Context) -> Fraction:
    """Return a lower bound of a positive term, or the value of a number."""
    match term:
        case Num(value):
            return value
        case Name(name) if name in ctx.indices:
            return ctx.least.get(name, ONE)
        case Pow(Name(name), power) if name in ctx.indices:
            return ONE if ctx.sign(exponent(power, ctx)) == "+" else Fraction(0)
        case Mul((Num(value), Name() | Pow() as rest)) if value > 0:
            return value * _least(rest, ctx)
    return Fraction(0)


def loglog(form: Form, ctx: Context) -> Tree:
    """Return ``λ(X) = log log(2 + X)`` where the form is ``log X``."""
    powers = {v: c for v, c in form.coeffs.items() if not v.startswith(LOGLOG)}
    logs = {v.removeprefix(LOGLOG) for v in form.coeffs if v.startswith(LOGLOG)}
    signs = {v: ctx.sign(c) for v, c in powers.items()}
    large = ctx.sizes | ctx.indices
    if logs <= powers.keys() and all(
        sign == ("-" if v in large else "+") for v, sign in signs.items()
    ):
        return lin(Form({}))
    if logs <= powers.keys() <= large and set(signs.values()) == {"+"}:
        return join([lin(Form({LOGLOG + v: ctx.ring.one})) for v in sorted(powers)])
    if not powers:
        raise UnsupportedError(f"no rule gives the order of log({form_expr(form, ctx)} + 2)")
    key = _key(Form(powers), signs, ctx)
    if not logs <= {key}:
        key = _key(form, signs, ctx)
    return lin(Form({LOGLOG + key: ctx.ring.one}))


def _key(form: Form, signs: Mapping[str, str], ctx: Context) -> str:
    """Return the text of a monomial, scaled so that its first power is 1 or -1."""
    first = min(signs)
    size = form.coeffs[first] if signs[first] == "+" else -form.coeffs[first]
    return str(form_expr(form.scale(ctx.ring.one / size), ctx))


def log_generators(form: Form, ctx: Context) -> tuple[Generator, ...]:
    """Return what is known of ``λ(X)``, where it is a variable of its own."""
    own = loglog(form, ctx).form
    if own is None or len(own.coeffs) != 1:
        raise RejectedError(f"{form_expr(form, ctx)} has no double logarithm of its own")
    (variable,) = own.coeffs
    text = variable.removeprefix(LOGLOG)
    power = monomial(parse_expr(text, is_printed=True), ctx)
    return (
        Generator(own, f"log({text} + 2) >= log(2)"),
        Generator(-own, f"log({text} + 2) is below every power of {text}", absorbed_by=power),
    )


def has_log_of(name: str, expr: Expr) -> bool:
    """Whether there is a logarithm of something with this name, or a sum that may give one."""
    return any(
        name in free_names(node)
        for node in walk(expr)
        if isinstance(node, Sum) or (isinstance(node, Call) and node.func == "log")
    )


def names_of(form: Form) -> frozenset[str]:
    """Return the names of a form, those inside of double logarithms included."""
    return frozenset[str]().union(*(_names_in(v.removeprefix(LOGLOG)) for v in form.coeffs))


@lru_cache(maxsize=4096)
def _names_in(text: str) -> frozenset[str]:
    return free_names(parse_expr(text, is_printed=True))


def monomial(expr: Expr, ctx: Context) -> Form:
    """Return ``log(expr)`` of a monomial; rejects an expression that is none."""
    form = log_tree(expr, ctx).form
    if form is None:
        raise RejectedError(f"{expr} is not a monomial in the sizes")
    return form


def form_expr(form: Form, ctx: Context) -> Expr:
    """Return the monomial whose logarithm is the form; equal exponents are written once."""
    groups: dict[Frac, list[Expr]] = {}
    for var, coeff in form.coeffs.items():
        base: Expr = Name(var)
        if var.startswith(LOGLOG):
            base = _logarithm(var.removeprefix(LOGLOG), ctx)
        groups.setdefault(coeff, []).append(base)
    factors = []
    for coeff, bases in groups.items():
        if coeff.constant() in (1, -1):
            factors += [power(base, ctx.ring.expr(coeff)) for base in bases]
        else:
            factors.append(power(mul(*bases), ctx.ring.expr(coeff)))
    return mul(*factors)


def _logarithm(text: str, ctx: Context) -> Expr:
    """Return a logarithm whose logarithm is the variable of that text."""
    if text in ctx.sizes:
        return Call("log", (Name(text),))
    shift = Num(ONE) if text in ctx.indices else TWO
    return Call("log", (add(parse_expr(text, is_printed=True), shift),))
