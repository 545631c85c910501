"""The built-in ledger: all proved, true as numbers, and sabotage of it rejected or harmless."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from ledger_mutations import Mutant, Original, mutants
from ledger_truth import counterexample

from proofs_check.errors import UserError
from proofs_check.ledger.book import _Book

STRIDE = 37
"""Every 37th mutant is tried here; ``benchmarks/ledger.py sabotage`` tries them all."""


@pytest.fixture(scope="module")
def original() -> Original:
    return Original()


def test_the_theorems_are_proved_and_rest_on_nothing_cited(original: Original) -> None:
    report = original.report
    assert report.holds
    status = {entry.id: entry.status for entry in report.entries}
    supported = [entry.id for entry in report.entries if entry.supports == "total"]
    assert supported == ["theorem-above", "theorem-below"]
    assert all(status[name] == "proved" for name in supported)
    others = {name for name, found in status.items() if found not in ("proved", "definition")}
    assert others == {"ky-fan", "range-finder", "sketch-below", "sketch-above-at", "sketch-above"}
    cited = [line for line in report.trust if line.startswith("cited")]
    assert [line.partition(":")[0] for line in cited] == [
        "cited, used for sketch-below",
        "cited, used for sketch-above-at, sketch-above",
    ]


def test_no_lemma_fails_as_numbers(original: Original) -> None:
    rng = random.Random(20240611)
    for item in original.items:
        if "id" in item:
            assert counterexample(original.table, item, rng, tries=20) is None


def test_the_search_for_counterexamples_finds_them(original: Original) -> None:
    rng = random.Random(1)
    false = {
        "stage-upper": "K <= 0.9*log(2)*N_eff",
        "variance-filter-large": "W(J, L, x) <= 0.1/K",
        "bias-filter-above": "P(J, L, x) <= exp(-5*x*K)",
        "theorem-below": "2/(a - 1)*(M^(1-a) + (N_eff*gamma)^((1-a)/a)) <= risk - sigma^2",
        "theorem-above": "risk - sigma^2 <= 1/(8*(a - 1))*(M^(1-a) + (N_eff*gamma)^((1-a)/a))",
    }
    for item in original.items:
        if item.get("id") in false:
            wrong = {**item, "says": false[item["id"]], "constants": {}}
            assert counterexample(original.table, wrong, rng) is not None, item["id"]


def test_sabotage_is_rejected_or_harmless(original: Original) -> None:
    rng = random.Random(7)
    tried = list(mutants(original.items))[5::STRIDE]
    verdicts = Counter(_verdict(original, mutant, rng) for mutant in tried)
    assert len(tried) >= 100
    assert verdicts["rejected"] >= 0.9 * len(tried)


def _verdict(original: Original, mutant: Mutant, rng: random.Random) -> str:
    """Return what the checker says; an accepted statement must not fail as numbers."""
    found = original.judge(mutant)
    if found == "statement":
        table = {**original.table, "item": [*original.items[: mutant.at], *mutant.items]}
        for item in mutant.items:
            if "id" in item:
                assert counterexample(table, item, rng) is None, mutant.what
    return found


STANDING = {
    "a >= 11/10": "a >= 1",
    "a <= 4": "a <= 5",
    "gamma > 0": "gamma >= 0",
    "gamma <= (a - 1)/(2*a)": "gamma <= (a - 1)/a",
    "sigma^2 <= 1": "sigma^2 <= 2",
    "M >= 1": "M >= 0",
    "N >= 16": "N >= 8",
}


@pytest.mark.parametrize("text", STANDING)
def test_standing_assumptions_cannot_be_weakened(original: Original, text: str) -> None:
    standing = original.table["standing"]
    weaker = [STANDING[text] if known == text else known for known in standing["assume"]]
    assert rejects({**original.table, "standing": {**standing, "assume": weaker}})


def rejects(table: dict[str, Any]) -> bool:
    """Whether the checker rejects a ledger; it is stopped at the first lemma that fails."""
    try:
        book = _Book(table, lambda: 0.0)
    except UserError:
        return True
    for item in table["item"]:
        book.take(item)
        if book.entries and book.entries[-1].status == "rejected":
            return True
    return False
