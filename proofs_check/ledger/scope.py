"""What holds at a place of a proof: names in scope, and facts about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Add, Expr, Mul, Name, Num, add, mul, neg
from ratecert.proofs_check.ledger.names import function_of, name_of
from ratecert.proofs_check.ledger.normal import INFINITY, Forms
from ratecert.proofs_check.ledger.signs import Atom, Signs
from ratecert.proofs_check.ledger.terms import Relation

__all__ = ["INFINITY", "Fact", "Scope"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A relation that holds; `gap` is the normal form of ``right - left``."""

    label: str
    relation: Relation
    gap: Expr

    @property
    def strict(self) -> bool:
        """Whether it says ``<``."""
        return self.relation.op == "<"

    @property
    def equality(self) -> bool:
        """Whether it says ``=``."""
        return self.relation.op == "="


class Scope(Forms):
    """Names and facts; `declaring` and `knowing` make larger ones, none is ever changed.

    What a smaller context knows (signs, normal forms) holds in the larger one, too.
    """

    def __init__(
        self,
        reals: frozenset[str] = frozenset(),
        integers: frozenset[str] = frozenset(),
        functions: Mapping[str, int] | None = None,
        facts: tuple[Fact, ...] = (),
        smaller: Scope | None = None,
    ):
        atoms: dict[str, Atom] = smaller.atoms if smaller else {}
        signs = Signs(atoms, smaller.signs if smaller else None)
        known = smaller._known if smaller else {}
        super().__init__(reals, integers, functions or {}, signs, atoms, known)
        self.facts = facts

    def declaring(self, reals: Iterable[str] = (), integers: Iterable[str] = ()) -> Scope:
        """Return the context with further names, each of which is one and is new."""
        return self._with(frozenset(map(name_of, reals)), frozenset(map(name_of, integers)))

    def _with(self, reals: frozenset[str], integers: frozenset[str]) -> Scope:
        taken = (self.reals | self.integers | set(self.functions)) & (reals | integers)
        if taken or reals & integers:
            raise RejectedError(f"declared twice: {sorted(taken or reals & integers)}")
        names = self.reals | reals, self.integers | integers
        return Scope(*names, self.functions, self.facts, self)

    def defining(self, name: str, arity: int) -> Scope:
        """Return the context with one more function, whose name is one and is new."""
        if function_of(name) in self.reals | self.integers | set(self.functions):
            raise RejectedError(f"declared twice: ['{name}']")
        functions = {**self.functions, name: arity}
        return Scope(self.reals, self.integers, functions, self.facts, self)

    def knowing(self, label: str, relation: Relation) -> Scope:
        """Return the context with one more fact, which the caller answers for."""
        if any(fact.label == label for fact in self.facts):
            raise RejectedError(f"two facts are called {label}")
        facts = (*self.facts, Fact(label, relation, self.gap(relation)))
        larger = Scope(self.reals, self.integers, self.functions, facts, self)
        larger._learn(facts[-1])
        if larger.signs.lower != self.signs.lower or larger.signs.upper != self.signs.upper:
            for fact in facts:  # once more: a bound may rest on the one that is new
                larger._learn(fact)
        return larger

    def _learn(self, fact: Fact) -> None:
        if not fact.equality:
            self.signs.learn(*self.fraction(fact.gap), fact.strict)

    def inside_sum(self, index: str, lo: Expr, hi: Expr) -> Scope:
        """Return the context for the term of a sum; `Forms` gives the index a name of its own."""
        inside = self._with(frozenset(), frozenset([index]))
        inside = inside.knowing(f"{index} from", Relation(lo, "<=", Name(index)))
        if hi == INFINITY:
            return inside
        return inside.knowing(f"{index} to", Relation(Name(index), "<=", hi))

    def fact(self, label: str) -> Fact:
        """Return the fact of that label."""
        for fact in self.facts:
            if fact.label == label:
                return fact
        raise RejectedError(f"no fact is called {label}")

    def gap(self, relation: Relation) -> Expr:
        """Return the normal form of ``right - left``."""
        return add(self.normal(relation.right), neg(self.normal(relation.left)))

    def holds(self, relation: Relation) -> bool:
        """Whether a relation is seen to hold by signs alone."""
        ring, gap = self.fraction(self.gap(relation))
        if relation.op == "=":
            return gap.is_zero()
        return self.signs.is_positive(ring, gap, relation.op == "<")

    def is_positive(self, expr: Expr, strict: bool = True) -> bool:
        """Whether an expression is seen to be positive, or not negative."""
        if self.signs.is_positive(*self.fraction(self.normal(expr)), strict):
            return True
        match expr:
            case Add(terms):
                return all(self.is_positive(t, False) for t in terms) and (
                    not strict or any(self.is_positive(t) for t in terms)
                )
            case Mul(factors):
                return all(self.is_positive(f, strict) for f in factors)
        return False

    def entails(self, relation: Relation) -> bool:
        """Whether a relation is seen to hold: by signs, or since a fact leaves no less a gap."""
        if self.holds(relation):
            return True
        gap = self.gap(relation)
        for fact in self.facts:
            if relation.op == "=" and not fact.equality:
                continue
            for sign in (1, -1) if fact.equality else (1,):
                ring, rest = self.fraction(add(gap, mul(Num(Fraction(-sign)), fact.gap)))
                if rest.is_zero():
                    if fact.strict or relation.op != "<":
                        return True
                elif relation.op != "=" and self.signs.is_positive(
                    ring, rest, relation.op == "<" and not fact.strict
                ):
                    return True
        return False

    def bounds(self, name: str) -> tuple[Fraction, Fraction] | None:
        """Return rational bounds of a name, where facts give both."""
        lower = self.signs.lower.get(name)
        upper = self.signs.upper.get(name)
        return None if lower is None or upper is None else (lower[0], upper)
