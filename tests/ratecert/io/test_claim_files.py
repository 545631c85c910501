import tomllib
from pathlib import Path

import pytest
from hand_made import claim_file

from ratecert.io.claim_files import builtin_papers, find, load
from ratecert.proofs_check.files.read import MAX_BYTES
from ratecert.proofs_check.language.errors import UserError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder with the claim files a, b/c and some that are not to be found."""
    monkeypatch.chdir(tmp_path)
    put("a.claims.toml", claim_file("one", "two", key="a"))
    put("b/c.claims.toml", claim_file("one", key="c"))
    put(".hidden/d.claims.toml", claim_file("one", key="d"))
    put("plain.toml", claim_file("one", key="plain"))
    put(".claims.toml", "not a file of ours")
    return tmp_path


def put(name: str, text: str) -> None:
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def names(*wanted: str) -> list[str]:
    found = find(wanted)
    assert not found.problems, found.problems
    return [claim.name for claim in found.claims]


def only_problem(*wanted: str) -> str:
    (problem,) = find(wanted).problems
    return str(problem)


@pytest.mark.usefixtures("folder")
class TestFind:
    def test_file(self) -> None:
        assert names("a.claims.toml") == ["a:one", "a:two"]

    def test_file_of_another_name_is_taken_when_named(self) -> None:
        assert names("plain.toml") == ["plain:one"]

    def test_folder_in_order_without_hidden_ones(self) -> None:
        assert names(".") == ["a:one", "a:two", "c:one"]

    def test_order_is_that_of_the_arguments(self) -> None:
        assert names("b", "a.claims.toml") == ["c:one", "a:one", "a:two"]

    def test_same_file_twice_counts_once(self) -> None:
        assert names("a.claims.toml", "a.claims.toml") == ["a:one", "a:two"]

    def test_file_keeps_its_name_as_given_and_the_line(self) -> None:
        claim = find(["b/c.claims.toml"]).claims[0]
        assert claim.file == "b/c.claims.toml"
        assert Path(claim.file).read_text().splitlines()[claim.line - 1] == "[[claim]]"

    def test_one_claim_of_a_file(self) -> None:
        assert names("a.claims.toml:two") == ["a:two"]
        told = only_problem("b/c.claims.toml:none")
        assert "c has no claim 'none'" in told
        assert "(`ratecert list b/c.claims.toml` shows them)" in told
        assert "no such file" in only_problem("nothing.claims.toml:one")

    def test_missing_file(self) -> None:
        assert "no such file" in only_problem("no.claims.toml")

    def test_empty_argument(self) -> None:
        assert "empty name" in only_problem("")

    def test_folder_without_files(self, folder: Path) -> None:
        (folder / "empty").mkdir()
        assert "no file *.claims.toml" in only_problem("empty")

    def test_dangling_link(self, folder: Path) -> None:
        (folder / "x.claims.toml").symlink_to("nowhere")
        assert only_problem("x.claims.toml").startswith("x.claims.toml:1: the file cannot be read")

    def test_endless_file_is_over_the_limit(self) -> None:
        assert f"at most {MAX_BYTES}" in only_problem("/dev/zero")

    def test_bad_file_leaves_the_others(self) -> None:
        put("b/bad.claims.toml", "[paper")
        found = find(["."])
        assert [claim.name for claim in found.claims] == ["a:one", "a:two", "c:one"]
        assert [str(p).split(":")[0] for p in found.problems] == ["b/bad.claims.toml"]

    def test_same_claim_in_two_files(self) -> None:
        put("z.claims.toml", claim_file("zero", "two", key="a"))
        found = find(["."])
        assert [claim.name for claim in found.claims] == ["a:one", "a:two", "c:one"]
        (problem,) = found.problems
        assert problem.file == "z.claims.toml"
        assert "a:two is also a claim of a.claims.toml" in str(problem)


@pytest.fixture
def papers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two built-in papers, alpha and beta, in the place of the real ones."""
    (folder / "papers").mkdir()
    put("papers/alpha.claims.toml", claim_file("one", "two", "three", key="alpha"))
    put("papers/beta.claims.toml", claim_file("one", key="beta"))
    monkeypatch.setattr("ratecert.io.claim_files.package_files", lambda package: folder)


def test_no_papers_is_a_problem_and_not_an_empty_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ratecert.io.claim_files.package_files", lambda package: tmp_path)
    assert "no built-in papers" in only_problem()


@pytest.mark.usefixtures("papers")
class TestKeys:
    def test_default_is_all_papers(self) -> None:
        assert names() == ["alpha:one", "alpha:two", "alpha:three", "beta:one"]

    def test_key(self) -> None:
        assert names("beta") == ["beta:one"]

    def test_claims_keep_the_order_of_the_file(self) -> None:
        assert names("alpha:three", "beta", "alpha:one") == [
            "alpha:one",
            "alpha:three",
            "beta:one",
        ]

    def test_whole_paper_wins(self) -> None:
        assert names("alpha:one", "alpha") == ["alpha:one", "alpha:two", "alpha:three"]

    def test_unknown_id(self) -> None:
        assert "did you mean three?" in only_problem("alpha:thre")

    def test_unknown_key(self) -> None:
        assert "did you mean alpha?" in only_problem("alpa")

    def test_empty_id_is_not_the_paper(self) -> None:
        assert "no claim ''" in only_problem("alpha:")

    def test_path_beside_a_key(self) -> None:
        put("beta/x.claims.toml", claim_file("one", key="x"))
        assert names("beta") == ["beta:one"]
        assert names("./beta") == ["x:one"]


def test_builtin_papers_have_the_names_of_their_keys() -> None:
    for key, path in builtin_papers().items():
        assert tomllib.loads(path.read_text(encoding="utf-8"))["paper"]["key"] == key


@pytest.mark.usefixtures("folder")
def test_load() -> None:
    assert [claim.name for claim in load(Path("a.claims.toml"))] == ["a:one", "a:two"]
    with pytest.raises(UserError, match="no such file"):
        load("nothing")
    put("b/bad.claims.toml", "[paper")
    put("b/worse.claims.toml", "[paper")
    with pytest.raises(UserError) as caught:
        load("b")
    assert "bad.claims.toml:1" in str(caught.value)
    assert "worse.claims.toml:1" in str(caught.value)
