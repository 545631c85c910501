"""The Sphinx extension: before anything is read, write the pages that are made from the run."""

from __future__ import annotations

from pathlib import Path
from shutil import rmtree
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

from generate import directives, paper_page, verdicts
from generate.commands import commands_page
from generate.markdown import slug, write
from generate.phase import phase_page
from ratecert.certificate_json import dumps, record

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
    for run in runs:
        for place, text in paper_page.pages(run).items():
            pages[f"papers/{place}"] = text
        for judged in run.judged:
            place = f"papers/{run.file.paper.key}/{slug(judged.claim.id)}.json"
            pages[place] = dumps(record(judged.certificate))
    for place, text in pages.items():
        write(source / place, text)
    _delete_others(source / "papers", {source / place for place in pages})


def _delete_others(folder: Path, wanted: set[Path]) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file() and path not in wanted:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            rmtree(path)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    directives.register(app)
    app.connect("builder-inited", generate)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
