"""The ratio of a claim's two sides along paths of sizes, for the eye and not for the verdict.

For a claim such as ``approx = Theta(M^(1-a))`` the left side is evaluated exactly
(`ratecert.numerics.risk.expected`) and the right side as it stands, at parameter values that
fulfil the claim's assumptions.  A path ties the features to the steps, ``M = ⌈N^x⌉``; sizes at
which an assumption between sizes fails are left out.  With Gaussian features the left side is the
mean over a few sketches.  No finite piece of a path proves or refutes an order.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, product
from math import ceil

import numpy as np
from numpy.typing import NDArray

from ratecert.numerics.model.problem import Method, Problem, evaluate
from ratecert.numerics.risk.expected import ExpectedRisk, learning_curve
from ratecert.numerics.shown.curves import effective
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import free_names
from ratecert.proofs_check.language.quantities import QUANTITIES
from ratecert.proofs_check.language.statement import Condition

__all__ = ["RatioPath", "parameter_values", "ratios"]

Array = NDArray[np.float64]

PATHS = (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))
STEPS = tuple(2**k for k in range(6, 21))
LARGEST_M = 256

_SIZES = {"M", "N", "N_eff", "gamma", "sigma"}
_VALUES = (1.5, 2.0, 1.25, 2.5, 3.0, 1.75, 4.0, 0.5, 5.0)
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RatioPath:
    """One path ``M = ⌈N^x⌉``: the sizes at which it was looked at, and the ratio there."""

    x: Fraction
    M: NDArray[np.int64]
    N: NDArray[np.int64]
    ratio: Array


def parameter_values(claim: Claim) -> dict[str, float]:
    """Return values of the claim's parameters that fulfil its assumptions between parameters.

    Raises
    ------
    UserError
        Where none of the values that are tried do.
    """
    mentioned = [c for c in claim.assume if not _names(c) & (_SIZES | claim.sizes)]
    names = sorted(frozenset[str]().union(*map(_names, mentioned)))
    for choice in islice(product(_VALUES, repeat=len(names)), 10**5):
        values = dict(zip(names, choice, strict=True))
        if all(_holds(condition, values) for condition in mentioned):
            return values
    raise UserError(f"{claim.name}: no simple values of {', '.join(names)} fulfil its "
                    "assumptions; give some with --set")  # fmt: skip


def ratios(
    claim: Claim, values: Mapping[str, float], *, gamma: float = 0.1, sigma2: float = 1.0,
    steps: Sequence[int] = STEPS, paths: Sequence[Fraction] = PATHS, draws: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> list[RatioPath]:  # fmt: skip
    """Return LEFT/RIGHT of a claim about risks along the paths.

    Raises
    ------
    UserError
        For a claim whose sides are no finite numbers here: an optimum, a kernel, a size other
        than M and N, a quantity other than the parts of the risk.
    """
    _check(claim, values)
    found = []
    for done, x in enumerate(paths):
        rows = list(_along(claim, values, x, gamma, sigma2, steps, draws))
        if rows:
            M, N, ratio = zip(*rows, strict=True)
            found.append(RatioPath(x, np.array(M), np.array(N), np.array(ratio)))
        if progress is not None:
            progress(done + 1, len(paths))
    if not found:
        raise UserError(f"{claim.name}: its assumptions hold at none of the sizes looked at")
    return found


def _along(
    claim: Claim, values: Mapping[str, float], x: Fraction, gamma: float, sigma2: float,
    steps: Sequence[int], draws: int,
) -> Iterator[tuple[int, int, float]]:  # fmt: skip
    """Give M, N and the ratio at each point of one path where the assumptions hold."""
    setting = claim.setting
    batch = round(evaluate(setting.batch, values))
    problems = [
        Problem.parse(
            setting.spectrum, output.target, values,
            noise=evaluate(output.noise, {**values, "sigma": sigma2**0.5}),
            features=setting.features, outputs=round(evaluate(output.count, values)),
        )
        for output in setting.each()
    ]  # fmt: skip
    method = Method(gamma, setting.algorithm, setting.schedule, batch)
    for N in steps:
        M = ceil(round(N ** float(x), 9))
        sizes = {"M": M, "N": N, "N_eff": effective(N), "gamma": gamma, "sigma": sigma2**0.5}
        here = {**values, **sizes}
        if M > LARGEST_M or not all(_holds(c, here) for c in claim.assume if _about_sizes(c)):
            continue
        drawn = None if setting.features == "top" else draws
        risks = [learning_curve(problem, method, M, [N], 0, drawn)[0] for problem in problems]
        yield M, N, evaluate(claim.left, here | _parts(risks)) / evaluate(claim.right, here)


def _parts(risks: Sequence[ExpectedRisk]) -> dict[str, float]:
    """Return the parts of the outputs' risks, added up, by the names of the claim language."""
    names = ("risk", "irreducible", "approx", "excess", "bias", "variance", "mean_bias")
    return {name: sum(getattr(risk, name) for risk in risks) for name in names}


def _check(claim: Claim, values: Mapping[str, float]) -> None:
    """Say why a claim has no such figure."""
    known = _SIZES | values.keys() | QUANTITIES - {"eigenvalue", "effective_dimension"}
    foreign = sorted((free_names(claim.left) | free_names(claim.right)) - known)
    if claim.objective is not None or claim.setting.kernel is not None or foreign:
        what = "an optimum" if claim.objective is not None else "a kernel"
        raise UserError(f"{claim.name}: no figure of ratios for a claim about "
                        f"{', '.join(foreign) or what}")  # fmt: skip


def _about_sizes(condition: Condition) -> bool:
    """Whether an order between sizes is a condition here; ``gamma = 1`` is constant order."""
    return bool(_names(condition) & _SIZES) and condition.op != "="


def _holds(condition: Condition, values: Mapping[str, float]) -> bool:
    """Whether the condition holds at those values."""
    sides = evaluate(condition.left, values), evaluate(condition.right, values)
    return _COMPARE[condition.op](*sides)


def _names(condition: Condition) -> frozenset[str]:
    return free_names(condition.left) | free_names(condition.right)
