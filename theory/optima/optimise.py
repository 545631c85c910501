r"""The search for proofs about optima: where a rate is least under monomial constraints.

`ratecert.theory.optima.parametric` finds the optimum as monomials in the names that are not
varied, together with the distinctions of cases after which there is one; here it becomes a
derivation that `ratecert.proofs_check.kernel.optimum` re-checks: the point, that it is feasible,
that the objective is of the order of the value there, and that it is nowhere below (for a place:
that it grows away from it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, product
from typing import Any

from ratecert.proofs_check.kernel.algebra import Form, Frac
from ratecert.proofs_check.kernel.cone import Tree, lin, plus, scaled
from ratecert.proofs_check.kernel.goals import read_expr
from ratecert.proofs_check.kernel.growth import bound
from ratecert.proofs_check.kernel.logform import LOGLOG, form_expr, log_tree
from ratecert.proofs_check.kernel.optimum import (
    at_point,
    feasibility,
    gap_goal,
    in_place_of_o,
    outer_context,
    parts_of,
    place,
    read_point,
    value_tree,
    varied,
)
from ratecert.proofs_check.kernel.premises import Premises, premises, with_slack
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.expr import (
    NUMBERS,
    Add,
    Call,
    Name,
    Num,
    add,
    free_names,
    power,
)
from ratecert.theory.optima.parametric import (
    Optimum,
    Program,
    Saturations,
    Side,
    evaluated,
    optimum_everywhere,
    programs,
    saturations,
)
from ratecert.theory.optima.spots import Spot, tree_value
from ratecert.theory.search.derivation import Leaf, grown, needs
from ratecert.theory.search.lattices import simplified
from ratecert.theory.search.planner import plan
from ratecert.theory.search.prover import ZERO, Prover, SplitNeededError, StuckError

__all__ = ["Cell", "ask_for_polynomial_sizes", "cells", "nowhere_below", "optimum_derivation",
           "proposed_optimum"]  # fmt: skip

LOOSE = 0.02
"""How far apart two logarithms may be that agree up to double logarithms."""
CLOSE = 1e-5


@dataclass(frozen=True, slots=True)
class Cell:
    """One case of a claim about an optimum: what it assumes, and the optimum there.

    `n_eff` says that the variable ``N_eff`` stands for the steps.
    """

    ready: Premises
    optimum: Optimum


def optimum_derivation(claim: Claim) -> dict[str, Any]:
    """Return the derivation of a claim about an optimum as data; raises `StuckError`."""
    ready = premises(claim)
    parts_of(ready)
    return {"kind": "optimum", "needs": needs(ready), "tree": grown(ready, (), _chosen)}


def cells(ready: Premises, faces: tuple[str, ...] | None = None) -> list[Cell]:
    """Return the optimum in every case that has to be distinguished.

    Parameters
    ----------
    ready
        The premises of a claim about an optimum.
    faces
        Varied names whose least and largest optimal values are asked for; by default all.

    Raises
    ------
    StuckError, RejectedError
        Where the search gives up.
    """
    names = tuple(sorted(varied(ready))) if faces is None else faces
    found: list[Cell] = []

    def leaf(inner: Premises, prover: Prover) -> dict[str, Any]:
        optimum, _ = optimum_everywhere(inner, programs(inner), names, whole=True)
        found.append(Cell(inner, optimum))
        return {"cell": len(found) - 1}

    return [found[number] for number in _numbers(grown(ready, (), leaf))]


def _numbers(node: Any) -> Iterator[int]:
    """Yield the numbers of the cells of a tree; attempts that were given up are not in it."""
    if isinstance(node, dict):
        if "cell" in node:
            yield node["cell"]
        for key, part in node.items():
            if key not in ("signs", "absurd", "void"):
                yield from _numbers(part)


def proposed_optimum(ready: Premises) -> str:
    """Return what is proposed for ``optimal(...)`` as text, "" where it depends on the case."""
    found = cells(ready, ())
    name = place(ready)
    variable = None if name is None else ready.variable(name)
    forms = {
        cell.optimum.value if variable is None else cell.optimum.point[variable] for cell in found
    }
    if len(forms) != 1:
        return ""
    form = forms.pop()
    ctx = found[0].ready.ctx
    if variable not in (name, None):  # N = N_eff log N_eff, with the logarithm of an outer size
        form = form + Form({LOGLOG + _scale(found[0].ready): ctx.ring.one})
    return str(form_expr(form, ctx))


# The leaf of the tree above the choice of the point.


def _chosen(ready: Premises, prover: Prover) -> dict[str, Any]:
    """Choose the point and prove the claim about it."""
    _ask_for_one_claimed_form(ready, prover)
    name = place(ready)
    variable = None if name is None else ready.variable(name)
    found = programs(ready)
    faces = () if variable is None else (variable,)
    optimum, where = optimum_everywhere(ready, found, faces, whole=variable is not None)
    claimed = _claimed_below(ready, optimum, variable) if ready.claim.relation == "o" else {}
    if claimed:
        ready = in_place_of_o(ready, read_expr(claimed["below"]))
    for spot in where:
        _require_claimed(ready, found, optimum, spot)
    if "attained" in parts_of(ready):
        _require_large(ready, optimum)
    node: dict[str, Any] = {
        "point": {v: str(form_expr(f, ready.ctx)) for v, f in optimum.point.items()},
        "value": str(form_expr(optimum.value, ready.ctx)),
    }
    out: dict[str, Any] = {}
    if "attained" in parts_of(ready):
        out |= _attained_proof(ready, node)
    if "lower" in parts_of(ready):
        out |= _value_proof(ready, node) if variable is None else {}
    if variable is not None:
        growth = saturations(ready, found, optimum.value, _gap(ready), where, _sides(ready))
        out |= _gap_proof(ready, node, growth)
    return claimed | node | out


def _claimed_below(ready: Premises, optimum: Optimum, variable: str | None) -> dict[str, Any]:
    """Return what an optimum is ``O`` of, where that is smaller than what is claimed for ``o``."""
    form: Form | None = optimum.value
    if variable is not None:
        form = optimum.faces[variable][1]
    if form is None:
        raise StuckError(_face_text(variable or "", optimum.faces[variable or ""], ready))
    if variable not in (place(ready), None):
        form = form + Form({LOGLOG + _scale(ready): ready.ctx.ring.one})
    below = form_expr(form, ready.ctx)
    large = log_tree(ready.right, ready.ctx)
    proof = Prover(outer_context(ready)).goal(log_tree(below, ready.ctx), large, diverging=True)
    return {"below": str(below), "smaller": proof}


def _scale(ready: Premises) -> str:
    """Return an outer size: N is N_eff times its logarithm."""
    return min(ready.ctx.sizes - varied(ready))


def _ask_for_one_claimed_form(ready: Premises, prover: Prover) -> None:
    """Ask which part of a minimum or maximum that is claimed for a place is the one."""
    if place(ready) is None:
        return
    claimed = simplified(log_tree(ready.right, ready.ctx), prover)
    for first, second in combinations(claimed.parts, 2):
        if first.form is not None and second.form is not None:
            raise SplitNeededError(first.form - second.form)


def _sides(ready: Premises) -> tuple[Side, ...]:
    relation = ready.claim.relation.removesuffix("tilde")
    sides: dict[str, tuple[Side, ...]] = {
        "Theta": ("above", "below"), "O": ("above",), "Omega": ("below",)
    }  # fmt: skip
    return sides[relation]


def _gap(ready: Premises) -> Form:
    """Return the logarithm of the place over what is claimed for it."""
    name = place(ready)
    assert name is not None, "only places have a gap"
    claimed = simplified(log_tree(ready.right, ready.ctx), Prover(ready.ctx))
    where = log_tree(ready.read(Name(name)), ready.ctx)
    gap = plus([where, scaled(claimed, ready.ctx.ring.number(-1), ready.ctx)]).form
    if gap is None:
        raise StuckError(f"{ready.right} is not one monomial in every case")
    return gap


def _require_claimed(ready: Premises, found: list[Program], optimum: Optimum, spot: Spot) -> None:
    """Give up at once where numbers at a spot say that the optimum is not as claimed."""
    if place(ready) is None:
        numbers = {name: spot.at(form) for name, form in optimum.point.items()}
        value = evaluated(found, spot, numbers)
        low = high = value - tree_value(log_tree(ready.right, ready.ctx), spot)
        text = f"the least value is {form_expr(optimum.value, ready.ctx)}"
    else:
        ((variable, ends),) = optimum.faces.items()
        gap = _gap(ready)
        low, high = (
            infinite if end is None else spot.at(gap, **{variable: spot.at(end)})
            for end, infinite in zip(ends, (float("-inf"), float("inf")), strict=True)
        )
        text = _face_text(variable, ends, ready) + _floor_text(ready, optimum)
    close = LOOSE if ready.claim.relation.endswith("tilde") else CLOSE
    relation = ready.claim.relation.removesuffix("tilde")
    if (relation != "Omega" and high > close) or (relation != "O" and low < -close):
        raise StuckError(text)


def _face_text(name: str, ends: tuple[Form | None, Form | None], ready: Premises) -> str:
    low, high = (None if end is None else form_expr(end, ready.ctx) for end in ends)
    if low is not None and low == high:
        return f"the optimal {name} is {low}"
    sides = (f">= {low}" if low is not None else "", f"<= {high}" if high is not None else "")
    return f"optimal is every {name} {' and '.join(filter(None, sides))}".rstrip()


def _require_large(ready: Premises, optimum: Optimum) -> None:
    """Give up where a size stays bounded at the point: sizes tend to infinity."""
    for name, form in sorted(optimum.point.items()):
        if name in ready.ctx.sizes and form.is_zero():
            raise StuckError(
                f"the least value was found where {name} stays bounded, which no size does"
                + _floor_text(ready, optimum)
            )


def _floor_text(ready: Premises, optimum: Optimum) -> str:
    """Say so where a constant in the objective is of the order of the least value itself."""
    lower = ready.left.lower
    terms = lower.terms if isinstance(lower, Add) else (lower,)
    constants = set(ready.ctx.ring.names) | NUMBERS | {"sigma"}
    floor = [term for term in terms if free_names(term) <= constants]
    if not floor or not optimum.value.is_zero():
        return ""
    return (
        f": up to constant factors the constant {add(*floor)} is all that counts of the least "
        "value, and hides where the rest is least; minimise the rest alone"
    )


# The proofs.


def _attained_proof(ready: Premises, node: dict[str, Any]) -> dict[str, Any]:
    point = read_point(ready, node["point"])
    outer = Prover(outer_context(ready))
    feasible = [
        outer.goal(lin(ZERO), tree, diverging) for tree, diverging in feasibility(ready, point)
    ]
    at = replace(ready, ctx=at_point(ready.ctx, point))
    return {"feasible": feasible, "attained": grown(at, (), _attained_leaf(node))}


def _attained_leaf(node: dict[str, Any]) -> Leaf:
    def leaf(ready: Premises, prover: Prover) -> dict[str, Any]:
        bounds: dict[str, Any] = {}
        plan(ready.left.upper, True, prover, bounds)
        upper = bound(ready.left.upper, True, ready.ctx, bounds)
        assert upper is not None
        proof = Prover(with_slack(ready)).goal(upper, value_tree(ready, node))
        return {"bounds": bounds, "goal": proof}

    return leaf


def nowhere_below(least: Callable[[Premises], Tree], losing: bool = False) -> Leaf:
    """Return the leaf that proves a lower bound of the objective.

    See `ratecert.proofs_check.kernel.optimum.nowhere_below`.
    """

    def leaf(ready: Premises, prover: Prover) -> dict[str, Any]:
        bounds: dict[str, Any] = {}
        plan(ready.left.lower, False, prover, bounds)
        lower = bound(ready.left.lower, False, ready.ctx, bounds)
        if lower is None:
            raise StuckError("no lower bound of the objective was found")
        inner = Prover(with_slack(ready)) if losing else prover
        try:
            return {"bounds": bounds, "goal": inner.goal(least(ready), lower)}
        except StuckError:
            ask_for_polynomial_sizes(ready, prover)
            raise

    return leaf


def ask_for_polynomial_sizes(ready: Premises, prover: Prover) -> None:
    """Ask whether a varied size is above the root of an outer one, so that their logs agree."""
    one = ready.ctx.ring.one
    inside = sorted(varied(ready) & ready.ctx.sizes)
    for name, outer in product(inside, sorted(ready.ctx.sizes - varied(ready))):
        form = Form({name: one}) - Form({outer: ready.ctx.ring.number(Fraction(1, 2))})
        if not prover.nonnegative(form) and not prover.nonnegative(-form):
            raise SplitNeededError(form)


def _value_proof(ready: Premises, node: dict[str, Any]) -> dict[str, Any]:
    leaf = nowhere_below(lambda case: gap_goal(case, node), losing=True)
    return {"lower": grown(ready, (), leaf)}


def _gap_proof(ready: Premises, node: dict[str, Any], growth: Saturations) -> dict[str, Any]:
    problem: Exception = StuckError("the objective has no slope away from the optimum")
    cap = _cap(ready, node, growth)
    for slope in _slopes(growth, ready):
        try:
            trial = {"slope": str(ready.ctx.ring.expr(slope)), **cap}
            whole = node | trial
            leaf = nowhere_below(lambda case: gap_goal(case, whole), losing=True)  # noqa: B023
            return trial | {"lower": grown(ready, (), leaf)}
        except StuckError as stuck:
            problem = stuck
    raise problem


def _slopes(growth: Saturations, ready: Premises) -> Iterator[Frac]:
    """Yield functions of the parameters that may be at most every slope, simplest first."""
    one = ready.ctx.ring.one
    slopes = [s if ready.ctx.sign(s) == "+" else -s for s in growth.slopes]
    slopes = list(dict.fromkeys(slopes))
    if not slopes:
        yield one
        return
    prover = Prover(ready.ctx)
    least = [s for s in slopes if all(prover.weakly_positive(o - s) for o in slopes if o != s)]
    yield from least[:1]
    # Below all of them whatever their order, and far enough to lose powers of logarithms.
    total = one / slopes[0]
    for slope in slopes:
        total = total + one / slope
    ready.ctx.sign(one / total)
    yield one / total


def _cap(ready: Premises, node: dict[str, Any], growth: Saturations) -> dict[str, Any]:
    """Return what the growth away from the optimum is capped with, and that it diverges."""
    if ready.claim.relation.endswith("tilde"):
        return {}
    inverse = power(read_expr(node["value"]), Num(Fraction(-1)))
    caps = [form_expr(form, ready.ctx) for form in growth.caps]
    for known in ([*caps, inverse], caps):
        if not known:
            return {}
        cap = known[0] if len(known) == 1 else Call("min", tuple(known))
        try:
            tree = log_tree(cap, ready.ctx)
            proof = Prover(ready.ctx).goal(lin(ZERO), tree, diverging=True)
        except StuckError as stuck:
            problem = stuck
            continue
        return {"cap": str(cap), "unbounded": proof}
    raise problem
