"""What assumptions become."""

from __future__ import annotations

import pytest
from kernel_objects import refused

from ratecert.proofs_check.checker import check, check_needs
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.premises import (
    condition_generators,
    is_assumed,
    is_evident,
    premises,
)
from ratecert.proofs_check.language.expr import Name
from ratecert.proofs_check.language.grammar import parse_condition, parse_expr
from ratecert.theory.derive import derive

# Premises.


def test_what_is_read_in_the_variables_of_the_premises() -> None:
    claim = make_claim("N_eff*M^b = O(N*gamma)", ["b = a", "a > 1", "gamma = 1"])
    ready = premises(claim)
    assert str(ready.read(parse_expr("N*gamma*M^b"))) == "N_eff*log(N_eff)*M^a"
    assert ready.equations == (("b", Name("a")),)
    assert "gamma" not in {v for g in ready.ctx.generators for v in g.form.coeffs}


def test_assumptions_that_no_rule_can_use() -> None:
    ready = premises(
        make_claim(
            "M*N = O(M*N)",
            ["a^(1/2) > 1", "M^a >= N", "max(M, T) >= N", "2*a = 3", "4 = b", "M >= exp(-N)"],
        )
    )
    assert set(ready.unused) == {"a^(1/2) > 1", "max(M, T) >= N", "M >= exp(-N)"}
    assert ready.pending == ()
    assert len(ready.ctx.factors) == 2
    open_sign = premises(make_claim("M*N = O(M*N)", ["(M + T)^a >= N", "a > 0"]))
    assert [str(c) for c in open_sign.pending] == ["(M + T)^a >= N"]
    with refused("only minima above"):
        condition_generators(ready.ctx, make_claim("M = O(M)", ["M + N >= T"]).assume[0])


def test_conditions_are_assumed_in_either_direction() -> None:
    given = make_claim("M = O(M)", ["a > 1"]).assume
    assert is_assumed(make_claim("M = O(M)", ["1 < a"]).assume[0], given)
    assert not is_assumed(make_claim("M = O(M)", ["1 > a"]).assume[0], given)


def test_conditions_that_large_sizes_satisfy_are_evident() -> None:
    sizes = frozenset({"M"})
    evident = {"M >= 7": True, "M >= M": True, "k >= k": True, "k >= 7": False, "M >= k": False,
               "M <= 7": False, "M > M": False, "M^2 >= 7": False}  # fmt: skip
    for text, answer in evident.items():
        assert is_evident(parse_condition(text)[0], sizes) is answer, text


@pytest.mark.parametrize("says", ["eigenvalue(M) = Theta(M^-a)", "eigenvalue(9) = Theta(1)"])
def test_an_eigenvalue_within_the_model_needs_no_assumption(says: str) -> None:
    claim = make_claim(says, ["a > 1"])
    check(claim, derive(claim).proof)
    beyond = make_claim("eigenvalue(N) = Theta(N^-a)", ["a > 1"])
    assert derive(beyond).proof is None
    with refused("needed and not assumed"):
        check_needs(premises(beyond), [[]] * len(premises(beyond).left.needs))
