"""Exact risk sums, the recursion, the second opinion and ladders."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from fractions import Fraction

import mpmath
import pytest
from ball_cases import OO, num, precision_is_restored  # noqa: F401
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from ratecert.numerics.balls import (
    Ball,
    Disagreement,
    LadderPath,
    Refusal,
    certainly_greater,
    certainly_less,
    confirms,
    drift,
    enclose,
    enclose_expr,
    ladder,
    second_opinion,
)
from ratecert.numerics.balls.ball import precision, rational_ball
from ratecert.numerics.balls.mpmath_leg import Jet
from ratecert.numerics.balls.recursion import excess_balls, excess_mpmath
from ratecert.numerics.balls.risk_sums import (
    Stage,
    approx,
    effective_dimension,
    mean_bias,
    power_law,
    stages,
    variance_response,
)
from ratecert.proofs_check.language.expr import Sum
from ratecert.proofs_check.language.grammar import parse_expr

F = Fraction


# The schedule and the sums against exact rational arithmetic.


@given(st.integers(1, 5000), st.sampled_from(["geometric", "constant"]))
def test_stages_are_the_schedule(N, schedule):
    gammas = _steps(stages(N, F(1, 3), schedule))
    # K is the largest integer with K log2 N <= N, that is N^K <= 2^N; K = 1 at least.
    K = N if schedule == "constant" else _largest(lambda k: N**k <= 2**N, N)
    assert gammas == [F(1, 3) / 2 ** (t // K) for t in range(N)]


def _largest(holds: Callable[[int], bool], most: int) -> int:
    """Return the largest k in 1..most with a property that holds up to some k, 1 if none."""
    low, high = 1, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low


def test_stages_at_powers_of_two_and_of_huge_runs():
    assert stages(2**10, F(1))[0].steps == 102
    assert stages(2**64, F(1))[0].steps == 2**58
    plan = stages(10**30, F(1))
    assert sum(stage.steps for stage in plan) == 10**30
    assert len(plan) == 100


def _steps(plan: list[Stage]) -> list[Fraction]:
    return [stage.gamma for stage in plan for _ in range(stage.steps)]


def _brute_bias(a: int, b: int, M: int, gammas: list[Fraction]) -> Fraction:
    total = F(0)
    for i in range(1, M + 1):
        term = F(1, i**b)
        for gamma in gammas:
            term *= (1 - gamma * F(1, i**a)) ** 2
        total += term
    return total


def _brute_variance(a: int, M: int, gammas: list[Fraction]) -> Fraction:
    total = F(0)
    for i in range(1, M + 1):
        x, later = F(1, i**a), F(1)
        for gamma in reversed(gammas):
            total += (gamma * x) ** 2 * later
            later *= (1 - gamma * x) ** 2
    return total


@settings(max_examples=15, deadline=None)
@given(
    st.integers(1, 3), st.integers(1, 4), st.integers(1, 6), st.integers(1, 14),
    st.sampled_from([F(1), F(1, 3), F(3, 4)]), st.sampled_from(["geometric", "constant"]),
)  # fmt: skip
def test_risk_sums_equal_the_double_sums(a, b, M, N, gamma, schedule):
    plan = stages(N, gamma, schedule)
    bias = enclose_expr(mean_bias(power_law(a), power_law(b), M, plan), {}, 25)
    assert bias.contains(_brute_bias(a, b, M, _steps(plan)))
    variance = enclose_expr(variance_response(power_law(a), M, plan), {}, 25)
    assert variance.contains(_brute_variance(a, M, _steps(plan)))
    # Control: one step more is another number.
    if M > 1:
        assert not bias.contains(_brute_bias(a, b, M, [*_steps(plan), gamma]))


def test_approx_is_the_tail():
    ball = enclose_expr(approx(power_law(F(3, 2)), 10**24), {}, 120)
    # Facts §6: M^(1-a)/(a-1) - M^-a/2 <= Σ_{i>M} i^-a <= the same + a M^(-a-1)/12.
    lower = F(2, 10**12) - F(1, 2 * 10**36)
    assert certainly_greater(ball, lower)
    assert certainly_less(ball, lower + F(3, 2) / 12 / 10**60)


def test_effective_dimension_by_its_definition():
    a, M, N, gamma = F(3, 2), 5000, 10**5, F(1, 3)
    with precision(300):
        n = rational_ball(gamma) * N * arb(2).log() / arb(N).log()
        expected = arb(0)
        for i in range(1, M + 1):
            x = n * arb(i) ** rational_ball(-a)
            expected += 1 if (x - 1).lower() >= 0 else x * x
        ball = enclose_expr(effective_dimension(a, M, N, gamma), {}, 30)
        assert ball.arb.overlaps(expected)
    # N = 2^16 and gamma = 1/2^2: N_eff gamma = 2^10 and 2^10 = 32^2 lies on the edge, exactly.
    edge = enclose_expr(effective_dimension(F(2), 32, 2**16, F(1, 4)), {}, 30)
    assert edge.contains(32)


def test_mean_bias_lies_between_exponential_filters():
    """Γ is the sum of all steps; ``-x/(1-x) <= log(1-x) <= -x`` gives
    ``exp(-2Γλ/(1-γλ)) <= Π_t (1-γ_t λ)² <= exp(-2Γλ)``.
    """
    a, M, plan = F(3, 2), 10**4, stages(10**6, F(1, 4))
    path = sum((stage.gamma * stage.steps for stage in plan), F(0))
    bias = enclose_expr(mean_bias(power_law(a), power_law(a), M, plan), {}, 20)
    filter_ = "i^(-3/2)*exp(-2*G*i^(-3/2))"
    upper = enclose(parse_expr(filter_), "i", 1, M, {"G": path}, 20)
    lower = enclose(parse_expr(filter_), "i", 1, M, {"G": path * F(4, 3)}, 20)
    assert certainly_less(bias, upper)
    assert certainly_greater(bias, lower)


# The recursion.


def _dense_response(
    eigenvalues: list[Fraction],
    initial: list[Fraction],
    noise: Fraction,
    gammas: list[Fraction],
    B: int,
) -> tuple[Fraction, Fraction]:
    """Evolve E[v vᵀ] as a full matrix with the exact Gaussian fourth moment, in rationals.

    ``E[uuᵀ W uuᵀ] = 2 ΣWΣ + Σ tr(ΣW)`` gives, with W = E[(v-v*)(v-v*)ᵀ],
    ``W <- W - γ(ΣW + WΣ) + γ²[(1-1/B) ΣWΣ + (2ΣWΣ + Σ tr(ΣW))/B] + γ² s Σ/B``.
    """
    n = len(eigenvalues)
    results = []
    for start, s in ((initial, F(0)), ([F(0)] * n, noise)):
        # Off-diagonal entries start at a value that must not matter.
        W = [[start[i] if i == j else F(1, 7) for j in range(n)] for i in range(n)]
        for g in gammas:
            trace = sum(eigenvalues[i] * W[i][i] for i in range(n))
            W = [
                [
                    W[i][j] * (1 - g * (x + y) + g * g * x * y * (1 + F(1, B)))
                    + (g * g * x * (trace + s) / B if i == j else 0)
                    for j, y in enumerate(eigenvalues)
                ]
                for i, x in enumerate(eigenvalues)
            ]
        results.append(sum((eigenvalues[i] * W[i][i] for i in range(n)), F(0)))
    return results[0], results[1]


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 5), st.integers(1, 12), st.integers(1, 4), st.integers(0, 10**6))
def test_recursion_against_the_full_matrix(M, N, batch, seed):
    rng = random.Random(seed)
    eigenvalues = [F(rng.randint(1, 99), 100) for _ in range(M)]
    initial = [F(rng.randint(0, 99), 10) for _ in range(M)]
    plan = stages(N, F(1, 3))
    bias, variance = excess_balls(eigenvalues, initial, F(5, 4), plan, batch, 25)
    exact_bias, exact_variance = _dense_response(
        eigenvalues, initial, F(5, 4), _steps(plan), batch
    )
    assert bias.contains(exact_bias)
    assert variance.contains(exact_variance)
    if N > 1 and M > 1:
        wrong, _ = _dense_response(eigenvalues, initial, F(5, 4), _steps(plan)[:-1], batch)
        assert not bias.contains(wrong)


def test_recursion_in_mpmath_lies_in_the_ball():
    eigenvalues = [F(1, i * i) for i in range(1, 41)]
    plan = stages(200, F(1, 4))
    arguments = (eigenvalues, [F(1)] * 40, F(2), plan, 2, 30)
    balls, numbers = excess_balls(*arguments), excess_mpmath(*arguments)
    for ball, number in zip(balls, numbers, strict=True):
        with precision(400):
            assert ball.arb.contains(arb(mpmath.nstr(number, 45)))


def test_recursion_without_feedback_bounds_the_response():
    """``V_0 <= V <= V_0'/(1-S)`` and ``bias_path <= bias`` (facts §2)."""
    M, plan = 60, stages(300, F(1, 4))
    eigenvalues = [F(1, i * i) for i in range(1, M + 1)]
    bias, variance = excess_balls(eigenvalues, [F(1)] * M, F(1), plan, 1, 20)
    path = enclose_expr(mean_bias(power_law(2), power_law(2), M, plan), {}, 20)
    without = enclose_expr(variance_response(power_law(2), M, plan), {}, 20)
    assert certainly_less(path, bias)
    assert certainly_less(without, variance)
    assert certainly_less(variance, 2)


@pytest.mark.parametrize(
    "arguments",
    [
        ([], [], F(1), [Stage(F(1), 1)]),
        ([F(1)], [F(1), F(1)], F(1), [Stage(F(1), 1)]),
        ([F(-1)], [F(1)], F(1), [Stage(F(1), 1)]),
        ([F(1)], [F(1)], F(-1), [Stage(F(1), 1)]),
        ([F(1)], [F(1)], F(1), []),
        ([F(1)], [F(1)], F(1), [Stage(F(1), 1)], 0),
    ],
)
def test_recursion_refuses_bad_input(arguments):
    with pytest.raises(Refusal):
        excess_balls(*arguments)


# The second opinion.


@pytest.mark.parametrize(
    ("text", "lo", "hi"),
    [
        ("i^(-3/2)", 101, OO),
        ("i^(-3/2)*exp(-2*10^6*i^-2)", 1, num(10**12)),
        ("(1-i^-2/3)^2000*i^(-5/2)", 1, num(10**9)),
        ("1/(i^2+10^8)", 1, OO),
        ("1/(i*log(i+1)^2)", 1, num(10**15)),
        ("exp(-10^12*i^-2)", 1, num(10**5)),
        ("i^-2*min(1, (i/10^9)^2)", 1, OO),
        ("min(1, (10^15*i^(-3/2))^2, 10^30*i^-2)", 1, num(10**12)),
        ("i^-3", 1, num(100)),
    ],
)
def test_mpmath_lies_in_the_ball(text, lo, hi):
    ball = enclose(parse_expr(text), "i", lo, hi, {}, 20)
    assert confirms(ball, Sum(parse_expr(text), "i", num(lo), hi), {}) is True


@pytest.mark.parametrize("M", [300, 2000])
def test_mpmath_confirms_the_exact_risk_sums(M):
    plan = stages(20, F(1, 4))
    for expr in (
        approx(power_law(F(5, 2)), M),
        mean_bias(power_law(F(3, 2)), power_law(F(5, 2)), M, plan),
        variance_response(power_law(F(3, 2)), M, plan),
        effective_dimension(F(3, 2), M, 20, F(1, 4)),
    ):
        assert confirms(enclose_expr(expr, {}, 15), expr, {}) is True


def test_named_numbers():
    expr = parse_expr("EulerGamma*pi*sum(i^-2, i, 1, oo)")
    ball = enclose_expr(expr, {}, 30)
    assert confirms(ball, expr, {}) is True
    assert "2.98288" in ball.midpoint


def test_a_wrong_ball_is_a_disagreement():
    expr = parse_expr("sum(i^(-3/2), i, 101, oo)")
    ball = enclose_expr(expr, {}, 20)
    with precision(200):
        wrong = Ball.of(ball.arb * (1 + arb(10) ** -18), 20)
    with pytest.raises(Disagreement):
        confirms(wrong, expr, {})


def test_no_opinion_where_mpmath_cannot_say():
    assert second_opinion(parse_expr("sum(1/(i*log(i+1)^(101/100)), i, 1, oo)"), {}, 20) is None


def test_jets_are_taylor_series():
    context = mpmath.MPContext()
    context.dps = 40
    x = Jet([context.mpf(3), context.mpf(1), *[context.mpf(0)] * 8])
    y = x.log(context).exp(context)
    assert all(abs(u - v) < 1e-35 for u, v in zip(y.c, x.c, strict=True))
    root = x.power(context.mpf(1) / 2, context)
    assert all(abs(u - v) < 1e-35 for u, v in zip((root * root).c, x.c, strict=True))
    assert abs(root.c[9] - context.taylor(context.sqrt, 3, 9)[9]) < 1e-20


# Ladders.

RAY = LadderPath({"M": (F(1), F(0))})


def test_ladder_of_a_true_claim_explains_its_drift():
    result = ladder(
        parse_expr("sum(i^-a,i,M+1,oo)"), parse_expr("M^(1-a)"), RAY, {"a": F(3, 2)},
        correction=(F(1), F(0)),
    )  # fmt: skip
    assert result.explained is True
    assert certainly_less(F(199, 100), result.lower)
    assert certainly_less(result.upper, F(2000001, 10**6))
    # Σ_{i>M} i^-a = M^(1-a)/(a-1) - M^-a/2 + …: the amplitude is -(a-1)/2.
    assert abs(Fraction(result.rows[-1].amplitude.midpoint) + F(1, 4)) < F(1, 10**6)


def test_ladder_of_a_false_claim_drifts_without_explanation():
    result = ladder(
        parse_expr("sum(i^-a,i,M+1,oo)"), parse_expr("M^(11/10-a)"), RAY, {"a": F(3, 2)},
        correction=(F(1), F(0)),
    )  # fmt: skip
    assert result.explained is False
    slope = result.rows[-1].slope
    assert abs(Fraction(slope.midpoint) + F(1, 10)) < F(1, 10**6)


def test_a_missing_logarithm_is_seen_as_unexplained():
    result = ladder(parse_expr("sum(1/i,i,1,M)"), num(1), RAY, {}, correction=(F(1, 2), F(0)))
    assert result.explained is False
    explained = ladder(
        parse_expr("sum(1/i,i,1,M)"), parse_expr("log(M)"), RAY, {}, correction=(F(0), F(-1))
    )
    assert explained.explained is True


def test_whole_sizes_are_odd_and_even_by_turns():
    path = LadderPath(
        {"M": (F(1), F(0)), "N": (F(1), F(0)), "gamma": (F(0), F(-1)), "j": (F(0), F(0))}
    )
    odd = [int(path.at(10**6, turn)["M"]) % 2 for turn in range(5)]
    assert odd[0] == odd[4] == 0
    assert 1 in odd
    for turn in range(5):
        place = path.at(10**6, turn)
        assert place["M"] == place["N"] in (10**6, 10**6 + 1)  # of one order: literally so
        assert place["j"] == 1
        assert place["gamma"] == path.at(10**6)["gamma"]


@pytest.mark.parametrize("names", ["M", "N", "k", "MN", "Mk", "Nk", "MNk"])
def test_every_sum_of_three_sizes_is_odd_on_a_turn(names):
    path = LadderPath({"M": (F(1), F(0)), "N": (F(2), F(1)), "k": (F(1, 2), F(0), F(1))})
    turns = [path.at(10**8, turn) for turn in (1, 2, 3)]
    assert any(sum(place[name] for name in names) % 2 for place in turns)


def test_ladder_along_a_boundary_with_the_exact_bias():
    """M = t, N = t^a log t puts M near (N_eff)^(1/a): both parts of the maximum are alive."""
    a, gamma = F(3, 2), F(1, 4)
    path = LadderPath({"M": (F(1), F(0)), "N": (a, F(1))})

    def bias(sizes):
        plan = stages(int(sizes["N"]), gamma)
        return mean_bias(power_law(a), power_law(a), int(sizes["M"]), plan)

    result = ladder(
        bias, parse_expr("(N_eff*gamma)^((1-a)/a)"), path, {"a": a, "gamma": gamma},
        scales=(10**4, 10**8, 10**16), digits=10,
    )  # fmt: skip
    assert certainly_greater(result.lower, F(1, 10))
    assert certainly_less(result.upper, 10)
    assert result.explained is None


POINTS = [10**k for k in (3, 12, 18, 24)]
FINE = F(1, 10**9)


def _drift(f, correction=None, order=(), ripple=FINE):
    with precision(200):
        balls = [Ball.of(f(arb(t)), 20) for t in POINTS]
    return drift(list(zip(POINTS, balls, strict=True)), correction, ripple, order)


def test_drift_is_held_against_the_prediction():
    tenth, logarithm = (F(-1, 10),), (F(0), F(-1))
    true = _drift(lambda t: 2 + 3 * t ** arb("-0.1"), tenth)
    assert true.explained
    assert not true.settled
    assert abs(F(true.amplitudes[-1].midpoint) - F(3, 2)) < F(1, 10)
    assert _drift(lambda t: 1 + 5 / t.log(), logarithm).explained
    assert _drift(lambda t: 3 * t * t.log() + t, logarithm, (F(1), F(1))).explained
    assert _drift(lambda t: 2 + 1 / t, (F(-1),), ripple=F(1, 1000)).settled
    # Wrong: a small power, a missing logarithm, a faster correction than there is.
    assert _drift(lambda t: t ** arb("0.01"), logarithm).explained is False
    assert _drift(lambda t: t.log(), logarithm).explained is False
    assert _drift(lambda t: t.log(), tenth).explained is False
    assert _drift(lambda t: 1 + 5 / t.log(), tenth).explained is False
    assert _drift(lambda t: 2 + t ** arb("-0.1")).explained is None
    with pytest.raises(Refusal):
        _drift(lambda t: t, (F(0), F(1)))


def test_sizes_of_a_path():
    sizes = LadderPath({"M": (F(1, 2), F(0)), "gamma": (F(-1, 2), F(0)), "N": (F(2), F(-1))}).at(
        10**10
    )
    assert sizes["M"] == 10**5
    assert abs(sizes["gamma"] - F(1, 10**5)) < F(1, 10**33)
    assert sizes["N"].denominator == 1
    assert abs(float(sizes["N"]) / (1e20 / math.log(1e10)) - 1) < 1e-14


def test_ladder_is_plain_data():
    result = ladder(parse_expr("M^-2"), parse_expr("2*M^-2/2"), RAY, {})
    text = json.dumps(result.as_json())
    assert json.loads(text)["rows"][0]["sizes"] == {"M": "1000"}
    assert result.lower.contains(1)


def test_ladder_of_ratios_beyond_every_float():
    result = ladder(parse_expr("exp(-M)"), parse_expr("M^-2"), RAY, {}, scales=(10**6, 10**24))
    # log10(M² exp(-M)) at M = 10^24 + 1 is 48 - 434294481903251827651129.3…
    assert result.lower.midpoint.endswith(f"e-{434294481903251827651129 + 1 - 48}")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"scales": ()}, "value"),
        ({"scales": (1000, 10)}, "value"),
        ({"scales": (2, 10)}, "value"),
        ({"correction": (F(-1), F(0))}, "value"),
        ({"numerator": parse_expr("N_eff")}, "value"),
        ({"numerator": parse_expr("1-M")}, "undefined"),
    ],
)
def test_ladder_refuses_bad_input(change, reason):
    arguments = {
        "numerator": parse_expr("M"), "denominator": parse_expr("M"), "path": RAY,
        "parameters": {}, **change,
    }  # fmt: skip
    with pytest.raises(Refusal) as refusal:
        ladder(**arguments)
    assert refusal.value.reason == reason
