import json
import os
import re
import subprocess
import sys
from pathlib import Path

import hand_made
import pytest
from hand_made import claim_file

from ratecert.cli import COMMANDS, main
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.verdict.certificate import Certificate

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _judge(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Certificates made by hand, in an empty folder."""
    monkeypatch.setitem(sys.modules, "ratecert.pipeline.certify", hand_made)
    monkeypatch.chdir(tmp_path)


def put(text: str, name: str = "p.claims.toml") -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def certify(*arguments: str) -> int:
    return main(["certify", "--jobs", "1", *arguments])


@pytest.mark.parametrize(
    ("ids", "expect", "status"),
    [
        (["fine"], "certified", 0),
        (["wrong", "wrong-too"], "refuted", 0),
        (["open"], "undecided", 0),
        (["fine", "wrong"], "certified", 1),
        (["fine"], "refuted", 1),
        (["open"], "certified", 1),
        (["broken"], "undecided", 1),
        (["fine", "broken", "fine-too"], "certified", 1),
        (["broken", "unusable"], "undecided", 2),
        (["fine", "unusable"], "certified", 2),
        (["wrong", "unusable"], "certified", 2),
    ],
)
def test_status(ids: list[str], expect: str, status: int) -> None:
    assert certify(put(claim_file(*ids, expect=expect))) == status


def test_a_fault_on_one_claim_is_shown_and_the_others_are_answered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = put(claim_file("fine", "broken", "open", expect="undecided"))
    assert certify(path, "--json", "out.json", "--certificates", "all") == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert "p:broken: undecided, expected undecided" in out
    assert "internal error: ZeroDivisionError: a fault of the engine (" in " ".join(out.split())
    assert "3 claims: 1 certified, 2 undecided; 2 NOT as expected" in out
    report = json.loads(Path("out.json").read_text(encoding="utf-8"))
    assert [c["verdict"] for c in report["claims"]] == ["certified", "undecided", "undecided"]
    assert report["claims"][1]["reason"].startswith("internal error: ZeroDivisionError: ")
    assert report["summary"]["as_expected"] == 1
    assert len(list(Path("all").iterdir())) == 3
    assert main(["table", "--jobs", "1", path]) == 1
    assert capsys.readouterr().out.count("undecided") == 2


def test_a_fault_of_a_command_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_wanted: object) -> None:
        raise TypeError("two\nlines")

    monkeypatch.setattr("ratecert.io.claim_files.find", broken)
    assert main(["list"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(
        r"internal error: TypeError: two lines \(ratecert/commands/list\.py:\d+\); "
        r"this is a fault of ratecert, please report what you ran\n",
        err,
    )


def test_table_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    ids = ("fine", "open", "wrong", "a-name-much-longer-than-any-claim-ought-to-have-in-its-file")
    certify(put(claim_file(*ids)))
    out, err = capsys.readouterr()
    assert err == ""
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 80
    assert all(line == line.rstrip() for line in out.splitlines())
    assert out.splitlines()[:3] == [
        "p  Title [of] a paper",
        "claim                       verdict    expected       deriv.  encl.  exact  sim.",
        "fine                        certified  yes            pass    pass   ?      n/a",
    ]
    assert "open                        undecided  NO: certified  pass" in out
    assert out.splitlines()[-1] == (
        "4 claims: 2 certified, 1 refuted, 1 undecided; 2 NOT as expected"
    )


def test_why_an_answer_is_unexpected(capsys: pytest.CaptureFixture[str]) -> None:
    certify(put(claim_file("wrong")))
    out = capsys.readouterr().out
    for text in (
        "p:wrong: refuted, expected certified",
        "says:    approx = Theta(M^(1-a))",
        "derived: max(M^(1 - a), N_eff^(1/a - 1))",
        "N: t^(5/2)",
        "t = 10^6, ratio = 0.00000100",
        "reason:  told by the id, at level quick",
    ):
        assert text in out


def test_level_reaches_the_judge(capsys: pytest.CaptureFixture[str]) -> None:
    certify("--level", "full", put(claim_file("open")))
    assert "at level full" in capsys.readouterr().out


def test_bad_file_beside_a_good_one(capsys: pytest.CaptureFixture[str]) -> None:
    bad = put("[paper]\nkey = 'q'\n[[claim]]\nid = 'x'\nsays = 'approx = Theta(M^^2)'", "q.toml")
    assert certify(bad, put(claim_file("fine")), "--json", "out.json") == 2
    out, err = capsys.readouterr()
    assert "1 claim: 1 certified; all as expected" in out
    assert "q.toml:5: " in err
    assert "Traceback" not in err
    assert [c["id"] for c in json.loads(Path("out.json").read_text())["claims"]] == ["p:fine"]


def test_unusable_claim_beside_a_good_one(capsys: pytest.CaptureFixture[str]) -> None:
    text = claim_file("unusable", "fine")
    assert certify(put(text)) == 2
    line = text.splitlines().index("[[claim]]") + 1
    out, err = capsys.readouterr()
    assert "1 claim: 1 certified" in out
    assert err.startswith(f"p.claims.toml:{line}: no parameter value")


def test_json_and_certificates() -> None:
    file = put(claim_file("fine", "open", expect="undecided"))
    assert certify(file, "--json", "out.json", "--certificates", "new/folder") == 1
    data = json.loads(Path("out.json").read_text(encoding="utf-8"))
    assert data["summary"] == {"certified": 1, "refuted": 0, "undecided": 1, "as_expected": 1}
    assert sorted(os.listdir("new/folder")) == ["p.fine.json", "p.open.json"]
    record = json.loads(Path("new/folder/p.open.json").read_text(encoding="utf-8"))
    assert record["claim"]["says"] == "approx = Theta(M^(1-a))"
    assert record["verdict"] == "undecided"


def test_nothing_is_run_where_the_report_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def never(claim: Claim, level: str) -> Certificate:
        raise AssertionError("run before the check")

    monkeypatch.setattr(hand_made, "certify", never)
    file = put(claim_file("fine"))
    assert certify(file, "--json", "no/out.json") == 2
    assert certify(file, "--certificates", file) == 2
    assert "no is not a folder" in capsys.readouterr().err


def test_interrupt(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    judge = hand_made.certify

    def stopped(claim: Claim, level: str) -> Certificate:
        if claim.id == "two":
            raise KeyboardInterrupt
        return judge(claim, level)

    monkeypatch.setattr(hand_made, "certify", stopped)
    file = put(claim_file("one", "two", "three"))
    assert certify(file, "--json", "out.json", "--certificates", "folder") == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "interrupted: 1 of 3 claims were finished (p:one), nothing was written\n"
    assert not Path("out.json").exists()
    assert os.listdir("folder") == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["certify", "--JOBS", "1"],
        ["certify", "--job", "1"],
        ["certify", "--jobs", "0"],
        ["certify", "--jobs", "two"],
        ["certify", "--level", "Full"],
        ["Certify"],
        [],
    ],
)
def test_usage_errors(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith("usage: ratecert")


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    file = put(claim_file("fine", expect="refuted"))
    assert main(["list", file]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "p  Title [of] a paper",
        "  fine  [Theorem 1]  [control: to be refuted]",
        "      approx = Theta(M^(1-a))",
    ]
    assert main(["list", file, "nowhere"]) == 2
    assert "nowhere: no such file" in capsys.readouterr().err


def test_text_of_a_file_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    file = put(claim_file("wrong", where=r"Theorem \u001b[31m 1\n2").replace("[of]", r"\u009b"))
    for command in ("list", "certify"):
        main([command, file])
    out = capsys.readouterr().out
    assert "Theorem ?[31m 1 2" in out
    assert not {"\x1b", "\x9b"} & set(out)


def ratecert(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ratecert", *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    return subprocess.run(command, **{"capture_output": True, "text": True, "env": env, **options})


def test_help_offers_what_there_is() -> None:
    done = ratecert("--help")
    assert (done.returncode, done.stderr) == (0, "")
    offered = set(re.findall(r"^ {4}(\w[\w-]*)", done.stdout, flags=re.MULTILINE))
    there = {
        n for n, place in COMMANDS.items() if (ROOT / f"{place.replace('.', '/')}.py").exists()
    }
    assert offered == there


def test_help_and_list_import_nothing_heavy() -> None:
    put(claim_file("fine"))
    script = """
import sys
from ratecert.cli import main
status = main(["list", "p.claims.toml"])
heavy = {"sympy", "numpy", "scipy", "mpmath", "flint", "matplotlib"} & set(sys.modules)
sys.exit(f"imported {heavy}" if heavy else status)
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_text_that_the_terminal_cannot_show() -> None:
    put(claim_file("fine", where="Théorème 1"))
    done = ratecert("list", "p.claims.toml")
    assert (done.returncode, done.stderr) == (0, "")
    assert "[Th?or?me 1]" in done.stdout


def test_reader_that_goes_away() -> None:
    put(claim_file(*(f"c{n}" for n in range(1000))))
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing) as pipe:
        done = ratecert("list", "p.claims.toml", stdout=pipe, capture_output=False,
                        stderr=subprocess.PIPE)  # fmt: skip
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("claims", [1, 1000])  # written as the command ends, and before
def test_full_disk_behind_the_output(claims: int) -> None:
    put(claim_file(*(f"c{n}" for n in range(claims))))
    with open("/dev/full", "w") as full:
        done = ratecert("list", "p.claims.toml", stdout=full, capture_output=False,
                        stderr=subprocess.PIPE)  # fmt: skip
    told = "the output could not be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, told)


@pytest.mark.parametrize(("number", "closed"), [(1, "stdout"), (2, "stderr")])
def test_closed_streams(number: int, closed: str) -> None:
    put(claim_file("fine"))
    run = f'exec "$0" -m ratecert list "$1" {number}>&-'
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    for path, status in (("p.claims.toml", 0), ("missing.claims.toml", 2)):
        command = ["sh", "-c", run, sys.executable, path]
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        assert done.returncode == status
        assert "Traceback" not in done.stderr
        assert (path in done.stderr) == (status == 2 and closed == "stdout")
        assert ("fine" in done.stdout) == (status == 0 and closed == "stderr")
