"""A gap is filled from what was known at the gap, is flagged, and is never filled in silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.imputation import LARGEST_MOVE, LONGEST_RUN, Imputed, impute
from features.instruments import Instrument

DATES = pd.bdate_range("2018-01-01", periods=500)
N = len(DATES)
TOKYO = {"close_time": "15:00", "timezone": "Asia/Tokyo"}


def instrument(name: str, **clock: Any) -> Instrument:
    return Instrument(name, "equity", "USD", "price", "log", **clock)


def filled(
    closes: pd.DataFrame, *, breaks: pd.DataFrame | None = None, **clocks: dict[str, Any]
) -> Imputed:
    return impute(
        closes,
        instruments={name: instrument(name, **clocks.get(name, {})) for name in closes},
        sessions=dict.fromkeys(closes, pd.DatetimeIndex(closes.index)),
        breaks=pd.DataFrame() if breaks is None else breaks,
    )


def linear_market(seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """A series whose log move is exactly half of X's less a fifth of Y's; and its moves."""
    generator = np.random.default_rng(seed)
    x, y = generator.normal(0, 0.01, (2, N))
    own = 0.5 * x - 0.2 * y
    closes = {
        name: 100 * np.exp(np.cumsum(move)) for name, move in {"A": own, "X": x, "Y": y}.items()
    }
    return pd.DataFrame(closes, DATES), own


def test_a_linear_relation_is_recovered_through_a_run_of_gaps() -> None:
    closes, _ = linear_market()
    gapped = closes.copy()
    gapped.iloc[300:303, 0] = np.nan
    result = filled(gapped)
    np.testing.assert_allclose(result.close, closes, rtol=1e-5)
    assert result.imputed["A"].sum() == 3
    assert not result.imputed[["X", "Y"]].any(axis=None)


def test_what_is_there_is_not_touched() -> None:
    closes, _ = linear_market()
    gapped = closes.copy()
    gapped.iloc[[200, 350], 0] = np.nan
    result = filled(gapped)
    pd.testing.assert_frame_equal(result.close.where(~result.imputed), gapped)


@settings(max_examples=15)
@given(data=st.data())
def test_cutting_the_future_leaves_every_filled_close_bit_identical(data: st.DataObject) -> None:
    closes, _ = linear_market()
    gaps = data.draw(st.lists(st.tuples(st.integers(1, N - 1), st.integers(0, 2)), max_size=25))
    for row, column in gaps:
        closes.iloc[row, column] = np.nan
    cut = data.draw(st.integers(2, N))
    whole, past = filled(closes), filled(closes.iloc[:cut])
    pd.testing.assert_frame_equal(whole.close.iloc[:cut], past.close, check_exact=True)
    pd.testing.assert_frame_equal(whole.imputed.iloc[:cut], past.imputed)


def test_a_market_that_closes_later_that_day_says_nothing() -> None:
    """New York's close of the date is not known when Tokyo's would have been."""
    closes, _ = linear_market()
    closes.iloc[300, 0] = np.nan
    moved = closes.copy()
    moved.iloc[300, 1] *= 1.5
    quiet, loud = (filled(each, A=TOKYO).close["A"] for each in (closes, moved))
    assert quiet.iloc[300] == loud.iloc[300]
    assert filled(moved).close["A"].iloc[300] != quiet.iloc[300]


def test_a_peer_known_a_session_later_says_nothing_yet() -> None:
    closes, _ = linear_market()
    closes.iloc[300, 0] = np.nan
    moved = closes.copy()
    moved.iloc[300, 1] *= 1.5
    lagged = {"lag_sessions": 1}
    quiet, loud = (filled(each, X=lagged, Y=lagged).close["A"] for each in (closes, moved))
    assert quiet.iloc[300] == loud.iloc[300]


def test_two_series_with_the_same_lag_speak_for_each_other() -> None:
    closes, _ = linear_market()
    gapped = closes.copy()
    gapped.iloc[300, 0] = np.nan
    lagged = {"lag_sessions": 1}
    result = filled(gapped, A=lagged, X=lagged, Y=lagged)
    assert result.close["A"].iloc[300] == pytest.approx(closes["A"].iloc[300], rel=1e-5)


def test_no_imputed_move_goes_beyond_the_cap() -> None:
    closes, own = linear_market()
    closes.iloc[300:, 1] *= 4.0  # the peer quadruples
    closes.iloc[300, 0] = np.nan
    result = filled(closes)
    move = np.log(result.close["A"].iloc[300] / closes["A"].iloc[299])
    cap = LARGEST_MOVE * np.median(np.abs(own[1:300])) / 0.6745
    assert move == pytest.approx(cap, rel=1e-9)


def test_a_long_gap_is_filled_for_a_week_and_then_stays_missing() -> None:
    closes, _ = linear_market()
    closes.iloc[300:312, 0] = np.nan
    result = filled(closes)
    assert list(np.flatnonzero(result.imputed["A"])) == list(range(300, 300 + LONGEST_RUN))
    assert result.close["A"].iloc[300 + LONGEST_RUN : 312].isna().all()


def test_never_more_than_a_twentieth_of_the_sessions_so_far() -> None:
    closes, _ = linear_market()
    closes.iloc[100:400:4, 0] = np.nan
    result = filled(closes)
    so_far = result.imputed["A"].cumsum().to_numpy()
    assert (20 * so_far <= np.arange(1, N + 1)).all()
    assert so_far[-1] > 0


def test_without_peers_the_last_close_stands_in_and_is_flagged() -> None:
    closes, _ = linear_market()
    alone = closes[["A"]].copy()
    alone.iloc[300, 0] = np.nan
    result = filled(alone)
    assert result.close["A"].iloc[300] == pytest.approx(alone["A"].iloc[299], rel=1e-12)
    assert result.imputed["A"].iloc[300]


def test_nothing_is_filled_before_the_first_close() -> None:
    closes, _ = linear_market()
    closes.iloc[:3, 0] = np.nan
    assert not filled(closes).imputed["A"].any()


def test_a_roll_teaches_the_model_nothing() -> None:
    closes, _ = linear_market()
    gapped = closes.copy()
    gapped.iloc[200:, 0] *= 0.8  # a roll in the series itself
    truth = gapped["A"].iloc[300]
    gapped.iloc[300, 0] = np.nan
    breaks = pd.DataFrame(False, DATES, closes.columns)
    breaks.iloc[200, 0] = True
    assert filled(gapped, breaks=breaks).close["A"].iloc[300] == pytest.approx(truth, rel=1e-5)
    assert filled(gapped).close["A"].iloc[300] != pytest.approx(truth, rel=1e-5)


def test_the_unit_of_the_quote_does_not_matter() -> None:
    closes, _ = linear_market()
    closes.iloc[[200, 300], 0] = np.nan
    pounds, pence = filled(closes).close["A"], filled(closes * 100).close["A"]
    np.testing.assert_allclose(pence, 100 * pounds, rtol=1e-12)
