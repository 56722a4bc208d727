"""What a book holds, counted by hand."""

from __future__ import annotations

import pytest

from features.exposure import EXPOSURES, exposures
from features.instruments import Instrument


def instrument(name: str, asset_class: str, kind: str = "price") -> Instrument:
    return Instrument(name, asset_class, "USD", kind, "log")  # type: ignore[arg-type]


MARKET = {
    "SPY": instrument("SPY", "equity"),
    "QQQ": instrument("QQQ", "equity"),
    "TLT": instrument("TLT", "treasury"),
    "BTC": instrument("BTC", "crypto"),
}


def held(weights: dict[str, float]) -> dict[str, float]:
    return dict(zip(EXPOSURES, exposures(MARKET, weights).tolist(), strict=True))


def test_an_instrument_is_a_whole_unit_of_its_own_block():
    alone = held({"TLT": 1.0})
    assert alone.pop("exposure_government") == 1.0
    assert alone.pop("gross_leverage") == 1.0
    assert alone.pop("concentration") == 1.0
    assert set(alone.values()) == {0.0}


def test_a_long_short_book_nets_in_its_block_and_not_in_its_leverage():
    book = held({"SPY": 1.0, "QQQ": -0.5, "TLT": 0.5})
    assert book["exposure_equity"] == 0.5
    assert book["exposure_government"] == 0.5
    assert book["gross_leverage"] == 2.0
    # shares 1/2, 1/4, 1/4
    assert book["concentration"] == pytest.approx(0.375)


def test_what_is_in_no_block_counts_in_leverage_alone():
    coin = held({"BTC": 2.0})
    assert sum(coin[name] for name in EXPOSURES[:5]) == 0.0
    assert coin["gross_leverage"] == 2.0


def test_a_book_that_holds_nothing_is_nothing():
    assert set(held({}).values()) == {0.0}
