import contextlib
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import hand_made
import pytest
from hand_made import claim_file

from ratecert.pipeline.batch import certify_all
from ratecert.proofs_check.files.read import parse_claims
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.verdict.certificate import Certificate, Verdict

ROOT = Path(__file__).parents[3]


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
def test_a_fault_of_an_engine_is_the_answer_of_its_claim_alone(jobs: int) -> None:
    some = claims("fine", "broken", "unusable", "wrong")
    fine, broken, unusable, wrong = certify_all(some, "quick", jobs, hand_made.certify)
    assert isinstance(broken, Certificate)
    assert broken.verdict is Verdict.UNDECIDED
    assert broken.reason.startswith("internal error: ZeroDivisionError: a fault of the engine (")
    assert re.search(r"hand_made\.py:\d+\)$", broken.reason)
    assert broken.claim == some[1]
    assert isinstance(unusable, UserError)
    assert fine == hand_made.certify(some[0])
    assert wrong == hand_made.certify(some[3])


def fragile(claim: Claim, level: str) -> Certificate:
    """A judge that is killed over some claims, or has an answer that cannot travel."""
    if claim.id.startswith("killed"):
        os.kill(os.getpid(), signal.SIGKILL)
    answer = hand_made.certify(claim, level)
    return replace(answer, derivation={"no": lambda: None}) if claim.id == "stays" else answer


def test_a_process_that_dies_takes_no_other_claim_with_it() -> None:
    some = claims("one", "killed", "two", "stays", "three", "killed-too", "four", "five")
    answers = certify_all(some, "quick", 2, fragile)
    assert [answer.claim for answer in answers] == list(some)
    for answer in answers:
        if answer.claim.id.startswith("killed"):
            assert answer.reason.startswith("internal error: the system ended the process")
        elif answer.claim.id == "stays":
            assert answer.reason.startswith("internal error: ")
            assert "lambda" in answer.reason
        else:
            assert answer == hand_made.certify(answer.claim)


def killed_once(claim: Claim, level: str) -> Certificate:
    """A judge that is killed the first time that it sees the claim `one`, beside another."""
    if claim.id == "one":
        with contextlib.suppress(FileExistsError):
            Path(claim.note, claim.id).touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)
    return hand_made.certify(claim, level)


def test_a_claim_that_was_only_beside_a_process_that_died_is_asked_again(tmp_path: Path) -> None:
    some = claims("one", "two", "three", note=str(tmp_path))
    assert certify_all(some, "quick", 2, killed_once) == [hand_made.certify(c) for c in some]


@pytest.mark.parametrize("jobs", [1, 2])
def test_interrupt_says_what_was_finished_and_ends_the_workers(jobs: int) -> None:
    """The second claim interrupts, and then would take ten minutes."""
    script = f"""
import os, hand_made
from hand_made import claim_file
from ratecert.proofs_check.files.read import parse_claims
from ratecert.pipeline.batch import certify_all
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
