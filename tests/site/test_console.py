"""Console sessions: run once, kept by what they depend on, and honest about the status."""

from __future__ import annotations

from pathlib import Path

import pytest

from generate.console import Session, commands_of


def test_commands() -> None:
    lines = ["$ a b \\", "    c", "", "$ d"]
    assert list(commands_of(lines)) == ["a b \\\n    c", "d"]
    for wrong in (["a"], ["$ a \\"]):
        with pytest.raises(ValueError, match=":"):
            list(commands_of(wrong))


def test_a_session_shares_a_folder() -> None:
    session = Session()
    session.put("a.txt", "1\n")
    assert session.run("cat a.txt; echo 2 > b.txt").output == "1\n"
    assert session.run("cat b.txt; pwd").output.startswith("2\n")
    assert session.run("exit 3").status == 3
    folder = session.folder
    session.close()
    assert not folder.exists()


def test_terminal_is_eighty_columns_without_colour_or_input() -> None:
    session = Session()
    assert session.run("echo $COLUMNS $NO_COLOR; cat").output == "80 1\n"
    session.close()


def test_outputs_are_kept_by_commands_files_and_source(tmp_path: Path) -> None:
    def told(source: str, text: str, *commands: str) -> list[str]:
        session = Session(tmp_path, source)
        session.put("a", text)
        found = [session.run(command).output for command in commands]
        session.close()
        return found

    clock = "date +%s%N"
    first = told("x", "1", clock)
    assert told("x", "1", clock) == first
    assert told("y", "1", clock) != first
    assert told("x", "2", clock) != first
    # What a kept command left in the folder is there for a new one.
    told("x", "1", "echo left > b")
    assert told("x", "1", "echo left > b", "cat b") == ["", "left\n"]
