"""Schedules step by step."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ratecert.numerics.model.schedules import (
    NAMES,
    Schedule,
    cosine,
    geometric,
    geometric_stage,
    named,
    polynomial,
    wsd,
)
from ratecert.proofs_check.language.errors import UserError


def _unrolled(schedule: Schedule) -> np.ndarray:
    return np.repeat(schedule.gammas, schedule.steps)


@given(st.integers(1, 3000))
@example(1)
@example(2)
@example(1024)  # N/log2 N = 102.4; powers of two decide K exactly
def test_geometric_is_the_definition_step_by_step(N: int) -> None:
    K = geometric_stage(N)
    expected = [0.7 / 2 ** ((t - 1) // K) for t in range(1, N + 1)]
    assert _unrolled(geometric(0.7, N)).tolist() == expected


@given(st.integers(2, 10**15))
@example(2**16)
@example(2**48 - 1)
def test_the_stage_length_is_the_floor_of_n_over_log2_n(N: int) -> None:
    # K <= N/log2 N < K + 1 iff 2^N >= N^K and 2^N < N^(K+1): decided in exact integers for
    # small N, by the logarithm with its error bound for large N.
    K = geometric_stage(N)
    if N < 3000:
        assert max(1, K) * Fraction(1) == K
        assert 2**N >= N**K or K == 1
        assert 2**N < N ** (K + 1)
    else:
        assert N / np.log2(N) * (1 + 1e-14) >= K
        assert N / np.log2(N) * (1 - 1e-14) < K + 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("N", [1, 2, 7, 100])
def test_every_schedule_has_n_steps_of_at_most_gamma(name: str, N: int) -> None:
    schedule = named(name, 0.25, N)
    assert schedule.total == N
    assert schedule.gammas.max() <= 0.25 * (1 + 1e-15)
    assert schedule.gammas.min() > 0


def test_shapes() -> None:
    assert _unrolled(polynomial(1.0, 4)).tolist() == [1.0, 0.75, 0.5, 0.25]
    assert _unrolled(cosine(1.0, 2)) == pytest.approx([1.0, 0.5])
    assert _unrolled(wsd(1.0, 10, 0.2, 0.2)) == pytest.approx(
        [1 / 3, 2 / 3, 1, 1, 1, 1, 1, 1, 2 / 3, 1 / 3]
    )


def test_texts() -> None:
    assert _unrolled(named("polynomial(2)", 1.0, 4)).tolist() == [1.0, 0.5625, 0.25, 0.0625]
    assert np.array_equal(
        _unrolled(named(" wsd(0.2, 0.2) ", 1.0, 10)), _unrolled(wsd(1.0, 10, 0.2, 0.2))
    )
    assert named("cosine()", 0.3, 9).gammas.tolist() == cosine(0.3, 9).gammas.tolist()
    stages = named("0.1:2, 1:1e3,0.5:500", 0.4, 1200)
    assert stages.gammas == pytest.approx([0.04, 0.4, 0.2])
    assert stages.steps.tolist() == [2, 1000, 198]
    assert named("1:10", 0.4, 10).total == 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("linear", "schedules are"),
        ("", "schedules are"),
        ("cosine(2)", "0 parameters"),
        ("polynomial(x)", "schedules are"),
        ("polynomial(nan)", "schedules are"),
        ("polynomial(-1)", "positive"),
        ("wsd(0.9, 0.9)", "at most 1"),
        ("1:2:3", "schedules are"),
        ("1:0", "at least 1"),
        ("1:2.5", "whole number"),
        ("2:10", r"\(0, 1\]"),
        ("0:10", r"\(0, 1\]"),
        ("1:3", "fewer than N = 5"),
        ("1:inf", "schedules are"),
    ],
)
def test_bad_texts_are_explained(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        named(text, 0.1, 5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: geometric(0.1, 0),
        lambda: geometric(0.0, 5),
        lambda: geometric(float("nan"), 5),
        lambda: geometric(0.1, 2.5),  # type: ignore[arg-type]
        lambda: cosine(0.1, 10**8),
        lambda: polynomial(0.1, 5, power=-1),
        lambda: wsd(0.1, 10, 0.6, 0.6),
        lambda: named("linear", 0.1, 5),
        lambda: Schedule.from_arrays([0.1, 0.2], [1.5, 2.0]),
    ],
)
def test_bad_schedules_are_explained(make: object) -> None:
    with pytest.raises(UserError):
        make()  # type: ignore[operator]
