"""Inequalities between orders of growth: lattices of linear forms over a cone, and certificates.

Taking logarithms turns monomials in the sizes into linear forms, ``+`` and ``max`` of positive
terms into a maximum (up to the factor 2), ``min`` into a minimum.  So ``E = O(F)`` becomes

    (max of mins of linear forms) <= (min of maxs of linear forms) + constant

on the set of logarithms that the assumptions leave.  That set is described by *generators*:
linear forms known to be ``>= -C`` for some constant C: ``log S`` for a size S; ``-log gamma``;
``log X - log Y`` for an assumption ``X >= Y``; ``log log S``; and for every real ``q > 0``
also ``q log S - log log S``.  For any monomial X the variable ``log log(2 + X)`` takes the place
of ``log log S`` (see `logform`).

**Rule (certificate).**  Let ``a_1..a_m``, ``b_1..b_n`` be linear forms and let multipliers
``mu_j, nu_l, c_g >= 0`` (functions of the parameters) satisfy identically

    sum_l nu_l b_l - sum_j mu_j a_j = sum_g c_g G_g,    sum_l nu_l = sum_j mu_j = D > 0,

with generators ``G_g``.  Then ``min_j a_j <= max_l b_l + C'``.
*Proof.*  ``D min a <= sum mu_j a_j = sum nu_l b_l - sum c_g G_g <= D max b + sum c_g C_g``;
divide by D.  The multipliers do not depend on the sizes, so neither does C'.  By linear
programming duality such multipliers exist for each fixed value of the parameters exactly when
the inequality holds (Farkas); that they may be chosen as polynomials is Handelman's theorem.

*Absorption.*  Some generators G are not bounded below, but ``q F + G`` is for every ``q > 0``,
where F is another generator; G may occur with any multiplier R >= 0 provided F occurs with a
strictly positive multiplier Q, as ``Q F + R G = R ((Q/R) F + G)``.  Such a G is
``-log log(2 + X)`` with ``F = log X``, where ``X >= c``: the logarithm grows more slowly than
every power (`goals` has another).

*Divergence.*  If in addition a generator that tends to infinity (``log S`` or ``log log S``) has
a strictly positive multiplier, then ``max_l b_l - min_j a_j`` tends to infinity: the ratio tends
to zero.

*Slack.*  A goal that may lose powers of logarithms is proved with generators ``-log log S`` that
need no absorption.  These are not bounded below, so they prove nothing but that goal: neither
that something diverges (nor, hence, that a case is impossible), nor a relation between sizes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import product
from typing import Any

from ratecert.proofs_check.kernel.algebra import Factor, Form, Frac, Multiplier, Ring
from ratecert.proofs_check.language.errors import RejectedError

__all__ = [
    "Clause",
    "Context",
    "Generator",
    "RejectedError",
    "SignNeededError",
    "Tree",
    "check_certificate",
    "clauses",
    "is_multiple",
    "join",
    "lin",
    "meet",
    "normal_form",
    "plus",
    "scaled",
    "single",
]

MAX_CLAUSES = 4096


@dataclass(frozen=True, slots=True)
class Generator:
    """A linear form known to be bounded below; `grows` if it tends to infinity.

    `absorbed_by` is the form that must have a strictly positive multiplier in the same
    certificate, for generators that are bounded below only together with it.  `is_case` marks a
    distinction of cases made on the way.  `is_slack` marks a form that is *not* bounded below:
    what a goal may lose.
    """

    form: Form
    text: str
    grows: bool = False
    absorbed_by: Form | None = None
    is_case: bool = False
    is_slack: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What may be used: parameters' inequalities, generators of the cone, proved signs.

    `least` gives the summation indices that are literally at least a number above 1.
    """

    ring: Ring
    factors: tuple[Factor, ...] = ()
    generators: tuple[Generator, ...] = ()
    sizes: frozenset[str] = frozenset()
    indices: frozenset[str] = frozenset()
    signs: Mapping[Frac, str] = field(default_factory=dict)
    least: Mapping[str, Fraction] = field(default_factory=dict)

    def with_factors(self, *factors: Factor) -> Context:
        """Add assumed inequalities between parameters."""
        return replace(self, factors=self.factors + factors)

    def with_generators(self, *generators: Generator) -> Context:
        """Add linear forms that are bounded below."""
        return replace(self, generators=self.generators + generators)

    def without_slack(self) -> Context:
        """Make what goals may lose worth nothing; the numbers of the generators stay."""
        nothing = Form({})
        known = tuple(replace(g, form=nothing) if g.is_slack else g for g in self.generators)
        return replace(self, generators=known)

    def with_index(self, name: str, least: Fraction = Fraction(1)) -> Context:
        """Add a summation index, literally at least `least`: its logarithm is a variable."""
        taken = self.indices | self.sizes | set(self.ring.names) | {"gamma", "sigma"}
        if name in taken:
            raise RejectedError(f"the index {name} already stands for something else")
        form = Form({name: self.ring.one})
        known = self.least if least <= 1 else {**self.least, name: least}
        ctx = replace(self, indices=self.indices | {name}, least=known)
        return ctx.with_generators(Generator(form, f"{name} >= 1"))

    def with_sign(self, value: Frac, sign: str, multiplier: Multiplier) -> Context:
        """Prove ``value > 0`` or ``value < 0`` (`sign` "+" or "-") and remember it.

        The certificate is ``num * den`` (times -1 for "-") multiplied out as a strict
        multiplier, where ``value = num / den``: a product has the sign of the quotient.
        """
        if sign not in ("+", "-"):
            raise RejectedError(f"a sign is + or -, not {sign}")
        signed = value.signed() if sign == "+" else -value.signed()
        if not multiplier.is_strict(self.factors):
            raise RejectedError("the certificate of a sign has no strictly positive term")
        if multiplier.poly(self.ring, self.factors) != signed:
            raise RejectedError("the certificate of a sign does not multiply out")
        return replace(self, signs={**self.signs, value: sign})

    def sign(self, value: Frac) -> str:
        """Return "+", "-" or "0" for a value of proved or constant sign; else reject."""
        constant = value.constant()
        if constant is not None:
            return "+" if constant > 0 else "-" if constant < 0 else "0"
        if value in self.signs:
            return self.signs[value]
        if -value in self.signs:
            return {"+": "-", "-": "+"}[self.signs[-value]]
        raise SignNeededError(value, str(self.ring.expr(value)))

    def size_generator(self, size: str) -> Generator:
        """Return the generator ``log S`` of a size."""
        return Generator(Form({size: self.ring.one}), f"{size} -> oo", grows=True)


class SignNeededError(RejectedError):
    """The sign of a function of the parameters is needed and was not proved."""

    def __init__(self, value: Frac, text: str):
        self.value = value
        super().__init__(f"the sign of {text} is not proved")


# Lattices of linear forms.


@dataclass(frozen=True, slots=True)
class Tree:
    """A linear form (`kind` "lin"), or the "plus", "max" or "min" of other trees."""

    kind: str
    form: Form | None = None
    parts: tuple[Tree, ...] = ()


def lin(form: Form) -> Tree:
    """Return the tree of one linear form."""
    return Tree("lin", form)


def single(tree: Tree) -> Form | None:
    """Return the form of a tree that is one linear form, else None."""
    return tree.form


def join(parts: Sequence[Tree]) -> Tree:
    """Return the maximum."""
    return _combine("max", parts)


def meet(parts: Sequence[Tree]) -> Tree:
    """Return the minimum."""
    return _combine("min", parts)


def plus(parts: Sequence[Tree]) -> Tree:
    """Return the sum; linear parts are added up."""
    forms = [p.form for p in parts if p.form is not None]
    rest = [p for p in parts if p.form is None]
    total = Form({})
    for form in forms:
        total = total + form
    if not rest:
        return lin(total)
    if not total.is_zero():
        rest.append(lin(total))
    return rest[0] if len(rest) == 1 else Tree("plus", None, tuple(rest))


def _combine(kind: str, parts: Sequence[Tree]) -> Tree:
    flat: list[Tree] = []
    for part in parts:
        for piece in part.parts if part.kind == kind else (part,):
            if piece not in flat:
                flat.append(piece)
    return flat[0] if len(flat) == 1 else Tree(kind, None, tuple(flat))


def scaled(tree: Tree, factor: Frac, ctx: Context) -> Tree:
    """Multiply by a function of the parameters; max and min change places if it is negative."""
    if tree.form is not None:
        return lin(tree.form.scale(factor))
    sign = ctx.sign(factor)
    if sign == "0":
        return lin(Form({}))
    swap = {"max": "min", "min": "max"} if sign == "-" else {}
    parts = tuple(scaled(part, factor, ctx) for part in tree.parts)
    if tree.kind == "plus":
        return plus(parts)
    return _combine(swap.get(tree.kind, tree.kind), parts)


Clause = tuple[tuple[Form, ...], tuple[Form, ...]]
"""Lower forms ``a_j`` and upper forms ``b_l`` of the goal ``min_j a_j <= max_l b_l``."""


def normal_form(tree: Tree, outer: str) -> list[tuple[Form, ...]]:
    """Return a lattice tree as max of mins (`outer` "max") or as min of maxs ("min")."""
    if tree.form is not None:
        return [(tree.form,)]
    parts = [normal_form(part, outer) for part in tree.parts]
    if tree.kind == outer:
        out = [clause for part in parts for clause in part]
    else:
        size = 1
        for part in parts:
            size *= len(part)
        if size > MAX_CLAUSES:
            raise RejectedError("the comparison has too many cases")
        out = [_distribute(tree.kind, choice) for choice in product(*parts)]
    if len(out) > MAX_CLAUSES:
        raise RejectedError("the comparison has too many cases")
    return list(dict.fromkeys(out))


def _distribute(kind: str, choice: Iterable[tuple[Form, ...]]) -> tuple[Form, ...]:
    if kind == "plus":
        sums = [Form({})]
        for forms in choice:
            if len(sums) * len(forms) > MAX_CLAUSES:
                raise RejectedError("the comparison has too many cases")
            sums = [total + form for total in sums for form in forms]
        return tuple(dict.fromkeys(sums))
    return tuple(dict.fromkeys(form for forms in choice for form in forms))


def clauses(small: Tree, large: Tree) -> list[Clause]:
    """Return the clauses that together say ``small <= large``, in a fixed order."""
    lower, upper = normal_form(small, "max"), normal_form(large, "min")
    if len(lower) * len(upper) > MAX_CLAUSES:
        raise RejectedError("the comparison has too many cases")
    return [(mins, maxs) for mins in lower for maxs in upper]


# Certificates.


def check_certificate(ctx: Context, clause: Clause, data: Any, diverging: bool = False) -> None:
    """Re-check one certificate of ``min_j a_j <= max_l b_l + C``; raise `RejectedError` if wrong.

    `data` is ``{"mu": [...], "nu": [...], "gens": {number: multiplier}}``, with one multiplier
    for each ``a_j`` and each ``b_l``.  With `diverging` the difference must tend to infinity.
    """
    if diverging:
        ctx = ctx.without_slack()
    mins, maxs = clause
    count = len(ctx.factors)
    try:
        mu = [Multiplier.read(entry, count) for entry in data["mu"]]
        nu = [Multiplier.read(entry, count) for entry in data["nu"]]
        gens = {int(g): Multiplier.read(entry, count) for g, entry in data["gens"].items()}
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError) as error:
        raise RejectedError(f"unreadable certificate: {error}") from error
    if len(mu) != len(mins) or len(nu) != len(maxs):
        raise RejectedError("a certificate has one multiplier for each side's forms")
    if not all(0 <= g < len(ctx.generators) for g in gens):
        raise RejectedError("a certificate names a generator that does not exist")
    _check_weights(ctx, mu, nu)
    _check_identity(ctx, clause, mu, nu, gens)
    _check_absorption(ctx, gens)
    if diverging and not any(
        ctx.generators[g].grows and m.is_strict(ctx.factors) for g, m in gens.items()
    ):
        raise RejectedError("nothing in the certificate tends to infinity")


def is_multiple(form: Form, power: Form) -> bool:
    """Whether a form is another one times a positive number."""
    for variable in power.coeffs.keys() & form.coeffs.keys():
        ratio = form.coeffs[variable] / power.coeffs[variable]
        value = ratio.constant()
        return value is not None and value > 0 and form == power.scale(ratio)
    return False


def _check_weights(ctx: Context, mu: list[Multiplier], nu: list[Multiplier]) -> None:
    zero = ctx.ring.ctx.constant(0)
    weight_mu = sum((m.poly(ctx.ring, ctx.factors) for m in mu), zero)
    weight_nu = sum((m.poly(ctx.ring, ctx.factors) for m in nu), zero)
    if weight_mu != weight_nu:
        raise RejectedError("the weights of the two sides differ")
    if not any(m.is_strict(ctx.factors) for m in mu):
        raise RejectedError("the weight of a certificate is not strictly positive")


def _check_identity(
    ctx: Context,
    clause: Clause,
    mu: list[Multiplier],
    nu: list[Multiplier],
    gens: Mapping[int, Multiplier],
) -> None:
    one = ctx.ring.one.den
    total = Form({})
    for sign, multipliers, forms in ((1, nu, clause[1]), (-1, mu, clause[0])):
        for multiplier, form in zip(multipliers, forms, strict=True):
            weight = multiplier.poly(ctx.ring, ctx.factors)
            total = total + form.scale(Frac(weight * sign, one))
    for g, multiplier in gens.items():
        weight = multiplier.poly(ctx.ring, ctx.factors)
        total = total - ctx.generators[g].form.scale(Frac(weight, one))
    if not total.is_zero():
        left = ", ".join(total.coeffs)
        raise RejectedError(f"the identity of a certificate fails in the coefficient of {left}")


def _check_absorption(ctx: Context, gens: Mapping[int, Multiplier]) -> None:
    strict = {ctx.generators[g].form for g, m in gens.items() if m.is_strict(ctx.factors)}
    for g, multiplier in gens.items():
        power = ctx.generators[g].absorbed_by
        if power is None or not multiplier.terms:
            continue
        if not any(is_multiple(form, power) for form in strict):
            names = ", ".join(power.coeffs)
            raise RejectedError(f"a double logarithm is not absorbed by a power of {names}")
