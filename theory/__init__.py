"""Symbols: the asymptotics of problems and methods, and the search for derivations.

Nothing here is trusted: every derivation found is re-checked by `proofs_check`.
"""
