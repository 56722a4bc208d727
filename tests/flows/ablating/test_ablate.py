"""An ablation of a small market: retrained, judged as the examiner judges, kept for the report."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.ablating.ablate import ablate
from flows.ablating.kept import kept_ablation
from flows.ablating.variants import Asked
from flows.backtest import forecast_table
from flows.ingest import ingest
from flows.plan import make_plan
from flows.settings import Settings
from flows.steps import Steps
from flows.terminal import Terminal
from flows.tracking import configurations_seen
from flows.units import UnitStore
from validation.evidence import examine

pytestmark = pytest.mark.slow

ASKED = Asked(models=("linear",), seeds=1, without=("returns",))


def settings(market: Path) -> Settings:
    return Settings(data=market, start=date(2021, 1, 4), alphas=(0.975,), portfolios=("all",))


def quietly() -> Steps:
    return Steps(Terminal(quiet=True))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, empty_tracking_database: Path) -> Path:
    root = tmp_path_factory.mktemp("ablated")
    shutil.copy(empty_tracking_database, root / "mlflow.db")
    return root


@pytest.fixture(scope="module")
def done(learnable_market: Path, root: Path) -> dict[str, Any]:
    return ablate(settings(learnable_market), ASKED, root=root, steps=quietly())


def test_a_row_says_what_the_examiner_says_of_a_backtest(
    done: dict[str, Any], learnable_market: Path, root: Path
):
    asked = settings(learnable_market).model_copy(update={"models": ("gjr_fhs", "linear")})
    with UnitStore(root / "units.db") as units:
        table = forecast_table(ingest(learnable_market).market, settings=asked, units=units)
    evidence = examine(table, simulated=False)
    for window in ("all", "2021"):
        (expected,) = (one for one in evidence["comparisons"] if one["window"] == window)
        (row,) = (
            one
            for one in done["rows"]
            if (one["variant"], one["window"], one["asset_class"]) == ("linear", window, None)
        )
        assert row["relative"] == pytest.approx(expected["relative"], rel=1e-12)
        assert row["t_worst"] == pytest.approx(expected["t_hac"], rel=1e-12)
        assert row["n_cells"] == expected["n_cells"]


def test_it_says_what_it_ran_and_what_it_did_not(done: dict[str, Any]):
    assert done["schema"] == "foreshock.ablation/1"
    assert done["ran"]["rows"] == ["linear", "without returns"]
    assert done["ran"]["seeds"] == [0]
    assert "combined was not asked for" in done["not_ran"]
    assert "one seed shows no spread over seeds" in done["not_ran"]
    against = {(row["variant"], row["against"]) for row in done["rows"]}
    assert against == {
        ("linear", "gjr_fhs"),
        ("without returns", "gjr_fhs"),
        ("without returns", "linear"),
    }


def test_once_done_it_is_done_again_without_a_training(
    done: dict[str, Any],
    learnable_market: Path,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("models.tail.fitting.fit_head", None)
    out = tmp_path / "parts"
    again = ablate(settings(learnable_market), ASKED, root=root, steps=quietly(), out=out)
    assert again["rows"] == done["rows"]
    assert json.loads((out / "ablation.json").read_bytes())["rows"] == done["rows"]
    assert "What each part brings" in (out / "ablation.html").read_text()


def test_every_row_and_seed_counts_as_a_configuration_that_saw_these_years(
    done: dict[str, Any], root: Path
):
    assert configurations_seen(root, settings_digest="another", revision=done["revision"]) == 3


def test_a_run_of_the_same_request_finds_it_and_of_another_does_not(
    done: dict[str, Any], learnable_market: Path, root: Path
):
    market = ingest(learnable_market).market
    asked = settings(learnable_market)

    def found(request: Settings) -> dict[str, Any] | None:
        return kept_ablation(root, request, market, make_plan(market, request))

    kept = found(asked)
    assert kept is not None
    assert kept["rows"] == done["rows"]
    assert found(asked.model_copy(update={"alphas": (0.99,)})) is None
    assert found(asked.model_copy(update={"start": date(2021, 2, 1)})) is None
    assert found(asked.model_copy(update={"seed": 3})) is None


def test_a_crisis_before_the_first_origin_is_not_covered(done: dict[str, Any]):
    assert "covid_2020" in done["not_covered"]
