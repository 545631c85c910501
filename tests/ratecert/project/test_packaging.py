"""What the wheel and the sdist hold, what the locks say, and which names are public."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_string
from importlib.util import find_spec
from pathlib import Path

import pytest

import ratecert

ROOT = Path(__file__).parents[3]
ROOMS = ("proofs_check", "theory", "numerics")
INFO = f"ratecert-{ratecert.__version__}.dist-info"


def held(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def sources() -> set[str]:
    """All that belongs into the wheel, by its place there."""
    found = set()
    for folder, prefix in (("ratecert", ""), *((room, "ratecert/") for room in ROOMS)):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".toml", ".typed") and not path.is_symlink():
                found.add(prefix + path.relative_to(ROOT).as_posix())
    return {name for name in found if "__pycache__" not in name}


def test_the_wheel_holds_everything_under_one_name(wheel: Path) -> None:
    names = held(wheel)
    assert {name for name in names if not name.startswith(INFO)} == sources()
    assert all(f"ratecert/{room}/__init__.py" in names for room in ROOMS)
    assert "ratecert/py.typed" in names
    assert "ratecert/theory/papers/lin2024.ledger.toml" in names


def test_a_wheel_of_the_sdist_is_the_same(wheel: Path, wheel_of_sdist: Path) -> None:
    one, other = zipfile.ZipFile(wheel), zipfile.ZipFile(wheel_of_sdist)
    assert held(wheel) == held(wheel_of_sdist)
    assert all(one.read(name) == other.read(name) for name in sources())


def test_the_sdist_holds_the_folders_and_no_link(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    assert all(member.isfile() for member in members)
    names = {member.name.split("/", 1)[1] for member in members}
    tops = {name.split("/")[0] for name in names}
    assert {*ROOMS, "ratecert", "tests", "docs", "run.py", "pyproject.toml", "LICENSE"} <= tops
    assert not any(name.startswith(f"ratecert/{room}/") for name in names for room in ROOMS)


def test_the_wheel_registers_the_command_and_the_plugin(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    points = archive.read(f"{INFO}/entry_points.txt").decode()
    assert "[console_scripts]\nratecert = ratecert.cli:main\n" in points
    assert "[pytest11]\nratecert = ratecert.pytest_plugin\n" in points
    assert f"{INFO}/licenses/LICENSE" in archive.namelist()


def test_the_metadata_say_who_and_what(wheel: Path) -> None:
    told = message_from_string(zipfile.ZipFile(wheel).read(f"{INFO}/METADATA").decode())
    assert told["Name"] == "ratecert"
    assert told["Version"] == ratecert.__version__
    assert told["License-Expression"] == "Apache-2.0"
    assert told["Author"]
    assert told["Keywords"]
    classifiers = told.get_all("Classifier", [])
    assert "Typing :: Typed" in classifiers
    assert "Programming Language :: Python :: 3.11" in classifiers
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {ratecert.__version__}\n" in citation


@pytest.mark.skipif(find_spec("twine") is None, reason="twine is in the group `dev`")
def test_twine_finds_nothing_to_mend(sdist: Path, wheel: Path) -> None:
    command = [sys.executable, "-m", "twine", "check", "--strict", str(sdist), str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


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


def test_no_folder_takes_the_place_of_a_public_name() -> None:
    """Importing ``ratecert.X`` puts the module X where a function X would be."""
    inside = {path.stem for path in (ROOT / "ratecert").iterdir()}
    assert not inside & set(ratecert.__all__)


def test_the_project_names_every_layer_that_there_is() -> None:
    """A new shelf has to be put into the order of its room."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layered = contracts["tool"]["importlinter"]["contracts"]
    rooms = {c["containers"][0]: c for c in layered if c["type"] == "layers"}
    assert {"ratecert", *(f"ratecert.{room}" for room in ROOMS)} <= set(rooms)
    assert all(contract["exhaustive"] for contract in rooms.values())
