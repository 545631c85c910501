"""The sums of `meaning` enclose the exact expected risk, with the constants of its proofs.

With top features and ``x_j = gamma lambda_j``, ``Σ x_j/(2 - x_j) <= 1/4`` (the small constant of
the feedback argument, which then has ``sup E_t <= 2 E_0``), each part of the exact risk lies
between the sum of its meaning times the constants below.  In it ``exp(-X)`` is read as
``exp(-cX)``, with one c for the lower and one for the upper side:

- constant step: ``exp(-4u) <= (1 - x)^2N <= exp(-2u)``; ``1 - (1 - x)^2N`` lies between
  ``(1 - e^-2) min(1, u)`` and ``4 min(1, u)``, and ``2 - x`` between 3/2 and 2, so v lies
  between 0.43 and 8/3 times ``u min(1, u)/N``;
- averaged: ``1 - (1 - x)^r`` lies between ``(1 - 1/e) min(1, r x)`` and ``min(1, r x)``, so the
  squared mean lies between 0.39 and 1 times ``min(1, u^-2)``, and v between 1/40 and 1 times
  ``min(1, u^2)/N`` for ``N >= 2``: for ``u <= 1`` the squares ``r^2``, ``r < N``, sum to at least
  ``N^3/8``, for ``u > 1`` a quarter of all r has ``r x >= 1/2``;
- geometric, ``K <= N_eff <= 2K``: ``Σ x_t`` lies between u/2 and 2u, so the mean path lies
  between ``exp(-8u)`` and ``exp(-u)``.  For ``u <= 1`` the first stage alone leaves
  ``e^-8 u^2/(2 N_eff)``, and all stages at most ``4/3 u^2/N_eff``.  For ``u > 1`` a full stage
  with q in (1/2, 2] exists and leaves at least ``e^-16/K``; from above, stages with ``q <= 1``
  leave ``4/(3K)``, the others
  ``Σ q e^-q / K <= 0.8/K`` over q = 1, 2, 4, … times a factor in [1, 2), and the last of them, if
  only a part of a stage follows, ``2/K``: together less than ``9/N_eff``.

Feedback: ``V noise <= variance <= 5 V noise``.  The bias is enclosed with other decays, ``c_low``
and ``c_high``, as its proof halves an exponent; F is the term ``D A/(n B)``, A the running mean:

- constant step: ``Σ_{s<t} (1-x)^{2s}`` lies between 0.43 and 1 times ``min(t, 1/x)``, and so does
  the bias between ``path + 0.43 F`` and, where ``Σ x_j <= 1/25``, ``1.2 path + 4.2 F``;
- geometric: the same with ``n/2 <= K <= n`` in the place of n, and 1.1 times that after the first
  stage: between ``path + 0.2 F`` and ``1.4 path + 4.7 F``;
- averaged: between ``0.39 path + 0.009 F`` and ``path + 4 F``: at least ``N/2`` steps have
  ``r >= N/3`` to go, which gives ``(0.63/3)^2 min(1, u^2)``, and ``Σ_{s<N/2} p_s >= 0.21 N A``.
"""

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import mpmath
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ratecert.numerics.risk.expected import ExpectedRisk, expected_risk
from ratecert.proofs_check.language.claim import Setting
from ratecert.proofs_check.language.expr import Add, Call, Expr, Mul, Name, Num, Pow, Sum
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.meaning.definitions import meaning


@dataclass(frozen=True)
class Constants:
    """Those of the lower and of the upper side, for each part of the risk."""

    decay: tuple[float, float]
    path: tuple[float, float]
    response: tuple[float, float]
    bias_decay: tuple[float, float]
    bias: tuple[float, float]


CONSTANTS = {
    ("sgd", "constant"): Constants((4, 2), (1, 1), (0.43, 8 / 3), (4, 0.5), (0.43, 4.2)),
    ("averaged-sgd", "constant"): Constants((1, 1), (0.39, 1), (1 / 40, 1), (1, 1), (0.009, 4)),
    ("sgd", "geometric"): Constants((8, 1), (1, 1), (math.exp(-16), 9), (8, 0.25), (0.2, 4.7)),
}
METHODS = tuple(CONSTANTS)
VARIANCE = 5.0


@dataclass(frozen=True)
class Case:
    a: float
    b: float
    M: int
    N: int
    share: float
    batch: int
    method: tuple[str, str]

    @property
    def gamma(self) -> float:
        """A share of the largest step with ``Σ x/(2 - x) <= Σ x/1.5 <= 1/4``."""
        return self.share * 0.375 / math.fsum(j**-self.a for j in range(1, self.M + 1))

    @property
    def is_small_step(self) -> bool:
        """Whether ``Σ x_j <= 1/25``, as the upper bound of the bias asks."""
        return self.gamma * math.fsum(j**-self.a for j in range(1, self.M + 1)) <= 1 / 25

    @property
    def setting(self) -> Setting:
        algorithm, schedule = self.method
        spectrum, target = parse_expr("i^-a"), parse_expr("i^-b")
        batch = Num(Fraction(self.batch))
        return Setting(spectrum, target, "top", algorithm, schedule, batch)

    def exact(self) -> ExpectedRisk:
        algorithm, schedule = self.method
        return expected_risk(
            self.M, self.N, values={"a": self.a, "b": self.b}, gamma=self.gamma, features="top",
            algorithm=algorithm, schedule=schedule, batch=self.batch,
        )  # fmt: skip

    def value(self, expr: Expr, decay: float) -> float:
        """Return the value of a meaning at this case, ``exp(-X)`` read as ``exp(-decay X)``."""
        at = {"a": self.a, "b": self.b, "M": self.M, "N": self.N, "gamma": self.gamma}
        return evaluate(expr, {**at, "N_eff": self.N / math.log2(self.N)}, decay)


def evaluate(expr: Expr, at: dict[str, float], decay: float) -> float:
    match expr:
        case Num(value):
            return float(value)
        case Name(name):
            return at[name]
        case Add(terms):
            return math.fsum(evaluate(term, at, decay) for term in terms)
        case Mul(factors):
            return math.prod(evaluate(factor, at, decay) for factor in factors)
        case Pow(base, exponent):
            return evaluate(base, at, decay) ** evaluate(exponent, at, decay)
        case Call("exp", (arg,)):
            return math.exp(decay * evaluate(arg, at, decay))
        case Call("min", args):
            return min(evaluate(arg, at, decay) for arg in args)
        case Sum(term, index, Num(lo), hi):
            last = int(evaluate(hi, at, decay))
            return math.fsum(
                evaluate(term, {**at, index: j}, decay) for j in range(int(lo), last + 1)
            )
    raise AssertionError(expr)


cases = st.builds(
    Case,
    a=st.floats(1.05, 4),
    b=st.floats(1.05, 9),
    M=st.integers(1, 40),
    N=st.integers(0, 40).map(lambda n: max(2, int(1.7**n))),
    share=st.sampled_from([1.0, 0.3, 1e-2, 1e-5]),
    batch=st.sampled_from([1, 3, 100]),
    method=st.sampled_from(METHODS),
)
ROUNDING = 1e-9


def enclosed(low: float, value: float, high: float, error: float) -> bool:
    slack = error + 1e-300
    return low * (1 - ROUNDING) - slack <= value <= high * (1 + ROUNDING) + slack


def responses(case: Case) -> tuple[float, float]:
    """Return what V is at least and at most."""
    low, high = CONSTANTS[case.method].response
    value = case.value(meaning(Name("variance"), case.setting).upper, 1)
    return low * value, high * value


def bias_bounds(case: Case, claimed: str = "bias") -> tuple[float, float]:
    """Return what the bias is at least and at most by the meaning of `claimed`."""
    constants, sums = CONSTANTS[case.method], meaning(Name(claimed), case.setting)
    (fast, slow), (low, high) = constants.bias_decay, constants.bias
    most = high * case.value(sums.upper, slow) if case.is_small_step else math.inf
    return low * case.value(sums.lower, fast), most


@given(cases)
@example(Case(2.0, 2.0, 40, 10**9, 1.0, 1, ("sgd", "geometric")))
@example(Case(2.0, 6.0, 40, 10**6, 0.1, 1, ("sgd", "geometric")))  # feedback rules the bias
@example(Case(2.0, 6.0, 40, 10**4, 0.1, 1, ("sgd", "constant")))
@example(Case(1.05, 9.0, 40, 10**3, 0.1, 1, ("averaged-sgd", "constant")))
@settings(max_examples=150)
def test_the_exact_risk_lies_between_the_sums(case: Case) -> None:
    risk, constants = case.exact(), CONSTANTS[case.method]
    path = meaning(Name("mean_bias"), case.setting)
    low = constants.path[0] * case.value(path.lower, constants.decay[0])
    high = constants.path[1] * case.value(path.upper, constants.decay[1])
    least, most = responses(case)
    noise = 1 + risk.approx
    assert enclosed(low, risk.mean_bias, high, risk.errors.mean_bias)
    least_bias, most_bias = bias_bounds(case)
    assert enclosed(least_bias, risk.bias, most_bias, risk.errors.bias)
    assert enclosed(least * noise, risk.variance, VARIANCE * most * noise, risk.errors.variance)


LAST_ITERATE, AVERAGED, GEOMETRIC = METHODS


@pytest.mark.parametrize(
    ("true", "claimed"),
    [
        (LAST_ITERATE, AVERAGED),
        (LAST_ITERATE, GEOMETRIC),
        (AVERAGED, LAST_ITERATE),
        (GEOMETRIC, LAST_ITERATE),
    ],
)
def test_the_sums_of_another_method_do_not_fit(
    true: tuple[str, str], claimed: tuple[str, str]
) -> None:
    """Control, with the constants of the true method: only the last iterate keeps the noise.

    Geometric and averaged differ by a logarithm, which these constants hide.
    """
    case = Case(2.0, 2.0, 20, 10**12, 1.0, 1, true)
    low, high = CONSTANTS[true].response
    value = replace(case, method=claimed).value(
        meaning(Name("variance"), replace(case, method=claimed).setting).upper, 1
    )
    risk = case.exact()
    noise = 1 + risk.approx
    bounds = (low * value * noise, VARIANCE * high * value * noise)
    assert not enclosed(bounds[0], risk.variance, bounds[1], risk.errors.variance)


@pytest.mark.parametrize(
    ("method", "N"), [(("sgd", "constant"), 200_000), (("sgd", "geometric"), 2_000_000)]
)
def test_the_mean_path_alone_is_not_the_bias(method: tuple[str, str], N: int) -> None:
    """Control: with top features, ``b > 2a`` and ``n < M^a`` feedback rules the last iterate."""
    case = Case(1.5, 9.0, 300, N, 0.1, 1, method)
    risk = case.exact()
    least, most = bias_bounds(case)
    assert enclosed(least, risk.bias, most, risk.errors.bias)
    assert not enclosed(0, risk.bias, bias_bounds(case, "mean_bias")[1], risk.errors.bias)


@pytest.mark.parametrize("method", METHODS)
def test_steps_that_are_too_few_do_not_fit(method: tuple[str, str]) -> None:
    """Control: ``min(M, n^(1/a))/N`` is not the order of the variance for ``n << 1``."""
    case = Case(2.0, 2.0, 20, 1000, 1e-12, 1, method)
    steps = case.N if method[1] == "constant" else case.N / math.log2(case.N)
    wrong = (steps * case.gamma) ** (1 / case.a) / steps
    least = CONSTANTS[method].response[0]
    risk = case.exact()
    assert not enclosed(least * wrong, risk.variance, math.inf, risk.errors.variance)


@given(cases)
@settings(max_examples=30)
def test_what_top_features_lose_is_the_tail_of_the_target(case: Case) -> None:
    lost = meaning(Name("approx"), case.setting)
    assert lost.upper == lost.lower == parse_expr("sum(i^-b, i, M + 1, oo)")
    risk = case.exact()
    tail = float(mpmath.zeta(case.b, case.M + 1))
    assert enclosed(tail, risk.approx, tail, risk.errors.approx)
