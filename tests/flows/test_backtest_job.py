"""A backtest beside a live server: told to stop it stops whole, and the next goes on."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.units import UnitStore

pytestmark = pytest.mark.slow

BACKTEST = ("backtest", "--models", "hs_250,gjr_fhs", "--alphas", "0.99", "--start", "2021-07-01")


def living(home: Path) -> set[int]:
    """Processes that were started for a state root, and still run."""
    mark = b"FORESHOCK_HOME=" + os.fsencode(home)
    found: set[int] = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            started_with = (entry / "environ").read_bytes().split(b"\0")
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue  # it has ended meanwhile, or is another user's
        if mark in started_with and state != "Z":
            found.add(int(entry.name))
    return found


def wait_until(true: Callable[[], bool]) -> None:
    patience = time.monotonic() + 60
    while not true():
        assert time.monotonic() < patience, "it did not come to pass within a minute"
        time.sleep(0.02)


def units(root: Path) -> int:
    if not (root / "units.db").exists():
        return 0
    with UnitStore(root / "units.db") as store:
        return len(store)


def written(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "runs").rglob("*") if path.is_file())


def test_told_to_stop_it_stops_whole_and_the_next_goes_on_where_it_stood(
    shared_out_market: Path, pages: Any, state_root: Path
):
    command = (*BACKTEST, "--data", str(shared_out_market))
    process = pages.start(*command)
    wait_until(lambda: units(state_root) > 0 or process.poll() is not None)
    workers = living(state_root) - {process.pid}
    told = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (143, ""), err
    assert time.monotonic() - told < 15
    said = [line for line in err.splitlines() if not line.lstrip()[:1].isdigit()]
    assert said == ["Terminated. Finished units are kept: the same command goes on from there."]
    assert len(workers) >= (cores if (cores := len(os.sched_getaffinity(0))) > 1 else 0)
    wait_until(lambda: not living(state_root))
    assert written(state_root) == []

    kept = units(state_root)
    done = pages.run(*command, "--json", "-")
    assert done.returncode == 0, done.stderr
    assert Path(json.loads(done.stdout)["forecasts"]).is_file()
    fits = next(line for line in done.stderr.splitlines() if "new fits" in line)
    assert 0 < kept < units(state_root)
    assert f" {units(state_root) - kept} new fits" in fits
    assert written(state_root) == ["forecasts.parquet"]


def test_a_server_that_is_there_is_used_and_none_of_its_own_is_started(
    tiny_market: Path, pages: Any, state_root: Path, tmp_path: Path
):
    home = tmp_path / "prefect"
    before = pages.flow_runs("foreshock-backtest")
    asked = (*BACKTEST, "--models", "hs_250", "--data", str(tiny_market))
    done = pages.run(*asked, PREFECT_HOME=str(home))
    assert done.returncode == 0, done.stderr
    assert sorted(pages.flow_runs("foreshock-backtest")) == sorted([*before, "Completed"])
    assert not living(state_root)
    assert not list(home.glob("*.db"))


@pytest.mark.parametrize("there", [True, False])
def test_the_gate_alone_asks_no_server(tiny_market: Path, pages: Any, there: bool):
    api = pages.api if there else "http://127.0.0.1:9/api"
    done = pages.run("validate", "--data", str(tiny_market), PREFECT_API_URL=api)
    assert done.returncode == 0, done.stderr
