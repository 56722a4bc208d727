"""People of a replay decide as far as the gates let them, in their own names, and say so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.desk_settings import DeskSettings
from flows.documents import write_documents
from flows.ledger.identity import authenticate, users
from flows.ledger.ledger import Ledger
from flows.refusal import RefusedError
from flows.replay import people
from flows.simulated import MARK, MARKER, played
from tests.flows.recorded_version import MODEL, append_gate, noon, record_version
from validation.gates import GATES

DESK = DeskSettings()
NUMBER = {"portfolio": "fx", "alpha": 0.99, "var": 0.02, "es": 0.03}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """State root of a replay."""
    (tmp_path / MARKER).write_text("{}")
    return tmp_path


@pytest.fixture
def ledger(root: Path) -> Iterator[Ledger]:
    opened = Ledger.open(root, clock=noon())
    yield opened
    opened.close()


def recorded(ledger: Ledger, root: Path, *, failed: tuple[str, ...] = ()) -> int:
    """A version that was judged, with its documents, which nobody has signed; its number."""
    seq = record_version(ledger, root, served=True)
    with ledger.transaction() as tx:
        for name in GATES:
            append_gate(tx, seq, name, passed=name not in failed)
    write_documents(ledger, root, 1, model=MODEL, actor="system", desk={})
    return 1


def rows(ledger: Ledger, kind: str, /) -> list[dict[str, Any]]:
    with ledger.reading() as tx:
        return tx.rows(kind)


def test_their_accounts_are_made_once_and_nobody_knows_their_secrets(ledger: Ledger) -> None:
    for _ in range(2):
        with ledger.transaction() as tx:
            people.made_known(tx)
    with ledger.transaction() as tx:
        known = {one["user"]: one["role"] for one in users(tx)}
        assert known == {
            "replay-admin": "admin",
            "replay-requester": "developer",
            "replay-approver": "approver",
            "replay-validator": "validator",
        }
        with pytest.raises(RefusedError, match="no active account"):
            authenticate(tx, "replay-approver", "replay-approver")
    assert len(rows(ledger, "account")) == 4


def test_a_version_that_passes_is_signed_asked_for_approved_and_promoted(
    ledger: Ledger, root: Path
) -> None:
    number = recorded(ledger, root)
    assert people.champion_number(ledger) is None
    done, told = people.promoted(ledger, root, number, why="it is better", desk=DESK)
    assert done
    assert "version 1 is champion" in told
    assert people.champion_number(ledger) == 1
    (request,), (approval,) = rows(ledger, "request"), rows(ledger, "approval")
    assert (request["requester"], approval["approver"]) == ("replay-requester", "replay-approver")
    assert request["reason"] == f"{MARK}: it is better"
    assert approval["reason"].startswith(MARK)
    assert all(played(row["actor"]) for row in rows(ledger, "champion"))
    assert ledger.verify() == []


def test_a_closed_gate_keeps_them_from_it_and_is_told_in_one_line(
    ledger: Ledger, root: Path
) -> None:
    number = recorded(ledger, root, failed=("relative_fz0",))
    done, told = people.promoted(ledger, root, number, why="anyway", desk=DESK)
    assert not done
    assert "gate relative_fz0: -0.9 against -0.25" in told
    assert "\n" not in told
    assert people.champion_number(ledger) is None
    assert len(rows(ledger, "approval")) == 1  # it was approved, and the gate was closed


def test_outside_of_a_replay_what_they_approve_is_promoted_by_nobody(
    ledger: Ledger, root: Path
) -> None:
    number = recorded(ledger, root)
    (root / MARKER).unlink()
    done, told = people.promoted(ledger, root, number, why="it is better", desk=DESK)
    assert not done
    assert f"{MARK}: replay-approver, replay-requester decided in a replay" in told
    assert rows(ledger, "champion") == []


def test_the_validators_veto_ends_the_champion(ledger: Ledger, root: Path) -> None:
    people.promoted(ledger, root, recorded(ledger, root), why="it is better", desk=DESK)
    told = people.vetoed(ledger, 1, why="fx: too many exceedances")
    assert told.startswith("it was stopped")
    (veto,) = rows(ledger, "veto")
    assert (veto["actor"], veto["reason"]) == (
        "replay-validator",
        f"{MARK}: fx: too many exceedances",
    )
    assert people.champion_number(ledger) is None


def test_an_override_is_the_published_number_times_the_factor(ledger: Ledger) -> None:
    told = people.overridden(ledger, NUMBER, factor=1.25, why="an event", desk=DESK)
    assert told == "fx at 0.99: VaR 2.50%, ES 3.75%"
    (override,) = rows(ledger, "override")
    assert (override["var"], override["es"]) == (0.025, 0.0375)
    assert (override["actor"], override["reason"]) == ("replay-approver", f"{MARK}: an event")
