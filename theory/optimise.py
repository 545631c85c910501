r"""The search for optima: where a sum of monomials is least under monomial constraints.

In logarithms the objective is a maximum of linear forms on each region, so its minimum is a linear
program.  It is solved at an example of the parameters; the constraints that are active there are
then solved as equations with symbolic coefficients, which gives the point and the value as
monomials in the names that are not varied.  `proofs_check.optimum` re-checks the outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import numpy as np
from scipy.optimize import linprog

from proofs_check.algebra import Form, Frac
from proofs_check.claim import Claim
from proofs_check.cone import Context, clauses, lin, normal_form
from proofs_check.expr import Num, power
from proofs_check.goals import read_expr
from proofs_check.growth import bound
from proofs_check.logform import LOGLOG, form_expr, log_tree
from proofs_check.optimum import (
    at_point,
    feasibility,
    gap_goal,
    outer_context,
    parts_of,
    place,
    read_point,
    value_tree,
    varied,
)
from proofs_check.premises import Premises, premises, with_slack
from theory.certificates import holds_at_examples, points
from theory.derivation import grown, needs
from theory.lattices import simplified
from theory.planner import plan
from theory.prover import ZERO, Prover, SplitNeededError, StuckError
from theory.rates import Region, regions

__all__ = ["ask_for_polynomial_sizes", "candidates", "optimum_derivation", "proposed_optimum"]

TINY = 1e-9


def optimum_derivation(claim: Claim) -> dict[str, Any]:
    """Return the derivation of a claim about an optimum as data; raises `StuckError`."""
    ready = premises(claim)
    parts_of(ready)
    return {"kind": "optimum", "needs": needs(ready), "tree": grown(ready, (), _chosen)}


def proposed_optimum(ready: Premises) -> str:
    """Return what is proposed for ``optimal(...)`` as text, "" where nothing is."""
    if "compare" in grown(ready, (), lambda inner, prover: {}):
        return ""
    for point, value in candidates(ready):
        name = place(ready)
        variable = None if name is None else ready.variable(name)
        form = value if variable is None else point.get(variable)
        if form is None:
            return ""
        if variable not in (name, None):  # N = N_eff log N_eff, with the logarithm of `_symbolic`
            scale = min(ready.ctx.sizes - varied(ready))
            form = form + Form({LOGLOG + scale: ready.ctx.ring.one})
        return str(form_expr(form, ready.ctx))
    return ""


def _chosen(ready: Premises, prover: Prover) -> dict[str, Any]:
    """Choose the point and prove the claim about it."""
    problem = StuckError("no optimum was found")
    _ask_for_one_claimed_form(ready, prover)
    # The same assumptions may come with another objective.
    key = ("candidates", str(ready.left.upper), str(ready.left.lower), varied(ready))
    found = prover.once(key, lambda: list(candidates(ready)))
    for point, value in found:
        node: dict[str, Any] = {
            "point": {v: str(form_expr(f, ready.ctx)) for v, f in point.items()},
            "value": str(form_expr(value, ready.ctx)),
        }
        try:
            _require_claimed_place(ready, point)
            return node | _proved(ready, node)
        except StuckError as stuck:
            problem = stuck
    raise problem


def _ask_for_one_claimed_form(ready: Premises, prover: Prover) -> None:
    """Ask which part of a minimum or maximum that is claimed for a place is the one."""
    if place(ready) is None:
        return
    claimed = simplified(log_tree(ready.right, ready.ctx), prover)
    for first, second in combinations(claimed.parts, 2):
        if first.form is not None and second.form is not None:
            raise SplitNeededError(first.form - second.form)


def _require_claimed_place(ready: Premises, point: dict[str, Form]) -> None:
    """Give up at once where the place of a proposed optimum is not of the claimed order.

    Logarithms are left to the proof.
    """
    name = place(ready)
    if name is None:
        return
    found = point.get(ready.variable(name))
    claimed = log_tree(ready.right, ready.ctx).form
    if found is None or claimed is None:
        return
    difference = found - claimed
    powers = Form({v: c for v, c in difference.coeffs.items() if not v.startswith(LOGLOG)})
    outer = Prover(outer_context(ready))
    relation = ready.claim.relation.removesuffix("tilde")
    if (relation != "Omega" and not outer.nonnegative(-powers)) or (
        relation != "O" and not outer.nonnegative(powers)
    ):
        raise StuckError(f"the optimal {name} is {form_expr(found, ready.ctx)}")


def _proved(ready: Premises, node: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for part in parts_of(ready):
        if part == "attained":
            point = read_point(ready, node["point"])
            outer = Prover(outer_context(ready))
            out["feasible"] = [
                outer.goal(lin(ZERO), tree, diverging)
                for tree, diverging in feasibility(ready, point)
            ]
            at = replace(ready, ctx=at_point(ready.ctx, point))
            out["attained"] = grown(at, (), _attained_leaf(node))
        else:
            out |= _lower_proof(ready, node)
    return out


def _attained_leaf(node: dict[str, Any]) -> Any:
    def leaf(ready: Premises, prover: Prover) -> dict[str, Any]:
        bounds: dict[str, Any] = {}
        plan(ready.left.upper, True, prover, bounds)
        upper = bound(ready.left.upper, True, ready.ctx, bounds)
        assert upper is not None
        proof = Prover(with_slack(ready)).goal(upper, value_tree(ready, node))
        return {"bounds": bounds, "goal": proof}

    return leaf


def _lower_proof(ready: Premises, node: dict[str, Any]) -> dict[str, Any]:
    if place(ready) is None:
        return {"lower": grown(ready, (), _lower_leaf(node))}
    problem = StuckError("the objective has no slope away from the optimum")
    found = regions(ready)
    for cap in ({}, _cap(ready, node)):
        if cap is None:
            continue
        for slope in _slopes(ready, found, node | cap):
            trial = {"slope": str(ready.ctx.ring.expr(slope)), **cap}
            try:
                return trial | {"lower": grown(ready, (), _lower_leaf(node | trial))}
            except StuckError as stuck:
                problem = stuck
    raise problem


def _cap(ready: Premises, node: dict[str, Any]) -> dict[str, Any] | None:
    """Return the cap 1/V with the proof that it tends to infinity, None where it does not."""
    cap = power(read_expr(node["value"]), Num(Fraction(-1)))
    try:
        tree = log_tree(cap, ready.ctx)
        proof = Prover(ready.ctx).goal(lin(ZERO), tree, diverging=True)
    except StuckError:
        return None
    return {"cap": str(cap), "unbounded": proof}


def _lower_leaf(node: dict[str, Any]) -> Any:
    def leaf(ready: Premises, prover: Prover) -> dict[str, Any]:
        bounds: dict[str, Any] = {}
        plan(ready.left.lower, False, prover, bounds)
        lower = bound(ready.left.lower, False, ready.ctx, bounds)
        if lower is None:
            raise StuckError("no lower bound of the objective was found")
        try:
            proof = Prover(with_slack(ready)).goal(gap_goal(ready, node), lower)
        except StuckError:
            ask_for_polynomial_sizes(ready, prover)
            raise
        return {"bounds": bounds, "goal": proof}

    return leaf


def ask_for_polynomial_sizes(ready: Premises, prover: Prover) -> None:
    """Ask whether a varied size is above the root of an outer one, so that their logs agree."""
    one = ready.ctx.ring.one
    inside = sorted(varied(ready) & ready.ctx.sizes)
    for name, outer in product(inside, sorted(ready.ctx.sizes - varied(ready))):
        form = Form({name: one}) - Form({outer: ready.ctx.ring.number(Fraction(1, 2))})
        if not prover.nonnegative(form) and not prover.nonnegative(-form):
            raise SplitNeededError(form)


def _slopes(ready: Premises, found: list[Region], node: dict[str, Any]) -> Iterator[Frac]:
    """Yield candidates for the slope that work at examples of the parameters, steepest first.

    They are the sizes of the exponents that the varied names have in the objective, and the
    harmonic sum of two of them, which is below both whatever their order.
    """
    ctx = ready.ctx
    sizes: list[Frac] = []
    for region in found:
        for clause in normal_form(region.upper, "min"):
            for form in clause:
                for name in varied(ready) & form.coeffs.keys():
                    value = form.coeffs[name]
                    sizes.append(value if ctx.sign(value) == "+" else -value)
    sizes = list(dict.fromkeys(sizes))
    sizes += [one * other / (one + other) for one, other in combinations(sizes, 2)]
    for slope in dict.fromkeys(sizes):
        if ctx.sign(slope) == "+" and _plausible(
            found, node | {"slope": str(ctx.ring.expr(slope))}
        ):
            yield slope


def _plausible(found: list[Region], node: dict[str, Any]) -> bool:
    """Whether the gap can be proved region by region at examples of the parameters."""
    for region in found:
        if region.lower is None:
            return False
        slack = with_slack(region.ready)
        for clause in clauses(gap_goal(region.ready, node), region.lower):
            if not holds_at_examples(slack, clause):
                return False
    return True


# Candidates for the point.


def candidates(
    ready: Premises, tilts: Sequence[dict[str, float]] = ({},)
) -> Iterator[tuple[dict[str, Form], Form]]:
    """Yield points and values, least value first, from the regions of the objective.

    A tilt adds small multiples of the varied logarithms to the objective, so that of several
    optima one at the end of their face is found.
    """
    best: dict[tuple[Any, ...], list[tuple[float, dict[str, Form], Form]]] = {}
    for region in regions(ready):
        for pieces in normal_form(region.upper, "min"):
            for sample in points(region.ctx.ring, region.ctx.factors):
                for number, tilt in enumerate(tilts):
                    solved = _solved(region, pieces, sample, varied(ready), tilt)
                    if solved is not None:
                        best.setdefault((sample, number), []).append(solved)
    seen: list[dict[str, Form]] = []
    for solutions in best.values():
        _, point, value = min(solutions, key=lambda solution: solution[0])
        if point not in seen:
            seen.append(point)
            yield point, value


def _solved(
    region: Region,
    pieces: Sequence[Form],
    sample: tuple[Fraction, ...],
    inside: frozenset[str],
    tilt: Mapping[str, float],
) -> tuple[float, dict[str, Form], Form] | None:
    """Minimise the maximum of the pieces at sample parameters; solve the active constraints."""
    ctx = region.ctx
    outer_sizes = sorted(ctx.sizes - inside)
    given = _given_direction(ctx, inside, sample)
    if not outer_sizes or given is None:
        return None
    names = [*sorted(inside), "value"]
    equations = [(form, True) for form in pieces]
    equations += [(form.form, False) for form in ctx.generators if form.absorbed_by is None]
    rows, rhs = [], []
    for form, is_piece in equations:
        row, constant = _numbers(form, is_piece, names, sample, given)
        rows.append(row)
        rhs.append(constant)
    cost = np.array([*(tilt.get(name, 0.0) for name in names[:-1]), 1.0])
    matrix, right = -np.array(rows), np.array(rhs)
    answer = linprog(cost, matrix, right, bounds=(None, None), method="highs-ds")
    if answer.status != 0 or answer.x is None:
        return None
    slack = right - matrix @ answer.x
    active = [
        equations[k] for k in np.argsort(np.abs(slack), kind="stable") if abs(slack[k]) < TINY
    ]
    solution = _symbolic(active, names, sample, ctx, outer_sizes[0])
    if solution is None:
        return None
    value = solution.pop("value")
    return float(cost @ answer.x), solution, value


def _given_direction(
    ctx: Context, inside: frozenset[str], sample: tuple[Fraction, ...]
) -> dict[str, float] | None:
    """Return logarithms of the names that are not varied, well inside of what is known of them.

    Every size is at most 1; the least distance from the assumptions is made as large as possible.
    """
    names = sorted((ctx.sizes | {"gamma"}) - inside)
    rows, sums = [], []
    for generator in ctx.generators:
        variables = {v for v in generator.form.coeffs if not v.startswith(LOGLOG)}
        if not variables or not variables <= set(names):
            continue
        entries = [generator.form.coeffs.get(n) for n in names]
        numbers = [0.0 if c is None else float(c.at(sample)) for c in entries]
        opposite = any(g.form == -generator.form for g in ctx.generators)
        rows.append([-number for number in numbers] + [0.0 if opposite else 1.0])
        sums.append(0.0)
    cost = np.zeros(len(names) + 1)
    cost[-1] = -1.0
    limits = [(-1.0, 1.0)] * len(names) + [(0.0, 1.0)]
    if not rows:
        return dict.fromkeys(names, 1.0)
    answer = linprog(cost, np.array(rows), np.array(sums), bounds=limits, method="highs-ds")
    if answer.status != 0 or answer.x is None:
        return None
    return dict(zip(names, answer.x, strict=False))


def _numbers(
    form: Form,
    is_piece: bool,
    names: list[str],
    sample: tuple[Fraction, ...],
    given: Mapping[str, float],
) -> tuple[list[float], float]:
    """Return the row of ``row · x >= -constant``, the outer names in the given direction."""
    sign = -1.0 if is_piece else 1.0
    row = [0.0] * len(names)
    constant = 0.0
    for variable, coeff in form.coeffs.items():
        number = sign * float(coeff.at(sample))
        if variable in names:
            row[names.index(variable)] += number
        else:
            constant += number * given.get(variable, 0.0)
    if is_piece:
        row[-1] += 1.0
    return row, constant


def _symbolic(
    active: list[tuple[Form, bool]],
    names: list[str],
    sample: tuple[Fraction, ...],
    ctx: Context,
    outer: str,
) -> dict[str, Form] | None:
    """Solve active constraints as equations, over the functions of the parameters.

    Double logarithms of varied sizes are those of the outer size.
    """
    one = ctx.ring.one
    zero = ctx.ring.zero
    rows: dict[str, Form] = {}
    for form, is_piece in active:
        row = _renamed(form, names, outer)
        if is_piece:
            row = Form({"value": one}) - row
        for pivot, other in rows.items():
            row = row - other.scale(row.coeffs.get(pivot, zero))
        lead = next((n for n in names if n in row.coeffs and row.coeffs[n].at(sample) != 0), None)
        if lead is None:
            continue
        row = row.scale(one / row.coeffs[lead])
        rows = {p: other - row.scale(other.coeffs.get(lead, zero)) for p, other in rows.items()}
        rows[lead] = row
    if len(rows) < len(names):
        return None
    return {pivot: Form({pivot: one}) - row for pivot, row in rows.items()}


def _renamed(form: Form, names: list[str], outer: str) -> Form:
    row = Form({})
    for variable, coeff in form.coeffs.items():
        inner = variable.removeprefix(LOGLOG)
        name = LOGLOG + outer if variable != inner and inner in names else variable
        row = row + Form({name: coeff})
    return row
