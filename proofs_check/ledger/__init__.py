"""The checker of proof ledgers: lemmas with exact statements, each re-checked from its data."""
