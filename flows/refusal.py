"""What a command says no to: a request it cannot honour, or one that a gate forbids."""

from __future__ import annotations


class RefusedError(ValueError):
    """Input or usage the command cannot honour; says the rule, what came and the remedy.

    Exit code 2.
    """


class BlockedError(ValueError):
    """A request that is understood and that a gate, a veto or a missing approval forbids.

    Exit code 3.
    """


def refuse_silence(reason: str) -> None:
    """Refuse a decision that is given no reason.

    Raises
    ------
    RefusedError
        If the reason is empty.
    """
    if not reason.strip():
        raise RefusedError("--reason: is empty. Say why; it stays in the ledger.")
