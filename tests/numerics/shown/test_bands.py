"""The rate that leg 1 derives, and simulated SGD: their ratio stays in the predicted band.

Hypothesis draws a, b, step size, path of M, noise, features, algorithm, schedule and batch.  The
rate is what the search derives for that setting, the band what `ratecert.numerics.shown.bands`
computes from the constants of the lemmas; the ladder of sizes quadruples N.  A simulated risk is
out of the band if it contradicts the band's nearer end (`AlarmAccount`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ratecert.numerics.exact.excess import expected_excess
from ratecert.numerics.model.problem import Method, Problem, evaluate
from ratecert.numerics.shown.bands import Coefficients, band, coefficients, orders
from ratecert.numerics.shown.curves import effective, power_law
from ratecert.numerics.simulation.simulated import simulated_excess
from ratecert.numerics.simulation.statistics import AlarmAccount, mean_test
from ratecert.numerics.sketches.drawn import Features, gaussian_sketch, top_features
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.grammar import parse_condition, parse_expr
from ratecert.theory.derive import derive

METHODS = (("sgd", "geometric"), ("sgd", "constant"), ("averaged-sgd", "constant"))
EXAMPLES, RUNGS = 20, 3


@dataclass(frozen=True)
class Drawn:
    """A problem, a method and a path ``M = N^x``; sketches are those of `seed`."""

    a: float
    b: float
    share: float
    x: float
    sigma2: float
    features: str
    method: tuple[str, str]
    batch: int
    seed: int

    @property
    def problem(self) -> Problem:
        return power_law(self.a, self.b, self.sigma2, self.features)

    def seen(self, M: int) -> Features:
        if self.features == "top":
            return top_features(self.problem, M)
        return gaussian_sketch(self.problem, M, self.seed, 0)

    def ladder(self, steps: list[int], most: int) -> tuple[Method, list[tuple[Features, int]]]:
        """The method, with feedback at most a quarter, and the places on the path."""
        places = [(self.seen(min(most, max(1, round(N**self.x)))), N) for N in steps]
        largest = min(min(0.5 / f.lam[0], 0.375 / f.lam.sum()) for f, _ in places)
        algorithm, schedule = self.method
        return Method(self.share * float(largest), algorithm, schedule, self.batch), places


@st.composite
def problems(draw: st.DrawFn) -> Drawn:
    a = draw(st.floats(1.2, 3.0))
    return Drawn(
        a=a,
        b=draw(st.floats(1.1, a) | st.floats(a, a + 0.9)),
        share=draw(st.floats(0.4, 1.0)),
        x=draw(st.floats(0.1, 0.7)),
        sigma2=draw(st.floats(0.1, 2.0)),
        features=draw(st.sampled_from(["gaussian", "top"])),
        method=draw(st.sampled_from(METHODS)),
        batch=draw(st.integers(1, 4)),
        seed=draw(st.integers(0, 10**6)),
    )


PLAIN = Drawn(2.0, 2.0, 0.8, 0.4, 0.5, "top", METHODS[0], 1, 0)
LONG = [2**k for k in range(12, 37, 6)]


def steps(method: Method, N: int) -> float:
    return effective(N) if method.schedule == "geometric" else float(N)


def reducible(
    problem: Problem, method: Method, places: list[tuple[Features, int]]
) -> Iterator[tuple[int, int, float]]:
    """M, N and the exact reducible risk of one output, place by place."""
    for f, N in places:
        plan, noise = method.steps(N), problem.noise + f.approx
        e = expected_excess(f.lam, f.energy, noise, plan, method.batch, method.averaged)
        yield f.lam.size, N, f.approx + e.bias + e.variance


def total(found: Coefficients, terms: tuple[float, float, float]) -> float:
    return terms[0] + terms[1] + (0.0 if found.absorbed else terms[2])


@settings(max_examples=40)
@given(problems())
@example(PLAIN)
@example(Drawn(1.5, 2.2, 1.0, 0.1, 2.0, "gaussian", METHODS[1], 4, 3))
def test_the_exact_risk_lies_in_the_band(drawn: Drawn) -> None:
    method, places = drawn.ladder([512, 2048, 8192], 32)
    assume(all(steps(method, N) * method.gamma >= 1 for _, N in places))
    found = coefficients(drawn.a, drawn.b, drawn.sigma2, method, places)
    low, high = band(found)
    for M, N, risk in reducible(drawn.problem, method, places):
        X, Y, W = terms = orders(drawn.a, drawn.b, method, M, N)
        (P, Q, Z), upper = found.lower, found.upper
        assert max(P * X, Q * Y) + Z * W <= risk * (1 + 1e-9)
        assert risk <= np.dot(upper, terms) * (1 + 1e-9)
        assert low <= risk / total(found, terms) * (1 + 1e-9)
        assert risk / total(found, terms) <= high * (1 + 1e-9)


@pytest.mark.parametrize(("x", "N", "M", "term"), [(0.1, 2**40, 16, 1), (0.6, 2**16, 776, 0)])
def test_where_one_term_rules_the_bounds_are_within_a_factor_two(
    x: float, N: int, M: int, term: int
) -> None:
    drawn = replace(PLAIN, x=x, share=0.1)
    method, places = drawn.ladder([N], 4096)
    found = coefficients(2.0, 2.0, 0.5, method, places)
    ((size, _, risk),) = reducible(drawn.problem, method, places)
    assert size == M
    main = orders(2.0, 2.0, method, M, N)[term]
    assert risk / 2.1 < found.lower[term] * main < risk
    assert risk < found.upper[term] * main * 1.1 < 2.5 * risk


# The rate of leg 1.


@cache
def derived(features: str, method: tuple[str, str], steep: bool) -> list[tuple[list[str], str]]:
    """Conditions and order of each regime of the reducible risk, as leg 1 derives them."""
    algorithm, schedule = method
    size = "N_eff" if schedule == "geometric" else "N"
    between = ["b > a", "b < a + 1"] if steep else ["b <= a"]
    claim = make_claim(
        "risk - sigma^2 = Theta(1)", ["a > 1", "b > 1", *between, f"{size}*gamma >= 1"],
        features=features, algorithm=algorithm, schedule=schedule, batch="B", sizes=["B"],
    )  # fmt: skip
    found = derive(claim)
    return [(list(r.when), r.order) for r in found.regimes] or [([], found.derived)]


def rate(drawn: Drawn, at: Mapping[str, float]) -> tuple[float, int]:
    """The derived rate at sizes, and how many terms it is the sum of at most."""
    for conditions, order in derived(drawn.features, drawn.method, drawn.b > drawn.a):
        if all(holds(text, at) for text in conditions):
            return evaluate(parse_expr(order), at), 3
    raise AssertionError(f"no regime at {at}")


def holds(text: str, at: Mapping[str, float]) -> bool:
    (condition,) = parse_condition(text)
    left, right = evaluate(condition.left, at), evaluate(condition.right, at)
    return {">=": left >= right, ">": left > right, "=": left == right}[condition.op]


@settings(max_examples=EXAMPLES, derandomize=True)
@given(problems())
@example(PLAIN)
def test_simulated_ratios_to_the_derived_rate_stay_in_the_band(
    ledger: AlarmAccount, drawn: Drawn
) -> None:
    method, places = drawn.ladder([512, 1024, 2048], 24)
    assume(all(steps(method, N) * method.gamma >= 1 for _, N in places))
    low, high = band(coefficients(drawn.a, drawn.b, drawn.sigma2, method, places))
    for f, N in places:
        M = f.lam.size
        result = simulated_excess(drawn.problem, method, M, N, runs=60, seed=drawn.seed)
        at = {"a": drawn.a, "b": drawn.b, "M": M, "N": N, "N_eff": effective(N),
              "gamma": method.gamma, "B": drawn.batch}  # fmt: skip
        value, terms = rate(drawn, at)
        ratio = (f.approx + result.samples[0]) / value
        # The regime's order may keep the largest of up to three terms where the band has the sum.
        end = min(max(float(ratio.mean()), low), terms * high)
        assert not ledger.contradicts(
            mean_test(ratio, end), (EXAMPLES + 1) * RUNGS, independent=False
        )


@pytest.mark.parametrize(
    "wrong",
    [
        "M^(1-b)",
        "(N_eff*gamma)^((1-b)/a)",
        "M^(1-b) + (N_eff*gamma)^(1-b)",
        "M^(1-b) + (N_eff*gamma)^((1-b)/(a+1))",
        "M^(1/2-b) + (N_eff*gamma)^((1-b)/a)",
        "M^(1-b) + (N_eff*gamma)^((1-b)/a) + N_eff^((1-a)/a)/gamma",
    ],
)
def test_control_a_wrong_rate_leaves_the_band(wrong: str) -> None:
    # Within a long ladder of exact values, on one of two paths.
    seen = []
    for at, risk, low, high in long_ladders():
        assert low <= risk / rate(PLAIN, at)[0] <= 3 * high
        seen.append(low <= risk / evaluate(parse_expr(wrong), at) <= high)
    assert not all(seen)


@cache
def long_ladders() -> list[tuple[dict[str, float], float, float, float]]:
    """Sizes, exact reducible risk and ends of the band, on both paths."""
    rows = []
    for x, top in ((0.15, 256), (0.6, 600)):
        method, places = replace(PLAIN, x=x, share=0.1).ladder(LONG, top)
        low, high = band(coefficients(2.0, 2.0, 0.5, method, places))
        for M, N, risk in reducible(PLAIN.problem, method, places):
            at = {"a": 2.0, "b": 2.0, "M": M, "N": N, "N_eff": effective(N),
                  "gamma": method.gamma, "B": 1.0}  # fmt: skip
            rows.append((at, risk, low, high))
    return rows


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"gamma": 3.0}, "feedback below 1/2"),
        ({"gamma": 1e-6}, "effective steps"),
        ({"schedule": "cosine"}, "geometric and a constant"),
        ({"algorithm": "averaged-sgd"}, "need a constant step"),
    ],
)
def test_where_there_are_no_constants_it_is_said(change: dict[str, Any], said: str) -> None:
    method = replace(Method(0.1), **change)
    with pytest.raises(UserError, match=said):
        coefficients(2.0, 2.0, 1.0, method, [(top_features(PLAIN.problem, 4), 512)])


def test_averaging_saturates() -> None:
    method = Method(0.1, "averaged-sgd", "constant")
    with pytest.raises(UserError, match="b < 2a"):
        coefficients(2.0, 5.0, 1.0, method, [(top_features(power_law(2, 5), 4), 512)])
