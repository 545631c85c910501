"""The rules for ``LEFT ~ RIGHT``: leading terms with their constants."""
