r"""Equivalents of sums over the modes: power sums, and harmonic sums ``Σ i^-c φ(X i^-a)``.

A term is read as ``V i^-c log(i+k)^r φ(u_i)``, ``u_i = X i^-a``, with V and X free of the index
i, ``a > 0``, ``X ~ κ x`` with one term, and at most one *filter* φ of this table (`summands`).  At
0 ``φ/u^w -> 1``, at infinity ``φ u^v -> 1``, and ``φ <= C u^w`` and ``φ <= C u^-v`` for all u; an
infinite w (v) means that this holds, with 0 for the limit, for every finite one.  The Mellin
transform ``φ*(s) = ∫_0^oo φ(u) u^{s-1} du`` converges for ``-w < s < v``.

====================  ===  ===  =============================
``φ(u)``               w    v    ``φ*(s)``
====================  ===  ===  =============================
``exp(-u)``            0    oo   ``Γ(s)``
``exp(-1/u)``          oo   0    ``Γ(-s)``
``1 - exp(-u)``        1    0    ``Γ(1+s)/(-s)``
``(1 + u)^-p``         0    p    ``Γ(s) Γ(p-s)/Γ(p)``
``min(1, u^q)``        q    0    ``q/((-s)(s+q))``
``max(1, u)^-q``       0    q    ``q/(s (q-s))``
====================  ===  ===  =============================

(``Γ(s)`` and the beta integral; ``1 - exp(-u)`` by parts; the last two are sums of two powers.)
A *filter of repeated steps* ``(1 - x)^Y`` with ``x = ρ i^-a <= 1/2`` counts as ``exp(-u)``,
``u = x Y``; see below.

**Rule (power sums).**  Let l and h be the ends of the range, L the factor ``log(i + k)^r``, which
is positive on it; l is a number, or tends to infinity.

- ``c > 1``, l a number, ``h -> oo`` or infinite, ``r = 0``: ``Σ i^-c -> Σ_{i>=l} i^-c``.
- ``c > 1``, ``l -> oo``, ``h/l -> oo`` or h infinite: ``~ l^{1-c} (log l)^r/(c-1)``.
- ``c < 1``, ``h -> oo``, and l a number or ``h/l -> oo``: ``~ h^{1-c} (log h)^r/(1-c)``.
- ``c = 1``, ``r = 0``, the same: ``~ log(h/l)``, where l, if it is a number, is left out.
- ``c = 1``, ``r < -1``, ``l -> oo``, h infinite: ``~ (log l)^{r+1}/(-r-1)``;
  ``c = 1``, ``r > -1``, l a number, ``h -> oo``: ``~ (log h)^{r+1}/(r+1)``.

*Proof.*  For a monotone positive f, ``Σ_{l<=i<=h} f(i)`` differs from ``∫_l^h f`` by at most twice
the largest value of f on the range widened by 1.  For ``f = i^-c`` the integral is as stated, and
the largest value, at l or at h, is smaller by the factor l or h (for c = 1 it is at most 1, and
``log(h/l) -> oo``); the other end of the integral contributes ``(h/l)^{1-c}`` or ``(l/h)^{1-c}``
times the first, which tends to 0.  With a logarithm: for ``δ > 0``, uniformly for i between
``δ N`` and ``N/δ``, ``log(i + k)/log N -> 1`` as ``N -> oo``, and ``L(i)/L(N) <= K max(i/N,
N/i)^η`` for every ``η > 0`` and all ``i`` of the range, so that for ``2η < |1-c|`` the part of the
sum beyond these i is at most ``K' δ^{|1-c|-η}`` of the whole (``N = l`` or h).  For ``c = 1`` take
``f = log(i+k)^r/i``, monotone for large i, ``∫ log(x)^r dx/x = log(x)^{r+1}/(r+1)``, and
``log(i+k)/log(i) -> 1``.

**Rule (bulk).**  Put ``R = X^{1/a}`` and ``s = (c-1)/a``.  If ``-w < s < v``, ``X -> oo``, l is a
number or ``R/l -> oo``, and h is infinite or ``h/R -> oo``, then

    Σ i^-c L(i) φ(X i^-a) ~ φ*(s) X^-s (log R)^r / a.

*Proof* (Riemann sums), at first for ``r = 0``.  With ``g(x) = x^-c φ(x^-a)`` the sum is
``R^{1-c}`` times ``η Σ g(η i)``, ``η = 1/R``, over ``l <= i <= h``.  g is positive,
``∫_0^oo g = φ*(s)/a`` converges (``u = x^-a``), and g is monotone on each of at most two pieces:
``d log g/d log x = -c - a·(u φ'/φ)``, where for the filters of the table ``u φ'/φ`` is ``-u``,
``1/u``, ``u/(e^u - 1)``, ``-p u/(1+u)``, q or 0, and 0 or -q (as u is below or above 1), which is
monotone in u.  So for fixed ``ε > 0``, on ``[ε, 1/ε]`` Riemann sums converge, with an error of at
most ``4η sup g``; on ``(0, ε)``, for small ε within the first piece, ``η Σ g(η i)`` is at most
``∫_0^{ε} g`` if g falls there (``i >= 1``) and ``ε g(ε) -> 0`` if it rises; beyond ``1/ε`` it is
at most ``∫_{1/ε}^oo g + η g(1/ε)`` (g falls there, since it is integrable and monotone).
As ``l η < ε`` and ``h η > 1/ε`` for all sizes beyond some n0, sum and integral differ by an amount
that is as small as one likes.  Only η, l η and h η enter, so the limit is uniform in all else.
With a logarithm, ``L(i)/L(R) -> 1`` uniformly for ``ε <= i/R <= 1/ε``, and elsewhere it is at most
``K max(i/R, R/i)^η'`` for any ``η' > 0`` (as in power sums); s being inside of an open strip, the
sums of ``g(ηi) (ηi)^{±η'}`` beyond these i are as small as one likes, too.

*Steps.*  For ``0 <= x <= 1/2``: ``x <= -log(1-x) <= x + x²``, so that with ``u = x Y``
``exp(-u - u x) <= (1-x)^Y <= exp(-u)``.  Where ``u <= K``, ``u x = u²/Y <= K²/Y``; if ``Y -> oo``
the ratio tends to 1 there, uniformly, whatever the size of x.  The terms with ``u > K`` are at
most those of ``exp(-u)``, a share of the sum that tends to 0 as K grows.  Where ``u -> 0`` both
tend to 1.  That ``x <= 1/2``: ρ is a product of positive powers of the step size and negative ones
of sizes, and the step size is at most a small enough constant.

**Rules where one end rules.**  All follow by replacing φ by a power, then from power sums:

- *Large u throughout*: if ``X/h^a -> oo``, then ``u_i >= X h^-a -> oo`` on the range, ``φ ~ u^-v``
  uniformly, and ``Σ ~ X^-v Σ i^{av-c}``.
- *Small u throughout*: if ``l^a/X -> oo``, likewise ``Σ ~ X^w Σ i^{-c-aw}``.
- *Head*: if ``s > v``, that is ``c - a v > 1``, and ``X -> oo``, l a number or ``X/l^a -> oo``:
  ``Σ ~ X^-v Σ_{i>=l} i^{av-c}``.  For ``i <= K l`` u tends to infinity uniformly; the other terms
  are at most ``C X^-v i^{av-c}``, of which the share beyond ``K l`` tends to 0 as K grows.
- *Outer end*: if ``s < -w``, that is ``c + a w < 1``, and ``h^a/X -> oo``:
  ``Σ ~ X^w Σ_{i<=h} i^{-c-aw}``.  For ``i >= δ h`` u tends to 0 uniformly; the other terms are at
  most ``C X^w i^{-c-aw}``, of which the share below ``δ h`` tends to 0 with δ.
- *Head with a logarithm*: if ``s = v``, under the conditions of the bulk,
  ``Σ ~ X^-v log(R/l)``.  Below ``εR`` φ is ``u^-v`` up to a factor within any ``1 ± δ`` for small
  ε; above, the terms are at most ``C X^-v i^-1 min(1, (i/R)^{-a(v+w)})``, together ``O(X^-v)``.
- *Outer end with a logarithm*: if ``s = -w``, under the conditions of the bulk with finite h,
  ``Σ ~ X^w log(h/R)``, in the same way.

The first four hold with the logarithm L, too, as what is said of shares does for ``L(i) i^-e``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from ratecert.proofs_check.equivalence.equivalent import (
    Equivalent,
    Given,
    Single,
    SumStep,
    constant,
    log_of,
)
from ratecert.proofs_check.equivalence.summands import Filter, Summand, read_term
from ratecert.proofs_check.kernel.algebra import Form, Frac
from ratecert.proofs_check.kernel.cone import Context
from ratecert.proofs_check.kernel.constants import Constant, gamma_value, rational, zeta_value
from ratecert.proofs_check.kernel.logform import UnsupportedError
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Expr, Name, Num, Sum, free_names

__all__ = ["Range", "sum_equivalent"]

Evaluate = Callable[[Expr], Equivalent]


# The range.


@dataclass(frozen=True, slots=True)
class Range:
    """The ends: `lo` None is the number `first`, `hi` None infinity."""

    first: Fraction
    lo: Single | None
    hi: Single | None

    def requires_far(self, given: Given) -> None:
        """Reject unless the range is infinitely long in the sense of ``hi/lo -> oo``."""
        if self.hi is not None:
            given.require(self.hi.form if self.lo is None else self.hi.form - self.lo.form)


def _range(expr: Sum, evaluate: Evaluate, given: Given) -> Range:
    own = {expr.index} & (free_names(expr.lo) | free_names(expr.hi))
    ctx = given.ctx
    taken = ctx.indices | ctx.sizes | set(ctx.ring.names) | {"gamma", "sigma"}
    if own or expr.index in taken:
        raise UnsupportedError(f"the index {expr.index} already stands for something else")
    hi = None if expr.hi == Name("oo") else evaluate(expr.hi).single(expr.hi)
    if isinstance(expr.lo, Num):
        if expr.lo.value <= 0:
            raise UnsupportedError(f"the range of {expr} does not start at a positive number")
        return Range(expr.lo.value, None, hi)
    lo = evaluate(expr.lo).single(expr.lo)
    given.require(lo.form)
    return Range(Fraction(1), lo, hi)


# The rules.


def sum_equivalent(expr: Sum, evaluate: Evaluate, given: Given) -> Equivalent:
    """Return the equivalent of a sum.

    Parameters
    ----------
    expr
        The sum.
    evaluate
        Returns the equivalent of an expression that is free of the index.
    given
        What is known to tend to infinity.

    Raises
    ------
    UnsupportedError, RejectedError
        Where no rule applies.
    """
    ends = _range(expr, evaluate, given)
    term = read_term(expr.term, expr.index, given.ctx)
    if len(term.filters) > 1:
        raise UnsupportedError(f"no rule for a sum with several filters: {expr.term}")
    rules = _Rules(ends, evaluate, given)
    value = rules.filtered(term) if term.filters else rules.powers(-term.slope, term)
    for free in term.free:
        value = value * evaluate(free)
    given.steps.append(SumStep(expr, value, tuple(rules.used), rules.X))
    return value


def _low(phi: Filter, ctx: Context) -> Frac | None:
    """Return w, None for infinity."""
    zero, one = ctx.ring.zero, ctx.ring.one
    return {"exp inverse": None, "min": phi.p, "one minus exp": one}.get(phi.kind, zero)


def _high(phi: Filter, ctx: Context) -> Frac | None:
    """Return v, None for infinity."""
    return {"exp": None, "sum": phi.p, "max": phi.p}.get(phi.kind, ctx.ring.zero)


def _transform(phi: Filter, s: Frac, ctx: Context) -> Constant:
    """Return ``φ*(s)`` for ``-w < s < v``."""
    ring, p = ctx.ring, phi.p
    match phi.kind:
        case "exp":
            return gamma_value(s, ring)
        case "exp inverse":
            return gamma_value(-s, ring)
        case "one minus exp":
            return rational(ring.one / -s) * gamma_value(ring.one + s, ring)
    assert p is not None, "the other filters have a power"
    match phi.kind:
        case "min":
            return rational(p / (-s * (s + p)))
        case "max":
            return rational(p / (s * (p - s)))
    below = gamma_value(p, ring).raised(ring.number(-1))
    return gamma_value(s, ring) * gamma_value(p - s, ring) * below


class _Rules:
    def __init__(self, ends: Range, evaluate: Evaluate, given: Given):
        self.ends, self.evaluate, self.given = ends, evaluate, given
        self.ctx, self.ring = given.ctx, given.ctx.ring
        self.used: list[str] = []
        self.X: Single | None = None

    # Power sums.

    def powers(self, c: Frac, term: Summand, ends: Range | None = None) -> Equivalent:
        """Return the equivalent of ``Σ i^-c log(i + k)^r``."""
        ends = ends or self.ends
        r = term.logs
        self._require_positive_log(term, ends)
        gap = c - self.ring.one
        sign = self.ctx.sign(gap)
        if sign == "+":
            return self._tail(c, gap, r, ends)
        if sign == "0" and ends.hi is None and ends.lo is not None and not r.is_zero():
            return self._log_tail(r + self.ring.one, ends.lo)
        if ends.hi is None:
            raise RejectedError("a sum without end diverges, or no rule covers it")
        ends.requires_far(self.given)
        if sign == "0":
            return self._flat(r, ends)
        self.used.append("upper end")
        return self._at(ends.hi, gap, r)

    def _require_positive_log(self, term: Summand, ends: Range) -> None:
        if term.bare and ends.lo is None and ends.first <= 1:
            raise UnsupportedError("a logarithm in a sum is 0 at its first index")

    def _at(self, end: Single, gap: Frac, r: Frac) -> Equivalent:
        """Return ``end^-gap (log end)^r/|gap|``, gap of proved sign."""
        size = gap if self.ctx.sign(gap) == "+" else -gap
        value = end.raised(-gap) * Single(rational(self.ring.one / size), Form({}))
        return Equivalent.of([value]) * self._log_power(end, r)

    def _log_power(self, end: Single, r: Frac) -> Equivalent:
        if r.is_zero():
            return constant(rational(self.ring.one))
        log = log_of(end, self.given, "an end of a sum").single("the logarithm of an end")
        return Equivalent.of([log.raised(r)])

    def _tail(self, c: Frac, gap: Frac, r: Frac, ends: Range) -> Equivalent:
        if ends.lo is not None:
            ends.requires_far(self.given)
            self.used.append("lower end")
            return self._at(ends.lo, gap, r)
        if not r.is_zero():
            raise UnsupportedError("no rule for the value of a convergent sum with a logarithm")
        ends.requires_far(self.given)
        self.used.append("convergent")
        return constant(zeta_value(c, ceil(ends.first), self.ring))

    def _log_tail(self, above: Frac, lo: Single) -> Equivalent:
        if self.ctx.sign(above) != "-":
            raise RejectedError("a sum without end diverges")
        self.used.append("slow tail")
        share = constant(rational(-self.ring.one / above))
        return self._log_power(lo, above) * share

    def _flat(self, r: Frac, ends: Range) -> Equivalent:
        assert ends.hi is not None, "a sum of 1/i without end diverges"
        self.used.append("flat")
        if r.is_zero():
            return self._log_ratio(ends.hi, ends.lo)
        above = r + self.ring.one
        if ends.lo is not None or self.ctx.sign(above) != "+":
            raise UnsupportedError("no rule for this sum with a logarithm")
        share = constant(rational(self.ring.one / above))
        return self._log_power(ends.hi, above) * share

    def _log_ratio(self, high: Single, low: Single | None) -> Equivalent:
        ratio = high if low is None else high * low.raised(self.ring.number(-1))
        return log_of(ratio, self.given, "the ratio of the ends of a sum")

    # Harmonic sums.

    def filtered(self, term: Summand) -> Equivalent:
        """Return the equivalent of ``Σ i^-c φ(X i^-a)``."""
        (phi,) = term.filters
        if phi.rate is not None:
            self._require_small(phi.rate)
        self.evaluate(phi.divisor)  # rejects what is not positive
        self.X = X = self.evaluate(phi.X).single(phi.X)
        c, low, high = -term.slope, _low(phi, self.ctx), _high(phi, self.ctx)
        plain = replace(term, filters=())
        if high is not None and self._is_outside(X, phi.a):
            self.used.append("large u")
            return self._power(X, -high) * self.powers(c - phi.a * high, plain)
        if low is not None and self._is_below(X, phi.a):
            self.used.append("small u")
            return self._power(X, low) * self.powers(c + phi.a * low, plain)
        return self._inside(phi, X, c, plain)

    def _require_small(self, rate: Expr) -> None:
        """Reject unless ``(1 - x)`` is at least 1/2 by the size of the step, or of a size."""
        form = self.evaluate(rate).single(rate).form
        falling = [
            self.ctx.sign(e) == ("+" if v == "gamma" else "-") and v in self.ctx.sizes | {"gamma"}
            for v, e in form.coeffs.items()
        ]
        if not falling or not all(falling):
            raise UnsupportedError(f"1 - {rate}*... need not be positive")

    def _power(self, X: Single, e: Frac) -> Equivalent:
        return Equivalent.of([X.raised(e)])

    def _is_outside(self, X: Single, a: Frac) -> bool:
        """Whether ``X/hi^a -> oo``."""
        hi = self.ends.hi
        return hi is not None and self.given.grows(X.form - hi.form.scale(a))

    def _is_below(self, X: Single, a: Frac) -> bool:
        """Whether ``lo^a/X -> oo``."""
        lo = self.ends.lo
        return lo is not None and self.given.grows(lo.form.scale(a) - X.form)

    def _inside(self, phi: Filter, X: Single, c: Frac, plain: Summand) -> Equivalent:
        low, high, a = _low(phi, self.ctx), _high(phi, self.ctx), phi.a
        s = (c - self.ring.one) / a
        above = "+" if high is None else self.ctx.sign(high - s)
        below = "+" if low is None else self.ctx.sign(s + low)
        if below == "-":
            assert low is not None, "an infinite w is never reached"
            self._require_end_beyond(X, a)
            self.used.append("outer end")
            return self._power(X, low) * self.powers(c + a * low, plain)
        self.given.require(X.form)
        if self.ends.lo is not None:
            self.given.require(X.form - self.ends.lo.form.scale(a))
        if above == "-":
            assert high is not None, "an infinite v is never reached"
            ends = replace(self.ends, hi=None)
            self.ends.requires_far(self.given)
            self.used.append("head")
            return self._power(X, -high) * self.powers(c - a * high, plain, ends)
        if self.ends.hi is not None or below == "0":
            self._require_end_beyond(X, a)
        R = X.raised(self.ring.one / a)
        if "0" in (above, below) and not plain.logs.is_zero():
            raise UnsupportedError("no rule for a sum with a logarithm where all scales count")
        if above == "0":
            assert high is not None, "an infinite v is never reached"
            self.used.append("head with a logarithm")
            return self._power(X, -high) * self._log_ratio(R, self.ends.lo)
        if below == "0":
            assert low is not None, "an infinite w is never reached"
            assert self.ends.hi is not None, "it ends, as was checked"
            self.used.append("outer end with a logarithm")
            return self._power(X, low) * self._log_ratio(self.ends.hi, R)
        self._require_positive_log(plain, self.ends)
        return self._bulk(phi, X, s) * self._log_power(R, plain.logs)

    def _require_end_beyond(self, X: Single, a: Frac) -> None:
        """Reject unless the range ends, and ``hi^a/X -> oo``."""
        if self.ends.hi is None:
            raise RejectedError("a sum without end diverges, or no rule covers it")
        self.given.require(self.ends.hi.form.scale(a) - X.form)

    def _bulk(self, phi: Filter, X: Single, s: Frac) -> Equivalent:
        if phi.steps is not None:
            self.given.require(self.evaluate(phi.steps).single(phi.steps).form)
        self.used.append("bulk")
        share = Single(_transform(phi, s, self.ctx) * rational(self.ring.one / phi.a), Form({}))
        return Equivalent.of([X.raised(-s) * share])
