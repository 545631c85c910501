r"""Leading terms with their constants, each held against balls before it is shown.

`theory.mellin` proposes the leading term ``T_0`` of a sum F.  At several rational parameters its
later terms ``T_1, ...`` are known as well, as all signs are.  There, along a path that the
assumptions allow, at two sizes where they are below a thousandth of the first, balls must satisfy

    |F - T_0| <= 2 (|T_1| + |T_2| + ...) + 10^-6 |T_0|.

So a constant that is wrong by more than about a thousandth is not shown, and no wrong exponent.
A logarithmic leading term ``c S log X`` is only as good as ``1/log X``; there the difference of
``F/S`` between two sizes must be that of ``T_0/S`` to a thousandth.  No verdict uses any of this,
and finitely many balls prove no asymptotics; they keep a wrong derivation from being shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import islice

from flint import arb

from numerics.balls import Path, Refusal, enclose_expr
from numerics.balls.ball import rational_ball
from proofs_check.claim import Claim
from proofs_check.claimfile import make_claim
from proofs_check.cone import RejectedError
from proofs_check.expr import Expr, Num, Sum, free_names, substitute, walk
from proofs_check.language import parse_expr
from proofs_check.premises import premises
from theory.mellin import Expansion, expansion
from theory.prover import StuckError
from theory.samples import sample_paths, sample_values

__all__ = ["checked_expansion", "is_confirmed"]

POINTS, SIZES = 3, 2
"""How many parameter points, and how many sizes for each."""
SCALES = tuple(10**e for e in (3, 6, 9, 12, 18, 24, 36, 48, 72))
TEETH, SLACK = Fraction(1, 1000), Fraction(1, 10**6)
DIGITS = 30

Values = Mapping[str, Fraction]


def checked_expansion(
    expr: str, assume: Sequence[str] = (), sizes: Sequence[str] = ()
) -> Expansion | None:
    """Return the expansion of a sum if there is one and balls confirm it, else None.

    Parameters as for `ratecert.order`.
    """
    parsed = parse_expr(expr)
    if not any(isinstance(node, Sum) for node in walk(parsed)):
        return None
    claim = make_claim(f"{expr} = Theta(1)", list(assume), sizes=list(sizes))
    try:
        found = expansion(parsed, premises(claim).ctx)
    except (StuckError, RejectedError):
        return None
    return found if found is not None and is_confirmed(parsed, found, claim) else None


def is_confirmed(expr: Expr, found: Expansion, claim: Claim) -> bool:
    """Whether balls around the expression agree with an expansion wherever they are asked."""
    points = sample_values(claim, POINTS)
    try:
        return bool(points) and all(_agrees(expr, found, claim, values) for values in points)
    except Refusal:
        return False


def _agrees(expr: Expr, found: Expansion, claim: Claim, values: Values) -> bool:
    path = _path(expr, claim, values)
    here = substitute(expr, {name: Num(value) for name, value in values.items()})
    special = expansion(here, premises(claim).ctx)
    if path is None or special is None:
        return False
    later = special.terms[1:]
    rungs = (_Rung(expr, found, later, {**values, **path.at(t)}) for t in SCALES)
    if found.has_log:
        return _log_agrees(*islice(rungs, SIZES))
    sharp = list(islice((rung for rung in rungs if rung.is_sharp()), SIZES))
    return len(sharp) == SIZES and all(rung.agrees() for rung in sharp)


def _path(expr: Expr, claim: Claim, values: Values) -> Path | None:
    """Return one way in which the sizes of the expression may grow; ends of sums are integers."""
    for powers in sample_paths(claim, values, 1):
        if "N" in powers:  # N_eff = N/log N
            powers = {"N_eff": (powers["N"][0], powers["N"][1] - 1), **powers}
        known = free_names(expr)
        ends = [free_names(end) for s in walk(expr) if isinstance(s, Sum) for end in (s.lo, s.hi)]
        kept = {name: order for name, order in powers.items() if name in known}
        return Path(kept, Path({}).integers.union(*ends))
    return None


class _Rung:
    """The balls of a sum and of the terms of its expansion at one place."""

    def __init__(self, expr: Expr, found: Expansion, later: tuple[Expr, ...], values: Values):
        self.expr, self.found, self.later, self.values = expr, found, later, values
        self.first = self._ball(found.terms[0])

    def _ball(self, expr: Expr) -> arb:
        return enclose_expr(expr, self.values, DIGITS).arb

    def _later(self) -> arb:
        """Return the sum of the later terms' absolute values; one that vanishes counts nothing."""
        total = arb(0)
        for term in self.later:
            try:
                total += abs(self._ball(term))
            except Refusal as refusal:
                if refusal.reason != "cancellation":
                    raise
        return total

    def is_sharp(self) -> bool:
        """Whether a constant that is wrong by a thousandth or so would be seen here."""
        return bool(2 * self._later() < rational_ball(TEETH) * abs(self.first))

    def agrees(self) -> bool:
        """Whether the later terms explain how far the sum is from the first."""
        allowed = 2 * self._later() + rational_ball(SLACK) * abs(self.first)
        return bool(abs(self._ball(self.expr) - self.first) < allowed)

    def scaled(self) -> tuple[arb, arb]:
        """Return the sum and the first term over the scale."""
        scale = self._ball(self.found.scale)
        return self._ball(self.expr) / scale, self.first / scale


def _log_agrees(one: _Rung, other: _Rung) -> bool:
    (F, T), (G, U) = one.scaled(), other.scaled()
    return bool(abs((G - F) - (U - T)) < rational_ball(TEETH) * abs(U - T))
