r"""Terms of a sum as piecewise monomials in the index, and the order of the sum.

Along a path ``t -> oo`` (see `ratecert.proofs_check.paths.orders`) a *profile* is a finite list of
pieces that cover ``1 <= i < oo``: on ``P <= i <= Q`` it is ``V i^c L^p`` with ``L = log(i+2)``,
where P, Q, V are functions of t of the form ``t^x (log t)^y (log log t)^z`` and c, p are rational.
 In logarithms, and without L, it is piecewise linear, so profiles are closed under products,
 powers,
maxima (which stand for sums, up to the factor 2) and minima.  One profile F bounds a positive
function f from above, ``f(i) <= C F(i)``, another from below, ``f(i) >= c F(i)``, with constants
that depend neither on i nor on t.  A value None stands for the trivial lower bound 0.

*Crossings.*  Let two pieces have the quotient ``i^d L^q / W`` (d, q the differences of exponents).
If ``d > 0``, put ``X = W^(1/d)``.  The function ``h(i) = i L^(q/d)`` is at least a constant on ``i
>= 1``, and ``h(j) >= c h(i)`` for ``j >= i``: it is increasing up to a factor.  If X is at most a
constant, so ``h >= c X`` throughout; otherwise ``h = X`` up to factors at ``i = X log(X)^(-q/d)``,
where ``log(i)`` and ``log(X)`` are of one order, and ``h >= c X`` above, ``h <= C X`` below.  If
``d = 0`` the quotient is monotone, and one piece is the larger one throughout if it is at both
ends; otherwise they cross at the exponential of a power of W, which is refused.

**Rule (sum).**  Let ``lo`` and ``hi`` have orders ``L < H`` (``H = oo`` allowed), ``lo`` positive,
and let F be a profile of f.  Then ``Σ f(i)`` over ``lo <= i <= hi`` is bounded, up to a constant,
by the largest of the following over the pieces ``V i^c log(i+1)^p`` of F cut to ``[L, H]``,
``P < Q``:

    c > -1:  V Q^(c+1) log(Q)^p                     (Q = oo: refused, the sum diverges)
    c < -1:  V P^(c+1) log(P+1)^p
    c = -1:  V ∫_P^Q log(i+1)^p di/i

*Proof.*  ``[y, 2y]``, ``y >= 1``, holds between ``y/2`` and ``2y`` integers, and on it the summand
changes by a bounded factor.  So the sum over ``[P, Q]`` is, up to constants,
``V ∫_P^Q i^c log(i+1)^p di`` as soon as ``Q >= 2P``, which holds for large t as ``Q/P -> oo``.
For ``c > -1`` put ``e = (c+1)/2``: ``log(i+1)^p <= K (Q/i)^e log(Q+1)^p`` for ``1 <= i <= Q``, so
the integral is at most of the order given, and the last octave alone attains it; for ``c < -1``
likewise from the other end.  For ``c = -1`` and ``p = 0`` it is ``log(Q/P)``.  For other p: if
log(P+1) and log(Q) have one order A, it is of order ``A^p log(Q/P)``; otherwise, with orders
``A = o(B)``, it is of the order of ``(B^(p+1) - A^(p+1))/(p+1)``, that is of ``B^(p+1)`` for
``p > -1`` and of ``A^(p+1)`` for ``p < -1``, and ``log(B/A)`` for ``p = -1``.

*The ends.*  ``lo`` and ``hi`` are L and H only up to constant factors.  From below the sum over
``[K L, H/K]`` is enough, and cutting a piece at K L instead of L changes none of the three values
by more than a constant factor, since its ends stay infinitely far apart.  From above there may
come the terms of ``[L/K, L]`` and ``[H, K H]``: at most ``K L`` of them, each at most of order
F(L) as given by a piece that contains or touches L; likewise at H.  These are added.  If L and H
have one order, they are all there is from above, and from below, as the sum may be empty, nothing
is known.

**Rule (partial sums).**  Let F be a profile of f on ``j >= 1``, r a constant and ``i >= r >= 1``.
For i in the piece ``V j^c log(j+2)^p`` on ``[P, Q]`` of F, the sum ``S(i) = Σ f(j)`` over
``r <= j <= i`` is bounded by the larger one of what the pieces before give for i = P and

    c > -1:  V i^(c+1) log(i+2)^p
    c < -1:  V P^(c+1) log(P+2)^p
    c = -1:  V log(i+2)^(p+1)  for p > -1,    V log(P+2)^(p+1)  for p < -1

from below if F is continuous at P (the orders of both pieces there are equal), and for ``c = -1``
only on the first piece.  ``p = c = -1`` is refused.

*Proof.*  From above: S is at most the sum over ``j <= P`` and that over ``[P, i]``; the latter is
bounded by the integral as in the rule above, with ``P log(P)^p <= C i log(i)^p`` and the like for
its first term; for ``c = -1`` it is at most the integral from 1 to i (``p > -1``), or from P to
infinity.  From below: S is increasing, so at least S(P).  On the first piece P = 1: the first
term is a constant times V, and ``[i/2, i]`` or ``[r, i]`` give the rest by the integral.  On a
later piece P tends to infinity, as its order is larger than that of the piece before, which is at
least 1; there, if ``i >= 2P``, ``[i/2, i]`` attains the first line and ``[P, 2P]`` the second one.
If ``P <= i <= 2P``, both lines are of the order of ``P F(P)``, and ``[P/2, P]`` attains that: it
lies in the piece before, whose start is of smaller order than P, and in which F is of the order
of F(P) there, by continuity.

**Rule (tails).**  Likewise for ``T(i) = Σ f(j)`` over ``j >= i >= 1``: the larger one of what the
pieces beyond give for i = Q and

    c < -1:  V i^(c+1) log(i+2)^p
    c > -1:  V Q^(c+1) log(Q+2)^p                       (Q = oo: refused, it diverges)
    c = -1:  V log(i+2)^(p+1)  for p < -1,    V log(Q+2)^(p+1)  for p > -1  (Q = oo: refused)

from below if F is continuous at Q, and for ``c = -1`` only where Q is infinite.  *Proof.*  As
above from the other end: ``[i, 2i]`` and ``[Q/2, Q]`` attain the two lines for ``i <= Q/2``, and
for ``Q/2 <= i <= Q`` they are of the order of ``Q F(Q)``, which ``[Q, 2Q]`` attains: it lies in
the piece beyond, whose end is of larger order than Q.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ratecert.proofs_check.paths.orders import CONSTANT, Order, UndecidedError

__all__ = [
    "Piece",
    "Profile",
    "at_most_constant",
    "constant",
    "ends_within",
    "highest",
    "index_itself",
    "is_bounded",
    "log_of_index",
    "lowest",
    "raised",
    "sum_order",
    "sums_from",
    "sums_up_to",
    "times",
]

ZERO, ONE = Fraction(0), Fraction(1)
MAX_PIECES = 200
"""Profiles of more pieces are refused."""


@dataclass(frozen=True, slots=True)
class Piece:
    """``value * i^slope * log(i+2)^logs`` for ``start <= i <= end``.

    `end` None is infinity, `value` None zero.
    """

    start: Order
    end: Order | None
    value: Order | None
    slope: Fraction = ZERO
    logs: Fraction = ZERO

    def at(self, index: Order) -> Order | None:
        """Return the order of the value at ``i = index``."""
        if self.value is None:
            return None
        return self.value * index**self.slope * _log_power(index, self.logs)

    def is_one(self) -> bool:
        """Whether the value is 1 throughout."""
        return self.value == CONSTANT and self.slope == self.logs == 0

    def cut(self, start: Order, end: Order | None) -> Piece:
        """Return the same monomial on another range."""
        return Piece(start, end, self.value, self.slope, self.logs)

    def without_value(self) -> Piece:
        """Return the trivial lower bound on the same range."""
        return Piece(self.start, self.end, None)


Profile = tuple[Piece, ...]
"""Pieces in order, the first from 1, the last to infinity, each starting where one ends."""


def constant(value: Order | None) -> Profile:
    """Return the profile that does not depend on the index."""
    return (Piece(CONSTANT, None, value),)


def index_itself() -> Profile:
    """Return the profile of the index i."""
    return (Piece(CONSTANT, None, CONSTANT, ONE),)


def log_of_index() -> Profile:
    """Return the profile of ``log(i + 1)``."""
    return (Piece(CONSTANT, None, CONSTANT, ZERO, ONE),)


def times(profiles: Sequence[Profile]) -> Profile:
    """Return the product."""
    return _folded(profiles, _product)


def highest(profiles: Sequence[Profile]) -> Profile:
    """Return the maximum, which is also the order of the sum."""
    return _folded(profiles, lambda f, g: _chosen(f, g, larger=True))


def lowest(profiles: Sequence[Profile]) -> Profile:
    """Return the minimum."""
    return _folded(profiles, lambda f, g: _chosen(f, g, larger=False))


def raised(profile: Profile, exponent: Fraction) -> Profile:
    """Return the power; a negative one of a trivial lower bound is refused."""
    return tuple(_power(piece, exponent) for piece in profile)


def at_most_constant(profile: Profile) -> Profile:
    """Return 1 where the profile is at most 1, and the trivial lower bound 0 elsewhere."""
    larger = highest([constant(CONSTANT), profile])
    return tuple(piece if piece.is_one() else piece.without_value() for piece in larger)


def is_bounded(profile: Profile) -> bool:
    """Whether the profile is at most 1 everywhere."""
    return all(piece.is_one() for piece in highest([constant(CONSTANT), profile]))


def _power(piece: Piece, exponent: Fraction) -> Piece:
    if piece.value is not None:
        slope, logs = piece.slope * exponent, piece.logs * exponent
        return Piece(piece.start, piece.end, piece.value**exponent, slope, logs)
    if exponent > 0:
        return piece
    raise UndecidedError("a function that may be arbitrarily small is divided by")


# Operations on two profiles, piece by piece over common ranges.

_Operation = Callable[[Piece, Piece], Iterator[Piece]]


def _folded(profiles: Sequence[Profile], operation: _Operation) -> Profile:
    result = profiles[0]
    for profile in profiles[1:]:
        pieces = (p for f, g in _common(result, profile) for p in operation(f, g))
        result = _merged(pieces)
    return result


def _merged(pieces: Iterator[Piece]) -> Profile:
    """Join neighbours that are the same monomial."""
    merged: list[Piece] = []
    for piece in pieces:
        if merged and merged[-1].cut(piece.start, piece.end) == piece:
            merged[-1] = piece.cut(merged[-1].start, piece.end)
        else:
            merged.append(piece)
    if len(merged) > MAX_PIECES:
        raise UndecidedError(f"a term of a sum has more than {MAX_PIECES} pieces")
    return tuple(merged)


def _common(first: Profile, second: Profile) -> Iterator[tuple[Piece, Piece]]:
    """Yield the pieces of both, cut to common ranges."""
    f, g, start = 0, 0, CONSTANT
    while True:
        left, right = first[f], second[g]
        end = _earlier(left.end, right.end)
        yield left.cut(start, end), right.cut(start, end)
        if end is None:
            return
        f += left.end == end
        g += right.end == end
        start = end


def _product(f: Piece, g: Piece) -> Iterator[Piece]:
    if f.value is None or g.value is None:
        yield f.without_value()
    else:
        yield Piece(f.start, f.end, f.value * g.value, f.slope + g.slope, f.logs + g.logs)


def _chosen(f: Piece, g: Piece, *, larger: bool) -> Iterator[Piece]:
    """Yield the larger or the smaller of two monomials on one range, cut where they cross."""
    if f.value is None or g.value is None:
        yield g if (f.value is None) == larger else f
        return
    if f.slope == g.slope:
        yield f if _is_larger(f, g) == larger else g
        return
    # From the crossing on the steeper one is the larger.
    crossing = _crossing(f.slope - g.slope, f.logs - g.logs, g.value / f.value)
    before, after = (g, f) if (f.slope > g.slope) == larger else (f, g)
    if crossing <= f.start:
        yield after
    elif f.end is not None and crossing >= f.end:
        yield before
    else:
        yield before.cut(f.start, crossing)
        yield after.cut(crossing, f.end)


def _is_larger(f: Piece, g: Piece) -> bool:
    """Whether f is the larger one of two pieces with one slope on their whole range."""
    if f.value is None or g.value is None or f.logs == g.logs:
        return f.value is not None and (g.value is None or f.value > g.value)
    signs = {_sign(f, g, f.start), _sign(f, g, f.end)} - {0}
    if len(signs) > 1:
        raise UndecidedError("two logarithms cross along a sum where no rule says")
    return signs == {1}


def _sign(f: Piece, g: Piece, index: Order | None) -> int:
    """Compare two pieces with one slope at an index, None for infinity."""
    if index is None:
        return 1 if f.logs > g.logs else -1
    first, second = f.at(index), g.at(index)
    assert first is not None, "the caller has seen to this"
    assert second is not None, "the caller has seen to this"
    return (first > second) - (first < second)


def _crossing(slope: Fraction, logs: Fraction, ratio: Order) -> Order:
    """Return the order of i where ``i^slope log(i+2)^logs`` is of the order of `ratio`."""
    place = ratio ** (1 / slope)
    if logs == 0:
        return place
    return CONSTANT if place <= CONSTANT else place * place.log() ** (-logs / slope)


# The rule for sums.


def sum_order(profile: Profile, lo: Order, hi: Order | None, *, upper: bool) -> Order | None:
    """Return a bound of ``Σ f(i)`` over ``lo <= i <= hi``, by the rule above.

    `profile` bounds f from the side that `upper` says.  ``CONSTANT <= lo <= hi``; `hi` None is
    infinity.  The result None is the trivial lower bound 0.

    Raises
    ------
    UndecidedError
        Where the sum diverges or needs a logarithm that `Order` cannot express.
    """
    bounds = [_piece_sum(piece) for piece in _within(profile, lo, hi)]
    if upper:
        bounds += [_edge(piece, lo) for piece in profile if _touches(piece, lo)]
        if hi is not None:
            bounds += [_edge(piece, hi) for piece in profile if _touches(piece, hi)]
    known = [bound for bound in bounds if bound is not None]
    return max(known) if known else None


# The rules for partial sums and tails.


def sums_up_to(profile: Profile, *, upper: bool) -> Profile:
    """Return the profile in i of ``Σ f(j)`` over ``r <= j <= i``, by the rule above.

    Raises
    ------
    UndecidedError
        Where no rule gives it.
    """
    found: list[Piece] = []
    for before, piece in zip((None, *profile), profile, strict=False):
        _require_continuity(before, piece, piece.start, upper)
        rest = found[-1].at(piece.start) if found else None
        is_whole = before is None
        found += _with_rest(piece, _partial(piece, piece.start, False, is_whole or upper), rest)
    return _merged(iter(found))


def sums_from(profile: Profile, *, upper: bool) -> Profile:
    """Return the profile in i of ``Σ f(j)`` over ``j >= i``, by the rule above.

    Raises
    ------
    UndecidedError
        Where no rule gives it.
    """
    found: list[Piece] = []
    for beyond, piece in zip((None, *reversed(profile)), reversed(profile), strict=False):
        if piece.end is not None:
            _require_continuity(beyond, piece, piece.end, upper)
        rest = found[0].at(piece.end) if found and piece.end is not None else None
        own = _partial(piece, piece.end, True, piece.end is None or upper)
        found = [*_with_rest(piece, own, rest), *found]
    return _merged(iter(found))


def _require_continuity(other: Piece | None, piece: Piece, place: Order, upper: bool) -> None:
    if upper or other is None or piece.value is None:
        return
    if other.at(place) != piece.at(place):
        raise UndecidedError("no rule for partial sums of terms that jump")


def _with_rest(piece: Piece, own: Piece, rest: Order | None) -> list[Piece]:
    """Return the larger one of what a piece and what the others give."""
    return list(_chosen(Piece(piece.start, piece.end, rest), own, larger=True))


def _partial(piece: Piece, end: Order | None, tail: bool, flat: bool) -> Piece:
    """Return the sum of a piece from one of its ends, as a function of the other limit i.

    `end` is where the sum begins, or ends where it is a `tail`; `flat` says whether the rule
    covers the power -1.
    """
    if piece.value is None:
        return piece
    growth, logs = piece.slope + 1, piece.logs
    at_index = (growth < 0) == tail
    if growth == 0:
        if logs == -1 or not flat:
            raise UndecidedError("no rule for this partial sum of 1/j times logarithms")
        logs += 1
        at_index = (logs < 0) == tail
    if at_index:
        return Piece(piece.start, piece.end, piece.value, growth, logs)
    if end is None:
        raise UndecidedError("the sum over all i diverges")
    return Piece(piece.start, piece.end, piece.value * end**growth * _log_power(end, logs))


def ends_within(profile: Profile, lo: Order, hi: Order | None) -> list[Order | None]:
    """Return the orders of the values at all ends of pieces within ``lo <= i <= hi``.

    Between them the profile is monotone, up to constant factors.
    """
    values: list[Order | None] = []
    for piece in profile:
        start, end = max(lo, piece.start), _earlier(hi, piece.end)
        if end is None and (piece.slope or piece.logs):
            raise UndecidedError("no rule for a logarithm that changes along an infinite sum")
        if end is None or start <= end:
            values += [piece.at(start), piece.at(start if end is None else end)]
    return values


def _within(profile: Profile, lo: Order, hi: Order | None) -> Iterator[Piece]:
    for piece in profile:
        start, end = max(lo, piece.start), _earlier(hi, piece.end)
        if end is None or start < end:
            yield piece.cut(start, end)


def _earlier(first: Order | None, second: Order | None) -> Order | None:
    """Return the smaller of two ends, where None is infinity."""
    if first is None or second is None:
        return second if first is None else first
    return min(first, second)


def _touches(piece: Piece, index: Order) -> bool:
    return piece.start <= index and (piece.end is None or index <= piece.end)


def _edge(piece: Piece, index: Order) -> Order | None:
    value = piece.at(index)
    return None if value is None else value * index


def _piece_sum(piece: Piece) -> Order | None:
    if piece.value is None:
        return None
    growth = piece.slope + 1
    if growth < 0:
        return piece.value * piece.start**growth * _log_power(piece.start, piece.logs)
    if growth == 0:
        return piece.value * _flat(piece.start, piece.end, piece.logs)
    if piece.end is None:
        raise UndecidedError("the sum over all i diverges")
    return piece.value * piece.end**growth * _log_power(piece.end, piece.logs)


def _log_power(index: Order, logs: Fraction) -> Order:
    """Return the order of ``log(i+2)^logs``."""
    return _log(index) ** logs if logs else CONSTANT


def _log(index: Order) -> Order:
    return CONSTANT if index == CONSTANT else index.log()


def _flat(start: Order, end: Order | None, logs: Fraction) -> Order:
    """Return the order of the integral of ``log(i+1)^logs di/i``."""
    if end is None:
        if logs >= -1:
            raise UndecidedError("the sum over all i diverges")
        return _log(start) ** (logs + 1)
    if logs == 0:
        return (end / start).log()
    low, high = _log(start), _log(end)
    if low == high:
        return low**logs * (end / start).log()
    if logs == -1:
        return (high / low).log()
    return (high if logs > -1 else low) ** (logs + 1)
