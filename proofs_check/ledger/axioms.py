r"""What a ledger may use without a proof of its own: a fixed list of standard analysis.

Each is a lemma like those of a ledger, closed and without constants, and is proved here.

``exp-tangent``.  exp is convex and its tangent at 0 is ``1 + x``.
``log-tangent``.  ``log t <= t - 1`` is exp-tangent at ``log t``; put ``t = x/y``.
``bernoulli``.  ``x -> x^p`` is convex on x > 0 for p <= 0 (second derivative
    ``p(p-1)x^(p-2) >= 0``), and ``1 + p(x-1)`` its tangent at 1; ``bernoulli-large`` is the same
    for p >= 1, and ``bernoulli-small`` for 0 <= p <= 1, where it is concave.
``chord``.  ``x -> x^-p`` is convex, so on [y, z] it is at most its chord; integrate both.
``power-increases``.  The derivative ``p x^(p-1)`` is not negative.
``floor-below, floor-above, floor-least``.  floor(x) is the largest integer that is at most x.
``integer-gap``.  There is no integer between m and m + 1.
``min-first, min-second, min-greatest``.  Definition of the minimum.
"""

from __future__ import annotations

from dataclasses import dataclass

from ratecert.proofs_check.ledger.terms import Relation, parse_relation

__all__ = ["REAL", "Closed", "axioms"]

REAL = "numbers"


@dataclass(frozen=True, slots=True)
class Closed:
    """A lemma as others see it: its variables, what it assumes and what it says.

    `kind` is what its formulas are about.  Only where that is `REAL`, real numbers, may it enter
    a proof: letters that do not commute, and expectations, have rules of their own.
    """

    id: str
    reals: frozenset[str]
    integers: frozenset[str]
    assume: tuple[Relation, ...]
    says: Relation
    kind: str = REAL

    def __str__(self) -> str:
        given = ", ".join(map(str, self.assume))
        return f"{self.says} for {given}" if given else str(self.says)


_STATED: tuple[tuple[str, str, str, str, str], ...] = (
    ("exp-tangent", "1 + x <= exp(x)", "", "x", ""),
    ("log-tangent", "log(x) <= log(y) + x/y - 1", "x > 0, y > 0", "x y", ""),
    ("bernoulli", "1 + p*(x - 1) <= x^p", "x > 0, p <= 0", "x p", ""),
    ("bernoulli-large", "1 + p*(x - 1) <= x^p", "x > 0, p >= 1", "x p", ""),
    ("bernoulli-small", "x^p <= 1 + p*(x - 1)", "x > 0, p >= 0, p <= 1", "x p", ""),
    (
        "chord",
        "(y^(1-p) - z^(1-p))/(p - 1) <= (z - y)*(y^-p + z^-p)/2",
        "y > 0, y <= z, p > 1",
        "y z p",
        "",
    ),
    ("power-increases", "x^p <= y^p", "x > 0, x <= y, p >= 0", "x y p", ""),
    ("floor-below", "floor(x) <= x", "", "x", ""),
    ("floor-above", "x < floor(x) + 1", "", "x", ""),
    ("floor-least", "k <= floor(x)", "k <= x", "x", "k"),
    ("integer-gap", "m + 1 <= n", "m < n", "", "m n"),
    ("min-first", "min(x, y) <= x", "", "x y", ""),
    ("min-second", "min(x, y) <= y", "", "x y", ""),
    ("min-greatest", "z <= min(x, y)", "z <= x, z <= y", "x y z", ""),
)
"""The axioms: name, statement, what it assumes, its real and its whole variables."""


def axioms() -> dict[str, Closed]:
    """Return the axioms by name."""
    return {row[0]: _closed(*row) for row in _STATED}


def _closed(name: str, says: str, assume: str, reals: str, integers: str) -> Closed:
    conditions = tuple(parse_relation(c) for c in assume.split(",") if c.strip())
    return Closed(
        name, frozenset(reals.split()), frozenset(integers.split()), conditions,
        parse_relation(says),
    )  # fmt: skip
