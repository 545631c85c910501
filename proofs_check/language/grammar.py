"""The claim language: text in, syntax tree out.

The grammar, loosest binding first::

    statement  = expr "=" RELATION "(" expr ")"  |  expr "~" expr
    condition  = expr (("<" | "<=" | "=" | ">=" | ">") expr)+
    expr       = term (("+" | "-") term)*
    term       = factor (("*" | "/") factor)*
    factor     = ("+" | "-")* atom (("^" | "**") factor)?
    atom       = NUMBER | NAME | "(" expr ")" | FUNCTION "(" expr ("," expr)* ")"
               | "sum" "(" expr "," NAME "," expr "," expr ")"

So a sign binds looser than a power (``-x^2`` is ``-(x^2)``), powers group to the right
(``x^y^z`` is ``x^(y^z)``), and an exponent may carry a sign (``x^-1``).  Decimals are read as
exact rationals.  A product needs its ``*``: ``2x`` and ``a(b+1)`` are refused, because the
second is as easily a misspelt function.

The tree is built by `ratecert.proofs_check.language.expr`'s own builders, hence flat in sums and
products and with rational constants collected.  Since collecting drops factors (``0*(1/0)`` would
silently be 0), every operand carries its exact value where it is a rational constant of moderate
size, and what has no value there, such as ``1/0``, ``log(0)`` or ``(-1)^(1/2)``, is refused before
it is built in.  ``oo`` obeys no arithmetic and may only stand alone: as the bound of a sum, a
side of a condition, or the whole text.

Nothing here recurses deeper than the text nests, and no text nests deeper than
`MAX_NESTING`, so that neither the parser nor anything that walks its trees can exhaust the
stack.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple, NoReturn, cast

from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import (
    FUNCTIONS,
    MARK,
    NUMBERS,
    Call,
    Expr,
    Name,
    Num,
    add,
    children,
    div,
    free_names,
    mul,
    neg,
    power,
    sum_over,
)
from ratecert.proofs_check.language.statement import RELATIONS, Condition

__all__ = [
    "MAX_CHARACTERS",
    "MAX_DIGITS",
    "MAX_HEIGHT",
    "MAX_NESTING",
    "ClaimSyntaxError",
    "Statement",
    "nearest",
    "parse_condition",
    "parse_expr",
    "parse_statement",
]

MAX_CHARACTERS = 10_000
"""Longest text that is read, in characters."""
MAX_DIGITS = 1_000
"""Most decimal digits of a numerator or denominator."""
MAX_NESTING = 100
"""Most parentheses, function calls and exponents inside one another."""
MAX_HEIGHT = 2 * MAX_NESTING
"""Greatest height of a tree: one level of nesting may hold a sum of products of quotients."""

_TOO_LARGE: int = 10**MAX_DIGITS
_COLUMNS = 79
_ONE = Num(Fraction(1))
_INFINITIES: tuple[Expr, Expr] = (Name("oo"), neg(Name("oo")))
_CONSTANTS = (*sorted(NUMBERS), "oo")
_FUNCTIONS = (*FUNCTIONS, "sum")


class ClaimSyntaxError(UserError):
    """A text that is not of the language.

    `reason` says what is wrong, `position` (from 0) is the index of the offending character of
    `text`.  The message holds the reason, then the text and a caret under that character, both
    lines clipped to fewer than 80 columns.
    """

    def __init__(self, reason: str, text: str, position: int, file: str = "", line: int = 0):
        self.reason, self.text, self.position = reason, text, position
        super().__init__(f"{reason}\n{_excerpt(text, position)}", file, line)

    def __reduce__(self) -> tuple[type[ClaimSyntaxError], tuple[str, str, int, str, int]]:
        return ClaimSyntaxError, (self.reason, self.text, self.position, self.file, self.line)

    def at(self, file: str, line: int) -> ClaimSyntaxError:
        """Return the same problem, placed in a file."""
        return ClaimSyntaxError(self.reason, self.text, self.position, file, line)


def _excerpt(text: str, position: int) -> str:
    """Return the text around the position and a caret under it, each line indented by two."""
    shown = "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)
    width = _COLUMNS - 2
    start = max(0, min(position - width // 2, len(shown) - width + 1))
    clipped = shown[start : start + width]
    if start:
        clipped = "..." + clipped[3:]
    if start + width < len(shown):
        clipped = clipped[:-3] + "..."
    return f"  {clipped}\n  {' ' * (position - start)}^"


@dataclass(frozen=True, slots=True)
class Statement:
    """``left = relation(right)``, or ``left ~ right``; `relation` is one of `RELATIONS`."""

    left: Expr
    relation: str
    right: Expr

    def __str__(self) -> str:
        if self.relation == "~":
            return f"{self.left} ~ {self.right}"
        return f"{self.left} = {self.relation}({self.right})"


def parse_expr(
    text: str, *, max_characters: int = MAX_CHARACTERS, is_printed: bool = False
) -> Expr:
    """Return the tree of an expression.

    A longer `max_characters` is for texts of our own printing, which may outgrow what was read
    (``a+b`` prints as ``a + b``).  Where it `is_printed`, the text may hold marked indices.

    Raises
    ------
    ClaimSyntaxError
        Where the text is not an expression of the language, is over a limit, or has a constant
        part without a real value.
    """
    parser = _Parser(text, max_characters, is_printed)
    expr = parser.whole_expr()
    parser.end()
    return expr


def parse_statement(text: str) -> Statement:
    """Return the tree of ``LEFT = RELATION(RIGHT)`` or ``LEFT ~ RIGHT``.

    Raises
    ------
    ClaimSyntaxError
        As `parse_expr`, and where the relation is missing or unknown.
    """
    parser = _Parser(text)
    left = parser.whole_expr(finite=True)
    if parser.take("~"):
        right, relation = parser.whole_expr(finite=True), "~"
    elif parser.take("="):
        relation = parser.relation()
        right = parser.whole_expr(finite=True)
        parser.expect(")")
    else:
        parser.refuse(f"{_STATEMENT_FORM}, but here stands {parser.token.shown}")
    parser.end()
    return Statement(left, relation, right)


def parse_condition(text: str) -> tuple[Condition, ...]:
    """Return the comparisons of a chain: ``1 < b < a + 1`` gives ``1 < b`` and ``b < a + 1``.

    Raises
    ------
    ClaimSyntaxError
        As `parse_expr`, and where there is no comparison.
    """
    parser = _Parser(text)
    left = parser.whole_expr()
    conditions: list[Condition] = []
    while op := parser.take(*_COMPARISONS):
        right = parser.whole_expr()
        conditions.append(Condition(left, cast(Literal["<", "<=", "=", ">=", ">"], op), right))
        left = right
    if not conditions:
        parser.refuse(
            f"a condition compares two expressions with one of {' '.join(_COMPARISONS)}, but "
            f"here stands {parser.token.shown}"
        )
    parser.end()
    return tuple(conditions)


_MOST_CANDIDATES = 200


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean X?`` for the known name X closest to the word, or nothing.

    Among very many names only some that begin like the word are looked at.
    """
    candidates = sorted(known)
    if len(candidates) > _MOST_CANDIDATES:
        candidates = [name for name in candidates if name[:1] == word[:1]][:_MOST_CANDIDATES]
    matches = difflib.get_close_matches(word[:50], candidates, 1, 0.6) or [
        name for name in candidates if name.lower() == word.lower()
    ]
    return f"; did you mean {matches[0]}?" if matches else ""


# Tokens.

_POWERS = ("^", "**")
_COMPARISONS = ("<", "<=", "=", ">=", ">")
_STATEMENT_FORM = "a statement reads LEFT = Theta(RIGHT) or LEFT ~ RIGHT"
_FORM_OF_TOKEN = (
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*MARKS)"
    r"|(?P<symbol>\*\*|<=|>=|==|[-+*/^(),<>=~]))"
)
_TYPED = re.compile(_FORM_OF_TOKEN.replace("MARKS", ""))
_PRINTED = re.compile(_FORM_OF_TOKEN.replace("MARKS", f"{MARK}*"))
_HINTS = {
    "×": "write * for a product", "·": "write * for a product", "÷": "write / for a quotient",
    "−": "write an ASCII - for minus", "–": "write an ASCII - for minus",
    "≤": "write <=", "≥": "write >=", "≠": "there is no such condition",
    "≍": "write = Theta(...)", "∼": "write an ASCII ~", "∞": "write oo", "π": "write pi",
    "γ": "write gamma", "σ": "write sigma", "√": "write sqrt(...)", "²": "write ^2",
    "[": "group with ( and )", "]": "group with ( and )",
    "{": "group with ( and )", "}": "group with ( and )",
    "!": "a factorial n! is Gamma(n + 1)", "|": "an absolute value is max(x, -x)",
}  # fmt: skip


class _Token(NamedTuple):
    kind: str
    text: str
    start: int

    @property
    def shown(self) -> str:
        """The token as messages quote it."""
        return "the end of the text" if self.kind == "end" else f"`{self.text[:40]}`"


def _tokens(text: str, max_characters: int, form: re.Pattern[str]) -> list[_Token]:
    """Return the tokens of the text and a last one of kind ``end``."""
    if len(text) > max_characters:
        reason = f"a text may have {max_characters} characters, this one has {len(text)}"
        raise ClaimSyntaxError(reason, text, max_characters)
    tokens: list[_Token] = []
    position, length = 0, len(text.rstrip())
    while position < length:
        match = form.match(text, position)
        if not match:
            position += len(text[position:]) - len(text[position:].lstrip())
            reason = f"the language has no character {text[position]!r}"
            hint = _HINTS.get(text[position])
            raise ClaimSyntaxError(f"{reason}; {hint}" if hint else reason, text, position)
        kind = str(match.lastgroup)
        tokens.append(_Token(kind, match[kind], match.start(kind)))
        position = match.end()
    return [*tokens, _Token("end", "", length)]


# Parsing.


class _Operand(NamedTuple):
    """A parsed part: its tree, where it starts, and its value if a known rational constant."""

    expr: Expr
    start: int
    value: Fraction | None


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str, max_characters: int = MAX_CHARACTERS, is_printed: bool = False):
        self._text = text
        self._tokens = _tokens(text, max_characters, _PRINTED if is_printed else _TYPED)
        self._infinity = "oo" in text
        self._next = 0
        self._depth = 0

    # What the entry points need.

    @property
    def token(self) -> _Token:
        """The token that comes next."""
        return self._tokens[self._next]

    def refuse(self, reason: str, position: int | None = None) -> NoReturn:
        """Raise the problem at the position, by default at the token that comes next."""
        raise ClaimSyntaxError(
            reason, self._text, self.token.start if position is None else position
        )

    def take(self, *symbols: str) -> str:
        """Step over the next token if it is one of the symbols; return it, or nothing."""
        text = self._tokens[self._next][1]  # no name, number or end is spelt like a symbol
        if text not in symbols:
            return ""
        self._next += 1
        return text

    def expect(self, symbol: str) -> None:
        """Step over that symbol."""
        if not self.take(symbol):
            self.refuse(f"expected `{symbol}`, but here stands {self.token.shown}")

    def end(self) -> None:
        """Check that nothing is left."""
        if self.token.kind != "end":
            self.refuse(f"nothing more is expected here, but here stands {self.token.shown}")

    def relation(self) -> str:
        """Step over ``RELATION(`` and return the relation."""
        kind, text, _ = self.token
        known = [name for name in RELATIONS if name != "~"]
        if kind != "name" or text not in known:
            hint = nearest(text, known) if kind == "name" else ""
            self.refuse(
                f"after = comes one of {', '.join(known)}, but here stands "
                f"{self.token.shown}{hint or '; for equal leading terms write LEFT ~ RIGHT'}"
            )
        self._next += 1
        self.expect("(")
        return text

    def whole_expr(self, finite: bool = False) -> Expr:
        """Return the expression that starts here; a `finite` one may not be ``oo``."""
        operand = self._expr()
        if finite:
            self._refuse_infinite(operand)
        if _height(operand.expr) > MAX_HEIGHT:
            self.refuse(f"this nests deeper than {MAX_HEIGHT} operations", operand.start)
        return operand.expr

    # The grammar, one method per line of it.

    def _expr(self) -> _Operand:
        terms = [self._term()]
        while sign := self.take("+", "-"):
            term = self._term()
            terms.append(self._negated(term) if sign == "-" else term)
        if len(terms) == 1:
            return terms[0]
        self._refuse_infinite(*terms)
        value = _total(term.value for term in terms)
        return self._operand(add(*(term.expr for term in terms)), terms[0].start, value)

    def _term(self) -> _Operand:
        factors = [self._factor()]
        while op := self.take("*", "/"):
            factor = self._factor()
            factors.append(self._reciprocal(factor) if op == "/" else factor)
        self._refuse_juxtaposition()
        if len(factors) == 1:
            return factors[0]
        self._refuse_infinite(*factors)
        value = _product([factor.value for factor in factors])
        return self._operand(mul(*(factor.expr for factor in factors)), factors[0].start, value)

    def _factor(self) -> _Operand:
        start, negative = self.token.start, False
        while sign := self.take("+", "-"):
            negative ^= sign == "-"
        operand = self._atom()
        if self.take(*_POWERS):
            self._enter(self._tokens[self._next - 1].start)
            operand = self._power(operand, self._factor())
            self._depth -= 1
        return (self._negated(operand) if negative else operand)._replace(start=start)

    def _atom(self) -> _Operand:
        kind, text, start = self.token
        self._next += 1
        match kind:
            case "number":
                value = self._number(text, start)
                return _Operand(Num(value), start, value)
            case "name":
                return self._named(text, start)
        self._next -= 1
        if not self.take("("):
            self.refuse(f"expected an expression, but here stands {self.token.shown}")
        # The parentheses of an exponent add nothing to the level that its ^ has opened, so that
        # x^(y^z) nests no deeper than x^y^z.
        opens = self._next < 2 or self._tokens[self._next - 2].text not in _POWERS
        self._enter(start, opens)
        inner = self._expr()
        self._depth -= opens
        self.expect(")")
        return inner._replace(start=start)

    def _named(self, name: str, start: int) -> _Operand:
        called = self.take("(")
        if name not in _FUNCTIONS:
            if called:
                self._refuse_call(name, start)
            return _Operand(Name(name), start, None)
        if not called:
            self.refuse(f"{name} is a function: write {name}(...)", start)
        self._enter(start)
        operand = self._sum(start) if name == "sum" else self._call(name, start)
        self._depth -= 1
        self.expect(")")
        return operand

    def _call(self, func: str, start: int) -> _Operand:
        args = [self._expr()]
        while self.take(","):
            args.append(self._expr())
        self._refuse_infinite(*args)
        _, most = FUNCTIONS[func]
        if most is not None and len(args) > most:
            self.refuse(f"{func} takes {most} argument, not {len(args)}", args[most].start)
        exprs = tuple(arg.expr for arg in args)
        if func == "optimal" and not (isinstance(exprs[0], Name) and free_names(exprs[0])):
            self.refuse("optimal takes a name: optimal(M), or optimal(value)", args[0].start)
        value = self._value_of_call(func, args[0]) if most == 1 else None
        return self._operand(Call(func, exprs), start, value)

    def _sum(self, start: int) -> _Operand:
        term = self._expr()
        self._refuse_infinite(term)
        self._comma_of_sum()
        kind, index, _ = self.token
        if kind != "name" or index in (*_FUNCTIONS, *_CONSTANTS):
            self.refuse(f"the index of a sum is a name such as i, not {self.token.shown}")
        self._next += 1
        self._comma_of_sum()
        lo = self._expr().expr
        self._comma_of_sum()
        hi = self._expr().expr
        return _Operand(sum_over(index, term.expr, lo, hi), start, None)

    def _comma_of_sum(self) -> None:
        if not self.take(","):
            self.refuse(f"a sum reads sum(TERM, i, LO, HI), but here stands {self.token.shown}")

    # Values, and what has none.

    def _operand(self, expr: Expr, start: int, value: Fraction | None = None) -> _Operand:
        if isinstance(expr, Num):
            value = expr.value
            if not _moderate(value):
                self.refuse(f"this number has more than {MAX_DIGITS} digits", start)
        return _Operand(expr, start, value)

    def _number(self, text: str, start: int) -> Fraction:
        if len(text) > MAX_DIGITS and len(text.replace(".", "")) > MAX_DIGITS:
            self.refuse(f"this number has more than {MAX_DIGITS} digits", start)
        whole, point, decimals = text.partition(".")
        if not point:
            return Fraction(int(whole))
        return Fraction(int(whole + decimals), 10 ** len(decimals))

    def _negated(self, operand: _Operand) -> _Operand:
        value = None if operand.value is None else -operand.value
        return _Operand(neg(operand.expr), operand.start, value)

    def _reciprocal(self, operand: _Operand) -> _Operand:
        self._refuse_infinite(operand)
        if operand.value == 0:
            self.refuse("this divides by zero", operand.start)
        if operand.value is None:
            return _Operand(div(_ONE, operand.expr), operand.start, None)
        value = 1 / operand.value
        known = isinstance(operand.expr, Num)
        return _Operand(Num(value) if known else div(_ONE, operand.expr), operand.start, value)

    def _power(self, base: _Operand, exponent: _Operand) -> _Operand:
        self._refuse_infinite(base, exponent)
        b, e = base.value, exponent.value
        if b is not None and e is not None:
            if b == 0 and e < 0:
                self.refuse("this divides by zero: 0 has no negative power", base.start)
            if b < 0 and e.denominator != 1:
                self.refuse("a negative number has no real power like this", base.start)
        return self._operand(power(base.expr, exponent.expr), base.start, _value_of_power(b, e))

    def _value_of_call(self, func: str, arg: _Operand) -> Fraction | None:
        value = arg.value
        if value is None:
            return None
        if func in _UNDEFINED and _UNDEFINED[func](value):
            self.refuse(f"{func} has no real value here", arg.start)
        return _KNOWN_VALUES.get((func, value))

    def _refuse_infinite(self, *operands: _Operand) -> None:
        if not self._infinity:
            return
        for operand in operands:
            if operand.expr in _INFINITIES:
                self.refuse(
                    "oo is no number: it may only stand alone, as the bound of a sum",
                    operand.start,
                )

    # The remaining refusals.

    def _enter(self, start: int, levels: int = 1) -> None:
        self._depth += levels
        if self._depth > MAX_NESTING:
            self.refuse(f"this nests deeper than {MAX_NESTING}", start)

    def _refuse_call(self, name: str, start: int) -> NoReturn:
        if name in RELATIONS:
            self.refuse(f"{name}(...) only stands alone, right after the = of a statement", start)
        hint = nearest(name, _FUNCTIONS)
        self.refuse(
            f"{name} is not a function; for a product write {name}*(...){hint}",
            start,
        )

    def _refuse_juxtaposition(self) -> None:
        """Name the missing sign where a factor follows a factor."""
        before, (kind, text, start) = self._tokens[self._next - 1], self.token
        if kind not in ("number", "name") and text != "(":
            return
        adjacent = before.start + len(before.text) == start
        if adjacent and before.kind == "number" and re.fullmatch(r"[eE][0-9]*", text):
            self.refuse("write a power of ten as 10^n, for example 3*10^6", start)
        self.refuse(f"write * between factors: * is missing before {self.token.shown}", start)


_UNDEFINED: dict[str, Callable[[Fraction], bool]] = {
    "log": lambda x: x <= 0,
    "sqrt": lambda x: x < 0,
    "Gamma": lambda x: x <= 0 and x.denominator == 1,
    "zeta": lambda x: x == 1,
}
_KNOWN_VALUES = {
    ("log", Fraction(1)): Fraction(0),
    ("exp", Fraction(0)): Fraction(1),
    ("sin", Fraction(0)): Fraction(0),
    ("sqrt", Fraction(0)): Fraction(0),
}


def _moderate(value: Fraction) -> bool:
    return -_TOO_LARGE < value.numerator < _TOO_LARGE and value.denominator < _TOO_LARGE


def _total(values: Iterable[Fraction | None]) -> Fraction | None:
    """Return the sum, or None where a term or a partial sum is unknown or too large."""
    total = Fraction(0)
    for value in values:
        if value is None or not _moderate(total := total + value):
            return None
    return total


def _product(values: list[Fraction | None]) -> Fraction | None:
    """Return the product; it is known to be 0 when one factor is, whatever the others."""
    if any(value is not None and not value for value in values):
        return Fraction(0)
    product: Fraction | None = None
    for value in values:
        if value is None:
            return None
        product = value if product is None else product * value
        if not _moderate(product):
            return None
    return product


def _value_of_power(base: Fraction | None, exponent: Fraction | None) -> Fraction | None:
    """Return ``base ^ exponent`` for an integer exponent, or None where it is too large."""
    if base is None or exponent is None or exponent.denominator != 1:
        return None
    bits = max(base.numerator.bit_length(), base.denominator.bit_length()) - 1
    if bits * abs(exponent) > _TOO_LARGE.bit_length():
        return None
    return base**exponent.numerator


def _height(expr: Expr) -> int:
    """Return how many nodes the longest path downwards has."""
    height = 0
    level: tuple[Expr, ...] = (expr,)
    while level:
        height += 1
        level = tuple(child for node in level for child in children(node))
    return height
