"""Exact algebra of exponents: rational functions of the parameters and linear forms in logarithms.

The order of a monomial ``M^p N^q gamma^r`` is, up to a bounded constant, the exponential of the
linear form ``p log M + q log N + r log gamma``, whose coefficients are rational functions of the
parameters (``a``, ``b``, ...) with rational coefficients.  Everything here is exact: polynomials
are python-flint's ``fmpq_mpoly``.

Positivity is never decided here, only recognised: a `Multiplier` is a combination of products of
the assumed inequalities with positive rational coefficients, so it is non-negative wherever the
assumptions hold, and strictly positive if one of its terms has only strict factors.  This is
Handelman's form of a positivity certificate (Pacific J. Math. 132, 1988); finding one is the
business of `theory`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import Any

from flint import Ordering, fmpq, fmpq_mpoly, fmpq_mpoly_ctx

from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import (
    Add,
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

__all__ = ["Factor", "Form", "Frac", "Multiplier", "NotRationalError", "PoleError", "Ring"]

_COEFFICIENT = re.compile(r"-?[0-9]{1,1000}(/[0-9]{1,1000})?")
MAX_DEGREE = 60
MAX_TERMS = 2000
"""Larger polynomials in the parameters are refused instead of being expanded."""
MAX_FACTORS = 12
"""Most assumptions that one term of a multiplier multiplies with each other."""

_COEFFICIENT = re.compile(r"[0-9]{1,1000}(/[0-9]{1,1000})?")


class NotRationalError(RejectedError):
    """The expression is not a rational function of the parameters, or one that is too large."""


class PoleError(RejectedError, ZeroDivisionError):
    """A rational function of the parameters has no value: it is divided by zero.

    A step that needs it does not hold, whoever takes it; and it is nothing that other rules
    than those for rational functions might read (`NotRationalError`).
    """


def to_fraction(value: fmpq) -> Fraction:
    """Convert FLINT's rational to Python's."""
    return Fraction(int(value.p), int(value.q))


def to_fmpq(value: Fraction) -> fmpq:
    """Convert Python's rational to FLINT's."""
    return fmpq(value.numerator, value.denominator)


@dataclass(frozen=True, slots=True, eq=False)
class Frac:
    """A rational function ``num/den`` of the parameters in lowest terms; `den` is not zero."""

    num: fmpq_mpoly
    den: fmpq_mpoly

    @staticmethod
    def of(num: fmpq_mpoly, den: fmpq_mpoly) -> Frac:
        """Return ``num/den`` in lowest terms, the denominator with leading coefficient 1."""
        if den.is_zero():
            raise PoleError("division by an exponent that is identically zero")
        if not den.is_one():
            common = num.gcd(den)
            num, den = num / common, den / common
            lead = den.leading_coefficient()
            num, den = num / lead, den / lead
        if len(num) > MAX_TERMS or len(den) > MAX_TERMS:
            raise NotRationalError("an exponent has too many terms when multiplied out")
        return Frac(num, den)

    def __add__(self, other: Frac) -> Frac:
        if self.den == other.den:
            return Frac.of(self.num + other.num, self.den)
        return Frac.of(self.num * other.den + other.num * self.den, self.den * other.den)

    def __neg__(self) -> Frac:
        return Frac(-self.num, self.den)

    def __sub__(self, other: Frac) -> Frac:
        return self + (-other)

    def __mul__(self, other: Frac) -> Frac:
        return Frac.of(self.num * other.num, self.den * other.den)

    def __truediv__(self, other: Frac) -> Frac:
        return Frac.of(self.num * other.den, self.den * other.num)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Frac):
            return NotImplemented
        return bool(self.num == other.num) and bool(self.den == other.den)

    def __hash__(self) -> int:
        return hash(str(self.num))  # few that differ have the same

    def is_zero(self) -> bool:
        """Whether this is the zero function."""
        return bool(self.num.is_zero())

    def constant(self) -> Fraction | None:
        """Return the value if it does not depend on the parameters, else None."""
        if not (self.num.is_constant() and self.den.is_constant()):
            return None
        if self.num.is_zero():
            return Fraction(0)
        value = self.num.leading_coefficient() / self.den.leading_coefficient()
        return to_fraction(value)

    def signed(self) -> fmpq_mpoly:
        """Return ``num * den``: a polynomial of the same sign wherever the function exists."""
        return self.num * self.den

    def at(self, point: Sequence[Fraction]) -> Fraction:
        """Evaluate at values of the parameters, in the order of the ring's names."""
        values = [to_fmpq(value) for value in point]
        den = self.den(*values) if values else self.den.leading_coefficient()
        if den == 0:
            raise PoleError("an exponent has a pole at these parameter values")
        if self.num.is_zero():
            return Fraction(0)
        num = self.num(*values) if values else self.num.leading_coefficient()
        return to_fraction(fmpq(num) / fmpq(den))


class Ring:
    """The field of rational functions in the given parameters."""

    def __init__(self, names: Iterable[str]):
        self.names = tuple(sorted(names))
        self.ctx = fmpq_mpoly_ctx.get(list(self.names), Ordering.lex)
        self._gens = dict(zip(self.names, self.ctx.gens(), strict=True))
        self.zero = self.number(Fraction(0))
        self.one = self.number(Fraction(1))

    def number(self, value: Fraction | int) -> Frac:
        """Return a rational constant."""
        constant = self.ctx.constant(to_fmpq(Fraction(value)))
        return Frac(constant, self.ctx.constant(fmpq(1)))

    def frac(self, expr: Expr) -> Frac:
        """Read an expression in the parameters; raises `NotRationalError` for anything else."""
        match expr:
            case Num(value):
                return self.number(value)
            case Name(name) if name in self._gens:
                return Frac(self._gens[name], self.ctx.constant(fmpq(1)))
            case Add(terms):
                total = self.zero
                for term in terms:
                    total = total + self.frac(term)
                return total
            case Mul(factors):
                product = self.one
                for factor in factors:
                    product = product * self.frac(factor)
                return product
            case Pow(base, exponent):
                return self._power(base, exponent)
        raise NotRationalError(f"{expr} is not a rational function of the parameters")

    def _power(self, base: Expr, exponent: Expr) -> Frac:
        n = self.frac(exponent).constant()
        value = self.frac(base)
        degree = max(1, int(value.num.total_degree()), int(value.den.total_degree()))
        if n is None or n.denominator != 1 or abs(n) * degree > MAX_DEGREE:
            raise NotRationalError(f"the power {exponent} of {base} is not a small integer")
        if n < 0:
            value = self.one / value
        count = abs(int(n))
        # A power of a polynomial with k terms has at most this many.
        if any(comb(count + len(p) - 1, count) > MAX_TERMS for p in (value.num, value.den)):
            raise NotRationalError(f"{base}^{exponent} has too many terms when multiplied out")
        return Frac(value.num**count, value.den**count)

    def expr(self, value: Frac) -> Expr:
        """Write a rational function as an expression (for printing and for round trips)."""
        num, den = self._poly_expr(value.num), self._poly_expr(value.den)
        return num if den == Num(Fraction(1)) else div(num, den)

    def _poly_expr(self, poly: fmpq_mpoly) -> Expr:
        terms = []
        # What is added comes first: ``1 - a``, not ``-a + 1``.
        ordered = sorted(poly.to_dict().items(), key=lambda term: term[1] < 0)
        for monom, coeff in ordered:
            powers = [
                power(Name(name), Num(Fraction(int(e))))
                for name, e in zip(self.names, monom, strict=True)
                if e
            ]
            terms.append(mul(Num(to_fraction(fmpq(coeff))), *powers))
        return add(*terms)


@dataclass(frozen=True, slots=True)
class Form:
    """A linear form in logarithms of sizes; variables with coefficient zero are left out.

    The variable ``"M"`` is ``log M`` and ``"log M"`` is ``log log M``.
    """

    coeffs: Mapping[str, Frac]

    @staticmethod
    def of(coeffs: Mapping[str, Frac]) -> Form:
        """Drop the zero coefficients."""
        return Form({v: c for v, c in sorted(coeffs.items()) if not c.is_zero()})

    def __add__(self, other: Form) -> Form:
        out = dict(self.coeffs)
        for var, coeff in other.coeffs.items():
            out[var] = out[var] + coeff if var in out else coeff
        return Form.of(out)

    def __neg__(self) -> Form:
        return Form({var: -coeff for var, coeff in self.coeffs.items()})

    def __sub__(self, other: Form) -> Form:
        return self + (-other)

    def scale(self, factor: Frac) -> Form:
        """Return ``factor`` times the form."""
        return Form.of({var: coeff * factor for var, coeff in self.coeffs.items()})

    def is_zero(self) -> bool:
        """Whether all coefficients vanish."""
        return not self.coeffs

    def __hash__(self) -> int:
        return hash(tuple(self.coeffs.items()))


@dataclass(frozen=True, slots=True)
class Factor:
    """An assumed inequality between parameters: ``poly > 0`` if `strict`, else ``poly >= 0``."""

    poly: fmpq_mpoly
    strict: bool

    def __hash__(self) -> int:
        return hash((str(self.poly), self.strict))


@dataclass(frozen=True, slots=True)
class Multiplier:
    """``sum of coefficient * product of factors``, all coefficients positive.

    A term is ``(coefficient, indices)``; an index points into the list of factors and may
    repeat; no index means the constant term.
    """

    terms: tuple[tuple[Fraction, tuple[int, ...]], ...] = ()

    @staticmethod
    def read(data: Any, count: int) -> Multiplier:
        """Read ``[["1/2", [0, 1]], ...]``; raises ValueError unless it is a multiplier."""
        if not isinstance(data, list) or len(data) > MAX_TERMS:
            raise ValueError("a multiplier is a list of terms")
        terms = []
        for entry in data:
            coeff, indices = entry
            if not isinstance(coeff, str) or not _COEFFICIENT.fullmatch(coeff):
                raise ValueError("a coefficient is a rational number such as '1/2', as text")
            value = Fraction(coeff)
            if value <= 0:
                raise ValueError("a coefficient of a multiplier is not positive")
            if not isinstance(indices, list) or len(indices) > MAX_FACTORS:
                raise ValueError(f"a term is a list of at most {MAX_FACTORS} assumptions")
            if not all(type(i) is int and 0 <= i < count for i in indices):
                raise ValueError(f"no assumption has the number {indices}")
            terms.append((value, tuple(indices)))
        return Multiplier(tuple(terms))

    def is_strict(self, factors: Sequence[Factor]) -> bool:
        """Whether positivity is strict: some term has strict factors only."""
        return any(all(factors[i].strict for i in indices) for _, indices in self.terms)

    def poly(self, ring: Ring, factors: Sequence[Factor]) -> fmpq_mpoly:
        """Multiply out."""
        total = ring.ctx.constant(fmpq(0))
        for coeff, indices in self.terms:
            product = ring.ctx.constant(to_fmpq(coeff))
            for i in indices:
                product = product * factors[i].poly
                if len(product) > MAX_TERMS:
                    raise NotRationalError("a multiplier has too many terms when multiplied out")
            total = total + product
        return total
