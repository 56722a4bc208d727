"""A served tail: what is read back forecasts the same, and what was changed is not opened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from features.panel import Panel, SeriesFeatures
from features.returns import History
from models.base import TailForecast
from models.baselines import forecast_series
from models.tail.combine import Weights
from models.tail.inputs import Rows
from models.tail.learned import Head, HeadSettings, fit_head
from models.tail.score_walk import ScoreWalk
from models.tail.served import OUTPUTS, Served, input_columns, inputs_of, load, save
from models.tail.transport import KNOTS
from models.training import Schedule

WEIGHTS = Weights(mlp=0.5, linear=0.2, transformer=0.0, fhs=0.0, evt=0.3)
OWN, SHARED = ("volatility_10", "last_return"), ("vix_level",)
TAIL = 1.0 - np.array(KNOTS)
NORMAL_VAR = stats.norm.isf(TAIL)
NORMAL_ES = stats.norm.pdf(NORMAL_VAR) / TAIL


def fitted(kind: str) -> bytes:
    rng = np.random.default_rng(1)
    rows = Rows(
        own=rng.normal(size=(600, 2)),
        shared=rng.normal(size=(600, 1)),
        var=np.tile(NORMAL_VAR, (600, 1)),
        es=np.tile(NORMAL_ES, (600, 1)),
        move=rng.normal(size=600) * 1.5,
        target=np.full(600, np.datetime64("2020-01-01")),
    )
    quick = Schedule(epochs=2, batch=200, rate=1e-2)
    settings = HeadSettings(kind, seeds=2, schedule=quick)  # type: ignore[arg-type]
    return fit_head(rows, settings).to_bytes()


@pytest.fixture(scope="module")
def heads() -> dict[str, bytes]:
    return {kind: fitted(kind) for kind in ("linear", "mlp")}


@pytest.fixture
def frame() -> pd.DataFrame:
    """Forty origins of one series whose sigma is 1 to 3%."""
    rng = np.random.default_rng(2)
    sigma = np.linspace(0.01, 0.03, 40)
    fhs = np.concatenate([NORMAL_VAR, NORMAL_ES])
    bases = [sigma[:, None] * fhs, 1.1 * sigma[:, None] * fhs]
    features = [sigma * np.exp(rng.normal(size=40)), sigma * rng.normal(size=40)]
    values = np.column_stack([sigma, *bases, *features, rng.normal(size=40)])
    return pd.DataFrame(values, columns=pd.Index(input_columns(OWN, SHARED)))


def saved(directory: Path, heads: dict[str, bytes], weights: Weights, model: str = "combined"):
    save(directory, model=model, heads=heads, weights=weights, own=OWN, shared=SHARED)
    return directory


def test_all_weight_on_the_base_serves_the_base(
    tmp_path: Path, heads: dict[str, bytes], frame: pd.DataFrame
):
    base = Weights(mlp=0.0, linear=0.0, transformer=0.0, fhs=1.0, evt=0.0)
    said = load(saved(tmp_path / "served", heads, base)).predict(frame)
    for name in OUTPUTS:
        assert said[name].to_numpy() == pytest.approx(frame[f"fhs_{name}"].to_numpy())


def test_all_weight_on_extreme_values_serves_their_quantiles(
    tmp_path: Path, heads: dict[str, bytes], frame: pd.DataFrame
):
    evt = Weights(mlp=0.0, linear=0.0, transformer=0.0, fhs=0.0, evt=1.0)
    said = load(saved(tmp_path / "served", heads, evt)).predict(frame)
    for level in KNOTS:
        expected = frame[f"evt_var_{level}"].to_numpy()
        assert said[f"var_{level}"].to_numpy() == pytest.approx(expected)


def test_one_head_alone_serves_its_own_map(
    tmp_path: Path, heads: dict[str, bytes], frame: pd.DataFrame
):
    served = load(saved(tmp_path / "served", {"mlp": heads["mlp"]}, WEIGHTS, model="mlp"))
    said = served.predict(frame)
    sigma = frame["sigma"].to_numpy()
    head = Head.from_bytes(heads["mlp"])
    rows = Rows(
        own=np.column_stack(
            [
                np.log(frame["volatility_10"] / sigma),
                np.arcsinh(frame["last_return"] / sigma),
            ]
        ).astype(np.float32),
        shared=frame[["vix_level"]].to_numpy(dtype=np.float32),
        var=np.tile(NORMAL_VAR, (40, 1)),
        es=np.tile(NORMAL_ES, (40, 1)),
        move=np.full(40, np.nan),
        target=np.full(40, np.datetime64("NaT")),
    )
    image = head.map(rows).image.numpy() * sigma[:, None]
    assert said[list(OUTPUTS[: len(KNOTS)])].to_numpy() == pytest.approx(image)


def test_es_is_beyond_var_and_levels_are_in_order(
    tmp_path: Path, heads: dict[str, bytes], frame: pd.DataFrame
):
    said = load(saved(tmp_path / "served", heads, WEIGHTS)).predict(frame).to_numpy()
    var, es = said[:, : len(KNOTS)], said[:, len(KNOTS) :]
    assert (np.diff(var) >= 0).all()
    assert (np.diff(es) >= 0).all()
    assert (es >= var).all()


def test_a_feature_that_is_not_known_costs_no_forecast(
    tmp_path: Path, heads: dict[str, bytes], frame: pd.DataFrame
):
    frame.loc[3, "vix_level"] = np.nan
    said = load(saved(tmp_path / "served", heads, WEIGHTS)).predict(frame)
    assert np.isfinite(said.to_numpy()).all()


@pytest.mark.parametrize("damage", ["flipped", "gone"])
def test_weights_that_changed_are_not_opened(tmp_path: Path, heads: dict[str, bytes], damage: str):
    path = saved(tmp_path / "served", heads, WEIGHTS) / "mlp.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.unlink() if damage == "gone" else path.write_bytes(content)
    with pytest.raises(ValueError, match=r"mlp\.safetensors: has SHA-256 .* Restore the file"):
        load(tmp_path / "served")


def test_an_index_cannot_reach_outside_its_directory(tmp_path: Path, heads: dict[str, bytes]):
    directory = saved(tmp_path / "served", heads, WEIGHTS)
    (tmp_path / "other.safetensors").write_bytes(heads["mlp"])
    index = directory / "served.json"
    index.write_text(index.read_text().replace('"mlp.safetensors"', '"../other.safetensors"'))
    with pytest.raises(ValueError, match=r"other\.safetensors: has SHA-256"):
        load(directory)


def test_the_same_heads_are_the_same_files(tmp_path: Path, heads: dict[str, bytes]):
    first, second = (saved(tmp_path / name, heads, WEIGHTS) for name in ("one", "two"))
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes()
    changed = replace(WEIGHTS, mlp=0.3, linear=0.4)
    third = saved(tmp_path / "three", heads, changed)
    assert (third / "served.json").read_bytes() != (first / "served.json").read_bytes()


SESSIONS, FIRST = 1200, 1100
"""Of the series below, and its first origin that is asked for; its base begins at 999."""


@pytest.fixture(scope="module")
def series() -> tuple[History, Panel, dict[str, TailForecast]]:
    """A series of daily volatility 1%, its features, and both bases at the knots and between."""
    rng = np.random.default_rng(11)
    dates = pd.bdate_range("2018-01-01", periods=SESSIONS)
    history = History(
        name="A",
        asset_class="equity",
        dates=dates,
        returns=0.01 * rng.standard_t(5, SESSIONS),
        clean=np.full(SESSIONS, True),
        origins=dates.tz_localize("UTC"),
    )
    own = np.column_stack([0.01 * np.exp(rng.normal(size=SESSIONS)), history.returns])
    features = SeriesFeatures(own=own, shared=rng.normal(size=(SESSIONS, 1)))
    bases = forecast_series(
        history.returns,
        models=("gjr_fhs", "gjr_evt"),
        alphas=tuple(sorted({*KNOTS, 0.96, 0.98})),
        every=100,
    )
    return history, Panel(own=OWN, shared=SHARED, values={"A": features}), dict(bases)


@pytest.fixture
def served(tmp_path: Path, heads: dict[str, bytes]) -> Served:
    return load(saved(tmp_path / "served", heads, WEIGHTS))


def asked(
    served: Served, series: tuple[History, Panel, dict[str, TailForecast]], *, first: int = FIRST
) -> TailForecast:
    history, panel, bases = series
    fhs, evt = bases["gjr_fhs"], bases["gjr_evt"]
    return served.forecast(history, panel, fhs=fhs, evt=evt, alphas=KNOTS, first=first)


def test_a_series_is_forecast_as_the_table_of_its_inputs_is(
    served: Served, series: tuple[History, Panel, dict[str, TailForecast]]
):
    history, panel, bases = series
    inputs = inputs_of("A", panel, fhs=bases["gjr_fhs"], evt=bases["gjr_evt"])
    table = served.predict(inputs.iloc[FIRST:])
    said = asked(served, series)
    for at, level in enumerate(KNOTS):
        for measure, values in (("var", said.var), ("es", said.es)):
            expected = table[f"{measure}_{level}"].to_numpy()
            np.testing.assert_allclose(values[FIRST:, at], expected, rtol=1e-10)
    # the last return is not known yet, and all others are
    assert np.isfinite(said.pit[FIRST:-1]).all()
    assert np.isnan(said.pit[-1])
    below = said.pit < 0.05
    exceeded = np.append(-history.returns[1:], np.nan) > said.var[:, KNOTS.index(0.95)]
    assert (below | ~exceeded)[FIRST:-1].all()


def test_nothing_is_forecast_before_the_first_origin_asked_for(
    served: Served, series: tuple[History, Panel, dict[str, TailForecast]]
):
    said = asked(served, series)
    for values in (said.var, said.es, said.sigma, said.pit):
        assert np.isnan(values[:FIRST]).all()
    whole = asked(served, series, first=0)
    np.testing.assert_array_equal(whole.var[FIRST:], said.var[FIRST:])
    base = np.isfinite(series[2]["gjr_fhs"].sigma)
    np.testing.assert_array_equal(np.isfinite(whole.sigma), base)


def test_a_panel_of_other_columns_is_refused_by_name(
    served: Served, series: tuple[History, Panel, dict[str, TailForecast]]
):
    history, panel, bases = series
    assert served.unreadable(panel) is None
    other = replace(panel, shared=("oil_level",))
    with pytest.raises(ValueError, match="panel: oil_level, vix_level is not what combined was"):
        asked(served, (history, other, bases))
    swapped = replace(panel, own=OWN[::-1])
    assert served.unreadable(swapped) == (
        "panel: the order of its columns is not what combined was trained on. Serve it with the "
        "data and code that trained it, or retrain."
    )


def test_where_inputs_lay_in_training_holds_what_every_head_was_given(
    served: Served, series: tuple[History, Panel, dict[str, TailForecast]]
):
    """Every head saw 600 draws of a standard normal law in each column."""
    domain = served.domain()
    assert domain.features == (*OWN, *SHARED)
    assert ((domain.lower < -1.5) & (domain.upper > 1.5)).all()
    for head in served.heads.values():
        limits = np.concatenate([head.own.limits, head.shared.limits], axis=1)
        assert (domain.lower <= limits[0]).all()
        assert (domain.upper >= limits[1]).all()
    history, panel, bases = series
    sigma, row = bases["gjr_fhs"].sigma, 1150
    read = served.read_inputs(history, panel, bases["gjr_fhs"], row)
    volatility, move = panel.values["A"].own[row]
    by_hand = [np.log(volatility / sigma[row]), np.arcsinh(move / sigma[row])]
    assert read == pytest.approx([*by_hand, panel.values["A"].shared[row, 0]], rel=1e-6)


def test_a_walk_is_saved_and_moves_every_forecast_by_its_factor_alone(
    tmp_path: Path, heads: dict[str, bytes], frame: pd.DataFrame
):
    """Read back it is the walk that was saved; a row alone, which has no past, is not walked."""
    walk = ScoreWalk(slow=0.001, fast=0.01, back=0.1)
    directory = tmp_path / "served"
    save(
        directory, model="combined", heads=heads, weights=WEIGHTS, own=OWN, shared=SHARED, walk=walk
    )
    found = load(directory)
    assert found.walk == walk
    plain = replace(found, walk=None)
    pd.testing.assert_frame_equal(found.predict(frame), plain.predict(frame))
