"""Logarithmic power laws: how they are read, what is refused, and a sketch in numbers."""

import math
from dataclasses import replace

import numpy as np
import pytest

from ratecert.proofs_check.language.claim import Setting
from ratecert.proofs_check.language.expr import Call, Expr, Name, unmarked
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.meaning.definitions import GAUSSIAN_MATRICES, TRANSPOSE, meaning
from ratecert.proofs_check.meaning.laws import NoMeaningError

LAW = "i^-1*log(i+1)^-a"


def setting(spectrum: str = LAW, target: str = LAW, **more: str) -> Setting:
    return Setting(parse_expr(spectrum), parse_expr(target), **more)


def eigenvalue(spectrum: str) -> Expr:
    call = Call("eigenvalue", (Name("j"),))
    return meaning(call, setting(spectrum, features="top")).upper


@pytest.mark.parametrize("text", ["1/(i*log(i+1)^a)", "2*i^-1*log(i+1)^-a", "log(i+1)^-a/i"])
def test_ways_to_write_one_law(text: str) -> None:
    assert eigenvalue(text) == eigenvalue(LAW)


@pytest.mark.parametrize(
    "text",
    ["i^-2*log(i)^-a", "i^-1*log(i)^-a", "i^-1*log(i+1)^-i", "exp(-i)", "log(i+1)^-a",
     "i^-1*log(i+1)^-a*log(i+1)", "i^-2*log(i+1)^-a*log(i+1)", "1", "log(i+1)^-2"],
)  # fmt: skip
def test_laws_without_a_rule(text: str) -> None:
    with pytest.raises(NoMeaningError, match=r"neither i\^-e nor"):
        eigenvalue(text)


def test_a_sketch_lifts_every_eigenvalue_to_the_tail_of_the_trace() -> None:
    call = Call("eigenvalue", (Name("j"),))
    gaussian, top = meaning(call, setting()), meaning(call, setting(features="top"))
    assert str(gaussian.upper) == f"{top.upper} + log(M)^(1 - a)/M"
    assert set(gaussian.trust) == {GAUSSIAN_MATRICES, TRANSPOSE}
    assert top.trust == ()


def test_what_the_sketch_lemmas_do_not_cover_is_refused() -> None:
    for name in ("approx", "mean_bias", "bias"):
        for spectrum, target in ((LAW, "i^-b"), ("i^-a", LAW)):
            with pytest.raises(NoMeaningError, match="unless spectrum and target are the same"):
                meaning(Name(name), setting(spectrum, target))
            meaning(Name(name), setting(spectrum, target, features="top"))
    geometric = setting(algorithm="averaged-sgd")
    with pytest.raises(NoMeaningError, match="averaged-sgd with the geometric schedule"):
        meaning(Name("mean_bias"), geometric)


def test_every_part_of_the_risk_has_a_meaning() -> None:
    for schedule in ("geometric", "constant"):
        found = meaning(parse_expr("risk - sigma^2"), setting(schedule=schedule))
        assert found.upper != found.lower
    averaged = setting(algorithm="averaged-sgd", schedule="constant")
    found = meaning(Name("bias"), averaged)
    assert "exp(-(N*gamma)^2/M)" in str(found.lower)
    assert "exp" not in str(found.upper)
    found = meaning(Name("bias"), replace(averaged, features="top"))
    assert found.upper == found.lower
    approx = meaning(Name("approx"), setting())
    assert unmarked(str(approx.upper)) == "sum(i^(-1)*log(i + 1)^(-a), i, M + 1, oo)".replace(
        "i^(-1)", "1/i"
    )


def test_a_power_with_logarithmic_corrections() -> None:
    corrected = setting("i^-a*log(i+1)^-q", "i^-b*log(i+1)^-2")
    found = meaning(Name("approx"), corrected)
    assert unmarked(str(found.upper)) == (
        "sum(i^(-b)*log(i + 1)^(-2)*M^(-a)*log(M + 1)^(-q)/i^(-a)/log(i + 1)^(-q), i, 1, M)"
        " + sum(i^(-b)*log(i + 1)^(-2), i, M + 1, oo)"
    )
    assert set(map(str, found.needs)) == {"a > 1", "b > 1"}
    assert found.trust == (GAUSSIAN_MATRICES,)
    assert "b < a + 1" in map(str, meaning(Name("bias"), corrected).needs)
    # Nothing is said of the tail of a trace: the power alone makes it summable.
    assert TRANSPOSE not in meaning(Name("variance"), corrected).trust
    assert "log(M)" not in str(meaning(Name("variance"), corrected).upper)


def test_a_sketch_in_numbers() -> None:
    """The eigenvalues of one sketch of 40,000 modes, the tail beyond them as a multiple of 1."""
    M, d, a = 120, 40_000, 2.0
    modes = np.arange(1, d + 1)
    spectrum = 1 / (modes * np.log(modes + 1) ** a)
    sketch = np.random.default_rng(1).normal(size=(M, d)) / math.sqrt(M)
    tail = math.log(d) ** (1 - a) / (a - 1)
    covariance = (sketch * spectrum) @ sketch.T + tail / M * np.eye(M)
    found = np.sort(np.linalg.eigvalsh(covariance))[::-1]
    ridge = math.log(M) ** (1 - a) / M
    ratio = found / (spectrum[:M] + ridge)
    assert ratio.min() > 0.3
    assert ratio.max() < 3
    # Control: without the ridge the smallest eigenvalues are far too small.
    assert (found / spectrum[:M]).max() > 3
