r"""Harmonic sums by their Mellin transform: the terms of ``Σ_i C i^-b φ(X i^-a)`` as ``X -> oo``.

Nothing here is trusted, and no certificate rests on it: `ratecert.orders.constants` holds each
expansion against balls before it is shown.

*The method* (derived here; Flajolet, Gourdon and Dumas 1995 treat harmonic sums in general).  Let
``a > 0`` and ``φ(u) = O(u^w)`` at 0, and let ``φ*(s) = ∫_0^oo φ(u) u^{s-1} du`` converge for
``-w < Re s < β_0``.  Where ``b - a Re s > 1`` as well, sum and integral may be exchanged, and the
Mellin transform of ``F(X) = Σ_{i>=1} i^-b φ(X i^-a)`` is ``φ*(s) ζ(b - a s)``.  The half planes
meet if ``s_0 = (b-1)/a > -w``, which is also when F converges.  Moving the line of the inverse
transform to the right past the poles gives ``F(X) ~ -Σ Res φ*(s) ζ(b - a s) X^-s``:

- *bulk*: ``ζ(b - a s)`` has at ``s_0`` residue ``-1/a``, which gives ``φ*(s_0) X^{-s_0}/a``;
- *heads*: a term ``d u^{-β}`` of φ at infinity gives φ* at β residue ``-d``, hence the term
  ``d ζ(b - a β) X^{-β}``;
- at ``s_0 = β`` the pole is double.  With ``φ*(β + ε) = -d/ε + c + O(ε)``,
  ``ζ(b - a s) = -1/(a ε) + γ_E + O(ε)`` and ``X^-s = X^-β (1 - ε log X + O(ε²))`` minus the
  residue is ``X^-β ((d/a) log X + d γ_E + c/a)``.

The line may be moved as long as ``φ*(s) ζ(b - a s)`` stays integrable on it.  For the first three
filters φ* falls exponentially on vertical lines (as ``e^{-π|t|/2}`` or faster) and there is no
limit.  For ``min(1, u^q)`` it falls as ``|t|^-2``, and ``ζ(σ + it) = O(|t|^{1/2-σ+ε})`` for
``σ < 0``, so poles with ``b - a s > -1/2`` count and no others.

=====================  ====  =====================  ==========================  ===============
``φ(u)``               w     ``φ*(s)``              ``(β, d)``                  ``c/d``
=====================  ====  =====================  ==========================  ===============
``exp(-u)``            0     ``Γ(s)``               none
``exp(-1/u)``          oo    ``Γ(-s)``              ``(k, (-1)^k/k!)``          ``H_k - γ_E``
``(1 + u)^-p``         0     ``Γ(s) Γ(p-s)/Γ(p)``   ``(p + k, binom(-p, k))``   ``H_k - H_p+k-1``
``min(1, u^q)``        q     ``-q/(s (s+q))``       ``(0, 1)``                  ``1/q``
=====================  ====  =====================  ==========================  ===============

with ``Γ(s) Γ(1-s) = π/sin(π s)`` for ``p = 1``.  The finite parts are those of
``Γ(-k-ε) = (-1)^k/k! (-1/ε + ψ(k+1))`` with ``ψ(k+1) = H_k - γ_E``, and of ``Γ(p+k+ε) =
Γ(p+k) (1 + ψ(p+k) ε)``; the third is known here for whole p,
elsewhere the expansion ends.

Other sums are brought to this form: powers of u go into ``i^-b``, ``(P + Q)^-p =
P^-p (1 + Q/P)^-p`` and ``min(P, Q)^q = P^q min(1, (Q/P)^q)``, P being the one for which ``Q/P``
falls with i.

Which pole comes first is decided by the signs that the caller gives; where one is not decided the
terms end there (`NoExpansionError`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from math import factorial

from flint import fmpq_poly

from ratecert.proofs_check.kernel.algebra import Frac, Ring, to_fmpq
from ratecert.proofs_check.language.expr import (
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    add,
    div,
    mul,
    power,
)

__all__ = [
    "EULER",
    "ONE",
    "ExpansionTerm",
    "MellinFilter",
    "NoExpansionError",
    "Sign",
    "arrival",
    "bernoulli",
    "decay",
    "filter_terms",
    "log_of",
    "minimum",
    "raised",
    "rational",
    "scale_of",
    "whole_number",
    "zeta",
]

ONE, HALF = Num(Fraction(1)), Fraction(1, 2)
PI, EULER = Name("pi"), Name("EulerGamma")

Sign = Callable[[Frac], str]
"""Tells the sign of a function of the parameters, or raises `NoExpansionError`."""


class NoExpansionError(Exception):
    """A sum is outside the family, or the order of its terms is not decided.

    `sign` is the expression the sign of which would have to be known, "" for other reasons.
    """

    def __init__(self, sign: str = ""):
        self.sign = sign
        super().__init__(sign)


@dataclass(frozen=True, slots=True)
class ExpansionTerm:
    """A term of order ``X^-s`` (times log X) with its scale, the term without its constant.

    `value` is None where the constant is not known.  It comes from the `origin` "bulk", the terms
    at the scale of X or at an end; "head", the first terms of the sum; or "both".
    """

    value: Expr | None
    scale: Expr
    origin: str
    s: Frac
    has_log: bool = False


# The filters.


@dataclass(frozen=True, slots=True)
class Head:
    """A term ``d u^-β`` of φ at infinity, ``c/d = h + g γ_E``; h is None where c is not known."""

    beta: Frac
    d: Expr
    h: Frac | None
    g: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class MellinFilter:
    """``φ(X i^-a)`` by its row of the table; `low` is ``-w``, None for minus infinity.

    Poles count where ``b - a s`` is above `reach`; None for no limit.
    """

    X: Expr
    a: Frac
    low: Frac | None
    transform: Callable[[Frac], Expr]
    heads: Callable[[], Iterable[Head]]
    ring: Ring
    reach: Fraction | None = None


def decay(X: Expr, a: Frac, ring: Ring) -> MellinFilter:
    """Return ``exp(-u)``, ``u = X i^-a``."""
    return MellinFilter(X, a, ring.zero, lambda s: _gamma(s, ring), tuple, ring)


def arrival(X: Expr, a: Frac, ring: Ring) -> MellinFilter:
    """Return ``exp(-1/u)``, ``u = X i^-a``."""

    def heads() -> Iterator[Head]:
        for k in count():
            d = Num(Fraction((-1) ** k, factorial(k)))
            yield Head(ring.number(k), d, ring.number(_harmonic(k)), Fraction(-1))

    return MellinFilter(X, a, None, lambda s: _gamma(-s, ring), heads, ring)


def rational(X: Expr, a: Frac, p: Frac, ring: Ring) -> MellinFilter:
    """Return ``(1 + u)^-p``, ``u = X i^-a``, for ``p > 0``."""

    def transform(s: Frac) -> Expr:
        if p == ring.one and s.constant() == HALF:
            return PI
        if p == ring.one:
            # sin(π s) = sin(π (1-s)), whichever is shorter.
            angles = (mul(PI, ring.expr(x)) for x in (s, p - s))
            return div(PI, Call("sin", (min(angles, key=lambda x: len(str(x))),)))
        return div(mul(_gamma(s, ring), _gamma(p - s, ring)), _gamma(p, ring))

    whole = whole_number(p)

    def heads() -> Iterator[Head]:
        binomial = ring.one
        for k in count():
            h = None
            if whole is not None:
                h = ring.number(_harmonic(k) - _harmonic(whole + k - 1))
            yield Head(p + ring.number(k), ring.expr(binomial), h)
            binomial = -binomial * (p + ring.number(k)) / ring.number(k + 1)

    return MellinFilter(X, a, ring.zero, transform, heads, ring)


def minimum(X: Expr, a: Frac, q: Frac, ring: Ring) -> MellinFilter:
    """Return ``min(1, u^q)``, ``u = X i^-a``, for ``q > 0``."""

    def transform(s: Frac) -> Expr:
        return ring.expr(-q / (s * (s + q)))

    heads = [Head(ring.zero, ONE, ring.one / q)]
    return MellinFilter(X, a, -q, transform, lambda: heads, ring, -HALF)


# The terms.


def filter_terms(b: Frac, phi: MellinFilter, sign: Sign) -> Iterator[ExpansionTerm]:
    """Yield the terms of ``Σ i^-b φ(X i^-a)``, largest first.

    Raises
    ------
    UndecidedError
        Where the sum may diverge, or it is not known which term is the next.
    """
    first = (b - phi.ring.one) / phi.a
    if phi.low is not None and sign(first - phi.low) != "+":
        raise NoExpansionError
    terms = _ordered(b, phi, first, sign)
    if phi.reach is None:
        return terms
    return _within(terms, (b - phi.ring.number(phi.reach)) / phi.a, sign)


def _within(terms: Iterator[ExpansionTerm], end: Frac, sign: Sign) -> Iterator[ExpansionTerm]:
    """Yield the terms whose poles are left of the end."""
    for term in terms:
        if sign(end - term.s) != "+":
            break
        yield term
    raise NoExpansionError


def _ordered(b: Frac, phi: MellinFilter, first: Frac, sign: Sign) -> Iterator[ExpansionTerm]:
    """Yield the terms of the poles from the left."""
    bulk_due = True
    for head in phi.heads():
        gap = sign(head.beta - first) if bulk_due else "-"
        if gap == "0":
            yield from _double(phi, head)
            bulk_due = False
            continue
        if gap == "+":
            yield _bulk(phi, first)
            bulk_due = False
        height = b - phi.a * head.beta
        if _is_trivial_zero(height):
            if _is_even(phi.a):  # and so at all that follow
                break
        else:
            scale = scale_of(phi.X, head.beta, phi.ring)
            yield ExpansionTerm(
                mul(head.d, zeta(height, phi.ring), scale), scale, "head", head.beta
            )
    if bulk_due:
        yield _bulk(phi, first)


def _bulk(phi: MellinFilter, s: Frac) -> ExpansionTerm:
    scale = scale_of(phi.X, s, phi.ring)
    return ExpansionTerm(mul(div(phi.transform(s), phi.ring.expr(phi.a)), scale), scale, "bulk", s)


def _double(phi: MellinFilter, head: Head) -> Iterator[ExpansionTerm]:
    """Yield the two terms of a double pole."""
    s, ring = head.beta, phi.ring
    scale = scale_of(phi.X, s, ring)
    with_log = mul(log_of(phi.X), scale)
    slope = div(head.d, ring.expr(phi.a))
    yield ExpansionTerm(mul(slope, with_log), with_log, "both", s, has_log=True)
    if head.h is None:
        yield ExpansionTerm(None, scale, "both", s)
        return
    euler, rest = ring.one + ring.number(head.g) / phi.a, head.h / phi.a
    if not (euler.is_zero() and rest.is_zero()):
        eulers = [] if euler.is_zero() else [mul(ring.expr(euler), EULER)]
        constant = add(*eulers, ring.expr(rest))
        yield ExpansionTerm(mul(head.d, constant, scale), scale, "both", s)


# Numbers and powers.


def scale_of(X: Expr, s: Frac, ring: Ring) -> Expr:
    """Return ``X^-s``."""
    return raised(X, ring.expr(-s))


def raised(base: Expr, e: Expr) -> Expr:
    """Return ``base^e`` for a positive base, in which a power with a numeric exponent is one."""
    match base:
        case Num(value) if value == 1:
            return ONE
        case Pow(inner, k) if isinstance(k, Num):
            return power(inner, mul(k, e))
        case Mul(factors):
            return mul(*(raised(factor, e) for factor in factors))
    return power(base, e)


def log_of(X: Expr) -> Expr:
    """Return ``log X`` for a positive X, a numeric exponent before it."""
    if isinstance(X, Pow) and isinstance(X.exponent, Num):
        return mul(X.exponent, log_of(X.base))
    return Call("log", (X,))


def zeta(s: Frac, ring: Ring) -> Expr:
    """Return ``ζ(s)``, which is ``-B_n(1)/n`` at ``s = 1 - n``, ``n >= 1``."""
    whole = whole_number(s)
    if whole is None or whole > 0:
        return Call("zeta", (ring.expr(s),))
    n = 1 - whole
    return Num(-bernoulli(n, Fraction(1)) / n)


def _gamma(s: Frac, ring: Ring) -> Expr:
    return ONE if s == ring.one else Call("Gamma", (ring.expr(s),))


def _harmonic(n: int) -> Fraction:
    """Return ``1 + 1/2 + ... + 1/n``."""
    return sum((Fraction(1, k) for k in range(1, n + 1)), Fraction(0))


def bernoulli(n: int, x: Fraction) -> Fraction:
    """Return the Bernoulli polynomial ``B_n(x)``."""
    value = fmpq_poly.bernoulli_poly(n)(to_fmpq(x))
    return Fraction(int(value.p), int(value.q))


def whole_number(value: Frac) -> int | None:
    """Return the whole number that a function of the parameters is, or None."""
    number = value.constant()
    return int(number) if number is not None and number.denominator == 1 else None


def _is_trivial_zero(value: Frac) -> bool:
    """Whether ζ vanishes there: at -2, -4, ..."""
    whole = whole_number(value)
    return whole is not None and whole < 0 and whole % 2 == 0


def _is_even(value: Frac) -> bool:
    whole = whole_number(value)
    return whole is not None and whole % 2 == 0
