r"""Positive constants, and when two of them are the same number.

A constant is a sum of *terms* ``f · Π x^e``: f a rational function of the parameters, each x a
positive number (an *atom*) and each exponent e a rational function of the parameters again.  The
atoms are primes, ``pi``, ``e``, ``sigma``, values ``Γ(s)`` (``s > 0``), ``ζ(s)`` and
``Σ_{i>=n} i^-s`` (``s > 1``), ``log(f)`` (``f > 1``) and positive rational functions f.  Every
term is positive, by signs that were proved when it was read.

*Reading.*  ``ζ(s) - 1 - … - (n-1)^-s`` is read as ``Σ_{i>=n} i^-s``, and ``sin(π s)``,
``0 < s < 1``, as ``π/(Γ(s) Γ(1-s))`` (Euler's reflection), so that it has no atom of its own;
``Γ(n) = (n-1)!``, ``Γ(1/2) = π^{1/2}`` and ``Γ(1/2 + k)`` by the
recursion; ``ζ(2k) = |B_{2k}| (2π)^{2k}/(2 (2k)!)``.

**Rule (equality).**  Two terms are equal if their quotient, a product of powers of atoms, comes
out as the number 1 by these identities for positive x and y, at every value of the parameters:

- ``x^e x^d = x^{e+d}`` and ``(x y)^e = x^e y^e``;
- ``Γ(s + k) = s (s+1) … (s+k-1) Γ(s)``, where s is the *smaller* of two arguments that occur, so
  that no factor vanishes and Γ has no pole.

Two constants are equal if, term by term, multiples of one term by rational functions add up to
zero in their difference.  Nothing is evaluated; constants that are equal for a reason that is not
listed (the duplication formula, say) are simply not found to be equal.  *Proof*: each identity is
exact, and only equality is concluded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import factorial
from typing import Any

from flint import fmpq, fmpz

from ratecert.proofs_check.kernel.algebra import (
    MAX_DEGREE,
    Frac,
    NotRationalError,
    Ring,
    to_fraction,
)
from ratecert.proofs_check.kernel.cone import Context
from ratecert.proofs_check.kernel.logform import UnsupportedError, exponent
from ratecert.proofs_check.language.expr import (
    MARK,
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
    walk,
)

__all__ = [
    "Atom",
    "Constant",
    "ConstantTerm",
    "gamma_value",
    "is_constant",
    "positive_sign",
    "quotient",
    "rational",
    "rational_function",
    "read_constant",
    "same",
    "zeta_value",
]

HALF, ONE = Fraction(1, 2), Fraction(1)
MAX_SHIFT = 200
"""Larger whole numbers are not told from others where they are exponents."""
MAX_STEPS = 24
"""Γ is taken from one argument to another in at most so many steps."""
MAX_TAKEN = 8
"""So many terms may be taken from ζ."""
MAX_EVEN = 40
"""ζ is evaluated at even numbers up to this one."""
FACTORED = 2**64
"""Rational numbers with larger parts are not factored into primes."""

Atom = tuple[str, Any]
"""Kind and argument: ("prime", 2), ("pi", ""), ("Gamma", s), ("tail", (s, n)), ("base", f)."""
Powers = dict[Atom, Frac]


@dataclass(frozen=True, slots=True)
class ConstantTerm:
    """``factor * Π atom^exponent``, a positive number at all parameters."""

    factor: Frac
    powers: tuple[tuple[Atom, Frac], ...] = ()

    def times(self, other: ConstantTerm, e: Frac) -> ConstantTerm:
        """Return ``self * other^e``; the factor of `other` must be 1 unless e is whole."""
        powers = dict(self.powers)
        for atom, d in other.powers:
            powers[atom] = powers[atom] + d * e if atom in powers else d * e
        n = _whole(e)
        factor = self.factor
        if n is not None:
            factor = factor * _whole_power(other.factor, n)
        else:
            for atom, d in _split(other.factor):
                powers[atom] = powers[atom] + d * e if atom in powers else d * e
        kept = tuple((atom, d) for atom, d in powers.items() if not d.is_zero())
        return ConstantTerm(factor, kept)


@dataclass(frozen=True, slots=True)
class Constant:
    """A sum of terms."""

    terms: tuple[ConstantTerm, ...]

    def __add__(self, other: Constant) -> Constant:
        return Constant((*self.terms, *other.terms))

    def __mul__(self, other: Constant) -> Constant:
        if len(self.terms) * len(other.terms) > MAX_SHIFT:
            raise UnsupportedError("a constant has too many terms when multiplied out")
        return Constant(
            tuple(x.times(y, _one_like(y.factor)) for x in self.terms for y in other.terms)
        )

    def raised(self, e: Frac) -> Constant:
        """Return the power; of a constant with several terms only a small whole one."""
        one = ConstantTerm(_one_like(e))
        if len(self.terms) == 1:
            return Constant((one.times(self.terms[0], e),))
        n = e.constant()
        if n is None or n.denominator != 1 or not 0 <= n <= 4:
            raise UnsupportedError("no rule for a power of a constant that is a sum")
        result = Constant((one,))
        for _ in range(int(n)):
            result = result * self
        return result

    def expr(self, ring: Ring) -> Expr:
        """Write the constant in the claim language."""
        return add(*(_term_expr(term, ring) for term in self.terms))


def _one_like(value: Frac) -> Frac:
    return Frac(value.den / value.den, value.den / value.den)


def _whole_power(value: Frac, n: int) -> Frac:
    degree = max(int(value.num.total_degree()), int(value.den.total_degree()))
    if abs(n) * degree > MAX_DEGREE:
        raise UnsupportedError("a constant has too many terms when multiplied out")
    if n < 0:
        return Frac.of(value.den**-n, value.num**-n)
    return Frac.of(value.num**n, value.den**n)


def _split(value: Frac) -> Iterator[tuple[Atom, Frac]]:
    """Write a positive rational function as a product of atoms: primes, and the rest."""
    one = _one_like(value)
    lead = abs(to_fraction(fmpq(value.num.leading_coefficient())))
    rest = Frac.of(value.num / fmpq(lead.numerator, lead.denominator), value.den)
    for part, sign in ((lead.numerator, 1), (lead.denominator, -1)):
        if part >= FACTORED:
            raise UnsupportedError("a power of a number that is too large to factor")
        if part > 1:
            for prime, count in fmpz(part).factor():
                number = one.num * fmpq(sign * int(count))
                yield ("prime", int(prime)), Frac(number, one.den)
    if rest.constant() != 1:
        yield ("base", rest), one


# Reading.


def is_constant(expr: Expr, ctx: Context) -> bool:
    """Whether an expression has no names but those of parameters, and no sum."""
    return free_names(expr) <= {"sigma"} | set(ctx.ring.names) and not any(
        isinstance(node, Sum) for node in walk(expr)
    )


def rational(value: Frac) -> Constant:
    """Return a rational function of the parameters that is positive, as the caller knows."""
    return Constant((ConstantTerm(value),))


def positive_sign(value: Frac, ctx: Context, what: object) -> None:
    """Reject unless a function of the parameters is proved positive."""
    if ctx.sign(value) != "+":
        raise UnsupportedError(f"{what} is not positive")


def read_constant(expr: Expr, ctx: Context) -> Constant:
    """Return a constant expression.

    Raises
    ------
    UnsupportedError
        Where it is not provably positive, or no rule reads it.
    SignNeededError
        Where a sign has to be proved first.
    """
    value = rational_function(expr, ctx)
    if value is not None:
        positive_sign(value, ctx, expr)
        return rational(value)
    match expr:
        case Name("pi" | "EulerGamma" | "sigma" as name):
            return _atom((name, ""), ctx.ring)
        case Mul(factors):
            return _product(factors, ctx)
        case Add(terms):
            return _sum(terms, ctx)
        case Pow(base, e):
            return read_constant(base, ctx).raised(exponent(e, ctx))
        case Call("sqrt", (arg,)):
            return read_constant(arg, ctx).raised(ctx.ring.number(HALF))
        case Call(func, (arg,)) if func in _FUNCTIONS:
            return _FUNCTIONS[func](arg, ctx)
    raise UnsupportedError(f"no rule reads the constant {expr}")


def rational_function(expr: Expr, ctx: Context) -> Frac | None:
    """Return a rational function of the parameters, its denominator of proved sign, or None."""
    try:
        value = ctx.ring.frac(expr)
    except NotRationalError:
        return None
    except ZeroDivisionError as error:
        raise UnsupportedError(f"{expr}: {error}") from error
    ctx.sign(Frac(value.den, ctx.ring.one.den))
    return value


def _atom(atom: Atom, ring: Ring) -> Constant:
    return Constant((ConstantTerm(ring.one, ((atom, ring.one),)),))


def _product(factors: Iterable[Expr], ctx: Context) -> Constant:
    """Multiply; of the rational factors only the product need be positive."""
    number, rest = ctx.ring.one, []
    for factor in factors:
        value = rational_function(factor, ctx)
        if value is None:
            rest.append(read_constant(factor, ctx))
        else:
            number = number * value
    positive_sign(number, ctx, mul(*factors))
    result = rational(number)
    for constant in rest:
        result = result * constant
    return result


def _sum(terms: Sequence[Expr], ctx: Context) -> Constant:
    tail = _tail(terms, ctx)
    if tail is not None:
        return tail
    number, rest = ctx.ring.zero, list[Constant]()
    for term in terms:
        value = rational_function(term, ctx)
        if value is None:
            rest.append(read_constant(term, ctx))
        else:
            number = number + value
    if not number.is_zero():
        positive_sign(number, ctx, ctx.ring.expr(number))
        rest.append(rational(number))
    return Constant(tuple(term for constant in rest for term in constant.terms))


def _tail(terms: Sequence[Expr], ctx: Context) -> Constant | None:
    """Read ``ζ(s) - 1 - 2^-s - … - (n-1)^-s`` as ``Σ_{i>=n} i^-s``."""
    series = [term for term in terms if isinstance(term, Call) and term.func == "zeta"]
    taken = [neg(term) for term in terms if term not in series]
    if len(series) != 1 or not taken or len(taken) > MAX_TAKEN:
        return None
    s = _argument(series[0].args[0], ctx)
    positive_sign(s - ctx.ring.one, ctx, series[0])
    try:
        total = _sum(taken, ctx)
    except UnsupportedError:
        return None
    head = Constant(())
    for first in range(2, 4 * MAX_TAKEN):
        number = rational(ctx.ring.number(first - 1))
        head = head + number.raised(-s)
        if same(head, total, ctx.ring):
            return zeta_value(s, first, ctx.ring)
    return None


def _argument(arg: Expr, ctx: Context) -> Frac:
    value = rational_function(arg, ctx)
    if value is None:
        raise UnsupportedError(f"{arg} is not a rational function of the parameters")
    return value


def _gamma(arg: Expr, ctx: Context) -> Constant:
    s = _argument(arg, ctx)
    positive_sign(s, ctx, arg)
    return gamma_value(s, ctx.ring)


def gamma_value(s: Frac, ring: Ring) -> Constant:
    """Return ``Γ(s)`` for s that is positive, as the caller knows."""
    n = s.constant()
    if n is None or n > MAX_SHIFT or n.denominator > 2:
        return _atom(("Gamma", s), ring)
    if n.denominator == 1:
        return rational(ring.number(factorial(int(n) - 1)))
    number = ONE
    while n > 1:
        n -= 1
        number *= n
    return Constant((ConstantTerm(ring.number(number), ((("pi", ""), ring.number(HALF)),)),))


def _zeta(arg: Expr, ctx: Context) -> Constant:
    s = _argument(arg, ctx)
    positive_sign(s - ctx.ring.one, ctx, f"{arg} - 1")
    return zeta_value(s, 1, ctx.ring)


def zeta_value(s: Frac, first: int, ring: Ring) -> Constant:
    """Return ``Σ_{i>=first} i^-s`` for ``s > 1``, as the caller knows."""
    n = s.constant()
    if first > 1:
        return _atom(("tail", (s, first)), ring)
    if n is None or n.denominator > 1 or n % 2 or n > MAX_EVEN:
        return _atom(("zeta", s), ring)
    k = int(n)
    number = abs(to_fraction(fmpq.bernoulli(k))) * Fraction(2**k, 2 * factorial(k))
    return Constant((ConstantTerm(ring.number(number), ((("pi", ""), ring.number(k)),)),))


def _sine(arg: Expr, ctx: Context) -> Constant:
    factors = list(arg.factors) if isinstance(arg, Mul) else [arg]
    if Name("pi") not in factors:
        raise UnsupportedError(f"no rule reads sin({arg}): its argument is no multiple of pi")
    factors.remove(Name("pi"))
    s = _argument(mul(*factors), ctx)
    positive_sign(s, ctx, ctx.ring.expr(s))
    positive_sign(ctx.ring.one - s, ctx, f"1 - {ctx.ring.expr(s)}")
    below = gamma_value(s, ctx.ring) * gamma_value(ctx.ring.one - s, ctx.ring)
    return _atom(("pi", ""), ctx.ring) * below.raised(ctx.ring.number(-1))


def _log(arg: Expr, ctx: Context) -> Constant:
    value = _argument(arg, ctx)
    positive_sign(value - ctx.ring.one, ctx, f"{arg} - 1")
    return _atom(("log", value), ctx.ring)


def _exp(arg: Expr, ctx: Context) -> Constant:
    return Constant((ConstantTerm(ctx.ring.one, ((("e", ""), _argument(arg, ctx)),)),))


_FUNCTIONS = {"Gamma": _gamma, "zeta": _zeta, "sin": _sine, "log": _log, "exp": _exp}


# Equality.


def same(one: Constant, other: Constant, ring: Ring) -> bool:
    """Whether two constants are the same number by the identities of the module."""
    left = [(term, ring.one) for term in one.terms]
    open_ = left + [(term, -ring.one) for term in other.terms]
    while open_:
        first, _ = open_[0]
        total, rest = ring.zero, []
        for term, sign in open_:
            ratio = _quotient(term, first, ring)
            if ratio is None:
                rest.append((term, sign))
            else:
                total = total + sign * ratio
        if not total.is_zero():
            return False
        open_ = rest
    return True


def quotient(one: Constant, other: Constant, ring: Ring) -> Frac | None:
    """Return the quotient of two single terms where it is a rational function, else None."""
    if len(one.terms) != 1 or len(other.terms) != 1:
        return None
    return _quotient(one.terms[0], other.terms[0], ring)


def _quotient(one: ConstantTerm, other: ConstantTerm, ring: Ring) -> Frac | None:
    """Return ``one/other`` where it comes out as a rational function, else None."""
    if one == other:
        return ring.one
    quotient = one.times(other, -ring.one)
    powers = dict(quotient.powers)
    bases = _Bases(ring, quotient.factor)
    for s, e in _without_gamma(powers, ring):
        bases.put(s, e)
    for (kind, argument), e in powers.items():
        if kind == "base":
            bases.put(argument, e)
        elif kind == "prime":
            bases.put_prime(argument, e)
        elif kind != "Gamma":
            return None
    left = any(kind == "Gamma" for kind, _ in powers)
    return None if left else bases.value()


def _without_gamma(powers: Powers, ring: Ring) -> list[tuple[Frac, Frac]]:
    """Take Γ at arguments that differ by integers to the smallest; return the factors."""
    factors: list[tuple[Frac, Frac]] = []
    arguments = [argument for kind, argument in powers if kind == "Gamma"]
    for s in arguments:
        for t in arguments:
            k = _whole(t - s)
            if (
                k is None
                or not 0 < k <= MAX_STEPS
                or not {("Gamma", t), ("Gamma", s)} <= powers.keys()
            ):
                continue
            e = powers.pop(("Gamma", t))
            factors += [(s + ring.number(j), e) for j in range(k)]
            powers["Gamma", s] = powers["Gamma", s] + e
    for s in arguments:
        if ("Gamma", s) in powers and powers["Gamma", s].is_zero():
            del powers["Gamma", s]
    return factors


def _whole(value: Frac) -> int | None:
    """Return the value of a small whole number, None for anything else."""
    n = value.constant()
    return int(n) if n is not None and n.denominator == 1 and abs(n) <= MAX_SHIFT else None


class _Bases:
    """A product of powers of positive rational functions, gathered by their exponents."""

    def __init__(self, ring: Ring, factor: Frac):
        self.ring, self.factor = ring, factor
        self.primes: dict[int, Frac] = {}
        self.classes: list[tuple[Frac, Frac]] = []

    def put_prime(self, prime: int, e: Frac) -> None:
        self.primes[prime] = self.primes.get(prime, self.ring.zero) + e

    def put(self, base: Frac, e: Frac) -> None:
        """Multiply by ``base^e``, where e is one of the exponents so far plus an integer."""
        for k, (product, known) in enumerate(self.classes):
            shifts = {sign: _whole(e - self.ring.number(sign) * known) for sign in (1, -1)}
            whole = {sign: shift for sign, shift in shifts.items() if shift is not None}
            if whole:
                sign, shift = min(whole.items(), key=lambda item: abs(item[1]))
                self.classes[k] = product * _whole_power(base, sign), known
                self.factor = self.factor * _whole_power(base, shift)
                return
        self.classes.append((self.ring.one, e))
        self.put(base, e)

    def value(self) -> Frac | None:
        """Return the product where it is a rational function."""
        for product, e in self.classes:
            n = _whole(e)
            if n is not None:
                self.factor = self.factor * _whole_power(product, n)
                continue
            for (kind, argument), count in _split(product):
                if kind != "prime":
                    return None
                self.put_prime(argument, count * e)
        for prime, e in self.primes.items():
            n = _whole(e)
            if n is None:
                return None
            self.factor = self.factor * self.ring.number(Fraction(prime) ** n)
        return self.factor


# Writing.


def _term_expr(term: ConstantTerm, ring: Ring) -> Expr:
    """Write numbers and sums first, what is divided by last."""
    number = ring.expr(term.factor)
    parts = [*(number.factors if isinstance(number, Mul) else (number,))]
    parts += [power(_atom_expr(atom, ring), ring.expr(e)) for atom, e in term.powers]
    return mul(*sorted(parts, key=_is_reciprocal))


def _is_reciprocal(expr: Expr) -> bool:
    return isinstance(expr, Pow) and expr.exponent == Num(Fraction(-1))


def _atom_expr(atom: Atom, ring: Ring) -> Expr:
    kind, argument = atom
    if kind in ("pi", "EulerGamma", "sigma"):
        return Name(kind)
    if kind == "prime":
        return Num(Fraction(argument))
    if kind == "e":
        return Call("exp", (Num(ONE),))
    if kind == "base":
        return ring.expr(argument)
    if kind == "tail":
        s, first = argument
        index = Name("i" + MARK)
        term = power(index, ring.expr(-s))
        return Sum(term, index.name, Num(Fraction(first)), Name("oo"))
    return Call(kind, (ring.expr(argument),))
