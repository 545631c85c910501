r"""Claims of a paper that lemmas of a ledger support, and whether a lemma says what a claim says.

A claim ``left = Theta(right)`` (likewise O, Omega) hides a constant that may depend on exponents,
on no size and no step size.  A lemma supports it by saying ``left <= C right`` or
``c right <= left``, in the claim's own words, with a positive C or c.

*The same statement.*  The sizes, the step size and the parameters of the claim are free in the
lemma; only N_eff may be defined, as ``N/log(N)``.  The quantities (the risk, say) are what the
ledger defines them to be, as the trust base shows.

*No more assumptions.*  All that the lemma assumes, and all standing assumptions about what its
statement depends on, stand in the claim, hold in the language of claims anyway (``gamma > 0``,
``M >= 1``), or stand in the list `given` of what the ledger asks for beyond the claim.  That list
may narrow the ranges of parameters, and ask for large sizes and a small step size; it may not tie
a size to anything.  Standing assumptions about other names do not matter: these can be chosen as
in the example, whatever those of the statement are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Call, Expr, Mul, Name, Num, free_names, mul, walk
from ratecert.proofs_check.language.quantities import CONSTANTS, QUANTITIES
from ratecert.proofs_check.ledger.axioms import Closed
from ratecert.proofs_check.ledger.inference import texts
from ratecert.proofs_check.ledger.names import name_of
from ratecert.proofs_check.ledger.scope import Scope
from ratecert.proofs_check.ledger.terms import Relation, parse_relation, put

__all__ = ["OWN_KEYS", "Model", "Supported", "read_claim"]

OWN_KEYS = ("as", "names", "constants", "given")
"""What a ledger says of a claim beside the words of the paper."""
EXPONENTS = frozenset({"a", "b"})
EFFECTIVE = parse_relation("N_eff = N/log(N)")


@dataclass(frozen=True, slots=True)
class Supported:
    """A claim of a paper, and how this ledger speaks of it.

    `names` are names of this ledger in the place of the claim's quantities.  The constant hidden
    in the claim's relation may be a function of `constants`: the exponents, and fixed reals that
    no standing assumption ties to a size or to the step size.  `given` is what the ledger asks
    for beyond the claim.
    """

    claim: Claim
    names: Mapping[str, str]
    constants: frozenset[str]
    given: tuple[Relation, ...]

    @property
    def _called(self) -> dict[str, Expr]:
        return {name: Name(called) for name, called in self.names.items()}

    @property
    def sizes(self) -> frozenset[str]:
        """The names that tend to infinity."""
        return self.claim.sizes

    def require_fixed(self, context: Scope) -> None:
        """Reject constants that are sizes, or that what is known ties to more than exponents."""
        own = self.constants - EXPONENTS
        if not own <= context.reals - CONSTANTS - self.sizes:
            raise RejectedError("the constants of a claim are fixed reals, no step size or noise")
        for fact in context.facts:
            names = fact.relation.names()
            if names & own and not names <= self.constants:
                raise RejectedError(f"{fact.relation} ties a constant of a claim to a size")
        for condition in self.given:
            if not self._is_range(condition, context):
                raise RejectedError(
                    f"{condition} in `given` asks for more than a range of parameters, a large "
                    "size or a small step size"
                )

    def _is_range(self, condition: Relation, context: Scope) -> bool:
        """Whether it is about parameters only, or ``number <= size``, or ``p gamma <= q``."""
        names = condition.names()
        if names & self.sizes:
            is_large = isinstance(condition.left, Num) and isinstance(condition.right, Name)
            return is_large and condition.op != "="
        if "gamma" not in names:
            return True
        left = condition.left
        factors = list(left.factors) if isinstance(left, Mul) else [left]
        if Name("gamma") not in factors or condition.op == "=":
            return False
        factors.remove(Name("gamma"))
        others = free_names(condition.right).union(*map(free_names, factors))
        return "gamma" not in others and all(map(context.is_positive, factors))

    def require(self, lemma: Closed, context: Scope, model: Model) -> None:
        """Reject a lemma that is no bound as the claim has it, or that assumes more."""
        self._require_bound(lemma.says, context, model)
        self._require_free(lemma, context, model)
        known = {*self.given, *(parse_relation(str(c)) for c in self.claim.assume)}
        for relation in model.assumed(lemma):
            if relation not in known and not self._always(relation):
                raise RejectedError(
                    f"{relation} is assumed, and stands neither in the claim nor in `given`"
                )

    def _require_bound(self, says: Relation, context: Scope, model: Model) -> None:
        """Reject if a statement is not a bound of the claim's left side by its right side."""
        claim = self.claim
        left, right = (put(side, self._called) for side in (claim.left, claim.right))
        lower = says.right == left and claim.relation in ("Theta", "Omega")
        upper = says.left == left and claim.relation in ("Theta", "O")
        bound = says.left if lower else says.right
        constant = _rest(bound, right)
        if says.op != "<=" or not (lower or upper) or constant is None:
            raise RejectedError(f"the statement is no bound as {claim.says!r} claims it")
        hidden = symbols(constant) & (set(model.definitions) | set(context.functions))
        if hidden or not free_names(constant) <= self.constants:
            raise RejectedError(f"{constant} in the bound may depend on a size or the step size")
        if not context.is_positive(constant):
            raise RejectedError(f"{constant} in the bound is not seen to be positive")

    def _require_free(self, lemma: Closed, context: Scope, model: Model) -> None:
        """Reject where a size or a parameter of the claim is not free, or a quantity is."""
        spoken = free_names(self.claim.left) | free_names(self.claim.right)
        integers = context.integers | lemma.integers
        for name in sorted(spoken - QUANTITIES):
            equations = model.definitions.get(name)
            if name == "N_eff" and equations is not None:
                if equations != (EFFECTIVE,):
                    raise RejectedError("N_eff is N/log(N) in the language of claims")
            elif equations is not None or (name in integers and name not in self.sizes):
                raise RejectedError(f"{name} is any number in the claim, and not so here")
        for name in sorted(spoken & QUANTITIES):
            called = self.names.get(name, name)
            if called not in model.definitions:
                raise RejectedError(f"nothing defines {called}, which the claim speaks of")
        for condition in self.given:
            if any(model.definitions.get(name) for name in condition.names() - {"N_eff"}):
                raise RejectedError(f"{condition} in `given` speaks of what is defined here")

    def _always(self, relation: Relation) -> bool:
        """Whether a relation holds of sizes, step size and noise in the language of claims."""
        match relation:
            case Relation(Num(least), op, Name(name)) if op != "=":
                if name in self.sizes:
                    return least < 1 or (least == 1 and op == "<=")
                return name in CONSTANTS and least <= 0
        return False


@dataclass(frozen=True, slots=True)
class Model:
    """What a ledger speaks of: standing assumptions, and equations by the names they define.

    A name that words explain has no equations.
    """

    standing: tuple[Relation, ...]
    definitions: Mapping[str, tuple[Relation, ...]] = field(default_factory=dict)

    def defining(self, name: str, *equations: Relation) -> Model:
        """Return the model with one more definition."""
        return Model(self.standing, {**self.definitions, name: equations})

    def reached(self, names: Iterable[str], links: Iterable[Relation] = ()) -> frozenset[str]:
        """Return the names, and those that definitions and the links connect them with."""
        found = frozenset(names)
        while True:
            equations = [e for name in found for e in self.definitions.get(name, ())]
            linked = [link for link in links if _symbols(link) & found]
            more = found.union(*map(_symbols, (*equations, *linked)))
            if more == found:
                return found
            found = more

    def about(self, lemma: Closed) -> frozenset[str]:
        """Return the names and the functions that a lemma speaks of."""
        return frozenset[str]().union(*map(_symbols, (lemma.says, *lemma.assume)))

    def assumed(self, lemma: Closed) -> list[Relation]:
        """Return what a lemma assumes, and the standing assumptions on what it depends on."""
        reached = self.reached(self.about(lemma), self.standing)
        return [*lemma.assume, *(r for r in self.standing if r.names() & reached)]


def symbols(*exprs: Expr) -> frozenset[str]:
    """Return the free names and the functions of expressions."""
    calls = {n.func for e in exprs for n in walk(e) if isinstance(n, Call)}
    return frozenset(calls).union(*map(free_names, exprs))


def _symbols(relation: Relation) -> frozenset[str]:
    return symbols(relation.left, relation.right)


def _rest(bound: Expr, right: Expr) -> Expr | None:
    """Return the other factors of a product that has those of the right side, else None."""
    rest = list(bound.factors) if isinstance(bound, Mul) else [bound]
    for factor in right.factors if isinstance(right, Mul) else (right,):
        if factor not in rest:
            return None
        rest.remove(factor)
    return mul(*rest)


def read_claim(table: Mapping[str, Any]) -> tuple[str, Supported]:
    """Read a claim; `as` is its name here where the paper's is taken, as for another setting."""
    if not {"id", "says"} <= set(table):
        raise RejectedError("a claim has id and says")
    own: dict[str, Any] = {"as": table["id"], "names": {}, "constants": [], "given": []}
    here = own | {key: value for key, value in table.items() if key in OWN_KEYS}
    claim = make_claim(**{key: value for key, value in table.items() if key not in OWN_KEYS})
    if claim.expect != "certified":
        raise RejectedError(f"{claim.id} is expected to be {claim.expect}: no lemma supports it")
    if not isinstance(here["names"], dict) or not isinstance(here["as"], str):
        raise RejectedError("`names` is a table of names, and `as` is one")
    names = {name: name_of(called) for name, called in here["names"].items()}
    if not set(names) <= QUANTITIES:
        raise RejectedError("only quantities have other names in a ledger")
    if len(set(names.values()) - (QUANTITIES - set(names))) < len(names):
        raise RejectedError("two quantities have one name")
    constants = EXPONENTS | frozenset(map(name_of, texts(here["constants"])))
    given = tuple(map(parse_relation, texts(here["given"])))
    return here["as"], Supported(claim, names, constants, given)
