"""Exact answers about monomials: which relations hold between two sides whose ratio is known.

*One monomial.*  Let ``LEFT/RIGHT`` lie between two positive constants times
``rho = prod X^alpha log(X)^q`` over the sizes X (times a power of gamma), under all assumptions.
Then the claim is decided by what rho can do:

    Theta   rho is bounded from above and away from 0
    O       rho is bounded from above                  Omega   rho is bounded away from 0
    o       rho tends to 0 however the sizes grow
    ~ ...   rho is no constant: false

and with a tilde "bounded" is read up to powers of logarithms of the sizes.

*Sizes without assumptions* grow independently, and so do the factors of rho: each tends to
infinity, is 1 or tends to 0, by the sign of the first of alpha and q that is not 0.  Where an
exponent depends on parameters it may have several signs; the claim is about all of them.

*Sizes under assumptions* ``X^r >= kappa Y^s`` (monomials, no logarithms).  Let x be the
logarithms of the sizes and of gamma (at most 0), C the cone that the assumptions cut out, and
``l`` the exponents of rho.  By Farkas' lemma l is at most 0 on C if and only if -l is a sum of
assumptions with non-negative factors, whence rho is bounded by powers of the kappas; and a ray of
C with ``l > 0``, pushed into the inside a little, is a path along which rho grows.  Let ``l <= 0``
on C.  If the rays with ``l = 0`` together move every size, rho is constant along a path; if all
of them leave a size X fixed, then ``l <= -mu x_X`` on C for some ``mu > 0`` (on every ray, hence
everywhere), so rho is at most ``C X^-mu`` and tends to 0.

*Expressions in monomials* of two sizes, built by sums, maxima, minima, products and powers, have
exponents that are piecewise linear on C, a cone of the plane.  Between neighbouring rays on which
two of the occurring linear forms agree, all comparisons are fixed, so both sides are monomials up
to constants there, and the above decides on each of these cones; the signs on its two rays do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations, pairwise

from ratecert.proofs_check.language.expr import Add, Call, Expr, Mul, Name, Num, Pow

__all__ = ["Behaviour", "Cone", "Factor", "Monomial", "holds", "independent", "pieces_agree"]

RELATIONS = ("Theta", "O", "Omega", "o", "~", "Thetatilde", "Otilde", "Omegatilde")
Monomial = Mapping[str, Fraction]
"""Exponents of sizes and gamma; absent ones are 0."""


@dataclass(frozen=True)
class Behaviour:
    """What a positive function of the sizes can do within the assumptions.

    `up` and `down` say whether it is unbounded and whether it comes near 0; `much_up` and
    `much_down` whether it does so by more than every power of logarithms; `vanishes` whether it
    always tends to 0.
    """

    up: bool = False
    down: bool = False
    much_up: bool = False
    much_down: bool = False
    vanishes: bool = False

    def inverse(self, vanishes: bool) -> Behaviour:
        """Return that of the reciprocal; `vanishes` says whether that tends to 0."""
        return Behaviour(self.down, self.up, self.much_down, self.much_up, vanishes)


def holds(relation: str, ratio: Behaviour) -> bool:
    """Whether ``LEFT = relation(RIGHT)`` where LEFT/RIGHT behaves so; ``~`` needs a limit too."""
    match relation:
        case "Theta":
            return not ratio.up and not ratio.down
        case "O":
            return not ratio.up
        case "Omega":
            return not ratio.down
        case "o":
            return ratio.vanishes
        case "Thetatilde":
            return not ratio.much_up and not ratio.much_down
        case "Otilde":
            return not ratio.much_up
        case "Omegatilde":
            return not ratio.much_down
    raise ValueError(relation)


# Independent sizes.


@dataclass(frozen=True)
class Factor:
    """``X^power log(X)^log`` of a size of its own, the signs that the two exponents may have."""

    powers: frozenset[int]
    logs: frozenset[int] = frozenset({0})

    def signs(self) -> frozenset[int]:
        """Return -1, 0, 1 where the factor may tend to 0, be constant, tend to infinity."""
        return self.powers - {0} | (self.logs if 0 in self.powers else frozenset())


def independent(factors: Sequence[Factor]) -> Behaviour:
    """Return what a product of factors in different sizes does; at most one has two signs."""
    signs = [factor.signs() for factor in factors]
    powers = frozenset[int]().union(*(factor.powers for factor in factors))
    every = frozenset[int]().union(*signs)
    return Behaviour(
        up=1 in every,
        down=-1 in every,
        much_up=1 in powers,
        much_down=-1 in powers,
        vanishes=1 not in every and any(sign == {-1} for sign in signs),
    )


# Sizes under assumptions.


@dataclass
class Cone:
    """Sizes (and perhaps gamma) with monomials that are at least constant."""

    sizes: tuple[str, ...]
    rows: list[Monomial] = field(default_factory=list)
    gamma: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.sizes, *(("gamma",) if self.gamma else ()))

    def all_rows(self) -> list[tuple[Fraction, ...]]:
        """Return the assumptions, the sizes being at least and gamma at most constant."""
        rows = [tuple(Fraction(row.get(name, 0)) for name in self.names) for row in self.rows]
        units = [
            tuple(
                Fraction((-1 if name == "gamma" else 1) * (name == other)) for other in self.names
            )
            for name in self.names
        ]
        return [*rows, *units]

    def rays(self) -> list[tuple[Fraction, ...]]:
        """Return the extreme rays: the cone lies in an orthant and is spanned by them."""
        rows, dim = self.all_rows(), len(self.names)
        found = []
        for chosen in combinations(rows, dim - 1):
            for ray in _null_directions(chosen, dim):
                if all(_dot(row, ray) >= 0 for row in rows) and ray not in found:
                    found.append(ray)
        return found

    def is_possible(self) -> bool:
        """Whether all sizes can tend to infinity as powers of one another."""
        rays = self.rays()
        return all(any(ray[k] > 0 for ray in rays) for k in range(len(self.sizes)))

    def behaviour(self, ratio: Monomial) -> Behaviour:
        """Return what a monomial does on the cone."""
        form = tuple(Fraction(ratio.get(name, 0)) for name in self.names)
        rays = self.rays()
        values = [_dot(form, ray) for ray in rays]
        up, down = max(values) > 0, min(values) < 0
        flat = [ray for ray, value in zip(rays, values, strict=True) if value == 0]
        moves = all(any(ray[k] > 0 for ray in flat) for k in range(len(self.sizes)))
        return Behaviour(up, down, up, down, vanishes=not up and not moves)


def _dot(x: Iterable[Fraction], y: Iterable[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0))


def _null_directions(rows: Sequence[tuple[Fraction, ...]], dim: int) -> list[tuple[Fraction, ...]]:
    """Return both directions of the line on which all rows vanish, if it is one; scaled to 1."""
    if dim == 1:
        line: tuple[Fraction, ...] = (Fraction(1),)
    elif dim == 2:
        ((a, b),) = rows
        line = (b, -a)
    else:
        (a, b, c), (d, e, f) = rows
        line = (b * f - c * e, c * d - a * f, a * e - b * d)
    total = sum(map(abs, line), Fraction(0))
    if not total:
        return []
    return [tuple(sign * part / total for part in line) for sign in (1, -1)]


# Expressions in monomials of two sizes.


def pieces_agree(left: Expr, right: Expr, relation: str, cone: Cone) -> bool:
    """Whether ``left = relation(right)``, exactly, where both are built from monomials.

    Sums, products, `min`, `max` and powers with rational exponents; two names; all coefficients
    positive.
    """
    names = cone.names
    forms = _forms(left, names) | _forms(right, names)
    rows = [*cone.all_rows(), *(_minus(x, y) for x, y in combinations(forms, 2))]
    inside = list(cone.all_rows())
    rays = {ray for row in rows for ray in _null_directions((row,), 2)
            if all(_dot(other, ray) >= 0 for other in inside)}  # fmt: skip
    ordered = sorted(rays)
    if len(ordered) == 1:
        ordered *= 2
    behaviours = [
        _on(first, second, _slope(left, right, names, first), _slope(left, right, names, second),
            len(cone.sizes))
        for first, second in pairwise(ordered)
    ]  # fmt: skip
    return all(holds(relation, behaviour) for behaviour in behaviours)


def _on(
    first: tuple[Fraction, ...], second: tuple[Fraction, ...], low: Fraction, high: Fraction,
    sizes: int,
) -> Behaviour:  # fmt: skip
    """Return the behaviour between two rays on which the exponent of LEFT/RIGHT is known."""
    up, down = max(low, high) > 0, min(low, high) < 0
    flat = [ray for ray, value in ((first, low), (second, high)) if value == 0]
    moves = all(any(ray[k] > 0 for ray in flat) for k in range(sizes))
    return Behaviour(up, down, up, down, vanishes=not up and not moves)


def _slope(left: Expr, right: Expr, names: tuple[str, ...], ray: tuple[Fraction, ...]) -> Fraction:
    return tropical(left, names, ray) - tropical(right, names, ray)


def tropical(expr: Expr, names: tuple[str, ...], at: tuple[Fraction, ...]) -> Fraction:
    """Return the exponent of an expression where the sizes have these exponents."""
    match expr:
        case Num(value) if value > 0:
            return Fraction(0)
        case Name(name):
            return at[names.index(name)]
        case Add(terms):
            return max(tropical(term, names, at) for term in terms)
        case Mul(factors):
            return sum((tropical(factor, names, at) for factor in factors), Fraction(0))
        case Pow(base, Num(value)):
            return value * tropical(base, names, at)
        case Call("max", args):
            return max(tropical(arg, names, at) for arg in args)
        case Call("min", args):
            return min(tropical(arg, names, at) for arg in args)
    raise ValueError(f"not built from monomials: {expr}")


def _forms(expr: Expr, names: tuple[str, ...]) -> set[tuple[Fraction, ...]]:
    """Return all linear forms that the exponent of the expression or of a part of it may be."""
    forms = _own_forms(expr, names)
    for part in _parts(expr):
        forms |= _forms(part, names)
    return forms


def _parts(expr: Expr) -> tuple[Expr, ...]:
    match expr:
        case Add(parts) | Mul(parts) | Call(_, parts):
            return parts
        case Pow(base, _):
            return (base,)
    return ()


def _own_forms(expr: Expr, names: tuple[str, ...]) -> set[tuple[Fraction, ...]]:
    match expr:
        case Num():
            return {tuple(Fraction(0) for _ in names)}
        case Name(name):
            return {tuple(Fraction(name == other) for other in names)}
        case Add(parts) | Call("max" | "min", parts):
            return set[tuple[Fraction, ...]]().union(*(_own_forms(part, names) for part in parts))
        case Mul(parts):
            total = _own_forms(parts[0], names)
            for part in parts[1:]:
                total = {_plus(x, y) for x in total for y in _own_forms(part, names)}
            return total
        case Pow(base, Num(value)):
            return {tuple(value * part for part in form) for form in _own_forms(base, names)}
    raise ValueError(f"not built from monomials: {expr}")


def _plus(x: tuple[Fraction, ...], y: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
    return tuple(a + b for a, b in zip(x, y, strict=True))


def _minus(x: tuple[Fraction, ...], y: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
    return tuple(a - b for a, b in zip(x, y, strict=True))
