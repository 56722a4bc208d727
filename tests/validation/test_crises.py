import pandas as pd
import pytest

from validation.crises import ALL, CATALOGUE, block_year, is_crisis, not_covered, windows


def days(first, last):
    return pd.date_range(first, last)


def test_the_catalogue_is_frozen_at_the_six_windows_promised_to_other_programs():
    dated = [(crisis.name, str(crisis.first), str(crisis.last)) for crisis in CATALOGUE]
    assert dated == [
        ("covid_2020", "2020-02-20", "2020-04-30"),
        ("rates_2022", "2022-01-03", "2022-10-31"),
        ("gilts_2022", "2022-09-21", "2022-10-14"),
        ("banks_2023", "2023-03-08", "2023-03-31"),
        ("yen_2024", "2024-07-31", "2024-08-30"),
        ("tariffs_2025", "2025-04-02", "2025-05-15"),
    ]


def test_every_crisis_has_a_source_that_says_whether_it_was_read():
    assert all("ead." in crisis.source for crisis in CATALOGUE)


def test_the_yen_unwind_carries_the_note_on_its_disputed_year():
    yen = next(crisis for crisis in CATALOGUE if crisis.name == "yen_2024")
    assert "2025" in yen.note


def test_a_window_begins_and_ends_with_its_own_dates():
    dates = days("2019-12-30", "2025-12-31")
    found = windows(dates)
    for crisis in CATALOGUE:
        held = dates[found[crisis.name]]
        assert held.min() == pd.Timestamp(crisis.first)
        assert held.max() == pd.Timestamp(crisis.last)
    assert found["2020"] == slice(2, 2 + 366)
    assert found[ALL] == slice(0, len(dates))


def test_dates_that_repeat_fall_into_their_window_together():
    dates = days("2020-02-19", "2020-02-20").repeat(3)
    assert windows(dates)["covid_2020"] == slice(3, 6)


def test_a_crisis_the_data_does_not_reach_is_named_and_not_skipped():
    assert not_covered(days("2015-01-01", "2022-12-28")) == [
        "banks_2023",
        "yen_2024",
        "tariffs_2025",
    ]
    assert not_covered(days("2020-04-30", "2020-05-01"))[0] == "rates_2022"


def test_no_dates_cover_nothing():
    nothing = pd.DatetimeIndex([])
    assert windows(nothing) == {}
    assert len(not_covered(nothing)) == len(CATALOGUE)


def test_a_crisis_belongs_to_the_block_of_its_year():
    assert block_year("covid_2020") == block_year("2020") == "2020"
    assert is_crisis("gilts_2022")
    assert not is_crisis("2022")


def test_dates_out_of_order_are_refused():
    with pytest.raises(ValueError, match="dates must ascend"):
        windows(pd.DatetimeIndex(["2020-01-03", "2020-01-02"]))
