"""The ground of ratecert: what a claim says, what it means, and the exact checker.

This room imports the standard library and python-flint, nothing else: no SymPy and no other
room.  Whatever it accepts has been re-derived here, by a short list of rules each of which is
proved in its docstring; what proposes the derivations (`theory`) is not trusted.
"""
