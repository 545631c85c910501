r"""Sequences over the modes: laws in the index i, and whether a setting is a problem at all.

The theory of every quantity (`meaning`) is about a covariance and a target of finite trace:
eigenvalues that are positive, decreasing up to a constant factor (``λ_j <= C λ_i`` for ``j >= i``)
and summable, target energies that are positive and summable, at least one sample in a batch and at
least one output.  What is not shown to be so here is no problem that anything is claimed of.

A *law* is ``i^-e`` or ``i^-e log(i+1)^-q``, times a positive number.  It is positive; it is
summable for ``e > 1`` (any q), and for ``e = 1`` if ``q > 1``; it is then decreasing up to a
constant, being regularly varying with a negative index, or a product of two decreasing sequences.

Other sequences are taken apart.  On ``i >= 1``, with *rising* for positive and nondecreasing:

- rising are i, positive numbers, ``i + c`` for ``c > -1``, ``log(i + c)`` for ``c > 0``, sums,
  products, minima and maxima of rising sequences, their powers with exponents ``>= 0``, ``exp`` of
  them, and powers of numbers ``>= 1`` with rising exponents;
- decreasing up to a constant are summable laws; positive numbers; ``exp(-X)``, and ``r^X`` with
  ``0 < r < 1``, for rising X; powers of rising sequences with exponents ``<= 0``; sums, products,
  minima and maxima of such sequences, as ``f_j <= C f_i`` for each part gives it for them;
- summable are laws as above; ``(i + c)^-e`` for ``e > 1``; ``exp(-X)`` and ``r^X`` where X is, up
  to a rising factor that is at least a positive number, ``i^s`` with ``s > 0``, since
  ``exp(-c i^s) <= C_k i^-k`` for each k; sums and maxima of summable sequences, minima of a
  summable and other positive ones, and products of a summable and of decreasing ones, which are
  bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from ratecert.proofs_check.language.claim import Setting
from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    add,
    free_names,
    mul,
    neg,
    power,
)
from ratecert.proofs_check.language.statement import Condition

__all__ = [
    "ZERO",
    "Law",
    "NoMeaningError",
    "as_law",
    "as_power",
    "counted",
    "finite_trace",
    "law",
    "rising",
    "spectrum_law",
    "summable",
]

ZERO, ONE = Num(Fraction(0)), Num(Fraction(1))
INDEX = Name("i")
_LOG = Call("log", (add(INDEX, ONE),))

Needs = tuple[Condition, ...]


class NoMeaningError(ValueError):
    """A quantity has no definition for this problem and method yet."""


@dataclass(frozen=True, slots=True)
class Law:
    """The sequence ``i^-exponent log(i+1)^-log``; without `log` the power alone."""

    exponent: Expr
    log: Expr | None = None

    @property
    def is_slow(self) -> bool:
        """Whether only the logarithm makes the sequence summable."""
        return self.log is not None and self.exponent == ONE

    def at(self, index: Expr) -> Expr:
        """Return the term at an index."""
        fast = power(index, neg(self.exponent))
        if self.log is None:
            return fast
        return mul(fast, power(Call("log", (add(index, ONE),)), neg(self.log)))

    def summable(self) -> Condition:
        """Return the condition under which the sequence has a finite sum."""
        deciding = self.log if self.is_slow and self.log is not None else self.exponent
        return Condition(deciding, ">", ONE)

    def finite(self) -> Needs | None:
        """Return the same as a need: None where the sequence has no finite sum."""
        return _when(self.summable().left, ">", ONE)


def spectrum_law(setting: Setting) -> Law:
    """Return the law of the spectrum, or of the kernel that stands in its place."""
    if setting.kernel is None:
        return law(setting.spectrum, "spectrum")
    return Law(setting.kernel.exponent)


def law(expr: Expr, what: str) -> Law:
    """Read a positive number times ``i^-e`` or ``i^-e log(i+1)^-q``.

    Raises
    ------
    NoMeaningError
        Where the expression, the `what` of a setting, is neither.
    """
    found = as_law(expr)
    if found is None:
        raise NoMeaningError(
            f"no rule yet for the {what} {expr}: it is neither i^-e nor i^-e*log(i+1)^-q"
        )
    return found


def as_law(expr: Expr) -> Law | None:
    """Return the law that an expression is, or None."""
    powers: dict[Expr, Expr] = {}
    for factor in expr.factors if isinstance(expr, Mul) else (expr,):
        if isinstance(factor, Num) and factor.value > 0:
            continue
        base, exponent = as_power(factor)
        if base not in (INDEX, _LOG) or base in powers or "i" in free_names(exponent):
            return None
        powers[base] = exponent
    if INDEX not in powers:
        return None
    return Law(neg(powers[INDEX]), neg(powers[_LOG]) if _LOG in powers else None)


def as_power(expr: Expr) -> tuple[Expr, Expr]:
    """Return base and exponent; a power of a power has the product of the exponents."""
    if not isinstance(expr, Pow):
        return expr, ONE
    base, inner = as_power(expr.base)
    return base, mul(inner, expr.exponent)


# Whether a setting is a problem.


def finite_trace(setting: Setting, target: Expr) -> Needs:
    """Return the conditions under which a spectrum and a target are those of a problem.

    Raises
    ------
    NoMeaningError
        Where no rule shows it.
    """
    if setting.kernel is not None:
        spectrum = _told(INDEX, "spectrum", lambda _: spectrum_law(setting).finite())
    else:
        spectrum = _told(setting.spectrum, "spectrum", summable)
        spectrum += _told(setting.spectrum, "spectrum", _decreasing)
    return tuple(dict.fromkeys((*spectrum, *_told(target, "target", summable))))


def _told(expr: Expr, what: str, rule: Callable[[Expr], Needs | None]) -> Needs:
    needs = rule(expr)
    if needs is None:
        raise NoMeaningError(
            f"nothing shows that the {what} {expr} is positive"
            f"{', decreasing' if rule is _decreasing else ''} and has a finite sum"
        )
    return needs


def summable(expr: Expr) -> Needs | None:
    """Return when a sequence in i is positive and has a finite sum; None where no rule says."""
    if (found := as_law(expr)) is not None:
        return found.finite()
    match expr:
        case Add(parts) | Call("max", parts):
            return _all(map(summable, parts))
        case Call("min", parts):
            return _one_and_others(parts, summable, _positive)
        case Mul(parts):
            return _one_and_others(parts, summable, _decreasing)
        case Pow(Add((Name("i"), Num(shift))), e) if shift > -1 and "i" not in free_names(e):
            return _when(neg(e), ">", ONE)
    falls = _falling(expr)
    return None if falls is None else _like_a_power(falls)


def _decreasing(expr: Expr) -> Needs | None:
    """Return when a sequence is positive and decreasing up to a constant."""
    found = as_law(expr)
    if found is not None and (needs := found.finite()) is not None:
        return needs
    match expr:
        case Num(value):
            return () if value > 0 else None
        case Add(parts) | Mul(parts) | Call("min" | "max", parts):
            return _all(map(_decreasing, parts))
        case Pow(base, e) if "i" not in free_names(e) and (rises := rising(base)) is not None:
            return _all((rises, _when(neg(e), ">=", ZERO)))
    falls = _falling(expr)
    return None if falls is None else rising(falls)


def _positive(expr: Expr) -> Needs | None:
    found = _decreasing(expr)
    return rising(expr) if found is None else found


def rising(expr: Expr) -> Needs | None:
    """Return when a sequence is positive and nondecreasing."""
    match expr:
        case Num(value):
            return () if value > 0 else None
        case Name("i"):
            return ()
        case Name() if expr.name != "oo":
            return (Condition(expr, ">", ZERO),)
        case Add((Name("i"), Num(shift))):
            return () if shift > -1 else None
        case Call("log", (Add((Name("i"), Num(shift))),)):
            return () if shift > 0 else None
        case Add(parts) | Mul(parts) | Call("min" | "max" | "exp" | "sqrt", parts):
            return _all(map(rising, parts))
        case Pow(Num(base), e) if base >= 1:
            return rising(e)
        case Pow(base, e) if "i" not in free_names(e) and (rises := rising(base)) is not None:
            return _all((rises, _when(e, ">=", ZERO)))
    return None


def _falling(expr: Expr) -> Expr | None:
    """Return X where an expression is ``exp(-cX)``, ``c > 0``, written so or as ``r^X``."""
    match expr:
        case Call("exp", (arg,)):
            return _minus(arg)
        case Pow(Num(base), e) if base > 0 and base != 1:
            return e if base < 1 else _minus(e)
    return None


def _minus(expr: Expr) -> Expr:
    return add(*map(neg, expr.terms if isinstance(expr, Add) else (expr,)))


def _like_a_power(expr: Expr) -> Needs | None:
    """Return when a rising sequence is at least ``c i^s`` for some positive c and s."""
    match expr:
        case Name("i"):
            return ()
        case Pow(Name("i"), e) if "i" not in free_names(e):
            return _when(e, ">", ZERO)
        case Add(parts) | Mul(parts):
            return _one_and_others(parts, _like_a_power, rising)
    return None


def _all(found: Iterable[Needs | None]) -> Needs | None:
    needs: Needs = ()
    for part in found:
        if part is None:
            return None
        needs += part
    return needs


def _one_and_others(
    parts: tuple[Expr, ...],
    one: Callable[[Expr], Needs | None],
    other: Callable[[Expr], Needs | None],
) -> Needs | None:
    """Return the needs where the first part that can obeys one rule, and all others another."""
    for place, part in enumerate(parts):
        needs = one(part)
        rest = _all(other(p) for k, p in enumerate(parts) if k != place)
        if needs is not None and rest is not None:
            return (*needs, *rest)
    return None


def _when(expr: Expr, op: Literal[">", ">="], bound: Num) -> Needs | None:
    """Return the condition as a need: none where numbers satisfy it, None where they do not."""
    if not isinstance(expr, Num):
        return (Condition(expr, op, bound),)
    return () if expr.value > bound.value or (op, expr) == (">=", bound) else None


# Numbers of samples and of outputs.


def counted(expr: Expr, what: str, sizes: frozenset[str]) -> Needs:
    """Return the conditions under which a number of samples or outputs is at least 1.

    Parameters
    ----------
    expr
        Numbers, sizes and parameters, and their powers, products, sums, minima and maxima.
    what
        What it counts.
    sizes
        Names that are known to tend to infinity.

    Raises
    ------
    NoMeaningError
        Where no rule shows it.
    """
    needs = _counted(expr, sizes)
    if needs is None:
        raise NoMeaningError(f"nothing shows that the {what} {expr} is at least 1")
    return needs


def _counted(expr: Expr, sizes: frozenset[str]) -> Needs | None:
    match expr:
        case Num():
            return _when(expr, ">=", ONE)
        case Name(name) if name not in ("oo", "gamma", "sigma"):
            return () if name in sizes else _when(expr, ">=", ONE)
        case Pow(base, e) if (needs := _counted(base, sizes)) is not None:
            known = free_names(e).isdisjoint(sizes)
            return _all((needs, _when(e, ">=", ZERO))) if known else None
        case Mul((Num(value), Name(name), *rest)) if 0 < value < 1 and name in sizes:
            return _all(_counted(part, sizes) for part in rest)
        case Mul(parts) | Call("min" | "max" | "sqrt", parts) | Add(parts):
            return _all(_counted(part, sizes) for part in parts)
    return None
