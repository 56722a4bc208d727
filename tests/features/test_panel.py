"""The panel: what it holds of instruments and of books, and what it refuses."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.exposure import EXPOSURES
from features.frictions import NAMES as FRICTION_NAMES
from features.market import MarketData
from features.panel import OWN, Panel, build_panel
from features.returns import History, book_history, instrument_history


def column(panel: Panel, series: str, feature: str) -> np.ndarray:
    if feature in panel.own:
        return panel.values[series].own[:, panel.own.index(feature)]
    return panel.values[series].shared[:, panel.shared.index(feature)]


@pytest.fixture(scope="module")
def histories(small_market: MarketData) -> list[History]:
    book = book_history(small_market, small_market.portfolios["mixed"], name="mixed")
    return [*(instrument_history(small_market, name) for name in ("ACME", "EURUSD", "COIN")), book]


@pytest.fixture(scope="module")
def panel(small_market: MarketData, histories: list[History]) -> Panel:
    return build_panel(small_market, histories)


def test_every_series_has_a_row_an_origin(panel: Panel, histories: list[History]):
    bars = (name for features in OWN.values() for name in features)
    assert panel.own == (*bars, *EXPOSURES, *FRICTION_NAMES)
    assert len(set(panel.own + panel.shared)) == len(panel.own) + len(panel.shared)
    for history in histories:
        features = panel.values[history.name]
        assert features.own.shape == (len(history.dates), len(panel.own))
        assert features.shared.shape == (len(history.dates), len(panel.shared))


def test_every_column_belongs_to_one_modality(panel: Panel):
    told = [name for columns in panel.modalities.values() for name in columns]
    assert sorted(told) == sorted(panel.own + panel.shared)
    assert set(panel.modalities) == {
        "returns",
        "bars",
        "calendar",
        "book",
        "liquidity",
        "orderflow",
        "headlines",
        "market",
        "macro",
        "news",
    }


def test_a_book_and_a_fixing_have_no_bars(panel: Panel):
    for series in ("mixed", "EURUSD"):
        for feature in ("garman_klass_10", "parkinson_10", "volume_surprise_60"):
            assert np.isnan(column(panel, series, feature)).all()
    assert np.isfinite(column(panel, "ACME", "garman_klass_10")).all()
    assert np.isfinite(column(panel, "mixed", "volatility_30")).all()


def test_a_book_shows_what_it_holds_and_an_instrument_itself(panel: Panel):
    assert set(column(panel, "ACME", "gross_leverage")) == {1.0}
    assert set(column(panel, "ACME", "concentration")) == {1.0}
    assert set(column(panel, "EURUSD", "exposure_currency")) == {1.0}
    assert (column(panel, "mixed", "concentration") < 1.0).all()


def test_each_session_is_also_told_alone_where_there_are_bars(
    panel: Panel, histories: list[History]
):
    for history in histories:
        past = panel.values[history.name].past
        assert past is not None
        assert past.shape == (len(history.dates), 3)
        np.testing.assert_array_equal(past[:, 0], history.returns)
        assert np.isfinite(past[:, 1:]).any() == (history.name == "ACME")


def test_a_weekend_is_three_days(panel: Panel, histories: list[History]):
    days = pd.Series(column(panel, "ACME", "days_since_session"), histories[0].dates)
    assert np.isnan(days.iloc[0])
    assert days["2018-01-08"] == 3.0  # a Monday
    assert days["2018-07-04"] == 2.0  # the day after a holiday
    assert set(column(panel, "COIN", "days_since_session")[1:]) == {1.0}


def test_two_series_with_one_clock_see_the_same_market(panel: Panel, small_market: MarketData):
    other = build_panel(small_market, [instrument_history(small_market, "BOLT")])
    np.testing.assert_array_equal(other.values["BOLT"].shared, panel.values["ACME"].shared)


def test_restated_history_is_left_out_and_named(panel: Panel, small_market: MarketData):
    restated = ("dollar_change", "news_sentiment", "geopolitical_risk_trend")
    for feature in restated:
        assert np.isnan(column(panel, "ACME", feature)).all()
    assert set(panel.ignored) == {"DXY", "NEWS_SENTIMENT", "GPRD", "WEATHER"}
    acme = instrument_history(small_market, "ACME")
    loose = build_panel(small_market, [acme], include_revised=True)
    for feature in restated:
        assert np.isfinite(column(loose, "ACME", feature)[-1])
    assert set(loose.ignored) == {"WEATHER"}


def test_scaling_a_book_scales_its_own_volatilities_and_nothing_shared(
    panel: Panel, small_market: MarketData
):
    doubled = {name: 2.0 * weight for name, weight in small_market.portfolios["mixed"].items()}
    other = build_panel(small_market, [book_history(small_market, doubled, name="doubled")])
    for feature in ("volatility_10", "downside_10", "worst_20", "mean_20"):
        np.testing.assert_allclose(
            column(other, "doubled", feature), 2.0 * column(panel, "mixed", feature), rtol=1e-10
        )
    np.testing.assert_array_equal(other.values["doubled"].shared, panel.values["mixed"].shared)


def test_a_series_without_a_return_has_no_rows(small_market: MarketData):
    acme = instrument_history(small_market, "ACME")
    none = replace(
        acme,
        name="unborn",
        dates=acme.dates[:0],
        returns=acme.returns[:0],
        clean=acme.clean[:0],
        origins=acme.origins[:0],
    )
    panel = build_panel(small_market, [none])
    assert panel.values["unborn"].own.shape == (0, len(panel.own))
    assert panel.values["unborn"].shared.shape == (0, len(panel.shared))


def test_a_market_without_macro_or_news_still_has_a_panel(small_market: MarketData):
    silent = replace(
        small_market, macro=small_market.macro.iloc[:0], news=small_market.news.iloc[:0]
    )
    panel = build_panel(silent, [instrument_history(silent, "ACME")])
    assert np.isnan(column(panel, "ACME", "vix")).all()
    assert np.isfinite(column(panel, "ACME", "term_slope")[-1])  # from the yields it trades
    assert np.isfinite(column(panel, "ACME", "surge_market")[-1])


def test_two_series_of_one_name_are_refused(small_market: MarketData):
    acme = instrument_history(small_market, "ACME")
    with pytest.raises(ValueError, match=r"histories must have different names, got \['ACME'\]"):
        build_panel(small_market, [acme, acme])
