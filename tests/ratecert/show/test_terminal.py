"""What people see: 80 columns, a pipe, a terminal, Ctrl-C."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

FILE = """
[paper]
key = "p"
title = "A title of a paper that is a good deal longer than eighty columns, so that it has to wrap"
[defaults]
assume = ["a > 1", "b = a"]
[[claim]]
id = "approx"
says = "approx = Theta(M^(1-a))"
[[claim]]
id = "a-claim-with-a-name-that-is-longer-than-its-column-could-ever-be-in-a-terminal"
says = "approx = Theta(M^(-a))"
"""
BAD = FILE.replace("Theta(M^(-a))", "Thet(M^(-a) + M^(-2*a) + M^(-3*a) + M^(-4*a) + M^(-5*a))")
RATECERT = [sys.executable, "-P", "-m", "ratecert"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "p.claims.toml").write_text(FILE, encoding="utf-8")
    (tmp_path / "bad.claims.toml").write_text(BAD, encoding="utf-8")
    return tmp_path


def on_a_terminal(folder: Path, *arguments: str, columns: int = 80) -> str:
    """Return everything that a command shows on a terminal, input and output being one."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": str(columns), "LINES": "24"}
    with subprocess.Popen(
        [*RATECERT, *arguments], cwd=folder, env=environment,
        stdin=theirs, stdout=theirs, stderr=theirs,
    ) as process:  # fmt: skip
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:  # how Linux says that the other side is closed
            pass
        process.wait()
    os.close(ours)
    return shown.decode()


def plain(shown: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)


@pytest.mark.parametrize(
    "arguments",
    [
        ("certify", "p.claims.toml"),
        ("explain", "p.claims.toml:approx"),
        ("table", "p.claims.toml:approx"),
        ("list", "p.claims.toml"),
        ("list",),
    ],
    ids=" ".join,
)
def test_eighty_columns_in_a_pipe(folder: Path, arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [*RATECERT, *arguments], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    assert done.stdout
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_an_error_is_one_line_in_a_log_and_wrapped_on_a_terminal(folder: Path) -> None:
    command = ("certify", "bad.claims.toml")
    done = subprocess.run(
        [*RATECERT, *command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    first, *rest = done.stderr.splitlines()
    assert first.startswith("bad.claims.toml:12: ")
    assert first.endswith("did you mean Theta?")
    assert len(rest) == 2  # the statement, and a caret
    shown = plain(on_a_terminal(folder, *command)).splitlines()
    assert max(map(len, shown)) <= 80
    told = " ".join(line.strip() for line in shown[:-2])
    assert told.startswith(first)


def test_progress_with_the_time_left_on_a_terminal_alone(folder: Path) -> None:
    total = '[[claim]]\nid = "total"\nsays = "risk - sigma^2 = Theta(M^(1-a))"\n'
    (folder / "p.claims.toml").write_text(FILE + total, encoding="utf-8")
    shown = on_a_terminal(folder, "certify", "--jobs", "1", "p.claims.toml")
    assert re.search(r"certifying .*[123]/3 \d:\d\d:\d\d \d:\d\d:\d\d left", plain(shown))
    assert "3 claims: 1 certified, 2 refuted" in plain(shown)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_leaves_no_file_and_says_what_was_finished(folder: Path, jobs: str) -> None:
    more = "".join(
        f'[[claim]]\nid = "total-{k}"\nassume = ["N_eff*gamma >= 1"]\n'
        'says = "risk - sigma^2 = Theta(M^(1-a) + (N_eff*gamma)^((1-a)/a))"\n'
        for k in range(30)
    )
    (folder / "p.claims.toml").write_text(FILE + more, encoding="utf-8")
    command = ["certify", "--jobs", jobs, "--json", "out.json", "--certificates", "certs"]
    with subprocess.Popen(
        [*RATECERT, *command, "p.claims.toml"], cwd=folder, stderr=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        while not (folder / "certs").exists():  # the work is about to begin
            time.sleep(0.05)
        time.sleep(1)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert out == ""
    assert re.fullmatch(
        r"interrupted(: \d+ of 32 claims were finished( \(.*\))?, nothing was written)?\n", err
    )
    assert not (folder / "out.json").exists()
    assert [path for path in folder.rglob("*") if path.name.endswith((".part", ".json"))] == []
