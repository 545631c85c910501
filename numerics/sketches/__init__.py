"""Gaussian sketches: drawn, and by deterministic equivalents."""
