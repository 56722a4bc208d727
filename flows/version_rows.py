"""What the ledger holds of one version: its own rows, and those of the time it was champion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flows.refusal import RefusedError

if TYPE_CHECKING:
    from flows.ledger.ledger import Transaction

Row = dict[str, Any]

OWN = ("evidence", "gate", "request", "veto", "finding", "document")
"""Kinds of rows that name their version."""
IN_OFFICE = ("override", "hold", "flag")
"""Kinds that concern whichever version is champion at their time."""
ANSWERS = {
    "approval": ("request", "request"),
    "unveto": ("veto", "veto"),
    "finding_closed": ("finding", "finding"),
    "override_verdict": ("override", "override"),
    "hold_end": ("hold", "hold"),
    "flag_verdict": ("flag", "flag"),
}
"""Kinds that answer a row of another kind, with the column that names it."""


@dataclass(frozen=True, slots=True)
class Reign:
    """A time in which one version was champion.

    Attributes
    ----------
    version : int or None
        ``seq`` of the version; None after a stop.
    generation : int
    cause : str
        ``promotion``, ``rollback`` or ``stop``.
    since, until : str
        Instants; the last is empty while it lasts.
    """

    version: int | None
    generation: int
    cause: str
    since: str
    until: str

    def holds(self, at: str) -> bool:
        """Whether an instant falls in it; the first instant does, the last does not."""
        return self.since <= at and (not self.until or at < self.until)


def brief_rows(tx: Transaction, kind: str, *names: str, **equal: Any) -> list[Row]:
    """Some columns of every row of a kind, oldest first, with ``seq`` and ``at``.

    What is not asked for is not read: evidence and manifests of a thousand versions are large.
    """
    from sqlalchemy import select

    from flows.ledger.schema import RECORDED, entry

    table = RECORDED[kind]
    query = select(table.c.seq, entry.c.at, *(table.c[name] for name in names))
    query = query.join(entry, table.c.seq == entry.c.seq).order_by(table.c.seq)
    for name, value in equal.items():
        query = query.where(table.c[name] == value)
    return [dict(row) for row in tx.connection.execute(query).mappings()]


def version_row(tx: Transaction, model: str, number: int) -> Row:
    """Ledger row of a version.

    Raises
    ------
    RefusedError
        If the ledger has none of that number.
    """
    row = tx.last("version", model=model, number=number)
    if row is None:
        raise RefusedError(
            f"VERSION: the ledger has no version {number} of {model}. `foreshock history` lists "
            f"those it has."
        )
    return row


def reigns(tx: Transaction, model: str) -> list[Reign]:
    """Who was champion when, in order; a stop is a time with nobody."""
    rows = tx.rows("champion", model=model)
    ends = [*(str(row["at"]) for row in rows[1:]), ""][: len(rows)]
    return [
        Reign(row["version"], row["generation"], row["cause"], str(row["at"]), until)
        for row, until in zip(rows, ends, strict=True)
    ]


def rows_of(tx: Transaction, version: Row) -> dict[str, list[Row]]:
    """Everything that concerns a version, by kind.

    Returns
    -------
    dict of str to list of dict
        The kinds of `OWN`; those of `IN_OFFICE` from the times it was champion; what answers
        them; ``champion`` (entries that name it), ``model_champion`` (all entries of its model)
        and ``alert`` (all since it was recorded).
    """
    seq, model = version["seq"], version["model"]
    found = {kind: tx.rows(kind, version=seq) for kind in OWN}
    own = [reign for reign in reigns(tx, model) if reign.version == seq]
    for kind in IN_OFFICE:
        found[kind] = [
            row
            for row in (tx.rows(kind) if own else [])
            if any(reign.holds(str(row["at"])) for reign in own)
        ]
    for kind, (asked, column) in ANSWERS.items():
        seqs = [row["seq"] for row in found[asked]]
        found[kind] = [row for one in seqs for row in tx.rows(kind, **{column: one})]
    found["champion"] = tx.rows("champion", model=model, version=seq)
    found["model_champion"] = tx.rows("champion", model=model)
    found["alert"] = [row for row in tx.rows("alert") if str(row["at"]) >= str(version["at"])]
    return found


def open_findings(rows: dict[str, list[Row]]) -> list[Row]:
    """Findings that nobody has closed."""
    closed = {row["finding"] for row in rows["finding_closed"]}
    return [row for row in rows["finding"] if row["seq"] not in closed]


def standing_vetoes(rows: dict[str, list[Row]]) -> list[Row]:
    """Vetoes that two people have not lifted."""
    lifted = {row["veto"] for row in rows["unveto"]}
    return [row for row in rows["veto"] if row["seq"] not in lifted]
