"""What nobody foresaw becomes the answer of the claim that it happened on."""

import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ratecert.io.certificates import dumps, record, report, report_entry
from ratecert.pipeline import certify as pipeline
from ratecert.pipeline.unforeseen import ended, guarded, unanswered
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.verdict.certificate import LEGS, Certificate, Light, Verdict
from ratecert.proofs_check.verdict.judge import applies
from ratecert.show.terminal import details

ROOT = Path(__file__).parents[2]
CLAIM = make_claim("approx = Theta(M^(1-a))", ["a > 1", "b = a"], expect="undecided")


def reason_of(error: Exception) -> str:
    def work() -> str:
        raise error

    return guarded(work, str)


def test_what_goes_well_is_left_alone() -> None:
    assert guarded(lambda: 7, len) == 7


def test_the_reason_names_error_message_and_place() -> None:
    assert reason_of(KeyError("M")).startswith("internal error: KeyError: 'M' (")
    assert reason_of(ValueError()).startswith("internal error: ValueError (")
    told = reason_of(ValueError("x\n  " * 1000))
    assert "\n" not in told
    assert len(told) < 500


def test_the_place_is_the_innermost_line_of_ours() -> None:
    told = guarded(lambda: dumps({"what JSON cannot hold": object()}), str)
    assert re.search(r" \(ratecert/io/certificates\.py:\d+\)$", told)
    told = guarded(lambda: json.dumps(object()), str)
    assert re.search(r"json.encoder\.py:\d+\)$", told)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_ctrl_c_and_exit_pass(stop: type[BaseException]) -> None:
    def work() -> str:
        raise stop

    with pytest.raises(stop):
        guarded(work, str)


def test_what_the_user_has_to_mend_passes() -> None:
    with pytest.raises(UserError, match="mend this"):
        reason_of(UserError("mend this"))


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("too deep"), AssertionError()])
def test_the_claim_is_undecided_and_never_as_expected(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_claim: object) -> None:
        raise error

    monkeypatch.setattr(pipeline, "derive", broken)
    answer = pipeline.certify(CLAIM)
    assert answer.verdict is Verdict.UNDECIDED
    assert answer.reason.startswith(f"internal error: {type(error).__name__}")
    assert not answer.as_expected
    assert report([report_entry(answer)])["summary"]["as_expected"] == 0


def test_an_unusable_claim_is_the_users_to_mend() -> None:
    with pytest.raises(UserError, match="no value of the parameters satisfies"):
        pipeline.certify(make_claim("M^a = O(M^a)", ["a > 1", "a < 1"]))


@pytest.mark.parametrize("answer", [unanswered(CLAIM, "internal error: none"), ended(CLAIM)])
def test_such_a_certificate_is_like_any_other(answer: Certificate) -> None:
    assert pickle.loads(pickle.dumps(answer)) == answer
    assert record(answer)["derivation"] is None
    assert answer.reason in details(answer)
    assert set(answer.lights) == set(LEGS)
    for leg in LEGS[1:]:
        assert (answer.lights[leg] is Light.NA) == (not applies(CLAIM, leg))


def test_dev_mode_shows_the_traceback() -> None:
    code = "from ratecert.pipeline.unforeseen import guarded; print(guarded(lambda: 1 // 0, str))"
    for options, shown in (([], False), (["-X", "dev"], True)):
        done = subprocess.run(
            [sys.executable, *options, "-c", code],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.startswith("internal error: ZeroDivisionError: ")
        assert ("Traceback" in done.stderr) == shown
