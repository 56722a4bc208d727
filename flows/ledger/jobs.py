"""Jobs: who is at work on what, whether they still live, and the one effect a job may have.

A job is a name and a key, e.g. ``daily`` and the hash of (as-of, settings). Whoever claims it gets
a lease with a fencing token, beats while at work, and commits the effect in the transaction that
writes what came of it. A worker that was paused and replaced finds its token stale and is refused.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError

from flows.clock import instant_text, parse_instant
from flows.ledger.schema import lease
from flows.refusal import BlockedError

if TYPE_CHECKING:
    from flows.ledger.ledger import Ledger, Transaction

BEAT = 10.0
"""Seconds between two signs of life."""
MISSED = 3
"""Beats after which a worker without a sign of life is dead."""


class AlreadyRunningError(BlockedError):
    """Somebody else is at work on the same job."""


@dataclass(frozen=True, slots=True)
class Run:
    """A claim on a job.

    Attributes
    ----------
    seq : int
        Its place in the ledger.
    job, key : str
    token : int
        How often the job was claimed, this time included.
    """

    seq: int
    job: str
    key: str
    token: int

    def commit(self, tx: Transaction, *, sha256: str, summary: dict[str, Any]) -> None:
        """Record the effect; in the transaction that writes what came of the job.

        Parameters
        ----------
        tx : Transaction
        sha256 : str
            Digest of what came of it: a re-run of the same inputs has the same.
        summary : dict
            Plain values, for whoever asks again.

        Raises
        ------
        BlockedError
            If somebody else has claimed the job since, or it has its effect already.
        """
        held = _lease(tx, self.job, self.key)
        if held is None or held["token"] != self.token:
            raise BlockedError(
                f"{self.job}: run {self.seq} was taken for dead and replaced (token {self.token}, "
                f"now {held and held['token']}). Its work is dropped."
            )
        if (before := effect_of(tx, self.job, self.key)) is not None:
            raise BlockedError(f"{self.job}: was done by run {before['run']} at {before['at']}.")
        tx.append(
            "effect",
            actor="system",
            job=self.job,
            key=self.key,
            run=self.seq,
            token=self.token,
            sha256=sha256,
            summary=summary,
        )
        tx.append("run_end", actor="system", run=self.seq, status="done")


@contextmanager
def running(
    ledger: Ledger, job: str, key: str, *, beat_seconds: float = BEAT
) -> Generator[Run, None, None]:
    """Claim a job and beat until the block ends.

    A block that ends without `Run.commit` has failed, and says so in the ledger; one that is
    killed is shown dead after `MISSED` beats, and the next claim goes on in its place.

    Parameters
    ----------
    ledger : Ledger
    job, key : str
    beat_seconds : float

    Raises
    ------
    AlreadyRunningError
        If another run of the job lives; says where, since when and its last sign of life.
    BlockedError
        If the job has had its effect; ask `effect_of` first.
    """
    run = _claim(ledger, job, key, beat_seconds)
    stop = threading.Event()
    beating = threading.Thread(
        target=_beat, args=(ledger, run, beat_seconds, stop), name=f"beat-{job}", daemon=True
    )
    beating.start()
    error: BaseException | None = None
    try:
        yield run
    except BaseException as failure:
        error = failure
        raise
    finally:
        stop.set()
        beating.join()
        _end(ledger, run, error)


def effect_of(tx: Transaction, job: str, key: str) -> dict[str, Any] | None:
    """What came of a job, or None where it is still to be done."""
    return tx.last("effect", job=job, key=key)


def run_states(tx: Transaction) -> list[dict[str, Any]]:
    """Every run with its ``state``: running, done, failed or dead; newest first.

    Returns
    -------
    list of dict
        ``run, job, key, host, pid, at, state, error`` and, while it runs, ``beat_at``.
    """
    ends = {row["run"]: row for row in tx.rows("run_end")}
    beats = {row["run"]: row for row in tx.connection.execute(select(lease)).mappings()}
    told: list[dict[str, Any]] = []
    for row in reversed(tx.rows("run")):
        end, held = ends.get(row["seq"]), beats.get(row["seq"])
        one = {name: row[name] for name in ("job", "key", "host", "pid", "at")}
        one |= {"run": row["seq"], "error": end and end["error"]}
        if end is not None:
            state = end["status"]
        else:
            state = "running" if held is not None and _lives(held, tx.now) else "dead"
        told.append(one | {"state": state, "beat_at": held and held["beat_at"]})
    return told


def _claim(ledger: Ledger, job: str, key: str, beat_seconds: float) -> Run:
    with ledger.transaction() as tx:
        if (before := effect_of(tx, job, key)) is not None:
            raise BlockedError(
                f"{job}: was done by run {before['run']} at {before['at']}; nothing is done twice."
            )
        held = _lease(tx, job, key)
        if held is not None and tx.last("run_end", run=held["run"]) is None:
            if _lives(held, tx.now):
                other = tx.rows("run", seq=held["run"])[0]
                raise AlreadyRunningError(
                    f"{job}: run {other['seq']} is at it on {other['host']} (pid {other['pid']}) "
                    f"since {other['at']}, last sign of life {held['beat_at']}. Wait for it."
                )
            died = f"no sign of life since {held['beat_at']}"
            tx.append("run_end", actor="system", run=held["run"], status="dead", error=died)
        token = 1 if held is None else held["token"] + 1
        seq = tx.append(
            "run",
            actor="system",
            job=job,
            key=key,
            host=socket.gethostname(),
            pid=os.getpid(),
            token=token,
        )
        values = {"token": token, "run": seq, "beat_at": instant_text(tx.now)}
        values |= {"beat_seconds": beat_seconds}
        if held is None:
            tx.connection.execute(insert(lease).values(job=job, key=key, **values))
        else:
            tx.connection.execute(_of(update(lease), job, key).values(**values))
    return Run(seq, job, key, token)


def _beat(ledger: Ledger, run: Run, every: float, stop: threading.Event) -> None:
    while not stop.wait(every):
        try:
            with ledger.transaction() as tx:
                mine = _of(update(lease), run.job, run.key).where(lease.c.token == run.token)
                beaten = tx.connection.execute(mine.values(beat_at=instant_text(ledger.clock())))
        except DBAPIError:  # a database that does not answer delays a sign of life
            continue
        if beaten.rowcount == 0:
            return


def _end(ledger: Ledger, run: Run, error: BaseException | None) -> None:
    """Say how it ended, where nobody has said so."""
    with ledger.transaction() as tx:
        if tx.last("run_end", run=run.seq) is None:
            said = "ended without an effect" if error is None else _one_line(error)
            tx.append("run_end", actor="system", run=run.seq, status="failed", error=said)


def _lives(held: Any, now: datetime) -> bool:
    patience = timedelta(seconds=MISSED * held["beat_seconds"])
    return now < parse_instant(held["beat_at"]) + patience


def _lease(tx: Transaction, job: str, key: str) -> dict[str, Any] | None:
    row = tx.connection.execute(_of(select(lease), job, key)).mappings().one_or_none()
    return None if row is None else dict(row)


def _of(statement: Any, job: str, key: str) -> Any:
    return statement.where(lease.c.job == job, lease.c.key == key)


def _one_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:500]
