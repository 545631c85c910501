"""Claim files ``*.claims.toml``: bytes in, claims or every problem of the file out.

Reading goes in three steps, each on what the one before has accepted: the text (`read_toml`),
the tables (known keys, right types, every expression parsed), and the names, which are checked
only where all else is well, so that one mistake is one message.

What a name may stand for is told in `names`.

The time that reading takes is bounded by the limits: that of the bytes and tokens, and
`MAX_FILE_CHARACTERS` on what is parsed and checked for each claim.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from ratecert.proofs_check.files.names import (
    MAX_PROBLEMS,
    Chain,
    ClaimFileError,
    ClaimPart,
    Problems,
    check_names,
    parts_of,
)
from ratecert.proofs_check.files.toml import KeyPath, Lines, read_toml
from ratecert.proofs_check.language.claim import (
    ALGORITHMS,
    FEATURES,
    SCHEDULES,
    SIZES,
    Claim,
    Objective,
    Paper,
    Setting,
)
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import FUNCTIONS, NUMBERS, Expr, Num
from ratecert.proofs_check.language.grammar import (
    Statement,
    nearest,
    parse_condition,
    parse_expr,
    parse_statement,
)
from ratecert.proofs_check.language.mercer import MercerKernel, parse_kernel
from ratecert.proofs_check.language.quantities import CONSTANTS, QUANTITIES
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.meaning.illposed import count_fault, sequence_fault

__all__ = [
    "MAX_BYTES",
    "MAX_CLAIMS",
    "MAX_FILE_CHARACTERS",
    "MAX_PROBLEMS",
    "QUANTITIES",
    "SIZES",
    "ClaimFile",
    "ClaimFileError",
    "make_claim",
    "parse_claims",
]

MAX_BYTES = 1_000_000
"""Largest file that is read."""
MAX_CLAIMS = 1_000
"""Most claims of one file."""
MAX_FILE_CHARACTERS = 60_000
"""Most characters that the expressions of one file have, those of the defaults counted once for
the defaults and once for each claim, and each expression as one character more."""

_EXPECTATIONS = ("certified", "refuted", "undecided")


@dataclass(frozen=True, slots=True)
class ClaimFile:
    """What one file holds; there is at least one claim."""

    paper: Paper
    claims: tuple[Claim, ...]


def parse_claims(data: bytes, file: str) -> ClaimFile:
    """Return the paper and the claims of a file.

    Parameters
    ----------
    data
        The bytes of the file.
    file
        Its name, for messages and for `Claim.file`; not empty.

    Raises
    ------
    ClaimFileError
        Where the file is unusable, with every problem that can be told from the others.
    """
    try:
        document, lines = read_toml(_decoded(data, file), file)
    except UserError as error:
        raise ClaimFileError([error]) from None
    problems = Problems(file, lines)
    result = _read_document(document, problems)
    if problems.found:
        raise ClaimFileError(problems.found)
    return result


def make_claim(says: str, assume: Sequence[str] = (), **settings: Any) -> Claim:
    """Return a claim made in Python, with key and id ``claim``.

    `settings` are the other keys of a ``[[claim]]`` table, with the values they have in TOML.

    Raises
    ------
    UserError
        Where a claim file with the same content would be unusable.
    """
    problems = Problems("", Lines({}))
    table = {"id": "claim", "says": says, "assume": assume, **settings}
    claim = _read_claim(table, (), Paper("claim"), _Defaults({}), problems)
    if claim is None:
        if len(problems.found) == 1:
            raise problems.found[0]
        raise UserError("\n".join(map(str, problems.found)))
    return claim


def _decoded(data: bytes, file: str) -> str:
    if len(data) > MAX_BYTES:
        raise UserError(
            f"the file has {len(data)} bytes, at most {MAX_BYTES} are read; split it", file, 1
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError("this is not UTF-8; save the file in that encoding", file, line) from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


# Values: each reader takes a value at a path and returns what it means, or raises UserError.

_Reader = Callable[[Problems, KeyPath, Any], Any]
_IDENTIFIER = re.compile(r"[^\s:/\\.-][^\s:/\\]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _text(_problems: Problems, path: KeyPath, value: Any) -> str:
    if not isinstance(value, str):
        raise UserError(f"{_label(path)} must be a string in quotes")
    return value


def _label(path: KeyPath) -> str:
    """Return how messages name the part: its key, or "an entry" of the key's list."""
    if isinstance(path[-1], int):
        return f"an entry of {path[-2]}"
    return path[-1]


def _identifier(problems: Problems, path: KeyPath, value: Any) -> str:
    text = _text(problems, path, value)
    if not _IDENTIFIER.fullmatch(text) or not text.isprintable():
        raise UserError(
            f"{path[-1]} = {text[:40]!r} cannot name a claim outside the file: it may not be "
            "empty, start with . or -, or hold spaces : / \\"
        )
    return text


def _year(_problems: Problems, _path: KeyPath, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise UserError("year must be a whole number, without quotes")
    return value


def _expr(problems: Problems, path: KeyPath, value: Any) -> Expr:
    return parse_expr(_text(problems, path, value))


def _kernel(problems: Problems, path: KeyPath, value: Any) -> MercerKernel:
    return parse_kernel(_text(problems, path, value))


def _statement(problems: Problems, path: KeyPath, value: Any) -> tuple[str, Statement]:
    text = _text(problems, path, value)
    return text, parse_statement(text)


def _chain(problems: Problems, path: KeyPath, value: Any) -> Chain:
    text = _text(problems, path, value)
    return text, parse_condition(text)


def _name(problems: Problems, path: KeyPath, value: Any) -> str:
    name = _text(problems, path, value)
    if not _NAME.fullmatch(name):
        raise UserError(f"{name[:40]!r} is not a name: letters, digits and _ only")
    return name


def _size_name(problems: Problems, path: KeyPath, value: Any) -> str:
    name = _name(problems, path, value)
    if name in QUANTITIES | CONSTANTS | NUMBERS | FUNCTIONS.keys() | {"sum", "oo", "value"}:
        raise UserError(f"{name} has a meaning of its own and cannot be one of the sizes")
    return name


def _one_of(known: Sequence[str]) -> _Reader:
    def read(problems: Problems, path: KeyPath, value: Any) -> str:
        text = _text(problems, path, value)
        if text not in known:
            raise UserError(
                f"{path[-1]} = {text[:40]!r} is none of {', '.join(known)}{nearest(text, known)}"
            )
        return text

    return read


def _list_of(item: _Reader) -> _Reader:
    def read(problems: Problems, path: KeyPath, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise UserError(f"{path[-1]} must be a list of strings in brackets")
        items = []
        for index, entry in enumerate(value):
            with problems.caught((*path, index)):
                items.append(item(problems, (*path, index), entry))
        return tuple(items)

    return read


def _one_or_list_of(item: _Reader) -> _Reader:
    def read(problems: Problems, path: KeyPath, value: Any) -> tuple[Any, ...]:
        if isinstance(value, str):
            return (item(problems, path, value),)
        items: tuple[Any, ...] = _list_of(item)(problems, path, value)
        return items

    return read


_CHAINS = _one_or_list_of(_chain)


def _one_or_more(problems: Problems, path: KeyPath, value: Any) -> Expr | tuple[Expr, ...]:
    """Read one expression for all outputs, or a list with one for each."""
    if not isinstance(value, list | tuple):
        return _expr(problems, path, value)
    if not value:
        raise UserError(f"{path[-1]} is an empty list: give one expression for each output")
    entries: tuple[Expr, ...] = _list_of(_expr)(problems, path, value)
    return entries


_PAPER_KEYS: Mapping[str, _Reader] = {
    "key": _identifier,
    "title": _text,
    "authors": _list_of(_text),
    "year": _year,
    "arxiv": _text,
}
_SETTING_KEYS: Mapping[str, _Reader] = {
    "spectrum": _expr,
    "target": _one_or_more,
    "features": _one_of(FEATURES),
    "algorithm": _one_of(ALGORITHMS),
    "schedule": _one_of(SCHEDULES),
    "batch": _expr,
    "outputs": _expr,
    "noise": _one_or_more,
    "kernel": _kernel,
    "sizes": _list_of(_size_name),
    "assume": _list_of(_chain),
}
_CLAIM_KEYS: Mapping[str, _Reader] = {
    **_SETTING_KEYS,
    "id": _identifier,
    "where": _text,
    "says": _statement,
    "expect": _one_of(_EXPECTATIONS),
    "note": _text,
    "minimise": _expr,
    "over": _list_of(_name),
    "subject_to": _CHAINS,
}
_PARSED = (_expr, _one_or_more, _kernel, _statement, _CHAINS)
_EXPRESSIONS = ("spectrum", "target", "batch", "outputs", "noise")
_ONE = Num(Fraction(1))
_OF_OUTPUTS = ("target", "noise")
"""Keys that may list an entry for each output."""
_SETTING_FIELDS = tuple(key for key in _SETTING_KEYS if key not in ("sizes", "assume"))
_DEFAULTS: Mapping[str, Any] = {
    "spectrum": parse_expr("i^-a"),
    "target": parse_expr("i^-b"),
    "batch": parse_expr("1"),
    "outputs": parse_expr("1"),
    "noise": parse_expr("sigma^2"),
}


# Tables.


def _read_table(
    table: Any, path: KeyPath, readers: Mapping[str, _Reader], problems: Problems
) -> dict[str, Any]:
    """Return the meaning of every key whose value is well."""
    values: dict[str, Any] = {}
    where = f"[{path[0]}]" if path else "a claim"
    for key, value in table.items():
        if key in readers:
            with problems.caught((*path, key)):
                values[key] = readers[key](problems, (*path, key), value)
        elif where == "[defaults]" and key in _CLAIM_KEYS:
            problems.add((*path, key), f"{key} stands in a [[claim]], not in [defaults]")
        else:
            hint = nearest(key, readers) or f"; known are {', '.join(readers)}"
            problems.add((*path, key), f"{where} has no key {key[:40]!r}{hint}")
    if "kernel" in table and "spectrum" in table:
        problems.add((*path, "kernel"), "a kernel has its own spectrum: give one or the other")
    return values


def _read_document(document: dict[str, Any], problems: Problems) -> ClaimFile:
    known = ("format", "paper", "defaults", "claim")
    for key in document:
        if key not in known:
            hint = nearest(key, known) or f"; known are {', '.join(known)}"
            problems.add((key,), f"a claim file has no key {key[:40]!r}{hint}")
    if not _is_one(document.get("format", 1)):
        problems.add(("format",), "format must be 1, the only version of the language so far")
    paper = _read_paper(document, problems)
    defaults = _read_defaults(document, problems)
    return ClaimFile(paper, _read_claims(document, paper, defaults, problems))


def _is_one(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value == 1


def _read_paper(document: dict[str, Any], problems: Problems) -> Paper:
    table = document.get("paper", {})
    if not isinstance(table, dict):
        problems.add(("paper",), "paper must be a table: write [paper] on a line of its own")
        return Paper("")
    values = _read_table(table, ("paper",), _PAPER_KEYS, problems)
    if "key" not in table:
        problems.add(("paper",), 'the paper has no key: write key = "..." under [paper]')
    return Paper(**{"key": "", **values})


class _Defaults:
    """The defaults, with what all claims of the file share of them made once."""

    def __init__(self, values: dict[str, Any], size: int = 0):
        self.values, self.size = values, size

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        return _flat(self.values.get("assume", ()))

    @cached_property
    def assume(self) -> list[ClaimPart]:
        return parts_of(self.values.get("assume", ()), ("defaults", "assume"))

    @cached_property
    def settings(self) -> dict[str, tuple[ClaimPart, ...]]:
        values = {**_DEFAULTS, **self.values}
        return {key: _setting_parts(key, values[key], ()) for key in _EXPRESSIONS}


def _setting_parts(
    key: str, value: Expr | tuple[Expr, ...], path: KeyPath
) -> tuple[ClaimPart, ...]:
    if not isinstance(value, tuple):
        return (ClaimPart.of(path, f"{key} = {value}", (value,)),)
    return tuple(
        ClaimPart.of((*path, index) if path else path, f"{key} = {expr}", (expr,))
        for index, expr in enumerate(value)
    )


def _read_defaults(document: dict[str, Any], problems: Problems) -> _Defaults | None:
    """Return the defaults, or None where something is wrong with them."""
    table, before = document.get("defaults", {}), len(problems.found)
    if not isinstance(table, dict):
        problems.add(("defaults",), "defaults must be a table: write [defaults]")
        return None
    size = _size(table)
    if size > MAX_FILE_CHARACTERS:
        problems.add(("defaults",), f"the defaults have {_TOO_LONG}")
        return None
    values = _read_table(table, ("defaults",), _SETTING_KEYS, problems)
    return _Defaults(values, size) if len(problems.found) == before else None


_TOO_LONG = f"more than {MAX_FILE_CHARACTERS} characters of expressions; split the file"


def _size(table: Mapping[str, Any]) -> int:
    """Return how many characters the expressions and lists of a table have."""
    size = 0
    for key, value in table.items():
        if isinstance(value, list | tuple):
            size += sum(len(v) if isinstance(v, str) else 0 for v in value) + len(value)
        elif isinstance(value, str) and _CLAIM_KEYS.get(key) in _PARSED:
            size += len(value) + 1
    return size


def _read_claims(
    document: dict[str, Any], paper: Paper, defaults: _Defaults | None, problems: Problems
) -> tuple[Claim, ...]:
    tables = document.get("claim", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.add(("claim",), "claims are tables of a list: write [[claim]], not [claim]")
        return ()
    if not tables:
        problems.add((), "the file has no claim: write a [[claim]] with id and says")
    if len(tables) > MAX_CLAIMS:
        problems.add(("claim", MAX_CLAIMS), f"a file may have {MAX_CLAIMS} claims; split it")
    claims: list[Claim] = []
    lines: dict[str, int] = {}
    size = defaults.size if defaults else 0
    for index, table in enumerate(tables[:MAX_CLAIMS]):
        path = ("claim", index)
        size += _size(table) + (defaults.size if defaults else 0)
        if size > MAX_FILE_CHARACTERS:
            problems.add(path, f"the claims up to here have {_TOO_LONG}")
            break
        claim = _read_claim(table, path, paper, defaults, problems)
        name = table.get("id")
        if not isinstance(name, str):
            continue
        if name in lines:
            problems.add((*path, "id"), f"id {name[:40]!r} is taken since line {lines[name]}")
        lines.setdefault(name, problems.lines.of((*path, "id")))
        if claim is not None:
            claims.append(claim)
    return tuple(claims)


def _read_claim(
    table: dict[str, Any],
    path: KeyPath,
    paper: Paper,
    defaults: _Defaults | None,
    problems: Problems,
) -> Claim | None:
    """Return the claim, or None where something is wrong with it or with the defaults."""
    before = len(problems.found)
    own = _read_table(table, path, _CLAIM_KEYS, problems)
    for key in ("id", "says"):
        if key not in table:
            problems.add(path, f'this claim has no {key}: write {key} = "..."')
    if ("minimise" in table) != ("over" in table):
        problems.add(path, "minimise and over go together: what is minimised, over which names")
    if "subject_to" in table and "minimise" not in table:
        problems.add((*path, "subject_to"), "subject_to needs a minimise beside it")
    if defaults is None or len(problems.found) > before:
        return None
    with problems.caught(_where_outputs(own, path)):
        _check_outputs({**defaults.values, **own})
    if len(problems.found) > before:
        return None
    claim = _built(own, defaults, paper, problems.file, problems.lines.of(path))
    settings = {
        key: _setting_parts(key, own[key], (*path, key))
        if key in own
        else tuple(replace(part, path=path) for part in parts)
        for key, parts in defaults.settings.items()
    }
    kernel = claim.setting.kernel
    if kernel is not None and kernel.argument is not None:
        place = (*path, "kernel") if "kernel" in own else path
        settings["kernel"] = (ClaimPart.of(place, f"kernel = {kernel}", (kernel.argument,)),)
    goal = []
    if claim.objective:
        expr = claim.objective.expr
        goal = [ClaimPart.of((*path, "minimise"), str(expr), (expr,))]
        goal += parts_of(own.get("subject_to", ()), (*path, "subject_to"))
    assume = defaults.assume + parts_of(own.get("assume", ()), (*path, "assume"))
    used = check_names(claim, settings, goal, assume, path, problems)
    if len(problems.found) == before:
        _check_problem(claim, settings, used, problems)
    return claim if len(problems.found) == before else None


def _check_problem(
    claim: Claim,
    settings: Mapping[str, tuple[ClaimPart, ...]],
    used: frozenset[str],
    problems: Problems,
) -> None:
    """Note what is certainly no problem: a spectrum, a target or a number that cannot be one."""
    for key in sorted(used & {"spectrum", "target", "batch", "outputs"}):
        value = getattr(claim.setting, key)
        exprs = value if isinstance(value, tuple) else (value,)
        for part, expr in zip(settings[key], exprs, strict=True):
            if key in ("spectrum", "target"):
                fault, must = sequence_fault(expr), "positive numbers with a finite sum"
            else:
                fault, must = count_fault(expr, claim.sizes), "at least 1"
            if fault:
                problems.add(part.path, f"{key} = {expr} has to be {must}, but {fault}")


def _where_outputs(own: Mapping[str, Any], path: KeyPath) -> KeyPath:
    """Return the place of the claim's own word on its outputs, or that of the claim."""
    keys = [key for key in ("outputs", *_OF_OUTPUTS) if key in own]
    return (*path, keys[0]) if keys else path


def _check_outputs(values: Mapping[str, Any]) -> None:
    """Refuse lists of targets and noise that do not agree on the number of outputs."""
    lengths = {key: len(values[key]) for key in _OF_OUTPUTS
               if isinstance(values.get(key), tuple)}  # fmt: skip
    if len(set(lengths.values())) > 1:
        told = " and ".join(f"{key} lists {length}" for key, length in lengths.items())
        raise UserError(f"{told} outputs: give each of them one entry for every output")
    outputs = values.get("outputs", _ONE)
    for key, length in lengths.items():
        if outputs not in (_ONE, Num(Fraction(length))):
            raise UserError(f"outputs = {outputs}, but {key} lists {length}: the list says how "
                            f'many there are; leave outputs away or write "{length}"')  # fmt: skip


def _setting(values: Mapping[str, Any]) -> Setting:
    """Return the setting, with as many outputs as a list has entries."""
    fields = {key: values[key] for key in _SETTING_FIELDS if key in values}
    for key in _OF_OUTPUTS:
        if isinstance(fields[key], tuple):
            fields["outputs"] = Num(Fraction(len(fields[key])))
    return Setting(**fields)


def _built(own: dict[str, Any], defaults: _Defaults, paper: Paper, file: str, line: int) -> Claim:
    values = {**_DEFAULTS, **defaults.values, **own}
    if "spectrum" in own:
        values.pop("kernel", None)
    says, statement = values["says"]
    objective = None
    if "minimise" in values:
        constraints = _flat(values.get("subject_to", ()))
        objective = Objective(values["minimise"], values["over"], constraints)
    return Claim(
        key=paper.key,
        says=says,
        left=statement.left,
        relation=statement.relation,
        right=statement.right,
        setting=_setting(values),
        assume=defaults.conditions + _flat(own.get("assume", ())),
        objective=objective,
        sizes=SIZES.union(values.get("sizes", ())),
        own_sizes=frozenset(values.get("sizes", ())),
        file=file,
        line=line if file else 0,
        **{key: values[key] for key in ("id", "expect", "where", "note") if key in values},
    )


def _flat(chains: Sequence[Chain]) -> tuple[Condition, ...]:
    return tuple(condition for _, conditions in chains for condition in conditions)
