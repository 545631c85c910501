"""The built site in a real browser, from file://, with everything that it might ask refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 600_000  # milliseconds: a busy machine is no failure, a hang is
PAGES = (
    "index.html", "start.html", "phase.html", "tutorial.html", "decides.html", "example.html",
    "papers/index.html", "papers/lin2024/index.html", "papers/lin2024/total.html",
    "papers/chen2025/index.html", "reference/language.html", "reference/commands.html",
    "reference/python.html",
)  # fmt: skip


@dataclass
class Browser:
    """A browser, and all that went wrong in it."""

    chromium: Any
    site: Path
    complaints: list[str] = field(default_factory=list)

    def open(self, page: str, *, width: int = 1280, theme: str = "light", **more: Any) -> Any:
        context = self.chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, **more
        )
        context.set_default_timeout(PATIENCE)
        tab = context.new_page()
        tab.on("console", lambda m: m.type in ("error", "warning") and self._note(page, m.text))
        tab.on("pageerror", lambda error: self._note(page, str(error)))
        tab.on("requestfailed", lambda r: self._note(page, f"failed: {r.url}"))
        tab.on("request", lambda r: r.url.startswith(("file:", "data:", "blob:"))
               or self._note(page, f"asks for {r.url}"))  # fmt: skip
        tab.goto(f"{self.site.as_uri()}/{page}")
        return tab

    def _note(self, page: str, text: str) -> None:
        self.complaints.append(f"{page}: {text}")


@pytest.fixture(scope="module")
def running(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def browser(running: Any, site: Path) -> Iterator[Browser]:
    """A browser of which nothing may complain by the end of the test."""
    found = Browser(running, site)
    yield found
    for context in running.contexts:
        context.close()
    assert not found.complaints


@pytest.mark.parametrize("page", PAGES)
def test_page_loads_with_its_mathematics(browser: Browser, page: str) -> None:
    tab = browser.open(page)
    assert tab.title()
    assert tab.locator(".katex-error").count() == 0
    if tab.locator(".math").count():
        assert tab.locator(".math .katex").count() == tab.locator(".math").count()
        assert tab.evaluate("document.fonts.check('16px KaTeX_Main')")


@pytest.mark.parametrize("page", PAGES)
def test_narrow_screen(browser: Browser, page: str) -> None:
    tab = browser.open(page, width=360)
    wide = tab.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360, f"{page} is {wide} pixels wide"


def test_search_finds_a_claim(browser: Browser) -> None:
    tab = browser.open("index.html")
    tab.locator("input[name=q]").first.fill("saturated approx")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#search-results li a")
    found = tab.locator("#search-results li a").first
    assert "saturated-approx" in found.get_attribute("href")
    found.click()
    tab.wait_for_load_state()
    assert "Saturated approx" in tab.locator("h1").inner_text()


def test_phase_diagram_answers_a_click(browser: Browser) -> None:
    tab = browser.open("phase.html")
    assert tab.locator("#rc-cell").inner_text() == ""
    tab.locator("#rc-phase a[data-cell='1'] text").click()
    panel = tab.locator("#rc-cell")
    assert "Cell 1" in panel.inner_text()
    assert panel.locator("table a").count() > 0
    assert panel.locator(".rc-number-order .katex").count() > 0
    assert tab.url.endswith("#cell-1")
    panel.locator("table a").first.click()
    tab.wait_for_load_state()
    assert re.search(r"/papers/\w+/[\w-]+\.html", tab.url)


def test_phase_diagram_without_scripts(browser: Browser) -> None:
    tab = browser.open("phase.html", java_script_enabled=False)
    tab.locator("#rc-phase a[data-cell='2']").focus()
    tab.keyboard.press("Enter")
    assert tab.url.endswith("#cell-2")
    assert tab.locator("section#cell-2, section:has(#cell-2)").last.locator("table").count() == 1


def brightness(tab: Any, selector: str, what: str) -> float:
    """Return how bright the colour of an element is, from 0 to 1."""
    colour = tab.evaluate(
        "([s, w]) => getComputedStyle(document.querySelector(s))[w]", [selector, what]
    )
    red, green, blue = map(float, re.findall(r"[\d.]+", colour)[:3])
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_themes(browser: Browser, theme: str) -> None:
    tab = browser.open("papers/lin2024/total.html", theme=theme)
    paper = brightness(tab, "body", "backgroundColor")
    for selector, what in (
        ("article p", "color"), (".katex", "color"), (".rc-regimes text", "fill"),
        (".rc-verdict", "color"), (".rc-figure svg", "color"),
    ):  # fmt: skip
        assert abs(brightness(tab, selector, what) - paper) > 0.3, selector
    assert (paper < 0.5) == (theme == "dark")


def test_lights_are_told_by_mark_and_word(browser: Browser) -> None:
    tab = browser.open("papers/lin2024/total.html")
    first = tab.locator(".rc-bar").first.inner_text()
    assert "✓ certified" in first
    assert first.count("pass") == 4
    assert "✗ refuted" in " ".join(tab.locator(".rc-bar").all_inner_texts())


def test_a_complaint_is_noticed(running: Any, tmp_path: Path) -> None:
    text = "<script>console.error('x')</script><img src='http://example.invalid/a.png'>"
    (tmp_path / "a.html").write_text(text, encoding="utf-8")
    found = Browser(running, tmp_path)
    found.open("a.html")
    told = " ".join(found.complaints)
    assert "a.html: x" in told
    assert "asks for http://example.invalid/a.png" in told
