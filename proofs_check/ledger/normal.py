"""The normal form of formulas: rational functions of atoms.

A formula is a rational function, with rational coefficients, of *atoms*: names, and the maximal
subformulas that are no rational operation: ``y^e`` with a symbolic exponent, ``exp``, ``log``,
``floor``, ``min``, ``max``, sums and defined functions.  Two formulas with the same rational
function of the same atoms are equal wherever both are defined.  Atoms are brought to a normal
form themselves, by laws that hold for positive bases and real exponents:

    (x y)^p = x^p y^p,   (x^p)^q = x^(p q),   x^(p + q) = x^p x^q,   exp(p log x) = x^p,
    log(x y) = log x + log y,   log(x^p) = p log x,
    sum(c f + d g) = c sum f + d sum g   (finite sums; c, d free of the index).

*Definedness.*  Division by y asks for a proof that y has a sign, a real power or a logarithm of y
for one that y > 0, an infinite sum must be ``sum(i^-p, i, LO, oo)`` with p > 1.  What cannot be
seen to be defined is rejected, so an identity between normal forms is one between real numbers.

Equal formulas may still have different normal forms; that costs proofs, never soundness.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from fractions import Fraction
from math import lcm

from flint import fmpq, fmpq_mpoly, fmpz

from ratecert.proofs_check.kernel.algebra import Frac, Ring, to_fraction
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
    add,
    free_names,
    mul,
    neg,
    power,
    substitute,
    walk,
)
from ratecert.proofs_check.ledger.signs import Atom, Signs
from ratecert.proofs_check.ledger.terms import put

__all__ = ["INFINITY", "Forms"]

INFINITY = Name("oo")
_MAX_PRIMES = 10**40
"""Larger constants are not factored."""


class Forms(ABC):
    """Names in scope and signs, and the normal forms of formulas in these names."""

    def __init__(
        self,
        reals: frozenset[str],
        integers: frozenset[str],
        functions: Mapping[str, int],
        signs: Signs,
        atoms: dict[str, Atom],
        known: Mapping[Expr, Expr],
    ):
        self.reals, self.integers, self.functions = reals, integers, functions
        self.signs, self.atoms = signs, atoms
        self._known = dict(known)

    @abstractmethod
    def inside_sum(self, index: str, lo: Expr, hi: Expr) -> Forms:
        """Return the forms for the term of a sum: a whole index between its bounds."""

    def normal(self, expr: Expr) -> Expr:
        """Return the expression over atoms; raises `RejectedError` where it may be undefined."""
        found = self._known.get(expr)
        if found is None:
            found = self._known[expr] = self._normal(expr)
        return found

    def fractions(self, *normals: Expr) -> tuple[Ring, list[Frac]]:
        """Return normal forms as elements of one field, that of all their atoms.

        The atoms ``y^(m/q)`` for several q become powers of the one for their common multiple.
        """
        names = frozenset().union(*map(free_names, normals))
        roots = self._common_roots(names)
        if roots:
            normals = tuple(substitute(normal, roots) for normal in normals)
            names = frozenset().union(*map(free_names, normals))
        ring = Ring(names)
        return ring, [ring.frac(normal) for normal in normals]

    def _common_roots(self, names: frozenset[str]) -> dict[str, Expr]:
        families: dict[tuple[Expr, Expr], dict[int, str]] = {}
        for name in names:
            family = self.atoms[name].family if name in self.atoms else None
            if family is not None:
                base, unit, q = family
                families.setdefault((base, unit), {})[q] = name
        found: dict[str, Expr] = {}
        for (base, unit), members in families.items():
            common = lcm(*members)
            for q, name in members.items():
                if q != common:
                    found[name] = power(self._root(base, unit, common), Num(Fraction(common // q)))
        return found

    def fraction(self, normal: Expr) -> tuple[Ring, Frac]:
        """Return a normal form as an element of the field of its atoms."""
        ring, (value,) = self.fractions(normal)
        return ring, value

    def text(self, normal: Expr) -> str:
        """Return the text that equal normal forms share."""
        ring, value = self.fraction(normal)
        return str(ring.expr(value))

    def is_integer(self, expr: Expr) -> bool:
        """Whether the expression is seen to be a whole number."""
        ring, value = self.fraction(self.normal(expr))
        coefficients = [to_fraction(fmpq(c)) for c in value.num.to_dict().values()]
        return (
            value.den.is_one()
            and all(c.denominator == 1 for c in coefficients)
            and all(self._is_integer_name(n) for n in ring.names if self._occurs(ring, value, n))
        )

    def _occurs(self, ring: Ring, value: Frac, name: str) -> bool:
        return value.num.degrees()[ring.names.index(name)] > 0  # -1 in the polynomial 0

    def _is_integer_name(self, name: str) -> bool:
        return name in self.integers or (name in self.atoms and self.atoms[name].integer)

    def _normal(self, expr: Expr) -> Expr:
        match expr:
            case Num():
                return expr
            case Name(name):
                if name not in self.reals | self.integers:
                    raise RejectedError(f"{name} is not declared")
                return expr
            case Add(terms):
                return add(*map(self.normal, terms))
            case Mul(factors):
                return mul(*map(self.normal, factors))
            case Pow(base, exponent):
                return self._normal_power(base, exponent)
            case Call(func, args):
                return self._call(func, args)
        assert isinstance(expr, Sum), "the parser builds no other node"
        return self._sum(expr)

    def _normal_power(self, base: Expr, exponent: Expr) -> Expr:
        inner, outer = self.normal(base), self.normal(exponent)
        number = self.fraction(outer)[1].constant()
        if number is None or number.denominator != 1:
            return self._real_power(inner, outer)
        if number <= 0:
            ring, value = self.fraction(inner)
            if not any(self.signs.is_positive(ring, v, True) for v in (value, -value)):
                raise RejectedError(f"{base} may be zero, so its power {exponent} is not defined")
        return power(inner, Num(number))

    def _factors(self, normal: Expr) -> list[tuple[Expr, int]]:
        """Return the positive prime numbers and irreducible factors of a positive expression."""
        ring, value = self.fraction(normal)
        if value.is_zero():
            raise RejectedError("zero has no real power and no logarithm")
        found: list[tuple[Expr, int]] = []
        constant = Fraction(1)
        for poly, direction in ((value.num, 1), (value.den, -1)):
            lead, factors = poly.factor()
            constant *= to_fraction(fmpq(lead)) ** direction
            for factor, times in factors:
                sign = self.signs.sign_of_factor(ring, factor, True)
                if not sign:
                    raise RejectedError(f"{self._shown(ring, factor)} is not seen to be positive")
                constant *= Fraction(sign) ** times
                found.append((ring.expr(_whole(ring, factor * sign)), times * direction))
        if constant <= 0:
            raise RejectedError(f"{self.text(normal)} is negative")
        if max(constant.numerator, constant.denominator) > _MAX_PRIMES:
            raise RejectedError("a constant is too large to be factored")
        for number, direction in ((constant.numerator, 1), (constant.denominator, -1)):
            for prime, times in fmpz(number).factor():
                found.append((Num(Fraction(int(prime))), int(times) * direction))
        return found

    def _shown(self, ring: Ring, poly: fmpq_mpoly) -> str:
        return str(ring.expr(_whole(ring, poly)))

    def _real_power(self, normal: Expr, exponent: Expr) -> Expr:
        return mul(*(
            self._power_of_factor(factor, mul(Num(Fraction(times)), exponent))
            for factor, times in self._factors(normal)
        ))  # fmt: skip

    def _power_of_factor(self, factor: Expr, exponent: Expr) -> Expr:
        """Return ``factor^exponent`` for a prime or an irreducible factor, which is positive."""
        if isinstance(factor, Name) and factor.name in self.atoms:
            known = self.atoms[factor.name].power_of
            if known is not None:
                return self._power_of_factor(known[0], mul(known[1], exponent))
        return self._split_power(factor, exponent)

    def _split_power(self, base: Expr, exponent: Expr) -> Expr:
        """Return ``prod_k base^(c_k m_k)`` where ``sum_k c_k m_k`` is the exponent.

        The summands of the exponent are taken one by one, so that those with other denominators
        do not share one; a fraction is first divided with remainder.
        """
        match exponent:
            case Add(terms):
                return mul(*(self._split_power(base, term) for term in terms))
            case Mul((Num() as number, Add(terms))):
                return mul(*(self._split_power(base, mul(number, term)) for term in terms))
        ring, value = self.fraction(exponent)
        whole, rest = divmod(value.num, value.den)
        parts = [(term, ring.one.num) for term in whole.to_dict().items()]
        parts += [(term, value.den) for term in rest.to_dict().items()]
        return mul(*(self._term_power(base, ring, term, den) for term, den in parts))

    def _term_power(
        self, base: Expr, ring: Ring, term: tuple[tuple[int, ...], fmpq], den: fmpq_mpoly
    ) -> Expr:
        """Return ``base^(c m/den)`` for one term c m of a polynomial."""
        part = Frac.of(ring.ctx.from_dict(dict([term])), den)
        lead = part.num.leading_coefficient()
        part = Frac(part.num / lead, part.den)
        return self._part_power(base, ring, part, to_fraction(fmpq(lead)))

    def _part_power(self, base: Expr, ring: Ring, part: Frac, times: Fraction) -> Expr:
        if base == Call("exp", (Num(Fraction(1)),)):
            via_log = self._exp_of_log(ring, part, times)
            if via_log is not None:
                return via_log
        if part.constant() is not None and times.denominator == 1 and not isinstance(base, Call):
            return power(base, Num(times))
        atom = self._root(base, ring.expr(part), times.denominator)
        return power(atom, Num(Fraction(times.numerator)))

    def _root(self, base: Expr, unit: Expr, q: int) -> Name:
        """Return the atom ``base^(unit/q)``."""
        ring, value = self.fraction(mul(Num(Fraction(1, q)), unit))
        root = ring.expr(value)
        text = f"exp({root})" if isinstance(base, Call) else f"({self.text(base)})^({root})"
        names = self._names(base, root)
        return self._atom(text, Atom(names, True, power_of=(base, root), family=(base, unit, q)))

    def _exp_of_log(self, ring: Ring, part: Frac, times: Fraction) -> Expr | None:
        """Return ``x^(c r)`` for ``exp(c r log(x))``, else None."""
        for name, degree in zip(ring.names, part.num.degrees(), strict=True):
            inner = self.atoms[name].log_of if name in self.atoms else None
            if inner is None or degree != 1 or len(part.num.to_dict()) != 1:
                continue
            rest = part / ring.frac(Name(name)) * ring.number(times)
            return self._power_of_factor(inner, ring.expr(rest))
        return None

    def _atom(self, text: str, atom: Atom) -> Name:
        name = f"[{text}]"
        self.atoms.setdefault(name, atom)
        return Name(name)

    def _names(self, *normals: Expr) -> frozenset[str]:
        """Return all names that normal forms depend on, those inside their atoms too."""
        found: set[str] = set()
        for name in frozenset().union(*map(free_names, normals)):
            found |= self.atoms[name].names if name in self.atoms else {name}
        return frozenset(found)

    def _call(self, func: str, args: tuple[Expr, ...]) -> Expr:
        if func in self.functions:
            if len(args) != self.functions[func]:
                raise RejectedError(f"{func} takes {self.functions[func]} arguments")
            return self._plain_atom(func, [self.normal(arg) for arg in args])
        normals = [self.normal(arg) for arg in args]
        match func, normals:
            case "exp", [inner]:
                return self._split_power(Call("exp", (Num(Fraction(1)),)), inner)
            case "log", [inner]:
                return add(*(mul(Num(Fraction(k)), self._log(f)) for f, k in self._factors(inner)))
            case "sqrt", [inner]:
                return self._real_power(inner, Num(Fraction(1, 2)))
            case "floor", [_]:
                return self._plain_atom(func, normals, integer=True)
            case (("min" | "max"), [_, _]):
                return self._plain_atom(func, sorted(normals, key=self.text))
        raise RejectedError(f"there is no function {func} of {len(args)} arguments")

    def _plain_atom(self, func: str, normals: list[Expr], integer: bool = False) -> Name:
        text = ", ".join(map(self.text, normals))
        return self._atom(f"{func}({text})", Atom(self._names(*normals), integer=integer))

    def _log(self, factor: Expr) -> Expr:
        if isinstance(factor, Name) and factor.name in self.atoms:
            known = self.atoms[factor.name].power_of
            if known is not None:
                base, exponent = known
                return exponent if isinstance(base, Call) else mul(exponent, self._log(base))
        return self._atom(f"log({self.text(factor)})", Atom(self._names(factor), log_of=factor))

    def _sum(self, expr: Sum) -> Expr:
        index = f"#{_height(expr.term)}"
        lo = self.normal(expr.lo)
        self._require_integer(expr.lo)
        inside = self.inside_sum(index, expr.lo, expr.hi)
        term = put(expr.term, {expr.index: Name(index)})
        if expr.hi == INFINITY:
            return self._infinite_sum(inside, term, index, lo)
        hi = self.normal(expr.hi)
        self._require_integer(expr.hi)
        length = self.fraction(add(hi, neg(lo)))[1].constant()
        if length is not None and length < 0:
            unknown = free_names(expr) - self.reals - self.integers
            if unknown:  # nobody looks at the term of an empty sum
                raise RejectedError(f"{min(unknown)} is not declared")
            return Num(Fraction(0))
        if length == 0:
            return self.normal(put(expr.term, {expr.index: expr.lo}))
        return self._linear(inside.normal(term), index, lo, hi)

    def _require_integer(self, expr: Expr) -> None:
        if not self.is_integer(expr):
            raise RejectedError(f"the bound {expr} of a sum is not seen to be a whole number")

    def _infinite_sum(self, inside: Forms, term: Expr, index: str, lo: Expr) -> Expr:
        match term:
            case Pow(Name(name), exponent) if name == index and index not in free_names(exponent):
                decay = inside.fraction(inside.normal(add(neg(exponent), Num(Fraction(-1)))))
                if not inside.signs.is_positive(*decay, True):
                    raise RejectedError(f"the infinite sum of {term} may diverge")
                normal = inside.normal(term)
                return self._sum_atom(normal, index, lo, INFINITY)
        raise RejectedError("an infinite sum must be sum(i^-p, i, LO, oo) with p > 1")

    def _linear(self, term: Expr, index: str, lo: Expr, hi: Expr) -> Expr:
        """Return a finite sum, with what does not depend on the index in front of it.

        The terms of a sum that may be empty need not be defined outside of it: in
        ``sum(1/h, i, 1, h)`` h is positive, and may be 0 where the sum stands.  From such a sum
        only names leave, and divisors that are not 0 outside.
        """
        ring, value = self.fraction(term)
        certain = self.signs.is_positive(*self.fraction(add(hi, neg(lo))), False)
        free_den, bound_den = self._parted(ring, value.den, index, certain)
        found: list[Expr] = []
        for monom, coeff in value.num.to_dict().items():
            free, bound = ring.ctx.constant(fmpq(coeff)), ring.ctx.constant(fmpq(1))
            for gen, name, e in zip(ring.ctx.gens(), ring.names, monom, strict=True):
                if self._leaves(Name(name), index, certain):
                    free *= gen**e
                else:
                    bound *= gen**e
            inner = ring.expr(Frac.of(bound, bound_den))
            outer = ring.expr(Frac.of(free, free_den))
            found.append(mul(outer, self._sum_atom(inner, index, lo, hi)))
        return add(*found)

    def _parted(
        self, ring: Ring, poly: fmpq_mpoly, index: str, certain: bool
    ) -> tuple[fmpq_mpoly, fmpq_mpoly]:
        """Return the product of the divisors that may leave a sum, and of the others."""
        lead, factors = poly.factor()
        free, bound = ring.ctx.constant(lead), ring.ctx.constant(fmpq(1))
        for factor, times in factors:
            leaves = self._leaves(ring.expr(_whole(ring, factor)), index, certain)
            if leaves and (certain or self.signs.sign_of_factor(ring, factor, True)):
                free *= factor**times
            else:
                bound *= factor**times
        return free, bound

    def _leaves(self, normal: Expr, index: str, certain: bool) -> bool:
        """Whether a factor is free of the index and, unless the sum has terms, has no atoms."""
        return index not in self._names(normal) and (
            certain or free_names(normal).isdisjoint(self.atoms)
        )

    def _sum_atom(self, term: Expr, index: str, lo: Expr, hi: Expr) -> Expr:
        high = "oo" if hi == INFINITY else self.text(hi)
        names = self._names(term, lo, *([] if hi == INFINITY else [hi])) - {index}
        return self._atom(f"sum({self.text(term)}, {index}, {self.text(lo)}, {high})", Atom(names))


def _whole(ring: Ring, poly: fmpq_mpoly) -> Frac:
    return Frac(poly, ring.ctx.constant(fmpq(1)))


def _height(expr: Expr) -> int:
    """Return how many sums are nested in an expression, at most."""
    return max((1 + _height(node.term) for node in walk(expr) if isinstance(node, Sum)), default=0)
