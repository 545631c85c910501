"""The ground of ratecert: what a claim says, what it means, and the exact checker.

This room imports the standard library and python-flint, nothing else: no SymPy and no other
room.  Whatever it accepts has been re-derived here, by a short list of rules each of which is
proved in its docstring; what proposes the derivations (`ratecert.theory`) is not trusted.
"""

import sys

# One file, one module: types that were loaded under two names would not be equal.
if __name__ == "proofs_check" and sys.argv[:1] != ["-m"]:
    raise ImportError(
        "import ratecert.proofs_check: the short name serves `python -m proofs_check` alone"
    )
