"""Contexts, trees and bounds, as tests of the kernel write them."""

from __future__ import annotations

from typing import Any

import pytest

from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.algebra import (
    Form,
)
from ratecert.proofs_check.kernel.cone import (
    Context,
    Tree,
    lin,
)
from ratecert.proofs_check.kernel.logform import log_tree
from ratecert.proofs_check.kernel.premises import (
    premises,
)
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.grammar import parse_expr

ONE: list[Any] = [["1", []]]


ZERO = lin(Form({}))


def context(*assume: str, says: str = "M*N*T*gamma = O(M*N*T)") -> Context:
    return premises(make_claim(says, assume)).ctx


def tree(text: str, ctx: Context) -> Tree:
    return log_tree(parse_expr(text), ctx)


def refused(message: str) -> Any:
    return pytest.raises(RejectedError, match=message)


# Optima.


def objective(says: str, minimise: str = "1/M + M/C", **more: Any) -> Claim:
    return make_claim(says, minimise=minimise, over=["M"], **more)
