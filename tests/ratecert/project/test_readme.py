"""Every command of the README is run, and prints what stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from generate.examples import rewritten

ROOT = Path(__file__).parents[3]


@pytest.mark.skipif(
    not (ROOT / ".venv" / "made-by-run.py").exists(),
    reason="the README's commands need the environment that run.py makes",
)
def test_outputs_are_those_of_today() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    today = rewritten(page)
    assert today == page, "in docs/, `python -m generate.examples ../README.md` mends this"


def test_another_status_is_an_error() -> None:
    with pytest.raises(ValueError, match="ended with status 1, not 0"):
        rewritten("```console\n$ exit 1\n```\n")
    assert rewritten("<!-- status: 1 -->\n```console\n$ exit 1\n```\n").endswith("$ exit 1\n```\n")


def test_outputs_files_and_what_is_left_alone() -> None:
    page = (
        "<!-- file: a.txt -->\n```text\none\n```\n"
        "```console\n$ cat a.txt\nold\n$ echo \\\n    two\n```\n"
        "<!-- not run -->\n```console\n$ exit 1\n```\n```toml\nx = 1\n```\n"
    )
    wanted = page.replace("old\n$", "one\n\n$").replace("two\n```", "two\ntwo\n```")
    assert rewritten(page) == wanted
    assert rewritten(wanted) == wanted
