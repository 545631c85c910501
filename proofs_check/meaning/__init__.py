"""What the quantities of a claim stand for: definitions with their proofs."""
