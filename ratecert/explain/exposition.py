"""A claim and its derivation, its refutation, or why there is neither, as a page to read.

The page says only what has been checked: the proof or the witness is handed to `proofs_check`
first, and what is said of it is read off the same data (see `ratecert.explain.cases`).  The
numeric legs, which a certificate needs besides, are the business of ``ratecert certify``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from ratecert.explain.cases import Writer, least, limits, outer_nodes, proof, subject
from ratecert.explain.comparisons import joined_by_and
from ratecert.orders.leading import leading_terms
from ratecert.pipeline.unforeseen import guarded
from ratecert.proofs_check.checker import check, check_witness, is_exact
from ratecert.proofs_check.kernel.premises import STEPS, Premises, left_and_right, premises
from ratecert.proofs_check.language.claim import DEFAULT_NOISE, Claim, Setting
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import Expr, Name, unmarked, walk
from ratecert.proofs_check.language.grammar import parse_expr, parse_statement
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.meaning.definitions import Meaning, has_quantity
from ratecert.proofs_check.meaning.exact import exact_meaning
from ratecert.proofs_check.meaning.filters import explicit
from ratecert.proofs_check.paths.bounds import Path, lower_along, order_along, upper_along
from ratecert.proofs_check.paths.orders import Order, UndecidedError, exact_value
from ratecert.proofs_check.refutation.witness import (
    Refuted,
    UnfoldedStatement,
    statement_of,
    with_effective_steps,
)
from ratecert.proofs_check.verdict.certificate import Certificate, Verdict
from ratecert.theory.advice.settle import settling, told
from ratecert.theory.derive import derive
from ratecert.writing.mathtext import statement as statement_latex
from ratecert.writing.page import (
    Block,
    Display,
    Heading,
    Items,
    Line,
    Paragraph,
    equation,
    line,
    math,
    math_condition,
)
from ratecert.writing.tables import Math

__all__ = ["Explained", "explain", "explained"]


def statement(claim: Claim) -> list[Block]:
    """Return the claim, its setting and its assumptions."""
    where = f" ({claim.where})" if claim.where else ""
    blocks: list[Block] = [Heading(line(f"{claim.name}{where}"), 1)]
    says = Math(statement_latex(parse_statement(claim.says), inline=True), claim.says)
    blocks += [Paragraph(line("Claim.")), Display((says,))]
    if claim.objective is not None:
        goal = claim.objective
        over = joined_by_and([line(math(Name(name))) for name in goal.over])
        told = line("where ", math(goal.expr), " is minimised over ", over)
        if goal.subject_to:
            given = joined_by_and([line(math_condition(c)) for c in goal.subject_to])
            told = line(told, " subject to ", given)
        blocks.append(Paragraph(line(told, ".")))
    if has_quantity(subject(claim)):
        blocks.append(Paragraph(_setting(claim.setting)))
    if claim.assume:
        given = joined_by_and([line(math_condition(c)) for c in claim.assume])
        blocks.append(Paragraph(line("Assumptions: ", given, ".")))
    return blocks


def _setting(setting: Setting) -> Line:
    told = line("Setting: kernel ", str(setting.kernel))
    if setting.kernel is None:
        told = line("Setting: spectrum ", math(setting.spectrum))
    told = line(told, ", target ", _one_or_more(setting.target))
    told = line(told, f", {setting.features} features, ")
    told = line(told, f"{setting.algorithm} with {setting.schedule} steps, batch ")
    told = line(told, math(setting.batch), ", outputs ", math(setting.outputs))
    if setting.noise != DEFAULT_NOISE:
        told = line(told, " with noise ", _one_or_more(setting.noise))
    return line(told, ".")


def _one_or_more(value: Expr | tuple[Expr, ...]) -> Line:
    each = value if isinstance(value, tuple) else (value,)
    return joined_by_and([line(math(entry)) for entry in each])


# The definitions.


def definitions(
    writer: Writer,
    left: Meaning,
    right: Expr,
    put: Line,
    implied: str,
    *,
    exactly: bool = False,
    balanced: Expr | None = None,
) -> list[Block]:
    """Return what the left side (or the objective) stands for; `put` says what was put in.

    `balanced` is the left side, and `right` the right one, where both were multiplied by the same
    exponential.
    """
    claim = writer.claim
    blocks: list[Block] = [Heading(line("Definitions"))]
    whole = balanced or subject(claim)
    if balanced:
        told = line("With exponentials collected, and both sides multiplied by the same one, ")
        both = line("the claim compares ", math(balanced), " with ", math(right), ".")
        blocks.append(Paragraph(line(told, both)))
    if left.steps:
        blocks.append(Items(tuple(map(_step, left.steps))))
    sums = writer.defined(left.upper, left.lower, right)
    if put:
        blocks.append(Paragraph(line("Throughout, ", put, ".")))
    if sums:
        blocks += [Paragraph(line("Write")), Display(tuple(sums))]
    upper, lower = math(writer.short(left.upper)), math(writer.short(left.lower))
    told = line("" if exactly else "Up to constant factors, ", math(whole))
    if left.upper == left.lower:
        told = line(told, " is ", upper, ".")
    else:
        told = line(told, " is at most ", upper, " and at least ", lower, ".")
    blocks.append(Paragraph(told))
    if exactly:
        needs = exact_meaning(subject(claim), claim.setting, claim.sizes).needs
    else:
        needs = explicit(subject(claim), claim.setting, claim.sizes).needs
    if needs:
        asked = joined_by_and([line(math_condition(c)) for c in needs])
        blocks.append(
            Paragraph(line("These definitions ask for ", asked, ", which ", implied, "."))
        )
    return blocks


def _step(text: str) -> Line:
    """Return a step of a meaning; the formula at its end is set as one."""
    words, colon, formula = unmarked(text).rpartition(": ")
    try:
        return line(words, colon, math(parse_expr(formula)))
    except UserError:
        return line(text)


def _put_in(ready: Premises) -> Line:
    """Say which equations the definitions have been written with."""
    told = [line(equation(math(Name(name)), math(value))) for name, value in ready.equations]
    if ready.uses_n_eff and any(
        node == Name("N") for condition in ready.claim.assume for node in _nodes(condition)
    ):
        told.append(line(equation(math(Name("N")), math(STEPS["N"]))))
    return joined_by_and(told)


def _nodes(condition: Condition) -> list[Expr]:
    return [*walk(condition.left), *walk(condition.right)]


# The answer.

_NOTHING_FOUND = "No derivation and no witness was found"


@dataclass(frozen=True, slots=True)
class Explained:
    """A page, and the answer it gives: without the numeric legs, so not yet a certificate.

    `reason` says why, where the answer is `Verdict.UNDECIDED`.
    """

    blocks: tuple[Block, ...]
    answer: Verdict
    reason: str = ""


def explain(claim: Claim) -> Explained:
    """Derive the claim, have the derivation checked, and write it down.

    Where ratecert itself fails the page says so (see `ratecert.pipeline.unforeseen`).

    Raises
    ------
    UserError
        Where the assumptions of the claim contradict each other.
    """
    return guarded(partial(_explain, claim), partial(_failed, claim))


def _failed(claim: Claim, reason: str) -> Explained:
    blocks = _undecided(_NOTHING_FOUND, reason, "")
    return Explained((*statement(claim), *blocks), Verdict.UNDECIDED, reason)


def _explain(claim: Claim) -> Explained:
    found = derive(claim)
    if found.proof is not None:
        return _answered(claim, found.proof, Verdict.CERTIFIED)
    if found.refutation is not None:
        return _answered(claim, found.refutation, Verdict.REFUTED)
    reason = told(found.reason, settling(claim))
    blocks = _undecided(_NOTHING_FOUND, reason, found.derived)
    return Explained((*statement(claim), *blocks), Verdict.UNDECIDED, reason)


def explained(certificate: Certificate) -> Explained:
    """Write down the derivation or the refutation that a certificate holds, checked once more."""
    claim, data = certificate.claim, certificate.derivation
    if certificate.verdict is Verdict.REFUTED and data is not None:
        return _answered(claim, data, Verdict.REFUTED)
    if certificate.verdict is Verdict.CERTIFIED and data is not None:
        return _answered(claim, data, Verdict.CERTIFIED)
    blocks, what = statement(claim), _NOTHING_FOUND
    if data is not None:
        blocks = [*_answered(claim, data, Verdict.CERTIFIED).blocks]
        what = "The derivation above is checked, and yet the claim stays undecided"
    undecided = _undecided(what, certificate.reason, certificate.derived)
    return Explained((*blocks, *undecided), Verdict.UNDECIDED, certificate.reason)


def _answered(claim: Claim, data: Mapping[str, Any], answer: Verdict) -> Explained:
    """Return the page of a proof or a refutation, which has to pass the check."""
    writer = Writer(claim)
    if answer is Verdict.CERTIFIED:
        trust = check(claim, data).trust
        blocks = _proved(writer, data)
    else:
        refuted = check_witness(claim, data)
        trust = refuted.trust
        blocks = _refuted(writer, data, refuted)
    return Explained((*statement(claim), *blocks, *_trust(trust)), answer)


def _proved(writer: Writer, data: Mapping[str, Any]) -> list[Block]:
    claim = writer.claim
    ready = premises(claim, exact=is_exact(claim))
    sides = left_and_right(claim)
    balanced = None if ready.exact or sides == (subject(claim), claim.right) else sides[0]
    blocks = definitions(writer, ready.left, ready.right, _put_in(ready), "the assumptions imply",
                         exactly=ready.exact, balanced=balanced)  # fmt: skip
    blocks += proof(writer, ready, data)
    held = line("So the claim holds for all parameters and all joint limits of the sizes that "
                "the assumptions allow")  # fmt: skip
    example = _path_told(data["model"]["values"], data["model"]["path"])
    told = line(held, "; they do allow some, such as ", example, ".")
    blocks += [Heading(line("Conclusion")), Paragraph(told)]
    return [*blocks, *_with_constants(claim)]


TERMS = 3
"""So many terms of a sum are shown with their constants."""
_ORIGINS = {"bulk": "the terms far out", "head": "the first terms of the sum"}


def _with_constants(claim: Claim) -> list[Block]:
    """Return the first terms of a left side that is a sum, which the claim does not speak of."""
    if claim.objective is not None or has_quantity(claim.left):
        return []
    assume = [str(condition) for condition in claim.assume]
    known = leading_terms(unmarked(str(claim.left)), assume, sorted(claim.own_sizes), TERMS)
    if known is None or not known.checked:
        return []
    shown = equation(math(claim.left), known.math())
    told = line(
        "Not part of the claim, and no verdict rests on it.  By Mellin transform or Euler and "
        "Maclaurin's formula "
    )
    told = line(told, joined_by_and(list(_origins(known.origins))), ".  Balls agreed with each ")
    told = line(told, f"term, at {len(known.checked)} places in all, such as ")
    at = {**known.checked[-1]["at"], **known.checked[-1]["sizes"]}
    where = joined_by_and(
        [line(equation(math(Name(name)), _short(value))) for name, value in at.items()]
    )
    return [Heading(line("With constants")), Display((shown,)), Paragraph(line(told, where, "."))]


def _origins(origins: Sequence[str]) -> Iterator[Line]:
    """Yield which terms come from where."""
    for origin in dict.fromkeys(origins):
        numbers = [str(k) for k, other in enumerate(origins, 1) if other == origin]
        verb = "terms {} come" if len(numbers) > 1 else "term {} comes"
        what = _ORIGINS.get(origin, "all scales between the two")
        yield line(f"{verb.format(', '.join(numbers))} from {what}")


def _short(value: str) -> Math:
    """Return a number, a large power of ten as such."""
    zeros = len(value) - 1
    is_power = zeros > 2 and value == "1" + "0" * zeros
    return Math(f"10^{{{zeros}}}", f"10^{zeros}") if is_power else math(parse_expr(value))


def _trust(trust: tuple[str, ...]) -> list[Block]:
    blocks: list[Block] = [Heading(line("What this rests on and did not prove"))]
    if not trust:
        return [*blocks, Paragraph(line("Nothing."))]
    return [*blocks, Items(tuple(line(item) for item in trust))]


def _undecided(what: str, reason: str, derived: str) -> list[Block]:
    blocks: list[Block] = [Heading(line("Undecided"))]
    blocks.append(Paragraph(line(f"{what}: {reason}.")))
    if derived:
        known = math(parse_expr(derived))
        told = line("The search suggests that the left side is of order ", known, ", unchecked.")
        blocks.append(Paragraph(told))
    return blocks


# Refutations.


def _refuted(writer: Writer, data: Mapping[str, Any], refuted: Refuted) -> list[Block]:
    """Return the witness, why it is allowed, what both sides are along it."""
    said = statement_of(writer.claim)
    blocks = definitions(writer, said.left, said.right.upper, (), "hold below")
    point = data.get("point", {})
    path = _path(data["values"], {**data["path"], **point})
    blocks.append(Heading(line("Refutation")))
    told = line("Consider ", _path_told(data["values"], data["path"]))
    if point:
        told = line(told, ", and there the point ", _path_told({}, point))
    blocks.append(Paragraph(line(told, ", up to constant factors, as t tends to infinity.")))
    holds = [_holds(condition, path) for condition in said.conditions]
    if holds:
        blocks += [Paragraph(line("It is allowed:")), Items(tuple(holds))]
    blocks += [Paragraph(line("Along it")), Items(tuple(_along(writer, said, path)))]
    if data["kind"] == "least":
        blocks += least(writer, data, path)
    if data["kind"] == "ratio":
        blocks += limits(writer, data, path)
    return [*blocks, Paragraph(line("So ", _fault(refuted), ": the claim is false."))]


def _fault(refuted: Refuted) -> Line:
    """Say how the ratio misbehaves, its order as mathematics."""
    before, ratio, after = refuted.text.partition(refuted.ratio)
    if refuted.side == "limit" or not ratio:
        return line(refuted.text)
    return line(before, math(parse_expr(ratio)), after)


def _path(values: Mapping[str, str], orders: Mapping[str, Any]) -> Path:
    exact = {name: Fraction(value) for name, value in values.items()}
    known = {name: Order(*map(Fraction, powers)) for name, powers in orders.items()}
    return Path(exact, with_effective_steps(known))


def _path_told(values: Mapping[str, str], orders: Mapping[str, Any]) -> Line:
    told = {name: parse_expr(value) for name, value in sorted(values.items())}
    for name, powers in sorted(orders.items()):
        told[name] = parse_expr(str(Order(*map(Fraction, powers))))
    return joined_by_and(line(equation(math(Name(n)), math(e))) for n, e in told.items())


def _order_math(order: Order) -> Math:
    return math(parse_expr(str(order)))


def _holds(condition: Condition, path: Path) -> Line:
    """Say why an assumption holds: by the values, or in order along the path."""
    sides = [exact_value(side, path.values) for side in (condition.left, condition.right)]
    told = line(math_condition(condition))
    if sides[0] is not None and sides[1] is not None:
        return line(told, f", as {sides[0]} {condition.op} {sides[1]}")
    left, right = (order_along(side, path) for side in (condition.left, condition.right))
    shown = line(_order_math(left), " against ", _order_math(right))
    return line(told, ", in order ", shown)


def _along(writer: Writer, said: UnfoldedStatement, path: Path) -> Iterator[Line]:
    """Yield the orders of the sums and of both sides along the path."""
    named = [*outer_nodes(said.left.upper), *outer_nodes(said.left.lower),
             *outer_nodes(said.right.upper)]  # fmt: skip
    for node in dict.fromkeys(named):
        yield _bounds_told(math(writer.short(node)), node, node, path)
    left, right = math(subject(writer.claim)), math(writer.claim.right)
    yield _bounds_told(left, said.left.upper, said.left.lower, path)
    if said.left.upper != said.right.upper:
        yield _bounds_told(right, said.right.upper, said.right.lower, path)


def _bounds_told(name: Math, upper: Expr, lower: Expr, path: Path) -> Line:
    """Say what is known of the order of an expression along the path."""
    high, low = _order_or_none(upper_along, upper, path), _order_or_none(lower_along, lower, path)
    if high is not None and high == low:
        return line(name, " is of order ", _order_math(high))
    known = []
    if low is not None:
        known.append(line("at least of order ", _order_math(low)))
    if high is not None:
        known.append(line("at most of order ", _order_math(high)))
    return line(name, " is ", joined_by_and(known)) if known else line(name, " stays unknown")


def _order_or_none(
    rule: Callable[[Expr, Path], Order | None], expr: Expr, path: Path
) -> Order | None:
    try:
        return rule(expr, path)
    except UndecidedError:
        return None
