"""The cross-section's instants, its blocks, and who contributes when, by hand."""

import numpy as np
import pandas as pd
import pytest

from features.crosssection import SETTLING, asset_mean, block_of, cross_section
from features.instruments import Instrument
from features.returns import History

NAN = np.nan
DATES = pd.DatetimeIndex(["2020-03-09", "2020-03-10", "2020-03-11"])


def history(
    name: str,
    clock: str,
    zone: str,
    *,
    dates: pd.DatetimeIndex = DATES,
    returns: list[float] | None = None,
) -> History:
    close = (dates + pd.Timedelta(f"{clock}:00")).tz_localize(zone).tz_convert("UTC")
    moves = np.full(len(dates), 0.01) if returns is None else np.array(returns)
    clean = np.ones(len(dates), dtype=np.bool_)
    return History(name, "stock", dates, moves, clean, close + pd.Timedelta(hours=1))


def listed(*histories: History) -> dict[str, Instrument]:
    return {item.name: Instrument(item.name, "stock", "USD", "price", "log") for item in histories}


def test_a_date_is_seen_when_half_of_its_markets_have_had_their_origin():
    histories = [
        history("FIX", "14:15", "Europe/Berlin", returns=[0.01, 0.02, 0.03]),
        history("NEW", "16:00", "America/New_York", returns=[0.04, 0.05, 0.06]),
        history("YORK", "16:00", "America/New_York"),
        history("COIN", "23:00", "UTC", returns=[0.07, 0.08, 0.09]),
    ]
    section = cross_section(listed(*histories), histories)
    # 16:00 in New York is 20:00 UTC (summer time since the 8th); an hour later is the origin.
    assert list(section.instants) == list(
        pd.DatetimeIndex(["2020-03-09 21:00", "2020-03-10 21:00", "2020-03-11 21:00"], tz="UTC")
    )
    np.testing.assert_array_equal(section.returns[:, 0], [0.01, 0.02, 0.03])
    np.testing.assert_array_equal(section.returns[:, 1], [0.04, 0.05, 0.06])
    np.testing.assert_array_equal(section.returns[:, 3], [NAN, 0.07, 0.08])  # a date behind


def test_a_close_at_the_very_origin_still_counts():
    """The Bund future's 22:00 in Berlin was 17:00 in New York while only New York had changed."""
    histories = [
        history("NEW", "16:00", "America/New_York"),
        history("YORK", "16:00", "America/New_York"),
        history("BUND", "22:00", "Europe/Berlin", returns=[0.01, 0.02, 0.03]),
    ]
    section = cross_section(listed(*histories), histories)
    np.testing.assert_array_equal(section.returns[:, 2], [0.01, 0.02, 0.03])


def test_a_market_that_never_closes_makes_no_session_of_a_sunday():
    week = pd.date_range("2020-03-06", "2020-03-10", freq="D")
    business = pd.bdate_range("2020-03-06", "2020-03-10")
    histories = [
        history("NEW", "16:00", "America/New_York", dates=business),
        history("YORK", "16:00", "America/New_York", dates=business),
        history("COIN", "23:00", "UTC", dates=week, returns=[0.1, 0.2, 0.3, 0.4, 0.5]),
    ]
    section = cross_section(listed(*histories), histories)
    assert [instant.date() for instant in section.instants] == [day.date() for day in business]
    # Friday's close is midnight's; Monday sees Sunday's, the last of three.
    np.testing.assert_array_equal(section.returns[:, 2], [NAN, 0.3, 0.4])


def test_a_market_on_holiday_contributes_no_move_but_its_last_surge():
    days = pd.bdate_range("2020-01-01", periods=30)
    rng = np.random.default_rng(3)
    closed = days.delete(25)
    histories = [
        history("NEW", "16:00", "America/New_York", dates=days, returns=list(rng.normal(size=30))),
        history(
            "YORK", "16:00", "America/New_York", dates=closed, returns=list(rng.normal(size=29))
        ),
    ]
    section = cross_section(listed(*histories), histories)
    assert np.isnan(section.moves[25, 1])
    assert section.surges[25, 1] == section.surges[24, 1]
    assert np.isfinite(section.surges[25, 1])


def test_a_move_is_measured_by_the_volatility_known_before_it():
    days = pd.bdate_range("2020-01-01", periods=SETTLING + 2)
    returns = [0.01 * (-1) ** day for day in range(SETTLING)] + [-0.03, -1.0]
    one = history("NEW", "16:00", "America/New_York", dates=days, returns=returns)
    section = cross_section(listed(one), [one])
    assert np.isnan(section.moves[:SETTLING]).all()
    assert section.moves[SETTLING, 0] == pytest.approx(-3.0)
    assert section.moves[SETTLING + 1, 0] == -8.0  # bounded


def test_an_unclean_move_is_no_move():
    days = pd.bdate_range("2020-01-01", periods=SETTLING + 2)
    returns = [0.01 * (-1) ** day for day in range(SETTLING)] + [-0.13, 0.02]
    roll = history("BUND", "16:00", "America/New_York", dates=days, returns=returns)
    roll.clean[SETTLING] = False
    section = cross_section(listed(roll), [roll])
    assert np.isnan(section.moves[SETTLING, 0])
    assert section.moves[SETTLING + 1, 0] == pytest.approx(2.0)  # the roll left no trace


def test_a_rising_yen_is_a_rising_currency():
    days = pd.bdate_range("2020-01-01", periods=SETTLING + 1)
    returns = [0.01 * (-1) ** day for day in range(SETTLING)] + [-0.03]
    quotes = {
        "USDJPY": Instrument("USDJPY", "fx", "JPY", "fx", "log"),
        "EURUSD": Instrument("EURUSD", "fx", "USD", "fx", "log"),
    }
    histories = [
        history(name, "14:15", "Europe/Berlin", dates=days, returns=returns) for name in quotes
    ]
    section = cross_section(quotes, histories)
    np.testing.assert_allclose(section.moves[SETTLING], [3.0, -3.0])


@pytest.mark.parametrize(
    ("asset_class", "block"),
    [
        ("stock", "equity"),
        ("Equity index", "equity"),
        ("real estate", "equity"),
        ("government bond", "government"),
        ("bond future", "government"),
        ("inflation bond", "government"),
        ("corporate bond", "credit"),
        ("credit", "credit"),
        ("commodity index", "commodity"),
        ("crypto", ""),
        ("volatility index", ""),
    ],
)
def test_an_asset_class_belongs_to_one_block(asset_class: str, block: str):
    assert block_of(Instrument("X", asset_class, "USD", "price", "log")) == block


def test_an_fx_rate_is_a_currency_whatever_its_class():
    assert block_of(Instrument("X", "major pair", "USD", "fx", "log")) == "currency"


def test_a_series_that_lists_tomorrow_does_not_move_yesterdays_mean(generator: np.random.Generator):
    values = generator.normal(size=(200, 37))
    unlisted = np.full((200, 1), NAN)
    wider = np.column_stack([values[:, :11], unlisted, values[:, 11:], unlisted, unlisted])
    assert asset_mean(wider).tobytes() == asset_mean(values).tobytes()
    np.testing.assert_allclose(asset_mean(values), values.mean(axis=1), rtol=1e-12, atol=1e-15)
    assert np.isnan(asset_mean(unlisted)).all()


def test_a_market_without_holdings_has_no_cross_section():
    with pytest.raises(ValueError, match="histories must not be empty"):
        cross_section({}, [])
