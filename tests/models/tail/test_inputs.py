"""Inputs are ratios to sigma, dated by their target, and a prefix of them is a past."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.panel import Panel, SeriesFeatures
from features.returns import History
from models.base import TailForecast
from models.tail.inputs import in_order_of_target, in_units_of_sigma, series_rows
from models.tail.transport import KNOTS

DATES = pd.DatetimeIndex(["2020-01-02", "2020-01-03", "2020-01-06"])
NAMES = ("volatility_10", "last_return", "days_since_session")


def one(*, clean: tuple[bool, bool, bool] = (True, True, True)) -> tuple[History, TailForecast]:
    history = History(
        name="A",
        asset_class="equity",
        dates=DATES,
        returns=np.array([0.01, -0.02, 0.03]),
        clean=np.array(clean),
        origins=DATES.tz_localize("UTC"),
    )
    levels = np.arange(1.0, 7.0)
    sigma = np.array([0.01, 0.02, 0.04])
    base = TailForecast(
        alphas=KNOTS,
        var=sigma[:, None] * levels,
        es=sigma[:, None] * (levels + 1.0),
        sigma=sigma,
        pit=np.full(3, np.nan),
    )
    return history, base


def panel() -> Panel:
    own = np.array([[0.01, 0.01, 1.0], [0.02, -0.02, 1.0], [0.04, 0.03, 3.0]])
    features = SeriesFeatures(own=own, shared=np.array([[1.0], [2.0], [np.nan]]))
    return Panel(own=NAMES, shared=("vix",), values={"A": features})


def test_each_row_speaks_of_the_next_return_in_its_own_sigma() -> None:
    rows = series_rows(*one(), panel())
    np.testing.assert_allclose(rows.move, [-2.0, 1.5, np.nan])
    assert pd.DatetimeIndex(rows.target)[:2].equals(DATES[1:])
    assert pd.isna(rows.target[2])
    np.testing.assert_allclose(rows.var, np.tile(np.arange(1.0, 7.0), (3, 1)))


def test_over_two_sessions_the_target_is_their_product_in_the_sigma_of_both() -> None:
    history, base = one()
    rows = series_rows(history, replace(base, horizon=2), panel())
    assert rows.move[0] == pytest.approx((0.98 * 1.03 - 1) / 0.01)
    assert np.isnan(rows.move[1:]).all()
    assert rows.target[0] == DATES[2]
    assert pd.isna(rows.target[1:]).all()
    # a volatility of one session over that of one: sigma over the root of two
    assert rows.own[0, 0] == pytest.approx(np.log(0.01 / (0.01 / np.sqrt(2))))
    parted, _ = one(clean=(True, True, False))
    assert np.isnan(series_rows(parted, replace(base, horizon=2), panel()).move).all()


def test_a_return_that_is_not_clean_is_no_target() -> None:
    rows = series_rows(*one(clean=(True, False, True)), panel())
    np.testing.assert_allclose(rows.move, [np.nan, 1.5, np.nan])


def test_volatilities_are_log_ratios_returns_are_multiples_and_the_rest_is_as_it_is() -> None:
    own = np.array([[0.02, -0.03, 4.0]])
    scaled = in_units_of_sigma(own, NAMES, np.array([0.01]))
    np.testing.assert_allclose(scaled, [[np.log(2.0), -np.arcsinh(3.0), 4.0]])


@pytest.mark.parametrize("factor", [0.01, 100.0])
def test_a_series_and_its_multiple_read_alike(factor: float) -> None:
    own, sigma = np.array([[0.02, -0.03, 4.0]]), np.array([0.01])
    scaled = own * np.array([factor, factor, 1.0])
    np.testing.assert_allclose(
        in_units_of_sigma(scaled, NAMES, factor * sigma), in_units_of_sigma(own, NAMES, sigma)
    )


def test_a_flat_stretch_has_a_finite_log_ratio() -> None:
    flat = in_units_of_sigma(np.array([[0.0, 0.0, 1.0]]), NAMES, np.array([0.01]))
    assert np.isfinite(flat).all()


def test_rows_to_learn_from_come_by_target_and_only_those_with_one() -> None:
    first, second = series_rows(*one(), panel()), series_rows(*one(), panel())
    pool = in_order_of_target([first, second])
    assert len(pool) == 4
    assert (np.diff(pool.target).astype(np.int64) >= 0).all()
    np.testing.assert_allclose(pool.first(2).move, [-2.0, -2.0])


def test_a_base_without_a_tail_is_not_reshaped() -> None:
    history, base = one()
    drift = TailForecast(KNOTS, 0.001 * base.var, 0.001 * base.es, base.sigma, base.pit)
    assert series_rows(history, base, panel()).reshapable.all()
    assert not series_rows(history, drift, panel()).reshapable.any()
