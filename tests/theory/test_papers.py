"""The built-in papers: they are read, and every claim stands beside a false neighbour."""

from collections import Counter
from pathlib import Path

import pytest

from ratecert import theory
from ratecert.proofs_check.files.read import parse_claims
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.expr import walk
from ratecert.proofs_check.meaning.definitions import is_quantity, meaning

PAPERS = sorted((Path(theory.__file__).parent / "papers").glob("*.claims.toml"))
CONTROL = "--"
"""Parts the id of a control: that of its claim, and what is wrong."""


def claims(path: Path) -> tuple[Claim, ...]:
    return parse_claims(path.read_bytes(), path.name).claims


def test_both_papers_are_there() -> None:
    assert [path.name for path in PAPERS] == ["chen2025.claims.toml", "lin2024.claims.toml"]


def of_each_paper() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", PAPERS, ids=lambda path: path.name.partition(".")[0])


@of_each_paper()
def test_the_key_is_the_name_of_the_file(path: Path) -> None:
    assert parse_claims(path.read_bytes(), path.name).paper.key == path.name.partition(".")[0]


@of_each_paper()
def test_controls_and_only_they_are_named_and_expected_as_such(path: Path) -> None:
    for claim in claims(path):
        assert claim.expect in ("certified", "refuted")
        assert (CONTROL in claim.id) == (claim.expect == "refuted"), claim.id


@of_each_paper()
def test_every_claim_has_a_control_right_after_it(path: Path) -> None:
    found = claims(path)
    for claim, following in zip(found, [*found[1:], None], strict=True):
        if claim.expect == "certified":
            assert following is not None, claim.id
            assert following.id.startswith(claim.id + CONTROL), claim.id


@of_each_paper()
def test_every_control_belongs_to_a_claim_and_differs_from_it(path: Path) -> None:
    known = {claim.id: claim for claim in claims(path)}
    for claim in known.values():
        if claim.expect == "refuted":
            original = known[claim.id.partition(CONTROL)[0]]
            assert original.expect == "certified"
            assert content(claim) != content(original)


def content(claim: Claim) -> tuple[object, ...]:
    """What the claim says, without what it is called; the order of assumptions is no matter."""
    statement = (claim.left, claim.relation, claim.right)
    return (*statement, claim.setting, frozenset(claim.assume), claim.objective, claim.sizes)


@of_each_paper()
def test_no_claim_is_made_twice(path: Path) -> None:
    counts = Counter(content(claim) for claim in claims(path))
    assert [key for key, count in counts.items() if count > 1] == []


@of_each_paper()
def test_every_quantity_of_every_claim_has_a_meaning(path: Path) -> None:
    for claim in claims(path):
        expr = claim.objective.expr if claim.objective else claim.left
        meant = meaning(expr, claim.setting)
        for side in (meant.upper, meant.lower):
            assert not any(is_quantity(node) for node in walk(side)), claim.id
