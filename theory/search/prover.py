"""Proving goals between lattices of linear forms: what the kernel's `goals` re-checks.

A search ends in one of three ways besides success.  `SignNeededError` (from the checker) and
`SplitNeededError` ask for a distinction of cases that will help, and say which; `StuckError` gives
up and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, combinations, permutations
from typing import Any

from ratecert.proofs_check.kernel.algebra import Form, Frac, Multiplier
from ratecert.proofs_check.kernel.cone import (
    Clause,
    Context,
    Generator,
    SignNeededError,
    Tree,
    clauses,
    lin,
)
from ratecert.proofs_check.kernel.goals import read_expr, refined
from ratecert.proofs_check.kernel.growth import at_centre, range_context
from ratecert.proofs_check.kernel.logform import (
    LOGLOG,
    GrowthNeededError,
    form_expr,
    log_generators,
    loglog,
    monomial,
    names_of,
)
from ratecert.proofs_check.language.expr import Sum
from ratecert.theory.search.certificates import Cone, positive, sign_multiplier

__all__ = [
    "CaseNeededError",
    "Effort",
    "LogNeededError",
    "Prover",
    "SpentError",
    "SplitNeededError",
    "StuckError",
    "forget",
    "form_expr",
    "limited",
]


class StuckError(Exception):
    """No proof was found; the message says of what.

    `clause` is the comparison that failed, where it was one, and `ctx` what was known there;
    `value` is the exponent whose sign was missing, where it was that.
    """

    def __init__(
        self,
        text: str,
        clause: Clause | None = None,
        ctx: Context | None = None,
        value: Frac | None = None,
    ):
        self.clause = clause
        self.ctx = ctx
        self.value = value
        super().__init__(text)

    def in_words(self, text: str) -> StuckError:
        """Return the same failure in other words; its notes stay."""
        other = StuckError(text, self.clause, self.ctx, self.value)
        for note in getattr(self, "__notes__", ()):
            other.add_note(note)
        return other


class SplitNeededError(Exception):
    """The search needs to know whether a monomial is above or below a constant."""

    def __init__(self, form: Form):
        self.form = form
        super().__init__("a distinction of cases is needed")


class SpentError(Exception):
    """The certificates that a search was allowed to look for are used up."""


class LogNeededError(StuckError):
    """The search needs what is known of the logarithm of a monomial."""

    def __init__(self, text: str):
        self.text = text
        super().__init__(f"nothing is known of log({text} + 2)")


ZERO = Form({})
UNIT = LOGLOG + "1"
"""``log log(2 + 1)``, a constant: with it are compared what is at most a constant."""
IndexComparison = tuple[str, Form]
"""An index, and the logarithm of a monomial that it may have to be compared with."""
POWERS = (1, 2, 4)
"""Powers q that are tried in ``T <= S^q``, from which ``log T <= C log S`` follows."""


def _forms(clause: Clause) -> tuple[Form, ...]:
    return (*clause[0], *clause[1])


def _powers_of(form: Form) -> Form:
    """Return the form without double logarithms."""
    return Form({v: c for v, c in form.coeffs.items() if not v.startswith(LOGLOG)})


def _depends(form: Form, index: str) -> bool:
    """Whether a double logarithm of something with the index occurs in the form."""
    logs = Form({v: c for v, c in form.coeffs.items() if v.startswith(LOGLOG)})
    return index in names_of(logs)


@dataclass(slots=True)
class Memory:
    """What provers of equal contexts have found out."""

    cone: Cone | None = None
    certificates: dict[tuple[Clause, bool], dict[str, Any] | None] = field(default_factory=dict)
    weak: dict[Frac, bool] = field(default_factory=dict)
    plans: dict[Any, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Effort:
    """How many certificates may still be looked for."""

    left: int


_EFFORT: ContextVar[Effort | None] = ContextVar("effort", default=None)


@contextmanager
def limited(effort: Effort) -> Iterator[None]:
    """Let provers raise `SpentError` when the effort is spent.

    They forget what they know before, so that it is always spent at the same place.
    """
    forget()
    token = _EFFORT.set(effort)
    try:
        yield
    finally:
        _EFFORT.reset(token)


def _spend() -> None:
    effort = _EFFORT.get()
    if effort is not None:
        if effort.left <= 0:
            raise SpentError
        effort.left -= 1


def forget() -> None:
    """Forget what all provers know: what is found for a claim depends on that claim alone.

    Plans depend on more than what they are remembered by, such as the signs proved so far.
    """
    _memory.cache_clear()


@lru_cache(maxsize=512)
def _memory(names: Any, factors: Any, generators: Any) -> Memory:
    return Memory()


class Prover:
    """Finds proofs in one context and remembers them.

    What is remembered depends on the inequalities between parameters and on the generators, not
    on proved signs; it is shared by all provers that agree in these.  Where a goal depends on the
    logarithm of an index, the index is compared with the `places`.
    """

    def __init__(self, ctx: Context, places: tuple[IndexComparison, ...] = ()):
        self.ctx = ctx
        self.places = places
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
            _spend()
            cone = self._memory.cone = self._memory.cone or Cone(self.ctx)
            known[key] = cone.certificate(clause, diverging)
        return known[key]

    def nonnegative(self, form: Form) -> bool:
        """Whether a form is provably bounded below."""
        if form.is_zero() or self.certificate(((ZERO,), (form,))) is not None:
            return True
        logs = {v for v in form.coeffs if v.startswith(LOGLOG)}
        if logs:
            mixed = [g.form.coeffs for g in self.ctx.generators if len(g.form.coeffs) > 1]
            logs |= {v for coeffs in mixed for v in coeffs if v.startswith(LOGLOG)}
        others = {v for v in logs if v.removeprefix(LOGLOG) not in self.ctx.sizes}
        if len(logs) == 1 and not others:
            return False
        return bool(logs) and self.once(("nonnegative", form), lambda: self._is_provable(form))

    def _is_provable(self, form: Form) -> bool:
        try:
            self.goal(lin(ZERO), lin(form))
        except StuckError:
            return False
        return True

    def dominates(self, large: Form, small: Form) -> bool:
        """Whether ``small <= large + C`` is provable."""
        return self.nonnegative(large - small)

    def goal(self, small: Tree, large: Tree, diverging: bool = False) -> dict[str, Any]:
        """Return the proof of ``small <= large + C``; raises `StuckError`."""
        return self._goal(small, large, diverging, self.places)

    def _goal(
        self, small: Tree, large: Tree, diverging: bool, places: tuple[IndexComparison, ...]
    ) -> dict[str, Any]:
        found = []
        for clause in clauses(small, large):
            proof = self.certificate(clause, diverging)
            if proof is None:
                related = self._with_log(clause)
                if related is None and self._may_hold(clause):
                    related = (
                        self._with_monotone_logs(clause)
                        or self._with_slow_logs(clause)
                        or self._with_sign_of_power(clause)
                    )
                if related is not None:
                    step, prover = related
                    return step | {"then": prover._goal(small, large, diverging, places)}
                if any(_depends(form, name) for name, _ in places for form in _forms(clause)):
                    return self._split_goal(small, large, diverging, places)
                raise StuckError(self._text(clause), clause, self.ctx)
            found.append(proof)
        return {"certs": found}

    def _split_goal(
        self, small: Tree, large: Tree, diverging: bool, places: tuple[IndexComparison, ...]
    ) -> dict[str, Any]:
        """Prove a goal by the first of the places: whether an index is above it.

        Beside that, what follows for the logarithms of functions of the index is used.
        """
        (name, centre), *rest = places
        index = Form({name: self.ctx.ring.one})

        def then(prover: Prover, above: bool) -> dict[str, Any]:
            steps, inner = prover._apart(name, centre, above, clauses(small, large))
            node = inner._goal(small, large, diverging, tuple(rest))
            for step in reversed(steps):
                node = step | {"then": node}
            return node

        for above, side in ((True, index - centre), (False, centre - index)):
            if self.nonnegative(side):
                return then(self, above)
        text = str(form_expr(index - centre, self.ctx))
        node: dict[str, Any] = {"split": text}
        for key, side, op in (("ge", index - centre, ">="), ("le", centre - index, "<=")):
            case = Generator(side, f"{text} {op} 1", is_case=True)
            prover = Prover(self.ctx.with_generators(case))
            node[key] = prover.impossible() or then(prover, key == "ge")
        return node

    def _apart(
        self, index: str, centre: Form, above: bool, goal: list[Clause]
    ) -> tuple[list[dict[str, Any]], Prover]:
        """Compare the logarithms in a goal that depend on an index with those at a centre."""
        forms = (form for clause in goal for form in _forms(clause))
        found = dict.fromkeys(v for form in forms for v in form.coeffs if v.startswith(LOGLOG))
        steps: list[dict[str, Any]] = []
        prover = self
        for variable in found:
            power = monomial(read_expr(variable.removeprefix(LOGLOG)), self.ctx)
            put = at_centre(lin(power), index, centre, self.ctx).form
            if put is None or put == power:
                continue
            pair = (power, put) if prover.nonnegative(power - put) else (put, power)
            plain = Prover(prover.ctx.without_slack())
            texts = [str(form_expr(form, self.ctx)) for form in pair]
            try:
                given = plain.goal(lin(pair[1]), lin(pair[0]))
            except StuckError:
                continue
            if any(loglog(form, prover.ctx).form is None for form in pair):
                continue
            step = {"apart": texts, "given": given}
            ((ctx, _),) = refined(step | {"then": None}, prover.ctx)
            steps.append(step)
            prover = Prover(ctx)
        return steps, prover

    def _with_log(self, clause: Clause) -> tuple[dict[str, Any], Prover] | None:
        """Make known what holds of a double logarithm of which nothing is known yet."""
        known = self._known_logs()
        for form in _forms(clause):
            for variable in form.coeffs:
                if variable.startswith(LOGLOG) and variable not in known:
                    text = variable.removeprefix(LOGLOG)
                    return {"log": text}, self.with_log(text)
        return None

    def _known_logs(self) -> set[str]:
        """Return the double logarithms that are known to be bounded below."""
        alone = (g.form.coeffs for g in self.ctx.generators if len(g.form.coeffs) == 1)
        return {v for coeffs in alone for v in coeffs if v.startswith(LOGLOG)}

    def with_log(self, text: str) -> Prover:
        """Return a prover that knows what holds of the logarithm of a monomial."""
        form = monomial(read_expr(text), self.ctx)
        return Prover(self.ctx.with_generators(*log_generators(form, self.ctx)))

    def with_growth(self, needed: GrowthNeededError) -> tuple[dict[str, Any], Prover]:
        """Prove that a monomial tends to infinity; raises `StuckError`."""
        if not names_of(needed.form) <= self.ctx.sizes | {"gamma"}:
            raise StuckError(str(needed)) from needed
        try:
            given = self._without_slack().goal(lin(ZERO), lin(needed.form), diverging=True)
        except StuckError as stuck:
            raise StuckError(str(needed)) from stuck
        step = {"diverges": str(form_expr(needed.form, self.ctx)), "given": given}
        ((ctx, _),) = refined(step | {"then": None}, self.ctx)
        return step, Prover(ctx)

    def require_log(self, form: Form) -> Tree:
        """Return ``log log(2 + X)`` of a monomial, or ask for what is known of it."""
        tree = loglog(form, self.ctx)
        for part in (tree, *tree.parts):
            if part.form is not None:
                self.require_known(part.form)
        return tree

    def require_known(self, form: Form) -> None:
        """Ask for what is known of the logarithms in a form, those of an index aside."""
        known = self._known_logs()
        for variable in form.coeffs:
            own = names_of(Form({variable: self.ctx.ring.one}))
            is_new = variable.startswith(LOGLOG) and variable not in known
            if is_new and own.isdisjoint(self.ctx.indices):
                raise LogNeededError(variable.removeprefix(LOGLOG))

    def _with_monotone_logs(self, clause: Clause) -> tuple[dict[str, Any], Prover] | None:
        """Relate the logarithms of two monomials, if a clause has both and they are related."""
        forms = [*clause[0], *clause[1], *(g.form for g in self.ctx.generators if not g.grows)]
        variables = sorted({v for form in forms for v in form.coeffs if v.startswith(LOGLOG)})
        one = self.ctx.ring.one
        known = {g.form for g in self.ctx.generators if g.absorbed_by is None}
        pairs = [(UNIT, small) for small in variables], permutations(variables, 2)
        plain = self._without_slack()
        for large, small in chain(*pairs):
            relation = Form({} if large == UNIT else {large: one}) - Form({small: one})
            if relation in known:
                continue
            names = large.removeprefix(LOGLOG), small.removeprefix(LOGLOG)
            if large == UNIT and names[1] in self.ctx.sizes | self.ctx.indices:
                continue
            above, below = (monomial(read_expr(name), self.ctx) for name in names)
            for factor in self._powers(above, below):
                given = (below,), (above.scale(factor),)
                proof = plain.certificate(given)
                if proof is not None:
                    step = {"mono": list(names), "power": str(self.ctx.ring.expr(factor))}
                    text = f"log({names[0]} + 2) >= c*log({names[1]} + 2)"
                    prover = Prover(self.ctx.with_generators(Generator(relation, text)))
                    return step | {"given": {"certs": [proof]}}, prover
        return None

    def _may_hold(self, clause: Clause) -> bool:
        """Whether the clause holds without logarithms, which are below every power.

        Otherwise nothing that is known of logarithms can prove it.
        """
        forms = (replace(g, form=_powers_of(g.form)) for g in self.ctx.generators)
        plain = Prover(replace(self.ctx, generators=tuple(g for g in forms if g.form.coeffs)))
        mins, maxs = (tuple(map(_powers_of, side)) for side in clause)
        return plain.certificate((mins, maxs)) is not None

    def _with_slow_logs(self, clause: Clause) -> tuple[dict[str, Any], Prover] | None:
        """Use that a quotient of logarithms is below every power of the quotient."""
        found = dict.fromkeys(v for form in _forms(clause) for v in form.coeffs)
        logs = [v.removeprefix(LOGLOG) for v in found if v.startswith(LOGLOG)]
        known = {(g.form, g.absorbed_by) for g in self.ctx.generators}
        for name, other in permutations([*logs, "1"], 2):
            if name == "1":
                continue
            below = monomial(read_expr(other), self.ctx)
            for above in self._just_above(monomial(read_expr(name), self.ctx), below):
                given = {"certs": [self._without_slack().certificate(((below,), (above,)))]}
                step = {"apart": [str(form_expr(above, self.ctx)), other], "given": given}
                ((ctx, _),) = refined(step | {"then": None}, self.ctx)
                if any((g.form, g.absorbed_by) not in known for g in ctx.generators[-2:]):
                    return step, Prover(ctx)
        return None

    def _just_above(self, above: Form, below: Form) -> Iterator[Form]:
        """Yield the least power of a monomial that is provably at least another one."""
        powers = sorted(
            (value, q) for q in self._powers(above, below) if (value := q.constant()) is not None
        )
        plain = self._without_slack()
        for _, q in powers:
            scaled = above.scale(q)
            if plain.certificate(((below,), (scaled,))) is not None:
                if scaled != below:
                    yield scaled
                return

    def _without_slack(self) -> Prover:
        return Prover(self.ctx.without_slack())

    def _with_sign_of_power(self, clause: Clause) -> tuple[dict[str, Any], Prover] | None:
        """Prove the sign of a power q with which logarithms in a clause may be compared."""
        found = dict.fromkeys(v for form in _forms(clause) for v in form.coeffs)
        logs = [v.removeprefix(LOGLOG) for v in found if v.startswith(LOGLOG)]
        for large, small in permutations(logs, 2):
            above, below = (monomial(read_expr(name), self.ctx) for name in (large, small))
            for q in self._candidate_powers(above, below):
                if not self._has_sign(q) and (signed := self.with_sign(q)) is not None:
                    step, prover = signed
                    return {"signs": [step]}, prover
        return None

    def _powers(self, above: Form, below: Form) -> list[Frac]:
        """Return powers q that are tried in ``Y <= C X^q``: those known to be positive."""
        found = self._candidate_powers(above, below)
        return [q for q in found if self._has_sign(q) and self.ctx.sign(q) == "+"]

    def _candidate_powers(self, above: Form, below: Form) -> list[Frac]:
        """Return a few numbers, and the q for which a generator is ``log(X^q/Y)`` in two names."""
        found = [self.ctx.ring.number(power) for power in POWERS]
        if above.is_zero():
            return found[:1]
        zero = self.ctx.ring.zero
        for generator in self.ctx.generators:
            names = sorted({*above.coeffs, *below.coeffs} & generator.form.coeffs.keys())
            for pair in combinations(names, 2):
                x, y, g = (
                    [form.coeffs.get(name, zero) for name in pair]
                    for form in (above, below, generator.form)
                )
                divisor = x[0] * g[1] - x[1] * g[0]
                if not divisor.is_zero():
                    found.append((y[0] * g[1] - y[1] * g[0]) / divisor)
        return list(dict.fromkeys(found))

    def _has_sign(self, value: Frac) -> bool:
        try:
            self.ctx.sign(value)
        except SignNeededError:
            return False
        return True

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
        void = self.void()
        if void is not None:
            return void
        nothing = (ZERO,), (ZERO,)
        absurd = self.certificate(nothing, diverging=True)
        if absurd is not None:
            return {"absurd": absurd}
        related = self._with_monotone_logs(nothing) if self._has_own_logs() else None
        if related is None:
            return None
        step, prover = related
        found = prover.impossible()
        return None if found is None else step | {"then": found}

    def void(self) -> dict[str, Any] | None:
        """Return the proof that no parameters are in the case at hand, if there is one."""
        if not self.ctx.factors:
            return None
        found = positive(self.ctx.ring.zero.num, self.ctx, strict=True)
        return None if found is None else {"void": found}

    def _has_own_logs(self) -> bool:
        """Whether something is known of the logarithm of anything but a size."""
        logs = {v for g in self.ctx.generators for v in g.form.coeffs if v.startswith(LOGLOG)}
        return any(v.removeprefix(LOGLOG) not in self.ctx.sizes for v in logs)


class CaseNeededError(Exception):
    """The sign of a function of the parameters is needed and the assumptions leave it open."""

    def __init__(self, value: Frac, text: str):
        self.value = value
        self.text = text
        super().__init__(f"the sign of {text} is not settled by the assumptions")
