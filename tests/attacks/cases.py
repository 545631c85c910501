"""The cases with known answers: files of claims in ``tests/cases``, one claim at a time.

The right answer to a case is its `expect`; the files in ``illposed`` hold no statements, to which
neither `certified` nor `refuted` is right.  What is not reached yet (undecided, or of a language
that is not read yet) is no false answer.  ``reached.txt`` lists the answers that are given today,
``slow.txt`` the cases that take more than a few seconds, which only the command asks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from attacks.trial import Answer, answer_to

from ratecert.proofs_check.files.read import parse_claims
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.verdict.judge import kind

__all__ = ["CASES", "Case", "all_cases", "answers", "reached", "report", "slow", "wrong"]

CASES = Path(__file__).parents[1] / "cases"
LIMIT = 60.0
"""Seconds of the processor that a case gets."""
_ANSWERS = ("certified", "refuted")


@dataclass(frozen=True)
class Case:
    """One ``[[claim]]`` table, with the head of its file; `name` is KEY:ID."""

    name: str
    text: str
    file: str
    is_statement: bool

    def claims(self) -> Sequence[Claim]:
        """Return the claims that the table holds: one, or several where it lists cases.

        Raises
        ------
        UserError
            Where the table is unusable, or not of a language that is read so far.
        """
        return parse_claims(self.text.encode(), self.file).claims


def all_cases() -> list[Case]:
    """Return every case, in the order of the files."""
    found = []
    for path in sorted(CASES.rglob("*.claims.toml")):
        head, *blocks = re.split(r"(?m)^(?=\[\[claim\]\])", path.read_text(encoding="utf-8"))
        key = _value("key", head)
        is_statement = path.parent.name != "illposed"
        found += [
            Case(f"{key}:{_value('id', block)}", head + block, path.name, is_statement)
            for block in blocks
        ]
    return found


def _value(key: str, text: str) -> str:
    match = re.search(rf'(?m)^{key}\s*=\s*"([^"]*)"', text)
    assert match, f"a case has a {key}"
    return match[1]


def reached() -> dict[str, str]:
    """Return the verdicts that are reached, by name of the claim."""
    return dict(_lines(CASES / "reached.txt"))


def slow() -> set[str]:
    """Return the names of the cases that take long."""
    return {name for name, *_ in _lines(CASES / "slow.txt")}


def _lines(path: Path) -> list[list[str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


def answers(case: Case, limit: float = LIMIT) -> dict[str, Answer]:
    """Return the answer to every claim of the case; none where it is refused as a whole.

    The legs are asked about explicit expressions and ill-posed claims alone, where they are fast:
    they can take a verdict back and never give one.
    """
    try:
        claims = case.claims()
    except UserError:
        return {}
    return {
        claim.name: answer_to(claim, not case.is_statement or kind(claim) == "explicit", limit)
        for claim in claims
    }


def wrong(case: Case, name: str, answer: Answer) -> str:
    """Return what is wrong with an answer to a case, or nothing."""
    if answer.verdict in ("fault", "time"):
        return f"{answer.verdict}: {answer.why}"
    if answer.verdict not in _ANSWERS:
        return ""
    if not case.is_statement:
        return f"{answer.verdict}, but it is no statement"
    expected = {claim.name: claim.expect for claim in case.claims()}[name]
    return "" if answer.verdict == expected else f"{answer.verdict}, but expected {expected}"


def report(write: bool) -> int:
    """Answer all cases, print those that are wrong; write the list of what is reached if asked."""
    lines, faults = [], 0
    for case in all_cases():
        for name, answer in answers(case, 4 * LIMIT).items():
            why = wrong(case, name, answer)
            faults += bool(why)
            known = reached().get(name)
            given = answer.verdict if answer.verdict in _ANSWERS and not why else None
            if why:
                print(f"{name}: {why}")
            elif known != given:
                print(f"{name}: {known or 'nothing'} before, {given or answer.verdict} now")
            if answer.seconds > 5 and name not in slow():
                print(f"{name}: takes {answer.seconds:.1f} s; is it one for slow.txt?")
            if given:
                lines.append(f"{name} {given}")
    print(f"{len(lines)} cases are reached, {faults} answers are wrong")
    if write:
        (CASES / "reached.txt").write_text(_HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    return 1 if faults else 0


_HEAD = """# Cases that are answered, with the answer: python3 run.py attack --cases --write
# Where the left side is a quantity of the model this is the answer of the checked derivation.
"""
