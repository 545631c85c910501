r"""What is left of an infinite sum beyond X, enclosed from the shape of the term.

For ``x >= X > e`` the term is written ``f(x) = k + x^s (log x)^q c(x)`` with rational `k, s, q`
and a ball that contains all ``c(x)``; the rules below build this *form* from the leaves up.
They rest on two facts.

1. ``x^s (log x)^q`` with ``s log X + q <= 0`` (or ``s = 0, q <= 0``) decreases from X on: its
   logarithmic derivative is ``(s + q/log x)/x``.  So a part of lower order is, relative to the
   leading one, in ``[0, X^s (log X)^q]``.
2. For ``w -> 0`` in a ball W and H the hull of W and 0, the mean value theorem gives
   ``(1+w)^e - 1 ∈ w e (1+H)^(e-1)``, ``exp(w) - 1 ∈ w exp(H)``, ``log(1+w) ∈ w/(1+H)``.
   Keeping the exact constant `k` apart lets ``1 - exp(-i^-2)`` keep its order ``i^-2``.

``exp(-κ x^s)`` is bounded by a power: ``y - y_1 >= y_1 log(y/y_1)`` with ``y = κ x^s`` gives
``exp(-κ x^s) <= exp(-κ X^s) (x/X)^(-s κ X^s)``.

The tail itself, with ``g(x) = x^s (log x)^q`` decreasing and ``I = ∫_X^∞ g``, lies in
``c · [I - g(X), I]`` since ``∫_{X+1}^∞ g <= Σ_{i>X} g(i) <= ∫_X^∞ g``, and

    I = X^(s+1) / (-s-1)                              q = 0, s < -1
    I = (log X)^(q+1) / (-q-1)                        s = -1, q < -1
    I = (-s-1)^(-q-1) Γ(q+1, (-s-1) log X)            s < -1.

All of it derived here.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from ratecert.numerics.balls.ball import Refusal, certain_floor, rational_ball, shown
from ratecert.numerics.balls.program import Values, constant, exact, is_same
from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    free_names,
    mul,
)

__all__ = ["TooEarly", "larger_at_infinity", "tail"]

_ZERO, _ONE = Fraction(0), Fraction(1)
_MINUS = Num(-_ONE)
_MAX_ORDER_BITS = 4000


class TooEarly(Exception):  # noqa: N818  (no error of the user: the caller takes a larger X)
    """The form is not settled at this X."""


@dataclass(frozen=True, slots=True)
class _Growth:
    """``x^s (log x)^q c`` with c in a ball."""

    s: Fraction
    q: Fraction
    c: arb

    @property
    def order(self) -> tuple[Fraction, Fraction]:
        return (self.s, self.q)

    def times(self, other: _Growth) -> _Growth:
        return _Growth(self.s + other.s, self.q + other.q, self.c * other.c)


@dataclass(frozen=True, slots=True)
class _Form:
    """``k + g``; `g` None stands for exactly 0."""

    k: Fraction
    g: _Growth | None


def tail(term: Expr, index: str, values: Values, X: int) -> arb:
    """Return an enclosure of ``Σ_{i>X} term``.

    Raises
    ------
    TooEarly
        X is too small to see the order of the term.
    Refusal
        (`divergent`) the sum diverges; (`tail`) the term has a form without rule.
    """
    g = _Shape(index, values, X).growth(term)
    if g is None:
        return arb(0)
    if g.s > -1 or (g.s == -1 and g.q >= -1):
        if g.c.contains(0):
            raise TooEarly
        raise Refusal(
            "divergent",
            f"the sum of {shown(term)} over {index} up to oo diverges: its terms are of order "
            f"{index}^({g.s}) log({index})^({g.q})",
        )
    x = arb(X)
    at_x = _power(x, g.s, g.q)
    if not (rational_ball(g.s) * x.log() + rational_ball(g.q)).upper() <= 0:
        raise TooEarly
    return g.c * (_integral(g.s, g.q, x) - at_x * arb(0.5, 0.5))


def larger_at_infinity(left: Expr, right: Expr, index: str, values: Values, X: int) -> bool:
    """Tell whether ``left >= right`` (else ``<=``) for all ``index >= X``."""
    if is_same(left, right, index, values):
        return True
    difference = Add((left, Mul((_MINUS, right))))
    g = _Shape(index, values, X).growth(difference)
    if g is None:
        return True
    if g.c.contains(0):
        raise TooEarly
    return bool(g.c.lower() > 0)


def _integral(s: Fraction, q: Fraction, x: arb) -> arb:
    below = rational_ball(-s - 1)
    if q == 0:
        return _power(x, s + 1, _ZERO) / below
    if s == -1:
        return _power(x, _ZERO, q + 1) / rational_ball(-q - 1)
    order = rational_ball(q + 1)
    # python-flint: z.gamma_upper(s) is Γ(s, z).
    return below ** (-order) * (below * x.log()).gamma_upper(order)


def _power(x: arb, s: Fraction, q: Fraction) -> arb:
    result = arb(1)
    if s:
        result *= x ** rational_ball(s)
    if q:
        result *= x.log() ** rational_ball(q)
    return result


class _Shape:
    """The rules, for ``x >= X``."""

    def __init__(self, index: str, values: Values, X: int):
        self.index, self.X = index, arb(X)
        self.values = {name: value for name, value in values.items() if name != index}

    def growth(self, expr: Expr) -> _Growth | None:
        return self._collapse(self._form(expr))

    def _form(self, expr: Expr) -> _Form:
        if self.index not in free_names(expr):
            value = exact(expr, self.values)
            if value is not None:
                return _Form(value, None)
            return _Form(_ZERO, _Growth(_ZERO, _ZERO, constant(expr, self.values)))
        match expr:
            case Name():
                return _Form(_ZERO, _Growth(_ONE, _ZERO, arb(1)))
            case Add(parts):
                forms = [self._form(part) for part in parts]
                total = sum((form.k for form in forms), _ZERO)
                return _Form(total, self._sum([form.g for form in forms]))
            case Mul(parts):
                result = _Form(_ONE, None)
                for part in parts:
                    result = self._product(result, self._form(part))
                return result
            case Pow(base, exponent) if self.index not in free_names(exponent):
                value = exact(exponent, self.values)
                if value is None:
                    raise Refusal(
                        "tail", f"the exponent of {shown(expr)} must be rational up to oo"
                    )
                return self._broken(self._form(base), value)
            case Pow(base, exponent):
                return self._exp(self._form(mul(exponent, Call("log", (base,)))))
            case Call("exp", (arg,)):
                return self._exp(self._form(arg))
            case Call("log", (arg,)):
                return self._log(self._form(arg))
            case Call("sqrt", (arg,)):
                return self._broken(self._form(arg), Fraction(1, 2))
        raise Refusal(
            "tail", f"no rule tells how {shown(expr)} behaves as {self.index} tends to oo"
        )

    def _range(self, g: _Growth) -> arb:
        """Return a ball with 0 and all ``g(x)``, ``x >= X``, for a `g` that tends to 0."""
        return g.c * self._unit(g.s, g.q)

    def _unit(self, s: Fraction, q: Fraction) -> arb:
        """Return ``[0, X^s (log X)^q]``, which holds ``x^s (log x)^q`` from X on."""
        slope = rational_ball(s) * self.X.log() + rational_ball(q)
        if s and not slope.upper() <= 0:
            raise TooEarly
        return _power(self.X, s, q) * arb(0.5, 0.5)

    def _sum(self, parts: list[_Growth | None]) -> _Growth | None:
        present = [g for g in parts if g is not None]
        if not present:
            return None
        s, q = max(g.order for g in present)
        c = arb(0)
        for g in present:
            c += g.c if g.order == (s, q) else g.c * self._unit(g.s - s, g.q - q)
        return _Growth(s, q, c)

    def _collapse(self, form: _Form) -> _Growth | None:
        constant_part = _Growth(_ZERO, _ZERO, rational_ball(form.k)) if form.k else None
        return self._sum([constant_part, form.g])

    def _product(self, x: _Form, y: _Form) -> _Form:
        parts: list[_Growth | None] = []
        if x.g is not None and y.g is not None:
            parts.append(x.g.times(y.g))
        for k, g in ((x.k, y.g), (y.k, x.g)):
            if k and g is not None:
                parts.append(_Growth(g.s, g.q, g.c * rational_ball(k)))
        return _Form(x.k * y.k, self._sum(parts))

    def _broken(self, base: _Form, e: Fraction) -> _Form:
        """Return the form of ``base^e``."""
        k, g = base.k, base.g
        ball = rational_ball(e)
        if k and g is not None and g.order < (_ZERO, _ZERO):
            w = self._range(g) / rational_ball(k)
            if k == 1:
                slope = ball * (1 + w) ** (ball - 1)
                return _Form(_ONE, _Growth(g.s, g.q, g.c * slope))
            return _Form(
                _ZERO, _Growth(_ZERO, _ZERO, _number_power(rational_ball(k), e) * (1 + w) ** ball)
            )
        whole = self._collapse(base)
        if whole is None:
            raise Refusal("tail", "a power of zero")
        return _Form(_ZERO, _Growth(whole.s * e, whole.q * e, _settled(_number_power(whole.c, e))))

    def _exp(self, arg: _Form) -> _Form:
        k, g = arg.k, arg.g
        factor = rational_ball(k).exp()
        if g is None:
            return _Form(_ZERO, _Growth(_ZERO, _ZERO, factor))
        if g.order < (_ZERO, _ZERO):
            w = self._range(g)
            if not k:
                return _Form(_ONE, _Growth(g.s, g.q, g.c * w.exp()))
            return _Form(_ZERO, _Growth(_ZERO, _ZERO, factor * w.exp()))
        if g.order == (_ZERO, _ZERO):
            return _Form(_ZERO, _Growth(_ZERO, _ZERO, factor * g.c.exp()))
        if g.order == (_ZERO, _ONE) and g.c.is_exact():
            exponent = g.c.fmpq()
            s = Fraction(int(exponent.p), int(exponent.q))
            return _Form(_ZERO, _Growth(s, _ZERO, factor))
        return _Form(_ZERO, self._decay(g, factor))

    def _decay(self, g: _Growth, factor: arb) -> _Growth:
        """Bound ``factor · exp(g)`` for a `g` that tends to -oo like a power."""
        if g.c.contains(0):
            raise TooEarly
        if g.c.lower() > 0:
            raise Refusal("tail", "a factor grows faster than every power towards oo")
        if g.s <= 0:
            raise Refusal("tail", "the terms fall off between every power and every exponential")
        kappa, s = -g.c.upper(), g.s
        if g.q < 0:
            # x^s log^q x = x^(s/2) · (x^(s/2) log^q x), and the second factor rises from X on.
            s = g.s / 2
            if not (rational_ball(s) * self.X.log() + rational_ball(g.q)).lower() >= 0:
                raise TooEarly
            kappa = kappa * _power(self.X, s, g.q)
        elif g.q > 0:
            kappa = kappa * self.X.log() ** rational_ball(g.q)
        top = (kappa * _power(self.X, s, _ZERO)).lower()
        exponent = certain_floor((rational_ball(s) * top).lower())
        if exponent is None or exponent < 2:
            raise TooEarly
        if exponent.bit_length() > _MAX_ORDER_BITS:
            exponent = 2**_MAX_ORDER_BITS
        at_x = (rational_ball(exponent) * self.X.log() - top).exp()
        return _Growth(Fraction(-exponent), _ZERO, factor * at_x * arb(0.5, 0.5))

    def _log(self, arg: _Form) -> _Form:
        k, g = arg.k, arg.g
        if k == 1 and g is not None and g.order < (_ZERO, _ZERO):
            return _Form(_ZERO, _Growth(g.s, g.q, g.c / (1 + self._range(g))))
        whole = self._collapse(arg)
        if whole is None:
            raise Refusal("undefined", "the logarithm of zero")
        _settled(whole.c.log())
        if whole.order == (_ZERO, _ZERO):
            return _Form(_ZERO, _Growth(_ZERO, _ZERO, whole.c.log()))
        if whole.s == 0:
            raise Refusal("tail", "no rule for the logarithm of a logarithm up to oo")
        # log g = log x · (s + q log log x / log x + log c / log x); log y / y falls from e on.
        log_x = self.X.log()
        if log_x.lower() < 3:
            raise TooEarly
        unit = arb(0.5, 0.5)
        c = rational_ball(whole.s) + unit * whole.c.log() / log_x
        if whole.q:
            c += rational_ball(whole.q) * unit * log_x.log() / log_x
        return _Form(_ZERO, _Growth(_ZERO, _ONE, c))


def _number_power(x: arb, e: Fraction) -> arb:
    return x ** int(e) if e.denominator == 1 else x ** rational_ball(e)


def _settled(x: arb) -> arb:
    if not x.is_finite():
        raise TooEarly
    return x
