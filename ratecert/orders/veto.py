"""The numbers' veto on an order: nothing is shown that enclosures contradict.

What `ratecert.order` shows has been proved and re-checked.  So that a fault in the prover is not
told to anyone, each statement is read as a claim and given to the enclosure leg: the order in
every case, that in all cases, and the first term with its constant.  The leg looks at several
parameter values and paths, at even and odd sizes up to 10^24, and asks again farther out before
it contradicts.  Where it cannot tell, as a logarithm more or less, or where there is no ball, the
proof stands alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ratecert.numerics.legs import enclosure
from ratecert.orders.leading import LeadingTerms, UnknownOrderError
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.verdict.certificate import Light, Regime

__all__ = ["require_no_contradiction"]


def require_no_contradiction(
    expr: str,
    assume: Sequence[str],
    sizes: Sequence[str],
    cases: Iterable[Regime],
    leadings: Iterable[LeadingTerms],
) -> None:
    """Raise where balls contradict an order or a first term.

    Parameters
    ----------
    expr, assume, sizes
        As for `ratecert.order`.
    cases
        Orders of the expression, each with the conditions under which it holds.
    leadings
        Its first terms, likewise.

    Raises
    ------
    UnknownOrderError
        With what was proved and what was seen.
    """
    says = [(f"{expr} {_relation(case)}", case.when) for case in cases]
    says += [(f"{expr} ~ {known.terms[0]}", known.when) for known in leadings]
    for text, when in dict.fromkeys(says):
        _require(make_claim(text, [*assume, *when], sizes=list(sizes)))


def _relation(case: Regime) -> str:
    """Return what a case says, with one power in the place of "every power"."""
    if not case.small:
        return f"= Theta({case.order})"
    small = [f"({f})*({x})^(-1)" for f, x in case.small]
    return f"= O({' + '.join(small if case.order == '0' else [case.order, *small])})"


def _require(claim: Claim) -> None:
    seen = enclosure.evidence(claim, "glance")
    if seen.light is Light.FAIL:
        raise UnknownOrderError(
            f"internal disagreement: {claim.says} was found, but enclosure: {seen.summary}"
        )
