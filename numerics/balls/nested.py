r"""Sums whose inner sum runs to, or from, the outer index: ``Σ_i h(i) Σ_{j<=i} g(j)`` and its kin.

Term by term they cost as much as the outer range.  For powers ``g(x) = x^s`` the inner sum has an
explicit form at every index n from an anchor A on, by Euler–Maclaurin of order 2p (DLMF 2.10.1):

    Σ_{j=A+1}^{n} g(j) = P(n) - P(A) + R,
    P(x) = x^(s+1)/(s+1) + x^s/2 + Σ_{m=1}^{p} B_{2m}/(2m) C(s, 2m-1) x^(s-2m+1),

with ``log x`` for ``x^(s+1)/(s+1)`` where s = -1.  The derivative ``g^(2p)`` has one sign, so that

    |R| <= |B_{2p}/(2p) C(s, 2p-1)| A^(s-2p+1)          if 2p > s + 1,

the value of the last term at the left end (as in `monotone`).  Hence for ``n >= A``

    Σ_{j=l}^{n}  g = [Σ_{j=l}^{A} g - P(A)] + P(n) + R,
    Σ_{j=n}^{H}  g = P(H) - P(n) + g(n) + R_n,           |R_n| <= last term at n,
    Σ_{j=n}^{oo} g = -P(n) + g(n) + R_n                  for s < -1,

and the whole is a single sum over i of an explicit term, plus a remainder that is at most
``Σ_i |h(i)|`` times the bound of R; this sum is bounded octave by octave, number of terms times
the largest value by interval arithmetic, and beyond 2^200 by the form of its tail.

Derived here from Euler–Maclaurin; sums of several powers go term by term.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from flint import arb, fmpq

from ratecert.numerics.balls.program import Program, Values, exact
from ratecert.numerics.balls.tail import TooEarly, tail
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
    free_names,
    mul,
    power,
)

__all__ = ["ANCHOR", "Inner", "absolute_bound", "inner_of", "order_for", "primitive", "remainder"]

Kind = Literal["prefix", "suffix"]

ANCHOR = 256
"""Least index at which the explicit form of the inner sum is used."""

_OCTAVES = 200


@dataclass(frozen=True, slots=True)
class Inner:
    """``outside(i) Σ_j Σ_k c_k j^{s_k}``, over ``j <= i + shift`` or ``j >= i + shift``.

    Attributes
    ----------
    outside : Expr
        All factors without j.
    kind : "prefix" or "suffix"
        Which bound of j moves with i.
    shift : int
        The bound is ``i + shift``.
    other : Expr
        The bound that stays; may be ``oo``.
    powers : tuple of (Expr, Fraction)
        Coefficients ``c_k``, free of both indices, and exponents ``s_k``.
    term : Expr
        ``g`` as an expression in `index`.
    index : str
        The name j.
    """

    outside: Expr
    kind: Kind
    shift: int
    other: Expr
    powers: tuple[tuple[Expr, Fraction], ...]
    term: Expr
    index: str


def inner_of(product: Expr, index: str, values: Values) -> Inner | None:
    """Return the parts of a product with one inner sum, or None where it has another form.

    Parameters
    ----------
    product : Expr
        A product in the outer index, one factor of which is the inner sum.
    index : str
        The outer index.
    values : mapping of str to Fraction or arb
        The values of all other names.
    """
    factors = product.factors if isinstance(product, Mul) else (product,)
    sums = [factor for factor in factors if isinstance(factor, Sum)]
    if len(sums) != 1:
        return None
    node = sums[0]
    outside = [factor for factor in factors if factor is not node]
    mine = node.term.factors if isinstance(node.term, Mul) else (node.term,)
    outside += [factor for factor in mine if node.index not in free_names(factor)]
    inside = mul(*(factor for factor in mine if node.index in free_names(factor)))
    powers = _powers(inside, node.index, values)
    bounds = _moving(node, index, values)
    if powers is None or bounds is None or any(index in free_names(c) for c, _ in powers):
        return None
    kind, shift, other = bounds
    return Inner(mul(*outside), kind, shift, other, powers, inside, node.index)


def _moving(node: Sum, index: str, values: Values) -> tuple[Kind, int, Expr] | None:
    """Return which bound is ``i + shift``, the shift, and the other bound."""
    below, above = (_shift(bound, index, values) for bound in (node.lo, node.hi))
    if above is not None and index not in free_names(node.lo):
        return "prefix", above, node.lo
    if below is not None and index not in free_names(node.hi):
        return "suffix", below, node.hi
    return None


def _shift(bound: Expr, index: str, values: Values) -> int | None:
    """Return c where the bound is ``i + c`` with an integer c."""
    terms = bound.terms if isinstance(bound, Add) else (bound,)
    if Name(index) not in terms:
        return None
    rest = add(*(term for term in terms if term != Name(index)), Num(Fraction(0)))
    value = exact(rest, values)
    if value is None or value.denominator != 1 or terms.count(Name(index)) != 1:
        return None
    return int(value)


def _powers(expr: Expr, index: str, values: Values) -> tuple[tuple[Expr, Fraction], ...] | None:
    """Return coefficients and exponents of a sum of powers of the index."""
    found = []
    for term in expr.terms if isinstance(expr, Add) else (expr,):
        coefficient, s = [], Fraction(0)
        for factor in term.factors if isinstance(term, Mul) else (term,):
            match factor:
                case Name(name) if name == index:
                    own: Fraction | None = Fraction(1)
                case Pow(Name(name), exponent) if name == index:
                    own = exact(exponent, values)
                case _ if index not in free_names(factor):
                    coefficient.append(factor)
                    continue
                case _:
                    return None
            if own is None:
                return None
            s += own
        found.append((mul(*coefficient), s))
    return tuple(found)


def order_for(accuracy: int, anchor: int, s: Fraction) -> int:
    """Return a p for which the remainder from the anchor on is about ``2^-accuracy``, relative.

    ``|B_{2p}/(2p) C(s, 2p-1)| A^(-2p)`` is about ``(2p/(2 pi e A))^(2p)`` up to powers of p.
    """
    p = max(2, math.ceil((s + 3) / 2))
    while p < anchor and 2 * p * math.log2(2 * math.pi * anchor / (2 * p)) < accuracy + 32:
        p += 1
    return p


def primitive(x: Expr, s: Fraction, p: int) -> Expr:
    """Return ``P(x)`` for ``g(x) = x^s``."""
    whole = Call("log", (x,)) if s == -1 else mul(Num(1 / (s + 1)), power(x, Num(s + 1)))
    parts = [whole, mul(Num(Fraction(1, 2)), power(x, Num(s)))]
    for m in range(1, p + 1):
        weight = _weight(s, m)
        if weight:
            parts.append(mul(Num(weight), power(x, Num(s - 2 * m + 1))))
    return add(*parts)


def remainder(x: Expr, s: Fraction, p: int) -> Expr:
    """Return the bound of |R| at the left end x."""
    return mul(Num(abs(_weight(s, p))), power(x, Num(s - 2 * p + 1)))


def _weight(s: Fraction, m: int) -> Fraction:
    """Return ``B_{2m}/(2m) C(s, 2m-1)``."""
    number = fmpq.bernoulli(2 * m)
    binomial = Fraction(1)
    for k in range(2 * m - 1):
        binomial *= (s - k) / (k + 1)
    return Fraction(int(number.p), int(number.q)) / (2 * m) * binomial


def absolute_bound(term: Expr, index: str, values: Values, lo: int, hi: int | None) -> arb:
    """Return an upper bound of ``Σ |term|`` over ``lo..hi``, not finite where there is none."""
    program = Program(term, index, values, logarithmic=True)
    total = arb(0)
    last = lo * 2**_OCTAVES if hi is None else hi
    for x, y in _octaves(lo, last):
        over = program.at(arb(x).log().union(arb(y).log()))
        total += abs(over).upper() * (y - x + 1)
    if hi is None:
        try:
            total += abs(tail(term, index, values, last)).upper()
        except TooEarly:
            return arb("inf")
    return total


def _octaves(lo: int, hi: int) -> Iterator[tuple[int, int]]:
    x = lo
    while x <= hi:
        y = min(2 * x - 1, hi)
        yield x, y
        x = y + 1
