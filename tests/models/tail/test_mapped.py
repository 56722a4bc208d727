"""The base sent through maps whose answer is known: as it is, larger by half, a Pareto tail."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from features.panel import Panel, SeriesFeatures
from features.returns import History, compounded
from models.base import TailForecast
from models.baselines import forecast_series
from models.tail.base_law import base_distribution, fhs_distribution
from models.tail.inputs import Rows, series_rows
from models.tail.mapped import mapped_forecast, mapped_forecasts, pareto_of
from models.tail.transport import KNOTS, TailMap, transported

RETURNS = 0.01 * np.random.default_rng(11).standard_t(5, 1200)
ALPHAS = (0.95, 0.99)


@pytest.fixture(scope="module")
def bases() -> dict[str, TailForecast]:
    return forecast_series(RETURNS, models=("gjr_fhs", "gjr_evt"), alphas=KNOTS, every=100)


@pytest.fixture(scope="module")
def fhs(bases: dict[str, TailForecast]) -> TailForecast:
    return bases["gjr_fhs"]


@pytest.fixture(scope="module")
def rows(fhs: TailForecast) -> Rows:
    dates = pd.bdate_range("2018-01-01", periods=len(RETURNS))
    history = History(
        name="A",
        asset_class="equity",
        dates=dates,
        returns=RETURNS,
        clean=np.full(len(RETURNS), True),
        origins=dates.tz_localize("UTC"),
    )
    nothing = SeriesFeatures(own=np.ones((len(RETURNS), 1)), shared=np.ones((len(RETURNS), 1)))
    return series_rows(history, fhs, Panel(own=("gap",), shared=("vix",), values={"A": nothing}))


def unchanged(rows: Rows) -> TailMap:
    """The map of the base itself, NaN where there is no base."""
    source = torch.as_tensor(rows.var)
    return TailMap(source, source.clone(), source[:, :1] / source[:, :1])


def test_the_map_that_changes_nothing_gives_the_base(fhs: TailForecast, rows: Rows) -> None:
    same = mapped_forecast(RETURNS, fhs, unchanged(rows), alphas=KNOTS)
    assert same.alphas == KNOTS
    for name in ("var", "es", "sigma"):
        np.testing.assert_allclose(getattr(same, name), getattr(fhs, name), rtol=1e-12)
    np.testing.assert_allclose(same.pit, fhs.pit, atol=1e-12)


def test_over_ten_sessions_the_paths_are_those_of_the_base() -> None:
    ten = forecast_series(RETURNS, models=("gjr_fhs",), alphas=KNOTS, every=100, horizon=10)
    base = ten["gjr_fhs"]
    source = torch.as_tensor(base.var / base.sigma[:, None])
    same = TailMap(source, source.clone(), source[:, :1] / source[:, :1])
    wider = same.scaled(torch.tensor([[1.5]], dtype=torch.float64))
    said = mapped_forecasts(RETURNS, base, {"same": same, "wider": wider}, alphas=ALPHAS)
    assert said["same"].horizon == 10
    np.testing.assert_allclose(said["same"].pit, base.pit, atol=1e-4)
    np.testing.assert_allclose(said["same"].var, base.var[:, [2, 4]], rtol=1e-12)
    np.testing.assert_allclose(said["wider"].es, 1.5 * base.es[:, [2, 4]], rtol=1e-12)
    followed = compounded(RETURNS, horizon=10)[1100]
    beyond = (
        said["wider"].pit[1100]
        - base_distribution(
            RETURNS, base, np.where(np.arange(1200) == 1100, followed / 1.5, np.nan)[:, None]
        )[1100]
    )
    assert abs(beyond[0]) < 1e-4


def test_losses_half_as_large_again_are_var_es_and_a_pit_of_two_thirds_of_the_return(
    fhs: TailForecast, rows: Rows
) -> None:
    factor = torch.tensor([[1.5]], dtype=torch.float64)
    said = mapped_forecast(RETURNS, fhs, unchanged(rows).scaled(factor), alphas=ALPHAS)
    levels = [fhs.alphas.index(alpha) for alpha in ALPHAS]
    assert said.alphas == ALPHAS
    np.testing.assert_allclose(said.var, 1.5 * fhs.var[:, levels], rtol=1e-12)
    np.testing.assert_allclose(said.es, 1.5 * fhs.es[:, levels], rtol=1e-12)
    np.testing.assert_array_equal(said.sigma, fhs.sigma)
    following = np.append(RETURNS[1:], np.nan)
    expected = fhs_distribution(RETURNS, fhs, following / 1.5)
    np.testing.assert_allclose(said.pit, expected, atol=1e-12)


def test_a_map_without_a_slope_forecasts_nothing(fhs: TailForecast, rows: Rows) -> None:
    same = unchanged(rows)
    gone = 1150
    same.image[gone], same.slope[gone] = torch.nan, torch.nan
    said = mapped_forecast(RETURNS, fhs, same, alphas=ALPHAS)
    for values in (said.var, said.es, said.sigma, said.pit):
        assert np.isnan(values[gone]).all()
        assert np.isfinite(values[gone - 1]).all()


def test_extreme_values_are_a_map_with_their_own_var_and_es(
    bases: dict[str, TailForecast], fhs: TailForecast, rows: Rows
) -> None:
    evt = bases["gjr_evt"]
    pareto = pareto_of(evt, fhs.sigma, rows)
    said = mapped_forecast(RETURNS, fhs, pareto, alphas=KNOTS)
    served = np.isfinite(fhs.sigma)
    np.testing.assert_allclose(said.var[served], evt.var[served], rtol=1e-12)
    last = [KNOTS.index(KNOTS[-1])]
    np.testing.assert_allclose(said.es[served][:, last], evt.es[served][:, last], rtol=1e-12)


def test_levels_between_the_knots_do_not_move_those_at_the_knots(rows: Rows) -> None:
    """A backtest has more levels than a served table, and both must say the same."""
    finer = (0.9, 0.91, 0.925, 0.94, 0.95, 0.975, 0.98, 0.99, 0.995)
    base = forecast_series(RETURNS, models=("gjr_fhs",), alphas=finer, every=100)["gjr_fhs"]
    source = torch.as_tensor(rows.var)
    bend = torch.linspace(0.9, 1.4, len(KNOTS), dtype=torch.float64)
    bent = TailMap(source, source * bend, torch.full_like(source[:, :1], 1.2))
    said = mapped_forecast(RETURNS, base, bent, alphas=KNOTS)
    var, es = transported(bent, source, torch.as_tensor(rows.es), levels=KNOTS)
    served = np.isfinite(base.sigma)
    sigma = base.sigma[served, None]
    np.testing.assert_allclose(said.var[served], sigma * var.numpy()[served], rtol=1e-10)
    np.testing.assert_allclose(said.es[served], sigma * es.numpy()[served], rtol=1e-10)
