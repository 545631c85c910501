r"""Multiple regression: p outputs of own targets and noise, one sketch, one stream of samples.

    y = W* x + ε ∈ R^p,      W <- W - γ (W u - y) u^T,      u = S x,

``ε ~ N(0, C)``, any covariance C; rows ``w*_k`` with the energies ``e_k``, uncorrelated from one
row to another in the prior.  Row k of W moves by row k of the residual alone, so that its law is
that of a single output with target ``e_k`` and noise ``C_kk``: every part of the risk is the sum
over the outputs of the scalar part (`ratecert.numerics.risk.expected`), and C enters through its
diagonal. With one output the numbers are those of the scalar engine, bit for bit: it is what
computes them.

*Simulation.*  In the eigenbasis of Σ (`ratecert.numerics.simulation.sources`) output k has the
optimum ``v*_k`` and the noise ``ε_k + ξ_k``, where ``ξ_k`` is the part of the target out of reach.
 The covariance of the ``ξ`` is ``r_k^T r_l``, diagonal in the mean over the prior.  The raw model,
 cut at d
dimensions, knows nothing of this: samples x, sketch ``S x``, a matrix of weights and the noise's
covariance as given.  The outputs' excess risks are
correlated through the shared samples; their means are not changed by that, and each is tested by
itself at a p-th of the level (Bonferroni), whatever their dependence.

*Source*: derived here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratecert.numerics.exact.excess import expected_excess
from ratecert.numerics.model.problem import Method, Problem, Sequence
from ratecert.numerics.risk.expected import ExpectedRisk, Parts, learning_curve
from ratecert.numerics.simulation.sgd import simulate
from ratecert.numerics.simulation.sources import Eigenbasis, Raw, Source
from ratecert.numerics.simulation.statistics import mean_test
from ratecert.numerics.sketches.drawn import feature_rows, gaussian_sketch, top_features
from ratecert.proofs_check.language.errors import UserError

__all__ = ["MultipleProblem", "MultipleRisk", "SimulatedOutputs", "multiple_curve",
           "simulated_outputs"]  # fmt: skip

Array = NDArray[np.float64]

PRIOR, SAMPLES = 3, 4
"""Streams of a draw, besides those of its sketch and of single outputs."""


@dataclass(frozen=True, slots=True)
class MultipleProblem:
    """What is learnt.

    Attributes
    ----------
    spectrum : eigenvalues of H.
    targets : for each output the energies ``lam_i E <v_i, w*_k>^2``.
    noise : covariance of the labels' noise, p rows of p numbers.
    features : ``"gaussian"`` sketch or ``"top"`` features.
    """

    spectrum: Sequence
    targets: tuple[Sequence, ...]
    noise: tuple[tuple[float, ...], ...]
    features: str = "gaussian"

    @classmethod
    def of(
        cls,
        spectrum: Sequence,
        targets: Iterable[Sequence],
        noise: ArrayLike = 1.0,
        features: str = "gaussian",
    ) -> MultipleProblem:
        """Check and build.

        Parameters
        ----------
        spectrum, targets, features : see the class.
        noise : a variance for all outputs, one for each (p,), or a covariance matrix (p, p).

        Raises
        ------
        UserError
            For noise that is no covariance of so many outputs, and as `Problem`.
        """
        rows = tuple(targets)
        covariance = _covariance(noise, len(rows))
        problem = cls(spectrum, rows, tuple(map(tuple, covariance.tolist())), features)
        for k in range(len(rows)):
            problem.output(k)
        return problem

    def output(self, k: int) -> Problem:
        """Return the problem of output k alone."""
        return Problem(self.spectrum, self.targets[k], self.noise[k][k], self.features)


def _covariance(noise: ArrayLike, outputs: int) -> Array:
    if not outputs:
        raise UserError("multiple regression needs at least one output: give it a target")
    array = np.asarray(noise, dtype=np.float64)
    if array.shape in ((), (outputs,)):
        array = np.diag(np.broadcast_to(array, (outputs,)))
    if array.shape != (outputs, outputs) or not np.all(np.isfinite(array)):
        raise UserError(f"noise: give a variance, {outputs} of them, or a finite covariance "
                        f"matrix {outputs} by {outputs}, not {np.shape(noise)}")  # fmt: skip
    scale = float(np.abs(array).max())
    if np.abs(array - array.T).max() > 1e-12 * scale:
        raise UserError("noise: a covariance matrix is symmetric")
    if np.linalg.eigvalsh(array)[0] < -1e-12 * scale:
        raise UserError("noise: the covariance matrix has a negative eigenvalue")
    return array


@dataclass(frozen=True, slots=True)
class MultipleRisk:
    """Expected risk of all outputs together, and of each.

    The standard errors of `total`, over sketches, are the sums of those of the outputs: upper
    bounds, as the outputs share the sketches (Minkowski's inequality).
    """

    total: ExpectedRisk
    outputs: tuple[ExpectedRisk, ...]


def multiple_curve(
    problem: MultipleProblem,
    method: Method,
    M: int,
    sizes: Iterable[int],
    seed: int = 0,
    draws: int | None = None,
) -> list[MultipleRisk]:
    """Return the expected risk of every output after each number of steps.

    The parameters are those of `ratecert.numerics.risk.expected.learning_curve`; all outputs see
    the same sketches.  An output's `draws` and `unstable` are those of all, as the stability of a
    sketch does not depend on the target.
    """
    steps = list(sizes)
    curves = [
        learning_curve(problem.output(k), method, M, steps, seed, draws)
        for k in range(len(problem.targets))
    ]
    return [MultipleRisk(_total(row), row) for row in zip(*curves, strict=True)]


_SUMS = ("irreducible", "approx", "bias", "mean_bias", "variance", "excess", "risk")


def _total(rows: tuple[ExpectedRisk, ...]) -> ExpectedRisk:
    """Return the sum over the outputs."""
    first = rows[0]
    sums = {name: math.fsum(getattr(row, name) for row in rows) for name in _SUMS}
    errors = _added([row.errors for row in rows])
    se = [row.se for row in rows if row.se is not None]
    relative = first.relative_error
    if len(rows) > 1:
        relative = errors.risk / sums["risk"] if sums["risk"] else 0.0
    return ExpectedRisk(
        M=first.M,
        N=first.N,
        **sums,
        method=first.method,
        relative_error=relative,
        errors=errors,
        draws=first.draws,
        unstable=first.unstable,
        se=_added(se) if se else None,
    )


def _added(parts: list[Parts]) -> Parts:
    names = ("approx", "bias", "mean_bias", "variance", "excess", "risk")
    return Parts(**{name: math.fsum(getattr(part, name) for part in parts) for name in names})


@dataclass(frozen=True, slots=True)
class SimulatedOutputs:
    """Excess risks of the outputs, simulated with one matrix of weights, beside the exact ones.

    Attributes
    ----------
    mean, se, exact : (p,) mean over the runs, its standard error, and the expected excess, all
        given the sketch.
    p_values : (p,) two-sided, of the differences.
    samples : (runs, p) excess of every run.
    """

    mean: Array
    se: Array
    exact: Array
    p_values: Array
    samples: Array

    def agrees(self, level: float) -> bool:
        """Whether no output contradicts at this rate of false alarms of all together."""
        return bool(np.all(self.p_values >= level / len(self.p_values)))


def simulated_outputs(
    problem: MultipleProblem,
    method: Method,
    M: int,
    N: int,
    *,
    runs: int = 1000,
    seed: int = 0,
    draw: int = 0,
    dimensions: int | None = None,
) -> SimulatedOutputs:
    """Simulate one-pass SGD on all outputs at once, given one sketch.

    Parameters
    ----------
    problem, method
        What is learnt, and how.
    M, N
        Number of features and of steps.
    runs
        Independent runs, each with its own prior draw of ``W*``; at least 30, for the test.
    seed, draw
        Name the sketch, as in `ratecert.numerics.risk.expected`, and the runs.
    dimensions
        Simulate the raw model cut at so many dimensions, at least M, in the place of the
        eigenbasis.

    Raises
    ------
    UserError
        As `ratecert.numerics.simulation.sgd.simulate` and
        `ratecert.numerics.simulation.statistics.mean_test`.
    """
    outputs = [problem.output(k) for k in range(len(problem.targets))]
    for output in outputs:
        output.check_features(M)
    prior = np.random.Generator(
        np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(draw, PRIOR)))
    )
    g = prior.standard_normal((runs, len(outputs), dimensions or M))
    source, energies, noise = (
        _eigenbasis(problem, outputs, g, M, seed, draw)
        if dimensions is None
        else _raw(problem, outputs, g, M, seed, draw)
    )
    schedule, lam = method.steps(N), source.eigenvalues
    exact = [
        expected_excess(lam, energy, float(v), schedule, method.batch, method.averaged).excess
        for energy, v in zip(energies, noise, strict=True)
    ]
    result = simulate(
        source, schedule, runs, seed, key=(draw, SAMPLES), batch=method.batch,
        averaged=method.averaged,
    )  # fmt: skip
    samples = np.sum(lam * result.deviation**2, axis=2)
    tests = [mean_test(samples[:, k], exact[k]) for k in range(len(outputs))]
    return SimulatedOutputs(
        mean=samples.mean(axis=0),
        se=samples.std(axis=0, ddof=1) / math.sqrt(runs),
        exact=np.array(exact),
        p_values=np.array([test.p_value for test in tests]),
        samples=samples,
    )


def _eigenbasis(
    problem: MultipleProblem, outputs: list[Problem], g: Array, M: int, seed: int, draw: int
) -> tuple[Source, list[Array], Array]:
    """Return the source in the eigenbasis, and each output's energies and noise there."""
    top = problem.features == "top"
    features = [top_features(o, M) if top else gaussian_sketch(o, M, seed, draw) for o in outputs]
    noise = np.array(problem.noise) + np.diag([f.approx for f in features])
    energies, lam = [f.energy for f in features], features[0].lam
    source = Eigenbasis.of(lam, g * np.sqrt(np.array(energies) / lam), noise)
    return source, energies, np.diag(noise)


def _raw(
    problem: MultipleProblem, outputs: list[Problem], g: Array, M: int, seed: int, draw: int
) -> tuple[Source, list[Array], Array]:
    """Return the raw source cut at as many dimensions as g has, and what each output expects."""
    d = g.shape[2]
    lam, energies = problem.spectrum.first(d), np.array([o.target.first(d) for o in outputs])
    sketch = np.eye(M, d) if problem.features == "top" else feature_rows(seed, draw, M, 0, d).T
    raw = Raw.of(lam, sketch, g * np.sqrt(energies / lam), problem.noise)
    right = raw.rotation.T @ raw.root / raw.singular[:, None]
    inside = energies @ right.T**2
    lost = np.maximum(energies.sum(axis=1) - inside.sum(axis=1), 0.0)
    return raw, list(inside), np.diag(problem.noise) + lost
