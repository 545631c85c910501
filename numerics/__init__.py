"""Numbers: rigorous balls, exact risk of SGD, sketches and simulation.

This room hands over evidence and gives no verdicts.
"""
