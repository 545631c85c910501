"""Nothing knows a claim by its id, paper or letters: renamed claims get the same answers."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ratecert import theory
from ratecert.proofs_check.checker import check, check_witness
from ratecert.proofs_check.files.read import parse_claims
from ratecert.proofs_check.language.claim import Claim
from ratecert.theory.derive import derive

NEW = {"a": "decay", "b": "smoothness", "C": "budget", "p": "tasks", "j": "mode", "s": "share",
       "nu": "roughness"}  # fmt: skip
"""What parameters, the free sizes and indices are called instead."""
PAPERS = sorted((Path(theory.__file__).parent / "papers").glob("*.claims.toml"))


def renamed_text(text: str) -> str:
    return re.sub(r"[A-Za-z_]\w*", lambda word: NEW.get(word[0], word[0]), text)


def renamed(value: Any) -> Any:
    return (
        [renamed_text(item) for item in value] if isinstance(value, list) else renamed_text(value)
    )


def table(entries: dict[str, Any]) -> str:
    lines = []
    for key, value in entries.items():
        shown = [value] if isinstance(value, str) else value
        quoted = ", ".join('"' + item.replace("\n", " ") + '"' for item in shown)
        lines.append(f"{key} = {quoted if isinstance(value, str) else f'[{quoted}]'}")
    return "\n".join(lines) + "\n"


def renamed_claims(path: Path) -> list[Claim]:
    """Return the claims of a file with new ids, key, parameters, sizes and indices."""
    document = tomllib.loads(path.read_text())
    defaults = {"spectrum": "i^-a", "target": "i^-b"} | document.get("defaults", {})
    if "kernel" in defaults:
        del defaults["spectrum"]
    text = '[paper]\nkey = "other"\n[defaults]\n' + table(
        {key: renamed(value) for key, value in defaults.items()} | {"sizes": ["budget", "tasks"]}
    )
    plain = {"expect", "algorithm", "schedule", "features"}
    for number, claim in enumerate(document["claim"]):
        entries = {"id": f"claim-{number}"}
        for key, value in claim.items():
            if key not in {"id", "where", "note", "sizes"}:
                entries[key] = value if key in plain else renamed(value)
        text += "[[claim]]\n" + table(entries)
    return list(parse_claims(text.encode(), "renamed.claims.toml").claims)


CLAIMS = [(path.stem, claim) for path in PAPERS for claim in renamed_claims(path)]


@pytest.mark.parametrize(("paper", "claim"), CLAIMS, ids=lambda value: getattr(value, "id", value))
def test_renamed_claims_get_the_answer_they_had(paper: str, claim: Claim) -> None:
    assert not {"a", "b", "C"} & set(re.findall(r"\w+", claim.says))
    derived = derive(claim)
    if claim.expect == "certified":
        assert derived.proof is not None, derived.reason
        check(claim, derived.proof)
    else:
        assert derived.refutation is not None, derived.reason
        check_witness(claim, derived.refutation)


def test_renaming_does_not_turn_a_false_claim_true() -> None:
    false = [claim for _, claim in CLAIMS if claim.expect == "refuted"]
    assert len(false) > len(PAPERS)
