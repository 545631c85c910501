r"""Planning bounds of sums and exponentials: the data that `proofs_check.growth` re-checks.

In logarithms the term of a sum over i is piecewise linear in ``s = log i``.  Its kinks are where
two linear pieces under a ``max`` or ``min`` cross; the sum is of the order of the largest value of
``term · i`` over the kinks within the range and the ends of the range, if no piece is flat there
(tropical Laplace method).  Whether a kink lies within the range is a question about the sizes; if
the assumptions do not answer it, `SplitNeededError` asks for a distinction of cases.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from proofs_check.algebra import Form, Frac
from proofs_check.cone import (
    Context,
    SignNeededError,
    Tree,
    join,
    lin,
    normal_form,
    plus,
)
from proofs_check.expr import Add, Call, Expr, Mul, Name, Pow, Sum, children, mul, substitute
from proofs_check.growth import bound, decay_argument, is_plain, vertex_goal
from proofs_check.logform import exponent, log_tree
from theory.prover import ZERO, Prover, SplitNeededError, StuckError, form_expr

__all__ = ["plan", "simplified", "tree_expr"]


def plan(expr: Expr, up: bool, prover: Prover, data: dict[str, Any]) -> None:
    """Put bounds of all sums and exponentials of an expression into `data`.

    Raises
    ------
    SplitNeededError, SignNeededError, StuckError
        Where cases must be distinguished, a sign is needed, or no bound is found.
    """
    if is_plain(expr):
        return
    match expr:
        case Sum():
            planned = _sum_upper if up else _sum_lower
            hint = prover.once((str(expr), up), lambda: planned(expr, prover))
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


def _decay(expr: Call, up: bool, prover: Prover, data: dict[str, Any]) -> Any:
    if up:
        return {"power": "1"}
    above = bound(decay_argument(expr), True, prover.ctx, data)
    assert above is not None
    try:
        return {"bounded": prover.goal(above, lin(ZERO))}
    except StuckError:
        return None


def _decay_powers(expr: Sum, inside: Prover, data: dict[str, Any]) -> None:
    """Choose for each exponential of a term the power that makes the term fall off its kink.

    With ``term · i = i^σ exp(-X)`` and ``X`` of slope α in log i, ``X^-k`` must make the term
    fall on the side where X grows: ``k |α|`` is larger than ``σ sign(α)`` by 1 where that is
    positive, and is 1 otherwise.
    """
    exps = list(_decays(expr.term))
    if not exps:
        return
    ctx = inside.ctx
    rest = bound(expr.term, True, ctx, data)
    assert rest is not None
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


def _kinks(tree: Tree, index: str, ctx: Context) -> list[Form]:
    """Return where pieces under a max or min cross, as forms without the index."""
    found: list[Form] = []
    for part in tree.parts:
        found += _kinks(part, index, ctx)
    if tree.kind in ("max", "min"):
        groups = [
            [form for clause in normal_form(part, "max") for form in clause] for part in tree.parts
        ]
        for k, group in enumerate(groups):
            for other in groups[k + 1 :]:
                found += [c for f in group for g in other if (c := _crossing(f, g, index, ctx))]
    return list(dict.fromkeys(found))


def _crossing(first: Form, second: Form, index: str, ctx: Context) -> Form | None:
    difference = first - second
    slope = difference.coeffs.get(index)
    if slope is None:
        return None
    ctx.sign(slope)
    rest = Form({v: c for v, c in difference.coeffs.items() if v != index})
    return rest.scale(-ctx.ring.one / slope)


def _at(tree: Tree, index: str, centre: Form) -> Tree:
    """Return ``log(term · i)`` at the point whose logarithm is `centre`."""
    if tree.form is not None:
        slope = tree.form.coeffs.get(index)
        rest = Form({v: c for v, c in tree.form.coeffs.items() if v != index})
        return lin(rest if slope is None else rest + centre.scale(slope))
    return Tree(tree.kind, None, tuple(_at(part, index, centre) for part in tree.parts))


# Sums.


def _ends(expr: Sum, ctx: Context) -> tuple[list[Form], list[Form]]:
    """Return the forms that the range lies above and below; none for oo."""
    low = log_tree(expr.lo, ctx)
    lows = [p.form for p in (low.parts if low.kind == "max" else (low,)) if p.form is not None]
    if expr.hi == Name("oo"):
        return lows, []
    high = log_tree(expr.hi, ctx)
    highs = [p.form for p in (high.parts if high.kind == "min" else (high,)) if p.form is not None]
    return lows, highs


def _centres(expr: Sum, term: Tree, prover: Prover) -> list[Form]:
    """Return the points at which a sum can be concentrated."""
    ctx = prover.ctx
    lows, highs = _ends(expr, ctx)
    start, stop = _extreme(lows, prover, top=True), _extreme(highs, prover, top=False)
    found = [form for form in (start, stop) if form is not None]
    for kink in _kinks(term, expr.index, ctx):
        if all(_is_above(kink, low, prover) for low in lows) and all(
            _is_above(high, kink, prover) for high in highs
        ):
            found.append(kink)
    return list(dict.fromkeys(found))


def _is_above(large: Form, small: Form, prover: Prover) -> bool:
    """Decide ``large >= small`` up to a constant, or ask for a distinction of cases."""
    difference = large - small
    if prover.nonnegative(difference):
        return True
    if prover.nonnegative(-difference):
        return False
    raise SplitNeededError(difference)


def _extreme(forms: list[Form], prover: Prover, top: bool) -> Form | None:
    if not forms:
        return None
    best = forms[0]
    for form in forms[1:]:
        if _is_above(form, best, prover) == top:
            best = form
    return best


def _sum_upper(expr: Sum, prover: Prover) -> dict[str, Any]:
    inside = prover.within(expr)
    inner: dict[str, Any] = {}
    plan(expr.term, True, inside, inner)
    _decay_powers(expr, inside, inner)
    term = bound(expr.term, True, inside.ctx, inner)
    assert term is not None
    slopes = _slopes(term, expr.index, inside.ctx)
    nonzero = [s for s in slopes if not s.is_zero()]
    for slope in nonzero:
        inside.ctx.sign(slope)
    centres = _centres(expr, term, prover)
    total = plus([term, lin(Form({expr.index: prover.ctx.ring.one}))])
    values = [simplified(_at(total, expr.index, centre), prover) for centre in centres]
    flat = len(nonzero) < len(slopes)
    value = _largest(values, prover)
    attempts = [[c for c, v in zip(centres, values, strict=True) if v in _parts(value)], centres]
    problem = StuckError(f"no order was found for {expr}")
    for chosen in attempts:
        pieces: list[dict[str, Any]] = [{"at": str(form_expr(c, prover.ctx))} for c in chosen]
        if flat:
            pieces = _with_stretches(chosen, total, expr.index, prover)
        for slope in _candidate_slopes(nonzero, inside):
            hint: dict[str, Any] = {
                "pieces": pieces,
                "slope": str(prover.ctx.ring.expr(slope)),
                "bound": str(tree_expr(value, prover.ctx)),
                "inner": inner,
            }
            try:
                hint["proof"] = inside.goal(*vertex_goal(expr, term, hint, prover.ctx))
            except StuckError as stuck:
                problem = stuck
                continue
            return hint
    raise problem


def _candidate_slopes(slopes: list[Frac], inside: Prover) -> list[Frac]:
    """Return positive functions of the parameters at most every |slope|, simplest first."""
    sizes = [s if inside.ctx.sign(s) == "+" else -s for s in slopes]
    sizes = list(dict.fromkeys(sizes))
    if not sizes:
        return [inside.ctx.ring.one]
    least = [
        s for s in sizes if all(inside.weakly_positive(other - s) for other in sizes if other != s)
    ]
    total = inside.ctx.ring.zero
    for size in sizes:
        total = total + inside.ctx.ring.one / size
    return least[:1] or [inside.ctx.ring.one / total]


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


def _largest(values: list[Tree], prover: Prover) -> Tree:
    return simplified(join(values), prover)


def _parts(tree: Tree) -> tuple[Tree, ...]:
    return tree.parts if tree.kind == "max" else (tree,)


def tree_expr(tree: Tree, ctx: Context) -> Expr:
    """Return an expression whose logarithm is the tree."""
    if tree.form is not None:
        return form_expr(tree.form, ctx)
    parts = tuple(tree_expr(part, ctx) for part in tree.parts)
    if tree.kind == "plus":
        return mul(*parts)
    return Call(tree.kind, parts)


# Flat stretches.


def _with_stretches(
    centres: list[Form], total: Tree, index: str, prover: Prover
) -> list[dict[str, Any]]:
    """Return the centres in their order along the range, joined where the sum is flat between."""
    ordered = _ordered(centres, prover)
    pieces: list[dict[str, Any]] = [{"at": str(form_expr(c, prover.ctx))} for c in ordered]
    for first, last in pairwise(ordered):
        if _is_flat(first, last, total, index, prover):
            pieces.append(_stretch(first, last, prover))
    return pieces


def _ordered(centres: list[Form], prover: Prover) -> list[Form]:
    ordered: list[Form] = []
    for centre in centres:
        at = sum(1 for other in ordered if _is_above(centre, other, prover))
        ordered.insert(at, centre)
    return ordered


def _is_flat(first: Form, last: Form, total: Tree, index: str, prover: Prover) -> bool:
    values = [simplified(_at(total, index, end), prover).form for end in (first, last)]
    if values[0] is None or values[1] is None:
        return False
    return values[0] == values[1]


def _stretch(first: Form, last: Form, prover: Prover) -> dict[str, Any]:
    ctx = prover.ctx
    length = last - first
    for size in _own_first(length, ctx):
        for factor in _factors(length, size, ctx):
            proof = prover.certificate(((length,), (Form({size: factor}),)))
            if proof is not None:
                return {
                    "from": str(form_expr(first, ctx)),
                    "to": str(form_expr(last, ctx)),
                    "log": size,
                    "times": str(ctx.ring.expr(factor)),
                    "proof": {"certs": [proof]},
                }
    raise StuckError("the length of a flat stretch is not a logarithm of one size")


def _own_first(length: Form, ctx: Context) -> list[str]:
    """Return the sizes, those that the length of a stretch is made of first."""
    return sorted(ctx.sizes, key=lambda size: (size not in length.coeffs, size))


def _factors(length: Form, size: str, ctx: Context) -> list[Frac]:
    own = length.coeffs.get(size)
    found = [ctx.ring.one]
    if own is not None:
        found.insert(0, own if ctx.sign(own) == "+" else -own)
    return found


# From below.


def _sum_lower(expr: Sum, prover: Prover) -> list[dict[str, Any]] | None:
    ctx = prover.ctx
    inside = prover.within(expr)
    inner: dict[str, Any] = {}
    plan(expr.term, True, inside, inner)
    _decay_powers(expr, inside, inner)
    term = bound(expr.term, True, inside.ctx, inner)
    assert term is not None
    items: list[dict[str, Any]] = []
    nonempty = None
    if expr.hi != Name("oo"):
        low, high = join([lin(ZERO), log_tree(expr.lo, ctx)]), log_tree(expr.hi, ctx)
        try:
            nonempty = prover.goal(low, high, diverging=True)
        except StuckError:
            return None
    centres = _centres(expr, term, prover)
    for centre in centres:
        item = _window(expr, centre, nonempty, prover)
        if item is not None:
            items.append(item)
    if any(s.is_zero() for s in _slopes(term, expr.index, inside.ctx)):
        total = plus([term, lin(Form({expr.index: ctx.ring.one}))])
        for first, last in pairwise(_ordered(centres, prover)):
            if _is_flat(first, last, total, expr.index, prover):
                items += _flat_lower(expr, first, last, total, prover)
    return items or None


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
    point = form_expr(centre, prover.ctx)
    inner: dict[str, Any] = {}
    try:
        proofs = _within(expr, centre, centre, prover)
        term = substitute(expr.term, {expr.index: point})
        plan(term, False, prover, inner)
        value = bound(term, False, prover.ctx, inner)
    except (StuckError, ValueError) as error:
        if isinstance(error, SignNeededError):
            raise
        return None
    if value is None:
        return None
    if nonempty is not None:
        proofs["nonempty"] = nonempty
    return {"at": str(point), "inner": inner, **proofs}


def _flat_lower(
    expr: Sum, first: Form, last: Form, total: Tree, prover: Prover
) -> list[dict[str, Any]]:
    ctx = prover.ctx
    length = last - first
    value = simplified(_at(total, expr.index, first), prover)
    for size in _own_first(length, ctx):
        for factor in _factors(length, size, ctx):
            long = prover.certificate(((Form({size: factor}),), (length,)))
            if long is None:
                continue
            item = {
                "from": str(form_expr(first, ctx)),
                "to": str(form_expr(last, ctx)),
                "log": size,
                "times": str(ctx.ring.expr(factor)),
                "long": {"certs": [long]},
                "bound": str(tree_expr(value, ctx)),
            }
            stretch = Sum(expr.term, expr.index, form_expr(first, ctx), form_expr(last, ctx))
            inside = prover.within(stretch)
            inner: dict[str, Any] = {}
            try:
                item |= _within(expr, first, last, prover)
                plan(expr.term, False, inside, inner)
                below = bound(expr.term, False, inside.ctx, inner)
                if below is None:
                    continue
                small = plus([below, lin(Form({expr.index: ctx.ring.one}))])
                item["proof"] = inside.goal(value, small)
            except StuckError:
                continue
            return [item | {"inner": inner}]
    return []
