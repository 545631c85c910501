"""How long one comparison of exponents takes, and the order of each sum in the papers.

python benchmarks/comparisons.py [NAME ...] [--show N]

Derives the certified claims named (KEY or KEY:ID; default: all built-in ones) and times every
comparison that the search asks for: is this exponent positive, does this monomial dominate that
one.  The same signs are put to SymPy's ``ask``, which is what a user would do otherwise: how many
does it know, in what time?  Then ``ratecert.order`` is asked, in the same process, for every sum
that the definitions of these claims contain; the seconds are those of whole answers, proofs,
leading terms and their balls included.  All
seconds are of processor time, in one process that computes on one thread.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sympy

sys.path.insert(0, str(Path(__file__).parents[1]))

from ratecert.explain.cases import outer_nodes
from ratecert.io.claim_files import load
from ratecert.orders.leading import UnknownOrderError
from ratecert.orders.order import order
from ratecert.pipeline.threads import use_one_thread
from ratecert.proofs_check.kernel.algebra import Frac
from ratecert.proofs_check.kernel.cone import Context
from ratecert.proofs_check.kernel.premises import premises
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Sum
from ratecert.proofs_check.verdict.certificate import Verdict
from ratecert.theory.derive import derive
from ratecert.theory.search import prover
from ratecert.theory.search.certificates import Cone


@dataclass
class Watch:
    """The times of the comparisons, and the signs that were asked for."""

    seconds: list[float] = field(default_factory=list)
    signs: list[tuple[Frac, Context, float, bool]] = field(default_factory=list)

    def timed(self, function: Callable[..., Any], is_sign: bool) -> Callable[..., Any]:
        """Return the function, watched."""

        def watched(*args: Any, **more: Any) -> Any:
            start = time.process_time()
            found = function(*args, **more)
            took = time.process_time() - start
            self.seconds.append(took)
            if is_sign:
                self.signs.append((args[0], args[1], took, found is not None))
            return found

        return watched

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the search for certificates wherever it is used."""
        places: tuple[tuple[Any, str], ...] = (
            (Cone, "certificate"),
            (prover, "sign_multiplier"),
            (prover, "positive"),
        )
        plain = {place: getattr(*place) for place in places}
        for (owner, name), function in plain.items():
            setattr(owner, name, self.timed(function, name == "sign_multiplier"))
        try:
            yield
        finally:
            for (owner, name), function in plain.items():
                setattr(owner, name, function)


def asked(value: Frac, ctx: Context) -> tuple[float, bool]:
    """Return how long SymPy takes for a sign, and whether it knows it."""
    symbols = {name: sympy.Symbol(name, real=True) for name in ctx.ring.names}

    def read(poly: Any) -> sympy.Expr:
        text = str(ctx.ring.expr(Frac(poly, ctx.ring.one.num)))
        return sympy.sympify(text.replace("^", "**"), locals=symbols)

    known = sympy.And(*(sympy.Q.positive(read(f.poly)) for f in ctx.factors if f.strict))
    goal = read(value.signed())
    start = time.process_time()
    answers = [sympy.ask(query(goal), known) for query in (sympy.Q.positive, sympy.Q.negative)]
    return time.process_time() - start, True in answers


def sums_of(claims: Sequence[Claim]) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Yield the sums in the definitions of claims, with their assumptions, each once."""
    seen = set()
    for claim in claims:
        if claim.objective is not None:
            continue
        try:
            ready = premises(claim)
        except RejectedError:
            continue
        assume = tuple(map(str, claim.assume))
        for side in (ready.left.upper, ready.left.lower):
            for node in outer_nodes(side):
                found = (str(node), assume, tuple(sorted(claim.sizes)))
                if isinstance(node, Sum) and found not in seen:
                    seen.add(found)
                    yield found


def main() -> int:
    """Print the times; 1 if an order is not found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", default=["lin2024", "chen2025"])
    parser.add_argument("--show", type=int, default=5, help="dearest sums to list (default: 5)")
    options = parser.parse_args()
    use_one_thread()
    claims = [claim for name in options.names for claim in load(name)]
    claims = [claim for claim in claims if claim.expect == Verdict.CERTIFIED]
    watch = Watch()
    with watch.watching():
        for claim in claims:
            derive(claim)
    ordered = sorted(watch.seconds)
    print(f"{len(ordered)} comparisons for {len(claims)} claims: "
          f"median {statistics.median(ordered) * 1e3:.2f} ms, "
          f"95 % within {ordered[len(ordered) * 95 // 100] * 1e3:.1f} ms, "
          f"largest {ordered[-1] * 1e3:.0f} ms")  # fmt: skip
    ours = [seconds for _, _, seconds, _ in watch.signs]
    theirs = [asked(value, ctx) for value, ctx, _, _ in watch.signs]
    if ours:
        median, other = statistics.median(ours), statistics.median(s for s, _ in theirs)
        print(f"{len(ours)} signs of them: {sum(f for *_, f in watch.signs)} settled, median "
              f"{median * 1e3:.2f} ms; sympy.ask: {sum(known for _, known in theirs)} settled, "
              f"median {other * 1e3:.2f} ms; ratio {other / median:.1f}")  # fmt: skip
    rows: list[tuple[float, str]] = []
    failed = 0
    for expr, assume, sizes in sums_of(claims):
        start = time.process_time()
        try:
            order(expr, assume, sizes)
        except UnknownOrderError as error:
            failed += 1
            print(f"no order: {expr}: {error}")
        rows.append((time.process_time() - start, expr))
    seconds = [row[0] for row in rows]
    print(f"order of {len(rows)} sums: median {statistics.median(seconds):.2f} s, "
          f"{sum(s < 1 for s in seconds)} within 1 s, largest {max(seconds):.2f} s")  # fmt: skip
    for took, expr in sorted(rows, reverse=True)[: options.show]:
        print(f"  {took:5.2f} s  {expr}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
