"""Strict inequalities on a box, by branch and bound with Arb balls.

The box is what the facts say of the names that occur: each needs a rational lower and upper
bound.  Facts between these names cut parts of the box away: a part on which one of them is
certainly false is left out.  A part on which ``right - left`` is certainly positive (for ``<=``
too: the checker asks for more than it needs) is done; every other part is halved along its
widest side, relative to the box, until `MAX_PARTS` have been looked at.  What is not certain
is rejected, never believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from flint import arb, ctx, fmpq

from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Add, Call, Expr, Mul, Name, Num, Pow, Sum, walk
from ratecert.proofs_check.ledger.scope import Scope
from ratecert.proofs_check.ledger.terms import Relation

__all__ = ["check_on_box", "enclosed", "has_enclosure", "is_true"]

MAX_PARTS = 20_000
PRECISION = 80
ENCLOSED = frozenset({"exp", "log", "sqrt"})
Box = tuple[tuple[Fraction, Fraction], ...]


def check_on_box(goal: Relation, context: Scope) -> None:
    """Accept a relation that holds strictly for all values of its names that the facts allow.

    Raises
    ------
    RejectedError
        Where a name has no bounds, a formula has no enclosure, or too many parts are open.
    """
    context.gap(goal)
    if goal.op == "=" or not has_enclosure(goal):
        raise RejectedError("only inequalities without sums and floors are checked on a box")
    names = tuple(sorted(goal.names()))
    box = tuple(_side(name, context) for name in names)
    cuts = [
        fact.relation
        for fact in context.facts
        if fact.relation.names() <= set(names) and has_enclosure(fact.relation)
    ]
    old, ctx.prec = ctx.prec, PRECISION
    try:
        _branch(goal, names, box, cuts)
    finally:
        ctx.prec = old


def has_enclosure(relation: Relation) -> bool:
    """Whether both sides have an enclosure."""
    nodes = [*walk(relation.left), *walk(relation.right)]
    return all(
        not isinstance(node, Sum) and not (isinstance(node, Call) and node.func not in ENCLOSED)
        for node in nodes
    )


def _side(name: str, context: Scope) -> tuple[Fraction, Fraction]:
    bounds = context.bounds(name)
    if bounds is None:
        raise RejectedError(f"{name} has no two rational bounds, so there is no box")
    return bounds


def _branch(goal: Relation, names: tuple[str, ...], box: Box, cuts: list[Relation]) -> None:
    full = [hi - lo for lo, hi in box]
    parts, seen = [box], 0
    while parts:
        part = parts.pop()
        seen += 1
        if seen > MAX_PARTS:
            raise RejectedError(f"not certain on the box; open near {_shown(names, part)}")
        values = {name: _ball(*side) for name, side in zip(names, part, strict=True)}
        if any(_is_false(cut, values) for cut in cuts) or _gap(goal, values) > 0:
            continue
        sides = zip(part, full, strict=True)
        widths = [(hi - lo) / whole if whole else Fraction(0) for (lo, hi), whole in sides]
        if not any(widths):
            raise RejectedError(f"not certain at {_shown(names, part)}")
        parts += _halves(part, widths.index(max(widths)))


def _halves(part: Box, k: int) -> list[Box]:
    lo, hi = part[k]
    middle = (lo + hi) / 2
    return [(*part[:k], side, *part[k + 1 :]) for side in ((lo, middle), (middle, hi))]


def _shown(names: tuple[str, ...], part: Box) -> str:
    return ", ".join(
        f"{name} = {float((lo + hi) / 2):.6g}" for name, (lo, hi) in zip(names, part, strict=True)
    )


def is_true(relation: Relation, values: Mapping[str, arb]) -> bool:
    """Whether a relation certainly holds for all values."""
    gap = _gap(relation, values)
    equal = bool(gap.is_exact() and gap == 0)
    return (relation.op != "<" and equal) or (relation.op != "=" and bool(gap > 0))


def _is_false(relation: Relation, values: Mapping[str, arb]) -> bool:
    """Whether a relation is certainly false for all values."""
    gap = _gap(relation, values)
    return bool(gap < 0 or (relation.op == "=" and gap > 0))


def _gap(relation: Relation, values: Mapping[str, arb]) -> arb:
    return enclosed(relation.right, values) - enclosed(relation.left, values)


def _ball(lo: Fraction, hi: Fraction) -> arb:
    low, high = (arb(fmpq(x.numerator, x.denominator)) for x in (lo, hi))
    return low if lo == hi else low.union(high)


def enclosed(expr: Expr, values: Mapping[str, arb]) -> arb:
    """Return a ball that contains every value of the expression for the values' balls."""
    match expr:
        case Num(value):
            return _ball(value, value)
        case Name(name):
            return values[name]
        case Add(terms):
            return sum((enclosed(t, values) for t in terms[1:]), enclosed(terms[0], values))
        case Mul(factors):
            product = enclosed(factors[0], values)
            for factor in factors[1:]:
                product = product * enclosed(factor, values)
            return product
        case Pow(base, Num(value)) if value.denominator == 1:
            return enclosed(base, values) ** int(value)
        case Pow(base, exponent):
            return (enclosed(base, values).log() * enclosed(exponent, values)).exp()
        case Call("exp", (arg,)):
            return enclosed(arg, values).exp()
        case Call("log", (arg,)):
            return enclosed(arg, values).log()
    assert isinstance(expr, Call), "has_enclosure was asked before"
    return enclosed(expr.args[0], values).sqrt()
