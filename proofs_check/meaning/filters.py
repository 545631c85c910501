r"""Filters of repeated steps, ``(1 - X)^Y``, and the exponentials that they are.

For ``0 <= X <= 1/2`` the function ``-log(1 - X)`` is convex and lies between X and
``2 log(2) X``, so

    (1 - X)^Y = exp(-c X Y),      1 <= c <= 2 log 2,   Y >= 0,

which the rules for ``exp(-X)`` cover: they hold for every ``c`` between two positive constants.
`meaning` writes every such power as the exponential, where X is provably at most 1/2:

- X is a positive number times powers of the step size, of sizes and of indices;
- the powers of sizes and indices are negative (an index is at least 1, a size tends to infinity),
  that of the step size is positive;
- a power of the step size or of a size is among them.  In the first case X is at most 1/2 because
  the step size is *at most a small enough constant*, by the convention of the language; in the
  second because X tends to 0.

*Powers of numbers.*  ``r^X`` with ``0 < r < 1`` is ``exp(-X log(1/r))``, and with ``r > 1`` it is
``exp(X log r)``, where X depends on a size, an index or the step size.

*Saturation.*  For ``X >= 0`` and ``c > 0``, ``1 - exp(-cX)`` is concave in cX, 0 at 0 and at most
1, so it lies between ``(1 - 1/e) min(1, cX)`` and ``min(1, cX)``, and is written as ``min(1, X)``;
so is a multiple of it, and ``1 - (1 - X)^Y`` with filters as above.  That X is positive is for the
rules to show that give its order.

Signs of exponents that depend on parameters become conditions that the derivation has to prove.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from ratecert.proofs_check.language.claim import Setting
from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    Sum,
    children,
    free_names,
    mul,
    neg,
    rebuild,
    walk,
)
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.meaning.definitions import Meaning, meaning

__all__ = ["explicit", "rate_of", "small_under", "without_filters"]

ONE = Num(Fraction(1))
ZERO = Num(Fraction(0))
SATURATION = "1 - exp(-X) is of the order of min(1, X)"
STEP = "(1 - X)^Y is exp(-c*X*Y) with c between 1 and 2*log(2), as X is at most 1/2"


def explicit(expr: Expr, setting: Setting, sizes: frozenset[str]) -> Meaning:
    """Return the meaning of an expression, its filters written as exponentials.

    Parameters
    ----------
    expr
        An expression with or without quantities.
    setting
        What the quantities mean.
    sizes
        All names that tend to infinity.

    Raises
    ------
    NoMeaningError
        Where a quantity is not defined for the setting.
    """
    found = meaning(expr, setting, sizes)
    writer = _Writer(sizes, _indices_of_sums(found.upper) | _indices_of_sums(found.lower))
    upper, lower = writer.written(found.upper), writer.written(found.lower)
    if (upper, lower) == (found.upper, found.lower):
        return found
    needs = tuple(dict.fromkeys((*found.needs, *writer.needs)))
    steps = tuple(dict.fromkeys((*found.steps, *writer.steps)))
    return replace(found, upper=upper, lower=lower, needs=needs, steps=steps)


def without_filters(expr: Expr, sizes: frozenset[str]) -> tuple[Expr, tuple[Condition, ...]]:
    """Return an expression with its filters as exponentials, and the conditions for that."""
    writer = _Writer(sizes, _indices_of_sums(expr))
    return writer.written(expr), tuple(dict.fromkeys(writer.needs))


def _indices_of_sums(expr: Expr) -> frozenset[str]:
    return frozenset(node.index for node in walk(expr) if isinstance(node, Sum))


class _Writer:
    """Writes filters as exponentials and collects the conditions for it."""

    def __init__(self, sizes: frozenset[str], indices: frozenset[str]):
        self._sizes, self._indices = sizes, indices
        self.needs: list[Condition] = []
        self.steps: list[str] = []

    def written(self, expr: Expr) -> Expr:
        """Return the expression with exponentials for filters."""
        parts = tuple(map(self.written, children(expr)))
        if isinstance(expr, Pow) and (rate := rate_of(expr.base)) is not None:
            conditions = small_under(rate, self._sizes, self._indices)
            if conditions is not None:
                self.needs += conditions
                self.steps.append(STEP)
                return Call("exp", (neg(mul(rate, parts[1])),))
        if isinstance(expr, Pow) and self._moves(expr.exponent):
            if isinstance(expr.base, Num) and expr.base.value > 0:
                return _exponential(expr.base.value, parts[1])
            # What is known up to a constant is known of no power that grows.
            return expr
        whole = rebuild(expr, parts) if parts else expr
        if (saturating := _saturation(whole)) is None:
            return whole
        self.steps.append(SATURATION)
        return saturating

    def _moves(self, expr: Expr) -> bool:
        return not free_names(expr).isdisjoint(self._sizes | self._indices | {"gamma"})


def small_under(
    rate: Expr, sizes: frozenset[str], indices: frozenset[str]
) -> list[Condition] | None:
    """Return under which conditions X is at most 1/2, or None where no rule says.

    Parameters
    ----------
    rate
        X.
    sizes, indices
        What tends to infinity, and what is at least 1, where it stands.
    """
    powers = [_power(f) for f in (rate.factors if isinstance(rate, Mul) else (rate,))]
    falling: list[Expr] = []
    for name, power in powers:
        if name in sizes | indices:
            falling.append(neg(power))
        elif name == "gamma":
            falling.append(power)
        elif name or not _is_positive(power):
            return None
    if not any(name in sizes | {"gamma"} for name, _ in powers):
        return None
    if any(isinstance(power, Num) and power.value <= 0 for power in falling):
        return None
    return [Condition(power, ">", ZERO) for power in falling if not isinstance(power, Num)]


def rate_of(base: Expr) -> Expr | None:
    """Return X where the expression is ``1 - X``."""
    match base:
        case Add((Num(one), Mul((Num(minus), *_)) as rest)) if one == 1 and minus < 0:
            return neg(rest)
    return None


def _exponential(base: Fraction, exponent: Expr) -> Expr:
    """Return ``base^exponent`` as an exponential, with the logarithm of a number above 1."""
    if base == 1:
        return ONE
    number, sign = (base, 1) if base > 1 else (1 / base, -1)
    return Call("exp", (mul(Num(Fraction(sign)), Call("log", (Num(number),)), exponent),))


def _saturation(expr: Expr) -> Expr | None:
    """Return ``c min(1, X)`` for ``c - c exp(-X)``, ``c > 0``, None for anything else."""
    match expr:
        case Add(
            (Num(one), Mul((Num(minus), Call("exp", (arg,)))))
            | (Mul((Num(minus), Call("exp", (arg,)))), Num(one))
        ) if one == -minus > 0:
            return mul(Num(one), Call("min", (ONE, neg(arg))))
    return None


def _power(factor: Expr) -> tuple[str, Expr]:
    """Return the name and the power of a factor, of a number "" and itself."""
    match factor:
        case Name(name):
            return name, ONE
        case Pow(base, exponent):
            name, power = _power(base)
            return (name, mul(power, exponent)) if name else ("?", exponent)
        case Num():
            return "", factor
    return "?", factor


def _is_positive(expr: Expr) -> bool:
    return isinstance(expr, Num) and expr.value > 0
