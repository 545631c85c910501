"""Sample points of a claim: rational parameters, and paths along which its sizes may grow.

A claim holds for all parameter values and all joint limits that its assumptions allow.  This
module picks a few that matter: parameters well inside the assumptions and close to their edges,
and *paths*, on which every size is ``t^x (log t)^y``, that lie inside each regime and on the
boundaries between regimes.  Nothing here is trusted: a refutation found on a sample is re-checked
by `ratecert.proofs_check.refutation.witness`, and numbers computed along one prove nothing.

Both searches assign one variable after the other.  A condition or *boundary* (an expression that
is of constant order where two competing terms meet) in which nothing else is unassigned, and
which is linear in the variable (for paths: in its exponents), gives the variable's value, a bound
of it, or the order at which the two terms meet.  Candidates are those, points between and beyond
them, and a few plain ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations, islice, pairwise

from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Name,
    Num,
    Sum,
    add,
    children,
    div,
    free_names,
    neg,
    substitute,
)
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.meaning.definitions import Meaning
from ratecert.proofs_check.meaning.laws import NoMeaningError
from ratecert.proofs_check.paths.bounds import Path, upper_along
from ratecert.proofs_check.paths.orders import (
    CONSTANT,
    LOG,
    LOGLOG,
    Order,
    UndecidedError,
    exact_value,
)
from ratecert.proofs_check.refutation.witness import (
    GAMMA,
    N_EFF,
    N,
    Names,
    UnfoldedStatement,
    names_of,
    statement_of,
    violated,
    with_effective_steps,
)

__all__ = [
    "orders_of",
    "path_data",
    "paths_of",
    "sample_paths",
    "sample_regimes",
    "sample_values",
    "special_case",
    "values_of",
]

ONE = Fraction(1)
T = Order(ONE)
MAX_VALUES = 4000
"""Most parameter points that are listed before the first few are taken."""
MAX_PATHS = 400
"""About as many paths are listed before the first few are taken."""
_EXPONENTS = tuple(map(Fraction, ("1", "1/2", "2", "1/4", "4")))
_STEP = Fraction(1, 8)
_PLAIN = tuple(map(Fraction, ("2", "1", "1/2", "3", "3/2", "1/3", "5", "10", "0", "-1")))
_STEPS = tuple(map(Fraction, ("1", "1/2", "2", "1/10", "4", "0")))
_SHARES = tuple(map(Fraction, ("1/2", "1/4", "3/4", "1/16", "15/16", "0", "1")))


def sample_values(claim: Claim, count: int = 4) -> tuple[dict[str, Fraction], ...]:
    """Return rational parameters that satisfy the claim's conditions, in a fixed order.

    The first point lies well inside the conditions, later ones come closer to their edges.  There
    are fewer than `count` where no more are found, and none where no parameter point is found;
    a claim without parameters has the one empty point.
    """
    return tuple(islice(values_of(claim, _statement(claim)), count))


def sample_paths(
    claim: Claim, values: Mapping[str, Fraction], count: int = 12
) -> tuple[dict[str, tuple[Fraction, Fraction]], ...]:
    """Return allowed paths ``size -> (x, y)`` for ``t^x (log t)^y``, in a fixed order.

    They cover all sizes, the step size and the free indices that occur in the claim; for
    ``N_eff`` it is ``N`` that is given.  Simple ones come first.  There are fewer than `count`
    where no more are found.
    """
    statement = _statement(claim)
    found = (orders_of(path) for path in paths_of(claim, statement, values))
    plain = ({name: (o.x, o.y) for name, o in orders.items()} for orders in found)
    return tuple(islice(plain, count))


def sample_regimes(
    claim: Claim, values: Mapping[str, Fraction], count: int = 12
) -> tuple[dict[str, tuple[Fraction, Fraction]], ...]:
    """Return allowed paths as `sample_paths` does, one for each regime and boundary it finds.

    Two paths are in one regime if all pairs of competing terms (of both sides and of the
    conditions) compare alike along them: the first grows faster, the second does, or neither.
    """
    statement = _statement(claim)
    search = _PathSearch(
        special_case(statement, values), names_of(claim, statement), values, fine=False
    )
    found: dict[tuple[int | None, ...], Path] = {}
    for path in paths_of(claim, statement, values):
        found.setdefault(tuple(_comparison(e, path) for e in search.boundaries), path)
    plain = ({n: (o.x, o.y) for n, o in orders_of(path).items()} for path in found.values())
    return tuple(islice(plain, count))


def _comparison(quotient: Expr, path: Path) -> int | None:
    """Return 1, 0 or -1 as a quotient grows, stays or falls along a path; None if unknown."""
    try:
        order = upper_along(quotient, path)
    except UndecidedError:
        return None
    return (order > CONSTANT) - (order < CONSTANT)


def orders_of(path: Path) -> dict[str, Order]:
    """Return the orders of a path without N_eff, which follows from N."""
    return {name: order for name, order in path.orders.items() if name != N_EFF}


def path_data(orders: Mapping[str, Order]) -> dict[str, list[str]]:
    """Return orders as the JSON of a witness: the three exponents of each name, as text."""
    return {name: [str(o.x), str(o.y), str(o.z)] for name, o in sorted(orders.items())}


def _statement(claim: Claim) -> UnfoldedStatement:
    """Return what the claim says; where a quantity has no definition, its conditions alone."""
    try:
        return statement_of(claim)
    except NoMeaningError:
        nothing = Meaning(Num(ONE), Num(ONE))
        return UnfoldedStatement(nothing, nothing, claim.assume, ())


# Parameters.


def values_of(claim: Claim, statement: UnfoldedStatement) -> Iterator[dict[str, Fraction]]:
    """Yield parameter points that satisfy the conditions, simple and central ones first."""
    names = names_of(claim, statement).parameters
    conditions = [c for c in statement.conditions if _used(c) <= names]
    idle = names - _connected(statement, conditions)
    order = sorted(names, key=lambda name: (_is_determined(name, conditions), name))
    search = _ValueSearch(order, conditions)
    found = list(islice(search.points({}, ()), MAX_VALUES))
    # Parameters that the two sides do not depend on stay at their first value for longest.
    found.sort(
        key=lambda point: (
            sum(rank for name, rank in point[0] if name in idle),
            _diagonal(tuple(rank for name, rank in point[0] if name not in idle)),
        )
    )
    for _, values in found:
        yield values


def _connected(statement: UnfoldedStatement, conditions: list[Condition]) -> frozenset[str]:
    """Return the names in the two sides, and those that conditions connect with them."""
    left, right = statement.left, statement.right
    sides = (left.upper, left.lower, right.upper, right.lower)
    sized = [c for c in statement.conditions if c not in conditions]
    names = frozenset[str]().union(*map(free_names, sides), *map(_used, sized))
    while more := [c for c in conditions if _used(c) & names and not _used(c) <= names]:
        names = names.union(*map(_used, more))
    return names


def _used(condition: Condition) -> frozenset[str]:
    return free_names(condition.left) | free_names(condition.right)


def _is_determined(name: str, conditions: list[Condition]) -> bool:
    """Whether an equality gives the parameter in terms of others."""
    return any(c.op == "=" and c.left == Name(name) for c in conditions)


def _diagonal(ranks: tuple[int, ...]) -> tuple[int, int, tuple[int, ...]]:
    """Order points so that the first few differ in every coordinate."""
    return (max(ranks) - min(ranks), sum(ranks), ranks) if ranks else (0, 0, ranks)


@dataclass(frozen=True, slots=True)
class _ValueSearch:
    """Assign the names in order; a point comes with the rank of each free choice."""

    names: list[str]
    conditions: list[Condition]

    def points(
        self, values: dict[str, Fraction], ranks: tuple[tuple[str, int], ...]
    ) -> Iterator[tuple[tuple[tuple[str, int], ...], dict[str, Fraction]]]:
        if not self._hold(values):
            return
        if len(values) == len(self.names):
            yield ranks, values
            return
        name = self.names[len(values)]
        choices = self._choices(name, values)
        for rank, choice in enumerate(choices):
            own = ((name, rank),) if len(choices) > 1 else ()
            yield from self.points({**values, name: choice}, ranks + own)

    def _hold(self, values: Mapping[str, Fraction]) -> bool:
        known = (c for c in self.conditions if _used(c) <= set(values))
        return all(_holds(condition, values) for condition in known)

    def _choices(self, name: str, values: Mapping[str, Fraction]) -> list[Fraction]:
        lows: list[Fraction] = []
        highs: list[Fraction] = []
        for condition in self.conditions:
            if name not in _used(condition) or not _used(condition) <= {*values, name}:
                continue
            line = _line(_difference(condition, name, values))
            if line is None:
                continue
            slope, root = line
            if condition.op == "=":
                return [root]
            (lows if (condition.op in (">", ">=")) == (slope > 0) else highs).append(root)
        low, high = max(lows, default=None), min(highs, default=None)
        return list(dict.fromkeys([*_between(low, high), *_related(values, low, high)]))


def _holds(condition: Condition, values: Mapping[str, Fraction]) -> bool:
    try:
        left, right = exact_value(condition.left, values), exact_value(condition.right, values)
    except UndecidedError:
        return False
    if left is None or right is None:
        return False
    return {
        "<": left < right, "<=": left <= right, "=": left == right,
        ">=": left >= right, ">": left > right,
    }[condition.op]  # fmt: skip


def _difference(
    condition: Condition, name: str, values: Mapping[str, Fraction]
) -> Callable[[Fraction], Fraction | None]:
    expr = add(condition.left, neg(condition.right))

    def difference(value: Fraction) -> Fraction | None:
        try:
            return exact_value(expr, {**values, name: value})
        except UndecidedError:
            return None

    return difference


def _line(function: Callable[[Fraction], Fraction | None]) -> tuple[Fraction, Fraction] | None:
    """Return slope and root of a function that is linear on three points, else None."""
    first, second, third = (function(Fraction(n)) for n in (1, 2, 3))
    if first is None or second is None or third is None:
        return None
    slope = second - first
    if slope == 0 or third - second != slope:
        return None
    return slope, 1 - first / slope


def _between(low: Fraction | None, high: Fraction | None) -> list[Fraction]:
    if low is not None and high is not None:
        return [low + share * (high - low) for share in _SHARES]
    if low is not None:
        return [low + step for step in _STEPS]
    if high is not None:
        return [high - step for step in _STEPS]
    return list(_PLAIN)


def _related(
    values: Mapping[str, Fraction], low: Fraction | None, high: Fraction | None
) -> list[Fraction]:
    """Return values at which rates often change, by the values of other parameters."""
    near = [w for v in values.values() for w in (v, v + 1, 2 * v, v / 2, v - 1, 1 / v if v else v)]
    near += _PLAIN
    return [w for w in near if (low is None or low <= w) and (high is None or w <= high)]


# Paths.


def paths_of(
    claim: Claim,
    statement: UnfoldedStatement,
    values: Mapping[str, Fraction],
    *,
    fine: bool = False,
) -> Iterator[Path]:
    """Yield allowed paths, simple ones first; `fine` adds slow sizes and steps by a logarithm."""
    names = names_of(claim, statement)
    search = _PathSearch(special_case(statement, values), names, values, fine)
    found = list(islice(search.points({}, ()), 4 * MAX_PATHS))
    found.sort(key=lambda point: (sum(point[0]), point[0]))
    for _, path in found:
        yield path


def special_case(
    statement: UnfoldedStatement, values: Mapping[str, Fraction]
) -> UnfoldedStatement:
    """Return the statement with numbers for its parameters, which is quicker to evaluate."""
    numbers = {name: Num(value) for name, value in values.items()}
    conditions = (
        Condition(substitute(c.left, numbers), c.op, substitute(c.right, numbers))
        for c in statement.conditions
    )
    left, right = (
        Meaning(substitute(side.upper, numbers), substitute(side.lower, numbers))
        for side in (statement.left, statement.right)
    )
    return UnfoldedStatement(left, right, tuple(conditions), statement.trust)


@dataclass(frozen=True)
class _PathSearch:
    """Assign the variables in order; a path comes with the rank of each choice."""

    statement: UnfoldedStatement
    names: Names
    values: Mapping[str, Fraction]
    fine: bool

    @cached_property
    def variables(self) -> list[str]:
        """Sizes with N for N_eff, then indices; the step size goes second."""
        sizes = sorted({N if name == N_EFF else name for name in self.names.sizes})
        names = [*sizes, *sorted(self.names.indices)]
        return [*names[:1], *([GAMMA] if self.names.gamma else []), *names[1:]]

    @cached_property
    def equalities(self) -> list[Expr]:
        """Expressions that have to be of constant order."""
        return [div(c.left, c.right) for c in self._conditions() if c.op == "="]

    @cached_property
    def boundaries(self) -> list[Expr]:
        """Expressions that are of constant order where two competing terms meet."""
        left, right = self.statement.left, self.statement.right
        found = [div(c.left, c.right) for c in self._conditions()]
        for expr in dict.fromkeys((left.upper, left.lower, right.upper, right.lower)):
            found += _meeting_points(expr)
        found += [div(x, y) for x in _terms(left.upper) for y in _terms(right.upper)]
        return [e for e in dict.fromkeys(found) if not _has_sum(e)]

    def _conditions(self) -> list[Condition]:
        return [c for c in self.statement.conditions if _used(c)]

    def points(
        self, orders: dict[str, Order], ranks: tuple[int, ...]
    ) -> Iterator[tuple[tuple[int, ...], Path]]:
        orders = self._propagated(orders)
        missing = [name for name in self.variables if name not in orders]
        if not missing:
            path = self._path(orders)
            if path is not None and self._is_allowed(path):
                yield ranks, path
            return
        for rank, choice in enumerate(self._choices(missing[0], orders)):
            yield from self.points({**orders, missing[0]: choice}, (*ranks, rank))

    def _propagated(self, orders: dict[str, Order]) -> dict[str, Order]:
        """Add the variables that equalities determine."""
        for name in self.variables if self.equalities else ():
            if name not in orders:
                probes = [{**orders, name: probe} for probe in _probes(name)]
                roots = self._roots(name, probes, self.equalities)
                if roots:
                    return self._propagated({**orders, name: roots[0]})
        return orders

    def _path(self, orders: Mapping[str, Order]) -> Path | None:
        try:
            return Path(self.values, with_effective_steps(orders))
        except UndecidedError:
            return None

    def _is_allowed(self, path: Path) -> bool:
        try:
            return not violated(self.names, self.statement, path)
        except UndecidedError:
            return False

    def _roots(self, name: str, probes: list[dict[str, Order]], exprs: list[Expr]) -> list[Order]:
        """Return the orders of a variable at which one of the expressions is of order 1.

        The probes give the variable the orders `_probes`, and others what follows from them.
        """
        paths = [self._path(probe) for probe in probes]
        known = set(self.values) | {"sigma"}.union(*(p.orders for p in paths if p is not None))
        roots = set()
        for expr in exprs:
            if free_names(expr) <= known and None not in paths:
                root = _root(expr, name, [path for path in paths if path is not None])
                if root is not None:
                    roots.add(root)
        return sorted(roots)

    def _choices(self, name: str, orders: Mapping[str, Order]) -> list[Order]:
        if name == self.variables[0] and name != GAMMA:
            return [T, LOG, LOGLOG] if self.fine else [T]
        probes = [self._propagated({**orders, name: probe}) for probe in _probes(name)]
        found = self._roots(name, probes, self.boundaries)
        roots = [root for root in found if self._may_be(name, root)]
        choices = [*_between_roots(roots), *roots, *self._plain(name)]
        if self.fine:
            beside = [root * step for root in roots for step in (LOG, CONSTANT / LOG)]
            slow = [CONSTANT / LOG] if name == GAMMA else [LOG, LOG ** Fraction(1, 2), LOGLOG]
            choices = [*choices[:1], *slow, *beside, *choices[1:]]
        return [c for c in dict.fromkeys(choices) if self._may_be(name, c)][: self._most_choices]

    @cached_property
    def _most_choices(self) -> int:
        """How many orders are tried for each variable: fewer, the more variables there are."""
        free = len(self.variables) - 1 - len(self.equalities)
        return max(4, int(MAX_PATHS ** (1 / free))) if free > 0 else MAX_PATHS

    def _plain(self, name: str) -> list[Order]:
        if name == GAMMA:
            return [CONSTANT, T ** Fraction(-1, 2), T ** Fraction(-2)]
        sizes = [T**exponent for exponent in _EXPONENTS]
        return [*sizes, CONSTANT] if name in self.names.indices else sizes

    def _may_be(self, name: str, order: Order) -> bool:
        if name == GAMMA:
            return order <= CONSTANT
        if name in self.names.indices:
            return order >= CONSTANT
        return order > CONSTANT and (self.fine or order.x > 0)


def _probes(name: str) -> list[Order]:
    """Return three equally spaced orders that a variable may well have."""
    step = _STEP if name != GAMMA else -_STEP
    return [T ** (k * step) for k in (1, 2, 3)]


def _root(expr: Expr, name: str, paths: list[Path]) -> Order | None:
    """Solve ``order of expr = 1`` where that order is linear in the exponents of the variable.

    On the three paths the variable has the orders `_probes`.
    """
    try:
        first, second = upper_along(expr, paths[0]), upper_along(expr, paths[1])
        step = second / first
        if step.x == 0 or step != Order(step.x) or upper_along(expr, paths[2]) != second * step:
            return None
    except UndecidedError:
        return None
    # With the variable of order 1 it is first / step, and each probe multiplies it by step.
    return (step / first) ** (_probes(name)[0].x / step.x)


def _between_roots(roots: list[Order]) -> list[Order]:
    """Return points between the roots and beyond them, plain powers of t."""
    if not roots:
        return []
    pairs = [(low.x + high.x) / 2 for low, high in pairwise(roots)]
    return [Order(x) for x in (*pairs, roots[0].x / 2, roots[-1].x * 2)]


def _has_sum(expr: Expr) -> bool:
    return isinstance(expr, Sum) or any(map(_has_sum, children(expr)))


def _terms(expr: Expr) -> tuple[Expr, ...]:
    """Return the competing terms of a sum, maximum or minimum, else the expression itself."""
    match expr:
        case Add(terms) | Call("min" | "max", terms):
            return tuple(t for term in terms for t in _terms(term))
    return (expr,)


def _meeting_points(expr: Expr) -> list[Expr]:
    """Return quotients of terms that compete in an expression; sums are taken at their ends."""
    match expr:
        case Sum(term, index, lo, hi):
            ends = [end for end in (lo, hi) if end != Name("oo")]
            return [q for end in ends for q in _meeting_points(substitute(term, {index: end}))]
        case Call("exp", (arg,)):
            return [neg(arg), *_meeting_points(arg)]
    found = [div(x, y) for x, y in combinations(_terms(expr), 2)] if _competes(expr) else []
    return found + [q for part in children(expr) for q in _meeting_points(part)]


def _competes(expr: Expr) -> bool:
    return isinstance(expr, Add) or (isinstance(expr, Call) and expr.func in ("min", "max"))
