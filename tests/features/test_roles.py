"""Which series plays which part, and what becomes of the others."""

from dataclasses import replace
from typing import cast

import numpy as np
import pandas as pd
import pytest

from features.instruments import Instrument
from features.market import MarketData
from features.roles import cast_roles


def published(
    name: str, values: list[float], *, first: str = "2024-01-02", vintage: str = "first"
) -> pd.DataFrame:
    """Rows of consecutive weekdays, each known at 22:00 UTC of its date."""
    dates = pd.bdate_range(first, periods=len(values))
    known_at = (dates + pd.Timedelta(hours=22)).tz_localize("UTC")
    return pd.DataFrame(
        {
            "date": dates,
            "series": name,
            "value": values,
            "available_at": known_at,
            "vintage": vintage,
        }
    )


def market_of(
    macro: list[pd.DataFrame],
    *,
    news: list[pd.DataFrame] | None = None,
    instruments: list[Instrument] | None = None,
    close: pd.DataFrame | None = None,
) -> MarketData:
    nothing = published("", [])
    empty = pd.DataFrame(index=pd.bdate_range("2024-01-02", periods=3))
    closes = empty if close is None else close
    return MarketData(
        instruments={item.name: item for item in instruments or []},
        close=closes,
        imputed=closes.isna() & False,
        bars={},
        sessions={name: pd.DatetimeIndex(closes.index) for name in closes},
        macro=pd.concat([nothing, *macro]) if macro else nothing,
        news=pd.concat([nothing, *news]) if news else nothing,
        portfolios={},
        snapshot="0" * 64,
        as_of=cast(pd.Timestamp, closes.index[-1]),
    )


@pytest.mark.parametrize("name", ["VIX", "VIXCLS", "^VIX", "vix"])
def test_the_vix_has_many_names(name: str):
    roles = cast_roles(market_of([published(name, [13.2, 14.0])]), include_revised=False)
    np.testing.assert_array_equal(roles.observed["equity_volatility"].values, [13.2, 14.0])
    assert roles.ignored == {}


def test_restated_history_enters_only_where_asked_for():
    market = market_of([], news=[published("NEWS_SENTIMENT", [0.1], vintage="revised")])
    strict = cast_roles(market, include_revised=False)
    assert len(strict.observed["news_sentiment"].dates) == 0
    assert strict.ignored["NEWS_SENTIMENT"].startswith("restated history")
    loose = cast_roles(market, include_revised=True)
    np.testing.assert_array_equal(loose.observed["news_sentiment"].values, [0.1])


def test_first_prints_of_a_series_that_was_later_restated_may_enter():
    mixed = [published("MOVE", [100.0]), published("MOVE", [101.0], vintage="revised")]
    market = market_of([pd.concat(mixed)])
    roles = cast_roles(market, include_revised=False)
    np.testing.assert_array_equal(roles.observed["rate_volatility"].values, [100.0])


def test_a_series_that_starts_later_does_not_take_over_the_past():
    market = market_of(
        [published("VIXCLS", [12.0, 13.0]), published("VIX", [12.1], first="2024-01-03")]
    )
    roles = cast_roles(market, include_revised=False)
    np.testing.assert_array_equal(roles.observed["equity_volatility"].values, [12.0, 13.0])
    assert roles.ignored == {"VIX": "VIXCLS of macro was known first"}


def test_series_known_together_go_by_the_order_of_their_names():
    market = market_of([published("VIXCLS", [12.0]), published("VIX", [12.1])])
    roles = cast_roles(market, include_revised=False)
    np.testing.assert_array_equal(roles.observed["equity_volatility"].values, [12.1])


def test_a_series_without_a_part_is_listed():
    roles = cast_roles(market_of([published("RAINFALL", [3.0])]), include_revised=False)
    assert roles.ignored == {"RAINFALL": "plays no part"}


def test_a_yield_among_the_prices_is_known_a_session_later_and_never_by_an_imputed_value():
    dates = pd.bdate_range("2024-01-02", periods=4)
    item = Instrument("UST10Y", "rate", "USD", "rate", "diff", "NYSE", lag_sessions=1)
    market = market_of(
        [], instruments=[item], close=pd.DataFrame({"UST10Y": [3.95, 3.91, 3.99, 4.05]}, dates)
    )
    imputed = market.imputed.copy()
    imputed.iloc[1] = True
    seen = cast_roles(replace(market, imputed=imputed), include_revised=False)
    ten = seen.observed["yield_10y"]
    np.testing.assert_array_equal(ten.values, [3.95, 3.99, 4.05])
    # New York's 16:00 in winter is 21:00 UTC; Friday's is known on Monday, Monday's on Tuesday.
    assert list(ten.known_at) == list(
        pd.DatetimeIndex(["2024-01-03 21:00", "2024-01-05 21:00", "2024-01-08 21:00"], tz="UTC")
    )


def test_what_can_be_held_plays_no_part():
    dates = pd.bdate_range("2024-01-02", periods=2)
    fund = Instrument("MOVE", "equity", "USD", "price", "log", "NYSE")
    market = market_of(
        [], instruments=[fund], close=pd.DataFrame({"MOVE": [10.0, 10.1]}, index=dates)
    )
    roles = cast_roles(market, include_revised=False)
    assert len(roles.observed["rate_volatility"].dates) == 0
