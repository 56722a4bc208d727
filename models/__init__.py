"""What may happen and what it would cost."""
