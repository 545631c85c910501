"""The three numeric legs: what numbers say for or against a claim.

Each module has one function ``evidence(claim, level)``; none of them proves anything.
"""
