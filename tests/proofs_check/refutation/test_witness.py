from __future__ import annotations

from fractions import Fraction

import pytest

from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.meaning.laws import NoMeaningError
from ratecert.proofs_check.paths.orders import CONSTANT, LOG, LOGLOG, Order
from ratecert.proofs_check.refutation.witness import (
    Names,
    check_refutation,
    feasible_point,
    names_of,
    refuted_ratio,
    statement_of,
)

THEOREM = ("a > 1", "b > 1", "b = a")
ONE_STEP = "N_eff*gamma >= 1"
T = Order(Fraction(1))
VALUES = {"a": "2", "b": "2"}
VARIANCE = "variance = Theta(min(M, (N_eff*gamma)^(1/a))/N_eff)"
ALLOCATION = {"minimise": "risk - sigma^2", "over": ["M", "N_eff"], "subject_to": "M*N_eff = C"}


def path(**sizes):
    """Return sizes as three exponents; a plain string is the power of t."""
    return {
        name: [*(value if isinstance(value, tuple) else (value,)), "0", "0"][:3]
        for name, value in sizes.items()
    }


def witness(values=None, point=None, **sizes):
    data = {"kind": "path", "values": values or {}, "path": path(**sizes)}
    if point is not None:
        data |= {"kind": "optimum", "point": path(**point)}
    return data


def refuted(says, assume, data, **settings):
    return check_refutation(make_claim(says, assume, **settings), data)


def rejected(says, assume, data, match, **settings):
    with pytest.raises(RejectedError, match=match):
        refuted(says, assume, data, **settings)


def test_a_tiny_step_refutes_the_variance_without_its_condition():
    data = witness(VALUES, M="1", N="1", gamma="-2")
    result = refuted(VARIANCE, THEOREM, data)
    # V = (N_eff gamma)^2/N_eff against (N_eff gamma)^(1/2)/N_eff, with N_eff gamma = t^-1/log t.
    assert (result.side, result.ratio) == ("below", "t^(-3/2)*log(t)^(-3/2)")
    assert result.text == "LEFT/RIGHT is at most of order t^(-3/2)*log(t)^(-3/2) and tends to 0"
    assert result.values == VALUES
    assert result.path == {"M": "t", "N": "t", "N_eff": "t*log(t)^(-1)", "gamma": "t^(-2)"}
    assert any("Gaussian sketch" in line for line in result.trust)
    rejected(VARIANCE, (*THEOREM, ONE_STEP), data, "does not satisfy N_eff")


def test_true_rates_are_not_refuted_on_the_same_paths():
    says = "risk - sigma^2 = Theta(M^(1-a) + (N_eff*gamma)^((1-a)/a))"
    for sizes in ({"N": "1", "M": "1"}, {"N": "5", "M": "1"}, {"N": "2", "M": "1"}):
        rejected(says, THEOREM, witness(VALUES, gamma="0", **sizes), "as Theta allows")


def test_steps_for_effective_steps_are_refuted_by_a_logarithm():
    says = "risk - sigma^2 = {}(M^(1-a) + (N*gamma)^((1-a)/a))"
    data = witness(VALUES, M="1", N="1", gamma="0")
    result = refuted(says.format("Theta"), (*THEOREM, ONE_STEP), data)
    assert (result.side, result.ratio) == ("above", "log(t)^(1/2)")
    assert "tends to infinity" in result.text
    for relation in ("Thetatilde", "Otilde", "Omegatilde", "Omega"):
        rejected(says.format(relation), (*THEOREM, ONE_STEP), data, "allows")


def test_relations_fail_on_their_own_side_only():
    fails = {"Theta", "O", "o", "~", "Thetatilde", "Otilde"}
    for relation in ("Theta", "O", "o", "Omega", "Thetatilde", "Otilde", "Omegatilde", "~"):
        says = "M^2 ~ M" if relation == "~" else f"M^2 = {relation}(M)"
        if relation in fails:
            assert refuted(says, (), witness(M="1")).ratio == "t"
        else:
            rejected(says, (), witness(M="1"), "allows")
    fails = {"Theta", "Omega", "~", "Thetatilde", "Omegatilde"}
    for relation in ("Theta", "O", "o", "Omega", "Thetatilde", "Otilde", "Omegatilde", "~"):
        says = "M ~ M^2" if relation == "~" else f"M = {relation}(M^2)"
        if relation in fails:
            assert refuted(says, (), witness(M="1")).ratio == "t^(-1)"
        else:
            rejected(says, (), witness(M="1"), "allows")


def test_little_o_fails_at_a_constant_ratio():
    assert "does not tend to 0" in refuted("2*M = o(M)", (), witness(M="1")).text
    rejected("M ~ M", (), witness(M="1"), "allows")


def test_tilde_forgives_logarithms_of_the_sizes_only():
    slow = witness(M=("0", "1"))
    rejected("log(M) = Thetatilde(1)", (), slow, "allows")
    assert refuted("M = Thetatilde(1)", (), slow).ratio == "log(t)"
    rejected(
        "M = Thetatilde(M*N^(1/2)/N^(1/2)*log(N))", (), witness(M=("0", "1"), N="1"), "allows"
    )
    # The slowest sizes have logarithms without a name here.
    rejected("M = Thetatilde(1)", (), witness(M=("0", "0", "1")), "no rule for the logarithm")
    # Without sizes only powers of t count.
    assert refuted("gamma = Thetatilde(1)", (), witness(gamma="-1")).ratio == "t^(-1)"
    rejected("gamma = Thetatilde(1)", (), witness(gamma=("0", "-1")), "allows")


def test_slow_growth_that_looks_false_is_not_refuted():
    rejected("log(N)^5 = O(N^(1/100))", (), witness(N="1"), "allows")
    assert refuted("N^(1/100) = O(log(N)^5)", (), witness(N="1")).side == "above"


def test_small_exponentials_bound_from_above_only():
    assert refuted("exp(-M) = Theta(M^-9)", (), witness(M="1")).side == "below"
    rejected("exp(-M) = O(M^-9)", (), witness(M="1"), "allows")
    rejected("M = Omega(exp(-M))", (), witness(M="1"), "RIGHT may be arbitrarily small")
    assert refuted("exp(-log(M)) = Theta(M^-2)", (), witness(M="1")).ratio == "t"
    rejected("exp(-log(M)) = Theta(1/M)", (), witness(M="1"), "allows")


def test_an_index_is_compared_literally():
    assume = ("a > 1", "b > 1")
    data = witness({"a": "2", "b": "3"}, M="1", j="1/2")
    assert refuted("eigenvalue(j) = Theta(M^-a)", assume, data).ratio == "t"
    data["path"] = path(M="1", j="2")
    rejected("eigenvalue(j) = Theta(M^-a)", assume, data, "M >= j")
    data["path"] = path(M="1", j="1")
    rejected("eigenvalue(j) = Theta(M^-a)", assume, data, "allows")
    rejected("eigenvalue(j) = Theta(M^-a)", (*assume, "2*j >= M"), data, "compared literally")
    data["path"] = path(M="1", j="-1")
    rejected("eigenvalue(j) = Theta(M^-a)", assume, data, "at least 1")


@pytest.mark.parametrize(
    ("assume", "values", "match"),
    [
        (("b > 1",), {"b": "1"}, "b > 1"),
        (("b >= 1", "b < 2"), {"b": "2"}, "b < 2"),
        (("b <= 1",), {"b": "2"}, "b <= 1"),
        (("b = 1",), {"b": "1/2"}, "b = 1"),
        (("b > pi",), {"b": "4"}, "not rational"),
        (("1/b > 0",), {"b": "0"}, "no value"),
        (("b > 0",), {}, "parameters: b"),
        (("b > 0",), {"b": "1", "c": "1"}, "parameters: b"),
        (("b > 0",), {"b": "1", "M": "5"}, "parameters: b"),
        (("b > 0",), {"b": "0.5"}, "not a rational"),
        (("b > 0",), {"b": 1}, "not a rational"),
        (("b > 0",), {"b": "1/0"}, "divides by zero"),
    ],
)
def test_parameters_are_checked_exactly(assume, values, match):
    rejected("M^b = Theta(1)", assume, witness(values, M="1"), match)


@pytest.mark.parametrize(
    ("assume", "sizes", "match"),
    [
        ((), {"M": "1"}, "how N goes"),
        ((), {"M": "1", "N": "0"}, "N_eff = N/log N"),
        ((), {"M": "0", "N": "1"}, "M tends to infinity"),
        ((), {"M": "-1", "N": "1"}, "M tends to infinity"),
        ((), {"M": ("0", "0", "1"), "N": ("0", "0", "1")}, "N_eff = N/log N"),
        (("gamma <= 1",), {"M": "1", "N": "1", "gamma": "1"}, "gamma stays bounded"),
        (("gamma = 1",), {"M": "1", "N": "1", "gamma": "-1"}, "gamma = 1"),
        (("M >= N",), {"M": "1", "N": "2"}, "M >= N"),
        (("M < N",), {"M": "2", "N": "1"}, "M < N"),
        (("M - N >= 1",), {"M": "1", "N": "1"}, "not of smaller order"),
        ((), {"M": "1", "N": "1", "T": "1"}, "T, which does not occur"),
        ((), {"M": "1", "N": "1", "gamma": "0"}, "gamma, which does not occur"),
        ((), {"M": "1", "N": "1", "N_eff": "1"}, "N_eff = N/log N"),
    ],
)
def test_paths_that_are_not_allowed_are_rejected(assume, sizes, match):
    rejected("M*N = Theta(1)", assume, witness(**sizes), match)


def test_equal_orders_satisfy_every_comparison_of_sizes():
    for op in (">", ">=", "=", "<=", "<"):
        assert refuted("M = Theta(1)", (f"M {op} N",), witness(M="1", N="1")).ratio == "t"


def test_effective_steps_and_steps_determine_each_other():
    given_steps = witness(N="1")
    given_effective = witness(N_eff=("1", "-1"))
    both = witness(N="1", N_eff=("1", "-1"))
    for data in (given_steps, given_effective, both):
        assert refuted("N = O(N_eff)", (), data).ratio == "log(t)"
    slow = witness(N=("0", "1"))
    assert refuted("N = O(N_eff)", (), slow).ratio == str(LOGLOG)


@pytest.mark.parametrize(
    ("data", "match"),
    [
        ({}, "kind"),
        ({"kind": "proof"}, "kind 'proof'"),
        ({"kind": "path", "values": {}}, "no table 'path'"),
        ({"kind": "path", "values": [], "path": {}}, "no table 'values'"),
        ({"kind": "path", "values": {}, "path": {3: ["1", "0", "0"]}}, "no table 'path'"),
        ({"kind": "path", "values": {}, "path": {"M": ["1"]}}, "three exponents"),
        ({"kind": "path", "values": {}, "path": {"M": "100"}}, "three exponents"),
        ({"kind": "path", "values": {}, "path": {"M": ["1e9", "0", "0"]}}, "not a rational"),
        ({"kind": "optimum", "values": {}, "path": {}, "point": {}}, "optimal"),
    ],
)
def test_malformed_witnesses_are_rejected(data, match):
    rejected("M = Theta(1)", (), data, match)


def test_a_claim_without_meaning_is_not_refuted():
    claim = make_claim("variance - bias = Theta(1)", THEOREM)
    with pytest.raises(NoMeaningError):
        statement_of(claim)
    with pytest.raises(RejectedError, match="difference"):
        check_refutation(claim, witness(VALUES, M="1", N="1", gamma="0"))


def test_names_by_kind():
    assume = ("a > 1", "b > 1", "N*gamma >= 1")
    claim = make_claim("eigenvalue(j) = Theta(sigma*j^-a)", assume, sizes=["p"])
    assert names_of(claim, statement_of(claim)) == Names(
        frozenset({"a", "b"}), frozenset({"M", "N"}), frozenset({"j"}), gamma=True
    )


# Optima: with a = b = 2 the best point of C = M N_eff is M = C^(1/3), its value C^(-1/3).


def optimum(says, relation_data):
    return make_claim(says, (*THEOREM, "gamma = 1"), **ALLOCATION), relation_data


BEST = {"M": "1/3", "N": ("2/3", "1")}


def test_a_feasible_point_refutes_a_value_that_is_too_large():
    claim, data = optimum(
        "optimal(value) = Theta(C^(-1/4))", witness(VALUES, BEST, C="1", gamma="0")
    )
    result = check_refutation(claim, data)
    assert (result.side, result.ratio) == ("below", "t^(-1/12)")


@pytest.mark.parametrize(
    ("says", "point", "match"),
    [
        ("optimal(value) = Theta(C^((1-a)/(1+a)))", BEST, "allows"),
        # A feasible point bounds the minimum from above only.
        ("optimal(value) = Theta(C^(-1/2))", BEST, "allows"),
        ("optimal(value) = O(C^(-1/4))", BEST, "allows"),
        ("optimal(value) = Theta(C^(-1/4))", {"M": "1", "N": ("1", "1")}, "M\\*N_eff = C"),
        ("optimal(value) = Theta(C^(-1/4))", {**BEST, "C": "1"}, "C twice"),
        ("optimal(M) = Theta(C)", BEST, "optimal\\(value\\)"),
    ],
)
def test_points_that_refute_no_optimum(says, point, match):
    claim, data = optimum(says, witness(VALUES, point, C="1", gamma="0"))
    with pytest.raises(RejectedError, match=match):
        check_refutation(claim, data)


def test_an_optimum_is_not_refuted_by_a_path_alone():
    data = witness(VALUES, C="1", gamma="0", **BEST)
    claim, data = optimum("optimal(value) = Theta(C^(-1/4))", data)
    with pytest.raises(RejectedError, match="kind 'optimum'"):
        check_refutation(claim, data)


def test_the_orders_at_a_feasible_point():
    data = witness(VALUES, BEST, C="1", gamma="0")
    claim, data = optimum("optimal(M) = Theta(C^(1/2))", data)
    found = feasible_point(claim, data)
    third = Fraction(1, 3)
    assert (found.objective, found.path.orders["M"]) == (Order(-third), Order(third))
    assert found.trust
    plain = make_claim("M = Theta(C)")
    with pytest.raises(RejectedError, match="optimal"):
        feasible_point(plain, data)
    growing = make_claim("optimal(M) = Theta(C)", minimise="exp(M)", over=["M"], assume=["M <= C"])
    with pytest.raises(RejectedError, match="no rule for exp"):
        feasible_point(growing, witness({}, {"M": "1/2"}, C="1"))


@pytest.mark.parametrize(
    ("relation", "ratio", "fails"),
    [("Theta", T, True), ("Theta", CONSTANT, False), ("O", T, True), ("Omega", T, False),
     ("Thetatilde", LOG, False), ("Thetatilde", T, True)],
)  # fmt: skip
def test_an_optimum_fails_where_its_place_is_of_another_order(relation, ratio, fails):
    data = witness(VALUES, BEST, C="1", gamma="0")
    claim, data = optimum(f"optimal(M) = {relation}(C^(1/2))", data)
    found = feasible_point(claim, data)
    if fails:
        assert refuted_ratio(claim, found, ratio).side == "above"
    else:
        with pytest.raises(RejectedError, match="allows"):
            refuted_ratio(claim, found, ratio)


def test_logarithms_compare_as_functions_do():
    assert LOGLOG < LOG < Order(Fraction(1, 100))
