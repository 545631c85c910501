"""Simulated risk of a problem, a method and its sizes, beside the exact value.

Each run draws its own ``w*`` from the prior and its own samples; the features are those of the
sketches that `ratecert.numerics.risk.expected` draws for the same seed.  Given a sketch, the
expectation over prior and samples is exact (`ratecert.numerics.exact.excess`), so that nothing but
the finite number of runs separates the two numbers.

In the eigenbasis the prior enters through ``E⟨u_i, v*⟩² = e~_i/λ~_i`` alone: coordinates are drawn
as independent Gaussians of these variances, and the noise with its mean variance ``σ² + approx``.
Law and higher moments differ from the raw model's, where coordinates of v* are correlated and
Approx is a function of ``w*``; expected excess risks do not, as the second-moment recursion is
linear in ``m_0`` and in the noise and never asks for off-diagonal moments.

The *raw model* needs finitely many dimensions d.  It is the problem cut at d: ``w*_j = √(e_j/λ_j)
g_j``, ``g ~ N(0, I_d)``, and with ``S H^{1/2} = Q diag(s) Vᵀ``

    λ~_i = s_i²,   e~_i = Σ_{j≤d} V_ji² e_j,   approx = Σ_{j≤d} e_j − Σ_i e~_i.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from ratecert.numerics.exact.excess import expected_excess
from ratecert.numerics.model.problem import Method, Problem
from ratecert.numerics.simulation.sgd import simulate
from ratecert.numerics.simulation.sources import Eigenbasis, Raw, Source
from ratecert.numerics.simulation.statistics import LEAST, mean_test
from ratecert.numerics.sketches.drawn import feature_rows, gaussian_sketch, top_features
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.grammar import parse_expr

__all__ = ["SimulatedExcess", "simulated_excess", "simulated_risk"]

Array = NDArray[np.float64]

PRIOR, SAMPLES = 1, 2
"""Streams of a draw; those of its sketch have shorter keys."""


LARGEST = 10**8
"""Numbers that states, prior or sketch may hold at a time: just under a gigabyte."""


@dataclass(frozen=True, slots=True)
class SimulatedExcess:
    """Excess risk over all outputs, simulated and exact.

    Attributes
    ----------
    runs
        Independent runs in all, equally many for each sketch.
    steps
        Number of steps N.
    excess_mean, excess_se
        Mean over the runs, and its standard error given the sketches.
    excess_exact
        Expected excess given the sketches.
    z
        Their difference in standard errors; None where all runs are equal.
    samples
        Excess of every run, shape (draws, runs per draw).
    p_value
        Two-sided, for that difference (`ratecert.numerics.simulation.statistics.mean_test` of the
        means over the sketches, run by run); None for fewer than 30 runs a sketch.
    seed
        The seed.
    seconds
        Time of the simulation alone.
    """

    runs: int
    steps: int
    excess_mean: float
    excess_se: float
    excess_exact: float
    z: float | None
    p_value: float | None
    seed: int
    samples: Array = field(repr=False, compare=False)
    seconds: float = field(compare=False, default=0.0)


def simulated_excess(
    problem: Problem,
    method: Method,
    M: int,
    N: int,
    *,
    runs: int = 64,
    seed: int = 0,
    draws: int = 1,
    dimensions: int | None = None,
    engine: str = "numpy",
    progress: Callable[[int, int], None] | None = None,
) -> SimulatedExcess:
    """Simulate one-pass SGD with M features over N steps.

    Parameters
    ----------
    problem, method
        What is learnt, and how.
    M, N
        Number of features and of steps; a step uses ``method.batch`` samples.
    runs
        Independent runs for each sketch, at least 2.
    seed
        Names the sketches, as in `ratecert.numerics.risk.expected`, and the runs.
    draws
        Sketches; 1 for top features, which are not random.
    dimensions
        Simulate the raw model cut at so many dimensions, at least M, in the place of the
        eigenbasis.
    engine
        ``"numpy"`` or ``"numba"``, as in `ratecert.numerics.simulation.sgd.simulate`.
    progress
        Called with the samples drawn and to be drawn in all.

    Raises
    ------
    UserError
        For input out of range; `ratecert.numerics.exact.excess.UnstableError` where the expected
        risk of a sketch diverges, and with it every standard error.
    """
    _check(problem, M, runs, seed, draws, dimensions)
    schedule = method.steps(N)
    total = draws * runs * N * method.batch
    tables, exact, seconds = [], 0.0, 0.0
    for draw in range(draws):
        source, energy, noise = (
            _eigenbasis(problem, M, runs, seed, draw)
            if dimensions is None
            else _raw(problem, M, runs, seed, draw, dimensions)
        )
        parts = expected_excess(
            source.eigenvalues, energy, noise, schedule, method.batch, method.averaged
        )
        exact += problem.outputs * (parts.bias + parts.variance) / draws
        start = perf_counter()
        result = simulate(
            source, schedule, runs, seed, key=(draw, SAMPLES), batch=method.batch,
            averaged=method.averaged, engine=engine,
            progress=_after(progress, draw * total // draws, total),
        )  # fmt: skip
        seconds += perf_counter() - start
        tables.append(result.excess[:, 0])
    samples = np.array(tables)
    # Runs of different sketches with the same number are independent: their mean is one sample.
    each = samples.mean(axis=0)
    mean, se = float(each.mean()), float(each.std(ddof=1)) / sqrt(runs)
    z = (mean - exact) / se if se > 0 else None
    p_value = mean_test(each, exact).p_value if runs >= LEAST else None
    return SimulatedExcess(draws * runs, N, mean, se, exact, z, p_value, seed, samples, seconds)


def simulated_risk(
    M: int,
    N: int,
    *,
    spectrum: str = "i^-a",
    target: str = "i^-b",
    values: Mapping[str, float] | None = None,
    gamma: float = 0.1,
    sigma2: float = 1.0,
    features: str = "gaussian",
    algorithm: str = "sgd",
    schedule: str = "geometric",
    batch: int = 1,
    outputs: int = 1,
    seed: int = 0,
    draws: int = 1,
    runs: int = 64,
    dimensions: int | None = None,
    engine: str = "numpy",
    progress: Callable[[int, int], None] | None = None,
) -> SimulatedExcess:
    """Simulate a problem and a method by name, as `expected_risk` takes them.

    The parameters up to `outputs` are that function's, the others those of `simulated_excess`.

    Raises
    ------
    UserError
        As those two do.
    """
    problem = Problem.parse(
        parse_expr(spectrum), parse_expr(target), values or {},
        noise=sigma2, features=features, outputs=outputs,
    )  # fmt: skip
    method = Method(gamma=gamma, algorithm=algorithm, schedule=schedule, batch=batch)
    return simulated_excess(
        problem, method, M, N, runs=runs, seed=seed, draws=draws, dimensions=dimensions,
        engine=engine, progress=progress,
    )  # fmt: skip


def _eigenbasis(
    problem: Problem, M: int, runs: int, seed: int, draw: int
) -> tuple[Source, Array, float]:
    """Return the source in the eigenbasis, the energies ``e~`` and ``σ² + approx``."""
    top = problem.features == "top"
    features = top_features(problem, M) if top else gaussian_sketch(problem, M, seed, draw)
    noise = problem.noise + features.approx
    g = _prior(seed, draw).standard_normal((runs, problem.outputs, M))
    optimum = g * np.sqrt(features.energy / features.lam)
    return Eigenbasis.of(features.lam, optimum, noise), features.energy, noise


def _raw(
    problem: Problem, M: int, runs: int, seed: int, draw: int, d: int
) -> tuple[Source, Array, float]:
    """Return the raw source cut at d, its energies and ``σ² + approx`` in expectation."""
    lam, energy = problem.spectrum.first(d), problem.target.first(d)
    top = problem.features == "top"
    sketch = np.eye(M, d) if top else feature_rows(seed, draw, M, 0, d).T
    g = _prior(seed, draw).standard_normal((runs, problem.outputs, d))
    raw = Raw.of(lam, sketch, g * np.sqrt(energy / lam), problem.noise)
    right = raw.rotation.T @ raw.root / raw.singular[:, None]
    inside = right**2 @ energy
    return raw, inside, problem.noise + max(float(energy.sum() - inside.sum()), 0.0)


def _prior(seed: int, draw: int) -> np.random.Generator:
    """Return the stream of the prior of a draw's runs."""
    return np.random.Generator(
        np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(draw, PRIOR, 0)))
    )


def _after(
    progress: Callable[[int, int], None] | None, before: int, total: int
) -> Callable[[int, int], None] | None:
    """Return the progress of one draw as that of all."""
    if progress is None:
        return None
    return lambda done, _: progress(before + done, total)


def _check(
    problem: Problem, M: int, runs: int, seed: int, draws: int, dimensions: int | None
) -> None:
    """Check what `simulate` cannot."""
    problem.check_features(M)
    for name, value, least in (("runs", runs, 2), ("seed", seed, 0), ("draws", draws, 1)):
        if value < least:
            raise UserError(f"{name} = {value}: it must be at least {least}")
    d = dimensions or M
    held = max(runs * problem.outputs * d, M * d if dimensions or problem.features != "top" else 0)
    if held > LARGEST:
        raise UserError(f"M = {M}, {runs} runs and {problem.outputs} outputs need {held:.1e} "
                        f"numbers at a time, more than {LARGEST:.0e}: take fewer")  # fmt: skip
    if problem.features == "top" and draws > 1:
        raise UserError("top features are not random: leave the number of draws away")
    size = problem.spectrum.size
    if dimensions is not None and not M <= dimensions <= (size or dimensions):
        raise UserError(f"the raw model needs at least M = {M} dimensions"
                        + (f" and at most {size}" if size else ""))  # fmt: skip
