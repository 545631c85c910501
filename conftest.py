"""What pytest has to know of the folders: the rooms hold claim files, and no tests to import."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent
ROOMS = {ROOT / name for name in ("proofs_check", "theory", "numerics")}


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take a room for a plain folder: as a package it has another name, ``ratecert.theory``."""
    return pytest.Dir.from_parent(parent, path=path) if path in ROOMS else None
