"""An error planted in the search cannot certify: the checker rejects what it leads to."""

import pytest

from ratecert.pipeline.certify import certify
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.verdict.certificate import Light, Verdict
from ratecert.theory.search import planner, prover

TOTAL = make_claim(
    "risk - sigma^2 = Theta(M^(1-a) + (N_eff*gamma)^((1-a)/a))",
    assume=["a > 1", "b = a", "N_eff*gamma >= 1"],
)
FALSE = make_claim("approx = Theta(M^(-a))", assume=["a > 1", "b = a"])


@pytest.fixture(autouse=True)
def _nothing_remembered():
    prover._memory.cache_clear()
    yield
    prover._memory.cache_clear()


def test_without_a_planted_error_the_light_is_green() -> None:
    assert certify(TOTAL).lights["derivation"] is Light.PASS


def test_certificates_made_up(monkeypatch) -> None:
    """A solver that claims to have proved everything with weights of one."""

    def made_up(cone, clause, diverging=False):
        one = [["1", []]]
        return {"mu": [one] * len(clause[0]), "nu": [one] * len(clause[1]), "gens": {}}

    monkeypatch.setattr(prover.Cone, "certificate", made_up)
    for claim in (TOTAL, FALSE):
        certificate = certify(claim)
        assert certificate.lights["derivation"] is not Light.PASS
        assert certificate.verdict is not Verdict.CERTIFIED


def test_kinks_in_the_wrong_place(monkeypatch) -> None:
    """The crossing of two pieces computed with the wrong sign."""
    crossing = planner._crossing

    def wrong(first, second, index, prover):
        found = crossing(first, second, index, prover)
        return None if found is None else -found

    monkeypatch.setattr(planner, "_crossing", wrong)
    assert certify(TOTAL).lights["derivation"] is not Light.PASS


def test_values_at_kinks_forgotten(monkeypatch) -> None:
    """Values taken at the inverse of the kink: orders are wrong by a factor."""
    value = planner.times_index

    def wrong(term, index, centre, prover):
        return value(term, index, -centre, prover)

    monkeypatch.setattr(planner, "times_index", wrong)
    certificate = certify(FALSE)
    assert certificate.verdict is not Verdict.CERTIFIED
