r"""The exact leg: LEFT as the exact expected risk of finite problems, beside RIGHT.

Along a few paths of sizes LEFT is evaluated at three scales and LEFT/RIGHT read by
`numerics.legs.trend`, with no defining sum in between: the feedback of the fourth moments, the
sketch and every step of the schedule are in the numbers.

*Values.*  Top features: exact (for ``M > 256`` by quadrature).  Gaussian sketch: exact given the
sketch and averaged over 8 of them for ``M <= 32``; the deterministic equivalent beyond, whose
relative error is of order 1/M; averaged iterates, effective dimension and eigenvalues are not
smooth functions of the spectrum and always drawn (2 sketches, ``M <= 256``).  Every part p comes
with an error e: LEFT is evaluated at ``p + e`` and at ``max(p - e, 0)``, and where the two differ
by more than 1 % it is *blurred*: known from above only, as where a bias decays below double
precision.

*Reach.*  The ladder ends where a size reaches its limit: M and N 10^12, C 10^16, others 10^18; of
the sample paths those are taken that reach farthest.  A gap
δ in the exponent of the fastest size is a drift of δ x per ``log t``, so that the smallest gap a
ladder sees is ``ε/x``.  Where that is above 1/4 (short ladders, as with drawn sketches) the leg
does not pass, whatever it saw.

*Optima.*  The objective is evaluated along its constraint, and its minimum searched for on a
logarithmic scale: three points walk downhill with halving steps, then the vertex of the parabola
through the last three is taken.  If the claim is true, every near-optimal point has the claimed
order, so the one that was found has it; and the search may stop at near-optimal.

*Source*: derived here; the parts of the risk are those of `numerics.expected`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from numerics.balls.ball import Refusal
from numerics.equivalents import approximation, equivalent_excess
from numerics.expected import learning_curve
from numerics.legs.places import (
    Exponents,
    enclosed,
    logarithm,
    moderate_values,
    path_text,
    spectrum_of,
    steps_of,
    unit_factor,
)
from numerics.legs.trend import Point, Reading, combined, read
from numerics.problem import Method, Problem, evaluate, sequence
from numerics.sketch import gaussian_sketch
from proofs_check.claim import Claim, Objective, Setting, optimal_of
from proofs_check.errors import UserError
from proofs_check.expr import Call, Expr, Name, Num, children, free_names, rebuild, walk
from proofs_check.meaning import is_quantity
from proofs_check.verdict import Evidence, Light
from theory.samples import sample_paths

__all__ = ["Part", "evidence", "parts_at", "problem_of"]

Values = Mapping[str, Fraction]

LEG = "exact"
ONE = Fraction(1)
DIGITS = 12
GAP = 0.25
BLUR = 0.01
UNDERFLOW = Fraction(1, 10**300)
LIMITS: Mapping[str, float] = {"M": 1e12, "N": 1e12, "C": 1e16}
OTHER_LIMIT = 1e18
QUADRATURE = 5.0
DRAWN_M = 256
SKETCHED_M = 32

RESPONSES = frozenset({"risk", "excess", "bias", "variance", "mean_bias"})
DIMENSION = "effective_dimension"
IRREDUCIBLE = "irreducible"


@dataclass(frozen=True, slots=True)
class Part:
    """A quantity's value and the absolute error it is known to."""

    value: Fraction
    error: Fraction

    @classmethod
    def of(cls, value: float, error: float) -> Part:
        """Take the exact rational value of two floats.

        Raises
        ------
        UserError
            Where nothing is known of the value in double precision.
        """
        if not (math.isfinite(value) and math.isfinite(error)):
            raise UserError("the value is beyond double precision here")
        return cls(Fraction(value), Fraction(error))

    def __add__(self, other: Part) -> Part:
        return Part(self.value + other.value, self.error + other.error)

    def times(self, factor: int) -> Part:
        """Return a multiple."""
        return Part(factor * self.value, factor * self.error)

    @property
    def high(self) -> Fraction:
        """The upper end, at least `UNDERFLOW`: a float that is 0 may stand for less than that."""
        return max(self.value + self.error, UNDERFLOW)

    @property
    def low(self) -> Fraction:
        """The lower end, at least 0."""
        return max(self.value - self.error, Fraction(0))


# One problem at one place.


def problem_of(setting: Setting, values: Values, place: Values) -> Problem:
    """Return the problem of a setting at parameter values and sizes, with ``sigma = 1``."""
    known = {name: float(value) for name, value in {**values, **place}.items()}
    target_law = unit_factor(setting.target)
    # Of the values those that the kernel needs: places differ, and its spectrum is kept.
    spectrum = spectrum_of(setting, {name: float(value) for name, value in values.items()})
    # A claim that uses no target may have parameters there that are declared nowhere.
    used = free_names(target_law) <= known.keys() | {"i"}
    return Problem(
        spectrum,
        sequence(target_law, known) if used else spectrum,
        noise=1.0,
        features=setting.features,
        outputs=_whole(setting.outputs, known),
    )


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


def _first_step(expr: Expr, setting: Setting, values: Values, place: Values) -> Fraction:
    """Return ``γ_0``, or 1 for an expression that has no problem."""
    explicit = not any(map(is_quantity, walk(expr)))
    return ONE if explicit else first_step(problem_of(setting, values, place))


def parts_at(
    setting: Setting, values: Values, place: Values, names: frozenset[str]
) -> dict[str, Part]:
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
    problem = problem_of(setting, values, place)
    parts: dict[str, Part] = {}
    if IRREDUCIBLE in names:
        parts[IRREDUCIBLE] = Part(Fraction(problem.outputs), Fraction(0))
    if DIMENSION in names:
        parts[DIMENSION] = _dimension(problem, _size(place, "M"), _effective(setting, place))
    if names & RESPONSES:
        method = method_of(setting, values, place)
        parts |= _responses(problem, method, _size(place, "M"), _size(place, "N"))
    elif "approx" in names:
        parts["approx"] = _approximation(problem, _size(place, "M"))
    return {name: parts[name] for name in names}


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
def _approximation(problem: Problem, M: int) -> Part:
    problem.check_features(M)
    value = problem.target.tail(M) if problem.features == "top" else approximation(problem, M)
    return Part.of(value, 1e-12 * value).times(problem.outputs)


@lru_cache(maxsize=4096)
def _responses(problem: Problem, method: Method, M: int, N: int) -> dict[str, Part]:
    """Return the parts of the risk."""
    top = problem.features == "top"
    if method.averaged and M > DRAWN_M:
        raise UserError(f"averaged iterates need every mode: M = {M} is more than {DRAWN_M}")
    if method.averaged or (DRAWN_M if top else SKETCHED_M) >= M:
        draws = None if top else 2 if method.averaged else 8
        risk = learning_curve(problem, method, M, [N], 0, draws)[0]
        wrong = risk.errors
        parts = {
            "approx": Part.of(risk.approx, wrong.approx),
            "bias": Part.of(risk.bias, wrong.bias),
            "mean_bias": Part.of(risk.mean_bias, wrong.mean_bias),
            "variance": Part.of(risk.variance, wrong.variance),
        }
    else:
        value = equivalent_excess(problem, method, M, N, QUADRATURE)
        table = (value.approx, value.bias, value.mean_bias, value.variance)
        parts = {
            name: Part.of(part, error).times(problem.outputs)
            for name, part, error in zip(
                ("approx", "bias", "mean_bias", "variance"), table, value.errors, strict=True
            )
        }
    irreducible = Part(Fraction(problem.outputs), Fraction(0))
    parts["excess"] = parts["bias"] + parts["variance"]
    parts["risk"] = irreducible + parts["approx"] + parts["excess"]
    return parts | {IRREDUCIBLE: irreducible}


@lru_cache(maxsize=1024)
def _dimension(problem: Problem, M: int, n: float) -> Part:
    """Return ``#{j <= M : λ_j >= 1/n} + n² Σ_{j <= M, λ_j < 1/n} λ_j²``."""
    if problem.features == "top":
        squares = problem.spectrum.times(problem.spectrum)
        k = _head(problem, M, n)
        value = k + n**2 * (squares.tail(k) - squares.tail(M))
        return Part.of(value, 1e-12 * (k + n**2 * squares.tail(k)))
    spectra = _drawn_spectra(problem, M)
    value = float(np.mean([np.minimum(1.0, (n * lam) ** 2).sum() for lam in spectra]))
    return Part.of(value, 1e-12 * value)


def _head(problem: Problem, M: int, n: float) -> int:
    """Return the number of ``j <= M`` with ``λ_j >= 1/n``."""
    low, high = 0, M + 1
    while high - low > 1:
        middle = (low + high) // 2
        inside = float(problem.spectrum.at(middle)) * n >= 1
        low, high = (middle, high) if inside else (low, middle)
    return low


@lru_cache(maxsize=64)
def _drawn_spectra(problem: Problem, M: int) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    if M > DRAWN_M:
        raise UserError(
            f"the single eigenvalues of a sketch have to be drawn: M = {M} is more than {DRAWN_M}"
        )
    return [gaussian_sketch(problem, M, 0, draw).lam for draw in range(2)]


def _eigenvalue(problem: Problem, M: int, j: int) -> Part:
    if not 1 <= j <= M:
        raise UserError(f"there is no eigenvalue {j} of M = {M} features")
    if problem.features == "top":
        value = float(problem.spectrum.at(j))
    else:
        value = float(np.mean([lam[j - 1] for lam in _drawn_spectra(problem, M)]))
    return Part.of(value, 1e-12 * value)


# Sides as numbers.


@dataclass(frozen=True, slots=True)
class _Number:
    """The logarithm of an expression, and whether it is known from above only."""

    log: float
    blurred: bool


def _number(expr: Expr, setting: Setting, values: Values, place: Values) -> _Number:
    """Return an expression in quantities, parameters and sizes at a place."""
    known = {"sigma": Fraction(1), **values, **place}
    calls = {n for n in walk(expr) if isinstance(n, Call) and n.func == "eigenvalue"}
    names = free_names(expr) & (RESPONSES | {"approx", DIMENSION, IRREDUCIBLE})
    found = parts_at(setting, values, place, names) if names else {}
    parts: dict[Expr, Part] = {Name(name): part for name, part in found.items()}
    for call in calls:
        index = round(math.exp(logarithm(enclosed(call.args[0], known, DIGITS))))
        problem = problem_of(setting, values, place)
        parts[call] = _eigenvalue(problem, _size(place, "M"), index)
    high = _replaced(expr, {node: Num(part.high) for node, part in parts.items()})
    low = _replaced(expr, {node: Num(part.low) for node, part in parts.items()})
    above = logarithm(enclosed(high, known, DIGITS))
    try:
        below = logarithm(enclosed(low, known, DIGITS))
    except Refusal:
        return _Number(above, True)  # 0 from below: nothing is known on that side
    return _Number(above, abs(above - below) > BLUR)


def _replaced(expr: Expr, numbers: Mapping[Expr, Expr]) -> Expr:
    if expr in numbers:
        return numbers[expr]
    parts = children(expr)
    return rebuild(expr, tuple(_replaced(p, numbers) for p in parts)) if parts else expr


# Ladders.


_PATHS: Mapping[str, tuple[int, ...]] = {"quick": (2,), "full": (6, 6, 6, 6)}
"""How many paths at each of the first parameter values."""
_CHEAP_PATHS: Mapping[str, tuple[int, ...]] = {"quick": (2, 1, 1), "full": (6, 6, 6, 6)}
"""The same where no gaussian sketch is trained on, which takes a tenth of the time."""


@dataclass(frozen=True, slots=True)
class _Found:
    light: Light
    phrase: str
    details: Mapping[str, Any]


def evidence(claim: Claim, level: str = "quick") -> Evidence:
    """Return what exact expected risks say about a claim; see the module's docstring.

    Parameters
    ----------
    claim
        The claim; its LEFT, or its objective, holds a quantity, or it is an optimum.
    level
        ``"quick"`` or ``"full"``: how many parameter values and paths.
    """
    found: list[_Found] = []
    for entry in _ladders(claim, level):
        found.append(entry)
        if entry.light is Light.FAIL:
            break  # one contradiction is enough
    light = combined(entry.light for entry in found)
    return Evidence(LEG, light, _summary(found, light), {"ladders": [e.details for e in found]})


def _ladders(claim: Claim, level: str) -> Iterator[_Found]:
    counts = (_CHEAP_PATHS if _is_cheap(claim) else _PATHS)[level]
    for values, count in zip(moderate_values(claim, len(counts)), counts, strict=False):
        paths = [_fixed(claim, path) for path in sample_paths(claim, values)]
        distinct = [path for k, path in enumerate(paths) if path not in paths[:k]]
        for path in sorted(distinct, key=lambda path: -_sight(path))[:count]:
            yield _ladder(claim, values, path)


def _is_cheap(claim: Claim) -> bool:
    expr = claim.left if claim.objective is None else claim.objective.expr
    return claim.setting.features == "top" or not free_names(expr) & RESPONSES


def _fixed(claim: Claim, path: Exponents) -> Exponents:
    """Return the path without the sizes that an optimum is over."""
    if claim.objective is None:
        return path
    over = set(claim.objective.over)
    over |= {"N", "N_eff"} if over & {"N", "N_eff"} else set()
    return {name: powers for name, powers in path.items() if name not in over}


def _fastest(path: Exponents) -> float:
    return max((float(x) for name, (x, *_) in path.items() if name != "gamma"), default=0.0)


def _sight(path: Exponents) -> float:
    """Return how far a path reaches: the logarithm of its fastest size there, to a tenth."""
    return round(_reach(path) * _fastest(path), 1)


def _reach(path: Exponents) -> float:
    """Return the largest L at which all sizes are within their limits; at most 41."""
    reach = math.log(OTHER_LIMIT)
    for name, (x, y, *_) in path.items():
        if name != "gamma" and (x > 0 or y > 0):
            limit = math.log(LIMITS.get(name, OTHER_LIMIT))
            while float(x) * reach + float(y) * math.log(reach) > limit:
                reach *= 0.99
    return reach


def _place(path: Exponents, L: float, gamma: Fraction) -> dict[str, Fraction]:
    """Return the sizes at ``log t = L``, and gamma with its factor `gamma`."""
    place: dict[str, Fraction] = {}
    for name, (x, y, *_) in path.items():
        log = float(x) * L + float(y) * math.log(L)
        if name == "gamma":
            place[name] = gamma * Fraction(math.exp(log))
        elif name == "N_eff":
            place[name] = Fraction(math.exp(log))
        else:
            place[name] = Fraction(max(round(math.exp(log)), 1))
    if "N_eff" in place and "N" not in place:
        place["N"] = Fraction(steps_of(float(place["N_eff"])))
    place.setdefault("gamma", gamma)
    return place


def _ladder(claim: Claim, values: Values, path: Exponents) -> _Found:
    where: dict[str, Any] = {
        "values": {name: str(value) for name, value in sorted(values.items())},
        "path": path_text(path),
    }
    reach = _reach(path)
    scales = [reach / 2, 3 * reach / 4, reach]
    try:
        if claim.objective is not None:
            rows = list(_optimum_rows(claim, claim.objective, values, path, scales))
        else:
            rows = [_row(claim, values, path, L) for L in scales]
    except (UserError, NoOptimumError) as error:
        return _Found(Light.UNKNOWN, str(error), where | {"refused": str(error)})
    reading = Reading.of([(L, row.log) for L, row in zip(scales, rows, strict=True)])
    fastest = _fastest(path)
    gap = reading.resolution / fastest if fastest else math.inf
    light = _light(claim.relation, reading, any(row.blurred for row in rows), gap)
    ratios = [math.exp(min(row.log, 700.0)) for row in rows]
    numbers = {
        "light": str(light),
        "power": f"{reading.power:.4f}",
        "smallest visible gap of exponents": f"{gap:.3f}",
        "between": [f"{min(ratios):.6e}", f"{max(ratios):.6e}"],
        "rungs": [
            {"log t": f"{L:.3f}", "ratio": f"{ratio:.6e}", "sizes": row.sizes}
            for L, ratio, row in zip(scales, ratios, rows, strict=True)
        ],
    }
    on = ", ".join(f"{name} = {text}" for name, text in where["path"].items())
    at = ", ".join(f"{name} = {text}" for name, text in where["values"].items())
    phrase = f"LEFT/RIGHT drifts like t^{reading.power:.3g} along {on}" + (
        f" at {at}" if at else ""
    )
    return _Found(light, phrase, where | numbers)


def _light(relation: str, reading: Reading, blurred: bool, gap: float) -> Light:
    light = read(relation, reading, reading)
    if light is Light.FAIL:
        # Known from above only, LEFT may fall with certainty, but not grow.
        return Light.UNKNOWN if blurred and not reading.falls else light
    above_only = relation in ("O", "Otilde", "o")
    if gap > GAP or (blurred and not above_only):
        return Light.UNKNOWN
    return light


@dataclass(frozen=True, slots=True)
class _Row:
    """``log(LEFT/RIGHT)`` at one place."""

    log: float
    blurred: bool
    sizes: Mapping[str, str] = field(default_factory=dict)


def _row(claim: Claim, values: Values, path: Exponents, L: float) -> _Row:
    setting = claim.setting
    gamma = first_step(problem_of(setting, values, _place(path, L, ONE)))
    place = _place(path, L, gamma)
    left, right = (_number(side, setting, values, place) for side in (claim.left, claim.right))
    if right.blurred:
        raise UserError(f"the value of {claim.right} is below double precision")
    return _Row(left.log - right.log, left.blurred, _sizes(place))


def _sizes(place: Values) -> dict[str, str]:
    return {name: f"{float(value):.6g}" for name, value in sorted(place.items())}


def _summary(found: Sequence[_Found], light: Light) -> str:
    if not found:
        return "no parameter values or path to look along"
    if light is Light.PASS:
        return f"LEFT/RIGHT is of the claimed order on {len(found)} ladders of exact values"
    return next(entry.phrase for entry in found if entry.light is light)


# Optima.

_SEARCH_LIMITS: Mapping[str, float] = {"M": 1e12, "N": 1e15, "N_eff": 1e15}
_STEP = 1.25
"""The search stops at points this far apart in log X; the parabola does the rest."""


class NoOptimumError(UserError):
    """The minimum over these sizes is not searched for."""


@dataclass(frozen=True, slots=True)
class _Search:
    """The one-dimensional family of feasible points of an objective at one scale."""

    setting: Setting
    objective: Objective
    values: tuple[tuple[str, Fraction], ...]
    fixed: tuple[tuple[str, Fraction], ...]
    gamma: Fraction

    def place(self, log_x: float) -> dict[str, Fraction] | None:
        """Return the sizes where the first variable is ``exp(log_x)``; None if not feasible."""
        place = dict(self.fixed) | {"gamma": self.gamma}
        first, *others = self.objective.over
        if first == "gamma" and log_x > math.log(self.gamma) + 1e-9:
            return None  # beyond the range of stability
        place[first] = Fraction(math.exp(log_x))
        place = _with_both_steps(place)
        if others:
            other = self._solved(place, others[0])
            if other is None:
                return None
            place = _with_both_steps(place | {others[0]: other})
        sizes = {name: _rounded(name, value) for name, value in place.items()}
        return sizes if all(_within(name, value) for name, value in sizes.items()) else None

    def _solved(self, place: Values, name: str) -> Fraction | None:
        """Return the value of a variable that meets the constraint, by bisection of its log."""
        constraint = self.objective.subject_to[0]
        low, high = 0.0, math.log(OTHER_LIMIT)

        def excess(log: float) -> float:
            point = _with_both_steps({**place, name: Fraction(math.exp(log))})
            known = {n: float(v) for n, v in {**dict(self.values), **point}.items()}
            return math.log(evaluate(constraint.left, known) / evaluate(constraint.right, known))

        start, stop = excess(low), excess(high)
        if start * stop > 0:
            return None
        while high - low > 1e-9:
            middle = 0.5 * (low + high)
            low, high = (middle, high) if excess(middle) * start > 0 else (low, middle)
        return Fraction(math.exp(0.5 * (low + high)))

    def value(self, log_x: float) -> float:
        """Return the logarithm of the objective, infinite where a point is out of reach."""
        return _objective(self, log_x)


@lru_cache(maxsize=4096)
def _objective(search: _Search, log_x: float) -> float:
    place = search.place(log_x)
    if place is None:
        return math.inf
    return _number(search.objective.expr, search.setting, dict(search.values), place).log


def _with_both_steps(place: Values) -> dict[str, Fraction]:
    """Add N where a place has N_eff alone, and the other way round."""
    if "N_eff" in place and "N" not in place:
        return {**place, "N": Fraction(steps_of(float(place["N_eff"])))}
    if "N" in place and "N_eff" not in place:
        N = max(float(place["N"]), 2.0)
        return {**place, "N_eff": Fraction(N / math.log2(N))}
    return dict(place)


def _rounded(name: str, value: Fraction) -> Fraction:
    return value if name in ("gamma", "N_eff") else Fraction(max(round(value), 1))


def _within(name: str, value: Fraction) -> bool:
    least = {"M": 2, "N": 4}.get(name, 0)
    return least <= value <= _SEARCH_LIMITS.get(name, OTHER_LIMIT)


def _minimum(search: _Search, start: float, step: float) -> tuple[float, float]:
    """Return ``log X`` of the first variable at the minimum, and the log of the minimum.

    Three neighbouring points walk downhill until the middle one is lowest; then the step is
    halved, down to `_STEP`, and the vertex of the parabola through the last three is taken.
    """
    x = start
    while True:
        f = search.value(x)
        while not f <= min(search.value(x - step), search.value(x + step)):
            x += step if search.value(x + step) < search.value(x - step) else -step
            f = search.value(x)
        if step <= _STEP:
            return _vertex([(u, search.value(u)) for u in (x - step, x, x + step)])
        step /= 2


def _range(search: _Search) -> tuple[float, float]:
    """Return the range of the first variable's logarithm in which points are feasible."""
    if search.objective.over[0] == "gamma":
        top = math.log(search.gamma)
        return top - math.log(float(dict(search.fixed).get("N", Fraction(2)))), top
    grid = np.linspace(math.log(2), math.log(OTHER_LIMIT), 80)
    inside = [float(u) for u in grid if search.place(float(u)) is not None]
    if len(inside) < 3:
        raise NoOptimumError("the constraint leaves no sizes within reach to choose from")
    return inside[0], inside[-1]


def _vertex(points: Sequence[Point]) -> tuple[float, float]:
    """Return the lowest point of the parabola through three points, or the lowest of them."""
    best = min(points, key=lambda point: point[1])
    (x, f), (y, g), (z, h) = points
    if not all(map(math.isfinite, (f, g, h))) or best != points[1]:
        return best
    left, right = (g - f) / (y - x), (h - g) / (z - y)
    if right <= left:
        return best
    slope = (left * (z - y) + right * (y - x)) / (z - x)
    curvature = 2 * (right - left) / (z - x)
    return y - slope / curvature, g - slope**2 / (2 * curvature)


def _optimum_rows(
    claim: Claim, objective: Objective, values: Values, path: Exponents, scales: Sequence[float]
) -> Iterator[_Row]:
    """Yield the rows of a ladder; each search starts where the one before points to."""
    wanted = optimal_of(claim.left)
    if wanted is None:
        raise NoOptimumError(f"no search for {claim.left}: only for an optimum by itself")
    if len(objective.over) != len(objective.subject_to) + 1 or len(objective.over) > 2:
        raise NoOptimumError(
            f"no search over {', '.join(objective.over)} with {len(objective.subject_to)} "
            "constraints: only over one variable, or two and one constraint"
        )
    gamma = _first_step(objective.expr, claim.setting, values, _place(path, scales[0], ONE))
    share = 0.5
    step: float | None = None
    for L in scales:
        fixed = _place(path, L, gamma)
        search = _Search(claim.setting, objective, _sorted(values), _sorted(fixed), fixed["gamma"])
        low, high = _range(search)
        start = low + share * (high - low)
        log_x, log_min = _minimum(search, start, step or max((high - low) / 6, _STEP))
        share, step = (log_x - low) / (high - low), _STEP
        found = search.place(log_x)
        if found is None:
            raise NoOptimumError("the search found no feasible sizes")
        left = log_min if wanted == "value" else math.log(found[wanted])
        known = {"sigma": Fraction(1), **values, **fixed}
        right = logarithm(enclosed(claim.right, known, DIGITS))
        yield _Row(left - right, False, _sizes(found))


def _sorted(values: Values) -> tuple[tuple[str, Fraction], ...]:
    return tuple(sorted(values.items()))
