r"""Refutation by witness: rational parameters and a path of sizes along which a claim fails.

A claim speaks of *all* allowed parameter values and *all* ways in which the sizes tend to
infinity within the assumptions.  So one allowed point and path refute it, and what is checked is
just that:

1. *The path is allowed.*  The parameters satisfy their conditions, those of the claim and those
   that the meaning of its quantities needs, exactly.  Every size tends to infinity, gamma stays
   bounded (where it has constant order its constant may be as small as stability asks), free
   indices are at least 1, ``N_eff`` is ``N / log N``.  ``X >= Y`` between sizes holds in order: as
   the claim is about every fixed ``kappa`` in ``X >= kappa Y``, equal orders are allowed for the
   constants can be chosen to suit, and so they are for ``X > Y`` and ``X = Y``.  A comparison with
   an index is literal; there equal orders are allowed only between two names or numbers
   (``M >= j`` along ``j = M``).
2. *The ratio misbehaves.*  With ``c lower <= LEFT <= C upper`` from the meaning, and bounds of
   both sides along the path, ``LEFT/RIGHT`` is at least of order ``lower(LEFT)/upper(RIGHT)`` and
   at most of order ``upper(LEFT)/lower(RIGHT)``.  Theta and ~ fail if the former grows or the
   latter falls, O fails if the former grows, Omega if the latter falls, o if the former is at
   least constant.  With a tilde the ratio must outgrow every power of the logarithm of the
   largest size.  Between explicit expressions ~ also fails if the ratio has a limit other than 1
   (see `ratecert.proofs_check.paths.leading`, and `ratecert.proofs_check.refutation.ratio` for
   witnesses of a kind of their own). Where exponentials compete, explicit sides are compared as
   `ratecert.proofs_check.paths.exponentials` says; what their sums are that have no terms, or one,
   says `ratecert.proofs_check.paths.ranges`.

*Optima.*  ``optimal(value)`` is at most the objective at any feasible point, so a path of sizes
together with a feasible point of the variables refutes ``Theta``, ``Omega`` and ``~`` if the
objective there is of smaller order than RIGHT.  That ``optimal(X)`` is elsewhere takes a lower
bound of the objective at *every* feasible point, which a path cannot give: `check_optimum_point`
does the part about one point.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from operator import eq, ge, gt, le, lt
from typing import Any

from ratecert.proofs_check.language.claim import Claim, optimal_of
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Expr, Name, Num, Sum, free_names, walk
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.meaning.definitions import Meaning, has_quantity
from ratecert.proofs_check.meaning.exact import exact_meaning
from ratecert.proofs_check.meaning.filters import explicit, without_filters
from ratecert.proofs_check.meaning.laws import NoMeaningError
from ratecert.proofs_check.paths.bounds import Path, lower_along, order_along, upper_along
from ratecert.proofs_check.paths.exponentials import Beyond, has_exponentials, quotient_bound
from ratecert.proofs_check.paths.leading import leading_term
from ratecert.proofs_check.paths.orders import CONSTANT, LOG, Order, UndecidedError, exact_value
from ratecert.proofs_check.paths.ranges import ZERO, may_be_equal, settled

__all__ = [
    "FeasiblePoint",
    "Names",
    "Refuted",
    "UnfoldedStatement",
    "allowed_path",
    "check_allowed",
    "check_refutation",
    "feasible_point",
    "names_of",
    "ratio_bound",
    "refuted_along",
    "refuted_limit",
    "refuted_ratio",
    "statement_of",
    "violated",
    "with_effective_steps",
]

GAMMA, N, N_EFF = "gamma", "N", "N_eff"

_FRACTION = re.compile(r"-?[0-9]{1,40}(/[0-9]{1,40})?")
_COMPARE = {"<": lt, "<=": le, "=": eq, ">=": ge, ">": gt}
_IN_ORDER = {**_COMPARE, "<": le, ">": ge}
_FAILS_ABOVE = frozenset({"Theta", "O", "o", "~", "Thetatilde", "Otilde"})
_FAILS_BELOW = frozenset({"Theta", "Omega", "~", "Thetatilde", "Omegatilde"})


@dataclass(frozen=True, slots=True)
class Refuted:
    """A checked refutation, in words of the claim language.

    `values` and `path` are what the path sets, `ratio` bounds ``LEFT/RIGHT`` along it: from below
    if `side` is "above" (LEFT is too large), from above if it is "below" (LEFT is too small).  If
    `side` is "limit", `ratio` is the limit, which is not 1 as the claim says.
    """

    values: Mapping[str, str]
    path: Mapping[str, str]
    side: str
    ratio: str
    text: str
    trust: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FeasiblePoint:
    """A checked feasible point along a path; `objective` bounds the objective from above there."""

    path: Path
    objective: Order
    trust: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnfoldedStatement:
    """What a claim says with its quantities replaced, and all conditions it stands under.

    For a claim about an optimum `left` is the meaning of the objective.
    """

    left: Meaning
    right: Meaning
    conditions: tuple[Condition, ...]
    trust: tuple[str, ...]

    def exprs(self) -> tuple[Expr, ...]:
        """Return all expressions that a path has to make sense of."""
        sides = [side for c in self.conditions for side in (c.left, c.right)]
        return (self.left.upper, self.left.lower, self.right.upper, self.right.lower, *sides)


@dataclass(frozen=True, slots=True)
class Names:
    """The free names of a statement by kind; `gamma` says whether the step size occurs."""

    parameters: frozenset[str]
    sizes: frozenset[str]
    indices: frozenset[str]
    gamma: bool


def statement_of(claim: Claim) -> UnfoldedStatement:
    """Return what the claim says in explicit expressions.

    Raises
    ------
    NoMeaningError
        Where a quantity has no definition for the claim's setting.
    """
    objective = claim.objective
    left = _meaning(objective.expr if objective else claim.left, claim)
    right = _meaning(claim.right, claim)
    constraints = objective.subject_to if objective else ()
    conditions = dict.fromkeys((*claim.assume, *constraints, *left.needs, *right.needs))
    trust = dict.fromkeys((*left.trust, *right.trust))
    return UnfoldedStatement(left, right, tuple(conditions), tuple(trust))


def _meaning(expr: Expr, claim: Claim) -> Meaning:
    """Return what an expression means: exactly for a claim with ``~``, where that is known."""
    sizes = claim.sizes
    found = explicit(expr, claim.setting, sizes)
    if claim.relation != "~" or claim.objective is not None:
        return found
    try:
        exact = exact_meaning(expr, claim.setting, sizes)
    except NoMeaningError:
        return found
    value, needs = without_filters(exact.upper, sizes)
    return replace(found, upper=value, lower=value, needs=(*exact.needs, *needs))


def names_of(claim: Claim, statement: UnfoldedStatement) -> Names:
    """Return the free names by kind; the ``over`` of an objective count as used."""
    used = frozenset[str]().union(*map(free_names, statement.exprs()))
    used |= frozenset(claim.objective.over) if claim.objective else frozenset()
    sizes = used & (claim.sizes)
    indices = used & claim.indices
    parameters = used - sizes - indices - {GAMMA, "sigma"}
    return Names(parameters, sizes, indices, GAMMA in used)


# Reading a witness.


def _read(names: Names, data: Mapping[str, Any], *keys: str) -> Path:
    """Return the path that the tables `keys` of the witness give together."""
    values = {name: _fraction(text) for name, text in _table(data, "values").items()}
    if set(values) != names.parameters:
        expected = ", ".join(sorted(names.parameters)) or "none"
        raise RejectedError(f"the witness must give values of these parameters: {expected}")
    orders: dict[str, Order] = {}
    for key in keys:
        for name, exponents in _table(data, key).items():
            if name in orders:
                raise RejectedError(f"the witness gives {name} twice")
            orders[name] = _order(name, exponents)
    return Path(values, _complete(orders, names))


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = data.get(key)
    if not isinstance(table, Mapping) or not all(isinstance(name, str) for name in table):
        raise RejectedError(f"the witness has no table {key!r}")
    return table


def _fraction(text: Any) -> Fraction:
    if not isinstance(text, str) or not _FRACTION.fullmatch(text):
        raise RejectedError(f"{str(text)[:40]!r} in the witness is not a rational such as '3/2'")
    try:
        return Fraction(text)
    except ZeroDivisionError:
        raise RejectedError(f"{text!r} in the witness divides by zero") from None


def _order(name: str, exponents: Any) -> Order:
    if not isinstance(exponents, list | tuple) or len(exponents) != 3:
        raise RejectedError(f"the path of {name} must be a list of three exponents")
    return Order(*map(_fraction, exponents))


def with_effective_steps(orders: Mapping[str, Order]) -> dict[str, Order]:
    """Add ``N_eff = N / log N`` or ``N``, whichever is missing beside the other.

    ``log N`` and ``log N_eff`` are of the same order.
    """
    completed = dict(orders)
    if N in orders and N_EFF not in orders:
        completed[N_EFF] = orders[N] / orders[N].log()
    elif N_EFF in orders and N not in orders:
        completed[N] = orders[N_EFF] * orders[N_EFF].log()
    return completed


def _complete(orders: dict[str, Order], names: Names) -> dict[str, Order]:
    try:
        completed = with_effective_steps(orders)
        consistent = N not in orders or completed[N] / completed[N].log() == completed[N_EFF]
    except UndecidedError as error:
        raise RejectedError(f"N_eff = N/log N: {error}") from error
    if not consistent:
        raise RejectedError("the path does not keep N_eff = N/log N")
    needed = names.sizes | names.indices | ({GAMMA} if names.gamma else frozenset())
    for name in sorted(needed - set(completed)):
        raise RejectedError(f"the path does not say how {name} goes")
    for name in sorted(set(orders) - needed - {N, N_EFF}):
        raise RejectedError(f"the path gives {name}, which does not occur")
    return completed


# Whether the path is allowed.


def violated(names: Names, statement: UnfoldedStatement, path: Path) -> str:
    """Return the first requirement that the path does not meet, in words; "" if there is none.

    Raises
    ------
    UndecidedError
        Where a condition cannot be decided along the path.
    """
    for name, order in path.orders.items():
        if name == GAMMA:
            if order > CONSTANT:
                return "gamma stays bounded"
        elif name in names.indices:
            if order < CONSTANT:
                return f"the index {name} is at least 1"
        elif order <= CONSTANT:
            return f"{name} tends to infinity"
    for condition in statement.conditions:
        if not _holds(condition, names, path):
            return str(condition)
    return ""


def _holds(condition: Condition, names: Names, path: Path) -> bool:
    used = free_names(condition.left) | free_names(condition.right)
    if used <= names.parameters:
        left, right = (exact_value(e, path.values) for e in (condition.left, condition.right))
        if left is None or right is None:
            raise UndecidedError(f"{condition}: a side is not rational")
        return bool(_COMPARE[condition.op](left, right))
    left_order, right_order = order_along(condition.left, path), order_along(condition.right, path)
    if used & names.indices and left_order == right_order and not _is_plain(condition):
        raise UndecidedError(f"{condition} is compared literally, and both sides have one order")
    return bool(_IN_ORDER[condition.op](left_order, right_order))


def _is_plain(condition: Condition) -> bool:
    return isinstance(condition.left, Name | Num) and isinstance(condition.right, Name | Num)


# Whether the claim fails along it.


def check_refutation(claim: Claim, data: Mapping[str, Any]) -> Refuted:
    """Check a witness against a claim and return what it shows.

    Parameters
    ----------
    data
        Plain JSON: ``{"kind": "path", "values": {"a": "2"}, "path": {"M": ["1/2", "0", "0"]}}``
        with the three exponents of ``t^x (log t)^y (log log t)^z``.  With ``"kind": "optimum"``,
        for ``optimal(value)``, also ``"point"`` with the variables of the minimum.

    Raises
    ------
    RejectedError
        If the witness is malformed, not allowed, or does not refute the claim.
    """
    kind = data.get("kind")
    if kind == "path":
        return _check_path(claim, data)
    if kind == "optimum":
        return _check_value(claim, data)
    raise RejectedError(f"no rule for a witness of kind {str(kind)[:40]!r}")


def _checked(claim: Claim, data: Mapping[str, Any], *keys: str) -> tuple[UnfoldedStatement, Path]:
    """Return what the claim says and the path of the witness, which is allowed."""
    try:
        statement = statement_of(claim)
        names = names_of(claim, statement)
        path = _read(names, data, *keys)
        problem = violated(names, statement, path)
    except (NoMeaningError, UndecidedError) as error:
        raise RejectedError(str(error)) from error
    if problem:
        raise RejectedError(f"the path is not allowed: it does not satisfy {problem}")
    return statement, path


def allowed_path(claim: Claim, data: Mapping[str, Any]) -> tuple[UnfoldedStatement, Path]:
    """Return what a claim says and the path of a witness, checked to be allowed.

    Raises
    ------
    RejectedError
        If it is malformed or does not satisfy an assumption.
    """
    return _checked(claim, data, "path")


def check_allowed(claim: Claim, data: Any) -> None:
    """Check an example of parameters and a path that satisfy all that a claim assumes.

    `data` is ``{"values": ..., "path": ...}`` as for `check_refutation`, the path with all names.

    Raises
    ------
    RejectedError
        If it is malformed or does not satisfy an assumption.
    """
    if not isinstance(data, Mapping):
        raise RejectedError("the example of the assumptions is missing")
    _checked(claim, data, "path")


def _check_path(claim: Claim, data: Mapping[str, Any]) -> Refuted:
    if claim.objective is not None:
        raise RejectedError("a claim about an optimum needs a witness of kind 'optimum'")
    return refuted_along(claim, *_checked(claim, data, "path"))


def _check_value(claim: Claim, data: Mapping[str, Any]) -> Refuted:
    if claim.objective is None:
        raise RejectedError("a witness of kind 'optimum' is for claims about optimal(value)")
    return refuted_along(claim, *_checked(claim, data, "path", "point"))


def refuted_along(claim: Claim, statement: UnfoldedStatement, path: Path) -> Refuted:
    """Return how the claim fails along an allowed path.

    Raises
    ------
    RejectedError
        Where the path does not show that it fails.
    """
    if claim.objective is not None and optimal_of(claim.left) != "value":
        raise RejectedError("no rule refutes where an optimum lies, only optimal(value)")
    reasons = []
    if claim.relation == "~" and claim.objective is None:
        limit = _limit(claim, path)
        if limit is not None and limit != 1:
            return refuted_limit(statement, path, str(limit))
    note = ""
    try:
        statement, note = _with_settled_sums(claim, statement, path)
    except UndecidedError as error:
        reasons.append(str(error))
    if claim.relation in _FAILS_BELOW and _vanishes(statement, path):
        return _refuted(
            statement.trust, path, "below", "0", "is 0, as LEFT is a sum without terms"
        )
    for side in ("below",) if claim.objective else ("above", "below"):
        try:
            ratio = ratio_bound(statement, path, side)
            if ratio is not None and _refutes(claim.relation, side, ratio, path):
                text = f"is {_BOUND[side]} {ratio} and {_tendency(ratio)}{note}"
                return _refuted(statement.trust, path, side, str(ratio), text)
            reason = f"LEFT/RIGHT is {_BOUND[side]} {ratio or 0}, as {claim.relation} allows"
        except UndecidedError as error:
            reason = str(error)
        reasons.append(reason)
    return _refuted_exactly(claim, statement, path, reasons)


def _with_settled_sums(
    claim: Claim, statement: UnfoldedStatement, path: Path
) -> tuple[UnfoldedStatement, str]:
    """Return what an explicit claim says without sums that are empty or of one term, and a note.

    Raises
    ------
    UndecidedError
        Where something has no value then.
    """
    sides = statement.left.upper, statement.right.upper
    if not any(isinstance(n, Sum) for e in sides for n in walk(e)) or not _is_explicit(claim):
        return statement, ""
    plain = _settled(statement, path, frozenset())
    sizes = names_of(claim, statement).sizes - {N_EFF}
    if not may_be_equal(statement.conditions, sizes, path):
        return plain, ""
    found = _settled(statement, path, sizes)
    return found, "" if found == plain else ", where sizes of one order are equal"


def _settled(statement: UnfoldedStatement, path: Path, equal: frozenset[str]) -> UnfoldedStatement:
    left, right = (
        replace(m, upper=settled(m.upper, path, equal), lower=settled(m.lower, path, equal))
        for m in (statement.left, statement.right)
    )
    return replace(statement, left=left, right=right)


def _vanishes(statement: UnfoldedStatement, path: Path) -> bool:
    """Whether LEFT is 0 along the path, and RIGHT is not."""
    try:
        return (
            statement.left.upper == ZERO and lower_along(statement.right.lower, path) is not None
        )
    except UndecidedError:
        return False


def _is_explicit(claim: Claim) -> bool:
    """Whether no quantity is in either side, and the claim is not about an optimum."""
    return claim.objective is None and not (has_quantity(claim.left) or has_quantity(claim.right))


def _refuted_exactly(
    claim: Claim, statement: UnfoldedStatement, path: Path, reasons: list[str]
) -> Refuted:
    """Return how the claim fails with its exponentials as they are written, see `exponentials`.

    Raises
    ------
    RejectedError
        Where they do not show that it fails, for the `reasons` beside.
    """
    reasons = list(reasons)
    for side in ("above", "below"):
        try:
            bound = _exact_bound(claim, path, side)
        except UndecidedError as error:
            reasons.append(str(error))
            continue
        found = None if bound is None else _failure(claim.relation, side, bound, path)
        if found is not None:
            return _refuted(statement.trust, path, side, *found)
    raise RejectedError("; ".join(dict.fromkeys(reasons)))


def _exact_bound(claim: Claim, path: Path, side: str) -> Order | Beyond | None:
    """Return an upper bound of ``RIGHT/LEFT`` ("above") or ``LEFT/RIGHT`` ("below").

    None if there are no exponentials, or if a side is not explicit.
    """
    sides = (claim.right, claim.left) if side == "above" else (claim.left, claim.right)
    if not (_is_explicit(claim) and any(has_exponentials(e, path.values) for e in sides)):
        return None
    return quotient_bound(*sides, path)


def _failure(
    relation: str, side: str, bound: Order | Beyond, path: Path
) -> tuple[str, str] | None:
    """Return the ratio and the text where an upper bound of it, or of 1 over it, refutes."""
    if isinstance(bound, Beyond):
        failing, way = (_FAILS_ABOVE, "grows") if side == "above" else (_FAILS_BELOW, "falls")
        text = f"{way} faster than every power of t"
        return ("t^oo" if side == "above" else str(bound), text) if relation in failing else None
    ratio = CONSTANT / bound if side == "above" else bound
    if not _refutes(relation, side, ratio, path):
        return None
    return str(ratio), f"is {_BOUND[side]} {ratio} and {_tendency(ratio)}"


def refuted_limit(statement: UnfoldedStatement, path: Path, limit: str) -> Refuted:
    """Return how a claim with ``~`` fails where the ratio has a limit that is not 1."""
    return _refuted(statement.trust, path, "limit", limit, f"tends to {limit}, not to 1")


_BOUND = {"above": "at least of order", "below": "at most of order"}


def ratio_bound(statement: UnfoldedStatement, path: Path, side: str) -> Order | None:
    """Return the bound of ``LEFT/RIGHT`` from below ("above") or from above ("below").

    None is the trivial bound from below.
    """
    if side == "above":
        left = lower_along(statement.left.lower, path)
        return None if left is None else left / upper_along(statement.right.upper, path)
    right = lower_along(statement.right.lower, path)
    if right is None:
        raise UndecidedError("RIGHT may be arbitrarily small")
    return upper_along(statement.left.upper, path) / right


def _refutes(relation: str, side: str, ratio: Order, path: Path) -> bool:
    if side == "above":
        enough = (
            ratio >= CONSTANT if relation == "o" else _coarse(relation, ratio, path) > CONSTANT
        )
        return relation in _FAILS_ABOVE and enough
    return relation in _FAILS_BELOW and _coarse(relation, ratio, path) < CONSTANT


def _coarse(relation: str, ratio: Order, path: Path) -> Order:
    """Return the ratio, for the tilde relations up to powers of logarithms of the sizes."""
    if not relation.endswith("tilde"):
        return ratio
    sizes = [order for order in path.orders.values() if order > CONSTANT]
    if sizes and max(sizes).log() != LOG:
        return Order(ratio.x, ratio.y)
    return Order(ratio.x)


def _limit(claim: Claim, path: Path) -> Fraction | None:
    """Return the limit of ``LEFT/RIGHT`` where both sides are explicit and the rules give one."""
    try:
        left, right = leading_term(claim.left, path), leading_term(claim.right, path)
    except UndecidedError:
        return None
    return left.constant / right.constant if left.order == right.order else None


def _tendency(ratio: Order) -> str:
    if ratio == CONSTANT:
        return "does not tend to 0"
    return "tends to infinity" if ratio > CONSTANT else "tends to 0"


def _refuted(trust: tuple[str, ...], path: Path, side: str, ratio: str, text: str) -> Refuted:
    values = {name: str(value) for name, value in sorted(path.values.items())}
    orders = {name: str(order) for name, order in sorted(path.orders.items())}
    return Refuted(values, orders, side, ratio, f"LEFT/RIGHT {text}", trust)


def feasible_point(claim: Claim, data: Mapping[str, Any]) -> FeasiblePoint:
    """Check a feasible point of a claim about an optimum; return the order of the objective there.

    `data` is as for `check_refutation`.

    Raises
    ------
    RejectedError
        If the witness is malformed, or the point not allowed or not feasible.
    """
    if claim.objective is None or optimal_of(claim.left) is None:
        raise RejectedError("this is not a claim about optimal(X) or optimal(value)")
    statement, path = _checked(claim, data, "path", "point")
    try:
        objective = upper_along(statement.left.upper, path)
    except UndecidedError as error:
        raise RejectedError(str(error)) from error
    return FeasiblePoint(path, objective, statement.trust)


def refuted_ratio(claim: Claim, found: FeasiblePoint, ratio: Order) -> Refuted:
    """Return how a claim about an optimum fails where LEFT/RIGHT has exactly the order `ratio`.

    Raises
    ------
    RejectedError
        Where it does not.
    """
    for side in ("above", "below"):
        if _refutes(claim.relation, side, ratio, found.path):
            text = f"is of order {ratio} and {_tendency(ratio)}"
            return _refuted(found.trust, found.path, side, str(ratio), text)
    raise RejectedError(f"LEFT/RIGHT is of order {ratio}, as {claim.relation} allows")
