import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import hand_made
import pytest
from hand_made import claim_file

from proofs_check.claim import Claim
from proofs_check.claimfile import parse_claims
from proofs_check.errors import UserError
from proofs_check.verdict import Certificate
from ratecert.batch import certify_all

ROOT = Path(__file__).parents[2]


def claims(*ids: str, note: str = "") -> tuple[Claim, ...]:
    return parse_claims(claim_file(*ids, note=note).encode(), "f.claims.toml").claims


@pytest.mark.parametrize("jobs", [1, 2])
def test_outcomes_come_in_the_order_of_the_claims(jobs: int) -> None:
    some = claims("fine", "unusable", "wrong", "open")
    fine, unusable, wrong, undecided = certify_all(some, "full", jobs, hand_made.certify)
    assert isinstance(unusable, UserError)
    line = some[1].line
    assert str(unusable) == (f"f.claims.toml:{line}: no parameter value satisfies the assumptions")
    for outcome, claim in ((fine, some[0]), (wrong, some[2]), (undecided, some[3])):
        assert outcome == hand_made.certify(claim, "full")


def test_no_claims() -> None:
    assert certify_all([], "quick", 2, hand_made.certify) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_fault_of_an_engine_is_not_swallowed(jobs: int) -> None:
    with pytest.raises(ZeroDivisionError, match="a fault of the engine"):
        certify_all(claims("fine", "broken"), "quick", jobs, hand_made.certify)


def end_process(claim: Claim, level: str) -> Certificate:
    os._exit(9)


def test_worker_that_is_killed() -> None:
    with pytest.raises(UserError, match="--jobs 1"):
        certify_all(claims("one", "two"), "quick", 2, end_process)


@pytest.mark.parametrize("jobs", [1, 2])
def test_interrupt_says_what_was_finished_and_ends_the_workers(jobs: int) -> None:
    """The second claim interrupts, and then would take ten minutes."""
    script = f"""
import os, hand_made
from hand_made import claim_file
from proofs_check.claimfile import parse_claims
from ratecert.batch import certify_all
text = claim_file("fine", "stop", note=str(os.getpid()))
if {jobs} == 2:  # where the two run side by side the first may not be finished
    text = claim_file("stop", "stop-too", note=str(os.getpid()))
try:
    certify_all(parse_claims(text.encode(), "f").claims, "quick", {jobs}, hand_made.certify)
except KeyboardInterrupt as stop:
    print(stop)
"""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    finished = "1 of 2 claims were finished (p:fine)" if jobs == 1 else "0 of 2 claims were"
    assert done.stdout.startswith(finished)
    assert "Traceback" not in done.stderr


def swallowing(claim: Claim, level: str) -> Certificate:
    """A judge that hears Ctrl-C during its first claim and makes nothing of it."""
    if claim.id == "fine":
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    return hand_made.certify(claim, level)


def test_an_interrupt_that_a_library_swallows_is_heard_all_the_same() -> None:
    with pytest.raises(KeyboardInterrupt, match=r"1 of 2 claims were finished \(p:fine\)"):
        certify_all(claims("fine", "fine-too"), "quick", 1, swallowing)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
