"""Constants against numbers: what is read has the value that is written, or is refused.

Where two constants are found to be the same, so are their values, at several parameters.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from itertools import combinations

import mpmath
import pytest
from far_values import far_value

from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.algebra import Frac
from ratecert.proofs_check.kernel.cone import Context, SignNeededError
from ratecert.proofs_check.kernel.constants import (
    MAX_EVEN,
    MAX_SHIFT,
    Constant,
    gamma_value,
    positive_sign,
    quotient,
    rational_function,
    read_constant,
    same,
    zeta_value,
)
from ratecert.proofs_check.kernel.premises import premises
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.theory.search.prover import Prover

POINTS = ((Fraction(7, 3), Fraction(17, 5)), (Fraction(5, 4), Fraction(9, 2)))
"""Values of a and b, for which ``a > 1`` and ``b > 2``."""
SIGMA = Fraction(3, 7)


@lru_cache
def context(*texts: str) -> Context:
    """Return the premises, with the signs that the constants of these texts ask for."""
    ctx = premises(make_claim("M ~ a*b*M", ["a > 1", "b > 2"]), exact=True).ctx
    for text in texts:
        while True:
            try:
                read_constant(parse_expr(text), ctx)
                break
            except SignNeededError as needed:
                proved = Prover(ctx).with_sign(needed.value)
                if proved is None:
                    raise
                ctx = proved[1].ctx
    return ctx


def read(text: str) -> Constant:
    return read_constant(parse_expr(text), context(text))


def number(value: Frac, point: tuple[Fraction, Fraction]) -> mpmath.mpf:
    exact = value.at(point)
    return mpmath.mpf(exact.numerator) / exact.denominator


def value(constant: Constant, point: tuple[Fraction, Fraction]) -> mpmath.mpf:
    """Return the sum of the terms as their definition says."""
    total = mpmath.mpf(0)
    for term in constant.terms:
        part = number(term.factor, point)
        for (kind, argument), e in term.powers:
            match kind:
                case "prime":
                    atom = mpmath.mpf(argument)
                case "pi" | "e":
                    atom = getattr(mpmath, kind)
                case "EulerGamma":
                    atom = +mpmath.euler
                case "sigma":
                    atom = mpmath.mpf(SIGMA.numerator) / SIGMA.denominator
                case "tail":
                    atom = mpmath.zeta(number(argument[0], point), argument[1])
                case "base":
                    atom = number(argument, point)
                case _:
                    atom = getattr(mpmath, kind.lower())(number(argument, point))
            part *= mpmath.power(atom, number(e, point))
        total += part
    return total


def written(text: str, point: tuple[Fraction, Fraction]) -> mpmath.mpf:
    names = {"a": point[0], "b": point[1], "sigma": SIGMA}
    at = {name: mpmath.mpf(v.numerator) / v.denominator for name, v in names.items()}
    return far_value(parse_expr(text), {**at, "EulerGamma": +mpmath.euler})


READ = [
    "2*a", "a/b", "pi", "EulerGamma", "sigma^3*a", "Gamma(a)", "Gamma(a + 1)/Gamma(a)", "zeta(b)",
    "Gamma(1)", "Gamma(2)", "Gamma(5)", "Gamma(1/2)", "Gamma(3/2)", "Gamma(9/2)", "Gamma(1/3)",
    "zeta(2)", "zeta(3)", "zeta(4)", "zeta(10)", "zeta(7/2)", "zeta(3) - 1", "zeta(a) - 1 - 2^-a",
    "zeta(b) - 1 - 2^-b - 3^(-b)", "zeta(3) - 9/8", "zeta(3) - 251/216", "2*zeta(a) + zeta(a)",
    "sin(pi/a)", "sin(pi/3)", "sin(pi/2)", "sin(pi/6)*2", "log(b)", "log(2)*log(3/2)", "exp(a)",
    "exp(a - b)", "exp(1)^a", "sqrt(a)", "sqrt(8)", "(2/9)^(1/2)", "a^b", "(a - 1)^(a/2)",
    "(b - 2)^-2", "6^a/3^b", "(a^2 - 1)^a", "((a - 1)/b)^(a - b)", "sqrt(a*sqrt(b))", "pi^a*pi",
    "(zeta(3) + a)^2", "(1 + pi)*(pi + sigma)", "(pi + 1)^3", "(pi + 1)^4", "(pi + log(2))^0",
    "-2*Gamma(a)*(-a)", "(1 - a)*(2 - b)*pi", "pi + a - 1", "zeta(a) + 2*a - 1", "pi - 0*a",
    "1/(pi*a)", "1/Gamma(a)^(1/2)", "Gamma(a)^a", "(Gamma(b)*2)^(1/3)", "10^30*pi", "pi/7^a",
]  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_constants_have_the_value_that_is_written(text: str) -> None:
    constant = read(text)
    ring = context(text).ring
    for point in POINTS:
        assert mpmath.almosteq(value(constant, point), written(text, point), 1e-12)
    again = str(constant.expr(ring))
    if "sum(" not in again:
        for point in POINTS:
            assert mpmath.almosteq(written(again, point), written(text, point), 1e-12)
    assert same(constant, constant, ring)


def test_what_is_the_same_has_the_same_value() -> None:
    ring = context(*READ).ring
    constants = {text: read_constant(parse_expr(text), context(*READ)) for text in READ}
    values = {t: [value(c, point) for point in POINTS] for t, c in constants.items()}
    for x, y in combinations(READ, 2):
        equal = all(
            mpmath.almosteq(u, v, 1e-12) for u, v in zip(values[x], values[y], strict=True)
        )
        if same(constants[x], constants[y], ring):
            assert equal, (x, y)
        ratio = quotient(constants[x], constants[y], ring)
        if ratio is not None:
            for point, u, v in zip(POINTS, values[x], values[y], strict=True):
                assert mpmath.almosteq(number(ratio, point), u / v, 1e-12), (x, y)


REFUSED = [
    ("-pi", "is not positive"),
    ("0*pi", "is not positive"),
    ("a - a", "is not positive"),
    ("(1 - a)*pi", "is not positive"),
    ("(a - b)*pi", "the sign of a - b is not proved"),
    ("pi - 1", "is not positive"),
    ("pi + 1 - a", "is not positive"),
    ("pi - log(2)", "is not positive"),
    ("pi^(1/(a - 3))", "the sign of a - 3 is not proved"),
    ("1/(a - 3)*pi", "the sign of a - 3 is not proved"),
    ("1/(a - a)*pi", "identically zero"),
    ("Gamma(-1/2)", "is not positive"),
    ("Gamma(a - 2)", "the sign of a - 2 is not proved"),
    ("Gamma(pi)", "is not a rational function"),
    ("zeta(a - a + 1)", "is not positive"),
    ("Gamma(a - a)", "is not positive"),
    ("log(a - a + 1)", "is not positive"),
    ("zeta(1/2)", "is not positive"),
    ("zeta(1/2) - 1", "is not positive"),
    ("zeta(a - 1)", "the sign of a - 2 is not proved"),
    ("zeta(2/a)", "is not proved"),
    ("sin(pi)", "is not positive"),
    ("sin(pi*2)", "is not positive"),
    ("sin(-pi/2)", "is not positive"),
    ("sin(0*pi)", "is not|no multiple"),
    ("sin(pi*a)", "is not positive"),
    ("sin(1)", "is no multiple of pi"),
    ("log(1)", "is not positive"),
    ("log(1/2)", "is not positive"),
    ("log(a - 1)", "the sign of a - 2 is not proved"),
    ("exp(pi)", "is not a rational function"),
    ("zeta(3) - 1 - 1/9", "is not positive"),
    ("zeta(3) - 2", "is not positive"),
    ("(pi + 1)^5", "no rule for a power"),
    ("(pi + 1)^-1", "no rule for a power"),
    ("(pi + 1)^(1/2)", "no rule for a power"),
    ("(pi + 1)^a", "no rule for a power"),
    ("max(1, pi)", "no rule reads the constant"),
    ("(10^30 + 57)^(1/2)", "too large to factor"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_constants_that_are_refused(text: str, message: str) -> None:
    with pytest.raises(RejectedError, match=message):
        read(text)


def test_a_sign_is_positive_or_refused() -> None:
    ctx = context()
    positive_sign(ctx.ring.one, ctx, "one")
    for number_ in (0, -1):
        with pytest.raises(RejectedError, match=re.escape("it is not positive")):
            positive_sign(ctx.ring.number(number_), ctx, "it")
    assert rational_function(parse_expr("pi"), ctx) is None
    assert rational_function(parse_expr("a - a"), ctx) == ctx.ring.zero


def test_where_closed_forms_end() -> None:
    ring = context().ring
    for n, has_closed_form in ((MAX_SHIFT, True), (MAX_SHIFT + 1, False)):
        found = gamma_value(ring.number(n), ring).terms[0].powers
        assert (found == ()) is has_closed_form
    for n in (MAX_EVEN, MAX_EVEN + 2, MAX_EVEN - 1):
        kinds = [kind for (kind, _), _ in zeta_value(ring.number(n), 1, ring).terms[0].powers]
        assert kinds == (["pi"] if n == MAX_EVEN else ["zeta"])
    ((kind, argument), _) = zeta_value(ring.number(4), 3, ring).terms[0].powers[0]
    assert (kind, argument) == ("tail", (ring.number(4), 3))


def test_tails_of_zeta_take_so_many_terms() -> None:
    for n in (2, 3, 9, 10):
        taken = "".join(f" - {k}^-a" for k in range(2, n))
        constant = read(f"zeta(a) - 1{taken}") if n < 10 else None
        if constant is None:
            with pytest.raises(RejectedError, match="is not positive"):
                read(f"zeta(a) - 1{taken}")
        else:
            assert [atom for term in constant.terms for atom, _ in term.powers] == [
                ("tail", (context().ring.frac(parse_expr("a")), n))
            ]
