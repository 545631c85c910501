"""Kernel SGD on real inputs against its rate, for six kernels, along N and along M.

    python3 run.py bench kernels

With Gaussian-process sketches, targets drawn from the isotropic prior and inputs uniform on the
domain: reducible risk (approx + excess) over two rates, ``n = N_eff gamma``,

- plain: ``tr(K) (M^(1-a) + (n λ_1)^((1-a)/a))``, all that a Theta says, in the problem's units;
- computed: ``A M^(1-a) + B n^((1-a)/a)``, with the constants of ``λ_i ~ L i^-a``:
  ``A = L c_a^a``, ``c_a = (π/a)/sin(π/a)``, that of the approximation, and
  ``B = (L/a) Γ((a-1)/a) (4 L)^((1-a)/a)``, that of the mean path ``Σ λ_i exp(-4 n λ_i)``: the
  geometric schedule's steps add up to about ``2 n``.  Nothing in them is fitted to a risk.

For each: the band (largest ratio over smallest) and the drift (slope of the ratio's logarithm
against that of N or M); and the excess over that of Gaussian features with the same covariance.

Every kernel that any version of this script ran is here, and every reading is printed for each:

- along N at M = 200, from 100 (where the first version began) and from 1000 (the second);
- along M at N = 30,000, from 2, and from 16.  Sketches smaller than the multiplicities of the
  first degrees (1, 3, 5 and 9 on the sphere) come before the asymptotic range, so that the law of
  the eigenvalues says nothing about them; the other kernels get the same start.  It was fixed
  before this version ran, yet after earlier versions had shown the largest ratios at the smallest
  M: it is no blind choice, and spans little more than one decade.

Last, is the deviation at small M due to the modes of degree 0 and 1 on the sphere, four in all?
The spheres once more with these put on the law (on the mean of its ``L i^-a`` over the degree's
places), and, beside that, with degree 2 as well, nine modes; and the same for the approximation
alone, by its deterministic equivalent, which no sketch scatters.  A few minutes.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.polynomial.legendre import legval

sys.path.insert(0, str(Path(__file__).parents[1]))

from numerics.equivalents import approximation
from numerics.kernels import ArcCosine, Brownian, Kernel, NeuralTangent, Sobolev, Sphere
from numerics.kernels.base import HEAD
from numerics.kernelsgd import Process, gaussian_process, kernel_sgd
from numerics.problem import Headed, Method, Problem, Regular

KERNELS: dict[str, Kernel] = {
    "sobolev(3/4)": Sobolev(Fraction(3, 4)),
    "ntk(3)": NeuralTangent(3),
    "brownian": Brownian(),
    "sobolev(5/4)": Sobolev(Fraction(5, 4)),
    "arc-cosine(3)": ArcCosine(3),
    "sobolev(2)": Sobolev(2),
}
NODES = 2000
RUNS = 32
SKETCHES = 2
NOISE = 0.1
"""Variance of the noise, in units of ``k(x, x)``."""
STEPS = (100, 300, 1000, 3000, 10_000, 30_000, 100_000)
FEATURES = (2, 4, 8, 16, 32, 64, 128, 200)
MANY_FEATURES, MANY_STEPS = 200, 30_000
STARTS = {"N": (100, 1000), "M": (2, 16)}


@dataclass(frozen=True, slots=True)
class Row:
    """One place: mean risks, and the excess that Gaussian features would have."""

    M: int
    N: int
    approx: float
    excess: float
    gaussian: float
    plain: float
    """Risk over the plain rate."""
    computed: float
    """Risk over the rate with the computed constants."""


def plain_rate(trace: float, largest: float, a: float, M: int, n: float) -> float:
    """Return the plain rate of the module's docstring."""
    return trace * (math.pow(M, 1 - a) + math.pow(n * largest, (1 - a) / a))


def computed_rate(law: Regular, M: int, n: float) -> float:
    """Return the rate with constants; `law` is what the eigenvalues approach."""
    L, (a, _) = law.scale, law.order
    c = (math.pi / a) / math.sin(math.pi / a)
    steps = L / a * math.gamma((a - 1) / a) * math.pow(4 * n * L, (1 - a) / a)
    return float(L * c**a * math.pow(M, 1 - a) + steps)


def risks(process: Process, law: Regular, places: Iterable[tuple[int, int]]) -> Iterator[Row]:
    """Yield the risks at each (M, N), averaged over sketches and runs."""
    matrix = (process.root.T * process.weights) @ process.root
    trace, largest = float(np.trace(matrix)), float(np.linalg.eigvalsh(matrix)[-1])
    gamma = 1 / (4 * trace)
    for M, N in places:
        runs = [kernel_sgd(process, M, N, Method(gamma), NOISE * trace, RUNS, seed)
                for seed in range(SKETCHES)]  # fmt: skip
        approx, excess, gaussian = (
            float(np.mean([getattr(run, name) for run in runs]))
            for name in ("approx", "excess", "gaussian")
        )
        n = N / math.log2(N) * gamma
        plain = plain_rate(trace, largest, law.order[0], M, n)
        risk, computed = approx + excess, computed_rate(law, M, n)
        yield Row(M, N, approx, excess, gaussian, risk / plain, risk / computed)


def on_the_law(kernel: Sphere, degree: int) -> list[float]:
    """Return what to add to the eigenvalues of degrees 0 to `degree`, at most 2."""
    law, added, last = kernel.beyond(), [], 0
    for k in range(degree + 1):
        places = np.arange(last + 1.0, last + kernel.multiplicity(k) + 1)
        last += len(places)
        added.append(float(law.at(places).mean()) - float(kernel.coefficient(k)))
    return added


def changed(process: Process, added: list[float]) -> Process:
    """Return the process on the sphere in R^3 with so much added to each degree's eigenvalue.

    The harmonics of degree k add up to ``(2k + 1) P_k(<x, y>)``.
    """
    points = process.points
    series = [(2 * k + 1) * change for k, change in enumerate(added)]
    matrix = process.root @ process.root.T + legval(points @ points.T, series)
    values, vectors = np.linalg.eigh(matrix)
    keep = values > 1e-14 * values[-1]
    return Process(points, process.weights, vectors[:, keep] * np.sqrt(values[keep]))


def equivalents(kernel: Kernel, added: list[float]) -> list[float]:
    """Return the equivalent of the approximation over ``A M^(1-a)``, for each of FEATURES."""
    law, spectrum = kernel.beyond(), kernel.eigenvalues(HEAD)
    if added and isinstance(kernel, Sphere):
        sizes = [kernel.multiplicity(k) for k in range(len(added))]
        spectrum[: sum(sizes)] += np.repeat(added, sizes)
    sequence = Headed(tuple(np.sort(spectrum)[::-1].tolist()), law)
    L, (a, _) = law.scale, law.order
    A = L * ((math.pi / a) / math.sin(math.pi / a)) ** a
    problem = Problem(sequence, sequence)
    return [approximation(problem, M) / (A * math.pow(M, 1 - a)) for M in FEATURES]


def band(rows: list[Row], size: str, rate: str) -> tuple[float, float]:
    """Return largest over smallest ratio, and the slope of its logarithm against a size's."""
    ratios = np.array([getattr(row, rate) for row in rows])
    sizes = np.log([getattr(row, size) for row in rows])
    return float(ratios.max() / ratios.min()), float(np.polyfit(sizes, np.log(ratios), 1)[0])


def report(process: Process, law: Regular, size: str, places: list[tuple[int, int]]) -> None:
    """Print the risks along one size, and every reading of their bands."""
    print("      M       N      approx      excess      plain   computed   excess/Gaussian")
    rows = []
    for row in risks(process, law, places):
        print(f"{row.M:7d} {row.N:7d} {row.approx:11.4g} {row.excess:11.4g} {row.plain:10.3f} "
              f"{row.computed:10.3f} {row.excess / row.gaussian:17.3f}", flush=True)  # fmt: skip
        rows.append(row)
    for start in STARTS[size]:
        kept = [row for row in rows if getattr(row, size) >= start]
        for rate in ("plain", "computed"):
            width, slope = band(kept, size, rate)
            print(f"  {size} from {start}, {rate}: band {width:.2f}, drift {slope:+.3f}")


def main() -> None:
    along_N = [(MANY_FEATURES, N) for N in STEPS]
    along_M = [(M, MANY_STEPS) for M in FEATURES]
    for name, kernel in KERNELS.items():
        process, law = gaussian_process(kernel, NODES), kernel.beyond()
        print(f"{name}, a = {law.order[0]:g}")
        report(process, law, "N", along_N)
        report(process, law, "M", along_M)
        for degree in (1, 2):
            if isinstance(kernel, Sphere):
                print(f"{name}, degrees up to {degree} on the law")
                report(changed(process, on_the_law(kernel, degree)), law, "M", along_M)
    print("equivalent of the approximation over A M^(1-a)")
    print(" " * 32, *(f"{M:7d}" for M in FEATURES), "   band  from 16")
    for name, kernel in KERNELS.items():
        describe(name, equivalents(kernel, []))
        for degree in (1, 2):
            if isinstance(kernel, Sphere):
                ratios = equivalents(kernel, on_the_law(kernel, degree))
                describe(f"{name}, up to {degree} on the law", ratios)


def describe(name: str, ratios: list[float]) -> None:
    """Print the equivalents of a kernel and their bands."""
    late = ratios[FEATURES.index(STARTS["M"][1]) :]
    widths = (max(part) / min(part) for part in (ratios, late))
    print(f"{name:32s}", *(f"{x:7.3f}" for x in ratios), *(f"{x:8.2f}" for x in widths))


if __name__ == "__main__":
    main()
