r"""The exact leg: LEFT as the exact expected risk of finite problems, beside RIGHT.

Along a few paths of sizes LEFT is evaluated at three scales (`ratecert.numerics.legs.values`) and
LEFT/RIGHT read by `ratecert.numerics.legs.trend`, with no defining sum in between: the feedback of
the fourth moments, the sketch and every step of the schedule are in the numbers.  Where LEFT is an
optimum, it is searched for at each scale (`ratecert.numerics.legs.optima`).  Whole sizes are odd
and even by turns.  Where no gaussian sketch is trained on, the first ladder with a step is climbed
again with smaller constants in its place.

*A problem that is none* fails the leg: where spectrum or target are not positive or have no finite
sum at parameters that the claim allows, nothing can be true of it.

*Reach.*  The ladder ends where a size reaches its limit: M 10^12, C 10^16, others 9 10^17, or
where LEFT would underflow.  Of the sample paths those are taken that reach farthest, ``N γ``
counting as a size, from each regime of learning in turn: nothing is learnt (``N γ`` falls), a part
(``N γ`` below ``M^a``) or all of the model, and the boundaries between them last.  A gap
δ in the exponent of the fastest size is a drift of δ x per ``log t``, so that the smallest gap a
ladder sees is ``ε/x``.  Where that is above 1/4 (short ladders) the leg does not pass, whatever it
saw.

*Source*: derived here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import zip_longest
from typing import Any

from ratecert.numerics.balls.ladder import by_turns
from ratecert.numerics.legs.optima import NoOptimumError, optima
from ratecert.numerics.legs.places import (
    Exponents,
    enclosed,
    logarithm,
    moderate_values,
    path_text,
    spectrum_of,
    steps_of,
)
from ratecert.numerics.legs.trend import Reading, combined, read
from ratecert.numerics.legs.values import (
    DIGITS,
    ONE,
    RESPONSES,
    UNDERFLOW,
    Values,
    first_step,
    first_step_of,
    ill_posed,
    number,
    problem_of,
)
from ratecert.proofs_check.language.claim import Claim, Objective, Setting, optimal_of
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import Expr, free_names
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.meaning.definitions import has_quantity
from ratecert.proofs_check.verdict.certificate import Evidence, Light
from ratecert.theory.witnesses.samples import sample_paths

__all__ = ["evidence"]

LEG = "exact"
GAP = 0.25
LIMITS: Mapping[str, float] = {"M": 1e12, "N": 9e17, "C": 1e16}
OTHER_LIMIT = 9e17
SHORTEST = 2.0
VANISHING = -400.0
UNUSED = Setting(parse_expr("i^-2"), parse_expr("i^-2"))
"""Stands where an explicit objective speaks of no problem, whatever the defaults say of one."""
SHARES = (Fraction(1, 3), Fraction(1, 10))
"""Smaller constants of the step, as shares of ``γ_0``."""
STEEPEST = 1000
"""Along a steeper path some size leaves its limits at once."""

_PATHS: Mapping[str, tuple[int, ...]] = {"quick": (3,), "full": (6, 6, 6, 6)}
"""How many paths at each of the first parameter values."""
_CHEAP_PATHS: Mapping[str, tuple[int, ...]] = {"quick": (3, 1, 1), "full": (6, 6, 6, 6)}
"""The same where no gaussian sketch is trained on."""


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
    is_cheap = _is_cheap(claim)
    counts = (_CHEAP_PATHS if is_cheap else _PATHS)[level]
    stepped: list[tuple[Values, Exponents]] = []
    points = moderate_values(claim, len(counts))
    if not has_quantity(_subject(claim)):
        claim = replace(claim, setting=UNUSED)
    for values in points or ({},):
        why = ill_posed(claim.setting, free_names(_subject(claim)), values)
        if why:
            given = {name: str(value) for name, value in sorted(values.items())}
            yield _Found(Light.FAIL, why, {"values": given, "refused": why})
            return
    for values, count in zip(points, counts, strict=False):
        for path in _paths(claim, values)[:count]:
            yield _ladder(claim, values, path)
            if "gamma" in path and is_cheap and claim.objective is None:
                stepped.append((values, path))
    for place, path in stepped[:1]:
        again = (_ladder(claim, place, path, share) for share in SHARES)
        # What a smaller step leaves in the dark was seen with the first: these can only veto.
        yield from (entry for entry in again if entry.light is not Light.UNKNOWN)


def _paths(claim: Claim, values: Values) -> list[Exponents]:
    """Return the paths to look along, from each regime in turn the one that reaches farthest."""
    power = _power(claim.setting, values)
    groups: dict[tuple[bool, int, int], list[Exponents]] = {}
    for path in sample_paths(claim, values):
        if any(abs(x) > STEEPEST for powers in path.values() for x in powers):
            continue
        whole = _completed(claim, path)
        fixed, regime = _fixed(claim, whole), _regime(whole, power)
        if not any(fixed in group for group in groups.values()):
            groups.setdefault((0 in regime, *regime), []).append(fixed)
    for group in groups.values():
        group.sort(key=lambda path: -_sight(path))
    # What is on no boundary comes first: there one term rules, and an error of it shows.
    order = sorted(groups, key=lambda regime: (regime[0], -_sight(groups[regime][0])))
    turns = zip_longest(*(groups[regime] for regime in order))
    return [path for turn in turns for path in turn if path is not None]


def _subject(claim: Claim) -> Expr:
    return claim.left if claim.objective is None else claim.objective.expr


def _completed(claim: Claim, path: Exponents) -> Exponents:
    """Return the path with the sizes that SGD needs and the order of LEFT does not depend on."""
    if not free_names(_subject(claim)) & RESPONSES:
        return path
    linear = (Fraction(1), Fraction(0))
    steps = {} if {"N", "N_eff"} & path.keys() else {"N": linear}
    return {"M": linear, **steps, **path}


def _power(setting: Setting, values: Values) -> float:
    """Return a of eigenvalues like ``i^-a``; 1 where the spectrum is not known here."""
    known = {name: float(value) for name, value in values.items()}
    try:
        return spectrum_of(setting, known).order[0]
    except UserError:
        return 1.0


def _regime(path: Exponents, power: float) -> tuple[int, int]:
    """Return the signs of the orders of ``N γ`` and ``N γ/M^a``: has anything been learnt, all."""
    zero = (Fraction(0), Fraction(0))
    steps, gamma, M = (path.get(name, zero) for name in (_steps_name(path), "gamma", "M"))
    learnt = [float(steps[k] + gamma[k]) for k in (0, 1)]
    beyond = [learnt[k] - power * float(M[k]) for k in (0, 1)]
    return _sign(learnt), _sign(beyond)


def _steps_name(path: Exponents) -> str:
    return "N" if "N" in path else "N_eff"


def _sign(order: Sequence[float]) -> int:
    leading = next((x for x in order if abs(x) > 1e-9), 0.0)
    return (leading > 0) - (leading < 0)


def _is_cheap(claim: Claim) -> bool:
    return claim.setting.features == "top" or not free_names(_subject(claim)) & RESPONSES


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
    """Return how far a path reaches, to a tenth.

    It is the logarithm of its fastest size at the end, or of ``N γ``, up or down, if that is less:
    nothing is learnt before some modes are.
    """
    slowest = _fastest(path)
    if "gamma" in path:
        learnt = path["gamma"][0] + path.get(_steps_name(path), (Fraction(0),))[0]
        slowest = min(slowest, abs(float(learnt)) or slowest)
    return round(_reach(path) * slowest, 1)


def _reach(path: Exponents) -> float:
    """Return the largest L at which all sizes are within their limits; at most 41."""
    reach = math.log(OTHER_LIMIT)
    for name, (x, y, *_) in path.items():
        if name != "gamma" and (x > 0 or y > 0):
            limit = math.log(LIMITS.get(name, OTHER_LIMIT))
            while float(x) * reach + float(y) * math.log(reach) > limit:
                reach *= 0.99
    return reach


def _place(path: Exponents, L: float, gamma: Fraction, turn: int) -> dict[str, Fraction]:
    """Return the sizes at ``log t = L``, odd and even by turns, and gamma with its factor."""
    place: dict[str, Fraction] = {}
    for name, (x, y, *_) in path.items():
        log = float(x) * L + float(y) * math.log(L)
        if name == "gamma":
            place[name] = gamma * Fraction(math.exp(log))
        elif name == "N_eff":
            place[name] = Fraction(math.exp(log))
        else:
            place[name] = Fraction(max(round(math.exp(log)), 1))
    place = by_turns(place, path, turn)
    if "N_eff" in place and "N" not in place:
        place["N"] = Fraction(steps_of(float(place["N_eff"])))
    place.setdefault("gamma", gamma)
    return place


def _ladder(claim: Claim, values: Values, path: Exponents, share: Fraction = ONE) -> _Found:
    where: dict[str, Any] = {
        "values": {name: str(value) for name, value in sorted(values.items())},
        "path": path_text(path),
    }
    if share != ONE:
        where["share of the first step"] = str(share)
    try:
        scales, rows = _rows(claim, values, path, share)
    except UserError as error:
        return _Found(Light.UNKNOWN, str(error), where | {"refused": str(error)})
    reading = Reading.of([(L, row.log) for L, row in zip(scales, rows, strict=True)])
    fastest = _fastest(path)
    gap = reading.resolution / fastest if fastest else math.inf
    light = _light(claim.relation, reading, rows, gap)
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


def _rows(
    claim: Claim, values: Values, path: Exponents, share: Fraction
) -> tuple[list[float], list[_Row]]:
    """Return the scales of a ladder and its rows, ending before LEFT underflows."""
    reach = _reach(path)
    while True:
        scales = [reach / 2, 3 * reach / 4, reach]
        if claim.objective is not None:
            return scales, list(_optimum_rows(claim, claim.objective, values, path, scales))
        rows = [_row(claim, values, path, L, turn, share) for turn, L in enumerate(scales, 1)]
        if reach < 2 * SHORTEST or not any(row.underflow for row in rows):
            return scales, rows
        reach /= 2


def _light(relation: str, reading: Reading, rows: Sequence[_Row], gap: float) -> Light:
    light = read(relation, reading, reading)
    above_only = relation in ("O", "Otilde", "o")
    gone = [row for row in rows if row.underflow]
    if gone:
        # LEFT is a float's 0: all that is known is that it is far smaller than RIGHT, or not that.
        far = all(row.log < VANISHING for row in gone)
        return Light.PASS if above_only and far else Light.UNKNOWN
    blurred = any(row.blurred for row in rows)
    if light is Light.FAIL:
        # Known from above only, LEFT may fall with certainty, but not grow.
        return Light.UNKNOWN if blurred and not reading.falls else light
    if light is Light.PASS and above_only and reading.falls:
        return light  # by a power of its own, however short the ladder
    if gap > GAP or (blurred and not above_only):
        return Light.UNKNOWN
    return light


@dataclass(frozen=True, slots=True)
class _Row:
    """``log(LEFT/RIGHT)`` at one place."""

    log: float
    blurred: bool
    underflow: bool = False
    sizes: Mapping[str, str] = field(default_factory=dict)


def _row(
    claim: Claim, values: Values, path: Exponents, L: float, turn: int, share: Fraction
) -> _Row:
    setting = claim.setting
    sizes = _place(path, L, ONE, turn)
    gamma = share * first_step(problem_of(setting, setting.each()[0], values, sizes))
    place = _place(path, L, gamma, turn)
    left, right = (number(side, setting, values, place) for side in (claim.left, claim.right))
    if right.blurred:
        raise UserError(f"the value of {claim.right} is below double precision")
    underflow = left.log < 0.99 * math.log(UNDERFLOW)
    return _Row(left.log - right.log, left.blurred, underflow, _sizes(place))


def _optimum_rows(
    claim: Claim, objective: Objective, values: Values, path: Exponents, scales: Sequence[float]
) -> Iterator[_Row]:
    """Yield the rows of a ladder of optima."""
    wanted = optimal_of(claim.left)
    if wanted is None:
        raise NoOptimumError(f"no search for {claim.left}: only for an optimum by itself")
    gamma = first_step_of(objective.expr, claim.setting, values, _place(path, scales[0], ONE, 0))
    places = [_place(path, L, gamma, turn) for turn, L in enumerate(scales, 1)]
    for place, best in zip(places, optima(claim.setting, objective, values, places), strict=True):
        left = best.log_value if wanted == "value" else math.log(best.sizes[wanted])
        right = logarithm(enclosed(claim.right, {"sigma": ONE, **values, **place}, DIGITS))
        yield _Row(left - right, False, sizes=_sizes(best.sizes))


def _sizes(place: Values) -> dict[str, str]:
    return {name: f"{float(value):.6g}" for name, value in sorted(place.items())}


def _summary(found: Sequence[_Found], light: Light) -> str:
    if not found:
        return "no parameter values or path to look along"
    if light is Light.PASS:
        return f"LEFT/RIGHT is of the claimed order on {len(found)} ladders of exact values"
    return next(entry.phrase for entry in found if entry.light is light)
