import pytest

from ratecert.numerics.legs import simulation
from ratecert.numerics.legs.simulation import evidence
from ratecert.numerics.model.schedules import Schedule
from ratecert.numerics.risk import multiple
from ratecert.numerics.simulation import simulated
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.verdict.certificate import Light

AB = ["a > 1", "b = a"]


@pytest.fixture(autouse=True)
def _nothing_remembered():
    simulation._simulated.cache_clear()
    yield
    simulation._simulated.cache_clear()


def light(says="excess = O(1)", **settings):
    return evidence(make_claim(says, AB, **settings)).light


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"features": "top"},
        {"schedule": "constant"},
        {"algorithm": "averaged-sgd", "schedule": "constant"},
        {"batch": "3", "outputs": "2"},
        {"outputs": "p", "sizes": ["p"]},
        {"target": ["i^-b", "3*i^-2"], "noise": ["sigma^2", "2"]},
        {"noise": "3*sigma^2"},
    ],
)
def test_passes_in_every_setting(settings):
    # Declared rate of false alarms of all eight: 1.6e-8.
    assert light(**settings) is Light.PASS


def test_sees_a_wrong_step_in_the_simulator(monkeypatch):
    right = simulated.simulate

    def wrong(source, schedule, *args, **options):
        steps = Schedule(1.3 * schedule.gammas, schedule.steps)
        return right(source, steps, *args, **options)

    monkeypatch.setattr(simulated, "simulate", wrong)
    assert light() is Light.FAIL


def test_sees_a_wrong_variance_in_the_exact_engine(monkeypatch):
    right = simulated.expected_excess

    def wrong(lam, energy, noise, *args):
        return right(lam, energy, 1.5 * noise, *args)

    monkeypatch.setattr(simulated, "expected_excess", wrong)
    assert light() is Light.FAIL


def test_does_not_pass_where_it_could_see_nothing(monkeypatch):
    monkeypatch.setitem(simulation._RUNS, "quick", 40)
    assert light() is Light.UNKNOWN


def test_what_cannot_be_simulated_is_unknown():
    found = evidence(make_claim("excess = O(1)", AB, spectrum="exp(-a*i)"))
    assert found.light is Light.UNKNOWN
    assert "exp" in found.summary


def test_the_seed_hangs_on_the_problem_alone():
    one = evidence(make_claim("excess = O(1)", AB))
    other = evidence(
        make_claim("variance = O(2)", ["q > 1", "b = q"], spectrum="3*i^-q", target="i^-b")
    )
    assert one.details["problems"] == other.details["problems"]
    topped = evidence(make_claim("excess = O(1)", AB, features="top"))
    seeds = [row["seed"] for e in (one, topped) for row in e.details["problems"]]
    assert len(set(seeds)) == 4


def test_outputs_of_their_own_are_held_each_against_its_own(monkeypatch):
    found = evidence(make_claim("excess = O(1)", AB, target=["i^-b", "i^-b", "i^-(9/8)"]))
    rows = found.details["problems"]
    assert [row["sigma^2"] for row in rows] == ["0"] * 3 + ["10"] * 3
    assert len({row["exact"] for row in rows}) == 4
    right = multiple.expected_excess

    def wrong(lam, energy, *args):
        return right(lam, energy * (1.5 if energy.sum() > 1.8 else 1.0), *args)

    # Only the third output is computed wrongly.
    monkeypatch.setattr(multiple, "expected_excess", wrong)
    simulation._simulated.cache_clear()
    assert light(target=["i^-b", "i^-b", "i^-(9/8)"]) is Light.FAIL
