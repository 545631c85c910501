"""What holds at a place of a proof, and the normal form of formulas there.

*Normal form.*  A formula is a rational function, with rational coefficients, of *atoms*: names,
and the maximal subformulas that are no rational operation: ``y^e`` with a symbolic exponent,
``exp``, ``log``, ``floor``, ``min``, ``max``, sums and defined functions.  Two formulas with the
same rational function of the same atoms are equal wherever both are defined.  Atoms are brought
to a normal form themselves, by laws that hold for positive bases and real exponents:

    (x y)^p = x^p y^p,   (x^p)^q = x^(p q),   x^(p + q) = x^p x^q,   exp(p log x) = x^p,
    log(x y) = log x + log y,   log(x^p) = p log x,
    sum(c f + d g) = c sum f + d sum g   (finite sums; c, d free of the index).

*Definedness.*  A context knows facts (assumptions, and what was proved from them).  Division by
y asks for a proof that y has a sign, a real power or a logarithm of y for one that y > 0, an
infinite sum must be ``sum(i^-p, i, LO, oo)`` with p > 1.  What cannot be seen to be defined is
rejected, so an identity between normal forms is an identity between real numbers.

*Signs* are only recognised: a rational function is positive if each irreducible factor of it is,
and a polynomial is if it has positive coefficients after every variable is shifted by its known
lower bound, or if it is, up to a positive factor, the difference of the two sides of a fact.

*Integers*: names declared to be, ``floor``, and polynomials in them with whole coefficients.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

from flint import fmpq, fmpq_mpoly, fmpz

from proofs_check.algebra import Frac, Ring, to_fmpq, to_fraction
from proofs_check.errors import RejectedError
from proofs_check.expr import (
    Add, Call, Expr, Mul, Name, Num, Pow, Sum, add, free_names, mul, neg, power, substitute, walk,
)  # fmt: skip
from proofs_check.ledger.terms import Relation

__all__ = ["Context", "Fact", "Functions"]

INFINITY = Name("oo")
Functions = Mapping[str, int]
"""Defined functions with their numbers of arguments."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A relation that holds; `gap` is the normal form of ``right - left``."""

    label: str
    relation: Relation
    gap: Expr

    @property
    def strict(self) -> bool:
        """Whether it says ``<``."""
        return self.relation.op == "<"

    @property
    def equality(self) -> bool:
        """Whether it says ``=``."""
        return self.relation.op == "="


@dataclass(frozen=True, slots=True)
class _Atom:
    """An atom: the names it depends on, what is known of its sign, and what it is."""

    names: frozenset[str]
    positive: bool = False
    integer: bool = False
    log_of: Expr | None = None
    power_of: tuple[Expr, Expr] | None = None
    family: tuple[Expr, Expr, int] | None = None


@dataclass
class Context:
    """Names in scope and facts about them; `extended` makes larger ones, none is ever changed."""

    reals: frozenset[str] = frozenset()
    integers: frozenset[str] = frozenset()
    functions: Functions = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    atoms: dict[str, _Atom] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._known: dict[Expr, Expr] = {}
        self._lower: dict[str, tuple[Fraction, bool]] = {}
        self._upper: dict[str, Fraction] = {}
        self._signs: dict[str, tuple[int, bool]] = {}
        for fact in (*self.facts, *self.facts):  # twice: a bound may rest on that of a later fact
            self._learn(fact)

    # Growing.

    def declaring(self, reals: Iterable[str] = (), integers: Iterable[str] = ()) -> Context:
        """Return the context with further names."""
        more_reals, more_integers = frozenset(reals), frozenset(integers)
        taken = (self.reals | self.integers) & (more_reals | more_integers)
        if taken or more_reals & more_integers:
            raise RejectedError(f"declared twice: {sorted(taken or more_reals & more_integers)}")
        return Context(
            self.reals | more_reals, self.integers | more_integers,
            self.functions, self.facts, self.atoms,
        )  # fmt: skip

    def defining(self, name: str, arity: int) -> Context:
        """Return the context with one more function."""
        functions = {**self.functions, name: arity}
        return Context(self.reals, self.integers, functions, self.facts, self.atoms)

    def knowing(self, label: str, relation: Relation) -> Context:
        """Return the context with one more fact, which the caller answers for."""
        if any(fact.label == label for fact in self.facts):
            raise RejectedError(f"two facts are called {label}")
        fact = Fact(label, relation, self.gap(relation))
        return Context(
            self.reals, self.integers, self.functions, (*self.facts, fact), self.atoms
        )

    def fact(self, label: str) -> Fact:
        """Return the fact of that label."""
        for fact in self.facts:
            if fact.label == label:
                return fact
        raise RejectedError(f"no fact is called {label}")

    def _learn(self, fact: Fact) -> None:
        ring, gap = self._frac(fact.gap)
        if fact.equality:
            return
        if self._has_sign(ring, -gap.den, True):
            gap = Frac(-gap.num, -gap.den)
        elif not self._has_sign(ring, gap.den, True):
            return
        lead = to_fraction(fmpq(gap.num.leading_coefficient())) if gap.num else Fraction(0)
        if not lead:
            return
        key = str(gap.num / gap.num.leading_coefficient())
        known = self._signs.get(key)
        strict = fact.strict or (known is not None and known[1])
        self._signs[key] = (1 if lead > 0 else -1, strict)
        self._learn_bound(ring, gap, fact.strict)

    def _learn_bound(self, ring: Ring, gap: Frac, strict: bool) -> None:
        """Learn ``v >= B`` from a gap ``c v - rest >= 0`` with c > 0 and ``rest >= c B``."""
        if not gap.den.is_constant():
            return
        for gen, name, degree in zip(
            ring.ctx.gens(), ring.names, gap.num.degrees(), strict=True
        ):
            slope = gap.num.derivative(name)
            if degree != 1 or not slope.is_constant():
                continue
            if slope.leading_coefficient() < 0:
                self._learn_upper(name, gap)
                continue
            least = self._least(ring, slope * gen - gap.num)
            if least is not None:
                bound = (least / to_fraction(fmpq(slope.leading_coefficient())), strict)
                self._lower[name] = max(self._lower.get(name, bound), bound)

    def _learn_upper(self, name: str, gap: Frac) -> None:
        """Learn ``v <= B`` from a gap ``c (B - v)`` with numbers c > 0 and B."""
        terms = gap.num.to_dict()
        if sum(map(any, terms)) == 1:
            slope = next(to_fraction(fmpq(c)) for m, c in terms.items() if any(m))
            offset = next((to_fraction(fmpq(c)) for m, c in terms.items() if not any(m)), Fraction(0))
            bound = -offset / slope
            self._upper[name] = min(self._upper.get(name, bound), bound)

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

    # Relations.

    def gap(self, relation: Relation) -> Expr:
        """Return the normal form of ``right - left``."""
        return add(self.normal(relation.right), neg(self.normal(relation.left)))

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
            if name in self.atoms and self.atoms[name].family is not None:
                base, unit, q = self.atoms[name].family
                families.setdefault((base, unit), {})[q] = name
        found: dict[str, Expr] = {}
        for (base, unit), members in families.items():
            common = lcm(*members)
            for q, name in members.items():
                if q != common:
                    found[name] = power(self._root(base, unit, common), Num(Fraction(common // q)))
        return found

    def _frac(self, normal: Expr) -> tuple[Ring, Frac]:
        ring, (value,) = self.fractions(normal)
        return ring, value

    def text(self, normal: Expr) -> str:
        """Return the text that equal normal forms share."""
        ring, value = self._frac(normal)
        return str(ring.expr(value))

    def is_integer(self, expr: Expr) -> bool:
        """Whether the expression is seen to be a whole number."""
        ring, value = self._frac(self.normal(expr))
        coefficients = [to_fraction(fmpq(c)) for c in value.num.to_dict().values()]
        return (
            value.den == 1
            and all(c.denominator == 1 for c in coefficients)
            and all(self._is_integer_name(n) for n in ring.names if self._occurs(ring, value, n))
        )

    def _occurs(self, ring: Ring, value: Frac, name: str) -> bool:
        return bool(value.num.degrees()[ring.names.index(name)])

    def _is_integer_name(self, name: str) -> bool:
        return name in self.integers or (name in self.atoms and self.atoms[name].integer)

    def holds(self, relation: Relation) -> bool:
        """Whether a relation is seen to hold by signs alone."""
        ring, gap = self._frac(self.gap(relation))
        if relation.op == "=":
            return gap.is_zero()
        return self._is_positive(ring, gap, relation.op == "<")

    def is_positive(self, expr: Expr, strict: bool = True) -> bool:
        """Whether an expression is seen to be positive, or not negative."""
        if self._is_positive(*self._frac(self.normal(expr)), strict):
            return True
        match expr:
            case Add(terms):
                return all(self.is_positive(t, False) for t in terms) and (
                    not strict or any(self.is_positive(t) for t in terms)
                )
            case Mul(factors):
                return all(self.is_positive(f, strict) for f in factors)
        return False

    def _is_positive(self, ring: Ring, value: Frac, strict: bool) -> bool:
        if value.is_zero():
            return not strict
        return any(
            self._has_sign(ring, value.den * sign, True)
            and self._has_sign(ring, value.num * sign, strict)
            for sign in (1, -1)
        )

    def _has_sign(self, ring: Ring, poly: fmpq_mpoly, strict: bool) -> bool:
        if self._is_obvious(ring, poly, strict):
            return True
        constant, factors = poly.factor()
        sign = 1 if constant > 0 else -1
        for factor, times in factors:
            found = self._sign_of_factor(ring, factor, strict)
            if times % 2 == 0 and not strict:
                continue
            if not found:
                return False
            sign *= found**times
        return sign > 0

    def _sign_of_factor(self, ring: Ring, poly: fmpq_mpoly, strict: bool) -> int:
        """Return the sign of an irreducible polynomial where it is known, else 0."""
        for sign in (1, -1):
            if self._is_obvious(ring, poly * sign, strict):
                return sign
        lead = poly.leading_coefficient()
        sign, known_strict = self._signs.get(str(poly / lead), (0, False))
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
            for name in ring.names if name in self._upper
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
                shift.append(ring.ctx.constant(to_fmpq(self._upper[name])) - gen)
                bounds[k] = (Fraction(0), False)
            else:
                shift.append(gen + ring.ctx.constant(to_fmpq(bound[0])) if bound else gen)
        if below is None and not any(bound is not None and bound[0] for bound in bounds):
            return poly, bounds
        return poly.compose(*shift), bounds

    def _bound(self, name: str) -> tuple[Fraction, bool] | None:
        """Return a lower bound of a variable after the shift: 0, strict or not."""
        known = self._lower.get(name)
        if name in self.atoms and self.atoms[name].positive:
            zero = (Fraction(0), True)
            return zero if known is None else max(known, zero)
        return known

    def entails(self, relation: Relation) -> bool:
        """Whether a relation is seen to hold: by signs, or since a fact leaves no less a gap."""
        if self.holds(relation):
            return True
        gap = self.gap(relation)
        for fact in self.facts:
            if relation.op == "=" and not fact.equality:
                continue
            for sign in (1, -1) if fact.equality else (1,):
                ring, rest = self._frac(add(gap, mul(Num(Fraction(-sign)), fact.gap)))
                if rest.is_zero():
                    if fact.strict or relation.op != "<":
                        return True
                elif relation.op != "=" and self._is_positive(
                    ring, rest, relation.op == "<" and not fact.strict
                ):
                    return True
        return False

    def bounds(self, name: str) -> tuple[Fraction, Fraction] | None:
        """Return rational bounds of a name, where facts give both."""
        lower = self._lower.get(name)
        upper = self._upper.get(name)
        return None if lower is None or upper is None else (lower[0], upper)

    # Normal form.

    def normal(self, expr: Expr) -> Expr:
        """Return the expression over atoms; raises `RejectedError` where it may be undefined."""
        found = self._known.get(expr)
        if found is None:
            found = self._known[expr] = self._normal(expr)
        return found

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
            case Sum():
                return self._sum(expr)
        raise RejectedError(f"{expr} is no formula")

    def _normal_power(self, base: Expr, exponent: Expr) -> Expr:
        inner, outer = self.normal(base), self.normal(exponent)
        number = self._frac(outer)[1].constant()
        if number is None or number.denominator != 1:
            return self._real_power(inner, outer)
        if number <= 0:
            ring, value = self._frac(inner)
            if not (self._is_positive(ring, value, True) or self._is_positive(ring, -value, True)):
                raise RejectedError(f"{base} may be zero, so its power {exponent} is not defined")
        return power(inner, Num(number))

    def _factors(self, normal: Expr) -> list[tuple[Expr, int]]:
        """Return the positive prime numbers and irreducible factors of a positive expression."""
        ring, value = self._frac(normal)
        if value.is_zero():
            raise RejectedError("zero has no real power and no logarithm")
        found: list[tuple[Expr, int]] = []
        constant = Fraction(1)
        for poly, direction in ((value.num, 1), (value.den, -1)):
            lead, factors = poly.factor()
            constant *= to_fraction(fmpq(lead)) ** direction
            for factor, times in factors:
                sign = self._sign_of_factor(ring, factor, True)
                if not sign:
                    raise RejectedError(f"{self._shown(ring, factor)} is not seen to be positive")
                constant *= Fraction(sign) ** times
                found.append((ring.expr(_whole(ring, factor * sign)), times * direction))
        if constant <= 0:
            raise RejectedError(f"{self.text(normal)} is negative")
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
        do not share one.
        """
        match exponent:
            case Add(terms):
                return mul(*(self._split_power(base, term) for term in terms))
            case Mul((Num() as number, Add(terms))):
                return mul(*(self._split_power(base, mul(number, term)) for term in terms))
        ring, value = self._frac(exponent)
        found = []
        for monom, coeff in value.num.to_dict().items():
            part = Frac.of(ring.ctx.from_dict({monom: coeff}), value.den)
            lead = part.num.leading_coefficient()
            part = Frac(part.num / lead, part.den)
            found.append(self._part_power(base, ring, part, to_fraction(fmpq(lead))))
        return mul(*found)

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
        ring, value = self._frac(mul(Num(Fraction(1, q)), unit))
        root = ring.expr(value)
        text = f"exp({root})" if isinstance(base, Call) else f"({self.text(base)})^({root})"
        names = self._names(base, root)
        return self._atom(text, _Atom(names, True, power_of=(base, root), family=(base, unit, q)))

    def _exp_of_log(self, ring: Ring, part: Frac, times: Fraction) -> Expr | None:
        """Return ``x^(c r)`` for ``exp(c r log(x))``, else None."""
        for name, degree in zip(ring.names, part.num.degrees(), strict=True):
            inner = self.atoms[name].log_of if name in self.atoms else None
            if inner is None or degree != 1 or len(part.num.to_dict()) != 1:
                continue
            rest = part / ring.frac(Name(name)) * ring.number(times)
            return self._power_of_factor(inner, ring.expr(rest))
        return None

    def _atom(self, text: str, atom: _Atom) -> Name:
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
            case ("min" | "max"), [_, _]:
                return self._plain_atom(func, sorted(normals, key=self.text))
        raise RejectedError(f"there is no function {func} of {len(args)} arguments")

    def _plain_atom(self, func: str, normals: list[Expr], integer: bool = False) -> Name:
        text = ", ".join(map(self.text, normals))
        return self._atom(f"{func}({text})", _Atom(self._names(*normals), integer=integer))

    def _log(self, factor: Expr) -> Expr:
        if isinstance(factor, Name) and factor.name in self.atoms:
            known = self.atoms[factor.name].power_of
            if known is not None:
                base, exponent = known
                return exponent if isinstance(base, Call) else mul(exponent, self._log(base))
        return self._atom(
            f"log({self.text(factor)})", _Atom(self._names(factor), log_of=factor)
        )

    def _sum(self, expr: Sum) -> Expr:
        index = f"#{_height(expr.term)}"
        lo = self.normal(expr.lo)
        self._require_integer(expr.lo)
        inside = self.declaring(integers=[index])
        inside = inside.knowing(f"{index} from", Relation(expr.lo, "<=", Name(index)))
        term = substitute(expr.term, {expr.index: Name(index)})
        if expr.hi == INFINITY:
            return self._infinite_sum(inside, term, index, lo)
        hi = self.normal(expr.hi)
        self._require_integer(expr.hi)
        length = self._frac(add(hi, neg(lo)))[1].constant()
        if length is not None and length < 0:
            return Num(Fraction(0))
        if length == 0:
            return self.normal(substitute(expr.term, {expr.index: expr.lo}))
        inside = inside.knowing(f"{index} to", Relation(Name(index), "<=", expr.hi))
        return self._linear(inside.normal(term), index, lo, hi)

    def _require_integer(self, expr: Expr) -> None:
        if not self.is_integer(expr):
            raise RejectedError(f"the bound {expr} of a sum is not seen to be a whole number")

    def _infinite_sum(self, inside: Context, term: Expr, index: str, lo: Expr) -> Expr:
        match term:
            case Pow(Name(name), exponent) if name == index and index not in free_names(exponent):
                if not inside.is_positive(add(neg(exponent), Num(Fraction(-1)))):
                    raise RejectedError(f"the infinite sum of {term} may diverge")
                normal = inside.normal(term)
                return self._sum_atom(normal, index, lo, INFINITY)
        raise RejectedError("an infinite sum must be sum(i^-p, i, LO, oo) with p > 1")

    def _linear(self, term: Expr, index: str, lo: Expr, hi: Expr) -> Expr:
        """Return a finite sum, with what does not depend on the index in front of it."""
        ring, value = self._frac(term)
        free_den, bound_den = self._parted(ring, value.den, index)
        found: list[Expr] = []
        for monom, coeff in value.num.to_dict().items():
            free, bound = ring.ctx.constant(fmpq(coeff)), ring.ctx.constant(fmpq(1))
            for gen, name, e in zip(ring.ctx.gens(), ring.names, monom, strict=True):
                if index in self._names(Name(name)):
                    bound *= gen**e
                else:
                    free *= gen**e
            inner = ring.expr(Frac.of(bound, bound_den))
            outer = ring.expr(Frac.of(free, free_den))
            found.append(mul(outer, self._sum_atom(inner, index, lo, hi)))
        return add(*found)

    def _parted(
        self, ring: Ring, poly: fmpq_mpoly, index: str
    ) -> tuple[fmpq_mpoly, fmpq_mpoly]:
        """Return the product of the factors free of the index, and of the others."""
        lead, factors = poly.factor()
        free, bound = ring.ctx.constant(lead), ring.ctx.constant(fmpq(1))
        for factor, times in factors:
            if index in self._names(ring.expr(_whole(ring, factor))):
                bound *= factor**times
            else:
                free *= factor**times
        return free, bound

    def _sum_atom(self, term: Expr, index: str, lo: Expr, hi: Expr) -> Expr:
        high = "oo" if hi == INFINITY else self.text(hi)
        names = self._names(term, lo, *([] if hi == INFINITY else [hi])) - {index}
        return self._atom(f"sum({self.text(term)}, {index}, {self.text(lo)}, {high})", _Atom(names))


def _whole(ring: Ring, poly: fmpq_mpoly) -> Frac:
    return Frac(poly, ring.ctx.constant(fmpq(1)))


def _height(expr: Expr) -> int:
    """Return how many sums are nested in an expression, at most."""
    return max((1 + _height(node.term) for node in walk(expr) if isinstance(node, Sum)), default=0)
