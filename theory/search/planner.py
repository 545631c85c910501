r"""Planning bounds of sums and exponentials: the data that the kernel's `growth` re-checks.

In logarithms the term of a sum over i is piecewise linear in ``s = log i``.  Its kinks are where
two linear pieces under a ``max`` or ``min`` cross; the sum is of the order of the largest value of
``term · i`` over the kinks within the range and the ends of the range, if no piece is flat there
(tropical Laplace method).  Whether a kink lies within the range is a question about the sizes; if
the assumptions do not answer it, `SplitNeededError` asks for a distinction of cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ratecert.proofs_check.kernel.algebra import Form, Frac
from ratecert.proofs_check.kernel.cone import (
    Context,
    Generator,
    Tree,
    join,
    lin,
    normal_form,
    plus,
)
from ratecert.proofs_check.kernel.constants import is_constant
from ratecert.proofs_check.kernel.growth import (
    bound,
    cut_contexts,
    decay_argument,
    has_first,
    is_one,
    is_plain,
    stretch_context,
    vertex_goal,
    window_context,
)
from ratecert.proofs_check.kernel.logform import (
    LOGLOG,
    exponent,
    form_expr,
    grows,
    log_tree,
    names_of,
)
from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    Sum,
    children,
    free_names,
    walk,
)
from ratecert.theory.search.flat import Flat, flats, lengths
from ratecert.theory.search.lattices import is_above, logs_of, simplified, times_index, tree_expr
from ratecert.theory.search.prover import ZERO, Prover, SplitNeededError, StuckError

__all__ = ["falling_faster", "has_decay", "plan"]


def plan(expr: Expr, up: bool, prover: Prover, data: dict[str, Any]) -> None:
    """Put bounds of all sums and exponentials of an expression into `data`.

    Raises
    ------
    SplitNeededError, SignNeededError, StuckError
        Where cases must be distinguished, a sign is needed, or no bound is found.
    """
    if is_plain(expr) or is_constant(expr, prover.ctx) or is_one(expr, prover.ctx):
        return
    match expr:
        case Sum():
            planned = _sum_upper if up else _sum_lower
            key = str(expr), up, str(_EXTRA.get())
            hint = prover.once(key, lambda: planned(expr, prover))
            _note(expr, up, data, hint)
        case Call("exp", _):
            plan(decay_argument(expr), not up, prover, data)
            _note(expr, up, data, _decay(expr, up, prover, data))
        case Pow(base, power):
            sign = prover.ctx.sign(exponent(power, prover.ctx))
            plan(base, up == (sign == "+"), prover, data)
        case Add() | Mul() | Call("max" | "min" | "sqrt", _):
            for part in children(expr):
                plan(part, up, prover, data)


def _note(expr: Expr, up: bool, data: dict[str, Any], hint: Any) -> None:
    if hint is not None:
        data.setdefault(str(expr), {})["upper" if up else "lower"] = hint


# Exponentials.

NOTHING = Num(Fraction(0))
_EXTRA: ContextVar[Expr] = ContextVar("extra", default=NOTHING)


@contextmanager
def falling_faster(extra: Expr) -> Iterator[None]:
    """Bound exponentials ``exp(-X)`` by ``X^-k`` with k larger by `extra` than it has to be."""
    token = _EXTRA.set(extra)
    try:
        yield
    finally:
        _EXTRA.reset(token)


def has_decay(*exprs: Expr) -> bool:
    """Whether an exponential occurs."""
    nodes = (node for expr in exprs for node in walk(expr))
    return any(isinstance(node, Call) and node.func == "exp" for node in nodes)


def _extra(ctx: Context) -> Frac:
    extra = _EXTRA.get()
    return ctx.ring.frac(extra) if free_names(extra) <= set(ctx.ring.names) else ctx.ring.zero


def _decay(expr: Call, up: bool, prover: Prover, data: dict[str, Any]) -> Any:
    if up:
        power = prover.ctx.ring.one + _extra(prover.ctx)
        return {"power": str(prover.ctx.ring.expr(power))}
    above = bound(decay_argument(expr), True, prover.ctx, data)
    assert above is not None
    try:
        return {"bounded": prover.goal(above, lin(ZERO))}
    except StuckError:
        # Outside of sums, where it does not stand at a kink, a case of its own settles it.
        if (
            above.form is not None
            and not prover.ctx.indices
            and not prover.nonnegative(above.form)
        ):
            raise SplitNeededError(above.form) from None
        return None


def _decay_powers(expr: Sum, inside: Prover, data: dict[str, Any]) -> None:
    """Choose for each exponential of a term the power that makes the term fall off its kink.

    With ``term · i = i^σ exp(-X)`` and ``X`` of slope α in log i, ``X^-k`` must make the term
    fall on the side where X grows: ``k |α|`` is larger than ``σ sign(α)`` by 1 where that is
    positive, and is 1 otherwise.
    """
    ctx = inside.ctx
    exps = [
        node for node in _decays(expr.term) if not (is_constant(node, ctx) or is_one(node, ctx))
    ]
    if not exps:
        return
    others = {text: hint for text, hint in data.items() if text not in set(map(str, exps))}
    rest = bound(expr.term, True, ctx, others)
    assert rest is not None, "only lower bounds can be 0"
    slopes = _slopes(rest, expr.index, ctx)
    for node in exps:
        argument = bound(decay_argument(node), False, ctx, data)
        if argument is None:
            continue
        power = ctx.ring.number(0)
        for alpha in _coefficients(argument, expr.index, ctx):
            sign = ctx.sign(alpha)
            if sign == "0":
                continue
            size = alpha if sign == "+" else -alpha
            for sigma in slopes:
                # X grows with s if α > 0: a rising term must be turned down; and vice versa.
                toward = sigma if sign == "+" else -sigma
                extra = toward if ctx.sign(toward) == "+" else ctx.ring.zero
                candidate = (ctx.ring.one + extra) / size
                if not inside.weakly_positive(power - candidate):
                    power = candidate
        if power.is_zero():
            power = ctx.ring.one
        power = power + _extra(ctx)
        ctx.sign(power)
        data.setdefault(str(node), {})["upper"] = {"power": str(ctx.ring.expr(power))}


def _decays(expr: Expr) -> Iterable[Call]:
    """Yield the exponentials of a term that stand outside inner sums."""
    if isinstance(expr, Call) and expr.func == "exp":
        yield expr
    elif not isinstance(expr, Sum):
        for part in children(expr):
            yield from _decays(part)


# The piecewise linear function of s = log i.


def _coefficients(tree: Tree, index: str, ctx: Context) -> list[Frac]:
    forms = [form for clause in normal_form(tree, "max") for form in clause]
    return list(dict.fromkeys(form.coeffs.get(index, ctx.ring.zero) for form in forms))


def _slopes(tree: Tree, index: str, ctx: Context) -> list[Frac]:
    """Return the possible slopes of ``log(term · i)``."""
    return [c + ctx.ring.one for c in _coefficients(tree, index, ctx)]


def _kinks(tree: Tree, index: str, prover: Prover) -> list[Form]:
    """Return where pieces under a max or min cross, as forms without the index."""
    found: list[Form] = []
    for part in tree.parts:
        found += _kinks(part, index, prover)
    if tree.kind in ("max", "min"):
        groups = [
            [form for clause in normal_form(part, "max") for form in clause] for part in tree.parts
        ]
        for k, group in enumerate(groups):
            for other in groups[k + 1 :]:
                found += [c for f in group for g in other if (c := _crossing(f, g, index, prover))]
    return list(dict.fromkeys(found))


def _crossing(first: Form, second: Form, index: str, prover: Prover) -> Form | None:
    """Return the logarithm of the place where two monomials in the index are of one order.

    From ``i^σ log(i + 2)^p = Y`` follows, where ``X = Y^(1/σ)`` is at least a constant, that
    ``log(i + 2)`` is of the order of ``log(2 + X)``.
    """
    difference = first - second
    slope = difference.coeffs.get(index)
    if slope is None:
        return None
    ctx = prover.ctx
    ctx.sign(slope)
    logs = difference.coeffs.get(LOGLOG + index)
    one = ctx.ring.one
    rest = {v: c for v, c in difference.coeffs.items() if index not in names_of(Form({v: one}))}
    place = Form(rest).scale(-ctx.ring.one / slope)
    if logs is None or not is_above(place, ZERO, prover):
        return place
    double = prover.require_log(place).form
    return place if double is None else place - double.scale(logs / slope)


# Sums.


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a sum's range: the prover there, the bound of the term and its data, the ends.

    `lows` and `highs` are forms that the range lies above and below.
    """

    inside: Prover
    term: Tree
    inner: dict[str, Any]
    lows: tuple[Form, ...]
    highs: tuple[Form, ...]


_Cut = tuple[str, Any, Any]
"""Where a range is cut, and its parts: each a `_Part`, or cut again."""


def _ends(expr: Sum, ctx: Context) -> tuple[tuple[Form, ...], tuple[Form, ...]]:
    """Return the forms that the range lies above and below; none for oo."""
    low = log_tree(expr.lo, ctx)
    lows = tuple(p.form for p in (low.parts if low.kind == "max" else (low,)) if p.form)
    if expr.hi == Name("oo"):
        return lows, ()
    high = log_tree(expr.hi, ctx)
    return lows, tuple(p.form for p in (high.parts if high.kind == "min" else (high,)) if p.form)


def _parts(expr: Sum, prover: Prover) -> _Part | _Cut:
    lows, highs = _ends(expr, prover.ctx)
    return _part(expr, prover, prover.within(expr), lows, highs)


def _part(
    expr: Sum, prover: Prover, inside: Prover, lows: tuple[Form, ...], highs: tuple[Form, ...]
) -> _Part | _Cut:
    """Bound the term; where that takes a distinction on the index, cut the range there."""
    inner: dict[str, Any] = {}
    try:
        return _Part(inside, _bounded_term(expr, inside, inner), inner, lows, highs)
    except SplitNeededError as split:
        slope = split.form.coeffs.get(expr.index)
        if slope is None:
            raise
        ctx = prover.ctx
        ctx.sign(slope)
        rest = Form({v: c for v, c in split.form.coeffs.items() if v != expr.index})
        place = rest.scale(-ctx.ring.one / slope)
        if not place.coeffs.keys().isdisjoint(inside.ctx.indices - ctx.indices):
            raise StuckError(f"no rule cuts the range of {expr}") from split
        for low in lows:
            _require_beyond(place, low, prover, expr)
        for high in highs:
            _require_beyond(high, place, prover, expr)
        return _cut(expr, prover, inside, (lows, highs), place)


def _cut(
    expr: Sum,
    prover: Prover,
    inside: Prover,
    ends: tuple[tuple[Form, ...], tuple[Form, ...]],
    place: Form,
) -> _Cut:
    lows, highs = ends
    text = str(form_expr(place, prover.ctx))
    below, above = cut_contexts(expr.index, text, inside.ctx, prover.ctx)
    return (
        text,
        _part(expr, prover, Prover(below), lows, (*highs, place)),
        _part(expr, prover, Prover(above), (*lows, place), highs),
    )


def _require_beyond(large: Form, small: Form, prover: Prover, expr: Sum) -> None:
    if not is_above(large, small, prover):
        raise StuckError(f"no order was found for {expr}")


def _pieces_of(part: _Part | _Cut) -> Iterator[_Part]:
    if isinstance(part, _Part):
        yield part
    else:
        for inner in part[1:]:
            yield from _pieces_of(inner)


def _centres(expr: Sum, part: _Part, prover: Prover) -> list[Form]:
    """Return the points at which a sum can be concentrated."""
    start, stop = (_extreme(part.lows, prover, top=True), _extreme(part.highs, prover, top=False))
    found = [form for form in (start, stop) if form is not None]
    for kink in _kinks(part.term, expr.index, prover):
        if all(is_above(kink, low, prover) for low in part.lows) and all(
            is_above(high, kink, prover) for high in part.highs
        ):
            found.append(kink)
    return list(dict.fromkeys(found))


def _extreme(forms: tuple[Form, ...], prover: Prover, top: bool) -> Form | None:
    if not forms:
        return None
    best = forms[0]
    for form in forms[1:]:
        if is_above(form, best, prover) == top:
            best = form
    return best


def _bounded_term(expr: Sum, inside: Prover, inner: dict[str, Any]) -> Tree:
    """Bound the term of a sum from above; the data go into `inner`."""
    plan(expr.term, True, inside, inner)
    _decay_powers(expr, inside, inner)
    term = bound(expr.term, True, inside.ctx, inner)
    assert term is not None, "only lower bounds can be 0"
    return term


def _sum_upper(expr: Sum, prover: Prover) -> dict[str, Any]:
    return _part_upper(expr, _parts(expr, prover), prover)


def _part_upper(expr: Sum, part: _Part | _Cut, prover: Prover) -> dict[str, Any]:
    if not isinstance(part, _Part):
        at, below, above = part
        parts = {"below": _part_upper(expr, below, prover)}
        return {"cut": at, **parts, "above": _part_upper(expr, above, prover)}
    ctx, inside = prover.ctx, part.inside
    centres = _centres(expr, part, prover)
    values = [times_index(part.term, expr.index, centre, prover) for centre in centres]
    slopes = [s for s in _slopes(part.term, expr.index, inside.ctx) if not s.is_zero()]
    stretches = flats(expr, part.term, centres, bool(part.highs), prover)
    for flat in stretches:
        for end in (flat.first, flat.last):
            if end is not None and end not in (*part.lows, *part.highs):
                # The length of a stretch counts for nothing beyond it.
                cut = _cut(expr, prover, inside, (part.lows, part.highs), end)
                return _part_upper(expr, cut, prover)
        if flat.top is not None:
            values.append(plus([flat.value, prover.require_log(flat.top)]))
            slopes.append(flat.power + ctx.ring.one)
    if logs_of(part.term, expr.index) or stretches:
        # Logarithms change by any power, so some of the slope is left for them.
        slopes = [slope / ctx.ring.number(2) for slope in slopes]
    for slope in slopes:
        inside.ctx.sign(slope)
    # Where the range is empty there is nothing to bound.
    value = simplified(join(values), Prover(_with_terms(part, ctx)))
    placed = Prover(inside.ctx, tuple((expr.index, centre) for centre in centres))
    problem = StuckError(f"no order was found for {expr}")
    for pieces in _choices_of_pieces(centres, values, value, stretches, prover):
        for slope in _candidate_slopes(slopes, inside):
            hint: dict[str, Any] = {
                "pieces": pieces,
                "slope": str(ctx.ring.expr(slope)),
                "bound": str(tree_expr(value, ctx)),
                "inner": part.inner,
            }
            try:
                hint["proof"] = placed.goal(*vertex_goal(expr, part.term, hint, ctx))
            except StuckError as stuck:
                # The clause is about bounds of the term, and slopes, that nobody wrote.
                problem = stuck.in_words(str(problem))
                continue
            return hint
    _compare_slopes(slopes, inside)
    raise problem


def _with_terms(part: _Part, ctx: Context) -> Context:
    """Add that the range has terms."""
    ends = (high - low for high in part.highs for low in part.lows)
    return ctx.with_generators(*(Generator(form, "hi >= lo") for form in ends if form.coeffs))


def _choices_of_pieces(
    centres: list[Form], values: list[Tree], value: Tree, stretches: list[Flat], prover: Prover
) -> Iterable[list[dict[str, Any]]]:
    """Yield lists of pieces to try: the largest points, then all, with the flat stretches."""
    parts = value.parts if value.kind == "max" else (value,)
    points = [{"at": str(form_expr(c, prover.ctx))} for c in centres]
    best = [p for p, v in zip(points, values, strict=False) if v in parts]
    more = [_piece(flat, prover) for flat in stretches]
    if best and not more:
        yield best
    yield points + more


def _piece(flat: Flat, prover: Prover) -> dict[str, Any]:
    ctx = prover.ctx
    if flat.top is not None:
        return {"log at": str(form_expr(flat.top, ctx))}
    assert flat.last is not None
    length = flat.last - flat.first
    for size, factor in lengths(length, prover):
        proof = prover.certificate(((length,), (size.scale(factor),)))
        if proof is not None:
            return {
                "from": str(form_expr(flat.first, ctx)),
                "to": str(form_expr(flat.last, ctx)),
                "log": str(form_expr(size, ctx)),
                "times": str(ctx.ring.expr(factor)),
                "proof": {"certs": [proof]},
            }
    raise StuckError("the length of a flat stretch is not the logarithm of a monomial")


def _candidate_slopes(slopes: list[Frac], inside: Prover) -> list[Frac]:
    """Return positive functions of the parameters at most every |slope|, simplest first."""
    sizes = _sizes_of(slopes, inside)
    if not sizes:
        return [inside.ctx.ring.one]
    least = [
        s for s in sizes if all(inside.weakly_positive(other - s) for other in sizes if other != s)
    ]
    if least:
        return least[:1]
    if len(sizes) > 2:
        # Their harmonic sum is too long for a sign to be found; two of them are compared instead.
        _compare_slopes(slopes, inside)
    total = inside.ctx.ring.zero
    for size in sizes:
        total = total + inside.ctx.ring.one / size
    return [inside.ctx.ring.one / total]


def _compare_slopes(slopes: list[Frac], inside: Prover) -> None:
    """Ask which of two sizes of slopes is the larger, if there are two that are not compared."""
    first, *others = _sizes_of(slopes, inside) or [inside.ctx.ring.one]
    for other in others:
        if not (inside.weakly_positive(other - first) or inside.weakly_positive(first - other)):
            inside.ctx.sign(other - first)


def _sizes_of(slopes: list[Frac], inside: Prover) -> list[Frac]:
    """Return the absolute values, each once."""
    return list(dict.fromkeys(s if inside.ctx.sign(s) == "+" else -s for s in slopes))


# From below.


def _sum_lower(expr: Sum, prover: Prover) -> list[dict[str, Any]] | None:
    ctx = prover.ctx
    nonempty: dict[str, Any] | None = {}
    if expr.hi != Name("oo"):
        low, high = join([lin(ZERO), log_tree(expr.lo, ctx)]), log_tree(expr.hi, ctx)
        try:
            nonempty = {"nonempty": prover.goal(low, high, diverging=True)}
        except StuckError:
            nonempty = None
    if nonempty is None and not has_first(expr, ctx):
        return None
    items: list[dict[str, Any] | None] = []
    for part in _pieces_of(_parts(expr, prover)):
        centres = _centres(expr, part, prover)
        items += [_window(expr, centre, nonempty, prover) for centre in centres]
        for flat in flats(expr, part.term, centres, bool(part.highs), prover):
            if nonempty is not None:
                items.append(_stretch(expr, flat, nonempty, prover))
    return [item for item in items if item is not None] or None


def _within(expr: Sum, first: Form, last: Form, prover: Prover) -> dict[str, Any]:
    ctx = prover.ctx
    start = join([lin(ZERO), log_tree(expr.lo, ctx)])
    proofs = {"after": prover.goal(start, lin(first))}
    if expr.hi != Name("oo"):
        proofs["before"] = prover.goal(lin(last), log_tree(expr.hi, ctx))
    return proofs


def _window(
    expr: Sum, centre: Form, nonempty: dict[str, Any] | None, prover: Prover
) -> dict[str, Any] | None:
    if nonempty is None or (centre.is_zero() and has_first(expr, prover.ctx)):
        if not centre.is_zero():
            return None
        nonempty = {}
    inside = Prover(window_context(expr, centre, prover.ctx))
    inner: dict[str, Any] = {}
    try:
        proofs = _within(expr, centre, centre, prover)
        plan(expr.term, False, inside, inner)
        value = bound(expr.term, False, inside.ctx, inner)
    except StuckError:
        return None
    if value is None:
        return None
    return {"at": str(form_expr(centre, prover.ctx)), "inner": inner, **proofs, **nonempty}


def _stretch(
    expr: Sum, flat: Flat, nonempty: dict[str, Any], prover: Prover
) -> dict[str, Any] | None:
    ctx = prover.ctx
    for first, last in flat.halves(ctx):
        for size, factor in lengths(last - first, prover) if first != last else ():
            long = prover.certificate(((size.scale(factor),), (last - first,)))
            if long is None:
                continue
            item = {
                "from": str(form_expr(first, ctx)),
                "to": str(form_expr(last, ctx)),
                "log": str(form_expr(size, ctx)),
                "times": str(ctx.ring.expr(factor)),
                "long": {"certs": [long]},
                "bound": str(tree_expr(flat.value, ctx)),
            }
            try:
                return item | _stretch_proofs(expr, flat, (first, last), size, nonempty, prover)
            except StuckError:
                continue
    return None


def _stretch_proofs(
    expr: Sum,
    flat: Flat,
    ends: tuple[Form, Form],
    size: Form,
    nonempty: dict[str, Any],
    prover: Prover,
) -> dict[str, Any]:
    """Return the proofs that a stretch is in the range and that its terms are large enough."""
    ctx, (first, last) = prover.ctx, ends
    proofs: dict[str, Any] = {}
    if not grows(size, ctx):
        proofs |= {"ordered": prover.goal(lin(first), lin(last)), **nonempty}
    proofs |= _within(expr, first, last, prover)
    places = (expr.index, first), (expr.index, last)
    inside = Prover(stretch_context(expr, first, last, ctx), places)
    inner: dict[str, Any] = {}
    plan(expr.term, False, inside, inner)
    below = bound(expr.term, False, inside.ctx, inner)
    if below is None:
        raise StuckError(f"no lower bound was found for the terms of {expr}")
    small = plus([below, lin(Form({expr.index: ctx.ring.one}))])
    return proofs | {"proof": inside.goal(flat.value, small), "inner": inner}
