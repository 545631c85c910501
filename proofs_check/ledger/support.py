"""Claims of a paper that lemmas of a ledger support, and whether a lemma says what a claim says.

A claim ``left = Theta(right)`` (likewise O, Omega) hides a constant that may depend on exponents,
on no size and no step size.  A lemma supports it by saying ``left <= C right`` or
``c right <= left``, in the claim's own words, with a positive C or c.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from proofs_check.claim import SIZES
from proofs_check.claimfile import make_claim
from proofs_check.claimnames import CONSTANTS, QUANTITIES
from proofs_check.errors import RejectedError
from proofs_check.expr import Expr, Mul, Name, Num, free_names, mul
from proofs_check.language import parse_statement
from proofs_check.ledger.context import Context
from proofs_check.ledger.definitions import name_of
from proofs_check.ledger.proof import texts
from proofs_check.ledger.terms import Relation, put

__all__ = ["Supported", "read_claim"]

EXPONENTS = frozenset({"a", "b"})
ONE = Num(Fraction(1))


@dataclass(frozen=True, slots=True)
class Supported:
    """A claim of a paper: what it says, and how this ledger speaks of it.

    `names` are names of this ledger in the place of the claim's quantities.  The constant hidden
    in the claim's relation may be a function of `constants`: the exponents, and fixed reals that
    no standing assumption ties to a size or to the step size.
    """

    says: str
    names: Mapping[str, Expr]
    constants: frozenset[str]

    def require_fixed(self, context: Context) -> None:
        """Reject constants that are sizes, or that what is known ties to more than exponents."""
        own = self.constants - EXPONENTS
        if not own <= context.reals - CONSTANTS - SIZES:
            raise RejectedError("the constants of a claim are fixed reals, no step size or noise")
        for fact in context.facts:
            names = fact.relation.names()
            if names & own and not names <= self.constants:
                raise RejectedError(f"{fact.relation} ties a constant of a claim to a size")

    def require_bound(self, says: Relation, context: Context) -> None:
        """Reject if a statement is not a bound of the claim's left side by its right side."""
        stated = parse_statement(self.says)
        left, right = put(stated.left, self.names), put(stated.right, self.names)
        lower = says.right == left and stated.relation in ("Theta", "Omega")
        upper = says.left == left and stated.relation in ("Theta", "O")
        bound = says.left if lower else says.right
        if says.op != "<=" or not (lower or upper) or not self._is_multiple(bound, right, context):
            raise RejectedError(f"the statement is no bound as {self.says!r} claims it")

    def _is_multiple(self, bound: Expr, right: Expr, context: Context) -> bool:
        """Whether the bound is the right side times factors free of sizes and step size."""
        factors = bound.factors if isinstance(bound, Mul) else (bound,)
        wanted = right.factors if isinstance(right, Mul) else (right,)
        rest = list(factors)
        for factor in wanted:
            if factor not in rest:
                return False
            rest.remove(factor)
        constant = mul(*rest) if rest else ONE
        return free_names(constant) <= self.constants and context.is_positive(constant)


def read_claim(table: Mapping[str, Any]) -> tuple[str, Supported]:
    """Read a claim; `as` is its name here where the paper's is taken, as for another setting."""
    if not {"id", "says"} <= set(table):
        raise RejectedError("a claim has id and says")
    own = {"as": table["id"], "names": {}, "constants": []}
    here = own | {key: value for key, value in table.items() if key in own}
    claim = make_claim(**{key: value for key, value in table.items() if key not in own})
    if not isinstance(here["names"], dict) or not isinstance(here["as"], str):
        raise RejectedError("`names` is a table of names, and `as` is one")
    names = {name: Name(name_of(called)) for name, called in here["names"].items()}
    if not set(names) <= QUANTITIES:
        raise RejectedError("only quantities have other names in a ledger")
    constants = EXPONENTS | frozenset(map(name_of, texts(here["constants"])))
    return here["as"], Supported(claim.says, names, constants)
