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

from numerics.balls.ball import Refusal  # noqa: E402
from numerics.legs.enclosure import rungs  # noqa: E402
from numerics.legs.trend import Reading  # noqa: E402
from proofs_check.claimfile import make_claim  # noqa: E402
from proofs_check.expr import free_names  # noqa: E402
from proofs_check.language import parse_condition  # noqa: E402
from proofs_check.orders import Order, UndecidedError, exact_value  # noqa: E402
from proofs_check.paths import Path as Growth  # noqa: E402
from proofs_check.paths import order_along  # noqa: E402
from proofs_check.verdict import Regime  # noqa: E402
from ratecert.rate import Rate, UnknownOrderError, order  # noqa: E402

LADDERS = ((6, 12, 18, 24), (24, 36, 48), (48, 72, 96))
VALUES = {"b": (Fraction(3, 2), Fraction(2), Fraction(3))}


def holds(text: str, path: Growth) -> bool:
    """Whether the conditions hold strictly along the path: its regime is left behind by no one."""
    for condition in parse_condition(text):
        used = free_names(condition.left) | free_names(condition.right)
        if used <= set(path.values):
            left, right = (exact_value(s, path.values) for s in (condition.left, condition.right))
            assert left is not None
            assert right is not None
            fits = {"<": left < right, "<=": left <= right, "=": left == right,
                    ">": left > right, ">=": left >= right}[condition.op]  # fmt: skip
        else:
            x, y = order_along(condition.left, path), order_along(condition.right, path)
            fits = x >= y if condition.op in (">", ">=") else x <= y
        if not fits:
            return False
    return True


def verdict(text: str, regime: Regime, path: Growth) -> str:
    """Return "agrees", "differs" or "refused" for one regime along one direction."""
    claim = make_claim(f"{text} = Theta({regime.order})", [f"{n} > 0" for n in path.values])
    names = free_names(claim.left) | free_names(claim.right)
    powers = {n: (o.x, o.y) for n, o in path.orders.items() if n in names}
    values = {n: v for n, v in path.values.items() if n in names}
    for decades in LADDERS:
        try:
            reading = Reading.of([r.points()[0] for r in rungs(claim, values, powers, decades)])
        except Refusal:
            return "refused"
        if not (reading.grows or reading.falls):
            return "agrees"
    return "differs"


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
        values = {n: VALUES[n][number % 3] for n in "b" if case.assume}
        path = Growth(values, {name: Order(x) for name, x in direction.items()})
        try:
            fitting = [r for r in rate.regimes if all(holds(c, path) for c in r.when)]
        except UndecidedError:
            self.counts["directions without a regime"] += 1
            return
        for regime in fitting:
            found = verdict(case.text, regime, path)
            self.counts[found] += 1
            if found == "differs":
                self.wrong.append(f"{case.text} is not Theta({regime.order}) along {path}")
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
