import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import hand_made
import pytest
from hand_made import claim_file
from hypothesis import given
from hypothesis import strategies as st

from proofs_check.claimfile import parse_claims
from proofs_check.verdict import Certificate
from ratecert.cli import main
from ratecert.latex import Group, Math, Table, Text, escape, to_latex, to_markdown, to_text
from ratecert.rates_table import rates_table

NASTY = r"""[x]*100% & a_b #1 $5 {y} ~z ^w \d <e> |f| "g" `h` 'i' Théorème 4.1 κ ≥ 2 × ∞"""

FILE = parse_claims(
    claim_file("fine", "wrong", says="min(M, N)/N_eff = Theta(log(M)^(1-a)/N^0.5)").encode(), "f"
)
PAPERS = {"p": FILE.paper}


def certificates() -> list[Certificate]:
    return [hand_made.certify(claim) for claim in FILE.claims]


def test_rows() -> None:
    (group,) = rates_table(certificates()[:1], PAPERS).groups
    assert group.heading == Text("Title [of] a paper")
    first, second = group.rows
    assert first == (
        Text("Theorem 1"),
        Math(r"\min(M,\ N)/N_{\mathrm{eff}}", "min(M, N)/N_eff"),
        Math(r"\Theta(\log^{1 - a}(M)/N^{1/2})", "Theta(log(M)^(1 - a)/N^(1/2))"),
        Math(r"M^{1 - a}", "M^(1 - a)"),
        Math(r"M \le N_{\mathrm{eff}}^{1/a}", "M <= N_eff^(1/a)"),
        Text("certified"),
    )
    assert second[:3] == (Text(""),) * 3
    assert second[3] == Math(r"N_{\mathrm{eff}}^{(1 - a)/a}", "N_eff^((1 - a)/a)")


def test_verdict_is_that_of_the_run_and_not_what_is_expected() -> None:
    rows = rates_table(certificates(), PAPERS).groups[0].rows
    assert [row[-1] for row in rows] == [Text("certified"), Text(""), Text("refuted"), Text("")]


def test_controls_are_left_out() -> None:
    claim = replace(FILE.claims[1], expect="refuted")
    assert rates_table([hand_made.certify(claim)], PAPERS).groups == ()


@pytest.mark.parametrize(("derived", "wanted"), [("M", Math("M", "M")), ("", Text("none"))])
def test_without_regimes(derived: str, wanted: Text | Math) -> None:
    certificate = replace(certificates()[0], regimes=(), derived=derived)
    (row,) = rates_table([certificate], PAPERS).groups[0].rows
    assert row[3] == wanted


def test_row_of_the_wrong_length() -> None:
    with pytest.raises(ValueError, match="a row of 1 cells under 2 heads"):
        Table((Text("a"), Text("b")), (Group(Text(""), ((Text("c"),),)),))


def test_text_is_aligned() -> None:
    table = Table(
        (Text("x"), Text("yy")), (Group(Text("G"), ((Math("M^{2}", "M^2"), Text("")),)),)
    )
    assert to_text(table).splitlines() == ["x    yy", "-------", "G", "M^2"]


@given(st.text())
def test_words_cannot_break_out_of_their_cell(words: str) -> None:
    table = Table((Text("a"), Text("b")), (Group(Text(words), ((Text(words), Text(words)),)),))
    latex = to_latex(table)
    assert len(latex.splitlines()) == (10 if words else 8)
    without_escapes = re.sub(r"\\[{}$&#%_]", "", escape(words))
    assert not set("&#%_^~$") & set(without_escapes)
    assert without_escapes.count("{") == without_escapes.count("}")
    row = to_markdown(table).rstrip("\n").split("\n")[-1]
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 3


def pdf(folder: Path, table: str) -> Path:
    """Compile a paper that holds the table; warnings about boxes aside, it must be clean."""
    (folder / "t.tex").write_text(
        "\\documentclass{article}\n\\usepackage{booktabs,amsmath}\n\\begin{document}\n\\thispagestyle{empty}\n\\tiny\n"
        f"{table}\\end{{document}}\n",
        encoding="utf-8",
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Missing character" not in done.stdout
    return folder / "t.pdf"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
class TestCompiled:
    def test_table(self, tmp_path: Path) -> None:
        nasty = [replace(c, claim=replace(c.claim, where=NASTY)) for c in certificates()]
        papers = {"p": replace(FILE.paper, title=NASTY, arxiv="2406.08466")}
        assert pdf(tmp_path, to_latex(rates_table(nasty, papers))).stat().st_size > 1000

    def test_compiling_notices_an_error(self, tmp_path: Path) -> None:
        table = to_latex(rates_table(certificates(), PAPERS)).replace(r"\bottomrule", "$")
        with pytest.raises(AssertionError):
            pdf(tmp_path, table)


@pytest.mark.parametrize("form", ["latex", "markdown", "text"])
def test_command(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ratecert.pipeline", hand_made)
    path = tmp_path / "p.claims.toml"
    command = ["table", "--jobs", "1", "--format", form, str(path)]
    path.write_text(claim_file("fine"), encoding="utf-8")
    assert main(command) == 0
    assert "certified" in capsys.readouterr().out
    path.write_text(claim_file("fine", "wrong"), encoding="utf-8")
    assert main(command) == 1
    path.write_text(claim_file("fine", "unusable"), encoding="utf-8")
    assert main(command) == 2
    path.write_text("[paper", encoding="utf-8")
    capsys.readouterr()
    assert main(command) == 2
    assert capsys.readouterr().out == ""
