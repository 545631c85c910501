"""``ratecert explain``: what the page says, and that it says only what was checked."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hand_made import claim_file

from ratecert import claim as make_claim
from ratecert.cli import main
from ratecert.explain import exposition
from ratecert.explain.exposition import Explained, explain
from ratecert.proofs_check.verdict.certificate import Verdict
from ratecert.theory.derive import Derived
from ratecert.writing.page import FORMATS

A = ["a > 1"]
BA = ["a > 1", "b = a"]


def text(says: str, assume: list[str], **settings: Any) -> str:
    return FORMATS["text"](explain(make_claim(says, assume, **settings)).blocks)


@pytest.fixture(scope="module")
def theorem() -> Explained:
    """Theorem 4.1 of Lin et al. for the whole risk."""
    return explain(
        make_claim(
            "risk - sigma^2 = Theta(M^(1-a) + (N_eff*gamma)^((1-a)/a))",
            [*BA, "N_eff*gamma >= 1"],
        )
    )


class TestTheorem:
    def test_reads_like_a_page(self, theorem: Explained) -> None:
        page = FORMATS["text"](theorem.blocks)
        parts = [
            "risk - sigma^2 = Theta(M^(1-a) + (N_eff*gamma)^((1-a)/a))",
            "Assumptions: a > 1, b = a and N_eff*gamma >= 1.",
            "S_1 = sum(i^(-a)*min(1, (i/M)^a), i, 1, oo)",
            "risk - sigma^2 is S_1 + S_2 + S_3*S_4/N_eff + S_5/N_eff",
            "1 - a < 0",
            "Case 1: M >= (N_eff*gamma)^(1/a).",
            "S_2 = Theta((N_eff*gamma)^((1 - a)/a))",
            "Case 2: M <= (N_eff*gamma)^(1/a).",
            "S_1 = Theta(M^(1 - a)), as in case 1.",
            "Conclusion",
            "What this rests on and did not prove",
        ]
        flat = " ".join(page.split())
        places = [flat.index(part) for part in parts]
        assert places == sorted(places)
        assert theorem.answer is Verdict.CERTIFIED

    def test_tells_how_the_exponential_is_bounded(self, theorem: Explained) -> None:
        flat = " ".join(FORMATS["text"](theorem.blocks).split())
        assert "exp(-N_eff*gamma*j^(-a)) = O((N_eff*gamma*j^(-a))^(-1))" in flat

    def test_tells_why_one_term_is_below_another(self, theorem: Explained) -> None:
        flat = " ".join(FORMATS["text"](theorem.blocks).split())
        assert (
            "M/N_eff = O((N_eff*gamma)^((1 - a)/a)), by gamma = O(1) and M <= (N_eff*gamma)^(1/a)"
        ) in flat

    def test_stays_within_two_screens(self, theorem: Explained) -> None:
        lines = FORMATS["text"](theorem.blocks).splitlines()
        assert len(lines) <= 120
        assert max(map(len, lines)) <= 80
        assert all(line == line.rstrip() for line in lines)

    def test_markdown_has_mathematics_between_dollars(self, theorem: Explained) -> None:
        page = FORMATS["markdown"](theorem.blocks)
        assert page.startswith("# claim:claim\n")
        assert r"$M \ge (N_{\mathrm{eff}} \, \gamma)^{1/a}$" in page
        for paragraph in page.replace("$$", "").split("\n"):
            assert len(re.findall(r"(?<!\\)\$", paragraph)) % 2 == 0

    def test_latex_is_balanced(self, theorem: Explained) -> None:
        page = FORMATS["latex"](theorem.blocks)
        bare = page.replace(r"\{", "").replace(r"\}", "")
        assert bare.count("{") == bare.count("}")
        assert page.count(r"\begin{") == page.count(r"\end{")
        assert page.count(r"\left") == page.count(r"\right")
        commands = "begin end item left right section subsection textasciicircum usepackage "
        commands += (
            "cdot ensuremath exp frac infty gamma ge le log mathrm max min sigma sum Theta Omega"
        )
        known = set(commands.split())
        assert set(re.findall(r"\\([A-Za-z]+)", page)) <= known


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no LaTeX here")
def test_latex_compiles(theorem: Explained, tmp_path: Path) -> None:
    refuted = explain(make_claim("sum(i^-a, i, 1, M) = O(log(M)^(1/2))", ["a > 0"]))
    body = FORMATS["latex"](theorem.blocks) + FORMATS["latex"](refuted.blocks)
    source = tmp_path / "page.tex"
    source.write_text(
        "\\documentclass{article}\\usepackage{amsmath}\\usepackage[T1]{fontenc}\n"
        f"\\begin{{document}}\n{body}\n\\end{{document}}\n",
        encoding="utf-8",
    )
    run = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", source.name],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-2000:]


def test_parameter_cases_are_told() -> None:
    page = text("sum(i^-a, i, 1, M) = O(M + log(M))", ["a > 0"])
    flat = " ".join(page.split())
    assert "Setting" not in flat
    for case in ("a > 1", "a = 1", "a < 1"):
        assert re.search(rf"Case \d: {case}\.", flat)
    assert "flat between 1 and M, a stretch of length O(log(M)) in log(i)" in flat
    assert "did not prove ------------------------------------ Nothing." in flat


def test_small_o_and_tilde() -> None:
    small = " ".join(text("M^a = o(M^(a+1))", A).split())
    assert "Hence M^a = o(M^(a + 1)): M^a = o(M^(a + 1)), by M -> oo." in small
    slow = " ".join(text("log(M)^a = O(M)", A).split())
    assert "log(M)^a = O(M), by M >= 1 and log(M) is below every power of M." in slow
    flat = " ".join(text("M*log(M) = Otilde(M)", []).split())
    assert "M*log(M) = O(M), by leaving out powers of logarithms" in flat


def test_related_logarithms_are_told() -> None:
    flat = " ".join(text("log(M) = O(log(N))", ["N >= M"]).split())
    assert "log(M) = O(log(N)), as M is at most of the order of a power of N" in flat


def test_flat_sums_from_below() -> None:
    flat = " ".join(text("sum(i^-1, i, 1, M) = Theta(log(M))", []).split())
    assert "S_1 = Theta(log(M))" in flat
    assert "for the lower bound take the terms between 1 and M" in flat


def test_setting_of_a_kernel() -> None:
    flat = " ".join(text("approx = Theta(1/M)", ["b = 2"], kernel="brownian").split())
    assert "Setting: kernel brownian, target i^(-b), gaussian features" in flat


ONE = [["1", []]]
LEAF = {
    "bounds": {},
    "upper": {"certs": [{"mu": [ONE], "nu": [ONE], "gens": {"0": ONE}}]},
}
ABSURD = {"absurd": {"mu": [ONE], "nu": [ONE], "gens": {"0": ONE, "3": ONE}}}
HALF = ["1/2", []]


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        (
            {"split": "M", "ge": LEAF, "le": ABSURD},
            "Case 2: M <= 1. This does not occur under the assumptions.",
        ),
        (
            {
                "compare": ["a", "1/2"],
                "gt": LEAF,
                "eq": {"void": [["1", [0]], HALF]},
                "lt": {"void": [["1", [0]], ["1", [1]], HALF]},
            },
            "Case 3: a < 1/2. This does not occur under the assumptions.",
        ),
        (
            {"cases": "a - 2", "pos": LEAF, "zero": LEAF, "neg": LEAF},
            "Case 2: a - 2 = 0. - Hence M^a = O(M^(a + 1)): M^a = O(M^(a + 1)), by M >= 1.",
        ),
    ],
)
def test_cases_made_by_hand(
    tree: dict[str, Any], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = {"values": {"a": "2"}, "path": {"M": ["1", "0", "0"]}}
    data = {"kind": "order", "needs": [], "model": model, "tree": tree}
    monkeypatch.setattr(exposition, "derive", lambda claim: Derived(data, None, "", "", ()))
    assert told in " ".join(text("M^a = O(M^(a+1))", A).split())


def test_optimum() -> None:
    settings = {"minimise": "M^-a + 1/N", "over": ["M", "N"], "subject_to": "M*N = C"}
    flat = " ".join(text("optimal(M) = Theta(C^(1/(a+1)))", A, **settings).split())
    assert "where M^(-a) + 1/N is minimised over M and N subject to M*N = C." in flat
    assert "Attained. Take M = C^(1/(a + 1)) and N = C^(a/(a + 1)), where" in flat
    assert "Nowhere below. For all feasible values" in flat
    assert "so a minimum has M of that order" in flat
    value = " ".join(text("optimal(value) = Theta(C^(-a/(a+1)))", A, **settings).split())
    assert "is at least of order C^(-a/(a + 1)):" in value


def test_refuted_optimum() -> None:
    settings = {"minimise": "M^-a + 1/N", "over": ["M", "N"], "subject_to": "M*N = C"}
    claim = make_claim("optimal(M) = Theta(C^(1/2))", A, **settings)
    page = explain(claim)
    assert page.answer is Verdict.REFUTED
    flat = " ".join(FORMATS["text"](page.blocks).split())
    assert "There the objective is nowhere below the order of" in flat
    assert "and there the point M =" in flat


def test_refuted() -> None:
    page = explain(make_claim("variance = Theta(M/N_eff)", [*BA, "N_eff*gamma >= 1"]))
    assert page.answer is Verdict.REFUTED
    flat = " ".join(FORMATS["text"](page.blocks).split())
    assert "Consider a = 2, b = 2, M = t" in flat
    assert "- b = a, as 2 = 2" in flat
    assert "- N_eff*gamma >= 1, in order" in flat
    assert flat.index("- variance is of order") < flat.index("and tends to 0: the claim is false")
    assert "S_1 = sum(min(1, (N_eff*gamma*j^(-a))^2), j, 1, M)" in flat


def test_undecided() -> None:
    page = explain(make_claim("M - N = O(M)", []))
    assert page.answer is Verdict.UNDECIDED
    assert "No derivation and no witness was found" in FORMATS["text"](page.blocks)
    index = explain(make_claim("eigenvalue(N) = Theta(N^-a)", A))
    assert "the definitions need M >= N" in " ".join(FORMATS["text"](index.blocks).split())
    known = explain(make_claim("max(M^a, M^a/2) ~ M^a", A))
    flat = " ".join(FORMATS["text"](known.blocks).split())
    assert "suggests that the left side is of order M^a, unchecked" in flat


@pytest.mark.parametrize("part", ["proof", "refutation"])
def test_nothing_unchecked_is_told(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A derivation or a witness gone wrong does not become a page."""
    claim = make_claim("M^a = O(M^(a+1))" if part == "proof" else "M^(a+1) = O(M^a)", A)
    true = exposition.derive(claim)

    def wrong(_claim: object) -> Derived:
        data = copy.deepcopy(true.proof if part == "proof" else true.refutation)
        assert data is not None
        if part == "proof":
            data["tree"]["upper"]["certs"][0]["gens"] = {}
        else:
            data["path"]["M"] = ["-1", "0", "0"]
        return Derived(*((data, None) if part == "proof" else (None, data)), "", "", ())

    monkeypatch.setattr(exposition, "derive", wrong)
    page = explain(claim)
    assert page.answer is Verdict.UNDECIDED
    assert page.reason.startswith("internal error: RejectedError: ")
    assert page.reason in FORMATS["text"](page.blocks).replace("\n", " ")


def test_a_fault_is_a_page_and_never_expected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def broken(_claim: object) -> Derived:
        raise KeyError("M")

    monkeypatch.setattr(exposition, "derive", broken)
    path = tmp_path / "p.claims.toml"
    path.write_text(claim_file("one", expect="undecided"), encoding="utf-8")
    assert main(["explain", str(path)]) == 1
    out, err = capsys.readouterr()
    assert "internal error: KeyError: 'M' (" in out.replace("\n", " ")
    assert err == ""


class TestCommand:
    def test_expected(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["explain", "lin2024:approx"]) == 0
        assert capsys.readouterr().out.startswith("lin2024:approx (Theorem 4.1)\n====")
        assert main(["explain", "lin2024:approx--wrong-exponent", "--format", "markdown"]) == 0
        assert capsys.readouterr().out.startswith("# lin2024:approx--wrong-exponent\n")

    def test_unexpected(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "x.claims.toml"
        file.write_text('[paper]\nkey = "x"\n[[claim]]\nid = "y"\nsays = "M = O(N)"\n')
        assert main(["explain", str(file), "--format", "latex"]) == 1
        assert "x:y" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("lin2024:aprox", "did you mean approx"),
            ("lin2023:approx", "did you mean lin2024"),
            ("lin2024", "name one of them, such as lin2024:approx"),
        ],
    )
    def test_unusable(self, name: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["explain", name]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert message in err


def test_cut_ranges_and_sums_on_the_scale_of_logarithms() -> None:
    page = text("sum(i^-1*log(i+1)^-a*min(1, i/M), i, 1, oo) = Theta(log(M)^(1-a))", A)
    assert "cut at i = M; below it" in " ".join(page.split())
    assert "on the scale of logarithms, times log(i) too, around i = M" in " ".join(page.split())


def test_filters_of_repeated_steps_are_told() -> None:
    page = text("(1 - gamma)^N = Theta(1)", ["N*gamma <= 1"])
    assert "(1 - X)^Y is exp(-c*X*Y)" in page


def test_equivalents() -> None:
    settings = {"features": "top", "schedule": "constant"}
    says = "mean_bias ~ Gamma((b-1)/a)/a*(2*N*gamma)^((1-b)/a)"
    assume = [*A, "b > 1", "N*gamma >= log(N)", "M^a >= N*gamma*log(N)"]
    page = explain(make_claim(says, assume, **settings))
    assert page.answer is Verdict.CERTIFIED
    flat = " ".join(FORMATS["text"](page.blocks).split())
    for told in (
        "mean_bias, exactly: sum(i^(-b)*(1 - gamma*i^(-a))^(2*N), i, 1, M)",
        "mean_bias is S_1.",
        "1 = o(N*gamma), by log(N) -> oo and N*gamma >= log(N)",
        "the terms hold (1 - gamma*i^(-a))^(2*N), equivalent to exp(-u), u = 2*gamma*N*i^(-a)",
        "its Mellin transform Gamma(s) converges at s = (b - 1)/a",
        "the same by identities of powers, Gamma and zeta",
    ):
        assert told in flat
    cases = "sum(i^-b/(1 + N*i^-a), i, 1, M) ~ sum(i^-b/(N*i^-a + 1), i, 1, M)"
    page = explain(make_claim(cases, [*A, "b > 1", "M^a >= N^2"]))
    flat = " ".join(FORMATS["text"](page.blocks).split())
    assert "Case 2: b = a + 1." in flat
    assert "all scales count alike" in flat


def test_terms_that_are_small_beside_others() -> None:
    settings = {"features": "top", "schedule": "constant"}
    assume = [*A, "b > 1", "N*gamma >= M^a*log(M)^2"]
    page = explain(make_claim("approx + mean_bias ~ M^(1-b)/(b-1)", assume, **settings))
    assert page.answer is Verdict.CERTIFIED
    flat = " ".join(FORMATS["text"](page.blocks).split())
    assert "- S_2 is at most of order" in flat
    assert "= o(M^(1 - b)), by" in flat
    assert "S_1 ~ M^(1 - b)/(b - 1): compared with the integral, which its lower end" in flat


def test_a_limit_that_is_not_1() -> None:
    says = "sum(i^-b*exp(-N*i^-a), i, 1, oo) ~ Gamma(b/a)/a*N^((1-b)/a)"
    page = explain(make_claim(says, [*A, "b > 1"]))
    assert page.answer is Verdict.REFUTED
    flat = " ".join(FORMATS["text"](page.blocks).split())
    assert "1/2*pi^(1/2)*N^(-1/2): the terms hold exp(-u), u = N*i^(-2)" in flat
    assert "So LEFT/RIGHT tends to 1.77245385091, not to 1: the claim is false." in flat
