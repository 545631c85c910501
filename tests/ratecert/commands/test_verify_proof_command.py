"""``ratecert verify-proof``, the place of a claim in a ledger, and the page of the proof."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ledger_mutations import PATH, ledger
from ledger_truth import world

import ratecert
from ratecert.cli import main
from ratecert.io import ledgers
from ratecert.numerics.exact.excess import expected_excess
from ratecert.numerics.model.schedules import geometric

PAGE = Path(__file__).parents[3] / "docs" / "ledger-lin2024.md"
SMALL = """format = 1
key = "mine"
[standing]
reals = ["a"]
integers = []
assume = ["a > 1"]
example = {a = "2"}
[[item]]
heading = "Words"
[[item]]
id = "first"
says = "1 < a^2"
combine = ["1 : A1 A1", "2 : A1"]
[[item]]
id = "wrong"
says = "2 < a"
combine = [": A1"]
"""


def small(folder: Path, text: str = SMALL) -> str:
    place = folder / "small.ledger.toml"
    place.write_text(text, encoding="utf-8")
    return str(place)


def test_built_in_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify-proof", "lin2024", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    by_id = {lemma["id"]: lemma for lemma in found["lemmas"]}
    assert by_id["theorem-below"]["status"] == "proved"
    assert by_id["theorem-below"]["constants"] == {"c": "2/53"}
    assert "lower-number" in by_id["theorem-below"]["uses"]
    assert by_id["theorem-above"]["seconds"] > 0
    assert any("exp(x)" in line for line in found["trust"])


def test_the_page_is_what_the_command_writes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify-proof", "lin2024", "--format", "markdown"]) == 0
    assert capsys.readouterr().out == PAGE.read_text(encoding="utf-8")


def test_a_file_with_a_false_lemma(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify-proof", small(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "rejected     combination" in out
    assert "2 entries: 1 proved, 1 rejected" in out
    assert main(["verify-proof", small(tmp_path), "--format", "text"]) == 1
    assert "Words\n-----" in capsys.readouterr().out


UNREADABLE = """
[[item]]
constant = "tr"
value = "1"
[[item]]
function = "f"
args = ["j", "s"]
where = []
start = "s"
next = "1"
stage = "1"
[[item]]
id = "wrong.start"
says = "1 +"
by = "definition"
[[item]]
heading = 3
[[item]]
text = "no heading"
[[item]]
id = "first"
says = "1 < a^2"
combine = ["1 : A1 A1", "2 : A1"]
"""


@pytest.mark.parametrize("form", ["text", "markdown", "latex"])
def test_what_is_rejected_has_its_place_on_the_page(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify-proof", small(tmp_path, SMALL + UNREADABLE), "--format", form]) == 1
    page = " ".join(capsys.readouterr().out.split())
    assert page.count("rejected") >= 7
    for words in ("depends on the stage or step", "is no new name of a lemma"):
        assert words in page


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SMALL.replace("format = 1", "format = 7"), "the format must be 1"),
        (SMALL.replace('"2"}', '"1"}'), "the example does not satisfy 1 < a"),
    ],
)
def test_unusable_files(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify-proof", small(tmp_path, text)]) == 2
    assert words in capsys.readouterr().err


def test_what_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify-proof", "lin2042"]) == 2
    assert "lin2024" in capsys.readouterr().err


def test_a_file_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    name = small(tmp_path)
    monkeypatch.setattr(Path, "open", refuse)
    assert main(["verify-proof", name]) == 2
    assert "Permission denied" in capsys.readouterr().err


def test_claims_are_those_of_the_paper(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ledgers.disagreements(ledger()) == []
    text = PATH.read_text(encoding="utf-8")
    head, _, rest = text.partition("[[item]]")
    short = head + "[[item]]\nid = 'x'\nsays = '1 < a'\ncombine = [': A1', '1/10 :']\n"
    assert rest
    for old, new, words in (
        ("+ (N_eff*gamma)", "+ 2*(N_eff*gamma)", "says something else"),
        ('"N_eff*gamma >= 1"', '"N*gamma >= 1"', "assumes something else"),
        ('id = "total"', 'id = "sum"', "says something else"),
        ('id = "top-isotropic-total"', 'id = "total"\nas = "x"', "total has another setting"),
        ('features = "gaussian"', 'features = "top"', "total has another setting"),
        ('features = "gaussian"', 'schedule = "constant"', "total has another setting"),
        (
            'id = "top-isotropic-total"',
            'id = "top-isotropic-total--without-many-steps"',
            "total--without-many-steps is expected to be refuted",
        ),
    ):
        assert main(["verify-proof", small(tmp_path, short.replace(old, new))]) == 1
        assert words in capsys.readouterr().err
    assert main(["verify-proof", small(tmp_path, short)]) == 0


def test_places_in_the_ledger() -> None:
    above, below = ledgers.places("lin2024", "top-isotropic-total")
    sketched = ledgers.places("lin2024", "total")
    assert (above.entry.id, below.entry.id) == ("theorem-above", "theorem-below")
    assert [p.entry.id for p in sketched] == ["theorem-sketch-above", "theorem-sketch-below"]
    assert [p.features for p in (above, below, *sketched)] == ["top", "top", *["gaussian"] * 2]
    assert above.meanings == below.meanings == ()
    assert [len(p.meanings) for p in sketched] == [1, 1]
    assert sketched[0].meanings[0].startswith("event: 1 if S has rank M")
    assert "one-step" not in above.below
    assert "e.next" in above.below
    assert ledgers.places("lin2024", "approx") == []
    assert ledgers.places("nobody", "total") == []


def test_the_ledger_speaks_of_the_risk_that_is_computed() -> None:
    """A second way: the exact risk of `numerics`, with its own schedule and recursion."""
    rng = random.Random(3)
    for _ in range(12):
        found = world(ledger(), rng)
        v = found.values
        a, M, N = v["a"], int(v["M"]), int(v["N"])
        lam = np.arange(1.0, M + 1) ** -a
        noise = v["sigma"] ** 2 + v["approx"]
        excess = expected_excess(lam, lam, noise, geometric(v["gamma"], N)).excess
        assert math.isclose(v["risk"], noise + excess, rel_tol=1e-9)


def sketched(lam: np.ndarray, M: int, rng: np.random.Generator) -> float:
    """Return the approximation error of one Gaussian sketch, in expectation over the prior."""
    root = np.sqrt(lam)
    basis, _ = np.linalg.qr(root[:, None] * rng.standard_normal((len(lam), M)))
    return float(lam.sum() - np.sum((basis.T * root) ** 2))


@pytest.mark.parametrize("a", [1.5, 2.0, 3.0])
def test_the_cited_theorems_as_numbers(a: float) -> None:
    """Evidence, and a control: with another constant or exponent each of them fails."""
    rng = np.random.default_rng(42)
    lam = np.arange(1.0, 801) ** -a
    M = 12
    draws = [sketched(lam, M, rng) for _ in range(200)]
    mean, error = float(np.mean(draws)), float(np.std(draws)) / math.sqrt(200)
    tails = [float(lam[k:].sum()) for k in range(M + 1)]
    above = min((1 + k / (M - k - 1)) * tails[k] for k in range(2, M - 1))
    assert min(draws) >= tails[M]
    assert mean - 4 * error <= above
    assert not mean + 4 * error >= 6 * tails[M] * M ** ((a - 1) / 2)
    assert not mean - 4 * error <= tails[M]
    assert not mean - 4 * error <= min((1 + k / M**a) * tails[k] for k in range(2, M + 1))


TOTAL = "risk - sigma^2 = Theta(M^(1-a) + (N_eff*gamma)^((1-a)/a))"
ASSUMED = ["a > 1", "b > 1", "b = a", "N_eff*gamma >= 1"]


def test_the_constants_of_the_very_statement() -> None:
    claim = ratecert.claim(TOTAL, assume=[*ASSUMED, "M >= N"], features="top")
    assert ledgers.constants_of(claim) == {
        "lower": "2/53/(a - 1)",
        "upper": "93/10/(a - 1)",
        "where": "a >= 11/10, a <= 4, gamma <= (a - 1)/(2*a), sigma^2 <= 1, N >= 16",
    }


@pytest.mark.parametrize(
    ("says", "assume", "settings"),
    [
        (TOTAL, ASSUMED[:3], {"features": "top"}),  # fewer assumptions than the ledger's
        (TOTAL, ASSUMED, {}),  # a sketch
        (TOTAL, ASSUMED, {"features": "top", "schedule": "constant"}),
        (TOTAL.replace("Theta", "O"), ASSUMED, {"features": "top"}),
        (TOTAL.replace("sigma", "0*sigma"), ASSUMED, {"features": "top"}),
    ],
)
def test_no_other_statement_has_them(
    says: str, assume: list[str], settings: dict[str, str]
) -> None:
    assert ledgers.constants_of(ratecert.claim(says, assume=assume, **settings)) is None


def test_what_the_claim_assumes_itself_is_not_told() -> None:
    claim = ratecert.claim(TOTAL, assume=[*ASSUMED, "a <= 4"], features="top")
    found = ledgers.constants_of(claim)
    assert found is not None
    assert "a <= 4" not in found["where"]
    growing = replace(claim, sizes=frozenset({"a"}))
    assert ledgers.constants_of(growing) is None  # the constants depend on a
