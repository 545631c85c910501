r"""Definitions: constants, and functions by recursion along the steps of the stages; names.

*Recursion.*  ``f(0, 0, ..) = start``, ``f(j, s + 1, ..) = next``, ``f(j + 1, 0, ..) = f(j, stage,
..)``, where `start` contains neither f nor j and s, `stage` no argument, and `next` contains f at
``(j, s, ..)`` only, define f at all whole ``j, s >= 0``, by induction on j and then on s: no two
of the equations are about the same value, and what a value is made of comes before it.  So these
three equations may be used.

*Moments.*  If `moment` names a lemma ``E(..) = right`` (rule "moments"), `next` has to be that
right side at the values given, and what the lemma assumes has to follow from `where` and
`presume`: then f is the expectation that the lemma speaks of, if what is presumed of f at the step
before is so (that a mean square is not negative, say).  This is about how f is read: no fact comes
of it, and the trust base shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Call, Expr, Name, Num, Sum, add, free_names, walk
from ratecert.proofs_check.ledger.axioms import Closed
from ratecert.proofs_check.ledger.inference import assuming, keys, texts
from ratecert.proofs_check.ledger.names import function_of, name_of
from ratecert.proofs_check.ledger.scope import Scope
from ratecert.proofs_check.ledger.terms import Relation, parse_formula, parse_relation, put

__all__ = ["constant", "named", "reading_of", "recursion"]

ZERO, ONE = Num(Fraction(0)), Num(Fraction(1))


def constant(table: Mapping[str, Any], context: Scope) -> tuple[Scope, Closed]:
    """Define a constant; return the context that knows it, and the equation."""
    keys(table, ["constant", "value"], ["note"])
    name, value = name_of(table["constant"]), parse_formula(table["value"])
    context.normal(value)
    whole = context.is_integer(value)
    larger = context.declaring(*((), [name]) if whole else ([name],))
    says = Relation(Name(name), "=", value)
    return larger, Closed(f"{name}.def", frozenset(), frozenset(), (), says)


def named(table: Mapping[str, Any], context: Scope) -> Scope:
    """Name a real number, or a function of real numbers; `means` tells what it is.

    Only cited lemmas say anything about it.  A function that means something for whole arguments
    only is 0 elsewhere.
    """
    kind = "function" if "function" in table else "constant"
    more = ["args"] if kind == "function" else []
    keys(table, [kind, "means", *more], ["note"] if more else ["note", "example"])
    if not isinstance(table["means"], str) or not table["means"].strip():
        raise RejectedError(f"`means` says in words what the {kind} is")
    if kind == "constant":
        return context.declaring([table[kind]])
    args = [name_of(a) for a in texts(table["args"])]
    if not args or len(set(args)) != len(args):
        raise RejectedError("a function has arguments, each with its own name")
    return context.defining(table[kind], len(args))


def recursion(
    table: Mapping[str, Any], context: Scope, moments: Mapping[str, Closed]
) -> tuple[Scope, list[Closed]]:
    """Define a function; return the context that knows it, and the equations."""
    reading = ["moment", "at", "presume"] if "moment" in table else []
    keys(table, ["function", "args", "where", "start", "next", "stage", *reading], ["note"])
    f, args = function_of(table["function"]), [name_of(a) for a in texts(table["args"])]
    if len(args) < 2 or len(set(args)) != len(args):
        raise RejectedError("a recursion has two arguments at least, stage and step")
    start, following, stage = (parse_formula(table[k]) for k in ("start", "next", "stage"))
    _require_founded(f, args, (start, stage), following)
    if free_names(stage) & set(args) or not context.is_integer(stage):
        raise RejectedError("the number of steps of a stage is one whole number")
    if free_names(start) & {*args[:2]}:
        raise RejectedError(f"the start {start} depends on the stage or step")
    larger = context.defining(f, len(args))
    j, s, rest = Name(args[0]), Name(args[1]), [Name(a) for a in args[2:]]
    where = [parse_relation(text) for text in texts(table["where"])]
    from_zero = [Relation(ZERO, "<=", j), Relation(ZERO, "<=", s)]
    first, last = _call(f, add(j, ONE), ZERO, *rest), _call(f, j, stage, *rest)
    equations = {
        "start": ([], Relation(_call(f, ZERO, ZERO, *rest), "=", start)),
        "next": (from_zero, Relation(_call(f, j, add(s, ONE), *rest), "=", following)),
        "stage": (from_zero[:1], Relation(first, "=", last)),
    }
    found = []
    for name, (steps, says) in equations.items():
        used = says.names() & set(args)
        assume = tuple(c for c in (*steps, *where) if c.names() & used)
        whole, real = used & {*args[:2]}, used - {*args[:2]}
        inside = assuming(larger.declaring(real, whole), assume)
        inside.gap(says)
        if name == "next" and "moment" in table:
            _require_moment(says, inside, table, moments)
        found.append(Closed(f"{f}.{name}", frozenset(real), frozenset(whole), assume, says))
    return larger, found


def _require_founded(f: str, args: list[str], others: tuple[Expr, ...], following: Expr) -> None:
    """Reject if f is used anywhere but at the step before."""
    if any(isinstance(node, Sum) and node.index in args for node in walk(following)):
        raise RejectedError("a sum may not bind an argument of the function")
    before = (Name(args[0]), Name(args[1]))
    for expr in (*others, following):
        for node in walk(expr):
            if (
                isinstance(node, Call)
                and node.func == f
                and (expr is not following or node.args[:2] != before)
            ):
                raise RejectedError(f"{node} is not {f} at the step before")


def _require_moment(
    says: Relation, inside: Scope, table: Mapping[str, Any], moments: Mapping[str, Closed]
) -> None:
    name = table["moment"]
    lemma = moments.get(name) if isinstance(name, str) else None
    if lemma is None:
        raise RejectedError(f"{name!r} is no lemma about moments before this definition")
    given = keys(table["at"], sorted(lemma.reals | lemma.integers))
    values = {variable: parse_formula(text) for variable, text in given.items()}
    for variable in lemma.integers:
        if not inside.is_integer(values[variable]):
            raise RejectedError(f"{name} needs a whole {variable}, not {values[variable]}")
    for number, text in enumerate(texts(table["presume"]), 1):
        inside = inside.knowing(f"P{number}", parse_relation(text))
    for condition in lemma.assume:
        if not inside.entails(condition.at(values)):
            raise RejectedError(f"{name} needs {condition.at(values)}, not entailed")
    expected = Relation(says.right, "=", put(lemma.says.right, values))
    if not inside.holds(expected):
        raise RejectedError(f"next is not the moment of {name}: {expected.right}")


def reading_of(table: Mapping[str, Any]) -> str:
    """Return what a recursion means, in words; empty where it names no moment."""
    if "moment" not in table:
        return ""
    presumed = " and ".join(map(str, map(parse_relation, table["presume"])))
    return f"the moment of {table['moment']}" + (f", presuming {presumed}" if presumed else "")


def _call(func: str, *args: Expr) -> Expr:
    return Call(func, args)
