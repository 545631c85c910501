"""The syntax tree of the claim language, and how it prints.

An expression is one of seven frozen nodes.  Subtraction and division have no node of their
own: ``x - y`` is ``Add((x, Mul((Num(-1), y))))`` and ``x / y`` is ``Mul((x, Pow(y, Num(-1))))``,
so that rules have fewer cases to be wrong about.  ``str(e)`` prints an expression in the claim
language again, and parsing that text gives back an equal tree.

*Indices of sums* are marked: the parser writes the index that is typed ``i`` as ``i′``, and as
``i″`` (two marks) around a sum over ``i′``.  Nobody can type a mark, so that an index is never
taken for a size, a parameter or the step size of the same spelling, and an index outside never
for one inside.  `unmarked` takes the marks away again for people to read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

__all__ = [
    "FUNCTIONS",
    "MARK",
    "NUMBERS",
    "Add",
    "Call",
    "Expr",
    "Mul",
    "Name",
    "Num",
    "Pow",
    "Sum",
    "add",
    "children",
    "div",
    "free_names",
    "marked",
    "mul",
    "neg",
    "power",
    "rebuild",
    "substitute",
    "sum_over",
    "unmarked",
    "walk",
]

FUNCTIONS: Mapping[str, tuple[int, int | None]] = {
    "min": (1, None),
    "max": (1, None),
    "exp": (1, 1),
    "log": (1, 1),
    "sqrt": (1, 1),
    "Gamma": (1, 1),
    "zeta": (1, 1),
    "sin": (1, 1),
    "eigenvalue": (1, 1),
    "optimal": (1, 1),
}
"""Functions of the language with the least and the largest number of arguments."""


NUMBERS = frozenset({"pi", "EulerGamma"})
"""Names of fixed numbers of the language, all positive; Euler's is 0.5772..."""
_NEVER_FREE = NUMBERS | {"oo"}
MARK = "\u2032"
"""Ends the name of every index of a sum; the lexer of claims has no such character."""


class Expr:
    """Base of all nodes; abstract."""

    __slots__ = ()

    def __str__(self) -> str:
        return _text(self, 0)


@dataclass(frozen=True, slots=True)
class Num(Expr):
    """An exact rational number."""

    value: Fraction

    __str__ = Expr.__str__


@dataclass(frozen=True, slots=True)
class Name(Expr):
    """A size, a parameter, an index, a quantity, or one of the constants ``pi`` and ``oo``."""

    name: str

    __str__ = Expr.__str__


@dataclass(frozen=True, slots=True)
class Add(Expr):
    """A sum of two or more terms."""

    terms: tuple[Expr, ...]

    __str__ = Expr.__str__


@dataclass(frozen=True, slots=True)
class Mul(Expr):
    """A product of two or more factors."""

    factors: tuple[Expr, ...]

    __str__ = Expr.__str__


@dataclass(frozen=True, slots=True)
class Pow(Expr):
    """``base ^ exponent``."""

    base: Expr
    exponent: Expr

    __str__ = Expr.__str__


@dataclass(frozen=True, slots=True)
class Call(Expr):
    """A function of `FUNCTIONS` applied to its arguments."""

    func: str
    args: tuple[Expr, ...]

    __str__ = Expr.__str__


@dataclass(frozen=True, slots=True)
class Sum(Expr):
    """``sum(term, index, lo, hi)``: over all integers ``i`` with ``lo <= i <= hi``."""

    term: Expr
    index: str
    lo: Expr
    hi: Expr

    __str__ = Expr.__str__


# Building, with the few simplifications that keep printed formulas readable: numbers are
# collected, and nothing else cancels, since what cancels may have no value.


def add(*terms: Expr) -> Expr:
    """Return the sum, flattened, with rational terms collected where the first one stands."""
    flat: list[Expr] = []
    numbers: list[Fraction] = []
    place = 0
    for term in terms:
        for part in term.terms if isinstance(term, Add) else (term,):
            if isinstance(part, Num):
                place = place if numbers else len(flat)
                numbers.append(part.value)
            else:
                flat.append(part)
    constant = sum(numbers, Fraction(0)) if numbers or not flat else None
    if constant is not None and (constant or not flat):
        flat.insert(place, Num(constant))
    return flat[0] if len(flat) == 1 else Add(tuple(flat))


def mul(*factors: Expr) -> Expr:
    """Return the product, flattened, with rational factors collected in front.

    A factor 0 does not take the others with it: they may have no value.
    """
    flat: list[Expr] = []
    constant: Fraction | None = None
    for factor in factors:
        for part in factor.factors if isinstance(factor, Mul) else (factor,):
            if isinstance(part, Num):
                constant = part.value if constant is None else constant * part.value
            else:
                flat.append(part)
    if constant is None:
        constant = Fraction(1)
    if not flat or constant != 1:
        flat.insert(0, Num(constant))
    return flat[0] if len(flat) == 1 else Mul(tuple(flat))


def power(base: Expr, exponent: Expr) -> Expr:
    """Return ``base ^ exponent``, plain when the exponent is 1, or a number's 0 or -1.

    ``x^0`` stays as it is: x may have no value.
    """
    if isinstance(exponent, Num) and exponent.value == 1:
        return base
    if isinstance(base, Num) and base.value and isinstance(exponent, Num):
        if exponent.value == 0:
            return Num(Fraction(1))
        if exponent.value == -1:
            return Num(1 / base.value)
    return Pow(base, exponent)


def neg(expr: Expr) -> Expr:
    """Return ``-expr``."""
    return mul(Num(Fraction(-1)), expr)


def div(numerator: Expr, denominator: Expr) -> Expr:
    """Return ``numerator / denominator``."""
    if isinstance(denominator, Num) and denominator.value:
        return mul(Num(1 / denominator.value), numerator)
    if isinstance(denominator, Mul):
        return mul(numerator, *(power(f, Num(Fraction(-1))) for f in denominator.factors))
    return mul(numerator, power(denominator, Num(Fraction(-1))))


# Walking.


def children(expr: Expr) -> tuple[Expr, ...]:
    """Return the direct subexpressions, in the order `rebuild` takes them."""
    match expr:
        case Add(terms):
            return terms
        case Mul(factors):
            return factors
        case Pow(base, exponent):
            return (base, exponent)
        case Call(_, args):
            return args
        case Sum(term, _, lo, hi):
            return (term, lo, hi)
    return ()


def rebuild(expr: Expr, parts: tuple[Expr, ...]) -> Expr:
    """Return the same kind of node over other subexpressions."""
    match expr:
        case Add():
            return add(*parts)
        case Mul():
            return mul(*parts)
        case Pow():
            return power(parts[0], parts[1])
        case Call(func, _):
            return Call(func, parts)
        case Sum(_, index, _, _):
            return Sum(parts[0], index, parts[1], parts[2])
    return expr


def walk(expr: Expr) -> Iterator[Expr]:
    """Yield the expression and all its subexpressions, parents first."""
    stack = [expr]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


def free_names(expr: Expr) -> frozenset[str]:
    """Return the names that occur free: all but bound indices, `NUMBERS` and ``oo``."""
    match expr:
        case Name(name):
            return frozenset() if name in _NEVER_FREE else frozenset({name})
        case Sum(term, index, lo, hi):
            return (free_names(term) - {index}) | free_names(lo) | free_names(hi)
    return frozenset().union(*map(free_names, children(expr)))


def substitute(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """Replace free names; a summation index is never replaced inside its own sum."""
    match expr:
        case Name(name):
            return values.get(name, expr)
        case Sum(term, index, lo, hi):
            inner = {name: value for name, value in values.items() if name != index}
            if any(index in free_names(value) for value in inner.values()):
                raise ValueError(f"the index {index} would capture a name of the same spelling")
            return Sum(
                substitute(term, inner), index, substitute(lo, values), substitute(hi, values)
            )
    parts = children(expr)
    return rebuild(expr, tuple(substitute(part, values) for part in parts)) if parts else expr


def marked(name: str, term: Expr) -> str:
    """Return an index of that name for a sum over `term`: marked, unlike any index inside.

    >>> from ratecert.proofs_check.language.expr import Name, marked
    >>> marked("k", Name("k")) == "k" + MARK
    True
    """
    own = name.rstrip(MARK)
    inside = (node.index for node in walk(term) if isinstance(node, Sum))
    depths = [len(index) - len(own) for index in inside if index.rstrip(MARK) == own]
    return own + MARK * (1 + max(depths, default=0))


def sum_over(index: str, term: Expr, lo: Expr, hi: Expr) -> Sum:
    """Return the sum over an index as it is typed, which is marked then; a marked one stays."""
    if index.endswith(MARK):
        return Sum(term, index, lo, hi)
    own = marked(index, term)
    return Sum(substitute(term, {index: Name(own)}), own, lo, hi)


def unmarked(text: str) -> str:
    """Return a text as people read it: indices are called as they were typed."""
    return text.replace(MARK, "")


# Printing.  Binding strength: 1 sum, 2 product, 3 sign, 4 power, 5 atom.


def _text(expr: Expr, strength: int) -> str:
    text, own = _PRINTERS[type(expr)](expr)
    return f"({text})" if own < strength else text


def _num(expr: Expr) -> tuple[str, int]:
    assert isinstance(expr, Num)
    own = 2 if expr.value.denominator != 1 else 5
    return str(expr.value), 1 if expr.value < 0 else own


def _name(expr: Expr) -> tuple[str, int]:
    assert isinstance(expr, Name)
    return expr.name, 5


def _add(expr: Expr) -> tuple[str, int]:
    assert isinstance(expr, Add)
    text = _text(expr.terms[0], 1)
    for term in expr.terms[1:]:
        sign, positive = _split_sign(term)
        text += f" {sign} {_text(positive, 2)}"
    return text, 1


def _split_sign(expr: Expr) -> tuple[str, Expr]:
    if isinstance(expr, Num) and expr.value < 0:
        return "-", Num(-expr.value)
    if isinstance(expr, Mul) and isinstance(expr.factors[0], Num) and expr.factors[0].value < 0:
        return "-", mul(Num(-expr.factors[0].value), *expr.factors[1:])
    return "+", expr


def _mul(expr: Expr) -> tuple[str, int]:
    assert isinstance(expr, Mul)
    sign, positive = _split_sign(expr)
    if sign == "-":
        return f"-{_text(positive, 2)}", 1
    text = _text(expr.factors[0], 2)
    for factor in expr.factors[1:]:
        if isinstance(factor, Pow) and _is_reciprocal(factor):
            text += f"/{_text(factor.base, 4)}"
        else:
            text += f"*{_text(factor, 3)}"
    return text, 2


def _is_reciprocal(expr: Expr) -> bool:
    # Dividing by a product gives one reciprocal per factor, so that of a whole product, which
    # only ``(x*y)^(-1)`` builds, may not print as a division.
    return (
        isinstance(expr, Pow)
        and expr.exponent == Num(Fraction(-1))
        and not isinstance(expr.base, Mul)
    )


def _pow(expr: Expr) -> tuple[str, int]:
    assert isinstance(expr, Pow)
    if _is_reciprocal(expr):
        return f"1/{_text(expr.base, 4)}", 2
    return f"{_text(expr.base, 5)}^{_text(expr.exponent, 5)}", 4


def _call(expr: Expr) -> tuple[str, int]:
    assert isinstance(expr, Call)
    return f"{expr.func}({', '.join(map(str, expr.args))})", 5


def _sum(expr: Expr) -> tuple[str, int]:
    assert isinstance(expr, Sum)
    return f"sum({expr.term}, {expr.index}, {expr.lo}, {expr.hi})", 5


_PRINTERS: Mapping[type, Callable[[Expr], tuple[str, int]]] = {
    Num: _num, Name: _name, Add: _add, Mul: _mul, Pow: _pow, Call: _call, Sum: _sum,
}  # fmt: skip
