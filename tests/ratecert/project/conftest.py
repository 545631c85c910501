"""What a user installs: wheels built from this folder and from its sdist, in new environments."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

Run = Callable[..., subprocess.CompletedProcess[str]]


def build(kind: str, source: Path, folder: Path) -> Path:
    """Build a wheel or an sdist of the project in `source`."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="session")
def unpacked(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the sdist unpacks to."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (inside,) = folder.iterdir()
    return inside


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built from the folder itself."""
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def wheel_of_sdist(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that an index or a user builds from the sdist."""
    return build("wheel", unpacked, tmp_path_factory.mktemp("wheel-of-sdist"))


@pytest.fixture(scope="session")
def new_environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Make an environment without ratecert; its ``bin`` folder.

    The dependencies are those of this environment, lent by a path file: nothing is downloaded.
    """

    def made() -> Path:
        folder = tmp_path_factory.mktemp("user") / "env"
        venv.create(folder, with_pip=True, symlinks=True)
        (own,) = (folder / "lib").glob("python*/site-packages")
        # A path file that lies there is not read: an editable ratecert is not lent.
        lent = f"import sys; sys.path.append({sysconfig.get_path('purelib')!r})\n"
        (own / "lent.pth").write_text(lent, encoding="utf-8")
        return folder / "bin"

    return made


def run_in(programs: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody who has activated the environment and stands in the folder."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
    # What pip is told here is what the absence of a network leaves of it.
    environment |= {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    environment |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace"
    )


@pytest.fixture(scope="session")
def run() -> Run:
    return run_in


@pytest.fixture(scope="session")
def programs(new_environment: Callable[[], Path], wheel_of_sdist: Path) -> Path:
    """The programs of an environment that holds the wheel of the sdist."""
    place = new_environment()
    install = ("python", "-m", "pip", "install", "--quiet", str(wheel_of_sdist))
    done = run_in(place, wheel_of_sdist.parent, *install)
    assert done.returncode == 0, done.stderr
    return place
