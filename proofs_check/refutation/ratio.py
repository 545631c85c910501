r"""Refuting ``LEFT ~ RIGHT``: along some path the ratio tends to a constant other than 1.

The witness fixes the parameters as rationals and gives a path, as for `refutation`; the sizes and
the step size are tied to one another up to constant factors, as they are along the path.  Under
these assumptions beside those of the claim both sides have equivalents ``c m`` and ``d m`` with
the same monomial (`equivalence`), so that LEFT/RIGHT tends to ``c/d`` in every such joint limit,
that of the path among them.

``c/d`` is not 1 if it comes out as another rational number by the identities of `constants`, or if
enclosures of c and d in ball arithmetic (Arb) are disjoint.  That two constants are *equal* is
never concluded from numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from flint import arb
from flint import ctx as flint_context

from ratecert.proofs_check.equivalence.equivalent import Given
from ratecert.proofs_check.equivalence.proof import equivalent, read_given
from ratecert.proofs_check.kernel.algebra import Frac, Ring
from ratecert.proofs_check.kernel.cases import check_tree
from ratecert.proofs_check.kernel.constants import Atom, Constant, ConstantTerm, quotient
from ratecert.proofs_check.kernel.goals import entry
from ratecert.proofs_check.kernel.premises import Premises, premises
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Name, Num
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.paths.bounds import Path
from ratecert.proofs_check.paths.orders import Order
from ratecert.proofs_check.refutation.least import ties
from ratecert.proofs_check.refutation.witness import Refuted, allowed_path, refuted_limit

__all__ = ["check_ratio", "ratio_of", "tied_exactly"]

BITS = 128
DIGITS = 12


def check_ratio(claim: Claim, data: Mapping[str, Any]) -> Refuted:
    """Check a witness of kind "ratio" against a claim with ``~``.

    Parameters
    ----------
    data
        ``{"kind": "ratio", "values": ..., "path": ..., "tree": ...}`` with values and path as for
        `witness.check_refutation`, and a tree as for `equivalence`.

    Raises
    ------
    RejectedError
        If a step does not hold or the ratio may tend to 1.
    """
    if claim.relation != "~" or claim.objective is not None:
        raise RejectedError("a witness of kind 'ratio' is for claims with ~")
    statement, path = allowed_path(claim, data)
    ready = tied_exactly(claim, path)
    found: list[str] = []

    def leaf(case: Premises, node: Any) -> None:
        found.append(ratio_of(case, read_given(node, case.ctx)))

    check_tree(ready, entry(data, "tree"), leaf)
    assert found, "an allowed path is in one of the cases"
    return refuted_limit(statement, path, found[0])


def tied_exactly(claim: Claim, path: Path) -> Premises:
    """Return the exact premises of a claim at fixed parameters, the names tied as on a path.

    Raises
    ------
    RejectedError
        Where the path has no common scale.
    """
    fixed = [Condition(Name(n), "=", Num(value)) for n, value in sorted(path.values.items())]
    orders: Mapping[str, Order] = path.orders
    return premises(claim, *fixed, *(ties(orders) if orders else ()), exact=True)


def ratio_of(ready: Premises, given: Given) -> str:
    """Return the limit of LEFT/RIGHT, which is not 1, as a text.

    Raises
    ------
    RejectedError
        Where the limit is not known, or may be 1.
    """
    left, right = equivalent(ready.left.upper, given), equivalent(ready.right, given)
    one, other = left.single("LEFT"), right.single("RIGHT")
    if one.form != other.form:
        raise RejectedError("the two sides are not equivalent to multiples of one monomial")
    return _unequal(one.constant, other.constant, given.ctx.ring)


def _unequal(one: Constant, other: Constant, ring: Ring) -> str:
    exact = quotient(one, other, ring)
    value = None if exact is None else exact.constant()
    if value is not None:
        if value == 1:
            raise RejectedError("the two sides are equivalent")
        return str(value)
    before = flint_context.prec
    flint_context.prec = BITS
    try:
        left, right = _ball(one), _ball(other)
        if left.overlaps(right):
            raise RejectedError("the constants of the two sides may be equal")
        return str((left / right).str(DIGITS, radius=False))
    finally:
        flint_context.prec = before


def _ball(constant: Constant) -> arb:
    return sum((_term(term) for term in constant.terms), arb(0))


def _term(term: ConstantTerm) -> arb:
    result = _number(term.factor)
    for atom, e in term.powers:
        result *= _atom(atom) ** _number(e)
    return result


def _number(value: Frac) -> arb:
    number = value.constant()
    assert number is not None, "every parameter has a value"
    return _rational(number)


def _rational(value: Fraction) -> arb:
    return arb(value.numerator) / arb(value.denominator)


def _atom(atom: Atom) -> arb:
    kind, argument = atom
    match kind:
        case "pi":
            return arb.pi()
        case "EulerGamma":
            return arb.const_euler()
        case "e":
            return arb(1).exp()
        case "prime":
            return arb(argument)
        case "log":
            return _number(argument).log()
        case "Gamma":
            return _number(argument).gamma()
        case "zeta":
            return _number(argument).zeta()
        case "tail":
            s, first = argument
            return _number(s).zeta(arb(first))
    raise RejectedError(f"the value of {kind} is not known")
