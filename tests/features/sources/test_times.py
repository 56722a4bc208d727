"""Dates and instants: ISO and unambiguous, or refused with the reason."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.sources.parsing import MistypedError
from features.sources.times import dates, instants, moments

TODAY = pd.to_datetime("2024-06-28")


def column(values, kind=None):
    return pa.chunked_array([pa.array(values, kind)])


def rules(faults):
    return {fault.rule: fault.rows.tolist() for fault in faults}


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("03/16/2020", "not_iso_date"),
        ("16.03.2020", "not_iso_date"),
        ("2020-3-16", "not_iso_date"),
        ("20200316", "not_iso_date"),
        ("2020-03-16\n", "not_iso_date"),
        ("yesterday", "not_iso_date"),
        ("2020-02-30", "impossible_date"),
        ("1820-01-01", "impossible_date"),
        ("9999-12-31", "impossible_date"),
        ("2020-03-16T00:00", "time_of_day"),
        ("2020-03-16 16:00:00", "time_of_day"),
        ("2020-03-16T16:00:00-04:00", "time_of_day"),
        ("1584316800", "epoch_unit"),
        ("1584316800000", "epoch_unit"),
        ("1970-01-01", "epoch_unit"),
        ("2024-06-29", "future_date"),
        ("", "empty_cell"),
        (None, "empty_cell"),
    ],
)
def test_only_iso_dates_of_the_past_are_dates(cell, rule):
    values, faults = dates(column(["2020-03-16", cell]), required=True, latest=TODAY)
    assert values[0] == np.datetime64("2020-03-16")
    assert rules(faults) == {rule: [1]}


def test_an_optional_date_may_be_empty_and_lie_ahead():
    values, faults = dates(column(["2030-01-01", None, ""]), required=False, latest=None)
    assert np.isnat(values).tolist() == [False, True, True]
    assert faults == []
    assert dates(column([None]), required=False, latest=None)[1] == []


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_stored_midnights_are_dates(unit):
    stored = column([datetime(2020, 3, 16), None], pa.timestamp(unit))
    values, faults = dates(stored, required=True, latest=TODAY)
    assert values[0] == np.datetime64("2020-03-16")
    assert rules(faults) == {"empty_cell": [1]}
    for kind in (pa.date32(), pa.date64()):
        stored = column([date(2020, 3, 16)], kind)
        assert dates(stored, required=True, latest=TODAY)[0][0] == np.datetime64("2020-03-16")


SECONDS = 1_584_316_800  # 2020-03-16 00:00 UTC


@pytest.mark.parametrize(
    ("count", "unit", "rule"),
    [
        (SECONDS, "ns", "time_of_day"),  # seconds taken for nanoseconds: 1970-01-01 00:00:01.58
        (SECONDS * 1000, "ns", "time_of_day"),
        (SECONDS * 1000, "s", "epoch_unit"),  # milliseconds taken for seconds: year 52175
        (SECONDS * 1_000_000, "ms", "epoch_unit"),
        (0, "ns", "epoch_unit"),
        (SECONDS + 3600, "s", "time_of_day"),
        (SECONDS + 10 * 365 * 86400, "s", "future_date"),
    ],
)
def test_a_confused_unit_of_time_is_found(count, unit, rule):
    stored = column([SECONDS * 10 ** {"s": 0, "ms": 3, "us": 6, "ns": 9}[unit], count])
    values, faults = dates(stored.cast(pa.timestamp(unit)), required=True, latest=TODAY)
    assert values[0] == np.datetime64("2020-03-16")
    assert next(fault.rule for fault in faults if 1 in fault.rows) == rule
    assert all(0 not in fault.rows for fault in faults)


@pytest.mark.parametrize(
    ("stored", "what"),
    [
        (column([20200316]), "holds int64, not dates"),
        (column([1.5843e9]), "holds double, not dates"),
        (column([0], pa.timestamp("ns", "America/New_York")), "instants in a time zone"),
        (column([0], pa.time32("s")), "not dates"),
    ],
)
def test_a_column_that_holds_no_dates_costs_the_table(stored, what):
    with pytest.raises(MistypedError, match=what):
        dates(stored, required=True, latest=TODAY)


@pytest.mark.parametrize(
    "cell",
    [
        "2020-03-16T20:30:00Z",
        "2020-03-16 20:30:00+00:00",
        "2020-03-16T20:30Z",
        "2020-03-16T20:30:00.000000+0000",
    ],
)
def test_utc_may_be_written_in_its_usual_ways(cell):
    values, faults = instants(column([cell, "2020-03-17T20:30:00Z"]), latest=TODAY)
    assert values[0] == pd.Timestamp("2020-03-16 20:30", tz="UTC")
    assert faults == []


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("2020-03-16T16:30:00", "naive_instant"),
        ("2020-03-16", "naive_instant"),
        ("2020-03-16T16:30:00-04:00", "not_utc"),
        ("2020-03-16 16:30 EST", "not_utc"),
        ("1584390600", "epoch_unit"),
        ("2020-03-16T25:30:00Z", "impossible_instant"),
        ("1584-01-01T00:00:00Z", "impossible_instant"),
        ("2150-01-01T00:00:00Z", "epoch_unit"),
        ("", "empty_cell"),
    ],
)
def test_an_instant_says_that_it_is_utc(cell, rule):
    """Naive and mixed zones are refused: which hour is meant is not guessed."""
    values, faults = instants(column(["2020-03-16T20:30:00Z", cell]), latest=TODAY)
    assert rules(faults) == {rule: [1]}
    assert values[0] == pd.Timestamp("2020-03-16 20:30", tz="UTC")


def test_a_zoned_column_is_an_instant_and_a_naive_one_is_not():
    moment = datetime(2020, 3, 16, 20, 30, tzinfo=UTC)
    for unit in ("s", "ms", "us", "ns"):
        stored = column([moment], pa.timestamp(unit, "America/New_York"))
        values, faults = instants(stored, latest=TODAY)
        assert values[0] == pd.Timestamp(moment)
        assert faults == []
    with pytest.raises(MistypedError, match="without a time zone"):
        instants(column([moment.replace(tzinfo=None)]), latest=TODAY)
    with pytest.raises(MistypedError, match="holds int64"):
        instants(column([SECONDS]), latest=TODAY)


@given(st.lists(st.dates(date(1971, 1, 1), date(2024, 6, 28)), min_size=1))
def test_every_iso_date_is_read_as_itself(days):
    values, faults = dates(column([day.isoformat() for day in days]), required=True, latest=TODAY)
    np.testing.assert_array_equal(values, np.array(days, dtype="datetime64[ns]"))
    assert faults == []


@given(
    st.lists(st.datetimes(datetime(1971, 1, 1), datetime(2024, 6, 28)), min_size=1),
    st.sampled_from(["T", " "]),
)
def test_a_column_that_is_parsed_at_once_says_what_its_cells_say(moments_told, between):
    told = [f"{moment:%Y-%m-%d}{between}{moment:%H:%M:%S.%f}Z" for moment in moments_told]
    at_once, none = instants(column(told), latest=TODAY)
    one_by_one, also_none = instants(column(told).dictionary_encode(), latest=TODAY)
    assert none == also_none == []
    assert at_once.equals(one_by_one)
    assert list(at_once) == [pd.Timestamp(moment, tz="UTC") for moment in moments_told]


@pytest.mark.parametrize(
    ("instant", "rule"),
    [
        ("2024-06-28T23:59:59Z", None),
        ("2024-06-29T00:00:00Z", "future_instant"),
        ("2150-01-01T00:00:00Z", "future_instant"),
        ("1970-01-20T17:39:39Z", "epoch_unit"),
        ("1969-12-31T23:59:59Z", None),
    ],
)
def test_what_happened_is_neither_to_come_nor_at_the_epoch(instant, rule):
    for kind in (None, pa.dictionary(pa.int32(), pa.string())):
        told = column([instant, "2020-03-16T20:30:00Z"], pa.string())
        _, faults = moments(told if kind is None else told.cast(kind), latest=TODAY)
        assert rules(faults) == ({rule: [0]} if rule else {})
    stored = column([pd.Timestamp(instant).to_pydatetime()], pa.timestamp("us", "UTC"))
    assert set(rules(moments(stored, latest=TODAY)[1])) == ({rule} if rule else set())
