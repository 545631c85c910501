"""The built-in ledger: all proved, true as numbers, and sabotage of it rejected or harmless."""

from __future__ import annotations

import copy
import random
from collections import Counter
from functools import cache
from typing import Any

import pytest
from ledger_mutations import Mutant, Original, mutants
from ledger_truth import counterexample

from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.ledger.book import _Book

STRIDE = 61
"""Every 61st mutant is tried here; ``benchmarks/ledger.py sabotage`` tries them all."""


@cache
def original() -> Original:
    """Check the ledger, in the first test that asks: mutmut runs what took long last."""
    return Original()


CITED = {
    "ky-fan": ["sketch-below"],
    "range-finder": ["sketch-above-at", "sketch-above"],
    "sketch-at-most-all": ["sketch-above-all"],
    "sketch-spectrum-positive": ["theorem-sketch-above", "theorem-sketch-below"],
    "sketch-energy-positive": ["theorem-sketch-above", "theorem-sketch-below"],
    "sketch-energy": ["theorem-sketch-above"],
    "sketch-ky-fan": ["theorem-sketch-below"],
    "sketch-weyl": ["theorem-sketch-above", "theorem-sketch-below"],
    "sketch-jensen": ["theorem-sketch-below"],
    "event-tails": ["theorem-sketch-above", "theorem-sketch-below"],
    "event-alignment": ["theorem-sketch-above"],
    "sketch-spectrum-below": ["sketch-dimension-below", "sketch-noise-below"],
    "gordon-tails": ["gordon-gives-tails"],
    "gordon-alignment": ["gordon-gives-alignment"],
}
"""What is cited, and what comes of it in the end."""


def test_the_theorem_for_top_features_rests_on_nothing_cited() -> None:
    report = original().report
    assert report.holds
    status = {entry.id: entry.status for entry in report.entries}
    supported = [e.id for e in report.entries if e.supports == "top-isotropic-total"]
    assert supported == ["theorem-above", "theorem-below"]
    assert all(status[name] == "proved" for name in supported)


def test_the_theorem_for_a_sketch_rests_on_the_event_and_linear_algebra() -> None:
    entries = {entry.id: entry for entry in original().report.entries}
    supported = [e.id for e in entries.values() if e.supports == "total-sketch"]
    assert supported == ["theorem-sketch-above", "theorem-sketch-below"]
    for name in supported:
        assert entries[name].status == "conditional"
        assert {"event = 1", "c2*gamma <= 1/2*(a - 1)/a"} <= set(entries[name].assume)
    assert {e.id for e in entries.values() if e.status == "cited"} == set(CITED)
    lines = [line for line in original().report.trust if line.startswith("cited")]
    for line, (name, ends) in zip(lines, CITED.items(), strict=True):
        assert str(entries[name].says) in line
        told = line.partition(":")[0].removeprefix("cited, used for ").split(", ")
        assert set(ends) <= set(told)
        assert not {"theorem-above", "theorem-below"} & set(told)


def test_no_lemma_fails_as_numbers() -> None:
    rng = random.Random(20240611)
    for item in original().items:
        if "id" in item:
            assert counterexample(original().table, item, rng, tries=20) is None


def test_the_search_for_counterexamples_finds_them() -> None:
    rng = random.Random(1)
    false = {
        "stage-upper": "K <= 0.9*log(2)*N_eff",
        "variance-filter-large": "W(J, L, x) <= 0.1/K",
        "bias-filter-above": "P(J, L, x) <= exp(-5*x*K)",
        "theorem-below": "2/(a - 1)*(M^(1-a) + (N_eff*gamma)^((1-a)/a)) <= risk - sigma^2",
        "theorem-above": "risk - sigma^2 <= 1/(8*(a - 1))*(M^(1-a) + (N_eff*gamma)^((1-a)/a))",
        "effective-dimension-below": "2*min(M, v^(1/a)) <= sum(min(1, v^2*i^(-2*a)), i, 1, M)",
        "variance-above": "sum(V(J, L, i), i, 1, M) <= 1/10*min(M, (K*gamma)^(1/a))/K",
        "variance-below": "min(M, (K*gamma)^(1/a))/K <= sum(V(J, L, i), i, 1, M)",
        "sketch-energy-positive": "energy_S(j) <= 0",
        "sketch-energy": "sum(energy_S(j), j, 1, M) + 2*approx_S = sum(i^-a, i, 1, oo)",
        "sketch-ky-fan": "sum(i^-a, i, M, oo) <= approx_S",
        "sketch-weyl": "2*lam_S(j) <= norm_S(j)",
        "sketch-jensen": "exp(-t*norm_S(k)/9)*sum(i^-a, i, k, oo) <= approx_S + "
        "sum(energy_S(j)*exp(-t*lam_S(j)), j, 1, M)",
        "event-tails": "norm_S(k) <= c2/2*k^(-a)",
        "event-alignment": "approx_S + sum(energy_S(j)*exp(-t*lam_S(j)), j, 1, M) <= "
        "a/((a - 1)*3*c1)*t^((1 - a)/a)",
        "sketch-sup-of-mode": "e_S(j, s, i) <= energy_S(i)*9/10",
        "sketch-bias": "approx_S + sum(energy_S(i)*P(J, L, gamma*lam_S(i)), i, 1, M) <= "
        "a/((a - 1)*c1)*(3*log(2)*(1 - c2*gamma)*N_eff*gamma)^((1 - a)/a)/3",
        "sketch-spectrum-below": "10*c*j^-a <= lam_S(j)",
        "sketch-dimension-above": "4*sum(min(1, v^2*lam_S(i)^2), i, 1, M) <= (c2*v)^(1/a)",
        "sketch-dimension-below": "3*min(M, (c*v)^(1/a)) <= sum(min(1, v^2*lam_S(i)^2), i, 1, M)",
        "sketch-noise-above": "sum(W(J, L, gamma*lam_S(i)), i, 1, M) <= "
        "1/10*min(M, (c2*K*gamma)^(1/a))/K",
        "sketch-noise-below": "2*min(M, (c*K*gamma)^(1/a))/K <= "
        "sum(W(J, L, gamma*lam_S(i)), i, 1, M)",
        "theorem-sketch-above": "risk_S - sigma^2 <= "
        "1/(5*(a - 1))*(M^(1-a) + (N_eff*gamma)^((1-a)/a))",
        "theorem-sketch-below": "3/(a - 1)*(M^(1-a) + (N_eff*gamma)^((1-a)/a)) <= "
        "risk_S - sigma^2",
    }
    assert set(false) <= {item.get("id") for item in original().items}
    for item in original().items:
        if item.get("id") in false:
            wrong = {**item, "says": false[item["id"]], "constants": {}}
            assert counterexample(original().table, wrong, rng) is not None, item["id"]


def test_sabotage_is_rejected_or_harmless() -> None:
    rng = random.Random(7)
    tried = list(mutants(original().items))[5::STRIDE]
    verdicts = Counter(_verdict(mutant, rng) for mutant in tried)
    assert len(tried) >= 100
    assert verdicts["rejected"] >= 0.9 * len(tried)


def _verdict(mutant: Mutant, rng: random.Random) -> str:
    """Return what the checker says; an accepted statement must not fail as numbers."""
    found = original().judge(mutant)
    if found == "statement":
        table = {**original().table, "item": [*original().items[: mutant.at], *mutant.items]}
        for item in mutant.items:
            if "id" in item:
                assert counterexample(table, item, rng) is None, mutant.what
    return found


WEAKER = {
    "a >= 11/10": "a >= 1",
    "a <= 4": "a <= 5",
    "gamma > 0": "gamma >= 0",
    "gamma <= (a - 1)/(2*a)": "gamma <= (a - 1)/a",
    "sigma^2 <= 1": "sigma^2 <= 2",
    "M >= 1": "M >= 0",
    "N >= 16": "N >= 8",
    "c1 > 0": "c1 >= 0",
    "c2 >= 1": "c2 > 0",
    "kappa >= 1": "kappa > 0",
}


@pytest.mark.parametrize("text", WEAKER)
def test_standing_assumptions_are_needed_up_to_a_step(text: str) -> None:
    assert rejects(weakened({text: WEAKER[text]}))


def test_some_standing_assumptions_ask_for_more_than_the_proof_needs() -> None:
    """As the docs say: a above 1.001 would do, and nothing uses the sign of sigma."""
    weaker = {"a >= 11/10": "a >= 1001/1000", "sigma >= 0": "sigma >= -1"}
    assert set(original().table["standing"]["assume"]) == {*WEAKER, *weaker}
    table = weakened(weaker)
    for claim in table["claim"]:
        claim["given"].append("sigma >= -1")
    assert not rejects(table)


def weakened(changes: dict[str, str]) -> dict[str, Any]:
    """Return the ledger with other standing assumptions, which its claims own up to."""
    table = {**original().table, "standing": copy.deepcopy(original().table["standing"])}
    table["claim"] = copy.deepcopy(table["claim"])
    for told in (table["standing"]["assume"], *(claim["given"] for claim in table["claim"])):
        told[:] = [changes.get(text, text) for text in told]
    return table


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
