"""Proving goals between lattices of linear forms: what `proofs_check.goals` re-checks.

A search ends in one of three ways besides success.  `SignNeededError` (from the checker) and
`SplitNeededError` ask for a distinction of cases that will help, and say which; `StuckError` gives
up and says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import permutations
from typing import Any

from proofs_check.algebra import Form, Frac, Multiplier
from proofs_check.cone import Clause, Context, Generator, Tree, clauses, lin
from proofs_check.expr import Call, Expr, Name, Sum, mul, power
from proofs_check.growth import range_context
from proofs_check.logform import LOGLOG
from theory.certificates import certificate, positive, sign_multiplier

__all__ = ["Prover", "SplitNeededError", "StuckError", "form_expr"]


class StuckError(Exception):
    """No proof was found; the message says of what."""


class SplitNeededError(Exception):
    """The search needs to know whether a monomial is above or below a constant."""

    def __init__(self, form: Form):
        self.form = form
        super().__init__("a distinction of cases is needed")


ZERO = Form({})
POWERS = (1, 2, 4)
"""Powers q that are tried in ``T <= S^q``, from which ``log T <= C log S`` follows."""


def form_expr(form: Form, ctx: Context) -> Expr:
    """Return the monomial whose logarithm is the form; equal exponents are written once."""
    groups: dict[Frac, list[Expr]] = {}
    for var, coeff in form.coeffs.items():
        base: Expr = Name(var)
        if var.startswith(LOGLOG):
            base = Call("log", (Name(var.removeprefix(LOGLOG)),))
        groups.setdefault(coeff, []).append(base)
    factors = []
    for coeff, bases in groups.items():
        if coeff.constant() in (1, -1):
            factors += [power(base, ctx.ring.expr(coeff)) for base in bases]
        else:
            factors.append(power(mul(*bases), ctx.ring.expr(coeff)))
    return mul(*factors)


@dataclass(slots=True)
class Memory:
    """What provers of equal contexts have found out."""

    certificates: dict[tuple[Clause, bool], dict[str, Any] | None] = field(default_factory=dict)
    weak: dict[Frac, bool] = field(default_factory=dict)
    plans: dict[Any, Any] = field(default_factory=dict)


@lru_cache(maxsize=512)
def _memory(names: Any, factors: Any, generators: Any) -> Memory:
    return Memory()


class Prover:
    """Finds proofs in one context and remembers them.

    What is remembered depends on the inequalities between parameters and on the generators, not
    on proved signs; it is shared by all provers that agree in these.
    """

    def __init__(self, ctx: Context):
        self.ctx = ctx
        factors = tuple((str(f.poly), f.strict) for f in ctx.factors)
        generators = tuple((g.form, g.grows, g.absorbed_by) for g in ctx.generators)
        self._memory = _memory(ctx.ring.names, factors, generators)

    def within(self, expr: Sum) -> Prover:
        """Return the prover inside of a sum, where its index runs through the range."""
        return Prover(range_context(expr, self.ctx))

    def once(self, key: Any, compute: Callable[[], Any]) -> Any:
        """Return what `compute` returned when the key was first used here."""
        found = self._memory.plans
        if key not in found:
            found[key] = compute()
        return found[key]

    def certificate(self, clause: Clause, diverging: bool = False) -> dict[str, Any] | None:
        """Return a certificate of one clause, or None."""
        key = (clause, diverging)
        known = self._memory.certificates
        if key not in known:
            known[key] = certificate(self.ctx, clause, diverging)
        return known[key]

    def nonnegative(self, form: Form) -> bool:
        """Whether a form is provably bounded below."""
        return form.is_zero() or self.certificate(((ZERO,), (form,))) is not None

    def dominates(self, large: Form, small: Form) -> bool:
        """Whether ``small <= large + C`` is provable."""
        return self.nonnegative(large - small)

    def goal(self, small: Tree, large: Tree, diverging: bool = False) -> dict[str, Any]:
        """Return the proof of ``small <= large + C``; raises `StuckError`."""
        found = []
        for clause in clauses(small, large):
            proof = self.certificate(clause, diverging)
            if proof is None:
                related = self._with_monotone_logs(clause)
                if related is None:
                    raise StuckError(self._text(clause))
                step, prover = related
                return step | {"then": prover.goal(small, large, diverging)}
            found.append(proof)
        return {"certs": found}

    def _with_monotone_logs(self, clause: Clause) -> tuple[dict[str, Any], Prover] | None:
        """Relate the logarithms of two sizes, if a clause has both and the sizes are related."""
        forms = [*clause[0], *clause[1], *(g.form for g in self.ctx.generators if not g.grows)]
        variables = sorted({v for form in forms for v in form.coeffs if v.startswith(LOGLOG)})
        one = self.ctx.ring.one
        known = {g.form for g in self.ctx.generators}
        for large, small in permutations(variables, 2):
            relation = Form({large: one}) - Form({small: one})
            if relation in known:
                continue
            names = large.removeprefix(LOGLOG), small.removeprefix(LOGLOG)
            for power_of in POWERS:
                factor = self.ctx.ring.number(power_of)
                given = (Form({names[1]: one}),), (Form({names[0]: factor}),)
                proof = Prover(self.ctx.without_slack()).certificate(given)
                if proof is not None:
                    step = {"mono": list(names), "power": str(power_of)}
                    generator = Generator(relation, f"log({names[0]}) >= c*log({names[1]})")
                    prover = Prover(self.ctx.with_generators(generator))
                    return step | {"given": {"certs": [proof]}}, prover
        return None

    def bounded_below(self, tree: Tree) -> dict[str, Any]:
        """Return the proof that a lattice tree is bounded below."""
        return self.goal(lin(ZERO), tree)

    def _text(self, clause: Clause) -> str:
        lower = [str(form_expr(form, self.ctx)) for form in clause[0]]
        upper = [str(form_expr(form, self.ctx)) for form in clause[1]]
        left = lower[0] if len(lower) == 1 else f"min({', '.join(lower)})"
        right = upper[0] if len(upper) == 1 else f"max({', '.join(upper)})"
        return f"{left} = O({right}) is not settled"

    def with_sign(self, value: Frac) -> tuple[list[Any], Prover] | None:
        """Prove the sign of a value; return the step and a prover that knows it."""
        found = sign_multiplier(value, self.ctx)
        if found is None:
            return None
        sign, data = found
        multiplier = Multiplier.read(data, len(self.ctx.factors))
        ctx = self.ctx.with_sign(value, sign, multiplier)
        return [str(self.ctx.ring.expr(value)), sign, data], Prover(ctx)

    def weakly_positive(self, value: Frac) -> bool:
        """Whether a function of the parameters is provably non-negative."""
        constant = value.constant()
        if constant is not None:
            return constant >= 0
        weak = self._memory.weak
        if value not in weak:
            weak[value] = positive(value.signed(), self.ctx, strict=False) is not None
        return weak[value]

    def impossible(self) -> dict[str, Any] | None:
        """Return the proof that the case at hand does not occur, if there is one."""
        if self.ctx.factors:
            void = positive(self.ctx.ring.zero.num, self.ctx, strict=True)
            if void is not None:
                return {"void": void}
        absurd = self.certificate(((ZERO,), (ZERO,)), diverging=True)
        return None if absurd is None else {"absurd": absurd}
