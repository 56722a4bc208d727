"""A session is made from what was known then: from a market of today, or one that goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.panel import Panel
from features.returns import book_history
from flows.daily import SessionInputs
from flows.ingest import ingest
from flows.panels import panel_of
from flows.refusal import RefusedError
from flows.serving import Serving, Voice, made_ready
from flows.units import UnitStore
from models.tail.combine import Weights
from models.tail.served import Served
from validation.input_domain import Outside

ALPHAS = (0.95, 0.99)


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UnitStore]:
    with UnitStore(tmp_path_factory.mktemp("units") / "units.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def later(tiny_market: Path, units: UnitStore) -> Serving:
    """The whole market, ready from December on."""
    found = ingest(tiny_market)
    return made_ready(found, alphas=ALPHAS, units=units, since=pd.Timestamp("2021-12-01"))


def voice(panel: Panel, *, role: str = "champion", version: int = 7) -> Voice:
    """A version without heads: all its weight is on the extreme-value model."""
    weights = Weights(mlp=0.0, linear=0.0, transformer=0.0, fhs=0.0, evt=1.0)
    served = Headless("combined", {}, weights, panel.own, panel.shared)
    return Voice(role, version, served)  # type: ignore[arg-type]


class Headless(Served):
    """A served model that says what GJR-EVT says."""

    __slots__ = ()

    def _map(self, rows, pareto):
        return pareto

    def domain(self):
        raise AssertionError("not asked for here")


def said(inputs: SessionInputs, role: str) -> pd.DataFrame:
    frame = inputs.forecasts
    return frame[frame["role"] == role].drop(columns=["role"]).reset_index(drop=True)


def test_a_market_that_went_on_gives_what_was_known_then(
    later: Serving, tiny_market: Path, units: UnitStore
):
    """The law of truncation: a replay and a live desk are told the same."""
    day = pd.Timestamp("2021-12-15")
    then = made_ready(ingest(tiny_market, as_of=day), alphas=ALPHAS, units=units)
    mine, theirs = later.inputs(day, ()), then.inputs(day, ())
    pd.testing.assert_frame_equal(mine.forecasts, theirs.forecasts, check_exact=True)
    assert mine.realised == theirs.realised
    assert mine.pits == theirs.pits
    assert mine.regime == theirs.regime
    assert mine.market == theirs.market
    assert mine.market["drawdown"] is not None
    for model, cells in theirs.backcast.items():
        for cell, numbers in cells.items():
            np.testing.assert_array_equal(mine.backcast[model][cell], numbers)


def test_every_forecast_speaks_of_the_next_session_of_its_book(later: Serving):
    inputs = later.inputs(pd.Timestamp("2021-12-17"), ())  # a Friday
    assert set(inputs.forecasts["origin"]) == {pd.Timestamp("2021-12-17")}
    assert set(inputs.forecasts["target"]) == {pd.Timestamp("2021-12-20")}
    assert set(inputs.forecasts["role"]) == {"legacy", "fallback"}


def test_the_returns_are_those_of_the_book(later: Serving):
    history = book_history(later.market, later.market.portfolios["all"], name="all")
    at = int(history.dates.get_loc("2021-12-15"))
    realised = later.inputs(pd.Timestamp("2021-12-15"), ()).realised["all"]
    assert realised["2021-12-15"] == history.returns[at]
    assert max(realised) == "2021-12-15"


def test_a_version_speaks_as_the_models_it_is_made_of(later: Serving):
    one = voice(later.panel, role="challenger")
    inputs = replace_outside(later, pd.Timestamp("2021-12-15"), one)
    evt = later.base["all"]["gjr_evt"]
    row = int(np.flatnonzero(later.plan.judged[0].dates == "2021-12-15")[0])
    got = said(inputs, "challenger")
    for alpha in ALPHAS:
        level = evt.alphas.index(alpha)
        mine = got[got["alpha"] == alpha].iloc[0]
        assert mine["var"] == pytest.approx(evt.var[row, level], rel=1e-9)
        assert mine["es"] > mine["var"]
        assert mine["version"] == 7


def replace_outside(serving: Serving, day: pd.Timestamp, *voices: Voice, spoke=()) -> SessionInputs:
    """Inputs of a session without the look at the training domain, which a headless has not."""
    served = NoDomain(**{name: getattr(serving, name) for name in Serving.__dataclass_fields__})
    return served.inputs(day, voices, spoke=spoke)


class NoDomain(Serving):
    __slots__ = ()

    def _outside(self, voices, at) -> Outside | None:
        return None


def test_only_a_version_that_spoke_yesterday_is_held_to_its_pit(later: Serving):
    one = voice(later.panel)
    day = pd.Timestamp("2021-12-15")
    assert "combined" not in replace_outside(later, day, one).pits["all"]
    known = replace_outside(later, day, one, spoke={7}).pits["all"]["combined"]
    assert 0 < known["2021-12-15"] < 1


def test_a_book_whose_holding_has_no_close_today_is_refused_for_the_day(
    later: Serving, tiny_market: Path, tmp_path: Path, units: UnitStore
):
    broken = tmp_path / "market"
    shutil.copytree(tiny_market, broken)
    prices = pd.read_csv(broken / "prices.csv")
    gone = (prices["date"] == "2021-12-15") & (prices["instrument"] == "STOCK3")
    prices[~gone].to_csv(broken / "prices.csv", index=False)
    (broken / "portfolios" / "few.csv").write_text("instrument,weight\nSTOCK0,1\n")
    ready = made_ready(ingest(broken, as_of=pd.Timestamp("2021-12-15")), alphas=ALPHAS, units=units)
    inputs = ready.inputs(pd.Timestamp("2021-12-15"), ())
    assert set(inputs.forecasts["portfolio"]) == {"few"}
    assert "no close on 2021-12-15" in inputs.health["refused"]["all"]


def test_a_desk_without_books_is_told_so(later: Serving, tiny_market: Path, units: UnitStore):
    found = ingest(tiny_market)
    bare = replace(found, market=replace(found.market, portfolios={}))
    with pytest.raises(RefusedError, match="no book passed the feed gate"):
        made_ready(bare, alphas=ALPHAS, units=units)


def test_a_panel_of_other_columns_is_named(later: Serving):
    one = voice(later.panel).served
    fewer = panel_of(later.market, later.plan.judged)
    assert one.unreadable(fewer) is None
    told = one.unreadable(replace(fewer, shared=fewer.shared[1:]))
    assert told is not None
    assert fewer.shared[0] in told
