r"""What each quantity means: two explicit expressions that enclose it up to constant factors.

For modes ``λ_j`` of the covariance of the features, target energies ``e_j``, ``n`` the
*effective number of steps* (``N_eff`` for the geometric schedule, ``N`` for a constant step) and
``u_j = n γ λ_j``, everything below is a sum over modes.  An expression ``exp(-X)`` in a meaning
stands for ``exp(-cX)`` with some constant ``c > 0``; the rules of the checker do not see c.

*Mean path.*  With ``x_t = γ_t λ_j <= 1/2`` the error of the mean is multiplied by
``Π (1 - x_t)``, and ``-2x <= log(1 - x) <= -x`` on ``[0, 1/2]``, so its square is
``exp(-c Σ_t x_t)``, ``2 <= c <= 4``, where ``Σ x_t = u_j`` for a constant step and
``u_j <= Σ x_t <= 2 u_j`` (up to rounding of N/log N) for the geometric schedule.
*Averaged iterates*, constant step: the mean of ``(1 - x)^t`` over ``0 <= t < N`` is
``(1 - (1-x)^N)/(N x)``, whose square is of the order ``min(1, 1/u_j^2)``.

*Noise response without feedback*, per unit noise: ``V = Σ_j v_j`` with
``v_j = Σ_t x_t² Π_{s>t} (1 - x_s)²``.

- Constant step: ``v = x²(1 - (1-x)^{2N})/(x(2-x))``, of order ``u min(1, u)/N``.
- Averaged, constant step: the noise of step t enters the mean of the iterates through
  ``x Σ_{k<r} (1-x)^k / N = (1 - (1-x)^r)/N`` with ``r = N - 1 - t`` steps to go, hence
  ``v = N^-2 Σ_{r<N} (1 - (1-x)^r)²``, of order ``min(1, u²)/N``.
- Geometric: stage ``l`` has K = N/log2 N steps with ``K x = q_l = u 2^-l`` (up to a factor
  2 for rounding).  If ``u <= 1`` no stage forgets (``Σ q_l <= 2``) and ``v`` is of the order
  ``Σ_l K (q_l/K)²``, that is ``u²/K``.  If ``u > 1``, let ``m`` be the stage with
  ``1/2 < q_m <= 1``; it exists since ``u <= K/2`` and there are about ``log2 N`` stages.  Stage m
  alone gives ``K (q_m/K)² e^-O(1)``, of order ``1/K``; stages after it at most
  ``Σ_l q_l²/K <= 4/(3K)``; a stage ``l < m`` at most ``x_l = q_l/K`` times the decay
  ``exp(-2 q_{l+1}) = exp(-q_l)`` of the next one, and ``Σ q exp(-q)`` over ``q = 1, 2, 4, …`` (up
  to a factor 2) is bounded.  So ``v`` is of order ``min(1, u²)/N_eff``.

*Feedback of the fourth moments* [derived here].  For Gaussian data
``m_j <- (1-x)² m_j + (γ²/B)(λ_j² m_j + λ_j Σ_k λ_k m_k) + (γ²/B) λ_j · noise``.  So the excess
``E_t = Σ λ_j m_j`` is the mean path ``p_t`` plus what the noise of every earlier step has left,
where the noise fed back at step s in mode j lies between ``γ_s² λ_j E_s / B`` and twice that.  For
any step sizes ``Σ_s x_s² Π_{r>s} (1-x_r)² <= max_s x_s/(2 - x_s)`` (the sum of
``x_s(2-x_s) Π_{r>s} (1-x_r)²`` telescopes to at most 1).  Hence
``sup_t E_t <= E_0 + 2 sup_t E_t Σ_j x_j/(2-x_j)``, and as γ is at most a small constant and
``Σ λ_j`` converges, ``sup_t E_t <= 2 E_0``, from any step on.  As noise, this gives

    V·noise <= variance <= (1 + 4 sup_t V_t) V·noise <= 5 V·noise.

For the bias it is too coarse, since E decays.  Let the step be constant, ``S = Σ x_j <= 1/25``.

1. *Resolvent.*  ``E_t <= p_t + Σ_{s<t} k(t-1-s) E_s``, ``k(r) = (2/B) Σ x_j² (1-x_j)^{2r}``, so
   ``E_t <= p_t + Σ_{s<t} R(t-1-s) p_s`` with ``R = k + k * R``.  Put ``h(t) = Σ x_j² (1-x_j)^t``;
   then ``R <= 4h/B``.  By induction this follows from ``k <= 2h/B`` and ``k * h <= 11 S h``, that
   is from bounds of ``Σ_s (1-x_i)^{2(t-1-s)} (1-x_j)^s`` for each pair of modes: by
   ``(1-x_j)^{t-1}/x_i`` if ``x_j <= x_i``, as the ratio of the bases is at most ``1 - x_i``; by
   ``2 (1-x_i)^{t-1}/x_j`` if ``x_j >= 4 x_i``, as the bases differ by at least ``x_j/2``; between
   the two by ``(1-x_i)^{t-1}/x_i <= 4 (1-x_i)^{t-1}/x_j``.  Multiplied by ``2 x_i² x_j²`` and
   summed these are at most ``2 (S + 4 S) h(t-1)``, and ``h(t-1) <= h(t)/(1 - 1/25)``.
2. *Convolution.*  In ``Σ_s R(t-1-s) p_s`` the steps ``s >= t/2`` contribute at most
   ``(4/B) Σ_j x_j · Σ_i e_i (1-x_i)^t``, a mean path again, and the steps ``s < t/2`` at most
   ``(4/B) Σ_j x_j² (1-x_j)^{(t-1)/2} · Σ_i e_i min(t, 1/x_i)``.
3. *From below* the noise fed back by ``E_s >= p_s`` leaves at least
   ``(1/B) Σ_j x_j² (1-x_j)^{2t} Σ_{s<t} p_s``, and that sum is of the order of the one above.

In terms of ``A = Σ_i e_i min(1, 1/u_i)``, the running mean of the error, that is

    bias  of the order of  mean path + D A/(n B),      D = Σ_j u_j² exp(-u_j).

*Geometric*: the first stage has K steps of size γ, of the order of n; after it the excess at most
doubles, and no error is damped by more than ``exp(-c u_j)``.  *Averaged*: the noise fed back at
step s, a martingale difference, enters the mean through ``(1 - (1-x)^r)/N`` with ``r = N-1-s``; at
most ``min(1, u_j)/N``, and at least a fifth of it for ``s < N/2``; and ``Σ_s E_s`` is at most
twice ``Σ_s p_s``, of the order of ``N A``.  So the same holds with ``D = Σ_j min(1, u_j²)``.

*Any spectrum* [derived here].  Nothing above asks for more than a finite trace of H: then
``Σ_j λ~_j <= 3 tr H`` for a Gaussian sketch, with probability ``1 - exp(-0.4 M)``, since for
``θ = 1/(4 tr H)`` the mean of ``exp(θ M Σ_i λ_i |s_i|²)`` is ``Π (1 - 2 θ λ_i)^{-M/2}``, at most
``2^{M/2}`` (as ``-log(1 - x) <= 2 log(2) x`` on ``[0, 1/2]``), and ``exp(-3M/4) 2^{M/2} <=
exp(-0.4 M)``.  So the variance is of the order of ``D_eff/(n B)``, ``D_eff = Σ_j min(1, u_j²)``,
for every spectrum of finite trace and target of finite energy; not for the last iterate of a
constant step, where it is ``Σ_j u_j min(1, u_j)/(n B)``.

*Top features* are exact: ``λ_j``, ``e_j`` for ``j <= M``; the approximation is ``Σ_{i>M} e_i``.

*Gaussian sketch* of ``λ_i = i^-a``, ``e_i = i^-b``.  One theorem about Gaussian matrices is cited
[G]: for S with M rows of entries ``N(0, 1/M)`` and ``T >= 0`` of finite trace, with probability
``1 - 2 exp(-τ² M/2)`` all ``v = T^{1/2} u``, ``|u| <= 1``, have

    | |S v| - |v| | <= 2 (tr T/M)^{1/2} + τ |T|^{1/2}.

Everything else is proved here, on an event of probability ``1 - exp(-Ω(M))``.  Let ``s_i`` be the
columns of S, ``A = H^{1/2} S^T S H^{1/2}`` (its eigenvalues are the ``λ~_j``, then zeros), P the
projection on the range of A, ``E = diag(e_i)``.

- *Spectrum*: ``λ~_j`` is of order ``j^-a`` for ``j <= M``.  Above: without the modes below j the
  norm of A is at most ``C (λ_j + Σ_{i>=j} λ_i/M)`` by [G], at most ``C' j^-a``, and the modes left
  out have rank ``j - 1``.  Below, for ``j <= M/16``: the modes up to j alone give at least
  ``λ_j/16``, as ``|S v| >= |v|/4`` on them by [G]; for other j: the transpose of the first ``k =
  64 M`` columns has k rows, and [G] for it gives ``λ~_M >= λ_k``.
- *Resolvent*: ``(H + ρ)/2 <= A + ρ <= 3 (H + ρ)/2`` for every ``ρ >= C M^-a``.  With ``T = H/(H +
  ρ)``, ``|T| <= 1`` and ``tr T`` of order ``ρ^{-1/a}``, at most ``M/400`` for large C; so [G] with
  ``τ = 1/10`` bounds ``| |S v|² - |v|² |`` by ``1/5 (2 + 1/5) < 1/2``.
- *Share lost*: ``⟨v_i, (I-P) v_i⟩`` is of order ``min(1, (i/M)^a)``.  Above: ``I - P <= ρ (A +
  ρ)^-1 <= 2ρ/(H + ρ)`` with ``ρ = C M^-a``.  Below, for ``i <= M``: by the Schur complement it is
  ``1/(1 + λ_i s_i^T Σ_i^-1 s_i)`` with the covariance ``Σ_i`` of the other modes, at least
  ``c M^-a`` by the spectrum, and ``|s_i|² <= 2``.  All modes ``i > M`` together lose at least
  ``Σ_{i>M} e_i`` (Ky Fan: the complement of P has corank M).  So the approximation ``tr E (I-P)``
  is of order ``Σ_i e_i min(1, (i/M)^a)``.
- *Alignment*: for ``b < a + 1`` and ψ(x) one of ``exp(-tx)``, ``min(1, 1/(tx))`` and ``min(1,
  1/(tx)²)``, ``tr E ψ(A) P`` is of order ``Σ_{j<=M} e_j ψ(λ_j)``; so mean path and running error
  are those of the first M modes.  Note ``1/(1+tx)`` and its square are of the order of the last
  two, and all are convex and at most ``C/(1 + tx)``.

  *Large model*, ``t <= ε M^a``: the sum is of order ``t^{(1-b)/a}`` (1 for ``t <= 1``).  Above,
  ``tr E/(1 + tA) <= 2 Σ e_i/(1 + t λ_i)`` by the resolvent with ``ρ = 1/t``, of that order for
  ``b < a + 1``.  Below, by Jensen's inequality ``⟨v_i, ψ(A) v_i⟩ >= ψ(λ_i |s_i|²) >= ψ(2 λ_i)``,
  which is at least some ``c > 0`` for ``t^{1/a} <= i <= 2 t^{1/a} + 1``, while the part outside of
  P, the share lost, is below ``c/2`` there for small ε.

  *Small model*, ``t > ε M^a``: the sum is of order ``M^{1-b} ψ(λ_M)``.  Above, on the range of A
  ``x >= c M^-a``, hence ``ψ(x) <= C ψ(c M^-a)/(1 + ε M^a x)``; go on as before.  Below, let Q
  project on the eigenvectors of A to ``λ~_j``, ``M/2 <= j <= M``, all of order ``M^-a``.  For a
  unit vector ``q = H^{1/2} S^T y`` in its range ``|y|² <= 1/λ~_M``, and its part in the modes
  beyond L M is at most ``|y|² |S_> H_> S_>^T|``, of order ``L^{1-a}`` by [G], so below 1/2 for
  large L.  So ``tr E Q >= (L M)^-b · M/4``, and ``ψ >= ψ(C M^-a)`` on Q.

*Logarithmic corrections*: ``λ_i = i^-a log(i+1)^-q`` and ``e_i = i^-b log(i+1)^-r``, a, b > 1,
q and r any real numbers.  All that was used of the power laws holds for them up to constants
(Potter's bounds and Karamata's theorem for regularly varying sequences): for every K the sequence
changes by a bounded factor between M and K M, by one that tends to 0 for M/K as K grows; it is
decreasing up to constants; ``Σ_{i>=j} λ_i`` is of order ``j λ_j``, and ``Σ_{i<=k} e_i/λ_i`` of
order ``k e_k/λ_k`` for ``b < a + 1``.  With ``k = #{i : λ_i >= ρ}`` in the place of ``ρ^{-1/a}``,
and ``k e_k`` in that of ``t^{(1-b)/a}`` at ``ρ = 1/t``, the lemmas above read, and are proved, in
the same way: ``λ~_j`` is of order ``λ_j``; the share lost of order ``min(1, λ_M/λ_i)``; ``tr T``
of order k; mean path and running error are those of the first M modes.

*Logarithmic power law*, ``e_i = λ_i = i^-1 log(i+1)^-a``, Gaussian sketch.  The tail of the
trace, ``Σ_{i>M} λ_i`` of order ``log(M)^{1-a}``, is larger than ``M λ_M`` and acts as a ridge
``ρ_M = log(M)^{1-a}/M``.  Used beside [G]: for all y in R^M, with such a probability,
``|T^{1/2} S^T y| >= ((tr T/M)^{1/2} - C |T|^{1/2}) |y|`` [Gordon's theorem for the transpose].

- *Spectrum*: ``λ~_j`` is of order ``λ_j + ρ_M``, ``j <= M``.  Above as before: ``Σ_{i>=j} λ_i/M``
  is at most ``C λ_j`` for ``j <= M/log M``, and of order ``ρ_M`` beyond.  Below, ``c λ_j`` for ``j
  <= M/16`` as before; and the modes beyond M give ``λ~_M >= c ρ_M``, since ``|T|`` is at most
  ``C tr T/(M log M)`` for them.  For functions f of the order of powers of ``u`` and of minima of
  them, increasing, ``Σ_j f(t λ~_j)`` is of the order of ``Σ_j f(t λ_j) + M f(t ρ_M)``.
- *Resolvent* for ``ρ >= C ρ_M``: ``tr H/(H + ρ)`` is of order ``k log k`` with ``λ_k = ρ``, at
  most ``M/400``.  *Share lost* of mode i: at most ``C ρ_M/λ_i``.  So the approximation is at most
  ``C Σ_{i<=M} ρ_M + Σ_{i>M} λ_i``, of order ``Σ_{i>M} λ_i``, which is the least possible.
- *Mean path*, ``t = n γ``.  Above, as every filter is at most ``C/(1 + tx)``: ``2 Σ λ_i/(1 + t
  λ_i)`` for ``1/t >= C ρ_M``, and no more than at that t for larger ones, so at most ``C (Σ_i
  min(λ_i, 1/t) + Σ_{i>M} λ_i)``.  Below: at least ``c log(2 + t)^{1-a} exp(-t²/M)``; of averaged
  iterates too, whose filter ``min(1, 1/(tx)²)`` is at least ``c exp(-tx)``.  For ``t <= M^{7/10}``
  the modes ``t < i <= M^{3/4}`` keep a constant share by Jensen's inequality, as they lose next to
  nothing, and have ``c log(2 + t)^{1-a}`` together.  For larger t the path on the eigenvectors to
  the ``λ~_j``, ``M/2 <= j <= M``, is at least ``exp(-C t ρ_M)`` times a power of ``1/M``, more
  than ``exp(-t²/M)``: as before their part beyond mode ``M^K`` is below 1/2 for large K,
  ``(log(M^K)/log M)^{1-a}`` being small.
- *Bias*: at most the mean path and what noise of size ``2 E_0`` at every step leaves, ``C E_0 V``.

*Outputs* (multiple regression) [derived here].  Let ``y = W* x + ε ∈ R^p``, with any covariance
of the noise ``ε`` and of the rows of ``W*``, sketch and samples being shared.  The loss is a sum
over the outputs, and its gradient in row k of the weights ``(⟨v_k, Sx⟩ - y_k) Sx`` holds no other
row: row k moves as if it were learnt alone, whatever the others do.  Every part of the risk is an
expectation of something quadratic in one row, so that it is the sum over the outputs of the
scalar part; covariances between outputs enter none of them.  Where all outputs have the same
target energies and noise the sum is the multiple p.  The constants and the event of a Gaussian
sketch do not depend on p, as all outputs share the sketch, so that p may tend to infinity with the
sizes in any way.  Where each of finitely many has its own, with scalar parts between ``c_k l_k``
and ``C_k u_k``, their sum lies between ``min c_k Σ l_k`` and ``max C_k Σ u_k``.  The noise of an
output is a positive constant, here and in V, which is per unit noise: ``noise + approx`` lies
between this constant and what the target's whole energy adds to it.

*Whole risk* [derived here].  Beside the irreducible ``p σ²`` the other parts are never of larger
order, for ``a, b > 1`` alone, any method and any alignment of a sketch: their sum with it is of
order ``p σ²``.  The share that a sketch loses and the one it starts from, ``⟨v_i, (I-P) v_i⟩`` and
``⟨v_i, P v_i⟩``, are at most 1, so that approximation and ``E_0`` are at most ``Σ e_i``; a mean
path is at most ``E_0``; the bias ``sup_t E_t <= 2 E_0``; the variance at most ``5 V·noise``, where
``V <= Σ_j max_s x_s/(2 - x_s)`` is at most the step size times ``Σ λ_j``; and of averaged iterates
both are at most their means over the steps, as the excess is convex.  Where ``σ²`` is subtracted
from ``p σ²`` and p tends to infinity, what stays is at least ``p σ²/2`` eventually.

*Kernels.*  The features ``φ(x)`` of a kernel have the Mercer spectrum as that of their covariance
(`mercer`).  Approximation, mean path, effective dimension and eigenvalues are functions of second
moments alone (``E v_t`` follows ``v -> v - γ_t (Σ v - S H w*)`` whatever the law of x), so that
they hold for the kernel's own features on uniform inputs; feedback and noise response use fourth
moments and are those of Gaussian features with this covariance [assumed, as in the paper].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from ratecert.proofs_check.language.claim import Output, Setting
from ratecert.proofs_check.language.expr import (
    MARK,
    NUMBERS,
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    Sum,
    add,
    children,
    div,
    mul,
    neg,
    power,
    rebuild,
    walk,
)
from ratecert.proofs_check.language.quantities import settings_of
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.meaning.laws import (
    Law,
    NoMeaningError,
    counted,
    finite_trace,
    law,
    spectrum_law,
)

__all__ = [
    "PARTS",
    "SMALL_GAMMA",
    "Meaning",
    "NoMeaningError",
    "has_quantity",
    "is_quantity",
    "meaning",
]

ONE = Num(Fraction(1))
TWO = Num(Fraction(2))
INFINITY = Name("oo")
GAMMA, M = Name("gamma"), Name("M")
I, J = Name("i" + MARK), Name("j" + MARK)  # noqa: E741  (the indices of sums over modes)

PARTS: Mapping[str, tuple[str, ...]] = {
    "risk": ("irreducible", "approx", "bias", "variance"),
    "excess": ("bias", "variance"),
}
"""Quantities that are sums of others."""
_BOUNDED = frozenset(map(Name, ("approx", "bias", "mean_bias", "variance")))
"""Parts of the risk that are never of larger order than the irreducible one."""

GAUSSIAN_MATRICES = (
    "Gaussian sketch: | |S v| - |v| | <= 2 (tr T/M)^(1/2) + t |T|^(1/2) for all v = T^(1/2) u, "
    "|u| <= 1, with probability 1 - 2 exp(-t^2 M/2) (Gordon 1985; Gaussian concentration)"
)
TRANSPOSE = (
    "Gaussian sketch: |T^(1/2) S^T y| >= ((tr T/M)^(1/2) - C |T|^(1/2)) |y| for all y, with "
    "probability 1 - exp(-Omega(M)) (Gordon 1985)"
)
GAUSSIAN_FEATURES = (
    "kernel regression: the features of the kernel are taken as Gaussian, with the Mercer "
    "spectrum (assumption of Chen et al. 2025, recalled)"
)
SMALL_GAMMA = "gamma is at most a small enough constant, so that SGD is stable"


@dataclass(frozen=True, slots=True)
class Meaning:
    """``c lower <= the expression <= C upper`` wherever the conditions `needs` hold.

    `upper` and `lower` are explicit expressions of the claim language without quantities.
    `steps` says in words how they came about, `trust` what was used and not proved.
    """

    upper: Expr
    lower: Expr
    needs: tuple[Condition, ...] = ()
    steps: tuple[str, ...] = ()
    trust: tuple[str, ...] = ()


def has_quantity(expr: Expr) -> bool:
    """Whether a quantity occurs in an expression, which otherwise is written out."""
    return any(map(is_quantity, walk(expr)))


def is_quantity(expr: Expr) -> bool:
    """Whether the node itself is a quantity (``risk``, ``eigenvalue(j)``, …)."""
    match expr:
        case Name(name):
            return name in PARTS or name in _DEFINITIONS
        case Call("eigenvalue", _):
            return True
    return False


def meaning(expr: Expr, setting: Setting, sizes: frozenset[str] = frozenset()) -> Meaning:
    """Replace the quantities in an expression by their definitions for this problem and method.

    Sums of quantities are taken apart first, so that ``risk - sigma^2`` loses its irreducible part
    exactly; a difference that remains is refused.

    Parameters
    ----------
    expr, setting
        The expression, and the problem and method.
    sizes
        Names that are known to tend to infinity.

    Raises
    ------
    NoMeaningError
        Where a quantity is not defined for the setting, or a difference of quantities remains.
    """
    found = _meaning(expr, setting, sizes)
    used = {node.name for node in walk(expr) if isinstance(node, Name) and is_quantity(node)}
    counts = frozenset[str]().union(*map(settings_of, used)) & {"batch", "outputs"}
    needs = [c for key in sorted(counts) for c in counted(getattr(setting, key), key, sizes)]
    return replace(found, needs=tuple(dict.fromkeys((*found.needs, *needs))))


def _meaning(expr: Expr, setting: Setting, sizes: frozenset[str]) -> Meaning:
    if not has_quantity(expr):
        return Meaning(expr, expr)
    match expr:
        case Name() | Call("eigenvalue", _) if is_quantity(expr) and not _is_total(expr):
            return _definition(expr, setting)
    return (
        _combination(expr, setting, sizes) if _is_linear(expr) else _inside(expr, setting, sizes)
    )


def _is_total(expr: Expr) -> bool:
    return isinstance(expr, Name) and expr.name in PARTS


def _is_linear(expr: Expr) -> bool:
    return isinstance(expr, Add) or _is_total(expr)


def _combination(expr: Expr, setting: Setting, sizes: frozenset[str]) -> Meaning:
    """Collect the terms of a sum, cancel equal ones exactly, and define what is left."""
    collected: dict[Expr, Fraction] = {}
    positive = _positive_noise(setting)
    for term in expr.terms if isinstance(expr, Add) else (expr,):
        coefficient, rest = _coefficient(term)
        for part in _taken_apart(rest, setting):
            number, base = _coefficient(part)
            collected[base] = collected.get(base, Fraction(0)) + coefficient * number
    terms = {part: value for part, value in collected.items() if value}
    if not terms:
        raise NoMeaningError("the two sides of the difference cancel: nothing is left to bound")
    terms = _without_single_noise(terms, setting, sizes)
    noises = dict.fromkeys(_coefficient(term)[1] for term in _irreducible_terms(setting))
    noise = [term for term in noises if terms.get(term, 0) > 0]
    bounded: list[Expr] = [
        part for part, value in terms.items() if part in _BOUNDED and value > 0 and noise
    ]
    for part, value in terms.items():
        if value < 0:
            raise NoMeaningError(f"no rule for a difference: {part} is subtracted and stays")
    others = [part for part in terms if part not in bounded]
    parts = [_meaning(part, setting, sizes) for part in others]
    if bounded:
        parts.append(_beside_noise(bounded, add(*noise), setting))
    found = _joined(parts, _once(p.upper for p in parts), _once(p.lower for p in parts))
    return replace(found, needs=tuple(dict.fromkeys((*found.needs, *positive))))


def _without_single_noise(
    terms: Mapping[Expr, Fraction], setting: Setting, sizes: frozenset[str]
) -> dict[Expr, Fraction]:
    """Leave out the noise of single outputs, subtracted from that of p that tends to infinity."""
    p = setting.outputs
    if not isinstance(p, Name) or p.name not in sizes:
        return dict(terms)
    each = [term for output in setting.each() for term in _noise_terms(output, ONE)]
    noises = {_coefficient(mul(p, term))[1]: _coefficient(term)[1] for term in each}
    single = {term for whole, term in noises.items() if terms.get(whole, 0) > 0}
    return {part: value for part, value in terms.items() if value > 0 or part not in single}


def _beside_noise(bounded: list[Expr], noise: Expr, setting: Setting) -> Meaning:
    """Return the meaning of the noise where parts of no larger order are added to it."""
    step = f"of no larger order than the irreducible {noise}: {', '.join(map(str, bounded))}"
    parts = []
    for system in _systems(setting):
        _require_isotropic(system)
        trust = (SMALL_GAMMA, *system.sketch(), *system.fourth_moments())
        parts.append(_of_kernel(Meaning(noise, noise, system.summable(), (step,), trust), system))
    return _joined(parts, noise, noise)


def _once(exprs: Iterable[Expr]) -> Expr:
    """Add up, equal terms and constant factors once: only the order counts."""
    terms = [t for expr in exprs for t in (expr.terms if isinstance(expr, Add) else (expr,))]
    return add(*dict.fromkeys(terms))


def _coefficient(term: Expr) -> tuple[Fraction, Expr]:
    match term:
        case Num(value):
            return value, ONE
        case Mul((Num(value), *rest)):
            return value, mul(*rest)
    return Fraction(1), term


def _taken_apart(term: Expr, setting: Setting) -> list[Expr]:
    """Return the parts that a term is the sum of; the irreducible risk is written out."""
    match term:
        case Name(name) if name in PARTS:
            return [p for part in PARTS[name] for p in _taken_apart(Name(part), setting)]
        case Name("irreducible"):
            return _irreducible_terms(setting)
    return [term]


def _irreducible_terms(setting: Setting) -> list[Expr]:
    """Return the terms whose sum is the noise of all outputs together."""
    return [term for output in setting.each() for term in _noise_terms(output, output.count)]


def _noise_terms(output: Output, count: Expr) -> list[Expr]:
    noise = output.noise
    terms = noise.terms if isinstance(noise, Add) else (noise,)
    return [mul(count, term) for term in terms]


def _positive_noise(setting: Setting) -> tuple[Condition, ...]:
    """Return conditions under which the noise of every output is positive."""
    return tuple(need for output in setting.each() for need in _positive(output.noise))


def _positive(noise: Expr) -> tuple[Condition, ...]:
    zero = Num(Fraction(0))
    return tuple(Condition(name, ">", zero) for name in _positive_names(noise, noise))


def _positive_names(expr: Expr, whole: Expr) -> list[Expr]:
    """Return the names, besides the positive sigma, with which the expression is positive."""
    match expr:
        case Num(value) if value > 0:
            return []
        case Name(name) if name != "oo":
            return [] if name in NUMBERS | {"sigma"} else [expr]
        case Add() | Mul():
            return [name for child in children(expr) for name in _positive_names(child, whole)]
        case Pow(base, Num()):
            return _positive_names(base, whole)
    raise NoMeaningError(
        f"no rule for the noise {whole}: write sums and products of positive numbers and of "
        "powers, with numbers as exponents, of sigma and parameters"
    )


def _inside(expr: Expr, setting: Setting, sizes: frozenset[str]) -> Meaning:
    """Replace quantities inside products, powers, minima and maxima; all are monotone."""
    match expr:
        case Mul(factors) if (quotient := _quotient(factors, setting)) is not None:
            sign, others = quotient
            parts = [_meaning(mul(*others), setting, sizes), _per_dimension(sign, setting)]
            expr = Mul(tuple(part.upper for part in parts))
        case Mul() | Call("min" | "max", _):
            parts = [_meaning(child, setting, sizes) for child in children(expr)]
        case Pow(base, Num(value)):
            part = _meaning(base, setting, sizes)
            low, high = power(part.lower, Num(value)), power(part.upper, Num(value))
            return _joined([part], *((high, low) if value > 0 else (low, high)))
        case Call("sqrt", (arg,)):
            part = _meaning(arg, setting, sizes)
            return _joined([part], rebuild(expr, (part.upper,)), rebuild(expr, (part.lower,)))
        case _:
            raise NoMeaningError(f"no rule for a quantity inside {expr}")
    if any(isinstance(p.upper, Num) and p.upper.value < 0 for p in parts):
        raise NoMeaningError(f"{expr} is negative: rates are of positive quantities")
    upper = rebuild(expr, tuple(p.upper for p in parts))
    return _joined(parts, upper, rebuild(expr, tuple(p.lower for p in parts)))


def _quotient(factors: tuple[Expr, ...], setting: Setting) -> tuple[Fraction, list[Expr]] | None:
    """Return the power of ``variance/effective_dimension`` in a product, and the other factors."""
    for sign in () if _is_last(setting) else (Fraction(1), Fraction(-1)):
        others = list(factors)
        try:
            others.remove(power(Name("variance"), Num(sign)))
            others.remove(power(Name("effective_dimension"), Num(-sign)))
        except ValueError:  # one of the two is not there
            continue
        return sign, others
    return None


def _per_dimension(sign: Fraction, setting: Setting) -> Meaning:
    """Return the meaning of ``variance/effective_dimension`` for any spectrum, or its inverse."""
    _require_known_method(setting)
    outputs = add(*dict.fromkeys(output.count for output in setting.each()))
    value = power(div(outputs, mul(_steps(setting), setting.batch)), Num(sign))
    fourth = () if setting.kernel is None else (GAUSSIAN_FEATURES,)
    needs = tuple(c for each in setting.each() for c in finite_trace(setting, each.target))
    trust = (SMALL_GAMMA, *fourth)
    step = f"variance/effective_dimension, of any spectrum, is of order {value}"
    return Meaning(
        value, value, tuple(dict.fromkeys((*needs, *_positive_noise(setting)))), (step,), trust
    )


def _joined(parts: list[Meaning], upper: Expr, lower: Expr) -> Meaning:
    return Meaning(
        upper,
        lower,
        tuple(dict.fromkeys(c for p in parts for c in p.needs)),
        tuple(dict.fromkeys(s for p in parts for s in p.steps)),
        tuple(dict.fromkeys(t for p in parts for t in p.trust)),
    )


# The definitions.


def _steps(setting: Setting) -> Name:
    return Name("N_eff" if setting.schedule == "geometric" else "N")


@dataclass(frozen=True, slots=True)
class _System:
    """The modes of a problem as a method sees them, for outputs that are all alike."""

    setting: Setting
    output: Output
    spectrum: Law
    target: Law

    @property
    def has_ridge(self) -> bool:
        """Whether the tail of the trace outweighs the smallest eigenvalues of the sketch."""
        return self.spectrum.is_slow and not self.top

    @property
    def top(self) -> bool:
        return self.setting.features == "top"

    @property
    def steps(self) -> Name:
        """The effective number of steps."""
        return _steps(self.setting)

    def eigenvalue(self, index: Expr) -> Expr:
        """Return the order of the eigenvalue of the features' covariance."""
        value = self.spectrum.at(index)
        return add(value, self.ridge()) if self.has_ridge else value

    def ridge(self) -> Expr:
        """Return ``log(M)^(1-a)/M``."""
        return div(self.tail(Call("log", (M,))), M)

    def tail(self, log: Expr) -> Expr:
        """Return the order ``log^(1-a)`` of the tail of a trace that only a logarithm bounds."""
        assert self.spectrum.log is not None
        return power(log, add(ONE, neg(self.spectrum.log)))

    def energy(self, index: Expr) -> Expr:
        return self.target.at(index)

    def u(self, index: Expr) -> Expr:
        return mul(self.steps, GAMMA, self.eigenvalue(index))

    def over_modes(self, term: Expr) -> Expr:
        return Sum(term, J.name, ONE, M)

    def per_output(self, value: Expr) -> Expr:
        return mul(self.output.count, value)

    def summable(self) -> tuple[Condition, ...]:
        return (self.spectrum.summable(), self.target.summable())

    def sketch(self) -> tuple[str, ...]:
        """Return what is cited where the features are a Gaussian sketch, and for the spectrum."""
        kernel = self.setting.kernel
        return (
            *(() if self.top else (GAUSSIAN_MATRICES,)),
            *((TRANSPOSE,) if self.has_ridge else ()),
            *(() if kernel is None else kernel.trust),
        )

    def fourth_moments(self) -> tuple[str, ...]:
        return () if self.setting.kernel is None else (GAUSSIAN_FEATURES,)


def _definition(expr: Expr, setting: Setting) -> Meaning:
    systems = _systems(setting)
    if isinstance(expr, Call):
        return _of_kernel(_eigenvalue(systems[0], expr.args[0]), systems[0])
    assert isinstance(expr, Name), "a quantity is a name or eigenvalue(j)"
    if expr.name == "effective_dimension":
        systems = systems[:1]
    parts = [_of_kernel(_DEFINITIONS[expr.name](system), system) for system in systems]
    return _joined(parts, _once(p.upper for p in parts), _once(p.lower for p in parts))


def _systems(setting: Setting) -> list[_System]:
    """Return the modes as each output has them, or as all do."""
    return [
        _System(setting, output, spectrum_law(setting), law(output.target, "target"))
        for output in setting.each()
    ]


def _of_kernel(value: Meaning, system: _System) -> Meaning:
    """Say of a kernel's quantity, where it needs the spectrum, what that is."""
    kernel = system.setting.kernel
    if kernel is None or not value.needs:
        return value
    step = f"kernel {kernel}: its Mercer eigenvalues are of order {system.eigenvalue(Name('i'))}"
    return replace(value, steps=(step, *value.steps))


def _require_isotropic(system: _System) -> None:
    """Reject targets for which the sketch lemmas of logarithmic power laws are not proved."""
    has_log = system.spectrum.is_slow or system.target.is_slow
    if has_log and not system.top and system.spectrum != system.target:
        raise NoMeaningError(
            "no rule for a Gaussian sketch of a law i^-1*log(i+1)^-q unless spectrum and "
            'target are the same; features = "top" has one'
        )


def _approx(system: _System) -> Meaning:
    _require_isotropic(system)
    if system.top:
        tail: Expr = Sum(system.energy(I), I.name, add(M, ONE), INFINITY)
        step = f"approx is the energy of the modes left out: {tail}"
    elif system.has_ridge:
        tail = Sum(system.energy(I), I.name, add(M, ONE), INFINITY)
        step = f"approx: the sketch loses no more than the order of the least possible: {tail}"
    elif system.spectrum.log is not None:
        share = div(system.spectrum.at(M), system.spectrum.at(I))
        learnt = Sum(mul(system.energy(I), share), I.name, ONE, M)
        tail = add(learnt, Sum(system.energy(I), I.name, add(M, ONE), INFINITY))
        step = (
            f"approx: the sketch loses the share {share} of mode i up to M, others whole: {tail}"
        )
    else:
        lost = Call("min", (ONE, power(div(I, M), system.spectrum.exponent)))
        tail = Sum(mul(system.energy(I), lost), I.name, ONE, INFINITY)
        step = f"approx: the sketch loses the share min(1, (i/M)^a) of mode i: {tail}"
    tail = system.per_output(tail)
    trust = system.sketch()
    return Meaning(tail, tail, system.summable(), (step,), trust)


def _mean_path(system: _System) -> Expr:
    if system.setting.algorithm == "averaged-sgd":
        kept: Expr = Call("min", (ONE, power(system.u(J), Num(Fraction(-2)))))
    else:
        kept = Call("exp", (neg(system.u(J)),))
    return system.per_output(system.over_modes(mul(system.energy(J), kept)))


def _noise_response(system: _System) -> Expr:
    """Return V, without outputs and noise."""
    kept = _over_sketched_modes(system, _times_kept if _is_last(system.setting) else _kept)
    return div(kept, mul(system.steps, system.setting.batch))


def _is_last(setting: Setting) -> bool:
    """Whether the last iterate of a constant step is returned: it keeps the latest noise."""
    return setting.schedule == "constant" and setting.algorithm == "sgd"


def _kept(u: Expr) -> Expr:
    return Call("min", (ONE, power(u, TWO)))


def _times_kept(u: Expr) -> Expr:
    return mul(u, Call("min", (ONE, u)))


def _over_sketched_modes(system: _System, function: Callable[[Expr], Expr]) -> Expr:
    """Return the sum of a function of u over the eigenvalues of the features' covariance."""
    rate = mul(system.steps, GAMMA)
    modes = system.over_modes(function(mul(rate, system.spectrum.at(J))))
    return add(modes, mul(M, function(mul(rate, system.ridge())))) if system.has_ridge else modes


def _require_known_method(setting: Setting) -> None:
    if setting.algorithm == "averaged-sgd" and setting.schedule != "constant":
        raise NoMeaningError(
            f"no rule for averaged-sgd with the {setting.schedule} schedule; "
            'schedule = "constant" has one'
        )


def _mean_bias(system: _System) -> Meaning:
    _require_known_method(system.setting)
    _require_isotropic(system)
    if system.has_ridge:
        return _mean_bias_over_ridge(system)
    path = _mean_path(system)
    needs = system.summable()
    if not system.top:
        limit = add(system.spectrum.exponent, ONE)
        needs += (Condition(system.target.exponent, "<", limit),)
    step = f"mean_bias: each mode's error is damped by its own filter: {path}"
    trust = (SMALL_GAMMA, *system.sketch())
    return Meaning(path, path, needs, (step,), trust)


def _mean_bias_over_ridge(system: _System) -> Meaning:
    rate = mul(system.steps, GAMMA)
    kept = Sum(Call("min", (system.energy(I), div(ONE, rate))), I.name, ONE, INFINITY)
    tail = Sum(system.energy(I), I.name, add(M, ONE), INFINITY)
    slow = system.tail(Call("log", (add(TWO, rate),)))
    lower = mul(slow, Call("exp", (neg(div(power(rate, TWO), M)),)))
    upper = add(kept, tail)
    step = f"mean_bias: at most {upper}, at least {lower}"
    trust = (SMALL_GAMMA, *system.sketch())
    bounds = system.per_output(upper), system.per_output(lower)
    return Meaning(*bounds, system.summable(), (step,), trust)


def _feedback(system: _System) -> Expr:
    """Return ``D A/(n B)``, what the fourth moments add to the mean path."""
    u = system.u(J)
    kept: Expr = mul(power(u, TWO), Call("exp", (neg(u),)))
    if system.setting.algorithm == "averaged-sgd":
        kept = Call("min", (ONE, power(u, TWO)))
    running = Call("min", (ONE, power(u, Num(Fraction(-1)))))
    error = system.over_modes(mul(system.energy(J), running))
    fed = mul(system.over_modes(kept), error)
    return system.per_output(div(fed, mul(system.steps, system.setting.batch)))


def _bias(system: _System) -> Meaning:
    mean = _mean_bias(system)
    if system.has_ridge:
        noise = system.per_output(_noise_response(system))
        step = f"bias: the mean path, plus at most what constant noise leaves: {noise}"
        upper, lower = add(mean.upper, noise), mean.lower
    else:
        feedback = _feedback(system)
        step = f"bias: the mean path, plus the noise that the error feeds back: {feedback}"
        upper = lower = add(mean.upper, feedback)
    trust = (*mean.trust, *system.fourth_moments())
    return Meaning(upper, lower, mean.needs, (*mean.steps, step), trust)


def _variance(system: _System) -> Meaning:
    _require_known_method(system.setting)
    response = system.per_output(_noise_response(system))
    step = f"variance: the noise that every mode has kept, the noise being of order 1: {response}"
    trust = (SMALL_GAMMA, *system.sketch(), *system.fourth_moments())
    needs = (*system.summable(), *_positive(system.output.noise))
    return Meaning(response, response, needs, (step,), trust)


def _effective_dimension(system: _System) -> Meaning:
    value = _over_sketched_modes(system, _kept)
    step = f"effective_dimension: modes with u >= 1 count 1, the others u^2: {value}"
    needs = system.summable()[:1]
    return Meaning(value, value, needs, (step,), system.sketch())


def _irreducible(system: _System) -> Meaning:
    value, needs = (
        add(*_noise_terms(system.output, system.output.count)),
        _positive(system.output.noise),
    )
    return Meaning(value, value, needs, ("irreducible: the noise of the labels",))


def _eigenvalue(system: _System, index: Expr) -> Meaning:
    value = system.eigenvalue(index)
    step = f"eigenvalue({index}) of the features' covariance is of order {value}"
    needs = (*system.summable()[:1], Condition(M, ">=", index))
    return Meaning(value, value, needs, (step,), system.sketch())


_DEFINITIONS = {
    "irreducible": _irreducible,
    "approx": _approx,
    "bias": _bias,
    "variance": _variance,
    "mean_bias": _mean_bias,
    "effective_dimension": _effective_dimension,
}
