"""One-pass SGD simulated over many independent runs at once, in vectorised NumPy.

The model.  A step draws B fresh samples ``(u_b, y_b)``, ``u_b ∈ R^M`` and ``y_b ∈ R^p``, and moves

    v_t = v_{t−1} − (γ_t/B) Σ_b (v_{t−1} u_b − y_b) u_bᵀ,        v ∈ R^{p×M}.

The samples come from one of two sources, which have the same law by the argument below.

*Raw*.  ``x ~ N(0, H)`` with ``H = diag(λ_1..λ_d)``, ``u = S x``, ``y = W* x + ε`` with
``ε ~ N(0, diag σ²)``, ``v_0 = 0``: the problem as the papers state it, for a finite d.

*Eigenbasis*.  Let ``A = S H^{1/2} = Q diag(s) Vᵀ`` be the singular value decomposition, so that
``Σ = S H Sᵀ = A Aᵀ = Q diag(s²) Qᵀ``.  With ``g = H^{-1/2} x ~ N(0, I)`` we have
``Qᵀ u = diag(s) Vᵀ g`` and ``y = W* H^{1/2} g + ε``.  Split ``H^{1/2} w*_k = V V^T H^{1/2} w*_k +
r_k`` for output k.  Then ``rᵀ g`` is independent of ``Vᵀ g``, and

    y_k = (Qᵀu)ᵀ c_k + ξ_k,   c_k = diag(1/s) Vᵀ H^{1/2} w*_k = Qᵀ v*_k,
    Var ξ_k = σ_k² + |r_k|² = σ_k² + Approx_k.

So the deviation ``w = (v − v*) Q`` follows the same recursion with features ``N(0, diag λ~)``,
``λ~ = s²``, labels ξ alone, and ``w_0 = −c``: M + p normals a sample in the place of d + p.  For
p > 1 the ξ_k of one sample are correlated (covariance ``r_kᵀ r_l``); no quantity here that is a
sum over the outputs of second moments sees it, but the law of such a sum does, so the covariance
may be given in full.  In both sources ``Excess = Σ_k Σ_i λ~_i w_{ki}²``.

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
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numerics.schedules import Schedule
from proofs_check.errors import UserError

__all__ = ["Eigenbasis", "Raw", "Simulation", "Source", "simulate", "sketched"]

Array = NDArray[np.float64]
BLOCK = 1 << 16
"""Normals drawn at once: half a megabyte, which the second-level cache still holds."""

LOOK = 32
"""Blocks after which the states are looked at, whether they are finite."""

GROUP = 1 << 14
"""Numbers one step of a group of runs uses: enough to hide the cost of calling NumPy."""


class Source(Protocol):
    """Where samples come from, and what a state means in the eigenbasis of Σ."""

    @property
    def eigenvalues(self) -> Array:
        """Eigenvalues ``λ~`` of Σ, shape (M,)."""

    @property
    def outputs(self) -> int:
        """Number p of outputs."""

    @property
    def inputs(self) -> int:
        """Normals that the features of one sample use."""

    def start(self, runs: slice) -> Array:
        """Give those runs their initial states, shape (runs, p, M)."""

    def samples(self, normals: Array, noise: Array, runs: slice) -> tuple[Array, Array]:
        """Turn normals (steps, runs, B, inputs or p) into features (.., M) and labels (.., p).

        The memory of the normals may be reused.
        """

    def deviation(self, states: Array, runs: slice) -> Array:
        """``(v − v*) Q`` of states (runs, p, M), in the same shape."""


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


@dataclass(frozen=True, slots=True)
class Eigenbasis:
    """Samples in the eigenbasis of Σ: ``u ~ N(0, diag λ~)``, labels of noise alone.

    Build it with `Eigenbasis.of`, which checks and broadcasts.  `optimum` has shape
    (1 or runs, p, M); `noise_factor` (1 or runs, p, p) is a factor L of the covariance ``L Lᵀ`` of
    the labels' noise.
    """

    eigenvalues: Array
    optimum: Array
    noise_factor: Array

    @staticmethod
    def of(eigenvalues: ArrayLike, optimum: ArrayLike, noise: ArrayLike) -> Eigenbasis:
        """Check the arrays and give them their full shapes.

        Parameters
        ----------
        eigenvalues
            ``λ~_i ≥ 0``, shape (M,).
        optimum
            ``⟨u_i, v*⟩``: shape (M,), (p, M), or (runs, p, M) for an optimum of each run's own.
        noise
            ``σ² + Approx``: a number, one for each output (p,), the covariance (p, p) of the
            outputs, or (runs, p, p).

        Raises
        ------
        UserError
            For a shape, sign or value that cannot be.
        """
        lam = _finite(eigenvalues, "eigenvalues")
        if lam.ndim != 1 or lam.size == 0 or (lam < 0).any():
            raise UserError("eigenvalues: give a list of numbers >= 0, at least one")
        opt = _finite(optimum, "optimum")
        opt = opt.reshape((1,) * (3 - opt.ndim) + opt.shape) if opt.ndim < 3 else opt
        if opt.ndim != 3 or opt.shape[2] != lam.size:
            raise UserError(f"optimum: its last axis must have length {lam.size}, the number of "
                            f"eigenvalues; its shape is {np.shape(optimum)}")  # fmt: skip
        return Eigenbasis(lam, opt, _factor(_finite(noise, "noise"), opt.shape[1]))

    @property
    def outputs(self) -> int:
        """Number p of outputs."""
        return int(self.optimum.shape[1])

    @property
    def inputs(self) -> int:
        """As many as there are eigenvalues, M."""
        return self.eigenvalues.size

    def start(self, runs: slice) -> Array:
        """``w_0 = −v*``."""
        shape = (runs.stop - runs.start, *self.optimum.shape[1:])
        return -np.broadcast_to(_of_runs(self.optimum, runs), shape)

    def samples(self, normals: Array, noise: Array, runs: slice) -> tuple[Array, Array]:
        """Scale the features in place; the labels are the noise ``L g``."""
        normals *= np.sqrt(self.eigenvalues)
        factor = _of_runs(self.noise_factor, runs)
        return normals, noise @ np.swapaxes(factor, 1, 2)

    def deviation(self, states: Array, runs: slice) -> Array:
        """Return the states: they are deviations already."""
        return states


@dataclass(frozen=True, slots=True)
class Raw:
    """Samples of the raw model: ``x ~ N(0, H)``, ``u = S x``, ``y = W* x + ε``, for finite d.

    Build it with `Raw.of`.  `root` is ``A = S H^{1/2} = Q diag(s) Vᵀ``, shape (M, d), with
    `rotation` Q and `singular` s; `target` is ``W* H^{1/2}``, shape (1 or runs, p, d), `rest` its
    part ``r = W* H^{1/2} (I − V Vᵀ)`` outside the range, and `optimum` ``⟨u_i, v*⟩``, shape
    (1 or runs, p, M); `sigma` (p,) holds the standard deviations of ε.
    """

    root: Array
    target: Array
    sigma: Array
    rotation: Array
    singular: Array
    optimum: Array
    rest: Array

    @staticmethod
    def of(spectrum: ArrayLike, sketch: ArrayLike, target: ArrayLike, sigma2: ArrayLike) -> Raw:
        """Check the arrays and prepare the decomposition of ``S H^{1/2}``.

        Parameters
        ----------
        spectrum
            ``λ_i > 0``, shape (d,).
        sketch
            S, shape (M, d), M <= d, of full rank.
        target
            ``w*`` in the eigenbasis of H: shape (d,), (p, d) or (runs, p, d).
        sigma2
            Variance of the label noise: a number, or one for each output (p,).

        Raises
        ------
        UserError
            For a shape, sign or value that cannot be.
        """
        lam, S = _finite(spectrum, "spectrum"), _finite(sketch, "sketch")
        if lam.ndim != 1 or lam.size == 0 or (lam <= 0).any():
            raise UserError("spectrum: give a list of numbers > 0, at least one")
        if S.ndim != 2 or S.shape[1] != lam.size or not 0 < S.shape[0] <= lam.size:
            raise UserError(f"sketch: its shape must be (M, {lam.size}) with 1 <= M <= "
                            f"{lam.size}; it is {S.shape}")  # fmt: skip
        W = _finite(target, "target")
        W = W.reshape((1,) * (3 - W.ndim) + W.shape) if W.ndim < 3 else W
        if W.ndim != 3 or W.shape[-1] != lam.size:
            raise UserError(f"target: its last axis must have length {lam.size}; its shape is "
                            f"{np.shape(target)}")  # fmt: skip
        variance = _finite(sigma2, "sigma2")
        if (variance < 0).any() or variance.shape not in ((), (W.shape[1],)):
            raise UserError("sigma2: give one variance >= 0, or one for each output")
        Q, s, Vt = np.linalg.svd(S * np.sqrt(lam), full_matrices=False)
        if s[-1] <= s[0] * lam.size * np.finfo(float).eps:
            raise UserError("sketch: its rows are linearly dependent; drop the redundant ones")
        sigma, target = np.broadcast_to(np.sqrt(variance), (W.shape[1],)), W * np.sqrt(lam)
        inside = target @ Vt.T
        return Raw(S * np.sqrt(lam), target, sigma, Q, s, inside / s, target - inside @ Vt)

    @property
    def eigenvalues(self) -> Array:
        """``λ~ = s²``, decreasing."""
        return self.singular**2

    @property
    def outputs(self) -> int:
        """Number p of outputs."""
        return int(self.target.shape[1])

    @property
    def inputs(self) -> int:
        """As many as x has coordinates, d."""
        return int(self.root.shape[1])

    def start(self, runs: slice) -> Array:
        """``v_0 = 0``."""
        return np.zeros((runs.stop - runs.start, self.outputs, self.root.shape[0]))

    def samples(self, normals: Array, noise: Array, runs: slice) -> tuple[Array, Array]:
        """``u = A g`` and ``y = W* H^{1/2} g + ε``."""
        target = _of_runs(self.target, runs)
        labels = normals @ np.swapaxes(target, 1, 2) + self.sigma * noise
        return normals @ self.root.T, labels

    def deviation(self, states: Array, runs: slice) -> Array:
        """``Qᵀ v − Qᵀ v*``."""
        rotated: Array = states @ self.rotation - _of_runs(self.optimum, runs)
        return rotated


def sketched(
    spectrum: ArrayLike, sketch: ArrayLike, target: ArrayLike, sigma2: ArrayLike
) -> tuple[Raw, Eigenbasis]:
    """Return the same problem as the two sources, equal in law.

    Parameters are those of `Raw.of`.  The noise of the second is ``diag σ² + r rᵀ`` with
    ``r = W* H^{1/2} (I − V Vᵀ)``, whose diagonal is ``σ² + Approx``.
    """
    raw = Raw.of(spectrum, sketch, target, sigma2)
    noise = raw.rest @ np.swapaxes(raw.rest, 1, 2) + np.diag(raw.sigma**2)
    return raw, Eigenbasis.of(raw.eigenvalues, raw.optimum, noise)


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
        step = self._single if self.batch == self.source.outputs == 1 else self._general
        for u, y in zip(*self.source.samples(drawn, noise, self.runs), strict=True):
            if self.total is not None:
                self.total += self.states
            step(u, y, gamma)

    def _single(self, u: Array, y: Array, gamma: float) -> None:
        """One sample and one output: no matrix product, no memory of its own."""
        u, v = u[:, 0], self.states[:, 0]
        pull = gamma * (np.vecdot(u, v) - y[:, 0, 0])
        np.einsum("rm,r->rm", u, pull, out=self.work)  # faster than a product that broadcasts
        np.subtract(v, self.work, out=v)

    def _general(self, u: Array, y: Array, gamma: float) -> None:
        """``v −= (γ/B) (v Uᵀ − Y) U`` with U (runs, B, M) and Y (runs, p, B)."""
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
        from numerics.compiled import compiled, state_of

        super().__init__(source, runs, batch, averaged, seed, key)
        self.steps, _ = compiled()
        self.words = state_of(self.features), state_of(self.noise)
        self.roots = np.sqrt(source.eigenvalues)
        self.factor = np.ascontiguousarray(_of_runs(source.noise_factor, runs))
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


def _finite(values: ArrayLike, name: str) -> Array:
    """Return the values as float64, all finite."""
    array = np.asarray(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise UserError(f"{name}: every entry must be a finite number")
    return array


def _factor(noise: Array, outputs: int) -> Array:
    """Return L, (1 or runs, p, p), with ``L Lᵀ`` the covariance that `noise` stands for."""
    if noise.ndim <= 1 and noise.shape in ((), (outputs,)):
        if (noise < 0).any():
            raise UserError("noise: a variance must be >= 0")
        return np.diag(np.broadcast_to(np.sqrt(noise), (outputs,)))[None]
    if noise.ndim not in (2, 3) or noise.shape[-2:] != (outputs, outputs):
        raise UserError(f"noise: give a variance, {outputs} of them, or a covariance matrix of "
                        f"{outputs} outputs; the shape is {noise.shape}")  # fmt: skip
    values, vectors = np.linalg.eigh(noise)
    if (values < -1e-12 * np.abs(values).max()).any():
        raise UserError("noise: the covariance matrix has a negative eigenvalue")
    factor: Array = vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    return factor if factor.ndim == 3 else factor[None]


def _of_runs(array: Array, runs: slice) -> Array:
    """Return the part of those runs, or all of an array that all runs share."""
    if 1 < array.shape[0] < runs.stop:
        raise UserError(f"the problem is given for {array.shape[0]} runs; give it for all runs, "
                        "or one for all of them")  # fmt: skip
    return array if array.shape[0] == 1 else array[runs]
