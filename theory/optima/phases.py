"""Phase diagrams: the optimal allocation in every regime of the parameters and of what is given.

The cells of a diagram are the cases that `ratecert.theory.optima.optimise` distinguishes until the
optimum is a single monomial in each.  For the compute-optimal allocation of one-pass SGD over the
exponents of spectrum and target::

    >>> for phase in phase_diagram():
    ...     print(*phase.when, phase.value, phase.optimal["M"][0], phase.optimal["gamma"])
    b >= a C^((1 - b)/(b + 1)) C^(1/(b + 1)) ('C^((a - b)/(b + 1))', '1')
    b < a C^((1 - b)/(a + 1)) C^(1/(a + 1)) ('1', '1')

For ``b > a`` every step size between the two is as good as any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.algebra import Form, NotRationalError
from ratecert.proofs_check.kernel.cone import lin
from ratecert.proofs_check.kernel.logform import form_expr
from ratecert.proofs_check.kernel.premises import Premises, premises
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.expr import Expr, substitute
from ratecert.theory.optima.optimise import Cell, cells
from ratecert.theory.rates.rates import Region
from ratecert.theory.rates.regimes import When, merged

__all__ = ["Phase", "phase_diagram", "phases"]

Ends = tuple[str | None, str | None]


@dataclass(frozen=True, slots=True)
class Phase:
    """One cell of a phase diagram; all entries are texts of the claim language.

    Attributes
    ----------
    when
        What holds in the cell beyond the assumptions.
    value
        The order of the least value of the objective.
    optimal
        For each name that is minimised over the least and the largest order among all optimal
        points; the two agree where the optimum is unique, None stands for no bound.
    """

    when: tuple[str, ...]
    value: str
    optimal: Mapping[str, Ends]

    def is_unique(self, name: str) -> bool:
        """Whether every optimal point has this name of one order."""
        low, high = self.optimal[name]
        return low is not None and low == high


def phases(claim: Claim) -> tuple[Phase, ...]:
    """Return the cells of the optimum that a claim is about, whatever it says of it.

    Raises
    ------
    StuckError, RejectedError
        Where the objective has no rule, or the search gives up.
    """
    root = premises(claim)
    found = [_Case(_when(cell, root), cell) for cell in cells(root)]
    return tuple(_phase(case) for case in merged(found, _with_one_optimum))


def phase_diagram(
    features: str = "gaussian",
    subject_to: str = "M*N_eff = C",
    over: tuple[str, ...] = ("M", "N_eff", "gamma"),
    assume: tuple[str, ...] = ("a > 1", "b > 1", "b < a + 1"),
    minimise: str = "risk - sigma^2",
) -> tuple[Phase, ...]:
    """Return the cells of the compute-optimal allocation over the exponents (a, b).

    The defaults are those of Theorem 4.2 of Lin et al. 2024: reducible risk under the budget
    ``M N_eff = C``, the step size chosen as well.
    """
    claim = make_claim(
        "optimal(value) = Theta(1)", assume=list(assume), minimise=minimise, over=list(over),
        subject_to=subject_to, features=features,
    )  # fmt: skip
    return phases(claim)


@dataclass(frozen=True, slots=True)
class _Case:
    when: tuple[str, ...]
    cell: Cell


def _when(cell: Cell, root: Premises) -> tuple[str, ...]:
    value = lin(cell.optimum.value)
    return Region(cell.ready, value, value).when(root)


def _phase(case: _Case) -> Phase:
    ctx, optimum = case.cell.ready.ctx, case.cell.optimum

    def text(form: Form | None) -> str | None:
        return None if form is None else str(form_expr(form, ctx))

    ends = {name: (text(low), text(high)) for name, (low, high) in optimum.faces.items()}
    return Phase(case.when, str(form_expr(optimum.value, ctx)), ends)


def _with_one_optimum(first: _Case, second: _Case, when: When) -> _Case | None:
    """Return the case that two are together where one optimum is right in both."""
    for general, special in ((first, second), (second, first)):
        if _agrees(general.cell, special.cell):
            return _Case(when, general.cell)
    return None


def _agrees(general: Cell, special: Cell) -> bool:
    """Whether an optimum has the form of another, in which equations have been substituted."""

    def same(one: Form | None, other: Form | None) -> bool:
        if one is None or other is None:
            return one is other
        return _in_case(one, general, special) == other

    faces = special.optimum.faces
    return same(general.optimum.value, special.optimum.value) and all(
        same(one, other)
        for name, ends in general.optimum.faces.items()
        for one, other in zip(ends, faces[name], strict=True)
    )


def _in_case(form: Form, general: Cell, special: Cell) -> Form | None:
    """Return a form with the equations of another case substituted; None at a pole."""
    ring = special.ready.ctx.ring
    try:
        return Form.of({
            variable: ring.frac(_put(general.ready.ctx.ring.expr(coeff), special))
            for variable, coeff in form.coeffs.items()
        })  # fmt: skip
    except (NotRationalError, ZeroDivisionError):
        return None


def _put(expr: Expr, special: Cell) -> Expr:
    for name, value in special.ready.equations:
        expr = substitute(expr, {name: value})
    return expr
