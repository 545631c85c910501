from __future__ import annotations

from fractions import Fraction

import pytest

from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.paths.bounds import Path
from ratecert.proofs_check.paths.leading import Leading, leading_term
from ratecert.proofs_check.paths.orders import CONSTANT, LOG, LOGLOG, Order, UndecidedError
from ratecert.proofs_check.refutation.witness import check_refutation
from ratecert.theory.witnesses.refute import refute

T = Order(Fraction(1))
PATH = Path(
    {"a": Fraction(3), "h": Fraction(1, 2)},
    {"M": T ** Fraction(2), "N": T, "N_eff": T / LOG, "gamma": CONSTANT, "k": LOG},
)


@pytest.mark.parametrize(
    ("text", "constant", "order"),
    [
        ("7/3", "7/3", CONSTANT),
        ("2*M + 3*M - N", "5", T ** Fraction(2)),
        ("N - 2*M", "-2", T ** Fraction(2)),
        ("(2*N)^a", "8", T ** Fraction(3)),
        ("N^h*sqrt(M)", "1", T ** Fraction(3, 2)),
        ("(2*N)^(-1)", "1/2", T ** Fraction(-1)),
        ("min(2*N, M)", "2", T),
        ("min(2*N, 3*N)", "2", T),
        ("max(2*N, 3*N)", "3", T),
        ("log(5*M*k)", "2", LOG),
        ("log(k^3)", "3", LOGLOG),
        ("sum(i, i, 1, M)", "1/2", T ** Fraction(4)),
        ("sum(2*N*i^(-1/2), i, k, M)", "4", T ** Fraction(2)),
        ("sum(1, i, 1, 3*N)", "3", T),
        ("sum(1/i, i, 1, M)", "2", LOG),
        ("sum(1/i, i, N, M)", "1", LOG),
        ("sum(i^-a, i, N, oo)", "1/2", T ** Fraction(-2)),
        ("sum(i^-a, i, N + 1, M)", "1/2", T ** Fraction(-2)),
        ("sum(a^-4, a, N, oo)", "1/3", T ** Fraction(-3)),
    ],
)
def test_leading_terms(text, constant, order):
    assert leading_term(parse_expr(text), PATH) == Leading(Fraction(constant), order)


@pytest.mark.parametrize(
    "text",
    [
        "gamma", "sigma", "N_eff", "pi", "M - N^2", "a - 3", "(2*N)^h", "(2*N)^9999", "N^pi",
        "log(-N)", "log(3)", "min(N, -N)", "exp(1/N)", "sum(i^-a, i, 1, oo)", "sum(i, i, N, oo)",
        "sum(1/i, i, N, oo)", "sum(i, i, N, 2*N)", "sum(i, i, N, k)", "sum(i, i, 1, -N)",
        "sum(i, i, -N, M)", "sum(i, i, 1/N, M)", "sum(1/(i+1), i, 1, M)", "sum(i^N, i, 1, M)",
    ],
)  # fmt: skip
def test_what_has_no_rule_is_refused(text):
    with pytest.raises(UndecidedError):
        leading_term(parse_expr(text), PATH)


@pytest.mark.parametrize(
    ("says", "assume", "limit"),
    [
        ("2*M ~ M", (), "2"),
        ("sum(i, i, 1, M) ~ M^2", (), "1/2"),
        ("M + N ~ M", ("N <= M",), "2"),
        ("(M + M^A)/M ~ 1", ("A = 1",), "2"),
        ("log(M^2*N) ~ log(M)", (), "3"),
    ],
)
def test_a_limit_other_than_one_refutes_equivalence(says, assume, limit):
    claim = make_claim(says, assume)
    witness = refute(claim)
    assert witness is not None
    result = check_refutation(claim, witness)
    assert (result.side, result.ratio) == ("limit", limit)
    assert result.text == f"LEFT/RIGHT tends to {limit}, not to 1"


@pytest.mark.parametrize(
    "says",
    ["sum(i, i, 1, M) ~ M^2/2", "M + 1 ~ M", "M*exp(1/M) ~ M", "log(3*M) ~ log(M)"],
)
def test_equivalences_that_are_not_refuted(says):
    assert refute(make_claim(says)) is None


def test_an_unknown_constant_refutes_nothing():
    data = {"kind": "path", "values": {}, "path": {"gamma": ["0", "0", "0"]}}
    with pytest.raises(RejectedError, match="allows"):
        check_refutation(make_claim("gamma ~ 2"), data)
