"""Certificates as data."""

from __future__ import annotations

from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.verdict.certificate import Certificate, Verdict

# Verdicts.


def test_a_verdict_is_as_expected_or_not() -> None:
    claim = make_claim("M = O(M)", expect="refuted")
    for verdict in Verdict:
        found = Certificate(claim, verdict, "", "", (), None, {}, (), None, (), None)
        assert found.as_expected == (verdict is Verdict.REFUTED)
