"""The search for derivations: certificates, bounds of sums, cases."""
