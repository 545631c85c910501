"""The example of a paper's repository, tried as a new user would: an empty folder, the wheel."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs" / "example-paper"


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, in a folder with nothing else in it."""
    folder = tmp_path_factory.mktemp("paper") / "repository"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("*.aux", "*.pdf", "*.log"))
    return folder


def test_the_wheel_is_what_runs(programs: Path, paper: Path, run: Run) -> None:
    code = "import ratecert.theory; print(ratecert.__file__); print(ratecert.theory.__file__)"
    done = run(programs, paper, "python", "-c", code)
    assert all(str(programs.parent) in line for line in done.stdout.splitlines()), done
    assert "lin2024" in run(programs, paper, "ratecert", "list").stdout  # data of the package


def test_pytest_runs_every_claim(programs: Path, paper: Path, run: Run) -> None:
    done = run(programs, paper, "python", "-m", "pytest", "-v", "--certify-report=report.json")
    assert done.returncode == 0, done.stdout
    for claim in ("approx", "variance", "total", "total--steps-alone"):
        assert re.search(rf"example:{claim} PASSED", done.stdout)
    summary = json.loads((paper / "report.json").read_text(encoding="utf-8"))["summary"]
    assert summary == {"certified": 3, "refuted": 1, "undecided": 0, "as_expected": 4}


@pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
def test_make_compiles_the_paper_with_its_table(programs: Path, paper: Path, run: Run) -> None:
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


def test_the_steps_of_its_workflow_run(
    new_environment: Callable[[], Path], unpacked: Path, paper: Path, run: Run
) -> None:
    """Every step but the one that installs LaTeX, in order, as the workflow spells them.

    Ratecert's repository lies where the workflow checks it out to; pip has no network.  Where
    LaTeX is missing the paper is not compiled.
    """
    programs = new_environment()
    text = (paper / ".github" / "workflows" / "rates.yml").read_text(encoding="utf-8")
    (place,) = re.findall(r"^ +path: (\S+ratecert)$", text, re.MULTILINE)
    shutil.copytree(unpacked, paper / place)
    steps = re.findall(r"^ +- run: (.+)$", text, re.MULTILINE)
    kept = [step for step in steps if not step.startswith("sudo apt-get")]
    assert len(kept) == len(steps) - 1 == 4
    assert kept[0] == f"python -m pip install ./{place} pytest"
    without = set() if shutil.which("latexmk") else {"latexmk -pdf paper.tex", "paper.pdf"}
    for step in (step for step in kept if step not in without):
        done = run(programs, paper, "bash", "-e", "-o", "pipefail", "-c", step)
        assert done.returncode == 0, f"{step}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    left = re.findall(r"^ {12}(\S+)$", text, re.MULTILINE)
    assert len(left) == 3
    assert all((paper / name).is_file() for name in set(left) - without)
