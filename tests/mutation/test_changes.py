"""The changes that `changes` makes of a program, and that it leaves the program as it was."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from mutation.changes import changes

ROOT = Path(__file__).parents[2]


def lines_of(source: str) -> list[str]:
    """Return what the changes add, line by line, changes that add nothing left out."""
    found = [change.difference() for change in changes(ast.parse(source))]
    added = [[line[2:].strip() for line in text.splitlines() if line[0] == "+"] for text in found]
    return [line for lines in added for line in lines]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if x: return 1", ["if False:", "if True:", "return 0", "return 2"]),
        ("return x and y", ["return y", "return x"]),
        ("return x or y or z", ["return y or z", "return x or z", "return x or y"]),
        ("return not x", ["return x"]),
        ("return x < y", ["return x <= y"]),
        ("return x <= y == z", ["return x < y == z", "return x <= y != z"]),
        ("return x in ('a', 'b')",
         ["return x not in ('a', 'b')", "return x in ('b',)", "return x in ('a',)"]),
        ("return all(x)", ["return any(x)"]),
        ("return join(x)", ["return meet(x)"]),
        ("return x - -y", ["return x + -y", "return x - y"]),
        ("return f(x, up=True)", ["return f(x)", "return f(x, up=False)"]),
        ("return f(x, y)", ["return f(x)"]),
        ("return x.without_slack()", ["return x"]),
        ("need(x)", ["pass"]),
        ("x = x.known()", ["pass", "x = x"]),
        ("x += y", ["x -= y", "pass"]),
        ("return [y for y in x if y.ok]",
         ["return [y for y in x if True]"]),
        ("for y in x: need(y)", ["for y in ():", "pass"]),
        ("match x:\n  case 'max' | 'min' if y: return z",
         ["case 'max' | 'min' if False:", "case 'max' | 'min':", "case 'min' if y:",
          "case 'max' if y:", "case 'min' | 'min' if y:", "case 'max' | 'max' if y:"]),
        # What a program says is not what it accepts.
        ("raise ValueError(f'{x + y} is not {x < y}')", []),
        ("assert x < y, 'as the caller has seen to'", []),
    ],
)  # fmt: skip
def test_what_is_changed(body: str, expected: list[str]) -> None:
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    assert lines_of(f"def f(x, y, z):\n{indented}\n") == expected


def test_tables_and_defaults_are_changed_too() -> None:
    assert lines_of("A = {'<', 'b'}") == ["A = {'b'}", "A = {'<'}", "A = {'<=', 'b'}"]
    assert lines_of("def f(x: int = 0, *, y: bool = False): ...") == [
        "def f(x: int=1, *, y: bool=False):",
        "def f(x: int=0, *, y: bool=True):",
    ]
    (change,) = changes(ast.parse("class A:\n    strict: bool = True\n"))
    assert (change.owner, change.function, change.lines) == ("A", "", {2})


def test_a_change_names_the_function_that_holds_it() -> None:
    source = "class A:\n    def f(self):\n        def g(x):\n            return not x\n"
    (change,) = changes(ast.parse(source))
    assert (change.function, change.lines) == ("A.f", {4})


@pytest.mark.parametrize("name", ["kernel/cases", "kernel/goals"])
def test_each_change_compiles_and_is_undone(name: str) -> None:
    tree = ast.parse((ROOT / f"proofs_check/{name}.py").read_text(encoding="utf-8"))
    before, found = ast.dump(tree), 0
    for change in changes(tree):
        with change:
            compile(tree, name, "exec")
            assert ast.dump(tree) != before
        assert change.difference()
        found += 1
    assert found > 40
    assert ast.dump(tree) == before
