"""Rates: the order of an expression in every case that its sums distinguish.

A rate is found with the same planner that derives claims: in each region of the sizes the sums are
bounded from above and below, and where the two bounds agree that is the order there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proofs_check.cone import Context, Tree
from proofs_check.growth import bound
from proofs_check.premises import Premises
from theory.derive import grown
from theory.planner import plan, simplified
from theory.prover import Prover

__all__ = ["Region", "regions"]


@dataclass(frozen=True, slots=True)
class Region:
    """The bounds of an expression in one case: lattices of linear forms in logarithms.

    `lower` is None where no lower bound was found.
    """

    ready: Premises
    upper: Tree
    lower: Tree | None

    @property
    def ctx(self) -> Context:
        """What is known in the region."""
        return self.ready.ctx


def regions(ready: Premises) -> list[Region]:
    """Return the regions of a claim's left side (or objective) with its bounds there.

    Raises
    ------
    StuckError, RejectedError
        Where the search gives up.
    """
    found: list[Region] = []

    def leaf(inner: Premises, prover: Prover) -> dict[str, Any]:
        bounds: dict[str, Any] = {}
        plan(inner.left.upper, True, prover, bounds)
        plan(inner.left.lower, False, prover, bounds)
        upper = bound(inner.left.upper, True, inner.ctx, bounds)
        lower = bound(inner.left.lower, False, inner.ctx, bounds)
        assert upper is not None
        small = None if lower is None else simplified(lower, prover)
        found.append(Region(inner, simplified(upper, prover), small))
        return {}

    grown(ready, (), leaf)
    return found
