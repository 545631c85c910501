r"""Goals ``small <= large + C`` between lattices of linear forms, and their proofs.

A proof is JSON data and one of

- ``{"certs": [...]}``: one certificate (`cone`) for each clause of the goal, in order;
- a *refinement* of what may be used, followed by proofs under it (`refined`):

  ``{"split": MONOMIAL, "ge": P, "le": P}``
      Either ``MONOMIAL >= 1`` or ``<= 1``: a case distinction on the sizes.
  ``{"cases": EXPR, "pos": P, "zero": P, "neg": P}``
      The sign of a function of the parameters; zero gives two weak inequalities.
  ``{"signs": [[EXPR, "+" or "-", multiplier], ...], "then": P}``
      Proved signs (exponents that later steps divide by or scale by).
  ``{"diverges": X, "given": P, "then": P}``
      The monomial X tends to infinity, whatever the indices (the goal of `given`).
  ``{"log": X, "then": P}``
      What is known of ``λ(X) = log log(2 + X)`` for any monomial X (see `logform`).
  ``{"mono": [X, Y], "power": q, "given": P, "then": P}``
      From ``Y <= C X^q``, ``q > 0`` (the goal of `given`) follows ``log(2 + Y) <= C log(2 + X)``,
      so that ``λ(X) - λ(Y)`` is bounded below: ``2 + C X^q`` is at most a power of ``2 + X``.
  ``{"apart": [X, Y], "given": P, "then": P}``
      From ``Y <= C X`` (the goal of `given`) follows, for every ``ε > 0``,
      ``λ(X) - λ(Y) <= ε log(X/Y) + C``: as ``2 + X <= (2 + Y)(2 + Z)`` with ``Z = X/Y``,
      ``log(2 + X)/log(2 + Y) <= 1 + log(2 + Z)/log(2)``, which is at most ``C Z^ε`` for Z bounded
      below.  So ``λ(Y) - λ(X)`` is a generator that is absorbed by ``log(X/Y)``.
  ``{"absurd": certificate}``
      ``0 >= something that tends to infinity``: no sizes beyond some point are in this case.
  ``{"void": multiplier}``
      A strictly positive combination of the assumptions on the parameters that is identically 0:
      no parameters are in this case.

The cases of a distinction cover everything, so a property that holds eventually, up to a
constant, in each of finitely many cases holds eventually up to the largest of the constants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ratecert.proofs_check.kernel.algebra import Factor, Form, Frac, Multiplier, NotRationalError
from ratecert.proofs_check.kernel.cone import (
    Context,
    Generator,
    Tree,
    check_certificate,
    clauses,
    lin,
)
from ratecert.proofs_check.kernel.logform import log_generators, loglog, monomial
from ratecert.proofs_check.language.errors import RejectedError, UserError
from ratecert.proofs_check.language.expr import Expr
from ratecert.proofs_check.language.grammar import parse_expr

__all__ = ["check_goal", "entry", "is_impossible", "parameter", "read_expr", "refined"]


def entry(data: Any, key: str) -> Any:
    """Return ``data[key]`` of a JSON object; reject anything else."""
    if not isinstance(data, Mapping) or key not in data:
        raise RejectedError(f"a step has no entry {key!r}")
    return data[key]


def read_expr(text: Any) -> Expr:
    """Parse an expression of a proof."""
    if not isinstance(text, str):
        raise RejectedError(f"{text!r} is not an expression")
    try:
        return parse_expr(text, is_printed=True)
    except UserError as error:
        raise RejectedError(str(error)) from error


def parameter(text: Any, ctx: Context) -> Frac:
    """Parse a function of the parameters."""
    try:
        return ctx.ring.frac(read_expr(text))
    except (NotRationalError, ZeroDivisionError) as error:
        raise RejectedError(str(error)) from error


def multiplier(data: Any, ctx: Context) -> Multiplier:
    """Read a positive combination of products of the context's factors."""
    try:
        return Multiplier.read(data, len(ctx.factors))
    except (ValueError, TypeError, ZeroDivisionError) as error:
        raise RejectedError(f"unreadable multiplier: {error}") from error


def check_goal(small: Tree, large: Tree, data: Any, ctx: Context, diverging: bool = False) -> None:
    """Check a proof of ``small <= large + C``, or that the difference tends to infinity."""
    steps = list(refined(data, ctx))
    if steps:
        for inner, rest in steps:
            check_goal(small, large, rest, inner, diverging)
    elif not is_impossible(data, ctx):
        goal = clauses(small, large)
        certificates = entry(data, "certs")
        if not isinstance(certificates, list) or len(certificates) != len(goal):
            raise RejectedError(f"the goal has {len(goal)} clauses, each needs its certificate")
        for clause, certificate in zip(goal, certificates, strict=True):
            check_certificate(ctx, clause, certificate, diverging)


def is_impossible(data: Any, ctx: Context) -> bool:
    """Whether the data proves that the case at hand does not occur; rejects a wrong proof."""
    if isinstance(data, Mapping) and "absurd" in data:
        nothing = (Form({}),)
        check_certificate(ctx, (nothing, nothing), data["absurd"], diverging=True)
        return True
    if isinstance(data, Mapping) and "void" in data:
        positive = multiplier(data["void"], ctx)
        if not positive.is_strict(ctx.factors):
            raise RejectedError("a void case needs a strictly positive term")
        if not positive.poly(ctx.ring, ctx.factors).is_zero():
            raise RejectedError("the combination of a void case is not 0")
        return True
    return False


def refined(data: Any, ctx: Context) -> Iterator[tuple[Context, Any]]:
    """Yield the refined contexts of a step with the proofs under them; nothing for other data."""
    if not isinstance(data, Mapping):
        return
    if "split" in data:
        form = monomial(read_expr(data["split"]), ctx)
        text = str(data["split"])
        above = Generator(form, f"{text} >= 1", is_case=True)
        below = Generator(-form, f"{text} <= 1", is_case=True)
        yield ctx.with_generators(above), entry(data, "ge")
        yield ctx.with_generators(below), entry(data, "le")
    elif "cases" in data:
        poly = parameter(data["cases"], ctx).signed()
        weak = (Factor(poly, False), Factor(-poly, False))
        yield ctx.with_factors(Factor(poly, True)), entry(data, "pos")
        yield ctx.with_factors(*weak), entry(data, "zero")
        yield ctx.with_factors(Factor(-poly, True)), entry(data, "neg")
    elif "signs" in data:
        yield _with_signs(data["signs"], ctx), entry(data, "then")
    elif "diverges" in data:
        yield _with_growth(data, ctx), entry(data, "then")
    elif "log" in data:
        form = monomial(read_expr(data["log"]), ctx)
        yield ctx.with_generators(*log_generators(form, ctx)), entry(data, "then")
    elif "mono" in data:
        yield _with_monotone_log(data, ctx), entry(data, "then")
    elif "apart" in data:
        yield _with_slow_log(data, ctx), entry(data, "then")


def _with_signs(data: Any, ctx: Context) -> Context:
    if not isinstance(data, list) or not all(isinstance(s, list) and len(s) == 3 for s in data):
        raise RejectedError("a sign is [expression, + or -, multiplier]")
    for text, sign, certificate in data:
        ctx = ctx.with_sign(parameter(text, ctx), sign, multiplier(certificate, ctx))
    return ctx


def _with_growth(data: Mapping[str, Any], ctx: Context) -> Context:
    form = monomial(read_expr(data["diverges"]), ctx)
    given = entry(data, "given")
    check_goal(lin(Form({})), lin(form), given, ctx.without_slack(), diverging=True)
    return ctx.with_generators(Generator(form, f"{data['diverges']} -> oo", grows=True))


def _with_monotone_log(data: Mapping[str, Any], ctx: Context) -> Context:
    large, small = _pair(data["mono"], ctx)
    factor = parameter(entry(data, "power"), ctx)
    if ctx.sign(factor) != "+":
        raise RejectedError("the power is not positive")
    given = lin(small), lin(large.scale(factor))
    check_goal(*given, entry(data, "given"), ctx.without_slack())
    above, below = _logarithms(large, small, ctx)
    text = f"log({data['mono'][0]} + 2) >= c*log({data['mono'][1]} + 2)"
    return ctx.with_generators(Generator(above - below, text))


def _with_slow_log(data: Mapping[str, Any], ctx: Context) -> Context:
    large, small = _pair(data["apart"], ctx)
    check_goal(lin(small), lin(large), entry(data, "given"), ctx.without_slack())
    above, below = _logarithms(large, small, ctx)
    x, y = data["apart"]
    text = f"log({x} + 2)/log({y} + 2) is below every power of ({x})/({y})"
    apart = large - small
    return ctx.with_generators(
        Generator(apart, f"{x} >= {y}"), Generator(below - above, text, absorbed_by=apart)
    )


def _pair(data: Any, ctx: Context) -> tuple[Form, Form]:
    if not isinstance(data, list) or len(data) != 2:
        raise RejectedError("logarithms are compared of two monomials")
    large, small = (monomial(read_expr(text), ctx) for text in data)
    return large, small


def _logarithms(large: Form, small: Form, ctx: Context) -> tuple[Form, Form]:
    above, below = (loglog(form, ctx).form for form in (large, small))
    if above is None or below is None:
        raise RejectedError("logarithms are compared of monomials with one logarithm each")
    return above, below
