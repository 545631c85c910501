r"""The predicted next-order term of a side of a claim along a path.

Along a path every size is ``t^x (log t)^y (log log t)^z``, and a side of a claim is, as far as the
terms are known from their form, ``c L(t) (1 + A δ(t) + …)`` with L and ``δ -> 0`` of this kind.
This module finds L and the largest δ that the form suggests; the constants c and A stay unknown,
and A may be 0.  It explains drift on a ladder and proves nothing: the rules are those of a
heuristic asymptotic analysis, derived here.

- *Sizes* that are rounded to integers have ``δ = 1/size``; ``N_eff`` is ``N/log2 N``.
- *Products and powers* add relative corrections, so the larger δ stays.
- *Sums of terms*: the largest term leads; each smaller one is a correction by its ratio to it.
- *min, max* follow the argument that wins.  Where two tie, the corrections of both stay.
- *log X* of ``X = c t^x (log t)^y …``: ``log X = x log t + y log log t + log c``, hence
  ``δ = log log t/log t`` if y is not 0, else ``1/log t`` unless c is known to be 1.
- *exp(-X)* and ``(1-x)^n``, read as ``exp(-X)`` with X = n x: ``δ = X`` where X tends to 0, the
  correction of X where it stays, and the whole vanishes where X grows.
- *Σ f(i)* is an integral over ``log i`` that is decided at its *vertices*: both ends, and the
  knees where two terms inside f meet.  A vertex adds ``f(i_v) i_v``, times ``log i_v`` where an
  edge beside it is flat in powers of t (``log log t`` where the edge is as short as a power of a
  logarithm, and flat).  The largest leads; the others are corrections, and at the
  leading vertex itself those of f and ``1/i_v`` (Euler–Maclaurin at an end, a kink at a knee).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise

from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    Sum,
    children,
    free_names,
)
from ratecert.proofs_check.paths.orders import (
    CONSTANT,
    LOG,
    LOGLOG,
    Order,
    UndecidedError,
    exact_value,
    is_positive,
)

__all__ = ["NextOrder", "expansion"]

Orders = Mapping[str, Order]
_ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class NextOrder:
    """``c · leading · (1 + A · correction + …)``.

    Attributes
    ----------
    leading : Order or None
        None for what falls faster than every power.
    correction : Order or None
        The largest relative correction that the form suggests; None for none.
    unit : bool
        Whether c is known to be 1.
    """

    leading: Order | None
    correction: Order | None = None
    unit: bool = False


VANISHING = NextOrder(None)
FIXED = NextOrder(CONSTANT)


def expansion(
    expr: Expr, values: Mapping[str, Fraction], sizes: Orders, integers: frozenset[str]
) -> NextOrder:
    """Return the leading order and the predicted next one of an expression along a path.

    Parameters
    ----------
    expr : Expr
        An explicit expression in the sizes and parameters.
    values : mapping of str to Fraction
        The parameters.
    sizes : mapping of str to Order
        The sizes along the path, N where ``N_eff`` occurs.
    integers : frozenset of str
        Names of sizes that are rounded to integers.

    Raises
    ------
    UndecidedError
        Where the form is none of the above, or leading terms cancel.
    """
    known = dict(sizes)
    if "N_eff" not in known and "N" in known:
        known["N_eff"] = known["N"] / known["N"].log()
    return _Path(values, known, integers, _steps_correction(sizes)).of(expr)


def _steps_correction(sizes: Orders) -> Order | None:
    """Return the relative correction of ``N_eff = N/log N``."""
    steps = sizes.get("N")
    return LOGLOG / LOG if steps is not None and (steps.y or steps.z) else None


@dataclass(frozen=True, slots=True)
class _Path:
    values: Mapping[str, Fraction]
    sizes: Orders
    integers: frozenset[str]
    of_steps: Order | None

    def of(self, expr: Expr) -> NextOrder:
        match expr:
            case Name(name) if name in self.sizes:
                return self._size(name)
            case Sum():
                return self._sum(expr)
        value = exact_value(expr, self.values)
        if value is not None or is_positive(expr, self.values) or expr == Name("sigma"):
            return NextOrder(CONSTANT, None, value == 1)
        match expr:
            case Mul(factors):
                return _product(map(self.of, factors))
            case Pow(base, exponent):
                return self._power(base, exponent)
            case Call("sqrt", (arg,)):
                return _raised(self.of(arg), Fraction(1, 2))
            case Add(terms):
                return self._add(terms)
            case Call("min" | "max" as func, args):
                return _extremum(func, [self.of(arg) for arg in args])
            case Call("log", (arg,)):
                return self._log(arg)
            case Call("exp", (arg,)):
                return self._exp(arg)
        raise UndecidedError(f"no rule for the next order of {expr}")

    def _size(self, name: str) -> NextOrder:
        order = self.sizes[name]
        correction = CONSTANT / order if name in self.integers and order > CONSTANT else None
        if name == "N_eff":
            correction = self.of_steps
        return NextOrder(order, correction, unit=name not in ("gamma", "N_eff"))

    def _power(self, base: Expr, exponent: Expr) -> NextOrder:
        value = exact_value(exponent, self.values)
        if value is not None:
            return _raised(self.of(base), value)
        match base:
            case Add((Num(one), *rest)) if one == 1:
                small, steps = self._add(tuple(rest)), self.of(exponent)
                if all(self._sign(term) < 0 for term in rest) and small.leading is not None:
                    if small.leading < CONSTANT:
                        return _decay(_product([small, steps]), small.leading)
                    if steps.leading is not None and steps.leading > CONSTANT:
                        return VANISHING  # (1-x)^n with x between 0 and 1
        raise UndecidedError(f"no rule for the next order of {Pow(base, exponent)}")

    def _add(self, terms: Sequence[Expr]) -> NextOrder:
        parts = [(self.of(term), self._sign(term)) for term in terms]
        present = [(part, sign) for part, sign in parts if part.leading is not None]
        if not present:
            return VANISHING
        leading = max(part.leading for part, _ in present if part.leading is not None)
        first = [(part, sign) for part, sign in present if part.leading == leading]
        if len({sign for _, sign in first}) > 1:
            raise UndecidedError("leading terms may cancel")
        smaller = [
            part.leading / leading
            for part, _ in present
            if part.leading is not None and part.leading < leading
        ]
        corrections = [part.correction for part, _ in first]
        unit = len(first) == 1 and first[0][0].unit
        return NextOrder(leading, _largest([*smaller, *corrections]), unit)

    def _sign(self, term: Expr) -> int:
        sign = 1
        for factor in term.factors if isinstance(term, Mul) else (term,):
            value = exact_value(factor, self.values)
            sign = -sign if value is not None and value < 0 else sign
        return sign

    def _log(self, arg: Expr) -> NextOrder:
        inside = self.of(arg)
        if inside.leading is None or inside.leading < CONSTANT:
            raise UndecidedError(f"no rule for the next order of log({arg})")
        if inside.leading == CONSTANT:
            return NextOrder(CONSTANT, inside.correction)
        order = inside.leading
        leading = order.log()
        if leading == LOG and (order.y or order.z):
            return NextOrder(leading, LOGLOG / LOG)
        own = inside.correction
        relative = None if own is None else own / leading
        return NextOrder(leading, relative if inside.unit else CONSTANT / leading)

    def _exp(self, arg: Expr) -> NextOrder:
        inside = self._add(arg.terms if isinstance(arg, Add) else (arg,))
        if inside.leading is not None and inside.leading > CONSTANT:
            terms = arg.terms if isinstance(arg, Add) else (arg,)
            if any(self._sign(t) > 0 for t in terms if self.of(t).leading == inside.leading):
                raise UndecidedError(f"exp({arg}) grows")
        return _decay(inside, None)

    # Sums over an index.

    def _sum(self, node: Sum) -> NextOrder:
        vertices = sorted(self._vertices(node))
        infinite = node.hi == Name("oo")
        parts = [self._at(node, place) for place in vertices]
        sizes = [self._weight(part, place) for part, place in zip(parts, vertices, strict=True)]
        logs = _flat_edges(list(zip(vertices, sizes, strict=True)))
        known: list[tuple[Order, Order | None]] = []
        for place, part, size in zip(vertices, parts, sizes, strict=True):
            if size is not None:
                own = CONSTANT / place if place > CONSTANT else None
                weight = size * logs.get(place, CONSTANT)
                known.append((weight, _largest([own, part.correction])))
        if infinite and known and not self._falls(node, vertices[-1]):
            raise UndecidedError(f"no rule for the tail of {node}")
        return _led(known)

    def _falls(self, node: Sum, last: Order) -> bool:
        """Tell whether ``f(i) i`` falls like a power of i beyond the last vertex."""
        far = last * Order(_ONE)
        at_last, beyond = (self._weight(self._at(node, i), i) for i in (last, far))
        return at_last is not None and (beyond is None or beyond.x < at_last.x)

    def _at(self, node: Sum, place: Order) -> NextOrder:
        """Return the expansion of the term at an index of the given order."""
        inside = {**self.sizes, node.index: place}
        return _Path(self.values, inside, self.integers - {node.index}, self.of_steps).of(
            node.term
        )

    def _weight(self, part: NextOrder, place: Order) -> Order | None:
        return None if part.leading is None else part.leading * place

    def _vertices(self, node: Sum) -> set[Order]:
        lo = self._end(node.lo)
        hi = None if node.hi == Name("oo") else self._end(node.hi)
        found = {lo} if hi is None else {lo, hi}
        for left, right in _competing(node.term):
            if node.index in free_names(left) | free_names(right):
                root = self._root(node, left, right)
                if root is not None and lo < root and (hi is None or root < hi):
                    found.add(root)
        return found

    def _end(self, bound: Expr) -> Order:
        order = self.of(bound).leading
        if order is None or order < CONSTANT:
            raise UndecidedError(f"no rule for the bound {bound}")
        return order

    def _root(self, node: Sum, left: Expr, right: Expr) -> Order | None:
        """Return the order of the index where two terms meet, if they do at one place."""
        ratios = []
        for exponent in (1, 2, 3):
            place = Order(Fraction(exponent, 1000))
            one, other = (
                self._at(Sum(side, node.index, node.lo, node.hi), place).leading
                for side in (left, right)
            )
            if one is None or other is None:
                return None
            ratios.append(one / other)
        step = ratios[1] / ratios[0]
        if step.x == 0 or step != Order(step.x) or ratios[2] != ratios[1] * step:
            return None
        return (step / ratios[0]) ** (Fraction(1, 1000) / step.x)


def _flat_edges(vertices: Sequence[tuple[Order, Order | None]]) -> dict[Order, Order]:
    """Return the logarithm by which flat edges beside a vertex multiply what it adds."""
    logs: dict[Order, Order] = {}
    for (i, one), (j, other) in pairwise(vertices):
        if one is None or other is None:
            continue
        if i.x != j.x and one.x == other.x:
            for place in (i, j):
                if place > CONSTANT:
                    logs[place] = place.log()
        elif i.x == j.x and one == other:
            logs.setdefault(i, LOGLOG)
            logs.setdefault(j, LOGLOG)
    return logs


def _competing(expr: Expr) -> Iterator[tuple[Expr, Expr]]:
    """Yield the pairs of terms whose crossing bends an expression."""
    match expr:
        case Add(terms) | Call("min" | "max", terms):
            yield from combinations(terms, 2)
        case Call("exp", (arg,)):
            yield from ((Num(_ONE), t) for t in (arg.terms if isinstance(arg, Add) else (arg,)))
        case Pow(Add((Num(one), *rest)), exponent) if one == 1:
            yield from ((Num(_ONE), Mul((term, exponent))) for term in rest)
    for part in children(expr):
        yield from _competing(part)


def _product(parts: Iterable[NextOrder]) -> NextOrder:
    leading, corrections, unit = CONSTANT, [], True
    for part in parts:
        if part.leading is None:
            return VANISHING
        leading = leading * part.leading
        corrections.append(part.correction)
        unit = unit and part.unit
    return NextOrder(leading, _largest(corrections), unit)


def _raised(part: NextOrder, exponent: Fraction) -> NextOrder:
    if part.leading is None:
        if exponent > 0:
            return VANISHING
        raise UndecidedError("a negative power of what vanishes")
    return NextOrder(part.leading**exponent, part.correction, part.unit)


def _extremum(func: str, parts: Sequence[NextOrder]) -> NextOrder:
    known = [part.leading for part in parts if part.leading is not None]
    if func == "min" and len(known) < len(parts):
        return VANISHING
    if not known:
        return VANISHING
    leading = min(known) if func == "min" else max(known)
    first = [part for part in parts if part.leading == leading]
    return NextOrder(leading, _largest(part.correction for part in first))


def _decay(exponent: NextOrder, beside: Order | None) -> NextOrder:
    """Return the expansion of ``exp(-X)``; `beside` is a further relative correction of X."""
    if exponent.leading is None:
        return FIXED
    if exponent.leading > CONSTANT:
        return VANISHING
    if exponent.leading < CONSTANT:
        return NextOrder(CONSTANT, exponent.leading, unit=True)
    return NextOrder(CONSTANT, _largest([exponent.correction, beside]))


def _led(parts: Sequence[tuple[Order, Order | None]]) -> NextOrder:
    """Return the expansion of a sum of positive contributions with their own corrections."""
    if not parts:
        return VANISHING
    leading = max(size for size, _ in parts)
    smaller = [size / leading for size, _ in parts if size < leading]
    own = [correction for size, correction in parts if size == leading]
    return NextOrder(leading, _largest([*smaller, *own]))


def _largest(corrections: Iterable[Order | None]) -> Order | None:
    return max((c for c in corrections if c is not None), default=None)
