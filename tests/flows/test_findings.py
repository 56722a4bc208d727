from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.findings import close_finding, findings_of, record_finding
from flows.ledger.ledger import Ledger
from flows.refusal import RefusedError
from flows.version_rows import version_row
from tests.flows.recorded_version import MODEL, noon, record_version

ABOUT: dict[str, Any] = {
    "model": MODEL,
    "actor": "vera",
    "severity": "high",
    "owner": "dan",
    "due": date(2026, 12, 1),
    "text": "ES too low in gilts",
}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path, clock=noon())
    record_version(opened, tmp_path)
    yield opened
    opened.close()


def test_a_finding_is_open_until_it_is_closed_once(ledger: Ledger):
    with ledger.transaction() as tx:
        number = record_finding(tx, 1, **ABOUT)
        (found,) = findings_of(tx, version_row(tx, MODEL, 1))
        assert (found["finding"], found["due"], found["closed"]) == (number, "2026-12-01", None)
        close_finding(tx, number, actor="vera", text="refitted")
        (found,) = findings_of(tx, version_row(tx, MODEL, 1))
        assert found["closed"]["text"] == "refitted"
        with pytest.raises(RefusedError, match=f"finding {number} was closed by vera"):
            close_finding(tx, number, actor="vera", text="again")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"severity": "urgent"}, "severity must be one of low, medium, high, got 'urgent'"),
        ({"owner": " "}, "owner must say something"),
        ({"text": ""}, "text must say something"),
    ],
)
def test_a_finding_without_an_owner_or_a_text_is_refused(
    changed: dict[str, Any], says: str, ledger: Ledger
):
    with ledger.transaction() as tx, pytest.raises(RefusedError, match=says):
        record_finding(tx, 1, **(ABOUT | changed))


def test_what_is_not_there_is_not_closed(ledger: Ledger):
    with ledger.transaction() as tx, pytest.raises(RefusedError, match="there is no finding 999"):
        close_finding(tx, 999, actor="vera", text="done")
