"""What the legs hand over, and what the judge makes of it."""
