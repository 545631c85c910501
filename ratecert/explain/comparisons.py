"""Certificates of comparisons, in words.

A certificate (`ratecert.proofs_check.kernel.cone`) says that the quotient of two sides is a
product of powers, with exponents that are not negative, of quotients known to be bounded below.
So it is told as the inequalities that are multiplied, each with the power it is raised to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from ratecert.proofs_check.kernel.algebra import Form, Frac, Multiplier
from ratecert.proofs_check.kernel.cone import Clause, Context, Generator, Tree, clauses
from ratecert.proofs_check.kernel.goals import check_goal, refined
from ratecert.proofs_check.kernel.logform import form_expr
from ratecert.proofs_check.language.errors import RejectedError, UserError
from ratecert.proofs_check.language.expr import Call, Expr, Mul, Name, Num, Pow, mul, neg, power
from ratecert.proofs_check.language.grammar import parse_condition
from ratecert.proofs_check.language.statement import Condition
from ratecert.theory.search.lattices import simplified
from ratecert.theory.search.prover import Prover, StuckError
from ratecert.writing.page import Line, equation, landau, line, math, math_condition
from ratecert.writing.tables import Math

__all__ = ["comparisons_of", "fact", "joined_by", "joined_by_and", "readable",
           "shorter_comparisons"]  # fmt: skip


def shorter_comparisons(small: Tree, large: Tree, data: Any, ctx: Context) -> Iterator[Line]:
    """Yield the comparisons with what is left of `large` without the parts that are not needed.

    The proof that is told then is another one, which has been checked in the same way; where none
    is found it is that of the data.
    """
    prover = Prover(ctx)
    brief = simplified(large, prover)
    try:
        shorter = prover.goal(small, brief)
        check_goal(small, brief, shorter, ctx)
    except (StuckError, RejectedError):
        return comparisons_of(small, large, data, ctx)
    return comparisons_of(small, brief, shorter, ctx)


def comparisons_of(
    small: Tree, large: Tree, data: Any, ctx: Context, letter: str = "O"
) -> Iterator[Line]:
    """Yield each comparison that a proof of ``small <= large`` makes; trivial ones are left out.

    `data` is a checked proof as `ratecert.proofs_check.kernel.goals.check_goal` takes it; `letter`
    is "o" for one in which the difference tends to infinity.
    """
    steps = list(refined(data, ctx))
    for inner, rest in steps:
        if "mono" in data:
            yield _monotone(*data["mono"])
        yield from comparisons_of(small, large, rest, inner, letter)
    if not steps and "certs" in data:
        for clause, certificate in zip(clauses(small, large), data["certs"], strict=True):
            told = _told(clause, certificate, ctx, letter)
            if told is not None:
                yield told


def _monotone(large: str, small: str) -> Line:
    logs = [math(Call("log", (Name(name),))) for name in (small, large)]
    told = line(equation(logs[0], landau("O", logs[1])), ", as ", math(Name(small)))
    return line(told, " is at most of the order of a power of ", math(Name(large)))


def _told(clause: Clause, data: Any, ctx: Context, letter: str) -> Line | None:
    """Return what one certificate says; None for ``x = O(x)``."""
    count = len(ctx.factors)
    mu = [Multiplier.read(entry, count) for entry in data["mu"]]
    nu = [Multiplier.read(entry, count) for entry in data["nu"]]
    weight = _sum_of(mu, ctx)
    smaller = _weighted(clause[0], mu, weight, ctx)
    larger = _weighted(clause[1], nu, weight, ctx)
    used = {
        int(g): _share(Multiplier.read(m, count), weight, ctx) for g, m in data["gens"].items()
    }
    used = {g: share for g, share in used.items() if not share.is_zero()}
    if not used and any(form in [f for f, _ in larger] for form, _ in smaller):
        return None
    told = line(equation(_side("min", smaller, ctx), landau(letter, _side("max", larger, ctx))))
    for side in (smaller, larger):
        if len(side) > 1:
            told = line(told, ", weights ", _weights(side, ctx))
    if used:
        reasons = [_reason(ctx.generators[g], share, ctx, letter) for g, share in used.items()]
        told = line(told, ", by ", joined_by_and(reasons))
    return told


def _sum_of(multipliers: Sequence[Multiplier], ctx: Context) -> Frac:
    total = ctx.ring.zero
    for multiplier in multipliers:
        total = total + _frac(multiplier, ctx)
    return total


def _frac(multiplier: Multiplier, ctx: Context) -> Frac:
    return Frac(multiplier.poly(ctx.ring, ctx.factors), ctx.ring.one.den)


def _share(multiplier: Multiplier, weight: Frac, ctx: Context) -> Frac:
    return _frac(multiplier, ctx) / weight


Weighted = list[tuple[Form, Frac]]


def _weighted(
    forms: Sequence[Form], multipliers: Sequence[Multiplier], weight: Frac, ctx: Context
) -> Weighted:
    shares = [
        (f, _share(m, weight, ctx)) for f, m in zip(forms, multipliers, strict=True) if m.terms
    ]
    return [(form, share) for form, share in shares if not share.is_zero()]


def _side(kind: str, parts: Weighted, ctx: Context) -> Math:
    exprs = tuple(form_expr(form, ctx) for form, _ in parts)
    return math(exprs[0] if len(exprs) == 1 else Call(kind, exprs))


def _weights(parts: Weighted, ctx: Context) -> Line:
    return joined_by_and(line(math(ctx.ring.expr(share))) for _, share in parts)


def _reason(generator: Generator, share: Frac, ctx: Context, letter: str) -> Line:
    """Return one of the inequalities that are multiplied, and its power."""
    told = fact(generator.text)
    if letter == "o" and generator.grows:
        (variable,) = generator.form.coeffs
        shown = math(form_expr(Form({variable: ctx.ring.one}), ctx))
        told = line(Math(rf"{shown.latex} \to \infty", f"{shown.plain} -> oo"))
    if generator.absorbed_by is not None or share == ctx.ring.one:
        return told
    return line(told, " to the power ", math(ctx.ring.expr(share)))


def joined_by_and(parts: Iterable[Line]) -> Line:
    """Return "x", "x and y", "x, y and z"."""
    *most, last = [*parts] or [()]
    return line(joined_by(most, ", "), " and ", last) if most else last


def joined_by(parts: Iterable[Line], link: str) -> Line:
    """Return the parts with the link between them."""
    told: Line = ()
    for number, part in enumerate(parts):
        told = line(told, link, part) if number else part
    return told


def fact(text: str) -> Line:
    """Return what a generator says: a condition, or one of the facts about sizes."""
    name, arrow, _ = text.partition(" -> oo")
    if arrow:
        return fact(f"{name} >= 1")
    if text == "gamma <= const":
        return line(equation(math(Name("gamma")), landau("O", math(Num(Fraction(1))))))
    if text == "up to logarithms":
        return line("leaving out powers of logarithms")
    try:
        conditions = parse_condition(text)
    except UserError:
        return line(text)
    return joined_by_and([line(math_condition(readable(c))) for c in conditions])


def readable(condition: Condition) -> Condition:
    """Write ``X*Y^(-q) >= 1`` as ``X >= Y^q``."""
    left = condition.left
    if condition.right != Num(Fraction(1)) or not isinstance(left, Mul | Pow):
        return condition
    above: list[Expr] = []
    below: list[Expr] = []
    for factor in left.factors if isinstance(left, Mul) else (left,):
        if isinstance(factor, Pow) and _is_negative(factor.exponent):
            below.append(power(factor.base, neg(factor.exponent)))
        else:
            above.append(factor)
    return Condition(mul(*above), condition.op, mul(*below))


def _is_negative(expr: Expr) -> bool:
    first = expr.factors[0] if isinstance(expr, Mul) else expr
    return isinstance(first, Num) and first.value < 0
