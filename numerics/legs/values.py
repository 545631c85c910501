r"""LEFT as a number: quantities of the exact leg at one place of parameters and sizes.

*Values.*  Top features: exact (for ``M > 32`` by quadrature).  Gaussian sketch: exact given the
sketch and averaged over 8 of them for ``M <= 32``; the deterministic equivalent beyond
(`ratecert.numerics.sketches.deterministic_equivalent`, `ratecert.numerics.sketches.spectrum`),
whose relative error is of order 1/M. Every part p comes with an error e: LEFT is evaluated at ``p
+ e`` and at ``max(p - e, 0)``, and where the two differ by more than 1 % it is *blurred*: known
from above only, as where a bias decays below double precision.

*Source*: derived here; the parts of the risk are those of `ratecert.numerics.risk.expected`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from ratecert.numerics.balls.ball import Refusal
from ratecert.numerics.legs.places import enclosed, logarithm, spectrum_of, unit_factor
from ratecert.numerics.model.problem import (
    ROUNDING,
    IllPosedError,
    Method,
    Problem,
    evaluate,
    sequence,
)
from ratecert.numerics.risk.expected import learning_curve
from ratecert.numerics.sketches.deterministic_equivalent import approximation, equivalent_excess
from ratecert.numerics.sketches.drawn import gaussian_sketch
from ratecert.numerics.sketches.spectrum import SketchedSpectrum
from ratecert.proofs_check.language.claim import Output, Setting
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    children,
    free_names,
    rebuild,
    walk,
)
from ratecert.proofs_check.meaning.definitions import is_quantity

__all__ = ["DIGITS", "ONE", "RESPONSES", "UNDERFLOW", "Number", "RiskPart", "Values", "first_step",
           "first_step_of", "ill_posed", "method_of", "number", "parts_at",
           "problem_of"]  # fmt: skip

Values = Mapping[str, Fraction]

ONE = Fraction(1)
DIGITS = 12
BLUR = 0.01
UNDERFLOW = Fraction(1, 10**300)
"""Least upper end of a value: a float that is 0 may stand for that."""
QUADRATURE = 5.0
SMALL = 32
SKETCHES = 8
EQUIVALENT = 1e-8  # relative error of `SketchedSpectrum` as numbers

RESPONSES = frozenset({"risk", "excess", "bias", "variance", "mean_bias"})
DIMENSION = "effective_dimension"
IRREDUCIBLE = "irreducible"
_PARTS = ("approx", "bias", "mean_bias", "variance")


@dataclass(frozen=True, slots=True)
class RiskPart:
    """A quantity's value and the absolute error it is known to."""

    value: Fraction
    error: Fraction

    @classmethod
    def of(cls, value: float, error: float) -> RiskPart:
        """Take the exact rational value of two floats.

        Raises
        ------
        UserError
            Where nothing is known of the value in double precision.
        """
        if not (math.isfinite(value) and math.isfinite(error)):
            raise UserError("the value is beyond double precision here")
        return cls(Fraction(value), Fraction(error))

    def __add__(self, other: RiskPart) -> RiskPart:
        return RiskPart(self.value + other.value, self.error + other.error)

    def times(self, factor: int) -> RiskPart:
        """Return a multiple."""
        return RiskPart(factor * self.value, factor * self.error)

    @property
    def high(self) -> Fraction:
        """The upper end, at least `UNDERFLOW`: a float that is 0 may stand for less than that."""
        return max(self.value + self.error, UNDERFLOW)

    @property
    def low(self) -> Fraction:
        """The lower end, at least 0."""
        return max(self.value - self.error, Fraction(0))


# One problem at one place.


def problem_of(setting: Setting, output: Output, values: Values, place: Values) -> Problem:
    """Return the problem of one entry of `Setting.each`, with ``sigma = 1``."""
    known = {name: float(value) for name, value in {**values, **place}.items()}
    target_law = unit_factor(output.target)
    # Of the values those that the kernel needs: places differ, and its spectrum is kept.
    spectrum = spectrum_of(setting, {name: float(value) for name, value in values.items()})
    # A claim that uses no target may have parameters there that are declared nowhere.
    used = free_names(target_law) <= known.keys() | {"i"}
    noisy = {"sigma": 1.0, **known}
    return Problem(
        spectrum,
        sequence(target_law, known) if used else spectrum,
        noise=evaluate(output.noise, noisy) if free_names(output.noise) <= noisy.keys() else 1.0,
        features=setting.features,
        outputs=_whole(output.count, known),
    )


def ill_posed(setting: Setting, names: frozenset[str], values: Values) -> str:
    """Return why the setting is no problem at parameter values, "" where that is not certain.

    A target counts only where it is used: in all quantities `names` but the dimension of the
    features, their eigenvalues and the noise.
    """
    laws = [] if setting.kernel is not None else [setting.spectrum]
    if names & (RESPONSES | {"approx"}):
        laws += [output.target for output in setting.each()]
    known = {name: float(value) for name, value in values.items()}
    counts = {"batch": setting.batch, "number of outputs": setting.outputs}
    try:
        for law in laws:
            sequence(unit_factor(law), known)
        for what, count in counts.items():
            if free_names(count) <= known.keys() and evaluate(count, known) < 1 - ROUNDING:
                return f"a {what} of {count} is below 1"
    except IllPosedError as error:
        return str(error)
    except UserError:
        pass  # no numbers here, which the ladders will say
    return ""


def method_of(setting: Setting, values: Values, place: Values) -> Method:
    """Return the method of a setting at parameter values and sizes, which hold ``gamma``."""
    known = {name: float(value) for name, value in {**values, **place}.items()}
    return Method(
        known["gamma"], setting.algorithm, setting.schedule, _whole(setting.batch, known)
    )


def _whole(expr: Expr, known: Mapping[str, float]) -> int:
    return max(round(evaluate(expr, known)), 1)


def first_step(problem: Problem) -> Fraction:
    """Return ``γ_0 = 1/(4 Σ λ_i)``."""
    return Fraction(1 / (4 * problem.spectrum.sum()))


def first_step_of(expr: Expr, setting: Setting, values: Values, place: Values) -> Fraction:
    """Return ``γ_0``, or 1 for an expression that has no problem."""
    explicit = not any(map(is_quantity, walk(expr)))
    return ONE if explicit else first_step(problem_of(setting, setting.each()[0], values, place))


def parts_at(
    setting: Setting, values: Values, place: Values, names: frozenset[str]
) -> dict[str, RiskPart]:
    """Return the quantities `names` at a place.

    Parameters
    ----------
    setting
        Problem and method.
    values
        Values of the parameters.
    place
        M, N, and gamma, as far as the quantities need them; other sizes too.
    names
        Quantities without index.

    Raises
    ------
    UserError
        Where no engine reaches the problem, the method or the sizes.
    """
    found = [_parts_of(setting, output, values, place, names) for output in setting.each()]
    # The dimension is one of the features, which the outputs share.
    added = {name: sum((f[name] for f in found[1:]), found[0][name]) for name in names}
    return added | {name: found[0][name] for name in names & {DIMENSION}}


def _parts_of(
    setting: Setting, output: Output, values: Values, place: Values, names: frozenset[str]
) -> dict[str, RiskPart]:
    """Return the quantities of outputs that are all alike."""
    problem = problem_of(setting, output, values, place)
    irreducible = _noise(output, values, problem)
    parts: dict[str, RiskPart] = {IRREDUCIBLE: irreducible}
    if DIMENSION in names:
        parts[DIMENSION] = _dimension(problem, _size(place, "M"), _effective(setting, place))
    if names & RESPONSES:
        method = method_of(setting, values, place)
        parts |= _responses(problem, method, _size(place, "M"), _size(place, "N"))
        parts["risk"] = irreducible + parts["approx"] + parts["excess"]
    elif "approx" in names:
        parts["approx"] = _approximation(problem, _size(place, "M"))
    return {name: parts[name] for name in names}


def _noise(output: Output, values: Values, problem: Problem) -> RiskPart:
    """Return the noise of all outputs, exact where it is rational.

    So ``risk - sigma^2`` loses it; otherwise the error is that of rounding.
    """
    exact = _rational(output.noise, {"sigma": ONE, **values})
    if exact is None:
        return RiskPart.of(problem.noise, 1e-15 * problem.noise).times(problem.outputs)
    return RiskPart(exact, Fraction(0)).times(problem.outputs)


def _rational(expr: Expr, values: Values) -> Fraction | None:
    """Return the value of a polynomial in the names, or None for anything else."""
    match expr:
        case Num(value):
            return value
        case Name(name):
            return values.get(name)
        case Pow(base, Num(power)) if power.denominator == 1:
            inner = _rational(base, values)
            return None if inner is None else inner ** int(power)
        case Add() | Mul():
            found = [_rational(child, values) for child in children(expr)]
            known = [value for value in found if value is not None]
            if len(known) == len(found):
                return sum(known, Fraction(0)) if isinstance(expr, Add) else prod(known, start=ONE)
    return None


def _size(place: Values, name: str) -> int:
    if name not in place:
        raise UserError(f"the path gives no {name}")
    return int(place[name])


def _effective(setting: Setting, place: Values) -> float:
    """Return ``N_eff γ``, or ``N γ`` for a constant step."""
    N = _size(place, "N")
    steps = N / math.log2(N) if setting.schedule == "geometric" else float(N)
    return steps * float(place["gamma"])


@lru_cache(maxsize=4096)
def _approximation(problem: Problem, M: int) -> RiskPart:
    problem.check_features(M)
    value = problem.target.tail(M) if problem.features == "top" else approximation(problem, M)
    return RiskPart.of(value, 1e-12 * value).times(problem.outputs)


@lru_cache(maxsize=4096)
def _responses(problem: Problem, method: Method, M: int, N: int) -> dict[str, RiskPart]:
    """Return the parts of the excess and the approximation."""
    top = problem.features == "top"
    if M <= SMALL:
        risk = learning_curve(problem, method, M, [N], 0, None if top else SKETCHES)[0]
        errors = risk.errors
        parts = {name: RiskPart.of(getattr(risk, name), getattr(errors, name)) for name in _PARTS}
    else:
        value = equivalent_excess(problem, method, M, N, QUADRATURE)
        parts = {
            name: RiskPart.of(getattr(value, name), error).times(problem.outputs)
            for name, error in zip(_PARTS, value.errors, strict=True)
        }
    return parts | {"excess": parts["bias"] + parts["variance"]}


@lru_cache(maxsize=1024)
def _dimension(problem: Problem, M: int, n: float) -> RiskPart:
    """Return ``#{j <= M : λ_j >= 1/n} + n² Σ_{j <= M, λ_j < 1/n} λ_j²``."""
    if problem.features == "top":
        squares = problem.spectrum.times(problem.spectrum)
        k = _head(problem, M, n)
        if k == M:
            return RiskPart(Fraction(M), Fraction(0))
        value = k + n**2 * (squares.tail(k) - squares.tail(M))
        return RiskPart.of(value, 1e-12 * (k + n**2 * squares.tail(k)))
    if M > SMALL:
        value = _sketched(problem, M).effective_dimension(n)
        return RiskPart.of(value, EQUIVALENT * value)
    spectra = _drawn_spectra(problem, M)
    value = float(np.mean(np.minimum(1.0, (n * spectra) ** 2).sum(axis=1)))
    return RiskPart.of(value, 1e-12 * value)


def _head(problem: Problem, M: int, n: float) -> int:
    """Return the number of ``j <= M`` with ``λ_j >= 1/n``."""
    low, high = 0, M + 1
    while high - low > 1:
        middle = (low + high) // 2
        inside = float(problem.spectrum.at(middle)) * n >= 1
        low, high = (middle, high) if inside else (low, middle)
    return low


@lru_cache(maxsize=64)
def _drawn_spectra(problem: Problem, M: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([gaussian_sketch(problem, M, 0, draw).lam for draw in range(SKETCHES)])


@lru_cache(maxsize=64)
def _sketched(problem: Problem, M: int) -> SketchedSpectrum:
    return SketchedSpectrum(problem, M)


@lru_cache(maxsize=1024)
def _eigenvalue(problem: Problem, M: int, j: int) -> RiskPart:
    if not 1 <= j <= M:
        raise UserError(f"there is no eigenvalue {j} of M = {M} features")
    if problem.features == "top":
        value = float(problem.spectrum.at(j))
    elif M > SMALL:
        value = _sketched(problem, M).eigenvalue(j)
        return RiskPart.of(value, EQUIVALENT * value)
    else:
        value = float(np.mean(_drawn_spectra(problem, M)[:, j - 1]))
    return RiskPart.of(value, 1e-12 * value)


# Sides as numbers.


@dataclass(frozen=True, slots=True)
class Number:
    """The logarithm of an expression, and whether it is known from above only."""

    log: float
    blurred: bool


def number(expr: Expr, setting: Setting, values: Values, place: Values) -> Number:
    """Return an expression in quantities, parameters and sizes at a place."""
    known = {"sigma": Fraction(1), **values, **place}
    calls = {n for n in walk(expr) if isinstance(n, Call) and n.func == "eigenvalue"}
    names = free_names(expr) & (RESPONSES | {"approx", DIMENSION, IRREDUCIBLE})
    found = parts_at(setting, values, place, names) if names else {}
    parts: dict[Expr, RiskPart] = {Name(name): part for name, part in found.items()}
    for call in calls:
        index = round(math.exp(logarithm(enclosed(call.args[0], known, DIGITS))))
        problem = problem_of(setting, setting.each()[0], values, place)
        parts[call] = _eigenvalue(problem, _size(place, "M"), index)
    high = _replaced(expr, {node: Num(part.high) for node, part in parts.items()})
    low = _replaced(expr, {node: Num(part.low) for node, part in parts.items()})
    above = logarithm(enclosed(high, known, DIGITS))
    try:
        below = logarithm(enclosed(low, known, DIGITS))
    except Refusal:
        return Number(above, True)  # 0 from below: nothing is known on that side
    return Number(above, abs(above - below) > BLUR)


def _replaced(expr: Expr, numbers: Mapping[Expr, Expr]) -> Expr:
    if expr in numbers:
        return numbers[expr]
    parts = children(expr)
    return rebuild(expr, tuple(_replaced(p, numbers) for p in parts)) if parts else expr
