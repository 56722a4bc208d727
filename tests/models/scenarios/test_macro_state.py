from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.scenarios.macro_state import macro_history


def published(rows):
    table = pd.DataFrame(rows, columns=["date", "series", "value", "available_at", "vintage"])
    table["date"] = pd.to_datetime(table["date"])
    table["available_at"] = pd.to_datetime(table["available_at"], utc=True)
    return table.sort_values("available_at", ignore_index=True)


@pytest.fixture
def market(toy_market):
    rows = [
        ("2010-01-05", "VIX", 20.0, "2010-01-05 21:15", "first"),
        ("2010-01-06", "VIX", 30.0, "2010-01-07 12:00", "first"),  # known a day late
        ("2010-01-05", "UST10Y", 4.0, "2010-01-05 22:00", "first"),
        ("2010-01-05", "UST2Y", 1.5, "2010-01-05 22:00", "first"),
    ]
    return replace(toy_market, macro=published(rows))


def test_a_reading_conditions_the_session_after_it_was_known(market):
    dates = pd.bdate_range("2010-01-04", periods=5)  # Monday to Friday
    macro = macro_history(market, dates)
    assert macro.shape == (6, 3)
    # Before Wednesday the VIX of Tuesday is known; Wednesday's not until Thursday's close.
    assert np.exp(macro[2:, 0]) == pytest.approx([20.0, 20.0, 30.0, 30.0])
    assert macro[2, 2] == pytest.approx(2.5)


def test_a_series_nobody_publishes_is_zero_throughout(market, toy_market):
    dates = pd.bdate_range("2010-01-04", periods=5)
    assert not macro_history(market, dates)[:, 1].any()
    assert not macro_history(toy_market, dates).any()
