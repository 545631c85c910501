"""Deriving every built-in claim: the wall time on two processes, and where it goes.

python benchmarks/derive.py [NAME ...] [--jobs N] [--show N]

Derivations and witnesses alone, without checker and numeric legs, as `ratecert.theory.derive`
finds them for the claims named (KEY or KEY:ID; default: all built-in ones), dear ones first as
``ratecert certify`` does.  The ratio of processor time and wall time says how well the processes
were used.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from ratecert.io.claim_files import load
from ratecert.pipeline.batch import by_cost
from ratecert.pipeline.threads import use_one_thread
from ratecert.proofs_check.language.claim import Claim
from ratecert.theory.derive import derive


def timed(claim: Claim) -> tuple[str, str, float]:
    """Derive one claim; return its name, what was found, and the seconds of processor time."""
    use_one_thread()
    start = time.process_time()
    found = derive(claim)
    took = time.process_time() - start
    kind = "proof" if found.proof else "witness" if found.refutation else "neither"
    return claim.name, kind, took


def main() -> int:
    """Print the times; 1 where something is found for fewer claims than there are."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", default=["lin2024", "chen2025"])
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--show", type=int, default=8, help="dearest claims to list (default: 8)")
    options = parser.parse_args()
    claims = [claim for name in options.names for claim in load(name)]
    use_one_thread()
    start = time.perf_counter()
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(timed, claims[index]) for index in by_cost(claims)]
        rows = [future.result() for future in running]
    wall = time.perf_counter() - start
    total = sum(seconds for _, _, seconds in rows)
    kinds = [kind for _, kind, _ in rows]
    print(f"{len(rows)} claims: {kinds.count('proof')} derivations, "
          f"{kinds.count('witness')} witnesses, {kinds.count('neither')} neither")  # fmt: skip
    print(f"wall {wall:.1f} s on {options.jobs} processes, starting them included; "
          f"processor {total:.1f} s; ratio {total / wall:.2f}")  # fmt: skip
    for name, kind, seconds in sorted(rows, key=lambda row: -row[2])[: options.show]:
        print(f"  {seconds:5.2f} s  {kind:8} {name}")
    return int("neither" in kinds)


if __name__ == "__main__":
    sys.exit(main())
