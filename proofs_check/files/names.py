"""The names of a claim: what each may stand for, and where it may stand.

In a claim a name is a size (`claim.SIZES` and those of ``sizes``), the step size ``gamma``, noise
level ``sigma``, a quantity (`QUANTITIES`), the index of a sum or of ``eigenvalue(j)``, or a
parameter, and a parameter must occur in ``assume``.  ``spectrum`` and ``target`` are expressions
in the index ``i`` and parameters; those of the settings that the claim's quantities do not use
are not looked at.

Every expression is walked once, when its `ClaimPart` is made; the parts of the defaults are made
once for all claims of the file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ratecert.proofs_check.files.toml import KeyPath, Lines
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import NUMBERS, Call, Expr, Name, Sum, children, unmarked
from ratecert.proofs_check.language.grammar import ClaimSyntaxError, nearest
from ratecert.proofs_check.language.quantities import CONSTANTS, QUANTITIES, settings_of
from ratecert.proofs_check.language.statement import Condition

__all__ = [
    "MAX_PROBLEMS",
    "Chain",
    "ClaimFileError",
    "ClaimPart",
    "Problems",
    "check_names",
    "parts_of",
]

MAX_PROBLEMS = 100
"""Most problems of one file that are listed."""

Chain = tuple[str, tuple[Condition, ...]]
"""Conditions with the text they were read from."""


class ClaimFileError(UserError):
    """An unusable file: `problems` are all that was found, each with its file and line."""

    def __init__(self, problems: Sequence[UserError]):
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        super().__init__("\n".join(map(str, self.problems)))
        self.file, self.line = self.problems[0].file, self.problems[0].line

    def __reduce__(self) -> tuple[type[ClaimFileError], tuple[Sequence[UserError]]]:
        return ClaimFileError, (self.problems,)


class Problems:
    """The problems found so far, each placed on the line of the part it is about."""

    def __init__(self, file: str, lines: Lines):
        self.found: list[UserError] = []
        self.file, self.lines = file, lines
        self._seen: set[tuple[int, str]] = set()

    def add(self, path: KeyPath, problem: str | UserError) -> None:
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
    def caught(self, path: KeyPath) -> Iterator[None]:
        """Note the problem that the body raises, and go on after it."""
        try:
            yield
        except ClaimFileError:
            raise
        except UserError as error:
            self.add(path, error)


# What an expression holds.


@dataclass(frozen=True, slots=True)
class ClaimPart:
    """A text of the claim, its place, and what its expressions hold.

    `names` are the free names, without the X of ``optimal(X)``; `optima` are these X;
    `indices` those of sums.
    """

    path: KeyPath
    text: str
    names: frozenset[str]
    functions: frozenset[str]
    optima: tuple[str, ...]
    indices: frozenset[str]

    @classmethod
    def of(cls, path: KeyPath, text: str, exprs: Iterable[Expr]) -> ClaimPart:
        """Return the part after one walk over its expressions."""
        names: set[str] = set()
        functions: set[str] = set()
        optima: list[str] = []
        indices: set[str] = set()
        bound: frozenset[str] = frozenset()
        todo = [(expr, bound) for expr in exprs]
        while todo:
            expr, bound = todo.pop()
            match expr:
                case Name(name):
                    if name not in bound | NUMBERS | {"oo"}:
                        names.add(name)
                    continue
                case Sum(term, index, lo, hi):
                    indices.add(index)
                    todo += [(term, bound | {index}), (lo, bound), (hi, bound)]
                    continue
                case Call("optimal", (Name(name),)):
                    functions.add("optimal")
                    optima.append(name)
                    continue
                case Call(func, _):
                    functions.add(func)
            todo += [(child, bound) for child in children(expr)]
        return cls(
            path,
            text,
            frozenset(names),
            frozenset(functions),
            tuple(dict.fromkeys(optima)),
            frozenset(indices),
        )


def parts_of(chains: Sequence[Chain], path: KeyPath) -> list[ClaimPart]:
    """Return a part for every chain of conditions in the list at that path."""
    return [
        ClaimPart.of((*path, index), text, (e for c in conditions for e in (c.left, c.right)))
        for index, (text, conditions) in enumerate(chains)
    ]


# The check.


def check_names(
    claim: Claim,
    settings: Mapping[str, Sequence[ClaimPart]],
    goal: Sequence[ClaimPart],
    assume: Sequence[ClaimPart],
    path: KeyPath,
    problems: Problems,
) -> frozenset[str]:
    """Note every name without a meaning, and every part where it may not stand.

    Returns the settings that the quantities of the claim depend on.

    Parameters
    ----------
    claim
        A claim whose parts are well in themselves.
    settings
        The parts of `Setting`'s expressions, one for each output where they are lists, and
        ``"kernel"`` where its kernel has a parameter.
    goal, assume
        The parts of ``minimise`` and ``subject_to``, and those of the assumptions.
    path
        Where the claim stands.
    problems
        What they are noted in.
    """
    says = [
        ClaimPart.of((*path, "says"), claim.says, (side,)) for side in (claim.left, claim.right)
    ]
    names = _Names(claim, says, settings, goal, assume, path, problems)
    names.check()
    return names.used_settings()


class _Names:
    def __init__(
        self,
        claim: Claim,
        says: list[ClaimPart],
        settings: Mapping[str, Sequence[ClaimPart]],
        goal: Sequence[ClaimPart],
        assume: Sequence[ClaimPart],
        path: KeyPath,
        problems: Problems,
    ):
        self._claim, self._says, self._settings = claim, says, settings
        self._goal, self._assume = goal, assume
        self._path, self._problems = path, problems
        self._sizes = claim.sizes
        self._common = self._sizes | CONSTANTS
        spoken = [*says, *goal]
        self._indices = claim.indices - QUANTITIES
        assumed = frozenset[str]().union(*(part.names for part in assume))
        self._parameters = assumed - self._common - QUANTITIES - self._indices
        parts = [*spoken, *assume, *(part for parts in settings.values() for part in parts)]
        self._uses = Counter(name for part in parts for name in part.names)

    def check(self) -> None:
        known = self._common | QUANTITIES | self._indices | self._parameters
        for part in [*self._says, *self._goal]:
            self._check_names(part, known)
        for part in self._assume:
            self._check_assumption(part)
        for key in sorted(self.used_settings()):
            for part in self._settings[key]:
                self._check_setting(key, part)
        self._check_optimum()

    def _check_setting(self, key: str, part: ClaimPart) -> None:
        self._forbid(part, "eigenvalue", "optimal")
        growing = part.names & (self._sizes | {"gamma"}) if key == "noise" else frozenset()
        for name in sorted(growing):
            self._refuse(part, name, f"noise is constant: of sigma and parameters, not of {name}")
        if not growing:
            self._check_names(part, self._parameters | self._names_of_setting(key))

    def used_settings(self) -> frozenset[str]:
        """Return the settings that the quantities of the claim depend on."""
        parts = [*self._says, *self._goal]
        used = {name for part in parts for name in part.names & QUANTITIES}
        used |= {"eigenvalue" for part in parts if "eigenvalue" in part.functions}
        settings = frozenset[str]().union(*map(settings_of, used))
        if self._claim.setting.kernel is None or "spectrum" not in settings:
            return settings
        return settings - {"spectrum"} | self._settings.keys() & {"kernel"}

    def _names_of_setting(self, key: str) -> frozenset[str]:
        if key == "kernel":
            return frozenset()
        names = {"spectrum": {"i"}, "target": {"i"}, "noise": set()}.get(key, self._sizes)
        return frozenset(names) | {"sigma"}

    def _check_names(self, part: ClaimPart, known: frozenset[str]) -> None:
        for name in sorted(part.names - known):
            self._refuse(part, name, _undeclared(name, known))
        self._check_indices(part)

    def _check_indices(self, part: ClaimPart) -> None:
        for name in sorted(set(map(unmarked, part.indices)) & (QUANTITIES | CONSTANTS)):
            self._refuse(part, name, f"{name} cannot be the index of a sum")

    def _check_assumption(self, part: ClaimPart) -> None:
        """Check that it is about parameters and sizes, and that no name in it is a slip."""
        self._forbid(part, "eigenvalue", "optimal")
        for name in sorted(part.names & QUANTITIES):
            self._refuse(part, name, f"{name} is a quantity; assume is about parameters and sizes")
        self._check_indices(part)
        if not part.names & self._common:
            return
        long = {name for name in self._common if len(name) > 2}
        for name in sorted(part.names & self._parameters):
            if self._uses[name] == 1 and len(name) > 2 and (hint := nearest(name, long)):
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
            for name in left.optima:
                self._refuse(left, name, "optimal(...) needs minimise and over beside says")
            return
        if not left.optima:
            self._problems.add(
                (*self._path, "minimise"), "minimise has no use: says speaks of no optimal(...)"
            )
        for name in left.optima:
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

    def _forbid(self, part: ClaimPart, *functions: str) -> None:
        for func in functions:
            if func in part.functions:
                self._refuse(part, func, f"{func}(...) has no meaning here")

    def _refuse(self, part: ClaimPart, name: str, reason: str) -> None:
        found = re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", part.text)
        assert found, "a name of the tree stands in the text the tree was read from"
        self._problems.add(part.path, ClaimSyntaxError(reason, part.text, found.start()))


def _undeclared(name: str, known: frozenset[str]) -> str:
    hint = nearest(name, known)
    if hint:
        return f"there is no name {name} here{hint}"
    return (
        f"there is no name {name} here: a parameter must occur in assume, such as "
        f'assume = ["{name} > 0"], and a name that tends to infinity in sizes'
    )
