r"""Claims about exponentials, written so that the rules for ``exp(-X)`` apply.

The rules of `growth` read ``exp(-X)`` as ``exp(-cX)`` with any ``c > 0`` and know nothing of two
exponentials that compete.  ``LEFT = R(RIGHT)`` says the same as ``LEFT e = R(RIGHT e)`` for every
positive function e and each relation R, as both speak of the ratio of the sides alone.  So the
sides are taken apart into terms ``m exp(E)`` (`exponentials`), by identities between real
numbers, and each term of either side is multiplied by ``e = exp(-E_0)``, where ``E_0`` is the
exponent of a term on the right: one above which no exponent has a term with a greater number in
front if there is one, the first otherwise.  What is proved does not depend on which it is.

Exponents are polynomials in the parameters times products of powers of sizes and of the step
size and of logarithms of sizes, all of which are positive once the sizes are large, so nothing
without a value cancels.  What moves alike is collected, and each term is written

    m exp(-Σ q A)   where all numbers in the q are positive or the signs differ,
    m exp(-Σ q A)^(-1)   with ``E - E_0 = Σ q A`` where all are positive;

logarithms of numbers are joined, ``x log 3 - x log 2 = x log(3/2)``, so that their sign is seen.
That the exponents have the sign that the rules need is for these to prove.

Nothing is done where a side has a quantity, whose definition holds up to constants only, where no
exponential stands outside of sums, or where an exponential has no such form.
"""

from __future__ import annotations

from fractions import Fraction
from math import lcm, prod

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
    children,
    free_names,
    mul,
    neg,
    power,
)
from ratecert.proofs_check.meaning.definitions import has_quantity
from ratecert.proofs_check.paths.exponentials import Exponent, ExponentialTerm, Reader, difference
from ratecert.proofs_check.paths.orders import MAX_BITS, UndecidedError

__all__ = ["balanced"]

ONE, MINUS_ONE = Num(Fraction(1)), Num(Fraction(-1))


def balanced(left: Expr, right: Expr, sizes: frozenset[str]) -> tuple[Expr, Expr]:
    """Return two sides with the same ratio, the right one without a common exponential.

    Parameters
    ----------
    left, right
        The sides of a claim.
    sizes
        All names that tend to infinity.
    """
    moving = sizes | {"gamma"}
    constants = (free_names(left) | free_names(right)) - moving - {"sigma"}
    outside = any(_is_outside(side, constants) for side in (left, right))
    if not outside or has_quantity(left) or has_quantity(right):
        return left, right
    reader = Reader(lambda expr: _require_positive(expr, sizes, constants), constants)
    try:
        above, below = reader.terms(left), reader.terms(right)
    except UndecidedError:
        return left, right
    chosen = _chosen(above, below)
    return _divided(above, chosen), _divided(below, chosen)


def _is_outside(expr: Expr, constants: frozenset[str]) -> bool:
    """Whether an exponential stands in it, but not inside of a sum."""
    match expr:
        case Sum():
            return False
        case Call("exp", (arg,)) | Pow(_, arg) if not free_names(arg) <= constants:
            return True
    return any(_is_outside(part, constants) for part in children(expr))


def _require_positive(expr: Expr, sizes: frozenset[str], constants: frozenset[str]) -> None:
    """Raise unless the expression is positive once the sizes are large."""
    match expr:
        case Name(name) if name in sizes or name in ("gamma", "sigma"):
            return
        case Call("log", (Name(name),)) if name in sizes:
            return
        case Num(value) if value > 0:
            return
        case Pow(base, exponent) if _is_polynomial(exponent, constants):
            _require_positive(base, sizes, constants)
            return
    raise UndecidedError(f"{expr} in an exponent need not have a positive value")


def _is_polynomial(expr: Expr, constants: frozenset[str]) -> bool:
    match expr:
        case Num():
            return True
        case Name(name):
            return name in constants
        case Add(parts) | Mul(parts):
            return all(_is_polynomial(part, constants) for part in parts)
    return False


def _chosen(above: list[ExponentialTerm], below: list[ExponentialTerm]) -> Exponent:
    """Return the exponent by which both sides are divided."""
    for term in below:
        if all(_is_below(other.exponent, term.exponent) for other in (*above, *below)):
            return term.exponent
    return below[0].exponent


def _is_below(small: Exponent, large: Exponent) -> bool:
    return all(value < 0 for value in difference(small, large).values())


def _divided(terms: list[ExponentialTerm], exponent: Exponent) -> Expr:
    return add(*(_written(term.factors, difference(term.exponent, exponent)) for term in terms))


def _written(factors: tuple[Expr, ...], exponent: Exponent) -> Expr:
    """Return the product of factors and an exponential."""
    joined = _with_joined_logarithms(exponent)
    constant = {key: value for key, value in joined.items() if key[0] == ONE}
    moved = {key: value for key, value in joined.items() if key[0] != ONE}
    parts = [Call("exp", (_sum(constant),))] if constant else []
    if moved and all(value > 0 for value in moved.values()):
        return mul(*factors, *parts, power(Call("exp", (neg(_sum(moved)),)), MINUS_ONE))
    falls = {key: -value for key, value in moved.items()}
    return mul(*factors, *parts, *([Call("exp", (_minus(_sum(falls)),))] if moved else []))


def _minus(expr: Expr) -> Expr:
    """Return minus a sum, term by term."""
    return add(*map(neg, expr.terms)) if isinstance(expr, Add) else neg(expr)


def _sum(exponent: Exponent) -> Expr:
    """Return the exponent, what moves alike collected."""
    coefficients: dict[Expr, list[Expr]] = {}
    for (moving, constant), value in exponent.items():
        coefficients.setdefault(moving, []).append(mul(Num(value), constant))
    return add(*(mul(add(*parts), moving) for moving, parts in coefficients.items()))


def _with_joined_logarithms(exponent: Exponent) -> Exponent:
    """Return the exponent with at most one logarithm of a number beside each that moves."""
    found: Exponent = {}
    logs: dict[Expr, list[tuple[Fraction, Fraction]]] = {}
    for (moving, constant), value in exponent.items():
        match constant:
            case Call("log", (Num(number),)):
                logs.setdefault(moving, []).append((number, value))
            case _:
                found[moving, constant] = value
    for moving, parts in logs.items():
        whole = lcm(*(value.denominator for _, value in parts))
        for base, times in _joined([(n, int(v * whole)) for n, v in parts]):
            found[moving, Call("log", (Num(base),))] = Fraction(times, whole)
    return found


def _joined(parts: list[tuple[Fraction, int]]) -> list[tuple[Fraction, int]]:
    """Return ``log`` of numbers times integers as one logarithm of a number above 1, if small."""
    bits = sum(
        max(n.numerator.bit_length(), n.denominator.bit_length()) * abs(v) for n, v in parts
    )
    if bits > MAX_BITS:
        return parts
    number = prod((n**v for n, v in parts), start=Fraction(1))
    if number == 1:
        return []
    return [(number, 1) if number > 1 else (1 / number, -1)]
