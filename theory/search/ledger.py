"""Finding the multipliers of a ledger's combinations; untrusted, as the checker multiplies out.

In a ledger that is being written, a combination may stand open::

    combine = ["? x", "? y : h1 h2"]

``? m : labels`` proposes the summand ``c m (product of facts)`` with an unknown ``c >= 0``, and
``? m`` proposes m times each fact that the proof itself has brought in, each product of two of
them, and 1.  A linear program (HiGHS) finds the c; they are made rational by solving the linear
system of the ones that are not zero exactly; the file gets the result in place of the question.

    python -m ratecert.theory.search.ledger FILE
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from flint import fmpq, fmpq_mat
from scipy.optimize import linprog

from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Expr, mul
from ratecert.proofs_check.ledger import inference
from ratecert.proofs_check.ledger.book import _Book, read_ledger
from ratecert.proofs_check.ledger.scope import Scope
from ratecert.proofs_check.ledger.terms import Relation, parse_formula

__all__ = ["fill"]


class _Searching(inference.LemmaChecker):
    """A prover that answers open combinations and remembers the answers."""

    answers: ClassVar[list[tuple[str, list[str], list[str]]]] = []
    lemma = ""

    def _combination(self, goal: Relation, context: Scope, summands: list[str]) -> None:
        if any(text.startswith("?") for text in summands):
            found = solve(goal, context, summands)
            self.answers.append((_Searching.lemma, summands, found))
            summands = found
        super()._combination(goal, context, summands)


def solve(goal: Relation, context: Scope, proposals: Sequence[str]) -> list[str]:
    """Return a combination for the goal, or raise `RejectedError` where none is found."""
    texts = list(dict.fromkeys(t for p in proposals for t in _proposed(p, context)))
    parts = [_value(text, context) for text in texts]
    gap = context.gap(goal)
    _, (target, *fracs) = context.fractions(gap, *(value for value, _ in parts))
    den = target.den
    for f in fracs:
        den = den * (f.den / den.gcd(f.den))
    rows: dict[Any, int] = {}
    columns = [_coefficients(f, den, rows) for f in fracs]
    wanted = _coefficients(target, den, rows)
    matrix = np.zeros((len(rows), len(columns)))
    for k, column in enumerate(columns):
        for row, value in column.items():
            matrix[row, k] = float(Fraction(int(value.p), int(value.q)))
    right = np.zeros(len(rows))
    for row, value in wanted.items():
        right[row] = float(Fraction(int(value.p), int(value.q)))
    bounds = [(None if free else 0, None) for _, free in parts]
    cost = [len(text) if not free else 0 for text, (_, free) in zip(texts, parts, strict=True)]
    scale = np.maximum(abs(matrix).max(axis=1, initial=0), 1e-12)
    result = linprog(cost, A_eq=matrix / scale[:, None], b_eq=right / scale, bounds=bounds,
                     method="highs-ds")  # fmt: skip
    if not result.success or result.x is None:
        raise RejectedError(f"{goal}: no combination of {len(texts)} proposals: {texts}")
    support = [k for k, x in enumerate(result.x) if abs(x) > 1e-9]
    exact = _exact([columns[k] for k in support], wanted, len(rows))
    return [_with(c, texts[k]) for c, k in zip(exact, support, strict=True) if c]


def _proposed(text: str, context: Scope) -> list[str]:
    if not text.startswith("?"):
        return [text]
    multiplier, colon, labels = text[1:].partition(":")
    if colon:
        return [f"{multiplier.strip()} : {labels.strip()}"]
    own = [f.label for f in context.facts if not (f.label[0] == "A" and f.label[1:].isdigit())]
    products = ["", *own, *(" ".join(p) for p in itertools.combinations_with_replacement(own, 2))]
    return [f"{multiplier.strip()} : {p}".strip() for p in products]


def _value(text: str, context: Scope) -> tuple[Expr, bool]:
    multiplier, _, labels = text.partition(":")
    factor = parse_formula(multiplier) if multiplier.strip() else inference.ONE
    facts = [context.fact(label) for label in labels.split()]
    equality = any(fact.equality for fact in facts)
    if not equality and not context.is_positive(factor, strict=False):
        raise RejectedError(f"the proposed multiplier {factor} is not seen to be non-negative")
    return mul(context.normal(factor), *(fact.gap for fact in facts)), equality


def _coefficients(value: Any, den: Any, rows: dict[Any, int]) -> dict[int, Any]:
    poly = value.num * (den / value.den)
    return {rows.setdefault(m, len(rows)): c for m, c in poly.to_dict().items()}


def _exact(columns: list[dict[int, Any]], wanted: dict[int, Any], rows: int) -> list[Fraction]:
    """Solve the (consistent, perhaps redundant) system exactly by elimination."""
    matrix = fmpq_mat(rows, len(columns) + 1)
    for k, column in enumerate([*columns, wanted]):
        for row, value in column.items():
            matrix[row, k] = fmpq(value)
    reduced, rank = matrix.rref()
    found = [Fraction(0)] * len(columns)
    for row in range(rank):
        pivot = next(k for k in range(len(columns) + 1) if reduced[row, k] != 0)
        if pivot == len(columns):
            raise RejectedError("the support found by the linear program does not solve exactly")
        value = reduced[row, len(columns)]
        found[pivot] = Fraction(int(value.p), int(value.q))
    return found


def _with(coefficient: Fraction, text: str) -> str:
    multiplier, _, labels = text.partition(":")
    own = multiplier.strip()
    if coefficient == 1:
        return f"{own} :{labels}".strip()
    number = str(coefficient) if coefficient > 0 else f"({coefficient})"
    return f"{number}*({own}) :{labels}" if own else f"{number} :{labels}"


class _SearchedBook(_Book):
    prover = _Searching


def fill(path: Path) -> int:
    """Answer the open combinations of a file in place; return how many were answered."""
    _Searching.answers.clear()
    text = path.read_text(encoding="utf-8")
    table = read_ledger(text.encode())
    searched = _SearchedBook(table, time.perf_counter)
    for item in table["item"]:
        _Searching.lemma = str(item.get("id"))
        searched.take(item)
    report = searched.report()
    for lemma, question, answer in _Searching.answers:
        old = "[" + ", ".join(json.dumps(q) for q in question) + "]"
        place = text.find(old, text.index(f'id = "{lemma}"'))
        if place < 0:
            print(f"{lemma}: not found as written: {old}", file=sys.stderr)
            continue
        new = "[" + ", ".join(json.dumps(a) for a in answer) + "]"
        text = text[:place] + new + text[place + len(old) :]
    path.write_text(text, encoding="utf-8")
    for entry in report.entries:
        if entry.status == "rejected":
            print(f"{entry.id}: {entry.reason}")
    return len(_Searching.answers)


if __name__ == "__main__":
    print(fill(Path(sys.argv[1])))
