import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

LOCKS = Path(__file__).parents[3] / "requirements"


@pytest.fixture
def lock() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lock_under_test", LOCKS / "lock.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    for path in LOCKS.glob("*.txt"):
        shutil.copy(path, tmp_path)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_equal_locks(lock: ModuleType, fresh: Path) -> None:
    assert list(lock.problems(fresh)) == []


def test_another_version(lock: ModuleType, fresh: Path) -> None:
    edit(fresh / "run.txt", "sympy==1.14.0", "sympy==1.15.0")
    assert sorted(lock.problems(fresh)) == [
        "run.txt: has sympy==1.14.0",
        "run.txt: lacks sympy==1.15.0",
    ]


def test_package_that_is_needed_now(lock: ModuleType, fresh: Path) -> None:
    edit(fresh / "dev.txt", "sympy==", "zebra==1 \\\n    --hash=sha256:00\nsympy==")
    assert list(lock.problems(fresh)) == ["dev.txt: lacks zebra==1"]


def test_another_marker(lock: ModuleType, fresh: Path) -> None:
    edit(fresh / "run.txt", "; python_full_version < '3.12'", "; python_full_version < '3.13'")
    assert any(problem.startswith("run.txt: lacks numpy==") for problem in lock.problems(fresh))


def test_missing_hash(lock: ModuleType, fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "HERE", fresh)
    (fresh / "run.txt").write_text("sympy==1.14.0\n", encoding="utf-8")
    assert "run.txt: no hash for sympy==1.14.0" in list(lock.problems(LOCKS))


def test_larger_locks_hold_smaller_ones_and_no_two_disagree(lock: ModuleType) -> None:
    held = {name: dict(lock.pins((LOCKS / f"{name}.txt").read_text())) for name in lock.LOCKS}
    for smaller, larger in (("run", "test"), ("test", "dev")):
        assert held[smaller].items() <= held[larger].items()

    def versions(name: str) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for pin in held[name]:
            package, _, version = pin.partition(" ; ")[0].partition("==")
            found.setdefault(package, set()).add(version)
        return found

    # Documentation may need on every Python what tests need on some: versions alone are compared.
    test, dev, docs = versions("test"), versions("dev"), versions("docs")
    assert test.keys() <= docs.keys()
    shared = dev.keys() & docs.keys()
    assert {name: dev[name] for name in shared} == {name: docs[name] for name in shared}
