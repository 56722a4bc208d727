"""Readers of raw market tables; each refuses what it cannot read."""
