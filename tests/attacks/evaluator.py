"""Numbers for the judge: the logarithm of an expression where its sizes are ``exp(60)`` or more.

A `Value` holds sign, logarithm of the modulus, and a bound of the error of that logarithm, as
NumPy arrays.  In logarithms ``1 - x`` keeps all digits of a tiny x, so that ``(1 - x)^N`` with
``N = exp(400)`` comes out right; what overflows even its logarithm is huge or tiny.  Where
digits cancel the error says so: nothing is concluded from a value whose error is large.

*Sums.*  Over integers ``i < FIRST`` term by term.  Beyond, over ``u = log i`` on a grid, the
integrand ``term(e^u) e^u`` being taken log-linear on each cell, as that of a power is; the grid is
linear up to eight times the largest logarithm of a size, further out it widens by a fixed ratio,
so that tails such as ``1/(i log(i)^2)`` come out too.  The same sum over every other point gives
the error: a term that changes faster than the grid sees (``2^i``) has a large one.  Replacing the
sum over ``i >= FIRST`` of a smooth term by the integral from ``FIRST - 1/2`` costs a relative
``1/FIRST^2`` at most where the term changes by bounded factors, below every threshold here.

*No value.*  A zero denominator, the logarithm of what is not positive, a power of a negative
number that is no integer: `NoValueError`, whatever multiplies it.  What cannot be told apart from
a zero, and the parity of an exponent that is not known, is `UnclearError`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from ratecert.proofs_check.language.expr import Add, Call, Expr, Mul, Name, Num, Pow, Sum

Array = Any

FIRST = 64
"""From here on a sum is an integral."""
LINEAR, WIDENING = 800, 240
"""Points of the grid of an outermost sum: up to 8 times the largest logarithm, and beyond."""
INNER = (160, 60)
"""The same for a sum within a sum."""
FAR = 1e12
"""The last ``log i`` of an infinite sum."""
SMALL = 30.0
"""Below ``exp(30)`` the numbers are indices and constants of few digits: two of them that agree to
12 digits are equal, and one that agrees with 1 is 1; above, where sizes come in, nobody knows."""
LOST = 1e-300
"""The error of ``1 + x`` where x leaves no trace: a large power brings it up."""
HUGE = 1e300
"""Logarithms stay below this."""
ROUNDS, PIECES, SHARE = 7, 8, 1e-5
"""How often the cells that are more than this share off are cut, and into how many pieces."""


class NoValueError(ValueError):
    """The expression has no real value here."""


class UnclearError(ValueError):
    """Whether there is a value, or which, is beyond the means of this module."""


@dataclass(frozen=True)
class Value:
    """``sign * exp(log)``, each an array; `error` bounds that of `log`."""

    sign: Array
    log: Array
    error: Array

    @classmethod
    def of(cls, number: float) -> Value:
        log = np.log(abs(number)) if number else -np.inf
        return cls(np.array(np.sign(number)), np.array(log), _rounding(np.array(log)))

    @property
    def real(self) -> Array:
        """The number itself; what is too large is infinite."""
        with np.errstate(over="ignore"):
            return self.sign * np.exp(self.log)

    @property
    def is_unclear(self) -> Array:
        return ~(self.error < 1)


@dataclass(frozen=True)
class Place:
    """Where an expression is evaluated.

    `names` are the values of all free names, `parity` that of those that are known integers.
    `far` is a logarithm beyond which no size lies, `depth` counts the sums around.
    """

    names: Mapping[str, Value]
    parity: Mapping[str, Array]
    far: float
    depth: int = 0


def place(
    logs: Mapping[str, float], values: Mapping[str, float], parity: Mapping[str, int]
) -> Place:
    """Return the place where the sizes have these logarithms and the parameters these values."""
    sizes = {
        name: Value(np.array(1.0), np.array(log), np.array(0.0)) for name, log in logs.items()
    }
    numbers = {name: Value.of(value) for name, value in values.items()}
    far = 8 * max([10.0, *(abs(log) for log in logs.values())])
    return Place(sizes | numbers, {name: np.array(odd) for name, odd in parity.items()}, far)


def evaluate(expr: Expr, at: Place) -> Value:
    """Return the value of an expression; arrays of names are broadcast."""
    match expr:
        case Num(value):
            return Value.of(float(value))
        case Name("pi"):
            return Value.of(np.pi)
        case Name("EulerGamma"):
            return Value.of(np.euler_gamma)
        case Name(name):
            return at.names[name]
        case Add(terms):
            total = evaluate(terms[0], at)
            for term in terms[1:]:
                total = plus(total, evaluate(term, at))
            return total
        case Mul(factors):
            product = evaluate(factors[0], at)
            for factor in factors[1:]:
                product = times(product, evaluate(factor, at))
            return product
        case Pow(base, exponent):
            return raised(evaluate(base, at), evaluate(exponent, at), parity(exponent, at))
        case Sum():
            return summed(expr, at)
        case Call("min" | "max" as func, args):
            best = evaluate(args[0], at)
            for arg in args[1:]:
                best = chosen(best, evaluate(arg, at), func)
            return best
        case Call(func, (arg,)) if func in _FUNCTIONS:
            return _FUNCTIONS[func](evaluate(arg, at))
    raise UnclearError(f"no numbers for {expr}")


# Arithmetic.


def times(x: Value, y: Value) -> Value:
    sign = x.sign * y.sign
    with np.errstate(invalid="ignore"):
        log = np.where(sign == 0, -np.inf, x.log + y.log)
    return _clipped(sign, log, x.error + y.error + _rounding(log))


def _clipped(sign: Array, log: Array, error: Array) -> Value:
    """Return a value; one whose logarithm overflows is known to be huge, or tiny, and no more."""
    beyond = (abs(log) > HUGE) & (sign != 0)
    clipped = np.where(beyond, np.sign(log) * HUGE, log)
    unknown = beyond | ((sign != 0) & np.isnan(error))
    return Value(sign, clipped, np.where(unknown, np.inf, np.where(sign == 0, 0.0, error)))


def _rounding(log: Array) -> Array:
    return np.where(np.isfinite(log), 2e-16 * abs(log), 0.0)


def plus(x: Value, y: Value) -> Value:
    """Return the sum; ``log(1 -+ exp(-d))`` keeps its digits for small and for large d."""
    larger = (x.log > y.log) | ((x.log == y.log) & (x.sign != 0))
    big, small = np.where(larger, x.log, y.log), np.where(larger, y.log, x.log)
    sign, other = np.where(larger, x.sign, y.sign), np.where(larger, y.sign, x.sign)
    error, second = np.where(larger, x.error, y.error), np.where(larger, y.error, x.error)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        d = np.where((other == 0) | (big == -np.inf), np.inf, big - small)
        d = np.where(np.isnan(d), 0.0, d)  # both are infinite
        share = np.exp(-d)
        cancels = (sign != other) & (share > 0)
        ratio = np.where(cancels, -np.expm1(-d), 1.0 + share)
        near = cancels & (d < 0.5)
        log = big + np.where(near, np.log(ratio), np.log1p(np.where(cancels, -share, share)))
        both = error + np.where(share > 0, share * np.where(share > 0, second, 0.0), 0.0)
        spread = both / ratio + _rounding(log) + np.where((share == 0) & (other != 0), LOST, 0.0)
        resolved = (both == 0) | (both > 1e-18)
        equal = cancels & (2 * both >= d) & (abs(big) < SMALL) & (both < 1e-12) & resolved
    nothing = equal | ((sign == 0) & (other == 0))
    one = ~nothing & (abs(log) < 1e-14) & (d < 10) & (abs(big) < SMALL) & (both < 1e-12)
    log, spread = np.where(one, 0.0, log), np.where(one, 0.0, spread)
    unclear = ~nothing & (np.isnan(spread) | np.isnan(log) | (ratio <= 0))
    return Value(
        np.where(nothing | unclear, 0.0, sign),
        np.where(nothing | unclear, -np.inf, log),
        np.where(nothing, 0.0, np.where(unclear, np.inf, spread)),
    )


def raised(base: Value, exponent: Value, odd: Array | None) -> Value:
    """Return a power; `odd` is the parity of an exponent that is known to be an integer."""
    negative = (base.sign < 0) & ~base.is_unclear
    if np.any((base.sign <= 0) & base.is_unclear):
        raise UnclearError("a base may be zero or negative")
    zero = base.sign == 0
    if np.any(zero & (exponent.sign < 0)):
        raise NoValueError("division by zero")
    if np.any(zero & (exponent.sign == 0)):
        raise UnclearError("0^0")
    sign = np.where(zero, 0.0, np.ones(np.broadcast(base.sign, exponent.sign).shape))
    if np.any(negative):
        if odd is None:
            whole = exponent.real
            if np.all(np.isfinite(whole) & (abs(whole - np.round(whole)) > 1e-9)):
                raise NoValueError("a power of a negative number that is no integer")
            raise UnclearError("the parity of an exponent")
        sign = np.where(negative & (odd == 1), -1.0, sign)
    power = exponent.real
    with np.errstate(invalid="ignore", over="ignore"):
        log = np.where(power == 0, 0.0, np.where(zero, -np.inf, base.log * power))
        spread = abs(power) * base.error + abs(base.log * power) * exponent.error
        spread = spread + _rounding(log)
        error = np.where(zero | (power == 0), 0.0, spread)
    if np.any(np.isnan(log)):
        raise UnclearError("1^oo")
    return _clipped(sign, log, error)


def chosen(x: Value, y: Value, func: str) -> Value:
    """Return the smaller or the larger of the two."""
    with np.errstate(invalid="ignore"):
        same = np.where(x.sign >= 0, x.log < y.log, x.log > y.log)
    less = np.where(x.sign == y.sign, same, x.sign < y.sign)
    first = less if func == "min" else ~less
    parts = ((x.sign, y.sign), (x.log, y.log), (x.error, y.error))
    return Value(*(np.where(first, a, b) for a, b in parts))


def _log(x: Value) -> Value:
    if np.any((x.sign <= 0) & x.is_unclear):
        raise UnclearError("a logarithm of what may not be positive")
    if np.any(x.sign <= 0):
        raise NoValueError("the logarithm of a number that is not positive")
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(x.error == 0, 0.0, x.error / abs(x.log))
        return Value(np.sign(x.log), np.log(abs(x.log)), error)


def _exp(x: Value) -> Value:
    real = x.real
    with np.errstate(invalid="ignore"):
        error = abs(real) * x.error + _rounding(real)
        error = error + np.where((real == 0) & (x.sign != 0), LOST, 0.0)
    return _clipped(np.ones(np.shape(real)), real, error)


def _of_number(function: Callable[[Array], Array]) -> Callable[[Value], Value]:
    def apply(x: Value) -> Value:
        real = x.real
        if np.any(x.is_unclear) or not np.all(np.isfinite(real) & (abs(real) < 1e3)):
            raise UnclearError("a function of a large or uncertain number")
        value = np.asarray(function(real))
        if np.any(abs(value) < 1e-12):
            raise UnclearError("a function at a zero of it")
        return Value(np.sign(value), np.log(abs(value)), 1e-9 + 10 * x.error)

    return apply


def _gamma(x: Array) -> Array:
    if np.any((x <= 0) & (abs(x - np.round(x)) < 1e-12)):
        raise NoValueError("Gamma at a pole")
    return special.gamma(x)


def _zeta(x: Array) -> Array:
    if np.any(abs(x - 1) < 1e-12):
        raise NoValueError("zeta at its pole")
    if np.any(x < 1):
        raise UnclearError("zeta below 1")
    return special.zeta(x)


_FUNCTIONS: Mapping[str, Callable[[Value], Value]] = {
    "log": _log,
    "exp": _exp,
    "sqrt": lambda x: raised(x, Value.of(0.5), None),
    "Gamma": _of_number(_gamma),
    "zeta": _of_number(_zeta),
    "sin": _of_number(np.sin),
}


def parity(expr: Expr, at: Place) -> Array | None:
    """Return 0 or 1 where the expression is known to be an even or odd integer, else None."""
    match expr:
        case Num(value):
            return np.array(int(value) % 2) if value.denominator == 1 else None
        case Name(name):
            return at.parity.get(name)
        case Add(parts) | Mul(parts):
            found = [parity(part, at) for part in parts]
            if any(part is None for part in found):
                return None
            combined = found[0]
            for part in found[1:]:
                combined = combined + part if isinstance(expr, Add) else combined * part
            return combined % 2
        case Pow(base, Num(value)) if value.denominator == 1 and value > 0:
            return parity(base, at)
    return None


# Sums.


def summed(expr: Sum, at: Place) -> Value:
    """Return a sum over all integers from `lo` to `hi`."""
    if at.depth > 1:
        raise UnclearError("a sum in a sum in a sum")
    lo = _bound(evaluate(expr.lo, at), np.ceil)
    infinite = expr.hi == Name("oo")
    hi = np.array(np.inf) if infinite else _bound(evaluate(expr.hi, at), np.floor)
    lo, hi = np.broadcast_arrays(lo, hi)
    parts = []
    with np.errstate(over="ignore"):
        last = float(np.max(np.minimum(np.exp(np.minimum(hi, 10.0)), FIRST - 1)))
    first = float(np.min(np.exp(np.minimum(lo, 10.0))))
    if first < FIRST and last >= 1:
        parts.append(_one_by_one(expr, at, lo, hi, round(first), round(last)))
    if np.any(hi > np.log(FIRST - 0.5)):
        parts.append(_integrated(expr, at, lo, hi))
    total = Value(np.zeros(lo.shape), np.full(lo.shape, -np.inf), np.zeros(lo.shape))
    for part in parts:
        total = plus(total, part)
    return total


def _bound(value: Value, rounded: Callable[[Array], Array]) -> Array:
    """Return the logarithm of a bound of summation, of the integer it means if it is small."""
    if np.any(value.is_unclear):
        raise UnclearError("a bound of a sum")
    if np.any(value.sign < 0):
        raise UnclearError("a negative bound of a sum")
    real = np.where(value.log < 20, value.real, 1.0)
    near = np.round(real)
    whole = np.where(abs(real - near) < 1e-9 * np.maximum(1, near), near, rounded(real))
    with np.errstate(divide="ignore"):
        return np.where(value.log < 20, np.log(whole), value.log)


def _within(at: Place, expr: Sum, index: Value, integers: Array | None) -> Place:
    """Return the place of the terms: a last axis for the index, which hides what it is named."""
    names = {
        name: Value(*(np.asarray(a)[..., None] for a in (v.sign, v.log, v.error)))
        for name, v in at.names.items()
    }
    odd = {name: np.asarray(p)[..., None] for name, p in at.parity.items() if name != expr.index}
    if integers is not None:
        odd[expr.index] = integers % 2
    return Place(names | {expr.index: index}, odd, at.far, at.depth + 1)


def _one_by_one(expr: Sum, at: Place, lo: Array, hi: Array, first: int, last: int) -> Value:
    integers = np.arange(first, min(last, FIRST - 1) + 1)
    if not len(integers):
        return Value(np.zeros(lo.shape), np.full(lo.shape, -np.inf), np.zeros(lo.shape))
    with np.errstate(divide="ignore"):
        logs = np.log(integers.astype(float))
    index = Value(np.sign(integers).astype(float), logs, np.zeros(len(integers)))
    terms = evaluate(expr.term, _within(at, expr, index, integers))
    inside = (logs >= lo[..., None] - 1e-9) & (logs <= hi[..., None] + 1e-9)
    return _total(terms, np.broadcast_to(inside, np.broadcast(inside, terms.log).shape))


def _integrated(expr: Sum, at: Place, lo: Array, hi: Array) -> Value:
    start = np.maximum(lo, np.log(FIRST - 0.5))
    linear, widening = (LINEAR, WIDENING) if at.depth == 0 else INNER
    end = np.where(np.isinf(hi), np.maximum(at.far, 2 * start), np.maximum(hi, start))
    grid = start[..., None] + (end - start)[..., None] * np.linspace(0.0, 1.0, linear | 1)
    if np.any(np.isinf(hi)):
        further = end[..., None] * np.geomspace(1.0, FAR / np.max(end), widening + 1)[1:]
        grid = np.concatenate([grid, further], axis=-1)

    def integrand(grid: Array) -> list[Array]:
        index = Value(np.ones(grid.shape), grid, np.zeros(grid.shape))
        terms = times(evaluate(expr.term, _within(at, expr, index, None)), index)
        shape = np.broadcast(terms.log, grid).shape
        return [np.broadcast_to(a, shape) for a in (terms.sign, terms.log, terms.error, grid)]

    found = integrand(grid)
    for _ in range(ROUNDS if found[0].ndim == 1 else 0):
        finer = _finer(found)
        if len(finer) == 0:
            break
        found = [np.concatenate(pair) for pair in zip(found, integrand(finer), strict=True)]
        order = np.argsort(found[3], kind="stable")
        found = [array[order] for array in found]
    fine, rough = _cells(found), _cells([array[..., ::2] for array in found])
    with np.errstate(invalid="ignore"):
        gap = abs(fine.log - rough.log)
        gap = np.where((fine.log == rough.log) | (fine.log < -1e6), 0.0, gap)
    wrong = np.isnan(gap) | (fine.sign != rough.sign)
    empty = end <= start
    return Value(
        np.where(empty, 0.0, fine.sign),
        np.where(empty, -np.inf, fine.log),
        np.where(empty, 0.0, np.where(wrong, np.inf, fine.error + gap)),
    )


def _finer(found: list[Array]) -> Array:
    """Return points that cut the pairs of cells that are off, or may hide a peak."""
    cells, pairs = _areas(found), _areas([array[::2] for array in found])
    top = np.max(cells)
    if not np.isfinite(top):
        return np.array([])
    sizes = np.exp(cells - top)
    off = abs(sizes[::2] + sizes[1::2] - np.exp(np.minimum(pairs - top, 50.0)))
    grid = found[3]
    wide = np.nonzero((off > SHARE * np.sum(sizes)) | _hides_peak(found[1], grid, top))[0]
    ends = np.stack([grid[2 * wide], grid[2 * wide + 1], grid[2 * wide + 2]])
    steps = np.linspace(0.0, 1.0, PIECES + 1)[1:-1]
    return np.concatenate(
        [(ends[k] + step * (ends[k + 1] - ends[k])) for k in (0, 1) for step in steps]
    )


def _hides_peak(log: Array, grid: Array, top: float) -> Array:
    """Return for each pair of cells whether the lines of its neighbours rise above it and matter.

    A concave function lies below both lines; ``i^-p exp(-n i^-s)`` falls to nothing within a cell.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        slopes = np.diff(log) / np.diff(grid)
        before = np.concatenate([[np.inf], slopes])[:-1:2]
        after = np.concatenate([slopes, [-np.inf]])[2::2]
        width = grid[2::2] - grid[:-2:2]
        forward = log[:-2:2] + np.maximum(before, 0.0) * width
        backward = log[2::2] + np.maximum(-after, 0.0) * width
    bound = np.minimum(forward, backward)
    highest = np.maximum(np.maximum(log[:-2:2], log[1::2]), log[2::2])
    return (bound > highest + 0.1) & (bound + np.log(width) > top - 20.0)


def _areas(found: list[Array]) -> Array:
    """Return the logarithm of the integral over each cell of what is log-linear on it."""
    _, log, _, grid = found
    left, right = log[..., :-1], log[..., 1:]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        fall = np.where(left == right, 0.0, abs(left - right))
        share = np.where(fall < 1e-6, 1.0, -np.expm1(-fall) / np.maximum(fall, 1e-6))
        areas = np.maximum(left, right) + np.log(share * np.diff(grid, axis=-1))
    return np.where(np.isnan(areas), -np.inf, areas)


def _cells(found: list[Array]) -> Value:
    """Return the integral of a function that is log-linear between the points of the grid."""
    sign, log, error, _ = found
    areas = _areas(found)
    higher = log[..., :-1] >= log[..., 1:]
    signs = np.where(higher, sign[..., :-1], sign[..., 1:])
    errors = np.where(higher, error[..., :-1], error[..., 1:])
    return _total(Value(signs, areas, errors), np.ones(areas.shape, bool))


def _total(terms: Value, inside: Array) -> Value:
    """Add up along the last axis what is inside."""
    log = np.where(inside & (terms.sign != 0), np.broadcast_to(terms.log, inside.shape), -np.inf)
    top = np.max(log, axis=-1, keepdims=True)
    if np.any(top == np.inf):
        raise UnclearError("a term that overflows its logarithm")
    top = np.where(np.isneginf(top), 0.0, top)
    sizes = np.exp(log - top)
    total = np.sum(terms.sign * sizes, axis=-1)
    moduli = np.sum(sizes, axis=-1)
    known = np.where(sizes > 1e-12, np.broadcast_to(terms.error, sizes.shape), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.log(abs(total)) + top[..., 0]
        error = (np.sum(sizes * known, axis=-1) + 1e-15 * moduli) / abs(total)
    error = np.where(moduli == 0, 0.0, np.where(total == 0, np.inf, error))
    return Value(np.sign(total), value, error)
