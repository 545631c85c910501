r"""Rules of inference: how a relation is proved in a context.

*Combination.*  ``R - L = sum_k c_k prod_l (R_kl - L_kl)`` as an identity of normal forms, with
multipliers ``c_k`` seen to be non-negative and facts ``L_kl <= R_kl``, proves ``L <= R``; it
proves ``L < R`` if some summand has a positive multiplier and strict facts only.  The multiplier
of an equation may have any sign; equations alone prove an equation.  Transitivity, monotone
substitution, sums and products of inequalities are all of this form.

*Steps* add facts first: an instance of an earlier lemma, whose assumptions have to be entailed
by the facts so far (`Context.entails`); a relation with a combination of its own; or the splitting
of a sum, ``sum_{lo}^{hi} = sum_{lo}^{m} + sum_{m+1}^{hi}`` for a whole ``m`` with
``lo - 1 <= m <= hi``.

*Induction* over a whole number s from s_0 on: ``P(s_0)``, and ``P(s)`` implies ``P(s + 1)`` for
every whole ``s >= s_0``.  If the lemma assumes A(s), P(s) stands for "A(s) implies the formula",
so the step may assume A(s + 1), and has to entail A(s) before it may use the formula at s.  The
hypothesis is the lemma ``IH`` inside the step; in it, variables may be replaced that s_0 is free
of.

*Induction by stages* over whole ``j >= j_0`` and ``s >= 0``: ``P(j_0, 0)``; ``P(j, s)`` implies
``P(j, s + 1)``; ``P(j, K)`` implies ``P(j + 1, 0)``, K a fixed whole number ``>= 0``.  (Induction
on j; P(j, 0) gives P(j, s) for all s by induction on s, among them P(j, K).)

*Termwise.*  ``f(i) <= g(i)`` for all whole i with ``lo <= i <= hi`` gives
``sum(f) <= sum(g)``, both finite, over the same i.

*Limit.*  An infinite sum of positive terms is the supremum of its partial sums.  So it is at most
B if each partial sum is; and it is at least B if for every whole ``n >= lo`` the partial sum up
to n is at least ``B - c n^-p`` where c, p do not depend on n and p > 0.

*Cases.*  For reals ``x <= y`` or ``y < x``; for whole numbers the latter is ``y + 1 <= x``.

*Box.*  `ratecert.proofs_check.ledger.boxes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from ratecert.proofs_check.kernel.algebra import Frac, Ring
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import (
    Expr,
    Name,
    Num,
    Sum,
    add,
    free_names,
    mul,
    neg,
    power,
)
from ratecert.proofs_check.ledger.axioms import REAL, Closed
from ratecert.proofs_check.ledger.boxes import check_on_box
from ratecert.proofs_check.ledger.names import label_of
from ratecert.proofs_check.ledger.normal import INFINITY
from ratecert.proofs_check.ledger.scope import Scope
from ratecert.proofs_check.ledger.terms import Relation, parse_formula, parse_relation, put

__all__ = ["LemmaChecker", "keys"]

ONE = Num(Fraction(1))
MAX_DEPTH = 40
"""How deep proofs may stand in proofs."""


def keys(table: Any, needed: Sequence[str], allowed: Sequence[str] = ()) -> Mapping[str, Any]:
    """Return the table, if it has exactly the needed and perhaps the allowed keys."""
    if not isinstance(table, dict):
        raise RejectedError("a table is expected")
    for key in needed:
        if key not in table:
            raise RejectedError(f"the key {key!r} is missing")
    for key in table:
        if key not in needed and key not in allowed:
            raise RejectedError(f"the key {key!r} has no meaning here")
    return table


def _tables(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise RejectedError("steps are a list of tables")
    return value


def texts(value: Any) -> list[str]:
    """Return a list of texts."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RejectedError("a list of texts is expected")
    return value


@dataclass
class LemmaChecker:
    """Checks the proofs of one lemma; `used` collects the lemmas that it uses by name.

    `background` are the lemmas that are facts everywhere, by their labels; signs recognised
    from them are not collected.
    """

    library: Mapping[str, Closed]
    background: Mapping[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    _hypothesis: Closed | None = None
    _depth: int = 0

    def prove(self, goal: Relation, context: Scope, proof: Any) -> None:
        """Accept a proof of a relation by any rule but induction, or reject it.

        The proof is a table with `by` (combination where absent), `steps`, and what the rule asks.
        """
        if self._depth == MAX_DEPTH:
            raise RejectedError(f"proofs stand in proofs more than {MAX_DEPTH} deep")
        self._depth += 1
        self._prove(goal, context, proof)
        self._depth -= 1

    def _prove(self, goal: Relation, context: Scope, proof: Any) -> None:
        rule = proof.get("by", "combination") if isinstance(proof, dict) else None
        if not isinstance(rule, str) or rule not in RULES:
            raise RejectedError(f"there is no rule {rule!r}; there are {', '.join(RULES)}")
        keys(proof, RULES[rule], ["by", "steps"])
        for step in _tables(proof.get("steps", [])):
            context = self._step(step, context)
        context.gap(goal)  # rejects what is not seen to be defined
        match rule:
            case "combination":
                self._combination(goal, context, texts(proof["combine"]))
            case "termwise":
                self._termwise(goal, context, proof)
            case "limit":
                self._limit(goal, context, proof)
            case "limit-below":
                self._limit_below(goal, context, proof)
            case "cases":
                self._cases(goal, context, proof)
            case _:
                check_on_box(goal, context)

    # Steps.

    def _step(self, step: Any, context: Scope) -> Scope:
        if not isinstance(step, dict) or "as" not in step:
            raise RejectedError("a step is a table with `as`")
        label = label_of(step["as"])
        if "of" in step:
            return context.knowing(label, self._instance(step, context))
        if "split" in step:
            return context.knowing(label, self._split(step, context))
        own = {key: value for key, value in step.items() if key not in ("as", "says")}
        relation = parse_relation(step.get("says", ""))
        try:
            self.prove(relation, context, own)
        except RejectedError as error:
            raise RejectedError(f"step {label}: {error}") from None
        return context.knowing(label, relation)

    def _instance(self, step: Mapping[str, Any], context: Scope) -> Relation:
        keys(step, ["as", "of"], ["at"])
        lemma = self._lemma(step["of"])
        values = self._values(lemma, step.get("at", {}), context)
        for condition in lemma.assume:
            needed = condition.at(values)
            if not context.entails(needed):
                raise RejectedError(f"step {step['as']}: {lemma.id} needs {needed}, not entailed")
        return lemma.says.at(values)

    def _lemma(self, name: Any) -> Closed:
        if name == "IH" and self._hypothesis is not None:
            return self._hypothesis
        if not isinstance(name, str) or name not in self.library:
            raise RejectedError(f"{name!r} is no axiom and no lemma before this one")
        lemma = self.library[name]
        if lemma.kind != REAL:
            raise RejectedError(f"{name} is about {lemma.kind}; a step needs one about {REAL}")
        self.used.add(name)
        return lemma

    def _values(self, lemma: Closed, table: Any, context: Scope) -> dict[str, Expr]:
        variables = lemma.reals | lemma.integers
        values: dict[str, Expr] = {name: Name(name) for name in variables}
        for name, text in keys(table, [], sorted(variables)).items():
            values[name] = parse_formula(text)
        for name in lemma.integers:
            if not context.is_integer(values[name]):
                raise RejectedError(f"{lemma.id} needs a whole {name}, not {values[name]}")
        for value in values.values():
            context.normal(value)
        return values

    def _split(self, step: Mapping[str, Any], context: Scope) -> Relation:
        keys(step, ["as", "split", "at"])
        whole, middle = parse_formula(step["split"]), parse_formula(step["at"])
        if not isinstance(whole, Sum):
            raise RejectedError("only a sum can be split")
        after = add(middle, ONE)
        needed = [Relation(whole.lo, "<=", after)]
        if whole.hi != INFINITY:
            needed.append(Relation(middle, "<=", whole.hi))
        if not context.is_integer(middle) or not all(map(context.entails, needed)):
            raise RejectedError(f"{whole} may not be split after {middle}")
        first = Sum(whole.term, whole.index, whole.lo, middle)
        second = Sum(whole.term, whole.index, after, whole.hi)
        return Relation(whole, "=", add(first, second))

    # Combinations.

    def _combination(self, goal: Relation, context: Scope, summands: list[str]) -> None:
        """Accept if the goal's gap is the sum of non-negative multiples of products of facts."""
        parts = [self._summand(text, context) for text in summands]
        if goal.op == "=" and not all(part.equality for part in parts):
            raise RejectedError("only equations prove an equation")
        if goal.op == "<" and not any(part.strict for part in parts):
            raise RejectedError("no summand is strict")
        gap = context.gap(goal)
        ring, (total, *values) = context.fractions(gap, *(part.value for part in parts))
        for value in values:
            total = total - value
        if not total.is_zero():
            raise RejectedError(
                f"{goal}: the combination leaves {_short(ring, total)} (right - left - sum)"
            )

    def _summand(self, text: str, context: Scope) -> _Summand:
        multiplier, colon, labels = text.partition(":")
        if not colon:
            raise RejectedError(f"{text!r} is not MULTIPLIER : FACT FACT ...")
        factor = parse_formula(multiplier) if multiplier.strip() else ONE
        facts = [context.fact(label) for label in labels.split()]
        self.used |= {self.background[f.label] for f in facts if f.label in self.background}
        equality = any(fact.equality for fact in facts)
        strict = not equality and all(f.strict for f in facts) and context.is_positive(factor)
        if not equality and not context.is_positive(factor, strict=False):
            raise RejectedError(f"the multiplier {factor} is not seen to be non-negative")
        value = mul(context.normal(factor), *(fact.gap for fact in facts))
        return _Summand(value, equality, strict)

    # The other rules.

    def induction(self, goal: Closed, context: Scope, table: Mapping[str, Any]) -> None:
        """Accept a proof by induction; `context` holds the variables but no assumptions.

        The hypothesis is the lemma ``IH`` inside the step: all other variables may be replaced.
        """
        over, start = table["over"], parse_formula(table["from"])
        if not isinstance(over, str) or over not in goal.integers or over in free_names(start):
            raise RejectedError("induction runs over a whole variable, from one free of it")
        lowest = Relation(start, "<=", Name(over))
        others = [condition for condition in goal.assume if condition != lowest]
        if len(others) == len(goal.assume) or not context.is_integer(start):
            raise RejectedError(f"the lemma must assume {lowest}, for a whole number")
        first, following = {over: start}, {over: add(Name(over), ONE)}
        at_start = assuming(context, [condition.at(first) for condition in others])
        self.prove(goal.says.at(first), at_start, table["base"])
        inside = assuming(context, [lowest, *(condition.at(following) for condition in others)])
        fixed = free_names(start) | {over}
        self._under(replace(goal, id="IH", reals=goal.reals - fixed,
                            integers=goal.integers - fixed),
                    goal.says.at(following), inside, table["step"])  # fmt: skip

    def _under(self, hypothesis: Closed, goal: Relation, context: Scope, proof: Any) -> None:
        self._hypothesis = hypothesis
        self.prove(goal, context, proof)
        self._hypothesis = None

    def stages(self, goal: Closed, context: Scope, table: Mapping[str, Any]) -> None:
        """Accept a proof by induction along steps 0, 1, .. of stages 0, 1, ..; see above."""
        over = texts(table["over"])
        if len(set(over)) != 2 or len(over) != 2:
            raise RejectedError("induction by stages is over two whole variables")
        stage, step = over
        count, start = parse_formula(table["stage"]), parse_formula(table["from"])
        zero, j, s = Num(Fraction(0)), Name(stage), Name(step)
        if {stage, step} & free_names(start) or not context.is_integer(start):
            raise RejectedError(f"the first stage {start} is not seen to be one whole number")
        lowest = [Relation(start, "<=", j), Relation(zero, "<=", s)]
        others = [condition for condition in goal.assume if condition not in lowest]
        if not set(lowest) <= set(goal.assume) or not {stage, step} <= goal.integers:
            raise RejectedError(
                f"induction by stages is over two whole variables: {lowest[0]}, {lowest[1]}"
            )
        if free_names(count) & (goal.reals | goal.integers) or not context.is_integer(count):
            raise RejectedError("the number of steps of a stage is one whole number")
        if not context.entails(Relation(zero, "<=", count)):
            raise RejectedError(f"{count} is not seen to be >= 0")
        if any({stage, step} & condition.names() for condition in others):
            raise RejectedError("an assumption depends on the stage or step")
        first = assuming(context, others)
        self.prove(goal.says.at({stage: start, step: zero}), first, table["base"])
        fixed = {stage, step} | free_names(start)
        rest = replace(goal, id="IH", reals=goal.reals - fixed, integers=goal.integers - fixed,
                       assume=tuple(others))  # fmt: skip
        inside = assuming(context, [*lowest, *others])
        self._under(rest, goal.says.at({step: add(s, ONE)}), inside, table["next"])
        inside = assuming(context, [lowest[0], *others])
        inside_stage = {stage: add(j, ONE), step: zero}
        at_end = replace(rest, says=goal.says.at({step: count}))
        self._under(at_end, goal.says.at(inside_stage), inside, table["change"])

    def _termwise(self, goal: Relation, context: Scope, table: Mapping[str, Any]) -> None:
        """Accept ``sum(f) <= sum(g)`` since ``f <= g``, term by term."""
        index = table["index"]
        lo, hi = parse_formula(table["lo"]), parse_formula(table["hi"])
        if hi == INFINITY or goal.op != "<=":
            raise RejectedError("termwise comparison is of finite sums, by <=")
        inside = context.declaring(integers=[index])
        left, right = (_term_of(side, index, lo, hi) for side in (goal.left, goal.right))
        inside = inside.knowing(f"{index}_lo", Relation(lo, "<=", Name(index)))
        inside = inside.knowing(f"{index}_hi", Relation(Name(index), "<=", hi))
        self.prove(Relation(left, "<=", right), inside, table["each"])

    def _limit(self, goal: Relation, context: Scope, table: Mapping[str, Any]) -> None:
        """Accept an upper bound of an infinite sum that bounds all its partial sums."""
        inside, partial = self._partial_sum(goal, goal.left, context, table["upto"])
        self.prove(Relation(partial, "<=", goal.right), inside, table["each"])

    def _limit_below(self, goal: Relation, context: Scope, table: Mapping[str, Any]) -> None:
        """Accept a lower bound of an infinite sum, missed by partial sums by what vanishes."""
        inside, partial = self._partial_sum(goal, goal.right, context, table["upto"])
        factor, decay = parse_formula(table["rest"]), parse_formula(table["decay"])
        context.normal(factor)
        if not context.is_positive(decay):
            raise RejectedError(f"{decay} is not seen to be positive, so nothing vanishes")
        rest = mul(factor, power(Name(table["upto"]), neg(decay)))
        self.prove(Relation(add(goal.left, neg(rest)), "<=", partial), inside, table["each"])

    def _partial_sum(
        self, goal: Relation, whole: Expr, context: Scope, upto: Any
    ) -> tuple[Scope, Expr]:
        if not isinstance(whole, Sum) or whole.hi != INFINITY or goal.op != "<=":
            raise RejectedError("a limit bounds a sum up to oo by <=")
        inside = context.declaring(integers=[upto])
        inside = inside.knowing("upto", Relation(whole.lo, "<=", Name(upto)))
        return inside, Sum(whole.term, whole.index, whole.lo, Name(upto))

    def _cases(self, goal: Relation, context: Scope, table: Mapping[str, Any]) -> None:
        """Accept a proof by distinction of ``x <= y`` from its contrary."""
        split = parse_relation(table["on"])
        if split.op != "<=":
            raise RejectedError("cases are told apart by <=")
        contrary = Relation(split.right, "<", split.left)
        if context.is_integer(split.left) and context.is_integer(split.right):
            contrary = Relation(add(split.right, ONE), "<=", split.left)
        self.prove(goal, context.knowing("case", split), table["yes"])
        self.prove(goal, context.knowing("case", contrary), table["no"])


RULES: Mapping[str, tuple[str, ...]] = {
    "combination": ("combine",),
    "termwise": ("index", "lo", "hi", "each"),
    "limit": ("upto", "each"),
    "limit-below": ("upto", "rest", "decay", "each"),
    "cases": ("on", "yes", "no"),
    "box": (),
}
"""The rules for a relation, with the keys that each needs; induction is for whole lemmas."""


@dataclass(frozen=True, slots=True)
class _Summand:
    value: Expr
    equality: bool
    strict: bool


def assuming(context: Scope, assumptions: Sequence[Relation]) -> Scope:
    """Return the context with assumptions, called H1, H2, ..."""
    for number, relation in enumerate(assumptions, 1):
        context = context.knowing(f"H{number}", relation)
    return context


def _term_of(side: Expr, index: str, lo: Expr, hi: Expr) -> Expr:
    """Return f of ``sum(f, i, lo, hi)``, with a new name for i; 0 is a sum of zeros."""
    if side == Num(Fraction(0)):
        return side
    if not isinstance(side, Sum) or side.lo != lo or side.hi != hi:
        raise RejectedError(f"{side} is no sum from {lo} to {hi}")
    return put(side.term, {side.index: Name(index)})


def _short(ring: Ring, value: Frac) -> str:
    text = str(ring.expr(value))
    return text if len(text) <= 400 else text[:400] + " ..."
