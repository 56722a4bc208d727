"""Scenario sets: written with papers, read only where the papers are in order."""
