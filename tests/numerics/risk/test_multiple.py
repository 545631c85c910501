"""Multiple regression: decoupling, exact values per output, one matrix of weights simulated.

Each statistical test has a false-alarm rate of 1e-8 over all its outputs.
"""

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratecert.numerics.exact.excess import expected_excess
from ratecert.numerics.model.problem import Measured, Method, Problem, Regular
from ratecert.numerics.risk.expected import learning_curve
from ratecert.numerics.risk.multiple import MultipleProblem, multiple_curve, simulated_outputs
from ratecert.numerics.simulation.sgd import simulate
from ratecert.numerics.simulation.sources import Eigenbasis, Raw, sketched
from ratecert.numerics.simulation.statistics import mean_test
from ratecert.proofs_check.language.errors import UserError

LEVEL = 1e-8
LAW = Regular(1.0, ((0.0, 2.0),))
CORRELATED = [[1.0, 0.9, -0.3], [0.9, 2.0, 0.0], [-0.3, 0.0, 0.25]]


def power(exponent: float, scale: float = 1.0) -> Regular:
    return Regular(scale, ((0.0, exponent),))


def three(features: str = "gaussian", noise: Any = CORRELATED) -> MultipleProblem:
    return MultipleProblem.of(LAW, [power(2), power(1.5, 3.0), power(2.5, 0.1)], noise, features)


@given(
    st.sampled_from(["gaussian", "top"]),
    st.floats(1.2, 3), st.floats(0, 5),
    st.sampled_from([Method(0.1), Method(0.05, batch=2), Method(0.1, "averaged-sgd", "constant")]),
)  # fmt: skip
@settings(max_examples=6, deadline=None)
def test_one_output_is_the_scalar_engine_bit_for_bit(
    features: str, b: float, noise: float, method: Method
) -> None:
    draws = 2 if features == "gaussian" else None
    problem = MultipleProblem.of(LAW, [power(b)], noise, features)
    (found,) = multiple_curve(problem, method, 6, [100], 3, draws)
    (scalar,) = learning_curve(Problem(LAW, power(b), noise, features), method, 6, [100], 3, draws)
    assert found.outputs == (scalar,)
    assert asdict(found.total) == asdict(scalar)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("averaged", [False, True])
def test_a_matrix_of_one_row_is_the_scalar_simulator_bit_for_bit(
    batch: int, averaged: bool
) -> None:
    lam, optimum = LAW.first(6), np.arange(6.0)
    results = [
        simulate(source, [(0.1, 40)], 50, 7, batch=batch, averaged=averaged)
        for source in (
            Eigenbasis.of(lam, optimum, 2.0),
            Eigenbasis.of(lam, optimum[None], [[2.0]]),
            Eigenbasis.of(lam, optimum[None, None], [2.0]),
        )
    ]
    for other in results[1:]:
        np.testing.assert_array_equal(other.excess, results[0].excess)
        np.testing.assert_array_equal(other.deviation, results[0].deviation)


@pytest.mark.parametrize("features", ["gaussian", "top"])
def test_the_risk_is_the_sum_over_the_outputs(features: str) -> None:
    problem = three(features)
    draws = 2 if features == "gaussian" else None
    (found,) = multiple_curve(problem, Method(0.1), 6, [200], draws=draws)
    assert len(found.outputs) == 3
    for name in ("irreducible", "approx", "bias", "variance", "excess", "risk"):
        parts = [getattr(row, name) for row in found.outputs]
        assert getattr(found.total, name) == pytest.approx(sum(parts), rel=1e-14)
    assert found.total.irreducible == pytest.approx(3.25)
    assert found.total.relative_error < 1e-8
    if features == "gaussian":
        assert found.total.se.risk >= max(row.se.risk for row in found.outputs)


def test_equal_outputs_are_a_multiple_of_one() -> None:
    (many,) = multiple_curve(
        MultipleProblem.of(LAW, [power(2)] * 4), Method(0.1), 6, [200], draws=1
    )
    (by_number,) = learning_curve(
        Problem(LAW, power(2), outputs=4), Method(0.1), 6, [200], draws=1
    )
    assert many.total.risk == pytest.approx(by_number.risk, rel=1e-14)


def test_correlations_of_the_noise_do_not_enter() -> None:
    plain = multiple_curve(three(noise=np.diag(CORRELATED)), Method(0.1), 6, [200], draws=1)
    assert plain == multiple_curve(three(), Method(0.1), 6, [200], draws=1)


@pytest.mark.parametrize(
    "method", [Method(0.15), Method(0.1, "averaged-sgd", "constant"), Method(0.1, batch=2)],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("features", ["gaussian", "top"])
def test_simulated_outputs_agree_with_the_exact_ones(features: str, method: Method) -> None:
    found = simulated_outputs(three(features), method, 6, 150, runs=2000, seed=11)
    assert found.agrees(LEVEL)
    assert np.all(found.se < 0.1 * found.exact)
    wrong = found.exact[[1, 2, 0]]
    assert any(mean_test(found.samples[:, k], wrong[k]).p_value < LEVEL for k in range(3))


def test_correlated_noise_shows_in_the_law_of_the_excess() -> None:
    """The outputs' excess risks are correlated, more so if the noise is; their means are not."""
    target = [Measured((1e-9, 1e-9))] * 2
    spectrum = Measured((1.0, 0.5))
    found = [
        simulated_outputs(
            MultipleProblem.of(spectrum, target, [[1, r], [r, 1]], "top"),
            Method(0.2), 2, 60, runs=4000, seed=5,
        )
        for r in (0.0, 0.99)
    ]  # fmt: skip
    apart, together = (np.corrcoef(f.samples.T)[0, 1] for f in found)
    assert together > 0.9 > 0.4 > apart
    assert all(f.agrees(LEVEL) for f in found)


@pytest.mark.parametrize("features", ["gaussian", "top"])
def test_the_raw_source_takes_the_covariance(features: str) -> None:
    found = simulated_outputs(
        three(features), Method(0.15), 6, 150, runs=2000, seed=12, dimensions=24
    )
    assert found.agrees(LEVEL)
    wrong = found.exact[[1, 2, 0]]
    assert any(mean_test(found.samples[:, k], wrong[k]).p_value < LEVEL for k in range(3))


def test_correlated_noise_shows_in_raw_labels() -> None:
    """Correlations of the labels are those asked for, within six standard errors."""
    n = 40_000
    raw = Raw.of([1.0, 0.5], [[1.0, 0.0]], np.zeros((3, 2)), CORRELATED)
    rng = np.random.default_rng(3)
    _, labels = raw.samples(
        rng.standard_normal((1, n, 1, 2)), rng.standard_normal((1, n, 1, 3)), slice(0, n)
    )
    found = np.cov(labels[0, :, 0].T)
    assert np.abs(found - np.array(CORRELATED)).max() < 6 * 2 * np.sqrt(2 / n)


def test_a_diagonal_covariance_is_its_variances() -> None:
    variances = Raw.of([1.0, 0.5], [[1.0, 0.0]], np.zeros((2, 2)), [0.5, 2.0])
    matrix = Raw.of([1.0, 0.5], [[1.0, 0.0]], np.zeros((2, 2)), [[0.5, 0], [0, 2.0]])
    for source in (variances, matrix):
        factor = source.noise_factor[0]
        np.testing.assert_allclose(factor @ factor.T, np.diag([0.5, 2.0]), atol=1e-15)


def test_the_raw_model_with_correlated_noise_agrees_output_by_output() -> None:
    """Written out here, with a dense W: neither the eigenbasis nor the simulator is used."""
    rng = np.random.default_rng(2)
    d, M, p, runs, N, gamma = 12, 4, 3, 4000, 80, 0.1
    lam = LAW.first(d)
    S = rng.standard_normal((M, d)) / np.sqrt(M)
    target = rng.standard_normal((p, d))
    factor = np.linalg.cholesky(np.array(CORRELATED))
    W = np.zeros((runs, p, M))
    for _ in range(N):
        x = rng.standard_normal((runs, d)) * np.sqrt(lam)
        y = x @ target.T + rng.standard_normal((runs, p)) @ factor.T
        u = x @ S.T
        W -= gamma * (np.einsum("rpm,rm->rp", W, u) - y)[:, :, None] * u[:, None]
    _, basis = sketched(lam, S, target, np.diag(CORRELATED))
    sigma = S * lam @ S.T
    best = target * lam @ S.T @ np.linalg.inv(sigma)
    excess = np.einsum("rpm,mn,rpn->rp", W - best, sigma, W - best)
    for k in range(p):
        noise = float((basis.noise_factor[0] @ basis.noise_factor[0].T)[k, k])
        energy = basis.eigenvalues * basis.optimum[0, k] ** 2
        exact = expected_excess(basis.eigenvalues, energy, noise, [(gamma, N)]).excess
        assert mean_test(excess[:, k], exact).p_value > LEVEL / p


@pytest.mark.parametrize(
    ("noise", "problem"),
    [
        ([1.0, 2.0], "give a variance, 3 of them"),
        (np.nan, "finite covariance"),
        ([[1, 0.5, 0], [0, 1, 0], [0, 0, 1]], "symmetric"),
        ([[1, 2, 0], [2, 1, 0], [0, 0, 1]], "negative eigenvalue"),
    ],
)
def test_noise_that_is_no_covariance_is_refused(noise: Any, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        three(noise=noise)


def test_other_bad_input_is_refused() -> None:
    with pytest.raises(UserError, match="at least one output"):
        MultipleProblem.of(LAW, [])
    with pytest.raises(UserError, match="equally many modes"):
        MultipleProblem.of(LAW, [Measured((1.0,))])
    with pytest.raises(UserError, match="features of a problem of dimension"):
        simulated_outputs(
            MultipleProblem.of(Measured((1.0,)), [Measured((1.0,))]), Method(0.1), 2, 10
        )
