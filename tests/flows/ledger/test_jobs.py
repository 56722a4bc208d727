"""One effect for each job, whoever tries, dies, sleeps or comes back."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from flows.clock import FixedClock
from flows.ledger.jobs import AlreadyRunningError, Run, effect_of, run_states, running
from flows.ledger.ledger import Ledger
from flows.refusal import BlockedError
from flows.settings import checkout

KEY = "2020-03-16"


def work(ledger: Ledger, *, book: str = "fx") -> Run:
    """Claim the job, write a row and commit."""
    with running(ledger, "daily", KEY) as run, ledger.transaction() as tx:
        tx.append("flag", actor="system", portfolio=book, date=KEY, reason="r")
        run.commit(tx, sha256="0" * 64, summary={"rows": 1})
    return run


def states(ledger: Ledger) -> list[str]:
    with ledger.reading() as tx:
        return [row["state"] for row in run_states(tx)]


def rows(ledger: Ledger) -> int:
    with ledger.reading() as tx:
        return len(tx.rows("flag"))


def test_a_job_has_one_effect(ledger: Ledger):
    run = work(ledger)
    with ledger.reading() as tx:
        effect = effect_of(tx, "daily", KEY)
    assert effect is not None
    assert (effect["run"], effect["summary"]) == (run.seq, {"rows": 1})
    with pytest.raises(BlockedError, match=f"was done by run {run.seq} at"):
        work(ledger)
    assert (rows(ledger), states(ledger)) == (1, ["done"])


def test_of_ten_identical_schedules_one_works(ledger: Ledger):
    def attempt(_: int) -> str:
        try:
            work(ledger)
        except BlockedError as blocked:
            return type(blocked).__name__
        return "done"

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(attempt, range(10)))
    assert answers.count("done") == 1
    assert set(answers) <= {"done", "AlreadyRunningError", "BlockedError"}
    assert (rows(ledger), states(ledger)) == (1, ["done"])
    assert ledger.verify() == []


def test_a_run_that_lives_is_left_to_its_work(ledger: Ledger, clock: FixedClock):
    with running(ledger, "daily", KEY) as run:
        clock.advance(timedelta(seconds=29))
        with pytest.raises(AlreadyRunningError, match=f"run {run.seq} is at it on .* since 2026"):
            work(ledger)
        assert states(ledger) == ["running"]
        with ledger.transaction() as tx:
            run.commit(tx, sha256="0" * 64, summary={})
    assert states(ledger) == ["done"]


def test_three_missed_beats_are_a_death_before_anybody_buries_the_run(
    ledger: Ledger, clock: FixedClock
):
    with running(ledger, "daily", KEY) as run:
        clock.advance(timedelta(seconds=30))
        assert states(ledger) == ["dead"]
        work(ledger)
        assert states(ledger) == ["done", "dead"]
        with pytest.raises(BlockedError, match=r"replaced \(token 1, now 2\)"):  # it comes back
            late(ledger, run)
    assert rows(ledger) == 1
    assert states(ledger) == ["done", "dead"]


def late(ledger: Ledger, run: Run) -> None:
    with ledger.transaction() as tx:
        tx.append("flag", actor="system", portfolio="late", date=KEY, reason="r")
        run.commit(tx, sha256="1" * 64, summary={})


def test_a_stale_worker_is_refused_while_its_successor_is_still_at_work(
    ledger: Ledger, clock: FixedClock
):
    with running(ledger, "daily", KEY) as first:
        clock.advance(timedelta(minutes=5))
        with running(ledger, "daily", KEY) as second:
            with pytest.raises(BlockedError, match="Its work is dropped"):
                late(ledger, first)
            with ledger.transaction() as tx:
                second.commit(tx, sha256="0" * 64, summary={})
    assert rows(ledger) == 0


def test_an_error_is_on_record_and_the_job_may_be_tried_again(ledger: Ledger):
    def fail() -> None:
        with running(ledger, "daily", KEY):
            raise KeyError("no such feed")

    with pytest.raises(KeyError):
        fail()
    with ledger.reading() as tx:
        assert tx.rows("run_end")[0]["error"] == "KeyError: 'no such feed'"
    work(ledger)
    assert states(ledger) == ["done", "failed"]


def test_a_block_that_forgets_to_commit_has_failed(ledger: Ledger):
    with running(ledger, "daily", KEY):
        pass
    assert states(ledger) == ["failed"]


def test_a_worker_at_work_beats(ledger: Ledger, clock: FixedClock):
    with running(ledger, "daily", KEY, beat_seconds=0.05) as run:
        clock.advance(timedelta(seconds=3600))
        patience = time.monotonic() + 10
        while states(ledger) == ["dead"] and time.monotonic() < patience:
            time.sleep(0.02)
        assert states(ledger) == ["running"]
        with ledger.transaction() as tx:
            run.commit(tx, sha256="0" * 64, summary={})


def test_a_connection_that_is_cut_after_the_commit_doubles_nothing(
    tmp_path: Path, postgres_url: str
):
    ledger = Ledger.open(tmp_path, url=postgres_url)
    work(ledger)
    with ledger.reading() as tx:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> "
        others += "pg_backend_pid() AND datname = current_database()"
        tx.connection.execute(text(others))
    with pytest.raises(BlockedError, match="was done by run"):  # not having heard, it tries again
        work(ledger)
    assert rows(ledger) == 1
    ledger.close()


KILLED = """
import sys, time
from pathlib import Path
from flows.ledger.jobs import running
from flows.ledger.ledger import Ledger
ledger = Ledger.open(Path(sys.argv[1]))
with running(ledger, "daily", "2020-03-16", beat_seconds=0.1) as run:
    print("at work", flush=True)
    time.sleep(60)
"""


@pytest.mark.slow
def test_a_killed_worker_is_shown_dead_within_three_beats(tmp_path: Path):
    worker = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, cwd=checkout()
    )
    assert worker.stdout is not None
    worker.stdout.readline()
    ledger = Ledger.open(tmp_path)
    assert states(ledger) == ["running"]
    worker.kill()
    worker.communicate()
    time.sleep(0.3)
    assert states(ledger) == ["dead"]
    work(ledger)
    assert states(ledger) == ["done", "dead"]
    ledger.close()
