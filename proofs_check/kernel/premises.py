"""What a claim lets one assume: its expressions and its assumptions as a context of the checker.

- Exponentials that compete are balanced first (`balance`); what is then on the left is a multiple
  of the claim's left side, and on the right the same multiple of the right one.
- Quantities are replaced by their meaning.  ``N`` and ``N_eff = N/log N``: where ``N_eff``
  occurs it is the variable and ``N`` is ``N_eff log N_eff``, equal up to a factor that tends to
  1, as ``log N_eff = log N - log log N`` does with ``log N``.
- ``gamma = 1`` says that the step size is of constant order; it is replaced by 1 where no rule
  sees constant factors, and an expression in which one does is refused (`_require_unit`).  Other
  comparisons of it with constants are not used then.
- An equation that gives a parameter (``b = a``) is used as a substitution; other relations between
  parameters become `Factor`s.
- ``X >= Y`` between sizes says that ``log X - log Y`` is bounded below (for every constant, so the
  constants of the derivation may depend on it); it becomes generators of the cone.  With ``max``
  (or ``+``) on the right or ``min`` on the left it splits into several.
- Every size S gives the generators ``log S``, ``log log S`` and, absorbed by ``log S``,
  ``-log log S``; the step size gives ``-log gamma``; an index that is free in the claim gives its
  logarithm.

Leaving an assumption out is sound; those that no rule can use are listed in `unused`.

*Exact* premises, of claims with ``~``, replace quantities by what they are (`exact`), and leave
``N_eff`` and the step size as they are: ``gamma = 1`` says that gamma is bounded below, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from ratecert.proofs_check.kernel.algebra import Factor, Form, NotRationalError, Ring
from ratecert.proofs_check.kernel.balance import balanced
from ratecert.proofs_check.kernel.cone import Context, Generator, SignNeededError, Tree, single
from ratecert.proofs_check.kernel.logform import LOGLOG, log_tree
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import (
    NUMBERS,
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    Sum,
    add,
    free_names,
    mul,
    substitute,
    walk,
)
from ratecert.proofs_check.language.quantities import QUANTITIES
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.meaning.definitions import Meaning, is_quantity
from ratecert.proofs_check.meaning.exact import exact_meaning
from ratecert.proofs_check.meaning.filters import explicit
from ratecert.proofs_check.meaning.laws import NoMeaningError

__all__ = [
    "Premises",
    "condition_generators",
    "is_about_parameters",
    "is_assumed",
    "is_evident",
    "left_and_right",
    "premises",
    "require_explicit",
    "stated",
    "with_sizes",
    "with_slack",
]

CONSTANTS = NUMBERS | {"sigma"}
N_EFF = Name("N_eff")
UNIT_STEP = {"gamma": Num(Fraction(1))}
STEPS = {"N": mul(N_EFF, Call("log", (N_EFF,)))}
"""N in terms of N_eff."""


@dataclass(frozen=True, slots=True)
class Premises:
    """A claim made ready: its sides as explicit expressions, and what may be assumed.

    `left` is the meaning of the claim's left side, or of its objective if it is about an optimum;
    `equations` are the substitutions of parameters in the order they were made.  `pending` are
    assumptions about sizes that can be read only when signs of their exponents are proved.
    Where it `is_stated`, both sides stand as they are written, quantities included.
    """

    claim: Claim
    ctx: Context
    left: Meaning
    right: Expr
    constraints: tuple[Condition, ...]
    equations: tuple[tuple[str, Expr], ...]
    pending: tuple[Condition, ...]
    unused: tuple[str, ...]
    uses_n_eff: bool = False
    exact: bool = False
    is_stated: bool = False

    def anew(self, *more: Condition) -> Premises:
        """Read the claim again in the same way, with more assumptions."""
        if self.is_stated:
            return stated(self.claim, *more)
        return premises(self.claim, *more, exact=self.exact)

    def variable(self, name: str) -> str:
        """Return the variable that stands for a name: N_eff for N where it occurs."""
        return "N_eff" if name == "N" and self.uses_n_eff else name

    def read(self, expr: Expr) -> Expr:
        """Write another expression in the same variables and parameters."""
        if self.uses_n_eff:
            expr = substitute(expr, STEPS)
        if not self.exact and any(_fixes_step(c) for c in (*self.claim.assume, *self.constraints)):
            expr = substitute(expr, UNIT_STEP)
        for equation in self.equations:
            expr = substitute(expr, dict([equation]))
        return expr


def premises(claim: Claim, *more: Condition, exact: bool = False) -> Premises:
    """Read a claim's sides and its assumptions, with `more` of them.

    Parameters
    ----------
    exact
        Whether constant factors count.

    Raises
    ------
    RejectedError
        Where a quantity has no meaning for the setting.
    """
    claim = replace(claim, assume=(*claim.assume, *more))
    require_explicit(claim.right, *_sides(claim.assume))
    subject = claim.objective.expr if claim.objective else claim.left
    try:
        if exact:
            left, right = (
                exact_meaning(e, claim.setting, claim.sizes) for e in (subject, claim.right)
            )
        else:
            left, right = (explicit(e, claim.setting, claim.sizes) for e in left_and_right(claim))
    except NoMeaningError as error:
        raise RejectedError(str(error)) from error
    constraints = claim.objective.subject_to if claim.objective else ()
    require_explicit(*_sides(constraints))
    left = replace(left, needs=tuple(dict.fromkeys((*left.needs, *right.needs))))
    return _assembled(claim, left, right.upper, claim.assume, constraints, exact)


def stated(claim: Claim, *more: Condition) -> Premises:
    """Read a claim's sides as they are written, and its assumptions, with `more` of them."""
    claim = replace(claim, assume=(*claim.assume, *more))
    require_explicit(*_sides(claim.assume))
    subject = claim.objective.expr if claim.objective else claim.left
    constraints = claim.objective.subject_to if claim.objective else ()
    left = Meaning(subject, subject)
    ready = _assembled(claim, left, claim.right, claim.assume, constraints, exact=True)
    return replace(ready, is_stated=True)


def left_and_right(claim: Claim) -> tuple[Expr, Expr]:
    """Return the sides of a claim, or the objective and the right one, ready for the rules."""
    if claim.objective:
        return claim.objective.expr, claim.right
    return balanced(claim.left, claim.right, claim.sizes)


def require_explicit(*exprs: Expr) -> None:
    """Reject expressions with a quantity: its name would pass for that of a parameter.

    Raises
    ------
    RejectedError
        Where one has a quantity.
    """
    for node in (node for expr in exprs for node in walk(expr)):
        if is_quantity(node):
            raise RejectedError(f"no rule for the quantity {node} here")


def _assembled(
    claim: Claim,
    left: Meaning,
    right: Expr,
    assume: tuple[Condition, ...],
    constraints: tuple[Condition, ...],
    exact: bool,
) -> Premises:
    exprs = [left.upper, left.lower, right, *_sides(assume), *_sides(constraints)]
    uses_n_eff = any(N_EFF in walk(expr) for expr in exprs) or _is_over_n_eff(claim)
    uses_n_eff = uses_n_eff and not exact
    if uses_n_eff:
        left, right = _in_meaning(left, STEPS), substitute(right, STEPS)
        assume, constraints = _in_conditions(assume, STEPS), _in_conditions(constraints, STEPS)
    vague: tuple[Condition, ...] = ()
    if not exact and any(_fixes_step(c) for c in (*assume, *constraints)):
        vague = tuple(c for c in assume if _bounds_step(c, claim.sizes))
        assume = tuple(c for c in assume if c not in vague and not _fixes_step(c))
        for expr in (left.upper, left.lower, right, *_sides((*assume, *constraints))):
            _require_unit(expr, claim.sizes)
        if any(_bounds_step(c, claim.sizes) for c in constraints):
            raise RejectedError("no rule for a constraint between the step size and constants")
        left, right = _in_meaning(left, UNIT_STEP), substitute(right, UNIT_STEP)
        assume, constraints = (
            _in_conditions(assume, UNIT_STEP),
            _in_conditions(constraints, UNIT_STEP),
        )
    _require_indices(claim)
    sizes, indices = claim.sizes, claim.indices
    equations: list[tuple[str, Expr]] = []
    while found := _equation(assume, sizes | indices):
        equations.append(found)
        value = dict([found])
        left, right = _in_meaning(left, value), substitute(right, value)
        assume, constraints = _in_conditions(assume, value), _in_conditions(constraints, value)
        assume = tuple(c for c in assume if c.left != c.right or c.op in ("<", ">"))
    exprs = [left.upper, left.lower, right, *_sides((*assume, *constraints, *left.needs))]
    names = frozenset[str]().union(*map(free_names, exprs)) - CONSTANTS
    names |= _varied(claim, uses_n_eff)
    ring = Ring(names - sizes - indices - QUANTITIES - {"gamma"})
    ctx = _sized(Context(ring), sorted(names & sizes), sorted(names & indices), "gamma" in names)
    ctx, sized, unused = _assume_parameters(ctx, (*assume, *constraints))
    unused = (*map(str, vague), *unused)
    ready = Premises(
        claim, ctx, left, right, constraints, tuple(equations), sized, unused, uses_n_eff, exact
    )
    return with_sizes(ready, ctx)


def with_sizes(ready: Premises, ctx: Context) -> Premises:
    """Return the premises in a refined context, with the size assumptions that it can now read."""
    pending: list[Condition] = []
    unused = list(ready.unused)
    for condition in ready.pending:
        try:
            ctx = ctx.with_generators(*condition_generators(ctx, condition))
        except SignNeededError:
            pending.append(condition)
        except RejectedError:
            unused.append(str(condition))
    return replace(ready, ctx=ctx, pending=tuple(pending), unused=tuple(unused))


def _sides(conditions: Iterable[Condition]) -> list[Expr]:
    return [side for c in conditions for side in (c.left, c.right)]


def _require_unit(expr: Expr, sizes: frozenset[str]) -> None:
    """Reject an expression in which the step size, of constant order, may not stand as 1.

    Its value is seen in exponents, in functions of constants, where a range ends at a constant,
    and in sums beside numbers: there it is allowed only if all terms are positive in plain sight,
    and in a logarithm only beside a number of at least 1.  In terms with a size the rules see
    orders alone.
    """
    indices = frozenset(node.index for node in walk(expr) if isinstance(node, Sum))
    for node in walk(expr):
        if _sees_step(node, sizes, sizes | indices):
            raise RejectedError(
                f"gamma = 1 says that gamma is of constant order, not 1, in {node}"
            )


def _bounds_step(condition: Condition, sizes: frozenset[str]) -> bool:
    """Whether a condition compares the step size with constants, and is not ``gamma = 1``."""
    sides = (condition.left, condition.right)
    return not _fixes_step(condition) and _is_constant_step(add(*sides), sizes)


def _sees_step(node: Expr, sizes: frozenset[str], names: frozenset[str]) -> bool:
    match node:
        case Pow(_, exponent):
            return "gamma" in free_names(exponent)
        case Call("zeta" | "Gamma" | "sin", _):
            return "gamma" in free_names(node)
        case Call("log", (arg,)):
            terms = arg.terms if isinstance(arg, Add) else (arg,)
            number = sum((term.value for term in terms if isinstance(term, Num)), Fraction(0))
            return number < 1 and any(_is_constant_step(term, sizes) for term in terms)
        case Add(terms):
            seen = any(_is_constant_step(term, sizes) for term in terms)
            return seen and not _is_plainly_positive(node, names)
        case Sum(_, _, lo, hi):
            return any(_is_constant_step(end, sizes) for end in (lo, hi))
    return False


def _is_constant_step(term: Expr, sizes: frozenset[str]) -> bool:
    """Whether the step size is in it, and no size."""
    names = free_names(term)
    return "gamma" in names and names.isdisjoint(sizes)


def _is_plainly_positive(expr: Expr, names: frozenset[str]) -> bool:
    """Whether it is made of positive numbers, `names` and the step size by sums and products."""
    match expr:
        case Num(value):
            return value > 0
        case Name(name):
            return name in names | {"gamma"} | CONSTANTS
        case Pow(base, _):
            return _is_plainly_positive(base, names)
        case Call("exp", _):
            return True
        case Add(parts) | Mul(parts) | Call("min" | "max" | "sqrt", parts):
            return all(_is_plainly_positive(part, names) for part in parts)
    return False


def _in_conditions(
    conditions: Iterable[Condition], values: Mapping[str, Expr]
) -> tuple[Condition, ...]:
    return tuple(
        Condition(substitute(c.left, values), c.op, substitute(c.right, values))
        for c in conditions
    )


def _in_meaning(left: Meaning, values: Mapping[str, Expr]) -> Meaning:
    return Meaning(
        substitute(left.upper, values),
        substitute(left.lower, values),
        _in_conditions(left.needs, values),
        left.steps,
        left.trust,
    )


def _is_over_n_eff(claim: Claim) -> bool:
    return claim.objective is not None and N_EFF.name in claim.objective.over


def _varied(claim: Claim, uses_n_eff: bool) -> frozenset[str]:
    """Return the variables that an optimum is over: points are feasible in all of them."""
    over = frozenset() if claim.objective is None else frozenset(claim.objective.over)
    return over - {"N"} | {"N_eff"} if uses_n_eff and "N" in over else over


def _require_indices(claim: Claim) -> None:
    """Reject an eigenvalue of anything but a name or a positive whole number."""
    exprs = (claim.left, claim.objective.expr) if claim.objective else (claim.left,)
    for node in (node for expr in exprs for node in walk(expr)):
        match node:
            case Call("eigenvalue", (Name(name),)) if name not in CONSTANTS | {"gamma"}:
                pass
            case Call("eigenvalue", (Num(value),)) if value >= 1 and value.denominator == 1:
                pass
            case Call("eigenvalue", (index,)):
                raise RejectedError(f"{index} is no index: write eigenvalue(j)")


def _fixes_step(condition: Condition) -> bool:
    """Whether a condition says that the step size is of constant order."""
    sides = (condition.left, condition.right)
    return (
        condition.op == "="
        and Name("gamma") in sides
        and any(isinstance(side, Num) and side.value > 0 for side in sides)
    )


def _equation(conditions: Iterable[Condition], sizes: frozenset[str]) -> tuple[str, Expr] | None:
    """Return the first equation that gives a parameter in terms of others."""
    fixed = sizes | CONSTANTS | {"gamma"}
    for condition in conditions:
        if (
            condition.op != "="
            or (free_names(condition.left) | free_names(condition.right)) & fixed
        ):
            continue
        for name, value in ((condition.left, condition.right), (condition.right, condition.left)):
            if isinstance(name, Name) and name.name not in free_names(value) | NUMBERS | {"oo"}:
                return name.name, value
    return None


def _sized(ctx: Context, sizes: list[str], indices: list[str], step: bool) -> Context:
    """Add the generators that the names bring with them."""
    one = ctx.ring.one
    ctx = Context(ctx.ring, sizes=frozenset(sizes))
    for index in indices:
        ctx = ctx.with_index(index)
    if step:
        ctx = ctx.with_generators(Generator(Form({"gamma": -one}), "gamma <= const"))
    for size in sizes:
        loglog = Form({LOGLOG + size: one})
        ctx = ctx.with_generators(
            ctx.size_generator(size),
            Generator(loglog, f"log({size}) -> oo", grows=True),
            Generator(
                -loglog,
                f"log({size}) is below every power of {size}",
                absorbed_by=Form({size: one}),
            ),
        )
    return ctx


def _assume_parameters(
    ctx: Context, conditions: Iterable[Condition]
) -> tuple[Context, tuple[Condition, ...], tuple[str, ...]]:
    """Add the relations between parameters; return those about sizes, and those of no use."""
    sized: list[Condition] = []
    unused: list[str] = []
    for condition in conditions:
        names = free_names(condition.left) | free_names(condition.right)
        if not names <= frozenset(ctx.ring.names):
            sized.append(condition)
            continue
        try:
            ctx = ctx.with_factors(*_factors(ctx.ring, condition))
        except (NotRationalError, ZeroDivisionError):
            unused.append(str(condition))
    return ctx, tuple(sized), tuple(unused)


def _factors(ring: Ring, condition: Condition) -> list[Factor]:
    """Return ``num * den`` of the difference of the sides: it has the sign of the difference."""
    difference = (ring.frac(condition.left) - ring.frac(condition.right)).signed()
    match condition.op:
        case ">" | ">=":
            return [Factor(difference, condition.op == ">")]
        case "<" | "<=":
            return [Factor(-difference, condition.op == "<")]
    return [Factor(difference, False), Factor(-difference, False)]


def condition_generators(ctx: Context, condition: Condition) -> list[Generator]:
    """Return what a comparison of sizes says, as forms that are bounded below."""
    left, right = log_tree(condition.left, ctx), log_tree(condition.right, ctx)
    out: list[Generator] = []
    if condition.op in (">", ">=", "="):
        out += _above(left, right, str(condition))
    if condition.op in ("<", "<=", "="):
        out += _above(right, left, str(condition))
    return out


def _above(large: Tree, small: Tree, text: str) -> list[Generator]:
    """Return ``l - s`` for every part l of a minimum and every part s of a maximum."""
    return [
        Generator(_linear(upper) - _linear(lower), text)
        for upper in (large.parts if large.kind == "min" else (large,))
        for lower in (small.parts if small.kind == "max" else (small,))
    ]


def _linear(tree: Tree) -> Form:
    form = single(tree)
    if form is None:
        raise RejectedError("only minima above and maxima below can be used")
    return form


def with_slack(ready: Premises) -> Context:
    """Let goals lose powers of the logarithms of the sizes where the relation allows it."""
    ctx = ready.ctx
    if not ready.claim.relation.endswith("tilde"):
        return ctx
    forms = [Form({LOGLOG + size: -ctx.ring.one}) for size in sorted(ctx.sizes)]
    slack = (Generator(form, "up to logarithms", is_slack=True) for form in forms)
    return ctx.with_generators(*slack)


def is_assumed(condition: Condition, assume: tuple[Condition, ...]) -> bool:
    """Whether a condition stands among the assumptions, in either direction of writing."""
    return condition in assume or any(
        (c.right, _TURNED[c.op], c.left) == (condition.left, condition.op, condition.right)
        for c in assume
    )


def is_about_parameters(condition: Condition, ctx: Context) -> bool:
    """Whether a condition compares functions of the parameters alone."""
    return free_names(condition.left) | free_names(condition.right) <= set(ctx.ring.names)


def is_evident(condition: Condition, sizes: frozenset[str]) -> bool:
    """Whether a condition holds once the sizes are large: ``S >= S``, or ``S >= 7`` for a size."""
    if condition.op != ">=":
        return False
    grows = isinstance(condition.left, Name) and condition.left.name in sizes
    return condition.left == condition.right or (grows and isinstance(condition.right, Num))


_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "="}
