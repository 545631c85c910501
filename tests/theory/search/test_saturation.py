"""Derived orders against the exact risk, beyond the conditions of the theorems.

Corners: very smooth targets, fewer steps than modes feel (``N_eff gamma < 1``), models far smaller
than ``(N_eff gamma)^(1/a)``, of the order of a logarithm even (``x = 0``), for all methods.  There
the exponents of Theorems 4.1 and 4.2 do not hold; what is derived has to saturate by itself.
Along a path of sizes the ratio of the exact quantity to the derived order may wander by a constant
factor but not drift: from t near 2^31 to t near 2^39 it changes by less than ``t^0.06``, half of
what a wrong regime would be off by.  With top features the exact engine has no error to speak of,
so a failure is no accident.
"""

import math
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ratecert.numerics.risk.expected import expected_risk
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.paths.bounds import Path, lower_along, upper_along
from ratecert.proofs_check.paths.orders import LOG, Order
from ratecert.proofs_check.refutation.witness import statement_of, with_effective_steps

QUANTITIES = ("mean_bias", "bias", "variance", "approx")
METHODS = (("sgd", "geometric"), ("sgd", "constant"), ("averaged-sgd", "constant"))
SGD = METHODS[0]
LADDER = (2.0**31, 2.0**39)
"""Values of t."""


@cache
def orders(
    quantity: str, a: Fraction, b: Fraction, x: Fraction, h: Fraction, method: tuple[str, str]
) -> Order | None:
    """Return the order along ``M = t^x, N = t, gamma = t^h``, None where the bounds differ."""
    algorithm, schedule = method
    claim = make_claim(
        f"{quantity} = Theta(1)", [f"a = {a}", f"b = {b}"], features="top", algorithm=algorithm,
        schedule=schedule,
    )  # fmt: skip
    path = {"M": Order(x) if x else LOG, "N": Order(Fraction(1)), "gamma": Order(h)}
    along = Path({"a": a, "b": b}, with_effective_steps(path))
    left = statement_of(claim).left
    low, high = lower_along(left.lower, along), upper_along(left.upper, along)
    return low if low == high else None


def rungs(x: Fraction) -> list[tuple[int, float]]:
    """Return M and t with ``M = t^x`` exactly: rounding M would count as drift for large b."""
    if x == 0:
        return [(M, math.exp(M)) for M in (round(math.log(t)) for t in LADDER)]
    sizes = [max(2, round(t**x)) for t in LADDER]
    return [(M, M ** (1 / float(x))) for M in sizes]


def exact(
    quantity: str, a: Fraction, b: Fraction, x: Fraction, h: Fraction, method: tuple[str, str],
    rung: tuple[int, float],
) -> float:  # fmt: skip
    M, t = rung
    algorithm, schedule = method
    risk = expected_risk(
        M, round(t), values={"a": float(a), "b": float(b)}, gamma=min(t**h, 1.0) / 4,
        features="top", algorithm=algorithm, schedule=schedule,
    )  # fmt: skip
    return float(getattr(risk, quantity))


def value(order: Order, t: float) -> float:
    """Return the logarithm of an order at t."""
    log = math.log(t)
    return (
        float(order.x) * log
        + float(order.y) * math.log(log)
        + float(order.z) * math.log(math.log(log))
    )


def is_reached(a: Fraction, x: Fraction, h: Fraction, method: tuple[str, str]) -> bool:
    """Whether the ladder lies on the side of ``n = M^a`` on which the path ends.

    ``t^(1/2)`` is above ``log(t)^3`` only for t beyond 2^50.
    """
    signs = {1 + h > a * x}
    for M, t in rungs(x):
        n = float(t) ** float(1 + h) / 4
        n /= math.log2(t) if method[1] == "geometric" else 1
        signs.add(n > 4 * M ** float(a) if 1 + h > a * x else 4 * n > M ** float(a))
    return len(signs) == 1


def drift(order: Order, values: list[float], x: Fraction) -> float:
    """Return the exponent of t by which the exact values leave the order at the end."""
    times = [t for _, t in rungs(x)]
    gaps = [math.log(v) - value(order, t) for v, t in zip(values, times, strict=True)]
    return (gaps[-1] - gaps[-2]) / math.log(times[-1] / times[-2])


half = st.sampled_from([Fraction(n, 2) for n in range(3, 7)])
corner = st.fixed_dictionaries({
    "a": half,
    "b": st.sampled_from([Fraction(n, 2) for n in (3, 5, 7, 10, 16)]),
    "x": st.sampled_from([Fraction(0), Fraction(1, 20), Fraction(1, 8), Fraction(3, 20)]),
    "h": st.sampled_from([Fraction(0), Fraction(-1, 2), Fraction(-5, 4), Fraction(-2)]),
    "method": st.sampled_from(METHODS),
})  # fmt: skip


@given(corner, st.sampled_from(QUANTITIES))
@example(
    {"a": Fraction(2), "b": Fraction(8), "x": Fraction(1, 8), "h": Fraction(-1, 2), "method": SGD},
    "bias",
)
@example(
    {"a": Fraction(2), "b": Fraction(2), "x": Fraction(1, 8), "h": Fraction(-2), "method": SGD},
    "variance",
)
@example(
    {"a": Fraction(2), "b": Fraction(5), "x": Fraction(1, 20), "h": Fraction(0), "method": SGD},
    "variance",
)
@example(
    {"a": Fraction(3, 2), "b": Fraction(8), "x": Fraction(1, 8), "h": Fraction(0), "method": SGD},
    "approx",
)
@settings(max_examples=30, deadline=None)
def test_derived_orders_hold_in_the_corners(case: dict[str, Fraction], quantity: str) -> None:
    order = orders(quantity, **case)
    if order is None or not is_reached(case["a"], case["x"], case["h"], case["method"]):
        return
    values = [exact(quantity, **case, rung=rung) for rung in rungs(case["x"])]
    if values[-1] < 1e-250:  # decays faster than every power, and no order says how
        assert order < Order(Fraction(-20))
        return
    assert abs(drift(order, values, case["x"])) < 0.06, (order, values)


@pytest.mark.parametrize(
    ("quantity", "case", "wrong"),
    [
        # The exponents of the theorems, continued to where they do not hold.
        ("variance", ("2", "2", "1/8", "-2"), Order(Fraction(-3, 2))),
        ("bias", ("2", "8", "1/8", "-1/2"), Order(Fraction(-7, 4))),
        ("variance", ("2", "5", "1/20", "0"), Order(Fraction(-1, 2))),
    ],
)
def test_orders_that_do_not_saturate_drift(
    quantity: str, case: tuple[str, ...], wrong: Order
) -> None:
    a, b, x, h = map(Fraction, case)
    values = [exact(quantity, a, b, x, h, SGD, rung) for rung in rungs(x)]
    assert abs(drift(wrong, values, x)) > 0.12


def test_corners_are_decided() -> None:
    """Most corners have a derived order: the test above looks at something."""
    found = [
        orders(quantity, Fraction(2), Fraction(b), Fraction(x, 8), Fraction(h), method)
        for quantity in QUANTITIES
        for b in (2, 5, 8)
        for x in (0, 1)
        for h in (0, -1, -2)
        for method in METHODS
    ]
    assert sum(order is not None for order in found) > len(found) // 2
