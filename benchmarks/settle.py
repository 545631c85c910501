"""Claims that lack an assumption: whether the one that would settle them is named.

python benchmarks/settle.py [NAME ...] [--pairs] [--jobs N]

Drops each assumption of each built-in claim that is certified (with ``--pairs`` each two of them,
of claims that are not about an optimum) and searches again.  Of those that neither search decides
it counts for how many `ratecert.theory.advice.settle` names assumptions, has each of these proofs
searched and checked once more, and lists the claims for which none is named.  Exits 1 if a check
fails.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import combinations
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from ratecert.io.claim_files import load
from ratecert.pipeline.threads import use_one_thread
from ratecert.proofs_check.checker import check
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.theory.advice.settle import settling
from ratecert.theory.derive import derive


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a claim without some of its assumptions."""

    claim: Claim
    dropped: str
    outcome: str
    text: str
    seconds: float = 0.0


def lacking(claims: list[Claim], pairs: bool) -> Iterator[tuple[Claim, str]]:
    """Yield the claims without some assumptions, and these."""
    for claim in claims:
        if claim.expect != "certified" or (pairs and claim.objective is not None):
            continue
        for dropped in combinations(range(len(claim.assume)), 2 if pairs else 1):
            rest = tuple(c for k, c in enumerate(claim.assume) if k not in dropped)
            text = " and ".join(str(claim.assume[k]) for k in dropped)
            yield replace(claim, assume=rest), text


def judged(job: tuple[Claim, str]) -> Result:
    """Search for the claim and, where it is undecided, for what would settle it."""
    use_one_thread()
    claim, dropped = job
    try:
        derived = derive(claim)
    except UserError as error:
        return Result(claim, dropped, "unusable", str(error))
    if derived.proof is not None or derived.refutation is not None:
        return Result(claim, dropped, "proved" if derived.proof else "refuted", "")
    start = time.process_time()
    named = settling(claim)
    seconds = time.process_time() - start
    if not named:
        return Result(claim, dropped, "not named", derived.reason, seconds)
    settled = replace(claim, assume=(*claim.assume, *named))
    check(settled, derive(settled).proof)
    return Result(claim, dropped, "named", " and ".join(map(str, named)), seconds)


def main() -> int:
    """Print what is named for each undecided claim, and the counts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", default=["lin2024", "chen2025"])
    parser.add_argument("--pairs", action="store_true", help="drop two assumptions each time")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    options = parser.parse_args()
    jobs = list(lacking([c for name in options.names for c in load(name)], options.pairs))
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        results = list(pool.map(judged, jobs, chunksize=1))
    undecided = [r for r in results if "named" in r.outcome]
    for r in undecided:
        print(f"{r.outcome:9} {r.seconds:5.1f} s  {r.claim.name} without {r.dropped}: {r.text}")
    for outcome, count in sorted(Counter(r.outcome for r in results).items()):
        print(f"{count:5d} {outcome}")
    named = [r for r in undecided if r.outcome == "named"]
    again = sum(r.text == r.dropped for r in named)
    print(f"{len(named)} of {len(undecided)} undecided are settled by a named assumption, "
          f"{again} by the one that was dropped")  # fmt: skip
    times = [r.seconds for r in undecided] or [0.0]
    print(f"seconds: median {statistics.median(times):.2f}, largest {max(times):.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
