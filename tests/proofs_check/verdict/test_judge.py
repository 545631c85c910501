from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.verdict.certificate import LEGS, Evidence, Light, Verdict, is_expected
from ratecert.proofs_check.verdict.judge import APPLIES, NUMERIC, applies, judge, kind

AB = ("a > 1", "b = a")
OPTIMUM = {"over": ["M", "N"], "subject_to": "M*N = C"}

CLAIMS = {
    "explicit": make_claim("M + N = Theta(max(M, N))"),
    "eigenvalue": make_claim("eigenvalue(j) = Theta(j^-a)", ["a > 1", "M >= j"]),
    "effective dimension": make_claim("effective_dimension = O(M)", ["a > 1"]),
    "approximation": make_claim("approx = Theta(M^(1-a))", AB),
    "mean path": make_claim("approx + mean_bias = O(1)", AB),
    "response of SGD": make_claim("variance/(approx + mean_bias) = O(1)", AB),
    "optimum of an explicit objective": make_claim(
        "optimal(M) = Theta(C^(1/2))", minimise="1/M + 1/N", **OPTIMUM
    ),
    "optimum of a quantity": make_claim(
        "optimal(value) = O(1)", AB, minimise="approx + M/N", **OPTIMUM
    ),
    "optimum of a response of SGD": make_claim(
        "optimal(M) = O(C)", AB, minimise="risk - sigma^2", **OPTIMUM
    ),
}

SPEAKING = [Light.PASS, Light.FAIL, Light.UNKNOWN]


@dataclass(frozen=True)
class Given:
    """What the judge hears about one claim."""

    name: str
    checked: bool
    refuted: bool
    lights: tuple[Light, ...]
    witness: Light

    @property
    def evidence(self):
        claim = CLAIMS[self.name]
        speaking = zip(NUMERIC, self.lights, strict=True)
        return [
            Evidence(leg, light if applies(claim, leg) else Light.NA, f"{leg} says so")
            for leg, light in speaking
        ]

    def judged(self):
        flag = {True: object(), False: None}
        return judge(
            CLAIMS[self.name], flag[self.checked], flag[self.refuted], self.evidence,
            "no rule", self.witness,
        )  # fmt: skip


givens = st.builds(
    Given,
    st.sampled_from(sorted(CLAIMS)),
    st.booleans(),
    st.booleans(),
    st.tuples(*[st.sampled_from(SPEAKING)] * len(NUMERIC)),
    st.sampled_from(SPEAKING),
)


def test_every_kind_of_the_table_is_met():
    assert {name: kind(claim) for name, claim in CLAIMS.items()} == {
        name: name for name in APPLIES
    }


def test_every_leg_of_the_table_is_numeric():
    assert set().union(*APPLIES.values()) == set(NUMERIC)
    assert all(APPLIES.values())


@pytest.mark.parametrize("quantity", ["risk", "excess", "bias", "variance"])
def test_whatever_sgd_answers_to_noise_or_error_is_simulated(quantity):
    assert applies(make_claim(f"{quantity} = O(1)", AB), "simulation")


def test_the_kind_does_not_hang_on_names_of_parameters():
    assert kind(make_claim("approx = Theta(M^(1-q))", ["q > 1", "b = q"], spectrum="i^-q")) == (
        "approximation"
    )


def test_the_irreducible_risk_is_an_explicit_expression():
    assert kind(make_claim("irreducible = Theta(1)")) == "explicit"


@given(givens)
@example(Given("explicit", True, False, (Light.PASS, Light.FAIL, Light.FAIL), Light.UNKNOWN))
def test_certified_means_proved_confirmed_and_not_contradicted(case):
    spoken = [e.light for e in case.evidence]
    certified = case.judged().verdict is Verdict.CERTIFIED
    assert certified == (
        case.checked and not case.refuted and Light.FAIL not in spoken and Light.PASS in spoken
    )


@given(givens)
def test_refuted_means_a_checked_witness_that_nothing_contradicts(case):
    refuted = case.judged().verdict is Verdict.REFUTED
    assert refuted == (case.refuted and not case.checked and case.witness is not Light.FAIL)


@given(givens)
def test_a_contradiction_of_checked_results_is_loud(case):
    verdict, reason, _ = case.judged()
    failing = [e for e in case.evidence if e.light is Light.FAIL]
    contradiction = (case.checked and (case.refuted or failing)) or (
        case.refuted and case.witness is Light.FAIL
    )
    assert reason.startswith("internal disagreement: ") == bool(contradiction)
    if contradiction:
        assert verdict is Verdict.UNDECIDED
    if case.checked and not case.refuted:
        assert all(e.summary in reason for e in failing)


@given(givens, st.sampled_from(Verdict))
def test_nobody_can_expect_a_fault_of_ours(case, expect):
    verdict, reason, _ = case.judged()
    faulty = reason.startswith("internal disagreement: ")
    assert is_expected(verdict, expect, reason) == (verdict is expect and not faulty)
    assert not is_expected(verdict, expect, "internal error: KeyError: 'M' (a.py:1)")


@given(givens)
def test_every_light_is_shown_and_the_derivation_has_its_own(case):
    lights = case.judged().lights
    assert tuple(lights) == LEGS
    assert [lights[e.leg] for e in case.evidence] == [e.light for e in case.evidence]
    assert (lights["derivation"] is Light.PASS) == (case.checked and not case.refuted)
    assert (lights["derivation"] is Light.FAIL) == (case.refuted and not case.checked)


@given(givens, st.sampled_from(NUMERIC))
def test_silence_never_helps(case, leg):
    at = NUMERIC.index(leg)
    lights = tuple(Light.UNKNOWN if k == at else x for k, x in enumerate(case.lights))
    quieter = Given(case.name, case.checked, case.refuted, lights, case.witness)
    if case.lights[at] is Light.PASS and quieter.judged().verdict is Verdict.CERTIFIED:
        assert case.judged().verdict is Verdict.CERTIFIED


def test_an_undecided_claim_says_why():
    silent = (Light.UNKNOWN,) * 3
    undecided = Given("approximation", False, False, silent, Light.UNKNOWN).judged()
    assert undecided.reason == "no rule"
    unconfirmed = Given("approximation", True, False, silent, Light.UNKNOWN).judged()
    assert "no numeric leg confirms it" in unconfirmed.reason
    assert "exact says so" in unconfirmed.reason
    evidence = Given("approximation", False, False, silent, Light.UNKNOWN).evidence
    assert "no derivation" in judge(CLAIMS["approximation"], None, None, evidence).reason


def test_evidence_that_is_not_of_the_table_is_refused():
    claim = CLAIMS["approximation"]
    right = Given("approximation", True, False, (Light.PASS,) * 3, Light.UNKNOWN).evidence
    with pytest.raises(ValueError, match="exactly one"):
        judge(claim, object(), None, right[:-1])
    with pytest.raises(ValueError, match="exactly one"):
        judge(claim, object(), None, [*right, right[0]])
    spoken = [*right[:-1], Evidence("simulation", Light.PASS, "")]
    with pytest.raises(ValueError, match="simulation"):
        judge(claim, object(), None, spoken)
    silenced = [Evidence("enclosure", Light.NA, ""), *right[1:]]
    with pytest.raises(ValueError, match="enclosure"):
        judge(claim, object(), None, silenced)
