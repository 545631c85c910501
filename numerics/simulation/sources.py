"""Where the samples of SGD come from: the raw model, or the eigenbasis of the sketched covariance.

A sample is a pair ``(u, y)``, ``u ∈ R^M`` and ``y ∈ R^p``.  Two sources give it, and they have the
same law by the argument below.

*Raw*.  ``x ~ N(0, H)`` with ``H = diag(λ_1..λ_d)``, ``u = S x``, ``y = W* x + ε`` with
``ε ~ N(0, C)``, ``v_0 = 0``: the problem as the papers state it, for a finite d; the variances of
the outputs' noise are ``C_kk = σ_k²``.

*Eigenbasis*.  Let ``A = S H^{1/2} = Q diag(s) Vᵀ`` be the singular value decomposition, so that
``Σ = S H Sᵀ = A Aᵀ = Q diag(s²) Qᵀ``.  With ``g = H^{-1/2} x ~ N(0, I)`` we have
``Qᵀ u = diag(s) Vᵀ g`` and ``y = W* H^{1/2} g + ε``.  Split ``H^{1/2} w*_k = V Vᵀ H^{1/2} w*_k +
r_k`` for output k.  Then ``rᵀ g`` is independent of ``Vᵀ g``, and

    y_k = (Qᵀu)ᵀ c_k + ξ_k,   c_k = diag(1/s) Vᵀ H^{1/2} w*_k = Qᵀ v*_k   (`optimum`),
    Var ξ_k = σ_k² + |r_k|² = σ_k² + Approx_k.

So the deviation ``w = (v − v*) Q`` follows the same recursion with features ``N(0, diag λ~)``,
``λ~ = s²``, labels ξ alone, and ``w_0 = −c``: M + p normals a sample in the place of d + p.  For
p > 1 the ξ_k of one sample are correlated (covariance ``r_kᵀ r_l``); no quantity here that is a
sum over the outputs of second moments sees it, but the law of such a sum does, so the covariance
may be given in full.  In both sources ``Excess = Σ_k Σ_i λ~_i w_{ki}²``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratecert.proofs_check.language.errors import UserError

__all__ = ["Eigenbasis", "Raw", "Source", "of_runs", "sketched"]

Array = NDArray[np.float64]


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
        return Eigenbasis(lam, opt, _factor(noise, opt.shape[1]))

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
        return -np.broadcast_to(of_runs(self.optimum, runs), shape)

    def samples(self, normals: Array, noise: Array, runs: slice) -> tuple[Array, Array]:
        """Scale the features in place; the labels are the noise ``L g``."""
        normals *= np.sqrt(self.eigenvalues)
        factor = of_runs(self.noise_factor, runs)
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
    (1 or runs, p, M); `noise_factor` (1 or runs, p, p) is a factor L of ε's covariance ``L Lᵀ``.
    """

    root: Array
    target: Array
    noise_factor: Array
    rotation: Array
    singular: Array
    optimum: Array
    rest: Array

    @staticmethod
    def of(spectrum: ArrayLike, sketch: ArrayLike, target: ArrayLike, noise: ArrayLike) -> Raw:
        """Check the arrays and prepare the decomposition of ``S H^{1/2}``.

        Parameters
        ----------
        spectrum
            ``λ_i > 0``, shape (d,).
        sketch
            S, shape (M, d), M <= d, of full rank.
        target
            ``w*`` in the eigenbasis of H: shape (d,), (p, d) or (runs, p, d).
        noise
            Of the labels: a variance, one for each output (p,), the covariance (p, p) of the
            outputs, or (runs, p, p).

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
        factor = _factor(noise, W.shape[1])
        Q, s, Vt = np.linalg.svd(S * np.sqrt(lam), full_matrices=False)
        if s[-1] <= s[0] * lam.size * np.finfo(float).eps:
            raise UserError("sketch: its rows are linearly dependent; drop the redundant ones")
        target = W * np.sqrt(lam)
        inside = target @ Vt.T
        return Raw(S * np.sqrt(lam), target, factor, Q, s, inside / s, target - inside @ Vt)

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
        target = of_runs(self.target, runs)
        factor = of_runs(self.noise_factor, runs)
        labels = normals @ np.swapaxes(target, 1, 2) + noise @ np.swapaxes(factor, 1, 2)
        return normals @ self.root.T, labels

    def deviation(self, states: Array, runs: slice) -> Array:
        """``Qᵀ v − Qᵀ v*``."""
        rotated: Array = states @ self.rotation - of_runs(self.optimum, runs)
        return rotated


def sketched(
    spectrum: ArrayLike, sketch: ArrayLike, target: ArrayLike, noise: ArrayLike
) -> tuple[Raw, Eigenbasis]:
    """Return the same problem as the two sources, equal in law.

    Parameters are those of `Raw.of`.  The noise of the second is ``C + r rᵀ`` with
    ``r = W* H^{1/2} (I − V Vᵀ)``, whose diagonal is ``σ² + Approx``.
    """
    raw = Raw.of(spectrum, sketch, target, noise)
    own = raw.noise_factor @ np.swapaxes(raw.noise_factor, 1, 2)
    lost = raw.rest @ np.swapaxes(raw.rest, 1, 2)
    return raw, Eigenbasis.of(raw.eigenvalues, raw.optimum, lost + own)


def _finite(values: ArrayLike, name: str) -> Array:
    """Return the values as float64, all finite."""
    array = np.asarray(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise UserError(f"{name}: every entry must be a finite number")
    return array


def _factor(given: ArrayLike, outputs: int) -> Array:
    """Return L, (1 or runs, p, p), with ``L Lᵀ`` the covariance that is given."""
    noise = _finite(given, "noise")
    if noise.ndim <= 1 and noise.shape in ((), (outputs,)):
        if (noise < 0).any():
            raise UserError("noise: a variance must be >= 0")
        return np.diag(np.broadcast_to(np.sqrt(noise), (outputs,)))[None]
    if noise.ndim not in (2, 3) or noise.shape[-2:] != (outputs, outputs):
        raise UserError(f"noise: give a variance, {outputs} of them, or a covariance matrix of "
                        f"{outputs} outputs; the shape is {noise.shape}")  # fmt: skip
    if np.abs(noise - np.swapaxes(noise, -1, -2)).max() > 1e-12 * np.abs(noise).max():
        raise UserError("noise: a covariance matrix is symmetric")
    values, vectors = np.linalg.eigh(noise)
    if (values < -1e-12 * np.abs(values).max()).any():
        raise UserError("noise: the covariance matrix has a negative eigenvalue")
    factor: Array = vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]
    return factor if factor.ndim == 3 else factor[None]


def of_runs(array: Array, runs: slice) -> Array:
    """Return the part of those runs, or all of an array that all runs share."""
    if 1 < array.shape[0] < runs.stop:
        raise UserError(f"the problem is given for {array.shape[0]} runs; give it for all runs, "
                        "or one for all of them")  # fmt: skip
    return array if array.shape[0] == 1 else array[runs]
