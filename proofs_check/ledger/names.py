r"""Names: what a ledger may call its quantities, indices, functions, matrices and facts.

A name is a Latin letter or ``_``, then Latin letters, digits and ``_``, 41 characters at most, and
none of the words that formulas use themselves.  All names come into being in `Context.declaring`
and `Context.defining`, which ask here, and whether the name is new.  The index of a sum binds
inside of it only; the parser, which reads it, asks here too.

Why the words: a bound ``oo`` would capture the one of an infinite sum, since it is never free; a
function ``tr`` would be the trace in one lemma and something else in another.
"""

from __future__ import annotations

import re
from typing import Any

from ratecert.proofs_check.language.errors import RejectedError
from ratecert.proofs_check.language.expr import FUNCTIONS, NUMBERS

__all__ = ["function_of", "label_of", "name_of"]

WORDS = frozenset({*FUNCTIONS, *NUMBERS, "sum", "floor", "oo", "E", "I", "tr", "IH"})
"""What formulas say: functions, numbers, and the words of expectations and matrices."""
CALLED = WORDS | {"t"}
"""What is called like a function; ``t`` by itself may be a time."""
_SPELLING = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")


def name_of(value: Any) -> str:
    """Return a text that may name a quantity or an index; else reject."""
    if not _is_spelt(value) or value in WORDS:
        raise RejectedError(f"{value!r} is no name for a quantity")
    return str(value)


def function_of(value: Any) -> str:
    """Return a text that may name a function or a matrix; else reject."""
    if not _is_spelt(value) or value in CALLED:
        raise RejectedError(f"{value!r} is no name for a function or a matrix")
    return str(value)


def label_of(value: Any) -> str:
    """Return a text that may label a fact, which no formula speaks of; else reject."""
    if not _is_spelt(value):
        raise RejectedError(f"{value!r} is no name of a fact")
    return str(value)


def _is_spelt(value: Any) -> bool:
    return isinstance(value, str) and _SPELLING.fullmatch(value) is not None
