"""Return algebra of instruments and books, and what may not count as a realised move."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.calendars import expected_sessions
from features.instruments import Instrument, instruments_from
from features.market import MarketData, truncate
from features.returns import History, book_history, instrument_history
from features.sources.directory import read_market

FUND = Instrument("FUND", "equity", "USD", "price", "log", "NYSE")
BOND = replace(FUND, name="BOND", asset_class="government bond")
COIN = Instrument("COIN", "crypto", "USD", "price", "log", "24/7", "24:00", "UTC")
EURO = Instrument("EURUSD", "fx", "USD", "fx", "log", "24/5", "14:15", "Europe/Berlin")
YIELD = Instrument("YIELD", "rate", "USD", "rate", "diff", "NYSE", lag_sessions=1)
OIL = Instrument("OIL", "commodity", "USD", "price", "diff", "NYSE")
ALL = (FUND, BOND, COIN, EURO, YIELD, OIL)

WEEK = pd.date_range("2024-01-04", "2024-01-09")  # Thursday to Tuesday


def day(date: str) -> pd.Timestamp:
    return cast(pd.Timestamp, pd.Timestamp(date))


def market_of(close: pd.DataFrame, *instruments: Instrument) -> MarketData:
    """A market of closes as they stand: nothing imputed, no macro, no news."""
    named = {instrument.name: instrument for instrument in instruments}
    as_of = cast(pd.Timestamp, close.index[-1])
    nothing = pd.DataFrame(
        {"date": [], "series": [], "value": [], "available_at": pd.DatetimeIndex([], tz="UTC")}
    )
    return MarketData(
        instruments=named,
        close=close,
        imputed=pd.DataFrame(False, index=close.index, columns=close.columns),
        bars={},
        sessions=expected_sessions(named, close, as_of),
        macro=nothing,
        news=nothing,
        portfolios={},
        snapshot="0" * 64,
        as_of=as_of,
    )


def week_of(prices: Mapping[str, list[float]], *instruments: Instrument) -> MarketData:
    return market_of(pd.DataFrame(prices, index=WEEK), *instruments)


def imputed_at(market: MarketData, name: str, *dates: str) -> MarketData:
    imputed = market.imputed.copy()
    imputed.loc[list(dates), name] = True
    return replace(market, imputed=imputed)


NAN = float("nan")
STOCK_WEEK = [100.0, 110.0, NAN, NAN, 99.0, 99.0]
COIN_WEEK = [10.0, 20.0, 5.0, 8.0, 10.0, 15.0]


def days(history: History) -> list[int]:
    return [date.day for date in history.dates]


def test_hand_counted_returns_of_one_instrument():
    history = instrument_history(week_of({"FUND": STOCK_WEEK}, FUND), "FUND")
    assert days(history) == [5, 8, 9]
    assert history.returns == pytest.approx([0.1, -0.1, 0.0])
    assert history.clean.all()
    assert history.asset_class == "equity"
    assert history.origins[0] == pd.Timestamp("2024-01-05 22:00", tz="UTC")  # close plus one hour


def test_a_gap_is_bridged_by_a_return_that_is_not_realised_profit():
    week = [100.0, NAN, NAN, NAN, 110.0, 121.0]
    history = instrument_history(week_of({"FUND": week}, FUND), "FUND")
    assert days(history) == [8, 9]
    assert history.returns == pytest.approx([0.1, 0.1])
    assert history.clean.tolist() == [False, True]


def test_no_realised_profit_touches_an_imputed_close():
    market = imputed_at(week_of({"FUND": STOCK_WEEK}, FUND), "FUND", "2024-01-05")
    history = instrument_history(market, "FUND")
    assert days(history) == [5, 8, 9]
    assert history.clean.tolist() == [False, False, True]


def test_a_roll_is_no_realised_profit():
    market = week_of({"FUND": STOCK_WEEK, "BOND": STOCK_WEEK}, FUND, BOND)
    market = replace(
        market, breaks=pd.DataFrame({"FUND": [True]}, pd.DatetimeIndex(["2024-01-08"]))
    )
    assert instrument_history(market, "FUND").clean.tolist() == [True, False, True]
    assert instrument_history(market, "BOND").clean.tolist() == [True, True, True]
    book = book_history(market, {"FUND": 0.5, "BOND": 0.5}, name="book")
    assert book.clean.tolist() == [True, False, True]


def test_a_roll_inside_a_bridged_move_is_seen():
    market = week_of({"FUND": STOCK_WEEK, "COIN": COIN_WEEK}, FUND, COIN)
    saturday = pd.DataFrame({"COIN": [True]}, pd.DatetimeIndex(["2024-01-06"]))
    book = book_history(replace(market, breaks=saturday), {"FUND": 0.5, "COIN": 0.5}, name="book")
    assert book.clean.tolist() == [True, False, True]


def test_a_yield_moves_by_points_and_is_known_a_session_later():
    week = [4.0, 4.1, NAN, NAN, 3.9, 3.9]
    history = instrument_history(week_of({"YIELD": week}, YIELD), "YIELD")
    assert history.returns == pytest.approx([0.1, -0.2, 0.0])
    assert history.origins[0] == pd.Timestamp("2024-01-08 22:00", tz="UTC")


def test_a_negative_oil_price_moves_by_dollars():
    week = [18.0, -37.0, NAN, NAN, 10.0, 10.0]
    history = instrument_history(week_of({"OIL": week}, OIL), "OIL")
    assert history.returns == pytest.approx([-55.0, 47.0, 0.0])


def test_a_book_bridges_the_weekend_of_one_holding_without_a_zero_return():
    market = week_of({"FUND": STOCK_WEEK, "COIN": COIN_WEEK}, FUND, COIN)
    book = book_history(market, {"FUND": 0.5, "COIN": 0.5}, name="book")
    assert days(book) == [5, 8, 9]
    assert book.returns == pytest.approx([0.5 * 0.1 + 0.5 * 1.0, 0.5 * -0.1 + 0.5 * -0.5, 0.25])
    assert book.clean.all()
    assert book.asset_class == "book"


def test_a_missing_holding_takes_the_date_from_the_book():
    euro = [1.0, 1.1, NAN, NAN, 1.21, 1.21]
    market = week_of({"FUND": STOCK_WEEK, "EURUSD": euro}, FUND, EURO)
    market = imputed_at(market, "FUND", "2024-01-08")
    book = book_history(market, {"FUND": 0.5, "EURUSD": 0.5}, name="book")
    assert days(book) == [5, 9]  # bridged from the 5th to the 9th
    assert book.returns[1] == pytest.approx(0.5 * (99.0 / 110.0 - 1.0) + 0.5 * 0.1)
    assert book.clean.tolist() == [True, False]


def test_a_forecast_of_a_book_waits_for_its_last_close():
    euro = [1.0, 1.1, NAN, NAN, 1.21, 1.21]
    market = week_of({"FUND": STOCK_WEEK, "EURUSD": euro}, FUND, EURO)
    friday = pd.Timestamp("2024-01-05", tz="UTC")
    assert instrument_history(market, "EURUSD").origins[0] == friday + pd.Timedelta("14:15:00")
    book = book_history(market, {"EURUSD": 0.5, "FUND": 0.5}, name="book")
    assert book.origins[0] == friday + pd.Timedelta("22:00:00")


def test_a_book_ends_with_its_first_holding_to_be_delisted():
    ended = replace(BOND, listed_to=day("2024-01-08"))
    market = week_of({"FUND": STOCK_WEEK, "BOND": STOCK_WEEK}, FUND, ended)
    book = book_history(market, {"FUND": 0.5, "BOND": 0.5}, name="book")
    assert days(book) == [5, 8]
    assert days(instrument_history(market, "FUND")) == [5, 8, 9]


def test_an_empty_book_carries_no_risk_and_has_no_sessions():
    book = book_history(week_of({"FUND": STOCK_WEEK}, FUND), {}, name="empty")
    assert len(book.dates) == len(book.returns) == len(book.clean) == len(book.origins) == 0


@pytest.mark.parametrize(
    ("weights", "name", "message"),
    [
        ({"FUND": 1.0}, "BOND", "Rename the book"),
        ({"GONE": 1.0}, "book", "'GONE', which is not in the market or was rejected"),
        ({"YIELD": 1.0}, "book", "a rate that moves by diff: a risk factor"),
        ({"OIL": 1.0}, "book", "a price that moves by diff: a risk factor"),
        ({"FUND": NAN}, "book", "A missing weight is not zero"),
    ],
)
def test_a_book_that_cannot_be_valued_is_refused(
    weights: dict[str, float], name: str, message: str
):
    prices = {item.name: STOCK_WEEK for item in ALL}
    market = week_of(prices, FUND, BOND, YIELD, OIL)
    with pytest.raises(ValueError, match=message):
        book_history(market, weights, name=name)


def test_an_unknown_instrument_is_refused():
    with pytest.raises(ValueError, match="got 'GONE'"):
        instrument_history(week_of({"FUND": STOCK_WEEK}, FUND), "GONE")


@pytest.fixture(scope="module")
def walk() -> MarketData:
    """Two years of all kinds of instruments, 3% of the closes missing."""
    generator = np.random.default_rng(11)
    dates = pd.date_range("2019-07-01", "2021-06-30")
    moves = 0.01 * generator.standard_normal((len(ALL), len(dates)))
    paths = np.exp(np.cumsum(moves, axis=1))
    close = pd.DataFrame({item.name: path for item, path in zip(ALL, paths, strict=True)}, dates)
    named = {item.name: replace(item, listed_from=day("2019-07-01")) for item in ALL}
    sessions = expected_sessions(named, close, cast(pd.Timestamp, dates[-1]))
    for name, expected in sessions.items():
        close.loc[~close.index.isin(expected), name] = np.nan
    close = close.mask(generator.random(close.shape) < 0.03)
    return market_of(close, *named.values())


BOOK = {"FUND": 0.4, "BOND": 0.8, "COIN": 0.1, "EURUSD": -0.3}
weights = st.floats(-3.0, 3.0)


@settings(max_examples=25)
@given(first=weights, second=weights)
def test_two_halves_of_a_holding_make_the_whole(walk: MarketData, first: float, second: float):
    """Linear in the weights: the sum of two books is the book of the sums."""
    one = book_history(walk, {"FUND": first, "COIN": 1.0}, name="one").returns
    two = book_history(walk, {"FUND": second, "COIN": 1.0}, name="two").returns
    both = book_history(walk, {"FUND": first + second, "COIN": 2.0}, name="both").returns
    np.testing.assert_allclose(one + two, both, atol=1e-12)


@settings(max_examples=25)
@given(scale=weights)
def test_what_the_weights_leave_over_is_cash_and_earns_nothing(walk: MarketData, scale: float):
    whole = book_history(walk, BOOK, name="whole")
    scaled = book_history(walk, {name: scale * w for name, w in BOOK.items()}, name="part")
    np.testing.assert_allclose(scaled.returns, scale * whole.returns, atol=1e-12)
    assert scaled.dates.equals(whole.dates)


def test_a_book_of_one_is_the_instrument(walk: MarketData):
    single, book = instrument_history(walk, "FUND"), book_history(walk, {"FUND": 1.0}, name="b")
    np.testing.assert_array_equal(single.returns, book.returns)
    np.testing.assert_array_equal(single.clean, book.clean)
    assert single.origins.equals(book.origins)


def test_a_naive_loop_gives_the_same_book(walk: MarketData):
    expected: dict[pd.Timestamp, tuple[float, bool]] = {}
    before, gap = None, False
    for date, row in walk.close[list(BOOK)].iterrows():
        if row.notna().all():
            if before is not None:
                moves = [w * (row[n] / before[n] - 1.0) for n, w in BOOK.items()]
                expected[cast(pd.Timestamp, date)] = (float(sum(moves)), not gap)
            before, gap = row, False
        elif all(date in walk.sessions[name] for name in BOOK):
            gap = True
    book = book_history(walk, BOOK, name="book")
    assert list(book.dates) == list(expected)
    assert book.clean.tolist() == [clean for _, clean in expected.values()]
    np.testing.assert_allclose(book.returns, [move for move, _ in expected.values()], atol=1e-15)


@pytest.mark.parametrize("back", [0, 1, 2, 7, 100, 333, 729])
def test_what_comes_later_leaves_returns_bit_identical(walk: MarketData, back: int):
    as_of = cast(pd.Timestamp, walk.close.index[-1 - back])
    cut = truncate(walk, as_of)
    for early, late in (
        (book_history(cut, BOOK, name="book"), book_history(walk, BOOK, name="book")),
        *((instrument_history(cut, name), instrument_history(walk, name)) for name in BOOK),
    ):
        rows = int((late.dates <= as_of).sum())
        assert early.dates.equals(late.dates[:rows])
        assert early.origins.equals(late.origins[:rows])
        np.testing.assert_array_equal(early.returns, late.returns[:rows])
        np.testing.assert_array_equal(early.clean, late.clean[:rows])


def test_the_crash_of_2020_is_what_the_record_says(rich_market: Path):
    raw = read_market(rich_market)
    prices = raw.tables["prices"]
    index = prices[prices["instrument"] == "GSPC"].set_index("date")["close"]
    instrument = instruments_from(raw.tables["instruments"])["GSPC"]
    history = instrument_history(market_of(index.to_frame("GSPC"), instrument), "GSPC")
    returns = pd.Series(history.returns, history.dates)
    assert returns["2020-03-16"] == pytest.approx(-0.1198, abs=5e-5)
    assert (1.0 + returns["2020-02-20":"2020-03-23"]).prod() - 1 == pytest.approx(-0.3392, abs=5e-5)
    assert history.clean.all()
