"""The statements of a ledger as numbers, by a second way: floats, recursions run step by step.

Used to look for counterexamples: a statement that the checker accepts must not fail here.  What a
ledger says of a Gaussian sketch is tried on sketches that are drawn, with constants for which the
event holds.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import zeta

from ratecert.proofs_check.language.expr import Add, Call, Expr, Mul, Name, Num, Pow, Sum
from ratecert.proofs_check.ledger.terms import Relation, parse_formula, parse_relation

SLACK = 1e-9
"""Relative rounding error that is forgiven."""


@dataclass
class World:
    """Values of the fixed names, and the functions defined by recursion."""

    values: dict[str, float]
    functions: dict[str, Mapping[str, Any]]
    named: dict[str, Callable[..., float]] = field(default_factory=dict)
    memo: dict[Any, float] = field(default_factory=dict)

    def value(self, expr: Expr, values: Mapping[str, float]) -> float:
        match expr:
            case Num(number):
                return float(number)
            case Name(name):
                return values[name] if name in values else self.values[name]
            case Add(terms):
                return math.fsum(self.value(term, values) for term in terms)
            case Mul(factors):
                return math.prod(self.value(factor, values) for factor in factors)
            case Pow(base, exponent):
                return float(self.value(base, values) ** self.value(exponent, values))
            case Sum(term, index, lo, Name("oo")):
                return self._infinite(term, index, self.value(lo, values), values)
            case Sum(term, index, lo, hi):
                low, high = (round(self.value(end, values)) for end in (lo, hi))
                return math.fsum(
                    self.value(term, {**values, index: i}) for i in range(low, high + 1)
                )
            case Call(func, args):
                return self._call(func, [self.value(arg, values) for arg in args])
        raise AssertionError(expr)

    def _infinite(self, term: Expr, index: str, lo: float, values: Mapping[str, float]) -> float:
        assert isinstance(term, Pow)
        return float(zeta(-self.value(term.exponent, {**values, index: 1}), round(lo)))

    def _call(self, func: str, args: list[float]) -> float:
        plain = {"exp": math.exp, "log": math.log, "floor": math.floor, "min": min, "max": max}
        if func in plain:
            return float(plain[func](*args))
        if func in self.named:
            return self.named[func](*args)
        return self._recursion(func, round(args[0]), round(args[1]), tuple(args[2:]))

    def _recursion(self, func: str, j: int, s: int, rest: tuple[float, ...]) -> float:
        """Run a recursion forward from its start; what was found is kept."""
        key = (func, j, s, rest)
        if key in self.memo:
            return self.memo[key]
        table = self.functions[func]
        names = table["args"][2:]
        given = dict(zip(names, rest, strict=True))
        stage = round(self.value(parse_formula(table["stage"]), {}))
        if j == 0 and s == 0:
            found = self.value(parse_formula(table["start"]), given)
        elif s == 0:
            found = self._recursion(func, j - 1, stage, rest)
        else:
            for before in range(s - 1):  # so that nothing recurses deeply
                self._recursion(func, j, before, rest)
            now = {**given, table["args"][0]: j, table["args"][1]: s - 1}
            found = self.value(_parsed(table["next"]), now)
        self.memo[key] = found
        return found


_FORMULAS: dict[str, Expr] = {}


def _parsed(text: str) -> Expr:
    if text not in _FORMULAS:
        _FORMULAS[text] = parse_formula(text)
    return _FORMULAS[text]


@dataclass(frozen=True)
class Sketch:
    """One Gaussian sketch of H = diag(i^-a): what the ledger's names ``.._S`` stand for.

    `DIMENSIONS` columns are drawn.  Those beyond are taken as balanced, which some S is: they add
    multiples of the identity to ``S H S^T`` and ``S H^2 S^T``.
    """

    a: float
    lam: np.ndarray
    energy: np.ndarray
    norms: np.ndarray

    DIMENSIONS = 300

    @classmethod
    def drawn(cls, a: float, M: int, seed: int) -> Sketch:
        d = cls.DIMENSIONS
        S = np.random.default_rng(seed).standard_normal((M, d)) / math.sqrt(M)
        i = np.arange(1.0, d + 1)
        rest, rest2 = (zeta(p, d + 1) / M * np.eye(M) for p in (a, 2 * a))
        lam, vectors = np.linalg.eigh((S * i**-a) @ S.T + rest)
        along = np.diag(vectors.T @ ((S * i ** (-2 * a)) @ S.T + rest2) @ vectors) / lam
        tails = [(S[:, k:] * i[k:] ** -a) @ S[:, k:].T + rest for k in range(d)]
        norms = np.array([np.linalg.eigvalsh(tail)[-1] for tail in tails])
        return cls(a, lam[::-1], along[::-1], norms)

    @property
    def approx(self) -> float:
        return float(zeta(self.a, 1) - self.energy.sum())

    def c2(self) -> float:
        """Return the least c2 of the event."""
        k = np.arange(1, len(self.lam) + 1)
        return float(max(1.0, np.max(k**self.a * self.norms[: len(k)])))

    def c1(self, kappa: float) -> float:
        """Return a c1 of the event, near the largest one; for t <= 1 every c1 <= 1 will do."""
        a = self.a
        end = max(1.0, len(self.lam) ** a / kappa)
        t = np.geomspace(1.0, end, 400)
        left = self.approx + np.exp(-np.outer(t, self.lam)) @ self.energy
        step = (t[1] / t[0]) ** ((a - 1) / a)
        return float(min(1.0, np.min(a / (a - 1) * t ** ((1 - a) / a) / left) / step))

    def named(self) -> dict[str, Callable[..., float]]:
        """Return the functions; that of Gordon's inequality is 0: it is not looked at here."""
        i = np.arange(1.0, len(self.lam) + 1)
        return {
            "lam_S": _listed(self.lam),
            "energy_S": _listed(self.energy),
            "norm_S": _listed(self.norms),
            "spectrum_below": lambda c: float(np.all(c * i**-self.a <= self.lam)),
            "gordon": lambda tau, u: 0.0,
        }


def _listed(values: np.ndarray) -> Callable[..., float]:
    """Return a function of whole numbers from 1 on; 0 elsewhere."""

    def at(place: float) -> float:
        k = round(place)
        return float(values[k - 1]) if k == place and 1 <= k <= len(values) else 0.0

    return at


SKETCHES: dict[tuple[float, int, int], Sketch] = {}


def _sketch(a: float, M: int, rng: random.Random) -> Sketch:
    key = (a, M, rng.randrange(5))
    if key not in SKETCHES:
        SKETCHES[key] = Sketch.drawn(*key)
    return SKETCHES[key]


def world(ledger: Mapping[str, Any], rng: random.Random, sketched: bool = False) -> World:
    """Return values of the standing names that satisfy the assumptions, and all definitions.

    Where it is about a sketch the step size is as small as it asks for, and there are more steps.
    """
    standing = [parse_relation(text) for text in ledger["standing"]["assume"]]
    while True:
        a = rng.choice([1.1, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0])
        values = {
            "a": a,
            "gamma": (a - 1) / (2 * a) * rng.choice([1.0, 0.9, 0.3, 0.05]),
            "sigma": rng.choice([0.0, 0.5, 1.0]),
            "M": float(rng.choice([1, 2, 3, 5])),
            "N": float(rng.choice([16, 17, 23, 31, 32, 50, *([400, 1500] if sketched else [])])),
            "kappa": rng.choice([1.0, 2.0, 5.0]),
        }
        sketch = _sketch(a, int(values["M"]), rng)
        values |= {"event": 1.0, "approx_S": sketch.approx}
        values["c1"] = sketch.c1(values["kappa"]) * rng.choice([1.0, 0.5])
        values["c2"] = sketch.c2() * rng.choice([1.0, 1.0, 1.5])
        if sketched:
            values["gamma"] /= values["c2"]
        found = World(values, {}, sketch.named())
        if all(holds(relation, found, {}) for relation in standing):
            break
    for item in ledger["item"]:
        if "value" in item:
            found.values[item["constant"]] = found.value(parse_formula(item["value"]), {})
        elif "start" in item:
            found.functions[item["function"]] = item
    return found


def holds(relation: Relation, found: World, values: Mapping[str, float]) -> bool:
    """Whether a relation holds, up to rounding."""
    left, right = found.value(relation.left, values), found.value(relation.right, values)
    slack = SLACK * max(abs(left), abs(right), 1e-30)
    if relation.op == "=":
        return abs(left - right) <= slack
    return left <= right + slack


def points(item: Mapping[str, Any], rng: random.Random) -> Iterator[dict[str, float]]:
    """Yield values for the variables of a lemma."""
    while True:
        values: dict[str, float] = {}
        for name in item.get("reals", []):
            values[name] = rng.choice([0.01, 0.1, 0.3, 0.375, 0.7, 1.0, 1.3, 2.0, 3.5, 8.0])
        for name in item.get("integers", []):
            values[name] = float(rng.choice([0, 1, 2, 3, 4, 6]))
        yield values


def counterexample(
    ledger: Mapping[str, Any], item: Mapping[str, Any], rng: random.Random, tries: int = 200
) -> str | None:
    """Return where a lemma fails, or None if no such place was found.

    What speaks of expectations or of matrices is not looked at.
    """
    if item.get("by") in ("moments", "words") or "sketched_approx" in item["says"]:
        return None
    says = parse_relation(item["says"])
    constants = {k: float(parse_formula(v).value) for k, v in item.get("constants", {}).items()}
    assume = [parse_relation(text) for text in item.get("assume", [])]
    sketched = "event = 1" in item.get("assume", [])
    found = world(ledger, rng, sketched)
    for k, values in zip(range(tries), points(item, rng), strict=False):
        if k % 20 == 0:
            found = world(ledger, rng, sketched)
        values |= constants
        try:
            if all(holds(relation, found, values) for relation in assume) and not holds(
                says, found, values
            ):
                return f"{item['id']}: {says} fails at {found.values | values}"
        except (ZeroDivisionError, OverflowError, ValueError, TypeError):
            continue
    return None
