"""A judge for tests of the face: certificates made by hand, told by the claim's id.

It stands in the place of `ratecert.pipeline.certify` there, and may be run in other processes.
"""

from __future__ import annotations

import os
import signal
import time

from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.verdict.certificate import (
    LEGS,
    Certificate,
    Evidence,
    Light,
    Regime,
    Verdict,
)


def certify(claim: Claim, level: str = "quick") -> Certificate:
    """Answer by the first word of the id: wrong, open, unusable, broken, stop; else certified."""
    match claim.id.split("-")[0]:
        case "unusable":
            raise UserError("no parameter value satisfies the assumptions")
        case "broken":
            raise ZeroDivisionError("a fault of the engine")
        case "stop":
            os.kill(int(claim.note), signal.SIGINT)
            time.sleep(600)
        case "wrong":
            return _certificate(claim, Verdict.REFUTED, level)
        case "open":
            return _certificate(claim, Verdict.UNDECIDED, level)
    return _certificate(claim, Verdict.CERTIFIED, level)


def _certificate(claim: Claim, verdict: Verdict, level: str) -> Certificate:
    refuted = verdict is Verdict.REFUTED
    witness = {
        "values": {"a": "2"},
        "path": {"M": "t", "N": "t^(5/2)"},
        "ratios": [{"t": "10^3", "ratio": "0.00100"}, {"t": "10^6", "ratio": "0.00000100"}],
    }
    return Certificate(
        claim=claim,
        verdict=verdict,
        reason="" if verdict is Verdict.CERTIFIED else f"told by the id, at level {level}",
        derived="max(M^(1 - a), N_eff^(1/a - 1))",
        regimes=(
            Regime(("M <= N_eff^(1/a)",), "M^(1 - a)"),
            Regime(("M >= N_eff^(1/a)",), "N_eff^((1 - a)/a)"),
        ),
        witness=witness if refuted else None,
        lights=dict(zip(LEGS, (Light.PASS, Light.PASS, Light.UNKNOWN, Light.NA), strict=True)),
        evidence=(Evidence("enclosure", Light.PASS, "ratio in [1, 4] at 8 points"),),
        constants={"lower": "1", "upper": "4"} if verdict is Verdict.CERTIFIED else None,
        trust=("a theorem <cited>",),
        derivation={"rule": "told", "claim": claim.id},
        seconds=time.perf_counter() % 1,
    )


def claim_file(*ids: str, key: str = "p", expect: str = "certified", **more: str) -> str:
    """Return the text of a claim file with one claim per id, all of the same statement."""
    lines = ["[paper]", f'key = "{key}"', 'title = "Title [of] a paper"', "[defaults]"]
    lines += ['assume = ["a > 1", "b = a"]', ""]
    for claim_id in ids:
        says = more.get("says", "approx = Theta(M^(1-a))")
        lines += ["[[claim]]", f'id = "{claim_id}"', f'says = "{says}"']
        lines += [f'expect = "{expect}"', f'where = "{more.get("where", "Theorem 1")}"']
        lines += [f'note = "{more.get("note", "")}"', ""]
    return "\n".join(lines)
