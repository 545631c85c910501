r"""Asymptotic forms of approximation, bias and variance as SymPy expressions.

For ``λ_i = i^-a``, ``e_i = i^-b``, ``a, b > 1``; the orders are those of the built-in claims,
which are certified, and the constants, where there are any, are derived below.  With SymPy::

    >>> from ratecert.theory.expansions.asymptotics import M, approximation
    >>> approximation("top").form
    M**(1 - b)/(b - 1)
    >>> approximation("top").exponents[M]
    1 - b

*Approximation, top features.*  ``Σ_{i>M} i^-b ~ M^{1-b}/(b-1)``.

*Approximation, Gaussian sketch*, ``b < a + 1``.  With ``κ`` from ``Σ_i λ_i/(λ_i + κ) = M`` the
deterministic equivalent is ``Σ_i κ e_i/(λ_i + κ)``.  As integrals with ``i = κ^{-1/a} s``,
``M ~ κ^{-1/a} ∫ ds/(1 + s^a) = κ^{-1/a} (π/a)/sin(π/a)`` and the loss is asymptotic to
``κ^{(b-1)/a} ∫ s^{a-b}/(1 + s^a) ds``, the last integral being ``(π/a)/sin(π(a-b+1)/a)``.

For ``b > a + 1`` the last integral diverges at 0: the first modes count, the loss is asymptotic
to ``κ Σ_i e_i/λ_i = κ ζ(b-a)`` and ``κ ~ ((π/a)/sin(π/a)/M)^a``.

*Bias*, large models, small steps.  The step sizes of the geometric schedule sum to ``T ~ 2 N_eff
γ``, those of a constant step to ``T = N γ``; only modes with ``γ λ_i`` of order ``1/N_eff`` count,
on which the mean path is ``exp(-2 T λ_i)``.  So it is asymptotic to
``Σ_i i^-b exp(-2T i^-a) ~ Γ((b-1)/a) (2T)^{(1-b)/a}/a`` (Mellin transform; ``N_eff = N/log2 N``).

For averaged iterates the mean path of a mode tends to ``g(u) = ((1 - e^{-u})/u)²``, ``T = N γ``,
whose transform at s is ``∫ u^{s-3} (1 - 2e^{-u} + e^{-2u}) du = Γ(s-2) (2^{2-s} - 2)``, 0 < s < 2.

*Variance*, large models, small steps, per unit noise.  In the limit of small ``x = u/K`` a stage
with ``K x = q`` leaves ``(x/2)(1 - e^{-2q})`` and the stages after it together damp by
``e^{-2q}``, so that ``K v -> Σ_l f(u 2^-l)`` with ``f(q) = (q/2)(e^{-2q} - e^{-4q})``.  Its Mellin
transform is ``f*(s)/(1 - 2^s)`` with ``f*(s) = Γ(s+1)(2^{-s-1} - 4^{-s-1})/2``, and
``Σ_j v_j ~ (N_eff γ)^{1/a}/(a N_eff)`` times its value at ``s = -1/a``.  For the averaged iterates
``N v -> g(u)``, the mean of ``(1 - e^{-ru})²`` over ``0 < r < 1``, whose transform there is
``∫ g(u) u^{-1-1/a} du = a/(a+1) · Γ(-1/a) (2^{1/a} - 2)`` since
``∫ (1 - e^{-u})² u^{-1-1/a} du = Γ(-1/a) (2^{1/a} - 2)`` and the mean of ``r^{1/a}`` is
``a/(a+1)``.  The last iterate of a constant step has ``v = x (1 - (1-x)^{2N})/(2 - x)``, which
tends to ``x/2`` in every mode: ``γ Σ_j λ_j/2 ~ γ ζ(a)/2``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from sympy import Expr, Integer, Symbol, gamma, pi, simplify, sin, symbols, zeta

from ratecert.proofs_check.kernel.cone import SignNeededError
from ratecert.proofs_check.kernel.logform import exponent
from ratecert.proofs_check.kernel.premises import Premises, premises
from ratecert.proofs_check.language.claim import DEFAULT_NOISE, Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Name, Num, free_names
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.theory.search.certificates import sign_multiplier

__all__ = ["Asymptotic", "M", "N", "N_eff", "a", "approximation", "b", "bias", "forms_of", "step",
           "variance"]  # fmt: skip

a, b = symbols("a b", positive=True)
M, N, N_eff, step = symbols("M N N_eff gamma", positive=True)


@dataclass(frozen=True, slots=True)
class Asymptotic:
    """The asymptotic form of a quantity.

    Attributes
    ----------
    form
        The leading term, with its constant if it is `sharp`.
    exponents
        The exponent of each size and of the step size in it, where it is a monomial.
    sharp
        Whether the ratio of quantity and form tends to 1, not only stays bounded.
    when
        What is assumed beyond ``a, b > 1``, in words of the claim language.
    claim
        The built-in claim that certifies the order, as ``KEY:ID``.
    """

    form: Expr
    exponents: Mapping[Symbol, Expr]
    sharp: bool
    when: tuple[str, ...]
    claim: str


def _monomial(
    constant: Expr,
    exponents: Mapping[Symbol, Expr],
    when: tuple[str, ...],
    claim: str,
) -> Asymptotic:
    form = constant
    for size, power in exponents.items():
        form = form * size**power
    return Asymptotic(form, exponents, True, when, claim)


def approximation(features: str = "gaussian", saturated: bool = False) -> Asymptotic:
    """Return the asymptotic form of ``approx``.

    The constant of the Gaussian sketch is that of its deterministic equivalent (checked in
    numbers), that of top features exact.  With a sketch the form for ``b < a + 1``, or for
    ``b > a + 1`` where it is `saturated`; top features do not saturate.

    Raises
    ------
    ValueError
        For other features.
    """
    if features == "top":
        return _monomial(1 / (b - 1), {M: 1 - b}, (), "lin2024:top-approx")
    if features != "gaussian":
        raise ValueError(f"no asymptotic form for the features {features!r}")
    width = (pi / a) / sin(pi / a)
    if saturated:
        form = width**a * zeta(b - a)
        return _monomial(form, {M: -a}, ("b > a + 1",), "lin2024:saturated-approx")
    loss = (pi / a) / sin(pi * (a - b + 1) / a)
    constant = width ** (b - 1) * loss
    return _monomial(constant, {M: 1 - b}, ("b < a + 1",), "lin2024:source-approx")


def bias(schedule: str = "geometric", algorithm: str = "sgd") -> Asymptotic:
    """Return the asymptotic form of ``mean_bias`` for large models.

    It is that of ``bias`` too where the fourth moments do not matter (``b < 2 a``, small steps).
    The constant holds for top features, ``n = N_eff gamma -> oo`` (N for constant steps),
    ``M/n^(1/a) -> oo`` and ``gamma -> 0``; the order for a Gaussian sketch as well.  Averaged
    iterates with top features have it for all ``b < 2 a + 1``.

    Raises
    ------
    ValueError
        For other methods.
    """
    steps, total = _steps(schedule)
    s = (b - 1) / a
    if algorithm == "sgd":
        constant, claim = gamma(s) * (2 * total) ** -s / a, "lin2024:source-mean-bias"
    elif (algorithm, schedule) == ("averaged-sgd", "constant"):
        constant = gamma(s - 2) * (2 ** (2 - s) - 2) / a
        claim = "lin2024:averaged-mean-bias"
    else:
        raise ValueError(f"no asymptotic form for the algorithm {algorithm!r}")
    when = (f"{steps}*gamma >= 1", f"M >= ({steps}*gamma)^(1/a)", "b < a + 1")
    return _monomial(constant, {steps: -s, step: -s}, when, claim)


def _steps(schedule: str) -> tuple[Symbol, int]:
    """Return the effective steps n and the sum of the step sizes over ``n gamma``."""
    if schedule == "geometric":
        return N_eff, 2
    if schedule == "constant":
        return N, 1
    raise ValueError(f"no asymptotic form for the schedule {schedule!r}")


def variance(algorithm: str = "sgd", schedule: str | None = None) -> Asymptotic:
    """Return the asymptotic form of ``variance`` per unit noise for large models.

    For ``sgd`` with the geometric schedule (the default) or constant steps, or ``averaged-sgd``
    with constant steps.  The constant holds for ``n = N_eff gamma -> oo`` (N for constant steps),
    ``M/n^(1/a) -> oo`` and ``gamma -> 0``; for the last iterate of constant steps ``M -> oo`` is
    enough.

    Raises
    ------
    ValueError
        For other methods.
    """
    s = -1 / a
    if (algorithm, schedule) == ("sgd", "constant"):
        when = ("N*gamma >= 1", "M >= (N*gamma)^(1/a)")
        return _monomial(zeta(a) / 2, {step: Integer(1)}, when, "lin2024:last-iterate-variance")
    if algorithm == "sgd":
        stage = gamma(s + 1) * (2 ** (-s - 1) - 4 ** (-s - 1)) / 2
        constant, steps, claim = stage / (1 - 2**s) / a, N_eff, "lin2024:variance"
    elif algorithm == "averaged-sgd":
        constant = gamma(s) * (2 ** (1 / a) - 2) / (a + 1)
        steps, claim = N, "lin2024:averaged-variance"
    else:
        raise ValueError(f"no asymptotic form for the algorithm {algorithm!r}")
    exponents = {steps: 1 / a - 1, step: 1 / a}
    when = (f"{steps}*gamma >= 1", f"M >= ({steps}*gamma)^(1/a)")
    return _monomial(simplify(constant), exponents, when, claim)


# The forms of a claim.

_PARTS: Mapping[str, tuple[str, ...]] = {
    "approx": ("approx",),
    "mean_bias": ("mean_bias",),
    "bias": ("bias",),
    "variance": ("variance",),
    "excess": ("bias", "variance"),
    "risk": ("approx", "bias", "variance"),
}
"""The quantities of the claim language, each with the parts of it that may have a form."""


def forms_of(claim: Claim) -> dict[str, Asymptotic]:
    """Return the forms of the parts of a claim's left side that are known in its setting.

    Those of ``risk`` and ``excess`` are their parts' (``variance`` per unit noise).  Where the
    claim sets ``b = a`` the forms are so, too.  Empty for other spectra, targets, kernels,
    batches, several outputs, and for optima.
    """
    plain = claim.objective is None and claim.setting.kernel is None
    if not plain or not _is_canonical(claim):
        return {}
    try:
        ready = premises(claim)
    except RejectedError:
        return {}
    parts = dict.fromkeys(part for name in sorted(free_names(claim.left) & set(_PARTS))
                          for part in _PARTS[name])  # fmt: skip
    known = {part: _form_of(part, ready) for part in parts}
    return {part: form for part, form in known.items() if form is not None}


def _is_canonical(claim: Claim) -> bool:
    setting = claim.setting
    return (
        setting.spectrum == parse_expr("i^-a")
        and setting.target == parse_expr("i^-b")
        and setting.batch == setting.outputs == Num(Fraction(1))
        and setting.noise == DEFAULT_NOISE
    )


def _form_of(part: str, ready: Premises) -> Asymptotic | None:
    setting = ready.claim.setting
    sketched = setting.features == "gaussian"
    if part == "variance":
        known = setting.algorithm == "sgd" or setting.schedule == "constant"
        form = variance(setting.algorithm, setting.schedule) if known else None
        return form and _specialised(form, ready)
    if part == "approx" and sketched and _is_implied("b - a - 1", ready):
        return _specialised(approximation(saturated=True), ready)
    if sketched and not _is_implied("a + 1 - b", ready):
        return None
    if part == "approx":
        return _specialised(approximation(setting.features), ready)
    averaged = setting.algorithm == "averaged-sgd"
    if averaged and (setting.schedule != "constant" or not _is_implied("2*a + 1 - b", ready)):
        return None
    if part == "bias" and not _is_implied("2*a - b", ready):
        return None
    return _specialised(bias(setting.schedule, setting.algorithm), ready)


def _is_implied(positive: str, ready: Premises) -> bool:
    """Whether the claim's assumptions imply that an expression in a and b is positive."""
    value = exponent(ready.read(parse_expr(positive)), ready.ctx)
    try:
        return ready.ctx.sign(value) == "+"
    except SignNeededError:
        found = sign_multiplier(value, ready.ctx)
        return found is not None and found[0] == "+"


def _specialised(form: Asymptotic, ready: Premises) -> Asymptotic:
    """Put what the claim's equations say of b into a form."""
    said = ready.read(Name("b"))
    if said != Name("a"):
        return form
    exponents = {size: value.subs(b, a) for size, value in form.exponents.items()}
    return replace(form, form=form.form.subs(b, a), exponents=exponents)
