r"""Problems and methods as numbers: spectra, targets, noise, features; algorithm and schedule.

A spectrum gives eigenvalues ``lam_i`` of the covariance H, a target energies
``e_i = lam_i E <v_i, w*>^2``, both for i = 1, 2, ...  Each is one of three kinds of `Sequence`:

* `Regular`: ``f(i) = c prod_j (i + s_j)^(-p_j) prod_j log(i + k_j)^(-q_j)``, which holds power
  laws and logarithmic power laws and is closed under products; infinite;
* `Headed`: given numbers first, then a regular sequence; e.g. the spectrum of a kernel;
* `Measured`: given numbers, finitely many.

*Tails* of a regular sequence.  Up to ``n = 4096`` terms are added; beyond, Euler-Maclaurin,

    sum_{i>n} f(i) = int_n^oo f - f(n)/2 - f'(n)/12 + O(f'''(n)),

whose next term is below ``p^4/n^4/720`` of the sum: 1e-17 for p = 1.  The integral is closed for a
single power.  Otherwise, with ``i = e^s``, it is that of ``h(s) = f(e^s) e^s``, which decays
exponentially where ``P = sum p_j > 1``, and like ``c s^(-Q)``, ``Q = sum q_j``, where P = 1;
there ``c s^(-Q)`` is integrated in closed form and the rest, exponentially small, numerically.
The numerical integral is the trapezoidal rule after ``s = s_0 + exp(v - exp(-v))`` (Takahasi and
Mori 1974), with halved step as its check.

*Source*: derived here; conditions ``P > 1``, or ``P = 1`` and ``Q > 1``, are those of convergence.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratecert.numerics.model.schedules import Schedule, check_text, named
from ratecert.proofs_check.language.claim import ALGORITHMS, FEATURES
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import Add, Call, Expr, Mul, Name, Num, Pow, free_names

__all__ = ["ROUNDING", "Headed", "IllPosedError", "Measured", "Method", "Problem", "Regular",
           "Sequence", "evaluate", "sequence"]  # fmt: skip

Array = NDArray[np.float64]
Value = float | int

_DIRECT = 4096
ROUNDING = 1e-9
"""An exponent that is nearer to another than that may be equal to it."""
_INDEX = "i"


class IllPosedError(UserError):
    """A spectrum or target that is none: not positive and finite, or without a finite sum."""


class Sequence(ABC):
    """Non-negative numbers ``f(1), f(2), ...`` with a finite sum; abstract."""

    size: int | None
    """How many there are; None for infinitely many."""

    @property
    def order(self) -> tuple[float, float]:
        """``(P, Q)`` with ``f(i)`` of order ``i^-P log(i)^-Q``."""
        raise NotImplementedError("a finite sequence has no order")

    @abstractmethod
    def at(self, i: ArrayLike) -> Array:
        """Return ``f(i)`` for indices from 1, whole or (regular sequences) not."""

    @abstractmethod
    def tail(self, d: int) -> float:
        """Return ``sum_{i>d} f(i)``, relative error about 1e-13."""

    @abstractmethod
    def times(self, other: Sequence) -> Sequence:
        """Return the product, term by term."""

    def first(self, count: int) -> Array:
        """Return ``f(1), ..., f(count)``."""
        return self.at(np.arange(1, count + 1, dtype=np.float64))

    def sum(self) -> float:
        """Return the sum of all terms."""
        return self.tail(0)

    def __len__(self) -> int:
        if self.size is None:
            raise TypeError("this sequence is infinite")
        return self.size


@dataclass(frozen=True, slots=True)
class Regular(Sequence):
    """``f(i) = scale prod (i + s)^(-p) prod log(i + k)^(-q)``.

    Attributes
    ----------
    scale : positive factor.
    powers : pairs ``(s, p)``, s > -1.
    logs : pairs ``(k, q)``, k > 0.

    Raises
    ------
    IllPosedError
        If the sum of f diverges, or f is not positive and finite from i = 1 on.
    UserError
        If a number is beyond the floats.
    """

    scale: float
    powers: tuple[tuple[float, float], ...]
    logs: tuple[tuple[float, float], ...] = ()
    size = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise UserError(f"the factor of {self} must be positive and finite")
        if any(not (shift > -1 and math.isfinite(p)) for shift, p in self.powers):
            raise IllPosedError(
                f"{self} is not finite from i = 1 on: shifts must be larger than -1"
            )
        if any(not (shift > 0 and math.isfinite(q)) for shift, q in self.logs):
            raise IllPosedError(
                f"{self} is not finite from i = 1 on: write log(i + 1), not log(i)"
            )
        with np.errstate(all="ignore"):
            second = float(self.at(2.0))
        if not 0 < second < math.inf:
            raise UserError(f"the second term of {self} is beyond double precision")
        P, Q = self.order
        if not (P > 1 or (P == 1 and Q > 1)):
            # Just below 1 it may be the rounding of an exponent that is 1.
            error = UserError if ROUNDING > 1 - P > 0 else IllPosedError
            raise error(
                f"the sum of {self} over all i diverges: the exponent of i must be below -1 "
                "(a > 1), or -1 with log(i + 1)^-a, a > 1"
            )

    @property
    def order(self) -> tuple[float, float]:
        """``(P, Q)`` with ``f(i) ~ scale i^-P log(i)^-Q``."""
        return math.fsum(p for _, p in self.powers), math.fsum(q for _, q in self.logs)

    def __str__(self) -> str:
        parts = [f"{self.scale:g}"] if self.scale != 1 or not self.powers else []
        for shift, p in self.powers:
            parts.append(f"i^{-p:g}" if shift == 0 else f"(i + {shift:g})^{-p:g}")
        parts += [f"log(i + {shift:g})^{-q:g}" for shift, q in self.logs]
        return "*".join(parts)

    def at(self, i: ArrayLike) -> Array:
        """Return ``f(i)``; see `Sequence.at`."""
        x = np.asarray(i, dtype=np.float64)
        value = np.full_like(x, self.scale)
        for shift, p in self.powers:
            value = value * (x + shift) ** -p
        for shift, q in self.logs:
            value = value * np.log(x + shift) ** -q
        return value

    def times(self, other: Sequence) -> Sequence:
        """Return the product; see `Sequence.times`."""
        if not isinstance(other, Regular):
            return other.times(self)
        return Regular(
            self.scale * other.scale, self.powers + other.powers, self.logs + other.logs
        )

    def tail(self, d: int) -> float:
        """Return ``sum_{i>d} f(i)``; see the module's docstring."""
        n = max(d, _DIRECT)
        direct = math.fsum(self.at(np.arange(d + 1, n + 1, dtype=np.float64)))
        x = float(n)
        value = float(self.at(x))
        slope = -math.fsum(p / (x + shift) for shift, p in self.powers)
        slope -= math.fsum(q / ((x + shift) * math.log(x + shift)) for shift, q in self.logs)
        return math.fsum([direct, self.integral(x), -value / 2, -value * slope / 12])

    def integral(self, x: float) -> float:
        """Return ``int_x^oo f(t) dt`` for ``x >= 2``."""
        P, Q = self.order
        if not self.logs and len({shift for shift, _ in self.powers}) == 1:
            shift = self.powers[0][0]
            return self.scale * math.pow(x + shift, 1 - P) / (P - 1)
        start = math.log(x)
        if P > 1:
            return _half_line(
                lambda s: np.exp((1 - P) * s + self._bend(s)) * self.scale * s**-Q,
                start,
                1 / (P - 1),
            )
        closed = self.scale * math.pow(start, 1 - Q) / (Q - 1)
        return closed + _half_line(
            lambda s: np.expm1(self._bend(s)) * self.scale * s**-Q, start, 1.0
        )

    def _bend(self, s: Array) -> Array:
        """Return ``log(f(i) / (scale i^-P log(i)^-Q))`` at ``i = e^s``: what the shifts add."""
        total = np.zeros_like(s)
        for shift, p in self.powers:
            total -= p * np.log1p(shift * np.exp(-s))
        for shift, q in self.logs:
            total -= q * np.log1p(np.log1p(shift * np.exp(-s)) / s)
        return total


@dataclass(frozen=True, slots=True)
class Measured(Sequence):
    """Numbers as given, e.g. measured eigenvalues; nothing beyond them."""

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise UserError("a measured spectrum needs at least one value")
        if not all(math.isfinite(v) and v >= 0 for v in self.values):
            raise UserError("measured values must be finite and not negative")

    @classmethod
    def of(cls, values: ArrayLike) -> Measured:
        """Return the sequence of the values of a one-dimensional array."""
        array = np.asarray(values, dtype=np.float64)
        if array.ndim != 1:
            raise UserError("measured values must be a one-dimensional array")
        return cls(tuple(array.tolist()))

    @property
    def size(self) -> int:  # type: ignore[override]
        """How many values there are."""
        return len(self.values)

    def at(self, i: ArrayLike) -> Array:
        """Return ``f(i)``, 0 beyond the last."""
        index = np.asarray(i)
        whole = index.astype(np.int64)
        if np.any((whole != index) | (whole < 1)):
            raise ValueError("measured values have whole indices from 1 on")
        padded = np.append(np.asarray(self.values, dtype=np.float64), 0.0)
        return np.asarray(padded[np.minimum(whole, self.size + 1) - 1])

    def tail(self, d: int) -> float:
        """Return ``sum_{i>d} f(i)``."""
        return math.fsum(self.values[d:])

    def times(self, other: Sequence) -> Sequence:
        """Return the product; see `Sequence.times`."""
        return Measured.of(np.asarray(self.values) * other.first(self.size))


@dataclass(frozen=True, slots=True)
class Headed(Sequence):
    """``f(1), ..., f(T)`` as given, ``f(i) = beyond(i)`` after them; infinite.

    At an index that is not whole it is ``beyond``, for the quadratures over the spectrum, which
    ask for whole ones only up to T = 512.
    """

    head: tuple[float, ...]
    beyond: Regular
    size = None

    def __post_init__(self) -> None:
        if not all(math.isfinite(v) and v > 0 for v in self.head):
            raise UserError("the eigenvalues of a kernel must be finite and positive")

    @property
    def order(self) -> tuple[float, float]:
        """That of what is beyond."""
        return self.beyond.order

    def __str__(self) -> str:
        return f"{len(self.head)} numbers, then {self.beyond}"

    def at(self, i: ArrayLike) -> Array:
        """Return ``f(i)``; see `Sequence.at`."""
        x = np.asarray(i, dtype=np.float64)
        inside = (x <= len(self.head)) & (x == np.floor(x))
        index = np.where(inside, x, 1).astype(np.int64) - 1
        return np.where(inside, np.asarray(self.head)[index], self.beyond.at(x))

    def tail(self, d: int) -> float:
        """Return ``sum_{i>d} f(i)``."""
        return math.fsum([*self.head[d:], self.beyond.tail(max(d, len(self.head)))])

    def times(self, other: Sequence) -> Sequence:
        """Return the product; see `Sequence.times`."""
        if isinstance(other, Measured):
            return other.times(self)
        beyond = self.beyond.times(other.beyond if isinstance(other, Headed) else other)
        assert isinstance(beyond, Regular)  # a product of two regular sequences
        length = max(len(self.head), len(other.head) if isinstance(other, Headed) else 0)
        return Headed(tuple((self.first(length) * other.first(length)).tolist()), beyond)


def _half_line(h: Callable[[Array], Array], start: float, scale: float) -> float:
    """Return ``int_start^oo h(s) ds`` for h decaying like ``exp(-s/scale)``."""

    def rule(step: float) -> float:
        v = np.arange(-4.5, 5.5, step)
        s = scale * np.exp(v - np.exp(-v))
        return float(np.sum(h(start + s) * s * (1 + np.exp(-v))) * step)

    coarse, fine = rule(1 / 16), rule(1 / 32)
    if not abs(fine - coarse) <= 1e-12 * abs(fine) + 1e-300:
        raise ArithmeticError(f"the tail integral did not converge: {coarse} against {fine}")
    return fine


# From the claim language.


def evaluate(expr: Expr, values: Mapping[str, Value]) -> float:
    """Return the value of an expression without sums, each name having a value.

    Raises
    ------
    UserError
        If a name has no value, or the value is not a finite real number.
    """
    try:
        result = _evaluate(expr, values)
    except (ZeroDivisionError, OverflowError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{expr} has no finite real value here") from None
    if isinstance(result, complex) or not math.isfinite(result):
        raise UserError(f"{expr} has no finite real value here")
    return result


_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "Gamma": math.gamma,
    "min": min,
    "max": max,
}


def _evaluate(expr: Expr, values: Mapping[str, Value]) -> float:
    match expr:
        case Num(value):
            return float(value)
        case Name("pi"):
            return math.pi
        case Name("EulerGamma"):
            return float(np.euler_gamma)
        case Name(name) if name in values:
            return float(values[name])
        case Add(terms):
            return math.fsum(_evaluate(term, values) for term in terms)
        case Mul(factors):
            return math.prod(_evaluate(factor, values) for factor in factors)
        case Pow(base, exponent):
            return float(_evaluate(base, values) ** _evaluate(exponent, values))
        case Call(func, args) if func in _FUNCTIONS:
            return float(_FUNCTIONS[func](*(_evaluate(arg, values) for arg in args)))
        case Name(name):
            raise UserError(f"{name} has no value; give it one, e.g. --set {name}=2")
    raise UserError(f"{expr} cannot be evaluated as a number here")


def sequence(expr: Expr, values: Mapping[str, Value]) -> Regular:
    """Return the sequence that an expression in the index i stands for.

    Parameters
    ----------
    expr : a product of numbers, powers of ``i + s`` and powers of ``log(i + k)``, in the claim
        language, e.g. that of ``i^-a`` or ``i^-1*log(i+1)^-a``.
    values : the parameters' values.

    Raises
    ------
    IllPosedError
        If its sum diverges, or it is not positive and finite.
    UserError
        If the expression is of another form.
    """
    parts = _Parts(1.0, {}, {})
    _collect(expr, 1.0, values, parts)
    return Regular(
        parts.scale,
        tuple((shift, -p) for shift, p in sorted(parts.powers.items()) if p),
        tuple((shift, -q) for shift, q in sorted(parts.logs.items()) if q),
    )


@dataclass(slots=True)
class _Parts:
    scale: float
    powers: dict[float, float]
    logs: dict[float, float]


def _collect(expr: Expr, exponent: float, values: Mapping[str, Value], parts: _Parts) -> None:
    """Multiply ``expr ^ exponent`` into the parts."""
    if _INDEX not in free_names(expr):
        base = evaluate(expr, values)
        if base <= 0:
            raise IllPosedError(f"the factor {expr} of a spectrum or target must be positive")
        parts.scale *= base**exponent
        return
    match expr:
        case Mul(factors):
            for factor in factors:
                _collect(factor, exponent, values, parts)
        case Pow(base_expr, power) if _INDEX not in free_names(power):
            _collect(base_expr, exponent * evaluate(power, values), values, parts)
        case Call("sqrt", (argument,)):
            _collect(argument, 0.5 * exponent, values, parts)
        case Call("log", (argument,)):
            slope, shift = _linear(argument, values)
            if slope != 1:
                raise UserError(f"write {expr} with the plain index: log(i + 1), not log(2*i)")
            parts.logs[shift] = parts.logs.get(shift, 0.0) + exponent
        case _:
            slope, shift = _linear(expr, values)
            parts.scale *= slope**exponent
            parts.powers[shift] = parts.powers.get(shift, 0.0) + exponent


def _linear(expr: Expr, values: Mapping[str, Value]) -> tuple[float, float]:
    """Return ``(c, s)`` for an expression equal to ``c (i + s)``, c > 0."""
    slope, constant = 0.0, 0.0
    for term in expr.terms if isinstance(expr, Add) else (expr,):
        factors = term.factors if isinstance(term, Mul) else (term,)
        others = [factor for factor in factors if factor != Name(_INDEX)]
        value = math.prod(_no_index(factor, values) for factor in others)
        if len(factors) - len(others) > 1:
            raise _not_regular(expr)
        if len(others) < len(factors):
            slope += value
        else:
            constant += value
    if not slope > 0:
        raise _not_regular(expr)
    return slope, constant / slope


def _no_index(expr: Expr, values: Mapping[str, Value]) -> float:
    if _INDEX in free_names(expr):
        raise _not_regular(expr)
    return evaluate(expr, values)


def _not_regular(expr: Expr) -> UserError:
    return UserError(
        f"{expr} is no spectrum that can be evaluated: write a product of powers of i (or i + s) "
        "and of log(i + 1), such as i^-a or i^-1*log(i+1)^-a"
    )


# Problem and method.


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be learnt, and through which features.

    Attributes
    ----------
    spectrum : eigenvalues of H.
    target : ``lam_i E <v_i, w*>^2``, in expectation over the prior of ``w*``.
    noise : label noise ``sigma^2``, of each output.
    features : ``"gaussian"`` sketch or ``"top"`` features.
    outputs : number p of outputs that share sketch and samples, all with this target and noise.
    """

    spectrum: Sequence
    target: Sequence
    noise: float = 1.0
    features: str = "gaussian"
    outputs: int = 1

    def __post_init__(self) -> None:
        if not (math.isfinite(self.noise) and self.noise >= 0):
            raise UserError(f"the noise sigma^2 must be finite and not negative: {self.noise}")
        if self.features not in FEATURES:
            raise UserError(f"features are {' or '.join(FEATURES)}, not {self.features!r}")
        check_whole("the number of outputs", self.outputs)
        if self.spectrum.size != self.target.size:
            raise UserError(
                "spectrum and target must both be formulas or be measured at equally many modes"
            )

    @classmethod
    def parse(
        cls, spectrum: Expr, target: Expr, values: Mapping[str, Value], **settings: object
    ) -> Problem:
        """Return the problem of two expressions in the index i and parameter values."""
        pair = sequence(spectrum, values), sequence(target, values)
        return cls(*pair, **settings)  # type: ignore[arg-type]

    def check_features(self, M: int) -> None:
        """Refuse more features than there are dimensions."""
        check_whole("the number of features M", M)
        if self.spectrum.size is not None and self.spectrum.size < M:
            raise UserError(
                f"M = {M} features of a problem of dimension {self.spectrum.size}: "
                "take M no larger than the dimension"
            )
        positive = int(np.count_nonzero(self.spectrum.first(M))) if self.spectrum.size else M
        if positive < M:
            raise UserError(
                f"only {positive} of the measured eigenvalues up to M = {M} are positive: "
                f"sort them in decreasing order, and take M at most their number"
            )


@dataclass(frozen=True, slots=True)
class Method:
    """How it is learnt.

    Attributes
    ----------
    gamma : step size; the largest one of a schedule.
    algorithm : ``"sgd"`` (last iterate) or ``"averaged-sgd"`` (mean of ``v_0..v_{N-1}``).
    schedule : a text that `ratecert.numerics.model.schedules.named` knows.
    batch : fresh samples per step.
    """

    gamma: float = 0.1
    algorithm: str = "sgd"
    schedule: str = "geometric"
    batch: int = 1

    def __post_init__(self) -> None:
        if not (math.isfinite(self.gamma) and self.gamma > 0):
            raise UserError(f"the step size gamma must be positive and finite, not {self.gamma}")
        if self.algorithm not in ALGORITHMS:
            raise UserError(f"algorithms are {' and '.join(ALGORITHMS)}, not {self.algorithm!r}")
        check_text(self.schedule)
        check_whole("the batch size", self.batch)

    @property
    def averaged(self) -> bool:
        """Whether the output is the mean of the iterates."""
        return self.algorithm == "averaged-sgd"

    def steps(self, N: int) -> Schedule:
        """Return the step sizes of N steps."""
        return named(self.schedule, self.gamma, N)

    def curve(self, sizes: Iterable[int]) -> list[Schedule]:
        """Return the step sizes for every number of steps."""
        return [self.steps(N) for N in sizes]


def check_whole(what: str, value: object) -> None:
    """Refuse what is not a whole number from 1 on."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise UserError(f"{what} must be a whole number, at least 1, not {value!r}")
