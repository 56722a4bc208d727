"""Whatever is altered, removed or slipped in is named, wherever it lies."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import insert

from flows.clock import FixedClock
from flows.ledger.chain import bulk_digest
from flows.ledger.ledger import Ledger
from flows.ledger.schema import outcome

LENGTH = 40


@pytest.fixture
def written(tmp_path: Path, clock: FixedClock) -> Path:
    """Database of a ledger of flags and one session; its triggers are gone."""
    opened = Ledger.open(tmp_path, clock=clock)
    with opened.transaction() as tx:
        for n in range(LENGTH - 1):
            tx.append("flag", actor="ada", portfolio=f"book{n}", date="2020-03-16", reason="low")
        rows = [{"portfolio": "fx", "target": "2020-03-16", "pnl": -0.01, "pits": None}]
        digest = bulk_digest(rows)
        about = {"as_of": "2020-03-16", "settings_sha256": "0", "outcomes_sha256": digest}
        session = tx.append("session", actor="scheduler", **about)
        tx.connection.execute(insert(outcome), [row | {"session": session} for row in rows])
    opened.close()
    path = tmp_path / "ledger.db"
    with sqlite3.connect(path) as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
    return path


def told(path: Path) -> list[str]:
    opened = Ledger.open(path.parent)
    found = [str(fault) for fault in opened.verify()]
    opened.close()
    return found


def alter(path: Path, *changes: str, **names: object) -> None:
    with sqlite3.connect(path) as database:
        for change in changes:
            database.execute(change.format(**names))


def test_an_untouched_chain_has_no_fault(written: Path):
    assert told(written) == []


def test_a_character_changed_in_any_row_is_named_by_its_place(written: Path):
    generator = np.random.default_rng(7)
    for seq in generator.choice(np.arange(1, LENGTH), size=12, replace=False):
        for column in ("portfolio", "date", "reason"):
            change = "UPDATE flag SET {column} = {column} || '.' WHERE seq = {seq}"
            alter(written, change, column=column, seq=seq)
            (fault,) = told(written)
            assert f"ledger entry {seq} (flag)" in fault
            undo = "UPDATE flag SET {column} = rtrim({column}, '.') WHERE seq = {seq}"
            alter(written, undo, column=column, seq=seq)
    assert told(written) == []


@pytest.mark.parametrize("column", ["kind", "actor", "at", "digest", "previous", "hash"])
def test_a_character_changed_in_a_link_is_named_as_the_first_bad_one(written: Path, column: str):
    alter(written, "UPDATE entry SET {column} = {column} || '.' WHERE seq = 17", column=column)
    assert "ledger entry 17" in told(written)[0]


def test_an_entry_that_was_taken_out_is_named(written: Path):
    alter(written, "DELETE FROM flag WHERE seq = 9", "DELETE FROM entry WHERE seq = 9")
    assert told(written)[0].startswith("ledger entry 9 (?): is gone; the next is 10.")


def test_a_row_without_its_entry_and_an_entry_without_its_row_are_named(written: Path):
    alter(written, "UPDATE flag SET seq = 99 WHERE seq = 9")
    assert [fault.split(": ", 1)[1].split(" Rest")[0] for fault in told(written)] == [
        "its row is gone.",
        "no entry of the chain vouches for its row.",
    ]


def test_two_entries_that_changed_places_are_named(written: Path):
    alter(
        written,
        "UPDATE entry SET seq = 999 WHERE seq = 5",
        "UPDATE entry SET seq = 5 WHERE seq = 6",
        "UPDATE entry SET seq = 6 WHERE seq = 999",
    )
    assert "ledger entry 5" in told(written)[0]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE outcome SET pnl = -0.02",
        "DELETE FROM outcome",
        "INSERT INTO outcome VALUES (40, 'gold', '2020-03-16', 0.1, NULL)",
    ],
)
def test_what_a_session_vouches_for_cannot_be_changed_unseen(written: Path, change: str):
    alter(written, change)
    (fault,) = told(written)
    assert f"ledger entry {LENGTH} (session): its outcome rows are not what was rec" in fault


def test_rows_beside_a_session_that_vouches_for_none_are_named(written: Path):
    alter(
        written,
        "INSERT INTO forecast (session, portfolio, role, model, alpha, horizon, origin, target, "
        "var, es) VALUES (40, 'fx', 'legacy', 'hs_250', 0.99, 1, 'o', 't', 0.1, 0.2)",
    )
    assert "vouches for no forecast rows and has some" in told(written)[0]
