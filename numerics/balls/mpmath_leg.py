r"""A second opinion on the balls, in mpmath: no proof, but no shared code either.

The same expression is evaluated at high precision by direct summation where the terms are few,
otherwise by Euler–Maclaurin with derivatives from Taylor series over mpmath numbers (`Jet`) and
Gauss–Legendre quadrature over short pieces in ``u = log x``.  Where the term is negligible at an
end (a filter), the window of indices that matter is found by bisection first; this supposes a
unimodal term, as a second opinion may.  Sums are cut where a ``min`` or ``max`` changes its
argument, found by bisection between powers of 2.  Infinite sums are cut where pieces of doubling
length in u have become negligible.

Every opinion comes with an estimate of its error (last Euler–Maclaurin term, quadrature error);
where that is not far below the asked digits there is no opinion.  An opinion outside the ball is
a `Disagreement`: one of the two computations is wrong, and no caller may go on.

Neither `mpmath.iv`, `nsum` nor ``zeta(s, q)`` is used; the context is the function's own, so the
precision of `mpmath.mp` is never touched.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

import mpmath

from ratecert.numerics.balls.ball import Ball, shown
from ratecert.proofs_check.language.expr import Add, Call, Expr, Mul, Name, Num, Pow, Sum, walk

__all__ = ["Disagreement", "Jet", "Opinion", "confirms", "second_opinion"]

_DIRECT = 1500
_GUARD = 15
_MAX_PIECES = 600
_SLOW = 0.9


class Disagreement(Exception):  # noqa: N818  (the word says it)
    """mpmath and the ball contradict each other: an error in one of the two."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """An mpmath number and an estimate of its absolute error."""

    value: Any
    error: Any


def confirms(ball: Ball, expr: Expr, values: Mapping[str, Fraction | int]) -> bool | None:
    """Tell whether mpmath's value lies in the ball.

    Returns
    -------
    bool or None
        True when it does; None when mpmath reaches no opinion precise enough to tell.

    Raises
    ------
    Disagreement
        When the opinion, give or take its error, lies outside the ball.
    """
    opinion = second_opinion(expr, values, ball.digits)
    if opinion is None:
        return None
    context = opinion.value.context
    distance = abs(opinion.value - context.mpf(ball.midpoint))
    radius = context.mpf(ball.radius)
    if distance <= radius:
        return True
    if distance <= radius + opinion.error:
        return None
    raise Disagreement(
        f"mpmath finds {context.nstr(opinion.value, ball.digits + 5)} for {shown(expr)}, "
        f"outside the ball {ball}"
    )


def second_opinion(
    expr: Expr, values: Mapping[str, Fraction | int], digits: int
) -> Opinion | None:
    """Return mpmath's value of an expression with sums, or None where it cannot say.

    Parameters
    ----------
    expr : Expr
        Sums inside sums must not depend on the outer index over more than a few thousand terms.
    values : mapping of str to Fraction or int
        The values of the names.
    digits : int
        Significant digits wanted; the working precision adds 15 and what large exponents cost.
    """
    context = _context(digits + _GUARD + _exponent_digits(expr, values))
    leg = _Leg(context, values, digits)
    try:
        value = leg.value(expr, {})
    except _NoOpinion:
        return None
    if not context.isfinite(value) or isinstance(value, context.mpc):
        return None
    error = leg.error + abs(value) * context.mpf(10) ** (-digits - _GUARD + 3)
    if error > abs(value) * context.mpf(10) ** (-digits - 5):
        return None
    return Opinion(value, error)


_LOCAL = threading.local()


def _context(dps: int) -> Any:
    """Return this thread's context of at least `dps` digits; it keeps its quadrature nodes."""
    dps = 25 * math.ceil(dps / 25)
    known = _LOCAL.__dict__.setdefault("contexts", {})
    if dps not in known:
        known[dps] = mpmath.MPContext()
        known[dps].dps = dps
    return known[dps]


class _NoOpinion(Exception):  # noqa: N818
    """Out of reach of this leg."""


def _exponent_digits(expr: Expr, values: Mapping[str, Fraction | int]) -> int:
    """Return the digits that the largest number of the expression has."""
    largest = 1
    stack = [expr]
    while stack:
        node = stack.pop()
        match node:
            case Num(value):
                largest = max(largest, abs(value.numerator))
            case Name(name):
                largest = max(largest, abs(Fraction(values.get(name, 1)).numerator))
            case Add(parts) | Mul(parts) | Call(_, parts):
                stack.extend(parts)
            case Pow(base, exponent):
                stack += [base, exponent]
            case Sum(term, _, lo, hi):
                stack += [term, lo, hi]
    return len(str(largest))


class Jet:
    """A Taylor series ``c_0 + c_1 h + … `` truncated at a fixed length, over mpmath numbers."""

    def __init__(self, coefficients: list[Any]):
        self.c = coefficients

    def __add__(self, other: Jet) -> Jet:
        return Jet([x + y for x, y in zip(self.c, other.c, strict=True)])

    def __mul__(self, other: Jet) -> Jet:
        n = len(self.c)
        return Jet([sum(self.c[k] * other.c[m - k] for k in range(m + 1)) for m in range(n)])

    def exp(self, context: Any) -> Jet:
        """``g = exp f``: ``m g_m = Σ_{k>=1} k f_k g_{m-k}``."""
        g = [context.exp(self.c[0])]
        for m in range(1, len(self.c)):
            g.append(sum(k * self.c[k] * g[m - k] for k in range(1, m + 1)) / m)
        return Jet(g)

    def log(self, context: Any) -> Jet:
        """``g = log f``: ``m f_0 g_m = m f_m - Σ_{1<=k<m} k g_k f_{m-k}``."""
        g = [context.log(self.c[0])]
        for m in range(1, len(self.c)):
            rest = sum(k * g[k] * self.c[m - k] for k in range(1, m))
            g.append((m * self.c[m] - rest) / (m * self.c[0]))
        return Jet(g)

    def power(self, exponent: Any, context: Any) -> Jet:
        """``g = f^e``: ``m f_0 g_m = Σ_{k>=1} (k e - (m - k)) f_k g_{m-k}``."""
        g = [self.c[0] ** exponent]
        for m in range(1, len(self.c)):
            total = sum((k * exponent - (m - k)) * self.c[k] * g[m - k] for k in range(1, m + 1))
            g.append(total / (m * self.c[0]))
        return Jet(g)


class _Leg:
    """One computation in one context; `error` collects the estimates."""

    def __init__(self, context: Any, values: Mapping[str, Fraction | int], digits: int):
        self.context, self.digits = context, digits
        self.values = {name: self._number(Fraction(value)) for name, value in values.items()}
        self.error = context.mpf(0)
        self.small = context.mpf(10) ** (-digits - _GUARD + 2)

    def _number(self, value: Fraction) -> Any:
        return self.context.mpf(value.numerator) / value.denominator

    def value(self, expr: Expr, inner: Mapping[str, Any]) -> Any:
        """Return the value, a `Jet` where a name of `inner` is one; equal nodes only once."""
        return self._memo(expr, inner, {})

    def _memo(self, expr: Expr, inner: Mapping[str, Any], seen: dict[int, Any]) -> Any:
        key = id(expr)
        if key not in seen:
            seen[key] = self._node(expr, inner, lambda part: self._memo(part, inner, seen))
        return seen[key]

    def _node(self, expr: Expr, inner: Mapping[str, Any], go: Callable[[Expr], Any]) -> Any:
        match expr:
            case Num(value):
                return self._number(value)
            case Name("pi"):
                return +self.context.pi
            case Name("EulerGamma"):
                return +self.context.euler
            case Name(name) if name in inner or name in self.values:
                return inner[name] if name in inner else self.values[name]
            case Add(parts):
                return _fold(lambda x, y: x + y, [go(part) for part in parts], self.context)
            case Mul(parts):
                return _fold(lambda x, y: x * y, [go(part) for part in parts], self.context)
            case Pow(base, exponent):
                return self._power(go(base), go(exponent))
            case Call("min" | "max" as func, args):
                found = [go(arg) for arg in args]
                return (min if func == "min" else max)(found, key=_head)
            case Call("sqrt", (arg,)):
                return self._power(go(arg), self.context.mpf(1) / 2)
            case Call("exp" | "log" as func, (arg,)):
                x = go(arg)
                if isinstance(x, Jet):
                    return getattr(x, func)(self.context)
                return getattr(self.context, func)(x)
            case Call("Gamma" | "zeta" | "sin" as func, (arg,)):
                x = go(arg)
                if isinstance(x, Jet):
                    raise _NoOpinion
                return getattr(self.context, func.lower())(x)
            case Sum():
                return self._sum(expr, inner)
        raise _NoOpinion

    def _power(self, base: Any, exponent: Any) -> Any:
        if isinstance(exponent, Jet):
            lifted = base if isinstance(base, Jet) else _lift(base, exponent, self.context)
            return (lifted.log(self.context) * exponent).exp(self.context)
        return base.power(exponent, self.context) if isinstance(base, Jet) else base**exponent

    # Sums.

    def _sum(self, node: Sum, inner: Mapping[str, Any]) -> Any:
        lo = int(self.context.ceil(self.value(node.lo, inner)))
        infinite = node.hi == Name("oo")
        hi = None if infinite else int(self.context.floor(self.value(node.hi, inner)))

        def f(x: Any) -> Any:
            return self.value(node.term, {**inner, node.index: x})

        if hi is not None and hi - lo < _DIRECT:
            return self._direct(f, lo, hi)
        cuts = self._changes(node, inner, lo, hi)
        ends = [*cuts, hi]
        parts = zip([lo, *(cut + 1 for cut in cuts)], ends, strict=True)
        return self.context.fsum(self._smooth(f, x, y) for x, y in parts)

    def _changes(self, node: Sum, inner: Mapping[str, Any], lo: int, hi: int | None) -> list[int]:
        """Return the last index before each change of the argument that a min or max takes."""
        extrema = [
            (part.func, part.args)
            for part in walk(node.term)
            if isinstance(part, Call) and part.func in ("min", "max")
        ]
        if not extrema:
            return []

        def taken(x: int) -> list[int]:
            """Return which argument each min and max takes."""
            values = {**inner, node.index: self.context.mpf(x)}
            return [
                _taken(func, [self.value(arg, values) for arg in args]) for func, args in extrema
            ]

        last = lo + 2**140 if hi is None else hi
        points = [*(lo + 2**j - 1 for j in range((last - lo).bit_length())), last]
        cuts = []
        for x, y in pairwise(points):
            before = taken(x)
            if taken(y) != before:
                cuts.append(_edge(partial(_equal, taken, before), y, x))
        return cuts

    def _smooth(self, f: Callable[[Any], Any], lo: int, hi: int | None) -> Any:
        """Sum over a range on which the term is smooth."""
        if hi is not None and hi - lo < _DIRECT:
            return self._direct(f, lo, hi)
        left, right, peak = self._window(f, lo, hi)
        if right is not None and right - left < _DIRECT:
            return self._direct(f, left, right)
        return self._euler_maclaurin(f, left, right, peak)

    def _direct(self, f: Callable[[Any], Any], lo: int, hi: int) -> Any:
        return self.context.fsum(f(self.context.mpf(i)) for i in range(lo, hi + 1))

    def _window(
        self, f: Callable[[Any], Any], lo: int, hi: int | None
    ) -> tuple[int, int | None, Any]:
        """Return the ends of the indices that matter, and the largest sampled term."""
        last = lo + 2**140 if hi is None else hi
        steps = [2**j for j in range((last - lo).bit_length())]
        points = sorted({lo, last, *(lo + s for s in steps), *(last - s for s in steps)})
        points = [x for x in points if lo <= x <= last]
        sizes = [abs(f(self.context.mpf(x))) for x in points]
        peak = max(sizes)
        if not (self.context.isfinite(peak) and peak > 0):
            raise _NoOpinion
        # A window of w terms around the peak adds at least the peak and omits at most w·bound.
        bound = peak * self.small / (1 if hi is None else last - lo + 1)

        def live(x: int) -> bool:
            return bool(abs(f(self.context.mpf(x))) > bound)

        alive = [k for k, size in enumerate(sizes) if size > bound]
        first, final = alive[0], alive[-1]
        left = _edge(live, points[first - 1], points[first]) if first else lo
        if hi is None:
            return left, None, peak
        right = hi if final == len(points) - 1 else _edge(live, points[final + 1], points[final])
        return left, right, peak

    def _euler_maclaurin(self, f: Callable[[Any], Any], lo: int, hi: int | None, peak: Any) -> Any:
        context = self.context
        p = math.ceil(0.35 * context.dps * math.log(10) / 1.2)
        start = lo + 6 * p
        if hi is not None and hi - start < 3 * p:
            return self._direct(f, lo, hi)
        total = self._direct(f, lo, start - 1) + f(context.mpf(start)) / 2
        total += self._integral(f, start, hi)
        if hi is not None:
            total += f(context.mpf(hi)) / 2
        at_start = self._taylor(f, start, 2 * p)
        at_end = [context.mpf(0)] * (2 * p) if hi is None else self._taylor(f, hi, 2 * p)
        change = context.mpf(0)
        for k in range(1, p + 1):
            change = context.bernoulli(2 * k) / (2 * k) * (at_end[2 * k - 1] - at_start[2 * k - 1])
            total += change
        self.error += abs(change)
        return total

    def _taylor(self, f: Callable[[Any], Any], x: int, length: int) -> list[Any]:
        zero, one = self.context.mpf(0), self.context.mpf(1)
        value = f(Jet([self.context.mpf(x), one, *[zero] * (length - 2)]))
        return value.c if isinstance(value, Jet) else [value, *[zero] * (length - 1)]

    def _integral(self, f: Callable[[Any], Any], x: int, y: int | None) -> Any:
        context = self.context
        if y is not None and y < 4 * x:
            ends = [x + (y - x) * context.mpf(k) / 16 for k in range(17)]
            return self._quadrature(f, ends)

        if x < 1:
            raise _NoOpinion

        def g(u: Any) -> Any:
            z = context.exp(u)
            return f(z) * z

        start = context.log(x)
        if y is not None:
            width = context.log(y) - start
            pieces = int(width) + 1
            return self._quadrature(g, [start + width * k / pieces for k in range(pieces + 1)])
        return self._to_infinity(g, start)

    def _to_infinity(self, g: Callable[[Any], Any], start: Any) -> Any:
        total, length, quiet = self.context.mpf(0), self.context.mpf(1), 0
        before = self.context.inf
        for k in range(_MAX_PIECES):
            piece = self._quadrature(g, [start, start + length])
            if k > 100 and abs(piece) > before * _SLOW:
                break
            before = abs(piece)
            total, start = total + piece, start + length
            quiet = quiet + 1 if abs(piece) < abs(total) * self.small else 0
            if quiet == 2:
                return total
            if k > 80:
                length *= 2
        raise _NoOpinion

    def _quadrature(self, g: Callable[[Any], Any], ends: list[Any]) -> Any:
        """Integrate over each piece, scaled to size 1 since `quad` judges errors absolutely."""
        scale = max(abs(g(x)) for x in (*ends, (ends[0] + ends[1]) / 2))
        if scale == 0:
            return scale
        value, error = self.context.quad(
            lambda x: g(x) / scale, ends, method="gauss-legendre", error=True
        )
        self.error += error * scale
        return value * scale


def _fold(operation: Callable[[Any, Any], Any], parts: list[Any], context: Any) -> Any:
    jets = [part for part in parts if isinstance(part, Jet)]
    if jets:
        parts = [p if isinstance(p, Jet) else _lift(p, jets[0], context) for p in parts]
    result = parts[0]
    for part in parts[1:]:
        result = operation(result, part)
    return result


def _lift(x: Any, like: Jet, context: Any) -> Jet:
    return Jet([x, *[context.mpf(0)] * (len(like.c) - 1)])


def _equal(function: Callable[[int], list[int]], value: list[int], x: int) -> bool:
    return function(x) == value


def _taken(func: str, values: list[Any]) -> int:
    return values.index((min if func == "min" else max)(values))


def _head(x: Any) -> Any:
    return x.c[0] if isinstance(x, Jet) else x


def _edge(live: Callable[[int], bool], dead: int, alive: int) -> int:
    """Return the last index that matters on the way from `alive` to `dead`."""
    while abs(alive - dead) > 1:
        middle = (alive + dead) // 2
        if live(middle):
            alive = middle
        else:
            dead = middle
    return alive
