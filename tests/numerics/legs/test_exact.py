import math
from dataclasses import replace
from fractions import Fraction

import pytest

from ratecert.numerics.legs import optima, places, values
from ratecert.numerics.legs.exact import evidence
from ratecert.numerics.model.problem import Method, Regular
from ratecert.numerics.risk.multiple import MultipleProblem, multiple_curve
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.verdict.certificate import Light

AB = ["a > 1", "b = a"]
STEPS = [*AB, "N_eff*gamma >= 1"]
VARIANCE = "variance = Theta(min(M, (N_eff*gamma)^(1/a))/N_eff)"
AVERAGED = {"algorithm": "averaged-sgd", "schedule": "constant"}
ALLOCATION = {
    "minimise": "risk - sigma^2",
    "over": ["M", "N_eff"],
    "subject_to": "M*N_eff = C",
    "features": "top",
}


@pytest.fixture(autouse=True)
def _nothing_remembered():
    _forget()
    yield
    _forget()


def _forget():
    for remembered in (
        values._approximation, values._responses, values._dimension, values._drawn_spectra,
        values._sketched, values._eigenvalue, optima._objective, places._enclosed,
    ):  # fmt: skip
        remembered.cache_clear()


def light(says, assume=AB, **settings):
    return evidence(make_claim(says, assume, **settings)).light


@pytest.mark.parametrize(
    ("says", "assume", "settings"),
    [
        ("approx = Theta(M^(1-a))", AB, {}),
        ("approx ~ M^(1-b)/(b-1)", ["a > 1", "b > 1"], {"features": "top"}),
        ("approx/M^(1-b) = Theta(1)", AB, {"features": "top", "outputs": "3"}),
        ("variance = Theta(min(M, (N_eff*gamma)^(1/a))/N_eff)", STEPS, {}),
        ("variance = Theta(min(M, (N_eff*gamma)^(1/a))/N_eff)", STEPS, {"features": "top"}),
        ("risk - sigma^2 = Theta(M^(1-a) + (N_eff*gamma)^((1-a)/a))", STEPS, {}),
        ("bias = O((N_eff*gamma)^((1-a)/a))", AB, {"features": "top"}),
        ("eigenvalue(j) = Theta(j^-a)", ["a > 1", "M >= j"], {"features": "top", "sizes": ["j"]}),
        ("eigenvalue(j) = Theta(j^-a)", ["a > 1", "M >= j"], {"sizes": ["j"]}),
        ("effective_dimension = O(M)", ["a > 1"], {"features": "top"}),
        ("effective_dimension = Theta(min(M, (N_eff*gamma)^(1/a)))", STEPS, {}),
        ("variance = Theta(min(M, (N*gamma)^(1/a))/N)", [*AB, "N*gamma >= 1"], AVERAGED),
        (
            "mean_bias = Theta((N*gamma)^(-2))",
            ["a > 1", "b > 2*a + 1", "N*gamma >= 1"],
            {**AVERAGED, "features": "top"},
        ),
        ("approx = Theta(M^(1-b))", ["b > 1", "b < 3"], {"kernel": "brownian"}),
        (
            "approx = Theta(M^(1-b))",
            ["1 < b < 3/2", "c = 5/2"],
            {"target": ["i^-c", "i^-b"], "kernel": "brownian"},
        ),
        (
            "risk - sigma^2 - s^2 = Theta(M^(1-a) + (N_eff*gamma)^((1-a)/a))",
            [*STEPS, "s > 0"],
            {"noise": ["sigma^2", "s^2"]},
        ),
    ],
)
def test_passes_what_is_true(says, assume, settings):
    assert light(says, assume, **settings) is Light.PASS


@pytest.mark.parametrize(
    ("says", "assume"),
    [
        ("variance = Theta(min(M, (N_eff*gamma)^(1/a))/N_eff)", AB),
        ("risk - sigma^2 = Theta(M^(1-a) + (N_eff*gamma)^((1-a)/a))", AB),
        ("risk - sigma^2 = Theta(M^(1-a))", STEPS),
        ("risk - sigma^2 = Theta((N_eff*gamma)^((1-a)/a))", STEPS),
        ("bias = Theta((N_eff*gamma)^((1-a)/a))", STEPS),
    ],
)
def test_looks_into_every_regime_of_learning(says, assume):
    # Each is wrong in one regime only: few steps, many features, few features.
    assert light(says, assume) is Light.FAIL


@pytest.mark.parametrize(
    ("says", "assume", "settings"),
    [
        ("approx = Theta(M^(5/4-a))", AB, {}),
        ("approx = O(M^(3/4-a))", AB, {}),
        ("approx ~ M^(1-b)/b", ["a > 1", "b > 1"], {"features": "top"}),
        ("approx = o(M^(1-b))", ["a > 1", "b > 1"], {"features": "top"}),
        ("risk - sigma^2 = O(M^(1-a))", STEPS, {}),
        ("mean_bias = Omega((N_eff*gamma)^((1-a)/a))", STEPS, {"features": "top"}),
        ("effective_dimension = Theta(M)", ["a > 1", "N_eff >= M"], {"features": "top"}),
        ("effective_dimension = Theta(M)", ["a > 1", "N_eff >= M"], {}),
        ("eigenvalue(j) = Theta(j^(1/4-a))", ["a > 1", "M >= j"], {"sizes": ["j"]}),
        ("variance = Theta(gamma)", [*AB, "N*gamma >= 1"], AVERAGED),
    ],
)
def test_contradicts_what_is_wrong_by_a_quarter_of_a_power_or_a_constant(says, assume, settings):
    # At the level that looks along many of the sample paths.
    assert evidence(make_claim(says, assume, **settings), "full").light is Light.FAIL


def test_the_total_of_the_parts_loses_its_noise_exactly():
    # risk - sigma^2 falls far below sigma^2 = 1.
    assume = ["a = 3", "b = 3", "gamma = 1", "N_eff >= M^3"]
    assert light("risk - sigma^2 = Theta(M^(1-a) + M/N_eff)", assume, features="top") is (
        Light.PASS
    )


def test_what_is_below_double_precision_supports_no_lower_bound():
    # The bias decays exponentially where N_eff is far above M^a.
    assume = ["a = 2", "b = 2", "gamma = 1", "N = M^8"]
    assert light("mean_bias = O(1/M)", assume, features="top") is Light.PASS
    assert light("mean_bias = Omega(exp(-N))", assume, features="top") is Light.UNKNOWN


def test_a_logarithm_is_no_contradiction():
    assert light("approx = Theta(M^(1-a)*log(M))") is not Light.FAIL


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("optimal(M) = Theta(C^(1/(a+1)))", Light.PASS),
        ("optimal(N_eff) = Theta(C^(a/(a+1)))", Light.PASS),
        ("optimal(value) = Theta(C^((1-a)/(a+1)))", Light.PASS),
        ("optimal(M) = Theta(C^(2/3))", Light.FAIL),
        ("optimal(value) = Theta(C^(1-a))", Light.FAIL),
    ],
)
def test_optima_are_found_by_search(says, expected):
    assume = ["a > 1", "b = a", "gamma = 1"]
    assert light(says, assume, **ALLOCATION) is expected


def test_an_optimum_of_an_explicit_objective():
    objective = {"minimise": "1/M + 1/N", "over": ["M", "N"], "subject_to": "M^2*N = C"}
    assert light("optimal(M) = Theta(C^(1/3))", [], **objective) is Light.PASS
    assert light("optimal(M) = Theta(C^(2/3))", [], **objective) is Light.FAIL


def test_an_optimum_over_too_many_sizes_is_not_searched_for():
    more = {**ALLOCATION, "over": ["M", "N_eff", "gamma"]}
    found = evidence(make_claim("optimal(M) = Theta(C^(1/(a+1)))", AB, **more))
    assert found.light is Light.UNKNOWN
    assert "constraint" in found.summary


# An error planted in the engine turns the light.


def test_sees_a_wrong_exponent_of_approx(monkeypatch):
    right = values.approximation
    monkeypatch.setattr(values, "approximation", lambda p, M: right(p, M) * M**0.25)
    assert light("approx = Theta(M^(1-a))") is Light.FAIL


def test_sees_a_wrong_exponent_of_the_variance(monkeypatch):
    right = values.equivalent_excess
    says = "variance = Theta(min(M, (N_eff*gamma)^(1/a))/N_eff)"

    def wrong(problem, method, M, N, digits):
        value = right(problem, method, M, N, digits)
        return replace(value, variance=value.variance * N**0.25)

    monkeypatch.setattr(values, "equivalent_excess", wrong)
    assert light(says, STEPS, features="top") is Light.FAIL


def test_numbers_are_the_same_every_time():
    claim = make_claim("variance = O(1/N_eff)", STEPS, features="top")
    first = evidence(claim)
    _forget()
    assert evidence(claim) == first


def test_an_objective_without_a_minimum_is_unknown():
    """The variance falls with the step all the way to 0: no step is the best one."""
    settings = {"minimise": "variance", "over": ["gamma"]}
    assert light("optimal(gamma) = Theta(1)", ["a > 1", "b = a"], **settings) is Light.UNKNOWN


def test_outputs_of_their_own_are_added_up():
    """Against `ratecert.numerics.risk.multiple`, which shares the sketches; noise of irrational
    size too."""
    noises = ["sigma^2", "2*sigma^2", "s^(1/2)"]
    claim = make_claim("risk = O(1)", ["a > 1", "b > 1", "s > 0"], noise=noises,
                       target=["i^-b", "i^-a", "i^-2"])  # fmt: skip
    at = {"a": Fraction(2), "b": Fraction(3, 2), "s": Fraction(2)}
    place = {"M": Fraction(8), "N": Fraction(300), "gamma": Fraction(1, 10)}
    names = values.RESPONSES | {"approx", "irreducible", "effective_dimension"}
    found = values.parts_at(claim.setting, at, place, names)
    law, target = Regular(1.0, ((0.0, 2.0),)), Regular(1.0, ((0.0, 1.5),))
    problem = MultipleProblem.of(law, [target, law, law], [1.0, 2.0, 2**0.5])
    (exact,) = multiple_curve(problem, Method(0.1), 8, [300], draws=values.SKETCHES)
    for name in (*values.RESPONSES, "approx", "irreducible"):
        assert float(found[name].value) == pytest.approx(getattr(exact.total, name), rel=1e-12)
    alone = make_claim("risk = O(1)", ["a > 1", "b > 1"]).setting
    single = values.parts_at(alone, at, place, frozenset({"effective_dimension"}))
    assert found["effective_dimension"] == single["effective_dimension"]


# What is no problem.


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"spectrum": "(i+1)^2", "target": "i^-2"}, "the sum of (i + 1)^2 over all i diverges"),
        ({"spectrum": "i^-1"}, "the sum of i^-1 over all i diverges"),
        ({"spectrum": "i^-1*log(i+1)^-1"}, "the sum of i^-1*log(i + 1)^-1 over all i diverges"),
        ({"spectrum": "(i-1)^-2"}, "is not finite from i = 1 on"),
        ({"spectrum": "-i^-2"}, "must be positive"),
        ({"target": "i^(-1/2)"}, "the sum of i^-0.5 over all i diverges"),
        ({"target": ["i^-2", "-i^-3"]}, "must be positive"),
        ({"batch": "-1"}, "a batch of -1 is below 1"),
        ({"outputs": "1/2"}, "a number of outputs of 1/2 is below 1"),
    ],
)
@pytest.mark.parametrize("says", ["variance = O(1)", "approx = O(1)"])
def test_a_problem_that_is_none_fails(says, settings, why):
    claim = make_claim(says, [], spectrum="i^-2", target="i^-2", features="top")
    # A claim file with these would be unusable, so they are put in behind its back.
    parts = {
        key: tuple(map(parse_expr, text)) if isinstance(text, list) else parse_expr(text)
        for key, text in settings.items()
    }
    found = evidence(replace(claim, setting=replace(claim.setting, **parts)))
    assert found.light is Light.FAIL
    assert why in found.summary


@pytest.mark.parametrize(
    ("says", "target"),
    [
        ("effective_dimension = O(M)", "i^(-1/2)"),  # the target is not used
        ("approx = O(1)", "2^-i"),  # of a form without numbers here
    ],
)
def test_what_may_be_a_problem_does_not_fail(says, target):
    assert light(says, [], spectrum="i^-2", target=target) is Light.UNKNOWN


def test_an_exponent_that_is_one_up_to_rounding_is_not_known_to_diverge():
    from ratecert.numerics.model.problem import IllPosedError, Regular

    with pytest.raises(UserError, match="diverges") as caught:
        Regular(1.0, ((0.0, 1 - 1e-15),), ((1.0, 2.0),))
    assert not isinstance(caught.value, IllPosedError)
    with pytest.raises(IllPosedError, match="diverges"):
        Regular(1.0, ((0.0, 1 - 1e-6),), ((1.0, 2.0),))


# Sizes and steps.


def test_sizes_are_odd_and_even_and_steps_of_several_constants():
    claim = make_claim(VARIANCE, STEPS, features="top")
    ladders = evidence(claim).details["ladders"]
    sizes = [int(rung["sizes"]["M"]) for entry in ladders for rung in entry["rungs"]
             if float(rung["sizes"]["M"]) < 10**5]  # fmt: skip
    assert {size % 2 for size in sizes} == {0, 1}
    shares = [entry.get("share of the first step") for entry in ladders]
    assert shares[-2:] == ["1/3", "1/10"]
    assert not any(shares[:-2])


def test_a_smaller_step_vetoes(monkeypatch):
    from ratecert.numerics.legs import exact

    right = exact.number

    def wrong(expr, setting, known, place):
        """What the engine makes of a step below the first is off by a power."""
        found = right(expr, setting, known, place)
        first = exact.first_step(exact.problem_of(setting, setting.each()[0], known, place))
        off = math.log(place["N"]) if "variance" in str(expr) and place["gamma"] < first else 0.0
        return replace(found, log=found.log + off)

    claim = make_claim(VARIANCE, ["a = 2", "b = 2", "gamma = 1"], features="top")
    assert evidence(claim).light is Light.PASS
    monkeypatch.setattr(exact, "number", wrong)
    assert evidence(claim).light is Light.FAIL


def test_a_bias_in_the_last_decade_of_the_floats_has_an_error():
    # The energy over it is beyond the largest float.
    setting = make_claim("bias = O(1)", [], spectrum="i^-3", target="i^-3", features="top").setting
    place = {"M": Fraction(32), "N": Fraction(817084000), "gamma": Fraction("0.207977")}
    setting = replace(setting, schedule="geometric")
    part = values.parts_at(setting, {}, place, frozenset({"bias"}))["bias"]
    assert 0 < part.value < Fraction(1, 10**308)
    assert part.error < Fraction(1, 10**300)


def test_an_explicit_objective_speaks_of_no_problem() -> None:
    """Its parameter a may be called like that of the default spectrum, and be below 1."""
    claim = make_claim(
        "optimal(N) = Theta(C^(b/(a+b)))",
        ["a > 0", "a < 1", "b > 0"],
        minimise="N^-a + D^-b",
        over=["N", "D"],
        subject_to="N*D = C",
    )
    assert evidence(claim).light is not Light.FAIL
