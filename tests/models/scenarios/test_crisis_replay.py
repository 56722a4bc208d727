from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.base import Asset
from models.scenarios.crisis_replay import CrisisSessions, crisis_sessions, lacking

ASSETS = (
    Asset("STOCK", "price", "log", "USD", 1.0),
    Asset("FUND", "price", "log", "USD", 1.0),
    Asset("YIELD", "rate", "diff", "USD", 1.0),
)
FIRST, LAST = pd.Timestamp("2011-03-01"), pd.Timestamp("2011-03-14")  # ten weekdays
NAMES = [asset.instrument for asset in ASSETS]


def sessions(market):
    return crisis_sessions(market, ASSETS, first=FIRST, last=LAST)


def test_what_the_instruments_did_is_what_is_replayed(sample, toy_market):
    told = sessions(toy_market)
    assert (told.dates[0], told.dates[-1], len(told.dates)) == (FIRST, LAST, 10)
    rows = toy_market.close.index.get_indexer(told.dates) - 1  # moves[t] leads to close[t + 1]
    np.testing.assert_allclose(told.moves, sample.moves[rows], atol=1e-12)


def test_a_holiday_moves_nothing_and_its_move_comes_with_the_next_close(toy_market):
    close = toy_market.close.copy()
    close.loc["2011-03-03", "FUND"] = np.nan
    told, whole = sessions(replace(toy_market, close=close)), sessions(toy_market)
    assert told.moves[2, 1] == 0.0
    assert told.moves[3, 1] == pytest.approx(whole.moves[2, 1] + whole.moves[3, 1])
    np.testing.assert_allclose(told.moves.sum(axis=0), whole.moves.sum(axis=0))


def test_nothing_after_the_as_of_is_replayed(toy_market):
    early = replace(toy_market, as_of=pd.Timestamp("2011-03-04"))
    assert len(sessions(early).dates) == 4


LADDER = CrisisSessions(
    pd.bdate_range("2011-03-01", periods=4),
    np.array([[1.0], [2.0], [3.0], [4.0]]),
    np.array([np.nan]),
)


def test_a_credit_spread_moves_by_its_share_and_never_below_zero(toy_market):
    """From four percent to one: from half a percent today it falls to an eighth."""
    close = toy_market.close.copy()
    close.loc["2011-03-01":"2011-03-14", "YIELD"] = [
        4.0,
        4.0,
        2.0,
        2.0,
        1.0,
        1.0,
        2.0,
        4.0,
        4.0,
        4.0,
    ]
    close.loc["2011-02-28", "YIELD"] = 4.0
    spread = (*ASSETS[:2], Asset("YIELD", "spread", "diff", "USD", 0.5))
    market = replace(toy_market, close=close)
    told = crisis_sessions(market, spread, first=FIRST, last=LAST)
    path = 0.5 + told.stretches(10)[0, :, 2].cumsum()
    np.testing.assert_allclose(path, [0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.25, 0.5, 0.5, 0.5])
    worse = 0.5 + told.stretches(10, severity=2.0)[0, :, 2].cumsum()
    np.testing.assert_allclose(worse[4], 0.5 / 16)
    assert (0.5 + told.replayed(paths=500, horizon=10, seed=0)[:, :, 2].cumsum(axis=1) > 0).all()


def test_stretches_come_first_in_the_order_of_their_dates():
    paths = LADDER.replayed(paths=50, horizon=2, seed=1)
    assert paths[:3, :, 0].tolist() == [[1, 2], [2, 3], [3, 4]]
    assert set(np.unique(paths)) == {1.0, 2.0, 3.0, 4.0}
    assert LADDER.replayed(paths=2, horizon=2, seed=1)[:, :, 0].tolist() == [[1, 2], [2, 3]]


def test_other_orders_have_the_mean_of_the_crisis():
    paths = LADDER.replayed(paths=20_000, horizon=3, seed=1)
    assert paths.sum(axis=1).mean() == pytest.approx(3 * 2.5, abs=0.05)
    assert paths.sum(axis=1).var() == pytest.approx(3 * 1.25, rel=0.03)


def test_half_as_bad_again_is_every_move_times_one_and_a_half():
    one, worse = (
        LADDER.replayed(paths=50, horizon=2, seed=1, severity=severity) for severity in (1.0, 1.5)
    )
    np.testing.assert_array_equal(worse, 1.5 * one)


def test_a_horizon_longer_than_the_crisis_is_refused():
    with pytest.raises(ValueError, match=r"^horizon must lie in 1 to 4, .* got 5"):
        LADDER.replayed(paths=5, horizon=5, seed=0)


def test_what_was_not_there_is_named(toy_market):
    close = toy_market.close.copy()
    close.loc[:"2011-03-02", "FUND"] = np.nan
    breaks = pd.DataFrame(False, close.index, ["YIELD"])
    breaks.loc["2011-03-09", "YIELD"] = True
    market = replace(toy_market, close=close, breaks=breaks)
    assert lacking(market, NAMES, first=FIRST, last=LAST) == {
        "FUND": "had no close before 2011-03-01",
        "YIELD": "was broken on 2011-03-09",
    }
    assert lacking(toy_market, NAMES, first=FIRST, last=LAST) == {}
