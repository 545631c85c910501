import errno
import json
import os
from pathlib import Path

import hand_made
import pytest
from hand_made import claim_file

from ratecert.io.certificates import (
    check_writable,
    claim_table,
    dumps,
    record,
    record_names,
    report,
    report_entry,
    write_atomically,
)
from ratecert.proofs_check.files.read import make_claim, parse_claims
from ratecert.proofs_check.language.errors import UserError

CLAIMS = parse_claims(claim_file("fine", "wrong-one", "open").encode(), "f.claims.toml").claims


def test_report_has_the_fields_of_the_interface() -> None:
    data = report(report_entry(hand_made.certify(claim)) for claim in CLAIMS)
    assert list(data) == ["version", "claims", "summary"]
    assert data["summary"] == {"certified": 1, "refuted": 1, "undecided": 1, "as_expected": 1}
    fields = (
        "id says expect verdict reason derived regimes witness lights constants trust evidence "
        "seconds"
    )
    for entry in data["claims"]:
        assert list(entry) == fields.split()
        assert list(entry["lights"]) == ["derivation", "enclosure", "exact", "simulation"]
    fine, wrong, _ = data["claims"]
    assert fine["id"] == "p:fine"
    assert fine["witness"] is None
    assert fine["constants"] == {"lower": "1", "upper": "4"}
    assert wrong["constants"] is None
    assert wrong["witness"]["path"] == {"M": "t", "N": "t^(5/2)"}
    assert json.loads(dumps(data)) == data


def test_report_is_the_same_but_for_the_seconds() -> None:
    def text() -> str:
        entries = [report_entry(hand_made.certify(claim)) for claim in CLAIMS]
        return dumps(report([{**entry, "seconds": 0} for entry in entries]))

    assert text() == text()


@pytest.mark.parametrize(
    ("says", "settings"),
    [
        ("approx = Theta(M^(1-a))", {"features": "top", "spectrum": "i^-a", "target": "i^-a"}),
        ("variance = O(p*N^-0.5)", {"sizes": ["p"], "outputs": "p", "batch": "B"}),
        (
            "optimal(M) = Theta(C^(1/(a+1)))",
            {"minimise": "risk - sigma^2", "over": ["M", "N_eff"], "subject_to": "M*N_eff = C"},
        ),
    ],
)
def test_table_of_a_claim_parses_back_to_it(says: str, settings: dict[str, object]) -> None:
    claim = make_claim(says, ["a > 1", "b = a"], **settings)
    table = claim_table(claim)
    again = {name: value for name, value in table.items() if name not in ("key", "id")}
    if not settings.get("minimise"):
        assert "minimise" not in again
    assert make_claim(**again) == claim


def test_record() -> None:
    data = record(hand_made.certify(CLAIMS[0]))
    assert list(data) == ["format", "claim", "verdict", "derivation", "trust"]
    assert data["derivation"] == {"rule": "told", "claim": "fine"}


def test_record_names_are_distinct() -> None:
    assert record_names(CLAIMS)[0] == "p.fine.json"
    one = parse_claims(claim_file("b.c", key="a").encode(), "f").claims
    two = parse_claims(claim_file("c", key="a.b").encode(), "g").claims
    with pytest.raises(UserError, match=r"a:b\.c and a\.b:c would both be written"):
        record_names([*one, *two])


class TestWriting:
    def test_new_and_old(self, tmp_path: Path) -> None:
        path = tmp_path / "out.json"
        for text in ("one\n", "κ\n"):
            write_atomically(path, text)
            assert path.read_bytes() == text.encode()
        assert os.listdir(tmp_path) == ["out.json"]

    @pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "disk full"), KeyboardInterrupt()])
    def test_failure_leaves_the_old_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
    ) -> None:
        path = tmp_path / "out.json"
        path.write_text("old")

        def fail(_descriptor: int) -> None:
            raise failure

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises((UserError, KeyboardInterrupt)):
            write_atomically(path, "new")
        assert path.read_text() == "old"
        assert os.listdir(tmp_path) == ["out.json"]

    def test_link_stays(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to("real")
        write_atomically(tmp_path / "link", "text")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "real").read_text() == "text"

    def test_device(self) -> None:
        check_writable(Path("/dev/null"))
        write_atomically(Path("/dev/null"), "text")
        assert not Path("/dev/null").is_file()

    def test_check(self, tmp_path: Path) -> None:
        check_writable(tmp_path / "new.json")
        assert not (tmp_path / "new.json").exists()
        with pytest.raises(UserError, match="is a folder"):
            check_writable(tmp_path)
        with pytest.raises(UserError, match="is not a folder"):
            check_writable(tmp_path / "no" / "new.json")
