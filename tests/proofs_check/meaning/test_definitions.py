"""What quantities mean in every setting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ratecert.proofs_check.language.claim import SIZES, Setting
from ratecert.proofs_check.language.expr import Name
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.language.mercer import parse_kernel
from ratecert.proofs_check.meaning.definitions import SMALL_GAMMA, meaning
from ratecert.proofs_check.meaning.laws import NoMeaningError

# Meaning.

SETTING = Setting(parse_expr("i^-a"), parse_expr("i^-b"))


TOP = replace(SETTING, features="top")


@pytest.mark.parametrize(
    ("text", "upper"),
    [
        ("approx", "sum(i^(-b)*min(1, (i/M)^a), i, 1, oo)"),
        ("2*approx", "2*sum(i^(-b)*min(1, (i/M)^a), i, 1, oo)"),
        ("sqrt(irreducible)", "sqrt(sigma^2)"),
        ("irreducible^2", "(sigma^2)^2"),
        ("1/irreducible", "1/(sigma^2)"),
        ("max(irreducible, 1)", "max(sigma^2, 1)"),
        ("M*irreducible", "M*sigma^2"),
        ("risk - approx - bias - variance", "sigma^2"),
        ("risk", "sigma^2"),
        ("risk - approx", "sigma^2"),
        ("irreducible + 3*mean_bias", "sigma^2"),
        ("2*risk - sigma^2 + M", "sigma^2 + M"),
        ("eigenvalue(j)", "j^(-a)"),
        ("M + 1", "M + 1"),
    ],
)
def test_meanings(text: str, upper: str) -> None:
    found = meaning(parse_expr(text), SETTING)
    assert found.upper == parse_expr(upper)


def test_the_noise_of_outputs_that_tend_to_infinity() -> None:
    many = replace(SETTING, outputs=Name("p"))
    sizes = frozenset({"p"})
    for text in ("risk", "risk - sigma^2", "irreducible - 5*sigma^2", "excess + irreducible"):
        found = meaning(parse_expr(text), many, sizes)
        assert found.upper == found.lower == parse_expr("p*sigma^2")
    assert SMALL_GAMMA in meaning(Name("risk"), many).trust
    assert not meaning(Name("irreducible"), many).trust
    with pytest.raises(NoMeaningError, match="is subtracted and stays"):
        meaning(parse_expr("variance - sigma^2"), many, sizes)
    # Beside the noise of a single output the parts of p outputs stay.
    beside = meaning(parse_expr("sigma^2 + variance"), many, sizes)
    assert beside.upper != parse_expr("sigma^2")


def test_the_whole_risk_needs_summable_energies_alone() -> None:
    needs = [str(need) for need in meaning(Name("risk"), SETTING).needs]
    assert needs == ["a > 1", "b > 1"]
    assert len(meaning(Name("excess"), SETTING).needs) > 2
    kernel = replace(SETTING, kernel=parse_kernel("brownian"))
    assert "Mercer" in meaning(Name("risk"), kernel).steps[0]


@pytest.mark.parametrize(
    ("spectrum", "needs"),
    [
        ("i^-a", ["a > 1"]), ("i^-1*log(i+1)^-a", ["a > 1"]), ("exp(-i)", []), ("2^-i", []),
        ("min(i^-a, 3*i^-c)", ["a > 1", "c > 1"]), ("2^-i + i^-a", ["a > 1"]),
    ],
)  # fmt: skip
def test_variance_and_effective_dimension_of_any_spectrum(spectrum: str, needs: list[str]) -> None:
    found = replace(SETTING, spectrum=parse_expr(spectrum), batch=Name("B"))
    ratio = meaning(parse_expr("M*variance/effective_dimension"), found, SIZES)
    assert ratio.upper == ratio.lower == parse_expr("M/(N_eff*B)")
    inverse = meaning(parse_expr("effective_dimension*M/variance"), found, SIZES)
    assert inverse.lower == parse_expr("M*(1/(N_eff*B))^(-1)")
    assert sorted(map(str, ratio.needs)) == sorted({*needs, "b > 1"})
    averaged = replace(found, algorithm="averaged-sgd", schedule="constant")
    assert meaning(parse_expr("variance/effective_dimension"), averaged, SIZES).upper == (
        parse_expr("1/(N*B)")
    )


@pytest.mark.parametrize(
    ("spectrum", "target"),
    [
        ("(i+1)^2", "2^-i"), ("2^i", "2^-i"), ("2^-i", "2^i"), ("sin(i)*2^-i", "2^-i"),
        ("2^-i", "-2^-i"), ("2^-i", "2^-i - 2^(1-i)"), ("0*i^-a", "2^-i"), ("i^-1", "2^-i"),
        ("(i+1)^-1", "2^-i"), ("exp(i)", "2^-i"), ("1 + 2^-i", "2^-i"), ("2^-i", "log(i)*2^-i"),
    ],
)  # fmt: skip
def test_what_is_not_shown_to_be_a_problem_has_no_meaning(spectrum: str, target: str) -> None:
    found = replace(SETTING, spectrum=parse_expr(spectrum), target=parse_expr(target))
    with pytest.raises(NoMeaningError):
        meaning(parse_expr("variance/effective_dimension"), found, SIZES)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("variance/effective_dimension", {"algorithm": "averaged-sgd"}),
        # The last iterate keeps more noise than the effective dimension says.
        ("variance/effective_dimension", {"schedule": "constant"}),
        # What is left of a product still needs a law, each factor being used once.
        ("variance*variance/effective_dimension", {}),
        ("variance/effective_dimension^2", {}),
        ("bias*variance/effective_dimension", {}),
        ("variance + 1/effective_dimension", {}),
    ],
)
def test_what_no_rule_says_of_any_spectrum(text: str, changes: dict[str, Any]) -> None:
    setting = replace(SETTING, spectrum=parse_expr("exp(-i)"), **changes)
    with pytest.raises(NoMeaningError):
        meaning(parse_expr(text), setting)


def test_a_quotient_uses_each_of_its_factors_once() -> None:
    once = meaning(parse_expr("variance*variance/effective_dimension"), SETTING)
    assert "sum(" in str(once.upper)


def test_meanings_by_setting() -> None:
    assert str(meaning(Name("approx"), TOP).upper) == "sum(i′^(-b), i′, M + 1, oo)"
    assert not meaning(Name("mean_bias"), TOP).needs[2:]
    constant = replace(TOP, schedule="constant")
    assert "min(1, N*gamma*j′^(-a))" in str(meaning(Name("variance"), constant).upper)
    averaged = replace(constant, algorithm="averaged-sgd")
    assert "^(-2)" in str(meaning(Name("mean_bias"), averaged).upper)
    assert "min(1," in str(meaning(Name("bias"), averaged).upper)
    kernel = replace(SETTING, kernel=parse_kernel("brownian"))
    assert str(meaning(parse_expr("eigenvalue(j)"), kernel).upper) == "j^(-2)"
    scaled = replace(SETTING, spectrum=parse_expr("3*i^-a"))
    assert str(meaning(parse_expr("eigenvalue(j)"), scaled).upper) == "j^(-a)"


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("risk - risk", {}),
        ("approx - bias", {}),
        ("-risk", {}),
        ("exp(-risk)", {}),
        ("approx^a", {}),
        ("risk - irreducible", {"algorithm": "averaged-sgd"}),
        ("excess", {"algorithm": "averaged-sgd"}),
        # What is bounded beside the noise is not so where it is subtracted.
        ("risk - 2*bias", {}),
        ("irreducible - approx", {}),
        ("risk - M*variance", {}),
        ("risk", {"spectrum": parse_expr("exp(-i)")}),
        ("risk", {"target": parse_expr("i^-1*log(i+1)^-b")}),
        # Nor does the noise of one output bound the parts of p of them, or the other way round.
        ("risk - p*sigma^2 - variance + sigma^2 - bias - 2*approx", {"outputs": Name("p")}),
        ("risk - 2*p*sigma^2", {"outputs": Name("p")}),
        ("risk - sigma^2", {"outputs": Name("p")}),
        ("approx", {"spectrum": parse_expr("exp(-i)")}),
        ("approx", {"target": parse_expr("-2*i^-a")}),
    ],
)
def test_expressions_without_a_meaning(text: str, changes: dict[str, Any]) -> None:
    with pytest.raises(NoMeaningError):
        meaning(parse_expr(text), replace(SETTING, **changes))
