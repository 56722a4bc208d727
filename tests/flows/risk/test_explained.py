"""Why a book made what it made: found in a market directory, with what it lacks said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from flows.ingest import Ingested, ingest
from flows.refusal import RefusedError
from flows.risk.explained import carried, explained_since
from flows.risk.revalued import quantities
from flows.settings import checkout

DIRECTORY = checkout() / "infra" / "examples" / "market"


@pytest.fixture(scope="module")
def found() -> Ingested:
    return ingest(DIRECTORY)


def test_the_last_session_is_explained_to_the_last_cent(found: Ingested):
    book = quantities(found, "desk", base="USD")
    told = explained_since(book, found.market, DIRECTORY, None)
    assert told["status"] == "computed"
    assert told["since"] == "2024-06-27"
    assert sum(told["parts"].values()) == pytest.approx(told["total"], abs=1e-6)
    close = found.market.close
    stock = next(one for one in told["positions"] if one["position"] == "STOCK")
    assert stock["total"] == pytest.approx(1500 * close["STOCK"].diff().iloc[-1], rel=1e-9)
    assert stock["parts"]["equity"] == pytest.approx(stock["total"])
    assert told["notes"] == []
    for cause in ("carry", "rate", "credit", "volatility", "fx", "commodity"):
        assert told["parts"][cause] != 0.0
    assert abs(told["parts"]["unexplained"]) < 0.02 * sum(abs(p) for p in told["parts"].values())


def test_quotes_that_the_earlier_day_lacks_stand_still_and_are_named(found: Ingested):
    book = quantities(found, "desk", base="USD")
    told = explained_since(book, found.market, DIRECTORY, pd.Timestamp("2024-03-01"))
    assert any(note.startswith("curves of EUR, USD have no quotes") for note in told["notes"])
    assert told["parts"]["rate"] == pytest.approx(0.0, abs=1e-6)


def test_a_day_without_the_book_is_no_session(found: Ingested):
    book = quantities(found, "desk", base="USD")
    with pytest.raises(RefusedError, match="2024-06-29 is no session"):
        explained_since(book, found.market, DIRECTORY, pd.Timestamp("2024-06-29"))


def test_time_alone_is_told_by_position(found: Ingested):
    book = quantities(found, "desk", base="USD")
    told = carried(book, found.market, horizon=10)
    assert told["to"] == "2024-07-12"
    pnl = {one["position"]: one["pnl"] for one in told["positions"]}
    assert pnl["TREASURY_2033"] > 0.0
    assert pnl["FUND_PUT"] < 0.0
    far = carried(book, found.market, horizon=60)
    assert set(far["ended"]) == {"OIL_FUTURE", "FUND_FUTURE", "BOND_FUTURE", "EURO_CALL"}
    assert np.isfinite(far["pnl"])
