"""The built site.  Its tests are skipped where it, a browser or node is missing.

``RATECERT_SITE=required`` (continuous integration) makes a missing one a failure instead.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"


def missing(reason: str) -> None:
    """Skip the test, or fail it where everything has to be there."""
    if os.environ.get("RATECERT_SITE") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built site."""
    if not (SITE / "index.html").exists():
        missing("the site is not built: run `python3 run.py docs`")
    return SITE


@pytest.fixture(scope="session")
def node() -> str:
    """The program that runs KaTeX outside a browser."""
    found = shutil.which("node")
    if found is None:
        missing("node is not installed")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's browser."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing("chromium is not installed: apt-get install chromium")
    assert found is not None
    pytest.importorskip("playwright.sync_api", reason="playwright: run `python3 run.py check`")
    return found
