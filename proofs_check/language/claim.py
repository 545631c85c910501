"""Claims as plain data: what one entry of a ``*.claims.toml`` file says, nothing derived."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from ratecert.proofs_check.language.expr import NUMBERS, Call, Expr, Name, Num, Pow, walk
from ratecert.proofs_check.language.statement import Condition

if TYPE_CHECKING:
    from ratecert.proofs_check.language.mercer import MercerKernel

__all__ = [
    "ALGORITHMS",
    "DEFAULT_NOISE",
    "FEATURES",
    "SCHEDULES",
    "SIZES",
    "Claim",
    "Objective",
    "Output",
    "Paper",
    "Setting",
    "optimal_of",
]

FEATURES = ("gaussian", "top")
ALGORITHMS = ("sgd", "averaged-sgd")
SCHEDULES = ("geometric", "constant")

SIZES = frozenset({"M", "N", "N_eff", "C", "T", "t", "n", "k", "B", "L", "D", "d"})
"""Names of the language that tend to infinity; ``N_eff`` is ``N/log N``."""
_ONE = Num(Fraction(1))
DEFAULT_NOISE = Pow(Name("sigma"), Num(Fraction(2)))
"""Variance of the labels' noise where a claim says nothing."""


@dataclass(frozen=True, slots=True)
class Paper:
    """The ``[paper]`` table; only `key` is required."""

    key: str
    title: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    arxiv: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """What `count` outputs learn: `target`, an expression in ``i``, from labels with `noise`."""

    target: Expr
    noise: Expr
    count: Expr


@dataclass(frozen=True, slots=True)
class Setting:
    """Problem and method: `spectrum` and `target` are expressions in the index ``i``.

    A `kernel` stands in the place of the spectrum, which is then not looked at.  `noise` is the
    variance of the labels' noise.  Where `target` or `noise` is a tuple it holds an entry for each
    of the `outputs`, which are as many then; read them with `each`.
    """

    spectrum: Expr
    target: Expr | tuple[Expr, ...]
    features: str = "gaussian"
    algorithm: str = "sgd"
    schedule: str = "geometric"
    batch: Expr = _ONE
    outputs: Expr = _ONE
    kernel: MercerKernel | None = None
    noise: Expr | tuple[Expr, ...] = DEFAULT_NOISE

    def each(self) -> tuple[Output, ...]:
        """Return all outputs: in one entry if they are alike, otherwise in one for each."""
        target, noise = self.target, self.noise
        if isinstance(target, tuple):
            noises = noise if isinstance(noise, tuple) else (noise,) * len(target)
            return tuple(Output(t, n, _ONE) for t, n in zip(target, noises, strict=True))
        if isinstance(noise, tuple):
            return tuple(Output(target, n, _ONE) for n in noise)
        return (Output(target, noise, self.outputs),)


@dataclass(frozen=True, slots=True)
class Objective:
    """``minimise`` `expr` ``over`` the names, ``subject_to`` the constraints."""

    expr: Expr
    over: tuple[str, ...]
    subject_to: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim: ``left = relation(right)``, or ``left ~ right``.

    `line` is that of the ``[[claim]]`` table in `file`.  `sizes` are all names that tend to
    infinity, those of the language and `own_sizes`, those of the claim's ``sizes``: who reads a
    claim asks it, and nobody the language.  `assume` holds the defaults' conditions, then the
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
    sizes: frozenset[str] = SIZES
    own_sizes: frozenset[str] = frozenset()
    expect: Literal["certified", "refuted", "undecided"] = "certified"
    where: str = ""
    note: str = ""
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)

    @property
    def indices(self) -> frozenset[str]:
        """The names j that stand in ``eigenvalue(j)`` and are nothing else."""
        sides = (self.left, self.right, *((self.objective.expr,) if self.objective else ()))
        calls = (node for side in sides for node in walk(side) if isinstance(node, Call))
        names = {
            arg.name
            for call in calls
            for arg in call.args
            if call.func == "eigenvalue" and isinstance(arg, Name)
        }
        return frozenset(names) - self.sizes - NUMBERS - {"gamma", "sigma"}

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
