r"""The assumption that would settle a claim that neither search decided.

An assumption *settles* a claim if under it the claim is proved: the derivation is searched again
with it, and the checker has to accept what is found.  Nothing else is ever named.  Where to look
is read off the failures, which say in which case and at which comparison a search gave up:

- what the *definitions need* and the assumptions do not give is assumed first, without it there
  is no claim;
- a *case* in which the search failed is excluded: ``b > 1`` or ``b < 1`` for ``b = 1``,
  ``X <= Y`` for ``X >= Y``;
- of a failed *comparison* ``min_j a_j <= max_l b_l`` of linear forms in the logarithms (see
  `proofs_check.cone`), one form ``b_l - a_j >= 0`` is enough.  It is assumed as a comparison of
  monomials, or follows from the signs of its coefficients; these are rational functions of the
  parameters, with the signs of their irreducible factors;
- a few *plain* comparisons are on the list from the start: of the parameters with 0, 1 and each
  other, of the sizes with each other and with the step size.

Sets of at most `MAX_MORE` of these, beside what the definitions need, are tried, the weakest
first: fewer conditions before more; what a failure suggests before what is plain; comparisons of
parameters before those of sizes; what holds at more of the example parameters first, equations
last; of two that keep as many, the shorter.  A set is passed over without a try if it contradicts
the assumptions, has no example, or leaves a checked counterexample to the claim: most are, so
that few derivations are searched.  Tries are counted, not timed, so the answer is the same every
time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from heapq import heappop, heappush
from itertools import permutations, product
from operator import eq, ge, gt, le, lt
from typing import Any

from flint import fmpq_mpoly

from proofs_check.algebra import Form, Frac, NotRationalError, Ring
from proofs_check.checker import check, is_exact
from proofs_check.claim import Claim, Comparison, Condition
from proofs_check.cone import Context, RejectedError
from proofs_check.errors import UserError
from proofs_check.expr import Name, Num, add, div, free_names, mul
from proofs_check.language import parse_condition
from proofs_check.logform import monomial, names_of
from proofs_check.meaning import NoMeaningError
from proofs_check.orders import UndecidedError, exact_value
from proofs_check.premises import Premises, premises
from proofs_check.refutation import check_allowed
from theory.certificates import positive
from theory.derivation import CaseNeededError, cases_of, derivation, unmet
from theory.derive import require_possible
from theory.prover import StuckError
from theory.rates import comparison
from theory.refute import model, refute
from theory.samples import sample_values

__all__ = ["Attempt", "proved", "settling"]

MAX_MORE = 2
"""Most conditions that are assumed beside what the definitions need."""
TRIES, TRIES_FOR_AN_OPTIMUM = 16, 5
"""Most derivations that are searched; those of optima take seconds each."""
PASSED = 120
"""Most sets of conditions that are looked at."""
EXAMPLES = 24
"""Example parameters by which conditions are compared."""
QUICK_VALUES, QUICK_PATHS = 3, 8
"""Parameter points and paths at which a witness is looked for before a derivation."""
MAX_TERMS = 4
"""Longer polynomials in the parameters are nothing that anybody would assume."""

ZERO, ONE = Num(Fraction(0)), Num(Fraction(1))
_COMPARE = {"<": lt, "<=": le, "=": eq, ">=": ge, ">": gt}
_TURNED: Mapping[Comparison, Comparison] = {
    "<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=",
}  # fmt: skip
_OUTSIDE: Mapping[Comparison, tuple[Comparison, ...]] = {
    "<": (">=", ">"), "<=": (">",), "=": (">", "<"), ">=": ("<",), ">": ("<=", "<"),
}  # fmt: skip
_POSITIVE: tuple[Comparison, ...] = (">=", ">")
_NEGATIVE: tuple[Comparison, ...] = ("<=", "<")
_ALL = _POSITIVE + _NEGATIVE

Attempt = Callable[[Claim], object]
"""What has to succeed under the assumptions; raises `StuckError` or `RejectedError` otherwise."""


def proved(claim: Claim) -> None:
    """Derive a claim and check the derivation; raises `StuckError` or `RejectedError`."""
    proof = derivation(claim)
    proof["model"] = model(claim)
    check(claim, proof)


def settling(claim: Claim, attempt: Attempt | None = None) -> tuple[Condition, ...]:
    """Return conditions that settle an undecided claim, none where none are found.

    They are consistent with the claim's assumptions, and with them the attempt was seen to
    succeed.

    Parameters
    ----------
    claim
        The claim; its assumptions have to be consistent.
    attempt
        What is to succeed: by default that the claim is proved, and the proof checked.  Where it
        is given, the right side of the claim does not count.
    """
    try:
        ready = premises(claim, exact=is_exact(claim))
        first = _needed(claim, ready)
        return _Search(_with(claim, first), first, attempt).found()
    except RejectedError:
        return ()


def _with(claim: Claim, conditions: Iterable[Condition]) -> Claim:
    return replace(claim, assume=(*claim.assume, *conditions))


def _needed(claim: Claim, ready: Premises) -> tuple[Condition, ...]:
    """Return what the definitions need and the assumptions do not give, each once."""
    needed = [_plainly(need, ready.ctx.ring) for need in unmet(ready)]
    for need in needed[:]:
        others = [other for other in needed if other != need]
        if not unmet(premises(_with(claim, others), exact=ready.exact)):
            needed = others
    return tuple(dict.fromkeys(needed))


# The search.


@dataclass
class _Search:
    """Sets of conditions, tried in turn, beside those that are needed, which the claim has.

    The `pool` holds all conditions with their ranks, `failed` the sets that did not do, and
    `witnesses` counterexamples to the claim under some of these.
    """

    claim: Claim
    needed: tuple[Condition, ...]
    attempt: Attempt | None
    pool: dict[Condition, tuple[Any, ...]] = field(default_factory=dict)
    queue: list[tuple[Any, ...]] = field(default_factory=list)
    seen: set[frozenset[Condition]] = field(default_factory=set)
    failed: list[tuple[Condition, ...]] = field(default_factory=list)
    witnesses: list[dict[str, Any]] = field(default_factory=list)

    def found(self) -> tuple[Condition, ...]:
        """Return what is needed and the first set beside it that settles the claim, or ()."""
        ready = premises(self.claim, exact=is_exact(self.claim))
        examples = sample_values(self.claim, EXAMPLES)
        self._push(())
        for condition in _plain(ready.ctx):
            self._suggest(condition, True, ready, examples)
        tries = TRIES if self.claim.objective is None else TRIES_FOR_AN_OPTIMUM
        for _ in range(PASSED):
            if not self.queue or tries == 0:
                return ()
            more: tuple[Condition, ...] = heappop(self.queue)[-1]
            claim = _with(self.claim, more)
            if (not more and not self.needed) or (
                _is_possible(claim) and not self._is_false(claim)
            ):
                tries -= 1
                try:
                    (self.attempt or proved)(claim)
                    return (*self.needed, *more)
                except (StuckError, RejectedError) as error:
                    for condition in _suggested(error, ready.ctx):
                        self._suggest(condition, False, ready, examples)
            self._fail(more)
        return ()

    def _is_false(self, claim: Claim) -> bool:
        """Whether a counterexample is known, or soon found."""
        if self.attempt is not None:
            return False
        if any(_allows(claim, witness) for witness in self.witnesses):
            return True
        witness = refute(claim, QUICK_VALUES, QUICK_PATHS)
        if witness is not None:
            self.witnesses.append(witness)
        return witness is not None

    def _suggest(
        self,
        condition: Condition,
        is_plain: bool,
        ready: Premises,
        examples: tuple[dict[str, Fraction], ...],
    ) -> None:
        """Put a condition into the pool, unless it is known or about other names."""
        if condition in self.pool or not _is_news(condition, ready):
            return
        is_sized = not _names(condition) <= set(ready.ctx.ring.names)
        kept = 0 if is_sized else sum(_holds(condition, values) for values in examples)
        text = str(condition)
        rank = (is_plain, is_sized, condition.op == "=", -kept, len(text), text)
        self.pool[condition] = rank
        for known in self.failed:
            self._push((*known, condition))

    def _fail(self, more: tuple[Condition, ...]) -> None:
        self.failed.append(more)
        for condition in self.pool:
            self._push((*more, condition))

    def _push(self, more: tuple[Condition, ...]) -> None:
        key = frozenset(more)
        if len(key) < len(more) or len(more) > MAX_MORE or key in self.seen:
            return
        self.seen.add(key)
        ranks = sorted(self.pool[condition] for condition in more)
        weight = [sum(rank[k] for rank in ranks) for k in range(5)]
        heappush(self.queue, (len(more), *weight, [rank[-1] for rank in ranks], more))


def _is_possible(claim: Claim) -> bool:
    """Whether the assumptions do not contradict each other, and have an example."""
    try:
        require_possible(premises(claim))
        return model(claim) is not None
    except (UserError, RejectedError, NoMeaningError):
        return False


def _allows(claim: Claim, witness: dict[str, Any]) -> bool:
    """Whether a counterexample satisfies all that a claim assumes."""
    path = {**witness["path"], **witness.get("point", {})}
    try:
        check_allowed(claim, {"values": witness["values"], "path": path})
    except RejectedError:
        return False
    return True


def _names(condition: Condition) -> frozenset[str]:
    return free_names(condition.left) | free_names(condition.right)


def _holds(condition: Condition, values: Mapping[str, Fraction]) -> bool:
    try:
        left, right = exact_value(condition.left, values), exact_value(condition.right, values)
    except UndecidedError:
        return False
    return left is not None and right is not None and _COMPARE[condition.op](left, right)


def _is_news(condition: Condition, ready: Premises) -> bool:
    """Whether a condition is about names of the claim, and does not follow at once."""
    ctx, names = ready.ctx, _names(condition)
    if not names or not names <= set(ctx.ring.names) | ctx.sizes | {"gamma"}:
        return False
    if not names <= set(ctx.ring.names):
        return condition not in ready.claim.assume
    value = (ctx.ring.frac(condition.left) - ctx.ring.frac(condition.right)).signed()
    if condition.op == "=":
        return True
    sign = value if condition.op in (">", ">=") else -value
    return positive(sign, ctx, strict=condition.op in ("<", ">")) is None


# What may be assumed.


def _plain(ctx: Context) -> Iterator[Condition]:
    """Yield comparisons that need no failure to suggest them."""
    ops: tuple[Comparison, ...] = ("<=", ">", ">=", "<")
    for name, value, op in product(ctx.ring.names, (ZERO, ONE), ops):
        yield Condition(Name(name), op, value)
    for first, second in permutations(ctx.ring.names, 2):
        yield Condition(Name(first), "<", Name(second))
        yield Condition(Name(first), "<", add(Name(second), ONE))
    for size in sorted(ctx.sizes):
        yield Condition(mul(Name(size), Name("gamma")), ">=", ONE)
    for first, second in permutations(sorted(ctx.sizes), 2):
        yield Condition(Name(first), ">=", Name(second))


def _suggested(error: Exception, ctx: Context) -> Iterator[Condition]:
    """Yield conditions under which a failure might not occur."""
    for text in cases_of(error):
        (case,) = parse_condition(text)
        yield from _outside(case, ctx)
    if isinstance(error.__cause__, CaseNeededError):
        yield from _signs(error.__cause__.value, ctx.ring, _ALL)
    if isinstance(error, StuckError) and error.clause is not None and error.ctx is not None:
        lower, upper = error.clause
        for small, large in product(lower, upper):
            yield from _bounded_below(large - small, error.ctx)


def _outside(case: Condition, ctx: Context) -> Iterator[Condition]:
    """Yield the comparisons that exclude a case; between sizes, the boundary stays in."""
    if not _names(case) <= set(ctx.ring.names):
        try:
            form = monomial(div(case.left, case.right), ctx)
        except RejectedError:
            return
        yield from parse_condition(comparison(form if case.op == "<=" else -form, ctx))
        return
    value = ctx.ring.frac(case.left) - ctx.ring.frac(case.right)
    yield from _signs(value, ctx.ring, _OUTSIDE[case.op])


def _bounded_below(form: Form, ctx: Context) -> Iterator[Condition]:
    """Yield what may help a form to be bounded below: each coefficient's sign, and that it is."""
    for variable, coeff in form.coeffs.items():
        if coeff.constant() is None:
            ops = _NEGATIVE if variable == "gamma" else _POSITIVE
            yield from _signs(coeff, ctx.ring, _ALL if variable in ctx.indices else ops)
    if form.coeffs and names_of(form).isdisjoint(ctx.indices):
        yield from parse_condition(comparison(form, ctx))


def _signs(value: Frac, ring: Ring, ops: tuple[Comparison, ...]) -> Iterator[Condition]:
    """Yield ``value op 0``; where the value has several factors, comparisons of each with 0."""
    (scale, above), (unit, below) = value.num.factor(), value.den.factor()
    factors = [poly for poly, times in (*above, *below) if times % 2]
    if len(factors) > 1:
        ops = _ALL
    elif scale * unit < 0:
        ops = tuple(_TURNED[op] for op in ops)
    for poly, op in product(factors, ops):
        if len(poly) <= MAX_TERMS:
            yield _compared(poly, op, ring)


def _plainly(condition: Condition, ring: Ring) -> Condition:
    """Write a condition between parameters with one of them alone, if it is linear in them."""
    try:
        value = ring.frac(condition.left) - ring.frac(condition.right)
    except NotRationalError:
        return condition
    if value.constant() is not None or not value.den.is_constant():
        return condition
    return _compared(value.num, condition.op, ring)


def _compared(poly: fmpq_mpoly, op: Comparison, ring: Ring) -> Condition:
    """Write ``poly op 0`` with a parameter alone if it is linear, and without negative terms."""
    one = ring.one.den
    if poly.total_degree() == 1:
        name = max(name for name in ring.names if not poly.derivative(name).is_zero())
        slope = Frac(poly.derivative(name), one)
        rest = ring.frac(Name(name)) - Frac(poly, one) / slope
        return Condition(Name(name), op if _is_positive(slope) else _TURNED[op], ring.expr(rest))
    terms = poly.to_dict().items()
    above = ring.ctx.from_dict({monom: value for monom, value in terms if value > 0})
    below = ring.ctx.from_dict({monom: -value for monom, value in terms if value < 0})
    return Condition(ring.expr(Frac(above, one)), op, ring.expr(Frac(below, one)))


def _is_positive(slope: Frac) -> bool:
    value = slope.constant()
    return value is not None and value > 0
