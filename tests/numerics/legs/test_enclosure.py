from fractions import Fraction

import pytest
from ball_cases import precision_is_restored  # noqa: F401

from ratecert.numerics.balls import Ball, certainly_greater, certainly_less
from ratecert.numerics.balls.ball import precision, rational_ball
from ratecert.numerics.legs import enclosure, places
from ratecert.numerics.legs import rungs as ladders
from ratecert.numerics.legs.enclosure import evidence
from ratecert.numerics.legs.rungs import rungs
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.expr import Num, mul, power
from ratecert.proofs_check.meaning.definitions import Meaning
from ratecert.proofs_check.verdict.certificate import Light

AB = ("a > 1", "b = a")
STEPS = (*AB, "N_eff*gamma >= 1")
VARIANCE = "variance = Theta(min(M, (N_eff*gamma)^(1/a))/N_eff)"
ONE = Fraction(1)


@pytest.fixture(autouse=True)
def _nothing_remembered():
    places._enclosed.cache_clear()
    places._agreed.cache_clear()
    yield
    places._enclosed.cache_clear()
    places._agreed.cache_clear()


def light(says, assume=(), level="quick", **settings):
    return evidence(make_claim(says, list(assume), **settings), level).light


TRUE = [
    ("approx = Theta(M^(1-a))", AB, {}),
    ("variance = Theta(min(M, (N_eff*gamma)^(1/a))/N_eff)", STEPS, {}),
    ("bias = O(max(M^(1-a), (N_eff*gamma)^(1/a-1)))", STEPS, {}),
    ("mean_bias = O((N_eff*gamma)^(1/a-1))", STEPS, {"features": "top"}),
    ("approx ~ M^(1-b)/(b-1)", ("a > 1", "b > 1"), {"features": "top"}),
    ("eigenvalue(j) = Theta(j^-a)", ("a > 1", "M >= j"), {"sizes": ["j"]}),
    ("sum(i^-a, i, M+1, oo) ~ M^(1-a)/(a-1)", ("a > 1",), {}),
    ("exp(-N) = o(1/N)", (), {}),
]


@pytest.mark.parametrize(("says", "assume", "settings"), TRUE)
def test_passes_what_is_true(says, assume, settings):
    assert light(says, assume, **settings) is Light.PASS


FALSE = [
    ("approx = Theta(M^(5/4-a))", AB, {}),
    ("approx = Theta(M^(3/4-a))", AB, {}),
    ("variance = Theta(M/N_eff)", STEPS, {}),
    ("variance = Theta(min(M, (N_eff*gamma)^(1/a))/N_eff)", AB, {}),
    ("mean_bias = Omega((N_eff*gamma)^(1/a-1))", STEPS, {"features": "top"}),
    ("sum(i^-a, i, M+1, oo) ~ M^(1-a)/a", ("a > 1",), {}),
    ("M = o(2*M + 1)", (), {}),
    ("exp(-N) = Theta(1/N)", (), {}),
]


@pytest.mark.parametrize(("says", "assume", "settings"), FALSE)
def test_contradicts_what_is_wrong_by_a_power_or_a_constant(says, assume, settings):
    # At the level that looks along all sample paths.
    assert light(says, assume, "full", **settings) is Light.FAIL


@pytest.mark.parametrize(
    "says",
    [
        "log(N)^5 = O(N^(1/100))",  # looks false up to 10^217
        "10^-40*M + 1 = Theta(M)",  # looks like a constant up to 10^40
        "M = Theta(M + 10^60)",
    ],
)
def test_looks_far_before_it_contradicts(says):
    assert light(says) is Light.PASS


@pytest.mark.parametrize(
    "says",
    ["N = Theta(N*log(N))", "M = O(M/log(M)^3)", "M = O(M^(999/1000))"],
)
def test_does_not_contradict_by_a_logarithm_or_a_tiny_power(says):
    assert light(says) is not Light.FAIL


SIGNS = [
    # Odd sizes alone show the sign of the first term, or of the second.
    ("sum((1-2/k)^M/k, k, 1, M) = Theta(1)", ()),
    ("sum((1-5/k)^M*k^-2, k, 1, oo) = Omega(1/M)", ()),
    ("sum((1-2/d)^M, d, 1, 2) = Theta(1)", ()),
    ("sum((1-2/d)^(M+N), d, 1, 2) ~ 1", ()),
    ("sum((1-2/n)^T, n, 1, 2) = Thetatilde(1)", ()),
    ("(-1)^N = Theta(1)", ()),
    ("sin(pi*M + pi/2) = Omega(1)", ()),
    # Small steps alone show theirs.
    ("sum(log(1000*gamma*k)/k^2, k, 2, oo) = Theta(1)", ("gamma = 1",)),
    ("sum((gamma*k-1/1000)/k^3, k, 1, oo) = Theta(1)", ("gamma = 1",)),
    ("sum((gamma*k-1/10)/k^3, k, 1, oo) = Theta(1)", ("gamma = 1",)),
    ("sum((gamma*k-1/c)/k^3, k, 1, oo) = Omega(1)", ("gamma = 1", "c = 50")),
    ("sum(log(5*gamma*t)/t^2, t, 1, oo) = Omega(1)", ("gamma = 1",)),
]


@pytest.mark.parametrize(("says", "assume"), SIGNS)
def test_contradicts_a_sign_that_odd_sizes_or_small_steps_show(says, assume):
    found = evidence(make_claim(says, list(assume)))
    assert found.light is Light.FAIL
    assert "negative" in found.summary


@pytest.mark.parametrize(
    ("says", "assume"),
    [
        ("sum((gamma*k-1/2)/k^2, k, 1, M) = Theta(log(M))", ("gamma = 1",)),
        ("M - 10^30 = Theta(M)", ()),
        ("M*sum(i^-2, i, 1, M) - 10^30 = Theta(M)", ()),
        ("sum((1-2/k)^(2*M), k, 1, 2) = Theta(1)", ()),
        ("(1-gamma)^N = O(1)", ()),
    ],
)
def test_waits_for_a_sign_to_change_where_the_sizes_are_larger(says, assume):
    assert light(says, assume) is Light.PASS


def test_a_sign_contradicts_no_upper_bound():
    assert light("sum((1-2/d)^M, d, 1, 2) = O(1)") is Light.UNKNOWN


def test_a_negative_bound_of_what_may_be_positive_is_no_contradiction(monkeypatch):
    right = ladders.meaning

    def wide(expr, setting, sizes):
        found = right(expr, setting, sizes)
        return Meaning(found.upper, mul(Num(Fraction(-1)), found.lower))

    monkeypatch.setattr(
        ladders, "meaning", lambda e, *more: (wide if "approx" in str(e) else right)(e, *more)
    )
    found = evidence(make_claim("approx = Theta(M^(1-a))", list(AB)))
    assert (found.light, found.summary) == (
        Light.UNKNOWN, "the lower bound of LEFT/RIGHT is negative",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("says", "values", "step"),
    [
        ("gamma*M = O(M)", {}, Fraction(1, 30)),
        ("gamma*M = O(7*M^(100/3))", {}, Fraction(1, 210)),  # exponents do not count
        ("sum(gamma/50, i, 1, M) = O(M)", {}, Fraction(1, 1500)),
        ("(c+1)*gamma*M = O(M)", {"c": Fraction(3)}, Fraction(1, 120)),
        ("10^-90*gamma*M = O(M)", {}, Fraction(1, 10**6)),
        ("gamma*M/(c - 4) = O(M)", {"c": Fraction(4)}, Fraction(1, 30)),  # without a value
    ],
)
def test_the_second_step_is_below_the_numbers_in_the_claim(says, values, step):
    assume = [f"{name} = {value}" for name, value in values.items()]
    claim = make_claim(says, assume)
    assert ladders.small_step(claim, values) == step
    last = evidence(claim).details["ladders"][-1]
    assert last["step"] == str(step)


def test_an_exponentially_small_lower_bound_is_no_alarm_against_an_upper_one():
    # Where M^a is far below N_eff the mean path is exponentially small.
    claim = make_claim("bias = O(max(M^(1-a), (N_eff*gamma)^(1/a-1)))", list(STEPS))
    path = {"M": (ONE / 4, 0 * ONE), "N": (ONE, 0 * ONE), "gamma": (0 * ONE, 0 * ONE)}
    rung = next(rungs(claim, {"a": 2 * ONE, "b": 2 * ONE}, path, [24]))
    assert certainly_less(rung.lower, Fraction(1, 10**100))
    assert evidence(claim).light is Light.PASS


def test_defining_sums_say_nothing_about_constants():
    assert light("approx ~ M^(1-a)", AB) is Light.UNKNOWN


def test_what_has_no_definition_is_unknown():
    found = evidence(
        make_claim("mean_bias = O(1)", list(AB), algorithm="averaged-sgd", schedule="geometric")
    )
    assert found.light is Light.UNKNOWN
    assert "averaged-sgd" in found.summary


# An error planted in the engine turns the light.


def wrong_tail(target, M):
    from ratecert.numerics.balls.risk_sums import approx

    return mul(power(Num(Fraction(M)), Num(Fraction(1, 4))), approx(target, M))


def test_sees_a_wrong_exponent_in_the_true_sums(monkeypatch):
    says, assume = "approx = Theta(M^(1-b))", ("a > 1", "b > 1")
    assert light(says, assume, features="top") is Light.PASS
    monkeypatch.setattr(ladders, "approx", wrong_tail)
    assert light(says, assume, features="top") is Light.FAIL


def test_sees_a_wrong_exponent_in_the_defining_sums(monkeypatch):
    right = ladders.meaning

    def wrong(expr, setting, sizes):
        found = right(expr, setting, sizes)
        upper = mul(found.upper, power(make_claim("N = O(N)").left, Num(Fraction(1, 4))))
        return Meaning(upper, found.lower)

    says = "variance = O(min(M, (N_eff*gamma)^(1/a))/N_eff)"
    assert light(says, STEPS) is Light.PASS
    monkeypatch.setattr(ladders, "meaning", wrong)
    assert light(says, STEPS) is Light.FAIL


def test_sees_a_wrong_sum(monkeypatch):
    right = places.enclose_expr

    def wrong(expr, values, digits):
        ball = right(expr, values, digits)
        with precision(256):
            size = ball.arb ** rational_ball(Fraction(3, 2))
            return Ball.of(size, digits)

    monkeypatch.setattr(places, "enclose_expr", wrong)
    assert light("approx = Theta(M^(1-a))", AB) is Light.PASS  # both sides, equally wrong
    monkeypatch.setattr(
        places,
        "enclose_expr",
        lambda expr, values, digits: (wrong if "sum" in str(expr) else right)(
            expr, values, digits
        ),
    )
    places._enclosed.cache_clear()
    assert light("approx = Theta(M^(1-a))", AB) is Light.FAIL


# What it hands over.


def test_the_constants_hold_the_ratios_between_them():
    claim = make_claim("approx = Theta(M^(1-a))", list(AB))
    for entry in evidence(claim).details["ladders"]:
        low, high = (Fraction(text) for text in entry["between"])
        for rung in entry["rungs"]:
            ball = Ball(rung["ratio"]["midpoint"], rung["ratio"]["radius"], 6)
            assert certainly_less(low, ball)
            assert certainly_greater(high, ball)


def test_looks_into_every_regime_along_the_boundary_and_close_to_the_edge():
    found = evidence(make_claim(VARIANCE, list(STEPS))).details["ladders"]
    places = {(entry["values"]["a"], *entry["regime"]) for entry in found}
    for sign in ("<<", "~", ">>"):
        assert ("2", f"M {sign} (N_eff*gamma)^(1/a)") in places
    assert {Fraction(entry["values"]["a"]) for entry in found} >= {Fraction(11, 10), Fraction(2)}


def test_drift_is_labelled_by_what_was_predicted():
    found = evidence(make_claim(VARIANCE, list(STEPS))).details["ladders"]
    drifts = {entry["regime"][0]: entry["drift"][0] for entry in found[:3]}
    assert drifts["M << (N_eff*gamma)^(1/a)"]["label"] == "settled"
    boundary = drifts["M ~ (N_eff*gamma)^(1/a)"]
    # N_eff = N/log N, and the path is t^a log t.
    assert boundary["label"] == "explained"
    assert boundary["predicted correction"] == "log(t)^(-1)*log(log(t))"
    assert all(entry["drift"][0]["label"] in ("settled", "explained") for entry in found)


def test_a_power_of_drift_is_no_next_order_term(monkeypatch):
    """Control: an engine that is off by t^(1/16), too little for the light at quick."""
    right = ladders.meaning

    def wrong(expr, setting, sizes):
        found = right(expr, setting, sizes)
        off = power(make_claim("M = O(M)").left, Num(Fraction(1, 16)))
        return Meaning(mul(found.upper, off), mul(found.lower, off))

    claim = make_claim("approx = Theta(M^(1-a))", list(AB))
    path = {"M": (ONE, 0 * ONE)}
    values = {"a": 2 * ONE, "b": 2 * ONE}
    points = list(rungs(claim, values, path, (3, 12, 18, 24)))
    labels = [drift.label for drift in enclosure._drifts(claim, values, path, points)]
    assert labels == ["settled"]
    numbers = [(10**r.decades, r.upper) for r in points]
    with monkeypatch.context() as patched:
        patched.setattr(
            ladders,
            "meaning",
            lambda e, *more: (wrong if "approx" in str(e) else right)(e, *more),
        )
        points = list(rungs(claim, values, path, (3, 12, 18, 24)))
    assert numbers[0][1] != points[0].upper
    labels = [drift.label for drift in enclosure._drifts(claim, values, path, points)]
    assert labels == ["unexplained"]


def test_mpmath_agrees_at_level_full_and_a_disagreement_fails(monkeypatch):
    claim = make_claim("approx = Theta(M^(1-a))", list(AB))
    found = evidence(claim, "full")
    assert found.light is Light.PASS
    assert all(
        set(entry["mpmath agrees"].values()) == {True} for entry in found.details["ladders"]
    )
    places._enclosed.cache_clear()
    places._agreed.cache_clear()
    right = places.enclose_expr

    def wrong(expr, values, digits):
        ball = right(expr, values, digits)
        with precision(256):
            return Ball.of(ball.arb * (1 + rational_ball(Fraction(1, 10**5))), digits)

    monkeypatch.setattr(places, "enclose_expr", wrong)
    found = evidence(claim, "full")
    assert found.light is Light.FAIL
    assert "disagree" in found.summary


def test_numbers_are_the_same_every_time():
    claim = make_claim("variance = Theta(min(M, (N_eff*gamma)^(1/a))/N_eff)", list(STEPS))
    first = evidence(claim)
    places._enclosed.cache_clear()
    assert evidence(claim) == first


def test_a_path_with_an_iterated_logarithm():
    claim = make_claim("M = o(N)", ["N >= M"])
    path = {"M": (ONE, 0 * ONE), "N": (ONE, 0 * ONE, ONE)}
    (rung,) = rungs(claim, {}, path, [24])
    # M/N = 1/(log log 10^24) = 1/4.0118…
    assert certainly_less(rung.upper, Fraction(2494, 10000))
    assert certainly_greater(rung.lower, Fraction(2492, 10000))
