"""Random sums of the kind that learning theory is full of, to order them and to look at numbers.

A term is a power of the index times powers of sizes and of the step size and up to two *filters*:
``min``, ``max``, exponentials, repeated steps, rational filters, powers of logarithms.  Ranges
are finite or infinite, their ends may be sizes; a sum may stand inside another one, over a time or
up to the outer index; sums are added to monomials and compared with them.  Infinite sums
converge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from hypothesis import strategies as st

from ratecert.numerics.balls.ball import Refusal
from ratecert.numerics.legs.rungs import rungs
from ratecert.numerics.legs.trend import Reading
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.expr import free_names
from ratecert.proofs_check.language.grammar import parse_condition
from ratecert.proofs_check.paths.bounds import Path, order_along
from ratecert.proofs_check.paths.orders import Order, exact_value
from ratecert.proofs_check.verdict.certificate import Regime

__all__ = ["Drawn", "compared", "directions", "drawn", "holds", "path_along"]

SIZES = ("M", "N", "k")
SPEEDS = tuple(map(Fraction, ("1", "1/2", "2", "3/2", "1/3", "3")))
STEPS = tuple(map(Fraction, ("0", "-1/2", "-1", "-1/4", "-3")))


@dataclass(frozen=True)
class Drawn:
    """An expression and the assumptions it comes with."""

    text: str
    assume: tuple[str, ...] = ()


@dataclass(frozen=True)
class Factor:
    """A factor of a term: its text, and the power of the index with which it ends at infinity."""

    text: str
    slope: Fraction = Fraction(0)
    decays: bool = False


halves = st.integers(-4, 3).map(lambda n: Fraction(n, 2))
rises = st.sampled_from(["1/2", "1", "3/2", "2"]).map(Fraction)
scales = st.sampled_from(["M", "N", "k", "N*gamma", "M/N", "1/k", "gamma"])
whole = st.sampled_from([1, 2])


def _power(r: Fraction) -> Factor:
    return Factor(f"i^({r})", r)


def _saturating(scale: str, p: Fraction, q: int) -> Factor:
    return Factor(f"min(1, ({scale}*i^(-{p}))^{q})", -p * q)


def _growing(scale: str, p: Fraction) -> Factor:
    return Factor(f"max(1, {scale}*i^({p}))", p)


def _forgetting(scale: str, p: Fraction) -> Factor:
    return Factor(f"exp(-{scale}*i^(-{p}))")


def _decaying(scale: str, p: Fraction) -> Factor:
    return Factor(f"exp(-{scale}*i^({p}))", decays=True)


def _steps(p: Fraction) -> Factor:
    return Factor(f"(1 - gamma*i^(-{p}))^(2*N)")


def _rational(size: str, p: Fraction, q: int) -> Factor:
    return Factor(f"1/(1 + i^({p})/{size})^{q}", -p * q)


def _resolvent(size: str, p: Fraction) -> Factor:
    return Factor(f"i^(-{p})/(i^(-{p}) + 1/{size})", -p)


def _logarithm(p: Fraction) -> Factor:
    return Factor(f"log(i + 1)^({p})")


filters = st.one_of(
    st.builds(_saturating, scales, rises, whole),
    st.builds(_growing, st.sampled_from(["1/M", "1/N", "gamma"]), rises),
    st.builds(_forgetting, scales, rises),
    st.builds(_decaying, st.sampled_from(["1/M", "gamma", "1/(N*gamma)"]), rises),
    st.builds(_steps, rises),
    st.builds(_rational, st.sampled_from(SIZES), rises, whole),
    st.builds(_resolvent, st.sampled_from(SIZES), rises),
    st.builds(_logarithm, halves),
)
outside = st.one_of(
    st.just(""),
    st.just(""),
    st.builds("*{}^({})".format, st.sampled_from([*SIZES, "gamma"]), halves),
)
ends = st.sampled_from(["1, oo", "1, oo", "1, M", "1, M", "1, N", "M, oo", "1, k"])


def _summed(factors: list[Factor], more: str, ends: str) -> str:
    """Write the sum; an infinite range that does not converge is cut."""
    slope = sum((f.slope for f in factors), Fraction(0))
    if ends.endswith("oo") and slope >= -1 and not any(f.decays for f in factors):
        ends = ends.replace("oo", "M*N" if ends.startswith("M") else "M")
    return f"sum({'*'.join(f.text for f in factors)}{more}, i, {ends})"


terms = st.builds(
    lambda r, fs: [_power(r), *fs], halves, st.lists(filters, min_size=0, max_size=2)
)
sums = st.builds(_summed, terms, outside, ends)


def _nested(r: Fraction, s: Fraction, p: Fraction, which: int) -> str:
    inner = [
        f"sum(t^({s})*exp(-gamma*t*i^(-{p})), t, 1, N)",
        f"sum((1 - gamma*i^(-{p}))^(2*t), t, 1, N)",
        f"sum(j^({s}), j, 1, i)",
        f"sum(j^(-2)*min(1, (N*j^(-{p}))^2), j, i, oo)",
    ][which]
    return f"sum(i^({r})*{inner}, i, 1, M)"


nested = st.builds(_nested, halves, halves, rises, st.integers(0, 3))
monomials = st.builds("{}^({})*{}^({})".format, st.sampled_from(SIZES), halves,
                      st.sampled_from(SIZES), halves)  # fmt: skip


def _joined(pattern: str) -> Callable[[str, str], str]:
    return lambda x, y: pattern.format(x, y)


combined = st.one_of(
    sums,
    sums,
    sums,
    nested,
    st.builds(_joined("{} + {}"), sums, monomials),
    st.builds(_joined("min({}, {})"), sums, monomials),
    st.builds(_joined("log(1 + {})*{}"), scales, sums),
)


def _general(text: str, letters: bool) -> Drawn:
    """Put parameters in the place of some exponents."""
    if not letters or "i^(-2)" not in text:
        return Drawn(text)
    return Drawn(text.replace("i^(-2)", "i^(-b)"), ("b > 1",))


drawn = st.builds(_general, combined, st.booleans())
directions = st.builds(
    lambda speeds, step: {**dict(zip(SIZES, speeds, strict=True)), "gamma": step},
    st.tuples(*[st.sampled_from(SPEEDS)] * 3),
    st.sampled_from(STEPS),
)


# Numbers.

LADDERS = ((6, 12, 18, 24), (24, 36, 48), (48, 72, 96))
VALUES = (Fraction(3, 2), Fraction(2), Fraction(3))


def path_along(case: Drawn, direction: dict[str, Fraction], number: int) -> Path:
    """Return a direction of the sizes as a path, with one of the `VALUES` for the parameter."""
    values = {"b": VALUES[number]} if case.assume else {}
    return Path(values, {name: Order(x) for name, x in direction.items()})


def holds(regime: Regime, path: Path) -> bool:
    """Whether the conditions of a regime hold along the path."""
    return all(_holds(text, path) for text in regime.when)


def _holds(text: str, path: Path) -> bool:
    (condition,) = parse_condition(text)
    used = free_names(condition.left) | free_names(condition.right)
    if not used <= set(path.values):
        left, right = order_along(condition.left, path), order_along(condition.right, path)
        return left >= right if condition.op in (">", ">=") else left <= right
    x, y = (exact_value(side, path.values) for side in (condition.left, condition.right))
    assert x is not None
    assert y is not None
    return {"<": x < y, "<=": x <= y, "=": x == y, ">": x > y, ">=": x >= y}[condition.op]


def compared(text: str, regime: Regime, path: Path) -> str:
    """Return "agrees", "differs" or "refused" for one regime along one direction to 10^24.

    A ratio that drifts by a power there is asked again to 10^96.  Where the expression is only
    known to be small it may fall, but not grow.
    """
    small = [f"({f})/({x})" for f, x in regime.small]
    whole = "+".join([*small, *([] if regime.order == "0" else [regime.order])])
    claim = make_claim(f"{text} = Theta({whole})", [f"{name} > 0" for name in path.values])
    names = free_names(claim.left) | free_names(claim.right)
    powers = {n: (o.x, o.y) for n, o in path.orders.items() if n in names}
    values = {n: v for n, v in path.values.items() if n in names}
    for decades in LADDERS:
        try:
            reading = Reading.of([r.points()[0] for r in rungs(claim, values, powers, decades)])
        except Refusal:
            return "refused"
        if not (reading.grows or (reading.falls and not small)):
            return "agrees"
    return "differs"
