r"""``ratecert.order``: how fast an expression grows, in every regime.

Each answer is a theorem: before an order is returned, the claim ``EXPR = Theta(order)`` under the
assumptions and the conditions of its regime has been derived, and the derivation re-checked by
`ratecert.proofs_check.checker`.  As comparisons of sizes in a claim are up to a constant factor,
and the claim holds for every such factor, the boundaries between regimes are covered.  It is shown
unless enclosures contradict it (`ratecert.orders.veto`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ratecert.orders.leading import LeadingTerms, UnknownOrderError, leading_terms, proved
from ratecert.orders.veto import require_no_contradiction
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.logform import form_expr
from ratecert.proofs_check.kernel.premises import premises
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Add, Call, Expr, Name, add, free_names
from ratecert.proofs_check.language.grammar import parse_condition, parse_expr
from ratecert.proofs_check.verdict.certificate import Regime
from ratecert.theory.advice.settle import settling, told
from ratecert.theory.derive import derivation, require_possible
from ratecert.theory.rates.rates import Region, regions
from ratecert.theory.rates.regimes import by_cases, joined
from ratecert.theory.search.derivation import needs
from ratecert.theory.search.lattices import tree_expr
from ratecert.theory.search.planner import falling_faster, has_decay
from ratecert.theory.search.prover import StuckError
from ratecert.theory.search.suggestions import why
from ratecert.writing.mathtext import condition, latex
from ratecert.writing.tidy import tidy, tidy_text

__all__ = ["LeadingTerms", "Rate", "UnknownOrderError", "order"]


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
    leadings
        The first terms with their constants, where they are known: for all regimes at once, or
        for some of them.
    trust
        What the answer rests on and did not prove; empty for an explicit expression.
    wanted
        How many terms with their constants were asked for.
    """

    expr: str
    order: str
    regimes: tuple[Regime, ...]
    leadings: tuple[LeadingTerms, ...] = ()
    trust: tuple[str, ...] = ()
    wanted: int = 1

    @property
    def whole(self) -> LeadingTerms | None:
        """The first terms in all regimes."""
        return next((leading for leading in self.leadings if not leading.when), None)

    @property
    def leading(self) -> str | None:
        """The leading term with its constant, where there is one for all regimes."""
        return None if self.whole is None else self.whole.terms[0]

    @property
    def leading_proved(self) -> bool:
        """Whether ``EXPR ~ leading`` is proved."""
        return self.whole is not None and self.whole.is_proved

    def as_json(self) -> dict[str, Any]:
        """Return the rate as JSON data."""
        return {
            "order": self.order,
            "regimes": [_regime_json(regime, self._in(regime)) for regime in self.regimes],
            "leading": self.leading,
            "leading_proved": self.leading_proved,
            "expansion": None if self.whole is None else self.whole.as_json(),
            "trust": list(self.trust),
        }

    def __str__(self) -> str:
        lines = [f"{self.expr} = Theta({self.order})"] if self.order else [self.expr]
        if len(self.regimes) > 1 or any(r.small for r in self.regimes):
            lines += [f"  {_told(regime)}" for regime in self.regimes]
        for known in self.leadings:
            when = f"  if  {' and '.join(known.when)}" if known.when else ""
            kind = "leading" if len(known.terms) == 1 else "expansion"
            lines.append(f"{kind}: {self.expr} {known}{when}  ({known.source})")
            if known.sign and self.wanted > len(known.terms):
                lines.append(f"  for more, assume which sign {known.sign} has")
        lines += [f"rests on: {item}" for item in self.trust]
        return "\n".join(lines)

    def _in(self, regime: Regime) -> LeadingTerms | None:
        """Return the first terms in one regime, where they are known for it alone."""
        return next((known for known in self.leadings if known.when == regime.when), None)

    def _repr_latex_(self) -> str:
        left = latex(parse_expr(self.expr))
        if len(self.regimes) == 1:
            return rf"$\displaystyle {left} = {_case_latex(self.regimes[0])}$"
        rows = r" \\ ".join(f"{_case_latex(r)} & {_when(r)}" for r in self.regimes)
        return rf"$\displaystyle {left} = \begin{{cases}} {rows} \end{{cases}}$"


def _regime_json(regime: Regime, leading: LeadingTerms | None) -> dict[str, Any]:
    plain: dict[str, Any] = {"when": list(regime.when), "order": regime.order}
    if regime.when:
        plain["expansion"] = None if leading is None else leading.as_json()
    if regime.small:
        plain["small"] = [{"order": f, "below every power of": x} for f, x in regime.small]
    return plain


def _told(regime: Regime) -> str:
    """Return one line on a regime."""
    small = " and ".join(f"smaller than {f} by every power of {x}" for f, x in regime.small)
    if regime.order == "0":
        told = f"is {small}"
    else:
        told = f"= Theta({regime.order})" + (f" plus something {small}" if small else "")
    return f"{told}  if  {' and '.join(regime.when)}" if regime.when else told


def _theta(text: str) -> str:
    return rf"\Theta\left({latex(parse_expr(text), inline=True)}\right)"


def _case_latex(regime: Regime) -> str:
    r"""Return the order of a case; small parts as ``F X^{-\infty}``."""
    parts = [_theta(regime.order)] if regime.order != "0" else []
    for f, x in regime.small:
        scale, base = (latex(parse_expr(text), inline=True) for text in (f, x))
        parts.append(rf"O\left({scale} \left({base}\right)^{{-\infty}}\right)")
    return " + ".join(parts)


def _when(regime: Regime) -> str:
    conditions = [c for text in regime.when for c in parse_condition(text)]
    shown = r",\ ".join(condition(c, inline=True) for c in conditions)
    return rf"\text{{if }} {shown}"


def order(
    expr: str, assume: Sequence[str] = (), sizes: Sequence[str] = (), terms: int = 1
) -> Rate:
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
    terms
        How many terms with their constants are wanted, where they are known.

    Raises
    ------
    ValueError
        For less than one term.
    UserError
        For input that a claim file could not hold, or assumptions that contradict each other.
    UnknownOrderError
        Where no order was found and proved, in some regime, or enclosures contradict one.
    """
    if terms < 1:
        raise ValueError(f"at least one term is shown, not {terms}")
    parse_expr(expr)  # for an error that points into the expression itself
    claim = _claim(expr, "1", assume, sizes)
    try:
        cases, trust = _cases(expr, assume, sizes)
    except UnknownOrderError as error:
        conditions = settling(claim, lambda more: _attempted(expr, more))
        raise UnknownOrderError(told(str(error), conditions)) from error
    whole = _overall(expr, cases, assume, sizes)
    leadings = _leadings(expr, cases, assume, sizes, terms)
    in_all = [Regime((), whole)] if whole else []
    require_no_contradiction(expr, assume, sizes, [*cases, *in_all], leadings)
    return Rate(expr, whole, tuple(cases), leadings, trust, terms)


def _attempted(expr: str, claim: Claim) -> None:
    """Order an expression under a claim's assumptions, for `settling`."""
    try:
        _cases(expr, list(map(str, claim.assume)), sorted(claim.own_sizes))
    except UnknownOrderError as error:
        if isinstance(error.__cause__, StuckError | RejectedError):
            raise error.__cause__ from None
        raise StuckError(str(error)) from error


def _cases(
    expr: str, assume: Sequence[str], sizes: Sequence[str]
) -> tuple[list[Regime], tuple[str, ...]]:
    """Return the order in each case, proved, and what the proofs rest on."""
    try:
        ready = premises(_claim(expr, "1", assume, sizes))
    except RejectedError as error:
        raise UnknownOrderError(str(error)) from error
    try:
        require_possible(ready)
        needs(ready)
        found = by_cases(ready)
        cases = [_regime(region, region.when(ready)) for region in found]
    except (StuckError, RejectedError) as error:
        sign = isinstance(error, StuckError) and error.value is not None
        if sign and has_decay(ready.left.upper):
            # The exponent may be one with which an exponential is bounded.
            raise UnknownOrderError(f"no order was found for {expr}") from error
        raise UnknownOrderError(why(error, ready.ctx)) from error
    cases = joined([_like_a_neighbour(case, cases, assume, sizes) for case in cases])
    trust: dict[str, None] = {}
    for case in cases:
        trust |= dict.fromkeys(_proved_case(expr, case, [*assume, *case.when], sizes))
    return cases, tuple(trust)


def _leadings(
    expr: str, cases: Sequence[Regime], assume: Sequence[str], sizes: Sequence[str], terms: int
) -> tuple[LeadingTerms, ...]:
    """Return the first terms in all cases, or else in those that compare parameters alone."""
    whole = leading_terms(expr, assume, sizes, terms)
    if whole is not None:
        return (whole,)
    parameters = set(premises(_claim(expr, "1", assume, sizes)).ctx.ring.names)
    found: list[LeadingTerms] = []
    for case in cases:
        if case.when and frozenset[str]().union(*map(_names, case.when)) <= parameters:
            known = leading_terms(expr, [*assume, *case.when], sizes, terms)
            if known is not None:
                found.append(replace(known, when=case.when))
    return tuple(found)


def _claim(expr: str, right: str, assume: Sequence[str], sizes: Sequence[str]) -> Claim:
    return make_claim(f"{expr} = Theta({right})", list(assume), sizes=list(sizes))


def _regime(region: Region, when: tuple[str, ...]) -> Regime:
    text = region.order()
    conditions = tuple(dict.fromkeys(map(tidy_text, when)))
    if text is None:
        where = f" where {' and '.join(conditions)}" if conditions else ""
        assert region.upper is not None, "where there is nothing but small parts, that is known"
        if has_decay(region.ready.left.upper):
            # A reader has never heard of the powers by which the search bounded exponentials.
            raise UnknownOrderError("in some regime no lower bound of its order was found")
        above = tidy(tree_expr(region.upper, region.ctx))
        raise UnknownOrderError(
            f"the order is known only from above{where}: O({above}), "
            "and no lower bound of that order was found"
        )
    exprs = [(form_expr(f, region.ctx), form_expr(x, region.ctx)) for f, x in region.small]
    small = tuple((str(tidy(f)), str(tidy(x))) for f, x in exprs)
    return Regime(conditions, tidy_text(text), small)


def _like_a_neighbour(
    case: Regime, cases: Sequence[Regime], assume: Sequence[str], sizes: Sequence[str]
) -> Regime:
    """Write the order at an equality of parameters as that of a neighbouring case, if it is so."""
    for text in case.when if not case.small else ():
        (equation,) = parse_condition(text)
        sides = [text.replace("=", op, 1) for op in "><"] if equation.op == "=" else []
        near = [tuple(side if c == text else c for c in case.when) for side in sides]
        orders = [other.order for other in cases if other.when in near]
        for order in sorted(orders, key=lambda order: order != case.order):
            try:
                proved(_claim(order, case.order, [*assume, *case.when], sizes))
            except UnknownOrderError:
                continue
            return Regime(case.when, order)
    return case


def _proved_case(
    expr: str, case: Regime, assume: Sequence[str], sizes: Sequence[str]
) -> tuple[str, ...]:
    """Prove the order of a case; for what is small, bounds for every power K."""
    if not case.small:
        return proved(_claim(expr, case.order, assume, sizes))
    names = free_names(parse_expr(expr)).union(*map(_names, assume), sizes)
    power = next(name for name in _POWERS if name not in names)
    parts = [f"({f})*({x})^(-{power})" for f, x in case.small]
    if case.order != "0":
        parts.append(case.order)
    above = make_claim(
        f"{expr} = O({' + '.join(parts)})", [*assume, f"{power} > 0"], sizes=list(sizes)
    )
    with falling_faster(Name(power)):
        trust = proved(above)
    if case.order != "0":
        below = make_claim(f"{expr} = Omega({case.order})", list(assume), sizes=list(sizes))
        trust += proved(below)
    return trust


_POWERS = tuple(f"K{number or ''}" for number in range(100))
"""Names for the power, the first of which is taken that does not occur."""


def _names(condition: str) -> frozenset[str]:
    found = (side for c in parse_condition(condition) for side in (c.left, c.right))
    return frozenset[str]().union(*map(free_names, found))


def _overall(
    expr: str, cases: Sequence[Regime], assume: Sequence[str], sizes: Sequence[str]
) -> str:
    """Return one order for all cases, if one is proved."""
    if len(cases) == 1 and not cases[0].when:
        return cases[0].order if not cases[0].small else ""
    if any(case.small for case in cases):
        return ""
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
            proved(_claim(expr, candidate, assume, sizes))
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
