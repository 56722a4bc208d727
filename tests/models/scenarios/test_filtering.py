from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.scenarios.filtering import filter_assets


def test_residuals_and_state_are_those_of_the_law_that_made_the_moves(sample, toy_market):
    found = filter_assets(toy_market, ["STOCK", "FUND", "YIELD"], as_of=toy_market.as_of, seed=0)
    assert found.residual.shape == (1500, 3)
    assert found.known.all()
    for column in range(3):
        true = sample.filtered.residual[200:, column]
        assert np.corrcoef(found.residual[200:, column], true)[0, 1] > 0.99
    assert found.state == pytest.approx(sample.filtered.state, rel=0.35)
    assert [asset.move for asset in found.assets] == ["log", "log", "diff"]


def test_tomorrow_changes_nothing(toy_market):
    """The same as-of in a longer market: bit for bit the same fit."""
    as_of = toy_market.close.index[1200]
    names = ["STOCK", "YIELD"]
    found = filter_assets(toy_market, names, as_of=as_of, seed=0)
    close = toy_market.close.copy()
    close.loc[close.index > as_of] *= 1.5
    other = filter_assets(replace(toy_market, close=close), names, as_of=as_of, seed=0)
    np.testing.assert_array_equal(found.residual, other.residual)
    np.testing.assert_array_equal(found.variance, other.variance)
    assert found.params == other.params
    assert found.dates[-1] == as_of


def test_a_fit_carried_on_keeps_its_parameters_and_moves_its_state(toy_market):
    dates, names = toy_market.close.index, ["STOCK", "YIELD"]
    early = filter_assets(toy_market, names, as_of=dates[1200], seed=0)
    late = filter_assets(toy_market, names, as_of=dates[1400], seed=0, fitted=early)
    assert late.params == early.params
    assert late.marginals is early.marginals
    np.testing.assert_array_equal(late.variance[: len(early.variance)], early.variance)
    np.testing.assert_array_equal(late.residual[: len(early.residual)], early.residual)
    assert late.dates[-1] == dates[1400]
    with pytest.raises(ValueError, match=r"^fitted must be of the same instruments"):
        filter_assets(toy_market, names[:1], as_of=dates[1400], seed=0, fitted=early)


def test_a_session_missed_is_no_residual_and_is_drawn_from_the_others(toy_market):
    close = toy_market.close.copy()
    close.iloc[700, 1] = np.nan
    found = filter_assets(
        replace(toy_market, close=close), ["STOCK", "FUND", "YIELD"], as_of=toy_market.as_of, seed=0
    )
    row = found.dates.get_loc(close.index[700])
    assert not found.known[row, 1]
    assert not found.known[row + 1, 1]  # that move covers two sessions
    assert found.known[row + 2, 1]
    assert np.isfinite(found.residual).all()


def test_an_imputed_close_is_no_close(toy_market):
    imputed = toy_market.imputed.copy()
    imputed.iloc[700, 1] = True
    found = filter_assets(
        replace(toy_market, imputed=imputed), ["STOCK", "FUND"], as_of=toy_market.as_of, seed=0
    )
    assert not found.known[found.dates.get_loc(imputed.index[700]), 1]


def test_the_move_over_a_roll_is_no_move(toy_market):
    close = toy_market.close.copy()
    close.iloc[700:, 1] *= 0.5  # a roll, not a crash
    breaks = pd.DataFrame(False, close.index, close.columns)
    breaks.iloc[700, 1] = True
    rolled = replace(toy_market, close=close, breaks=breaks)
    found = filter_assets(rolled, ["STOCK", "FUND"], as_of=toy_market.as_of, seed=0)
    assert not found.known[found.dates.get_loc(close.index[700]), 1]
    assert np.abs(found.residual[:, 1][found.known[:, 1]]).max() < 12


def test_what_cannot_be_generated_is_refused(toy_market):
    as_of = toy_market.as_of
    with pytest.raises(ValueError, match=r"^instruments name 'XYZ', which is not in the market"):
        filter_assets(toy_market, ["STOCK", "XYZ"], as_of=as_of, seed=0)
    with pytest.raises(ValueError, match=r"^instruments name 'FUND' twice"):
        filter_assets(toy_market, ["FUND", "FUND"], as_of=as_of, seed=0)
    with pytest.raises(ValueError, match=r"STOCK has 300 moves by the as-of"):
        filter_assets(toy_market, ["STOCK"], as_of=toy_market.close.index[300], seed=0)
