"""A market cut at an earlier as-of knows what was known then, and nothing else."""

from dataclasses import replace
from typing import cast

import numpy as np
import pandas as pd
import pytest

from features.market import MarketData, latest_origin, truncate


def day(date: str) -> pd.Timestamp:
    return cast(pd.Timestamp, pd.Timestamp(date))


def test_the_last_origin_is_an_hour_after_the_last_close(small_market: MarketData):
    # The coin closes at midnight UTC, after New York.
    assert latest_origin(small_market, day("2020-03-16")) == pd.Timestamp("2020-03-17 01:00Z")
    local = replace(
        small_market,
        instruments={n: i for n, i in small_market.instruments.items() if n != "COIN"},
    )
    assert latest_origin(local, day("2020-03-16")) == pd.Timestamp("2020-03-16 21:00Z")


def test_nothing_known_later_is_left(small_market: MarketData):
    cut = truncate(small_market, day("2020-03-16"))
    origin = latest_origin(small_market, day("2020-03-16"))
    assert cut.as_of == day("2020-03-16")
    for frame in (cut.close, cut.imputed, *cut.bars.values()):
        assert frame.index.max() == day("2020-03-16")
    for table, whole in ((cut.macro, small_market.macro), (cut.news, small_market.news)):
        assert table["available_at"].max() <= origin
        assert len(table) == (whole["available_at"] <= origin).sum()
    # News of the 16th comes at 20:00 in New York, midnight UTC: it is in. A closing earlier
    # than the coin's would have left it out.
    assert cut.news["date"].max() == day("2020-03-16")


def test_a_lagged_close_is_not_known_on_its_own_date(small_market: MarketData):
    cut = truncate(small_market, day("2020-03-16"))  # a Monday
    assert cut.sessions["UST10Y"][-1] == day("2020-03-13")
    assert np.isnan(cut.close.at[day("2020-03-16"), "UST10Y"])
    assert cut.sessions["ACME"][-1] == day("2020-03-16")


def test_the_past_is_left_as_it_was(small_market: MarketData):
    cut = truncate(small_market, day("2020-03-16"))
    earlier = small_market.close.loc[:"2020-03-13"]
    pd.testing.assert_frame_equal(cut.close.loc[:"2020-03-13"], earlier)
    assert cut.imputed.dtypes.eq(bool).all()
    assert cut.snapshot == small_market.snapshot
    again = truncate(cut, day("2020-03-16"))
    pd.testing.assert_frame_equal(again.close, cut.close)
    assert all(again.sessions[name].equals(dates) for name, dates in cut.sessions.items())


def test_breaks_are_cut_with_the_closes(small_market: MarketData):
    breaks = pd.DataFrame({"ACME": [True, True]}, pd.DatetimeIndex(["2020-03-13", "2020-03-17"]))
    cut = truncate(replace(small_market, breaks=breaks), day("2020-03-16"))
    assert list(cut.breaks.index) == [day("2020-03-13")]


def test_the_future_cannot_be_added(small_market: MarketData):
    with pytest.raises(ValueError, match="as_of must not lie after the market's own 2020-12-31"):
        truncate(small_market, day("2021-01-01"))
