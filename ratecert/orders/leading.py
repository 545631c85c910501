"""The first terms of an expression with their constants: what is proved of them, and how seen.

A leading term counts as proved where ``EXPR ~ TERM`` has been derived and the derivation
re-checked, as for orders.  Further terms come from `ratecert.theory.expansions.expansions`; each
has been held against balls (`ratecert.orders.constants`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ratecert.orders.constants import Confirmed, checked_expansion
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.premises import premises
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Expr, Mul, Num, Sum, mul, unmarked, walk
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.theory.derive import checked_derivation
from ratecert.theory.expansions.expansions import Expansion
from ratecert.theory.search.equivalence import proposed_equivalent
from ratecert.theory.search.prover import StuckError
from ratecert.writing.page import landau, math
from ratecert.writing.tables import Math
from ratecert.writing.tidy import tidy, tidy_text

__all__ = ["LeadingTerms", "UnknownOrderError", "leading_terms", "proved"]


class UnknownOrderError(ValueError):
    """The engine does not reach the order of the expression; the message says why."""

    def __init__(self, message: str):
        super().__init__(unmarked(message))


@dataclass(frozen=True, slots=True)
class LeadingTerms:
    """The first terms of an expression with their constants, largest first.

    Attributes
    ----------
    terms
        The terms, in the claim language.
    rest
        What follows: "O" or "o" with an expression, "below" with what it is smaller than every
        power of, or "exact" with "".
    is_proved
        Whether it is proved that the expression is ``~`` the first term, as the orders are.
        Otherwise it was derived by the Mellin transform, and each term checked in balls.
    checked
        Where balls agreed: the number of the term, the parameters and the sizes
        (`ratecert.orders.constants`).
    origins
        Where each term comes from (`ratecert.theory.expansions.mellin.ExpansionTerm`), where that
        is known.
    sign
        What has to be compared with 0 for more terms, "" for nothing.
    when
        The conditions under which it holds, beyond the assumptions.
    """

    terms: tuple[str, ...]
    rest: tuple[str, str]
    is_proved: bool
    checked: tuple[Mapping[str, Any], ...] = ()
    origins: tuple[str, ...] = ()
    sign: str = ""
    when: tuple[str, ...] = ()

    @property
    def remainder(self) -> str:
        """What follows, in words: ``O(N^(-2))``; "" for nothing."""
        kind, inside = self.rest
        known = {"exact": "", "below": f"O({_grouped(inside)}^-K) for every K"}
        return known.get(kind, f"{kind}({inside})")

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data, without its conditions."""
        return {
            "terms": list(self.terms),
            "remainder": self.remainder,
            "proved": self.is_proved,
            "checked": list(self.checked),
        }

    def math(self) -> Math:
        """Return the terms and what follows as one formula."""
        terms = [math(parse_expr(term)) for term in self.terms]
        shown, plain = _joined([t.latex for t in terms]), _joined([t.plain for t in terms])
        kind, inside = self.rest
        if kind == "exact":
            return Math(shown, plain)
        value = math(parse_expr(inside))
        last = Math(rf"O\left({_grouped(value.latex)}^{{-\infty}}\right)", self.remainder)
        if kind != "below":
            last = landau(kind, value)
        return Math(f"{shown} + {last.latex}", f"{plain} + {last.plain}")

    @property
    def source(self) -> str:
        """How much is known of it, in words."""
        if len(self.terms) == 1:
            return "proved" if self.is_proved else "derived, checked in balls"
        checked = f"derived, each checked in balls, at {len(self.checked)} places in all"
        return f"the first term proved, the others {checked}" if self.is_proved else checked

    def __str__(self) -> str:
        """Return ``~ T``, or ``= T + ... + O(...)`` for more terms."""
        if len(self.terms) == 1 and self.remainder:
            return f"~ {self.terms[0]}"
        return f"= {_joined([*self.terms, *([self.remainder] if self.remainder else [])])}"


def _grouped(text: str) -> str:
    return text if text.isalnum() else f"({text})"


def _joined(terms: Sequence[str]) -> str:
    """Return a sum of terms, a minus in front of one as that between them."""
    rest = (f" - {term[1:]}" if term.startswith("-") else f" + {term}" for term in terms[1:])
    return terms[0] + "".join(rest)


def leading_terms(
    expr: str, assume: Sequence[str], sizes: Sequence[str], terms: int
) -> LeadingTerms | None:
    """Return the first terms of an expression with sums, None where they are not known.

    Parameters as for `ratecert.order`.
    """
    if not any(isinstance(node, Sum) for node in walk(parse_expr(expr))):
        return None
    found = checked_expansion(expr, assume, sizes, terms)
    if found is not None:
        known: LeadingTerms | None = _told_leading(found)
    else:
        claim = make_claim(f"{expr} = Theta(1)", list(assume), sizes=list(sizes))
        known = _proposed(proposed_equivalent(premises(claim, exact=True)))
    if known is None:
        return None
    try:
        proved(make_claim(f"{expr} ~ {known.terms[0]}", list(assume), sizes=list(sizes)))
    except UnknownOrderError:
        return None if found is None else known
    return replace(known, is_proved=True)


def _proposed(term: Expr | None) -> LeadingTerms | None:
    if term is None:
        return None
    text = tidy_text(str(term))
    return LeadingTerms((text,), ("o", text), False)


def _told_leading(found: Confirmed) -> LeadingTerms:
    """Return an expansion that balls have confirmed, as text."""
    known = found.expansion
    terms = tuple(tidy_text(str(term)) for term in known.terms)
    places = tuple(
        {
            "term": place.term,
            "at": {name: str(value) for name, value in place.values.items()},
            "sizes": {name: str(value) for name, value in place.sizes.items()},
        }
        for place in found.places
    )
    return LeadingTerms(terms, _rest(known), False, places, known.origins, known.sign)


def _rest(known: Expansion) -> tuple[str, str]:
    """Say what follows the terms of an expansion."""
    if known.is_exact:
        return "exact", ""
    if known.remainder is not None:
        return "O", str(tidy(_without_number(known.remainder)))
    if known.below is not None:
        return "below", str(tidy(known.below))
    return "o", str(tidy(_without_number(known.scales[-1])))


def _without_number(expr: Expr) -> Expr:
    factors = expr.factors if isinstance(expr, Mul) else (expr,)
    return mul(*(factor for factor in factors if not isinstance(factor, Num)))


def proved(claim: Claim) -> tuple[str, ...]:
    """Derive the claim, have the derivation checked, and return what it rests on."""
    try:
        return checked_derivation(claim).trust
    except (StuckError, RejectedError) as error:
        raise UnknownOrderError(f"{claim.says} was found, but not proved: {error}") from error
