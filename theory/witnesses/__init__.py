"""The search for witnesses against a claim."""
