"""Everything is imported under one name, beside whatever a user's own folders are called."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).parents[3]
ROOMS = ("theory", "numerics", "proofs_check")
CLAIMS = """
[paper]
key = "mine"

[[claim]]
id       = "approx"
spectrum = "i^-a"
target   = "i^-a"
assume   = ["a > 1"]
says     = "approx = Theta(M^(1-a))"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's project whose packages have the names of our folders."""
    for name in (*ROOMS, "tests", "docs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f'OWNER = "the user, {name}"\n')
    lines = ["import docs, numerics, proofs_check, ratecert, tests, theory", "", "",
             "def test_both():", "    assert theory.OWNER == 'the user, theory'",
             "    assert numerics.OWNER == 'the user, numerics'",
             "    assert ratecert.claim('M = O(M^2)').says == 'M = O(M^2)'", ""]  # fmt: skip
    (tmp_path / "tests" / "test_mine.py").write_text("\n".join(lines))
    (tmp_path / "mine.claims.toml").write_text(CLAIMS)
    return tmp_path


def test_the_command(programs: Path, project: Path, run: Run) -> None:
    done = run(programs, project, "ratecert", "certify", "mine.claims.toml")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 claim: 1 certified" in done.stdout


def test_the_module(programs: Path, project: Path, run: Run) -> None:
    done = run(programs, project, "python", "-m", "ratecert", "certify", "mine.claims.toml")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 claim: 1 certified" in done.stdout


def test_the_import(programs: Path, project: Path, run: Run) -> None:
    code = (
        "import numerics, theory, ratecert\n"
        "(claim,) = ratecert.load('mine.claims.toml')\n"
        "print(ratecert.certify(claim).verdict, theory.OWNER, ratecert.__file__)"
    )
    done = run(programs, project, "python", "-c", code)
    assert done.stdout.startswith("certified the user, theory "), done.stderr
    assert str(programs.parent) in done.stdout


@pytest.mark.parametrize("how", [["pytest"], ["python", "-m", "pytest"]], ids=" ".join)
def test_pytest_and_the_plugin(programs: Path, project: Path, run: Run, how: list[str]) -> None:
    if how == ["pytest"]:  # the lent one has no script in this environment
        how = ["python", "-c", "import sys, pytest; sys.exit(pytest.console_main())"]
    done = run(programs, project, *how, "-v", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"mine:approx PASSED", done.stdout)
    assert re.search(r"test_both PASSED", done.stdout)


def test_check_stands_on_the_trusted_base_alone(programs: Path, project: Path, run: Run) -> None:
    made = run(programs, project, "ratecert", "certify", "mine.claims.toml", "--certificates", "c")
    assert made.returncode == 0, made.stderr
    (file,) = (project / "c").iterdir()
    blocked = ("sympy", "mpmath", "numpy", "scipy", "rich", "matplotlib")
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({blocked!r}))\n"
        "from ratecert.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = run(programs, project, "python", "-c", code, "check", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("OK ")
    as_module = run(programs, project, "python", "-m", "ratecert.proofs_check", str(file))
    assert as_module.stdout == done.stdout


@pytest.mark.parametrize("room", ROOMS)
def test_no_other_name_is_installed(programs: Path, tmp_path: Path, run: Run, room: str) -> None:
    done = run(programs, tmp_path, "python", "-c", f"import {room}")
    assert f"No module named '{room}'" in done.stderr


@pytest.mark.parametrize("room", ROOMS)
def test_the_folders_have_no_second_name_in_a_checkout(room: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {room}"], cwd=ROOT, capture_output=True, text=True
    )
    assert f"ImportError: import ratecert.{room}" in done.stderr


def test_no_file_is_loaded_as_two_modules() -> None:
    """All modules at once, in the root of the repository, where the folders are in reach."""
    code = """
import os, pkgutil, sys
from importlib import import_module
import ratecert
for found in pkgutil.walk_packages(ratecert.__path__, "ratecert."):
    if not found.name.endswith("__main__"):
        import_module(found.name)
files = [os.path.realpath(m.__file__) for m in list(sys.modules.values())
         if getattr(m, "__file__", None)]
ours = [f for f in files if f.startswith(os.getcwd() + os.sep) and ".venv" not in f]
assert len(ours) > 150, len(ours)
assert len(ours) == len(set(ours)), sorted(f for f in ours if ours.count(f) > 1)
print("one each")
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout == "one each\n", done.stderr


def test_the_links_of_a_checkout_are_relative() -> None:
    for room in ROOMS:
        link = ROOT / "ratecert" / room
        assert link.is_symlink()
        assert os.readlink(link) == f"../{room}"
