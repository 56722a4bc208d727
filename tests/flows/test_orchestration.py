"""What Prefect records of a run, with its server in a private home."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.outputs import file_digest
from flows.refusal import RefusedError
from flows.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def _server() -> Iterator[None]:
    from prefect.settings import (
        PREFECT_LOGGING_LEVEL,
        PREFECT_RESULTS_DEFAULT_SERIALIZER,
        temporary_settings,
    )
    from prefect.testing.utilities import prefect_test_harness

    with (
        prefect_test_harness(server_startup_timeout=300),
        temporary_settings(
            {PREFECT_LOGGING_LEVEL: "CRITICAL", PREFECT_RESULTS_DEFAULT_SERIALIZER: "json"}
        ),
    ):
        yield


@pytest.fixture(scope="module")
def requested(tiny_market: Path) -> dict[str, Any]:
    return Settings.model_validate(
        {
            "data": tiny_market,
            "models": ("hs_250", "gjr_fhs"),
            "alphas": (0.99,),
            "portfolios": ("all",),
            "start": "2021-11-01",
        }
    ).model_dump(mode="json")


def recorded() -> tuple[dict[str, set[str]], set[str]]:
    """States of all runs by the name of their flow, and the names of all tasks."""
    from prefect.client.orchestration import get_client

    async def read() -> tuple[dict[str, set[str]], set[str]]:
        async with get_client() as client:
            flows = {flow.id: flow.name for flow in await client.read_flows()}
            runs = await client.read_flow_runs()
            tasks = await client.read_task_runs()
        states: dict[str, set[str]] = {}
        for run in runs:
            states.setdefault(flows[run.flow_id], set()).add(str(run.state_name))
        return states, {task.name.rsplit("-", 1)[0] for task in tasks}

    return asyncio.run(read())


@pytest.mark.usefixtures("_server")
def test_a_run_is_a_flow_over_flows_and_tasks(requested: dict[str, Any], tracked_root: Path):
    from flows.orchestration import run_flow

    done = run_flow(requested, quiet=True)
    flows, tasks = recorded()
    assert flows["foreshock-run"] == {"Completed"}
    assert {"ingest", "train", "backtest"} <= flows.keys()
    assert {"features", "baselines", "examine", "gates", "register", "report"} <= tasks
    assert file_digest(Path(done["report"])) == done["files"]["report.html"]
    assert Path(done["directory"]).parent == tracked_root / "runs"


@pytest.mark.usefixtures("_server", "tracked_root")
def test_a_backtest_is_recorded_and_repeats_to_the_byte(requested: dict[str, Any], tmp_path: Path):
    from flows.orchestration import backtest_flow

    first = backtest_flow(requested, out=str(tmp_path / "one"), quiet=True)
    second = backtest_flow(requested, out=str(tmp_path / "two.parquet"), quiet=True)
    assert first["sha256"] == second["sha256"]
    assert Path(first["forecasts"]) == tmp_path / "one" / "forecasts.parquet"
    assert Path(second["forecasts"]) == tmp_path / "two.parquet"
    assert "Completed" in recorded()[0]["foreshock-backtest"]


@pytest.mark.usefixtures("_server", "tracked_root")
def test_a_refusal_passes_through_prefect_as_it_is(requested: dict[str, Any]):
    from flows.orchestration import backtest_flow, train_flow

    with pytest.raises(RefusedError, match="NONE is no book"):
        backtest_flow(requested | {"portfolios": ["NONE"]}, quiet=True)
    with pytest.raises(RefusedError, match="gjr_fhs has nothing to train ahead"):
        train_flow(requested, "gjr_fhs", quiet=True)
    assert "Failed" in recorded()[0]["foreshock-backtest"]


@pytest.mark.usefixtures("_server", "tracked_root")
def test_prefect_stores_no_results_and_no_pickles(requested: dict[str, Any]):
    from flows.orchestration import ingest_flow

    assert ingest_flow(requested, quiet=True)["rejected"] == []
    with pytest.raises(RefusedError):
        ingest_flow(requested | {"start": None, "as_of": "1990-01-01"}, quiet=True)
    storage = Path(os.environ["PREFECT_HOME"]) / "storage"
    stored = [json.loads(path.read_text()) for path in storage.rglob("*") if path.is_file()]
    assert {json.dumps(one).count("RefusedError") for one in stored} == {1}  # why a flow failed
