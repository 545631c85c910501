r"""Rigorous enclosures of sums and of expressions that contain sums.

``Σ_{i=lo}^{hi} term`` goes the way

1. exact bounds; the part over negative indices is reflected to positive ones;
2. ``min`` and ``max`` of the index are resolved: the range is cut where the smaller argument
   changes, each cut certified by interval arithmetic, the integers around a kink added singly;
3. each piece by Euler–Maclaurin (`euler_maclaurin`), an infinite one up to some ``X = 2^k`` and
   beyond it by the form of the term (`tail`);
4. again with more bits, and with the value found as the new scale, until the printed ball has
   the asked relative width.

Sums inside an expression are enclosed one by one and stand in it as constants; step 4 applies to
the whole expression, so what cancels is paid for with more bits.  A sum whose term contains a sum
that depends on the outer index is added term by term, up to `MAX_NESTED` terms; beyond, inner sums
of powers up to or from the outer index have an explicit form (`nested`), and a short inner range
is exchanged with the outer one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import count, pairwise

from flint import arb, ctx

from ratecert.numerics.balls.ball import Ball, Refusal, check_digits, precision, shown
from ratecert.numerics.balls.euler_maclaurin import SummationOrder, finite_sum, sample_size
from ratecert.numerics.balls.nested import (
    ANCHOR,
    Inner,
    absolute_bound,
    inner_of,
    order_for,
    primitive,
    remainder,
)
from ratecert.numerics.balls.program import (
    Program,
    Values,
    constant,
    exact,
    has_extremum,
    is_same,
    power_bits,
)
from ratecert.numerics.balls.tail import TooEarly, larger_at_infinity, tail
from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Sum,
    add,
    children,
    free_names,
    mul,
    neg,
    power,
    rebuild,
    substitute,
    walk,
)

__all__ = ["MAX_NESTED", "Number", "enclose", "enclose_expr"]

Number = Fraction | int
Decide = Callable[[Expr, Expr], bool | None]
Resolver = Callable[[int, int], Expr | None]

MAX_NESTED = 2000
"""Most outer terms of a sum that is added term by term, as its inner sums depend on the index."""

_INFINITY = Name("oo")
_SPARE_BITS = 4_000
_MAX_TAIL_BITS = 30_000
_GUARD = 40
_KINK = 8
_MAX_CUTS = 4000


def enclose(
    term: Expr,
    index: str,
    lo: Expr | Number,
    hi: Expr | Number,
    values: Mapping[str, Number],
    digits: int = 50,
    effort: float = 0.3,
) -> Ball:
    r"""Return a ball around ``Σ_{index=lo}^{hi} term``.

    Parameters
    ----------
    term : Expr
        The term; ``min``, ``max`` and inner sums are allowed.
    index : str
        Its variable, running over the integers from `lo` to `hi`.
    lo, hi : Expr or Fraction or int
        Bounds, rounded inwards to integers; `hi` may be ``Name("oo")``.
    values : mapping of str to Fraction or int
        The values of the other names.
    digits : int
        Significant digits, from 1 to `MAX_DIGITS`.
    effort : float
        Order of Euler–Maclaurin per nat of precision; any positive value gives a valid ball.

    Returns
    -------
    Ball
        With ``radius <= 10^(2-digits) |midpoint|``.

    Raises
    ------
    Refusal
        With one of `REASONS`.
    """
    return enclose_expr(Sum(term, index, _as_expr(lo), _as_expr(hi)), values, digits, effort)


def enclose_expr(
    expr: Expr, values: Mapping[str, Number], digits: int = 50, effort: float = 0.3
) -> Ball:
    """Return a ball around an expression, which may contain sums; see `enclose`."""
    digits = check_digits(digits)
    known = _check_values(values)
    needed = math.ceil(digits * math.log2(10))
    spare = _GUARD + power_bits(expr, known)
    bits = needed + spare
    most = 4 * needed + spare + _SPARE_BITS
    evaluation = _Evaluation(known, effort)
    while True:
        with precision(bits):
            try:
                value = evaluation.value(expr, known, bits - spare)
            except _Vague:
                spare, bits = spare + bits, 2 * bits
                evaluation.patient = 2 * bits <= most
                continue
            if value.is_finite():
                ball = Ball.of(value, digits)
                if ball.is_tight():
                    return ball
                lack = min(needed - int(value.rel_accuracy_bits()) + 8, bits)
            else:
                lack = bits
        bits += max(lack, 32)
        if bits > most:
            raise _hopeless(expr, value, digits)


def _hopeless(expr: Expr, value: arb, digits: int) -> Refusal:
    if not value.is_finite():
        return Refusal(
            "undefined", f"{shown(expr)} has no finite real value that could be enclosed"
        )
    return Refusal(
        "cancellation",
        f"{digits} digits of {shown(expr)} cannot be made certain: the value may be exactly zero",
    )


def _as_expr(bound: object) -> Expr:
    if isinstance(bound, Expr):
        return bound
    if isinstance(bound, int | Fraction) and not isinstance(bound, bool):
        return Num(Fraction(bound))
    raise Refusal("bound", f"a bound must be an integer, a fraction or oo, not {bound!r}")


def _check_values(values: Mapping[str, Number]) -> Values:
    known: dict[str, Fraction | arb] = {}
    for name, value in values.items():
        if not isinstance(value, int | Fraction) or isinstance(value, bool):
            raise Refusal(
                "value",
                f"{name} = {value!r} is no exact number: give an integer or a fraction",
            )
        known[name] = Fraction(value)
    return known


class _Vague(Exception):  # noqa: N818
    """The terms are not known well enough at this precision to tell what may be neglected."""


class _Evaluation:
    """What is remembered between attempts at rising precision: the scale of each sum.

    While it is `patient`, a sum whose terms are not known well enough asks for more bits.
    """

    def __init__(self, values: Values, effort: float):
        self.effort = effort
        self.patient = True
        self._numbers = count()
        self._scales: dict[tuple[Expr, str, int, int | None], arb] = {}

    def value(self, expr: Expr, values: Values, accuracy: int) -> arb:
        """Return a ball around the expression, of about `accuracy` bits per sum."""
        expr, values = self._without_sums(expr, values, frozenset(), accuracy)
        return constant(expr, values)

    def _without_sums(
        self, expr: Expr, values: Values, bound: frozenset[str], accuracy: int
    ) -> tuple[Expr, Values]:
        """Replace every sum that is free of the names in `bound` by a name with its ball."""
        if not any(isinstance(node, Sum) for node in walk(expr)):
            return expr, values
        found: dict[str, Fraction | arb] = dict(values)

        def without(node: Expr) -> Expr:
            if isinstance(node, Sum) and not (free_names(node) & bound):
                name = f"sum#{next(self._numbers)}"
                found[name] = self._sum(node, values, accuracy)
                return Name(name)
            parts = children(node)
            if isinstance(node, Sum) or not parts:
                return node
            return rebuild(node, tuple(map(without, parts)))

        return without(expr), found

    def _sum(self, node: Sum, values: Values, accuracy: int) -> arb:
        lo, hi = self._bounds(node, values, accuracy)
        index = node.index
        inside = {name: value for name, value in values.items() if name != index}
        term, inside_ = self._without_sums(node.term, inside, frozenset({index}), accuracy)
        if any(isinstance(part, Sum) for part in walk(term)):
            return self._nested(term, index, lo, hi, inside_, accuracy)
        if hi is None:
            return self._infinite(term, index, lo, inside_, accuracy)
        return self._finite(term, index, lo, hi, inside_, accuracy)

    def _bounds(self, node: Sum, values: Values, accuracy: int) -> tuple[int, int | None]:
        lo = _integer(self.value(node.lo, values, accuracy), node.lo, values, math.ceil)
        if node.hi == _INFINITY:
            return lo, None
        hi = _integer(self.value(node.hi, values, accuracy), node.hi, values, math.floor)
        if lo > hi:
            raise Refusal(
                "empty", f"{node.index} runs from {lo} to {hi}: the lower bound is the larger"
            )
        return lo, hi

    def _nested(
        self, term: Expr, index: str, lo: int, hi: int | None, values: Values, accuracy: int
    ) -> arb:
        """Return a sum whose inner sums depend on the index (`nested` has the argument)."""
        if hi is not None and hi - lo < MAX_NESTED:
            parts = (substitute(term, {index: Num(Fraction(i))}) for i in range(lo, hi + 1))
            return sum((self.value(part, values, accuracy) for part in parts), arb(0))
        total = arb(0)
        for product in _distributed(term, index):
            if not any(isinstance(part, Sum) for part in walk(product)):
                total += self._plain(product, index, lo, hi, values, accuracy)
            elif (inner := inner_of(product, index, values)) is not None:
                total += self._partial_sums(inner, index, lo, hi, values, accuracy)
            else:
                total += self._exchanged(product, index, lo, hi, values, accuracy)
        return total

    def _plain(
        self, term: Expr, index: str, lo: int, hi: int | None, values: Values, accuracy: int
    ) -> arb:
        if hi is None:
            return self._infinite(term, index, lo, values, accuracy)
        return self._finite(term, index, lo, hi, values, accuracy)

    def _exchanged(
        self, product: Expr, index: str, lo: int, hi: int | None, values: Values, accuracy: int
    ) -> arb:
        """Sum over a short inner range outside, over the long outer one inside."""
        factors = product.factors if isinstance(product, Mul) else (product,)
        sums = [factor for factor in factors if isinstance(factor, Sum)]
        if len(sums) == 1 and index not in free_names(sums[0].lo) | free_names(sums[0].hi):
            node = sums[0]
            outside = [factor for factor in factors if factor is not node]
            first, last = self._bounds(node, values, accuracy)
            if last is not None and last - first < MAX_NESTED:
                total = arb(0)
                for j in range(first, last + 1):
                    term = substitute(node.term, {node.index: Num(Fraction(j))})
                    ends = Num(Fraction(lo)), _INFINITY if hi is None else Num(Fraction(hi))
                    total += self._sum(Sum(mul(*outside, term), index, *ends), values, accuracy)
                return total
        raise Refusal(
            "nested",
            f"{shown(product)}: the inner sum depends on {index}, which takes more than "
            f"{MAX_NESTED} values, and is no sum of powers up to or from {index}",
        )

    def _partial_sums(
        self, inner: Inner, index: str, lo: int, hi: int | None, values: Values, accuracy: int
    ) -> arb:
        """Sum ``outside(i) S(i)``: the first few terms singly, then by the explicit form of S."""
        anchor = max(lo, 1, max(ANCHOR, accuracy) - inner.shift)
        if anchor - lo > MAX_NESTED + accuracy:
            raise Refusal("nested", f"{index} begins at {lo}, too far below the inner sum's range")
        n = anchor + inner.shift
        singly, at_anchor = self._head(inner, index, lo, anchor, hi, values, accuracy)
        x = add(Name(index), Num(Fraction(inner.shift)))
        end = None if inner.other == _INFINITY else self._end(inner, values, accuracy)
        explicit, fixed, neglected = [], arb(0), arb(0)
        if inner.kind == "prefix":
            fixed += at_anchor
        for coefficient, s in inner.powers:
            p = order_for(accuracy, n, s)
            c = self.value(coefficient, values, accuracy)
            at_n = constant(primitive(Num(Fraction(n)), s, p), values)
            left = Num(Fraction(n)) if inner.kind == "prefix" else x
            bound = mul(inner.outside, remainder(left, s, p))
            neglected += abs(c).upper() * absolute_bound(bound, index, values, anchor, hi)
            if inner.kind == "prefix":
                explicit.append(mul(coefficient, primitive(x, s, p)))
                fixed -= c * at_n
            else:
                explicit.append(mul(coefficient, add(power(x, Num(s)), neg(primitive(x, s, p)))))
                if end is not None:
                    fixed += c * constant(primitive(Num(Fraction(end)), s, p), values)
        name = f"sum#{next(self._numbers)}"
        rest = [] if inner.kind == "suffix" and end is None else [Name(name)]
        term = mul(inner.outside, add(*explicit, *rest))
        far = self._plain(term, index, anchor, hi, {**values, name: fixed}, accuracy)
        return singly + far + arb(0, neglected.abs_upper())

    def _end(self, inner: Inner, values: Values, accuracy: int) -> int:
        ball = self.value(inner.other, values, accuracy)
        return _integer(ball, inner.other, values, math.floor)

    def _head(
        self,
        inner: Inner,
        index: str,
        lo: int,
        anchor: int,
        hi: int | None,
        values: Values,
        accuracy: int,
    ) -> tuple[arb, arb]:
        """Return ``Σ_{lo<=i<anchor} outside(i) S(i)`` and S at the anchor."""
        h = Program(inner.outside, index, values)
        g = Program(inner.term, inner.index, values)
        total = arb(0)
        if inner.kind == "prefix":
            first = _integer(
                self.value(inner.other, values, accuracy), inner.other, values, math.ceil
            )
            self._require_terms(inner, first, lo + inner.shift)
            partial = self._plain(
                inner.term, inner.index, first, lo + inner.shift, values, accuracy
            )
            for i in range(lo, anchor):
                total += h.at(arb(i)) * partial
                partial += g.at(arb(i + inner.shift + 1))
            return total, partial
        end = None if inner.other == _INFINITY else self._end(inner, values, accuracy)
        if end is not None:
            last = end + 1 if hi is None else hi + inner.shift
            self._require_terms(inner, last, end)
        partial = self._plain(inner.term, inner.index, anchor + inner.shift, end, values, accuracy)
        at_anchor = partial
        for i in range(anchor - 1, lo - 1, -1):
            partial += g.at(arb(i + inner.shift))
            total += h.at(arb(i)) * partial
        return total, at_anchor

    def _require_terms(self, inner: Inner, first: int, last: int) -> None:
        if first > last:
            raise Refusal(
                "empty",
                f"{inner.index} runs from {first} to {last}: the lower bound is the larger",
            )

    def _finite(
        self, term: Expr, index: str, lo: int, hi: int, values: Values, accuracy: int
    ) -> arb:
        if lo < 0:
            reflected = substitute(term, {index: neg(Name(index))})
            below = self._finite(reflected, index, max(-hi, 1), -lo, values, accuracy)
            if hi < 0:
                return below
            return below + self._finite(term, index, 0, hi, values, accuracy)
        key = (term, index, lo, hi)
        scale = self._scale(key, lambda: sample_size(term, index, values, lo, hi))
        total = self._pieces(term, index, lo, hi, values, scale, accuracy)
        self._learn(key, total)
        return total

    def _infinite(self, term: Expr, index: str, lo: int, values: Values, accuracy: int) -> arb:
        if lo < 0:
            return self._finite(term, index, lo, -1, values, accuracy) + self._infinite(
                term, index, 0, values, accuracy
            )
        key = (term, index, lo, None)
        far = lo + 2**128
        scale = self._scale(key, lambda: sample_size(term, index, values, lo, far))
        X, rest = _tail(term, index, lo, values, _tolerance(scale, accuracy))
        total = rest + self._pieces(term, index, lo, X, values, scale, accuracy)
        self._learn(key, total)
        return total

    def _pieces(
        self, term: Expr, index: str, lo: int, hi: int, values: Values, scale: arb, accuracy: int
    ) -> arb:
        kernel = SummationOrder.for_bits(accuracy + 16, self.effort)
        tolerance = _tolerance(scale, accuracy)
        total = arb(0)
        for x, y, piece in _resolved(term, index, lo, hi, values):
            total += finite_sum(piece, index, values, x, y, tolerance, kernel)
        return total

    def _scale(
        self, key: tuple[Expr, str, int, int | None], estimate: Callable[[], tuple[arb, bool]]
    ) -> arb:
        if key not in self._scales:
            scale, certain = estimate()
            if self.patient and not certain:
                raise _Vague
            self._scales[key] = scale
        return self._scales[key]

    def _learn(self, key: tuple[Expr, str, int, int | None], total: arb) -> None:
        """Take the sum as the scale of the next attempt, or sample anew at its precision."""
        if total.is_finite() and total.rel_accuracy_bits() > 4:
            self._scales[key] = total.abs_upper()
        else:
            del self._scales[key]


def _distributed(term: Expr, index: str) -> Iterator[Expr]:
    """Yield products that add up to the term, inner sums of index-dependent terms taken apart."""
    for product in term.terms if isinstance(term, Add) else (term,):
        factors = product.factors if isinstance(product, Mul) else (product,)
        sums = [factor for factor in factors if isinstance(factor, Sum)]
        node = sums[0] if len(sums) == 1 else None
        if node is None or not isinstance(node.term, Add) or index not in free_names(node.term):
            yield product
            continue
        outside = [factor for factor in factors if factor is not node]
        for part in node.term.terms:
            yield from _distributed(mul(*outside, replace(node, term=part)), index)


def _integer(ball: arb, expr: Expr, values: Values, rounding: Callable[[Fraction], int]) -> int:
    value = exact(expr, values)
    if value is not None:
        return rounding(value)
    rounded = (ball.ceil() if rounding is math.ceil else ball.floor()).unique_fmpz()
    if rounded is None:
        raise Refusal("bound", f"it is not certain which integer bounds the sum at {shown(expr)}")
    return int(rounded)


def _tolerance(scale: arb, accuracy: int) -> arb:
    """Return what may be neglected; a scale of 0 tells nothing, so then almost nothing."""
    unit = scale if scale.is_finite() and not scale.is_zero() else arb(2) ** (-ctx.prec)
    return unit * arb(2) ** (-accuracy)


def _tail(term: Expr, index: str, lo: int, values: Values, tolerance: arb) -> tuple[int, arb]:
    """Return X and a ball around ``Σ_{i>X} term`` of radius at most the tolerance."""
    bits = max(lo.bit_length() + 6, 12)
    settled = False
    while bits < _MAX_TAIL_BITS:
        X = 2**bits
        try:
            shape = term
            if has_extremum(term, index):
                shape = _at_infinity(term, index, values, X)
            rest = tail(shape, index, values, X)
            settled = True
            if rest.rad() < tolerance:
                return X, rest
        except TooEarly:
            pass
        bits += bits // 4
    raise Refusal(
        "tail",
        f"the tail of {shown(term)} converges too slowly to be enclosed to the asked digits"
        if settled
        else f"the order of {shown(term)} as {index} tends to oo could not be settled",
    )


# Resolving min and max.


def _at_infinity(term: Expr, index: str, values: Values, X: int) -> Expr:
    resolved = _resolve(
        term, index, lambda left, right: larger_at_infinity(left, right, index, values, X)
    )
    assert resolved is not None  # the decision above is never None
    return resolved


def _resolved(
    term: Expr, index: str, lo: int, hi: int, values: Values
) -> Iterator[tuple[int, int, Expr]]:
    """Cut ``lo..hi`` into ranges on which no ``min`` or ``max`` changes its argument.

    Where that is not certain the terms are taken one by one, as they stand.
    """
    if not has_extremum(term, index):
        yield lo, hi, term
        return
    current: tuple[int, int, Expr] | None = None
    for x, y, piece in _cuts(term, index, lo, hi, values):
        if current is not None and current[2] == piece and not has_extremum(piece, index):
            current = (current[0], y, piece)
        else:
            if current is not None:
                yield current
            current = (x, y, piece)
    assert current is not None
    yield current


def _cuts(
    term: Expr, index: str, lo: int, hi: int, values: Values
) -> Iterator[tuple[int, int, Expr]]:
    larger = _Comparison(index, values, ctx.prec + hi.bit_length())
    resolve = _resolver(term, index, larger)
    stack, seen = [(lo, hi)], 0
    while stack:
        x, y = stack.pop()
        seen += 1
        if seen > _MAX_CUTS:
            raise Refusal("reach", f"min or max changes its argument too often in {shown(term)}")
        piece = resolve(x, y)
        if piece is not None:
            yield x, y, piece
        elif y - x < _KINK:
            yield from ((i, i, term) for i in range(x, y + 1))
        else:
            stack += _split(x, y, resolve)


def _split(x: int, y: int, resolve: Resolver) -> list[tuple[int, int]]:
    """Cut a range that holds a kink, around the kink if the two ends tell where it is.

    Where the term is resolved at both ends and differently, bisection over single integers finds
    a change between neighbours.  Arb's radii have 30 bits, so an interval is blurred by 2^-30 of
    its width: the ranges beside the kink end at distances that grow by 2^24.
    """
    first, last = resolve(x, x), resolve(y, y)
    if first is None or last is None or first is last:
        middle = math.isqrt(x * y) if 0 < 4 * x < y else (x + y) // 2
        return [(middle + 1, y), (x, middle)]
    below, above = x, y
    while above - below > 1:
        middle = math.isqrt(below * above) if 0 < 4 * below < above else (below + above) // 2
        below, above = (middle, above) if resolve(middle, middle) is first else (below, middle)
    steps = [2 ** (24 * k) for k in range(1 + y.bit_length() // 24)]
    ends = sorted({x - 1, y, *(below - s for s in steps), *(above + s for s in steps)})
    inside = [end for end in ends if x - 1 <= end <= y]
    return [(u + 1, v) for u, v in pairwise(inside)][::-1]


def _resolver(term: Expr, index: str, larger: _Comparison) -> Resolver:
    """Return the function of a range that gives the term without ``min`` and ``max``, or None."""
    extrema = {node for node in walk(term) if _is_extremum(node, index)}
    if len(extrema) > 1 or len(children(node := extrema.pop())) != 2:
        return lambda x, y: _resolve(term, index, larger.over(x, y))
    of_pair = larger.between(*children(node))
    first = _resolve(term, index, lambda _left, _right: True)
    second = _resolve(term, index, lambda _left, _right: False)

    def resolve(x: int, y: int) -> Expr | None:
        answer = of_pair(x, y)
        return None if answer is None else first if answer else second

    return resolve


def _is_extremum(node: Expr, index: str) -> bool:
    return isinstance(node, Call) and node.func in ("min", "max") and index in free_names(node)


class _Comparison:
    """Comparisons of expressions over ranges; each difference is compiled once.

    Beside a kink at i two arguments differ by about 1/i, which takes ``log2 i`` bits to see: so
    `bits` are those of the precision and of the largest index.  Ranges are taken in ``u = log i``,
    where powers of the index have no spread beyond that of their ends.
    """

    def __init__(self, index: str, values: Values, bits: int):
        self.index, self.values, self.bits = index, values, bits
        self._known: dict[tuple[Expr, Expr], Callable[[int, int], bool | None]] = {}

    def over(self, x: int, y: int) -> Decide:
        """Return the comparison over x..y; its answer is None where there is none."""
        return lambda left, right: self.between(left, right)(x, y)

    def between(self, left: Expr, right: Expr) -> Callable[[int, int], bool | None]:
        """Return the function of a range that tells whether ``left >= right``, else ``<=``."""
        if (left, right) not in self._known and is_same(left, right, self.index, self.values):
            self._known[left, right] = lambda x, y: True
        elif (left, right) not in self._known:
            difference = Add((left, Mul((Num(Fraction(-1)), right))))
            with precision(self.bits):
                plain = Program(difference, self.index, self.values)
                in_log = Program(difference, self.index, self.values, logarithmic=True)
            self._known[left, right] = lambda x, y: self._sign(plain, in_log, x, y)
        return self._known[left, right]

    def _sign(self, plain: Program, in_log: Program, x: int, y: int) -> bool | None:
        with precision(self.bits):
            if x < 1 or x == y:
                difference = plain.at(arb(x).union(arb(y)))
            else:
                difference = in_log.at(arb(x).log().union(arb(y).log()))
            if difference.lower() >= 0:
                return True
            return False if difference.upper() <= 0 else None


def _resolve(term: Expr, index: str, larger: Decide) -> Expr | None:
    """Replace each ``min`` and ``max`` of the index by its argument; None where undecided."""
    if not has_extremum(term, index):
        return term
    parts = [_resolve(part, index, larger) for part in children(term)]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    if not (isinstance(term, Call) and term.func in ("min", "max")):
        return rebuild(term, tuple(known))
    best = known[0]
    for candidate in known[1:]:
        first = larger(best, candidate)
        if first is None:
            return None
        if first != (term.func == "max"):
            best = candidate
    return best
