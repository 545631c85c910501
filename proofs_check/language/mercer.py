r"""Kernels by name, and the order of their Mercer spectra.

A kernel is a covariance function k on a domain with the uniform distribution ``ρ``.  Its operator
``T f(x) = ∫ k(x, y) f(y) dρ(y)`` has the eigenvalues ``λ_1 >= λ_2 >= …``, repeated by
multiplicity: those of the covariance of the features ``φ(x)`` with ``k(x, y) = ⟨φ(x), φ(y)⟩``.
What a proof needs is the exponent a in ``λ_i`` *of order* ``i^-a``.  Each class states its
spectrum and proves it; the order is all that is kept, so that no rule can take the spectrum of a
kernel for ``i^-a`` itself, and no claim with ``~`` holds on the strength of it.

*Counting with multiplicities.*  Let the positive eigenvalues be ``μ_k``, ``k`` in a set K of whole
numbers with bounded gaps, each ``n_k`` times, with ``μ_k`` of order ``k^-α`` and ``n_k`` of order
``k^(δ-1)``, ``δ >= 1``.  The number ``n(τ)`` of eigenvalues ``>= τ`` lies between the sums of
``n_k`` over ``k <= (c/τ)^(1/α)`` and over ``k <= (C/τ)^(1/α)``, which are of order
``τ^(-δ/α)`` as ``τ → 0``.  Since ``n(λ_i) >= i`` and ``n(τ) < i`` for every ``τ > λ_i``, it
follows that ``λ_i`` is of order ``i^(-α/δ)``.  Finitely many eigenvalues more or less change
nothing.

*Gamma quotients.*  ``log Γ`` is convex, hence ``x (x+s)^(s-1) <= Γ(x+s)/Γ(x) <= x^s`` for
``0 <= s <= 1`` (Wendel 1948); with ``Γ(x+1) = x Γ(x)``, ``Γ(x+s)/Γ(x)`` is of order ``x^s`` as
``x → ∞`` for every real s.

To add a kernel is to add a class here, and one in `ratecert.numerics.kernels` for its numbers.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import Expr, Num, add, mul
from ratecert.proofs_check.language.grammar import nearest, parse_expr

__all__ = [
    "KERNELS",
    "ArcCosine",
    "Brownian",
    "BrownianBridge",
    "Laplace",
    "Matern",
    "MercerKernel",
    "NeuralTangent",
    "Sobolev",
    "Sphere",
    "parse_kernel",
]

ONE, TWO = Num(Fraction(1)), Num(Fraction(2))

FUNK_HECKE = (
    "dot-product kernels on the sphere: the Funk-Hecke formula, and the dimension of the spaces "
    "of spherical harmonics (classical)"
)


@dataclass(frozen=True, slots=True)
class MercerKernel(ABC):
    """A kernel; abstract.  `trust` is what its spectrum rests on and is not proved here."""

    name: ClassVar[str]
    trust: ClassVar[tuple[str, ...]] = ()

    @property
    @abstractmethod
    def exponent(self) -> Expr:
        """The a of ``λ_i`` of order ``i^-a``, for the parameters for which it is above 1."""

    @property
    def argument(self) -> Expr | None:
        """The parameter in the name, or None where there is none."""
        return None

    def __str__(self) -> str:
        return self.name if self.argument is None else f"{self.name}({self.argument})"


@dataclass(frozen=True, slots=True)
class Brownian(MercerKernel):
    r"""``min(x, y)`` on [0, 1]: ``λ_k = ((k - 1/2) π)^-2``, k >= 1, simple.

    ``λ f = T f`` reads ``λ f(x) = ∫_0^x y f(y) dy + x ∫_x^1 f``.  So ``f(0) = 0``,
    ``λ f'(x) = ∫_x^1 f``, ``f'(1) = 0`` and ``λ f'' = -f``; ``λ = 0`` gives ``f = 0``.  Solutions:
    ``f = sin(w x)``, ``λ = w^-2`` with ``cos w = 0``.  And ``k/2 <= k - 1/2 <= k``.
    """

    name: ClassVar[str] = "brownian"

    @property
    def exponent(self) -> Expr:
        """See `Kernel.exponent`."""
        return TWO


@dataclass(frozen=True, slots=True)
class BrownianBridge(MercerKernel):
    """``min(x, y) - x y`` on [0, 1]: ``λ_k = (k π)^-2``, k >= 1, simple.

    As for `Brownian`, with ``f(0) = f(1) = 0``: ``f = sin(k π x)``.
    """

    name: ClassVar[str] = "brownian-bridge"

    @property
    def exponent(self) -> Expr:
        """See `Kernel.exponent`."""
        return TWO


@dataclass(frozen=True, slots=True)
class Sobolev(MercerKernel):
    r"""The periodic Sobolev kernel of smoothness s > 1/2 on the circle of length 1.

    ``k(x, y) = Σ_{k>=1} 2 cos(2πk(x - y)) (2πk)^(-2s)``, for whole s the Bernoulli polynomial
    ``(-1)^(s-1) B_{2s}({x - y})/(2s)!``.  The series converges absolutely for ``2s > 1``, so that
    T may be applied term by term: ``cos 2πkx`` and ``sin 2πkx`` have the eigenvalue
    ``(2πk)^(-2s)``, constants 0.  Counting with ``α = 2s``, ``n_k = 2``, ``δ = 1``: order
    ``i^(-2s)``.
    """

    s: Expr
    name: ClassVar[str] = "sobolev"

    @property
    def argument(self) -> Expr:
        """The smoothness s."""
        return self.s

    @property
    def exponent(self) -> Expr:
        """See `Kernel.exponent`."""
        return mul(TWO, self.s)


@dataclass(frozen=True, slots=True)
class Matern(MercerKernel):
    r"""The Matérn kernel of smoothness ν > 0 on the circle of length 1, length scale ``l > 0``.

    It is the function of ``x - y`` with the Fourier coefficients
    ``c (2ν/l² + (2πk)²)^(-(ν+1/2))``, k any whole number, c > 0: by Poisson summation the Matérn
    kernel of the line, wrapped around the circle.  The coefficients are summable for ν > 0, so
    that they are its eigenvalues as in `Sobolev`: k = 0 once, others twice.  Counting with
    ``α = 2ν + 1``, ``δ = 1``: order ``i^-(2ν+1)`` for every length scale.
    """

    nu: Expr
    name: ClassVar[str] = "matern"

    @property
    def argument(self) -> Expr:
        """The smoothness ν."""
        return self.nu

    @property
    def exponent(self) -> Expr:
        """See `Kernel.exponent`."""
        return add(mul(TWO, self.nu), ONE)


@dataclass(frozen=True, slots=True)
class Laplace(MercerKernel):
    r"""``exp(-|t|/l)`` wrapped around the circle of length 1, length scale ``l > 0``.

    ``Σ_n exp(-|t + n|/l)`` has the Fourier coefficients
    ``∫ exp(-|t|/l - 2πikt) dt = (2/l)/(l^-2 + (2πk)²)``, k any whole number (the sum over n under
    the integral turns the line into the circle).  They are summable and so its eigenvalues, as in
    `Sobolev`; order ``i^-2``.
    """

    name: ClassVar[str] = "laplace"

    @property
    def exponent(self) -> Expr:
        """See `Kernel.exponent`."""
        return TWO


MOST_DIMENSIONS = 1000


@dataclass(frozen=True, slots=True)
class Sphere(MercerKernel):
    r"""A dot-product kernel ``κ(⟨x, y⟩)`` on the unit sphere of R^d, d >= 2; abstract.

    By the Funk-Hecke formula [cited] every harmonic of degree k is an eigenfunction, of the
    eigenvalue ``μ_k = c_d ∫_{-1}^1 κ(t) P_k(t) (1-t²)^((d-3)/2) dt``,
    ``c_d = Γ(d/2)/(√π Γ((d-1)/2))``, with the Gegenbauer polynomial ``P_k``, ``P_k(1) = 1``; there
    are ``n_k = (2k+d-2) (k+d-3)!/(k! (d-2)!)`` of them [cited] (k >= 1), a polynomial of degree
    ``d-2`` in k with positive leading coefficient, so ``δ = d-1``.

    *Rectifiers.*  For w uniform on the sphere ``E h(⟨w,x⟩) h(⟨w,y⟩)`` is the kernel of the square
    of the operator of h, hence has ``μ_k = h_k²``, ``h_k = c_d ∫ h P_k (1-t²)^((d-3)/2)``.  By
    Rodrigues' formula

        P_k (1-t²)^((d-3)/2) = (-1/2)^k Γ((d-1)/2)/Γ(k+(d-1)/2) (d/dt)^k (1-t²)^β,  β = k+(d-3)/2,

    integration by parts leaves a derivative of ``(1-t²)^β`` at 0 alone (at 1 it vanishes):
    the one of order ``k-1`` for the step ``h = [t > 0]``, k >= 1, and of order ``k-2`` for
    ``h = max(t, 0)``, k >= 2.  Odd derivatives are 0, that of order 2m is
    ``(-1)^m (2m)! Γ(β+1)/(m! Γ(β-m+1))``, and ``(2m)! = 4^m m! Γ(m+1/2)/√π``; so

        step:      |h_k| = Γ(d/2)/(2π) Γ(k/2)/Γ((k+d)/2),          k odd;    0 for even k >= 2;
        rectifier: |h_k| = Γ(d/2)/(4π) Γ((k-1)/2)/Γ((k+d+1)/2),    k even;   0 for odd k >= 3,

    of order ``k^(-d/2)`` and ``k^(-d/2-1)`` (Gamma quotients).
    """

    d: int
    trust: ClassVar[tuple[str, ...]] = (FUNK_HECKE,)

    def __post_init__(self) -> None:
        if not 2 <= self.d <= MOST_DIMENSIONS:
            raise UserError(
                f"{self.name}({self.d}): the sphere lies in R^d, d from 2 to {MOST_DIMENSIONS}"
            )

    @property
    def argument(self) -> Expr:
        """The dimension d."""
        return Num(Fraction(self.d))


@dataclass(frozen=True, slots=True)
class ArcCosine(Sphere):
    """The arc-cosine kernel of degree 1, ``κ_1(t) = (√(1-t²) + t (π - arccos t))/π``.

    It is ``2 E max(⟨w,x⟩,0) max(⟨w,y⟩,0)`` for Gaussian w (Cho and Saul 2009), whose length is
    independent of its direction: ``μ_k = 2d h_k²`` with the rectifier's ``h_k``.  So ``μ_k`` is of
    order ``k^-(d+2)`` for even k, 0 for odd k >= 3: order ``i^(-(d+2)/(d-1))``.
    """

    name: ClassVar[str] = "arc-cosine"

    @property
    def exponent(self) -> Expr:
        """See `Kernel.exponent`."""
        return Num(Fraction(self.d + 2, self.d - 1))


@dataclass(frozen=True, slots=True)
class NeuralTangent(Sphere):
    """The neural tangent kernel of a two-layer ReLU network, ``t κ_0(t) + κ_1(t)``.

    ``κ_0(t) = (π - arccos t)/π`` is ``2 E [⟨w,x⟩>0] [⟨w,y⟩>0]``, so ``μ_k(κ_0) = 2 h_k²`` with the
    step's ``h_k``: order ``k^-d`` for odd k, 0 for even k >= 2.  As
    ``(2k+d-2) t P_k = (k+d-2) P_{k+1} + k P_{k-1}``,

        μ_k(t κ_0) = ((k+d-2) μ_{k+1}(κ_0) + k μ_{k-1}(κ_0))/(2k+d-2),

    which is of order ``k^-d`` for even k and 0 for odd k >= 3, and `ArcCosine` adds less: order
    ``i^(-d/(d-1))``.
    """

    name: ClassVar[str] = "ntk"

    @property
    def exponent(self) -> Expr:
        """See `Kernel.exponent`."""
        return Num(Fraction(self.d, self.d - 1))


_PLAIN: Mapping[str, type[MercerKernel]] = {k.name: k for k in (Brownian, BrownianBridge, Laplace)}
_SMOOTH: Mapping[str, type[Sobolev] | type[Matern]] = {k.name: k for k in (Sobolev, Matern)}
_SPHERES: Mapping[str, type[Sphere]] = {k.name: k for k in (ArcCosine, NeuralTangent)}
KERNELS = (
    *_PLAIN,
    "sobolev(s)",
    "matern(nu)",
    *(f"{name}(d)" for name in _SPHERES),
)
"""How the known kernels are written."""

_KERNEL = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:\((.*)\)\s*)?", re.DOTALL)


def parse_kernel(text: str) -> MercerKernel:
    """Return the kernel that a text such as ``"sobolev(s)"`` names.

    Raises
    ------
    UserError
        Where there is no such kernel, or its parameter is missing, too much or impossible.
    """
    match = _KERNEL.fullmatch(text)
    if match is None:
        raise UserError(f"{text[:40]!r} is not a kernel: {_known()}")
    name, argument = match.groups()
    if name in _PLAIN:
        if argument is not None:
            raise UserError(f'the kernel {name} has no parameter: write kernel = "{name}"')
        return _PLAIN[name]()
    if name not in _SMOOTH and name not in _SPHERES:
        names = (*_PLAIN, *_SMOOTH, *_SPHERES)
        raise UserError(f"there is no kernel {name[:40]}{nearest(name, names)} {_known()}")
    if argument is None:
        raise UserError(f'the kernel {name} needs its parameter: write kernel = "{name}(2)"')
    parameter = parse_expr(argument)
    if name in _SMOOTH:
        return _SMOOTH[name](parameter)
    if not isinstance(parameter, Num) or parameter.value.denominator != 1:
        raise UserError(
            f"{name}({argument.strip()[:40]}): d is a whole number, written out, of the sphere in "
            f'R^d: kernel = "{name}(3)"'
        )
    return _SPHERES[name](int(parameter.value))


def _known() -> str:
    return f"known are {', '.join(KERNELS)}"
