"""``ratecert order`` and `ratecert.order`."""

from __future__ import annotations

import json
import re

import pytest

import ratecert
from ratecert.cli import main
from ratecert.orders import leading
from ratecert.orders import order as rates
from ratecert.orders.leading import UnknownOrderError
from ratecert.orders.order import Rate
from ratecert.orders.veto import require_no_contradiction
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.verdict.certificate import Regime
from ratecert.theory import derive


def run(*words: str) -> int:
    return main(["order", *words])


def test_one_regime(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("M^a + M^(a-1)", "--assume", "a > 1") == 0
    assert capsys.readouterr().out == "M^a + M^(a-1) = Theta(M^a)\n"


def test_regimes(capsys: pytest.CaptureFixture[str]) -> None:
    expr = "sum(min(1, (t*i^-a)^2), i, 1, M)"
    assert run(expr, "--assume", "a > 1") == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{expr} = Theta(min(t^(1/a), M))",
        "  = Theta(t^(1/a))  if  M >= t^(1/a)",
        "  = Theta(M)  if  t^(1/a) >= M",
    ]


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("(x + x^A)/x", "--assume", "A > 0", "--sizes", "x, y", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "order": "x^(A - 1) + 1",
        "regimes": [
            {"when": ["A > 1"], "order": "x^(A - 1)", "expansion": None},
            {"when": ["A <= 1"], "order": "1", "expansion": None},
        ],
        "leading": None,
        "leading_proved": False,
        "expansion": None,
        "trust": [],
    }


def test_quantities_come_with_their_trust(capsys: pytest.CaptureFixture[str]) -> None:
    rate = ratecert.order("eigenvalue(j)", ["a > 1", "j >= 1", "j <= M"])
    assert rate.order == "j^(-a)"
    assert any("Gaussian sketch" in item for item in rate.trust)
    assert run("eigenvalue(j)", *(f"--assume={c}" for c in ("a > 1", "j >= 1", "j <= M"))) == 0
    assert "rests on: Gaussian sketch" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("expr", "assume", "sizes", "order"),
    [
        ("sum(i^-a, i, M + 1, oo)", ["a > 1"], [], "M^(1 - a)"),
        ("sum(i^-b*exp(-t*i^-a), i, 1, oo)", ["a > 1", "b > 1"], [], "t^((1 - b)/a)"),
        ("sum(1/(i^a + k), i, 1, oo)", ["a > 1"], [], "k^((1 - a)/a)"),
        ("sum((1 + i^a/N)^-b, i, 1, oo)", ["a > 1", "b > 1"], [], "N^(1/a)"),
        ("sum(i^-1, i, 1, x)", [], ["x"], "log(x)"),
        ("N_eff*log(N)", [], [], "N_eff*log(N_eff)"),
    ],
)
def test_sums_of_the_papers(expr: str, assume: list[str], sizes: list[str], order: str) -> None:
    rate = ratecert.order(expr, assume, sizes)
    # Every sum here has a leading term that is proved.
    has_sum = "sum" in expr
    assert (rate.leading is not None) == rate.leading_proved == has_sum
    assert rate == Rate(expr, order, (Regime((), order),), rate.leadings)


def test_leading_terms_that_are_not_proved() -> None:
    # At the scale of the filter, and where nothing is known of two scales.
    for expr in ("sum(min(1, n*i^-a)^2, i, 1, M)", "sum(i^-2*exp(-N/i)*exp(-M/i), i, 1, oo)"):
        rate = ratecert.order(expr, ["a > 1"])
        assert (rate.leading, rate.leading_proved) == (None, False)
    rate = ratecert.order("sum(i^-a, i, M, oo) + sum(i^-a, i, N, oo)", ["a > 1"])
    assert rate.leading == "M^(1 - a)/(a - 1) + N^(1 - a)/(a - 1)"
    assert str(rate).endswith("(proved)")


def test_leading_terms_case_by_case(capsys: pytest.CaptureFixture[str]) -> None:
    expr = "sum(i^-b, i, 1, M)"
    assert run(expr, "--assume", "b > 0", "--terms", "2") == 0
    assert capsys.readouterr().out.splitlines()[-3:] == [
        f"expansion: {expr} = zeta(b) - M^(1 - b)/(b - 1) + O(M^(-b))  if  b > 1  "
        "(the first term proved, the others derived, each checked in balls, at 12 places in all)",
        f"expansion: {expr} = log(M) + EulerGamma + O(1/M)  if  b = 1  "
        "(the first term proved, the others derived, each checked in balls, at 4 places in all)",
        f"expansion: {expr} = -M^(1 - b)/(b - 1) + zeta(b) + O(M^(-b))  if  b < 1  "
        "(the first term proved, the others derived, each checked in balls, at 12 places in all)",
    ]
    rate = ratecert.order(expr, ["b > 0"])
    assert rate.leading is None
    known = [regime["expansion"] for regime in rate.as_json()["regimes"]]
    assert [k["terms"] for k in known] == [["zeta(b)"], ["log(M)"], ["-M^(1 - b)/(b - 1)"]]
    assert all(k["proved"] and k["checked"] for k in known)


def test_what_decides_on_further_terms() -> None:
    rate = ratecert.order("sum(i^-b*exp(-i^a/N), i, 1, oo)", ["a > 1", "b > 1"], terms=2)
    assert str(rate).endswith("for more, assume which sign a + 1 - b has")
    decided = ratecert.order("sum(i^-b*exp(-i^a/N), i, 1, oo)", ["a > 1", "b > a + 1"], terms=2)
    assert decided.as_json()["expansion"]["terms"] == ["zeta(b)", "-zeta(b - a)/N"]


@pytest.mark.parametrize("count", ["0", "21", "-1", "x", "1.5", "9" * 50])
def test_unusable_numbers_of_terms(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        run("sum(1/i, i, 1, M)", f"--terms={count}")
    assert left.value.code == 2
    assert "is no number from 1 to 20" in capsys.readouterr().err


def test_no_leading_term_where_that_asks_for_cases() -> None:
    drawn = "sum(log(i + 1)*i^(-1/2)/(i^(-1/2) + 1/k), i, 1, M) + k*N^(-2)"
    rate = ratecert.order(drawn)
    assert rate.leading is None
    assert len(rate.regimes) > 1


def test_by_cases_without_one_order(capsys: pytest.CaptureFixture[str]) -> None:
    rate = ratecert.order("sum(i^-a, i, 1, M)", ["a > 0"])
    assert rate.order == ""
    assert [(r.when, r.order) for r in rate.regimes] == [
        (("a > 1",), "1"),
        (("a = 1",), "log(M)"),
        (("a < 1",), "M^(1 - a)"),
    ]
    assert str(rate).splitlines()[0] == "sum(i^-a, i, 1, M)"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["M^(1-a"], r"expected `\)`"),
        (["x^A", "--sizes", "x"], "there is no name A here"),
        (["M^a", "--assume", "a"], "a condition compares two expressions"),
        (["M^a", "--assume", "a > 1", "--assume", "a < 0"], "satisfies all assumptions"),
        (["M", "--sizes", "2x"], "is not a name"),
    ],
)
def test_unusable(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words) == 2
    assert re.search(message, capsys.readouterr().err)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["M - N"], "no rule for differences"),
        (["exp(M)"], "may grow faster than every power"),
        (["sum(i^-2, i, N, M)"], "known only from above: O(1/N)"),
        (["sum(1/(i*log(i+1)), i, 1, M)"], "no rule for the triple logarithm"),
    ],
)
def test_unknown(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


def test_nothing_unchecked_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders from a search gone wrong do not survive the check."""
    true = rates.joined

    def wrong(regimes: list[Regime]) -> list[Regime]:
        return [Regime(regime.when, f"M*({regime.order})") for regime in true(regimes)]

    monkeypatch.setattr(rates, "joined", wrong)
    with pytest.raises(UnknownOrderError, match="was found, but not proved"):
        ratecert.order("M^a + 1", ["a > 1"])


def test_a_case_without_example_is_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derive, "model", lambda claim: None)
    with pytest.raises(UnknownOrderError, match="the example of the assumptions is missing"):
        ratecert.order("M^a", ["a > 1"])


def test_notebook() -> None:
    shown = ratecert.order("(x + x^A)/x", ["A > 0"], ["x"])._repr_latex_()
    assert shown.startswith(r"$\displaystyle \frac{x + x^{A}}{x} = \begin{cases} ")
    assert r"\Theta\left(x^{A - 1}\right) & \text{if } A > 1 \\ \Theta\left(1\right)" in shown
    assert shown.count("{") == shown.count("}")
    one = ratecert.order("M^a + 1", ["a > 1"])._repr_latex_()
    assert one == r"$\displaystyle M^{a} + 1 = \Theta\left(M^{a}\right)$"


def test_order_holds_on_boundaries() -> None:
    """Each case's order is a claim of its own, which holds where cases touch, too."""
    rate = ratecert.order("M^(1-a) + N^(1/a-1)", ["a > 1"])
    first, second = rate.regimes
    touching = make_claim(f"{first.order} = Theta({second.order})",
                          ["a > 1", *first.when, *second.when])  # fmt: skip
    assert leading.proved(touching) == ()
    apart = make_claim(f"{first.order} = Theta({second.order})", ["a > 1", *first.when])
    with pytest.raises(UnknownOrderError):
        leading.proved(apart)


def test_name_of_the_function_is_not_that_of_a_module() -> None:
    main(["order", "M"])
    assert callable(ratecert.order)


def test_reads_the_expression_first() -> None:
    with pytest.raises(UserError) as caught:
        ratecert.order("M^(1-a")
    assert "Theta" not in str(caught.value)


def test_logarithm_of_the_right_size() -> None:
    """The stretch from 1 to t^(1/a) has the length log(t), however large M is."""
    rate = ratecert.order("sum(j^-1*min(1, (t*j^-a)^2), j, 1, M)", ["a > 1", "M >= t^(1/a)"])
    assert rate.order == "log(t)"


# The veto of the numbers.


@pytest.mark.parametrize(
    ("expr", "assume", "wrong"),
    [
        ("sum(1/i^2, i, 1, M)", [], "M^(1/4)"),
        ("sum(i^-a, i, M, oo)", ["a > 1"], "M^(3/4 - a)"),
        ("sum((1-2/k)^M/k, k, 1, M)", [], "1"),
        ("sum(k^-2*(1-2/k)^(2*M), k, 1, oo)", [], "1/M"),
        ("sum((gamma*k-1/1000)/k^3, k, 1, oo)", ["gamma = 1"], "1"),
        ("M^a", ["a > 1"], "M^(a - 1/2)"),
    ],
)
@pytest.mark.parametrize("place", ["cases", "whole"])
def test_no_order_is_shown_that_enclosures_contradict(
    expr: str,
    assume: list[str],
    wrong: str,
    place: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cases = [Regime((), wrong)] if place == "cases" else []
    whole = wrong if place == "whole" else ""
    monkeypatch.setattr(rates, "_cases", lambda *given: (cases, ()))
    monkeypatch.setattr(rates, "_overall", lambda *given: whole)
    monkeypatch.setattr(rates, "_leadings", lambda *given: ())
    assert run(expr, *(f"--assume={condition}" for condition in assume)) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert f"internal disagreement: {expr} = Theta({wrong}) was found, but" in shown.err


@pytest.mark.parametrize(
    ("expr", "wrong", "when"),
    [
        ("sum(i^-2, i, 1, M)", "zeta(3)", ()),
        ("sum(i^-b, i, M, oo)", "M^(1 - b)/b", ()),
        ("sum(i^-b, i, 1, M)", "log(M)", ("b < 3/4",)),
        ("sum((1-2/d)^M, d, 1, 2)", "1", ()),
    ],
)
def test_no_constant_is_shown_that_enclosures_contradict(
    expr: str, wrong: str, when: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = leading.LeadingTerms((wrong,), ("o", wrong), True, when=when)
    monkeypatch.setattr(rates, "_cases", lambda *given: ([], ()))
    monkeypatch.setattr(rates, "_overall", lambda *given: "")
    monkeypatch.setattr(rates, "_leadings", lambda *given: (told,))
    assume = ["b > 1"] if "M, oo" in expr else ["b > 0"] if "b" in expr else []
    with pytest.raises(UnknownOrderError, match="internal disagreement"):
        ratecert.order(expr, assume)


def test_what_is_smaller_than_every_power_is_contradicted_by_one() -> None:
    small = Regime((), "0", (("1", "M"),))
    require_no_contradiction("exp(-M)", [], [], [small], [])
    beside = Regime((), "M^(-2)", (("1", "M"),))
    require_no_contradiction("exp(-M) + M^-2", [], [], [beside], [])
    for expr, case in (("M^(-1/2)", small), ("M^(-1/2)", beside), ("M^0", beside)):
        with pytest.raises(UnknownOrderError, match=r"= O\(.*was found, but enclosure"):
            require_no_contradiction(expr, [], [], [case], [])


def test_a_slow_crossover_vetoes_no_order() -> None:
    assert ratecert.order("log(N)^5 + N^(1/100)").order == "N^(1/100)"
    assert ratecert.order("10^-40*M*sum(i^-2, i, 1, M) + 1").order == "M"
    assert ratecert.order("sum(1/i, i, 1, N)^3").order == "log(N)^3"
