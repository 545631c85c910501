r"""Sharp constants of harmonic sums: the leading terms of ``Σ_i C i^-b φ(X i^-a)`` as ``X -> oo``.

Nothing here is trusted, and no certificate rests on it: `ratecert.constants` holds each expansion
against balls before it is shown.

*The method* (derived here; Flajolet, Gourdon and Dumas 1995 treat harmonic sums in general).  Let
``a > 0`` and ``φ(u) = O(u^w)`` at 0, and let ``φ*(s) = ∫_0^oo φ(u) u^{s-1} du`` converge for
``-w < Re s < β_0``.  Where ``b - a Re s > 1`` as well, sum and integral may be exchanged, and the
Mellin transform of ``F(X) = Σ_{i>=1} i^-b φ(X i^-a)`` is ``φ*(s) ζ(b - a s)``.  The half planes
meet if ``s_0 = (b-1)/a > -w``, which is also when F converges.  Moving the line of the inverse
transform to the right past the poles gives ``F(X) ~ -Σ Res φ*(s) ζ(b - a s) X^-s``:

- *bulk*: ``ζ(b - a s)`` has at ``s_0`` residue ``-1/a``, which gives ``φ*(s_0) X^{-s_0}/a``;
- *heads*: a term ``d u^{-β}`` of φ at infinity gives φ* at β residue ``-d``, hence the term
  ``d ζ(b - a β) X^{-β}``;
- at ``s_0 = β`` the pole is double and the leading part is ``(d/a) X^{-β} log X``; the constant
  beside the logarithm is not in the claim language (digamma), so that the expansion ends there.

The line may be moved as long as ``φ*(s) ζ(b - a s)`` stays integrable on it.  For the first three
filters φ* falls exponentially on vertical lines (as ``e^{-π|t|/2}`` or faster) and there is no
limit.  For ``min(1, u^q)`` it falls as ``|t|^-2``, and ``ζ(σ + it) = O(|t|^{1/2-σ+ε})`` for
``σ < 0``, so poles with ``b - a s > -1/2`` count and no others.

=====================  ====  ==============================  ================================
``φ(u)``               w     ``φ*(s)``                       ``(β, d)``
=====================  ====  ==============================  ================================
``exp(-u)``            0     ``Γ(s)``                        none
``exp(-1/u)``          oo    ``Γ(-s)``                       ``(k, (-1)^k/k!)``
``(1 + u)^-p``         0     ``Γ(s) Γ(p-s)/Γ(p)``            ``(p + k, binom(-p, k))``
``min(1, u^q)``        q     ``-q/(s (s+q))``                ``(0, 1)``
=====================  ====  ==============================  ================================

with ``Γ(s) Γ(1-s) = π/sin(π s)`` for ``p = 1``.  Other sums are brought to this form: powers of u
go into ``i^-b``, ``(P + Q)^-p = P^-p (1 + Q/P)^-p`` and ``min(P, Q)^q = P^q min(1, (Q/P)^q)``, P
being the one for which ``Q/P`` falls with i.

*Sums of powers* by Euler and Maclaurin, for an integer ``M -> oo``:
``Σ_{i>=M+k} i^-b = M^{1-b}/(b-1) - (k - 1/2) M^-b + O(M^{-b-1})`` for ``b > 1``, and
``Σ_{i<=M} i^-b = M^{1-b}/(1-b) + ζ(b) + M^-b/2 + O(M^{-b-1})`` for ``b != 1``, and
``log M + O(1)`` for ``b = 1``.

Which pole comes first is decided exactly, by a certificate of the sign under the assumptions;
where it is not decided there is no answer (or the expansion ends).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from math import factorial

from proofs_check.algebra import Form, Frac
from proofs_check.cone import Context, RejectedError, SignNeededError
from proofs_check.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    Sum,
    add,
    div,
    free_names,
    mul,
    neg,
    power,
    walk,
)
from proofs_check.logform import exponent, monomial
from theory.certificates import certificate, sign_multiplier

__all__ = ["Expansion", "expansion"]

ONE, MINUS_ONE, HALF = Num(Fraction(1)), Num(Fraction(-1)), Fraction(1, 2)
PI = Name("pi")


@dataclass(frozen=True, slots=True)
class Expansion:
    """The first terms of a sum, largest first, in the claim language.

    Attributes
    ----------
    terms
        The terms; the sum is asymptotic to the first.
    scale
        The first term without its constant and its logarithm.
    has_log
        Whether there is a logarithm in it; then it is the only term.
    """

    terms: tuple[Expr, ...]
    scale: Expr
    has_log: bool = False

    def times(self, factor: Expr) -> Expansion:
        """Multiply by something that does not depend on the index."""
        if factor == ONE:
            return self
        terms = tuple(mul(factor, term) for term in self.terms)
        return Expansion(terms, mul(factor, self.scale), self.has_log)


class _UndecidedError(Exception):
    """The sum is outside the family, or the order of its poles is not decided."""


def expansion(expr: Expr, ctx: Context, count: int = 4) -> Expansion | None:
    """Return up to `count` terms of ``factor * sum(...)``, None where they are not known.

    Parameters
    ----------
    expr
        A sum in the claim language, or a product of one with what has no sum.
    ctx
        What is known of parameters and sizes (`proofs_check.premises`).
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
        terms = tuple(_collected(term, ctx) for term in found.terms)
        return Expansion(terms, _collected(found.scale, ctx), found.has_log)
    except (_UndecidedError, RejectedError):
        return None


@dataclass(frozen=True, slots=True)
class _Monomial:
    """``coeff * i^exponent``."""

    coeff: Expr
    exponent: Frac


@dataclass(frozen=True, slots=True)
class _Filter:
    """``φ(X i^-a)`` by its row of the table; `low` is ``-w``, None for minus infinity.

    Poles count where ``b - a s`` is above `reach`; None for no limit.
    """

    X: Expr
    a: Frac
    low: Frac | None
    transform: Callable[[Frac], Expr]
    heads: Callable[[], Iterable[tuple[Frac, Expr]]]
    reach: Fraction | None = None


class _Reader:
    """Brings one sum to the form of the table and collects its poles."""

    def __init__(self, sum_: Sum, ctx: Context):
        self.sum, self.ctx, self.ring = sum_, ctx, ctx.ring

    def expansion(self, count: int) -> Expansion:
        factors = self.sum.term.factors if isinstance(self.sum.term, Mul) else (self.sum.term,)
        coeff: Expr = ONE
        exponent, filters = self.ring.zero, list[_Filter]()
        for factor in factors:
            plain = self._monomial(factor)
            found = None if plain is not None else self._filter(factor)
            if found is not None:
                plain, kept = found
                filters.append(kept)
            if plain is None:
                raise _UndecidedError
            coeff, exponent = mul(coeff, plain.coeff), exponent + plain.exponent
        if not filters:
            return self._powers(-exponent).times(coeff)
        if len(filters) > 1 or (self.sum.lo, self.sum.hi) != (ONE, Name("oo")):
            raise _UndecidedError
        self._require_growth(filters[0].X)
        return self._poles(-exponent, filters[0], count).times(coeff)

    # What is known.

    def _sign(self, value: Frac) -> str:
        try:
            return self.ctx.sign(value)
        except SignNeededError:
            found = sign_multiplier(value, self.ctx)
        if found is None:
            raise _UndecidedError
        return found[0]

    def _require_growth(self, expr: Expr) -> None:
        """Require that a monomial in the sizes is proved to tend to infinity."""
        clause = (Form({}),), (monomial(expr, self.ctx),)
        if certificate(self.ctx, clause, diverging=True) is None:
            raise _UndecidedError

    # Reading the term.

    def _monomial(self, expr: Expr) -> _Monomial | None:
        if self.sum.index not in free_names(expr):
            return _Monomial(expr, self.ring.zero)
        match expr:
            case Name():
                return _Monomial(ONE, self.ring.one)
            case Mul(factors):
                return self._product(factors)
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
        return _Monomial(_raised(base.coeff, self.ring.expr(e)), base.exponent * e)

    def _over(self, above: _Monomial, below: _Monomial) -> _Monomial:
        return _Monomial(
            mul(above.coeff, _raised(below.coeff, MINUS_ONE)), above.exponent - below.exponent
        )

    def _filter(self, expr: Expr) -> tuple[_Monomial, _Filter] | None:
        """Read a factor that is no monomial: what stands before the filter, and the filter."""
        base, e = (expr.base, expr.exponent) if isinstance(expr, Pow) else (expr, ONE)
        if self.sum.index in free_names(e):
            return None
        p = exponent(e, self.ctx)
        make: Callable[[_Monomial, Frac], _Filter]
        match base:
            case Call("exp", (arg,)) if e == ONE:
                return self._exp(arg)
            case Add((one, other)) if self._sign(p) == "-":
                make, order = self._rational, -p
            case Call("min", (one, other)) if self._sign(p) == "+":
                make, order = self._min, p
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
            raise _UndecidedError
        return self._power(P, p), make(u, order)

    def _exp(self, arg: Expr) -> tuple[_Monomial, _Filter] | None:
        u = self._monomial(neg(arg))
        if u is None:
            return None
        before = _Monomial(ONE, self.ring.zero)
        if self._sign(u.exponent) == "-":
            return before, _Filter(u.coeff, -u.exponent, self.ring.zero, self._gamma, tuple)
        X = _raised(u.coeff, MINUS_ONE)
        return before, _Filter(X, u.exponent, None, lambda s: self._gamma(-s), self._exp_heads)

    def _gamma(self, s: Frac) -> Expr:
        return ONE if s == self.ring.one else Call("Gamma", (self.ring.expr(s),))

    def _exp_heads(self) -> Iterator[tuple[Frac, Expr]]:
        for k in count():
            yield self.ring.number(k), Num(Fraction((-1) ** k, factorial(k)))

    def _rational(self, u: _Monomial, p: Frac) -> _Filter:
        def transform(s: Frac) -> Expr:
            if p == self.ring.one:
                # sin(π s) = sin(π (1-s)), whichever is shorter.
                angles = (mul(PI, self.ring.expr(x)) for x in (s, p - s))
                return div(PI, Call("sin", (min(angles, key=lambda x: len(str(x))),)))
            return div(mul(self._gamma(s), self._gamma(p - s)), self._gamma(p))

        def heads() -> Iterator[tuple[Frac, Expr]]:
            binomial = self.ring.one
            for k in count():
                yield p + self.ring.number(k), self.ring.expr(binomial)
                binomial = -binomial * (p + self.ring.number(k)) / self.ring.number(k + 1)

        return _Filter(u.coeff, -u.exponent, self.ring.zero, transform, heads)

    def _min(self, u: _Monomial, q: Frac) -> _Filter:
        def transform(s: Frac) -> Expr:
            return self.ring.expr(-q / (s * (s + q)))

        heads = [(self.ring.zero, ONE)]
        return _Filter(u.coeff, -u.exponent, -q, transform, lambda: heads, -HALF)

    # The terms.

    def _poles(self, b: Frac, phi: _Filter, count: int) -> Expansion:
        """Return the terms of ``Σ i^-b φ(X i^-a)``."""
        first = (b - self.ring.one) / phi.a
        if phi.low is not None and self._sign(first - phi.low) != "+":
            raise _UndecidedError
        terms: list[Expr] = []
        scales: list[Expr] = []
        try:
            for s, constant in self._ordered(b, phi, first):
                if phi.reach is not None:
                    margin = b - phi.a * s - self.ring.number(phi.reach)
                    if self._sign(margin) != "+":
                        break
                scale = _raised(phi.X, self.ring.expr(-s))
                if constant is None:  # a double pole, of which only the logarithm is known
                    if not terms:
                        d = next(d for beta, d in phi.heads() if beta == s)
                        term = mul(div(d, self.ring.expr(phi.a)), scale, Call("log", (phi.X,)))
                        return Expansion((term,), scale, True)
                    break
                terms.append(mul(constant, scale))
                scales.append(scale)
                if len(terms) == count:
                    break
        except _UndecidedError:
            if not terms:
                raise
        if not terms:
            raise _UndecidedError
        return Expansion(tuple(terms), scales[0])

    def _ordered(self, b: Frac, phi: _Filter, first: Frac) -> Iterator[tuple[Frac, Expr | None]]:
        """Yield the poles from the left with their constants; None for that of a double pole."""
        bulk_due = True
        for beta, d in phi.heads():
            gap = self._sign(beta - first) if bulk_due else "-"
            if gap == "0":
                yield first, None
                return
            if gap == "+":
                yield first, self._bulk(phi, first)
                bulk_due = False
            yield beta, mul(d, Call("zeta", (self.ring.expr(b - phi.a * beta),)))
        if bulk_due:
            yield first, self._bulk(phi, first)

    def _bulk(self, phi: _Filter, s: Frac) -> Expr:
        return div(phi.transform(s), self.ring.expr(phi.a))

    def _powers(self, b: Frac) -> Expansion:
        """Return the terms of a sum of ``i^-b`` over a tail or a head."""
        gap = b - self.ring.one
        sign = self._sign(gap)
        if self.sum.hi == Name("oo") and sign == "+":
            M, k = self._shifted(self.sum.lo)
            self._require_growth(M)
            scale = power(M, self.ring.expr(-gap))
            next_ = mul(Num(HALF - k), power(M, self.ring.expr(-b)))
            return Expansion((div(scale, self.ring.expr(gap)), next_), scale)
        if self.sum.lo != ONE or self.sum.hi == Name("oo"):
            raise _UndecidedError
        M = self.sum.hi
        self._require_growth(M)
        if sign == "0":
            return Expansion((Call("log", (M,)),), ONE, True)
        scale = power(M, self.ring.expr(-gap))
        bulk, head = div(scale, self.ring.expr(-gap)), Call("zeta", (self.ring.expr(b),))
        if sign == "+":
            return Expansion((head, bulk), ONE)
        if b.is_zero():
            return Expansion((bulk,), scale)
        # Which of the two is larger depends on the sign of b.
        rest = add(head, div(power(M, self.ring.expr(-b)), Num(Fraction(2))))
        return Expansion((bulk, rest), scale)

    def _shifted(self, lo: Expr) -> tuple[Expr, Fraction]:
        match lo:
            case Add((M, Num(k))) | Add((Num(k), M)) if k.denominator == 1:
                return M, k
        return lo, Fraction(0)


def _raised(base: Expr, e: Expr) -> Expr:
    """Return ``base^e`` for a positive base, in which a power with a numeric exponent is one."""
    match base:
        case Num(value) if value == 1:
            return ONE
        case Pow(inner, k) if isinstance(k, Num):
            return power(inner, mul(k, e))
        case Mul(factors):
            return mul(*(_raised(factor, e) for factor in factors))
    return power(base, e)


def _collected(expr: Expr, ctx: Context) -> Expr:
    """Write the powers of each name and number in a product once."""
    powers: dict[Expr, Frac] = {}
    for factor in expr.factors if isinstance(expr, Mul) else (expr,):
        base, e = (factor.base, factor.exponent) if isinstance(factor, Pow) else (factor, ONE)
        powers[base] = powers.get(base, ctx.ring.zero) + ctx.ring.frac(e)
    return mul(*(power(base, ctx.ring.expr(e)) for base, e in powers.items() if not e.is_zero()))
