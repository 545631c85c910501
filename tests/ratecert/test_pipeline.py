import json
import pickle
from fractions import Fraction
from itertools import pairwise

import pytest

import ratecert
from numerics.legs import places, rungs
from numerics.legs import values as legvalues
from proofs_check.claimfile import make_claim
from proofs_check.errors import UserError
from proofs_check.expr import Num, mul, power
from proofs_check.verdict import LEGS, Light, Verdict
from ratecert import pipeline
from ratecert.certificate_json import record, report_entry
from ratecert.pipeline import certify

AB = ["a > 1", "b = a"]
STEPS = [*AB, "N_eff*gamma >= 1"]
VARIANCE = "variance = Theta(min(M, (N_eff*gamma)^(1/a))/N_eff)"


@pytest.fixture(autouse=True)
def _nothing_remembered():
    places._enclosed.cache_clear()
    legvalues._approximation.cache_clear()


def test_a_true_claim_is_certified_on_four_legs():
    certificate = certify(make_claim(VARIANCE, STEPS, features="top"))
    assert certificate.verdict is Verdict.CERTIFIED
    assert certificate.as_expected
    assert dict(certificate.lights) == dict.fromkeys(LEGS, Light.PASS)
    assert certificate.derivation is not None
    assert certificate.witness is None
    assert certificate.trust
    assert [e.leg for e in certificate.evidence] == list(LEGS[1:])


def test_a_false_claim_is_refuted_with_ratios_along_its_witness():
    certificate = certify(make_claim("approx = Theta(M^(-a))", AB))
    assert certificate.verdict is Verdict.REFUTED
    assert certificate.lights["derivation"] is Light.FAIL
    witness = certificate.witness
    assert witness is not None
    assert witness["values"].keys() == {"a", "b"}
    assert witness["path"] == {"M": "t"}
    rows = [
        (row["t"], Fraction(row["ratio"]), Fraction(row["radius"])) for row in witness["ratios"]
    ]
    assert [t for t, _, _ in rows] == ["10^3", "10^6", "10^12", "10^24"]
    # approx/M^-a is of order M.
    assert all(later[1] > 100 * sooner[1] for sooner, later in pairwise(rows))
    assert all(0 <= radius < ratio / 1000 for _, ratio, radius in rows)


def test_the_witness_against_an_optimal_value_is_a_feasible_point():
    claim = make_claim(
        "optimal(value) = Theta(C^(-1/4))", minimise="1/M + 1/N", over=["M", "N"],
        subject_to="M*N = C",
    )  # fmt: skip
    certificate = certify(claim)
    assert certificate.verdict is Verdict.REFUTED
    ratios = [Fraction(row["ratio"]) for row in certificate.witness["ratios"]]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[-1] < Fraction(1, 100) < ratios[0] / 10


def test_a_claim_without_rules_is_undecided_with_its_reason():
    claim = make_claim("bias = O(1)", AB, algorithm="averaged-sgd", schedule="geometric")
    certificate = certify(claim)
    assert certificate.verdict is Verdict.UNDECIDED
    assert "averaged-sgd" in certificate.reason
    assert set(certificate.lights) == set(LEGS)


def test_an_error_in_a_numeric_engine_is_a_loud_disagreement(monkeypatch):
    right = rungs.approx

    def wrong(target, M):
        return mul(power(Num(Fraction(M)), Num(Fraction(1, 4))), right(target, M))

    monkeypatch.setattr(rungs, "approx", wrong)
    certificate = certify(make_claim("approx = Theta(M^(1-b))", AB, features="top"))
    assert certificate.verdict is Verdict.UNDECIDED
    assert certificate.reason.startswith("internal disagreement")
    assert certificate.lights["enclosure"] is Light.FAIL


def test_numbers_against_a_checked_witness_are_a_disagreement(monkeypatch):
    right = rungs.approx

    def wrong(target, M):
        # With the error M^-2 the ratio to M^-a falls where the witness has it grow.
        return mul(power(Num(Fraction(M)), Num(Fraction(-2))), right(target, M))

    monkeypatch.setattr(rungs, "approx", wrong)
    certificate = certify(make_claim("approx = O(M^(-b))", AB, features="top"))
    assert certificate.verdict is Verdict.UNDECIDED
    assert certificate.reason.startswith("internal disagreement")


@pytest.mark.parametrize("rejected", ["check", "check_witness"])
def test_a_producer_that_is_wrong_only_leaves_the_claim_undecided(monkeypatch, rejected):
    def refuse(*args):
        raise pipeline.RejectedError("a step does not hold")

    says = "approx = Theta(M^(1-a))" if rejected == "check" else "approx = O(M^(-a))"
    monkeypatch.setattr(pipeline, rejected, refuse)
    assert certify(make_claim(says, AB)).verdict is Verdict.UNDECIDED


def test_an_unknown_level_is_refused():
    with pytest.raises(UserError, match="quick or full"):
        certify(make_claim("M = O(M)"), "thorough")


def test_certificates_travel_between_processes_and_into_files():
    certificate = certify(make_claim("approx = Theta(M^(-a))", AB))
    assert pickle.loads(pickle.dumps(certificate)) == certificate
    json.dumps([report_entry(certificate), record(certificate)], allow_nan=False)


def test_nothing_but_the_seconds_changes_from_run_to_run():
    claim = make_claim("variance = O(1/N_eff)", STEPS, features="top")
    first = certify(claim)
    places._enclosed.cache_clear()
    legvalues._responses.cache_clear()
    assert certify(claim) == first


def test_names_make_no_difference():
    one = certify(make_claim("approx = Theta(M^(1-a))", AB))
    other = certify(
        make_claim(
            "approx = Theta(M^(1-zeta_))",
            ["zeta_ > 1", "q = zeta_"],
            spectrum="i^-zeta_",
            target="i^-q",
        )
    )
    assert (one.verdict, one.lights) == (other.verdict, other.lights)


def test_the_public_names_lead_to_their_functions():
    assert ratecert.certify is certify
    assert set(ratecert.__all__) >= {"certify", "enclose", "expected_risk", "simulate"}
    assert ratecert.enclose("1/(i*(i+1))", "i=1..oo", {}, 20).contains(Fraction(1))
    assert ratecert.expected_risk(4, 10, values={"a": 2, "b": 2}, features="top").M == 4
    assert ratecert.simulate(2, 8, values={"a": 2, "b": 2}, features="top", runs=4).steps == 8
