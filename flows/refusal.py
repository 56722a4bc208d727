"""A refusal: the one error that tells a user what to change and costs exit code 2."""

from __future__ import annotations


class RefusedError(ValueError):
    """Input or usage the command cannot honour; says the rule, what came and the remedy."""
