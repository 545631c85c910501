r"""Finite sums of a holomorphic term over up to 10^30 and more integers, with proven remainder.

Euler–Maclaurin of order 2p over the integers ``A..B`` (DLMF 2.10.1; Olver, Asymptotics and
Special Functions, ch. 8, (1.08)):

    Σ_{i=A}^{B} f(i) = ∫_A^B f + (f(A) + f(B))/2
                     + Σ_{k=1}^{p} B_{2k}/(2k)! (f^(2k-1)(B) - f^(2k-1)(A)) + R,
    R = -1/(2p)! ∫_A^B B_{2p}(x - ⌊x⌋) f^(2p)(x) dx,    |B_{2p}(x - ⌊x⌋)| <= |B_{2p}|.

**The remainder.**  Cut [A, B] into panels [X, Y].  If f is holomorphic on the box
``[X-r, Y+r] + i[-r, r]`` and ``|f| <= U`` there, then each x of the panel is the centre of a disc
of radius r inside the box, Cauchy's estimate gives ``|f^(2p)(x)| <= (2p)! U / r^(2p)``, and the
panel's share of |R| is at most ``|B_{2p}| (Y - X) U / r^(2p)``.  U is the upper end of an acb
enclosure over the box; the enclosure is not finite where holomorphy is in doubt (`program`), so
the bound cannot be used outside its range.  Since ``|B_{2p}|/r^(2p)`` is about
``2 (2p)!/(2πr)^(2p)``, a radius somewhat above ``p/π`` already gives full precision.

If f is completely monotone from A on, which `monotone` reads off its form, no box is needed: the
remainder is at most the last correction term, and far out a small p is enough.

**The partition.**  Starting from the whole range, a piece is
- *dead* when (number of terms) × (upper end of |f| over the real interval, by interval
  arithmetic) is far below the tolerance: a filter below the asked digits.  It adds only to the
  radius.
- *monotone* when the term is completely monotone from its first integer on and the last
  correction term there is far below the tolerance;
- *smooth* when the bound above is far below the tolerance for one of a few radii;
- *direct* when it has few integers: its terms are added;
- otherwise it is cut in two, at the geometric mean when it spans several octaves.

Neighbouring smooth pieces form one run, so inner boundary terms never arise.  A piece's box
reaches to Y + 1, which closes the gap to the next piece.  Derivative terms at an end that Cauchy's
estimate shows to be negligible are left out and booked like the remainder.

**The integral** over a run is closed for ``c x^s`` and ``c x^-1 (log x)^q``, otherwise
`acb.integral` (Johansson 2018, rigorous Gauss–Legendre with the Bernstein-ellipse bound), in
``u = log x`` when the run spans octaves.

Nothing here relies on heuristics for truth: tolerances only steer the work, every neglected
quantity is added to the radius.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from typing import Literal

from flint import acb, arb, ctx, fmpq

from ratecert.numerics.balls.ball import Refusal, precision, rational_ball, shown
from ratecert.numerics.balls.monotone import is_completely_monotone
from ratecert.numerics.balls.program import Program, Values, exact
from ratecert.proofs_check.language.expr import Call, Expr, Mul, Name, Pow, free_names

__all__ = ["SummationOrder", "finite_sum", "sample_size"]

Kind = Literal["dead", "monotone", "smooth", "direct"]

_MAX_DIRECT = 60_000
_MAX_PIECES = 6_000
_EVALUATIONS = 40_000
_REFINEMENTS = 6


@dataclass(frozen=True, slots=True)
class SummationOrder:
    """Order and least disc radius of Euler–Maclaurin.

    Attributes
    ----------
    half_order : int
        p: derivatives up to 2p - 1 are used.
    radius : int
        Smallest disc radius that is tried.
    """

    half_order: int
    radius: int

    @classmethod
    def for_bits(cls, bits: int, effort: float = 0.3) -> SummationOrder:
        """Return a kernel whose remainder is about ``2^-bits`` relative to the term.

        With ``2p = 2 effort D``, ``D = bits log 2``, Stirling's formula asks for
        ``r = (2p / 2πe) exp(D / 2p)``.
        """
        nats = bits * math.log(2)
        p = max(math.ceil(effort * nats), 4)
        return cls(p, math.ceil(2 * p / (2 * math.pi * math.e) * math.exp(nats / (2 * p))) + 1)


def finite_sum(
    term: Expr,
    index: str,
    values: Values,
    lo: int,
    hi: int,
    tolerance: arb,
    kernel: SummationOrder,
) -> arb:
    """Return a ball around ``Σ_{i=lo}^{hi} term`` at the working precision.

    Parameters
    ----------
    term : Expr
        Without `Sum`, and without ``min``/``max`` of the index.
    lo, hi : int
        ``lo <= hi``.
    tolerance : arb
        What may be neglected in all; the radius says what was.
    kernel : Kernel
        See `Kernel.for_bits`.

    Raises
    ------
    Refusal
        (`undefined`) a term that is added directly has no finite real value; (`reach`) too many
        terms lie where the term is not smooth.
    """
    run = _Run(term, index, values, tolerance, kernel)
    total = arb(0)
    for kind, x, y in _joined(run.pieces(lo, hi)):
        if kind == "direct":
            total += run.direct(x, y)
        elif kind == "smooth":
            total += run.smooth(x, y)
        elif kind == "monotone":
            total += run.monotone(x, y)
    return total + arb(0, run.neglected.abs_upper())


def sample_size(term: Expr, index: str, values: Values, lo: int, hi: int) -> tuple[arb, bool]:
    """Estimate the size of the sum from samples near both ends and on all scales between.

    An estimate only, at most the sum for a positive unimodal term: it sets the tolerance.

    Returns
    -------
    arb
        The estimate.
    bool
        Whether the working precision shows each sample to within a factor of 2 where it may
        matter: ``1 - exp(-x)`` at x = 1e-160 takes 532 bits.
    """
    program = Program(term, index, values)
    sizes: dict[int, tuple[arb, arb]] = {}

    def look(points: Iterable[int]) -> None:
        for x in points:
            if lo <= x <= hi and x not in sizes:
                value = program.at(arb(x))
                if value.is_finite():
                    sizes[x] = value.abs_lower(), value.abs_upper()

    width = hi - lo
    steps = [4**j for j in range(width.bit_length() // 2 + 1)]
    look({lo, hi, lo + width // 2, *(lo + s for s in steps), *(hi - s for s in steps)})
    for _ in range(_REFINEMENTS):
        look(_beside_largest(sorted(sizes), sizes))
    best = _sampled(sorted(sizes), sizes)
    vague = [above for size, above in sizes.values() if above > 2 * size]
    most = reduce(lambda x, y: x.max(y), vague, arb(0))
    return best, bool(most * (width + 1) <= best * arb(2) ** (-ctx.prec))


def _beside_largest(points: list[int], sizes: Mapping[int, tuple[arb, arb]]) -> Iterator[int]:
    """Yield the middles of the gaps beside the point whose term times index is largest."""
    if len(points) < 3:
        return
    logs = [float((sizes[x][0] * max(abs(x), 1)).log().mid()) for x in points]
    k = max(range(len(points)), key=lambda k: -math.inf if math.isnan(logs[k]) else logs[k])
    for x, y in pairwise(points[max(k - 1, 0) : k + 2]):
        yield math.isqrt(x * y) if x > 0 else (x + y) // 2


def _sampled(points: list[int], sizes: Mapping[int, tuple[arb, arb]]) -> arb:
    """Return the largest term, or smaller neighbour times distance, as an exact number."""
    best = arb(0)
    for x in points:
        best = best.max(sizes[x][0])
    for x, y in pairwise(points):
        best = best.max(sizes[x][0].min(sizes[y][0]) * (y - x))
    return arb(best.mid())


class _Run:
    """One summation: the programs, the tolerance, and what has been neglected so far."""

    def __init__(
        self, term: Expr, index: str, values: Values, tolerance: arb, kernel: SummationOrder
    ):
        self.program = Program(term, index, values)
        self.in_log = Program(term, index, values, logarithmic=True)
        self.kernel = kernel
        self.tolerance = tolerance
        self.negligible = tolerance.abs_upper() / 1024
        self.neglected = arb(0)
        self.bernoulli = abs(rational_ball(_bernoulli(2 * kernel.half_order)))
        self.monotone_from: float = math.inf
        self.not_monotone_from = 0
        self.known_taylor: tuple[int, list[arb]] = (-1, [])

    def pieces(self, lo: int, hi: int) -> Iterator[tuple[Kind, int, int]]:
        """Cut ``lo..hi`` into pieces of the four kinds, from left to right."""
        stack = [(lo, hi)]
        head = lo + 2 * self.kernel.radius
        if 0 <= lo < 2 * self.kernel.radius and head < hi:
            stack = [(head + 1, hi), (lo, head)]
        direct, seen = 0, 0
        least = max(8, self.kernel.half_order)
        while stack:
            x, y = stack.pop()
            seen += 1
            if self._dead(x, y):
                yield "dead", x, y
            elif y - x < least or (y <= head and lo >= 0):
                direct += y - x + 1
                yield "direct", x, y
            elif self._monotone_order(x) is not None:
                yield "monotone", x, y
            elif self._smooth(x, y):
                yield "smooth", x, y
            else:
                middle = math.isqrt(x * y) if 0 < 4 * x < y else (x + y) // 2
                stack += [(middle + 1, y), (x, middle)]
            if direct > _MAX_DIRECT or seen > _MAX_PIECES:
                raise Refusal(
                    "reach",
                    f"too many terms of {shown(self.program.term)} near "
                    f"{self.program.index} = {x} would have to be added one by one; ask for "
                    "fewer digits or a shorter range",
                )

    def _dead(self, x: int, y: int) -> bool:
        over = self.program.at(_interval(x, y)) if x < 1 else self.in_log.at(_log_interval(x, y))
        return self._neglect(abs(over).upper() * (y - x + 1))

    def _is_monotone(self, x: int) -> bool:
        """Tell whether the term is completely monotone from x on, as far as the rules say."""
        if x >= self.monotone_from:
            return True
        if x < 1 or x < 2 * self.not_monotone_from:
            return False
        program = self.program
        if is_completely_monotone(program.term, program.index or "", program.values, x):
            self.monotone_from = x
            return True
        self.not_monotone_from = x
        return False

    def _monotone_order(self, x: int) -> int | None:
        """Return the least p for which the remainder from x on is negligible, if there is one."""
        if not self._is_monotone(x):
            return None
        p = self.kernel.half_order
        c = self._taylor(x, 2 * p)
        for k in range(1, p + 1):
            if abs(self._weight(k) * c[2 * k - 1]).upper() < self.negligible:
                return k
        return None

    def _smooth(self, x: int, y: int) -> bool:
        least = self.kernel.radius
        for radius in sorted({least, 2 * least, max(x // 2, least)}, reverse=True):
            scale = self.bernoulli * (y + 1 - x) / arb(radius) ** (2 * self.kernel.half_order)
            bound = self._on_discs(x, y + 1, radius)
            if bound.is_finite() and self._neglect((scale * bound).upper()):
                return True
        return False

    def _on_discs(self, x: int, y: int, radius: int) -> arb:
        """Bound |f| on all discs of the radius around points of [x, y].

        In ``u = log z`` the disc around c lies in the disc around log c of radius
        ``-log(1 - radius/c)``: ``|log(1+w)| <= -log(1-|w|)``.
        """
        if x <= radius:
            box = acb(_interval(x - radius, y + radius), arb(0, radius))
            return self.program.on_box(box).abs_upper()
        reach = -rational_ball(Fraction(-radius, x)).log1p()
        disc = arb(0, reach.upper())
        return self.in_log.on_box(acb(_log_interval(x, y) + disc, disc)).abs_upper()

    def _neglect(self, size: arb) -> bool:
        """Book what is far below the tolerance; tell whether it was."""
        if not size < self.negligible:
            return False
        self.neglected += size
        return True

    def direct(self, x: int, y: int) -> arb:
        """Add the terms one by one."""
        total = arb(0)
        for i in range(x, y + 1):
            value = self.program.at(arb(i))
            if not value.is_finite():
                raise Refusal(
                    "undefined",
                    f"{shown(self.program.term)} is not a finite real number that could be "
                    f"enclosed at {self.program.index} = {i}: start the sum later or change the "
                    "parameters",
                )
            total += value
        return total

    def smooth(self, x: int, y: int) -> arb:
        """Return integral, end values and derivative terms; the remainder is in `neglected`."""
        return self._integral(x, y) + self._end(x, -1) + self._end(y, 1)

    def monotone(self, x: int, y: int) -> arb:
        """Return Euler–Maclaurin of the least sufficient order, its remainder in the radius."""
        p = self._monotone_order(x)
        assert p is not None  # that is why the piece is monotone
        at_x, at_y = self._taylor(x, 2 * p), self._taylor(y, 2 * p)
        total = self._integral(x, y) + (at_x[0] + at_y[0]) / 2
        change = arb(0)
        for k in range(1, p + 1):
            change = self._weight(k) * (at_y[2 * k - 1] - at_x[2 * k - 1])
            total += change
        self.neglected += change.abs_upper()
        return total

    def _taylor(self, x: int, length: int) -> list[arb]:
        """Return Taylor coefficients at x, those asked for last at hand."""
        if self.known_taylor[0] != x or len(self.known_taylor[1]) < length:
            with precision(ctx.prec, length):
                self.known_taylor = x, self.program.taylor(x, length)
        return self.known_taylor[1]

    def _end(self, x: int, sign: int) -> arb:
        """Return ``f(x)/2 ± Σ_k B_{2k}/(2k) c_{2k-1}``, c the Taylor coefficients at x.

        Far out few of them matter: ``|c_n| <= U/r^n`` bounds those that are left out.
        """
        kept = self._kept(x)
        c = self._taylor(x, 2 * kept + 1)
        total = c[0] / 2
        for k in range(1, kept + 1):
            total += sign * self._weight(k) * c[2 * k - 1]
        return total

    def _kept(self, x: int) -> int:
        """Return how many derivative terms at x to keep; the bound of the others is booked."""
        p, radius = self.kernel.half_order, x // 2
        if radius <= self.kernel.radius:
            return p
        bound = self._on_discs(x, x, radius)
        if not bound.is_finite():
            return p
        left_out = arb(0)
        for k in range(p, 0, -1):
            size = abs(self._weight(k)) * bound / arb(radius) ** (2 * k - 1)
            if not (left_out + size).upper() < self.negligible:
                self.neglected += left_out.upper()
                return k
            left_out += size
        self.neglected += left_out.upper()
        return 0

    def _weight(self, k: int) -> arb:
        return rational_ball(_bernoulli(2 * k) / (2 * k))

    def _integral(self, x: int, y: int) -> arb:
        shape = _log_power(self.program.term, self.program.index or "", self.program.values)
        if shape is not None and (shape[1] == 0 or shape[0] == -1) and x >= 2:
            return _closed(self.program, *shape, x, y)
        if 0 < 4 * x < y:
            return _quadrature(self.in_log, arb(x).log(), arb(y).log(), self.tolerance / 8)
        return _quadrature(self.program, arb(x), arb(y), self.tolerance / 8)


def _joined(pieces: Iterator[tuple[Kind, int, int]]) -> Iterator[tuple[Kind, int, int]]:
    """Join neighbours of one kind."""
    current: tuple[Kind, int, int] | None = None
    for kind, x, y in pieces:
        if current is not None and current[0] == kind:
            current = (kind, current[1], y)
        else:
            if current is not None:
                yield current
            current = (kind, x, y)
    if current is not None:
        yield current


def _interval(x: int, y: int) -> arb:
    return arb(x).union(arb(y))


def _log_interval(x: int, y: int) -> arb:
    return arb(x).log().union(arb(y).log())


_BERNOULLI: dict[int, Fraction] = {}


def _bernoulli(n: int) -> Fraction:
    if n not in _BERNOULLI:
        number = fmpq.bernoulli(n)
        _BERNOULLI[n] = Fraction(int(number.p), int(number.q))
    return _BERNOULLI[n]


# The integral.


def _quadrature(program: Program, x: arb, y: arb, tolerance: arb) -> arb:
    """Return ``∫_x^y``, with ``exp(u) du`` for a program in ``u = log x``."""
    calls, most = 0, _EVALUATIONS * max(ctx.prec, 200) // 200

    def integrand(z: acb, analytic: bool) -> acb:
        nonlocal calls
        calls += 1
        value = program.on_box(z)
        return value * z.exp() if program.logarithmic else value

    value = acb.integral(
        integrand, x, y, abs_tol=tolerance, rel_tol=arb(2) ** (-ctx.prec), eval_limit=most
    )
    if calls >= most:
        raise Refusal(
            "reach",
            f"the integral of {shown(program.term)} takes too many evaluations: the term is not "
            "smooth enough over this range",
        )
    return value.real


def _log_power(expr: Expr, index: str, values: Values) -> tuple[Fraction, Fraction] | None:
    """Return (s, q) where the expression is a constant times ``x^s (log x)^q``."""
    if index not in free_names(expr):
        return Fraction(0), Fraction(0)
    match expr:
        case Name():
            return Fraction(1), Fraction(0)
        case Call("log", (Name(name),)) if name == index:
            return Fraction(0), Fraction(1)
        case Mul(parts):
            shapes = [_log_power(part, index, values) for part in parts]
            known = [shape for shape in shapes if shape is not None]
            if len(known) < len(shapes):
                return None
            return sum((s for s, _ in known), Fraction(0)), sum((q for _, q in known), Fraction(0))
        case Pow(base, exponent) if index not in free_names(exponent):
            shape, e = _log_power(base, index, values), exact(exponent, values)
            return None if shape is None or e is None else (shape[0] * e, shape[1] * e)
    return None


def _closed(program: Program, s: Fraction, q: Fraction, x: int, y: int) -> arb:
    """Return ``∫_x^y c t^s (log t)^q dt`` for q = 0 or s = -1, c from the value at x.

    ``t^(s+1)`` from x to y is ``x^(s+1) expm1((s+1) log(y/x))``, which loses nothing when y/x
    is near 1; with s = -1 the same holds for ``log t`` in the place of t and q + 1 of s + 1.
    """
    at_x = program.at(arb(x))
    width = (rational_ball(Fraction(y - x, x))).log1p()
    if q == 0:
        return at_x * x * _power_integral(rational_ball(s + 1), width)
    start = arb(x).log()
    return at_x * x * start * _power_integral(rational_ball(q + 1), (width / start).log1p())


def _power_integral(order: arb, width: arb) -> arb:
    return width if order.is_zero() else (order * width).expm1() / order
