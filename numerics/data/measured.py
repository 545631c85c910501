r"""From data to a prediction: measured spectra, tenable power laws, and the curve they predict.

*Measurement.*  Rows ``(x, y)`` are centred.  With the eigenvectors ``u_i`` of the covariance of x,
eigenvalues ``λ_i``, and ``c_i`` the covariance of ``⟨u_i, x⟩`` and y,

    σ² = residual sum of squares/(n - r - 1),      e_i = c_i²/λ_i - σ²/n,

the latter without the upward bias ``σ²/n`` of ``c_i²/λ_i`` (and at least 0).  Only the first
``r <= n/3`` modes above 1e-10 of the largest are learnt; what the others would explain is noise.
Several outputs are added up (`ratecert.numerics.risk.multiple`).

*A power law is tenable* on indices ``l..h`` if some line keeps ``log λ_i`` within `BAND` there
(a factor 1.25), and `h/l` is at least `DECADE`: over less, a curve looks like a line.  Of all such
ranges the longest counts; a is the slope of its best line (least largest distance), its interval
is that of all slopes that keep within the band as well, widened by 1.96 standard errors of the
least-squares slope over bootstrapped rows: what the band itself and what sampling leave open.
For b the same is done with means of ``e_i`` over half octaves of that range, whose distance to
the line may in addition be two standard errors.
Where no range is long enough the answer is that there is no power law here.

*Prediction*: the exact expected risk (`ratecert.numerics.exact.excess`) with these very ``λ_i,
e_i, σ²``, for Gaussian features.  *Beside it*: one pass of SGD over rows that were not measured,
evaluated on a third set, both averaged over random splits.

*Source*: derived here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from ratecert.numerics.exact.excess import excess_curve
from ratecert.numerics.model.problem import Method
from ratecert.proofs_check.language.errors import UserError

__all__ = [
    "CurvePoint",
    "Measurement",
    "PowerLaw",
    "check_sizes",
    "learning",
    "measure",
    "power_laws",
]

Array = NDArray[np.float64]

BAND = math.log(1.25)
"""Largest distance of ``log λ_i`` from the line of a tenable power law."""
DECADE = 10.0
"""Least ratio of the ends of a tenable range."""
LEAST_ROWS = 40
SIZES = 1e-60, 1e60
"""Products of four numbers of these sizes, and quotients of two, are within double precision."""
SMALLEST_SHARE = 1e-10
_NOTHING = "the features or the labels do not vary: there is nothing to learn"
BOOTSTRAPS = 60
Z = 1.959964  # normal quantile of a two-sided 95 %


@dataclass(frozen=True, slots=True)
class Measurement:
    """Eigenvalues, target energies along them and noise of data, all outputs added up.

    Attributes
    ----------
    lam, energy : (r,) decreasing eigenvalues, and energies.
    noise : what is left of the labels' variance.
    fourth : ``E |x|² ⟨x, w⟩²`` of the fitted w over its value for Gaussian x.
    """

    lam: Array
    energy: Array
    noise: float
    fourth: float


def check_sizes(what: str, rows: Array) -> None:
    """Refuse numbers whose products double precision does not hold, see `SIZES`."""
    small, large = SIZES
    with np.errstate(over="ignore", invalid="ignore"):
        centred = rows - rows.mean(axis=0) if len(rows) else rows
    size = float(np.max(np.abs(rows), initial=0.0))
    apart = float(np.max(np.abs(centred), initial=0.0))
    if not size <= large or 0 < apart < small:
        raise UserError(
            f"the {what} are numbers of size {size if not size <= large else apart:.0e}: multiply "
            f"them by a power of ten that brings the largest between {small:g} and {large:g}"
        )


def measure(x: Array, y: Array) -> Measurement:
    """Measure rows x (n, d) with labels y (n, p).

    Raises
    ------
    UserError
        Where there are too few rows, features or labels do not vary, or are beyond `SIZES`.
    """
    n = len(x)
    if n < LEAST_ROWS:
        raise UserError(f"{n} rows are too few to measure a spectrum: give at least {LEAST_ROWS}")
    check_sizes("features", x)
    check_sizes("labels", y)
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    if not (np.any(x) and np.any(y)):
        raise UserError(_NOTHING)
    values, vectors = np.linalg.eigh(x.T @ x / n)
    values, vectors = values[::-1], vectors[:, ::-1]
    rank = min(n // 3, int(np.count_nonzero(values > SMALLEST_SHARE * values[0])))
    if rank == 0:
        raise UserError(_NOTHING)
    lam, along = values[:rank], x @ vectors[:, :rank]
    slopes = along.T @ y / n / lam[:, None]
    noise = np.sum((y - along @ slopes) ** 2, axis=0) / (n - rank - 1)
    energy = np.maximum(lam[:, None] * slopes**2 - noise / n, 0.0)
    fit = along @ slopes
    total = np.sum(lam[:, None] * slopes**2)
    gaussian = lam.sum() * total + 2 * np.sum(lam[:, None] ** 2 * slopes**2)
    fourth = float(np.mean(np.sum(along**2, axis=1) * np.sum(fit**2, axis=1)) / gaussian)
    return Measurement(lam, energy.sum(axis=1), float(noise.sum()), fourth)


# Power laws.


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """``i^-exponent`` on the indices `first` to `last`; `low` to `high` is a 95 % interval."""

    exponent: float
    low: float
    high: float
    first: int
    last: int


def power_laws(x: Array, y: Array, seed: int = 0) -> tuple[PowerLaw | None, PowerLaw | None]:
    """Return the tenable power laws of eigenvalues and energies; None where there is none.

    Parameters
    ----------
    x, y : rows and labels, as for `measure`.
    seed : of the bootstrap.
    """
    found = measure(x, y)
    span = _longest(found.lam)
    if span is None:
        return None, None
    rng = np.random.default_rng(seed)
    samples = [measure(x[rows], y[rows]) for rows in rng.integers(0, len(x), (BOOTSTRAPS, len(x)))]
    long = [m for m in samples if len(m.lam) >= span[1]]
    index = np.arange(span[0], span[1] + 1)
    a = _law(
        np.log(index), np.log(found.lam[index - 1]),
        [np.log(m.lam[index - 1]) for m in long], 0.0, span,
    )  # fmt: skip
    bins = _half_octaves(*span)
    middles = np.array([np.log(part).mean() for part in bins])
    means = np.array([found.energy[part - 1].mean() for part in bins])
    drawn = np.array([[m.energy[part - 1].mean() for part in bins] for m in long])
    usable = means > 0
    if usable.sum() < 3:
        return a, None
    spread = drawn[:, usable].std(axis=0) / means[usable]
    logs = np.log(np.maximum(drawn[:, usable], 1e-3 * means[usable]))
    b = _law(middles[usable], np.log(means[usable]), list(logs), 2 * spread, span)
    return a, b if usable.all() else None


def _half_octaves(first: int, last: int) -> list[NDArray[np.int64]]:
    edges = first * np.sqrt(2.0) ** np.arange(2 * math.log2(last / first) + 1.5)
    index = np.arange(first, last + 1)
    parts = [index[(index >= low) & (index < high)] for low, high in pairwise(edges)]
    return [part for part in parts if part.size]


def _law(
    u: Array, v: Array, drawn: list[Array], slack: Array | float, span: tuple[int, int]
) -> PowerLaw | None:
    """Return the law of points ``(u, v)``, or None where no line keeps within the band."""
    band = np.broadcast_to(BAND + slack, u.shape)
    slope, distance = _line(u, v, band)
    if distance > 1:
        return None
    error = Z * float(np.std(np.polyfit(u, np.array(drawn).T, 1)[0]))
    low, high = _slopes(u, v, band)
    return PowerLaw(-slope, -high - error, -low + error, *span)


def _line(u: Array, v: Array, band: Array) -> tuple[float, float]:
    """Return the slope of the line with the least largest distance, and that, in bands.

    A linear program in slope, height and distance.
    """
    rows = np.column_stack([u, np.ones_like(u)])
    bound = np.concatenate([v, -v])
    matrix = np.column_stack([np.vstack([rows, -rows]), -np.tile(band, 2)])
    found: Any = optimize.linprog([0, 0, 1], A_ub=matrix, b_ub=bound, bounds=(None, None))
    slope, _, distance = found.x
    return float(slope), float(distance)


def _slopes(u: Array, v: Array, band: Array) -> tuple[float, float]:
    """Return the least and the largest slope of lines within the band."""
    rows = np.column_stack([u, np.ones_like(u)])
    bound = np.concatenate([v + band, band - v])
    lines = np.vstack([rows, -rows])
    ends: list[Any] = [
        optimize.linprog([sign, 0], A_ub=lines, b_ub=bound, bounds=(None, None))
        for sign in (1, -1)
    ]
    return float(ends[0].x[0]), float(ends[1].x[0])


def _is_straight(u: Array, v: Array) -> bool:
    """Whether some line keeps within the band: the height of the strip is convex in its slope."""
    middle = (v[-1] - v[0]) / (u[-1] - u[0])
    low, high = middle - 2 * BAND / (u[-1] - u[0]), middle + 2 * BAND / (u[-1] - u[0])
    for _ in range(40):
        slopes = low + (high - low) * np.array([0.382, 0.618])
        rest = v[:, None] - u[:, None] * slopes
        left, right = rest.max(axis=0) - rest.min(axis=0)
        if min(left, right) <= 2 * BAND:
            return True
        low, high = (low, slopes[1]) if left <= right else (slopes[0], high)
    return False


def _longest(lam: Array) -> tuple[int, int] | None:
    """Return the longest range on which a power law is tenable, among about 8 ends an octave."""
    ends = np.unique(np.round(2 ** np.arange(0, math.log2(max(len(lam), 1)) + 1e-9, 1 / 8)))
    ends = np.append(ends, len(lam)).astype(int)
    best: tuple[int, int] | None = None
    for first in np.unique(ends).tolist():
        for last in np.unique(ends)[::-1].tolist():
            if last < DECADE * first or (best and last * best[0] <= best[1] * first):
                break
            index = np.arange(first, last + 1)
            if _is_straight(np.log(index), np.log(lam[index - 1])):
                best = first, last
                break
    return best


# Learning curves.


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Risk after N steps: predicted, and measured on held-out rows with its standard error."""

    N: int
    predicted: float
    actual: float
    se: float

    @property
    def ratio(self) -> float:
        """``actual/predicted``."""
        return self.actual / self.predicted


def learning(
    x: Array,
    y: Array,
    gamma: float | None = None,
    splits: int = 20,
    seed: int = 0,
) -> tuple[float, list[CurvePoint]]:
    """Return the step size and the learning curve, predicted and actual.

    Each split measures one half of the rows, learns in one pass from up to four fifths of the
    other half and is tested on the rest.

    Parameters
    ----------
    x, y : rows (n, d) and labels (n, p).
    gamma : step size; by default ``1/(4 Σ λ_i)``.
    splits : random splits to average over.
    seed : of the splits.

    Raises
    ------
    UserError
        As `measure`, for too few rows to halve, and `ratecert.numerics.exact.excess.UnstableError`
        for too large a step.
    """
    if len(x) < 2 * LEAST_ROWS:
        raise UserError(
            f"{len(x)} rows are too few to measure one half and learn from the other: give at "
            f"least {2 * LEAST_ROWS}"
        )
    if gamma is None:
        gamma = float(1 / (4 * measure(x, y).lam.sum()))
    n, half = len(x), len(x) // 2
    learnt = 4 * (n - half) // 5
    sizes = [2**k for k in range(3, learnt.bit_length()) if 2**k < 0.75 * learnt] + [learnt]
    rng = np.random.default_rng(seed)
    method = Method(gamma)
    rows = [_split(x, y, rng.permutation(n), half, learnt, sizes, method) for _ in range(splits)]
    predicted, actual = (np.array(part) for part in zip(*rows, strict=True))
    se = (
        actual.std(axis=0, ddof=1) / math.sqrt(splits)
        if splits > 1
        else np.full(len(sizes), np.nan)
    )
    return gamma, [
        CurvePoint(N, float(p), float(q), float(s))
        for N, p, q, s in zip(sizes, predicted.mean(axis=0), actual.mean(axis=0), se, strict=True)
    ]


def _split(
    x: Array,
    y: Array,
    order: NDArray[np.int64],
    half: int,
    learnt: int,
    sizes: Iterable[int],
    method: Method,
) -> tuple[list[float], list[float]]:
    """Return the risks of one split, predicted and actual."""
    known, fresh, test = order[:half], order[half : half + learnt], order[half + learnt :]
    found = measure(x[known], y[known])
    curve = excess_curve(found.lam, found.energy, found.noise, method.curve(sizes))
    u, v = x - x[known].mean(axis=0), y - y[known].mean(axis=0)
    actual = []
    for N in sizes:
        weights = _one_pass(u[fresh[:N]], v[fresh[:N]], method)
        actual.append(float(np.mean(np.sum((v[test] - u[test] @ weights.T) ** 2, axis=1))))
    return [found.noise + e.excess for e in curve], actual


def _one_pass(x: Array, y: Array, method: Method) -> Array:
    """Return the weights (p, d) after one pass over the rows."""
    weights = np.zeros((y.shape[1], x.shape[1]))
    row = 0
    schedule = method.steps(len(x))
    for gamma, steps in zip(schedule.gammas.tolist(), schedule.steps.tolist(), strict=True):
        for _ in range(steps):
            weights -= gamma * np.outer(weights @ x[row] - y[row], x[row])
            row += 1
    return weights
