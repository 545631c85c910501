"""Claim files: TOML in, claims or every problem of the file out."""
