"""Symbols: the asymptotics of problems and methods, and the search for derivations.

Nothing here is trusted: every derivation found is re-checked by `ratecert.proofs_check`.
"""

if __name__ != "ratecert.theory":  # one file, one module
    raise ImportError("import ratecert.theory: this folder has no other name")
