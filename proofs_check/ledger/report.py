"""What a checked ledger says, as lines of text and as plain data."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ratecert.proofs_check.ledger.book import Entry, Report

__all__ = ["as_data", "lines"]


def lines(report: Report) -> list[str]:
    """Return the statuses lemma by lemma, the trust base, and a summary as the last line."""
    found = [f"{report.key}: {report.title}".rstrip(": "), "", "standing assumptions:"]
    found += [f"  {text}" for text in report.standing]
    found += ["", "status       method       seconds  lemma"]
    for entry in report.entries:
        found += _entry(entry)
    found += ["", "trust base:", *(f"  {text}" for text in report.trust)]
    return [*found, "", summary(report)]


def _entry(entry: Entry) -> list[str]:
    found = [f"{entry.status:<12} {entry.method:<12} {entry.seconds:7.3f}  {entry.id}"]
    if entry.assume:
        found.append(f"    if       {', '.join(entry.assume)}")
    found.append(f"    says     {entry.says}")
    if entry.constants:
        values = (f"{name} = {value}" for name, value in entry.constants.items())
        found.append(f"    where    {', '.join(values)}")
    if entry.uses:
        found.append(f"    uses     {', '.join(entry.uses)}")
    if entry.supports:
        found.append(f"    supports {entry.supports}")
    if entry.reason:
        found.append(f"    reason   {entry.reason}")
    return found


def summary(report: Report) -> str:
    """Return how many entries have which status, and how long the check took."""
    counts = Counter(entry.status for entry in report.entries)
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    seconds = sum(entry.seconds for entry in report.entries)
    return f"{len(report.entries)} entries: {told}; {seconds:.1f} s"


def as_data(report: Report) -> dict[str, Any]:
    """Return the report as JSON has it."""
    lemmas = [
        {
            "id": entry.id,
            "says": entry.says,
            "assume": list(entry.assume),
            "status": entry.status,
            "method": entry.method,
            "uses": list(entry.uses),
            "constants": dict(entry.constants),
            "supports": entry.supports or None,
            "reason": entry.reason,
            "seconds": round(entry.seconds, 6),
        }
        for entry in report.entries
    ]
    return {
        "key": report.key,
        "standing": list(report.standing),
        "lemmas": lemmas,
        "trust": list(report.trust),
    }
