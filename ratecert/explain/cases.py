"""The steps of a checked derivation in words: cases, orders of sums, comparisons, optima.

Nothing is derived here.  `proof` walks through data that `proofs_check` has checked, in the
contexts of the checker itself, and says what each step is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ratecert.explain.comparisons import (
    comparisons_of,
    fact,
    joined_by,
    joined_by_and,
    shorter_comparisons,
)
from ratecert.explain.equivalence import equivalence_told
from ratecert.proofs_check.checker import sides_of
from ratecert.proofs_check.kernel.cases import comparisons
from ratecert.proofs_check.kernel.cone import Context, Tree
from ratecert.proofs_check.kernel.goals import read_expr, refined
from ratecert.proofs_check.kernel.growth import bound, decay_argument
from ratecert.proofs_check.kernel.logform import log_tree
from ratecert.proofs_check.kernel.optimum import (
    at_point,
    gap_goal,
    parts_of,
    place,
    read_point,
    value_tree,
)
from ratecert.proofs_check.kernel.premises import Premises, with_sizes, with_slack
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.expr import (
    Call,
    Expr,
    Name,
    Pow,
    Sum,
    children,
    neg,
    rebuild,
    unmarked,
)
from ratecert.proofs_check.paths.bounds import Path
from ratecert.proofs_check.refutation.least import tied_premises
from ratecert.proofs_check.refutation.ratio import tied_exactly
from ratecert.theory.search.lattices import simplified, tree_expr
from ratecert.theory.search.prover import Prover
from ratecert.writing.mathtext import latex
from ratecert.writing.page import (
    Block,
    Display,
    Heading,
    Items,
    Line,
    Paragraph,
    equation,
    landau,
    line,
    math,
)
from ratecert.writing.tables import Math
from ratecert.writing.tidy import tidy

__all__ = ["Writer", "cases_of", "least", "limits", "outer_nodes", "proof", "subject"]


@dataclass(slots=True)
class Writer:
    """Writes the steps; remembers the names it gave to sums and what it has said before."""

    claim: Claim
    names: dict[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    cases: int = 0

    def short(self, expr: Expr) -> Expr:
        """Return the expression with every sum replaced by its name."""
        if isinstance(expr, Sum):
            return Name(self.names.setdefault(str(expr), f"S_{len(self.names) + 1}"))
        parts = children(expr)
        return rebuild(expr, tuple(map(self.short, parts))) if parts else expr

    def defined(self, *exprs: Expr) -> list[Math]:
        """Return the definitions of the sums in the expressions that have no name yet."""
        found = []
        for expr in exprs:
            for node in outer_nodes(expr):
                if isinstance(node, Sum) and str(node) not in self.names:
                    name, shown = self.short(node), tidy(node)
                    text = unmarked(f"{name} = {shown}")
                    found.append(Math(f"{latex(name)} = {latex(shown)}", text))
        return found


def outer_nodes(expr: Expr) -> Iterator[Expr]:
    """Yield the sums and exponentials of an expression that stand in no other sum."""
    if isinstance(expr, Sum) or (isinstance(expr, Call) and expr.func == "exp"):
        yield expr
        return
    for part in children(expr):
        yield from outer_nodes(part)


# The tree of cases.


@dataclass(frozen=True, slots=True)
class Case:
    """A leaf of the tree of cases: what holds there, and the data of its proof."""

    ready: Premises
    when: tuple[Line, ...]
    data: Any


def cases_of(ready: Premises, node: Any, when: tuple[Line, ...] = ()) -> Iterator[Case]:
    """Yield the leaves of a checked tree of case distinctions."""
    if isinstance(node, Mapping) and "compare" in node:
        left, right = node["compare"]
        signs = {"gt": ">", "eq": "=", "lt": "<"}
        for compared, key in comparisons(ready, node):
            yield from cases_of(compared, node[key], (*when, fact(f"{left} {signs[key]} {right}")))
        return
    steps = list(refined(node, ready.ctx))
    for (ctx, rest), extra in zip(steps, _branches(node), strict=bool(steps)):
        inner = (*when, extra) if extra else when
        yield from cases_of(with_sizes(ready, ctx), rest, inner)
    if not steps:
        yield Case(ready, when, node)


def _branches(node: Any) -> list[Line | None]:
    """Return the condition of each branch of a refinement, in the order of `refined`."""
    if "split" in node:
        return [fact(f"{node['split']} {op} 1") for op in (">=", "<=")]
    if "cases" in node:
        return [fact(f"{node['cases']} {op} 0") for op in (">", "=", "<")]
    return [None]


def proof(writer: Writer, ready: Premises, data: Mapping[str, Any]) -> list[Block]:
    """Return the cases of a checked derivation."""
    if "tree" not in data:
        told = line("The derivation was checked; this page has no words for its kind.")
        return [Paragraph(told)]
    if writer.claim.objective is not None:
        return _optimum(writer, ready, data["tree"])
    title = "Equivalents" if ready.exact else "Orders, case by case"
    blocks: list[Block] = [Heading(line(title))]
    blocks += _signs(data["tree"])
    leaf = _equivalent if ready.exact else _compared
    for case in cases_of(ready, data["tree"]):
        blocks += _case(writer, case, lambda inner: leaf(writer, inner))
    return blocks


def _equivalent(writer: Writer, case: Case) -> list[Block]:
    """Return the leaf of a claim with ``~``."""
    blocks = _new_sums(writer, case.ready)
    return blocks + equivalence_told(case.ready, case.data, writer.short)


def limits(writer: Writer, data: Mapping[str, Any], path: Path) -> list[Block]:
    """Return what both sides are equivalent to along the path of a witness."""
    told = line("With constants, whatever the factors by which the sizes are off that path:")
    blocks: list[Block] = [Paragraph(told)]
    for case in cases_of(tied_exactly(writer.claim, path), data["tree"]):
        blocks += _case(writer, case, lambda inner: _equivalent(writer, inner))
    return blocks


def _signs(node: Any) -> list[Block]:
    """Return the signs of exponents that the tree proves, once and for all cases."""
    texts = (f"{text} {'>' if sign == '+' else '<'} 0" for text, sign in _all_signs(node))
    found = list(dict.fromkeys(texts))
    if not found:
        return []
    told = line("Signs of exponents, each a combination with positive coefficients of products ")
    return [Paragraph(line(told, "of the assumptions: ", joined_by_and(map(fact, found)), "."))]


def _all_signs(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        if "signs" in node:
            yield from ((text, sign) for text, sign, _ in node["signs"])
        for key in ("gt", "eq", "lt", "ge", "le", "pos", "zero", "neg", "then"):
            if key in node:
                yield from _all_signs(node[key])


def _case(writer: Writer, case: Case, leaf: Callable[[Case], list[Block]]) -> list[Block]:
    blocks: list[Block] = []
    if case.when:
        writer.cases += 1
        blocks.append(Paragraph(line(f"Case {writer.cases}: ", joined_by_and(case.when), ".")))
    if "absurd" in case.data or "void" in case.data:
        return [*blocks, Paragraph(line("This does not occur under the assumptions."))]
    return blocks + leaf(case)


def _compared(writer: Writer, case: Case) -> list[Block]:
    """Return the leaf of a claim that compares its two sides."""
    ready, bounds = case.ready, case.data["bounds"]
    claim = writer.claim
    slack = with_slack(ready)
    blocks: list[Block] = _new_sums(writer, ready)
    entries = list(_orders(writer, ready, bounds))
    left, right = math(subject(claim)), math(claim.right)
    letter = "o" if claim.relation == "o" else "O"
    for side in sides_of(claim.relation):
        if side == "upper":
            small = _known(bound(ready.left.upper, True, ready.ctx, bounds))
            large = _known(bound(ready.right, False, ready.ctx, bounds))
            claimed = equation(left, landau(letter, right))
            steps = comparisons_of(small, large, case.data[side], slack, letter)
        else:
            small = _known(bound(ready.right, True, ready.ctx, bounds))
            large = _known(bound(ready.left.lower, False, ready.ctx, bounds))
            claimed = equation(right, landau("O", left))
            steps = shorter_comparisons(small, large, case.data[side], slack)
        entries.append(_hence(line(claimed), steps))
    blocks.append(Items(tuple(entries)))
    return blocks


def _known(tree: Tree | None) -> Tree:
    """Return a bound that the checker has asked for, so that it is there."""
    assert tree is not None
    return tree


def _hence(claimed: Line, steps: Iterator[Line]) -> Line:
    """Return "hence", with the comparisons that are not trivial."""
    reasons = list(dict.fromkeys(steps))
    if not reasons:
        return line("Hence ", claimed, ", term by term.")
    return line("Hence ", claimed, ": ", joined_by(reasons, "; "), ".")


def subject(claim: Claim) -> Expr:
    """Return what the claim bounds: its left side, or the objective of its optimum."""
    return claim.objective.expr if claim.objective else claim.left


def _new_sums(writer: Writer, ready: Premises) -> list[Block]:
    sums = writer.defined(ready.left.upper, ready.left.lower, ready.right)
    return [Paragraph(line("Here")), Display(tuple(sums))] if sums else []


# Sums and exponentials.


def _orders(writer: Writer, ready: Premises, bounds: Mapping[str, Any]) -> Iterator[Line]:
    """Yield a sentence on each sum and exponential of the two sides."""
    nodes = [
        *outer_nodes(ready.left.upper),
        *outer_nodes(ready.left.lower),
        *outer_nodes(ready.right),
    ]
    for node in dict.fromkeys(nodes):
        hint = bounds.get(str(node))
        if isinstance(hint, Mapping):
            yield _once(writer, _order(writer, node, hint, ready.ctx, bounds))


def _once(writer: Writer, told: tuple[Line, Line]) -> Line:
    """Return the statement with its reason, the second time with a reference to the first."""
    said, reason = told
    key = str((said, reason))
    if key in writer.said:
        return line(said, ", as in ", writer.said[key], ".")
    if writer.cases:
        writer.said[key] = f"case {writer.cases}"
    return line(said, ": ", reason, ".") if reason else line(said, ".")


def _order(
    writer: Writer, node: Expr, hint: Mapping[str, Any], ctx: Context, bounds: Mapping[str, Any]
) -> tuple[Line, Line]:
    """Return what the order of a sum or exponential is, and why."""
    prover = Prover(ctx)
    name = math(writer.short(node))
    high = bound(node, True, ctx, bounds) if "upper" in hint else None
    low = bound(node, False, ctx, bounds) if "lower" in hint else None
    above = None if high is None else simplified(high, prover)
    below = None if low is None else simplified(low, prover)
    known = {"Theta": above} if above == below else {"O": above, "Omega": below}
    said = joined_by_and(
        [
            line(equation(name, landau(relation, math(tree_expr(tree, ctx)))))
            for relation, tree in known.items()
            if tree is not None
        ]
    )
    reasons = []
    if isinstance(node, Sum) and "upper" in hint:
        reasons.append(_vertices(node, hint["upper"]))
    if isinstance(node, Sum) and "lower" in hint:
        reasons.append(_windows(node, hint, below, ctx, above == below))
    return said, joined_by(reasons, "; ")


def _vertices(node: Sum, hint: Mapping[str, Any]) -> Line:
    """Say where the terms of a sum, times the index, are largest."""
    index = math(Name(node.index))
    if "cut" in hint:
        place = line(equation(index, math(read_expr(hint["cut"]))))
        below, above = (_vertices(node, hint[part]) for part in ("below", "above"))
        return line("cut at ", place, "; below it ", below, "; above it ", above)
    slope = math(read_expr(hint["slope"]))
    points = [_point(node.index, piece["at"]) for piece in hint["pieces"] if "at" in piece]
    told = line("term times ", index, " is largest at ", joined_by_and(points))
    told = line(told, ", falling off by the power ", slope, " or more")
    for piece in hint["pieces"]:
        if "log at" in piece:
            top = Call("log", (Name(node.index),))
            told = line(
                told, ", and on the scale of logarithms, times ", math(top), " too, around "
            )
            told = line(told, _point(node.index, piece["log at"]))
    for piece in hint["pieces"]:
        if "from" in piece:
            ends = joined_by_and(line(math(read_expr(piece[end]))) for end in ("from", "to"))
            lengths = [math(Call("log", (Name(name),))) for name in (piece["log"], node.index)]
            told = line(told, ", and flat between ", ends, ", a stretch of length O(")
            told = line(told, lengths[0], ") in ", lengths[1])
    decays = list(_decays(hint.get("inner", {})))
    return line(told, ", with ", joined_by_and(decays)) if decays else told


def _point(index: str, text: str) -> Line:
    return line(equation(math(Name(index)), math(read_expr(text))))


def _decays(inner: Mapping[str, Any]) -> Iterator[Line]:
    """Say what the exponentials of a term are bounded by."""
    for text, hint in inner.items():
        node = read_expr(text)
        if isinstance(node, Call) and node.func == "exp" and "upper" in hint:
            power = read_expr(hint["upper"]["power"])
            raised = math(Pow(decay_argument(node), neg(power)))
            yield line(equation(math(node), landau("O", raised)))


def _windows(
    node: Sum, hint: Mapping[str, Any], below: Tree | None, ctx: Context, exact: bool
) -> Line:
    """Say which terms alone give the lower bound; `exact` if it is the order of the sum."""
    prover = Prover(ctx)
    enough = hint["lower"]
    for item in hint["lower"]:
        alone = bound(node, False, ctx, {str(node): {"lower": [item]}})
        if alone is not None and simplified(alone, prover) == below:
            enough = [item]
            break
    pieces = hint.get("upper", {}).get("pieces")
    if exact and [{"at": item.get("at")} for item in enough] == pieces:
        return line("the terms around there alone are of that order")
    places: list[Line] = []
    for item in enough:
        if "at" in item:
            places.append(line("around ", _point(node.index, item["at"])))
        else:
            ends = [line(math(read_expr(item[end]))) for end in ("from", "to")]
            places.append(line("between ", joined_by_and(ends)))
    return line("for the lower bound take the terms ", joined_by_and(places))


# Optima.


def _optimum(writer: Writer, ready: Premises, tree: Any) -> list[Block]:
    blocks: list[Block] = [Heading(line("The optimum"))]
    for case in cases_of(ready, tree):
        blocks += _case(writer, case, lambda inner: _choice(writer, inner))
    return blocks


def _choice(writer: Writer, case: Case) -> list[Block]:
    ready, node = case.ready, case.data
    blocks: list[Block] = []
    value = math(ready.right if place(ready) is None else read_expr(node["value"]))
    goal = math(subject(writer.claim))
    for part in parts_of(ready):
        if part == "attained":
            point = [
                line(equation(math(Name(name)), math(read_expr(text))))
                for name, text in sorted(node["point"].items())
            ]
            attained = equation(goal, landau("O", value))
            told = line("Attained.  Take ", joined_by_and(point), ", where every assumption ")
            told = line(told, "and constraint holds.  There ", attained, ":")
            blocks.append(Paragraph(told))
            at = replace(ready, ctx=at_point(ready.ctx, read_point(ready, node["point"])))
            for inner in cases_of(at, node["attained"]):
                blocks += _case(writer, inner, lambda c: _attained(writer, c, node))
        else:
            blocks.append(Paragraph(_lower_claim(writer, ready, node, value)))
            for inner in cases_of(ready, node["lower"]):
                blocks += _case(writer, inner, lambda c: _lower(writer, c, node))
    return blocks


def _attained(writer: Writer, case: Case, node: Any) -> list[Block]:
    ready, bounds = case.ready, case.data["bounds"]
    small = _known(bound(ready.left.upper, True, ready.ctx, bounds))
    steps = comparisons_of(small, value_tree(ready, node), case.data["goal"], with_slack(ready))
    claimed = line(math(subject(writer.claim)), " is at most of that order")
    blocks = _new_sums(writer, ready)
    return [*blocks, Items((*_orders(writer, ready, bounds), _hence(claimed, steps)))]


def _lower_claim(writer: Writer, ready: Premises, node: Any, value: Math) -> Line:
    told = line("Nowhere below.  For all feasible values, ", math(subject(writer.claim)),
                " is at least of order ", value)  # fmt: skip
    name = place(ready)
    if name is None:
        return line(told, ":")
    where, claimed = math(Name(name)), math(writer.claim.right)
    slope = math(read_expr(node["slope"]))
    told = line(told, ", and larger by the power ", slope, " of the factor by which ", where,
                " is away from ", claimed)  # fmt: skip
    if "cap" in node:
        told = line(told, " (or by ", math(read_expr(node["cap"])), ", which tends to infinity)")
    return line(told, "; so a minimum has ", where, " of that order:")


def _lower(writer: Writer, case: Case, node: Any) -> list[Block]:
    ready, bounds = case.ready, case.data["bounds"]
    large = _known(bound(ready.left.lower, False, ready.ctx, bounds))
    steps = shorter_comparisons(gap_goal(ready, node), large, case.data["goal"], with_slack(ready))
    claimed = line(math(subject(writer.claim)), " is at least so large")
    blocks = _new_sums(writer, ready)
    return [*blocks, Items((*_orders(writer, ready, bounds), _hence(claimed, steps)))]


def least(writer: Writer, data: Mapping[str, Any], path: Path) -> list[Block]:
    """Return the proof that the objective is nowhere below the value of a witness."""
    claim = writer.claim
    given = {name: order for name, order in path.orders.items() if name in data["path"]}
    ready = tied_premises(claim, path.values, given)
    value = read_expr(data["value"])
    told = line("There the objective is nowhere below the order of ", math(value), ":")
    blocks: list[Block] = [Paragraph(told)]

    def leaf(case: Case) -> list[Block]:
        bounds = case.data["bounds"]
        large = _known(bound(case.ready.left.lower, False, case.ready.ctx, bounds))
        small = log_tree(value, case.ready.ctx)
        steps = shorter_comparisons(small, large, case.data["goal"], case.ready.ctx)
        hence = _hence(line(math(subject(claim)), " is at least so large"), steps)
        told = _new_sums(writer, case.ready)
        return [*told, Items((*_orders(writer, case.ready, bounds), hence))]

    for case in cases_of(ready, data["lower"]):
        blocks += _case(writer, case, leaf)
    return blocks
