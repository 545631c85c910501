r"""Completely monotone terms, recognised by their form.

f is *completely monotone* (CM) on ``[A, oo)`` if ``(-1)^n f^(n) >= 0`` there for all n >= 0.  All
its derivatives of one order have one sign, so the remainder of Euler–Maclaurin needs no bound of
derivatives on discs: with ``|B_{2p}(x - ⌊x⌋)| <= |B_{2p}|`` and ``f^(2p) >= 0``

    |R| <= |B_{2p}|/(2p)! ∫_A^B f^(2p) = |B_{2p}|/(2p)! |f^(2p-1)(B) - f^(2p-1)(A)|
        <= |B_{2p}|/(2p)! |f^(2p-1)(A)|,

the last correction term at A itself (`euler_maclaurin` says what R is).

f is a *Bernstein function* (B) there if ``f >= 0`` and f' is CM.  The rules, for ``x >= A >= 0``:

- B: the index; non-negative constants; ``g^s`` and sums of such for g in B and ``0 <= s <= 1``;
  ``g + c`` and ``log g`` for g in B where the value at A is not negative (g increases, so it is
  not negative later); ``1 - exp(-g)``.
- CM: non-negative constants; sums and products of CM; ``h^n`` for h in CM, n = 1, 2, …;
  ``g^-s`` for g in B positive at A and ``s > 0``; ``exp(-g)`` and ``c^-g`` for g in B and
  ``c >= 1``; ``exp(h)``, and where h (which falls) is below c, 1 at A, also ``(c - h)^-s``,
  ``-log(1 - h)``, for h in CM.

*Why* [Widder, The Laplace Transform, ch. IV; Schilling, Song, Vondraček, Bernstein Functions,
Thm 3.7, Cor 3.8; the half-line [A, oo) changes nothing]: products by Leibniz' rule.  For φ(g(x))
Faà di Bruno's formula makes the n-th derivative a sum of ``φ^(k)(g) Π_{j<=k} g^(n_j)`` with
positive coefficients and ``Σ n_j = n``.  If φ is CM and g in B, the sign of a summand is
``(-1)^k Π (-1)^(n_j - 1) = (-1)^n``.  If all derivatives of φ are non-negative (exp, (c-y)^-s,
-log(1-y)) and h is CM, it is ``Π (-1)^(n_j) = (-1)^n``.  If φ is in B and g in B, φ' ∘ g is CM,
and so is its product with g'.
"""

from __future__ import annotations

from fractions import Fraction

from flint import arb

from ratecert.numerics.balls.program import Program, Values, constant, exact
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

__all__ = ["is_bernstein", "is_completely_monotone"]


def is_completely_monotone(term: Expr, index: str, values: Values, start: int) -> bool:
    """Tell whether the rules show that a term is completely monotone from `start` >= 0 on.

    Parameters
    ----------
    term : Expr
        A term in the index, without `Sum`.
    values : mapping of str to Fraction or arb
        The values of all other names.
    start : int
        The left end A of the half-line.

    Returns
    -------
    bool
        False says nothing.
    """
    return start >= 0 and _Shape(index, values, start).monotone(term)


def is_bernstein(term: Expr, index: str, values: Values, start: int) -> bool:
    """Tell whether the rules show that a term is a Bernstein function from `start` >= 0 on."""
    return start >= 0 and _Shape(index, values, start).bernstein(term)


class _Shape:
    """The rules on ``[start, oo)``; every answer False where no rule says more."""

    def __init__(self, index: str, values: Values, start: int):
        self.index, self.values, self.start = index, values, start

    def monotone(self, expr: Expr) -> bool:
        if self._fixed(expr):
            return self._at_start(expr).lower() >= 0
        match expr:
            case Add(parts) | Mul(parts) if all(map(self.monotone, parts)):
                return True
            case Pow(base, exponent) if self._fixed(base):
                rising = self._at_start(base).lower() >= 1
                return rising and self.bernstein(_negated(exponent))
            case Pow(base, exponent):
                return self._power_is_monotone(base, exact(exponent, self.values))
            case Call("sqrt", (arg,)):
                return self._power_is_monotone(arg, Fraction(1, 2))
            case Call("exp", (arg,)):
                return self.monotone(arg) or self.bernstein(_negated(arg))
            case Mul():
                return self._is_logarithm_of_falling(_negated(expr))
        return False

    def _power_is_monotone(self, base: Expr, exponent: Fraction | None) -> bool:
        if exponent is None:
            return False
        if exponent >= 0:
            return exponent.denominator == 1 and self.monotone(base)
        # With a negative exponent every accepted base is positive, so that powers multiply.
        match base:
            case Pow(inner, power) if (own := exact(power, self.values)) is not None and own > 0:
                return self._power_is_monotone(inner, own * exponent)
            case Mul(parts):
                return all(self._power_is_monotone(part, exponent) for part in parts)
        if not self._at_start(base).lower() > 0:
            return False
        return self._fixed(base) or self.bernstein(base) or self._rises_to_constant(base)

    def _rises_to_constant(self, expr: Expr) -> bool:
        """Tell whether the expression is ``c - h`` with h in CM."""
        if not isinstance(expr, Add):
            return False
        varying = [part for part in expr.terms if not self._fixed(part)]
        return all(self.monotone(_negated(part)) for part in varying)

    def _is_logarithm_of_falling(self, expr: Expr) -> bool:
        """Tell whether the expression is ``log(1 - h)`` with h in CM and ``h(A) < 1``."""
        match expr:
            case Call("log", (Add((Num(one), *rest)),)) if one == 1:
                falling = all(self.monotone(_negated(part)) for part in rest)
                return falling and self._at_start(expr.args[0]).lower() > 0
        return False

    def bernstein(self, expr: Expr) -> bool:
        if self._fixed(expr):
            return self._at_start(expr).lower() >= 0
        match expr:
            case Name():
                return True
            case Add(parts):
                return self._is_bernstein_sum(parts) and self._at_start(expr).lower() >= 0
            case Mul(parts):
                varying = [part for part in parts if not self._fixed(part)]
                scale = mul(*(part for part in parts if self._fixed(part)))
                return (
                    len(varying) == 1
                    and self._at_start(scale).lower() >= 0
                    and self.bernstein(varying[0])
                )
            case Pow(base, exponent):
                value = exact(exponent, self.values)
                return value is not None and 0 <= value <= 1 and self.bernstein(base)
            case Call("sqrt", (arg,)):
                return self.bernstein(arg)
            case Call("log", (arg,)):
                return self._at_start(expr).lower() >= 0 and self.bernstein(arg)
        return False

    def _is_bernstein_sum(self, parts: tuple[Expr, ...]) -> bool:
        """Tell whether every part rises with a CM derivative: B, a constant, or ``-exp(-B)``."""
        return all(
            self._fixed(part) or self.bernstein(part) or self._is_minus_decay(part)
            for part in parts
        )

    def _is_minus_decay(self, part: Expr) -> bool:
        match _negated(part):
            case Call("exp", (arg,)):
                return self.bernstein(_negated(arg))
        return False

    def _fixed(self, expr: Expr) -> bool:
        return self.index not in free_names(expr)

    def _at_start(self, expr: Expr) -> arb:
        """Return the value at A, NaN where there is none (which satisfies no comparison)."""
        if self._fixed(expr):
            return constant(expr, self.values)
        return Program(expr, self.index, self.values).at(arb(self.start))


def _negated(expr: Expr) -> Expr:
    """Return ``-expr`` with the sign taken into a rational factor, and no factor of 1."""
    factors = expr.factors if isinstance(expr, Mul) else (expr,)
    numbers = [f.value for f in factors if isinstance(f, Num)]
    rest = [f for f in factors if not isinstance(f, Num)]
    value = Fraction(-1)
    for number in numbers:
        value *= number
    return mul(*([Num(value)] if value != 1 or not rest else []), *rest)
