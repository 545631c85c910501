"""The Sphinx extension: before anything is read, write the pages that are made from the run."""

from __future__ import annotations

from pathlib import Path
from shutil import rmtree
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

from generate import directives, paper_page, verdicts
from generate.commands import commands_page
from generate.ledger import ledger_pages
from generate.markdown import slug, write
from generate.phase import phase_page
from ratecert.io.certificates import dumps, record

_LOG = logging.getLogger(__name__)


def generate(app: Sphinx) -> None:
    """Write all generated pages below the source folder, and delete those of another run."""
    source = Path(app.srcdir)
    _LOG.info("certifying the built-in papers ...")
    runs = verdicts.run(source / "_build" / "kept")
    pages = {
        "papers/index.md": paper_page.index_page(runs),
        "phase.md": phase_page(runs),
        "reference/commands.md": commands_page(),
    }
    pages |= {f"ledger/{place}": text for place, text in ledger_pages().items()}
    for run in runs:
        for place, text in paper_page.pages(run).items():
            pages[f"papers/{place}"] = text
        for judged in run.judged:
            place = f"papers/{run.file.paper.key}/{slug(judged.claim.id)}.json"
            pages[place] = dumps(record(judged.certificate))
    for place, text in pages.items():
        write(source / place, text)
    for folder in ("papers", "ledger"):
        _delete_others(source / folder, {source / place for place in pages})


def _delete_others(folder: Path, wanted: set[Path]) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file() and path not in wanted:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            rmtree(path)


def _without_ledger(app: Sphinx, _docname: str, source: list[str]) -> None:
    """Leave out the lines of a page that lead to the ledgers, where there are none."""
    if not (Path(app.srcdir) / "ledger" / "index.md").exists():
        kept = [line for line in source[0].splitlines(keepends=True) if "ledger/index" not in line]
        source[0] = "".join(kept)


def _with_notes(app: Sphinx, docname: str, source: list[str]) -> None:
    """List the pages beside the index that no other page lists: the notes on the engines."""
    if docname == "reference/index":
        listed = (Path(app.srcdir) / "index.md").read_text(encoding="utf-8").split()
        notes = sorted(path.stem for path in Path(app.srcdir).glob("*.md"))
        lines = [f"../{name}" for name in notes if name not in listed and name != "index"]
        source[0] = source[0].replace("NOTES", "\n".join(lines))


_SPECIAL = {"genindex", "search", "prf-prf"}


def _without_pages_of_before(app: Sphinx, _exception: Exception | None) -> None:
    """Delete the pages of an earlier build that this one does not have."""
    pages = Path(app.outdir)
    for path in pages.rglob("*.html"):
        name = path.relative_to(pages).with_suffix("").as_posix()
        if name not in app.env.found_docs and name not in _SPECIAL and name[0] != "_":
            path.unlink()


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    directives.register(app)
    app.add_config_value("ratecert_fingerprint", "", "env")
    app.connect("builder-inited", generate)
    app.connect("build-finished", _without_pages_of_before)
    app.connect("source-read", _without_ledger)
    app.connect("source-read", _with_notes)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
