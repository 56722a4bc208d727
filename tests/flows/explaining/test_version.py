"""The version that speaks is the one explained, and only what the ledger vouches for is opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.explaining.version import Explained, explained_version
from flows.ledger.champions import move
from flows.ledger.ledger import Ledger
from flows.refusal import RefusedError
from flows.version_rows import version_row
from tests.flows.recorded_version import MODEL, noon


@pytest.fixture
def ledger(recorded: Path) -> Iterator[Ledger]:
    opened = Ledger.open(recorded, clock=noon())
    yield opened
    opened.close()


def chosen(ledger: Ledger, root: Path, number: int | None = None) -> Explained:
    with ledger.reading() as tx:
        return explained_version(tx, root, MODEL, number=number)


def enthrone(ledger: Ledger, number: int) -> None:
    with ledger.transaction() as tx:
        seq = version_row(tx, MODEL, number)["seq"]
        move(tx, MODEL, to=seq, cause="rollback", after=0, actor="ben", reason="for a test")


def test_the_challenger_speaks_where_nobody_was_promoted(ledger: Ledger, recorded: Path):
    found = chosen(ledger, recorded)
    assert (found.role, found.row["number"]) == ("challenger", 2)
    assert found.as_dict()["model"] == "transformer"


def test_the_champion_speaks_before_a_newer_challenger(ledger: Ledger, recorded: Path):
    enthrone(ledger, 1)
    found = chosen(ledger, recorded)
    assert (found.role, found.row["number"]) == ("champion", 1)


def test_a_version_that_is_named_is_explained_whatever_its_office(ledger: Ledger, recorded: Path):
    enthrone(ledger, 1)
    found = chosen(ledger, recorded, 2)
    assert (found.role, found.row["number"]) == ("named", 2)


def test_a_champion_whose_files_are_damaged_is_refused(ledger: Ledger, recorded: Path):
    enthrone(ledger, 1)
    (recorded / "runs" / "made-1" / "weights" / "transformer.safetensors").write_bytes(b"x")
    with pytest.raises(RefusedError, match="transformer"):
        chosen(ledger, recorded)


def test_a_number_that_is_not_there_is_refused(ledger: Ledger, recorded: Path):
    with pytest.raises(RefusedError, match="no version 9 of foreshock-tail"):
        chosen(ledger, recorded, 9)


def test_without_any_version_the_remedy_is_to_train_one(state_root: Path):
    ledger = Ledger.open(state_root, clock=noon())
    with ledger.reading() as tx, pytest.raises(RefusedError, match=r"`foreshock train --model"):
        explained_version(tx, state_root, MODEL)
    ledger.close()
