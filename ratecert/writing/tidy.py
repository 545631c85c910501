"""Expressions rewritten so that they read as people write them; nothing changes but the looks.

``x^(1/a)*y^(1/a)`` becomes ``(x*y)^(1/a)`` and ``-a + 1`` becomes ``1 - a``.  Sizes and the step
size, to which the first is applied, are positive.
"""

from __future__ import annotations

from fractions import Fraction

from ratecert.proofs_check.language.expr import (
    Add,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    add,
    children,
    div,
    mul,
    power,
    rebuild,
)
from ratecert.proofs_check.language.grammar import parse_condition, parse_expr
from ratecert.proofs_check.language.statement import Condition

__all__ = ["tidy", "tidy_condition", "tidy_text"]

_ONE, _MINUS_ONE = Num(Fraction(1)), Num(Fraction(-1))
_PRINTED = 10**6  # characters: what the engines print may be longer than what a file may say


def tidy(expr: Expr) -> Expr:
    """Return the expression in its usual spelling."""
    parts = tuple(tidy(part) for part in children(expr))
    match expr:
        case Add():
            return _in_order(parts)
        case Mul():
            return _grouped(parts)
    return rebuild(expr, parts) if parts else expr


def tidy_condition(condition: Condition) -> Condition:
    """Return the condition with its sides in their usual spelling."""
    return Condition(tidy(condition.left), condition.op, tidy(condition.right))


def tidy_text(text: str) -> str:
    """Return an expression or a condition, given as text, in its usual spelling."""
    if any(sign in text for sign in "<>="):
        (condition,) = parse_condition(text)
        return str(tidy_condition(condition))
    return str(tidy(parse_expr(text, max_characters=_PRINTED)))


def _in_order(terms: tuple[Expr, ...]) -> Expr:
    """Put the terms with a minus behind the others."""
    return add(*sorted(terms, key=_is_negative))


def _is_negative(term: Expr) -> bool:
    first = term.factors[0] if isinstance(term, Mul) else term
    return isinstance(first, Num) and first.value < 0


def _grouped(factors: tuple[Expr, ...]) -> Expr:
    """Collect the names that have one exponent; reciprocals go behind, as divisions."""
    above: dict[Expr, list[Expr]] = {}
    below: list[Expr] = []
    for factor in factors:
        base, exponent = _split(factor)
        if exponent == _MINUS_ONE:
            below.append(base)
        else:
            above.setdefault(exponent, []).append(base)
    whole = mul(*(power(mul(*bases), exponent) for exponent, bases in above.items()))
    return div(whole, mul(*below))


def _split(factor: Expr) -> tuple[Expr, Expr]:
    """Return base and exponent of a power of names, of a reciprocal, or the factor itself."""
    if isinstance(factor, Pow) and (_is_names(factor.base) or factor.exponent == _MINUS_ONE):
        return factor.base, factor.exponent
    return factor, _ONE


def _is_names(base: Expr) -> bool:
    """Whether an expression is a name or a product of names."""
    parts = base.factors if isinstance(base, Mul) else (base,)
    return all(isinstance(part, Name) for part in parts)
