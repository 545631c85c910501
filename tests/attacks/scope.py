"""Names of drawn claims: whatever can be typed, so that each may hide or capture another.

The index of a sum may be called like a size, like a parameter, like an index around it, or like
something that the checker uses inside.  It stands for what the claim means as long as it differs
from the names that its term uses freely, and from the inner indices whose terms use it; the names
in the bounds are outside of its sum.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from ratecert.proofs_check.language.expr import Expr, Sum, free_names, walk
from ratecert.proofs_check.language.grammar import parse_expr

__all__ = ["Interval", "Scope", "number"]

SIZES = ("M", "N", "C", "T", "t", "n", "k", "B", "L", "D", "d")
OWN_SIZES = ("p", "i", "j", "x", "P_1", "m", "lambda", "_", "log2", "Theta", "O", "beta", "q",
             "gamma_", "S", "sizes", "i_1", "nu")  # fmt: skip
PARAMETERS = ("a", "b", "c", "q", "r", "s", "alpha", "beta", "delta", "nu", "rho", "i", "j", "_x",
              "a_1", "e", "E", "I", "lambda", "x", "tau")  # fmt: skip
INDICES = ("i", "j", "l", "x", "y", "z", "_", "__", "i_1", "t0", "sum_", "exp_", "log2", "max2",
           "Gamma_", "zeta1", "pi_", "oo_", "Theta", "O", "Omega", "o", "None", "nan", "inf", "e",
           "E", "I", "N_eff", "value", "index", "kappa", "lambda", "alpha", "s", "u", "lam",
           "True",
           "sizes", "gammas", "sigma_", "eigenvalue_", "N_", "Otilde")  # fmt: skip
_FRESH = "fresh_index_of_the_draw"
Interval = tuple[Fraction | None, Fraction | None]
"""Open on both sides; None is no bound."""


def number(value: Fraction | int) -> str:
    """Return a rational number as a factor or an exponent of the language."""
    text = str(Fraction(value))
    return text if text.isdigit() else f"({text})"


@dataclass
class Scope:
    """The names of one claim while it is drawn, and what is assumed about them."""

    rng: random.Random
    sizes: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    parameters: dict[str, Interval] = field(default_factory=dict)
    assume: list[str] = field(default_factory=list)
    related: bool = False
    """Whether assumptions relate sizes to each other."""

    def taken(self) -> set[str]:
        return {*self.sizes, *self.parameters}

    def size(self) -> str:
        """Return a size, one of before or another."""
        if self.sizes and self.rng.random() < 0.4:
            return self.rng.choice(self.sizes)
        return self.new_size()

    def new_size(self) -> str:
        own = self.rng.random() < 0.15
        pool = [name for name in (OWN_SIZES if own else SIZES) if name not in self.taken()]
        name = self.rng.choice(pool)
        self.sizes.append(name)
        if own:
            self.own.append(name)
        return name

    def large(self) -> str:
        """Return a factor that tends to infinity."""
        size = self.size()
        form = self.rng.choice(
            ["{}", "{}", "{}", "({}^2)", "({}^(1/2))", "({}*{other})", "(2*{})"]
        )
        other = self.size() if "other" in form else ""
        return form.format(size, other=other)

    def exponent(self, low: Fraction | int | None, high: Fraction | int | None) -> str:
        """Return a factor with a value strictly between the bounds: a number, or a parameter."""
        wanted = (None if low is None else Fraction(low), None if high is None else Fraction(high))
        if self.rng.random() < 0.55:
            return number(self.number(*wanted))
        name, interval = self._parameter(wanted)
        scale = Fraction(1)
        if interval is None:
            scale = self.rng.choice([Fraction(1), Fraction(1), Fraction(2), Fraction(1, 2)])
            bounds = (_over(wanted[0], scale), _over(wanted[1], scale))
            self.parameters[name] = bounds
            self._assume(name, bounds)
        if scale != 1:
            return f"({number(scale)}*{name})" if scale > 1 else f"({name}/2)"
        return name

    def number(self, low: Fraction | None, high: Fraction | None) -> Fraction:
        """Return a rational number strictly between the bounds."""
        least = low if low is not None else (high if high is not None else Fraction(0)) - 3
        most = high if high is not None else least + 3
        while True:
            share = Fraction(self.rng.randint(1, 11), self.rng.choice([12, 4, 2, 3]))
            value = (least + (most - least) * share).limit_denominator(6)
            if least < value < most:
                return value

    def _parameter(self, wanted: Interval) -> tuple[str, Interval | None]:
        """Return a parameter that is known to lie there, or a new one and no interval."""
        known = [name for name, held in self.parameters.items() if _inside(held, wanted)]
        if known and self.rng.random() < 0.5:
            name = self.rng.choice(known)
            return name, self.parameters[name]
        pool = [name for name in PARAMETERS if name not in self.taken()]
        return self.rng.choice(pool), None

    def _assume(self, name: str, bounds: Interval) -> None:
        low, high = bounds
        if low is not None and high is not None and self.rng.random() < 0.5:
            self.assume.append(f"{low} < {name} < {high}")
            return
        if low is not None:
            self.assume.append(self.rng.choice([f"{name} > {low}", f"{low} < {name}"]))
        if high is not None:
            self.assume.append(f"{name} < {high}")
        if low is None and high is None:
            self.assume.append(f"{name} > -3")

    def sum(self, term: Callable[[str], str], lo: str, hi: str) -> str:
        """Return a sum over an index of any name that leaves the meaning of its term alone."""
        tree = parse_expr(term(_FRESH))
        own = [name for name in (*self.sizes, *self.parameters) if name not in _avoid(tree)]
        pool = [name for name in (*INDICES, *SIZES) if name not in _avoid(tree)]
        plain = [name for name in ("i", "j", "k") if name in pool]
        if own and self.rng.random() < 0.45:
            name = self.rng.choice(own)
        elif plain and self.rng.random() < 0.3:
            name = self.rng.choice(plain)
        else:
            name = self.rng.choice(pool)
        return f"sum({term(name)}, {name}, {lo}, {hi})"


def _over(bound: Fraction | None, scale: Fraction) -> Fraction | None:
    return None if bound is None else bound / scale


def _inside(held: Interval, wanted: Interval) -> bool:
    above = wanted[0] is None or (held[0] is not None and held[0] >= wanted[0])
    below = wanted[1] is None or (held[1] is not None and held[1] <= wanted[1])
    return above and below


def _avoid(term: Expr) -> frozenset[str]:
    """Return the names that the index of a sum over this term may not have."""
    inner = {
        node.index for node in walk(term)
        if isinstance(node, Sum) and _FRESH in free_names(node.term)
    }  # fmt: skip
    return frozenset(inner) | free_names(term) - {_FRESH}
