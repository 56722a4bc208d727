"""The origin is the last one, and nothing behind it was known later."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.market import truncate
from flows.explaining.ready import BACKGROUND, Ready, made_ready
from flows.ingest import ingest
from flows.refusal import RefusedError
from flows.units import UnitStore
from tests.flows.conftest import as_market


def test_the_last_origin_is_explained_for_the_next_session(book: Ready):
    assert book.history.dates[book.row] == pd.Timestamp("2021-12-31")
    assert book.target == pd.Timestamp("2022-01-03")
    assert book.origin.es[0, 3] * book.sigma == pytest.approx(
        book.fhs.es[book.row, book.fhs.alphas.index(0.975)]
    )


def test_half_of_the_background_is_the_series_own_past(book: Ready):
    assert book.series[0] == "all"
    assert len(book.series) == 4
    assert BACKGROUND // 2 < len(book.background) <= BACKGROUND
    assert book.background.reshapable.all()


def test_a_market_that_went_on_gives_the_origin_and_the_background_that_were_known(
    book: Ready, tiny_market: Path, tmp_path: Path
):
    """The law of truncation."""
    day = pd.Timestamp("2021-12-15")
    with UnitStore(tmp_path / "units.db") as store:
        mine, theirs = (
            made_ready(market, "all", alpha=0.975, seed=1, units=store)
            for market in (truncate(book.market, day), ingest(tiny_market, as_of=day).market)
        )
    for part in ("own", "shared", "window", "var", "es", "evt_es"):
        np.testing.assert_array_equal(getattr(mine.origin, part), getattr(theirs.origin, part))
        np.testing.assert_array_equal(
            getattr(mine.background, part), getattr(theirs.background, part)
        )
    assert mine.history.dates[mine.row] == day
    assert mine.target == pd.Timestamp("2021-12-16")


def test_the_origin_is_no_part_of_its_background(book: Ready):
    own = book.origin.own[0].tolist()
    assert own not in book.background.own.tolist()


def test_an_instrument_is_explained_like_a_book(ready_for: Callable[[str], Ready]):
    one = ready_for("STOCK2")
    assert one.history.asset_class == "equity"
    assert "STOCK2" not in one.series[1:]


def test_a_name_that_is_not_there_is_refused_with_those_that_are(
    ready_for: Callable[[str], Ready],
):
    with pytest.raises(RefusedError, match=r"nowhere is no book or instrument.*STOCK5"):
        ready_for("nowhere")


def test_a_bill_fund_that_cannot_lose_has_nothing_to_explain(
    tiny_closes: pd.DataFrame, tmp_path: Path, generator: np.random.Generator
):
    closes = tiny_closes.copy()
    moves = 1e-3 + 1e-4 * generator.standard_normal(len(closes))
    closes["STOCK0"] = 100.0 * np.exp(np.cumsum(moves))
    with (
        UnitStore(tmp_path / "units.db") as store,
        pytest.raises(RefusedError, match="STOCK0 has a VaR of less than a tenth of its sigma"),
    ):
        made_ready(as_market(closes), "STOCK0", alpha=0.975, seed=1, units=store)
