"""Ledgers that prove something absurd if a guard is missing: none of it may be proved.

The files in ``tests/cases/ledgers`` each end with an absurd lemma; the tables here are more of
their kinds, each next to what is true of it, so that not everything is rejected.
"""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import pytest
from ledger_items import H, Item, changed, check, last, lemma, step

from ratecert.proofs_check.__main__ import main
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Add, Call, Expr, Mul, Name, Num, Pow, Sum
from ratecert.proofs_check.ledger.book import check_ledger, read_ledger
from ratecert.proofs_check.ledger.names import WORDS
from ratecert.proofs_check.ledger.report import as_data, lines
from ratecert.proofs_check.ledger.scope import Scope
from ratecert.proofs_check.ledger.terms import parse_formula, parse_relation

CASES = sorted((Path(__file__).parents[2] / "cases" / "ledgers").glob("*.ledger.toml"))
HELD = ("proved", "conditional", "cited", "definition")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_what_is_absurd_is_not_proved(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = check_ledger(read_ledger(path.read_bytes()))
    assert [e.status for e in report.entries if e.id == "absurd"] == ["rejected"]
    assert main([str(path)]) == 1
    assert "FAILED" in capsys.readouterr().out


def test_there_are_cases() -> None:
    assert len(CASES) >= 9


# Names.

BAD = [*sorted(WORDS), "", " ", "x y", "1x", "[exp(a)]", "#0", "é", "x\n", "x" * 42, "x'", "i,j"]
NOT_TEXTS: list[Any] = [True, 3, 1.5, None, ["x"], {"x": "y"}]


@pytest.mark.parametrize("name", [*BAD, *NOT_TEXTS], ids=repr)
def test_no_quantity_is_called(name: Any) -> None:
    named = {"constant": name, "means": "a number"}
    defined = {"constant": name, "value": "1"}
    for item in (named, defined):
        assert last(item).status == "rejected"
    termwise = {"id": "it", "says": "0 <= 0", "by": "termwise", "index": name, "lo": "1",
                "hi": "M", "each": {"combine": []}}  # fmt: skip
    limit = {"id": "it", "says": "sum(i^-2, i, 1, oo) <= 9", "by": "limit", "upto": name,
             "each": {"combine": []}}  # fmt: skip
    for item in (termwise, limit, lemma("0 = 0", reals=[name]), lemma("0 = 0", integers=[name])):
        assert last(item).status == "rejected"
        assert "no name" in last(item).reason or not isinstance(name, str)


@pytest.mark.parametrize("name", ["t", *BAD, *NOT_TEXTS], ids=repr)
def test_no_function_is_called(name: Any) -> None:
    named = {"function": name, "args": ["x"], "means": "a value"}
    for item in (named, changed(H, function=name, next="1") | {"function": name}):
        assert last(item).status == "rejected"


@pytest.mark.parametrize("index", [*sorted(WORDS), "1", "x + 1", "é", "x" * 42, "f(x)"])
def test_no_index_is_called(index: str) -> None:
    with pytest.raises(RejectedError):
        parse_formula(f"sum(x, {index}, 1, 2)")
    assert str(parse_formula("sum(x, t, 1, 2)")) == "sum(x, t, 1, 2)"


@pytest.mark.parametrize("label", ["é", "x y", "", "1", "x" * 42, 3, None, True], ids=repr)
def test_no_fact_is_called(label: Any) -> None:
    item = lemma("a <= 3", ": A2", steps=[{"as": label, "says": "0 = 0", "combine": []}])
    assert "no name of a fact" in last(item).reason
    assert "no name of a fact" in last(lemma("a <= 3", ": A2", background=label)).reason


def test_names_are_new_whatever_they_name() -> None:
    """Quantities and functions share their names: what is printed has one meaning."""
    first = [{"constant": "c", "value": "1"}, {"function": "f", "args": ["x"], "means": "a value"}]
    for item in (
        {"constant": "f", "value": "1"},
        {"constant": "f", "means": "a number"},
        {"function": "c", "args": ["x"], "means": "a value"},
        changed(H, function="c"),
        lemma("f = f", reals=["f"]),
        lemma("c = c", integers=["c"]),
        lemma("f = 1", constants={"f": "1"}),
    ):
        assert "declared twice" in last(*first, item).reason, item


def test_letters_of_other_alphabets_are_no_names() -> None:
    for text in ("а <= 3", "aа <= 3", "a² <= 9", "x٣ = x٣"):  # Cyrillic, superscript, Arabic
        with pytest.raises(RejectedError, match="is not a formula"):
            parse_relation(text)


# Kinds of lemmas.

WORD: Item = {
    "id": "word", "by": "words", "says": "A*B*A = A", "assume": ["A*B = I"],
    "shapes": {"A": "m m", "B": "m m"}, "symmetric": [], "gaussian": {},
}  # fmt: skip
MOMENT: Item = {
    "id": "moment", "by": "moments", "says": "E(u^2) = v", "reals": ["v"], "assume": ["v >= 0"],
    "gaussian": {"u": "v"}, "conditional": {}, "other": {},
}  # fmt: skip


def test_lemmas_of_one_kind_are_no_lemmas_of_another() -> None:
    assert check(WORD, MOMENT).holds
    for of, about in (("word", "about matrices"), ("moment", "about an expectation")):
        assert about in last(WORD, MOMENT, lemma("0 = 1", ": p", steps=[step("p", of)])).reason
    staged = changed(H, moment="word", at={}, presume=[])
    assert "no lemma about moments" in last(WORD, staged).reason


@pytest.mark.parametrize("item", [WORD, MOMENT], ids=lambda item: item["id"])
@pytest.mark.parametrize(
    "more", [{"background": "w"}, {"supports": "s"}, {"steps": []}, {"constants": {}}], ids=str
)
def test_other_kinds_support_nothing(item: Item, more: Item) -> None:
    assert "has no meaning here" in last(item | more).reason


@pytest.mark.parametrize("key", ["reals", "integers"])
def test_matrices_are_no_variables(key: str) -> None:
    assert f"{key!r} has no meaning here" in last(WORD | {key: ["A"]}).reason


# Entries that say more, or something else, than they are asked.


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (changed(H, moment="x"), "'at' is missing"),
        (changed(H, presume=[]), "'presume' has no meaning"),
        (changed(H, note=3), "`note` is a text"),
        (lemma("a <= 3", ": A2", title=3), "`title` is a text"),
        (lemma("a <= 3", ": A2", note=["x"]), "`note` is a text"),
        ({"id": "it", "says": "a <= 3", "by": "cited", "reference": {}, "reason": "x"},
         "`reference` is a text"),
        ({"id": "it", "says": "a <= 3", "by": "cited", "reference": "x", "reason": " "},
         "a reference and a reason"),
        ({"id": "it", "says": "a <= 3", "by": "cited", "reference": "", "reason": "x"},
         "a reference and a reason"),
        ({"id": "it", "says": "a <= 3", "by": "cited", "reference": "x", "reason": "y",
          "steps": []}, "'steps' has no meaning"),
        ({"heading": 3}, "an item is"),
        ({"heading": "Words", "text": 3}, "an item is"),
        ({"heading": "Words", "more": "x"}, "an item is"),
        ({"text": "x"}, "an item is"),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_malformed_entries(item: Item, reason: str) -> None:
    assert reason in last(item).reason


def test_a_heading_is_for_readers() -> None:
    assert check({"heading": "Words"}, {"heading": "Words", "text": "More."}).entries == ()


@pytest.mark.parametrize("depth", [39, 40, 100])
def test_proofs_stand_in_proofs_only_so_deep(depth: int) -> None:
    steps: list[Item] = []
    for _ in range(depth):
        steps = [{"as": "q", "says": "0 = 0", "combine": [], "steps": steps}]
    entry = last(lemma("a <= 3", ": A2", steps=steps))
    assert (entry.status == "proved") == (depth < 40)
    assert ("more than 40 deep" in entry.reason) == (depth >= 40)
    wide = [{"as": f"q{k}", "says": "0 = 0", "combine": []} for k in range(50)]
    assert last(lemma("a <= 3", ": A2", steps=wide)).status == "proved"


def test_a_name_in_an_empty_sum_is_declared() -> None:
    assert "q is not declared" in last(lemma("sum(q, i, 3, 2) = 0")).reason
    assert last(lemma("sum(a*i, i, 3, 2) = 0")).status == "proved"


# Ranges, and numbers that are not whole.


@pytest.mark.parametrize(
    "says",
    ["sum(1, i, 1, m) = m", "sum(1, i, m, 1) = 2 - m", "sum(1, i, 1, -5) = -5",
     "sum(1, i, 5, 1) = -3", "sum(i, i, 3, 1) = -2"],
)  # fmt: skip
def test_a_sum_is_empty_whatever_its_bounds(says: str) -> None:
    assert "leaves" in last(lemma(says, integers=["m"])).reason


@pytest.mark.parametrize(("lo", "hi", "at"), [(1, -3, -2), (1, -3, 0), (1, 3, 4), (2, 3, 0)])
def test_a_sum_is_split_inside_only(lo: int, hi: int, at: int) -> None:
    split = {"as": "s", "split": f"sum(1, i, {lo}, {hi})", "at": str(at)}
    assert "may not be split" in last(lemma("0 = 1", ": s", steps=[split])).reason


@pytest.mark.parametrize("start", ["1/2", "a", "m", "0 - 1/2"])
def test_induction_starts_at_a_whole_number(start: str) -> None:
    item = {"id": "it", "says": "m >= 0", "integers": ["m"], "assume": [f"m >= {start}"],
            "by": "induction", "over": "m", "from": start, "base": {"combine": []},
            "step": {"combine": []}}  # fmt: skip
    assert last(item).status == "rejected"


@pytest.mark.parametrize("on", ["x < 0", "x = 0", "x >= 0"])
def test_cases_cover_everything(on: str) -> None:
    """``x >= 0`` is ``0 <= x``, whose contrary is ``x < 0``; the others are no alternatives."""
    item = {"id": "it", "says": "0 <= x^2", "reals": ["x"], "by": "cases", "on": on,
            "yes": {"combine": ["x^2 :"]}, "no": {"combine": ["x^2 :"]}}  # fmt: skip
    assert (last(item).status == "proved") == (on == "x >= 0")


# What is seen of signs: facts that hold at a point, and nothing false of that point is seen.

VARIABLES, WHOLE = ["a", "x", "y", "p"], ["i", "j", "m"]
CALLS = {
    "exp": math.exp, "log": math.log, "floor": math.floor, "min": min, "max": max,
    "f": lambda s, t: 2 * math.sin(3 * s + t),
}  # fmt: skip


def value(expr: Expr, at: dict[str, float]) -> float:
    match expr:
        case Num(number):
            return float(number)
        case Name(name):
            return at[name]
        case Add(terms):
            return math.fsum(value(term, at) for term in terms)
        case Mul(factors):
            return math.prod(value(factor, at) for factor in factors)
        case Pow(base, exponent):
            return float(value(base, at) ** value(exponent, at))
        case Sum(term, index, lo, hi):
            ends = (round(value(end, at)) for end in (lo, hi))
            low, high = ends
            return math.fsum(value(term, {**at, index: float(k)}) for k in range(low, high + 1))
    assert isinstance(expr, Call)
    return float(CALLS[expr.func](*(value(arg, at) for arg in expr.args)))


def drawn(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.3:
        return rng.choice([*VARIABLES, *WHOLE, "1", "2", "1/2", "5/3"])
    one, other = drawn(rng, depth - 1), drawn(rng, depth - 1)
    k = rng.choice("kn")
    return rng.choice([
        f"({one} + {other})", f"({one} - {other})", f"({one}*{other})", f"({one}/({other}))",
        f"({one})^2", f"({one})^3", f"({one})^-1", f"({one})^a", f"exp(({one})/4)",
        f"log({one})", f"floor({one})", f"min({one}, {other})", f"f({one}, {other})",
        f"sum(({one})*{rng.choice([k, '1', '1/' + k])}, {k}, {rng.choice('1i2')}, "
        f"{rng.choice(['m', '3', 'j', 'm - 1'])})",
    ])  # fmt: skip


def context_at(rng: random.Random, at: dict[str, float]) -> Scope:
    """Return a context of facts that hold at a point."""
    found = Scope(functions={"f": 2}).declaring(VARIABLES, WHOLE)
    for number in range(rng.randint(2, 7)):
        name, bound = rng.choice([*VARIABLES, *WHOLE]), rng.choice(["0", "1", "2", "x", "j + 1"])
        left, right = (name, bound) if rng.random() < 0.7 else (drawn(rng, 2), bound)
        try:
            gap = value(parse_formula(right), at) - value(parse_formula(left), at)
            sign = "=" if abs(gap) < 1e-9 else rng.choice(["<", "<="] if gap > 0 else [">", ">="])
            found = found.knowing(f"h{number}", parse_relation(f"{left} {sign} {right}"))
        except (RejectedError, ArithmeticError, ValueError, TypeError):
            continue  # not defined at this point, or not seen to be: no fact
    return found


@pytest.mark.parametrize("seed", range(40))
def test_nothing_false_is_seen_of_signs(seed: int) -> None:
    rng = random.Random(seed)
    at = {name: rng.choice([0.5, 1, 1.5, 2, 3, -1, -0.5, 0, 4]) for name in VARIABLES}
    at |= {name: float(rng.randint(-2, 4)) for name in WHOLE}
    where = context_at(rng, at)
    for _ in range(25):
        relation = parse_relation(f"{drawn(rng, 3)} {rng.choice(['<=', '<', '=', '>'])} 0")
        try:
            seen = where.entails(relation)
        except RejectedError:
            continue
        if seen:  # then both sides are defined, too
            gap = value(relation.right, at) - value(relation.left, at)
            assert abs(gap) < 1e-7 if relation.op == "=" else gap > -1e-7, (relation, at)


def test_reports_of_rejected_ledgers_are_told() -> None:
    report = check({"constant": "tr", "value": "1"}, lemma("0 = 1"), {"heading": 3})
    assert "0 proved" not in "\n".join(lines(report))
    assert {entry["status"] for entry in as_data(report)["lemmas"]} == {"rejected"}


@pytest.mark.parametrize(
    "says", ["0*log(0 - 1) = 0", "0/(M - M) = 0", "M + 0/(M - M) <= M", "(M - M)^0 = 1"]
)
def test_what_has_no_value_does_not_cancel(says: str) -> None:
    assert last(lemma(says)).status == "rejected"
