"""Killed at any point a command loses nothing and doubles nothing; asked again it does the work.

Thirty seeded points, spread over the work of each command: see `tests.flows.points`.
"""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from flows.clock import system_clock
from flows.history_check import check_history
from flows.ledger.jobs import BEAT, MISSED, run_states
from flows.ledger.ledger import Ledger
from flows.reconcile import reconcile
from flows.tracking import CHALLENGER, CHAMPION, aliases, registered
from tests.flows.killed import ALL, DECISIONS, Nursery, Order, Told, nursery

SEED = 20200316  # the S&P 500 lost 11.98% that day
PATIENCE = MISSED * BEAT
"""Seconds after which a run without a sign of life is dead."""

Row = dict[str, Any]


def drawn(which: int, *, of: int, told: Told) -> int:
    """A point of the ``which``-th of so many equal parts of a command's work."""
    share = np.random.default_rng([SEED, which, of]).random()
    return 1 + int(len(told.points) * (which + share) / of)


@contextmanager
def opened(root: Path, *, later: float = 0.0) -> Generator[Ledger]:
    ledger = Ledger.open(root, clock=lambda: system_clock() + timedelta(seconds=later))
    yield ledger
    ledger.close()


def rows(root: Path, kind: str) -> list[Row]:
    """What the ledger has of a kind, without when it was recorded and where it stands."""
    with opened(root) as ledger, ledger.reading() as tx:
        found = tx.rows(kind)
    return [{name: row[name] for name in row.keys() - {"seq", "at"}} for row in found]


def undisturbed(started: Nursery, order: Order) -> Told:
    done = started.run(order)
    assert done.ended == "done", done.answer
    return done


def killed(started: Nursery, order: Order, at: int) -> None:
    """Kill a command at a point; what it leaves is whole, and within three beats it is dead."""
    assert started.run(replace(order, at=at)).ended == "killed"
    root = Path(order.root)
    whole(root)
    with opened(root, later=PATIENCE) as ledger, ledger.reading() as tx:
        states = [run["state"] for run in run_states(tx)]
        done = len(tx.rows("effect"))
    assert states in (["done"] * done, ["dead", *["done"] * done])


def whole(root: Path) -> None:
    """The chain verifies, what it vouches for is there, and no name shows half a file."""
    with opened(root) as ledger:
        assert check_history(ledger, root).faults == ()
    for path in root.rglob("*"):
        if ".writing-" in str(path):
            continue
        if path.suffix == ".json":
            json.loads(path.read_text())
        if path.suffix == ".parquet":
            pq.read_table(path)


def reconciled(root: Path) -> None:
    """Orphans of MLflow are named and retired; then nothing differs, and no run is left running."""
    recorded = {row["number"] for row in rows(root, "version")}
    orphans = {one.number for one in registered(root)} - recorded
    with opened(root) as ledger:
        named = {one.subject for one in reconcile(ledger, root, repair=True) if one.kind != "alias"}
        assert named == {f"version {number}" for number in orphans}
        assert reconcile(ledger, root) == []
    status = {one.number: one.status for one in registered(root)}
    assert {number for number in status if status[number] == "retired"} == orphans
    with closing(sqlite3.connect(root / "mlflow.db")) as database:
        assert "RUNNING" not in {row[0] for row in database.execute("SELECT status FROM runs")}


class Office:
    """A state root with an approved version, and its promotion undisturbed."""

    def __init__(self, started: Nursery, root: Path) -> None:
        self.started = started
        order = Order("approve", str(root), about=1)
        request = undisturbed(started, order).answer["request"]
        self.approved = Path(shutil.copytree(root, root.parent / "approved"))
        self.promotion = replace(order, command="promote", about=request)
        self.promoted = undisturbed(started, self.promotion)
        self.champion = rows(root, "champion")

    def survives(self, root: Path, at: int) -> None:
        """Kill the promotion at a point."""
        shutil.copytree(self.approved, root, dirs_exist_ok=True)
        order = replace(self.promotion, root=str(root))
        killed(self.started, order, at)
        decided = rows(root, "champion")
        again = self.started.run(replace(order, later=PATIENCE))
        assert again.ended == ("refused" if decided else "done")
        if decided:
            assert "was used by ada" in again.answer["why"]
        assert rows(root, "champion") == self.champion
        reconciled(root)
        assert aliases(root) == {CHAMPION: 1}
        whole(root)


@pytest.fixture(scope="module")
def office(
    empty_tracking_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """A version that was made in a second."""
    root = tmp_path_factory.mktemp("office") / "root"
    root.mkdir()
    shutil.copy(empty_tracking_database, root / "mlflow.db")
    with nursery(DECISIONS) as started:
        undisturbed(started, Order("register", str(root)))
        yield Office(started, root)


@pytest.mark.parametrize("which", range(3))
def test_a_killed_promotion_was_decided_or_was_not(office: Office, tmp_path: Path, which: int):
    office.survives(tmp_path, drawn(which, of=3, told=office.promoted))


class Workshop:
    """What comes of each command undisturbed, and where each of them may begin.

    A version is retrained, another trained, the first promoted; then a session is held, on the
    evening of which both forecast side by side.
    """

    def __init__(self, started: Nursery, root: Path, market: Path, tracking: Path) -> None:
        self.started = started
        self.empty = root.parent / "empty"
        self.empty.mkdir()
        shutil.copy(tracking, self.empty / "mlflow.db")
        alone = Path(shutil.copytree(self.empty, root.parent / "alone"))
        self.train = Order("train", str(alone), str(market))
        self.trained = undisturbed(started, self.train)
        self.weights = {row["weights_sha256"] for row in rows(alone, "version")}

        shutil.copytree(self.empty, root)
        self.retrain = replace(self.train, command="retrain", root=str(root))
        self.retrained = undisturbed(started, self.retrain)
        self.retrain_effects = [row["sha256"] for row in rows(root, "effect")]
        self.files = [names for _, names in published(root)]
        undisturbed(started, replace(self.train, root=str(root)))
        self.office = Office(started, root)

        self.session = Order("session", str(root), str(market))
        undisturbed(started, replace(self.session, as_of="2021-12-30"))
        self.evening = Path(shutil.copytree(root, root.parent / "evening"))
        self.held = undisturbed(started, self.session)
        self.recorded = {kind: rows(root, kind) for kind in ("session", "alert")}
        self.effects = [row["sha256"] for row in rows(root, "effect")]

    def begin(self, template: Path, root: Path, order: Order) -> Order:
        """The order in a copy of a state root."""
        shutil.copytree(template, root, dirs_exist_ok=True)
        return replace(order, root=str(root))

    def retrain_is_finished(self, order: Order) -> Told:
        """Ask again; one version with the effect, the files and the documents of an undisturbed."""
        root, order = Path(order.root), replace(order, later=PATIENCE)
        again = undisturbed(self.started, order)
        made = again.answer["version"]
        assert [row["sha256"] for row in rows(root, "effect")] == self.retrain_effects
        assert [(row["number"], row["cause"]) for row in rows(root, "version")] == [(made, "drift")]
        assert all([names] == self.files for _, names in published(root))
        assert len(rows(root, "document")) == 2 * 16  # each as JSON and as a page
        assert isinstance(configurations(root, made), int)  # two, if someone commits meanwhile
        assert aliases(root) == {CHALLENGER: made}
        latest = json.loads((root / "runs" / "latest.json").read_text())
        assert (latest["version"], latest["report"]) == (made, again.answer["report"])
        third = undisturbed(self.started, order)
        assert third.answer == again.answer | {"fresh": False}
        assert len(rows(root, "effect")) == 1
        reconciled(root)
        whole(root)
        return again

    def session_was_held_once(self, root: Path) -> None:
        """It is on record as undisturbed, hashes of forecasts and outcomes included, and told."""
        assert {kind: rows(root, kind) for kind in self.recorded} == self.recorded
        assert [row["sha256"] for row in rows(root, "effect")] == self.effects
        with closing(sqlite3.connect(root / "ledger.db")) as database:
            untold = "SELECT count(*) FROM delivery WHERE delivered_at IS NULL"
            assert database.execute(untold).fetchone() == (0,)


def published(root: Path) -> list[tuple[str, set[str]]]:
    """Each run's directory, with the names of all that is in it."""
    found = [run for run in (root / "runs").iterdir() if run.is_dir() and run.name[0] != "."]
    return [(run.name, {str(path.relative_to(run)) for path in run.rglob("*")}) for run in found]


def configurations(root: Path, number: int) -> Any:
    """How many were judged so far, as the development document of a version says."""
    page = root / "documents" / "foreshock-tail" / str(number) / "03-development.json"
    sections = json.loads(page.read_text())["sections"]
    told = {field["name"]: field["value"] for one in sections for field in one["fields"]}
    return told["configurations"]


@pytest.fixture(scope="module")
def workshop(
    learnable_market: Path,
    empty_tracking_database: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workshop]:
    root = tmp_path_factory.mktemp("workshop") / "root"
    with nursery(ALL) as started:
        yield Workshop(started, root, learnable_market, empty_tracking_database)


@pytest.mark.slow
@pytest.mark.parametrize("which", range(8))
def test_a_killed_promotion_of_a_trained_version(workshop: Workshop, tmp_path: Path, which: int):
    office = workshop.office
    shutil.copytree(office.approved, tmp_path, dirs_exist_ok=True)
    order = replace(office.promotion, root=str(tmp_path))
    killed(workshop.started, order, drawn(which, of=8, told=office.promoted))
    workshop.started.run(replace(order, later=PATIENCE))
    assert rows(tmp_path, "champion") == office.champion
    reconciled(tmp_path)
    assert aliases(tmp_path) == {CHAMPION: 1, CHALLENGER: 2}
    whole(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("which", range(9))
def test_a_killed_session_with_its_shadow(workshop: Workshop, tmp_path: Path, which: int):
    shadow = workshop.held.answer["shadow"]
    assert (shadow["candidate"], shadow["incumbent"]) == ("linear", "combined")
    order = workshop.begin(workshop.evening, tmp_path, workshop.session)
    killed(workshop.started, order, drawn(which, of=9, told=workshop.held))
    order = replace(order, later=PATIENCE)
    again = undisturbed(workshop.started, order)
    workshop.session_was_held_once(tmp_path)
    third = undisturbed(workshop.started, order)
    assert third.answer == again.answer | {"fresh": False}
    workshop.session_was_held_once(tmp_path)
    reconciled(tmp_path)
    whole(tmp_path)


@pytest.mark.slow
def test_of_ten_schedules_at_once_one_holds_the_session(workshop: Workshop, tmp_path: Path):
    order = workshop.begin(workshop.evening, tmp_path, workshop.session)
    told = workshop.started.all(*[order] * 10)
    (worker,) = (one for one in told if one.ended == "done" and one.answer["fresh"])
    for one in told:
        if one.ended == "refused":
            assert "is at it on" in one.answer["why"]
            assert f"(pid {worker.pid})" in one.answer["why"]
        else:
            assert one.ended == "done"
    workshop.session_was_held_once(tmp_path)
    assert [run["pid"] for run in rows(tmp_path, "run")][-1:] == [worker.pid]
    assert len(rows(tmp_path, "run")) == len(workshop.effects)
    whole(tmp_path)


@pytest.mark.slow
def test_a_worker_that_was_stopped_and_replaced_is_refused(workshop: Workshop, tmp_path: Path):
    order = workshop.begin(workshop.evening, tmp_path, workshop.session)
    at = next(n for n, point in enumerate(workshop.held.points, 1) if "sessions/" in point)
    stale = workshop.started.run(replace(order, at=at, by=signal.SIGSTOP))
    assert stale.ended == "stopped"
    undisturbed(workshop.started, replace(order, later=PATIENCE))
    woken = workshop.started.wake(stale)
    assert woken.ended == "refused"
    assert "was taken for dead and replaced (token 1, now 2). Its work is" in woken.answer["why"]
    workshop.session_was_held_once(tmp_path)
    whole(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("which", range(5))
def test_a_killed_retrain_is_finished_by_the_next(workshop: Workshop, tmp_path: Path, which: int):
    order = workshop.begin(workshop.empty, tmp_path, workshop.retrain)
    killed(workshop.started, order, drawn(which, of=5, told=workshop.retrained))
    workshop.retrain_is_finished(order)


@pytest.mark.slow
@pytest.mark.parametrize("behind", ["ledger", "documents", "aliases"])
def test_a_retrain_killed_before_a_step_of_its_end_is_finished_from_there(
    workshop: Workshop, tmp_path: Path, behind: str
):
    points = workshop.retrained.points
    documents = [n for n, point in enumerate(points) if "documents/" in point]
    recorded = max(n for n in range(documents[0]) if points[n] == "before commit ledger.db")
    written = points.index("after commit ledger.db", documents[-1])
    at = {"ledger": recorded, "documents": recorded + 1, "aliases": written}[behind] + 1
    order = workshop.begin(workshop.empty, tmp_path, workshop.retrain)
    killed(workshop.started, order, at)
    assert len(rows(tmp_path, "version")) == (behind != "ledger")
    assert len(rows(tmp_path, "document")) == (32 if behind == "aliases" else 0)
    assert aliases(tmp_path) == {}
    assert workshop.retrain_is_finished(order).answer["fresh"] is (behind == "ledger")


@pytest.mark.slow
@pytest.mark.parametrize("which", range(5))
def test_a_killed_training_is_taken_up_by_the_next(workshop: Workshop, tmp_path: Path, which: int):
    order = workshop.begin(workshop.empty, tmp_path, workshop.train)
    killed(workshop.started, order, drawn(which, of=5, told=workshop.trained))
    again = undisturbed(workshop.started, order)
    (version,) = rows(tmp_path, "version")  # the same weights are the same version
    assert version["number"] == again.answer["version"]
    assert {version["weights_sha256"]} == workshop.weights
    assert len(rows(tmp_path, "document")) == 2 * 16
    assert aliases(tmp_path) == {CHALLENGER: again.answer["version"]}
    reconciled(tmp_path)
    whole(tmp_path)
