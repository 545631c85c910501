"""A few hundred drawn claims: no false answer.  ``python3 run.py attack`` draws for a night."""

import pytest
from attacks.draw import family_names
from attacks.trial import claim_text, trial

DRAWS = 24
"""Claims of each family; what is drawn is fixed by seed and number, so that no test is random."""
SEED = 7


@pytest.mark.parametrize("family", family_names())
def test_no_answer_to_a_drawn_claim_is_false(family: str) -> None:
    for number in range(DRAWS):
        found = trial(SEED, number, family, legs=False)
        assert not found.is_false, f"{found.wrong}\n{claim_text(found.drawn, f'draw-{number}')}"
