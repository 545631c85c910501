"""Claims with their derivations or witnesses, made once per run, for tests of the checker."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from proofs_check.checker import check
from proofs_check.claim import Claim
from proofs_check.claimfile import make_claim
from proofs_check.cone import RejectedError
from theory.derivation import CaseNeededError, derivation
from theory.derive import derive
from theory.prover import StuckError
from theory.refute import model


def is_derived(says: str, *assume: str, **settings: Any) -> bool:
    """Whether the search finds a proof; the checker accepts what it finds."""
    claim = make_claim(says, assume, **settings)
    try:
        proof = derivation(claim)
    except (StuckError, RejectedError, CaseNeededError):
        return False
    proof["model"] = model(claim)
    check(claim, proof)
    return True


@dataclass(frozen=True)
class Case:
    """A true claim, and a false one that differs from it in one place."""

    says: str
    false: str
    assume: tuple[str, ...] = ()
    goal: Mapping[str, Any] | None = None

    @property
    def claim(self) -> Claim:
        return make_claim(self.says, self.assume, **(self.goal or {}))

    @property
    def false_claim(self) -> Claim:
        return make_claim(self.false, self.assume, **(self.goal or {}))


CASES: Mapping[str, Case] = {
    "tail": Case("sum(i^-a, i, M, oo) = Theta(M^(1-a))", "sum(i^-a, i, M, oo) = Theta(M^-a)",
                 ("a > 1",)),
    "harmonic": Case("sum(i^-1, i, 1, M) = Theta(log(M))", "sum(i^-1, i, 1, M) = Theta(1)"),
    "saturating": Case("sum(min(1, (N*i^-a)^2), i, 1, M) = Theta(min(M, N^(1/a)))",
                       "sum(min(1, (N*i^-a)^2), i, 1, M) = Theta(N^(1/a))", ("a > 1",)),
    "decaying": Case("sum(i^-b*exp(-N*i^-a), i, 1, oo) = Theta(N^((1-b)/a))",
                     "sum(i^-b*exp(-N*i^-a), i, 1, oo) = Theta(N^(-b/a))", ("a > 1", "b > 1")),
    "three cases": Case("sum(i^-b, i, 1, M) = O(M^(1-b) + log(M))",
                        "sum(i^-b, i, 1, M) = O(M^(1-b))", ("b > 0",)),
    "logarithms": Case("log(M) = O(log(N))", "log(N) = O(log(M))", ("N >= M",)),
    "competing": Case("exp(-2*M)*M = o(exp(-M))", "exp(-M)*M = o(exp(-M))"),
    "growth": Case("N - M = Theta(N)", "N - M = Theta(M)", ("N >= M^2",)),
    "tilde": Case("M*log(N) = Otilde(N)", "N*log(N) = Otilde(M)", ("N >= M",)),
    "smaller": Case("log(M)^2*M^a = o(M^b)", "log(M)^2*M^b = o(M^a)", ("b > a",)),
    "nested": Case("sum(sum(j^-a, j, i, oo), i, 1, M) = Theta(M^(2-a))",
                   "sum(sum(j^-a, j, i, oo), i, 1, M) = Theta(M^(1-a))", ("a > 1", "a < 2")),
    "approximation": Case("approx = Theta(M^(1-a))", "approx = Theta(M^-a)", ("a > 1", "b = a")),
    "equivalent": Case("sum(i^-b*exp(-N*i^-a), i, 1, M) ~ Gamma((b-1)/a)/a*N^((1-b)/a)",
                       "sum(i^-b*exp(-N*i^-a), i, 1, M) ~ Gamma(b/a)/a*N^((1-b)/a)",
                       ("a > 1", "b > 1", "M^a >= N*log(N)")),
    "place": Case("optimal(M) = Theta(C^(1/2))", "optimal(M) = Theta(C^(1/3))", (),
                  {"minimise": "M^-1 + M/C", "over": ["M"]}),
    "value": Case("optimal(value) = Theta(C^(-1/2))", "optimal(value) = Theta(C^-1)", (),
                  {"minimise": "M^-1 + M/C", "over": ["M"]}),
    "allocation": Case("optimal(M) = Theta(C^(1/(a+1)))", "optimal(M) = Theta(C^(a/(a+1)))",
                       ("a > 1",), {"minimise": "M^(1-a) + N^((1-a)/a)", "over": ["M", "N"],
                                    "subject_to": "M*N = C"}),
    "capped": Case("optimal(gamma) = O(M^-1)", "optimal(gamma) = Theta(M^-1)", (),
                   {"minimise": "1/N + min(1, gamma*M/N)", "over": ["gamma"]}),
}  # fmt: skip
"""True claims by name; together their derivations use every rule."""

REFUTED = Case(
    "optimal(M) = Theta(C)",
    "optimal(M) = Theta(C^(1/2))",
    (),
    {"minimise": "M^-1 + M/C", "over": ["M"]},
)
"""Here `says` is refuted, and `false` is what must not be: it is true."""


def derived(name: str) -> dict[str, Any]:
    """Return a fresh copy of the derivation of a case."""
    return deepcopy(_derived(name))


@lru_cache
def _derived(name: str) -> dict[str, Any]:
    found = derive(CASES[name].claim)
    assert found.proof is not None, f"{name}: {found.reason}"
    return found.proof


@lru_cache
def _witness() -> dict[str, Any]:
    found = derive(REFUTED.claim)
    assert found.refutation is not None, found.reason
    return found.refutation


def witness() -> dict[str, Any]:
    """Return a fresh copy of the witness against `REFUTED`."""
    return deepcopy(_witness())
