from __future__ import annotations

from pathlib import Path

import pytest

from flows.ledger.ledger import Ledger
from flows.version_rows import Reign, brief_rows
from tests.flows.recorded_version import noon, record_version


@pytest.mark.parametrize(
    ("at", "held"),
    [("2026-01-01", False), ("2026-01-02", True), ("2026-01-04", True), ("2026-01-05", False)],
)
def test_who_takes_over_holds_office_from_that_instant_and_not_before(at: str, held: bool):
    reign = Reign(7, 1, "promotion", "2026-01-02", "2026-01-05")
    assert reign.holds(at) is held


def test_the_present_champion_has_no_end():
    assert Reign(7, 1, "promotion", "2026-01-02", "").holds("2099-01-01")


def test_some_columns_of_rows_are_what_all_of_them_say(tmp_path: Path):
    ledger = Ledger.open(tmp_path, clock=noon())
    for number in (1, 2):
        record_version(ledger, tmp_path, number=number)
    with ledger.reading() as tx:
        names = ("seq", "at", "version", "passed")
        whole = [{name: row[name] for name in names} for row in tx.rows("gate")]
        assert brief_rows(tx, "gate", "version", "passed") == whole
        (second,) = brief_rows(tx, "version", "model", number=2)
        assert second["seq"] == tx.rows("version", number=2)[0]["seq"]
    ledger.close()
