"""Every case with a known answer is a test; ``run.py attack --cases`` asks the slow ones."""

import pytest
from attacks.cases import Case, all_cases, answers, reached, slow, wrong

UPDATE = "write the line into tests/cases/reached.txt (python3 run.py attack --cases --write)"
ASKED = [case for case in all_cases() if case.name not in slow()]


@pytest.mark.parametrize("case", ASKED, ids=[case.name for case in ASKED])
def test_no_answer_is_the_opposite_and_none_is_lost(case: Case) -> None:
    known = reached()
    given = answers(case)
    for name, answer in given.items():
        assert wrong(case, name, answer) == ""
        if answer.verdict in ("certified", "refuted"):
            assert known.get(name) == answer.verdict, f"newly reached: {UPDATE}"
    told = {name for name, answer in given.items() if answer.verdict in ("certified", "refuted")}
    of_case = {name for name in known if name == case.name or name.startswith(f"{case.name}[")}
    assert of_case <= told, "a case that was reached is reached no more"


def test_lists_name_cases_that_exist() -> None:
    names = {case.name for case in all_cases()}
    assert slow() <= names
    assert {name.partition("[")[0].partition("/")[0] for name in reached()} <= names


def test_no_case_is_made_twice() -> None:
    names = [case.name for case in all_cases()]
    assert len(names) == len(set(names))
