"""Instruments from their table: what is left out takes the documented default."""

import pandas as pd
import pytest

from features.instruments import Instrument, instruments_from


def test_absent_and_empty_cells_take_the_defaults():
    listing = pd.DataFrame(
        {
            "instrument": ["A", "B"],
            "asset_class": ["stock", "fx"],
            "currency": ["USD", "USD"],
            "kind": ["price", "fx"],
            "move": ["log", "log"],
            "close_time": ["", "14:15"],
            "timezone": ["", "Europe/Berlin"],
            "lag_sessions": [float("nan"), 1.0],
            "listed_to": [pd.NaT, pd.Timestamp("2022-12-28")],
        }
    )
    found = instruments_from(listing)
    assert found["A"] == Instrument("A", "stock", "USD", "price", "log")
    assert (found["A"].close_time, found["A"].timezone) == ("16:00", "America/New_York")
    assert found["B"].lag_sessions == 1
    assert found["B"].listed_to == pd.Timestamp("2022-12-28")
    assert list(found) == ["A", "B"]


@pytest.mark.parametrize(
    ("kind", "move", "holdable"),
    [
        ("price", "log", True),
        ("fx", "log", True),
        ("price", "diff", False),
        ("rate", "diff", False),
        ("spread", "diff", False),
    ],
)
def test_a_book_holds_prices_and_rates_of_exchange_only(kind, move, holdable):
    assert Instrument("A", "x", "USD", kind, move).holdable is holdable
