"""The one run over the built-in claims that all pages are written from.

A claim's certificate is kept under a name that hashes the claim, the source of everything that
certifies, the locked versions and the Python version; its derivation in words under one that
hashes the source of the face, too.  A rebuild does again only what could have changed, and a page
never shows the answer of other code.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from os import cpu_count
from pathlib import Path

from ratecert.explain.exposition import Explained, explained
from ratecert.io.certificates import claim_table
from ratecert.io.claim_files import builtin_papers, read
from ratecert.pipeline.batch import certify_all
from ratecert.proofs_check.files.read import ClaimFile
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.verdict.certificate import Certificate

__all__ = ["Judged", "PaperRun", "fingerprint", "run", "title_of"]

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim's certificate, and the derivation or refutation in it written down."""

    certificate: Certificate
    page: Explained

    @property
    def claim(self) -> Claim:
        """The claim."""
        return self.certificate.claim


@dataclass(frozen=True, slots=True)
class PaperRun:
    """A claim file and what became of its claims, in the order of the file."""

    file: ClaimFile
    judged: tuple[Judged, ...]

    def statements(self) -> Iterator[tuple[Judged, tuple[Judged, ...]]]:
        """Yield each statement of the paper with its controls.

        A control is a claim whose id is that of its claim, two hyphens and more; one that goes
        with no claim of the file is shown as a statement of its own.
        """
        ids = {judged.claim.id for judged in self.judged}
        for judged in self.judged:
            if _owner(judged.claim.id) in ids:
                continue
            mine = [j for j in self.judged if _owner(j.claim.id) == judged.claim.id]
            yield judged, tuple(mine)


def _owner(claim_id: str) -> str | None:
    """Return the id of the claim that a control belongs to."""
    owner, hyphens, _ = claim_id.partition("--")
    return owner if hyphens else None


def title_of(claim: Claim) -> str:
    """Return how a claim is called in headings: its id in words."""
    words = claim.id.replace("-", " ")
    return words[:1].upper() + words[1:]


def _digest(*parts: Path | str) -> str:
    """Return a hash of texts, files and all modules below folders."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            digest.update(part.encode())
            continue
        for path in sorted(part.rglob("*.py")) if part.is_dir() else [part]:
            digest.update(str(path.relative_to(ROOT)).encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@cache
def _engines() -> str:
    """Return a hash of what an answer depends on beside its claim."""
    rooms = (ROOT / room for room in ("proofs_check", "theory", "numerics"))
    lock, pipeline = (
        ROOT / "requirements" / "run.txt",
        ROOT / "ratecert" / "pipeline" / "certify.py",
    )
    return _digest(platform.python_version(), *rooms, lock, pipeline)


@cache
def fingerprint() -> str:
    """Return a hash of what anything printed depends on beside its input."""
    return _digest(_engines(), ROOT / "ratecert")


def run(kept: Path, files: Sequence[ClaimFile] | None = None) -> list[PaperRun]:
    """Return papers (by default the built-in ones) with their certificates.

    Certificates in the folder `kept` are reused; what is there for other claims is deleted.

    Raises
    ------
    UserError
        For a claim that is unusable: the site is not built from it.
    """
    kept.mkdir(parents=True, exist_ok=True)
    if files is None:
        files = [read(path) for path in builtin_papers().values()]
    claims = [claim for file in files for claim in file.claims]
    answers = {claim.name: kept / f"{_key(claim)}.answer" for claim in claims}
    _certify([claim for claim in claims if not answers[claim.name].exists()], answers)
    pages = {claim.name: kept / f"{_key(claim)}.{fingerprint()[:16]}.page" for claim in claims}
    _forget(kept, {path.name for path in [*answers.values(), *pages.values()]})
    return [
        PaperRun(file, tuple(_judged(answers[c.name], pages[c.name]) for c in file.claims))
        for file in files
    ]


def _key(claim: Claim) -> str:
    table = json.dumps([claim_table(claim), claim.where, claim.note, claim.line])
    return _digest(_engines(), table)


def _certify(claims: Sequence[Claim], places: dict[str, Path]) -> None:
    for outcome in certify_all(claims, "quick", cpu_count() or 1):
        if isinstance(outcome, UserError):
            raise outcome
        _keep(places[outcome.claim.name], outcome)


def _judged(answer: Path, page: Path) -> Judged:
    """Return a certificate that was kept, with its page, written now unless that was kept, too."""
    certificate = pickle.loads(answer.read_bytes())
    if not page.exists():
        _keep(page, explained(certificate))
    return Judged(certificate, pickle.loads(page.read_bytes()))


def _keep(place: Path, value: Certificate | Explained) -> None:
    """Keep a value for the next build; whole files only."""
    part = place.with_name(f"{place.name}.part")
    part.write_bytes(pickle.dumps(value))
    part.replace(place)


def _forget(kept: Path, wanted: set[str]) -> None:
    """Delete what no claim of today asks for."""
    for path in kept.iterdir():
        if path.is_file() and path.name not in wanted:
            path.unlink()
