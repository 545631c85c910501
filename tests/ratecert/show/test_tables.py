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

from ratecert.cli import main
from ratecert.proofs_check.files.read import parse_claims
from ratecert.proofs_check.language.claim import Paper
from ratecert.proofs_check.verdict.certificate import Certificate, Evidence, Light
from ratecert.show.rates_table import LAYOUTS, bibtex, rates_table
from ratecert.writing.tables import (
    FORMATS,
    Group,
    Math,
    Table,
    Text,
    escape,
    to_latex,
    to_markdown,
    to_text,
)

NASTY = r"""[x]*100% & a_b #1 $5 {y} ~z ^w \d <e> |f| "g" `h` 'i' Théorème 4.1 κ ≥ 2 × ∞"""

FILE = parse_claims(
    claim_file("fine", "wrong", says="min(M, N)/N_eff = Theta(log(M)^(1-a)/N^0.5)").encode(), "f"
)
PAPERS = {"p": FILE.paper}


def certificates() -> list[Certificate]:
    return [hand_made.certify(claim) for claim in FILE.claims]


STATEMENT = Math(
    r"\min(M,\ N)/N_{\mathrm{eff}} = \Theta(\log^{1 - a}(M)/N^{1/2})",
    "min(M, N)/N_eff = Theta(log(M)^(1 - a)/N^(1/2))",
    span=2,
)
BLANK = Text("")


def test_rows() -> None:
    (group,) = rates_table(certificates()[:1], PAPERS).groups
    assert group.heading == Text("Title [of] a paper")
    assert group.rows == (
        (Text("Theorem 1"), STATEMENT, BLANK, Text("certified")),
        (
            BLANK,
            Math(r"\quad M^{1 - a}", "  M^(1 - a)"),
            Math(r"M \le N_{\mathrm{eff}}^{1/a}", "M <= N_eff^(1/a)"),
            BLANK,
        ),
        (
            BLANK,
            Math(r"\quad N_{\mathrm{eff}}^{(1 - a)/a}", "  N_eff^((1 - a)/a)"),
            Math(r"M \ge N_{\mathrm{eff}}^{1/a}", "M >= N_eff^(1/a)"),
            BLANK,
        ),
    )
    narrow = rates_table(certificates()[:1], PAPERS, layout="narrow")
    assert list(narrow.groups[0].rows) == [row[1:] for row in group.rows]


def test_verdict_is_that_of_the_run_and_not_what_is_expected() -> None:
    rows = rates_table(certificates(), PAPERS).groups[0].rows
    assert [row[-1] for row in rows if row[-1] != BLANK] == [Text("certified"), Text("refuted")]


def test_papers_side_by_side() -> None:
    other = parse_claims(
        claim_file("fine", key="q", says="min(M, N)/N_eff = Theta(1/M)").encode(), "g"
    )
    some = [*certificates(), hand_made.certify(other.claims[0])]
    table = rates_table(some, PAPERS | {"q": other.paper}, layout="side", cite=True)
    assert table.heads == (Text("quantity"), Text("regime"), Text("p"), Text("q"))
    assert table.cites == ("", "", "p", "q")
    (group,) = table.groups
    # Two statements of p and one of q about the same quantity, two regimes each.
    order = Math("M^{1 - a}", "M^(1 - a)")
    assert group.rows[0][2:] == (order, order)
    assert group.rows[1][2:] == (Text("M^(1 - a) (refuted)"), BLANK)
    assert [row[0] for row in group.rows] == [
        Math(r"\min(M,\ N)/N_{\mathrm{eff}}", "min(M, N)/N_eff"), BLANK, BLANK, BLANK,
    ]  # fmt: skip


def test_constants_are_the_certified_ones_or_what_the_ladders_saw() -> None:
    certificate = certificates()[0]
    assert rates_table([certificate], constants=True).groups[0].rows[0][-1] == Text(
        "lower 1; upper 4"
    )
    ladders = [{"between": ["1.5e0", "2.0e0"]}, {"between": ["0.25", "1"]}, {"refused": "x"}]
    seen = Evidence("enclosure", Light.PASS, "", {"ladders": ladders})
    for relation, wanted in (
        ("Theta", "seen 0.25 to 2"), ("O", "seen up to 2"), ("Omegatilde", "seen from 0.25"),
    ):  # fmt: skip
        claim = replace(certificate.claim, relation=relation)
        some = replace(certificate, claim=claim, constants=None, evidence=(seen,))
        assert rates_table([some], constants=True).groups[0].rows[0][-1] == Text(wanted)
    none = replace(certificate, constants=None, evidence=())
    assert rates_table([none], constants=True).groups[0].rows[0][-1] == Text("unknown")


def test_notes_are_shared_and_marked() -> None:
    first, second = certificates()
    noted = [replace(c, claim=replace(c.claim, note="a note")) for c in (first, second)]
    table = rates_table(noted, PAPERS, notes=True)
    assert [(note.mark, note.words.words) for note in table.notes] == [
        ("a", "a note"),
        ("b", "Rests on: a theorem <cited>"),
        ("c", "told by the id, at level quick"),
    ]
    assert [row[-1].marks for row in table.groups[0].rows if row[-1] != BLANK] == ["a,b", "a,c,b"]
    assert "[c] told by the id, at level quick" in to_text(table)
    assert r"$^{\text{a}}$ a note." in to_latex(table)
    assert r"- $^{\text{a}}$ a note" in to_markdown(table)
    assert not rates_table(noted, PAPERS).notes


def test_citations() -> None:
    assert r"\emph{Title [of] a paper}~\cite{p}" in to_latex(
        rates_table(certificates(), PAPERS, cite=True)
    )
    lin = Paper("lin2024", "A {T}itle", ("Licong Lin", "Jason D. Lee"), 2024, "2406.08466")
    assert bibtex(lin) == (
        "@article{lin2024,\n  title         = {{A {T}itle}},\n"
        "  author        = {Licong Lin and Jason D. Lee},\n  year          = {2024},\n"
        "  eprint        = {2406.08466},\n  archivePrefix = {arXiv},\n}\n"
    )
    narrow = rates_table(certificates(), {"p": replace(lin, key="p")}, layout="narrow")
    assert narrow.groups[0].heading == Text("Lin and Lee 2024")


def test_a_layout_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="no layout 'wide'"):
        rates_table([], layout="wide")


def test_controls_are_left_out() -> None:
    claim = replace(FILE.claims[1], expect="refuted")
    assert rates_table([hand_made.certify(claim)], PAPERS).groups == ()


@pytest.mark.parametrize(
    ("derived", "wanted"), [("M", Math(r"\quad M", "  M")), ("", Text("none"))]
)
def test_without_regimes(derived: str, wanted: Text | Math) -> None:
    certificate = replace(certificates()[0], regimes=(), derived=derived)
    first, second = rates_table([certificate], PAPERS).groups[0].rows
    assert first[1] == STATEMENT
    assert second[1] == wanted


def test_a_single_regime_that_repeats_the_claim_is_not_told_twice() -> None:
    certificate = certificates()[0]
    certificate = replace(certificate, regimes=(), derived=str(certificate.claim.right))
    assert len(rates_table([certificate], PAPERS).groups[0].rows) == 1


def test_row_of_the_wrong_length() -> None:
    with pytest.raises(ValueError, match="a row of 1 cells under 2 heads"):
        Table((Text("a"), Text("b")), (Group(Text(""), ((Text("c"),),)),))


@pytest.mark.parametrize("wrong", [{"cites": ("p",)}, {"columns": ("l", "l", "l")}])
def test_heads_that_something_is_missing_for(wrong: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(ValueError, match="for 2 heads"):
        Table((Text("a"), Text("b")), (), **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "more", [(), ("--cite",), ("--constants", "--notes"), ("--cite", "--notes")]
)
def test_every_layout_in_every_format(
    layout: str, form: str, more: tuple[str, ...], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, "ratecert.pipeline.certify", hand_made)
    path = tmp_path / "p.claims.toml"
    for ids, expect in ((("fine", "fine-too"), "certified"), (("wrong",), "refuted")):
        path.write_text(claim_file(*ids, expect=expect), encoding="utf-8")
        command = ["table", "--jobs", "1", "--layout", layout, "--format", form, *more]
        assert main([*command, str(path)]) == 0
        assert (r"\cite{p}" in capsys.readouterr().out) == (
            form == "latex" and "--cite" in more and expect == "certified"
        )


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


def test_text_of_a_wide_cell_is_not_cut() -> None:
    wide = Math("", "a much wider formula", span=2)
    table = Table(
        (Text("x"), Text("y"), Text("z")),
        (Group(Text("G"), ((wide, Text(""), Text("1")), (Text("p"), Text("q"), Text("2")))),),
    )
    assert to_text(table).splitlines() == [
        "x  y                  z",
        "-----------------------",
        "G",
        "a much wider formula  1",
        "p  q                  2",
    ]
    assert r"\multicolumn{2}{@{}l}{$$} & 1 \\" in to_latex(table)


def two_columns(folder: Path, wide: str, narrow: str, references: str) -> str:
    """Compile a two-column paper with a table over both columns and one in a column."""
    for name, text in (("wide.tex", wide), ("narrow.tex", narrow), ("refs.bib", references)):
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "t.tex").write_text(
        "\\documentclass[twocolumn]{article}\n\\usepackage{booktabs,amsmath}\n"
        "\\begin{document}\n"
        "\\begin{table*}\\centering\\scriptsize\\input{wide}\\end{table*}\n"
        "\\begin{table}\\centering\\scriptsize\\input{narrow}\\end{table}\n"
        "Text.\n\\bibliographystyle{plain}\\bibliography{refs}\n\\end{document}\n",
        encoding="utf-8",
    )
    command = ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
    return (folder / "t.log").read_text(encoding="utf-8", errors="replace")


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

    @pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
    def test_two_columns(self, tmp_path: Path) -> None:
        lin = Paper("lin2024", "T", ("Licong Lin",), 2024, "2406.08466")
        file = parse_claims(
            claim_file(
                "fine", "wrong", key="lin2024",
                says="risk - sigma^2 = Theta(M^(1-a) + (N_eff*gamma)^((1-a)/a))",
                note="a note that is long enough to have to be broken into lines below the table",
            ).encode(), "f",
        )  # fmt: skip
        some = [hand_made.certify(claim) for claim in file.claims]
        every = {"constants": True, "notes": True, "cite": True}
        log = two_columns(
            tmp_path,
            to_latex(rates_table(some, {"lin2024": lin}, **every)),
            to_latex(rates_table(some, {"lin2024": lin}, layout="narrow")),
            bibtex(lin),
        )
        assert "Overfull" not in log
        assert "undefined" not in log

    def test_compiling_notices_an_error(self, tmp_path: Path) -> None:
        table = to_latex(rates_table(certificates(), PAPERS)).replace(r"\bottomrule", "$")
        with pytest.raises(AssertionError):
            pdf(tmp_path, table)


@pytest.mark.parametrize("form", ["latex", "markdown", "text"])
def test_command(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ratecert.pipeline.certify", hand_made)
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
