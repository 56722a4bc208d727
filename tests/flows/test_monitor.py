"""Drift: what has moved is named, what has not is not, and calm years raise no alarm."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.panel import Panel, SeriesFeatures
from features.returns import History
from flows.monitor import METHOD, drift, normed_wasserstein, typical_features

DATES = pd.bdate_range("2018-01-01", periods=1000)
NAMES = ("volatility", "downside", "last_return", "vix", "spread")


def market(generator: np.random.Generator, *, shifted: tuple[str, ...], by: float = 3.0):
    """Three series of five independent features, some moved by `by` deviations at the end."""
    histories, values = [], {}
    shared = generator.standard_normal((len(DATES), 2))
    for k, name in enumerate(("stock", "fund", "currency")):
        features = np.hstack([generator.standard_normal((len(DATES), 3)) * 10**k, shared])
        for column in shifted:
            at = NAMES.index(column)
            features[-63:, at] += by * features[:, at].std()
        values[name] = SeriesFeatures(own=features[:, :3], shared=features[:, 3:])
        histories.append(
            History(
                name=name,
                asset_class="equity",
                dates=DATES,
                returns=generator.standard_normal(len(DATES)),
                clean=np.full(len(DATES), True),
                origins=DATES.tz_localize("UTC"),
            )
        )
    panel = Panel(own=NAMES[:3], shared=NAMES[3:], values=values)
    return panel, histories


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory):
    out = tmp_path_factory.mktemp("calm")
    return out, drift(*market(np.random.default_rng(1), shifted=()), out=out)


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory):
    out = tmp_path_factory.mktemp("moved")
    shifted = ("volatility", "downside", "vix")
    return out, drift(*market(np.random.default_rng(1), shifted=shifted), out=out)


def test_the_features_that_moved_are_named(moved):
    _, answer = moved
    drifted = {row["feature"] for row in answer["rows"] if row["drifted"]}
    assert drifted == {"volatility", "downside", "vix"}
    assert answer["alert"] is True


def test_the_page_is_kept_on_an_alert_and_the_json_always(calm, moved):
    assert sorted(path.name for path in calm[0].iterdir()) == ["drift.json"]
    assert sorted(path.name for path in moved[0].iterdir()) == ["drift.html", "drift.json"]
    json.loads((calm[0] / "drift.json").read_text())


def test_a_calm_quarter_raises_no_alarm(calm):
    _, answer = calm
    assert answer["alert"] is False
    assert answer["current"] == {"first": "2021-08-04", "last": "2021-10-29", "dates": 63}
    assert answer["reference"]["dates"] == 937


def test_the_effect_is_a_size_and_does_not_grow_with_the_sample(generator: np.random.Generator):
    small, large = (
        normed_wasserstein(generator.standard_normal(n), generator.standard_normal(n) + 0.5)
        for n in (2_000, 50_000)
    )
    # the distance between two normal laws of one spread is the distance of their means
    assert small == pytest.approx(0.5, abs=0.08)
    assert large == pytest.approx(0.5, abs=0.02)


def test_our_effect_is_evidently_s(calm):
    panel, histories = market(np.random.default_rng(1), shifted=())
    table = typical_features(panel, histories)
    for row in calm[1]["rows"]:
        values = table[row["feature"]].to_numpy()
        assert row["value"] == pytest.approx(normed_wasserstein(values[:-63], values[-63:]))
        assert row["method"] == METHOD


def test_a_feature_nobody_knows_is_listed_as_not_measured(
    tmp_path: Path, generator: np.random.Generator
):
    panel, histories = market(generator, shifted=())
    for values in panel.values.values():
        values.shared[:, 1] = np.nan
    answer = drift(panel, histories, out=tmp_path)
    assert answer["not_measured"] == ["spread"]


def test_too_short_a_history_is_said(tmp_path: Path, generator: np.random.Generator):
    answer = drift(*market(generator, shifted=()), out=tmp_path, quarter=400)
    assert answer["status"] == "not_computable: 1000 dates, 1200 are needed"
    assert not list(tmp_path.iterdir())
