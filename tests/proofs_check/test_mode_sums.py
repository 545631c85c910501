"""Every rule for sums over modes: what it gives, which rules gave it, and where none applies.

Throughout ``N >= M^3``, ``N gamma >= M^2`` and ``T >= N^2``, so that 1, M, N and T are far apart.
"""

from __future__ import annotations

import re

import pytest

from ratecert.proofs_check.equivalence.proof import equivalent
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.cone import Context, SignNeededError
from ratecert.proofs_check.kernel.premises import premises
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import unmarked
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.theory.search.equivalence import Sought
from ratecert.theory.search.prover import Prover

ASSUME = ["N >= M^3", "N*gamma >= M^2", "T >= N^2"]

GIVEN: list[tuple[str, str, tuple[str, ...]]] = [
    ("sum(i, i, 1, N*log(M))", "1/2*(N*log(M))^2", ("upper end",)),
    ("sum(i^-1/(1 + N/i), i, 1, M)", "M/N", ("large u", "upper end")),
    ("sum(i^2/(1 + N/i)^2, i, 1, M)", "1/5*M^5*N^(-2)", ("large u", "upper end")),
    ("sum(i*max(N, i)^-3, i, 1, M)", "1/2*M^2*N^(-3)", ("large u", "upper end")),
    ("sum(i^-2, i, M, oo)", "1/M", ("lower end",)),
    ("sum(i^-2, i, M, N)", "1/M", ("lower end",)),
    ("sum(i, i, 1, M)", "1/2*M^2", ("upper end",)),
    ("sum(i, i, M, N)", "1/2*N^2", ("upper end",)),
    ("sum(i^-2, i, 3, M)", "sum(i^(-2), i, 3, oo)", ("convergent",)),
    ("sum(1/i, i, 1, M)", "log(M)", ("flat",)),
    ("sum(1/i, i, M, N)", "log(1/M*N + 2)", ("flat",)),
    ("sum(i^-1*log(i+1)^-3, i, M, oo)", "1/2*log(M)^(-2)", ("slow tail",)),
    ("sum(i^-1*log(i+1)^2, i, 1, M)", "1/3*log(M)^3", ("flat",)),
    ("sum(i^-1*log(i)^2, i, 2, M)", "1/3*log(M)^3", ("flat",)),
    ("sum(log(i)^2*i, i, 2, M)", "1/2*(M*log(M))^2", ("upper end",)),
    ("sum(log(i+1)*i^-2, i, M, N)", "1/M*log(M)", ("lower end",)),
    ("sum(log(i+1)*i, i, M, N)", "1/2*N^2*log(N)", ("upper end",)),
    ("sum(i^-2*log(i+1), i, M, oo)", "1/M*log(M)", ("lower end",)),
    ("sum(i^-2*exp(-N/i), i, 1, oo)", "1/N", ("bulk",)),
    ("sum(i^-2*exp(-N/i), i, T, oo)", "1/T", ("small u", "lower end")),
    ("sum(i^-2*exp(-N/i), i, 1, T)", "1/N", ("bulk",)),
    ("sum(exp(-N/i), i, 1, T)", "T", ("outer end", "upper end")),
    ("sum(i^-1*exp(-N/i), i, 1, T)", "log(1/N*T + 2)", ("outer end with a logarithm",)),
    ("sum(i^-1*exp(-N/i), i, M, T)", "log(1/N*T + 2)", ("outer end with a logarithm",)),
    ("sum(i^-3/(1 + N/i), i, 1, oo)", "1/6*pi^2/N", ("head", "convergent")),
    ("sum(i^-3/(1 + N/i), i, M, oo)", "1/M/N", ("head", "lower end")),
    ("sum(i^-3/(1 + N/i), i, 1, T)", "1/6*pi^2/N", ("head", "convergent")),
    ("sum(i^-2/(1 + N/i), i, 1, oo)", "1/N*log(N)", ("head with a logarithm",)),
    ("sum(i^-2/(1 + N/i), i, M, T)", "1/N*log(1/M*N + 2)", ("head with a logarithm",)),
    ("sum(i^-3/(1 + N/i)^2, i, 2, oo)", "N^(-2)*log(N)", ("head with a logarithm",)),
    ("sum(i^-3/(1 + N/i)^2, i, M, T)", "N^(-2)*log(1/M*N + 2)", ("head with a logarithm",)),
    ("sum(max(N, i)^-3, i, 1, oo)", "3/2*N^(-2)", ("bulk",)),
    ("sum(max(N, i)^-3*i, i, 1, oo)", "3/2/N", ("bulk",)),
    ("sum(i*max(N, i)^-3, i, M, oo)", "3/2/N", ("bulk",)),
    ("sum(i^-1*max(N, i)^-3, i, 2, oo)", "N^(-3)*log(N)", ("head with a logarithm",)),
    ("sum(i^-2*max(N, i)^-3, i, 2, oo)", "sum(i^(-2), i, 2, oo)*N^(-3)", ("head", "convergent")),
    ("sum(i^-2*max(N, i)^-3, i, M, oo)", "1/M*N^(-3)", ("head", "lower end")),
    ("sum(min(1, N/i)^3, i, 1, oo)", "3/2*N", ("bulk",)),
    ("sum(i*min(1, N/i)^3, i, 1, oo)", "3/2*N^2", ("bulk",)),
    ("sum(i^2*min(1, N/i)^3, i, 1, T)", "N^3*log(1/N*T + 2)", ("outer end with a logarithm",)),
    ("sum(i^3*min(1, N/i)^3, i, 1, T)", "N^3*T", ("outer end", "upper end")),
    ("sum(i*min(1, N/i)^3, i, T, oo)", "N^3/T", ("small u", "lower end")),
    ("sum(i*min(1, N/i)^3, i, 1, M)", "1/2*M^2", ("large u", "upper end")),
    ("sum(exp(-i/N), i, 1, oo)", "N", ("bulk",)),
    ("sum(i*exp(-i^2/N), i, 1, oo)", "1/2*N", ("bulk",)),
    ("sum(i^-1*exp(-i/N), i, 1, oo)", "log(N)", ("head with a logarithm",)),
    ("sum(exp(-i/N), i, 1, M)", "M", ("large u", "upper end")),
    ("sum(exp(-i/N), i, M, oo)", "N", ("bulk",)),
    ("sum(1 - exp(-N/i^2), i, 1, oo)", "pi^(1/2)*N^(1/2)", ("bulk",)),
    ("sum(1 - exp(-N/i^2), i, 1, M)", "M", ("large u", "upper end")),
    ("sum(i^-1*(1 - exp(-N/i^2)), i, 1, oo)", "1/2*log(N)", ("head with a logarithm",)),
    (
        "sum(i*(1 - exp(-N/i^2)), i, 1, T)",
        "1/2*N*log(1/N*T^2 + 2)",
        ("outer end with a logarithm",),
    ),
    ("sum(i^2*(1 - exp(-N/i^2)), i, 1, T)", "N*T", ("outer end", "upper end")),
    ("sum(i^-2*log(i+1)^2*exp(-N/i), i, 1, oo)", "1/N*log(N)^2", ("bulk",)),
    ("sum(i*log(i+1)*min(1, N/i), i, 1, T)", "N*T*log(T)", ("outer end", "upper end")),
    ("sum(i^-2*log(i+1)*max(N,i)^-1, i, M, oo)", "1/M/N*log(M)", ("head", "lower end")),
    ("sum(i^-2*(1-gamma/i)^N, i, 1, oo)", "1/N/gamma", ("bulk",)),
    ("sum(i^-2*(1-gamma/(M*i))^N, i, 1, oo)", "M/N/gamma", ("bulk",)),
    ("sum(i^-2*(1-1/i/M)^N, i, 1, oo)", "M/N", ("bulk",)),
]

REFUSED = [
    ("sum(log(i+1)^-3, i, M, oo)", "sum without end diverges"),
    ("sum(i*log(i+1)^-3, i, M, oo)", "sum without end diverges"),
    ("sum(i, i, M, 2*M)", "1 -> oo is not settled"),
    ("sum(i, i, N, M)", "M/N -> oo is not settled"),
    ("sum(i^-2*exp(-i/N), i, T, oo)", "N/T -> oo is not settled"),
    ("sum(i^2*min(1, N/i), i, 1, 2*N)", "1 -> oo is not settled"),
    ("sum(i*(1 - exp(-N/i)), i, 1, 2*N)", "1 -> oo is not settled"),
    ("sum(i^-2*min(1, N/i), i, 2*N, oo)", "1 -> oo is not settled"),
    # Powers of negative numbers.
    ("sum((-N - i)^-2, i, 1, oo)", "-1 is not positive"),
    ("sum((-N - i)^-3, i, 1, oo)", "-1 is not positive"),
    ("sum(max(-N, -i)^-3, i, 1, oo)", "-1 is not positive"),
    ("sum(min(-N, -i)^-2, i, 1, oo)", "to this power"),
    ("sum((M - N + i)^-2, i, 1, oo)", "not known to be dominated"),
    ("sum((i + log(1/2))^-2, i, 1, oo)", "is not positive"),
    ("sum(1/i, i, N, M)", "M/N -> oo is not settled"),
    ("sum(1/i, i, M, 2*M)", "1 -> oo is not settled"),
    ("sum(i^-2, i, N, M)", "M/N -> oo is not settled"),
    ("sum(i^-2, i, 1/M, oo)", "1/M -> oo is not settled"),
    ("sum(i^-2, i, gamma, oo)", "gamma -> oo is not settled"),
    ("sum(1/i, i, M, oo)", "sum without end diverges"),
    ("sum(i, i, 1, oo)", "sum without end diverges"),
    ("sum(i^-1*log(i+1)^-3, i, 1, oo)", "sum without end diverges"),
    ("sum(i^-1*log(i+1)^-1, i, M, oo)", "sum without end diverges"),
    ("sum(i^-1*log(i+1)^2, i, M, oo)", "sum without end diverges"),
    ("sum(i^-1*log(i+1)^-3, i, 1, M)", "no rule for this sum with a logarithm"),
    ("sum(i^-1*log(i+1)^2, i, M, N)", "no rule for this sum with a logarithm"),
    ("sum(i^-1*log(i)^2, i, 1, M)", "is 0 at its first index"),
    ("sum(log(i)*i, i, 1, M)", "is 0 at its first index"),
    ("sum(log(i+1)*i^-2, i, 1, M)", "convergent sum with a logarithm"),
    ("sum(log(i)^2, i, 2, oo)", "sum without end diverges"),
    ("sum(i^-2*exp(-N/i), i, 1, M)", "M/N -> oo is not settled"),
    ("sum(exp(-N/i), i, 1, oo)", "sum without end diverges"),
    ("sum(i^-1*exp(-N/i), i, M, oo)", "sum without end diverges"),
    ("sum(i^2*min(1, N/i)^3, i, 1, oo)", "sum without end diverges"),
    ("sum(i^-1*log(i+1)/(1 + N/i), i, 1, oo)", "sum without end diverges"),
    ("sum(i^-2*log(i+1)/(1 + N/i), i, 1, oo)", "where all scales count"),
    ("sum(i^-1*log(i+1)*exp(-N/i), i, 1, T)", "where all scales count"),
    ("sum(i^-1*log(i+1)*min(1, N/i), i, 1, T)", "where all scales count"),
    ("sum(log(i+1)*min(1, N/i), i, 1, T)", "where all scales count"),
    ("sum(i^-2*(1-gamma/i)^3, i, 1, oo)", "gamma -> oo is not settled"),
    ("sum(i^-2*(1-gamma*M/i)^N, i, 1, oo)", "need not be positive"),
    ("sum(i^-2*(1-1/i)^N, i, 1, oo)", "need not be positive"),
    ("sum(i^-2*(1-1/(gamma*i))^N, i, 1, oo)", "need not be positive"),
    ("sum(i^-2*(1-M/N/i)^N, i, 1, oo)", "need not be positive"),
    ("sum(i^-2*(1-N/M/i)^N, i, 1, oo)", "need not be positive"),
    ("sum(i^-2*(1-j/i)^N, i, 1, oo)", "no rule gives an equivalent"),
    ("sum(i^-2*(1-1/log(M)/i)^N, i, 1, oo)", "need not be positive"),
    ("sum(i′^-2, i′, i′, N)", "already stands for something else"),
]


def context() -> Context:
    claim = make_claim("M*N*T*gamma ~ M*N*T*gamma", ASSUME)
    return premises(claim, exact=True).ctx


def sought(text: str) -> tuple[str, Sought]:
    """Return what an expression is equivalent to, the signs that it asks for being proved."""
    ctx = context()
    while True:
        given = Sought(ctx)
        try:
            return unmarked(
                str(equivalent(parse_expr(text, is_printed=True), given).expr(ctx))
            ), given
        except SignNeededError as needed:
            proved = Prover(ctx).with_sign(needed.value)
            assert proved is not None
            ctx = proved[1].ctx


@pytest.mark.parametrize(("text", "value", "rules"), GIVEN, ids=[row[0] for row in GIVEN])
def test_what_a_sum_is_equivalent_to(text: str, value: str, rules: tuple[str, ...]) -> None:
    found, given = sought(text)
    assert found == value
    (step,) = given.steps
    assert step.rules == rules
    assert (step.at is None) == (len(rules) == 1 and rules[0] not in WITH_FILTERS)


WITH_FILTERS = ("bulk", "head with a logarithm", "outer end with a logarithm")


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_where_no_rule_for_sums_applies(text: str, message: str) -> None:
    with pytest.raises(RejectedError, match=re.escape(message)):
        sought(text)
