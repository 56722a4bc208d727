"""A stream of quotes, trades and bars whose spread, depth and imbalance are known by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.market import MarketData
from features.orderflow import SessionFlow, session_flow, trade_signs
from features.sources.directory import RawMarket

DATES = pd.DatetimeIndex(["2020-03-12", "2020-03-13", "2020-03-16"])
"""In summer time New York opens at 13:30 and closes at 20:00."""


def events(rows: Sequence[Mapping[str, object]], *words: str) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    frame["time"] = pd.to_datetime(frame["time"], utc=True).astype("datetime64[ns, UTC]")
    frame["instrument"] = pd.Categorical(frame.get("instrument", ["ACME"] * len(frame)))
    return frame.assign(**{word: pd.Categorical(frame[word]) for word in words})


def quote(time: str, bid: float, ask: float, bid_size: float = 100.0, ask_size: float = 100.0):
    return {"time": time, "bid": bid, "ask": ask, "bid_size": bid_size, "ask_size": ask_size}


def trade(time: str, price: float, size: float, side: str = "", kind: str = "trade"):
    return {"time": time, "price": price, "size": size, "side": side, "kind": kind}


QUOTES = events(
    [
        quote("2020-03-13T12:00Z", 50.0, 150.0),  # before the opening
        quote("2020-03-13T14:00Z", 99.0, 101.0),  # stands for four hours
        quote("2020-03-13T18:00Z", 99.5, 100.5, bid_size=300.0),  # and for two
        quote("2020-03-13T20:30Z", 10.0, 190.0),  # after the close
    ]
)
ORDERS = events(
    [
        trade("2020-03-13T14:30Z", 101.0, 100.0),  # above the middle: bought
        trade("2020-03-13T15:00Z", 99.5, 300.0),  # below: sold
        trade("2020-03-13T15:30Z", 100.0, 100.0),  # at the middle, up from 99.5: bought
        trade("2020-03-13T16:00Z", 100.0, 900.0, kind="cancel"),
        trade("2020-03-13T19:00Z", 99.5, 100.0, side="buy"),  # who came is given
        trade("2020-03-13T21:00Z", 90.0, 900.0),
    ],
    "side",
    "kind",
)
BARS = events(
    [
        {"time": f"2020-03-{day}T{hour}:00Z", "open": 100.0, "close": close}
        for day, closes in (("13", (110.0, 99.0, 99.0)), ("16", (101.0, 103.0)))
        for hour, close in zip((14, 15, 16), closes, strict=False)
    ]
)


@pytest.fixture
def market(small_market: MarketData) -> MarketData:
    return replace(small_market, quotes=QUOTES, orders=ORDERS, intraday=BARS)


def test_spread_depth_and_flow_of_a_day_by_hand(market: MarketData):
    flow = session_flow(market, "ACME", DATES)
    np.testing.assert_allclose(flow.quoted_spread, [np.nan, (4 * 0.02 + 2 * 0.01) / 6, np.nan])
    np.testing.assert_allclose(flow.depth, [np.nan, (4 * 10_000 + 2 * 20_000) / 6, np.nan])
    # A better bid of 300 is demand, a better ask of 100 is supply.
    np.testing.assert_allclose(flow.flow_imbalance, [np.nan, 1.0, np.nan])


def test_trades_of_a_day_by_hand(market: MarketData):
    flow = session_flow(market, "ACME", DATES)
    np.testing.assert_allclose(
        flow.trade_imbalance, [np.nan, (100 - 300 + 100 + 100) / 600, np.nan]
    )
    paid = (100 * 0.02 + 300 * 0.01 + 100 * 0.0 - 100 * 0.01) / 600
    np.testing.assert_allclose(flow.effective_spread, [np.nan, paid, np.nan])


def test_volatility_of_a_day_by_hand(market: MarketData):
    moves = np.log([110.0 / 100.0, 99.0 / 110.0, 1.0])
    flow = session_flow(market, "ACME", DATES)
    # Two bars on Monday are too few to speak of a day.
    np.testing.assert_allclose(flow.volatility, [np.nan, np.sqrt(np.sum(moves**2)), np.nan])


def test_the_flow_of_one_instrument_is_not_another_s(market: MarketData):
    for field in fields(SessionFlow):
        assert np.isnan(getattr(session_flow(market, "BOLT", DATES), field.name)).all()


def test_events_after_the_origin_change_nothing(market: MarketData):
    """Friday's origin is 21:00 UTC."""
    origin = pd.Timestamp("2020-03-13T21:00Z")
    later = {
        table: pd.concat(
            [rows[rows["time"] <= origin], rows.assign(time=origin + rows.index * DAY)]
        )
        for table, rows in (("quotes", QUOTES), ("orders", ORDERS), ("intraday", BARS))
    }
    other = session_flow(replace(market, **later), "ACME", DATES)
    flow = session_flow(market, "ACME", DATES)
    for field in fields(SessionFlow):
        one, two = (getattr(each, field.name)[:2] for each in (flow, other))
        np.testing.assert_array_equal(one.view(np.uint64), two.view(np.uint64))


DAY = pd.Timedelta(days=1)


def test_a_stream_of_known_spread_and_imbalance(
    small_market: MarketData, generator: np.random.Generator
):
    """Trades hit a quoted spread of 10 basis points; seven in ten of them are purchases."""
    size, half = 20_000, 0.0005
    time = pd.Timestamp("2020-03-13T13:30:01Z") + pd.to_timedelta(np.arange(size), "s")
    middle = 100.0 * np.exp(np.cumsum(generator.normal(0.0, 1e-5, size)))
    bought = generator.random(size) < 0.7
    about = {"time": time, "instrument": pd.Categorical(["ACME"] * size)}
    quotes = pd.DataFrame(
        {**about, "bid": middle * (1 - half), "ask": middle * (1 + half), "bid_size": 5.0}
    ).assign(ask_size=5.0)
    price = middle * np.where(bought, 1 + half, 1 - half)
    orders = pd.DataFrame(
        {**about, "side": pd.Categorical([""] * size), "size": 1.0, "price": price}
    ).assign(time=time + pd.Timedelta(milliseconds=1))
    flow = session_flow(replace(small_market, quotes=quotes, orders=orders), "ACME", DATES)
    np.testing.assert_allclose(flow.quoted_spread[1], 2 * half, rtol=1e-9)
    np.testing.assert_allclose(flow.effective_spread[1], 2 * half, rtol=1e-9)
    np.testing.assert_allclose(flow.depth[1], 500.0, rtol=0.01)
    np.testing.assert_allclose(flow.trade_imbalance[1], 2 * bought.mean() - 1, rtol=1e-9)
    # Every change of the middle moves both quotes: demand when it rises, supply when it falls.
    up = (np.diff(middle) > 0).mean()
    np.testing.assert_allclose(flow.flow_imbalance[1], 2 * up - 1, rtol=1e-9)


def test_trades_without_quotes_are_signed_by_their_own_changes():
    price = np.array([10.0, 10.01, 10.01, np.nan, 10.00, 10.00])
    unknown = np.full(6, np.nan)
    assert trade_signs(price, unknown).tolist() == [0, 1, 1, 0, -1, -1]
    assert trade_signs(price[:0], unknown[:0]).tolist() == []


def test_apples_first_minute(
    rich_market: Path, read: Callable[[Path], RawMarket], small_market: MarketData
):
    """What LOBSTER's own columns say, counted without our reader."""
    raw = read(rich_market)
    named = {table: rows.assign(instrument="ACME") for table, rows in raw.tables.items()}
    apple = replace(small_market, quotes=named["quotes"], orders=named["orders"])
    flow = session_flow(apple, "ACME", pd.DatetimeIndex(["2012-06-21"]))
    folder = rich_market.parent / "microstructure"
    (messages,), (book,) = (
        list(folder.glob(f"lobster_AAPL_*{kind}*")) for kind in ("message", "orderbook")
    )
    message = pd.read_csv(messages, header=None)
    done = message[message[1].isin([4, 5])]
    # The direction is the resting order's: the other side came to it.
    counted = -(done[5] * done[3]).sum() / done[3].sum()
    np.testing.assert_allclose(flow.trade_imbalance, [counted])
    levels = pd.read_csv(book, header=None).to_numpy(dtype=float)
    seconds = np.append(np.diff(message[0]), 16 * 3600 - message[0].iloc[-1])
    middle = (levels[:, 0] + levels[:, 2]) / 2
    spread = (levels[:, 0] - levels[:, 2]) / middle
    np.testing.assert_allclose(flow.quoted_spread, [spread @ seconds / seconds.sum()], rtol=1e-6)
    flows = [
        (b[3] * (b[2] >= a[2]) - a[3] * (b[2] <= a[2]))
        - (b[1] * (b[0] <= a[0]) - a[1] * (b[0] >= a[0]))
        for a, b in pairwise(levels)
    ]
    np.testing.assert_allclose(flow.flow_imbalance, [sum(flows) / sum(map(abs, flows))])
    paid = [
        (2 * -row[5] * (row[4] - middle[at - 1]) / middle[at - 1], row[3])
        for at, row in done.iterrows()
        if message.loc[at - 1, 0] < row[0]  # several at one instant meet the middle before it
    ]
    if len(paid) == len(done):
        mean = sum(cost * size for cost, size in paid) / sum(size for _, size in paid)
        np.testing.assert_allclose(flow.effective_spread, [mean], rtol=1e-6)


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Path], RawMarket]:
    from features.sources.directory import read_market

    def read_samples(rich_market: Path) -> RawMarket:
        source = rich_market.parent / "microstructure"
        if not source.is_dir():
            pytest.skip("No microstructure samples beside the richer market.")
        (tmp_path / "lobster").mkdir()
        for path in source.glob("lobster_AAPL_*.csv"):
            (tmp_path / "lobster" / path.name).write_bytes(path.read_bytes())
        (tmp_path / "instruments.csv").write_text(
            "instrument,asset_class,currency,kind,move\nAAPL,stock,USD,price,log\n"
        )
        (tmp_path / "prices.csv").write_text("date,instrument,close\n2012-06-21,AAPL,577.67\n")
        return read_market(tmp_path)

    return read_samples
