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
from proofs_check.growth import bound
from proofs_check.logform import LOGLOG
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
from theory.derive import grown, needs
from theory.planner import plan
from theory.prover import ZERO, Prover, SplitNeededError, StuckError, form_expr
from theory.rates import Region, regions

__all__ = ["optimum_derivation"]

TINY = 1e-9


def optimum_derivation(claim: Claim) -> dict[str, Any]:
    """Return the derivation of a claim about an optimum as data; raises `StuckError`."""
    ready = premises(claim)
    parts_of(ready)
    return {"kind": "optimum", "needs": needs(ready), "tree": grown(ready, (), _chosen)}


def _chosen(ready: Premises, prover: Prover) -> dict[str, Any]:
    """Choose the point and prove the claim about it."""
    problem = StuckError("no optimum was found")
    for point, value in _candidates(ready):
        node: dict[str, Any] = {
            "point": {v: str(form_expr(f, ready.ctx)) for v, f in point.items()},
            "value": str(form_expr(value, ready.ctx)),
        }
        try:
            return node | _proved(ready, node)
        except StuckError as stuck:
            problem = stuck
    raise problem


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
    for slope in _slopes(ready, node):
        trial = node | {"slope": str(ready.ctx.ring.expr(slope))}
        try:
            return {"slope": trial["slope"], "lower": grown(ready, (), _lower_leaf(trial))}
        except StuckError as stuck:
            problem = stuck
    raise problem


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
            _ask_for_polynomial_sizes(ready, prover)
            raise
        return {"bounds": bounds, "goal": proof}

    return leaf


def _ask_for_polynomial_sizes(ready: Premises, prover: Prover) -> None:
    """Ask whether a varied size is above the root of an outer one, so that their logs agree."""
    one = ready.ctx.ring.one
    inside = sorted(varied(ready) & ready.ctx.sizes)
    for name, outer in product(inside, sorted(ready.ctx.sizes - varied(ready))):
        form = Form({name: one}) - Form({outer: ready.ctx.ring.number(Fraction(1, 2))})
        if not prover.nonnegative(form) and not prover.nonnegative(-form):
            raise SplitNeededError(form)


def _slopes(ready: Premises, node: dict[str, Any]) -> Iterator[Frac]:
    """Yield candidates for the slope that work at examples of the parameters, steepest first.

    They are the sizes of the exponents that the varied names have in the objective, and the
    harmonic sum of two of them, which is below both whatever their order.
    """
    ctx = ready.ctx
    sizes: list[Frac] = []
    found = regions(ready)
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


def _candidates(ready: Premises) -> Iterator[tuple[dict[str, Form], Form]]:
    """Yield points and values, least value first, from the regions of the objective."""
    found: list[tuple[float, int, dict[str, Form], Form]] = []
    for region in regions(ready):
        for pieces in normal_form(region.upper, "min"):
            for sample in points(region.ctx.ring, region.ctx.factors):
                solved = _solved(region, pieces, sample, varied(ready))
                if solved is not None:
                    found.append((solved[0], len(found), *solved[1:]))
    seen: list[dict[str, Form]] = []
    for _, _, point, value in sorted(found, key=lambda item: item[:2]):
        if point not in seen:
            seen.append(point)
            yield point, value


def _solved(
    region: Region, pieces: Sequence[Form], sample: tuple[Fraction, ...], inside: frozenset[str]
) -> tuple[float, dict[str, Form], Form] | None:
    """Minimise the maximum of the pieces at sample parameters; solve the active constraints."""
    ctx = region.ctx
    outer_sizes = sorted(ctx.sizes - inside)
    if not outer_sizes:
        return None
    names = [*sorted(inside), "value"]
    equations = [(form, True) for form in pieces]
    equations += [(form.form, False) for form in ctx.generators if form.absorbed_by is None]
    rows, rhs = [], []
    for form, is_piece in equations:
        row, constant = _numbers(form, is_piece, names, sample)
        rows.append(row)
        rhs.append(constant)
    cost = np.zeros(len(names))
    cost[-1] = 1.0
    matrix, right = -np.array(rows), np.array(rhs)
    answer = linprog(cost, matrix, right, bounds=(None, None), method="highs-ds")
    if answer.status != 0:
        return None
    slack = right - matrix @ answer.x
    active = [
        equations[k] for k in np.argsort(np.abs(slack), kind="stable") if abs(slack[k]) < TINY
    ]
    solution = _symbolic(active, names, sample, ctx, outer_sizes[0])
    if solution is None:
        return None
    value = solution.pop("value")
    return float(answer.x[-1]), solution, value


def _numbers(
    form: Form, is_piece: bool, names: list[str], sample: tuple[Fraction, ...]
) -> tuple[list[float], float]:
    """Return the row of ``row · x >= -constant`` with the outer sizes at logarithm 1."""
    sign = -1.0 if is_piece else 1.0
    row = [0.0] * len(names)
    constant = 0.0
    for variable, coeff in form.coeffs.items():
        number = sign * float(coeff.at(sample))
        if variable in names:
            row[names.index(variable)] += number
        elif not variable.startswith(LOGLOG):
            constant += number if variable != "gamma" else 0.0
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
    """Solve active constraints as equations: Gaussian elimination over the functions of parameters.

    Double logarithms of varied sizes are those of the outer size.
    """
    one = ctx.ring.one
    rows: list[dict[str, Frac]] = []
    pivots: list[str] = []
    for form, is_piece in active:
        row = _renamed(form, names, outer, ctx)
        if is_piece:
            row = {v: -c for v, c in row.items()} | {"value": one}
        for pivot, other in zip(pivots, rows, strict=True):
            row = _minus(row, other, row.get(pivot))
        lead = next((n for n in names if n in row and row[n].at(sample) != 0), None)
        if lead is None:
            continue
        row = {v: c / row[lead] for v, c in row.items()}
        rows = [_minus(other, row, other.get(lead)) for other in rows]
        rows.append(row)
        pivots.append(lead)
    if len(pivots) < len(names):
        return None
    return {
        pivot: Form.of({v: -c for v, c in row.items() if v != pivot})
        for pivot, row in zip(pivots, rows, strict=True)
    }


def _renamed(form: Form, names: list[str], outer: str, ctx: Context) -> dict[str, Frac]:
    row: dict[str, Frac] = {}
    for variable, coeff in form.coeffs.items():
        inner = variable.removeprefix(LOGLOG)
        name = LOGLOG + outer if variable != inner and inner in names else variable
        row[name] = row[name] + coeff if name in row else coeff
    return row


def _minus(
    row: Mapping[str, Frac], other: Mapping[str, Frac], factor: Frac | None
) -> dict[str, Frac]:
    if factor is None or factor.is_zero():
        return dict(row)
    out = dict(row)
    for variable, coeff in other.items():
        value = -(factor * coeff)
        out[variable] = out[variable] + value if variable in out else value
    return {v: c for v, c in out.items() if not c.is_zero()}
