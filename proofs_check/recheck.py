"""Re-checking certificates and ledgers on their own: ``ratecert check FILE...``.

A certificate file is JSON: ``{"format": 1, "claim": {...}, "verdict": ..., "derivation": ...,
"trust": [...]}``.  The claim is read anew from its own words, as strictly as from a claim file,
and what the verdict rests on is checked against it:

- ``certified``: the derivation must prove the claim (`checker.check`);
- ``refuted``: the derivation must be a witness against it (`checker.check_witness`);
- ``undecided``: nothing is claimed, so there is nothing to check.

Either way the file must own up to everything that the check found to be used and not proved: a
shorter trust list than that fails.  It may be longer, as the numeric legs of a certificate, which
cannot be re-checked here, may rest on more.

A ledger (``*.ledger.toml``, see `ratecert.proofs_check.ledger`) holds if none of its lemmas is
rejected; it is printed lemma by lemma, with what it rests on.

Each certificate gets one line, and so does the sum of a ledger.  Exit status: 0 all hold, 1 some
fails, 2 some is no certificate or the usage is wrong, 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ratecert.proofs_check.checker import check, check_witness
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError, UserError
from ratecert.proofs_check.ledger.book import check_ledger, read_ledger
from ratecert.proofs_check.ledger.report import lines
from ratecert.proofs_check.verdict.certificate import Verdict

__all__ = ["Record", "check_files", "main", "read_record", "recheck"]

MAX_BYTES = 50_000_000
"""Largest file that is read."""
KEYS = frozenset({"format", "claim", "verdict", "derivation", "trust"})
LEDGER = ".ledger.toml"
"""How the names of ledgers end."""
OK, FAILED, UNREADABLE, INTERRUPTED = 0, 1, 2, 130
_WORDS = {OK: "OK", FAILED: "FAILED", UNREADABLE: "UNREADABLE"}


@dataclass(frozen=True, slots=True)
class Record:
    """What a certificate file says; `derivation` is any JSON data."""

    claim: Claim
    verdict: Verdict
    derivation: Any
    trust: tuple[str, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the files and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m ratecert.proofs_check",
        description="Re-check certificates and ledgers: does what they hold prove what they say?",
        epilog="exit status: 0 all hold, 1 some fails, 2 some is unreadable",
        allow_abbrev=False,
    )
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="a certificate (JSON) or a ledger (*.ledger.toml)"
    )
    return check_files(parser.parse_args(arguments).files)


def check_files(names: Sequence[str]) -> int:
    """Check the files, print a line for each, and return the exit status."""
    worst = OK
    try:
        for name in names:
            status, text = _answer(name)
            print(_on_one_line(f"{_WORDS[status]} {name}: {text}"), flush=True)
            worst = max(worst, status)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    return worst


def _answer(name: str) -> tuple[int, str]:
    try:
        with open(name, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return UNREADABLE, error.strerror or str(error)
    if name.endswith(LEDGER):
        return _ledger(data)
    try:
        record = read_record(data)
    except UserError as error:
        return UNREADABLE, str(error)
    said = f"{record.claim.name} ({record.claim.says}) {record.verdict}"
    try:
        return OK, f"{said}: {recheck(record)}"
    except RejectedError as error:
        return FAILED, f"{said}: {error}"
    except RecursionError:
        return FAILED, f"{said}: the derivation is nested too deeply"


def _ledger(data: bytes) -> tuple[int, str]:
    """Print a ledger lemma by lemma and return its last line."""
    try:
        report = check_ledger(read_ledger(data))
    except UserError as error:
        return UNREADABLE, str(error)
    *told, last = lines(report)
    for text in told:
        print(_printable(text))
    return OK if report.holds else FAILED, last


def _on_one_line(text: str) -> str:
    """Return the text on one line, without anything that a terminal or a pipe may choke on."""
    return _printable(" ".join(text.split()))


def _printable(text: str) -> str:
    encoding = sys.stdout.encoding or "ascii"
    shown = "".join(c if c.isprintable() else "?" for c in text)
    return shown.encode(encoding, "replace").decode(encoding)


def recheck(record: Record) -> str:
    """Return what a certificate shows and what it rests on.

    Raises
    ------
    RejectedError
        Where its derivation does not bear its verdict out, or its trust list is too short.
    """
    if record.verdict is Verdict.UNDECIDED:
        return "nothing to check"
    if record.verdict is Verdict.CERTIFIED:
        trust, found = check(record.claim, record.derivation).trust, "the derivation proves it"
    else:
        refuted = check_witness(record.claim, record.derivation)
        trust, found = refuted.trust, refuted.text
    unnamed = [item for item in trust if item not in record.trust]
    if unnamed:
        raise RejectedError(f"the trust list omits: {'; '.join(unnamed)}")
    return f"{found}; rests on: {'; '.join(record.trust) or 'nothing unproved'}"


def read_record(data: bytes) -> Record:
    """Return what a certificate file says.

    Raises
    ------
    UserError
        Where it is no certificate.
    """
    table = _document(data)
    if not isinstance(table, dict) or set(table) != KEYS:
        raise UserError(f"not a certificate: its keys must be {', '.join(sorted(KEYS))}")
    if type(table["format"]) is not int or table["format"] != 1:
        raise UserError("the format must be 1, the only one so far")
    if table["verdict"] not in list(Verdict):
        raise UserError(f"the verdict must be one of {', '.join(Verdict)}")
    trust = table["trust"]
    if not isinstance(trust, list) or not all(isinstance(item, str) for item in trust):
        raise UserError("trust must be a list of texts")
    claim = _claim(table["claim"])
    return Record(claim, Verdict(table["verdict"]), table["derivation"], tuple(trust))


def _document(data: bytes) -> Any:
    if len(data) > MAX_BYTES:
        raise UserError(f"larger than {MAX_BYTES} bytes")
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except UserError:
        raise
    except RecursionError:
        raise UserError("nested too deeply") from None
    except ValueError as error:
        raise UserError(f"not JSON: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice, of which readers would take one or the other."""
    table = dict(pairs)
    if len(table) != len(pairs):
        raise UserError("a key stands twice in one object")
    return table


def _no_number(text: str) -> Any:
    raise UserError(f"{text} is not JSON")


def _claim(table: Any) -> Claim:
    """Read the claim as a claim file would be read; it says all there is, nothing is added."""
    if not isinstance(table, dict) or not {"key", "id", "says"} <= set(table):
        raise UserError("the claim must be an object with key, id, says")
    own = {name: value for name, value in table.items() if name != "key"}
    key = table["key"]
    if not isinstance(key, str) or not key.isprintable():
        raise UserError("the key of the claim's paper must be a printable text")
    try:
        return replace(make_claim(**own), key=key)
    except UserError as error:
        raise UserError(f"the claim: {error}") from None
