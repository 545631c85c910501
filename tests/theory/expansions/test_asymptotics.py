"""The constants of the asymptotic forms against exact sums and the exact risk."""

import math

import mpmath
import pytest
import sympy

from ratecert.numerics.risk.expected import expected_risk
from ratecert.theory.expansions.asymptotics import (
    M,
    N,
    N_eff,
    a,
    approximation,
    b,
    bias,
    step,
    variance,
)

VALUES = [(2.0, 2.0), (1.5, 2.2), (3.0, 1.7)]


def at(form: sympy.Expr, **values: float) -> float:
    names = {"M": M, "N": N, "N_eff": N_eff, "a": a, "b": b, "gamma": step}
    return float(form.subs({names[name]: value for name, value in values.items()}))


@pytest.mark.parametrize(("A", "B"), VALUES)
def test_top_features_lose_the_tail(A: float, B: float) -> None:
    size = 10**6
    tail = float(mpmath.zeta(B, size + 1))
    form = at(approximation("top").form, a=A, b=B, M=size)
    assert abs(tail / form - 1) < B / size  # the next term of Euler and Maclaurin


@pytest.mark.parametrize(("A", "B"), VALUES)
def test_a_gaussian_sketch_loses_its_deterministic_equivalent(A: float, B: float) -> None:
    with mpmath.workdps(20):
        kappa = mpmath.mpf(10) ** (-3 * A)
        width = mpmath.nsum(lambda i: 1 / (1 + kappa * i**A), [1, mpmath.inf], method="e")
        loss = mpmath.nsum(
            lambda i: kappa * i ** (A - B) / (1 + kappa * i**A), [1, mpmath.inf], method="e"
        )
    form = at(approximation().form, a=A, b=B, M=float(width))
    # Both sums start at 1 and not at 0: a relative error of order 1000^-min(1, a - b + 1).
    assert abs(float(loss) / form - 1) < 3 * 1000 ** -min(1, A - B + 1)


@pytest.mark.parametrize(("A", "B"), [(2.0, 5.0), (1.5, 3.5)])
def test_a_smooth_target_saturates(A: float, B: float) -> None:
    with mpmath.workdps(20):
        kappa = mpmath.mpf(10) ** (-3 * A)
        width = mpmath.nsum(lambda i: 1 / (1 + kappa * i**A), [1, mpmath.inf], method="e")
        loss = mpmath.nsum(
            lambda i: kappa * i ** (A - B) / (1 + kappa * i**A), [1, mpmath.inf], method="e"
        )
    form = at(approximation(saturated=True).form, a=A, b=B, M=float(width))
    assert abs(float(loss) / form - 1) < 3 * 1000 ** -min(1, B - A - 1)


@pytest.mark.parametrize(("A", "B"), [(2.0, 2.0), (1.5, 1.8), (2.0, 4.0)])
def test_the_mean_path_of_averaged_iterates(A: float, B: float) -> None:
    steps, gamma = 10**8, 1e-4
    size = int(3 * (steps * gamma) ** (1 / A))
    risk = expected_risk(
        size, steps, values={"a": A, "b": B}, gamma=gamma, features="top",
        algorithm="averaged-sgd", schedule="constant",
    )  # fmt: skip
    form = at(bias("constant", "averaged-sgd").form, a=A, b=B, gamma=gamma, N=steps)
    # The part of the modes beyond the model, as an integral, and one mode at the other end.
    total = steps * gamma
    rest = float(mpmath.quad(
        lambda i: i**-B * (mpmath.expm1(-total * i**-A) / (total * i**-A)) ** 2,
        [size + 0.5, 10 * size, mpmath.inf],
    ))  # fmt: skip
    first = total**-2 / (total ** ((1 - B) / A))
    assert abs((risk.mean_bias + rest) / form - 1) < 0.01 + 3 * first


@pytest.mark.parametrize("A", [1.5, 2.0, 3.0])
def test_the_variance_of_the_last_iterate(A: float) -> None:
    size, gamma = 10**4, 1e-4
    risk = expected_risk(
        size, 10**16, values={"a": A, "b": 2.0}, gamma=gamma, features="top", schedule="constant"
    )
    form = at(variance("sgd", "constant").form, a=A, gamma=gamma)
    tail = size ** (1 - A) / (A - 1) / float(mpmath.zeta(A))
    assert abs(risk.variance / (1 + risk.approx) / form - 1 + tail) < 10 * gamma


@pytest.mark.parametrize(("A", "B"), [(2.0, 2.0), (1.5, 1.8)])
@pytest.mark.parametrize("schedule", ["geometric", "constant"])
def test_the_mean_path(A: float, B: float, schedule: str) -> None:
    steps, gamma = 10**10, 1e-5
    n = steps if schedule == "constant" else steps / math.log2(steps)
    size = int(2 * (n * gamma) ** (1 / A))
    risk = expected_risk(
        size, steps, values={"a": A, "b": B}, gamma=gamma, features="top", schedule=schedule
    )
    names = {"N" if schedule == "constant" else "N_eff": n}
    form = at(bias(schedule).form, a=A, b=B, gamma=gamma, **names)
    # The part of the modes beyond the model, as an integral.
    total = 2 * (1 if schedule == "constant" else 2) * n * gamma
    s = (B - 1) / A
    rest = float(mpmath.gammainc(s, 0, total * (size + 0.5) ** -A)) * total**-s / A
    assert abs((risk.mean_bias + rest) / form - 1) < 0.002


@pytest.mark.parametrize("A", [2.0, 3.0])
@pytest.mark.parametrize("algorithm", ["sgd", "averaged-sgd"])
def test_the_variance(A: float, algorithm: str) -> None:
    steps, gamma = 10**8, 1e-4
    schedule = "geometric" if algorithm == "sgd" else "constant"
    n = steps if schedule == "constant" else steps / math.log2(steps)
    size = int(6 * (n * gamma) ** (1 / A))
    risk = expected_risk(
        size, steps, values={"a": A, "b": 2.0}, gamma=gamma, features="top",
        algorithm=algorithm, schedule=schedule,
    )  # fmt: skip
    names = {"N" if schedule == "constant" else "N_eff": n}
    form = at(variance(algorithm).form, a=A, gamma=gamma, **names)
    # The sum starts at 1 and not at 0: half a saturated mode is missing.
    assert abs(risk.variance / (1 + risk.approx) / form - 1) < 2 / (n * gamma) ** (1 / A)


def test_the_exponents_are_those_of_the_form() -> None:
    averaged = bias("constant", "averaged-sgd"), variance("averaged-sgd")
    constant = bias("constant"), variance("sgd", "constant"), *averaged
    for found in (approximation(), approximation("top"), approximation(saturated=True), bias(),
                  variance(), *constant):  # fmt: skip
        logarithm = sympy.expand_log(sympy.log(found.form), force=True)
        for size, exponent in found.exponents.items():
            slope = sympy.simplify(sympy.diff(logarithm, size) * size)
            assert sympy.simplify(slope - exponent) == 0


@pytest.mark.parametrize(
    "form", [approximation, bias, variance, lambda name: bias("geometric", "averaged-sgd")]
)
def test_what_has_no_form_is_refused(form) -> None:
    with pytest.raises(ValueError, match="no asymptotic form"):
        form("other")
