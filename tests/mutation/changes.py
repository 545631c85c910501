"""Changes of a program that decide what it accepts: a guard gone, a comparison turned, a sign.

`changes` yields all of them for one module.  What is changed:

- an ``if``, a ``while``, a conditional expression, a filter of a comprehension, a guard of a
  ``case``: as if its condition never held, or always did; a ``case`` that never matches;
- ``and``, ``or``, a union of patterns, a literal set, and what ``in`` looks at: one part less;
- ``not`` and the minus sign gone; ``<`` and ``<=``, ``==`` and ``!=``, ``is`` and ``is not``,
  ``in`` and ``not in`` exchanged, likewise ``+`` and ``-``, ``*`` and ``/``, ``|`` and ``&``;
- ``all`` and ``any``, ``max`` and ``min`` and what else comes in pairs (`PAIRS`) exchanged;
- True and False, 0 and 1 exchanged, another small integer, the words of `WORDS` exchanged;
- a statement that is a call, or that binds a name anew, gone; a loop over nothing; an optional
  argument gone; ``x.f()`` without the call.

Left alone are messages (``raise``, f-strings), annotations, documentation, decorators, and
assertions: they narrow types, and nothing is accepted because one fails to hold.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import ndiff
from typing import Any

__all__ = ["Change", "changes"]

PAIRS = (
    ("all", "any"),
    ("max", "min"),
    ("join", "meet"),
    ("highest", "lowest"),
    ("upper_along", "lower_along"),
    ("sums_up_to", "sums_from"),
)
WORDS = (
    ("+", "-"),
    ("<", "<="),
    (">", ">="),
    ("max", "min"),
    ("upper", "lower"),
    ("O", "Omega"),
    ("attained", "lower"),
    ("above", "below"),
    ("Theta", "O"),
    ("0", "+"),
)
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.Pow: ast.Mult,
}  # fmt: skip
READERS = {"items", "keys", "values", "strip", "split", "splitlines", "copy"}
"""Methods without which there is nothing to iterate over."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _swapped(pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return {b: a for a, b in reversed(pairs)} | dict(reversed(pairs))


NAMES, STRINGS = _swapped(PAIRS), _swapped(WORDS)


@dataclass
class Change:
    """Another `new` part in the place `key` of a node, or of a list of parts, `holder`."""

    holder: Any
    key: str | int
    new: Any
    node: ast.AST
    """The part that is changed; its lines are those of the change."""
    statement: ast.stmt
    function: str
    """The outermost function or method that holds the change, or ``""``."""
    owner: str
    """The class that it stands in, or ``""``."""
    top: ast.stmt
    """The statement at the top of the module, or of a class, that holds the change."""

    def _put(self, value: Any) -> Any:
        if isinstance(self.key, int):
            old, self.holder[self.key] = self.holder[self.key], value
        else:
            old = getattr(self.holder, self.key)
            setattr(self.holder, self.key, value)
        return old

    def __enter__(self) -> Change:
        self._old = self._put(self.new)
        return self

    def __exit__(self, *_: object) -> None:
        self._put(self._old)

    @property
    def lines(self) -> set[int]:
        """The lines at which a test comes by the change."""
        first, last = self.node.lineno, self.node.end_lineno  # type: ignore[attr-defined]
        return {self.statement.lineno, *range(first, (last or first) + 1)}

    def difference(self) -> str:
        """Return the lines that the change takes away and adds, in the standard layout."""
        before = ast.unparse(self.top).splitlines()
        with self:
            after = ast.unparse(self.top).splitlines()
        return "\n".join(line for line in ndiff(before, after) if line[0] in "+-")


def changes(tree: ast.Module) -> Iterator[Change]:
    """Yield all changes of a module, in the order of the text."""
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            for inner in statement.body:
                yield from _of_top(inner, statement.name)
        else:
            yield from _of_top(statement, "")


def _of_top(statement: ast.stmt, owner: str) -> Iterator[Change]:
    if isinstance(statement, Function):
        name = f"{owner}.{statement.name}" if owner else statement.name
        inside = Place(statement, owner, name, statement)
        for defaults in (statement.args.defaults, statement.args.kw_defaults):
            for at, value in enumerate(defaults):
                if value is not None:
                    yield from replace(inside, function="").changes(defaults, at, value)
        for at, inner in enumerate(statement.body):
            yield from inside.changes(statement.body, at, inner)
    elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
        yield from Place(statement, owner, "", statement).changes(
            statement, "value", statement.value
        )


@dataclass(frozen=True)
class Place:
    """Where in a module a part stands: see `Change`."""

    top: ast.stmt
    owner: str
    function: str
    statement: ast.stmt

    def changes(self, holder: Any, key: str | int, node: ast.AST) -> Iterator[Change]:
        """Yield the changes of a part and of all that it holds."""
        if isinstance(node, ast.Raise | ast.Assert | ast.JoinedStr) or _is_documentation(node):
            return
        place = replace(self, statement=node) if isinstance(node, ast.stmt) else self
        for at, where, new, changed in _alternatives(holder, key, node):
            yield Change(
                at, where, new, changed, place.statement, place.function, place.owner, place.top
            )
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list", "op", "ops", "ctx"):
                continue
            parts = list(enumerate(value)) if isinstance(value, list) else [(field, value)]
            inside = value if isinstance(value, list) else node
            for at, part in parts:
                if isinstance(part, ast.AST):
                    yield from place.changes(inside, at, part)


def _is_documentation(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


Alternative = tuple[Any, str | int, Any, ast.AST]


def _alternatives(holder: Any, key: str | int, node: Any) -> Iterator[Alternative]:
    """Yield what may stand in the place of a part, with the place itself."""
    here = lambda new: (holder, key, new, node)  # noqa: E731
    match node:
        case ast.If() | ast.While() | ast.IfExp():
            yield node, "test", _constant(False, node), node.test
            if not isinstance(node, ast.While):
                yield node, "test", _constant(True, node), node.test
        case ast.For():
            yield node, "iter", ast.copy_location(ast.Tuple([], ast.Load()), node), node.iter
        case ast.comprehension():
            for at, test in enumerate(node.ifs):
                yield node.ifs, at, _constant(True, test), test
        case ast.match_case():
            yield node, "guard", _constant(False, node.pattern), node.pattern
            if node.guard is not None:
                yield node, "guard", None, node.guard
        case ast.BoolOp(values=[first, second]) | ast.MatchOr([first, second]):
            yield holder, key, second, first
            yield holder, key, first, second
        case ast.BoolOp() | ast.MatchOr() | ast.Set():
            field = {ast.BoolOp: "values", ast.MatchOr: "patterns", ast.Set: "elts"}[type(node)]
            yield from _one_less(node, field)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield here(operand)
        case ast.Compare():
            yield from _turned(node)
        case ast.BinOp(_, op, _) | ast.AugAssign(_, op, _) if type(op) in OPERATORS:
            yield node, "op", OPERATORS[type(op)](), node
        case ast.Name(name) if name in NAMES:
            yield here(ast.copy_location(ast.Name(NAMES[name], node.ctx), node))
        case ast.Constant(value):
            for other in _other_values(value):
                yield here(_constant(other, node))
        case ast.Call():
            yield from _calls(here, node)
        case ast.Assign([ast.Name(name)], value) if _mentions(value, name):
            yield here(_nothing(node))
    if isinstance(node, ast.AugAssign) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield here(_nothing(node))


def _one_less(node: Any, field: str) -> Iterator[Alternative]:
    parts = getattr(node, field)
    for at, part in enumerate(parts):
        if len(parts) > 1:
            yield node, field, parts[:at] + parts[at + 1 :], part


def _turned(node: ast.Compare) -> Iterator[Alternative]:
    for at, op in enumerate(node.ops):
        yield node.ops, at, COMPARISONS[type(op)](), node
        looked_at = node.comparators[at]
        if isinstance(op, ast.In | ast.NotIn) and isinstance(looked_at, ast.Tuple | ast.List):
            yield from _one_less(looked_at, "elts")


def _calls(here: Any, node: ast.Call) -> Iterator[Alternative]:
    for at in range(len(node.keywords)):
        left = node.keywords[:at] + node.keywords[at + 1 :]
        yield node, "keywords", left, node
    if len(node.args) > 1 and isinstance(node.args[-1], ast.Name | ast.Attribute):
        yield node, "args", node.args[:-1], node
    match node:
        case ast.Call(ast.Attribute(value, name), [], []) if name not in READERS:
            yield here(value)


def _other_values(value: object) -> Iterator[object]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        if value in (0, 1):
            yield 1 - value
        if 1 <= value < 10:
            yield value + 1
    elif isinstance(value, str) and value in STRINGS:
        yield STRINGS[value]


def _mentions(node: ast.AST, name: str) -> bool:
    return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node))


def _constant(value: object, like: ast.AST) -> ast.Constant:
    return ast.copy_location(ast.Constant(value), like)  # type: ignore[arg-type]


def _nothing(like: ast.stmt) -> ast.Pass:
    return ast.copy_location(ast.Pass(), like)
