"""Relations between orders, and conditions: what statements and assumptions are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ratecert.proofs_check.language.expr import Expr

__all__ = ["RELATIONS", "Comparison", "Condition"]

RELATIONS = ("Theta", "O", "Omega", "o", "~", "Thetatilde", "Otilde", "Omegatilde")


Comparison = Literal["<", "<=", "=", ">=", ">"]


@dataclass(frozen=True, slots=True)
class Condition:
    """An assumption ``left op right``: between parameters exact, between sizes up to a factor."""

    left: Expr
    op: Comparison
    right: Expr

    def __str__(self) -> str:
        return f"{self.left} {self.op} {self.right}"
