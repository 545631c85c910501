r"""How far the numbers in a claim can move it: the constants that a ladder may have to outgrow.

``1e-40 M + 1`` is of order M and looks like a constant up to ``M = 10^40``.  What hides an order
is a constant factor, and constants come from the numbers that are written down.  `Margin.of` adds
them up: it returns a bound, as a rule of thumb, of ``|log c|`` for the constants c that an
expression puts before the orders of its terms.

- A constant expression, whatever it is made of, counts with its value.
- Products add, powers multiply, of sums, minima and maxima the largest counts, a logarithm counts
  with the logarithm of its argument's constant.
- A sum over an index counts with its term, also at its two ends, and with the ends.
- The step counts with the constant before its monomial.
- An exponential with an exponent that moves is no constant, but if it is slower than every power
  of t, or not much faster, it hides orders as a constant does: ``exp(100 sqrt(log t))`` is larger
  than t up to ``t = 10^4343``.  It counts with its value where the ladder ends, if that is at most
  ``exp((log t)^2)``; what is larger decides by itself.  While its exponent is below 1 for nothing
  but the numbers in it, as that of ``exp(-1e-30 M)`` up to ``M = 10^30``, it hides everything.

*Source*: derived here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Pow,
    Sum,
    children,
    free_names,
    substitute,
)

__all__ = ["Margin"]


@dataclass(frozen=True, slots=True)
class Margin:
    """The reader of an expression where a ladder ends.

    Attributes
    ----------
    moving : frozenset of str
        Sizes, step and indices; all other names are fixed.
    log_size : function of an expression without index
        The logarithm of its absolute value there; None where that is not known.
    step : float
        The logarithm of the constant of the step.
    log_t : float
        ``log t`` there.
    """

    moving: frozenset[str]
    log_size: Callable[[Expr], float | None]
    step: float
    log_t: float

    def of(self, expr: Expr) -> float:
        """Return the bound for an expression."""
        if not free_names(expr) & self.moving:
            return abs(self.log_size(expr) or 0.0)
        match expr:
            case Name(name):
                return abs(self.step) if name == "gamma" else 0.0
            case Mul(factors):
                return sum(map(self.of, factors))
            case Add(parts) | Call("min" | "max", parts):
                return max(map(self.of, parts)) + math.log(len(parts))
            case Pow(base, exponent) if not free_names(exponent) & self.moving:
                size = self.log_size(exponent)
                return 0.0 if size is None else math.exp(min(size, 700.0)) * self.of(base)
            case Pow(base, exponent):
                return self._exponential(expr, self.of(exponent) + self._of_base(base))
            case Call("exp", (arg,)):
                return self._exponential(expr, self.of(arg))
            case Call("sqrt", (arg,)):
                return self.of(arg) / 2
            case Call("log", (arg,)):
                return math.log1p(self.of(arg))
            case Sum():
                return self._sum(expr)
        return max(map(self.of, children(expr)), default=0.0)

    def _of_base(self, base: Expr) -> float:
        """Return what the numbers in the base of a moving power come to in its exponent."""
        if free_names(base) & self.moving:
            return self.of(base)
        log = self.log_size(base)
        return abs(math.log(abs(log))) if log else 0.0

    def _exponential(self, expr: Expr, numbers: float) -> float:
        """Return the bound for ``exp(E)``, `numbers` being that for E."""
        size = self.log_size(expr)
        if size is None:
            return numbers
        E = abs(size)
        if not E or math.log(E) + numbers < 0 or math.log(E) > 2 * math.log(self.log_t):
            return 0.0
        return E if E >= 1 else math.inf

    def _sum(self, expr: Sum) -> float:
        inside = Margin(self.moving | {expr.index}, self.log_size, self.step, self.log_t)
        ends = [end for end in (expr.lo, expr.hi) if end != Name("oo")]
        at_ends = (self.of(substitute(expr.term, {expr.index: end})) for end in ends)
        return max(inside.of(expr.term), *at_ends) + max(map(self.of, ends))
