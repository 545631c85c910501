r"""Expected risk of a problem, a method and its sizes: from names to numbers.

    risk = irreducible + approx + excess,     irreducible = p sigma^2,    excess = bias + variance,

each for all p outputs together.  Sketch and samples being shared, outputs decouple: every term
is the sum over outputs of the scalar case, and the label noise that an output sees is
``sigma^2 + approx`` of its own.

With top features the value is exact (for large M by quadrature over the spectrum).  With a
Gaussian sketch it is exact given the sketch, and averaged over draws of the sketch, or it is the
deterministic equivalent, which differs by a relative amount of order 1/M.  The average over all
sketches does not exist for fixed gamma (a sketch is unstable with positive probability), so that
unstable draws are counted and left out: the mean is that over stable sketches.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

import numpy as np

from numerics.equivalents import equivalent_excess
from numerics.problem import Method, Problem
from numerics.risk import Excess, UnstableError, excess_curve
from numerics.schedules import Schedule
from numerics.secular import UNIT
from numerics.sketch import Features, gaussian_sketch, top_features
from proofs_check.errors import UserError
from proofs_check.language import parse_expr

__all__ = ["ExpectedRisk", "Parts", "expected_risk", "learning_curve"]

_MOST_MODES = 5000


@dataclass(frozen=True, slots=True)
class Parts:
    """One value for each part of the risk that depends on the features."""

    approx: float
    bias: float
    mean_bias: float
    variance: float
    excess: float
    risk: float


@dataclass(frozen=True, slots=True)
class ExpectedRisk:
    """Expected risk after N steps with M features, and its parts.

    Attributes
    ----------
    M, N : number of features and of steps.
    irreducible, approx, bias, mean_bias, variance, excess, risk : see the module's docstring.
    method : how it was computed.
    relative_error : of `risk` as a number, given the features: a bound on rounding, or an
        estimate where there is quadrature; neither the scatter of sketches nor the 1/M of the
        equivalent.
    draws : sketches that entered the mean; 0 where none was drawn.
    unstable : sketches left out, because the expected risk diverges on them.
    se : standard errors of the means over sketches, None for fewer than two draws.
    """

    M: int
    N: int
    irreducible: float
    approx: float
    bias: float
    mean_bias: float
    variance: float
    excess: float
    risk: float
    method: str
    relative_error: float
    draws: int = 0
    unstable: int = 0
    se: Parts | None = None


def learning_curve(
    problem: Problem,
    method: Method,
    M: int,
    sizes: Iterable[int],
    seed: int = 0,
    draws: int | None = None,
) -> list[ExpectedRisk]:
    """Return the expected risk with M features after each number of steps.

    Parameters
    ----------
    problem, method : what is learnt, and how.
    M : number of features.
    sizes : numbers of steps N; samples are batch times as many.
    seed : names the sketches; draw k of a seed is the same in every call.
    draws : sketches to average over, with Gaussian features; 0 for the deterministic
        equivalent.  Default: 16 up to M = 200, 4 up to M = 1000, beyond 0.

    Raises
    ------
    UserError
        For input out of range; `UnstableError` where every draw is unstable.
    """
    steps = list(sizes)
    schedules = method.curve(steps)
    if problem.features == "top":
        if draws:
            raise UserError("top features are not random: leave the number of draws away")
        if M > _MOST_MODES:
            return [_by_quadrature(problem, method, M, N) for N in steps]
        features = top_features(problem, M)
        runs = [_run(problem, method, features, schedules)]
        return [_collected(problem, M, N, row, "exact", 0) for N, row in _by_size(steps, runs)]
    count = _draws(M, draws)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise UserError(f"the seed must be a whole number, not negative, not {seed!r}")
    if not count:
        return [_by_quadrature(problem, method, M, N) for N in steps]
    runs, unstable = [], []
    for k in range(count):
        features = gaussian_sketch(problem, M, seed, k)
        try:
            runs.append(_run(problem, method, features, schedules))
        except UnstableError as error:
            unstable.append(error)
    if not runs:
        raise UnstableError(method.gamma, min(error.largest for error in unstable))
    how = "exact given the sketch, mean over draws"
    return [
        _collected(problem, M, N, row, how, len(unstable), draws=len(runs))
        for N, row in _by_size(steps, runs)
    ]


def expected_risk(
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
    draws: int | None = None,
) -> ExpectedRisk:
    """Return the expected risk of one-pass SGD with M features after N steps.

    Parameters
    ----------
    M, N : number of features and of steps.
    spectrum, target : formulas in the index i for the eigenvalues ``lam_i`` of H and the
        energies ``lam_i E <v_i, w*>^2``, in the claim language.
    values : the values of the names in them, e.g. ``{"a": 2, "b": 2}``.
    gamma : (largest) step size.
    sigma2 : label noise ``sigma^2`` of each output.
    features, algorithm, schedule, batch, outputs : as in claim files; schedules are those of
        `numerics.schedules.NAMES`.
    seed, draws : with Gaussian features, the seed of the sketches and how many are averaged; see
        `learning_curve`.

    Returns
    -------
    ExpectedRisk
        The risk and its parts.

    Raises
    ------
    UserError
        For input out of range, with what to change.
    """
    problem = Problem.parse(
        parse_expr(spectrum),
        parse_expr(target),
        values or {},
        noise=sigma2,
        features=features,
        outputs=outputs,
    )
    method = Method(gamma=gamma, algorithm=algorithm, schedule=schedule, batch=batch)
    return learning_curve(problem, method, M, [N], seed, draws)[0]


def _draws(M: int, draws: int | None) -> int:
    if draws is None:
        return 16 if M <= 200 else 4 if M <= 1000 else 0
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 0:
        raise UserError(f"the number of draws must be a whole number, not negative, not {draws!r}")
    return draws


def _by_quadrature(problem: Problem, method: Method, M: int, N: int) -> ExpectedRisk:
    value = equivalent_excess(problem, method, M, N)
    p, irreducible = problem.outputs, problem.outputs * problem.noise
    excess = value.bias + value.variance
    risk = problem.noise + value.approx + excess
    return ExpectedRisk(
        M=M,
        N=N,
        irreducible=irreducible,
        approx=p * value.approx,
        bias=p * value.bias,
        mean_bias=p * value.mean_bias,
        variance=p * value.variance,
        excess=p * value.bias + p * value.variance,
        risk=irreducible + p * value.approx + (p * value.bias + p * value.variance),
        method="exact, by quadrature" if problem.features == "top" else "deterministic equivalent",
        relative_error=value.relative_error * excess / risk + 1e-12 if risk else 0.0,
    )


_Row = tuple[Features, Excess]


def _run(
    problem: Problem, method: Method, features: Features, schedules: list[Schedule]
) -> list[_Row]:
    curve = excess_curve(
        features.lam,
        features.energy,
        problem.noise + features.approx,
        schedules,
        method.batch,
        method.averaged,
    )
    return [(features, excess) for excess in curve]


def _by_size(steps: list[int], runs: list[list[_Row]]) -> Iterable[tuple[int, list[_Row]]]:
    return ((N, [run[j] for run in runs]) for j, N in enumerate(steps))


def _collected(
    problem: Problem, M: int, N: int, rows: list[_Row], how: str, unstable: int, draws: int = 0
) -> ExpectedRisk:
    p, irreducible = problem.outputs, problem.outputs * problem.noise
    table = np.array(
        [
            [f.approx, e.bias, e.mean_bias, e.variance, e.excess, f.approx + e.excess]
            for f, e in rows
        ]
    )
    means = [math.fsum(column) / len(rows) * p for column in table.T]
    se = None
    if len(rows) > 1:
        se = Parts(*(p * table.std(axis=0, ddof=1) / math.sqrt(len(rows))).tolist())
    values = dict(zip((f.name for f in fields(Parts)), means, strict=True))
    values["excess"] = values["bias"] + values["variance"]
    values["risk"] = irreducible + values["approx"] + values["excess"]
    return ExpectedRisk(
        M=M,
        N=N,
        irreducible=irreducible,
        **values,
        method=how,
        relative_error=_error(problem, rows),
        draws=draws,
        unstable=unstable,
        se=se,
    )


def _error(problem: Problem, rows: list[_Row]) -> float:
    """Return the largest relative error of a draw's risk.

    A relative error of the eigenvalues and energies moves bias and variance by at most a small
    multiple of it, S being bounded away from 1; of `approx` it moves the noise as well.
    """
    worst = 0.0
    for features, excess in rows:
        noise = problem.noise + features.approx
        error = excess.excess * (excess.relative_error + 4 * features.relative_error)
        share = excess.variance / noise if noise else 0.0
        error += features.approx_error * (1 + share)
        risk = noise + excess.excess
        worst = max(worst, 2 * UNIT + (float(error) / risk if risk else 0.0))
    return worst
