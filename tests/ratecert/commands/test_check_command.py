"""``ratecert check``: the command's own part; what passes is tested in tests/proofs_check."""

from pathlib import Path

import pytest

from ratecert.cli import main
from ratecert.proofs_check import recheck


def test_each_file_gets_a_line_and_the_worst_one_the_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unreadable = tmp_path / "broken.json"
    unreadable.write_text("{", encoding="utf-8")
    assert main(["check", str(unreadable), str(tmp_path / "none.json")]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["UNREADABLE", "UNREADABLE"]


def test_it_is_the_module_of_the_trusted_base(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(recheck, "check_files", lambda files: seen.append(list(files)) or 1)
    assert main(["check", "one", "two"]) == 1
    assert seen == [["one", "two"]]


def test_a_file_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["check"])
    assert stop.value.code == 2
    assert "FILE" in capsys.readouterr().err
