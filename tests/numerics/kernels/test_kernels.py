"""Kernels: Mercer spectra to 30 digits, covariance functions, Nyström within its bound."""

import itertools
import math
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratecert.numerics.kernels import (
    ArcCosine,
    Bridge,
    Brownian,
    Given,
    Kernel,
    Laplace,
    Matern,
    NeuralTangent,
    Sobolev,
    Sphere,
    from_sklearn,
    kernel,
    nystrom,
)
from ratecert.numerics.model.problem import Headed, Measured, Regular
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.mercer import KERNELS, parse_kernel

HALF = Fraction(1, 2)
CIRCLE = [Sobolev(1), Sobolev(2), Sobolev(Fraction(3, 2)), Sobolev(5), Matern(Fraction(3, 2)),
          Matern(1), Matern(Fraction(5, 2), Fraction(1, 10)), Laplace(),
          Laplace(length=2)]  # fmt: skip
SPHERES = [ArcCosine(2), ArcCosine(3), ArcCosine(7), NeuralTangent(2), NeuralTangent(3),
           NeuralTangent(6)]  # fmt: skip
ALL = [Brownian(), Bridge(), *CIRCLE, *SPHERES]
DIGITS = 30


def levels(kernel: Kernel, count: int) -> list[tuple[Any, int]]:
    return list(itertools.islice(kernel.levels(), count))


def quadrature(function: Callable[[Any], Any], *ends: Any) -> Any:
    return mpmath.quad(function, list(ends))


@pytest.mark.parametrize("k", range(1, 4))
@pytest.mark.parametrize(
    ("this", "wave"), [(Brownian(), lambda k: k - HALF), (Bridge(), lambda k: k)]
)
def test_interval_eigenfunctions_to_30_digits(this: Kernel, wave: Any, k: int) -> None:
    with mpmath.workdps(DIGITS + 10):
        w, x = mpmath.pi * wave(k).numerator / Fraction(wave(k)).denominator, mpmath.mpf("0.37")
        image = quadrature(lambda y: this.exactly(x, y) * mpmath.sin(w * y), 0, x, 1)
        value = levels(this, k)[-1][0] * mpmath.sin(w * x)
        assert abs(image / value - 1) < mpmath.mpf(10) ** -DIGITS


@pytest.mark.parametrize("s", [1, 2, 3])
def test_fourier_coefficients_of_bernoulli_polynomials_to_30_digits(s: int) -> None:
    with mpmath.workdps(DIGITS + 10):
        scale = mpmath.mpf((-1) ** (s - 1)) / math.factorial(2 * s)
        for k in (0, 1, 3):
            image = 2 * scale * quadrature(
                lambda t, k=k: mpmath.bernpoly(2 * s, t) * mpmath.cos(2 * mpmath.pi * k * t),
                0, mpmath.mpf(1) / 2,
            )  # fmt: skip
            known = Sobolev(s).coefficient(k) if k else mpmath.mpf(0)
            assert abs(image - known) < mpmath.mpf(10) ** -DIGITS * Sobolev(s).coefficient(1)
        x = mpmath.mpf("0.3")
        assert abs(Sobolev(s).exactly(x, 0) / scale / mpmath.bernpoly(2 * s, x) - 1) < 1e-30


@pytest.mark.parametrize("s", [Fraction(3, 4), Fraction(3, 2), Fraction(7, 3)])
def test_sums_of_fractional_smoothness_to_30_digits(s: Fraction) -> None:
    with mpmath.workdps(DIGITS + 10):
        order = 2 * mpmath.mpf(s.numerator) / s.denominator
        series = -2 * mpmath.altzeta(order) * (2 * mpmath.pi) ** -order
        assert abs(Sobolev(s).exactly(mpmath.mpf(1) / 2, 0) / series - 1) < 1e-30
        total = 2 * mpmath.zeta(order) * (2 * mpmath.pi) ** -order
        scaled = 2 * mpmath.zeta(order) * Sobolev(s).coefficient(1)
        assert abs(scaled / total - 1) < 1e-30


ELEMENTARY = {
    HALF: lambda z: mpmath.exp(-z),
    Fraction(3, 2): lambda z: (1 + z) * mpmath.exp(-z),
    Fraction(5, 2): lambda z: (1 + z + z**2 / 3) * mpmath.exp(-z),
}


@pytest.mark.parametrize("nu", ELEMENTARY, ids=str)
def test_matern_kernels_of_half_whole_smoothness_to_30_digits(nu: Fraction) -> None:
    this = Matern(nu)
    with mpmath.workdps(DIGITS + 10):
        rate = mpmath.sqrt(2 * mpmath.mpf(nu.numerator) / nu.denominator) * 4
        for k in (0, 1):
            image = 2 * quadrature(
                lambda t, k=k: ELEMENTARY[nu](rate * t) * mpmath.cos(2 * mpmath.pi * k * t),
                *(mpmath.mpf(u) / 2 for u in (0, 1, 2, 4, 8, 16, 32, 64)),
            )
            assert abs(image / this.coefficient(k) - 1) < 1e-30
        t = mpmath.mpf("0.3")
        wrapped = mpmath.fsum(ELEMENTARY[nu](rate * abs(t + n)) for n in range(-40, 41))
        assert abs(this.exactly(t, 0) / wrapped - 1) < 1e-30


def test_the_laplace_kernel_in_closed_form() -> None:
    with mpmath.workdps(DIGITS + 10):
        for t in ("0", "0.1", "0.5"):
            t = mpmath.mpf(t)
            wrapped = mpmath.fsum(mpmath.exp(-4 * abs(t + n)) for n in range(-30, 31))
            assert abs(Laplace().exactly(t, 0) / wrapped - 1) < 1e-30
            half = mpmath.fsum(Laplace.coefficient(Laplace(), k) for k in (0, 1))
            assert abs(half / mpmath.fsum(Matern(HALF).coefficient(k) for k in (0, 1)) - 1) < 1e-30


@pytest.mark.parametrize("this", SPHERES, ids=str)
def test_funk_hecke_to_30_digits(this: Sphere) -> None:
    """Against the integral of kernel and Gegenbauer polynomial, ``t = cos θ``."""
    d = this.d
    with mpmath.workdps(DIGITS + 10):
        scale = mpmath.gammaprod([mpmath.mpf(d) / 2], [mpmath.mpf(d - 1) / 2])
        for k in (0, 1, 2, 3, 6):
            image = quadrature(
                lambda u, k=k: this.exactly(mpmath.cos(u)) * weighted(d, k, u),
                *(0, mpmath.pi / 2, mpmath.pi),
            )
            value = image * scale / mpmath.sqrt(mpmath.pi)
            assert abs(value - this.coefficient(k)) < mpmath.mpf(10) ** -DIGITS


def weighted(d: int, k: int, u: Any) -> Any:
    return zonal(d, k, u) * mpmath.sin(u) ** (d - 2)


def zonal(d: int, k: int, u: Any) -> Any:
    """Return ``P_k(cos u)`` by its recurrence, ``P_k(1) = 1``."""
    t, previous, value = mpmath.cos(u), mpmath.mpf(1), mpmath.cos(u)
    if k == 0:
        return previous
    for j in range(1, k):
        following = ((2 * j + d - 2) * t * value - j * previous) / (j + d - 2)
        previous, value = value, following
    return value


@pytest.mark.parametrize("this", ALL, ids=str)
def test_eigenvalues_fall_and_add_up_to_the_trace(this: Kernel) -> None:
    values = this.eigenvalues(700)
    assert np.all(np.diff(values) <= 0)
    assert values[-1] > 0
    nodes = this.grid(64).points
    trace = float(np.mean(np.diag(this.covariance(nodes, nodes))))
    if isinstance(this, Brownian | Bridge):
        trace = 0.5 if isinstance(this, Brownian) else 1 / 6
    spectrum = this.spectrum()
    assert spectrum.sum() == pytest.approx(trace, rel=1e-7)


@pytest.mark.parametrize("this", [k for k in ALL if not isinstance(k, Sphere)], ids=str)
def test_the_law_beyond_is_approached(this: Kernel) -> None:
    """Over pairs, at 32 times the index it is that many times closer, or as close as can be."""
    near, far = (
        abs(math.log(float(np.mean(values[i - 1 :] / this.beyond().at([i, i + 1])))))
        for i in (60, 60 * 32)
        for values in [this.eigenvalues(i + 1)]
    )
    assert far <= max(near / 16, 1e-9)


@pytest.mark.parametrize("this", SPHERES, ids=str)
def test_leading_terms_and_traces_of_spheres(this: Sphere) -> None:
    c, alpha = this.leading()
    near, far = (float(this.coefficient(k)) / (c * k**-alpha) for k in (400, 40_000))
    assert abs(far - 1) < abs(near - 1) / 50 < 2e-3
    total = math.fsum(this.multiplicity(k) * float(this.coefficient(k)) for k in range(600))
    trace = float(this.at_angle(np.zeros(1))[0])
    assert 0 < trace - total < 0.1 * trace


@pytest.mark.parametrize("n", [16, 61, 128])
@pytest.mark.parametrize("this", [*ALL, ArcCosine(4), NeuralTangent(5)], ids=str)
def test_nystrom_within_its_bound(this: Kernel, n: int) -> None:
    found = nystrom(this, n)
    resolved = min(found.resolved, len(found.values))
    difference = found.values[:resolved] - this.eigenvalues(resolved)
    rounding = 1e-12 * found.values[0]
    assert difference.min() >= -rounding
    assert difference.max() <= found.bound + rounding
    assert found.bound < (0.3 if resolved > 8 else 0.6) * math.fsum(found.values)


@given(st.integers(3, 7), st.integers(2, 4), st.data())
@settings(max_examples=25, deadline=None)
def test_grids_on_spheres_integrate_polynomials(d: int, L: int, data: st.DataObject) -> None:
    """Monomials: ``Π Γ((a_i+1)/2)/Γ(1/2) · Γ(d/2)/Γ((Σ a_i + d)/2)`` if all are even."""
    powers = [0] * d
    for i in data.draw(st.lists(st.integers(0, d - 1), max_size=2 * L - 1)):
        powers[i] += 1
    grid = ArcCosine(d).grid(2 * L ** (d - 1))
    assert len(grid.weights) == 2 * L ** (d - 1)
    found = float(grid.weights @ np.prod(grid.points ** np.array(powers), axis=1))
    log = math.lgamma(d / 2) - math.lgamma((sum(powers) + d) / 2)
    log += sum(math.lgamma((p + 1) / 2) - math.lgamma(0.5) for p in powers)
    assert found == pytest.approx(0 if any(p % 2 for p in powers) else math.exp(log), abs=1e-14)


@pytest.mark.parametrize(
    ("this", "n"), [(ArcCosine(4), 1024), (NeuralTangent(5), 1250), (ArcCosine(7), 1458)], ids=str
)
def test_nystrom_sees_multiplicities_in_high_dimensions(this: Sphere, n: int) -> None:
    """The eigenvalues of a degree stay together, within the bound of the closed form."""
    found, last = nystrom(this, n), 0
    for value, multiplicity in levels(this, 3):
        block = found.values[last : last + multiplicity]
        assert block.max() - block.min() <= found.bound
        assert -1e-12 <= float(block.mean()) - float(value) <= found.bound
        last += multiplicity
    assert last <= found.resolved
    assert found.bound < 0.05 * math.fsum(found.values)


def test_nystrom_bound_notices_a_wrong_spectrum() -> None:
    class Wrong(Brownian):
        def levels(self) -> Any:
            return ((2 * value, n) for value, n in super().levels())

    found = nystrom(Wrong(), 128)
    assert (found.values - Wrong().eigenvalues(128)).min() < -1e-3


@given(st.integers(2, 200), st.data())
@settings(max_examples=20, deadline=None)
def test_nystrom_of_brownian_motion_in_closed_form(n: int, data: st.DataObject) -> None:
    """On midpoints the matrix is the inverse of a second difference."""
    k = data.draw(st.integers(1, n))
    x = (2 * k - 1) * math.pi / (4 * n)
    exact = 1 / (4 * n**2 * math.sin(x) ** 2)
    assert nystrom(Brownian(), n).values[k - 1] == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("this", ALL, ids=str)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=5, deadline=None)
def test_covariances_are_symmetric_positive_and_exact(this: Kernel, seed: int) -> None:
    x = this.sample(np.random.default_rng(seed), 12)
    matrix = this.covariance(x, x)
    np.testing.assert_allclose(matrix, matrix.T, rtol=0, atol=1e-14 * matrix.max())
    assert np.linalg.eigvalsh(matrix)[0] > -1e-13 * matrix.max()
    pair = (mpmath.mpf(x[0]), mpmath.mpf(x[1])) if x.ndim == 1 else (mpmath.mpf(x[0] @ x[1]), None)
    assert matrix[0, 1] == pytest.approx(float(this.exactly(*pair)), rel=1e-7, abs=1e-12)


def test_every_named_kernel_has_numbers() -> None:
    for text in KERNELS:
        spec = parse_kernel(text.replace("(d)", "(3)"))
        this = kernel(spec, {"s": 2.0, "nu": 1.5})
        exponent = this.beyond().order[0]
        values = {"s": Fraction(2), "nu": Fraction(3, 2)}
        assert exponent == pytest.approx(float(number(spec.exponent, values)))


def number(expr: Any, values: Any) -> float:
    from ratecert.numerics.model.problem import evaluate

    return evaluate(expr, {name: float(value) for name, value in values.items()})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sobolev(s)", "s has no value"),
        ("sobolev(1/2)", "above 1/2"),
        ("matern(0)", "must be positive"),
    ],
)
def test_impossible_parameters_are_refused(text: str, problem: str) -> None:
    with pytest.raises(UserError) as caught:
        kernel(parse_kernel(text))
    assert problem in str(caught.value)


def test_spheres_without_a_grid_say_so() -> None:
    with pytest.raises(UserError, match="draw points instead"):
        ArcCosine(13).grid(10)


# A user's own.


def test_a_kernel_of_ones_own() -> None:
    own = Given(Brownian().covariance, Brownian().sample, Brownian().eigenvalues(50).tolist())
    assert isinstance(own.spectrum(), Measured)
    assert own.spectrum().sum() == pytest.approx(0.5, abs=1e-2)
    with pytest.raises(UserError, match="nothing is known"):
        own.beyond()
    with pytest.raises(UserError, match="not known"):
        Given(Brownian().covariance, Brownian().sample).levels()
    with pytest.raises(UserError, match="shape"):
        Given(lambda x, y: x, Brownian().sample).covariance([0.5], [0.5, 0.6])


def test_scikit_learn_kernels_are_accepted() -> None:
    theirs = pytest.importorskip("sklearn.gaussian_process.kernels")
    line = theirs.Matern(length_scale=0.05, nu=1.5)
    ours = Matern(Fraction(3, 2), Fraction(1, 20))
    draw = Brownian().sample
    x = np.linspace(0.3, 0.6, 7)  # half a circle is 10 length scales away
    np.testing.assert_allclose(from_sklearn(line, draw).covariance(x, x), ours.covariance(x, x),
                               atol=1e-6)  # fmt: skip
    assert nystrom(from_sklearn(line, draw), 40).resolved == 0
    with pytest.raises(UserError, match="no kernel of sklearn"):
        from_sklearn(lambda x, y: x, draw)


def test_a_missing_scikit_learn_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.gaussian_process.kernels", None)
    with pytest.raises(UserError, match=r"pip install 'ratecert\[kernels\]'"):
        from_sklearn(None, Brownian().sample)


# The sequence of a kernel's spectrum.


@given(st.integers(0, 30), st.floats(1.1, 4))
def test_a_headed_sequence_is_head_and_law(d: int, a: float) -> None:
    law = Regular(1.0, ((0.0, a),))
    headed = Headed(tuple((2 * law.first(10)).tolist()), law)
    np.testing.assert_allclose(headed.first(20)[:10], 2 * law.first(10))
    np.testing.assert_allclose(headed.first(20)[10:], law.first(20)[10:])
    extra = math.fsum(law.first(10)[d:]) if d < 10 else 0
    assert headed.tail(d) == pytest.approx(law.tail(d) + extra, rel=1e-12)
    for other in (law, headed, Headed((3.0,), law)):
        product = headed.times(other)
        np.testing.assert_allclose(product.first(20), headed.first(20) * other.first(20))
    assert isinstance(headed.times(Measured((1.0, 2.0))), Measured)
    assert headed.at([2.5]) == law.at([2.5])


def test_a_headed_sequence_must_be_positive() -> None:
    with pytest.raises(UserError):
        Headed((1.0, 0.0), Regular(1.0, ((0.0, 2.0),)))
