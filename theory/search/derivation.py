r"""The search for the derivation of a claim.

From the definitions (`ratecert.proofs_check.kernel.premises`) a tree of case distinctions is
grown: whatever the planner of sums or the comparison of the two sides needs to know about the
sizes becomes a split, whatever sign of an exponent it needs and cannot prove from the assumptions
becomes a comparison of parameters at the top of the tree.  In each leaf sums and exponentials are
bounded and the sides compared.  The outcome is data for `ratecert.proofs_check.checker`, and the
search trusts nothing of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from ratecert.proofs_check.checker import is_exact, sides_of
from ratecert.proofs_check.kernel.algebra import Form, Frac
from ratecert.proofs_check.kernel.cone import Context, Generator, SignNeededError
from ratecert.proofs_check.kernel.defined import require_defined
from ratecert.proofs_check.kernel.goals import read_expr
from ratecert.proofs_check.kernel.growth import bound
from ratecert.proofs_check.kernel.logform import (
    LOGLOG,
    GrowthNeededError,
    form_expr,
    log_tree,
    monomial,
)
from ratecert.proofs_check.kernel.premises import (
    Premises,
    condition_generators,
    is_about_parameters,
    is_assumed,
    is_evident,
    premises,
    stated,
    with_sizes,
    with_slack,
)
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Expr, Name, Num, add, mul, power, walk
from ratecert.proofs_check.language.statement import Comparison, Condition
from ratecert.theory.search.certificates import positive
from ratecert.theory.search.equivalence import equivalence_leaf
from ratecert.theory.search.planner import falling_faster, has_decay, plan
from ratecert.theory.search.prover import (
    CaseNeededError,
    LogNeededError,
    Prover,
    SplitNeededError,
    StuckError,
)

__all__ = [
    "cases_of",
    "comparison_derivation",
    "grown",
    "needs",
    "settled",
    "split",
    "unmet",
    "with_values",
]

ONE, TWO = Num(Fraction(1)), Num(Fraction(2))
MUCH = Num(Fraction(4))
"""By this much faster exponentials are let fall where the least powers do not prove a claim."""
MAX_SPLITS = 8
MAX_COMPARISONS = 4

Leaf = Callable[[Premises, Prover], dict[str, Any]]


def with_values(claim: Claim) -> dict[str, Any]:
    """Return what a proof holds that both sides of a claim have values at all that it allows.

    That is an entry ``defined``, or nothing where it takes no sign of a parameter.

    Raises
    ------
    StuckError
        Where none is found, with what may have no value.
    """
    try:
        found = grown(stated(claim), (), _valued)
        return {"defined": found} if found else {}
    except (StuckError, RejectedError, CaseNeededError) as error:
        stuck = StuckError(f"the claim may say nothing: {error}")
        for case in reversed(cases_of(error)):
            stuck.add_note(case)
        raise stuck from error


def _valued(ready: Premises, _: Prover) -> dict[str, Any]:
    try:
        require_defined(ready)
    except (SignNeededError, GrowthNeededError):
        raise
    except RejectedError as error:
        raise StuckError(str(error)) from error
    return {}


def comparison_derivation(claim: Claim) -> dict[str, Any]:
    """Return the derivation of a claim that compares two sides, as data.

    Raises
    ------
    StuckError, RejectedError
        Where none is found, with the reason.
    """
    ready = premises(claim, exact=is_exact(claim))
    if ready.exact:
        tree = grown(ready, (), equivalence_leaf)
        return {"kind": "equivalence", "needs": needs(ready), "tree": tree}
    sides_of(claim.relation)
    known = needs(ready)
    return {"kind": "order", "needs": known, "tree": _tree(ready)}


def _tree(ready: Premises) -> dict[str, Any]:
    """Return the tree, with exponentials that fall faster than they have to if need be."""
    try:
        return grown(ready, (), _compared)
    except StuckError as stuck:
        if not has_decay(ready.left.upper, ready.left.lower, ready.right):
            raise
        first = last = stuck
    # Above every exponent that the numbers and parameters of the claim make up.
    squares = (power(Name(name), TWO) for name in ready.ctx.ring.names)
    for extra in (MUCH, mul(MUCH, add(_numbers(ready), *squares))):
        with falling_faster(extra):
            try:
                return grown(ready, (), _compared)
            except StuckError as stuck:
                last = stuck
    # The last failure says most, but in terms of exponents that nobody wrote.
    raise last.in_words(str(first) if first.value is None else _in_full(ready))


def _numbers(ready: Premises) -> Num:
    """Return a number above all quotients of numbers in the two sides, without their signs."""
    sides = (ready.left.upper, ready.left.lower, ready.right)
    nodes = {node.value for side in sides for node in walk(side) if isinstance(node, Num)}
    total = sum((abs(value) + 1 / abs(value) for value in nodes if value), Fraction(1))
    return Num(total**2)


def needs(ready: Premises) -> list[Any]:
    """Return the proofs of the conditions under which the definitions hold."""
    return [
        None if _is_given(need, ready) else _need(need, ready.ctx) for need in ready.left.needs
    ]


def unmet(ready: Premises) -> list[Condition]:
    """Return the conditions under which the definitions hold that are not proved."""
    found: list[Condition] = []
    for need in ready.left.needs:
        try:
            if not _is_given(need, ready):
                _need(need, ready.ctx)
        except StuckError:
            found.append(need)
    return found


def _is_given(need: Condition, ready: Premises) -> bool:
    return is_assumed(need, ready.claim.assume) or is_evident(need, ready.ctx.sizes)


def _need(need: Condition, ctx: Context) -> Any:
    if need.op not in ("<", ">", ">=") or not is_about_parameters(need, ctx):
        raise StuckError(f"the definitions need {need}")
    difference = ctx.ring.frac(need.left) - ctx.ring.frac(need.right)
    if difference.constant() is not None:
        return []
    poly = -difference.signed() if need.op == "<" else difference.signed()
    found = positive(poly, ctx, strict=need.op != ">=")
    if found is None:
        raise StuckError(f"the definitions need {need}")
    return found


# Growing the tree.


def grown(ready: Premises, more: tuple[Condition, ...], leaf: Leaf) -> dict[str, Any]:
    """Return the tree under the assumptions and the comparisons `more` made so far.

    The leaf asks for distinctions of cases by its exceptions.
    """
    try:
        return _region(ready, leaf, MAX_SPLITS)
    except CaseNeededError as case:
        if len(more) == MAX_COMPARISONS:
            raise StuckError(str(case), value=case.value) from case
        left, right = _sides_of_case(case.value, ready)
        node: dict[str, Any] = {"compare": [str(left), str(right)]}
        ops: tuple[tuple[str, Comparison], ...] = (("gt", ">"), ("eq", "="), ("lt", "<"))
        for key, op in ops:
            condition = Condition(left, op, right)
            inner = ready.anew(condition)
            void = Prover(inner.ctx).void()
            with _in_case(str(condition)):
                node[key] = void or grown(inner, (*more, condition), leaf)
        return node


@contextmanager
def _in_case(condition: str) -> Iterator[None]:
    """Note on an error in which case it was met: `cases_of` reads it."""
    try:
        yield
    except (StuckError, RejectedError) as error:
        error.add_note(condition)
        raise


def cases_of(error: Exception) -> tuple[str, ...]:
    """Return the conditions of the case in which an error was met, the outermost first."""
    return tuple(reversed(getattr(error, "__notes__", [])))


def split(ready: Premises, leaf: Leaf) -> dict[str, Any]:
    """Return the tree without comparisons of parameters.

    Raises
    ------
    CaseNeededError
        Where one is needed.
    """
    return _region(ready, leaf, MAX_SPLITS)


def _sides_of_case(value: Frac, ready: Premises) -> tuple[Expr, Expr]:
    """Write ``value`` compared with 0 as NAME compared with an expression where it is linear."""
    ring = ready.ctx.ring
    numerator = ring.expr(Frac(value.num, ring.one.num))
    for name in reversed(ring.names):
        at = ring.names.index(name)
        degrees = [monomial[at] for monomial in value.num.to_dict()]
        if max(degrees) != 1:
            continue
        slope = Frac(value.num.derivative(name), ring.one.num)
        if slope.constant() is None:
            continue
        rest = Frac.of(value.num, slope.num) - ring.frac(Name(name))
        return Name(name), ring.expr(-rest)
    return numerator, Num(Fraction(0))


def _region(ready: Premises, leaf: Leaf, splits: int) -> dict[str, Any]:
    signs, ready, prover = settled(ready)
    steps: list[dict[str, Any]] = [{"signs": signs}] if signs else []
    while True:
        try:
            node = _split_region(ready, prover, leaf, splits)
            break
        except SignNeededError as needed:
            step, ready, prover = _signed(ready, prover, needed)
            if steps and "signs" in steps[-1]:
                steps[-1]["signs"].append(step)
            else:
                steps.append({"signs": [step]})
        except LogNeededError as needed:
            prover = prover.with_log(needed.text)
            ready = replace(ready, ctx=prover.ctx)
            steps.append({"log": needed.text})
        except GrowthNeededError as needed:
            step, prover = prover.with_growth(needed)
            ready = replace(ready, ctx=prover.ctx)
            steps.append(step)
    for outer in reversed(steps):
        node = {**outer, "then": node}
    return node


def settled(ready: Premises) -> tuple[list[Any], Premises, Prover]:
    """Prove the signs that the assumptions about sizes need; return them with the premises.

    Raises
    ------
    CaseNeededError
        Where a sign is not settled.
    """
    signs: list[Any] = []
    prover = Prover(ready.ctx)
    while ready.pending:
        try:
            condition_generators(prover.ctx, ready.pending[0])
        except SignNeededError as needed:
            step, ready, prover = _signed(ready, prover, needed)
            signs.append(step)
    return signs, ready, prover


def _signed(
    ready: Premises, prover: Prover, needed: SignNeededError
) -> tuple[Any, Premises, Prover]:
    found = prover.with_sign(needed.value)
    if found is None:
        text = str(prover.ctx.ring.expr(needed.value))
        raise CaseNeededError(needed.value, text) from needed
    step, signed = found
    ready = with_sizes(ready, signed.ctx)
    return step, ready, Prover(ready.ctx)


def _split_region(ready: Premises, prover: Prover, leaf: Leaf, splits: int) -> dict[str, Any]:
    try:
        return leaf(ready, prover)
    except SplitNeededError as needed:
        if splits == 0:
            raise StuckError("too many distinctions of cases") from needed
        prover.require_known(needed.form)
        ctx = prover.ctx
        whole = _with_whole_powers(_in_question(needed.form, prover), ctx)
        at = form_expr(whole, ctx)
        log_tree(at, ctx)
        node: dict[str, Any] = {"split": str(at)}
        for key, form, op in (("ge", whole, ">="), ("le", -whole, "<=")):
            case = Generator(form, f"{at} {op} 1", is_case=True)
            inner = Prover(ctx.with_generators(case))
            with _in_case(case.text):
                node[key] = inner.impossible() or _region(
                    replace(ready, ctx=inner.ctx), leaf, splits - 1
                )
        return node


def _in_question(form: Form, prover: Prover) -> Form:
    """Return a monomial whose logarithm occurs if it may be small or large, else the form."""
    for variable in form.coeffs:
        if variable.startswith(LOGLOG):
            inner = monomial(read_expr(variable.removeprefix(LOGLOG)), prover.ctx)
            if not (prover.nonnegative(inner) or prover.nonnegative(-inner)):
                return inner
    return form


def _with_whole_powers(form: Form, ctx: Context) -> Form:
    """Return a positive multiple whose exponents are coprime integers, if there is one."""
    first = min(form.coeffs)
    ratios = [(coeff / form.coeffs[first]).constant() for coeff in form.coeffs.values()]
    known = [ratio for ratio in ratios if ratio is not None]
    try:
        sign = ctx.sign(form.coeffs[first])
    except SignNeededError:
        return form
    if len(known) < len(ratios) or sign == "0":
        return form
    scale = Fraction(lcm(*(r.denominator for r in known)), gcd(*(r.numerator for r in known)))
    one = scale if sign == "+" else -scale
    return form.scale(ctx.ring.number(one) / form.coeffs[first])


def _compared(ready: Premises, prover: Prover) -> dict[str, Any]:
    """Return the leaf that compares the two sides of a claim."""
    relation = ready.claim.relation
    node: dict[str, Any] = {"bounds": {}}
    bounds = node["bounds"]
    slack = Prover(with_slack(ready))
    if "upper" in sides_of(relation):
        plan(ready.left.upper, True, prover, bounds)
        plan(ready.right, False, prover, bounds)
    if "lower" in sides_of(relation):
        plan(ready.right, True, prover, bounds)
        plan(ready.left.lower, False, prover, bounds)
    if "upper" in sides_of(relation):
        small = bound(ready.left.upper, True, prover.ctx, bounds)
        large = bound(ready.right, False, prover.ctx, bounds)
        if small is None or large is None:
            raise StuckError(f"no lower bound was found for {ready.right}")
        with _told_in_full(ready):
            node["upper"] = slack.goal(small, large, diverging=relation == "o")
    if "lower" in sides_of(relation):
        small = bound(ready.right, True, prover.ctx, bounds)
        large = bound(ready.left.lower, False, prover.ctx, bounds)
        if small is None or large is None:
            raise StuckError(f"no lower bound was found for {ready.left.lower}")
        with _told_in_full(ready):
            node["lower"] = slack.goal(small, large)
    return node


@contextmanager
def _told_in_full(ready: Premises) -> Iterator[None]:
    """Say that the claim is not settled where it is bounds of exponentials that do not compare.

    The search chose the powers in these bounds; a reader has never heard of them.
    """
    try:
        yield
    except StuckError as stuck:
        if not has_decay(ready.left.upper, ready.left.lower, ready.right):
            raise
        raise stuck.in_words(_in_full(ready)) from None


def _in_full(ready: Premises) -> str:
    return f"{ready.claim.left} = {ready.claim.relation}({ready.claim.right}) is not settled"
