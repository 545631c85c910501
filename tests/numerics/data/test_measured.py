"""Data to prediction: what is measured, which power laws are tenable, and the curve."""

import numpy as np
import pytest

from ratecert.numerics.data.features import DATA_KERNELS, nystrom_features
from ratecert.numerics.data.measured import learning, measure, power_laws
from ratecert.proofs_check.language.errors import UserError


def rows(lam: np.ndarray, energy: np.ndarray, n: int, noise: float = 0.1, seed: int = 0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, len(lam))) * np.sqrt(lam)
    signs = rng.choice([-1.0, 1.0], len(lam))
    y = x @ (signs * np.sqrt(energy / lam)) + rng.standard_normal(n) * np.sqrt(noise)
    return x, y[:, None]


INDEX = np.arange(1, 61.0)


def test_a_measurement_finds_what_was_put_in() -> None:
    x, y = rows(INDEX[:6] ** -2, INDEX[:6] ** -1.5, 60_000, noise=0.5)
    found = measure(x, y)
    np.testing.assert_allclose(found.lam, INDEX[:6] ** -2, rtol=0.05)
    np.testing.assert_allclose(found.energy, INDEX[:6] ** -1.5, rtol=0.1)
    assert found.noise == pytest.approx(0.5, rel=0.03)
    assert found.fourth == pytest.approx(1, abs=0.1)
    both = measure(x, np.hstack([y, 2 * y]))
    np.testing.assert_allclose(both.energy, 5 * found.energy, rtol=1e-9)
    assert both.noise == pytest.approx(5 * found.noise)


def test_the_energies_of_pure_noise_are_no_target() -> None:
    """Without the correction they would add up to ``r σ²/n`` for r modes."""
    rng = np.random.default_rng(3)
    totals = [
        measure(rng.standard_normal((200, 20)), rng.standard_normal((200, 1))).energy.sum()
        for _ in range(20)
    ]
    assert np.mean(totals) < 0.6 * 20 / 200


@pytest.mark.parametrize("a", [1.3, 2.0, 3.0])
def test_a_power_law_is_found_over_its_range(a: float) -> None:
    x, y = rows(INDEX**-a, INDEX**-a, 4000)
    law, target = power_laws(x, y)
    assert law is not None
    assert law.low <= a <= law.high
    assert law.high - law.low < 0.4
    assert (law.first, law.last) == (1, 60)
    assert target is None or target.low <= a <= target.high


@pytest.mark.parametrize(
    "lam",
    [np.exp(-INDEX / 8), INDEX**-2 + 3e-3, INDEX[:8] ** -2,
     np.where(INDEX < 8, INDEX**-1, 8 * INDEX**-2.0)],
    ids=["exponential", "floor", "short", "broken"],
)  # fmt: skip
def test_what_is_no_power_law_over_its_range_is_told(lam: np.ndarray) -> None:
    law, _ = power_laws(*rows(lam, lam, 3000))
    assert law is None or (law.first, law.last) != (1, len(lam))
    if len(lam) < 10 or lam[-1] < 1e-3 * lam[9]:
        assert law is None


def test_the_interval_of_a_covers() -> None:
    """Twelve samples; the interval holds sampling error and band, and misses hardly ever."""
    laws = [power_laws(*rows(INDEX**-1.5, INDEX**-1.5, 600, seed=s))[0] for s in range(12)]
    assert sum(law is not None and law.low <= 1.5 <= law.high for law in laws) >= 10


def test_predicted_and_actual_curves_agree_on_gaussian_data() -> None:
    x, y = rows(INDEX[:20] ** -1.5, INDEX[:20] ** -1.5, 2000)
    gamma, curve = learning(x, y, splits=12)
    assert gamma == pytest.approx(1 / (4 * measure(x, y).lam.sum()))
    for point in curve:
        assert abs(point.ratio - 1) < max(0.08, 6 * point.se / point.predicted)
    assert curve[-1].actual < 0.5 * curve[0].actual


def test_labels_beyond_the_covariance_are_noise_and_the_curve_says_so() -> None:
    rng = np.random.default_rng(5)
    x = rng.standard_normal((2000, 5)) * np.exp(rng.standard_normal((2000, 1)))
    y = x @ np.ones((5, 1)) + 0.1 * rng.standard_normal((2000, 1))
    assert measure(x, y).fourth > 3
    _, curve = learning(x, y, splits=8)
    assert max(abs(point.ratio - 1) for point in curve) > 0.15


@pytest.mark.parametrize(
    ("x", "problem"),
    [(np.ones((100, 3)), "do not vary"), (np.eye(10), "10 rows are too few")],
)
def test_unusable_data_is_refused(x: np.ndarray, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        measure(x, np.arange(len(x), dtype=float)[:, None])


@pytest.mark.parametrize("name", ["arc-cosine", "ntk", "rbf", "laplace", "matern(1.5)"])
def test_features_of_anchors_reproduce_the_kernel(name: str) -> None:
    if name in ("rbf", "laplace", "matern(1.5)"):
        pytest.importorskip("sklearn")
    x = np.random.default_rng(0).standard_normal((120, 3))
    rest, features = nystrom_features(x, name)
    assert len(rest) == 90
    gram = features @ features.T
    trace = 2.0 if name == "ntk" else 1.0
    assert np.all(np.diag(gram) <= trace + 1e-6)  # a projection shortens
    assert np.diag(gram).mean() > 0.5 * trace
    again, same = nystrom_features(x, name)
    np.testing.assert_array_equal(rest, again)
    np.testing.assert_array_equal(features, same)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("rbff", "no such kernel on data; did you mean rbf?"),
        ("matern", r"write matern\(1.5\)"),
        ("ntk(3)", "write ntk"),
        ("__import__('os')", "no such kernel"),
    ],
)
def test_other_names_are_refused(name: str, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        nystrom_features(np.eye(50), name)


def test_rows_without_direction_are_refused() -> None:
    with pytest.raises(UserError, match="no direction"):
        nystrom_features(np.zeros((50, 3)), "ntk")
    with pytest.raises(UserError, match="at least two columns"):
        nystrom_features(np.ones((50, 1)), "arc-cosine")
    assert len(DATA_KERNELS) == 5
