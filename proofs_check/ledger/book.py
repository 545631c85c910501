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
                                  # or of a function of (stage, step, ...) by recursion, or
                                  # words for readers: heading, text

Everything stands in order: a lemma may use what stands before it, so there are no cycles.
A *background* lemma is known to all lemmas after it.

*Kinds.*  A lemma is about real numbers, or (rules "words" and "moments") about matrices or an
expectation.  Only the first kind enters proofs, is background or supports a claim.

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
from typing import Any

from flint import arb

from ratecert.proofs_check.language.errors import RejectedError, UserError
from ratecert.proofs_check.language.expr import Expr, Num, free_names
from ratecert.proofs_check.ledger.axioms import REAL, Closed, axioms
from ratecert.proofs_check.ledger.boxes import enclosed, has_enclosure, is_true
from ratecert.proofs_check.ledger.definitions import constant, named, reading_of, recursion
from ratecert.proofs_check.ledger.inference import RULES, LemmaChecker, assuming, keys, texts
from ratecert.proofs_check.ledger.moments import check_moments
from ratecert.proofs_check.ledger.names import label_of
from ratecert.proofs_check.ledger.scope import Scope
from ratecert.proofs_check.ledger.support import Model, Supported, read_claim
from ratecert.proofs_check.ledger.terms import Relation, parse_formula, parse_relation
from ratecert.proofs_check.ledger.words import check_words

__all__ = ["Entry", "Report", "check_ledger", "is_for_readers", "read_ledger"]

MAX_BYTES = 5_000_000
MAX_ITEMS = 1000
LEMMA_KEYS = ("by", "assume", "title", "note")
REAL_KEYS = ("reals", "integers", "constants", "background", "supports")
OTHER_KINDS = {"words": "matrices", "moments": "an expectation"}
"""What lemmas are about that are not about numbers, by their rules."""
WHOLE_RULES: Mapping[str, tuple[str, ...]] = {
    "induction": ("over", "from", "base", "step"),
    "stages": ("over", "from", "stage", "base", "next", "change"),
    "moments": ("gaussian", "conditional", "other"),
    "words": ("shapes", "symmetric", "gaussian"),
    "cited": ("reference", "reason"),
}
"""Rules for a whole lemma, with their keys."""
_ID = re.compile(r"[a-z][a-z0-9-]{0,60}")
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

    prover = LemmaChecker

    def __init__(self, table: Mapping[str, Any], clock: Callable[[], float]):
        self.key, self.title = table["key"], table.get("title", "")
        self.clock = clock
        standing = keys(table["standing"], ["reals", "integers", "assume", "example"])
        reals, integers = texts(standing["reals"]), texts(standing["integers"])
        self.standing = tuple(texts(standing["assume"]))
        self.context = Scope().declaring(reals, integers)
        for number, text in enumerate(self.standing, 1):
            self.context = self.context.knowing(f"A{number}", parse_relation(text))
        self.model = Model(tuple(fact.relation for fact in self.context.facts))
        self.example = self._example(standing["example"])
        for fact in self.context.facts:
            self._require_example(fact.relation)
        self.library: dict[str, Closed] = axioms()
        self.status: dict[str, str] = dict.fromkeys(self.library, "axiom")
        self.background: dict[str, str] = {}
        self.entries: list[Entry] = []
        self.moments: dict[str, Closed] = {}
        self.claims: dict[str, Supported] = {}
        for claim in table.get("claim", []):
            try:
                self._take_claim(claim)
            except (RejectedError, UserError) as error:
                name = claim.get("as", claim.get("id"))
                raise RejectedError(f"claim {name}: {error}") from None

    def _take_claim(self, table: Mapping[str, Any]) -> None:
        name, claim = read_claim(table)
        claim.require_fixed(self.context)
        if name in self.claims:
            raise RejectedError("two claims have this name; `as` gives one of them another")
        self.claims[name] = claim

    def _example(self, table: Any) -> dict[str, arb]:
        names = sorted(self.context.reals | self.context.integers)
        values: dict[str, arb] = {}
        for name, text in keys(table, names).items():
            values[name] = _number(text, f"the example's {name}", name in self.context.integers)
        return values

    def _require_example(self, relation: Relation) -> None:
        """Reject if a relation is not certain to hold at the example."""
        if not relation.names() <= set(self.example) or not has_enclosure(relation):
            raise RejectedError(f"the example says nothing about {relation}")
        if not is_true(relation, self.example):
            raise RejectedError(f"the example does not satisfy {relation}")

    def take(self, table: Mapping[str, Any]) -> None:
        """Check one item and take it into the library; a heading with its text is for readers."""
        if is_for_readers(table):
            return
        begin = self.clock()
        name = str(next((table[k] for k in ("id", "constant", "function") if k in table), "?"))
        try:
            found = self._lemma(table) if "id" in table else self._definition(table)
        except RejectedError as error:
            says, rule = str(table.get("says", "")), str(table.get("by", "combination"))
            found = [Entry(name, says, (), rule, "rejected", reason=str(error))]
        seconds = self.clock() - begin
        self.entries += [replace(entry, seconds=seconds / len(found)) for entry in found]

    def _definition(self, table: Mapping[str, Any]) -> list[Entry]:
        if not {"constant", "function"} & set(table):
            raise RejectedError(
                "an item is a lemma (id), a definition (constant, function), or words"
            )
        _told(table, "note")
        if "means" in table:
            return [self._named(table)]
        if "constant" in table:
            context, equation = constant(table, self.context)
            equations = [equation]
            says = equation.says
            if free_names(says.right) <= set(self.example) and has_enclosure(says):
                self.example[table["constant"]] = enclosed(says.right, self.example)
        else:
            context, equations = recursion(table, self.context, self.moments)
        self.context = context
        self.library |= {equation.id: equation for equation in equations}
        self.status |= {equation.id: "definition" for equation in equations}
        name = table["constant"] if "constant" in table else table["function"]
        self.model = self.model.defining(name, *(equation.says for equation in equations))
        note = table.get("note", "")
        return [
            Entry(e.id, str(e.says), tuple(map(str, e.assume)), "definition", "definition",
                  note=note, reason=reading_of(table) if e.id.endswith(".next") else "")
            for e in equations
        ]  # fmt: skip

    def _named(self, table: Mapping[str, Any]) -> Entry:
        self.context = named(table, self.context)
        name = table["constant"] if "constant" in table else table["function"]
        self.model = self.model.defining(name)
        called = f"{name}({', '.join(table['args'])})" if "args" in table else name
        if "example" in table:
            self.example[name] = _number(table["example"], f"the example's {name}")
        means, note = f"{called}: {table['means']}", table.get("note", "")
        return Entry(f"{name}.def", means, (), "definition", "definition", note=note)

    # Lemmas.

    def _lemma(self, table: Mapping[str, Any]) -> list[Entry]:
        name = table["id"]
        if not isinstance(name, str) or not _ID.fullmatch(name) or name in self.library:
            raise RejectedError(f"{name!r} is no new name of a lemma")
        entry, lemma = self._checked(table)
        if "background" in table:
            if lemma.assume or lemma.reals or lemma.integers:
                raise RejectedError("a background lemma has no variables and assumes nothing")
            label = label_of(table["background"])
            self.context = self.context.knowing(label, lemma.says)
            self.background[label] = name
        self.library[name] = lemma
        self.status[name] = entry.status
        return [entry]

    def _checked(self, table: Mapping[str, Any]) -> tuple[Entry, Closed]:
        rule = table.get("by", "combination")
        needed = RULES.get(rule, WHOLE_RULES.get(rule)) if isinstance(rule, str) else None
        if needed is None:
            raise RejectedError(f"there is no rule {rule!r}")
        keys(table, ["id", "says", *needed], [*LEMMA_KEYS, *_further_keys(rule)])
        _told(table, "title", "note", "supports")
        lemma, constants = self._closed(table, OTHER_KINDS.get(rule, REAL))
        if "supports" in table:
            self._supported(table["supports"]).require(lemma, self.context, self.model)
        prover = self.prover(self.library, self.background)
        proof = {k: v for k, v in table.items() if k in (*needed, "steps", "by")}
        self._run(rule, lemma, proof, prover)
        for condition in lemma.assume if "supports" in table else ():
            self._require_example(condition)
        used = [*prover.used, *self.background.values()]
        status = "cited" if rule == "cited" else self._computed(used)
        entry = Entry(
            lemma.id, str(lemma.says), tuple(map(str, lemma.assume)), rule, status,
            tuple(sorted(prover.used)), constants, table.get("supports", ""),
            table.get("title", ""), table.get("note", ""),
            f"{table['reference']}: {table['reason']}" if rule == "cited" else "",
        )  # fmt: skip
        return entry, lemma

    def _run(
        self, rule: str, lemma: Closed, proof: Mapping[str, Any], prover: LemmaChecker
    ) -> None:
        if rule == "words":
            check_words(lemma.says, lemma.assume, proof)
            return
        inside = self.context.declaring(lemma.reals, lemma.integers)
        if rule == "induction":
            prover.induction(lemma, inside, proof)
        elif rule == "stages":
            prover.stages(lemma, inside, proof)
        elif rule == "moments":
            check_moments(lemma.says, assuming(inside, lemma.assume), proof)
            self.moments[lemma.id] = lemma
        elif rule == "cited":
            _told(proof, "reference", "reason")
            if not (proof["reference"].strip() and proof["reason"].strip()):
                raise RejectedError("what is cited has a reference and a reason")
            assuming(inside, lemma.assume).gap(lemma.says)
        else:
            prover.prove(lemma.says, assuming(inside, lemma.assume), proof)

    def _closed(self, table: Mapping[str, Any], kind: str) -> tuple[Closed, dict[str, str]]:
        constants = table.get("constants", {})
        if not isinstance(constants, dict):
            raise RejectedError("constants are a table of numbers")
        values: dict[str, Expr] = {}
        for name, text in constants.items():
            value = parse_formula(text)
            if not isinstance(value, Num):
                raise RejectedError(f"the constant {name} is not a rational number")
            values[name] = value
        says = parse_relation(table["says"])
        if set(values) - says.names():
            raise RejectedError(f"constants must occur in what is said: {sorted(values)}")
        assume = tuple(parse_relation(text).at(values) for text in texts(table.get("assume", [])))
        reals, integers = (frozenset(texts(table.get(key, []))) for key in ("reals", "integers"))
        self.context.declaring(reals, integers).declaring(values)  # rejects what is not new
        lemma = Closed(table["id"], reals, integers, assume, says.at(values), kind)
        return lemma, {name: str(value) for name, value in values.items()}

    def _supported(self, name: str) -> Supported:
        if name not in self.claims:
            raise RejectedError(f"no claim {name!r} stands in the ledger")
        return self.claims[name]

    def _computed(self, used: list[str]) -> str:
        found = {self.status[name] for name in used}
        return "proved" if found <= set(GOOD) else "conditional"

    def report(self) -> Report:
        """Return what was found, with the trust base."""
        used = {name for e in self.entries for name in e.uses}
        trust = [f"standard analysis, proved in ratecert.proofs_check.ledger.axioms: {axiom}"
                 for name, axiom in axioms().items() if name in used]  # fmt: skip
        for e in self.entries:
            if e.status == "cited":
                above = ", ".join(self._above(e.id)) or "nothing"
                given = f"if {', '.join(e.assume)} then " if e.assume else ""
                trust.append(f"cited, used for {above}: {given}{e.says} ({e.reason})")
        for e in self._readings():
            means = f" ({e.reason})" if e.reason else ""
            trust.append(f"definition, as a reading of the model: {e.says}{means}")
        return Report(self.key, self.title, self.standing, tuple(self.entries), tuple(trust))

    def _above(self, name: str) -> list[str]:
        """Return the lemmas that rest on a lemma, directly or not."""
        reached = {name}
        for entry in self.entries:
            if reached & set(entry.uses) or name in self.background.values():
                reached.add(entry.id)
        return [entry.id for entry in self.entries if entry.id in reached - {name}]

    def _readings(self) -> list[Entry]:
        """Return the definitions that the statements which support claims are about."""
        about: set[str] = set()
        for entry in self.entries:
            if entry.supports or entry.status == "conditional":
                about |= self.model.about(self.library[entry.id])
        reached = self.model.reached(about)
        definitions = [e for e in self.entries if e.status == "definition"]
        return [e for e in definitions if e.id.partition(".")[0] in reached]


def is_for_readers(table: Mapping[str, Any]) -> bool:
    """Whether an item is a heading with its text, in which there is nothing to check."""
    return (
        "heading" in table
        and set(table) <= {"heading", "text"}
        and all(isinstance(text, str) for text in table.values())
    )


def _further_keys(rule: str) -> tuple[str, ...]:
    """Return what a lemma may say beside what its rule and all lemmas have."""
    if rule in OTHER_KINDS:
        return ("reals", "integers") if rule == "moments" else ()
    return (*REAL_KEYS, "steps") if rule in RULES else REAL_KEYS


def _told(table: Mapping[str, Any], *names: str) -> None:
    """Reject what should be a text and is none."""
    for name in names:
        if not isinstance(table.get(name, ""), str):
            raise RejectedError(f"`{name}` is a text")


def _number(text: Any, what: str, whole: bool = False) -> arb:
    value = parse_formula(text)
    if not isinstance(value, Num):
        raise RejectedError(f"{what} is not a rational number")
    if whole and value.value.denominator != 1:
        raise RejectedError(f"{what} is not a whole number")
    return enclosed(value, {})
