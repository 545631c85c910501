"""The page of a paper: its rates as a table, then each statement with what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from generate.claim_page import claim_page, statement_of
from generate.markdown import bar, code, one_table, slug
from generate.regimes import table as regimes_table
from generate.verdicts import Judged, PaperRun, title_of
from ratecert.proofs_check.language.claim import Paper
from ratecert.proofs_check.verdict.certificate import Verdict
from ratecert.show.rates_table import bibtex, rates_table
from ratecert.writing.page import markdown_words
from ratecert.writing.tables import Text, to_markdown

__all__ = ["index_page", "pages"]


def pages(run: PaperRun) -> dict[str, str]:
    """Return the pages of a paper by their places below ``papers/``."""
    paper = run.file.paper
    found = {f"{paper.key}/index.md": _paper_page(run)}
    for judged, controls in run.statements():
        found[f"{paper.key}/{slug(judged.claim.id)}.md"] = claim_page(paper, judged, controls)
    return found


def index_page(runs: Sequence[PaperRun]) -> str:
    """Return the list of the papers with the verdicts counted."""
    rows = (
        (
            Text(run.file.paper.key),
            Text(run.file.paper.title),
            *(Text(str(_count(run, verdict))) for verdict in Verdict),
            Text("all" if all(j.certificate.as_expected for j in run.judged) else "NOT all"),
        )
        for run in runs
    )
    heads = ("key", "paper", *(str(verdict) for verdict in Verdict), "as expected")
    toc = "".join(f"{run.file.paper.key}/index\n" for run in runs)
    return (
        "# Papers\n\nWhat is claimed, what was derived, and what each of the four legs says of "
        "it. Every number on these pages comes from the run that built the site. Among the "
        "refuted claims are the controls: false neighbours that have to be refuted.\n\n"
        f"{one_table(heads, rows)}\n```{{toctree}}\n:maxdepth: 1\n\n{toc}```\n"
    )


def _count(run: PaperRun, verdict: Verdict) -> int:
    return sum(judged.certificate.verdict is verdict for judged in run.judged)


def _paper_page(run: PaperRun) -> str:
    paper = run.file.paper
    statements = list(run.statements())
    by = f"{', '.join(paper.authors)}{f' ({paper.year})' if paper.year else ''}"
    link = f"[arXiv:{paper.arxiv}](https://arxiv.org/abs/{paper.arxiv})" if paper.arxiv else ""
    table = rates_table([j.certificate for j in run.judged], {paper.key: paper})
    toc = "".join(f"{slug(judged.claim.id)}\n" for judged, _ in statements)
    parts = [
        f"# {markdown_words(paper.title or paper.key)}\n",
        f"{markdown_words(by)}. {link}\n",
        f"## Rates by regime\n\n{to_markdown(table)}",
        "## Statements\n",
        *(_section(paper, judged, controls) for judged, controls in statements),
        f"## Citation\n\n{code(bibtex(paper), 'bibtex')}",
        f"```{{toctree}}\n:hidden:\n\n{toc}```\n",
    ]
    return "\n".join(parts)


def _section(paper: Paper, judged: Judged, controls: Sequence[Judged]) -> str:
    claim, certificate = judged.claim, judged.certificate
    refused = ", ".join(f"{{ref}}`{c.claim.id} <claim-{slug(c.claim.name)}>`" for c in controls)
    parts = [
        f"### {markdown_words(title_of(claim))}\n",
        bar(certificate),
        statement_of(judged, certified=claim.expect == "certified", page="paper"),
        regimes_table(certificate),
        f"{{doc}}`Derivation, ladders, risk, simulation, trust base <{slug(claim.id)}>`"
        + (f"; controls refuted: {refused}." if controls else "."),
        "",
    ]
    return "\n".join(part for part in parts if part or part == "")
