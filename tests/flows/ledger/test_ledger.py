"""What is recorded stays recorded, in one order, on either database."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, IntegrityError

from flows.clock import FixedClock, instant_text
from flows.ledger.ledger import Ledger
from flows.refusal import RefusedError

FLAG = {"portfolio": "fx", "date": "2020-03-16", "reason": "too low"}
GATE = {"name": "shortfall_z2", "threshold": -0.25, "evidence": {"b": [1, None], "a": 0.1}}


def flag(ledger: Ledger, **columns: object) -> int:
    with ledger.transaction() as tx:
        return tx.append("flag", actor="ada", **(FLAG | columns))


def test_the_hash_of_an_entry_is_what_a_reader_computes_by_hand(ledger: Ledger):
    flag(ledger)
    with ledger.reading() as tx:
        row = tx.connection.execute(text("SELECT * FROM entry")).mappings().one()

    def sha256(value: object) -> str:
        told = json.dumps(value, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(told.encode()).hexdigest()

    at = "2026-11-24T12:00:00.000000Z"
    digest = sha256(["flag", FLAG])
    assert dict(row) == {
        "seq": 1,
        "kind": "flag",
        "actor": "ada",
        "at": at,
        "digest": digest,
        "previous": "0" * 64,
        "hash": sha256([1, "flag", "ada", at, digest, "0" * 64]),
    }


def test_values_come_back_as_they_went_in(ledger: Ledger):
    with ledger.transaction() as tx:
        about = {"model": "m", "alias": "champion", "expected": None, "found": "2", "action": "é"}
        seq = tx.append("alias_repair", actor="system", **about)
        alert = {"key": "k", "kind": "drift", "subject": "s", "severity": "info", "message": "m"}
        tx.append("alert", actor="system", evidence=GATE["evidence"], **alert)
    with ledger.reading() as tx:
        at = instant_text(tx.now)
        assert tx.rows("alias_repair") == [about | {"seq": seq, "actor": "system", "at": at}]
        assert tx.last("alert", key="k", seq=2) is not None
        assert tx.rows("alert")[0]["evidence"] == GATE["evidence"]
        assert tx.rows("alias_repair", expected=None) == tx.rows("alias_repair")
        assert tx.last("flag") is None
    assert ledger.verify() == []


def test_numbers_keep_their_digest_over_the_database(ledger: Ledger):
    figures = {"alpha": 0.975, "var": 0.1 + 0.2, "es": 1 / 3, "horizon": 1, "portfolio": "fx"}
    with ledger.transaction() as tx:
        until = {"starts": "2026", "expires": "2027", "reason": "r"}
        tx.append("override", actor="ada", **figures, **until)
    with ledger.reading() as tx:
        assert {name: tx.rows("override")[0][name] for name in figures} == figures
    assert ledger.verify() == []


@pytest.mark.parametrize("change", ["UPDATE flag SET reason = 'x'", "DELETE FROM entry"])
def test_the_database_itself_refuses_a_change(ledger: Ledger, change: str):
    flag(ledger)
    with pytest.raises(DatabaseError, match="append-only"), ledger.transaction() as tx:
        tx.connection.execute(text(change))
    assert ledger.verify() == []


def test_an_error_in_the_block_leaves_nothing(ledger: Ledger):
    def interrupted() -> None:
        with ledger.transaction() as tx:
            tx.append("flag", actor="ada", **FLAG)
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    with ledger.reading() as tx:
        assert tx.rows("flag") == []
    assert flag(ledger) == 1


def test_a_reader_writes_nothing(ledger: Ledger):
    with pytest.raises(ValueError, match="only reads"), ledger.reading() as tx:
        tx.append("flag", actor="ada", **FLAG)


@pytest.mark.parametrize(
    ("kind", "columns", "told"),
    [
        ("rumour", {}, "not recorded"),
        ("flag", FLAG | {"mood": 1}, "no column mood"),
        (
            "override",
            {"portfolio": "fx", "alpha": float("nan")},
            "override.alpha must be finite",
        ),
    ],
)
def test_what_no_row_can_hold_is_refused(
    ledger: Ledger, kind: str, columns: dict[str, object], told: str
):
    with pytest.raises(ValueError, match=told), ledger.transaction() as tx:
        tx.append(kind, actor="ada", **columns)


def test_a_clock_set_back_does_not_turn_back_the_ledger(ledger: Ledger, clock: FixedClock):
    flag(ledger)
    noon = clock()
    clock.advance(timedelta(hours=-1))
    with ledger.reading() as tx:
        assert tx.now == noon
    flag(ledger)
    clock.advance(timedelta(days=1))
    flag(ledger)
    with ledger.reading() as tx:
        times = [row["at"] for row in tx.rows("flag")]
    later = datetime(2026, 11, 25, 11, tzinfo=UTC)
    assert times == [instant_text(noon), instant_text(noon), instant_text(later)]


def test_a_reader_sees_one_moment(ledger: Ledger):
    with ledger.reading() as tx:
        assert tx.rows("flag") == []
        flag(ledger)
        assert tx.rows("flag") == []


def test_fifty_writers_make_one_chain(tmp_path: Path, address: str | None, clock: FixedClock):
    def write(_: int) -> int:
        opened = Ledger.open(tmp_path, clock=clock, url=address)
        try:
            return flag(opened)
        finally:
            opened.close()

    with ThreadPoolExecutor(50) as pool:  # the first to come makes the schema
        places = list(pool.map(write, range(50)))
    assert sorted(places) == list(range(1, 51))
    opened = Ledger.open(tmp_path, clock=clock, url=address)
    assert opened.verify() == []
    opened.close()


@pytest.mark.slow
def test_processes_that_are_killed_leave_whole_transactions(tmp_path: Path):
    code = (
        "import sys; from pathlib import Path; from flows.ledger.ledger import Ledger\n"
        "ledger = Ledger.open(Path(sys.argv[1])); print('open', flush=True)\n"
        "while True:\n"
        "    with ledger.transaction() as tx:\n"
        "        for part in 'ab':\n"
        "            tx.append('flag', actor='ada', portfolio=part, date='d', reason='r')\n"
    )
    for _ in range(3):
        worker = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE
        )
        assert worker.stdout is not None
        worker.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            worker.wait(0.15)
        worker.kill()
        worker.wait()
        worker.stdout.close()
    opened = Ledger.open(tmp_path)
    with opened.reading() as tx:
        parts = [row["portfolio"] for row in tx.rows("flag")]
    assert parts
    assert parts == ["a", "b"] * (len(parts) // 2)
    assert opened.verify() == []
    opened.close()


def test_a_row_that_was_altered_is_refused_before_a_decision_rests_on_it(tmp_path: Path):
    opened = Ledger.open(tmp_path)
    first, second = flag(opened), flag(opened)
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        database.execute("DROP TRIGGER flag_no_update")
        database.execute("UPDATE flag SET reason = 'too high' WHERE seq = ?", (second,))
    with opened.reading() as tx:
        tx.vouched(first)
        with pytest.raises(RefusedError, match=r"entry 2 \(flag\): its row is not what was rec"):
            tx.vouched(first, second)
        with pytest.raises(RefusedError, match=r"entry 3 .* is gone"):
            tx.vouched(3)
    opened.close()


def test_an_entry_needs_somebody_who_answers_for_it(ledger: Ledger):
    with pytest.raises(IntegrityError), ledger.transaction() as tx:
        tx.append("flag", actor="", **FLAG)
