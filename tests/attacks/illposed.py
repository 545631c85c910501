"""Claims that are no statements: neither `certified` nor `refuted` is a right answer to them.

*Sides without a value.*  A part that has none for some allowed parameters, or at infinitely many
sizes, leaves the side without one, whatever it is multiplied with and though it would cancel.
*Problems that are none*: a spectrum or a target that is not positive, not summable, or grows; a
batch or a number of outputs below 1.  *Assumptions that nothing satisfies*: by parameters, or by
sizes that tend to infinity and a bounded gamma.

Beside each kind stand neighbours that are well posed, with the pole outside of the assumptions.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from attacks.laws import composed
from attacks.scope import PARAMETERS, Scope, number

__all__ = ["Case", "impossible", "no_problem", "no_value", "pole_outside"]


@dataclass
class Case:
    """The table of a claim, and why it is no statement, or why it is one."""

    table: dict[str, Any]
    why: str
    settings: dict[str, Any] = field(default_factory=dict)


def _dead(s: Scope) -> tuple[str, str]:
    """Return an expression without a value, and why it has none."""
    rng, x, y = s.rng, s.new_size(), s.new_size()
    p, q = rng.sample([name for name in PARAMETERS if name not in s.taken()], 2)
    at = number(Fraction(rng.randint(11, 40), rng.choice([7, 13, 5])))
    s.parameters |= {p: (None, None), q: (None, None)}
    i = rng.choice(["i", "j", "k", "n", x, p])
    choices = [
        ([f"{p} > 1"], f"({p} - {at})/({p} - {at})", f"0/0 at {p} = {at}"),
        ([f"{p} > 0", f"{q} > 0"], f"({p} - {q})/({p} - {q})", f"0/0 at {p} = {q}"),
        ([f"{p} > 0"], f"({p}^2 - {at}^2)/({p} - {at})*({p} + {at})^(-1)", f"0/0 at {p} = {at}"),
        ([f"{p} > 0", f"{q} > 0"], f"({p}*{q} - {at})/({p}*{q} - {at})", "0/0 on a curve"),
        ([f"{p} >= 1"], f"zeta({p})/zeta({p})", f"zeta at its pole, {p} = 1"),
        ([f"{p} > -1"], f"Gamma({p})/Gamma({p})", f"Gamma at its pole, {p} = 0"),
        ([f"{p} > 0"], f"log(1 - {p})^2/log(1 - {p})^2", f"log of a negative number for {p} > 1"),
        ([f"{p} > 0", f"{q} > 0"], f"(1 - {p})^{q}*(1 - {p})^(-{q})",
         "a negative base for a real power"),
        ([f"{p} > -1"], f"sqrt({p})/sqrt({p})", f"sqrt of a negative number for {p} < 0"),
        ([f"{p} > 0"], f"sin(pi*{p})/sin(pi*{p})", f"0/0 at integers {p}"),
        ([], f"({x} - {x})/({x} - {x})", "0/0"),
        ([], f"(1 + 0/({x} - {x}))", "0/0"),
        ([], f"(1 + 0*log(0 - {x}))", "log of a negative number"),
        ([], f"(0 - {x})^(1/2)/(0 - {x})^(1/2)", "root of a negative number"),
        ([], f"log({x} - {y})/log({x} - {y})", f"log of a negative number for {x} < {y}"),
        ([f"{x} >= {y}"], f"({x} - {y})^(1/2)/({x} - {y})^(1/2)", f"root for {x} = {y}/2"),
        ([], f"({x} - {y})/({x} - {y})", f"0/0 where {x} = {y}"),
        ([], f"(-2)^({x}/2)/(-2)^({x}/2)", f"a power that is not whole for odd {x}"),
        ([], f"exp(0*log({x}-{x}))", "log(0)"),
        ([], f"(1 + 0*zeta(1 + 0*{x}))", "zeta at its pole"),
        ([], f"min(1, 1/({x} - {x}))", "division by 0"),
        ([], f"(1 + sum(1/({i} - 3), {i}, 1, {y})*0)", f"a term without a value at {i} = 3"),
        ([], f"(1 + 0*sum(1/({i}*log({i})), {i}, 1, {y}))", f"a term without a value at {i} = 1"),
        ([], f"(1 + 0*sum((1 - 5/{i})^(1/2), {i}, 1, oo))", "roots of negative numbers"),
        ([], f"(1 + 0*sum(log({i} - 2), {i}, 2, 9))", f"log(0) at {i} = 2"),
        ([], f"(1 + 0*sum(1/{i}, {i}, 1, oo))", "a sum that diverges"),
        ([], f"(1 + 0*sum((-1)^({i}/2)*{i}^-2, {i}, 1, oo))", "a power that is not whole"),
        ([f"{p} > 0"], f"(1 + 0*sum({y}^(-{p}), {y}, 1, oo))", f"a sum that diverges for {p} < 1"),
        ([f"{p} > 0"], f"(1 + 0*sum(1/({y} - {p}), {y}, 1, 9))", f"a pole at {p} = 2"),
    ]  # fmt: skip
    assume, text, why = rng.choice(choices)
    s.assume += assume
    return text, why


def no_value(rng: random.Random) -> Case:
    """Return a law with a part without a value on one of its sides."""
    s = Scope(rng)
    law = composed(s)
    dead, why = _dead(s)
    form = rng.choice(["({side})*({dead})", "({side})^({dead})", "({side}) + 0*({dead})",
                       "max({side}, 0*({dead}))", "({side})*({dead})^0",
                       "({side}) + ({dead}) - ({dead})",
                       "({side})/({dead})"])  # fmt: skip
    sides = [law.left, law.right]
    which = rng.randrange(2)
    sides[which] = form.format(side=sides[which], dead=dead)
    relation = rng.choice(["Theta", "O", "Omega", "~", "o", "Thetatilde"])
    if relation == "~":
        says = f"{sides[0]} ~ {sides[1]}"
    else:
        says = f"{sides[0]} = {relation}({sides[1]})"
    return Case(_table(s, says), why)


def _table(s: Scope, says: str) -> dict[str, Any]:
    table: dict[str, Any] = {"says": says, "assume": s.assume}
    if s.own:
        table["sizes"] = s.own
    return table


def pole_outside(rng: random.Random) -> Case:
    """Return a true law whose identity cancels something that is never 0 under the assumptions."""
    s = Scope(rng)
    law = composed(s)
    p = rng.choice([name for name in PARAMETERS if name not in s.taken()])
    at = Fraction(rng.randint(11, 40), rng.choice([7, 13, 5]))
    side = number(at)
    assume, one = rng.choice([
        (f"{p} > {at}", f"(({p} - {side})/({p} - {side}))"),
        (f"{p} < {at}", f"(({p} - {side})/({p} - {side}))"),
        (f"{p} > 1", f"(zeta({p})/zeta({p}))"),
        (f"{p} > 0", f"(Gamma({p})/Gamma({p}))"),
        (f"0 < {p} < 1", f"(sin(pi*{p})/sin(pi*{p}))"),
        (f"0 < {p} < 1", f"(log(1 - {p})/log(1 - {p}))"),
    ])  # fmt: skip
    s.assume.append(assume)
    form = rng.choice(["({side})*{one}", "({side})^{one}", "({side})/{one}"])
    says = f"{form.format(side=law.left, one=one)} = Theta({law.right})"
    return Case(_table(s, says), "true: the pole is outside of the assumptions")


def no_problem(rng: random.Random) -> Case:
    """Return a claim about a problem whose spectrum, target, batch or outputs are none."""
    settings: dict[str, Any] = {"spectrum": "i^-2", "target": "i^-2"}
    claims = ["variance*N_eff/effective_dimension = Theta(1)", "variance = Theta(1)",
              "approx = Theta(M^-1)", "mean_bias = O(1)", "risk = Theta(1)", "bias = O(1)",
              "variance = O(M)", "approx = o(1)", "excess = O(1)"]  # fmt: skip
    bad = rng.choice(["2^i", "(i+1)^2", "(i+1)^-1", "i^-1", "-i^-2", "i^-1*log(i+1)^-1",
                      "sin(i)*2^-i",
                      "2^-i - 2^(1-i)",
                      "i^(-1/2)", "1", "(-1)^i*i^-2", "i^-2 - 1/2",
                      "i^-2*log(i/2)", "1/(i-3)^2", "exp(i)", "(2-i)*i^-4",
                      "i^-1*log(i+1)^(-1/2)", "1/i^2 - 1/i"])  # fmt: skip
    small = rng.choice(["1/2", "0", "-1", "1/M", "1/N_eff", "N^(-1/2)", "gamma", "1/log(M)",
                        "M - M",
                        "-M", "1/3", "2^(-N)", "exp(-1)", "1 - 1/M", "log(2)"])  # fmt: skip
    kind = rng.choice(["spectrum", "target", "batch", "outputs"])
    settings[kind] = bad if kind in ("spectrum", "target") else small
    if kind == "spectrum" and rng.random() < 0.1:
        settings[kind] = rng.choice(["0", "0*i", "i - i"])
    settings["features"] = rng.choice(["top", "gaussian"])
    method = rng.choice([("sgd", "geometric"), ("averaged-sgd", "constant"), ("sgd", "constant")])
    settings["algorithm"], settings["schedule"] = method
    used = {"batch": ("variance", "bias", "risk", "excess"),
            "spectrum": ("variance", "bias", "risk",
            "excess", "mean_bias")}.get(kind, ("variance", "approx", "mean_bias", "risk", "bias",
            "excess"))  # fmt: skip
    says = rng.choice([claim for claim in claims if claim.startswith(used)])
    return Case({"says": says, "assume": [], **settings}, f"{kind} = {settings[kind]}")


def impossible(rng: random.Random) -> Case:
    """Return a law under assumptions that nothing satisfies."""
    s = Scope(rng)
    law = composed(s)
    x, y = s.new_size(), s.new_size()
    p, q = rng.sample([name for name in PARAMETERS if name not in s.taken()], 2)
    more = rng.choice([
        [f"{p} > 1", f"{p} < 1"], [f"{p} > 2", f"{q} < 1", f"{p} < {q}"], [f"{p}^2 < 0"],
        [f"{p} = 1", f"{p} = 2"], [f"1 < {p} < 1"], [f"{p} > {q}", f"{q} > {p} + 1"],
        [f"{x} <= 10"], [f"{x} <= 1/{y}"], [f"{x} >= {y}^2", f"{y} >= {x}^2"], [f"gamma >= {x}"],
        [f"{x}*{y} <= {x}"], [f"{x} = 1"], ["N_eff >= N"], [f"{x}^(1/2) >= {x}"],
        [f"{x}*gamma <= 1", f"{x}*gamma >= {y}"], [f"{x} = {y}", f"{x} >= {y}^2"],
    ])  # fmt: skip
    table = _table(s, f"{law.left} = {rng.choice(['Theta', 'O', 'Omega', 'o'])}({law.right})")
    table["assume"] = [*s.assume, *more]
    return Case(table, "no value or no limit satisfies " + ", ".join(more))
