"""Expected risks of problems and methods by name."""
