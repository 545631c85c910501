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
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ratecert.numerics.exact.excess import Excess, UnstableError, excess_curve
from ratecert.numerics.exact.secular import UNIT
from ratecert.numerics.model.problem import Method, Problem
from ratecert.numerics.model.schedules import Schedule
from ratecert.numerics.sketches.deterministic_equivalent import equivalent_excess
from ratecert.numerics.sketches.drawn import Features, gaussian_sketch, top_features
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.grammar import parse_expr

__all__ = ["ExpectedRisk", "Parts", "expected_risk", "learning_curve"]

Array = NDArray[np.float64]

_MOST_MODES = 5000  # of top features, one by one; beyond, by quadrature


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
    relative_error : that of `risk` as a number: neither the scatter of sketches nor the 1/M of
        the equivalent.
    errors : absolute errors of the parts as numbers, likewise.  Given eigenvalues and energies
        they are bounds (first order in the unit roundoff); those of a sketch's linear algebra
        and of quadratures are estimates.  A part far below its error is not known to be there.
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
    errors: Parts
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
        `ratecert.numerics.model.schedules.named`: more names, and stages such as ``"1:1000,
        0.5:500"``.
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
    how = "exact, by quadrature" if problem.features == "top" else "deterministic equivalent"
    parts = np.array([value.approx, value.bias, value.mean_bias, value.variance])
    errors = np.array(value.errors)
    return _composed(problem, M, N, parts, errors, how)


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
    """Return the mean over the draws of one number of steps, with its standard errors."""
    table = np.array([[f.approx, e.bias, e.mean_bias, e.variance] for f, e in rows])
    errors = np.array([_errors(problem, f, e) for f, e in rows])
    means, mean_errors = (
        np.array([math.fsum(column) for column in t.T]) / len(rows) for t in (table, errors)
    )
    result = _composed(problem, M, N, means, mean_errors, how)
    se = None
    if len(rows) > 1:
        approx, bias, _, variance = table.T
        table = np.column_stack([table, bias + variance, approx + bias + variance])
        scatter = table.std(axis=0, ddof=1) / math.sqrt(len(rows))
        se = Parts(*(problem.outputs * scatter).tolist())
    return replace(result, draws=draws, unstable=unstable, se=se)


def _errors(problem: Problem, features: Features, excess: Excess) -> list[float]:
    """Return absolute errors of approx, bias, mean bias and variance of one draw.

    A relative error of the eigenvalues moves what decays like ``exp(-n lam)`` by the logarithm
    of the decay as often; of approx, the noise and with it the variance.
    """
    noise, start = problem.noise + features.approx, float(features.energy.sum())
    errors = [features.approx_error]
    for value, bound in (
        (excess.bias, excess.bias_error),
        (excess.mean_bias, excess.mean_bias_error),
    ):
        # The quotient would overflow for a bias in the last decade of the floats.
        decay = max(math.log(start) - math.log(value), 0.0) if value > 0 else 0.0
        errors.append(value * (bound + (4 + 2 * decay) * features.relative_error))
    share = excess.variance / noise if noise else 0.0
    own = excess.variance * (excess.variance_error + 4 * features.relative_error)
    return [*errors, own + share * features.approx_error]


def _composed(
    problem: Problem, M: int, N: int, parts: Array, errors: Array, how: str
) -> ExpectedRisk:
    """Return the risk of all outputs from the parts of one."""
    approx, bias, mean_bias, variance = (problem.outputs * parts).tolist()
    wrong = (problem.outputs * errors).tolist()
    irreducible, excess = problem.outputs * problem.noise, bias + variance
    risk = irreducible + approx + excess
    total = 2 * UNIT * risk + wrong[0] + wrong[1] + wrong[3]
    return ExpectedRisk(
        M=M,
        N=N,
        irreducible=irreducible,
        approx=approx,
        bias=bias,
        mean_bias=mean_bias,
        variance=variance,
        excess=excess,
        risk=risk,
        method=how,
        relative_error=total / risk if risk else 0.0,
        errors=Parts(wrong[0], wrong[1], wrong[2], wrong[3], wrong[1] + wrong[3], total),
    )
