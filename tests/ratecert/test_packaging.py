import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import ratecert

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.iterdir()
    return zipfile.ZipFile(path)


def test_wheel_holds_all_rooms_and_their_data(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    for room in ("proofs_check", "theory", "numerics", "ratecert"):
        for suffix in ("py", "toml"):
            files = {str(path.relative_to(ROOT)) for path in (ROOT / room).rglob(f"*.{suffix}")}
            assert files <= names
    assert not any(name.startswith(("tests", "docs", "benchmarks")) for name in names)


def test_wheel_registers_the_command_and_the_plugin(wheel: zipfile.ZipFile) -> None:
    info = f"ratecert-{ratecert.__version__}.dist-info"
    points = wheel.read(f"{info}/entry_points.txt").decode()
    assert "[console_scripts]\nratecert = ratecert.cli:main\n" in points
    assert "[pytest11]\nratecert = ratecert.pytest_plugin\n" in points
    assert f"{info}/licenses/LICENSE" in wheel.namelist()


@pytest.mark.parametrize(
    "lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.stem
)
def test_locks_name_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[a-z0-9.-]+==\S+( ; .*)? \\\n", entry), entry
        assert "--hash=sha256:" in entry


def test_public_names_load_and_are_listed() -> None:
    for name in ratecert.__all__:
        assert getattr(ratecert, name) is not None
    assert dir(ratecert) == sorted(ratecert.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        ratecert.nothing  # noqa: B018
