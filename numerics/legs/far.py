r"""Closed forms far out: the ratio of two sides without sums where log t is as large as one likes.

No integer of 10^12 digits can be written down, but its logarithm can: at ``log t = L`` every size
is ``exp(x L + y log L + z log log L)``, and arb has exponents of any size.  So the logarithm of
LEFT/RIGHT is enclosed where slow crossovers are over and constants are forgotten; whether a size
is whole or odd is not seen there.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import arb

from ratecert.numerics.balls.ball import Ball, Refusal, precision, rational_ball
from ratecert.numerics.balls.program import constant
from ratecert.numerics.legs.places import Exponents
from ratecert.numerics.legs.rungs import STEP, Values
from ratecert.numerics.legs.trend import LogPoint
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.expr import Call, Expr, Num, div, mul, substitute

__all__ = ["Far", "far_points"]

BITS = (256, 1024, 4096)
"""Working precisions that are tried one after the other."""
EXACT = 1e-9
"""Widest radius of a logarithm."""
DIGITS = 150


class Far:
    """Expressions in the sizes, the parameters and sigma at ``log t = L``."""

    def __init__(self, values: Values, path: Exponents, L: int):
        self.L = L
        fixed = {"sigma": Fraction(1), **values}
        self.names: dict[str, Expr] = {name: Num(value) for name, value in fixed.items()}
        self.names |= {name: _size(powers, L) for name, powers in path.items()}
        if "gamma" in path:
            self.names["gamma"] = mul(Num(STEP), self.names["gamma"])
        if "N" in path and "N_eff" not in path:
            N = self.names["N"]
            self.names["N_eff"] = div(mul(N, Call("log", (Num(Fraction(2)),))), Call("log", (N,)))

    def log(self, expr: Expr) -> arb:
        """Return the logarithm of an expression, a ball of a radius below `EXACT`.

        Raises
        ------
        Refusal
            Where it has no enclosure, or is zero or negative.
        """
        here = substitute(expr, self.names)
        for bits in BITS:
            with precision(bits):
                value = constant(here, {})
                if value > 0:
                    log = value.log()
                    if log.is_finite() and log.rad() < EXACT:
                        return log
        raise Refusal("undefined", f"{expr} has no logarithm at log t = {self.L}")


def _size(powers: Sequence[Fraction], L: int) -> Expr:
    """Return ``exp(x L + y log L + z log log L)``, the logarithms rounded to `DIGITS` digits."""
    with precision(8 * DIGITS):
        logs = (arb(L), arb(L).log(), arb(L).log().log())
        terms = (rational_ball(x) * log for x, log in zip(powers, logs, strict=False))
        log_size = Fraction(Ball.of(sum(terms, arb(0)), DIGITS).midpoint)
    return Call("exp", (Num(log_size),))


def far_points(
    claim: Claim, values: Values, path: Exponents, logs: Sequence[int]
) -> list[LogPoint]:
    """Return ``(log t, log(LEFT/RIGHT))`` for each ``log t``; the sides are closed forms.

    Raises
    ------
    Refusal
        Where a side has no enclosure, or is zero or negative.
    """
    found = []
    for L in logs:
        far = Far(values, path, L)
        left, right = far.log(claim.left), far.log(claim.right)
        with precision(BITS[-1]):  # both may be as large as L, and their difference small
            found.append((float(L), float(left - right)))
    return found
