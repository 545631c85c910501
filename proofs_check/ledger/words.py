r"""Identities between matrices of unknown entries: words, transposes, traces, Gaussian moments.

A formula is a sum of rational multiples of *words*, products of matrices that do not commute.
Every letter has a shape, given by two names of dimensions; ``"1"`` is the dimension one.  ``t(X)``
is the transpose, with ``t(X Y) = t(Y) t(X)``, and ``t(X) = X`` for letters said to be symmetric.

*Rewriting.*  Assumed equations ``WORD = FORMULA`` replace the word wherever it occurs, until none
does; so equal results mean equal matrices, and ``I`` is the empty word.

*Scalars.*  A 1 x 1 word is a number: it equals its transpose, and commutes with everything.
A *trace* ``tr(X)`` is a number; it does not change under rotation or transposition of the word.
The trace of the empty word is that of an identity, whose dimension is kept.

*Gaussian moments* (Isserlis).  ``E(X)`` for a formula with a centred Gaussian vector u of
covariance C: the expectation of a product of entries of u is the sum over all pairings of the
products of their covariances.  A word with u is a chain of segments between its vectors; a pairing
joins the ends of segments through C, and what comes of it is one word from end to end and a trace
for each closed loop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Add, Call, Expr, Mul, Name, Num, Pow
from ratecert.proofs_check.ledger.inference import texts
from ratecert.proofs_check.ledger.names import function_of
from ratecert.proofs_check.ledger.terms import Relation

__all__ = ["check_words"]

_DIMENSION = re.compile(r"[1-9][0-9]{0,8}|[A-Za-z_][A-Za-z0-9_]{0,40}")
MAX_REWRITINGS = 1000
MAX_LETTERS = 12

Letter = tuple[str, bool]
"""A matrix and whether it is transposed."""
Word = tuple[Letter, ...]
Monomial = tuple[tuple[Word, ...], Word]
"""Numbers (1 x 1 words and traces, as cyclic words), and the matrix they multiply."""
Formula = dict[Monomial, Fraction]


@dataclass(frozen=True, slots=True)
class _Alphabet:
    shapes: Mapping[str, tuple[str, str]]
    symmetric: frozenset[str]
    gaussian: Mapping[str, str]
    rules: tuple[tuple[Word, Formula], ...] = ()


def check_words(goal: Relation, assume: tuple[Relation, ...], table: Mapping[str, Any]) -> None:
    """Accept an equation between matrices that the assumed ones entail; else reject."""
    letters = _alphabet(table)
    rules = tuple(_rule(relation, letters) for relation in assume)
    letters = _Alphabet(letters.shapes, letters.symmetric, letters.gaussian, rules)
    if goal.op != "=":
        raise RejectedError("words are compared by =")
    _same_shape(goal, letters)
    left, right = (_reduced(_formula(side, letters), letters) for side in (goal.left, goal.right))
    rest = _sum(left, _times(right, Fraction(-1)))
    if rest:
        raise RejectedError(f"the two sides differ by {_shown(rest)}")


def _rule(relation: Relation, letters: _Alphabet) -> tuple[Word, Formula]:
    """Return the word that an assumed equation replaces, and by what."""
    if relation.op != "=":
        raise RejectedError(f"{relation} does not replace a product of matrices")
    _same_shape(relation, letters)
    match list(_formula(relation.left, letters).items()):
        case [(((), word), 1)] if len(word) >= 2:
            return word, _formula(relation.right, letters)
    raise RejectedError(f"{relation} does not replace a product of matrices")


def _alphabet(table: Mapping[str, Any]) -> _Alphabet:
    shapes: dict[str, tuple[str, str]] = {}
    if not isinstance(table["shapes"], dict):
        raise RejectedError("shapes are a table of matrices and their two dimensions")
    for name, text in table["shapes"].items():
        sides = text.split() if isinstance(text, str) else []
        if len(sides) != 2 or sides == ["1", "1"] or not all(map(_DIMENSION.fullmatch, sides)):
            raise RejectedError(f"the shape of {name} is not two dimensions")
        shapes[function_of(name)] = (sides[0], sides[1])
    symmetric = frozenset(texts(table["symmetric"]))
    gaussian = table["gaussian"]
    if not isinstance(gaussian, dict):
        raise RejectedError("gaussian is a table of vectors and their covariances")
    for name in symmetric:
        if name not in shapes or shapes[name][0] != shapes[name][1]:
            raise RejectedError(f"{name} is not a square matrix")
    for vector, covariance in gaussian.items():
        if vector not in shapes or shapes[vector][1] != "1" or covariance not in symmetric:
            raise RejectedError(f"{vector} is no vector with a symmetric covariance")
        if shapes[covariance][0] != shapes[vector][0]:
            raise RejectedError(f"{covariance} is no covariance of {vector}")
    return _Alphabet(shapes, symmetric, gaussian)


# Shapes.

Shape = tuple[str, str] | None
"""None for a number, which fits anywhere."""


def _shape(expr: Expr, letters: _Alphabet) -> Shape:
    match expr:
        case Num():
            return None
        case Name("I"):
            raise RejectedError("I stands alone on the right of an assumption only")
        case Name(name) if name in letters.shapes:
            return letters.shapes[name]
        case Call("t", (arg,)):
            inner = _shape(arg, letters)
            return None if inner is None else (inner[1], inner[0])
        case Call("tr", (arg,)):
            inner = _shape(arg, letters)
            if inner is None or inner[0] != inner[1]:
                raise RejectedError(f"{arg} has no trace")
            return None
        case Call("E", (arg,)):
            return _shape(arg, letters)
        case Add(terms):
            shapes = {_shape(term, letters) for term in terms}
            if len(shapes) != 1:
                raise RejectedError(f"the terms of {expr} have different shapes")
            return shapes.pop()
        case Mul(factors):
            return _shape_of_product(factors, letters)
        case Pow(base, Num(value)) if value in (2, 3, 4):
            return _shape_of_product((base,) * int(value), letters)
    raise RejectedError(f"{expr} is no matrix")


def _shape_of_product(factors: tuple[Expr, ...], letters: _Alphabet) -> Shape:
    """Return the shape of a product; a number beside a matrix must be a rational or a trace.

    So ``t(u)*X*u*A`` and ``A*(t(u)*X*u + 1)``, which read as words and are none, are rejected.
    """
    left: Shape = None
    closed = False
    for factor in factors:
        right = _shape(factor, letters)
        if right is None:
            is_plain = isinstance(factor, Num) or (
                isinstance(factor, Call) and factor.func == "tr"
            )
            if not is_plain and left is not None:
                raise RejectedError(f"{factor} is a number, and stands behind a matrix")
            closed = closed or not is_plain
            continue
        if closed:
            raise RejectedError(f"{factor} stands behind a number")
        if left is None:
            left = right
        elif left[1] != right[0]:
            raise RejectedError(f"{factor} does not fit to what stands before it")
        else:
            left = _number_or((left[0], right[1]))
            closed = left is None
    return left


def _number_or(shape: tuple[str, str]) -> Shape:
    return None if shape == ("1", "1") else shape


def _same_shape(relation: Relation, letters: _Alphabet) -> None:
    left = _shape(relation.left, letters)
    if relation.right == Name("I"):
        if left is None or left[0] != left[1]:
            raise RejectedError(f"{relation.left} is not square")
    elif left != _shape(relation.right, letters):
        raise RejectedError(f"the two sides of {relation} have different shapes")


def _dimension(square: Expr, letters: _Alphabet) -> str:
    """Return the dimension of a square matrix, whose shape was found before."""
    shape = _shape(square, letters)
    assert shape is not None, "a number has no trace"
    return shape[0]


# Formulas.


def _formula(expr: Expr, letters: _Alphabet) -> Formula:
    match expr:
        case Num(value):
            return {((), ()): value} if value else {}
        case Name("I"):
            return {((), ()): Fraction(1)}
        case Name(name):
            return {((), ((name, False),)): Fraction(1)}
        case Call("t", (arg,)):
            inner = _formula(arg, letters)
            return {(n, _transposed(w, letters)): c for (n, w), c in inner.items()}
        case Call("tr", (arg,)):
            inner = _reduced(_formula(arg, letters), letters)
            unit: Word = ((f"I of {_dimension(arg, letters)}", False),)  # nobody can type it
            return _collected(
                ((*n, _cyclic(w, letters) if w else unit), (), c) for (n, w), c in inner.items()
            )
        case Call("E", (arg,)):
            return _expectation(_formula(arg, letters), letters)
        case Add(terms):
            total: Formula = {}
            for term in terms:
                total = _sum(total, _formula(term, letters))
            return total
        case Mul(factors):
            return _product(factors, letters)
    assert isinstance(expr, Pow), "the shape of every node was found before"
    assert isinstance(expr.exponent, Num)
    return _product((expr.base,) * int(expr.exponent.value), letters)


def _product(factors: tuple[Expr, ...], letters: _Alphabet) -> Formula:
    total: Formula = {((), ()): Fraction(1)}
    for factor in factors:
        right = _formula(factor, letters)
        total = _collected(
            ((*n, *m), (*v, *w), c * d)
            for (n, v), c in total.items()
            for (m, w), d in right.items()
        )
    return total


def _collected(terms: Iterator[tuple[tuple[Word, ...], Word, Fraction]]) -> Formula:
    found: Formula = {}
    for numbers, word, coefficient in terms:
        if len(word) > MAX_LETTERS:
            raise RejectedError("a product of too many matrices")
        key = (tuple(sorted(numbers)), word)
        found[key] = found.get(key, Fraction(0)) + coefficient
    return {key: value for key, value in found.items() if value}


def _sum(one: Formula, other: Formula) -> Formula:
    return _collected((n, w, c) for part in (one, other) for (n, w), c in part.items())


def _times(formula: Formula, factor: Fraction) -> Formula:
    return {key: value * factor for key, value in formula.items()}


def _transposed(word: Word, letters: _Alphabet) -> Word:
    return tuple(
        (name, not turned and name not in letters.symmetric) for name, turned in reversed(word)
    )


def _cyclic(word: Word, letters: _Alphabet) -> Word:
    """Return the least of all rotations of a word and of its transpose."""
    both = (word, _transposed(word, letters))
    return min(w[k:] + w[:k] for w in both for k in range(len(w)))


def _reduced(formula: Formula, letters: _Alphabet) -> Formula:
    """Rewrite until no rule applies, and take 1 x 1 words as the numbers they are."""
    for _ in range(MAX_REWRITINGS):
        changed = _rewritten(formula, letters)
        if changed is None:
            return _collected(_with_numbers(n, w, c, letters) for (n, w), c in formula.items())
        formula = changed
    raise RejectedError("the assumed equations replace each other without end")


def _rewritten(formula: Formula, letters: _Alphabet) -> Formula | None:
    for (numbers, word), coefficient in formula.items():
        for pattern, result in letters.rules:
            for k in range(len(word) - len(pattern) + 1):
                if word[k : k + len(pattern)] == pattern:
                    before, after = word[:k], word[k + len(pattern) :]
                    rest = {key: v for key, v in formula.items() if key != (numbers, word)}
                    new = _collected(
                        ((*numbers, *n), (*before, *w, *after), coefficient * c)
                        for (n, w), c in result.items()
                    )
                    return _sum(rest, new)
    return None


def _with_numbers(
    numbers: tuple[Word, ...], word: Word, coefficient: Fraction, letters: _Alphabet
) -> tuple[tuple[Word, ...], Word, Fraction]:
    if word and _ends(word, letters) == ("1", "1"):
        return (*numbers, min(word, _transposed(word, letters))), (), coefficient
    return numbers, word, coefficient


def _ends(word: Word, letters: _Alphabet) -> tuple[str, str]:
    (first, turned), (last, back) = word[0], word[-1]
    return letters.shapes[first][turned], letters.shapes[last][not back]


# Gaussian moments.


def _expectation(formula: Formula, letters: _Alphabet) -> Formula:
    total: Formula = {}
    for (numbers, word), coefficient in formula.items():
        if any(letter[0] in letters.gaussian for n in numbers for letter in n):
            raise RejectedError("an expectation of a trace of random matrices")
        names = {name for name, _ in word if name in letters.gaussian}
        if len(names) > 1:
            raise RejectedError("an expectation over one Gaussian vector at a time")
        moment: Formula = {((), word): Fraction(1)}
        if names:
            moment = _moment(word, names.pop(), letters)
        total = _sum(total, _times(moment, coefficient))
    return total


def _moment(word: Word, vector: str, letters: _Alphabet) -> Formula:
    """Sum over the pairings of the vectors in a word ``X u t(u) Y u t(u) Z``.

    Vector number k (from 0) is a column at the right end of segment k for even k, and a row at
    the left end of segment k + 1 for odd k; the odd segments lie inside ``u t(u)``, are empty
    and of dimension one, and play no role.
    """
    places = [k for k, (name, _) in enumerate(word) if name == vector]
    if any(word[place][1] != bool(k % 2) for k, place in enumerate(places)):
        raise RejectedError("vectors must alternate, as in u*t(u)*X*u*t(u)")
    if len(places) % 2:
        return {}
    cuts = [-1, *places, len(word)]
    segments = [word[a + 1 : b] for a, b in pairwise(cuts)]
    if any(segments[1::2]):
        raise RejectedError("vectors must alternate, as in u*t(u)*X*u*t(u)")
    covariance: Word = ((letters.gaussian[vector], False),)
    return _collected(
        _joined(segments, dict(pairing), covariance, letters)
        for pairing in _pairings(list(range(len(places))))
    )


def _pairings(places: list[int]) -> Iterator[list[tuple[int, int]]]:
    if not places:
        yield []
        return
    first, *rest = places
    for k, other in enumerate(rest):
        for more in _pairings(rest[:k] + rest[k + 1 :]):
            yield [(first, other), (other, first), *more]


def _joined(
    segments: list[Word], partner: dict[int, int], covariance: Word, letters: _Alphabet
) -> tuple[tuple[Word, ...], Word, Fraction]:
    """Follow the chain from end to end, then every loop; backwards is transposed."""
    end_of = {k: (k + k % 2, k % 2 == 0) for k in partner}
    vector_at = {end: k for k, end in end_of.items()}
    open_ones = list(range(0, len(segments), 2))

    def follow(segment: int, forward: bool) -> Word:
        found: Word = ()
        while segment in open_ones:
            open_ones.remove(segment)
            own = segments[segment]
            found += own if forward else _transposed(own, letters)
            vector = vector_at.get((segment, forward))
            if vector is not None:
                found += covariance
                segment, at_right = end_of[partner[vector]]
                forward = not at_right
        return found

    chain = follow(0, True)
    loops: list[Word] = []
    while open_ones:
        loops.append(_cyclic(follow(open_ones[0], True), letters))
    return tuple(loops), chain, Fraction(1)


def _shown(formula: Formula) -> str:
    def word(letters: Word) -> str:
        return "*".join(f"t({name})" if turned else name for name, turned in letters) or "I"

    return " + ".join(
        "*".join([str(c), *(f"tr({word(n)})" for n in numbers), word(w)])
        for (numbers, w), c in formula.items()
    )
