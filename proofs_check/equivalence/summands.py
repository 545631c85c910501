r"""Terms of a sum as a power of the index, logarithms of it, and filters ``φ(X i^-a)``.

Products are read factor by factor.  What is free of the index i is kept as it is; a factor that is
a positive multiple of a power of i, of another exponent than 0, is a power; the rest are filters,
by the table of `harmonic`:

- ``exp(-V i^-a)`` and ``exp(-V i^a)``, the latter with ``X = 1/V``; ``1 - exp(-V i^-a)``;
- ``(1 - x)^Y``, ``x = ρ i^-a``: as ``exp(-u)`` with ``X = ρ Y``, and with ρ and Y, on which more
  depends;
- ``(P + Q)^-p = P^-p (1 + Q/P)^-p``, ``min(P, Q)^q = P^q min(1, Q/P)^q`` and ``max(P, Q)^-q =
  P^-q max(1, Q/P)^-q`` with P and Q positive multiples of powers of i, P being the one for which
  ``u = Q/P`` falls with i.  In a sum of several terms those free of i count as one.

``(V i^s)^e = V^e i^{se}`` and the other identities hold for positive V, P and Q.  Their powers are
among the free factors, or Q/P and P are in the filter, and are evaluated by rules that reject
what is not positive.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from ratecert.proofs_check.kernel.algebra import Frac
from ratecert.proofs_check.kernel.cone import Context
from ratecert.proofs_check.kernel.logform import UnsupportedError, exponent
from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    add,
    children,
    div,
    free_names,
    mul,
    neg,
    power,
)

__all__ = ["Filter", "Summand", "is_complement", "read_term"]

ONE, MINUS_ONE, HALF = Num(Fraction(1)), Num(Fraction(-1)), Num(Fraction(1, 2))


@dataclass(frozen=True, slots=True)
class Filter:
    """``φ(X i^-a)``; `p` is its power p or q.

    `steps` and `rate` are Y and ρ of ``(1 - x)^Y``; `divisor` is the P that was divided by.
    """

    kind: str
    X: Expr
    a: Frac
    p: Frac | None = None
    steps: Expr | None = None
    rate: Expr | None = None
    divisor: Expr = ONE


@dataclass(frozen=True, slots=True)
class Summand:
    """``V i^slope log(i + k)^logs φ``: `free` are the factors of V; `bare` if some k is 0."""

    free: tuple[Expr, ...]
    slope: Frac
    logs: Frac
    filters: tuple[Filter, ...] = ()
    bare: bool = False

    def __mul__(self, other: Summand) -> Summand:
        return Summand(
            self.free + other.free,
            self.slope + other.slope,
            self.logs + other.logs,
            self.filters + other.filters,
            self.bare or other.bare,
        )


def is_complement(expr: Expr) -> bool:
    """Whether an expression is ``1 - x``, which may be a filter."""
    match expr:
        case Add((Num(one), Mul((Num(minus), *_)))):
            return one == 1 and minus < 0
    return False


def read_term(expr: Expr, index: str, ctx: Context) -> Summand:
    """Read the term of a sum over the index."""
    return _Reader(index, ctx).term(expr)


class _Reader:
    def __init__(self, index: str, ctx: Context):
        self.index, self.ctx, self.zero = index, ctx, ctx.ring.zero

    def term(self, expr: Expr) -> Summand:
        if isinstance(expr, Mul):
            product = self._plain((), self.zero)
            for factor in expr.factors:
                product = product * self.term(factor)
            return product
        found = self.monomial(expr)
        if found is not None:
            free, slope = found
            return self._plain(() if free == ONE else (free,), slope)
        return self._filtered(expr)

    def _plain(self, free: tuple[Expr, ...], slope: Frac) -> Summand:
        return Summand(free, slope, self.zero)

    def monomial(self, expr: Expr) -> tuple[Expr, Frac] | None:
        """Return V and s of ``V i^s``, or None."""
        if self.index not in free_names(expr):
            return expr, self.zero
        match expr:
            case Name():
                return ONE, self.ctx.ring.one
            case Mul(factors):
                parts = [self.monomial(factor) for factor in factors]
                if None in parts:
                    return None
                known = [part for part in parts if part is not None]
                slope = sum((s for _, s in known), self.zero)
                return mul(*(free for free, _ in known)), slope
            case Pow(base, e) if self.index not in free_names(e):
                return self._raised(self.monomial(base), e)
            case Call("sqrt", (arg,)):
                return self._raised(self.monomial(arg), HALF)
        return None

    def _raised(self, inner: tuple[Expr, Frac] | None, e: Expr) -> tuple[Expr, Frac] | None:
        if inner is None:
            return None
        free, slope = inner
        # Of a power of what is free alone the exponent may be anything.
        if slope.is_zero():
            return power(free, e), slope
        return ONE if free == ONE else power(free, e), slope * exponent(e, self.ctx)

    def _filtered(self, expr: Expr) -> Summand:
        base, e = (expr.base, expr.exponent) if isinstance(expr, Pow) else (expr, ONE)
        if self.index in free_names(e):
            raise UnsupportedError(f"no rule for a sum of {expr}")
        match base:
            case Call("sqrt", (arg,)):
                return self._filtered(power(arg, mul(e, HALF)))
            case Mul(factors):
                return self.term(mul(*(power(factor, e) for factor in factors)))
            case Pow(inner, d):
                return self._filtered(power(inner, mul(d, e)))
            case Call("exp", (arg,)):
                return self._exp(mul(arg, e))
            case Call("log", (arg,)):
                return self._log(arg, exponent(e, self.ctx))
            case Add((_, rest)) if is_complement(base):
                return self._kept(neg(rest), e)
            case Add() | Call("min" | "max", (_, _)):
                return self._two(base, exponent(e, self.ctx))
        raise UnsupportedError(f"no rule for a sum of {expr}")

    def _log(self, arg: Expr, e: Frac) -> Summand:
        match arg:
            case Name(self.index):
                return Summand((), self.zero, e, (), True)
            case Add((Name(self.index), Num(k)) | (Num(k), Name(self.index))) if k > 0:
                return Summand((), self.zero, e)
        raise UnsupportedError(f"no rule for a sum with log({arg})")

    def _exp(self, arg: Expr) -> Summand:
        found = self.monomial(neg(arg))
        if found is None:
            raise UnsupportedError(f"no rule for a sum with exp({arg})")
        free, slope = found
        if self.ctx.sign(slope) == "-":
            return self._with(Filter("exp", free, -slope))
        return self._with(Filter("exp inverse", power(free, MINUS_ONE), slope))

    def _with(self, phi: Filter) -> Summand:
        return Summand((), self.zero, self.zero, (phi,))

    def _kept(self, rest: Expr, e: Expr) -> Summand:
        """Read ``(1 - x)^Y`` or ``1 - exp(-u)``."""
        if isinstance(rest, Call) and rest.func == "exp" and e == ONE:
            inner = self._exp(rest.args[0]).filters[0]
            if inner.kind == "exp":
                return self._with(replace(inner, kind="one minus exp"))
            raise UnsupportedError(f"no rule for a sum with 1 - {rest}")
        found = self.monomial(rest)
        if found is None or self.ctx.sign(found[1]) != "-":
            raise UnsupportedError(f"no rule for a sum with 1 - {rest}")
        rate, slope = found
        return self._with(Filter("exp", mul(rate, e), -slope, None, e, rate))

    def _two(self, base: Expr, e: Frac) -> Summand:
        """Read ``(P + Q)^-p``, ``min(P, Q)^q`` or ``max(P, Q)^-q``."""
        kind = base.func if isinstance(base, Call) else "sum"
        parts = self._parts(base)
        (P, s), (Q, t) = parts
        if self.ctx.sign(t - s) != "-":
            (P, s), (Q, t) = (Q, t), (P, s)
        fall = s - t
        if self.ctx.sign(fall) != "+":
            raise UnsupportedError(f"no rule for a sum with {base}")
        sign = self.ctx.sign(e)
        if sign != ("+" if kind == "min" else "-"):
            raise UnsupportedError(f"no rule for a sum with {base} to this power")
        X = div(Q, P)
        before = self._plain((power(P, self.ctx.ring.expr(e)),), s * e)
        return before * self._with(Filter(kind, X, fall, e if kind == "min" else -e, divisor=P))

    def _parts(self, base: Expr) -> list[tuple[Expr, Frac]]:
        """Return the two monomials; what is free of the index is one."""
        parts = [self.monomial(term) for term in children(base)]
        known = [part for part in parts if part is not None]
        if isinstance(base, Add):
            free = [V for V, s in known if s.is_zero()]
            rest = [part for part in known if not part[1].is_zero()]
            merged = ([(add(*free), self.zero)] if free else []) + rest
        else:
            merged = known
        if len(known) < len(parts) or len(merged) != 2:
            raise UnsupportedError(f"no rule for a sum with {base}")
        return merged
