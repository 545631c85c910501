"""ratecert: a verifier for rates claimed by scaling-law theory."""
