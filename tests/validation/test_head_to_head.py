import numpy as np
import pandas as pd
import pytest

from infra.bench.score import forecast_table
from validation.comparison import hac_t, holm
from validation.crises import is_crisis
from validation.head_to_head import BALANCED, comparisons, superior_ability
from validation.panels import judged_panels


def panels_of(rows):
    return judged_panels(rows, as_of=np.datetime64("2100-01-01"))


@pytest.fixture(scope="module")
def table():
    """Two years around COVID, five portfolios: the truth, something near it, a constant."""
    return forecast_table(
        portfolios=5,
        dates=500,
        knowledge={"gjr_fhs": 0.8, "hs_250": 0.0, "combined": 1.0},
        alphas=(0.975,),
        start="2019-06-03",
    )


def compared(rows, *, baseline="gjr_fhs", asset_classes=None, draws=0):
    return comparisons(
        panels_of(rows),
        baseline=baseline,
        asset_classes=asset_classes,
        seed=0,
        draws=draws,
    )


def record(records, model, window="all"):
    (found,) = [one for one in records if one["model"] == model and one["window"] == window]
    return found


def wide(rows, model):
    """FZ0 of one model by its formula, dates by portfolios, with P&L in percent."""
    own = rows[rows["model"] == model].pivot(index="target", columns="portfolio")
    pnl, var, es = (100 * own[name] for name in ("pnl", "var", "es"))
    beyond = (-pnl - var).where(-pnl >= var, 0)
    return beyond / (0.025 * es) + var / es + np.log(es) - 1


def test_the_record_of_a_pair_is_what_a_dataframe_says(table):
    model, baseline = wide(table, "hs_250"), wide(table, "gjr_fhs")
    difference = model - baseline
    ours = record(compared(table), "hs_250")
    assert ours["n_cells"] == 2500
    assert ours["n_dates"] == 500
    assert ours["fz0_model"] == pytest.approx(model.to_numpy().mean())
    assert ours["fz0_baseline"] == pytest.approx(baseline.to_numpy().mean())
    assert ours["difference"] == pytest.approx(difference.to_numpy().mean())
    relative = difference.to_numpy().mean() / abs(baseline.to_numpy().mean())
    assert ours["relative"] == pytest.approx(relative)
    assert ours["t_hac"] == pytest.approx(hac_t(difference.mean(axis=1).to_numpy(), lag=10))
    assert ours["share_better"] == (difference.mean() < 0).mean()


def test_the_truth_beats_what_knows_less(table):
    records = compared(table)
    assert record(records, "combined")["difference"] < 0 < record(records, "hs_250")["difference"]
    assert record(records, "hs_250")["t_hac"] > 3


def test_a_window_holds_its_target_dates_only(table):
    difference = wide(table, "hs_250") - wide(table, "gjr_fhs")
    covid = difference.loc["2020-02-20":"2020-04-30"]
    ours = record(compared(table), "hs_250", "covid_2020")
    assert ours["n_dates"] == len(covid) == 51
    assert ours["difference"] == pytest.approx(covid.to_numpy().mean())


def test_only_cells_that_both_models_have_count(table):
    """A model that leaves out its worst days gains nothing by it."""
    bad_days = (table["model"] == "hs_250") & (table["pnl"] < -table["var"])
    ours = record(compared(table[~bad_days]), "hs_250")
    kept = table.set_index(["portfolio", "target"]).index.isin(
        table[bad_days].set_index(["portfolio", "target"]).index
    )
    assert ours["n_cells"] == 2500 - bad_days.sum()
    assert ours == record(compared(table[~kept]), "hs_250")


def test_rows_without_positive_es_are_no_cells(table):
    odd = table["model"].eq("combined") & (table.index % 10 == 0)
    changed = table.assign(
        es=table["es"].where(~odd, 0.0),
        var=table["var"].where(~odd, 0.0),
    )
    assert record(compared(changed), "combined")["n_cells"] == 2500 - odd.sum()


def test_classes_weigh_the_same_however_many_series_they_hold(table):
    classes = {"P000": "fx", "P001": "equity", "P002": "equity", "P003": "equity"}
    difference = wide(table, "hs_250") - wide(table, "gjr_fhs")
    fx = difference["P000"]
    equity = difference[["P001", "P002", "P003"]]
    ours = record(compared(table, asset_classes=classes), "hs_250")["difference_by_class"]
    assert list(ours) == ["equity", "fx", BALANCED]  # P004 has no class
    assert ours["fx"]["difference"] == pytest.approx(fx.mean())
    assert ours["equity"]["difference"] == pytest.approx(equity.to_numpy().mean())
    middle = (fx + equity.mean(axis=1)) / 2
    assert ours[BALANCED]["difference"] == pytest.approx(middle.mean())
    assert ours[BALANCED]["t_hac"] == pytest.approx(hac_t(middle.to_numpy(), lag=10))


def test_without_classes_there_is_no_balanced_difference(table):
    assert record(compared(table), "hs_250")["difference_by_class"] is None


def test_crises_are_adjusted_together_and_years_are_not(table):
    crises = [one for one in compared(longer()) if is_crisis(one["window"])]
    assert len(crises) == 6
    adjusted = holm(np.array([one["p_worse"] for one in crises]))
    assert [one["p_worse_holm"] for one in crises] == pytest.approx(adjusted)
    assert record(compared(table), "hs_250", "2020")["p_worse_holm"] is None


def longer():
    return forecast_table(
        portfolios=3, dates=1500, knowledge={"gjr_fhs": 1.0, "hs_250": 0.0}, alphas=(0.99,),
        start="2020-01-01",
    )  # fmt: skip


def test_the_confidence_set_keeps_the_truth_and_drops_the_constant(table):
    records = compared(table, draws=500)
    assert record(records, "combined")["mcs_p"] == 1.0
    assert record(records, "hs_250")["mcs_p"] < 0.10


def test_models_that_share_no_day_are_not_compared_in_silence(table):
    early = (table["model"] == "hs_250") == (table["target"] < pd.Timestamp(2020, 1, 1))
    ours = record(compared(table[early]), "hs_250")
    assert ours["n_cells"] == 0
    assert ours["difference"] is None
    assert ours["status"] == "not_computable: no common cells"


def test_a_baseline_that_is_absent_leaves_nothing_to_compare(table):
    assert compared(table, baseline="garch_t") == []


def test_superior_ability_is_asked_of_every_other_model(table):
    (ours,) = superior_ability(panels_of(table), baseline="hs_250", seed=0, draws=200)
    assert ours["configurations"] == 2
    assert ours["p_exact"] < 0.05
    (ours,) = superior_ability(panels_of(table), baseline="combined", seed=0, draws=200)
    assert ours["p_exact"] > 0.05
