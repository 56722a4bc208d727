"""Positions revalued in every scenario: batched by class, all scenarios at once."""
