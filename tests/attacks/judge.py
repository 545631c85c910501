"""The judge of drawn claims: knows nothing of ratecert but the syntax tree of its language.

A claim is over all allowed parameters and all joint paths of the sizes.  So it is

- *true* only by design: LEFT/RIGHT is of the order of a known monomial (`laws`, `filters`,
  `quantities`), whose behaviour `growth` decides exactly in rational numbers;
- *false* by design in the same way, or by numbers: at parameters that satisfy the assumptions
  exactly, along a path that satisfies those on sizes, the ratio moves away.  On a path where
  ``log t`` goes from 90 to 500 a ratio of order ``t^x (log t)^y`` changes its logarithm by
  ``410 x + 1.71 y``; where it is bounded, what is of smaller order has gone before 90, as all
  exponents that are drawn are rational numbers of one digit.  `STEP` tells them apart;
- *no statement* by design: a side without a value, a problem that is none, assumptions that
  nothing satisfies;
- otherwise *unknown*.

What is known by design is held against numbers all the same: a true claim that they show to be
false, or that has no value somewhere, is an error of this fuzzer and raises `ContradictionError`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from attacks.evaluator import NoValueError, Place, UnclearError, Value, evaluate, place
from attacks.families import Drawn, Truth

from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.claim import SIZES, Claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    free_names,
    walk,
)
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.language.quantities import CONSTANTS
from ratecert.proofs_check.language.statement import Condition

__all__ = ["ContradictionError", "claim_of", "contradicts_witness", "judge", "seen_false"]

_Order = tuple[Fraction, ...]
_Path = Mapping[str, Fraction] | Mapping[str, _Order]

SCALES = (90.0, 500.0)
"""Values of ``log t``; the sizes are powers of t."""
NEAR = (16.0, 24.0)
"""The same where exponentials need small sizes: of one size, no parameters."""
MARGIN = Fraction(1, 8)
"""How far parameters are kept from the ends of strict inequalities, where all is slow."""
STEP, LIMIT = 1.5, 0.1
"""How far the logarithm of a bounded ratio never moves, and how close to 0 that of ``~`` comes."""
LOGARITHMS = 12
"""Powers of logarithms that a claim with a tilde may differ by."""
SPEEDS = tuple(Fraction(n, 12) for n in (3, 4, 6, 8, 12, 16))
GRID = tuple(
    Fraction(n, 12) for n in (-12, -6, 1, 4, 6, 9, 11, 12, 13, 15, 18, 20, 24, 30, 36, 48)
)
POINTS, PATHS, TRIES = 2, 4, 300
SMALL_STEP = 0.0437
"""What gamma is where it is constant."""


class ContradictionError(AssertionError):
    """The design of a draw and the numbers of the judge do not agree: an error of the fuzzer."""


def claim_of(drawn: Drawn) -> Claim:
    """Return the claim, as a claim file would have it.

    Raises
    ------
    UserError
        Where the claim is unusable.
    """
    table = dict(drawn.table)
    return make_claim(table.pop("says"), table.pop("assume"), **table)


def judge(drawn: Drawn) -> Truth:
    """Return what the claim is.

    Raises
    ------
    ContradictionError
        Where numbers show that a claim that is true by design is false.
    """
    if drawn.truth in (Truth.FALSE, Truth.NONE):
        return drawn.truth
    try:
        claim = claim_of(drawn)
    except UserError as error:
        raise ContradictionError(f"refused: {error}") from None
    if claim.objective is not None:
        return drawn.truth
    why = seen_false(claim, drawn.sums)
    if why and drawn.truth is Truth.TRUE:
        raise ContradictionError(why)
    return Truth.FALSE if why else drawn.truth


# Numbers.


@dataclass(frozen=True)
class _Ratio:
    """LEFT/RIGHT at one place: its sign, its logarithm, and the error of that."""

    sign: int
    log: float
    error: float


def seen_false(claim: Claim, sums: str | None = None) -> str:
    """Return along which path, at which parameters the claim fails, or nothing.

    `sums` stands in the place of a LEFT that names quantities of the model.
    """
    left = claim.left if sums is None else parse_expr(sums)
    rng = random.Random(claim.says)
    for values in _values(claim, rng):
        for number, path in enumerate(_paths(claim, (left, claim.right), values, rng)):
            plain = not values and len(path) == 1 and "gamma" not in path
            for scales in (SCALES, NEAR) if plain else (SCALES,):
                try:
                    why = _fails_along(claim, left, values, path, scales, number % 2)
                except UnclearError:
                    continue
                except NoValueError as error:
                    why = f"{error}"
                if why:
                    shown = {name: str(value) for name, value in {**values, **path}.items()}
                    return f"{why} at {shown}"
                break
    return ""


def _fails_along(
    claim: Claim, left: Expr, values: Mapping[str, Fraction], path: _Path,
    scales: tuple[float, float], odd: int,
) -> str:  # fmt: skip
    first, second = (_ratio(left, claim.right, values, path, s, odd) for s in scales)
    if max(first.error, second.error) > 0.3:
        raise UnclearError("numbers too rough")
    relation = claim.relation
    if first.sign <= 0 and second.sign <= 0:
        from_below = relation in ("Theta", "Omega", "~", "Thetatilde", "Omegatilde")
        return "LEFT/RIGHT is not positive" if from_below else ""
    if first.sign <= 0 or second.sign <= 0:
        raise UnclearError("the sign changes")
    error = first.error + second.error
    if relation == "~":
        far = min(abs(first.log), abs(second.log)) > LIMIT + error
        stays = abs(second.log) > 0.7 * abs(first.log)
        return f"LEFT/RIGHT = exp({second.log:.3g})" if far and stays else ""
    moved = second.log - first.log
    logs = LOGARITHMS * np.log(scales[1] / scales[0]) if relation.endswith("tilde") else 0.0
    up, down = moved > STEP + logs + error, moved < -STEP - logs - error
    plain = relation.removesuffix("tilde")
    failed = {"Theta": up or down, "O": up, "Omega": down, "o": moved > -LIMIT / 2 + error}[plain]
    return f"the logarithm of LEFT/RIGHT moves by {moved:.3g}" if failed else ""


def _ratio(
    left: Expr, right: Expr, values: Mapping[str, Fraction], path: _Path,
    scale: float, odd: int,
) -> _Ratio:  # fmt: skip
    at = _place(values, path, scale, odd)
    above, below = evaluate(left, at), evaluate(right, at)
    if bool(np.any(above.is_unclear)) or bool(np.any(below.is_unclear)) or float(below.sign) <= 0:
        raise UnclearError("a side of unclear value or sign")
    sign = int(above.sign)
    log = float(above.log) - float(below.log) if sign else -np.inf
    if np.isnan(log) or (sign and np.isinf(log)):
        raise UnclearError("both sides overflow")
    return _Ratio(sign, log, float(above.error) + float(below.error))


def _place(values: Mapping[str, Fraction], path: _Path, scale: float, odd: int) -> Place:
    logs = {name: _log(power, scale) for name, power in path.items()}
    if "gamma" in logs:
        logs["gamma"] += np.log(SMALL_STEP)
    if "N" in logs:
        logs["N_eff"] = logs["N"] - np.log(logs["N"])
    numbers = {name: float(value) for name, value in values.items()}
    whole = {name: odd for name in path if name not in ("gamma", "N_eff")}
    return place(logs, {"sigma": 1.3, **numbers}, whole)


def _log(power: Fraction | _Order, scale: float) -> float:
    """Return the logarithm of a power of t, or of ``t^x (log t)^y (log log t)^z``."""
    if isinstance(power, Fraction):
        return float(power) * scale
    slow = (scale, np.log(scale), np.log(np.log(scale)))
    return float(sum(float(p) * log for p, log in zip(power, slow, strict=False)))


def contradicts_witness(claim: Claim, witness: Mapping[str, Any]) -> str:
    """Return why the path of a witness does not refute a claim, if numbers along it say so."""
    if witness.get("kind") != "path" or claim.relation not in ("Theta", "O", "Omega"):
        return ""
    values = {name: Fraction(text) for name, text in witness["values"].items()}
    path = {name: tuple(map(Fraction, order)) for name, order in witness["path"].items()}
    try:
        first, second = (
            _ratio(claim.left, claim.right, values, path, scale, 0) for scale in SCALES
        )
    except (UnclearError, NoValueError, KeyError):
        return ""
    still = abs(second.log - first.log) < LIMIT and first.sign > 0 and second.sign > 0
    if not still or first.error + second.error > LIMIT / 2:
        return ""
    return f"refuted along a path on which LEFT/RIGHT stays at exp({second.log:.3g})"


# Parameters that satisfy the assumptions, and paths.


def _sizes(claim: Claim) -> frozenset[str]:
    return SIZES | claim.sizes


def _of_parameters(claim: Claim) -> list[Condition]:
    moving = _sizes(claim) | CONSTANTS
    return [c for c in claim.assume if not (free_names(c.left) | free_names(c.right)) & moving]


def _values(claim: Claim, rng: random.Random) -> Iterator[dict[str, Fraction]]:
    """Yield a few allowed values of the parameters, found by trying."""
    conditions = _of_parameters(claim)
    names = sorted({n for c in claim.assume for n in free_names(c.left) | free_names(c.right)}
                   - _sizes(claim) - CONSTANTS)  # fmt: skip
    found = 0
    for _ in range(TRIES if names else 1):
        values = {name: rng.choice(GRID) for name in names}
        for condition in conditions:
            match condition:
                case Condition(Name(name), "=", right) if name in values:
                    value = rational(right, values)
                    if value is not None:
                        values[name] = value
        if all(is_satisfied(condition, values) for condition in conditions):
            yield values
            found += 1
            if found == POINTS:
                return


def is_satisfied(condition: Condition, values: Mapping[str, Fraction]) -> bool:
    """Whether a condition between parameters holds, with some margin where it is strict."""
    x, y = rational(condition.left, values), rational(condition.right, values)
    if x is None or y is None:
        return False
    gap = y - x if condition.op in ("<", "<=") else x - y
    return {"=": gap == 0, "<=": gap >= 0, ">=": gap >= 0}.get(condition.op, gap >= MARGIN)


def rational(expr: Expr, values: Mapping[str, Fraction]) -> Fraction | None:
    """Return the exact value of an expression, or None where it has none that is rational."""
    match expr:
        case Num(value):
            return value
        case Name(name):
            return values.get(name)
        case Add(parts) | Mul(parts):
            found = [rational(part, values) for part in parts]
            total = Fraction(isinstance(expr, Mul))
            for value in found:
                if value is None:
                    return None
                total = total + value if isinstance(expr, Add) else total * value
            return total
        case Pow(base, Num(power)) if power.denominator == 1:
            value = rational(base, values)
            if value is None or (not value and power < 0):
                return None
            return value ** int(power)
        case Call("min" | "max" as func, args):
            known = [rational(arg, values) for arg in args]
            if any(value is None for value in known):
                return None
            return (min if func == "min" else max)(v for v in known if v is not None)
    return None


def _paths(
    claim: Claim, sides: tuple[Expr, Expr], values: Mapping[str, Fraction], rng: random.Random
) -> Iterator[dict[str, Fraction]]:
    """Yield powers of t for the sizes, and for gamma, that satisfy the assumptions."""
    conditions = [c for c in claim.assume if c not in _of_parameters(claim)]
    used = {node.name for side in sides for node in walk(side) if isinstance(node, Name)}
    used |= {n for c in conditions for n in free_names(c.left) | free_names(c.right)}
    sizes = sorted(used & _sizes(claim) | ({"N"} if "N_eff" in used else set()) - {"N_eff"})
    sizes = [name for name in sizes if name != "N_eff"]
    found: list[dict[str, Fraction]] = []
    for _ in range(TRIES):
        path = {name: rng.choice(SPEEDS) if len(sizes) > 1 else Fraction(1) for name in sizes}
        if "gamma" in used:
            power = rng.choice([0, 0, -1, -2, Fraction(-1, 2)])
            path["gamma"] = path[rng.choice(sizes)] * power if sizes else Fraction(power)
        # A single size has one path, along which it may be even or odd.
        if (len(sizes) > 1 or "gamma" in used) and path in found:
            continue
        if all(_holds_along(condition, values, path) for condition in conditions):
            found.append(path)
            yield path
            if len(found) == PATHS - 2 * (len(sizes) <= 1 and "gamma" not in used):
                return


def _holds_along(
    condition: Condition, values: Mapping[str, Fraction], path: Mapping[str, Fraction]
) -> bool:
    """Whether an assumption on sizes holds up to a constant: the ratio is looked at twice."""
    gaps = []
    for scale in SCALES:
        at = _place(values, path, scale, 0)
        try:
            left, right = evaluate(condition.left, at), evaluate(condition.right, at)
        except (NoValueError, UnclearError, KeyError):
            return False
        gaps.append(_gap(left, right))
    near = 0.3
    above = all(gap > -near for gap in gaps) and gaps[1] > gaps[0] - 1e-6
    below = all(gap < near for gap in gaps) and gaps[1] < gaps[0] + 1e-6
    return {"=": above and below, ">=": above, ">": above, "<=": below, "<": below}[condition.op]


def _gap(left: Value, right: Value) -> float:
    return float(left.log) - float(right.log)
