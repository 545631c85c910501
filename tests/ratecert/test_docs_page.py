"""The page of Theorem 4.1 in docs/ is what ``explain`` says today."""

from pathlib import Path

from ratecert.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "theorem-4-1.md"


def test_the_page_is_what_explain_says(capsys) -> None:
    assert main(["explain", "lin2024:total", "--format", "markdown"]) == 0
    assert capsys.readouterr().out == PAGE.read_text(encoding="utf-8")
