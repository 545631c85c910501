"""Claims with their derivations or witnesses, made once per run, for tests of the checker."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ratecert.proofs_check.checker import check
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.theory.derive import derivation, derive
from ratecert.theory.search.prover import CaseNeededError, StuckError
from ratecert.theory.witnesses.refute import model


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
    by_hand: Mapping[str, Any] | None = None
    """A derivation with rules that the search has no need of; else the search finds one."""

    @property
    def claim(self) -> Claim:
        return make_claim(self.says, self.assume, **(self.goal or {}))

    @property
    def false_claim(self) -> Claim:
        return make_claim(self.false, self.assume, **(self.goal or {}))


ONE: list[Any] = [["1", []]]


def _tree(upper: Any, sizes: str, **values: str) -> dict[str, Any]:
    """A derivation in which only the upper bound is to be proved."""
    path = {name: ["1", "0", "0"] for name in sizes}
    tree = {"bounds": {}, "upper": upper}
    return {"needs": [], "model": {"values": values, "path": path}, "tree": tree}


def _with(gens: Mapping[str, Any]) -> dict[str, Any]:
    """The certificate of one form against another, by these generators."""
    return {"mu": [ONE], "nu": [ONE], "gens": gens}


# In each case a^2 is the square of what is known to be at least 0, factor 1.
_SQUARE = {"certs": [_with({"0": [["1", [1, 1]]]})]}
_SIGNS = {"cases": "a", "pos": _SQUARE, "zero": _SQUARE, "neg": _SQUARE}
# Generator 3 is log T, and 6 is that of the case: log T, or -log T.
_ABSURD = {"split": "T", "ge": {"certs": [_with({"6": ONE})]},
           "le": {"absurd": _with({"3": ONE, "6": ONE})}}  # fmt: skip

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
    "little": Case("optimal(value) = o(1)", "optimal(value) = o(C^(-1/2))", (),
                   {"minimise": "M^-1 + M/C", "over": ["M"]}),
    "void": Case("exp(-a*M) = O(exp(-b*M))", "exp(-b*M) = O(exp(-a*M))", ("a >= b", "b > 0")),
    "slowly": Case("N*log(M) = O(M*log(N))", "N*log(M) = O(N*log(N))", ("M >= N",)),
    "logarithm": Case("log(1 + N*gamma) = Theta(N*gamma)", "log(1 + N*gamma) = Theta(1)",
                      ("N*gamma <= 1",)),
    "double logarithms": Case("sum(i^-1*log(i+1)^-a, i, 1, M) = Theta(1)",
                              "sum(i^-1*log(i+1)^-a, i, 1, M) = Theta(log(M))", ("a > 1",)),
    "cut": Case("sum(1/i*min(1, N/i), i, 1, oo) = Theta(log(N))",
                "sum(1/i*min(1, N/i), i, 1, oo) = Theta(1)"),
    "small": Case("M - (M + N)*exp(-N) ~ M", "M - (M + N)*exp(-N) ~ 2*M", ("N >= M",)),
    "signs": Case("1 = O(M^(a^2))", "M = O(M^(a^2))", ("a < 9",), None, _tree(_SIGNS, "M", a="1")),
    "absurd": Case("M = O(M*T)", "M*T = O(M)", (), None,
                   _tree(_ABSURD, "MT")),
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
    return deepcopy(dict(_derived(name)))


@lru_cache
def _derived(name: str) -> Mapping[str, Any]:
    case = CASES[name]
    if case.by_hand is not None:
        return case.by_hand
    found = derive(case.claim)
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
