"""The example of a paper's repository, tried as a new user would: an empty folder, the wheel."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "example-paper"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment that holds the built wheel of ratecert.

    Its dependencies are those of this environment, lent by a path file: nothing is downloaded.
    """
    folder = tmp_path_factory.mktemp("user")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=True, symlinks=True)
    place = folder / "env" / "bin"
    install = [str(place / "python"), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*install, str(wheel)], check=True)
    (own,) = (folder / "env" / "lib").glob("python*/site-packages")
    lent = sysconfig.get_path("purelib")
    # An editable ratecert there is not lent: only this wheel's may be found.
    (own / "lent.pth").write_text(f"import sys; sys.path.append({lent!r})\n", encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, in a folder with nothing else in it."""
    folder = tmp_path_factory.mktemp("paper") / "repository"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("*.aux", "*.pdf", "*.log"))
    return folder


def run(programs: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace"
    )


def test_the_wheel_is_what_runs(programs: Path, paper: Path) -> None:
    code = "import ratecert, theory; print(ratecert.__file__); print(theory.__file__)"
    done = run(programs, paper, "python", "-c", code)
    assert all(str(programs.parent) in line for line in done.stdout.splitlines()), done
    assert "lin2024" in run(programs, paper, "ratecert", "list").stdout  # data of the package


def test_pytest_runs_every_claim(programs: Path, paper: Path) -> None:
    done = run(programs, paper, "python", "-m", "pytest", "-v", "--certify-report=report.json")
    assert done.returncode == 0, done.stdout
    for claim in ("approx", "variance", "total", "total--steps-alone"):
        assert re.search(rf"example:{claim} PASSED", done.stdout)
    summary = json.loads((paper / "report.json").read_text(encoding="utf-8"))["summary"]
    assert summary == {"certified": 3, "refuted": 1, "undecided": 0, "as_expected": 4}


@pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
def test_make_compiles_the_paper_with_its_table(programs: Path, paper: Path) -> None:
    done = run(programs, paper, "make")
    assert done.returncode == 0, done.stdout[-2000:]
    log = (paper / "paper.log").read_text(encoding="utf-8", errors="replace")
    assert "Overfull" not in log
    assert "undefined" not in log
    assert (paper / "paper.pdf").stat().st_size > 10_000
    assert "certified" in (paper / "rates-table.tex").read_text(encoding="utf-8")


def test_the_workflow_does_what_the_folder_can(paper: Path) -> None:
    workflow = (paper / ".github" / "workflows" / "rates.yml").read_text(encoding="utf-8")
    for command in (
        "python -m pytest --certify=full --certify-report=report.json",
        "ratecert table rates.claims.toml --format latex --layout narrow > rates-table.tex",
        "latexmk -pdf paper.tex",
    ):
        assert f"run: {command}\n" in workflow
    assert "actions/upload-artifact" in workflow


@pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
def test_the_steps_of_its_workflow_run(programs: Path, paper: Path) -> None:
    """Every step but those that install something, in order, as the workflow spells them."""
    text = (paper / ".github" / "workflows" / "rates.yml").read_text(encoding="utf-8")
    steps = re.findall(r"^ +- run: (.+)$", text, re.MULTILINE)
    kept = [step for step in steps if not re.match(r"python -m pip|sudo apt-get", step)]
    assert len(kept) == len(steps) - 2 == 3
    for step in kept:
        done = run(programs, paper, "bash", "-e", "-o", "pipefail", "-c", step)
        assert done.returncode == 0, f"{step}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    left = re.findall(r"^ {12}(\S+)$", text, re.MULTILINE)
    assert len(left) == 3
    assert all((paper / name).is_file() for name in left)
