"""The generated pages say what the run says, and change when a claim does."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from generate import claim_page
from generate.commands import commands_page
from generate.ledger import Lemma, graph, layers, written
from generate.paper_page import pages
from generate.phase import cells_of
from generate.regimes import sectors
from generate.verdicts import PaperRun, run
from ratecert import certify, claim
from ratecert.cli import COMMANDS
from ratecert.proofs_check.files.read import parse_claims
from ratecert.writing.page import FORMATS

HEAD = '[paper]\nkey = "p"\ntitle = "T"\n[defaults]\nassume = ["a > 1", "b > 1"]\n'
CLAIM = '[[claim]]\nid = "{id}"\nwhere = "Theorem 7"\nassume = {assume}\nsays = "{says}"\n'


def run_of(folder: Path, *claims: tuple[str, str, str]) -> PaperRun:
    text = HEAD + "".join(CLAIM.format(id=i, assume=a, says=s) for i, a, s in claims)
    (found,) = run(folder, [parse_claims(text.encode(), "p.claims.toml")])
    return found


@pytest.fixture(scope="module")
def before_and_after(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    return [
        pages(run_of(tmp_path_factory.mktemp("kept"), ("tail", '["b = a"]', says)))
        for says in ("approx = Theta(M^(1-a))", "approx = Theta(M^(2-a))")
    ]


class TestOneExponentChanged:
    """The exponent of one claim, and all that the site shows of it."""

    def test_page(self, before_and_after: list[dict[str, str]]) -> None:
        before, after = (found["p/tail.md"] for found in before_and_after)
        assert r"\Theta(M^{1 - a})" in before
        assert r"\Theta(M^{2 - a})" in after
        assert "## Conclusion" in before.replace("### ", "## ")
        assert "So the claim holds" in before
        assert "the claim is false" in after

    def test_constant(self, before_and_after: list[dict[str, str]]) -> None:
        told = before_and_after[0]["p/tail.md"].partition("## Sharp constant")[2]
        assert r"\mathrm{approx} \sim" in told.partition("## ")[0]
        ratios = re.findall(r"\| ([0-9.]+) \|$", told.partition("## ")[0], re.MULTILINE)
        assert len(ratios) == 2
        assert all(abs(float(ratio) - 1) < 1e-5 for ratio in ratios)

    def test_table_row(self, before_and_after: list[dict[str, str]]) -> None:
        rows = [
            next(line for line in found["p/index.md"].splitlines() if line.startswith("| Theorem"))
            for found in before_and_after
        ]
        assert [row.split("|")[-2].strip() for row in rows] == ["certified", "refuted"]
        assert "M^{1 - a}" in rows[0]
        assert "M^{2 - a}" in rows[1]

    def test_light(self, before_and_after: list[dict[str, str]]) -> None:
        def light(page: str, leg: str) -> str:
            found = re.search(rf'rc-light rc-(\w+)"><span class="rc-mark">.</span> {leg}', page)
            assert found is not None
            return found[1]

        before, after = (found["p/tail.md"] for found in before_and_after)
        for leg in ("derivation", "enclosure", "exact"):
            assert (light(before, leg), light(after, leg)) == ("pass", "fail")
        assert 'rc-verdict rc-certified"' in before
        assert 'rc-verdict rc-refuted"' in after
        assert "not as expected" in after


def test_a_certificate_is_kept_by_content(tmp_path: Path) -> None:
    claim = ("tail", '["b = a"]', "approx = Theta(M^(1-a))")
    first = run_of(tmp_path, claim)
    kept = sorted(path.name for path in tmp_path.iterdir())
    again = run_of(tmp_path, claim)
    assert again.judged[0].certificate == first.judged[0].certificate
    assert again.judged[0].certificate.seconds == first.judged[0].certificate.seconds
    assert sorted(path.name for path in tmp_path.iterdir()) == kept
    run_of(tmp_path, ("tail", '["b = a"]', "approx = O(M^(1-a))"))
    assert not set(kept) & {path.name for path in tmp_path.iterdir()}


def test_constants_of_the_ledger_stand_on_the_page() -> None:
    known = {"lower": "2/53/(a - 1)", "upper": "9/(a - 1)", "where": "a <= 4, sigma^2 <= 1"}
    page = claim_page._certified_constants(
        replace(certify(claim("M = O(M)")), constants=known)  # constants of any claim
    )
    assert r"for $a \le 4$, $\sigma^{2} \le 1$" in page
    assert r"2/(53 \, (a - 1)) \le \text{left}/\text{right} \le 9/(a - 1)" in page


def test_controls_stand_with_their_claim(tmp_path: Path) -> None:
    says = "M = O(M)"
    found = run_of(tmp_path, ("x", "[]", says), ("x--y", "[]", says), ("alone--z", "[]", says))
    told = [(j.claim.id, [c.claim.id for c in cs]) for j, cs in found.statements()]
    assert told == [("x", ["x--y"]), ("alone--z", [])]


def test_regimes_are_sectors(tmp_path: Path) -> None:
    claim = ("v", '["b = a", "N_eff*gamma >= 1"]',
             "variance = Theta(min(M, (N_eff*gamma)^(1/a))/N_eff)")  # fmt: skip
    certificate = run_of(tmp_path, claim).judged[0].certificate
    found = sectors(certificate)
    assert found is not None
    plane, parts = found
    assert plane.axes == ("N_eff", "M")
    a = plane.values["a"]
    # The boundary is M = N_eff^(1/a): direction (a, 1); above it M is the larger.
    below, above = parts
    assert below.end[1] / below.end[0] == Fraction(1) / a
    assert certificate.regimes[below.regime - 1].when == ("(N_eff*gamma)^(1/a) >= M",)
    assert certificate.regimes[above.regime - 1].when == ("M >= (N_eff*gamma)^(1/a)",)


def test_phase_cells_are_cut_by_the_assumptions(tmp_path: Path) -> None:
    found = run_of(
        tmp_path,
        ("low", '["b < a + 1"]', "approx = Theta(M^(1-b))"),
        ("line", '["b = a + 1"]', "approx = Theta(M^(-a)*log(M))"),
        ("high", '["b > a + 1"]', "approx = Theta(M^(-a))"),
    )
    cells = [(cell.where, [j.claim.id for j in cell.known]) for cell in cells_of([found])]
    assert cells == [
        (("b < a + 1",), ["low"]),
        (("b > a + 1",), ["high"]),
        (("b = a + 1",), ["line"]),
    ]


def test_every_command_has_a_section() -> None:
    page = commands_page()
    for name in re.findall(r"\(command-([\w-]+)\)=", page):
        assert name in COMMANDS
    assert "`--certificates DIR`" in page
    assert "usage:" not in page


def test_ledger_graph() -> None:
    lemmas = [
        Lemma("a", "axiom", (), {}),
        Lemma("b", "proved", ("a",), {}),
        Lemma("c<d", "rejected", ("a", "b"), {}),
    ]
    assert [[x.id for x in layer] for layer in layers(lemmas)] == [["a"], ["b"], ["c<d"]]
    svg = graph(lemmas)
    assert svg.count("rc-edge") == 3
    assert svg.count("<a href=") == 3
    assert "c<d" not in svg
    assert "✗ c&lt;d" in svg
    assert graph([]).startswith("<figure")


def test_what_a_proof_says_of_each_lemma() -> None:
    paragraphs = (
        "# T", "Words.", "Lemma a.", "$$\nx\n$$", "Checked: proved by box.", "## S",
        "Definition N\\_eff.d.", "y",
    )  # fmt: skip
    assert written("\n\n".join(paragraphs)) == {"a": "$$\nx\n$$\n\n", "N_eff.d": "y\n\n"}


def test_markdown_of_a_page_keeps_its_words(tmp_path: Path) -> None:
    judged = run_of(tmp_path, ("tail", '["b = a"]', "approx = Theta(M^(1-a))")).judged[0]
    text = FORMATS["markdown"](judged.page.blocks)
    assert text.startswith("# p:tail (Theorem 7)")
