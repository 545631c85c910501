"""The families of drawn claims: each claim with what is true of it, and the proof in words.

A `Drawn` claim holds its table as a claim file has it and the `Truth`, which is known by design:
LEFT and RIGHT are put together from laws of `laws`, `filters` and `quantities`, so that LEFT/RIGHT
is of the order of a known monomial, and `growth` says exactly which relations this makes true.
`free` claims are drawn without a law; of them the numbers of `judge` may say that they are false.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

from attacks import illposed
from attacks.filters import filtered
from attacks.growth import (
    RELATIONS,
    Behaviour,
    Cone,
    Factor,
    Monomial,
    holds,
    independent,
    pieces_agree,
)
from attacks.laws import composed
from attacks.quantities import loose_factor, quantity
from attacks.scope import PARAMETERS, Scope, number

from ratecert.proofs_check.language.grammar import parse_expr

__all__ = ["FAMILIES", "Drawn", "Truth"]


class Truth(Enum):
    """What a claim is: true, false, no statement at all, or not known to the one who drew it."""

    TRUE = "true"
    FALSE = "false"
    NONE = "no statement"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Drawn:
    """A claim, what is true of it and why; `sums` is LEFT without the quantities of the model."""

    family: str
    table: Mapping[str, Any]
    truth: Truth
    why: str
    sums: str | None = None


def _said(left: str, relation: str, right: str) -> str:
    return f"{left} ~ {right}" if relation == "~" else f"{left} = {relation}({right})"


def _truth(statement: bool) -> Truth:
    return Truth.TRUE if statement else Truth.FALSE


def _table(s: Scope, says: str) -> dict[str, Any]:
    table: dict[str, Any] = {"says": says, "assume": list(s.assume)}
    if s.own:
        table["sizes"] = list(s.own)
    return table


# Laws, and what becomes of them when a side is multiplied.


def law(rng: random.Random) -> Drawn:
    """A law, one of its sides multiplied by something that it may bear or not."""
    s = Scope(rng)
    found = composed(s)
    relation = rng.choice(RELATIONS)
    if relation == "~" and (found.leading is None or rng.random() < 0.4):
        relation = "Theta"
    if relation == "~" and found.leading is not None:
        return _equivalent(s, found.left, found.leading)
    factor, ratio, why = _multiple(s)
    left, right = found.left, found.right
    if rng.random() < 0.2:
        left, right = right, left
    if rng.random() < 0.5:
        left = f"{factor}*({left})" if factor else left
    else:
        # The factor on the right divides LEFT/RIGHT.
        right = f"({right})/({factor})" if factor else right
    truth = _truth(holds(relation, ratio))
    return Drawn("law", _table(s, _said(left, relation, right)), truth, f"LEFT/RIGHT = {why}")


def _equivalent(s: Scope, left: str, leading: str) -> Drawn:
    """The leading term as it is, or with a wrong constant, or with a wrong growth."""
    kind = s.rng.choice(["right", "right", "constant", "growth"])
    if kind == "constant":
        leading = s.rng.choice([f"2*({leading})", f"({leading})/2", f"({leading})*pi/3"])
    if kind == "growth":
        factor, _, _ = _multiple(s, trivial=False)
        leading = f"({leading})*{factor}"
    truth = _truth(kind == "right")
    return Drawn("equivalent", _table(s, f"{left} ~ {leading}"), truth, f"leading term: {kind}")


def _multiple(s: Scope, trivial: bool = True) -> tuple[str, Behaviour, str]:
    """Return a monomial as a factor (or nothing, for 1), what it does, and the two in words."""
    rng = s.rng
    if trivial and rng.random() < 0.4:
        text = rng.choice(["", "", "2", "(1/3)", "pi"])
        return text, Behaviour(), text or "1"
    if s.related:
        return _one_size(s)
    names = rng.sample(s.sizes, min(len(s.sizes), rng.choice([1, 1, 2])))
    texts, factors = [], []
    for place, name in enumerate(names):
        text, factor = _factor(s, name, numeric=place > 0)
        texts.append(text)
        factors.append(factor)
    text = "*".join(texts)
    return text, independent(factors), text


def _one_size(s: Scope) -> tuple[str, Behaviour, str]:
    """Return a power of a single size, which tends to infinity or to 0 under any assumptions."""
    text, factor = _factor(s, s.rng.choice(s.sizes), numeric=True)
    return text, independent([factor]), text


def _factor(s: Scope, name: str, numeric: bool) -> tuple[str, Factor]:
    rng = s.rng
    if rng.random() < 0.3:
        q = rng.choice([Fraction(1), Fraction(-1), Fraction(1, 2), Fraction(-2)])
        return f"log({name})^{number(q)}", Factor(frozenset({0}), frozenset({_sign(q)}))
    if not numeric and s.parameters and rng.random() < 0.4:
        p, (low, high) = rng.choice(sorted(s.parameters.items()))
        at = rng.choice([c for c in (low, high, Fraction(3, 2), Fraction(2)) if c is not None])
        signs = _signs(low, high, at)
        return f"{name}^({p} - {number(at)})", Factor(signs)
    q = Fraction(rng.choice([1, -1, 1, -1, 2, -2]), rng.choice([1, 2, 3, 4]))
    text = f"{name}^{number(q)}"
    if rng.random() < 0.15:
        return f"{text}*log({name})^3", Factor(frozenset({_sign(q)}), frozenset({1}))
    return text, Factor(frozenset({_sign(q)}))


def _sign(value: Fraction | float) -> int:
    return (value > 0) - (value < 0)


def _signs(low: Fraction | None, high: Fraction | None, at: Fraction) -> frozenset[int]:
    """Return the signs of ``p - at`` for p strictly between the bounds."""
    signs = set()
    if low is None or low < at:
        signs.add(-1)
    if high is None or high > at:
        signs.add(1)
    if len(signs) == 2:
        signs.add(0)
    return frozenset(signs)


# Filters with numbers in them.


def filters(rng: random.Random) -> Drawn:
    """Filters with first terms of either sign."""
    s = Scope(rng)
    found = filtered(s)
    x = found.size
    if found.right is None:
        right = rng.choice(["1", f"1/{x}", f"{x}^(-1/2)", f"2^{x}", f"4^{x}", f"log({x})"])
        relation = rng.choice(["Theta", "Omega", "~", "Omegatilde", "Thetatilde"])
        why = "LEFT takes both signs, for odd and even sizes"
        return Drawn("filter", _table(s, _said(found.left, relation, right)), Truth.FALSE, why)
    if found.leading is not None and rng.random() < 0.3:
        drawn = _equivalent(s, found.left, found.leading)
        return Drawn("filter", drawn.table, drawn.truth, drawn.why)
    relation = rng.choice([r for r in RELATIONS if r != "~"])
    factor, ratio, why = _multiple(s)
    right = f"({found.right})/({factor})" if factor else found.right
    truth = _truth(holds(relation, ratio))
    return Drawn("filter", _table(s, _said(found.left, relation, right)), truth, f"ratio {why}")


# Expressions in monomials, decided exactly on a cone of the plane.


def monomials(rng: random.Random) -> Drawn:
    """Two expressions in monomials of two sizes, or of a size and gamma, under assumptions."""
    s = Scope(rng)
    x = s.new_size()
    y = "gamma" if rng.random() < 0.25 else s.new_size()
    cone = Cone((x,), gamma=True) if y == "gamma" else Cone((x, y))
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        _assumed(s, cone, x, y)
    if not cone.is_possible():
        cone.rows.clear()
        s.assume.clear()
    seed, other = rng.random(), rng.random()
    left = _tree(random.Random(seed), x, y, 2)
    right = _tree(random.Random(seed if rng.random() < 0.6 else other), x, y, 2, total="max")
    if rng.random() < 0.5:
        right = f"({right})*{_monomial(rng, x, y)}"
    relation = rng.choice([r for r in RELATIONS if r != "~"])
    truth = _truth(pieces_agree(parse_expr(left), parse_expr(right), relation, cone))
    why = f"piecewise linear in the exponents, {cone.rows}"
    return Drawn("monomials", _table(s, _said(left, relation, right)), truth, why)


def _assumed(s: Scope, cone: Cone, x: str, y: str) -> None:
    r = Fraction(s.rng.choice([1, 1, 2, 3]), s.rng.choice([1, 1, 2]))
    rows: list[tuple[str, Monomial]] = [
        (f"{x} >= {y}^{number(r)}", {x: Fraction(1), y: -r}),
        (f"{x}^{number(r)} <= {y}", {y: Fraction(1), x: -r}),
    ]
    if y == "gamma":
        rows = [
            (f"{x}*gamma >= 1", {x: Fraction(1), y: Fraction(1)}),
            (f"{x}^{number(r)}*gamma <= 1", {x: -r, y: Fraction(-1)}),
            ("gamma = 1", {y: Fraction(1)}),
        ]
    text, row = s.rng.choice(rows)
    s.assume.append(text)
    cone.rows.append(row)


def _monomial(rng: random.Random, x: str, y: str) -> str:
    powers = [Fraction(rng.choice([-2, -1, 0, 1, 2]), rng.choice([1, 2])) for _ in (x, y)]
    return "*".join(f"{name}^{number(p)}" for name, p in zip((x, y), powers, strict=True))


def _tree(rng: random.Random, x: str, y: str, depth: int, total: str = "sum") -> str:
    """Return an expression in monomials; with `total` "max" sums are written as maxima."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(["", "", "3*"]) + _monomial(rng, x, y)
    parts = [_tree(rng, x, y, depth - 1, total) for _ in range(rng.choice([2, 2, 3]))]
    kind = rng.choice(["sum", "max", "min", "quotient", "power"])
    if kind == "sum":
        return f"max({', '.join(parts)})" if total == "max" else f"({' + '.join(parts)})"
    if kind == "quotient":
        return f"({parts[0]})/({parts[1]})"
    if kind == "power":
        return f"({parts[0]} + {parts[1]})^{number(rng.choice([Fraction(1, 2), Fraction(-1)]))}"
    return f"{kind}({', '.join(parts)})"


# Exponentials.


def exponentials(rng: random.Random) -> Drawn:
    """Products of exponentials of two independent sizes: the rates are compared exactly."""
    s = Scope(rng)
    x, y = s.new_size(), s.new_size()
    left, rates = _growth(rng, x, y)
    if rng.random() < 0.5:
        right, others = _growth(rng, x, y)
    else:
        right, others = _rewritten(rng, rates), rates
    powers = [Fraction(rng.choice([0, 0, 1, -1])) for _ in (x, y)]
    right = f"{right}*{x}^{number(-powers[0])}*{y}^{number(-powers[1])}"
    factors = []
    for name, power in zip((x, y), powers, strict=True):
        sign = _sign_of(rates.get(name, {}), others.get(name, {})) or _sign(power)
        factors.append(Factor(frozenset({sign})))
    relation = rng.choice([r for r in RELATIONS if r != "~"])
    truth = _truth(holds(relation, independent(factors)))
    why = f"rates {rates} against {others}, powers {powers}"
    return Drawn("exponentials", _table(s, _said(left, relation, right)), truth, why)


_Rates = dict[str, dict[int, Fraction]]
"""For each size the exponents of the bases 2, 3 and e (as 0) in ``base^(exponent*size)``."""


def _growth(rng: random.Random, x: str, y: str) -> tuple[str, _Rates]:
    rates: _Rates = {x: {}, y: {}}
    texts = []
    for _ in range(rng.choice([1, 2, 2])):
        name, base = rng.choice([x, y]), rng.choice([0, 2, 3])
        c = Fraction(rng.choice([1, -1, 2, -2]), rng.choice([1, 1, 2]))
        rates[name][base] = rates[name].get(base, Fraction(0)) + c
        texts.append(_power_text(rng, base, c, name))
    return "*".join(texts), rates


def _power_text(rng: random.Random, base: int, c: Fraction, name: str) -> str:
    if base == 0:
        return f"exp({number(c)}*{name})"
    forms = [f"{base}^({c}*{name})", f"exp({number(c)}*{name}*log({base}))",
             f"({base}^{name})^{number(c)}"]  # fmt: skip
    if c.denominator == 1 and c > 0:
        forms.append(f"{base ** int(c)}^{name}")
    if c.denominator == 1 and c < 0:
        forms.append(f"(1/{base ** int(-c)})^{name}")
    return rng.choice(forms)


def _rewritten(rng: random.Random, rates: _Rates) -> str:
    texts = [_power_text(rng, base, c, name) for name, of in rates.items()
             for base, c in of.items() if c]  # fmt: skip
    rng.shuffle(texts)
    return "*".join(texts) or "1"


def _sign_of(left: Mapping[int, Fraction], right: Mapping[int, Fraction]) -> int:
    """Return the sign of ``sum c log(base)``: 1, log 2 and log 3 are independent over Q."""
    gaps = {base: left.get(base, Fraction(0)) - right.get(base, Fraction(0)) for base in (0, 2, 3)}
    if not any(gaps.values()):
        return 0
    total = float(gaps[0]) + float(gaps[2]) * math.log(2) + float(gaps[3]) * math.log(3)
    assert abs(total) > 1e-6, "exponents of few digits do not come this close"
    return _sign(total)


# The step size.


def step_size(rng: random.Random) -> Drawn:
    """Filters and signs in which gamma is a small constant, or tends to 0."""
    s = Scope(rng)
    x, c = s.new_size(), number(Fraction(rng.choice([1, 3, 7]), rng.choice([30, 100, 1000])))
    p, w = s.exponent(1, None), s.exponent(0, 3)
    falls = f"(gamma*{x})^((1 - {p})/{w})"
    times = s.rng.choice([x, f"(2*{x})"])
    decay = s.sum(lambda i: f"{i}^(-{p})*(1 - gamma*{i}^(-{w}))^{times}", "1", "oo")
    decay2 = s.sum(lambda i: f"{i}^(-{p})*exp(-{times}*gamma*{i}^(-{w}))", "1", "oo")
    one, long = "gamma = 1", f"gamma*{x} >= 1"
    choices: list[tuple[str, str, str, list[str], bool, str]] = [
        (s.sum(lambda i: f"(gamma*{i} - {c})/{i}^2", "1", x), "Theta", f"log({x})", [one], True,
         "gamma log X less a constant"),
        (s.sum(lambda i: f"(gamma*{i} - {c})/{i}^3", "1", "oo"), "Theta", "1", [one], False,
         "negative for small gamma"),
        (s.sum(lambda i: f"log({c}*gamma*{i})/{i}^2", "1", "oo"), "Omega", "1", [one], False,
         "negative for small gamma"),
        (s.sum(lambda i: f"log({c}*gamma*{i})/{i}", "1", x), "Theta", f"log({x})^2", [one], True,
         "log(X)^2/2 + log(c gamma) log X"),
        (decay, "Theta", falls, [long], True, "exp(-c gamma X i^-w)"),
        (decay, "Theta", f"min(1, {falls})", [], True, "of order 1 for gamma X <= 1"),
        (decay, "Theta", falls, [], False, "gamma = 1/X^2"),
        (decay2, "O", falls, [], True, "at most min(1, falls)"),
        (decay2, "Omega", falls, [], False, "gamma = 1/X^2"),
        (decay2, "Theta", f"{x}^((1 - {p})/{w})", [one], True, "gamma of order 1"),
        (decay, "Theta", f"{x}^((1 - {p})/{w})", [], False, "gamma = 1/X"),
        (f"1 - (1 - gamma)^{x}", "Theta", f"min(1, gamma*{x})", [], True, "1 - exp(-c gamma X)"),
        (f"(1 - gamma)^{x}", "O", f"exp(-gamma*{x})", [], True, "1 - g <= exp(-g)"),
        (f"(1 - gamma)^{x}", "Theta", f"exp(-gamma*{x})", [one], False, "exp(-X gamma^2/2)"),
        (f"(1 - gamma)^{x}", "Omega", f"exp(-gamma*{x})", [], False, "exp(-X gamma^2/2)"),
        ("1 + gamma", "~", "1", [], False, "gamma may be constant"),
        ("1 + gamma", "Theta", "1", [], True, "gamma is bounded"),
        ("gamma", "o", "1", [], False, "gamma may be constant"),
        (s.sum(lambda i: f"1/({i} + 1/gamma)", "1", x), "Theta", f"log(1 + gamma*{x})", [], True,
         "between the integrals from 0 and from 1"),
        (s.sum(lambda i: f"1/({i} + 1/gamma)", "1", x), "Theta", f"log({x})", [], False,
         "gamma = 1/X"),
    ]  # fmt: skip
    left, relation, right, needs, statement, why = rng.choice(choices)
    s.assume += needs
    return Drawn("step size", _table(s, _said(left, relation, right)), _truth(statement), why)


# Quantities of the model.


def quantities(rng: random.Random) -> Drawn:
    """A law of a quantity, or one that it does not obey, or one with a side multiplied."""
    model, wanted = quantity(rng)
    left, right, needs = wanted.left, wanted.right, wanted.needs
    relation, truth, why = "Theta", Truth.TRUE, "as the sums have it"
    kind = rng.choice(["law", "law", "wrong", "multiple", "multiple", "leading"])
    if kind == "wrong" and wanted.wrong:
        right, needs = rng.choice(wanted.wrong)
        truth, why = Truth.FALSE, "another order, or a condition is missing"
    elif kind == "multiple":
        relation = rng.choice([r for r in RELATIONS if r != "~"])
        factor, behaviour = loose_factor(model, needs)
        right = f"({right})/({factor})"
        truth, why = _truth(holds(relation, behaviour)), f"LEFT/RIGHT = {factor}"
    elif kind == "leading" and wanted.leading is not None:
        relation, right = "~", wanted.leading
        if rng.random() < 0.5:
            right, truth, why = f"2*{right}", Truth.FALSE, "twice the leading term"
    table = {"says": _said(left, relation, right), "assume": [*model.assume, *needs]}
    return Drawn("quantity", table | model.settings, truth, why, wanted.sums)


# Optima.


def optima(rng: random.Random) -> Drawn:
    """Least values of monomial objectives, and where they are taken.

    ``X^-p + Y^-q`` under ``X^u Y^v = C`` is, up to constants, at least its value where the two
    are equal, as one of them grows on either side; within a constant factor of that each is of its
    order, hence X and Y too.  With a positive constant added everything is of order 1, wherever
    both are bounded.  ``max(X^-p, Y^-q)`` over X alone is ``Y^-q`` for all ``X >= c Y^(q/p)``.
    """
    s = Scope(rng)
    x, y = rng.sample(["M", "N", "D", "n", "L", "T", "B", "d", "k"], 2)
    c = "C"
    s.sizes += [x, y, c]
    kind = rng.choice(["budget", "budget", "floor", "flat", "balance"])
    objective, over, budget, found = {
        "budget": _budget, "floor": _floor, "flat": _flat, "balance": _balance
    }[kind](s, x, y, c)  # fmt: skip
    left, relation, right, truth, why = found
    table = _table(s, _said(left, relation, right))
    table |= {"minimise": objective, "over": over}
    if budget:
        table["subject_to"] = budget
    return Drawn("optimum", table, truth, why)


_Optimum = tuple[str, list[str], str, tuple[str, str, str, Truth, str]]


def _positive(s: Scope) -> str:
    return s.exponent(0, 4)


def _budget(s: Scope, x: str, y: str, c: str) -> _Optimum:
    rng, p, q = s.rng, _positive(s), _positive(s)
    u, v = rng.choice([1, 1, 2]), rng.choice([1, 1, 2])
    objective = rng.choice(["{x}^(-{p}) + {y}^(-{q})", "max({x}^(-{p}), {y}^(-{q}))",
                            "3*{x}^(-{p}) + 1/{y}^{q}"]).format(x=x, y=y, p=p, q=q)  # fmt: skip
    scale = f"({u}*{q} + {v}*{p})"
    left, right = rng.choice([
        (f"optimal({x})", f"{c}^({q}/{scale})"), (f"optimal({y})", f"{c}^({p}/{scale})"),
        ("optimal(value)", f"{c}^(-({p}*{q})/{scale})"),
    ])  # fmt: skip
    shift = rng.choice([0, 0, 1, -1])
    ratio = independent([Factor(frozenset({shift}))])
    if shift:
        right = f"{right}*{c}^({-shift}/7)"
    relation = rng.choice(["Theta", "O", "Omega"])
    budget = f"{x}^{u}*{y}^{v} = {c}"
    truth = _truth(holds(relation, ratio))
    return objective, [x, y], budget, (left, relation, right, truth, f"ratio C^({shift}/7)")


def _floor(s: Scope, x: str, y: str, c: str) -> _Optimum:
    p, q = _positive(s), _positive(s)
    objective = f"2 + {x}^(-{p}) + {y}^(-{q})"
    choices = [
        ("optimal(value)", "Theta", "1", Truth.TRUE, "the constant"),
        (f"optimal({x})", "Theta", f"{c}^({q}/({p} + {q}))", Truth.FALSE, "others are as good"),
        (f"optimal({x})", "Omega", f"{c}^({q}/({p} + {q}))", Truth.FALSE, "smaller ones are too"),
        ("optimal(value)", "Theta", f"{c}^(-{p}*{q}/({p} + {q}))", Truth.FALSE, "the constant"),
    ]
    return objective, [x, y], f"{x}*{y} = {c}", s.rng.choice(choices)


def _flat(s: Scope, x: str, y: str, c: str) -> _Optimum:
    p, q = _positive(s), _positive(s)
    choices = [
        (f"optimal({x})", "Omega", f"{y}^({q}/{p})", Truth.TRUE, "below it X^-p is larger"),
        (f"optimal({x})", "Theta", f"{y}^({q}/{p})", Truth.FALSE, "larger X are as good"),
        (f"optimal({x})", "O", f"{y}^({q}/{p})", Truth.FALSE, "larger X are as good"),
        ("optimal(value)", "Theta", f"{y}^(-{q})", Truth.TRUE, "X large"),
        ("optimal(value)", "Theta", f"{y}^(-{q} - 1)", Truth.FALSE, "Y^-q stays"),
    ]
    return f"max({x}^(-{p}), {y}^(-{q}))", [x], "", s.rng.choice(choices)


def _balance(s: Scope, x: str, y: str, c: str) -> _Optimum:
    p = _positive(s)
    choices = [
        (f"optimal({x})", "Theta", f"{y}^(1/2)", Truth.TRUE, "X^p = (Y/X)^p"),
        ("optimal(value)", "Theta", f"{y}^({p}/2)", Truth.TRUE, "X^p = (Y/X)^p"),
        (f"optimal({x})", "Theta", y, Truth.FALSE, "X^p = (Y/X)^p"),
        ("optimal(value)", "O", "1", Truth.FALSE, "it grows with Y"),
    ]
    return f"{x}^{p} + ({y}/{x})^{p}", [x], "", s.rng.choice(choices)


# No statements, and their neighbours.


def no_value(rng: random.Random) -> Drawn:
    case = illposed.no_value(rng)
    return Drawn("no value", case.table, Truth.NONE, case.why)


def pole_outside(rng: random.Random) -> Drawn:
    case = illposed.pole_outside(rng)
    return Drawn("pole outside", case.table, Truth.TRUE, case.why)


def no_problem(rng: random.Random) -> Drawn:
    case = illposed.no_problem(rng)
    return Drawn("no problem", case.table, Truth.NONE, case.why)


def impossible(rng: random.Random) -> Drawn:
    case = illposed.impossible(rng)
    return Drawn("impossible", case.table, Truth.NONE, case.why)


# Claims without a law.


def free(rng: random.Random) -> Drawn:
    """Sums put together at random: only numbers along paths say something about them."""
    s = Scope(rng)
    x, y = s.new_size(), s.new_size()
    left = _free_side(s, x, y)
    right = _free_side(s, x, y) if rng.random() < 0.2 else _monomial(rng, x, y)
    relation = rng.choice([r for r in RELATIONS if r != "~"])
    if rng.random() < 0.3:
        p = rng.choice([name for name in PARAMETERS if name not in s.taken()])
        s.assume.append(f"{p} > 1")
        right = f"({right})^({p} - 1)"
    says = _said(left, relation, right)
    return Drawn("free", _table(s, says), Truth.UNKNOWN, "no law")


def _free_side(s: Scope, x: str, y: str) -> str:
    rng = s.rng
    r = [number(Fraction(rng.randint(-4, 4), 2)) for _ in range(3)]
    size = rng.choice([x, y, f"({x}/{y})"])
    term = rng.choice(["{i}^{r}", "{i}^{r}*min(1, ({n}*{i}^(-2))^2)", "{i}^{r}*exp(-{n}*{i}^(-1))",
                       "{i}^{r}*exp(-{i}/{n})", "max({i}^{r}, {n}*{i}^{q})",
                        "{i}^{r}/(1 + {n}/{i})",
                       "{i}^{r}*log(1 + {i})", "{i}^{r}/({n} + {i}^2)"])  # fmt: skip
    lo, hi = rng.choice(
        [("1", x), ("1", f"{x}*{y}"), ("1", "oo"), (x, "oo"), ("1", y), (y, f"{x}*{y}")]
    )
    total = s.sum(lambda i: term.format(i=i, r=r[0], q=r[1], n=size), lo, hi)
    form = rng.choice(
        ["{}", "{}", "{m} + {}", "min({m}, {})", "{m}/({})", "max({m}, log({x})*{})"]
    )
    return form.format(total, m=_monomial(rng, x, y), x=x)


FAMILIES: tuple[tuple[Callable[[random.Random], Drawn], int], ...] = (
    (law, 30), (filters, 9), (monomials, 10), (exponentials, 6), (step_size, 7), (quantities, 10),
    (optima, 5), (no_value, 9), (pole_outside, 3), (no_problem, 4), (impossible, 3), (free, 4),
)  # fmt: skip
"""Each family with its share of the draws."""
