import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


class Machine:
    """``run.py`` on a machine where every set-up step is noted instead of done."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, uv: str | None):
        spec = importlib.util.spec_from_file_location("run_under_test", ROOT / "run.py")
        assert spec is not None
        assert spec.loader is not None
        self.module: ModuleType = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        self.root, self.steps = root, []
        self.dies_at: str | None = None
        for name, path in {
            "ROOT": root,
            "VENV": root / ".venv",
            "OURS": root / ".venv" / "made-by-run.py",
            "STATE": root / ".venv" / "installed.json",
        }.items():
            monkeypatch.setattr(self.module, name, path)
        monkeypatch.setattr(self.module, "call", self.call)
        monkeypatch.setattr(self.module.shutil, "which", lambda name: uv)
        for folder in ("requirements", "ratecert", "proofs_check", "theory", "numerics"):
            (root / folder).mkdir()
        for name in ("run", "test", "dev"):
            self.put(f"requirements/{name}.txt", name)
        self.put("pyproject.toml", "[project]")

    def put(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    def call(self, command: list[str]) -> None:
        text = " ".join(command)
        if self.dies_at and self.dies_at in text:
            raise KeyboardInterrupt
        self.steps.append(text)

    def ensure(self, purpose: str) -> list[str]:
        """Return the kinds of steps taken: venv, a lock's name, project."""
        self.steps.clear()
        self.module.ensure(purpose)
        kinds = {"venv": " venv ", "project": "--no-build-isolation"}
        kinds |= {name: f"{name}.txt" for name in ("run", "test", "dev")}
        return [next(k for k, mark in kinds.items() if mark in step) for step in self.steps]


@pytest.fixture(params=[None, "/somewhere/uv"], ids=["pip", "uv"])
def machine(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Machine:
    return Machine(tmp_path, monkeypatch, request.param)


def test_first_time_then_nothing(machine: Machine) -> None:
    assert machine.ensure("run") == ["venv", "run", "project"]
    assert machine.ensure("run") == []
    assert all(("/somewhere/uv" in s) == ("uv" in s) for s in machine.steps)


def test_links_that_a_checkout_lacks_are_made(machine: Machine) -> None:
    machine.put("ratecert/theory", "../theory")  # what git leaves on a system without links
    machine.ensure("run")
    for room in ("proofs_check", "theory", "numerics"):
        assert os.readlink(machine.root / "ratecert" / room) == f"../{room}"
    machine.ensure("run")


def test_a_link_that_cannot_be_made_is_named(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine.root / "ratecert").rmdir()
    with pytest.raises(SystemExit):
        machine.ensure("run")
    assert "proofs_check has to be a link to the folder proofs_check" in capsys.readouterr().err


def test_grows_to_a_larger_purpose_and_never_back(machine: Machine) -> None:
    machine.ensure("run")
    assert machine.ensure("dev") == ["dev", "project"]
    assert machine.ensure("test") == []
    assert machine.ensure("run") == []


@pytest.mark.parametrize("changed", ["requirements/run.txt", "requirements/dev.txt"])
def test_made_anew_when_a_lock_in_use_changes(machine: Machine, changed: str) -> None:
    machine.ensure("run")
    machine.ensure("dev")
    machine.put(changed, "changed")
    assert machine.ensure("test") == ["venv", "test", "project"]


def test_lock_not_in_use_does_not_matter(machine: Machine) -> None:
    machine.ensure("run")
    machine.put("requirements/dev.txt", "changed")
    assert machine.ensure("run") == []


def test_project_file_reinstalls_only_the_project(machine: Machine) -> None:
    machine.ensure("run")
    machine.put("pyproject.toml", "[project] # changed")
    assert machine.ensure("run") == ["project"]
    assert machine.ensure("run") == []


def test_made_anew_for_another_python(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.ensure("run")
    monkeypatch.setattr(machine.module.platform, "python_version", lambda: "3.99.0")
    assert machine.ensure("run") == ["venv", "run", "project"]


@pytest.mark.parametrize("step", [" venv ", "run.txt", "--no-build-isolation"])
def test_made_anew_after_a_killed_run(machine: Machine, step: str) -> None:
    machine.dies_at = step
    with pytest.raises(KeyboardInterrupt):
        machine.ensure("run")
    (machine.root / ".venv" / "left-over").touch()
    machine.dies_at = None
    assert machine.ensure("run") == ["venv", "run", "project"]
    assert not (machine.root / ".venv" / "left-over").exists()


def test_made_anew_after_a_kill_while_growing(machine: Machine) -> None:
    machine.ensure("run")
    machine.dies_at = "test.txt"
    with pytest.raises(KeyboardInterrupt):
        machine.ensure("test")
    machine.dies_at = None
    assert machine.ensure("run") == ["venv", "run", "project"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": 1}', "\xff"])
def test_unreadable_state_counts_as_half_made(machine: Machine, text: str) -> None:
    machine.ensure("run")
    (machine.root / ".venv" / "installed.json").write_bytes(text.encode("latin-1"))
    assert machine.ensure("run") == ["venv", "run", "project"]


def test_environment_of_someone_else_is_left_alone(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    (machine.root / ".venv").mkdir()
    (machine.root / ".venv" / "theirs").touch()
    with pytest.raises(SystemExit) as stop:
        machine.ensure("run")
    assert stop.value.code == 2
    assert (machine.root / ".venv" / "theirs").exists()
    assert "move it away" in capsys.readouterr().err
    assert machine.steps == []


def test_an_environment_does_not_delete_itself(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.ensure("run")
    machine.put("requirements/run.txt", "changed")
    monkeypatch.setattr(machine.module.sys, "prefix", str(machine.module.VENV))
    with pytest.raises(SystemExit):
        machine.ensure("run")
    assert "use a Python that does not lie in it" in capsys.readouterr().err
    assert machine.module.OURS.exists()


def test_missing_ensurepip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = Machine(tmp_path, monkeypatch, None)
    monkeypatch.setattr(machine.module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as stop:
        machine.ensure("run")
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"apt install python3.{sys.version_info[1]}-venv" in line
    assert not (tmp_path / ".venv").exists()


def test_failed_step_stops_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = Machine(tmp_path, monkeypatch, None)
    monkeypatch.undo()
    with pytest.raises(SystemExit) as stop:
        machine.module.call([sys.executable, "-c", "raise SystemExit(3)"])
    assert stop.value.code == 2
    assert "set-up failed at" in capsys.readouterr().err


def test_state_is_bound_to_its_place(machine: Machine) -> None:
    machine.ensure("run")
    state = json.loads((machine.root / ".venv" / "installed.json").read_text())
    assert str(machine.root) in state["key"]
