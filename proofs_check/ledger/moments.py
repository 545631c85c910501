r"""Expectations of polynomials in independent centred Gaussians (Isserlis).

``E(p)``, where p is a polynomial in three kinds of random variables, independent given the D:

- ``g``, Gaussian, centred, of a variance v that is not random: ``E g^(2k) = (2k - 1)!! v^k``;
- ``r``, Gaussian and centred given the D, of a variance with mean q that may depend on them;
- ``D``, of which only the second moment m is known.

The v, q and m must be seen not to be negative: else there are no such variables.

Monomials with an odd power of a g or an r have expectation 0.  Of the others, only those with at
most one factor ``r^2`` or ``D^2`` beside the g have an expectation that these data determine;
anything else is rejected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import fmpq

from ratecert.proofs_check.kernel.algebra import Frac, Ring, to_fraction
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import (
    Call,
    Expr,
    Name,
    Num,
    add,
    free_names,
    mul,
    neg,
    power,
)
from ratecert.proofs_check.ledger.scope import Scope
from ratecert.proofs_check.ledger.terms import Relation, parse_formula

__all__ = ["check_moments"]

ZERO = Num(Fraction(0))


@dataclass(frozen=True, slots=True)
class _Random:
    """Normal forms of variances and second moments, by the names of the random variables."""

    gaussian: Mapping[str, Expr]
    conditional: Mapping[str, Expr]
    other: Mapping[str, Expr]

    def names(self) -> tuple[str, ...]:
        return (*self.gaussian, *self.conditional, *self.other)


def check_moments(goal: Relation, context: Scope, table: Mapping[str, Any]) -> None:
    """Accept ``E(p) = right``, the variables being those of the table; else reject."""
    if goal.op != "=" or not isinstance(goal.left, Call) or goal.left.func != "E":
        raise RejectedError("a moment is stated as E(POLYNOMIAL) = FORMULA")
    kinds = ("gaussian", "conditional", "other")
    random = _Random(*(_moments(table[kind], context) for kind in kinds))
    inside = context
    for name in random.names():  # one by one: none may be of two kinds
        inside = inside.declaring(reals=[name])
    if not free_names(goal.right).isdisjoint(random.names()):
        raise RejectedError("an expectation does not depend on what it is taken over")
    expected = _expectation(goal.left.args, inside, random)
    gap = add(context.normal(goal.right), neg(expected))
    ring, (left,) = context.fractions(gap)
    if not left.is_zero():
        raise RejectedError(f"the expectation is another one; right - left is {ring.expr(left)}")


def _moments(table: Any, context: Scope) -> dict[str, Expr]:
    if not isinstance(table, dict):
        raise RejectedError("random variables are a table of names and moments")
    found = {}
    for name, text in table.items():
        moment = parse_formula(text)
        if not context.entails(Relation(ZERO, "<=", moment)):
            raise RejectedError(f"the mean square {moment} of {name} is not seen to be >= 0")
        found[name] = context.normal(moment)
    return found


def _expectation(args: tuple[Expr, ...], context: Scope, random: _Random) -> Expr:
    if len(args) != 1:
        raise RejectedError("an expectation is E(POLYNOMIAL)")
    normal = context.normal(args[0])
    ring, (value,) = context.fractions(normal)
    for name in ring.names:
        if name in context.atoms and not context.atoms[name].names.isdisjoint(random.names()):
            raise RejectedError(f"{name} is no polynomial in the random variables")
    if any(value.den.degrees()[k] for k, n in enumerate(ring.names) if n in random.names()):
        raise RejectedError("only polynomials in the random variables have an expectation here")
    terms = [
        mul(Num(to_fraction(fmpq(coeff))), _of_monomial(ring, monom, random))
        for monom, coeff in value.num.to_dict().items()
    ]
    den = ring.expr(Frac(value.den, value.den**0))
    return mul(add(*terms), power(den, Num(Fraction(-1))))


def _of_monomial(ring: Ring, monom: tuple[int, ...], random: _Random) -> Expr:
    degrees = {n: int(d) for n, d in zip(ring.names, monom, strict=True) if d}
    if any(d % 2 for n, d in degrees.items() if n in random.gaussian or n in random.conditional):
        return ZERO
    factors: list[Expr] = []
    dependent = 0
    for name, degree in degrees.items():
        if name in random.gaussian:
            half = Num(Fraction(degree // 2))
            factors.append(mul(Num(_double_factorial(degree)), power(random.gaussian[name], half)))
        elif name in random.names():
            dependent += 1
            if degree != 2 or dependent > 1:
                raise RejectedError(f"the expectation of a term with {name}^{degree} is not known")
            factors.append({**random.conditional, **random.other}[name])
        else:
            factors.append(power(Name(name), Num(Fraction(degree))))
    return mul(*factors)


def _double_factorial(degree: int) -> Fraction:
    """Return ``(degree - 1)!!`` for an even degree."""
    product = Fraction(1)
    for odd in range(1, degree, 2):
        product *= odd
    return product
