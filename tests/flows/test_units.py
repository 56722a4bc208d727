"""The store of finished units: what is lost, what is kept, what is noticed."""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from flows.units import UnitStore

KEYS = [hashlib.sha256(str(i).encode()).hexdigest() for i in range(1200)]


@pytest.fixture
def store(tmp_path: Path):
    with UnitStore(tmp_path / "root" / "units.db") as store:
        yield store


def test_a_unit_survives_the_process(store: UnitStore):
    store.put(KEYS[0], b"omega, alpha, gamma, beta")
    with UnitStore(store.path) as again:
        assert again.get(KEYS[0]) == b"omega, alpha, gamma, beta"


def test_a_worker_process_opens_the_same_file(store: UnitStore):
    other = pickle.loads(pickle.dumps(store))  # noqa: S301 - what joblib does to reach its workers
    other.put(KEYS[0], b"fitted elsewhere")
    other.close()
    assert store.get(KEYS[0]) == b"fitted elsewhere"


def test_more_keys_than_one_query_can_bind(store: UnitStore):
    store.put_many({key: key.encode() for key in KEYS[::2]})
    assert store.get_many(KEYS) == {key: key.encode() for key in KEYS[::2]}


def test_the_first_outcome_of_a_key_stands(store: UnitStore):
    store.put(KEYS[0], b"first")
    store.put(KEYS[0], b"second")
    assert store.get(KEYS[0]) == b"first"


def test_a_batch_is_stored_whole_or_not_at_all(store: UnitStore):
    with sqlite3.connect(store.path) as direct:
        direct.execute(
            "CREATE TRIGGER full AFTER INSERT ON unit WHEN (SELECT count(*) FROM unit) > 3 "
            "BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
    with pytest.raises(sqlite3.IntegrityError, match="disk is full"):
        store.put_many(dict.fromkeys(KEYS[:9], b"payload"))
    assert len(store) == 0


def test_a_flipped_byte_is_named_dropped_and_computed_again(
    store: UnitStore, caplog: pytest.LogCaptureFixture
):
    store.put_many({KEYS[0]: b"persistence 0.98", KEYS[1]: b"persistence 0.97"})
    with sqlite3.connect(store.path) as direct:
        direct.execute("UPDATE unit SET payload = ? WHERE key = ?", (b"persistence 0.88", KEYS[0]))
    with caplog.at_level(logging.WARNING):
        assert store.get_many(KEYS[:2]) == {KEYS[1]: b"persistence 0.97"}
    assert store.damaged == [KEYS[0]]
    assert KEYS[0] in caplog.text
    store.put(KEYS[0], b"persistence 0.98")
    assert store.get(KEYS[0]) == b"persistence 0.98"


def test_a_unit_filed_under_another_key_is_not_believed(store: UnitStore):
    store.put(KEYS[0], b"fitted on 2008")
    with sqlite3.connect(store.path) as direct:
        direct.execute("UPDATE unit SET key = ?", (KEYS[1],))
    assert store.get(KEYS[1]) is None


def test_no_flipped_byte_of_the_file_ever_returns_a_wrong_unit(tmp_path: Path):
    whole = tmp_path / "whole.db"
    truth = {key: key.encode() * 20 for key in KEYS[:30]}
    with UnitStore(whole) as store:
        store.put_many(truth)
    content = whole.read_bytes()
    chance = random.Random(7)
    for trial in range(60):
        path = tmp_path / f"{trial}.db"
        at = chance.randrange(len(content))
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        with UnitStore(path) as store:
            assert store.get_many(truth).items() <= truth.items()
            store.put_many(truth)
            assert store.get_many(truth) == truth


@pytest.mark.parametrize("tenth", range(10))
def test_a_truncated_file_is_set_aside_or_read_in_part(tmp_path: Path, tenth: int):
    path = tmp_path / "units.db"
    truth = {key: key.encode() * 20 for key in KEYS[:30]}
    with UnitStore(path) as store:
        store.put_many(truth)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * tenth // 10])
    with UnitStore(path) as store:
        assert store.get_many(truth).items() <= truth.items()
        store.put_many(truth)
        assert store.get_many(truth) == truth


WRITER = """
import sys
from pathlib import Path
from flows.units import UnitStore

with UnitStore(Path(sys.argv[1])) as store:
    for batch in range(10_000):
        store.put_many({f"{batch}-{i}": bytes([batch % 256]) * 1000 for i in range(5)})
        print(batch, flush=True)
"""


def test_a_killed_writer_leaves_whole_batches_only(tmp_path: Path):
    path = tmp_path / "units.db"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    assert writer.stdout is not None
    with writer.stdout as printed:
        for _ in range(7):
            printed.readline()
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    with UnitStore(path) as store:
        assert len(store) >= 35
        assert len(store) % 5 == 0
        for batch in range(7):
            expected = {f"{batch}-{i}": bytes([batch]) * 1000 for i in range(5)}
            assert store.get_many(expected) == expected
