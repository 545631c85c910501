r"""Expansions with their constants, each term held against balls before it is shown.

`ratecert.theory.expansions.expansions` proposes the terms ``T_0, T_1, ...`` of a sum F.  At
several rational parameters some later terms are known as well, as all signs are.  There, along a
path that the assumptions allow, at two sizes (even and odd ones) where the terms after ``T_k`` are
below a thousandth of it, balls must satisfy

    |F - T_0 - ... - T_k| <= 2 (|T_{k+1}| + |T_{k+2}| + ...) + 10^-6 |T_k|.

So a constant that is wrong by more than about a thousandth is not shown, and no wrong exponent.
A term ``c S log X`` is looked at together with the next one, ``c' S``.  If that is not known, the
difference of ``F/S`` between two sizes must be that of ``T_0/S`` to a thousandth.  No verdict uses
any of this, and finitely many balls prove no asymptotics; they keep a wrong derivation from being
shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from flint import arb

from ratecert.numerics.balls import LadderPath, Refusal, enclose_expr
from ratecert.numerics.balls.ball import precision, rational_ball
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.premises import premises
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Expr, Num, Sum, free_names, substitute, walk
from ratecert.theory.expansions.expansions import Expansion, expansion
from ratecert.theory.search.prover import StuckError
from ratecert.theory.witnesses.samples import sample_paths, sample_values

__all__ = ["Agreement", "Confirmed", "checked_expansion", "confirmed"]

POINTS, SIZES = 3, 2
"""How many parameter points, and how many sizes for each."""
SCALES = tuple(10**e for e in (3, 6, 9, 12, 18, 24, 36, 48, 72))
TEETH, SLACK = Fraction(1, 1000), Fraction(1, 10**6)
FAR = 3
"""The first of the scales that are far out."""
MORE = 3
"""So many terms more than are shown are asked for, for the bound of what is left out."""
DIGITS = 30

Values = Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Parameters and sizes at which balls agreed with a term."""

    term: int
    values: Values
    sizes: Values


@dataclass(frozen=True, slots=True)
class Confirmed:
    """An expansion cut after the last term that balls confirm, and where they were asked."""

    expansion: Expansion
    places: tuple[Agreement, ...]


def checked_expansion(
    expr: str, assume: Sequence[str] = (), sizes: Sequence[str] = (), terms: int = 1
) -> Confirmed | None:
    """Return up to so many terms of a sum, those that balls confirm; None where there are none.

    Parameters as for `ratecert.order`.
    """
    claim = make_claim(f"{expr} = Theta(1)", list(assume), sizes=list(sizes))
    try:
        ready = premises(claim, exact=True)
        parsed = ready.read(claim.left)
        found = expansion(parsed, ready.ctx, terms + 1)
    except (StuckError, RejectedError):
        return None
    if found is None:
        return None
    places = confirmed(parsed, found, claim, terms)
    known = 1 + max((place.term for place in places), default=-1)
    return Confirmed(found.first(known), places) if known else None


def confirmed(expr: Expr, found: Expansion, claim: Claim, terms: int = 1) -> tuple[Agreement, ...]:
    """Return where balls around the expression agreed with the first terms of an expansion.

    Term after term, as long as they agree wherever they are asked, and at least once.
    """
    points = [_Point(expr, found, claim, values) for values in sample_values(claim, POINTS)]
    known: list[Agreement] = []
    for number in range(min(terms, len(found.terms))):
        try:
            here = [place for point in points for place in point.places(number)]
        except (Refusal, _DisagreementError):
            break
        if not here:
            break
        known += here
    return tuple(known)


class _DisagreementError(Exception):
    """Balls contradict a term, or cannot tell."""


class _Point:
    """An expansion at one point of the parameters, along one path of the sizes."""

    def __init__(self, expr: Expr, found: Expansion, claim: Claim, values: Values):
        self.expr, self.found, self.values = expr, found, values
        self.path = _path(expr, claim, values)
        here = substitute(expr, {name: Num(value) for name, value in values.items()})
        self.special = expansion(here, premises(claim).ctx, len(found.terms) + MORE)
        self.rungs: dict[int, _Rung] = {}

    def places(self, number: int) -> list[Agreement]:
        """Return where a term was asked for and holds; nowhere if it vanishes at this point.

        Raises
        ------
        _DisagreementError
            Where it does not hold, or too few sizes could tell.
        """
        if self._rung(SCALES[0]).term(number).is_zero():
            return []
        if self.found.logs[number] and number + 1 == len(self.found.terms):
            told = [self._rung(t) for t in SCALES[FAR:][:SIZES]]
            agree = number == 0 and _log_agrees(*told)
        else:
            # Beside its logarithm a term is only seen together with the next one.
            last = number + self.found.logs[number]
            told = list(islice(self._telling(last), SIZES))
            agree = len(told) == SIZES and all(rung.agrees(last) for rung in told)
        if not agree:
            raise _DisagreementError
        return [Agreement(number, self.values, rung.sizes) for rung in told]

    def _telling(self, last: int) -> Iterator[_Rung]:
        """Yield the places where wrong terms up to this one would be seen."""
        # Where nothing is known of what follows, it has to vanish far out.
        is_far = self._rung(SCALES[0]).later(last).is_zero()
        rungs = (self._rung(t) for t in SCALES[FAR if is_far else 0 :])
        return (rung for rung in rungs if rung.is_sharp(last))

    def _rung(self, t: int) -> _Rung:
        if self.path is None or self.special is None:
            raise _DisagreementError
        if t not in self.rungs:
            at = self.path.at(t, SCALES.index(t))
            self.rungs[t] = _Rung(self.expr, self.found, self.special, self.values, at)
        return self.rungs[t]


class _Rung:
    """The balls of a sum and of the terms of its expansion at one place."""

    def __init__(
        self, expr: Expr, found: Expansion, special: Expansion, values: Values, sizes: Values
    ):
        self.expr, self.found, self.special, self.sizes = expr, found, special, sizes
        self.values = {**values, **sizes}
        self.terms: dict[int, arb] = {}

    def _ball(self, expr: Expr, digits: int = DIGITS) -> arb:
        """Return the value; 0 for a term whose ball at this precision holds 0."""
        try:
            return enclose_expr(expr, self.values, digits).arb
        except Refusal as refusal:
            if refusal.reason != "cancellation":
                raise
            return arb(0)

    def term(self, number: int) -> arb:
        """Return a term."""
        if number not in self.terms:
            self.terms[number] = self._ball(self.found.terms[number])
        return self.terms[number]

    def later(self, number: int) -> arb:
        """Return the sum of the absolute values of the known terms that are smaller."""
        scale = self._ball(self.found.scales[number])
        known = zip(self.special.terms, self.special.scales, strict=True)
        smaller = (term for term, other in known if self._ball(other) < scale)
        return sum((abs(self._ball(term)) for term in smaller), arb(0))

    def is_sharp(self, number: int) -> bool:
        """Whether a constant that is wrong by a thousandth or so would be seen here."""
        term = abs(self.term(number))
        return bool(2 * self.later(number) < rational_ball(TEETH) * term)

    def agrees(self, number: int) -> bool:
        """Whether the later terms explain how far the sum is from its first terms."""
        allowed = 2 * self.later(number) + rational_ball(SLACK) * abs(self.term(number))
        digits = DIGITS + self._lost(number)
        with precision(4 * digits):
            first = [self._ball(term, digits) for term in self.found.terms[: number + 1]]
            rest = self._ball(self.expr, digits) - sum(first, arb(0))
        return bool(abs(rest) < allowed)

    def _lost(self, number: int) -> int:
        """Return how many digits cancel when the terms before one are taken from the sum."""
        share = abs(self.term(0) / self.term(number)).log() / arb(10).log()
        return max(0, int(share.upper().ceil().fmpq().p)) if share.is_finite() else 0

    def scaled(self) -> tuple[arb, arb]:
        """Return the sum and the first term over the scale without its logarithm."""
        scale = self.found.remainder
        assert scale is not None
        return self._ball(self.expr) / self._ball(scale), self.term(0) / self._ball(scale)


def _log_agrees(one: _Rung, other: _Rung) -> bool:
    (F, T), (G, U) = one.scaled(), other.scaled()
    return bool(abs((G - F) - (U - T)) < rational_ball(TEETH) * abs(U - T))


def _path(expr: Expr, claim: Claim, values: Values) -> LadderPath | None:
    """Return one way in which the sizes of the expression may grow; ends of sums are integers."""
    for powers in sample_paths(claim, values, 1):
        if "N" in powers:  # N_eff = N/log N
            powers = {"N_eff": (powers["N"][0], powers["N"][1] - 1), **powers}
        known = free_names(expr)
        ends = [free_names(end) for s in walk(expr) if isinstance(s, Sum) for end in (s.lo, s.hi)]
        kept = {name: order for name, order in powers.items() if name in known}
        return LadderPath(kept, LadderPath({}).integers.union(*ends))
    return None
