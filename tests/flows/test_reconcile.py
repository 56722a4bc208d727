"""MLflow is compared with the ledger: what was changed there is named, and mended on record."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.ledger.champions import champion_of, stop
from flows.ledger.decisions import approve, promote, request_promotion, veto
from flows.ledger.ledger import Ledger
from flows.reconcile import REGISTRY_DIFFERS, Difference, mirror, reconcile
from flows.refusal import RefusedError
from flows.tracking import CHALLENGER, CHAMPION, REGISTERED, aliases, point, tag, tracking_uri
from tests.flows.ledger.people import ADA, BEN, DAN, VERA, endorse
from tests.flows.recorded_version import MODEL, noon
from tests.flows.registered_version import register_version


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, empty_tracking_database: Path) -> Path:
    """State root in which both have version 1, the champion, and 2, the challenger."""
    root = tmp_path_factory.mktemp("mirrored")
    shutil.copy(empty_tracking_database, root / "mlflow.db")
    ledger = Ledger.open(root, clock=noon())
    register_version(ledger, root)
    with ledger.reading() as tx:
        seq = tx.rows("version")[0]["seq"]
    endorse(ledger, root, seq, number=1)
    with ledger.transaction() as tx:
        asked = request_promotion(tx, 1, model=MODEL, requester=DAN, reason="better")
        approve(tx, asked, approver=ADA)
        promote(tx, root, asked, actor=BEN)
    register_version(ledger, root)
    assert mirror(ledger, root) is None
    ledger.close()
    return root


@pytest.fixture
def root(recorded: Path, tmp_path: Path) -> Path:
    """Its two databases, for a test to spoil; the files are left where they are."""
    for name in ("mlflow.db", "ledger.db"):
        shutil.copy(recorded / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def ledger(root: Path) -> Iterator[Ledger]:
    opened = Ledger.open(root, clock=noon())
    yield opened
    opened.close()


def client(root: Path) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri(root))


def repairs(ledger: Ledger) -> list[tuple[str, str | None, str | None, str]]:
    with ledger.reading() as tx:
        rows = tx.rows("alias_repair", model=REGISTERED)
    return [(row["alias"], row["expected"], row["found"], row["action"]) for row in rows]


def test_a_mirror_that_is_in_step_differs_in_nothing(ledger: Ledger, root: Path):
    assert aliases(root) == {CHAMPION: 1, CHALLENGER: 2}
    assert reconcile(ledger, root) == []
    assert reconcile(ledger, root, repair=True) == []
    assert repairs(ledger) == []


def test_an_alias_that_somebody_moved_is_named_and_moved_back_on_record(ledger: Ledger, root: Path):
    point(root, CHAMPION, 2)
    (one,) = reconcile(ledger, root)
    assert one.text == (
        "alias champion: the ledger says version 1, MLflow gives it to version 2. "
        "`foreshock reconcile --repair` mends it."
    )
    assert (one.signal.kind, one.signal.subject) == (REGISTRY_DIFFERS, CHAMPION)
    assert one.signal.severity == "critical"
    assert aliases(root)[CHAMPION] == 2
    (mended,) = reconcile(ledger, root, repair=True, actor="ada")
    assert mended.repaired
    assert aliases(root) == {CHAMPION: 1, CHALLENGER: 2}
    assert repairs(ledger) == [(CHAMPION, "1", "2", "given to version 1")]
    assert reconcile(ledger, root) == []
    assert ledger.verify() == []


def test_an_alias_that_was_deleted_comes_back(ledger: Ledger, root: Path):
    point(root, CHALLENGER, None)
    (one,) = reconcile(ledger, root, repair=True)
    assert "the ledger says version 2, MLflow gives it to nobody" in one.text
    assert one.signal.severity == "warning"
    assert aliases(root)[CHALLENGER] == 2


def test_a_champion_deleted_behind_our_back_is_named_and_no_other_takes_its_place(
    ledger: Ledger, root: Path
):
    client(root).delete_model_version(REGISTERED, "1")
    found = {one.kind: one for one in reconcile(ledger, root, repair=True)}
    assert found.keys() == {"alias", "lost"}
    assert not any(one.repaired for one in found.values())
    assert "MLflow has lost it: restore mlflow.db from a backup" in found["alias"].text
    assert "The desk is served from the ledger's files" in found["lost"].text
    assert CHAMPION not in aliases(root)
    with ledger.reading() as tx:
        assert champion_of(tx, MODEL).number == 1


def test_a_version_killed_between_registry_and_ledger_never_looks_promotable(
    ledger: Ledger, root: Path
):
    killed = register_version(ledger, root, recorded=False)
    point(root, CHAMPION, killed.number)  # not even where somebody makes it one
    with ledger.transaction() as tx, pytest.raises(RefusedError, match="no version 3"):
        request_promotion(tx, 3, model=MODEL, requester=DAN, reason="better")
    alias, orphan = reconcile(ledger, root)
    assert "MLflow gives it to version 3, which the ledger never recorded" in alias.text
    assert orphan.text.startswith(
        "version 3: MLflow has it (complete), the ledger never recorded it: the run "
        f"{killed.run_id[:8]} ended in between. It cannot be promoted; train again."
    )
    assert all(one.repaired for one in reconcile(ledger, root, repair=True))
    assert aliases(root) == {CHAMPION: 1, CHALLENGER: 2}
    assert client(root).get_model_version(REGISTERED, "3").tags["status"] == "retired"
    assert reconcile(ledger, root) == []


def test_a_version_whose_run_goes_on_is_not_yet_missed(ledger: Ledger, root: Path):
    running = register_version(ledger, root, recorded=False)
    client(root).update_run(running.run_id, status="RUNNING")  # by this process, which lives
    assert reconcile(ledger, root) == []
    client(root).set_tag(running.run_id, "foreshock.process", str(2**22 + 1))  # no such process
    assert [one.subject for one in reconcile(ledger, root)] == ["version 3"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("weights_sha256", "ff" * 32, "MLflow's tag weights_sha256 says ffffffffffff"),
        ("status", "retired", "MLflow's tag status says retired"),
    ],
)
def test_a_tag_that_somebody_changed_is_named_and_set_right(
    name: str, value: str, told: str, ledger: Ledger, root: Path
):
    before = client(root).get_model_version(REGISTERED, "2").tags[name]
    tag(root, 2, name, value)
    (one,) = reconcile(ledger, root, repair=True)
    assert told in one.text
    assert client(root).get_model_version(REGISTERED, "2").tags[name] == before
    assert repairs(ledger) == [(f"version 2: {name}", before, value, "tag set")]


def test_a_number_that_was_given_to_another_run_is_named(ledger: Ledger, root: Path):
    with ledger.transaction() as tx:
        row = tx.rows("version", number=2)[0]
        told = {name: row[name] for name in row if name not in ("seq", "actor", "at")}
        tx.append("version", actor="system", **told | {"number": 3})
    register_version(ledger, root, recorded=False)
    (one,) = [one for one in reconcile(ledger, root, repair=True) if one.kind == "run"]
    assert one.subject == "version 3"
    assert f"the ledger recorded run {row['run_id'][:8]}" in one.text
    assert not one.repaired


@pytest.mark.parametrize("spoilt", [True, False])
def test_a_tracking_database_that_is_gone_or_spoilt_is_one_difference(
    spoilt: bool, ledger: Ledger, root: Path
):
    if spoilt:
        (root / "mlflow.db").write_bytes(b"spoilt" * 1000)
    else:
        (root / "mlflow.db").unlink()
    (one,) = reconcile(ledger, root, repair=True)
    assert one.kind == "unreachable"
    assert "mlflow.db" in one.text
    assert one.signal.severity == "critical"


def test_without_versions_nothing_needs_a_registry(tmp_path: Path):
    ledger = Ledger.open(tmp_path, clock=noon())
    assert reconcile(ledger, tmp_path) == []
    assert not (tmp_path / "mlflow.db").exists()
    ledger.close()


def test_the_aliases_follow_a_veto_and_a_stop(ledger: Ledger, root: Path):
    with ledger.transaction() as tx:
        veto(tx, 2, model=MODEL, actor=VERA, reason="too low")
    assert mirror(ledger, root) is None
    assert aliases(root) == {CHAMPION: 1}
    with ledger.transaction() as tx:
        stop(tx, MODEL, actor=ADA, reason="odd")
    assert mirror(ledger, root) is None
    assert aliases(root) == {}


def test_a_decision_stands_where_the_mirror_cannot_follow(ledger: Ledger, root: Path):
    (root / "mlflow.db").write_bytes(b"spoilt" * 1000)
    told = mirror(ledger, root)
    assert told is not None
    assert told.startswith("MLflow is behind, the decision stands.")
    assert "`foreshock reconcile --repair` mends it" in told


def test_a_difference_is_told_as_plain_values():
    one = Difference("alias", CHAMPION, "1", None, "told", repaired=True)
    assert one.as_dict() == {
        "kind": "alias",
        "subject": "champion",
        "expected": "1",
        "found": None,
        "text": "told",
        "repaired": True,
    }
