"""The mutant census: whether the verifier notices when a built-in theorem is bent.

Every mutant (`ratecert.theory.advice.mutants`) of every built-in claim that is certified is put to
the search, and what it finds to the checker:

- *refuted*: a checked witness contradicts it;
- *proved*: a checked derivation proves it; it is true as well;
- *undefined*: without the dropped condition the quantity itself is not defined, or the changed
  right side is no rate: not positive, or the logarithm of what need not be above 1;
- *undecided*: neither was found, with the reason.

With ``--numbers`` the numeric legs are asked whether they contradict a proof; one that does ends
the census.  ``python -m ratecert.census`` (``run.py census``) writes the numbers to
``docs/census.md``.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

from ratecert.io.certificates import claim_table
from ratecert.io.claim_files import load
from ratecert.pipeline.certify import certify
from ratecert.proofs_check.checker import check, check_witness
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError, UserError
from ratecert.proofs_check.verdict.certificate import Verdict
from ratecert.theory.advice.mutants import KINDS, Mutant, mutants
from ratecert.theory.derive import derive

__all__ = ["OUTCOMES", "Result", "census", "main", "outcome", "page"]

OUTCOMES = ("refuted", "proved", "undefined", "undecided")
PAPERS = ("lin2024", "chen2025")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one mutant; `text` is the witness, the proof or the reason in words."""

    name: str
    says: str
    kind: str
    change: str
    outcome: str
    text: str
    seconds: float


def census(claims: Iterable[Claim], workers: int = 2, numbers: bool = False) -> Iterator[Result]:
    """Yield the results of all mutants of the certified claims, in their order."""
    claims = list(claims)
    known = {_content(claim) for claim in claims}
    jobs = [
        (claim.name, mutant.kind, mutant.change, table, numbers)
        for claim in claims
        if claim.expect == "certified"
        for mutant, table in _usable(claim, known)
    ]
    if workers == 1:
        yield from map(_job, jobs)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_job, jobs, chunksize=4)


def _usable(claim: Claim, known: set[Any]) -> Iterator[tuple[Mutant, dict[str, Any]]]:
    """Yield mutants that could stand in a claim file and were not seen before."""
    for mutant in mutants(claim):
        table = claim_table(mutant.claim)
        try:
            read = _read(table)
        except UserError:
            continue
        if _content(read) not in known:
            known.add(_content(read))
            yield mutant, table


def _read(table: dict[str, Any]) -> Claim:
    return make_claim(**{name: value for name, value in table.items() if name != "key"})


def _content(claim: Claim) -> tuple[object, ...]:
    statement = (claim.left, claim.relation, claim.right)
    return (*statement, claim.setting, frozenset(claim.assume), claim.objective, claim.sizes)


def _job(job: tuple[str, str, str, dict[str, Any], bool]) -> Result:
    name, kind, change, table, numbers = job
    claim = _read(table)
    start = perf_counter()
    found, text = outcome(claim)
    if numbers and found == "proved":
        text = _numbers(claim)
    return Result(name, claim.says, kind, change, found, text, perf_counter() - start)


def outcome(claim: Claim) -> tuple[str, str]:
    """Return what becomes of a claim, one of `OUTCOMES`, and why."""
    try:
        derived = derive(claim)
    except UserError as error:
        return "undefined", f"its assumptions contradict each other: {error}"
    if derived.refutation is not None:
        refuted = check_witness(claim, derived.refutation)
        path = ", ".join(f"{n} = {v}" for n, v in (*refuted.values.items(), *refuted.path.items()))
        return "refuted", f"{refuted.text} along {path}"
    if derived.proof is not None:
        try:
            trust = check(claim, derived.proof).trust
        except RejectedError as error:
            return "undecided", f"the search proposed a derivation that does not hold: {error}"
        return "proved", _proof_text(derived.proof, trust)
    if _is_undefined(derived.reason):
        return "undefined", derived.reason
    return "undecided", derived.reason


def _is_undefined(reason: str) -> bool:
    ends = "is not positive", "is not positive: no rule for differences"
    what = reason.partition(", where ")[0]
    return (
        reason.startswith("the definitions need")
        or what.endswith(ends)
        or (reason.startswith("log(") and "need not be above 0" in reason)
    )


def _proof_text(proof: dict[str, Any], trust: tuple[str, ...]) -> str:
    """Describe a derivation: how many cases and certificates it has, and what it rests on."""
    nodes = list(_nodes(proof))
    cases = sum("bounds" in node or "point" in node for node in nodes)
    certificates = sum(len(node["certs"]) for node in nodes if "certs" in node)
    rests = len(trust) or "nothing"
    return f"{cases} cases, {certificates} certificates; rests on {rests} unproved"


def _nodes(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        yield data
    for part in (
        data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    ):
        yield from _nodes(part)


def _numbers(claim: Claim) -> str:
    """Return what the numeric legs say to a claim that was proved.

    Raises
    ------
    AssertionError
        Where they contradict.
    """
    certificate = certify(claim)
    lights = ", ".join(f"{leg} {light}" for leg, light in certificate.lights.items())
    if certificate.reason.startswith("internal disagreement"):
        raise AssertionError(f"{claim.says}: {certificate.reason}")
    word = "certified" if certificate.verdict is Verdict.CERTIFIED else "numbers silent"
    return f"{word}: {lights}"


# The page.


def page(results: Sequence[Result]) -> str:
    """Return the numbers as a page in Markdown."""
    counts = Counter((result.kind, result.outcome) for result in results)
    lines = [
        "# Mutant census",
        "",
        "Every built-in claim that is certified was changed in one small thing at a time: one",
        "exponent by 1/10, one term left out, one condition left out, the relation turned, the",
        "constant of a `~` doubled. This page is what `python3 run.py census` wrote.",
        "",
        "A mutant is *refuted* by a checked witness; *proved* by a checked derivation, as it is",
        "true as well; *undefined* where the condition left out is one without which the quantity",
        "itself has no definition, or where the changed right side is no rate (negative, say);",
        "else *undecided*.",
        "",
        f"| change | {' | '.join(OUTCOMES)} | all |",
        f"|---|{'---|' * (len(OUTCOMES) + 1)}",
    ]
    for kind in KINDS:
        row = [counts[kind, outcome] for outcome in OUTCOMES]
        lines.append(f"| {kind} | {' | '.join(map(str, (*row, sum(row))))} |")
    totals = [sum(counts[kind, outcome] for kind in KINDS) for outcome in OUTCOMES]
    lines.append(f"| all | {' | '.join(map(str, (*totals, sum(totals))))} |")
    share = 100 * totals[-1] / max(1, sum(totals))
    lines += ["", f"Undecided: {share:.1f} %.", ""]
    for found, title in (("proved", "True as well"), ("undecided", "Undecided")):
        lines += [f"## {title}", ""]
        lines += [_line(result) for result in results if result.outcome == found] or ["None."]
        lines.append("")
    lines += ["## Undefined", ""]
    reasons = Counter(result.text for result in results if result.outcome == "undefined")
    lines += [f"- {count} times: {reason}" for reason, count in sorted(reasons.items())]
    return "\n".join(lines).rstrip() + "\n"


def _line(result: Result) -> str:
    says = " ".join(result.says.split())
    return f"- `{result.name}`, {result.change}: `{says}` ({result.text})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the census and write the page; 1 where more than 2 % are undecided."""
    parser = argparse.ArgumentParser(prog="run.py census", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="papers or claims, KEY or KEY:ID (default: all)")
    parser.add_argument("--out", type=Path, help="where to write the page")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--numbers", action="store_true", help="ask the numeric legs, too")
    options = parser.parse_args(arguments)
    claims = [claim for name in options.names or PAPERS for claim in load(name)]
    results: list[Result] = []
    for result in census(claims, options.workers, options.numbers):
        results.append(result)
        says = " ".join(result.says.split())
        print(f"{result.seconds:6.1f} s  {result.outcome:9}  {result.name}: {says}", flush=True)
        if result.outcome == "undecided":
            print(f"          {result.text}", flush=True)
    text = page(results)
    if options.out is not None:
        options.out.write_text(text, encoding="utf-8")
    print(text.partition("## ")[0].rstrip())
    undecided = sum(result.outcome == "undecided" for result in results)
    return int(50 * undecided > len(results))


if __name__ == "__main__":
    sys.exit(main())
