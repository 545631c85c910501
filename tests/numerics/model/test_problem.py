"""Spectra, targets and their tails; problems and methods from the claim language."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ratecert.numerics.model.problem import Measured, Method, Problem, Regular, evaluate, sequence
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.grammar import parse_expr


def _sequence(text: str, **values: float) -> Regular:
    return sequence(parse_expr(text), values)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.floats(1.02, 8.0), st.integers(0, 10**6))
@example(1.5, 4096)
@example(2.0, 0)
def test_power_tails_are_hurwitz_zeta(a: float, d: int) -> None:
    with mp.workdps(40):
        # zeta(s, q) of mpmath loses relative accuracy for s above 8 and large q only.
        truth = mp.zeta(mp.mpf(a), d + 1)
        assert abs(_sequence("i^-a", a=a).tail(d) / truth - 1) < 2e-13


def _tail_by_quadrature(f: object, d: int, decay: float) -> mp.mpf:
    """Direct terms to 3000, then Euler-Maclaurin to the third derivative, in 30 digits."""
    assert callable(f)
    n = max(d, 3000)
    direct = mp.fsum(f(mp.mpf(j)) for j in range(d + 1, n + 1))
    ends = [mp.log(n) + decay * k for k in range(25)]
    integral = mp.quad(lambda s: f(mp.e**s) * mp.e**s, ends)
    return direct + integral - f(n) / 2 - mp.diff(f, n) / 12 + mp.diff(f, n, 3) / 720


@pytest.mark.parametrize("d", [0, 50, 20_000])
def test_tails_with_logarithms_and_shifts(d: int) -> None:
    with mp.workdps(30):
        cases = [
            ("i^-a*log(i+1)^-2", {"a": 1.3}, lambda i: i ** mp.mpf(-1.3) / mp.log(i + 1) ** 2, 10),
            ("1/(sqrt(i)*(2*i+1)^2)", {}, lambda i: 1 / (mp.sqrt(i) * (2 * i + 1) ** 2), 2),
            ("3/((i+1/2)*(i+2))", {}, lambda i: 3 / ((i + mp.mpf(0.5)) * (i + 2)), 3),
        ]
        for text, values, f, decay in cases:
            truth = _tail_by_quadrature(f, d, decay)
            assert abs(_sequence(text, **values).tail(d) / truth - 1) < 1e-12, text


def test_logarithmic_power_law() -> None:
    # 3.38773553...: the sum that symbolic evaluation prints as 3.3848.
    assert _sequence("i^-1*log(i+1)^-a", a=2).sum() == pytest.approx(3.387735532, abs=5e-10)
    # The integral of 1/(x log(x)^a) from M is log(M)^(1-a)/(a-1); the tail's is close to it.
    tail = _sequence("1/(i*log(i+1)^a)", a=1.5).tail(10**9)
    assert tail == pytest.approx(2 / np.sqrt(np.log(1e9)), rel=1e-8)


def test_tails_add_up() -> None:
    f = _sequence("2*i^-a*log(i+1)^-b", a=1.1, b=0.7)
    for d, e in ((0, 10), (10, 4096), (4096, 10**5)):
        between = float(np.sum(f.at(np.arange(d + 1, e + 1, dtype=float))))
        assert f.tail(d) - f.tail(e) == pytest.approx(between, rel=1e-11)


def test_products_are_products() -> None:
    f, g = _sequence("2*i^-1.5"), _sequence("(i+1)^-2*log(i+1)^-1")
    i = np.arange(1, 20.0)
    assert f.times(g).at(i) == pytest.approx(f.at(i) * g.at(i), rel=1e-15)
    measured = Measured.of([1.0, 0.5])
    assert f.times(measured).at([1, 2, 3]) == pytest.approx([2.0, 2**-1.5, 0.0])


def test_forms_of_the_claim_language() -> None:
    i = np.arange(1, 9.0)
    for text, expected in [
        ("i^-a", i**-2.0),
        ("1/i^a", i**-2.0),
        ("((i-1/2)*pi)^-2", ((i - 0.5) * np.pi) ** -2),
        ("sqrt(i^-4)/3", i**-2 / 3),
        ("i^-1*log(i+1)^-a", 1 / (i * np.log(i + 1) ** 2)),
        ("(2*i+1)^(-a)", (2 * i + 1) ** -2),
    ]:
        assert _sequence(text, a=2).at(i) == pytest.approx(expected, rel=1e-14), text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("i^-1", "diverges"),
        ("i^-0.5", "diverges"),
        ("i^-1*log(i+1)^-1", "diverges"),
        ("i^2", "diverges"),
        ("i^-2*log(i)^-2", r"log\(i \+ 1\)"),
        ("i^-2*log(2*i)^-2", "plain index"),
        ("(i-1)^-2", "larger than -1"),
        ("exp(-i)", "no spectrum"),
        ("i^-2 + i^-3", "no spectrum"),
        ("-i^-2", "positive"),
        ("i^-c", "c has no value"),
        ("i^(-1/(a-2))", "no finite real value"),
    ],
)
def test_other_forms_are_explained(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        _sequence(text, a=2)


def test_numbers() -> None:
    assert evaluate(parse_expr("3/2 + sqrt(4)*min(1, 2)^2"), {}) == 3.5
    assert abs(evaluate(parse_expr("EulerGamma/pi"), {}) - 0.18373) < 1e-5
    with pytest.raises(UserError):
        evaluate(parse_expr("(-1)^(1/2)"), {})
    with pytest.raises(UserError):
        evaluate(parse_expr("sum(i, i, 1, 3)"), {})


@pytest.mark.parametrize(
    "make",
    [
        lambda: Problem(Measured.of([1.0]), _sequence("i^-2")),
        lambda: Problem(_sequence("i^-2"), _sequence("i^-2"), noise=float("nan")),
        lambda: Problem(_sequence("i^-2"), _sequence("i^-2"), features="random"),
        lambda: Problem(_sequence("i^-2"), _sequence("i^-2"), outputs=0),
        lambda: Measured.of([]),
        lambda: Measured.of([[1.0]]),
        lambda: Measured.of([1.0, -1.0]),
        lambda: Measured.of([float("nan")]),
        lambda: Method(gamma=-1.0),
        lambda: Method(algorithm="adam"),
        lambda: Method(schedule="linear"),
        lambda: Method(batch=0),
    ],
)
def test_bad_problems_and_methods_are_explained(make: object) -> None:
    with pytest.raises(UserError):
        make()  # type: ignore[operator]
