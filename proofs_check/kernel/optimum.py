r"""Claims about optima: the minimum of an objective under constraints, and where it is attained.

Let E be the objective, subject to the constraints; its value is known between two explicit
expressions up to constants (`meaning`).  The names in `over` vary, the others are given (*outer*).
The derivation names a value V and a point, both monomials in the outer names, and proves

1. *Feasible*: at the point the assumptions and constraints hold, the varied sizes tend to infinity
   and the step size is bounded;
2. *Attained*: ``E <= C V`` at the point;
3. *Lower bound*: ``E >= c V`` for all feasible values of the varied names; for a claim about the
   place X of the optimum with the *gap*: ``E >= c V min(max(X/R, R/X)^δ, G)`` for some
   ``δ > 0`` and G that tends to infinity (or without G).

From 2 and 3 the minimum is of order V.  With the gap, wherever E is within a factor K of its
minimum ``min(max(X/R, R/X)^δ, G) <= C K/c``; G is larger eventually, so X is of order R.  For
``O`` (``Omega``) about a place ``(X/R)^δ`` (``(R/X)^δ``) is enough; about the value, 2 (3) is.
``o`` is proved as ``O`` of something whose ratio to the right side tends to 0 (`in_place_of_o`).
The tilde relations lose powers of logarithms in every comparison; there G is left out, for it
might be such a power.

V and R may not depend on the varied names, or 2 would speak of another V than 3.  In claims
about the value, V is the right side.  Distinctions of cases may involve only outer names above
the choice of the point, and any names within the proofs of 2 and 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ratecert.proofs_check.kernel.algebra import Form
from ratecert.proofs_check.kernel.cases import Leaf, check_tree, comparisons
from ratecert.proofs_check.kernel.cone import (
    Context,
    Generator,
    Tree,
    join,
    lin,
    meet,
    plus,
    scaled,
)
from ratecert.proofs_check.kernel.goals import (
    check_goal,
    entry,
    is_impossible,
    parameter,
    read_expr,
    refined,
)
from ratecert.proofs_check.kernel.growth import bound
from ratecert.proofs_check.kernel.logform import LOGLOG, log_tree, monomial, names_of
from ratecert.proofs_check.kernel.premises import Premises, with_sizes, with_slack
from ratecert.proofs_check.language.claim import optimal_of
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Call, Expr, Name, free_names

__all__ = ["at_point", "check_optimum", "feasibility", "gap_goal", "in_place_of_o",
           "nowhere_below", "outer_context", "parts_of", "place", "read_point", "require_outer",
           "value_tree", "varied"]  # fmt: skip

SIDES: Mapping[str, tuple[str, ...]] = {
    "Theta": ("attained", "lower"),
    "O": ("attained",),
    "Omega": ("lower",),
    "o": ("attained",),
}


def parts_of(ready: Premises) -> tuple[str, ...]:
    """Return what is to be proved, "attained" and "lower"; a place always needs both."""
    relation = ready.claim.relation.removesuffix("tilde")
    if relation not in SIDES:
        raise RejectedError(f"no rule proves {ready.claim.relation} of an optimum")
    return SIDES[relation] if place(ready) is None else SIDES["Theta"]


def in_place_of_o(ready: Premises, below: Expr) -> Premises:
    """Return the premises of the claim that the optimum is ``O`` of something."""
    return replace(ready, right=below, claim=replace(ready.claim, relation="O", right=below))


def place(ready: Premises) -> str | None:
    """Return X of ``optimal(X)``, or None for ``optimal(value)``."""
    name = optimal_of(ready.claim.left)
    if name is None:
        raise RejectedError("a claim about an optimum is about optimal(X) or optimal(value) alone")
    return None if name == "value" else name


def check_optimum(ready: Premises, node: Any) -> None:
    """Check the derivation of a claim about an optimum."""
    if isinstance(node, Mapping) and "compare" in node:
        for compared, key in comparisons(ready, node):
            check_optimum(compared, entry(node, key))
        return
    if isinstance(node, Mapping) and "split" in node:
        names = names_of(monomial(read_expr(node["split"]), ready.ctx))
        if not names.isdisjoint(varied(ready)):
            raise RejectedError("a case above the choice of the point involves a varied name")
    steps = list(refined(node, ready.ctx))
    for ctx, rest in steps:
        check_optimum(with_sizes(ready, ctx), rest)
    if not steps and not is_impossible(node, ready.ctx):
        _check_choice(ready, node)


def varied(ready: Premises) -> frozenset[str]:
    """Return the variables that the objective is minimised over."""
    assert ready.claim.objective is not None
    return frozenset(map(ready.variable, ready.claim.objective.over))


def _check_choice(ready: Premises, node: Any) -> None:
    if ready.pending or ready.unused:
        raise RejectedError("an assumption that no rule can use leaves the feasible set unknown")
    require_outer(ready.right, ready)
    if ready.claim.relation == "o":
        bounded = in_place_of_o(ready, read_expr(entry(node, "below")))
        require_outer(bounded.right, bounded)
        small, large = (log_tree(side.right, ready.ctx) for side in (bounded, ready))
        check_goal(small, large, entry(node, "smaller"), outer_context(ready), diverging=True)
        ready = bounded
    for part in parts_of(ready):
        if part == "attained":
            point = read_point(ready, entry(node, "point"))
            proofs = entry(node, "feasible")
            outer = outer_context(ready)
            for number, (tree, diverging) in enumerate(feasibility(ready, point)):
                check_goal(lin(Form({})), tree, _numbered(proofs, number), outer, diverging)
            at = replace(ready, ctx=at_point(ready.ctx, point))
            check_tree(at, entry(node, "attained"), _check_attained(node))
        else:
            gap = nowhere_below(lambda case: gap_goal(case, node), losing=True)
            check_tree(ready, entry(node, "lower"), gap)


def _numbered(proofs: Any, number: int) -> Any:
    if not isinstance(proofs, list) or number >= len(proofs):
        raise RejectedError("the feasibility of the point needs more proofs")
    return proofs[number]


# The point.


def outer_context(ready: Premises) -> Context:
    """Return the context of the names that are not varied: what is known of them alone."""
    ctx, inside = ready.ctx, varied(ready)
    kept = tuple(g for g in ctx.generators if names_of(g.form).isdisjoint(inside))
    return replace(ctx, generators=kept, sizes=ctx.sizes - inside)


def read_point(ready: Premises, data: Any) -> dict[str, Form]:
    """Return the forms of the varied variables at the point, their double logarithms included."""
    outer = outer_context(ready)
    point: dict[str, Form] = {}
    for name in sorted(varied(ready)):
        expr = read_expr(entry(data, name))
        point[name] = monomial(expr, outer)
        if name in ready.ctx.sizes:
            loglog = log_tree(Call("log", (expr,)), outer).form
            if loglog is None:
                raise RejectedError(f"the logarithm of {expr} is not of one order")
            point[LOGLOG + name] = loglog
    return point


def feasibility(ready: Premises, point: Mapping[str, Form]) -> list[tuple[Tree, bool]]:
    """Return what must be bounded below (or tend to infinity) in the outer context."""
    return [
        (lin(_put(g.form, point)), g.grows)
        for g in ready.ctx.generators
        if g.absorbed_by is None and not names_of(g.form).isdisjoint(varied(ready))
    ]


def _put(form: Form, point: Mapping[str, Form]) -> Form:
    total = Form({})
    for variable, coeff in form.coeffs.items():
        value = point.get(variable)
        if value is None and not names_of(Form({variable: coeff})).isdisjoint(point):
            raise RejectedError(f"no rule gives the {variable} of the point")
        total = total + (Form({variable: coeff}) if value is None else value.scale(coeff))
    return total


def at_point(ctx: Context, point: Mapping[str, Form]) -> Context:
    """Add that the varied variables are at the point, up to constant factors."""
    one = ctx.ring.one
    for variable, form in point.items():
        difference = Form({variable: one}) - form
        ctx = ctx.with_generators(
            Generator(difference, f"{variable} at the point"),
            Generator(-difference, f"{variable} at the point"),
        )
    return ctx


# The comparisons.


def require_outer(expr: Expr, ready: Premises) -> None:
    """Reject an expression in which a varied name occurs.

    Raises
    ------
    RejectedError
        Where one occurs.
    """
    if found := sorted(free_names(expr) & varied(ready)):
        raise RejectedError(f"{expr} may not depend on {found[0]}, which is minimised over")


def value_tree(ready: Premises, node: Any) -> Tree:
    """Return ``log V``."""
    value = ready.right if place(ready) is None else read_expr(entry(node, "value"))
    require_outer(value, ready)
    return log_tree(value, ready.ctx)


def gap_goal(ready: Premises, node: Any) -> Tree:
    """Return ``log V``, for a place with ``δ`` times the distance of ``log X`` from ``log R``."""
    value, name = value_tree(ready, node), place(ready)
    if name is None:
        return value
    ctx = ready.ctx
    slope = parameter(entry(node, "slope"), ctx)
    if ctx.sign(slope) != "+":
        raise RejectedError("the slope away from the optimum is not positive")
    minus = ctx.ring.number(-1)
    where, claimed = log_tree(ready.read(Name(name)), ctx), log_tree(ready.right, ctx)
    above = plus([where, scaled(claimed, minus, ctx)])
    below = plus([claimed, scaled(where, minus, ctx)])
    sides = {"Theta": [above, below], "O": [above], "Omega": [below]}
    distance = join(sides[ready.claim.relation.removesuffix("tilde")])
    gap = scaled(distance, slope, ctx)
    if "cap" in node:
        if ready.claim.relation.endswith("tilde"):
            raise RejectedError("the gap may not be capped where powers of logarithms are lost")
        cap = log_tree(read_expr(node["cap"]), ctx)
        check_goal(lin(Form({})), cap, entry(node, "unbounded"), ctx, diverging=True)
        gap = meet([gap, cap])
    return plus([value, gap])


def _check_attained(node: Any) -> Any:
    def leaf(ready: Premises, inner: Any) -> None:
        upper = bound(ready.left.upper, True, ready.ctx, entry(inner, "bounds"))
        assert upper is not None, "only lower bounds can be 0"
        check_goal(upper, value_tree(ready, node), entry(inner, "goal"), with_slack(ready))

    return leaf


def nowhere_below(least: Callable[[Premises], Tree], losing: bool = False) -> Leaf:
    """Return the leaf that checks ``E >= c exp(least)``, the objective bounded from below.

    Where the claim's relation allows it, a `losing` comparison may lose powers of logarithms.
    """

    def leaf(ready: Premises, inner: Any) -> None:
        lower = bound(ready.left.lower, False, ready.ctx, entry(inner, "bounds"))
        if lower is None:
            raise RejectedError("no lower bound of the objective is given")
        ctx = with_slack(ready) if losing else ready.ctx
        check_goal(least(ready), lower, entry(inner, "goal"), ctx)

    return leaf
