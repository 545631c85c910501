"""Profiles against piecewise linear functions: what is `highest`, and how large the sums are.

In logarithms, ``i = t^u``, a profile without logarithms is a piecewise linear function F of u.  It
is evaluated here at many places on its own; the rules of `profiles` never look at places.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise, product

import pytest

from ratecert.proofs_check.paths.orders import CONSTANT, LOG, LOGLOG, Order, UndecidedError
from ratecert.proofs_check.paths.profiles import (
    MAX_PIECES,
    Piece,
    Profile,
    at_most_constant,
    constant,
    ends_within,
    highest,
    index_itself,
    is_bounded,
    log_of_index,
    lowest,
    raised,
    sum_order,
    sums_from,
    sums_up_to,
    times,
)

SLOPES = tuple(map(Fraction, ("-2", "-1", "-1/2", "0", "1")))
PLACES = tuple(Fraction(k, 12) for k in range(0, 72, 5))
T, ONE = Order(Fraction(1)), Fraction(1)


def drawn(seed: int, count: int) -> list[Profile]:
    """Draw continuous profiles of up to three pieces, some of them 0 from some place on."""
    chance = random.Random(seed)
    found: list[Profile] = []
    for _ in range(count):
        ends = sorted(chance.sample([Fraction(k, 2) for k in range(1, 6)], chance.randrange(3)))
        value, before = Fraction(chance.randrange(-2, 3), 2), Fraction(0)
        pieces: list[Piece] = []
        for start, end in pairwise([Fraction(0), *ends, None]):
            slope = chance.choice(SLOPES)
            value += (start or 0) * (before - slope)
            before = slope
            stop = None if end is None else T**end
            pieces.append(Piece(T ** (start or Fraction(0)), stop, T**value, slope))
        if chance.random() < 0.2:
            pieces[-1] = pieces[-1].without_value()
        found.append(tuple(pieces))
    return found


def at(profile: Profile, u: Fraction) -> Fraction | None:
    """Return the exponent of the value at ``i = t^u``, in the first piece that has the place."""
    piece = next(p for p in profile if p.end is None or T**u <= p.end)
    value = piece.at(T**u)
    return None if value is None else value.x


def is_whole(profile: Profile) -> bool:
    """Whether the pieces cover all indices, each beginning where one ends."""
    ends = [piece.end for piece in profile]
    return (
        profile[0].start == CONSTANT
        and ends[-1] is None
        and all(a.end == b.start for a, b in pairwise(profile))
        and all(p.end is None or p.start < p.end for p in profile)
    )


def no_jump(*profiles: Profile) -> list[Fraction]:
    """Return the places where no piece with a value meets one without."""
    jumps = {p.end for profile in profiles for p in profile}
    return [u for u in PLACES if T**u not in jumps]


PAIRS = list(zip(drawn(1, 300), drawn(2, 300), strict=True))


def test_of_two_profiles_the_larger_the_smaller_and_the_product() -> None:
    for f, g in PAIRS:
        larger, smaller, both = highest([f, g]), lowest([f, g]), times([f, g])
        assert is_whole(larger)
        assert is_whole(smaller)
        assert is_whole(both)
        for u in no_jump(f, g):
            x, y = at(f, u), at(g, u)
            known = [v for v in (x, y) if v is not None]
            assert at(larger, u) == max(known, default=None)
            assert at(smaller, u) == (min(known) if len(known) == 2 else None)
            assert at(both, u) == (x + y if x is not None and y is not None else None)


def test_neighbours_that_are_the_same_monomial_are_one_piece() -> None:
    for f, _ in PAIRS:
        for same in (highest([f, f]), lowest([f, f]), times([f, constant(CONSTANT)])):
            assert all(a.cut(b.start, b.end) != b for a, b in pairwise(same))
    split = (Piece(CONSTANT, T, T), Piece(T, T**2, T), Piece(T**2, None, T, Fraction(1)))
    joined = times([split, constant(CONSTANT)])
    assert joined == (Piece(CONSTANT, T**2, T), Piece(T**2, None, T, Fraction(1)))


def test_powers() -> None:
    for f, _ in PAIRS[:60]:
        has_value = all(piece.value is not None for piece in f)
        for exponent in (Fraction(1, 2), Fraction(2), Fraction(-1), Fraction(0)):
            if exponent <= 0 and not has_value:
                with pytest.raises(UndecidedError, match="arbitrarily small"):
                    raised(f, exponent)
                continue
            found = raised(f, exponent)
            for u in no_jump(f):
                x = at(f, u)
                assert at(found, u) == (None if x is None else x * exponent)


def test_what_is_at_most_constant() -> None:
    for f, _ in PAIRS:
        bound = at_most_constant(f)
        assert is_whole(bound)
        for u in no_jump(f, bound):
            x = at(f, u)
            if x == 0 and at(bound, u) is None:
                assert any(p.start == T**u and p.slope > 0 for p in f)  # it rises from here on
            else:
                assert at(bound, u) == (0 if x is None or x <= 0 else None)
        values = [at(f, u) for u in (*PLACES, Fraction(50))]
        assert is_bounded(f) == all(x is None or x <= 0 for x in values)


def vertices(f: Profile, lo: Fraction, hi: Fraction | None) -> list[Piece]:
    ends = (T**lo, None if hi is None else T**hi)
    found = []
    for piece in f:
        start = max(piece.start, ends[0])
        end = min((e for e in (piece.end, ends[1]) if e is not None), default=None)
        if end is None or start < end:
            found.append(piece.cut(start, end))
    return found


def expected(pieces: Sequence[Piece]) -> Order | None:
    """Return the largest ``f(i) i`` at the ends of pieces, with a logarithm for ``1/i``."""
    found: list[Order] = []
    for piece in pieces:
        if piece.value is None:
            continue
        slope = piece.slope + 1
        if piece.end is None and slope >= 0:
            raise UndecidedError("diverges")
        for place in (piece.start, piece.end):
            if place is not None:
                value = piece.value * place**slope
                found.append(value * LOG if slope == 0 else value)
    return max(found, default=None)


@pytest.mark.parametrize("upper", [True, False])
def test_sums_are_as_large_as_their_largest_octave(upper: bool) -> None:
    ranges: list[tuple[Fraction, Fraction | None]]
    ranges = [(lo, hi) for lo, hi in product(PLACES[:8:2], (*PLACES[2:10:3], None))]
    for (f, _), (lo, hi) in product(PAIRS[:120], ranges):
        if (hi is not None and hi <= lo) or (upper and any(p.value is None for p in f)):
            continue
        end = None if hi is None else T**hi
        try:
            value = expected(vertices(f, lo, hi))
        except UndecidedError:
            with pytest.raises(UndecidedError, match="diverges"):
                sum_order(f, T**lo, end, upper=upper)
            continue
        assert sum_order(f, T**lo, end, upper=upper) == value


def test_a_range_of_one_order_has_its_terms_from_above_and_nothing_from_below() -> None:
    for f, _ in PAIRS[:60]:
        for u in no_jump(f)[:6]:
            x = at(f, u)
            above = None if x is None else T ** (x + u)
            assert sum_order(f, T**u, T**u, upper=True) == above
            assert sum_order(f, T**u, T**u, upper=False) is None


@pytest.mark.parametrize("upper", [True, False])
def test_partial_sums_and_tails(upper: bool) -> None:
    tried = 0
    for f, _ in PAIRS:
        for made, is_tail in ((sums_up_to, False), (sums_from, True)):
            try:
                sums = made(f, upper=upper)
            except UndecidedError:
                continue
            assert is_whole(sums)
            tried += 1
            for u in no_jump(f, sums):
                if u == 0:
                    continue
                part = vertices(f, u, None) if is_tail else vertices(f, Fraction(0), u)
                value = expected(part)
                piece = next(p for p in sums if p.end is None or T**u < p.end)
                assert piece.at(T**u) == value
    assert tried > 200


def test_partial_sums_from_below_need_terms_that_do_not_jump() -> None:
    """Up to i = t the terms are 1, beyond they are ``t^2/i``: but none need lie just beyond t."""
    jump = (Piece(CONSTANT, T, CONSTANT), Piece(T, None, T**3, Fraction(-2)))
    for made in (sums_up_to, sums_from):
        with pytest.raises(UndecidedError, match="jump"):
            made(jump, upper=False)
    assert sums_up_to(jump, upper=True)[-1].at(T**2) == T**2
    zero = (Piece(CONSTANT, T, CONSTANT), Piece(T, None, None))
    assert sums_up_to(zero, upper=False)[-1].at(T**2) == T
    with pytest.raises(UndecidedError, match="jump"):
        sums_from(zero, upper=False)


def test_what_diverges_or_has_no_rule() -> None:
    flat = (Piece(CONSTANT, None, CONSTANT, Fraction(-1)),)
    slow = (Piece(CONSTANT, None, CONSTANT, Fraction(-1), Fraction(-1)),)
    later = (Piece(CONSTANT, T, CONSTANT), Piece(T, None, T, Fraction(-1)))
    for profile, made, upper, message in [
        (flat, sums_from, True, "diverges"),
        (slow, sums_from, True, "no rule for this partial sum"),
        (slow, sums_up_to, True, "no rule for this partial sum"),
        (index_itself(), sums_from, True, "diverges"),
        (later, sums_up_to, False, "no rule for this partial sum"),
    ]:
        with pytest.raises(UndecidedError, match=message):
            made(profile, upper=upper)
    for profile in (flat, slow):
        with pytest.raises(UndecidedError, match="diverges"):
            sum_order(profile, CONSTANT, None, upper=True)
    assert sum_order(slow, T, T**2, upper=True) == CONSTANT
    assert sum_order(slow, CONSTANT, T, upper=True) == Order(z=Fraction(1))


# Logarithms.


def log(power: int | Fraction, slope: int = 0, value: Order = CONSTANT) -> Profile:
    return (Piece(CONSTANT, None, value, Fraction(slope), Fraction(power)),)


def test_logarithms_of_the_index_beside_powers_and_constants() -> None:
    assert highest([log_of_index(), constant(CONSTANT)]) == log_of_index()
    assert lowest([log_of_index(), constant(CONSTANT)]) == constant(CONSTANT)
    assert highest([log(-1), constant(CONSTANT)]) == constant(CONSTANT)
    assert lowest([log(-1), constant(CONSTANT)]) == log(-1)
    assert highest([log(2), log(1)]) == log(2)
    assert lowest([log(2, 1), log(1, 1)]) == log(1, 1)
    assert highest([log(1), log(2, 0, T)]) == log(2, 0, T)
    # Two that cross where log(i) is of the order of log(t): no rule.
    for other in (constant(LOG), log(2, 0, LOG**-ONE)):
        for made in (highest, lowest):
            with pytest.raises(UndecidedError, match="cross"):
                made([log(1), other])
    # With powers they cross at i = t log(t)^-1 and t log(t).
    (before, after) = highest([constant(T), log(1, 1)])
    assert (before.end, before.slope, after.slope) == (T * LOG**-ONE, 0, 1)
    (before, after) = lowest([constant(T), log(-1, 1)])
    assert (before.end, before.slope, after.slope) == (T * LOG, 1, 0)
    assert highest([log(-3, 1), constant(CONSTANT)]) == log(-3, 1)
    (before, after) = highest([constant(LOGLOG), index_itself()])
    assert (before.end, after.start, after.slope) == (LOGLOG, LOGLOG, 1)
    # On a finite range only its ends count.
    ending = (Piece(CONSTANT, T, LOG), Piece(T, None, T**-ONE * LOG, Fraction(1)))
    assert highest([ending, log(1)]) == ending


def test_partial_sums_with_logarithms() -> None:
    later = (Piece(CONSTANT, T, CONSTANT), Piece(T, None, T, -ONE))
    assert sums_up_to(later, upper=True)[-1].at(T**2) == T * LOG
    sooner = (Piece(CONSTANT, T, CONSTANT, -ONE), Piece(T, None, T, Fraction(-2)))
    assert sums_from(sooner, upper=True)[0].at(CONSTANT) == LOG
    with pytest.raises(UndecidedError, match="no rule for this partial sum"):
        sums_from(sooner, upper=False)
    half = Fraction(1, 2)
    for power, made, order in [
        (-half, sums_up_to, LOG**half),
        (Fraction(-2), sums_up_to, CONSTANT),
        (Fraction(-2), sums_from, LOG**-ONE),
        (Fraction(-3, 2), sums_from, LOG**-half),
    ]:
        profile = (Piece(CONSTANT, None, CONSTANT, -ONE, power),)
        for upper in (True, False):
            assert made(profile, upper=upper)[0].at(T) == order
    with pytest.raises(UndecidedError, match="diverges"):
        sums_from((Piece(CONSTANT, None, CONSTANT, -ONE, -half),), upper=True)


def test_sums_with_logarithms() -> None:
    for profile, lo, hi, order in [
        (log(2), CONSTANT, T, T * LOG**2),
        (log(1, -2), T, T**2, T**-ONE * LOG),
        (log(1, -2), CONSTANT, T, CONSTANT),
        (log(1, -1), CONSTANT, T, LOG**2),
        (log(1, -1), T, T**2, LOG**2),
        (log(-2, -1), CONSTANT, T, CONSTANT),
        (log(-2, -1), T, None, LOG**-ONE),
        (log(-2, -1), LOG, T, Order(z=-ONE)),
        (log(2, -1), LOG, T, LOG**3),
        (log(-1, -1), LOG, T, Order(z=ONE)),
        (log(-ONE / 2, -1), LOG, T, LOG ** (ONE / 2)),
        (log(-ONE * 3 / 2, -1), LOG, T, LOGLOG ** (-ONE / 2)),
        (log(-1, -1), T, T * LOG, LOG**-ONE * Order(z=ONE)),
    ]:
        for upper in (True, False):
            assert sum_order(profile, lo, hi, upper=upper) == order, (profile, lo, hi)
    for profile in (log(-1, -1), log(0, -1), log(1, -1)):
        with pytest.raises(UndecidedError, match="diverges"):
            sum_order(profile, T, None, upper=True)


def test_the_ends_of_pieces_within_a_range() -> None:
    f = (Piece(CONSTANT, T, CONSTANT, ONE), Piece(T, T**2, T), Piece(T**2, None, T**3, -ONE))
    half, two = Fraction(1, 2), Fraction(2)
    assert ends_within(f, T**half, T ** Fraction(3, 2)) == [T**half, T, T, T]
    assert ends_within(f, T, T) == [T, T, T, T]
    assert ends_within(f, T**two, T**3) == [T, T, T, CONSTANT]
    assert ends_within(constant(T), T, None) == [T, T]
    for endless in (f, log(1)):
        with pytest.raises(UndecidedError, match="changes along an infinite sum"):
            ends_within(endless, T, None)


def test_profiles_of_more_pieces_are_refused() -> None:
    def steps(count: int) -> Profile:
        ends = [*(T ** Fraction(k) for k in range(1, count)), None]
        starts = [CONSTANT, *ends[:-1]]
        return tuple(
            Piece(s or CONSTANT, e, CONSTANT, Fraction(k % 2))
            for k, (s, e) in enumerate(zip(starts, ends, strict=True))
        )

    assert len(times([steps(MAX_PIECES), constant(CONSTANT)])) == MAX_PIECES
    with pytest.raises(UndecidedError, match="pieces"):
        times([steps(MAX_PIECES + 1), constant(CONSTANT)])
