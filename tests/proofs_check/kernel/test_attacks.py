"""Derivations made by hand for false claims: each one once was, or could be, a way in.

Every claim here is false (or says nothing), so no derivation of it may be accepted; the one given
is the shortest that uses the fault its name tells.  The last part has true claims next to them:
the same rules, rightly used, are accepted.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from ratecert.proofs_check.checker import check, check_witness
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.kernel.cone import lin
from ratecert.proofs_check.kernel.goals import check_goal
from ratecert.proofs_check.kernel.growth import bound
from ratecert.proofs_check.kernel.logform import log_tree
from ratecert.proofs_check.kernel.optimum import outer_context
from ratecert.proofs_check.kernel.premises import premises, with_slack
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import Name
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.paths.orders import Order
from ratecert.proofs_check.refutation.least import check_least, tied_premises
from ratecert.theory.derive import derive
from ratecert.theory.optima.optimise import nowhere_below
from ratecert.theory.search.derivation import grown
from ratecert.theory.witnesses.least import refute_optimum

ONE: list[Any] = [["1", []]]
LINEAR = ["1", "0", "0"]


def certificate(ctx: Any, mu: list[Any], nu: list[Any], **gens: list[Any]) -> dict[str, Any]:
    """A certificate whose generators are named: M is log M, log_M log log M, less_M its slack."""
    numbers = {name: number(ctx, name) for name in gens}
    return {"mu": mu, "nu": nu, "gens": {str(numbers[name]): gens[name] for name in gens}}


def number(ctx: Any, name: str) -> int:
    kind, _, size = name.rpartition("_")
    wanted = {"": ({size: 1}, None), "log": ({f"log {size}": 1}, None)}
    wanted |= {"absorbed": ({f"log {size}": -1}, size), "less": ({f"log {size}": -1}, None)}
    for at, generator in enumerate(ctx.generators):
        coeffs = {v: c.constant() for v, c in generator.form.coeffs.items()}
        if (coeffs, generator.absorbed_by) == wanted[kind]:
            return at
    raise AssertionError(f"no generator {name}")


def derivation(tree: Any, needs: int = 0, **model: Any) -> dict[str, Any]:
    values = model.pop("values", {})
    path = {name: LINEAR if order is None else order for name, order in model.items()}
    return {"needs": [None] * needs, "model": {"values": values, "path": path}, "tree": tree}


def nothing_is(ctx: Any, **gens: list[Any]) -> dict[str, Any]:
    """A proof that a case is impossible."""
    return {"absurd": certificate(ctx, [ONE], [ONE], **gens)}


def equal(count: int = 1) -> dict[str, Any]:
    """A proof of a goal whose sides are the same form, or a maximum of which it is the first."""
    return {"certs": [{"mu": [ONE], "nu": [ONE], "gens": {}} for _ in range(count)]}


# Slack.


def test_a_case_is_not_impossible_because_logarithms_may_be_lost() -> None:
    claim = make_claim("M^2 = Otilde(M)")
    ctx = with_slack(premises(claim))
    goal = nothing_is(ctx, log_M=ONE, less_M=ONE)
    with pytest.raises(RejectedError, match="coefficient of log M"):
        check(claim, derivation({"bounds": {}, "upper": goal}, M=None))


def test_nothing_diverges_by_losing_logarithms() -> None:
    ctx = with_slack(premises(make_claim("M = Otilde(M)")))
    size = ctx.generators[number(ctx, "log_M")].form
    data = {"certs": [certificate(ctx, [ONE], [ONE], less_M=ONE)]}
    check_goal(lin(size), lin(size - size), data, ctx)
    with pytest.raises(RejectedError, match="identity"):
        check_goal(lin(size), lin(size - size), data, ctx, diverging=True)


def test_logarithms_are_related_by_what_holds_without_losing_any() -> None:
    """``M <= N log C`` gives no ``log M <= C log N`` where log C is lost."""
    claim = make_claim("M = Otilde(N)", assume=["N*log(C) >= M"])
    ctx = with_slack(premises(claim))
    given = next(k for k, g in enumerate(ctx.generators) if g.text == "N*log(C) >= M")
    proof = {"mu": [ONE], "nu": [ONE], "gens": {str(given): ONE, str(number(ctx, "less_C")): ONE}}
    step = {"mono": ["N", "M"], "power": "1", "given": {"certs": [proof]}, "then": equal()}
    logs = [lin(ctx.generators[number(ctx, f"log_{size}")].form) for size in "MM"]
    with pytest.raises(RejectedError, match="identity"):
        check_goal(*logs, step, ctx)


# Quantities and indices that pass for parameters.


def test_a_quantity_on_the_right_is_no_parameter() -> None:
    claim = make_claim("1 = Theta(1 + effective_dimension^2)", assume=["a > 1"])
    case = {
        "signs": [["1 + effective_dimension^2", "+", [["1", []], ["1", [1, 1]]]]],
        "then": {"bounds": {}, "upper": equal(), "lower": equal()},
    }
    zero = {**case, "signs": [["1 + effective_dimension^2", "+", [["1", []], ["1", [1, 1]]]]]}
    tree = {"cases": "effective_dimension", "pos": case, "zero": zero, "neg": case}
    proof = derivation(tree, values={"a": "2"}, M=None, N_eff=None, gamma=["0", "0", "0"])
    with pytest.raises(RejectedError, match="quantity effective_dimension"):
        check(claim, proof)


def test_a_quantity_in_a_constraint_is_no_parameter() -> None:
    claim = make_claim(
        "optimal(value) = Theta(C^-1)",
        assume=["a > 1", "b = a"],
        minimise="M^-1",
        over=["M"],
        subject_to="1 + approx^2 >= M/C",
    )
    witness = {"kind": "optimum", "values": {}, "path": {}, "point": {}}
    with pytest.raises(RejectedError, match="quantity approx"):
        check_witness(claim, witness)
    with pytest.raises(RejectedError, match="quantity approx"):
        premises(claim)


def test_the_index_in_an_objective_is_no_parameter() -> None:
    """``eigenvalue(j)`` is ``j^-a``, and j may be large."""
    claim = make_claim(
        "optimal(value) = Theta(1)",
        assume=["a > 1", "j >= 1", "M >= j", "M = C"],
        minimise="eigenvalue(j)",
        over=["M"],
    )
    ready = premises(claim)
    outer = outer_context(ready)
    rises = [
        {"certs": [certificate(outer, [ONE], [ONE], **{name: ONE})]} for name in ("C", "log_C")
    ]
    node = {
        "signs": [["j", "+", [["1", [1]], ["1", []]]]],
        "then": {
            "point": {"M": "C"},
            "feasible": [*rises, equal(), equal(), rises[0]],
            "attained": {"bounds": {}, "goal": equal()},
            "lower": {"bounds": {}, "goal": equal()},
        },
    }
    with pytest.raises(RejectedError):
        check(claim, derivation(node, needs=2, values={"a": "2"}, M=None, j=["0"] * 3, C=None))
    assert "j" in ready.ctx.indices
    assert "j" not in ready.ctx.ring.names


@pytest.mark.parametrize("index", ["gamma", "sigma", "1/M", "3/2", "0", "M^2"])
def test_eigenvalues_are_numbered_by_indices(index: str) -> None:
    claim = make_claim(f"eigenvalue({index}) = Theta(({index})^-a)", assume=["a > 1"])
    with pytest.raises(RejectedError, match="is no index"):
        premises(claim)


def test_steps_that_are_varied_are_not_given() -> None:
    claim = make_claim(
        "optimal(value) = Theta(1/N)", minimise="1/N", over=["N_eff"], subject_to="N <= C"
    )
    ready = premises(claim)
    assert ready.uses_n_eff
    node = {"point": {"N_eff": "C/log(C)"}, "feasible": [], "attained": {}, "lower": {}}
    with pytest.raises(RejectedError, match="may not depend on N_eff"):
        check(claim, derivation(node, N=None, C=None))


# Poles and constants without a value.


def test_a_comparison_has_no_pole() -> None:
    """At a = 1 none of b < 1/(a-1), b = ..., b > ... holds, and there the claim is false."""
    claim = make_claim("log(M) = O(M^(b*(a - 1)))", assume=["a >= 1", "b > 0"])
    # Factors: a - 1 >= 0, b > 0, then that of the comparison, then those of the case a - 1.
    absorbed = {"2": ONE}
    rising = {"mu": [ONE], "nu": [ONE], "gens": {"0": [["1", [1, 3]]], **absorbed}}
    power = {"mu": [ONE], "nu": [ONE], "gens": {"0": ONE, **absorbed}}

    def case(void: list[Any]) -> dict[str, Any]:
        leaf = {"bounds": {}, "upper": {"certs": [rising]}}
        negative = {"void": [["1", [0]], ["1", [3]]]}
        return {"cases": "a - 1", "pos": leaf, "zero": {"void": void}, "neg": negative}

    tree = {
        "compare": ["b", "1/(a - 1)"],
        "gt": case([["1", [2]], ["1", [3]], ["1", [1, 3, 4]]]),
        "eq": {"bounds": {}, "upper": {"certs": [power]}},
        "lt": case([["1", [2]], ["1", [1, 3, 3]], ["1", [4]]]),
    }
    with pytest.raises(RejectedError, match="not a polynomial"):
        check(claim, derivation(tree, values={"a": "2", "b": "1"}, M=None))


@pytest.mark.parametrize(
    "constant",
    [
        "1/(a - a)",
        "exp(1/(a - a))",
        "exp(-sum(1/i, i, 1, oo))",
        "2^(1/(a - 1))",
        "exp(log(a - a))",
        "exp(log(a - 5))",
        "a - 5",
        "Gamma(a - 5)",
        "zeta(a - 1)",
        "sin(a)",
        "(a - 5)^(1/2)",
        "sqrt(a - 5)",
        "min(a, a - 5)",
    ],
)
def test_constants_have_a_positive_value(constant: str) -> None:
    claim = make_claim(f"M*{constant} = Theta(M)", assume=["a > 0"])
    with pytest.raises(RejectedError):
        log_tree(claim.left, premises(claim).ctx)


# Indices that are captured.


@pytest.mark.parametrize(
    ("says", "assume"),
    [
        ("sum(i^-a, i, 1, M) = Theta(1)", ["a = i", "i > 1"]),
        ("sum(N*N_eff^-2, N_eff, 1, M) = Theta(N)", []),
        ("sum(a*i^-2, i, 1, M) = Theta(1)", ["a > 1", "i = a"]),
    ],
)
def test_an_index_captures_no_name(says: str, assume: list[str]) -> None:
    claim = make_claim(says, assume)
    with pytest.raises(RejectedError):
        check(claim, derivation({}, values={}, M=None))
    with pytest.raises(RejectedError):
        bound(premises(claim).left.upper, True, premises(claim).ctx, {})


@pytest.mark.parametrize(
    "left",
    [
        "sum(sum(i^-2, i, 1, M), i, 1, N)",
        "M*sum(M^-2, M, 1, N)",
        "sum(i^-2, i, 1, i)",
        "sum(i - 1, i, 1, M)",
        "sum(1/(i - 1), i, 1, M)",
        "sum(i^-2, i, -1, M)",
        "sum(log(i), i, 1, M)",
        "sum(2^(-i), i, 1, M)",
        "exp(M)",
        "exp(-M + N)",
        "exp(-min(M, -N))",
        "M - N",
        "-M",
        "log(sum(i, i, 1, M))",
    ],
)
def test_what_no_rule_reaches_is_rejected(left: str) -> None:
    claim = make_claim(f"{left} = O(M)", assume=["i > 1"] if "1, i)" in left else [])
    hint = {"upper": {"power": "1"}, "lower": []}
    data = {str(node): hint for node in (claim.left,)}
    with pytest.raises(RejectedError):
        bound(claim.left, True, premises(claim).ctx, data)


# Optima.


def optimum(says: str) -> Claim:
    """``M^-1`` is least at M = C."""
    return make_claim(says, minimise="M^-1", over=["M"], subject_to="M <= C")


def feasible(ctx: Any) -> list[Any]:
    """Proofs that M = C^(1/2) tends to infinity, as its logarithm does, and is at most C."""
    half = [["1/2", []]]
    return [
        {"certs": [certificate(ctx, [ONE], [ONE], C=half)]},
        {"certs": [certificate(ctx, [ONE], [ONE], log_C=ONE)]},
        {"certs": [certificate(ctx, [ONE], [ONE], C=half)]},
    ]


def test_the_value_of_an_optimum_does_not_depend_on_what_is_varied() -> None:
    """With V = min(1, C^(1/2)/M)/M the optimum would seem to be at C^(1/2)."""
    claim = optimum("optimal(M) = O(C^(1/2))")
    ready = premises(claim)
    at_point = {"mu": [ONE], "nu": [ONE], "gens": {str(len(ready.ctx.generators) + 1): ONE}}
    node = {
        "point": {"M": "C^(1/2)"},
        "value": "M^-1*min(1, C^(1/2)/M)",
        "slope": "1",
        "feasible": feasible(outer_context(ready)),
        "attained": {"bounds": {}, "goal": {"certs": [equal()["certs"][0], at_point]}},
        "lower": {"bounds": {}, "goal": {"certs": [{"mu": [[], ONE], "nu": [ONE], "gens": {}}]}},
    }
    with pytest.raises(RejectedError, match="may not depend on M"):
        check(claim, derivation(node, M=None, C=None))


def test_the_right_side_of_an_optimum_does_not_depend_on_what_is_varied() -> None:
    claim = optimum("optimal(value) = Theta(M^-1)")
    node = {
        "point": {"M": "C^(1/2)"},
        "feasible": feasible(outer_context(premises(claim))),
        "attained": {"bounds": {}, "goal": equal()},
        "lower": {"bounds": {}, "goal": equal()},
    }
    with pytest.raises(RejectedError, match="may not depend on M"):
        check(claim, derivation(node, M=None, C=None))


def test_a_gap_that_is_a_logarithm_is_none_where_logarithms_are_lost() -> None:
    """The objective is of order 1 everywhere; the gap up to log C is lost with the logarithms."""
    claim = make_claim(
        "optimal(M) = Thetatilde(C^(1/2))", minimise="1 + M^-1", over=["M"], subject_to="M <= C"
    )
    ready = premises(claim)
    slack = with_slack(ready)
    capped = certificate(slack, [[], ONE], [ONE, []], less_C=ONE)
    node = {
        "point": {"M": "C^(1/2)"},
        "value": "1",
        "slope": "1",
        "cap": "log(C)",
        "unbounded": {"certs": [certificate(ready.ctx, [ONE], [ONE], log_C=ONE)]},
        "feasible": feasible(outer_context(ready)),
        "attained": {
            "bounds": {},
            "goal": {"certs": [equal()["certs"][0], certificate(slack, [ONE], [ONE], M=ONE)]},
        },
        "lower": {"bounds": {}, "goal": {"certs": [capped, capped]}},
    }
    with pytest.raises(RejectedError, match="may not be capped"):
        check(claim, derivation(node, M=None, C=None))


def least(claim: Claim, value: str, goal: Any, **more: Any) -> dict[str, Any]:
    half = ["1/2", "0", "0"]
    data = {"path": {"C": LINEAR}, "point": {"M": half}, **more}
    return {"kind": "least", "values": {}, "value": value, **data} | {
        "lower": {"bounds": {}, "goal": goal}
    }


def test_the_least_value_does_not_depend_on_what_is_varied() -> None:
    """Every point would be the least, with V the objective itself."""
    claim = optimum("optimal(M) = Theta(C)")
    with pytest.raises(RejectedError, match="may not depend on M"):
        check_witness(claim, least(claim, "M^-1", equal()))


def test_the_path_does_not_fix_what_is_varied() -> None:
    claim = optimum("optimal(M) = Theta(C)")
    half = ["1/2", "0", "0"]
    tied = premises(claim, Condition(Name("M"), "=", parse_expr("C^(1/2)")))
    last = {"mu": [ONE], "nu": [ONE], "gens": {str(len(tied.ctx.generators) - 2): ONE}}
    witness = least(claim, "C^(-1/2)", {"certs": [last]}, path={"C": LINEAR, "M": half}, point={})
    with pytest.raises(RejectedError, match="belongs to the point"):
        check_witness(claim, witness)


def test_the_path_does_not_fix_the_steps_by_their_other_name() -> None:
    claim = make_claim(
        "optimal(N_eff) = Theta(C)", minimise="N_eff^-1", over=["N_eff"], subject_to="N_eff <= C"
    )
    order = ["1/2", "1", "0"]
    witness = least(claim, "C^(-1/2)", equal(), path={"C": LINEAR, "N": order}, point={})
    with pytest.raises(RejectedError, match="belongs to the point"):
        check_witness(claim, witness)


# Contradictions.


@pytest.mark.parametrize(
    ("assume", "values"),
    [
        (["a > 1", "a < 1"], {"a": "2"}),
        (["a > 1", "a < 1"], {"a": "1"}),
        (["1 > 2"], {}),
        (["M >= N^2", "N >= M^2"], {}),
        (["gamma = 1", "gamma = M^-1"], {}),
    ],
)
def test_nothing_follows_from_a_contradiction(assume: list[str], values: dict[str, str]) -> None:
    claim = make_claim("M^2 = O(M)", assume)
    model: dict[str, Any] = {"M": None}
    model |= {"N": None} if "N" in assume[0] else {}
    model |= {"gamma": ["0", "0", "0"]} if "gamma" in assume[0] else {}
    with pytest.raises(RejectedError, match="not allowed"):
        check(claim, derivation({"void": []}, values=values, **model))


def test_a_derivation_without_an_example_of_the_assumptions_is_rejected() -> None:
    claim = make_claim("M = O(M)")
    tree = {"bounds": {}, "upper": equal()}
    check(claim, derivation(tree, M=None))
    for model in (None, [], {"values": {}}, {"values": {}, "path": {}}):
        with pytest.raises(RejectedError):
            check(claim, derivation(tree, M=None) | {"model": model})


# Numbers that are none.

TRUE = make_claim("M = O(M^2)")


def with_multiplier(term: Any) -> dict[str, Any]:
    proof = {"mu": [ONE], "nu": [ONE], "gens": {"0": term}}
    return derivation({"bounds": {}, "upper": {"certs": [proof]}}, M=None)


def test_a_multiplier_is_a_positive_rational_as_text() -> None:
    check(TRUE, with_multiplier([["1", []]]))
    check(TRUE, with_multiplier([["1/3", []], ["2/3", []]]))


@pytest.mark.parametrize(
    "coefficient",
    [1, 1.0, True, None, float("nan"), float("inf"), "-1", "0", "0/5", "1/0", "1.0", "1e0",
     "1e999999999", "1_0", " 1", "1 ", "nan", "inf", "+1", "", "٣", "9" * 5000, [], {}],
)  # fmt: skip
def test_other_multipliers_are_rejected(coefficient: Any) -> None:
    with pytest.raises(RejectedError):
        check(TRUE, with_multiplier([[coefficient, []]]))


@pytest.mark.parametrize("indices", [[0], [-1], [True], [0.0], ["0"], "", {}, None, [[]], 0])
def test_a_multiplier_names_assumptions_that_exist(indices: Any) -> None:
    with pytest.raises(RejectedError):
        check(TRUE, with_multiplier([["1", indices]]))


@pytest.mark.parametrize("term", [{}, "1", 1, None, [1], ["1"], [["1"]], [["1", [], []]]])
def test_a_multiplier_is_a_list_of_pairs(term: Any) -> None:
    with pytest.raises(RejectedError):
        check(TRUE, with_multiplier(term))


def test_deep_data_are_rejected() -> None:
    deep: Any = {"bounds": {}, "upper": equal()}
    for _ in range(5000):
        deep = {"signs": [], "then": deep}
    with pytest.raises(RejectedError, match="nested too deeply"):
        check(TRUE, derivation(deep, M=None))
    claim = optimum("optimal(M) = Theta(C^2)")
    for _ in range(5000):
        deep = {"signs": [], "then": deep}
    witness = least(claim, "C^-1", {}, point={"M": LINEAR}) | {"lower": deep}
    with pytest.raises(RejectedError, match="nested too deeply"):
        check_witness(claim, witness)


# Least values: N against N_eff, and powers of logarithms.


def root_of_the_steps(says: str) -> Claim:
    return make_claim(says, minimise="M/N_eff + 1/M", over=["M"])


def test_a_tie_of_the_steps_keeps_their_logarithm() -> None:
    """The path gives N; the objective has N_eff = N/log N, whose root is the best M."""
    claim = root_of_the_steps("optimal(M) = Theta(N^(1/2))")
    witness = refute_optimum(claim)
    assert witness is not None
    assert witness["point"]["M"] != witness["path"]["N"]
    check_least(claim, witness)
    x, y, z = (Fraction(part) / 2 for part in witness["path"]["N"])
    beside = witness | {"point": {"M": [str(x), str(y), str(z)]}}
    with pytest.raises(RejectedError, match="does not attain the least value"):
        check_least(claim, beside)
    larger = witness | {"value": "N^(-1/2)"}
    with pytest.raises(RejectedError):
        check_least(claim, larger)
    with pytest.raises(RejectedError, match="as Theta allows"):
        check_least(root_of_the_steps("optimal(M) = Theta(N_eff^(1/2))"), witness)


def test_a_least_value_loses_no_logarithm_for_a_tilde() -> None:
    """The claim is up to logarithms, the lower bound of its witness is not."""
    claim = make_claim(
        "optimal(value) = Thetatilde(C^-2)",
        minimise="1/(M*log(M))", over=["M"], subject_to="M <= C",
    )  # fmt: skip
    path = {"C": Order(Fraction(1))}
    ready = tied_premises(claim, {}, path)
    losing = nowhere_below(lambda case: log_tree(parse_expr("1/C"), case.ctx), losing=True)
    witness = {
        "kind": "least", "values": {}, "path": {"C": ["1", "0", "0"]},
        "point": {"M": ["1", "0", "0"]}, "value": "1/C", "lower": grown(ready, (), losing),
    }  # fmt: skip
    with pytest.raises(RejectedError):
        check_least(claim, witness)


@pytest.mark.parametrize(
    ("says", "settings"),
    [
        # Up to logarithms, without a cap of the gap.
        (
            "optimal(M) = Thetatilde(C^(1/2))",
            {"minimise": "1/M + log(M)/N", "over": ["M", "N"], "subject_to": "M*N = C"},
        ),
        # A step size has no double logarithm.
        (
            "optimal(gamma) = Theta(N^(-1/2))",
            {"minimise": "gamma + 1/(N*gamma)", "over": ["gamma"]},
        ),
    ],
)
def test_true_claims_about_places_are_accepted(says: str, settings: dict[str, Any]) -> None:
    claim = make_claim(says, **settings)
    check(claim, derive(claim).proof)
