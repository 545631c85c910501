r"""Kernel features of a user's own rows: Nyström's method, with rows kept apart as anchors.

With anchors ``z_1..z_m`` and ``K = k(z, z)``, ``φ(x) = K^(-1/2) k(z, x)`` has
``⟨φ(x), φ(x')⟩ = k(x, z) K^-1 k(z, x')``, the kernel projected on the span of the anchors; what is
learnt linearly in φ is kernel regression there.  Anchors are not used again, so that the other
rows' features are independent given them.

Kernels on R^d come from scikit-learn (its Gaussian-process kernels); their length scale is the
median distance between anchors.  Dot-product kernels see rows of unit length.

*Source*: Williams and Seeger (2001).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ratecert.numerics.data.measured import LEAST_ROWS, check_sizes
from ratecert.numerics.kernels import ArcCosine, NeuralTangent, from_sklearn
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.grammar import nearest

__all__ = ["DATA_KERNELS", "nystrom_features"]

Array = NDArray[np.float64]
Covariance = Callable[[Array, Array], Array]

DATA_KERNELS = ("rbf", "laplace", "matern(nu)", "arc-cosine", "ntk")
MOST_ANCHORS = 200
SMALLEST_SHARE = 1e-12


def nystrom_features(x: Array, name: str, seed: int = 0) -> tuple[NDArray[np.int64], Array]:
    """Return the numbers of the rows that are no anchors, and their features (rows, m).

    Parameters
    ----------
    x : rows (n, d); a quarter of them, at most `MOST_ANCHORS`, become anchors.
    name : one of `DATA_KERNELS`, with a number in the place of nu.
    seed : of the choice of anchors.

    Raises
    ------
    UserError
        For an unknown kernel, where scikit-learn is missing, for rows without a direction, too
        few rows, and where values of the kernel are not finite.
    """
    check_sizes("features", x)
    order = np.random.default_rng(seed).permutation(len(x))
    count = min(len(x) // 4, MOST_ANCHORS)
    anchors, rest = x[order[:count]], np.sort(order[count:])
    covariance = _covariance(name, anchors)
    if len(x) < LEAST_ROWS:
        raise UserError(f"{len(x)} rows are too few to measure a spectrum: give more than "
                        f"{LEAST_ROWS}, as a quarter of them only spans the features")  # fmt: skip
    with np.errstate(all="ignore"):
        known = covariance(anchors, anchors)
    if not np.all(np.isfinite(known)):
        raise UserError(f"--kernel {name[:40]}: it has values on these rows that are not finite")
    values, vectors = np.linalg.eigh(known)
    keep = values > SMALLEST_SHARE * values[-1]
    root = vectors[:, keep] / np.sqrt(values[keep])
    return rest, covariance(x[rest], anchors) @ root


_NAME = re.compile(r"\s*([a-z-]+)\s*(?:\(\s*([0-9]+(?:\.[0-9]+)?)\s*\))?\s*")


def _covariance(name: str, anchors: Array) -> Covariance:
    match = _NAME.fullmatch(name)
    base, nu = match.groups() if match else (name, None)
    known = [text.removesuffix("(nu)") for text in DATA_KERNELS]
    if match is None or base not in known:
        raise UserError(f"--kernel {name[:40]}: there is no such kernel on data"
                        f"{nearest(base, known)} known are {', '.join(DATA_KERNELS)}")  # fmt: skip
    if (base == "matern") != (nu is not None):
        raise UserError(f"--kernel {name[:40]}: write {'matern(1.5)' if nu is None else base}")
    if base in ("arc-cosine", "ntk"):
        return _on_sphere(base, anchors.shape[1])
    return _on_space(base, anchors, float(nu or 0.5))


def _on_sphere(base: str, d: int) -> Covariance:
    if d < 2:
        raise UserError(f"--kernel {base}: rows on a sphere need at least two columns")
    kernel = ArcCosine(d) if base == "arc-cosine" else NeuralTangent(d)

    def unit(x: Array) -> Array:
        length = np.linalg.norm(x, axis=1, keepdims=True)
        if not np.all(length > 0):
            raise UserError(f"--kernel {base}: a row of zeros has no direction; drop it")
        return np.asarray(x / length)

    return lambda x, y: kernel.covariance(unit(x), unit(y))


def _on_space(base: str, anchors: Array, nu: float) -> Covariance:
    try:
        from sklearn.gaussian_process import kernels
    except ImportError:
        raise UserError(
            f"--kernel {base} needs scikit-learn: pip install 'ratecert[kernels]'"
        ) from None
    apart = anchors[:, None, :200] - anchors[None, :200, :200]
    distances = np.sqrt(np.sum(apart**2, axis=2))
    length = float(np.median(distances[distances > 0])) if np.any(distances > 0) else 1.0
    theirs = kernels.RBF(length) if base == "rbf" else kernels.Matern(length, nu=nu)
    return from_sklearn(theirs, lambda rng, n: anchors).covariance
