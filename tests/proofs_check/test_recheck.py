"""``ratecert check``: certificates written by hand, and what must not pass."""

from __future__ import annotations

import copy
import importlib
import io
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ratecert.proofs_check
from ratecert.proofs_check import recheck as command
from ratecert.proofs_check.checker import Checked
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import UserError

ROOT = Path(__file__).parents[2]

ONE = [["1", []]]
SAME = {"mu": [ONE], "nu": [ONE], "gens": {}}
"""The certificate of ``x <= x``."""
FIRST = {"mu": [ONE], "nu": [ONE, []], "gens": {}}
"""The certificate of ``x <= max(x, y)``."""
SECOND = {"mu": [ONE], "nu": [[], ONE], "gens": {}}
MODEL = {"values": {"a": "2"}, "path": {"M": ["1", "0", "0"], "N": ["1", "0", "0"]}}

CERTIFIED: dict[str, Any] = {
    "format": 1,
    "claim": {
        "key": "p",
        "id": "sum",
        "says": "M^-a + N^-1 = Theta(max(M^-a, 1/N))",
        "assume": ["a > 1"],
    },
    "verdict": "certified",
    "derivation": {
        "kind": "order",
        "needs": [],
        "model": MODEL,
        "tree": {
            "bounds": {},
            "upper": {"certs": [FIRST, SECOND]},
            "lower": {"certs": [FIRST, SECOND]},
        },
    },
    "trust": [],
}
REFUTED: dict[str, Any] = {
    "format": 1,
    "claim": {"key": "p", "id": "wrong", "says": "M = O(N)", "assume": []},
    "verdict": "refuted",
    "derivation": {
        "kind": "path",
        "values": {},
        "path": {"M": ["2", "0", "0"], "N": ["1", "0", "0"]},
    },
    "trust": [],
}
TRUSTING: dict[str, Any] = {
    "format": 1,
    "claim": {
        "key": "p",
        "id": "eigenvalue",
        "says": "eigenvalue(j) = Theta(j^-a)",
        "assume": ["a > 1", "j >= 1", "M >= j"],
    },
    "verdict": "certified",
    "derivation": {
        "kind": "order",
        "needs": [None, None],
        "model": {
            "values": {"a": "2"},
            "path": {"M": ["2", "0", "0"], "j": ["1", "0", "0"]},
        },
        "tree": {"bounds": {}, "upper": {"certs": [SAME]}, "lower": {"certs": [SAME]}},
    },
    "trust": ["a lemma"],
}


def changed(data: dict[str, Any], *where: Any, to: Any) -> dict[str, Any]:
    """Return a copy with one entry changed."""
    data = copy.deepcopy(data)
    inner: Any = data
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = to
    return data


def write(path: Path, data: Any) -> str:
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return str(path)


@pytest.fixture
def put(tmp_path: Path) -> Any:
    count = 0

    def put(data: Any) -> str:
        nonlocal count
        count += 1
        return write(tmp_path / f"{count}.json", data)

    return put


UNDECIDED = changed(changed(REFUTED, "verdict", to="undecided"), "derivation", to=None)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (CERTIFIED, "p:sum (M^-a + N^-1 = Theta(max(M^-a, 1/N))) certified: the derivation"),
        (REFUTED, "refuted: LEFT/RIGHT is at least of order t and tends to infinity"),
        (UNDECIDED, "undecided: nothing to check"),
        (changed(CERTIFIED, "trust", to=["a test"]), "proves it; rests on: a test"),
    ],
)
def test_holds(data: Any, words: str, put: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([put(data)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("OK ")
    assert out.count("\n") == 1
    assert words in out


TAMPERED = {
    "another statement": changed(CERTIFIED, "claim", "says", to="M^-a = Theta(max(M^-a, 1/N))"),
    "another exponent": changed(
        CERTIFIED, "claim", "says", to="M^-a + N^-1 = Theta(max(M^-a, N^-2))"
    ),
    "another relation": changed(CERTIFIED, "claim", "says", to="M^-a + N^-1 = o(max(M^-a, 1/N))"),
    "no rule": changed(CERTIFIED, "claim", "says", to="M^-a + N^-1 ~ max(M^-a, 1/N)"),
    "another assumption": changed(CERTIFIED, "claim", "assume", to=["a > 3"]),
    "a missing certificate": changed(
        CERTIFIED, "derivation", "tree", "upper", "certs", to=[FIRST]
    ),
    "a wrong certificate": changed(
        CERTIFIED, "derivation", "tree", "upper", "certs", to=[FIRST, FIRST]
    ),
    "a coefficient that is no plain rational": changed(
        CERTIFIED, "derivation", "tree", "upper", "certs", 0, "mu", to=[[["1e999999999", []]]]
    ),
    "a coefficient that is no text": changed(
        CERTIFIED, "derivation", "tree", "upper", "certs", 0, "mu", to=[[[1, []]]]
    ),
    "no derivation": changed(CERTIFIED, "derivation", to=None),
    "a derivation that is no object": changed(CERTIFIED, "derivation", to=[1, "two"]),
    "a refuted claim certified": changed(REFUTED, "verdict", to="certified"),
    "a certified claim refuted": changed(CERTIFIED, "verdict", to="refuted"),
    "a path that does not refute": changed(
        REFUTED, "derivation", "path", "M", to=["1/2", "0", "0"]
    ),
    "a path that is not allowed": changed(REFUTED, "claim", "assume", to=["M <= N"]),
    "a trust list cut short": TRUSTING,
}


@pytest.mark.parametrize("data", TAMPERED.values(), ids=TAMPERED.keys())
def test_fails(data: Any, put: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([put(data)]) == 1
    assert capsys.readouterr().out.startswith("FAILED ")


def test_trust_list_is_asked_for_what_the_check_used(
    put: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([put(TRUSTING)]) == 1
    missing = capsys.readouterr().out.split("the trust list omits: ")[1].strip()
    assert missing.startswith("Gaussian sketch: | |S v|")
    whole = changed(TRUSTING, "trust", to=["a lemma", missing])
    assert command.main([put(whole)]) == 0
    assert f"rests on: a lemma; {missing}" in capsys.readouterr().out


def test_the_trust_of_a_refutation_is_asked_for(
    put: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    claim = {**TRUSTING["claim"], "says": "eigenvalue(j) = O(j^(-a-1))"}
    witness = {"kind": "path", **TRUSTING["derivation"]["model"]}
    data = changed(changed(REFUTED, "claim", to=claim), "derivation", to=witness)
    assert command.main([put(data)]) == 1
    assert "the trust list omits: Gaussian sketch" in capsys.readouterr().out


DEEP = "[" * 200_000
UNREADABLE = {
    "not JSON": "{",
    "nested too deeply": DEEP,
    "a number that is none": '{"format": NaN}',
    "a very long number": "9" * 10_000,
    "a key twice": '{"format": 1, "format": 1}',
    "a list": [],
    "another format": changed(CERTIFIED, "format", to=2),
    "a format that is no number": changed(CERTIFIED, "format", to=True),
    "an unknown key": {**CERTIFIED, "note": ""},
    "an unknown verdict": changed(CERTIFIED, "verdict", to="proved"),
    "a verdict that is no text": changed(CERTIFIED, "verdict", to=[]),
    "trust that is no list": changed(CERTIFIED, "trust", to="nothing"),
    "trust that is no text": changed(CERTIFIED, "trust", to=[1]),
    "a claim that is no object": changed(CERTIFIED, "claim", to="M = O(N)"),
    "a claim without statement": changed(CERTIFIED, "claim", to={"key": "p", "id": "x"}),
    "a claim with an unknown key": changed(CERTIFIED, "claim", "colour", to="red"),
    "a statement with an error": changed(CERTIFIED, "claim", "says", to="M = O(("),
    "a statement that is no text": changed(CERTIFIED, "claim", "says", to=3),
    "an id that names nothing": changed(CERTIFIED, "claim", "id", to="a/b"),
    "a key that is no text": changed(CERTIFIED, "claim", "key", to=1),
    "a key that cannot be shown": changed(CERTIFIED, "claim", "key", to="\x1b[2J"),
    "an undeclared parameter": changed(CERTIFIED, "claim", "assume", to=[]),
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_unreadable(data: Any, put: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([put(data)]) == 2
    out = capsys.readouterr().out
    assert out.startswith("UNREADABLE ")
    assert out.count("\n") == 1
    assert out.isprintable() or out[:-1].isprintable()


def test_files_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    latin = tmp_path / "latin.json"
    latin.write_bytes('{"key": "é"}'.encode("latin-1"))
    assert command.main([str(tmp_path / "none.json"), str(tmp_path), str(latin)]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["UNREADABLE"] * 3


def test_large_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "MAX_BYTES", 10)
    with pytest.raises(UserError, match="larger than 10 bytes"):
        command.read_record(b" " * 11)


def test_worst_status_wins(put: Any, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad, broken = put(CERTIFIED), put(TAMPERED["no derivation"]), put("{")
    assert command.main([good, good]) == 0
    assert command.main([good, bad, good]) == 1
    assert command.main([broken, bad, good]) == 2
    words = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert words == ["OK", "OK", "OK", "FAILED", "OK", "UNREADABLE", "FAILED", "OK"]


def test_a_derivation_that_exhausts_the_stack_fails(
    put: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def endless(claim: Claim, derivation: Any) -> Checked:
        return endless(claim, derivation)

    monkeypatch.setattr(command, "check", endless)
    assert command.main([put(CERTIFIED)]) == 1
    assert "nested too deeply" in capsys.readouterr().out


def test_output_fits_the_encoding_of_the_stream(put: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert command.main([put(changed(CERTIFIED, "trust", to=["Théorème \x1b\n4 \ud800"]))]) == 0
    sys.stdout.flush()
    assert raw.getvalue().endswith(b"rests on: Th?or?me ? 4 ?\n")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert command.main([put(changed(CERTIFIED, "trust", to=["Théorème"]))]) == 0


def test_interrupt(
    put: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_claim: Claim, _derivation: Any) -> Checked:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "check", interrupted)
    assert command.main([put(CERTIFIED)]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        command.main([])
    assert stop.value.code == 2
    with pytest.raises(SystemExit) as stop:
        command.main(["--help"])
    assert stop.value.code == 0
    assert "exit status" in capsys.readouterr().out


def test_as_a_module(put: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["proofs_check", put(CERTIFIED)])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(ROOT / "proofs_check" / "__main__.py"), run_name="__main__")
    assert stop.value.code == 0


def test_the_short_name_of_the_folder_is_no_name_to_import() -> None:
    with pytest.raises(ImportError, match=r"import ratecert\.proofs_check"):
        importlib.import_module("proofs_check")


def test_nothing_runs_where_it_is_imported() -> None:
    assert importlib.import_module("ratecert.proofs_check.__main__").main is command.main


BLOCKER = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        # Of ratecert the package itself, its version and this room are let through.
        first, second = [*name.split("."), ""][:2]
        if first in {"sympy", "mpmath", "numpy", "scipy", "rich", "matplotlib"} or (
            first == "ratecert" and second not in {"", "version", "proofs_check"}
        ):
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Blocker())
"""


def test_stands_on_its_own(put: Any, tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(BLOCKER)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments], env=environment, capture_output=True, text=True
        )

    control = run("-c", "import sympy")
    assert "sympy is blocked" in control.stderr
    files = [put(CERTIFIED), put(REFUTED), put(TAMPERED["another exponent"])]
    result = run("-m", "ratecert.proofs_check", *files)
    short = subprocess.run(
        [sys.executable, "-m", "proofs_check", *files],
        env=environment, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert (short.stdout, short.stderr) == (result.stdout, result.stderr)
    assert result.stderr == ""
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["OK", "OK", "FAILED"]
    assert result.returncode == 1


def test_the_short_name_serves_the_command_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Path(ratecert.proofs_check.__file__)
    with pytest.raises(ImportError, match=r"import ratecert\.proofs_check"):
        runpy.run_path(str(room), run_name="proofs_check")
    monkeypatch.setattr(sys, "argv", ["proofs_check"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(room.with_name("__main__.py")), run_name="__main__")
    assert ended.value.code == 2
