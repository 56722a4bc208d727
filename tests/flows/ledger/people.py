"""Persons who have authenticated, and versions that may be promoted, for tests of decisions."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from flows.documents import state_field, write_documents
from flows.ledger.chain import bulk_digest
from flows.ledger.identity import Person
from flows.ledger.ledger import Ledger, Transaction
from flows.ledger.schema import forecast, outcome
from tests.flows.recorded_version import MODEL, append_gate, record_version
from validation.gates import GATES

DAN, VERA = Person("dan", "developer"), Person("vera", "validator")
ADA, BEN = Person("ada", "approver"), Person("ben", "approver")


def promotable(ledger: Ledger, root: Path, *, number: int = 1) -> int:
    """Record a version whose gates have passed and whose documents are signed; its ``seq``.

    It has forecast two months beside every version before it, and said the same.
    """
    seq = record_version(ledger, root, number=number, seed=number, served=True)
    endorse(ledger, root, seq, number=number)
    return seq


def endorse(ledger: Ledger, root: Path, seq: int, *, number: int) -> None:
    """Let a recorded version pass its gates, forecast, and have its documents signed."""
    with ledger.transaction() as tx:
        for name in GATES[:-1]:
            append_gate(tx, seq, name, passed=True)
        said = {row["seq"]: (0.03, 0.04) for row in tx.rows("version")}
        for day in range(41):
            shadow_session(tx, day, said, settings=str(number))
    write_documents(ledger, root, number, model=MODEL, actor="system", desk={})
    for field, person in (
        ("validation-report.opinion", VERA),
        ("inventory.intended_use", ADA),
    ):
        state_field(
            ledger,
            root,
            number,
            model=MODEL,
            field=field,
            value="fit for use",
            user=person.user,
            role=person.role,
            desk={},
        )


def shadow_session(
    tx: Transaction,
    day: int,
    said: dict[int, tuple[float, float]],
    *,
    pnl: float | None = 0.01,
    settings: str = "0",
) -> int:
    """Record a session some days after New Year 2025: what came of the day before, what is next.

    Parameters
    ----------
    said : dict of version to (VaR, ES)
        Of one book at 99%.
    pnl : float or None
        Return of this day.
    """
    as_of, target = (f"{date(2025, 1, 1) + timedelta(days=n)}" for n in (day, day + 1))
    about: dict[str, Any] = {"portfolio": "fx", "role": "challenger", "alpha": 0.99, "horizon": 1}
    about |= {"origin": as_of, "target": target, "sigma": None, "pit": None}
    forecasts = [
        about | {"model": f"combined {seq}", "version": seq, "var": var, "es": es}
        for seq, (var, es) in said.items()
    ]
    outcomes = [{"portfolio": "fx", "target": as_of, "pnl": pnl, "pits": None}]
    session = tx.append(
        "session",
        actor="scheduler",
        as_of=as_of,
        settings_sha256=settings,
        forecasts_sha256=bulk_digest(forecasts),
        outcomes_sha256=bulk_digest(outcomes),
    )
    for table, rows in ((forecast, forecasts), (outcome, outcomes)):
        tx.connection.execute(insert(table), [row | {"session": session} for row in rows])
    return session
