"""Every page of the built site: its links, its images, its size, and that it asks nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

LARGEST_PAGE = 1_000_000
LOADING = {"img", "script", "iframe", "source", "video", "audio", "embed", "object"}


@dataclass
class Page(HTMLParser):
    """What a page refers to (`loaded` by the browser itself), and what can be referred to."""

    loaded: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    unnamed_images: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self.ids |= {known[name] for name in ("id", "name") if name in known}
        if tag in LOADING and known.get("src"):
            self.loaded.append(known["src"])
        if tag == "link" and known.get("rel") in ("stylesheet", "preload", "icon"):
            self.loaded.append(known["href"])
        if tag == "a" and known.get("href"):
            self.links.append(known["href"])
        self.unnamed_images += tag == "img" and "alt" not in known

    handle_startendtag = handle_starttag


def read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def broken(page: Path, address: str, known: dict[Path, Page]) -> bool:
    """Return whether a local address leads nowhere."""
    parts = urlsplit(address)
    target = page if not parts.path else (page.parent / unquote(parts.path)).resolve()
    if not target.is_file():
        return True
    return (
        bool(parts.fragment)
        and unquote(parts.fragment) not in known.setdefault(target, read(target)).ids
    )


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    found = {path.resolve(): read(path) for path in site.rglob("*.html")
             if "_static" not in path.parts}  # fmt: skip
    assert len(found) > 40
    return found


def test_local_addresses_lead_somewhere(pages: dict[Path, Page]) -> None:
    wrong = [
        f"{path.name}: {address}"
        for path, page in list(pages.items())
        for address in [*page.links, *page.loaded]
        if not urlsplit(address).scheme and broken(path, address, pages)
    ]
    assert not wrong


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, Page], site: Path) -> None:
    wrong = [a for page in pages.values() for a in page.loaded if urlsplit(a).scheme not in
             ("", "data") or a.startswith("//")]  # fmt: skip
    assert not wrong
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert "url(http" not in styles
    assert "@import" not in styles


def test_links_that_leave_are_to_the_papers(pages: dict[Path, Page]) -> None:
    leaving = {urlsplit(a).netloc for page in pages.values() for a in page.links}
    known = {"", "arxiv.org", "www.sphinx-doc.org", "github.com", "pradyunsg.me"}
    assert leaving <= known


def test_pages_are_small_and_images_named(pages: dict[Path, Page]) -> None:
    assert not [path.name for path in pages if path.stat().st_size >= LARGEST_PAGE]
    assert not [path.name for path, page in pages.items() if page.unnamed_images]


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text('<p id="here"><a href="#here">x</a><a href="#there">y</a>', encoding="utf-8")
    page = read(path)
    assert [broken(path, address, {}) for address in [*page.links, "b.html"]] == [
        False, True, True,
    ]  # fmt: skip
