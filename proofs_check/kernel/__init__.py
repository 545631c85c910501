"""The rules by which a derivation proves an order, and what claims start from."""
