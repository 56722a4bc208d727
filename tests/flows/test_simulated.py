"""A replay's decisions are known by who made them, and count in no other state root."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.ledger.identity import add_user, users
from flows.ledger.ledger import Ledger
from flows.refusal import RefusedError
from flows.simulated import MARK, MARKER, banner, is_replay, objection, played

GIVEN = "a secret of some length"


@pytest.fixture
def replayed(tmp_path: Path) -> Path:
    (tmp_path / MARKER).write_text("{}")
    return tmp_path


def test_people_of_a_replay_are_known_by_their_name() -> None:
    assert played("replay-approver")
    assert not played("ada")
    assert not played("my-replay-approver")


def test_their_decisions_count_in_a_replay_and_are_named_outside(
    replayed: Path, state_root: Path
) -> None:
    people = ("replay-requester", "ada", "replay-approver", "replay-requester")
    assert objection(replayed, *people) is None
    assert objection(state_root, *people) == (
        "SIMULATED APPROVAL: replay-approver, replay-requester decided in a replay, which counts "
        "nowhere else."
    )
    assert objection(state_root, "ada", "ben") is None


def test_only_a_replays_pages_have_a_banner(replayed: Path, state_root: Path) -> None:
    assert is_replay(replayed)
    assert not is_replay(state_root)
    assert banner(replayed).startswith(MARK)
    assert banner(state_root) == ""


@pytest.mark.parametrize("name", ["replay-x", "Replay-X", "replay-approver"])
def test_nobody_outside_may_be_called_so(tmp_path: Path, name: str) -> None:
    ledger = Ledger.open(tmp_path)
    with ledger.transaction() as tx:
        with pytest.raises(RefusedError, match="is a person of replays"):
            add_user(tx, name, role="admin", secret=GIVEN, actor="ada")
        assert users(tx) == []
    ledger.close()
