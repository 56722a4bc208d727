"""Persons who have authenticated, and a version that may be promoted, for tests of decisions."""

from __future__ import annotations

from pathlib import Path

from flows.documents import state_field, write_documents
from flows.ledger.identity import Person
from flows.ledger.ledger import Ledger
from tests.flows.recorded_version import MODEL, record_version

DAN, VERA = Person("dan", "developer"), Person("vera", "validator")
ADA, BEN = Person("ada", "approver"), Person("ben", "approver")


def promotable(ledger: Ledger, root: Path, *, number: int = 1, served: bool = False) -> int:
    """Record a version whose gates have passed and whose documents are signed; its ``seq``."""
    seq = record_version(ledger, root, number=number, seed=number, served=served)
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
    return seq
