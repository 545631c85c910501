"""Numbers: rigorous balls, exact risk of SGD, sketches and simulation.

This room hands over evidence and gives no verdicts.
"""

if __name__ != "ratecert.numerics":  # one file, one module
    raise ImportError("import ratecert.numerics: this folder has no other name")
