"""Whatever stands in the place of a derivation, the answer is `RejectedError` or a proof."""

from __future__ import annotations

import json
from typing import Any

import pytest
from derivations import CASES, REFUTED, derived, witness
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ratecert.proofs_check.checker import check, check_witness
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.errors import RejectedError

WORDS = st.sampled_from(
    ["M", "N", "C", "a", "i", "gamma", "log(M)", "1", "0", "-1", "1/2", "oo", "+", "-", "", "1/0",
     "1/(a-a)", "M^a", "M^(1/(a-1))", "sum(i, i, 1, M)", "exp(M)", "2^M", "log(a)", "M + N",
     "min(M, N)", "0*M", "1e9", "nan", "(" * 200, "certs", "at", "from", "signs", "cases"]
)  # fmt: skip
KEYS = st.sampled_from(
    ["certs", "mu", "nu", "gens", "split", "ge", "le", "cases", "pos", "zero", "neg", "signs",
     "then", "mono", "power", "given", "absurd", "void", "compare", "gt", "eq", "lt", "bounds",
     "upper", "lower", "pieces", "at", "from", "to", "log", "times", "proof", "slope", "bound",
     "inner", "bounded", "after", "before", "nonempty", "long", "point", "value", "feasible",
     "attained", "goal", "cap", "unbounded", "needs", "model", "tree", "values", "path", "kind",
     "0", "1", "x", "9" * 5000]
)  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), WORDS, st.integers(-2, 9),
    st.just([["1", []]]),
    st.just({"certs": [{"mu": [[["1", []]]], "nu": [[["1", []]]], "gens": {}}]}),
)  # fmt: skip
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=8,
)


def subtrees(data: Any) -> list[tuple[Any, Any]]:
    """Return all containers with their keys."""
    found = []
    stack = [data]
    while stack:
        node = stack.pop()
        keys = node.keys() if isinstance(node, dict) else range(len(node))
        for key in keys:
            found.append((node, key))
            if isinstance(node[key], dict | list):
                stack.append(node[key])
    return found


@given(st.sampled_from(sorted(CASES)), st.data(), JSON)
@settings(max_examples=40)
def test_any_data_in_place_of_a_part(name: str, data: st.DataObject, other: Any) -> None:
    """Where it is accepted after all, the false neighbour of the claim is not."""
    proof = derived(name)
    node, key = data.draw(st.sampled_from(subtrees(proof)))
    node[key] = other
    for claim in (CASES[name].claim, CASES[name].false_claim):
        try:
            check(claim, proof)
        except RejectedError:
            continue
        assert claim.says == CASES[name].says


@given(st.data(), JSON)
@settings(max_examples=60)
def test_any_data_in_place_of_a_part_of_a_witness(data: st.DataObject, other: Any) -> None:
    found = witness()
    node, key = data.draw(st.sampled_from(subtrees(found)))
    node[key] = other
    with pytest.raises(RejectedError):
        check_witness(REFUTED.false_claim, found)


@given(JSON)
@example(None)
@example([])
@example({"model": {"values": {}, "path": {"M": ["1", "0", "0"]}}, "needs": [], "tree": [[]]})
@example({"kind": "least", "values": {}, "path": {}, "point": {}, "value": "M", "lower": None})
@example({"kind": []})
def test_any_data_in_place_of_all(data: Any) -> None:
    with pytest.raises(RejectedError):
        check(make_claim("M^2 = O(M)"), data)
    with pytest.raises(RejectedError):
        check_witness(REFUTED.false_claim, data)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_derivation_survives_json(name: str) -> None:
    check(CASES[name].claim, json.loads(json.dumps(derived(name))))


@given(WORDS, WORDS, st.sampled_from(["O", "Theta", "o", "Otilde"]))
@settings(max_examples=60)
def test_any_claim_is_read_or_rejected(left: str, right: str, relation: str) -> None:
    try:
        claim = make_claim(f"M*({left}) = {relation}({right})", ["a > 1"])
    except ValueError:
        return
    with pytest.raises(RejectedError):
        check(claim, {"model": {"values": {}, "path": {}}, "needs": [], "tree": {"bounds": {}}})
