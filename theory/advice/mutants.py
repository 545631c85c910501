"""Mutants of a claim: the same claim with one small thing changed.

A verifier that certifies a theorem should also notice when the theorem is bent.  Each mutant
changes one thing only:

- *exponent*: one exponent of something with a size, on the right side, is larger or smaller by
  `NUDGE`, also that of a size that stands there plain (``M`` becomes ``M^(11/10)``);
- *term*: one term of a sum, minimum or maximum on the right side is left out;
- *condition*: one assumption is left out;
- *relation*: it says the opposite, or more than before;
- *constant*: the right side of ``~`` is doubled.

Most mutants are false.  Some are true as well (a weaker bound, an assumption that was not
needed): whether a mutant holds is for the checker to say, not for the one who made it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    add,
    children,
    free_names,
    mul,
    rebuild,
)

__all__ = ["KINDS", "Mutant", "mutants"]

NUDGE = Fraction(1, 10)
KINDS = ("exponent", "term", "condition", "relation", "constant")

_TURNED: Mapping[str, tuple[str, ...]] = {
    "Theta": ("o",),
    "O": ("Omega", "o"),
    "Omega": ("O",),
    "o": ("Omega",),
    "~": ("o",),
    "Thetatilde": ("o",),
    "Otilde": ("Omegatilde",),
    "Omegatilde": ("Otilde",),
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed claim; `kind` is one of `KINDS`, `change` says in words what was changed."""

    claim: Claim
    kind: str
    change: str


def mutants(claim: Claim) -> Iterator[Mutant]:
    """Yield the mutants of a claim, in a fixed order; some may not be usable as claims."""
    for change, right in _nudged(claim):
        yield Mutant(_saying(claim, right=right), "exponent", change)
    for right, term in _without_a_term(claim.right):
        yield Mutant(_saying(claim, right=right), "term", f"without {term}")
    for k, condition in enumerate(claim.assume):
        rest = claim.assume[:k] + claim.assume[k + 1 :]
        yield Mutant(replace(claim, assume=rest), "condition", f"without {condition}")
    for relation in _TURNED[claim.relation]:
        change = f"{relation} for {claim.relation}"
        yield Mutant(_saying(claim, relation=relation), "relation", change)
    if claim.relation == "~":
        twice = mul(Num(Fraction(2)), claim.right)
        yield Mutant(_saying(claim, right=twice), "constant", "twice the right side")


def _saying(claim: Claim, right: Expr | None = None, relation: str = "") -> Claim:
    changed = replace(
        claim,
        right=claim.right if right is None else right,
        relation=relation or claim.relation,
    )
    left, right = changed.left, changed.right
    tilde = changed.relation == "~"
    says = f"{left} ~ {right}" if tilde else f"{left} = {changed.relation}({right})"
    return replace(changed, says=says)


def _nudged(claim: Claim) -> Iterator[tuple[str, Expr]]:
    sizes = claim.sizes | {"gamma"}
    for sign, word in ((NUDGE, "+"), (-NUDGE, "-")):
        for right, base in _with_one_exponent(claim.right, sign, sizes):
            yield f"exponent of {base} {word} {NUDGE}", right


def _with_one_exponent(
    expr: Expr, step: Fraction, sizes: frozenset[str]
) -> Iterator[tuple[Expr, Expr]]:
    """Yield the expression with one exponent changed, and the base of that power."""
    match expr:
        case Pow(base, exponent):
            if free_names(base) & sizes:
                yield Pow(base, add(exponent, Num(step))), base
            if not isinstance(base, Name | Num):
                for changed, inner in _with_one_exponent(base, step, sizes):
                    yield Pow(changed, exponent), inner
        case Name(name) if name in sizes:
            yield Pow(expr, Num(1 + step)), expr
        case Add() | Mul() | Call():
            parts = children(expr)
            for k, part in enumerate(parts):
                for changed, base in _with_one_exponent(part, step, sizes):
                    yield rebuild(expr, (*parts[:k], changed, *parts[k + 1 :])), base


def _without_a_term(expr: Expr) -> Iterator[tuple[Expr, Expr]]:
    """Yield the expression without one term of a sum, minimum or maximum, and the term."""
    parts = children(expr)
    if isinstance(expr, Add) or (isinstance(expr, Call) and expr.func in ("min", "max")):
        for k, part in enumerate(parts):
            rest = (*parts[:k], *parts[k + 1 :])
            yield rest[0] if len(rest) == 1 else rebuild(expr, rest), part
    for k, part in enumerate(parts):
        for changed, term in _without_a_term(part):
            yield rebuild(expr, (*parts[:k], changed, *parts[k + 1 :])), term
