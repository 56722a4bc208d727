"""What the ledger tells the models of flags: read before a training, vouched for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flows.feedback_rule import FeedbackRule
from flows.flag_blocks import CHALLENGE, TRAINING, misdrawn
from flows.flags import flags
from flows.refusal import RefusedError
from flows.weeks import days_of

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction
    from models.tail.feedback import Feedback


def read_feedback(tx: Transaction, *, rule: FeedbackRule | None = None) -> Feedback:
    """Flags of weeks drawn for training, and weeks drawn for the challenge set, as of now.

    Parameters
    ----------
    tx : Transaction
    rule : FeedbackRule, optional

    Returns
    -------
    Feedback
        Empty where nothing was flagged or drawn; the heads are then what they are without it.

    Raises
    ------
    RefusedError
        If a flag or an assignment is not what was recorded, or a week's arm was not drawn.
    """
    from models.tail.feedback import Feedback, Flagged, HeldOut

    rule = rule or FeedbackRule()
    drawn = {row["block"]: row for row in tx.rows("assignment")}
    made = [flag for flag in flags(tx) if flag.block in drawn]
    tx.vouched(*(row["seq"] for row in drawn.values()), *(flag.seq for flag in made))
    refuse_misdrawn(tx)
    flagged = {
        Flagged(flag.portfolio, flag.date, known=_day(max(flag.at, drawn[flag.block]["at"])))
        for flag in made
        if drawn[flag.block]["arm"] == TRAINING
    }
    held_out = [
        HeldOut(*(f"{day}" for day in days_of(block)), known=_day(row["at"]))
        for block, row in drawn.items()
        if row["arm"] == CHALLENGE
    ]
    return Feedback(
        flagged=tuple(sorted(flagged, key=lambda one: (one.series, one.target, one.known))),
        held_out=tuple(sorted(held_out, key=lambda one: one.first)),
        cap=rule.cap,
        width=rule.width,
    )


def feedback_of(root: Path) -> Feedback:
    """The same, of the ledger of a state root and by the desk's settings.

    Raises
    ------
    RefusedError
        As `read_feedback`, or if the settings are unfit.
    """
    from flows.desk_settings import read_desk_settings
    from flows.ledger.ledger import Ledger

    rule = read_desk_settings().feedback
    ledger = Ledger.open(root)
    try:
        with ledger.reading() as tx:
            return read_feedback(tx, rule=rule)
    finally:
        ledger.close()


def refuse_misdrawn(tx: Transaction) -> None:
    """Refuse to go on where somebody chose an arm.

    Raises
    ------
    RefusedError
        If a week's arm is not what the ledger's head before it says.
    """
    if chosen := misdrawn(tx):
        raise RefusedError(
            f"assignment: the arm of {', '.join(chosen)} is not what the chain drew. Find out who "
            f"wrote it; `foreshock history --verify` walks the chain."
        )


def _day(at: str) -> str:
    """The UTC date of an instant."""
    return at[: len("2020-03-16")]
