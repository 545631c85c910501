r"""``ratecert.order``: how fast an expression grows, in every regime.

Each answer is a theorem: before an order is returned, the claim ``EXPR = Theta(order)`` under the
assumptions and the conditions of its regime has been derived, and the derivation re-checked by
`proofs_check.checker`.  As comparisons of sizes in a claim are up to a constant factor, and the
claim holds for every such factor, the boundaries between regimes are covered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from proofs_check.checker import check
from proofs_check.claim import Claim
from proofs_check.claimfile import make_claim
from proofs_check.cone import RejectedError
from proofs_check.expr import Add, Call, Expr, add
from proofs_check.language import parse_condition, parse_expr
from proofs_check.premises import premises
from proofs_check.verdict import Regime
from ratecert.mathtext import condition, latex
from ratecert.tidy import tidy, tidy_text
from theory.derivation import derivation
from theory.derive import require_possible
from theory.lattices import tree_expr
from theory.prover import StuckError
from theory.rates import Region, regions
from theory.refute import model
from theory.regimes import by_cases, joined

__all__ = ["Rate", "UnknownOrderError", "order"]


class UnknownOrderError(ValueError):
    """The engine does not reach the order of the expression; the message says why."""


@dataclass(frozen=True, slots=True)
class Rate:
    """The order of growth of an expression; everything in the claim language.

    Attributes
    ----------
    expr
        The expression.
    order
        One expression of the same order in all regimes, "" where none was found.
    regimes
        The order in each case that the search distinguishes, each proved on its own.
    leading
        The leading term with its constant, where it is known.
    trust
        What the answer rests on and did not prove; empty for an explicit expression.
    """

    expr: str
    order: str
    regimes: tuple[Regime, ...]
    leading: str | None = None
    trust: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the rate as JSON data."""
        return {
            "order": self.order,
            "regimes": [{"when": list(r.when), "order": r.order} for r in self.regimes],
            "leading": self.leading,
            "trust": list(self.trust),
        }

    def __str__(self) -> str:
        lines = [f"{self.expr} = Theta({self.order})"] if self.order else [self.expr]
        if len(self.regimes) > 1:
            for regime in self.regimes:
                lines.append(f"  = Theta({regime.order})  if  {' and '.join(regime.when)}")
        lines += [f"rests on: {item}" for item in self.trust]
        return "\n".join(lines)

    def _repr_latex_(self) -> str:
        left = latex(parse_expr(self.expr))
        if len(self.regimes) == 1:
            return rf"$\displaystyle {left} = {_theta(self.order)}$"
        rows = r" \\ ".join(f"{_theta(r.order)} & {_when(r)}" for r in self.regimes)
        return rf"$\displaystyle {left} = \begin{{cases}} {rows} \end{{cases}}$"


def _theta(text: str) -> str:
    return rf"\Theta\left({latex(parse_expr(text), inline=True)}\right)"


def _when(regime: Regime) -> str:
    conditions = [c for text in regime.when for c in parse_condition(text)]
    shown = r",\ ".join(condition(c, inline=True) for c in conditions)
    return rf"\text{{if }} {shown}"


def order(expr: str, assume: Sequence[str] = (), sizes: Sequence[str] = ()) -> Rate:
    """Return the order of an expression in every regime.

    Parameters
    ----------
    expr
        The expression in the claim language, sums included, such as
        ``"sum(i^-a*exp(-t*i^-a), i, 1, M)"``.
    assume
        Assumptions, as in a claim file; every parameter has to occur in one.
    sizes
        Names that tend to infinity, beyond those of the language.

    Raises
    ------
    UserError
        For input that a claim file could not hold, or assumptions that contradict each other.
    UnknownOrderError
        Where no order was found and proved, in some regime.
    """
    parse_expr(expr)  # for an error that points into the expression itself
    claim = _claim(expr, "1", assume, sizes)
    try:
        ready = premises(claim)
        require_possible(ready)
        found = by_cases(ready)
        cases = [_regime(region, region.when(ready)) for region in found]
    except (StuckError, RejectedError) as error:
        raise UnknownOrderError(str(error)) from error
    cases = joined([_like_a_neighbour(case, cases, assume, sizes) for case in cases])
    trust: dict[str, None] = {}
    for case in cases:
        proved = _proved(_claim(expr, case.order, [*assume, *case.when], sizes))
        trust |= dict.fromkeys(proved)
    whole = _overall(expr, cases, assume, sizes)
    return Rate(expr, whole, tuple(cases), trust=tuple(trust))


def _claim(expr: str, right: str, assume: Sequence[str], sizes: Sequence[str]) -> Claim:
    return make_claim(f"{expr} = Theta({right})", list(assume), sizes=list(sizes))


def _regime(region: Region, when: tuple[str, ...]) -> Regime:
    text = region.order()
    conditions = tuple(dict.fromkeys(map(tidy_text, when)))
    if text is None:
        where = f" where {' and '.join(conditions)}" if conditions else ""
        above = tidy(tree_expr(region.upper, region.ctx))
        raise UnknownOrderError(
            f"the order is known only from above{where}: O({above}), "
            "and no lower bound of that order was found"
        )
    return Regime(conditions, tidy_text(text))


def _like_a_neighbour(
    case: Regime, cases: Sequence[Regime], assume: Sequence[str], sizes: Sequence[str]
) -> Regime:
    """Write the order at an equality of parameters as that of a neighbouring case, if it is so."""
    for text in case.when:
        (equation,) = parse_condition(text)
        sides = [text.replace("=", op, 1) for op in "><"] if equation.op == "=" else []
        near = [tuple(side if c == text else c for c in case.when) for side in sides]
        orders = [other.order for other in cases if other.when in near]
        for order in sorted(orders, key=lambda order: order != case.order):
            try:
                _proved(_claim(order, case.order, [*assume, *case.when], sizes))
            except UnknownOrderError:
                continue
            return Regime(case.when, order)
    return case


def _proved(claim: Claim) -> tuple[str, ...]:
    """Derive the claim, re-check the derivation, and return what it rests on."""
    try:
        proof = derivation(claim)
        proof["model"] = model(claim)
        return check(claim, proof).trust
    except (StuckError, RejectedError) as error:
        raise UnknownOrderError(f"{claim.says} was found, but not proved: {error}") from error


def _overall(
    expr: str, cases: Sequence[Regime], assume: Sequence[str], sizes: Sequence[str]
) -> str:
    """Return one order for all cases, if one is proved."""
    if len(cases) == 1 and not cases[0].when:
        return cases[0].order
    terms = _terms(cases)
    candidates = [str(add(*terms)), str(Call("min", terms))]
    ready = premises(_claim(expr, "1", assume, sizes))
    whole = regions(ready)
    if len(whole) == 1 and (text := whole[0].order()) is not None:
        candidates.append(tidy_text(text))
    for candidate in candidates:
        if not all(_fits(candidate, case, assume, sizes) for case in cases):
            continue
        try:
            _proved(_claim(expr, candidate, assume, sizes))
        except UnknownOrderError:
            continue
        return candidate
    return ""


def _fits(candidate: str, case: Regime, assume: Sequence[str], sizes: Sequence[str]) -> bool:
    """Whether an order for all cases is that of one case there: soon seen, as no sum is left."""
    try:
        derivation(_claim(candidate, case.order, [*assume, *case.when], sizes))
    except (StuckError, RejectedError):
        return False
    return True


def _terms(cases: Sequence[Regime]) -> tuple[Expr, ...]:
    """Return the terms of all cases, each once."""
    terms: list[Expr] = []
    for case in cases:
        one = parse_expr(case.order)
        terms += one.terms if isinstance(one, Add) else (one,)
    return tuple(dict.fromkeys(terms))
