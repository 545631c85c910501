"""Claim files ``*.claims.toml``: bytes in, claims or every problem of the file out.

Reading goes in three steps, each on what the one before has accepted: the text (`read_toml`),
the tables (known keys, right types, every expression parsed), and the names, which are checked
only where all else is well, so that one mistake is one message.

Names.  In a claim a name is a size (`SIZES` and those of ``sizes``), the step size ``gamma``,
the noise level ``sigma``, a quantity (`QUANTITIES`), the index of a sum or of ``eigenvalue(j)``,
or a parameter, and a parameter must occur in ``assume``.  ``spectrum`` and ``target`` are
expressions in the index ``i`` and parameters; those of the settings that the claim's quantities
do not use are not looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from proofs_check.claim import (
    ALGORITHMS,
    FEATURES,
    SCHEDULES,
    Claim,
    Condition,
    Objective,
    Paper,
    Setting,
)
from proofs_check.errors import UserError
from proofs_check.expr import FUNCTIONS, Call, Expr, Name, Sum, children, free_names, rebuild, walk
from proofs_check.language import (
    ClaimSyntaxError,
    Statement,
    nearest,
    parse_condition,
    parse_expr,
    parse_statement,
)
from proofs_check.toml_lines import Lines, Path, read_toml

__all__ = [
    "MAX_ASSUMPTIONS",
    "MAX_BYTES",
    "MAX_PROBLEMS",
    "QUANTITIES",
    "SIZES",
    "ClaimFile",
    "ClaimFileError",
    "make_claim",
    "parse_claims",
]

SIZES = frozenset({"M", "N", "N_eff", "C", "T", "t", "n", "k", "B", "L", "D", "d"})
"""Names that tend to infinity; ``N_eff`` is ``N/log N``."""
QUANTITIES = frozenset(
    {
        "risk",
        "irreducible",
        "approx",
        "excess",
        "bias",
        "variance",
        "mean_bias",
        "effective_dimension",
    }
)
"""Quantities that are names; ``eigenvalue(j)`` is one that is a call."""
MAX_BYTES = 1_000_000
"""Largest file that is read."""
MAX_ASSUMPTIONS = 10_000
"""Most assumptions that the claims of one file have in all, the defaults' counted for each."""
MAX_PROBLEMS = 100
"""Most problems of one file that are listed."""

_CONSTANTS = frozenset({"gamma", "sigma"})
_EXPECTATIONS = ("certified", "refuted", "undecided")
_ALL_SETTINGS = frozenset({"spectrum", "target", "batch", "outputs"})
_USED_SETTINGS: Mapping[str, frozenset[str]] = {
    "irreducible": frozenset({"outputs"}),
    "approx": frozenset({"spectrum", "target", "outputs"}),
    "eigenvalue": frozenset({"spectrum"}),
    "effective_dimension": frozenset({"spectrum"}),
}
"""The settings with free names that a quantity depends on, where these are not all."""


@dataclass(frozen=True, slots=True)
class ClaimFile:
    """What one file holds; there is at least one claim."""

    paper: Paper
    claims: tuple[Claim, ...]


class ClaimFileError(UserError):
    """An unusable file: `problems` are all that was found, each with its file and line."""

    def __init__(self, problems: Sequence[UserError]):
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(map(str, self.problems)))
        self.file, self.line = self.problems[0].file, self.problems[0].line


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
    problems = _Problems(file, lines)
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
    problems = _Problems("", Lines({}))
    table = {"id": "claim", "says": says, "assume": assume, **settings}
    claim = _read_claim(table, (), Paper("claim"), {}, problems)
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


class _Problems:
    """The problems found so far, each placed on the line of the part it is about."""

    def __init__(self, file: str, lines: Lines):
        self.found: list[UserError] = []
        self.file, self.lines = file, lines
        self._seen: set[tuple[int, str]] = set()

    def add(self, path: Path, problem: str | UserError) -> None:
        """Note a problem with the part at that path."""
        line = self.lines.of(path) if self.file else 0
        if isinstance(problem, ClaimSyntaxError):
            placed: UserError = problem.at(self.file, line)
        else:
            placed = UserError(str(problem), self.file, line)
        if (line, str(placed)) in self._seen:  # of the defaults, seen from another claim
            return
        self._seen.add((line, str(placed)))
        self.found.append(placed)
        if len(self.found) == MAX_PROBLEMS:
            raise ClaimFileError(self.found)

    @contextmanager
    def caught(self, path: Path) -> Iterator[None]:
        """Note the problem that the body raises, and go on after it."""
        try:
            yield
        except ClaimFileError:
            raise
        except UserError as error:
            self.add(path, error)


# Values: each reader takes a value at a path and returns what it means, or raises UserError.

_Chain = tuple[str, tuple[Condition, ...]]
_Reader = Callable[[_Problems, Path, Any], Any]
_IDENTIFIER = re.compile(r"[^\s:/\\.-][^\s:/\\]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _text(_problems: _Problems, path: Path, value: Any) -> str:
    if not isinstance(value, str):
        raise UserError(f"{_label(path)} must be a string in quotes")
    return value


def _label(path: Path) -> str:
    """Return how messages name the part: its key, or "an entry" of the key's list."""
    if isinstance(path[-1], int):
        return f"an entry of {path[-2]}"
    return path[-1]


def _identifier(problems: _Problems, path: Path, value: Any) -> str:
    text = _text(problems, path, value)
    if not _IDENTIFIER.fullmatch(text) or not text.isprintable():
        raise UserError(
            f"{path[-1]} = {text[:40]!r} cannot name a claim outside the file: it may not be "
            "empty, start with . or -, or hold spaces : / \\"
        )
    return text


def _year(_problems: _Problems, _path: Path, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise UserError("year must be a whole number, without quotes")
    return value


def _expr(problems: _Problems, path: Path, value: Any) -> Expr:
    return parse_expr(_text(problems, path, value))


def _statement(problems: _Problems, path: Path, value: Any) -> tuple[str, Statement]:
    text = _text(problems, path, value)
    return text, parse_statement(text)


def _chain(problems: _Problems, path: Path, value: Any) -> _Chain:
    text = _text(problems, path, value)
    return text, parse_condition(text)


def _name(problems: _Problems, path: Path, value: Any) -> str:
    name = _text(problems, path, value)
    if not _NAME.fullmatch(name):
        raise UserError(f"{name[:40]!r} is not a name: letters, digits and _ only")
    return name


def _size_name(problems: _Problems, path: Path, value: Any) -> str:
    name = _name(problems, path, value)
    if name in QUANTITIES | _CONSTANTS | FUNCTIONS.keys() | {"sum", "pi", "oo", "value"}:
        raise UserError(f"{name} has a meaning of its own and cannot be one of the sizes")
    return name


def _one_of(known: Sequence[str]) -> _Reader:
    def read(problems: _Problems, path: Path, value: Any) -> str:
        text = _text(problems, path, value)
        if text not in known:
            raise UserError(
                f"{path[-1]} = {text[:40]!r} is none of {', '.join(known)}{nearest(text, known)}"
            )
        return text

    return read


def _list_of(item: _Reader) -> _Reader:
    def read(problems: _Problems, path: Path, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise UserError(f"{path[-1]} must be a list of strings in brackets")
        items = []
        for index, entry in enumerate(value):
            with problems.caught((*path, index)):
                items.append(item(problems, (*path, index), entry))
        return tuple(items)

    return read


def _one_or_list_of(item: _Reader) -> _Reader:
    def read(problems: _Problems, path: Path, value: Any) -> tuple[Any, ...]:
        if isinstance(value, str):
            return (item(problems, path, value),)
        items: tuple[Any, ...] = _list_of(item)(problems, path, value)
        return items

    return read


_PAPER_KEYS: Mapping[str, _Reader] = {
    "key": _identifier,
    "title": _text,
    "authors": _list_of(_text),
    "year": _year,
    "arxiv": _text,
}
_SETTING_KEYS: Mapping[str, _Reader] = {
    "spectrum": _expr,
    "target": _expr,
    "features": _one_of(FEATURES),
    "algorithm": _one_of(ALGORITHMS),
    "schedule": _one_of(SCHEDULES),
    "batch": _expr,
    "outputs": _expr,
    "kernel": _identifier,
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
    "subject_to": _one_or_list_of(_chain),
}
_SETTING_FIELDS = tuple(key for key in _SETTING_KEYS if key not in ("sizes", "assume"))
_DEFAULTS: Mapping[str, Any] = {
    "spectrum": parse_expr("i^-a"),
    "target": parse_expr("i^-b"),
}


# Tables.


def _read_table(
    table: Any, path: Path, readers: Mapping[str, _Reader], problems: _Problems
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


def _read_document(document: dict[str, Any], problems: _Problems) -> ClaimFile:
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


def _read_paper(document: dict[str, Any], problems: _Problems) -> Paper:
    table = document.get("paper", {})
    if not isinstance(table, dict):
        problems.add(("paper",), "paper must be a table: write [paper] on a line of its own")
        return Paper("")
    values = _read_table(table, ("paper",), _PAPER_KEYS, problems)
    if "key" not in table:
        problems.add(("paper",), 'the paper has no key: write key = "..." under [paper]')
    return Paper(**{"key": "", **values})


def _read_defaults(document: dict[str, Any], problems: _Problems) -> dict[str, Any] | None:
    """Return the defaults, or None where something is wrong with them."""
    table, before = document.get("defaults", {}), len(problems.found)
    if not isinstance(table, dict):
        problems.add(("defaults",), "defaults must be a table: write [defaults]")
        return None
    values = _read_table(table, ("defaults",), _SETTING_KEYS, problems)
    return values if len(problems.found) == before else None


def _read_claims(
    document: dict[str, Any],
    paper: Paper,
    defaults: dict[str, Any] | None,
    problems: _Problems,
) -> tuple[Claim, ...]:
    tables = document.get("claim", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.add(("claim",), "claims are tables of a list: write [[claim]], not [claim]")
        return ()
    if not tables:
        problems.add((), "the file has no claim: write a [[claim]] with id and says")
    claims: list[Claim] = []
    lines: dict[str, int] = {}
    assumptions = 0
    for index, table in enumerate(tables):
        path = ("claim", index)
        assumptions += sum(len(t["assume"]) for t in (defaults or {}, table) if _has_list(t))
        if assumptions > MAX_ASSUMPTIONS:
            reason = f"the claims up to here have more than {MAX_ASSUMPTIONS} assumptions"
            problems.add(path, f"{reason}; split the file")
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


def _has_list(table: dict[str, Any]) -> bool:
    return isinstance(table.get("assume"), list | tuple)


def _read_claim(
    table: dict[str, Any],
    path: Path,
    paper: Paper,
    defaults: dict[str, Any] | None,
    problems: _Problems,
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
    claim = _built(own, defaults, paper, problems.file, problems.lines.of(path))
    _Names(claim, own, defaults, path, problems).check()
    return claim if len(problems.found) == before else None


def _built(
    own: dict[str, Any], defaults: dict[str, Any], paper: Paper, file: str, line: int
) -> Claim:
    values = {**_DEFAULTS, **defaults, **own}
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
        setting=Setting(**{key: values[key] for key in _SETTING_FIELDS if key in values}),
        assume=_flat(defaults.get("assume", ())) + _flat(own.get("assume", ())),
        objective=objective,
        sizes=frozenset(values.get("sizes", ())),
        file=file,
        line=line if file else 0,
        **{key: values[key] for key in ("id", "expect", "where", "note") if key in values},
    )


def _flat(chains: Sequence[_Chain]) -> tuple[Condition, ...]:
    return tuple(condition for _, conditions in chains for condition in conditions)


# Names.


class _Part(NamedTuple):
    """Expressions of the claim, with the text they were read from and its place."""

    path: Path
    text: str
    exprs: tuple[Expr, ...]

    def names(self) -> frozenset[str]:
        """Return the free names, without the X of ``optimal(X)``."""
        exprs = map(_without_optima, self.exprs) if self.calls("optimal") else self.exprs
        return frozenset[str]().union(*map(free_names, exprs))

    def calls(self, func: str) -> list[Call]:
        """Return all calls of the function."""
        return [
            node
            for expr in self.exprs
            for node in walk(expr)
            if isinstance(node, Call) and node.func == func
        ]

    def optima(self) -> list[str]:
        """Return the X of every ``optimal(X)``."""
        return [name for call in self.calls("optimal") for name in free_names(call)]


def _without_optima(expr: Expr) -> Expr:
    """Return the expression with a nameless constant for every ``optimal(X)``."""
    if isinstance(expr, Call) and expr.func == "optimal":
        return Name("pi")
    return rebuild(expr, tuple(map(_without_optima, children(expr))))


class _Names:
    """The check of every name of one claim whose parts are well in themselves."""

    def __init__(
        self,
        claim: Claim,
        own: Mapping[str, Any],
        defaults: Mapping[str, Any],
        path: Path,
        problems: _Problems,
    ):
        self._claim, self._own, self._path, self._problems = claim, own, path, problems
        self._sizes = SIZES | claim.sizes
        self._says = [
            _Part((*path, "says"), claim.says, (claim.left,)),
            _Part((*path, "says"), claim.says, (claim.right,)),
        ]
        self._goal: list[_Part] = []
        if claim.objective:
            expr = claim.objective.expr
            self._goal = [_Part((*path, "minimise"), str(expr), (expr,))]
            self._goal += _parts(own.get("subject_to", ()), (*path, "subject_to"))
        self._assume = _parts(defaults.get("assume", ()), ("defaults", "assume"))
        self._assume += _parts(own.get("assume", ()), (*path, "assume"))
        self._settings = {
            key: _Part(self._place(key), f"{key} = {expr}", (expr,))
            for key, expr in (
                ("spectrum", claim.setting.spectrum),
                ("target", claim.setting.target),
                ("batch", claim.setting.batch),
                ("outputs", claim.setting.outputs),
            )
        }
        arguments = [c.args[0] for p in self._says + self._goal for c in p.calls("eigenvalue")]
        indices = {e.name for e in arguments if isinstance(e, Name)}
        self._common = self._sizes | _CONSTANTS
        self._indices = indices - self._common - QUANTITIES
        assumed = frozenset[str]().union(*(part.names() for part in self._assume))
        self._parameters = assumed - self._common - QUANTITIES - self._indices
        parts = [*self._says, *self._goal, *self._assume, *self._settings.values()]
        self._uses = Counter(name for part in parts for name in part.names())

    def check(self) -> None:
        """Note every name that has no meaning, and every part that stands where it may not."""
        known = self._common | QUANTITIES | self._indices | self._parameters
        for part in self._says + self._goal:
            self._check_names(part, known)
        for part in self._assume:
            self._check_assumption(part)
        for key in sorted(self._used_settings()):
            part = self._settings[key]
            index = frozenset({"i"}) if key in ("spectrum", "target") else self._sizes
            self._check_names(part, index | self._parameters | {"sigma"})
            self._forbid(part, "eigenvalue", "optimal")
        self._check_optimum()

    def _place(self, key: str) -> Path:
        return (*self._path, key) if key in self._own else self._path

    def _used_settings(self) -> frozenset[str]:
        parts = self._says + self._goal
        used = {name for part in parts for name in part.names() & QUANTITIES}
        used |= {"eigenvalue" for part in parts if part.calls("eigenvalue")}
        settings = frozenset[str]().union(*(_USED_SETTINGS.get(q, _ALL_SETTINGS) for q in used))
        return settings - {"spectrum"} if self._claim.setting.kernel else settings

    def _check_names(self, part: _Part, known: frozenset[str]) -> None:
        for name in sorted(part.names() - known):
            self._refuse(part, name, _undeclared(name, known))
        for expr in part.exprs:
            for node in walk(expr):
                if isinstance(node, Sum) and node.index in QUANTITIES | _CONSTANTS:
                    self._refuse(part, node.index, f"{node.index} cannot be the index of a sum")

    def _check_assumption(self, part: _Part) -> None:
        """Check that it is about parameters and sizes, and that no name in it is a slip."""
        self._forbid(part, "eigenvalue", "optimal")
        for name in sorted(part.names() & QUANTITIES):
            self._refuse(part, name, f"{name} is a quantity; assume is about parameters and sizes")
        self._check_names(part, part.names())
        long = {name for name in self._common if len(name) > 2}
        for name in sorted(part.names() & self._parameters):
            hint = nearest(name, long) if len(name) > 2 else ""
            if hint and self._uses[name] == 1 and part.names() & self._common:
                self._refuse(
                    part,
                    name,
                    f"{name} occurs nowhere else{hint} A parameter of this name needs a "
                    f"condition of its own, such as {name} > 0",
                )

    def _check_optimum(self) -> None:
        left, right = self._says
        for part in (right, *self._goal):
            self._forbid(part, "optimal")
        objective = self._claim.objective
        if objective is None:
            for name in left.optima():
                self._refuse(left, name, "optimal(...) needs minimise and over beside says")
            return
        if not left.optima():
            self._problems.add(
                (*self._path, "minimise"), "minimise has no use: says speaks of no optimal(...)"
            )
        for name in left.optima():
            if name not in (*objective.over, "value"):
                hint = nearest(name, [*objective.over, "value"])
                self._refuse(left, name, f"{name} is neither in over nor value{hint}")
        variables = self._sizes | {"gamma"}
        for index, name in enumerate(objective.over):
            if name not in variables:
                problem = f"over names sizes or gamma, not {name}{nearest(name, variables)}"
                self._problems.add((*self._path, "over", index), problem)
        if not objective.over:
            self._problems.add((*self._path, "over"), "over is empty: name a size or gamma")

    def _forbid(self, part: _Part, *functions: str) -> None:
        for func in functions:
            if part.calls(func):
                self._refuse(part, func, f"{func}(...) has no meaning here")

    def _refuse(self, part: _Part, name: str, reason: str) -> None:
        found = re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", part.text)
        assert found, "a name of the tree stands in the text the tree was read from"
        self._problems.add(part.path, ClaimSyntaxError(reason, part.text, found.start()))


def _parts(chains: Sequence[_Chain], path: Path) -> list[_Part]:
    return [
        _Part((*path, index), text, tuple(e for c in conditions for e in (c.left, c.right)))
        for index, (text, conditions) in enumerate(chains)
    ]


def _undeclared(name: str, known: frozenset[str]) -> str:
    hint = nearest(name, known)
    if hint:
        return f"there is no name {name} here{hint}"
    return (
        f"there is no name {name} here: a parameter must occur in assume, such as "
        f'assume = ["{name} > 0"], and a name that tends to infinity in sizes'
    )
