r"""Claims about optima: the minimum of an objective under constraints, and where it is attained.

Let E be the objective, a function of the sizes and the step size that `over` names, subject to
the constraints; its value is known between two explicit expressions up to constants (`meaning`).
The derivation names a value V and a point (an expression for every variable in the names that
are not varied) and proves

1. *Feasible*: at the point the constraints and assumptions hold, its sizes tend to infinity and
   its step size is bounded;
2. *Attained*: ``E <= C V`` at the point;
3. *Lower bound*: ``E >= c V`` for all feasible variables; and, for a claim about the place X of
   the optimum, the *gap* ``E >= c V max(X/R, R/X)^δ`` with some ``δ > 0``.

From 2 and 3 the minimum is of order V.  With the gap, where E is within a factor K of its minimum
``max(X/R, R/X)^δ <= C K/c``, so X is of order R there; and the minimum is attained in that sense at
the point.  One-sided claims (``O``, ``Omega``) about the place need ``(X/R)^δ`` or ``(R/X)^δ`` only,
with the point for both; about the value, 2 only or 3 only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from proofs_check.claim import Condition, optimal_of
from proofs_check.cone import Context, Generator, RejectedError, Tree, join, lin, plus, scaled
from proofs_check.expr import Expr, Name, free_names, substitute
from proofs_check.goals import check_goal, entry, parameter, read_expr
from proofs_check.growth import bound
from proofs_check.logform import log_tree, monomial
from proofs_check.premises import Premises

__all__ = ["check_optimum", "place_goal"]
