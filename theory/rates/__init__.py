"""The order of an expression in each of its regimes."""
