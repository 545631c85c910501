"""What the rules of `ratecert.proofs_check.equivalence.harmonic` say of drawn sums, against balls
far out.

The sums are drawn from the whole grammar of the rules, not from a table.  Where a rule gives an
equivalent, the distance of enclosures of both has to halve, up to `NEAR`, from one scale to its
square.  Equivalents that are off by a tenth do not pass.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from flint import arb
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from ratecert.numerics.balls import Refusal, enclose_expr
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.premises import premises
from ratecert.proofs_check.language.expr import Expr
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.theory.search.equivalence import proposed_equivalent

NEAR = 0.015
DIGITS = 8

RELATIONS = {
    "M >= N^3": (lambda k: (10 ** (4 * k), 10**k)),
    "N >= M^6": (lambda k: (10**k, 10 ** (8 * k))),
    "M >= N^(1/2)*log(N)": (lambda k: (10**k, 10**k)),
    "M = N": (lambda k: (2 * 10**k, 10**k)),
}
"""How M and N are related, and sizes that are so related."""
SCALES = 6, 12

powers = st.sampled_from(["1/2", "1", "3/2", "2", "3"])
slopes = st.integers(-8, 16).map(lambda n: Fraction(n, 4))
scales = st.sampled_from(["N", "2*N", "N/3", "N^2", "sqrt(N)", "gamma*N"])
filters = st.sampled_from(
    [
        "1",
        "exp(-{X}*i^(-{a}))",
        "exp(-i^({a})/({X}))",
        "(1 - exp(-{X}*i^(-{a})))",
        "(1 + {X}*i^(-{a}))^(-{p})",
        "(i^({a}) + {X})^(-{p})",
        "min(1, {X}*i^(-{a}))^({p})",
        "max({X}, i^({a}))^(-{p})",
        "(1 - gamma*i^(-{a}))^(2*N)",
    ]
)
ranges = st.sampled_from(
    [("1", "oo"), ("2", "oo"), ("1", "M"), ("2", "3*M"), ("M + 1", "oo"), ("sqrt(M)", "M^2")]
)


@st.composite
def sums(draw: st.DrawFn) -> str:
    term = draw(filters).format(X=draw(scales), a=draw(powers), p=draw(powers))
    lo, hi = draw(ranges)
    return f"sum(i^(-({draw(slopes)}))*{term}, i, {lo}, {hi})"


def equivalent_of(text: str, relation: str) -> Expr | None:
    claim = make_claim(f"{text} = Theta(M*N*gamma)", [relation, "gamma = 1"])
    return proposed_equivalent(premises(claim, exact=True))


def distances(text: str, found: Expr, relation: str, factor: str = "1") -> list[float]:
    """Return ``|log(factor * sum / equivalent)|`` at each scale where both have enclosures."""
    out = []
    for k in SCALES:
        M, N = RELATIONS[relation](k)
        at = {"M": Fraction(M), "N": Fraction(N), "gamma": Fraction(1, 10)}
        try:
            left, right = (enclose_expr(e, at, DIGITS).arb for e in (parse_expr(text), found))
        except Refusal:
            continue
        out.append(abs(float((arb(factor) * left / right).log())))
    return out


def approaches_one(seen: list[float]) -> bool:
    """Whether the distance halves from one scale to its square, as ``1/log`` does."""
    return seen[1] < seen[0] / 2 + NEAR


@seed(1)
@settings(max_examples=150, deadline=None, database=None)
@given(sums(), st.sampled_from(sorted(RELATIONS)))
def test_equivalents_hold_far_out(text: str, relation: str) -> None:
    found = equivalent_of(text, relation)
    seen = [] if found is None else distances(text, found, relation)
    if len(seen) == len(SCALES):
        assert approaches_one(seen), (text, relation, str(found), seen)


CONTROLS = [
    ("sum(i^-2, i, M + 1, oo)", "M = N"),
    ("sum(i^(-1/2), i, 1, M)", "M = N"),
    ("sum(i^-2*exp(-N*i^-2), i, 1, oo)", "M = N"),
    ("sum(exp(-i/N), i, 1, M)", "M >= N^3"),
    ("sum(1 - exp(-N*i^-2), i, 1, oo)", "M = N"),
    ("sum((i^2 + N)^-1, i, 1, M)", "M = N"),
    ("sum(min(1, N*i^-2)^2, i, 1, M)", "N >= M^6"),
    ("sum(max(N, i)^-2, i, 1, M)", "M >= N^3"),
    ("sum(i^-2*(1 - gamma*i^-1)^(2*N), i, 1, oo)", "M = N"),
    ("sum(i^-2/(1 + N*i^-1), i, 1, oo)", "M = N"),
]


@pytest.mark.parametrize(("text", "relation"), CONTROLS)
@pytest.mark.parametrize("factor", ["1.1", "0.9"])
def test_a_tenth_off_is_seen(text: str, relation: str, factor: str) -> None:
    found = equivalent_of(text, relation)
    assert found is not None
    assert approaches_one(distances(text, found, relation))
    assert not approaches_one(distances(text, found, relation, factor))
