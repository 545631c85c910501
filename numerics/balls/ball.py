"""Balls: decimal midpoint and radius around a real number that is provably inside.

Inside the room numbers are `flint.arb` balls.  What leaves it is a `Ball`, two decimal strings,
so that it can be printed, stored and read again without losing the guarantee: the printed
``midpoint ± radius`` contains the arb ball it was made of, because the radius takes up the
rounding of the midpoint (`arb.mid_rad_10exp` returns integers ``m, r, e`` with
``x ∈ (m ± r)·10^e``; that also works for numbers such as ``exp(-10^28)``).

Balls have no order.  ``x < y`` on two overlapping balls has no answer, and Python would take
"not certainly less" for "greater or equal"; so `Ball` refuses ``<`` and its kin, and one writes
`certainly_less`, `certainly_greater` or `compare`, which may answer UNDECIDED.

python-flint keeps one precision for the whole process.  `precision` sets it, holds a lock that
all computations of this package share, and puts the old one back: threads may call the package
at will, one computation runs at a time.
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, ctx, fmpq

from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import Expr, Name, Num, children, rebuild, unmarked

__all__ = [
    "MAX_DIGITS",
    "REASONS",
    "Ball",
    "Comparison",
    "Refusal",
    "certain_floor",
    "certainly_greater",
    "certainly_less",
    "check_digits",
    "compare",
    "nearest_integer",
    "precision",
    "rational_ball",
    "shown",
]

MAX_DIGITS = 1000
"""Most significant digits that may be asked for."""
LONG = 2000
"""Numbers of more bits are not written out in messages."""

REASONS: Mapping[str, str] = {
    "digits": f"the number of digits is no integer from 1 to {MAX_DIGITS}",
    "value": "a value is no integer or fraction, or a name has no value",
    "unsupported": "a function or form that has no value at real numbers here",
    "bound": "a bound of summation is no certain integer",
    "empty": "the lower bound lies above the upper one",
    "undefined": "the term is not a finite real number at some index",
    "divergent": "the infinite sum diverges",
    "tail": "the tail of the infinite sum is of a form whose size cannot be enclosed",
    "nested": "a sum inside a sum depends on the outer index over too many terms",
    "cancellation": "the value may be exactly zero, so no relative digits can be certain",
    "reach": "too many terms would have to be added one by one",
}
"""Every reason for which an enclosure is refused; `docs/balls.md` explains each."""


class Refusal(UserError):  # noqa: N818  (it refuses; nothing went wrong)
    """No enclosure, and why: `reason` is a key of `REASONS`."""

    def __init__(self, reason: str, message: str):
        if reason not in REASONS:
            raise KeyError(f"{reason!r} is no declared reason")
        self.reason = reason
        super().__init__(unmarked(message))


MOST_BITS = 2**22
"""Working precision beyond which one operation takes seconds, and a million of them memory."""

_LOCK = threading.RLock()


@contextmanager
def precision(bits: int, terms: int | None = None) -> Iterator[None]:
    """Set the working precision (and the length of power series) and restore both.

    Parameters
    ----------
    bits : int
        Working precision of arb and acb.
    terms : int, optional
        Number of coefficients that `arb_series` keeps.

    Raises
    ------
    Refusal
        Beyond `MOST_BITS`.
    """
    if bits > MOST_BITS:
        raise Refusal("reach", "the numbers here have more than a million digits")
    with _LOCK:
        saved = ctx.prec, ctx.cap
        try:
            ctx.prec = bits
            if terms is not None:
                ctx.cap = terms
            yield
        finally:
            ctx.prec, ctx.cap = saved


def rational_ball(value: Fraction | int) -> arb:
    """Return the ball of a rational number at the working precision."""
    return arb(fmpq(value.numerator, value.denominator))


def certain_floor(x: arb) -> int | None:
    """Return the floor of every point of the ball, or None where they differ."""
    floor = x.floor().unique_fmpz()
    return None if floor is None else int(floor)


def nearest_integer(x: arb) -> int:
    """Return the integer nearest to the midpoint."""
    floor = certain_floor(arb((x + arb("0.5")).mid()))
    if floor is None:
        raise Refusal("undefined", "the value is not finite")
    return floor


def shown(expr: object) -> str:
    """Return the text of an expression for a message, shortened in the middle."""
    text = str(_with_short_numbers(expr) if isinstance(expr, Expr) else expr)
    return text if len(text) <= 160 else f"{text[:120]} … {text[-30:]}"


def _with_short_numbers(expr: Expr) -> Expr:
    """Write numbers of more than `LONG` bits as powers of 2: Python does not print long ones."""
    match expr:
        case Num(value):
            up, down = (n.bit_length() for n in (value.numerator, value.denominator))
            return expr if max(up, down) <= LONG else Name(f"2^({up - down})")
    parts = children(expr)
    return rebuild(expr, tuple(map(_with_short_numbers, parts))) if parts else expr


def check_digits(digits: object) -> int:
    """Return `digits` where it is an integer from 1 to `MAX_DIGITS`; refuse otherwise."""
    if isinstance(digits, bool) or not isinstance(digits, int) or not 1 <= digits <= MAX_DIGITS:
        raise Refusal(
            "digits", f"digits must be an integer from 1 to {MAX_DIGITS}, not {digits!s:.40}"
        )
    return digits


@dataclass(frozen=True, slots=True)
class Ball:
    """A real number known to lie in ``midpoint ± radius``.

    Attributes
    ----------
    midpoint, radius : str
        Exact decimals, ``-1.25`` or ``1.25e-30``.
    digits : int
        The significant digits asked for: ``radius <= 10^(2-digits) |midpoint|`` where the ball
        comes from an enclosure; balls computed from other balls may be wider.
    """

    midpoint: str
    radius: str
    digits: int

    @classmethod
    def of(cls, value: arb, digits: int) -> Ball:
        """Print an arb ball with `digits` significant digits and a few more.

        Raises
        ------
        Refusal
            (`undefined`) when the ball is not finite.
        """
        if not value.is_finite():
            raise Refusal("undefined", "the value is not finite")
        middle, radius, exponent = map(int, value.mid_rad_10exp(digits + 3))
        return cls(_decimal(middle, exponent), _decimal_up(radius, exponent), digits)

    @property
    def arb(self) -> arb:
        """The printed ball as an `arb`, at the working precision."""
        return arb(self.midpoint, arb(self.radius).abs_upper())

    def as_json(self) -> dict[str, str]:
        """Return ``{"midpoint": ..., "radius": ...}``."""
        return {"midpoint": self.midpoint, "radius": self.radius}

    def is_tight(self) -> bool:
        """Tell, exactly, whether ``radius <= 10^(2-digits) |midpoint|``."""
        (middle, e), (radius, f) = _split(self.midpoint), _split(self.radius)
        if middle == 0 or radius == 0:
            return radius == 0
        shift = f + self.digits - 2 - e  # radius·10^shift <= |middle| ?
        if abs(shift) > len(str(middle)) + len(str(radius)) + 1:
            return shift < 0
        scaled = Fraction(radius) * Fraction(10) ** shift
        return scaled <= abs(middle)

    def contains(self, value: Fraction | int) -> bool:
        """Tell, exactly, whether a rational number lies in the ball (moderate exponents only)."""
        (middle, e), (radius, f) = _split(self.midpoint), _split(self.radius)
        return abs(value - middle * Fraction(10) ** e) <= radius * Fraction(10) ** f

    def __str__(self) -> str:
        return f"{self.midpoint} ± {self.radius}"

    def _no_order(self, other: object) -> bool:
        raise TypeError(
            "balls have no order: use certainly_less, certainly_greater or compare instead"
        )

    __lt__ = __le__ = __gt__ = __ge__ = _no_order


class Comparison(enum.Enum):
    """What is certain about two balls."""

    LESS = "less"
    GREATER = "greater"
    UNDECIDED = "undecided"


Comparable = Ball | arb | Fraction | int


def compare(x: Comparable, y: Comparable) -> Comparison:
    """Return LESS or GREATER where every point of `x` and of `y` compares so."""
    with precision(max(map(_bits, (x, y)))):
        difference = _as_arb(x) - _as_arb(y)
        if difference.upper() < 0:
            return Comparison.LESS
        return Comparison.GREATER if difference.lower() > 0 else Comparison.UNDECIDED


def certainly_less(x: Comparable, y: Comparable) -> bool:
    """Tell whether ``x < y`` for all points of the two balls."""
    return compare(x, y) is Comparison.LESS


def certainly_greater(x: Comparable, y: Comparable) -> bool:
    """Tell whether ``x > y`` for all points of the two balls."""
    return compare(x, y) is Comparison.GREATER


def _as_arb(x: Comparable) -> arb:
    if isinstance(x, Ball):
        return x.arb
    return x if isinstance(x, arb) else rational_ball(x)


def _bits(x: Comparable) -> int:
    if isinstance(x, Ball):
        return 4 * len(x.midpoint) + 64
    if isinstance(x, arb):
        return max(int(x.bits()), 64) + 64
    return max(abs(x.numerator), x.denominator).bit_length() + 128


def _split(text: str) -> tuple[int, int]:
    mantissa, _, exponent = text.partition("e")
    whole, _, decimals = mantissa.partition(".")
    return int(whole + decimals), int(exponent or 0) - len(decimals)


def _decimal(mantissa: int, exponent: int) -> str:
    """Print ``mantissa · 10^exponent`` exactly."""
    if mantissa == 0:
        return "0"
    sign, digits = "-" if mantissa < 0 else "", str(abs(mantissa))
    stripped = digits.rstrip("0")
    exponent += len(digits) - len(stripped)
    leading = exponent + len(stripped) - 1
    if -5 <= leading < len(stripped):
        point = leading + 1
        if point <= 0:
            return f"{sign}0.{'0' * -point}{stripped}"
        tail = stripped[point:]
        return sign + stripped[:point] + (f".{tail}" if tail else "")
    tail = stripped[1:]
    return f"{sign}{stripped[0]}{'.' + tail if tail else ''}e{leading}"


def _decimal_up(radius: int, exponent: int) -> str:
    """Print ``radius · 10^exponent`` rounded up to three digits."""
    excess = max(len(str(radius)) - 3, 0)
    return _decimal(-(-radius // 10**excess), exponent + excess)
