r"""Upper and lower bounds of expressions with sums and exponentials, as lattices of linear forms.

`bound` walks through an expression and uses monotonicity: sums and products of positive terms,
maxima, minima and powers (a negative power turns the direction around).  Two nodes need a proved
rule each, whose data stand in the proof under the node's own text.  Constants never depend on
the sizes, only on the parameters and on the data.

**Exponential** ``exp(-X)``, ``X >= 0``, also where it stands for ``exp(-cX)``, ``c > 0``.
  From above it is at most ``min(1, C_k X^-k)`` for every ``k > 0`` (``X^k e^{-cX}`` is bounded);
  from below at least a constant where ``X`` is bounded, and 0 elsewhere.

**Sum from above** (vertex rule).  Let ``s = log i`` and let g(s) be the logarithm of the term.
  *If* on the range of the sum ``g(s) + s + min_k cost_k <= log R + C`` for finitely many pieces k
  with these costs, where ``δ > 0`` and ``ℓ = log log(i + 2)``,

  - a point P: ``δ |s - log P|``;
  - an interval ``[P, Q]``: ``δ dist(s, [log P, log Q])``;
  - a point on the scale of logarithms, ``log i = log X``: ``ℓ + δ |ℓ - λ(X)|``,

  *then* ``Σ <= C' R (1 + Σ_k length_k)``, where intervals alone have a length.
  *Proof.*  The terms are at most ``C R (1/i) Σ_k exp(-cost_k)``.  Summed over all ``i >= 1``, a
  point x gives at most ``Σ (1/i) min((i/x)^δ, (x/i)^δ) <= C_δ``, an interval that of both its ends
  and, inside, at most ``log(Q/P) + 1``.  With ``L = log(i + 2)`` and ``Λ = log(2 + X)`` a point on
  the scale of logarithms gives ``Σ min((L/Λ)^δ, (Λ/L)^δ)/(i L)``; as the summand changes by a
  bounded factor between neighbours, that is at most a constant times
  ``∫ exp(-δ |u - log Λ|) du = 2/δ``, with ``u = log log x``, ``du = dx/(x log x)``.
  An interval is given with a monomial X and ``log Q - log P <= κ log X + C``; its length and 1
  together are at most ``C log(2 + X)``.

  The range may be cut at a monomial, and the two parts bounded each on its own.

**Sum from below** (window rule).  *If* the monomial c satisfies ``lo <= C c``, ``c <= C hi``,
  ``1 <= C c``, and the range has ``hi/max(1, lo) -> oo`` (or ``hi = oo``), and for all i with
  ``c/C <= i <= C c`` the term is at least V, *then* ``Σ >= c' · c · V``.
  *Proof.*  With ``l = max(1, lo)`` eventually ``hi >= 8 l``; move c by a bounded factor into
  ``[l, hi/4]``.  Then ``[c, 4c]`` lies in the range and holds at least c integers.
  The bound of the term is found with ``log i`` between ``log c - C`` and ``log c + C``; in it
  ``log i`` may then be replaced by ``log c``, and ``log log(i + 2)`` by ``λ(c)``.  For constant c
  it is enough that the first integer of the range, a number, is in it: the sum is at least its
  first term.

**Sum from below on a flat stretch.**  *If* ``term(i) · i >= B`` on ``[P, Q]`` within the range and
  ``log Q - log P >= κ log X``, ``κ > 0``, and either X grows as a size or ``P <= C Q`` and the
  range has ``hi/max(1, lo) -> oo``, *then* ``Σ >= c B log(2 + X)``.
  *Proof.*  ``Σ_{P<=i<=Q} 1/i`` is at least ``log(Q/P) - O(1)``, which is enough where X is large.
  Elsewhere B alone is, and the window around P gives it: up to constants, ``term(i) · i >= B``
  holds a bounded factor beyond ``[P, Q]`` too.

Ranges start at a positive number, so ``i >= 1`` and ``s >= 0``.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Any

from ratecert.proofs_check.kernel.algebra import Form, Frac, NotRationalError
from ratecert.proofs_check.kernel.cone import (
    Context,
    Generator,
    Tree,
    join,
    lin,
    meet,
    plus,
    scaled,
)
from ratecert.proofs_check.kernel.constants import is_constant
from ratecert.proofs_check.kernel.goals import check_goal, entry, parameter, read_expr
from ratecert.proofs_check.kernel.logform import (
    LOGLOG,
    UnsupportedError,
    exponent,
    form_expr,
    grows,
    has_log_of,
    is_negative,
    log_generators,
    log_tree,
    loglog,
    monomial,
    names_of,
)
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
    children,
    free_names,
    mul,
    neg,
    walk,
)
from ratecert.proofs_check.language.grammar import parse_expr

__all__ = [
    "at_centre",
    "bound",
    "cut_contexts",
    "decay_argument",
    "has_first",
    "is_one",
    "is_plain",
    "range_context",
    "stretch_context",
    "vertex_goal",
    "window_context",
]

ZERO = lin(Form({}))


def is_plain(expr: Expr) -> bool:
    """Whether `log_tree` alone gives the order: no sums, no exponentials of growing arguments."""
    return not any(isinstance(n, Sum) or _is_decay(n) for n in walk(expr))


def _is_decay(expr: Expr) -> bool:
    return isinstance(expr, Call) and expr.func == "exp"


def decay_argument(expr: Call) -> Expr:
    """Return X of ``exp(-X)``; rejects an exponential whose argument is not minus something.

    That X is positive is for the rules to show that give its order.
    """
    argument = neg(expr.args[0])
    match argument:
        case Mul((Num() as number, Add(terms))):
            argument = add(*(mul(number, term) for term in terms))
    if all(map(is_negative, argument.terms if isinstance(argument, Add) else (argument,))):
        raise UnsupportedError(f"no rule for {expr}: its argument is not -X with X >= 0")
    return argument


def bound(expr: Expr, up: bool, ctx: Context, data: Any) -> Tree | None:
    """Return an upper (`up`) or a lower bound of ``log(expr)``; None for the lower bound 0.

    Parameters
    ----------
    expr
        A positive expression.
    up
        Whether an upper bound is asked for.
    ctx
        What may be used.
    data
        By the text of every sum and exponential, ``{"upper": ..., "lower": ...}``; where an
        entry is missing, an exponential is bounded by 1 and a sum from below by 0.
    """
    if not isinstance(data, Mapping):
        raise RejectedError("the bounds of sums and exponentials are not an object")
    _require_positive(expr, ctx)
    return _bound(expr, up, ctx, data)


def _require_positive(expr: Expr, ctx: Context) -> None:
    """Reject an expression unless every term, factor and base in it is positive.

    A term may then be left out of a lower bound.
    """
    match expr:
        case Sum(term, _, lo, _):
            _require_range(expr)
            log_tree(lo, ctx)
            _require_positive(term, index_context(expr, ctx))
        case Call("exp", (Mul(factors),)) if is_one(expr, ctx):
            for factor in factors:
                if not is_constant(factor, ctx):
                    log_tree(factor, ctx)
        case Call("exp", _) if not is_constant(expr, ctx):
            _require_positive(decay_argument(expr), ctx)
        case Pow(base, _) | Call("sqrt", (base,)) if not is_plain(base):
            _require_positive(base, ctx)
        case Add() | Mul() | Call("max" | "min", _) if not is_plain(expr):
            for part in children(expr):
                _require_positive(part, ctx)
        case _:
            log_tree(expr, ctx)


def is_one(expr: Expr, ctx: Context) -> bool:
    """Whether an expression is ``exp(0 X)``: the 0 an identity in the parameters, as ``a - a``."""
    match expr:
        case Call("exp", (Mul(factors),)):
            return any(is_constant(f, ctx) and _is_zero(f, ctx) for f in factors)
    return False


def _is_zero(expr: Expr, ctx: Context) -> bool:
    try:
        return ctx.ring.frac(expr).is_zero()
    except (NotRationalError, ZeroDivisionError):
        return False


def _bound(expr: Expr, up: bool, ctx: Context, data: Mapping[str, Any]) -> Tree | None:
    if is_plain(expr) or is_constant(expr, ctx):
        return log_tree(expr, ctx)
    if is_one(expr, ctx):
        return ZERO
    match expr:
        case Sum():
            return _sum_upper(expr, ctx, data) if up else _sum_lower(expr, ctx, data)
        case Call("exp", _):
            return _decay_upper(expr, ctx, data) if up else _decay_lower(expr, ctx, data)
        case Pow(base, power):
            return _power(base, exponent(power, ctx), up, ctx, data)
        case Call("sqrt", (base,)):
            return _power(base, ctx.ring.number(1) / ctx.ring.number(2), up, ctx, data)
        case Add() | Mul() | Call("max" | "min", _):
            parts = [_bound(part, up, ctx, data) for part in children(expr)]
            return _combined(expr, parts)
    raise UnsupportedError(f"no rule gives the order of {expr}")


def _combined(expr: Expr, parts: list[Tree | None]) -> Tree | None:
    known = [part for part in parts if part is not None]
    match expr:
        case Add() | Call("max", _):
            return join(known) if known else None
        case Mul():
            return plus(known) if len(known) == len(parts) else None
    return meet(known) if len(known) == len(parts) else None


def _power(base: Expr, power: Any, up: bool, ctx: Context, data: Mapping[str, Any]) -> Tree | None:
    sign = ctx.sign(power)
    if sign == "0":
        return ZERO
    inner = _bound(base, up if sign == "+" else not up, ctx, data)
    if inner is None:
        if sign == "+":
            return None
        raise RejectedError(
            f"1/({base}) may grow faster than every power: no rule bounds {base} from below"
        )
    return scaled(inner, power, ctx)


def _hint(expr: Expr, side: str, data: Mapping[str, Any]) -> Any:
    found = data.get(str(expr))
    return found.get(side) if isinstance(found, Mapping) else None


def _decay_upper(expr: Call, ctx: Context, data: Mapping[str, Any]) -> Tree:
    hint = _hint(expr, "upper", data)
    argument = decay_argument(expr)
    if hint is None:
        return ZERO
    power = parameter(entry(hint, "power"), ctx)
    if ctx.sign(power) != "+":
        raise RejectedError(f"the power that bounds {expr} is not positive")
    below = _bound(argument, False, ctx, data)
    if below is None:
        raise RejectedError(f"{argument} has no lower bound")
    return meet([ZERO, scaled(below, -power, ctx)])


def _decay_lower(expr: Call, ctx: Context, data: Mapping[str, Any]) -> Tree | None:
    hint = _hint(expr, "lower", data)
    if hint is None:
        return None
    above = _bound(decay_argument(expr), True, ctx, data)
    assert above is not None, "only lower bounds can be 0"
    check_goal(above, ZERO, entry(hint, "bounded"), ctx)
    return ZERO


# Sums.


def range_context(expr: Sum, ctx: Context) -> Context:
    """Add the index of a sum and its range; a bound that is no single form is left out."""
    ctx = index_context(expr, ctx)
    index = Form({expr.index: ctx.ring.one})
    low = log_tree(expr.lo, ctx)
    for part in low.parts if low.kind == "max" else (low,):
        if part.form is not None:
            ctx = ctx.with_generators(Generator(index - part.form, f"{expr.index} >= {expr.lo}"))
    if expr.hi != Name("oo"):
        high = log_tree(expr.hi, ctx)
        for part in high.parts if high.kind == "min" else (high,):
            if part.form is not None:
                ctx = ctx.with_generators(
                    Generator(part.form - index, f"{expr.index} <= {expr.hi}")
                )
    return ctx


def index_context(expr: Sum, ctx: Context) -> Context:
    """Add the index of a sum, with its double logarithm if bounds of the terms may have it."""
    least = Fraction(ceil(expr.lo.value)) if isinstance(expr.lo, Num) else Fraction(1)
    ctx = ctx.with_index(expr.index, least)
    if has_log_of(expr.index, expr.term):
        index = Form({expr.index: ctx.ring.one})
        ctx = ctx.with_generators(*log_generators(index, ctx))
    return ctx


def _require_range(expr: Sum) -> None:
    if expr.index in free_names(expr.lo) | free_names(expr.hi):
        raise UnsupportedError(f"the range of {expr} depends on its own index")


def _sum_upper(expr: Sum, ctx: Context, data: Mapping[str, Any]) -> Tree:
    hint = _hint(expr, "upper", data)
    if hint is None:
        raise RejectedError(f"no upper bound is given for {expr}")
    return _range_upper(expr, hint, range_context(expr, ctx), ctx)


def _range_upper(expr: Sum, hint: Any, inside: Context, ctx: Context) -> Tree:
    """Bound the sum over the part of its range that the context `inside` leaves."""
    if isinstance(hint, Mapping) and "cut" in hint:
        below, above = cut_contexts(expr.index, str(entry(hint, "cut")), inside, ctx)
        parts = (below, entry(hint, "below")), (above, entry(hint, "above"))
        return join([_range_upper(expr, part, context, ctx) for context, part in parts])
    pieces = _objects(entry(hint, "pieces"))
    term = bound(expr.term, True, inside, hint.get("inner", {}))
    assert term is not None, "only lower bounds can be 0"
    goal, value = vertex_goal(expr, term, hint, ctx)
    check_goal(goal, value, entry(hint, "proof"), inside)
    lengths = [_length(piece, ctx) for piece in pieces if "from" in piece]
    return plus([value, join(lengths)]) if lengths else value


def cut_contexts(index: str, text: str, inside: Context, ctx: Context) -> tuple[Context, Context]:
    """Return the contexts of the parts of a range below and above a monomial free of the index."""
    difference = Form({index: inside.ring.one}) - monomial(read_expr(text), ctx)
    return (
        inside.with_generators(Generator(-difference, f"{index} <= {text}")),
        inside.with_generators(Generator(difference, f"{index} >= {text}")),
    )


def vertex_goal(expr: Sum, term: Tree, hint: Mapping[str, Any], ctx: Context) -> tuple[Tree, Tree]:
    """Return the two sides of ``g(s) + s + min_k cost_k <= log R``.

    `term` bounds ``log(term)`` in the range; `ctx` is the context outside of the sum, so that
    the vertices and R do not depend on the index.
    """
    slope = parameter(entry(hint, "slope"), ctx)
    if ctx.sign(slope) != "+":
        raise RejectedError(f"the slope away from the vertices of {expr} is not positive")
    pieces = _objects(entry(hint, "pieces"))
    if not pieces:
        raise RejectedError(f"no vertices are given for {expr}")
    index = Form({expr.index: ctx.ring.one})
    cost = meet([_cost(piece, index, slope, ctx) for piece in pieces])
    value = log_tree(read_expr(entry(hint, "bound")), ctx)
    return plus([term, lin(index), cost]), value


def _objects(data: Any) -> list[Mapping[str, Any]]:
    if not isinstance(data, list) or not all(isinstance(item, Mapping) for item in data):
        raise RejectedError("vertices, windows and stretches are given as a list of objects")
    return data


def _cost(piece: Mapping[str, Any], index: Form, slope: Frac, ctx: Context) -> Tree:
    """Return the cost of a piece at the index, whose logarithm is the form `index`."""
    if "log at" in piece:
        (name,) = index.coeffs
        double = lin(Form({LOGLOG + name: ctx.ring.one}))
        place = loglog(monomial(read_expr(piece["log at"]), ctx), ctx)
        return plus([double, scaled(_distance(double, place, place, ctx), slope, ctx)])
    if "from" in piece:
        low, high = (log_tree(read_expr(entry(piece, end)), ctx) for end in ("from", "to"))
    else:
        low = high = log_tree(read_expr(entry(piece, "at")), ctx)
    return scaled(_distance(lin(index), low, high, ctx), slope, ctx)


def _distance(place: Tree, low: Tree, high: Tree, ctx: Context) -> Tree:
    """Return the distance of a place from a point or from an interval."""
    minus = ctx.ring.number(-1)
    before = plus([low, scaled(place, minus, ctx)])
    after = plus([place, scaled(high, minus, ctx)])
    return join([before, after] if low == high else [before, after, ZERO])


def _length(piece: Mapping[str, Any], ctx: Context) -> Tree:
    """Check ``log Q - log P <= κ log X`` and return ``log log(2 + X)``."""
    low = log_tree(read_expr(entry(piece, "from")), ctx)
    high = log_tree(read_expr(entry(piece, "to")), ctx)
    size, factor = _size_and_factor(piece, ctx)
    length = plus([high, scaled(low, ctx.ring.number(-1), ctx)])
    check_goal(length, lin(size.scale(factor)), entry(piece, "proof"), ctx)
    return loglog(size, ctx)


def _size_and_factor(piece: Mapping[str, Any], ctx: Context) -> tuple[Form, Frac]:
    size = monomial(read_expr(entry(piece, "log")), ctx)
    factor = parameter(entry(piece, "times"), ctx)
    if ctx.sign(factor) != "+":
        raise RejectedError("the factor of a logarithm is not positive")
    return size, factor


def _sum_lower(expr: Sum, ctx: Context, data: Mapping[str, Any]) -> Tree | None:
    hint = _hint(expr, "lower", data)
    if hint is None:
        return None
    parts = [
        _stretch(expr, item, ctx) if "from" in item else _window(expr, item, ctx)
        for item in _objects(hint)
    ]
    known = [part for part in parts if part is not None]
    return join(known) if known else None


def _window(expr: Sum, hint: Any, ctx: Context) -> Tree | None:
    centre = monomial(read_expr(entry(hint, "at")), ctx)
    _check_within(expr, lin(centre), lin(centre), hint, ctx)
    if not (centre.is_zero() and has_first(expr, ctx)):
        _check_nonempty(expr, hint, ctx)
    inside = window_context(expr, centre, ctx)
    value = bound(expr.term, False, inside, hint.get("inner", {}))
    return (
        None if value is None else plus([at_centre(value, expr.index, centre, ctx), lin(centre)])
    )


def has_first(expr: Sum, ctx: Context) -> bool:
    """Whether the range certainly holds its first integer, a number."""
    match expr.lo, expr.hi:
        case Num(low), Name(name) if name in ctx.indices:
            return ceil(low) <= ctx.least.get(name, 1)
        case Num(), Name(name):
            return name == "oo" or name in ctx.sizes
    return False


def window_context(expr: Sum, centre: Form, ctx: Context) -> Context:
    """Add the index of a sum, within bounded factors of the monomial at whose logarithm it is."""
    inside = index_context(expr, ctx)
    difference = Form({expr.index: ctx.ring.one}) - centre
    text = f"{expr.index} is around {form_expr(centre, ctx)}"
    return inside.with_generators(Generator(difference, text), Generator(-difference, text))


def at_centre(tree: Tree, index: str, centre: Form, ctx: Context) -> Tree:
    """Put the logarithm of a monomial in the place of that of an index, in logarithms too."""
    if tree.form is None:
        parts = [at_centre(part, index, centre, ctx) for part in tree.parts]
        return {"max": join, "min": meet, "plus": plus}[tree.kind](parts)
    found = []
    for variable, coeff in tree.form.coeffs.items():
        own = Form({variable: ctx.ring.one})
        if index not in names_of(own):
            value = lin(own)
        elif variable == index:
            value = lin(centre)
        else:
            inside = parse_expr(variable.removeprefix(LOGLOG), is_printed=True)
            power = log_tree(inside, _inside(index, ctx))
            put = at_centre(power, index, centre, ctx).form
            assert put is not None, "the monomial of a variable has no alternatives"
            value = loglog(put, ctx)
        found.append(scaled(value, coeff, ctx))
    return plus(found)


def _inside(index: str, ctx: Context) -> Context:
    return ctx if index in ctx.indices else ctx.with_index(index)


def _check_nonempty(expr: Sum, hint: Any, ctx: Context) -> None:
    """Check that ``hi/max(1, lo)`` tends to infinity."""
    if expr.hi != Name("oo"):
        low, high = join([ZERO, log_tree(expr.lo, ctx)]), log_tree(expr.hi, ctx)
        check_goal(low, high, entry(hint, "nonempty"), ctx, diverging=True)


def _check_within(expr: Sum, low: Tree, high: Tree, hint: Any, ctx: Context) -> None:
    """Check ``max(1, lo) <= low`` and ``high <= hi``."""
    start = join([ZERO, log_tree(expr.lo, ctx)])
    check_goal(start, low, entry(hint, "after"), ctx)
    if expr.hi != Name("oo"):
        check_goal(high, log_tree(expr.hi, ctx), entry(hint, "before"), ctx)


def _stretch(expr: Sum, hint: Any, ctx: Context) -> Tree:
    first, last = (monomial(read_expr(entry(hint, end)), ctx) for end in ("from", "to"))
    _check_within(expr, lin(first), lin(last), hint, ctx)
    size, factor = _size_and_factor(hint, ctx)
    check_goal(lin(size.scale(factor)), lin(last - first), entry(hint, "long"), ctx)
    if not grows(size, ctx):
        check_goal(lin(first), lin(last), entry(hint, "ordered"), ctx)
        _check_nonempty(expr, hint, ctx)
    inside = stretch_context(expr, first, last, ctx)
    term = bound(expr.term, False, inside, hint.get("inner", {}))
    if term is None:
        raise RejectedError(f"the terms of {expr} have no lower bound")
    value = log_tree(read_expr(entry(hint, "bound")), ctx)
    index = lin(Form({expr.index: ctx.ring.one}))
    check_goal(value, plus([term, index]), entry(hint, "proof"), inside)
    return plus([value, loglog(size, ctx)])


def stretch_context(expr: Sum, first: Form, last: Form, ctx: Context) -> Context:
    """Add the index of a sum, between two monomials whose logarithms are given."""
    index = Form({expr.index: ctx.ring.one})
    low, high = (form_expr(form, ctx) for form in (first, last))
    return index_context(expr, ctx).with_generators(
        Generator(index - first, f"{expr.index} >= {low}"),
        Generator(last - index, f"{expr.index} <= {high}"),
    )
