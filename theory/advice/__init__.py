"""What would settle a claim, and what would spoil it."""
