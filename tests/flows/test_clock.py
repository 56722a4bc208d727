"""Instants sort as text does, and a clock moves only when told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.clock import FixedClock, instant_text, parse_instant, system_clock

instants = st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC))


@given(instants, instants)
def test_text_sorts_as_time_does(one: datetime, other: datetime) -> None:
    assert (instant_text(one) < instant_text(other)) == (one < other)


@given(instants)
def test_text_is_read_back(at: datetime) -> None:
    assert parse_instant(instant_text(at)) == at


def test_other_time_zones_are_turned_into_utc() -> None:
    new_york = timezone(timedelta(hours=-4))
    closed = datetime(2020, 3, 16, 16, 0, tzinfo=new_york)
    assert instant_text(closed) == "2020-03-16T20:00:00.000000Z"


def test_a_fixed_clock_moves_only_when_told_to() -> None:
    clock = FixedClock(datetime(2020, 3, 16, tzinfo=UTC))
    assert clock() == clock()
    clock.advance(timedelta(days=1))
    assert clock() == datetime(2020, 3, 17, tzinfo=UTC)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        FixedClock(datetime(2020, 3, 16))


def test_the_system_clock_is_utc() -> None:
    assert system_clock().utcoffset() == timedelta(0)
