"""Chunks over two workers of a Dask cluster: the same digits, and no cluster that is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows import provenance
from flows.refusal import RefusedError
from flows.scenario_sets import workers
from flows.scenario_sets.workers import refuse_open_engine, sharing
from models.base import Asset
from models.garch import Params
from models.scenarios.chunks import CHUNK, simulate_pnl, write_moves
from models.scenarios.filtered import FilteredHistory, Recursions

BOOK = np.array([[0.5, 1.0], [0.5, -1.0]])
PATHS = 5 * CHUNK + 3


@pytest.fixture(scope="module")
def model() -> FilteredHistory:
    """Two assets and 800 sessions of noise."""
    residual = np.random.default_rng(1).standard_normal((800, 2)).astype(np.float32)
    params = Params(mu=0.0, omega=2e-6, alpha=0.03, gamma=0.08, beta=0.9, nu=6.0, backcast=1e-4)
    state = np.full(2, 1e-4)
    recursions = Recursions.of((params,) * 2, state=state, limits=(state / 9, 9 * state))
    assets = tuple(Asset(name, "price", "log", "USD", 100.0) for name in ("A", "B"))
    return FilteredHistory(assets, residual, recursions.growth(residual), recursions)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Two worker processes on this machine."""
    distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
    ) as two:
        yield two.scheduler_address


@pytest.mark.slow
def test_two_workers_of_a_cluster_do_not_change_a_digit(
    model: FilteredHistory, cluster: str, tmp_path: Path
):
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    alone.mkdir()
    shared.mkdir()
    size: dict[str, Any] = {"paths": PATHS, "horizon": 3, "seed": 7}
    write_moves(model, alone, **size)
    with sharing(model, paths=PATHS, engine=cluster) as (jobs, kind):
        assert (jobs, kind) == (2, "engine")
        pnl = simulate_pnl(model, BOOK, **size, jobs=jobs, workers=kind)
        write_moves(model, shared, **size, jobs=jobs, workers=kind)
    assert np.array_equal(pnl, simulate_pnl(model, BOOK, **size))
    assert (shared / "paths.npy").read_bytes() == (alone / "paths.npy").read_bytes()


@pytest.mark.slow
def test_a_worker_with_other_code_is_refused(
    model: FilteredHistory, cluster: str, monkeypatch: pytest.MonkeyPatch
):
    other = replace(provenance.provenance(), lock="0" * 64)
    monkeypatch.setattr(workers, "provenance", lambda: other)
    with pytest.raises(RefusedError, match=r"has another lock than this process"):
        sharing(model, paths=PATHS, engine=cluster).__enter__()


def test_this_machine_is_the_default(model: FilteredHistory):
    with sharing(model, paths=CHUNK) as (jobs, kind):
        assert (jobs, kind) == (1, "threads")


@pytest.mark.parametrize("engine", ["tcp://10.0.0.7:8786", "tcp://0.0.0.0:8786"])
def test_a_cluster_that_strangers_reach_is_refused(engine: str):
    with pytest.raises(RefusedError, match=r"^--engine: .* is another machine without encryption"):
        refuse_open_engine(engine)


@pytest.mark.parametrize("engine", ["127.0.0.1:8786", "ray://127.0.0.1:1", "tcp://127.0.0.1"])
def test_an_address_that_is_none_is_refused(engine: str):
    with pytest.raises(RefusedError, match=r"^--engine: must be an address such as"):
        refuse_open_engine(engine)


@pytest.mark.parametrize("engine", ["tcp://127.0.0.1:8786", "tcp://[::1]:8786", "tls://far:1"])
def test_loopback_and_certificates_are_let_through(engine: str):
    refuse_open_engine(engine)


def test_nobody_at_home_is_said(model: FilteredHistory, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    monkeypatch.setattr(workers, "PATIENCE", 0.5)
    with pytest.raises(RefusedError, match=r"^--engine: no Dask scheduler answers at tcp://127"):
        sharing(model, paths=CHUNK, engine="tcp://127.0.0.1:9").__enter__()
