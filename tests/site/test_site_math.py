"""Every formula of the built site is one that KaTeX accepts without complaint."""

from __future__ import annotations

import json
import subprocess
from html.parser import HTMLParser
from pathlib import Path

SCRIPT = Path(__file__).with_name("katex.js")


class Formulas(HTMLParser):
    """The formulas of a page, and whether each is displayed."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, bool]] = []
        self._open: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = (dict(attrs).get("class") or "").split()
        if tag in ("span", "div") and "math" in classes:
            self._open, self._text = tag, ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == self._open:
            text = self._text.strip()
            assert text[:2] in (r"\(", r"\["), text
            self.found.append((text[2:-2], text.startswith(r"\[")))
            self._open = None


def rejected(node: str, katex: Path, formulas: list[tuple[str, bool]]) -> list[list[str]]:
    """Return the formulas that KaTeX does not accept, each with its message."""
    command = [node, str(SCRIPT), str(katex.resolve())]
    done = subprocess.run(
        command, input=json.dumps(formulas), capture_output=True, text=True, check=True
    )
    found: list[list[str]] = json.loads(done.stdout)
    return found


def test_all_formulas(site: Path, node: str) -> None:
    formulas: dict[tuple[str, bool], str] = {}
    for path in site.rglob("*.html"):
        parser = Formulas()
        parser.feed(path.read_text(encoding="utf-8"))
        formulas |= dict.fromkeys(parser.found, path.name)
    assert len(formulas) > 300
    assert not rejected(node, site / "_static" / "katex.min.js", list(formulas))


def test_a_wrong_formula_is_noticed(site: Path, node: str) -> None:
    katex = site / "_static" / "katex.min.js"
    wrong = rejected(node, katex, [("a^{2", False), (r"\nosuch", False), ("a^2", True)])
    assert [latex for latex, _ in wrong] == ["a^{2", r"\nosuch"]
