"""Certificates as JSON, and files that appear whole or not at all.

`report` is what ``certify --json`` and the pytest plugin write; everything in it but `seconds`
is the same byte for byte from run to run.  `record` is one claim's own file, which
``ratecert check`` re-checks on its own: the claim as a claim file has it, the verdict,
the checked derivation and what it rests on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import Expr, unmarked
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.verdict.certificate import (
    LEGS,
    Certificate,
    Evidence,
    Verdict,
    is_expected,
)
from ratecert.version import __version__

__all__ = [
    "check_writable",
    "claim_table",
    "dumps",
    "record",
    "record_names",
    "report",
    "report_entry",
    "write_atomically",
]


def report(entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the report of a run from the entries of its claims (see `report_entry`)."""
    claims = list(entries)
    summary = {str(v): sum(entry["verdict"] == v for entry in claims) for v in Verdict}
    summary["as_expected"] = sum(
        is_expected(entry["verdict"], entry["expect"], entry["reason"]) for entry in claims
    )
    return {"version": __version__, "claims": claims, "summary": summary}


def report_entry(certificate: Certificate) -> dict[str, Any]:
    """Return what the report says about one claim."""
    claim = certificate.claim
    return {
        "id": claim.name,
        "says": claim.says,
        "expect": claim.expect,
        "verdict": str(certificate.verdict),
        "reason": certificate.reason,
        "derived": certificate.derived,
        "regimes": [{"when": list(r.when), "order": r.order} for r in certificate.regimes],
        "witness": certificate.witness,
        "lights": {leg: str(certificate.lights[leg]) for leg in LEGS},
        "constants": certificate.constants,
        "trust": list(certificate.trust),
        "evidence": [_evidence(piece) for piece in certificate.evidence],
        "seconds": round(certificate.seconds, 3),
    }


def _evidence(piece: Evidence) -> dict[str, Any]:
    """Return what one numeric leg saw, with the parameter values and paths it looked along."""
    head = {"leg": piece.leg, "light": str(piece.light), "summary": piece.summary}
    return head | dict(piece.details)


def record(certificate: Certificate) -> dict[str, Any]:
    """Return one claim's certificate for re-checking elsewhere."""
    return {
        "format": 1,
        "claim": claim_table(certificate.claim),
        "verdict": str(certificate.verdict),
        "derivation": certificate.derivation,
        "trust": list(certificate.trust),
    }


def claim_table(claim: Claim) -> dict[str, Any]:
    """Return the claim with the keys of a claim file, defaults written out, and its paper's."""
    setting = claim.setting
    table: dict[str, Any] = {"key": claim.key, "id": claim.id, "says": claim.says}
    table["assume"] = list(map(_typed, claim.assume))
    if setting.kernel is None:
        table["spectrum"] = _typed(setting.spectrum)
    else:
        table["kernel"] = str(setting.kernel)
    table |= {
        "target": _texts(setting.target),
        "features": setting.features,
        "algorithm": setting.algorithm,
        "schedule": setting.schedule,
        "batch": _typed(setting.batch),
        "outputs": _typed(setting.outputs),
        "noise": _texts(setting.noise),
        "sizes": sorted(claim.own_sizes),
        "expect": claim.expect,
    }
    if claim.objective is not None:
        table["minimise"] = _typed(claim.objective.expr)
        table["over"] = list(claim.objective.over)
        table["subject_to"] = list(map(_typed, claim.objective.subject_to))
    return table


def _texts(value: Expr | tuple[Expr, ...]) -> str | list[str]:
    return list(map(_typed, value)) if isinstance(value, tuple) else _typed(value)


def _typed(part: Expr | Condition) -> str:
    """Return an expression or a condition as it is read again."""
    return unmarked(str(part))


def record_names(claims: Sequence[Claim]) -> list[str]:
    """Return the name of each claim's own file, ``KEY.ID.json``.

    Raises
    ------
    UserError
        Where two claims would get the same one.
    """
    owner: dict[str, str] = {}
    for claim in claims:
        name = f"{claim.key}.{claim.id}.json"
        if name in owner:
            raise UserError(
                f"{owner[name]} and {claim.name} would both be written to {name}: "
                "rename one of them, or write their certificates into different folders"
            )
        owner[name] = claim.name
    return list(owner)


def dumps(data: Mapping[str, Any]) -> str:
    """Return the JSON text, indented, in the order of the keys as given."""
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def check_writable(path: Path) -> None:
    """Refuse, before the work and not after it, a file that could not be written.

    Raises
    ------
    UserError
        Where its folder does not exist or may not be written to, or the path is a folder.
    """
    if path.is_dir():
        raise UserError(f"{path} is a folder; name a file to write")
    if not path.parent.is_dir():
        raise UserError(f"{path.parent} is not a folder; make it first, or name another file")
    if not os.access(path if _is_special(path) else path.parent, os.W_OK):
        raise UserError(f"{path}: no permission to write here")


def write_atomically(path: Path, text: str) -> None:
    """Write the file through a temporary one beside it and a rename.

    A reader sees the old file or the new one, whole; an error leaves the old one.  A symbolic
    link stays one, and what is no ordinary file (``/dev/stdout``) is simply written to.

    Raises
    ------
    UserError
        Where the system refuses, for instance on a full disk.
    """
    target = path if _is_special(path) else path.resolve()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if _is_special(path):
            target.write_text(text, encoding="utf-8")
            return
        try:
            with part.open("w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(target)
        except BaseException:
            with suppress(FileNotFoundError):
                part.unlink()
            raise
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from None


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()
