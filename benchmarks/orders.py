"""Random sums, ordered by the engine and looked at in ball arithmetic.

python benchmarks/orders.py [COUNT] [--seed N] [--show]

Draws expressions from the grammar of ``tests/order_cases.py``, asks ``ratecert.order`` for their
order in every regime, and encloses expression/order along drawn directions of the sizes to
``t = 10^24``.  A ratio that drifts by a power there is asked again to ``10^96``, and is *wrong* if
it still does.  Prints how many were decided, and lists what was not; exits 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

import order_cases as cases  # noqa: E402
from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from ratecert.orders.leading import UnknownOrderError  # noqa: E402
from ratecert.orders.order import Rate, order  # noqa: E402
from ratecert.proofs_check.paths.orders import UndecidedError  # noqa: E402


class Tally:
    """What became of the expressions."""

    def __init__(self, show: bool):
        self.counts: Counter[str] = Counter()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.seconds: list[float] = []
        self.show = show

    def take(self, case: cases.Drawn, direction: dict[str, Fraction], number: int) -> None:
        """Order one expression and compare it with numbers."""
        self.counts["drawn"] += 1
        started = time.perf_counter()
        try:
            rate = order(case.text, case.assume)
        except UnknownOrderError as error:
            self.counts["undecided"] += 1
            self.open.append(f"{case.text}: {error}")
            if self.show:
                print("undecided", self.open[-1], flush=True)
            return
        finally:
            self.seconds.append(time.perf_counter() - started)
        self.counts["decided"] += 1
        self._compare(case, rate, direction, number)

    def _compare(
        self, case: cases.Drawn, rate: Rate, direction: dict[str, Fraction], number: int
    ) -> None:
        path = cases.path_along(case, direction, number)
        try:
            fitting = [r for r in rate.regimes if cases.holds(r, path)]
        except UndecidedError:
            self.counts["directions without a regime"] += 1
            return
        for regime in fitting:
            found = cases.compared(case.text, regime, path)
            self.counts[found] += 1
            if found == "differs":
                self.wrong.append(f"{case.text} is not {regime} along {path}")
                print("WRONG", self.wrong[-1], flush=True)
        if not fitting:
            self.wrong.append(f"{case.text} has no regime for {path}")
            print("WRONG", self.wrong[-1], flush=True)

    def report(self) -> None:
        """Print the counts."""
        for name, count in sorted(self.counts.items()):
            print(f"{count:6d} {name}")
        share = self.counts["decided"] / max(1, self.counts["drawn"])
        middle, most = statistics.median(self.seconds), max(self.seconds)
        print(f"{share:.1%} decided, {len(self.wrong)} wrong")
        print(f"seconds per expression: median {middle:.2f}, largest {most:.1f}")


def main() -> int:
    """Run and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", nargs="?", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="print what is undecided at once")
    args = parser.parse_args()
    tally = Tally(args.show)

    @seed(args.seed)
    @settings(max_examples=args.count, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(cases.drawn, cases.directions, st.integers(0, 2))
    def run(case: cases.Drawn, direction: dict[str, Fraction], number: int) -> None:
        tally.take(case, direction, number)

    run()
    if not args.show:
        for text in tally.open:
            print("undecided", text)
    tally.report()
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
