"""A script on the calendar: shares of the sessions, quarters and weeks counted by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from flows.replay.script import Script, dated

SESSIONS = list(pd.bdate_range("2021-11-01", periods=100))


def test_faults_fall_on_their_share_of_the_sessions() -> None:
    dates = dated(Script(), SESSIONS)
    assert dates.data_fault == tuple(SESSIONS[20:23])
    assert dates.model_fault == SESSIONS[40]
    assert dates.override == SESSIONS[90]
    assert dates.drift == {SESSIONS[at] for at in (0, 21, 42, 63, 84)}


def test_every_quarter_but_the_first_retrains_on_its_first_session() -> None:
    assert dated(Script(), SESSIONS).schedule == {pd.Timestamp("2022-01-03")}
    assert dated(Script(), SESSIONS[:40]).schedule == frozenset()


def test_a_week_ends_with_its_last_session_be_it_a_thursday_or_the_end() -> None:
    holiday = pd.Timestamp("2021-12-24")  # a Friday
    days = [day for day in SESSIONS[:42] if day != holiday]  # to Tuesday 2021-12-28
    ends = sorted(dated(Script(), days).week_ends)
    assert [f"{day:%m-%d %a}" for day in ends] == [
        *("11-05 Fri", "11-12 Fri", "11-19 Fri", "11-26 Fri"),
        *("12-03 Fri", "12-10 Fri", "12-17 Fri", "12-23 Thu", "12-28 Tue"),
    ]


def test_the_turn_of_the_year_is_no_week_of_its_own() -> None:
    days = list(pd.bdate_range("2024-12-30", "2025-01-10"))  # ISO weeks 1 and 2 of 2025
    assert dated(Script(), days).week_ends == {days[4], days[9]}


@pytest.mark.parametrize(
    "wrong",
    [{"data_fault": 1.0}, {"scale": 0.0}, {"override_factor": 1.0}, {"no_such": 1}],
)
def test_a_script_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Script.model_validate(wrong)
