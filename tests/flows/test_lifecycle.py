"""The main job: what it leaves behind, and what it leaves alone when it fails."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import pytest

from flows.backtest import BASE, forecast_statistical
from flows.ingest import ingest
from flows.lifecycle import STEPS, Finished, judged, run
from flows.outputs import file_digest
from flows.plan import make_plan
from flows.refusal import RefusedError
from flows.settings import Settings
from flows.steps import Steps, prepared
from flows.terminal import Terminal
from flows.tracking import CHALLENGER, CHAMPION, holder, load_version, tracking_uri
from flows.train import train
from validation.gates import GATES

Answer = TypeVar("Answer")


def quietly() -> Steps:
    return Steps(Terminal(quiet=True))


def quick(market: Path) -> Settings:
    return Settings(
        data=market,
        models=("hs_250", "gjr_fhs"),
        alphas=(0.99,),
        portfolios=("all", "STOCK0"),
        start=date(2021, 10, 1),
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, empty_tracking_database: Path) -> Path:
    """State root of two runs that the tests look at and leave as they are."""
    root = tmp_path_factory.mktemp("root")
    shutil.copy(empty_tracking_database, root / "mlflow.db")
    return root


@pytest.fixture(scope="module")
def finished(tiny_market: Path, root: Path) -> Finished:
    return run(quick(tiny_market), root=root, steps=quietly())


@pytest.fixture(scope="module")
def recorded() -> list[str]:
    """Names of the steps of the second run, in their order."""
    return []


@pytest.fixture(scope="module")
def again(finished: Finished, tiny_market: Path, root: Path, recorded: list[str]) -> Finished:
    def recorder(name: str, work: Callable[[], Answer]) -> Answer:
        recorded.append(name)
        return work()

    steps = Steps(Terminal(quiet=True), recorder)
    return run(quick(tiny_market), root=root, steps=steps, out=root.parent / "elsewhere" / "out")


def test_a_run_leaves_its_files_with_their_digests(finished: Finished, root: Path):
    assert finished.directory.parent == root / "runs"
    assert finished.directory.name == f"2021-12-31-{finished.version.run_id[:8]}"
    assert finished.files.keys() >= {
        *("report.html", "forecasts.parquet", "evidence.json", "feeds.json")
    }
    for name, digest in finished.files.items():
        assert file_digest(finished.directory / name) == digest


def test_the_latest_run_is_pointed_at_wherever_its_files_are(again: Finished, root: Path):
    latest = json.loads((root / "runs" / "latest.json").read_text())
    assert latest["report"] == str(again.report)
    assert latest["sha256"] == again.files
    assert again.directory == root.parent / "elsewhere" / "out"


def test_without_a_learned_model_nothing_is_registered(finished: Finished, root: Path):
    assert finished.version.number is None
    assert finished.gates == {}
    assert holder(root, CHALLENGER) is None


def test_the_same_files_are_in_mlflow(finished: Finished, root: Path):
    import mlflow
    from mlflow.artifacts import load_dict

    mlflow.set_tracking_uri(tracking_uri(root))
    assert load_dict(f"runs:/{finished.version.run_id}/sha256.json") == finished.files


def test_a_repeated_run_writes_the_same_table_and_evidence(finished: Finished, again: Finished):
    assert again.directory != finished.directory
    for name in ("forecasts.parquet", "evidence.json", "feeds.json", "shadow.json"):
        assert again.files[name] == finished.files[name]


def test_every_step_is_recorded_under_its_name(again: Finished, recorded: list[str]):
    assert recorded == [
        *("ingest", "features", "baselines", "train", "backtest", "examine"),
        *("gates", "register", "shadow", "drift", "report", "record"),
    ]
    assert len(recorded) == STEPS


def test_a_run_that_fails_leaves_earlier_files_and_no_new_ones(
    finished: Finished, tiny_market: Path, root: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(**_: object) -> str:
        raise MemoryError

    monkeypatch.setattr("flows.lifecycle.render_report", fail)
    before = sorted(path.name for path in (root / "runs").iterdir())
    with pytest.raises(MemoryError):
        run(quick(tiny_market), root=root, steps=quietly(), out=finished.directory)
    assert sorted(path.name for path in (root / "runs").iterdir()) == before
    for name, digest in finished.files.items():
        assert file_digest(finished.directory / name) == digest


def test_a_refusal_comes_before_anything_is_written(tiny_market: Path, state_root: Path):
    asked = Settings(data=tiny_market, portfolios=("NONE",))
    with pytest.raises(RefusedError, match="NONE is no book"):
        run(asked, root=state_root, steps=quietly(), out=state_root / "out")
    assert not (state_root / "out").exists()
    assert not (state_root / "runs").exists()


@pytest.fixture(scope="module")
def learned_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("learned")


@pytest.fixture(scope="module")
def learned(learnable_market: Path, learned_root: Path) -> Finished:
    asked = Settings(data=learnable_market, start=date(2021, 11, 15), alphas=(0.975, 0.99))
    return run(asked, root=learned_root, steps=quietly())


@pytest.mark.slow
def test_the_first_version_is_challenger_and_the_report_says_there_is_no_champion(
    learned: Finished, learned_root: Path
):
    assert learned.version.number == 1
    assert holder(learned_root, CHALLENGER) == learned.version
    assert holder(learned_root, CHAMPION) is None
    page = learned.report.read_text()
    assert "challenger" in page
    assert len(page) < 3_000_000
    assert tuple(learned.gates) == GATES
    assert learned.gates["champion_fz0"]
    assert "no champion" in page


@pytest.mark.slow
def test_a_version_trained_to_new_year_makes_the_forecasts_of_the_table(
    learned: Finished, learned_root: Path, learnable_market: Path
):
    """The year's head of the table and the version of its first session learn from the same."""
    from models.tail.served import inputs_of

    to_new_year = Settings(data=learnable_market, as_of=date(2021, 1, 1), alphas=(0.975, 0.99))
    trained = train(to_new_year, model="combined", root=learned_root, steps=quietly())
    assert trained.version.number is not None
    asked = Settings(
        data=learnable_market,
        start=date(2021, 11, 15),
        alphas=(0.975, 0.99),
        portfolios=("all", "STOCK4"),
    )
    found = ingest(learnable_market)
    plan, panel = prepared(quietly(), found, asked)
    assert panel is not None
    base = forecast_statistical(plan, asked).base
    table = pd.read_parquet(learned.directory / "forecasts.parquet")
    served = load_version(learned_root, trained.version.number)
    for history in plan.judged:
        fhs, evt = (base[history.name][name] for name in BASE)
        told = inputs_of(history.name, panel, fhs=fhs, evt=evt, past=True)
        inputs = told.set_index(history.dates)
        said = served.predict(inputs.loc["2021-11-15":])
        mine = table[(table["portfolio"] == history.name) & (table["model"] == "combined")]
        for alpha in (0.975, 0.99):
            rows = mine[mine["alpha"] == alpha]
            assert len(rows) == len(said)
            for measure in ("var", "es"):
                expected = rows[measure].to_numpy()
                np.testing.assert_allclose(said[f"{measure}_{alpha}"], expected, rtol=1e-9)


@pytest.mark.slow
def test_a_resumed_run_trains_nothing_twice_and_ends_the_same(
    learned: Finished, learned_root: Path, learnable_market: Path, monkeypatch: pytest.MonkeyPatch
):
    def trained_again(*_: object) -> None:
        raise AssertionError("a finished unit was computed again")

    monkeypatch.setattr("models.tail.fitting.fit_head", trained_again)
    asked = Settings(data=learnable_market, start=date(2021, 11, 15), alphas=(0.975, 0.99))
    work = judged(asked, root=learned_root, steps=quietly(), simulated=False)
    table = pd.read_parquet(learned.directory / "forecasts.parquet")
    again = work.table.astype({"portfolio": str, "model": str})
    pd.testing.assert_frame_equal(again, table, check_dtype=False)


@pytest.mark.slow
def test_drift_and_shadow_are_beside_the_report(learned: Finished):
    assert "drift/drift.json" in learned.files
    shadow = json.loads((learned.directory / "shadow.json").read_text())
    assert (shadow["legacy"], shadow["candidate"], shadow["status"]) == ("hs_250", "combined", "ok")


@pytest.mark.slow
def test_the_plan_of_the_learned_market_is_what_the_run_judged(
    learned: Finished, learnable_market: Path
):
    asked = Settings(data=learnable_market, start=date(2021, 11, 15))
    plan = make_plan(ingest(learnable_market).market, asked)
    table = pd.read_parquet(learned.directory / "forecasts.parquet", columns=["portfolio"])
    assert set(table["portfolio"]) == {history.name for history in plan.judged}
