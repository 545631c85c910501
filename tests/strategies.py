"""Hypothesis strategies for valid inputs: expressions, statements, conditions, claim files."""

from __future__ import annotations

import json
from fractions import Fraction

from hypothesis import strategies as st

from ratecert.proofs_check.language.claim import ALGORITHMS, FEATURES, SCHEDULES
from ratecert.proofs_check.language.expr import (
    Call,
    Expr,
    Name,
    Num,
    add,
    div,
    mul,
    neg,
    power,
    sum_over,
    unmarked,
)
from ratecert.proofs_check.language.grammar import Statement
from ratecert.proofs_check.language.statement import RELATIONS, Condition

PARAMETERS = ("a", "b", "s")
NAMES = (*PARAMETERS, "M", "N", "N_eff", "gamma", "pi")

numbers = st.fractions(-9, 9, max_denominator=12)
names = st.sampled_from(NAMES).map(Name)


def _unknown(expr: Expr) -> Expr:
    """Return an expression that has no constant value, made of the given one."""
    return mul(Name("s"), add(expr, Name("a")))


def _combined(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    """One operation over the inner expressions, defined whatever their constants are."""
    several = st.lists(inner, min_size=2, max_size=4)
    unknown = inner.map(_unknown)
    small = st.integers(-3, 3).map(lambda n: Num(Fraction(n)))
    functions = st.sampled_from(["exp", "log", "sqrt", "Gamma", "zeta", "sin"])
    return st.one_of(
        several.map(lambda parts: add(*parts)),
        several.map(lambda parts: mul(*parts)),
        inner.map(neg),
        st.builds(div, inner, unknown),
        st.builds(power, unknown, st.one_of(small, inner)),
        st.builds(power, numbers.filter(lambda x: x > 0).map(Num), inner),
        st.builds(power, st.builds(mul, names, names), small),
        st.builds(lambda func, arg: Call(func, (arg,)), functions, unknown),
        st.builds(
            lambda func, args: Call(func, tuple(args)),
            st.sampled_from(["min", "max"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(
            sum_over,
            st.sampled_from(["i", "j", "M"]),
            inner,
            inner,
            st.one_of(inner, st.just(Name("oo"))),
        ),
    )


def expressions(max_leaves: int = 20) -> st.SearchStrategy[Expr]:
    """Trees as the parser builds them; all numbers are within the limits of the language."""
    return st.recursive(st.one_of(names, numbers.map(Num)), _combined, max_leaves=max_leaves)


statements = st.builds(Statement, expressions(), st.sampled_from(RELATIONS), expressions())
conditions = st.builds(
    Condition, expressions(6), st.sampled_from(["<", "<=", "=", ">=", ">"]), expressions(6)
)

_ATOMS = st.sampled_from(["x", "y", "2", "3", "0.5", "1.25", ".5", "7"])
_EXPONENTS = st.sampled_from(["2", "-1", "3", "-2", "2^2", "-2**2", "(1+1)", "0", "1", "+2"])


def arithmetic() -> st.SearchStrategy[str]:
    """Texts in x and y under + - * / and integer powers, parenthesised or not."""

    def combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        bases = st.one_of(_ATOMS, inner.map("({})".format))
        return st.one_of(
            st.builds("{}{}{}".format, inner, st.sampled_from("+-*/"), inner),
            st.builds("{} {} {}".format, inner, st.sampled_from("+-*/"), inner),
            st.builds("{}{}{}".format, bases, st.sampled_from(["^", "**"]), _EXPONENTS),
            inner.map("-{}".format),
            inner.map("({})".format),
        )

    return st.recursive(_ATOMS, combined, max_leaves=12)


_quoted = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20).map(json.dumps)
_blank = st.sampled_from(["", "   ", "# a comment with [brackets] and 'quotes'", '\t# """'])


@st.composite
def claim_file_lines(draw: st.DrawFn) -> list[str]:
    """The lines of a valid claim file, in several ways of writing TOML."""
    lines = ["format = 1"] if draw(st.booleans()) else []
    lines += [draw(_blank), "[paper]", 'key = "p"', f"title = {draw(_quoted)}", draw(_blank)]
    lines += ["[defaults]", "assume = [ # parameters", '  "a > 1", "b > 1",', '  "s > 0"', "]"]
    for key, values in (("features", FEATURES), ("algorithm", ALGORITHMS)):
        if draw(st.booleans()):
            lines.append(f"{key} = {json.dumps(draw(st.sampled_from(values)))}")
    for number in range(draw(st.integers(1, 3))):
        lines += [draw(_blank), "[[claim]]" if draw(st.booleans()) else "[[ claim ]] # next"]
        lines.append(f'id = "c{number}"')
        says = unmarked(str(draw(statements)))
        quoted = st.sampled_from([f'"{says}"', f"'{says}'", f'"""{says}"""', f"'''\n{says}'''"])
        lines += f"says = {draw(quoted)}".split("\n")
        if draw(st.booleans()):
            lines.append(f"assume = [{json.dumps(unmarked(str(draw(conditions))))}]")
        if draw(st.booleans()):
            lines += ['note = """', "[not.a.header]", 'not = "a key"', '"""']
        if draw(st.booleans()):
            lines.append(f"schedule = '{draw(st.sampled_from(SCHEDULES))}'")
    return lines


def claim_files() -> st.SearchStrategy[bytes]:
    """Valid claim files."""
    return claim_file_lines().map(lambda lines: "\n".join(lines).encode())


@st.composite
def damaged(draw: st.DrawFn, files: st.SearchStrategy[bytes]) -> bytes:
    """Files with a few bytes cut out, doubled or put in."""
    data = draw(files)
    scraps = st.one_of(
        st.binary(max_size=4),
        st.sampled_from(
            [b"[", b"]", b"{", b'"', b"'''", b"\n", b"=", b".", b"^", b"(", b"1/0", b"[[claim]]"]
        ),
    )
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 30)))
        middle = draw(st.one_of(scraps, st.just(data[start:end] * 2)))
        data = data[:start] + middle + data[end:]
    return data
