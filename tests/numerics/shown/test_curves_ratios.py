"""The data of the figures against the functions they come from."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ratecert.numerics.model.problem import Method
from ratecert.numerics.risk.expected import learning_curve
from ratecert.numerics.shown.curves import (
    effective,
    phases,
    power_law,
    risk_against_features,
    risk_against_steps,
)
from ratecert.numerics.shown.ratios import parameter_values, ratios
from ratecert.numerics.simulation.statistics import Budget
from ratecert.proofs_check.files.read import parse_claims
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import UserError


def claim(says: str, *assume: str, **more: str) -> Claim:
    conditions = ", ".join(f'"{c}"' for c in ("a > 1", "b > 1", *assume))
    lines = "\n".join(f'{k} = "{v}"' for k, v in more.items())
    text = f'[paper]\nkey = "t"\n[[claim]]\nid = "x"\nassume = [{conditions}]\nsays = "{says}"\n'
    (found,) = parse_claims((text + lines).encode(), "t").claims
    return found


def test_n_eff_is_that_of_the_statements() -> None:
    assert [effective(N) for N in (1, 2, 16, 1024)] == [1, 2, 4, 102.4]


@pytest.mark.parametrize("along", ["features", "steps"])
def test_curves_are_reducible_risks_and_simulations_agree_with_them(along: str) -> None:
    if along == "features":
        curve = risk_against_features(2.0, [2, 4], 200, [4], runs=200, draws=2)
        sizes = [(2, 200), (4, 200)]
        assert curve.x.tolist() == [2, 4]
    else:
        curve = risk_against_steps(2.0, [64, 256], 4, [256], runs=200, draws=2)
        sizes = [(4, 64), (4, 256)]
        assert curve.x.tolist() == [64 / 6, 256 / 8]
    for (M, N), exact in zip(sizes, curve.exact, strict=True):
        risk = learning_curve(power_law(2, 2), Method(0.1), M, [N], 0, 2)[0]
        assert exact == pytest.approx(risk.risk - 1.0, rel=1e-12)
    # 200 runs of skewness below 3: the factor for it at this distance is below 6.
    assert abs(curve.simulated[0] - curve.exact[-1]) < Budget(6000).threshold * curve.se[0]


def test_phases_are_the_parts_of_the_risk() -> None:
    data = phases(2.0, 1.5, [2, 8], [4, 64, 1024])
    assert data.largest.shape == (2, 3)
    for i, M in enumerate((2, 8)):
        for j, N in enumerate((4, 64, 1024)):
            risk = learning_curve(power_law(2, 1.5, 1.0, "top"), Method(0.1), M, [N])[0]
            parts = [risk.approx, risk.bias, risk.variance]
            assert [data.approx[i, j], data.bias[i, j], data.variance[i, j]] == pytest.approx(
                parts
            )
            assert data.largest[i, j] == np.argmax(parts)
    with pytest.raises(UserError, match="at least one"):
        phases(2.0, 2.0, [], [4])


def test_parameter_values_fulfil_the_assumptions() -> None:
    values = parameter_values(claim("approx = Theta(M^(1-b))", "b > a", "b < a + 1", "M <= N"))
    assert 1 < values["a"] < values["b"] < values["a"] + 1
    assert parameter_values(claim("approx = Theta(M^(1-a))", "b = a")) == {"a": 1.5, "b": 1.5}
    with pytest.raises(UserError, match="no simple values of a, b"):
        parameter_values(claim("approx = Theta(M^(1-a))", "b > a + 9"))


def test_ratios_are_left_over_right_where_the_assumptions_hold() -> None:
    one = claim("risk - sigma^2 = Theta(M^(1-a))", "N_eff*gamma >= 1", features="top")
    steps = [16, 64, 1024]
    (path,) = ratios(one, {"a": 2.0, "b": 2.0}, steps=steps, paths=[Fraction(1, 2)], sigma2=2.0)
    # N_eff γ = 0.4 at N = 16, which is left out; 1.07 at 64.
    assert path.N.tolist() == [64, 1024]
    assert path.M.tolist() == [8, 32]
    for M, N, ratio in zip(path.M.tolist(), path.N.tolist(), path.ratio, strict=True):
        risk = learning_curve(power_law(2, 2, 2.0, "top"), Method(0.1), M, [N])[0]
        assert ratio == pytest.approx((risk.approx + risk.excess) * M, rel=1e-12)


def test_a_true_order_settles_and_a_false_one_does_not() -> None:
    values, paths = {"a": 2.0, "b": 2.0}, [Fraction(1, 2)]
    steps = [2**k for k in range(8, 17, 2)]
    (true,) = ratios(claim("approx = Theta(M^(1-a))", features="top"), values,
                     steps=steps, paths=paths)  # fmt: skip
    (false,) = ratios(claim("approx = Theta(M^(-a))", features="top"), values,
                      steps=steps, paths=paths)  # fmt: skip
    # Σ_{i>M} i^-2 lies within 1/M − 1/(2M²) and 1/M: the ratio within 1/(2M) of 1.
    assert np.all(np.abs(true.ratio - 1) <= 1 / (2 * true.M))
    assert false.ratio[-1] / false.ratio[0] == pytest.approx(16, rel=0.05)


def test_impossible_ratios_are_refused() -> None:
    values = {"a": 2.0, "b": 2.0}
    with pytest.raises(UserError, match="at none of the sizes"):
        ratios(claim("approx = Theta(M^(1-a))", "M >= N^9"), values)
    with pytest.raises(UserError, match="about n"):
        ratios(claim("approx = Theta(n^(1-a))"), values)
