"""False claims, with derivations in which all is right but one hypothesis of one rule.

Each derivation is that of a true claim beside it, or one made by hand; the guard that asks for the
hypothesis is all that stands between it and a certificate.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from derivations import derived

from proofs_check.checker import check
from proofs_check.claim import Claim
from proofs_check.claimfile import make_claim
from proofs_check.cone import RejectedError
from proofs_check.orders import CONSTANT, Order
from proofs_check.premises import premises
from proofs_check.profiles import Piece, sum_order
from theory.derivation import derivation
from theory.refute import model

ONE: list[Any] = [["1", []]]
SAME: dict[str, Any] = {"certs": [{"mu": [ONE], "nu": [ONE], "gens": {}}]}
"""The proof of a goal between two equal forms."""


def refused(message: str) -> Any:
    return pytest.raises(RejectedError, match=message)


def proof_of(claim: Claim) -> dict[str, Any]:
    return derivation(claim) | {"model": model(claim)}


# Sums.


def harmonic() -> tuple[dict[str, Any], dict[str, Any]]:
    """The proof that ``Σ_{i<=M} 1/i`` is of order log(M), and what it says of the sum."""
    proof = derived("harmonic")
    return proof, proof["tree"]["bounds"]["sum(1/i′, i′, 1, M)"]


def test_an_interval_is_no_longer_than_it_says() -> None:
    """``log(M/1)`` is not bounded, so ``Σ 1/i`` is not ``O(1)``."""
    proof, sides = harmonic()
    (interval,) = (piece for piece in sides["upper"]["pieces"] if "from" in piece)
    assert (interval["from"], interval["to"], interval["log"]) == ("1", "M", "M")
    interval["log"] = "1"
    proof["tree"]["upper"] = SAME
    with refused("identity of a certificate fails in the coefficient of M"):
        check(make_claim("sum(1/i, i, 1, M) = O(1)"), proof)


def test_a_stretch_bounds_the_terms_times_their_index() -> None:
    """``i^-2 i`` is not at least 1 from 1 to M, so ``Σ i^-2`` is not of order log(M)."""
    proof, sides = harmonic()
    proof["tree"] |= {"bounds": {"sum(i′^(-2), i′, 1, M)": sides}, "lower": SAME}
    sides["lower"] = [item for item in sides["lower"] if "from" in item]
    assert [item["bound"] for item in sides["lower"]] == ["1"]
    with refused("identity of a certificate fails in the coefficient of i"):
        check(make_claim("sum(i^-2, i, 1, M) = Omega(log(M))"), proof)


# Equivalents.


def test_a_term_is_small_beside_another_term_of_the_same_sum() -> None:
    """N is small beside ``N^2``, which is not there."""
    claim = make_claim("M + N ~ M")
    grows = [g.text for g in premises(claim, exact=True).ctx.generators].index("N -> oo")
    power = {"mu": [ONE], "nu": [ONE], "gens": {str(grows): ONE}}
    hint = {"than": "N^2", "bounds": {}, "proof": {"certs": [power]}}
    proof = {"needs": [], "model": model(claim), "tree": {"grows": {}, "small": {"N": hint}}}
    with refused("compared with something that is not beside it"):
        check(claim, proof)
    true = make_claim("N^2 + M + N ~ N^2 + M")
    check(true, proof | {"model": model(true)})


def test_repeated_steps_are_an_exponential_only_if_there_are_many() -> None:
    """``(1 - x)^Y`` is not ``exp(-x Y)`` for bounded Y: that Y grows is proved, too."""
    says = "sum(i^-2*(1-gamma/i)^N, i, 1, oo) ~ 1/(N*gamma)"
    claim = make_claim(says, ["N*gamma >= log(N)"])
    proof = proof_of(claim)
    check(claim, proof)
    proof["tree"]["grows"].pop("N", None)
    with refused("N -> oo is not settled"):
        check(claim, proof)


# Sums along paths.


def test_the_first_terms_count_where_the_others_are_far_smaller() -> None:
    """The start is known up to a factor, so a term may lie in the piece that ends there.

    With ``f = 1`` up to t and ``f = i^-9`` beyond, the sum from t/2 is of order t.
    """
    t = Order(Fraction(1))
    falls = (Piece(CONSTANT, t, CONSTANT), Piece(t, None, CONSTANT, Fraction(-9)))
    assert sum_order(falls, t, None, upper=True) == t
    assert sum_order(falls, t, t**2, upper=True) == t
    assert sum_order(falls, t, None, upper=False) == t**-8
