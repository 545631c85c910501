"""Attack ratecert: draw claims, have them answered, print every false answer.

    python3 run.py attack [--count 20000] [--seed 1] [--jobs 2] [--family NAME] [--limit 20]
    python3 run.py attack --cases [--write]      every case of tests/cases, the slow ones too

Prints each false answer as a claim that can be run again, and at the end the counts.  Exit status
1 if there is a false answer or an error of the fuzzer itself.  With `--cases --write` the list of
cases that are reached, tests/cases/reached.txt, is written anew.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from time import perf_counter

from attacks.cases import report
from attacks.draw import family_names
from attacks.families import Truth
from attacks.trial import LIMIT, claim_text, trial

from ratecert.pipeline.threads import use_one_thread

CHUNK = 20
SLOW = 5.0
"""Seconds from which a claim is counted as slow."""


@dataclass(frozen=True)
class Line:
    """What is kept of a trial."""

    family: str
    truth: str
    verdict: str
    seconds: float
    text: str = ""


@dataclass(frozen=True)
class Asked:
    """What every process needs to know."""

    seed: int
    family: str
    limit: float


def attack(asked: Asked, start: int, stop: int) -> list[Line]:
    """Return the outcomes of some draws."""
    use_one_thread()
    lines = []
    for number in range(start, stop):
        found = trial(asked.seed, number, asked.family, limit=asked.limit)
        text = ""
        disagrees = found.answer.why.startswith("internal disagreement")
        if found.is_false or disagrees:
            wrong = found.wrong or found.answer.why
            text = f"# draw {asked.seed}:{number}, {found.drawn.family}: {wrong}\n"
            text = text.strip().replace("\n", "\n# ") + "\n"
            text += claim_text(found.drawn, f"draw-{asked.seed}-{number}")
        verdict = "false answer" if found.is_false else found.answer.verdict
        lines.append(
            Line(found.drawn.family, found.truth.value, verdict, found.answer.seconds, text)
        )
    return lines


def outcomes(asked: Asked, count: int, jobs: int) -> Iterator[list[Line]]:
    """Yield the outcomes of all draws, chunk by chunk as they come."""
    chunks = [(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK)]
    if jobs == 1:
        for start, stop in chunks:
            yield attack(asked, start, stop)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context) as pool:
        running: set[Future[list[Line]]] = set()
        while chunks or running:
            while chunks and len(running) < 2 * jobs:
                running.add(pool.submit(attack, asked, *chunks.pop(0)))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()


def run(asked: Asked, count: int, jobs: int) -> int:
    """Attack, print what is found, return the exit status."""
    lines: list[Line] = []
    started = perf_counter()
    for chunk in outcomes(asked, count, jobs):
        for line in chunk:
            if line.text:
                print(f"\n{line.text}", flush=True)
        lines += chunk
        _progress(lines, count, perf_counter() - started)
    print(file=sys.stderr)
    print(table(lines, perf_counter() - started))
    return 1 if any(line.verdict == "false answer" for line in lines) else 0


def _progress(lines: list[Line], count: int, seconds: float) -> None:
    wrong = sum(line.verdict == "false answer" for line in lines)
    text = f"{len(lines)} of {count} claims, {wrong} false answers, {seconds:.0f} s"
    if sys.stderr.isatty():
        print(f"\r{text}", end="", file=sys.stderr, flush=True)
    elif len(lines) % 500 < CHUNK:
        print(text, file=sys.stderr, flush=True)


VERDICTS = ("certified", "refuted", "undecided", "refused", "time", "false answer")


def table(lines: list[Line], seconds: float) -> str:
    """Return the counts of answers by what the judge says, and by family."""
    by_truth = Counter((line.truth, line.verdict) for line in lines)
    by_family = Counter((line.family, line.verdict) for line in lines)
    head = f"{'':16s}" + "".join(f"{verdict:>14s}" for verdict in VERDICTS)
    rows = [head]
    for truth in Truth:
        rows.append(_row(truth.value, by_truth))
    rows.append("")
    for family in sorted({line.family for line in lines}):
        rows.append(_row(family, by_family))
    slow = sum(line.seconds > SLOW for line in lines)
    rows.append("")
    rows.append(f"{len(lines)} claims in {seconds:.0f} s, {slow} took more than {SLOW:.0f} s")
    return "\n".join(rows)


def _row(name: str, counts: Counter[tuple[str, str]]) -> str:
    return f"{name:16s}" + "".join(f"{counts[name, verdict]:14d}" for verdict in VERDICTS)


def main() -> int:
    """Run the command line above."""
    parser = argparse.ArgumentParser(
        prog="run.py attack",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for a claim")
    parser.add_argument("--family", choices=family_names(), default="")
    parser.add_argument("--cases", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    use_one_thread()
    if options.cases:
        return report(write=options.write)
    return run(Asked(options.seed, options.family, options.limit), options.count, options.jobs)


if __name__ == "__main__":
    sys.exit(main())
