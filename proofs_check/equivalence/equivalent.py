r"""Equivalents: ``E ~ Σ_k c_k m_k``, with positive constants c_k and distinct monomials m_k.

Throughout, ``E ~ F`` means: for all allowed parameters and every ``ε > 0`` there is n0 with
``|E/F - 1| <= ε`` for all sizes ``>= n0`` and all step sizes allowed, however they are related
within the assumptions.  A monomial is, *exactly*, a product of powers of sizes, indices, the step
size and logarithms ``log S`` of sizes; the powers are the coefficients of a `Form`.  The variable
``log X`` of any other X stands for ``log(2 + X)`` (see `logform`).

*Growth.*  That a monomial tends to infinity has a certificate (`cone`): its logarithm is at least
a positive multiple of ``log S`` or ``log log S`` less a constant, for some size S, hence it is
beyond any bound for all sizes beyond some n0.  This is the uniformity that every rule needs.

**Rules**, for ``E ~ Σ c_k m_k`` and ``F ~ Σ d_l n_l``:

- ``E + F ~ Σ c_k m_k + Σ d_l n_l`` and ``E F ~ Σ c_k d_l m_k n_l``, as all is positive: from
  ``|E - Σ c m| <= ε Σ c m`` and the same for F the errors add up to ``ε`` times the total, and
  the product of two quotients that tend to 1 tends to 1.
- *Dominated terms.*  If ``m_k/m_l -> oo``, the term of m_l may be left out: it is at most ``ε c_k
  m_k`` for all sizes beyond some n0.  A negative term must be left out so.
- *Small terms.*  A term t, of either sign, may also be left out if ``m_k/U -> oo`` for an upper
  bound ``|t| <= C U`` of its order (`growth`), its filters written as exponentials (`filters`).
- ``E^p ~ c^p m^p`` if there is one term: ``(1 + o(1))^p -> 1`` for fixed p.
- ``min`` and ``max`` of two with one term each: if ``m/n -> oo`` the smaller (larger) is known for
  all sizes beyond some n0; if ``m = n`` and ``c = d`` both are equivalent to the same.
- ``log E``, ``E ~ c m``, ``m -> oo``: ``log E = log m + log c + o(1)``, where ``log m -> oo``, so
  that ``log E ~ log m``.  For ``m = Π S^p`` with sizes S and ``p > 0`` that is ``Σ p log S``, for
  a power ``X^p``, ``p > 0``, of another monomial ``p log(2 + X)``; as ``X -> oo``,
  ``log(2 + X) ~ log X``.  Powers of ``log S`` beside a power of S itself are left out, as
  ``log log S = o(log S)``.
- ``exp(±E) ~ 1`` if all ``m_k -> 0``, that is ``1/m_k -> oo``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ratecert.proofs_check.kernel.algebra import Form, Frac
from ratecert.proofs_check.kernel.cone import Context, Tree, lin
from ratecert.proofs_check.kernel.constants import Constant, positive_sign, rational, same
from ratecert.proofs_check.kernel.goals import check_goal, entry, read_expr
from ratecert.proofs_check.kernel.growth import bound
from ratecert.proofs_check.kernel.logform import (
    LOGLOG,
    UnsupportedError,
    form_expr,
    loglog,
    monomial,
)
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Expr, add, mul
from ratecert.proofs_check.meaning.filters import without_filters

__all__ = [
    "Equivalent",
    "Given",
    "Single",
    "SumStep",
    "agree",
    "bound_of_small",
    "constant",
    "dominant",
    "log_of",
    "monomial_of",
]

UNIT = Form({})
MAX_TERMS = 24
"""Products of more terms are refused."""


@dataclass(frozen=True, slots=True)
class Single:
    """``constant * monomial``; `form` is the logarithm of the monomial."""

    constant: Constant
    form: Form

    def __mul__(self, other: Single) -> Single:
        return Single(self.constant * other.constant, self.form + other.form)

    def raised(self, e: Frac) -> Single:
        """Return the power."""
        return Single(self.constant.raised(e), self.form.scale(e))

    def expr(self, ctx: Context) -> Expr:
        """Write it in the claim language."""
        return mul(self.constant.expr(ctx.ring), form_expr(self.form, ctx))


@dataclass(frozen=True, slots=True)
class Equivalent:
    """The sum of constants times monomials, by the logarithms of the monomials."""

    terms: Mapping[Form, Constant]

    @staticmethod
    def of(singles: Iterable[Single]) -> Equivalent:
        """Add up."""
        terms: dict[Form, Constant] = {}
        for part in singles:
            known = terms.get(part.form)
            terms[part.form] = part.constant if known is None else known + part.constant
        return Equivalent(terms)

    def singles(self) -> Iterator[Single]:
        """Yield the terms."""
        for form, constant_ in self.terms.items():
            yield Single(constant_, form)

    def single(self, what: object) -> Single:
        """Return the only term; rejects where there are several."""
        if len(self.terms) != 1:
            raise UnsupportedError(f"{what} has no single leading term")
        ((form, constant_),) = self.terms.items()
        return Single(constant_, form)

    def __mul__(self, other: Equivalent) -> Equivalent:
        product = Equivalent.of(x * y for x in self.singles() for y in other.singles())
        if len(product.terms) > MAX_TERMS:
            raise UnsupportedError("a product has too many terms when multiplied out")
        return product

    def expr(self, ctx: Context) -> Expr:
        """Write it in the claim language."""
        return add(*(part.expr(ctx) for part in self.singles()))


def constant(value: Constant) -> Equivalent:
    """Return a constant."""
    return Equivalent({UNIT: value})


def monomial_of(form: Form, ctx: Context) -> Single:
    """Return the monomial with that logarithm."""
    return Single(rational(ctx.ring.one), form)


@dataclass(frozen=True, slots=True)
class SumStep:
    """A sum that was evaluated, to what, and by which rules of `harmonic`, in their order.

    `at` is the X of its filter, if it has one.
    """

    expr: Expr
    value: Equivalent
    rules: tuple[str, ...]
    at: Single | None = None


class Given:
    """The proofs that a derivation gives: which monomials tend to infinity.

    What is not among them is not known; the rules decide by what is known.  `steps` are the sums
    that were evaluated, for whoever wants to read them: nothing depends on them.
    """

    def __init__(self, data: Any, ctx: Context, small: Any = None):
        small = {} if small is None else small
        if not isinstance(data, Mapping) or not isinstance(small, Mapping):
            raise RejectedError("the proofs of growth are not an object")
        self.ctx = ctx
        self._data = data
        self._small = small
        self._known: dict[Form, bool] = {}
        self.steps: list[SumStep] = []

    def grows(self, form: Form) -> bool:
        """Whether the monomial with that logarithm is proved to tend to infinity."""
        if form not in self._known:
            self._known[form] = not form.is_zero() and self._proved(form)
        return self._known[form]

    def _proved(self, form: Form) -> bool:
        proof = self._data.get(str(form_expr(form, self.ctx)))
        if proof is None:
            return False
        check_goal(lin(UNIT), lin(form), proof, self.ctx, diverging=True)
        return True

    def require(self, form: Form) -> None:
        """Reject unless the monomial tends to infinity."""
        if not self.grows(form):
            raise RejectedError(f"{form_expr(form, self.ctx)} -> oo is not settled")

    def is_small(self, term: Expr) -> bool:
        """Whether a term is to be left out by an upper bound of its order."""
        return str(term) in self._small

    def require_small(self, term: Expr, forms: Iterable[Form]) -> None:
        """Reject unless a positive term is of smaller order than one of the monomials."""
        hint = self._small[str(term)]
        large = monomial(read_expr(entry(hint, "than")), self.ctx)
        if large not in forms:
            raise RejectedError(f"{term} is compared with something that is not beside it")
        above = bound_of_small(term, self.ctx, entry(hint, "bounds"))
        check_goal(above, lin(large), entry(hint, "proof"), self.ctx, diverging=True)


def bound_of_small(term: Expr, ctx: Context, bounds: Any) -> Tree:
    """Return an upper bound of ``log(term)``, its filters written as exponentials."""
    plain, needs = without_filters(term, ctx.sizes)
    for need in needs:
        positive_sign(ctx.ring.frac(need.left), ctx, need.left)
    above = bound(plain, True, ctx, bounds)
    assert above is not None, "only lower bounds can be 0"
    return above


def dominant(
    positive: Iterable[Single], negative: Iterable[Single], given: Given, what: object
) -> Equivalent:
    """Return a difference without the terms that others dominate.

    Raises
    ------
    RejectedError
        Where something that is subtracted stays.
    """
    total = Equivalent.of(positive)
    forms = list(total.terms)
    for part in negative:
        if not any(given.grows(form - part.form) for form in forms):
            text = part.expr(given.ctx)
            raise RejectedError(f"{text}, subtracted in {what}, is not known to be dominated")
    kept = [f for f in forms if not any(given.grows(g - f) for g in forms)]
    return Equivalent({form: total.terms[form] for form in kept})


def log_of(one: Single, given: Given, what: object) -> Equivalent:
    """Return the equivalent of the logarithm of something that tends to infinity."""
    ctx = given.ctx
    given.require(one.form)
    powers = Form({v: e for v, e in one.form.coeffs.items() if not v.startswith(LOGLOG)})
    logs = {v.removeprefix(LOGLOG) for v in one.form.coeffs if v.startswith(LOGLOG)}
    signs = {v: ctx.sign(e) for v, e in powers.coeffs.items()}
    if signs.keys() <= ctx.sizes and set(signs.values()) == {"+"} and logs <= signs.keys():
        parts = [(v, powers.coeffs[v]) for v in sorted(signs)]
    elif signs and not logs:
        first = powers.coeffs[min(signs)]
        power = first if signs[min(signs)] == "+" else -first
        ((variable, _),) = _only(loglog(powers, ctx).form, what)
        parts = [(variable.removeprefix(LOGLOG), power)]
    else:
        raise UnsupportedError(f"no rule gives the leading term of the logarithm of {what}")
    one_ = ctx.ring.one
    return Equivalent.of(Single(rational(e), Form({LOGLOG + v: one_})) for v, e in parts)


def _only(form: Form | None, what: object) -> list[tuple[str, Frac]]:
    if form is None or len(form.coeffs) != 1:
        raise UnsupportedError(f"no rule gives the leading term of the logarithm of {what}")
    return list(form.coeffs.items())


def agree(one: Equivalent, other: Equivalent, ctx: Context) -> bool:
    """Whether both are the same sum of constants times monomials."""
    return one.terms.keys() == other.terms.keys() and all(
        same(c, other.terms[form], ctx.ring) for form, c in one.terms.items()
    )
