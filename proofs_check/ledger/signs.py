"""Signs of rational functions of atoms, recognised from facts.

A polynomial is positive if it has positive coefficients after every variable is shifted by its
known lower bound (or one of them written as its upper bound less something non-negative; what has
no lower bound may occur in even powers), or if it is, up to a positive factor, the difference of
the two sides of a fact; a rational function is positive if numerator and denominator have one
sign, a product if its irreducible factors say so.
Nothing is decided here: what is not recognised counts as unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq, fmpq_mpoly

from ratecert.proofs_check.kernel.algebra import Frac, Ring, to_fmpq, to_fraction
from ratecert.proofs_check.language.expr import Expr

__all__ = ["Atom", "Signs"]


@dataclass(frozen=True, slots=True)
class Atom:
    """An atom: the names it depends on, what is known of its sign, and what it is."""

    names: frozenset[str]
    positive: bool = False
    integer: bool = False
    log_of: Expr | None = None
    power_of: tuple[Expr, Expr] | None = None
    family: tuple[Expr, Expr, int] | None = None


class Signs:
    """What facts say about signs and bounds of atoms; learnt fact by fact."""

    def __init__(self, atoms: Mapping[str, Atom], known: Signs | None = None):
        self.atoms = atoms
        self.lower: dict[str, tuple[Fraction, bool]] = dict(known.lower) if known else {}
        self.upper: dict[str, Fraction] = dict(known.upper) if known else {}
        self._known: dict[str, tuple[int, bool]] = dict(known._known) if known else {}

    def learn(self, ring: Ring, gap: Frac, strict: bool) -> None:
        """Learn that a rational function is not negative, or positive."""
        if self.has_sign(ring, -gap.den, True):
            gap = Frac(-gap.num, -gap.den)
        elif not self.has_sign(ring, gap.den, True):
            return
        if gap.is_zero():
            return
        lead = gap.num.leading_coefficient()
        key = str(gap.num / lead)
        known = self._known.get(key, (0, False))
        self._known[key] = (1 if lead > 0 else -1, strict or known[1])
        self._learn_bound(ring, gap, strict)

    def _learn_bound(self, ring: Ring, gap: Frac, strict: bool) -> None:
        """Learn ``v >= B`` from a gap ``c v - rest >= 0`` with c > 0 and ``rest >= c B``."""
        if not gap.den.is_constant():
            return
        for gen, name, degree in zip(ring.ctx.gens(), ring.names, gap.num.degrees(), strict=True):
            slope = gap.num.derivative(name)
            if degree != 1 or not slope.is_constant():
                continue
            if slope.leading_coefficient() < 0:
                self._learn_upper(name, gap)
                continue
            least = self._least(ring, slope * gen - gap.num)
            if least is not None:
                bound = (least / to_fraction(fmpq(slope.leading_coefficient())), strict)
                self.lower[name] = max(self.lower.get(name, bound), bound)

    def _learn_upper(self, name: str, gap: Frac) -> None:
        """Learn ``v <= B`` from a gap ``c (B - v)`` with numbers c > 0 and B."""
        terms = gap.num.to_dict()
        if sum(map(any, terms)) == 1:
            slope = sum(to_fraction(fmpq(c)) for m, c in terms.items() if any(m))
            offset = sum(to_fraction(fmpq(c)) for m, c in terms.items() if not any(m))
            bound = -offset / Fraction(slope)
            self.upper[name] = min(self.upper.get(name, bound), bound)

    def _least(self, ring: Ring, poly: fmpq_mpoly) -> Fraction | None:
        """Return a lower bound of a polynomial with positive coefficients after the shift."""
        shifted, bounds = self._shifted(ring, poly)
        least = Fraction(0)
        for monom, coeff in shifted.to_dict().items():
            if not any(monom):
                least = to_fraction(fmpq(coeff))
            elif coeff < 0 or any(b is None for e, b in zip(monom, bounds, strict=True) if e):
                return None
        return least

    def is_positive(self, ring: Ring, value: Frac, strict: bool) -> bool:
        """Whether a rational function is seen to be positive, or not negative."""
        if value.is_zero():
            return not strict
        return any(
            self.has_sign(ring, value.den * sign, True)
            and self.has_sign(ring, value.num * sign, strict)
            for sign in (1, -1)
        )

    def has_sign(self, ring: Ring, poly: fmpq_mpoly, strict: bool) -> bool:
        """Whether a polynomial is seen to be positive, or not negative."""
        if self._is_obvious(ring, poly, strict):
            return True
        constant, factors = poly.factor()
        sign = 1 if constant > 0 else -1
        for factor, times in factors:
            found = self.sign_of_factor(ring, factor, strict)
            if times % 2 == 0 and not strict:
                continue
            if not found:
                return False
            sign *= found**times
        return sign > 0

    def sign_of_factor(self, ring: Ring, poly: fmpq_mpoly, strict: bool) -> int:
        """Return the sign of an irreducible polynomial where it is known, else 0."""
        for sign in (1, -1):
            if self._is_obvious(ring, poly * sign, strict):
                return sign
        lead = poly.leading_coefficient()
        sign, known_strict = self._known.get(str(poly / lead), (0, False))
        if strict and not known_strict:
            return 0
        return sign if lead > 0 else -sign

    def _is_obvious(self, ring: Ring, poly: fmpq_mpoly, strict: bool) -> bool:
        """Whether all coefficients are positive after a shift by the lower bounds.

        One variable at a time is also written as its upper bound less what is missing to it.
        """
        if self._has_positive_terms(ring, poly, strict, None):
            return True
        return any(
            self._has_positive_terms(ring, poly, strict, name)
            for name in ring.names if name in self.upper
        )  # fmt: skip

    def _has_positive_terms(
        self, ring: Ring, poly: fmpq_mpoly, strict: bool, below: str | None
    ) -> bool:
        shifted, bounds = self._shifted(ring, poly, below)
        some = False
        for monom, coeff in shifted.to_dict().items():
            used = [b for e, b in zip(monom, bounds, strict=True) if e]
            odd = [b for e, b in zip(monom, bounds, strict=True) if e % 2]
            if coeff < 0 or any(b is None for b in odd):
                return False
            some = some or all(b is not None and b[1] for b in used)
        return some or not strict

    def _shifted(
        self, ring: Ring, poly: fmpq_mpoly, below: str | None = None
    ) -> tuple[fmpq_mpoly, list[tuple[Fraction, bool] | None]]:
        """Return the polynomial in ``variable - lower bound``, and which variables have one.

        The variable `below` is written as its upper bound less a non-negative variable.
        """
        bounds = [self._bound(name) for name in ring.names]
        shift = []
        for k, (gen, name) in enumerate(zip(ring.ctx.gens(), ring.names, strict=True)):
            bound = bounds[k]
            if name == below:
                shift.append(ring.ctx.constant(to_fmpq(self.upper[name])) - gen)
                bounds[k] = (Fraction(0), False)
            else:
                shift.append(gen + ring.ctx.constant(to_fmpq(bound[0])) if bound else gen)
        if below is None and not any(bound is not None and bound[0] for bound in bounds):
            return poly, bounds
        return poly.compose(*shift), bounds

    def _bound(self, name: str) -> tuple[Fraction, bool] | None:
        """Return a lower bound of a variable after the shift: 0, strict or not."""
        known = self.lower.get(name)
        if name in self.atoms and self.atoms[name].positive:
            zero = (Fraction(0), True)
            return zero if known is None else max(known, zero)
        return known
