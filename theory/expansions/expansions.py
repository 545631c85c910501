r"""Expansions of sums in the claim language, their terms one after the other.

Nothing here is trusted, and no certificate rests on it: `ratecert.orders.constants` holds each
term against balls before it is shown.  A sum is brought to one of the forms of
`ratecert.theory.expansions.mellin` and `ratecert.theory.expansions.powersums`, which know the
terms; which of them is the next is decided exactly, by a certificate of the sign under the
assumptions.  Where it is not decided the expansion ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from ratecert.proofs_check.kernel.algebra import Form, Frac, Ring
from ratecert.proofs_check.kernel.cone import Context, SignNeededError
from ratecert.proofs_check.kernel.logform import exponent, monomial
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
    free_names,
    mul,
    neg,
    power,
    walk,
)
from ratecert.theory.expansions.mellin import (
    ONE,
    ExpansionTerm,
    MellinFilter,
    NoExpansionError,
    arrival,
    decay,
    filter_terms,
    minimum,
    raised,
    rational,
)
from ratecert.theory.expansions.powersums import head_terms, tail_terms
from ratecert.theory.search.certificates import certificate, sign_multiplier

__all__ = ["Expansion", "expansion"]

MINUS_ONE, HALF = Num(Fraction(-1)), Num(Fraction(1, 2))


@dataclass(frozen=True, slots=True)
class Expansion:
    """The first terms of a sum, largest first, in the claim language.

    Attributes
    ----------
    terms
        The terms; the sum is asymptotic to the first.
    scales
        Each of them without its constant.
    origins
        Where each comes from: ``bulk``, the terms at the scale of X or at an end; ``head``, the
        first terms of the sum; ``both``, where these meet.
    logs
        Whether it has a logarithm of X, which comes with a double pole.
    remainder
        The scale of what follows, None where it is not known or there is nothing of the order of
        a power.
    below
        X, where what follows is smaller than every power of X.
    is_exact
        Whether nothing follows.
    sign
        The expression in the parameters, in the claim language, whose sign decides what follows,
        where the assumptions leave it open.
    """

    terms: tuple[Expr, ...]
    scales: tuple[Expr, ...]
    origins: tuple[str, ...]
    logs: tuple[bool, ...]
    remainder: Expr | None = None
    below: Expr | None = None
    is_exact: bool = False
    sign: str = ""

    def first(self, number: int) -> Expansion:
        """Return the first terms alone."""
        if number >= len(self.terms):
            return self
        terms, scales = self.terms[:number], self.scales[:number]
        origins, logs = self.origins[:number], self.logs[:number]
        return Expansion(terms, scales, origins, logs, self.scales[number])

    def mapped(self, change: Callable[[Expr], Expr]) -> Expansion:
        """Change all terms and scales."""
        terms, scales = (tuple(map(change, part)) for part in (self.terms, self.scales))
        rest = None if self.remainder is None else change(self.remainder)
        return replace(self, terms=terms, scales=scales, remainder=rest)

    def times(self, factor: Expr) -> Expansion:
        """Multiply by something that does not depend on the index."""
        return self if factor == ONE else self.mapped(lambda term: mul(factor, term))


def expansion(expr: Expr, ctx: Context, count: int = 4) -> Expansion | None:
    """Return up to `count` terms of ``factor * sum(...)``, None where they are not known.

    Parameters
    ----------
    expr
        A sum in the claim language, or a product of one with what has no sum.
    ctx
        What is known of parameters and sizes (`ratecert.proofs_check.kernel.premises`).
    count
        The most terms that are given.
    """
    factors = expr.factors if isinstance(expr, Mul) else (expr,)
    sums = [factor for factor in factors if isinstance(factor, Sum)]
    rest = mul(*(factor for factor in factors if not isinstance(factor, Sum)))
    if len(sums) != 1 or any(isinstance(node, Sum) for node in walk(mul(rest, sums[0].term))):
        return None
    try:
        found = _Reader(sums[0], ctx).expansion(count).times(rest)
        return found.mapped(lambda term: _collected(term, ctx))
    except (NoExpansionError, RejectedError):
        return None


def _taken(terms: Iterator[ExpansionTerm], count: int, below: Expr | None = None) -> Expansion:
    """Return the first terms of a stream; `below` as for the expansion, if it ends."""
    kept: list[ExpansionTerm] = []
    rest: dict[str, Any] = {}
    try:
        for term in terms:
            if term.value is None or len(kept) == count:
                rest["remainder"] = term.scale
                break
            kept.append(term)
        else:
            rest |= {"below": below, "is_exact": below is None}
    except NoExpansionError as error:
        if not kept:
            raise
        rest["sign"] = error.sign
    if not kept:
        raise NoExpansionError
    values = tuple(term.value for term in kept if term.value is not None)
    scales, origins = (tuple(t.scale for t in kept), tuple(t.origin for t in kept))
    return Expansion(values, scales, origins, tuple(t.has_log for t in kept), **rest)


@dataclass(frozen=True, slots=True)
class _Monomial:
    """``coeff * i^exponent``."""

    coeff: Expr
    exponent: Frac


class _Reader:
    """Brings one sum to the form of the table and collects its poles."""

    def __init__(self, sum_: Sum, ctx: Context):
        self.sum, self.ctx, self.ring = sum_, ctx, ctx.ring

    def expansion(self, count: int) -> Expansion:
        factors = self.sum.term.factors if isinstance(self.sum.term, Mul) else (self.sum.term,)
        coeff: Expr = ONE
        exponent, filters = self.ring.zero, list[MellinFilter]()
        for factor in factors:
            plain = self._monomial(factor)
            found = None if plain is not None else self._filter(factor)
            if found is not None:
                plain, kept = found
                filters.append(kept)
            if plain is None:
                raise NoExpansionError
            coeff, exponent = mul(coeff, plain.coeff), exponent + plain.exponent
        if not filters:
            return _taken(self._powers(-exponent), count).times(coeff)
        if len(filters) > 1 or (self.sum.lo, self.sum.hi) != (ONE, Name("oo")):
            raise NoExpansionError
        phi = filters[0]
        self._require_growth(phi.X)
        terms = filter_terms(-exponent, phi, self._sign)
        return _taken(terms, count, phi.X).times(coeff)

    # What is known.

    def _sign(self, value: Frac) -> str:
        try:
            return self.ctx.sign(value)
        except SignNeededError:
            found = sign_multiplier(value, self.ctx)
        if found is None:
            numerator = Frac(value.num, self.ring.one.num)
            raise NoExpansionError(str(self.ring.expr(numerator)))
        return found[0]

    def _require_growth(self, expr: Expr) -> None:
        """Require that a monomial in the sizes is proved to tend to infinity."""
        clause = (Form({}),), (monomial(expr, self.ctx),)
        if certificate(self.ctx, clause, diverging=True) is None:
            raise NoExpansionError

    # Reading the term.

    def _monomial(self, expr: Expr) -> _Monomial | None:
        if self.sum.index not in free_names(expr):
            return _Monomial(expr, self.ring.zero)
        match expr:
            case Name():
                return _Monomial(ONE, self.ring.one)
            case Mul(factors):
                return self._product(factors)
            case Call("sqrt", (arg,)):
                return self._monomial(power(arg, HALF))
            case Pow(base, e) if self.sum.index not in free_names(e):
                inner = self._monomial(base)
                if inner is not None:
                    return self._power(inner, exponent(e, self.ctx))
        return None

    def _product(self, factors: Iterable[Expr]) -> _Monomial | None:
        product = _Monomial(ONE, self.ring.zero)
        for factor in factors:
            part = self._monomial(factor)
            if part is None:
                return None
            product = _Monomial(mul(product.coeff, part.coeff), product.exponent + part.exponent)
        return product

    def _power(self, base: _Monomial, e: Frac) -> _Monomial:
        return _Monomial(raised(base.coeff, self.ring.expr(e)), base.exponent * e)

    def _over(self, above: _Monomial, below: _Monomial) -> _Monomial:
        return _Monomial(
            mul(above.coeff, raised(below.coeff, MINUS_ONE)), above.exponent - below.exponent
        )

    def _filter(self, expr: Expr) -> tuple[_Monomial, MellinFilter] | None:
        """Read a factor that is no monomial: what stands before the filter, and the filter."""
        base, e = _as_power(expr)
        if self.sum.index in free_names(e):
            return None
        p = exponent(e, self.ctx)
        make: Callable[[Expr, Frac, Frac, Ring], MellinFilter]
        match base:
            case Call("exp", (arg,)) if e == ONE:
                return self._exp(arg)
            case Add((one, other)) if self._sign(p) == "-":
                make, order = rational, -p
            case Call("min", (one, other)) if self._sign(p) == "+":
                make, order = minimum, p
            case _:
                return None
        P, Q = self._monomial(one), self._monomial(other)
        if P is None or Q is None:
            return None
        if self._sign(P.exponent - Q.exponent) == "-":
            P, Q = Q, P
        for part in (P, Q):
            monomial(part.coeff, self.ctx)  # a positive one
        u = self._over(Q, P)
        if self._sign(u.exponent) != "-":
            raise NoExpansionError
        return self._power(P, p), make(u.coeff, -u.exponent, order, self.ring)

    def _exp(self, arg: Expr) -> tuple[_Monomial, MellinFilter] | None:
        u = self._monomial(neg(arg))
        if u is None:
            return None
        before = _Monomial(ONE, self.ring.zero)
        if self._sign(u.exponent) == "-":
            return before, decay(u.coeff, -u.exponent, self.ring)
        return before, arrival(raised(u.coeff, MINUS_ONE), u.exponent, self.ring)

    # Sums of powers.

    def _powers(self, b: Frac) -> Iterator[ExpansionTerm]:
        """Return the terms of a sum of ``i^-b`` over a tail or a head."""
        if self.sum.hi == Name("oo"):
            if self._sign(b - self.ring.one) != "+":
                raise NoExpansionError
            M, k = self._shifted(self.sum.lo)
            self._require_growth(M)
            return tail_terms(b, M, k, self.ring)
        if self.sum.lo != ONE:
            raise NoExpansionError
        self._require_growth(self.sum.hi)
        return head_terms(b, self.sum.hi, self._sign, self.ring)

    def _shifted(self, lo: Expr) -> tuple[Expr, Fraction]:
        match lo:
            case Add((M, Num(k))) | Add((Num(k), M)) if k.denominator == 1:
                return M, k
        return lo, Fraction(0)


def _as_power(expr: Expr) -> tuple[Expr, Expr]:
    """Return base and exponent, for a power of a power those of the one that it is."""
    if not isinstance(expr, Pow):
        return expr, ONE
    base, e = _as_power(expr.base)
    return base, expr.exponent if e == ONE else mul(e, expr.exponent)


def _collected(expr: Expr, ctx: Context) -> Expr:
    """Write the powers of each name and number in a product once."""
    powers: dict[Expr, Frac] = {}
    for factor in expr.factors if isinstance(expr, Mul) else (expr,):
        base, e = (factor.base, factor.exponent) if isinstance(factor, Pow) else (factor, ONE)
        powers[base] = powers.get(base, ctx.ring.zero) + ctx.ring.frac(e)
    return mul(*(power(base, ctx.ring.expr(e)) for base, e in powers.items() if not e.is_zero()))
