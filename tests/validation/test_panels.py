import numpy as np
import pandas as pd
import pytest

from validation.forecasts import check_forecasts
from validation.panels import judged_panels
from validation.scores import fz0


def table(**changes):
    rows = pd.DataFrame(
        {
            "origin": pd.to_datetime(["2020-03-13", "2020-03-12", "2020-03-12", "2020-03-13"]),
            "target": pd.to_datetime(["2020-03-16", "2020-03-13", "2020-03-13", "2020-03-16"]),
            "portfolio": ["B", "B", "A", "A"],
            "model": "gjr_fhs",
            "alpha": 0.975,
            "horizon": 1,
            "var": [0.05, 0.04, 0.03, 0.02],
            "es": [0.07, 0.06, 0.04, -0.01],
            "pnl": [-0.12, 0.09, -0.01, 0.0],
        }
    )
    rows.loc[3, "var"] = -0.02
    return check_forecasts(rows.assign(**changes))


def panels_of(rows, as_of="2020-12-31"):
    return judged_panels(rows, as_of=np.datetime64(as_of))


def test_each_portfolio_comes_in_order_of_target_date():
    panels = panels_of(table())
    (panel,) = panels
    assert panels.portfolios == ("A", "B")
    by_name = {panels.portfolios[at]: series for at, _, series in panel.series()}
    assert by_name["A"].var.tolist() == [0.03, -0.02]
    assert by_name["B"].var.tolist() == [0.04, 0.05]
    assert by_name["B"].pnl.tolist() == [0.09, -0.12]


def test_scores_take_percent():
    (panel,) = panels_of(table())
    by_hand = fz0(np.array([-12.0]), np.array([5.0]), np.array([7.0]), alpha=0.975)
    assert panel.forecasts.fz0[-1] == pytest.approx(by_hand[0])
    assert panel.forecasts.pinball[-1] == pytest.approx(0.975 * 7.0)


def test_what_is_not_known_by_the_as_of_is_not_judged():
    panels = panels_of(table(), as_of="2020-03-13")
    assert list(panels.dates) == [pd.Timestamp("2020-03-13")]
    unknown = panels_of(table(pnl=[np.nan, 0.1, 0.1, 0.1]))
    assert len(unknown.panel(0).date) == unknown.judged == 3
    assert list(panels_of(table(pnl=np.nan))) == []


def test_models_levels_and_horizons_are_panels_of_their_own():
    rows = pd.concat([table(), table(model="hs_250"), table(alpha=0.99), table(horizon=10)])
    panels = panels_of(rows)
    assert [(panel.model, panel.alpha, panel.horizon) for panel in panels] == list(panels.kinds)
    assert list(panels.kinds) == [
        ("gjr_fhs", 0.975, 1),
        ("gjr_fhs", 0.975, 10),
        ("gjr_fhs", 0.99, 1),
        ("hs_250", 0.975, 1),
    ]


def test_forecasts_overlap_where_one_is_made_before_the_last_came_true():
    assert not panels_of(table()).panel(0).forecasts.overlapping
    longer = pd.to_datetime(["2020-03-27", "2020-03-26", "2020-03-26", "2020-03-27"])
    assert panels_of(table(target=longer)).panel(0).forecasts.overlapping


def test_es_short_of_var_by_rounding_is_raised_to_it():
    rows = table(var=0.05, es=0.05 * (1 - 1e-12))
    forecasts = panels_of(rows).panel(0).forecasts
    assert (forecasts.es == forecasts.var).all()
