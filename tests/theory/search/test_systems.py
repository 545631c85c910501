"""Systems in non-negative unknowns: exact solutions, none where there is none."""

from fractions import Fraction

import numpy as np
from flint import fmpq
from hypothesis import example, given
from hypothesis import strategies as st

from ratecert.theory.search.systems import Block, Column, System

NUMBERS = st.integers(-4, 4)
SHAPES = st.integers(1, 4).flatmap(
    lambda rows: st.lists(st.lists(NUMBERS, min_size=rows, max_size=rows), min_size=1, max_size=5)
)


def column(values: list[int]) -> Column:
    return {k: fmpq(value) for k, value in enumerate(values) if value}


def system(own: list[list[int]], block: list[list[int]], right: list[int]) -> System:
    nothing = np.zeros((0, len(own) + len(block)))
    shared = Block.of([column(values) for values in block])
    return System([column(values) for values in own], shared, column(right), nothing, np.zeros(0))


@given(SHAPES, st.lists(st.integers(0, 3), min_size=5, max_size=5), st.integers(0, 5))
@example([[0]], [1, 0, 0, 0, 0], 0)  # once a crash: no equation at all
@example([[1], [1]], [0, 0, 0, 0, 0], 1)
def test_what_has_a_solution_gets_one_that_is_exact(
    columns: list[list[int]], weights: list[int], own: int
) -> None:
    right = [sum(w * c[k] for w, c in zip(weights, columns, strict=False))
             for k in range(len(columns[0]))]  # fmt: skip
    found = system(columns[:own], columns[own:], right).solve()
    assert found is not None
    assert all(value >= 0 for value in found)
    for k, value in enumerate(right):
        assert sum(x * c[k] for x, c in zip(found, columns, strict=True)) == value


def test_what_has_no_solution_gets_none() -> None:
    assert system([[1, 0]], [[1, 0]], [0, 1]).solve() is None
    assert system([[1]], [[2]], [-1]).solve() is None


def test_nothing_has_no_gain() -> None:
    """0 = 0 with a gain that nothing gives: no solution with a positive sum, and no crash."""
    ask = System([], Block.of([{}, {}]), {}, np.ones((1, 2)), np.array([1e6]), [0])
    solution = ask.solve()
    assert solution is not None
    assert all(isinstance(value, Fraction) for value in solution)
