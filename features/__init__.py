"""What was known, and when it was known."""
