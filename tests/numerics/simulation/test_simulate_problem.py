"""Named problems simulated: the exact value lies where the runs say, sketch by sketch."""

from __future__ import annotations

from typing import Any

import mpmath_risk
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ratecert.numerics.exact.excess import UnstableError
from ratecert.numerics.model.problem import Measured, Method, Problem
from ratecert.numerics.risk.expected import learning_curve
from ratecert.numerics.simulation.simulated import SimulatedExcess, simulated_excess
from ratecert.numerics.simulation.statistics import AlarmAccount, Budget, mean_test
from ratecert.numerics.sketches.drawn import gaussian_sketch, top_features
from ratecert.numerics.sweeps.grid import DEFAULTS, compute, points_of
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.grammar import parse_expr

BUDGET = Budget(1000)
EXAMPLES = 30
POWER, ENERGY = parse_expr("i^-a"), parse_expr("i^-b")


def problem(a: float = 2.0, b: float = 1.7, **settings: Any) -> Problem:
    return Problem.parse(POWER, ENERGY, {"a": a, "b": b}, **settings)


def alarm(result: SimulatedExcess, share: int = 1) -> bool:
    assert result.p_value is not None
    return Budget(share, BUDGET.level).alarm(result.p_value)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(
    st.floats(1.2, 3.0), st.floats(1.2, 3.5), st.floats(0.005, 0.04), st.integers(1, 6),
    st.integers(1, 60), st.floats(0.0, 2.0), st.sampled_from(["gaussian", "top"]),
    st.sampled_from(["geometric", "constant"]), st.sampled_from(["sgd", "averaged-sgd"]),
    st.integers(1, 3), st.integers(1, 3), st.booleans(), st.integers(0, 10**6),
)  # fmt: skip
@example(2.0, 2.0, 0.04, 1, 1, 0.0, "top", "constant", "sgd", 1, 1, False, 0)
def test_simulation_and_exact_excess_agree(
    ledger: AlarmAccount, a: float, b: float, gamma: float, M: int, N: int, sigma2: float,
    features: str, schedule: str, algorithm: Any, batch: int, outputs: int, raw: bool, seed: int,
) -> None:  # fmt: skip
    p = problem(a, b, noise=sigma2, features=features, outputs=outputs)
    method = Method(gamma, algorithm, schedule, batch)
    result = simulated_excess(
        p, method, M, N, runs=1000, seed=seed, dimensions=3 * M if raw else None
    )
    if not raw:
        assert result.excess_exact == pytest.approx(by_mpmath(p, method, M, N, seed), rel=1e-12)
    test = mean_test(result.samples[0], result.excess_exact)
    assert not ledger.contradicts(test, EXAMPLES + 1), result


def by_mpmath(p: Problem, method: Method, M: int, N: int, seed: int) -> float:
    """The exact excess over all outputs, by the recursion in 50 digits."""
    top = p.features == "top"
    features = top_features(p, M) if top else gaussian_sketch(p, M, seed, 0)
    steps = method.steps(N)
    stages = zip(steps.gammas, steps.steps, strict=True)
    return p.outputs * float(mpmath_risk.excess(
        features.lam, features.energy, p.noise + features.approx, stages, method.batch,
        method.averaged,
    ))  # fmt: skip


def test_simulations_of_many_sketched_problems(ledger: AlarmAccount) -> None:
    # Their z-scores are uniform together: tested over the whole suite, at its end.
    rng = np.random.default_rng(31)
    for seed in range(10**7, 10**7 + 100):
        result = simulated_excess(
            problem(rng.uniform(1.2, 3), rng.uniform(1.2, 3)),
            Method(rng.uniform(0.005, 0.04)), int(rng.integers(1, 6)), int(rng.integers(1, 40)),
            runs=1000, seed=seed,
        )  # fmt: skip
        test = mean_test(result.samples[0], result.excess_exact)
        assert not ledger.contradicts(test, 100), (seed, result)


@pytest.mark.parametrize("algorithm", ["sgd", "averaged-sgd"])
def test_the_exact_value_is_that_of_the_expected_risk(algorithm: Any) -> None:
    p, method = problem(outputs=2), Method(0.1, algorithm)
    result = simulated_excess(p, method, 5, 200, runs=2, seed=4, draws=3)
    exact = learning_curve(p, method, 5, [200], seed=4, draws=3)[0]
    assert result.excess_exact == pytest.approx(exact.excess, rel=1e-13)
    assert result.runs == 6
    assert result.samples.shape == (3, 2)


def test_more_draws_keep_the_first_one() -> None:
    p, method = problem(), Method(0.1)
    one = simulated_excess(p, method, 4, 30, runs=5, seed=4)
    three = simulated_excess(p, method, 4, 30, runs=5, seed=4, draws=3)
    np.testing.assert_array_equal(one.samples[0], three.samples[0])
    assert np.unique(three.samples).size == 15


def test_the_error_of_several_draws_is_that_of_their_runs() -> None:
    p, method = problem(), Method(0.1)
    result = simulated_excess(p, method, 4, 30, runs=400, seed=4, draws=3)
    each = result.samples.var(axis=1, ddof=1) / 400
    # Covariances of independent draws, of order 1/20 of a variance, tell the two apart.
    assert result.excess_se == pytest.approx(np.sqrt(each.sum()) / 3, rel=0.15)


def test_raw_model_of_all_dimensions_has_no_approximation_error() -> None:
    lam = np.array([1.0, 0.5, 0.2])
    p = Problem(Measured.of(lam), Measured.of(lam**1.5), noise=0.3)
    result = simulated_excess(p, Method(0.1), 3, 40, runs=3000, seed=1, dimensions=3)
    assert not alarm(result)
    # With M = d every direction is reached, whatever the sketch.
    both = simulated_excess(p, Method(0.1), 3, 40, runs=2, seed=1)
    assert result.excess_exact == pytest.approx(both.excess_exact, rel=1e-10)


def test_control_another_step_size_is_an_alarm() -> None:
    right = simulated_excess(problem(), Method(0.1), 4, 60, runs=4000, seed=2)
    wrong = simulated_excess(problem(), Method(0.13), 4, 60, runs=2, seed=2)
    assert not alarm(right)
    assert BUDGET.alarm(mean_test(right.samples[0], wrong.excess_exact).p_value)


def test_few_runs_have_no_p_value() -> None:
    assert simulated_excess(problem(), Method(0.1), 4, 9, runs=29).p_value is None
    assert simulated_excess(problem(), Method(0.1), 4, 9, runs=30).p_value is not None


def test_unstable_step_sizes_are_refused() -> None:
    with pytest.raises(UnstableError, match="largest stable"):
        simulated_excess(problem(), Method(2.0), 4, 9)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"runs": 1}, "runs = 1"),
        ({"seed": -1}, "seed = -1"),
        ({"draws": 0}, "draws = 0"),
        ({"dimensions": 3}, "at least M = 4"),
    ],
)
def test_unusable_arguments_are_refused(change: dict[str, int], said: str) -> None:
    with pytest.raises(UserError, match=said):
        simulated_excess(problem(), Method(), 4, 9, **change)  # type: ignore[arg-type]


def test_top_features_have_no_draws_and_measured_problems_an_end() -> None:
    with pytest.raises(UserError, match="not random"):
        simulated_excess(problem(features="top"), Method(), 4, 9, draws=2)
    short = Problem(Measured.of([1.0, 0.5]), Measured.of([1.0, 0.5]))
    with pytest.raises(UserError, match="at most 2"):
        simulated_excess(short, Method(), 2, 9, dimensions=3)


# Points of a grid.


def test_points_say_only_what_their_computation_reads() -> None:
    grid = b"""
        [[grid]]
        compute = ["risk", "simulate"]
        features = ["top", "gaussian"]
        seed = [1, 2]
        draws = [1, 2]
        runs = [8, 9]
    """
    points = points_of(grid, "g.toml")
    kinds = [(p["compute"], p["features"]) for p in points]
    # 1 exact of top features; 2·2 of sketches; seeds and runs of each simulation, and draws.
    assert {kind: kinds.count(kind) for kind in kinds} == {
        ("risk", "top"): 1, ("risk", "gaussian"): 4,
        ("simulate", "top"): 4, ("simulate", "gaussian"): 8,
    }  # fmt: skip


def test_a_point_gives_the_numbers_of_the_functions() -> None:
    base = DEFAULTS | {"set": {"a": 2.0, "b": 1.7}, "M": 4, "N": 50}
    risk = compute(base)
    exact = learning_curve(problem(), Method(), 4, [50], draws=1)[0]
    assert (risk["risk"], risk["bias"]) == (exact.risk, exact.bias)
    simulated = compute(base | {"compute": "simulate"})
    direct = simulated_excess(problem(), Method(), 4, 50)
    assert simulated["excess_mean"] == direct.excess_mean
    assert set(simulated) == {
        "steps", "excess_mean", "excess_se", "excess_exact", "z", "p_value",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"compute": "guess"}, "compute = 'guess'"),
        ({"features": "guess"}, "features are"),
        ({"schedule": "guess"}, "schedules are"),
        ({"spectrum": "i^"}, "expected an expression"),
        ({"set": {}}, "--set a=2"),
        ({"gamma": -1.0}, "gamma must be positive"),
    ],
)
def test_impossible_points_are_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        compute(DEFAULTS | {"set": {"a": 2.0, "b": 2.0}} | change)
