"""Claims as plain data: what one entry of a ``*.claims.toml`` file says, nothing derived."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from proofs_check.expr import Call, Expr, Name, Num, Pow

if TYPE_CHECKING:
    from proofs_check.kernels import Kernel

__all__ = ["ALGORITHMS", "DEFAULT_NOISE", "FEATURES", "RELATIONS", "SCHEDULES", "Claim",
           "Condition", "Objective", "Paper", "Setting", "optimal_of"]  # fmt: skip

RELATIONS = ("Theta", "O", "Omega", "o", "~", "Thetatilde", "Otilde", "Omegatilde")
FEATURES = ("gaussian", "top")
ALGORITHMS = ("sgd", "averaged-sgd")
SCHEDULES = ("geometric", "constant")

_ONE = Num(Fraction(1))
DEFAULT_NOISE = Pow(Name("sigma"), Num(Fraction(2)))
"""Variance of the labels' noise where a claim says nothing."""

Comparison = Literal["<", "<=", "=", ">=", ">"]


@dataclass(frozen=True, slots=True)
class Paper:
    """The ``[paper]`` table; only `key` is required."""

    key: str
    title: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    arxiv: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """Problem and method: `spectrum` and `target` are expressions in the index ``i``.

    A `kernel` stands in the place of the spectrum, which is then not looked at.  `noise` is the
    variance of the labels' noise.  All `outputs` have this target and noise, unless `targets` or
    `noises` hold an entry for each output in their place.
    """

    spectrum: Expr
    target: Expr
    features: str = "gaussian"
    algorithm: str = "sgd"
    schedule: str = "geometric"
    batch: Expr = _ONE
    outputs: Expr = _ONE
    kernel: Kernel | None = None
    noise: Expr = DEFAULT_NOISE
    targets: tuple[Expr, ...] = ()
    noises: tuple[Expr, ...] = ()

    def parts(self) -> tuple[Setting, ...]:
        """Return settings whose outputs are all alike, and which together have these outputs."""
        p = max(len(self.targets), len(self.noises))
        if not p:
            return (self,)
        pairs = zip(self.targets or (self.target,) * p, self.noises or (self.noise,) * p,
                    strict=True)  # fmt: skip
        return tuple(
            replace(self, target=target, noise=noise, targets=(), noises=(), outputs=_ONE)
            for target, noise in pairs
        )


@dataclass(frozen=True, slots=True)
class Condition:
    """An assumption ``left op right``: between parameters exact, between sizes up to a factor."""

    left: Expr
    op: Comparison
    right: Expr

    def __str__(self) -> str:
        return f"{self.left} {self.op} {self.right}"


@dataclass(frozen=True, slots=True)
class Objective:
    """``minimise`` `expr` ``over`` the names, ``subject_to`` the constraints."""

    expr: Expr
    over: tuple[str, ...]
    subject_to: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim: ``left = relation(right)``, or ``left ~ right``.

    `line` is that of the ``[[claim]]`` table in `file`.  `sizes` are the names beyond the
    language's own that tend to infinity.  `assume` holds the defaults' conditions, then the
    claim's own.
    """

    key: str
    id: str
    says: str
    left: Expr
    relation: str
    right: Expr
    setting: Setting
    assume: tuple[Condition, ...] = ()
    objective: Objective | None = None
    sizes: frozenset[str] = frozenset()
    expect: Literal["certified", "refuted", "undecided"] = "certified"
    where: str = ""
    note: str = ""
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)

    @property
    def name(self) -> str:
        """The claim's name outside its file, ``KEY:ID``."""
        return f"{self.key}:{self.id}"


def optimal_of(expr: Expr) -> str | None:
    """Return X where the expression is ``optimal(X)`` (which parses as a call), else None."""
    match expr:
        case Call("optimal", (Name(name),)):
            return name
    return None
