"""Proving goals between lattices of linear forms: what `proofs_check.goals` re-checks.

A search ends in one of three ways besides success.  `SignNeededError` (from the checker) and
`SplitNeededError` ask for a distinction of cases that will help, and say which; `StuckError` gives up and says
why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from proofs_check.algebra import Form, Frac, Multiplier
from proofs_check.cone import Clause, Context, Tree, clauses, lin
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


def form_expr(form: Form, ctx: Context) -> Expr:
    """Return the monomial whose logarithm is the form."""
    factors = []
    for var, coeff in form.coeffs.items():
        base: Expr = Name(var)
        if var.startswith(LOGLOG):
            base = Call("log", (Name(var.removeprefix(LOGLOG)),))
        factors.append(power(base, ctx.ring.expr(coeff)))
    return mul(*factors)


@dataclass(slots=True)
class Memory:
    """What a prover has found out, and the memories of the provers inside of sums."""

    certificates: dict[tuple[Clause, bool], dict[str, Any] | None] = field(default_factory=dict)
    weak: dict[Frac, bool] = field(default_factory=dict)
    inner: dict[str, Memory] = field(default_factory=dict)


class Prover:
    """Finds proofs in one context and remembers them.

    What is remembered does not depend on proved signs, so it is kept when a sign is added.
    """

    def __init__(self, ctx: Context, memory: Memory | None = None):
        self.ctx = ctx
        self._memory = memory or Memory()

    def within(self, expr: Sum) -> Prover:
        """Return the prover inside of a sum, where its index runs through the range."""
        ctx = range_context(expr, self.ctx)
        return Prover(ctx, self._memory.inner.setdefault(str(expr), Memory()))

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
                raise StuckError(self._text(clause))
            found.append(proof)
        return {"certs": found}

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
        return [str(self.ctx.ring.expr(value)), sign, data], Prover(ctx, self._memory)

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
        absurd = self.certificate(((ZERO,), (ZERO,)), diverging=True)
        if absurd is not None:
            return {"absurd": absurd}
        if self.ctx.factors:
            void = positive(self.ctx.ring.zero.num, self.ctx, strict=True)
            if void is not None:
                return {"void": void}
        return None
