"""``draw(seed, n)``: the n-th claim of a seed, the same on every machine."""

from __future__ import annotations

import random

from attacks.families import FAMILIES, Drawn

__all__ = ["draw", "family_names"]


def family_names() -> list[str]:
    return [family.__name__ for family, _ in FAMILIES]


def draw(seed: int, n: int, family: str = "") -> Drawn:
    """Return a claim; of a family by its function's name, or of any.

    The draws of one seed do not depend on each other, so that any part of them can be repeated.
    """
    rng = random.Random(f"{seed}:{n}")
    functions = [function for function, _ in FAMILIES]
    if family:
        return {function.__name__: function for function in functions}[family](rng)
    return rng.choices(functions, [share for _, share in FAMILIES])[0](rng)
