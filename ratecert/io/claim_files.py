"""Finding and reading claim files: FILE, DIR, KEY, KEY:ID or FILE:ID.

A built-in paper KEY is the file ``KEY.claims.toml`` in the package data of `theory`, of the same
format as everybody's.  Where KEY and a path are spelt alike the paper is meant, and ``./KEY`` is
the path.  A folder stands for all claim files below it, those in hidden folders left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from pathlib import Path

from ratecert.proofs_check.files.names import ClaimFileError
from ratecert.proofs_check.files.read import MAX_BYTES, ClaimFile, parse_claims
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.grammar import nearest

__all__ = ["SUFFIX", "Found", "builtin_papers", "find", "load", "read"]

SUFFIX = ".claims.toml"


@dataclass(frozen=True, slots=True)
class Found:
    """What was usable, file by file in the order asked for, and every problem of the rest."""

    files: tuple[ClaimFile, ...]
    problems: tuple[UserError, ...]

    @property
    def claims(self) -> tuple[Claim, ...]:
        """All claims in order."""
        return tuple(claim for file in self.files for claim in file.claims)


def builtin_papers() -> Mapping[str, Traversable]:
    """Return the built-in claim files by the keys of their papers, in alphabetical order."""
    folder = package_files("ratecert.theory").joinpath("papers")
    if not folder.is_dir():
        return {}
    found = {path.name.removesuffix(SUFFIX): path for path in folder.iterdir() if _is_ours(path)}
    return dict(sorted(found.items()))


def load(path: str | os.PathLike[str]) -> list[Claim]:
    """Return the claims of a file or folder, or those that ``KEY``, ``KEY:ID``, ``FILE:ID`` name.

    Raises
    ------
    UserError
        Where nothing is found, or a file is unusable; it lists every problem.
    """
    found = find([os.fspath(path)])
    if len(found.problems) == 1:
        raise found.problems[0]
    if found.problems:
        raise ClaimFileError(found.problems)
    return list(found.claims)


def find(wanted: Sequence[str]) -> Found:
    """Return the claims that the arguments name; all built-in papers where there are none.

    A file that is named twice counts once, as a whole if it is once named as a whole.
    """
    papers = builtin_papers()
    chosen: dict[Path | Traversable, list[str] | None] = {}
    problems: list[UserError] = []
    if not (wanted or papers):
        problems.append(UserError("this installation has no built-in papers; name a claim file"))
    for argument in wanted or papers:
        try:
            for path, claim_id in _places(argument, papers):
                known = chosen.setdefault(path, [])
                if claim_id is None:
                    chosen[path] = None
                elif known is not None:
                    known.append(claim_id)
        except UserError as error:
            problems.append(error)
    files: list[ClaimFile] = []
    for path, ids in chosen.items():
        try:
            files.append(_chosen(read(path), ids))
        except UserError as error:
            problems.append(error)
    return Found(*_without_doubles(files, problems))


def _is_ours(path: Path | Traversable) -> bool:
    return path.name.endswith(SUFFIX) and path.name != SUFFIX and path.is_file()


def _places(
    argument: str, papers: Mapping[str, Traversable]
) -> Iterator[tuple[Path | Traversable, str | None]]:
    """Yield the files that an argument means, each with the one claim that is wanted of it."""
    key, colon, claim_id = argument.partition(":")
    if key in papers:
        yield papers[key], claim_id if colon else None
    elif not argument:
        raise UserError("an empty name is no file, folder or paper")
    elif os.path.isdir(argument):
        below = list(_below(argument))
        if not below:
            raise UserError(f"{argument}: no file *{SUFFIX} in this folder")
        yield from ((path, None) for path in below)
    elif os.path.lexists(argument):
        yield Path(argument), None
    elif os.path.isfile(argument.rpartition(":")[0]):
        path, _, claim_id = argument.rpartition(":")
        yield Path(path), claim_id
    else:
        raise UserError(
            f"{argument}: no such file or folder, and no built-in paper of that key"
            f"{nearest(key, papers)} (`ratecert list` shows the papers)"
        )


def _below(folder: str) -> Iterator[Path]:
    for here, folders, names in os.walk(folder, onerror=_unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (path for name in sorted(names) if _is_ours(path := Path(here, name)))


def _unreadable(error: OSError) -> None:
    raise UserError(f"{error.filename}: {error.strerror}")


def read(path: Path | Traversable) -> ClaimFile:
    """Return what one file holds; a UserError names it as the user would."""
    name = _shown(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)  # one more, so that the excess is noticed
    except OSError as error:
        raise UserError(f"the file cannot be read: {error.strerror}", name, 1) from None
    return parse_claims(data, name)


def _shown(path: Path | Traversable) -> str:
    """Return the name for messages: as given, or relative to here where that is shorter."""
    text = str(path)
    if not os.path.isabs(text):
        return text
    try:
        return min(os.path.relpath(text), text, key=len)
    except ValueError:  # on another drive
        return text


def _chosen(file: ClaimFile, ids: Sequence[str] | None) -> ClaimFile:
    if ids is None:
        return file
    known = {claim.id for claim in file.claims}
    where = file.paper.key if file.paper.key in builtin_papers() else file.claims[0].file
    for unknown in (claim_id for claim_id in ids if claim_id not in known):
        raise UserError(
            f"{file.paper.key} has no claim {unknown!r}{nearest(unknown, known)} "
            f"(`ratecert list {where}` shows them)"
        )
    return replace(file, claims=tuple(claim for claim in file.claims if claim.id in ids))


def _without_doubles(
    files: Sequence[ClaimFile], problems: Sequence[UserError]
) -> tuple[tuple[ClaimFile, ...], tuple[UserError, ...]]:
    """Refuse a file that holds a claim of the same KEY:ID as an earlier one."""
    owner: dict[str, str] = {}
    kept: list[ClaimFile] = []
    doubled = list(problems)
    for file in files:
        double = next((claim for claim in file.claims if claim.name in owner), None)
        if double is None:
            kept.append(file)
            owner.update((claim.name, claim.file) for claim in file.claims)
            continue
        message = (
            f"{double.name} is also a claim of {owner[double.name]}; "
            "give one of the two papers another key, or certify the files one at a time"
        )
        doubled.append(UserError(message, double.file, double.line))
    return tuple(kept), tuple(doubled)
