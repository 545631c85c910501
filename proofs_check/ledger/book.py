r"""A ledger: definitions and lemmas in order, and what the checker finds about each.

A ledger is data (TOML read into tables)::

    format = 1
    key, title                    # texts
    [standing]                    # names that are fixed throughout, and what is assumed of them
    reals = ["a", ...]
    integers = ["M", ...]
    assume = ["a >= 11/10", ...]
    example = {a = "2", ...}      # values that satisfy the assumptions
    [[claim]]                     # claims of a paper that lemmas support
    [[item]]                      # a lemma (id, says, by, ...), or the definition of a constant,
                                  # or of a function of (stage, step, ...) by recursion

Everything stands in order: a lemma may use what stands before it, so there are no cycles.
A *background* lemma is known to all lemmas after it.

*Recursion.*  ``f(0, 0, ..) = start``, ``f(j, s + 1, ..) = next``, ``f(j + 1, 0, ..) = f(j, stage,
..)``, where `start` does not contain f and `next` contains it at ``(j, s, ..)`` only, define f at
all whole ``j, s >= 0``, by induction on j and then on s; so these three equations may be used.
If `moment` names a lemma ``E(..) = right`` (rule "moments"), `next` has to be that right side at
the values given: then f is the expectation that the lemma speaks of.

*Status.*  ``proved``: the check of the lemma passed and all that it uses is proved (axioms and
definitions count as such).  ``cited``: not checked, a reference is given; ``conditional``:
checked, but something it rests on is cited.  ``rejected``: the check failed, or it uses what was
rejected, which no lemma after it can.  Nothing in the file says which.

*Example.*  The standing assumptions hold at the values of `example`, and so does what a lemma
that supports a claim assumes: nothing is proved from assumptions that nothing satisfies.
"""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from flint import arb

from proofs_check.claim import Claim
from proofs_check.claimfile import make_claim
from proofs_check.errors import RejectedError, UserError
from proofs_check.expr import (
    FUNCTIONS,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Sum,
    add,
    free_names,
    mul,
    walk,
)
from proofs_check.language import parse_statement
from proofs_check.ledger.axioms import AXIOMS, Closed
from proofs_check.ledger.boxes import enclosed, has_enclosure
from proofs_check.ledger.context import Context
from proofs_check.ledger.moments import check_moments
from proofs_check.ledger.proof import RULES, Prover, assuming, keys, texts
from proofs_check.ledger.terms import Relation, parse_formula, parse_relation, put

__all__ = ["Entry", "Report", "check_ledger", "read_ledger"]

MAX_BYTES = 5_000_000
MAX_ITEMS = 1000
LEMMA_KEYS = (
    "reals", "integers", "assume", "constants", "background", "supports", "title", "note",
)  # fmt: skip
WHOLE_RULES: Mapping[str, tuple[str, ...]] = {
    "induction": ("over", "from", "base", "step"),
    "stages": ("over", "stage", "base", "next", "change"),
    "moments": ("gaussian", "conditional", "other"),
    "cited": ("reference", "reason"),
}
"""Rules for a whole lemma, with their keys."""
RESERVED = frozenset({*FUNCTIONS, "sum", "floor", "E", "oo", "pi", "IH"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
_ID = re.compile(r"[a-z][a-z0-9-]{0,60}")
ZERO, ONE = Num(Fraction(0)), Num(Fraction(1))
GOOD = ("axiom", "definition", "proved")


@dataclass(frozen=True, slots=True)
class Entry:
    """One lemma with what the checker found; `says` is the text that was checked."""

    id: str
    says: str
    assume: tuple[str, ...]
    method: str
    status: str
    uses: tuple[str, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)
    supports: str = ""
    title: str = ""
    note: str = ""
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """All entries in order; `trust` is what they rest on and the ledger does not prove."""

    key: str
    title: str
    standing: tuple[str, ...]
    entries: tuple[Entry, ...]
    trust: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was rejected."""
        return all(entry.status != "rejected" for entry in self.entries)


def read_ledger(data: bytes) -> Mapping[str, Any]:
    """Return the tables of a ledger file; raises `UserError` where it is none."""
    if len(data) > MAX_BYTES:
        raise UserError(f"not a ledger: larger than {MAX_BYTES} bytes")
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"not a ledger: {error}") from None
    except RecursionError:
        raise UserError("not a ledger: nested too deeply") from None
    try:
        keys(table, ["format", "key", "standing", "item"], ["title", "claim"])
        if type(table["format"]) is not int or table["format"] != 1:
            raise RejectedError("the format must be 1, the only one so far")
        if not isinstance(table["key"], str) or not isinstance(table.get("title", ""), str):
            raise RejectedError("key and title are texts")
        for name in ("item", "claim"):
            listed = table.get(name, [])
            if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
                raise RejectedError(f"{name} must be tables")
        if len(table["item"]) > MAX_ITEMS:
            raise RejectedError(f"at most {MAX_ITEMS} items")
    except RejectedError as error:
        raise UserError(f"not a ledger: {error}") from None
    return table


def check_ledger(
    table: Mapping[str, Any], clock: Callable[[], float] = time.perf_counter
) -> Report:
    """Check everything in a ledger in order; what cannot be read is rejected.

    Raises
    ------
    UserError
        Where the standing assumptions or a claim cannot be read.
    """
    try:
        book = _Book(table, clock)
    except (RejectedError, UserError) as error:
        raise UserError(f"the head of the ledger: {error}") from None
    for item in table["item"]:
        book.take(item)
    return book.report()


class _Book:
    """The library as it grows."""

    prover = Prover

    def __init__(self, table: Mapping[str, Any], clock: Callable[[], float]):
        self.key, self.title = table["key"], table.get("title", "")
        self.clock = clock
        standing = keys(table["standing"], ["reals", "integers", "assume", "example"])
        reals, integers = texts(standing["reals"]), texts(standing["integers"])
        self.standing = tuple(texts(standing["assume"]))
        self.context = Context().declaring(map(_name, reals), map(_name, integers))
        for number, text in enumerate(self.standing, 1):
            self.context = self.context.knowing(f"A{number}", parse_relation(text))
        self.example = self._example(standing["example"])
        for fact in self.context.facts:
            self._require_example(fact.relation)
        self.library: dict[str, Closed] = dict(AXIOMS)
        self.status: dict[str, str] = dict.fromkeys(AXIOMS, "axiom")
        self.background: list[str] = []
        self.entries: list[Entry] = []
        self.moments: dict[str, Closed] = {}
        self.claims = dict(map(_claim, table.get("claim", [])))

    def _example(self, table: Any) -> dict[str, arb]:
        names = sorted(self.context.reals | self.context.integers)
        values: dict[str, arb] = {}
        for name, text in keys(table, names).items():
            value = parse_formula(text)
            if not isinstance(value, Num):
                raise RejectedError(f"the example's {name} is not a rational number")
            if name in self.context.integers and value.value.denominator != 1:
                raise RejectedError(f"the example's {name} is not a whole number")
            values[name] = enclosed(value, {})
        return values

    def _require_example(self, relation: Relation) -> None:
        """Reject if a relation is not certain to hold at the example."""
        if not relation.names() <= set(self.example) or not has_enclosure(relation):
            raise RejectedError(f"the example says nothing about {relation}")
        gap = enclosed(relation.right, self.example) - enclosed(relation.left, self.example)
        if not (gap > 0 or (relation.op != "<" and gap.is_exact() and gap == 0)):
            raise RejectedError(f"the example does not satisfy {relation}")

    def take(self, table: Mapping[str, Any]) -> None:
        """Check one item and take it into the library."""
        begin = self.clock()
        name = str(next((table[k] for k in ("id", "constant", "function") if k in table), "?"))
        try:
            found = self._lemma(table) if "id" in table else self._definition(table)
        except RejectedError as error:
            says, rule = str(table.get("says", "")), str(table.get("by", "combination"))
            found = [Entry(name, says, (), rule, "rejected", reason=str(error))]
        seconds = self.clock() - begin
        self.entries += [replace(entry, seconds=seconds / len(found)) for entry in found]

    # Definitions.

    def _definition(self, table: Mapping[str, Any]) -> list[Entry]:
        if "constant" in table:
            keys(table, ["constant", "value"], ["note"])
            return [self._constant(_name(table["constant"]), parse_formula(table["value"]), table)]
        keys(table, ["function", "args", "where", "start", "next", "stage"],
             ["note", "moment", "at"])  # fmt: skip
        return self._function(table)

    def _constant(self, name: str, value: Expr, table: Mapping[str, Any]) -> Entry:
        self.context.normal(value)
        whole = self.context.is_integer(value)
        self.context = self.context.declaring(*((), [name]) if whole else ([name],))
        says = Relation(Name(name), "=", value)
        if says.names() - {name} <= set(self.example) and has_enclosure(says):
            self.example[name] = enclosed(value, self.example)
        return self._defined(Closed(f"{name}.def", frozenset(), frozenset(), (), says), table)

    def _defined(self, lemma: Closed, table: Mapping[str, Any]) -> Entry:
        if lemma.id in self.library:
            raise RejectedError(f"{lemma.id} is defined twice")
        self.library[lemma.id] = lemma
        self.status[lemma.id] = "definition"
        return Entry(
            lemma.id, str(lemma.says), tuple(map(str, lemma.assume)), "definition", "definition",
            note=str(table.get("note", "")),
        )  # fmt: skip

    def _function(self, table: Mapping[str, Any]) -> list[Entry]:
        f, args = _name(table["function"]), [_name(a) for a in texts(table["args"])]
        if len(args) < 2 or len(set(args)) != len(args):
            raise RejectedError("a recursion has two arguments at least, stage and step")
        j, s, rest = Name(args[0]), Name(args[1]), [Name(a) for a in args[2:]]
        start, following, stage = (parse_formula(table[k]) for k in ("start", "next", "stage"))
        for call in (n for e in (start, following, stage) for n in walk(e)):
            if (
                isinstance(call, Call)
                and call.func == f
                and (call.args[:2] != (j, s) or not any(call is n for n in walk(following)))
            ):
                raise RejectedError(f"{call} is not {f} at the step before")
        if any(isinstance(n, Sum) and n.index in args for n in walk(following)):
            raise RejectedError("a sum may not bind an argument of the function")
        if free_names(stage) & set(args) or not self.context.is_integer(stage):
            raise RejectedError("the number of steps of a stage is one whole number")
        if f in self.context.functions or f in RESERVED:
            raise RejectedError(f"{f} is a function already")
        self.context = self.context.defining(f, len(args))
        where = [parse_relation(text) for text in texts(table["where"])]
        from_zero = [Relation(ZERO, "<=", n) for n in (j, s)]
        first, last = _call(f, add(j, ONE), ZERO, *rest), _call(f, j, stage, *rest)
        equations = {
            "start": ([], where, Relation(_call(f, ZERO, ZERO, *rest), "=", start)),
            "next": (from_zero, where, Relation(_call(f, j, add(s, ONE), *rest), "=", following)),
            "stage": (from_zero[:1], where, Relation(first, "=", last)),
        }  # fmt: skip
        found = []
        for name, (steps, conditions, says) in equations.items():
            used = says.names() & set(args)
            assume = tuple(c for c in (*steps, *conditions) if c.names() & used)
            whole, real = used & {*args[:2]}, used - {*args[:2]}
            lemma = Closed(f"{f}.{name}", frozenset(real), frozenset(whole), assume, says)
            inside = assuming(self.context.declaring(real, whole), assume)
            inside.gap(says)
            if name == "next" and "moment" in table:
                self._require_moment(says, inside, table)
            found.append(self._defined(lemma, table))
        return found

    def _require_moment(self, says: Relation, inside: Context, table: Mapping[str, Any]) -> None:
        name = table["moment"]
        lemma = self.moments.get(name)
        if lemma is None:
            raise RejectedError(f"{name!r} is no lemma about moments before this definition")
        given = keys(table.get("at", {}), sorted(lemma.reals | lemma.integers))
        values = {variable: parse_formula(text) for variable, text in given.items()}
        for condition in lemma.assume:
            if not inside.entails(condition.at(values)):
                raise RejectedError(f"{name} needs {condition.at(values)}, not entailed")
        expected = Relation(says.right, "=", put(lemma.says.right, values))
        if not inside.holds(expected):
            raise RejectedError(f"next is not the moment of {name}: {expected.right}")

    # Lemmas.

    def _lemma(self, table: Mapping[str, Any]) -> list[Entry]:
        name = table["id"]
        if not isinstance(name, str) or not _ID.fullmatch(name) or name in self.library:
            raise RejectedError(f"{name!r} is no new name of a lemma")
        entry, lemma = self._checked(table)
        if "background" in table:
            if lemma.assume or lemma.reals or lemma.integers:
                raise RejectedError("a background lemma has no variables and assumes nothing")
            self.context = self.context.knowing(_name(table["background"]), lemma.says)
            self.background.append(name)
        self.library[name] = lemma
        self.status[name] = entry.status
        return [entry]

    def _checked(self, table: Mapping[str, Any]) -> tuple[Entry, Closed]:
        rule = table.get("by", "combination")
        needed = RULES.get(rule, WHOLE_RULES.get(rule)) if isinstance(rule, str) else None
        if needed is None:
            raise RejectedError(f"there is no rule {rule!r}")
        keys(table, ["id", "says", *needed], ["by", "steps", *LEMMA_KEYS])
        lemma, constants = self._closed(table)
        prover = self.prover(self.library)
        inside = self.context.declaring(lemma.reals, lemma.integers)
        proof = {k: v for k, v in table.items() if k in (*needed, "steps", "by")}
        status = "cited"
        if rule != "cited":
            self._run(rule, lemma, inside, proof, prover)
            status = self._computed([*prover.used, *self.background])
        else:
            assuming(inside, lemma.assume).gap(lemma.says)
        if "supports" in table:
            self._require_support(lemma.says, str(table["supports"]))
            for condition in lemma.assume:
                self._require_example(condition)
        entry = Entry(
            lemma.id, str(lemma.says), tuple(map(str, lemma.assume)), rule, status,
            tuple(sorted(prover.used)), constants, str(table.get("supports", "")),
            str(table.get("title", "")), str(table.get("note", "")),
            f"{table['reference']}: {table['reason']}" if rule == "cited" else "",
        )  # fmt: skip
        return entry, lemma

    def _run(
        self, rule: str, lemma: Closed, inside: Context, proof: Mapping[str, Any], prover: Prover
    ) -> None:
        if rule == "induction":
            prover.induction(lemma, inside, proof)
        elif rule == "stages":
            prover.stages(lemma, inside, proof)
        elif rule == "moments":
            check_moments(lemma.says, assuming(inside, lemma.assume), proof)
            self.moments[lemma.id] = lemma
        else:
            prover.prove(lemma.says, assuming(inside, lemma.assume), proof)

    def _closed(self, table: Mapping[str, Any]) -> tuple[Closed, dict[str, str]]:
        constants = table.get("constants", {})
        if not isinstance(constants, dict):
            raise RejectedError("constants are a table of numbers")
        values: dict[str, Expr] = {}
        for name, text in constants.items():
            value = parse_formula(text)
            if not isinstance(value, Num):
                raise RejectedError(f"the constant {name} is not a rational number")
            values[_name(name)] = value
        says = parse_relation(table["says"])
        missing = set(values) - says.names()
        if missing or set(values) & (self.context.reals | self.context.integers):
            raise RejectedError(
                f"constants must be new and occur in what is said: {sorted(values)}"
            )
        assume = tuple(parse_relation(text).at(values) for text in texts(table.get("assume", [])))
        reals = frozenset(map(_name, texts(table.get("reals", []))))
        integers = frozenset(map(_name, texts(table.get("integers", []))))
        lemma = Closed(table["id"], reals, integers, assume, says.at(values))
        return lemma, {name: str(value) for name, value in values.items()}

    def _computed(self, used: list[str]) -> str:
        found = {self.status[name] for name in used}
        return "proved" if found <= set(GOOD) else "conditional"

    def _require_support(self, says: Relation, name: str) -> None:
        """Reject if the statement is not a bound of the claim's left side by its right side."""
        claim = self.claims.get(name)
        if claim is None:
            raise RejectedError(f"no claim {name!r} stands in the ledger")
        stated = parse_statement(claim.says)
        lower = says.right == stated.left and stated.relation in ("Theta", "Omega")
        upper = says.left == stated.left and stated.relation in ("Theta", "O")
        bound = says.left if lower else says.right
        if says.op != "<=" or not (lower or upper) or not self._is_multiple(bound, stated.right):
            raise RejectedError(f"the statement is no bound as {claim.says!r} claims it")

    def _is_multiple(self, bound: Expr, right: Expr) -> bool:
        """Whether the bound is the right side times factors free of sizes and step size."""
        factors = bound.factors if isinstance(bound, Mul) else (bound,)
        wanted = right.factors if isinstance(right, Mul) else (right,)
        rest = list(factors)
        for factor in wanted:
            if factor not in rest:
                return False
            rest.remove(factor)
        constant = mul(*rest) if rest else ONE
        return free_names(constant) <= {"a", "b"} and self.context.is_positive(constant)

    def report(self) -> Report:
        """Return what was found, with the trust base."""
        used = {name for e in self.entries for name in e.uses}
        trust = [f"standard analysis, proved in proofs_check.ledger.axioms: {AXIOMS[n].says}"
                 for n in AXIOMS if n in used]  # fmt: skip
        trust += [f"cited: {e.says} ({e.reason})" for e in self.entries if e.status == "cited"]
        trust += [f"definition, as a reading of the model: {e.says}"
                  for e in self.entries if e.status == "definition"]  # fmt: skip
        return Report(self.key, self.title, self.standing, tuple(self.entries), tuple(trust))


def _name(value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value) or value in RESERVED:
        raise RejectedError(f"{value!r} is no name for a quantity")
    return value


def _call(func: str, *args: Expr) -> Expr:
    return Call(func, args)


def _claim(table: Mapping[str, Any]) -> tuple[str, Claim]:
    claim = make_claim(**table)
    return claim.id, claim
