"""Nothing is served that the ledger does not vouch for, and a damaged champion has a successor."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.held_models import CHAMPION_DAMAGED, Best, best_model, held_model
from flows.ledger.champions import champion_of, move, roll_back, stop
from flows.ledger.decisions import approve, promote, request_promotion, veto
from flows.ledger.ledger import Ledger
from flows.refusal import RefusedError
from flows.simulated import MARK, MARKER
from flows.version_rows import version_row
from tests.flows.ledger.people import ADA, BEN, DAN, VERA, promotable
from tests.flows.recorded_version import MODEL, alter, noon, record_version

HEAD = "weights/linear.safetensors"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """State root in which versions 1, 2 and 3 were promoted in turn."""
    root = tmp_path_factory.mktemp("promoted")
    ledger = Ledger.open(root, clock=noon())
    for number in (1, 2, 3):
        promotable(ledger, root, number=number)
        with ledger.transaction() as tx:
            asked = request_promotion(tx, number, model=MODEL, requester=DAN, reason="better")
        with ledger.transaction() as tx:
            approve(tx, asked, approver=ADA)
        with ledger.transaction() as tx:
            promote(tx, root, asked, actor=BEN)
    ledger.close()
    return root


@pytest.fixture
def root(recorded: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may spoil."""
    return Path(shutil.copytree(recorded, tmp_path / "root"))


@pytest.fixture
def ledger(root: Path) -> Iterator[Ledger]:
    opened = Ledger.open(root, clock=noon())
    yield opened
    opened.close()


def best(ledger: Ledger, root: Path) -> Best:
    with ledger.reading() as tx:
        return best_model(tx, root, MODEL)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


def test_the_champion_is_served_from_its_own_files(ledger: Ledger, root: Path):
    found = best(ledger, root)
    assert found.version is not None
    assert found.served is not None
    assert found.version["number"] == 3
    assert found.served.own == ("volatility_10", "last_return")
    assert found.signals(MODEL) == []


@pytest.mark.parametrize("name", [HEAD, "weights/served.json"])
def test_a_flipped_byte_is_refused_before_the_file_is_opened(
    name: str, ledger: Ledger, root: Path, monkeypatch: pytest.MonkeyPatch
):
    def opened(_: Path) -> None:
        raise AssertionError("a damaged model was opened")

    monkeypatch.setattr("models.tail.served.load", opened)
    flip(root / "runs" / "made-3" / name)
    with ledger.reading() as tx, pytest.raises(RefusedError) as refused:
        held_model(tx, root, version_row(tx, MODEL, 3))
    for told in (f"{MODEL} v3", name, "has SHA-256", "recorded", "Restore it from a backup"):
        assert told in str(refused.value)


def test_a_version_written_by_older_code_is_refused_by_name(
    ledger: Ledger, root: Path, monkeypatch: pytest.MonkeyPatch
):
    def older(_: Path) -> None:
        raise ValueError("was written as foreshock.served/1")

    monkeypatch.setattr("models.tail.served.load", older)
    with ledger.reading() as tx, pytest.raises(RefusedError, match="v3: was written as"):
        held_model(tx, root, version_row(tx, MODEL, 3))


def test_a_version_without_weights_is_refused(ledger: Ledger, root: Path):
    record_version(ledger, root, number=4)
    with ledger.reading() as tx, pytest.raises(RefusedError, match="v4: the ledger holds no wei"):
        held_model(tx, root, version_row(tx, MODEL, 4))


def test_a_row_pointed_at_other_weights_is_refused(ledger: Ledger, root: Path):
    other = root / "runs" / "made-3" / "other"
    other.write_bytes(b"other")
    alter(root, "UPDATE evidence SET path = ? WHERE name = ?", "runs/made-3/other", HEAD)
    with ledger.reading() as tx, pytest.raises(RefusedError, match=r"entry \d+ \(evidence\)"):
        held_model(tx, root, version_row(tx, MODEL, 3))


def test_weights_left_out_of_the_ledger_are_missed(ledger: Ledger, root: Path):
    alter(root, "DELETE FROM evidence WHERE name = ?", HEAD)
    with ledger.reading() as tx, pytest.raises(RefusedError, match="its manifest names"):
        held_model(tx, root, version_row(tx, MODEL, 3))


def test_a_champion_deleted_behind_our_back_is_replaced_by_the_last_good_one(
    ledger: Ledger, root: Path
):
    shutil.rmtree(root / "runs" / "made-3")
    flip(root / "runs" / "made-2" / HEAD)
    found = best(ledger, root)
    assert found.version is not None
    assert found.version["number"] == 1
    assert [problem.split(":")[0] for problem in found.problems] == [f"{MODEL} v3", f"{MODEL} v2"]
    (signal,) = found.signals(MODEL)
    assert (signal.kind, signal.severity) == (CHAMPION_DAMAGED, "critical")
    assert "version 1, champion before, is served in place of the champion" in signal.message
    assert "the file is gone. Restore it from a backup." in signal.message
    assert "\n" not in signal.message


def test_nobody_who_was_taken_back_or_vetoed_comes_back_that_way(ledger: Ledger, root: Path):
    with ledger.transaction() as tx:
        roll_back(tx, MODEL, actor=ADA, reason="alarm")  # takes 3 back; 2 is champion
        veto(tx, 1, model=MODEL, actor=VERA, reason="too low")
    shutil.rmtree(root / "runs" / "made-2")
    found = best(ledger, root)
    assert found.version is None
    assert found.served is None
    assert "the fallback is served" in found.signals(MODEL)[0].message


def test_a_veto_removed_behind_our_back_does_not_bring_its_version_back(ledger: Ledger, root: Path):
    with ledger.transaction() as tx:
        veto(tx, 2, model=MODEL, actor=VERA, reason="too low")
    alter(root, "DELETE FROM veto")
    shutil.rmtree(root / "runs" / "made-3")
    found = best(ledger, root)
    assert found.version is None
    assert any("(veto): its row is gone" in problem for problem in found.problems)


def test_where_the_pointer_itself_was_altered_nobody_is_served(ledger: Ledger, root: Path):
    alter(root, "UPDATE champion SET version = (SELECT min(seq) FROM version) WHERE generation = 3")
    found = best(ledger, root)
    assert found.version is None
    assert "(champion): its row is not what was recorded" in found.problems[0]


def test_after_a_stop_nothing_is_served_and_nothing_is_wrong(ledger: Ledger, root: Path):
    with ledger.transaction() as tx:
        stop(tx, MODEL, actor=ADA, reason="numbers nobody can explain")
    assert best(ledger, root) == Best()


def test_a_champion_that_a_replay_put_in_office_counts_nowhere_else(ledger: Ledger, root: Path):
    with ledger.transaction() as tx:
        seq = version_row(tx, MODEL, 3)["seq"]
        after = champion_of(tx, MODEL).generation
        move(
            tx,
            MODEL,
            to=seq,
            cause="rollback",
            after=after,
            actor="replay-approver",
            reason="played",
        )
        elsewhere = best_model(tx, root, MODEL)
        (root / MARKER).write_text("{}")
        there = best_model(tx, root, MODEL)
    assert elsewhere.version is None
    assert MARK in elsewhere.problems[0]
    assert there.version is not None
    assert there.problems == ()
