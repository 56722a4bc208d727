"""A weekend does not count."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.business_days import business_days_later


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (datetime(2020, 3, 12, 18, 30), 1, datetime(2020, 3, 13, 18, 30)),  # Thursday
        (datetime(2020, 3, 13, 18, 30), 1, datetime(2020, 3, 16, 18, 30)),  # over the weekend
        (datetime(2020, 3, 14, 9), 1, datetime(2020, 3, 16, 9)),  # made on a Saturday
        (datetime(2020, 3, 13, 18, 30), 10, datetime(2020, 3, 27, 18, 30)),
        (datetime(2020, 12, 24, 18), 1, datetime(2020, 12, 25, 18)),  # a holiday is a weekday
    ],
)
def test_counted_on_a_calendar(start: datetime, days: int, end: datetime) -> None:
    assert business_days_later(start.replace(tzinfo=UTC), days) == end.replace(tzinfo=UTC)


@given(st.dates(min_value=datetime(2000, 1, 1).date()), st.integers(min_value=1, max_value=30))
def test_numpy_counts_the_same(start: datetime, days: int) -> None:
    at = datetime(start.year, start.month, start.day, 12, tzinfo=UTC)
    if at.year < 9990:
        expected = np.busday_offset(np.datetime64(start), days, roll="backward")
        assert np.datetime64(business_days_later(at, days).date()) == expected
