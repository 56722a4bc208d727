"""The arrays of a set: a crisis replayed, and a state that paths start from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.market import MarketData
from flows.ingest import ingest
from flows.refusal import RefusedError
from flows.scenario_sets import draw as module
from flows.scenario_sets.draw import conditioned, crisis_of, draw, replayable
from flows.scenario_sets.files import read_set
from flows.scenario_sets.make import chosen, fitted
from flows.scenario_sets.named_stresses import shipped, stress_of
from flows.scenario_sets.request import scenario_request
from flows.scenario_sets.stress_file import Stress
from flows.scenario_sets.stress_text import stress_lines
from flows.settings import checkout
from validation.crises import CrisisWindow

REQUEST = scenario_request(paths=2048, horizon=5)


@pytest.fixture
def crisis(tiny: MarketData, monkeypatch: pytest.MonkeyPatch) -> CrisisWindow:
    """Thirty sessions of the tiny market, called COVID."""
    dates = tiny.close.index[-60:-30]
    window = CrisisWindow("covid_2020", "Test", dates[0].date(), dates[-1].date(), "none")
    monkeypatch.setattr(module, "CATALOGUE", (window,))
    return window


def test_a_replay_is_what_the_instruments_did(
    tiny: MarketData, crisis: CrisisWindow, tmp_path: Path
):
    model, _ = fitted(tiny, REQUEST, list(tiny.instruments))
    stress = Stress(name="x", replay="covid_2020")
    told = draw(model, tiny, REQUEST, tmp_path, stress)
    moves = np.diff(np.log(tiny.close), axis=0)[-60:-30]
    held = read_set(tmp_path)
    np.testing.assert_allclose(held.moves[0], moves[:5], atol=1e-6)
    np.testing.assert_allclose(held.moves[25], moves[25:30], atol=1e-6)
    assert told.told["replay"] == {
        "crisis": "covid_2020",
        "first": str(crisis.first),
        "last": str(crisis.last),
        "sessions": 30,
        "as_they_came": 26,
        "covered": True,
    }
    far = told.told["plausibility"]
    assert far["status"] == "computed"
    assert str(crisis.first) <= far["from"] < far["to"] <= str(crisis.last)
    assert told.before is not None


def test_twice_as_bad_lies_farther_out(tiny: MarketData, crisis: CrisisWindow, tmp_path: Path):
    model, _ = fitted(tiny, REQUEST, list(tiny.instruments))
    distances: list[float] = []
    for severity in (1.0, 2.0):
        files = tmp_path / str(severity)
        files.mkdir()
        stress = Stress(name="x", replay="covid_2020", severity=severity)
        told = draw(model, tiny, REQUEST, files, stress).told
        distances.append(told["plausibility"]["distance"])
    assert distances[1] > 1.7 * distances[0]


def test_what_the_data_do_not_cover_is_said(tiny: MarketData, crisis: CrisisWindow):
    close = tiny.close.copy()
    close.loc[: pd.Timestamp(crisis.first), "STOCK1"] = np.nan
    market = replace(tiny, close=close)
    kept, gone = replayable(market, ("STOCK0", "STOCK1"), crisis)
    assert kept == ("STOCK0",)
    assert gone["STOCK1"].startswith("covid_2020 is not covered: it had no close before")
    with pytest.raises(RefusedError, match="not covered"):
        replayable(market, ("STOCK1",), crisis)
    early = replace(tiny, as_of=pd.Timestamp(crisis.first) - pd.Timedelta(days=1))
    with pytest.raises(RefusedError, match=r"not covered. It began on .* and the as-of is"):
        replayable(early, ("STOCK0",), crisis)


def test_a_horizon_beyond_the_crisis_is_refused(
    tiny: MarketData, crisis: CrisisWindow, tmp_path: Path
):
    request = scenario_request(paths=100, horizon=31)
    model, _ = fitted(tiny, request, list(tiny.instruments))
    with pytest.raises(RefusedError, match=r"horizon must lie in 1 to 30"):
        draw(model, tiny, request, tmp_path, Stress(name="x", replay=crisis.name))


def test_a_state_widens_the_paths_and_may_be_drawn_again(tiny: MarketData, tmp_path: Path):
    model, _ = fitted(tiny, REQUEST, list(tiny.instruments))
    stress = Stress(name="x", state={"equity": -4.0})
    crashed, started = conditioned(model, stress, tiny)
    assert started["state_volatility"].keys() == {"equity"}
    assert started["state_volatility"]["equity"] > 1.05
    told = draw(crashed, tiny, REQUEST, tmp_path, stress)
    assert told.told["moved"] is False
    assert told.before is None
    held = read_set(tmp_path).moves[:, 0].std(axis=0)
    today = model.chunk(0, paths=2048, horizon=5, seed=0).paths[:, 0].std(axis=0)
    assert (held > 1.05 * today).all()
    with pytest.raises(RefusedError, match="none of the scenarios' assets belongs"):
        conditioned(model, Stress(name="x", state={"credit": -1.0}), tiny)


def test_no_stress_replays_nothing():
    assert crisis_of(None) is None
    assert crisis_of(Stress(name="x", state={"equity": -1.0})) is None


@pytest.fixture(scope="module")
def example() -> MarketData:
    return ingest(checkout() / "infra" / "examples" / "market").market


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_stress_that_comes_with_foreshock_works_on_the_example_market(
    example: MarketData, tmp_path: Path, name: str
):
    stress = stress_of(name)
    request = scenario_request(paths=2048, horizon=10)
    model, _ = fitted(example, request, chosen(example, request))
    started, state = conditioned(model, stress, example)
    told = draw(started, example, request, tmp_path, stress)
    held = read_set(tmp_path)
    assert np.isfinite(held.moves).all()
    known = held.liquidity_of("INDEX_FUND")
    assert known is not None
    assert known.depth is not None
    assert (known.spread >= 0).all()
    assert held.liquidity_of("HY_OAS") is None
    lines = stress_lines({"paths": 2048, "horizon": 10, **state, **told.told})
    assert lines[0] == f"Under stress: {stress.name}."
    assert len(lines) > 1
