from __future__ import annotations

import pytest

from flows.version_rows import Reign


@pytest.mark.parametrize(
    ("at", "held"),
    [("2026-01-01", False), ("2026-01-02", True), ("2026-01-04", True), ("2026-01-05", False)],
)
def test_who_takes_over_holds_office_from_that_instant_and_not_before(at: str, held: bool):
    reign = Reign(7, 1, "promotion", "2026-01-02", "2026-01-05")
    assert reign.holds(at) is held


def test_the_present_champion_has_no_end():
    assert Reign(7, 1, "promotion", "2026-01-02", "").holds("2099-01-01")
