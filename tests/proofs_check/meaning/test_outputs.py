"""Outputs with targets and noise of their own: how they are read, what they mean, what is refused.

The decoupling itself is tested in numbers in `tests/numerics/risk/test_multiple.py`.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from derivations import is_derived
from hypothesis import given
from hypothesis import strategies as st

from ratecert.io.certificates import claim_table
from ratecert.proofs_check.files.names import ClaimFileError
from ratecert.proofs_check.files.read import make_claim, parse_claims
from ratecert.proofs_check.language.claim import Claim, Setting
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import Add, Expr, Name, Num
from ratecert.proofs_check.language.grammar import parse_expr
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.meaning.definitions import meaning
from ratecert.proofs_check.meaning.laws import NoMeaningError

HEAD = """[paper]
key = "p"
[defaults]
assume = ["a > 1", "1 < b < c", "c <= a"]
"""


def read(body: str, defaults: str = "") -> Claim:
    text = f"{HEAD}{defaults}\n[[claim]]\nid = 'x'\n{body}"
    (claim,) = parse_claims(text.encode(), "f.claims.toml").claims
    return claim


def problem(body: str, defaults: str = "") -> str:
    with pytest.raises(ClaimFileError) as caught:
        read(body, defaults)
    return str(caught.value)


def test_lists_give_each_output_its_own() -> None:
    claim = read("target = ['i^-b', 'i^-c']\nnoise = ['sigma^2', '2*sigma^2']\n"
                 "says = 'risk = Theta(1)'")  # fmt: skip
    first, second = claim.setting.each()
    assert [str(p.target) for p in (first, second)] == ["i^(-b)", "i^(-c)"]
    assert [str(p.noise) for p in (first, second)] == ["sigma^2", "2*sigma^2"]
    assert first.count == second.count == Num(Fraction(1))
    assert claim.setting.outputs == Num(Fraction(2))


def test_without_lists_all_outputs_are_alike() -> None:
    claim = read("noise = '3*sigma^2'\noutputs = 'M'\nsays = 'irreducible = Theta(M)'")
    (output,) = claim.setting.each()
    assert output.count == claim.setting.outputs
    assert str(meaning(Name("irreducible"), claim.setting).upper) == "3*M*sigma^2"


def test_one_list_goes_with_what_the_outputs_share() -> None:
    noises = read("noise = ['sigma^2', 'sigma^2', '4']\nsays = 'risk = Theta(1)'").setting
    assert [str(p.target) for p in noises.each()] == ["i^(-b)"] * 3
    targets = read("target = ['i^-b']\noutputs = '1'\nsays = 'risk = Theta(1)'").setting
    assert [str(p.noise) for p in targets.each()] == ["sigma^2"]


def test_a_claim_overrides_the_lists_of_the_defaults() -> None:
    claim = read("target = 'i^-c'\nsays = 'approx = O(1)'", "target = ['i^-b', 'i^-c']")
    (output,) = claim.setting.each()
    assert output.count == claim.setting.outputs
    assert claim.setting.outputs == Num(Fraction(1))


BAD = {
    ("target = []", ""): "8: target is an empty list: give one expression for each output",
    ("target = ['i^-b', 3]", ""): "8: an entry of target must be a string",
    ("target = ['i^-b', 'i^-']", ""): "8: ",
    ("target = ['i^-b', 'i^-bb']", ""): "8: there is no name bb here",
    ("target = ['i^-b',\n 'i^-c',\n 'j^-c']", ""): "10: there is no name j here",
    ("target = ['i^-b']\nnoise = ['sigma^2', '1']", ""): "8: target lists 1 and noise lists 2",
    ("target = ['i^-b', 'i^-c']\noutputs = '3'", ""): "9: outputs = 3, but target lists 2",
    ("target = ['i^-b', 'i^-c']", "outputs = 'M'"): "8: outputs = M, but target lists 2",
    ("", "target = ['i^-b', 'i^-c']\noutputs = 'M'"): "7: outputs = M, but target lists 2",
    ("noise = '1/N'", ""): "8: noise is constant: of sigma and parameters, not of N",
    ("noise = ['1', 'gamma']", ""): "8: noise is constant: of sigma and parameters, not of gamma",
    ("noise = 's^2'", ""): "8: there is no name s here: a parameter must occur in assume",
    ("noise = 'i'", ""): "8: there is no name i here",
}


@pytest.mark.parametrize(("case", "said"), BAD.items(), ids=range(len(BAD)))
def test_unusable_lists_are_told_with_their_line(case: tuple[str, str], said: str) -> None:
    body, defaults = case
    found = problem(body + "\nsays = 'risk = Theta(1)'", defaults)
    assert found.startswith(f"f.claims.toml:{said}")


def test_the_noise_is_not_looked_at_where_nothing_uses_it() -> None:
    assert read("noise = 's^2'\nsays = 'approx = O(1)'").setting.noise == parse_expr("s^2")


def setting(targets: Sequence[str], noises: Sequence[str] = ()) -> Setting:
    fields: dict[str, Any] = {"noise": tuple(map(parse_expr, noises))} if noises else {}
    return Setting(
        parse_expr("i^-a"), tuple(map(parse_expr, targets)),
        outputs=Num(Fraction(len(targets))), **fields,
    )  # fmt: skip


def terms(expr: Expr) -> set[Expr]:
    return set(expr.terms if isinstance(expr, Add) else (expr,))


@given(st.lists(st.sampled_from(["i^-b", "i^-c", "i^-2", "3*i^-b"]), min_size=1, max_size=4),
       st.sampled_from(["approx", "bias", "mean_bias", "variance", "excess"]))  # fmt: skip
def test_a_quantity_is_the_sum_over_the_outputs(targets: list[str], name: str) -> None:
    """The order of the sum: terms that several outputs share stand once."""
    whole = meaning(Name(name), setting(targets))
    parts = [meaning(Name(name), Setting(parse_expr("i^-a"), parse_expr(t))) for t in targets]
    assert terms(whole.upper) == set().union(*(terms(p.upper) for p in parts))
    assert terms(whole.lower) == set().union(*(terms(p.lower) for p in parts))
    assert set(whole.needs) == {need for p in parts for need in p.needs}
    assert set(whole.trust) == {trust for p in parts for trust in p.trust}


def test_what_the_outputs_share_is_no_sum() -> None:
    for text in ("effective_dimension", "eigenvalue(j)"):
        many, one = setting(["i^-b", "i^-c"]), setting(["i^-b"])
        assert meaning(parse_expr(text), many) == meaning(parse_expr(text), one)


def test_the_noise_of_all_outputs_is_lost_exactly() -> None:
    own = setting(["i^-b", "i^-c"], ["sigma^2 + s", "2*sigma^2"])
    left = meaning(parse_expr("risk - 3*sigma^2 - s"), own)
    assert "sigma" not in str(left.upper)
    assert Condition(Name("s"), ">", Num(Fraction(0))) in left.needs
    assert "sigma^2" in str(meaning(parse_expr("risk - 2*sigma^2 - s"), own).upper)
    with pytest.raises(NoMeaningError, match="is subtracted and stays"):
        meaning(parse_expr("risk - 4*sigma^2"), own)
    assert str(meaning(Name("irreducible"), own).upper) == "sigma^2 + s + 2*sigma^2"


@pytest.mark.parametrize(
    "noise", ["0", "-1", "sigma - 1", "oo", "sigma^s", "log(s)", "sum(1/i, i, 1, 3)"]
)
@pytest.mark.parametrize("name", ["irreducible", "variance", "risk"])
def test_noise_that_need_not_be_a_positive_constant_is_refused(noise: str, name: str) -> None:
    with pytest.raises(NoMeaningError, match="no rule for the noise"):
        meaning(Name(name), setting(["i^-b", "i^-c"], ["sigma^2", noise]))


def test_a_parameter_that_is_a_variance_has_to_be_positive() -> None:
    assume = ["a > 1", "b = a", "N_eff*gamma >= 1"]
    says = "variance = Theta(min(M, (N_eff*gamma)^(1/a))/N_eff)"
    noise = ["sigma^2", "pi*s^2"]
    assert not is_derived(says, *assume, "s > -1", noise=noise)
    assert is_derived(says, *assume, "s > 0", noise=noise)
    assert not is_derived("irreducible = Theta(1)", "s > -1", noise=noise)
    assert is_derived("irreducible = Theta(1)", "s > 0", noise=noise)


TOTAL = "Theta(M^(1-b) + (N_eff*gamma)^((1-b)/a))"
SOURCES = ("a > 1", "1 < b < c", "c <= a", "N_eff*gamma >= 1")


@pytest.mark.parametrize(
    ("says", "holds"),
    [
        (f"risk - 3*sigma^2 = {TOTAL}", True),
        (f"risk - 2*sigma^2 = {TOTAL}", False),
        (f"risk - 4*sigma^2 = {TOTAL}", False),
        (f"risk - 3*sigma^2 = {TOTAL.replace('b', 'c')}", False),
        (f"risk - 3*sigma^2 = O{TOTAL.replace('b', 'c')[5:]}", False),
        (f"risk - 3*sigma^2 = Omega{TOTAL.replace('b', 'c')[5:]}", True),
        ("approx = Theta(M^(1-b))", True),
        ("approx = Theta(M^(1-c))", False),
        ("variance = Theta(min(M, (N_eff*gamma)^(1/a))/N_eff)", True),
        ("variance = Theta(1/N_eff)", False),
    ],
)
def test_the_harder_target_rules(says: str, holds: bool) -> None:
    own = {"target": ["i^-b", "i^-c"], "noise": ["sigma^2", "2*sigma^2"]}
    assert is_derived(says, *SOURCES, **own) == holds


def test_a_recorded_claim_is_the_claim() -> None:
    claim = read("target = ['i^-b', 'i^-c']\nnoise = ['sigma^2', '2*sigma^2']\n"
                 "says = 'risk - 3*sigma^2 = O(1)'")  # fmt: skip
    table = claim_table(claim)
    assert table["target"] == ["i^(-b)", "i^(-c)"]
    assert table["noise"] == ["sigma^2", "2*sigma^2"]
    own = {key: value for key, value in table.items() if key not in ("key", "id")}
    assert make_claim(**own).setting == claim.setting


def test_a_single_word_is_told_apart_from_a_list() -> None:
    with pytest.raises(UserError, match="target must be a string"):
        make_claim("approx = O(1)", target=3)


@pytest.mark.parametrize(
    ("says", "settings"),
    [
        ("irreducible ~ sigma^2", {"noise": "3*sigma^2"}),
        ("irreducible ~ 2*sigma^2", {"noise": ["sigma^2", "3*sigma^2"]}),
        ("approx ~ 2*M^(1-b)/(b-1)", {"target": ["i^-b", "i^-c"], "features": "top"}),
        ("approx ~ M^(1-b)/(b-1)", {"target": ["i^-b", "i^-b"], "features": "top"}),
        ("approx ~ 2*M^(1-c)/(c-1)", {"target": ["i^-c", "i^-b"], "features": "top"}),
    ],
)
def test_constants_are_those_of_all_outputs(says: str, settings: dict[str, Any]) -> None:
    """Each is what a reading of the first output alone, or of `sigma` alone, would give."""
    assert not is_derived(says, *SOURCES, **settings)
