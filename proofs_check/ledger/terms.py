"""The formulas of a ledger: text in, trees and relations out.

The trees are those of the claim language (`ratecert.proofs_check.language.expr`).  Beside its
functions a formula may use ``floor`` and the functions that a ledger defines, which the claim
language has not::

    relation = expr ("<=" | "<" | "=" | ">=" | ">") expr
    expr     = ["-"] term (("+" | "-") term)*
    term     = factor (("*" | "/") factor)*
    factor   = "-" factor | atom ["^" factor]
    atom     = NUMBER | NAME | "(" expr ")" | NAME "(" expr ("," expr)* ")"

``sum(TERM, i, LO, HI)`` binds ``i``, a name as `names` has it.  Relations are stored with ``<=``,
``<`` or ``=`` only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import (
    Call,
    Expr,
    Name,
    Num,
    Sum,
    add,
    div,
    free_names,
    mul,
    neg,
    power,
    substitute,
)
from ratecert.proofs_check.ledger.names import name_of

__all__ = ["Relation", "parse_formula", "parse_relation", "put"]

MAX_CHARACTERS = 4000
MAX_NESTING = 40
_TOKEN = re.compile(
    r"\s*(?:([0-9]{1,60}(?:\.[0-9]{1,60})?)|([A-Za-z_][A-Za-z0-9_]*)|(<=|>=|[-+*/^(),<>=]))"
)


@dataclass(frozen=True, slots=True)
class Relation:
    """``left op right`` with `op` one of ``<=``, ``<``, ``=``."""

    left: Expr
    op: str
    right: Expr

    def __post_init__(self) -> None:
        if self.op not in ("<=", "<", "="):
            raise ValueError(f"there is no relation {self.op!r}")

    def __str__(self) -> str:
        return f"{self.left} {self.op} {self.right}"

    def at(self, values: Mapping[str, Expr]) -> Relation:
        """Put expressions in the place of free names."""
        return Relation(put(self.left, values), self.op, put(self.right, values))

    def names(self) -> frozenset[str]:
        """Return the free names of both sides."""
        return free_names(self.left) | free_names(self.right)


def put(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """Replace free names; raises `RejectedError` where a sum would capture one of the new ones."""
    try:
        return substitute(expr, values)
    except ValueError as error:
        raise RejectedError(str(error)) from None


def parse_formula(text: str) -> Expr:
    """Return the tree of an expression; raises `RejectedError` where it is none."""
    parser = _Parser(text)
    found = parser.expr()
    parser.end()
    return found


def parse_relation(text: str) -> Relation:
    """Return the relation that a text states; raises `RejectedError` where it is none."""
    parser = _Parser(text)
    left = parser.expr()
    op = parser.relation()
    right = parser.expr()
    parser.end()
    if op in (">=", ">"):
        left, right, op = right, left, op.replace(">", "<")
    return Relation(left, op, right)


class _Parser:
    def __init__(self, text: object):
        if not isinstance(text, str) or len(text) > MAX_CHARACTERS:
            raise RejectedError(f"a formula is a text of at most {MAX_CHARACTERS} characters")
        self.text, self.place, self.depth = text, 0, 0
        self.tokens: list[str] = []
        while self.place < len(text.rstrip()):
            match = _TOKEN.match(text, self.place)
            if match is None:
                raise RejectedError(f"{text!r} is not a formula at character {self.place + 1}")
            self.tokens.append(match.group(match.lastindex or 0))
            self.place = match.end()
        self.tokens.append("")
        self.place = 0

    @property
    def token(self) -> str:
        return self.tokens[self.place]

    def take(self, *wanted: str) -> str:
        found = self.token
        if found in wanted:
            self.place += 1
            return found
        return ""

    def expect(self, wanted: str) -> None:
        if not self.take(wanted):
            raise RejectedError(f"{self.text!r}: {wanted!r} is missing before {self.token!r}")

    def end(self) -> None:
        if self.token:
            raise RejectedError(f"{self.text!r}: {self.token!r} is out of place")

    def relation(self) -> str:
        found = self.take("<=", ">=", "<", ">", "=")
        if not found:
            raise RejectedError(f"{self.text!r} is not a relation")
        return found

    def expr(self) -> Expr:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise RejectedError("a formula is nested too deeply")
        terms = [self.term()]
        while sign := self.take("+", "-"):
            term = self.term()
            terms.append(term if sign == "+" else neg(term))
        self.depth -= 1
        return add(*terms)

    def term(self) -> Expr:
        total = self.factor()
        while sign := self.take("*", "/"):
            factor = self.factor()
            if sign == "/" and factor == Num(Fraction(0)):
                raise RejectedError(f"{self.text!r} divides by zero")
            total = mul(total, factor) if sign == "*" else div(total, factor)
        return total

    def factor(self) -> Expr:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise RejectedError("a formula is nested too deeply")
        if self.take("-"):
            found = neg(self.factor())
        else:
            found = self.atom()
            if self.take("^"):
                found = power(found, self.factor())
        self.depth -= 1
        return found

    def atom(self) -> Expr:
        token = self.token
        self.place += 1
        if token == "(":
            inner = self.expr()
            self.expect(")")
            return inner
        if token[:1].isdigit():
            return Num(Fraction(token))
        if not token or not (token[0].isalpha() or token[0] == "_"):
            raise RejectedError(f"{self.text!r}: {token!r} is out of place")
        return self.call(token) if self.take("(") else Name(token)

    def call(self, func: str) -> Expr:
        args = [self.expr()]
        while self.take(","):
            args.append(self.expr())
        self.expect(")")
        if func != "sum":
            return Call(func, tuple(args))
        if len(args) != 4 or not isinstance(args[1], Name):
            raise RejectedError(f"{self.text!r}: a sum is sum(TERM, i, LO, HI)")
        return Sum(args[0], name_of(args[1].name), args[2], args[3])
