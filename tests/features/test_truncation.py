"""No feature looks ahead: what is cut off or moved later leaves the past as it was, bit by bit."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import numpy as np
import pandas as pd
import pytest

from features import panel as panel_module
from features.market import MarketData, truncate
from features.panel import OWN, Panel, Track, build_panel
from features.returns import History, book_history, instrument_history

DAY = timedelta(days=1)
FX = ("EURUSD", "USDJPY")
NEW_YORK = ("ACME", "BOLT", "BROAD", "LATE", "TREASURY", "JUNK", "GOLD")


def stamp(date: str) -> pd.Timestamp:
    return cast(pd.Timestamp, pd.Timestamp(date))


def histories_of(market: MarketData) -> list[History]:
    single = [
        instrument_history(market, name)
        for name, instrument in market.instruments.items()
        if instrument.holdable
    ]
    books = [book_history(market, held, name=name) for name, held in market.portfolios.items()]
    return [history for history in (*single, *books) if len(history.dates)]


Run = tuple[Panel, dict[str, History]]


def panel_of(market: MarketData) -> Run:
    histories = histories_of(market)
    panel = build_panel(market, histories, include_revised=True)
    return panel, {history.name: history for history in histories}


def differing(
    run: Run,
    other: Panel,
    names: Sequence[str],
    *,
    since: datetime | None = None,
    until: datetime,
) -> set[str]:
    """Features that are not bit-identical for some of the series between two dates."""
    panel, histories = run
    found: set[str] = set()
    for name in names:
        rows = histories[name].dates.slice_indexer(since, until)
        for columns, part in ((panel.own, "own"), (panel.shared, "shared")):
            one = getattr(panel.values[name], part)[rows].view(np.uint64)
            two = getattr(other.values[name], part)[rows].view(np.uint64)
            found |= {columns[column] for column in np.flatnonzero((one != two).any(axis=0))}
    return found


@pytest.fixture(scope="module")
def whole(small_market: MarketData) -> Run:
    return panel_of(small_market)


AS_OFS = (
    "2019-01-08",  # before LATE lists
    "2020-01-31",  # after the second fit of the anomaly detector
    "2020-05-01",  # no fixing in Berlin
    "2020-07-03",  # no session in New York
    "2020-09-06",  # a Sunday: only COIN trades
)


@pytest.mark.parametrize("as_of", AS_OFS)
def test_cutting_the_future_leaves_every_feature_of_the_past_as_it_was(
    small_market: MarketData, whole: Run, as_of: str
):
    full, _ = whole
    cut = panel_of(truncate(small_market, stamp(as_of)))
    assert (cut[0].own, cut[0].shared) == (full.own, full.shared)
    assert len(cut[1]) >= 10
    assert differing(cut, full, list(cut[1]), until=stamp(as_of)) == set()


def test_every_feature_is_known_somewhere_before_the_cuts(whole: Run):
    """Else a column of NaN would pass for one that does not look ahead."""
    full, _ = whole
    acme = full.values["ACME"]
    columns = np.column_stack([acme.own[:520], acme.shared[:520]])
    names = np.array([*full.own, *full.shared])
    assert names[~np.isfinite(columns).any(axis=0)].tolist() == []


def test_a_feature_that_peeks_is_caught(small_market: MarketData, monkeypatch: pytest.MonkeyPatch):
    def tomorrow(track: Track) -> np.ndarray:
        return np.append(track.returns[1:], np.nan)

    monkeypatch.setattr(panel_module, "OWN", {**OWN, "leak": {"tomorrow": tomorrow}})
    full, _ = panel_of(small_market)
    as_of = stamp("2020-01-31")
    cut = panel_of(truncate(small_market, as_of))
    assert differing(cut, full, ["ACME"], until=as_of) == {"tomorrow"}


def moved(market: MarketData, names: Sequence[str], date: pd.Timestamp) -> MarketData:
    """The same market with the closes of one date a third lower, and that date's news doubled."""
    close = market.close.copy()
    close.loc[date, list(names)] *= 0.67
    return replace(market, close=close)


def republished(table: pd.DataFrame, date: pd.Timestamp) -> pd.DataFrame:
    return table.assign(value=table["value"].where(table["date"] != date, 2.0 * table["value"]))


@pytest.mark.parametrize("date", ["2020-03-05", "2020-03-12", "2020-08-12"])
def test_a_fixing_in_berlin_does_not_see_new_york_close_later_that_day(
    small_market: MarketData, whole: Run, date: str
):
    """Winter time, the weeks when only New York is in summer time, and summer time."""
    day = stamp(date)
    later = moved(small_market, NEW_YORK, day)
    later = replace(later, macro=republished(later.macro, day), news=republished(later.news, day))
    other, _ = panel_of(later)
    assert differing(whole, other, FX, until=day) == set()
    # The fixing after it sees all of it, but for what did not move: currencies and yields.
    shared = set(other.shared)
    untouched = {"surge_currency", "term_slope", "term_slope_change", "headline_sentiment"}
    assert (
        differing(whole, other, ["EURUSD"], since=day + DAY, until=day + DAY) == shared - untouched
    )
    # New York sees it the same evening, but for the news, out three hours after its origin.
    assert differing(whole, other, NEW_YORK, until=day - DAY) == set()
    evening = differing(whole, other, ["ACME"], since=day, until=day) & shared
    news = {"news_sentiment", "news_sentiment_trend", "geopolitical_risk_trend"}
    assert evening == shared - untouched - news


def test_what_happens_after_the_origin_is_not_seen(small_market: MarketData, whole: Run):
    """New York closes at 20:00 UTC in summer time: its origin is 21:00."""
    day, origin = stamp("2020-03-11"), pd.Timestamp("2020-03-11T21:00Z")

    def doubled(events: pd.DataFrame, *columns: str) -> pd.DataFrame:
        late = events["time"] > origin
        return events.assign(
            **{name: events[name].mask(late, 2.0 * events[name]) for name in columns}
        )

    told = small_market.headlines["available_at"] > origin
    later = replace(
        small_market,
        intraday=doubled(small_market.intraday, "close"),
        quotes=doubled(small_market.quotes, "ask", "bid_size"),
        orders=doubled(small_market.orders, "price", "size"),
        headlines=small_market.headlines.assign(
            text=small_market.headlines["text"].mask(told, "something else entirely")
        ),
    )
    other, _ = panel_of(later)
    assert differing(whole, other, (*NEW_YORK, *FX), until=day) == set()
    tomorrow = differing(whole, other, ["ACME"], since=day + DAY, until=day + 9 * DAY)
    # Prices of trades are doubled, and so are the sizes of all of them: their balance is not.
    flow = {"quoted_spread", "effective_spread", "depth_surprise_60", "flow_imbalance"}
    assert {*flow, "spread", "volatility_intraday", "headline_sentiment"} <= tomorrow


def test_new_york_does_not_see_midnight(small_market: MarketData, whole: Run):
    day = stamp("2020-03-11")
    other, _ = panel_of(moved(small_market, ["COIN"], day))
    assert differing(whole, other, NEW_YORK, until=day) == set()
    seen = differing(whole, other, ["ACME"], since=day + DAY, until=day + DAY)
    assert {"surge_market", "dispersion", "correlation_10"} <= seen


def test_a_yield_is_seen_a_session_later(small_market: MarketData, whole: Run):
    day = stamp("2020-03-11")
    other, _ = panel_of(moved(small_market, ["UST10Y"], day))
    assert differing(whole, other, NEW_YORK, until=day) == set()
    assert differing(whole, other, FX, until=day + DAY) == set()
    slope = {"term_slope", "term_slope_change"}
    assert differing(whole, other, ["ACME"], since=day + DAY, until=day + DAY) == slope
