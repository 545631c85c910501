"""From claims to certificates."""
