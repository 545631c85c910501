"""Witnesses against a claim, re-checked."""
