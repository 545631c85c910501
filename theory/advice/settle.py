r"""The assumption that would settle a claim that neither search decided.

An assumption *settles* a claim if under it the claim is proved: the derivation is searched again
with it, and the checker has to accept what is found.  Nothing else is ever named.  What may be
assumed is read off the failures (`ratecert.theory.search.suggestions`); without what the
*definitions need* there is no claim, so this is assumed first.

One or two conditions beside what the definitions need are tried.  Each failure leaves an
*obstacle*: parameters at which there is a checked counterexample, or at which the comparison that
failed has no certificate in numbers.  The next set excludes all obstacles so far.  Of those that
do, one condition comes before two, a comparison of parameters before one of sizes; then what
holds at more of the example parameters, then the shorter.  What succeeds is weakened: by leaving
out one of two conditions, and by adding the boundary (``b >= 1`` for ``b > 1``), where the claim
is still proved.  So what is named is the weakest in this order, not of all there may be.

A set is passed over if it contradicts the assumptions, has no example, or leaves a counterexample.
Tries are counted, not timed, so the answer is the same every time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from operator import eq, ge, gt, le, lt
from typing import Any

from ratecert.proofs_check.checker import is_exact
from ratecert.proofs_check.kernel.premises import Premises, premises
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError, UserError
from ratecert.proofs_check.language.expr import unmarked
from ratecert.proofs_check.language.grammar import parse_condition
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.meaning.laws import NoMeaningError
from ratecert.proofs_check.paths.orders import UndecidedError, exact_value
from ratecert.proofs_check.refutation.witness import check_allowed
from ratecert.theory.derive import checked_derivation, require_possible
from ratecert.theory.rates.rates import regions
from ratecert.theory.search.certificates import has_one_at
from ratecert.theory.search.derivation import cases_of, unmet
from ratecert.theory.search.prover import Effort, SpentError, StuckError, limited
from ratecert.theory.search.suggestions import follows, names, plain, plainly, suggested, weaker
from ratecert.theory.witnesses.refute import model, refute
from ratecert.theory.witnesses.samples import sample_values

__all__ = ["Attempt", "proved", "settling", "told"]

TRIES, TRIES_FOR_AN_OPTIMUM = 20, 4
"""Most derivations that are searched; those of optima take seconds each."""
EFFORT = 2000
"""Most certificates that are looked for in all these but the first: some seconds' worth."""
LOOKS = 60
"""Most sets of conditions for which an example and a counterexample are looked for."""
EXAMPLES = 24
"""Example parameters by which conditions are compared."""
SUSPECTS = 6
"""Example parameters of a case in which a search failed that are looked at."""
QUICK_VALUES, QUICK_PATHS = 3, 8
"""Parameter points and paths at which a witness is looked for before a derivation."""

Values = Mapping[str, Fraction]
_COMPARE = {"<": lt, "<=": le, "=": eq, ">=": ge, ">": gt}

Attempt = Callable[[Claim], object]
"""What has to succeed under the assumptions; raises `StuckError` or `RejectedError` otherwise."""


def proved(claim: Claim) -> None:
    """Derive a claim and check the derivation; raises `StuckError` or `RejectedError`.

    A lower bound alone is also proved of a sum that diverges, which nobody would want to assume.
    """
    if claim.relation.startswith("Omega") and claim.objective is None:
        regions(premises(claim))
    checked_derivation(claim)


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
        claim = _with(claim, first)
        return _Search(claim, first, attempt).found() if _is_possible(claim) else ()
    except RejectedError:
        return ()


def told(reason: str, conditions: Iterable[Condition]) -> str:
    """Return why something is undecided, with what would settle it, if that was found."""
    named = " and ".join(map(str, conditions))
    reason = unmarked(reason)
    return (
        f"{reason}; assuming {named} would settle it (proved with it, and checked)"
        if named
        else reason
    )


def _with(claim: Claim, conditions: Iterable[Condition]) -> Claim:
    return replace(claim, assume=(*claim.assume, *conditions))


def _needed(claim: Claim, ready: Premises) -> tuple[Condition, ...]:
    """Return what the definitions need and the assumptions do not give, each once."""
    needed = [plainly(need, ready.ctx.ring) for need in unmet(ready)]
    for need in needed[:]:
        others = [other for other in needed if other != need]
        if not unmet(premises(_with(claim, others), exact=ready.exact)):
            needed = others
    return tuple(dict.fromkeys(needed))


# The search.


@dataclass(frozen=True, slots=True)
class _Obstacle:
    """Parameters at which the claim is false, by a witness, or else at which a search failed."""

    values: Values
    witness: dict[str, Any] | None = None


@dataclass
class _Option:
    """A condition that may be assumed; `excludes` are the obstacles that it excludes, as bits."""

    condition: Condition
    rank: tuple[Any, ...]
    is_sized: bool
    is_plain: bool
    excludes: int = 0


class _Search:
    """Sets of conditions, tried in turn, beside those that are `needed`, which the claim has."""

    def __init__(self, claim: Claim, needed: tuple[Condition, ...], attempt: Attempt | None):
        self.claim = claim
        self.needed = needed
        self.attempt = attempt
        self.ready = premises(claim, exact=is_exact(claim))
        self.examples = sample_values(claim, EXAMPLES)
        self.options: dict[Condition, _Option] = {}
        self.obstacles: list[_Obstacle] = []
        self.done: set[frozenset[Condition]] = set()
        self.tries = TRIES if claim.objective is None else TRIES_FOR_AN_OPTIMUM

    def found(self) -> tuple[Condition, ...]:
        """Return what is needed and the first set beside it that settles the claim, or ()."""
        # Where nothing is needed the claim is known to be undecided, but not why.
        if self._does(()):
            return self.needed
        with limited(Effort(EFFORT)):
            return self._found_beside()

    def _found_beside(self) -> tuple[Condition, ...]:
        for condition in plain(self.ready.ctx):
            self._suggest(condition, is_plain=True)
        for _ in range(LOOKS):
            more = self._next() if self.tries > 0 else None
            if more is None:
                break
            if self._does(more):
                return (*self.needed, *sorted(self._weakest(more), key=_length))
        return ()

    def _settles(self, claim: Claim) -> bool:
        """Whether the attempt succeeds; if not, note why."""
        self.tries -= 1
        try:
            (self.attempt or proved)(claim)
        except (StuckError, RejectedError) as error:
            for condition in suggested(error, self.ready.ctx):
                self._suggest(condition)
            values = _suspect(claim, error, self.ready.ctx.ring.names)
            if values is not None:
                self._note(_Obstacle(values))
            return False
        return True

    def _weakest(self, more: tuple[Condition, ...]) -> tuple[Condition, ...]:
        """Return a set that does in the place of a stronger one: shorter, or with boundaries."""
        shorter = [more[:k] + more[k + 1 :] for k in range(len(more))] if len(more) > 1 else []
        for fewer in shorter:
            if self._does(fewer):
                return self._weakest(fewer)
        for k, condition in enumerate(more):
            weak = (*more[:k], weaker(condition), *more[k + 1 :])
            if self._does(weak):
                more = weak
        return more

    def _does(self, more: tuple[Condition, ...]) -> bool:
        """Whether a set that was not looked at before settles the claim."""
        if frozenset(more) in self.done or self.tries == 0:
            return False
        self.done.add(frozenset(more))
        claim = _with(self.claim, more)
        try:
            return _is_possible(claim) and not self._is_false(claim) and self._settles(claim)
        except SpentError:
            self.tries = 0
            return False

    def _next(self) -> tuple[Condition, ...] | None:
        """Return the first set that excludes all obstacles; or else all counterexamples."""
        options = sorted(self.options.values(), key=lambda option: option.rank)
        likely = [option for option in options if option.excludes or not option.is_plain]
        every = (1 << len(self.obstacles)) - 1
        false = sum(1 << k for k, o in enumerate(self.obstacles) if o.witness is not None)
        for some, count, wanted in (
            *((some, count, every) for some, count in self._turns(likely)),
            (options, 1, false),
            (options, 2, false),
        ):
            for chosen in _by_rank(some, count):
                excluded = 0
                for option in chosen:
                    excluded |= option.excludes
                more = tuple(option.condition for option in chosen)
                if excluded & wanted == wanted and frozenset(more) not in self.done:
                    return more
        return None

    def _turns(self, options: list[_Option]) -> list[tuple[list[_Option], int]]:
        """Return from which options how many are chosen, in turn.

        Two conditions on parameters and one on sizes come first by turns, as either may be many.
        """
        exact = [option for option in options if not option.is_sized]
        sized = [option for option in options if option.is_sized]
        by_turns = [(exact, 2), (sized, 1)] if self.tries % 2 else [(sized, 1), (exact, 2)]
        return [(exact, 1), *by_turns, (options, 2)]

    def _is_false(self, claim: Claim) -> bool:
        """Whether a counterexample is soon found."""
        if self.attempt is not None:
            return False
        witness = refute(claim, QUICK_VALUES, QUICK_PATHS)
        if witness is not None:
            values = {name: Fraction(text) for name, text in witness["values"].items()}
            self._note(_Obstacle(values, witness))
        return witness is not None

    def _suggest(self, condition: Condition, is_plain: bool = False) -> None:
        """Add an option, unless it is known or about other names."""
        known = self.options.get(condition)
        if known is not None and (is_plain or not known.is_plain):
            return
        if known is None and not _is_news(condition, self.ready):
            return
        is_sized = not names(condition) <= set(self.ready.ctx.ring.names)
        kept = 0 if is_sized else sum(_holds(condition, values) for values in self.examples)
        text = str(condition)
        rank = (is_sized, -kept, is_plain, len(text), text)
        option = self.options[condition] = _Option(condition, rank, is_sized, is_plain)
        for number, obstacle in enumerate(self.obstacles):
            option.excludes |= self._excludes(option, obstacle) << number

    def _note(self, obstacle: _Obstacle) -> None:
        for option in self.options.values():
            option.excludes |= self._excludes(option, obstacle) << len(self.obstacles)
        self.obstacles.append(obstacle)

    def _excludes(self, option: _Option, obstacle: _Obstacle) -> bool:
        """Whether an option excludes an obstacle, or may make it none."""
        if not option.is_sized:
            return not _holds(option.condition, obstacle.values)
        if obstacle.witness is None:
            return True
        return not _allows(_with(self.claim, (option.condition,)), obstacle.witness)


def _length(condition: Condition) -> tuple[int, str]:
    return len(str(condition)), str(condition)


def _by_rank(options: list[_Option], count: int) -> Iterator[tuple[_Option, ...]]:
    """Yield all choices of so many options, those of the least ranks first."""
    numbers = sorted(combinations(range(len(options)), count), key=lambda n: (sum(n), n))
    return (tuple(options[k] for k in chosen) for chosen in numbers)


def _suspect(claim: Claim, error: Exception, parameters: tuple[str, ...]) -> Values | None:
    """Return parameters at which a search failed, as far as its error says."""
    cases = [
        condition for text in cases_of(error) for condition in parse_condition(unmarked(text))
    ]
    about = [case for case in cases if names(case) <= set(parameters)]
    clause, ctx = (error.clause, error.ctx) if isinstance(error, StuckError) else (None, None)
    found = sample_values(_with(claim, about), SUSPECTS)
    # What fell by every power of something was proved for a power of a name of its own.
    if clause is not None and ctx is not None and set(ctx.ring.names) <= set(parameters):
        for values in found:
            if not has_one_at(ctx, clause, values):
                return values
    return found[0] if found and about else None


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


def _holds(condition: Condition, values: Mapping[str, Fraction]) -> bool:
    try:
        left, right = exact_value(condition.left, values), exact_value(condition.right, values)
    except UndecidedError:
        return False
    return left is not None and right is not None and _COMPARE[condition.op](left, right)


def _is_news(condition: Condition, ready: Premises) -> bool:
    """Whether a condition is about names of the claim, and does not follow at once."""
    ctx, used = ready.ctx, names(condition)
    if not used or not used <= set(ctx.ring.names) | ctx.sizes | {"gamma"}:
        return False
    if not used <= set(ctx.ring.names):
        return condition not in ready.claim.assume
    return not follows(condition, ctx)
