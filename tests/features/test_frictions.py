"""Liquidity and order flow of instruments and of books, each as known at its own origin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.frictions import NAMES, frictions
from features.market import MarketData, truncate
from features.returns import History, book_history, instrument_history

WEIGHTS = {"ACME": 0.75, "BOLT": -0.25}


@pytest.fixture(scope="module")
def market(small_market: MarketData) -> MarketData:
    return replace(small_market, portfolios={"pair": WEIGHTS, "lone": {"GOLD": 1.0}, "cash": {}})


def histories(market: MarketData) -> list[History]:
    single = [instrument_history(market, name) for name in ("ACME", "BOLT", "GOLD", "EURUSD")]
    books = [
        book_history(market, market.portfolios[name], name=name)
        for name in ("pair", "lone", "cash")
    ]
    return [*single, *books]


@pytest.fixture(scope="module")
def shown(market: MarketData) -> dict[str, pd.DataFrame]:
    found = frictions(market, histories(market))
    dates = {history.name: history.dates for history in histories(market)}
    return {name: pd.DataFrame(found[name], dates[name], NAMES) for name in found}


def test_what_was_quoted_wins_over_what_is_estimated(shown: dict[str, pd.DataFrame]):
    acme, gold = shown["ACME"], shown["GOLD"]
    quoted = acme["quoted_spread"].notna()
    assert quoted.sum() == 261  # a year of weekdays without one holiday
    np.testing.assert_array_equal(acme["spread"][quoted], acme["quoted_spread"][quoted])
    assert acme["spread"][~quoted].notna().sum() > 400
    assert gold["quoted_spread"].isna().all()
    assert np.isfinite(gold["spread"].iloc[-1])


def test_a_fixing_has_neither_bars_nor_quotes(shown: dict[str, pd.DataFrame]):
    assert shown["EURUSD"].isna().all(axis=None)


def test_a_book_is_its_holdings_by_absolute_weight_and_leans_by_sign(
    shown: dict[str, pd.DataFrame],
):
    acme, bolt, pair = (shown[name].loc["2020-08-03"] for name in ("ACME", "BOLT", "pair"))
    np.testing.assert_allclose(pair["spread"], 0.75 * acme["spread"] + 0.25 * bolt["spread"])
    np.testing.assert_allclose(
        pair["flow_imbalance"], 0.75 * acme["flow_imbalance"] - 0.25 * bolt["flow_imbalance"]
    )
    assert np.isfinite(acme["volatility_intraday"])
    assert np.isnan(pair["volatility_intraday"])


def test_a_book_of_one_holding_costs_what_it_costs(shown: dict[str, pd.DataFrame]):
    lone, gold = shown["lone"], shown["GOLD"].reindex(shown["lone"].index)
    pd.testing.assert_frame_equal(lone, gold.assign(volatility_intraday=np.nan))
    assert shown["cash"].empty


def test_half_of_the_weight_must_be_known(market: MarketData):
    """The fixing has no spread: it may make up half of the book and not more."""
    for weight, known in ((0.5, True), (0.51, False)):
        held = {"GOLD": 1.0 - weight, "EURUSD": weight}
        other = replace(market, portfolios={"mixed": held})
        found = frictions(other, [book_history(other, held, name="mixed")])["mixed"]
        assert np.isfinite(found[-1, NAMES.index("spread")]) == known


def test_a_book_whose_weights_are_not_known_has_no_cost_of_zero(market: MarketData):
    stranger = book_history(market, WEIGHTS, name="stranger")
    assert np.isnan(frictions(market, [stranger])["stranger"]).all()


def test_the_future_moves_no_bit_of_the_past(market: MarketData, shown: dict[str, pd.DataFrame]):
    as_of = pd.Timestamp("2020-03-16")
    cut = truncate(market, as_of)
    found = frictions(cut, histories(cut))
    for name, values in found.items():
        past = shown[name].to_numpy()[: len(values)]
        np.testing.assert_array_equal(values.view(np.uint64), past.view(np.uint64))
