"""What a ledger rests on: citations, axioms, named constants, readings."""

from __future__ import annotations

from ledger_items import Item, check, last, lemma, step

# The head, trust, report.


def test_lemmas_above_a_cited_one_are_listed() -> None:
    cited = {"id": "c", "says": "a <= 3", "by": "cited", "reference": "R", "reason": "why"}
    one = lemma("a <= 4", ": c", "1 :", steps=[step("c", "c")]) | {"id": "one"}
    two = lemma("a <= 5", ": o", "1 :", steps=[step("o", "one")]) | {"id": "two"}
    report = check(cited, lemma("a <= 3", ": A2"), one, two)
    assert report.trust == ("cited, used for one, two: a <= 3 (R: why)",)


def test_a_named_constant_is_what_cited_lemmas_say() -> None:
    name = {"constant": "c", "means": "the constant of a theorem"}
    cited = {"id": "cited", "says": "c <= a", "by": "cited", "reference": "R", "reason": "why"}
    follows = lemma("c <= 3", ": f", ": A2", steps=[step("f", "cited")])
    report = check(name, cited, follows)
    assert [e.status for e in report.entries] == ["definition", "cited", "conditional"]
    assert report.entries[0].says == "c: the constant of a theorem"
    assert report.trust == (
        "cited, used for it: c <= a (R: why)",
        "definition, as a reading of the model: c: the constant of a theorem",
    )


def test_an_example_of_a_named_constant_is_any_rational_number() -> None:
    found = last({"constant": "c", "means": "the constant of a theorem", "example": "1/2"})
    assert found.status == "definition", found.reason


def test_a_named_function_is_what_cited_lemmas_say() -> None:
    name = {"function": "f", "args": ["j"], "means": "a value", "note": "of a matrix"}
    event = {"constant": "on", "means": "1 or 0", "example": "1"}
    cited = {"id": "cited", "says": "f(j) <= a", "by": "cited", "reference": "R", "reason": "why"}
    cited |= {"integers": ["j"], "assume": ["on = 1", "j >= 1"]}
    given = {"integers": ["k"], "assume": ["on = 1", "k >= 0"]}
    follows = lemma("f(k + 1) <= 3", ": f", ": A2", steps=[step("f", "cited", j="k + 1")], **given)
    report = check(name, event, cited, follows)
    assert [e.status for e in report.entries][2:] == ["cited", "conditional"], report.entries
    assert (report.entries[0].says, report.entries[0].note) == ("f(j): a value", "of a matrix")
    assert report.trust == (
        "cited, used for it: if on = 1, 1 <= j then f(j) <= a (R: why)",
        "definition, as a reading of the model: f(j): a value",
        "definition, as a reading of the model: on: 1 or 0",
    )
    for wrong, reason in (
        ({"assume": ["k >= 0"]}, "needs on = 1, not entailed"),
        ({"assume": ["on = 1"]}, "needs 1 <= k + 1, not entailed"),
        ({"says": "f(k) <= 3"}, "leaves"),
        ({"says": "f(k, k) <= 3"}, "takes 1 arguments"),
    ):
        assert reason in last(name, event, cited, {**follows, **wrong}).reason


def test_what_is_cited_has_a_reference_and_a_reason() -> None:
    for empty in ({"reference": " "}, {"reason": ""}):
        cited = {"id": "it", "says": "a < 4", "by": "cited", "reference": "x", "reason": "y"}
        assert "a reference and a reason" in last({**cited, **empty}).reason


def test_proofs_in_proofs_have_an_end() -> None:
    proof: Item = {"combine": []}
    for depth in range(50):
        proof = {"steps": [{"as": f"s{depth}", "says": "a >= 2", **proof}], "combine": []}
    assert "deep" in last({"id": "it", "says": "a >= 2", **proof}).reason


def test_a_lemma_about_matrices_is_none_about_numbers() -> None:
    words: Item = {
        "id": "w", "says": "A*A = A^2", "by": "words", "shapes": {"A": "m m"},
        "symmetric": ["A"], "gaussian": {}, "assume": [],
    }  # fmt: skip
    used = lemma("a >= 2", "w", steps=[step("w", "w")])
    assert "is about matrices" in check(words, used).entries[-1].reason


def test_nobody_looks_at_the_term_of_an_empty_sum_but_at_its_names() -> None:
    assert "w is not declared" in last(lemma("sum(w, k, 2, 0) <= a")).reason
    assert last(lemma("sum(a, k, 2, 0) = 0")).status == "proved"
