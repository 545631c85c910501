"""Derivations and witnesses in words."""
