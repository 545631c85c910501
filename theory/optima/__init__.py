"""Where a rate is least under constraints, and how the optimum changes."""
