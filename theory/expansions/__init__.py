"""Terms of sums with their constants, one after the other."""
