"""Enclosures beside direct summation and mpmath: times, ratios and actual errors.

python benchmarks/balls.py          the tables
python benchmarks/balls.py --all [FROM TO]
                                    the 10,000 random sums of the tests, or some, each checked
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
from flint import arb

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

import ball_cases as cases  # noqa: E402

from ratecert.numerics.balls import Refusal, enclose, enclose_expr  # noqa: E402
from ratecert.numerics.balls.ball import precision  # noqa: E402
from ratecert.numerics.balls.program import Program  # noqa: E402
from ratecert.proofs_check.language.expr import Expr, mul, power  # noqa: E402
from ratecert.proofs_check.language.grammar import parse_expr  # noqa: E402

DRAWS = 40
DIRECT_TERMS = 20_000


def milliseconds(work: Callable[[], Any]) -> float:
    """Time of this process, so that other work on the machine does not count."""
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start)


def power_law(rng: random.Random) -> Expr:
    return power(cases.I, cases.num(-cases.exponent(rng)))


def log_power(rng: random.Random) -> Expr:
    q = cases.num(-Fraction(rng.randint(11, 40), 10))
    return mul(power(cases.I, cases.num(-1)), power(parse_expr("log(i+1)"), q))


FAMILIES: dict[str, Callable[[random.Random], Expr]] = {
    "power": power_law,
    "power * exp filter": lambda rng: mul(power_law(rng), cases.exponential(rng)),
    "power * step filter": lambda rng: mul(power_law(rng), cases.steps(rng)),
    "power * stage filters": lambda rng: mul(power_law(rng), cases.stages(rng)),
    "power * rational filter": lambda rng: mul(power_law(rng), cases.rational(rng)),
    "log-power": log_power,
}


def enclosure_times() -> None:
    print(f"50 digits, median ms over {DRAWS} draws (exponents in (1, 10], t, N, k to 10^30)")
    print(f"{'family':26}" + "".join(f"{f'HI=10^{k}':>12}" for k in (6, 9, 12, 30)))
    filtered = []
    for name, family in FAMILIES.items():
        row = []
        for k in (6, 9, 12, 30):
            rng = random.Random(k)
            times = []
            for _ in range(DRAWS):
                term = family(rng)
                times.append(
                    milliseconds(lambda term=term, k=k: enclose(term, "i", 1, 10**k, {}, 50))
                )
            row.append(statistics.median(times))
            if k == 12 and name != "log-power":
                filtered += times
        print(f"{name:26}" + "".join(f"{t:12.1f}" for t in row))
    print(f"all power and filtered sums to 10^12: median {statistics.median(filtered):.1f} ms\n")


def beside_direct_summation() -> None:
    text = "i^(-3/2)*exp(-2*10^6*i^-2)"
    term = parse_expr(text)
    ball = milliseconds(lambda: enclose(term, "i", 1, 10**12, {}, 50))
    print(f"sum of {text} up to 10^12, 50 digits")
    print(f"  enclosure               {ball:10.1f} ms")

    def direct_arb() -> None:
        with precision(200):
            program = Program(term, "i", {})
            sum((program.at(arb(i)) for i in range(1, DIRECT_TERMS)), arb(0))

    def direct_mpmath() -> None:
        with mpmath.workdps(50):
            f = mpmath.mpf
            terms = range(1, DIRECT_TERMS)
            mpmath.fsum(f(i) ** f(-1.5) * mpmath.exp(-2 * 10**6 / f(i) ** 2) for i in terms)

    for name, work in (("Arb", direct_arb), ("mpmath", direct_mpmath)):
        whole = milliseconds(work) * 10**12 / DIRECT_TERMS
        print(f"  direct {name:8} (scaled) {whole:10.2e} ms   ratio {whole / ball:.1e}")
    print()


def nested_sums() -> None:
    print("inner sums up to the outer index, 30 digits")
    for text in (
        "sum(i^-2*sum(j^(-1/2),j,1,i),i,1,10^4)",
        "sum(i^-2*sum(j^(-1/2),j,1,i),i,1,10^24)",
        "sum(i^-2*sum(1/j,j,1,i),i,1,oo)",
    ):
        expr = parse_expr(text)
        print(f"  {text:42}{milliseconds(lambda expr=expr: enclose_expr(expr, {}, 30)):8.1f} ms")
    print()


def beside_nsum() -> None:
    rows: list[tuple[str, int, Callable[[Any], Any]]] = [
        ("i^(-3/2)", 101, lambda i: i**-1.5),
        ("1/(i^2+10^8)", 1, lambda i: 1 / (i**2 + 10**8)),
        ("1/(i*log(i+1)^2)", 1, lambda i: 1 / (i * mpmath.log(i + 1) ** 2)),
        ("i^-2", 1, lambda i: i**-2),
    ]
    print("mpmath nsum (default settings) and the enclosure, infinite sums")
    print(f"{'term':22}{'nsum ms':>10}{'ball ms':>10}{'error of nsum':>16}{'ball radius':>14}")
    for text, lo, f in rows:
        start = time.process_time()
        guess = mpmath.nsum(f, [lo, mpmath.inf])
        nsum_time = 1000 * (time.process_time() - start)
        start = time.process_time()
        ball = enclose(parse_expr(text), "i", lo, parse_expr("oo"), {}, 50)
        ball_time = 1000 * (time.process_time() - start)
        truth = mpmath.mpf(ball.midpoint)
        error = float(abs(guess - truth) / truth)
        print(f"{text:22}{nsum_time:10.1f}{ball_time:10.1f}{error:16.1e}{ball.radius:>14}")
    print()


def every_case(first: int = 0, last: int = cases.CASES) -> None:
    outcome: Counter[str] = Counter()
    start = time.process_time()
    for k in range(first, last):
        try:
            cases.check(cases.case(k))
            outcome["held"] += 1
        except Refusal as refusal:
            outcome[f"refused: {refusal.reason}"] += 1
            print(k, refusal, flush=True)
        except AssertionError as error:
            outcome["VIOLATED"] += 1
            print(k, error, flush=True)
    seconds = time.process_time() - start
    print(f"random sums {first} to {last - 1} in {seconds:.0f} s of one core: {dict(outcome)}")


if __name__ == "__main__":
    if "--all" in sys.argv:
        every_case(*map(int, sys.argv[2:4]))
    else:
        enclosure_times()
        beside_direct_summation()
        nested_sums()
        beside_nsum()
