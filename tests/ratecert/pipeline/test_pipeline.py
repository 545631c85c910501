import json
import pickle
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

import ratecert
from ratecert.io.certificates import record, report_entry
from ratecert.numerics.legs import places, rungs
from ratecert.numerics.legs import values as legvalues
from ratecert.pipeline import certify as pipeline
from ratecert.pipeline.certify import certify
from ratecert.proofs_check.checker import Checked
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import Num, mul, power
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.refutation.witness import Refuted
from ratecert.proofs_check.verdict.certificate import LEGS, Light, Verdict
from ratecert.theory.derive import Derived

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


# The numbers stop a search and a check that are both wrong.


def _told(monkeypatch, proof=None, refuted=None):
    """Have search and check say the same, right or not."""
    data = None if refuted is None else {"values": {}, "path": _powers(refuted.path)}
    found = Derived(proof, data, "", "", ())
    monkeypatch.setattr(pipeline, "derive", lambda claim: found)
    monkeypatch.setattr(pipeline, "check", lambda claim, proof: Checked(claim, ()))
    monkeypatch.setattr(pipeline, "check_witness", lambda claim, data: refuted)
    monkeypatch.setattr(pipeline, "refute", lambda claim: data)
    monkeypatch.setattr(pipeline, "refute_ratio", lambda claim: None)


def _powers(path):
    known = {"t": "1", "t^(1/2)": "1/2", "1": "0"}
    return {name: [known[text], "0", "0"] for name, text in path.items()}


def _wrongly_refuted(side, ratio, **path):
    return Refuted({}, path, side, ratio, f"LEFT/RIGHT is {ratio}", ())


WRONGLY_PROVED = [
    ("sum((1-2/k)^M/k, k, 1, M) = Theta(1)", []),
    ("sum((1-5/k)^M*k^-2, k, 1, oo) = Theta(1/M)", []),
    ("sum(log(1000*gamma*k)/k^2, k, 2, oo) = Theta(1)", ["gamma = 1"]),
    ("sum((gamma*k-1/1000)/k^3, k, 1, oo) = Theta(1)", ["gamma = 1"]),
    ("sum(log(5*gamma*t)/t^2, t, 1, oo) = Omega(1)", ["gamma = 1"]),
    ("sum((1-2/n)^M/n, n, 1, M) = Theta(1)", []),
    ("sum((1-3/n)^N/n, n, 1, N) = Theta(1)", []),
    ("sum((1-2/d)^M, d, 1, 2) = Theta(1)", []),
    ("sum(k^-2*(1-2/k)^(2*M), k, 1, oo) = O(1/M)", []),
    ("sum(i^-2*exp(-i/(2*i*N)), i, 1, oo) ~ 1", []),
]


@pytest.mark.parametrize(("says", "assume"), WRONGLY_PROVED)
@pytest.mark.parametrize("level", ["quick", "full"])
def test_numbers_veto_a_wrong_derivation_that_was_checked(monkeypatch, says, assume, level):
    _told(monkeypatch, proof={"kind": "wrong"})
    certificate = certify(make_claim(says, assume), level)
    assert certificate.verdict is Verdict.UNDECIDED
    assert certificate.reason.startswith("internal disagreement: the claim was proved, but encl")


@pytest.mark.parametrize(
    "settings",
    [
        {"spectrum": "(i+1)^2"},
        {"spectrum": "i^-1*log(i+1)^-1"},
        {"spectrum": "-i^-2"},
        {"target": "i^-1"},
    ],
)
def test_a_claim_about_a_divergent_object_is_not_certified(monkeypatch, settings):
    _told(monkeypatch, proof={"kind": "wrong"})
    says = "variance*N_eff/effective_dimension = Theta(1)"
    claim = make_claim(says, [], spectrum="i^-2", target="i^-2", features="top")
    # A claim file with these would be unusable, so they are put in behind its back.
    parts = {key: parse_expr(text) for key, text in settings.items()}
    certificate = certify(replace(claim, setting=replace(claim.setting, **parts)))
    assert certificate.verdict is Verdict.UNDECIDED
    assert certificate.lights["exact"] is Light.FAIL
    assert certificate.reason.startswith("internal disagreement: the claim was proved, but")


WRONGLY_REFUTED = [
    # The index k, a size's name, was taken to grow.
    ("sum((1-2/k)^(2*M), k, 1, 2) = Theta(1)", "below", "t^(-1000)"),
    ("sum(k^-2*(1-2/k)^(2*M), k, 1, oo) = Theta(1)", "below", "t^(-1)"),
    ("sum((1-2/k)^(2*M), k, 1, 2) = Omega(1)", "below", "t^(-oo)"),
    ("sum((1-2/k)^(2*M), k, 1, 2) = Omega(1)", "below", "0"),
    ("sum((1-2/k)^(2*M), k, 1, 2) ~ 1", "limit", "1/2"),
    ("sum(i^-2, i, 1, M) = O(1)", "above", "t^(1/10)*log(t)^(-3)"),
    ("M + 1 = Theta(M)", "above", "log(t)"),
    ("M^2 = Theta(M^2)", "below", "t^(-1/1000)"),
    ("M = o(M^2)", "above", "1"),
]


@pytest.mark.parametrize(("says", "side", "ratio"), WRONGLY_REFUTED)
@pytest.mark.parametrize("level", ["quick", "full"])
def test_numbers_veto_a_wrong_witness_that_was_checked(monkeypatch, says, side, ratio, level):
    _told(monkeypatch, refuted=_wrongly_refuted(side, ratio, M="t"))
    certificate = certify(make_claim(says), level)
    assert certificate.verdict is Verdict.UNDECIDED
    assert certificate.reason == (
        "internal disagreement: the claim was refuted, but the numbers along the path of its "
        "witness contradict the drift that was proved"
    )
    assert certificate.witness is None


def test_numbers_veto_a_wrong_witness_against_an_optimum(monkeypatch):
    claim = make_claim(
        "optimal(value) = Theta(C^(-1/2))", minimise="1/M + 1/N", over=["M", "N"],
        subject_to="M*N = C",
    )  # fmt: skip
    path = {"C": "t", "M": "t^(1/2)", "N": "t^(1/2)"}
    _told(monkeypatch, refuted=_wrongly_refuted("below", "t^(-1/4)", **path))
    assert certify(claim).reason.startswith("internal disagreement: the claim was refuted")


# True refutations stay: what is slow or far is no contradiction.


@pytest.mark.parametrize(
    ("says", "assume"),
    [
        ("N = Theta(N*log(N))", []),
        ("log(log(M)) = Theta(log(M))", []),
        ("N_eff = Theta(N)", []),
        ("log(N)^5 + N^(1/100) = O(log(N)^5)", []),
        ("log(N)^5 = Theta(N^(1/100))", []),
        ("log(N)^50 = Omega(N^(1/1000))", []),
        ("sum(1/i, i, 1, N)^20 + N^(1/2) = O(1)", []),
        ("10^-40*M + 1 = O(1)", []),
        ("10^-40*M*sum(i^-2, i, 1, M) + 1 = O(1)", []),
        ("M + 10^60 = Theta(1)", []),
        ("sum(1/i, i, 1, M) = O(1)", []),
        ("sum(i^(-1001/1000), i, 1, M) = Theta(M^(-1/1000))", []),
        ("sum(sum(j^-2, j, i, oo), i, 1, M) = Theta(1)", []),
        ("M^a = Theta(M^b)", ["a > 1", "b > a", "b < a + 1/1000"]),
        ("sum(i^-a, i, M, N) = Theta(M^(1-a))", ["a > 1", "N >= M"]),
        ("exp(-2*log(M)) = Theta(1/M)", []),
        ("2^M = o(M^log(M))", []),
        ("sum(log(i+1)/i, i, 1, M) ~ log(M)^2", []),
        ("sum(i^-2, i, 1, M) ~ 1", []),
        ("(2*M + 10^60)/(M + 10^60) ~ 1", []),
    ],
)
def test_a_true_refutation_stands_however_slow_it_is(says, assume):
    assert certify(make_claim(says, assume)).verdict is Verdict.REFUTED
