import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hand_made import claim_file

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[3]
LOAD = ("-p", "ratecert.pytest_plugin")
CONFTEST = """
import sys
import hand_made
sys.modules["ratecert.pipeline.certify"] = hand_made
"""


@pytest.fixture(autouse=True)
def _hand_made(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder where certificates are made by hand, also in processes started there."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "tests")]))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # installed or not, load it once
    pytester.makeconftest(CONFTEST)


def put(pytester: pytest.Pytester, name: str, text: str) -> None:
    path = pytester.path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_verdicts_become_outcomes(pytester: pytest.Pytester) -> None:
    put(pytester, "p.claims.toml", claim_file("fine", "wrong", "open"))
    put(pytester, "controls/q.claims.toml", claim_file("wrong", key="q", expect="refuted"))
    put(pytester, "other.toml", claim_file("wrong", key="other"))
    result = pytester.runpytest(*LOAD, "-v")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines_random(
        ["p.claims.toml::p:fine PASSED*", "controls/q.claims.toml::q:wrong PASSED*"]
    )


def test_failure_says_why_without_a_traceback(pytester: pytest.Pytester) -> None:
    put(pytester, "p.claims.toml", claim_file("wrong"))
    result = pytester.runpytest(*LOAD)
    result.stdout.fnmatch_lines(
        [
            "*_ p:wrong _*",
            "p:wrong: refuted, expected certified",
            "*p.claims.toml:7",
            "*says:*approx = Theta(M^(1-a))",
            "*derived: max(M^(1 - a), N_eff^(1/a - 1))",
            "*reason:*told by the id, at level quick",
            "*witness:",
            "*N: t^(5/2)",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_level(pytester: pytest.Pytester) -> None:
    put(pytester, "p.claims.toml", claim_file("open"))
    result = pytester.runpytest(*LOAD, "--certify=full")
    result.stdout.fnmatch_lines(["*told by the id, at level full"])
    assert pytester.runpytest(*LOAD, "--certify=slow").ret == pytest.ExitCode.USAGE_ERROR


def test_bad_file_is_a_collection_error(pytester: pytest.Pytester) -> None:
    put(pytester, "p.claims.toml", claim_file("fine"))
    put(pytester, "bad.claims.toml", claim_file("fine", says="aprox = Theta(M)"))
    result = pytester.runpytest(*LOAD)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ERROR collecting bad.claims.toml*", "*bad.claims.toml:9: *"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_unusable_claim(pytester: pytest.Pytester) -> None:
    put(pytester, "p.claims.toml", claim_file("unusable"))
    result = pytester.runpytest(*LOAD)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*p.claims.toml:7: no parameter value satisfies*"])
    result.stdout.no_fnmatch_line("*hand_made.py*")


def test_fault_of_an_engine_fails_its_item_alone_and_shows_where(
    pytester: pytest.Pytester,
) -> None:
    put(pytester, "p.claims.toml", claim_file("broken", "open", "fine", expect="undecided"))
    result = pytester.runpytest(*LOAD, "--certify-report=out.json")
    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines(
        [
            "p:broken: undecided, expected undecided",
            "*reason:*internal error: ZeroDivisionError: a fault of the engine (*.py:*)",
        ]
    )
    data = json.loads((pytester.path / "out.json").read_text(encoding="utf-8"))
    assert data["summary"] == {"certified": 1, "refuted": 0, "undecided": 2, "as_expected": 1}


def test_selection_by_name(pytester: pytest.Pytester) -> None:
    put(pytester, "p.claims.toml", claim_file("fine", "wrong"))
    pytester.runpytest(*LOAD, "p.claims.toml::p:fine").assert_outcomes(passed=1)
    pytester.runpytest(*LOAD, "-k", "fine").assert_outcomes(passed=1, deselected=1)


@pytest.mark.parametrize("spread", [(), ("-p", "xdist", "-n", "2")])
def test_report(pytester: pytest.Pytester, spread: tuple[str, ...]) -> None:
    put(pytester, "b.claims.toml", claim_file("wrong", "fine", "open", key="b"))
    put(pytester, "a.claims.toml", claim_file("fine", key="a"))
    put(pytester, "test_other.py", "def test_other(): pass")
    result = pytester.runpytest_subprocess(*LOAD, *spread, "--certify-report=out.json")
    result.assert_outcomes(passed=3, failed=2)
    data = json.loads((pytester.path / "out.json").read_text(encoding="utf-8"))
    assert [c["id"] for c in data["claims"]] == ["a:fine", "b:wrong", "b:fine", "b:open"]
    assert data["summary"] == {"certified": 2, "refuted": 1, "undecided": 1, "as_expected": 2}


def test_report_that_cannot_be_written(pytester: pytest.Pytester) -> None:
    put(pytester, "p.claims.toml", claim_file("fine"))
    result = pytester.runpytest(*LOAD, "--certify-report=no/out.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*no is not a folder; make it first*"])


def test_loading_imports_nothing_of_ratecert() -> None:
    script = """
import sys, pytest
before = set(sys.modules)
import ratecert.pytest_plugin
print(sorted(set(sys.modules) - before))
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['ratecert', 'ratecert.pytest_plugin', 'ratecert.version']"
