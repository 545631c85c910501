"""Balls as data: printing, comparison, precision."""

from __future__ import annotations

import ast
import threading
from decimal import ROUND_CEILING, Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import pytest
from ball_cases import precision_is_restored  # noqa: F401
from flint import arb, ctx, fmpq
from hypothesis import example, given
from hypothesis import strategies as st

import ratecert.numerics.balls
from ratecert.numerics.balls import (
    MAX_DIGITS,
    REASONS,
    Ball,
    Comparison,
    Refusal,
    certainly_greater,
    certainly_less,
    compare,
)
from ratecert.numerics.balls.ball import check_digits, precision, rational_ball, shown
from ratecert.proofs_check.language.expr import Call, Name, Num, mul

rationals = st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**9)


@given(rationals, st.integers(-60, 60), st.integers(1, 60), st.integers(20, 300))
@example(Fraction(0), 0, 10, 53)
@example(Fraction(999999999, 10**9), 0, 3, 100)
@example(Fraction(-1, 3), -6, 5, 64)
def test_printed_ball_contains_the_number(value, shift, digits, bits):
    number = value * Fraction(10) ** shift
    with precision(bits):
        ball = Ball.of(rational_ball(number), digits)
    assert ball.contains(number)


@given(rationals, st.fractions(0, 10, max_denominator=1000), st.integers(1, 40))
def test_printed_ball_contains_the_ends_of_a_wide_ball(value, radius, digits):
    with precision(200):
        wide = arb(fmpq(value.numerator, value.denominator), fmpq(radius.numerator, 1000))
        ball = Ball.of(wide, digits)
        for end in (wide.lower(), wide.upper()):
            exact = end.fmpq()
            assert ball.contains(Fraction(int(exact.p), int(exact.q)))
        assert ball.arb.contains(wide)


def test_a_ball_that_is_shifted_by_its_radius_does_not_contain_the_number():
    ball = Ball("1.5", "0.25", 2)
    assert ball.contains(Fraction(5, 4))
    assert not ball.contains(Fraction(5, 4) - Fraction(1, 10**30))


@pytest.mark.parametrize(
    ("midpoint", "radius", "digits", "tight"),
    [
        ("1", "0.01", 4, True),
        ("1", "0.0101", 4, False),
        ("0", "0", 50, True),
        ("0", "1e-900", 50, False),
        ("1.5e-1000000000000000000", "1e-1000000000000000048", 50, True),
        ("1.5e-1000000000000000000", "1.6e-1000000000000000048", 50, False),
        ("-1e1000000000000000000", "1e3", 50, True),
    ],
)
def test_tightness_is_decided_exactly(midpoint, radius, digits, tight):
    assert Ball(midpoint, radius, digits).is_tight() is tight


def test_numbers_beyond_every_float_are_printed():
    with precision(300):
        ball = Ball.of((-(arb(10) ** 28)).exp(), 20)
        assert ball.arb.overlaps((-(arb(10) ** 28)).exp())
    # exp(-10^28) = 10^-x with x = 10^28/log 10, by the standard library's decimals.
    with localcontext(prec=60):
        x = Decimal(10) ** 28 / Decimal(10).ln()
        whole = x.to_integral_value(ROUND_CEILING)
        mantissa = Decimal(10) ** (whole - x)
    assert ball.midpoint.endswith(f"e-{whole}")
    assert abs(Decimal(ball.midpoint.split("e")[0]) - mantissa) < Decimal("1e-20")


def test_balls_refuse_to_be_ordered():
    x, y = Ball("1", "0", 5), Ball("2", "0", 5)
    for operation in ("__lt__", "__le__", "__gt__", "__ge__"):
        with pytest.raises(TypeError, match="certainly_less"):
            getattr(x, operation)(y)
    with pytest.raises(TypeError, match="certainly_less"):
        sorted([x, y])


def test_comparison_has_three_answers():
    one, two, wide = Ball("1", "0.1", 5), Ball("2", "0.1", 5), Ball("1.5", "0.5", 5)
    assert certainly_less(one, two)
    assert certainly_greater(two, one)
    assert compare(one, wide) is Comparison.UNDECIDED
    assert compare(one, one) is Comparison.UNDECIDED
    assert compare(Fraction(1, 2), one) is Comparison.LESS
    assert compare(3, two) is Comparison.GREATER
    assert (
        compare(Ball("1", "1e-40", 40), Ball("1." + "0" * 38 + "3", "1e-40", 40))
        is Comparison.LESS
    )


def test_no_module_orders_balls_with_bare_operators_outside_the_certain_ones():
    """`upper`, `lower` and the like are ends, whose order is certain; `arb` values are not.

    An arb comparison is allowed only between an end, radius or tolerance and a number, and never
    in an ``else`` sense: so ``>=`` of an arb expression needs an end on its left.
    """
    ends = {"upper", "lower", "abs_upper", "rad"}
    suspicious = {"arb", "rational_ball", "at", "on_box", "exp", "log", "constant", "value"}
    found = []
    for path in Path(ratecert.numerics.balls.__file__).parent.glob("*.py"):
        if path.name == "mpmath_leg.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Compare):
                continue
            if not any(isinstance(op, ast.Lt | ast.Gt | ast.LtE | ast.GtE) for op in node.ops):
                continue
            for side in (node.left, *node.comparators):
                if isinstance(side, ast.Call):
                    name = getattr(side.func, "attr", getattr(side.func, "id", ""))
                    if name in suspicious and name not in ends:
                        found.append(f"{path.name}:{node.lineno}")
    assert found == []


def test_precision_is_set_and_restored_also_after_an_error():
    before = ctx.prec, ctx.cap
    with precision(777, 33):
        assert (ctx.prec, ctx.cap) == (777, 33)
    assert (ctx.prec, ctx.cap) == before
    with pytest.raises(ZeroDivisionError), precision(777, 33):
        raise ZeroDivisionError
    assert (ctx.prec, ctx.cap) == before


def test_threads_do_not_disturb_each_other():
    expected = {d: Ball.of(_third(d), d) for d in (10, 300)}
    failures = []

    def work(digits):
        for _ in range(200):
            if Ball.of(_third(digits), digits) != expected[digits]:
                failures.append(digits)

    threads = [threading.Thread(target=work, args=(d,)) for d in (10, 300, 10, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def _third(digits: int) -> arb:
    with precision(4 * digits):
        return arb(1) / 3 + arb(2).sqrt()


@pytest.mark.parametrize("digits", [0, -1, MAX_DIGITS + 1, 10**6, 2.5, True, "50", float("nan")])
def test_unusable_numbers_of_digits(digits):
    with pytest.raises(Refusal) as refusal:
        check_digits(digits)
    assert refusal.value.reason == "digits"


def test_a_refusal_needs_a_declared_reason():
    with pytest.raises(KeyError):
        Refusal("mood", "not today")


def test_the_docs_list_every_reason():
    text = (Path(__file__).parents[3] / "docs" / "balls.md").read_text(encoding="utf-8")
    listed = {line.split("`")[1] for line in text.splitlines() if line.startswith("- `")}
    assert listed == set(REASONS)


def test_refusals_print_numbers_of_any_size():
    huge = Num(Fraction(10**5000, 3))
    text = shown(mul(Call("exp", (huge,)), Name("i")))
    assert text == "exp(2^(16608))*i"
    assert shown(mul(Num(Fraction(10**300)), Name("i"))).startswith("1000")
