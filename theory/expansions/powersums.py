r"""Sums of powers by Euler and Maclaurin.

For an integer ``M -> oo`` (derived here): as ``ζ(b, M + k) =
1/Γ(b) ∫ t^{b-1} e^{-(M+k)t}/(1 - e^{-t}) dt`` and ``t e^{(1-k)t}/(e^t - 1) = Σ B_n(1-k) t^n/n!``,

    ``Σ_{i>=M+k} i^-b = M^{1-b}/(b-1) + Σ_{n>=1} B_n(1-k)/n! b (b+1)...(b+n-2) M^{1-b-n}``,

``b > 1``, and ``Σ_{i<=M} i^-b = ζ(b)`` minus that for ``k = 1``, which continues to all
``b != 1``; for ``b = 1``, ``log M + γ_E`` stands for ``ζ(b) + M^{1-b}/(1-b)``.  Where
``1-b-n = 0`` the term cancels ``ζ(b)``, and the sum is a polynomial.

An end that is not a plain size, such as ``N_eff``, need not be an integer, and then only the
leading power of it is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import count
from math import factorial

from ratecert.proofs_check.kernel.algebra import Frac, Ring
from ratecert.proofs_check.language.expr import Expr, Name, Num, div, mul, neg
from ratecert.theory.expansions.mellin import (
    EULER,
    ONE,
    ExpansionTerm,
    Sign,
    bernoulli,
    log_of,
    scale_of,
    zeta,
)

__all__ = ["head_terms", "tail_terms"]


def tail_terms(b: Frac, M: Expr, k: Fraction, ring: Ring) -> Iterator[ExpansionTerm]:
    """Yield the terms of ``Σ_{i>=M+k} i^-b``, but for the first where ``b = 1``."""
    gap, rising = b - ring.one, list[Frac]()
    if not gap.is_zero():
        scale = scale_of(M, gap, ring)
        yield ExpansionTerm(div(scale, ring.expr(gap)), scale, "bulk", gap)
    for n in count(1):
        s = gap + ring.number(n)
        scale = scale_of(M, s, ring)
        if not isinstance(M, Name) or M.name == "N_eff":
            yield ExpansionTerm(None, scale, "bulk", s)
            return
        number = bernoulli(n, 1 - k) / factorial(n)
        if number:
            factor = mul(Num(number), *map(ring.expr, rising))
            yield ExpansionTerm(mul(factor, scale), scale, "bulk", s)
        rising.append(b + ring.number(n - 1))
        if rising[-1].is_zero():
            return


def head_terms(b: Frac, M: Expr, sign: Sign, ring: Ring) -> Iterator[ExpansionTerm]:
    """Yield the terms of ``Σ_{i<=M} i^-b``.

    Raises
    ------
    UndecidedError
        Where it is not known which term is the next.
    """
    zero, head_due = ring.zero, True
    if (b - ring.one).is_zero():
        log = log_of(M)
        yield ExpansionTerm(log, log, "both", zero, has_log=True)
        yield ExpansionTerm(EULER, ONE, "both", zero)
        head_due = False
    for term in tail_terms(b, M, Fraction(1), ring):
        side = sign(-term.s) if head_due else "+"
        if side == "-":
            yield ExpansionTerm(zeta(b, ring), ONE, "head", zero)
        head_due = head_due and side == "+"
        if side != "0":
            yield replace(term, value=None if term.value is None else neg(term.value))
