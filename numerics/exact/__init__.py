"""The exact expected risk for one sketch, at any number of steps."""
