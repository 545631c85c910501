"""Random explicit claims: what the checker accepts must agree with numbers.

The search proposes, `check` disposes, and the logarithm of LEFT/RIGHT is computed along paths of
the sizes by `log_values`, which knows no rule of the checker.  From ``log t = 1000`` to ``2000`` a
bounded ratio changes its logarithm by next to nothing (constants cancel, and all exponents are
multiples of 1/2, so what is of smaller order has gone), a wrong power by hundreds and a wrong
logarithm by ``log 2``: 0.3 tells them apart.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from log_values import changes, log_value
from scipy import special

from ratecert.proofs_check.checker import check, check_witness
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.paths.bounds import Path
from ratecert.proofs_check.paths.orders import Order
from ratecert.theory.derive import derivation, derive
from ratecert.theory.search.derivation import with_values
from ratecert.theory.search.prover import CaseNeededError, StuckError
from ratecert.theory.witnesses.refute import model, refute

TOLERANCE = 0.3
SPEEDS = [(1, 1), (1, 3), (3, 1), (1, 2), (2, 1), (1, 10), (10, 1), (2, 3), (3, 2)]
PATHS = [
    Path({}, {"M": Order(Fraction(x)), "N": Order(Fraction(y))}) for x, y in SPEEDS
]  # fmt: skip

halves = st.integers(-4, 4).map(lambda n: Fraction(n, 2))
powers = st.builds("M^({})*N^({})".format, halves, halves)
ranges = st.sampled_from(["1, oo", "1, M", "1, N", "1, M*N", "M, oo", "M, N", "M, M*N"])
filters = st.builds(
    lambda size, power, tail: f"min(1, ({size}*i^(-{power}))^{tail})",
    st.sampled_from(["M", "N", "N/M"]), st.sampled_from(["1", "3/2", "2"]), st.integers(1, 2),
)  # fmt: skip
decays = st.builds(
    "exp(-{}*i^({}))".format,
    st.sampled_from(["M", "N", "1/M"]),
    st.sampled_from(["-1", "1", "-2"]),
)
terms = st.one_of(
    halves.map(lambda r: f"i^({r})"),
    st.builds(lambda r, f: f"i^({r})*{f}", halves, st.one_of(filters, decays)),
    st.builds("max(i^({}), M*i^({}))".format, halves, halves),
    st.builds("i^({})/(1 + M/i)".format, halves),
)
single = st.builds("sum({}, i, {})".format, terms, ranges)
lefts = st.one_of(
    single,
    st.builds("{} + {}".format, powers, single),
    st.builds("min({}, {})".format, powers, single),
    st.builds("{}/({})".format, powers, single),
    st.builds("max({}, log(M)*{})".format, powers, powers),
)
nudges = st.sampled_from(["1", "1", "M^(1/2)", "M^(-1/2)", "N^(1/2)", "log(M)", "1/log(N)"])
relations = st.sampled_from(["Theta", "Theta", "O", "Omega", "o", "Otilde", "Thetatilde"])


def is_contradicted(claim: Claim, path: Path) -> bool:
    """Whether numbers along the path say that the claim is false."""
    change = changes(claim.left, path) - changes(claim.right, path)
    return disagrees(claim.relation, change, TOLERANCE, 50.0)


def disagrees(relation: str, change: float, tolerance: float, logarithms: float) -> bool:
    """Whether the change of ``log(LEFT/RIGHT)`` speaks against the relation."""
    slack = logarithms if relation.endswith("tilde") else tolerance
    match relation.removesuffix("tilde"):
        case "O":
            return change > slack
        case "Omega":
            return change < -slack
        case "o":
            return change > -tolerance
    return abs(change) > slack


def is_proved(claim: Claim) -> bool:
    try:
        proof = derivation(claim)
    except (StuckError, RejectedError, CaseNeededError):
        return False
    proof["model"] = model(claim)
    check(claim, proof)
    return True


def right_of(left: str, assumed: list[str]) -> str:
    """Return the order that the search finds; tried, not believed."""
    derived = derive(make_claim(f"{left} = Theta(1)", assumed))
    return "1" if derived.proof is not None else derived.derived


@given(lefts, nudges, relations)
@settings(max_examples=12)
@example("sum(1/i, i, 1, M)", "1", "Theta")
@example("sum(i^(-1/2)*exp(-N*i^(-1)), i, 1, M)", "1", "O")
@example("sum(i^(-1/2)*min(1, (N*i^(-1))^1), i, 1, M)", "log(M)", "Theta")
@example("max(M^(1), log(M)*N^(1))", "1/log(N)", "O")
def test_what_is_proved_agrees_with_numbers(left: str, nudge: str, relation: str) -> None:
    assumed = ["N >= M"] if "i, M, N)" in left else []
    right = right_of(left, assumed)
    assume(right)
    claim = make_claim(f"{left} = {relation}(({right})*{nudge})", assumed)
    paths = [p for p in PATHS if not assumed or p.orders["N"] > p.orders["M"]]
    if is_proved(claim):
        wrong = [path for path in paths if is_contradicted(claim, path)]
        assert not wrong, wrong
        assert refute(claim) is None


def has_values(claim: Claim) -> bool:
    """Whether both sides are shown to have values: not so 1 over a sum that may be empty."""
    try:
        return with_values(claim) == {}
    except StuckError:
        return False


@given(lefts, powers, relations)
@settings(max_examples=6)
def test_what_is_refuted_is_not_proved(left: str, right: str, relation: str) -> None:
    claim = make_claim(f"{left} = {relation}({right})")
    refutation = refute(claim)
    assume(refutation and has_values(claim))
    check_witness(claim, refutation)
    assert not is_proved(claim)


def test_numbers_contradict_what_is_false() -> None:
    """The comparison itself sees a wrong power, a wrong logarithm, and a strict relation."""
    true = make_claim("sum(1/i, i, 1, M) = Theta(log(M))")
    assert not any(is_contradicted(true, path) for path in PATHS)
    for relation, right in (("O", "1"), ("Omega", "log(M)^2"), ("Theta", "M^(1/2)"),
                            ("o", "log(M)"), ("Thetatilde", "M^(1/2)")):  # fmt: skip
        false = replace(true, relation=relation, right=parse_expr(right))
        assert any(is_contradicted(false, path) for path in PATHS)
        assert not is_proved(false)


def log_nested(first: Fraction, second: Fraction, inner: str, size: int) -> float:
    """Return ``log sum(i^first * sum(j^second, j, inner), i, 1, size)``, summed directly."""
    i = np.arange(1.0, size + 1)
    if inner == "i, oo":
        sums = special.zeta(-float(second), i)
    else:
        sums = np.cumsum(i ** float(second))
        sums = sums if inner == "1, i" else sums[-1] - sums + i ** float(second)
    return float(np.log(np.sum(i ** float(first) * sums)))


@given(halves, halves, st.sampled_from(["1, i", "i, oo", "i, M"]), nudges, relations)
@settings(max_examples=12)
@example(Fraction(-1), Fraction(-1), "1, i", "1", "Theta")
@example(Fraction(0), Fraction(-1), "i, M", "1", "O")
def test_nested_sums_agree_with_direct_ones(
    first: Fraction, second: Fraction, inner: str, nudge: str, relation: str
) -> None:
    """From M = 10^3 to 10^6 a wrong half power changes the ratio by 3.4, a logarithm by 0.69."""
    assume("N" not in nudge and (inner != "i, oo" or second < -1))
    left = f"sum(i^({first})*sum(j^({second}), j, {inner}), i, 1, M)"
    right = right_of(left, [])
    assume(right)
    claim = make_claim(f"{left} = {relation}(({right})*{nudge})")
    change = log_nested(first, second, inner, 10**6) - log_nested(first, second, inner, 10**3)
    path = Path({}, {"M": Order(Fraction(1))})
    change -= log_value(claim.right, path, np.log(1e6)) - log_value(claim.right, path, np.log(1e3))
    if is_proved(claim):
        assert not disagrees(relation, change, 0.45, 3.0)
