r"""Quantities whose definition is an explicit sum, exactly: what claims with ``~`` may speak of.

`meaning` gives quantities up to constant factors.  A ratio that tends to 1 needs the quantity
itself, and these are sums over the given spectrum ``λ_i`` and target energies ``e_i``, which are
*exactly* the expressions of the claim's setting then:

- ``irreducible`` is the variance of the noise, ``σ²`` if nothing else is given;
- with top features, which keep the modes ``i <= M`` as they are,

  - ``eigenvalue(j) = λ_j`` for ``j <= M``,
  - ``approx = Σ_{i>M} e_i``,
  - ``effective_dimension = #{i <= M: n γ λ_i >= 1} + (nγ)² Σ_{i <= M, n γ λ_i < 1} λ_i²
    = Σ_{i<=M} min(1, (n γ λ_i)²)`` with ``n = N_eff``, for the geometric schedule,
  - ``mean_bias = Σ_{i<=M} e_i (1 - γ λ_i)^{2N}`` for SGD with a constant step: the squared
    error ``‖Π (I - γ Λ) v*‖²_Λ`` of the mean, where ``Λ = diag(λ_i)`` and ``λ_i v*_i² = e_i``.

Of several outputs the parts of the risk are the sums over the outputs (`meaning`), each with its
own target energies and noise.  Everything else (Gaussian sketches, feedback, the geometric
schedule) has no such definition here.
"""

from __future__ import annotations

from collections.abc import Callable

from ratecert.proofs_check.language.claim import Setting
from ratecert.proofs_check.language.expr import (
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Sum,
    add,
    children,
    mul,
    neg,
    power,
    rebuild,
    substitute,
    walk,
)
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.meaning.definitions import (
    INFINITY,
    ONE,
    TWO,
    I,
    M,
    Meaning,
    is_quantity,
)
from ratecert.proofs_check.meaning.definitions import meaning as up_to_constants
from ratecert.proofs_check.meaning.laws import NoMeaningError

__all__ = ["exact_meaning"]

GAMMA = Name("gamma")


def exact_meaning(expr: Expr, setting: Setting, sizes: frozenset[str]) -> Meaning:
    """Return the expression with its quantities replaced by what they are.

    Raises
    ------
    NoMeaningError
        Where a quantity has no exact definition for the setting.
    """
    used = dict.fromkeys(node for node in walk(expr) if is_quantity(node))
    needs: dict[Condition, None] = {}
    trust: dict[str, None] = {}
    steps: list[str] = []
    for quantity in used:
        coarse = up_to_constants(quantity, setting, sizes)
        needs |= dict.fromkeys(coarse.needs)
        trust |= dict.fromkeys(coarse.trust)
        steps.append(f"{quantity}, exactly: {_exactly(quantity, setting)}")
    value = _replaced(expr, setting)
    return Meaning(value, value, tuple(needs), tuple(steps), tuple(trust))


def _replaced(expr: Expr, setting: Setting) -> Expr:
    if is_quantity(expr):
        return _exactly(expr, setting)
    parts = children(expr)
    return rebuild(expr, tuple(_replaced(part, setting) for part in parts)) if parts else expr


def _exactly(quantity: Expr, setting: Setting) -> Expr:
    if quantity == Name("irreducible"):
        return add(*(mul(each.count, each.noise) for each in setting.each()))
    if setting.features != "top" or setting.kernel is not None:
        raise NoMeaningError(
            f'{quantity} is known up to constant factors here; features = "top" make it an exact '
            "sum, where it is one"
        )
    match quantity:
        case Call("eigenvalue", (index,)):
            return _law(setting.spectrum, "spectrum", index)
        case Name("approx"):
            return _over_outputs(setting, lambda e: Sum(e, I.name, add(M, ONE), INFINITY))
        case Name("effective_dimension") if setting.schedule == "geometric":
            u = mul(Name("N_eff"), GAMMA, _law(setting.spectrum, "spectrum", I))
            return Sum(Call("min", (ONE, power(u, TWO))), I.name, ONE, M)
        case Name("mean_bias") if (setting.algorithm, setting.schedule) == ("sgd", "constant"):
            rate = mul(GAMMA, _law(setting.spectrum, "spectrum", I))
            kept = power(add(ONE, neg(rate)), mul(TWO, Name("N")))
            return _over_outputs(setting, lambda e: Sum(mul(e, kept), I.name, ONE, M))
    raise NoMeaningError(f"{quantity} is known up to constant factors only for this method")


def _over_outputs(setting: Setting, part: Callable[[Expr], Expr]) -> Expr:
    """Add up a functional of the target energies over the outputs."""
    outputs = setting.each()
    return add(*(mul(o.count, part(_law(o.target, "target", I))) for o in outputs))


def _law(expr: Expr, what: str, index: Expr) -> Expr:
    """Return the spectrum or target at an index; the numeric legs drop constant factors."""
    factors = expr.factors if isinstance(expr, Mul) else (expr,)
    if any(isinstance(factor, Num) and factor.value > 0 for factor in factors):
        raise NoMeaningError(f"no exact meaning with the constant factor in the {what} {expr}")
    return substitute(expr, {"i": index})
