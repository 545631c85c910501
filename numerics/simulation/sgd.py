"""One-pass SGD simulated over many independent runs at once, in vectorised NumPy.

The model.  A step draws B fresh samples ``(u_b, y_b)``, ``u_b ∈ R^M`` and ``y_b ∈ R^p``, and moves

    v_t = v_{t−1} − (γ_t/B) Σ_b (v_{t−1} u_b − y_b) u_bᵀ,        v ∈ R^{p×M}.

The samples come from a source (`ratecert.numerics.simulation.sources`).  The excess risk is that
of the deviation ``w = (v − v*) Q`` in the eigenbasis of Σ: ``Excess = Σ_k Σ_i λ~_i w_{ki}²``, over
outputs k.

Random numbers.  Runs are dealt to groups of a size that depends on the shape of the problem
alone; group g draws the normals of its features from the stream
``SFC64(SeedSequence(seed, spawn_key=(*key, g, 0)))`` and those of its noise from ``(*key, g, 1)``,
each in the order step, run, sample, coordinate.  The result is a function of the seed and the
arguments, not of the size of the blocks in which the numbers are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ratecert.numerics.model.schedules import Schedule
from ratecert.numerics.simulation.sources import Eigenbasis, Source, of_runs
from ratecert.proofs_check.language.errors import UserError

__all__ = ["Simulation", "simulate"]

Array = NDArray[np.float64]

BLOCK = 1 << 16
"""Normals drawn at once: half a megabyte, which the second-level cache still holds."""

LOOK = 32
"""Blocks after which the states are looked at, whether they are finite."""

GROUP = 1 << 14
"""Numbers one step of a group of runs uses: enough to hide the cost of calling NumPy."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """What the runs of one simulation ended in.

    Attributes
    ----------
    steps
        The numbers of steps after which the excess was recorded, increasing.
    excess
        ``‖v_t − v*‖²_Σ`` summed over the outputs, shape (runs, len(steps)); of the mean of
        ``v_0..v_{t−1}`` when averaging.
    deviation
        ``w_i = ⟨u_i, v − v*⟩`` at the last recorded step, shape (runs, p, M).
    """

    steps: tuple[int, ...]
    excess: Array
    deviation: Array


def simulate(
    source: Source,
    schedule: Schedule | Iterable[tuple[float, int]],
    runs: int,
    seed: int,
    *,
    key: tuple[int, ...] = (),
    batch: int = 1,
    averaged: bool = False,
    record: Sequence[int] | None = None,
    engine: str = "numpy",
    progress: Callable[[int, int], None] | None = None,
) -> Simulation:
    """Run SGD `runs` times, independently, from the source's start.

    Parameters
    ----------
    source
        An `Eigenbasis` or a `Raw`.
    schedule
        Stages ``(γ, steps)``.
    runs
        Number of independent runs, at least 1.
    seed
        Non-negative seed; the result is a function of it and the other arguments.
    key
        Names one of many simulations of a seed; streams of different keys are independent.
    batch
        Samples B a step.
    averaged
        Look at the mean of ``v_0..v_{t−1}`` in the place of ``v_t``.
    record
        Steps at which to record the excess, increasing, in 1..N; by default N alone.
    engine
        ``"numpy"``, or ``"numba"`` for the eigenbasis compiled (the `fast` extra): the same
        streams, the same result up to rounding.
    progress
        Called with the sample draws done and those there are in all, after every block.

    Raises
    ------
    UserError
        For arguments that cannot be, and when a run overflows (the step size is too large).
    """
    plan = schedule if isinstance(schedule, Schedule) else Schedule.of(schedule)
    steps = tuple(record) if record is not None else (plan.total,)
    walker = _engine(engine, source)
    _check(runs, seed, batch, steps, plan.total)
    size = min(runs, max(64, GROUP // (batch * source.inputs)))
    excess, deviations, done = np.empty((runs, len(steps))), [], 0
    for group, first in enumerate(range(0, runs, size)):
        members = slice(first, min(first + size, runs))
        walk = walker(source, members, batch, averaged, seed, (*key, group))
        reached = column = 0
        for gamma, count in _pieces(plan, steps):
            for taken in walk.advance(gamma, count):
                done += taken * batch * (members.stop - first)
                if progress is not None:
                    progress(done, steps[-1] * batch * runs)
            reached += count
            if reached == steps[column]:
                deviation = walk.deviation(reached)
                excess[members, column] = np.sum(
                    source.eigenvalues * deviation**2, axis=(1, 2)
                )  # fmt: skip
                column += 1
        deviations.append(deviation)
    return Simulation(steps, excess, np.concatenate(deviations))


class _Walk:
    """The states of one group of runs, and the streams that move them."""

    def __init__(
        self,
        source: Source,
        runs: slice,
        batch: int,
        averaged: bool,
        seed: int,
        key: tuple[int, ...],
    ):
        self.source, self.runs, self.batch = source, runs, batch
        self.states = np.array(source.start(runs))
        self.total = np.zeros_like(self.states) if averaged else None
        self.features, self.noise = (
            np.random.Generator(
                np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(*key, kind)))
            )
            for kind in (0, 1)
        )
        self.reached = 0
        self.normals = np.empty((0, 0, 0, 0))
        self.work = np.empty((self.states.shape[0], self.states.shape[2]))

    def advance(self, gamma: float, count: int) -> Iterator[int]:
        """Take `count` steps of size `gamma` in blocks; yield each block's number of steps."""
        size = max(1, BLOCK // (self.states.shape[0] * self.batch * self.source.inputs))
        for index, first in enumerate(range(0, count, size)):
            taken = min(size, count - first)
            with np.errstate(over="ignore", invalid="ignore"):
                self._block(taken, gamma)
            self.reached += taken
            # What is not finite stays so: to look at every block would cost as much as a step.
            look = index % LOOK == LOOK - 1 or first + taken == count
            if look and not np.isfinite(self.states).all():
                raise UserError(f"a run overflowed within the first {self.reached} steps: the "
                                f"step size {gamma:g} is too large for this problem")  # fmt: skip
            yield taken

    def _block(self, count: int, gamma: float) -> None:
        """Draw the samples of so many steps, then take the steps."""
        shape = (count, self.states.shape[0], self.batch)
        if self.normals.shape[0] < count:
            self.normals = np.empty((*shape, self.source.inputs))
        drawn = self.features.standard_normal(out=self.normals[:count])
        noise = self.noise.standard_normal((*shape, self.source.outputs))
        features, labels = self.source.samples(drawn, noise, self.runs)
        if self.batch == self.source.outputs == 1:
            self._single(features[:, :, 0], labels[:, :, 0, 0], gamma)
        else:
            self._general(features, labels, gamma)

    def _single(self, features: Array, labels: Array, gamma: float) -> None:
        """One sample a step and one output: no matrix product, no memory of its own.

        The product of the pulls and the features is einsum's, which does it faster than a
        multiplication that broadcasts.
        """
        v, work, pull = self.states[:, 0], self.work, np.empty(self.states.shape[0])
        for u, y in zip(features, labels, strict=True):
            if self.total is not None:
                self.total += self.states
            np.vecdot(u, v, out=pull)
            pull -= y
            pull *= gamma
            np.einsum("rm,r->rm", u, pull, out=work)
            np.subtract(v, work, out=v)

    def _general(self, features: Array, labels: Array, gamma: float) -> None:
        """``v −= (γ/B) (v Uᵀ − Y) U`` with U (runs, B, M) and Y (runs, p, B)."""
        for u, y in zip(features, labels, strict=True):
            if self.total is not None:
                self.total += self.states
            residual = self.states @ np.swapaxes(u, 1, 2) - np.swapaxes(y, 1, 2)
            self.states -= (gamma / self.batch) * (residual @ u)

    def deviation(self, reached: int) -> Array:
        """Deviation of the iterate, or of the mean of the iterates so far."""
        states = self.states if self.total is None else self.total / reached
        return np.array(self.source.deviation(states, self.runs))


class _CompiledWalk(_Walk):
    """The same, with the steps in the eigenbasis compiled."""

    source: Eigenbasis

    def __init__(
        self, source: Eigenbasis, runs: slice, batch: int, averaged: bool, seed: int,
        key: tuple[int, ...],
    ):  # fmt: skip
        from ratecert.numerics.simulation.compiled import compiled, state_of

        super().__init__(source, runs, batch, averaged, seed, key)
        self.steps, _ = compiled()
        self.words = state_of(self.features), state_of(self.noise)
        self.roots = np.sqrt(source.eigenvalues)
        self.factor = np.ascontiguousarray(of_runs(source.noise_factor, runs))
        self.sums = np.empty((0, 0, 0)) if self.total is None else self.total

    def _block(self, count: int, gamma: float) -> None:
        self.steps(*self.words, self.states, self.sums, self.roots, self.factor, gamma,
                   self.batch, count)  # fmt: skip


def _engine(name: str, source: Source) -> Callable[..., _Walk]:
    """Return what takes the steps."""
    if name == "numpy":
        return _Walk
    if name != "numba":
        raise UserError(f'engine = {name!r}: it is "numpy" or "numba"')
    if not isinstance(source, Eigenbasis):
        raise UserError("the numba engine simulates in the eigenbasis; leave the raw model to "
                        "engine = \"numpy\"")  # fmt: skip
    return _CompiledWalk


def _pieces(plan: Schedule, record: Sequence[int]) -> Iterator[tuple[float, int]]:
    """Cut the stages at the steps to record, and stop at the last of those."""
    ends = np.cumsum(plan.steps)
    reached = 0
    for end in np.union1d(ends[ends < record[-1]], record).tolist():
        yield float(plan.gammas[np.searchsorted(ends, end)]), end - reached
        reached = end


def _check(runs: int, seed: int, batch: int, steps: Sequence[int], total: int) -> None:
    """Check the whole numbers."""
    for name, value, least in (("runs", runs, 1), ("seed", seed, 0), ("batch", batch, 1)):
        if value < least:
            raise UserError(f"{name} = {value}: it must be at least {least}")
    increasing = all(a < b for a, b in pairwise(steps))
    if not steps or not increasing or steps[0] < 1 or steps[-1] > total:
        raise UserError(f"record: give increasing steps within 1..{total}, not {list(steps)}")
