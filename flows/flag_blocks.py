"""The draw: each flagged week goes to training or to the challenge set, once and for good.

The coin is the hash of the ledger's head before the assignment. Whoever flags cannot know it: the
run of the weekly session is an entry of its own after the flag, with a time to the microsecond.
Whoever throws it again must begin another run, and the ledger shows it. Anybody can check it, since
the entry of the assignment names that head as its previous hash.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from flows.flags import flags

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction

TRAINING, CHALLENGE = "training", "challenge"


def drawn_arm(head: str, block: str) -> str:
    """What the coin says: the lowest bit of SHA-256 of ``HEAD:BLOCK``; 0 is training.

    Parameters
    ----------
    head : str
        Hash of the ledger's newest entry before the assignment.
    block : str
        ISO week.
    """
    bit = hashlib.sha256(f"{head}:{block}".encode()).digest()[-1] & 1
    return CHALLENGE if bit else TRAINING


def assign_blocks(tx: Transaction, *, actor: str = "scheduler") -> list[dict[str, Any]]:
    """Draw for every flagged week that has no arm; the verdicts have no say.

    Returns
    -------
    list of dict
        The new assignments: ``seq``, ``block``, ``arm``.
    """
    known = {row["block"] for row in tx.rows("assignment")}
    made: list[dict[str, Any]] = []
    for block in sorted({flag.block for flag in flags(tx)} - known):
        arm = drawn_arm(tx.head, block)
        seq = tx.append("assignment", actor=actor, block=block, arm=arm)
        made.append({"seq": seq, "block": block, "arm": arm})
    return made


def misdrawn(tx: Transaction) -> list[str]:
    """Weeks whose arm is not what the coin said; empty where nobody chose one."""
    from sqlalchemy import select

    from flows.ledger.schema import RECORDED, entry

    assignment = RECORDED["assignment"]
    query = select(entry.c.previous, assignment.c.block, assignment.c.arm).join(
        assignment, assignment.c.seq == entry.c.seq
    )
    rows = tx.connection.execute(query.order_by(entry.c.seq))
    return [block for head, block, arm in rows if drawn_arm(head, block) != arm]
